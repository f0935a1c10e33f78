/* SPDX-License-Identifier: MIT */
#ifndef WN_VERDICT_HOLD_H
#define WN_VERDICT_HOLD_H

/* Why a mailbox is suppressed: the reasons that its history alone gives for an undeliverable, as
 * the rules of a verdict see them. */

#include "store/suppression.h"
#include "verdict/policy.h"

struct wn_hold {
    int64_t since; /* seconds since 1970 */
    int64_t until; /* or 0: it has no end */
    enum wn_reason reason;
    enum wn_clearing {
        WN_CLEARED_BY_PERSON,
        WN_CLEARED_BY_HAND,
        WN_CLEARED_BY_DELIVERY,
        WN_CLEARED_BY_TIME
    } cleared_by;
};

enum {
    WN_HOLD_TEXT = 160,
    WN_HOLDS_MAX = 5 /* the two soft reasons exclude each other */
};

/* All that holds the mailbox back at `now`, the one that decides a verdict first; returns how many.
 */
size_t wn_holds(const struct wn_history *history, int64_t now, struct wn_hold holds[WN_HOLDS_MAX]);

/* What would clear it, as half a sentence, in `text`. `hours`: the bounce policy's
 * cleared_after_hours. */
const char *wn_hold_clearing(const struct wn_hold *hold, int64_t hours, char text[WN_HOLD_TEXT]);

/* The words of the reasons that wn_holds can give; NULL behind the last. */
extern const char *const wn_hold_words[];

#endif
