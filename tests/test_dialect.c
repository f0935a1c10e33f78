/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>

#include "csv/dialect.h"
#include "support/suite.h"

/* A text and its length, for those that hold a NUL. */
#define T(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define BOM "\xef\xbb\xbf"

static const struct row {
    const char *name;
    struct wn_span sample;
    char given; /* the user's delimiter */
    char delimiter, line_end;
    size_t prelude, prelude_lines;
} rows[] = {
    {"nothing", T(""), 0, ',', '\n', 0, 0},
    {"comma", T("a,b\n1,2\n"), 0, ',', '\n', 0, 0},
    {"semicolon", T("a;b\n1;2\n"), 0, ';', '\n', 0, 0},
    {"tab", T("a\tb\n1\t2\n"), 0, '\t', '\n', 0, 0},
    {"bar", T("a|b\n1|2\n"), 0, '|', '\n', 0, 0},
    {"semicolon with decimal commas", T("a;b;c\n1,5;2,5;x\n1,5;2;y\n"), 0, ';', '\n', 0, 0},
    {"quoted delimiters do not count", T("\"a;b;c\",d\n\"e;f\",g\n\"h\",i\n"), 0, ',', '\n', 0, 0},
    {"comma in some names only", T("name;email\n\"Doe, J\";a@x\nBob;b@x\n"), 0, ';', '\n', 0, 0},
    {"single column", T("email\na@x\nb@x\n"), 0, ',', '\n', 0, 0},
    {"no delimiter in the first line", T("list of may\na;b\n"), 0, ',', '\n', 0, 0},
    {"blank lines in front", T("\n\na;b\n1;2\n"), 0, ';', '\n', 0, 0},
    {"the user's word", T("a;b\n1;2\n"), '|', '|', '\n', 0, 0},
    {"CRLF", T("a;b\r\n1;2\r\n"), 0, ';', '\n', 0, 0},
    {"CR alone", T("a;b\r1;2\r"), 0, ';', '\r', 0, 0},
    {"no line end at all", T("a|b"), 0, '|', '\n', 0, 0},
    {"byte-order mark", T(BOM "a;b\n"), 0, ';', '\n', 3, 0},
    {"byte-order mark alone", T(BOM), 0, ',', '\n', 3, 0},
    {"byte-order mark before a quoted header", T(BOM "\"a;x\",b\n\"c\",d\n"), 0, ',', '\n', 3, 0},
    {"sep=", T("sep=;\na,b;c\n"), 0, ';', '\n', 6, 1},
    {"sep= with CRLF", T("sep=|\r\na,b\r\n"), 0, '|', '\n', 7, 1},
    {"sep= with CR", T("sep=|\ra,b\r"), 0, '|', '\r', 6, 1},
    {"sep= and a tab", T("sep=\t\na,b\n"), 0, '\t', '\n', 6, 1},
    {"byte-order mark and sep=", T(BOM "sep=;\na,b\n"), 0, ';', '\n', 9, 1},
    {"sep= alone", T("sep=;"), 0, ';', '\n', 5, 1},
    {"sep= and the user's word", T("sep=;\na|b\n"), '|', '|', '\n', 6, 1},
    {"sep= with more than a character is data", T("sep=;;\na;b\n"), 0, ';', '\n', 0, 0},
    {"sep= without one is data", T("sep=\na;b\n"), 0, ',', '\n', 0, 0},
    {"one control byte is not binary", T("a,b\n\x01,c\n"), 0, ',', '\n', 0, 0},
    {"one NUL is not binary", T("a,b\n\0,c\n"), 0, ',', '\n', 0, 0},
    {"escape is text", T("\x1b$B\x1b(B\x1b$B\x1b(B,b\n"), 0, ',', '\n', 0, 0},
    {"sep= in capitals", T("SEP=;\na,b;c\n"), 0, ';', '\n', 6, 1},
    {"sep= in quotes", T("\"sep=;\"\r\na,b;c\r\n"), 0, ';', '\n', 9, 1},
    {"two byte-order marks", T(BOM BOM "\"a\";b\n"), 0, ';', '\n', 6, 0},
    {"sep= before a byte-order mark", T("sep=;\n" BOM "\"a\";b\n"), 0, ';', '\n', 9, 1},
    {"CR alone, line feeds within cells", T("a;b\r\"1\nx\";2\r"), 0, ';', '\r', 0, 0},
    {"LF, returns within cells", T("a;b\n\"1\rx\";2\n"), 0, ';', '\n', 0, 0},
    {"LF behind a quote that is lost", T("\"a,b\n1,2\n"), 0, ',', '\n', 0, 0},
    {"CRLF behind a quote that is lost", T("\"a,b\r\n1,2\r\n"), 0, ',', '\n', 0, 0},
    {"Windows-1252", T("n\xe4me;ma\xefl\n\xfc;b\n"), 0, ';', '\n', 0, 0},
};

START_TEST(dialect)
{
    const struct row *row = &rows[_i];
    struct wn_dialect d;
    struct wn_error err = {0};
    ck_assert_msg(wn_dialect_detect(row->sample, row->given, "list.csv", &d, &err) == WN_OK,
                  "%s: %s", row->name, err.text);
    ck_assert_msg(d.delimiter == row->delimiter, "%s: delimiter 0x%02x", row->name,
                  (unsigned)d.delimiter);
    ck_assert_msg(d.line_end == row->line_end, "%s: line end", row->name);
    ck_assert_msg(d.prelude == row->prelude && d.prelude_lines == row->prelude_lines,
                  "%s: prelude of %zu bytes", row->name, d.prelude);
}
END_TEST

static const struct encoding {
    const char *name;
    struct wn_span sample;
    bool windows_1252;
} encodings[] = {
    {"ASCII", T("a;b\n"), false},
    {"every other letter", T("n\xe4me;ma\xefl\n\xfc;b\n"), true},
    {"one letter", T("a;b\nJos\xe9;b\n"), true},
    {"Windows-1252 that looks like UTF-8 once", T("\xc3\xa4;\xe4;\xf6\n"), true},
    {"UTF-8", T("n\xc3\xa4me;b\n"), false},
    {"UTF-8 with one cell of another kind", T("\xc3\xa4;b\n\xe4;b\n"), false},
    {"UTF-8 that is cut", T("\xc3\xa4;b\xc3"), false},
    {"nothing but half a character", T("a;b\xe3\x83"), false},
    {"bytes that Windows-1252 does not have", T("\x83\x81\x81;b\n"), false},
};

START_TEST(encoding)
{
    const struct encoding *row = &encodings[_i];
    struct wn_dialect d;
    ck_assert_int_eq(wn_dialect_detect(row->sample, 0, "list.csv", &d, NULL), WN_OK);
    ck_assert_msg(d.windows_1252 == row->windows_1252, "%s", row->name);
}
END_TEST

static const struct refusal {
    const char *name;
    struct wn_span sample;
    char given;
    const char *says;
} refusals[] = {
    {"zip", T("PK\x03\x04xyz"), 0, "list.csv is an Excel workbook or another zip archive"},
    {"old Excel", T("\xd0\xcf\x11\xe0\xa1\xb1"), 0, "an old Excel workbook"},
    {"PDF", T("%PDF-1.4\n"), 0, "a PDF document"},
    {"bzip2", T("BZh9"), 0, "compressed with bzip2"},
    {"xz",
     T("\xfd"
       "7zXZ\0"),
     0, "compressed with xz"},
    {"SQLite", T("SQLite format 3\0"), 0, "an SQLite database"},
    {"UTF-32 LE", T("\xff\xfe\0\0a\0\0\0"), 0, "UTF-32 text"},
    {"UTF-32 BE", T("\0\0\xfe\xff\0\0\0a"), 0, "UTF-32 text"},
    {"UTF-16 without a mark", T("e\0m\0a\0i\0l\0\n\0"), 0, "byte 1 is 0x00, and there are 6"},
    {"NULs", T("abc\ndef\0\0\n"), 0, "byte 7 is 0x00"},
    {"control bytes", T("a,b\n\x02\x03\x04,d\n"), 0, "byte 4 is 0x02"},
    {"deletes", T("a\x7f\x7f\n"), 0, "byte 1 is 0x7f"},
    {"sep= a quote", T("sep=\"\na\n"), 0, "cannot be the delimiter"},
    {"a quote from the user", T("a\n"), '"', "cannot be the delimiter"},
    {"a line feed from the user", T("a\n"), '\n', "cannot be the delimiter"},
    {"a return from the user", T("a\n"), '\r', "cannot be the delimiter"},
};

START_TEST(what_is_no_text_is_refused_with_advice)
{
    const struct refusal *row = &refusals[_i];
    struct wn_dialect d;
    struct wn_error err = {0};
    ck_assert_msg(wn_dialect_detect(row->sample, row->given, "list.csv", &d, &err) == WN_E_DATA,
                  "%s", row->name);
    ck_assert_int_eq(err.status, WN_E_DATA);
    ck_assert_msg(strstr(err.text, row->says) != NULL, "%s: %s", row->name, err.text);
    ck_assert(strncmp(err.text, "list.csv", 8) == 0);
}
END_TEST

/* The limit is one percent of what is looked at. */
START_TEST(share_of_binary_bytes)
{
    char sample[1000];
    struct wn_dialect d;
    for (size_t nuls = 0; nuls <= 20; nuls++) {
        struct wn_error err = {0};
        memset(sample, 'a', sizeof sample);
        memset(sample + 500, '\0', nuls);
        int status = wn_dialect_detect((struct wn_span){sample, sizeof sample}, 0, "x", &d, &err);
        ck_assert_int_eq(status, nuls > 10 ? WN_E_DATA : WN_OK);
        ck_assert(nuls <= 10 || strstr(err.text, "byte 500 is 0x00") != NULL);
    }
}
END_TEST

/* A signature counts only where it begins the input. */
START_TEST(signature_within_text_is_text)
{
    struct wn_dialect d;
    ck_assert_int_eq(wn_dialect_detect(wn_span_of("a;b\n%PDF;PK\n"), 0, "x", &d, NULL), WN_OK);
    ck_assert_int_eq(wn_dialect_detect(wn_span_of("%PD;b\n"), 0, "x", &d, NULL), WN_OK);
    ck_assert_int_eq(d.delimiter, ';');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dialect");
    TCase *cases = tcase_create("dialect");
    tcase_add_loop_test(cases, dialect, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(cases, encoding, 0, sizeof encodings / sizeof *encodings);
    tcase_add_loop_test(cases, what_is_no_text_is_refused_with_advice, 0,
                        sizeof refusals / sizeof *refusals);
    tcase_add_test(cases, share_of_binary_bytes);
    tcase_add_test(cases, signature_within_text_is_text);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
