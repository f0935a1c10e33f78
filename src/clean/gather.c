/* SPDX-License-Identifier: MIT */
/* Facts come from the store by point look-ups while few have been asked for, and by one scan of the
 * whole table from then on: a small list does not pay for a large store, nor a large list for a
 * hundred thousand look-ups. */
#include "clean/gather.h"

#include <stdlib.h>

#include "base/clock.h"
#include "clean/control.h"
#include "clean/hashed.h"
#include "clean/merge.h"
#include "clean/probing.h"
#include "clean/recall.h"
#include "smtp/provider.h"
#include "store/facts.h"
#include "store/hashed.h"

enum {
    LOOKUPS_PER_FACT = 16, /* a scan costs about as much as a sixteenth of that many look-ups */
    COMMIT_MS = 1000,      /* how much paid-for work a kill may cost */
    WAIT_MS = 100
};

/* A fact read from the store by the scan. */
struct known_fact {
    const char *domain;
    struct wn_text *mx, *detail; /* the tables' */
    uint32_t length, flags;
    enum wn_route_kind route;
};

struct wn_gather {
    bool scanned;
    uint64_t lookups, facts; /* looked up so far; in the store */
    struct wn_segments known;
    struct wn_map known_map;
    struct wn_arena arena;
    bool writing; /* a transaction is open */
    int64_t committed_ms;
    uint64_t submitted, taken;   /* domains handed to the resolver and got back */
    bool said_yes;               /* the resolver found a route for some domain */
    bool said_nothing_exists;    /* it denied even the control's existence */
    struct wn_segments withheld; /* negatives from before it said yes: not yet facts */
};

/* A negative answer that is not to be remembered before the resolver has shown what it is worth. */
struct withheld {
    uint32_t id;
    struct wn_route route;
};

/* The arguments of the callbacks below. */
struct visit {
    struct wn_run *run;
    uint32_t id;
    bool found;
};

void wn_gather_judge_mx(const struct wn_run *run, struct wn_text *mx)
{
    if (!mx->judged) {
        struct wn_span host = {mx->p, mx->n};
        mx->provider = wn_provider_of(host);
        mx->flags = wn_overlay_mx(run->settings->overlay, host);
        mx->judged = true;
    }
}

static void set_route(struct wn_run *run, uint32_t id, enum wn_route_kind route, uint32_t flags,
                      struct wn_text *mx, const struct wn_text *detail)
{
    struct wn_domain *d = wn_tables_domain(&run->tables, id);
    if (route == WN_ROUTE_MX_UNROUTABLE && run->settings->dns.allow_private) {
        route = WN_ROUTE_OK;
    }
    wn_gather_judge_mx(run, mx);
    d->route = route;
    d->mx = mx->p;
    d->mx_length = mx->n;
    d->detail = detail->p;
    d->detail_length = detail->n;
    d->provider = mx->provider;
    d->flags |= mx->flags;
    if ((flags & WN_ROUTE_IMPLICIT_MX) != 0) {
        d->flags |= WN_FLAG_implicit_mx;
    }
}

static int use_fact(void *arg, const struct wn_domain_fact *fact)
{
    struct visit *v = arg;
    enum wn_route_kind route;
    if (wn_route_read(fact->route, &route) && route != WN_ROUTE_DNS_FAILURE) {
        struct wn_tables *t = &v->run->tables;
        set_route(v->run, v->id, route, fact->flags, wn_tables_intern_text(t, fact->mx),
                  wn_tables_intern_text(t, fact->detail));
        v->run->facts_used++;
        v->found = true;
    }
    return WN_OK;
}

static int remember_fact(void *arg, const struct wn_domain_fact *fact)
{
    struct wn_run *run = ((struct visit *)arg)->run;
    struct wn_gather *g = run->gather;
    enum wn_route_kind route;
    if (!wn_route_read(fact->route, &route) || route == WN_ROUTE_DNS_FAILURE) {
        return WN_OK;
    }
    uint32_t id = g->known.length;
    struct known_fact *k = wn_segments_push(&g->known);
    *k = (struct known_fact){.domain = wn_arena_copy(&g->arena, fact->domain.p, fact->domain.n),
                             .mx = wn_tables_intern_text(&run->tables, fact->mx),
                             .detail = wn_tables_intern_text(&run->tables, fact->detail),
                             .length = (uint32_t)fact->domain.n,
                             .flags = fact->flags,
                             .route = route};
    wn_map_add(&g->known_map, wn_hash(fact->domain.p, fact->domain.n), id);
    return WN_OK;
}

static bool same_fact(const void *table, const void *key, uint32_t id)
{
    const struct wn_gather *g = table;
    const struct wn_span *name = key;
    const struct known_fact *k = wn_segments_at(&g->known, id);
    return wn_span_equal(*name, (struct wn_span){k->domain, k->length});
}

int wn_gather_commit(struct wn_run *run, bool now, struct wn_error *err)
{
    struct wn_gather *g = run->gather;
    if (!g->writing || (!now && wn_clock_monotonic_ms() - g->committed_ms < COMMIT_MS)) {
        return WN_OK;
    }
    g->writing = false;
    g->committed_ms = wn_clock_monotonic_ms();
    return wn_store_commit(run->store, err);
}

int wn_gather_write(struct wn_run *run, bool *may, struct wn_error *err)
{
    struct wn_gather *g = run->gather;
    int status = WN_OK;
    *may = run->store != NULL && !run->read_only;
    if (*may && !g->writing) {
        status = wn_store_begin(run->store, err);
        g->writing = status == WN_OK;
        g->committed_ms = wn_clock_monotonic_ms();
    }
    return status;
}

static int find_fact(struct wn_run *run, uint32_t id, bool *found, struct wn_error *err)
{
    struct wn_gather *g = run->gather;
    struct wn_domain *d = wn_tables_domain(&run->tables, id);
    struct wn_span name = {d->name, d->length};
    struct visit v = {.run = run, .id = id};
    int status = WN_OK;
    *found = false;
    if (run->store == NULL || run->settings->refresh) {
        return WN_OK;
    }
    if (!g->scanned && g->lookups * LOOKUPS_PER_FACT < g->facts) {
        g->lookups++;
        status = wn_facts_get(run->store, name, run->settings->now, use_fact, &v, err);
        *found = v.found;
        return status;
    }
    if (!g->scanned) {
        g->scanned = true;
        status = wn_facts_scan(run->store, run->settings->now, remember_fact, &v, err);
        if (status != WN_OK) {
            return status;
        }
    }
    uint32_t known = wn_map_find(&g->known_map, wn_hash(name.p, name.n), same_fact, g, &name);
    if (known != WN_MAP_NONE) {
        const struct known_fact *k = wn_segments_at(&g->known, known);
        set_route(run, id, k->route, k->flags, k->mx, k->detail);
        run->facts_used++;
        *found = true;
    }
    return WN_OK;
}

int wn_gather_domain(struct wn_run *run, uint32_t id, struct wn_error *err)
{
    bool found;
    int status = find_fact(run, id, &found, err);
    if (status == WN_OK && !found && run->resolver != NULL) {
        struct wn_domain *d = wn_tables_domain(&run->tables, id);
        wn_resolver_submit(run->resolver, (struct wn_span){d->name, d->length}, id);
        run->gather->submitted++;
    }
    return status;
}

/* Keeps what was found, unless it is a failure: those are never facts. A route that only
 * --allow-private-hosts makes good is kept as what it is without it. */
static int keep_fact(struct wn_run *run, const struct wn_domain *d, const struct wn_route *route,
                     struct wn_error *err)
{
    enum wn_route_kind kind = route->kind;
    bool may;
    if (kind == WN_ROUTE_DNS_FAILURE || kind == WN_ROUTE_NONE) {
        return WN_OK;
    }
    if (kind == WN_ROUTE_OK && (route->flags & WN_ROUTE_PRIVATE) != 0 &&
        run->settings->dns.allow_private) {
        kind = WN_ROUTE_MX_UNROUTABLE;
    }
    int status = wn_gather_write(run, &may, err);
    if (status != WN_OK || !may) {
        return status;
    }
    struct wn_domain_fact fact = {.domain = {d->name, d->length},
                                  .route = wn_span_of(wn_route_word(kind)),
                                  .mx = wn_span_of(route->mx),
                                  .detail = wn_span_of(route->detail),
                                  .flags = route->flags,
                                  .at = run->settings->now,
                                  .expires = run->settings->now + route->ttl};
    return wn_facts_put(run->store, &fact, err);
}

/* A resolver that is cut off from the world may deny everything. Until it has said yes once, its
 * denials are used at most, and not remembered. */
static int weigh_fact(struct wn_run *run, uint32_t id, const struct wn_route *route,
                      struct wn_error *err)
{
    struct wn_gather *g = run->gather;
    int status = WN_OK;
    if (route->kind == WN_ROUTE_OK && !g->said_yes) {
        g->said_yes = true;
        for (uint32_t i = 0; i < g->withheld.length && status == WN_OK; i++) {
            const struct withheld *w = wn_segments_at(&g->withheld, i);
            status = keep_fact(run, wn_tables_domain(&run->tables, w->id), &w->route, err);
        }
        wn_segments_release(&g->withheld);
    }
    if (status == WN_OK && !g->said_yes && route->kind != WN_ROUTE_DNS_FAILURE) {
        struct withheld *w = wn_segments_push(&g->withheld);
        *w = (struct withheld){.id = id, .route = *route};
        return WN_OK;
    }
    return status == WN_OK ? keep_fact(run, wn_tables_domain(&run->tables, id), route, err)
                           : status;
}

static int take_route(struct wn_run *run, struct wn_resolved *resolved, struct wn_error *err)
{
    const struct wn_route *route = &resolved->route;
    run->gather->taken++;
    if (resolved->id == WN_NONE) {
        run->gather->said_nothing_exists = route->kind == WN_ROUTE_NO_DOMAIN;
        wn_resolved_free(resolved);
        return WN_OK;
    }
    set_route(run, resolved->id, route->kind, route->flags,
              wn_tables_intern_text(&run->tables, wn_span_of(route->mx)),
              wn_tables_intern_text(&run->tables, wn_span_of(route->detail)));
    int status = weigh_fact(run, resolved->id, route, err);
    wn_resolved_free(resolved);
    return status;
}

int wn_gather_collect(struct wn_run *run, struct wn_error *err)
{
    bool done = false;
    struct wn_resolved *resolved;
    int status = WN_OK;
    while (run->resolver != NULL && status == WN_OK &&
           (resolved = wn_resolver_next(run->resolver, 0, &done)) != NULL) {
        status = take_route(run, resolved, err);
    }
    return status == WN_OK && run->gather != NULL ? wn_gather_commit(run, false, err) : status;
}

/* Takes in routes until all that were asked for are there. */
static int wait_for_all(struct wn_run *run, struct wn_error *err)
{
    struct wn_gather *g = run->gather;
    bool done = false;
    while (g->taken < g->submitted) {
        if (*run->stop != 0) {
            (void)wn_gather_commit(run, true, NULL);
            return wn_error_set(err, WN_E_SIGNAL + *run->stop, "stopped");
        }
        struct wn_resolved *resolved = wn_resolver_next(run->resolver, WAIT_MS, &done);
        int status = resolved != NULL ? take_route(run, resolved, err) : WN_OK;
        if (status == WN_OK && (resolved == NULL || g->taken % 256 == 0)) {
            status = wn_gather_commit(run, false, err);
        }
        if (status != WN_OK) {
            return status;
        }
        if (wn_progress_due(&run->progress)) {
            wn_resolver_stats(run->resolver, &run->dns);
            wn_progress_show(&run->progress, "resolving", run->dns.done, run->dns.submitted,
                             "domains", NULL);
        }
    }
    return WN_OK;
}

/* When domains were denied and none at all has a route, asks for one that exists on every Internet:
 * if even that is denied, the denials say something about our resolver and nothing about anybody's
 * domain. */
static int ask_control(struct wn_run *run, struct wn_error *err)
{
    struct wn_gather *g = run->gather;
    if (g->withheld.length == 0) {
        return WN_OK;
    }
    wn_resolver_submit(run->resolver, WN_SPAN("com"), WN_NONE);
    g->submitted++;
    int status = wait_for_all(run, err);
    if (status == WN_OK && g->said_nothing_exists) {
        return wn_error_set(
            err, WN_E_TEMPFAIL,
            "the DNS server denies that even 'com' exists, so what it says of other "
            "domains cannot be believed; nothing was published (--dns-server names "
            "another)");
    }
    return status;
}

static int wait_for_routes(struct wn_run *run, struct wn_error *err)
{
    uint64_t domains = run->gather->submitted;
    int status = wait_for_all(run, err);
    wn_resolver_stats(run->resolver, &run->dns);
    if (status == WN_OK && !run->settings->interactive) {
        status = wn_control_dns(run, err);
    }
    if (status == WN_OK) {
        status = ask_control(run, err);
    }
    run->dns.submitted = domains;
    if (status >= WN_E_SIGNAL) {
        return status;
    }
    int committed = wn_gather_commit(run, true, status == WN_OK ? err : NULL);
    return status != WN_OK ? status : committed;
}

/* For one address at a terminal: if another run holds the store, or it cannot be written, read it
 * and keep nothing. */
static int open_store_quietly(struct wn_run *run, struct wn_error *err)
{
    struct wn_error *why = &run->why_read_only;
    const char *path = run->settings->db;
    if (wn_lock_take(path, WN_LOCK_CLEAN, "winnow check", 0, run->stop, &run->lock, why) == WN_OK &&
        wn_store_open(path, WN_STORE_WRITE, &run->store, why) == WN_OK) {
        return WN_OK;
    }
    if (why->status == WN_E_TEMPFAIL) { /* the lock's own words name an option that is not ours */
        *why = (struct wn_error){0};
        (void)wn_error_set(why, WN_E_TEMPFAIL,
                           "the store %s is in use by another run; try again when it has ended",
                           path);
    }
    wn_lock_free(run->lock);
    run->lock = NULL;
    run->read_only = true;
    return wn_store_open(path, WN_STORE_READ, &run->store, err);
}

int wn_gather_open(struct wn_run *run, struct wn_error *err)
{
    const struct wn_clean_settings *s = run->settings;
    int status = WN_OK;
    run->gather = wn_calloc(1, sizeof *run->gather);
    run->gather->known.size = sizeof(struct known_fact);
    run->gather->withheld.size = sizeof(struct withheld);
    run->gather->committed_ms = wn_clock_monotonic_ms();
    if (s->db != NULL) {
        status = s->interactive ? open_store_quietly(run, err)
                                : wn_lock_take(s->db, WN_LOCK_CLEAN, "winnow clean", (int)s->wait,
                                               run->stop, &run->lock, err);
        if (status == WN_OK && run->store == NULL) {
            status = wn_store_open(s->db, WN_STORE_WRITE, &run->store, err);
        }
        if (status == WN_OK) {
            status = wn_facts_count(run->store, &run->gather->facts, err);
        }
        if (status == WN_OK) {
            status = wn_hashed_count(run->store, &run->hashes, err);
        }
    }
    if (status == WN_OK && !s->offline) {
        status = wn_resolver_new(&s->dns, &run->resolver, err);
    }
    return status;
}

int wn_gather_finish(struct wn_run *run, struct wn_error *err)
{
    int status = WN_OK;
    if (run->resolver != NULL) {
        status = wait_for_routes(run, err);
    }
    if (status == WN_OK && run->store != NULL) {
        status = wn_merge_histories(run, err);
        status = status == WN_OK ? wn_merge_hashed(run, err) : status;
        status = status == WN_OK ? wn_recall(run, err) : status;
    }
    if (status == WN_OK && run->settings->probe.on) {
        status = wn_probing_ask(run, err);
    }
    wn_recall_settle(run);
    return status;
}

void wn_gather_close(struct wn_run *run)
{
    wn_resolver_free(run->resolver);
    run->resolver = NULL;
    if (run->gather != NULL) {
        (void)wn_gather_commit(run, true, NULL);
        wn_segments_release(&run->gather->known);
        wn_segments_release(&run->gather->withheld);
        wn_map_release(&run->gather->known_map);
        wn_arena_release(&run->gather->arena);
        free(run->gather);
        run->gather = NULL;
    }
}
