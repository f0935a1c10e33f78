/* SPDX-License-Identifier: MIT */
/* The output directory: what it may replace, what it must leave alone, and what a kill leaves. Each
 * test runs in a process and in a directory of its own. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/outdir.h"
#include "base/str.h"
#include "support/suite.h"
#include "support/tempdir.h"

static const char *const files[] = {"keep.csv", "drop.csv", NULL};
static const struct wn_outdir_kind with_exchange = {
    .marker = ".winnow", .marker_text = "made by winnow\n", .files = files};
static const struct wn_outdir_kind without_exchange = {
    .marker = ".winnow", .marker_text = "made by winnow\n", .files = files, .no_exchange = true};
static const struct wn_outdir_kind *const kinds[] = {&with_exchange, &without_exchange};

/* The test's directory is the working directory, so that relative names can be tried. */
static void enter(void)
{
    ck_assert_int_eq(chdir(tempdir_make()), 0);
    ck_assert_int_eq(chmod(".", 0755), 0);
}

static void leave(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    tempdir_remove();
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    ck_assert_msg(f != NULL, "%s", path);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

/* "" when there is no such file. */
static const char *content(const char *path)
{
    static char text[100];
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = '\0';
    if (f != NULL) {
        (void)fclose(f);
    }
    return text;
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* The names in a directory, sorted, each followed by a blank. */
static const char *listing(const char *path)
{
    static char text[1000];
    char *names[20];
    size_t count = 0, length = 0;
    DIR *d = opendir(path);
    ck_assert_msg(d != NULL, "%s", path);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && count < 20) {
            names[count] = strdup(e->d_name);
            ck_assert_ptr_nonnull(names[count++]);
        }
    }
    (void)closedir(d);
    qsort(names, count, sizeof *names, by_name);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s ", names[i]);
        free(names[i]);
    }
    return text;
}

static void fill(struct wn_outdir *d, const char *keep)
{
    struct wn_error err = {0};
    int fd;
    ck_assert_msg(wn_outdir_create(d, "keep.csv", &fd, &err) == WN_OK, "%s", err.text);
    ck_assert_int_eq(write(fd, keep, strlen(keep)), (ssize_t)strlen(keep));
    (void)close(fd);
}

static struct wn_outdir *open_dir(const char *path, const struct wn_outdir_kind *kind)
{
    struct wn_outdir *d;
    struct wn_error err = {0};
    ck_assert_msg(wn_outdir_open(path, kind, 0644, &d, &err) == WN_OK, "%s", err.text);
    return d;
}

static void publish(const char *path, const struct wn_outdir_kind *kind, const char *keep)
{
    struct wn_error err = {0};
    struct wn_outdir *d = open_dir(path, kind);
    fill(d, keep);
    ck_assert_msg(wn_outdir_publish(d, &err) == WN_OK, "%s", err.text);
    wn_outdir_free(d);
}

static void require_refusal(const char *path, const char *says)
{
    struct wn_outdir *d;
    struct wn_error err = {0};
    ck_assert_msg(wn_outdir_open(path, &with_exchange, 0644, &d, &err) == WN_E_CANTCREATE, "%s",
                  path);
    ck_assert_int_eq(err.status, WN_E_CANTCREATE);
    ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
    ck_assert_ptr_null(d);
}

START_TEST(absent)
{
    publish("out", kinds[_i], "one");
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(listing("out"), ".winnow keep.csv ");
    ck_assert_str_eq(content("out/keep.csv"), "one");
    ck_assert_str_eq(content("out/.winnow"), "made by winnow\n");
}
END_TEST

START_TEST(missing_parents_and_slashes)
{
    publish("a/b//c/", kinds[_i], "one");
    ck_assert_str_eq(content("a/b/c/keep.csv"), "one");
    publish("./a/b/c", kinds[_i], "two");
    ck_assert_str_eq(content("a/b/c/keep.csv"), "two");
    ck_assert_str_eq(listing("a/b"), "c ");
}
END_TEST

START_TEST(empty)
{
    ck_assert_int_eq(mkdir("out", 0755), 0);
    publish("out", kinds[_i], "one");
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(content("out/keep.csv"), "one");
}
END_TEST

START_TEST(over_the_previous)
{
    publish("out", kinds[_i], "one");
    put("out/drop.csv", "old");
    publish("out", kinds[_i], "two");
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(listing("out"), ".winnow keep.csv "); /* no file of the old one stays */
    ck_assert_str_eq(content("out/keep.csv"), "two");
}
END_TEST

START_TEST(previous_stays_until_published)
{
    publish("out", kinds[_i], "one");
    struct wn_outdir *d = open_dir("out", kinds[_i]);
    fill(d, "two");
    ck_assert_str_eq(content("out/keep.csv"), "one");
    wn_outdir_free(d); /* given up */
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(content("out/keep.csv"), "one");
}
END_TEST

START_TEST(final_path)
{
    struct wn_outdir *d = open_dir("x/../x/out", &with_exchange);
    char *here = realpath(".", NULL);
    struct wn_buf expected = {0};
    wn_buf_addf(&expected, "%s/x/out", here);
    ck_assert_str_eq(wn_outdir_path(d), wn_buf_text(&expected));
    wn_outdir_free(d);
    wn_outdir_free(NULL);
    wn_buf_release(&expected);
    free(here);
    ck_assert_str_eq(listing("x"), "");
}
END_TEST

START_TEST(modes)
{
    static const struct {
        mode_t file, directory;
    } rows[] = {{0600, 0700}, {0640, 0750}, {0644, 0755}, {0664, 0775}};
    (void)umask(0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wn_outdir *d;
        struct stat st;
        ck_assert_int_eq(wn_outdir_open("out", &with_exchange, rows[i].file, &d, NULL), WN_OK);
        fill(d, "x");
        ck_assert_int_eq(wn_outdir_publish(d, NULL), WN_OK);
        wn_outdir_free(d);
        ck_assert_int_eq(stat("out/keep.csv", &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, rows[i].file);
        ck_assert_int_eq(stat("out", &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, rows[i].directory);
    }
}
END_TEST

START_TEST(foreign_file)
{
    ck_assert_int_eq(mkdir("lists", 0755), 0);
    put("lists/contacts.csv", "mine");
    require_refusal("lists", "holds 'contacts.csv', which is not Winnow's");
    ck_assert_str_eq(listing("lists"), "contacts.csv ");
    publish("out", &with_exchange, "one");
    put("out/notes.txt", "mine");
    require_refusal("out", "holds 'notes.txt'");
    ck_assert_str_eq(listing("out"), ".winnow keep.csv notes.txt ");
    ck_assert_str_eq(listing("."), "lists out ");
}
END_TEST

/* Known names without the marker are somebody else's. */
START_TEST(no_marker)
{
    ck_assert_int_eq(mkdir("lists", 0755), 0);
    put("lists/keep.csv", "mine");
    require_refusal("lists", "is not a directory that Winnow made");
    ck_assert_str_eq(content("lists/keep.csv"), "mine");
}
END_TEST

START_TEST(foreign_subdirectory)
{
    publish("out", &with_exchange, "one");
    ck_assert_int_eq(mkdir("out/drop.csv", 0755), 0);
    require_refusal("out", "holds 'drop.csv'");
    ck_assert_int_eq(rmdir("out/drop.csv"), 0);
    ck_assert_int_eq(symlink("/etc/passwd", "out/drop.csv"), 0);
    require_refusal("out", "holds 'drop.csv'");
}
END_TEST

START_TEST(a_file_in_place)
{
    put("out", "mine");
    require_refusal("out", "is not a directory that Winnow made");
    ck_assert_str_eq(content("out"), "mine");
    require_refusal("out/below", "Not a directory");
    require_refusal("out/below/it", "Not a directory");
}
END_TEST

START_TEST(names_that_cannot_be)
{
    require_refusal("", "name is empty");
    require_refusal("/", "the root directory cannot be an output");
    require_refusal("//", "the root directory cannot be an output");
    put("here", "mine");
    require_refusal(".", "holds 'here'");
    require_refusal("new/.", "does not exist");
    require_refusal("new/..", "does not exist");
    ck_assert_str_eq(listing("."), "here ");
}
END_TEST

START_TEST(the_working_directory)
{
    require_refusal(".", "is the directory you are in");
    require_refusal("./", "is the directory you are in");
    publish("out", &with_exchange, "one");
    ck_assert_int_eq(chdir("out"), 0);
    require_refusal(".", "is the directory you are in");
    require_refusal("../out", "is the directory you are in");
    ck_assert_str_eq(listing("."), ".winnow keep.csv ");
    ck_assert_str_eq(listing(".."), "out ");
}
END_TEST

START_TEST(symbolic_links)
{
    publish("real", kinds[_i], "one");
    ck_assert_int_eq(symlink("real", "link"), 0);
    publish("link", kinds[_i], "two"); /* what it leads to is ours */
    struct stat st;
    ck_assert_int_eq(lstat("link", &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert_str_eq(content("real/keep.csv"), "two");
    ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
    require_refusal("dangling", "is a symbolic link that leads nowhere");
    ck_assert_int_eq(mkdir("mine", 0755), 0);
    put("mine/file", "mine");
    ck_assert_int_eq(symlink("mine", "to_mine"), 0);
    require_refusal("to_mine", "holds 'file'");
    ck_assert_int_eq(symlink("loop", "loop"), 0);
    require_refusal("loop", "cannot be used: Too many levels");
    ck_assert_str_eq(listing("."), "dangling link loop mine real to_mine ");
}
END_TEST

START_TEST(no_permission)
{
    ck_assert_int_eq(mkdir("closed", 0555), 0);
    ck_assert_int_eq(mkdir("secret", 0755), 0);
    ck_assert_int_eq(mkdir("secret/out", 0), 0);
    uid_t user = geteuid();
    ck_assert_int_eq(user == 0 ? seteuid(65534) : 0, 0); /* root may do everything */
    require_refusal("closed/out", "cannot be created: Permission denied");
    require_refusal("closed/new/out", "the directory closed/new cannot be created");
    require_refusal("secret/out", "cannot be looked into: Permission denied");
    ck_assert_int_eq(user == 0 ? seteuid(0) : 0, 0);
    require_refusal("/proc/out", "cannot be created");
    ck_assert_str_eq(listing("closed"), "");
    ck_assert_str_eq(listing("secret"), "out ");
}
END_TEST

START_TEST(file_cannot_be_created)
{
    struct wn_outdir *d = open_dir("out", &with_exchange);
    struct wn_error err = {0};
    int fd;
    fill(d, "one");
    ck_assert_int_eq(wn_outdir_create(d, "keep.csv", &fd, &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "/out/keep.csv cannot be created: File exists"));
    wn_outdir_free(d);
    ck_assert_str_eq(listing("."), "");
}
END_TEST

/* A user's file that appears during the run: refused, and everything stays where it is. */
START_TEST(file_that_appears_during_the_run)
{
    publish("out", kinds[_i], "one");
    struct wn_outdir *d = open_dir("out", kinds[_i]);
    struct wn_error err = {0};
    fill(d, "two");
    put("out/notes.txt", "mine");
    ck_assert_int_eq(wn_outdir_publish(d, &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "somebody put files of their own into"));
    wn_outdir_free(d);
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(listing("out"), ".winnow keep.csv notes.txt ");
    ck_assert_str_eq(content("out/keep.csv"), "one");
}
END_TEST

START_TEST(directory_that_appears_during_the_run)
{
    struct wn_outdir *d = open_dir("out", kinds[_i]);
    fill(d, "two");
    ck_assert_int_eq(mkdir("out", 0755), 0); /* empty: nothing is lost by replacing it */
    ck_assert_int_eq(wn_outdir_publish(d, NULL), WN_OK);
    wn_outdir_free(d);
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(content("out/keep.csv"), "two");
}
END_TEST

START_TEST(held)
{
    publish("out", kinds[_i], "one");
    for (int round = 0; round < 2; round++) { /* over a held one, too */
        struct wn_outdir *d = open_dir("out", kinds[_i]);
        const char *path = NULL;
        fill(d, round == 0 ? "two" : "three");
        ck_assert_int_eq(wn_outdir_hold(d, &path, NULL), WN_OK);
        ck_assert(strlen(path) > 9 && strcmp(path + strlen(path) - 9, "/out.held") == 0);
        wn_outdir_free(d);
        ck_assert_str_eq(content("out/keep.csv"), "one");
        ck_assert_str_eq(content("out.held/keep.csv"), round == 0 ? "two" : "three");
        ck_assert_str_eq(listing("."), "out out.held ");
    }
    publish("out", kinds[_i], "four");
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(content("out/keep.csv"), "four");
}
END_TEST

START_TEST(held_that_is_not_ours)
{
    ck_assert_int_eq(mkdir("out.held", 0755), 0);
    put("out.held/notes.txt", "mine");
    struct wn_outdir *d = open_dir("out", kinds[_i]);
    struct wn_error err = {0};
    const char *path;
    fill(d, "one");
    ck_assert_int_eq(wn_outdir_hold(d, &path, &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "out.held"));
    wn_outdir_free(d);
    publish("out", kinds[_i], "two");
    ck_assert_str_eq(listing("."), "out out.held ");
    ck_assert_str_eq(listing("out.held"), "notes.txt ");
}
END_TEST

static void make(const char *name, bool marked, const char *keep)
{
    struct wn_buf path = {0};
    ck_assert_int_eq(mkdir(name, 0755), 0);
    wn_buf_addf(&path, "%s/keep.csv", name);
    put(wn_buf_text(&path), keep);
    wn_buf_clear(&path);
    wn_buf_addf(&path, "%s/.winnow", name);
    if (marked) {
        put(wn_buf_text(&path), "");
    }
    wn_buf_release(&path);
}

START_TEST(staging_of_a_killed_run_is_cleared)
{
    make(".out.staging-1", true, "half");
    ck_assert_int_eq(mkdir(".out.staging-2", 0700), 0); /* killed before the marker was written */
    make(".out.staging-3", false, "mine");              /* no marker: not ours */
    make(".out2.staging-4", true, "of another output");
    put(".out.staging-5", "a file");
    publish("out", kinds[_i], "one");
    ck_assert_str_eq(listing("."), ".out.staging-3 .out.staging-5 .out2.staging-4 out ");
}
END_TEST

START_TEST(staging_of_a_living_run_is_left_alone)
{
    make(".out.staging-1", true, "half");
    int fd = open(".out.staging-1", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    publish("out", kinds[_i], "one");
    ck_assert_str_eq(listing("."), ".out.staging-1 out ");
    ck_assert_str_eq(content(".out.staging-1/keep.csv"), "half");
    (void)close(fd);
    publish("out", kinds[_i], "two");
    ck_assert_str_eq(listing("."), "out ");
}
END_TEST

/* Two runs to one directory: the later publishes over the earlier, neither touches the other's. */
START_TEST(two_runs_at_once)
{
    struct wn_outdir *a = open_dir("out", kinds[_i]);
    struct wn_outdir *b = open_dir("out", kinds[_i]);
    fill(a, "a");
    fill(b, "b");
    ck_assert_int_eq(wn_outdir_publish(b, NULL), WN_OK);
    ck_assert_int_eq(wn_outdir_publish(a, NULL), WN_OK);
    wn_outdir_free(a);
    wn_outdir_free(b);
    ck_assert_str_eq(listing("."), "out ");
    ck_assert_str_eq(content("out/keep.csv"), "a");
}
END_TEST

START_TEST(old_is_put_back_when_the_output_is_missing)
{
    make(".out.old-77", true, "one");
    struct wn_outdir *d = open_dir("out", kinds[_i]);
    ck_assert_str_eq(content("out/keep.csv"), "one");
    wn_outdir_free(d);
    ck_assert_str_eq(listing("."), "out ");
}
END_TEST

START_TEST(old_is_cleared_when_the_output_is_there)
{
    publish("out", kinds[_i], "two");
    make(".out.old-77", true, "one");
    struct wn_outdir *d = open_dir("out", kinds[_i]);
    wn_outdir_free(d);
    ck_assert_str_eq(content("out/keep.csv"), "two");
    ck_assert_str_eq(listing("."), "out ");
}
END_TEST

/* A user's own file or directory that happens to have such a name was once moved to the output's.
 */
START_TEST(old_that_is_not_ours_is_left_alone)
{
    put(".out.old-2019", "mine");
    make(".out.old-2020", false, "mine");
    publish("out", kinds[_i], "one");
    ck_assert_str_eq(listing("."), ".out.old-2019 .out.old-2020 out ");
    ck_assert_str_eq(content(".out.old-2019"), "mine");
    publish("out", kinds[_i], "two");
    ck_assert_str_eq(listing("."), ".out.old-2019 .out.old-2020 out ");
}
END_TEST

/* Without an exchange, and with something in the way of setting the old output aside. */
START_TEST(cannot_be_put_in_place)
{
    struct wn_error err = {0};
    char name[60];
    publish("out", &without_exchange, "one");
    struct wn_outdir *d = open_dir("out", &without_exchange);
    fill(d, "two");
    (void)snprintf(name, sizeof name, ".out.old-%ld", (long)getpid());
    make(name, false, "mine");
    ck_assert_int_eq(wn_outdir_publish(d, &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot be put in place"));
    wn_outdir_free(d);
    ck_assert_str_eq(content("out/keep.csv"), "one");
    ck_assert_str_eq(listing("out"), ".winnow keep.csv ");
}
END_TEST

/* Names of staging directories that are taken are passed over, and not for ever. */
START_TEST(staging_names_that_are_taken)
{
    struct wn_outdir *d;
    struct wn_error err = {0};
    char name[60];
    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, i > 0 ? ".out.staging-%ld-%d" : ".out.staging-%ld",
                       (long)getpid(), i);
        make(name, false, "mine");
        if (i == 18) {
            publish("out", &with_exchange, "one");
        }
    }
    ck_assert_int_eq(wn_outdir_open("out", &with_exchange, 0644, &d, &err), WN_E_CANTCREATE);
    ck_assert_ptr_nonnull(strstr(err.text, "a staging directory for"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outdir");
    TCase *cases = tcase_create("outdir");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, enter, leave);
    const TTest *const once[] = {
        final_path,
        modes,
        foreign_file,
        no_marker,
        no_permission,
        a_file_in_place,
        foreign_subdirectory,
        the_working_directory,
        names_that_cannot_be,
        file_cannot_be_created,
        cannot_be_put_in_place,
        staging_names_that_are_taken,
    };
    const TTest *const twice[] = {
        /* with and without an exchange */
        absent,
        empty,
        missing_parents_and_slashes,
        over_the_previous,
        previous_stays_until_published,
        symbolic_links,
        file_that_appears_during_the_run,
        directory_that_appears_during_the_run,
        held,
        held_that_is_not_ours,
        staging_of_a_killed_run_is_cleared,
        staging_of_a_living_run_is_left_alone,
        two_runs_at_once,
        old_is_put_back_when_the_output_is_missing,
        old_is_cleared_when_the_output_is_there,
        old_that_is_not_ours_is_left_alone,
    };
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
        tcase_add_test(cases, once[i]);
    }
    for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
        tcase_add_loop_test(cases, twice[i], 0, 2);
    }
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
