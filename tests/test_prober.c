/* SPDX-License-Identifier: MIT */
/* Who is asked when, how often, and by which host. Every test also checks the rules that always
 * hold (support/probing.c). */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/probing.h"
#include "support/suite.h"

#define OK      "250 2.1.5 Ok"
#define MINUTES INT64_C(60000)

static struct probing x;

static void setup(void)
{
    probing_init(&x);
}

static void teardown(void)
{
    probing_release(&x);
}

#define assert_answer(tag, word) ck_assert_str_eq(wn_answer_word(x.mailboxes[tag].answer), word)
#define assert_catch_all(domain, word)                                                             \
    ck_assert_str_eq(wn_catch_all_word(x.catch_all[domain]), word)

START_TEST(test_answers)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    unsigned yes = probing_mailbox(&x, d, "yes", OK);
    unsigned no = probing_mailbox(&x, d, "no", NULL);
    unsigned off = probing_mailbox(&x, d, "off", "550 5.2.1 The account is disabled");
    unsigned full = probing_mailbox(&x, d, "full", "552 5.2.2 Mailbox full");
    unsigned odd = probing_mailbox(&x, d, "odd", "550 No thanks");
    probing_run(&x);
    assert_answer(yes, "accepted");
    assert_answer(no, "not_found");
    assert_answer(off, "disabled");
    assert_answer(full, "full");
    assert_answer(odd, "unclear");
    ck_assert_str_eq(x.mailboxes[yes].host, "mx0.example");
    ck_assert_str_eq(x.mailboxes[yes].text, OK);
    assert_catch_all(d, "refused");
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 6);
}
END_TEST

START_TEST(test_domains_share_connections)
{
    int servers[] = {(int)probing_server(&x, honest, 0), -1};
    for (unsigned i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailbox(&x, probing_domain(&x, name, 0, servers), "info", NULL);
    }
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 0, 5, WN_ANSWER_not_found), 5);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 1);
}
END_TEST

START_TEST(test_catch_all)
{
    static const struct {
        const char *name;
        struct fake_persona persona;
        const char *known; /* what the only mailbox answers */
        const char *outcome;
    } rows[] = {
        {"it takes everyone", {.catch_all = true}, OK, "accepted"},
        {"it takes only whom it knows", {.catch_all = false}, OK, "refused"},
        {"nobody was accepted: nothing to find out",
         {.catch_all = true},
         "552 5.2.2 Full",
         "not_run"},
        {"full is not said of a random mailbox",
         {.unknown = "552 5.2.2 Mailbox full"},
         OK,
         "refused"},
        {"nor is disabled", {.unknown = "550 5.2.1 Mailbox disabled"}, OK, "refused"},
        {"a random mailbox that stays greylisted",
         {.unknown = "451 4.7.1 Greylisted, come back"},
         OK,
         "inconclusive"},
        {"a random mailbox that makes it angry",
         {.unknown = "550 5.7.1 Your IP is on a block list"},
         OK,
         "inconclusive"},
        {"an answer that is none", {.unknown = "252 2.1.5 Cannot verify"}, OK, "inconclusive"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", rows[i].persona, 0);
        (void)probing_mailbox(&x, d, "only", rows[i].known);
        probing_run(&x);
        ck_assert_msg(strcmp(wn_catch_all_word(x.catch_all[d]), rows[i].outcome) == 0, "%s: %s",
                      rows[i].name, wn_catch_all_word(x.catch_all[d]));
    }
}
END_TEST

START_TEST(test_catch_all_is_not_asked)
{
    static const char *const names[] = {"not wanted", "known already"};
    for (unsigned i = 0; i < 2; i++) {
        teardown();
        setup();
        x.config.catch_all = i != 0;
        int servers[] = {(int)probing_server(&x, honest, 0), -1};
        uint32_t d = probing_domain(&x, "a.example", 0, servers);
        if (i == 1) {
            struct wn_ip ip = fake_ip(0);
            struct wn_prober_host host = {"mx0.example", &ip, 1};
            d = wn_prober_domain(x.p, &(struct wn_prober_domain){.name = WN_SPAN("b.example"),
                                                                 .group = WN_SPAN("g0"),
                                                                 .hosts = &host,
                                                                 .host_count = 1,
                                                                 .known = WN_CATCH_ALL_refused});
            strcpy(x.domain_names[d], "b.example");
        }
        (void)probing_mailbox(&x, d, "only", OK);
        probing_run(&x);
        ck_assert_msg(probing_entries(&x, FAKE_RCPT) == 1, "%s", names[i]);
    }
}
END_TEST

/* A run that was killed between the last mailbox and the random one. */
START_TEST(test_catch_all_that_an_earlier_run_left)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    wn_prober_catch_all(x.p, d);
    probing_run(&x);
    assert_catch_all(d, "refused");
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 1);
}
END_TEST

/* With few questions left, the one that an earlier run did not come to is asked first. */
START_TEST(test_catch_all_that_was_promised)
{
    x.config.max = 1;
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    (void)probing_mailboxes(&x, d, "m", 5, OK);
    wn_prober_catch_all(x.p, d);
    probing_run(&x);
    assert_catch_all(d, "refused");
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 1);
}
END_TEST

/* Where our own side fails, that is no answer to keep; where the next host can be reached, none. */
START_TEST(test_our_own_side)
{
    int far = (int)probing_server(&x, (struct fake_persona){.door = FAKE_NO_WAY}, 0);
    int near = (int)probing_server(&x, honest, 1);
    int dead = (int)probing_server(&x, (struct fake_persona){.door = FAKE_REFUSED}, 2);
    struct wn_prober_counts counts;
    unsigned lost =
        probing_mailboxes(&x, probing_domain(&x, "far.example", 0, (int[]){far, -1}), "m", 3, OK);
    unsigned there = probing_mailboxes(
        &x, probing_domain(&x, "near.example", 1, (int[]){far, near, -1}), "m", 3, OK);
    unsigned gone = probing_mailboxes(
        &x, probing_domain(&x, "dead.example", 2, (int[]){dead, far, -1}), "m", 3, OK);
    probing_run(&x);
    for (unsigned i = 0; i < 3; i++) {
        assert_answer(lost + i, "no_connection");
        assert_answer(there + i, "accepted");
        assert_answer(gone + i, "no_connection");
        ck_assert(x.mailboxes[lost + i].again);
        ck_assert(!x.mailboxes[there + i].again && !x.mailboxes[gone + i].again);
    }
    wn_prober_counts(x.p, &counts);
    ck_assert_str_eq(counts.our_fault, "the network is unreachable");
    ck_assert_uint_ge(counts.ready, 1);
}
END_TEST

/* Of a large domain the random mailbox does not wait for the last real one. */
START_TEST(test_catch_all_of_a_large_domain)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    (void)probing_mailboxes(&x, d, "m", 200, OK);
    probing_run(&x);
    assert_catch_all(d, "refused");
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    unsigned before = 0;
    for (size_t i = 0; i < n && strcspn(v[i].address, "@") != 20; i++) {
        before += v[i].what == FAKE_RCPT;
    }
    ck_assert_uint_ge(before, 20);
    ck_assert_uint_le(before, 30);
}
END_TEST

START_TEST(test_hosts_in_order)
{
    static const struct {
        const char *name;
        struct fake_persona first;
    } rows[] = {
        {"refused", {.door = FAKE_REFUSED}},
        {"silent", {.door = FAKE_SILENT}},
        {"no greeting", {.door = FAKE_MUTE}},
        {"garbage", {.door = FAKE_GARBAGE}},
        {"gone after EHLO", {.door = FAKE_RST}},
        {"421 at connect", {.greeting = "421 4.3.2 Too busy"}},
        {"421 to MAIL", {.door = FAKE_BUSY_PLUS}},
        {"4xx to MAIL", {.mail = "451 4.3.0 Try later"}},
        {"block list at connect", {.greeting = "554 5.7.1 Your IP is on a block list"}},
        {"block list at MAIL", {.mail = "550 5.7.1 Your IP is on a block list"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        int servers[] = {(int)probing_server(&x, rows[i].first, 0),
                         (int)probing_server(&x, honest, 0), -1};
        unsigned first =
            probing_mailboxes(&x, probing_domain(&x, "a.example", 0, servers), "m", 12, OK);
        probing_run(&x);
        ck_assert_msg(probing_answers(&x, first, 12, WN_ANSWER_accepted) == 12, "%s", rows[i].name);
        ck_assert_msg(x.stopped == 0, "%s", rows[i].name);
    }
}
END_TEST

START_TEST(test_no_host_answers)
{
    static const struct {
        const char *name;
        struct fake_persona persona;
        const char *answer;
        unsigned connections; /* a lane's hosts are tried twice, with a rest between */
        bool parked;
    } rows[] = {
        {"refused", {.door = FAKE_REFUSED}, "no_connection", 2, false},
        {"silent", {.door = FAKE_SILENT}, "no_connection", 2, false},
        {"no greeting", {.door = FAKE_MUTE}, "timeout", 2, false},
        {"garbage", {.door = FAKE_GARBAGE}, "error", 2, false},
        {"gone after EHLO", {.door = FAKE_RST}, "error", 2, false},
        {"421 at connect", {.greeting = "421 4.3.2 Too busy"}, "no_connection", 2, false},
        {"421 to MAIL, for hours", {.door = FAKE_BUSY_PLUS}, "busy", 8, true},
        {"4xx to MAIL, for hours", {.mail = "451 4.3.0 Try later"}, "busy", 8, true},
        {"greylisted at MAIL", {.mail = "451 4.7.1 Greylisted"}, "greylisted", 8, true},
        {"block list at connect",
         {.greeting = "554 5.7.1 Your IP is on a block list"},
         "blocked",
         1,
         false},
        {"block list at MAIL",
         {.mail = "550 5.7.1 Your IP is on a block list"},
         "blocked",
         1,
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", rows[i].persona, 0);
        unsigned first = probing_mailboxes(&x, d, "m", 3, OK);
        probing_run(&x);
        for (unsigned k = first; k < first + 3; k++) {
            ck_assert_msg(strcmp(wn_answer_word(x.mailboxes[k].answer), rows[i].answer) == 0,
                          "%s: %s (%s)", rows[i].name, wn_answer_word(x.mailboxes[k].answer),
                          x.mailboxes[k].text);
            ck_assert_msg((x.mailboxes[k].due_ms > 0) == rows[i].parked, "%s", rows[i].name);
        }
        ck_assert_msg(probing_entries(&x, FAKE_CONNECT) == rows[i].connections, "%s: %u",
                      rows[i].name, probing_entries(&x, FAKE_CONNECT));
    }
}
END_TEST

/* Two connections that fail alike are one failure: the hosts are tried again, once, with one. */
START_TEST(test_two_fail_as_one)
{
    static const enum fake_door doors[] = {FAKE_SILENT, FAKE_MUTE, FAKE_GARBAGE, FAKE_REFUSED};
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", (struct fake_persona){.door = doors[i]}, 0);
        (void)probing_mailboxes(&x, d, "m", 12, OK);
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, 0, 12, WN_ANSWER_none), 0);
        ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 3);
    }
}
END_TEST

START_TEST(test_no_hosts)
{
    int none[] = {-1};
    unsigned tag = probing_mailbox(&x, probing_domain(&x, "a.example", 0, none), "m", OK);
    probing_run(&x);
    assert_answer(tag, "no_connection");
}
END_TEST

/* The second try comes after everyone else had their turn. */
START_TEST(test_the_second_try_is_last)
{
    x.config.sockets = 1;
    uint32_t dead =
        probing_site(&x, "dead.example", (struct fake_persona){.door = FAKE_REFUSED}, 0);
    unsigned tag = probing_mailbox(&x, dead, "m", OK);
    for (unsigned i = 1; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailbox(
            &x, probing_site(&x, name, (struct fake_persona){.latency_ms = 50}, i), "m", OK);
    }
    probing_run(&x);
    assert_answer(tag, "no_connection");
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    unsigned others = 0, tries = 0;
    for (size_t i = 0; i < n && tries < 2; i++) {
        tries += v[i].what == FAKE_CONNECT && v[i].group == 0;
        others += v[i].what == FAKE_RCPT && strncmp(v[i].address, "m@", 2) == 0;
    }
    ck_assert_uint_eq(others, 39);
}
END_TEST

START_TEST(test_starttls_that_fails)
{
    uint32_t d = probing_site(&x, "a.example", (struct fake_persona){.door = FAKE_BAD_TLS}, 0);
    unsigned first = probing_mailboxes(&x, d, "m", 12, OK);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 12, WN_ANSWER_accepted), 12);
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    unsigned encrypted = 0;
    for (size_t i = 0; i < n; i++) {
        encrypted += v[i].what == FAKE_CONNECT && !v[i].plain;
    }
    ck_assert_uint_le(encrypted, 2);
}
END_TEST

START_TEST(test_sessions_lost_in_the_middle)
{
    static const struct {
        const char *name;
        struct fake_persona persona;
    } rows[] = {
        {"closed after each second", {.drops_after = 2}},
        {"closed after each first", {.drops_after = 1}},
        {"421 after each second", {.closes_after = 2}},
        {"silent after each first", {.hangs_after = 1}},
        {"with pipelining: closed", {.drops_after = 2, .pipelining = true}},
        {"with pipelining: silent", {.hangs_after = 1, .pipelining = true}},
        {"pipelining that loses commands",
         {.latency_ms = 5, .pipelining = true, .loses_pipelined = true}},
        {"pipelining that ends in babble", {.latency_ms = 5, .pipelining = true, .babbles = true}},
        {"pipelining that works", {.pipelining = true}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", rows[i].persona, 0);
        unsigned first = probing_mailboxes(&x, d, "m", 14, OK);
        probing_run(&x);
        for (unsigned k = first; k < first + 14; k++) {
            ck_assert_msg(x.mailboxes[k].answer == WN_ANSWER_accepted, "%s: %s (%s)", rows[i].name,
                          wn_answer_word(x.mailboxes[k].answer), x.mailboxes[k].text);
        }
    }
}
END_TEST

/* Each answer is the next mailbox's, and one is left over at the end: nobody's can be believed. */
START_TEST(test_one_reply_too_many)
{
    for (unsigned pipelining = 0; pipelining < 2; pipelining++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example",
                                  (struct fake_persona){.pipelining = pipelining == 1,
                                                        .latency_ms = 5,
                                                        .unknown = "550 5.1.1 User unknown",
                                                        .stutters = true},
                                  0);
        for (unsigned i = 0; i < 12; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "m%u", i);
            (void)probing_mailbox(&x, d, name, i % 2 == 0 ? OK : NULL);
        }
        probing_run(&x);
        for (unsigned i = 0; i < 12; i++) {
            ck_assert_msg(x.mailboxes[i].answer == WN_ANSWER_error, "%u: %s (%s)", i,
                          wn_answer_word(x.mailboxes[i].answer), x.mailboxes[i].text);
        }
        ck_assert_int_ne(x.catch_all[d], WN_CATCH_ALL_accepted);
        ck_assert_int_ne(x.catch_all[d], WN_CATCH_ALL_refused);
    }
}
END_TEST

/* A mailbox that always ends the connection is asked three times, and hurts no other. */
START_TEST(test_a_mailbox_that_kills)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    unsigned bad = probing_mailbox(&x, d, "bad", "gibberish");
    unsigned first = probing_mailboxes(&x, d, "m", 9, OK);
    probing_run(&x);
    assert_answer(bad, "error");
    ck_assert_uint_eq(probing_asked(&x, x.mailboxes[bad].address), 3);
    ck_assert_uint_eq(probing_answers(&x, first, 9, WN_ANSWER_accepted), 9);
}
END_TEST

START_TEST(test_one_recipient_a_connection)
{
    uint32_t d = probing_site(&x, "a.example", (struct fake_persona){.recipients = 1}, 0);
    unsigned first = probing_mailboxes(&x, d, "m", 10, OK);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 10, WN_ANSWER_accepted), 10);
    assert_catch_all(d, "refused");
    /* Two sessions learn it, all others know it. */
    ck_assert_uint_le(probing_entries(&x, FAKE_RCPT), 11 + 2);
    ck_assert_uint_eq(x.mailboxes[first].parked, 0);
}
END_TEST

START_TEST(test_too_many_recipients_at_once)
{
    unsigned counts[] = {2, 3};
    for (unsigned i = 0; i < 4; i++) {
        teardown();
        setup();
        struct fake_persona persona = {.recipients = counts[i / 2], .pipelining = i % 2 == 1};
        uint32_t d = probing_site(&x, "a.example", persona, 0);
        unsigned first = probing_mailboxes(&x, d, "m", 20, OK);
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, first, 20, WN_ANSWER_accepted), 20);
    }
}
END_TEST

/* The same where the second is one of another domain. */
START_TEST(test_one_domain_at_a_time)
{
    for (unsigned i = 0; i < 2; i++) {
        teardown();
        setup();
        int servers[] = {0, -1};
        struct fake_persona persona = {.one_domain = true, .pipelining = i == 1};
        servers[0] = (int)probing_server(&x, persona, 0);
        for (unsigned k = 0; k < 6; k++) {
            char name[32];
            snprintf(name, sizeof name, "d%u.example", k);
            (void)probing_mailboxes(&x, probing_domain(&x, name, 0, servers), "m", 3, OK);
        }
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, 0, 18, WN_ANSWER_accepted), 18);
        for (unsigned k = 0; k < 18; k++) {
            ck_assert_uint_eq(x.mailboxes[k].parked, 0);
        }
    }
}
END_TEST

/* One that says so to the only recipient is busy. */
START_TEST(test_one_is_too_many)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    unsigned tag = probing_mailbox(&x, d, "m", "452 4.5.3 Too many recipients");
    probing_run(&x);
    assert_answer(tag, "busy");
    ck_assert_uint_eq(x.mailboxes[tag].parked, 3);
    ck_assert_uint_eq(probing_asked(&x, "m@a.example"), 5);
}
END_TEST

START_TEST(test_greylisting)
{
    struct fake_persona persona = {.greylist_ms = 8 * MINUTES};
    uint32_t d = probing_site(&x, "a.example", persona, 0);
    unsigned first = probing_mailboxes(&x, d, "m", 7, OK);
    int64_t start = fake_now(x.w);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 7, WN_ANSWER_accepted), 7);
    ck_assert_uint_eq(x.mailboxes[first].parked, 2);
    ck_assert_uint_eq(probing_asked(&x, "m0@a.example"), 3);
    ck_assert_int_ge(fake_now(x.w) - start, 20 * MINUTES);
    ck_assert_int_le(fake_now(x.w) - start, 21 * MINUTES);
    assert_catch_all(d, "refused");
}
END_TEST

START_TEST(test_greylisting_that_does_not_end)
{
    struct fake_persona persona = {.greylist_ms = 1000 * MINUTES};
    uint32_t d = probing_site(&x, "a.example", persona, 0);
    unsigned tag = probing_mailbox(&x, d, "m", OK);
    probing_run(&x);
    assert_answer(tag, "greylisted");
    ck_assert_uint_eq(x.mailboxes[tag].parked, 3);
    ck_assert(x.mailboxes[tag].due_ms > fake_now(x.w));
    ck_assert(x.mailboxes[tag].has_meaning);
    ck_assert_uint_eq(probing_asked(&x, "m@a.example"), 4);
}
END_TEST

/* What would be due behind the end of the budget is answered at once. */
START_TEST(test_greylisting_beyond_the_budget)
{
    x.config.budget_ms = 10 * MINUTES;
    struct fake_persona persona = {.greylist_ms = 1000 * MINUTES};
    uint32_t d = probing_site(&x, "a.example", persona, 0);
    unsigned tag = probing_mailbox(&x, d, "m", OK);
    int64_t start = fake_now(x.w);
    probing_run(&x);
    assert_answer(tag, "greylisted");
    ck_assert_uint_eq(x.mailboxes[tag].parked, 1);
    ck_assert_int_le(fake_now(x.w) - start, 6 * MINUTES);
    ck_assert_int_ge(x.mailboxes[tag].due_ms - start, 20 * MINUTES);
}
END_TEST

/* Names that no command, or not every server's, can hold. */
START_TEST(test_addresses_that_cannot_be_said)
{
    static const struct {
        const char *name, *local;
        bool utf8;
        const char *answer;
    } rows[] = {
        {"a line end", "a\r\nDATA", true, "error"},
        {"UTF-8 where it is known", "m\xc3\xbcller", true, "accepted"},
        {"UTF-8 where it is not", "m\xc3\xbcller", false, "error"},
    };
    for (size_t i = 0; i < 2 * (sizeof rows / sizeof *rows); i++) {
        teardown();
        setup();
        struct fake_persona persona = {.utf8 = rows[i / 2].utf8, .pipelining = i % 2 == 1};
        uint32_t d = probing_site(&x, "a.example", persona, 0);
        unsigned first = probing_mailboxes(&x, d, "m", 8, OK);
        unsigned odd = probing_mailbox(&x, d, rows[i / 2].local, OK);
        unsigned last = probing_mailboxes(&x, d, "n", 8, OK);
        probing_run(&x);
        ck_assert_msg(strcmp(wn_answer_word(x.mailboxes[odd].answer), rows[i / 2].answer) == 0,
                      "%s: %s", rows[i / 2].name, wn_answer_word(x.mailboxes[odd].answer));
        ck_assert_uint_eq(probing_answers(&x, first, 8, WN_ANSWER_accepted), 8);
        ck_assert_uint_eq(probing_answers(&x, last, 8, WN_ANSWER_accepted), 8);
    }
}
END_TEST

START_TEST(test_a_sender_that_cannot_be_said)
{
    x.config.sender = WN_SPAN("probe@sender.example\r\nDATA");
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 3, OK);
    ck_assert_int_eq(probing_try(&x), WN_E_INTERNAL);
    ck_assert_int_eq(x.err.status, WN_E_INTERNAL);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 0);
}
END_TEST

/* A mailbox of an earlier run that is not due yet. */
START_TEST(test_parked_by_an_earlier_run)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    fake_mailbox(x.w, "m@a.example", OK);
    strcpy(x.mailboxes[0].address, "m@a.example");
    int64_t start = fake_now(x.w);
    wn_prober_mailbox(x.p, d, WN_SPAN("m@a.example"), 0, false, start + 7 * MINUTES);
    x.count = 1;
    probing_run(&x);
    assert_answer(0, "accepted");
    ck_assert_int_ge(fake_now(x.w) - start, 7 * MINUTES);
}
END_TEST

START_TEST(test_parked_by_an_earlier_run_beyond_the_budget)
{
    x.config.budget_ms = 5 * MINUTES;
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    strcpy(x.mailboxes[0].address, "m@a.example");
    int64_t start = fake_now(x.w);
    wn_prober_mailbox(x.p, d, WN_SPAN("m@a.example"), 0, false, start + 7 * MINUTES);
    x.count = 1;
    probing_run(&x);
    ck_assert_uint_eq(x.mailboxes[0].answers, 0);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 0);
    ck_assert_int_eq(fake_now(x.w), start);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {test_answers,
                                  test_domains_share_connections,
                                  test_catch_all,
                                  test_catch_all_is_not_asked,
                                  test_catch_all_that_an_earlier_run_left,
                                  test_catch_all_that_was_promised,
                                  test_our_own_side,
                                  test_catch_all_of_a_large_domain,
                                  test_hosts_in_order,
                                  test_no_host_answers,
                                  test_two_fail_as_one,
                                  test_no_hosts,
                                  test_the_second_try_is_last,
                                  test_starttls_that_fails,
                                  test_sessions_lost_in_the_middle,
                                  test_one_reply_too_many,
                                  test_a_mailbox_that_kills,
                                  test_one_recipient_a_connection,
                                  test_too_many_recipients_at_once,
                                  test_one_domain_at_a_time,
                                  test_one_is_too_many,
                                  test_greylisting,
                                  test_greylisting_that_does_not_end,
                                  test_greylisting_beyond_the_budget,
                                  test_parked_by_an_earlier_run,
                                  test_parked_by_an_earlier_run_beyond_the_budget,
                                  test_addresses_that_cannot_be_said,
                                  test_a_sender_that_cannot_be_said};
    Suite *s = suite_create("prober");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        TCase *c = tcase_create(tests[i]->name);
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, tests[i]);
        suite_add_tcase(s, c);
    }
    return s;
}

int main(void)
{
    return run_suite(suite());
}
