/* SPDX-License-Identifier: MIT */
/* Whom to blame where DNS fails: the servers that were asked, or the domains. */
#include <check.h>
#include <stdio.h>

#include "dns/resolver.h"
#include "support/dns_server.h"
#include "support/resolving.h"
#include "support/suite.h"

static const struct dns_rule mute[] = {{.name = "*", .action = DNS_SILENT}, {.name = NULL}};
static const struct dns_rule broken[] = {{.name = "*", .rcode = 2}, {.name = NULL}};

/* Whether the servers are in order though all that was asked of them failed. */
static const struct {
    const char *name;
    struct dns_rule rules[4]; /* of the first server */
    bool alone;               /* else there is a second, which answers SERVFAIL to everything */
    bool dead;                /* the first is a port on which nothing listens */
    const char *known;        /* a name of the list */
    int timeout_ms;           /* 0: there is no time-out */
    bool answered;
} controls[] = {
    {.name = "made-up names are denied",
     .rules = {{.name = "*.com", .rcode = 3}, {.name = "*.net", .rcode = 3}},
     .answered = true},
    {.name = "one TLD of two",
     .rules = {{.name = "*.net", .rcode = 3}, {.name = "*", .rcode = 2}},
     .answered = true},
    {.name = "made-up names are said to be there",
     .rules = {{.name = "*.com", .records = "60 A 8.8.8.8"}, {.name = "*", .rcode = 2}},
     .answered = true},
    {.name = "the only server",
     .rules = {{.name = "*.com", .rcode = 3}, {.name = "*", .rcode = 2}},
     .alone = true,
     .answered = true},
    {.name = "SERVFAIL to everything", .rules = {{.name = "*", .rcode = 2}}, .known = "lan.test"},
    {.name = "REFUSED to everything", .alone = true, .known = "lan.test"},
    {.name = "silence",
     .rules = {{.name = "*", .action = DNS_SILENT}},
     .alone = true,
     .timeout_ms = RESOLVING_SHORT_MS},
    {.name = "garbage",
     .rules = {{.name = "*", .action = DNS_GARBAGE}},
     .alone = true,
     .timeout_ms = RESOLVING_SHORT_MS},
    {.name = "no server", .alone = true, .dead = true, .known = "lan.test"},
    {.name = "a world of its own: a name of the list",
     .rules = {{.name = "lan.test", .type = "MX", .records = "60 MX 10 mx.lan.test"},
               {.name = "*", .rcode = 2}},
     .known = "lan.test",
     .answered = true},
    {.name = "a world of its own: a name that has gone",
     .rules = {{.name = "lan.test", .rcode = 3}},
     .known = "lan.test",
     .answered = true},
    {.name = "a world of its own, and nothing known of it",
     .rules = {{.name = "lan.test", .type = "MX", .records = "60 MX 10 mx.lan.test"},
               {.name = "*", .rcode = 2}}},
};

START_TEST(test_control)
{
    struct dns_server *first = dns_server_start(controls[_i].rules);
    struct dns_server *second = dns_server_start(broken);
    const char *address = controls[_i].dead ? dns_dead_address() : dns_server_address(first);
    char servers[128];
    (void)snprintf(servers, sizeof servers, "%s%s%s",
                   controls[_i].alone ? "" : dns_server_address(second),
                   controls[_i].alone ? "" : ",", address);
    struct wn_resolver *resolver = open_resolver(
        &(struct wn_resolver_config){.servers = servers, .timeout_ms = controls[_i].timeout_ms});
    bool done;
    const _Atomic int stop = 0;
    struct wn_span known = wn_span_of(controls[_i].known);
    wn_resolver_submit(resolver, WN_SPAN("lame.test"), 0);
    struct wn_resolved *lame = wn_resolver_next(resolver, 20000, &done);
    ck_assert_msg(lame != NULL && lame->route.kind == WN_ROUTE_DNS_FAILURE, "%s",
                  controls[_i].name);
    wn_resolved_free(lame);
    ck_assert_msg(wn_resolver_control(resolver, &known, known.n > 0, &stop) ==
                      controls[_i].answered,
                  "%s", controls[_i].name);
    /* Nothing of it is left for whoever comes next. */
    ck_assert_ptr_null(wn_resolver_next(resolver, 0, &done));
    wn_resolver_free(resolver);
    dns_server_stop(first);
    dns_server_stop(second);
}
END_TEST

/* Ctrl-C is heeded however long the servers keep silent. */
START_TEST(test_control_is_stopped)
{
    struct dns_server *server = dns_server_start(mute);
    struct wn_resolver *resolver = open_resolver(&(struct wn_resolver_config){
        .servers = dns_server_address(server), .timeout_ms = 3600 * 1000});
    const _Atomic int stop = 2;
    ck_assert(!wn_resolver_control(resolver, NULL, 0, &stop));
    wn_resolver_free(resolver);
    dns_server_stop(server);
}
END_TEST

static const struct {
    const char *name;
    struct wn_resolver_stats stats;
    int status;
} judgements[] = {
    {"nothing to do", {0}, WN_OK},
    {"all answered", {.submitted = 10, .done = 10, .queries = 12, .answered = 12}, WN_OK},
    {"no answer at all", {.done = 1, .queries = 1, .failed = 1}, WN_E_TEMPFAIL},
    {"no answer but to the control",
     {.done = 1, .queries = 1, .failed = 1, .control = true},
     WN_OK},
    {"no answer but to the control, and many failed",
     {.done = 50, .queries = 50, .failed = 50, .control = true},
     WN_E_TEMPFAIL},
    {"60 of a list of which all others are known",
     {.known = 940, .done = 60, .queries = 60, .failed = 60, .control = true},
     WN_OK},
    {"a name that could not be asked", {.done = 1, .failed = 1}, WN_OK},
    {"few, most failed", {.done = 49, .queries = 49, .answered = 1, .failed = 48}, WN_OK},
    {"20 %", {.done = 50, .queries = 50, .answered = 40, .failed = 10}, WN_OK},
    {"22 %", {.done = 50, .queries = 50, .answered = 39, .failed = 11}, WN_E_TEMPFAIL},
};

START_TEST(test_judge)
{
    struct wn_error err = {0};
    ck_assert_msg(wn_resolver_judge(&judgements[_i].stats, &err) == judgements[_i].status, "%s",
                  judgements[_i].name);
    ck_assert_msg((err.text[0] != '\0') == (judgements[_i].status != WN_OK), "%s",
                  judgements[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("control");
    TCase *tcase = tcase_create("control");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, test_control, 0, (int)(sizeof controls / sizeof controls[0]));
    tcase_add_test(tcase, test_control_is_stopped);
    tcase_add_loop_test(tcase, test_judge, 0, (int)(sizeof judgements / sizeof judgements[0]));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
