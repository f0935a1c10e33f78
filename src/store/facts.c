/* SPDX-License-Identifier: MIT */
/* One row a domain; a newer answer replaces an older one. Whether an answer deserves to be kept is
 * the resolver's business. */
#include "store/facts.h"

#include "store/private.h"

struct fact_walk {
    wn_fact_visit *visit;
    void *arg;
};

static int visit_row(void *arg, sqlite3_stmt *row)
{
    struct fact_walk *walk = arg;
    struct wn_domain_fact fact = {
        .domain = wn_column_span(row, 0),
        .route = wn_column_span(row, 1),
        .mx = wn_column_span(row, 2),
        .detail = wn_column_span(row, 3),
        .flags = (uint32_t)sqlite3_column_int64(row, 4),
        .at = sqlite3_column_int64(row, 5),
        .expires = sqlite3_column_int64(row, 6),
    };
    return walk->visit(walk->arg, &fact);
}

int wn_facts_get(struct wn_store *store, struct wn_span domain, int64_t now, wn_fact_visit *visit,
                 void *arg, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_fact_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(get, 1, domain);
    (void)sqlite3_bind_int64(get, 2, now);
    return wn_statement_rows(store, get, visit_row, &(struct fact_walk){visit, arg}, err);
}

int wn_facts_scan(struct wn_store *store, int64_t now, wn_fact_visit *visit, void *arg,
                  struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_fact_scan, &scan, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(scan, 1, now);
    return wn_statement_rows(store, scan, visit_row, &(struct fact_walk){visit, arg}, err);
}

int wn_facts_count(struct wn_store *store, uint64_t *count, struct wn_error *err)
{
    return wn_statement_number(store, WN_STATEMENT_fact_count, count, err);
}

int wn_facts_put(struct wn_store *store, const struct wn_domain_fact *fact, struct wn_error *err)
{
    sqlite3_stmt *put = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_fact_put, &put, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(put, 1, fact->domain);
    wn_bind_text(put, 2, fact->route);
    wn_bind_span(put, 3, fact->mx);
    wn_bind_span(put, 4, fact->detail);
    (void)sqlite3_bind_int64(put, 5, fact->flags);
    (void)sqlite3_bind_int64(put, 6, fact->at);
    (void)sqlite3_bind_int64(put, 7, fact->expires);
    return wn_statement_run(store, put, err);
}

int wn_runs_add(struct wn_store *store, int64_t began, int64_t ended, const char *command,
                struct wn_span summary, struct wn_error *err)
{
    sqlite3_stmt *add = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_run_add, &add, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(add, 1, began);
    (void)sqlite3_bind_int64(add, 2, ended);
    wn_bind_text(add, 3, wn_span_of(command));
    wn_bind_text(add, 4, summary);
    return wn_statement_run(store, add, err);
}
