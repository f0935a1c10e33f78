/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_HELLO_H
#define WN_SMTP_HELLO_H

/* What a mail server says before the first command of ours: greeting, EHLO (else HELO), STARTTLS
 * and EHLO once more (RFC 5321, 3.1 and 3.2; RFC 3207). libcurl asks; here is listened in, so that
 * it is known how far a connection got, what was refused and what the server can do. Pure. */

#include "smtp/reader.h"

enum wn_link_phase {
    WN_LINK_CONNECT,
    WN_LINK_BANNER,  /* connected; the greeting is awaited */
    WN_LINK_EHLO,    /* greeted; the answer to EHLO or HELO is awaited */
    WN_LINK_STARTTLS /* STARTTLS was said; its answer, the handshake, or the first word under TLS */
};

/* `detail` of words between the answer to STARTTLS and the handshake; also said where libcurl finds
 * them first. */
#define WN_HELLO_GOES_ON "the server goes on talking after STARTTLS"

struct wn_link_facts {
    bool pipelining, utf8; /* RFC 2920, RFC 6531; as said under TLS where there is TLS */
    bool tls;
    /* Out of date, or vouched for by nobody but itself. Never fatal; that somebody known vouches
     * for it is not said where it is false: libcurl checks that or refuses, it does not tell. */
    bool certificate_bad;
};

/* Owned by the caller; begins zero-initialised but for `plain`. */
struct wn_hello {
    bool plain; /* STARTTLS will not be said */
    enum wn_link_phase phase;
    struct wn_link_facts facts; /* all but certificate_bad */
    bool refused;               /* the last reply was 4xx or 5xx; reader.reply is it */
    bool quit;                  /* a QUIT may be said: greeted, no TLS, not told 421 */
    const char *detail;         /* why it is no SMTP; static */
    /* Of hello.c. */
    bool offered;   /* STARTTLS, in this answer */
    bool helo;      /* EHLO was refused */
    bool handshake; /* STARTTLS was accepted */
    bool ahead;     /* there may have been something behind the last reply … */
    uint64_t turn;  /* … which was heard in this turn */
    struct wn_smtp_reader reader;
};

/* Whether the line begins as what may be said at any time does: with 421 (RFC 5321, 3.8). */
bool wn_hello_may_come_anytime(struct wn_span line);

/* What has come in behind a line when that is handed over, which is before libcurl says anything
 * more. */
struct wn_hello_rest {
    bool there; /* something */
    bool kept;  /* libcurl may have read something, and hands it over in the same turn */
    uint64_t turn;
};

/* One line with its end, as libcurl hands it over. Nothing can be behind the end of a reply, as it
 * is we who speak then. False: this is no SMTP, out of step or too long, `detail`; nothing that
 * follows means anything. */
bool wn_hello_hear(struct wn_hello *hello, struct wn_span line, const struct wn_hello_rest *rest);

#endif
