/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_CLOCK_H
#define WN_BASE_CLOCK_H

/* Wall-clock time as seconds since 1970 UTC, handed in wherever it matters so that tests never wait
 * for it, and its text form (RFC 3339, UTC, whole seconds). */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define WN_DAY INT64_C(86400)

int64_t wn_clock_now(void);

/* Milliseconds of a clock that never goes back. */
int64_t wn_clock_monotonic_ms(void);

enum {
    WN_TIME_TEXT = 24
}; /* bytes that hold "2026-11-21T18:59:40Z" and its NUL */

/* Years outside 0000..9999 give an empty text. */
void wn_time_format(int64_t at, char text[WN_TIME_TEXT]);

enum {
    WN_MAIL_TIME_TEXT = 32
}; /* bytes that hold "Tue, 07 Jan 2025 19:25:45 +0000" and its NUL */

/* The form of RFC 5322, section 3.3, in UTC. Years outside 0000..9999 give an empty text. */
void wn_time_format_mail(int64_t at, char text[WN_MAIL_TIME_TEXT]);

/* Reads what people and exports write: `2026-11-21`, `2026-11-21T18:59:40Z` (or a blank for the T,
 * fractions, an offset such as +02:00, no zone meaning UTC), `Sun, 01 Mar 2026 15:00:08 GMT` (RFC
 * 5322, with a number, UTC or GMT as its zone), seconds or milliseconds since 1970. False when it
 * is none of these or names no real date. */
bool wn_time_parse(struct wn_span text, int64_t *at);

/* Reads a length of time as milliseconds: a whole number and ms, s, m, h or d, seconds where there
 * is none. False for anything else, and for more than 10,000 days. */
bool wn_period_parse(struct wn_span text, int64_t *ms);

#endif
