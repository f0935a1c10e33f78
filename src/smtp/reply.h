/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_REPLY_H
#define WN_SMTP_REPLY_H

/* The text of a reply, taken apart for classify.c. Pure. */

#include "smtp/classify.h"

enum {
    WN_PLAIN_MAX = WN_CLASSIFY_MAX + 2
};

/* The words of a reply as the phrases of data/replies.def are written, with a blank at either end
 * and a NUL behind. */
struct wn_plain {
    size_t n; /* without the NUL */
    char text[WN_PLAIN_MAX + 1];
};

/* Of the first WN_CLASSIFY_MAX bytes. */
void wn_plain_make(struct wn_span reply, struct wn_plain *plain);

/* The part of a text that the remote server said, where a gateway puts its own words before it:
 * "5.3.0 - Other mail system problem 550-'Unknown user'" gives "550-'Unknown user'". Else all. */
struct wn_span wn_reply_quoted(struct wn_span text);

/* The host that mail software names before the reply, as in "host mx.example.com[192.0.2.1] said:",
 * or empty. A view of the text. */
struct wn_span wn_plain_host(const struct wn_plain *plain);

#endif
