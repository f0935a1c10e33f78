/* SPDX-License-Identifier: MIT */
#ifndef WN_VERDICT_POLICY_H
#define WN_VERDICT_POLICY_H

/* The closed set of reasons with what each means, and the policy: which action a reason leads to.
 */

#include "address/address.h"
#include "base/error.h"

enum wn_result {
    WN_RESULT_deliverable,
    WN_RESULT_plausible,
    WN_RESULT_risky,
    WN_RESULT_undeliverable,
    WN_RESULT_unknown,
    WN_RESULT_COUNT
};
enum wn_blame {
    WN_BLAME_none,
    WN_BLAME_recipient,
    WN_BLAME_domain,
    WN_BLAME_us,
    WN_BLAME_network
};
enum wn_action {
    WN_ACTION_keep,
    WN_ACTION_review,
    WN_ACTION_drop,
    WN_ACTION_COUNT
};
enum wn_reason {
#define WN_REASON(name, result, blame, lenient, balanced, strict, sentence) WN_REASON_##name,
#include "verdict/reasons.def"
    WN_REASON_COUNT
};

const char *wn_result_word(enum wn_result result);
const char *wn_blame_word(enum wn_blame blame); /* "" for none */
const char *wn_action_word(enum wn_action action);
const char *wn_reason_word(enum wn_reason reason);
/* For people: what the reason means, without a full stop. */
const char *wn_reason_sentence(enum wn_reason reason);
enum wn_result wn_reason_result(enum wn_reason reason);
enum wn_blame wn_reason_blame(enum wn_reason reason);
/* The reason of a fault other than WN_FAULT_none. */
enum wn_reason wn_reason_of_fault(enum wn_fault fault);

struct wn_policy {
    const char *name;
    enum wn_action action[WN_REASON_COUNT];
};

/* "lenient", "balanced" or "strict"; else WN_E_USAGE. */
int wn_policy_init(struct wn_policy *policy, const char *name, struct wn_error *err);

/* One override, "REASON=ACTION". WN_E_USAGE when either word is unknown (the nearest is named), or
 * when it would drop on evidence about us or the network (law 1). */
int wn_policy_set(struct wn_policy *policy, const char *text, struct wn_error *err);

#endif
