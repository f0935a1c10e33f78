/* SPDX-License-Identifier: MIT */
#include "report/summary.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "report/text.h"
#include "winnow.h"

static cJSON *need(cJSON *item)
{
    if (item == NULL) {
        wn_out_of_memory();
    }
    return item;
}

static void add_number(cJSON *object, const char *key, uint64_t value)
{
    (void)need(cJSON_AddNumberToObject(object, key, (double)value));
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    struct wn_buf copy = {0};
    wn_text_add_utf8(&copy, wn_span_of(text));
    (void)need(text != NULL ? cJSON_AddStringToObject(object, key, wn_buf_text(&copy))
                            : cJSON_AddNullToObject(object, key));
    wn_buf_release(&copy);
}

static void add_bool(cJSON *object, const char *key, bool value)
{
    (void)need(cJSON_AddBoolToObject(object, key, value));
}

static void add_time(cJSON *object, const char *key, int64_t at)
{
    char text[WN_TIME_TEXT];
    wn_time_format(at, text);
    add_text(object, key, text);
}

static void add_input(cJSON *root, const struct wn_summary *s)
{
    cJSON *o = need(cJSON_AddObjectToObject(root, "input"));
    char digest[48];
    (void)snprintf(digest, sizeof digest, "xxh3-128:%016llx%016llx",
                   (unsigned long long)s->digest[0], (unsigned long long)s->digest[1]);
    add_text(o, "path", s->input);
    add_number(o, "bytes", s->bytes);
    add_text(o, "digest", digest);
    add_number(o, "records", s->records);
    add_number(o, "blank_lines", s->blank_lines);
    add_text(o, "delimiter", (const char[]){s->delimiter, '\0'});
    add_text(o, "encoding", s->utf16 ? "utf-16" : s->windows_1252 ? "windows-1252" : "utf-8");
    add_bool(o, "header", s->header);
    cJSON *columns = need(cJSON_AddArrayToObject(o, "email_columns"));
    for (size_t i = 0; i < s->email_column_count; i++) {
        struct wn_buf name = {0};
        wn_text_add_utf8(&name, wn_span_of(s->email_columns[i]));
        (void)cJSON_AddItemToArray(columns, need(cJSON_CreateString(wn_buf_text(&name))));
        wn_buf_release(&name);
    }
}

static void add_actions(cJSON *o, const uint64_t rows[WN_ACTION_COUNT])
{
    for (unsigned i = 0; i < WN_ACTION_COUNT; i++) {
        add_number(o, wn_action_word((enum wn_action)i), rows[i]);
    }
}

static void add_counts(cJSON *root, const struct wn_summary *s)
{
    cJSON *counts = need(cJSON_AddObjectToObject(root, "counts"));
    add_actions(counts, s->tally->action);
    add_number(counts, "rejected", s->rejected);
    cJSON *results = need(cJSON_AddObjectToObject(root, "results"));
    for (unsigned i = 0; i < WN_RESULT_COUNT; i++) {
        add_number(results, wn_result_word((enum wn_result)i), s->tally->result[i]);
    }
    cJSON *reasons = need(cJSON_AddObjectToObject(root, "reasons"));
    for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
        if (s->tally->reason[i] > 0) {
            cJSON *o = need(cJSON_AddObjectToObject(reasons, wn_reason_word((enum wn_reason)i)));
            add_number(o, "rows", s->tally->reason[i]);
            add_text(o, "action", wn_action_word(s->policy->action[i]));
        }
    }
    cJSON *check = need(cJSON_AddObjectToObject(root, "conservation"));
    uint64_t accounted = s->rejected;
    for (unsigned i = 0; i < WN_ACTION_COUNT; i++) {
        accounted += s->tally->action[i];
    }
    add_number(check, "records_in", s->records);
    add_number(check, "records_out", accounted);
    add_bool(check, "ok", accounted == s->records);
}

static void add_groups(cJSON *root, const char *key, const struct wn_summary_group *groups,
                       size_t n)
{
    cJSON *array = need(cJSON_AddArrayToObject(root, key));
    for (size_t i = 0; i < n; i++) {
        cJSON *o = need(cJSON_CreateObject());
        uint64_t rows = 0;
        (void)cJSON_AddItemToArray(array, o);
        add_text(o, "name", groups[i].name);
        for (unsigned a = 0; a < WN_ACTION_COUNT; a++) {
            rows += groups[i].rows[a];
        }
        add_number(o, "rows", rows);
        add_actions(o, groups[i].rows);
        if (groups[i].route != NULL) {
            add_text(o, "route", groups[i].route[0] != '\0' ? groups[i].route : NULL);
        }
    }
}

/* Rounded far below what the figures can tell, so that they are the same on every machine. */
static void add_rate(cJSON *object, const char *key, double rate)
{
    (void)need(cJSON_AddNumberToObject(object, key, round(rate * 1e5) / 1e5));
}

static void add_projected(cJSON *projection, const char *key, const struct wn_projected_rate *r,
                          bool basis)
{
    cJSON *o = need(cJSON_AddObjectToObject(projection, key));
    const char *const keys[] = {"rate", "low", "high"};
    const double values[] = {r->rate, r->low, r->high};
    for (size_t i = 0; i < 3; i++) {
        if (basis && r->rows > 0) {
            add_rate(o, keys[i], values[i]);
        } else {
            add_text(o, keys[i], NULL);
        }
    }
    add_number(o, "rows", r->rows);
    add_number(o, "certain", r->certain);
}

static void add_projection(cJSON *root, const struct wn_projection *p)
{
    cJSON *o = need(cJSON_AddObjectToObject(root, "projection"));
    add_bool(o, "basis", p->basis);
    add_number(o, "observations", p->observations);
    add_projected(o, "before", &p->of[WN_PROJECTED_before], p->basis);
    add_projected(o, "after", &p->of[WN_PROJECTED_after], p->basis);
    add_number(o, "level", WN_PROJECTION_LEVEL);
    (void)need(cJSON_AddNumberToObject(o, "line", WN_PROJECTION_LINE));
}

static void add_probe(cJSON *run, const struct wn_summary_probe *p)
{
    if (!p->on) {
        (void)need(cJSON_AddNullToObject(run, "probe"));
        return;
    }
    cJSON *o = need(cJSON_AddObjectToObject(run, "probe"));
    add_number(o, "asked", p->asked);
    add_number(o, "connections", p->connections);
    add_number(o, "encrypted", p->encrypted);
    add_number(o, "unproven_certificates", p->unproven);
    add_text(o, "warnings", p->warnings);
    add_text(o, "blocked", p->blocked);
    cJSON *array = need(cJSON_AddArrayToObject(o, "providers"));
    for (size_t i = 0; i < p->provider_count; i++) {
        const struct wn_summary_probed *g = &p->providers[i];
        cJSON *row = need(cJSON_CreateObject());
        (void)cJSON_AddItemToArray(array, row);
        add_text(row, "name", g->name);
        add_number(row, "mailboxes", g->mailboxes);
        add_number(row, "accepted", g->accepted);
        add_number(row, "refused", g->refused);
        add_number(row, "temporary", g->temporary);
        add_number(row, "blocked", g->blocked);
        add_number(row, "other", g->other);
        if (g->due > 0) {
            add_time(row, "due", g->due);
        } else {
            add_text(row, "due", NULL);
        }
        add_number(row, "left", g->left);
        add_text(row, "limit", g->limit);
        add_text(row, "stopped", g->stopped);
    }
}

/* Null for "no limit". */
static void add_limit(cJSON *object, const char *key, uint64_t limit)
{
    if (limit > 0) {
        add_number(object, key, limit);
    } else {
        add_text(object, key, NULL);
    }
}

static void add_probe_settings(cJSON *settings, const struct wn_summary_probe *p)
{
    const struct wn_summary_probe_settings *s = &p->settings;
    if (!p->on) {
        (void)need(cJSON_AddNullToObject(settings, "probe"));
        return;
    }
    cJSON *o = need(cJSON_AddObjectToObject(settings, "probe"));
    add_text(o, "from", s->from);
    add_text(o, "helo", s->helo);
    add_text(o, "interface", s->interface);
    add_bool(o, "proxy", s->proxy);
    add_number(o, "smtp_port", s->port);
    add_limit(o, "max", s->max);
    add_limit(o, "rate", s->per_minute);
    add_limit(o, "connections", s->connections);
    add_number(o, "sockets", s->sockets);
    add_limit(o, "budget_seconds", (uint64_t)(s->budget_ms / 1000));
    add_bool(o, "waits_to_ask_again", s->wait);
    add_bool(o, "force", s->force);
}

static void add_settings(cJSON *root, const struct wn_summary *s)
{
    cJSON *o = need(cJSON_AddObjectToObject(root, "settings"));
    struct wn_policy plain;
    add_text(o, "policy", s->policy->name);
    cJSON *set = need(cJSON_AddObjectToObject(o, "set"));
    if (wn_policy_init(&plain, s->policy->name, NULL) == WN_OK) {
        for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
            if (plain.action[i] != s->policy->action[i]) {
                add_text(set, wn_reason_word((enum wn_reason)i),
                         wn_action_word(s->policy->action[i]));
            }
        }
    }
    add_bool(o, "offline", s->offline);
    add_bool(o, "store", s->store);
    add_bool(o, "allow_literals", s->allow_literals);
    add_bool(o, "allow_private_hosts", s->allow_private);
    add_bool(o, "dedupe_across", s->dedupe_across);
    add_bool(o, "fold_aliases", s->fold_aliases);
    add_bool(o, "fix", s->fix);
    add_bool(o, "dry_run", s->dry_run);
    add_probe_settings(o, &s->probe);
}

static void add_run(cJSON *root, const struct wn_summary *s)
{
    cJSON *o = need(cJSON_AddObjectToObject(root, "run"));
    add_time(o, "as_of", s->as_of);
    add_time(o, "began", s->run.began);
    add_time(o, "ended", s->run.ended);
    (void)need(cJSON_AddNumberToObject(o, "seconds", (double)s->run.ms / 1000));
    add_number(o, "jobs", (uint64_t)s->run.jobs);
    cJSON *dns = need(cJSON_AddObjectToObject(o, "dns"));
    add_number(dns, "domains", s->run.domains);
    add_number(dns, "from_store", s->run.from_store);
    add_number(dns, "looked_up", s->run.looked_up);
    add_number(dns, "failed", s->run.failed);
    add_number(dns, "queries", s->run.queries);
    add_bool(dns, "rewriting_resolver", s->run.rewriting);
    add_probe(o, &s->probe);
}

void wn_summary_json(const struct wn_summary *s, struct wn_buf *out)
{
    cJSON *root = need(cJSON_CreateObject());
    add_text(root, "winnow", WN_VERSION);
    add_input(root, s);
    add_text(root, "output", s->output);
    if (s->held != NULL) {
        add_text(root, "held", s->held);
    }
    add_counts(root, s);
    add_number(root, "mailboxes", s->mailboxes);
    add_number(root, "fixed", s->tally->fixed);
    add_projection(root, &s->projection);
    add_groups(root, "providers", s->providers, s->provider_count);
    add_groups(root, "domains", s->domains, s->domain_count);
    add_settings(root, s);
    add_run(root, s);
    char *text = cJSON_Print(root);
    if (text == NULL) {
        wn_out_of_memory();
    }
    wn_buf_add_text(out, text);
    wn_buf_add_char(out, '\n');
    cJSON_free(text);
    cJSON_Delete(root);
}

/* "syntax_dot 12, null_mx 3", the commonest first, of the reasons that led to `action`. */
static void add_reasons(const struct wn_summary *s, enum wn_action action, struct wn_buf *out)
{
    enum {
        INDENT = 13,
        WIDTH = 80
    };
    bool shown[WN_REASON_COUNT] = {false};
    int column = INDENT;
    for (unsigned n = 0;; n++) {
        size_t best = WN_REASON_COUNT;
        for (size_t i = 0; i < WN_REASON_COUNT; i++) {
            if (!shown[i] && s->tally->reason[i] > 0 && s->policy->action[i] == action &&
                (best == WN_REASON_COUNT || s->tally->reason[i] > s->tally->reason[best])) {
                best = i;
            }
        }
        if (best == WN_REASON_COUNT) {
            return;
        }
        shown[best] = true;
        const char *word = wn_reason_word((enum wn_reason)best);
        unsigned long long rows = s->tally->reason[best];
        int width = snprintf(NULL, 0, "%s %llu, ", word, rows);
        if (n > 0 && column + width > WIDTH) {
            wn_buf_addf(out, ",\n%*s", INDENT, "");
            column = INDENT;
        } else if (n > 0) {
            wn_buf_add_text(out, ", ");
        }
        wn_buf_addf(out, "%s %llu", word, rows);
        column += width;
    }
}

static void add_share(struct wn_buf *out, const struct wn_summary *s, const char *word,
                      uint64_t rows, const char *file)
{
    wn_buf_addf(out, "  %-9s %9llu  %5.1f %%", word, (unsigned long long)rows,
                s->records > 0 ? 100.0 * (double)rows / (double)s->records : 0.0);
    if (file != NULL) {
        wn_buf_add_text(out, "  ");
        wn_text_add_shown(out, wn_span_of(s->held != NULL ? s->held : s->output));
        wn_buf_addf(out, "/%s", file);
    }
    wn_buf_add_char(out, '\n');
}

/* "'Email', 'Email 2'" */
static void add_columns(const struct wn_summary *s, struct wn_buf *out)
{
    for (size_t i = 0; i < s->email_column_count; i++) {
        wn_buf_add_text(out, i == 0 ? "'" : ", '");
        wn_text_add_shown(out, wn_span_of(s->email_columns[i]));
        wn_buf_add_char(out, '\'');
    }
}

static void add_interval(struct wn_buf *out, const struct wn_projected_rate *r)
{
    wn_buf_addf(out, "%.1f %% (%.1f-%.1f)", 100 * r->rate, 100 * r->low, 100 * r->high);
}

/* The projected share of hard bounces. */
static void add_bounces(const struct wn_summary *s, struct wn_buf *out)
{
    const struct wn_projected_rate *before = &s->projection.of[WN_PROJECTED_before],
                                   *after = &s->projection.of[WN_PROJECTED_after];
    wn_buf_add_text(out, "  bounces    ");
    if (!s->store) {
        wn_buf_add_text(out, "no basis: without a store nothing is known of mail\n");
    } else if (!s->projection.basis || before->rows == 0) {
        wn_buf_add_text(out, "no basis: the store has seen too little mail like this\n");
    } else {
        add_interval(out, before);
        wn_buf_add_text(out, " are expected of the list as it is");
        if (after->rows > 0) {
            wn_buf_add_text(out, ",\n             ");
            add_interval(out, after);
            wn_buf_add_text(out, " of what is kept");
        }
        wn_buf_addf(out, "; the line is %.0f %%\n", 100 * WN_PROJECTION_LINE);
    }
}

static void add_probed(const struct wn_summary_probe *p, struct wn_buf *out)
{
    enum {
        SHOWN = 10
    };
    uint64_t accepted = 0, refused = 0, mailboxes = 0;
    for (size_t i = 0; i < p->provider_count; i++) {
        accepted += p->providers[i].accepted;
        refused += p->providers[i].refused;
        mailboxes += p->providers[i].mailboxes;
    }
    wn_buf_addf(out,
                "  probing    %llu mailboxes, %llu questions over %llu connections: %llu accepted, "
                "%llu refused\n",
                (unsigned long long)mailboxes, (unsigned long long)p->asked,
                (unsigned long long)p->connections, (unsigned long long)accepted,
                (unsigned long long)refused);
    for (size_t i = 0; i < p->provider_count && i < SHOWN; i++) {
        const struct wn_summary_probed *g = &p->providers[i];
        wn_buf_addf(out, "             %s: %llu accepted, %llu refused, %llu to ask later", g->name,
                    (unsigned long long)g->accepted, (unsigned long long)g->refused,
                    (unsigned long long)g->temporary);
        if (g->due > 0) {
            char due[WN_TIME_TEXT];
            wn_time_format(g->due, due);
            wn_buf_addf(out, " (the first after %s)", due);
        }
        wn_buf_addf(out, ", %llu blocked, %llu without an answer", (unsigned long long)g->blocked,
                    (unsigned long long)g->other);
        if (g->left > 0) {
            wn_buf_addf(out, " (%llu left for a later run: %s was spent)",
                        (unsigned long long)g->left, g->limit);
        }
        wn_buf_add_char(out, '\n');
    }
    if (p->provider_count > SHOWN) {
        wn_buf_addf(out, "             and %zu smaller providers\n", p->provider_count - SHOWN);
    }
}

/* What hindered the probing, a note each. */
static void add_probe_notes(const struct wn_summary_probe *p, struct wn_buf *out)
{
    for (size_t i = 0; i < p->provider_count; i++) {
        if (p->providers[i].stopped != NULL) {
            wn_buf_addf(out, "  note       %s wanted no more of us and is left alone for a day: ",
                        p->providers[i].name);
            wn_text_add_shown(out, wn_span_of(p->providers[i].stopped));
            wn_buf_add_char(out, '\n');
        }
    }
    if (p->blocked != NULL) {
        wn_buf_addf(out, "  note       %s\n", p->blocked);
    }
    if (p->warnings != NULL) {
        wn_buf_add_text(out, "  note       mail servers may distrust these probes: ");
        wn_text_add_shown(out, wn_span_of(p->warnings)); /* names out of DNS */
        wn_buf_add_char(out, '\n');
    }
}

void wn_summary_text(const struct wn_summary *s, struct wn_buf *out)
{
    static const char *const files[] = {"keep.csv", "review.csv", "drop.csv"};
    static const char *const why[] = {"kept", "to review", "dropped"};
    bool written = (s->output != NULL || s->held != NULL) && !s->dry_run;
    wn_text_add_shown(out, wn_span_of(s->input));
    wn_buf_addf(out, ": %llu records, email column%s ", (unsigned long long)s->records,
                s->email_column_count > 1 ? "s" : "");
    add_columns(s, out);
    wn_buf_addf(out, ", %lld.%02lld s%s\n", (long long)(s->run.ms / 1000),
                (long long)(s->run.ms % 1000 / 10),
                s->dry_run ? " (dry run: nothing is written)" : "");
    for (unsigned i = 0; i < WN_ACTION_COUNT; i++) {
        add_share(out, s, wn_action_word((enum wn_action)i), s->tally->action[i],
                  written ? files[i] : NULL);
    }
    add_share(out, s, "rejected", s->rejected, written ? "rejected.csv" : NULL);
    for (unsigned i = WN_ACTION_COUNT; i-- > 0;) {
        if (s->tally->action[i] > 0) {
            wn_buf_addf(out, "  %-10s ", why[i]);
            add_reasons(s, (enum wn_action)i, out);
            wn_buf_add_char(out, '\n');
        }
    }
    if (s->fix) {
        wn_buf_addf(out, "  fixed      %llu rows have a repaired or suggested address\n",
                    (unsigned long long)s->tally->fixed);
    }
    add_bounces(s, out);
    if (!s->offline) {
        wn_buf_addf(out,
                    "  domains    %llu: %llu looked up, %llu from the store, %llu without an "
                    "answer\n",
                    (unsigned long long)s->run.domains, (unsigned long long)s->run.looked_up,
                    (unsigned long long)s->run.from_store, (unsigned long long)s->run.failed);
    }
    if (s->probe.on && !s->dry_run) {
        add_probed(&s->probe, out);
    }
    if (s->probe.on) {
        add_probe_notes(&s->probe, out);
    }
    if (s->run.rewriting) {
        wn_buf_add_text(out, "  note       this resolver invents addresses for names that do not "
                             "exist; routes that rest on them count as dns_failure\n");
    }
    if (s->utf16) {
        wn_buf_add_text(out, "  note       the input was UTF-16; the lists are UTF-8\n");
    }
    if (s->windows_1252) {
        wn_buf_add_text(out,
                        "  note       the text is not UTF-8 (Windows-1252, as it seems); its bytes "
                        "were kept\n");
    }
    if (s->column_chosen) {
        wn_buf_add_text(out, "  note       several columns may hold addresses; ");
        add_columns(s, out);
        wn_buf_add_text(out, " was taken (--column chooses)\n");
    }
}

void wn_summary_line(const struct wn_summary *s, struct wn_buf *out)
{
    wn_text_add_shown(out, wn_span_of(s->input));
    wn_buf_addf(
        out, ": %llu records: %llu keep, %llu review, %llu drop, %llu rejected",
        (unsigned long long)s->records, (unsigned long long)s->tally->action[WN_ACTION_keep],
        (unsigned long long)s->tally->action[WN_ACTION_review],
        (unsigned long long)s->tally->action[WN_ACTION_drop], (unsigned long long)s->rejected);
    if (s->run.failed > 0) {
        wn_buf_addf(out, "; %llu domains without a DNS answer", (unsigned long long)s->run.failed);
    }
    size_t stopped = 0;
    uint64_t left = 0;
    for (size_t i = 0; i < s->probe.provider_count; i++) {
        stopped += s->probe.providers[i].stopped != NULL;
        left += s->probe.providers[i].left;
    }
    if (left > 0) {
        wn_buf_addf(out, "; %llu mailboxes left for a later run by the limits of probing",
                    (unsigned long long)left);
    }
    if (stopped > 0) {
        wn_buf_addf(out, "; %zu mail providers wanted no more probes", stopped);
    }
    if (s->probe.blocked != NULL) {
        wn_buf_addf(out, "; %s", s->probe.blocked);
    }
    const struct wn_projected_rate *after = &s->projection.of[WN_PROJECTED_after];
    if (after->rate > WN_PROJECTION_LINE) {
        wn_buf_addf(out, "; %.1f %% of what is kept may bounce hard", 100 * after->rate);
    }
    if (s->output != NULL && s->held == NULL && !s->dry_run) {
        wn_buf_add_text(out, " -> ");
        wn_text_add_shown(out, wn_span_of(s->output));
    }
}
