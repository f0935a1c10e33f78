/* SPDX-License-Identifier: MIT */
/* rules.def is expanded into one chain of tests in its order, so that the table a person reads is
 * the code that runs. */
#include "verdict/decide.h"

#include "base/clock.h"

static bool route_negative(const struct wn_case *c)
{
    return wn_route_is_negative(c->route);
}

/* The soft threshold was passed, and its 180 days are not over. */
static bool soft_holds(const struct wn_case *c, const struct wn_history *h)
{
    return h->soft_since != 0 && c->now < h->soft_until;
}

/* The mailbox said yes at least a day after the last bounce that counts, where a yes means
 * something: then it is as good as a delivery. */
static bool revived(const struct wn_case *c, const struct wn_history *h, const struct wn_probe *p)
{
    enum {
        DAY = 24 * 60 * 60
    };
    return p->outcome == WN_PROBE_accepted && (c->flags & WN_FLAG_catch_all) == 0 &&
           p->at >= h->bounced_at + DAY;
}

static bool soft_lately(const struct wn_case *c, const struct wn_history *h)
{
    return h->soft_at != 0 && c->now <= h->soft_lately_until;
}

static bool domain_unreachable(const struct wn_case *c, const struct wn_domain_history *d)
{
    return d->unreachable_since != 0 && c->now < d->unreachable_until;
}

static enum wn_reason reason_of_route(enum wn_route_kind route)
{
    switch (route) {
    case WN_ROUTE_NULL_MX:
        return WN_REASON_null_mx;
    case WN_ROUTE_NO_DOMAIN:
        return WN_REASON_no_domain;
    case WN_ROUTE_NO_MAIL_HOST:
        return WN_REASON_no_mail_host;
    case WN_ROUTE_MX_UNRESOLVABLE:
        return WN_REASON_mx_unresolvable;
    case WN_ROUTE_MX_UNROUTABLE:
        return WN_REASON_mx_unroutable;
    case WN_ROUTE_NONE:
    case WN_ROUTE_OK:
    case WN_ROUTE_DNS_FAILURE:
    case WN_ROUTE_COUNT:
        break;
    }
    return WN_REASON_dns_failure;
}

static enum wn_evidence evidence_of_fault(enum wn_fault fault)
{
    return fault == WN_FAULT_reserved_domain || fault == WN_FAULT_unknown_tld ? WN_EVIDENCE_lists
                                                                              : WN_EVIDENCE_syntax;
}

static enum wn_rule first_match(const struct wn_case *c, enum wn_reason *reason,
                                enum wn_evidence *evidence)
{
    static const struct wn_history no_history;
    static const struct wn_domain_history no_domain_history;
    static const struct wn_probe no_probe;
    const struct wn_history *h = c->history != NULL ? c->history : &no_history;
    const struct wn_domain_history *d = c->domain != NULL ? c->domain : &no_domain_history;
    const struct wn_probe *p = c->probe != NULL ? c->probe : &no_probe;

#define MATCH(id, evidence_, reason_, predicate)                                                   \
    if (predicate) {                                                                               \
        *reason = (reason_);                                                                       \
        *evidence = (evidence_);                                                                   \
        return WN_RULE_##id;                                                                       \
    }
#define WN_RULE(id, evidence, reason, predicate)                                                   \
    MATCH(id, WN_EVIDENCE_##evidence, WN_REASON_##reason, predicate)
#define WN_RULE_FAULT(id, predicate)                                                               \
    MATCH(id, evidence_of_fault(c->fault), wn_reason_of_fault(c->fault), predicate)
#define WN_RULE_ROUTE(id, predicate)                                                               \
    MATCH(id, WN_EVIDENCE_domain, reason_of_route(c->route), predicate)
#include "verdict/rules.def"
#undef MATCH
    return WN_RULE_COUNT; /* not reached: the last rule always matches */
}

void wn_decide(const struct wn_case *c, const struct wn_policy *policy, struct wn_verdict *verdict)
{
    verdict->rule = first_match(c, &verdict->reason, &verdict->evidence);
    verdict->result = wn_reason_result(verdict->reason);
    if (verdict->reason == WN_REASON_duplicate) {
        struct wn_case first = *c;
        enum wn_reason reason;
        enum wn_evidence evidence;
        first.duplicate = false;
        (void)first_match(&first, &reason, &evidence);
        verdict->result = wn_reason_result(reason);
    }
    verdict->blame = wn_reason_blame(verdict->reason);
    verdict->action = policy->action[verdict->reason];
}

const char *wn_evidence_word(enum wn_evidence evidence)
{
    static const char *const words[] = {"syntax",  "lists",   "domain",
                                        "mailbox", "history", "policy"};
    return words[evidence];
}

const char *wn_rule_word(enum wn_rule rule)
{
    static const char *const words[WN_RULE_COUNT] = {
#define WN_RULE(id, evidence, reason, predicate) #id,
#define WN_RULE_FAULT(id, predicate)             #id,
#define WN_RULE_ROUTE(id, predicate)             #id,
#include "verdict/rules.def"
    };
    return words[rule];
}
