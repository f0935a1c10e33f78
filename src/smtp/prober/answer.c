/* SPDX-License-Identifier: MIT */
/* What a reply, or none, does to the mailbox it was for. Only here is it settled and parked, and
 * only here are reports made. */
#include <stdlib.h>

#include "smtp/prober/private.h"

enum {
    RANDOM_LETTERS = 20
};

struct kept *wn_keep(const struct said *said)
{
    size_t n = said->text.n < WN_DIAGNOSTIC_MAX ? said->text.n : WN_DIAGNOSTIC_MAX;
    struct kept *kept = wn_calloc(1, sizeof *kept + n);
    kept->has_meaning = said->meaning != NULL;
    if (kept->has_meaning) {
        kept->meaning = *said->meaning;
    }
    kept->host = said->host;
    kept->n = n;
    if (n > 0) {
        memcpy(kept->text, said->text.p, n);
    }
    return kept;
}

struct said wn_kept(const struct kept *kept)
{
    if (kept == NULL) {
        return (struct said){NULL, WN_SPAN("It could not be asked."), NULL};
    }
    return (struct said){
        kept->has_meaning ? &kept->meaning : NULL, {kept->text, kept->n}, kept->host};
}

void wn_report(struct wn_prober *p, struct wn_prober_report *report, const struct group *g,
               const struct said *said)
{
    if (p->status != WN_OK) {
        return;
    }
    report->group = (struct wn_span){g->name, g->length};
    report->meaning = said->meaning;
    report->text = said->text;
    report->host = wn_span_of(said->host);
    p->status = p->visit(p->arg, report);
}

static void report_task(struct wn_prober *p, const struct task *t, enum wn_prober_report_kind kind,
                        const struct said *said)
{
    struct wn_prober_report report = {.kind = kind,
                                      .tag = t->tag,
                                      .domain = t->domain->number,
                                      .answer = (enum wn_probe_answer)t->answer,
                                      .again = t->ours,
                                      .due_ms = t->due_ms};
    wn_report(p, &report, wn_task_group(t), said);
}

void wn_task_settle(struct wn_prober *p, struct task *t, enum wn_probe_answer answer,
                    int64_t due_ms, const struct said *said)
{
    struct domain *d = t->domain;
    struct group *g = d->lane->group;
    p->parked -= t->state == TASK_PARKED;
    p->answered++;
    g->open--;
    d->open--;
    d->settled++;
    d->accepted = d->accepted || answer == WN_ANSWER_accepted;
    t->state = TASK_DONE;
    t->answer = (uint8_t)answer;
    t->due_ms = due_ms;
    report_task(p, t, WN_PROBER_ANSWER, said);
    free(t->kept);
    t->kept = NULL;
    wn_domain_random(p, d);
}

static uint64_t next_random(struct wn_prober *p)
{
    /* splitmix64: names nobody has, not secrets. */
    uint64_t x = p->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void wn_domain_random(struct wn_prober *p, struct domain *d)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const struct group *g = d->lane->group;
    if (!p->config.catch_all || !d->accepted || d->random != NULL ||
        d->known != WN_CATCH_ALL_not_run || g->limits.never_catch_all || g->stopped || g->silent ||
        p->ending || (d->open > 0 && d->settled < RANDOM_AFTER && !d->promised)) {
        return;
    }
    struct wn_buf address = {0};
    for (unsigned i = 0; i < RANDOM_LETTERS; i++) {
        wn_buf_add_char(&address, letters[next_random(p) % (i == 0 ? 26 : 36)]);
    }
    wn_buf_add_char(&address, '@');
    wn_buf_add(&address, d->name, d->length);
    d->random = wn_task_new(p, d, TASK_RANDOM, wn_buf_span(&address));
    wn_buf_release(&address);
    wn_lane_add(p, d->random, false);
}

static void settle_random(struct wn_prober *p, struct task *t, enum wn_catch_all outcome,
                          const struct said *said)
{
    t->state = TASK_DONE;
    t->domain->known = outcome;
    struct wn_prober_report report = {
        .kind = WN_PROBER_CATCH_ALL, .domain = t->domain->number, .catch_all = outcome};
    wn_report(p, &report, wn_task_group(t), said);
}

/* To be asked again in a while; false: not in this run. Either way t->due_ms says when. */
static bool park(struct wn_prober *p, struct task *t, enum wn_probe_answer answer,
                 const struct said *said)
{
    size_t n = p->config.retries;
    bool more = t->tries < n;
    int64_t pause = n == 0 ? 0 : p->config.retry_ms[more ? t->tries : n - 1];
    t->due_ms = p->now_ms + pause;
    t->answer = (uint8_t)answer;
    if (!more || t->due_ms >= p->end_ms || p->ending) {
        return false;
    }
    t->tries++;
    t->state = TASK_PARKED;
    t->early = false;
    wn_timer_add(p, t->due_ms, t, NULL);
    if (t->kind == TASK_MAILBOX) {
        p->parked++;
        free(t->kept);
        t->kept = wn_keep(said);
        report_task(p, t, WN_PROBER_PARKED, said);
    }
    return true;
}

void wn_task_due(struct wn_prober *p, struct task *t)
{
    p->parked -= t->kind == TASK_MAILBOX;
    wn_lane_add(p, t, false);
}

void wn_task_end(struct wn_prober *p, struct task *t)
{
    if (t->state == TASK_PARKED && !t->early) {
        struct said said = wn_kept(t->kept);
        wn_task_settle(p, t, (enum wn_probe_answer)t->answer, t->due_ms, &said);
    }
}

/* A reply, whoever it is about, to a mailbox. */
static void mailbox_answered(struct wn_prober *p, struct task *t, const struct wn_smtp_reply *reply,
                             const struct said *said)
{
    struct group *g = wn_task_group(t);
    enum wn_probe_answer answer = said->meaning->answer;
    bool gated = t == g->gate_task;
    bool again = said->meaning->again;
    if (t->domain->distrusted && (answer == WN_ANSWER_not_found || answer == WN_ANSWER_disabled)) {
        answer = WN_ANSWER_blocked; /* it was under way */
    }
    if (!again || !park(p, t, answer, said)) {
        wn_task_settle(p, t, answer, again ? t->due_ms : 0, said);
        wn_gate_note(p, t, answer, reply);
    }
    if (gated) {
        wn_gate_answered(p, g, answer, again, said);
    }
    wn_gate_last(p, g);
}

void wn_task_answered(struct wn_prober *p, struct task *t, const struct wn_smtp_reply *reply,
                      const struct said *said)
{
    const struct wn_probe_meaning *m = said->meaning;
    if (m->about_us) {
        if (t->kind == TASK_MAILBOX) {
            wn_task_settle(p, t, WN_ANSWER_blocked, 0, said);
        } else if (t->kind == TASK_RANDOM) {
            settle_random(p, t, WN_CATCH_ALL_inconclusive, said);
        }
        wn_breaker_stop(p, wn_task_group(t), said);
    } else if (t->kind == TASK_MAILBOX) {
        mailbox_answered(p, t, reply, said);
    } else if (t->kind == TASK_CHECK) {
        wn_gate_answered(p, wn_task_group(t), m->answer, m->again, said);
    } else if (!m->again || !park(p, t, m->answer, said)) {
        settle_random(p, t, wn_catch_all_of(m), said);
    }
}

static enum wn_probe_answer answer_of(enum failure why)
{
    static const enum wn_probe_answer answers[] = {
        [FAILURE_NONE] = WN_ANSWER_no_connection,
        [FAILURE_OURS] = WN_ANSWER_no_connection,
        [FAILURE_NO_CONNECTION] = WN_ANSWER_no_connection,
        [FAILURE_TIMEOUT] = WN_ANSWER_timeout,
        [FAILURE_ERROR] = WN_ANSWER_error,
        [FAILURE_BUSY] = WN_ANSWER_busy,
        [FAILURE_BLOCKED] = WN_ANSWER_blocked,
    };
    return answers[why];
}

void wn_task_failed(struct wn_prober *p, struct task *t, enum failure why, const struct said *said)
{
    struct group *g = wn_task_group(t);
    enum wn_probe_answer answer = answer_of(why);
    bool again = why == FAILURE_BUSY;
    t->ours = why == FAILURE_OURS;
    if (again && said->meaning != NULL && said->meaning->answer == WN_ANSWER_greylisted) {
        answer = WN_ANSWER_greylisted;
    }
    bool gated = t == g->gate_task;
    if (t->kind == TASK_CHECK) {
        wn_gate_answered(p, g, answer, true, said);
        return;
    }
    if (!again || !park(p, t, answer, said)) {
        if (t->kind == TASK_RANDOM) {
            settle_random(p, t, WN_CATCH_ALL_inconclusive, said);
        } else {
            wn_task_settle(p, t, answer, again ? t->due_ms : 0, said);
        }
    }
    if (gated) {
        wn_gate_answered(p, g, answer, true, said);
    }
    wn_gate_last(p, g);
}
