/* SPDX-License-Identifier: MIT */
#include "store/hashed.h"

#include "store/private.h"

enum {
    SOURCE_MAX = 512
};

static void bind_digest(sqlite3_stmt *statement, const unsigned char digest[WN_SHA256])
{
    (void)sqlite3_bind_blob(statement, 1, digest, WN_SHA256, SQLITE_STATIC);
}

int wn_hashed_add(struct wn_store *store, const struct wn_hashed *hashed, bool *changed,
                  struct wn_error *err)
{
    sqlite3_stmt *add = NULL;
    struct wn_span source = hashed->source;
    *changed = false;
    int status = wn_store_statement(store, WN_STATEMENT_hashed_add, &add, err);
    if (status != WN_OK) {
        return status;
    }
    source.n = source.n < SOURCE_MAX ? source.n : SOURCE_MAX;
    bind_digest(add, hashed->digest);
    (void)sqlite3_bind_int64(add, 2, hashed->since);
    wn_bind_span(add, 3, source);
    status = wn_statement_run(store, add, err);
    *changed = status == WN_OK && sqlite3_changes(store->db) > 0;
    return status;
}

int wn_hashed_remove(struct wn_store *store, const unsigned char digest[WN_SHA256], int64_t at,
                     bool *removed, struct wn_error *err)
{
    sqlite3_stmt *statement = NULL;
    *removed = false;
    int status = wn_store_statement(store, WN_STATEMENT_hashed_remove, &statement, err);
    if (status != WN_OK) {
        return status;
    }
    bind_digest(statement, digest);
    (void)sqlite3_bind_int64(statement, 2, at);
    status = wn_statement_run(store, statement, err);
    *removed = status == WN_OK && sqlite3_changes(store->db) > 0;
    return status;
}

struct hashed_walk {
    struct wn_store *store;
    wn_hashed_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int visit_row(void *arg, sqlite3_stmt *row)
{
    struct hashed_walk *walk = arg;
    struct wn_span digest = wn_column_span(row, 0);
    struct wn_hashed hashed = {.since = sqlite3_column_int64(row, 1),
                               .source = wn_column_span(row, 2)};
    if (digest.n != WN_SHA256) {
        return wn_store_fail_row(walk->store, "a hash has another length", walk->err);
    }
    memcpy(hashed.digest, digest.p, WN_SHA256);
    return walk->visit(walk->arg, &hashed);
}

int wn_hashed_get(struct wn_store *store, const unsigned char digest[WN_SHA256],
                  wn_hashed_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_hashed_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    bind_digest(get, digest);
    return wn_statement_rows(store, get, visit_row, &(struct hashed_walk){store, visit, arg, err},
                             err);
}

int wn_hashed_scan(struct wn_store *store, wn_hashed_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_hashed_scan, &scan, err);
    return status == WN_OK ? wn_statement_rows(store, scan, visit_row,
                                               &(struct hashed_walk){store, visit, arg, err}, err)
                           : status;
}

int wn_hashed_count(struct wn_store *store, uint64_t *count, struct wn_error *err)
{
    return wn_statement_number(store, WN_STATEMENT_hashed_count, count, err);
}

void wn_hashed_apply(const struct wn_hashed *hashed, struct wn_history *history)
{
    if (history->suppressed_at == 0) {
        history->suppressed_at = hashed->since;
    }
    if (history->last_at == 0) {
        history->last_kind = WN_KIND_manual_add;
        history->last_at = hashed->since;
    }
}
