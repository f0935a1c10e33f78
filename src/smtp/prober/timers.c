/* SPDX-License-Identifier: MIT */
/* A binary heap by time. A timer is never taken out early: it is dropped when it comes up and
 * nothing waits for it. */
#include "smtp/prober/private.h"

void wn_timer_add(struct wn_prober *p, int64_t due_ms, struct task *task, struct group *group)
{
    if (p->timer_count == p->timer_room) {
        p->timer_room = p->timer_room > 0 ? p->timer_room * 2 : 64;
        p->timers = wn_realloc(p->timers, p->timer_room * sizeof *p->timers);
    }
    size_t i = p->timer_count++;
    while (i > 0 && p->timers[(i - 1) / 2].due_ms > due_ms) {
        p->timers[i] = p->timers[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    p->timers[i] = (struct timer){due_ms, task, group};
}

void wn_timer_take(struct wn_prober *p)
{
    struct timer last = p->timers[--p->timer_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < p->timer_count; i = child) {
        if (child + 1 < p->timer_count && p->timers[child + 1].due_ms < p->timers[child].due_ms) {
            child++;
        }
        if (p->timers[child].due_ms >= last.due_ms) {
            break;
        }
        p->timers[i] = p->timers[child];
    }
    p->timers[i] = last;
}

static bool means_something(const struct wn_prober *p, const struct timer *timer)
{
    if (timer->due_ms >= p->end_ms) {
        return false;
    }
    if (timer->group != NULL) {
        return timer->group->timer_ms == timer->due_ms && !timer->group->stopped &&
               !wn_group_spent(p, timer->group);
    }
    const struct task *t = timer->task;
    return t->state == TASK_PARKED && t->due_ms == timer->due_ms &&
           !wn_group_spent(p, wn_task_group(t));
}

const struct timer *wn_timer_first(struct wn_prober *p)
{
    while (p->timer_count > 0 && !means_something(p, &p->timers[0])) {
        wn_timer_take(p);
    }
    return p->timer_count > 0 ? &p->timers[0] : NULL;
}
