/* SPDX-License-Identifier: MIT */
/* A row becomes the event that leads to what the row says: a person's will or the operator's is one
 * event; a hard bounce of Winnow's own form is the bounce that decided, and a soft one the bounces
 * that led to it, so that a delivery clears them here as it would have there.
 *
 * A row that says what the store knows adds nothing, whatever words it uses; so an import may be
 * repeated, also of a list without dates. */
#include "suppress/import.h"

#include <stdlib.h>

#include "address/address.h"
#include "base/clock.h"
#include "store/events.h"

enum {
    COMMIT_MS = 400, /* of adding; deriving and committing take about as long again */
    COMMIT_ROWS = 32768,
    SOURCE_SHOWN = 280
};

struct import {
    struct wn_store *store;
    const struct wn_input *input;
    const struct wn_list_import_settings *settings;
    struct wn_list_counts *counts;
    struct wn_error *err;
    struct wn_buf source;
    int64_t began;    /* of the transaction */
    uint64_t pending; /* rows in it */
    bool open;
};

/* The event of a row that needs only one. */
static struct wn_event event_of(enum wn_reason reason, struct wn_span key, int64_t at)
{
    struct wn_event event = {.recipient = key, .at = at, .action = WN_ACTION_T};
    switch (reason) {
    case WN_REASON_complained:
        event.kind = WN_KIND_complaint;
        event.category = WN_CATEGORY_complaint;
        break;
    case WN_REASON_unsubscribed:
        event.kind = WN_KIND_unsubscribe;
        event.category = WN_CATEGORY_unsubscribe;
        break;
    case WN_REASON_hard_bounced:
        event.kind = WN_KIND_bounce;
        event.category = WN_CATEGORY_bad_address;
        event.action = WN_ACTION_S;
        event.rule = WN_SPAN("suppress.import");
        break;
    default:
        event.kind = WN_KIND_manual_add;
        event.category = WN_CATEGORY_already_suppressed;
    }
    return event;
}

static bool is_soft(enum wn_reason reason)
{
    return reason == WN_REASON_full_too_long || reason == WN_REASON_bounced_too_often;
}

static int add_soft(struct import *m, const struct wn_listed *listed, struct wn_event *event,
                    bool *any)
{
    struct wn_span rest = listed->bounced_at;
    int status = WN_OK;
    event->kind = WN_KIND_bounce;
    event->action = WN_ACTION_N;
    event->rule = WN_SPAN("suppress.import");
    event->category = listed->reason == WN_REASON_full_too_long ? WN_CATEGORY_mailbox_full
                                                                : WN_CATEGORY_unclassified;
    while (rest.n > 0 && status == WN_OK) {
        const char *end = memchr(rest.p, ';', rest.n);
        size_t n = end != NULL ? (size_t)(end - rest.p) : rest.n;
        bool added;
        if (wn_time_parse((struct wn_span){rest.p, n}, &event->at)) {
            status = wn_events_add(m->store, event, &added, m->err);
            *any = *any || added;
        }
        n += end != NULL;
        rest = (struct wn_span){rest.p + n, rest.n - n};
    }
    return status;
}

/* Whether the bounces of a soft row are there, so that they can be told again. */
static bool tells_bounces(const struct wn_listed *listed)
{
    int64_t at;
    const char *end =
        listed->bounced_at.n > 0 ? memchr(listed->bounced_at.p, ';', listed->bounced_at.n) : NULL;
    return end != NULL &&
           wn_time_parse(
               (struct wn_span){listed->bounced_at.p, (size_t)(end - listed->bounced_at.p)}, &at);
}

static int add_events(struct import *m, const struct wn_listed *listed, struct wn_span key,
                      int64_t at, bool *added)
{
    struct wn_event event = event_of(listed->reason, key, at);
    event.source = wn_buf_span(&m->source);
    event.diagnostic = listed->diagnostic;
    *added = false;
    return is_soft(listed->reason) ? add_soft(m, listed, &event, added)
                                   : wn_events_add(m->store, &event, added, m->err);
}

struct known {
    enum wn_reason reason;
    int64_t now, at;
    bool known;
};

static int compare_holds(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    struct known *k = arg;
    struct wn_hold holds[WN_HOLDS_MAX];
    size_t count = wn_holds(history, k->now, holds);
    (void)recipient;
    for (size_t i = 0; i < count; i++) {
        k->known = k->known || (holds[i].reason == k->reason && holds[i].since <= k->at);
    }
    return WN_OK;
}

static int add_address(struct import *m, struct wn_listed *listed, int64_t at, bool *added)
{
    struct wn_address address;
    char room[sizeof address.text];
    wn_address_read(listed->address, WN_ADDRESS_ALLOW_LITERALS, &address);
    if (address.length == 0) {
        listed->fault = WN_LISTED_ADDRESS;
        listed->cell = listed->address;
        return WN_OK;
    }
    if (is_soft(listed->reason) && !tells_bounces(listed)) {
        listed->reason = WN_REASON_suppressed; /* nothing can be made of it that would end */
    }
    struct wn_span key = {room, wn_address_key(&address, room)};
    struct known known = {.reason = listed->reason, .now = m->settings->list.now, .at = at};
    int status = wn_history_get(m->store, key, compare_holds, &known, m->err);
    return status == WN_OK && !known.known ? add_events(m, listed, key, at, added) : status;
}

static int add_hashed(struct import *m, const struct wn_listed *listed, int64_t at, bool *added)
{
    struct wn_hashed hashed = {.since = at, .source = wn_buf_span(&m->source)};
    memcpy(hashed.digest, listed->digest, WN_SHA256);
    int status = wn_hashed_add(m->store, &hashed, added, m->err);
    m->counts->hashed += *added;
    return status;
}

static int finish(struct import *m)
{
    int status = WN_OK;
    if (!m->open) {
        return WN_OK;
    }
    m->open = false;
    if (m->settings->dry_run) {
        wn_store_rollback(m->store);
        return WN_OK;
    }
    status = wn_suppression_update(m->store, false, m->err);
    return status == WN_OK ? wn_store_commit(m->store, m->err) : status;
}

/* Opens a transaction, and ends one that is old enough. */
static int pace(struct import *m)
{
    int status = WN_OK;
    bool due = m->open && !m->settings->dry_run &&
               (m->pending >= COMMIT_ROWS || (m->pending % 64 == 0 && m->pending > 0 &&
                                              wn_clock_monotonic_ms() - m->began >= COMMIT_MS));
    if (due) {
        status = finish(m);
    }
    if (status == WN_OK && !m->open) {
        status = wn_store_begin(m->store, m->err);
        m->open = status == WN_OK;
        m->began = wn_clock_monotonic_ms();
        m->pending = 0;
    }
    m->pending++;
    return status;
}

static void refuse(struct import *m, const struct wn_listed *listed)
{
    m->counts->unused++;
    m->counts->faults[listed->fault]++;
    if (m->settings->unused != NULL) {
        m->settings->unused(m->settings->unused_arg, m->input->name, listed);
    }
}

static int take(void *arg, const struct wn_listed *given)
{
    struct import *m = arg;
    struct wn_listed listed = *given;
    bool added = false;
    m->counts->rows++;
    int status = pace(m);
    if (status == WN_OK && listed.fault == WN_LISTED_OK) {
        int64_t at = listed.at != 0 ? listed.at : m->settings->list.now;
        wn_buf_clear(&m->source);
        if (listed.source.n > 0) {
            wn_buf_add_span(&m->source, listed.source);
        } else {
            wn_buf_addf(&m->source, "%.*s@%llu", SOURCE_SHOWN, m->input->name,
                        (unsigned long long)listed.offset);
        }
        status = listed.hashed ? add_hashed(m, &listed, at, &added)
                               : add_address(m, &listed, at, &added);
    }
    if (status != WN_OK) {
        return status;
    }
    if (listed.fault != WN_LISTED_OK) {
        refuse(m, &listed);
        return WN_OK;
    }
    m->counts->undated += listed.bad_date;
    m->counts->added += added;
    m->counts->known += !added;
    return WN_OK;
}

int wn_list_import(struct wn_store *store, const struct wn_input *input,
                   const struct wn_list_import_settings *settings, struct wn_list_counts *counts,
                   struct wn_error *err)
{
    struct import m = {
        .store = store, .input = input, .settings = settings, .counts = counts, .err = err};
    int status = wn_list_read(input, &settings->list, take, &m, err);
    if (status == WN_OK || status > WN_E_SIGNAL) {
        int end = finish(&m);
        status = status == WN_OK ? end : status;
    }
    if (status != WN_OK && m.open) {
        wn_store_rollback(store);
    }
    wn_buf_release(&m.source);
    return status;
}
