/* SPDX-License-Identifier: MIT */
/* The address parser: words, options and keys, and what must hold for any input at all. What an
 * address is read as is test_corpus.c's, faults at their boundaries are test_faults.c's. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "base/str.h"
#include "support/address.h"
#include "support/suite.h"

static struct wn_address read_text(const char *text, unsigned options)
{
    struct wn_address a;
    wn_address_read(wn_span_of(text), options, &a);
    return a;
}

static void add_times(struct wn_buf *out, const char *piece, size_t times)
{
    for (; times > 0; times--) {
        wn_buf_add_text(out, piece);
    }
}

/* --- words, options, keys -----------------------------------------------------------------------
 */

START_TEST(words)
{
    ck_assert_str_eq(wn_fault_word(WN_FAULT_none), "");
    ck_assert_str_eq(wn_fault_sentence(WN_FAULT_none), "");
    ck_assert_str_eq(wn_fault_word(WN_FAULT_syntax_dot), "syntax_dot");
    for (unsigned i = WN_FAULT_none + 1; i < WN_FAULT_COUNT; i++) {
        ck_assert_uint_gt(strlen(wn_fault_sentence((enum wn_fault)i)), 10);
    }
    for (unsigned bit = 1; bit < WN_FLAG_COUNT; bit++) {
        ck_assert_str_lt(wn_flag_word((enum wn_flag_bit)(bit - 1)),
                         wn_flag_word((enum wn_flag_bit)bit));
    }
}
END_TEST

static const struct {
    const char *name, *domain;
    unsigned options;
    enum wn_fault fault;
} domains[] = {
    {.name = "plain", .domain = "x.org"},
    {.name = "reserved", .domain = "example.com", .fault = WN_FAULT_reserved_domain},
    {.name = "below a reserved one", .domain = "a.b.test", .fault = WN_FAULT_reserved_domain},
    {.name = "longer than a reserved one", .domain = "myexample.com"},
    {.name = "unknown, but DNS will be asked", .domain = "x.con"},
    {.name = "unknown",
     .domain = "x.con",
     .options = WN_ADDRESS_OFFLINE,
     .fault = WN_FAULT_unknown_tld},
    {.name = "known", .domain = "x.com", .options = WN_ADDRESS_OFFLINE},
    {.name = "known U-label", .domain = "x.xn--p1ai", .options = WN_ADDRESS_OFFLINE},
    {.name = "one label", .domain = "com", .options = WN_ADDRESS_OFFLINE},
    {.name = "literal", .domain = "[192.0.2.1]", .options = WN_ADDRESS_OFFLINE},
    {.name = "nothing", .domain = "", .options = WN_ADDRESS_OFFLINE},
};

START_TEST(domain_fault)
{
    ck_assert_msg(wn_address_domain_fault(wn_span_of(domains[_i].domain), domains[_i].options) ==
                      domains[_i].fault,
                  "%s", domains[_i].name);
}
END_TEST

START_TEST(syntax_only)
{
    ck_assert_uint_eq(read_text("bob@example.com", WN_ADDRESS_SYNTAX_ONLY).fault, WN_FAULT_none);
    ck_assert_uint_eq(read_text("bob@x.con", WN_ADDRESS_SYNTAX_ONLY | WN_ADDRESS_OFFLINE).fault,
                      WN_FAULT_none);
    /* What depends on the local part is syntax. */
    ck_assert_uint_eq(read_text("a@gmail.com", WN_ADDRESS_SYNTAX_ONLY).fault,
                      WN_FAULT_syntax_provider);
}
END_TEST

static const struct {
    const char *name, *address, *key;
} keys[] = {
    {"a capital of two characters that is one in lower case was another mailbox", "H\xcc\xb1@x.org",
     "\xe1\xba\x96@x.org"},
    {"the same in Greek", "\xce\xaa\xcc\x81@x.org", "\xce\x90@x.org"},
    {"a capital whose lower case is ASCII, and a mark", "\xc4\xb0\xcc\x88@x.org",
     "\xc4\xb0\xcc\x88@x.org"},
    {"lower already", "bob@x.org", "bob@x.org"},
    {"capitals", "Bob.SMITH@X.org", "bob.smith@x.org"},
    {"the alphabet", "ABCDEFGHIJKLMNOPQRSTUVWXYZ@x.org", "abcdefghijklmnopqrstuvwxyz@x.org"},
    {"neighbours of the alphabet", "\"@[`{AZ\"@x.org", "\"@[`{az\"@x.org"},
    {"marks and digits", "0!#$%&'*+-/=?^_`{|}~9Z@x.org", "0!#$%&'*+-/=?^_`{|}~9z@x.org"},
    {"Latin beyond ASCII", "J\xc3\x96RG@x.org", "j\xc3\xb6rg@x.org"},
    {"Cyrillic", "\xd0\x98\xd0\x92\xd0\x90\xd0\x9d@x.org",
     "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@x.org"},
    {"one that grows", "\xc8\xba@x.org", "\xe2\xb1\xa5@x.org"},
    {"one that shrinks", "\xe1\xba\x9e@x.org", "\xc3\x9f@x.org"},
    {"no case", "\xe7\x94\xa8@x.org", "\xe7\x94\xa8@x.org"},
    /* It was once the key of i@x.org, another mailbox: the one dropped the other as its duplicate.
     */
    {"one whose small letter is ASCII", "\xc4\xb0@x.org", "\xc4\xb0@x.org"},
    {"full-width capitals", "\xef\xbc\xa2ob@x.org", "bob@x.org"},
    {"literal", "BOB@[IPv6:2001:DB8::1]", "bob@[IPv6:2001:db8::1]"},
    {"a tag stays", "Bob+News@x.org", "bob+news@x.org"},
};

START_TEST(key)
{
    struct wn_address a = read_text(keys[_i].address, 0);
    char out[sizeof a.text];
    size_t n = wn_address_key(&a, out);
    ck_assert_msg(wn_span_equal((struct wn_span){out, n}, wn_span_of(keys[_i].key)), "%s: %.*s",
                  keys[_i].name, (int)n, out);
}
END_TEST

/* A local part of 32 letters that each grow from two octets to three. */
START_TEST(key_that_grows)
{
    struct wn_buf text = {0};
    char out[sizeof((struct wn_address *)0)->text];
    add_times(&text, "\xc8\xba", 32);
    wn_buf_add_text(&text, "@x.org");
    struct wn_address a = read_text(wn_buf_text(&text), 0);
    wn_buf_release(&text);
    ck_assert_uint_eq(a.fault, WN_FAULT_none);
    ck_assert_uint_eq(wn_address_key(&a, out), 32 * 3 + 6);
}
END_TEST

START_TEST(key_of_nothing)
{
    struct wn_address a = read_text("bob", 0);
    char out[sizeof a.text];
    ck_assert_uint_eq(wn_address_key(&a, out), 0);
}
END_TEST

START_TEST(null_cell)
{
    struct wn_address a;
    wn_address_read((struct wn_span){NULL, 0}, 0, &a);
    ck_assert_uint_eq(a.fault, WN_FAULT_no_address);
    ck_assert_uint_eq(wn_address_domain(&a).n, 0);
}
END_TEST

/* Decomposed text may be far longer than what it becomes: here it is more than fits where NFC is
 * made. */
START_TEST(content_beyond_its_buffer)
{
    struct wn_buf text = {0};
    add_times(&text, "\xe1\x84\x80\xe1\x85\xa1\x61", 46);
    wn_buf_add_text(&text, "@x.org");
    ck_assert_uint_eq(read_text(wn_buf_text(&text), 0).fault, WN_FAULT_syntax_local_too_long);
    /* The same through full-width full stops, which shrink to one octet. */
    wn_buf_clear(&text);
    add_times(&text, "a\xef\xbc\x8e", 330);
    wn_buf_add_text(&text, "a@x.org");
    ck_assert_uint_eq(read_text(wn_buf_text(&text), 0).fault, WN_FAULT_syntax_local_too_long);
    wn_buf_release(&text);
}
END_TEST

/* --- any input ----------------------------------------------------------------------------------
 */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* Pieces of addresses, so that random cells reach deep. */
static const char *const pieces[] = {
    "@",
    ".",
    "..",
    "-",
    "\"",
    "\\",
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    ":",
    ";",
    ",",
    " ",
    "\t",
    "\n",
    "a",
    "B",
    "0",
    "_",
    "+",
    "'",
    "xn--",
    "IPv6:",
    "192.0.2.1",
    "::1",
    "gmail.com",
    "x.org",
    "example.com",
    "mailto:",
    "?",
    "/",
    "|",
    "\xc3\xbc",
    "\xd0\xb0",
    "\xef\xbc\xa0",
    "\xef\xbc\x8e",
    "\xe3\x80\x82",
    "\xc2\xa0",
    "\xe2\x80\x8b",
    "\xe2\x80\x8d",
    "\xcc\x88",
    "\xcd\xbe",
    "\xff",
    "\xa0",
    "\xf0\x9f\x98\x80",
    "com",
    "bob",
    "xn--mnchen-3ya",
    "\xe1\x84\x80",
    "\xe1\x85\xa1",
    "\xef\xbd\x81",
    "\xef\xbc\x8c",
    "\xef\xbc\x8d",
    "\xef\xb8\x8f",
    "\xe3\x85\xa4",
    "\xe2\x84\xaa",
    "\xe3\x80\x81",
    "\xc4\xb0",
};

static void read_exactly(const char *bytes, size_t n, unsigned options)
{
    struct wn_address a;
    char *exact = malloc(n > 0 ? n : 1);
    memcpy(exact, bytes, n);
    wn_address_read((struct wn_span){exact, n}, options, &a);
    assert_sound((struct wn_span){exact, n}, options, &a);
    free(exact);
}

START_TEST(random_octets)
{
    uint64_t state = 1;
    char bytes[300];
    for (int round = 0; round < 20000; round++) {
        size_t n = next_random(&state) % sizeof bytes;
        for (size_t i = 0; i < n; i++) {
            uint32_t r = next_random(&state);
            bytes[i] = (char)(r % 3 == 0 ? r >> 8 : r % 29 == 0 ? '@' : 'a' + (r >> 8) % 26);
        }
        read_exactly(bytes, n, (unsigned)round % 16);
    }
}
END_TEST

START_TEST(random_pieces)
{
    uint64_t state = 2;
    char bytes[400];
    for (int round = 0; round < 50000; round++) {
        size_t n = 0;
        for (uint32_t i = next_random(&state) % 14; i > 0; i--) {
            struct wn_span piece =
                wn_span_of(pieces[next_random(&state) % (sizeof pieces / sizeof *pieces)]);
            memcpy(bytes + n, piece.p, piece.n);
            n += piece.n;
        }
        read_exactly(bytes, n, (unsigned)round % 16);
    }
}
END_TEST

/* Every single octet at every place of a short address, against the slow road. */
START_TEST(every_octet_everywhere)
{
    char text[] = "ab.c@d-e.fg";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char kept = text[at];
        for (int octet = 0; octet < 256; octet++) {
            struct wn_address a;
            text[at] = (char)octet;
            struct wn_span cell = {text, sizeof text - 1};
            wn_address_read(cell, 0, &a);
            assert_sound(cell, 0, &a);
            assert_same_on_slow_road(cell, 0, &a);
        }
        text[at] = kept;
    }
}
END_TEST

static Suite *address_suite(void)
{
    Suite *suite = suite_create("address");
    TCase *tc = tcase_create("address");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, words);
    tcase_add_loop_test(tc, domain_fault, 0, sizeof domains / sizeof *domains);
    tcase_add_test(tc, syntax_only);
    tcase_add_loop_test(tc, key, 0, sizeof keys / sizeof *keys);
    tcase_add_test(tc, key_that_grows);
    tcase_add_test(tc, key_of_nothing);
    tcase_add_test(tc, null_cell);
    tcase_add_test(tc, content_beyond_its_buffer);
    tcase_add_test(tc, random_octets);
    tcase_add_test(tc, random_pieces);
    tcase_add_test(tc, every_octet_everywhere);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(address_suite());
}
