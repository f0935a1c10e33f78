/* SPDX-License-Identifier: MIT */
/* Which files a directory stands for, and that all inputs come as one stream in their order,
 * whatever the number of threads. */
#include <check.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounce/feed.h"
#include "support/suite.h"
#include "support/tempdir.h"

static struct wn_walk files;
static struct wn_error err;
static struct wn_buf seen;
static _Atomic int stop;

static void setup(void)
{
    (void)tempdir_make();
    err = (struct wn_error){0};
    stop = 0;
    wn_buf_clear(&seen);
}

static void teardown(void)
{
    wn_walk_release(&files);
    wn_buf_release(&seen);
    tempdir_remove();
}

static void make_directory(const char *name)
{
    ck_assert_int_eq(mkdir(tempdir_path(name), 0700), 0);
}

static int walk(const char *name)
{
    return wn_walk_add(&files, tempdir_path(name), &stop, &err);
}

/* The walk's files without the temporary directory, one a line. */
static const char *list_files(void)
{
    size_t skip = strlen(tempdir_path("")); /* with its last slash */
    wn_buf_clear(&seen);
    for (size_t i = 0; i < files.count; i++) {
        wn_buf_addf(&seen, "%s%s\n", files.files[i].path + skip,
                    files.files[i].named ? " named" : "");
    }
    return wn_buf_text(&seen);
}

START_TEST(directories_are_walked)
{
    static const char *const directories[] = {"m",         "m/cur",       "m/new",    "m/tmp",
                                              "m/.Junk",   "m/.Junk/cur", "m/.git",   "m/b",
                                              "m/b/empty", "other",       "other/tmp"};
    static const char *const names[] = {"m/cur/2",  "m/cur/10", "m/new/1",
                                        "m/tmp/1",  "m/.index", "m/.Junk/cur/7",
                                        "m/.git/x", "m/b/3",    "other/tmp/5"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        make_directory(directories[i]);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)tempdir_text(names[i], "x\n");
    }
    ck_assert_int_eq(symlink("cur/2", tempdir_path("m/link")), 0);
    ck_assert_int_eq(symlink("..", tempdir_path("m/up")), 0);
    ck_assert_int_eq(mkfifo(tempdir_path("m/pipe"), 0600), 0);
    ck_assert_int_eq(walk("m"), WN_OK);
    ck_assert_int_eq(walk("other/"), WN_OK);
    ck_assert_int_eq(walk("m/cur/2"), WN_OK);
    ck_assert_int_eq(walk("none"), WN_OK); /* opening it will say so */
    ck_assert_str_eq(list_files(), "m/.Junk/cur/7\nm/b/3\nm/cur/10\nm/cur/2\nm/new/1\n"
                                   "other/tmp/5\nm/cur/2 named\nnone named\n");
}
END_TEST

START_TEST(directories_too_deep)
{
    struct wn_buf path = {0};
    wn_buf_add_text(&path, "d");
    for (int i = 0; i < 70; i++) {
        make_directory(wn_buf_text(&path));
        wn_buf_add_text(&path, "/d");
    }
    ck_assert_int_eq(walk("d"), WN_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.text, "nested more than 64 deep"));
    wn_buf_release(&path);
}
END_TEST

START_TEST(walk_is_stopped)
{
    make_directory("d");
    (void)tempdir_text("d/1", "x\n");
    stop = 2;
    ck_assert_int_eq(walk("d"), WN_E_SIGNAL + 2);
}
END_TEST

/* --- the feed --- */

static int take(void *arg, const struct wn_feed_input *input, const struct wn_notice *notice)
{
    (void)arg;
    wn_buf_addf(&seen, "%s ", strrchr(input->name, '/') + 1);
    wn_buf_add_span(&seen, notice->fault == WN_NOTICE_OK ? notice->recipient : WN_SPAN("fault"));
    wn_buf_add_char(&seen, '\n');
    return seen.len > 10000000 ? WN_E_INTERNAL : WN_OK;
}

static int note_end(void *arg, const struct wn_feed_input *input, uint64_t read_to)
{
    (void)arg;
    (void)read_to;
    wn_buf_addf(&seen, "%s end\n", strrchr(input->name, '/') + 1);
    return WN_OK;
}

static void note_skipped(void *arg, const char *path, const char *sentence)
{
    (void)arg;
    ck_assert_uint_gt(strlen(sentence), 5);
    wn_buf_addf(&seen, "%s skipped\n", strrchr(path, '/') + 1);
}

static int run(int jobs)
{
    const struct wn_source_settings settings = {.now = 1780272000, .jobs = jobs, .stop = &stop};
    const struct wn_feed_consumer consumer = {
        .notice = take, .end = note_end, .skipped = note_skipped};
    wn_buf_clear(&seen);
    err = (struct wn_error){0};
    return wn_feed_run(&files, &settings, &consumer, &err);
}

static void write_csv(const char *name, unsigned rows)
{
    struct wn_buf text = {0};
    wn_buf_add_text(&text, "email,code,date\n");
    for (unsigned i = 0; i < rows; i++) {
        wn_buf_addf(&text, "p%u@x.tt,550 5.1.1,2026-01-01\n", i);
    }
    (void)tempdir_text(name, wn_buf_text(&text));
    wn_buf_release(&text);
}

START_TEST(order_does_not_depend_on_threads)
{
    char name[32];
    make_directory("d");
    for (unsigned i = 0; i < 60; i++) {
        (void)snprintf(name, sizeof name, "d/%02u.csv", i);
        write_csv(name, i == 7 || i == 8 ? 60000 : i % 5); /* two large ones among small ones */
    }
    ck_assert_int_eq(walk("d"), WN_OK);
    ck_assert_msg(run(1) == WN_OK, "%s", err.text);
    struct wn_buf alone = {0};
    wn_buf_add_span(&alone, wn_buf_span(&seen));
    ck_assert_ptr_nonnull(strstr(wn_buf_text(&alone), "01.csv p0@x.tt\n01.csv end\n02.csv p0@x.tt\n"
                                                      "02.csv p1@x.tt\n02.csv end\n"));
    for (int jobs = 2; jobs <= 5; jobs++) {
        ck_assert_int_eq(run(jobs), WN_OK);
        ck_assert(wn_span_equal(wn_buf_span(&alone), wn_buf_span(&seen)));
    }
    wn_buf_release(&alone);
}
END_TEST

START_TEST(what_cannot_be_read)
{
    make_directory("d");
    write_csv("d/1.csv", 1);
    (void)tempdir_text("d/2.gz", "\x1f\x8b\x08 not gzip");
    (void)tempdir_text("d/3.txt", "neither header nor list\n");
    write_csv("d/4.csv", 1);
    ck_assert_int_eq(walk("d"), WN_OK);
    (void)unlink(tempdir_path("d/4.csv")); /* gone since */
    for (int jobs = 1; jobs <= 3; jobs++) {
        ck_assert_msg(run(jobs) == WN_OK, "%s", err.text);
        ck_assert_str_eq(wn_buf_text(&seen), "1.csv p0@x.tt\n1.csv end\n2.gz skipped\n"
                                             "3.txt skipped\n4.csv skipped\n");
    }
    ck_assert_int_eq(walk("d/2.gz"), WN_OK); /* named: that is an error */
    write_csv("d/5.csv", 1);
    ck_assert_int_eq(walk("d/5.csv"), WN_OK);
    for (int jobs = 1; jobs <= 3; jobs++) {
        ck_assert_int_eq(run(jobs), WN_E_DATA);
        ck_assert_ptr_nonnull(strstr(err.text, "2.gz"));
        ck_assert_ptr_null(strstr(wn_buf_text(&seen), "5.csv"));
    }
}
END_TEST

START_TEST(feed_is_stopped)
{
    write_csv("1.csv", 1);
    ck_assert_int_eq(walk("1.csv"), WN_OK);
    stop = 15;
    ck_assert_int_eq(run(2), WN_E_SIGNAL + 15);
    ck_assert_uint_eq(seen.len, 0);
}
END_TEST

static int refuse(void *arg, const struct wn_feed_input *input, const struct wn_notice *notice)
{
    (void)input;
    (void)notice;
    ++*(unsigned *)arg;
    return WN_E_INTERNAL;
}

/* The first notice that the consumer refuses is the last it gets. */
START_TEST(consumer_ends_the_feed)
{
    const struct wn_source_settings settings = {.now = 1780272000, .jobs = 2, .stop = &stop};
    for (unsigned rows = 3; rows < 100000; rows += 90000) {
        unsigned got = 0;
        const struct wn_feed_consumer consumer = {.notice = refuse, .arg = &got};
        write_csv("1.csv", rows);
        write_csv("2.csv", rows);
        wn_walk_release(&files);
        ck_assert_int_eq(walk("1.csv"), WN_OK);
        ck_assert_int_eq(walk("2.csv"), WN_OK);
        err = (struct wn_error){0};
        ck_assert_int_eq(wn_feed_run(&files, &settings, &consumer, &err), WN_E_INTERNAL);
        ck_assert_uint_eq(got, 1);
    }
}
END_TEST

/* It is read as what its caller says it is, else by its content, and stays open. */
START_TEST(input_that_is_open_already)
{
    struct wn_input input;
    write_csv("1.csv", 1);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("1.csv"), &stop, &err), WN_OK);
    (void)unlink(tempdir_path("1.csv"));
    wn_walk_add_input(&files, &input, &wn_source_csv);
    wn_walk_add_input(&files, &input, &wn_source_json);
    wn_walk_add_input(&files, &input, NULL);
    for (int jobs = 1; jobs <= 3; jobs++) {
        ck_assert_msg(run(jobs) == WN_OK, "%s", err.text);
        ck_assert_str_eq(wn_buf_text(&seen), "1.csv p0@x.tt\n1.csv end\n"
                                             "1.csv fault\n1.csv end\n"
                                             "1.csv p0@x.tt\n1.csv end\n");
    }
    wn_input_close(&input);
}
END_TEST

START_TEST(no_files_at_all)
{
    ck_assert_int_eq(run(2), WN_OK);
    ck_assert_uint_eq(seen.len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("feed");
    TCase *cases = tcase_create("feed");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, setup, teardown);
    const TTest *const tests[] = {
        directories_are_walked,           directories_too_deep, walk_is_stopped,
        order_does_not_depend_on_threads, what_cannot_be_read,  feed_is_stopped,
        consumer_ends_the_feed,           no_files_at_all,      input_that_is_open_already,
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tcase_add_test(cases, tests[i]);
    }
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
