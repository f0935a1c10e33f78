/* SPDX-License-Identifier: MIT */
/* Sendmail (logdelivery() and logsender() of its source; the operations guide's "System log"):
 *
 *   QID: from=<sender>, size=..., nrcpts=..., msgid=<...>, ..., relay=...
 *   QID: to=<a@b>,<c@d>, [ctladdr=..., ]delay=..., mailer=esmtp, ..., relay=..., dsn=5.1.1,
 *        [reply=550 5.1.1 ...,] stat=User unknown
 *
 * `stat` is a reply only behind "Sent (" and "Deferred: "; else it is the meaning of an exit code
 * that Sendmail has made of the reply's class, "User unknown" for every 550, and `dsn` knows
 * better: then the words are left out. */
#include "bounce/log/line.h"
#include "bounce/log/read.h"

/* "xAB1CdEf012345": its length if ": " follows, else 0. */
static size_t id_length(struct wn_span s)
{
    size_t n = 0;
    while (n < s.n && n < 24 &&
           (wn_is_digit(s.p[n]) || (s.p[n] >= 'A' && s.p[n] <= 'Z') ||
            (s.p[n] >= 'a' && s.p[n] <= 'z'))) {
        n++;
    }
    return n >= 8 && n + 2 < s.n && s.p[n] == ':' && s.p[n + 1] == ' ' ? n : 0;
}

/* What begins with these was said for a 4xx, or for an exit code. */
static const struct {
    struct wn_span stat;
    enum wn_event_kind kind;
    enum wn_notice_fault fault;
} stats[] = {
    {{"Sent", 4}, WN_KIND_delivered, WN_NOTICE_OK},
    {{"Deferred", 8}, WN_KIND_deferred, WN_NOTICE_OK},
    {{"queued", 6}, WN_KIND_deferred, WN_NOTICE_NO_BOUNCE},
    {{"User unknown", 12}, WN_KIND_bounce, WN_NOTICE_OK},
    {{"Host unknown", 12}, WN_KIND_bounce, WN_NOTICE_OK},
    {{"Service unavailable", 19}, WN_KIND_bounce, WN_NOTICE_OK},
    {{"Data format error", 17}, WN_KIND_bounce, WN_NOTICE_OK},
    {{"Remote protocol error", 21}, WN_KIND_bounce, WN_NOTICE_OK},
};

/* Where the status begins. It is the last field, and anything may stand in it; but so it may in the
 * reply before it. */
static const char *find_stat(struct wn_span fields)
{
    static const struct wn_span stat = {", stat=", 7};
    const char *found = wn_find(fields, stat);
    const char *reply = wn_find(fields, WN_SPAN(", reply="));
    if (found == NULL || reply == NULL || reply > found) {
        return found;
    }
    for (const char *next = found; next != NULL;) {
        found = next;
        next = wn_find(wn_behind(fields, (size_t)(found + stat.n - fields.p)), stat);
    }
    return found;
}

static bool read_kind(struct wn_span stat, struct wn_log_finding *f)
{
    for (size_t i = 0; i < sizeof stats / sizeof *stats; i++) {
        if (wn_begins(stat, stats[i].stat)) {
            f->kind = (uint8_t)stats[i].kind;
            f->fault = (uint8_t)stats[i].fault;
            /* A "Service unavailable" may be told for a 4xx. */
            if (f->kind == WN_KIND_bounce && f->enhanced[0] == 4) {
                f->kind = WN_KIND_deferred;
            }
            return true;
        }
    }
    static const uint8_t kinds[] = {
        [2] = WN_KIND_delivered, [4] = WN_KIND_deferred, [5] = WN_KIND_bounce};
    f->kind = kinds[f->enhanced[0]];
    /* A word that is not known for a success may be "aliased" or "forwarded". */
    f->fault = f->enhanced[0] == 2 ? WN_NOTICE_NO_BOUNCE : WN_NOTICE_OK;
    return f->enhanced[0] != 0;
}

/* The words that explain it, where they are somebody's words. */
static struct wn_span choose_text(const struct wn_log_finding *f, struct wn_span reply,
                                  struct wn_span stat)
{
    struct wn_span text = stat;
    if (wn_skip(&text, WN_SPAN("Sent ("))) {
        text.n -= text.n > 0 && text.p[text.n - 1] == ')';
        return text;
    }
    if (reply.n > 0) {
        return reply;
    }
    if (wn_skip(&text, WN_SPAN("Deferred: ")) || f->enhanced[0] == 0 || f->enhanced[1] == 1) {
        return text;
    }
    for (size_t i = 0; i < sizeof stats / sizeof *stats; i++) {
        if (wn_begins(stat, stats[i].stat)) {
            return (struct wn_span){0};
        }
    }
    return stat;
}

/* Of the fields behind the recipients. */
static bool read_attempt(struct wn_span fields, struct wn_log_finding *f)
{
    struct wn_span value, stat, relay = {0}, reply = {0}, mailer = {0};
    const char *at = find_stat(fields);
    if (at == NULL) {
        return false;
    }
    stat = wn_behind(fields, (size_t)(at - fields.p) + 7);
    fields.n = (size_t)(at - fields.p);
    const char *reply_at = wn_find(fields, WN_SPAN(", reply="));
    if (reply_at != NULL) {
        reply = wn_behind(fields, (size_t)(reply_at - fields.p) + 8);
        fields.n = (size_t)(reply_at - fields.p);
    }
    if (wn_value(fields, WN_SPAN(", dsn="), ',', &value)) {
        (void)wn_read_status(value, f->enhanced, &f->enhanced_detail);
    }
    (void)wn_value(fields, WN_SPAN(", relay="), ',', &relay);
    (void)wn_value(fields, WN_SPAN(", mailer="), ',', &mailer);
    if (!read_kind(stat, f)) {
        return false;
    }
    f->text = choose_text(f, reply, stat);
    if (f->kind == WN_KIND_delivered &&
        (wn_is_loopback(relay) || wn_span_equal(mailer, WN_SPAN("relay")))) {
        f->fault = WN_NOTICE_NO_BOUNCE; /* to the next daemon, or to the smart host */
    }
    const char *blank = relay.n > 0 ? memchr(relay.p, ' ', relay.n) : NULL;
    relay.n = blank != NULL ? (size_t)(blank - relay.p) : relay.n;
    f->remote = relay.n > 0 && relay.p[0] != '[' ? relay : (struct wn_span){0};
    return true;
}

/* The next of "<a@b>,<c@d>, " or "a@b,c@d, "; false behind the last one. */
static bool next_recipient(struct wn_span *rest, struct wn_span *recipient)
{
    if (rest->n == 0 || rest->p[0] == ' ') {
        return false;
    }
    if (!wn_take_bracketed(rest, recipient)) {
        size_t n = wn_address_length(*rest, ',');
        *recipient = (struct wn_span){rest->p, n};
        *rest = wn_behind(*rest, n);
    }
    return wn_skip(rest, WN_SPAN(","));
}

static void parse_attempts(struct wn_log_block *block, const struct wn_syslog_line *parts,
                           struct wn_span id, struct wn_span rest)
{
    struct wn_log_finding shared = {0};
    struct wn_span recipient, recipients = rest;
    if (!wn_contains(rest, WN_SPAN(", stat="))) {
        return;
    }
    while (next_recipient(&rest, &recipient)) {
    }
    /* `rest` is behind the last recipient's comma, with which the fields begin. */
    size_t taken = recipients.n - rest.n;
    if (taken == 0 || !read_attempt(wn_behind(recipients, taken - 1), &shared)) {
        struct wn_log_finding *f = wn_log_add(block, WN_LOG_UNUSABLE);
        f->fault = WN_NOTICE_UNRECOGNISED;
        return;
    }
    while (next_recipient(&recipients, &recipient)) {
        struct wn_log_finding *f = wn_log_add(block, WN_LOG_ATTEMPT);
        f->id = id;
        f->recipient = recipient;
        f->kind = shared.kind;
        f->fault = shared.fault;
        f->enhanced[0] = shared.enhanced[0];
        f->enhanced[1] = shared.enhanced[1];
        f->enhanced_detail = shared.enhanced_detail;
        f->remote = shared.remote;
        f->text = shared.text;
        f->awaits_expiry = f->kind == WN_KIND_deferred && f->fault == WN_NOTICE_OK;
        if (f->fault == WN_NOTICE_OK) {
            wn_log_date(block, f, parts->stamp);
        }
    }
}

static void parse_arrival(struct wn_log_block *block, struct wn_span id, struct wn_span rest)
{
    struct wn_span value;
    if (!wn_contains(rest, WN_SPAN(", size=")) && !wn_contains(rest, WN_SPAN(", nrcpts="))) {
        return;
    }
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ARRIVAL);
    f->id = id;
    f->null_sender = wn_begins(rest, WN_SPAN("<>"));
    if (wn_value(rest, WN_SPAN(", msgid="), ',', &value) && !wn_take_bracketed(&value, &f->text)) {
        f->text = value;
    }
}

static void parse_sendmail(struct wn_log_block *block, struct wn_span line)
{
    struct wn_syslog_line parts;
    if (!wn_syslog_read(line, &parts)) {
        return;
    }
    size_t n = id_length(parts.rest);
    if (n == 0) {
        return;
    }
    struct wn_span id = {parts.rest.p, n}, rest = wn_behind(parts.rest, n + 2), notice;
    if (wn_skip(&rest, WN_SPAN("to="))) {
        parse_attempts(block, &parts, id, rest);
    } else if (wn_skip(&rest, WN_SPAN("from="))) {
        parse_arrival(block, id, rest);
    } else if (wn_take(&rest, WN_SPAN(": return to sender: "), &notice) &&
               wn_begins(rest, WN_SPAN("Cannot send message "))) {
        struct wn_log_finding *f = wn_log_add(block, WN_LOG_EXPIRED);
        f->id = id;
        wn_log_date(block, f, parts.stamp);
    }
}

static bool knows_sendmail(struct wn_span line)
{
    static const struct wn_span names[] = {{"sendmail", 8}, {"sm-mta", 6}, {"sm-msp", 6}};
    struct wn_syslog_line parts;
    if (!wn_syslog_read(line, &parts)) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (wn_begins(parts.program, names[i])) {
            return true;
        }
    }
    size_t n = id_length(parts.rest);
    struct wn_span rest = wn_behind(parts.rest, n > 0 ? n + 2 : 0);
    return n > 0 && wn_begins(rest, WN_SPAN("to=")) && wn_contains(rest, WN_SPAN(", stat=")) &&
           wn_contains(rest, WN_SPAN(", mailer="));
}

const struct wn_log_format wn_log_sendmail = {.knows = knows_sendmail, .parse = parse_sendmail};

static bool recognise_sendmail(struct wn_span head)
{
    return wn_log_recognise(head, &wn_log_sendmail);
}

static int read_sendmail(struct wn_reading *reading, struct wn_error *err)
{
    return wn_log_read(reading, &wn_log_sendmail, err);
}

const struct wn_source wn_source_sendmail = {.name = "sendmail",
                                             .incremental = true,
                                             .recognise = recognise_sendmail,
                                             .read = read_sendmail};
