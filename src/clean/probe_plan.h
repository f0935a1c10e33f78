/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_PROBE_PLAN_H
#define WN_CLEAN_PROBE_PLAN_H

/* Which mailboxes are worth asking, where, and within what limits; pure, but for the groups' pasts,
 * which it reads from the store. */

#include "clean/run.h"
#include "smtp/limits.h"

/* Why a mailbox is not asked. */
enum wn_unasked {
    WN_UNASKED_settled,     /* its verdict is settled without */
    WN_UNASKED_no_route,    /* DNS did not say where to ask */
    WN_UNASKED_known,       /* it was asked lately */
    WN_UNASKED_accepts_all, /* its provider says yes to everybody */
    WN_UNASKED_catch_all,   /* so does its domain, as is known */
    WN_UNASKED_stopped,     /* its provider wanted no more of us lately */
    WN_UNASKED_own,         /* it is at the domain that we ask from */
    WN_UNASKED_helo,        /* it is at the domain or host whose name we give as ours */
    WN_UNASKED_not_due,     /* it is to be asked again, but not as early as in this run */
    WN_UNASKED_COUNT
};

/* A sentence for the plan, without a full stop. */
const char *wn_unasked_sentence(enum wn_unasked unasked);

/* An MX group of the run. */
struct wn_plan_group {
    struct wn_span name; /* in the tables' arena */
    uint32_t provider;   /* smtp/provider.h; 0: none known */
    uint32_t mailboxes, domains, canaries;
    struct wn_probe_limits limits; /* as the options have changed them */
    uint64_t used_today;           /* recipients, by earlier runs */
    uint64_t lately;               /* of these, in the minute before … */
    int64_t lately_at;             /* … this second since 1970; 0: none */
    uint64_t kept;                 /* and by this one, as far as the store knows of them */
    int64_t stopped_until;         /* seconds since 1970; 0: it is not stopped */
    struct wn_span reason;         /* why it is; in the tables' arena */
    uint64_t left;                 /* mailboxes that were not asked in the end, by a limit */
    const char *limit;             /* which one, if there are any; in the tables' arena */
};

struct wn_plan_domain {
    uint32_t id; /* in the tables */
    uint32_t group;
    bool catch_all_wanted; /* a mailbox is known to be accepted, and the random one was never asked
                            */
    uint32_t number;       /* for the one who asks */
};

struct wn_plan_mailbox {
    uint32_t id;     /* in the tables */
    uint32_t domain; /* index into `domains` */
    bool canary;     /* a witness: mail was delivered to it lately */
    int64_t due;     /* seconds since 1970; 0: at once */
};

/* Owned by the caller. Mailboxes are in the order of their first rows. */
struct wn_probe_plan {
    struct wn_segments groups, domains, mailboxes;
    uint64_t unasked[WN_UNASKED_COUNT];
    int64_t now;      /* when the run begins */
    uint64_t parked;  /* mailboxes that are to be asked, and not before they are due */
    int64_t last_due; /* of these, the last */
    int64_t next_due; /* of those that are not due in this run, the first; 0: there are none */
};

/* The limit by which a mailbox that is to be asked is left for a later run. */
enum wn_left {
    WN_LEFT_day,    /* its provider's daily limit */
    WN_LEFT_budget, /* --probe-budget: its provider's rate lets no more through in that time */
    WN_LEFT_max,    /* --probe-max */
    WN_LEFT_COUNT
};

/* What can come of a plan at best, were every answer immediate and every mailbox asked once. Random
 * mailboxes and repeated questions, which count for the limits, too, are not foreseen. */
struct wn_plan_outlook {
    uint64_t asked;               /* mailboxes, at most */
    uint64_t left[WN_LEFT_COUNT]; /* the others, by the limit that is met first */
    uint64_t connections;         /* at least */
    int64_t seconds;              /* at least */
};

/* Errors: the store's. */
int wn_probe_plan_make(struct wn_run *run, struct wn_probe_plan *plan, struct wn_error *err);
void wn_probe_plan_release(struct wn_probe_plan *plan);

/* Pure. */
void wn_probe_plan_outlook(const struct wn_probe_plan *plan,
                           const struct wn_probe_settings *settings,
                           struct wn_plan_outlook *outlook);

/* The plan for people: mailboxes by provider, what is not asked and why, connections, time.
 * `warnings`: what is wrong with our own set-up, or empty. */
void wn_probe_plan_text(const struct wn_probe_plan *plan, const struct wn_probe_settings *settings,
                        struct wn_span warnings, struct wn_buf *out);

#endif
