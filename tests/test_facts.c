/* SPDX-License-Identifier: MIT */
/* Domain facts and run records. */
#include <check.h>
#include <stdlib.h>

#include "store/facts.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

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

static void put(const char *domain, const char *route, int64_t expires)
{
    const struct wn_domain_fact fact = {.domain = wn_span_of(domain),
                                        .route = wn_span_of(route),
                                        .mx = WN_SPAN("mx.example.com"),
                                        .flags = UINT32_MAX,
                                        .at = 10,
                                        .expires = expires};
    ck_assert_msg(wn_facts_put(store, &fact, &err) == WN_OK, "%s", err.text);
}

static int check_fact(void *arg, const struct wn_domain_fact *fact)
{
    ck_assert(wn_span_equal(fact->domain, WN_SPAN("example.com")));
    ck_assert(wn_span_equal(fact->route, wn_span_of(arg)));
    ck_assert(wn_span_equal(fact->mx, WN_SPAN("mx.example.com")));
    ck_assert_uint_eq(fact->detail.n, 0);
    ck_assert_uint_eq(fact->flags, UINT32_MAX);
    ck_assert_int_eq(fact->at, 10);
    return 5;
}

static char ok_word[] = "ok", other_word[] = "no_domain";

START_TEST(gives_back_what_was_put)
{
    put("example.com", "ok", 100);
    ck_assert_int_eq(wn_facts_get(store, WN_SPAN("example.com"), 99, check_fact, ok_word, &err), 5);
    ck_assert_int_eq(wn_facts_get(store, WN_SPAN("example.com"), 100, check_fact, ok_word, &err),
                     WN_OK);
    ck_assert_int_eq(wn_facts_get(store, WN_SPAN("example.org"), 1, check_fact, ok_word, &err),
                     WN_OK);
    ck_assert_int_eq(wn_facts_get(store, (struct wn_span){NULL, 0}, 1, check_fact, ok_word, &err),
                     WN_OK);
}
END_TEST

START_TEST(a_newer_fact_replaces)
{
    uint64_t count;
    put("example.com", "ok", 100);
    put("example.com", "no_domain", 200);
    ck_assert_int_eq(wn_facts_get(store, WN_SPAN("example.com"), 150, check_fact, other_word, &err),
                     5);
    ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 1);
}
END_TEST

static int count_fact(void *arg, const struct wn_domain_fact *fact)
{
    (void)fact;
    return ++*(int *)arg == 2 ? 9 : WN_OK;
}

START_TEST(scans_what_is_fresh)
{
    int seen = 0;
    put("a.example", "ok", 100);
    put("b.example", "ok", 50);
    ck_assert_int_eq(wn_facts_scan(store, 50, count_fact, &seen, &err), WN_OK);
    ck_assert_int_eq(seen, 1);
    seen = 0;
    ck_assert_int_eq(wn_facts_scan(store, 20, count_fact, &seen, &err), 9);
}
END_TEST

START_TEST(a_rollback_takes_facts_back)
{
    uint64_t count;
    ck_assert_int_eq(wn_store_begin(store, &err), WN_OK);
    put("a.example", "ok", 100);
    wn_store_rollback(store);
    wn_store_rollback(store); /* harmless */
    ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(records_runs)
{
    ck_assert_int_eq(wn_runs_add(store, 1, 2, "winnow clean", WN_SPAN("{\"rows\":1}"), &err),
                     WN_OK);
    ck_assert_int_eq(wn_runs_add(store, 3, 4, "winnow clean", (struct wn_span){NULL, 0}, &err),
                     WN_OK);
    sqlite3_stmt *s;
    ck_assert_int_eq(
        sqlite3_prepare_v2(store->db, "SELECT ended, summary FROM run ORDER BY id", -1, &s, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(s, 0), 2);
    ck_assert_str_eq((const char *)sqlite3_column_text(s, 1), "{\"rows\":1}");
    ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("facts");
    TCase *t = tcase_create("facts");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 300);
    tcase_add_test(t, gives_back_what_was_put);
    tcase_add_test(t, a_newer_fact_replaces);
    tcase_add_test(t, scans_what_is_fresh);
    tcase_add_test(t, a_rollback_takes_facts_back);
    tcase_add_test(t, records_runs);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
