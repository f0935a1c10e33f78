/* SPDX-License-Identifier: MIT */
/* Exim's main log (the specification's chapter "Log files"):
 *
 *   2026-11-01 12:00:00 [+0100 ][[pid] ]1abcde-000000-XX <= sender H=... id=Message-ID ...
 *   ... => address <original> R=router T=transport H=host [1.2.3.4] ... C="250 OK"
 *   ... ** address <original> R=... T=... H=...: text
 *   ... == address <original> R=... T=... defer (-44): text
 *   ... Completed
 *
 * The fields end with the first word outside quotation marks that ends with a colon. A local
 * delivery names the mailbox by its local part alone; then the original address stands for it. */
#include "bounce/log/line.h"
#include "bounce/log/read.h"

/* The parts of an id: six, six or (since Exim 4.97) eleven, two or four characters. */
static bool is_part(struct wn_span s, size_t at, size_t n)
{
    if (at + n > s.n) {
        return false;
    }
    for (size_t i = at; i < at + n; i++) {
        char c = wn_lower(s.p[i]);
        if (!(wn_is_digit(c) || (c >= 'a' && c <= 'z'))) {
            return false;
        }
    }
    return true;
}

static size_t id_length(struct wn_span s)
{
    static const size_t lengths[][3] = {{6, 6, 2}, {6, 11, 4}};
    for (size_t i = 0; i < 2; i++) {
        size_t second = lengths[i][0] + 1, third = second + lengths[i][1] + 1;
        size_t n = third + lengths[i][2];
        if (s.n > n && s.p[n] == ' ' && s.p[second - 1] == '-' && s.p[third - 1] == '-' &&
            is_part(s, 0, lengths[i][0]) && is_part(s, second, lengths[i][1]) &&
            is_part(s, third, lengths[i][2])) {
            return n;
        }
    }
    return 0;
}

/* Takes stamp and id off the line; false when it is not about a message. A log that went through
 * syslog has the syslog's stamp, and its own only if it was told so. */
static bool read_front(struct wn_span line, struct wn_span *stamp, struct wn_span *id,
                       struct wn_span *rest)
{
    struct wn_syslog_line parts;
    size_t n = wn_stamp_length(line);
    bool own = n >= 19 && line.p[10] == ' ' && line.p[4] == '-';
    if (own) {
        *stamp = (struct wn_span){line.p, n};
        line = wn_behind(line, n);
    }
    (void)wn_skip(&line, WN_SPAN(" "));
    if (!own || id_length(line) == 0) {
        struct wn_span pid, kept = line;
        if (own && wn_skip(&line, WN_SPAN("[")) && wn_take(&line, WN_SPAN("] "), &pid) &&
            pid.n < 12) {
            /* behind the process id */
        } else if (wn_syslog_read(own ? kept : line, &parts) &&
                   wn_begins(parts.program, WN_SPAN("exim"))) {
            *stamp = parts.stamp;
            line = parts.rest;
            n = wn_stamp_length(line);
            line = wn_behind(line, n > 0 && n < line.n ? n + 1 : 0);
        } else {
            return false;
        }
    }
    n = id_length(line);
    *id = (struct wn_span){line.p, n};
    *rest = wn_behind(line, n > 0 ? n + 1 : 0);
    return n > 0;
}

/* Takes the next word off *rest; a quoted value belongs to its word. */
static bool next_word(struct wn_span *rest, struct wn_span *word)
{
    size_t n = 0;
    bool quoted = false;
    (void)wn_skip(rest, WN_SPAN(" "));
    while (n < rest->n && (quoted || rest->p[n] != ' ')) {
        n += quoted && rest->p[n] == '\\' && n + 1 < rest->n;
        quoted ^= rest->p[n] == '"' && (quoted || (n > 0 && rest->p[n - 1] == '='));
        n++;
    }
    *word = (struct wn_span){rest->p, n};
    *rest = wn_behind(*rest, n < rest->n ? n + 1 : n);
    return n > 0;
}

struct fields {
    struct wn_span router, transport, host, address, confirmation;
    bool null_sender;
};

/* Reads the fields of a delivery, up to the colon: what is left is the text. */
static void read_fields(struct wn_span *rest, struct fields *fields)
{
    struct wn_span word;
    bool host_next = false;
    while (next_word(rest, &word)) {
        bool end = word.p[word.n - 1] == ':';
        word.n -= end;
        if (wn_skip(&word, WN_SPAN("R="))) {
            fields->router = word;
        } else if (wn_skip(&word, WN_SPAN("T="))) {
            fields->transport = word;
        } else if (wn_skip(&word, WN_SPAN("H="))) {
            fields->host = word;
            host_next = true;
        } else if (wn_skip(&word, WN_SPAN("C="))) {
            fields->confirmation = word;
        } else if (wn_span_equal(word, WN_SPAN("F=<>")) || wn_span_equal(word, WN_SPAN("P=<>"))) {
            fields->null_sender = true;
        } else if (host_next && word.n > 0 && word.p[0] == '[') {
            fields->address = word;
            host_next = false;
        }
        if (end) {
            return;
        }
    }
}

/* The address whose mailbox answered. *ended: the text follows at once. */
static bool read_recipient(struct wn_span *rest, struct wn_span *recipient, bool *ended)
{
    struct wn_span original = {0};
    size_t n = wn_address_length(*rest, ' ');
    *recipient = (struct wn_span){rest->p, n};
    *rest = wn_behind(*rest, n < rest->n ? n + 1 : n);
    *ended = recipient->n > 1 && recipient->p[recipient->n - 1] == ':' && recipient->p[0] != ':';
    recipient->n -= *ended;
    /* "(parent)" between the two, with the log selector all_parents. */
    while (!*ended && rest->n > 0 && rest->p[0] == '(') {
        struct wn_span parent;
        if (!wn_take(rest, WN_SPAN(" "), &parent)) {
            break;
        }
    }
    if (!*ended && wn_take_bracketed(rest, &original)) {
        *ended = wn_skip(rest, WN_SPAN(":"));
        (void)wn_skip(rest, WN_SPAN(" "));
    }
    bool local = recipient->n == 0 || memchr(recipient->p, '@', recipient->n) == NULL ||
                 recipient->p[0] == '|' || recipient->p[0] == '/' || recipient->p[0] == ':';
    if (local && original.n > 0) {
        *recipient = original;
    }
    return recipient->n > 0;
}

static const struct {
    struct wn_span flag;
    enum wn_event_kind kind;
    enum wn_notice_fault fault;
} flags[] = {
    {{"=> ", 3}, WN_KIND_delivered, WN_NOTICE_OK},
    {{"-> ", 3}, WN_KIND_delivered, WN_NOTICE_OK},
    {{">> ", 3}, WN_KIND_delivered, WN_NOTICE_OK},        /* while the message was still received */
    {{"*> ", 3}, WN_KIND_delivered, WN_NOTICE_NO_BOUNCE}, /* -N: not really */
    {{"** ", 3}, WN_KIND_bounce, WN_NOTICE_OK},
    {{"== ", 3}, WN_KIND_deferred, WN_NOTICE_OK},
};

/* What no server said of this attempt: none was made. */
static bool is_no_attempt(struct wn_span text)
{
    return wn_begins(text, WN_SPAN("retry time not reached")) ||
           wn_begins(text, WN_SPAN("Retry time not yet reached"));
}

/* The message is given up because of what happened before. */
static bool is_expiry(struct wn_span text)
{
    return wn_begins(text, WN_SPAN("retry timeout exceeded")) ||
           wn_contains(text, WN_SPAN("have been failing for a long time")) ||
           wn_begins(text, WN_SPAN("retry time not reached for any host after a long failure"));
}

/* Exim tells who said it after what; then comes what was said. */
static void unwrap(struct wn_log_finding *f)
{
    static const struct {
        struct wn_span command;
        enum wn_phase phase;
    } commands[] = {
        {{"RCPT TO:", 8}, WN_PHASE_rcpt},
        {{"MAIL FROM:", 10}, WN_PHASE_mail},
        {{"end of data", 11}, WN_PHASE_data},
        {{"DATA", 4}, WN_PHASE_data},
        {{"initial connection", 18}, WN_PHASE_connect},
        {{"EHLO", 4}, WN_PHASE_ehlo},
        {{"HELO", 4}, WN_PHASE_ehlo},
    };
    struct wn_span rest = f->text, before;
    if ((!wn_begins(rest, WN_SPAN("SMTP error ")) && !wn_begins(rest, WN_SPAN("LMTP error "))) ||
        !wn_take(&rest, WN_SPAN(" after "), &before)) {
        return;
    }
    (void)wn_skip(&rest, WN_SPAN("pipelined "));
    (void)wn_skip(&rest, WN_SPAN("sending "));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (wn_begins(rest, commands[i].command)) {
            f->phase = (uint8_t)commands[i].phase;
            break;
        }
    }
    /* "RCPT TO:<a@b>: 550", and before Exim 4.89 "...: host mx.b [1.2.3.4]: 550". */
    if (!wn_take(&rest, WN_SPAN(": "), &before)) {
        return;
    }
    if (wn_begins(rest, WN_SPAN("host ")) && wn_take(&rest, WN_SPAN("]: "), &before) &&
        wn_skip(&before, WN_SPAN("host ")) && f->remote.n == 0) {
        const char *blank = memchr(before.p, ' ', before.n);
        f->remote = (struct wn_span){before.p, blank != NULL ? (size_t)(blank - before.p) : 0};
    }
    f->text = rest;
}

/* Line ends are logged as "\n". */
static struct wn_span unescape(struct wn_log_block *block, struct wn_span text)
{
    if (!wn_contains(text, WN_SPAN("\\n"))) {
        return text;
    }
    char *out = wn_log_room(block, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool end = text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == 'n';
        out[n++] = end ? ' ' : text.p[i];
        i += end;
    }
    return (struct wn_span){out, n};
}

static bool is_delivery(const struct fields *fields, struct wn_span recipient)
{
    bool smarthost = wn_contains(fields->router, WN_SPAN("smarthost")) ||
                     wn_contains(fields->transport, WN_SPAN("smarthost"));
    struct wn_span port = fields->address;
    bool submission = wn_contains(port, WN_SPAN("]:587")) || wn_contains(port, WN_SPAN("]:465"));
    return !smarthost && !submission && !wn_is_loopback(fields->host) &&
           !wn_is_loopback(fields->address) && recipient.p[0] != ':';
}

static void parse_delivery(struct wn_log_block *block, struct wn_span stamp, struct wn_span id,
                           struct wn_span rest, size_t flag)
{
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ATTEMPT);
    struct fields fields = {0};
    bool ended, blackhole = wn_begins(rest, WN_SPAN(":blackhole:"));
    f->id = id;
    f->kind = (uint8_t)flags[flag].kind;
    f->fault = (uint8_t)flags[flag].fault;
    if (!read_recipient(&rest, &f->recipient, &ended)) {
        f->act = WN_LOG_UNUSABLE;
        f->fault = WN_NOTICE_UNRECOGNISED;
        return;
    }
    if (!ended) {
        read_fields(&rest, &fields);
    }
    f->null_sender = fields.null_sender;
    f->remote = fields.host.n > 0 && fields.host.p[0] != '[' ? fields.host : (struct wn_span){0};
    if (f->kind == WN_KIND_delivered) {
        f->text = fields.confirmation;
        if (f->text.n >= 2 && f->text.p[0] == '"') {
            f->text = (struct wn_span){f->text.p + 1, f->text.n - 2};
        }
        if (f->fault == WN_NOTICE_OK && (blackhole || !is_delivery(&fields, f->recipient))) {
            f->fault = WN_NOTICE_NO_BOUNCE;
        }
    } else {
        f->text = unescape(block, rest);
        if (is_expiry(f->text) && f->kind == WN_KIND_bounce) {
            f->act = WN_LOG_EXPIRED;
        } else if (is_no_attempt(f->text)) {
            f->fault = WN_NOTICE_NO_BOUNCE;
        }
        bool given_up =
            f->kind == WN_KIND_bounce && wn_contains(f->text, WN_SPAN("retry timeout exceeded"));
        if (given_up || f->act == WN_LOG_EXPIRED) {
            f->enhanced[0] = f->enhanced[1] = 4;
            f->enhanced_detail = 7;
        }
        f->awaits_expiry = f->kind == WN_KIND_deferred && f->fault == WN_NOTICE_OK;
        unwrap(f);
    }
    if (f->fault == WN_NOTICE_OK) {
        wn_log_date(block, f, stamp);
    }
}

static void parse_arrival(struct wn_log_block *block, struct wn_span id, struct wn_span rest)
{
    struct wn_log_finding *f = wn_log_add(block, WN_LOG_ARRIVAL);
    struct wn_span word;
    f->id = id;
    f->null_sender = wn_begins(rest, WN_SPAN("<> ")) || wn_span_equal(rest, WN_SPAN("<>"));
    while (next_word(&rest, &word)) {
        if (wn_skip(&word, WN_SPAN("id="))) {
            f->text = word;
            break;
        }
    }
}

static void parse_exim(struct wn_log_block *block, struct wn_span line)
{
    struct wn_span stamp, id, rest;
    if (!read_front(line, &stamp, &id, &rest)) {
        return;
    }
    if (wn_skip(&rest, WN_SPAN("<= "))) {
        parse_arrival(block, id, rest);
        return;
    }
    if (wn_span_equal(rest, WN_SPAN("Completed"))) {
        wn_log_add(block, WN_LOG_CLOSED)->id = id;
        return;
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (wn_skip(&rest, flags[i].flag)) {
            parse_delivery(block, stamp, id, rest, i);
            return;
        }
    }
}

static bool knows_exim(struct wn_span line)
{
    struct wn_span stamp, id, rest;
    if (read_front(line, &stamp, &id, &rest)) {
        return true;
    }
    size_t n = wn_stamp_length(line);
    if (n < 19 || line.p[10] != ' ') {
        return false;
    }
    rest = wn_behind(line, n);
    return wn_begins(rest, WN_SPAN(" exim 4.")) || wn_begins(rest, WN_SPAN(" Start queue run: "));
}

const struct wn_log_format wn_log_exim = {.knows = knows_exim, .parse = parse_exim};

static bool recognise_exim(struct wn_span head)
{
    return wn_log_recognise(head, &wn_log_exim);
}

static int read_exim(struct wn_reading *reading, struct wn_error *err)
{
    return wn_log_read(reading, &wn_log_exim, err);
}

const struct wn_source wn_source_exim = {
    .name = "exim", .incremental = true, .recognise = recognise_exim, .read = read_exim};
