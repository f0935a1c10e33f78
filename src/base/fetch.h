/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_FETCH_H
#define WN_BASE_FETCH_H

/* One document over HTTPS, whole and in memory. Nothing but HTTPS is spoken (HTTP only if it was
 * allowed for this very URL), redirects included; certificates are checked; no cookies, no netrc,
 * no user or password in the URL. A proxy is used only as the usual variables say (https_proxy,
 * no_proxy). Used by one thread at a time. */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct wn_fetch {
    const char *url;
    const char *user_agent;
    bool allow_http;         /* http:// is no mistake; https:// is still never left for it */
    const char *ca_file;     /* certificate authorities in PEM; NULL: the system's */
    size_t max;              /* octets, after decompression */
    int64_t timeout;         /* seconds for the whole */
    const _Atomic int *stop; /* not 0: a signal asked for an orderly stop */
};

/* Replaces what `body` holds by the document; on failure it holds anything.
 * WN_E_USAGE: no URL of a kind that is allowed. WN_E_TEMPFAIL: the server cannot be reached, broke
 * off, did not answer in time, says that it is in trouble (5xx, 408, 429) or cannot prove who it
 * is. WN_E_DATA: it answered, but with no such document: another status, too many octets, a
 * redirect that must not be followed. WN_E_CONFIG: `ca_file` cannot be used. WN_E_SIGNAL + n. */
int wn_fetch(const struct wn_fetch *fetch, struct wn_buf *body, struct wn_error *err);

/* The URL as it may be shown: without what follows a "?", where keys stand. */
struct wn_span wn_fetch_shown(const char *url);

#endif
