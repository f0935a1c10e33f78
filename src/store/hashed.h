/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_HASHED_H
#define WN_STORE_HASHED_H

/* Mailboxes that are suppressed and known by the SHA-256 of their key alone (address.h): what other
 * people's lists say without naming anybody. They are facts like events, apart from them because no
 * mailbox is known to hang them on. Times are seconds since 1970. */

#include "base/sha256.h"
#include "store/suppression.h"

struct wn_hashed {
    unsigned char digest[WN_SHA256];
    int64_t since;
    struct wn_span source; /* which list it came from; valid during the call that hands it over */
};

/* A non-zero return ends the scan with that status. */
typedef int wn_hashed_visit(void *arg, const struct wn_hashed *hashed);

/* Adds one; *changed: it was not there, was there with a later time, or had been removed before
 * that time. Between wn_store_begin and wn_store_commit, as wn_hashed_remove. */
int wn_hashed_add(struct wn_store *store, const struct wn_hashed *hashed, bool *changed,
                  struct wn_error *err);

/* Lifts one as of `at`; *removed: it was in force. An older word of the same list does not bring it
 * back, a later one does. */
int wn_hashed_remove(struct wn_store *store, const unsigned char digest[WN_SHA256], int64_t at,
                     bool *removed, struct wn_error *err);

/* One, if it is in force: calls `visit` at most once. */
int wn_hashed_get(struct wn_store *store, const unsigned char digest[WN_SHA256],
                  wn_hashed_visit *visit, void *arg, struct wn_error *err);

/* All that are in force, in the order of their digests. */
int wn_hashed_scan(struct wn_store *store, wn_hashed_visit *visit, void *arg, struct wn_error *err);

/* Makes a history that of a mailbox which the hash names: suppressed since then, unless it is by
 * its own name. Nothing else of it changes but, where there was none, the last event. */
void wn_hashed_apply(const struct wn_hashed *hashed, struct wn_history *history);

/* How many there are, in force or not: nothing has to be hashed where there are none. */
int wn_hashed_count(struct wn_store *store, uint64_t *count, struct wn_error *err);

#endif
