/* SPDX-License-Identifier: MIT */
/* OpenSMTPD. Since 6.4, and before that with "event=delivery", and in 5.x:
 *
 *   SESSION mta delivery evpid=E from=<s> to=<r> rcpt=<o> source="..." relay="1.2.3.4 (host)"
 *       delay=1s result="PermFail" stat="550 5.1.1 ..."
 *   SESSION mda delivery evpid=E from=<s> to=<r> rcpt=<o> user=u delay=1s result=Ok stat=Delivered
 *   relay: PermFail for E: session=..., from=<s>, to=<r>, rcpt=<o>, source=..., relay=...,
 * delay=..., stat=550 5.1.1 ...
 *
 * An envelope id begins with the eight digits of its message's. The Message-ID is not logged. */
#include "bounce/log/line.h"
#include "bounce/log/read.h"

enum {
    EVPID = 16,
    MSGID = 8
};

static const struct {
    struct wn_span result;
    enum wn_event_kind kind;
} results[] = {
    {{"Ok", 2}, WN_KIND_delivered},    {{"TempFail", 8}, WN_KIND_deferred},
    {{"PermFail", 8}, WN_KIND_bounce}, {{"Loop", 4}, WN_KIND_bounce},
    {{"Expire", 6}, WN_KIND_bounce},
};

static bool is_evpid(struct wn_span s)
{
    if (s.n < EVPID) {
        return false;
    }
    for (size_t i = 0; i < EVPID; i++) {
        if (!(wn_is_digit(s.p[i]) || (s.p[i] >= 'a' && s.p[i] <= 'f'))) {
            return false;
        }
    }
    return true;
}

/* The value of a field, in quotation marks, in angle brackets or bare. */
static bool read_value(struct wn_span s, struct wn_span key, char end, struct wn_span *value)
{
    const char *at = wn_find(s, key);
    if (at == NULL) {
        return false;
    }
    struct wn_span rest = wn_behind(s, (size_t)(at - s.p) + key.n);
    if (wn_take_bracketed(&rest, value)) {
        return true;
    }
    char stop = wn_skip(&rest, WN_SPAN("\"")) ? '"' : end;
    const char *close = rest.n > 0 ? memchr(rest.p, stop, rest.n) : NULL;
    *value = (struct wn_span){rest.p, close != NULL ? (size_t)(close - rest.p) : rest.n};
    return true;
}

/* Splits the line into the fields, the result and, which is always last, the text. */
static bool split(struct wn_span rest, struct wn_span *evpid, struct wn_span *fields,
                  struct wn_span *result, struct wn_span *text, bool *local)
{
    struct wn_span before;
    *local = wn_skip(&rest, WN_SPAN("delivery: "));
    if (*local || wn_skip(&rest, WN_SPAN("relay: "))) {
        if (!wn_take(&rest, WN_SPAN(" for "), result) || !is_evpid(rest)) {
            return false;
        }
        *evpid = rest;
        if (!wn_take(&rest, WN_SPAN(", stat="), fields)) {
            return false;
        }
        *text = rest;
        return true;
    }
    if (!is_evpid(rest) || !wn_take(&rest, WN_SPAN(" "), &before)) {
        return false;
    }
    *local = wn_skip(&rest, WN_SPAN("mda "));
    if (!*local && !wn_skip(&rest, WN_SPAN("mta "))) {
        return false;
    }
    (void)wn_skip(&rest, WN_SPAN("event="));
    if (!wn_skip(&rest, WN_SPAN("delivery ")) || !wn_take(&rest, WN_SPAN("evpid="), &before) ||
        !is_evpid(rest)) {
        return false;
    }
    *evpid = rest;
    if (!wn_take(&rest, WN_SPAN(" stat="), fields) ||
        !read_value(*fields, WN_SPAN(" result="), ' ', result)) {
        return false;
    }
    *text = rest;
    if (wn_skip(text, WN_SPAN("\""))) {
        text->n -= text->n > 0 && text->p[text->n - 1] == '"';
    }
    return true;
}

/* "1.2.3.4 (mx.example.com)": the name. */
static struct wn_span name_host(struct wn_span relay)
{
    const char *open = relay.n > 0 ? memchr(relay.p, '(', relay.n) : NULL;
    if (open == NULL) {
        return (struct wn_span){0};
    }
    struct wn_span host = wn_behind(relay, (size_t)(open + 1 - relay.p));
    host.n -= host.n > 0 && host.p[host.n - 1] == ')';
    bool literal =
        host.n == 0 || memchr(host.p, ':', host.n) != NULL || wn_is_digit(host.p[host.n - 1]);
    return literal ? (struct wn_span){0} : host;
}

static bool is_old(struct wn_span rest)
{
    return wn_begins(rest, WN_SPAN("relay: ")) || wn_begins(rest, WN_SPAN("delivery: "));
}

static void parse_opensmtpd(struct wn_log_block *block, struct wn_span line)
{
    struct wn_syslog_line parts;
    struct wn_span evpid, fields, result, text, sender = {0}, relay = {0};
    bool local;
    if (!wn_syslog_read(line, &parts) ||
        !split(parts.rest, &evpid, &fields, &result, &text, &local)) {
        return;
    }
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ATTEMPT);
    f->id = (struct wn_span){evpid.p, MSGID};
    char end = is_old(parts.rest) ? ',' : ' ';
    bool known = false;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (wn_span_equal(result, results[i].result)) {
            f->kind = (uint8_t)results[i].kind;
            known = true;
        }
    }
    if (!known || !read_value(fields, WN_SPAN(" to="), end, &f->recipient)) {
        f->act = WN_LOG_UNUSABLE;
        f->fault = WN_NOTICE_UNRECOGNISED;
        return;
    }
    f->null_sender = read_value(fields, WN_SPAN(" from="), end, &sender) && sender.n == 0;
    (void)read_value(fields, WN_SPAN(" relay="), end, &relay);
    f->remote = name_host(relay);
    f->text = text;
    f->awaits_expiry = f->kind == WN_KIND_deferred;
    if (wn_span_equal(result, WN_SPAN("Expire"))) {
        f->act = WN_LOG_EXPIRED;
        f->enhanced[0] = f->enhanced[1] = 4;
        f->enhanced_detail = 7;
    }
    if (f->kind == WN_KIND_delivered && !local && wn_is_loopback(relay)) {
        f->fault = WN_NOTICE_NO_BOUNCE;
    } else {
        wn_log_date(block, f, parts.stamp);
    }
}

static bool knows_opensmtpd(struct wn_span line)
{
    struct wn_syslog_line parts;
    struct wn_span evpid, fields, result, text, before;
    bool local;
    if (!wn_syslog_read(line, &parts)) {
        return false;
    }
    if (split(parts.rest, &evpid, &fields, &result, &text, &local)) {
        return true;
    }
    struct wn_span rest = parts.rest;
    return wn_span_equal(parts.program, WN_SPAN("smtpd")) && is_evpid(rest) &&
           wn_take(&rest, WN_SPAN(" "), &before) &&
           (wn_begins(rest, WN_SPAN("smtp ")) || wn_begins(rest, WN_SPAN("mta ")) ||
            wn_begins(rest, WN_SPAN("mda ")));
}

const struct wn_log_format wn_log_opensmtpd = {.knows = knows_opensmtpd, .parse = parse_opensmtpd};

static bool recognise_opensmtpd(struct wn_span head)
{
    return wn_log_recognise(head, &wn_log_opensmtpd);
}

static int read_opensmtpd(struct wn_reading *reading, struct wn_error *err)
{
    return wn_log_read(reading, &wn_log_opensmtpd, err);
}

const struct wn_source wn_source_opensmtpd = {.name = "opensmtpd",
                                              .incremental = true,
                                              .recognise = recognise_opensmtpd,
                                              .read = read_opensmtpd};
