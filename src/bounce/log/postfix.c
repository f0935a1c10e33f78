/* SPDX-License-Identifier: MIT */
/* Postfix (log_adhoc.c, qmgr_active.c, cleanup_message.c of its source; DEBUG_README). The lines
 * that count begin, behind the program, with a queue id and one of
 *
 *   message-id=<...>                                   cleanup: the message is in the queue
 *   from=<...>, size=..., nrcpt=... (queue active)     qmgr, before each attempt
 *   from=<...>, status=expired, returned to sender     qmgr; no line names the recipients
 *   to=<...>, [orig_to=<...>, ]relay=..., ..., dsn=X.Y.Z, status=S (text)
 *   removed                                            qmgr: the queue id is free
 *
 * Services have any name, so the program is only asked whether it is a service at all. The mailbox
 * that answered is `to`. `orig_to`, the address before this server's own aliases, may stand for
 * many mailboxes, of which one says nothing about the others; so it is not used. */
#include "bounce/log/line.h"
#include "bounce/log/read.h"

/* "3F2A41C0E5", or of the long form "4Xyz1m2ABcz3kQ": its length if ": " follows, else 0. */
static size_t id_length(struct wn_span s)
{
    size_t n = 0;
    while (n < s.n && n < 24 &&
           (wn_is_digit(s.p[n]) || (s.p[n] >= 'A' && s.p[n] <= 'Z') ||
            (s.p[n] >= 'a' && s.p[n] <= 'z'))) {
        n++;
    }
    return n >= 5 && n + 2 < s.n && s.p[n] == ':' && s.p[n + 1] == ' ' ? n : 0;
}

static const struct {
    struct wn_span word;
    enum wn_event_kind kind;
    enum wn_notice_fault fault;
} statuses[] = {
    {{"sent", 4}, WN_KIND_delivered, WN_NOTICE_OK},
    {{"deferred", 8}, WN_KIND_deferred, WN_NOTICE_OK},
    {{"bounced", 7}, WN_KIND_bounce, WN_NOTICE_OK},
    {{"SOFTBOUNCE", 10}, WN_KIND_deferred, WN_NOTICE_OK}, /* soft_bounce = yes */
    /* Probes of its own address verification: no message. */
    {{"deliverable", 11}, WN_KIND_delivered, WN_NOTICE_NO_BOUNCE},
    {{"undeliverable", 13}, WN_KIND_bounce, WN_NOTICE_NO_BOUNCE},
};

/* The programs behind pipe(8) that put mail into a mailbox; anything else behind it may be a
 * content filter or a gateway. */
static bool is_mailbox_program(struct wn_span relay)
{
    static const struct wn_span names[] = {
        {"dovecot", 7}, {"maildrop", 8}, {"procmail", 8}, {"cyrus", 5}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (wn_contains(relay, names[i])) {
            return true;
        }
    }
    return false;
}

static bool ends_with(struct wn_span s, struct wn_span end)
{
    return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

/* Whether "sent" means that the recipient's own server took the message. Not by a content filter,
 * a submission server (RFC 6409), which passes it on, nor by nobody. */
static bool is_delivery(struct wn_span relay, struct wn_span text)
{
    if (wn_is_loopback(relay) || wn_span_equal(relay, WN_SPAN("none")) ||
        ends_with(relay, WN_SPAN("]:587")) || ends_with(relay, WN_SPAN("]:465"))) {
        return false;
    }
    if (wn_begins(text, WN_SPAN("forwarded as ")) || wn_contains(text, WN_SPAN("from MTA("))) {
        return false;
    }
    return !wn_begins(text, WN_SPAN("delivered via ")) || is_mailbox_program(relay);
}

/* Reads ", key=value" for value after value, up to the status. */
static bool read_attempt(struct wn_span rest, struct wn_log_finding *f)
{
    struct wn_span relay = {0}, field;
    if (!wn_take_bracketed(&rest, &f->recipient) || !wn_skip(&rest, WN_SPAN(", "))) {
        return false;
    }
    if (wn_skip(&rest, WN_SPAN("orig_to="))) {
        if (!wn_take_bracketed(&rest, &field) || !wn_skip(&rest, WN_SPAN(", "))) {
            return false;
        }
    }
    while (!wn_skip(&rest, WN_SPAN("status="))) {
        if (!wn_take(&rest, WN_SPAN(", "), &field)) {
            return false;
        }
        if (wn_skip(&field, WN_SPAN("relay="))) {
            relay = field;
        } else if (wn_skip(&field, WN_SPAN("dsn="))) {
            (void)wn_read_status(field, f->enhanced, &f->enhanced_detail);
        }
    }
    if (!wn_take(&rest, WN_SPAN(" "), &field)) {
        field = rest;
        rest.n = 0;
    }
    if (rest.n > 0 && rest.p[0] == '(') {
        rest = wn_behind(rest, 1);
        rest.n -= rest.n > 0 && rest.p[rest.n - 1] == ')';
    }
    f->text = rest;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (wn_span_equal(field, statuses[i].word)) {
            f->kind = (uint8_t)statuses[i].kind;
            f->fault = (uint8_t)statuses[i].fault;
            if (f->kind == WN_KIND_delivered && f->fault == WN_NOTICE_OK &&
                !is_delivery(relay, rest)) {
                f->fault = WN_NOTICE_NO_BOUNCE;
            }
            f->awaits_expiry = f->kind == WN_KIND_deferred;
            struct wn_span host = relay;
            const char *bracket = relay.n > 0 ? memchr(relay.p, '[', relay.n) : NULL;
            host.n = bracket != NULL ? (size_t)(bracket - relay.p) : 0;
            f->remote = host;
            return true;
        }
    }
    return false;
}

static void parse_attempt(struct wn_log_block *block, const struct wn_syslog_line *parts,
                          struct wn_span id, struct wn_span rest)
{
    if (!wn_contains(rest, WN_SPAN(", status="))) {
        return;
    }
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ATTEMPT);
    f->id = id;
    if (!read_attempt(rest, f)) {
        f->act = WN_LOG_UNUSABLE;
        f->fault = WN_NOTICE_UNRECOGNISED;
        f->text = rest;
    } else if (f->fault == WN_NOTICE_OK) {
        wn_log_date(block, f, parts->stamp);
    }
}

static void parse_sender(struct wn_log_block *block, const struct wn_syslog_line *parts,
                         struct wn_span id, struct wn_span rest)
{
    struct wn_span sender;
    if (!wn_take_bracketed(&rest, &sender) || !wn_skip(&rest, WN_SPAN(", "))) {
        return;
    }
    bool status = wn_skip(&rest, WN_SPAN("status="));
    if (!status && !wn_begins(rest, WN_SPAN("size="))) {
        return;
    }
    bool expired = status && (wn_begins(rest, WN_SPAN("expired,")) ||
                              wn_begins(rest, WN_SPAN("force-expired,")));
    struct wn_log_finding *f = wn_log_add(block, expired ? WN_LOG_EXPIRED : WN_LOG_SENDER);
    f->id = id;
    /* double-bounce@: a report to the postmaster, or a probe. */
    f->null_sender = sender.n == 0 || wn_begins(sender, WN_SPAN("double-bounce@"));
    if (expired) {
        wn_log_date(block, f, parts->stamp);
    }
}

static void parse_message(struct wn_log_block *block, struct wn_span id, struct wn_span rest)
{
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_MESSAGE);
    f->id = id;
    if (!wn_take_bracketed(&rest, &f->text)) {
        f->text = wn_span_trim(rest);
    }
}

static void parse_postfix(struct wn_log_block *block, struct wn_span line)
{
    struct wn_syslog_line parts;
    if (!wn_syslog_read(line, &parts)) {
        return;
    }
    size_t n = id_length(parts.rest);
    if (n == 0) {
        return;
    }
    struct wn_span id = {parts.rest.p, n}, rest = wn_behind(parts.rest, n + 2);
    bool to = wn_skip(&rest, WN_SPAN("to="));
    bool from = !to && wn_skip(&rest, WN_SPAN("from="));
    bool message = !to && !from && wn_skip(&rest, WN_SPAN("message-id="));
    if (!(to || from || message || wn_span_equal(rest, WN_SPAN("removed"))) ||
        memchr(parts.program.p, '/', parts.program.n) == NULL) {
        return;
    }
    if (to) {
        parse_attempt(block, &parts, id, rest);
    } else if (from) {
        parse_sender(block, &parts, id, rest);
    } else if (message) {
        parse_message(block, id, rest);
    } else {
        wn_log_add(block, WN_LOG_CLOSED)->id = id;
    }
}

static bool knows_postfix(struct wn_span line)
{
    struct wn_syslog_line parts;
    if (!wn_syslog_read(line, &parts) || memchr(parts.program.p, '/', parts.program.n) == NULL) {
        return false;
    }
    size_t n = id_length(parts.rest);
    struct wn_span rest = wn_behind(parts.rest, n > 0 ? n + 2 : 0);
    return wn_begins(parts.program, WN_SPAN("postfix")) ||
           (n > 0 &&
            (wn_begins(rest, WN_SPAN("message-id=")) || wn_span_equal(rest, WN_SPAN("removed")) ||
             (wn_begins(rest, WN_SPAN("to=<")) && wn_contains(rest, WN_SPAN(", status=")))));
}

const struct wn_log_format wn_log_postfix = {.knows = knows_postfix, .parse = parse_postfix};

static bool recognise_postfix(struct wn_span head)
{
    return wn_log_recognise(head, &wn_log_postfix);
}

static int read_postfix(struct wn_reading *reading, struct wn_error *err)
{
    return wn_log_read(reading, &wn_log_postfix, err);
}

const struct wn_source wn_source_postfix = {
    .name = "postfix", .incremental = true, .recognise = recognise_postfix, .read = read_postfix};
