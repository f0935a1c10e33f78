/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMAP_URL_H
#define WN_BOUNCE_IMAP_URL_H

/* A mailbox as the user names it (RFC 5092, without what only a message has):
 *
 *   imaps://bounces%40example.org@mail.example.org/INBOX
 *
 * and names of mailboxes as IMAP writes them. */

#include "base/str.h"

/* Owned by the caller, zero-initialised. Texts are decoded UTF-8, each with a NUL behind it. */
struct wn_imap_url {
    /* "imaps://bounces%40example.org@mail.example.org:993/", what libcurl connects to */
    struct wn_buf server;
    struct wn_buf host;    /* "mail.example.org:993" in lower case */
    struct wn_buf user;    /* "bounces@example.org" */
    struct wn_buf mailbox; /* "INBOX", "Archive/2026" */
    struct wn_buf shown;   /* as it is written in messages, and as events name their source */
    bool tls;              /* imaps: TLS from the first octet, not by STARTTLS */
    bool loopback;         /* the host is this machine, by its name or address */
};

/* WN_E_USAGE: no URL of a mailbox, or one with a password, which a command line shows to everybody;
 * no sentence ever repeats that. A path that names no mailbox is INBOX. */
int wn_imap_url_read(const char *text, struct wn_imap_url *url, struct wn_error *err);
void wn_imap_url_release(struct wn_imap_url *url);

/* Appends a mailbox's name as a quoted string in modified UTF-7 (RFC 3501, 5.1.3). False when it is
 * no UTF-8 or holds control characters. */
bool wn_imap_add_mailbox(struct wn_buf *out, struct wn_span name);

#endif
