/* SPDX-License-Identifier: MIT */
/* Hosts are looked at in their order until enough of them are kept; one of which something is still
 * open counts as kept, so that nothing is asked that the list has no room for. */
#include "dns/exchangers.h"

#include <stdlib.h>

#include "base/error.h"
#include "dns/route_decide.h"

/* The hosts that lead to the domain: its MX hosts, or itself (in *own) where it has none. */
static const struct wn_mx *hosts_of(const struct wn_route_facts *facts, struct wn_mx *own,
                                    size_t *count)
{
    if (facts->mx_outcome == WN_OUTCOME_NO_DATA) {
        *own = (struct wn_mx){.host = facts->own};
        *count = 1;
        return own;
    }
    *count = facts->mx_outcome == WN_OUTCOME_FOUND && !facts->null_mx ? facts->mx_count : 0;
    return facts->mx;
}

/* What a host's addresses depend on and is not known. */
static struct wn_next open_of(const struct wn_route_facts *facts, struct wn_mx_host *host)
{
    for (int f = 0; f < WN_FAMILY_COUNT; f++) {
        const struct wn_host_answer *answer = &host->answer[f];
        if (answer->outcome == WN_OUTCOME_UNASKED) {
            return (struct wn_next){.step = WN_STEP_ASK, .host = host, .family = (enum wn_family)f};
        }
        if (answer->outcome == WN_OUTCOME_NXDOMAIN) { /* holds for every type (RFC 8020) */
            break;
        }
        if (answer->outcome == WN_OUTCOME_FOUND && answer->server != WN_NO_SERVER &&
            !facts->rewriters[answer->server].known) {
            return (struct wn_next){.step = WN_STEP_CANARY, .server = answer->server};
        }
    }
    return (struct wn_next){.step = WN_STEP_DONE};
}

/* The addresses of a host that mail can go to, into `ips` unless that is NULL. */
static size_t take_ips(const struct wn_route_facts *facts, const struct wn_mx_host *host,
                       struct wn_ip *ips)
{
    size_t count = 0;
    for (int f = 0; f < WN_FAMILY_COUNT && !host->odd; f++) {
        const struct wn_host_answer *answer = &host->answer[f];
        for (size_t i = 0; i < answer->count && count < WN_EXCHANGER_IPS_MAX; i++) {
            if (wn_route_usable(facts, answer, &answer->ip[i])) {
                if (ips != NULL) {
                    ips[count] = answer->ip[i];
                }
                count++;
            }
        }
    }
    return count;
}

struct wn_next wn_exchangers_need(const struct wn_route_facts *facts,
                                  struct wn_exchangers_walk *walk)
{
    struct wn_mx own;
    size_t count;
    const struct wn_mx *all = hosts_of(facts, &own, &count);
    while (walk->at < count && walk->kept < WN_EXCHANGERS_MAX) {
        struct wn_mx_host *host = all[walk->at++].host;
        if (host->odd) {
            continue;
        }
        struct wn_next next = open_of(facts, host);
        walk->kept += next.step != WN_STEP_DONE || take_ips(facts, host, NULL) > 0;
        if (next.step != WN_STEP_DONE) {
            return next;
        }
    }
    return (struct wn_next){.step = WN_STEP_DONE};
}

struct wn_exchangers *wn_exchangers_of(const struct wn_route_facts *facts)
{
    struct wn_mx own;
    size_t count, kept = 0, ips = 0;
    const struct wn_mx *all = hosts_of(facts, &own, &count), *chosen[WN_EXCHANGERS_MAX];
    for (size_t i = 0; i < count && kept < WN_EXCHANGERS_MAX; i++) {
        size_t n = take_ips(facts, all[i].host, NULL);
        if (n > 0) {
            chosen[kept++] = &all[i];
            ips += n;
        }
    }
    struct wn_exchangers *e =
        wn_calloc(1, sizeof *e + kept * sizeof *e->v + ips * sizeof *e->v->ips);
    e->v = (struct wn_exchanger *)(void *)(e + 1);
    e->count = kept;
    struct wn_ip *room = (struct wn_ip *)(void *)(e->v + kept);
    for (size_t i = 0; i < kept; i++) {
        struct wn_exchanger *x = &e->v[i];
        x->preference = chosen[i]->preference;
        memcpy(x->name, chosen[i]->host->name, strlen(chosen[i]->host->name) + 1);
        x->ips = room;
        x->count = take_ips(facts, chosen[i]->host, room);
        room += x->count;
    }
    return e;
}

void wn_exchangers_free(struct wn_exchangers *exchangers)
{
    free(exchangers);
}
