/* SPDX-License-Identifier: MIT */
/* A soft suppression is several bounces over weeks, and ends; to say it in one row without loss,
 * its bounces' dates go along. Which of them those are is the policy's secret, so the candidates
 * are put to the policy, and used only if it makes the same of them. */
#include "suppress/listing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/events.h"

enum {
    ADDRESS_ROOM = 7 + WN_SHA256_HEX
};

struct listing {
    const struct wn_suppressed_filter *filter;
    wn_suppressed_visit *visit;
    void *arg;
    struct wn_error *err;
};

static int hand_over(struct listing *l, struct wn_suppressed *s)
{
    const struct wn_suppressed_filter *f = l->filter;
    if ((f->reason >= 0 && s->hold.reason != (enum wn_reason)f->reason) ||
        s->hold.since < f->since) {
        return WN_OK;
    }
    int status = l->visit(l->arg, s);
    s->again = true;
    return status;
}

static int stopped(const struct listing *l)
{
    int signal = *l->filter->stop;
    return signal != 0 ? wn_error_set(l->err, WN_E_SIGNAL + signal, "stopped") : WN_OK;
}

static int take_history(void *arg, struct wn_span address, const struct wn_history *history)
{
    struct listing *l = arg;
    struct wn_hold holds[WN_HOLDS_MAX];
    struct wn_suppressed s = {.address = address, .history = history};
    size_t count = wn_holds(history, l->filter->now, holds);
    int status = stopped(l);
    for (size_t i = 0; i < count && status == WN_OK; i++) {
        s.hold = holds[i];
        status = hand_over(l, &s);
    }
    return status;
}

static int take_hashed(void *arg, const struct wn_hashed *hashed)
{
    struct listing *l = arg;
    char address[ADDRESS_ROOM] = "sha256:";
    wn_sha256_format(hashed->digest, address + 7);
    const struct wn_history as_if = {.suppressed_at = hashed->since};
    struct wn_hold holds[WN_HOLDS_MAX];
    struct wn_suppressed s = {
        .address = wn_span_of(address), .digest = hashed->digest, .source = hashed->source};
    int status = stopped(l);
    if (status == WN_OK && wn_holds(&as_if, l->filter->now, holds) > 0) {
        s.hold = holds[0];
        status = hand_over(l, &s);
    }
    return status;
}

int wn_suppressed_scan(struct wn_store *store, const struct wn_suppressed_filter *filter,
                       wn_suppressed_visit *visit, void *arg, struct wn_error *err)
{
    struct listing l = {filter, visit, arg, err};
    int status = wn_history_scan_in_order(store, take_history, &l, err);
    return status == WN_OK ? wn_hashed_scan(store, take_hashed, &l, err) : status;
}

/* The search among one mailbox's events. */
struct search {
    const struct wn_suppressed *suppressed;
    struct wn_suppressed_cause *cause;
    bool found;
    struct wn_event *soft; /* the candidates; without texts */
    size_t count, capacity;
    struct wn_bounce_policy policy;
};

static bool is_bounce(const struct wn_event *event)
{
    return event->kind == WN_KIND_bounce || event->kind == WN_KIND_deferred;
}

/* Whether an event can be the one that the reason rests on. */
static bool can_cause(enum wn_reason reason, const struct wn_event *event)
{
    bool hard = event->action == WN_ACTION_S || event->action == WN_ACTION_S2;
    switch (reason) {
    case WN_REASON_complained:
        return event->kind == WN_KIND_complaint;
    case WN_REASON_unsubscribed:
        return event->kind == WN_KIND_unsubscribe;
    case WN_REASON_suppressed:
        return event->kind == WN_KIND_manual_add;
    case WN_REASON_hard_bounced:
        return event->kind == WN_KIND_bounce && hard;
    default:
        return is_bounce(event) && (hard || event->action == WN_ACTION_N);
    }
}

static void note_candidate(struct search *s, const struct wn_event *event)
{
    enum wn_bounce_action action = event->kind == WN_KIND_deferred ? WN_ACTION_N : event->action;
    if (s->count == s->capacity) {
        s->capacity = s->capacity > 0 ? s->capacity * 2 : 16;
        s->soft = wn_realloc(s->soft, s->capacity * sizeof *s->soft);
    }
    s->soft[s->count++] = (struct wn_event){.recipient = s->suppressed->address,
                                            .at = event->at,
                                            .kind = WN_KIND_bounce,
                                            .action = action,
                                            .category = event->category};
}

static int take_event(void *arg, const struct wn_event *event)
{
    struct search *s = arg;
    const struct wn_hold *hold = &s->suppressed->hold;
    bool aside = event->quarantine.n > 0 && !wn_span_equal(event->quarantine, WN_SPAN("released"));
    bool can = !aside && can_cause(hold->reason, event);
    if (can && event->at == hold->since && !s->found) {
        s->found = true;
        wn_buf_add_span(&s->cause->source, event->source);
        wn_buf_add_span(&s->cause->diagnostic, event->diagnostic);
    }
    if (hold->until == 0) {
        return WN_OK;
    }
    if (event->kind == WN_KIND_manual_remove ||
        (event->kind == WN_KIND_delivered && s->count > 0 &&
         event->at - s->soft[s->count - 1].at >= s->policy.cleared_after_hours * 3600)) {
        s->count = 0;
    } else if (can) {
        note_candidate(s, event);
    }
    return WN_OK;
}

/* Leaves of the candidates, which are in the order of time, one a UTC day: a day with anything but
 * soft bounces has none. */
static void sift(struct search *s)
{
    size_t n = 0;
    for (size_t i = 0, end; i < s->count; i = end) {
        bool soft = true;
        for (end = i; end < s->count && s->soft[end].at / WN_DAY == s->soft[i].at / WN_DAY; end++) {
            soft = soft && s->soft[end].action == WN_ACTION_N;
        }
        if (soft) {
            s->soft[n++] = s->soft[i];
        }
    }
    s->count = n;
}

static void write_bounces(struct search *s)
{
    const struct wn_hold *hold = &s->suppressed->hold;
    struct wn_history again;
    enum wn_category category = hold->reason == WN_REASON_full_too_long ? WN_CATEGORY_mailbox_full
                                                                        : WN_CATEGORY_unclassified;
    sift(s);
    for (size_t i = 0; i < s->count; i++) {
        s->soft[i].category = category;
    }
    wn_history_derive(s->soft, s->count, &s->policy, &again);
    if (again.soft_since != hold->since || again.soft_until != hold->until) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        char at[WN_TIME_TEXT];
        wn_time_format(s->soft[i].at, at);
        wn_buf_add_text(&s->cause->bounced_at, i > 0 ? ";" : "");
        wn_buf_add_text(&s->cause->bounced_at, at);
    }
}

int wn_suppressed_cause_find(struct wn_store *store, const struct wn_suppressed *suppressed,
                             struct wn_suppressed_cause *cause, struct wn_error *err)
{
    struct search s = {.suppressed = suppressed, .cause = cause};
    int status = WN_OK;
    wn_buf_clear(&cause->source);
    wn_buf_clear(&cause->diagnostic);
    wn_buf_clear(&cause->bounced_at);
    if (suppressed->digest != NULL) {
        wn_buf_add_span(&cause->source, suppressed->source);
        return WN_OK;
    }
    status = wn_bounce_policy_get(store, &s.policy, err);
    if (status == WN_OK) {
        status = wn_events_of(store, suppressed->address, take_event, &s, err);
    }
    if (status == WN_OK && suppressed->hold.until != 0) {
        write_bounces(&s);
    }
    free(s.soft);
    return status;
}

void wn_suppressed_cause_release(struct wn_suppressed_cause *cause)
{
    wn_buf_release(&cause->source);
    wn_buf_release(&cause->diagnostic);
    wn_buf_release(&cause->bounced_at);
}
