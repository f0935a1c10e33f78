/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_SUPPRESSION_H
#define WN_STORE_SUPPRESSION_H

/* What a mailbox's events amount to: counters, times and suppressions, derived from the events
 * alone by a pure function and kept in a table so that a run reads one row a mailbox. Nothing here
 * depends on today's date: a time since which, or until which, something holds is a fact; whether
 * it holds now is the verdict's business. */

#include "store/events.h"
#include "store/policy.h"

/* A mailbox's repute when a mail goes out: what the mails before amount to. */
enum wn_repute {
    WN_REPUTE_unseen,    /* no mail before it is known of */
    WN_REPUTE_delivered, /* mail was delivered, and no bounce is held against it */
    WN_REPUTE_soft,      /* bounces are held against it and do not say that it is dead */
    WN_REPUTE_hard,      /* dead */
    WN_REPUTE_COUNT,
    WN_REPUTE_OPEN = WN_REPUTE_hard /* those below it, whose next mail is in question */
};

/* What became of a mail, a UTC day of a mailbox being one: the worst that was said that day. What
 * says nothing of the mailbox (T, X, a will, an echo) is no outcome. */
enum wn_outcome {
    WN_OUTCOME_none,
    WN_OUTCOME_delivered,
    WN_OUTCOME_soft, /* N */
    WN_OUTCOME_dead, /* a bounce by D: the domain takes no mail */
    WN_OUTCOME_hard, /* S or S2 */
    WN_OUTCOME_COUNT
};

/* Times are seconds since 1970; 0 means never. */
struct wn_history {
    /* A person's will, or the operator's, in force unless a person's later word lifted it. */
    int64_t complained_at, unsubscribed_at, suppressed_at;
    /* Since when S, or the second S2, says that the mailbox is dead; a delivery long enough after
     * the last bounce that counts clears it and all that follows here. */
    int64_t hard_since;
    /* Since when, and until when, the soft threshold (N) has been passed; `full` when most of the
     * bounces that count were mailbox_full. */
    int64_t soft_since, soft_until;
    /* The last soft bounce that counts (N, or a lone S2), under the threshold or not. */
    int64_t soft_at;
    int64_t soft_lately_until; /* the last second at which soft_at is held against it */
    bool full;
    /* The last bounce that counts (S, S2, N), and the last real delivery. */
    int64_t bounced_at, delivered_at;
    uint32_t hard_bounces, soft_bounces; /* S and S2; N. At most one a day each */
    /* The last event of any kind, and the reply of the last bounce that counts. */
    enum wn_event_kind last_kind;
    enum wn_category last_category;
    int64_t last_at;
    uint16_t code;
    uint8_t enhanced[2];
    uint16_t enhanced_detail;
    /* What became of the first mail that met the mailbox in each open repute: an enum wn_outcome
     * in WN_OUTCOME_BITS bits each, that of the lowest repute lowest. */
    uint16_t outcomes;
    struct wn_span diagnostic; /* valid as long as the function that gave the history says */
};

enum {
    WN_OUTCOME_BITS = 3
};

static inline enum wn_outcome wn_history_outcome(const struct wn_history *history,
                                                 enum wn_repute repute)
{
    return (enum wn_outcome)(history->outcomes >> (WN_OUTCOME_BITS * repute) &
                             ((1 << WN_OUTCOME_BITS) - 1));
}

/* Its repute now; NULL: nothing is known of it. */
static inline enum wn_repute wn_history_repute(const struct wn_history *h)
{
    return h == NULL              ? WN_REPUTE_unseen
           : h->hard_since != 0   ? WN_REPUTE_hard
           : h->bounced_at != 0   ? WN_REPUTE_soft
           : h->delivered_at != 0 ? WN_REPUTE_delivered
                                  : WN_REPUTE_unseen;
}

/* Pure: what `count` events of one mailbox, oldest first, amount to under a policy. The diagnostic
 * points into the events. */
void wn_history_derive(const struct wn_event *events, size_t count,
                       const struct wn_bounce_policy *policy, struct wn_history *history);

/* The word of the report's `last_event`: the category of a bounce or deferral, else the kind. */
const char *wn_history_last_word(const struct wn_history *history);

/* A domain's own history: mail to it kept expiring unanswered (4.4.7, 5.4.7), and when it last took
 * any. `unreachable_since` is when the soft threshold was passed with no delivery since. */
struct wn_domain_history {
    int64_t unreachable_since, unreachable_until;
    int64_t delivered_at;
};

/* Spans are valid during the call; a non-zero return ends the scan with that status. */
typedef int wn_history_visit(void *arg, struct wn_span recipient, const struct wn_history *history);
typedef int wn_domain_history_visit(void *arg, struct wn_span domain,
                                    const struct wn_domain_history *history);

/* One mailbox or domain: calls `visit` at most once. */
int wn_history_get(struct wn_store *store, struct wn_span recipient, wn_history_visit *visit,
                   void *arg, struct wn_error *err);
int wn_domain_history_get(struct wn_store *store, struct wn_span domain,
                          wn_domain_history_visit *visit, void *arg, struct wn_error *err);

/* What the events of several recipients amount to if all of them are one mailbox: calls `visit` at
 * most once, with the first recipient. */
int wn_history_combine(struct wn_store *store, const struct wn_span *recipients, size_t count,
                       wn_history_visit *visit, void *arg, struct wn_error *err);

/* Every mailbox with history, or every domain with something to say, in no order. */
int wn_history_scan(struct wn_store *store, wn_history_visit *visit, void *arg,
                    struct wn_error *err);
/* The same in the order of the addresses' octets, for people and for files; slower. */
int wn_history_scan_in_order(struct wn_store *store, wn_history_visit *visit, void *arg,
                             struct wn_error *err);
int wn_domain_history_scan(struct wn_store *store, wn_domain_history_visit *visit, void *arg,
                           struct wn_error *err);
/* How many mailboxes have history: for choosing between look-ups and a scan. */
int wn_history_count(struct wn_store *store, uint64_t *count, struct wn_error *err);

/* What deriving everything again under the store's policy would change, mailbox by mailbox: what is
 * stored, what would be, and the events that count, oldest first. A history is NULL where there is
 * none. Only those mailboxes and domains whose histories differ; no order. Changes nothing. */
struct wn_history_change {
    struct wn_span recipient;
    const struct wn_history *before, *after;
    const struct wn_event *events;
    size_t count;
};
typedef int wn_history_change_visit(void *arg, const struct wn_history_change *change);
typedef int wn_domain_change_visit(void *arg, struct wn_span domain,
                                   const struct wn_domain_history *before,
                                   const struct wn_domain_history *after);
int wn_history_compare(struct wn_store *store, wn_history_change_visit *visit, void *arg,
                       struct wn_error *err);
int wn_domain_history_compare(struct wn_store *store, wn_domain_change_visit *visit, void *arg,
                              struct wn_error *err);

/* What became of the first mails that met the mailboxes of one domain in one open repute: each
 * mailbox counts once. */
struct wn_domain_outcomes {
    struct wn_span domain; /* spans are valid during the call */
    struct wn_span mx;     /* the domain's MX host as it was last stored, fresh or not; or empty */
    enum wn_repute repute;
    uint32_t mails;                 /* mailboxes with an outcome */
    uint32_t delivered, dead, hard; /* of them; the others bounced softly */
};
typedef int wn_outcomes_visit(void *arg, const struct wn_domain_outcomes *outcomes);

/* Every domain and repute of which a mail is known, by domain, then repute. A store that was
 * filled before Winnow counted outcomes has those of later events only, until all is derived anew.
 */
int wn_outcomes_scan(struct wn_store *store, wn_outcomes_visit *visit, void *arg,
                     struct wn_error *err);

/* The words of the table, and of summary.json. */
const char *wn_repute_word(enum wn_repute repute);

/* Derives again every mailbox and domain that got events since the last call; call after each batch
 * of wn_events_add, in the same transaction. With `all`, everything, from the events alone. What is
 * in quarantine (breaker.h) does not count. */
int wn_suppression_update(struct wn_store *store, bool all, struct wn_error *err);

#endif
