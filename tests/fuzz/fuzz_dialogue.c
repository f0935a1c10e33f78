/* SPDX-License-Identifier: MIT */
/* Fuzzes the dialogue of a probe with what a mail server may send. The first octet chooses: 1:
 * PIPELINING is offered; 2: SMTPUTF8 is; 4, 8, 16: how many recipients; 32: one more is added
 * later; 64: it is stopped half way; 128: its recipients are handed back half way. The second one:
 * how many octets arrive at once. Commands are taken and events read after each piece. */
#include <unistr.h>

#include "fuzz.h"
#include "smtp/dialogue.h"
#include "smtp/outcome.h"

enum {
    RECIPIENTS = 9
};

static const char *const addresses[RECIPIENTS] = {
    "a@x.example",          "b@x.example",       "\xc3\xb6@x.example",
    "aa@x.example",         "\"a b\"@x.example", "a b@x.example",
    "c@x.example>\r\nDATA", "d@x.example",       "late@x.example"};

struct session {
    struct wn_dialogue *d;
    bool pipelining, over, broken, mail_refused;
    unsigned said[WN_SMTP_VERB_COUNT];
    unsigned sent[RECIPIENTS], answered[RECIPIENTS], handed[RECIPIENTS];
};

static void check_reply(const struct wn_smtp_reply *reply)
{
    REQUIRE(reply->length < WN_SMTP_LINE_MAX && reply->text[reply->length] == '\0');
    REQUIRE(reply->code == 0 || (reply->code >= 200 && reply->code <= 599));
    REQUIRE(u8_check((const uint8_t *)reply->text, reply->length) == NULL);
    for (uint32_t i = 0; i < reply->length; i++) {
        unsigned char c = (unsigned char)reply->text[i];
        REQUIRE(c >= ' ' && c != 0x7f);
    }
}

/* No answer that may drop an address without a permanent refusal at RCPT. */
static void check_meaning(const struct wn_smtp_reply *reply, enum wn_phase phase)
{
    struct wn_probe_meaning m;
    wn_probe_meaning(reply, phase, 0, &m);
    bool no = m.answer == WN_ANSWER_not_found || m.answer == WN_ANSWER_disabled;
    bool yes = m.answer == WN_ANSWER_accepted;
    REQUIRE(!no || (phase == WN_PHASE_rcpt && reply->code / 100 == 5 && reply->enhanced[0] != 4));
    REQUIRE(!yes || (phase == WN_PHASE_rcpt && reply->code / 100 == 2));
    REQUIRE(m.about_us == (m.answer == WN_ANSWER_blocked));
}

static void say_all(struct session *s)
{
    struct wn_smtp_command command;
    while (wn_dialogue_next(s->d, &command)) {
        struct wn_buf line = {0};
        REQUIRE(wn_smtp_command_write(&command, &line));
        REQUIRE(memchr(line.p, '\n', line.len) == line.p + line.len - 1);
        wn_buf_release(&line);
        REQUIRE(!s->over);
        REQUIRE(!s->broken || command.verb == WN_SMTP_QUIT);
        REQUIRE(!s->mail_refused || command.verb == WN_SMTP_QUIT);
        REQUIRE(s->said[WN_SMTP_QUIT] == 0);
        s->said[command.verb]++;
        REQUIRE(command.verb == WN_SMTP_RCPT || s->said[command.verb] == 1);
        REQUIRE(command.verb != WN_SMTP_RCPT || s->said[WN_SMTP_RSET] == 0);
        REQUIRE(s->pipelining || s->broken || wn_dialogue_waiting(s->d) == 1);
        for (size_t i = 0; command.verb == WN_SMTP_RCPT && i < RECIPIENTS; i++) {
            s->sent[i] += wn_span_equal(command.address, wn_span_of(addresses[i]));
        }
    }
}

static void take_events(struct session *s)
{
    for (;;) {
        struct wn_dialogue_event e = wn_dialogue_event(s->d);
        if (e.kind == WN_DIALOGUE_NONE) {
            return;
        }
        REQUIRE(!s->over);
        REQUIRE(!s->broken || e.kind == WN_DIALOGUE_DONE);
        if (e.reply != NULL) {
            check_reply(e.reply);
            check_meaning(e.reply, e.phase);
        }
        if (e.kind == WN_DIALOGUE_RECIPIENT) {
            REQUIRE(e.tag < RECIPIENTS && e.reply != NULL);
            s->answered[e.tag]++;
            REQUIRE(s->answered[e.tag] == 1 && s->handed[e.tag] == 0);
            REQUIRE(s->sent[e.tag] == (e.reply->code != 0));
        }
        s->mail_refused =
            s->mail_refused || (e.kind == WN_DIALOGUE_MAIL && e.reply->code / 100 != 2);
        s->broken = s->broken || e.kind == WN_DIALOGUE_BROKEN;
        s->over = e.kind == WN_DIALOGUE_DONE;
        REQUIRE(!s->broken || e.detail != NULL || s->over);
    }
}

static void hand_back(struct session *s)
{
    uint32_t tag;
    bool sent;
    while (wn_dialogue_unanswered(s->d, &tag, &sent)) {
        REQUIRE(tag < RECIPIENTS && s->answered[tag] == 0);
        s->handed[tag]++;
        REQUIRE(s->handed[tag] == 1 && sent == (s->sent[tag] == 1));
    }
}

static void play(uint8_t options, size_t piece, struct wn_span bytes)
{
    struct session s = {.pipelining = (options & 1) != 0};
    struct wn_dialogue_config config = {WN_SPAN("p@s.example"), s.pipelining, (options & 2) != 0};
    uint32_t count = options >> 2 & 7;
    s.d = wn_dialogue_new(&config);
    for (uint32_t i = 0; i < count; i++) {
        wn_dialogue_add(s.d, wn_span_of(addresses[i]), i);
    }
    say_all(&s);
    size_t half = bytes.n / 2;
    for (size_t at = 0, n; at < bytes.n; at += n) {
        n = bytes.n - at < piece ? bytes.n - at : piece;
        wn_dialogue_feed(s.d, bytes.p + at, n);
        take_events(&s);
        if (at <= half && at + n > half) {
            if (options & 32) {
                wn_dialogue_add(s.d, wn_span_of(addresses[count]), count);
                count++;
            }
            if (options & 128) {
                hand_back(&s);
            }
            (options & 64 ? wn_dialogue_stop : wn_dialogue_finish)(s.d);
        }
        say_all(&s);
        take_events(&s);
    }
    hand_back(&s);
    take_events(&s);
    for (uint32_t i = 0; i < RECIPIENTS; i++) {
        REQUIRE(s.answered[i] + s.handed[i] == (i < count));
        REQUIRE(s.sent[i] <= 1);
    }
    wn_dialogue_free(s.d);
}

/* The replies that are read do not depend on where the octets are cut. */
static void compare_cuts(struct wn_span bytes, size_t piece)
{
    struct wn_smtp_reader whole = {0}, cut = {0};
    struct wn_span left = bytes, rest = {bytes.p, 0};
    const char *end = bytes.p + bytes.n;
    enum wn_smtp_read read;
    do {
        enum wn_smtp_read again;
        read = wn_smtp_reader_take(&whole, &left);
        while ((again = wn_smtp_reader_take(&cut, &rest)) == WN_SMTP_READ_MORE && rest.p < end) {
            size_t n = (size_t)(end - rest.p);
            rest.n = n < piece ? n : piece;
        }
        REQUIRE(read == again);
        if (read == WN_SMTP_READ_REPLY) {
            check_reply(&whole.reply);
            REQUIRE(rest.p == left.p && whole.reply.code == cut.reply.code);
            REQUIRE(strcmp(whole.reply.text, cut.reply.text) == 0);
        }
    } while (read == WN_SMTP_READ_REPLY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct wn_span bytes = {(const char *)data + 2, size - 2};
    play(data[0], (size_t)data[1] + 1, bytes);
    compare_cuts(bytes, (size_t)data[1] + 1);
    return 0;
}
