/* SPDX-License-Identifier: MIT */
/* Answers are taken in one by one as they come: into the tables, for this run's verdicts, and into
 * the store, in transactions of a second, so that a run that is killed has lost a second's answers
 * at most. */
#include "clean/probing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "clean/gather.h"
#include "clean/probe_left.h"
#include "clean/reach.h"
#include "clean/recall.h"
#include "clean/spelling.h"
#include "smtp/live.h"
#include "smtp/prober.h"
#include "smtp/provider.h"
#include "store/probes.h"

enum {
    CATCH_ALL_S = 30 * WN_DAY,
    GROUP_STOPPED_S = WN_DAY,
    OUR_TROUBLE_S = 3600, /* how long it counts that a server could not be asked */
    WAIT_MS = 100,
    KEEP_USED_MS = 1000, /* between notes of what groups were asked */
    CONNECT_MS = 15000,
    BANNER_MS = 45000 /* a slow banner is a defence against spam, not a failure */
};

struct asking {
    struct wn_run *run;
    struct wn_probing *probing;
    struct wn_prober *prober;
    struct wn_prober_io *io;
    struct wn_segments exchangers; /* by plan domain: struct wn_exchangers *, or NULL */
    struct wn_segments domains;    /* by the prober's number: index into the plan's */
    int64_t began_ms, kept_ms;     /* of the prober's clock; kept: the use of groups */
    struct wn_error *err;
};

static const struct wn_plan_domain *plan_domain(const struct asking *a, uint32_t index)
{
    return wn_segments_at(&a->probing->plan.domains, index);
}

static struct wn_domain *table_domain(const struct asking *a, uint32_t index)
{
    return wn_tables_domain(&a->run->tables, plan_domain(a, index)->id);
}

/* --- where to ask ---------------------------------------------------------------------------- */

static void take_exchangers(struct asking *a, struct wn_resolved *resolved)
{
    struct wn_exchangers **place = wn_segments_at(&a->exchangers, resolved->id);
    *place = resolved->exchangers;
    resolved->exchangers = NULL;
    wn_resolved_free(resolved);
}

/* All MX hosts of the domains, with their addresses. */
static int find_exchangers(struct asking *a)
{
    struct wn_run *run = a->run;
    uint32_t n = a->probing->plan.domains.length, taken = 0;
    bool done = false;
    for (uint32_t i = 0; i < n; i++) {
        const struct wn_domain *d = table_domain(a, i);
        *(struct wn_exchangers **)wn_segments_push(&a->exchangers) = NULL;
        wn_resolver_submit_exchangers(run->resolver, (struct wn_span){d->name, d->length}, i);
    }
    while (taken < n && !done) {
        struct wn_resolved *resolved = wn_resolver_next(run->resolver, WAIT_MS, &done);
        if (*run->stop != 0) {
            wn_resolved_free(resolved);
            return wn_error_set(a->err, WN_E_SIGNAL + *run->stop, "stopped");
        }
        if (resolved != NULL) {
            take_exchangers(a, resolved);
            taken++;
        }
        if (wn_progress_due(&run->progress)) {
            wn_progress_show(&run->progress, "finding mail servers", taken, n, "domains", NULL);
        }
    }
    return WN_OK;
}

/* --- what came of it ------------------------------------------------------------------------- */

/* Rounded down: what is kept must not be of a time to come, or a run that follows at once would not
 * see it. */
static int64_t wall_now(const struct asking *a)
{
    return a->run->settings->now + (a->io->now_ms(a->io->arg) - a->began_ms) / 1000;
}

/* Rounded up: not to be asked before it is due. */
static int64_t wall_of(const struct asking *a, int64_t ms)
{
    return ms == 0 ? 0 : a->run->settings->now + (ms - a->began_ms + 999) / 1000;
}

/* Of the prober's clock; it may be before the run. */
static int64_t ms_of(const struct asking *a, int64_t at)
{
    return a->began_ms - (a->run->settings->now - at) * 1000;
}

/* How long an answer holds, in seconds; none: until it is due. */
static const int64_t holds_s[WN_ANSWER_COUNT] = {
    [WN_ANSWER_accepted] = 30 * WN_DAY,    [WN_ANSWER_not_found] = 7 * WN_DAY,
    [WN_ANSWER_disabled] = 7 * WN_DAY,     [WN_ANSWER_full] = 7 * WN_DAY,
    [WN_ANSWER_restricted] = 7 * WN_DAY,   [WN_ANSWER_unclear] = 7 * WN_DAY,
    [WN_ANSWER_blocked] = GROUP_STOPPED_S, [WN_ANSWER_no_connection] = OUR_TROUBLE_S,
    [WN_ANSWER_timeout] = OUR_TROUBLE_S,   [WN_ANSWER_error] = OUR_TROUBLE_S,
};

/* An answer about a mailbox, for the tables and the store. */
static int keep_answer(struct asking *a, const struct wn_prober_report *r)
{
    struct wn_run *run = a->run;
    const struct wn_plan_mailbox *m = wn_segments_at(&a->probing->plan.mailboxes, r->tag);
    const struct wn_classified *c = r->meaning != NULL ? &r->meaning->classified : NULL;
    int64_t at = wall_now(a);
    struct wn_probe probe = {.outcome = wn_recall_outcome(r->answer),
                             .at = at,
                             .due = wall_of(a, r->due_ms),
                             .diagnostic = r->text,
                             .host = r->host};
    struct wn_buf key = {0};
    bool may;
    if (c != NULL) {
        probe.code = c->code;
        memcpy(probe.enhanced, c->enhanced, sizeof probe.enhanced);
        probe.enhanced_detail = c->enhanced_detail;
    }
    wn_tables_set_probe(&run->tables, m->id, &probe);
    int status = wn_gather_write(run, &may, a->err);
    if (status != WN_OK || !may) {
        return status;
    }
    wn_tables_add_key(&run->tables, m->id, &key);
    struct wn_probe_fact fact = {.address = wn_buf_span(&key),
                                 .answer = wn_span_of(wn_answer_word(r->answer)),
                                 .code = probe.code,
                                 .enhanced = {probe.enhanced[0], probe.enhanced[1]},
                                 .enhanced_detail = probe.enhanced_detail,
                                 .diagnostic = r->text,
                                 .host = r->host,
                                 .rule = wn_span_of(c != NULL ? c->rule : NULL),
                                 .at = at,
                                 .expires = at + holds_s[r->answer],
                                 .due = probe.due};
    if (r->kind == WN_PROBER_WITHDRAWN && !r->again) {
        status = wn_probes_withdraw(run->store, fact.address, a->err);
    }
    if (status == WN_OK && !r->again) {
        status = wn_probes_put(run->store, &fact, a->err);
    }
    wn_buf_release(&key);
    return status;
}

/* A denial that is in doubt is stored as one that has expired, so that whatever becomes of this run
 * the mailbox is asked again before it is believed. */
static int keep_doubt(struct asking *a, const struct wn_prober_report *r)
{
    struct wn_run *run = a->run;
    const struct wn_plan_mailbox *m = wn_segments_at(&a->probing->plan.mailboxes, r->tag);
    int64_t at = wall_now(a);
    struct wn_buf key = {0};
    bool may;
    int status = wn_gather_write(run, &may, a->err);
    if (status == WN_OK && may) {
        wn_tables_add_key(&run->tables, m->id, &key);
        status =
            wn_probes_hold(run->store, wn_buf_span(&key),
                           r->kind == WN_PROBER_DOUBTED ? at : at + holds_s[r->answer], a->err);
        wn_buf_release(&key);
    }
    return status;
}

static int keep_catch_all(struct asking *a, const struct wn_prober_report *r)
{
    struct wn_run *run = a->run;
    uint32_t index = *(const uint32_t *)wn_segments_at(&a->domains, r->domain);
    const struct wn_domain *d = table_domain(a, index);
    int64_t at = wall_now(a);
    struct wn_catch_all_fact fact = {.domain = {d->name, d->length},
                                     .outcome = wn_span_of(wn_catch_all_word(r->catch_all)),
                                     .at = at,
                                     .expires = at + CATCH_ALL_S};
    bool may;
    wn_recall_catch_all(run, plan_domain(a, index)->id, r->catch_all);
    if (r->catch_all == WN_CATCH_ALL_inconclusive) {
        fact.expires = at; /* no fact, but in the place of one that was taken back */
    }
    int status = wn_gather_write(run, &may, a->err);
    return status == WN_OK && may ? wn_catch_alls_put(run->store, &fact, a->err) : status;
}

static int keep_stop(struct asking *a, const struct wn_prober_report *r)
{
    struct wn_run *run = a->run;
    struct wn_arena *arena = &run->tables.arena;
    struct wn_stopped_group *g = wn_segments_push(&a->probing->stopped);
    int64_t at = wall_now(a);
    bool may;
    *g = (struct wn_stopped_group){.name = {wn_arena_text(arena, r->group), r->group.n},
                                   .reason = {wn_arena_text(arena, r->text), r->text.n}};
    int status = wn_gather_write(run, &may, a->err);
    return status == WN_OK && may
               ? wn_groups_stop(run->store, g->name, at, at + GROUP_STOPPED_S, g->reason, a->err)
               : status;
}

/* Where nobody waits for the time to ask again, the prober knows of no pause; the store is told of
 * the first one all the same. */
static int keep_due_answer(struct asking *a, const struct wn_prober_report *r)
{
    const struct wn_probe_settings *s = &a->run->settings->probe;
    struct wn_prober_report later = *r;
    if (!s->wait && s->retries > 0 && r->due_ms > 0) {
        later.due_ms = a->io->now_ms(a->io->arg) + s->retry_ms[0];
    }
    return keep_answer(a, &later);
}

static int take_report(void *arg, const struct wn_prober_report *r)
{
    struct asking *a = arg;
    switch (r->kind) {
    case WN_PROBER_ANSWER:
    case WN_PROBER_PARKED:
    case WN_PROBER_WITHDRAWN:
        return keep_due_answer(a, r);
    case WN_PROBER_DOUBTED:
    case WN_PROBER_CONFIRMED:
        return keep_doubt(a, r);
    case WN_PROBER_CATCH_ALL:
        return keep_catch_all(a, r);
    case WN_PROBER_STOPPED:
        return keep_stop(a, r);
    }
    return WN_OK;
}

/* How much each group was asked for since the last time, for the store. The prober has the groups
 * in the plan's order. */
static int keep_used(struct asking *a)
{
    struct wn_run *run = a->run;
    int64_t today = wall_now(a) / WN_DAY;
    struct wn_prober_use use;
    int status = WN_OK;
    for (uint32_t i = 0; status == WN_OK && wn_prober_use(a->prober, i, &use); i++) {
        struct wn_plan_group *g = wn_segments_at(&a->probing->plan.groups, i);
        bool may = use.asked > g->kept;
        status = may ? wn_gather_write(run, &may, a->err) : WN_OK;
        if (status == WN_OK && may) {
            status = wn_groups_use(run->store, g->name, today, use.asked - g->kept, a->err);
            g->kept = use.asked;
        }
        if (status == WN_OK && may) {
            status = wn_groups_pace(run->store, g->name, use.lately, wall_now(a) + 1, a->err);
        }
    }
    return status;
}

static void show_progress(struct asking *a)
{
    struct wn_run *run = a->run;
    struct wn_prober_counts counts;
    char note[64] = "";
    if (!wn_progress_due(&run->progress)) {
        return;
    }
    wn_prober_counts(a->prober, &counts);
    if (counts.parked > 0) {
        int64_t wait = counts.next_due_ms > 0 ? counts.next_due_ms - a->io->now_ms(a->io->arg) : 0;
        (void)snprintf(note, sizeof note, "%llu parked, the next for %lld s",
                       (unsigned long long)counts.parked,
                       (long long)(wait > 0 ? (wait + 999) / 1000 : 0));
    }
    wn_progress_show(&run->progress, "probing", counts.answered, a->probing->plan.mailboxes.length,
                     "mailboxes", note[0] != '\0' ? note : NULL);
}

static int go_on(void *arg)
{
    struct asking *a = arg;
    int status = WN_OK;
    if (a->io->now_ms(a->io->arg) - a->kept_ms >= KEEP_USED_MS) {
        a->kept_ms = a->io->now_ms(a->io->arg);
        status = keep_used(a);
    }
    if (status == WN_OK) {
        status = wn_gather_commit(a->run, false, a->err);
    }
    show_progress(a);
    return status;
}

/* --- asking ---------------------------------------------------------------------------------- */

/* A domain's hosts, in their order, but for those that another known provider runs, as a backup:
 * that one has limits of its own, which are not those of this domain's group. Returns how many. */
static size_t list_hosts(const struct wn_exchangers *e, uint32_t provider,
                         struct wn_prober_host *hosts)
{
    size_t n = 0;
    for (size_t i = 0; i < e->count; i++) {
        uint32_t its = wn_provider_of(wn_span_of(e->v[i].name));
        if (its == 0 || its == provider) {
            hosts[n++] = (struct wn_prober_host){e->v[i].name, e->v[i].ips, e->v[i].count};
        }
    }
    return n;
}

static void add_domain(struct asking *a, uint32_t index, const struct wn_exchangers *e)
{
    struct wn_plan_domain *planned = wn_segments_at(&a->probing->plan.domains, index);
    const struct wn_plan_group *g = wn_segments_at(&a->probing->plan.groups, planned->group);
    const struct wn_domain *d = table_domain(a, index);
    struct wn_prober_host *hosts = wn_calloc(e->count, sizeof *hosts);
    struct wn_prober_domain domain = {.name = {d->name, d->length},
                                      .group = g->name,
                                      .provider = g->provider,
                                      .hosts = hosts,
                                      .host_count = list_hosts(e, g->provider, hosts),
                                      .known = d->catch_all};
    planned->number = wn_prober_domain(a->prober, &domain);
    *(uint32_t *)wn_segments_push(&a->domains) = index;
    if (planned->catch_all_wanted) {
        wn_prober_catch_all(a->prober, planned->number);
    }
    free(hosts);
}

static void add_mailbox(struct asking *a, uint32_t tag)
{
    struct wn_run *run = a->run;
    const struct wn_plan_mailbox *m = wn_segments_at(&a->probing->plan.mailboxes, tag);
    struct wn_buf address = {0};
    int64_t wait = m->due - run->settings->now;
    wn_spelling_write(run, m->id, &address);
    wn_prober_mailbox(a->prober, plan_domain(a, m->domain)->number, wn_buf_span(&address), tag,
                      m->canary, wait > 0 ? a->began_ms + wait * 1000 : 0);
    wn_buf_release(&address);
}

static void fill_prober(struct asking *a)
{
    struct wn_probe_plan *plan = &a->probing->plan;
    for (uint32_t i = 0; i < plan->groups.length; i++) {
        const struct wn_plan_group *g = wn_segments_at(&plan->groups, i);
        wn_prober_group(a->prober, &(struct wn_prober_group){.name = g->name,
                                                             .provider = g->provider,
                                                             .used_today = g->used_today,
                                                             .lately = g->lately,
                                                             .lately_ms = ms_of(a, g->lately_at),
                                                             .stopped = g->stopped_until != 0});
    }
    for (uint32_t i = 0; i < plan->domains.length; i++) {
        struct wn_plan_domain *d = wn_segments_at(&plan->domains, i);
        struct wn_exchangers **e = wn_segments_at(&a->exchangers, i);
        d->number = WN_NONE;
        if (*e != NULL && (*e)->count > 0) {
            add_domain(a, i, *e);
        }
        wn_exchangers_free(*e);
        *e = NULL;
    }
    for (uint32_t i = 0; i < plan->mailboxes.length; i++) {
        const struct wn_plan_mailbox *m = wn_segments_at(&plan->mailboxes, i);
        if (plan_domain(a, m->domain)->number != WN_NONE) {
            add_mailbox(a, i);
        }
    }
}

/* So that nobody can know the random mailboxes beforehand. */
static uint64_t draw_seed(void)
{
    uint64_t seed = (uint64_t)wn_clock_monotonic_ms();
    (void)getrandom(&seed, sizeof seed, 0); /* else the clock has to do */
    return seed;
}

/* A proxy or a source address that does not work is to be mended, and not to be reported as so many
 * servers that were not there. Without either, it is some hosts that this machine has no way to. */
static int judge_own_side(const struct wn_probe_settings *s, const struct wn_prober_counts *counts,
                          struct wn_error *err)
{
    if (counts->ready > 0 || counts->our_fault == NULL ||
        (s->proxy == NULL && s->interface == NULL)) {
        return WN_OK;
    }
    return wn_error_set(err, s->proxy != NULL ? WN_E_TEMPFAIL : WN_E_CONFIG,
                        "no mail server could be asked: %s (%s)", counts->our_fault,
                        s->proxy != NULL ? "--probe-proxy" : "--probe-interface");
}

static int run_prober(struct asking *a)
{
    const struct wn_probe_settings *s = &a->run->settings->probe;
    struct wn_prober_config config = {.sender = wn_span_of(s->from),
                                      .sockets = s->sockets,
                                      .connections = s->connections,
                                      .per_minute = s->per_minute,
                                      .max = s->max,
                                      .budget_ms = s->budget_ms,
                                      .command_ms = s->command_ms,
                                      .retry_ms = s->retry_ms,
                                      .retries = s->wait ? s->retries : 0,
                                      .catch_all = true,
                                      .seed = draw_seed()};
    struct wn_prober_counts counts;
    a->prober = wn_prober_new(&config, a->io);
    a->began_ms = a->io->now_ms(a->io->arg);
    fill_prober(a);
    int status = wn_prober_run(a->prober, a->run->stop, take_report, go_on, a, a->err);
    int kept = keep_used(a);
    wn_prober_counts(a->prober, &counts);
    a->probing->asked = counts.asked;
    a->probing->connections = counts.connections;
    a->probing->encrypted = counts.encrypted;
    a->probing->unproven = counts.unproven;
    wn_probe_leave(a->run, a->prober, a->io->now_ms(a->io->arg) - a->began_ms);
    status = status == WN_OK ? kept : status;
    if (status == WN_OK && *a->run->stop == 0) {
        status = judge_own_side(s, &counts, a->err);
    }
    wn_prober_free(a->prober);
    return status;
}

/* No mailbox was asked: that says something about us and nothing about them. */
static void note_blocked(struct asking *a)
{
    const struct wn_segments *mailboxes = &a->probing->plan.mailboxes;
    const struct wn_probe probe = {.outcome = WN_PROBE_blocked,
                                   .at = a->run->settings->now,
                                   .diagnostic =
                                       WN_SPAN("no mail server could be reached from here")};
    a->probing->port_blocked = true;
    for (uint32_t i = 0; i < mailboxes->length; i++) {
        const struct wn_plan_mailbox *m = wn_segments_at(mailboxes, i);
        wn_tables_set_probe(&a->run->tables, m->id, &probe);
    }
}

static int ask(struct asking *a)
{
    const struct wn_probe_settings *s = &a->run->settings->probe;
    const struct wn_transport_config config = {.helo = s->helo,
                                               .proxy = s->proxy,
                                               .interface = s->interface,
                                               .port = s->port,
                                               .connect_ms = CONNECT_MS,
                                               .banner_ms = BANNER_MS};
    struct wn_endpoint to[WN_REACH_MOST];
    struct wn_transport *transport;
    struct wn_prober_io io;
    int status = wn_transport_new(&config, &transport, a->err);
    if (status != WN_OK) {
        return status;
    }
    size_t tried = wn_reach_choose(&a->probing->plan, &a->exchangers, to);
    bool reached = tried == 0 || wn_reach_any(transport, to, tried, s->sockets, a->run->stop);
    if (!reached && *a->run->stop == 0) {
        note_blocked(a);
    } else {
        wn_live_io(transport, &io);
        a->io = &io;
        status = run_prober(a);
    }
    wn_transport_free(transport);
    return status;
}

int wn_probing_ask(struct wn_run *run, struct wn_error *err)
{
    struct wn_probing *probing = run->probing;
    struct asking a = {.run = run,
                       .probing = probing,
                       .exchangers.size = sizeof(struct wn_exchangers *),
                       .domains.size = sizeof(uint32_t),
                       .err = err};
    int status = wn_probe_plan_make(run, &probing->plan, err);
    if (status != WN_OK || run->settings->dry_run || probing->plan.domains.length == 0) {
        return status;
    }
    if (run->read_only) {
        wn_probe_leave_all(run, run->why_read_only.text);
        return WN_OK;
    }
    status = find_exchangers(&a);
    if (status == WN_OK) {
        status = ask(&a);
    }
    int committed = wn_gather_commit(run, true, status == WN_OK ? err : NULL);
    for (uint32_t i = 0; i < a.exchangers.length; i++) {
        wn_exchangers_free(*(struct wn_exchangers **)wn_segments_at(&a.exchangers, i));
    }
    wn_segments_release(&a.exchangers);
    wn_segments_release(&a.domains);
    status = status == WN_OK ? committed : status;
    return status == WN_OK && *run->stop != 0
               ? wn_error_set(err, WN_E_SIGNAL + *run->stop, "stopped")
               : status;
}

void wn_probing_free(struct wn_probing *probing)
{
    if (probing != NULL) {
        wn_probe_plan_release(&probing->plan);
        wn_segments_release(&probing->stopped);
        wn_buf_release(&probing->warnings);
        free(probing->providers);
        free(probing);
    }
}
