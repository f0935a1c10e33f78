/* SPDX-License-Identifier: MIT */
/* What a plan promises must hold for the run that follows, and how long answers take, which random
 * mailboxes are asked and what is greylisted is not known beforehand. So every number is a bound:
 * at most so many mailboxes, at least so much time. */
#include <stdlib.h>

#include "base/clock.h"
#include "clean/probe_plan.h"
#include "report/text.h"

enum {
    MINUTE = 60
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static const struct wn_plan_group *group_at(const struct wn_probe_plan *plan, uint32_t i)
{
    return wn_segments_at(&plan->groups, i);
}

/* How many of a group's mailboxes its daily limit lets through. */
static uint64_t within_day(const struct wn_plan_group *g)
{
    uint64_t left =
        g->limits.per_day > g->used_today ? (uint64_t)g->limits.per_day - g->used_today : 0;
    return least(g->mailboxes, left);
}

/* And its rate in so many minutes, the last of which may have only begun; 0: no end. */
static uint64_t within(const struct wn_plan_group *g, uint64_t minutes)
{
    uint64_t day = within_day(g);
    return minutes == 0 || minutes > day ? day : least(day, minutes * g->limits.per_minute);
}

static uint64_t all_within(const struct wn_probe_plan *plan, uint64_t minutes)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < plan->groups.length; i++) {
        sum += within(group_at(plan, i), minutes);
    }
    return sum;
}

/* In how many minutes so many can be asked at the earliest. */
static uint64_t minutes_for(const struct wn_probe_plan *plan, uint64_t mailboxes)
{
    uint64_t low = 1, high = 1;
    while (all_within(plan, high) < mailboxes) {
        low = high + 1;
        high *= 2;
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (all_within(plan, middle) < mailboxes) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Where --probe-max leaves some out, whom it leaves out is not known: then as many as can be are
 * asked on one connection. */
static uint64_t connections_for(const struct wn_probe_plan *plan, uint64_t minutes, uint64_t asked)
{
    uint64_t sum = 0, all = 0, most = 1;
    for (uint32_t i = 0; i < plan->groups.length; i++) {
        const struct wn_plan_group *g = group_at(plan, i);
        uint64_t n = within(g, minutes);
        all += n;
        sum += (n + g->limits.recipients - 1) / g->limits.recipients;
        most = n > 0 && g->limits.recipients > most ? g->limits.recipients : most;
    }
    return asked == all ? sum : (asked + most - 1) / most;
}

void wn_probe_plan_outlook(const struct wn_probe_plan *plan, const struct wn_probe_settings *s,
                           struct wn_plan_outlook *o)
{
    uint64_t minutes = s->budget_ms > 0 ? ((uint64_t)s->budget_ms / 1000 + MINUTE - 1) / MINUTE : 0;
    minutes = s->budget_ms > 0 && minutes == 0 ? 1 : minutes;
    uint64_t days = all_within(plan, 0), all = all_within(plan, minutes);
    *o = (struct wn_plan_outlook){.asked = s->max > 0 ? least(all, s->max) : all};
    o->left[WN_LEFT_day] = plan->mailboxes.length - days;
    o->left[WN_LEFT_budget] = days - all;
    o->left[WN_LEFT_max] = all - o->asked;
    o->connections = connections_for(plan, minutes, o->asked);
    o->seconds = o->asked > 0 ? (int64_t)(minutes_for(plan, o->asked) - 1) * MINUTE : 0;
    /* Who is waited for is asked if everybody is. */
    if (plan->parked > 0 && o->asked == plan->mailboxes.length &&
        plan->last_due - plan->now > o->seconds) {
        o->seconds = plan->last_due - plan->now;
    }
}

static int larger_first(const void *a, const void *b)
{
    const struct wn_plan_group *const *x = a, *const *y = b;
    if ((*x)->mailboxes != (*y)->mailboxes) {
        return (*x)->mailboxes > (*y)->mailboxes ? -1 : 1;
    }
    return strcmp((*x)->name.p, (*y)->name.p);
}

static void add_group(const struct wn_plan_group *g, struct wn_buf *out)
{
    uint64_t can = within_day(g);
    wn_buf_addf(out, "  %-26s %9u mailboxes, %u at a time, %u a minute", g->name.p, g->mailboxes,
                g->limits.connections, g->limits.per_minute);
    if (g->stopped_until != 0) {
        char until[WN_TIME_TEXT];
        wn_time_format(g->stopped_until, until);
        wn_buf_addf(out, "; stopped until %s: ", until);
        wn_text_add_shown(out, g->reason);
    } else if (can < g->mailboxes) {
        wn_buf_addf(out, "; %llu of them today, by its daily limit of %u", (unsigned long long)can,
                    g->limits.per_day);
    }
    wn_buf_add_char(out, '\n');
}

static void add_groups(const struct wn_probe_plan *plan, struct wn_buf *out)
{
    enum {
        SHOWN = 20
    };
    uint32_t n = plan->groups.length;
    const struct wn_plan_group **groups = wn_malloc((n + 1) * sizeof(void *));
    for (uint32_t i = 0; i < n; i++) {
        groups[i] = group_at(plan, i);
    }
    qsort(groups, n, sizeof(void *), larger_first);
    for (uint32_t i = 0; i < n && i < SHOWN; i++) {
        add_group(groups[i], out);
    }
    if (n > SHOWN) {
        wn_buf_addf(out, "  and %u smaller ones\n", n - SHOWN);
    }
    free(groups);
}

static void add_left(const struct wn_plan_outlook *o, struct wn_buf *out)
{
    static const char *const why[WN_LEFT_COUNT] = {
        [WN_LEFT_day] = "by the daily limits of their providers",
        [WN_LEFT_budget] = "by --probe-budget",
        [WN_LEFT_max] = "by --probe-max",
    };
    for (unsigned i = 0; i < WN_LEFT_COUNT; i++) {
        if (o->left[i] > 0) {
            wn_buf_addf(out, "  left for a later run: %llu or more, %s\n",
                        (unsigned long long)o->left[i], why[i]);
        }
    }
}

static void add_unasked(const struct wn_probe_plan *plan, struct wn_buf *out)
{
    char due[WN_TIME_TEXT];
    for (unsigned i = 0; i < WN_UNASKED_COUNT; i++) {
        if (plan->unasked[i] == 0) {
            continue;
        }
        wn_buf_addf(out, "  not asked: %llu, %s", (unsigned long long)plan->unasked[i],
                    wn_unasked_sentence((enum wn_unasked)i));
        if (i == WN_UNASKED_not_due) {
            wn_time_format(plan->next_due, due);
            wn_buf_addf(out, ", the first at %s", due);
        }
        wn_buf_add_char(out, '\n');
    }
}

void wn_probe_plan_text(const struct wn_probe_plan *plan, const struct wn_probe_settings *settings,
                        struct wn_span warnings, struct wn_buf *out)
{
    struct wn_plan_outlook o;
    wn_probe_plan_outlook(plan, settings, &o);
    wn_buf_add_text(out, "probing: ");
    if (o.asked < plan->mailboxes.length) {
        wn_buf_addf(out, "%llu at most of ", (unsigned long long)o.asked);
    }
    wn_buf_addf(out,
                "%u mailboxes at %u domains of %u providers would be asked, over %llu "
                "connections or more; it takes %lld min %lld s at least\n",
                plan->mailboxes.length, plan->domains.length, plan->groups.length,
                (unsigned long long)o.connections, (long long)(o.seconds / MINUTE),
                (long long)(o.seconds % MINUTE));
    add_groups(plan, out);
    add_left(&o, out);
    if (plan->parked > 0) {
        char due[WN_TIME_TEXT];
        wn_time_format(plan->last_due, due);
        wn_buf_addf(out, "  not at once: %llu, told to come back later, the last at %s\n",
                    (unsigned long long)plan->parked, due);
    }
    add_unasked(plan, out);
    if (warnings.n > 0) {
        wn_buf_add_text(out, settings->force
                                 ? "  mail servers would distrust these probes: "
                                 : "  without --probe-force this run would be refused, as mail "
                                   "servers would distrust these probes: ");
        wn_text_add_shown(out, warnings);
        wn_buf_add_char(out, '\n');
    }
}
