/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_REPLY_H
#define WN_BOUNCE_REPLY_H

/* The text of a reply, taken apart for classify.c. Pure. */

#include "bounce/classify.h"

enum {
    WN_PLAIN_MAX = WN_DIAGNOSTIC_MAX + 2
};

/* The words of a reply as the phrases of data/replies.def are written, with a blank at either end,
 * and the set of all sequences of four bytes in them. */
struct wn_plain {
    size_t n;
    uint64_t fours[64];
    char text[WN_PLAIN_MAX + 1];
};

void wn_plain_make(struct wn_span reply, struct wn_plain *plain);

/* Whether the phrase, of four bytes or more, is in the text. */
bool wn_plain_has(const struct wn_plain *plain, struct wn_span phrase);

/* The phase that mail software names in the text, or WN_PHASE_unknown. */
enum wn_phase wn_reply_phase(const struct wn_plain *plain);

#endif
