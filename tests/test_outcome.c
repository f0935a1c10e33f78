/* SPDX-License-Identifier: MIT */
/* What a probe makes of a reply. Every cell of the design's table of providers, in their published
 * words (published_replies.def), and that `winnow bounces classify --phase rcpt --provider P TEXT`
 * says the same. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtp/outcome.h"
#include "smtp/provider.h"
#include "support/suite.h"

enum {
    US = 1,    /* about_us */
    AGAIN = 2, /* again */
    MANY = 4   /* one_too_many */
};

static const struct reply_case {
    const char *provider; /* NULL: nobody's */
    const char *text;     /* as the server sends it, without the last line end */
    enum wn_probe_answer answer;
    unsigned flags;
    enum wn_category category;
} cases[] = {
#define ROW(p, t, a, f, c)                                                                         \
    {                                                                                              \
        p, t, WN_ANSWER_##a, f, WN_CATEGORY_##c                                                    \
    }
#define PUBLISHED(p, t, a, f, c) ROW(p, t, a, f, c),
#include "published_replies.def"

    /* More of the design's table, in the words that were handed down with it */
    ROW("Gmail",
        "550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR\r\n"
        "550 5.7.25 record setup, or the corresponding forward DNS entry does not match.",
        blocked, US, sender_policy),
    ROW("Microsoft 365", "250 2.1.5 Recipient OK", accepted, 0, not_a_bounce),
    ROW("Microsoft 365",
        "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request "
        "removal from this list see https://www.spamhaus.org/query/ip/192.0.2.1",
        blocked, US, sender_policy),
    ROW("Proofpoint", "421 4.1.1 Verification in progress", busy, AGAIN, infrastructure),
    ROW("Barracuda", "450 4.7.1 <b@x.example>: Recipient address rejected: Greylisted", greylisted,
        AGAIN, infrastructure),
    ROW("Yandex", "450 4.2.1 The recipient has exceeded their message rate limit. Try again later.",
        busy, AGAIN, sender_policy),
    ROW("GMX", "550 Requested action not taken: mailbox unavailable", not_found, 0, bad_address),
    ROW("GMX",
        "554-Transaction failed\r\n554-Reject due to policy restrictions.\r\n554 For explanation "
        "visit https://postmaster.gmx.net/en/error-messages?ip=192.0.2.1&c=hi",
        blocked, US, sender_policy),

    /* The servers that everybody runs */
    ROW(NULL, "250 Accepted", accepted, 0, not_a_bounce),
    ROW(NULL, "251 User not local; will forward to <c@y.example>", accepted, 0, not_a_bounce),
    ROW(NULL, "250", accepted, 0, not_a_bounce),
    ROW(NULL,
        "550 5.1.1 <b@x.example>: Recipient address rejected: User unknown in virtual mailbox "
        "table",
        not_found, 0, bad_address),
    ROW(NULL, "550 No such user here", not_found, 0, bad_address),
    ROW(NULL, "450 4.1.1 <b@x.example>: Recipient address rejected: unverified address", busy,
        AGAIN, bad_address),
    ROW(NULL,
        "450 4.2.0 <b@x.example>: Recipient address rejected: Greylisted, see "
        "http://postgrey.schweikert.ch/help/x.example.html",
        greylisted, AGAIN, infrastructure),
    ROW(NULL, "550 5.7.1 Greylisted, please come back", greylisted, AGAIN, infrastructure),
    ROW(NULL, "452 4.2.2 Mailbox full", full, 0, mailbox_full),
    ROW(NULL, "452 4.3.1 Insufficient system storage", busy, AGAIN, infrastructure),
    ROW(NULL, "554 5.7.1 <b@x.example>: Relay access denied", unclear, 0, sender_policy),
    ROW(NULL, "550 relay not permitted", unclear, 0, sender_policy),
    ROW(NULL, "454 4.7.1 <b@x.example>: Relay access denied", busy, AGAIN, sender_policy),
    ROW(NULL,
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
        "zen.spamhaus.org",
        blocked, US, sender_policy),
    ROW(NULL, "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", blocked,
        US, sender_policy),
    ROW(NULL, "450 4.1.8 <p@s.example>: Sender address rejected: Domain not found", blocked, US,
        sender_policy),
    ROW(NULL, "553 5.1.8 no", blocked, US, sender_policy),
    ROW(NULL, "550 5.7.1 no", blocked, US, sender_policy),
    ROW(NULL, "550 5.7.999 no such user", blocked, US, sender_policy),
    ROW(NULL, "450 4.7.0 no", busy, AGAIN, sender_policy),
    ROW(NULL, "550 5.7.1 You are not allowed to send to this recipient", restricted, 0,
        recipient_filter),
    ROW(NULL, "550 5.2.1 <b@x.example>: not authorized to send to this group", restricted, 0,
        recipient_filter),
    ROW(NULL, "450 You are not allowed to send to this recipient now", busy, AGAIN,
        recipient_filter),
    ROW(NULL, "550 5.7.1 Message identified as spam", blocked, US, content),
    ROW(NULL, "451 this looks like spam", blocked, US, content),
    ROW(NULL, "452 4.5.3 x", busy, AGAIN | MANY, infrastructure),
    ROW(NULL, "550 5.5.3 Error: too many recipients", busy, AGAIN | MANY, sender_policy),
    ROW(NULL, "452 too many recipients", busy, AGAIN | MANY, sender_policy),
    ROW(NULL, "421 4.7.0 mx.x.example Error: too many connections from 192.0.2.1", busy, AGAIN,
        sender_policy),
    ROW(NULL, "421 Too many connections from your network, which is on a blocklist", busy, AGAIN,
        sender_policy),
    ROW(NULL, "421 4.7.0 mx.x.example Error: too many errors from 192.0.2.1", blocked, US,
        sender_policy),
    ROW(NULL, "421 4.4.2 mx.x.example Error: timeout exceeded", busy, AGAIN, infrastructure),
    ROW(NULL, "451 4.3.0 local error", busy, AGAIN, infrastructure),
    ROW(NULL, "450 no", busy, AGAIN, unclassified),

    /* What no rule explains, and what is about the domain: never a no, never about us */
    ROW(NULL, "550", unclear, 0, unclassified),
    ROW(NULL, "550 no", unclear, 0, unclassified),
    ROW(NULL, "554 5.0.0 no", unclear, 0, unclassified),
    ROW(NULL, "550 blocked", unclear, 0, unclassified),
    ROW(NULL, "550 mailbox unavailable", unclear, 0, bad_address),
    ROW(NULL, "550 5.1.2 Host unknown", unclear, 0, bad_domain),
    ROW(NULL, "556 5.1.10 recipient domain has null MX", unclear, 0, bad_domain),
    ROW(NULL, "554 5.4.0 mail loop", unclear, 0, infrastructure),
    ROW(NULL, "554 5.3.0 internal error", unclear, 0, infrastructure),
    ROW(NULL, "503 5.5.1 bad sequence of commands", unclear, 0, infrastructure),

    /* Contradictions are never believed against the recipient */
    ROW(NULL, "450 5.1.1 no such user", busy, AGAIN, bad_address),
    ROW(NULL, "550 4.1.1 no such user", busy, AGAIN, bad_address),
    ROW(NULL, "550 2.1.5 Ok", unclear, 0, unclassified),
    ROW(NULL, "250 5.1.1 no such user", error, 0, bad_address),
    ROW(NULL, "252 2.1.5 Cannot VRFY user, but will accept message", error, 0, not_a_bounce),
    ROW(NULL, "221 bye", error, 0, not_a_bounce),
};

enum {
    CASES = sizeof cases / sizeof *cases,
    A_TEST = 20 /* of them, since each test costs a process */
};

/* As the dialogue would hand it on. */
static void read_reply(const char *text, struct wn_smtp_reply *reply)
{
    struct wn_smtp_reader reader = {0};
    struct wn_span bytes = wn_span_of(text);
    ck_assert_int_eq(wn_smtp_reader_take(&reader, &bytes), WN_SMTP_READ_MORE);
    bytes = WN_SPAN("\r\n");
    ck_assert_int_eq(wn_smtp_reader_take(&reader, &bytes), WN_SMTP_READ_REPLY);
    *reply = reader.reply;
}

static uint32_t provider_of(const char *name)
{
    uint32_t provider = name != NULL ? wn_provider_named(wn_span_of(name)) : 0;
    ck_assert(name == NULL || provider != 0);
    return provider;
}

static void check_meaning(const struct reply_case *c)
{
    struct wn_smtp_reply reply;
    struct wn_probe_meaning m;
    read_reply(c->text, &reply);
    wn_probe_meaning(&reply, WN_PHASE_rcpt, provider_of(c->provider), &m);
    unsigned flags = (m.about_us ? US : 0) | (m.again ? AGAIN : 0) | (m.one_too_many ? MANY : 0);
    ck_assert_msg(m.answer == c->answer, "%s: %s (%s by %s)", c->text, wn_answer_word(m.answer),
                  wn_category_word(m.classified.category), m.classified.rule);
    ck_assert_msg(flags == c->flags, "%s: flags %u", c->text, flags);
    ck_assert_msg(m.classified.category == c->category, "%s: %s by %s", c->text,
                  wn_category_word(m.classified.category), m.classified.rule);
    ck_assert_ptr_nonnull(m.classified.sentence);
}

START_TEST(means)
{
    for (size_t i = (size_t)_i * A_TEST; i < CASES && i < ((size_t)_i + 1) * A_TEST; i++) {
        check_meaning(&cases[i]);
    }
}
END_TEST

/* `winnow bounces classify --phase rcpt --provider P TEXT` is this call; for the reply as it came,
 * with its line ends, and as the dialogue has joined it. */
static void check_agreement(const struct reply_case *c)
{
    struct wn_smtp_reply reply;
    struct wn_probe_meaning m;
    uint32_t provider = provider_of(c->provider);
    read_reply(c->text, &reply);
    wn_probe_meaning(&reply, WN_PHASE_rcpt, provider, &m);
    const char *texts[] = {c->text, reply.text};
    for (size_t i = 0; i < 2; i++) {
        struct wn_classified said;
        wn_classify(&(struct wn_reply_in){.text = wn_span_of(texts[i]),
                                          .phase = WN_PHASE_rcpt,
                                          .provider = provider},
                    &said);
        ck_assert_msg(said.category == m.classified.category &&
                          strcmp(said.rule, m.classified.rule) == 0,
                      "%s: %s by %s, not %s by %s", texts[i], wn_category_word(said.category),
                      said.rule, wn_category_word(m.classified.category), m.classified.rule);
    }
}

START_TEST(agrees_with_the_command)
{
    for (size_t i = (size_t)_i * A_TEST; i < CASES && i < ((size_t)_i + 1) * A_TEST; i++) {
        check_agreement(&cases[i]);
    }
}
END_TEST

/* Before RCPT nothing is about the recipient, whatever the words. */
static const struct {
    enum wn_phase phase;
    const char *text;
    enum wn_probe_answer answer;
    unsigned flags;
} early[] = {
    {WN_PHASE_connect, "554 5.7.1 blocked using zen.spamhaus.org", WN_ANSWER_blocked, US},
    {WN_PHASE_connect, "554 No SMTP service here", WN_ANSWER_blocked, US},
    {WN_PHASE_connect, "421 4.3.2 try again later", WN_ANSWER_busy, AGAIN},
    {WN_PHASE_connect, "421 too many connections", WN_ANSWER_busy, AGAIN},
    {WN_PHASE_connect, "421 4.7.0 your IP address has a poor reputation", WN_ANSWER_blocked, US},
    {WN_PHASE_ehlo, "550 5.7.1 invalid HELO", WN_ANSWER_blocked, US},
    {WN_PHASE_mail, "550 5.1.1 no such user", WN_ANSWER_blocked, US},
    {WN_PHASE_mail, "550 relaying denied", WN_ANSWER_blocked, US},
    {WN_PHASE_mail, "552 5.2.2 mailbox full", WN_ANSWER_blocked, US},
    {WN_PHASE_mail, "452 4.2.2 mailbox full", WN_ANSWER_busy, AGAIN},
    {WN_PHASE_mail, "452 4.5.3 too many recipients", WN_ANSWER_busy, AGAIN},
    {WN_PHASE_mail, "450 4.1.1 no such user", WN_ANSWER_busy, AGAIN},
    {WN_PHASE_mail, "450 4.7.1 greylisted", WN_ANSWER_greylisted, AGAIN},
    {WN_PHASE_mail, "450 4.1.8 Sender address rejected: Domain not found", WN_ANSWER_blocked, US},
    {WN_PHASE_mail, "450 4.1.8 no", WN_ANSWER_blocked, US},
    {WN_PHASE_mail, "250 ok", WN_ANSWER_none, 0},
    {WN_PHASE_mail, "250 5.7.1 no", WN_ANSWER_error, 0},
    {WN_PHASE_mail, "354 odd", WN_ANSWER_error, 0},
    {WN_PHASE_unknown, "421 4.4.2 idle for too long", WN_ANSWER_busy, AGAIN},
    {WN_PHASE_unknown, "421 4.7.0 your IP is listed", WN_ANSWER_blocked, US},
    {WN_PHASE_unknown, "550 5.1.1 no such user", WN_ANSWER_blocked, US},
};

START_TEST(says_nothing_early)
{
    struct wn_smtp_reply reply;
    struct wn_probe_meaning m;
    read_reply(early[_i].text, &reply);
    wn_probe_meaning(&reply, early[_i].phase, 0, &m);
    unsigned flags = (m.about_us ? US : 0) | (m.again ? AGAIN : 0) | (m.one_too_many ? MANY : 0);
    ck_assert_msg(m.answer == early[_i].answer && flags == early[_i].flags, "%s: %s, flags %u",
                  early[_i].text, wn_answer_word(m.answer), flags);
    ck_assert_int_ne(wn_catch_all_of(&m), WN_CATCH_ALL_accepted);
    ck_assert_int_ne(wn_catch_all_of(&m), WN_CATCH_ALL_refused);
}
END_TEST

START_TEST(the_code_in_front_counts)
{
    struct wn_smtp_reply reply;
    struct wn_probe_meaning m;
    read_reply("450 quoting 550-'5.1.1 User unknown'", &reply);
    wn_probe_meaning(&reply, WN_PHASE_rcpt, 0, &m);
    ck_assert_int_eq(m.answer, WN_ANSWER_busy);
    read_reply("550 4.1.1 quoting 550-'5.1.1 User unknown'", &reply);
    wn_probe_meaning(&reply, WN_PHASE_rcpt, 0, &m);
    ck_assert_int_eq(m.answer, WN_ANSWER_busy);
    read_reply("354 go ahead", &reply);
    wn_probe_meaning(&reply, WN_PHASE_rcpt, 0, &m);
    ck_assert_int_eq(m.answer, WN_ANSWER_error);
}
END_TEST

START_TEST(what_was_not_said_is_an_error)
{
    struct wn_smtp_reply reply;
    struct wn_probe_meaning m;
    wn_smtp_reply_say(&reply, "550 5.1.1 no such user, as if a server had said so");
    wn_probe_meaning(&reply, WN_PHASE_rcpt, 0, &m);
    ck_assert_int_eq(m.answer, WN_ANSWER_error);
    ck_assert(!m.about_us && !m.again && !m.one_too_many);
    ck_assert_int_eq(wn_catch_all_of(&m), WN_CATCH_ALL_inconclusive);
}
END_TEST

static const struct {
    const char *text;
    enum wn_catch_all outcome;
} randoms[] = {
    {"250 ok", WN_CATCH_ALL_accepted},
    {"251 will forward", WN_CATCH_ALL_accepted},
    {"252 cannot say", WN_CATCH_ALL_inconclusive},
    {"550 5.1.1 no such user", WN_CATCH_ALL_refused},
    {"550 no", WN_CATCH_ALL_refused},
    {"550 5.2.1 disabled", WN_CATCH_ALL_refused},
    {"552 5.2.2 full", WN_CATCH_ALL_refused},
    {"550 mailbox unavailable", WN_CATCH_ALL_refused},
    {"554 5.7.1 Relay access denied", WN_CATCH_ALL_refused},
    {"452 4.2.2 full", WN_CATCH_ALL_inconclusive},
    {"450 4.2.1 disabled", WN_CATCH_ALL_inconclusive},
    {"550 5.7.1 blocked using zen.spamhaus.org", WN_CATCH_ALL_inconclusive},
    {"550 5.7.1 no", WN_CATCH_ALL_inconclusive},
    {"450 4.7.1 greylisted", WN_CATCH_ALL_inconclusive},
    {"550 5.7.1 greylisted", WN_CATCH_ALL_inconclusive},
    {"452 4.5.3 too many recipients", WN_CATCH_ALL_inconclusive},
    {"550 5.5.3 too many recipients", WN_CATCH_ALL_inconclusive},
    {"550 4.1.1 no such user", WN_CATCH_ALL_inconclusive},
    {"450 5.1.1 no such user", WN_CATCH_ALL_inconclusive},
    {"421 bye", WN_CATCH_ALL_inconclusive},
};

START_TEST(judges_the_random_mailbox)
{
    struct wn_smtp_reply reply;
    struct wn_probe_meaning m;
    read_reply(randoms[_i].text, &reply);
    wn_probe_meaning(&reply, WN_PHASE_rcpt, 0, &m);
    ck_assert_msg(wn_catch_all_of(&m) == randoms[_i].outcome, "%s: %s", randoms[_i].text,
                  wn_catch_all_word(wn_catch_all_of(&m)));
}
END_TEST

START_TEST(words_are_read_back)
{
    for (unsigned i = 0; i < WN_ANSWER_COUNT; i++) {
        enum wn_probe_answer answer;
        ck_assert(wn_answer_read(wn_span_of(wn_answer_word((enum wn_probe_answer)i)), &answer));
        ck_assert_int_eq(answer, i);
        ck_assert(!wn_answer_read(WN_SPAN("perhaps"), &answer));
        ck_assert(!wn_answer_read(WN_SPAN(""), &answer));
    }
    for (unsigned i = 0; i < WN_CATCH_ALL_COUNT; i++) {
        enum wn_catch_all outcome;
        ck_assert(wn_catch_all_read(wn_span_of(wn_catch_all_word((enum wn_catch_all)i)), &outcome));
        ck_assert_int_eq(outcome, i);
        ck_assert(!wn_catch_all_read(WN_SPAN("full"), &outcome));
    }
    ck_assert_str_eq(wn_answer_word(WN_ANSWER_no_connection), "no_connection");
}
END_TEST

/* Of every category there is, and whatever the codes, what is said before RCPT or temporarily leads
 * to no answer that may drop an address. */
START_TEST(never_drops_without_a_refusal)
{
    static const char *const words[] = {
        "no such user",   "mailbox disabled", "moved",       "x", "spam",
        "quota exceeded", "domain not found", "user unknown"};
    static const enum wn_phase phases[] = {WN_PHASE_connect, WN_PHASE_mail, WN_PHASE_rcpt};
    unsigned seed = 11;
    for (int round = 0; round < 20000; round++) {
        char text[128];
        unsigned code = 200 + (unsigned)rand_r(&seed) % 400;
        unsigned class = (unsigned[]){0, 2, 4, 5}[rand_r(&seed) % 4];
        (void)snprintf(text, sizeof text, "%u %u.%u.%u %s", code, class,
                       (unsigned)rand_r(&seed) % 8, (unsigned)rand_r(&seed) % 30,
                       words[(size_t)rand_r(&seed) % (sizeof words / sizeof *words)]);
        struct wn_smtp_reply reply;
        struct wn_probe_meaning m;
        enum wn_phase phase = phases[rand_r(&seed) % 3];
        read_reply(text, &reply);
        wn_probe_meaning(&reply, phase, 0, &m);
        bool no = m.answer == WN_ANSWER_not_found || m.answer == WN_ANSWER_disabled;
        ck_assert_msg(!no || (phase == WN_PHASE_rcpt && code / 100 == 5 && class != 4), "%s", text);
        ck_assert_msg((m.answer == WN_ANSWER_accepted) <=
                          (phase == WN_PHASE_rcpt && (code == 250 || code == 251)),
                      "%s", text);
        ck_assert(m.about_us == (m.answer == WN_ANSWER_blocked));
        ck_assert(!m.one_too_many || m.again);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *t = tcase_create("outcome");
    tcase_add_loop_test(t, means, 0, (CASES + A_TEST - 1) / A_TEST);
    tcase_add_loop_test(t, agrees_with_the_command, 0, (CASES + A_TEST - 1) / A_TEST);
    tcase_add_loop_test(t, says_nothing_early, 0, sizeof early / sizeof *early);
    tcase_add_test(t, the_code_in_front_counts);
    tcase_add_test(t, what_was_not_said_is_an_error);
    tcase_add_loop_test(t, judges_the_random_mailbox, 0, sizeof randoms / sizeof *randoms);
    tcase_add_test(t, words_are_read_back);
    tcase_add_test(t, never_drops_without_a_refusal);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
