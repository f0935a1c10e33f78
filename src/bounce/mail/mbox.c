/* SPDX-License-Identifier: MIT */
/* Messages out of files. A message file is read at once, as far as it is looked at.
 *
 * An mbox is cut in order into pieces of whole messages, which are read by several threads. A
 * message ends where a `From ` line begins: one with an address, a date and a header behind it, so
 * that a sentence in a body is none. Bodies quote theirs (`>From `, `>>From `); those of mboxcl2 do
 * not and have a Content-Length, which is believed where it leads to a `From ` line or the end. */
#include <stdlib.h>

#include "base/pipeline.h"
#include "bounce/mail/mail.h"
#include "bounce/mail/message.h"
#include "bounce/mail/readers.h"

enum {
    PIECE = 1 << 20, /* bytes; a longer message has a piece of its own */
    LINE_MAX_BYTES = 1000,
    WORKERS_MAX = 64
};

size_t wn_mbox_from_line(struct wn_span s, int64_t *posted)
{
    struct wn_span rest = s, line, next;
    *posted = 0;
    if (s.n < 20 || memcmp(s.p, "From ", 5) != 0) {
        return 0;
    }
    const char *end = memchr(s.p, '\n', s.n < LINE_MAX_BYTES ? s.n : LINE_MAX_BYTES);
    if (end == NULL || !wn_line_next(&rest, &line)) {
        return 0;
    }
    const char *blank = memchr(line.p + 5, ' ', line.n - 5);
    if (blank == NULL) {
        return 0;
    }
    struct wn_span date = {blank, (size_t)(line.p + line.n - blank)};
    if (!wn_mail_date(date, posted)) {
        return 0;
    }
    size_t n = (size_t)(rest.p - s.p);
    if (!wn_line_next(&rest, &next) || wn_field_begins(next) ||
        wn_begins(next, WN_SPAN(">From "))) {
        return n;
    }
    return 0;
}

/* What begins with "From " and a header is one, though the line may have no date that can be read.
 */
static size_t first_line(struct wn_span s)
{
    struct wn_span rest = s, line;
    if (s.n < 5 || memcmp(s.p, "From ", 5) != 0 || !wn_line_next(&rest, &line)) {
        return 0;
    }
    size_t n = (size_t)(rest.p - s.p);
    return n < LINE_MAX_BYTES && wn_line_next(&rest, &line) && wn_field_begins(line) ? n : 0;
}

/* Where the next message begins in `s`, not before `from`, or s.n. */
static size_t find_next(struct wn_span s, size_t from)
{
    int64_t posted;
    while (from < s.n) {
        const char *p = memmem(s.p + from, s.n - from, "\nFrom ", 6);
        if (p == NULL) {
            return s.n;
        }
        from = (size_t)(p + 1 - s.p);
        if (wn_mbox_from_line((struct wn_span){p + 1, s.n - from}, &posted) > 0) {
            return from;
        }
    }
    return s.n;
}

/* Where the message at the start of `s` ends by its Content-Length, or 0. `whole`: nothing comes
 * behind s. */
static size_t end_by_length(struct wn_span s, bool whole)
{
    struct wn_span rest = s, length = {NULL, 0};
    struct wn_field field;
    uint64_t n;
    int64_t posted;
    while (wn_field_next(&rest, &field)) {
        if (field.name.n == 14 && wn_span_equal_nocase(field.name, WN_SPAN("content-length"))) {
            length = wn_span_trim(field.value);
        }
    }
    if (length.n == 0 || !wn_span_number(length, UINT32_MAX, &n) || n > rest.n) {
        return 0;
    }
    rest.p += n;
    rest.n -= n;
    while (rest.n > 0 && (*rest.p == '\n' || *rest.p == '\r')) {
        rest.p++;
        rest.n--;
    }
    bool fits = rest.n == 0 ? whole : wn_mbox_from_line(rest, &posted) > 0;
    return fits ? (size_t)(rest.p - s.p) : 0;
}

/* The length of the message, with its `From ` line, at the start of `s`, or 0 when its end is not
 * in sight. */
static size_t message_length(struct wn_span s, bool whole)
{
    size_t n = end_by_length(s, whole);
    if (n == 0) {
        n = find_next(s, 0);
    }
    return n < s.n || whole ? n : 0;
}

/* The boundary that a message's parts have, or an empty span. */
static struct wn_span boundary_of(struct wn_span type)
{
    struct wn_span value = wn_behind(type, WN_SPAN("boundary"));
    size_t n = 0;
    if (value.n == 0 || !wn_begins(wn_span_trim(type), WN_SPAN("multipart/"))) {
        return (struct wn_span){NULL, 0};
    }
    while (value.n > 0 && *value.p != '\0' && strchr(" \t\r\n=", *value.p) != NULL) {
        value.p++;
        value.n--;
    }
    bool quoted = value.n > 0 && *value.p == '"';
    value.p += quoted;
    value.n -= quoted;
    const char *stops = quoted ? "\"\r\n" : " \t;\"\r\n";
    while (n < value.n && (value.p[n] == '\0' || strchr(stops, value.p[n]) == NULL)) {
        n++;
    }
    return (struct wn_span){value.p, n};
}

/* "--boundary--" at the beginning of a line. */
static bool is_closed(struct wn_span body, struct wn_span boundary)
{
    while (body.n > 0) {
        const char *p = memmem(body.p, body.n, boundary.p, boundary.n);
        if (p == NULL) {
            return false;
        }
        const char *end = p + boundary.n;
        struct wn_span rest = {end, (size_t)(body.p + body.n - end)};
        size_t before = (size_t)(p - body.p);
        if (wn_begins(rest, WN_SPAN("--")) && before >= 2 && memcmp(p - 2, "--", 2) == 0 &&
            (before == 2 || p[-3] == '\n')) {
            return true;
        }
        body = rest;
    }
    return false;
}

/* The boundary of a message, *rest becoming its body, and its Content-Length, or 0. */
static struct wn_span read_frame(struct wn_span *rest, uint64_t *length)
{
    struct wn_span type = {NULL, 0};
    struct wn_field field;
    *length = 0;
    while (wn_field_next(rest, &field)) {
        if (wn_span_equal_nocase(field.name, WN_SPAN("content-type"))) {
            type = field.value;
        } else if (wn_span_equal_nocase(field.name, WN_SPAN("content-length"))) {
            (void)wn_span_number(wn_span_trim(field.value), UINT32_MAX, length);
        }
    }
    return boundary_of(type);
}

/* A message without its last line, if it was cut off there: half an address is another's. */
static struct wn_span without_torn_line(struct wn_span s)
{
    uint64_t length;
    struct wn_span body = s;
    if (s.n == 0 || s.p[s.n - 1] == '\n') {
        return s;
    }
    struct wn_span boundary = read_frame(&body, &length);
    const char *end = memrchr(s.p, '\n', s.n);
    if (boundary.n > 0 && end != NULL && !is_closed(body, boundary)) {
        s.n = (size_t)(end + 1 - s.p);
    }
    return s;
}

/* Whether an mbox's last message, with its `From ` line, can be seen to go on: its parts are not
 * closed, or it has none and no blank line behind it. Where one is cut just behind a blank line of
 * its text, nobody can tell. */
static bool is_unfinished(struct wn_span s)
{
    uint64_t length;
    struct wn_span rest = s, boundary = read_frame(&rest, &length);
    if (boundary.n > 0) {
        return !is_closed(rest, boundary);
    }
    bool ended =
        s.n >= 2 && s.p[s.n - 1] == '\n' &&
        (s.p[s.n - 2] == '\n' || (s.n >= 3 && s.p[s.n - 2] == '\r' && s.p[s.n - 3] == '\n'));
    return !ended || length > rest.n;
}

/* What one worker has in hand. */
struct piece {
    struct wn_buf bytes;
    uint64_t offset, length; /* of the piece in the input; of an overlong message, bytes has less */
    uint64_t lines;          /* line ends in it */
    struct wn_arena arena;
    struct wn_mail_notices notices;
    struct wn_mail_reader *reader;
};

struct run {
    struct wn_reading *reading;
    bool may_grow;
    uint64_t offset; /* where the next piece begins; the claims' */
    uint64_t line;   /* line ends before the next piece; the commits' */
};

static size_t count_lines(struct wn_span s)
{
    size_t lines = 0;
    for (size_t i = 0; i < s.n; i++) {
        lines += s.p[i] == '\n';
    }
    return lines;
}

/* A message longer than a piece: keeps the part that is looked at and passes over the rest. */
static int claim_long(struct run *run, struct piece *piece, struct wn_error *err)
{
    const struct wn_input *input = run->reading->input;
    struct wn_buf window = {0};
    uint64_t at = piece->offset;
    size_t got, kept = 0;
    int status = WN_OK;
    piece->lines = 0;
    wn_buf_clear(&piece->bytes);
    while (true) {
        /* A `From ` line across two windows is seen in the second, which begins before it. */
        char *room = wn_buf_room(&window, PIECE);
        status = wn_input_read(input, at, room, PIECE, &got, err);
        if (status != WN_OK) {
            break;
        }
        bool last = at + got >= input->size || got < PIECE;
        size_t end = find_next((struct wn_span){room, got}, 0);
        size_t used = end < got || last ? end : got - LINE_MAX_BYTES;
        piece->lines += count_lines((struct wn_span){room, used});
        size_t room_left = WN_MESSAGE_MAX + LINE_MAX_BYTES - kept;
        size_t keep = used < room_left ? used : room_left;
        wn_buf_add(&piece->bytes, room, keep);
        kept += keep;
        at += used;
        if (end < got || last) {
            break;
        }
    }
    wn_buf_release(&window);
    piece->length = at - piece->offset;
    run->offset = at;
    return status;
}

static int claim(void *arg, void *p, int *more, struct wn_error *err)
{
    struct run *run = arg;
    struct piece *piece = p;
    const struct wn_input *input = run->reading->input;
    size_t got, used = 0, n;
    *more = run->offset < input->size;
    if (!*more) {
        return WN_OK;
    }
    if (*run->reading->settings->stop != 0) {
        return WN_E_SIGNAL + *run->reading->settings->stop;
    }
    wn_buf_clear(&piece->bytes);
    char *room = wn_buf_room(&piece->bytes, PIECE);
    int status = wn_input_read(input, run->offset, room, PIECE, &got, err);
    if (status != WN_OK || got == 0) {
        *more = 0;
        return status;
    }
    bool whole = got < PIECE || run->offset + got >= input->size;
    while (used < got &&
           (n = message_length((struct wn_span){room + used, got - used}, whole)) > 0) {
        used += n;
    }
    piece->offset = run->offset;
    if (used == 0) {
        return claim_long(run, piece, err);
    }
    piece->bytes.len = used;
    piece->length = used;
    piece->lines = count_lines((struct wn_span){room, used});
    run->offset += used;
    return WN_OK;
}

/* Reads the messages of a piece; lines are counted from the piece's own start. */
static int work(void *arg, void *p, struct wn_error *err)
{
    struct run *run = arg;
    struct piece *piece = p;
    struct wn_span rest = wn_buf_span(&piece->bytes);
    bool shortened = piece->length > rest.n;
    uint64_t line = 1, offset = piece->offset;
    (void)err;
    wn_arena_release(&piece->arena);
    piece->notices = (struct wn_mail_notices){.arena = &piece->arena};
    while (rest.n > 0) {
        size_t n = shortened ? rest.n : message_length(rest, true);
        struct wn_span message = {rest.p, n};
        struct wn_mail_place place = {.line = line,
                                      .offset = offset,
                                      .length = shortened ? piece->length : n,
                                      .now = run->reading->settings->now};
        size_t from_line = wn_mbox_from_line(message, &place.posted);
        from_line = from_line > 0 ? from_line : first_line(message);
        message.p += from_line;
        message.n -= from_line;
        if (run->may_grow && !shortened && offset + n >= run->reading->input->size &&
            is_unfinished(message)) {
            wn_mail_notices_add(&piece->notices, &place)->fault = WN_NOTICE_UNFINISHED;
        } else if (wn_span_trim(message).n > 0) {
            wn_mail_read(piece->reader, without_torn_line(message), &place, &piece->notices);
        }
        line += count_lines((struct wn_span){rest.p, n});
        offset += n;
        rest.p += n;
        rest.n -= n;
    }
    return WN_OK;
}

static int commit(void *arg, void *p, struct wn_error *err)
{
    struct run *run = arg;
    struct piece *piece = p;
    (void)err;
    for (size_t i = 0; i < piece->notices.count; i++) {
        struct wn_notice *notice = &piece->notices.list[i];
        notice->line += run->line;
        int status = run->reading->visit(run->reading->arg, notice);
        if (status != WN_OK) {
            return status;
        }
    }
    run->line += piece->lines;
    return WN_OK;
}

static bool recognise_mbox(struct wn_span head)
{
    return first_line(head) > 0;
}

static int read_mbox(struct wn_reading *reading, struct wn_error *err)
{
    struct run run = {.reading = reading, .may_grow = wn_reading_may_grow(reading)};
    struct wn_pipeline pipeline = {.claim = claim, .work = work, .commit = commit, .arg = &run};
    int64_t jobs = reading->settings->jobs;
    size_t workers = jobs < 1 ? 1 : jobs > WORKERS_MAX ? WORKERS_MAX : (size_t)jobs;
    if (reading->input->size < (uint64_t)2 * PIECE) {
        workers = 1;
    }
    struct piece *pieces = wn_calloc(workers, sizeof *pieces);
    void **list = wn_calloc(workers, sizeof *list);
    for (size_t i = 0; i < workers; i++) {
        pieces[i].reader = wn_mail_reader_new();
        list[i] = &pieces[i];
    }
    pipeline.pieces = list;
    pipeline.workers = workers;
    int status = wn_pipeline_run(&pipeline, err);
    for (size_t i = 0; i < workers; i++) {
        wn_mail_reader_free(pieces[i].reader);
        wn_arena_release(&pieces[i].arena);
        wn_buf_release(&pieces[i].bytes);
    }
    free(list);
    free(pieces);
    return status;
}

const struct wn_source wn_source_mbox = {
    .name = "mbox", .recognise = recognise_mbox, .read = read_mbox};

/* Field names that some message of any kind begins with. */
static bool is_known_field(struct wn_span name)
{
    static const struct wn_span names[] = {{"received", 8},
                                           {"return-path", 11},
                                           {"delivered-to", 12},
                                           {"from", 4},
                                           {"to", 2},
                                           {"subject", 7},
                                           {"date", 4},
                                           {"message-id", 10},
                                           {"x-original-to", 13},
                                           {"mime-version", 12},
                                           {"content-type", 12},
                                           {"envelope-to", 11}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (wn_span_equal_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

enum {
    HEADER_LINES_SEEN = 200
};

/* A header of nothing but fields, two of them known ones. */
static bool recognise_message(struct wn_span head)
{
    struct wn_span line;
    size_t known = 0;
    for (size_t i = 0; i < HEADER_LINES_SEEN && wn_line_next(&head, &line) && line.n > 0; i++) {
        size_t colon = 0;
        if (line.p[0] == ' ' || line.p[0] == '\t') {
            if (i == 0) {
                return false;
            }
            continue;
        }
        if (!wn_field_begins(line)) {
            if (head.n == 0) {
                break; /* the head ends in the middle of it */
            }
            return false;
        }
        while (line.p[colon] != ':' && line.p[colon] != ' ' && line.p[colon] != '\t') {
            colon++;
        }
        known += is_known_field((struct wn_span){line.p, colon});
    }
    return known >= 2;
}

static int read_message(struct wn_reading *reading, struct wn_error *err)
{
    const struct wn_input *input = reading->input;
    struct wn_arena arena = {0};
    struct wn_mail_notices notices = {.arena = &arena};
    struct wn_mail_place place = {.line = 1, .length = input->size, .now = reading->settings->now};
    size_t want = input->size < WN_MESSAGE_MAX ? (size_t)input->size : WN_MESSAGE_MAX, got = 0;
    char *bytes = wn_malloc(want + 1);
    int status = wn_input_read(input, 0, bytes, want, &got, err);
    got = without_torn_line((struct wn_span){bytes, got}).n;
    if (status == WN_OK) {
        struct wn_mail_reader *reader = wn_mail_reader_new();
        wn_mail_read(reader, (struct wn_span){bytes, got}, &place, &notices);
        wn_mail_reader_free(reader);
    }
    for (size_t i = 0; i < notices.count && status == WN_OK; i++) {
        status = reading->visit(reading->arg, &notices.list[i]);
    }
    wn_arena_release(&arena);
    free(bytes);
    return status;
}

const struct wn_source wn_source_message = {
    .name = "message", .recognise = recognise_message, .read = read_message};
