/* SPDX-License-Identifier: MIT */
#include "smtp/prober.h"

#include <stdlib.h>

#include "smtp/prober/private.h"

#define OR(value, otherwise) ((value) != 0 ? (value) : (otherwise))

/* Makes room for one more pointer. */
static void *grow(void *v, size_t count, size_t *room)
{
    if (count < *room) {
        return v;
    }
    *room = *room > 0 ? *room * 2 : 16;
    return wn_realloc(v, *room * sizeof(void *));
}

struct wn_prober *wn_prober_new(const struct wn_prober_config *config,
                                const struct wn_prober_io *io)
{
    struct wn_prober *p = wn_calloc(1, sizeof *p);
    p->config = *config;
    p->config.command_ms = OR(config->command_ms, 30000);
    p->sockets = OR(config->sockets, 100);
    p->io = *io;
    p->random = config->seed;
    p->end_ms = INT64_MAX;
    p->stop_ms = INT64_MAX;
    return p;
}

void wn_prober_free(struct wn_prober *p)
{
    if (p == NULL) {
        return;
    }
    while (p->open > 0) {
        wn_session_drop(p, p->sessions[0]);
    }
    for (size_t i = 0; i < p->group_count; i++) {
        free(p->groups[i]->stamps);
        for (struct task *t = p->groups[i]->tasks; t != NULL; t = t->sibling) {
            free(t->kept);
        }
    }
    for (size_t i = 0; i < p->lane_count; i++) {
        free(p->lanes[i]->worst_said);
    }
    free(p->groups);
    free(p->lanes);
    free(p->domains);
    free(p->timers);
    free(p->sessions);
    wn_map_release(&p->group_index);
    wn_map_release(&p->lane_index);
    wn_map_release(&p->host_index);
    free(p->hosts);
    wn_arena_release(&p->arena);
    free(p);
}

static bool same_group(const void *table, const void *key, uint32_t id)
{
    const struct group *g = ((const struct wn_prober *)table)->groups[id];
    return wn_span_equal((struct wn_span){g->name, g->length}, *(const struct wn_span *)key);
}

static struct group *intern_group(struct wn_prober *p, struct wn_span name, uint32_t provider)
{
    uint64_t hash = wn_hash(name.p, name.n);
    uint32_t id = wn_map_find(&p->group_index, hash, same_group, p, &name);
    if (id != WN_MAP_NONE) {
        return p->groups[id];
    }
    struct group *g = wn_arena_alloc(&p->arena, sizeof *g);
    *g = (struct group){.name = wn_arena_copy(&p->arena, name.p, name.n),
                        .length = (uint32_t)name.n,
                        .provider = provider};
    wn_limits_of(provider, &g->limits);
    g->limits.connections = OR(p->config.connections, g->limits.connections);
    g->limits.per_minute = OR(p->config.per_minute, g->limits.per_minute);
    g->silent = g->limits.accepts_all;
    p->groups = grow(p->groups, p->group_count, &p->group_room);
    wn_map_add(&p->group_index, hash, (uint32_t)p->group_count);
    p->groups[p->group_count++] = g;
    return g;
}

void wn_prober_group(struct wn_prober *p, const struct wn_prober_group *group)
{
    struct group *g = intern_group(p, group->name, group->provider);
    g->used_today = group->used_today;
    g->used_before = group->used_today;
    for (uint64_t i = 0; i < group->lately && i < g->limits.per_minute; i++) {
        wn_group_stamp(g, group->lately_ms);
    }
    g->silent = g->silent || group->stopped;
}

/* What makes two lists of hosts the same lane. */
static void write_key(struct wn_buf *key, const struct group *g, const struct endpoint *v,
                      uint32_t count)
{
    wn_buf_add(key, g->name, g->length);
    for (uint32_t i = 0; i < count; i++) {
        wn_buf_add_char(key, '\n');
        wn_buf_add_text(key, v[i].to.host);
        wn_buf_add_char(key, ' ');
        wn_buf_add_char(key, (char)v[i].to.ip.family);
        wn_buf_add(key, (const char *)v[i].to.ip.bytes, sizeof v[i].to.ip.bytes);
    }
}

static bool same_lane(const void *table, const void *key, uint32_t id)
{
    const struct lane *lane = ((const struct wn_prober *)table)->lanes[id];
    return wn_span_equal((struct wn_span){lane->key, lane->key_length},
                         *(const struct wn_span *)key);
}

/* Every host's first addresses, as long as there is room. */
static uint32_t list_endpoints(const struct wn_prober_domain *domain,
                               struct endpoint v[ENDPOINTS_MAX])
{
    uint32_t n = 0;
    for (size_t i = 0; i < domain->host_count; i++) {
        const struct wn_prober_host *host = &domain->hosts[i];
        for (size_t k = 0; k < host->count && k < HOST_IPS_MAX && n < ENDPOINTS_MAX; k++) {
            v[n++] = (struct endpoint){.to = {.host = host->name, .ip = host->ips[k]}};
        }
    }
    return n;
}

static struct lane *new_lane(struct wn_prober *p, struct group *g, const struct endpoint *v,
                             uint32_t count)
{
    struct lane *lane = wn_arena_alloc(&p->arena, sizeof *lane);
    *lane = (struct lane){.group = g, .count = count, .recipients = g->limits.recipients};
    lane->sibling = g->lanes;
    g->lanes = lane;
    lane->endpoints = wn_arena_alloc(&p->arena, (count > 0 ? count : 1) * sizeof *v);
    for (uint32_t i = 0; i < count; i++) {
        lane->endpoints[i] = v[i];
        bool same = i > 0 && strcmp(v[i].to.host, v[i - 1].to.host) == 0;
        lane->endpoints[i].to.host = same ? lane->endpoints[i - 1].to.host
                                          : wn_arena_text(&p->arena, wn_span_of(v[i].to.host));
    }
    p->lanes = grow(p->lanes, p->lane_count, &p->lane_room);
    p->lanes[p->lane_count++] = lane;
    return lane;
}

static struct lane *intern_lane(struct wn_prober *p, struct group *named,
                                const struct wn_prober_domain *domain)
{
    struct group *g = wn_host_owner(p, named, domain);
    struct endpoint v[ENDPOINTS_MAX];
    uint32_t count = list_endpoints(domain, v);
    struct wn_buf key = {0};
    write_key(&key, named, v, count);
    struct wn_span bytes = wn_buf_span(&key);
    uint64_t hash = wn_hash(bytes.p, bytes.n);
    uint32_t id = wn_map_find(&p->lane_index, hash, same_lane, p, &bytes);
    if (id == WN_MAP_NONE) {
        id = (uint32_t)p->lane_count;
        struct lane *lane = new_lane(p, g, v, count);
        lane->key = wn_arena_copy(&p->arena, bytes.p, bytes.n);
        lane->key_length = (uint32_t)bytes.n;
        lane->named = named;
        wn_map_add(&p->lane_index, hash, id);
    }
    wn_buf_release(&key);
    return p->lanes[id];
}

uint32_t wn_prober_domain(struct wn_prober *p, const struct wn_prober_domain *domain)
{
    struct group *g = intern_group(p, domain->group, domain->provider);
    struct domain *d = wn_arena_alloc(&p->arena, sizeof *d);
    *d = (struct domain){.lane = intern_lane(p, g, domain),
                         .name = wn_arena_copy(&p->arena, domain->name.p, domain->name.n),
                         .length = (uint32_t)domain->name.n,
                         .number = (uint32_t)p->domain_count,
                         .known = domain->known};
    p->domains = grow(p->domains, p->domain_count, &p->domain_room);
    p->domains[p->domain_count++] = d;
    return d->number;
}

struct task *wn_task_new(struct wn_prober *p, struct domain *domain, enum task_kind kind,
                         struct wn_span address)
{
    struct task *t = wn_arena_alloc(&p->arena, sizeof *t);
    *t = (struct task){.domain = domain,
                       .kind = (uint8_t)kind,
                       .address = wn_arena_copy(&p->arena, address.p, address.n),
                       .length = (uint32_t)address.n};
    return t;
}

void wn_queue_append(struct queue *q, struct task *t)
{
    t->next = NULL;
    if (q->tail != NULL) {
        q->tail->next = t;
    } else {
        q->head = t;
    }
    q->tail = t;
}

void wn_queue_prepend(struct queue *q, struct task *t)
{
    t->next = q->head;
    q->head = t;
    if (q->tail == NULL) {
        q->tail = t;
    }
}

struct task *wn_queue_first(struct queue *q)
{
    struct task *t = q->head;
    if (t != NULL) {
        q->head = t->next;
        if (q->head == NULL) {
            q->tail = NULL;
        }
    }
    return t;
}

void wn_queue_take(struct queue *q, const struct task *t)
{
    struct task *previous = NULL;
    for (struct task *at = q->head; at != t; at = at->next) {
        previous = at;
    }
    if (previous == NULL) {
        q->head = t->next;
    } else {
        previous->next = t->next;
    }
    if (q->tail == t) {
        q->tail = previous;
    }
}

void wn_prober_mailbox(struct wn_prober *p, uint32_t domain, struct wn_span address, uint32_t tag,
                       bool canary, int64_t not_before_ms)
{
    struct domain *d = p->domains[domain];
    struct group *g = d->lane->group;
    struct task *t = wn_task_new(p, d, TASK_MAILBOX, address);
    t->tag = tag;
    t->canary = canary;
    t->invalid = !wn_smtp_address_fits(address, true);
    t->sibling = g->tasks;
    g->tasks = t;
    p->mailboxes++;
    if (g->silent || d->lane->named->silent) {
        t->state = TASK_LEFT;
        return;
    }
    g->count++;
    g->open++;
    d->open++;
    if (canary && g->canaries_known < WN_PROBER_CANARIES) {
        g->canaries[g->canaries_known++] = t;
    }
    if (not_before_ms > 0) {
        t->early = true;
        t->state = TASK_PARKED;
        t->due_ms = not_before_ms;
        p->parked++;
        wn_timer_add(p, not_before_ms, t, NULL);
    } else {
        wn_lane_add(p, t, false);
    }
}

void wn_prober_catch_all(struct wn_prober *p, uint32_t domain)
{
    p->domains[domain]->accepted = true;
    p->domains[domain]->promised = true;
}

void wn_prober_counts(const struct wn_prober *p, struct wn_prober_counts *counts)
{
    *counts = (struct wn_prober_counts){.asked = p->asked,
                                        .answered = p->answered,
                                        .parked = p->parked,
                                        .left = p->mailboxes - p->answered - p->parked,
                                        .connections = p->connections,
                                        .encrypted = p->encrypted,
                                        .unproven = p->unproven,
                                        .ready = p->ready,
                                        .our_fault = p->our_fault[0] != '\0' ? p->our_fault : NULL,
                                        .open = p->open};
    for (size_t i = 0; i < p->timer_count; i++) {
        const struct timer *timer = &p->timers[i];
        bool parked = timer->task != NULL && timer->task->state == TASK_PARKED;
        if (parked && (counts->next_due_ms == 0 || timer->due_ms < counts->next_due_ms)) {
            counts->next_due_ms = timer->due_ms;
        }
    }
}

bool wn_prober_use(const struct wn_prober *p, size_t number, struct wn_prober_use *use)
{
    if (number >= p->group_count) {
        return false;
    }
    const struct group *g = p->groups[number];
    *use = (struct wn_prober_use){.group = {g->name, g->length},
                                  .asked = g->said,
                                  .lately = (g->owner != NULL ? g->owner : g)->stamp_count};
    return true;
}
