/* SPDX-License-Identifier: MIT */
/* Three levels, each a small judgement over the one below:
 *
 *   an answer  (A or AAAA of a host, without a rewriting server's addresses)
 *   a host     its two answers
 *   a route    its hosts
 *
 * At each level a public address wins, then whatever is still unknown is asked for, then a failure
 * beats a negative: only when everything that could have led to a public address was answered, and
 * answered with no, is the domain to blame.
 *
 * What real mail servers do where the standards leave room, and this follows: Postfix takes an MX
 * host that is written as an IP address for that address, and drops one that is no host name at all
 * as a permanent fault of the domain. */
#include "dns/route_decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TTL_LEAST = 3600,
    TTL_MOST = 7 * 86400
};

/* Names in the detail are cut to this, so that what follows them is still there. */
enum {
    DETAIL_NAME = 76
};

static const char *const words[WN_ROUTE_COUNT] = {
    [WN_ROUTE_NONE] = "",
    [WN_ROUTE_OK] = "ok",
    [WN_ROUTE_NULL_MX] = "null_mx",
    [WN_ROUTE_NO_DOMAIN] = "no_domain",
    [WN_ROUTE_NO_MAIL_HOST] = "no_mail_host",
    [WN_ROUTE_MX_UNRESOLVABLE] = "mx_unresolvable",
    [WN_ROUTE_MX_UNROUTABLE] = "mx_unroutable",
    [WN_ROUTE_DNS_FAILURE] = "dns_failure",
};

static const char *const family_word[WN_FAMILY_COUNT] = {
    [WN_FAMILY_A] = "A",
    [WN_FAMILY_AAAA] = "AAAA",
};

const char *wn_route_word(enum wn_route_kind kind)
{
    return (unsigned)kind < WN_ROUTE_COUNT ? words[kind] : "";
}

bool wn_route_read(struct wn_span word, enum wn_route_kind *kind)
{
    for (unsigned i = WN_ROUTE_NONE + 1; i < WN_ROUTE_COUNT; i++) {
        if (wn_span_equal(word, wn_span_of(words[i]))) {
            *kind = (enum wn_route_kind)i;
            return true;
        }
    }
    return false;
}

static int compare_mx(const void *left, const void *right)
{
    const struct wn_mx *a = left, *b = right;
    if (a->preference != b->preference) {
        return a->preference < b->preference ? -1 : 1;
    }
    return strcmp(a->host->name, b->host->name);
}

size_t wn_mx_sort(struct wn_mx *mx, size_t count)
{
    if (count > 1) {
        qsort(mx, count, sizeof *mx, compare_mx);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < kept && !known; k++) {
            known = mx[k].host == mx[i].host;
        }
        if (!known) {
            mx[kept++] = mx[i];
        }
    }
    return kept;
}

void wn_mx_host_name(struct wn_mx_host *host, const char *name, bool odd, struct wn_ip *ip)
{
    *host = (struct wn_mx_host){.name = name, .odd = odd};
    if (!wn_ip_parse(name, ip)) {
        return;
    }
    host->odd = false; /* an IPv6 address has colons */
    host->literal = true;
    for (int f = 0; f < WN_FAMILY_COUNT; f++) {
        host->answer[f] = (struct wn_host_answer){
            .outcome = WN_OUTCOME_NO_DATA, .server = WN_NO_SERVER, .ttl = TTL_MOST};
    }
    struct wn_host_answer *answer = &host->answer[ip->family == 4 ? WN_FAMILY_A : WN_FAMILY_AAAA];
    answer->outcome = WN_OUTCOME_FOUND;
    answer->count = 1;
    answer->ip = ip;
}

/* What a host comes to. */
enum standing {
    STANDING_GLOBAL,
    STANDING_OPEN, /* something must be asked first: see next */
    STANDING_FAILED,
    STANDING_PRIVATE,
    STANDING_NONE
};

struct judgement {
    enum standing standing;
    enum wn_family family; /* GLOBAL, FAILED: whose answer decided */
    const char *why;       /* FAILED, NONE */
    struct wn_ip ip;       /* PRIVATE: the least address, so that the detail is always the same */
    struct wn_next next;
};

static bool rewritten(const struct wn_rewriter *rewriter, const struct wn_ip *ip)
{
    for (size_t i = 0; rewriter != NULL && i < rewriter->count; i++) {
        if (wn_ip_compare(&rewriter->ip[i], ip) == 0) {
            return true;
        }
    }
    return false;
}

bool wn_route_usable(const struct wn_route_facts *facts, const struct wn_host_answer *answer,
                     const struct wn_ip *ip)
{
    bool literal = answer->server == WN_NO_SERVER;
    return (facts->allow_private || wn_ip_global(ip)) &&
           !rewritten(literal ? NULL : &facts->rewriters[answer->server], ip);
}

/* Addresses were found; which kind. FAILED when all are the rewriter's. */
static enum standing judge_addresses(const struct wn_host_answer *answer,
                                     const struct wn_rewriter *rewriter, struct wn_ip *least)
{
    enum standing standing = STANDING_FAILED;
    for (size_t i = 0; i < answer->count; i++) {
        const struct wn_ip *ip = &answer->ip[i];
        if (rewritten(rewriter, ip)) {
            continue;
        }
        if (wn_ip_global(ip)) {
            return STANDING_GLOBAL;
        }
        if (standing == STANDING_FAILED || wn_ip_compare(ip, least) < 0) {
            *least = *ip;
        }
        standing = STANDING_PRIVATE;
    }
    /* Some addresses were not kept: one of them may be public. */
    return answer->more ? STANDING_FAILED : standing;
}

/* One answer's part in the judgement of its host; true when the host needs no further look. */
static bool judge_answer(const struct wn_route_facts *facts, struct wn_mx_host *host,
                         enum wn_family family, struct judgement *j)
{
    const struct wn_host_answer *answer = &host->answer[family];
    const struct wn_rewriter *rewriter = NULL;
    const char *why = answer->why;
    struct wn_ip least = {0};
    enum standing standing = STANDING_FAILED;
    switch (answer->outcome) {
    case WN_OUTCOME_UNASKED:
        j->standing = STANDING_OPEN;
        j->next = (struct wn_next){.step = WN_STEP_ASK, .host = host, .family = family};
        return true;
    case WN_OUTCOME_NXDOMAIN: /* holds for every type (RFC 8020) */
        j->why = "NXDOMAIN";
        return true;
    case WN_OUTCOME_NO_DATA:
        return false;
    case WN_OUTCOME_FOUND:
        if (answer->server != WN_NO_SERVER) {
            rewriter = &facts->rewriters[answer->server];
            if (!rewriter->known) {
                j->standing = STANDING_OPEN;
                j->next = (struct wn_next){.step = WN_STEP_CANARY, .server = answer->server};
                return true;
            }
        }
        standing = judge_addresses(answer, rewriter, &least);
        why = answer->more ? "too many addresses" : "a rewritten answer";
        break;
    case WN_OUTCOME_FAILED:
        break;
    }
    if (standing == STANDING_PRIVATE && j->standing != STANDING_FAILED &&
        (j->standing != STANDING_PRIVATE || wn_ip_compare(&least, &j->ip) < 0)) {
        j->standing = STANDING_PRIVATE;
        j->ip = least;
    }
    if (standing == STANDING_GLOBAL ||
        (standing == STANDING_FAILED && j->standing != STANDING_FAILED)) {
        j->standing = standing;
        j->family = family;
        j->why = why;
    }
    return standing == STANDING_GLOBAL;
}

static struct judgement judge_host(const struct wn_route_facts *facts, struct wn_mx_host *host)
{
    struct judgement j = {.standing = STANDING_NONE, .why = "no address"};
    if (host->odd) {
        j.why = "not a host name";
        return j;
    }
    for (int f = 0; f < WN_FAMILY_COUNT; f++) {
        if (judge_answer(facts, host, (enum wn_family)f, &j)) {
            break;
        }
    }
    return j;
}

static uint32_t least_ttl(const struct wn_mx_host *host, uint32_t ttl)
{
    for (int f = 0; f < WN_FAMILY_COUNT; f++) {
        if (host->answer[f].outcome != WN_OUTCOME_UNASKED && host->answer[f].ttl < ttl) {
            ttl = host->answer[f].ttl;
        }
    }
    return ttl;
}

static void set_detail(struct wn_route *route, const struct wn_mx *mx, const char *text,
                       const char *more)
{
    if (mx == NULL) {
        (void)snprintf(route->detail, sizeof route->detail, "%s%s", text, more);
    } else {
        (void)snprintf(route->detail, sizeof route->detail, "MX %u %.*s%s%s", mx->preference,
                       DETAIL_NAME, mx->host->name, text, more);
    }
}

static void set_host(struct wn_route *route, const struct wn_mx_host *host)
{
    (void)snprintf(route->mx, sizeof route->mx, "%s", host->name);
}

/* The hosts of a route looked at so far: the first of each standing decides what is said. */
struct tally {
    const struct wn_mx *at[STANDING_NONE + 1]; /* NULL for the domain's own address */
    bool seen[STANDING_NONE + 1];
    struct judgement first[STANDING_NONE + 1];
};

static void tell_failure(struct wn_route *route, const struct tally *t)
{
    const struct judgement *j = &t->first[STANDING_FAILED];
    const struct wn_mx *mx = t->at[STANDING_FAILED];
    char text[48];
    (void)snprintf(text, sizeof text, "%s%s for %s", mx != NULL ? ": " : "", j->why,
                   family_word[j->family]);
    route->kind = WN_ROUTE_DNS_FAILURE;
    set_detail(route, mx, text, "");
}

static void tell_private(struct wn_route *route, const struct wn_route_facts *facts,
                         const struct tally *t)
{
    const struct wn_mx *mx = t->at[STANDING_PRIVATE];
    char address[WN_IP_TEXT];
    wn_ip_format(&t->first[STANDING_PRIVATE].ip, address);
    route->kind = facts->allow_private ? WN_ROUTE_OK : WN_ROUTE_MX_UNROUTABLE;
    route->flags |= WN_ROUTE_PRIVATE;
    set_host(route, mx != NULL ? mx->host : facts->own);
    set_detail(
        route, mx,
        mx != NULL ? ": not a public address: " : "no MX, and not a public address: ", address);
}

static void tell_nothing(struct wn_route *route, const struct wn_route_facts *facts,
                         const struct tally *t)
{
    const struct wn_mx *mx = t->at[STANDING_NONE];
    if (facts->own != NULL) {
        route->kind = WN_ROUTE_NO_MAIL_HOST;
        route->flags &= ~(uint32_t)WN_ROUTE_IMPLICIT_MX;
        set_detail(route, NULL, "no MX and no address", "");
    } else if (mx == NULL) {
        route->kind = WN_ROUTE_MX_UNRESOLVABLE;
        set_detail(route, NULL, "no MX host but \".\"", "");
    } else {
        route->kind = WN_ROUTE_MX_UNRESOLVABLE;
        set_host(route, mx->host);
        set_detail(route, mx, ": ", t->first[STANDING_NONE].why);
    }
}

static void tell_global(struct wn_route *route, const struct wn_route_facts *facts,
                        const struct wn_mx *mx)
{
    route->kind = WN_ROUTE_OK;
    set_host(route, mx != NULL ? mx->host : facts->own);
    set_detail(route, mx, mx != NULL ? "" : "no MX, an address of its own", "");
}

/* What the MX answer alone decides; false when hosts must be looked at. */
static bool decide_by_mx(const struct wn_route_facts *facts, struct wn_route *route)
{
    if (facts->null_mx) {
        route->kind = WN_ROUTE_NULL_MX;
        set_detail(route, NULL, "MX 0 . (RFC 7505)", "");
    } else if (facts->mx_outcome == WN_OUTCOME_NXDOMAIN) {
        route->kind = WN_ROUTE_NO_DOMAIN;
        set_detail(route, NULL, "NXDOMAIN", "");
    } else if (facts->mx_outcome == WN_OUTCOME_FAILED) {
        route->kind = WN_ROUTE_DNS_FAILURE;
        set_detail(route, NULL, facts->mx_why, " for MX");
    } else {
        return false;
    }
    return true;
}

static uint32_t flags_of(const struct wn_mx *mx, size_t count)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wn_mx_host *host = mx[i].host;
        if (host->answer[WN_FAMILY_A].alias || host->answer[WN_FAMILY_AAAA].alias) {
            flags |= WN_ROUTE_MX_CNAME;
        }
        if (host->literal) {
            flags |= WN_ROUTE_MX_LITERAL;
        }
    }
    return flags;
}

/* No host has a public address, and nothing is left to ask. */
static void tell_none(struct wn_route *route, const struct wn_route_facts *facts,
                      const struct tally *t)
{
    if (t->seen[STANDING_FAILED]) {
        tell_failure(route, t);
    } else if (facts->more_mx) {
        route->kind = WN_ROUTE_DNS_FAILURE;
        set_detail(route, NULL, "too many MX hosts", "");
    } else if (t->seen[STANDING_PRIVATE]) {
        tell_private(route, facts, t);
    } else {
        tell_nothing(route, facts, t);
    }
}

static struct wn_next decide_by_hosts(const struct wn_route_facts *facts, struct wn_route *route)
{
    struct tally t = {0};
    const bool implicit = facts->mx_outcome == WN_OUTCOME_NO_DATA;
    const struct wn_mx own = {.host = facts->own};
    const struct wn_mx *all = implicit ? &own : facts->mx;
    const size_t count = implicit ? 1 : facts->mx_count;
    size_t looked = 0;
    bool found = false;
    while (looked < count && !found) {
        const struct wn_mx *mx = &all[looked++];
        struct judgement j = judge_host(facts, mx->host);
        if (j.standing == STANDING_OPEN) {
            return j.next;
        }
        if (!t.seen[j.standing]) {
            t.seen[j.standing] = true;
            t.first[j.standing] = j;
            t.at[j.standing] = implicit ? NULL : mx;
        }
        uint32_t ttl = least_ttl(mx->host, route->ttl);
        found = j.standing == STANDING_GLOBAL;
        if (found) { /* this host's answer alone carries the route */
            ttl = mx->host->answer[j.family].ttl;
            ttl = ttl < facts->mx_ttl ? ttl : facts->mx_ttl;
        }
        route->ttl = ttl;
    }
    /* Hosts behind the one that decided are not asked by this domain, and what others asked of them
     * must not show. */
    route->flags = implicit ? (uint32_t)WN_ROUTE_IMPLICIT_MX : flags_of(all, looked);
    if (found) {
        tell_global(route, facts, t.at[STANDING_GLOBAL]);
    } else {
        tell_none(route, facts, &t);
    }
    return (struct wn_next){.step = WN_STEP_DONE};
}

struct wn_next wn_route_decide(const struct wn_route_facts *facts, struct wn_route *route)
{
    struct wn_route r = {.ttl = facts->mx_ttl};
    struct wn_next next = {.step = WN_STEP_DONE};
    if (!decide_by_mx(facts, &r)) {
        next = decide_by_hosts(facts, &r);
    }
    if (next.step == WN_STEP_DONE) {
        r.ttl = r.ttl < TTL_LEAST ? TTL_LEAST : r.ttl > TTL_MOST ? TTL_MOST : r.ttl;
        *route = r;
    }
    return next;
}
