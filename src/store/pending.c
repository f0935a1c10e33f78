/* SPDX-License-Identifier: MIT */
/* The mailboxes that got events since the last wn_suppression_update. Of one that was new to the
 * store all events are at hand, so they are kept here and need not be read back: in a first import
 * that is nearly every mailbox. Past a limit they are read back after all, which bounds memory. */
#include <stdlib.h>

#include "store/private.h"

enum {
    EVENTS_MAX = 200000
};

static uint64_t hash_id(sqlite3_int64 id)
{
    return (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
}

static bool same_id(const void *table, const void *key, uint32_t at)
{
    const struct wn_mailboxes_pending *pending = table;
    return pending->news[at].id == *(const sqlite3_int64 *)key;
}

static struct wn_mailbox_news *find_news(struct wn_mailboxes_pending *pending, sqlite3_int64 id,
                                         struct wn_span address, bool fresh)
{
    uint32_t at = wn_map_find(&pending->index, hash_id(id), same_id, pending, &id);
    if (at != WN_MAP_NONE) {
        return &pending->news[at];
    }
    if (pending->count == pending->capacity) {
        pending->capacity = pending->capacity > 0 ? pending->capacity * 2 : 256;
        pending->news = wn_realloc(pending->news, pending->capacity * sizeof *pending->news);
    }
    at = (uint32_t)pending->count++;
    wn_map_add(&pending->index, hash_id(id), at);
    pending->news[at] = (struct wn_mailbox_news){
        .id = id,
        .address = {wn_arena_copy(&pending->text, address.p, address.n), address.n},
        .fresh = fresh,
    };
    return &pending->news[at];
}

void wn_mailboxes_note(struct wn_mailboxes_pending *pending, sqlite3_int64 id, bool fresh,
                       const struct wn_event *event, const unsigned char digest[WN_DIGEST])
{
    struct wn_mailbox_news *news = find_news(pending, id, event->recipient, fresh);
    if (!news->fresh) {
        return;
    }
    if (pending->event_count == EVENTS_MAX) {
        news->fresh = false;
        return;
    }
    if (pending->event_count == pending->event_capacity) {
        pending->event_capacity = pending->event_capacity > 0 ? pending->event_capacity * 2 : 256;
        pending->events =
            wn_realloc(pending->events, pending->event_capacity * sizeof *pending->events);
    }
    struct wn_event_kept *kept = &pending->events[pending->event_count];
    struct wn_span diagnostic = event->diagnostic, message_id = event->message_id;
    kept->event = *event;
    kept->event.recipient = news->address;
    kept->event.source = kept->event.rule = (struct wn_span){NULL, 0};
    kept->event.diagnostic.p = wn_arena_copy(&pending->text, diagnostic.p, diagnostic.n);
    kept->event.message_id.p = wn_arena_copy(&pending->text, message_id.p, message_id.n);
    memcpy(kept->digest, digest, WN_DIGEST);
    kept->aside = false;
    kept->previous = news->events;
    news->events = (uint32_t)++pending->event_count;
}

void wn_mailboxes_touch(struct wn_mailboxes_pending *pending, sqlite3_int64 id,
                        struct wn_span address)
{
    find_news(pending, id, address, false)->fresh = false;
}

void wn_mailboxes_clear(struct wn_mailboxes_pending *pending)
{
    wn_arena_release(&pending->text);
    wn_map_release(&pending->index);
    pending->count = pending->event_count = 0;
}

void wn_mailboxes_release(struct wn_mailboxes_pending *pending)
{
    wn_mailboxes_clear(pending);
    free(pending->news);
    free(pending->events);
    *pending = (struct wn_mailboxes_pending){0};
}
