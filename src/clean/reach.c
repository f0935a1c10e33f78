/* SPDX-License-Identifier: MIT */
/* What is taken for "nobody can be reached" switches probing off for the whole list, so it wants
 * good evidence: a list whose oldest rows come first begins with domains that are long dead. Those
 * tried are therefore the groups that are hardest to imagine dead (known providers, then whoever
 * has the most mailboxes) and some from all over the plan, and all of them must fail. It costs
 * little where all is well: the first is a large provider's and is there, before the second is due.
 */
#include "clean/reach.h"

#include <stdlib.h>

#include "base/clock.h"
#include "dns/exchangers.h"

enum {
    LARGEST = WN_REACH_MOST / 2, /* the others are taken from all over the plan */
    WAIT_MS = 100,
    LEAVE_MS = 2000
};

/* --- whom to try ----------------------------------------------------------------------------- */

struct candidate {
    const struct wn_plan_group *group;
    const struct wn_exchanger *host; /* the first of its first domain; NULL: none is known */
    uint32_t index;                  /* of the group in the plan */
};

static bool may_be_asked(const struct wn_plan_group *g)
{
    return g->stopped_until == 0 && g->used_today < g->limits.per_day;
}

/* Known providers first, then the largest; then as the list has them. */
static int telling_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    bool x_known = x->group->provider != 0, y_known = y->group->provider != 0;
    if (x_known != y_known) {
        return x_known ? -1 : 1;
    }
    if (x->group->mailboxes != y->group->mailboxes) {
        return x->group->mailboxes > y->group->mailboxes ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

/* The groups that may be tried, behind one another; those without a host go. */
static size_t find_candidates(const struct wn_probe_plan *plan,
                              const struct wn_segments *exchangers, struct candidate *found)
{
    size_t n = 0;
    for (uint32_t i = 0; i < plan->groups.length; i++) {
        found[i] = (struct candidate){.group = wn_segments_at(&plan->groups, i), .index = i};
    }
    for (uint32_t i = 0; i < exchangers->length; i++) {
        const struct wn_plan_domain *d = wn_segments_at(&plan->domains, i);
        const struct wn_exchangers *e = *(struct wn_exchangers **)wn_segments_at(exchangers, i);
        struct candidate *c = &found[d->group];
        if (e != NULL && e->count > 0 && c->host == NULL && may_be_asked(c->group)) {
            c->host = &e->v[0];
        }
    }
    for (uint32_t i = 0; i < plan->groups.length; i++) {
        if (found[i].host != NULL) {
            found[n++] = found[i];
        }
    }
    return n;
}

size_t wn_reach_choose(const struct wn_probe_plan *plan, const struct wn_segments *exchangers,
                       struct wn_endpoint to[WN_REACH_MOST])
{
    struct candidate *found = wn_malloc((plan->groups.length + 1) * sizeof *found);
    size_t n = find_candidates(plan, exchangers, found);
    size_t chosen = n < WN_REACH_MOST ? n : WN_REACH_MOST;
    qsort(found, n, sizeof *found, telling_first);
    for (size_t i = 0; i < chosen; i++) {
        size_t at = i;
        if (n > WN_REACH_MOST && i >= LARGEST) {
            at = LARGEST + (i - LARGEST) * (n - LARGEST) / (WN_REACH_MOST - LARGEST);
        }
        to[i] = (struct wn_endpoint){found[at].host->name, found[at].host->ips[0]};
    }
    bool known = n > 0 && found[0].group->provider != 0;
    free(found);
    return chosen >= (known ? WN_REACH_FEWEST_KNOWN : WN_REACH_FEWEST) ? chosen : 0;
}

/* --- the trial ------------------------------------------------------------------------------- */

struct trial {
    struct wn_transport *transport;
    struct wn_link **links; /* by endpoint; NULL: not begun, or ended */
    size_t open;
    bool reached;
};

static void end_link(struct trial *x, struct wn_link **link)
{
    wn_link_close(*link);
    *link = NULL;
    x->open--;
}

/* Waits for an event and takes it in; whether a link has ended by it. */
static bool take_event(struct trial *x, int64_t wait_ms)
{
    const struct wn_smtp_command quit = {.verb = WN_SMTP_QUIT};
    struct wn_link_event event;
    int ms = wait_ms < 0 ? 0 : wait_ms > WAIT_MS ? WAIT_MS : (int)wait_ms;
    if (!wn_transport_wait(x->transport, ms, &event)) {
        return false;
    }
    /* Where our own side fails, nothing is said of the port; the prober will say why. */
    x->reached =
        x->reached || event.kind != WN_LINK_FAILED || event.phase != WN_LINK_CONNECT || event.ours;
    if (event.kind == WN_LINK_READY) {
        (void)wn_link_send(event.link, &quit, NULL); /* then it is closed by the other side */
    }
    bool ended = event.kind == WN_LINK_FAILED || event.kind == WN_LINK_CLOSED;
    if (ended) {
        end_link(x, event.owner);
    }
    return ended;
}

/* Whoever is still on the way to its greeting gets the time to be told QUIT, too. */
static void take_leave(struct trial *x, size_t count, const _Atomic int *stop)
{
    int64_t end = wn_clock_monotonic_ms() + LEAVE_MS, left = LEAVE_MS;
    for (; left > 0 && x->open > 0 && *stop == 0; left = end - wn_clock_monotonic_ms()) {
        (void)take_event(x, left);
    }
    for (size_t i = 0; i < count; i++) {
        if (x->links[i] != NULL) {
            end_link(x, &x->links[i]);
        }
    }
}

bool wn_reach_any(struct wn_transport *t, const struct wn_endpoint *to, size_t count,
                  size_t at_once, const _Atomic int *stop)
{
    struct trial x = {.transport = t, .links = wn_calloc(count + 1, sizeof(void *))};
    int64_t due = wn_clock_monotonic_ms();
    size_t begun = 0;
    while (!x.reached && *stop == 0 && (begun < count || x.open > 0)) {
        int64_t now = wn_clock_monotonic_ms();
        bool more = begun < count && x.open < at_once;
        if (more && now >= due) {
            x.links[begun] = wn_transport_connect(t, &to[begun], false, &x.links[begun]);
            x.reached = x.links[begun] == NULL; /* want of memory says nothing about the network */
            x.open += x.links[begun] != NULL;
            begun++;
            due = now + WN_REACH_GAP_MS;
        } else if (take_event(&x, more ? due - now : WAIT_MS)) {
            due = now;
        }
    }
    take_leave(&x, count, stop);
    free(x.links);
    return x.reached;
}
