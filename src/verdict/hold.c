/* SPDX-License-Identifier: MIT */
/* The rules are asked again and again, each time without the fact that gave the last answer. So
 * there is one place that says what suppresses, and this is not it. */
#include "verdict/hold.h"

#include <inttypes.h>
#include <stdio.h>

#include "verdict/decide.h"

#define SINCE(member) offsetof(struct wn_history, member)

/* Where a reason's facts are in the history. */
static const struct {
    size_t since;
    enum wn_clearing cleared_by;
    enum wn_reason reason;
    bool ends; /* at soft_until */
} facts[] = {
    {SINCE(complained_at), WN_CLEARED_BY_PERSON, WN_REASON_complained, false},
    {SINCE(unsubscribed_at), WN_CLEARED_BY_PERSON, WN_REASON_unsubscribed, false},
    {SINCE(suppressed_at), WN_CLEARED_BY_HAND, WN_REASON_suppressed, false},
    {SINCE(hard_since), WN_CLEARED_BY_DELIVERY, WN_REASON_hard_bounced, false},
    {SINCE(soft_since), WN_CLEARED_BY_TIME, WN_REASON_full_too_long, true},
    {SINCE(soft_since), WN_CLEARED_BY_TIME, WN_REASON_bounced_too_often, true},
};

const char *wn_hold_clearing(const struct wn_hold *hold, int64_t hours, char text[WN_HOLD_TEXT])
{
    char delivery[64] = "a delivery after the last bounce";
    if (hours > 0) {
        (void)snprintf(delivery, sizeof delivery,
                       "a delivery at least %" PRId64 " h after the last bounce", hours);
    }
    switch (hold->cleared_by) {
    case WN_CLEARED_BY_PERSON:
        return "only the person's own later resubscription lifts it";
    case WN_CLEARED_BY_HAND:
        return "only 'winnow suppress remove' lifts it";
    case WN_CLEARED_BY_DELIVERY:
        (void)snprintf(text, WN_HOLD_TEXT, "%s, or 'winnow suppress remove', clears it", delivery);
        return text;
    case WN_CLEARED_BY_TIME:
        break;
    }
    (void)snprintf(text, WN_HOLD_TEXT, "%s, 'winnow suppress remove', or time clears it", delivery);
    return text;
}

const char *const wn_hold_words[] = {
    "complained",    "unsubscribed",      "suppressed", "hard_bounced",
    "full_too_long", "bounced_too_often", NULL};

size_t wn_holds(const struct wn_history *history, int64_t now, struct wn_hold holds[WN_HOLDS_MAX])
{
    static const struct wn_policy any = {.name = ""}; /* actions do not matter here */
    struct wn_history left = *history;
    struct wn_case c = {.history = &left, .now = now};
    for (size_t count = 0; count < WN_HOLDS_MAX; count++) {
        struct wn_verdict verdict;
        size_t i = 0;
        wn_decide(&c, &any, &verdict);
        while (i < sizeof facts / sizeof *facts && facts[i].reason != verdict.reason) {
            i++;
        }
        if (i == sizeof facts / sizeof *facts) {
            return count;
        }
        char *since = (char *)&left + facts[i].since;
        holds[count] = (struct wn_hold){.reason = facts[i].reason,
                                        .until = facts[i].ends ? left.soft_until : 0,
                                        .cleared_by = facts[i].cleared_by};
        memcpy(&holds[count].since, since, sizeof holds[count].since);
        memset(since, 0, sizeof holds[count].since);
    }
    return WN_HOLDS_MAX;
}
