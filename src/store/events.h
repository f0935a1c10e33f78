/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_EVENTS_H
#define WN_STORE_EVENTS_H

/* Events: what was once said about a mailbox, by a mail server, a person or the operator. They are
 * appended and stay; of one that several sources told, the best words are kept (tellings.c). What
 * they amount to is derived (suppression.h). */

#include "store/db.h"

enum wn_event_kind {
#define WN_KIND(name) WN_KIND_##name,
#include "store/events.def"
    WN_KIND_COUNT
};
enum wn_bounce_action {
#define WN_BOUNCE_ACTION(name, meaning) WN_ACTION_##name,
#include "store/events.def"
    WN_BOUNCE_ACTION_COUNT
};
enum wn_category {
#define WN_CATEGORY(name) WN_CATEGORY_##name,
#include "store/events.def"
    WN_CATEGORY_COUNT
};
enum wn_phase {
#define WN_PHASE(name) WN_PHASE_##name,
#include "store/events.def"
    WN_PHASE_COUNT
};

const char *wn_event_kind_word(enum wn_event_kind kind);
const char *wn_bounce_action_word(enum wn_bounce_action action);
const char *wn_category_word(enum wn_category category);
const char *wn_phase_word(enum wn_phase phase);

struct wn_event {
    struct wn_span recipient;  /* mailbox key: normal form with the local part in lower case */
    struct wn_span source;     /* file and byte offset, or a provider's event id */
    struct wn_span diagnostic; /* the reply as it was reported, at most WN_DIAGNOSTIC_MAX bytes */
    struct wn_span message_id; /* message or queue id, or empty */
    struct wn_span rule;       /* the classifier's rule id, or empty */
    struct wn_span provider;   /* whose server said it (smtp/provider.h), or empty; no identity */
    /* Read only: "held", "released" or "discarded" when the breaker took it for part of a burst
     * (breaker.h), or empty. */
    struct wn_span quarantine;
    int64_t at; /* seconds since 1970 */
    enum wn_event_kind kind;
    enum wn_category category;
    enum wn_bounce_action action;
    enum wn_phase phase;
    uint16_t code;            /* basic reply code such as 550, or 0 */
    uint8_t enhanced[2];      /* class and subject of RFC 3463, or 0 0 */
    uint16_t enhanced_detail; /* its detail */
};

enum {
    WN_DIAGNOSTIC_MAX = 1024
};

/* Adds one event unless one of the same identity is there: the digest of recipient, kind, message
 * id, minute (not of a bounce with a Message-ID) and normalised reply. `*added` says which. If it
 * is there, the later time and the better words stay. Between wn_store_begin and wn_store_commit.
 */
int wn_events_add(struct wn_store *store, const struct wn_event *event, bool *added,
                  struct wn_error *err);

/* Spans in `event` are valid during the call; a non-zero return ends the walk with that status. */
typedef int wn_event_visit(void *arg, const struct wn_event *event);

/* All events of one mailbox, oldest first. */
int wn_events_of(struct wn_store *store, struct wn_span recipient, wn_event_visit *visit, void *arg,
                 struct wn_error *err);

#endif
