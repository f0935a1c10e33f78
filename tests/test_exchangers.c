/* SPDX-License-Identifier: MIT */
/* All mail exchangers of a domain, from a scripted server and from NSD. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/dns_server.h"
#include "support/nsd.h"
#include "support/resolving.h"
#include "support/suite.h"

enum {
    RULES = 10,
    COUNTS = 3
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
struct row {
    const char *name;
    struct dns_rule rules[RULES]; /* asked about d.test */
    bool allow_private;
    enum wn_route_kind kind;
    const char *want;
    struct {
        const char *name, *type;
        size_t count;
    } asked[COUNTS];
};

#define CANARIES                                                                                   \
    {.name = "*.com", .rcode = 3},                                                                 \
    {                                                                                              \
        .name = "*.net", .rcode = 3                                                                \
    }
#define MX(list)                                                                                   \
    {                                                                                              \
        .name = "d.test", .type = "MX", .records = (list)                                          \
    }
#define A(host, list)                                                                              \
    {                                                                                              \
        .name = (host), .type = "A", .records = (list)                                             \
    }
#define AAAA(host, list)                                                                           \
    {                                                                                              \
        .name = (host), .type = "AAAA", .records = (list)                                          \
    }
#define REST                                                                                       \
    {                                                                                              \
        .name = "*"                                                                                \
    }

static const struct row rows[] = {
    {.name = "every host with every address, by preference and then by name",
     .rules = {MX("60 MX 20 c.test; 60 MX 10 b.test; 60 MX 10 A.test"),
               A("a.test", "60 A 8.8.8.2; 60 A 8.8.8.1"), AAAA("a.test", "60 AAAA 2a00::1"),
               A("b.test", "60 A 8.8.4.4"), AAAA("c.test", "60 AAAA 2a00::2"), CANARIES, REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.2 8.8.8.1 2a00::1; 10 b.test 8.8.4.4; 20 c.test 2a00::2",
     .asked = {{"a.test", NULL, 2}, {"b.test", NULL, 2}, {"c.test", NULL, 2}}},
    {.name = "without MX the domain itself",
     .rules = {A("d.test", "60 A 8.8.8.8"), AAAA("d.test", "60 AAAA 2a00::1"), CANARIES, REST},
     .kind = WN_ROUTE_OK,
     .want = "0 d.test 8.8.8.8 2a00::1"},
    {.name = "null MX",
     .rules = {MX("60 MX 0 .")},
     .kind = WN_ROUTE_NULL_MX,
     .want = "",
     .asked = {{"*", NULL, 1}}},
    {.name = "no such domain",
     .rules = {{.name = "d.test", .rcode = 3}},
     .kind = WN_ROUTE_NO_DOMAIN,
     .want = ""},
    {.name = "MX fails",
     .rules = {{.name = "d.test", .rcode = 2}},
     .kind = WN_ROUTE_DNS_FAILURE,
     .want = ""},
    {.name = "a host that does not exist is asked once, and left out",
     .rules = {MX("60 MX 5 gone.test; 60 MX 10 a.test"),
               {.name = "gone.test", .rcode = 3},
               A("a.test", "60 A 8.8.8.8"),
               CANARIES,
               REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8",
     .asked = {{"gone.test", NULL, 1}}},
    {.name = "a host that DNS fails for is left out",
     .rules = {MX("60 MX 5 bad.test; 60 MX 10 a.test"),
               {.name = "bad.test", .rcode = 2},
               A("a.test", "60 A 8.8.8.8"),
               CANARIES,
               REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8"},
    {.name = "AAAA fails: what A said remains",
     .rules = {MX("60 MX 10 a.test"),
               A("a.test", "60 A 8.8.8.8"),
               {.name = "a.test", .rcode = 2},
               CANARIES,
               REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8"},
    {.name = "private addresses are left out",
     .rules = {MX("60 MX 5 lan.test; 60 MX 10 a.test"), A("lan.test", "60 A 10.0.0.1"),
               A("a.test", "60 A 127.0.0.1; 60 A 8.8.8.8"), CANARIES, REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8"},
    {.name = "unless they are allowed",
     .rules = {MX("60 MX 5 lan.test; 60 MX 10 a.test"), A("lan.test", "60 A 10.0.0.1"),
               A("a.test", "60 A 127.0.0.1; 60 A 8.8.8.8"), CANARIES, REST},
     .allow_private = true,
     .kind = WN_ROUTE_OK,
     .want = "5 lan.test 10.0.0.1; 10 a.test 127.0.0.1 8.8.8.8"},
    {.name = "private ones alone are no route",
     .rules = {MX("60 MX 5 lan.test"), A("lan.test", "60 A 10.0.0.1"), CANARIES, REST},
     .kind = WN_ROUTE_MX_UNROUTABLE,
     .want = ""},
    /* A failure beats a private address, and then nothing is to be connected to. */
    {.name = "no list where the route is none",
     .rules = {MX("60 MX 5 lan.test; 60 MX 10 bad.test"),
               A("lan.test", "60 A 10.0.0.1"),
               {.name = "bad.test", .rcode = 2},
               CANARIES,
               REST},
     .allow_private = true,
     .kind = WN_ROUTE_DNS_FAILURE,
     .want = ""},
    {.name = "an address in place of a name, and what is no name at all",
     .rules = {MX("60 MX 10 8.8.8.8; 60 MX 20 a\\032b.test; 60 MX 30 10.0.0.1"), CANARIES},
     .kind = WN_ROUTE_OK,
     .want = "10 8.8.8.8 8.8.8.8",
     .asked = {{"*", NULL, 1}}},
    {.name = "an alias is followed",
     .rules = {MX("60 MX 10 a.test"), A("a.test", "60 CNAME b.test; b.test. 60 A 8.8.8.8"),
               AAAA("a.test", "60 CNAME b.test; ns.test. 60 SOA 60"), CANARIES, REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8"},
    {.name = "eight addresses of a host",
     .rules = {MX("60 MX 10 a.test; 60 MX 20 b.test"),
               A("a.test", "60 A 8.8.8.1; 60 A 8.8.8.2; 60 A 8.8.8.3; 60 A 8.8.8.4; 60 A 8.8.8.5;"
                           "60 A 8.8.8.6; 60 A 8.8.8.7"),
               AAAA("a.test", "60 AAAA 2a00::1; 60 AAAA 2a00::2; 60 AAAA 2a00::3"),
               A("b.test", "60 A 8.8.4.4"), CANARIES, REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.1 8.8.8.2 8.8.8.3 8.8.8.4 8.8.8.5 8.8.8.6 8.8.8.7 2a00::1; "
             "20 b.test 8.8.4.4"},
    {.name = "one host named twice",
     .rules = {MX("60 MX 20 a.test; 60 MX 10 A.TEST"), A("a.test", "60 A 8.8.8.8"), CANARIES, REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8",
     .asked = {{"a.test", NULL, 2}}},
    {.name = "what a rewriting server makes up is no address",
     .rules = {MX("60 MX 5 gone.test; 60 MX 10 a.test"),
               A("a.test", "60 A 8.8.8.8; 60 A 8.7.6.5"),
               {.name = "*", .type = "A", .records = "60 A 8.7.6.5"},
               REST},
     .kind = WN_ROUTE_OK,
     .want = "10 a.test 8.8.8.8"},
    {.name = "a rewriting server is found out by the address that no route rests on",
     .rules = {MX("60 MX 5 8.8.8.8; 60 MX 10 gone.test"),
               {.name = "*", .type = "AAAA", .records = "60 AAAA 2a00::bad"},
               REST},
     .kind = WN_ROUTE_OK,
     .want = "5 8.8.8.8 8.8.8.8"},
};

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    struct dns_server *server = dns_server_start(row->rules);
    struct wn_resolver_config config = {.servers = dns_server_address(server),
                                        .allow_private = row->allow_private};
    struct wn_buf text = {0};
    struct wn_route route = resolve_exchangers(&config, "d.test", &text, NULL);
    ck_assert_msg(route.kind == row->kind, "%s: %s (%s)", row->name, wn_route_word(route.kind),
                  route.detail);
    ck_assert_msg(strcmp(wn_buf_text(&text), row->want) == 0, "%s: %s", row->name,
                  wn_buf_text(&text));
    for (int i = 0; i < COUNTS && row->asked[i].name != NULL; i++) {
        size_t n = dns_server_count(server, row->asked[i].name, row->asked[i].type);
        ck_assert_msg(n == row->asked[i].count, "%s: %s asked %zu times", row->name,
                      row->asked[i].name, n);
    }
    /* The route is what it is without its exchangers. */
    struct wn_route alone = resolve_one(&config, "d.test", NULL);
    ck_assert_int_eq(alone.kind, route.kind);
    ck_assert_uint_eq(alone.flags, route.flags);
    ck_assert_uint_eq(alone.ttl, route.ttl);
    ck_assert_str_eq(alone.mx, route.mx);
    ck_assert_str_eq(alone.detail, route.detail);
    wn_buf_release(&text);
    dns_server_stop(server);
}
END_TEST

/* Twenty hosts, of which the first two do not exist: sixteen are kept, and no more are asked for
 * than may be needed. All at once: each answer takes its time, and it would add up. */
START_TEST(test_many_hosts)
{
    enum {
        HOSTS = 20,
        DELAY_MS = 30
    };
    static const struct dns_rule head[] = {{.name = "h00.test", .rcode = 3},
                                           {.name = "h01.test", .rcode = 3}};
    char records[HOSTS * 32] = "", want[HOSTS * 32] = "";
    for (int i = 0; i < HOSTS; i++) {
        (void)snprintf(records + strlen(records), sizeof records - strlen(records),
                       "%s60 MX 10 h%02d.test", i > 0 ? "; " : "", i);
        if (i >= 2 && i < 2 + WN_EXCHANGERS_MAX) {
            (void)snprintf(want + strlen(want), sizeof want - strlen(want),
                           "%s10 h%02d.test 8.8.8.8", i > 2 ? "; " : "", i);
        }
    }
    const struct dns_rule rules[] = {
        head[0],
        head[1],
        {.name = "d.test", .type = "MX", .records = records},
        {.name = "*.com", .rcode = 3},
        {.name = "*.net", .rcode = 3},
        {.name = "*", .type = "A", .records = "60 A 8.8.8.8", .delay_ms = DELAY_MS},
        {.name = "*", .delay_ms = DELAY_MS},
        {.name = NULL}};
    struct dns_server *server = dns_server_start(rules);
    struct wn_resolver_config config = {.servers = dns_server_address(server), .timeout_ms = 5000};
    struct wn_buf text = {0};
    struct wn_route route = resolve_exchangers(&config, "d.test", &text, NULL);
    ck_assert_int_eq(route.kind, WN_ROUTE_OK);
    ck_assert_str_eq(wn_buf_text(&text), want);
    ck_assert_uint_eq(dns_server_count(server, "h17.test", NULL), 2);
    ck_assert_uint_eq(dns_server_count(server, "h18.test", NULL), 0);
    ck_assert_uint_ge(dns_server_peak(server), 10);
    wn_buf_release(&text);
    dns_server_stop(server);
}
END_TEST

/* ---- a real server ---- */

static const struct nsd_zone zones[] = {
    {"test", "$ORIGIN test.\n$TTL 7200\n"
             "@ SOA ns hostmaster 1 3600 600 86400 5400\n@ NS ns\nns A 127.0.0.1\n"
             "ok MX 20 other\nok MX 10 mx\nok MX 30 lan\nok MX 40 gone\nok MX 50 cname\n"
             "mx A 8.8.8.8\nmx AAAA 2a00::1\nother A 8.8.4.4\nlan A 10.0.0.1\ncname CNAME mx\n"
             "implicit A 8.8.8.8\nimplicit AAAA 2a00::1\n"
             "null MX 0 .\n"
             "private MX 10 lan\n"},
    {.name = NULL}};

static const struct {
    const char *domain;
    bool allow_private;
    const char *want;
} nsd_rows[] = {
    {"ok.test", false,
     "10 mx.test 8.8.8.8 2a00::1; 20 other.test 8.8.4.4; 50 cname.test 8.8.8.8 2a00::1"},
    {"ok.test", true,
     "10 mx.test 8.8.8.8 2a00::1; 20 other.test 8.8.4.4; 30 lan.test 10.0.0.1; "
     "50 cname.test 8.8.8.8 2a00::1"},
    {"implicit.test", false, "0 implicit.test 8.8.8.8 2a00::1"},
    {"null.test", false, ""},
    {"private.test", false, ""},
    {"private.test", true, "10 lan.test 10.0.0.1"},
    {"absent.test", false, ""},
};

START_TEST(test_nsd)
{
    if (!nsd_available()) {
        (void)puts("skipped: there is no nsd to test with");
        return;
    }
    struct nsd *nsd = nsd_start(zones);
    ck_assert_ptr_nonnull(nsd);
    struct wn_buf text = {0};
    for (size_t i = 0; i < sizeof nsd_rows / sizeof nsd_rows[0]; i++) {
        struct wn_resolver_config config = {.servers = nsd_address(nsd),
                                            .allow_private = nsd_rows[i].allow_private,
                                            .timeout_ms = 2000};
        wn_buf_clear(&text);
        (void)resolve_exchangers(&config, nsd_rows[i].domain, &text, NULL);
        ck_assert_msg(strcmp(wn_buf_text(&text), nsd_rows[i].want) == 0, "%s: %s",
                      nsd_rows[i].domain, wn_buf_text(&text));
    }
    wn_buf_release(&text);
    nsd_stop(nsd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exchangers");
    TCase *tcase = tcase_create("exchangers");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_row, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tcase, test_many_hosts);
    tcase_add_test(tcase, test_nsd);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
