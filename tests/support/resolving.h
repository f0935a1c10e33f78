/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_RESOLVING_H
#define TESTS_SUPPORT_RESOLVING_H

/* Looking domains up in a Check test; whatever goes wrong fails the test. */

#include "dns/resolver.h"

/* Time-outs: where a configuration names none, which no test waits for; of scripts that leave some
 * questions without an answer, which a loaded machine must answer the others in; and of those that
 * answer none. */
enum {
    RESOLVING_LONG_MS = 20000,
    RESOLVING_MIXED_MS = 1000,
    RESOLVING_SHORT_MS = 150,
    RESOLVING_TRIES = 2 /* where a configuration names none */
};

/* What a run came to. */
struct outcome {
    struct wn_route *routes; /* by id; owned: free it */
    struct wn_resolver_stats stats;
};

struct wn_resolver *open_resolver(const struct wn_resolver_config *config);

/* Takes all routes of a resolver that is finished, and sees that ids 0 to `count` - 1 come once. */
void drain(struct wn_resolver *resolver, struct outcome *outcome, size_t count);

void resolve_all(const struct wn_resolver_config *config, const char *const *domains, size_t count,
                 struct outcome *outcome);

/* `stats` may be NULL. */
struct wn_route resolve_one(const struct wn_resolver_config *config, const char *domain,
                            struct wn_resolver_stats *stats);

/* Whether this c-ares drops a socket over a malformed answer, and says no more. */
bool drops_sockets(void);

/* Adds "10 mx.test 8.8.8.8 2a00::1; 20 ..." to `text`; nothing for no exchangers. */
void write_exchangers(const struct wn_exchangers *exchangers, struct wn_buf *text);

/* The route of a domain whose exchangers are wanted, which are added to `text`. `stats` may be
 * NULL. */
struct wn_route resolve_exchangers(const struct wn_resolver_config *config, const char *domain,
                                   struct wn_buf *text, struct wn_resolver_stats *stats);

#endif
