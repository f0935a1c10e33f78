/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_LOG_STAMP_H
#define WN_BOUNCE_LOG_STAMP_H

/* The time stamps of logs:
 *
 *   Nov 21 18:59:40, Nov 21 18:59:40.123456, Nov 21 2026 18:59:40   (RFC 3164 and what came of it)
 *   2026-11-21T18:59:40.123456+01:00, 2026-11-21 18:59:40 +0100     (RFC 3339, ISO 8601; Exim)
 *   @4000000067409d8c1a2b3c4d                                       (TAI64N: multilog)
 *   1795287580.123456                                               (seconds since 1970: splogger)
 *
 * A stamp without a zone is the local time of this machine (TZ), for a log does not say where it
 * was written. A stamp without a year is of the latest year in which it lies at most a day behind
 * the log's own last change, so that a file that spans the new year is read right; one that spans
 * more than a year cannot be. */

#include "base/str.h"

/* One thread's reader; zero-initialise and set `written_at`. */
struct wn_stamps {
    int64_t written_at; /* seconds since 1970: when the log was last changed */
    /* The last hour that was converted: its text, the zone's, and when it began. */
    char hour[16], zone[16];
    size_t hour_n, zone_n;
    int64_t hour_at;
};

/* How many bytes of the line's front are a stamp, or 0. */
size_t wn_stamp_length(struct wn_span line);

/* False when it is no stamp, or names no real time. */
bool wn_stamp_read(struct wn_stamps *stamps, struct wn_span stamp, int64_t *at);

#endif
