/* SPDX-License-Identifier: MIT */
/* The derived table of mailboxes. A row's state is one small blob: four bytes that say which fields
 * are not zero, then those fields, seven bits a byte, the lowest first. Most fields of most
 * mailboxes are zero, and a run decodes a million of these.
 *
 * An update derives the mailboxes that got events again from all their events: the policy needs the
 * whole story (a late event may be an old one), and a mailbox has few. */
#include "store/suppression.h"

#include <stdlib.h>

#include "store/private.h"

/* How long a soft bounce was held against a mailbox before a policy said it. */
#define LATELY_ONCE (90 * WN_DAY)

/* The fields of a state, in the order of their bits; never changed, only appended to. */
enum {
    FIELD_COUNT = 21,
    STATE_MAX = 4 + FIELD_COUNT * 10
};

static void list_fields(const struct wn_history *h, uint64_t fields[FIELD_COUNT])
{
    const uint64_t listed[FIELD_COUNT] = {
        (uint64_t)h->complained_at,
        (uint64_t)h->unsubscribed_at,
        (uint64_t)h->suppressed_at,
        (uint64_t)h->hard_since,
        (uint64_t)h->soft_since,
        (uint64_t)h->soft_until,
        (uint64_t)h->soft_at,
        h->full,
        (uint64_t)h->bounced_at,
        (uint64_t)h->delivered_at,
        h->hard_bounces,
        h->soft_bounces,
        h->last_kind,
        h->last_category,
        (uint64_t)h->last_at,
        h->code,
        h->enhanced[0],
        h->enhanced[1],
        h->enhanced_detail,
        (uint64_t)h->soft_lately_until,
        h->outcomes,
    };
    memcpy(fields, listed, sizeof listed);
}

static void set_fields(struct wn_history *h, const uint64_t fields[FIELD_COUNT])
{
    *h = (struct wn_history){
        .complained_at = (int64_t)fields[0],
        .unsubscribed_at = (int64_t)fields[1],
        .suppressed_at = (int64_t)fields[2],
        .hard_since = (int64_t)fields[3],
        .soft_since = (int64_t)fields[4],
        .soft_until = (int64_t)fields[5],
        .soft_at = (int64_t)fields[6],
        .full = fields[7] != 0,
        .bounced_at = (int64_t)fields[8],
        .delivered_at = (int64_t)fields[9],
        .hard_bounces = (uint32_t)fields[10],
        .soft_bounces = (uint32_t)fields[11],
        .last_kind = (enum wn_event_kind)fields[12],
        .last_category = (enum wn_category)fields[13],
        .last_at = (int64_t)fields[14],
        .code = (uint16_t)fields[15],
        .enhanced = {(uint8_t)fields[16], (uint8_t)fields[17]},
        .enhanced_detail = (uint16_t)fields[18],
        .soft_lately_until = (int64_t)fields[19],
        .outcomes = (uint16_t)fields[20],
    };
    if (h->soft_at != 0 && h->soft_lately_until == 0) { /* written before it was a field */
        h->soft_lately_until = h->soft_at + LATELY_ONCE;
    }
}

static size_t pack(const struct wn_history *history, unsigned char state[STATE_MAX])
{
    uint64_t fields[FIELD_COUNT];
    uint32_t mask = 0;
    size_t n = 4;
    list_fields(history, fields);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        uint64_t value = fields[i];
        if (value == 0) {
            continue;
        }
        mask |= UINT32_C(1) << i;
        for (; value >= 0x80; value >>= 7) {
            state[n++] = (unsigned char)(value | 0x80);
        }
        state[n++] = (unsigned char)value;
    }
    for (size_t i = 0; i < 4; i++) {
        state[i] = (unsigned char)(mask >> (8 * i));
    }
    return n;
}

/* False when the bytes are no state. */
static bool unpack(struct wn_span state, struct wn_history *history)
{
    const unsigned char *p = (const unsigned char *)state.p;
    uint64_t fields[FIELD_COUNT] = {0};
    if (state.n < 4) {
        return false;
    }
    uint32_t mask = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    if (mask >> FIELD_COUNT != 0) {
        return false;
    }
    size_t n = 4;
    for (; mask != 0; mask &= mask - 1) {
        uint64_t value = 0;
        unsigned char byte;
        int shift = 0;
        do {
            if (n == state.n || shift > 63) {
                return false;
            }
            byte = p[n++];
            value |= (uint64_t)(byte & 0x7f) << shift;
            shift += 7;
        } while (byte & 0x80);
        fields[__builtin_ctz(mask)] = value;
    }
    set_fields(history, fields);
    bool known = n == state.n && fields[12] < WN_KIND_COUNT && fields[13] < WN_CATEGORY_COUNT &&
                 fields[20] >> (WN_OUTCOME_BITS * WN_REPUTE_OPEN) == 0;
    for (int i = 0; i < WN_REPUTE_OPEN && known; i++) {
        known = wn_history_outcome(history, (enum wn_repute)i) < WN_OUTCOME_COUNT;
    }
    return known;
}

struct history_walk {
    struct wn_store *store;
    wn_history_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int visit_row(void *arg, sqlite3_stmt *row)
{
    struct history_walk *walk = arg;
    struct wn_history history;
    if (!unpack(wn_column_span(row, 1), &history)) {
        return wn_store_fail_row(walk->store, "a suppression cannot be read", walk->err);
    }
    history.diagnostic = wn_column_span(row, 2);
    return walk->visit(walk->arg, wn_column_span(row, 0), &history);
}

int wn_history_get(struct wn_store *store, struct wn_span recipient, wn_history_visit *visit,
                   void *arg, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_suppression_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(get, 1, recipient);
    struct history_walk walk = {store, visit, arg, err};
    return wn_statement_rows(store, get, visit_row, &walk, err);
}

static int scan_by(struct wn_store *store, enum wn_statement which, wn_history_visit *visit,
                   void *arg, struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, which, &scan, err);
    if (status != WN_OK) {
        return status;
    }
    struct history_walk walk = {store, visit, arg, err};
    return wn_statement_rows(store, scan, visit_row, &walk, err);
}

int wn_history_scan(struct wn_store *store, wn_history_visit *visit, void *arg,
                    struct wn_error *err)
{
    return scan_by(store, WN_STATEMENT_suppression_scan, visit, arg, err);
}

int wn_history_scan_in_order(struct wn_store *store, wn_history_visit *visit, void *arg,
                             struct wn_error *err)
{
    return scan_by(store, WN_STATEMENT_suppression_in_order, visit, arg, err);
}

int wn_history_count(struct wn_store *store, uint64_t *count, struct wn_error *err)
{
    return wn_statement_number(store, WN_STATEMENT_suppression_count, count, err);
}

/* The events of one mailbox. Texts that were read from the store lie in `text`, which moves as it
 * grows, so the spans hold only lengths until all are there. */
struct gathered {
    struct wn_event_kept *kept;
    struct wn_event *events; /* of them those that count, as wn_history_derive wants them */
    size_t count, capacity, event_count;
    struct wn_buf text;
};

static struct wn_event_kept *add_kept(struct gathered *all, const struct wn_event_kept *kept)
{
    if (all->count == all->capacity) {
        all->capacity = all->capacity > 0 ? all->capacity * 2 : 64;
        all->kept = wn_realloc(all->kept, all->capacity * sizeof *all->kept);
        all->events = wn_realloc(all->events, all->capacity * sizeof *all->events);
    }
    all->kept[all->count] = *kept;
    return &all->kept[all->count++];
}

static int gather_story(void *arg, const struct wn_event_kept *given)
{
    struct gathered *all = arg;
    struct wn_event *event = &add_kept(all, given)->event;
    wn_buf_add_span(&all->text, event->diagnostic);
    wn_buf_add_span(&all->text, event->message_id);
    return WN_OK;
}

static void place_texts(struct gathered *all)
{
    const char *p = all->text.len > 0 ? all->text.p : "";
    for (size_t i = 0; i < all->count; i++) {
        struct wn_event *event = &all->kept[i].event;
        event->diagnostic.p = p;
        p += event->diagnostic.n;
        event->message_id.p = p;
        p += event->message_id.n;
    }
}

/* Oldest first; the same second by digest, so that the order does not depend on how they came. */
static int compare_kept(const void *a, const void *b)
{
    const struct wn_event_kept *x = a, *y = b;
    return x->event.at != y->event.at ? (x->event.at < y->event.at ? -1 : 1)
                                      : memcmp(x->digest, y->digest, WN_DIGEST);
}

static void order_events(struct gathered *all)
{
    if (all->count > 1) {
        qsort(all->kept, all->count, sizeof *all->kept, compare_kept);
    }
    all->event_count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (!all->kept[i].aside) {
            all->events[all->event_count++] = all->kept[i].event;
        }
    }
}

static void release_gathered(struct gathered *all)
{
    wn_buf_release(&all->text);
    free(all->kept);
    free(all->events);
}

static int remove_history(struct wn_store *store, sqlite3_int64 id, struct wn_error *err)
{
    sqlite3_stmt *remove = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_suppression_remove, &remove, err);
    if (status == WN_OK) {
        (void)sqlite3_bind_int64(remove, 1, id);
        status = wn_statement_run(store, remove, err);
    }
    return status;
}

static int take_outcomes(void *arg, sqlite3_stmt *row)
{
    struct wn_history history;
    if (unpack(wn_column_span(row, 0), &history)) {
        *(uint16_t *)arg = history.outcomes;
    } /* else what cannot be read is overwritten, and its domain's counts with the next rebuild */
    return WN_OK;
}

/* The outcomes that the table has of a mailbox, which its domain's counts contain. */
static int read_outcomes(struct wn_store *store, sqlite3_int64 id, uint16_t *outcomes,
                         struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_suppression_state, &get, err);
    *outcomes = 0;
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(get, 1, id);
    return wn_statement_rows(store, get, take_outcomes, outcomes, err);
}

/* `before`: the outcomes that the table has of this mailbox. */
static int put_history(struct wn_store *store, sqlite3_int64 id, struct wn_span address,
                       struct gathered *all, uint16_t before, struct wn_error *err)
{
    struct wn_history history;
    struct wn_bounce_policy policy;
    unsigned char state[STATE_MAX];
    sqlite3_stmt *put = NULL;
    order_events(all);
    if (all->event_count == 0) { /* all are in quarantine */
        wn_domains_recount(&store->domains, address, before, 0);
        return remove_history(store, id, err);
    }
    int status = wn_bounce_policy_get(store, &policy, err);
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_suppression_put, &put, err);
    }
    if (status != WN_OK) {
        return status;
    }
    wn_history_derive(all->events, all->event_count, &policy, &history);
    wn_domains_recount(&store->domains, address, before, history.outcomes);
    (void)sqlite3_bind_int64(put, 1, id);
    wn_bind_text(put, 2, address);
    (void)sqlite3_bind_blob(put, 3, state, (int)pack(&history, state), SQLITE_STATIC);
    wn_bind_span(put, 4, history.diagnostic);
    return wn_statement_run(store, put, err);
}

/* From all its events in the store. A burst that is held still shows that a server of the domain
 * was there, so what a domain amounts to is derived from all events. */
static int derive_mailbox(struct wn_store *store, sqlite3_int64 id, struct wn_span address,
                          struct gathered *all, struct wn_error *err)
{
    uint16_t before;
    all->count = 0;
    wn_buf_clear(&all->text);
    int status = read_outcomes(store, id, &before, err);
    if (status == WN_OK) {
        status = wn_events_story(store, id, address, gather_story, all, err);
    }
    if (status != WN_OK) {
        return status;
    }
    place_texts(all);
    return put_history(store, id, address, all, before, err);
}

/* From the events that are still at hand. */
static int derive_fresh(struct wn_store *store, const struct wn_mailbox_news *news,
                        struct gathered *all, struct wn_error *err)
{
    const struct wn_event_kept *kept = store->mailboxes.events;
    all->count = 0;
    for (uint32_t i = news->events; i != 0; i = kept[i - 1].previous) {
        (void)add_kept(all, &kept[i - 1]);
    }
    return put_history(store, news->id, news->address, all, 0, err);
}

int wn_history_combine(struct wn_store *store, const struct wn_span *recipients, size_t count,
                       wn_history_visit *visit, void *arg, struct wn_error *err)
{
    struct gathered all = {0};
    struct wn_bounce_policy policy;
    int status = wn_bounce_policy_get(store, &policy, err);
    for (size_t i = 0; i < count && status == WN_OK; i++) {
        sqlite3_int64 id;
        status = wn_mailbox_find(store, recipients[i], &id, err);
        if (status == WN_OK && id != 0) {
            status = wn_events_story(store, id, recipients[i], gather_story, &all, err);
        }
    }
    place_texts(&all);
    order_events(&all);
    if (status == WN_OK && all.event_count > 0) {
        struct wn_history history;
        wn_history_derive(all.events, all.event_count, &policy, &history);
        status = visit(arg, recipients[0], &history);
    }
    release_gathered(&all);
    return status;
}

static int compare_news(const void *a, const void *b)
{
    const struct wn_mailbox_news *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

struct derivation {
    struct wn_store *store;
    struct gathered all;
    struct wn_error *err;
};

static int derive_row(void *arg, sqlite3_stmt *row)
{
    struct derivation *d = arg;
    struct wn_span address = wn_column_span(row, 1);
    int status = derive_mailbox(d->store, sqlite3_column_int64(row, 0), address, &d->all, d->err);
    for (size_t i = 0; i < d->all.count && status == WN_OK; i++) {
        wn_domains_note(&d->store->domains, &d->all.kept[i].event);
    }
    return status;
}

static int derive_all(struct derivation *d)
{
    static const enum wn_statement clears[] = {
        WN_STATEMENT_suppression_clear, WN_STATEMENT_domain_clear, WN_STATEMENT_outcome_clear,
        WN_STATEMENT_domain_expiry_clear};
    sqlite3_stmt *scan = NULL;
    int status = WN_OK;
    wn_domains_clear(&d->store->domains);
    for (size_t i = 0; i < sizeof clears / sizeof *clears && status == WN_OK; i++) {
        status = wn_statement_execute(d->store, clears[i], d->err);
    }
    if (status == WN_OK) {
        status = wn_store_statement(d->store, WN_STATEMENT_mailbox_scan, &scan, d->err);
    }
    return status == WN_OK ? wn_statement_rows(d->store, scan, derive_row, d, d->err) : status;
}

/* In the order of the table. */
static int derive_pending(struct derivation *d)
{
    struct wn_mailboxes_pending *pending = &d->store->mailboxes;
    int status = WN_OK;
    if (pending->count > 1) {
        qsort(pending->news, pending->count, sizeof *pending->news, compare_news);
    }
    for (size_t i = 0; i < pending->count && status == WN_OK; i++) {
        const struct wn_mailbox_news *news = &pending->news[i];
        status = news->fresh ? derive_fresh(d->store, news, &d->all, d->err)
                             : derive_mailbox(d->store, news->id, news->address, &d->all, d->err);
    }
    return status;
}

int wn_suppression_update(struct wn_store *store, bool all, struct wn_error *err)
{
    struct derivation d = {.store = store, .err = err};
    int status = all ? derive_all(&d) : derive_pending(&d);
    if (status == WN_OK) {
        status = wn_domains_update(store, err);
    }
    if (status == WN_OK) {
        status = wn_breaker_save(store, err);
    }
    wn_mailboxes_clear(&store->mailboxes);
    wn_domains_clear(&store->domains);
    release_gathered(&d.all);
    return status;
}

struct comparison {
    struct wn_store *store;
    struct wn_bounce_policy policy;
    struct gathered all;
    unsigned char before[STATE_MAX];
    struct wn_history_change change;
    struct wn_history stored;
    wn_history_change_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int take_stored(void *arg, sqlite3_stmt *row)
{
    struct comparison *c = arg;
    if (!unpack(wn_column_span(row, 1), &c->stored)) {
        return wn_store_fail_row(c->store, "a suppression cannot be read", c->err);
    }
    c->change.before = &c->stored;
    return WN_OK;
}

static int compare_row(void *arg, sqlite3_stmt *row)
{
    struct comparison *c = arg;
    struct wn_span address = wn_column_span(row, 1);
    struct wn_history after;
    unsigned char state[STATE_MAX];
    sqlite3_stmt *get = NULL;
    c->change = (struct wn_history_change){.recipient = address};
    c->all.count = 0;
    wn_buf_clear(&c->all.text);
    int status = wn_store_statement(c->store, WN_STATEMENT_suppression_get, &get, c->err);
    if (status == WN_OK) {
        wn_bind_text(get, 1, address);
        status = wn_statement_rows(c->store, get, take_stored, c, c->err);
    }
    if (status == WN_OK) {
        status = wn_events_story(c->store, sqlite3_column_int64(row, 0), address, gather_story,
                                 &c->all, c->err);
    }
    if (status != WN_OK) {
        return status;
    }
    place_texts(&c->all);
    order_events(&c->all);
    if (c->all.event_count > 0) {
        wn_history_derive(c->all.events, c->all.event_count, &c->policy, &after);
        c->change.after = &after;
        c->change.events = c->all.events;
        c->change.count = c->all.event_count;
    }
    size_t n = c->change.before != NULL ? pack(c->change.before, c->before) : 0;
    size_t m = c->change.after != NULL ? pack(c->change.after, state) : 0;
    return n == m && memcmp(c->before, state, n) == 0 ? WN_OK : c->visit(c->arg, &c->change);
}

int wn_history_compare(struct wn_store *store, wn_history_change_visit *visit, void *arg,
                       struct wn_error *err)
{
    struct comparison c = {.store = store, .visit = visit, .arg = arg, .err = err};
    sqlite3_stmt *scan = NULL;
    int status = wn_bounce_policy_get(store, &c.policy, err);
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_mailbox_scan, &scan, err);
    }
    if (status == WN_OK) {
        status = wn_statement_rows(store, scan, compare_row, &c, err);
    }
    release_gathered(&c.all);
    return status;
}
