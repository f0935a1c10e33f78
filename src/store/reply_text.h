/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_REPLY_TEXT_H
#define WN_STORE_REPLY_TEXT_H

/* Replies compared: what of a mail server's words is the server's, and what would be the same for
 * the next recipient. Pure; any bytes. */

#include "base/str.h"

/* Without a leading "smtp;" or Postfix's "host x[y] said:", a trailing "(in reply to … command)"
 * and blanks at both ends. A part of what was given. */
struct wn_span wn_reply_unwrap(struct wn_span reply);

/* Appends the words of a reply, in lower case, without what differs from recipient to recipient and
 * from message to message: what an address, a number or a host name is part of, and the recipient's
 * own name. `recipient` may be empty. */
void wn_reply_core(struct wn_buf *out, struct wn_span reply, struct wn_span recipient);

#endif
