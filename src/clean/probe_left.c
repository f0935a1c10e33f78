/* SPDX-License-Identifier: MIT */
#include "clean/probe_left.h"

enum {
    MINUTE_MS = 60000 /* a rate keeps nobody waiting for longer */
};

struct leaving {
    struct wn_run *run;
    const struct wn_prober *prober;
    uint64_t asked;
    int64_t took_ms;
};

static void set_left(struct wn_run *run, uint32_t mailbox, struct wn_span why)
{
    const struct wn_probe probe = {
        .outcome = WN_PROBE_left_out, .at = run->settings->now, .diagnostic = why};
    wn_tables_set_probe(&run->tables, mailbox, &probe);
}

/* Which limit ended the asking of a group that has mailboxes left. The prober does not say; but
 * what does not come back with time is spent or not, and the rest is time, if that is over. Else it
 * is the day of a server that other domains use under other names. */
static const char *limit_of(const struct leaving *l, uint32_t group)
{
    const struct wn_probe_settings *s = &l->run->settings->probe;
    const struct wn_plan_group *g = wn_segments_at(&l->run->probing->plan.groups, group);
    struct wn_prober_use use = {0};
    struct wn_buf text = {0};
    (void)wn_prober_use(l->prober, group, &use);
    if (g->used_today + use.asked >= g->limits.per_day) {
        wn_buf_addf(&text, "the daily limit of %u for this provider", g->limits.per_day);
    } else if (s->max > 0 && l->asked >= s->max) {
        wn_buf_addf(&text, "--probe-max %llu", (unsigned long long)s->max);
    } else if (s->budget_ms > 0 && l->took_ms + MINUTE_MS >= s->budget_ms) {
        wn_buf_addf(&text, "--probe-budget (%lld s)", (long long)(s->budget_ms / 1000));
    } else {
        wn_buf_addf(&text, "the daily limit of %u for its mail server", g->limits.per_day);
    }
    const char *limit = wn_arena_text(&l->run->tables.arena, wn_buf_span(&text));
    wn_buf_release(&text);
    return limit;
}

/* One that no limit let through. */
static void leave(const struct leaving *l, uint32_t mailbox, uint32_t group)
{
    struct wn_plan_group *g = wn_segments_at(&l->run->probing->plan.groups, group);
    if (g->left++ == 0) {
        g->limit = limit_of(l, group);
    }
    if (wn_tables_probe(&l->run->tables, mailbox) == NULL) {
        struct wn_buf why = {0};
        wn_buf_addf(&why, "%s was spent before it was asked", g->limit);
        set_left(l->run, mailbox, wn_buf_span(&why));
        wn_buf_release(&why);
    }
}

void wn_probe_leave(struct wn_run *run, const struct wn_prober *prober, int64_t took_ms)
{
    const struct wn_probe_plan *plan = &run->probing->plan;
    const struct leaving l = {run, prober, run->probing->asked, took_ms};
    for (uint32_t i = 0; i < plan->mailboxes.length; i++) {
        const struct wn_plan_mailbox *m = wn_segments_at(&plan->mailboxes, i);
        const struct wn_plan_domain *d = wn_segments_at(&plan->domains, m->domain);
        const struct wn_probe *p = wn_tables_probe(&run->tables, m->id);
        bool old = p != NULL && p->outcome == WN_PROBE_recheck_due && p->at < run->settings->now;
        if (d->number == WN_NONE && p == NULL) {
            set_left(run, m->id, WN_SPAN("DNS did not say where to ask"));
        } else if (d->number != WN_NONE && (p == NULL || old)) {
            leave(&l, m->id, d->group);
        }
    }
}

void wn_probe_leave_all(struct wn_run *run, const char *why)
{
    const struct wn_segments *mailboxes = &run->probing->plan.mailboxes;
    run->probing->unasked = why;
    for (uint32_t i = 0; i < mailboxes->length; i++) {
        const struct wn_plan_mailbox *m = wn_segments_at(mailboxes, i);
        if (wn_tables_probe(&run->tables, m->id) == NULL) {
            set_left(run, m->id, wn_span_of(why));
        }
    }
}
