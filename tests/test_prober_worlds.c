/* SPDX-License-Identifier: MIT */
/* Made-up worlds, one a seed: groups of domains with servers of all kinds. Whatever they do, no
 * mailbox that exists is called dead, every limit holds at every moment (support/probing.c),
 * everyone is answered or left, and the run ends. */
#include <check.h>
#include <stdio.h>

#include "support/probing.h"
#include "support/rounds.h"
#include "support/suite.h"

enum {
    WORLDS = WN_TEST_ROUNDS(240),
    A_TEST = 20 /* worlds, since each test costs a process */
};

#define OK "250 2.1.5 Ok"

static struct probing x;
static uint32_t state;

static unsigned draw(unsigned below)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static bool chance(unsigned percent)
{
    return draw(100) < percent;
}

static const struct fake_persona personas[] = {
    {.latency_ms = 0},
    {.catch_all = true},
    {.postmaster = true},
    {.pipelining = true},
    {.pipelining = true, .catch_all = true, .latency_ms = 300},
    {.latency_ms = 9000},
    {.latency_ms = 29000},
    {.recipients = 1},
    {.recipients = 3, .pipelining = true},
    {.drops_after = 1},
    {.drops_after = 3, .pipelining = true},
    {.closes_after = 2},
    {.closes_after = 1, .pipelining = true},
    {.hangs_after = 2},
    {.hangs_after = 1, .pipelining = true},
    {.pipelining = true, .loses_pipelined = true, .latency_ms = 5},
    {.pipelining = true, .babbles = true, .latency_ms = 5},
    {.greylist_ms = 200000},
    {.greylist_ms = 1000000, .pipelining = true},
    {.greylist_ms = 100000000},
    {.door = FAKE_BAD_TLS},
    {.door = FAKE_REFUSED},
    {.door = FAKE_SILENT},
    {.door = FAKE_MUTE},
    {.door = FAKE_GARBAGE},
    {.door = FAKE_RST},
    {.door = FAKE_BUSY_PLUS},
    {.greeting = "421 4.3.2 Too busy"},
    {.greeting = "554 5.7.1 Your IP is on a block list"},
    {.mail = "550 5.7.1 Your IP is on a block list"},
    {.mail = "451 4.3.0 Try later"},
    {.unknown = "550 No"},
    {.unknown = "550 5.7.1 Your IP is on a block list"},
    {.unknown = "450 4.2.0 Greylisted"},
    {.turned = "550 5.7.1 Service unavailable; client host blocked", .turns_after = 7},
    {.turned = "554 5.7.1 Message rejected as spam", .turns_after = 0},
    {.turned = "451 4.3.0 Temporary lookup failure", .turns_after = 5},
};

static const char *reply_of_mailbox(void)
{
    static const char *const replies[] = {OK,
                                          OK,
                                          OK,
                                          NULL,
                                          NULL,
                                          "550 5.1.1 No such user",
                                          "552 5.2.2 Mailbox full",
                                          "550 5.2.1 Account disabled",
                                          "450 4.2.1 Sending too fast to this mailbox",
                                          "550 Something odd",
                                          "252 2.1.5 Cannot verify"};
    return replies[draw(sizeof replies / sizeof *replies)];
}

static void fill(uint32_t domain, unsigned n)
{
    unsigned canaries = chance(30) ? 10 : 0;
    for (unsigned i = 0; i < n; i++) {
        char local[32];
        snprintf(local, sizeof local, "m%u", i);
        const char *reply = reply_of_mailbox();
        bool delivered = reply != NULL && strcmp(reply, OK) == 0 && chance(canaries);
        (void)(delivered ? probing_canary : probing_mailbox)(&x, domain, local, reply);
    }
}

static struct fake_persona any_persona(void)
{
    struct fake_persona persona = personas[draw(sizeof personas / sizeof *personas)];
    persona.latency_ms += draw(60);
    return persona;
}

static void add_group(unsigned group)
{
    int servers[8];
    unsigned server_count = 1 + draw(4);
    for (unsigned i = 0; i < server_count; i++) {
        servers[i] = (int)probing_server(&x, any_persona(), group);
    }
    for (unsigned i = 0, domains = 1 + draw(4); i < domains; i++) {
        char name[32];
        int chosen[4] = {servers[draw(server_count)], servers[draw(server_count)], -1, -1};
        chosen[1] = chance(50) || chosen[1] == chosen[0] ? -1 : chosen[1];
        snprintf(name, sizeof name, "d%u-%u.example", group, i);
        fill(probing_domain(&x, name, group, chosen), chance(20) ? 40 + draw(60) : 1 + draw(15));
    }
}

/* It says that nobody is there, from some time on. */
static void add_liar(unsigned group)
{
    struct fake_persona persona = {.latency_ms = 1 + draw(50),
                                   .turned = "550 5.1.1 <%s>: No such user",
                                   .turns_after = chance(50) ? 0 : 5 + draw(60),
                                   .pipelining = chance(50)};
    char name[32];
    snprintf(name, sizeof name, "liar%u.example", group);
    fill(probing_site(&x, name, persona, group), 150 + draw(50));
}

static void configure(bool whole)
{
    static const int64_t impatient[] = {20000, 60000};
    x.config.sockets = 1 + draw(chance(50) ? 5 : 100);
    x.config.connections = 1 + draw(4);
    x.config.per_minute = 10 + draw(400);
    x.config.catch_all = chance(80);
    x.config.seed = state;
    x.rechecks = 1000;
    if (chance(30)) {
        x.config.retry_ms = impatient;
        x.config.retries = draw(3);
    }
    if (!whole) {
        x.config.max = chance(50) ? 1 + draw(600) : 0;
        x.config.budget_ms = chance(50) ? 1000 + draw(1800000) : 0;
        if (chance(30)) {
            fake_stop_at(x.w, fake_now(x.w) + draw(600000), &x.stop);
        }
    }
}

static void check_world(unsigned seed)
{
    state = seed * 2654435761U + 1;
    memset(&x, 0, sizeof x);
    bool whole = chance(60);
    probing_init(&x);
    configure(whole);
    for (unsigned i = 0, groups = 1 + draw(12); i < groups; i++) {
        if (whole && chance(15)) {
            add_liar(i);
        } else {
            add_group(i);
        }
    }
    probing_run(&x);
    for (unsigned i = 0; i < x.count; i++) {
        const struct probing_mailbox *m = &x.mailboxes[i];
        bool dead = m->answer == WN_ANSWER_not_found || m->answer == WN_ANSWER_disabled;
        ck_assert_msg(!m->exists || !dead, "world %u: %s exists: %s", seed, m->address, m->text);
        ck_assert_msg(!whole || m->answers == 1, "world %u: %s has no answer", seed, m->address);
        ck_assert_msg(m->answers == 1 || m->answer == WN_ANSWER_none, "world %u: %s", seed,
                      m->address);
    }
    struct wn_prober_counts counts;
    wn_prober_counts(x.p, &counts);
    ck_assert(!whole || counts.answered == x.count);
    ck_assert_uint_eq(counts.parked, 0);
    probing_release(&x);
}

START_TEST(test_worlds)
{
    for (unsigned i = 0; i < A_TEST; i++) {
        check_world((unsigned)_i * A_TEST + i);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("prober_worlds");
    TCase *c = tcase_create("worlds");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, test_worlds, 0, WORLDS / A_TEST);
    suite_add_tcase(s, c);
    return run_suite(s);
}
