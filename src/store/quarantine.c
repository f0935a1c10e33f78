/* SPDX-License-Identifier: MIT */
/* What persons see of the quarantine, and what they decide of it. */
#include "store/breaker.h"
#include "store/private.h"

struct burst_walk {
    wn_burst_visit *visit;
    void *arg;
};

static int visit_burst(void *arg, sqlite3_stmt *row)
{
    struct burst_walk *walk = arg;
    const struct wn_burst burst = {
        .id = wn_column_span(row, 0),
        .scope = wn_column_span(row, 1),
        .name = wn_column_span(row, 2),
        .since = sqlite3_column_int64(row, 3),
        .until = sqlite3_column_int64(row, 4),
        .events = (uint64_t)sqlite3_column_int64(row, 5),
        .addresses = (uint64_t)sqlite3_column_int64(row, 6),
        .mark = wn_column_span(row, 7),
        .code = (uint16_t)sqlite3_column_int(row, 8),
        .enhanced = wn_column_span(row, 9),
        .diagnostic = wn_column_span(row, 10),
    };
    return walk->visit(walk->arg, &burst);
}

int wn_bursts(struct wn_store *store, bool all, wn_burst_visit *visit, void *arg,
              struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_burst_scan, &scan, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int(scan, 1, all);
    return wn_statement_rows(store, scan, visit_burst, &(struct burst_walk){visit, arg}, err);
}

static int touch_mailbox(void *arg, sqlite3_stmt *row)
{
    struct wn_store *store = arg;
    wn_mailboxes_touch(&store->mailboxes, sqlite3_column_int64(row, 0), wn_column_span(row, 1));
    return WN_OK;
}

int wn_burst_decide(struct wn_store *store, struct wn_span id, bool release, uint64_t *events,
                    struct wn_error *err)
{
    sqlite3_stmt *mailboxes = NULL, *mark = NULL;
    *events = 0;
    int status = wn_store_statement(store, WN_STATEMENT_burst_mailboxes, &mailboxes, err);
    if (status == WN_OK) {
        wn_bind_text(mailboxes, 1, id);
        status = wn_statement_rows(store, mailboxes, touch_mailbox, store, err);
    }
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_burst_mark, &mark, err);
    }
    if (status == WN_OK) {
        wn_bind_text(mark, 1, id);
        wn_bind_text(mark, 2, wn_span_of(release ? "released" : "discarded"));
        status = wn_statement_run(store, mark, err);
        *events = status == WN_OK ? (uint64_t)sqlite3_changes(store->db) : 0;
    }
    return status;
}
