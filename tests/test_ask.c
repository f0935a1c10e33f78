/* SPDX-License-Identifier: MIT */
/* Single questions, to a scripted server and to NSD. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/ask.h"
#include "support/dns_server.h"
#include "support/nsd.h"
#include "support/resolving.h"
#include "support/suite.h"

enum {
    RULES = 4
};

/* "one|two" of an answer; "" where there is none; "!STATUS sentence" of a failure. */
static void ask(const char *servers, int timeout_ms, const char *name, enum wn_ask_type type,
                char *text, size_t room)
{
    const struct wn_resolver_config config = {
        .servers = servers, .timeout_ms = timeout_ms, .tries = RESOLVING_TRIES};
    struct wn_ask_answer answer;
    struct wn_error err = {0};
    int status = wn_ask(&config, name, type, NULL, &answer, &err);
    text[0] = '\0';
    if (status != WN_OK) {
        ck_assert_uint_eq(answer.count, 0);
        ck_assert_ptr_null(answer.v);
        (void)snprintf(text, room, "!%d %s", status, err.text);
    }
    for (size_t i = 0; i < answer.count; i++) {
        size_t n = strlen(text);
        (void)snprintf(text + n, room - n, "%s%s", i > 0 ? "|" : "", answer.v[i]);
    }
    wn_ask_answer_release(&answer);
    ck_assert_uint_eq(answer.count, 0);
    wn_ask_answer_release(&answer);
}

#define V6_NAME "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
static const struct {
    const char *name;
    const char *asked;
    enum wn_ask_type type;
    struct dns_rule rules[RULES];
    int timeout_ms;   /* 0: there is no time-out */
    const char *want; /* of a failure: what is in the sentence */
    int status;
    size_t questions; /* 0: not looked at */
} rows[] = {
    {.name = "addresses as answered",
     .asked = "Mail.Test",
     .type = WN_ASK_A,
     .rules = {{.name = "mail.test", .type = "A", .records = "60 A 192.0.2.2; 60 A 192.0.2.1"}},
     .want = "192.0.2.2|192.0.2.1",
     .questions = 1},
    {.name = "an IPv6 address",
     .asked = "mail.test",
     .type = WN_ASK_AAAA,
     .rules = {{.name = "*", .type = "AAAA", .records = "60 AAAA 2001:DB8:0::1"}},
     .want = "2001:db8::1"},
    {.name = "behind an alias",
     .asked = "mail.test",
     .type = WN_ASK_A,
     .rules = {{.name = "*", .records = "60 CNAME a.test; a.test. 60 A 192.0.2.1"}},
     .want = "192.0.2.1"},
    {.name = "the host name of an address",
     .asked = "192.0.2.10",
     .type = WN_ASK_PTR,
     .rules = {{.name = "10.2.0.192.in-addr.arpa", .type = "PTR", .records = "60 PTR Mail.Test"}},
     .want = "mail.test"},
    {.name = "of an IPv6 address",
     .asked = "2001:db8::1",
     .type = WN_ASK_PTR,
     .rules = {{.name = V6_NAME, .type = "PTR", .records = "60 PTR a.test; 60 PTR b.test"}},
     .want = "a.test|b.test"},
    {.name = "by its name, through an alias (RFC 2317)",
     .asked = "10.2.0.192.in-addr.arpa",
     .type = WN_ASK_PTR,
     .rules = {{.name = "10.2.0.192.in-addr.arpa",
                .records = "60 CNAME 10.x.test; 10.x.test. 60 PTR mail.test"}},
     .want = "mail.test"},
    {.name = "the strings of a TXT record are one text",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .type = "TXT", .records = "60 TXT v=spf1 -all; 60 TXT x"}},
     .want = "v=spf1-all|x"},
    {.name = "no control character comes through",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .type = "TXT", .records = "60 TXT a\x1b[2J\xff\x7f"}},
     .want = "a?[2J??"},
    {.name = "MX hosts",
     .asked = "d.test",
     .type = WN_ASK_MX,
     .rules = {{.name = "d.test", .type = "MX", .records = "60 MX 20 B.test; 60 MX 10 a.test"}},
     .want = "20 b.test|10 a.test"},
    {.name = "null MX",
     .asked = "d.test",
     .type = WN_ASK_MX,
     .rules = {{.name = "d.test", .type = "MX", .records = "60 MX 0 ."}},
     .want = "0 ."},
    {.name = "no such name is an answer",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .rcode = 3}},
     .want = "",
     .questions = 1},
    {.name = "so is none of these records",
     .asked = "d.test",
     .type = WN_ASK_PTR,
     .rules = {{.name = "d.test"}},
     .want = "",
     .questions = 1},
    {.name = "SERVFAIL is none",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .rcode = 2}},
     .want = "TXT records d.test has: SERVFAIL",
     .status = WN_E_TEMPFAIL,
     .questions = RESOLVING_TRIES},
    {.name = "SERVFAIL once",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .rcode = 2, .times = 1},
               {.name = "d.test", .type = "TXT", .records = "60 TXT x"}},
     .want = "x",
     .questions = 2},
    {.name = "silence",
     .timeout_ms = RESOLVING_SHORT_MS,
     .asked = "d.test",
     .type = WN_ASK_A,
     .rules = {{.name = "d.test", .action = DNS_SILENT}},
     .want = "A records d.test has: timeout",
     .status = WN_E_TEMPFAIL},
    {.name = "a referral",
     .asked = "d.test",
     .type = WN_ASK_A,
     .rules = {{.name = "d.test", .action = DNS_REFERRAL}},
     .want = "referral",
     .status = WN_E_TEMPFAIL},
    {.name = "truncated, then TCP",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .action = DNS_TRUNCATE, .records = "60 TXT x"}},
     .want = "x",
     .questions = 2},
    {.name = "a record that is cut",
     .asked = "d.test",
     .type = WN_ASK_TXT,
     .rules = {{.name = "d.test", .action = DNS_BROKEN_RECORDS, .records = "60 TXT abc"}},
     .want = "malformed answer", /* in both of c-ares's ways */
     .status = WN_E_TEMPFAIL},
    {.name = "no name",
     .asked = "a..test",
     .type = WN_ASK_A,
     .rules = {{.name = "*", .rcode = 3}},
     .want = "'a..test' is no name",
     .status = WN_E_USAGE},
    {.name = "an address is a name only under PTR",
     .asked = "2001:db8::1",
     .type = WN_ASK_A,
     .rules = {{.name = "*", .rcode = 3}},
     .want = "'2001:db8::1' is no name",
     .status = WN_E_USAGE},
};

static void check_row(int i, const char *got)
{
    char status[16];
    (void)snprintf(status, sizeof status, "!%d ", rows[i].status);
    if (rows[i].status == WN_OK) {
        ck_assert_msg(strcmp(got, rows[i].want) == 0, "%s: %s", rows[i].name, got);
    } else {
        ck_assert_msg(strncmp(got, status, strlen(status)) == 0 &&
                          strstr(got, rows[i].want) != NULL,
                      "%s: %s", rows[i].name, got);
    }
}

START_TEST(test_row)
{
    char got[512];
    struct dns_server *server = dns_server_start(rows[_i].rules);
    int timeout_ms = rows[_i].timeout_ms > 0 ? rows[_i].timeout_ms : RESOLVING_LONG_MS;
    ask(dns_server_address(server), timeout_ms, rows[_i].asked, rows[_i].type, got, sizeof got);
    check_row(_i, got);
    size_t questions = dns_server_count(server, "*", NULL);
    ck_assert_msg(rows[_i].questions == 0 || questions == rows[_i].questions, "%s: asked %zu times",
                  rows[_i].name, questions);
    dns_server_stop(server);
}
END_TEST

/* The next server answers where one is dead, silent or broken. */
START_TEST(test_next_server)
{
    static const struct dns_rule good[] = {{.name = "*", .type = "A", .records = "60 A 192.0.2.1"},
                                           {.name = NULL}};
    static const struct dns_rule bad[][2] = {{{.name = "*", .action = DNS_SILENT}, {.name = NULL}},
                                             {{.name = "*", .rcode = 2}, {.name = NULL}}};
    char servers[128], got[128];
    struct dns_server *first = _i < 2 ? dns_server_start(bad[_i]) : NULL;
    struct dns_server *second = dns_server_start(good);
    (void)snprintf(servers, sizeof servers, "%s,%s",
                   first != NULL ? dns_server_address(first) : dns_dead_address(),
                   dns_server_address(second));
    ask(servers, RESOLVING_MIXED_MS, "d.test", WN_ASK_A, got, sizeof got);
    ck_assert_str_eq(got, "192.0.2.1");
    ck_assert_uint_eq(dns_server_count(second, "d.test", "A"), 1);
    dns_server_stop(first);
    dns_server_stop(second);
}
END_TEST

START_TEST(test_no_server)
{
    char got[256];
    ask(dns_dead_address(), RESOLVING_LONG_MS, "d.test", WN_ASK_MX, got, sizeof got);
    ck_assert_msg(strstr(got, "MX records d.test has: no connection") != NULL, "%s", got);
    ask("nonsense", RESOLVING_LONG_MS, "d.test", WN_ASK_MX, got, sizeof got);
    ck_assert_msg(strtol(got + 1, NULL, 10) == WN_E_USAGE, "%s", got);
}
END_TEST

struct stopper {
    struct dns_server *server;
    atomic_int stop;
};

/* Once the question is out. */
static void *stop_it(void *arg)
{
    struct stopper *s = arg;
    while (dns_server_count(s->server, "d.test", "A") == 0) {
        (void)sched_yield();
    }
    s->stop = SIGTERM;
    return NULL;
}

START_TEST(test_stopped)
{
    static const struct dns_rule silent[] = {{.name = "*", .action = DNS_SILENT}, {.name = NULL}};
    struct stopper s = {.server = dns_server_start(silent)};
    struct wn_resolver_config config = {.servers = dns_server_address(s.server),
                                        .timeout_ms = 60000};
    struct wn_ask_answer answer;
    struct wn_error err = {0}, again = {0};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_it, &s), 0);
    ck_assert_int_eq(wn_ask(&config, "d.test", WN_ASK_A, &s.stop, &answer, &err),
                     WN_E_SIGNAL + SIGTERM);
    (void)pthread_join(thread, NULL);
    ck_assert_str_eq(err.text, "stopped");
    ck_assert_uint_eq(answer.count, 0);
    size_t questions = dns_server_count(s.server, "*", NULL);
    ck_assert_int_eq(wn_ask(&config, "d.test", WN_ASK_A, &s.stop, &answer, &again),
                     WN_E_SIGNAL + SIGTERM);
    ck_assert_uint_eq(dns_server_count(s.server, "*", NULL), questions);
    dns_server_stop(s.server);
}
END_TEST

#define LONG_PART                                                                                  \
    "include:a-part-of-a-policy-that-is-rather-longer-than-most-so-that-more-than-a-string-is-"    \
    "wanted.example.org "

static const struct nsd_zone zones[] = {
    {"test", "$ORIGIN test.\n$TTL 7200\n"
             "@ SOA ns hostmaster 1 3600 600 86400 5400\n@ NS ns\nns A 127.0.0.1\n"
             "mail A 192.0.2.25\nmail AAAA 2001:db8::1\n"
             "@ MX 10 mail\n@ TXT \"v=spf1 " LONG_PART "\" \"" LONG_PART LONG_PART "-all\"\n"
             "null MX 0 .\n"},
    {"2.0.192.in-addr.arpa", "$ORIGIN 2.0.192.in-addr.arpa.\n$TTL 7200\n"
                             "@ SOA ns.test. hostmaster.test. 1 3600 600 86400 5400\n"
                             "@ NS ns.test.\n25 PTR mail.test.\n"},
    {.name = NULL}};

static const struct {
    const char *name;
    enum wn_ask_type type;
    const char *want;
} nsd_rows[] = {
    {"mail.test", WN_ASK_A, "192.0.2.25"},
    {"mail.test", WN_ASK_AAAA, "2001:db8::1"},
    {"192.0.2.25", WN_ASK_PTR, "mail.test"},
    {"192.0.2.26", WN_ASK_PTR, ""},
    {"test", WN_ASK_MX, "10 mail.test"},
    {"null.test", WN_ASK_MX, "0 ."},
    {"test", WN_ASK_TXT, "v=spf1 " LONG_PART LONG_PART LONG_PART "-all"},
    {"mail.test", WN_ASK_TXT, ""},
    {"absent.test", WN_ASK_TXT, ""},
};

START_TEST(test_nsd)
{
    if (!nsd_available()) {
        (void)puts("skipped: there is no nsd to test with");
        return;
    }
    struct nsd *nsd = nsd_start(zones);
    ck_assert_ptr_nonnull(nsd);
    for (size_t i = 0; i < sizeof nsd_rows / sizeof nsd_rows[0]; i++) {
        char got[1024];
        ask(nsd_address(nsd), RESOLVING_LONG_MS, nsd_rows[i].name, nsd_rows[i].type, got,
            sizeof got);
        ck_assert_msg(strcmp(got, nsd_rows[i].want) == 0, "%s: %s", nsd_rows[i].name, got);
    }
    nsd_stop(nsd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ask");
    TCase *tcase = tcase_create("ask");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_row, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_loop_test(tcase, test_next_server, 0, 3);
    tcase_add_test(tcase, test_no_server);
    tcase_add_test(tcase, test_stopped);
    tcase_add_test(tcase, test_nsd);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
