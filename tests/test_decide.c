/* SPDX-License-Identifier: MIT */
/* The rules row by row: each is reached, each pair that can hold at once is decided by the earlier
 * one, and nothing that is ours or the network's ever drops. */
#include <check.h>
#include <stdlib.h>

#include "base/clock.h"
#include "support/draw.h"
#include "support/suite.h"
#include "verdict/decide.h"

#define NOW         INT64_C(1795287580)
#define AGO(days)   (NOW - (days)*WN_DAY)
#define AHEAD(days) (NOW + (days)*WN_DAY)

/* A case that satisfies one rule and nothing before it. Zero means "says nothing", so that two can
 * be laid over each other; a route that says nothing is ok. */
struct facts {
    enum wn_fault fault;
    uint32_t flags;
    bool duplicate, suggestion, no_route;
    enum wn_route_kind route;
    struct wn_history history;
    struct wn_domain_history domain;
    struct wn_probe probe;
};

static const struct row {
    const char *rule, *reason, *evidence;
    struct facts facts;
} rows[] = {
    {"person_complained", "complained", "history", {.history.complained_at = AGO(700)}},
    {"person_unsubscribed", "unsubscribed", "history", {.history.unsubscribed_at = AGO(700)}},
    {"operator_suppressed", "suppressed", "history", {.history.suppressed_at = AGO(700)}},
    {"address_typo", "typo_dead", "lists", {.fault = WN_FAULT_syntax_dot, .suggestion = true}},
    {"address_fault", "no_address", "syntax", {.fault = WN_FAULT_no_address}},
    {"address_fault", "syntax_no_at", "syntax", {.fault = WN_FAULT_syntax_no_at}},
    {"address_fault", "syntax_empty_local", "syntax", {.fault = WN_FAULT_syntax_empty_local}},
    {"address_fault", "syntax_empty_domain", "syntax", {.fault = WN_FAULT_syntax_empty_domain}},
    {"address_fault", "syntax_local_too_long", "syntax", {.fault = WN_FAULT_syntax_local_too_long}},
    {"address_fault", "syntax_too_long", "syntax", {.fault = WN_FAULT_syntax_too_long}},
    {"address_fault", "syntax_label_too_long", "syntax", {.fault = WN_FAULT_syntax_label_too_long}},
    {"address_fault",
     "syntax_domain_too_long",
     "syntax",
     {.fault = WN_FAULT_syntax_domain_too_long}},
    {"address_fault", "syntax_dot", "syntax", {.fault = WN_FAULT_syntax_dot}},
    {"address_fault", "syntax_bad_char", "syntax", {.fault = WN_FAULT_syntax_bad_char}},
    {"address_fault", "syntax_space", "syntax", {.fault = WN_FAULT_syntax_space}},
    {"address_fault", "syntax_quote", "syntax", {.fault = WN_FAULT_syntax_quote}},
    {"address_fault", "syntax_hyphen", "syntax", {.fault = WN_FAULT_syntax_hyphen}},
    {"address_fault", "syntax_single_label", "syntax", {.fault = WN_FAULT_syntax_single_label}},
    {"address_fault", "syntax_numeric_tld", "syntax", {.fault = WN_FAULT_syntax_numeric_tld}},
    {"address_fault", "syntax_bad_literal", "syntax", {.fault = WN_FAULT_syntax_bad_literal}},
    {"address_fault",
     "syntax_address_literal",
     "syntax",
     {.fault = WN_FAULT_syntax_address_literal}},
    {"address_fault", "syntax_idn", "syntax", {.fault = WN_FAULT_syntax_idn}},
    {"address_fault", "syntax_utf8", "syntax", {.fault = WN_FAULT_syntax_utf8}},
    {"address_fault", "syntax_comment", "syntax", {.fault = WN_FAULT_syntax_comment}},
    {"address_fault", "syntax_several", "syntax", {.fault = WN_FAULT_syntax_several}},
    {"address_fault", "syntax_provider", "syntax", {.fault = WN_FAULT_syntax_provider}},
    {"address_fault", "reserved_domain", "lists", {.fault = WN_FAULT_reserved_domain}},
    {"address_fault", "unknown_tld", "lists", {.fault = WN_FAULT_unknown_tld}},
    {"duplicate", "duplicate", "lists", {.duplicate = true}},
    {"history_hard",
     "hard_bounced",
     "history",
     {.history = {.hard_since = AGO(3), .bounced_at = AGO(1)}}},
    {"history_full",
     "full_too_long",
     "history",
     {.history =
          {.soft_since = AGO(9), .soft_until = AHEAD(171), .bounced_at = AGO(1), .full = true}}},
    {"history_often",
     "bounced_too_often",
     "history",
     {.history = {.soft_since = AGO(9), .soft_until = AHEAD(171), .bounced_at = AGO(1)}}},
    {"route_typo", "typo_dead", "lists", {.route = WN_ROUTE_NO_DOMAIN, .suggestion = true}},
    {"route_negative", "no_domain", "domain", {.route = WN_ROUTE_NO_DOMAIN}},
    {"route_negative", "null_mx", "domain", {.route = WN_ROUTE_NULL_MX}},
    {"route_negative", "no_mail_host", "domain", {.route = WN_ROUTE_NO_MAIL_HOST}},
    {"route_negative", "mx_unresolvable", "domain", {.route = WN_ROUTE_MX_UNRESOLVABLE}},
    {"route_negative", "mx_unroutable", "domain", {.route = WN_ROUTE_MX_UNROUTABLE}},
    {"probe_not_found",
     "mailbox_not_found",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_not_found, .at = AGO(1)}}},
    {"probe_disabled",
     "mailbox_disabled",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_disabled, .at = AGO(1)}}},
    {"probe_full", "mailbox_full", "mailbox", {.probe = {.outcome = WN_PROBE_full, .at = AGO(1)}}},
    {"probe_restricted",
     "restricted",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_restricted, .at = AGO(1)}}},
    {"list_disposable", "disposable_domain", "lists", {.flags = WN_FLAG_disposable}},
    {"list_role", "role_account", "lists", {.flags = WN_FLAG_role}},
    {"list_typo", "typo_suspected", "lists", {.suggestion = true}},
    {"history_delivered", "delivered", "history", {.history.delivered_at = AGO(7)}},
    {"probe_accepted",
     "mailbox_accepted",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(1)}}},
    {"list_placeholder", "placeholder", "lists", {.flags = WN_FLAG_placeholder}},
    {"history_full_lately",
     "mailbox_full",
     "history",
     {.history = {.soft_at = AGO(9), .soft_lately_until = NOW, .full = true}}},
    {"history_soft",
     "soft_bounced",
     "history",
     {.history = {.soft_at = AGO(9), .soft_lately_until = NOW}}},
    {"domain_expiring",
     "domain_unreachable",
     "history",
     {.domain = {.unreachable_since = AGO(9), .unreachable_until = AHEAD(9)}}},
    {"domain_catch_all", "catch_all", "mailbox", {.flags = WN_FLAG_catch_all}},
    {"provider_accepts_all",
     "accepts_all_provider",
     "lists",
     {.probe = {.outcome = WN_PROBE_accepts_all, .at = AGO(1)}}},
    {"dns_failure", "dns_failure", "domain", {.route = WN_ROUTE_DNS_FAILURE}},
    {"probe_blocked",
     "probe_blocked",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_blocked, .at = AGO(1)}}},
    {"probe_greylisted",
     "greylisted",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_greylisted, .at = AGO(1)}}},
    {"probe_busy", "mailbox_busy", "mailbox", {.probe = {.outcome = WN_PROBE_busy, .at = AGO(1)}}},
    {"probe_no_connection",
     "no_connection",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_no_connection, .at = AGO(1)}}},
    {"probe_timeout",
     "probe_timeout",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_timeout, .at = AGO(1)}}},
    {"probe_error", "probe_error", "mailbox", {.probe = {.outcome = WN_PROBE_error, .at = AGO(1)}}},
    {"probe_unclear",
     "refused_unclear",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_unclear, .at = AGO(1)}}},
    {"probe_old",
     "recheck_due",
     "mailbox",
     {.probe = {.outcome = WN_PROBE_recheck_due, .at = AGO(1)}}},
    {"left_out", "not_checked", "policy", {.probe = {.outcome = WN_PROBE_left_out, .at = AGO(1)}}},
    {"left_out", "not_checked", "policy", {.no_route = true}},
    {"nothing_against", "not_probed", "domain", {0}},
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

static void decide(const struct facts *f, const struct wn_policy *policy, struct wn_verdict *v)
{
    struct wn_case c = {.fault = f->fault,
                        .flags = f->flags,
                        .duplicate = f->duplicate,
                        .suggestion = f->suggestion,
                        .route = f->no_route                 ? WN_ROUTE_NONE
                                 : f->route == WN_ROUTE_NONE ? WN_ROUTE_OK
                                                             : f->route,
                        .history = &f->history,
                        .domain = &f->domain,
                        .probe = &f->probe,
                        .now = NOW};
    wn_decide(&c, policy, v);
}

static struct wn_policy policy_of(const char *name)
{
    struct wn_policy policy;
    ck_assert_int_eq(wn_policy_init(&policy, name, NULL), WN_OK);
    return policy;
}

START_TEST(rule_is_reached)
{
    const struct row *row = &rows[_i];
    struct wn_policy policy = policy_of("balanced");
    struct wn_verdict v;
    decide(&row->facts, &policy, &v);
    ck_assert_str_eq(wn_rule_word(v.rule), row->rule);
    ck_assert_str_eq(wn_reason_word(v.reason), row->reason);
    ck_assert_str_eq(wn_evidence_word(v.evidence), row->evidence);
    ck_assert_int_eq(v.action, policy.action[v.reason]);
    ck_assert_int_eq(v.blame, wn_reason_blame(v.reason));
    if (v.reason != WN_REASON_duplicate) {
        ck_assert_int_eq(v.result, wn_reason_result(v.reason));
    }
}
END_TEST

/* Each reason of reasons.def, found among the verdicts of the rows above, whose words are written
 * out: a reason that is renamed, or that no rule leads to, or that is new, is found here. */
START_TEST(every_reason_is_reached)
{
    enum wn_reason reason = (enum wn_reason)_i;
    struct wn_policy policy = policy_of("balanced");
    for (size_t i = 0; i < ROWS; i++) {
        struct wn_verdict v;
        decide(&rows[i].facts, &policy, &v);
        if (v.reason == reason && strcmp(rows[i].reason, wn_reason_word(reason)) == 0) {
            return;
        }
    }
    ck_abort_msg("no row leads to %s", wn_reason_word(reason));
}
END_TEST

START_TEST(every_rule_has_a_row_in_order)
{
    unsigned rule = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].rule, wn_rule_word((enum wn_rule)rule)) != 0) {
            rule++;
            ck_assert_uint_lt(rule, WN_RULE_COUNT);
            ck_assert_str_eq(rows[i].rule, wn_rule_word((enum wn_rule)rule));
        }
    }
    ck_assert_uint_eq(rule, WN_RULE_COUNT - 1);
}
END_TEST

static int64_t either(int64_t a, int64_t b)
{
    return a != 0 ? a : b;
}

/* False when the two contradict each other: one route, one probe. */
static bool overlay(const struct facts *a, const struct facts *b, struct facts *both)
{
    if ((a->probe.outcome != 0 && b->probe.outcome != 0) || (a->fault != 0 && b->fault != 0) ||
        ((a->route != 0 || a->no_route) && (b->route != 0 || b->no_route))) {
        return false;
    }
    const struct wn_history *h = &a->history, *g = &b->history;
    *both = (struct facts){
        .fault = a->fault != 0 ? a->fault : b->fault,
        .flags = a->flags | b->flags,
        .duplicate = a->duplicate || b->duplicate,
        .suggestion = a->suggestion || b->suggestion,
        .no_route = a->no_route || b->no_route,
        .route = a->route != 0 ? a->route : b->route,
        .history = {.complained_at = either(h->complained_at, g->complained_at),
                    .unsubscribed_at = either(h->unsubscribed_at, g->unsubscribed_at),
                    .suppressed_at = either(h->suppressed_at, g->suppressed_at),
                    .hard_since = either(h->hard_since, g->hard_since),
                    .soft_since = either(h->soft_since, g->soft_since),
                    .soft_until = either(h->soft_until, g->soft_until),
                    .soft_at = either(h->soft_at, g->soft_at),
                    .soft_lately_until = either(h->soft_lately_until, g->soft_lately_until),
                    .full = h->full || g->full,
                    .bounced_at = either(h->bounced_at, g->bounced_at),
                    .delivered_at = either(h->delivered_at, g->delivered_at)},
        .domain = a->domain.unreachable_since != 0 ? a->domain : b->domain,
        .probe = a->probe.outcome != 0 ? a->probe : b->probe,
    };
    return true;
}

/* Pairs that together are a third case, or exclude each other by their own predicates. */
static const struct {
    const char *first, *second, *rule;
} special[] = {
    {"address_fault", "route_typo", "address_typo"},
    {"address_fault", "list_typo", "address_typo"},
    {"route_negative", "list_typo", "route_typo"},
    {"history_often", "history_full_lately", "history_full"},
    {"list_typo", "history_delivered", "history_delivered"},
    {"probe_accepted", "domain_catch_all", "domain_catch_all"},
    {"domain_catch_all", "probe_unclear", "probe_unclear"},
};

static const char *expected_rule(const struct row *first, const struct row *second)
{
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (strcmp(special[i].first, first->rule) == 0 &&
            strcmp(special[i].second, second->rule) == 0) {
            return special[i].rule;
        }
    }
    return first->rule;
}

START_TEST(earlier_rule_wins)
{
    const struct row *first = &rows[_i];
    struct wn_policy policy = policy_of("balanced");
    for (size_t i = (size_t)_i + 1; i < ROWS; i++) {
        struct facts both;
        struct wn_verdict v;
        if (!overlay(&first->facts, &rows[i].facts, &both)) {
            continue;
        }
        decide(&both, &policy, &v);
        ck_assert_msg(strcmp(wn_rule_word(v.rule), expected_rule(first, &rows[i])) == 0,
                      "%s and %s: %s", first->rule, rows[i].rule, wn_rule_word(v.rule));
    }
}
END_TEST

/* The edges of each predicate: at which second, or at which equality, it stops to hold. */
static const struct edge {
    const char *name, *rule;
    struct facts facts;
} edges[] = {
    {"the soft threshold holds to its last second",
     "history_often",
     {.history = {.soft_since = AGO(9), .soft_until = NOW + 1}}},
    {"the soft threshold is over",
     "nothing_against",
     {.history = {.soft_since = AGO(9), .soft_until = NOW}}},
    {"over for a full mailbox, too",
     "nothing_against",
     {.history = {.soft_since = AGO(9), .soft_until = NOW, .full = true}}},
    {"lately to its last second",
     "history_soft",
     {.history = {.soft_at = AGO(90), .soft_lately_until = NOW}}},
    {"a second more is not",
     "nothing_against",
     {.history = {.soft_at = AGO(90), .soft_lately_until = NOW - 1}}},
    {"a bounce in the future is lately",
     "history_soft",
     {.history = {.soft_at = NOW + 5, .soft_lately_until = NOW + 9}}},
    {"full without a time says nothing", "nothing_against", {.history.full = true}},
    {"delivered at the second of a bounce is not later",
     "nothing_against",
     {.history = {.delivered_at = AGO(7), .bounced_at = AGO(7)}}},
    {"delivered before a bounce",
     "history_soft",
     {.history = {.delivered_at = AGO(10),
                  .bounced_at = AGO(9),
                  .soft_at = AGO(9),
                  .soft_lately_until = NOW}}},
    {"delivered after a soft bounce",
     "history_delivered",
     {.history = {.delivered_at = AGO(8),
                  .bounced_at = AGO(9),
                  .soft_at = AGO(9),
                  .soft_lately_until = NOW}}},
    {"not found, but delivered since",
     "history_delivered",
     {.probe = {.outcome = WN_PROBE_not_found, .at = AGO(8)}, .history.delivered_at = AGO(7)}},
    {"not found at the second of a delivery",
     "history_delivered",
     {.probe = {.outcome = WN_PROBE_not_found, .at = AGO(7)}, .history.delivered_at = AGO(7)}},
    {"not found, later than a delivery",
     "probe_not_found",
     {.probe = {.outcome = WN_PROBE_not_found, .at = AGO(6)}, .history.delivered_at = AGO(7)}},
    {"disabled, but delivered since",
     "history_delivered",
     {.probe = {.outcome = WN_PROBE_disabled, .at = AGO(8)}, .history.delivered_at = AGO(7)}},
    {"full, but delivered since",
     "history_delivered",
     {.probe = {.outcome = WN_PROBE_full, .at = AGO(8)}, .history.delivered_at = AGO(7)}},
    {"restricted, but delivered since",
     "history_delivered",
     {.probe = {.outcome = WN_PROBE_restricted, .at = AGO(8)}, .history.delivered_at = AGO(7)}},
    {"accepted a day after a hard bounce",
     "probe_accepted",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(2)},
      .history = {.hard_since = AGO(9), .bounced_at = AGO(3)}}},
    {"accepted less than a day after it",
     "history_hard",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(2) - 1},
      .history = {.hard_since = AGO(9), .bounced_at = AGO(3)}}},
    {"a catch-all's yes revives nobody",
     "history_hard",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(2)},
      .history = {.hard_since = AGO(9), .bounced_at = AGO(3)},
      .flags = WN_FLAG_catch_all}},
    {"accepted after soft bounces",
     "probe_accepted",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(2)},
      .history = {.soft_since = AGO(9), .soft_until = AHEAD(9), .bounced_at = AGO(3)}}},
    {"accepted before a bounce",
     "nothing_against",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(8)}, .history.bounced_at = AGO(7)}},
    {"accepted on a catch-all",
     "domain_catch_all",
     {.probe = {.outcome = WN_PROBE_accepted, .at = AGO(1)}, .flags = WN_FLAG_catch_all}},
    {"refused on a catch-all",
     "probe_unclear",
     {.probe = {.outcome = WN_PROBE_unclear, .at = AGO(1)}, .flags = WN_FLAG_catch_all}},
    {"put off on a catch-all",
     "domain_catch_all",
     {.probe = {.outcome = WN_PROBE_greylisted, .at = AGO(1)}, .flags = WN_FLAG_catch_all}},
    {"refused on a catch-all, and delivered",
     "history_delivered",
     {.probe = {.outcome = WN_PROBE_unclear, .at = AGO(1)},
      .history.delivered_at = AGO(7),
      .flags = WN_FLAG_catch_all}},
    {"delivered on a catch-all",
     "history_delivered",
     {.history.delivered_at = AGO(7), .flags = WN_FLAG_catch_all}},
    {"delivered to a placeholder",
     "history_delivered",
     {.history.delivered_at = AGO(7), .flags = WN_FLAG_placeholder}},
    {"delivered, and DNS fails now",
     "history_delivered",
     {.history.delivered_at = AGO(7), .route = WN_ROUTE_DNS_FAILURE}},
    {"delivered to a role account",
     "list_role",
     {.history.delivered_at = AGO(7), .flags = WN_FLAG_role}},
    {"delivered, and the domain is gone",
     "route_negative",
     {.history.delivered_at = AGO(7), .route = WN_ROUTE_NO_DOMAIN}},
    {"an unreachable domain to its last second",
     "domain_expiring",
     {.domain = {.unreachable_since = AGO(9), .unreachable_until = NOW + 1}}},
    {"an unreachable domain whose time is over",
     "nothing_against",
     {.domain = {.unreachable_since = AGO(9), .unreachable_until = NOW}}},
    {"flags that say nothing against it",
     "nothing_against",
     {.flags = WN_FLAG_free | WN_FLAG_tagged | WN_FLAG_idn | WN_FLAG_relay | WN_FLAG_trimmed}},
    {"offline and disposable", "list_disposable", {.no_route = true, .flags = WN_FLAG_disposable}},
};

START_TEST(edge)
{
    struct wn_policy policy = policy_of("balanced");
    struct wn_verdict v;
    decide(&edges[_i].facts, &policy, &v);
    ck_assert_msg(strcmp(wn_rule_word(v.rule), edges[_i].rule) == 0, "%s: %s", edges[_i].name,
                  wn_rule_word(v.rule));
}
END_TEST

/* A duplicate has the result of the row it repeats, and the action of a duplicate. */
START_TEST(duplicate_has_the_result_of_the_first)
{
    struct wn_policy policy = policy_of("balanced");
    for (size_t i = 0; i < ROWS; i++) {
        struct facts f = rows[i].facts;
        struct wn_verdict first, again;
        f.duplicate = false;
        decide(&f, &policy, &first);
        f.duplicate = true;
        decide(&f, &policy, &again);
        ck_assert_int_eq(again.result, first.result);
        ck_assert(again.reason != WN_REASON_duplicate || again.action == WN_ACTION_drop);
    }
}
END_TEST

START_TEST(nothing_known_is_no_crash)
{
    struct wn_policy policy = policy_of("strict");
    struct wn_case c = {.now = NOW};
    struct wn_verdict v;
    wn_decide(&c, &policy, &v);
    ck_assert_int_eq(v.reason, WN_REASON_not_checked);
    ck_assert_int_eq(v.action, WN_ACTION_keep);
    c.route = WN_ROUTE_OK;
    wn_decide(&c, &policy, &v);
    ck_assert_int_eq(v.reason, WN_REASON_not_probed);
}
END_TEST

static int64_t draw_time(void)
{
    return draw(3) == 0 ? NOW + (int64_t)draw(800) * WN_DAY - 400 * WN_DAY : 0;
}

static struct facts draw_facts(void)
{
    return (struct facts){
        .fault = draw(3) == 0 ? (enum wn_fault)draw(WN_FAULT_COUNT) : WN_FAULT_none,
        .flags = draw(4) == 0 ? draw(1u << WN_FLAG_COUNT) : 1u << draw(WN_FLAG_COUNT),
        .duplicate = draw(8) == 0,
        .suggestion = draw(4) == 0,
        .no_route = draw(8) == 0,
        .route = (enum wn_route_kind)draw(WN_ROUTE_COUNT),
        .history = {.complained_at = draw(4) == 0 ? draw_time() : 0,
                    .hard_since = draw(4) == 0 ? draw_time() : 0,
                    .soft_since = draw_time(),
                    .soft_until = draw_time(),
                    .soft_at = draw_time(),
                    .soft_lately_until = draw_time(),
                    .full = draw(2) == 0,
                    .bounced_at = draw_time(),
                    .delivered_at = draw_time()},
        .domain = {.unreachable_since = draw_time(), .unreachable_until = draw_time()},
        .probe = {.outcome = (enum wn_probe_outcome)draw(WN_PROBE_left_out + 1), .at = draw_time()},
    };
}

/* Law 1, over random facts: whatever drops, drops for the recipient's or the domain's sake. */
START_TEST(our_own_trouble_never_drops)
{
    static const char *const names[] = {"lenient", "balanced", "strict"};
    bool seen[WN_REASON_COUNT] = {false};
    size_t reached = 0;
    for (unsigned i = 0; i < 300000; i++) {
        static struct wn_policy policy;
        struct facts f = draw_facts();
        struct wn_verdict v;
        if (i % 100000 == 0) {
            policy = policy_of(names[i / 100000]);
        }
        decide(&f, &policy, &v);
        if (v.action == WN_ACTION_drop && v.blame != WN_BLAME_recipient &&
            v.blame != WN_BLAME_domain) {
            ck_abort_msg("%s drops by %s", wn_reason_word(v.reason), wn_rule_word(v.rule));
        }
        reached += !seen[v.reason];
        seen[v.reason] = true;
    }
    ck_assert_uint_gt(reached, WN_REASON_COUNT - 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide");
    TCase *cases = tcase_create("decide");
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, rule_is_reached, 0, ROWS);
    tcase_add_loop_test(cases, every_reason_is_reached, 0, WN_REASON_COUNT);
    tcase_add_test(cases, every_rule_has_a_row_in_order);
    tcase_add_loop_test(cases, earlier_rule_wins, 0, ROWS);
    tcase_add_loop_test(cases, edge, 0, sizeof edges / sizeof *edges);
    tcase_add_test(cases, duplicate_has_the_result_of_the_first);
    tcase_add_test(cases, nothing_known_is_no_crash);
    tcase_add_test(cases, our_own_trouble_never_drops);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
