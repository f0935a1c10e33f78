/* SPDX-License-Identifier: MIT */
/* Every fault of faults.def at its boundaries: two addresses that differ in one place, by one octet
 * or one character; one has the fault, at this octet, the other has not. The faults' words are
 * written out, so that one that is renamed, or that nothing reaches any more, is found here. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "support/suite.h"

enum {
    CHARACTER = 4 /* octets */
};

/* In a text, {64a} stands for 64 times what follows the number. */
static const struct row {
    const char *fault;
    unsigned options;
    const char *inside, *says; /* the fault it has instead, "" is none */
    const char *outside;
    uint32_t at;
} rows[] = {
    {"no_address", 0, "n/ab", "syntax_no_at", "n/a", 0},
    {"no_address", 0, "-a", "syntax_no_at", "-", 0},
    {"no_address", 0, " a", "syntax_no_at", " ", 1},
    {"syntax_no_at", 0, "bob@x.org", "", "bobx.org", 8},
    {"syntax_no_at", WN_ADDRESS_EXACT, "\"a@b\"@", "syntax_empty_domain", "\"a@b\"", 5},
    {"syntax_empty_local", 0, "b@x.org", "", "@x.org", 0},
    {"syntax_empty_domain", 0, "b@x", "syntax_single_label", "b@", 2},
    {"syntax_local_too_long", 0, "{64a}@x.org", "", "{65a}@x.org", 64},
    {"syntax_local_too_long", 0, "\"{61a} \"@x.org", "", "\"{62a} \"@x.org", 64},
    {"syntax_local_too_long", 0, "\"{64a}\"@x.org", "", "\"{65a}\"@x.org", 65},
    {"syntax_local_too_long", 0, "\"{64\\a}\"@x.org", "", "\"{65\\a}\"@x.org", 129},
    {"syntax_local_too_long", 0, "\"{31\\\"}\"@x.org", "", "\"{31\\\"}a\"@x.org", 64},
    {"syntax_local_too_long", 0, "{32ü}@x.org", "", "{32ü}a@x.org", 64},
    {"syntax_local_too_long", 0, "{31ü}a@x.org", "", "{31ü}a用@x.org", 63},
    {"syntax_local_too_long", 0, "{64ａ}@x.org", "", "{65ａ}@x.org", 192},
    {"syntax_local_too_long", 0, "{32u\xcc\x88}@x.org", "", "{33u\xcc\x88}@x.org", 0},
    {"syntax_too_long", 0, "a@{63b}.{63b}.{63b}.{56b}.org", "", "a@{63b}.{63b}.{63b}.{57b}.org",
     254},
    {"syntax_too_long", 0, "{64a}@{63b}.{63b}.{57b}.org", "", "{64a}@{63b}.{63b}.{58b}.org", 254},
    {"syntax_too_long", 0, "\"ab\"@{63b}.{63b}.{63b}.{55b}.org", "",
     "\"ab\"@{63b}.{63b}.{63b}.{56b}.org", 256},
    {"syntax_too_long", 0, "a@ü.{63b}.{63b}.{63b}.{48b}.org", "", "a@ü.{63b}.{63b}.{63b}.{49b}.org",
     249},
    {"syntax_too_long", 0, "a@{63b}.{63b}.{63b}.{52b}.ü", "", "a@{63b}.{63b}.{63b}.{53b}.ü", 248},
    {"syntax_label_too_long", 0, "a@{63b}.org", "", "a@{64b}.org", 65},
    {"syntax_label_too_long", 0, "a@b.{63b}", "", "a@b.{64b}", 67},
    {"syntax_label_too_long", 0, "a@{55b}ü.de", "", "a@{56b}ü.de", 2},
    {"syntax_domain_too_long", 0, "a@{63b}.{63b}.{63b}.{57b}.org", "syntax_too_long",
     "a@{63b}.{63b}.{63b}.{58b}.org", 255},
    {"syntax_domain_too_long", 0, "a@{126b.}b", "syntax_too_long", "a@{126b.}bb", 255},
    {"syntax_domain_too_long", 0, "a@ü.{63b}.{63b}.{63b}.{49b}.org", "syntax_too_long",
     "a@ü.{63b}.{63b}.{63b}.{50b}.org", 250},
    {"syntax_domain_too_long", 0, "a@{63b}.{63b}.{63b}.{53b}.ü", "syntax_too_long",
     "a@{63b}.{63b}.{63b}.{54b}.ü", 249},
    {"syntax_dot", 0, "b.b@x.org", "", "b..b@x.org", 2},
    {"syntax_dot", 0, "bob@x.org", "", ".bob@x.org", 0},
    {"syntax_dot", 0, "bob@x.org", "", "bob.@x.org", 3},
    {"syntax_dot", 0, "bob@x.org", "", "bob@.x.org", 4},
    {"syntax_dot", 0, "bob@x.org", "", "bob@x..org", 6},
    {"syntax_dot", WN_ADDRESS_EXACT, "bob@x.org", "", "bob@x.org.", 9},
    {"syntax_bad_char", 0, "a_b@x.org", "", "a,b@x.org", 1},
    {"syntax_bad_char", 0, "b@a-b.org", "", "b@a_b.org", 3},
    {"syntax_bad_char", 0, "\"a~\"@x.org", "", "\"a\x7f\"@x.org", 2},
    {"syntax_bad_char", 0, "\"a \"@x.org", "", "\"a\x1f\"@x.org", 2},
    {"syntax_bad_char", 0, "\"\\~\"@x.org", "", "\"\\\x7f\"@x.org", 2},
    {"syntax_bad_char", 0, "\"\\ \"@x.org", "", "\"\\\x1f\"@x.org", 2},
    {"syntax_bad_char", 0, "a＿b@x.org", "", "a，b@x.org", 1},
    {"syntax_space", 0, "bob@x.org", "", "bob @x.org", 3},
    {"syntax_space", 0, "bob@x.org", "", "bob@ x.org", 4},
    {"syntax_space", 0, "bob@x.org", "", "b\xc2\xa0ob@x.org", 1},
    {"syntax_quote", 0, "\"a b\"@x.org", "", "\"a b@x.org", 0},
    {"syntax_quote", 0, "\"a\"@x.org", "", "\"a\"b@x.org", 3},
    {"syntax_quote", 0, "ab@x.org", "", "a\"b@x.org", 1},
    {"syntax_hyphen", 0, "b@x.org", "", "b@-x.org", 2},
    {"syntax_hyphen", 0, "b@x.org", "", "b@x-.org", 3},
    {"syntax_single_label", 0, "b@x.org", "", "b@xorg", 2},
    {"syntax_numeric_tld", 0, "b@x.1a", "", "b@x.1", 4},
    {"syntax_bad_literal", 0, "a@[1.2.3.255]", "syntax_address_literal", "a@[1.2.3.256]", 2},
    {"syntax_bad_literal", 0, "a@[1.2.3.100]", "syntax_address_literal", "a@[1.2.3.0100]", 2},
    {"syntax_bad_literal", 0, "a@[IPv6:1:2:3:4:5:6:7:8]", "syntax_address_literal",
     "a@[IPv6:1:2:3:4:5:6:7]", 2},
    {"syntax_bad_literal", 0, "a@[IPv6:1:2:3:4:5:6::]", "syntax_address_literal",
     "a@[IPv6:1:2:3:4:5:6:7::]", 2},
    {"syntax_bad_literal", 0, "a@[IPv6:1:2:3:4::5.6.7.8]", "syntax_address_literal",
     "a@[IPv6:1:2:3:4:5::5.6.7.8]", 2},
    {"syntax_address_literal", 0, "a@[1.2.3.4", "syntax_bad_literal", "a@[1.2.3.4]", 2},
    {"syntax_address_literal", 0, "a@[IPv6:::1", "syntax_bad_literal", "a@[IPv6:::1]", 2},
    {"syntax_idn", 0, "bob@ö.net", "", "bob@☃.net", 4},
    {"syntax_idn", 0, "bob@אב.org", "", "bob@אa.org", 4},
    {"syntax_utf8", 0, "b\xc3\xb6@x.org", "", "b\xf6@x.org", 1},
    {"syntax_utf8", 0, "ab@x.org", "",
     "a\xe2\x80\xae"
     "b@x.org",
     1},
    {"syntax_utf8", 0, "ab@x.org", "",
     "a\xe2\x80\x8b"
     "b@x.org",
     1},
    {"syntax_utf8", 0, "क\xe2\x80\x8dष@x.org", "", "k\xe2\x80\x8dष@x.org", 1},
    {"syntax_comment", 0, "bob(work@x.org", "syntax_bad_char", "bob(work)@x.org", 3},
    {"syntax_comment", 0, "bob@x.org work)", "syntax_space", "bob@x.org (work)", 10},
    {"syntax_several", 0, "a@x.org,b.y.org", "syntax_bad_char", "a@x.org,b@y.org", 8},
    {"syntax_several", 0, "a@x.org，b", "syntax_bad_char", "a@x.org，b@y", 10},
    {"syntax_provider", 0, "abc@gmail.com", "", "ab@gmail.com", 0},
    {"syntax_provider", 0, "{30a}@gmail.com", "", "{31a}@gmail.com", 0},
    {"syntax_provider", 0, "bo.b@gmail.com", "", "bo-b@gmail.com", 0},
    {"reserved_domain", 0, "bob@examples.com", "", "bob@example.com", 4},
    {"reserved_domain", 0, "bob@x.tests", "", "bob@x.test", 4},
    {"unknown_tld", WN_ADDRESS_OFFLINE, "bob@x.com", "", "bob@x.con", 6},
    {"unknown_tld", WN_ADDRESS_OFFLINE, "bob@x.org", "", "bob@x.orgg", 6},
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

static void expand(const char *text, struct wn_buf *out)
{
    wn_buf_clear(out);
    for (; *text != '\0'; text++) {
        if (*text != '{') {
            wn_buf_add_char(out, *text);
            continue;
        }
        char *what;
        long times = strtol(text + 1, &what, 10);
        size_t n = strcspn(what, "}");
        for (; times > 0; times--) {
            wn_buf_add(out, what, n);
        }
        text = what + n;
    }
}

static struct wn_address read_text(struct wn_buf *text, unsigned options)
{
    struct wn_address a;
    wn_address_read(wn_buf_span(text), options, &a);
    return a;
}

/* What is neither the common beginning nor the common end is at most a character in each. */
static void assert_one_apart(const struct row *row, const struct wn_buf *a, const struct wn_buf *b)
{
    size_t shorter = a->len < b->len ? a->len : b->len;
    size_t front = 0;
    size_t back = 0;
    while (front < shorter && a->p[front] == b->p[front]) {
        front++;
    }
    while (back < shorter - front && a->p[a->len - 1 - back] == b->p[b->len - 1 - back]) {
        back++;
    }
    ck_assert_msg(a->len - front - back <= CHARACTER && b->len - front - back <= CHARACTER,
                  "%s and %s are more than a character apart", row->inside, row->outside);
}

START_TEST(boundary)
{
    const struct row *row = &rows[_i];
    struct wn_buf inside = {0};
    struct wn_buf outside = {0};
    expand(row->inside, &inside);
    expand(row->outside, &outside);
    assert_one_apart(row, &inside, &outside);
    struct wn_address a = read_text(&inside, row->options);
    struct wn_address b = read_text(&outside, row->options);
    ck_assert_str_ne(row->fault, row->says);
    ck_assert_msg(strcmp(wn_fault_word(a.fault), row->says) == 0, "%s: '%s', not '%s'", row->inside,
                  wn_fault_word(a.fault), row->says);
    ck_assert_msg(strcmp(wn_fault_word(b.fault), row->fault) == 0, "%s: '%s', not '%s'",
                  row->outside, wn_fault_word(b.fault), row->fault);
    ck_assert_msg(b.fault_at == row->at, "%s: at %u, not %u", row->outside, b.fault_at, row->at);
    wn_buf_release(&inside);
    wn_buf_release(&outside);
}
END_TEST

START_TEST(every_fault_has_a_boundary)
{
    for (unsigned i = WN_FAULT_none + 1; i < WN_FAULT_COUNT; i++) {
        size_t found = 0;
        for (size_t j = 0; j < ROWS; j++) {
            found += strcmp(rows[j].fault, wn_fault_word((enum wn_fault)i)) == 0;
        }
        ck_assert_msg(found > 0, "%s has no row", wn_fault_word((enum wn_fault)i));
    }
}
END_TEST

/* Lengths that are not at a boundary of any kind, and several faults of length at once. */
START_TEST(lengths_together)
{
    struct wn_buf text = {0};
    expand("{65a}@{64b}.{63b}.{63b}.{63b}.org", &text);
    struct wn_address a = read_text(&text, 0);
    ck_assert_str_eq(wn_fault_word(a.fault), "syntax_local_too_long");
    /* The fast path reads cells of up to 64 octets. */
    for (unsigned local = 1; local <= WN_LOCAL_MAX; local++) {
        char pattern[40];
        snprintf(pattern, sizeof pattern, "{%ua}@{29b}.org", local);
        expand(pattern, &text);
        ck_assert_str_eq(wn_fault_word(read_text(&text, 0).fault), "");
    }
    wn_buf_release(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *tc = tcase_create("faults");
    tcase_add_loop_test(tc, boundary, 0, ROWS);
    tcase_add_test(tc, every_fault_has_a_boundary);
    tcase_add_test(tc, lengths_together);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
