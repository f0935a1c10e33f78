/* SPDX-License-Identifier: MIT */
/* A lane keeps to one endpoint as long as that answers. When one fails, the next in order is asked,
 * by one session at a time; when none is left, the lane rests until every other group had its turn,
 * begins again from the first, and only then gives up. Any answer to a recipient starts that count
 * anew.
 *
 * A host that says before any recipient that it is about us is not asked again. If all hosts of a
 * lane say so, or hosts of two lanes, the group stops; one host alone may be ill-configured. */
#include <stdlib.h>

#include "smtp/prober/private.h"

void wn_lane_enqueue(struct group *g, struct lane *lane)
{
    if (lane->queued) {
        return;
    }
    lane->queued = true;
    lane->next = NULL;
    if (g->tail != NULL) {
        g->tail->next = lane;
    } else {
        g->head = lane;
    }
    g->tail = lane;
}

static void enqueue_domain(struct lane *lane, struct domain *d)
{
    if (d->queued) {
        return;
    }
    d->queued = true;
    d->next = NULL;
    if (lane->tail != NULL) {
        lane->tail->next = d;
    } else {
        lane->head = d;
    }
    lane->tail = d;
}

void wn_lane_add(struct wn_prober *p, struct task *t, bool first)
{
    struct domain *d = t->domain;
    struct lane *lane = d->lane;
    struct group *g = lane->group;
    t->state = TASK_WAITING;
    if (t == g->gate_task) {
        g->gate_ready = true;
        wn_group_wake(p, g);
        return;
    }
    struct queue *q = t->kind == TASK_RANDOM ? &lane->randoms : &d->waiting;
    (first ? wn_queue_prepend : wn_queue_append)(q, t);
    lane->waiting++;
    if (t->kind == TASK_MAILBOX) {
        enqueue_domain(lane, d);
    }
    if (!lane->paused) {
        wn_lane_enqueue(g, lane);
        wn_group_wake(p, g);
    }
}

/* The domain at the ring's head, or NULL; those without a mailbox that waits are taken out. */
static struct domain *next_domain(struct lane *lane)
{
    while (lane->head != NULL && lane->head->waiting.head == NULL) {
        struct domain *d = lane->head;
        d->queued = false;
        lane->head = d->next;
        if (lane->head == NULL) {
            lane->tail = NULL;
        }
    }
    return lane->head;
}

/* Out of the queue; NULL: it does not wait there. */
static struct task *take_random(struct lane *lane, struct task *t)
{
    if (t == NULL || t->state != TASK_WAITING) {
        return NULL;
    }
    wn_queue_take(&lane->randoms, t);
    return t;
}

static struct task *next_of_any(struct lane *lane, uint32_t left, bool real_ones)
{
    struct domain *d = next_domain(lane);
    if (lane->randoms.head != NULL && (left == 1 || d == NULL)) {
        return wn_queue_first(&lane->randoms);
    }
    if (d == NULL || !real_ones) {
        return NULL;
    }
    struct task *t = wn_queue_first(&d->waiting);
    lane->head = d->next;
    if (lane->head == NULL) {
        lane->tail = NULL;
    }
    d->queued = false;
    enqueue_domain(lane, d);
    return t;
}

static struct task *next_of_one(struct lane *lane, struct domain *d, uint32_t left, bool real_ones)
{
    bool waits = d->waiting.head != NULL;
    struct task *t = left == 1 || !waits ? take_random(lane, d->random) : NULL;
    return t == NULL && waits && real_ones ? wn_queue_first(&d->waiting) : t;
}

struct task *wn_lane_next(struct lane *lane, struct domain *only, uint32_t left, bool real_ones)
{
    struct task *t = NULL;
    if (left > 0) {
        t = only != NULL ? next_of_one(lane, only, left, real_ones)
                         : next_of_any(lane, left, real_ones);
    }
    lane->waiting -= t != NULL;
    return t;
}

void wn_lane_take(struct lane *lane, struct task *t)
{
    wn_queue_take(&t->domain->waiting, t);
    lane->waiting--;
}

void wn_lane_clear(struct lane *lane)
{
    for (struct domain *d; (d = next_domain(lane)) != NULL;) {
        d->waiting = (struct queue){NULL, NULL};
    }
    lane->randoms = (struct queue){NULL, NULL};
    lane->waiting = 0;
}

static void forget_failure(struct lane *lane)
{
    lane->failing = false;
    lane->second = false;
    lane->worst = FAILURE_NONE;
}

void wn_lane_answered(struct lane *lane)
{
    forget_failure(lane);
}

static void keep_failure(struct lane *lane, enum failure why, const struct said *said)
{
    lane->failing = true;
    if (why < lane->worst) {
        return;
    }
    lane->worst = why;
    free(lane->worst_said);
    lane->worst_said = wn_keep(said);
}

/* Notes whose host it is, and whether the group is to stop. */
static bool blame(struct lane *lane, uint32_t endpoint)
{
    const char *host = lane->endpoints[endpoint].to.host;
    bool all = true;
    for (uint32_t i = 0; i < lane->count; i++) {
        struct endpoint *e = &lane->endpoints[i];
        e->blamed = e->blamed || strcmp(e->to.host, host) == 0;
        all = all && e->blamed;
    }
    if (!lane->blamed) {
        lane->blamed = true;
        lane->group->blamed_lanes++;
    }
    return all || lane->group->blamed_lanes > 1;
}

static void skip_blamed(struct lane *lane)
{
    while (lane->cursor < lane->count && lane->endpoints[lane->cursor].blamed) {
        lane->cursor++;
    }
}

/* It leaves the group's ring when it comes up there. */
static void pause_lane(struct wn_prober *p, struct lane *lane)
{
    lane->paused = true;
    lane->due_ms = p->now_ms + AGAIN_MS;
    lane->next_paused = NULL;
    if (p->paused_tail != NULL) {
        p->paused_tail->next_paused = lane;
    } else {
        p->paused_head = lane;
    }
    p->paused_tail = lane;
}

bool wn_lane_resume(struct wn_prober *p)
{
    struct lane *lane = p->paused_head;
    if (lane == NULL || lane->due_ms > p->now_ms) {
        return false;
    }
    p->paused_head = lane->next_paused;
    if (p->paused_head == NULL) {
        p->paused_tail = NULL;
    }
    lane->paused = false;
    if (lane->waiting > 0) {
        wn_lane_enqueue(lane->group, lane);
    }
    wn_group_wake(p, lane->group);
    return true;
}

/* All that wait in it get its failure for an answer. */
static void give_up(struct wn_prober *p, struct lane *lane)
{
    struct group *g = lane->group;
    enum failure why = lane->worst;
    struct kept *kept = lane->worst_said;
    struct said said = wn_kept(kept);
    lane->worst_said = NULL;
    struct queue all = {NULL, NULL};
    for (struct task *t; (t = wn_lane_next(lane, NULL, UINT32_MAX, true)) != NULL;) {
        wn_queue_append(&all, t);
    }
    if (g->gate_ready && g->gate_task->domain->lane == lane) {
        g->gate_ready = false;
        wn_queue_append(&all, g->gate_task);
    }
    forget_failure(lane);
    for (struct task *t; (t = wn_queue_first(&all)) != NULL && !g->stopped;) {
        wn_task_failed(p, t, why, &said);
    }
    free(kept);
}

/* None of its endpoints is left. */
static void exhaust(struct wn_prober *p, struct lane *lane)
{
    lane->cursor = 0;
    skip_blamed(lane);
    if (lane->second || lane->count == 0) {
        give_up(p, lane);
    } else {
        lane->second = true;
        pause_lane(p, lane);
    }
}

void wn_lane_failed(struct wn_prober *p, struct lane *lane, uint32_t endpoint, uint32_t turn,
                    enum failure why, const struct said *said)
{
    struct group *g = lane->group;
    if (g->stopped) {
        return;
    }
    keep_failure(lane, why, said);
    if (why == FAILURE_BLOCKED && blame(lane, endpoint)) {
        wn_breaker_stop(p, g, said);
        return;
    }
    /* Of several sessions that began alike, the first one to fail speaks for all. */
    if (turn == lane->turn) {
        lane->turn++;
        lane->cursor++;
        skip_blamed(lane);
        if (lane->cursor >= lane->count) {
            exhaust(p, lane);
        }
    }
    wn_group_wake(p, g);
}
