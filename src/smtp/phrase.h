/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_PHRASE_H
#define WN_SMTP_PHRASE_H

/* What the words of a reply are about: data/replies.def, looked up for classify.c. */

#include "smtp/reply.h"
#include "smtp/topic.h"
#include "store/events.h"

/* A rule that a text fits. */
struct wn_reply_rule {
    const char *id;
    enum wn_topic topic;
};

enum {
    WN_PHRASE_ROWS = 256 /* more than replies.def has */
};

/* The rows of replies.def of which a phrase is in a text. Plain data. */
struct wn_phrases {
    uint64_t rows[WN_PHRASE_ROWS / 64];
};

/* Finds all of them in one pass over the text. Any thread may call it; the first call builds the
 * index. */
void wn_phrases_find(const struct wn_plain *plain, struct wn_phrases *found);

/* The first rule in the order of replies.def that the text fits, beside that enhanced code
 * (`subject`, `detail`) and at that provider (smtp/provider.h; 0: unknown). False when there is
 * none. */
bool wn_phrases_rule(const struct wn_phrases *found, unsigned subject, unsigned detail,
                     uint32_t provider, struct wn_reply_rule *rule);

/* The phase that mail software names in the text, or WN_PHASE_unknown. */
enum wn_phase wn_phrases_phase(const struct wn_phrases *found);

/* The provider whose server gives itself away in the text, or 0. */
uint32_t wn_phrases_provider(const struct wn_phrases *found);

#endif
