/* SPDX-License-Identifier: MIT */
/* The reasons and the policies against docs/verdicts.md, written out here once more: a reason that
 * is renamed, or an action that changes, has to change in three places. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/suite.h"
#include "verdict/policy.h"

/* k: keep, r: review, d: drop; lenient, balanced, strict. */
static const struct row {
    const char *reason, *result, *blame, *actions;
} rows[] = {
    {"mailbox_accepted", "deliverable", "", "kkk"},
    {"delivered", "deliverable", "", "kkk"},
    {"not_probed", "plausible", "", "kkk"},
    {"catch_all", "risky", "domain", "kkr"},
    {"accepts_all_provider", "plausible", "domain", "kkk"},
    {"restricted", "risky", "recipient", "krr"},
    {"role_account", "risky", "recipient", "krd"},
    {"disposable_domain", "risky", "domain", "rdd"},
    {"placeholder", "risky", "recipient", "rrd"},
    {"typo_suspected", "risky", "domain", "rrd"},
    {"typo_dead", "undeliverable", "domain", "rrd"},
    {"mailbox_full", "risky", "recipient", "krd"},
    {"soft_bounced", "risky", "recipient", "krd"},
    {"no_address", "undeliverable", "recipient", "ddd"},
    {"syntax_no_at", "undeliverable", "recipient", "ddd"},
    {"syntax_empty_local", "undeliverable", "recipient", "ddd"},
    {"syntax_empty_domain", "undeliverable", "recipient", "ddd"},
    {"syntax_local_too_long", "undeliverable", "recipient", "ddd"},
    {"syntax_too_long", "undeliverable", "recipient", "ddd"},
    {"syntax_label_too_long", "undeliverable", "recipient", "ddd"},
    {"syntax_domain_too_long", "undeliverable", "recipient", "ddd"},
    {"syntax_dot", "undeliverable", "recipient", "ddd"},
    {"syntax_bad_char", "undeliverable", "recipient", "ddd"},
    {"syntax_space", "undeliverable", "recipient", "ddd"},
    {"syntax_quote", "undeliverable", "recipient", "ddd"},
    {"syntax_hyphen", "undeliverable", "recipient", "ddd"},
    {"syntax_single_label", "undeliverable", "recipient", "ddd"},
    {"syntax_numeric_tld", "undeliverable", "recipient", "ddd"},
    {"syntax_bad_literal", "undeliverable", "recipient", "ddd"},
    {"syntax_address_literal", "undeliverable", "recipient", "ddd"},
    {"syntax_idn", "undeliverable", "recipient", "ddd"},
    {"syntax_utf8", "undeliverable", "recipient", "ddd"},
    {"syntax_comment", "undeliverable", "recipient", "ddd"},
    {"syntax_several", "undeliverable", "recipient", "rrd"},
    {"syntax_provider", "undeliverable", "recipient", "ddd"},
    {"reserved_domain", "undeliverable", "domain", "ddd"},
    {"unknown_tld", "undeliverable", "domain", "rrd"},
    {"no_domain", "undeliverable", "domain", "ddd"},
    {"no_mail_host", "undeliverable", "domain", "ddd"},
    {"null_mx", "undeliverable", "domain", "ddd"},
    {"mx_unresolvable", "undeliverable", "domain", "ddd"},
    {"mx_unroutable", "undeliverable", "domain", "rrd"},
    {"domain_unreachable", "risky", "domain", "krd"},
    {"mailbox_not_found", "undeliverable", "recipient", "ddd"},
    {"mailbox_disabled", "undeliverable", "recipient", "ddd"},
    {"hard_bounced", "undeliverable", "recipient", "ddd"},
    {"full_too_long", "undeliverable", "recipient", "rdd"},
    {"bounced_too_often", "undeliverable", "recipient", "rdd"},
    {"complained", "undeliverable", "recipient", "ddd"},
    {"unsubscribed", "undeliverable", "recipient", "ddd"},
    {"suppressed", "undeliverable", "recipient", "ddd"},
    {"dns_failure", "unknown", "network", "krr"},
    {"greylisted", "unknown", "network", "krr"},
    {"mailbox_busy", "unknown", "network", "krr"},
    {"probe_blocked", "unknown", "us", "kkr"},
    {"no_connection", "unknown", "network", "krr"},
    {"probe_timeout", "unknown", "network", "krr"},
    {"probe_error", "unknown", "network", "krr"},
    {"refused_unclear", "unknown", "us", "krr"},
    {"recheck_due", "unknown", "us", "krr"},
    {"not_checked", "plausible", "us", "kkk"},
    {"duplicate", "undeliverable", "recipient", "ddd"}, /* its result is that of the first row */
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

static const char *const policies[] = {"lenient", "balanced", "strict"};

static enum wn_reason find(const char *word)
{
    for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
        if (strcmp(wn_reason_word((enum wn_reason)i), word) == 0) {
            return (enum wn_reason)i;
        }
    }
    ck_abort_msg("there is no reason %s", word);
}

START_TEST(reasons_are_a_closed_set)
{
    ck_assert_uint_eq(ROWS, WN_REASON_COUNT);
    for (size_t i = 0; i < ROWS; i++) {
        (void)find(rows[i].reason);
    }
}
END_TEST

START_TEST(reason_and_its_actions)
{
    const struct row *row = &rows[_i];
    enum wn_reason reason = find(row->reason);
    ck_assert_str_eq(wn_result_word(wn_reason_result(reason)), row->result);
    ck_assert_str_eq(wn_blame_word(wn_reason_blame(reason)), row->blame);
    for (size_t i = 0; i < 3; i++) {
        struct wn_policy policy;
        ck_assert_int_eq(wn_policy_init(&policy, policies[i], NULL), WN_OK);
        ck_assert_str_eq(policy.name, policies[i]);
        ck_assert_msg(wn_action_word(policy.action[reason])[0] == row->actions[i],
                      "%s under %s: %s", row->reason, policies[i],
                      wn_action_word(policy.action[reason]));
    }
}
END_TEST

START_TEST(reason_has_a_sentence)
{
    const char *sentence = wn_reason_sentence((enum wn_reason)_i);
    ck_assert_ptr_nonnull(sentence);
    ck_assert_msg(strlen(sentence) > 10 && sentence[strlen(sentence) - 1] != '.', "%s: %s",
                  wn_reason_word((enum wn_reason)_i), sentence);
}
END_TEST

START_TEST(fault_is_a_reason_of_its_own)
{
    for (unsigned i = 1; i < WN_FAULT_COUNT; i++) {
        enum wn_fault fault = (enum wn_fault)i;
        enum wn_reason reason = wn_reason_of_fault(fault);
        ck_assert_str_eq(wn_reason_word(reason), wn_fault_word(fault));
        ck_assert_str_eq(wn_reason_sentence(reason), wn_fault_sentence(fault));
    }
}
END_TEST

/* Law 1: for every reason and every policy, and for every override that could be asked for. */
START_TEST(our_own_trouble_never_drops)
{
    for (size_t p = 0; p < 3; p++) {
        for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
            struct wn_policy policy;
            struct wn_error err = {0};
            char text[80];
            enum wn_blame blame = wn_reason_blame((enum wn_reason)i);
            bool ours = blame == WN_BLAME_us || blame == WN_BLAME_network;
            ck_assert_int_eq(wn_policy_init(&policy, policies[p], NULL), WN_OK);
            ck_assert(!ours || policy.action[i] != WN_ACTION_drop);
            (void)snprintf(text, sizeof text, "%s=drop", wn_reason_word((enum wn_reason)i));
            enum wn_action before = policy.action[i];
            int status = wn_policy_set(&policy, text, &err);
            ck_assert_int_eq(status, ours ? WN_E_USAGE : WN_OK);
            ck_assert_int_eq(policy.action[i], ours ? before : WN_ACTION_drop);
            ck_assert(!ours || strstr(err.text, "law 1") != NULL);
        }
    }
}
END_TEST

START_TEST(override_changes_one_cell)
{
    static const char *const words[] = {"keep", "review"};
    for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
        for (unsigned a = 0; a < 2; a++) {
            struct wn_policy plain, policy;
            char text[80];
            ck_assert_int_eq(wn_policy_init(&plain, "balanced", NULL), WN_OK);
            policy = plain;
            (void)snprintf(text, sizeof text, "%s=%s", wn_reason_word((enum wn_reason)i), words[a]);
            ck_assert_int_eq(wn_policy_set(&policy, text, NULL), WN_OK);
            for (unsigned j = 0; j < WN_REASON_COUNT; j++) {
                ck_assert_int_eq(policy.action[j], i == j ? (enum wn_action)a : plain.action[j]);
            }
        }
    }
}
END_TEST

static const struct refusal {
    const char *name, *text, *says;
} refusals[] = {
    {"no equals", "role_account", "'role_account' is no REASON=ACTION"},
    {"nothing", "", "is no REASON=ACTION"},
    {"unknown reason", "weather=keep", "there is no reason 'weather'"},
    {"near reason", "role_acount=keep", "did you mean 'role_account'?"},
    {"prefix of a reason", "role=keep", "did you mean 'role_account'?"},
    {"no reason", "=keep", "there is no reason ''"},
    {"unknown action", "role_account=delete", "'delete' is no action: keep, review or drop"},
    {"no action", "role_account=", "'' is no action"},
    {"two equals", "role_account=keep=drop", "'keep=drop' is no action"},
    {"upper case", "ROLE_ACCOUNT=keep", "there is no reason 'ROLE_ACCOUNT'"},
    {"drop on the network", "dns_failure=drop", "says something about the network"},
    {"drop on us", "probe_blocked=drop", "says something about us"},
};

START_TEST(override_is_refused)
{
    const struct refusal *row = &refusals[_i];
    struct wn_policy policy, before;
    struct wn_error err = {0};
    ck_assert_int_eq(wn_policy_init(&policy, "balanced", NULL), WN_OK);
    before = policy;
    ck_assert_msg(wn_policy_set(&policy, row->text, &err) == WN_E_USAGE, "%s", row->name);
    ck_assert_msg(strstr(err.text, row->says) != NULL, "%s: %s", row->name, err.text);
    ck_assert_mem_eq(policy.action, before.action, sizeof policy.action);
}
END_TEST

START_TEST(unknown_policy)
{
    struct wn_policy policy;
    struct wn_error err = {0};
    ck_assert_int_eq(wn_policy_init(&policy, "harsh", &err), WN_E_USAGE);
    ck_assert_str_eq(err.text,
                     "there is no policy 'harsh'; the policies are lenient, balanced and strict");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");
    TCase *cases = tcase_create("policy");
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, reasons_are_a_closed_set);
    tcase_add_loop_test(cases, reason_and_its_actions, 0, ROWS);
    tcase_add_loop_test(cases, reason_has_a_sentence, 0, WN_REASON_COUNT);
    tcase_add_test(cases, fault_is_a_reason_of_its_own);
    tcase_add_test(cases, our_own_trouble_never_drops);
    tcase_add_test(cases, override_changes_one_cell);
    tcase_add_loop_test(cases, override_is_refused, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(cases, unknown_policy);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
