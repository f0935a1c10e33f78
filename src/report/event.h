/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_EVENT_H
#define WN_REPORT_EVENT_H

/* An event as one JSON object on one line: what `winnow bounces parse` prints. */

#include "store/events.h"

/* Appends {source, at, recipient, kind, code, enhanced, category, action, phase, diagnostic,
 * message_id, rule} and a line end. `at` is RFC 3339 in UTC, `code` a number; what is not known is
 * null. Texts from outside that are no UTF-8 get U+FFFD. A log has millions of these lines, so they
 * are written here and not by way of a tree of objects. */
void wn_event_json(const struct wn_event *event, struct wn_buf *out);

#endif
