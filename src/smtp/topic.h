/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_TOPIC_H
#define WN_SMTP_TOPIC_H

/* What the words of a reply may be about: the topics of data/codes.def, which data/replies.def
 * finds words for. */

enum wn_topic {
#define WN_TOPIC(name, category, hard, soft, sentence) WN_TOPIC_##name,
#include "data/codes.def"
    WN_TOPIC_COUNT
};

#endif
