/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <csv.h>
#include <stdlib.h>

#include "csv/writer.h"
#include "support/suite.h"

static const struct row {
    const char *name, *field, *written;
} rows[] = {
    {"nothing", "", ""},
    {"text", "bob@example.org", "bob@example.org"},
    {"comma", "Doe, J", "\"Doe, J\""},
    {"quote", "a\"b", "\"a\"\"b\""},
    {"a lone quote", "\"", "\"\"\"\""},
    {"line feed", "a\nb", "\"a\nb\""},
    {"carriage return", "a\rb", "\"a\rb\""},
    {"blank in front", " a", "\" a\""},
    {"blank behind", "a ", "\"a \""},
    {"tab in front", "\ta", "\"\ta\""},
    {"tab behind", "a\t", "\"a\t\""},
    {"blank within", "a b", "a b"},
    {"semicolons need none", "role;free", "role;free"},
    {"a formula is data", "=1+1", "=1+1"},
    {"high bytes", "\xe4\xff", "\xe4\xff"},
};

START_TEST(field)
{
    const struct row *row = &rows[_i];
    struct wn_buf out = {0};
    wn_buf_add_text(&out, "x,");
    wn_csv_add_field(&out, wn_span_of(row->field));
    ck_assert_msg(strcmp(wn_buf_text(&out) + 2, row->written) == 0, "%s: %s", row->name, out.p);
    wn_buf_release(&out);
}
END_TEST

static void take_field(void *content, size_t n, void *arg)
{
    wn_buf_add(arg, content, n);
}

/* libcsv reads back what was written, whatever it was. */
START_TEST(round_trip)
{
    static const char alphabet[] = "a\",\n\r \t;";
    struct wn_buf out = {0}, back = {0};
    for (unsigned i = 0; i < 8 * 8 * 8 * 8; i++) {
        char text[4] = {alphabet[i % 8], alphabet[i / 8 % 8], alphabet[i / 64 % 8],
                        alphabet[i / 512 % 8]};
        struct csv_parser parser;
        wn_buf_clear(&out);
        wn_buf_clear(&back);
        wn_csv_add_field(&out, (struct wn_span){text, sizeof text});
        wn_buf_add_char(&out, '\n');
        ck_assert_int_eq(csv_init(&parser, CSV_STRICT), 0);
        (void)csv_parse(&parser, out.p, out.len, take_field, NULL, &back);
        csv_free(&parser);
        ck_assert(wn_span_equal(wn_buf_span(&back), (struct wn_span){text, sizeof text}));
    }
    wn_buf_release(&out);
    wn_buf_release(&back);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("writer");
    TCase *cases = tcase_create("writer");
    tcase_add_loop_test(cases, field, 0, sizeof rows / sizeof *rows);
    tcase_add_test(cases, round_trip);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
