/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_PROBE_SETTINGS_H
#define WN_CLEAN_PROBE_SETTINGS_H

/* How mailboxes are asked, as the user wants it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WN_PROBE_RETRIES = 8 /* pauses of --probe-retry, at most */
};

struct wn_probe_settings {
    bool on;                       /* --probe */
    bool force;                    /* although the preflight warns */
    const char *from;              /* the envelope sender, an address in normal form */
    const char *helo;              /* our fully qualified name */
    const char *proxy, *interface; /* or NULL */
    uint16_t port;
    uint32_t sockets;     /* in all */
    uint32_t connections; /* a group; 0: the provider's own limit */
    uint32_t per_minute;  /* a group; 0: the provider's own limit */
    uint64_t max;         /* recipients asked in all; 0: no limit */
    int64_t budget_ms;    /* in all; 0: no limit */
    int64_t command_ms;   /* an answer may take */
    int64_t retry_ms[WN_PROBE_RETRIES];
    size_t retries;
    bool wait; /* for the time to ask again, within the budget; else that is for a later run */
};

#endif
