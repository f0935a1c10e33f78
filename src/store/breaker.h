/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_BREAKER_H
#define WN_STORE_BREAKER_H

/* The breaker: when one domain or one provider suddenly refuses many addresses for good with
 * near-identical words, that is its bad hour and not theirs. Such a burst is held in quarantine,
 * where it does not count, until a person releases it (it counts after all) or discards it. The
 * numbers are the bounce policy's (policy.h). */

#include "store/events.h"

/* What the breaker did, summed. */
struct wn_breaker_news {
    uint64_t held;     /* events that went into quarantine */
    uint64_t blind;    /* of these: no delivery to anybody is known in the hours around */
    uint64_t let_go;   /* that came out again, since more is known of the mail around them */
    struct wn_buf ids; /* a line for each burst that got events, perhaps several times the same */
};

/* The first day (since 1970) that got mail since the breaker last looked at it, or -1. */
int wn_breaker_next(struct wn_store *store, int64_t *day, struct wn_error *err);

/* Looks at a day again: which of its refusals are of a burst is decided from the store's events
 * alone, so that it does not depend on how they came. Between wn_store_begin and wn_store_commit;
 * wn_suppression_update must follow. Adds to *news, whose `ids` the caller releases. */
int wn_breaker_judge(struct wn_store *store, int64_t day, struct wn_breaker_news *news,
                     struct wn_error *err);

/* Makes every day with refusals one that has to be looked at: the policy is another one. */
int wn_breaker_all(struct wn_store *store, struct wn_error *err);

/* Refusals of one domain or provider in the same words on one UTC day, under one mark. */
struct wn_burst {
    struct wn_span id;    /* ten hexadecimal digits; the same however the events came */
    struct wn_span scope; /* "domain" or "provider" */
    struct wn_span name;
    struct wn_span mark;  /* "held", "released", "discarded" */
    int64_t since, until; /* the first and the last of them */
    uint64_t events, addresses;
    uint16_t code; /* of a sample, as is what follows */
    struct wn_span enhanced, diagnostic;
};
/* Spans are valid during the call; a non-zero return ends the walk with that status. */
typedef int wn_burst_visit(void *arg, const struct wn_burst *burst);

/* The bursts that are held, or with `all` those a person decided, too; oldest first. */
int wn_bursts(struct wn_store *store, bool all, wn_burst_visit *visit, void *arg,
              struct wn_error *err);

/* Releases or discards what is held of a burst: `*events` of them, 0 where nothing is. Between
 * wn_store_begin and wn_store_commit; wn_suppression_update must follow. */
int wn_burst_decide(struct wn_store *store, struct wn_span id, bool release, uint64_t *events,
                    struct wn_error *err);

#endif
