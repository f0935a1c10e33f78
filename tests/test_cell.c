/* SPDX-License-Identifier: MIT */
/* Where in a cell an address is found. What it is read as is the corpus's business
 * (test_address.c); here are the places, the lists of several, and cells made to be slow. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "support/rounds.h"
#include "support/suite.h"

static const struct {
    const char *name, *cell, *found; /* what cell_at and cell_length frame */
    uint32_t flags;
} places[] = {
    {.name = "all of it", .cell = "bob@x.org", .found = "bob@x.org"},
    {.name = "blanks", .cell = "  bob@x.org\t", .found = "bob@x.org", .flags = WN_FLAG_trimmed},
    {.name = "no-break spaces",
     .cell = "\xc2\xa0"
             "bob@x.org\xc2\xa0",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "byte order mark",
     .cell = "\xef\xbb\xbf"
             "bob@x.org",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "Windows-1252 blanks",
     .cell = "\xa0"
             "bob@x.org\xad",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "a letter that ends in 0xa0 is no blank",
     .cell = "bob@x.\xc3\xa0",
     .found = "bob@x.\xc3\xa0",
     .flags = WN_FLAG_idn},
    {.name = "a four-octet character that ends in 0xa0 is no blank",
     .cell = "bob@x.\xf0\x90\x80\xa0",
     .found = "bob@x.\xf0\x90\x80\xa0",
     .flags = WN_FLAG_idn},
    {.name = "letters that hold 0xa0 part nothing",
     .cell = "\xc3\xa0@x.org <\xc3\xa0@x.org>",
     .found = "\xc3\xa0@x.org",
     .flags = WN_FLAG_extracted | WN_FLAG_eai},
    {.name = "a joiner within a local part was taken for a blank between addresses",
     .cell = "\xd8\xa7\xe2\x80\x8c\xd8\xa8@x.org <\xd8\xa7\xe2\x80\x8c\xd8\xa8@x.org>",
     .found = "\xd8\xa7\xe2\x80\x8c\xd8\xa8@x.org",
     .flags = WN_FLAG_extracted | WN_FLAG_eai},
    {.name = "punctuation of other scripts",
     .cell = "\xef\xbc\x9b"
             "bob@x.org\xe3\x80\x82\xef\xbc\x8c",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "punctuation",
     .cell = ";bob@x.org., ",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "display name",
     .cell = "Bob <bob@x.org>",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted},
    {.name = "quoted display name with a bracket",
     .cell = "\"B <a@b.org>\" <bob@x.org>",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted},
    {.name = "bracket never closed",
     .cell = "Bob <bob@x.org",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted},
    {.name = "address first",
     .cell = "bob@x.org <Bob>",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted | WN_FLAG_trimmed},
    {.name = "brackets that hold nothing", .cell = "bob <b> @x.org", .found = "bob <b> @x.org"},
    {.name = "mailto",
     .cell = "mailto:bob@x.org?subject=a",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted},
    {.name = "mailto alone", .cell = "mailto:", .found = "mailto:"},
    {.name = "mailto and an @", .cell = "mailto:@", .found = "@", .flags = WN_FLAG_extracted},
    {.name = "single quotes",
     .cell = "'bob@x.org'",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "quotes in quotes",
     .cell = "\"'bob@x.org'\"",
     .found = "bob@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "a quoted local part is left alone",
     .cell = "\"a b\"@x.org",
     .found = "\"a b\"@x.org",
     .flags = WN_FLAG_quoted},
    {.name = "a lone bracket behind a quoted local part was taken for its domain's",
     .cell = "\"a b\"@x.org>",
     .found = "\"a b\"@x.org",
     .flags = WN_FLAG_trimmed | WN_FLAG_quoted},
    {.name = "a bracket in a quoted local part was taken for the closing one",
     .cell = "Bob <\"a>b\"@x.org>",
     .found = "\"a>b\"@x.org",
     .flags = WN_FLAG_extracted | WN_FLAG_quoted},
    {.name = "a bracket behind a quote that is never closed",
     .cell = "<bob@x.org> \"Bob",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted},
    {.name = "repeated",
     .cell = "x bob@x.org, Bob@X.org",
     .found = "bob@x.org",
     .flags = WN_FLAG_extracted},
    {.name = "two people: the whole cell",
     .cell = " a@x.org, b@x.org ",
     .found = "a@x.org, b@x.org",
     .flags = WN_FLAG_trimmed},
    {.name = "nothing", .cell = "", .found = ""},
    {.name = "only blanks", .cell = "  \t", .found = "", .flags = WN_FLAG_trimmed},
    {.name = "deeper than anyone wraps",
     .cell = "((((((bob@x.org))))))",
     .found = "((bob@x.org))",
     .flags = WN_FLAG_trimmed},
};

START_TEST(place)
{
    struct wn_span cell = wn_span_of(places[_i].cell);
    struct wn_address a;
    wn_address_read(cell, 0, &a);
    struct wn_span found = {cell.p + a.cell_at, a.cell_length};
    ck_assert_msg(wn_span_equal(found, wn_span_of(places[_i].found)), "%s: %.*s", places[_i].name,
                  (int)found.n, found.p);
    ck_assert_msg(a.flags == places[_i].flags, "%s: flags %x", places[_i].name, a.flags);
}
END_TEST

enum {
    FOUND_MAX = 4
};

static const struct {
    const char *name, *cell;
    const char *found[FOUND_MAX + 1];
} severals[] = {
    {.name = "none", .cell = "bob"},
    {.name = "nothing", .cell = ""},
    {.name = "one", .cell = "bob@x.org", .found = {"bob@x.org"}},
    {.name = "comma", .cell = "a@x.org, b@y.org", .found = {"a@x.org", "b@y.org"}},
    {.name = "mail client",
     .cell = "A <a@x.org>; \"B, C\" <b@y.org>",
     .found = {"a@x.org", "b@y.org"}},
    {.name = "newline",
     .cell = "a@x.org\nb@y.org\r\nc@z.org",
     .found = {"a@x.org", "b@y.org", "c@z.org"}},
    {.name = "repetitions count once",
     .cell = "a@x.org b@y.org A@X.ORG",
     .found = {"a@x.org", "b@y.org"}},
    {.name = "at most as many as there is room",
     .cell = "a@x b@x c@x d@x e@x",
     .found = {"a@x", "b@x", "c@x", "d@x"}},
    {.name = "full stops behind", .cell = "a@x.org. b@y.org.", .found = {"a@x.org", "b@y.org"}},
    {.name = "quoted local parts",
     .cell = "\"a, b\"@x.org, \"c\"@y.org",
     .found = {"\"a, b\"@x.org", "\"c\"@y.org"}},
    {.name = "a display name is none", .cell = "\"a@x.org\" <b@y.org>", .found = {"b@y.org"}},
    {.name = "a quote that is never closed",
     .cell = "\"a@x.org, b@y.org",
     .found = {"a@x.org", "b@y.org"}},
    {.name = "half addresses are none", .cell = "@ a@ @b a@b", .found = {"a@b"}},
    {.name = "half an address in quotes was one", .cell = "'@x' 'b@' a@b", .found = {"a@b"}},
    {.name = "full-width",
     .cell = "a\xef\xbc\xa0x.org b@y.org",
     .found = {"a\xef\xbc\xa0x.org", "b@y.org"}},
    {.name = "joiners within, around and alone",
     .cell = "\xe2\x80\x8c\xd8\xa7\xe2\x80\x8c\xd8\xa8@x.org\xe2\x80\x8d, \xe2\x80\x8d b@y.org",
     .found = {"\xd8\xa7\xe2\x80\x8c\xd8\xa8@x.org", "b@y.org"}},
    {.name = "full-width comma",
     .cell = "a@x.org\xef\xbc\x8c"
             "b@y.org",
     .found = {"a@x.org", "b@y.org"}},
    {.name = "ideographic comma and full stop",
     .cell = "a@x.org\xe3\x80\x81"
             "b@y.org\xe3\x80\x82",
     .found = {"a@x.org", "b@y.org"}},
    {.name = "Arabic semicolon",
     .cell = "a@x.org\xd8\x9b b@y.org",
     .found = {"a@x.org", "b@y.org"}},
    {.name = "slashes in a local part",
     .cell = "a/b@x.org/c@y.org",
     .found = {"a/b@x.org", "c@y.org"}},
    {.name = "literals",
     .cell = "a@[IPv6:::1]:b@[192.0.2.1]",
     .found = {"a@[IPv6:::1]:b@[192.0.2.1]"}},
    {.name = "literals, parted",
     .cell = "a@[IPv6:::1], b@[192.0.2.1]",
     .found = {"a@[IPv6:::1]", "b@[192.0.2.1]"}},
    {.name = "only dots behind the @", .cell = "a@... b@x.org", .found = {"b@x.org"}},
    {.name = "single quotes around",
     .cell = "'a@x.org' 'b@y.org'",
     .found = {"a@x.org", "b@y.org"}},
};

START_TEST(several)
{
    struct wn_span found[FOUND_MAX];
    struct wn_span cell = wn_span_of(severals[_i].cell);
    size_t n = wn_address_several(cell, found, FOUND_MAX);
    size_t want = 0;
    for (; severals[_i].found[want] != NULL; want++) {
        ck_assert_msg(want < n && wn_span_equal(found[want], wn_span_of(severals[_i].found[want])),
                      "%s: %zu", severals[_i].name, want);
    }
    ck_assert_msg(n == want, "%s: %zu", severals[_i].name, n);
}
END_TEST

/* A mebibyte of what could make a careless reader go back again and again. Check's time-out is the
 * judge: what is quadratic takes hours. */
static const char *const hostile[] = {
    "\"",
    "\\\"",
    "\"\\",
    "<",
    ">",
    "<@",
    "@",
    "@@ ",
    "a@",
    "a@b ",
    "a@b,",
    "'",
    "\"a\" ",
    "(",
    "()",
    " ",
    "\xc2\xa0",
    ",",
    ".",
    "a.",
    "a@[",
    "mailto:",
    "\xa0",
    "\xc3",
    "\xef\xbc\xa0",
    "\xe2\x80",
    "\"@",
    "\"\"@a ",
    ";",
    " (",
    "\xcc\x88",
    "x@y.z",
    "\"<@>",
    "<\"",
    "\xf0\x9f",
    "-",
    "\xef\xbc\x8c",
    "\xe3\x80\x82",
    "\xe2\x80\x8d",
    "\xef\xbd\x81@",
    "mailto://",
};

START_TEST(hostile_cell)
{
    enum {
        SIZE = WN_TEST_ROUNDS(1 << 20)
    };
    const struct wn_span good = WN_SPAN("bob@x.org");
    const char *piece = hostile[_i];
    size_t n = strlen(piece);
    char *cell = malloc(SIZE);
    struct wn_address a;
    struct wn_span found[FOUND_MAX];

    for (int tail = 0; tail < 3; tail++) {
        for (size_t i = 0; i < SIZE; i++) {
            cell[i] = piece[i % n];
        }
        if (tail == 1) {
            memcpy(cell + SIZE - good.n, good.p, good.n);
        } else if (tail == 2) {
            memcpy(cell, good.p, good.n);
        }
        wn_address_read((struct wn_span){cell, SIZE}, 0, &a);
        ck_assert_uint_le(a.fault_at, SIZE);
        wn_address_several((struct wn_span){cell, SIZE}, found, FOUND_MAX);
    }
    free(cell);
}
END_TEST

static Suite *cell_suite(void)
{
    Suite *suite = suite_create("cell");
    TCase *tc = tcase_create("cell");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, place, 0, sizeof places / sizeof *places);
    tcase_add_loop_test(tc, several, 0, sizeof severals / sizeof *severals);
    tcase_add_loop_test(tc, hostile_cell, 0, sizeof hostile / sizeof *hostile);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(cell_suite());
}
