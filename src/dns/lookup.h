/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_LOOKUP_H
#define WN_DNS_LOOKUP_H

/* The looking-up: which questions a domain's route needs, put within the window, retried, answered
 * once for all domains that share an MX host. Driven by resolver.c's thread, and used by it alone
 * except where said. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/exchangers.h"
#include "dns/upstream.h"

struct wn_lookup;

/* Counters as in struct wn_resolver_stats; written by the one thread, read by any. */
struct wn_lookup_stats {
    atomic_uint_fast64_t done, queries, answered, failed;
    atomic_bool rewriting;
};

struct wn_lookup_config {
    struct wn_upstream *upstream; /* not owned */
    int timeout_ms;               /* what the upstream was made with */
    int tries;                    /* of each server */
    int window;                   /* questions in flight at most */
    bool allow_private;
    struct wn_lookup_stats *stats; /* not owned */
    /* Called once for every domain that was started; `exchangers` is NULL unless they were wanted,
     * and the callee's. */
    void (*found)(void *context, uint32_t id, const struct wn_route *route,
                  struct wn_exchangers *exchangers);
    void *context;
};

struct wn_lookup *wn_lookup_new(const struct wn_lookup_config *config);
/* Frees what is unfinished, reporting nothing. The upstream must be gone before (its freeing still
 * replies). Accepts NULL. */
void wn_lookup_free(struct wn_lookup *lookup);

/* Whether another domain may be started. */
bool wn_lookup_room(const struct wn_lookup *lookup);
/* The name is copied. May report the domain at once, when its name cannot be asked for.
 * `exchangers`: all its hosts are wanted, with all their addresses. */
void wn_lookup_start(struct wn_lookup *lookup, struct wn_span name, uint32_t id, bool exchangers);

/* Puts what questions the window has room for, a burst at most; true when more could be put at
 * once: then handle the answers first and call again. */
bool wn_lookup_send(struct wn_lookup *lookup);

/* Milliseconds until something is to be sent again after a pause; -1 when nothing is. */
int wn_lookup_pause(const struct wn_lookup *lookup);

/* No domain is under way. */
bool wn_lookup_idle(const struct wn_lookup *lookup);

#endif
