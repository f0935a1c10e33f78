/* SPDX-License-Identifier: MIT */
/* The thread around lookup.c. What passes between it and the others passes in bulk, because at a
 * hundred thousand domains a second a lock and a wake-up for each would cost more than the DNS:
 *
 * - submissions are written one behind the other into a buffer, which the thread takes as a whole
 *   and works off as the window has room; a submission rings the eventfd only when the thread may
 *   not have looked since the last ring;
 * - routes are gathered in a list and handed over once a turn of the loop; wn_resolver_next takes
 *   all there are and gives them out one by one.
 *
 * After the last route the outbox is closed, and that is how wn_resolver_next knows. */
#include "dns/resolver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "dns/lookup.h"
#include "dns/made_up.h"

enum {
    WINDOW = 1000,
    WINDOW_MOST = 20000
};

/* Routes that may wait in the thread while it has more to send. */
enum {
    HAND_OVER = 256
};

/* In front of each name in the inbox. */
struct submission {
    uint32_t id;
    uint16_t length;
    uint16_t exchangers; /* 0 or 1 */
};

/* Linked by their queue items. */
struct resolved_list {
    struct wn_resolved *head, *tail;
    size_t length;
};

struct wn_resolver {
    struct wn_upstream *upstream;
    struct wn_lookup *lookup;     /* the thread's, as the next three */
    struct wn_buf reading;        /* submissions being worked off */
    size_t read;                  /* octets of them that are */
    struct resolved_list found;   /* not yet handed over */
    struct wn_lookup_stats stats; /* written by the thread */
    atomic_uint_fast64_t submitted;
    atomic_bool rung;      /* the eventfd was written since the thread last looked at the inbox */
    atomic_bool finishing; /* no more submissions */
    atomic_bool stopping;
    bool started;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct wn_buf inbox;         /* under lock */
    struct resolved_list outbox; /* under lock */
    bool closed;                 /* under lock: nothing more will be put into the outbox */
    struct wn_resolved *taken;   /* the consumer's: out of the outbox, to be given out */
};

static struct wn_resolved *following(const struct wn_resolved *resolved)
{
    return (struct wn_resolved *)resolved->item.next;
}

static void join(struct resolved_list *list, struct resolved_list *more)
{
    if (more->head == NULL) {
        return;
    }
    if (list->tail != NULL) {
        list->tail->item.next = &more->head->item;
    } else {
        list->head = more->head;
    }
    list->tail = more->tail;
    list->length += more->length;
    *more = (struct resolved_list){0};
}

static void deliver(void *context, uint32_t id, const struct wn_route *route,
                    struct wn_exchangers *exchangers)
{
    struct wn_resolver *r = context;
    struct wn_resolved *resolved = wn_malloc(sizeof *resolved);
    resolved->item.next = NULL;
    resolved->id = id;
    resolved->route = *route;
    resolved->exchangers = exchangers;
    join(&r->found, &(struct resolved_list){resolved, resolved, 1});
}

static void hand_over(struct wn_resolver *r, bool last)
{
    if (r->found.head == NULL && !last) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    join(&r->outbox, &r->found);
    r->closed = last;
    pthread_cond_signal(&r->filled);
    pthread_mutex_unlock(&r->lock);
}

/* False when nothing was submitted since. */
static bool refill(struct wn_resolver *r)
{
    if (r->read < r->reading.len) {
        return true;
    }
    r->read = 0;
    wn_buf_clear(&r->reading);
    pthread_mutex_lock(&r->lock);
    struct wn_buf full = r->inbox;
    r->inbox = r->reading;
    pthread_mutex_unlock(&r->lock);
    r->reading = full;
    return full.len > 0;
}

/* True when all that was submitted is under way. */
static bool admit(struct wn_resolver *r)
{
    while (wn_lookup_room(r->lookup)) {
        if (!refill(r)) {
            return true;
        }
        struct submission s;
        memcpy(&s, r->reading.p + r->read, sizeof s);
        struct wn_span name = {r->reading.p + r->read + sizeof s, s.length};
        r->read += sizeof s + s.length;
        wn_lookup_start(r->lookup, name, s.id, s.exchangers != 0);
    }
    return false;
}

static void *run(void *argument)
{
    struct wn_resolver *r = argument;
    while (!atomic_load(&r->stopping)) {
        /* Both before the inbox is looked at: what comes later rings anew, and finishing comes
         * after the last submission. */
        atomic_store(&r->rung, false);
        bool finishing = atomic_load(&r->finishing);
        bool empty = admit(r);
        bool more = wn_lookup_send(r->lookup);
        if (!more || r->found.length >= HAND_OVER) {
            hand_over(r, false);
        }
        if (empty && finishing && wn_lookup_idle(r->lookup)) {
            break;
        }
        /* Domains that are reported at once leave room that nothing will announce. */
        more = more || (!empty && wn_lookup_room(r->lookup));
        wn_upstream_run(r->upstream, more ? 0 : wn_lookup_pause(r->lookup));
    }
    hand_over(r, true);
    return NULL;
}

/* Signals are the main thread's business. */
static int start(struct wn_resolver *r, struct wn_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int errnum = pthread_create(&r->thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (errnum != 0) {
        return wn_error_errno(err, WN_E_INTERNAL, errnum,
                              "the resolver's thread cannot be started");
    }
    r->started = true;
    return WN_OK;
}

static void init_lock(struct wn_resolver *r)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->filled, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&r->lock, NULL);
}

static int or_default(int value, int standard, int most)
{
    return value <= 0 ? standard : value > most ? most : value;
}

int wn_resolver_new(const struct wn_resolver_config *config, struct wn_resolver **resolver,
                    struct wn_error *err)
{
    struct wn_servers servers;
    int status = config->servers != NULL ? wn_servers_read(config->servers, &servers, err)
                                         : wn_servers_system(&servers, err);
    if (status != WN_OK) {
        return status;
    }
    struct wn_resolver *r = wn_calloc(1, sizeof *r);
    init_lock(r);
    struct wn_lookup_config lookup = {
        .timeout_ms = or_default(config->timeout_ms, WN_RESOLVER_TIMEOUT_MS, 3600 * 1000),
        .tries = or_default(config->tries, WN_RESOLVER_TRIES, 100),
        .window = or_default(config->window, WINDOW, WINDOW_MOST),
        .allow_private = config->allow_private,
        .stats = &r->stats,
        .found = deliver,
        .context = r,
    };
    status = wn_upstream_new(&servers, lookup.timeout_ms, &r->upstream, err);
    if (status == WN_OK) {
        lookup.upstream = r->upstream;
        r->lookup = wn_lookup_new(&lookup);
        status = start(r, err);
    }
    if (status != WN_OK) {
        wn_resolver_free(r);
        return status;
    }
    *resolver = r;
    return WN_OK;
}

static void free_all(struct wn_resolved *resolved)
{
    while (resolved != NULL) {
        struct wn_resolved *next = following(resolved);
        wn_resolved_free(resolved);
        resolved = next;
    }
}

void wn_resolver_free(struct wn_resolver *r)
{
    if (r == NULL) {
        return;
    }
    if (r->started) {
        atomic_store(&r->stopping, true);
        wn_upstream_wake(r->upstream);
        pthread_join(r->thread, NULL);
    }
    wn_upstream_free(r->upstream); /* before the lookup, to which it replies */
    wn_lookup_free(r->lookup);
    free_all(r->found.head);
    free_all(r->outbox.head);
    free_all(r->taken);
    wn_buf_release(&r->reading);
    wn_buf_release(&r->inbox);
    pthread_cond_destroy(&r->filled);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void ring(struct wn_resolver *r)
{
    if (!atomic_exchange(&r->rung, true)) {
        wn_upstream_wake(r->upstream);
    }
}

static void submit(struct wn_resolver *r, struct wn_span domain, uint32_t id, bool exchangers)
{
    /* A longer name fails whatever it is, and need not be kept whole. */
    size_t n = domain.n <= WN_HOST_TEXT ? domain.n : WN_HOST_TEXT;
    struct submission s = {.id = id, .length = (uint16_t)n, .exchangers = exchangers};
    atomic_fetch_add_explicit(&r->submitted, 1, memory_order_relaxed);
    pthread_mutex_lock(&r->lock);
    wn_buf_add(&r->inbox, (const char *)&s, sizeof s);
    wn_buf_add(&r->inbox, domain.p, n);
    pthread_mutex_unlock(&r->lock);
    ring(r);
}

void wn_resolver_submit(struct wn_resolver *r, struct wn_span domain, uint32_t id)
{
    submit(r, domain, id, false);
}

void wn_resolver_submit_exchangers(struct wn_resolver *r, struct wn_span domain, uint32_t id)
{
    submit(r, domain, id, true);
}

void wn_resolver_finish(struct wn_resolver *r)
{
    atomic_store(&r->finishing, true);
    ring(r);
}

/* Waits for the outbox to be filled or closed. Under lock. */
static void wait_filled(struct wn_resolver *r, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (r->outbox.head == NULL && !r->closed) {
        if (pthread_cond_timedwait(&r->filled, &r->lock, &until) == ETIMEDOUT) {
            return;
        }
    }
}

struct wn_resolved *wn_resolver_next(struct wn_resolver *r, int timeout_ms, bool *done)
{
    *done = false;
    if (r->taken == NULL) {
        pthread_mutex_lock(&r->lock);
        if (timeout_ms > 0) {
            wait_filled(r, timeout_ms);
        }
        r->taken = r->outbox.head;
        r->outbox = (struct resolved_list){0};
        *done = r->taken == NULL && r->closed;
        pthread_mutex_unlock(&r->lock);
    }
    struct wn_resolved *resolved = r->taken;
    if (resolved != NULL) {
        r->taken = following(resolved);
        resolved->item.next = NULL;
    }
    return resolved;
}

void wn_resolved_free(struct wn_resolved *resolved)
{
    if (resolved != NULL) {
        wn_exchangers_free(resolved->exchangers);
    }
    free(resolved);
}

void wn_resolver_stats(struct wn_resolver *r, struct wn_resolver_stats *stats)
{
    *stats = (struct wn_resolver_stats){
        .submitted = atomic_load(&r->submitted),
        .done = atomic_load(&r->stats.done),
        .queries = atomic_load(&r->stats.queries),
        .answered = atomic_load(&r->stats.answered),
        .failed = atomic_load(&r->stats.failed),
        .rewriting = atomic_load(&r->stats.rewriting),
    };
}

bool wn_resolver_control(struct wn_resolver *r, const struct wn_span *names, size_t count,
                         const _Atomic int *stop)
{
    enum {
        WAIT_MS = 100
    };
    uint64_t before = atomic_load(&r->stats.answered);
    size_t left = count + WN_MADE_UP_TLDS;
    bool done = false;
    for (unsigned i = 0; i < WN_MADE_UP_TLDS; i++) {
        char name[WN_MADE_UP_NAME];
        wn_made_up_name(i, name);
        wn_resolver_submit(r, wn_span_of(name), UINT32_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        wn_resolver_submit(r, names[i], UINT32_MAX);
    }
    /* To the last one, as whoever comes next does not expect them. */
    while (left > 0 && !done && *stop == 0) {
        struct wn_resolved *resolved = wn_resolver_next(r, WAIT_MS, &done);
        left -= resolved != NULL;
        wn_resolved_free(resolved);
    }
    return atomic_load(&r->stats.answered) > before;
}

int wn_resolver_judge(const struct wn_resolver_stats *stats, struct wn_error *err)
{
    uint64_t domains = stats->done + stats->known;
    if (stats->queries > 0 && stats->answered == 0 && !stats->control) {
        return wn_error_set(err, WN_E_TEMPFAIL,
                            "no DNS server gave a usable answer to any of %llu questions: check "
                            "the network, or name another server with --dns-server",
                            (unsigned long long)stats->queries);
    }
    if (domains >= 50 && stats->failed * 5 > domains) {
        return wn_error_set(err, WN_E_TEMPFAIL,
                            "DNS failed for %llu of %llu domains, too many to judge by: try again "
                            "later, or name another server with --dns-server",
                            (unsigned long long)stats->failed, (unsigned long long)domains);
    }
    return WN_OK;
}
