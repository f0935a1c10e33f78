/* SPDX-License-Identifier: MIT */
/* As with histories (merge.c), a short list asks the store for each of its mailboxes, and a long
 * one reads all facts once. */
#include "clean/recall.h"

#include "clean/enter.h"
#include "smtp/limits.h"
#include "store/probes.h"

enum {
    LOOKUPS_PER_FACT = 16 /* a scan costs about as much as a sixteenth of that many look-ups */
};

struct recall {
    struct wn_run *run;
    uint32_t id;        /* of the mailbox that is looked up */
    struct wn_buf text; /* its key */
};

enum wn_probe_outcome wn_recall_outcome(enum wn_probe_answer answer)
{
    static const enum wn_probe_outcome outcomes[WN_ANSWER_COUNT] = {
        [WN_ANSWER_accepted] = WN_PROBE_accepted,
        [WN_ANSWER_not_found] = WN_PROBE_not_found,
        [WN_ANSWER_disabled] = WN_PROBE_disabled,
        [WN_ANSWER_full] = WN_PROBE_full,
        [WN_ANSWER_restricted] = WN_PROBE_restricted,
        [WN_ANSWER_blocked] = WN_PROBE_blocked,
        [WN_ANSWER_greylisted] = WN_PROBE_greylisted,
        [WN_ANSWER_busy] = WN_PROBE_busy,
        [WN_ANSWER_no_connection] = WN_PROBE_no_connection,
        [WN_ANSWER_timeout] = WN_PROBE_timeout,
        [WN_ANSWER_error] = WN_PROBE_error,
        [WN_ANSWER_unclear] = WN_PROBE_unclear,
    };
    return outcomes[answer];
}

static void set_fact(struct wn_run *run, uint32_t id, const struct wn_probe_fact *fact)
{
    enum wn_probe_answer answer;
    if (!wn_answer_read(fact->answer, &answer)) {
        return; /* a newer version's word */
    }
    struct wn_probe probe = {.outcome = wn_recall_outcome(answer),
                             .at = fact->at,
                             .due = fact->due,
                             .code = fact->code,
                             .enhanced = {fact->enhanced[0], fact->enhanced[1]},
                             .enhanced_detail = fact->enhanced_detail,
                             .diagnostic = fact->diagnostic,
                             .host = fact->host};
    /* A denial that has expired does not count again because its mailbox was put off since. */
    bool denial = answer == WN_ANSWER_not_found || answer == WN_ANSWER_disabled;
    if (fact->expires <= run->settings->now && (denial || fact->due <= run->settings->now)) {
        probe.outcome = WN_PROBE_recheck_due;
    }
    wn_tables_set_probe(&run->tables, id, &probe);
}

static int use_fact(void *arg, const struct wn_probe_fact *fact)
{
    const struct recall *r = arg;
    set_fact(r->run, r->id, fact);
    return WN_OK;
}

static int find_and_use(void *arg, const struct wn_probe_fact *fact)
{
    struct recall *r = arg;
    wn_buf_clear(&r->text);
    wn_buf_add_span(&r->text, fact->address);
    size_t n = wn_enter_key(r->run->settings, r->text.p, fact->address.n);
    uint32_t id = wn_tables_find_mailbox(&r->run->tables, (struct wn_span){r->text.p, n});
    /* With folded aliases there may be several, in no order: the newest counts. */
    const struct wn_probe *other = id != WN_NONE ? wn_tables_probe(&r->run->tables, id) : NULL;
    if (id != WN_NONE && (other == NULL || other->at < fact->at)) {
        set_fact(r->run, id, fact);
    }
    return *r->run->stop != 0 ? WN_E_SIGNAL + *r->run->stop : WN_OK;
}

static int look_up_each(struct recall *r, struct wn_error *err)
{
    const struct wn_tables *t = &r->run->tables;
    int status = WN_OK;
    for (r->id = 0; r->id < t->mailboxes.length && status == WN_OK; r->id++) {
        wn_buf_clear(&r->text);
        wn_tables_add_key(t, r->id, &r->text);
        status = wn_probes_get(r->run->store, wn_buf_span(&r->text), r->run->settings->now,
                               use_fact, r, err);
    }
    return status;
}

void wn_recall_catch_all(struct wn_run *run, uint32_t domain, enum wn_catch_all outcome)
{
    struct wn_domain *d = wn_tables_domain(&run->tables, domain);
    d->catch_all = outcome;
    d->flags &= ~(uint32_t)WN_FLAG_catch_all;
    d->flags |= outcome == WN_CATCH_ALL_accepted ? (uint32_t)WN_FLAG_catch_all : 0;
}

static int use_catch_all(void *arg, const struct wn_catch_all_fact *fact)
{
    struct wn_run *run = ((struct recall *)arg)->run;
    uint32_t id = wn_tables_find_domain(&run->tables, fact->domain);
    enum wn_catch_all outcome;
    if (id != WN_NONE && wn_catch_all_read(fact->outcome, &outcome)) {
        wn_recall_catch_all(run, id, outcome);
    }
    return WN_OK;
}

int wn_recall(struct wn_run *run, struct wn_error *err)
{
    struct recall r = {.run = run};
    uint64_t facts = 0;
    int status = wn_probes_count(run->store, &facts, err);
    if (status == WN_OK && facts > 0) {
        status =
            run->tables.mailboxes.length < facts / LOOKUPS_PER_FACT && !run->settings->fold_aliases
                ? look_up_each(&r, err)
                : wn_probes_scan(run->store, run->settings->now, find_and_use, &r, err);
    }
    if (status == WN_OK) {
        status = wn_catch_alls_scan(run->store, run->settings->now, use_catch_all, &r, err);
    }
    wn_buf_release(&r.text);
    return status >= WN_E_SIGNAL ? wn_error_set(err, status, "stopped") : status;
}

void wn_recall_settle(struct wn_run *run)
{
    struct wn_tables *t = &run->tables;
    struct wn_probe_limits limits;
    for (uint32_t id = 0; id < t->probe_of_length; id++) {
        struct wn_probe *p = wn_tables_probe(t, id);
        if (p == NULL || p->outcome != WN_PROBE_accepted) {
            continue;
        }
        const struct wn_domain *d = wn_tables_domain(t, wn_tables_mailbox(t, id)->domain);
        wn_limits_of(d->provider, &limits);
        if (d->catch_all != WN_CATCH_ALL_accepted && d->catch_all != WN_CATCH_ALL_refused &&
            !limits.never_catch_all) {
            p->outcome = WN_PROBE_left_out;
            p->diagnostic = WN_SPAN("the mailbox was accepted, and whether its domain accepts any "
                                    "mailbox could not be found out");
        }
    }
}
