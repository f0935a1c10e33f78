/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_FACTS_H
#define WN_STORE_FACTS_H

/* Domain facts: what DNS said of a domain's mail route, with a time and an expiry, and the record
 * of past runs. The words in a fact are dns/route.h's; the store does not interpret them. */

#include "store/db.h"

struct wn_domain_fact {
    struct wn_span domain; /* A-labels, lower case, no root dot */
    struct wn_span route;  /* the route's word, e.g. "ok" */
    struct wn_span mx;     /* the preferred MX host, or empty */
    struct wn_span detail; /* a short sentence for people, or empty */
    uint32_t flags;        /* enum wn_route_flag bits */
    int64_t at, expires;   /* seconds since 1970 */
};

/* The spans in `fact` are valid during the call. A non-zero return ends the scan with that status.
 */
typedef int wn_fact_visit(void *arg, const struct wn_domain_fact *fact);

/* The fact of one domain, if there is one that expires after `now`: calls `visit` at most once. */
int wn_facts_get(struct wn_store *store, struct wn_span domain, int64_t now, wn_fact_visit *visit,
                 void *arg, struct wn_error *err);

/* Every fact that expires after `now`, in no order. */
int wn_facts_scan(struct wn_store *store, int64_t now, wn_fact_visit *visit, void *arg,
                  struct wn_error *err);

/* How many facts there are, fresh or not: for choosing between look-ups and a scan. */
int wn_facts_count(struct wn_store *store, uint64_t *count, struct wn_error *err);

/* Stores or replaces one fact. For many, call between wn_store_begin and wn_store_commit. */
int wn_facts_put(struct wn_store *store, const struct wn_domain_fact *fact, struct wn_error *err);

/* One finished run: when it began and ended, the command, and its summary as JSON text. */
int wn_runs_add(struct wn_store *store, int64_t began, int64_t ended, const char *command,
                struct wn_span summary, struct wn_error *err);

#endif
