/* SPDX-License-Identifier: MIT */
/* A domain that denies everybody may share its provider with others that do not, so that the
 * provider's own row is always broken. So a domain of which as many mailboxes were denied in the
 * same words as make a group suspect, and none is known to be there, is asked for its postmaster,
 * whom it must have (RFC 5321, 4.5.1). Until that is answered its denials are in doubt. Where it is
 * refused, they are taken back and nobody is asked there any more; the provider's other domains go
 * on. */
#include "smtp/prober/private.h"

static void report_denied(struct wn_prober *p, const struct domain *d,
                          enum wn_prober_report_kind kind)
{
    for (const struct task *t = d->lane->group->tasks; t != NULL; t = t->sibling) {
        if (t->domain == d && wn_task_is_denied(t)) {
            wn_row_report(p, t, kind);
        }
    }
}

static void take_back(struct wn_prober *p, const struct domain *d, bool again,
                      const struct said *said)
{
    for (struct task *t = d->lane->group->tasks; t != NULL; t = t->sibling) {
        if (t->domain == d && wn_task_is_denied(t)) {
            wn_breaker_take_back(p, t, WN_ANSWER_blocked, again, said);
        }
    }
}

void wn_denier_note(struct wn_prober *p, const struct task *t, uint64_t words, uint64_t words_blank)
{
    struct domain *d = t->domain;
    struct group *g = d->lane->group;
    bool same = words == d->words || words_blank == d->words_blank;
    d->denied = same ? d->denied + 1 : 1;
    d->words = words;
    d->words_blank = words_blank;
    if (g->denier == d) {
        wn_row_report(p, t, WN_PROBER_DOUBTED); /* it was under way */
    }
    if (d->denied < SUSPECT_AFTER || d->there || d->vouching) {
        return;
    }
    d->vouching = true;
    d->next_denier = g->deniers;
    g->deniers = d;
}

struct domain *wn_denier_next(struct wn_prober *p, struct group *g)
{
    while (g->deniers != NULL && !g->doubted) {
        struct domain *d = g->deniers;
        g->deniers = d->next_denier;
        if (!d->there) {
            g->denier = d;
            report_denied(p, d, WN_PROBER_DOUBTED);
            return d;
        }
    }
    return NULL;
}

void wn_denier_trust(struct wn_prober *p, struct group *g)
{
    if (g->denier != NULL) {
        report_denied(p, g->denier, WN_PROBER_CONFIRMED);
        g->denier = NULL;
    }
}

void wn_denier_distrust(struct wn_prober *p, struct group *g, const struct said *said)
{
    struct domain *d = g->denier;
    g->denier = NULL;
    d->distrusted = true;
    take_back(p, d, false, said);
    for (struct task *t; (t = wn_queue_first(&d->waiting)) != NULL;) {
        d->lane->waiting--;
        wn_task_settle(p, t, WN_ANSWER_blocked, 0, said);
    }
    for (struct task *t = g->tasks; t != NULL; t = t->sibling) {
        if (t->domain == d && t->state == TASK_PARKED && !t->early) {
            wn_task_settle(p, t, WN_ANSWER_blocked, 0, said);
        }
    }
}

void wn_denier_end(struct wn_prober *p, struct group *g)
{
    static const struct said said = {
        NULL,
        WN_SPAN("This domain refused everyone, and there was no time to find out whether it means "
                "it."),
        NULL};
    if (g->denier != NULL) {
        take_back(p, g->denier, true, &said);
        g->denier = NULL;
    }
}
