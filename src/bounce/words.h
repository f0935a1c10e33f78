/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_WORDS_H
#define WN_BOUNCE_WORDS_H

/* The words that services use for the same things, whatever their case and marks: "Bad-Mailbox",
 * "bad_mailbox" and "BadMailbox" are one. Pure. */

#include "store/events.h"

enum {
    WN_PLAIN_WORD = 64
};

/* A word without case, blanks and "-_." in `room`: 0 bytes when it does not fit. */
struct wn_span wn_plain_word(struct wn_span word, char room[WN_PLAIN_WORD]);

/* The category that a service's word for a bounce means (data/bounce_words.def). False when it is
 * none of the known ones. */
bool wn_category_of_word(struct wn_span word, enum wn_category *category);

#endif
