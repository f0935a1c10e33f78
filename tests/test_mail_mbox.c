/* SPDX-License-Identifier: MIT */
/* Files of messages: which source takes them, how an mbox is cut, where each message stands, and
 * that the number of threads changes nothing. */
#include <check.h>
#include <stdio.h>

#include "bounce/mail/mail.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* 2026-11-21T00:00:00Z */
#define NOW INT64_C(1795219200)

static _Atomic int stop;
static struct wn_buf seen;

static void setup(void)
{
    (void)tempdir_make();
    stop = 0;
    wn_buf_clear(&seen);
}

static void teardown(void)
{
    tempdir_remove();
    wn_buf_release(&seen);
    seen = (struct wn_buf){0};
}

/* "line offset length recipient" */
static int note(void *arg, const struct wn_notice *notice)
{
    (void)arg;
    wn_buf_addf(&seen, "%llu %llu %llu ", (unsigned long long)notice->line,
                (unsigned long long)notice->offset, (unsigned long long)notice->length);
    if (notice->fault == WN_NOTICE_OK) {
        wn_buf_add_span(&seen, notice->recipient);
    } else {
        wn_buf_addf(&seen, "fault %d", (int)notice->fault);
    }
    wn_buf_add_char(&seen, '\n');
    return WN_OK;
}

static int count_only(void *arg, const struct wn_notice *notice)
{
    size_t *count = arg;
    *count += notice->fault == WN_NOTICE_OK;
    return WN_OK;
}

static const struct wn_source *open_source(const char *path, struct wn_input *input)
{
    static char head[WN_SOURCE_HEAD];
    struct wn_error err = {0};
    size_t got;
    ck_assert_msg(wn_input_open(input, path, &stop, &err) == WN_OK, "%s", err.text);
    ck_assert_int_eq(wn_input_read(input, 0, head, sizeof head, &got, &err), WN_OK);
    return wn_source_find((struct wn_span){head, got});
}

static int read_path(const char *path, int64_t jobs, wn_notice_visit *visit, void *arg,
                     const char *source)
{
    const struct wn_source_settings settings = {.now = NOW, .jobs = jobs, .stop = &stop};
    struct wn_error err = {0};
    struct wn_input input = {0};
    const struct wn_source *found = open_source(path, &input);
    ck_assert_str_eq(found->name, source);
    struct wn_reading reading = {
        .input = &input, .settings = &settings, .visit = visit, .arg = arg};
    int status = found->read(&reading, &err);
    wn_input_close(&input);
    return status;
}

static const char *read_text(const char *text, const char *source)
{
    ck_assert_int_eq(read_path(tempdir_text("in", text), 1, note, NULL, source), WN_OK);
    return wn_buf_text(&seen);
}

#define FROM   "From MAILER-DAEMON Mon Nov  2 10:00:00 2026\n"
#define HEADER "From: MAILER-DAEMON@x.example\nSubject: failure notice\n"
#define BODY(who)                                                                                  \
    "\nHi. This is the qmail-send program.\n\n<" who "@example.com>:\n550 5.1.1 no\n\n"

static const struct {
    const char *name, *text, *want;
} boxes[] = {
    {"two", FROM HEADER BODY("bob") FROM HEADER BODY("carol"),
     "1 0 169 bob@example.com\n10 169 171 carol@example.com\n"},
    {"mboxo and mboxrd quote", FROM HEADER BODY("bob") ">" FROM ">>" FROM FROM HEADER BODY("carol"),
     "1 0 260 bob@example.com\n12 260 171 carol@example.com\n"},
    {"a sentence that begins with From",
     FROM HEADER BODY("bob") "From now on, 10:00 on 2 Nov 2026, all is well.\nYes.\n\n" FROM HEADER
         BODY("carol"),
     "1 0 222 bob@example.com\n13 222 171 carol@example.com\n"},
    {"mboxcl2: a From line within Content-Length",
     FROM "Content-Length: 130\n" HEADER BODY("bob") FROM
     "Subject: quoted\n\n" FROM HEADER BODY("carol"),
     "1 0 250 bob@example.com\n14 250 171 carol@example.com\n"},
    {"a Content-Length that is wrong",
     FROM "Content-Length: 3\n" HEADER BODY("bob") FROM HEADER BODY("carol"),
     "1 0 187 bob@example.com\n11 187 171 carol@example.com\n"},
    {"no empty line between",
     FROM HEADER "\nHi. This is the\n<bob@example.com>:\nno\n" FROM HEADER BODY("carol"),
     "1 0 137 bob@example.com\n8 137 171 carol@example.com\n"},
    {"a date in another form at the top", "From () 2026-11-02 10:00:00 +0000\n" HEADER BODY("bob"),
     "1 0 159 bob@example.com\n"},
    {"a From line without a date at the top", "From bob\n" HEADER BODY("bob"),
     "1 0 134 bob@example.com\n"},
};

START_TEST(test_boxes)
{
    const char *got = read_text(boxes[_i].text, "mbox");
    ck_assert_msg(strcmp(got, boxes[_i].want) == 0, "%s: got\n%swanted\n%s", boxes[_i].name, got,
                  boxes[_i].want);
}
END_TEST

static const struct {
    const char *name, *text, *source;
} files[] = {
    {"a message", HEADER BODY("bob"), "message"},
    {"a Maildir file", "Return-Path: <>\r\nDelivered-To: x@y.example\r\nX: y\r\n\r\nz\r\n",
     "message"},
    {"a folded header", "Received: from a\n\tby b\nX-Long:\n a\nFrom: b\n\nc", "message"},
    {"a list of addresses", "email,code,date\nbob@example.com,550,2026-01-01\n", "csv"},
    {"one field is none yet", "date: 2026\n", "csv"},
    {"a table with colons", "to: a,from: b\nx,y\n", "csv"},
    {"a log", "Nov  2 10:00:00 mx postfix/smtp[1]: AB: to=<b@x.example>, status=bounced\n",
     "postfix"},
    {"an ISO log", "2026-11-02T10:00:00 mx postfix/smtp[1]: x\n", "postfix"},
    {"nothing", "", "csv"},
};

START_TEST(test_recognised)
{
    struct wn_input input = {0};
    ck_assert_str_eq(open_source(tempdir_text("in", files[_i].text), &input)->name,
                     files[_i].source);
    wn_input_close(&input);
}
END_TEST

START_TEST(test_one_message)
{
    ck_assert_str_eq(read_text(HEADER BODY("bob"), "message"), "1 0 125 bob@example.com\n");
}
END_TEST

/* Several pieces, several threads: every message once and in order. */
START_TEST(test_large)
{
    struct wn_buf box = {0}, once = {0};
    const int messages = 16000; /* two megabytes, in pieces of one */
    for (int i = 0; i < messages; i++) {
        wn_buf_addf(&box,
                    FROM HEADER "\nHi. This is the qmail-send program.\n\n<r%d@example.com>:\n550 "
                                "5.1.1 no\n\n",
                    i);
    }
    const char *path = tempdir_write("box", box.p, box.len);
    ck_assert_int_eq(read_path(path, 1, note, NULL, "mbox"), WN_OK);
    wn_buf_add_span(&once, wn_buf_span(&seen));
    wn_buf_clear(&seen);
    ck_assert_int_eq(read_path(path, 4, note, NULL, "mbox"), WN_OK);
    ck_assert(wn_span_equal(wn_buf_span(&once), wn_buf_span(&seen)));
    struct wn_span rest = wn_buf_span(&seen);
    for (int i = 0; i < messages; i++) {
        char want[40];
        const char *end = memchr(rest.p, '\n', rest.n);
        int n = snprintf(want, sizeof want, " r%d@example.com", i);
        ck_assert(end != NULL && end - rest.p >= n && memcmp(end - n, want, (size_t)n) == 0);
        rest.n -= (size_t)(end + 1 - rest.p);
        rest.p = end + 1;
    }
    ck_assert_uint_eq(rest.n, 0);
    wn_buf_release(&box);
    wn_buf_release(&once);
}
END_TEST

/* A message of many megabytes between others is passed over without being held whole. */
START_TEST(test_huge_message)
{
    struct wn_buf box = {0};
    wn_buf_add_text(&box, FROM HEADER BODY("bob"));
    wn_buf_add_text(&box, FROM HEADER BODY("huge"));
    size_t before = box.len;
    for (int i = 0; i < 400000; i++) {
        wn_buf_add_text(&box, "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk\n");
    }
    wn_buf_add_text(&box, "\n");
    size_t length = box.len - before + 170;
    wn_buf_add_text(&box, FROM HEADER BODY("carol"));
    ck_assert_int_eq(read_path(tempdir_write("box", box.p, box.len), 2, note, NULL, "mbox"), WN_OK);
    char want[200];
    (void)snprintf(want, sizeof want,
                   "1 0 169 bob@example.com\n10 169 %zu huge@example.com\n%d %zu 171 "
                   "carol@example.com\n",
                   length, 19 + 400000 + 1, 169 + length);
    ck_assert_str_eq(wn_buf_text(&seen), want);
    wn_buf_release(&box);
}
END_TEST

START_TEST(test_stopped)
{
    size_t count = 0;
    const char *path = tempdir_text("in", FROM HEADER BODY("bob"));
    const struct wn_source_settings settings = {.now = NOW, .jobs = 1, .stop = &stop};
    struct wn_input input = {0};
    struct wn_error err = {0};
    const struct wn_source *source = open_source(path, &input);
    struct wn_reading reading = {
        .input = &input, .settings = &settings, .visit = count_only, .arg = &count};
    stop = 15;
    ck_assert_int_eq(source->read(&reading, &err), WN_E_SIGNAL + 15);
    ck_assert_uint_eq(count, 0);
    wn_input_close(&input);
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(c, test, 0, sizeof(table) / sizeof *(table))

int main(void)
{
    Suite *suite = suite_create("mail_mbox");
    TCase *c = tcase_create("mbox");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 300);
    LOOP(test_boxes, boxes);
    LOOP(test_recognised, files);
    tcase_add_test(c, test_one_message);
    tcase_add_test(c, test_large);
    tcase_add_test(c, test_huge_message);
    tcase_add_test(c, test_stopped);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
