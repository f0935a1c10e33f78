/* SPDX-License-Identifier: MIT */
/* From a mailbox's events to what they amount to, in three steps:
 *
 * 1. Which bounces count. Only S, S2 and N do; a deferral is at most N, and none at all once the
 *    message was delivered after all. Of one message, and then of one UTC day, the strongest
 * counts, the earliest among equals: a server that repeats itself says nothing new.
 * 2. What is still held against the mailbox: all that counts, but a delivery at least 24 h after
 * the last of them clears it, and so does the operator's own word (manual_remove).
 * 3. What that amounts to: dead by an S or two S2, or bouncing softly on too many days.
 *
 * A person's will (complaint, unsubscribe) is lifted by the person alone (resubscribe): neither a
 * delivery nor the operator does it. The operator's manual_add is lifted by manual_remove, which
 * also forgives the bounces, since whoever asks to write to a mailbox again knows better than an
 * old reply. A resubscription forgives no bounce: anybody can type an address into a form. Two
 * words at the same second leave the stricter one in force. */
#include <stdlib.h>

#include "store/private.h"

#define HOUR INT64_C(3600)

/* Since when a will is in force, and when it was last said. */
struct will {
    int64_t since, last;
};

static bool is_bounce(const struct wn_event *event)
{
    return event->kind == WN_KIND_bounce || event->kind == WN_KIND_deferred;
}

/* What an event counts for: WN_ACTION_S, S2 or N, or WN_ACTION_T for nothing. */
static enum wn_bounce_action weigh(const struct wn_event *event)
{
    if (!is_bounce(event)) {
        return WN_ACTION_T;
    }
    switch (event->action) {
    case WN_ACTION_S:
    case WN_ACTION_S2:
        return event->kind == WN_KIND_deferred ? WN_ACTION_N : event->action;
    case WN_ACTION_N:
        return WN_ACTION_N;
    default:
        return WN_ACTION_T;
    }
}

static int strength(enum wn_bounce_action action)
{
    static const int strengths[WN_BOUNCE_ACTION_COUNT] = {
        [WN_ACTION_N] = 1, [WN_ACTION_S2] = 2, [WN_ACTION_S] = 3};
    return strengths[action];
}

static int compare_messages(const void *a, const void *b, void *arg)
{
    const struct wn_event *events = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    struct wn_span x = events[i].message_id, y = events[k].message_id;
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    if (order == 0) {
        order = x.n != y.n ? (x.n < y.n ? -1 : 1) : (i < k ? -1 : i > k);
    }
    return order;
}

/* One message's events, in order: takes the weight of all but the one that counts. */
static void weigh_message(const struct wn_event *events, const uint32_t *indexes, size_t count,
                          enum wn_bounce_action *weights)
{
    bool delivered = false;
    for (size_t i = 0; i < count; i++) {
        delivered = delivered || events[indexes[i]].kind == WN_KIND_delivered;
    }
    uint32_t best = indexes[0];
    for (size_t i = 0; i < count; i++) {
        uint32_t k = indexes[i];
        if (delivered && events[k].kind == WN_KIND_deferred) {
            weights[k] = WN_ACTION_T;
        }
        if (strength(weights[k]) > strength(weights[best])) {
            best = k;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (indexes[i] != best) {
            weights[indexes[i]] = WN_ACTION_T;
        }
    }
}

static void weigh_messages(const struct wn_event *events, size_t count,
                           enum wn_bounce_action *weights)
{
    uint32_t *named = wn_malloc(count * sizeof *named);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].message_id.n > 0) {
            named[n++] = (uint32_t)i;
        }
    }
    if (n > 1) {
        union {
            const struct wn_event *events;
            void *arg;
        } context = {.events = events};
        qsort_r(named, n, sizeof *named, compare_messages, context.arg);
    }
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && wn_span_equal(events[named[first]].message_id,
                                                       events[named[end]].message_id);
             end++) {
        }
        weigh_message(events, named + first, end - first, weights);
    }
    free(named);
}

/* Of one day, up to the operator's word, one bounce counts. */
static void weigh_days(const struct wn_event *events, size_t count, enum wn_bounce_action *weights)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == WN_KIND_manual_remove) {
            best = SIZE_MAX;
        }
        if (weights[i] == WN_ACTION_T) {
            continue;
        }
        if (best == SIZE_MAX || wn_day_of(events[best].at) != wn_day_of(events[i].at)) {
            best = i;
        } else if (strength(weights[i]) > strength(weights[best])) {
            weights[best] = WN_ACTION_T;
            best = i;
        } else {
            weights[i] = WN_ACTION_T;
        }
    }
}

static void say(struct will *will, int64_t at)
{
    will->since = will->since != 0 ? will->since : at;
    will->last = at;
}

static void lift(struct will *will, int64_t at)
{
    if (at > will->last) {
        *will = (struct will){0};
    }
}

void wn_soft_threshold(const struct wn_bounce_policy *policy, const int64_t *times, size_t count,
                       int64_t *since, int64_t *until)
{
    *since = *until = 0;
    for (size_t i = 0, first = 0; i < count; i++) {
        while (wn_day_of(times[i]) - wn_day_of(times[first]) > policy->soft_within_days) {
            first++;
        }
        if ((int64_t)(i - first) + 1 >= policy->soft_days &&
            wn_day_of(times[i]) - wn_day_of(times[first]) >= policy->soft_span_days) {
            if (*since == 0 || times[i] > *until) {
                *since = times[i];
            }
            *until = times[i] + policy->soft_expiry_days * WN_DAY;
        }
    }
}

/* Whether held[at], an S2, is the second of two far enough and not too far apart. */
static bool is_second(const struct wn_bounce_policy *policy, const struct wn_event *events,
                      const enum wn_bounce_action *weights, const uint32_t *held, size_t at)
{
    for (size_t i = at; i > 0; i--) {
        const struct wn_event *first = &events[held[i - 1]];
        int64_t apart = events[held[at]].at - first->at;
        if (apart > policy->second_within_days * WN_DAY) {
            return false;
        }
        if (weights[held[i - 1]] == WN_ACTION_S2 && apart >= policy->second_after_hours * HOUR) {
            return true;
        }
    }
    return false;
}

/* Whether held[at] says that the mailbox is dead. */
static bool is_fatal(const struct wn_bounce_policy *policy, const struct wn_event *events,
                     const enum wn_bounce_action *weights, const uint32_t *held, size_t at)
{
    enum wn_bounce_action weight = weights[held[at]];
    return weight == WN_ACTION_S ||
           (weight == WN_ACTION_S2 && is_second(policy, events, weights, held, at));
}

/* The mail of one day, and the repute that its mailbox had before it. */
struct mail {
    int64_t day;
    enum wn_repute repute;
    enum wn_outcome outcome;
};

static enum wn_outcome outcome_of(const struct wn_event *event, enum wn_bounce_action weight)
{
    switch (weight) {
    case WN_ACTION_S:
    case WN_ACTION_S2:
        return WN_OUTCOME_hard;
    case WN_ACTION_N:
        return WN_OUTCOME_soft;
    default:
        return event->kind == WN_KIND_delivered ? WN_OUTCOME_delivered
               : event->kind == WN_KIND_bounce && event->action == WN_ACTION_D ? WN_OUTCOME_dead
                                                                               : WN_OUTCOME_none;
    }
}

/* Of each open repute the first mail is the one that is kept. */
static void close_mail(const struct mail *mail, struct wn_history *h)
{
    if (mail->repute < WN_REPUTE_OPEN && wn_history_outcome(h, mail->repute) == WN_OUTCOME_none) {
        h->outcomes |= (uint16_t)(mail->outcome << (WN_OUTCOME_BITS * mail->repute));
    }
}

/* What the bounces that are held against a mailbox amount to. */
static void amount(const struct wn_bounce_policy *policy, const struct wn_event *events,
                   const enum wn_bounce_action *weights, const uint32_t *held, size_t count,
                   struct wn_history *h)
{
    if (count == 0) {
        return;
    }
    int64_t *soft = wn_malloc(count * sizeof *soft);
    const struct wn_event *last = &events[held[count - 1]];
    size_t lately = 0, full = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wn_event *event = &events[held[i]];
        enum wn_bounce_action weight = weights[held[i]];
        bool dead = is_fatal(policy, events, weights, held, i);
        if (weight == WN_ACTION_N) {
            soft[h->soft_bounces++] = event->at;
        } else {
            h->hard_bounces++;
        }
        if (dead && h->hard_since == 0) {
            h->hard_since = event->at;
        } else if (!dead) {
            h->soft_at = event->at;
        }
        if (wn_day_of(last->at) - wn_day_of(event->at) <= policy->soft_within_days) {
            lately++;
            full += event->category == WN_CATEGORY_mailbox_full;
        }
    }
    if (h->soft_at != 0) {
        h->soft_lately_until = h->soft_at + policy->soft_lately_days * WN_DAY;
    }
    wn_soft_threshold(policy, soft, h->soft_bounces, &h->soft_since, &h->soft_until);
    h->full = full * 2 > lately;
    h->bounced_at = last->at;
    h->code = last->code;
    memcpy(h->enhanced, last->enhanced, sizeof h->enhanced);
    h->enhanced_detail = last->enhanced_detail;
    h->diagnostic = last->diagnostic;
    free(soft);
}

/* A mailbox's story as it is told, event by event. */
struct story {
    const struct wn_bounce_policy *policy;
    const struct wn_event *events;
    enum wn_bounce_action *weights;
    uint32_t *held; /* the bounces that are held against it so far */
    size_t held_count;
    bool dead; /* by one of them */
    struct will complaint, unsubscription, suppression;
    struct mail mail;
};

static void forgive(struct story *s)
{
    s->held_count = 0;
    s->dead = false;
}

/* The event as part of its day's mail. */
static void note_mail(struct story *s, size_t i, struct wn_history *h)
{
    const struct wn_event *event = &s->events[i];
    enum wn_outcome outcome = outcome_of(event, s->weights[i]);
    int64_t day = wn_day_of(event->at);
    if (day != s->mail.day) {
        close_mail(&s->mail, h);
        s->mail = (struct mail){.day = day};
        if (s->held_count > 0) {
            s->mail.repute = s->dead ? WN_REPUTE_hard : WN_REPUTE_soft;
        } else if (h->delivered_at != 0) {
            s->mail.repute = WN_REPUTE_delivered;
        }
    }
    s->mail.outcome = outcome > s->mail.outcome ? outcome : s->mail.outcome;
}

static void tell(struct story *s, size_t i, struct wn_history *h)
{
    const struct wn_event *event = &s->events[i];
    switch (event->kind) {
    case WN_KIND_delivered:
        h->delivered_at = event->at;
        if (s->held_count > 0 && event->at - s->events[s->held[s->held_count - 1]].at >=
                                     s->policy->cleared_after_hours * HOUR) {
            forgive(s);
        }
        break;
    case WN_KIND_complaint:
        say(&s->complaint, event->at);
        break;
    case WN_KIND_unsubscribe:
        say(&s->unsubscription, event->at);
        break;
    case WN_KIND_resubscribe:
        lift(&s->complaint, event->at);
        lift(&s->unsubscription, event->at);
        break;
    case WN_KIND_manual_add:
        say(&s->suppression, event->at);
        break;
    case WN_KIND_manual_remove:
        lift(&s->suppression, event->at);
        forgive(s);
        break;
    default:
        if (s->weights[i] != WN_ACTION_T) {
            s->held[s->held_count++] = (uint32_t)i;
            s->dead =
                s->dead || is_fatal(s->policy, s->events, s->weights, s->held, s->held_count - 1);
        }
    }
}

void wn_history_derive(const struct wn_event *events, size_t count,
                       const struct wn_bounce_policy *policy, struct wn_history *history)
{
    *history = (struct wn_history){0};
    if (count == 0) {
        return;
    }
    struct story s = {.policy = policy,
                      .events = events,
                      .weights = wn_malloc(count * sizeof *s.weights),
                      .held = wn_malloc(count * sizeof *s.held),
                      .mail = {.day = wn_day_of(events[0].at)}};
    for (size_t i = 0; i < count; i++) {
        s.weights[i] = weigh(&events[i]);
    }
    weigh_messages(events, count, s.weights);
    weigh_days(events, count, s.weights);
    for (size_t i = 0; i < count; i++) {
        note_mail(&s, i, history);
        tell(&s, i, history);
    }
    close_mail(&s.mail, history);
    amount(policy, events, s.weights, s.held, s.held_count, history);
    history->complained_at = s.complaint.since;
    history->unsubscribed_at = s.unsubscription.since;
    history->suppressed_at = s.suppression.since;
    history->last_kind = events[count - 1].kind;
    history->last_category = events[count - 1].category;
    history->last_at = events[count - 1].at;
    free(s.held);
    free(s.weights);
}

const char *wn_history_last_word(const struct wn_history *history)
{
    return history->last_kind == WN_KIND_bounce || history->last_kind == WN_KIND_deferred
               ? wn_category_word(history->last_category)
               : wn_event_kind_word(history->last_kind);
}
