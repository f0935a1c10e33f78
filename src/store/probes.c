/* SPDX-License-Identifier: MIT */
/* One row a mailbox, domain or group; a newer answer replaces an older one. The exception is the
 * denial that has expired: whoever asks again and is put off knows no more than before, and were
 * the denial overwritten, the mailbox would come out of it as one that nobody ever doubted. So the
 * row stays, and only remembers when to ask. */
#include "store/probes.h"

#include "store/private.h"

enum {
    ADDRESS_MAX = 512,
    NAME_MAX_BYTES = 253,
    RULE_MAX = 64
};

/* The words that say what a mailbox is like; the others say something of the network or of us. */
static const char *const telling[] = {"accepted", "not_found", "disabled", "full", "restricted"};

static bool is_telling(struct wn_span answer)
{
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        if (wn_span_equal(answer, wn_span_of(telling[i]))) {
            return true;
        }
    }
    return false;
}

/* ---- mailboxes ---- */

struct probe_walk {
    struct wn_store *store;
    wn_probe_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int visit_probe(void *arg, sqlite3_stmt *row)
{
    const struct probe_walk *walk = arg;
    struct wn_probe_fact fact = {
        .address = wn_column_span(row, 0),
        .answer = wn_column_span(row, 1),
        .code = (uint16_t)sqlite3_column_int(row, 2),
        .diagnostic = wn_column_span(row, 4),
        .host = wn_column_span(row, 5),
        .rule = wn_column_span(row, 6),
        .at = sqlite3_column_int64(row, 7),
        .expires = sqlite3_column_int64(row, 8),
        .due = sqlite3_column_int64(row, 9),
    };
    if (!wn_enhanced_read(wn_column_span(row, 3), fact.enhanced, &fact.enhanced_detail)) {
        return wn_store_fail_row(walk->store, "an answer holds a code that is none", walk->err);
    }
    return walk->visit(walk->arg, &fact);
}

int wn_probes_get(struct wn_store *store, struct wn_span address, int64_t now,
                  wn_probe_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_probe_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(get, 1, address);
    (void)sqlite3_bind_int64(get, 2, now);
    return wn_statement_rows(store, get, visit_probe, &(struct probe_walk){store, visit, arg, err},
                             err);
}

int wn_probes_scan(struct wn_store *store, int64_t now, wn_probe_visit *visit, void *arg,
                   struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_probe_scan, &scan, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(scan, 1, now);
    return wn_statement_rows(store, scan, visit_probe, &(struct probe_walk){store, visit, arg, err},
                             err);
}

int wn_probes_count(struct wn_store *store, uint64_t *count, struct wn_error *err)
{
    return wn_statement_number(store, WN_STATEMENT_probe_count, count, err);
}

/* Notes on an expired denial when to ask again; *done: there was one. */
static int put_off(struct wn_store *store, const struct wn_probe_fact *fact, bool *done,
                   struct wn_error *err)
{
    sqlite3_stmt *later = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_probe_put_off, &later, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(later, 1, fact->address);
    (void)sqlite3_bind_int64(later, 2, fact->at);
    (void)sqlite3_bind_int64(later, 3, fact->due);
    status = wn_statement_run(store, later, err);
    *done = status == WN_OK && sqlite3_changes(store->db) > 0;
    return status;
}

int wn_probes_put(struct wn_store *store, const struct wn_probe_fact *given, struct wn_error *err)
{
    struct wn_probe_fact fact = *given;
    char diagnostic[WN_DIAGNOSTIC_MAX], host[NAME_MAX_BYTES], enhanced[WN_ENHANCED_TEXT];
    bool done = false;
    sqlite3_stmt *put = NULL;
    fact.address.n = fact.address.n < ADDRESS_MAX ? fact.address.n : ADDRESS_MAX;
    int status = is_telling(fact.answer) ? WN_OK : put_off(store, &fact, &done, err);
    if (status == WN_OK && !done) {
        status = wn_store_statement(store, WN_STATEMENT_probe_put, &put, err);
    }
    if (status != WN_OK || done) {
        return status;
    }
    wn_bind_text(put, 1, fact.address);
    wn_bind_text(put, 2, fact.answer);
    if (fact.code != 0) {
        (void)sqlite3_bind_int(put, 3, fact.code);
    } else {
        (void)sqlite3_bind_null(put, 3);
    }
    wn_bind_span(put, 4, wn_enhanced_format(fact.enhanced, fact.enhanced_detail, enhanced));
    wn_bind_span(put, 5, wn_store_tidy(fact.diagnostic, sizeof diagnostic, diagnostic));
    wn_bind_span(put, 6, wn_store_tidy(fact.host, sizeof host, host));
    wn_bind_span(put, 7,
                 (struct wn_span){fact.rule.p, fact.rule.n < RULE_MAX ? fact.rule.n : RULE_MAX});
    (void)sqlite3_bind_int64(put, 8, fact.at);
    (void)sqlite3_bind_int64(put, 9, fact.expires);
    (void)sqlite3_bind_int64(put, 10, fact.due);
    return wn_statement_run(store, put, err);
}

int wn_probes_hold(struct wn_store *store, struct wn_span address, int64_t expires,
                   struct wn_error *err)
{
    sqlite3_stmt *hold = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_probe_hold, &hold, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(hold, 1, address);
    (void)sqlite3_bind_int64(hold, 2, expires);
    return wn_statement_run(store, hold, err);
}

int wn_probes_withdraw(struct wn_store *store, struct wn_span address, struct wn_error *err)
{
    sqlite3_stmt *withdraw = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_probe_withdraw, &withdraw, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(withdraw, 1, address);
    return wn_statement_run(store, withdraw, err);
}

/* ---- domains ---- */

struct catch_all_walk {
    wn_catch_all_visit *visit;
    void *arg;
};

static int visit_catch_all(void *arg, sqlite3_stmt *row)
{
    const struct catch_all_walk *walk = arg;
    const struct wn_catch_all_fact fact = {
        .domain = wn_column_span(row, 0),
        .outcome = wn_column_span(row, 1),
        .at = sqlite3_column_int64(row, 2),
        .expires = sqlite3_column_int64(row, 3),
    };
    return walk->visit(walk->arg, &fact);
}

int wn_catch_alls_get(struct wn_store *store, struct wn_span domain, int64_t now,
                      wn_catch_all_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_catch_all_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(get, 1, domain);
    (void)sqlite3_bind_int64(get, 2, now);
    return wn_statement_rows(store, get, visit_catch_all, &(struct catch_all_walk){visit, arg},
                             err);
}

int wn_catch_alls_scan(struct wn_store *store, int64_t now, wn_catch_all_visit *visit, void *arg,
                       struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_catch_all_scan, &scan, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(scan, 1, now);
    return wn_statement_rows(store, scan, visit_catch_all, &(struct catch_all_walk){visit, arg},
                             err);
}

int wn_catch_alls_put(struct wn_store *store, const struct wn_catch_all_fact *fact,
                      struct wn_error *err)
{
    sqlite3_stmt *put = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_catch_all_put, &put, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(put, 1, fact->domain);
    wn_bind_text(put, 2, fact->outcome);
    (void)sqlite3_bind_int64(put, 3, fact->at);
    (void)sqlite3_bind_int64(put, 4, fact->expires);
    return wn_statement_run(store, put, err);
}

/* ---- groups ---- */

struct group_walk {
    wn_group_visit *visit;
    void *arg;
};

static int visit_group(void *arg, sqlite3_stmt *row)
{
    const struct group_walk *walk = arg;
    const struct wn_group_fact fact = {
        .group = wn_column_span(row, 0),
        .day = sqlite3_column_int64(row, 1),
        .used = (uint64_t)sqlite3_column_int64(row, 2),
        .stopped_at = sqlite3_column_int64(row, 3),
        .stopped_until = sqlite3_column_int64(row, 4),
        .reason = wn_column_span(row, 5),
        .lately = (uint64_t)sqlite3_column_int64(row, 6),
        .lately_at = sqlite3_column_int64(row, 7),
    };
    return walk->visit(walk->arg, &fact);
}

int wn_groups_get(struct wn_store *store, struct wn_span group, wn_group_visit *visit, void *arg,
                  struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_group_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(get, 1, group);
    return wn_statement_rows(store, get, visit_group, &(struct group_walk){visit, arg}, err);
}

int wn_groups_scan(struct wn_store *store, wn_group_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_group_scan, &scan, err);
    return status == WN_OK
               ? wn_statement_rows(store, scan, visit_group, &(struct group_walk){visit, arg}, err)
               : status;
}

int wn_groups_use(struct wn_store *store, struct wn_span group, int64_t day, uint64_t n,
                  struct wn_error *err)
{
    sqlite3_stmt *use = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_group_use, &use, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(use, 1, group);
    (void)sqlite3_bind_int64(use, 2, day);
    (void)sqlite3_bind_int64(use, 3, (sqlite3_int64)n);
    return wn_statement_run(store, use, err);
}

int wn_groups_pace(struct wn_store *store, struct wn_span group, uint64_t lately, int64_t at,
                   struct wn_error *err)
{
    sqlite3_stmt *pace = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_group_pace, &pace, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(pace, 1, group);
    (void)sqlite3_bind_int64(pace, 2, (sqlite3_int64)lately);
    (void)sqlite3_bind_int64(pace, 3, at);
    return wn_statement_run(store, pace, err);
}

int wn_groups_stop(struct wn_store *store, struct wn_span group, int64_t at, int64_t until,
                   struct wn_span reason, struct wn_error *err)
{
    char room[WN_DIAGNOSTIC_MAX];
    sqlite3_stmt *stop = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_group_stop, &stop, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(stop, 1, group);
    (void)sqlite3_bind_int64(stop, 2, at);
    (void)sqlite3_bind_int64(stop, 3, until);
    wn_bind_span(stop, 4, wn_store_tidy(reason, sizeof room, room));
    return wn_statement_run(store, stop, err);
}
