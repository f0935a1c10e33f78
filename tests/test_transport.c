/* SPDX-License-Identifier: MIT */
/* Connections until they are ready, against scripted servers on loopback: every test goes over a
 * socket. */
#include "smtp/transport.h"

#include <check.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/curl.h"
#include "support/linking.h"
#include "support/suite.h"

/* --- what becomes ready, and what is known then --- */

#define X10   "xxxxxxxxxx"
#define X100  X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

static const struct {
    const char *name;
    const char *address; /* NULL: 127.0.0.1 */
    bool plain;
    bool pipelining, utf8, tls;
    bool nul;          /* in a reply: libcurl takes none from some version after 8.14 on */
    const char *heard; /* all that the server is told before MAIL */
    struct smtp_step script[16];
} ready[] = {
    {"no extensions", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250 mx.test\r\n"), STEP(SERVE)}},
    {"extensions", .pipelining = true, .utf8 = true, .heard = "EHLO probe.example\n",
     .script = {EHLO, STEP(SERVE)}},
    {"keywords in any case, with parameters, LF alone", .pipelining = true, .utf8 = true,
     .heard = "EHLO probe.example\n",
     .script = {SAY("220-a\n220 b\n"), STEP(HEAR),
                SAY("250-mx\n250-Pipelining  \n250-SIZE 10\n250-smtputf8 x\n250 8BITMIME\n"),
                STEP(SERVE)}},
    {"the first line of an answer names the server", .heard = "EHLO probe.example\n",
     .script = {SAY("220 SMTPUTF8\r\n"), STEP(HEAR), SAY("250 PIPELINING\r\n"), STEP(SERVE)}},
    {"split at every byte", .pipelining = true, .heard = "EHLO probe.example\n",
     .script = {TEXT(SPLIT, "220 mx.test ESMTP\r\n"), STEP(HEAR),
                TEXT(SPLIT, "250-mx\r\n250 PIPELINING\r\n"), STEP(SERVE)}},
    {"IPv6", .address = "::1", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250 mx.test\r\n"), STEP(SERVE)}},
    {"HELO where EHLO is refused, which has no extensions",
     .heard = "EHLO probe.example\nHELO probe.example\n",
     .script = {GREET, SAY("502-What\r\n502 PIPELINING\r\n"), STEP(HEAR),
                SAY("250-mx\r\n250 PIPELINING\r\n"), STEP(SERVE)}},
    {"lines of 5,000 octets", .pipelining = true, .heard = "EHLO probe.example\n",
     .script = {SAY("220-mx.test ESMTP\r\n220-" X1000 X1000 X1000 X1000 X1000 "\r\n220 .\r\n"),
                STEP(HEAR),
                SAY("250-mx\r\n250-" X1000 X1000 X1000 X1000 X1000 "\r\n250 PIPELINING\r\n"),
                STEP(SERVE)}},
    {"no login is tried", .heard = "EHLO probe.example\n",
     .script = {GREET, SAY("250-mx\r\n250 AUTH PLAIN LOGIN EXTERNAL XOAUTH2\r\n"), STEP(SERVE)}},
    {"a greeting that is no text", .nul = true, .heard = "EHLO probe.example\n",
     .script = {SAY("220 a\0b \xff\xc3\xa4\r\n"), STEP(HEAR), SAY("250 mx\r\n"), STEP(SERVE)}},
    {"TLS, and what is said before it does not count", .tls = true, .utf8 = true,
     .heard = "EHLO probe.example\nSTARTTLS\nEHLO probe.example\n",
     .script = {GREET, SAY("250-mx.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"), STEP(HEAR),
                SAY("220 Go ahead\r\n"), STEP(TLS), STEP(HEAR),
                SAY("250-mx.test\r\n250 SMTPUTF8\r\n"), STEP(SERVE)}},
    {"HELO under TLS", .tls = true,
     .heard = "EHLO probe.example\nSTARTTLS\nEHLO probe.example\nHELO probe.example\n",
     .script = {OFFER_TLS, SAY("220 Go ahead\r\n"), STEP(TLS), STEP(HEAR), SAY("502 No\r\n"),
                STEP(HEAR), SAY("250 mx.test\r\n"), STEP(SERVE)}},
    {"STARTTLS is refused", .pipelining = true, .heard = "EHLO probe.example\nSTARTTLS\n",
     .script = {GREET, SAY("250-mx.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n"), STEP(HEAR),
                SAY("454 4.7.0 TLS not available\r\n"), STEP(SERVE)}},
    {"STARTTLS is not said to a server that failed at it before", .plain = true,
     .heard = "EHLO probe.example\n",
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
    if (ready[_i].nul && curl_version_info(CURLVERSION_NOW)->version_num > 0x080eff) {
        ck_assert_str_eq(wait_for(t, WN_LINK_FAILED).detail,
                         "the server sent something that is no SMTP reply");
        wn_link_close(link);
        wn_transport_free(t);
        smtp_server_stop(server);
        return;
    }
    struct wn_link_event event = wait_for(t, WN_LINK_READY);
    ck_assert_ptr_eq(event.link, link);
    ck_assert_ptr_eq(event.owner, &owner);
    const struct wn_link_facts *facts = wn_link_facts(link);
    ck_assert_int_eq(facts->pipelining, ready[_i].pipelining);
    ck_assert_int_eq(facts->utf8, ready[_i].utf8);
    ck_assert_int_eq(facts->tls, ready[_i].tls);
    ck_assert_int_eq(facts->certificate_bad, ready[_i].tls);
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
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_server_port(server)});
    struct wn_link *link = begin(t, "127.0.0.1", false, NULL);
    if (failing[_i].timed_out) {
        come_to_hold(t, server);
        pass_time(LONG_MS);
    }
    struct wn_link_event event = wait_for(t, WN_LINK_FAILED);
    ck_assert_ptr_eq(event.link, link);
    ck_assert_msg(strncmp(event.detail, failing[_i].detail, strlen(failing[_i].detail)) == 0, "%s",
                  event.detail);
    ck_assert_int_eq(event.phase, failing[_i].phase);
    ck_assert_int_eq(event.timed_out, failing[_i].timed_out);
    ck_assert(!event.refused);
    ck_assert_str_eq(event.reply != NULL ? event.reply->text : "", failing[_i].reply);
    ck_assert_msg(!wn_transport_wait(t, 0, &event), "told once");
    ck_assert_str_eq(smtp_server_heard(server, 1), failing[_i].heard);
    wn_link_close(link);
    wn_transport_free(t);
    smtp_server_stop(server);
}
END_TEST

/* What is told of a refusal used to be its words, whose codes were looked for once more: also among
 * what the words quote. */
static const struct {
    const char *name;
    unsigned code, enhanced[3]; /* as said in front */
    const char *text;
    struct smtp_step script[4];
} quoting[] = {
    {"behind codes of its own",
     554,
     {5, 7, 1},
     "554 5.7.1 Go away; mx2 said 550 5.1.1 user unknown",
     {SAY("554 5.7.1 Go away; mx2 said 550 5.1.1 user unknown\r\n"), STEP(HOLD)}},
    {"behind a basic code alone",
     554,
     {0, 0, 0},
     "554 Go away; mx2 said: 450 4.2.1 user unknown",
     {SAY("554 Go away; mx2 said: 450 4.2.1 user unknown\r\n"), STEP(HOLD)}},
    {"in its second line",
     421,
     {0, 0, 0},
     "421 Go away; (550 5.1.1) user unknown",
     {SAY("421-Go away;\r\n421 (550 5.1.1) user unknown\r\n"), STEP(HOLD)}},
};

START_TEST(quotes_another_reply)
{
    struct smtp_server *server = smtp_server_start("127.0.0.1", quoting[_i].script);
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_server_port(server)});
    begin(t, "127.0.0.1", false, NULL);
    const struct wn_smtp_reply *reply = wait_for(t, WN_LINK_FAILED).reply;
    ck_assert_ptr_nonnull(reply);
    ck_assert_uint_eq(reply->code, quoting[_i].code);
    ck_assert_uint_eq(reply->enhanced[0], quoting[_i].enhanced[0]);
    ck_assert_uint_eq(reply->enhanced[1], quoting[_i].enhanced[1]);
    ck_assert_uint_eq(reply->enhanced_detail, quoting[_i].enhanced[2]);
    ck_assert_str_eq(reply->text, quoting[_i].text);
    ck_assert_uint_eq(reply->length, strlen(quoting[_i].text));
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
    ck_assert_ptr_null(event.reply);
    wn_link_close(link);
    wn_transport_free(t);
}
END_TEST

START_TEST(nobody_answers)
{
    int held[3];
    struct wn_link_event event;
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_full_port(held)});
    struct wn_link *link = begin(t, "127.0.0.1", false, NULL);
    ck_assert(!wn_transport_wait(t, 0, &event));
    pass_time(LONG_MS);
    event = wait_for(t, WN_LINK_FAILED);
    ck_assert_int_eq(event.phase, WN_LINK_CONNECT);
    ck_assert(event.timed_out && !event.refused);
    ck_assert_str_eq(event.detail, "no connection was made in time");
    wn_link_close(link);
    wn_transport_free(t);
    for (int i = 0; i < 3; i++) {
        (void)close(held[i]);
    }
}
END_TEST

/* Lets no more descriptors be opened; returns what was allowed. */
static struct rlimit take_descriptors(void)
{
    struct rlimit before, limit;
    int next = dup(0);
    ck_assert_int_ge(next, 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)next;
    (void)close(next);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

START_TEST(has_no_descriptor_left)
{
    static const struct smtp_step script[] = {EHLO, STEP(SERVE)};
    struct smtp_server *server = smtp_server_start("127.0.0.1", script);
    struct wn_transport *t =
        open_transport(&(struct wn_transport_config){.port = smtp_server_port(server)});
    struct rlimit before = take_descriptors();
    struct wn_link *link = begin(t, "127.0.0.1", false, NULL);
    struct wn_link_event event = wait_for(t, WN_LINK_FAILED);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(event.phase, WN_LINK_CONNECT);
    ck_assert(!event.refused && !event.timed_out);
    wn_link_close(link);
    begin(t, "127.0.0.1", false, NULL);
    wait_for(t, WN_LINK_READY);
    wn_transport_free(t);
    smtp_server_stop(server);
}
END_TEST

START_TEST(has_no_descriptor_to_begin_with)
{
    struct wn_error err = {0};
    struct wn_transport *t = NULL;
    ck_assert_int_eq(wn_curl_load(&err), WN_OK);
    struct rlimit before = take_descriptors();
    int status = wn_transport_new(&(struct wn_transport_config){.helo = "probe.example"}, &t, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(status, WN_E_IO);
    ck_assert_ptr_null(t);
    ck_assert_str_eq(err.text, "no connections can be made: Too many open files");
}
END_TEST

/* Nobody has loaded it in this process, and without a descriptor nobody can. */
START_TEST(has_no_libcurl)
{
    static const char sentence[] = "libcurl, which all connections need, cannot be loaded: ";
    struct wn_error err = {0}, again = {0};
    struct wn_transport *t = NULL;
    struct rlimit before = take_descriptors();
    int status = wn_transport_new(&(struct wn_transport_config){.helo = "probe.example"}, &t, &err);
    int checked = wn_transport_check_proxy("--proxy", "socks5://127.0.0.1", &again);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(status, WN_E_CONFIG);
    ck_assert_ptr_null(t);
    ck_assert_msg(strncmp(err.text, sentence, sizeof sentence - 1) == 0, "%s", err.text);
    ck_assert_int_eq(checked, WN_E_CONFIG);
    ck_assert_str_eq(again.text, err.text);
}
END_TEST

static const struct {
    const char *helo, *proxy;
    bool ok;
} configs[] = {
    {"probe.example", NULL, true},
    {"[192.0.2.1]", NULL, true},
    {"[IPv6:2001:db8::1]", NULL, true},
    {"", NULL, false},
    {NULL, NULL, false},
    {"a b", NULL, false},
    {"a\r\nMAIL FROM:<>", NULL, false},
    {"a%0d%0aDATA", NULL, false},
    {"probe.example", "socks5://127.0.0.1:1080", true},
    {"probe.example", "socks5h://joe:secret@[::1]:1080", true},
    {"probe.example", "http://proxy.example", true},
    {"probe.example", "https://proxy.example", false},
    {"probe.example", "socks4://proxy.example", false},
    {"probe.example", "proxy.example:1080", false},
    {"probe.example", "", false},
    {"probe.example", "SOCKS5H://127.0.0.1:1080", true},
    {"probe.example", "socks5://", false},
    {"probe.example", "socks5://:", false},
    {"probe.example", "socks5://:1080", false},
    {"probe.example", "socks5://joe:secret@", false},
    {"probe.example", "socks5://joe:secret@:1080", false},
    {"probe.example", "http://joe:secret@proxy.example:99999", false},
    {"probe.example", "http://proxy.example:0", false},
    {"probe.example", "http://proxy.example:", true},
    {"probe.example", "http://proxy.example:port", false},
    {"probe.example", "http://[::1", false},
    {"probe.example", "http://a b:3128", false},
};

START_TEST(checks_its_configuration)
{
    struct wn_error err = {0};
    struct wn_transport *t;
    struct wn_transport_config config = {.helo = configs[_i].helo, .proxy = configs[_i].proxy};
    int status = wn_transport_new(&config, &t, &err);
    ck_assert_int_eq(status, configs[_i].ok ? WN_OK : WN_E_USAGE);
    ck_assert_int_eq(t != NULL, configs[_i].ok);
    ck_assert_ptr_null(strstr(err.text, "secret"));
    wn_transport_free(t);
    if (config.proxy != NULL) {
        err = (struct wn_error){0};
        ck_assert_int_eq(wn_transport_check_proxy("--proxy", config.proxy, &err), status);
        ck_assert(configs[_i].ok || strncmp(err.text, "--proxy has to be ", 18) == 0);
        ck_assert_ptr_null(strstr(err.text, "secret"));
    }
}
END_TEST

START_TEST(says_an_address_literal)
{
    static const struct smtp_step script[] = {EHLO, STEP(HOLD)};
    struct smtp_server *server = smtp_server_start("127.0.0.1", script);
    struct wn_transport *t = open_transport(
        &(struct wn_transport_config){.port = smtp_server_port(server), .helo = "[IPv6:::1]"});
    begin(t, "127.0.0.1", false, NULL);
    wait_for(t, WN_LINK_READY);
    wn_transport_free(t);
    ck_assert_str_eq(smtp_server_heard(server, 1), "EHLO [IPv6:::1]\n");
    smtp_server_stop(server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transport");
    TCase *t = tcase_create("transport");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, becomes_ready, 0, sizeof ready / sizeof *ready);
    tcase_add_loop_test(t, fails, 0, sizeof failing / sizeof *failing);
    tcase_add_loop_test(t, quotes_another_reply, 0, sizeof quoting / sizeof *quoting);
    tcase_add_test(t, nobody_listens);
    tcase_add_test(t, nobody_answers);
    tcase_add_test(t, has_no_descriptor_left);
    tcase_add_test(t, has_no_descriptor_to_begin_with);
    tcase_add_test(t, has_no_libcurl);
    tcase_add_loop_test(t, checks_its_configuration, 0, sizeof configs / sizeof *configs);
    tcase_add_test(t, says_an_address_literal);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
