/* SPDX-License-Identifier: MIT */
/* Which replies say the same. */
#include "store/reply_text.h"

#include <check.h>

#include "support/suite.h"

/* Replies that are one, and one that is another. */
static const struct {
    const char *reply, *want;
} cases[] = {
    {"550 5.1.1 <bob@x.com>: Recipient unknown", "recipient unknown "},
    {"smtp;550-5.1.1 bob: Recipient unknown.", "recipient unknown "},
    {"host mx1.x.com[192.0.2.1] said: 550 Recipient unknown 41be03b-7e2 (in reply to RCPT TO "
     "command)",
     "recipient unknown "},
    {"550 mx-a.x.com Recipient <BOB> unknown", "recipient unknown "},
    {"550 bobby unknown", "bobby unknown "},
    {"550 5.1.1 The mailbox 'bob' does not exist", "the mailbox does not exist "},
    {"550 user unknown (mx-blue.x.net)", "user unknown "},
    {"550 5.1.1", ""},
    {"", ""},
};

START_TEST(takes_the_particular_out_of_a_reply)
{
    struct wn_buf out = {0};
    wn_reply_core(&out, wn_span_of(cases[_i].reply), WN_SPAN("bob@x.com"));
    ck_assert_str_eq(wn_buf_text(&out), cases[_i].want);
    wn_buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reply_text");
    TCase *t = tcase_create("reply_text");
    tcase_add_loop_test(t, takes_the_particular_out_of_a_reply, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
