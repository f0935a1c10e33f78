/* SPDX-License-Identifier: MIT */
#ifndef WN_VERDICT_DECIDE_H
#define WN_VERDICT_DECIDE_H

/* The decision: a pure function of facts and policy. The rules are rules.def, the reasons
 * reasons.def. */

#include "dns/route.h"
#include "store/suppression.h"
#include "verdict/policy.h"

/* The deepest kind of evidence that decided. */
enum wn_evidence {
    WN_EVIDENCE_syntax,
    WN_EVIDENCE_lists,
    WN_EVIDENCE_domain,
    WN_EVIDENCE_mailbox,
    WN_EVIDENCE_history,
    WN_EVIDENCE_policy
};

/* What a probe said of the mailbox. */
enum wn_probe_outcome {
    WN_PROBE_none, /* not asked */
    WN_PROBE_accepted,
    WN_PROBE_accepts_all,
    WN_PROBE_not_found,
    WN_PROBE_disabled,
    WN_PROBE_full,
    WN_PROBE_restricted,
    WN_PROBE_blocked,
    WN_PROBE_greylisted,
    WN_PROBE_busy,
    WN_PROBE_no_connection,
    WN_PROBE_timeout,
    WN_PROBE_error,
    WN_PROBE_unclear,
    WN_PROBE_recheck_due,
    WN_PROBE_left_out /* wanted, and not asked or not to be believed: `diagnostic` says why */
};

struct wn_probe {
    enum wn_probe_outcome outcome;
    int64_t at;  /* seconds since 1970 */
    int64_t due; /* of a temporary answer: when to ask again; else 0 */
    /* The reply that said so; zeros and empty where none did. */
    uint16_t code;
    uint8_t enhanced[2];
    uint16_t enhanced_detail;
    struct wn_span diagnostic; /* its text, or a sentence of ours */
    struct wn_span host;       /* the MX host that said it */
};

/* All that a verdict rests on. Pointers may be NULL: nothing is known. */
struct wn_case {
    enum wn_fault fault;
    uint32_t flags;           /* enum wn_flag bits of the row and its domain */
    bool duplicate;           /* the same mailbox stands on an earlier row */
    bool suggestion;          /* there is a suggestion, and it can take mail as far as we know */
    enum wn_route_kind route; /* WN_ROUTE_NONE when DNS was left out */
    const struct wn_history *history;
    const struct wn_domain_history *domain;
    const struct wn_probe *probe;
    int64_t now;
};

enum wn_rule {
#define WN_RULE(id, evidence, reason, predicate) WN_RULE_##id,
#define WN_RULE_FAULT(id, predicate)             WN_RULE_##id,
#define WN_RULE_ROUTE(id, predicate)             WN_RULE_##id,
#include "verdict/rules.def"
    WN_RULE_COUNT
};

struct wn_verdict {
    enum wn_reason reason;
    enum wn_result result; /* the reason's, but a duplicate has that of the row it repeats */
    enum wn_blame blame;
    enum wn_evidence evidence;
    enum wn_action action;
    enum wn_rule rule;
};

void wn_decide(const struct wn_case *c, const struct wn_policy *policy, struct wn_verdict *verdict);

const char *wn_evidence_word(enum wn_evidence evidence);
const char *wn_rule_word(enum wn_rule rule);

#endif
