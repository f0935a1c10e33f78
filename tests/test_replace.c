/* SPDX-License-Identifier: MIT */
/* Files that are exchanged whole: the new content or the old one, and nothing beside it. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/replace.h"
#include "support/suite.h"
#include "support/tempdir.h"

static const char *dir; /* of the running case */

static void make_directory(void)
{
    dir = tempdir_make();
}

static void check_content(const char *name, const char *content)
{
    char text[100];
    FILE *f = fopen(tempdir_path(name), "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    ck_assert_str_eq(text, content);
}

static int count_names(void)
{
    int count = 0;
    DIR *d = opendir(dir);
    while (readdir(d) != NULL) {
        count++;
    }
    closedir(d);
    return count - 2; /* . and .. */
}

START_TEST(replace)
{
    struct wn_error err = {0};
    int fd, second;
    ck_assert_int_eq(wn_replace_lock(tempdir_path("a/b//c/"), &fd, &err), WN_OK);
    close(fd);
    struct stat st;
    ck_assert_int_eq(stat(tempdir_path("a/b"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);

    ck_assert_int_eq(wn_replace_lock(dir, &fd, &err), WN_OK);
    ck_assert_int_eq(wn_replace_file(fd, dir, "x.txt", WN_SPAN("one\n"), &err), WN_OK);
    check_content("x.txt", "one\n");
    /* What a killed run left is no hindrance. */
    (void)tempdir_text(".x.txt.new", "half of somethi");
    ck_assert_int_eq(wn_replace_file(fd, dir, "x.txt", WN_SPAN(""), &err), WN_OK);
    check_content("x.txt", "");
    ck_assert_int_eq(count_names(), 2);

    ck_assert_int_eq(wn_replace_lock(dir, &second, &err), WN_E_TEMPFAIL);
    ck_assert_int_eq(second, -1);
    ck_assert_ptr_nonnull(strstr(err.text, "another run is changing the files in"));
    close(fd);
    ck_assert_int_eq(wn_replace_lock(dir, &fd, NULL), WN_OK);
    close(fd);
}
END_TEST

START_TEST(cannot_lock)
{
    struct wn_error err = {0};
    int fd;
    (void)tempdir_text("file", "");
    ck_assert_int_eq(wn_replace_lock(tempdir_path("file"), &fd, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(fd, -1);
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_replace_lock(tempdir_path("file/below"), &fd, &err), WN_E_CANTCREATE);
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_replace_lock("/proc/none/below", &fd, &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "the directory /proc/none cannot be made"));
    ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(cannot_replace)
{
    struct wn_error err = {0};
    struct rlimit limit;
    int fd;
    ck_assert_int_eq(wn_replace_lock(dir, &fd, &err), WN_OK);
    /* A directory in the way of the file, and in the way of the one beside it. */
    ck_assert_int_eq(mkdir(tempdir_path("d.txt"), 0700), 0);
    ck_assert_int_eq(wn_replace_file(fd, dir, "d.txt", WN_SPAN("x"), &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "d.txt cannot be replaced"));
    ck_assert_int_eq(count_names(), 1);
    err = (struct wn_error){0};
    ck_assert_int_eq(mkdir(tempdir_path(".e.txt.new"), 0700), 0);
    ck_assert_int_eq(wn_replace_file(fd, dir, "e.txt", WN_SPAN("x"), &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, ".e.txt.new cannot be created"));
    rmdir(tempdir_path(".e.txt.new"));

    /* A disk that is full after a byte. */
    ck_assert_int_eq(wn_replace_file(fd, dir, "x.txt", WN_SPAN("old\n"), NULL), WN_OK);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 1;
    setrlimit(RLIMIT_FSIZE, &limit);
    err = (struct wn_error){0};
    int status = wn_replace_file(fd, dir, "x.txt", WN_SPAN("new\n"), &err);
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_int_eq(status, WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, ".x.txt.new cannot be written: File too large"));
    check_content("x.txt", "old\n");
    ck_assert_int_eq(count_names(), 2);
    close(fd);
}
END_TEST

static Suite *replace_suite(void)
{
    Suite *suite = suite_create("replace");
    TCase *tc = tcase_create("replace");
    tcase_add_checked_fixture(tc, make_directory, tempdir_remove);
    tcase_add_test(tc, replace);
    tcase_add_test(tc, cannot_lock);
    tcase_add_test(tc, cannot_replace);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(replace_suite());
}
