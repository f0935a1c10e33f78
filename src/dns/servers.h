/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_SERVERS_H
#define WN_DNS_SERVERS_H

/* Which DNS servers to ask: read from an option's text, or the system's own. */

#include <stddef.h>

#include "base/error.h"

/* More servers than anyone has; more are a mistake. */
enum {
    WN_SERVERS_MAX = 16,
    WN_SERVER_TEXT = 96
};

struct wn_servers {
    size_t count;
    char text[WN_SERVERS_MAX][WN_SERVER_TEXT]; /* "192.0.2.1:53", "[2001:db8::1]:53" */
};

/* Reads "ADDR[:PORT],[V6ADDR]:PORT,…" (an IPv6 address without a port needs no brackets; port 53
 * where none is given; a server named twice counts once). WN_E_USAGE when it names no server, more
 * than WN_SERVERS_MAX, or something that is no address. */
int wn_servers_read(const char *list, struct wn_servers *servers, struct wn_error *err);

/* The system's, as c-ares finds them (/etc/resolv.conf on most systems). WN_E_CONFIG when they
 * cannot be found out. */
int wn_servers_system(struct wn_servers *servers, struct wn_error *err);

#endif
