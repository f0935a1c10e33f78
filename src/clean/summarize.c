/* SPDX-License-Identifier: MIT */
#include "clean/summarize.h"

#include <stdlib.h>

#include "base/clock.h"
#include "clean/probing.h"
#include "smtp/provider.h"

enum {
    LARGEST = 100
};

static uint64_t rows_of(const struct wn_run *run, uint32_t id)
{
    const uint32_t *rows = run->domain_rows[id];
    return (uint64_t)rows[0] + rows[1] + rows[2];
}

/* More rows first, then by name, so that the order never depends on anything else. */
static bool ranks_before(const struct wn_run *run, uint32_t a, uint32_t b)
{
    uint64_t rows_a = rows_of(run, a), rows_b = rows_of(run, b);
    return rows_a != rows_b ? rows_a > rows_b
                            : strcmp(wn_tables_domain(&run->tables, a)->name,
                                     wn_tables_domain(&run->tables, b)->name) < 0;
}

/* Insertion into a list of at most LARGEST. */
static size_t rank(const struct wn_run *run, uint32_t *list, size_t n, uint32_t id)
{
    if (n == LARGEST && !ranks_before(run, id, list[n - 1])) {
        return n;
    }
    size_t i = n < LARGEST ? n : LARGEST - 1;
    for (; i > 0 && ranks_before(run, id, list[i - 1]); i--) {
        list[i] = list[i - 1];
    }
    list[i] = id;
    return n < LARGEST ? n + 1 : n;
}

static void add_rows(struct wn_summary_group *g, const uint32_t rows[WN_ACTION_COUNT])
{
    for (size_t a = 0; a < WN_ACTION_COUNT; a++) {
        g->rows[a] += rows[a];
    }
}

static void group(const struct wn_run *run, struct wn_summary *s, struct wn_summary_group **groups)
{
    const struct wn_tables *t = &run->tables;
    uint32_t largest[LARGEST];
    size_t n = 0, providers = wn_provider_count();
    struct wn_summary_group *g = wn_calloc(LARGEST + providers, sizeof *g);
    struct wn_summary_group *by_provider = g + LARGEST;
    for (uint32_t id = 0; id < t->domains.length; id++) {
        const struct wn_domain *d = wn_tables_domain(t, id);
        if (rows_of(run, id) > 0) {
            n = rank(run, largest, n, id);
            add_rows(&by_provider[d->provider], run->domain_rows[id]);
            by_provider[d->provider].name = wn_provider_name(d->provider);
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct wn_domain *d = wn_tables_domain(t, largest[i]);
        g[i].name = d->name;
        g[i].route = wn_route_word(d->route);
        add_rows(&g[i], run->domain_rows[largest[i]]);
    }
    size_t known = 0;
    for (size_t i = 1; i < providers; i++) { /* 0: no provider that has a name */
        if (by_provider[i].name != NULL) {
            by_provider[known++] = by_provider[i];
        }
    }
    s->domains = g;
    s->domain_count = n;
    s->providers = by_provider;
    s->provider_count = known;
    *groups = g;
}

/* Those that rows name: with --fix, suggested ones are in the table too. */
static uint64_t count_mailboxes(const struct wn_run *run)
{
    const struct wn_tables *t = &run->tables;
    uint64_t count = t->mailboxes.length;
    for (uint32_t id = 0; run->settings->fix && id < t->mailboxes.length; id++) {
        count -= wn_tables_mailbox(t, id)->first_row == WN_NONE;
    }
    return count;
}

void wn_summarize(const struct wn_run *run, struct wn_run_input *input)
{
    struct wn_summary *s = &input->summary;
    const struct wn_clean_settings *settings = run->settings;
    *s = (struct wn_summary){.input = input->file.name,
                             .output = input->dir != NULL ? input->output.p : NULL,
                             .dry_run = settings->dry_run,
                             .bytes = input->file.size,
                             .records = input->records,
                             .rejected = input->rejects.reject_count,
                             .blank_lines = input->blank_lines,
                             .digest = {input->digest[0], input->digest[1]},
                             .delimiter = input->dialect.delimiter,
                             .utf16 = input->file.utf16,
                             .windows_1252 = input->dialect.windows_1252,
                             .header = input->header_length > input->dialect.prelude,
                             .column_chosen = input->column_chosen,
                             .tally = &input->tally,
                             .mailboxes = count_mailboxes(run),
                             .policy = &settings->policy,
                             .offline = settings->offline,
                             .allow_literals = settings->allow_literals,
                             .allow_private = settings->dns.allow_private,
                             .dedupe_across = settings->dedupe_across,
                             .store = settings->db != NULL,
                             .fold_aliases = settings->fold_aliases,
                             .fix = settings->fix,
                             .as_of = settings->now,
                             .run = {.began = run->began,
                                     .ended = wn_clock_now(),
                                     .ms = wn_clock_monotonic_ms() - run->progress.began_ms,
                                     .jobs = settings->jobs,
                                     .domains = run->tables.domains.length,
                                     .from_store = run->facts_used,
                                     .looked_up = run->dns.submitted,
                                     .failed = run->dns.failed,
                                     .queries = run->dns.queries,
                                     .rewriting = run->dns.rewriting}};
    s->email_column_count = input->column_count;
    for (size_t i = 0; i < input->column_count; i++) {
        s->email_columns[i] = wn_buf_text(&input->columns[i].name);
    }
    wn_probing_summarize(run, &s->probe);
    wn_project(run->samples, &input->exposure, wn_provider_count(), &s->projection);
    free(input->groups);
    group(run, s, &input->groups);
}
