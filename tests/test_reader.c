/* SPDX-License-Identifier: MIT */
/* The codes in front of a line. Whole replies, and what is none: test_dialogue.c. */
#include <check.h>

#include "smtp/reader.h"
#include "support/suite.h"

static const struct {
    const char *line;
    unsigned code, class, subject, detail;
    const char *text;
} lines[] = {
    {"550 5.1.1 no", 550, 5, 1, 1, "550 5.1.1 no"},
    {"550 5.7.606 no", 550, 5, 7, 606, "550 5.7.606 no"},
    {"250 2.1.5", 250, 2, 1, 5, "250 2.1.5"},
    {"250", 250, 0, 0, 0, "250"},
    {"250 ", 250, 0, 0, 0, "250"},
    {"599 x", 599, 0, 0, 0, "599 x"},
    {"550 5.1.1.2 no", 550, 0, 0, 0, "550 5.1.1.2 no"},
    {"550 5.1.1234 no", 550, 0, 0, 0, "550 5.1.1234 no"},
    {"550 5.1. no", 550, 0, 0, 0, "550 5.1. no"},
    {"550 3.1.1 no", 550, 0, 0, 0, "550 3.1.1 no"},
    {"550 5.8.1 no", 550, 0, 0, 0, "550 5.8.1 no"}, /* RFC 3463 has no such subject */
    {"550 5.1.1-no", 550, 5, 1, 1, "550 5.1.1-no"},
    {"550 5.1.1x", 550, 0, 0, 0, "550 5.1.1x"},
    {"550  5.1.1 no", 550, 0, 0, 0, "550  5.1.1 no"}, /* in front means in front */
    {"550 no 5.1.1", 550, 0, 0, 0, "550 no 5.1.1"},
};

START_TEST(reads_codes)
{
    struct wn_smtp_reader reader = {0};
    struct wn_span bytes = wn_span_of(lines[_i].line);
    ck_assert_int_eq(wn_smtp_reader_take(&reader, &bytes), WN_SMTP_READ_MORE);
    bytes = WN_SPAN("\nrest");
    ck_assert_int_eq(wn_smtp_reader_take(&reader, &bytes), WN_SMTP_READ_REPLY);
    ck_assert_uint_eq(bytes.n, 4);
    ck_assert_uint_eq(reader.reply.code, lines[_i].code);
    ck_assert_uint_eq(reader.reply.enhanced[0], lines[_i].class);
    ck_assert_uint_eq(reader.reply.enhanced[1], lines[_i].subject);
    ck_assert_uint_eq(reader.reply.enhanced_detail, lines[_i].detail);
    ck_assert_str_eq(reader.reply.text, lines[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *t = tcase_create("reader");
    tcase_add_loop_test(t, reads_codes, 0, sizeof lines / sizeof *lines);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
