/* SPDX-License-Identifier: MIT */
/* The log is cut into blocks of whole lines. Workers take them apart into findings, side by side;
 * the findings are joined with the queue in the order of the log (base/pipeline.h), so that what
 * comes out does not depend on the number of workers. Spans point into the block, which its worker
 * keeps until it is joined: a line is never copied.
 *
 * A reading that goes on where an earlier one stopped begins a stretch before that place, and tells
 * nothing of it: a Message-ID is logged once, days before the last attempt. */
#include "bounce/log/read.h"

#include <stdlib.h>

#include "base/pipeline.h"
#include "bounce/log/line.h"
#include "bounce/log/mailq.h"
#include "smtp/reply.h"

enum {
    BLOCK = 1 << 18,
    LOOK_BACK = 1 << 26,
    WORKERS_MAX = 64,
    HOST_MAX = 255
};

/* Nobody is in the middle of a line that has not grown for so long: logs are written by the block.
 */
#define SETTLED_AFTER INT64_C(3600)

struct wn_log_block {
    const struct wn_log_format *format;
    /* The claimed lines. */
    char *bytes; /* BLOCK and a line end */
    struct wn_span text;
    uint64_t offset; /* of the text in the input */
    uint64_t end;    /* where the next line begins, or 0: within a line that is too long */
    bool overlong;   /* a line that is too long begins behind the text */
    /* What they say. */
    struct wn_log_finding *findings;
    size_t count, capacity;
    uint32_t lines;
    char *room;
    size_t room_used;
    struct wn_stamps stamps;
    /* The line that is being parsed. */
    uint32_t line_offset, line_length;
};

struct log_reader {
    struct wn_reading *reading;
    /* Claims. */
    uint64_t offset;
    bool skipping; /* what stands at the offset is the rest of a line */
    bool settled;  /* the last line is whole even without a line end */
    bool ended;
    /* Commits. */
    struct wn_mailq queue;
    bool numbered; /* `lines` counts from the beginning of the file */
    uint64_t lines;
};

struct wn_log_finding *wn_log_add(struct wn_log_block *block, enum wn_log_act act)
{
    if (block->count == block->capacity) {
        block->capacity = block->capacity > 0 ? block->capacity * 2 : 256;
        block->findings = wn_realloc(block->findings, block->capacity * sizeof *block->findings);
    }
    struct wn_log_finding *finding = &block->findings[block->count++];
    *finding = (struct wn_log_finding){.offset = block->line_offset,
                                       .length = block->line_length,
                                       .line = block->lines,
                                       .act = (uint8_t)act};
    return finding;
}

void wn_log_retract(struct wn_log_block *block)
{
    block->count--;
}

void wn_log_date(struct wn_log_block *block, struct wn_log_finding *finding, struct wn_span stamp)
{
    if (!wn_stamp_read(&block->stamps, stamp, &finding->at)) {
        finding->fault = WN_NOTICE_DATE;
        finding->text = stamp;
    }
}

char *wn_log_room(struct wn_log_block *block, size_t n)
{
    char *p = block->room + block->room_used;
    block->room_used += n;
    return p;
}

/* Turns what was read into the block's text: behind the rest of a line, up to the last line end. */
static void cut_block(struct log_reader *r, struct wn_log_block *block, size_t n, bool last)
{
    char *begin = block->bytes, *end = block->bytes + n;
    block->overlong = false;
    block->end = 0;
    if (r->skipping) {
        char *line_end = memchr(begin, '\n', n);
        r->skipping = line_end == NULL;
        begin = line_end != NULL ? line_end + 1 : end;
    }
    block->offset = r->offset + (uint64_t)(begin - block->bytes);
    if (last && r->settled && !r->skipping && begin < end && end[-1] != '\n') {
        *end = '\n';
        block->text = (struct wn_span){begin, (size_t)(end - begin) + 1};
        block->end = r->offset + n;
        r->offset = block->end;
        return;
    }
    char *line_end = begin < end ? memrchr(begin, '\n', (size_t)(end - begin)) : NULL;
    char *text_end = line_end != NULL ? line_end + 1 : begin;
    block->text = (struct wn_span){begin, (size_t)(text_end - begin)};
    if (!r->skipping) {
        block->end = block->offset + block->text.n;
    }
    if (!r->skipping && text_end == block->bytes && !last) {
        block->overlong = r->skipping = true;
        r->offset += n;
    } else {
        r->offset = r->skipping ? r->offset + n : block->end;
    }
}

static int claim_block(void *arg, void *piece, int *more, struct wn_error *err)
{
    struct log_reader *r = arg;
    struct wn_log_block *block = piece;
    const struct wn_input *input = r->reading->input;
    int stop = *r->reading->settings->stop;
    if (stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + stop, "stopped");
    }
    size_t wanted = input->size - r->offset < BLOCK ? (size_t)(input->size - r->offset) : BLOCK;
    size_t got = 0;
    *more = !r->ended && r->offset < input->size;
    if (!*more) {
        return WN_OK;
    }
    int status = wn_input_read(input, r->offset, block->bytes, wanted, &got, err);
    if (status == WN_OK) {
        bool last = got < wanted || r->offset + got >= input->size;
        r->ended = last;
        cut_block(r, block, got, last);
    }
    return status;
}

static int parse_block(void *arg, void *piece, struct wn_error *err)
{
    struct wn_log_block *block = piece;
    struct wn_span line;
    (void)arg;
    (void)err;
    block->count = block->room_used = 0;
    block->lines = 0;
    for (size_t at = 0, from = 0; wn_line_next(block->text, &at, &line); from = at) {
        block->line_offset = (uint32_t)from;
        block->line_length = (uint32_t)(at - from);
        if (line.n <= WN_LOG_LINE_MAX) {
            block->format->parse(block, line);
        } else {
            struct wn_log_finding *finding = wn_log_add(block, WN_LOG_UNUSABLE);
            finding->fault = WN_NOTICE_RECORD;
        }
        block->lines++;
    }
    for (size_t i = 0; i < block->count; i++) {
        struct wn_log_finding *finding = &block->findings[i];
        if (finding->id.n > WN_MAILQ_ID_MAX) {
            finding->id.n = WN_MAILQ_ID_MAX;
        }
        finding->hash = finding->id.n > 0 ? wn_hash(finding->id.p, finding->id.n) : 0;
    }
    return WN_OK;
}

/* Hands a notice over, unless an earlier reading has done so. */
static int tell(struct log_reader *r, const struct wn_notice *given)
{
    struct wn_notice notice = *given;
    char host[HOST_MAX];
    if (notice.offset < r->reading->from) {
        return WN_OK;
    }
    if (notice.fault == WN_NOTICE_OK && notice.remote.n > 0) {
        /* As providers are known: in lower case, without the root's dot. */
        size_t n = notice.remote.n < HOST_MAX ? notice.remote.n : HOST_MAX;
        for (size_t i = 0; i < n; i++) {
            host[i] = wn_lower(notice.remote.p[i]);
        }
        notice.remote = (struct wn_span){host, n - (host[n - 1] == '.')};
    }
    return r->reading->visit(r->reading->arg, &notice);
}

static int tell_fault(struct log_reader *r, struct wn_notice *notice, enum wn_notice_fault fault,
                      struct wn_span cell)
{
    notice->fault = fault;
    notice->cell = cell;
    return tell(r, notice);
}

static void note_arrival(struct log_reader *r, const struct wn_log_finding *f)
{
    bool known = f->text.n > 0 || f->null_sender;
    struct wn_queued *message =
        known ? wn_mailq_add(&r->queue, f->id, f->hash) : wn_mailq_find(&r->queue, f->id, f->hash);
    if (message != NULL) {
        wn_mailq_reset(&r->queue, message);
        wn_mailq_say(&r->queue, message, f->text, (struct wn_span){0});
        message->null_sender = f->null_sender;
        message->begun = true;
    }
}

/* The first Message-ID counts, but not one of a message that had the queue id before. */
static void note_message(struct log_reader *r, const struct wn_log_finding *f)
{
    struct wn_queued *message = wn_mailq_add(&r->queue, f->id, f->hash);
    if (message->begun) {
        wn_mailq_reset(&r->queue, message);
    }
    if (message->text_n == 0) {
        wn_mailq_say(&r->queue, message, f->text, (struct wn_span){0});
    }
}

static void note_sender(struct log_reader *r, const struct wn_log_finding *f)
{
    struct wn_queued *message = f->null_sender ? wn_mailq_add(&r->queue, f->id, f->hash)
                                               : wn_mailq_find(&r->queue, f->id, f->hash);
    if (message != NULL) {
        message->null_sender = f->null_sender;
        message->begun = true;
    }
}

static void fill_notice(const struct wn_log_finding *f, struct wn_notice *notice)
{
    notice->recipient = f->recipient;
    notice->at = f->at;
    notice->kind = (enum wn_event_kind)f->kind;
    notice->remote = f->remote;
    notice->reply = (struct wn_reply_in){.enhanced = {f->enhanced[0], f->enhanced[1]},
                                         .enhanced_detail = f->enhanced_detail,
                                         .phase = (enum wn_phase)f->phase,
                                         .text = f->text};
}

/* `own`: what names the message where its Message-ID is not known. */
static int join_attempt(struct log_reader *r, const struct wn_log_finding *f, struct wn_span id,
                        uint64_t hash, struct wn_span own, struct wn_notice *notice)
{
    struct wn_queued *message = id.n > 0 ? wn_mailq_find(&r->queue, id, hash) : NULL;
    fill_notice(f, notice);
    if (f->fault == WN_NOTICE_DATE) {
        return tell_fault(r, notice, WN_NOTICE_DATE, f->text);
    }
    if (f->null_sender || (message != NULL && message->null_sender)) {
        return tell_fault(r, notice, WN_NOTICE_NO_BOUNCE, notice->recipient);
    }
    bool awaits = notice->kind == WN_KIND_deferred && f->awaits_expiry;
    if (awaits && message == NULL) {
        message = wn_mailq_add(&r->queue, id, hash);
    }
    if (message != NULL) {
        message->begun = true;
        if (awaits) {
            wn_mailq_defer(&r->queue, message, notice);
        } else if (message->deferrals != NULL && notice->recipient.n > 0) {
            wn_mailq_drop(&r->queue, wn_mailq_take(message, notice->recipient));
        }
    }
    if (f->fault != WN_NOTICE_OK) {
        return tell_fault(r, notice, (enum wn_notice_fault)f->fault, notice->recipient);
    }
    notice->message_id = message != NULL && message->text_n > 0
                             ? (struct wn_span){message->text, message->text_n}
                             : own;
    return tell(r, notice);
}

/* The end of a delivery that has a number of its own: whose it was, its beginning said. */
static int join_ended(struct log_reader *r, const struct wn_log_finding *f,
                      struct wn_notice *notice)
{
    struct wn_log_finding whole = *f;
    char text[2 * WN_MAILQ_ID_TEXT];
    struct wn_queued *delivery = wn_mailq_find(&r->queue, f->id, f->hash);
    if (delivery == NULL) {
        return tell_fault(r, notice, WN_NOTICE_UNRECOGNISED, f->id);
    }
    size_t split = delivery->split, n = delivery->text_n;
    memcpy(text, delivery->text, n);
    wn_mailq_remove(&r->queue, delivery);
    whole.recipient = (struct wn_span){text + split, n - split};
    struct wn_span id = {text, split < WN_MAILQ_ID_MAX ? split : WN_MAILQ_ID_MAX};
    struct wn_notice own = *notice;
    return join_attempt(r, &whole, id, wn_hash(id.p, id.n), (struct wn_span){0}, &own);
}

/* What was deferred last has failed now. Where nobody answered, that is what the domain's history
 * counts (RFC 3463, X.4.7). */
static int tell_expired(struct log_reader *r, const struct wn_deferral *deferral,
                        struct wn_notice *notice)
{
    struct wn_span text = {deferral->bytes + deferral->recipient_n + deferral->remote_n,
                           deferral->text_n};
    uint16_t code, detail;
    uint8_t enhanced[2];
    notice->recipient = (struct wn_span){deferral->bytes, deferral->recipient_n};
    notice->remote = (struct wn_span){deferral->bytes + deferral->recipient_n, deferral->remote_n};
    notice->kind = WN_KIND_bounce;
    notice->reply = (struct wn_reply_in){
        .code = deferral->code,
        .enhanced = {deferral->enhanced[0], deferral->enhanced[1]},
        .enhanced_detail = deferral->enhanced_detail,
        .text = text,
    };
    bool answered = wn_reply_codes(text, &code, enhanced, &detail);
    bool vague = deferral->enhanced[1] == 0 && deferral->enhanced_detail == 0;
    if (!answered && (vague || deferral->enhanced[1] == 4)) {
        notice->reply.enhanced[0] = notice->reply.enhanced[1] = 4;
        notice->reply.enhanced_detail = 7;
    }
    return tell(r, notice);
}

static int join_expired(struct log_reader *r, const struct wn_log_finding *f,
                        struct wn_notice *notice)
{
    struct wn_queued *message = wn_mailq_find(&r->queue, f->id, f->hash);
    int status = WN_OK;
    if (f->null_sender || (message != NULL && message->null_sender)) {
        return tell_fault(r, notice, WN_NOTICE_NO_BOUNCE, f->id);
    }
    if (f->fault != WN_NOTICE_OK) {
        return tell_fault(r, notice, (enum wn_notice_fault)f->fault, f->text);
    }
    struct wn_deferral *list = message != NULL ? wn_mailq_take(message, f->recipient) : NULL;
    notice->at = f->at;
    notice->message_id = message != NULL && message->text_n > 0
                             ? (struct wn_span){message->text, message->text_n}
                             : f->id;
    if (list == NULL && f->recipient.n == 0) {
        return tell_fault(r, notice, WN_NOTICE_UNRECOGNISED, f->id);
    }
    if (list == NULL) {
        struct wn_span id = notice->message_id;
        fill_notice(f, notice);
        notice->message_id = id;
        return tell(r, notice);
    }
    for (const struct wn_deferral *d = list; d != NULL && status == WN_OK; d = d->next) {
        struct wn_notice each = *notice;
        status = tell_expired(r, d, &each);
    }
    wn_mailq_drop(&r->queue, list);
    return status;
}

static int join(struct log_reader *r, const struct wn_log_finding *f, struct wn_notice *notice)
{
    struct wn_queued *message;
    switch ((enum wn_log_act)f->act) {
    case WN_LOG_MESSAGE:
        note_message(r, f);
        return WN_OK;
    case WN_LOG_SENDER:
        note_sender(r, f);
        return WN_OK;
    case WN_LOG_ARRIVAL:
        note_arrival(r, f);
        return WN_OK;
    case WN_LOG_STARTED:
        message = wn_mailq_add(&r->queue, f->id, f->hash);
        wn_mailq_reset(&r->queue, message);
        wn_mailq_say(&r->queue, message, f->text, f->recipient);
        return WN_OK;
    case WN_LOG_CLOSED:
        message = wn_mailq_find(&r->queue, f->id, f->hash);
        if (message != NULL) {
            wn_mailq_remove(&r->queue, message);
        }
        return WN_OK;
    case WN_LOG_ATTEMPT:
        return join_attempt(r, f, f->id, f->hash, f->id, notice);
    case WN_LOG_ENDED:
        return join_ended(r, f, notice);
    case WN_LOG_EXPIRED:
        return join_expired(r, f, notice);
    case WN_LOG_UNUSABLE:
        break;
    }
    return tell_fault(r, notice, (enum wn_notice_fault)f->fault, f->text);
}

static int join_block(void *arg, void *piece, struct wn_error *err)
{
    struct log_reader *r = arg;
    const struct wn_log_block *block = piece;
    int status = WN_OK;
    (void)err;
    for (size_t i = 0; i < block->count && status == WN_OK; i++) {
        const struct wn_log_finding *f = &block->findings[i];
        struct wn_notice notice = {.line = r->numbered ? r->lines + f->line + 1 : 0,
                                   .offset = block->offset + f->offset,
                                   .length = f->length};
        status = join(r, f, &notice);
    }
    r->lines += block->lines;
    if (block->overlong && status == WN_OK) {
        struct wn_notice notice = {.line = r->numbered ? r->lines + 1 : 0, .offset = block->offset};
        r->lines++;
        status = tell_fault(r, &notice, WN_NOTICE_RECORD, (struct wn_span){0});
    }
    if (status == WN_OK && block->end > r->reading->read_to) {
        r->reading->read_to = block->end;
    }
    return status;
}

/* When the log was last changed, which is also when its last line was written. */
static int64_t written_at(const struct wn_reading *reading)
{
    const struct stat *seen = &reading->input->seen;
    return S_ISREG(seen->st_mode) ? (int64_t)seen->st_mtime : reading->settings->now;
}

static size_t count_workers(const struct wn_reading *reading, uint64_t from)
{
    uint64_t size = reading->input->size > from ? reading->input->size - from : 0;
    uint64_t workers = size / BLOCK + 1;
    if (workers > (uint64_t)reading->settings->jobs) {
        workers = reading->settings->jobs > 0 ? (uint64_t)reading->settings->jobs : 1;
    }
    return workers < WORKERS_MAX ? (size_t)workers : WORKERS_MAX;
}

int wn_log_read(struct wn_reading *reading, const struct wn_log_format *format,
                struct wn_error *err)
{
    struct log_reader r = {.reading = reading};
    void *pieces[WORKERS_MAX];
    reading->read_to = reading->from;
    r.offset = reading->from > LOOK_BACK ? reading->from - LOOK_BACK : 0;
    r.numbered = r.offset == 0;
    r.skipping = r.offset > 0;
    r.settled =
        reading->input->spooled || written_at(reading) < reading->settings->now - SETTLED_AFTER;
    size_t workers = count_workers(reading, r.offset);
    for (size_t i = 0; i < workers; i++) {
        struct wn_log_block *block = wn_calloc(1, sizeof *block);
        block->format = format;
        block->stamps.written_at = written_at(reading);
        block->bytes = wn_malloc(BLOCK + 1);
        block->room = wn_malloc(BLOCK + 1);
        pieces[i] = block;
    }
    const struct wn_pipeline pipeline = {.claim = claim_block,
                                         .work = parse_block,
                                         .commit = join_block,
                                         .arg = &r,
                                         .pieces = pieces,
                                         .workers = workers};
    int status = wn_pipeline_run(&pipeline, err);
    for (size_t i = 0; i < workers; i++) {
        struct wn_log_block *block = pieces[i];
        free(block->bytes);
        free(block->room);
        free(block->findings);
        free(block);
    }
    reading->forgotten = r.queue.forgotten;
    wn_mailq_release(&r.queue);
    if (status == WN_OK && reading->read_to < reading->input->size) {
        struct wn_notice notice = {.line = r.numbered ? r.lines + 1 : 0,
                                   .offset = reading->read_to,
                                   .length = reading->input->size - reading->read_to,
                                   .fault = WN_NOTICE_UNFINISHED};
        status = reading->visit(reading->arg, &notice);
    }
    return status;
}

bool wn_log_recognise(struct wn_span head, const struct wn_log_format *format)
{
    struct wn_span line;
    bool is_log = false;
    size_t at = 0;
    for (size_t i = 0; wn_line_next(head, &at, &line); i++) {
        /* The very first may be the end of a line that a rotation cut, or journald's heading. */
        struct wn_syslog_line parts;
        is_log = is_log || wn_stamp_length(line) > 0 || wn_syslog_read(line, &parts);
        if (i == 1 && !is_log) {
            return false;
        }
        if (is_log && line.n <= WN_LOG_LINE_MAX && format->knows(line)) {
            return true;
        }
    }
    return false;
}
