/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_RESOLVER_H
#define WN_DNS_RESOLVER_H

/* The resolver: one thread, one c-ares channel, one epoll loop. Domains go in by name and number;
 * mail routes come out, each once, in the order in which they were found. A domain is looked up
 * once, and so is an MX host that many domains share. */

#include "base/queue.h"
#include "dns/exchangers.h"
#include "dns/route.h"

struct wn_resolver;

enum {
    WN_RESOLVER_TIMEOUT_MS = 3000,
    WN_RESOLVER_TRIES = 3
};

struct wn_resolver_config {
    const char *servers; /* "ADDR[:PORT],[V6ADDR]:PORT,…", or NULL for the system's */
    int timeout_ms;      /* per try; 0: WN_RESOLVER_TIMEOUT_MS */
    int tries;           /* 0: WN_RESOLVER_TRIES */
    int window;          /* queries in flight at most; 0: the default, 1000 */
    bool allow_private;  /* private addresses make a route ok */
};

/* What the resolver saw of its servers; readable at any time, exact once finished. */
struct wn_resolver_stats {
    uint64_t submitted, done; /* domains */
    uint64_t queries;         /* questions asked of c-ares (retries not counted) */
    uint64_t answered;        /* NOERROR or NXDOMAIN */
    uint64_t failed;          /* domains whose route is dns_failure */
    bool rewriting;           /* a random name resolved: see docs/architecture.md */
    uint64_t known;           /* the caller's: domains of the run that needed no question */
    bool control;             /* the caller's: wn_resolver_control was answered */
};

/* Errors: WN_E_USAGE (a server that cannot be read), WN_E_CONFIG (the system names none),
 * WN_E_INTERNAL. */
int wn_resolver_new(const struct wn_resolver_config *config, struct wn_resolver **resolver,
                    struct wn_error *err);
/* Stops the thread, whatever it is doing, and frees everything. Accepts NULL. */
void wn_resolver_free(struct wn_resolver *resolver);

/* Hands in one domain (A-labels, lower case, copied). `id` comes back with the route. Each domain
 * is to be submitted once. Never waits. */
void wn_resolver_submit(struct wn_resolver *resolver, struct wn_span domain, uint32_t id);

/* The same for a domain of which the mail exchangers are wanted, whether or not its route was asked
 * for before; until wn_resolver_finish, also while or after routes come in. The MX records are
 * asked for (again); a host that was asked for before is not. */
void wn_resolver_submit_exchangers(struct wn_resolver *resolver, struct wn_span domain,
                                   uint32_t id);

/* Says that no more will be submitted. */
void wn_resolver_finish(struct wn_resolver *resolver);

struct wn_resolved {
    struct wn_queue_item item; /* the queue's link */
    uint32_t id;
    struct wn_route route;
    struct wn_exchangers *exchangers; /* NULL unless they were wanted; empty unless the route is ok.
                                         Who sets it to NULL takes it over (wn_exchangers_free) */
};

/* The next route, or NULL when none is ready within `timeout_ms` (0: do not wait). After
 * wn_resolver_finish and the last route, NULL at once, with *done set to true. Free the result with
 * wn_resolved_free. Call from one thread. */
struct wn_resolved *wn_resolver_next(struct wn_resolver *resolver, int timeout_ms, bool *done);
void wn_resolved_free(struct wn_resolved *resolved);

void wn_resolver_stats(struct wn_resolver *resolver, struct wn_resolver_stats *stats);

/* Whether the servers answer anything at all, for when they answered none of the questions: those
 * may all have been about domains whose own servers are broken. Asks for two names made up at
 * random under real TLDs and, for resolvers that know a private world alone, for `count` more;
 * NXDOMAIN is an answer, too. Each name goes to every server, as often and with as much patience as
 * a domain does, all at the same time; waits for that, or until *stop becomes another number than
 * 0. To be called when all routes were taken and before wn_resolver_finish. */
bool wn_resolver_control(struct wn_resolver *resolver, const struct wn_span *names, size_t count,
                         const _Atomic int *stop);

/* Whether verdicts may rest on what this resolver said: WN_OK, or WN_E_TEMPFAIL with a sentence
 * when nothing was answered, the control neither, or when more than 20 % of at least 50 domains
 * failed, where the known ones count as good. Call once all routes are in. */
int wn_resolver_judge(const struct wn_resolver_stats *stats, struct wn_error *err);

#endif
