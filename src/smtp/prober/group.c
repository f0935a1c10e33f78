/* SPDX-License-Identifier: MIT */
/* The ring holds the groups that may have something to do, and each gets one session a turn, so a
 * group with a hundred thousand mailboxes is as often served as one with two. A group that finds
 * nothing it may do leaves the ring; what could change that (a session that ends, a task that comes
 * back, time) wakes it.
 *
 * The rate is a window, not a bucket: a bucket that is full when the minute begins lets twice its
 * size through within that minute. So the times of the last minute's recipients are kept. */
#include <stdlib.h>

#include "smtp/prober/private.h"

void wn_group_wake(struct wn_prober *p, struct group *g)
{
    if (g->queued || g->stopped || g->silent) {
        return;
    }
    g->queued = true;
    g->next = NULL;
    if (p->tail != NULL) {
        p->tail->next = g;
    } else {
        p->head = g;
    }
    p->tail = g;
}

static void forget_old_stamps(const struct wn_prober *p, struct group *g)
{
    while (g->stamp_count > 0 && g->stamps[g->stamp_first] + MINUTE_MS <= p->now_ms) {
        g->stamp_first = (g->stamp_first + 1) % g->stamp_room;
        g->stamp_count--;
    }
    if (g->stamp_count == 0) {
        free(g->stamps);
        g->stamps = NULL;
        g->stamp_room = 0;
        g->stamp_first = 0;
    }
}

void wn_group_stamp(struct group *g, int64_t at_ms)
{
    if (g->stamp_count == g->stamp_room) {
        uint32_t room = g->stamp_room > 0 ? g->stamp_room * 2 : 8;
        int64_t *stamps = wn_malloc(room * sizeof *stamps);
        for (uint32_t i = 0; i < g->stamp_count; i++) {
            stamps[i] = g->stamps[(g->stamp_first + i) % g->stamp_room];
        }
        free(g->stamps);
        g->stamps = stamps;
        g->stamp_first = 0;
        g->stamp_room = room;
    }
    g->stamps[(g->stamp_first + g->stamp_count++) % g->stamp_room] = at_ms;
}

static uint64_t rest(uint64_t limit, uint64_t used)
{
    if (limit == 0) {
        return UINT64_MAX;
    }
    return limit > used ? limit - used : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What the limits leave that do not come back with time. */
static uint64_t lasting_allowance(struct wn_prober *p, const struct group *g)
{
    uint64_t of_run = rest(p->config.max, p->asked + p->reserved);
    p->starved = p->starved || of_run == 0;
    return least(rest(g->limits.per_day, g->used_today + g->reserved), of_run);
}

uint64_t wn_group_allowance(struct wn_prober *p, struct group *g)
{
    forget_old_stamps(p, g);
    return least(rest(g->limits.per_minute, (uint64_t)g->stamp_count + g->reserved),
                 lasting_allowance(p, g));
}

bool wn_group_spent(const struct wn_prober *p, const struct group *g)
{
    return rest(g->limits.per_day, g->used_today) == 0 || rest(p->config.max, p->asked) == 0;
}

void wn_group_reserve(struct wn_prober *p, struct group *g)
{
    g->reserved++;
    p->reserved++;
}

static void let_go(struct wn_prober *p, struct group *g, uint32_t n)
{
    g->reserved -= n;
    p->reserved -= n;
}

void wn_group_unreserve(struct wn_prober *p, struct group *g, uint32_t n)
{
    let_go(p, g, n);
    if (n == 0 || !p->starved) {
        return;
    }
    p->starved = false;
    for (size_t i = 0; i < p->group_count; i++) {
        wn_group_wake(p, p->groups[i]);
    }
}

void wn_group_use(struct wn_prober *p, const struct lane *lane)
{
    struct group *g = lane->group;
    lane->named->said++;
    let_go(p, g, 1);
    g->used_today++;
    p->asked++;
    wn_group_stamp(g, p->now_ms);
}

/* When `need` recipients can be said: wakes the group then, unless an event does earlier. */
static void wait_for_rate(struct wn_prober *p, struct group *g, uint64_t need)
{
    uint64_t taken = (uint64_t)g->stamp_count + g->reserved;
    if (taken + need <= g->limits.per_minute) {
        return;
    }
    uint64_t old = taken + need - g->limits.per_minute;
    if (old > g->stamp_count || g->stamp_room == 0) {
        return; /* sessions hold them */
    }
    int64_t due = g->stamps[(g->stamp_first + old - 1) % g->stamp_room] + MINUTE_MS;
    if (g->timer_ms <= p->now_ms || due < g->timer_ms) {
        g->timer_ms = due;
        wn_timer_add(p, due, NULL, g);
    }
}

/* A session is worth a connection: there is more than the open ones can take. */
static bool has_work(const struct lane *lane)
{
    return lane->waiting > lane->room && !lane->paused && !(lane->failing && lane->sessions > 0);
}

static struct lane *next_lane(struct group *g)
{
    struct lane *first_kept = NULL;
    while (g->head != NULL && g->head != first_kept) {
        struct lane *lane = g->head;
        g->head = lane->next;
        if (g->head == NULL) {
            g->tail = NULL;
        }
        lane->queued = false;
        if (lane->waiting == 0 || lane->paused) {
            continue;
        }
        wn_lane_enqueue(g, lane);
        if (has_work(lane)) {
            return lane;
        }
        if (first_kept == NULL) {
            first_kept = lane;
        }
    }
    return NULL;
}

/* Waits until a whole session's recipients are allowed, so that connections are not spent on one
 * each. */
static bool start_at(struct wn_prober *p, struct group *g, struct lane *lane)
{
    uint64_t need = least(lane->recipients, lane->waiting - lane->room);
    need = least(need, lasting_allowance(p, g));
    need = least(need, g->limits.per_minute);
    if (wn_group_allowance(p, g) < need || need == 0) {
        wait_for_rate(p, g, need);
        return false;
    }
    struct task *t = wn_lane_next(lane, NULL, (uint32_t)need, wn_gate_allowance(g) > 0);
    return t != NULL && wn_session_start(p, lane, t);
}

bool wn_group_start(struct wn_prober *p, struct group *g)
{
    if (g->stopped || g->silent || wn_group_spent(p, g) || g->sessions >= g->limits.connections) {
        return false;
    }
    if (g->gate == GATE_UNDECIDED) {
        wn_gate_first(p, g);
    }
    if (g->gate == GATE_OPEN) {
        struct lane *lane = next_lane(g);
        return lane != NULL && start_at(p, g, lane);
    }
    if (!g->gate_ready || g->gate_task->domain->lane->paused) {
        return false;
    }
    if (wn_group_allowance(p, g) == 0) {
        wait_for_rate(p, g, 1);
        return false;
    }
    g->gate_ready = false;
    return wn_session_start(p, g->gate_task->domain->lane, g->gate_task);
}
