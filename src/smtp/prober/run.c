/* SPDX-License-Identifier: MIT */
/* The loop: what is due, who may begin, one event, and again. It sleeps until the next of these. */
#include "smtp/prober/private.h"

static void begin_to_end(struct wn_prober *p, int64_t stop_ms)
{
    p->ending = true;
    p->stop_ms = stop_ms < p->stop_ms ? stop_ms : p->stop_ms;
    wn_session_leave_all(p, NULL);
}

static struct group *next_group(struct wn_prober *p)
{
    struct group *g = p->head;
    if (g != NULL) {
        p->head = g->next;
        if (p->head == NULL) {
            p->tail = NULL;
        }
        g->queued = false;
    }
    return g;
}

/* Begins sessions as long as anyone may. A lane that has failed once waits until nobody else wants
 * the socket. */
static void schedule(struct wn_prober *p)
{
    while (p->open < p->sockets && p->status == WN_OK) {
        struct group *g = next_group(p);
        if (g != NULL) {
            if (wn_group_start(p, g)) {
                wn_group_wake(p, g);
            }
        } else if (!wn_lane_resume(p)) {
            return;
        }
    }
}

static void wake_due(struct wn_prober *p)
{
    for (const struct timer *timer; (timer = wn_timer_first(p)) != NULL;) {
        if (timer->due_ms > p->now_ms) {
            return;
        }
        struct timer due = *timer;
        wn_timer_take(p);
        if (due.task != NULL) {
            wn_task_due(p, due.task);
        } else {
            due.group->timer_ms = 0;
            wn_group_wake(p, due.group);
        }
    }
}

static bool is_idle(struct wn_prober *p)
{
    return p->open == 0 &&
           (p->ending || (p->head == NULL && p->paused_head == NULL && wn_timer_first(p) == NULL));
}

/* How long there is nothing to do without an event. */
static int idle_ms(struct wn_prober *p)
{
    int64_t due = wn_session_due(p);
    const struct timer *timer = p->ending ? NULL : wn_timer_first(p);
    if (timer != NULL && timer->due_ms < due) {
        due = timer->due_ms;
    }
    if (!p->ending && p->paused_head != NULL && p->open < p->sockets &&
        p->paused_head->due_ms < due) {
        due = p->paused_head->due_ms;
    }
    if (!p->ending && p->end_ms < due) {
        due = p->end_ms;
    }
    int64_t ms = due - p->now_ms;
    if (ms > PROGRESS_MS) {
        return PROGRESS_MS;
    }
    return ms > 0 ? (int)ms : 0;
}

/* What cannot be asked at all, and random mailboxes that an earlier run has left. */
static void begin(struct wn_prober *p)
{
    static const struct said said = {
        NULL, {"The address cannot be said in an SMTP command.", 46}, NULL};
    p->now_ms = p->io.now_ms(p->io.arg);
    if (p->config.budget_ms > 0) {
        p->end_ms = p->now_ms + p->config.budget_ms;
    }
    for (size_t i = 0; i < p->group_count; i++) {
        for (struct task *t = p->groups[i]->tasks; t != NULL; t = t->sibling) {
            if (t->invalid && t->state == TASK_WAITING) {
                wn_lane_take(t->domain->lane, t);
                wn_task_settle(p, t, WN_ANSWER_error, 0, &said);
            }
        }
    }
    for (size_t i = 0; i < p->domain_count; i++) {
        wn_domain_random(p, p->domains[i]);
    }
}

/* Nobody is asked any more. A suspicion that was not cleared in time counts. */
static void end(struct wn_prober *p)
{
    p->ending = true;
    for (size_t i = 0; i < p->group_count; i++) {
        struct group *g = p->groups[i];
        wn_row_end(p, g);
        wn_denier_end(p, g);
        for (struct task *t = g->tasks; t != NULL; t = t->sibling) {
            wn_task_end(p, t);
        }
    }
}

/* One round. False: all is done. */
static bool go_round(struct wn_prober *p, const _Atomic int *stop, int64_t *told_ms,
                     wn_prober_progress *progress)
{
    p->now_ms = p->io.now_ms(p->io.arg);
    if (stop != NULL && *stop != 0 && p->stop_ms == INT64_MAX) {
        begin_to_end(p, p->now_ms + STOP_MS);
    } else if (!p->ending && p->now_ms >= p->end_ms) {
        begin_to_end(p, p->now_ms + OVERTIME_MS);
    }
    wn_session_expire(p);
    if (!p->ending) {
        wake_due(p);
        schedule(p);
    }
    if (p->status != WN_OK || is_idle(p)) {
        return false;
    }
    if (p->sockets == 0) {
        p->status = wn_error_set(p->err, WN_E_IO, "no connection can be made to any mail server");
        return false;
    }
    if (progress != NULL && (p->now_ms >= *told_ms + PROGRESS_MS || *told_ms == 0)) {
        *told_ms = p->now_ms;
        p->status = progress(p->arg);
        if (p->status != WN_OK) {
            return false;
        }
    }
    struct wn_link_event event;
    if (p->io.wait(p->io.arg, idle_ms(p), &event)) {
        p->now_ms = p->io.now_ms(p->io.arg);
        wn_session_event(p, &event);
    }
    return true;
}

int wn_prober_run(struct wn_prober *p, const _Atomic int *stop, wn_prober_visit *visit,
                  wn_prober_progress *progress, void *arg, struct wn_error *err)
{
    if (!wn_smtp_address_fits(p->config.sender, true)) {
        return wn_error_set(err, WN_E_INTERNAL, "the probe's sender cannot be said to a server");
    }
    p->visit = visit;
    p->arg = arg;
    p->err = err;
    int64_t told_ms = 0;
    begin(p);
    while (go_round(p, stop, &told_ms, progress)) {
    }
    while (p->open > 0) {
        wn_session_drop(p, p->sessions[0]);
    }
    if (p->status == WN_OK) {
        end(p);
    }
    return p->status;
}
