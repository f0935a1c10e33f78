/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_OUTCOME_H
#define WN_SMTP_OUTCOME_H

/* What a server's reply means for the mailbox that was asked for: the classification that
 * `winnow bounces classify` prints, and what a probe makes of it. It is harder to say no here than
 * for a bounce: a bounce is one of many facts, the answer of a probe may drop an address alone.
 * Pure; any thread may call it. */

#include "smtp/classify.h"
#include "smtp/reader.h"

enum wn_probe_answer {
    WN_ANSWER_none, /* no answer: MAIL was accepted, say */
    WN_ANSWER_accepted,
    WN_ANSWER_not_found,
    WN_ANSWER_disabled,
    WN_ANSWER_full,
    WN_ANSWER_restricted, /* the mailbox exists, and takes mail from some senders only */
    WN_ANSWER_blocked,    /* something about us */
    WN_ANSWER_greylisted,
    WN_ANSWER_busy, /* later, for whatever reason */
    WN_ANSWER_no_connection,
    WN_ANSWER_timeout,
    WN_ANSWER_error,   /* what was said is no answer */
    WN_ANSWER_unclear, /* a refusal that no rule explains, or that is about neither of us */
    WN_ANSWER_COUNT
};

/* "accepted", "not_found" …, as stored; "none" for none. */
const char *wn_answer_word(enum wn_probe_answer answer);
/* False when the word is none of them. */
bool wn_answer_read(struct wn_span word, enum wn_probe_answer *answer);

struct wn_probe_meaning {
    enum wn_probe_answer answer;
    bool about_us;     /* the server objects to us, so it is not to be asked any more. The answer is
                        * blocked, and blocked is never said without it */
    bool again;        /* it may answer otherwise later: greylisted or busy */
    bool one_too_many; /* too many recipients on this connection (452 4.5.3 and its kin): it has not
                        * answered for this one; busy where there is only one */
    struct wn_classified classified; /* codes, category, rule and sentence */
};

/* `phase`: what was answered: connect, ehlo, mail or rcpt; unknown (a 421 that answers nothing) is
 * judged like mail. `provider`: whose server said it (smtp/provider.h), or 0. Before RCPT nothing
 * is about the recipient. A reply of code 0, and a success other than 250 and 251 (RFC 5321, 4.2.3)
 * or with the enhanced code of a failure, is an error. `out` is always filled. */
void wn_probe_meaning(const struct wn_smtp_reply *reply, enum wn_phase phase, uint32_t provider,
                      struct wn_probe_meaning *out);

/* What the answer to a mailbox that nobody can have says of its domain. */
enum wn_catch_all {
    WN_CATCH_ALL_not_run,
    WN_CATCH_ALL_accepted,
    WN_CATCH_ALL_refused,
    WN_CATCH_ALL_inconclusive,
    WN_CATCH_ALL_COUNT
};

/* A success is accepted, whatever its words; a permanent refusal at RCPT that is not about us is
 * refused, also one that calls the mailbox full or disabled; all else is inconclusive. */
enum wn_catch_all wn_catch_all_of(const struct wn_probe_meaning *m);

/* "not_run", "accepted", "refused", "inconclusive", as stored. */
const char *wn_catch_all_word(enum wn_catch_all outcome);
bool wn_catch_all_read(struct wn_span word, enum wn_catch_all *outcome);

#endif
