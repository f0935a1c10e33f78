/* SPDX-License-Identifier: MIT */
#include "clean/judge.h"

#include "address/overlay.h"

/* The domain that was probably meant, unless mail has been delivered to the one that stands there,
 * or the suggestion cannot take mail itself as far as DNS was asked. */
static const struct wn_domain *find_suggestion(const struct wn_tables *tables,
                                               const struct wn_judged *j)
{
    uint32_t id = WN_NONE;
    if ((j->row->bits & WN_ROW_SUGGESTION) != 0) {
        id = j->row->mailbox;
    } else if (j->domain != NULL &&
               (j->domain_history == NULL || j->domain_history->delivered_at == 0)) {
        id = j->domain->suggestion;
    }
    const struct wn_domain *d = id != WN_NONE ? wn_tables_domain(tables, id) : NULL;
    return d != NULL && (d->route == WN_ROUTE_OK || d->route == WN_ROUTE_NONE) ? d : NULL;
}

/* What is known of the judged mailbox's domain and history. */
static void look_up(const struct wn_tables *tables, uint32_t mailbox, struct wn_judged *j,
                    struct wn_case *c)
{
    j->mailbox = wn_tables_mailbox(tables, mailbox);
    j->probe = wn_tables_probe(tables, mailbox);
    j->domain_id = j->mailbox->domain;
    j->domain = wn_tables_domain(tables, j->domain_id);
    j->flags |= j->domain->flags;
    j->fault = j->fault != WN_FAULT_none ? j->fault : j->domain->fault;
    c->route = j->domain->route;
    if (j->mailbox->history != WN_NONE) {
        j->history = wn_segments_at(&tables->histories, j->mailbox->history);
    }
    if (j->domain->history != WN_NONE) {
        j->domain_history = wn_segments_at(&tables->domain_histories, j->domain->history);
    }
}

static void decide(struct wn_judged *j, struct wn_case *c, const struct wn_policy *policy)
{
    j->flags = wn_overlay_settle(j->flags);
    c->suggestion = j->suggestion != NULL;
    c->fault = j->fault;
    c->flags = j->flags;
    c->history = j->history;
    c->domain = j->domain_history;
    c->probe = j->probe;
    wn_decide(c, policy, &j->verdict);
}

void wn_judge_mailbox(const struct wn_tables *tables, uint32_t mailbox, uint32_t flags,
                      const struct wn_policy *policy, int64_t now, struct wn_verdict *verdict)
{
    struct wn_judged j = {.flags = flags};
    struct wn_case c = {.now = now};
    look_up(tables, mailbox, &j, &c);
    decide(&j, &c, policy);
    *verdict = j.verdict;
}

void wn_judge_row(const struct wn_tables *tables, uint32_t row, const struct wn_policy *policy,
                  int64_t now, struct wn_judged *j)
{
    const struct wn_row *r = wn_tables_row(tables, row);
    *j = (struct wn_judged){
        .row = r, .domain_id = WN_NONE, .fault = wn_row_fault(r), .flags = r->bits & WN_ROW_FLAGS};
    struct wn_case c = {.duplicate = (r->bits & WN_ROW_DUPLICATE) != 0, .now = now};
    uint32_t mailbox = wn_tables_mailbox_of(tables, r);
    if (mailbox != WN_NONE) {
        look_up(tables, mailbox, j, &c);
    }
    j->suggestion = find_suggestion(tables, j);
    decide(j, &c, policy);
}
