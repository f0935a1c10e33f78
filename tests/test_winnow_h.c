/* SPDX-License-Identifier: MIT */
/* The public header, included first and alone, and what it promises. */
#include "winnow.h"

/* Whatever follows is the test's own need. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct {
    const char *name, *text;
    unsigned options;
    const char *fault;
    size_t fault_at;
    const char *address, *key, *flags;
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
};

START_TEST(parse)
{
    struct wn_parsed r;
    struct wn_buf flags = {0};
    memset(&r, 0x5a, sizeof r);
    wn_parse(cases[_i].text, strlen(cases[_i].text), cases[_i].options, &r);
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
    ck_assert_uint_eq(strlen(r.address), r.address_length);
    ck_assert_uint_eq(strlen(r.key), r.key_length);
    ck_assert(r.address_length == 0 || r.address[r.local_length] == '@');
    for (size_t i = 0; i < r.flag_count; i++) {
        wn_buf_addf(&flags, "%s;", r.flags[i]);
    }
    ck_assert_str_eq(wn_buf_text(&flags), cases[_i].flags);
    wn_buf_release(&flags);
}
END_TEST

START_TEST(found)
{
    struct wn_parsed r;
    wn_parse(" <b@x.org> ", 11, 0, &r);
    ck_assert_uint_eq(r.found_at, 2);
    ck_assert_uint_eq(r.found_length, 7);
}
END_TEST

START_TEST(null_text)
{
    struct wn_parsed r;
    wn_parse(NULL, 0, 0, &r);
    ck_assert_str_eq(r.fault, "no_address");
}
END_TEST

START_TEST(version)
{
    ck_assert_str_eq(wn_version(), WN_VERSION);
}
END_TEST

static Suite *api_suite(void)
{
    Suite *suite = suite_create("winnow.h");
    TCase *tc = tcase_create("winnow.h");
    tcase_add_loop_test(tc, parse, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tc, found);
    tcase_add_test(tc, null_text);
    tcase_add_test(tc, version);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(api_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
