/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_DIALOGUE_H
#define WN_SMTP_DIALOGUE_H

/* What is said on one connection after EHLO: MAIL, a RCPT for each recipient, RSET, QUIT. It knows
 * neither clock nor socket: commands come out, bytes go in, events come out. Used by one thread at
 * a time.
 *
 *     wn_dialogue_add ...            (before the first command, where possible)
 *     while (wn_dialogue_next(d, &command)) send it
 *     on bytes: wn_dialogue_feed, then wn_dialogue_event until NONE, then wn_dialogue_next again
 *
 * An answer is given out only when it is certain whose it is. With pipelining (RFC 2920) commands
 * go out in groups, and a server that loses one of a group would answer each recipient with what it
 * says of the next. So an answer that names its recipient is given out at once, any other when the
 * whole group is answered; those that are held when the connection ends early stay unanswered. */

#include "smtp/command.h"
#include "smtp/reader.h"
#include "store/events.h"

enum wn_dialogue_event_kind {
    WN_DIALOGUE_NONE, /* feed more, or send */
    WN_DIALOGUE_MAIL, /* MAIL was answered (reply); unless 2xx no recipient is asked, and those that
                       * went out with it stay unanswered */
    /* A recipient was answered (tag, reply). Where its address cannot be said to this server (a
     * fault that wn_smtp_address_fits finds, or UTF-8 where config.utf8 is false), nothing was
     * sent, the reply is our own and has the code 0 */
    WN_DIALOGUE_RECIPIENT,
    WN_DIALOGUE_CLOSING, /* 421 (RFC 5321, 3.8) at any point (reply); phase and tag: what it
                          * answers. The server goes; nothing more is sent, DONE follows */
    WN_DIALOGUE_BROKEN, /* no SMTP, too long, or out of step: `detail`. Of the commands only QUIT is
                         * left (the answer is not waited for); DONE follows when it was taken,
                         * at once where QUIT was said */
    WN_DIALOGUE_RESET,  /* RSET was answered */
    WN_DIALOGUE_DONE    /* QUIT was answered, or nothing more will come; once */
};

struct wn_dialogue_event {
    enum wn_dialogue_event_kind kind;
    uint32_t tag;                      /* RECIPIENT; CLOSING with the phase rcpt */
    const struct wn_smtp_reply *reply; /* until the next call of wn_dialogue_event, or NULL */
    const char *detail;                /* BROKEN: static, without a full stop; else NULL */
    /* BROKEN: the server's replies are not those to our commands in their order, so that whose were
     * the answers that were given out before is not certain either. */
    bool out_of_step;
    enum wn_phase phase; /* what was answered: mail, rcpt, or unknown for the rest */
};

struct wn_dialogue_config {
    struct wn_span sender; /* copied */
    bool pipelining;       /* the server offers PIPELINING */
    bool utf8; /* the server offers SMTPUTF8; it is asked for when the sender needs it, or one of
                * the recipients that are known when MAIL goes out. Of later ones, those that need
                * it stay unanswered where it was not asked for */
};

enum {
    WN_DIALOGUE_GROUP_MAX = 32 /* recipients sent before the first of them is answered */
};

struct wn_dialogue;

/* Free with wn_dialogue_free. A sender that cannot be said is BROKEN from the beginning. */
struct wn_dialogue *wn_dialogue_new(const struct wn_dialogue_config *config);
void wn_dialogue_free(struct wn_dialogue *d);

/* Another recipient to ask; its address is copied; any time before wn_dialogue_finish. */
void wn_dialogue_add(struct wn_dialogue *d, struct wn_span address, uint32_t tag);

/* No more will be added: when all are answered, RSET and QUIT follow; QUIT alone where no MAIL was
 * accepted. */
void wn_dialogue_finish(struct wn_dialogue *d);

/* The same, and recipients that have not gone out will not: they stay unanswered. */
void wn_dialogue_stop(struct wn_dialogue *d);

/* The connection has ended: no command will come any more, DONE is the last event. */
void wn_dialogue_closed(struct wn_dialogue *d);

/* The next command that may go out now, which then counts as sent: with PIPELINING a group of MAIL
 * and recipients before the first answer, else one; RSET when all recipients are answered, QUIT
 * when RSET is, or MAIL was refused. Its address is valid until the next call of wn_dialogue_add.
 * False: wait. */
bool wn_dialogue_next(struct wn_dialogue *d, struct wn_smtp_command *command);

/* Bytes from the server, cut anywhere. Then take events until NONE. */
void wn_dialogue_feed(struct wn_dialogue *d, const char *bytes, size_t n);
struct wn_dialogue_event wn_dialogue_event(struct wn_dialogue *d);

/* Commands that are sent and wait: for their reply, or with it for the rest of their group. */
size_t wn_dialogue_waiting(const struct wn_dialogue *d);

/* Recipients that were added and not answered, for asking them elsewhere, one a call and each once;
 * *sent says whether it had gone out. They are no longer this dialogue's: what has not gone out
 * will not, and no event will come of them. False: no more. */
bool wn_dialogue_unanswered(struct wn_dialogue *d, uint32_t *tag, bool *sent);

#endif
