/* SPDX-License-Identifier: MIT */
/* The resolver as a whole: many domains, several servers, its beginning and end. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "dns/lookup.h"
#include "dns/resolver.h"
#include "dns/servers.h"
#include "dns/upstream.h"
#include "support/dns_server.h"
#include "support/resolving.h"
#include "support/suite.h"

static const struct dns_rule gone[] = {{.name = "*", .rcode = 3}, {.name = NULL}};
static const struct dns_rule silent[] = {{.name = "*", .action = DNS_SILENT}, {.name = NULL}};
static const struct dns_rule servfail[] = {{.name = "*", .rcode = 2}, {.name = NULL}};
static const struct dns_rule refused[] = {{.name = NULL}};

/* What one bad server of two does: nothing, whichever is named first. */
static const struct {
    const char *name;
    const struct dns_rule *rules; /* NULL: a port on which nothing listens */
    int timeout_ms;               /* 0: every question is answered; a dead port says so of some */
} bad_servers[] = {{"dead port", NULL, RESOLVING_MIXED_MS},
                   {"silent", silent, RESOLVING_MIXED_MS},
                   {"SERVFAIL", servfail, 0},
                   {"REFUSED", refused, 0}};

enum {
    MANY = 300
};

static void make_names(char names[][32], const char **domains, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], 32, "d%zu.test", i);
        domains[i] = names[i];
    }
}

START_TEST(test_one_bad_server_of_two)
{
    static char names[MANY][32];
    static const char *domains[MANY];
    make_names(names, domains, MANY);
    bool bad_first = _i % 2 == 0;
    const struct dns_rule *rules = bad_servers[_i / 2].rules;
    struct dns_server *good = dns_server_start(gone);
    struct dns_server *bad = rules != NULL ? dns_server_start(rules) : NULL;
    const char *bad_address = bad != NULL ? dns_server_address(bad) : dns_dead_address();
    char servers[128];
    (void)snprintf(servers, sizeof servers, "%s,%s",
                   bad_first ? bad_address : dns_server_address(good),
                   bad_first ? dns_server_address(good) : bad_address);
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = servers,
                                             .window = 20,
                                             .timeout_ms = bad_servers[_i / 2].timeout_ms},
                domains, MANY, &outcome);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_msg(outcome.routes[i].kind == WN_ROUTE_NO_DOMAIN, "%s: %s",
                      bad_servers[_i / 2].name, outcome.routes[i].detail);
    }
    ck_assert_uint_eq(outcome.stats.queries, MANY);
    ck_assert_uint_eq(outcome.stats.answered, MANY);
    if (bad != NULL && bad_first) {
        /* It was learnt: a window or two went there first, not every question. */
        ck_assert_uint_le(dns_server_count(bad, "*", NULL), 60);
    }
    free(outcome.routes);
    dns_server_stop(bad);
    dns_server_stop(good);
}
END_TEST

START_TEST(test_all_servers_bad)
{
    static const char *const domains[] = {"a.test", "b.test", "c.test"};
    struct dns_server *bad = dns_server_start(servfail);
    struct dns_server *dumb = dns_server_start(silent);
    char servers[128];
    (void)snprintf(servers, sizeof servers, "%s,%s,%s", dns_dead_address(), dns_server_address(bad),
                   dns_server_address(dumb));
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = servers, .timeout_ms = RESOLVING_SHORT_MS},
                domains, 3, &outcome);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(outcome.routes[i].kind, WN_ROUTE_DNS_FAILURE);
    }
    ck_assert_uint_eq(outcome.stats.failed, 3);
    ck_assert_uint_eq(outcome.stats.queries, 3);
    ck_assert_uint_eq(outcome.stats.answered, 0);
    ck_assert_uint_eq(dns_server_count(bad, "*", "MX"), (size_t)3 * RESOLVING_TRIES);
    ck_assert_uint_eq(dns_server_count(dumb, "*", "MX"), (size_t)3 * RESOLVING_TRIES);
    struct wn_error err = {0};
    ck_assert_int_eq(wn_resolver_judge(&outcome.stats, &err), WN_E_TEMPFAIL);
    free(outcome.routes);
    dns_server_stop(bad);
    dns_server_stop(dumb);
}
END_TEST

START_TEST(test_dead_server)
{
    struct wn_resolver_config config = {.servers = dns_dead_address()};
    struct wn_route route = resolve_one(&config, "d.test", NULL);
    ck_assert_int_eq(route.kind, WN_ROUTE_DNS_FAILURE);
    char detail[80];
    (void)snprintf(detail, sizeof detail, "%s for MX", wn_reply_fault(WN_REPLY_BROKEN));
    ck_assert_str_eq(route.detail, detail);
}
END_TEST

/* One host for all, asked once though all want it at the same time; A holds, so no AAAA. */
START_TEST(test_shared_host)
{
    static const struct dns_rule rules[] = {
        {.name = "mx.test", .type = "A", .records = "300 A 8.8.8.8", .delay_ms = 20},
        {.name = "*.com", .rcode = 3},
        {.name = "*.net", .rcode = 3},
        {.name = "*", .type = "MX", .records = "300 MX 10 MX.test"},
        {.name = NULL}};
    static char names[MANY][32];
    static const char *domains[MANY];
    make_names(names, domains, MANY);
    struct dns_server *server = dns_server_start(rules);
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = dns_server_address(server)}, domains, MANY,
                &outcome);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(outcome.routes[i].kind, WN_ROUTE_OK);
        ck_assert_str_eq(outcome.routes[i].mx, "mx.test");
    }
    ck_assert_uint_eq(dns_server_count(server, "mx.test", NULL), 1);
    ck_assert_uint_eq(dns_server_count(server, "*", "MX"), MANY);
    ck_assert_uint_eq(outcome.stats.queries, MANY + 1);
    ck_assert_uint_eq(dns_server_count(server, "*", NULL), MANY + 1 + 4);
    free(outcome.routes);
    dns_server_stop(server);
}
END_TEST

START_TEST(test_window)
{
    static const struct dns_rule rules[] = {{.name = "*", .rcode = 3, .delay_ms = 5},
                                            {.name = NULL}};
    static char names[MANY][32];
    static const char *domains[MANY];
    make_names(names, domains, MANY);
    struct dns_server *server = dns_server_start(rules);
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = dns_server_address(server),
                                             .window = 7,
                                             .timeout_ms = 5000},
                domains, MANY, &outcome);
    ck_assert_uint_le(dns_server_peak(server), 7);
    ck_assert_uint_ge(dns_server_peak(server), 2);
    ck_assert_uint_eq(dns_server_count(server, "*", NULL), MANY);
    free(outcome.routes);
    dns_server_stop(server);
}
END_TEST

/* Fifty thousand submitted before the first is read, names that cannot be asked among them. */
START_TEST(test_long_queue)
{
    enum {
        COUNT = 50000
    };
    struct dns_server *server = dns_server_start(gone);
    struct wn_resolver *resolver = open_resolver(
        &(struct wn_resolver_config){.servers = dns_server_address(server), .timeout_ms = 5000});
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, i % 2 ? "d%u.test" : "d%u..test", i);
        wn_resolver_submit(resolver, (struct wn_span){name, (size_t)n}, i);
    }
    wn_resolver_finish(resolver);
    struct outcome outcome;
    drain(resolver, &outcome, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(outcome.routes[i].kind, i % 2 ? WN_ROUTE_NO_DOMAIN : WN_ROUTE_DNS_FAILURE);
    }
    ck_assert_uint_eq(dns_server_count(server, "*", NULL), COUNT / 2);
    free(outcome.routes);
    wn_resolver_free(resolver);
    dns_server_stop(server);
}
END_TEST

/* Whatever it waits for: an answer, a host, the canary, a pause, nothing. */
static const struct {
    const char *name;
    struct dns_rule rules[5];
    bool dead, finish;
} in_flight[] = {
    {.name = "MX", .rules = {{.name = "*", .action = DNS_SILENT}}},
    {.name = "MX, finished", .rules = {{.name = "*", .action = DNS_SILENT}}, .finish = true},
    {.name = "a shared host",
     .rules = {{.name = "mx.test", .action = DNS_SILENT},
               {.name = "*", .records = "300 MX 10 mx.test"}}},
    {.name = "the canary",
     .rules = {{.name = "mx.test", .type = "A", .records = "300 A 8.8.8.8"},
               {.name = "*.com", .action = DNS_SILENT},
               {.name = "*.net", .action = DNS_SILENT},
               {.name = "*", .records = "300 MX 10 mx.test"}}},
    {.name = "TCP", .rules = {{.name = "*", .action = DNS_HANG_UP}}},
    {.name = "a pause", .rules = {{.name = "*"}}, .dead = true},
    {.name = "routes that nobody took", .rules = {{.name = "*", .rcode = 3}}, .finish = true},
};

START_TEST(test_free_in_flight)
{
    enum {
        COUNT = 2000
    };
    struct dns_server *server = dns_server_start(in_flight[_i].rules);
    struct wn_resolver *resolver = open_resolver(&(struct wn_resolver_config){
        .servers = in_flight[_i].dead ? dns_dead_address() : dns_server_address(server),
        .timeout_ms = 5000,
        .window = 100});
    for (uint32_t i = 0; i < COUNT; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "d%u.test", i);
        wn_resolver_submit(resolver, (struct wn_span){name, (size_t)n}, i);
    }
    if (in_flight[_i].finish) {
        wn_resolver_finish(resolver);
    }
    bool done;
    wn_resolved_free(wn_resolver_next(resolver, 30, &done));
    wn_resolver_free(resolver);
    dns_server_stop(server);
}
END_TEST

START_TEST(test_nothing_submitted)
{
    struct dns_server *server = dns_server_start(gone);
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = dns_server_address(server)}, NULL, 0,
                &outcome);
    struct wn_error err = {0};
    ck_assert_int_eq(wn_resolver_judge(&outcome.stats, &err), WN_OK);
    ck_assert_uint_eq(dns_server_count(server, "*", NULL), 0);
    free(outcome.routes);
    dns_server_stop(server);
    wn_resolver_free(NULL);
}
END_TEST

/* Routes come while more domains go in, and an idle resolver waits. */
START_TEST(test_one_after_the_other)
{
    struct dns_server *server = dns_server_start(gone);
    struct wn_resolver *resolver =
        open_resolver(&(struct wn_resolver_config){.servers = dns_server_address(server)});
    bool done = true;
    ck_assert_ptr_null(wn_resolver_next(resolver, 0, &done));
    ck_assert(!done);
    ck_assert_ptr_null(wn_resolver_next(resolver, 5, &done));
    ck_assert(!done);
    for (uint32_t i = 0; i < 20; i++) {
        wn_resolver_submit(resolver, WN_SPAN("d.test"), i);
        struct wn_resolved *resolved = wn_resolver_next(resolver, 5000, &done);
        ck_assert_ptr_nonnull(resolved);
        ck_assert_uint_eq(resolved->id, i);
        wn_resolved_free(resolved);
    }
    wn_resolver_finish(resolver);
    ck_assert_ptr_null(wn_resolver_next(resolver, 5000, &done));
    ck_assert(done);
    wn_resolver_free(resolver);
    dns_server_stop(server);
}
END_TEST

/* A second server that rewrites is found out as soon as something rests on its word. */
START_TEST(test_canary_of_each_server)
{
    static const struct dns_rule first[] = {
        {.name = "a.test", .type = "MX"},
        {.name = "a.test", .type = "A", .records = "60 A 8.8.8.8"},
        {.name = "*.com", .rcode = 3},
        {.name = "*.net", .rcode = 3},
        {.name = NULL}};
    static const struct dns_rule second[] = {
        {.name = "*", .type = "A", .records = "60 A 8.8.8.8"}, {.name = "*"}, {.name = NULL}};
    static const char *const domains[] = {"a.test", "b.test"};
    struct dns_server *honest = dns_server_start(first);
    struct dns_server *liar = dns_server_start(second);
    char servers[128];
    (void)snprintf(servers, sizeof servers, "%s,%s", dns_server_address(honest),
                   dns_server_address(liar));
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = servers}, domains, 2, &outcome);
    ck_assert_int_eq(outcome.routes[0].kind, WN_ROUTE_OK);
    ck_assert_int_eq(outcome.routes[1].kind, WN_ROUTE_DNS_FAILURE);
    ck_assert_str_eq(outcome.routes[1].detail, "a rewritten answer for A");
    ck_assert(outcome.stats.rewriting);
    free(outcome.routes);
    dns_server_stop(honest);
    dns_server_stop(liar);
}
END_TEST

/* Exchangers of domains whose routes are in, of others, and of many at once: MX is asked for anew,
 * a host never. */
START_TEST(test_exchangers_after_routes)
{
    static const struct dns_rule rules[] = {
        {.name = "a.mx", .type = "A", .records = "60 A 8.8.8.8", .delay_ms = 20},
        {.name = "b.mx", .type = "A", .records = "60 A 8.8.4.4"},
        {.name = "b.mx", .type = "AAAA", .records = "60 AAAA 2a00::1"},
        {.name = "*.mx"},
        {.name = "*.com", .rcode = 3},
        {.name = "*.net", .rcode = 3},
        {.name = "*", .type = "MX", .records = "300 MX 10 a.mx; 300 MX 20 b.mx"},
        {.name = NULL}};
    static char names[MANY][32];
    static const char *domains[MANY];
    make_names(names, domains, MANY);
    struct dns_server *server = dns_server_start(rules);
    struct wn_resolver *resolver = open_resolver(&(struct wn_resolver_config){
        .servers = dns_server_address(server), .window = 50, .timeout_ms = 5000});
    struct wn_resolved *resolved;
    struct wn_buf text = {0};
    size_t routes = 0, exchangers = 0;
    bool done = false;
    for (size_t i = 0; i < MANY / 2; i++) {
        wn_resolver_submit(resolver, wn_span_of(domains[i]), (uint32_t)i);
    }
    while (routes < MANY / 2) {
        resolved = wn_resolver_next(resolver, 100, &done);
        if (resolved != NULL) {
            ck_assert_ptr_null(resolved->exchangers);
            routes++;
        }
        wn_resolved_free(resolved);
    }
    ck_assert_uint_eq(dns_server_count(server, "*.mx", NULL), 1);
    for (size_t i = 0; i < MANY; i++) {
        wn_resolver_submit_exchangers(resolver, wn_span_of(domains[i]), (uint32_t)i);
    }
    wn_resolver_finish(resolver);
    while (!done) {
        resolved = wn_resolver_next(resolver, 100, &done);
        if (resolved != NULL) {
            wn_buf_clear(&text);
            write_exchangers(resolved->exchangers, &text);
            ck_assert_str_eq(wn_buf_text(&text), "10 a.mx 8.8.8.8; 20 b.mx 8.8.4.4 2a00::1");
            ck_assert_str_eq(resolved->route.mx, "a.mx");
            exchangers++;
        }
        wn_resolved_free(resolved);
    }
    ck_assert_uint_eq(exchangers, MANY);
    ck_assert_uint_eq(dns_server_count(server, "*.mx", NULL), 4);
    ck_assert_uint_eq(dns_server_count(server, "*", "MX"), MANY / 2 + MANY);
    wn_buf_release(&text);
    wn_resolver_free(resolver);
    dns_server_stop(server);
}
END_TEST

/* Who takes the list over frees it; what nobody takes is freed with the rest. */
START_TEST(test_exchangers_are_taken_over)
{
    static const struct dns_rule rules[] = {
        {.name = "*", .type = "MX", .records = "60 MX 10 8.8.8.8"}, {.name = NULL}};
    struct dns_server *server = dns_server_start(rules);
    struct wn_resolver *resolver =
        open_resolver(&(struct wn_resolver_config){.servers = dns_server_address(server)});
    bool done;
    wn_resolver_submit_exchangers(resolver, WN_SPAN("a.test"), 1);
    struct wn_resolved *resolved = wn_resolver_next(resolver, 5000, &done);
    ck_assert_ptr_nonnull(resolved);
    struct wn_exchangers *mine = resolved->exchangers;
    resolved->exchangers = NULL;
    wn_resolved_free(resolved);
    ck_assert_uint_eq(mine->count, 1);
    ck_assert_str_eq(mine->v[0].name, "8.8.8.8");
    wn_exchangers_free(mine);
    wn_resolver_submit_exchangers(resolver, WN_SPAN("b.test"), 2);
    wn_resolver_submit_exchangers(resolver, WN_SPAN("a..test"), 3);
    wn_resolver_finish(resolver);
    wn_resolved_free(wn_resolver_next(resolver, 5000, &done));
    wn_resolver_free(resolver);
    wn_exchangers_free(NULL);
    dns_server_stop(server);
}
END_TEST

/* ---- below the resolver ---- */

struct seen {
    struct wn_ask ask; /* first */
    int replies;
    enum wn_reply reply;
};

static void see(struct wn_ask *ask, enum wn_reply reply, const uint8_t *message, size_t length)
{
    struct seen *seen = (struct seen *)ask;
    ck_assert_int_eq(message != NULL, length > 0);
    seen->replies++;
    seen->reply = reply;
}

/* What c-ares will not ask for comes back at once, and so does what is open at the end. */
START_TEST(test_upstream_replies)
{
    struct dns_server *server = dns_server_start(silent);
    struct wn_servers servers;
    struct wn_upstream *upstream;
    struct seen bad = {.ask = {.reply = see}}, open = {.ask = {.reply = see}};
    ck_assert_int_eq(wn_servers_read(dns_server_address(server), &servers, NULL), WN_OK);
    ck_assert_int_eq(wn_upstream_new(&servers, 5000, &upstream, NULL), WN_OK);
    wn_upstream_ask(upstream, 0, "a..b", WN_DNS_MX, &bad.ask);
    ck_assert_int_eq(bad.replies, 1);
    ck_assert_int_eq(bad.reply, WN_REPLY_REFUSED);
    wn_upstream_ask(upstream, 0, "a.test", WN_DNS_MX, &open.ask);
    wn_upstream_run(upstream, 0);
    ck_assert_int_eq(open.replies, 0);
    wn_upstream_free(upstream);
    ck_assert_int_eq(open.replies, 1);
    ck_assert_int_eq(open.reply, WN_REPLY_CLOSED);
    wn_upstream_free(NULL);
    dns_server_stop(server);
}
END_TEST

static void keep_route(void *context, uint32_t id, const struct wn_route *route,
                       struct wn_exchangers *exchangers)
{
    (void)id;
    ck_assert_ptr_null(exchangers);
    *(struct wn_route *)context = *route;
}

/* A c-ares that loses patience before its time (as current versions do when a server used to be
 * quick) is made to ask again, and that spends no try. */
START_TEST(test_early_timeouts)
{
    static const struct dns_rule rules[] = {
        {.name = "*", .action = DNS_SILENT, .times = 3}, {.name = "*", .rcode = 3}, {.name = NULL}};
    struct dns_server *server = dns_server_start(rules);
    struct wn_servers servers;
    struct wn_lookup_stats stats = {0};
    struct wn_route route = {.kind = WN_ROUTE_NONE};
    struct wn_lookup_config config = {.timeout_ms = 20000,
                                      .tries = 1,
                                      .window = 10,
                                      .stats = &stats,
                                      .found = keep_route,
                                      .context = &route};
    ck_assert_int_eq(wn_servers_read(dns_server_address(server), &servers, NULL), WN_OK);
    ck_assert_int_eq(wn_upstream_new(&servers, 20, &config.upstream, NULL), WN_OK);
    struct wn_lookup *lookup = wn_lookup_new(&config);
    wn_lookup_start(lookup, WN_SPAN("d.test"), 1, false);
    while (!wn_lookup_idle(lookup)) {
        (void)wn_lookup_send(lookup);
        wn_upstream_run(config.upstream, wn_lookup_pause(lookup));
    }
    ck_assert_int_eq(route.kind, WN_ROUTE_NO_DOMAIN);
    ck_assert_uint_eq(stats.queries, 1);
    ck_assert_uint_ge(dns_server_count(server, "d.test", NULL), 4);
    wn_upstream_free(config.upstream);
    wn_lookup_free(lookup);
    wn_lookup_free(NULL);
    dns_server_stop(server);
}
END_TEST

START_TEST(test_no_descriptors)
{
    struct rlimit before, none;
    struct wn_resolver *resolver = NULL;
    struct wn_error err = {0};
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int status =
        wn_resolver_new(&(struct wn_resolver_config){.servers = "127.0.0.1"}, &resolver, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(status, WN_E_INTERNAL);
    ck_assert_str_ne(err.text, "");
    ck_assert_ptr_null(resolver);
}
END_TEST

/* ---- settings ---- */

static const struct {
    const char *list;
    const char *read; /* joined by blanks; NULL: refused */
} lists[] = {
    {"192.0.2.1", "192.0.2.1:53"},
    {"192.0.2.1:5353", "192.0.2.1:5353"},
    {" 192.0.2.1 , 192.0.2.2:54 ", "192.0.2.1:53 192.0.2.2:54"},
    {"2001:DB8::1", "[2001:db8::1]:53"},
    {"[2001:db8::1]", "[2001:db8::1]:53"},
    {"[2001:db8::1]:5353,192.0.2.1,", "[2001:db8::1]:5353 192.0.2.1:53"},
    {"192.0.2.1,192.0.2.1:53", "192.0.2.1:53"},
    {"", NULL},
    {" , ", NULL},
    {"dns.test", NULL},
    {"192.0.2", NULL},
    {"192.0.2.1:", NULL},
    {"192.0.2.1:0", NULL},
    {"192.0.2.1:65536", NULL},
    {"192.0.2.1:53x", NULL},
    {"192.0.2.1,bad", NULL},
    {"[2001:db8::1", NULL},
    {"[2001:db8::1]53", NULL},
    {"[2001:db8::1]:", NULL},
    {"[192.0.2.1]:53", NULL},
    {"[]:53", NULL},
    {":53", NULL},
    {"2001:db8::1:99999", NULL},
    {"0123456789012345678901234567890123456789012345678901234567890123456789", NULL},
    {"1.0.0.1,1.0.0.2,1.0.0.3,1.0.0.4,1.0.0.5,1.0.0.6,1.0.0.7,1.0.0.8,1.0.0.9,1.0.0.10,1.0.0.11,"
     "1.0.0.12,1.0.0.13,1.0.0.14,1.0.0.15,1.0.0.16,1.0.0.17",
     NULL},
};

START_TEST(test_server_list)
{
    struct wn_servers servers;
    struct wn_error err = {0};
    int status = wn_servers_read(lists[_i].list, &servers, &err);
    if (lists[_i].read == NULL) {
        ck_assert_msg(status == WN_E_USAGE, "%s", lists[_i].list);
        ck_assert_str_ne(err.text, "");
        struct wn_resolver *resolver = NULL;
        struct wn_resolver_config config = {.servers = lists[_i].list};
        ck_assert_int_eq(wn_resolver_new(&config, &resolver, NULL), WN_E_USAGE);
        ck_assert_ptr_null(resolver);
        return;
    }
    ck_assert_msg(status == WN_OK, "%s", err.text);
    char joined[256] = "";
    for (size_t i = 0; i < servers.count; i++) {
        size_t n = strlen(joined);
        (void)snprintf(joined + n, sizeof joined - n, "%s%s", i > 0 ? " " : "", servers.text[i]);
    }
    ck_assert_str_eq(joined, lists[_i].read);
}
END_TEST

START_TEST(test_system_servers)
{
    struct wn_servers servers;
    struct wn_error err = {0};
    ck_assert_msg(wn_servers_system(&servers, &err) == WN_OK, "%s", err.text);
    ck_assert_uint_ge(servers.count, 1);
    struct wn_resolver *resolver = NULL;
    ck_assert_int_eq(wn_resolver_new(&(struct wn_resolver_config){0}, &resolver, &err), WN_OK);
    wn_resolver_free(resolver);
}
END_TEST

START_TEST(test_ipv6_server)
{
    /* Nothing listens there; what matters is that such an address is taken and survived. */
    struct wn_route route =
        resolve_one(&(struct wn_resolver_config){.servers = "[::1]:9"}, "d.test", NULL);
    ck_assert_int_eq(route.kind, WN_ROUTE_DNS_FAILURE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resolver");
    TCase *tcase = tcase_create("resolver");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, test_one_bad_server_of_two, 0,
                        2 * (int)(sizeof bad_servers / sizeof bad_servers[0]));
    tcase_add_test(tcase, test_all_servers_bad);
    tcase_add_test(tcase, test_dead_server);
    tcase_add_test(tcase, test_shared_host);
    tcase_add_test(tcase, test_window);
    tcase_add_test(tcase, test_long_queue);
    tcase_add_loop_test(tcase, test_free_in_flight, 0,
                        (int)(sizeof in_flight / sizeof in_flight[0]));
    tcase_add_test(tcase, test_nothing_submitted);
    tcase_add_test(tcase, test_one_after_the_other);
    tcase_add_test(tcase, test_canary_of_each_server);
    tcase_add_test(tcase, test_exchangers_after_routes);
    tcase_add_test(tcase, test_exchangers_are_taken_over);
    tcase_add_loop_test(tcase, test_server_list, 0, (int)(sizeof lists / sizeof lists[0]));
    tcase_add_test(tcase, test_system_servers);
    tcase_add_test(tcase, test_ipv6_server);
    tcase_add_test(tcase, test_upstream_replies);
    tcase_add_test(tcase, test_early_timeouts);
    tcase_add_test(tcase, test_no_descriptors);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
