/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "clean/probing.h"

/* Which of the summary's counts an outcome is one of. */
static uint64_t *count_of(struct wn_summary_probed *s, const struct wn_probe *p, bool catch_all)
{
    switch (p != NULL ? p->outcome : WN_PROBE_none) {
    case WN_PROBE_accepted:
    case WN_PROBE_restricted:
    case WN_PROBE_full:
        return &s->accepted;
    case WN_PROBE_not_found:
    case WN_PROBE_disabled:
        return &s->refused;
    case WN_PROBE_greylisted:
    case WN_PROBE_busy:
        return &s->temporary;
    case WN_PROBE_blocked:
        return &s->blocked;
    case WN_PROBE_left_out:
        return p->code / 100 == 2 || catch_all ? &s->accepted : &s->other;
    case WN_PROBE_none:
    case WN_PROBE_accepts_all:
    case WN_PROBE_no_connection:
    case WN_PROBE_timeout:
    case WN_PROBE_error:
    case WN_PROBE_unclear:
    case WN_PROBE_recheck_due:
        break;
    }
    return &s->other;
}

static int larger_first(const void *a, const void *b)
{
    const struct wn_summary_probed *x = a, *y = b;
    if (x->mailboxes != y->mailboxes) {
        return x->mailboxes > y->mailboxes ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

static void count_mailboxes(const struct wn_run *run, const struct wn_probe_plan *plan,
                            struct wn_summary_probed *rows)
{
    for (uint32_t i = 0; i < plan->mailboxes.length; i++) {
        const struct wn_plan_mailbox *m = wn_segments_at(&plan->mailboxes, i);
        const struct wn_plan_domain *d = wn_segments_at(&plan->domains, m->domain);
        const struct wn_domain *domain = wn_tables_domain(&run->tables, d->id);
        struct wn_summary_probed *row = &rows[d->group];
        const struct wn_probe *p = wn_tables_probe(&run->tables, m->id);
        uint64_t *count = count_of(row, p, domain->catch_all == WN_CATCH_ALL_accepted);
        row->mailboxes++;
        (*count)++;
        if (count == &row->temporary && p->due > 0 && (row->due == 0 || p->due < row->due)) {
            row->due = p->due;
        }
    }
}

/* The sentence of a group's stop, of this run or of an earlier one; NULL: it goes on. */
static const char *stop_of(const struct wn_run *run, const struct wn_plan_group *g)
{
    for (uint32_t i = 0; i < run->probing->stopped.length; i++) {
        const struct wn_stopped_group *s = wn_segments_at(&run->probing->stopped, i);
        if (wn_span_equal(s->name, g->name)) {
            return s->reason.p;
        }
    }
    return g->stopped_until != 0 ? g->reason.p : NULL;
}

static struct wn_summary_probe_settings settings_of(const struct wn_probe_settings *s)
{
    return (struct wn_summary_probe_settings){.from = s->from,
                                              .helo = s->helo,
                                              .interface = s->interface,
                                              .max = s->max,
                                              .budget_ms = s->budget_ms,
                                              .per_minute = s->per_minute,
                                              .connections = s->connections,
                                              .sockets = s->sockets,
                                              .port = s->port,
                                              .wait = s->wait && s->retries > 0,
                                              .proxy = s->proxy != NULL,
                                              .force = s->force};
}

void wn_probing_summarize(const struct wn_run *run, struct wn_summary_probe *summary)
{
    struct wn_probing *probing = run->probing;
    *summary = (struct wn_summary_probe){.on = probing != NULL};
    if (probing == NULL) {
        return;
    }
    uint32_t n = probing->plan.groups.length;
    free(probing->providers);
    probing->providers = wn_calloc(n + 1, sizeof *probing->providers);
    count_mailboxes(run, &probing->plan, probing->providers);
    for (uint32_t i = 0; i < n; i++) {
        const struct wn_plan_group *g = wn_segments_at(&probing->plan.groups, i);
        probing->providers[i].name = g->name.p;
        probing->providers[i].stopped = stop_of(run, g);
        probing->providers[i].left = g->left;
        probing->providers[i].limit = g->limit;
    }
    qsort(probing->providers, n, sizeof *probing->providers, larger_first);
    summary->settings = settings_of(&run->settings->probe);
    summary->asked = probing->asked;
    summary->connections = probing->connections;
    summary->encrypted = probing->encrypted;
    summary->unproven = probing->unproven;
    summary->providers = probing->providers;
    summary->provider_count = n;
    summary->warnings = probing->warnings.len > 0 ? wn_buf_text(&probing->warnings) : NULL;
    summary->blocked =
        probing->port_blocked
            ? "no mail server could be reached on this port from here (many networks "
              "block it); no mailbox was asked"
            : NULL;
}
