/* SPDX-License-Identifier: MIT */
#include "verdict/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

/* Law 1: our own trouble never prunes an address. A row of reasons.def that breaks it does not
 * compile. */
#define MAY_DROP(blame) (WN_BLAME_##blame != WN_BLAME_us && WN_BLAME_##blame != WN_BLAME_network)
#define DROPS(action)   (WN_ACTION_##action == WN_ACTION_drop)
#define WN_REASON(name, result, blame, lenient, balanced, strict, sentence)                        \
    _Static_assert(MAY_DROP(blame) || !(DROPS(lenient) || DROPS(balanced) || DROPS(strict)),       \
                   #name " would drop on our own trouble");
#include "verdict/reasons.def"

struct reason {
    const char *word;
    const char *sentence;
    enum wn_result result;
    enum wn_blame blame;
};

static const struct reason reasons[WN_REASON_COUNT] = {
#define WN_REASON(name, result, blame, lenient, balanced, strict, sentence)                        \
    [WN_REASON_##name] = {#name, sentence, WN_RESULT_##result, WN_BLAME_##blame},
#include "verdict/reasons.def"
};

static const struct wn_policy policies[] = {
    {"lenient",
     {
#define WN_REASON(name, result, blame, lenient, balanced, strict, sentence) WN_ACTION_##lenient,
#include "verdict/reasons.def"
     }},
    {"balanced",
     {
#define WN_REASON(name, result, blame, lenient, balanced, strict, sentence) WN_ACTION_##balanced,
#include "verdict/reasons.def"
     }},
    {"strict",
     {
#define WN_REASON(name, result, blame, lenient, balanced, strict, sentence) WN_ACTION_##strict,
#include "verdict/reasons.def"
     }},
};

static const enum wn_reason of_fault[WN_FAULT_COUNT] = {
#define WN_FAULT(name, sentence) [WN_FAULT_##name] = WN_REASON_##name,
#include "address/faults.def"
};

static const char *const result_words[] = {"deliverable", "plausible", "risky", "undeliverable",
                                           "unknown"};
static const char *const blame_words[] = {"", "recipient", "domain", "us", "network"};
static const char *const action_words[] = {"keep", "review", "drop"};

const char *wn_result_word(enum wn_result result)
{
    return result_words[result];
}

const char *wn_blame_word(enum wn_blame blame)
{
    return blame_words[blame];
}

const char *wn_action_word(enum wn_action action)
{
    return action_words[action];
}

const char *wn_reason_word(enum wn_reason reason)
{
    return reasons[reason].word;
}

const char *wn_reason_sentence(enum wn_reason reason)
{
    if (reasons[reason].sentence != NULL) {
        return reasons[reason].sentence;
    }
    for (unsigned fault = 1; fault < WN_FAULT_COUNT; fault++) {
        if (of_fault[fault] == reason) {
            return wn_fault_sentence((enum wn_fault)fault);
        }
    }
    return "";
}

enum wn_result wn_reason_result(enum wn_reason reason)
{
    return reasons[reason].result;
}

enum wn_blame wn_reason_blame(enum wn_reason reason)
{
    return reasons[reason].blame;
}

enum wn_reason wn_reason_of_fault(enum wn_fault fault)
{
    return of_fault[fault];
}

int wn_policy_init(struct wn_policy *policy, const char *name, struct wn_error *err)
{
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        if (strcmp(policies[i].name, name) == 0) {
            *policy = policies[i];
            return WN_OK;
        }
    }
    return wn_error_set(err, WN_E_USAGE,
                        "there is no policy '%s'; the policies are lenient, balanced and strict",
                        name);
}

static int find_word(const char *const *words, size_t count, const char *p, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], p, n) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int refuse_reason(const char *const *words, const char *p, size_t n, struct wn_error *err)
{
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), p);
    const char *near = wn_nearest_word(word, words, WN_REASON_COUNT);
    if (near != NULL) {
        return wn_error_set(err, WN_E_USAGE, "there is no reason '%s'; did you mean '%s'?", word,
                            near);
    }
    return wn_error_set(err, WN_E_USAGE,
                        "there is no reason '%s'; 'winnow help reasons' lists them", word);
}

int wn_policy_set(struct wn_policy *policy, const char *text, struct wn_error *err)
{
    const char *words[WN_REASON_COUNT];
    for (size_t i = 0; i < WN_REASON_COUNT; i++) {
        words[i] = reasons[i].word;
    }
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        return wn_error_set(err, WN_E_USAGE, "'%s' is no REASON=ACTION, such as role_account=keep",
                            text);
    }
    int reason = find_word(words, WN_REASON_COUNT, text, (size_t)(equals - text));
    if (reason < 0) {
        return refuse_reason(words, text, (size_t)(equals - text), err);
    }
    int action = find_word(action_words, WN_ACTION_COUNT, equals + 1, strlen(equals + 1));
    if (action < 0) {
        return wn_error_set(err, WN_E_USAGE, "'%s' is no action: keep, review or drop", equals + 1);
    }
    enum wn_blame blame = reasons[reason].blame;
    if (action == WN_ACTION_drop && (blame == WN_BLAME_us || blame == WN_BLAME_network)) {
        return wn_error_set(err, WN_E_USAGE,
                            "%s cannot be set to drop: it says something about %s, not about the "
                            "recipient (law 1: our own trouble never prunes an address)",
                            reasons[reason].word, blame == WN_BLAME_us ? "us" : "the network");
    }
    policy->action[reason] = (enum wn_action)action;
    return WN_OK;
}
