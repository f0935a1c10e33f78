/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_REACH_H
#define WN_CLEAN_REACH_H

/* Whether mail servers can be reached from here at all, before any of them is asked: many networks
 * let nobody out on port 25, and there every mailbox of a long list would wait for its time-out, to
 * be told that its server is gone. */

#include "clean/probe_plan.h"
#include "smtp/transport.h"

enum {
    WN_REACH_MOST = 16,        /* groups that are tried: if none of so many answers, it is us */
    WN_REACH_FEWEST = 5,       /* groups that tell something about us when none can be reached */
    WN_REACH_FEWEST_KNOWN = 3, /* the same, where a known provider's is among them */
    WN_REACH_GAP_MS = 500      /* after which the next is tried, while the others are waited for */
};

/* Whom to try: a host each of at most WN_REACH_MOST groups of the plan, in the order in which they
 * tell most. 0 where they would tell nothing: there are too few. Nobody who is not to be asked
 * today is among them: no group that is stopped or whose day's budget is used up. `exchangers`:
 * by plan domain, struct wn_exchangers * or NULL; the endpoints' names point into them. */
size_t wn_reach_choose(const struct wn_probe_plan *plan, const struct wn_segments *exchangers,
                       struct wn_endpoint to[WN_REACH_MOST]);

/* Whether one of them can be connected to, whatever it says then. They are tried in their order,
 * each WN_REACH_GAP_MS after the one before, or as soon as one has failed, and at most `at_once`
 * (1 or more) at a time; the first that is there ends it. False only when every one was tried and
 * none was there, or when *stop is set, which ends it soon. Takes leave of whoever was greeted,
 * within two seconds; no link is left. */
bool wn_reach_any(struct wn_transport *t, const struct wn_endpoint *to, size_t count,
                  size_t at_once, const _Atomic int *stop);

#endif
