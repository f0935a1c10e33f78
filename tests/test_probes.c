/* SPDX-License-Identifier: MIT */
/* Probe facts: mailboxes, catch-all domains, MX groups. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/private.h"
#include "store/probes.h"
#include "support/suite.h"
#include "support/tempdir.h"

enum {
    DAY = 86400,
    NOW = 1000 * DAY
};

static struct wn_store *store;
static struct wn_error err;

static void setup(void)
{
    err = (struct wn_error){0};
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
}

static void teardown(void)
{
    wn_store_free(store);
    tempdir_remove();
}

static void put(const struct wn_probe_fact *fact)
{
    ck_assert_msg(wn_probes_put(store, fact, &err) == WN_OK, "%s", err.text);
}

static void put_answer(const char *address, const char *answer, int64_t at, int64_t expires,
                       int64_t due)
{
    put(&(struct wn_probe_fact){.address = wn_span_of(address),
                                .answer = wn_span_of(answer),
                                .at = at,
                                .expires = expires,
                                .due = due});
}

/* A fact as text: "address answer code e.e.e [diagnostic] host rule at expires due". */
static int note_fact(void *arg, const struct wn_probe_fact *f)
{
    wn_buf_addf(arg, "%.*s %.*s %u %u.%u.%u [%.*s] %.*s %.*s %lld %lld %lld;", (int)f->address.n,
                f->address.p, (int)f->answer.n, f->answer.p, f->code, f->enhanced[0],
                f->enhanced[1], f->enhanced_detail, (int)f->diagnostic.n,
                f->diagnostic.n > 0 ? f->diagnostic.p : "", (int)f->host.n,
                f->host.n > 0 ? f->host.p : "", (int)f->rule.n, f->rule.n > 0 ? f->rule.p : "",
                (long long)f->at, (long long)f->expires, (long long)f->due);
    return WN_OK;
}

static void check_fact(const char *address, int64_t now, const char *want)
{
    struct wn_buf got = {0};
    ck_assert_int_eq(wn_probes_get(store, wn_span_of(address), now, note_fact, &got, &err), WN_OK);
    ck_assert_str_eq(wn_buf_text(&got), want);
    wn_buf_release(&got);
}

START_TEST(gives_back_what_was_put)
{
    put(&(struct wn_probe_fact){.address = WN_SPAN("ann@example.com"),
                                .answer = WN_SPAN("accepted"),
                                .code = 250,
                                .enhanced = {2, 1},
                                .enhanced_detail = 5,
                                .diagnostic = WN_SPAN("250 2.1.5 ok"),
                                .host = WN_SPAN("mx1.example.com"),
                                .rule = WN_SPAN("2xx"),
                                .at = 100,
                                .expires = 200,
                                .due = 150});
    check_fact(
        "ann@example.com", 100,
        "ann@example.com accepted 250 2.1.5 [250 2.1.5 ok] mx1.example.com 2xx 100 200 150;");
    check_fact("bob@example.com", 100, "");
    put_answer("ann@example.com", "blocked", 120, 300, 0);
    check_fact("ann@example.com", 199, "ann@example.com blocked 0 0.0.0 []   120 300 0;");
    uint64_t count;
    ck_assert_int_eq(wn_probes_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 1);
}
END_TEST

/* What is given out at NOW, and what is not. */
static const struct {
    const char *name, *answer;
    int64_t at, expires, due;
    bool given;
} ages[] = {
    {"fresh", "accepted", NOW - 5, NOW + 1, 0, true},
    {"expired", "accepted", NOW - 5, NOW, 0, false},
    {"from the future", "accepted", NOW + 1, NOW + 5, 0, false},
    {"of this very second", "accepted", NOW, NOW + 5, 0, true},
    {"an old denial is to be looked at again", "not_found", 1, 2, 0, true},
    {"so is a mailbox that was once disabled", "disabled", 1, 2, 0, true},
    {"a denial from the future", "not_found", NOW + 1, NOW + 5, 0, false},
    {"no other refusal outlives its expiry", "unclear", 1, 2, 0, false},
    {"put off, not yet due", "greylisted", NOW - 5, NOW - 5, NOW + 1, true},
    {"put off, due", "greylisted", NOW - 5, NOW - 5, NOW, false},
};

START_TEST(gives_out_what_holds)
{
    struct wn_buf got = {0};
    put_answer("a@example.com", ages[_i].answer, ages[_i].at, ages[_i].expires, ages[_i].due);
    ck_assert_int_eq(wn_probes_get(store, WN_SPAN("a@example.com"), NOW, note_fact, &got, &err),
                     WN_OK);
    ck_assert_msg((got.len > 0) == ages[_i].given, "%s: get", ages[_i].name);
    wn_buf_clear(&got);
    ck_assert_int_eq(wn_probes_scan(store, NOW, note_fact, &got, &err), WN_OK);
    ck_assert_msg((got.len > 0) == ages[_i].given, "%s: scan", ages[_i].name);
    wn_buf_release(&got);
}
END_TEST

static int count_fact(void *arg, const struct wn_probe_fact *fact)
{
    (void)fact;
    return ++*(int *)arg == 2 ? 9 : WN_OK;
}

START_TEST(a_visitor_ends_the_scan)
{
    int seen = 0;
    put_answer("a@example.com", "accepted", 1, 10, 0);
    put_answer("b@example.com", "accepted", 1, 10, 0);
    put_answer("c@example.com", "accepted", 1, 10, 0);
    ck_assert_int_eq(wn_probes_scan(store, 5, count_fact, &seen, &err), 9);
    ck_assert_int_eq(seen, 2);
}
END_TEST

/* A mailbox with an answer that holds from 100 to 200; then the next answer at `at`. */
static const struct {
    const char *name, *first, *second;
    int64_t at;
    const char *want; /* answer and at */
    bool due;
} successions[] = {
    {"a denial, then yes", "not_found", "accepted", 150, "accepted", false},
    {"an expired denial, then yes", "not_found", "accepted", 250, "accepted", false},
    {"an expired denial, then the other", "not_found", "disabled", 250, "disabled", false},
    {"an expired denial, then full", "disabled", "full", 250, "full", false},
    {"an expired denial, then restricted", "disabled", "restricted", 250, "restricted", false},
    /* It used to be forgotten that the mailbox was ever denied, and the row was kept as plausible
     * once the temporary answer had expired. */
    {"an expired denial, then put off", "not_found", "greylisted", 250, "not_found", true},
    {"an expired denial, to the second", "disabled", "busy", 200, "disabled", true},
    {"an expired denial, then blocked", "not_found", "blocked", 250, "not_found", true},
    {"a denial that counts, then blocked", "not_found", "blocked", 199, "blocked", true},
    {"yes, then put off", "accepted", "greylisted", 250, "greylisted", true},
};

START_TEST(a_newer_answer_replaces)
{
    char want[128];
    bool stays = strcmp(successions[_i].want, successions[_i].second) != 0;
    put_answer("a@example.com", successions[_i].first, 100, 200, 0);
    put_answer("a@example.com", successions[_i].second, successions[_i].at, 500,
               successions[_i].due ? 400 : 0);
    (void)snprintf(want, sizeof want, "a@example.com %s 0 0.0.0 []   %d %d %d;",
                   successions[_i].want, stays ? 100 : (int)successions[_i].at, stays ? 200 : 500,
                   successions[_i].due ? 400 : 0);
    check_fact("a@example.com", 300, want);
}
END_TEST

START_TEST(a_denial_is_held)
{
    put_answer("a@example.com", "not_found", 1, 10, 0);
    put_answer("b@example.com", "accepted", 1, 10, 0);
    ck_assert_int_eq(wn_probes_hold(store, WN_SPAN("a@example.com"), 2, &err), WN_OK);
    ck_assert_int_eq(wn_probes_hold(store, WN_SPAN("b@example.com"), 2, &err), WN_OK);
    ck_assert_int_eq(wn_probes_hold(store, WN_SPAN("nobody@example.com"), 2, &err), WN_OK);
    check_fact("a@example.com", 5, "a@example.com not_found 0 0.0.0 []   1 2 0;");
    check_fact("b@example.com", 5, "b@example.com accepted 0 0.0.0 []   1 10 0;");
    check_fact("nobody@example.com", 5, "");
}
END_TEST

START_TEST(a_denial_is_withdrawn)
{
    put_answer("a@example.com", "not_found", 1, 10, 0);
    put_answer("b@example.com", "disabled", 1, 10, 0);
    put_answer("c@example.com", "accepted", 1, 10, 0);
    for (const char *const *a =
             (const char *const[]){"a@example.com", "b@example.com", "c@example.com", "d", NULL};
         *a != NULL; a++) {
        ck_assert_int_eq(wn_probes_withdraw(store, wn_span_of(*a), &err), WN_OK);
    }
    check_fact("a@example.com", 5, "");
    check_fact("b@example.com", 5, "");
    check_fact("c@example.com", 5, "c@example.com accepted 0 0.0.0 []   1 10 0;");
}
END_TEST

START_TEST(stores_what_a_terminal_can_show)
{
    char text[3000];
    memset(text, 'x', sizeof text);
    memcpy(text, "550\tno\x1b[2J\xff such\n", 17);
    put(&(struct wn_probe_fact){.address = WN_SPAN("a@b"),
                                .answer = WN_SPAN("unclear"),
                                .diagnostic = {text, sizeof text},
                                .host = WN_SPAN("mx\x1b.example"),
                                .expires = 10});
    struct wn_buf got = {0};
    ck_assert_int_eq(wn_probes_get(store, WN_SPAN("a@b"), 5, note_fact, &got, &err), WN_OK);
    ck_assert_ptr_nonnull(strstr(wn_buf_text(&got), "[550 no?[2J? such xxx"));
    ck_assert_ptr_nonnull(strstr(wn_buf_text(&got), "] mx?.example "));
    ck_assert_uint_lt(got.len, WN_DIAGNOSTIC_MAX + 100);
    wn_buf_release(&got);
}
END_TEST

START_TEST(names_a_damaged_row)
{
    put_answer("a@b", "accepted", 1, 10, 0);
    ck_assert_int_eq(sqlite3_exec(store->db, "UPDATE probe SET enhanced = 'x'", NULL, NULL, NULL),
                     SQLITE_OK);
    int seen = 0;
    ck_assert_int_eq(wn_probes_get(store, WN_SPAN("a@b"), 5, count_fact, &seen, &err), WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
    ck_assert_int_eq(seen, 0);
}
END_TEST

/* ---- domains ---- */

static int note_catch_all(void *arg, const struct wn_catch_all_fact *f)
{
    wn_buf_addf(arg, "%.*s %.*s %lld %lld;", (int)f->domain.n, f->domain.p, (int)f->outcome.n,
                f->outcome.p, (long long)f->at, (long long)f->expires);
    return WN_OK;
}

static void put_catch_all(const char *domain, const char *outcome, int64_t at, int64_t expires)
{
    const struct wn_catch_all_fact fact = {wn_span_of(domain), wn_span_of(outcome), at, expires};
    ck_assert_msg(wn_catch_alls_put(store, &fact, &err) == WN_OK, "%s", err.text);
}

static void check_catch_all(const char *domain, int64_t now, const char *want)
{
    struct wn_buf got = {0};
    ck_assert_int_eq(wn_catch_alls_get(store, wn_span_of(domain), now, note_catch_all, &got, &err),
                     WN_OK);
    ck_assert_str_eq(wn_buf_text(&got), want);
    wn_buf_release(&got);
}

START_TEST(remembers_catch_alls)
{
    struct wn_buf got = {0};
    put_catch_all("a.example", "accepted", 10, 20);
    put_catch_all("a.example", "refused", 15, 30);
    put_catch_all("b.example", "inconclusive", 10, 18);
    check_catch_all("a.example", 29, "a.example refused 15 30;");
    check_catch_all("a.example", 30, "");
    check_catch_all("a.example", 14, "");
    check_catch_all("c.example", 20, "");
    ck_assert_int_eq(wn_catch_alls_scan(store, 17, note_catch_all, &got, &err), WN_OK);
    ck_assert_str_eq(wn_buf_text(&got), "a.example refused 15 30;b.example inconclusive 10 18;");
    wn_buf_clear(&got);
    ck_assert_int_eq(wn_catch_alls_scan(store, 18, note_catch_all, &got, &err), WN_OK);
    ck_assert_str_eq(wn_buf_text(&got), "a.example refused 15 30;");
    wn_buf_release(&got);
}
END_TEST

/* ---- groups ---- */

static int note_group(void *arg, const struct wn_group_fact *f)
{
    wn_buf_addf(arg, "%.*s %lld %llu %lld %lld [%.*s];", (int)f->group.n, f->group.p,
                (long long)f->day, (unsigned long long)f->used, (long long)f->stopped_at,
                (long long)f->stopped_until, (int)f->reason.n, f->reason.n > 0 ? f->reason.p : "");
    return WN_OK;
}

static void check_groups(const char *want)
{
    struct wn_buf got = {0};
    ck_assert_int_eq(wn_groups_scan(store, note_group, &got, &err), WN_OK);
    ck_assert_str_eq(wn_buf_text(&got), want);
    wn_buf_release(&got);
}

static void use(const char *group, int64_t day, uint64_t n)
{
    ck_assert_msg(wn_groups_use(store, wn_span_of(group), day, n, &err) == WN_OK, "%s", err.text);
}

START_TEST(counts_what_was_asked_on_a_day)
{
    use("gmail", 100, 5);
    use("gmail", 100, 7);
    check_groups("gmail 100 12 0 0 [];");
    use("gmail", 101, 3);
    check_groups("gmail 101 3 0 0 [];");
    /* A clock that went back gives no second budget. */
    use("gmail", 100, 4);
    check_groups("gmail 101 7 0 0 [];");
}
END_TEST

START_TEST(remembers_that_a_group_was_stopped)
{
    struct wn_buf got = {0};
    use("b.example", 100, 5);
    ck_assert_int_eq(wn_groups_stop(store, WN_SPAN("b.example"), 1000, 2000,
                                    WN_SPAN("554 5.7.1 blocked\r\n"), &err),
                     WN_OK);
    ck_assert_int_eq(wn_groups_stop(store, WN_SPAN("a.example"), 1, 2, (struct wn_span){0}, &err),
                     WN_OK);
    check_groups("a.example 0 0 1 2 [];b.example 100 5 1000 2000 [554 5.7.1 blocked  ];");
    use("b.example", 101, 6);
    ck_assert_int_eq(wn_groups_get(store, WN_SPAN("b.example"), note_group, &got, &err), WN_OK);
    ck_assert_str_eq(wn_buf_text(&got), "b.example 101 6 1000 2000 [554 5.7.1 blocked  ];");
    wn_buf_clear(&got);
    ck_assert_int_eq(wn_groups_get(store, WN_SPAN("c.example"), note_group, &got, &err), WN_OK);
    ck_assert_uint_eq(got.len, 0);
    wn_buf_release(&got);
}
END_TEST

static int note_pace(void *arg, const struct wn_group_fact *f)
{
    wn_buf_addf(arg, "%llu at %lld", (unsigned long long)f->lately, (long long)f->lately_at);
    return WN_OK;
}

START_TEST(remembers_the_last_minute)
{
    static const char *const want[] = {"0 at 0", "3 at 1000", "4 at 1060"};
    for (int i = 0; i < 3; i++) {
        struct wn_buf got = {0};
        use("a.example", 100, 5);
        if (i > 0) {
            ck_assert_int_eq(
                wn_groups_pace(store, WN_SPAN("a.example"), 2 + (uint64_t)i, 940 + i * 60, &err),
                WN_OK);
        }
        ck_assert_int_eq(wn_groups_get(store, WN_SPAN("a.example"), note_pace, &got, &err), WN_OK);
        ck_assert_str_eq(wn_buf_text(&got), want[i]);
        wn_buf_release(&got);
    }
}
END_TEST

START_TEST(a_reader_cannot_write)
{
    wn_store_free(store);
    ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_READ, &store, &err), WN_OK);
    const struct wn_probe_fact fact = {.address = WN_SPAN("a@b"), .answer = WN_SPAN("accepted")};
    const struct wn_catch_all_fact domain = {WN_SPAN("b"), WN_SPAN("accepted"), 1, 2};
    const struct wn_group_fact group = {.group = WN_SPAN("b")};
    ck_assert_int_eq(wn_probes_put(store, &fact, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(wn_probes_hold(store, fact.address, 1, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(wn_probes_withdraw(store, fact.address, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(wn_catch_alls_put(store, &domain, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(wn_groups_pace(store, group.group, 1, 1, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(wn_groups_use(store, group.group, 1, 1, &err), WN_E_CANTCREATE);
    ck_assert_int_eq(wn_groups_stop(store, group.group, 1, 1, group.reason, &err), WN_E_CANTCREATE);
}
END_TEST

/* Version 7 noted how often a mailbox was put off, and nothing of the last minute. */
START_TEST(answers_of_an_older_store_hold)
{
    put_answer("a@b", "accepted", 1, 10, 0);
    ck_assert_int_eq(sqlite3_exec(store->db,
                                  "ALTER TABLE probe ADD COLUMN tries INTEGER NOT NULL DEFAULT 1;"
                                  "ALTER TABLE probe_group DROP COLUMN lately;"
                                  "ALTER TABLE probe_group DROP COLUMN lately_at;"
                                  "PRAGMA user_version = 7",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    wn_store_free(store);
    ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err), WN_OK);
    check_fact("a@b", 5, "a@b accepted 0 0.0.0 []   1 10 0;");
    put_answer("a@b", "full", 2, 20, 0);
    check_fact("a@b", 5, "a@b full 0 0.0.0 []   2 20 0;");
}
END_TEST

/* A store from before there were probes gets the tables and keeps what it has. */
START_TEST(an_older_store_is_brought_up_to_date)
{
    bool added;
    const struct wn_event event = {.recipient = WN_SPAN("a@b"), .at = 1};
    ck_assert_int_eq(wn_store_begin(store, &err), WN_OK);
    ck_assert_int_eq(wn_events_add(store, &event, &added, &err), WN_OK);
    ck_assert_int_eq(wn_store_commit(store, &err), WN_OK);
    ck_assert_int_eq(sqlite3_exec(store->db,
                                  "DROP TABLE probe; DROP TABLE catch_all; DROP TABLE probe_group;"
                                  "PRAGMA user_version = 6",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    wn_store_free(store);
    ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err), WN_OK);
    put_answer("a@b", "accepted", 1, 10, 0);
    check_fact("a@b", 5, "a@b accepted 0 0.0.0 []   1 10 0;");
    sqlite3_int64 id;
    ck_assert_int_eq(wn_mailbox_find(store, WN_SPAN("a@b"), &id, &err), WN_OK);
    ck_assert_int_ne(id, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probes");
    TCase *t = tcase_create("probes");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, gives_back_what_was_put);
    tcase_add_loop_test(t, gives_out_what_holds, 0, sizeof ages / sizeof *ages);
    tcase_add_test(t, a_visitor_ends_the_scan);
    tcase_add_loop_test(t, a_newer_answer_replaces, 0, sizeof successions / sizeof *successions);
    tcase_add_test(t, a_denial_is_held);
    tcase_add_test(t, a_denial_is_withdrawn);
    tcase_add_test(t, stores_what_a_terminal_can_show);
    tcase_add_test(t, names_a_damaged_row);
    tcase_add_test(t, remembers_catch_alls);
    tcase_add_test(t, counts_what_was_asked_on_a_day);
    tcase_add_test(t, remembers_that_a_group_was_stopped);
    tcase_add_test(t, remembers_the_last_minute);
    tcase_add_test(t, a_reader_cannot_write);
    tcase_add_test(t, answers_of_an_older_store_hold);
    tcase_add_test(t, an_older_store_is_brought_up_to_date);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
