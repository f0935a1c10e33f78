/* SPDX-License-Identifier: MIT */
#include "clean/explain.h"

#include "address/typo.h"
#include "base/clock.h"
#include "smtp/provider.h"

static struct wn_span several(struct wn_span cell, struct wn_buf *out)
{
    enum {
        MOST = 4
    };
    struct wn_span found[MOST];
    size_t n = wn_address_several(cell, found, MOST);
    wn_buf_add_text(out, wn_fault_sentence(WN_FAULT_syntax_several));
    for (size_t i = 0; i < n; i++) {
        wn_buf_add_text(out, i == 0 ? ": " : ", ");
        wn_buf_add_span(out, found[i]);
    }
    return wn_buf_span(out);
}

static struct wn_span unreachable(const struct wn_domain_history *h, struct wn_buf *out)
{
    char since[WN_TIME_TEXT];
    wn_time_format(h->unreachable_since, since);
    wn_buf_addf(out, "mail to this domain keeps expiring unanswered, since %.10s", since);
    return wn_buf_span(out);
}

/* What the mailbox said decided, or that it could not be asked. */
static bool is_probes(const struct wn_verdict *v)
{
    return v->evidence == WN_EVIDENCE_mailbox || v->rule == WN_RULE_left_out;
}

/* What the server said when it put us off, and when it is asked again. */
static struct wn_span put_off(const struct wn_probe *p, struct wn_buf *out)
{
    char due[WN_TIME_TEXT];
    wn_time_format(p->due, due);
    wn_buf_add_span(out, p->diagnostic);
    wn_buf_addf(out, "%sto be asked again after %s", p->diagnostic.n > 0 ? "; " : "", due);
    return wn_buf_span(out);
}

/* The sentence that goes with the evidence: the fault, the server's reply, or what DNS said. */
static struct wn_span diagnose(const struct wn_judged *j, struct wn_span cell, struct wn_buf *out)
{
    wn_buf_clear(out);
    if (j->verdict.reason == WN_REASON_domain_unreachable) {
        return unreachable(j->domain_history, out);
    }
    bool temporary =
        j->verdict.reason == WN_REASON_greylisted || j->verdict.reason == WN_REASON_mailbox_busy;
    if (temporary && j->probe != NULL && j->probe->due > 0) {
        return put_off(j->probe, out);
    }
    if (is_probes(&j->verdict) && j->probe != NULL && j->probe->diagnostic.n > 0) {
        return j->probe->diagnostic;
    }
    if (j->verdict.evidence == WN_EVIDENCE_history) {
        return j->history != NULL ? j->history->diagnostic : wn_span_of(NULL);
    }
    if (j->fault == WN_FAULT_syntax_several) {
        return several(cell, out);
    }
    if (j->fault != WN_FAULT_none) {
        return wn_span_of(wn_fault_sentence(j->fault));
    }
    if (j->domain != NULL && j->domain->route != WN_ROUTE_OK) {
        return (struct wn_span){j->domain->detail, j->domain->detail_length};
    }
    return (struct wn_span){"", 0};
}

/* The whole address that was probably meant; empty where its provider would not give it out. */
static struct wn_span suggest(struct wn_span cell, unsigned options, struct wn_explain_room *room)
{
    size_t n = 0;
    wn_buf_clear(&room->suggestion);
    wn_address_read(cell, options, &room->address);
    (void)wn_typo_address(&room->address, cell, wn_buf_room(&room->suggestion, WN_ADDRESS_MAX), &n);
    room->suggestion.len = n;
    return wn_buf_span(&room->suggestion);
}

void wn_explain(const struct wn_judged *j, struct wn_span cell, unsigned options,
                struct wn_explain_room *room, struct wn_report_row *row)
{
    *row = (struct wn_report_row){
        .email = cell, .verdict = j->verdict, .flags = j->flags, .history = j->history};
    if ((j->row->bits & WN_ROW_VERBATIM) != 0) {
        row->address = cell;
    } else if (j->mailbox != NULL) {
        wn_address_read(cell, options, &room->address);
        row->address = wn_address_text(&room->address);
    }
    if (j->domain != NULL) {
        row->domain = (struct wn_span){j->domain->name, j->domain->length};
        row->mx = (struct wn_span){j->domain->mx, j->domain->mx_length};
        row->provider = wn_span_of(wn_provider_name(j->domain->provider));
    }
    if (j->verdict.evidence == WN_EVIDENCE_mailbox) {
        row->probe = j->probe;
    }
    if (j->suggestion != NULL) {
        row->suggestion = suggest(cell, options, room);
    }
    row->diagnostic = diagnose(j, cell, &room->diagnostic);
}
