/* SPDX-License-Identifier: MIT */
/* The public header, included first and alone, and what it promises. */
#include "winnow.h"

/* Whatever follows is the test's own need. */
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/str.h"
#include "support/suite.h"

static const struct {
    const char *name, *text;
    unsigned options;
    const char *fault;
    size_t fault_at;
    const char *address, *key, *flags;
    const char *suggestion; /* NULL: none */
} cases[] = {
    {.name = "plain", .text = "Bob@X.org", .address = "Bob@x.org", .key = "bob@x.org", .flags = ""},
    {.name = "wrapped",
     .text = "Bob <Info+x@Gmail.com>",
     .address = "Info+x@gmail.com",
     .key = "info+x@gmail.com",
     .flags = "extracted;free;role;tagged;"},
    {.name = "wrapped, but exact",
     .text = "Bob <b@x.org>",
     .options = WN_PARSE_EXACT,
     .fault = "syntax_space",
     .fault_at = 3,
     .address = "",
     .key = "",
     .flags = ""},
    {.name = "fault",
     .text = "bob..b@x.org",
     .fault = "syntax_dot",
     .fault_at = 4,
     .address = "",
     .key = "",
     .flags = ""},
    {.name = "nothing", .text = "", .fault = "no_address", .address = "", .key = "", .flags = ""},
    {.name = "literal",
     .text = "bob@[192.0.2.1]",
     .fault = "syntax_address_literal",
     .fault_at = 4,
     .address = "bob@[192.0.2.1]",
     .key = "bob@[192.0.2.1]",
     .flags = "literal;"},
    {.name = "literal, allowed",
     .text = "bob@[192.0.2.1]",
     .options = WN_PARSE_ALLOW_LITERALS,
     .address = "bob@[192.0.2.1]",
     .key = "bob@[192.0.2.1]",
     .flags = "literal;"},
    {.name = "literal in a list of options unknown to this version",
     .text = "bob@[192.0.2.1]",
     .options = ~15U,
     .fault = "syntax_address_literal",
     .fault_at = 4,
     .address = "bob@[192.0.2.1]",
     .key = "bob@[192.0.2.1]",
     .flags = "literal;"},
    {.name = "aliases apart",
     .text = "B.ob+Shop@googlemail.com",
     .address = "B.ob+Shop@googlemail.com",
     .key = "b.ob+shop@googlemail.com",
     .flags = "free;tagged;"},
    {.name = "aliases folded: the key alone, and the lists see the address as it is",
     .text = "In.fo+Shop@googlemail.com",
     .options = WN_PARSE_FOLD_ALIASES,
     .address = "In.fo+Shop@googlemail.com",
     .key = "info@gmail.com",
     .flags = "free;tagged;"},
    {.name = "top-level domain",
     .text = "bob@x.con",
     .address = "bob@x.con",
     .key = "bob@x.con",
     .flags = ""},
    {.name = "top-level domain, judged",
     .text = "bob@x.con",
     .options = WN_PARSE_KNOWN_TLD,
     .fault = "unknown_tld",
     .fault_at = 6,
     .address = "bob@x.con",
     .key = "bob@x.con",
     .flags = ""},
    {.name = "disposable",
     .text = "J\xc3\x96RG@mailinator.com",
     .address = "J\xc3\x96RG@mailinator.com",
     .key = "j\xc3\xb6rg@mailinator.com",
     .flags = "disposable;eai;"},
    {.name = "placeholder at a relay",
     .text = "test@duck.com",
     .address = "test@duck.com",
     .key = "test@duck.com",
     .flags = "placeholder;relay;"},
    {.name = "slip in a domain",
     .text = "Bob <Bob.Smith@Gmial.com>",
     .address = "Bob.Smith@gmial.com",
     .key = "bob.smith@gmial.com",
     .flags = "extracted;",
     .suggestion = "Bob.Smith@gmail.com"},
    {.name = "slip in an ending",
     .text = "bob@gmail.con",
     .options = WN_PARSE_KNOWN_TLD,
     .fault = "unknown_tld",
     .fault_at = 10,
     .address = "bob@gmail.con",
     .key = "bob@gmail.con",
     .flags = "",
     .suggestion = "bob@gmail.com"},
    {.name = "slip that leaves no address",
     .text = "  bob@gmail,com",
     .fault = "syntax_bad_char",
     .fault_at = 11,
     .address = "",
     .key = "",
     .flags = "trimmed;",
     .suggestion = "bob@gmail.com"},
    {.name = "slip, but the provider would not give it out",
     .text = "b_b@gmial.com",
     .address = "b_b@gmial.com",
     .key = "b_b@gmial.com",
     .flags = ""},
    {.name = "no slip: free",
     .text = "bob@gmx.at",
     .address = "bob@gmx.at",
     .key = "bob@gmx.at",
     .flags = "free;"},
    {.name = "no slip: the provider's own rule",
     .text = "b_b@gmail.com",
     .fault = "syntax_provider",
     .address = "b_b@gmail.com",
     .key = "b_b@gmail.com",
     .flags = "free;"},
};

START_TEST(parse)
{
    struct wn_parsed r;
    struct wn_buf flags = {0};
    memset(&r, 0x5a, sizeof r);
    ck_assert(wn_parse(cases[_i].text, strlen(cases[_i].text), cases[_i].options, &r));
    if (cases[_i].fault == NULL) {
        ck_assert_ptr_null(r.fault);
        ck_assert_ptr_null(r.sentence);
    } else {
        ck_assert_str_eq(r.fault, cases[_i].fault);
        ck_assert_uint_gt(strlen(r.sentence), 0);
    }
    ck_assert_uint_eq(r.fault_at, cases[_i].fault_at);
    ck_assert_str_eq(r.address, cases[_i].address);
    ck_assert_str_eq(r.key, cases[_i].key);
    ck_assert_str_eq(r.suggestion, cases[_i].suggestion != NULL ? cases[_i].suggestion : "");
    ck_assert_uint_eq(strlen(r.address), r.address_length);
    ck_assert_uint_eq(strlen(r.key), r.key_length);
    ck_assert_uint_eq(strlen(r.suggestion), r.suggestion_length);
    ck_assert(r.address_length == 0 || r.address[r.local_length] == '@');
    for (size_t i = 0; i < r.flag_count; i++) {
        wn_buf_addf(&flags, "%s;", r.flags[i]);
    }
    for (size_t i = r.flag_count; i < WN_PARSED_FLAGS; i++) {
        ck_assert_ptr_null(r.flags[i]);
    }
    ck_assert_str_eq(wn_buf_text(&flags), cases[_i].flags);
    wn_buf_release(&flags);
}
END_TEST

START_TEST(found)
{
    struct wn_parsed r;
    ck_assert(wn_parse(" <b@x.org> ", 11, 0, &r));
    ck_assert_uint_eq(r.found_at, 2);
    ck_assert_uint_eq(r.found_length, 7);
}
END_TEST

START_TEST(no_text)
{
    struct wn_parsed r;
    ck_assert(wn_parse(NULL, 0, 0, &r));
    ck_assert_str_eq(r.fault, "no_address");
    ck_assert(wn_parse(NULL, 0, WN_PARSE_EXACT, &r));
    ck_assert_str_eq(r.fault, "no_address");
    ck_assert(wn_parse("bob@x.org", 0, 0, &r));
    ck_assert_str_eq(r.fault, "no_address");
}
END_TEST

/* What stands behind the length is not read, and a NUL ends nothing. */
START_TEST(octets)
{
    struct wn_parsed r;
    ck_assert(wn_parse("bob@x.orgy", 9, 0, &r));
    ck_assert_ptr_null(r.fault);
    ck_assert_str_eq(r.address, "bob@x.org");
    ck_assert(wn_parse("bob@x.org\0", 10, 0, &r));
    ck_assert_str_eq(r.fault, "syntax_bad_char");
    ck_assert_uint_eq(r.fault_at, 9);
    ck_assert(wn_parse("b\0b@x.org", 9, 0, &r));
    ck_assert_str_eq(r.fault, "syntax_bad_char");
    ck_assert_uint_eq(r.fault_at, 1);
}
END_TEST

/* The key of an address of a few octets used to go on with those of an earlier one. */
START_TEST(behind_the_texts)
{
    struct wn_parsed r;
    static const char nothing[WN_PARSED_MAX];
    ck_assert(wn_parse("bob.smith.and.company@gmial.com", 31, 0, &r));
    ck_assert_str_eq(r.suggestion, "bob.smith.and.company@gmail.com");
    ck_assert(wn_parse("b@x.org", 7, 0, &r));
    ck_assert_str_eq(r.key, "b@x.org");
    ck_assert_mem_eq(r.address + 7, nothing, sizeof r.address - 7);
    ck_assert_mem_eq(r.key + 7, nothing, sizeof r.key - 7);
    ck_assert_mem_eq(r.suggestion, nothing, sizeof r.suggestion);
}
END_TEST

/* The result used to be emptied before the text was read. */
START_TEST(text_in_the_result)
{
    struct wn_parsed r;
    ck_assert(wn_parse("Bob@gmial.com", 13, 0, &r));
    ck_assert(wn_parse(r.suggestion, r.suggestion_length, 0, &r));
    ck_assert_str_eq(r.address, "Bob@gmail.com");
    ck_assert(wn_parse(r.key, r.key_length, 0, &r));
    ck_assert_str_eq(r.address, "bob@gmail.com");
    ck_assert_str_eq(r.suggestion, "");
}
END_TEST

/* A length that has an address's own in its lower 32 bits. */
START_TEST(more_than_4_gib)
{
    static const char text[] = "bob@x.org";
    size_t length = ((size_t)1 << 32) + sizeof text - 1;
    struct wn_parsed r;
    char *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    memcpy(p, text, sizeof text);
    ck_assert(wn_parse(p, length, WN_PARSE_EXACT, &r));
    ck_assert_str_eq(r.fault, "syntax_bad_char");
    ck_assert_uint_eq(r.fault_at, sizeof text - 1);
    ck_assert_uint_eq(r.found_length, UINT32_MAX);
    ck_assert_str_eq(r.suggestion, "");
    ck_assert_int_eq(munmap(p, length), 0);
}
END_TEST

static void *parse_all(void *arg)
{
    static const char *const wide[] = {"bob@m\xc3\xbcnchen.de", "bob@xn--mnchen-3ya.de",
                                       "bob@\xe2\x98\x83.net"};
    struct wn_buf *said = arg;
    struct wn_parsed r;
    for (int round = 0; round < 100; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases + sizeof wide / sizeof *wide; i++) {
            const char *text = i < sizeof cases / sizeof *cases
                                   ? cases[i].text
                                   : wide[i - sizeof cases / sizeof *cases];
            if (!wn_parse(text, strlen(text), WN_PARSE_KNOWN_TLD, &r)) {
                return NULL;
            }
            wn_buf_addf(said, "%s %s %s %s\n", r.fault != NULL ? r.fault : "fine", r.address, r.key,
                        r.suggestion);
        }
    }
    return said;
}

START_TEST(threads)
{
    pthread_t thread[4];
    struct wn_buf said[5] = {{0}};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, parse_all, &said[i]), 0);
    }
    ck_assert_ptr_nonnull(parse_all(&said[4]));
    for (int i = 0; i < 4; i++) {
        void *done;
        ck_assert_int_eq(pthread_join(thread[i], &done), 0);
        ck_assert_ptr_nonnull(done);
        ck_assert(wn_span_equal(wn_buf_span(&said[i]), wn_buf_span(&said[4])));
        wn_buf_release(&said[i]);
    }
    wn_buf_release(&said[4]);
}
END_TEST

START_TEST(version)
{
    ck_assert_str_eq(wn_version(), WN_VERSION);
    ck_assert_str_eq(WN_VERSION, WN_TEST_VERSION);
}
END_TEST

static Suite *api_suite(void)
{
    Suite *suite = suite_create("winnow.h");
    TCase *tc = tcase_create("winnow.h");
    tcase_add_loop_test(tc, parse, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tc, found);
    tcase_add_test(tc, no_text);
    tcase_add_test(tc, octets);
    tcase_add_test(tc, behind_the_texts);
    tcase_add_test(tc, text_in_the_result);
    tcase_add_test(tc, more_than_4_gib);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, version);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(api_suite());
}
