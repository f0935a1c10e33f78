/* SPDX-License-Identifier: MIT */
/* The route table row by row, without a network. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "dns/route_decide.h"
#include "support/suite.h"

enum {
    HOSTS = 4,
    ADDRESSES = 3,
    DAY = 86400
};

#define FOUND    WN_OUTCOME_FOUND
#define NO_DATA  WN_OUTCOME_NO_DATA
#define NXDOMAIN WN_OUTCOME_NXDOMAIN
#define FAILED   WN_OUTCOME_FAILED

struct family_row {
    enum wn_outcome outcome;
    const char *ip[ADDRESSES];
    const char *why;
    uint32_t ttl;
    bool alias, more;
    uint8_t server;
};

struct host_row {
    const char *name;
    uint16_t preference;
    bool odd;
    struct family_row a, aaaa;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
struct row {
    const char *name;
    enum wn_outcome mx;
    const char *mx_why;
    uint32_t mx_ttl;
    bool null_mx, more_mx, allow_private;
    struct host_row hosts[HOSTS]; /* the first is the domain itself when mx is NO_DATA */
    const char *rewritten;        /* what server 1 makes of names that do not exist */
    bool canary_open;             /* nothing is known of server 1 */

    enum wn_step step;
    const char *ask_host; /* ASK */
    enum wn_family ask_family;
    enum wn_route_kind kind; /* DONE */
    uint32_t flags, ttl;     /* 0: the least */
    const char *host, *detail;
};

static const struct row rows[] = {
    {.name = "a public address is ok, and AAAA is not asked for",
     .mx = FOUND,
     .mx_ttl = 2 * DAY,
     .hosts = {{.name = "mx.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .ttl = DAY}}},
     .kind = WN_ROUTE_OK,
     .ttl = DAY,
     .host = "mx.test",
     .detail = "MX 10 mx.test"},
    {.name = "a v6-only MX host is ok",
     .mx = FOUND,
     .hosts = {{.name = "mx.test",
                .preference = 10,
                .a = {.outcome = NO_DATA},
                .aaaa = {.outcome = FOUND, .ip = {"2a00::1"}}}},
     .kind = WN_ROUTE_OK,
     .host = "mx.test",
     .detail = "MX 10 mx.test"},
    {.name = "A fails, AAAA is public: ok",
     .mx = FOUND,
     .hosts = {{.name = "mx.test",
                .preference = 10,
                .a = {.outcome = FAILED, .why = "timeout"},
                .aaaa = {.outcome = FOUND, .ip = {"2a00::1"}}}},
     .kind = WN_ROUTE_OK,
     .host = "mx.test",
     .detail = "MX 10 mx.test"},
    {.name = "the best preference is asked first",
     .mx = FOUND,
     .hosts = {{.name = "b.test", .preference = 20},
               {.name = "c.test", .preference = 10},
               {.name = "a.test", .preference = 20}},
     .step = WN_STEP_ASK,
     .ask_host = "c.test",
     .ask_family = WN_FAMILY_A},
    {.name = "of equal preferences the first name",
     .mx = FOUND,
     .hosts = {{.name = "b.test", .preference = 10}, {.name = "a.test", .preference = 10}},
     .step = WN_STEP_ASK,
     .ask_host = "a.test",
     .ask_family = WN_FAMILY_A},
    {.name = "a private A leaves AAAA to be asked",
     .mx = FOUND,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = FOUND, .ip = {"10.0.0.1"}}}},
     .step = WN_STEP_ASK,
     .ask_host = "a.test",
     .ask_family = WN_FAMILY_AAAA},
    {.name = "NXDOMAIN for A settles AAAA: the next host is asked",
     .mx = FOUND,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = NXDOMAIN}},
               {.name = "b.test", .preference = 20}},
     .step = WN_STEP_ASK,
     .ask_host = "b.test",
     .ask_family = WN_FAMILY_A},
    {.name = "a failing host does not matter when a later one is public",
     .mx = FOUND,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FAILED, .why = "SERVFAIL"},
                .aaaa = {.outcome = FAILED, .why = "timeout"}},
               {.name = "b.test", .preference = 20, .a = {.outcome = FOUND, .ip = {"8.8.8.8"}}}},
     .kind = WN_ROUTE_OK,
     .host = "b.test",
     .detail = "MX 20 b.test"},
    {.name = "nor a later host's failure",
     .mx = FOUND,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = FOUND, .ip = {"8.8.8.8"}}},
               {.name = "b.test", .preference = 20, .a = {.outcome = FAILED, .why = "SERVFAIL"}}},
     .kind = WN_ROUTE_OK,
     .host = "a.test",
     .detail = "MX 10 a.test"},
    {.name = "null MX",
     .mx = FOUND,
     .mx_ttl = 10 * DAY,
     .null_mx = true,
     .kind = WN_ROUTE_NULL_MX,
     .ttl = 7 * DAY,
     .host = "",
     .detail = "MX 0 . (RFC 7505)"},
    {.name = "nothing but \".\" without being a null MX",
     .mx = FOUND,
     .kind = WN_ROUTE_MX_UNRESOLVABLE,
     .host = "",
     .detail = "no MX host but \".\""},
    {.name = "NXDOMAIN",
     .mx = NXDOMAIN,
     .mx_ttl = 7200,
     .kind = WN_ROUTE_NO_DOMAIN,
     .ttl = 7200,
     .host = "",
     .detail = "NXDOMAIN"},
    {.name = "the domain's own address is asked for when there is no MX",
     .mx = NO_DATA,
     .hosts = {{.name = "own.test"}},
     .step = WN_STEP_ASK,
     .ask_host = "own.test",
     .ask_family = WN_FAMILY_A},
    {.name = "implicit MX",
     .mx = NO_DATA,
     .mx_ttl = DAY,
     .hosts = {{.name = "own.test", .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .ttl = 2 * DAY}}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .ttl = DAY,
     .host = "own.test",
     .detail = "no MX, an address of its own"},
    {.name = "implicit MX behind an alias is not an aliased MX host",
     .mx = NO_DATA,
     .hosts = {{.name = "own.test", .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .alias = true}}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .host = "own.test",
     .detail = "no MX, an address of its own"},
    {.name = "no MX and no address",
     .mx = NO_DATA,
     .mx_ttl = DAY,
     .hosts = {{.name = "own.test",
                .a = {.outcome = NO_DATA, .ttl = DAY},
                .aaaa = {.outcome = NO_DATA, .ttl = 2 * DAY}}},
     .kind = WN_ROUTE_NO_MAIL_HOST,
     .ttl = DAY,
     .host = "",
     .detail = "no MX and no address"},
    {.name = "no MX, and A without an answer",
     .mx = NO_DATA,
     .hosts = {{.name = "own.test",
                .a = {.outcome = FAILED, .why = "SERVFAIL"},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .host = "",
     .detail = "SERVFAIL for A"},
    {.name = "no MX and a private address",
     .mx = NO_DATA,
     .hosts = {{.name = "own.test",
                .a = {.outcome = FOUND, .ip = {"10.0.0.1"}},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_MX_UNROUTABLE,
     .flags = WN_ROUTE_IMPLICIT_MX | WN_ROUTE_PRIVATE,
     .host = "own.test",
     .detail = "no MX, and not a public address: 10.0.0.1"},
    {.name = "every MX host answered with no",
     .mx = FOUND,
     .mx_ttl = 3 * DAY,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = NXDOMAIN, .ttl = 2 * DAY}},
               {.name = "b.test",
                .preference = 20,
                .a = {.outcome = NO_DATA, .ttl = 4 * DAY},
                .aaaa = {.outcome = NO_DATA, .ttl = DAY}}},
     .kind = WN_ROUTE_MX_UNRESOLVABLE,
     .ttl = DAY,
     .host = "a.test",
     .detail = "MX 10 a.test: NXDOMAIN"},
    {.name = "an MX host without any address",
     .mx = FOUND,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = NO_DATA},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_MX_UNRESOLVABLE,
     .host = "a.test",
     .detail = "MX 10 a.test: no address"},
    {.name = "one host's failure keeps the others' no from counting",
     .mx = FOUND,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = NXDOMAIN}},
               {.name = "b.test",
                .preference = 20,
                .a = {.outcome = NO_DATA},
                .aaaa = {.outcome = FAILED, .why = "REFUSED"}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .host = "",
     .detail = "MX 20 b.test: REFUSED for AAAA"},
    {.name = "hosts beyond those that are kept could have been public",
     .mx = FOUND,
     .more_mx = true,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = NXDOMAIN}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .host = "",
     .detail = "too many MX hosts"},
    {.name = "an MX host that is no host name is never asked for",
     .mx = FOUND,
     .hosts = {{.name = "mail host.test", .preference = 10, .odd = true}},
     .kind = WN_ROUTE_MX_UNRESOLVABLE,
     .host = "mail host.test",
     .detail = "MX 10 mail host.test: not a host name"},
    {.name = "the MX question failed",
     .mx = FAILED,
     .mx_why = "SERVFAIL",
     .kind = WN_ROUTE_DNS_FAILURE,
     .host = "",
     .detail = "SERVFAIL for MX"},
    {.name = "an aliased MX host is noted",
     .mx = FOUND,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .alias = true}}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_MX_CNAME,
     .host = "a.test",
     .detail = "MX 10 a.test"},
    {.name = "what others asked of hosts behind the deciding one does not show",
     .mx = FOUND,
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = FOUND, .ip = {"8.8.8.8"}}},
               {.name = "b.test",
                .preference = 20,
                .a = {.outcome = FOUND, .ip = {"8.8.4.4"}, .alias = true}},
               {.name = "9.9.9.9", .preference = 30}},
     .kind = WN_ROUTE_OK,
     .host = "a.test",
     .detail = "MX 10 a.test"},
    {.name = "an MX host written as an address is that address",
     .mx = FOUND,
     .mx_ttl = 2 * DAY,
     .hosts = {{.name = "9.9.9.9", .preference = 10}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_MX_LITERAL,
     .ttl = 2 * DAY,
     .host = "9.9.9.9",
     .detail = "MX 10 9.9.9.9"},
    {.name = "also in IPv6, though colons are odd in a name",
     .mx = FOUND,
     .hosts = {{.name = "2a00::1", .preference = 10, .odd = true}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_MX_LITERAL,
     .host = "2a00::1",
     .detail = "MX 10 2a00::1"},
    {.name = "also a private one",
     .mx = FOUND,
     .hosts = {{.name = "127.0.0.1", .preference = 10}},
     .kind = WN_ROUTE_MX_UNROUTABLE,
     .flags = WN_ROUTE_MX_LITERAL | WN_ROUTE_PRIVATE,
     .host = "127.0.0.1",
     .detail = "MX 10 127.0.0.1: not a public address: 127.0.0.1"},
    {.name = "all addresses private: the least is named",
     .mx = FOUND,
     .mx_ttl = DAY,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"192.168.1.9", "10.0.0.7"}, .ttl = DAY},
                .aaaa = {.outcome = FOUND, .ip = {"fe80::1"}, .ttl = 7200}}},
     .kind = WN_ROUTE_MX_UNROUTABLE,
     .flags = WN_ROUTE_PRIVATE,
     .ttl = 7200,
     .host = "a.test",
     .detail = "MX 10 a.test: not a public address: 10.0.0.7"},
    {.name = "a public address beside a private one decides",
     .mx = FOUND,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"10.0.0.7", "8.8.8.8"}}}},
     .kind = WN_ROUTE_OK,
     .host = "a.test",
     .detail = "MX 10 a.test"},
    {.name = "private where that is allowed: ok, and flagged",
     .mx = FOUND,
     .allow_private = true,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"10.0.0.7"}},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_PRIVATE,
     .host = "a.test",
     .detail = "MX 10 a.test: not a public address: 10.0.0.7"},
    {.name = "allowed, but a public host is preferred: no flag, so no fact is made of it",
     .mx = FOUND,
     .allow_private = true,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"10.0.0.7"}},
                .aaaa = {.outcome = NO_DATA}},
               {.name = "b.test", .preference = 20, .a = {.outcome = FOUND, .ip = {"8.8.8.8"}}}},
     .kind = WN_ROUTE_OK,
     .host = "b.test",
     .detail = "MX 20 b.test"},
    {.name = "a failure beats private addresses, allowed or not",
     .mx = FOUND,
     .allow_private = true,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"10.0.0.7"}},
                .aaaa = {.outcome = FAILED, .why = "timeout"}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .host = "",
     .detail = "MX 10 a.test: timeout for AAAA"},
    {.name = "addresses that were not kept could have been public",
     .mx = FOUND,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"10.0.0.7"}, .more = true},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .host = "",
     .detail = "MX 10 a.test: too many addresses for A"},
    {.name = "nothing rests on addresses of a server whose honesty is unknown",
     .mx = FOUND,
     .canary_open = true,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .server = 1}}},
     .step = WN_STEP_CANARY},
    {.name = "not even a private one",
     .mx = FOUND,
     .canary_open = true,
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"10.0.0.1"}, .server = 1}}},
     .step = WN_STEP_CANARY},
    {.name = "an address in the name needs no server's honesty",
     .mx = FOUND,
     .canary_open = true,
     .hosts = {{.name = "9.9.9.9", .preference = 10}},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_MX_LITERAL,
     .host = "9.9.9.9",
     .detail = "MX 10 9.9.9.9"},
    {.name = "a rewriter's address is no answer",
     .mx = NO_DATA,
     .rewritten = "8.8.8.8",
     .hosts = {{.name = "own.test",
                .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .server = 1},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .host = "",
     .detail = "a rewritten answer for A"},
    {.name = "nor a private one",
     .mx = NO_DATA,
     .rewritten = "10.0.0.1",
     .hosts = {{.name = "own.test",
                .a = {.outcome = FOUND, .ip = {"10.0.0.1"}, .server = 1},
                .aaaa = {.outcome = NO_DATA}}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .host = "",
     .detail = "a rewritten answer for A"},
    {.name = "another address beside it is",
     .mx = FOUND,
     .rewritten = "8.8.8.8",
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"8.8.8.8", "8.8.4.4"}, .server = 1}}},
     .kind = WN_ROUTE_OK,
     .host = "a.test",
     .detail = "MX 10 a.test"},
    {.name = "the same address from a server that tells the truth is",
     .mx = FOUND,
     .rewritten = "8.8.8.8",
     .hosts = {{.name = "a.test", .preference = 10, .a = {.outcome = FOUND, .ip = {"8.8.8.8"}}}},
     .kind = WN_ROUTE_OK,
     .host = "a.test",
     .detail = "MX 10 a.test"},
    {.name = "behind a rewritten host the next is asked",
     .mx = FOUND,
     .rewritten = "8.8.8.8",
     .hosts = {{.name = "a.test",
                .preference = 10,
                .a = {.outcome = FOUND, .ip = {"8.8.8.8"}, .server = 1},
                .aaaa = {.outcome = NO_DATA}},
               {.name = "b.test", .preference = 20}},
     .step = WN_STEP_ASK,
     .ask_host = "b.test",
     .ask_family = WN_FAMILY_A},
};

/* The facts of a row, with the storage they point into. */
struct built {
    struct wn_route_facts facts;
    struct wn_mx_host hosts[HOSTS];
    struct wn_ip literal[HOSTS];
    struct wn_ip ip[HOSTS][WN_FAMILY_COUNT][ADDRESSES];
    struct wn_mx mx[HOSTS];
    struct wn_rewriter rewriters[2];
};

static void build_answer(struct wn_host_answer *answer, const struct family_row *row,
                         struct wn_ip *ip)
{
    *answer = (struct wn_host_answer){.outcome = row->outcome,
                                      .alias = row->alias,
                                      .more = row->more,
                                      .server = row->server,
                                      .ttl = row->ttl,
                                      .ip = ip,
                                      .why = row->why};
    for (int i = 0; i < ADDRESSES && row->ip[i] != NULL; i++) {
        ck_assert(wn_ip_parse(row->ip[i], &ip[answer->count++]));
    }
}

static void build(const struct row *row, struct built *b)
{
    *b = (struct built){0};
    size_t count = 0;
    for (; count < HOSTS && row->hosts[count].name != NULL; count++) {
        const struct host_row *host = &row->hosts[count];
        wn_mx_host_name(&b->hosts[count], host->name, host->odd, &b->literal[count]);
        if (!b->hosts[count].literal) {
            build_answer(&b->hosts[count].answer[WN_FAMILY_A], &host->a, b->ip[count][0]);
            build_answer(&b->hosts[count].answer[WN_FAMILY_AAAA], &host->aaaa, b->ip[count][1]);
        }
        b->mx[count] = (struct wn_mx){.preference = host->preference, .host = &b->hosts[count]};
    }
    b->rewriters[0].known = true;
    b->rewriters[1].known = !row->canary_open;
    if (row->rewritten != NULL) {
        ck_assert(wn_ip_parse(row->rewritten, &b->rewriters[1].ip[b->rewriters[1].count++]));
    }
    b->facts = (struct wn_route_facts){.mx_outcome = row->mx,
                                       .mx_why = row->mx_why,
                                       .mx_ttl = row->mx_ttl,
                                       .null_mx = row->null_mx,
                                       .more_mx = row->more_mx,
                                       .allow_private = row->allow_private,
                                       .rewriters = b->rewriters};
    if (row->mx == NO_DATA) {
        b->facts.own = &b->hosts[0];
    } else {
        b->facts.mx = b->mx;
        b->facts.mx_count = wn_mx_sort(b->mx, count);
    }
}

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    static struct built b;
    struct wn_route route = {.kind = WN_ROUTE_NONE};
    build(row, &b);
    struct wn_next next = wn_route_decide(&b.facts, &route);
    ck_assert_msg(next.step == row->step, "%s: step %d", row->name, (int)next.step);
    if (row->step == WN_STEP_ASK) {
        ck_assert_msg(strcmp(next.host->name, row->ask_host) == 0, "%s: asks %s", row->name,
                      next.host->name);
        ck_assert_msg(next.family == row->ask_family, "%s", row->name);
    }
    if (row->step == WN_STEP_CANARY) {
        ck_assert_msg(next.server == 1, "%s", row->name);
    }
    if (row->step != WN_STEP_DONE) {
        ck_assert_int_eq(route.kind, WN_ROUTE_NONE);
        return;
    }
    ck_assert_msg(route.kind == row->kind, "%s: %s (%s)", row->name, wn_route_word(route.kind),
                  route.detail);
    ck_assert_msg(route.flags == row->flags, "%s: flags %u", row->name, route.flags);
    ck_assert_msg(route.ttl == (row->ttl > 0 ? row->ttl : 3600), "%s: ttl %u", row->name,
                  route.ttl);
    ck_assert_msg(strcmp(route.mx, row->host) == 0, "%s: mx %s", row->name, route.mx);
    ck_assert_msg(strcmp(route.detail, row->detail) == 0, "%s: %s", row->name, route.detail);
}
END_TEST

START_TEST(test_every_kind_has_a_row)
{
    bool seen[WN_ROUTE_COUNT] = {[WN_ROUTE_NONE] = true};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        seen[rows[i].kind] = true;
    }
    for (int k = 0; k < WN_ROUTE_COUNT; k++) {
        ck_assert_msg(seen[k], "%s", wn_route_word((enum wn_route_kind)k));
    }
}
END_TEST

/* Names and addresses of full length are cut, and what follows them in the detail stays. */
START_TEST(test_long_names)
{
    char name[WN_HOST_TEXT];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct wn_ip ip;
    ck_assert(wn_ip_parse("fe80:1111:2222:3333:4444:5555:6666:7777", &ip));
    struct wn_mx_host host = {
        .name = name, .answer = {{.outcome = NO_DATA}, {.outcome = FOUND, .count = 1, .ip = &ip}}};
    struct wn_rewriter rewriter = {.known = true};
    struct wn_mx mx = {.preference = 65535, .host = &host};
    struct wn_route_facts facts = {
        .mx_outcome = FOUND, .mx_count = 1, .mx = &mx, .rewriters = &rewriter};
    struct wn_route route;
    ck_assert_int_eq(wn_route_decide(&facts, &route).step, WN_STEP_DONE);
    ck_assert_str_eq(route.mx, name);
    ck_assert_ptr_nonnull(strstr(route.detail, ": fe80:1111:2222:3333:4444:5555:6666:7777"));
}
END_TEST

START_TEST(test_sort)
{
    struct wn_mx_host a = {.name = "a"}, b = {.name = "b"};
    struct wn_mx mx[] = {{30, &a}, {20, &b}, {10, &a}, {20, &b}};
    ck_assert_uint_eq(wn_mx_sort(mx, 4), 2);
    ck_assert_ptr_eq(mx[0].host, &a);
    ck_assert_uint_eq(mx[0].preference, 10);
    ck_assert_ptr_eq(mx[1].host, &b);
    ck_assert_uint_eq(wn_mx_sort(NULL, 0), 0);
}
END_TEST

START_TEST(test_words)
{
    enum wn_route_kind kind;
    for (int k = WN_ROUTE_NONE + 1; k < WN_ROUTE_COUNT; k++) {
        ck_assert(wn_route_read(wn_span_of(wn_route_word((enum wn_route_kind)k)), &kind));
        ck_assert_int_eq(kind, k);
    }
    ck_assert_str_eq(wn_route_word(WN_ROUTE_NONE), "");
    ck_assert_str_eq(wn_route_word(WN_ROUTE_COUNT), "");
    ck_assert(!wn_route_read(WN_SPAN(""), &kind));
    ck_assert(!wn_route_read(WN_SPAN("okay"), &kind));
}
END_TEST

/* Both edges of each block, as far as they lie in the address space of others. */
static const struct {
    const char *ip;
    bool global;
} addresses[] = {
    {"0.255.255.255", false},
    {"1.0.0.0", true},
    {"9.255.255.255", true},
    {"10.0.0.0", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"127.0.0.1", false},
    {"128.0.0.0", true},
    {"169.253.255.255", true},
    {"169.254.0.0", false},
    {"169.255.0.0", true},
    {"172.15.255.255", true},
    {"172.16.0.0", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"192.0.0.255", false},
    {"192.0.1.0", true},
    {"192.0.2.1", false},
    {"192.0.3.0", true},
    {"192.88.99.1", false},
    {"192.167.255.255", true},
    {"192.168.0.0", false},
    {"192.169.0.0", true},
    {"198.17.255.255", true},
    {"198.18.0.0", false},
    {"198.19.255.255", false},
    {"198.20.0.0", true},
    {"198.51.100.1", false},
    {"203.0.113.1", false},
    {"223.255.255.255", true},
    {"224.0.0.0", false},
    {"239.255.255.255", false},
    {"240.0.0.0", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::8.8.8.8", false},
    {"::ffff:10.0.0.1", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b::8.8.8.8", true},
    {"64:ff9b:1::1", false},
    {"100::1", false},
    {"2001:2::1", false},
    {"2001:10::1", false},
    {"2001:1f:ffff::1", false},
    {"2001:20::1", true},
    {"2001:db8::1", false},
    {"2001:db9::1", true},
    {"2002:a00:1::", false},
    {"2002:808:808::", true},
    {"2a00:1450::1", true},
    {"3fff:fff::1", false},
    {"3fff:1000::1", true},
    {"5f00::1", false},
    {"fbff::1", true},
    {"fc00::1", false},
    {"fdff::1", false},
    {"fe80::1", false},
    {"febf::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

START_TEST(test_global)
{
    struct wn_ip ip;
    ck_assert(wn_ip_parse(addresses[_i].ip, &ip));
    ck_assert_msg(wn_ip_global(&ip) == addresses[_i].global, "%s", addresses[_i].ip);
}
END_TEST

START_TEST(test_ip_text)
{
    static const char *const bad[] = {"",      "1.2.3",        "1.2.3.4.5", "256.1.1.1", " 1.2.3.4",
                                      "[::1]", "fe80::1%eth0", "1.2.3.4 ",  "mx.test"};
    struct wn_ip ip, other;
    char text[WN_IP_TEXT];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!wn_ip_parse(bad[i], &ip), "%s", bad[i]);
    }
    ck_assert(wn_ip_parse("2001:DB8:0::1", &ip));
    wn_ip_format(&ip, text);
    ck_assert_str_eq(text, "2001:db8::1");
    ck_assert(wn_ip_parse("1.2.3.4", &other));
    wn_ip_format(&other, text);
    ck_assert_str_eq(text, "1.2.3.4");
    ck_assert_int_gt(wn_ip_compare(&ip, &other), 0);
    ck_assert_int_lt(wn_ip_compare(&other, &ip), 0);
    ck_assert_int_eq(wn_ip_compare(&ip, &ip), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("route");
    TCase *tcase = tcase_create("route");
    tcase_add_loop_test(tcase, test_row, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tcase, test_every_kind_has_a_row);
    tcase_add_test(tcase, test_long_names);
    tcase_add_test(tcase, test_sort);
    tcase_add_test(tcase, test_words);
    tcase_add_loop_test(tcase, test_global, 0, (int)(sizeof addresses / sizeof addresses[0]));
    tcase_add_test(tcase, test_ip_text);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
