/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_LIMITS_H
#define WN_SMTP_LIMITS_H

/* How much a probe may ask of a provider: src/data/provider_limits.def. Pure; any thread may call
 * it. */

#include <stdbool.h>
#include <stdint.h>

/* Each at least 1, and for an MX group: all the domains whose mail goes there. */
struct wn_probe_limits {
    uint32_t connections; /* open at once */
    uint32_t recipients;  /* asked on one connection */
    uint32_t per_minute;  /* recipients asked a minute */
    uint32_t per_day;     /* recipients asked a day */
    bool accepts_all;     /* RCPT means nothing there: do not ask */
    bool never_catch_all; /* no random mailbox need be asked for */
    bool one_domain;      /* the recipients of a connection are of one domain */
};

/* `provider`: smtp/provider.h; 0, and one without a row of its own, get the row of all others.
 * `limits` is always filled. */
void wn_limits_of(uint32_t provider, struct wn_probe_limits *limits);

#endif
