/* SPDX-License-Identifier: MIT */
/* A server that once said that it does not want us may have meant that by its "no such user", too.
 * So what a group has refused in this run is withdrawn with the first such reply. What it accepted
 * stands: nobody pretends to have a mailbox because they dislike who asks. */
#include "smtp/prober/private.h"

void wn_breaker_take_back(struct wn_prober *p, struct task *t, enum wn_probe_answer instead,
                          bool again, const struct said *said)
{
    t->answer = (uint8_t)instead;
    struct wn_prober_report report = {.kind = WN_PROBER_WITHDRAWN,
                                      .tag = t->tag,
                                      .domain = t->domain->number,
                                      .answer = instead,
                                      .again = again};
    wn_report(p, &report, wn_task_group(t), said);
}

static void take_back_refusals(struct wn_prober *p, struct group *g, const struct said *said)
{
    wn_row_forget(g);
    g->denier = NULL;
    g->deniers = NULL;
    for (struct task *t = g->tasks; t != NULL && p->status == WN_OK; t = t->sibling) {
        if (wn_task_is_denied(t)) {
            wn_breaker_take_back(p, t, WN_ANSWER_blocked, false, said);
        }
    }
}

void wn_breaker_unsay(struct wn_prober *p, const struct lane *lane, uint64_t session,
                      const struct said *said)
{
    for (struct task *t = lane->group->tasks; t != NULL && p->status == WN_OK; t = t->sibling) {
        if (t->state == TASK_DONE && t->session == session && t->answer != WN_ANSWER_error &&
            t->answer != WN_ANSWER_blocked) {
            wn_breaker_take_back(p, t, WN_ANSWER_error, false, said);
        }
    }
    for (size_t i = 0; i < p->domain_count; i++) {
        struct domain *d = p->domains[i];
        if (d->lane == lane && d->random != NULL && d->random->state == TASK_DONE &&
            d->random->session == session && d->known != WN_CATCH_ALL_inconclusive) {
            d->known = WN_CATCH_ALL_inconclusive;
            struct wn_prober_report report = {
                .kind = WN_PROBER_CATCH_ALL, .domain = d->number, .catch_all = d->known};
            wn_report(p, &report, lane->group, said);
        }
    }
}

/* Sessions let go of the group's tasks. */
static void release_tasks(struct wn_prober *p, const struct group *g)
{
    for (uint32_t i = 0; i < p->open; i++) {
        struct session *s = p->sessions[i];
        if (s->lane->group == g) {
            memset(s->tasks, 0, s->taken * sizeof(struct task *));
        }
    }
}

void wn_breaker_stop(struct wn_prober *p, struct group *g, const struct said *said)
{
    if (g->stopped) {
        return;
    }
    g->stopped = true;
    g->gate = GATE_OPEN;
    g->gate_task = NULL;
    g->gate_ready = false;
    release_tasks(p, g);
    g->asked = 0;
    for (struct lane *lane = g->lanes; lane != NULL; lane = lane->sibling) {
        wn_lane_clear(lane);
    }
    for (size_t i = 0; i < p->group_count; i++) {
        if (p->groups[i] == g || p->groups[i]->owner == g) {
            struct wn_prober_report report = {.kind = WN_PROBER_STOPPED};
            wn_report(p, &report, p->groups[i], said);
        }
    }
    take_back_refusals(p, g, said);
    for (struct task *t = g->tasks; t != NULL; t = t->sibling) {
        if (t->state != TASK_DONE) {
            wn_task_settle(p, t, WN_ANSWER_blocked, 0, said);
        }
    }
    wn_session_leave_all(p, g);
}
