/* SPDX-License-Identifier: MIT */
/* The prober on real sockets: that it and the transport mean the same by their seam. */
#include <check.h>
#include <stdlib.h>

#include "smtp/live.h"
#include "support/linking.h"
#include "support/suite.h"

enum {
    MAILBOXES = 9
};

#define PLAIN GREET, SAY("250-mx.test\r\n250-SMTPUTF8\r\n250 ok\r\n")

static const struct row {
    const char *name;
    const struct smtp_step *script;
    enum wn_probe_answer answer; /* of all mailboxes */
    enum wn_catch_all catch_all;
    unsigned stopped;
    const char *heard; /* among what the server heard */
} rows[] = {
    {"yes to all", (const struct smtp_step[]){PLAIN, STEP(SERVE), STEP(END)}, WN_ANSWER_accepted,
     WN_CATCH_ALL_accepted, 0, "RSET\nQUIT\n"},
    {"with pipelining", (const struct smtp_step[]){EHLO, STEP(SERVE), STEP(END)},
     WN_ANSWER_accepted, WN_CATCH_ALL_accepted, 0, "RSET\nQUIT\n"},
    {"blocked by the greeting",
     (const struct smtp_step[]){SAY("554 5.7.1 Your IP is on a block list\r\n"), STEP(HOLD),
                                STEP(END)},
     WN_ANSWER_blocked, WN_CATCH_ALL_not_run, 1, ""},
    {"blocked at MAIL",
     (const struct smtp_step[]){PLAIN, STEP(HEAR), SAY("550 5.7.1 Your IP is on a block list\r\n"),
                                STEP(SERVE), STEP(END)},
     WN_ANSWER_blocked, WN_CATCH_ALL_not_run, 1, "MAIL FROM:<probe@sender.example>\nQUIT\n"},
    {"blocked at RCPT",
     (const struct smtp_step[]){PLAIN, STEP(HEAR), SAY("250 ok\r\n"), STEP(HEAR),
                                SAY("550 5.7.1 Your IP is on a block list\r\n"), STEP(SERVE),
                                STEP(END)},
     WN_ANSWER_blocked, WN_CATCH_ALL_not_run, 1, "RSET\nQUIT\n"},
};

struct seen {
    unsigned answers[WN_ANSWER_COUNT], stopped;
    enum wn_catch_all catch_all;
};

static int visit(void *arg, const struct wn_prober_report *report)
{
    struct seen *seen = arg;
    seen->answers[report->answer] += report->kind == WN_PROBER_ANSWER;
    seen->stopped += report->kind == WN_PROBER_STOPPED;
    if (report->kind == WN_PROBER_CATCH_ALL) {
        seen->catch_all = report->catch_all;
    }
    return WN_OK;
}

static struct wn_prober *make_prober(struct wn_transport *t)
{
    struct wn_prober_io io;
    wn_live_io(t, &io);
    struct wn_prober *p = wn_prober_new(
        &(struct wn_prober_config){
            .sender = WN_SPAN("probe@sender.example"), .connections = 1, .catch_all = true},
        &io);
    struct wn_ip ip;
    ck_assert(wn_ip_parse("127.0.0.1", &ip));
    struct wn_prober_host host = {"mx.test", &ip, 1};
    uint32_t domain =
        wn_prober_domain(p, &(struct wn_prober_domain){.name = WN_SPAN("test.example"),
                                                       .group = WN_SPAN("mx.test"),
                                                       .hosts = &host,
                                                       .host_count = 1});
    for (uint32_t i = 0; i < MAILBOXES; i++) {
        char address[] = "m0@test.example";
        address[1] = (char)('0' + i);
        wn_prober_mailbox(p, domain, wn_span_of(address), i, false, 0);
    }
    return p;
}

START_TEST(test_live)
{
    const struct row *row = &rows[_i];
    struct smtp_server *server = smtp_server_start("127.0.0.1", row->script);
    struct wn_error err = {0};
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_server_port(server)});
    struct wn_prober *p = make_prober(t);
    struct seen seen = {.stopped = 0};
    ck_assert_msg(wn_prober_run(p, NULL, visit, NULL, &seen, &err) == WN_OK, "%s", err.text);
    ck_assert_msg(seen.answers[row->answer] == MAILBOXES, "%s", row->name);
    ck_assert_int_eq(seen.catch_all, row->catch_all);
    ck_assert_uint_eq(seen.stopped, row->stopped);
    struct wn_prober_counts counts;
    wn_prober_counts(p, &counts);
    const char *heard = smtp_server_heard(server, (size_t)counts.connections);
    ck_assert_msg(strstr(heard, row->heard) != NULL, "%s: %s", row->name, heard);
    wn_prober_free(p);
    wn_transport_free(t);
    smtp_server_stop(server);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("prober_live");
    TCase *c = tcase_create("live");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, test_live, 0, (int)(sizeof rows / sizeof *rows));
    suite_add_tcase(s, c);
    return run_suite(s);
}
