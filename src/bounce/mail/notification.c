/* SPDX-License-Identifier: MIT */
/* A mail service's JSON event that comes as a message: Amazon SNS mails what it would have posted,
 * and puts its own text behind it. Sendmail cuts lines of more than 990 bytes with "!", a line end
 * and a blank; no line ends inside a JSON string, so that is undone before the JSON is read. */
#include "bounce/json/record.h"
#include "bounce/mail/readers.h"

/* The text without the cuts in lines. */
static struct wn_span whole_lines(struct wn_span text, struct wn_arena *arena)
{
    char *out = wn_arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        size_t end = i + 1 + (i + 1 < text.n && text.p[i + 1] == '\r');
        if (text.p[i] == '!' && end + 1 < text.n && text.p[end] == '\n' && text.p[end + 1] == ' ') {
            i = end + 1;
        } else {
            out[n++] = text.p[i];
        }
    }
    return (struct wn_span){out, n};
}

static struct wn_span copy(struct wn_span s, struct wn_arena *arena)
{
    if (s.n == 0) {
        return s;
    }
    char *to = wn_arena_alloc(arena, s.n);
    memcpy(to, s.p, s.n);
    return (struct wn_span){to, s.n};
}

/* Whether the record was of a form that is known, whatever it says. */
static bool is_known(const struct wn_json_notices *read)
{
    for (size_t i = 0; i < read->count; i++) {
        if (read->list[i].fault != WN_NOTICE_RECORD) {
            return true;
        }
    }
    return false;
}

static void hand_over(const struct wn_notice *from, const struct wn_mail_place *place,
                      struct wn_mail_notices *notices)
{
    struct wn_notice *to = wn_mail_notices_add(notices, place);
    struct wn_arena *arena = notices->arena;
    const struct wn_notice at = *to;
    *to = *from;
    to->line = at.line;
    to->offset = at.offset;
    to->length = at.length;
    to->cell = copy(from->cell, arena);
    to->recipient = copy(from->recipient, arena);
    to->reply.text = copy(from->reply.text, arena);
    to->remote = copy(from->remote, arena);
    to->message_id = copy(from->message_id, arena);
    to->event_id = copy(from->event_id, arena);
}

bool wn_notification_read(struct wn_span text, const struct wn_mail_place *place,
                          struct wn_mail_notices *notices)
{
    text = wn_span_trim(text);
    if (text.n == 0 || *text.p != '{' || !wn_json_begins(text)) {
        return false;
    }
    struct wn_json_cutter cutter = {.line = 1};
    struct wn_json_cut cut = {0};
    struct wn_json_notices read = {0};
    text = whole_lines(text, notices->arena);
    wn_json_cut(&cutter, text, true, 1, &cut);
    if (cut.count > 0 && cut.records[0].fault == NULL) {
        struct wn_span record = {text.p + cut.records[0].offset, (size_t)cut.records[0].length};
        wn_json_read_record(&cut.records[0], record, &read);
    }
    bool known = is_known(&read);
    for (size_t i = 0; i < read.count && known; i++) {
        hand_over(&read.list[i], place, notices);
    }
    wn_json_notices_release(&read);
    wn_json_cut_release(&cut);
    return known;
}
