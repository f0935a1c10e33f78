/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_REPLY_H
#define WN_SMTP_REPLY_H

/* The text of a reply, or what a bounce or a log says of one, taken apart: its codes and its words.
 * What they mean is classify.c's. Pure; any thread may call it. */

#include "base/str.h"

enum {
    WN_REPLY_TEXT_MAX = 4096, /* bytes of a text that are read */
    WN_PLAIN_MAX = WN_REPLY_TEXT_MAX + 2
};

/* The enhanced code (RFC 3463) that a text begins with, as "5.1.1": its length, or 0, and then
 * nothing is written. A number that goes on, as "5.1.1.20" or "5.1.10th", is none. */
size_t wn_reply_enhanced(struct wn_span text, uint8_t enhanced[2], uint16_t *detail);

/* Finds the first basic and the first enhanced code in a text, as "550", "5.1.1", "550-5.1.1 …" or
 * "host x said: 550 5.1.1 …". What is not there becomes 0. False when neither is. */
bool wn_reply_codes(struct wn_span text, uint16_t *code, uint8_t enhanced[2], uint16_t *detail);

/* The words of a reply as the phrases of data/replies.def are written, with a blank at either end
 * and a NUL behind. */
struct wn_plain {
    size_t n; /* without the NUL */
    char text[WN_PLAIN_MAX + 1];
};

/* Of the first WN_REPLY_TEXT_MAX bytes. */
void wn_plain_make(struct wn_span reply, struct wn_plain *plain);

/* The part of a text that the remote server said, where a gateway puts its own words before it:
 * "5.3.0 - Other mail system problem 550-'Unknown user'" gives "550-'Unknown user'". Else all. */
struct wn_span wn_reply_quoted(struct wn_span text);

/* The host that mail software names before the reply, as in "host mx.example.com[192.0.2.1] said:",
 * or empty. A view of the text. */
struct wn_span wn_plain_host(const struct wn_plain *plain);

#endif
