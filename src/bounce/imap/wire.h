/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMAP_WIRE_H
#define WN_BOUNCE_IMAP_WIRE_H

/* A connection to an IMAP server, logged in: lines and octets, each within limits of size and time.
 * Used by one thread at a time. The server is not believed in anything. */

#include <stdint.h>

#include "bounce/imap/url.h"

enum {
    WN_IMAP_LINE_MAX = 1 << 16,
    WN_IMAP_CONNECT_SECONDS = 30,
    WN_IMAP_STALL_SECONDS = 60
};

struct wn_imap_access {
    const struct wn_imap_url *url;
    const char *password; /* NULL: what .netrc says */
    const char *ca_file;  /* certificate authorities in PEM; NULL: the system's */
    bool insecure;        /* imap:// without TLS; only where the URL's host is this machine */
    int64_t timeout;      /* seconds without progress before the server is given up */
    const _Atomic int *stop;
};

struct wn_imap_wire;

/* Connects, checks the certificate, logs in. WN_E_TEMPFAIL: it cannot be reached, does not answer,
 * or cannot prove who it is; WN_E_NOINPUT: it refuses the login, or offers no TLS; WN_E_DATA: it
 * speaks no IMAP; WN_E_CONFIG: ca_file cannot be used; WN_E_SIGNAL + n. *wire is NULL then. */
int wn_imap_wire_open(const struct wn_imap_access *access, struct wn_imap_wire **wire,
                      struct wn_error *err);
void wn_imap_wire_free(struct wn_imap_wire *wire);

/* The next three: WN_E_TEMPFAIL when the server hangs up or makes no progress, WN_E_SIGNAL + n. The
 * connection is of no use then. Sends all of it, and starts the clock that an answer is given. */
int wn_imap_wire_send(struct wn_imap_wire *wire, struct wn_span octets, struct wn_error *err);
/* Appends a line without its end. WN_E_DATA: `line` would be longer than WN_IMAP_LINE_MAX, or a NUL
 * is in it. */
int wn_imap_wire_line(struct wn_imap_wire *wire, struct wn_buf *line, struct wn_error *err);
/* Appends `n` octets to the file `fd`; -1: nobody wants them. WN_E_IO. */
int wn_imap_wire_octets(struct wn_imap_wire *wire, uint64_t n, int fd, struct wn_error *err);

#endif
