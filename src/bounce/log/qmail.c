/* SPDX-License-Identifier: MIT */
/* qmail-send(8), qmail-log(5), by way of multilog (TAI64N in front) or splogger (syslog, with
 * seconds since 1970 in front of the text):
 *
 *   new msg 123
 *   info msg 123: bytes 2345 from <sender> qp 678 uid 1001
 *   starting delivery 7: msg 123 to remote user@example.com
 *   delivery 7: failure: Remote_host_said:_550_5.1.1_unknown/Giving_up_on_1.2.3.4./
 *   end msg 123
 *
 * Both kinds of numbers are used again. So a message is named by its own and that of its
 * qmail-queue process ("qp"), and by nothing where that was not seen. */
#include "bounce/log/line.h"
#include "bounce/log/read.h"

/* Digits and the character behind them, taken off the front: "7: " with ": ". */
static bool take_number(struct wn_span *rest, struct wn_span behind)
{
    size_t n = 0;
    while (n < rest->n && n < 20 && wn_is_digit(rest->p[n])) {
        n++;
    }
    struct wn_span after = wn_behind(*rest, n);
    if (n == 0 || !wn_skip(&after, behind)) {
        return false;
    }
    *rest = after;
    return true;
}

/* Stamp and text of a line. */
static bool read_front(struct wn_span line, struct wn_span *stamp, struct wn_span *rest)
{
    struct wn_syslog_line parts;
    if (wn_syslog_read(line, &parts) && wn_begins(parts.program, WN_SPAN("qmail"))) {
        *stamp = parts.stamp;
        line = parts.rest;
        if (wn_stamp_length(line) == 0) {
            *rest = line;
            return true;
        }
    }
    size_t n = wn_stamp_length(line);
    if (n == 0 || n == line.n || line.p[n] != ' ') {
        return false;
    }
    *stamp = (struct wn_span){line.p, n};
    *rest = wn_behind(line, n + 1);
    return true;
}

static bool has(struct wn_span s, struct wn_span word)
{
    return wn_contains(s, word);
}

static const struct {
    struct wn_span words;
    enum wn_phase phase;
} phases[] = {
    {{"does not like recipient", 23}, WN_PHASE_rcpt},
    {{"but sender was rejected", 23}, WN_PHASE_mail},
    {{"but greeting failed", 19}, WN_PHASE_connect},
    {{"but my name was rejected", 24}, WN_PHASE_ehlo},
    {{"failed on DATA command", 22}, WN_PHASE_data},
    {{"failed after I sent the message", 31}, WN_PHASE_data},
};

/* qmail-send wrote "_" for blanks and "/" for line ends. */
static struct wn_span decode(struct wn_log_block *block, struct wn_span text)
{
    char *out = wn_log_room(block, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool line_end = c == '/' && (i + 1 == text.n || (i > 0 && text.p[i - 1] == '.') ||
                                     wn_begins(wn_behind(text, i), WN_SPAN("/Giving_up_on")) ||
                                     wn_begins(wn_behind(text, i), WN_SPAN("/Remote_host_said")) ||
                                     wn_begins(wn_behind(text, i), WN_SPAN("/I'm_not_going")));
        out[n++] = c == '_' || line_end ? ' ' : c;
    }
    return wn_span_trim((struct wn_span){out, n});
}

/* A deferral that has become a failure by its age; where nobody answered, that is X.4.7. */
static void read_expiry(struct wn_log_finding *f)
{
    const char *unanswered = wn_find(f->text, WN_SPAN("(#4.4."));
    if (!has(f->text, WN_SPAN("this message has been in the queue too long"))) {
        return;
    }
    f->enhanced[0] = f->enhanced[1] = 4;
    f->enhanced_detail = 7;
    if (unanswered != NULL) {
        f->text = wn_span_trim((struct wn_span){f->text.p, (size_t)(unanswered - f->text.p)});
    }
}

static void parse_end(struct wn_log_block *block, struct wn_span stamp, struct wn_span id,
                      struct wn_span rest)
{
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ENDED);
    f->id = id;
    if (wn_skip(&rest, WN_SPAN("success: "))) {
        f->kind = WN_KIND_delivered;
    } else if (wn_skip(&rest, WN_SPAN("failure: "))) {
        f->kind = WN_KIND_bounce;
    } else if (wn_skip(&rest, WN_SPAN("deferral: "))) {
        f->kind = WN_KIND_deferred;
    } else {
        wn_log_retract(block); /* "report mangled, will defer" */
        return;
    }
    f->text = decode(block, rest);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        if (has(f->text, phases[i].words)) {
            f->phase = (uint8_t)phases[i].phase;
            break;
        }
    }
    read_expiry(f);
    if (f->kind == WN_KIND_delivered && wn_begins(f->text, WN_SPAN("127."))) {
        f->fault = WN_NOTICE_NO_BOUNCE;
    } else {
        wn_log_date(block, f, stamp);
    }
}

/* "delivery 7: msg 123 to remote user@host" behind "starting ". */
static void parse_start(struct wn_log_block *block, struct wn_span rest)
{
    struct wn_span id, message, where;
    struct wn_span line = rest;
    if (!wn_take(&rest, WN_SPAN(": "), &id) || !wn_take(&rest, WN_SPAN(" to "), &message) ||
        !wn_take(&rest, WN_SPAN(" "), &where) || !wn_begins(line, WN_SPAN("delivery ")) ||
        !wn_begins(message, WN_SPAN("msg "))) {
        return;
    }
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_STARTED);
    f->id = id;
    f->text = message;
    f->recipient = rest;
}

/* "msg 123: bytes 2345 from <sender> qp 678 uid 1001" behind "info ". */
static void parse_info(struct wn_log_block *block, struct wn_span rest)
{
    struct wn_span id, before, sender, qp;
    if (!wn_take(&rest, WN_SPAN(": bytes "), &id) || !wn_take(&rest, WN_SPAN(" from "), &before) ||
        !wn_take_bracketed(&rest, &sender)) {
        return;
    }
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ARRIVAL);
    f->id = id;
    f->null_sender = sender.n == 0 || wn_span_equal(sender, WN_SPAN("#@[]"));
    if (wn_value(rest, WN_SPAN(" qp "), ' ', &qp) && wn_skip(&id, WN_SPAN("msg "))) {
        char *name = wn_log_room(block, id.n + 1 + qp.n);
        memcpy(name, id.p, id.n);
        name[id.n] = '-';
        memcpy(name + id.n + 1, qp.p, qp.n);
        f->text = (struct wn_span){name, id.n + 1 + qp.n};
    }
}

static void parse_qmail(struct wn_log_block *block, struct wn_span line)
{
    struct wn_span stamp, rest, kept;
    if (!read_front(line, &stamp, &rest)) {
        return;
    }
    kept = rest;
    if (wn_skip(&rest, WN_SPAN("delivery "))) {
        if (take_number(&rest, WN_SPAN(": "))) {
            parse_end(block, stamp, (struct wn_span){kept.p, kept.n - rest.n - 2}, rest);
        }
    } else if (wn_skip(&rest, WN_SPAN("starting "))) {
        parse_start(block, rest);
    } else if (wn_skip(&rest, WN_SPAN("info "))) {
        parse_info(block, rest);
    } else if (wn_skip(&rest, WN_SPAN("end ")) || wn_skip(&rest, WN_SPAN("new "))) {
        if (wn_begins(rest, WN_SPAN("msg "))) {
            wn_log_add(block, WN_LOG_CLOSED)->id = rest;
        }
    }
}

static bool knows_qmail(struct wn_span line)
{
    static const struct wn_span begins[] = {{"starting delivery ", 18}, {"status: local ", 14}};
    struct wn_span stamp, rest;
    if (!read_front(line, &stamp, &rest)) {
        return false;
    }
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        if (wn_begins(rest, begins[i])) {
            return true;
        }
    }
    if (wn_skip(&rest, WN_SPAN("delivery "))) {
        return take_number(&rest, WN_SPAN(": "));
    }
    if (wn_skip(&rest, WN_SPAN("info msg "))) {
        return take_number(&rest, WN_SPAN(": bytes "));
    }
    return (wn_skip(&rest, WN_SPAN("new msg ")) || wn_skip(&rest, WN_SPAN("end msg "))) &&
           take_number(&rest, (struct wn_span){"", 0}) && rest.n == 0;
}

const struct wn_log_format wn_log_qmail = {.knows = knows_qmail, .parse = parse_qmail};

static bool recognise_qmail(struct wn_span head)
{
    return wn_log_recognise(head, &wn_log_qmail);
}

static int read_qmail(struct wn_reading *reading, struct wn_error *err)
{
    return wn_log_read(reading, &wn_log_qmail, err);
}

const struct wn_source wn_source_qmail = {
    .name = "qmail", .incremental = true, .recognise = recognise_qmail, .read = read_qmail};
