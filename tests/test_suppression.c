/* SPDX-License-Identifier: MIT */
/* What a mailbox's events amount to, row by row of bounces.md ("What a code does to the list",
 * "Counting"), and that the derived tables are the same however the events came in. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/facts.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* 2026-01-01T00:00:00Z, day 0 of the cases. */
#define DAY0 INT64_C(1767225600)
#define D(n) (DAY0 + (int64_t)(n)*WN_DAY)
#define H(n) ((int64_t)(n)*3600)
#define FULL WN_CATEGORY_mailbox_full
#define ADDR WN_CATEGORY_bad_address

enum {
    MOST = 12
};

static struct wn_bounce_policy defaults;

#define BOUNCE(t, a)                                                                               \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_bounce, .action = WN_ACTION_##a, .category = ADDR               \
    }
#define FULL_BOUNCE(t)                                                                             \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_bounce, .action = WN_ACTION_N, .category = FULL                 \
    }
#define DEFERRED(t, a)                                                                             \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_deferred, .action = WN_ACTION_##a                               \
    }
#define KIND(t, k)                                                                                 \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_##k                                                             \
    }
#define MESSAGE(t, k, a, m)                                                                        \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_##k, .action = WN_ACTION_##a, .message_id = { m, sizeof m - 1 } \
    }

static const struct derive_case {
    const char *name;
    struct wn_event events[MOST]; /* up to the first with at == 0 */
    struct wn_history want;       /* but for the last event and the reply */
} derive_cases[] = {
    {.name = "no event"},

    /* S */
    {"an S suppresses at once",
     {BOUNCE(D(1), S)},
     {.hard_since = D(1), .bounced_at = D(1), .hard_bounces = 1}},
    {"a second S keeps the first time",
     {BOUNCE(D(1), S), BOUNCE(D(3), S)},
     {.hard_since = D(1), .bounced_at = D(3), .hard_bounces = 2}},
    {"S never expires",
     {BOUNCE(D(-2000), S), KIND(D(1), echo)},
     {.hard_since = D(-2000), .bounced_at = D(-2000), .hard_bounces = 1}},

    /* S2 */
    {"one S2 is soft",
     {BOUNCE(D(1), S2)},
     {.soft_at = D(1), .bounced_at = D(1), .hard_bounces = 1}},
    {"two S2 72 h apart suppress",
     {BOUNCE(D(1), S2), BOUNCE(D(4), S2)},
     {.hard_since = D(4), .soft_at = D(1), .bounced_at = D(4), .hard_bounces = 2}},
    {"two S2 a second short of 72 h do not",
     {BOUNCE(D(1), S2), BOUNCE(D(4) - 1, S2)},
     {.soft_at = D(4) - 1, .bounced_at = D(4) - 1, .hard_bounces = 2}},
    {"two S2 95 d apart suppress",
     {BOUNCE(D(1), S2), BOUNCE(D(96), S2)},
     {.hard_since = D(96), .soft_at = D(1), .bounced_at = D(96), .hard_bounces = 2}},
    {"two S2 more than 95 d apart do not",
     {BOUNCE(D(1), S2), BOUNCE(D(96) + 1, S2)},
     {.soft_at = D(96) + 1, .bounced_at = D(96) + 1, .hard_bounces = 2}},
    {"any earlier S2 may be the first",
     {BOUNCE(D(1), S2), BOUNCE(D(3), S2), BOUNCE(D(5), S2)},
     {.hard_since = D(5), .soft_at = D(3), .bounced_at = D(5), .hard_bounces = 3}},
    {"an N in between is no first S2",
     {BOUNCE(D(1), N), BOUNCE(D(9), S2)},
     {.soft_at = D(9), .bounced_at = D(9), .hard_bounces = 1, .soft_bounces = 1}},
    {"a monthly sender reaches it",
     {BOUNCE(D(0), S2), BOUNCE(D(31), S2)},
     {.hard_since = D(31), .soft_at = D(0), .bounced_at = D(31), .hard_bounces = 2}},

    /* N */
    {"one N is soft", {BOUNCE(D(1), N)}, {.soft_at = D(1), .bounced_at = D(1), .soft_bounces = 1}},
    {"3 days that span 14 d suppress for 180 d",
     {BOUNCE(D(1), N), BOUNCE(D(8), N), BOUNCE(D(15), N)},
     {.soft_since = D(15),
      .soft_until = D(195),
      .soft_at = D(15),
      .bounced_at = D(15),
      .soft_bounces = 3}},
    {"3 days that span 13 d do not",
     {BOUNCE(D(1), N), BOUNCE(D(8), N), BOUNCE(D(14), N)},
     {.soft_at = D(14), .bounced_at = D(14), .soft_bounces = 3}},
    {"2 days do not",
     {BOUNCE(D(1), N), BOUNCE(D(30), N)},
     {.soft_at = D(30), .bounced_at = D(30), .soft_bounces = 2}},
    {"3 days within 90 d suppress",
     {BOUNCE(D(0), N), BOUNCE(D(45), N), BOUNCE(D(90), N)},
     {.soft_since = D(90),
      .soft_until = D(270),
      .soft_at = D(90),
      .bounced_at = D(90),
      .soft_bounces = 3}},
    {"3 days within 91 d do not",
     {BOUNCE(D(0), N), BOUNCE(D(45), N), BOUNCE(D(91), N)},
     {.soft_at = D(91), .bounced_at = D(91), .soft_bounces = 3}},
    {"the days are UTC days",
     {BOUNCE(D(1) - 1, N), BOUNCE(D(1), N), BOUNCE(D(14), N)},
     {.soft_since = D(14),
      .soft_until = D(194),
      .soft_at = D(14),
      .bounced_at = D(14),
      .soft_bounces = 3}},
    {"a further N prolongs it",
     {BOUNCE(D(1), N), BOUNCE(D(8), N), BOUNCE(D(15), N), BOUNCE(D(40), N)},
     {.soft_since = D(15),
      .soft_until = D(220),
      .soft_at = D(40),
      .bounced_at = D(40),
      .soft_bounces = 4}},
    {"one N after it has expired starts nothing",
     {BOUNCE(D(1), N), BOUNCE(D(8), N), BOUNCE(D(15), N), BOUNCE(D(300), N)},
     {.soft_since = D(15),
      .soft_until = D(195),
      .soft_at = D(300),
      .bounced_at = D(300),
      .soft_bounces = 4}},
    {"three days after it has expired start it again",
     {BOUNCE(D(1), N), BOUNCE(D(8), N), BOUNCE(D(15), N), BOUNCE(D(300), N), BOUNCE(D(310), N),
      BOUNCE(D(320), N)},
     {.soft_since = D(320),
      .soft_until = D(500),
      .soft_at = D(320),
      .bounced_at = D(320),
      .soft_bounces = 6}},
    {"an S2 is no soft day",
     {BOUNCE(D(1), N), BOUNCE(D(8), S2), BOUNCE(D(15), N)},
     {.soft_at = D(15), .bounced_at = D(15), .soft_bounces = 2, .hard_bounces = 1}},
    {"full when most were",
     {FULL_BOUNCE(D(1)), BOUNCE(D(8), N), FULL_BOUNCE(D(15))},
     {.soft_since = D(15),
      .soft_until = D(195),
      .soft_at = D(15),
      .bounced_at = D(15),
      .soft_bounces = 3,
      .full = true}},
    {"not full when half were",
     {FULL_BOUNCE(D(1)), BOUNCE(D(8), N)},
     {.soft_at = D(8), .bounced_at = D(8), .soft_bounces = 2}},
    {"full forgets what is older than the window",
     {BOUNCE(D(1), N), BOUNCE(D(2), N), FULL_BOUNCE(D(200))},
     {.soft_at = D(200), .bounced_at = D(200), .soft_bounces = 3, .full = true}},

    /* What never counts */
    {"T, X and D never count",
     {BOUNCE(D(1), T), BOUNCE(D(20), X), BOUNCE(D(40), D)},
     {.complained_at = 0}},
    {"an echo never counts",
     {{.at = D(1), .kind = WN_KIND_echo, .action = WN_ACTION_S}},
     {.complained_at = 0}},

    /* Once a day, once a message */
    {"one a day",
     {BOUNCE(D(1), S), BOUNCE(D(1) + 60, S)},
     {.hard_since = D(1), .bounced_at = D(1), .hard_bounces = 1}},
    {"the strongest of a day",
     {BOUNCE(D(1), N), BOUNCE(D(1) + 60, S), BOUNCE(D(1) + 180, S2)},
     {.hard_since = D(1) + 60, .bounced_at = D(1) + 60, .hard_bounces = 1}},
    {"a day before 1970",
     {BOUNCE(-WN_DAY - 5, N), BOUNCE(-WN_DAY + 5, N)},
     {.soft_at = -WN_DAY + 5, .bounced_at = -WN_DAY + 5, .soft_bounces = 2}},
    {"one a message",
     {MESSAGE(D(1), bounce, N, "m1"), MESSAGE(D(8), bounce, N, "m1"),
      MESSAGE(D(15), bounce, N, "m1")},
     {.soft_at = D(1), .bounced_at = D(1), .soft_bounces = 1}},
    {"the strongest of a message",
     {MESSAGE(D(1), deferred, N, "m1"), MESSAGE(D(5), bounce, S, "m1")},
     {.hard_since = D(5), .bounced_at = D(5), .hard_bounces = 1}},
    {"three messages",
     {MESSAGE(D(1), bounce, N, "m1"), MESSAGE(D(8), bounce, N, "m2"),
      MESSAGE(D(15), bounce, N, "m3")},
     {.soft_since = D(15),
      .soft_until = D(195),
      .soft_at = D(15),
      .bounced_at = D(15),
      .soft_bounces = 3}},
    {"a deferral of a message that arrived",
     {MESSAGE(D(1), deferred, N, "m1"), MESSAGE(D(1) + 600, delivered, T, "m1")},
     {.delivered_at = D(1) + 600}},
    {"a deferral of another message",
     {MESSAGE(D(1), deferred, N, "m1"), MESSAGE(D(1) + 600, delivered, T, "m11")},
     {.delivered_at = D(1) + 600, .soft_at = D(1), .bounced_at = D(1), .soft_bounces = 1}},
    {"a deferral is at most N",
     {DEFERRED(D(1), S), DEFERRED(D(5), S2)},
     {.soft_at = D(5), .bounced_at = D(5), .soft_bounces = 2}},

    /* Deliveries */
    {"a delivery 24 h later clears S",
     {BOUNCE(D(1), S), KIND(D(2), delivered)},
     {.delivered_at = D(2)}},
    {"a delivery a second earlier does not",
     {BOUNCE(D(1), S), KIND(D(2) - 1, delivered)},
     {.hard_since = D(1), .bounced_at = D(1), .hard_bounces = 1, .delivered_at = D(2) - 1}},
    {"a delivery clears S2",
     {BOUNCE(D(1), S2), KIND(D(3), delivered), BOUNCE(D(9), S2)},
     {.delivered_at = D(3), .soft_at = D(9), .bounced_at = D(9), .hard_bounces = 1}},
    {"a delivery clears N",
     {BOUNCE(D(1), N), BOUNCE(D(8), N), KIND(D(10), delivered), BOUNCE(D(15), N)},
     {.delivered_at = D(10), .soft_at = D(15), .bounced_at = D(15), .soft_bounces = 1}},
    {"what never counts puts off no clearing",
     {BOUNCE(D(1), S), BOUNCE(D(2), X), KIND(D(2) + 60, delivered)},
     {.delivered_at = D(2) + 60}},
    {"a delivery before the bounce clears nothing",
     {KIND(D(1), delivered), BOUNCE(D(5), S)},
     {.delivered_at = D(1), .hard_since = D(5), .bounced_at = D(5), .hard_bounces = 1}},
    {"a deferral is no delivery",
     {BOUNCE(D(1), S), DEFERRED(D(9), T)},
     {.hard_since = D(1), .bounced_at = D(1), .hard_bounces = 1}},

    /* A person's will */
    {"a complaint", {KIND(D(1), complaint)}, {.complained_at = D(1)}},
    {"the first complaint is since when",
     {KIND(D(1), complaint), KIND(D(5), complaint)},
     {.complained_at = D(1)}},
    {"a delivery lifts no complaint",
     {KIND(D(1), complaint), KIND(D(9), delivered)},
     {.complained_at = D(1), .delivered_at = D(9)}},
    {"a resubscription lifts a complaint and an unsubscription",
     {KIND(D(1), complaint), KIND(D(2), unsubscribe), KIND(D(3), resubscribe)},
     {.complained_at = 0}},
    {"a resubscription of the same second does not",
     {KIND(D(1), resubscribe), KIND(D(1), unsubscribe)},
     {.unsubscribed_at = D(1)}},
    {"nor in the other order",
     {KIND(D(1), unsubscribe), KIND(D(1), resubscribe)},
     {.unsubscribed_at = D(1)}},
    {"nor after an older word",
     {KIND(D(-5), unsubscribe), KIND(D(1), unsubscribe), KIND(D(1), resubscribe)},
     {.unsubscribed_at = D(-5)}},
    {"a new complaint after it",
     {KIND(D(1), complaint), KIND(D(3), resubscribe), KIND(D(7), complaint)},
     {.complained_at = D(7)}},
    {"a resubscription lifts no manual entry",
     {KIND(D(1), manual_add), KIND(D(3), resubscribe)},
     {.suppressed_at = D(1)}},
    {"a resubscription clears no bounce",
     {BOUNCE(D(1), S), KIND(D(3), resubscribe)},
     {.hard_since = D(1), .bounced_at = D(1), .hard_bounces = 1}},
    {"manual_remove lifts manual_add",
     {KIND(D(1), manual_add), KIND(D(3), manual_remove)},
     {.complained_at = 0}},
    {"manual_remove clears the bounces",
     {BOUNCE(D(1), S), BOUNCE(D(2), N), KIND(D(3), manual_remove)},
     {.complained_at = 0}},
    {"a bounce after it counts, even of the same day",
     {BOUNCE(D(1), S), KIND(D(1) + 60, manual_remove), BOUNCE(D(1) + 90, S)},
     {.hard_since = D(1) + 90, .bounced_at = D(1) + 90, .hard_bounces = 1}},
    {"manual_remove lifts no complaint",
     {KIND(D(1), complaint), KIND(D(3), manual_remove)},
     {.complained_at = D(1)}},
};

static size_t count_events(const struct wn_event *events)
{
    size_t n = 0;
    while (n < MOST && events[n].at != 0) {
        n++;
    }
    return n;
}

static void assert_history(const char *name, const struct wn_history *got,
                           const struct wn_history *want)
{
#define SAME(member)                                                                               \
    ck_assert_msg((int64_t)got->member == (int64_t)want->member,                                   \
                  "%s: " #member " is %lld, not %lld", name, (long long)got->member,               \
                  (long long)want->member)
    SAME(complained_at);
    SAME(unsubscribed_at);
    SAME(suppressed_at);
    SAME(hard_since);
    SAME(soft_since);
    SAME(soft_until);
    SAME(soft_at);
    ck_assert_int_eq(got->soft_lately_until, got->soft_at != 0 ? got->soft_at + 90 * WN_DAY : 0);
    SAME(full);
    SAME(bounced_at);
    SAME(delivered_at);
    SAME(hard_bounces);
    SAME(soft_bounces);
#undef SAME
}

START_TEST(derives)
{
    const struct derive_case *c = &derive_cases[_i];
    struct wn_history history;
    size_t n = count_events(c->events);
    wn_history_derive(c->events, n, &defaults, &history);
    assert_history(c->name, &history, &c->want);
    if (n > 0) {
        ck_assert_int_eq(history.last_at, c->events[n - 1].at);
        ck_assert_int_eq(history.last_kind, c->events[n - 1].kind);
    }
}
END_TEST

START_TEST(takes_the_reply_of_the_last_bounce_that_counts)
{
    const struct wn_event events[] = {
        {.at = D(1),
         .kind = WN_KIND_bounce,
         .action = WN_ACTION_S,
         .category = ADDR,
         .code = 550,
         .enhanced = {5, 1},
         .enhanced_detail = 1,
         .diagnostic = {"gone", 4}},
        {.at = D(2),
         .kind = WN_KIND_bounce,
         .action = WN_ACTION_X,
         .code = 554,
         .category = WN_CATEGORY_content,
         .enhanced = {5, 7},
         .enhanced_detail = 1,
         .diagnostic = {"spam", 4}},
    };
    struct wn_history h;
    wn_history_derive(events, 2, &defaults, &h);
    ck_assert_uint_eq(h.code, 550);
    ck_assert_uint_eq(h.enhanced[0], 5);
    ck_assert_uint_eq(h.enhanced[1], 1);
    ck_assert_uint_eq(h.enhanced_detail, 1);
    ck_assert(wn_span_equal(h.diagnostic, WN_SPAN("gone")));
    ck_assert_str_eq(wn_history_last_word(&h), "content");
}
END_TEST

START_TEST(names_the_last_event)
{
    const struct wn_event events[] = {KIND(D(1), complaint)};
    struct wn_history h;
    wn_history_derive(events, 1, &defaults, &h);
    ck_assert_str_eq(wn_history_last_word(&h), "complaint");
}
END_TEST

/* What became of the first mail in each repute. */
#define DEAD_DOMAIN(t)                                                                             \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_bounce, .action = WN_ACTION_D,                                  \
        .category = WN_CATEGORY_bad_domain                                                         \
    }

static const struct outcome_case {
    const char *name;
    struct wn_event events[MOST];
    enum wn_outcome want[WN_REPUTE_OPEN];
    enum wn_repute repute; /* afterwards */
} outcome_cases[] = {
    {.name = "no event"},
    {"a delivery to a mailbox never seen",
     {KIND(D(1), delivered)},
     {WN_OUTCOME_delivered},
     WN_REPUTE_delivered},
    {"a hard bounce of one", {BOUNCE(D(1), S)}, {WN_OUTCOME_hard}, WN_REPUTE_hard},
    {"S2 is hard too, and the mailbox not dead yet",
     {BOUNCE(D(1), S2)},
     {WN_OUTCOME_hard},
     WN_REPUTE_soft},
    {"a soft bounce", {BOUNCE(D(1), N)}, {WN_OUTCOME_soft}, WN_REPUTE_soft},
    {"a deferral that nothing followed", {DEFERRED(D(1), N)}, {WN_OUTCOME_soft}, WN_REPUTE_soft},
    {"a deferral that a delivery followed is none",
     {MESSAGE(D(1), deferred, N, "m"), MESSAGE(D(2), delivered, T, "m")},
     {WN_OUTCOME_delivered},
     WN_REPUTE_delivered},
    {"a dead domain says nothing of the mailbox",
     {DEAD_DOMAIN(D(1)), BOUNCE(D(9), S)},
     {WN_OUTCOME_dead},
     WN_REPUTE_hard},
    {"the sender's own trouble is no outcome",
     {BOUNCE(D(1), X), BOUNCE(D(2), T), KIND(D(3), delivered)},
     {WN_OUTCOME_delivered},
     WN_REPUTE_delivered},
    {"nor is a will, or an echo",
     {KIND(D(1), echo), KIND(D(2), unsubscribe), KIND(D(3), manual_add)},
     {WN_OUTCOME_none},
     WN_REPUTE_unseen},
    {"the first mail after a delivery",
     {KIND(D(1), delivered), KIND(D(2), delivered), BOUNCE(D(9), S)},
     {WN_OUTCOME_delivered, WN_OUTCOME_delivered},
     WN_REPUTE_hard},
    {"one that bounces",
     {KIND(D(1), delivered), BOUNCE(D(9), S)},
     {WN_OUTCOME_delivered, WN_OUTCOME_hard},
     WN_REPUTE_hard},
    {"the worst of a day is its mail",
     {KIND(D(1), delivered), BOUNCE(D(1) + 60, S), KIND(D(1) + 120, delivered)},
     {WN_OUTCOME_hard},
     WN_REPUTE_hard},
    {"one after a soft bounce",
     {BOUNCE(D(1), N), BOUNCE(D(8), S)},
     {WN_OUTCOME_soft, WN_OUTCOME_none, WN_OUTCOME_hard},
     WN_REPUTE_hard},
    {"every repute once",
     {BOUNCE(D(1), N), KIND(D(3), delivered), BOUNCE(D(5), N), BOUNCE(D(7), S)},
     {WN_OUTCOME_soft, WN_OUTCOME_soft, WN_OUTCOME_delivered},
     WN_REPUTE_hard},
    {"what follows a hard bounce is not counted",
     {BOUNCE(D(1), S), BOUNCE(D(9), S)},
     {WN_OUTCOME_hard},
     WN_REPUTE_hard},
    {"but for what follows the operator's word",
     {KIND(D(1), delivered), BOUNCE(D(3), S), KIND(D(5), manual_remove), KIND(D(7), delivered)},
     {WN_OUTCOME_delivered, WN_OUTCOME_hard},
     WN_REPUTE_delivered},
};

START_TEST(derives_outcomes)
{
    const struct outcome_case *c = &outcome_cases[_i];
    struct wn_history h;
    wn_history_derive(c->events, count_events(c->events), &defaults, &h);
    for (int i = 0; i < WN_REPUTE_OPEN; i++) {
        ck_assert_msg(wn_history_outcome(&h, (enum wn_repute)i) == c->want[i], "%s: %s: %d",
                      c->name, wn_repute_word((enum wn_repute)i),
                      (int)wn_history_outcome(&h, (enum wn_repute)i));
    }
    ck_assert_msg(wn_history_repute(&h) == c->repute, "%s: %s", c->name,
                  wn_repute_word(wn_history_repute(&h)));
}
END_TEST

/* The tables. */

static struct wn_store *store;

static void open_store(void)
{
    struct wn_error err = {0};
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
}

static void close_store(void)
{
    wn_store_free(store);
    store = NULL;
    tempdir_remove();
}

static bool add(const char *recipient, const struct wn_event *event)
{
    struct wn_error err = {0};
    struct wn_event copy = *event;
    bool added;
    copy.recipient = wn_span_of(recipient);
    ck_assert_msg(wn_events_add(store, &copy, &added, &err) == WN_OK, "%s", err.text);
    return added;
}

static void begin(void)
{
    struct wn_error err = {0};
    ck_assert_msg(wn_store_begin(store, &err) == WN_OK, "%s", err.text);
}

static void finish(bool all)
{
    struct wn_error err = {0};
    ck_assert_msg(wn_suppression_update(store, all, &err) == WN_OK, "%s", err.text);
    ck_assert_msg(wn_store_commit(store, &err) == WN_OK, "%s", err.text);
}

static int take_history(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    (void)recipient;
    *(struct wn_history *)arg = *history;
    return 7;
}

static int copy_domain(void *arg, struct wn_span domain, const struct wn_domain_history *history)
{
    (void)domain;
    *(struct wn_domain_history *)arg = *history;
    return WN_OK;
}

START_TEST(stores_what_it_derives)
{
    const struct derive_case *c = &derive_cases[_i];
    struct wn_history want, got = {0};
    size_t n = count_events(c->events);
    wn_history_derive(c->events, n, &defaults, &want);
    begin();
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && c->events[i].at == c->events[i - 1].at) {
            wn_store_rollback(
                store); /* the store breaks a tie by digests: not what this is about */
            return;
        }
        add("bob@example.com", &c->events[i]);
    }
    finish(false);
    int status = wn_history_get(store, WN_SPAN("bob@example.com"), take_history, &got, NULL);
    ck_assert_int_eq(status, n > 0 ? 7 : WN_OK);
    assert_history(c->name, &got, &want);
    ck_assert_int_eq(got.last_at, want.last_at);
}
END_TEST

static int count_history(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    ck_assert_uint_gt(recipient.n, 0);
    ck_assert_int_ne(history->last_at, 0);
    return ++*(int *)arg == 3 ? 42 : WN_OK;
}

START_TEST(scans_and_counts)
{
    int seen = 0;
    uint64_t count;
    char name[32];
    begin();
    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof name, "u%d@example.com", i);
        add(name, &(struct wn_event)BOUNCE(D(1), S));
    }
    finish(false);
    ck_assert_int_eq(wn_history_count(store, &count, NULL), WN_OK);
    ck_assert_uint_eq(count, 5);
    ck_assert_int_eq(wn_history_scan(store, count_history, &seen, NULL), 42);
    ck_assert_int_eq(seen, 3);
}
END_TEST

#define EXPIRED(t)                                                                                 \
    {                                                                                              \
        .at = (t), .kind = WN_KIND_bounce, .action = WN_ACTION_T,                                  \
        .category = WN_CATEGORY_infrastructure, .enhanced = {4, 4}, .enhanced_detail = 7           \
    }

static const struct domain_case {
    const char *name;
    struct {
        const char *recipient;
        struct wn_event event;
    } events[6];
    struct wn_domain_history want;
} domain_cases[] = {
    {"three days of several mailboxes",
     {{"a@d.example", EXPIRED(D(1))},
      {"b@d.example", EXPIRED(D(8))},
      {"c@d.example", EXPIRED(D(15))}},
     {.unreachable_since = D(15), .unreachable_until = D(195)}},
    {"in any order",
     {{"a@d.example", EXPIRED(D(15))},
      {"b@d.example", EXPIRED(D(1))},
      {"a@d.example", EXPIRED(D(8))}},
     {.unreachable_since = D(15), .unreachable_until = D(195)}},
    {"three mailboxes on one day",
     {{"a@d.example", EXPIRED(D(1))},
      {"b@d.example", EXPIRED(D(1))},
      {"c@d.example", EXPIRED(D(20))}},
     {0}},
    {"a delivery later",
     {{"a@d.example", EXPIRED(D(1))},
      {"b@d.example", EXPIRED(D(8))},
      {"c@d.example", EXPIRED(D(15))},
      {"x@d.example", KIND(D(16), delivered)}},
     {.delivered_at = D(16)}},
    {"a delivery in between",
     {{"a@d.example", EXPIRED(D(1))},
      {"b@d.example", EXPIRED(D(8))},
      {"c@d.example", EXPIRED(D(15))},
      {"x@d.example", KIND(D(9), delivered)}},
     {.delivered_at = D(9)}},
    {"a refusal by its server later",
     {{"a@d.example", EXPIRED(D(1))},
      {"b@d.example", EXPIRED(D(8))},
      {"c@d.example", EXPIRED(D(15))},
      {"x@d.example", BOUNCE(D(16), S)}},
     {0}},
    {"another domain's delivery",
     {{"a@d.example", EXPIRED(D(1))},
      {"b@d.example", EXPIRED(D(8))},
      {"c@d.example", EXPIRED(D(15))},
      {"x@e.example", KIND(D(16), delivered)}},
     {.unreachable_since = D(15), .unreachable_until = D(195)}},
};

START_TEST(derives_domains)
{
    const struct domain_case *c = &domain_cases[_i];
    for (int batched = 0; batched < 2; batched++) {
        struct wn_domain_history got = {0};
        begin();
        for (size_t i = 0; i < 6 && c->events[i].recipient != NULL; i++) {
            add(c->events[i].recipient, &c->events[i].event);
            if (!batched) {
                finish(false);
                begin();
            }
        }
        finish(false);
        ck_assert_int_eq(
            wn_domain_history_get(store, WN_SPAN("d.example"), copy_domain, &got, NULL), WN_OK);
        ck_assert_msg(got.unreachable_since == c->want.unreachable_since, "%s", c->name);
        ck_assert_msg(got.unreachable_until == c->want.unreachable_until, "%s", c->name);
        ck_assert_msg(got.delivered_at == c->want.delivered_at, "%s", c->name);
        close_store();
        open_store();
    }
}
END_TEST

static int count_domain(void *arg, struct wn_span domain, const struct wn_domain_history *history)
{
    (void)history;
    ck_assert_uint_gt(domain.n, 0);
    ++*(int *)arg;
    return WN_OK;
}

static int dump_outcomes(void *arg, const struct wn_domain_outcomes *o)
{
    wn_buf_addf(arg, "%.*s %s %u %u %u %u %.*s\n", (int)o->domain.n, o->domain.p,
                wn_repute_word(o->repute), o->mails, o->delivered, o->dead, o->hard, (int)o->mx.n,
                o->mx.n > 0 ? o->mx.p : "");
    return WN_OK;
}

static void assert_outcomes(const char *want)
{
    struct wn_buf out = {0};
    ck_assert_int_eq(wn_outcomes_scan(store, dump_outcomes, &out, NULL), WN_OK);
    ck_assert_str_eq(wn_buf_text(&out), want);
    wn_buf_release(&out);
}

/* Each mailbox once, also when it is derived again, and also where it then says something else. */
START_TEST(counts_outcomes)
{
    const struct wn_domain_fact fact = {
        WN_SPAN("a.example"), WN_SPAN("ok"), WN_SPAN("mx.b.example"), {NULL, 0}, 0, D(1), D(2)};
    assert_outcomes("");
    begin();
    add("a@a.example", &(struct wn_event)KIND(D(1), delivered));
    add("b@a.example", &(struct wn_event)BOUNCE(D(1), S));
    add("c@a.example", &(struct wn_event)BOUNCE(D(1), N));
    add("d@b.example", &(struct wn_event)DEAD_DOMAIN(D(1)));
    finish(false);
    assert_outcomes("a.example unseen 3 1 0 1 \n"
                    "b.example unseen 1 0 1 0 \n");
    begin();
    add("a@a.example", &(struct wn_event)KIND(D(2), delivered));
    add("c@a.example", &(struct wn_event)BOUNCE(D(2), S));
    add("d@b.example", &(struct wn_event)KIND(D(0), delivered)); /* before what was the first */
    ck_assert_int_eq(wn_facts_put(store, &fact, NULL), WN_OK);
    finish(false);
    assert_outcomes("a.example delivered 1 1 0 0 mx.b.example\n"
                    "a.example soft 1 0 0 1 mx.b.example\n"
                    "a.example unseen 3 1 0 1 mx.b.example\n"
                    "b.example delivered 1 0 1 0 \n"
                    "b.example unseen 1 1 0 0 \n");
}
END_TEST

static const char *const broken_outcomes[] = {
    "INSERT INTO domain_outcome VALUES ('a', 'hard', 1, 0, 0, 0)",
    "INSERT INTO domain_outcome VALUES ('a', 'unseen', 1, 1, 1, 0)",
    "INSERT INTO domain_outcome VALUES ('a', 'unseen', 1, -1, 0, 0)",
    "INSERT INTO domain_outcome VALUES ('a', 'unseen', 5000000000, 0, 0, 0)",
};

START_TEST(refuses_outcomes_that_cannot_be)
{
    struct wn_error err = {0};
    struct wn_buf out = {0};
    ck_assert_int_eq(sqlite3_exec(store->db, broken_outcomes[_i], NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(wn_outcomes_scan(store, dump_outcomes, &out, &err), WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
    wn_buf_release(&out);
}
END_TEST

/* The derived tables as one text. */
static void dump(struct wn_buf *out)
{
    static const char *const queries[] = {
        ("SELECT m.address || s.address || hex(s.state) || ifnull(s.diagnostic, '-') FROM "
         "suppression s"
         " JOIN mailbox m ON m.id = s.mailbox ORDER BY m.address"),
        ("SELECT domain || delivered_at || answered_at || unreachable_since || unreachable_until"
         " FROM domain_history ORDER BY domain"),
        "SELECT domain || day || at FROM domain_expiry ORDER BY domain, day",
        ("SELECT domain || repute || mails || ' ' || delivered || ' ' || dead || ' ' || hard"
         " FROM domain_outcome WHERE mails > 0 ORDER BY domain, repute")};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        sqlite3_stmt *s;
        ck_assert_int_eq(sqlite3_prepare_v2(store->db, queries[i], -1, &s, NULL), SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            wn_buf_addf(out, "%s\n", (const char *)sqlite3_column_text(s, 0));
        }
        sqlite3_finalize(s);
    }
}

/* Deterministic events about few mailboxes. */
static void random_event(unsigned *seed, struct wn_event *event, char *recipient, size_t size)
{
    static const struct wn_event shapes[] = {
        BOUNCE(0, S),          BOUNCE(0, S2),      BOUNCE(0, N),         FULL_BOUNCE(0),
        BOUNCE(0, X),          DEAD_DOMAIN(0),     EXPIRED(0),           DEFERRED(0, N),
        KIND(0, delivered),    KIND(0, complaint), KIND(0, resubscribe), KIND(0, manual_add),
        KIND(0, manual_remove)};
    (void)snprintf(recipient, size, "u%d@d%d.example", rand_r(seed) % 20, rand_r(seed) % 3);
    *event = shapes[(size_t)rand_r(seed) % (sizeof shapes / sizeof *shapes)];
    event->at = D(rand_r(seed) % 120) + rand_r(seed) % 86400;
    if (rand_r(seed) % 3 == 0) {
        event->message_id = rand_r(seed) % 2 == 0 ? WN_SPAN("m1") : WN_SPAN("m2");
    }
    event->diagnostic = rand_r(seed) % 2 == 0 ? WN_SPAN("550 gone") : WN_SPAN("try again");
}

START_TEST(is_the_same_however_it_came)
{
    struct wn_buf whole = {0}, other = {0};
    for (int way = 0; way < 4; way++) {
        unsigned seed = 17;
        struct wn_event events[400];
        char recipients[400][32];
        for (size_t i = 0; i < 400; i++) {
            random_event(&seed, &events[i], recipients[i], sizeof recipients[i]);
        }
        begin();
        for (size_t i = 0; i < 400; i++) {
            /* Way 1 comes backwards, way 2 in transactions of seven and each event twice. */
            size_t k = way == 1 ? 399 - i : i;
            add(recipients[k], &events[k]);
            if (way == 2 && i % 7 == 0) {
                ck_assert(!add(recipients[k], &events[k]));
                finish(false);
                begin();
            }
        }
        finish(way == 3);
        wn_buf_clear(&other);
        dump(way == 0 ? &whole : &other);
        if (way > 0) {
            ck_assert_str_eq(wn_buf_text(&whole), wn_buf_text(&other));
        }
        /* And derived once more from the events alone. */
        begin();
        finish(true);
        wn_buf_clear(&other);
        dump(&other);
        ck_assert_str_eq(wn_buf_text(&whole), wn_buf_text(&other));
        int domains = 0;
        ck_assert_int_eq(wn_domain_history_scan(store, count_domain, &domains, NULL), WN_OK);
        ck_assert_int_eq(domains, 3);
        close_store();
        open_store();
    }
    ck_assert_uint_gt(whole.len, 1000);
    wn_buf_release(&whole);
    wn_buf_release(&other);
}
END_TEST

START_TEST(forgets_what_is_rolled_back)
{
    struct wn_history got = {0};
    begin();
    add("bob@example.com", &(struct wn_event)BOUNCE(D(1), S));
    wn_store_rollback(store);
    begin();
    ck_assert(add("bob@example.com", &(struct wn_event)BOUNCE(D(2), N)));
    finish(false);
    ck_assert_int_eq(wn_history_get(store, WN_SPAN("bob@example.com"), take_history, &got, NULL),
                     7);
    ck_assert_int_eq(got.hard_since, 0);
    ck_assert_int_eq(got.soft_at, D(2));
}
END_TEST

static const struct {
    const char *name, *sql;
} damages[] = {
    {"too short", "UPDATE suppression SET state = x'01'"},
    {"an unknown field", "UPDATE suppression SET state = x'00000080'"},
    {"a number that does not end",
     "UPDATE suppression SET state = x'01000000ffffffffffffffffffffff01'"},
    {"cut off", "UPDATE suppression SET state = x'01000000'"},
    {"bytes behind the end", "UPDATE suppression SET state = x'010000000101'"},
    {"an unknown kind", "UPDATE suppression SET state = x'0010000070'"},
    {"null", "UPDATE suppression SET state = zeroblob(0)"},
};

START_TEST(names_a_damaged_state)
{
    struct wn_error err = {0};
    struct wn_history got;
    begin();
    add("bob@example.com", &(struct wn_event)BOUNCE(D(1), S));
    finish(false);
    ck_assert_int_eq(sqlite3_exec(store->db, damages[_i].sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_msg(wn_history_get(store, WN_SPAN("bob@example.com"), take_history, &got, &err) ==
                      WN_E_IO,
                  "%s", damages[_i].name);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
}
END_TEST

int main(void)
{
    wn_bounce_policy_init(&defaults);
    Suite *suite = suite_create("suppression");
    TCase *pure = tcase_create("derive");
    tcase_add_loop_test(pure, derives, 0, sizeof derive_cases / sizeof *derive_cases);
    tcase_add_test(pure, takes_the_reply_of_the_last_bounce_that_counts);
    tcase_add_test(pure, names_the_last_event);
    tcase_add_loop_test(pure, derives_outcomes, 0, sizeof outcome_cases / sizeof *outcome_cases);
    suite_add_tcase(suite, pure);
    TCase *tables = tcase_create("tables");
    tcase_add_checked_fixture(tables, open_store, close_store);
    tcase_set_timeout(tables, 300);
    tcase_add_loop_test(tables, stores_what_it_derives, 0,
                        sizeof derive_cases / sizeof *derive_cases);
    tcase_add_test(tables, scans_and_counts);
    tcase_add_loop_test(tables, derives_domains, 0, sizeof domain_cases / sizeof *domain_cases);
    tcase_add_test(tables, counts_outcomes);
    tcase_add_loop_test(tables, refuses_outcomes_that_cannot_be, 0,
                        sizeof broken_outcomes / sizeof *broken_outcomes);
    tcase_add_test(tables, is_the_same_however_it_came);
    tcase_add_test(tables, forgets_what_is_rolled_back);
    tcase_add_loop_test(tables, names_a_damaged_state, 0, sizeof damages / sizeof *damages);
    suite_add_tcase(suite, tables);
    return run_suite(suite);
}
