/* SPDX-License-Identifier: MIT */
/* The transport against scripted servers on loopback: every test goes over a socket. */
#include "smtp/transport.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/smtp_server.h"
#include "support/tempdir.h"

enum {
    LONG_MS = 60000, /* none of the tests waits for it */
    SHORT_MS = 60
};

static struct wn_transport *open_transport(const struct wn_transport_config *config)
{
    struct wn_transport *t;
    struct wn_error err = {0};
    struct wn_transport_config c = *config;
    c.helo = c.helo != NULL ? c.helo : "probe.example";
    c.connect_ms = c.connect_ms != 0 ? c.connect_ms : LONG_MS;
    c.banner_ms = c.banner_ms != 0 ? c.banner_ms : LONG_MS;
    ck_assert_msg(wn_transport_new(&c, &t, &err) == WN_OK, "%s", err.text);
    return t;
}

static struct wn_link *begin(struct wn_transport *t, const char *ip, bool plain, void *owner)
{
    struct wn_endpoint to = {.host = "mx.test"};
    ck_assert(wn_ip_parse(ip, &to.ip));
    struct wn_link *link = wn_transport_connect(t, &to, plain, owner);
    ck_assert_ptr_nonnull(link);
    return link;
}

static struct wn_link_event wait_for(struct wn_transport *t, enum wn_link_event_kind kind)
{
    struct wn_link_event event;
    ck_assert_msg(wn_transport_wait(t, LONG_MS, &event), "no event");
    ck_assert_msg(event.kind == kind, "event %d: %s, %.*s", event.kind,
                  event.detail != NULL ? event.detail : "", (int)event.reply.n,
                  event.reply.p != NULL ? event.reply.p : "");
    return event;
}

/* Bytes of replies until `n` lines have come. */
static void wait_lines(struct wn_transport *t, size_t n, struct wn_buf *out)
{
    wn_buf_clear(out);
    for (size_t lines = 0; lines < n;) {
        struct wn_link_event event = wait_for(t, WN_LINK_BYTES);
        wn_buf_add(out, event.bytes, event.n);
        for (size_t i = 0; i < event.n; i++) {
            lines += event.bytes[i] == '\n';
        }
    }
}

static void say(struct wn_link *link, enum wn_smtp_verb verb, const char *address)
{
    struct wn_smtp_command command = {.verb = verb, .address = wn_span_of(address)};
    struct wn_error err = {0};
    ck_assert_msg(wn_link_send(link, &command, &err) == WN_OK, "%s", err.text);
}

#define GREET     SAY("220 mx.test ESMTP\r\n"), STEP(HEAR)
#define EHLO      GREET, SAY("250-mx.test\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n")
#define OFFER_TLS GREET, SAY("250-mx.test\r\n250 STARTTLS\r\n"), STEP(HEAR)

/* --- what becomes ready, and what is known then --- */

static const struct {
    const char *name;
    const char *address; /* NULL: 127.0.0.1 */
    bool plain;
    bool pipelining, utf8, tls;
    const char *banner;
    const char *heard; /* all that the server is told before MAIL */
    struct smtp_step script[16];
} ready[] = {
    {"no extensions", .banner = "mx.test ESMTP", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250 mx.test\r\n"), STEP(SERVE)}},
    {"extensions", .pipelining = true, .utf8 = true, .banner = "mx.test ESMTP",
     .heard = "EHLO probe.example\n", .script = {EHLO, STEP(SERVE)}},
    {"keywords in any case, with parameters, LF alone", .pipelining = true, .utf8 = true,
     .banner = "a b", .heard = "EHLO probe.example\n",
     .script = {SAY("220-a\n220 b\n"), STEP(HEAR),
                SAY("250-mx\n250-Pipelining  \n250-SIZE 10\n250-smtputf8 x\n250 8BITMIME\n"),
                STEP(SERVE)}},
    {"the first line of an answer names the server", .banner = "SMTPUTF8",
     .heard = "EHLO probe.example\n",
     .script = {SAY("220 SMTPUTF8\r\n"), STEP(HEAR), SAY("250 PIPELINING\r\n"), STEP(SERVE)}},
    {"split at every byte", .pipelining = true, .banner = "mx.test ESMTP",
     .heard = "EHLO probe.example\n",
     .script = {TEXT(SPLIT, "220 mx.test ESMTP\r\n"), STEP(HEAR),
                TEXT(SPLIT, "250-mx\r\n250 PIPELINING\r\n"), STEP(SERVE)}},
    {"IPv6", .address = "::1", .banner = "mx.test ESMTP", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250 mx.test\r\n"), STEP(SERVE)}},
    {"HELO where EHLO is refused, which has no extensions", .banner = "mx.test ESMTP",
     .heard = "EHLO probe.example\nHELO probe.example\n",
     .script = {GREET, SAY("502-What\r\n502 PIPELINING\r\n"), STEP(HEAR),
                SAY("250-mx\r\n250 PIPELINING\r\n"), STEP(SERVE)}},
    {"no login is tried", .banner = "mx.test ESMTP", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250-mx\r\n250 AUTH PLAIN LOGIN EXTERNAL XOAUTH2\r\n"), STEP(SERVE)}},
    {"a greeting that is no text", .banner = "a?b ?\xc3\xa4", .heard = "EHLO probe.example\n",
     .script = {SAY("220 a\0b \xff\xc3\xa4\r\n"), STEP(HEAR), SAY("250 mx\r\n"), STEP(SERVE)}},
    {"TLS, and what is said before it does not count", .tls = true, .utf8 = true,
     .banner = "mx.test ESMTP", .heard = "EHLO probe.example\nSTARTTLS\nEHLO probe.example\n",
     .script = {GREET, SAY("250-mx.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"), STEP(HEAR),
                SAY("220 Go ahead\r\n"), STEP(TLS), STEP(HEAR),
                SAY("250-mx.test\r\n250 SMTPUTF8\r\n"), STEP(SERVE)}},
    {"HELO under TLS", .tls = true, .banner = "mx.test ESMTP",
     .heard = "EHLO probe.example\nSTARTTLS\nEHLO probe.example\nHELO probe.example\n",
     .script = {OFFER_TLS, SAY("220 Go ahead\r\n"), STEP(TLS), STEP(HEAR), SAY("502 No\r\n"),
                STEP(HEAR), SAY("250 mx.test\r\n"), STEP(SERVE)}},
    {"STARTTLS is refused", .pipelining = true, .banner = "mx.test ESMTP",
     .heard = "EHLO probe.example\nSTARTTLS\n",
     .script = {GREET, SAY("250-mx.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"), STEP(HEAR),
                SAY("454 4.7.0 TLS not available\r\n"), STEP(SERVE)}},
    {"STARTTLS is not said to a server that failed at it before", .plain = true,
     .banner = "mx.test ESMTP", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250-mx.test\r\n250 STARTTLS\r\n"), STEP(SERVE)}},
};

START_TEST(becomes_ready)
{
    int owner;
    struct wn_buf said = {0};
    const char *address = ready[_i].address != NULL ? ready[_i].address : "127.0.0.1";
    struct smtp_server *server = smtp_server_start(address, ready[_i].script);
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_server_port(server)});
    struct wn_link *link = begin(t, address, ready[_i].plain, &owner);
    struct wn_link_event event = wait_for(t, WN_LINK_READY);
    ck_assert_ptr_eq(event.link, link);
    ck_assert_ptr_eq(event.owner, &owner);
    const struct wn_link_facts *facts = wn_link_facts(link);
    ck_assert_int_eq(facts->pipelining, ready[_i].pipelining);
    ck_assert_int_eq(facts->utf8, ready[_i].utf8);
    ck_assert_int_eq(facts->tls, ready[_i].tls);
    ck_assert_int_eq(facts->certificate_bad, ready[_i].tls);
    ck_assert_str_eq(facts->banner, ready[_i].banner);
    say(link, WN_SMTP_MAIL, "probe@sender.example");
    say(link, WN_SMTP_RCPT, "joe@mx.test");
    say(link, WN_SMTP_RSET, "");
    wait_lines(t, 3, &said);
    ck_assert_str_eq(wn_buf_text(&said), "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n");
    say(link, WN_SMTP_QUIT, "");
    wait_lines(t, 1, &said);
    ck_assert_str_eq(wn_buf_text(&said), "221 Bye\r\n");
    event = wait_for(t, WN_LINK_CLOSED);
    ck_assert_str_eq(event.detail, "the server hung up");
    wn_link_close(link);
    wn_buf_clear(&said);
    wn_buf_addf(&said, "%sMAIL FROM:<probe@sender.example>\nRCPT TO:<joe@mx.test>\nRSET\nQUIT\n",
                ready[_i].heard);
    ck_assert_str_eq(smtp_server_heard(server, 1), wn_buf_text(&said));
    wn_transport_free(t);
    smtp_server_stop(server);
    wn_buf_release(&said);
}
END_TEST

/* --- what fails before it is ready --- */

static const struct {
    const char *name;
    enum wn_link_phase phase;
    bool timed_out;
    const char *reply, *detail, *heard;
    struct smtp_step script[16];
} failing[] = {
    {"554 greets",
     WN_LINK_BANNER,
     false,
     "554 5.7.1 Go away, 192.0.2.1 is listed",
     "the server turns us away",
     "QUIT\n",
     {SAY("554-5.7.1 Go away,\r\n554 5.7.1 192.0.2.1 is listed\r\n"), STEP(HOLD)}},
    {"421 greets, and nothing is said any more",
     WN_LINK_BANNER,
     false,
     "421 Too many connections",
     "the server turns us away",
     "",
     {SAY("421 Too many connections\r\n"), STEP(HOLD)}},
    {"421 greets and hangs up",
     WN_LINK_BANNER,
     false,
     "421 4.7.0 Later",
     "the server turns us away",
     "",
     {SAY("421 4.7.0 Later\r\n")}},
    {"connects and hangs up",
     WN_LINK_BANNER,
     false,
     "",
     "the server hung up without a greeting",
     "",
     {STEP(END)}},
    {"connects and resets",
     WN_LINK_BANNER,
     false,
     "",
     "the server hung up without a greeting",
     "",
     {STEP(RESET)}},
    {"half a greeting",
     WN_LINK_BANNER,
     false,
     "",
     "the server hung up without a greeting",
     "",
     {SAY("554-Go\r\n554 aw")}},
    {"never greets",
     WN_LINK_BANNER,
     true,
     "",
     "the server connects and does not greet in time",
     "",
     {STEP(HOLD)}},
    {"greets for ever",
     WN_LINK_BANNER,
     false,
     "",
     "a reply of the server has too many lines",
     "",
     {TEXT(ENDLESS, "220-Welcome\r\n")}},
    {"a greeting of ten million octets",
     WN_LINK_BANNER,
     false,
     "",
     "the server says too much before it is asked anything",
     "",
     {SAY("220 "), STEP(LONG), SAY("\r\n"), STEP(HOLD)}},
    {"another protocol",
     WN_LINK_BANNER,
     false,
     "",
     "the server sent something that is no SMTP reply",
     "",
     {SAY("SSH-2.0-OpenSSH_9.2\r\n"), STEP(HOLD)}},
    {"NULs",
     WN_LINK_BANNER,
     false,
     "",
     "the server sent something that is no SMTP reply",
     "",
     {SAY("\0\0\0\0\0\0\r\n"), STEP(HOLD)}},
    {"answers EHLO before it is said",
     WN_LINK_EHLO,
     false,
     "",
     "the server answers before it is asked",
     "EHLO probe.example\nQUIT\n",
     {SAY("220 mx\r\n250 mx\r\n"), STEP(HOLD)}},
    {"greets twice",
     WN_LINK_EHLO,
     false,
     "",
     "the server answers EHLO as if it were another command",
     "EHLO probe.example\nQUIT\n",
     {GREET, SAY("220 mx\r\n"), STEP(HOLD)}},
    {"hangs up at EHLO",
     WN_LINK_EHLO,
     false,
     "",
     "the server greeted and hung up",
     "EHLO probe.example\n",
     {GREET, STEP(END)}},
    {"resets at EHLO",
     WN_LINK_EHLO,
     false,
     "",
     "the server greeted and hung up",
     "EHLO probe.example\n",
     {GREET, STEP(RESET)}},
    {"does not answer EHLO",
     WN_LINK_EHLO,
     true,
     "",
     "the server greets and does not answer EHLO in time",
     "EHLO probe.example\nQUIT\n",
     {GREET, STEP(HOLD)}},
    {"refuses EHLO and HELO",
     WN_LINK_EHLO,
     false,
     "550 5.7.1 No",
     "the server accepts neither EHLO nor HELO",
     "EHLO probe.example\nHELO probe.example\nQUIT\n",
     {GREET, SAY("502 What\r\n"), STEP(HEAR), SAY("550 5.7.1 No\r\n"), STEP(HOLD)}},
    {"421 at EHLO",
     WN_LINK_EHLO,
     false,
     "421 4.3.2 Bye",
     "the server accepts neither EHLO nor HELO",
     "EHLO probe.example\n",
     {GREET, SAY("421 4.3.2 Bye\r\n")}},
    {"answers EHLO for ever",
     WN_LINK_EHLO,
     false,
     "",
     "a reply of the server has too many lines",
     "EHLO probe.example\n",
     {GREET, TEXT(ENDLESS, "250-X\r\n")}},
    {"ten million octets at EHLO",
     WN_LINK_EHLO,
     false,
     "",
     "the server says too much before it is asked anything",
     "EHLO probe.example\n",
     {GREET, SAY("250 "), STEP(LONG), SAY("\r\n"), STEP(HOLD)}},
    {"the code changes",
     WN_LINK_EHLO,
     false,
     "",
     "the code changes from one line of a reply to the next",
     "EHLO probe.example\nQUIT\n",
     {GREET, SAY("250-mx\r\n550 No\r\n"), STEP(HOLD)}},
    {"hangs up at STARTTLS",
     WN_LINK_STARTTLS,
     false,
     "",
     "the server offered TLS and hung up",
     "EHLO probe.example\nSTARTTLS\n",
     {OFFER_TLS, STEP(END)}},
    {"does not answer STARTTLS",
     WN_LINK_STARTTLS,
     true,
     "",
     "the server offers TLS and does not begin it in time",
     "EHLO probe.example\nSTARTTLS\nQUIT\n",
     {OFFER_TLS, STEP(HOLD)}},
    {"plain words after STARTTLS",
     WN_LINK_STARTTLS,
     false,
     "",
     "the server goes on talking after STARTTLS",
     "EHLO probe.example\nSTARTTLS\n",
     {OFFER_TLS, SAY("220 Go\r\n250 mx\r\n"), STEP(END)}},
    {"garbage for the handshake",
     WN_LINK_STARTTLS,
     false,
     "",
     "TLS does not come about: ",
     "EHLO probe.example\nSTARTTLS\n",
     {OFFER_TLS, SAY("220 Go\r\n"), STEP(OCTET), SAY("abc\r\n")}},
    {"hangs up in the handshake",
     WN_LINK_STARTTLS,
     false,
     "",
     "TLS does not come about: ",
     "EHLO probe.example\nSTARTTLS\n",
     {OFFER_TLS, SAY("220 Go\r\n"), STEP(END)}},
    {"resets in the handshake",
     WN_LINK_STARTTLS,
     false,
     "",
     "TLS does not come about: ",
     "EHLO probe.example\nSTARTTLS\n",
     {OFFER_TLS, SAY("220 Go\r\n"), STEP(RESET)}},
    {"another code for STARTTLS",
     WN_LINK_STARTTLS,
     false,
     "",
     "the server answers STARTTLS as if it were another command",
     "EHLO probe.example\nSTARTTLS\nQUIT\n",
     {OFFER_TLS, SAY("250 Ok\r\n"), STEP(HOLD)}},
    {"hangs up under TLS",
     WN_LINK_STARTTLS,
     false,
     "",
     "the server offered TLS and hung up",
     "EHLO probe.example\nSTARTTLS\nEHLO probe.example\n",
     {OFFER_TLS, SAY("220 Go\r\n"), STEP(TLS), STEP(HEAR), STEP(END)}},
    {"refuses EHLO under TLS",
     WN_LINK_EHLO,
     false,
     "550 No",
     "the server accepts neither EHLO nor HELO",
     "EHLO probe.example\nSTARTTLS\nEHLO probe.example\nHELO probe.example\n",
     {OFFER_TLS, SAY("220 Go\r\n"), STEP(TLS), STEP(HEAR), SAY("550 No\r\n"), STEP(HEAR),
      SAY("550 No\r\n"), STEP(HOLD)}},
};

START_TEST(fails)
{
    struct smtp_server *server = smtp_server_start("127.0.0.1", failing[_i].script);
    struct wn_transport *t = open_transport(&(struct wn_transport_config){
        .port = smtp_server_port(server), .banner_ms = failing[_i].timed_out ? SHORT_MS : 0});
    struct wn_link *link = begin(t, "127.0.0.1", false, NULL);
    struct wn_link_event event = wait_for(t, WN_LINK_FAILED);
    ck_assert_ptr_eq(event.link, link);
    ck_assert_msg(strncmp(event.detail, failing[_i].detail, strlen(failing[_i].detail)) == 0, "%s",
                  event.detail);
    ck_assert_int_eq(event.phase, failing[_i].phase);
    ck_assert_int_eq(event.timed_out, failing[_i].timed_out);
    ck_assert(!event.refused);
    ck_assert_uint_eq(event.reply.n, strlen(failing[_i].reply));
    ck_assert_mem_eq(event.reply.p, failing[_i].reply, event.reply.n);
    ck_assert_msg(!wn_transport_wait(t, 0, &event), "told once");
    ck_assert_str_eq(smtp_server_heard(server, 1), failing[_i].heard);
    wn_link_close(link);
    wn_transport_free(t);
    smtp_server_stop(server);
}
END_TEST

START_TEST(nobody_listens)
{
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_dead_port()});
    struct wn_link *link = begin(t, "127.0.0.1", false, NULL);
    struct wn_link_event event = wait_for(t, WN_LINK_FAILED);
    ck_assert_int_eq(event.phase, WN_LINK_CONNECT);
    ck_assert(event.refused && !event.timed_out);
    ck_assert_str_eq(event.detail, "no connection: Connection refused");
    wn_link_close(link);
    wn_transport_free(t);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("transport");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, becomes_ready, 0, sizeof ready / sizeof *ready);
    tcase_add_loop_test(tc, fails, 0, sizeof failing / sizeof *failing);
    tcase_add_test(tc, nobody_listens);
    Suite *s = suite_create("transport");
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int bad = srunner_ntests_failed(runner);
    srunner_free(runner);
    return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
