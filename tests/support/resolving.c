/* SPDX-License-Identifier: MIT */
#include "support/resolving.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/upstream.h"

void drain(struct wn_resolver *resolver, struct outcome *outcome, size_t count)
{
    bool done = false;
    size_t got = 0;
    outcome->routes = calloc(count + 1, sizeof *outcome->routes);
    ck_assert_ptr_nonnull(outcome->routes);
    while (!done) {
        struct wn_resolved *resolved = wn_resolver_next(resolver, 100, &done);
        if (resolved != NULL) {
            ck_assert_uint_lt(resolved->id, count);
            ck_assert_int_eq(outcome->routes[resolved->id].kind, WN_ROUTE_NONE);
            outcome->routes[resolved->id] = resolved->route;
            got++;
            wn_resolved_free(resolved);
        }
    }
    ck_assert_uint_eq(got, count);
    ck_assert_ptr_null(wn_resolver_next(resolver, 0, &done));
    ck_assert(done);
    wn_resolver_stats(resolver, &outcome->stats);
    ck_assert_uint_eq(outcome->stats.submitted, count);
    ck_assert_uint_eq(outcome->stats.done, count);
}

struct wn_resolver *open_resolver(const struct wn_resolver_config *config)
{
    struct wn_resolver_config full = *config;
    struct wn_resolver *resolver = NULL;
    struct wn_error err = {0};
    full.timeout_ms = full.timeout_ms > 0 ? full.timeout_ms : RESOLVING_LONG_MS;
    full.tries = full.tries > 0 ? full.tries : RESOLVING_TRIES;
    ck_assert_msg(wn_resolver_new(&full, &resolver, &err) == WN_OK, "%s", err.text);
    return resolver;
}

void resolve_all(const struct wn_resolver_config *config, const char *const *domains, size_t count,
                 struct outcome *outcome)
{
    struct wn_resolver *resolver = open_resolver(config);
    for (size_t i = 0; i < count; i++) {
        wn_resolver_submit(resolver, wn_span_of(domains[i]), (uint32_t)i);
    }
    wn_resolver_finish(resolver);
    drain(resolver, outcome, count);
    wn_resolver_free(resolver);
}

struct wn_route resolve_one(const struct wn_resolver_config *config, const char *domain,
                            struct wn_resolver_stats *stats)
{
    struct outcome outcome;
    resolve_all(config, &domain, 1, &outcome);
    struct wn_route route = outcome.routes[0];
    free(outcome.routes);
    if (stats != NULL) {
        *stats = outcome.stats;
    }
    return route;
}

void write_exchangers(const struct wn_exchangers *exchangers, struct wn_buf *text)
{
    ck_assert_ptr_nonnull(exchangers);
    for (size_t i = 0; i < exchangers->count; i++) {
        const struct wn_exchanger *x = &exchangers->v[i];
        wn_buf_addf(text, "%s%u %s", i > 0 ? "; " : "", x->preference, x->name);
        for (size_t k = 0; k < x->count; k++) {
            char ip[WN_IP_TEXT];
            wn_ip_format(&x->ips[k], ip);
            wn_buf_addf(text, " %s", ip);
        }
    }
}

struct wn_route resolve_exchangers(const struct wn_resolver_config *config, const char *domain,
                                   struct wn_buf *text, struct wn_resolver_stats *stats)
{
    struct wn_resolver *resolver = open_resolver(config);
    bool done = false;
    wn_resolver_submit_exchangers(resolver, wn_span_of(domain), 7);
    wn_resolver_finish(resolver);
    struct wn_resolved *resolved = NULL;
    while (resolved == NULL && !done) {
        resolved = wn_resolver_next(resolver, 100, &done);
    }
    ck_assert_ptr_nonnull(resolved);
    ck_assert_uint_eq(resolved->id, 7);
    struct wn_route route = resolved->route;
    write_exchangers(resolved->exchangers, text);
    wn_resolved_free(resolved);
    if (stats != NULL) {
        wn_resolver_stats(resolver, stats);
    }
    wn_resolver_free(resolver);
    return route;
}

bool drops_sockets(void)
{
    return strstr(wn_reply_fault(WN_REPLY_BROKEN), "malformed") != NULL;
}
