/* SPDX-License-Identifier: MIT */
/* Whole dialogues as scripts: what the server sends, and the log of what is said and heard that
 * must come of it, wherever the bytes are cut. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtp/dialogue.h"
#include "support/suite.h"

enum {
    RECIPIENTS = 8,
    STEPS = 12
};

#define SENDER     "MAIL FROM:<probe@s.example>"
#define RCPT(name) "RCPT TO:<" name "@x.example>"

static const struct script {
    const char *name;
    bool pipelining, utf8, stopped;
    const char *sender;                 /* NULL: probe@s.example */
    const char *recipients[RECIPIENTS]; /* tagged 1, 2 ... */
    const char *server[STEPS];          /* what it sends, each after all that can be said was */
    const char *log;
    const char *left; /* the recipients without an answer: "1" unsent, "1s" sent */
} scripts[] = {
    {"nobody to ask", .server = {"221 bye\r\n"}, .log = "QUIT|done|"},
    {"one", .recipients = {"a@x.example"},
     .server = {"250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n", "250 2.0.0 Ok\r\n", "221 2.0.0 Bye\r\n"},
     .log = SENDER "|mail 250 2.1.0 Ok|" RCPT("a") "|1: 250 2.1.5 Ok|RSET|reset|QUIT|done|"},
    {"one after the other", .recipients = {"a@x.example", "b@x.example"},
     .server = {"250 ok\r\n", "550 5.1.1 no\r\n", "250 ok\r\n", "250 ok\r\n", "221 bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 550 5.1.1 no|" RCPT("b") "|2: 250 ok|RSET|reset|"
                                                                           "QUIT|done|"},
    {"pipelined", .pipelining = true, .recipients = {"a@x.example", "b@x.example"},
     .server = {"250 ok\r\n550 5.1.1 no\r\n250 yes\r\n", "250 ok\r\n", "221 bye\r\n"},
     .log = SENDER "|" RCPT("a") "|" RCPT("b") "|mail 250 ok|1: 550 5.1.1 no|2: 250 yes|RSET|reset|"
                                               "QUIT|done|"},
    {"MAIL refused", .recipients = {"a@x.example"}, .server = {"550 5.7.1 you\r\n", "221 bye\r\n"},
     .log = SENDER "|mail 550 5.7.1 you|QUIT|done|", .left = "1"},
    {"MAIL refused, recipients on their way: what is said of them means nothing",
     .pipelining = true, .recipients = {"a@x.example", "b@x.example"},
     .server = {"550 5.7.1 you\r\n503 5.5.1 MAIL first\r\n", "250 odd\r\n", "221 bye\r\n"},
     .log = SENDER "|" RCPT("a") "|" RCPT("b") "|mail 550 5.7.1 you|QUIT|done|", .left = "1s2s"},
    {"MAIL deferred", .recipients = {"a@x.example"}, .server = {"451 later\r\n", "221 bye\r\n"},
     .log = SENDER "|mail 451 later|QUIT|done|", .left = "1"},
    {"354 to MAIL is no yes", .recipients = {"a@x.example"},
     .server = {"354 go ahead\r\n", "221 bye\r\n"}, .log = SENDER "|mail 354 go ahead|QUIT|done|",
     .left = "1"},
    {"several lines", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n",
                "550-5.1.1 The email account\r\n550-5.1.1 that you tried\r\n550 5.1.1 to reach\r\n",
                "250 ok\r\n", "221 bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 550 5.1.1 The email account that you tried to "
                                             "reach|RSET|reset|QUIT|done|"},
    {"a code on the last line alone", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "550-unknown\r\n550-\r\n550 5.1.1 user\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 550 unknown 5.1.1 user|RSET|"},
    {"bare LF", .recipients = {"a@x.example"},
     .server = {"250 ok\n", "550-5.1.1 a\n550 5.1.1 b\n", "250\n", "221\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 550 5.1.1 a b|RSET|reset|QUIT|done|"},
    {"CR twice", .recipients = {"a@x.example"}, .server = {"250 ok\r\r\n", "250\r\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250|RSET|"},
    {"control characters and no UTF-8", .recipients = {"a@x.example"},
     .server = {"250 \x1b[31mok\x07\r\n", "550 a\tb\xff\xc3\xb6\xc2\x85\xe2\x82\r\n"},
     .log = SENDER "|mail 250 ?[31mok?|" RCPT("a") "|1: 550 a b?\xc3\xb6???|RSET|"},
    {"a code that contradicts the basic one is told as it is", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "450 5.1.1 no\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 450 5.1.1 no|RSET|"},

    /* 421 */
    {"421 to MAIL", .recipients = {"a@x.example"}, .server = {"421 4.7.0 you\r\n", "250 more\r\n"},
     .log = SENDER "|closing mail 421 4.7.0 you|done|", .left = "1"},
    {"421 to a recipient", .recipients = {"a@x.example", "b@x.example", "c@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "421-a\r\n421 b\r\n"},
     .log =
         SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|" RCPT("b") "|closing rcpt 2: 421 a b|done|",
     .left = "2s3"},
    {"421 amid a group: what names its recipient is certain, the rest is not", .pipelining = true,
     .recipients = {"a@x.example", "b@x.example", "c@x.example"},
     .server = {"250 ok\r\n550 5.1.1 <A@X.example>: no\r\n550 no\r\n421 too many errors\r\n"},
     .log = SENDER "|" RCPT("a") "|" RCPT("b") "|" RCPT(
         "c") "|mail 250 ok|"
              "1: 550 5.1.1 <A@X.example>: no|closing rcpt 3: 421 too many errors|done|",
     .left = "2s3s"},
    {"421 before anything was said", .stopped = true, .server = {"421 idle\r\n"},
     .log = "QUIT|done|"},
    {"421 to RSET", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "421 bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|RSET|closing unknown 421 bye|done|"},
    {"250 to QUIT is the answer to what came before it", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|RSET|reset|QUIT|out of step: the server "
                                             "answers QUIT as if it were another command|done|"},
    {"a refused QUIT ends it, too", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "500 what\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|RSET|reset|QUIT|done|"},
    {"421 to QUIT is as good as 221", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "421 bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|RSET|reset|QUIT|done|"},
    {"421 between a recipient's answer and RSET", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n421 bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|closing unknown 421 bye|done|"},

    /* Out of step */
    {"fewer replies than commands: nothing is given out that may be another's", .pipelining = true,
     .recipients = {"a@x.example", "b@x.example", "c@x.example"},
     .server = {"250 ok\r\n250 yes\r\n", "550 no\r\n"},
     .log = SENDER "|" RCPT("a") "|" RCPT("b") "|" RCPT("c") "|mail 250 ok|", .left = "1s2s3s"},
    {"the answers of a group are given out when all are there", .pipelining = true,
     .recipients = {"a@x.example", "b@x.example"},
     .server = {"250 ok\r\n550 no\r\n", "250 yes\r\n"},
     .log = SENDER "|" RCPT("a") "|" RCPT("b") "|mail 250 ok|1: 550 no|2: 250 yes|RSET|"},
    {"a reply that names another recipient", .pipelining = true,
     .recipients = {"a@x.example", "b@x.example", "c@x.example"},
     .server = {"250 ok\r\n550 no\r\n550 5.1.1 <c@x.example>: unknown\r\n"},
     .log = SENDER
     "|" RCPT("a") "|" RCPT("b") "|" RCPT("c") "|mail 250 ok|out of step: a reply of the server "
                                               "names another recipient than the one it "
                                               "answers|QUIT|done|",
     .left = "1s2s3s"},
    {"an address that ends like another recipient's is none", .pipelining = true,
     .recipients = {"a@x.example", "aa@x.example", "b.a@x.example"},
     .server = {"250 ok\r\n250 yes\r\n550 <aa@x.example> no\r\n550 <b.a@x.example> no\r\n"},
     .log = SENDER "|RCPT TO:<a@x.example>|RCPT TO:<aa@x.example>|RCPT TO:<b.a@x.example>|mail 250 "
                   "ok|1: 250 yes|2: 550 <aa@x.example> no|3: 550 <b.a@x.example> no|RSET|"},
    {"another recipient's address may end like this one's", .pipelining = true,
     .recipients = {"a@x.example", "b.a@x.example"},
     .server = {"250 ok\r\n550 <b.a@x.example> no\r\n"},
     .log = SENDER
     "|RCPT TO:<a@x.example>|RCPT TO:<b.a@x.example>|mail 250 ok|out of step: a reply of the "
     "server names another recipient than the one it answers|QUIT|done|",
     .left = "1s2s"},
    {"or begin like it", .pipelining = true, .recipients = {"a@x.example", "a@x.example-2"},
     .server = {"250 ok\r\n550 <a@x.example-2> no\r\n"},
     .log = SENDER
     "|RCPT TO:<a@x.example>|RCPT TO:<a@x.example-2>|mail 250 ok|out of step: a reply of the "
     "server names another recipient than the one it answers|QUIT|done|",
     .left = "1s2s"},
    {"an address that was not asked for is no sign", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "550 forwarded to <z@y.example>: no\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 550 forwarded to <z@y.example>: no|RSET|"},
    {"more replies than commands", .recipients = {"a@x.example", "b@x.example"},
     .server = {"250 ok\r\n", "550 no\r\n550 no\r\n", "221 bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 550 no|out of step: the server gave more replies "
                                             "than there were commands|QUIT|done|",
     .left = "2"},
    {"a reply before anything was said", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n250 more\r\n"},
     .log = SENDER
     "|mail 250 ok|out of step: the server gave more replies than there were commands|QUIT|"
     "done|",
     .left = "1"},
    {"RSET refused", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "550 5.1.1 no\r\n"},
     .log =
         SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|RSET|out of step: the server refuses RSET, "
                                          "which none can; its replies may be out "
                                          "of step|QUIT|done|"},
    {"the code changes inside a reply", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250-ok\r\n550 no such user\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT(
         "a") "|broken: the code changes from one line of a reply to the next|QUIT|done|",
     .left = "1s"},

    /* Garbage */
    {"HTTP", .recipients = {"a@x.example"}, .server = {"HTTP/1.1 400 Bad Request\r\n\r\n"},
     .log = SENDER "|broken: the server sent something that is no SMTP reply|QUIT|done|",
     .left = "1"},
    {"an empty line", .recipients = {"a@x.example"}, .server = {"\r\n"},
     .log = SENDER "|broken: the server sent something that is no SMTP reply|QUIT|done|",
     .left = "1"},
    {"a code of no class", .recipients = {"a@x.example"}, .server = {"150 ok\r\n"},
     .log = SENDER "|broken: the server sent something that is no SMTP reply|QUIT|done|",
     .left = "1"},
    {"a code beyond all classes", .recipients = {"a@x.example"}, .server = {"650 ok\r\n"},
     .log = SENDER "|broken: the server sent something that is no SMTP reply|QUIT|done|",
     .left = "1"},
    {"four digits", .recipients = {"a@x.example"}, .server = {"2500 ok\r\n"},
     .log = SENDER "|broken: the server sent something that is no SMTP reply|QUIT|done|",
     .left = "1"},
    {"garbage for QUIT", .recipients = {"a@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "bye\r\n"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|1: 250 ok|RSET|reset|QUIT|done|"},
    {"half a line", .recipients = {"a@x.example"}, .server = {"250 ok\r\n", "550 5.1.1 no such us"},
     .log = SENDER "|mail 250 ok|" RCPT("a") "|", .left = "1s"},

    /* Addresses */
    {"UTF-8 where it is offered", .utf8 = true, .recipients = {"a@x.example", "\xc3\xb6@x.example"},
     .server = {"250 ok\r\n", "250 ok\r\n", "250 ok\r\n"},
     .log = SENDER
     " SMTPUTF8|mail 250 ok|" RCPT("a") "|1: 250 ok|" RCPT("\xc3\xb6") "|2: 250 ok|RSET|"},
    {"SMTPUTF8 is not asked for without need", .utf8 = true, .recipients = {"a@x.example"},
     .log = SENDER "|", .left = "1"},
    {"UTF-8 where it is not offered is answered without asking",
     .recipients = {"\xc3\xb6@x.example", "a@x.example"}, .server = {"250 ok\r\n"},
     .log = SENDER
     "|1: The address needs SMTPUTF8, which the server does not offer.|mail 250 ok|" RCPT("a") "|",
     .left = "2s"},
    {"an address that cannot be said", .recipients = {"a@x.example>\r\nDATA"},
     .server = {"221 bye\r\n"},
     .log = "QUIT|1: The address cannot be said in an SMTP command.|done|"},
    {"a sender that cannot be said", .sender = "a b@s.example", .recipients = {"a@x.example"},
     .server = {"221 bye\r\n"},
     .log = "QUIT|broken: the sender's address cannot be said to this server|done|", .left = "1"},
    {"stopped", .stopped = true, .recipients = {"a@x.example"}, .server = {"221 bye\r\n"},
     .log = "QUIT|done|", .left = "1"},
};

static void say_all(struct wn_dialogue *d, struct wn_buf *log)
{
    struct wn_smtp_command command;
    while (wn_dialogue_next(d, &command)) {
        ck_assert(wn_smtp_command_write(&command, log));
        log->len -= 2;
        wn_buf_add_char(log, '|');
    }
}

static void log_event(const struct wn_dialogue_event *e, struct wn_buf *log)
{
    static const char *const words[] = {[WN_DIALOGUE_CLOSING] = "closing",
                                        [WN_DIALOGUE_MAIL] = "mail",
                                        [WN_DIALOGUE_DONE] = "done",
                                        [WN_DIALOGUE_RESET] = "reset",
                                        [WN_DIALOGUE_BROKEN] = "broken"};
    const char *text = e->reply != NULL ? e->reply->text : "";
    ck_assert(e->reply == NULL || e->reply->length == strlen(text));
    switch (e->kind) {
    case WN_DIALOGUE_RECIPIENT:
        ck_assert_int_eq(e->phase, WN_PHASE_rcpt);
        wn_buf_addf(log, "%u: %s|", e->tag, text);
        break;
    case WN_DIALOGUE_CLOSING:
        wn_buf_addf(log, "closing %s ",
                    e->phase != WN_PHASE_unknown ? wn_phase_word(e->phase) : "unknown");
        if (e->phase == WN_PHASE_rcpt) {
            wn_buf_addf(log, "%u: ", e->tag);
        }
        wn_buf_addf(log, "%s|", text);
        break;
    case WN_DIALOGUE_MAIL:
        wn_buf_addf(log, "mail %s|", text);
        break;
    case WN_DIALOGUE_BROKEN:
        wn_buf_addf(log, "%s: %s|", e->out_of_step ? "out of step" : "broken", e->detail);
        break;
    default:
        wn_buf_addf(log, "%s|", words[e->kind]);
        break;
    }
}

/* Returns whether there was one. */
static bool log_events(struct wn_dialogue *d, struct wn_buf *log)
{
    bool any = false;
    for (;;) {
        struct wn_dialogue_event e = wn_dialogue_event(d);
        if (e.kind == WN_DIALOGUE_NONE) {
            return any;
        }
        any = true;
        log_event(&e, log);
    }
}

static void feed(struct wn_dialogue *d, const char *bytes, size_t n, size_t piece)
{
    for (size_t i = 0; i < n; i += piece) {
        size_t length = n - i < piece ? n - i : piece;
        char *exact = wn_malloc(length); /* so that a sanitizer sees its end */
        memcpy(exact, bytes + i, length);
        wn_dialogue_feed(d, exact, length);
        free(exact);
    }
}

static struct wn_dialogue *open_dialogue(const struct script *s)
{
    const char *sender = s->sender != NULL ? s->sender : "probe@s.example";
    struct wn_dialogue *d =
        wn_dialogue_new(&(struct wn_dialogue_config){wn_span_of(sender), s->pipelining, s->utf8});
    for (uint32_t i = 0; i < RECIPIENTS && s->recipients[i] != NULL; i++) {
        wn_dialogue_add(d, wn_span_of(s->recipients[i]), i + 1);
    }
    (s->stopped ? wn_dialogue_stop : wn_dialogue_finish)(d);
    return d;
}

static void play(const struct script *s, size_t piece)
{
    struct wn_buf log = {0}, left = {0};
    struct wn_dialogue *d = open_dialogue(s);
    say_all(d, &log);
    for (size_t i = 0; i < STEPS && s->server[i] != NULL; i++) {
        feed(d, s->server[i], strlen(s->server[i]), piece);
        do {
            (void)log_events(d, &log);
            say_all(d, &log);
        } while (log_events(d, &log));
    }
    ck_assert_msg(strcmp(wn_buf_text(&log), s->log) == 0, "%s, pieces of %zu:\n%s\nnot\n%s",
                  s->name, piece, wn_buf_text(&log), s->log);
    uint32_t tag;
    bool sent;
    while (wn_dialogue_unanswered(d, &tag, &sent)) {
        wn_buf_addf(&left, "%u%s", tag, sent ? "s" : "");
    }
    ck_assert_msg(strcmp(wn_buf_text(&left), s->left != NULL ? s->left : "") == 0, "%s: left %s",
                  s->name, wn_buf_text(&left));
    wn_dialogue_free(d);
    wn_buf_release(&log);
    wn_buf_release(&left);
}

START_TEST(plays)
{
    for (size_t piece = 1; piece < 8; piece++) {
        play(&scripts[_i], piece);
    }
    play(&scripts[_i], SIZE_MAX);
}
END_TEST

#define FEED(d, text) feed(d, text, sizeof(text) - 1, SIZE_MAX)

/* Until MAIL is accepted and `count` recipients are out. */
static struct wn_dialogue *open_asking(bool pipelining, uint32_t count, struct wn_buf *log)
{
    struct wn_dialogue *d =
        wn_dialogue_new(&(struct wn_dialogue_config){WN_SPAN("p@s.example"), pipelining, false});
    for (uint32_t i = 1; i <= count; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "r%u@x.example", i);
        wn_dialogue_add(d, wn_span_of(address), i);
    }
    say_all(d, log);
    FEED(d, "250 ok\r\n");
    (void)log_events(d, log);
    say_all(d, log);
    wn_buf_clear(log);
    return d;
}

static const struct {
    const char *name, *before; /* what stands in front of what is repeated */
    const char *again;
    size_t n; /* bytes sent in all, about */
    const char *log;
} floods[] = {
    {"a line of 10 MB", "550 ", "x", 10 << 20,
     "broken: a line of the server has no end|QUIT|done|"},
    {"10 MB without a code", "", "y", 10 << 20,
     "broken: a line of the server has no end|QUIT|done|"},
    {"endless lines", "", "550-5.1.1 no\r\n", 1 << 20,
     "broken: a reply of the server has too many lines|QUIT|done|"},
    {"one line too many", "", "550-5.1.1 no\r\n", (size_t)14 * WN_SMTP_LINES_MAX,
     "broken: a reply of the server has too many lines|QUIT|done|"},
    {"as many lines as may be, and no end", "", "550-5.1.1 no\r\n",
     (size_t)14 * (WN_SMTP_LINES_MAX - 1), ""},
    {"NULs", "", "\0", 5, ""},
};

START_TEST(bounds)
{
    struct wn_buf log = {0}, flood = {0};
    size_t n = strlen(floods[_i].again) > 0 ? strlen(floods[_i].again) : 1;
    wn_buf_add_text(&flood, floods[_i].before);
    while (flood.len < floods[_i].n) {
        wn_buf_add(&flood, floods[_i].again, n);
    }
    for (size_t piece = 1001; piece < 1 << 20; piece *= 100) {
        struct wn_dialogue *d = open_asking(false, 1, &log);
        feed(d, flood.p, flood.len, piece);
        (void)log_events(d, &log);
        say_all(d, &log);
        (void)log_events(d, &log);
        ck_assert_msg(strcmp(wn_buf_text(&log), floods[_i].log) == 0, "%s: %s", floods[_i].name,
                      wn_buf_text(&log));
        wn_dialogue_free(d);
    }
    wn_buf_release(&flood);
    wn_buf_release(&log);
}
END_TEST

/* A long line, and a reply of the most lines, are cut at what is kept, between two characters. */
START_TEST(keeps_so_much)
{
    struct wn_buf log = {0}, reply = {0};
    struct wn_dialogue *d = open_asking(false, 3, &log);
    wn_buf_add_text(&reply, "550 "); /* so that the last character has one octet of room */
    for (size_t i = 0; i < 100000; i++) {
        wn_buf_add_text(&reply, "\xc3\xb6");
    }
    wn_buf_add_text(&reply, "\r\n");
    feed(d, reply.p, reply.len, 1000);
    struct wn_dialogue_event e = wn_dialogue_event(d);
    ck_assert_int_eq(e.kind, WN_DIALOGUE_RECIPIENT);
    ck_assert_uint_eq(e.reply->length, WN_SMTP_LINE_MAX - 2);
    ck_assert_uint_eq(e.reply->length, strlen(e.reply->text));
    ck_assert_str_eq(e.reply->text + e.reply->length - 2, "\xc3\xb6");
    ck_assert_uint_eq(e.reply->code, 550);
    wn_buf_clear(&reply);
    for (int i = 1; i < WN_SMTP_LINES_MAX; i++) {
        wn_buf_add_text(&reply, "250-yes, this is a line that has some length\r\n");
    }
    wn_buf_add_text(&reply, "250 x\xf6\r\n");
    say_all(d, &log);
    feed(d, reply.p, reply.len, 1000);
    e = wn_dialogue_event(d);
    ck_assert_int_eq(e.kind, WN_DIALOGUE_RECIPIENT);
    ck_assert_uint_eq(e.tag, 2);
    ck_assert_uint_eq(e.reply->code, 250);
    ck_assert_uint_eq(e.reply->length, WN_SMTP_LINE_MAX - 1);
    say_all(d, &log);
    FEED(d, "550 \0\0 no\0\r\n");
    e = wn_dialogue_event(d);
    ck_assert_str_eq(e.reply->text, "550 ?? no?");
    wn_dialogue_free(d);
    wn_buf_release(&reply);
    wn_buf_release(&log);
}
END_TEST

/* What is added while a group is out waits for the next: a reply that the server has lost would
 * otherwise be made up for by that of a later recipient. */
START_TEST(sends_in_groups)
{
    struct wn_buf log = {0};
    struct wn_dialogue *d = open_asking(true, 2, &log);
    wn_dialogue_add(d, WN_SPAN("late@x.example"), 3);
    say_all(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "");
    FEED(d, "550 no\r\n");
    ck_assert_uint_eq(wn_dialogue_waiting(d), 2);
    ck_assert(!log_events(d, &log));
    say_all(d, &log);
    FEED(d, "250 yes\r\n");
    ck_assert_uint_eq(wn_dialogue_waiting(d), 0);
    say_all(d, &log); /* before the events are taken */
    ck_assert(log_events(d, &log));
    wn_dialogue_add(d, WN_SPAN("later@x.example"), 4); /* no answer yet: still of this group */
    say_all(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "RCPT TO:<late@x.example>|1: 550 no|2: 250 yes|"
                                        "RCPT TO:<later@x.example>|");
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

START_TEST(bounds_a_group)
{
    struct wn_buf log = {0};
    struct wn_dialogue *d =
        wn_dialogue_new(&(struct wn_dialogue_config){WN_SPAN("p@s.example"), true, false});
    for (uint32_t i = 0; i < 3 * WN_DIALOGUE_GROUP_MAX; i++) {
        wn_dialogue_add(d, WN_SPAN("same@x.example"), i);
    }
    say_all(d, &log);
    ck_assert_uint_eq(wn_dialogue_waiting(d), 1 + WN_DIALOGUE_GROUP_MAX);
    for (uint32_t i = 0; i < 1 + WN_DIALOGUE_GROUP_MAX; i++) {
        FEED(d, "250 ok\r\n");
    }
    ck_assert_uint_eq(wn_dialogue_waiting(d), 0);
    say_all(d, &log);
    ck_assert_uint_eq(wn_dialogue_waiting(d), WN_DIALOGUE_GROUP_MAX);
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

/* Who was handed back is no longer asked, and no longer answered. */
START_TEST(hands_back)
{
    struct wn_buf log = {0};
    uint32_t tag;
    bool sent;
    struct wn_dialogue *d = open_asking(false, 3, &log);
    for (uint32_t i = 1; i <= 3; i++) {
        ck_assert(wn_dialogue_unanswered(d, &tag, &sent));
        ck_assert_uint_eq(tag, i);
        ck_assert(sent == (i == 1));
    }
    ck_assert(!wn_dialogue_unanswered(d, &tag, &sent));
    wn_dialogue_finish(d);
    FEED(d, "550 no\r\n");
    ck_assert(!log_events(d, &log));
    say_all(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "RSET|");
    wn_dialogue_free(d);

    wn_buf_clear(&log);
    d = open_asking(true, 2, &log);
    FEED(d, "550 no\r\n"); /* held */
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent));
    ck_assert(tag == 1 && sent);
    ck_assert_uint_eq(wn_dialogue_waiting(d), 1);
    FEED(d, "250 yes\r\n");
    (void)log_events(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "2: 250 yes|");
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

START_TEST(ends_with_the_connection)
{
    struct wn_buf log = {0};
    struct wn_smtp_command command;
    uint32_t tag;
    bool sent;
    struct wn_dialogue *d = open_asking(true, 2, &log);
    FEED(d, "250 yes\r\n");
    wn_dialogue_closed(d);
    wn_dialogue_finish(d);
    FEED(d, "250 yes\r\n");
    (void)log_events(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "done|");
    ck_assert(!wn_dialogue_next(d, &command));
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent) && tag == 1 && sent);
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent) && tag == 2 && sent);
    wn_dialogue_free(d);
    wn_dialogue_free(NULL);
    wn_buf_release(&log);
}
END_TEST

/* Stopped between two recipients: the one that is out is waited for, the other not asked. */
START_TEST(stops)
{
    struct wn_buf log = {0};
    uint32_t tag;
    bool sent;
    struct wn_dialogue *d = open_asking(false, 2, &log);
    wn_dialogue_stop(d);
    say_all(d, &log);
    FEED(d, "250 yes\r\n");
    say_all(d, &log);
    FEED(d, "250 ok\r\n");
    say_all(d, &log);
    (void)log_events(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "RSET|QUIT|1: 250 yes|reset|");
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent) && tag == 2 && !sent);
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

/* A recipient that is added when nothing can be asked any more is handed back; it used to be
 * answered where its address cannot be said, after the last event. */
START_TEST(asks_nobody_at_the_end)
{
    static const char *const late[] = {"b@x.example", "b b@x.example"};
    static const char *const ends[] = {"nonsense\r\n", "421 bye\r\n", NULL};
    struct wn_buf log = {0};
    struct wn_smtp_command command;
    uint32_t tag;
    bool sent;
    struct wn_dialogue *d =
        wn_dialogue_new(&(struct wn_dialogue_config){WN_SPAN("p@s.example"), false, false});
    wn_dialogue_add(d, WN_SPAN("a@x.example"), 1);
    say_all(d, &log);
    const char *end = ends[_i / 2];
    if (end != NULL) {
        feed(d, end, strlen(end), SIZE_MAX);
    } else {
        wn_dialogue_closed(d);
    }
    (void)log_events(d, &log);
    ck_assert(wn_dialogue_next(d, &command) == (_i < 2)); /* QUIT, where it is broken */
    (void)log_events(d, &log);
    wn_dialogue_add(d, wn_span_of(late[_i % 2]), 2);
    ck_assert(!log_events(d, &log));
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent) && tag == 1 && !sent);
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent) && tag == 2 && !sent);
    ck_assert(!wn_dialogue_next(d, &command));
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

/* Nothing is left to say where MAIL is refused, finished or not; nor after RSET to who comes then.
 */
START_TEST(quits_by_itself)
{
    struct wn_buf log = {0};
    struct wn_dialogue *d =
        wn_dialogue_new(&(struct wn_dialogue_config){WN_SPAN("p@s.example"), false, false});
    wn_dialogue_add(d, WN_SPAN("a@x.example"), 1);
    say_all(d, &log);
    FEED(d, "550 no\r\n");
    say_all(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "MAIL FROM:<p@s.example>|QUIT|");
    wn_dialogue_free(d);
    d = open_asking(false, 1, &log);
    wn_dialogue_finish(d);
    FEED(d, "250 yes\r\n");
    say_all(d, &log);
    wn_dialogue_add(d, WN_SPAN("b@x.example"), 2);
    FEED(d, "250 ok\r\n");
    say_all(d, &log);
    ck_assert_str_eq(wn_buf_text(&log), "RSET|QUIT|");
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

/* One that needs SMTPUTF8 comes too late where MAIL went out without; it does not hold up the rest.
 */
START_TEST(leaves_late_utf8)
{
    struct wn_buf log = {0};
    uint32_t tag;
    bool sent;
    struct wn_dialogue *d =
        wn_dialogue_new(&(struct wn_dialogue_config){WN_SPAN("p@s.example"), false, true});
    wn_dialogue_add(d, WN_SPAN("a@x.example"), 1);
    say_all(d, &log);
    wn_dialogue_add(d, WN_SPAN("\xc3\xb6@x.example"), 2);
    wn_dialogue_add(d, WN_SPAN("b@x.example"), 3);
    wn_dialogue_finish(d);
    for (int i = 0; i < 3; i++) {
        FEED(d, "250 ok\r\n");
        (void)log_events(d, &log);
        say_all(d, &log);
    }
    ck_assert_str_eq(wn_buf_text(&log), "MAIL FROM:<p@s.example>|mail 250 ok|RCPT TO:<a@x.example>|"
                                        "1: 250 ok|RCPT TO:<b@x.example>|3: 250 ok|RSET|");
    ck_assert(wn_dialogue_unanswered(d, &tag, &sent) && tag == 2 && !sent);
    wn_dialogue_free(d);
    wn_buf_release(&log);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dialogue");
    TCase *t = tcase_create("dialogue");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, plays, 0, sizeof scripts / sizeof *scripts);
    tcase_add_loop_test(t, bounds, 0, sizeof floods / sizeof *floods);
    tcase_add_test(t, keeps_so_much);
    tcase_add_test(t, sends_in_groups);
    tcase_add_test(t, bounds_a_group);
    tcase_add_test(t, hands_back);
    tcase_add_test(t, ends_with_the_connection);
    tcase_add_test(t, stops);
    tcase_add_loop_test(t, asks_nobody_at_the_end, 0, 6);
    tcase_add_test(t, quits_by_itself);
    tcase_add_test(t, leaves_late_utf8);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
