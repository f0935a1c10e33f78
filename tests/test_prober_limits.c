/* SPDX-License-Identifier: MIT */
/* How much is asked at a time, in all, and for how long; that the slow do not delay the others. The
 * limits of a group at every moment are checked in every test (support/probing.c). */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtp/provider.h"
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

/* When the last recipient of these groups was asked for. */
static int64_t last_question_to(unsigned first_group, unsigned last_group)
{
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    int64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        bool in = v[i].group >= first_group && v[i].group <= last_group;
        at = in && v[i].what == FAKE_RCPT ? v[i].at_ms : at;
    }
    return at;
}

START_TEST(test_connections)
{
    static const uint32_t counts[] = {1, 2, 7};
    for (unsigned i = 0; i < 3; i++) {
        teardown();
        setup();
        x.config.connections = counts[i];
        x.config.per_minute = 1000;
        (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 100, OK);
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, 0, 100, WN_ANSWER_accepted), 100);
        size_t n;
        const struct fake_entry *v = fake_transcript(x.w, &n);
        unsigned open = 0, most = 0;
        for (size_t k = 0; k < n; k++) {
            open += v[k].what == FAKE_CONNECT;
            open -= v[k].what == FAKE_CLOSE;
            most = open > most ? open : most;
        }
        ck_assert_uint_eq(most, counts[i]);
    }
}
END_TEST

/* No connection is made for what an open one can still take. */
START_TEST(test_no_needless_connections)
{
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 10, NULL);
    probing_run(&x);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 2);
}
END_TEST

START_TEST(test_sockets)
{
    x.config.sockets = 3;
    for (unsigned i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailboxes(&x, probing_site(&x, name, honest, i), "m", 6, OK);
    }
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 0, 120, WN_ANSWER_accepted), 120);
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    unsigned open = 0;
    for (size_t k = 0; k < n; k++) {
        open += v[k].what == FAKE_CONNECT;
        open -= v[k].what == FAKE_CLOSE;
        ck_assert_uint_le(open, 3);
    }
}
END_TEST

/* No connection at all is an error, not an answer. */
START_TEST(test_no_handles)
{
    fake_handles(x.w, 0);
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 6, OK);
    ck_assert_int_eq(probing_try(&x), WN_E_IO);
    ck_assert_int_eq(x.err.status, WN_E_IO);
    ck_assert_uint_eq(probing_answers(&x, 0, 6, WN_ANSWER_none), 6);
}
END_TEST

/* A provider's own limits and quirks. */
START_TEST(test_providers)
{
    static const struct {
        const char *provider;
        unsigned rcpts, most; /* a connection */
    } rows[] = {
        {"Outlook.com", 4, 1}, /* and no random mailbox */
        {"Google Workspace", 5, 5},
        {"Yahoo", 0, 0}, /* says yes to everyone */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        struct wn_ip ip = fake_ip(probing_server(&x, honest, 0));
        struct wn_prober_host host = {"mx.example", &ip, 1};
        (void)probing_site(&x, "first.example", honest, 1);
        uint32_t provider = wn_provider_named(wn_span_of(rows[i].provider));
        uint32_t d = wn_prober_domain(x.p, &(struct wn_prober_domain){.name = WN_SPAN("p.example"),
                                                                      .group = WN_SPAN("g0"),
                                                                      .provider = provider,
                                                                      .hosts = &host,
                                                                      .host_count = 1});
        strcpy(x.domain_names[d], "p.example");
        x.recipients = rows[i].most;
        (void)probing_mailboxes(&x, d, "m", 4, OK);
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, 0, 4, WN_ANSWER_accepted), rows[i].rcpts > 0 ? 4 : 0);
        ck_assert_msg(probing_entries(&x, FAKE_RCPT) == rows[i].rcpts, "%s", rows[i].provider);
    }
}
END_TEST

/* So many domains of Google Workspace, each with so many mailboxes. */
static void google_domains(unsigned domains, unsigned mailboxes)
{
    struct wn_ip ip = fake_ip(
        probing_server(&x, (struct fake_persona){.one_domain = true, .latency_ms = 100}, 0));
    struct wn_prober_host host = {"aspmx.l.google.com", &ip, 1};
    (void)probing_site(&x, "first.example", honest, 1);
    for (unsigned i = 1; i <= domains; i++) {
        snprintf(x.domain_names[i], sizeof x.domain_names[i], "d%u.example", i);
        const struct wn_prober_domain domain = {.name = wn_span_of(x.domain_names[i]),
                                                .group = WN_SPAN("g0"),
                                                .provider =
                                                    wn_provider_of(WN_SPAN("aspmx.l.google.com")),
                                                .hosts = &host,
                                                .host_count = 1};
        (void)probing_mailboxes(&x, wn_prober_domain(x.p, &domain), "m", mailboxes, OK);
    }
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 0, domains * mailboxes, WN_ANSWER_accepted),
                      domains * mailboxes);
    /* Nobody twice: each mailbox, and a random one for each domain. */
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), domains * (mailboxes + 1));
}

/* Google says 451 to the second domain of a transaction. */
START_TEST(test_one_domain)
{
    google_domains(4, 4);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 4); /* five on each */
}
END_TEST

/* Domains of one mailbox wait neither for each other nor for their random mailboxes. */
START_TEST(test_one_domain_each)
{
    x.config.per_minute = 1000;
    google_domains(4, 1);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 4);
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    int64_t alone = 0;
    unsigned open = 0;
    for (size_t k = 1; k < n; k++) {
        open += v[k - 1].what == FAKE_CONNECT;
        open -= v[k - 1].what == FAKE_CLOSE;
        alone += open == 1 ? v[k].at_ms - v[k - 1].at_ms : 0;
    }
    ck_assert_int_lt(alone, (v[n - 1].at_ms - v[0].at_ms) / 3);
}
END_TEST

/* A process that has fewer handles than sockets are allowed. */
START_TEST(test_out_of_handles)
{
    fake_handles(x.w, 2);
    for (unsigned i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailboxes(&x, probing_site(&x, name, honest, i), "m", 6, OK);
    }
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 0, 60, WN_ANSWER_accepted), 60);
}
END_TEST

START_TEST(test_rate)
{
    static const struct {
        uint32_t per_minute;
        unsigned latency_ms, mailboxes;
        int64_t least_ms, most_ms;
    } rows[] = {
        {60, 20, 60, 0, 50000},
        {60, 0, 180, 2 * MINUTES, 3 * MINUTES},
        {7, 20, 70, 9 * MINUTES, 11 * MINUTES},
        {1, 0, 5, 4 * MINUTES, 5 * MINUTES},
        {20, 1500, 200, 9 * MINUTES, 12 * MINUTES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        x.config.per_minute = rows[i].per_minute;
        x.config.catch_all = false;
        int64_t start = fake_now(x.w);
        struct fake_persona persona = {.latency_ms = rows[i].latency_ms};
        uint32_t d = probing_site(&x, "a.example", persona, 0);
        (void)probing_mailboxes(&x, d, "m", rows[i].mailboxes, OK);
        probing_run(&x);
        ck_assert_uint_eq(probing_answers(&x, 0, rows[i].mailboxes, WN_ANSWER_accepted),
                          rows[i].mailboxes);
        ck_assert_int_ge(fake_now(x.w) - start, rows[i].least_ms);
        ck_assert_int_le(fake_now(x.w) - start, rows[i].most_ms);
        /* A connection is not spent on one recipient where the rate is the limit. */
        ck_assert_uint_le(probing_entries(&x, FAKE_CONNECT), rows[i].mailboxes / 5 + 7);
    }
}
END_TEST

START_TEST(test_max)
{
    for (unsigned max = 1; max < 30; max += 7) {
        teardown();
        setup();
        x.config.max = max;
        for (unsigned i = 0; i < 4; i++) {
            char name[32];
            snprintf(name, sizeof name, "d%u.example", i);
            (void)probing_mailboxes(&x, probing_site(&x, name, honest, i), "m", 10, OK);
        }
        probing_run(&x);
        ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), max);
        unsigned answered = probing_answers(&x, 0, 40, WN_ANSWER_accepted);
        ck_assert_uint_eq(answered + probing_answers(&x, 0, 40, WN_ANSWER_none), 40);
    }
}
END_TEST

START_TEST(test_day)
{
    (void)probing_site(&x, "first.example", honest, 1);
    wn_prober_group(x.p, &(struct wn_prober_group){.name = WN_SPAN("g0"), .used_today = 1990});
    uint32_t d = probing_site(&x, "a.example", honest, 0);
    unsigned first = probing_mailboxes(&x, d, "m", 40, NULL);
    int64_t start = fake_now(x.w);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 40, WN_ANSWER_not_found), 10);
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 10);
    struct wn_prober_use use;
    ck_assert(wn_prober_use(x.p, 1, &use));
    ck_assert(wn_span_equal(use.group, WN_SPAN("g0")));
    ck_assert_uint_eq(use.asked, 10);
    ck_assert_int_le(fake_now(x.w) - start, 10000);
}
END_TEST

/* Parked mailboxes of a group that may ask no more today are not waited for. */
START_TEST(test_day_with_parked_ones)
{
    (void)probing_site(&x, "first.example", honest, 1);
    wn_prober_group(x.p, &(struct wn_prober_group){.name = WN_SPAN("g0"), .used_today = 1997});
    uint32_t d = probing_site(&x, "a.example", (struct fake_persona){.greylist_ms = 100}, 0);
    unsigned first = probing_mailboxes(&x, d, "m", 4, OK);
    int64_t start = fake_now(x.w);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 4, WN_ANSWER_greylisted), 3);
    ck_assert_int_le(fake_now(x.w) - start, 10000);
}
END_TEST

START_TEST(test_a_group_that_is_stopped_already)
{
    (void)probing_site(&x, "first.example", honest, 1);
    wn_prober_group(x.p, &(struct wn_prober_group){.name = WN_SPAN("g0"), .stopped = true});
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 4, OK);
    probing_run(&x);
    ck_assert_uint_eq(probing_entries(&x, FAKE_CONNECT), 0);
    ck_assert_uint_eq(probing_answers(&x, 0, 4, WN_ANSWER_none), 4);
    ck_assert_uint_eq(x.stopped, 0);
}
END_TEST

/* What an earlier run asked within the minute counts. */
START_TEST(test_last_minute_of_another_run)
{
    int64_t start = fake_now(x.w);
    (void)probing_site(&x, "b.example", honest, 1); /* the prober must be there */
    wn_prober_group(x.p, &(struct wn_prober_group){.name = WN_SPAN("g0"),
                                                   .used_today = 100,
                                                   .lately = 50,
                                                   .lately_ms = start - 20000});
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 30, OK);
    fake_stop_at(x.w, start + 39000, &x.stop);
    probing_run(&x);
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 10);
}
END_TEST

/* Small domains on one server, each with a name of its own for it: they are one client's. */
START_TEST(test_one_server_of_many_names)
{
    int server[] = {(int)probing_server(&x, honest, 0), -1};
    unsigned used = 0;
    struct wn_prober_use use;
    for (unsigned i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailboxes(&x, probing_domain(&x, name, i, server), "m", 4, OK);
    }
    probing_run(&x); /* the world has it as one group, whose limits are checked */
    ck_assert_uint_eq(probing_answers(&x, 0, 160, WN_ANSWER_accepted), 160);
    for (size_t i = 0; wn_prober_use(x.p, i, &use); i++) {
        ck_assert_uint_eq(use.asked, 5); /* with the random one */
        used++;
    }
    ck_assert_uint_eq(used, 40);
}
END_TEST

/* What it said to earlier runs under one name counts under all; what it says now stops all. */
START_TEST(test_one_server_that_stops)
{
    struct fake_persona persona = {.turned = "550 5.7.1 Blocked by a block list",
                                   .turns_after = 10};
    int server[] = {(int)probing_server(&x, persona, 0), -1};
    (void)probing_site(&x, "other.example", honest, 9); /* the prober must be there */
    wn_prober_group(x.p, &(struct wn_prober_group){.name = WN_SPAN("g1"), .used_today = 1990});
    unsigned a = probing_mailboxes(&x, probing_domain(&x, "a.example", 0, server), "m", 20, OK);
    unsigned b = probing_mailboxes(&x, probing_domain(&x, "b.example", 1, server), "m", 20, OK);
    probing_run(&x);
    ck_assert_uint_eq(probing_entries(&x, FAKE_RCPT), 10); /* of the day's 2,000 */
    ck_assert_uint_eq(probing_answers(&x, a, 20, WN_ANSWER_accepted) +
                          probing_answers(&x, b, 20, WN_ANSWER_accepted),
                      10);

    teardown();
    setup();
    persona.turns_after = 4;
    server[0] = (int)probing_server(&x, persona, 0);
    a = probing_mailboxes(&x, probing_domain(&x, "a.example", 0, server), "m", 20, OK);
    b = probing_mailboxes(&x, probing_domain(&x, "b.example", 1, server), "m", 20, OK);
    probing_run(&x);
    ck_assert_uint_eq(x.stopped, 2);
    ck_assert_uint_eq(probing_answers(&x, a, 20, WN_ANSWER_blocked) +
                          probing_answers(&x, b, 20, WN_ANSWER_blocked),
                      36);
}
END_TEST

START_TEST(test_budget_of_time)
{
    static const struct {
        const char *name;
        struct fake_persona persona;
        int64_t late_ms; /* how long after the budget it may end */
    } rows[] = {
        {"honest, by rate", {.latency_ms = 20}, 1000},
        {"a tarpit", {.latency_ms = 20000}, 5000},
        {"silent after the first", {.latency_ms = 20, .hangs_after = 1}, 5000},
        {"no greeting", {.door = FAKE_MUTE}, 5000},
        {"no connection", {.door = FAKE_SILENT}, 5000},
        {"dead", {.door = FAKE_REFUSED}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        x.config.budget_ms = 3 * MINUTES + 7100; /* in the middle of something */
        (void)probing_mailboxes(&x, probing_site(&x, "a.example", rows[i].persona, 0), "m", 500,
                                OK);
        int64_t start = fake_now(x.w);
        probing_run(&x);
        ck_assert_msg(fake_now(x.w) - start <= x.config.budget_ms + rows[i].late_ms, "%s: %ld",
                      rows[i].name, (long)(fake_now(x.w) - start));
        ck_assert_uint_le(probing_answers(&x, 0, 500, WN_ANSWER_accepted), 240);
    }
}
END_TEST

START_TEST(test_one_tarpit_among_50)
{
    (void)probing_mailboxes(
        &x, probing_site(&x, "slow.example", (struct fake_persona){.latency_ms = 25000}, 0), "m",
        50, OK);
    for (unsigned i = 1; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailboxes(&x, probing_site(&x, name, honest, i), "m", 10, OK);
    }
    int64_t start = fake_now(x.w);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 50, 490, WN_ANSWER_accepted), 490);
    ck_assert_int_le(last_question_to(1, 49) - start, 3000);
    /* The tarpit's own: a session takes five minutes at most. */
    ck_assert_uint_eq(probing_answers(&x, 0, 50, WN_ANSWER_accepted) +
                          probing_answers(&x, 0, 50, WN_ANSWER_timeout),
                      50);
}
END_TEST

/* What silent servers' connections hold of the run's number comes back, and is for the others. */
START_TEST(test_number_that_comes_back)
{
    struct fake_persona silent = {.door = FAKE_SILENT}, grey = {.greylist_ms = 60000};
    x.config.max = 3;
    for (unsigned i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "silent%u.example", i);
        (void)probing_mailbox(&x, probing_site(&x, name, silent, i), "m", OK);
    }
    unsigned first = probing_mailboxes(&x, probing_site(&x, "a.example", honest, 3), "m", 3, OK);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, first, 3, WN_ANSWER_accepted), 3);

    /* So it is for one that is parked meanwhile. */
    teardown();
    setup();
    x.config.max = 2;
    x.config.catch_all = false;
    unsigned parked = probing_mailbox(&x, probing_site(&x, "grey.example", grey, 0), "m", OK);
    (void)probing_mailbox(&x, probing_site(&x, "silent.example", silent, 1), "m", OK);
    probing_run(&x);
    ck_assert_int_eq(x.mailboxes[parked].answer, WN_ANSWER_accepted);
}
END_TEST

/* With few sockets, a group with much to ask takes turns with the small ones. */
START_TEST(test_turns)
{
    x.config.sockets = 2;
    x.config.per_minute = 100000;
    (void)probing_mailboxes(&x, probing_site(&x, "large.example", honest, 0), "m", 1000, OK);
    for (unsigned i = 1; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailboxes(&x, probing_site(&x, name, honest, i), "m", 4, OK);
    }
    probing_run(&x);
    size_t n;
    const struct fake_entry *v = fake_transcript(x.w, &n);
    unsigned large = 0;
    int64_t at = last_question_to(1, 19);
    for (size_t i = 0; i < n && v[i].at_ms <= at; i++) {
        large += v[i].what == FAKE_RCPT && v[i].group == 0;
    }
    ck_assert_uint_le(large, 300);
}
END_TEST

/* 300 domains of 10 mailboxes, replies after 50 ms: what two connections a group and five
 * recipients each allow at best is three sessions one after the other. */
START_TEST(test_speed)
{
    x.config.sockets = 1000;
    for (unsigned i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%u.example", i);
        (void)probing_mailboxes(
            &x, probing_site(&x, name, (struct fake_persona){.latency_ms = 50}, i), "m", 10, OK);
    }
    int64_t start = fake_now(x.w);
    probing_run(&x);
    ck_assert_uint_eq(probing_answers(&x, 0, 3000, WN_ANSWER_accepted), 3000);
    /* Four round trips to EHLO, MAIL, five recipients, RSET, QUIT; then one with the random. */
    ck_assert_int_le(fake_now(x.w) - start, (12 + 8) * 50 + 50);
}
END_TEST

START_TEST(test_stop)
{
    static const struct {
        const char *name;
        struct fake_persona persona;
    } rows[] = {
        {"honest", {.latency_ms = 20}},
        {"tarpit", {.latency_ms = 25000}},
        {"silent", {.latency_ms = 20, .hangs_after = 1}},
        {"pipelining", {.latency_ms = 400, .pipelining = true}},
        {"no greeting", {.door = FAKE_MUTE}},
        {"parked", {.greylist_ms = 3600000}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        teardown();
        setup();
        (void)probing_mailboxes(&x, probing_site(&x, "a.example", rows[i].persona, 0), "m", 200,
                                OK);
        int64_t start = fake_now(x.w);
        fake_stop_at(x.w, start + 1200, &x.stop);
        probing_run(&x);
        ck_assert_msg(fake_now(x.w) - start <= 1200 + 200 + 2100, "%s: %ld", rows[i].name,
                      (long)(fake_now(x.w) - start));
        struct wn_prober_counts counts;
        wn_prober_counts(x.p, &counts);
        ck_assert_msg(counts.left > 0, "%s", rows[i].name);
    }
}
END_TEST

/* What the visitor cannot store ends the run, and everyone is told QUIT. */
START_TEST(test_a_visitor_that_fails)
{
    x.visit_status = WN_E_IO;
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", honest, 0), "m", 20, OK);
    ck_assert_int_eq(probing_try(&x), WN_E_IO);
    ck_assert_uint_eq(probing_answers(&x, 0, 20, WN_ANSWER_accepted), 1);
    ck_assert_uint_ge(probing_entries(&x, FAKE_QUIT), 1);
}
END_TEST

/* So does what could not be stored while nobody answered; it used to be seen with the next answer.
 */
START_TEST(test_progress_that_fails)
{
    struct fake_persona grey = {.greylist_ms = 60000};
    x.progress_status = WN_E_IO;
    (void)probing_mailboxes(&x, probing_site(&x, "a.example", grey, 0), "m", 20, OK);
    ck_assert_int_eq(probing_try(&x), WN_E_IO);
    ck_assert_uint_eq(x.progressed, 1);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {test_connections,
                                  test_no_needless_connections,
                                  test_sockets,
                                  test_out_of_handles,
                                  test_no_handles,
                                  test_providers,
                                  test_one_domain,
                                  test_one_domain_each,
                                  test_rate,
                                  test_max,
                                  test_day,
                                  test_day_with_parked_ones,
                                  test_a_group_that_is_stopped_already,
                                  test_last_minute_of_another_run,
                                  test_one_server_of_many_names,
                                  test_one_server_that_stops,
                                  test_budget_of_time,
                                  test_one_tarpit_among_50,
                                  test_number_that_comes_back,
                                  test_turns,
                                  test_speed,
                                  test_stop,
                                  test_a_visitor_that_fails,
                                  test_progress_that_fails};
    Suite *s = suite_create("prober_limits");
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
