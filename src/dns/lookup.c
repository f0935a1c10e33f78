/* SPDX-License-Identifier: MIT */
/* A domain asks for MX, then lets route.c say what else it needs: a host's A or AAAA, or what a
 * server makes of names that do not exist (the canary). Hosts are interned; the first domain that
 * needs a host has it asked, all that need it wait in its list and are looked at again when an
 * answer is in. A domain waits for one thing at a time, so one link serves every list; where all of
 * its hosts are wanted, all are asked at once, and it waits for the first that is open.
 *
 * Every question goes through the same mill: ready -> in flight -> answered, or ready again, at
 * another server, until its attempts are used up. `ready` is first in, first out, and domains are
 * admitted only while it and the window leave room, so that started domains get finished and few
 * are under way at any time. Replies only ever move questions between lists; nothing is sent from
 * within a reply, because c-ares may reply before its query call returns.
 *
 * An attempt is spent when a server gave an unusable answer, was silent for the whole time-out
 * (what c-ares gives up earlier is asked again), or broke the connection. The next attempt goes to
 * the next server; when a broken connection ends a round of all of them, after a pause, so that a
 * resolver that is being restarted is not taken for dead. A server that fails a number of times in
 * a row stops being the one that is asked first.
 *
 * Sending is done in bursts smaller than the window: a window full of answers must not wait in the
 * socket's buffer while the last questions are still being sent. */
#include "dns/lookup.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "dns/made_up.h"
#include "dns/route_decide.h"

enum {
    BURST = 128,
    STREAK_MOST = 8,
    PAUSE_MOST_MS = 500
};
enum {
    CANARY_QUESTIONS = WN_MADE_UP_TLDS * 2
};

enum asker {
    ASKER_DOMAIN,
    ASKER_HOST,
    ASKER_CANARY
};

struct question {
    struct wn_ask ask; /* first: replies are given by it */
    struct wn_lookup *lookup;
    struct question *next; /* in the ready or the paused list */
    const char *name;
    void *asker; /* the domain, host or canary, as `kind` says */
    enum asker kind;
    enum wn_dns_type type;
    unsigned server;
    unsigned attempt;  /* how many were spent */
    int64_t asked_ms;  /* when this attempt began; 0: not begun */
    int64_t resume_ms; /* paused: when it is ready again */
};

struct question_list {
    struct question *head, *tail;
    size_t length;
};

struct domain {
    struct domain *previous, *following; /* of all that are under way */
    struct domain *waiter;               /* the next that waits for the same */
    struct question question;
    struct wn_route_facts facts;
    struct wn_mx *mx; /* owned */
    uint32_t id;
    bool exchangers; /* all hosts are wanted, not only those that the route rests on */
    char name[];
};

struct host {
    struct wn_mx_host facts; /* first: route.c hands it back */
    bool asking;
    struct wn_ip literal;
    struct domain *waiters;
    struct question question;
};

/* What one server makes of random names; the result is in wn_lookup.rewriters. */
struct canary {
    bool asking;
    unsigned pending;
    struct domain *waiters;
    struct question questions[CANARY_QUESTIONS];
    char names[WN_MADE_UP_TLDS][WN_MADE_UP_NAME];
};

struct wn_lookup {
    struct wn_lookup_config config;
    struct question_list ready, paused;
    size_t in_flight;
    size_t servers;
    size_t preferred;                /* the server that is asked first */
    unsigned streak[WN_SERVERS_MAX]; /* failures in a row */
    struct canary canaries[WN_SERVERS_MAX];
    struct wn_rewriter rewriters[WN_SERVERS_MAX];
    struct wn_arena arena; /* hosts and their addresses */
    struct wn_map host_index;
    struct host **hosts;
    uint32_t host_count, host_room;
    struct domain *under_way;
    struct wn_dns_answer answer; /* the one being looked at */
};

static void count_one(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void append(struct question_list *list, struct question *q)
{
    q->next = NULL;
    if (list->tail != NULL) {
        list->tail->next = q;
    } else {
        list->head = q;
    }
    list->tail = q;
    list->length++;
}

static struct question *take_first(struct question_list *list)
{
    struct question *q = list->head;
    list->head = q->next;
    if (list->head == NULL) {
        list->tail = NULL;
    }
    list->length--;
    return q;
}

static void on_reply(struct wn_ask *ask, enum wn_reply reply, const uint8_t *message,
                     size_t length);

static void put(struct wn_lookup *l, struct question *q, enum asker kind, void *asker,
                const char *name, enum wn_dns_type type)
{
    *q = (struct question){.ask = {.reply = on_reply},
                           .lookup = l,
                           .name = name,
                           .asker = asker,
                           .kind = kind,
                           .type = type,
                           .server = (unsigned)l->preferred};
    append(&l->ready, q);
    if (kind != ASKER_CANARY) {
        count_one(&l->config.stats->queries);
    }
}

/* ---- hosts ---- */

static bool same_host(const void *table, const void *key, uint32_t id)
{
    const struct wn_lookup *l = table;
    return strcmp(l->hosts[id]->facts.name, key) == 0;
}

static struct host *intern(struct wn_lookup *l, const char *name, bool odd)
{
    size_t n = strlen(name);
    uint64_t hash = wn_hash(name, n);
    uint32_t id = wn_map_find(&l->host_index, hash, same_host, l, name);
    if (id != WN_MAP_NONE) {
        return l->hosts[id];
    }
    if (l->host_count == l->host_room) {
        l->host_room = l->host_room > 0 ? l->host_room * 2 : 256;
        l->hosts = wn_realloc(l->hosts, l->host_room * sizeof(struct host *));
    }
    struct host *host = wn_arena_alloc(&l->arena, sizeof *host);
    *host = (struct host){0};
    wn_mx_host_name(&host->facts, wn_arena_text(&l->arena, (struct wn_span){name, n}), odd,
                    &host->literal);
    l->hosts[l->host_count] = host;
    wn_map_add(&l->host_index, hash, l->host_count++);
    return host;
}

/* ---- domains ---- */

static void free_domain(struct domain *domain)
{
    free(domain->mx);
    free(domain);
}

static void finish(struct wn_lookup *l, struct domain *domain, const struct wn_route *route)
{
    static const struct wn_route_facts nothing = {0};
    struct wn_exchangers *exchangers = NULL;
    if (domain->exchangers) {
        exchangers = wn_exchangers_of(route->kind == WN_ROUTE_OK ? &domain->facts : &nothing);
    }
    if (route->kind == WN_ROUTE_DNS_FAILURE) {
        count_one(&l->config.stats->failed);
    }
    count_one(&l->config.stats->done);
    l->config.found(l->config.context, domain->id, route, exchangers);
    if (domain->previous != NULL) {
        domain->previous->following = domain->following;
    } else {
        l->under_way = domain->following;
    }
    if (domain->following != NULL) {
        domain->following->previous = domain->previous;
    }
    free_domain(domain);
}

/* Asks `server` itself, once, whichever server is preferred. */
static void start_canary(struct wn_lookup *l, unsigned server)
{
    struct canary *canary = &l->canaries[server];
    canary->asking = true;
    canary->pending = CANARY_QUESTIONS;
    for (unsigned i = 0; i < WN_MADE_UP_TLDS; i++) {
        wn_made_up_name(i, canary->names[i]);
    }
    for (size_t i = 0; i < CANARY_QUESTIONS; i++) {
        struct question *q = &canary->questions[i];
        put(l, q, ASKER_CANARY, canary, canary->names[i / 2], i % 2 ? WN_DNS_AAAA : WN_DNS_A);
        q->server = server;
    }
}

static void start_host(struct wn_lookup *l, struct host *host, enum wn_family family)
{
    host->asking = true;
    put(l, &host->question, ASKER_HOST, host, host->facts.name,
        family == WN_FAMILY_A ? WN_DNS_A : WN_DNS_AAAA);
}

static void wait_in(struct domain **list, struct domain *domain)
{
    domain->waiter = *list;
    *list = domain;
}

/* Has it asked for unless it is being asked; the domain, unless NULL, is looked at again then. */
static void demand(struct wn_lookup *l, struct wn_next next, struct domain *domain)
{
    struct host *host = (struct host *)next.host;
    struct canary *canary = &l->canaries[next.server];
    bool ask = next.step == WN_STEP_ASK;
    if (domain != NULL) {
        wait_in(ask ? &host->waiters : &canary->waiters, domain);
    }
    if (ask && !host->asking) {
        start_host(l, host, next.family);
    } else if (!ask && !canary->asking) {
        start_canary(l, next.server);
    }
}

/* Finishes the domain, or has what it lacks asked for. Of several things that its exchangers lack
 * it waits for the first. */
static void advance(struct wn_lookup *l, struct domain *domain)
{
    struct wn_route route;
    struct wn_next next = wn_route_decide(&domain->facts, &route);
    struct domain *waiting = domain;
    if (next.step != WN_STEP_DONE) {
        demand(l, next, domain);
        return;
    }
    struct wn_exchangers_walk walk = {0};
    while (domain->exchangers && route.kind == WN_ROUTE_OK &&
           (next = wn_exchangers_need(&domain->facts, &walk)).step != WN_STEP_DONE) {
        demand(l, next, waiting);
        waiting = NULL;
    }
    if (waiting != NULL) {
        finish(l, domain, &route);
    }
}

static void advance_all(struct wn_lookup *l, struct domain **list)
{
    struct domain *domain = *list;
    *list = NULL;
    while (domain != NULL) {
        struct domain *next = domain->waiter;
        advance(l, domain);
        domain = next;
    }
}

/* ---- answers ---- */

static enum wn_outcome outcome_of(const struct wn_dns_answer *answer)
{
    if (answer->mx_count > 0 || answer->ip_count > 0) {
        return WN_OUTCOME_FOUND;
    }
    return answer->rcode == WN_DNS_NXDOMAIN ? WN_OUTCOME_NXDOMAIN : WN_OUTCOME_NO_DATA;
}

/* Hosts into the table, "." out of the list. */
static void take_mx(struct wn_lookup *l, struct domain *domain, const struct wn_dns_answer *answer)
{
    struct wn_route_facts *facts = &domain->facts;
    const struct wn_dns_mx *first = answer->mx;
    facts->null_mx = answer->mx_count == 1 && first->host[0] == '\0' && first->preference == 0;
    facts->more_mx = answer->more;
    domain->mx = wn_malloc(answer->mx_count * sizeof *domain->mx);
    size_t count = 0;
    for (size_t i = 0; i < answer->mx_count; i++) {
        const struct wn_dns_mx *mx = &answer->mx[i];
        if (mx->host[0] != '\0') {
            domain->mx[count++] = (struct wn_mx){.preference = mx->preference,
                                                 .host = &intern(l, mx->host, mx->odd)->facts};
        }
    }
    facts->mx = domain->mx;
    facts->mx_count = wn_mx_sort(domain->mx, count);
}

static void settle_domain(struct wn_lookup *l, struct domain *domain,
                          const struct wn_dns_answer *answer, const char *why)
{
    struct wn_route_facts *facts = &domain->facts;
    *facts = (struct wn_route_facts){.mx_outcome = WN_OUTCOME_FAILED,
                                     .mx_why = why,
                                     .allow_private = l->config.allow_private,
                                     .rewriters = l->rewriters};
    if (answer != NULL) {
        facts->mx_outcome = outcome_of(answer);
        facts->mx_ttl = answer->ttl;
        if (facts->mx_outcome == WN_OUTCOME_FOUND) {
            take_mx(l, domain, answer);
        } else if (facts->mx_outcome == WN_OUTCOME_NO_DATA) {
            facts->own = &intern(l, domain->name, false)->facts;
        }
    }
    advance(l, domain);
}

static void settle_host(struct wn_lookup *l, struct host *host, const struct question *q,
                        const struct wn_dns_answer *answer, const char *why)
{
    enum wn_family family = q->type == WN_DNS_A ? WN_FAMILY_A : WN_FAMILY_AAAA;
    struct wn_host_answer *kept = &host->facts.answer[family];
    *kept = (struct wn_host_answer){
        .outcome = WN_OUTCOME_FAILED, .server = (uint8_t)q->server, .why = why};
    if (answer != NULL) {
        kept->outcome = outcome_of(answer);
        kept->alias = answer->alias;
        kept->more = answer->more;
        kept->ttl = answer->ttl;
        kept->count = (uint8_t)answer->ip_count;
        if (answer->ip_count > 0) {
            struct wn_ip *ip = wn_arena_alloc(&l->arena, answer->ip_count * sizeof *ip);
            memcpy(ip, answer->ip, answer->ip_count * sizeof *ip);
            kept->ip = ip;
        }
    }
    host->asking = false;
    advance_all(l, &host->waiters);
}

static void settle_canary(struct wn_lookup *l, struct canary *canary,
                          const struct wn_dns_answer *answer)
{
    struct wn_rewriter *rewriter = &l->rewriters[canary - l->canaries];
    static_assert(CANARY_QUESTIONS * WN_DNS_IP_MAX <= WN_REWRITER_IP_MAX, "the addresses fit");
    for (size_t i = 0; answer != NULL && i < answer->ip_count; i++) {
        rewriter->ip[rewriter->count++] = answer->ip[i];
    }
    if (--canary->pending > 0) {
        return;
    }
    rewriter->known = true;
    if (rewriter->count > 0) {
        atomic_store_explicit(&l->config.stats->rewriting, true, memory_order_relaxed);
    }
    advance_all(l, &canary->waiters);
}

/* The question has its answer, or (NULL) will get none, and `why` says why. */
static void settle(struct wn_lookup *l, struct question *q, const struct wn_dns_answer *answer,
                   const char *why)
{
    if (answer != NULL && q->kind != ASKER_CANARY) {
        count_one(&l->config.stats->answered);
    }
    switch (q->kind) {
    case ASKER_DOMAIN:
        settle_domain(l, q->asker, answer, why);
        break;
    case ASKER_HOST:
        settle_host(l, q->asker, q, answer, why);
        break;
    case ASKER_CANARY:
        settle_canary(l, q->asker, answer);
        break;
    }
}

/* ---- the mill ---- */

static int pause_ms(const struct wn_lookup *l)
{
    int pause = l->config.timeout_ms / 2;
    return pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS;
}

/* One attempt is spent for nothing. */
static void fail(struct wn_lookup *l, struct question *q, const char *why, bool broken)
{
    if (q->kind == ASKER_CANARY) {
        settle(l, q, NULL, why);
        return;
    }
    if (++l->streak[q->server] >= STREAK_MOST && l->preferred == q->server) {
        l->preferred = (l->preferred + 1) % l->servers;
    }
    q->attempt++;
    q->asked_ms = 0;
    if (q->attempt >= (size_t)l->config.tries * l->servers) {
        settle(l, q, NULL, why);
        return;
    }
    q->server = (unsigned)((q->server + 1) % l->servers);
    if (broken && q->attempt % l->servers == 0) {
        q->resume_ms = wn_clock_monotonic_ms() + pause_ms(l);
        append(&l->paused, q);
    } else {
        append(&l->ready, q);
    }
}

static void on_reply(struct wn_ask *ask, enum wn_reply reply, const uint8_t *message, size_t length)
{
    struct question *q = (struct question *)ask;
    struct wn_lookup *l = q->lookup;
    const char *fault;
    l->in_flight--;
    switch (reply) {
    case WN_REPLY_MESSAGE:
        fault = wn_dns_read_final(message, length, q->type, &l->answer);
        if (fault != NULL) {
            fail(l, q, fault, false);
        } else {
            l->streak[q->server] = 0;
            settle(l, q, &l->answer, NULL);
        }
        break;
    case WN_REPLY_TIMEOUT:
        /* A quarter is left for clocks that disagree. */
        if (wn_clock_monotonic_ms() - q->asked_ms < l->config.timeout_ms * INT64_C(3) / 4) {
            append(&l->ready, q);
        } else {
            fail(l, q, wn_reply_fault(reply), false);
        }
        break;
    case WN_REPLY_BROKEN:
        fail(l, q, wn_reply_fault(reply), true);
        break;
    case WN_REPLY_REFUSED:
        settle(l, q, NULL, wn_reply_fault(reply));
        break;
    case WN_REPLY_CLOSED:
        break;
    }
}

struct wn_lookup *wn_lookup_new(const struct wn_lookup_config *config)
{
    struct wn_lookup *l = wn_calloc(1, sizeof *l);
    l->config = *config;
    l->servers = wn_upstream_count(config->upstream);
    return l;
}

void wn_lookup_free(struct wn_lookup *l)
{
    if (l == NULL) {
        return;
    }
    while (l->under_way != NULL) {
        struct domain *domain = l->under_way;
        l->under_way = domain->following;
        free_domain(domain);
    }
    wn_map_release(&l->host_index);
    wn_arena_release(&l->arena);
    free(l->hosts);
    free(l);
}

bool wn_lookup_room(const struct wn_lookup *l)
{
    return l->ready.length + l->in_flight < (size_t)l->config.window;
}

void wn_lookup_start(struct wn_lookup *l, struct wn_span name, uint32_t id, bool exchangers)
{
    bool askable = wn_dns_can_ask(name);
    struct domain *domain = wn_malloc(sizeof *domain + name.n + 1);
    *domain = (struct domain){.id = id, .exchangers = exchangers, .following = l->under_way};
    memcpy(domain->name, name.p, name.n);
    domain->name[name.n] = '\0';
    if (l->under_way != NULL) {
        l->under_way->previous = domain;
    }
    l->under_way = domain;
    if (askable) {
        put(l, &domain->question, ASKER_DOMAIN, domain, domain->name, WN_DNS_MX);
    } else {
        settle_domain(l, domain, NULL, "invalid DNS name");
    }
}

bool wn_lookup_send(struct wn_lookup *l)
{
    int64_t now = wn_clock_monotonic_ms();
    while (l->paused.head != NULL && l->paused.head->resume_ms <= now) {
        append(&l->ready, take_first(&l->paused));
    }
    for (int i = 0; i < BURST && l->ready.head != NULL; i++) {
        if (l->in_flight >= (size_t)l->config.window) {
            return false;
        }
        struct question *q = take_first(&l->ready);
        if (q->asked_ms == 0) {
            q->asked_ms = now;
        }
        l->in_flight++;
        wn_upstream_ask(l->config.upstream, q->server, q->name, q->type, &q->ask);
    }
    return l->ready.head != NULL && l->in_flight < (size_t)l->config.window;
}

int wn_lookup_pause(const struct wn_lookup *l)
{
    if (l->paused.head == NULL) {
        return -1;
    }
    int64_t left = l->paused.head->resume_ms - wn_clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

bool wn_lookup_idle(const struct wn_lookup *l)
{
    return l->under_way == NULL;
}
