/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_CLASSIFY_H
#define WN_SMTP_CLASSIFY_H

/* What one reply of a mail server means for the address it was given for: its codes, its words and
 * the phase of the dialogue in, a category, an action and the rule that decided out. Pure; any
 * thread may call it. The rules are data/codes.def and data/replies.def. */

#include "smtp/topic.h"
#include "store/events.h"

struct wn_reply_in {
    uint16_t code;       /* basic code as reported beside the text, or 0 */
    uint8_t enhanced[2]; /* status as reported beside the text (a DSN's Status), or 0 0 */
    uint16_t enhanced_detail;
    enum wn_phase phase; /* WN_PHASE_unknown: looked for in the text */
    uint32_t provider;   /* whose server said it (smtp/provider.h), or 0: looked for in the text */
    uint32_t expected; /* the provider of the recipient's domain, or 0: where nothing else tells */
    bool deferred;     /* the sender's system will try again */
    struct wn_span text; /* the reply or what a log says of it; may hold codes itself */
};

struct wn_classified {
    enum wn_category category;
    enum wn_bounce_action action;
    enum wn_phase phase;
    enum wn_topic topic; /* of the words, where they have decided; else WN_TOPIC_COUNT */
    uint32_t provider;   /* smtp/provider.h, or 0 */
    const char *rule; /* stable id: a code's pattern ("5.1.1", "x.2.2"), a text rule's name … */
    const char *sentence; /* what it means for those who send the mail; static, with a full stop */
    /* The codes that counted: those inside the text before those beside it, the softer class. */
    uint16_t code;
    uint8_t enhanced[2];
    uint16_t enhanced_detail;
};

/* `out` is always filled; nothing certain is WN_CATEGORY_unclassified with WN_ACTION_T or X. Only
 * the first WN_REPLY_TEXT_MAX bytes (smtp/reply.h) of the text are read. */
void wn_classify(const struct wn_reply_in *in, struct wn_classified *out);

/* Whose fault a category is: "recipient", "domain", "us", "network", or "" for nobody's. */
const char *wn_category_blame(enum wn_category category);

#endif
