/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_PROBES_H
#define WN_STORE_PROBES_H

/* Probe facts: what mail servers said of a mailbox when they were asked, whether a domain accepts
 * any mailbox, and how much was asked of an MX group. The words in a fact are smtp/outcome.h's.
 * Only two things about them are known here: `not_found` and `disabled` outlive their expiry, since
 * a mailbox that was once denied is to be looked at again (recheck_due) and not forgotten; and what
 * says nothing about a mailbox does not make such a denial be forgotten.
 *
 * Spans in a fact that is visited are valid during the call; a non-zero return ends the walk with
 * that status. For many puts, call between wn_store_begin and wn_store_commit. */

#include "store/db.h"

struct wn_probe_fact {
    struct wn_span address;    /* the mailbox key: normal form, local part in lower case */
    struct wn_span answer;     /* the word, e.g. "accepted" */
    uint16_t code;             /* 550, or 0 */
    uint8_t enhanced[2];       /* class and subject of RFC 3463, or 0 0 */
    uint16_t enhanced_detail;  /* its detail */
    struct wn_span diagnostic; /* the reply's words, or a sentence; empty if there is none. Stored:
                                  at most WN_DIAGNOSTIC_MAX bytes of UTF-8, fit for a terminal */
    struct wn_span host;       /* the MX host that said it, or empty */
    struct wn_span rule;       /* the classifier's rule, or empty */
    int64_t at, expires;       /* seconds since 1970 */
    int64_t due;               /* a temporary answer: when to ask again; else 0 */
};

typedef int wn_probe_visit(void *arg, const struct wn_probe_fact *fact);

/* The fact of one mailbox, if there is one from `now` or before that expires after `now`, is due
 * after `now`, or is a denial of any age: calls `visit` at most once. Whether a denial still counts
 * is for the caller to see by `expires`. */
int wn_probes_get(struct wn_store *store, struct wn_span address, int64_t now,
                  wn_probe_visit *visit, void *arg, struct wn_error *err);

/* Every such fact, in no order. */
int wn_probes_scan(struct wn_store *store, int64_t now, wn_probe_visit *visit, void *arg,
                   struct wn_error *err);

/* How many facts there are, fresh or not: for choosing between look-ups and a scan. */
int wn_probes_count(struct wn_store *store, uint64_t *count, struct wn_error *err);

/* Stores or replaces one fact. Where the mailbox has a denial that has expired at `at`, an answer
 * that says nothing of the mailbox itself (greylisted, busy, blocked, no_connection, ...) changes
 * only `due`. */
int wn_probes_put(struct wn_store *store, const struct wn_probe_fact *fact, struct wn_error *err);

/* Until when a denial counts; other answers stay, and no fact is no error. */
int wn_probes_hold(struct wn_store *store, struct wn_span address, int64_t expires,
                   struct wn_error *err);

/* Takes a denial back, as if the mailbox had never been asked. Other answers stay; no fact is no
 * error. */
int wn_probes_withdraw(struct wn_store *store, struct wn_span address, struct wn_error *err);

struct wn_catch_all_fact {
    struct wn_span domain;  /* A-labels, lower case, no root dot */
    struct wn_span outcome; /* the word, e.g. "refused" */
    int64_t at, expires;    /* seconds since 1970 */
};

typedef int wn_catch_all_visit(void *arg, const struct wn_catch_all_fact *fact);

/* As for mailboxes, but nothing outlives its expiry. */
int wn_catch_alls_get(struct wn_store *store, struct wn_span domain, int64_t now,
                      wn_catch_all_visit *visit, void *arg, struct wn_error *err);
int wn_catch_alls_scan(struct wn_store *store, int64_t now, wn_catch_all_visit *visit, void *arg,
                       struct wn_error *err);
int wn_catch_alls_put(struct wn_store *store, const struct wn_catch_all_fact *fact,
                      struct wn_error *err);

struct wn_group_fact {
    struct wn_span group;              /* its name: a provider's or a registrable domain */
    int64_t day;                       /* days since 1970 */
    uint64_t used;                     /* recipients asked on that day */
    int64_t stopped_at, stopped_until; /* seconds since 1970; 0 0: it never was */
    struct wn_span reason;             /* what it said, as a diagnostic; or empty */
    uint64_t lately;                   /* recipients asked in the minute before … */
    int64_t lately_at;                 /* … this second since 1970 */
};

typedef int wn_group_visit(void *arg, const struct wn_group_fact *fact);

/* The fact of one group, however old: `used` counts only if `day` is today or later, a stop only
 * before `stopped_until`. Calls `visit` at most once. */
int wn_groups_get(struct wn_store *store, struct wn_span group, wn_group_visit *visit, void *arg,
                  struct wn_error *err);
/* Every one, by name. */
int wn_groups_scan(struct wn_store *store, wn_group_visit *visit, void *arg, struct wn_error *err);
/* Adds `n` recipients to what was used on `day`; a later day than the stored one begins at 0. With
 * an earlier day (a clock that went back) they count on the stored one. */
int wn_groups_use(struct wn_store *store, struct wn_span group, int64_t day, uint64_t n,
                  struct wn_error *err);

/* Notes that `lately` of these, and maybe of earlier runs', were asked in the minute before `at`.
 */
int wn_groups_pace(struct wn_store *store, struct wn_span group, uint64_t lately, int64_t at,
                   struct wn_error *err);

/* Notes that the group wants no more from `at` until `until`; its budget stays as it is. */
int wn_groups_stop(struct wn_store *store, struct wn_span group, int64_t at, int64_t until,
                   struct wn_span reason, struct wn_error *err);

#endif
