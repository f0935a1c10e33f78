/* SPDX-License-Identifier: MIT */
/* Whether mail servers can be reached at all: whom it is tried with, and the trial, on sockets. */
#include "clean/reach.h"

#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "dns/exchangers.h"
#include "support/linking.h"
#include "support/suite.h"

/* --- whom to try --- */

/* A letter is a group with a domain, a '+' another domain of the group before:
 * u  of nobody known     L  the same, with many mailboxes
 * k  a known provider's  s  stopped
 * b  its budget is used  -  without a host, as DNS failed
 * 0  without a host, as none has an address
 * What is chosen are groups by their place, from 0. */
static const struct choice {
    const char *name, *groups, *chosen;
} choices[] = {
    {"nobody", "", ""},
    {"too few", "uuuu", ""},
    {"enough", "uuuuu", "0 1 2 3 4 "},
    {"two, though both are known", "kk", ""},
    {"fewer are enough with a known one, which is first", "uuk", "2 0 1 "},
    {"domains of one group are one", "u+u+u+u", ""},
    {"the largest first", "uuuLu", "3 0 1 2 4 "},
    {"known before large", "uLuku", "3 1 0 2 4 "},
    {"a stopped one is left alone", "suuuuu", "1 2 3 4 5 "},
    {"one whose day is used up is left alone", "uubuuu", "0 1 3 4 5 "},
    {"those left alone are not enough", "ssskbu", ""},
    {"no host, nothing to try", "-uuuu", ""},
    {"nor without an address", "u0uuuu", "0 2 3 4 5 "},
    {"but another domain of the group may have one", "-+uuuu", "0 1 2 3 4 "},
    {"sixteen are all tried", "uuuuuuuuuuuuuuuu", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "},
    {"of many, some from all over the list", "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuLuuuuuuuuu",
     "30 0 1 2 3 4 5 6 7 11 15 19 23 27 32 36 "},
};

static struct wn_ip *ip_of(unsigned group)
{
    char text[32];
    struct wn_ip *ip = malloc(sizeof *ip);
    (void)snprintf(text, sizeof text, "10.0.0.%u", group);
    ck_assert(wn_ip_parse(text, ip));
    return ip;
}

static struct wn_exchangers *exchangers_of(unsigned group, bool empty)
{
    struct wn_exchangers *e = calloc(1, sizeof *e);
    e->v = calloc(1, sizeof *e->v);
    e->v->ips = ip_of(group);
    e->v->count = 1;
    e->count = !empty;
    return e;
}

static void add(struct wn_probe_plan *plan, struct wn_segments *exchangers, const char *p)
{
    if (*p != '+') {
        struct wn_plan_group *g = wn_segments_push(&plan->groups);
        *g = (struct wn_plan_group){.mailboxes = *p == 'L' ? 100 : 1,
                                    .provider = *p == 'k',
                                    .limits.per_day = 10,
                                    .used_today = *p == 'b' ? 10 : 9,
                                    .stopped_until = *p == 's'};
    }
    uint32_t group = plan->groups.length - 1;
    *(struct wn_plan_domain *)wn_segments_push(&plan->domains) =
        (struct wn_plan_domain){.group = group};
    *(struct wn_exchangers **)wn_segments_push(exchangers) =
        *p == '-' ? NULL : exchangers_of(group, *p == '0');
}

START_TEST(who_is_tried)
{
    const struct choice *c = &choices[_i];
    struct wn_probe_plan plan = {.groups.size = sizeof(struct wn_plan_group),
                                 .domains.size = sizeof(struct wn_plan_domain)};
    struct wn_segments exchangers = {.size = sizeof(struct wn_exchangers *)};
    struct wn_endpoint to[WN_REACH_MOST];
    struct wn_buf chosen = {0};
    for (const char *p = c->groups; *p != '\0'; p++) {
        add(&plan, &exchangers, p);
    }
    size_t n = wn_reach_choose(&plan, &exchangers, to);
    for (size_t i = 0; i < n; i++) {
        char text[WN_IP_TEXT];
        wn_ip_format(&to[i].ip, text);
        wn_buf_addf(&chosen, "%s ", strrchr(text, '.') + 1);
    }
    ck_assert_msg(strcmp(wn_buf_text(&chosen), c->chosen) == 0, "%s: %s", c->name,
                  wn_buf_text(&chosen));
    for (uint32_t i = 0; i < exchangers.length; i++) {
        struct wn_exchangers *e = *(struct wn_exchangers **)wn_segments_at(&exchangers, i);
        if (e != NULL) {
            free(e->v->ips);
            free(e->v);
        }
        free(e);
    }
    wn_buf_release(&chosen);
    wn_segments_release(&exchangers);
    wn_segments_release(&plan.groups);
    wn_segments_release(&plan.domains);
}
END_TEST

/* --- the trial --- */

enum {
    SOON_MS = 300, /* for what is to be waited for */
    FILLERS = 4
};

/* Somebody at an address who does not answer: a listener with more waiting than it may have. */
struct silence {
    int listener, fillers[FILLERS];
};

static struct sockaddr_in place(const char *address, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct wn_ip ip;
    ck_assert(wn_ip_parse(address, &ip));
    memcpy(&at.sin_addr, ip.bytes, 4);
    return at;
}

static struct silence keep_silent(const char *address, uint16_t port)
{
    struct sockaddr_in at = place(address, port);
    struct silence s = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    ck_assert_int_eq(bind(s.listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(s.listener, 0), 0);
    for (int i = 0; i < FILLERS; i++) {
        s.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(s.fillers[i], (struct sockaddr *)&at, sizeof at);
    }
    return s;
}

static void end_silence(struct silence *s)
{
    for (int i = 0; i < FILLERS; i++) {
        (void)close(s->fillers[i]);
    }
    (void)close(s->listener);
}

static const struct smtp_step answers[] = {EHLO, STEP(SERVE), STEP(END)};
static const struct smtp_step sends_away[] = {SAY("554 5.7.1 Go away\r\n"), STEP(HOLD), STEP(END)};
static const struct smtp_step hangs_up[] = {STEP(END)};
static const struct smtp_step says_nothing[] = {STEP(HOLD), STEP(END)};

/* Who is at 127.0.1.1, .2 and so on: R refuses to connect, S is silent, and at the end, perhaps, A:
 * one that speaks by `script`. */
static const struct trial {
    const char *name, *there;
    const struct smtp_step *script;
    size_t at_once;
    int connect_ms, stop_ms; /* 0: long, never */
    bool reached;
    const char *heard; /* by A, whose connection has ended then; NULL: it was not connected to */
} trials[] = {
    {"nobody asked", "", NULL, 9, 0, 0, false, NULL},
    {"nobody there", "RRRRRRRRRRRRRRRR", NULL, 16, 0, 0, false, NULL},
    {"nobody answers", "SSS", NULL, 9, SOON_MS, 0, false, NULL},
    {"neither nor", "RSR", NULL, 9, SOON_MS, 0, false, NULL},
    {"the first", "A", answers, 9, 0, 0, true, "EHLO probe.example\nQUIT\n"},
    {"behind five that are dead", "RRRRRA", answers, 9, 0, 0, true, "EHLO probe.example\nQUIT\n"},
    {"while others are waited for", "SSA", answers, 9, 0, 0, true, "EHLO probe.example\nQUIT\n"},
    {"one by one", "SRSA", answers, 1, SOON_MS, 0, true, "EHLO probe.example\nQUIT\n"},
    {"one by one, and no time", "SA", answers, 1, 0, 3 * WN_REACH_GAP_MS, false, NULL},
    {"who sends us away is there", "RA", sends_away, 9, 0, 0, true, "QUIT\n"},
    {"who hangs up is there", "RA", hangs_up, 9, 0, 0, true, ""},
    {"who says nothing is there", "RA", says_nothing, 9, 0, 0, true, ""},
    {"stopped before", "A", answers, 9, 0, -1, false, NULL},
    {"stopped", "SS", NULL, 9, 0, SOON_MS, false, NULL},
};

static _Atomic int stop;

static void stop_now(int number)
{
    stop = number;
}

static void stop_after(int ms)
{
    const struct itimerval when = {.it_value = {ms / 1000, ms % 1000 * 1000L}};
    stop = ms < 0 ? SIGALRM : 0;
    if (ms > 0) {
        ck_assert(signal(SIGALRM, stop_now) != SIG_ERR);
        ck_assert_int_eq(setitimer(ITIMER_REAL, &when, NULL), 0);
    }
}

START_TEST(who_is_there)
{
    const struct trial *c = &trials[_i];
    struct wn_endpoint to[WN_REACH_MOST];
    struct silence silences[WN_REACH_MOST];
    char address[64];
    size_t n = strlen(c->there), silent = 0;
    (void)snprintf(address, sizeof address, "127.0.1.%zu", n);
    struct smtp_server *server =
        smtp_server_start(address, c->script != NULL ? c->script : hangs_up);
    uint16_t port = smtp_server_port(server);
    if (c->script == NULL) {
        smtp_server_stop(server);
    }
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(address, sizeof address, "127.0.1.%zu", i + 1);
        to[i] = (struct wn_endpoint){.host = "mx.test"};
        ck_assert(wn_ip_parse(address, &to[i].ip));
        if (c->there[i] == 'S') {
            silences[silent++] = keep_silent(address, port);
        }
    }
    struct wn_transport *t = open_transport(&(struct wn_transport_config){
        .port = port, .connect_ms = c->connect_ms, .banner_ms = SOON_MS});
    stop_after(c->stop_ms);
    ck_assert_msg(wn_reach_any(t, to, n, c->at_once, &stop) == c->reached, "%s", c->name);
    if (c->heard != NULL) {
        ck_assert_str_eq(smtp_server_heard(server, 1), c->heard);
    } else if (c->script != NULL) {
        ck_assert_str_eq(smtp_server_heard(server, 0), "");
    }
    wn_transport_free(t);
    while (silent > 0) {
        end_silence(&silences[--silent]);
    }
    if (c->script != NULL) {
        smtp_server_stop(server);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reach");
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(cases, who_is_tried, 0, sizeof choices / sizeof *choices);
    tcase_add_loop_test(cases, who_is_there, 0, sizeof trials / sizeof *trials);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
