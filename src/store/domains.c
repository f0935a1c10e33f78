/* SPDX-License-Identifier: MIT */
/* A domain's own history. What counts against it is mail that expired unanswered (x.4.7), at most
 * once a UTC day over all its mailboxes; what speaks for it is any sign that a server of it was
 * there later: a delivery, but also a refusal that was the domain's own. Without the latter a list
 * of bounces alone would make the largest providers look dead. One later answer lifts everything,
 * so only the latest has to be kept, and events may come in any order.
 *
 * News are gathered in memory over a batch, since a batch holds few domains; what they say is a
 * maximum or a set of days, so that writing them twice changes nothing.
 *
 * Beside that, counts: what became of the first mails that met its mailboxes in each repute. A
 * mailbox that is derived again takes what it had counted with it. */
#include <stdlib.h>

#include "store/private.h"

/* Refusals that only the domain's own server can have said. */
static const bool answers[WN_CATEGORY_COUNT] = {
    [WN_CATEGORY_bad_address] = true,   [WN_CATEGORY_mailbox_disabled] = true,
    [WN_CATEGORY_mailbox_full] = true,  [WN_CATEGORY_recipient_filter] = true,
    [WN_CATEGORY_sender_policy] = true, [WN_CATEGORY_content] = true,
};

static bool same_domain(const void *table, const void *key, uint32_t id)
{
    const struct wn_domains_pending *pending = table;
    return wn_span_equal(pending->news[id].domain, *(const struct wn_span *)key);
}

static struct wn_domain_news *find_news(struct wn_domains_pending *pending, struct wn_span domain)
{
    uint64_t hash = wn_hash(domain.p, domain.n);
    uint32_t id = wn_map_find(&pending->index, hash, same_domain, pending, &domain);
    if (id != WN_MAP_NONE) {
        return &pending->news[id];
    }
    if (pending->count == pending->capacity) {
        pending->capacity = pending->capacity > 0 ? pending->capacity * 2 : 64;
        pending->news = wn_realloc(pending->news, pending->capacity * sizeof *pending->news);
    }
    id = (uint32_t)pending->count++;
    wn_map_add(&pending->index, hash, id);
    pending->news[id] = (struct wn_domain_news){
        .domain = {wn_arena_copy(&pending->text, domain.p, domain.n), domain.n}};
    return &pending->news[id];
}

static void add_expiry(struct wn_domains_pending *pending, struct wn_domain_news *news, int64_t at)
{
    if (pending->expiry_count == pending->expiry_capacity) {
        pending->expiry_capacity = pending->expiry_capacity > 0 ? pending->expiry_capacity * 2 : 64;
        pending->expiries =
            wn_realloc(pending->expiries, pending->expiry_capacity * sizeof *pending->expiries);
    }
    pending->expiries[pending->expiry_count] = (struct wn_domain_expiry){at, news->expiries};
    news->expiries = (uint32_t)++pending->expiry_count;
}

void wn_domains_note(struct wn_domains_pending *pending, const struct wn_event *event)
{
    const char *at =
        event->recipient.n > 0 ? memrchr(event->recipient.p, '@', event->recipient.n) : NULL;
    bool bounce = event->kind == WN_KIND_bounce || event->kind == WN_KIND_deferred;
    bool delivered = event->kind == WN_KIND_delivered;
    bool answered = delivered || (bounce && answers[event->category]);
    bool expired = bounce && !answered && event->action == WN_ACTION_T && event->enhanced[1] == 4 &&
                   event->enhanced_detail == 7;
    if (at == NULL || (!answered && !expired)) {
        return;
    }
    struct wn_span domain = {at + 1, event->recipient.n - (size_t)(at + 1 - event->recipient.p)};
    struct wn_domain_news *news = find_news(pending, domain);
    if (answered && event->at > news->answered_at) {
        news->answered_at = event->at;
    }
    if (delivered && event->at > news->delivered_at) {
        news->delivered_at = event->at;
    }
    if (expired) {
        add_expiry(pending, news, event->at);
    }
}

const char *wn_repute_word(enum wn_repute repute)
{
    static const char *const words[WN_REPUTE_COUNT] = {
        [WN_REPUTE_unseen] = "unseen",
        [WN_REPUTE_delivered] = "delivered",
        [WN_REPUTE_soft] = "soft",
        [WN_REPUTE_hard] = "hard",
    };
    return words[repute];
}

void wn_domains_recount(struct wn_domains_pending *pending, struct wn_span address, uint16_t before,
                        uint16_t after)
{
    const char *at = address.n > 0 ? memrchr(address.p, '@', address.n) : NULL;
    if (at == NULL || before == after) {
        return;
    }
    struct wn_span domain = {at + 1, address.n - (size_t)(at + 1 - address.p)};
    struct wn_domain_news *news = find_news(pending, domain);
    struct wn_history old = {.outcomes = before}, new = {.outcomes = after};
    for (int i = 0; i < WN_REPUTE_OPEN; i++) {
        news->outcomes[i][wn_history_outcome(&old, (enum wn_repute)i)]--;
        news->outcomes[i][wn_history_outcome(&new, (enum wn_repute)i)]++;
    }
}

void wn_domains_clear(struct wn_domains_pending *pending)
{
    wn_arena_release(&pending->text);
    wn_map_release(&pending->index);
    pending->count = 0;
    pending->expiry_count = 0;
}

void wn_domains_release(struct wn_domains_pending *pending)
{
    wn_domains_clear(pending);
    free(pending->news);
    free(pending->expiries);
    *pending = (struct wn_domains_pending){0};
}

static int put_expiries(struct wn_store *store, const struct wn_domain_news *news,
                        struct wn_error *err)
{
    sqlite3_stmt *expire = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_domain_expire, &expire, err);
    for (uint32_t i = news->expiries; i != 0 && status == WN_OK;) {
        const struct wn_domain_expiry *expiry = &store->domains.expiries[i - 1];
        wn_bind_text(expire, 1, news->domain);
        (void)sqlite3_bind_int64(expire, 2, wn_day_of(expiry->at));
        (void)sqlite3_bind_int64(expire, 3, expiry->at);
        status = wn_statement_run(store, expire, err);
        i = expiry->next;
    }
    return status;
}

struct times {
    int64_t *at;
    size_t count, capacity;
};

static int add_time(void *arg, sqlite3_stmt *row)
{
    struct times *times = arg;
    if (times->count == times->capacity) {
        times->capacity = times->capacity > 0 ? times->capacity * 2 : 16;
        times->at = wn_realloc(times->at, times->capacity * sizeof *times->at);
    }
    times->at[times->count++] = sqlite3_column_int64(row, 0);
    return WN_OK;
}

/* Since when and until when the domain is unreachable, from its days in the store. */
static int weigh_domain(struct wn_store *store, struct wn_span domain, int64_t answered_at,
                        int64_t *since, int64_t *until, struct wn_error *err)
{
    struct times times = {0};
    struct wn_bounce_policy policy;
    sqlite3_stmt *days = NULL;
    int status = wn_bounce_policy_get(store, &policy, err);
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_domain_days, &days, err);
    }
    if (status == WN_OK) {
        wn_bind_text(days, 1, domain);
        (void)sqlite3_bind_int64(days, 2, answered_at);
        status = wn_statement_rows(store, days, add_time, &times, err);
    }
    if (status == WN_OK) {
        wn_soft_threshold(&policy, times.at, times.count, since, until);
    }
    free(times.at);
    return status;
}

static int compare_news(const void *a, const void *b)
{
    const struct wn_domain_news *x = a, *y = b;
    int order =
        memcmp(x->domain.p, y->domain.p, x->domain.n < y->domain.n ? x->domain.n : y->domain.n);
    return order != 0 ? order : x->domain.n < y->domain.n ? -1 : x->domain.n > y->domain.n;
}

struct domain_row {
    bool known;
    int64_t delivered_at, answered_at, unreachable_since, unreachable_until;
};

static int take_row(void *arg, sqlite3_stmt *row)
{
    *(struct domain_row *)arg = (struct domain_row){
        .known = true,
        .delivered_at = sqlite3_column_int64(row, 0),
        .answered_at = sqlite3_column_int64(row, 1),
        .unreachable_since = sqlite3_column_int64(row, 2),
        .unreachable_until = sqlite3_column_int64(row, 3),
    };
    return WN_OK;
}

static int put_row(struct wn_store *store, struct wn_span domain, const struct domain_row *row,
                   struct wn_error *err)
{
    sqlite3_stmt *put = NULL;
    int status = wn_store_statement(
        store, row->known ? WN_STATEMENT_domain_put : WN_STATEMENT_domain_add, &put, err);
    if (status == WN_OK) {
        wn_bind_text(put, 1, domain);
        (void)sqlite3_bind_int64(put, 2, row->delivered_at);
        (void)sqlite3_bind_int64(put, 3, row->answered_at);
        (void)sqlite3_bind_int64(put, 4, row->unreachable_since);
        (void)sqlite3_bind_int64(put, 5, row->unreachable_until);
        status = wn_statement_run(store, put, err);
    }
    return status;
}

/* What speaks for and against the domain. Read and then written, if it says anything new: an UPSERT
 * that returns what it met builds a table for its answer each time. */
static int note_domain(struct wn_store *store, const struct wn_domain_news *news,
                       struct wn_error *err)
{
    struct domain_row old = {0};
    sqlite3_stmt *known = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_domain_known, &known, err);
    if (status == WN_OK) {
        wn_bind_text(known, 1, news->domain);
        status = wn_statement_rows(store, known, take_row, &old, err);
    }
    struct domain_row row = old;
    row.delivered_at =
        news->delivered_at > old.delivered_at ? news->delivered_at : old.delivered_at;
    row.answered_at = news->answered_at > old.answered_at ? news->answered_at : old.answered_at;
    if (status == WN_OK && (news->expiries != 0 || old.unreachable_since != 0)) {
        status = put_expiries(store, news, err);
        if (status == WN_OK) {
            status = weigh_domain(store, news->domain, row.answered_at, &row.unreachable_since,
                                  &row.unreachable_until, err);
        }
    }
    bool same = old.known && row.delivered_at == old.delivered_at &&
                row.answered_at == old.answered_at &&
                row.unreachable_since == old.unreachable_since &&
                row.unreachable_until == old.unreachable_until;
    return status != WN_OK || same ? status : put_row(store, news->domain, &row, err);
}

static int add_outcomes(struct wn_store *store, const struct wn_domain_news *news,
                        struct wn_error *err)
{
    sqlite3_stmt *add = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_outcome_add, &add, err);
    for (int i = 0; i < WN_REPUTE_OPEN && status == WN_OK; i++) {
        const int32_t *o = news->outcomes[i];
        bool changed = false;
        for (int k = 1; k < WN_OUTCOME_COUNT; k++) {
            changed = changed || o[k] != 0;
        }
        if (!changed) {
            continue;
        }
        wn_bind_text(add, 1, news->domain);
        wn_bind_text(add, 2, wn_span_of(wn_repute_word((enum wn_repute)i)));
        (void)sqlite3_bind_int64(add, 3, -(int64_t)o[WN_OUTCOME_none]); /* the others' sum */
        (void)sqlite3_bind_int64(add, 4, o[WN_OUTCOME_delivered]);
        (void)sqlite3_bind_int64(add, 5, o[WN_OUTCOME_dead]);
        (void)sqlite3_bind_int64(add, 6, o[WN_OUTCOME_hard]);
        status = wn_statement_run(store, add, err);
    }
    return status;
}

int wn_domains_update(struct wn_store *store, struct wn_error *err)
{
    int status = WN_OK;
    if (store->domains.count > 1) { /* in the order of the table */
        qsort(store->domains.news, store->domains.count, sizeof *store->domains.news, compare_news);
    }
    for (size_t i = 0; i < store->domains.count && status == WN_OK; i++) {
        const struct wn_domain_news *news = &store->domains.news[i];
        if (news->answered_at != 0 || news->expiries != 0) {
            status = note_domain(store, news, err);
        }
        if (status == WN_OK) {
            status = add_outcomes(store, news, err);
        }
    }
    wn_domains_clear(&store->domains);
    return status;
}

struct domain_walk {
    wn_domain_history_visit *visit;
    void *arg;
};

static int visit_domain(void *arg, sqlite3_stmt *row)
{
    struct domain_walk *walk = arg;
    struct wn_domain_history history = {
        .unreachable_since = sqlite3_column_int64(row, 1),
        .unreachable_until = sqlite3_column_int64(row, 2),
        .delivered_at = sqlite3_column_int64(row, 3),
    };
    return walk->visit(walk->arg, wn_column_span(row, 0), &history);
}

int wn_domain_history_get(struct wn_store *store, struct wn_span domain,
                          wn_domain_history_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_domain_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(get, 1, domain);
    return wn_statement_rows(store, get, visit_domain, &(struct domain_walk){visit, arg}, err);
}

int wn_domain_history_scan(struct wn_store *store, wn_domain_history_visit *visit, void *arg,
                           struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_domain_scan, &scan, err);
    return status != WN_OK ? status
                           : wn_statement_rows(store, scan, visit_domain,
                                               &(struct domain_walk){visit, arg}, err);
}

struct domain_comparison {
    struct wn_store *store;
    wn_domain_change_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int compare_domain(void *arg, sqlite3_stmt *row)
{
    struct domain_comparison *c = arg;
    const struct wn_domain_history before = {
        .unreachable_since = sqlite3_column_int64(row, 1),
        .unreachable_until = sqlite3_column_int64(row, 2),
        .delivered_at = sqlite3_column_int64(row, 3),
    };
    struct wn_domain_history after = before;
    struct wn_span domain = wn_column_span(row, 0);
    int status = weigh_domain(c->store, domain, sqlite3_column_int64(row, 4),
                              &after.unreachable_since, &after.unreachable_until, c->err);
    bool same = after.unreachable_since == before.unreachable_since &&
                after.unreachable_until == before.unreachable_until;
    return status != WN_OK || same ? status : c->visit(c->arg, domain, &before, &after);
}

int wn_domain_history_compare(struct wn_store *store, wn_domain_change_visit *visit, void *arg,
                              struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_domain_answers, &scan, err);
    return status != WN_OK
               ? status
               : wn_statement_rows(store, scan, compare_domain,
                                   &(struct domain_comparison){store, visit, arg, err}, err);
}

struct outcomes_walk {
    struct wn_store *store;
    wn_outcomes_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int visit_outcomes(void *arg, sqlite3_stmt *row)
{
    struct outcomes_walk *walk = arg;
    struct wn_span word = wn_column_span(row, 1);
    int repute = 0;
    while (repute < WN_REPUTE_OPEN &&
           !wn_span_equal(word, wn_span_of(wn_repute_word((enum wn_repute)repute)))) {
        repute++;
    }
    int64_t counts[4], rest; /* mails, delivered, dead, hard */
    bool possible = repute < WN_REPUTE_OPEN;
    for (int i = 0; i < 4; i++) {
        counts[i] = sqlite3_column_int64(row, 2 + i);
        possible = possible && counts[i] >= 0 && counts[i] <= UINT32_MAX;
    }
    rest = possible ? counts[0] - counts[1] - counts[2] - counts[3] : -1;
    if (rest < 0) {
        return wn_store_fail_row(walk->store, "a domain's outcomes cannot be read", walk->err);
    }
    struct wn_domain_outcomes outcomes = {
        .domain = wn_column_span(row, 0),
        .mx = wn_column_span(row, 6),
        .repute = (enum wn_repute)repute,
        .mails = (uint32_t)counts[0],
        .delivered = (uint32_t)counts[1],
        .dead = (uint32_t)counts[2],
        .hard = (uint32_t)counts[3],
    };
    return walk->visit(walk->arg, &outcomes);
}

int wn_outcomes_scan(struct wn_store *store, wn_outcomes_visit *visit, void *arg,
                     struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_outcome_scan, &scan, err);
    return status != WN_OK
               ? status
               : wn_statement_rows(store, scan, visit_outcomes,
                                   &(struct outcomes_walk){store, visit, arg, err}, err);
}
