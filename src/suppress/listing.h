/* SPDX-License-Identifier: MIT */
#ifndef WN_SUPPRESS_LISTING_H
#define WN_SUPPRESS_LISTING_H

/* Who is suppressed at a time, and by what: for people, and for export. */

#include "store/hashed.h"
#include "verdict/hold.h"

/* One reason that holds one mailbox back. Valid during the call that hands it over. */
struct wn_suppressed {
    struct wn_span address;      /* the mailbox key; of a hashed one "sha256:" and its digest */
    const unsigned char *digest; /* of a hashed one, else NULL */
    struct wn_span source;       /* of a hashed one: the list it came from */
    const struct wn_history *history; /* NULL for a hashed one */
    struct wn_hold hold;
    bool again; /* the mailbox was handed over just before, with a stronger reason */
};

struct wn_suppressed_filter {
    int64_t now;   /* what holds at this time, in seconds since 1970 */
    int64_t since; /* what holds since then or later */
    int reason;    /* an enum wn_reason, or -1: any */
    const _Atomic int *stop;
};

/* A non-zero return ends the scan with that status. */
typedef int wn_suppressed_visit(void *arg, const struct wn_suppressed *suppressed);

/* Every mailbox in the order of its key's octets, each with all reasons that the filter lets
 * through, the one that decides a verdict first; then the hashed ones in the order of their
 * digests. Nothing is gathered: memory does not grow with the list. WN_E_SIGNAL + n when stopped.
 */
int wn_suppressed_scan(struct wn_store *store, const struct wn_suppressed_filter *filter,
                       wn_suppressed_visit *visit, void *arg, struct wn_error *err);

/* The event from which a reason has held since. Owned by the caller, zero-initialised. */
struct wn_suppressed_cause {
    struct wn_buf source, diagnostic;
    /* Of full_too_long and bounced_too_often: the times of the bounces that led to it, from which
     * another store derives the same; RFC 3339, joined by ';'. Empty where they would not. */
    struct wn_buf bounced_at;
};

/* Looks the cause up among the mailbox's events. */
int wn_suppressed_cause_find(struct wn_store *store, const struct wn_suppressed *suppressed,
                             struct wn_suppressed_cause *cause, struct wn_error *err);
void wn_suppressed_cause_release(struct wn_suppressed_cause *cause);

#endif
