/* SPDX-License-Identifier: MIT */
/* The breaker: what is a burst and what is not, that this depends on the events alone and not on
 * how they came, what a person's decision does, and the policy's numbers and their file. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/breaker.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* 2026-01-01T10:00:00Z */
#define TEN (INT64_C(1767225600) + 10 * 3600)

static struct wn_store *store;
static struct wn_error err;
static struct wn_breaker_news news;

static void open_store(void)
{
    err = (struct wn_error){0};
    news = (struct wn_breaker_news){0};
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
}

static void close_store(void)
{
    wn_store_free(store);
    store = NULL;
    wn_buf_release(&news.ids);
    tempdir_remove();
}

#define MUST(call) ck_assert_msg((call) == WN_OK, "%s", err.text)

/* An event of user `user` at `domain`; the reply may name the address (%1$s) and a number (%2$d).
 */
static void add(const char *domain, int user, int64_t at, enum wn_event_kind kind,
                enum wn_bounce_action action, const char *reply, const char *provider)
{
    char address[64], text[256], message[32];
    bool added;
    (void)snprintf(address, sizeof address, "u%d@%s", user, domain);
    (void)snprintf(text, sizeof text, reply, address, user * 7919);
    (void)snprintf(message, sizeof message, "m%d-%lld", user, (long long)at);
    const struct wn_event event = {
        .recipient = wn_span_of(address),
        .diagnostic = wn_span_of(text),
        .message_id = wn_span_of(message),
        .provider = wn_span_of(provider),
        .source = WN_SPAN("test"),
        .at = at,
        .kind = kind,
        .action = action,
        .category = action == WN_ACTION_S ? WN_CATEGORY_bad_address : WN_CATEGORY_not_a_bounce,
        .code = kind == WN_KIND_bounce ? 550 : 0,
    };
    MUST(wn_events_add(store, &event, &added, &err));
    ck_assert(added);
}

static void commit(void)
{
    MUST(wn_suppression_update(store, false, &err));
    MUST(wn_store_commit(store, &err));
}

/* What an import does at its end. */
static void judge(void)
{
    int64_t day;
    MUST(wn_breaker_next(store, &day, &err));
    while (day >= 0) {
        MUST(wn_store_begin(store, &err));
        MUST(wn_breaker_judge(store, day, &news, &err));
        commit();
        MUST(wn_breaker_next(store, &day, &err));
    }
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *s;
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, sql, -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
    return value;
}

static int64_t held(void)
{
    return number("SELECT count(*) FROM quarantine WHERE mark = 'held'");
}

/* Mailboxes that have history. */
static int64_t derived(void)
{
    return number("SELECT count(*) FROM suppression");
}

#define UNKNOWN "550 5.1.1 <%1$s>: user unknown, id %2$dab"

/* `refused` users, `step` seconds apart, and `others` more to whom mail was sent in the same time.
 */
static const struct burst_case {
    const char *name;
    const char *reply;  /* NULL: UNKNOWN */
    const char *domain; /* NULL: x.com; with %d: another for each user */
    const char *provider;
    int64_t begin; /* 0: TEN */
    int refused, step, others;
    enum wn_event_kind other_kind;
    enum wn_bounce_action action; /* T: S */
    int again;                    /* how often each is refused */
    int elsewhere;                /* delivered in the same time at another domain */
    int tail;                     /* refused in the same time, each at a domain of its own */
    int64_t want;
} burst_cases[] = {
    {"25 addresses", .refused = 25, .step = 60, .want = 25},
    {"24 addresses", .refused = 24, .step = 60, .want = 0},
    {"24 addresses, refused twice each", .refused = 24, .step = 60, .again = 2, .want = 0},
    {"25 addresses, refused twice each", .refused = 25, .step = 60, .again = 2, .want = 50},
    {"50 % of the mail", .refused = 25, .step = 60, .others = 25, .other_kind = WN_KIND_delivered,
     .want = 25},
    {"49 % of the mail", .refused = 25, .step = 60, .others = 26, .other_kind = WN_KIND_delivered,
     .want = 0},
    {"deferrals are mail", .refused = 25, .step = 60, .others = 26, .other_kind = WN_KIND_deferred,
     .want = 0},
    {"complaints are none", .refused = 25, .step = 60, .others = 26,
     .other_kind = WN_KIND_complaint, .want = 25},
    {"a healthy provider's dead addresses", .refused = 300, .step = 10, .others = 900,
     .other_kind = WN_KIND_delivered, .want = 0},
    {"an hour", .refused = 25, .step = 150, .want = 25},
    {"more than an hour", .refused = 25, .step = 151, .want = 0},
    {"hours on end", .refused = 200, .step = 100, .want = 200},
    {"over midnight", .begin = TEN + 13 * 3600 + 1800, .refused = 25, .step = 150, .want = 25},
    {"over midnight, and a second more", .begin = TEN + 13 * 3600 + 1800, .refused = 25,
     .step = 151, .want = 0},
    {"dates without a time", .begin = TEN - 10 * 3600, .refused = 100, .want = 0},
    {"the same second, with a time", .refused = 25, .want = 25},
    {"S2 as well", .refused = 25, .step = 60, .action = WN_ACTION_S2, .want = 25},
    {"N never", .refused = 40, .step = 60, .action = WN_ACTION_N, .want = 0},
    {"X never counts anyway", .refused = 40, .step = 60, .action = WN_ACTION_X, .want = 0},
    {"codes alone", .reply = "", .refused = 25, .step = 60, .want = 25},
    {"another local part in each", .reply = "550 no mailbox u%2$d here at all", .refused = 25,
     .step = 60, .want = 25},
    {"deliveries of the hour before", .begin = TEN + 3600, .refused = 30, .others = 40,
     .other_kind = WN_KIND_delivered, .want = 0},
    {"deliveries of long before", .begin = TEN + 7500, .refused = 30, .step = 1, .others = 400,
     .other_kind = WN_KIND_delivered, .want = 30},
    {"many domains", .domain = "d%d.com", .refused = 40, .step = 60, .want = 0},
    {"many domains of one provider", .domain = "d%d.com", .provider = "microsoft", .refused = 40,
     .step = 60, .want = 40},
    {"a provider that delivers elsewhere", .domain = "d%d.com", .provider = "microsoft",
     .refused = 40, .step = 60, .others = 41, .other_kind = WN_KIND_delivered, .want = 0},
    {"notifications alone: a provider's part of the dead", .provider = "google", .refused = 30,
     .step = 60, .tail = 31, .want = 0},
    {"notifications alone: more than its part", .provider = "google", .refused = 30, .step = 60,
     .tail = 30, .want = 30},
    {"notifications alone: a bad hour", .provider = "google", .refused = 500, .step = 7, .tail = 60,
     .want = 500},
    {"notifications alone: one domain's bad hour", .refused = 30, .step = 60, .tail = 200,
     .want = 30},
    {"a delivery somewhere else, so that it is known that nothing arrived here",
     .provider = "google", .refused = 30, .step = 60, .tail = 31, .elsewhere = 1, .want = 30},
};

static void play(const struct burst_case *c)
{
    char domain[32];
    enum wn_bounce_action action = c->action != WN_ACTION_T ? c->action : WN_ACTION_S;
    const char *provider = c->provider != NULL ? c->provider : "";
    for (int k = 0; k < c->refused * (c->again > 0 ? c->again : 1); k++) {
        int i = k % c->refused;
        (void)snprintf(domain, sizeof domain, c->domain != NULL ? c->domain : "x.com", i);
        add(domain, i, (c->begin != 0 ? c->begin : TEN) + i * c->step + k / c->refused * 61,
            WN_KIND_bounce, action, c->reply != NULL ? c->reply : UNKNOWN, provider);
    }
    for (int i = 0; i < c->others; i++) {
        (void)snprintf(domain, sizeof domain, c->domain != NULL ? c->domain : "x.com", i);
        add(domain, 5000 + i, TEN + 1 + i, c->other_kind, WN_ACTION_T, "", provider);
    }
    for (int i = 0; i < c->tail; i++) {
        (void)snprintf(domain, sizeof domain, "tail%d.com", i);
        add(domain, i, TEN + 5 + i * 10, WN_KIND_bounce, WN_ACTION_S, UNKNOWN, "");
    }
    for (int i = 0; i < c->elsewhere; i++) {
        add("elsewhere.com", i, TEN + 5 + i, WN_KIND_delivered, WN_ACTION_T, "", "");
    }
}

START_TEST(finds_bursts)
{
    const struct burst_case *c = &burst_cases[_i];
    MUST(wn_store_begin(store, &err));
    play(c);
    commit();
    judge();
    ck_assert_msg(held() == c->want, "%s: %lld held", c->name, (long long)held());
    ck_assert_uint_eq(news.held, (uint64_t)c->want);
    ck_assert_uint_eq(news.let_go, 0);
    if (c->want > 0 && c->others + c->tail == 0) {
        ck_assert_int_eq(derived(), 0);
    }
    /* Looking again changes nothing. */
    MUST(wn_store_begin(store, &err));
    MUST(wn_breaker_all(store, &err));
    commit();
    judge();
    ck_assert_int_eq(held(), c->want);
    ck_assert_uint_eq(news.held, (uint64_t)c->want);
}
END_TEST

/* What somebody else says at the same time is another matter. */
START_TEST(mixed_words_are_no_burst)
{
    static const char *const words[] = {"550 user unknown", "550 mailbox disabled",
                                        "550 account closed for ever"};
    MUST(wn_store_begin(store, &err));
    for (int i = 0; i < 60; i++) {
        add("x.com", i, TEN + i * 30, WN_KIND_bounce, WN_ACTION_S, words[i % 3], "");
    }
    commit();
    judge();
    ck_assert_int_eq(held(), 0);
    ck_assert_int_eq(derived(), 60);
}
END_TEST

static void dump(struct wn_buf *out)
{
    static const char *const queries[] = {
        "SELECT address || hex(state) FROM suppression ORDER BY address",
        ("SELECT hex(e.digest) || burst || scope || name || mark FROM quarantine q"
         " JOIN event e ON e.id = q.event ORDER BY e.digest"),
        "SELECT day FROM breaker_day",
        ("SELECT domain || repute || mails || ' ' || delivered || ' ' || dead || ' ' || hard"
         " FROM domain_outcome WHERE mails > 0 ORDER BY domain, repute"),
    };
    wn_buf_clear(out);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        sqlite3_stmt *s;
        ck_assert_int_eq(sqlite3_prepare_v2(store->db, queries[i], -1, &s, NULL), SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            wn_buf_addf(out, "%s\n", (const char *)sqlite3_column_text(s, 0));
        }
        ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
    }
}

/* Event i of 300: two bursts, one over midnight, and ordinary mail. */
static void add_mixed(int i)
{
    if (i < 60) {
        add("x.com", i, TEN + 13 * 3600 + 1800 + i * 60, WN_KIND_bounce, WN_ACTION_S, UNKNOWN, "");
    } else if (i < 120) {
        add(i % 2 == 0 ? "y.com" : "z.com", i, TEN + i * 20, WN_KIND_bounce, WN_ACTION_S2,
            "550 try elsewhere %2$d", "google");
    } else if (i < 200) {
        add("x.com", i, TEN + 14 * 3600 + i, WN_KIND_delivered, WN_ACTION_T, "", "");
    } else {
        add("w.com", i, TEN + i * 11, i % 2 == 0 ? WN_KIND_bounce : WN_KIND_delivered,
            i % 2 == 0 ? WN_ACTION_S : WN_ACTION_T, UNKNOWN, "google");
    }
}

/* Whole, backwards, in parts that are judged one by one, and in parts of which only the last is. */
START_TEST(depends_on_no_order)
{
    struct wn_buf want = {0}, got = {0};
    MUST(wn_store_begin(store, &err));
    for (int i = 0; i < 300; i++) {
        add_mixed(i);
    }
    commit();
    judge();
    dump(&want);
    ck_assert_int_gt(held(), 0);
    for (int way = 0; way < 3; way++) {
        wn_store_free(store);
        char name[16];
        (void)snprintf(name, sizeof name, "%d.db", way);
        MUST(wn_store_open(tempdir_path(name), WN_STORE_WRITE, &store, &err));
        for (int part = 0; part < 12; part++) {
            MUST(wn_store_begin(store, &err));
            for (int k = 0; k < 25; k++) {
                int i = way == 0 ? 299 - (part * 25 + k) : k * 12 + part;
                add_mixed(i);
            }
            commit();
            if (way == 1) {
                judge();
            } else if (way == 2) { /* as if the process had been killed here */
                wn_store_free(store);
                MUST(wn_store_open(tempdir_path(name), WN_STORE_WRITE, &store, &err));
            }
        }
        judge();
        dump(&got);
        ck_assert_msg(strcmp(wn_buf_text(&want), wn_buf_text(&got)) == 0, "way %d", way);
    }
    wn_buf_release(&want);
    wn_buf_release(&got);
}
END_TEST

static int keep_outcomes(void *arg, const struct wn_domain_outcomes *o)
{
    wn_buf_addf(arg, "%s %u %u %u;", wn_repute_word(o->repute), o->mails, o->delivered, o->hard);
    return WN_OK;
}

static void assert_outcomes(const char *want)
{
    struct wn_buf got = {0};
    MUST(wn_outcomes_scan(store, keep_outcomes, &got, &err));
    ck_assert_str_eq(wn_buf_text(&got), want);
    wn_buf_release(&got);
}

static int keep_burst(void *arg, const struct wn_burst *burst)
{
    wn_buf_addf(arg, "%.*s %.*s %.*s %llu %lld;", (int)burst->scope.n, burst->scope.p,
                (int)burst->name.n, burst->name.p, (int)burst->mark.n, burst->mark.p,
                (unsigned long long)burst->addresses, (long long)(burst->until - burst->since));
    return WN_OK;
}

static int keep_id(void *arg, const struct wn_burst *burst)
{
    ck_assert_uint_eq(burst->id.n, 10);
    wn_buf_add_span(arg, burst->id);
    return WN_OK;
}

/* What is set aside is no outcome of a mail, neither of a mailbox of which nothing else is known
 * (24 of them) nor of one that mail was delivered to; once released it is. 0: released,
 * 1: discarded. */
START_TEST(a_burst_is_no_outcome)
{
    static const char without[] = "unseen 1 1 0;";
    static const char with[] = "delivered 1 0 1;unseen 25 1 24;";
    bool release = _i == 0;
    struct wn_buf id = {0};
    uint64_t events;
    MUST(wn_store_begin(store, &err));
    add("x.com", 0, TEN - 5 * WN_DAY, WN_KIND_delivered, WN_ACTION_T, "", "");
    commit();
    judge();
    assert_outcomes(without);
    MUST(wn_store_begin(store, &err));
    play(&burst_cases[0]);
    commit();
    assert_outcomes(with); /* until the import ends */
    judge();
    assert_outcomes(without);
    MUST(wn_store_begin(store, &err));
    MUST(wn_suppression_update(store, true, &err));
    MUST(wn_store_commit(store, &err));
    assert_outcomes(without);
    MUST(wn_bursts(store, false, keep_id, &id, &err));
    MUST(wn_store_begin(store, &err));
    MUST(wn_burst_decide(store, wn_buf_span(&id), release, &events, &err));
    commit();
    assert_outcomes(release ? with : without);
    wn_buf_release(&id);
}
END_TEST

/* 0: released, 1: discarded. */
START_TEST(keeps_to_a_decision)
{
    bool release = _i == 0;
    struct wn_buf id = {0}, list = {0};
    uint64_t events;
    MUST(wn_store_begin(store, &err));
    play(&burst_cases[0]);
    commit();
    judge();
    MUST(wn_bursts(store, false, keep_id, &id, &err));
    MUST(wn_store_begin(store, &err));
    MUST(wn_burst_decide(store, WN_SPAN("0000000000"), release, &events, &err));
    ck_assert_uint_eq(events, 0);
    MUST(wn_burst_decide(store, wn_buf_span(&id), release, &events, &err));
    ck_assert_uint_eq(events, 25);
    commit();
    ck_assert_int_eq(derived(), release ? 25 : 0);
    MUST(wn_bursts(store, false, keep_burst, &list, &err));
    ck_assert_uint_eq(list.len, 0);
    MUST(wn_bursts(store, true, keep_burst, &list, &err));
    ck_assert_str_eq(wn_buf_text(&list), release ? "domain x.com released 25 1440;"
                                                 : "domain x.com discarded 25 1440;");
    /* A latecomer of the burst: alone it counts, beside what was discarded it is of it. */
    MUST(wn_store_begin(store, &err));
    add("x.com", 77, TEN + 1800, WN_KIND_bounce, WN_ACTION_S, UNKNOWN, "");
    MUST(wn_breaker_all(store, &err));
    commit();
    judge();
    ck_assert_int_eq(held(), release ? 0 : 1);
    ck_assert_int_eq(derived(), release ? 26 : 0);
    /* A rebuild keeps to it. */
    MUST(wn_store_begin(store, &err));
    MUST(wn_suppression_update(store, true, &err));
    MUST(wn_store_commit(store, &err));
    ck_assert_int_eq(derived(), release ? 26 : 0);
    wn_buf_release(&id);
    wn_buf_release(&list);
}
END_TEST

/* Deliveries that are heard of later show that it was no bad hour. */
START_TEST(lets_go_when_more_is_known)
{
    MUST(wn_store_begin(store, &err));
    play(&burst_cases[0]);
    commit();
    judge();
    ck_assert_int_eq(held(), 25);
    MUST(wn_store_begin(store, &err));
    for (int i = 0; i < 26; i++) {
        add("x.com", 5000 + i, TEN + i, WN_KIND_delivered, WN_ACTION_T, "", "");
    }
    commit();
    judge();
    ck_assert_int_eq(held(), 0);
    ck_assert_uint_eq(news.let_go, 25);
    ck_assert_int_eq(derived(), 51);
}
END_TEST

START_TEST(goes_by_the_policy)
{
    static const struct {
        int64_t addresses, share, minutes, want;
    } cases[] = {{25, 50, 60, 25}, {26, 50, 60, 0}, {0, 50, 60, 0},   {10, 100, 9, 25},
                 {11, 100, 9, 0},  {2, 1, 1, 25},   {25, 50, 24, 25}, {25, 50, 23, 0}};
    struct wn_bounce_policy policy;
    MUST(wn_store_begin(store, &err));
    play(&burst_cases[0]);
    commit();
    judge();
    wn_bounce_policy_init(&policy);
    policy.breaker_addresses = cases[_i].addresses;
    policy.breaker_share_percent = cases[_i].share;
    policy.breaker_window_minutes = cases[_i].minutes;
    MUST(wn_store_begin(store, &err));
    MUST(wn_bounce_policy_put(store, &policy, &err));
    MUST(wn_breaker_all(store, &err));
    commit();
    judge();
    ck_assert_int_eq(held(), cases[_i].want);
    /* The next to open the store has it, too. */
    struct wn_bounce_policy again;
    wn_store_free(store);
    MUST(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err));
    MUST(wn_bounce_policy_get(store, &again, &err));
    ck_assert_int_eq(memcmp(&again, &policy, sizeof again), 0);
}
END_TEST

START_TEST(forgets_a_policy_that_is_rolled_back)
{
    struct wn_bounce_policy policy, again;
    wn_bounce_policy_init(&policy);
    policy.soft_days = 7;
    MUST(wn_store_begin(store, &err));
    MUST(wn_bounce_policy_put(store, &policy, &err));
    wn_store_rollback(store);
    MUST(wn_bounce_policy_get(store, &again, &err));
    ck_assert_int_eq(again.soft_days, 3);
}
END_TEST

static const struct {
    const char *name, *text, *says; /* NULL: it is taken, with soft_days 2 */
} files[] = {
    {"a number", "soft_days = 2\n", NULL},
    {"comments and blanks", "# ours\n\n  soft_days=2\n; more\n", NULL},
    {"no last line end", "soft_expiry_days = 100\nsoft_days = 2", NULL},
    {"an unknown name", "soft_days = 2\nsoft_day = 2\n",
     ":2: a bounce policy has no 'soft_day'; did "
     "you mean 'soft_days'?"},
    {"a name that is like none", "colour = 2\n", ":1: a bounce policy has no 'colour'"},
    {"twice", "soft_days = 2\nsoft_days = 2\n", ":2: 'soft_days' stands here twice"},
    {"too small", "soft_days = 0\n", ":1: soft_days wants a number from 1 to 366, not '0'"},
    {"too large", "soft_days = 367\n", "from 1 to 366"},
    {"negative", "soft_days = -1\n", "not '-1'"},
    {"no number", "soft_days = few\n", "not 'few'"},
    {"empty", "soft_days =\n", "not ''"},
    {"a section", "[policy]\nsoft_days = 2\n", "no sections"},
    {"no pair", "soft_days\n", ":1: this is no 'name = number' line"},
    {"no second could count", "second_after_hours = 49\nsecond_within_days = 2\n",
     "no second bounce"},
    {"no soft bounces could count", "soft_span_days = 91\n", "no soft bounces"},
};

START_TEST(reads_a_file)
{
    struct wn_bounce_policy policy;
    int status = wn_bounce_policy_read(tempdir_text("p.ini", files[_i].text), &policy, &err);
    if (files[_i].says == NULL) {
        ck_assert_msg(status == WN_OK, "%s: %s", files[_i].name, err.text);
        ck_assert_int_eq(policy.soft_days, 2);
        ck_assert_int_eq(policy.second_after_hours, 72);
    } else {
        ck_assert_msg(status == WN_E_CONFIG, "%s", files[_i].name);
        ck_assert_msg(strstr(err.text, files[_i].says) != NULL, "%s: %s", files[_i].name, err.text);
    }
}
END_TEST

START_TEST(names_a_file_that_is_not_there)
{
    struct wn_bounce_policy policy;
    ck_assert_int_eq(wn_bounce_policy_read(tempdir_path("none.ini"), &policy, &err), WN_E_NOINPUT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("breaker");
    TCase *t = tcase_create("breaker");
    tcase_add_checked_fixture(t, open_store, close_store);
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, finds_bursts, 0, sizeof burst_cases / sizeof *burst_cases);
    tcase_add_test(t, mixed_words_are_no_burst);
    tcase_add_test(t, depends_on_no_order);
    tcase_add_loop_test(t, a_burst_is_no_outcome, 0, 2);
    tcase_add_loop_test(t, keeps_to_a_decision, 0, 2);
    tcase_add_test(t, lets_go_when_more_is_known);
    tcase_add_loop_test(t, goes_by_the_policy, 0, 8);
    tcase_add_test(t, forgets_a_policy_that_is_rolled_back);
    tcase_add_loop_test(t, reads_a_file, 0, sizeof files / sizeof *files);
    tcase_add_test(t, names_a_file_that_is_not_there);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
