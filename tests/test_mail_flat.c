/* SPDX-License-Identifier: MIT */
/* Which messages are flat, what their parts are, and that a MIME parser finds the same in them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "bounce/mail/flat.h"
#include "bounce/mail/message.h"
#include "support/suite.h"

#define TOP(type) "Subject: Undelivered\nContent-Type: " type "\n\n"
#define MIXED     TOP("multipart/mixed; boundary=b")
#define REPORT    TOP("multipart/report; report-type=delivery-status;\n\tboundary=\"b/1 ?\"")
#define STATUS    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nStatus: 5.1.1\n"
#define HEADERS   "Content-Type: text/rfc822-headers\n\nMessage-ID: <1@x>\n"

static const struct {
    const char *name, *message;
    const char *parts; /* "T": text, "S": status, "R": returned; NULL: not flat */
} cases[] = {
    {"a report",
     REPORT "for people\n--b/1 ?\n\ntext\n--b/1 ?\n" STATUS "--b/1 ?\n" HEADERS "--b/1 ?--\n",
     "TSR"},
    {"no empty line before the first boundary", MIXED "--b\n\ntext\n--b--\n", "T"},
    {"CRLF", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n", "T"},
    {"an empty part", MIXED "--b\n\n\n--b\n" STATUS "--b--\n", "TS"},
    {"an encoding that is none", MIXED "--b\nContent-Transfer-Encoding: 8BIT\n\ntext\n--b--\n",
     "T"},
    {"an encoding", MIXED "--b\nContent-Transfer-Encoding: base64\n\ndGV4dA==\n--b--\n", NULL},
    {"no multipart", TOP("text/plain") "text\n", NULL},
    {"no boundary", TOP("multipart/mixed") "--b\n\ntext\n--b--\n", NULL},
    {"a comment", TOP("multipart/mixed (of all); boundary=b") "--b\n\ntext\n--b--\n", NULL},
    {"a parameter in pieces", TOP("multipart/mixed; boundary*0=b") "--b\n\ntext\n--b--\n", NULL},
    {"a quoted pair", TOP("multipart/mixed; boundary=\"\\b\"") "--b\n\ntext\n--b--\n", NULL},
    {"two boundaries", TOP("multipart/mixed; boundary=a; boundary=b") "--b\n\nt\n--b--\n", NULL},
    {"two types", "Content-Type: text/plain\n" MIXED "--b\n\ntext\n--b--\n", NULL},
    {"a multipart inside",
     MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ntext\n--c--\n--b--\n", NULL},
    {"HTML", MIXED "--b\nContent-Type: text/html\n\n<p>text\n--b--\n", NULL},
    {"a boundary that another begins with", MIXED "--b\n\ntext\n--bc\n\nmore\n--b--\n", NULL},
    {"a boundary within a line", MIXED "--b\n\ntext --b\n--b--\n", NULL},
    {"blanks behind a boundary", MIXED "--b \n\ntext\n--b--\n", NULL},
    {"no end", MIXED "--b\n\ntext\n", NULL},
    {"a header that is none", MIXED "--b\nwords\n\ntext\n--b--\n", NULL},
    {"a header without end", MIXED "--b\nContent-Type: text/plain\n--b--\n", NULL},
    {"a part too many",
     MIXED
     "--b\n\n1\n--b\n\n2\n--b\n\n3\n--b\n\n4\n--b\n\n5\n--b\n\n6\n--b\n\n7\n--b\n\n8\n--b\n\n9\n"
     "--b--\n",
     NULL},
};

static bool read_flat(const char *text, struct wn_arena *arena, struct wn_flat *flat)
{
    struct wn_span whole = wn_span_of(text), body = whole;
    struct wn_field field;
    while (wn_field_next(&body, &field)) {
    }
    struct wn_span header = {whole.p, whole.n - body.n};
    return wn_flat_read(header, body, false, arena, flat);
}

START_TEST(test_flat)
{
    struct wn_arena arena = {0};
    struct wn_flat flat;
    char kinds[WN_FLAT_PARTS_MAX + 1] = "";
    bool is_flat = read_flat(cases[_i].message, &arena, &flat);
    ck_assert_msg(is_flat == (cases[_i].parts != NULL), "%s", cases[_i].name);
    for (size_t i = 0; is_flat && i < flat.count; i++) {
        kinds[i] = "TSR"[flat.parts[i].kind];
        ck_assert_msg(flat.parts[i].content.n == 0 ||
                          flat.parts[i].content.p[flat.parts[i].content.n - 1] != '\r',
                      "%s: a line end is left", cases[_i].name);
    }
    ck_assert_msg(!is_flat || strcmp(kinds, cases[_i].parts) == 0, "%s: %s", cases[_i].name, kinds);
    wn_arena_release(&arena);
}
END_TEST

static void check_same(struct wn_span a, struct wn_span b, const char *name, const char *what)
{
    a = wn_span_trim(a);
    b = wn_span_trim(b);
    ck_assert_msg(wn_span_equal(a, b), "%s: the %s is '%.*s' and '%.*s'", name, what, (int)a.n, a.p,
                  (int)b.n, b.p);
}

/* A parameter in pieces changes nothing but who reads the message. */
START_TEST(test_same_as_parser)
{
    const char *parameter = strstr(cases[_i].message, "boundary="), *name = cases[_i].name;
    if (cases[_i].parts == NULL) {
        return;
    }
    ck_assert_ptr_nonnull(parameter);
    struct wn_arena arena = {0};
    struct wn_buf other = {0};
    struct wn_flat flat;
    wn_buf_add(&other, cases[_i].message, (size_t)(parameter - cases[_i].message));
    wn_buf_add_text(&other, "x*0=y; ");
    wn_buf_add_text(&other, parameter);
    ck_assert_msg(!read_flat(wn_buf_text(&other), &arena, &flat), "%s", name);

    struct wn_message_parser *parser = wn_message_parser_new();
    struct wn_message a, b;
    wn_message_read(parser, wn_span_of(cases[_i].message), &arena, &a);
    wn_message_read(parser, wn_span_of(wn_buf_text(&other)), &arena, &b);
    check_same(a.text, b.text, name, "text");
    check_same(a.status, b.status, name, "status");
    check_same(a.returned, b.returned, name, "original");
    ck_assert_msg(a.multipart == b.multipart && a.broken == b.broken, "%s", name);
    wn_message_parser_free(parser);
    wn_buf_release(&other);
    wn_arena_release(&arena);
}
END_TEST

/* What looks like the original's part in the middle of a text must not take the text with it. */
START_TEST(test_cut_text)
{
    struct wn_arena arena = {0};
    struct wn_flat flat;
    struct wn_span header = WN_SPAN("Content-Type: multipart/mixed; boundary=b\n\n");
    ck_assert(wn_flat_read(header, WN_SPAN("--b\n\ntext\n--b\nContent-Type: message/rfc822\n\n"),
                           true, &arena, &flat));
    ck_assert_uint_eq(flat.count, 2);
    ck_assert(!wn_flat_read(header, WN_SPAN("--b\n\ntext\nContent-Type: message/rfc822\n\n"), true,
                            &arena, &flat));
    wn_arena_release(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mail_flat");
    TCase *c = tcase_create("flat");
    tcase_add_loop_test(c, test_flat, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(c, test_same_as_parser, 0, sizeof cases / sizeof *cases);
    tcase_add_test(c, test_cut_text);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
