/* SPDX-License-Identifier: MIT */
/* The row: mailboxes that a group denied since anybody of it was last known to be there. As long as
 * nothing speaks against the group they are believed. Once it is suspected, all of them are in
 * doubt, and so is what it denies from then on, until somebody is known to be there; a run that
 * ends before that takes them back, and one that is killed has told so beforehand. */
#include "smtp/prober/private.h"

void wn_row_report(struct wn_prober *p, const struct task *t, enum wn_prober_report_kind kind)
{
    static const struct said nothing = {NULL, {"", 0}, NULL};
    struct wn_prober_report r = {.kind = kind,
                                 .tag = t->tag,
                                 .domain = t->domain->number,
                                 .answer = (enum wn_probe_answer)t->answer};
    if (wn_task_is_denied(t)) { /* still: a session that lost its step takes its answers back */
        wn_report(p, &r, wn_task_group(t), &nothing);
    }
}

void wn_row_add(struct wn_prober *p, struct group *g, struct task *t)
{
    if (!wn_task_is_denied(t)) {
        return;
    }
    wn_queue_append(&g->row, t);
    if (g->doubted) {
        wn_row_report(p, t, WN_PROBER_DOUBTED);
    }
}

void wn_row_doubt(struct wn_prober *p, struct group *g)
{
    if (g->doubted) {
        return;
    }
    g->doubted = true;
    for (const struct task *t = g->row.head; t != NULL; t = t->next) {
        wn_row_report(p, t, WN_PROBER_DOUBTED);
    }
}

void wn_row_trust(struct wn_prober *p, struct group *g)
{
    for (const struct task *t = g->row.head; t != NULL && g->doubted; t = t->next) {
        wn_row_report(p, t, WN_PROBER_CONFIRMED);
    }
    wn_row_forget(g);
}

void wn_row_forget(struct group *g)
{
    g->row = (struct queue){NULL, NULL};
    g->doubted = false;
}

void wn_row_end(struct wn_prober *p, struct group *g)
{
    static const struct said suspected = {
        NULL,
        WN_SPAN("It refused everyone with the same words, and there was no time to find out "
                "whether it means it."),
        NULL};
    static const struct said canary = {
        NULL,
        WN_SPAN("It refused a mailbox that it is known to take mail for, and there was no time to "
                "find out whether it means it."),
        NULL};
    const struct said *said = g->canaries_refused > 0 ? &canary : &suspected;
    for (struct task *t = g->row.head; t != NULL && g->doubted; t = t->next) {
        if (wn_task_is_denied(t)) {
            wn_breaker_take_back(p, t, WN_ANSWER_blocked, true, said);
        }
    }
    wn_row_forget(g);
}
