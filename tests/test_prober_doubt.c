/* SPDX-License-Identifier: MIT */
/* Whom not to believe: servers that block, and servers that lie. */
#include <check.h>
#include <stdio.h>

#include "support/probing.h"
#include "support/suite.h"

#define OK      "250 2.1.5 Ok"
#define BLOCKED "550 5.7.1 Service unavailable; client host blocked using a block list"
#define UNKNOWN "550 5.1.1 <%s>: User unknown"

static struct probing x;

static void setup(void)
{
    probing_init(&x);
    x.rechecks = 40;
}

static void teardown(void)
{
    probing_release(&x);
}

static unsigned withdrawn(unsigned first, unsigned n)
{
    unsigned count = 0;
    for (unsigned i = first; i < first + n; i++) {
        count += x.mailboxes[i].withdrawn;
    }
    return count;
}

/* Every other mailbox exists. */
static unsigned mixed(uint32_t domain, unsigned n)
{
    unsigned first = x.count;
    for (unsigned i = 0; i < n; i++) {
        char local[32];
        snprintf(local, sizeof local, "m%u", i);
        (void)probing_mailbox(&x, domain, local, i % 2 == 0 ? OK : NULL);
    }
    return first;
}

static void assert_nobody_refused(unsigned first, unsigned n)
{
    ck_assert_uint_eq(probing_answers(&x, first, n, WN_ANSWER_not_found), 0);
    ck_assert_uint_eq(probing_answers(&x, first, n, WN_ANSWER_disabled), 0);
}

START_TEST(test_block_at_rcpt)
{
    for (unsigned pipelining = 0; pipelining < 2; pipelining++) {
        teardown();
        setup();
        struct fake_persona persona = {
            .latency_ms = 20, .turned = BLOCKED, .turns_after = 12, .pipelining = pipelining == 1};
        uint32_t d = probing_site(&x, "a.example", persona, 0);
        unsigned first = mixed(d, 40);
        unsigned other = mixed(probing_site(&x, "b.example", honest, 1), 10);
        probing_run(&x);
        ck_assert_uint_eq(x.stopped, 1);
        ck_assert_uint_eq(x.stopped_groups[0], 0);
        ck_assert_str_eq(x.stopped_text, BLOCKED);
        assert_nobody_refused(first, 40);
        ck_assert_uint_ge(withdrawn(first, 40), 4);
        /* Yes stays yes; all others are blocked, asked or not. */
        unsigned yes = probing_answers(&x, first, 40, WN_ANSWER_accepted);
        ck_assert_uint_ge(yes, 4);
        ck_assert_uint_eq(yes + probing_answers(&x, first, 40, WN_ANSWER_blocked), 40);
        ck_assert_uint_le(probing_entries(&x, FAKE_RCPT), 12 + 10 + 11);
        /* Another group is none of its business. */
        ck_assert_uint_eq(probing_answers(&x, other, 10, WN_ANSWER_not_found), 5);
        ck_assert_uint_eq(probing_answers(&x, other, 10, WN_ANSWER_accepted), 5);
    }
}
END_TEST

/* Domains of one group stop together, parked mailboxes too. */
START_TEST(test_block_stops_the_group)
{
    uint32_t grey =
        probing_site(&x, "grey.example", (struct fake_persona){.greylist_ms = 60000}, 0);
    unsigned parked = probing_mailboxes(&x, grey, "m", 3, OK);
    struct fake_persona angry = {.latency_ms = 2000, .turned = BLOCKED};
    unsigned asked = probing_mailboxes(&x, probing_site(&x, "a.example", angry, 0), "m", 3, OK);
    probing_run(&x);
    ck_assert_uint_eq(x.stopped, 1);
    ck_assert_uint_eq(probing_answers(&x, asked, 3, WN_ANSWER_blocked), 3);
    ck_assert_uint_eq(probing_answers(&x, parked, 3, WN_ANSWER_blocked), 3);
    ck_assert_uint_eq(x.mailboxes[parked].parked, 1);
}
END_TEST

START_TEST(test_block_before_rcpt)
{
    static const struct {
        const char *name;
        struct fake_persona persona;
    } rows[] = {
        {"greeting", {.greeting = "554 5.7.1 Your IP is on a block list"}},
        {"greeting without words", {.greeting = "554 No SMTP service here"}},
        {"greeting that quotes another refusal",
         {.greeting = "554 5.7.1 Go away; mx2 said 550 5.1.1 user unknown"}},
        {"greeting that quotes, without a code of its own beside 554",
         {.greeting = "554 Go away; mx2 said 550 5.1.1 user unknown"}},
        {"MAIL", {.mail = "550 5.7.1 Your IP is on a block list"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* One host of two: the other is asked. */
        teardown();
        setup();
        int bad = (int)probing_server(&x, rows[i].persona, 0);
        int good = (int)probing_server(&x, honest, 0);
        uint32_t d = probing_domain(&x, "a.example", 0, (int[]){bad, good, -1});
        unsigned first = mixed(d, 30);
        probing_run(&x);
        ck_assert_msg(x.stopped == 0, "%s", rows[i].name);
        ck_assert_uint_eq(probing_answers(&x, first, 30, WN_ANSWER_accepted), 15);
        ck_assert_uint_eq(probing_answers(&x, first, 30, WN_ANSWER_not_found), 15);

        /* Both hosts. */
        teardown();
        setup();
        bad = (int)probing_server(&x, rows[i].persona, 0);
        good = (int)probing_server(&x, rows[i].persona, 0);
        first = mixed(probing_domain(&x, "a.example", 0, (int[]){bad, good, -1}), 30);
        probing_run(&x);
        ck_assert_msg(x.stopped == 1, "%s", rows[i].name);
        ck_assert_uint_eq(probing_answers(&x, first, 30, WN_ANSWER_blocked), 30);
        ck_assert_uint_le(probing_entries(&x, FAKE_CONNECT), 4);

        /* The first hosts of two lanes. */
        teardown();
        setup();
        bad = (int)probing_server(&x, rows[i].persona, 0);
        int bad2 = (int)probing_server(&x, rows[i].persona, 0);
        good = (int)probing_server(&x, honest, 0);
        first = mixed(probing_domain(&x, "a.example", 0, (int[]){bad, good, -1}), 30);
        (void)mixed(probing_domain(&x, "b.example", 0, (int[]){bad2, good, -1}), 30);
        probing_run(&x);
        ck_assert_msg(x.stopped == 1, "%s", rows[i].name);
        assert_nobody_refused(first, 60);
    }
}
END_TEST

/* A blocking host and a dead one: nobody said that the group is closed to us, and nobody answered.
 */
START_TEST(test_one_blocks_and_one_is_dead)
{
    int bad = (int)probing_server(&x, (struct fake_persona){.greeting = "554 5.7.1 Blocked"}, 0);
    int dead = (int)probing_server(&x, (struct fake_persona){.door = FAKE_REFUSED}, 0);
    unsigned first = mixed(probing_domain(&x, "a.example", 0, (int[]){bad, dead, -1}), 6);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 6, WN_ANSWER_blocked), 6);
}
END_TEST

/* A lone dead domain: its postmaster is there, so its refusals are believed. */
START_TEST(test_60_unknown_and_an_honest_postmaster)
{
    struct fake_persona persona = {.latency_ms = 20, .postmaster = true};
    unsigned first =
        probing_mailboxes(&x, probing_site(&x, "a.example", persona, 0), "m", 60, NULL);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 60, WN_ANSWER_not_found), 60);
    ck_assert_uint_eq(probing_asked(&x, "postmaster@a.example"), 1);
    ck_assert_uint_eq(x.stopped, 0);
    ck_assert_uint_eq(x.doubts, 20);
    ck_assert_uint_eq(x.confirmed, 20);
}
END_TEST

START_TEST(test_everyone_refused_and_no_postmaster)
{
    unsigned first = probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 60, NULL);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 60, WN_ANSWER_blocked), 60);
    ck_assert_uint_eq(withdrawn(first, 60), 20);
    ck_assert_uint_eq(x.doubts, 20);
    ck_assert_uint_eq(x.confirmed, 0);
    ck_assert_uint_eq(x.stopped, 1);
    ck_assert_ptr_nonnull(strstr(x.stopped_text, "postmaster"));
    ck_assert_ptr_nonnull(strstr(x.stopped_text, "550 5.1.1"));
    /* The postmaster comes before the 21st. */
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 21);
}
END_TEST

/* Some look for the sender first, and say of it what others say of a recipient. */
START_TEST(test_the_sender_refused)
{
    static const struct {
        const char *reply;
        enum wn_probe_answer answer;
    } rows[] = {
        {"550 mailbox <probe@sender.example> does not exist", WN_ANSWER_blocked},
        {"550 5.1.1 <PROBE@sender.example> sender: no such user", WN_ANSWER_blocked},
        {"550 5.1.1 <%s>: user unknown, said to probe@sender.example", WN_ANSWER_not_found},
        {"550 5.1.1 <another-probe@sender.example>: user unknown", WN_ANSWER_not_found},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        struct fake_persona persona = {.unknown = rows[i].reply};
        (void)probing_mailboxes(&x, probing_site(&x, "a.example", persona, 0), "m", 3, NULL);
        probing_run(&x);
        ck_assert_msg(probing_answers(&x, 0, 3, rows[i].answer) == 3, "%s", rows[i].reply);
        ck_assert_uint_eq(x.stopped, rows[i].answer == WN_ANSWER_blocked);
    }
}
END_TEST

/* 19 refusals are not yet a pattern. */
START_TEST(test_19_unknown)
{
    unsigned first = probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 19, NULL);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 19, WN_ANSWER_not_found), 19);
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 19);
}
END_TEST

START_TEST(test_honest_then_lying)
{
    static const struct {
        const char *name;
        const char *turned;
    } rows[] = {
        {"as if there were no such user", UNKNOWN},
        {"without the address", "550 5.1.1 User unknown"},
        {"with an id", "550 5.1.1 No such user <%s> id-12a-%s"},
        {"disabled", "550 5.2.1 The account of <%s> is disabled"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        char turned[96];
        snprintf(turned, sizeof turned, rows[i].turned, "%s", "7");
        struct fake_persona persona = {.latency_ms = 20, .turned = turned, .turns_after = 30};
        unsigned first = mixed(probing_site(&x, "a.example", persona, 0), 120);
        probing_run(&x);
        ck_assert_msg(x.stopped == 1, "%s", rows[i].name);
        assert_nobody_refused(first, 120);
        ck_assert_ptr_nonnull(strstr(x.stopped_text, "took before"));
        ck_assert_uint_le(probing_entries(&x, FAKE_RCPT), 30 + 20 + 1);
    }
}
END_TEST

/* It begins to lie near the end: too few for a pattern, but a witness is at hand. */
START_TEST(test_lying_at_the_end)
{
    struct fake_persona persona = {.latency_ms = 20, .turned = UNKNOWN, .turns_after = 30};
    unsigned first = mixed(probing_site(&x, "a.example", persona, 0), 40);
    probing_run(&x);
    assert_nobody_refused(first, 40);
    ck_assert_uint_eq(x.stopped, 1);
}
END_TEST

/* Many dead ones among the living: the witness is asked again and is still there. */
START_TEST(test_many_unknown_and_a_witness)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    unsigned yes = probing_mailbox(&x, d, "yes", OK);
    unsigned first = probing_mailboxes(&x, d, "m", 150, NULL);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 150, WN_ANSWER_not_found), 150);
    ck_assert_int_eq(x.mailboxes[yes].answer, WN_ANSWER_accepted);
    ck_assert_uint_eq(x.mailboxes[yes].answers, 1);
    /* After 20, 70, 120 and, for the last 30, at the end. */
    ck_assert_uint_eq(probing_asked(&x, "yes@a.example"), 5);
    ck_assert_uint_eq(x.stopped, 0);
}
END_TEST

/* One tenant that denies everybody, among those of a provider that do not: it alone is not
 * believed, if it has not even a postmaster. */
START_TEST(test_a_tenant_that_denies_everybody)
{
    for (unsigned honest_one = 0; honest_one < 2; honest_one++) {
        teardown();
        setup();
        int server[] = {(int)probing_server(&x, honest, 0), -1};
        uint32_t good = probing_domain(&x, "good.example", 0, server);
        uint32_t bad = probing_domain(&x, "bad.example", 0, server);
        unsigned living = probing_mailboxes(&x, good, "yes", 30, OK);
        unsigned dead = probing_mailboxes(&x, good, "no", 30, NULL);
        unsigned denied = probing_mailboxes(&x, bad, "m", 60, NULL);
        if (honest_one == 1) {
            fake_mailbox(x.w, "postmaster@bad.example", OK);
        }
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, living, 30, WN_ANSWER_accepted), 30);
        ck_assert_uint_eq(probing_answers(&x, dead, 30, WN_ANSWER_not_found), 30);
        ck_assert_uint_eq(
            probing_answers(&x, denied, 60,
                            honest_one == 1 ? WN_ANSWER_not_found : WN_ANSWER_blocked),
            60);
        ck_assert_uint_eq(probing_asked(&x, "postmaster@bad.example"), 1);
        ck_assert_uint_eq(probing_asked(&x, "postmaster@good.example"), 0);
        ck_assert_uint_eq(x.stopped, 0);
    }
}
END_TEST

/* Whenever the run is told to stop, it has no verdict on whom that tenant denied. */
START_TEST(test_stopped_at_such_a_tenant)
{
    for (int64_t ms = 1000; ms < 60000; ms += 500) {
        teardown();
        setup();
        int server[] = {(int)probing_server(&x, honest, 0), -1};
        uint32_t good = probing_domain(&x, "good.example", 0, server);
        uint32_t bad = probing_domain(&x, "bad.example", 0, server);
        (void)probing_mailboxes(&x, good, "yes", 40, OK);
        unsigned denied = probing_mailboxes(&x, bad, "m", 20, NULL);
        fake_stop_at(x.w, fake_now(x.w) + ms, &x.stop);
        probing_run(&x);
        ck_assert_msg(probing_answers(&x, denied, 20, WN_ANSWER_not_found) < 20, "%d ms", (int)ms);
    }
}
END_TEST

/* Nor on whom it denied on other connections while its postmaster was asked for. */
START_TEST(test_stopped_at_such_a_tenant_with_many_connections)
{
    for (int64_t ms = 20; ms < 3000; ms += 20) {
        teardown();
        setup();
        x.config.connections = 6;
        x.config.per_minute = 1000;
        int server[] = {
            (int)probing_server(&x, (struct fake_persona){.latency_ms = 20, .pipelining = true}, 0),
            -1};
        uint32_t good = probing_domain(&x, "good.example", 0, server);
        uint32_t bad = probing_domain(&x, "bad.example", 0, server);
        (void)probing_mailboxes(&x, good, "yes", 60, OK);
        unsigned denied = probing_mailboxes(&x, bad, "m", 60, NULL);
        fake_stop_at(x.w, fake_now(x.w) + ms, &x.stop);
        probing_run(&x);
        ck_assert_msg(probing_answers(&x, denied, 60, WN_ANSWER_not_found) < 20, "%d ms", (int)ms);
    }
}
END_TEST

/* Refusals in different words are no pattern. */
START_TEST(test_unknown_in_different_words)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    for (unsigned i = 0; i < 60; i++) {
        char local[32], reply[64];
        snprintf(local, sizeof local, "m%u", i);
        snprintf(reply, sizeof reply, "550 5.1.1 No %s user here", i % 2 == 0 ? "such" : "known");
        (void)probing_mailbox(&x, d, local, reply);
    }
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 0, 60, WN_ANSWER_not_found), 60);
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 60);
}
END_TEST

/* A recipient's name that is a word of the refusal, or stands alone in it, does not break the row.
 */
START_TEST(test_names_within_the_words)
{
    static const char *const names[] = {"user", "alice", "unknown"};
    struct fake_persona persona = {.latency_ms = 20, .unknown = "550 5.1.1 user unknown"};
    uint32_t d = probing_site(&x, "a.example", persona, 0);
    (void)probing_mailboxes(&x, d, "m", 10, NULL);
    for (unsigned i = 0; i < 3; i++) {
        (void)probing_mailbox(&x, d, names[i], NULL);
    }
    for (unsigned i = 0; i < 20; i++) {
        char local[8] = {'n', (char)('a' + i), '\0'}, reply[64];
        snprintf(reply, sizeof reply, "550 5.1.1 user %s unknown", local);
        (void)probing_mailbox(&x, d, local, i < 10 ? NULL : reply);
    }
    probing_run(&x);
    /* 23 in the same words; the last ten in others, which are the same but for the name. */
    ck_assert_uint_eq(x.stopped, 1);
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 21);
}
END_TEST

/* Nor does one that is quoted, nor the name of whichever host has answered. */
START_TEST(test_names_within_quotes)
{
    static const char *const replies[] = {
        "550 5.1.1 <%s>: user unknown",
        "550 5.1.1 The mailbox '%s' does not exist",
        "550 5.1.1 %s: user unknown",
        "550 5.1.1 user unknown (mx-%s.isp.example)",
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", honest, 0);
        for (char c = 'a'; c <= 'z'; c++) {
            char local[8] = {'n', c, '\0'}, reply[64];
            snprintf(reply, sizeof reply, replies[i], local);
            (void)probing_mailbox(&x, d, local, reply);
        }
        probing_run(&x);
        ck_assert_msg(x.stopped == 1, "%s", replies[i]);
        assert_nobody_refused(0, 26);
    }
}
END_TEST

/* The question to the postmaster is put again when the answer is "later". */
START_TEST(test_a_busy_postmaster)
{
    static const char *const replies[] = {"451 4.3.0 Try later", "250 2.1.5 Ok"};
    for (unsigned i = 0; i < 2; i++) {
        teardown();
        setup();
        struct fake_persona persona = {.latency_ms = 20, .greylist_ms = i * 60000};
        uint32_t d = probing_site(&x, "a.example", persona, 0);
        fake_mailbox(x.w, "postmaster@a.example", replies[i]);
        unsigned first = probing_mailboxes(&x, d, "m", 30, NULL);
        probing_run(&x);
        ck_assert_uint_eq(probing_asked(&x, "postmaster@a.example"), i == 0 ? 3 : 2);
        ck_assert_uint_eq(probing_answers(&x, first, 30, WN_ANSWER_not_found), i == 0 ? 0 : 30);
        ck_assert_uint_eq(x.stopped, 1 - i);
    }
}
END_TEST

/* The run ends before the postmaster could be asked: nothing is sure. */
START_TEST(test_no_time_for_the_postmaster)
{
    x.config.max = 20;
    struct fake_persona persona = {.latency_ms = 20, .postmaster = true};
    unsigned first =
        probing_mailboxes(&x, probing_site(&x, "a.example", persona, 0), "m", 60, NULL);
    probing_run(&x);
    ck_assert_uint_eq(withdrawn(first, 60), 20);
    assert_nobody_refused(first, 60);
}
END_TEST

/* Whenever the run is told to stop, while that is being found out or before: none of those who were
 * refused alike has a no, once it was doubted. */
START_TEST(test_stopped_while_in_doubt)
{
    for (int64_t ms = 10; ms < 1500; ms += 10) {
        struct fake_persona liar = {.latency_ms = 20, .turned = UNKNOWN, .turns_after = 1};
        teardown();
        setup();
        x.config.catch_all = false;
        (void)probing_mailboxes(&x, probing_site(&x, "a.example", liar, 0), "m", 16, OK);
        fake_stop_at(x.w, fake_now(x.w) + ms, &x.stop);
        probing_run(&x);
        /* The last of them began the doubt. */
        ck_assert_msg(probing_answers(&x, 0, 16, WN_ANSWER_not_found) < 15, "%d ms", (int)ms);
    }
}
END_TEST

/* One that took mail is refused first; whenever the run is told to stop, it has no no. */
START_TEST(test_stopped_among_canaries)
{
    for (int64_t ms = 10; ms < 600; ms += 10) {
        struct fake_persona liar = {.latency_ms = 20, .turned = UNKNOWN};
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", liar, 0);
        for (unsigned i = 0; i < 3; i++) {
            char local[8] = {'c', (char)('0' + i), '\0'};
            (void)probing_canary(&x, d, local, OK);
        }
        (void)probing_mailboxes(&x, d, "m", 60, OK);
        fake_stop_at(x.w, fake_now(x.w) + ms, &x.stop);
        probing_run(&x);
        ck_assert_msg(probing_answers(&x, 0, 3, WN_ANSWER_not_found) == 0, "%d ms", (int)ms);
    }
}
END_TEST

START_TEST(test_canaries)
{
    static const struct {
        const char *name;
        const char *replies[3];
        unsigned others, asked;
        bool stopped;
    } rows[] = {
        {"the first is there", {OK, OK, OK}, 60, 1, false},
        {"the third is", {UNKNOWN, UNKNOWN, OK}, 60, 3, false},
        {"full is there, too", {"552 5.2.2 Mailbox full", OK, OK}, 60, 1, false},
        {"all refused", {UNKNOWN, UNKNOWN, UNKNOWN}, 60, 3, true},
        {"blocked", {BLOCKED, OK, OK}, 60, 1, true},
        {"a small group asks as it comes", {UNKNOWN, UNKNOWN, UNKNOWN}, 40, 3, false},
        {"later is no answer", {"451 4.3.0 Try later", UNKNOWN, OK}, 60, 3, false},
        {"later, and no more canaries", {"451 4.3.0 Try later", UNKNOWN, UNKNOWN}, 60, 3, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", honest, 0);
        unsigned first = mixed(d, rows[i].others);
        unsigned canary = x.count;
        for (unsigned k = 0; k < 3; k++) {
            char local[16];
            snprintf(local, sizeof local, "canary%u", k);
            (void)probing_canary(&x, d, local, rows[i].replies[k]);
        }
        probing_run(&x);
        ck_assert_msg((x.stopped == 1) == rows[i].stopped, "%s", rows[i].name);
        if (!rows[i].stopped) {
            ck_assert_msg(probing_answers(&x, first, rows[i].others, WN_ANSWER_accepted) ==
                              rows[i].others / 2,
                          "%s", rows[i].name);
            ck_assert_uint_eq(x.mailboxes[canary].answers, 1);
            continue;
        }
        ck_assert_uint_eq(probing_answers(&x, first, x.count, WN_ANSWER_blocked), x.count);
        ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), rows[i].asked);
    }
}
END_TEST

/* Nobody else is asked before a canary is there. */
START_TEST(test_canary_is_first)
{
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    (void)mixed(d, 60);
    (void)probing_canary(&x, d, "canary", OK);
    probing_run(&x);
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    unsigned connects = 0;
    for (size_t i = 0; i < n && v[i].what != FAKE_RCPT; i++) {
        connects += v[i].what == FAKE_CONNECT;
    }
    ck_assert_uint_eq(connects, 1);
    ck_assert_uint_eq(probing_asked(&x, "canary@a.example"), 1);
}
END_TEST

/* A canary that was not asked serves as a witness where nobody was accepted. */
START_TEST(test_canary_as_a_witness)
{
    for (unsigned i = 0; i < 2; i++) {
        teardown();
        setup();
        uint32_t d = probing_site(&x, "a.example", honest, 0);
        unsigned first = probing_mailboxes(&x, d, "m", 40, NULL);
        unsigned tag = probing_canary(&x, d, "canary", i == 0 ? OK : NULL);
        probing_run(&x);
        ck_assert_uint_eq(x.stopped, i);
        ck_assert_uint_eq(x.mailboxes[tag].answers, 1);
        ck_assert_uint_eq(probing_answers(&x, first, 40, WN_ANSWER_not_found), i == 0 ? 40 : 0);
        ck_assert_uint_eq(probing_asked(&x, "postmaster@a.example"), 0);
    }
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {test_block_at_rcpt,
                                  test_block_stops_the_group,
                                  test_block_before_rcpt,
                                  test_one_blocks_and_one_is_dead,
                                  test_60_unknown_and_an_honest_postmaster,
                                  test_everyone_refused_and_no_postmaster,
                                  test_the_sender_refused,
                                  test_19_unknown,
                                  test_honest_then_lying,
                                  test_lying_at_the_end,
                                  test_many_unknown_and_a_witness,
                                  test_a_tenant_that_denies_everybody,
                                  test_stopped_at_such_a_tenant,
                                  test_stopped_at_such_a_tenant_with_many_connections,
                                  test_unknown_in_different_words,
                                  test_names_within_the_words,
                                  test_names_within_quotes,
                                  test_a_busy_postmaster,
                                  test_no_time_for_the_postmaster,
                                  test_stopped_while_in_doubt,
                                  test_stopped_among_canaries,
                                  test_canaries,
                                  test_canary_is_first,
                                  test_canary_as_a_witness};
    Suite *s = suite_create("prober_doubt");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        TCase *c = tcase_create(tests[i]->name);
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, tests[i]);
        suite_add_tcase(s, c);
    }
    return s;
}

int main(void)
{
    return run_suite(suite());
}
