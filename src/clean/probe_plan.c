/* SPDX-License-Identifier: MIT */
/* A mailbox is asked where its verdict could change by it: every mailbox that is judged without
 * having been asked gets its verdict first, and a table of reasons says which of those are open. */
#include "clean/probe_plan.h"

#include <stdlib.h>

#include "base/clock.h"
#include "clean/judge.h"
#include "smtp/prober.h"
#include "smtp/provider.h"
#include "store/probes.h"

/* Verdicts that an answer could change. Who bounced hard or complained is not disturbed; who
 * bounced softly may have a working mailbox again. */
static const bool open_reasons[WN_REASON_COUNT] = {
    [WN_REASON_not_probed] = true,           [WN_REASON_not_checked] = true,
    [WN_REASON_placeholder] = true,          [WN_REASON_role_account] = true,
    [WN_REASON_typo_suspected] = true,       [WN_REASON_soft_bounced] = true,
    [WN_REASON_mailbox_full] = true,         [WN_REASON_full_too_long] = true,
    [WN_REASON_bounced_too_often] = true,    [WN_REASON_domain_unreachable] = true,
    [WN_REASON_recheck_due] = true,          [WN_REASON_greylisted] = true,
    [WN_REASON_mailbox_busy] = true,         [WN_REASON_catch_all] = true,
    [WN_REASON_accepts_all_provider] = true,
};

const char *wn_unasked_sentence(enum wn_unasked unasked)
{
    static const char *const sentences[WN_UNASKED_COUNT] = {
        [WN_UNASKED_settled] = "the verdict is settled without asking",
        [WN_UNASKED_no_route] = "DNS did not say where to ask",
        [WN_UNASKED_known] = "asked lately, and the answer still holds",
        [WN_UNASKED_accepts_all] = "the provider says yes to everybody",
        [WN_UNASKED_catch_all] = "the domain is known to accept any mailbox",
        [WN_UNASKED_stopped] = "the provider wanted no more of us lately",
        [WN_UNASKED_own] = "at the domain that we ask from",
        [WN_UNASKED_helo] = "at the domain or mail host that has our HELO name",
        [WN_UNASKED_not_due] = "told to come back later than in this run",
    };
    return sentences[unasked];
}

/* A mailbox that took mail: its verdict needs no probe, but a probe may need its witness. */
struct candidate {
    uint32_t mailbox, domain; /* ids */
};

struct planning {
    struct wn_run *run;
    struct wn_probe_plan *plan;
    uint32_t *domain_of; /* by the tables' id: index into the plan's domains, or WN_NONE */
    struct wn_map group_map;
    bool *seen;                   /* by mailbox id */
    struct wn_segments delivered; /* struct candidate */
    uint8_t *candidates;          /* by the tables' id of a domain: how many of them are its own */
    struct wn_span own_domain, helo;
};

static bool same_group(const void *table, const void *key, uint32_t id)
{
    const struct wn_probe_plan *plan = table;
    const struct wn_plan_group *g = wn_segments_at(&plan->groups, id);
    return wn_span_equal(g->name, *(const struct wn_span *)key);
}

static int use_past(void *arg, const struct wn_group_fact *fact)
{
    const struct planning *p = arg;
    struct wn_plan_group *g = wn_segments_at(&p->plan->groups, p->plan->groups.length - 1);
    int64_t now = p->run->settings->now;
    /* A later day is today, too: of a clock that has gone back since over midnight. */
    g->used_today = fact->day >= now / WN_DAY ? fact->used : 0;
    if (fact->lately_at + 60 > now) {
        g->lately = fact->lately;
        g->lately_at = fact->lately_at < now ? fact->lately_at : now;
    }
    if (fact->stopped_until > now) {
        g->stopped_until = fact->stopped_until;
        g->reason.p = wn_arena_text(&p->run->tables.arena, fact->reason);
        g->reason.n = fact->reason.n;
    }
    return WN_OK;
}

static int find_group(struct planning *p, const struct wn_domain *d, uint32_t *id,
                      struct wn_error *err)
{
    const struct wn_probe_settings *s = &p->run->settings->probe;
    struct wn_span name = wn_provider_group(d->mx_length > 0 ? d->mx : d->name);
    uint64_t hash = wn_hash(name.p, name.n);
    *id = wn_map_find(&p->group_map, hash, same_group, p->plan, &name);
    if (*id != WN_MAP_NONE) {
        return WN_OK;
    }
    *id = p->plan->groups.length;
    struct wn_plan_group *g = wn_segments_push(&p->plan->groups);
    *g = (struct wn_plan_group){.name = {wn_arena_text(&p->run->tables.arena, name), name.n},
                                .provider = d->provider};
    wn_limits_of(d->provider, &g->limits);
    g->limits.connections = s->connections != 0 ? s->connections : g->limits.connections;
    g->limits.per_minute = s->per_minute != 0 ? s->per_minute : g->limits.per_minute;
    wn_map_add(&p->group_map, hash, *id);
    return p->run->store != NULL ? wn_groups_get(p->run->store, g->name, use_past, p, err) : WN_OK;
}

static int find_domain(struct planning *p, uint32_t id, uint32_t *index, struct wn_error *err)
{
    int status = WN_OK;
    if (p->domain_of[id] == WN_NONE) {
        struct wn_plan_domain domain = {.id = id};
        status = find_group(p, wn_tables_domain(&p->run->tables, id), &domain.group, err);
        p->domain_of[id] = p->plan->domains.length;
        *(struct wn_plan_domain *)wn_segments_push(&p->plan->domains) = domain;
    }
    *index = p->domain_of[id];
    return status;
}

/* An answer that still holds. One that wants the question repeated does not. */
static bool is_known(const struct wn_probe *probe)
{
    return probe != NULL && probe->outcome != WN_PROBE_recheck_due && probe->due == 0;
}

/* Whether a domain, or its mail host, has that name. To call oneself by the name of the one who is
 * asked is what forgers do, and many servers refuse or list who does it. That the name lies below
 * the domain is no fault: a host of a firm may well ask its firm's provider. */
static bool bears(const struct wn_domain *d, struct wn_span name)
{
    return wn_span_equal_nocase((struct wn_span){d->name, d->length}, name) ||
           wn_span_equal_nocase((struct wn_span){d->mx, d->mx_length}, name);
}

/* One that is to be asked again when this run has ended. */
static bool is_early(const struct planning *p, const struct wn_probe *probe)
{
    const struct wn_probe_settings *s = &p->run->settings->probe;
    int64_t now = p->run->settings->now;
    if (probe == NULL || probe->due <= now) {
        return false;
    }
    return !s->wait || (s->budget_ms > 0 && probe->due - now >= s->budget_ms / 1000);
}

/* Whether, and if not why, what is judged `j` is asked. */
static enum wn_unasked weigh(const struct planning *p, const struct wn_judged *j)
{
    struct wn_probe_limits limits;
    const struct wn_domain *d = j->domain;
    if (d->route != WN_ROUTE_OK && !wn_route_is_negative(d->route)) {
        return WN_UNASKED_no_route;
    }
    if (is_known(j->probe)) {
        return WN_UNASKED_known;
    }
    if (d->route != WN_ROUTE_OK || !open_reasons[j->verdict.reason]) {
        return WN_UNASKED_settled;
    }
    if (is_early(p, j->probe)) {
        return WN_UNASKED_not_due;
    }
    wn_limits_of(d->provider, &limits);
    if (limits.accepts_all) {
        return WN_UNASKED_accepts_all;
    }
    if (d->catch_all == WN_CATCH_ALL_accepted) {
        return WN_UNASKED_catch_all;
    }
    if (wn_span_equal_nocase((struct wn_span){d->name, d->length}, p->own_domain)) {
        return WN_UNASKED_own;
    }
    return bears(d, p->helo) ? WN_UNASKED_helo : WN_UNASKED_COUNT;
}

static void leave_out(struct planning *p, uint32_t mailbox, const struct wn_judged *j,
                      enum wn_unasked why)
{
    struct wn_probe probe = {.outcome = WN_PROBE_left_out, .at = p->run->settings->now};
    p->plan->unasked[why]++;
    if (why == WN_UNASKED_not_due &&
        (p->plan->next_due == 0 || j->probe->due < p->plan->next_due)) {
        p->plan->next_due = j->probe->due;
    }
    if (why == WN_UNASKED_accepts_all) {
        probe.outcome = WN_PROBE_accepts_all;
    } else if (why != WN_UNASKED_own && why != WN_UNASKED_helo && why != WN_UNASKED_stopped) {
        return;
    }
    if (j->probe == NULL) {
        probe.diagnostic = wn_span_of(wn_unasked_sentence(why));
        wn_tables_set_probe(&p->run->tables, mailbox, &probe);
    }
}

/* A mailbox that is accepted, in a domain of which that is all that is known. */
static int want_catch_all(struct planning *p, const struct wn_judged *j, struct wn_error *err)
{
    struct wn_probe_limits limits;
    uint32_t index;
    if (j->probe == NULL || j->probe->outcome != WN_PROBE_accepted ||
        j->domain->catch_all == WN_CATCH_ALL_accepted ||
        j->domain->catch_all == WN_CATCH_ALL_refused) {
        return WN_OK;
    }
    wn_limits_of(j->domain->provider, &limits);
    if (limits.never_catch_all || limits.accepts_all || j->domain->route != WN_ROUTE_OK) {
        return WN_OK;
    }
    int status = find_domain(p, j->domain_id, &index, err);
    ((struct wn_plan_domain *)wn_segments_at(&p->plan->domains, index))->catch_all_wanted = true;
    return status;
}

static void note_candidate(struct planning *p, uint32_t mailbox, const struct wn_judged *j)
{
    if (j->verdict.reason == WN_REASON_delivered &&
        p->candidates[j->domain_id] < WN_PROBER_CANARIES) {
        p->candidates[j->domain_id]++;
        *(struct candidate *)wn_segments_push(&p->delivered) =
            (struct candidate){mailbox, j->domain_id};
    }
}

/* Large groups get witnesses, where the list has some. */
static void add_canaries(struct planning *p)
{
    for (uint32_t i = 0; i < p->delivered.length; i++) {
        const struct candidate *c = wn_segments_at(&p->delivered, i);
        uint32_t index = p->domain_of[c->domain];
        if (index == WN_NONE) {
            continue;
        }
        const struct wn_plan_domain *d = wn_segments_at(&p->plan->domains, index);
        struct wn_plan_group *g = wn_segments_at(&p->plan->groups, d->group);
        if (g->mailboxes > WN_PROBER_CANARY_ABOVE && g->stopped_until == 0 &&
            g->canaries < WN_PROBER_CANARIES) {
            g->canaries++;
            g->mailboxes++;
            p->plan->unasked[WN_UNASKED_settled]--;
            *(struct wn_plan_mailbox *)wn_segments_push(&p->plan->mailboxes) =
                (struct wn_plan_mailbox){.id = c->mailbox, .domain = index, .canary = true};
        }
    }
}

static int plan_row(struct planning *p, uint32_t row, struct wn_error *err)
{
    const struct wn_tables *t = &p->run->tables;
    const struct wn_row *r = wn_tables_row(t, row);
    struct wn_judged j;
    uint32_t index, mailbox = wn_tables_mailbox_of(t, r);
    if (mailbox == WN_NONE || p->seen[mailbox]) {
        return WN_OK;
    }
    p->seen[mailbox] = true;
    wn_judge_row(t, row, &p->run->settings->policy, p->run->settings->now, &j);
    enum wn_unasked why = weigh(p, &j);
    if (why == WN_UNASKED_known) {
        p->plan->unasked[why]++;
        return want_catch_all(p, &j, err);
    }
    if (why != WN_UNASKED_COUNT) {
        note_candidate(p, mailbox, &j);
        leave_out(p, mailbox, &j, why);
        return WN_OK;
    }
    int status = find_domain(p, j.domain_id, &index, err);
    if (status != WN_OK) {
        return status;
    }
    const struct wn_plan_domain *d = wn_segments_at(&p->plan->domains, index);
    struct wn_plan_group *g = wn_segments_at(&p->plan->groups, d->group);
    if (g->stopped_until != 0) {
        leave_out(p, mailbox, &j, WN_UNASKED_stopped);
        return WN_OK;
    }
    int64_t due = j.probe != NULL ? j.probe->due : 0;
    g->mailboxes++;
    p->plan->parked += due > p->plan->now;
    p->plan->last_due = due > p->plan->last_due ? due : p->plan->last_due;
    *(struct wn_plan_mailbox *)wn_segments_push(&p->plan->mailboxes) =
        (struct wn_plan_mailbox){.id = mailbox, .domain = index, .due = due};
    return WN_OK;
}

int wn_probe_plan_make(struct wn_run *run, struct wn_probe_plan *plan, struct wn_error *err)
{
    const struct wn_tables *t = &run->tables;
    const char *at = strrchr(run->settings->probe.from, '@');
    struct planning p = {.run = run,
                         .plan = plan,
                         .own_domain = wn_span_of(at + 1),
                         .helo = wn_span_of(run->settings->probe.helo)};
    int status = WN_OK;
    *plan = (struct wn_probe_plan){.now = run->settings->now,
                                   .groups.size = sizeof(struct wn_plan_group),
                                   .domains.size = sizeof(struct wn_plan_domain),
                                   .mailboxes.size = sizeof(struct wn_plan_mailbox)};
    p.domain_of = wn_malloc((t->domains.length + 1) * sizeof *p.domain_of);
    memset(p.domain_of, 0xff, (t->domains.length + 1) * sizeof *p.domain_of);
    p.candidates = wn_calloc(t->domains.length + 1, sizeof *p.candidates);
    p.delivered.size = sizeof(struct candidate);
    p.seen = wn_calloc(t->mailboxes.length + 1, sizeof *p.seen);
    for (uint32_t row = 0; row < t->rows.length && status == WN_OK; row++) {
        status = plan_row(&p, row, err);
    }
    if (status == WN_OK) {
        add_canaries(&p);
    }
    for (uint32_t i = 0; i < plan->domains.length; i++) {
        const struct wn_plan_domain *d = wn_segments_at(&plan->domains, i);
        ((struct wn_plan_group *)wn_segments_at(&plan->groups, d->group))->domains++;
    }
    wn_map_release(&p.group_map);
    free(p.domain_of);
    free(p.seen);
    free(p.candidates);
    wn_segments_release(&p.delivered);
    return status;
}

void wn_probe_plan_release(struct wn_probe_plan *plan)
{
    wn_segments_release(&plan->groups);
    wn_segments_release(&plan->domains);
    wn_segments_release(&plan->mailboxes);
}
