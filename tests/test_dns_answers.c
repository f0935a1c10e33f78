/* SPDX-License-Identifier: MIT */
/* One domain after the other: every kind of answer, from a scripted server, and every route, from
 * NSD. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/upstream.h"
#include "support/dns_server.h"
#include "support/nsd.h"
#include "support/resolving.h"
#include "support/suite.h"

enum {
    RULES = 8,
    COUNTS = 3
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
struct row {
    const char *name;
    const char *domain; /* "d.test" where none is given */
    struct dns_rule rules[RULES];
    bool allow_private;
    int timeout_ms; /* 0: there is no time-out */
    enum wn_route_kind kind;
    uint32_t flags, ttl; /* ttl 0: not looked at */
    const char *mx, *detail;
    struct {
        const char *name, *type;
        size_t count;
    } asked[COUNTS];
    bool canary, rewriting;
    bool broken;    /* `detail` is the words for a connection that broke */
    bool malformed; /* the same where c-ares drops a socket over a malformed answer */
    size_t tcp;
};

#define CANARIES                                                                                   \
    {.name = "*.com", .rcode = 3},                                                                 \
    {                                                                                              \
        .name = "*.net", .rcode = 3                                                                \
    }
#define MX_10(host)                                                                                \
    {                                                                                              \
        .name = "d.test", .type = "MX", .records = "86400 MX 10 " host                             \
    }
#define PUBLIC(host)                                                                               \
    {                                                                                              \
        .name = (host), .type = "A", .records = "86400 A 8.8.8.8"                                  \
    }

static const struct row rows[] = {
    {.name = "ok",
     .rules = {MX_10("mx.test"), PUBLIC("mx.test"), CANARIES},
     .kind = WN_ROUTE_OK,
     .ttl = 86400,
     .mx = "mx.test",
     .detail = "MX 10 mx.test",
     .asked = {{"d.test", NULL, 1}, {"mx.test", "A", 1}, {"mx.test", "AAAA", 0}},
     .canary = true},
    {.name = "null MX: nothing rests on an address, so no canary",
     .rules = {{.name = "d.test", .type = "MX", .records = "60 MX 0 ."}},
     .kind = WN_ROUTE_NULL_MX,
     .ttl = 3600,
     .mx = "",
     .detail = "MX 0 . (RFC 7505)"},
    {.name = "\".\" beside a host is passed over",
     .rules = {{.name = "d.test", .type = "MX", .records = "60 MX 0 .; 60 MX 5 mx.test"},
               PUBLIC("mx.test"),
               CANARIES},
     .kind = WN_ROUTE_OK,
     .mx = "mx.test",
     .detail = "MX 5 mx.test",
     .canary = true},
    {.name = "NXDOMAIN with a SOA",
     .rules = {{.name = "d.test", .rcode = 3, .records = "test. 90000 SOA 100000"}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .ttl = 90000,
     .mx = "",
     .detail = "NXDOMAIN"},
    {.name = "NXDOMAIN without a SOA",
     .rules = {{.name = "d.test", .rcode = 3}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .ttl = 3600,
     .mx = "",
     .detail = "NXDOMAIN",
     .asked = {{"d.test", NULL, 1}}},
    {.name = "a TTL of a year is cut to a week",
     .rules = {{.name = "d.test", .type = "MX", .records = "31536000 MX 0 ."}},
     .kind = WN_ROUTE_NULL_MX,
     .ttl = 604800,
     .mx = "",
     .detail = "MX 0 . (RFC 7505)"},
    {.name = "NOERROR and nothing, for everything",
     .rules = {{.name = "d.test"}},
     .kind = WN_ROUTE_NO_MAIL_HOST,
     .ttl = 3600,
     .mx = "",
     .detail = "no MX and no address",
     .asked = {{"d.test", "MX", 1}, {"d.test", "A", 1}, {"d.test", "AAAA", 1}}},
    {.name = "implicit MX by AAAA",
     .rules = {{.name = "d.test", .type = "AAAA", .records = "300 AAAA 2a00::1"},
               {.name = "d.test"},
               CANARIES},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .mx = "d.test",
     .detail = "no MX, an address of its own",
     .canary = true},
    {.name = "the MX hosts do not exist",
     .rules = {{.name = "d.test", .type = "MX", .records = "300 MX 20 b.test; 300 MX 10 a.test"},
               {.name = "a.test", .rcode = 3},
               {.name = "b.test", .rcode = 3}},
     .kind = WN_ROUTE_MX_UNRESOLVABLE,
     .mx = "a.test",
     .detail = "MX 10 a.test: NXDOMAIN",
     .asked = {{"a.test", NULL, 1}, {"b.test", NULL, 1}}},
    {.name = "private addresses",
     .rules = {MX_10("mx.test"),
               {.name = "mx.test", .type = "A", .records = "300 A 192.168.7.7"},
               {.name = "mx.test"},
               CANARIES},
     .kind = WN_ROUTE_MX_UNROUTABLE,
     .flags = WN_ROUTE_PRIVATE,
     .mx = "mx.test",
     .detail = "MX 10 mx.test: not a public address: 192.168.7.7",
     .canary = true},
    {.name = "private addresses, allowed",
     .rules = {MX_10("mx.test"),
               {.name = "mx.test", .type = "A", .records = "300 A 192.168.7.7"},
               {.name = "mx.test"},
               CANARIES},
     .allow_private = true,
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_PRIVATE,
     .mx = "mx.test",
     .detail = "MX 10 mx.test: not a public address: 192.168.7.7",
     .canary = true},
    {.name = "an MX host that is an address, and another that is an alias",
     .rules = {{.name = "d.test", .type = "MX", .records = "300 MX 5 10.1.2.3; 300 MX 10 a.test"},
               {.name = "a.test",
                .type = "A",
                .records = "300 CNAME b.test; b.test. 300 A 8.8.4.4"},
               CANARIES},
     .kind = WN_ROUTE_OK,
     .flags = WN_ROUTE_MX_LITERAL | WN_ROUTE_MX_CNAME,
     .mx = "a.test",
     .detail = "MX 10 a.test",
     .asked = {{"10.1.2.3", NULL, 0}},
     .canary = true},
    {.name = "the domain is an alias with MX records at its end",
     .rules = {{.name = "d.test",
                .type = "MX",
                .records = "300 CNAME e.test; e.test. 300 MX 10 mx.test"},
               PUBLIC("mx.test"),
               CANARIES},
     .kind = WN_ROUTE_OK,
     .mx = "mx.test",
     .detail = "MX 10 mx.test",
     .canary = true},
    {.name = "an alias of itself",
     .rules = {{.name = "d.test", .records = "300 CNAME d.test"}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "alias loop for MX"},
    {.name = "an MX host that is no host name is not asked for",
     .rules = {MX_10("a\\032b.test")},
     .kind = WN_ROUTE_MX_UNRESOLVABLE,
     .mx = "a?b.test",
     .detail = "MX 10 a?b.test: not a host name",
     .asked = {{"*", NULL, 1}}},
    {.name = "SERVFAIL, also the second time",
     .rules = {{.name = "d.test", .rcode = 2}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .ttl = 3600,
     .mx = "",
     .detail = "SERVFAIL for MX",
     .asked = {{"d.test", "MX", RESOLVING_TRIES}}},
    {.name = "SERVFAIL once",
     .rules = {{.name = "d.test", .rcode = 2, .times = 1}, {.name = "d.test", .rcode = 3}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .mx = "",
     .detail = "NXDOMAIN",
     .asked = {{"d.test", "MX", 2}}},
    {.name = "REFUSED",
     .rules = {{.name = "d.test", .rcode = 5}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "REFUSED for MX",
     .asked = {{"d.test", "MX", RESOLVING_TRIES}}},
    {.name = "NOTIMP",
     .rules = {{.name = "d.test", .rcode = 4}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "NOTIMP for MX",
     .asked = {{"d.test", "MX", RESOLVING_TRIES}}},
    {.name = "FORMERR with and without EDNS",
     .rules = {{.name = "d.test", .rcode = 1}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "FORMERR for MX"},
    {.name = "a server that cannot do EDNS is asked without",
     .rules = {{.name = "d.test", .rcode = 3, .plain = true}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .mx = "",
     .detail = "NXDOMAIN",
     .asked = {{"d.test", "MX", 2}}},
    {.name = "silence",
     .timeout_ms = RESOLVING_SHORT_MS,
     .rules = {{.name = "d.test", .action = DNS_SILENT}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "timeout for MX",
     .asked = {{"d.test", "MX", RESOLVING_TRIES}}},
    {.name = "silence once",
     .timeout_ms = RESOLVING_MIXED_MS,
     .rules = {{.name = "d.test", .action = DNS_SILENT, .times = 1},
               {.name = "d.test", .rcode = 3}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .mx = "",
     .detail = "NXDOMAIN",
     .asked = {{"d.test", "MX", 2}}},
    {.name = "an answer after the time-out, beside the answer to the second try",
     .timeout_ms = RESOLVING_MIXED_MS,
     .rules = {{.name = "d.test", .rcode = 3, .delay_ms = RESOLVING_MIXED_MS * 5 / 4, .times = 1},
               {.name = "d.test",
                .type = "MX",
                .records = "60 MX 0 .",
                .delay_ms = RESOLVING_MIXED_MS / 2}},
     .kind = WN_ROUTE_NULL_MX,
     .mx = "",
     .detail = "MX 0 . (RFC 7505)",
     .asked = {{"d.test", "MX", 2}}},
    {.name = "bytes that are no message",
     .timeout_ms = RESOLVING_SHORT_MS,
     .rules = {{.name = "d.test", .action = DNS_GARBAGE}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .malformed = true,
     .detail = "timeout for MX"},
    {.name = "a message that ends too early",
     .rules = {{.name = "d.test",
                .type = "MX",
                .action = DNS_BROKEN_RECORDS,
                .records = "60 MX 10 mx.test"}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .malformed = true,
     .detail = "malformed answer for MX"},
    {.name = "another id",
     .timeout_ms = RESOLVING_SHORT_MS,
     .rules = {{.name = "d.test", .action = DNS_WRONG_ID, .rcode = 3}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "timeout for MX"},
    {.name = "another question",
     .timeout_ms = RESOLVING_SHORT_MS,
     .rules = {{.name = "d.test", .action = DNS_WRONG_QUESTION, .rcode = 3}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "timeout for MX"},
    {.name = "a referral is no answer",
     .rules = {{.name = "d.test", .action = DNS_REFERRAL}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "referral instead of an answer for MX"},
    {.name = "truncated, then TCP",
     .rules = {{.name = "d.test", .type = "MX", .action = DNS_TRUNCATE, .records = "60 MX 0 ."}},
     .kind = WN_ROUTE_NULL_MX,
     .mx = "",
     .detail = "MX 0 . (RFC 7505)",
     .asked = {{"d.test", "MX", 2}},
     .tcp = 1},
    {.name = "truncated over TCP too",
     .rules = {{.name = "d.test", .type = "MX", .action = DNS_TRUNCATE_ALL}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "truncated answer for MX",
     .tcp = RESOLVING_TRIES},
    {.name = "truncated, and TCP is hung up",
     .rules = {{.name = "d.test", .type = "MX", .action = DNS_HANG_UP}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .broken = true},
    {.name = "an MX host fails: no verdict on the domain",
     .rules = {{.name = "d.test", .type = "MX", .records = "300 MX 10 a.test; 300 MX 20 b.test"},
               {.name = "a.test", .rcode = 3},
               {.name = "b.test", .rcode = 2}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "MX 20 b.test: SERVFAIL for A"},
    {.name = "a rewriting resolver's implicit MX",
     .rules = {{.name = "*", .type = "A", .records = "300 A 8.7.6.5"}, {.name = "*"}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .flags = WN_ROUTE_IMPLICIT_MX,
     .mx = "",
     .detail = "a rewritten answer for A",
     .canary = true,
     .rewriting = true},
    {.name = "a rewriting resolver and a true address",
     .rules = {MX_10("mx.test"),
               PUBLIC("mx.test"),
               {.name = "*", .type = "A", .records = "300 A 8.7.6.5"},
               {.name = "*"}},
     .kind = WN_ROUTE_OK,
     .mx = "mx.test",
     .detail = "MX 10 mx.test",
     .canary = true,
     .rewriting = true},
    {.name = "a rewriting resolver, behind it a second MX host",
     .rules = {{.name = "d.test", .type = "MX", .records = "300 MX 10 gone.test; 300 MX 20 b.test"},
               PUBLIC("b.test"),
               {.name = "*", .type = "A", .records = "300 A 8.7.6.5"},
               {.name = "*"}},
     .kind = WN_ROUTE_OK,
     .mx = "b.test",
     .detail = "MX 20 b.test",
     .canary = true,
     .rewriting = true},
    {.name = "a canary that is refused is no rewriting",
     .rules = {MX_10("mx.test"), PUBLIC("mx.test")},
     .kind = WN_ROUTE_OK,
     .mx = "mx.test",
     .detail = "MX 10 mx.test",
     .canary = true},
    {.name = "nor one without an answer",
     .timeout_ms = RESOLVING_MIXED_MS,
     .rules = {MX_10("mx.test"),
               PUBLIC("mx.test"),
               {.name = "*.com", .action = DNS_SILENT},
               {.name = "*.net", .rcode = 2}},
     .kind = WN_ROUTE_OK,
     .mx = "mx.test",
     .detail = "MX 10 mx.test",
     .canary = true},
    {.name = "an empty name",
     .domain = "",
     .rules = {{.name = "*", .rcode = 3}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "invalid DNS name for MX",
     .asked = {{"*", NULL, 0}}},
    {.name = "an empty label",
     .domain = "a..test",
     .rules = {{.name = "*", .rcode = 3}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "invalid DNS name for MX"},
    {.name = "a label of 64",
     .rules = {{.name = "*", .rcode = 3}},
     .domain = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.test",
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "invalid DNS name for MX"},
    {.name = "a label of 63",
     .rules = {{.name = "*", .rcode = 3}},
     .domain = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg.test",
     .kind = WN_ROUTE_NO_DOMAIN,
     .mx = "",
     .detail = "NXDOMAIN"},
    {.name = "a backslash, which c-ares would take for an escape",
     .domain = "a\\.test",
     .rules = {{.name = "*", .rcode = 3}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .mx = "",
     .detail = "invalid DNS name for MX"},
    {.name = "underscores, hyphens and digits are asked as they are",
     .domain = "_x--1-.9_.test",
     .rules = {{.name = "_x--1-.9_.test", .rcode = 3}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .mx = "",
     .detail = "NXDOMAIN"},
    {.name = "a name that is in /etc/hosts is asked all the same",
     .domain = "localhost",
     .rules = {{.name = "localhost", .rcode = 3}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .mx = "",
     .detail = "NXDOMAIN",
     .asked = {{"localhost", "MX", 1}}},
};

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    struct dns_server *server = dns_server_start(row->rules);
    struct wn_resolver_config config = {.servers = dns_server_address(server),
                                        .allow_private = row->allow_private,
                                        .timeout_ms = row->timeout_ms};
    struct wn_resolver_stats stats;
    struct wn_route route =
        resolve_one(&config, row->domain != NULL ? row->domain : "d.test", &stats);
    ck_assert_msg(route.kind == row->kind, "%s: %s (%s)", row->name, wn_route_word(route.kind),
                  route.detail);
    ck_assert_msg(route.flags == row->flags, "%s: flags %u", row->name, route.flags);
    ck_assert_msg(row->ttl == 0 || route.ttl == row->ttl, "%s: ttl %u", row->name, route.ttl);
    ck_assert_msg(strcmp(route.mx, row->mx) == 0, "%s: mx %s", row->name, route.mx);
    char broken[80];
    bool dropped = row->malformed && drops_sockets();
    (void)snprintf(broken, sizeof broken, "%s for MX", wn_reply_fault(WN_REPLY_BROKEN));
    const char *detail = row->broken || dropped ? broken : row->detail;
    ck_assert_msg(strcmp(route.detail, detail) == 0, "%s: %s", row->name, route.detail);
    for (int i = 0; i < COUNTS && row->asked[i].name != NULL; i++) {
        size_t n = dns_server_count(server, row->asked[i].name, row->asked[i].type);
        ck_assert_msg(n == row->asked[i].count, "%s: %s asked %zu times", row->name,
                      row->asked[i].name, n);
    }
    size_t canaries =
        dns_server_count(server, "*.com", NULL) + dns_server_count(server, "*.net", NULL);
    ck_assert_msg(canaries == (row->canary ? 4 : 0), "%s: canary %zu", row->name, canaries);
    ck_assert_msg(stats.rewriting == row->rewriting, "%s", row->name);
    ck_assert_msg(stats.failed == (row->kind == WN_ROUTE_DNS_FAILURE), "%s", row->name);
    ck_assert_msg(dns_server_count_tcp(server) >= row->tcp, "%s: no TCP", row->name);
    dns_server_stop(server);
}
END_TEST

/* ---- a real server ---- */

#define BIG_HOST  "a-name-for-a-mail-exchanger-that-is-rather-longer-than-most-"
#define BIG_MX(n) "big MX " n " " BIG_HOST n "\n"

static const struct nsd_zone zones[] = {
    {"test", "$ORIGIN test.\n$TTL 7200\n"
             "@ SOA ns hostmaster 1 3600 600 86400 5400\n@ NS ns\nns A 127.0.0.1\n"
             "ok MX 10 mx\nok MX 20 other\nmx A 8.8.8.8\nother A 8.8.4.4\n"
             "six MX 10 mx6\nmx6 AAAA 2a00::1\n"
             "implicit A 8.8.8.8\n"
             "null MX 0 .\n"
             "nomail TXT \"no mail\"\n"
             "lost MX 10 gone\nlost MX 20 bare\nbare TXT \"no address\"\n"
             "private MX 10 lan\nlan A 10.0.0.1\nlan AAAA fe80::1\n"
             "alias MX 10 cname\ncname CNAME mx\n"
             "literal MX 10 8.8.8.8.\n"
             "cname-domain CNAME ok\n"
             "outside MX 10 mx.elsewhere.\n"
             "dangling CNAME somewhere.elsewhere.\n"
     /* More than 1,232 octets: TC, then TCP. */
     BIG_MX("1") BIG_MX("2") BIG_MX("3") BIG_MX("4") BIG_MX("5") BIG_MX("6") BIG_MX("7") BIG_MX("8")
         BIG_MX("9") BIG_MX("10") BIG_MX("11") BIG_MX("12") BIG_MX("13") BIG_MX("14") BIG_MX("15")
             BIG_MX("16") BIG_MX("17") BIG_MX("18") BIG_MX("19") BIG_MX("20") BIG_HOST
     "7 A 8.8.8.8\n"},
    {.name = NULL}};

static const struct {
    const char *domain;
    enum wn_route_kind kind;
    uint32_t flags, ttl;
    const char *mx;
} nsd_rows[] = {
    {"ok.test", WN_ROUTE_OK, 0, 7200, "mx.test"},
    {"six.test", WN_ROUTE_OK, 0, 7200, "mx6.test"},
    {"implicit.test", WN_ROUTE_OK, WN_ROUTE_IMPLICIT_MX, 5400, "implicit.test"},
    {"null.test", WN_ROUTE_NULL_MX, 0, 7200, ""},
    {"nomail.test", WN_ROUTE_NO_MAIL_HOST, 0, 5400, ""},
    {"absent.test", WN_ROUTE_NO_DOMAIN, 0, 5400, ""},
    {"lost.test", WN_ROUTE_MX_UNRESOLVABLE, 0, 5400, "gone.test"},
    {"private.test", WN_ROUTE_MX_UNROUTABLE, WN_ROUTE_PRIVATE, 7200, "lan.test"},
    {"alias.test", WN_ROUTE_OK, WN_ROUTE_MX_CNAME, 7200, "cname.test"},
    {"literal.test", WN_ROUTE_OK, WN_ROUTE_MX_LITERAL, 7200, "8.8.8.8"},
    {"cname-domain.test", WN_ROUTE_OK, 0, 7200, "mx.test"},
    {"outside.test", WN_ROUTE_DNS_FAILURE, 0, 3600, ""},  /* NSD refuses what is not its own */
    {"dangling.test", WN_ROUTE_DNS_FAILURE, 0, 3600, ""}, /* and follows no alias out of it */
    {"big.test", WN_ROUTE_OK, 0, 7200, BIG_HOST "7.test"},
};

enum {
    NSD_ROWS = sizeof nsd_rows / sizeof nsd_rows[0]
};

START_TEST(test_nsd)
{
    if (!nsd_available()) {
        (void)puts("skipped: there is no nsd to test with");
        return;
    }
    struct nsd *nsd = nsd_start(zones);
    ck_assert_ptr_nonnull(nsd);
    const char *domains[NSD_ROWS];
    for (size_t i = 0; i < NSD_ROWS; i++) {
        domains[i] = nsd_rows[i].domain;
    }
    struct outcome outcome;
    resolve_all(&(struct wn_resolver_config){.servers = nsd_address(nsd), .timeout_ms = 2000},
                domains, NSD_ROWS, &outcome);
    nsd_stop(nsd);
    for (size_t i = 0; i < NSD_ROWS; i++) {
        const struct wn_route *route = &outcome.routes[i];
        ck_assert_msg(route->kind == nsd_rows[i].kind, "%s: %s (%s)", domains[i],
                      wn_route_word(route->kind), route->detail);
        ck_assert_msg(route->flags == nsd_rows[i].flags, "%s: flags %u", domains[i], route->flags);
        ck_assert_msg(route->ttl == nsd_rows[i].ttl, "%s: ttl %u", domains[i], route->ttl);
        ck_assert_msg(strcmp(route->mx, nsd_rows[i].mx) == 0, "%s: mx %s", domains[i], route->mx);
    }
    ck_assert(!outcome.stats.rewriting);
    free(outcome.routes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dns_answers");
    TCase *tcase = tcase_create("dns_answers");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, test_row, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tcase, test_nsd);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
