/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAIL_FINDINGS_H
#define WN_BOUNCE_MAIL_FINDINGS_H

/* What one message says of each of its recipients, before it becomes notices. */

#include "bounce/source.h"

struct wn_finding {
    struct wn_span recipient; /* as it was written */
    struct wn_span reply;     /* what was said of it; lines and blanks as they stand */
    struct wn_span remote;    /* the host that said it, or empty */
    int64_t at;               /* of the last attempt; 0: the message's own date */
    uint8_t enhanced[2];      /* its Status, or 0 0 */
    uint16_t enhanced_detail;
    enum wn_phase phase;
    enum wn_event_kind kind; /* bounce, deferred, complaint or unsubscribe */
    enum wn_category said;
};

struct wn_findings {
    struct wn_arena *arena; /* where their texts and the list itself lie */
    struct wn_finding *list;
    size_t count, capacity;
    size_t passed;           /* recipients of whom it says nothing bad: delivered, relayed */
    struct wn_span reporter; /* the host that wrote the report, or empty */
    struct wn_span message_id, queue_id;
    int64_t arrived; /* when it took the message that failed; 0: not said */
};

enum {
    /* More in one message is no report. */
    WN_FINDINGS_MAX = 20000
};

/* Adds an empty finding about the recipient; NULL if the list is full or, in a short list, has that
 * recipient already. Valid until the next call. */
struct wn_finding *wn_findings_add(struct wn_findings *f, struct wn_span recipient);

#endif
