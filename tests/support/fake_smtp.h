/* SPDX-License-Identifier: MIT */
#ifndef WN_TEST_FAKE_SMTP_H
#define WN_TEST_FAKE_SMTP_H

/* A world of mail servers without sockets and without time: its clock jumps to the next thing that
 * is due, so hours cost nothing. It is the prober's io, and it writes down all that happens. */

#include "smtp/prober.h"

struct fake_world;

enum fake_door {
    FAKE_OPEN,
    FAKE_REFUSED,  /* nobody listens */
    FAKE_NO_WAY,   /* this machine has no way to it */
    FAKE_SILENT,   /* no answer to the connection */
    FAKE_MUTE,     /* connected, and no greeting */
    FAKE_GARBAGE,  /* a greeting that is no SMTP */
    FAKE_RST,      /* gone right after EHLO */
    FAKE_BAD_TLS,  /* STARTTLS fails half way */
    FAKE_BUSY_PLUS /* 421 to MAIL, and gone */
};

/* All zero: an honest server that answers at once. Texts are static. */
struct fake_persona {
    enum fake_door door;
    const char *greeting; /* instead of 220: a reply that ends it */
    const char *mail;     /* the answer to MAIL; NULL: 250 */
    const char *unknown;  /* to RCPT for nobody's mailbox; %s is the address. NULL: 550 5.1.1 … */
    const char *turned;   /* to every RCPT (%s: the address) after `turns_after` of them */
    unsigned turns_after;
    unsigned latency_ms;   /* before each reply */
    unsigned recipients;   /* on a connection; one more is answered with 452 4.5.3. 0: any number */
    unsigned drops_after;  /* replies to RCPT on a connection, then it is closed. 0: never */
    unsigned closes_after; /* the same with a 421 for the next */
    unsigned hangs_after;  /* the same, then silence */
    unsigned long greylist_ms;        /* each mailbox's first time, and so long after it */
    bool pipelining, loses_pipelined; /* of commands sent together only the first is answered */
    bool babbles;                     /* of a group, answers all but the last, then nonsense */
    bool stutters;                    /* one reply too many before the first recipient's */
    bool one_domain;                  /* the recipients of a connection have to be of one */
    bool utf8, catch_all, postmaster;
};

struct fake_world *fake_world_new(void);
void fake_world_free(struct fake_world *w);

/* Returns its number. `group`: servers whose limits are one. */
unsigned fake_server(struct fake_world *w, const struct fake_persona *persona, unsigned group);
/* It can be changed between runs. */
struct fake_persona *fake_persona(struct fake_world *w, unsigned server);
struct wn_ip fake_ip(unsigned server);

/* Answers to RCPT for it, at every server that is honest; the address and the reply are copied. */
void fake_mailbox(struct fake_world *w, const char *address, const char *reply);
bool fake_is_mailbox(const struct fake_world *w, struct wn_span address);

void fake_io(struct fake_world *w, struct wn_prober_io *io);
int64_t fake_now(const struct fake_world *w);
/* At that time *stop becomes 1. */
void fake_stop_at(struct fake_world *w, int64_t at_ms, _Atomic int *stop);
/* Connections that may be open before connect fails; without it, any number. */
void fake_handles(struct fake_world *w, unsigned most);

enum fake_what {
    FAKE_CONNECT,
    FAKE_READY,
    FAKE_MAIL,
    FAKE_RCPT,
    FAKE_RSET,
    FAKE_QUIT,
    FAKE_DROP, /* by the server */
    FAKE_CLOSE /* by the prober */
};

struct fake_entry {
    int64_t at_ms;
    unsigned link, server, group;
    enum fake_what what;
    bool plain;       /* CONNECT */
    char address[96]; /* RCPT, MAIL; cut */
};

const struct fake_entry *fake_transcript(const struct fake_world *w, size_t *count);

#endif
