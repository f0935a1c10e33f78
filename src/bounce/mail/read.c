/* SPDX-License-Identifier: MIT */
/* Whose word counts, in this order: a feedback report; status fields, in their own part or in the
 * text; a known style; the words of a mail system of no known style; and where the body names no
 * recipient, X-Failed-Recipients, the envelope (VERP) and at last the original's only To. Text is
 * believed only of a message that says that it comes from a mail system, since people quote bounces
 * in ordinary mail; and never behind the line where the original begins. Before all of it: a text
 * that is a mail service's JSON event is that, and of a message that was sent on, what was sent on
 * counts. */
#include <stdlib.h>

#include "bounce/mail/mail.h"
#include "bounce/mail/readers.h"

#define EARLIEST     INT64_C(631152000) /* 1990, as in source.c */
#define LATEST_AHEAD INT64_C(172800)

_Static_assert((int)WN_REPLY_LINE_MAX == (int)WN_DIAGNOSTIC_MAX, "a reply fits an event");

struct wn_mail_reader {
    struct wn_message_parser *parser;
};

struct wn_mail_reader *wn_mail_reader_new(void)
{
    struct wn_mail_reader *reader = wn_malloc(sizeof *reader);
    reader->parser = wn_message_parser_new();
    return reader;
}

void wn_mail_reader_free(struct wn_mail_reader *reader)
{
    if (reader != NULL) {
        wn_message_parser_free(reader->parser);
        free(reader);
    }
}

/* One message while it is read. */
struct reading {
    struct wn_message message;
    struct wn_findings findings;
    struct wn_span text;   /* without the quoted original */
    struct wn_span quoted; /* the original in the text */
    struct wn_returned original;
};

/* Fields that only a status report has. */
static bool holds_status_fields(struct wn_span text)
{
    return wn_holds(text, WN_SPAN("\nFinal-Recipient:")) ||
           wn_holds(text, WN_SPAN("\nOriginal-Recipient:"));
}

static bool is_null_path(const struct wn_message *m)
{
    struct wn_span address, behind;
    return m->has_return_path && !wn_mail_address(m->return_path, &address, &behind);
}

/* Adds a finding with the text as its reply. */
static void add_named(struct reading *r, struct wn_span recipient, struct wn_span reply,
                      enum wn_category said)
{
    struct wn_finding *finding = wn_findings_add(&r->findings, recipient);
    if (finding != NULL) {
        finding->reply = reply;
        finding->said = said;
    }
}

/* The recipients that the text does not name. */
static void read_around(struct reading *r, struct wn_span region, enum wn_category said)
{
    struct wn_message *m = &r->message;
    struct wn_span rest = m->failed, address, behind;
    while (wn_mail_address(rest, &address, &behind)) {
        add_named(r, address, region, said);
        rest = behind;
    }
    for (size_t i = 0; i < sizeof m->envelope / sizeof *m->envelope && r->findings.count == 0;
         i++) {
        if (wn_envelope_decode(m->envelope[i], r->findings.arena, &address)) {
            add_named(r, address, region, said);
        }
    }
    if (r->findings.count == 0 && wn_envelope_decode(m->to, r->findings.arena, &address)) {
        add_named(r, address, region, said);
    }
    struct wn_span only = r->original.recipient;
    if (r->findings.count == 0 && only.n > 0 && !wn_holds(m->to, only)) {
        add_named(r, only, region, said);
    }
}

static void read_text(struct reading *r)
{
    struct wn_message *m = &r->message;
    struct wn_findings *f = &r->findings;
    struct wn_span region = r->text;
    enum wn_category said = WN_CATEGORY_unclassified;
    bool of_system = wn_is_from_mail_system(m);
    if (!of_system && !is_null_path(m)) {
        return;
    }
    bool known = wn_style_read(r->text, f, &region, &said);
    if (f->count == 0) {
        known = wn_transcript_read(r->text, f) || known;
    }
    if (f->count == 0 && !known && m->failed.n == 0 && (wn_is_auto_reply(m) || !of_system)) {
        return;
    }
    if (f->count == 0 && m->failed.n == 0) {
        (void)wn_style_guess(r->text, m->to, f);
    }
    if (f->count == 0) {
        read_around(r, region, said);
    }
    struct wn_span rest = wn_behind(r->text, WN_SPAN("The message identifier is:")),
                   line; /* Exim */
    if (wn_line_next(&rest, &line)) {
        f->queue_id = wn_message_id_of(line);
    }
    wn_dsn_explain(r->text, f);
    bool delay = wn_is_delay(m->subject, r->text);
    for (size_t i = 0; i < f->count; i++) {
        f->list[i].kind = delay ? WN_KIND_deferred : WN_KIND_bounce;
    }
}

/* Somebody pressed "unsubscribe", and the mail program wrote this to the List-Unsubscribe
 * address. */
static void read_unsubscribe(struct reading *r)
{
    struct wn_span address, behind;
    if (!wn_mail_address(r->message.from, &address, &behind)) {
        return;
    }
    struct wn_finding *finding = wn_findings_add(&r->findings, address);
    if (finding != NULL) {
        finding->kind = WN_KIND_unsubscribe;
    }
}

/* Whether a message without a feedback part is a complaint: Microsoft's JMRP attaches the original
 * alone and puts the recipient in its header. */
static bool is_bare_complaint(const struct wn_message *m)
{
    return wn_begins(m->subject, WN_SPAN("complaint about message from")) && m->returned.n > 0;
}

/* A text with status fields in it, or in plain words. */
static void read_report(struct reading *r)
{
    if (holds_status_fields(r->text) &&
        (wn_is_from_mail_system(&r->message) || is_null_path(&r->message))) {
        (void)wn_dsn_read(r->text, &r->findings);
    }
    if (r->findings.count > 0) {
        wn_dsn_explain(r->text, &r->findings);
    } else if (r->findings.passed == 0) {
        read_text(r);
    }
}

/* Whether somebody sent a message on: mail systems never begin a subject so. */
static bool is_sent_on(struct wn_span subject)
{
    static const struct wn_span prefixes[] = {
        {"fwd:", 4}, {"fw:", 3}, {"wg:", 3}, {"tr:", 3}, {"rv:", 3}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (wn_begins(subject, prefixes[i])) {
            return true;
        }
    }
    return false;
}

/* Finds what there is. True if the message is anything of a mail system's, or a report. */
static bool read_findings(struct reading *r)
{
    struct wn_message *m = &r->message;
    struct wn_findings *f = &r->findings;
    r->text = m->text;
    if (m->status.n == 0 && is_sent_on(m->subject)) {
        struct wn_span forwarded = wn_forwarded_text(m->text, f->arena);
        r->text = forwarded.n > 0 ? forwarded : m->text;
    }
    r->quoted = wn_returned_cut(&r->text);
    wn_returned_read(m->returned.n > 0 ? m->returned : r->quoted, f->arena, &r->original);
    if (m->feedback.n > 0 || is_bare_complaint(m)) {
        (void)wn_arf_read(m, f);
        return true;
    }
    if (m->apple_unsubscribe) {
        read_unsubscribe(r);
        return true;
    }
    if (m->status.n > 0) {
        (void)wn_dsn_read(m->status, f);
    }
    if (f->count > 0) {
        wn_dsn_explain(r->text, f);
    } else if (f->passed == 0) {
        read_report(r);
    }
    return m->status.n > 0 || (wn_is_from_mail_system(m) && !wn_is_auto_reply(m));
}

/* The date that counts: of the last attempt, else of the message, else the next best. What cannot
 * be one is passed over, unless there is nothing else. */
static int64_t date_of(const struct reading *r, int64_t last_attempt,
                       const struct wn_mail_place *place)
{
    int64_t date = 0, received = 0;
    const char *semicolon = r->message.received.n > 0
                                ? memrchr(r->message.received.p, ';', r->message.received.n)
                                : NULL;
    (void)wn_mail_date(r->message.date, &date);
    if (semicolon != NULL) {
        struct wn_span rest = wn_behind(r->message.received, WN_SPAN(";"));
        rest = (struct wn_span){semicolon + 1, (size_t)(rest.p + rest.n - semicolon) - 1};
        (void)wn_mail_date(rest, &received);
    }
    const int64_t dates[] = {last_attempt,        date,          received, place->posted,
                             r->findings.arrived, r->original.at};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        if (dates[i] >= EARLIEST && dates[i] <= place->now + LATEST_AHEAD) {
            return dates[i];
        }
    }
    return last_attempt != 0 ? last_attempt : date;
}

struct wn_notice *wn_mail_notices_add(struct wn_mail_notices *notices,
                                      const struct wn_mail_place *place)
{
    if (notices->count == notices->capacity) {
        size_t capacity = notices->capacity > 0 ? notices->capacity * 2 : 8;
        struct wn_notice *list = wn_arena_alloc(notices->arena, capacity * sizeof *list);
        if (notices->count > 0) {
            memcpy(list, notices->list, notices->count * sizeof *list);
        }
        notices->list = list;
        notices->capacity = capacity;
    }
    struct wn_notice *notice = &notices->list[notices->count++];
    *notice =
        (struct wn_notice){.line = place->line, .offset = place->offset, .length = place->length};
    return notice;
}

/* What the bounced message is called, by the surest source that names it. */
static struct wn_span message_id_of(const struct reading *r)
{
    const struct wn_span ids[] = {r->original.message_id, r->findings.message_id,
                                  wn_message_id_of(r->message.in_reply_to), r->findings.queue_id};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (ids[i].n > 0) {
            return ids[i];
        }
    }
    return (struct wn_span){NULL, 0};
}

static void notice_finding(const struct reading *r, const struct wn_finding *finding,
                           const struct wn_mail_place *place, struct wn_mail_notices *notices)
{
    struct wn_notice *notice = wn_mail_notices_add(notices, place);
    notice->recipient = finding->recipient;
    notice->at = date_of(r, finding->at, place);
    notice->kind = finding->kind;
    notice->said = finding->said;
    notice->message_id = message_id_of(r);
    if (finding->kind != WN_KIND_bounce && finding->kind != WN_KIND_deferred) {
        return;
    }
    notice->reply.text = wn_reply_line(finding->reply, notices->arena);
    memcpy(notice->reply.enhanced, finding->enhanced, sizeof finding->enhanced);
    notice->reply.enhanced_detail = finding->enhanced_detail;
    notice->reply.phase = finding->phase;
    if (notice->reply.phase == WN_PHASE_unknown) {
        notice->reply.phase = wn_style_phase(notice->reply.text);
    }
    notice->remote = finding->remote;
    if (notice->remote.n == 0) {
        notice->remote = wn_style_remote(notice->reply.text);
    }
    if (notice->remote.n == 0) {
        notice->remote = r->findings.reporter;
    }
}

void wn_mail_read(struct wn_mail_reader *reader, struct wn_span bytes,
                  const struct wn_mail_place *place, struct wn_mail_notices *notices)
{
    struct reading r = {.findings.arena = notices->arena};
    if (bytes.n > WN_MESSAGE_MAX) {
        bytes.n = WN_MESSAGE_MAX;
    }
    wn_message_read(reader->parser, bytes, notices->arena, &r.message);
    if (wn_notification_read(r.message.text, place, notices)) {
        return;
    }
    bool expected = read_findings(&r);
    if (r.findings.count == 0) {
        struct wn_notice *notice = wn_mail_notices_add(notices, place);
        notice->fault =
            expected && r.findings.passed == 0 ? WN_NOTICE_UNRECOGNISED : WN_NOTICE_NO_BOUNCE;
        notice->cell = wn_reply_line(r.message.subject, notices->arena);
        return;
    }
    for (size_t i = 0; i < r.findings.count; i++) {
        notice_finding(&r, &r.findings.list[i], place, notices);
    }
}
