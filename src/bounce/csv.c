/* SPDX-License-Identifier: MIT */
/* Any CSV with a header that names an address, a date and something that says what happened
 * (csv_columns.h). What a code cell holds is not
 * taken for granted: "550", "5.1.1", "550 5.1.1 user unknown" and even "bounced" are seen in
 * columns of the same name, so the cells of `code` and `status` are read alike, for codes, then for
 * a kind. A header may come again with other columns, where files were joined.
 *
 * Records are cut as everywhere (csv/cut.h), window after window. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bounce/csv_columns.h"
#include "bounce/words.h"
#include "csv/cut.h"
#include "csv/dialect.h"
#include "csv/scan.h"
#include "smtp/reply.h"

enum {
    FIRST_WINDOW = 1 << 20,
    CELL_MAX = 4096
};

/* The reading of one file. */
struct reader {
    const struct wn_input *input;
    wn_notice_visit *visit;
    void *arg;
    struct wn_error *err;
    struct wn_dialect dialect;
    const char *map;
    struct wn_bounce_columns columns;
    struct wn_buf first_name; /* of the header */
    bool header_read;
    bool may_grow;
    bool written;                           /* somebody is writing it */
    struct wn_buf values[WN_BOUNCE_FIELDS]; /* of quoted cells with doubled quotes */
};

static void split(struct wn_span record, char delimiter, bool quoted, struct wn_cells *cells,
                  size_t wanted)
{
    cells->count = 0;
    if (quoted) {
        while (cells->count < wanted && wn_csv_field(record, delimiter, (uint32_t)cells->count,
                                                     true, &cells->raw[cells->count])) {
            cells->count++;
        }
        return;
    }
    const char *p = record.p, *end = record.p + record.n;
    while (cells->count < wanted) {
        const char *stop = p < end ? memchr(p, delimiter, (size_t)(end - p)) : NULL;
        stop = stop != NULL ? stop : end;
        cells->raw[cells->count++] = (struct wn_span){p, (size_t)(stop - p)};
        if (stop == end) {
            break;
        }
        p = stop + 1;
    }
}

/* Settles the columns by a header; `*data` says that it is no header but a row. */
static int read_header(struct reader *r, struct wn_span record, bool quoted, struct wn_error *err,
                       bool *data)
{
    struct wn_cells *header = wn_malloc(sizeof *header);
    struct wn_bounce_columns columns;
    split(record, r->dialect.delimiter, quoted, header, WN_BOUNCE_COLUMNS);
    int status = wn_bounce_columns_settle(&columns, header, r->map, r->input->name, data, err);
    if (status == WN_OK) {
        struct wn_buf room = {0};
        r->columns = columns;
        wn_buf_clear(&r->first_name);
        wn_buf_add_span(&r->first_name, wn_span_trim(wn_csv_value(header->raw[0], &room)));
        wn_buf_release(&room);
    }
    r->header_read = true;
    free(header);
    return status;
}

static struct wn_span field_value(struct reader *r, const struct wn_cells *cells,
                                  enum wn_bounce_field field)
{
    int column = r->columns.of[field];
    if (column == WN_COLUMN_ABSENT || (size_t)column >= cells->count) {
        return (struct wn_span){NULL, 0};
    }
    struct wn_span value = wn_span_trim(wn_csv_value(cells->raw[column], &r->values[field]));
    return value.n <= CELL_MAX ? value : (struct wn_span){value.p, CELL_MAX};
}

/* Takes what one cell says of codes; true if it says any. */
static bool take_codes(struct wn_span cell, struct wn_reply_in *reply)
{
    uint16_t code, detail;
    uint8_t enhanced[2];
    (void)wn_reply_codes(cell, &code, enhanced, &detail);
    if (code / 10 % 10 > 5) {
        code = 0; /* a service's own number, such as Mailgun's 498: RFC 5321 4.2.1 knows none */
    }
    if (code == 0 && enhanced[0] == 0) {
        return false;
    }
    reply->code = reply->code != 0 ? reply->code : code;
    if (reply->enhanced[0] == 0) {
        memcpy(reply->enhanced, enhanced, sizeof enhanced);
        reply->enhanced_detail = detail;
    }
    return true;
}

static enum wn_notice_fault refuse(struct wn_notice *notice, enum wn_notice_fault fault,
                                   struct wn_span cell)
{
    notice->cell = cell;
    return fault;
}

/* What the cells say of the kind of the event. */
static enum wn_notice_fault read_kind(struct reader *r, const struct wn_cells *cells, bool coded,
                                      bool stated, struct wn_notice *notice)
{
    const struct wn_bounce_columns *c = &r->columns;
    const struct wn_span cell[] = {field_value(r, cells, WN_BOUNCE_FIELD_kind),
                                   field_value(r, cells, WN_BOUNCE_FIELD_code),
                                   field_value(r, cells, WN_BOUNCE_FIELD_status)};
    const bool coded_cell[] = {false, coded, stated};
    const struct wn_reply_in *reply = &notice->reply;
    bool refused = reply->code >= 400 || reply->enhanced[0] >= 4;
    bool accepted = reply->code / 100 == 2 || (reply->code == 0 && reply->enhanced[0] == 2);
    bool known = false, silent = false;
    for (size_t i = 0; i < 3 && !known; i++) {
        known = cell[i].n > 0 && !coded_cell[i] &&
                wn_bounce_kind_of_word(cell[i], &notice->kind, &notice->hardness, &silent);
        if (i == 0 && cell[0].n > 0 && !known && !refused) {
            return refuse(notice, WN_NOTICE_KIND, cell[0]);
        }
    }
    if (known && (silent || (accepted && notice->kind == WN_KIND_deferred))) {
        return refuse(notice, WN_NOTICE_NO_BOUNCE, cell[0]);
    }
    if (!known) {
        notice->kind = c->implied ? c->means : accepted ? WN_KIND_delivered : WN_KIND_bounce;
    }
    if (notice->kind == WN_KIND_bounce && notice->hardness == WN_HARDNESS_unknown && c->implied) {
        notice->hardness = c->hardness;
    }
    if (notice->kind == WN_KIND_delivered && refused) {
        return refuse(notice, WN_NOTICE_KIND, cell[0].n > 0 ? cell[0] : cell[1]);
    }
    return WN_NOTICE_OK;
}

static enum wn_notice_fault read_event(struct reader *r, const struct wn_cells *cells,
                                       struct wn_notice *notice)
{
    struct wn_span code = field_value(r, cells, WN_BOUNCE_FIELD_code);
    struct wn_span state = field_value(r, cells, WN_BOUNCE_FIELD_status);
    struct wn_span host = field_value(r, cells, WN_BOUNCE_FIELD_host);
    struct wn_reply_in *reply = &notice->reply;
    bool coded = take_codes(code, reply);
    bool stated = take_codes(state, reply);
    enum wn_notice_fault fault = read_kind(r, cells, coded, stated, notice);
    if (fault != WN_NOTICE_OK) {
        return fault;
    }
    reply->text = field_value(r, cells, WN_BOUNCE_FIELD_text);
    (void)wn_category_of_word(field_value(r, cells, WN_BOUNCE_FIELD_said), &notice->said);
    const char *blank = host.n > 0 ? memchr(host.p, ' ', host.n) : NULL; /* "host (address)" */
    notice->remote = (struct wn_span){host.p, blank != NULL ? (size_t)(blank - host.p) : host.n};
    bool bounce = notice->kind == WN_KIND_bounce || notice->kind == WN_KIND_deferred;
    if (bounce && !coded && !stated && reply->text.n == 0 &&
        notice->hardness == WN_HARDNESS_unknown && notice->said == WN_CATEGORY_unclassified) {
        return refuse(notice, WN_NOTICE_CODE, code.n > 0 ? code : state);
    }
    if (reply->text.n == 0) {
        /* "550 5.1.1 user unknown" says more than its codes. */
        reply->text = code.n > 5 ? code : state.n > 5 ? state : reply->text;
    }
    return WN_NOTICE_OK;
}

/* Whether a record without an address names columns again. */
static bool is_header(struct reader *r, const struct wn_cells *cells, struct wn_span recipient)
{
    char room[WN_PLAIN_WORD], first_room[WN_PLAIN_WORD];
    struct wn_buf value = {0};
    struct wn_span cell = {NULL, 0};
    if (cells->count > 0) {
        cell = wn_span_trim(wn_csv_value(cells->raw[0], &value));
    }
    bool first =
        cell.n > 0 && wn_span_equal(wn_plain_word(cell, room),
                                    wn_plain_word(wn_buf_span(&r->first_name), first_room));
    wn_buf_release(&value);
    return first || wn_bounce_is_email_name(recipient);
}

static int visit_record(struct reader *r, struct wn_span record, bool quoted,
                        struct wn_notice *notice)
{
    struct wn_cells cells;
    struct wn_span cell;
    bool data;
    split(record, r->dialect.delimiter, quoted, &cells, (size_t)r->columns.last + 1);
    notice->recipient = field_value(r, &cells, WN_BOUNCE_FIELD_email);
    notice->message_id = field_value(r, &cells, WN_BOUNCE_FIELD_id);
    cell = field_value(r, &cells, WN_BOUNCE_FIELD_at);
    bool address = notice->recipient.n > 0 && memchr(notice->recipient.p, '@', notice->recipient.n);
    if (!address && memchr(record.p, '@', record.n) == NULL &&
        is_header(r, &cells, notice->recipient) &&
        read_header(r, record, quoted, NULL, &data) == WN_OK && !data) {
        return WN_OK;
    }
    if (notice->recipient.n == 0) {
        notice->fault = refuse(notice, WN_NOTICE_ADDRESS, notice->recipient);
    } else if (!wn_time_parse(cell, &notice->at)) {
        notice->fault = refuse(notice, WN_NOTICE_DATE, cell);
    } else {
        notice->fault = read_event(r, &cells, notice);
    }
    return r->visit(r->arg, notice);
}

/* Hands over what a window held. */
static int visit_cut(struct reader *r, const struct wn_cut *cut, struct wn_span window,
                     uint64_t offset)
{
    int status = WN_OK;
    for (size_t i = 0; i < cut->reject_count && status == WN_OK; i++) {
        const struct wn_reject *reject = &cut->rejects[i];
        struct wn_notice notice = {.line = reject->line,
                                   .offset = reject->offset,
                                   .length = reject->length,
                                   .fault = WN_NOTICE_RECORD,
                                   .cell = wn_span_of(wn_reject_sentence(reject->reason))};
        status = r->visit(r->arg, &notice);
    }
    for (size_t i = 0; i < cut->record_count && status == WN_OK; i++) {
        const struct wn_record *cut_record = &cut->records[i];
        struct wn_notice notice = {.line = cut->line + cut_record->line,
                                   .offset = offset + cut_record->offset,
                                   .length = cut_record->length};
        struct wn_span record =
            wn_csv_chomp((struct wn_span){window.p + cut_record->offset, cut_record->length});
        bool data = r->header_read;
        if (!data) {
            status = read_header(r, record, cut_record->quoted, r->err, &data);
        }
        if (data && status == WN_OK) {
            status = visit_record(r, record, cut_record->quoted, &notice);
        }
    }
    return status;
}

/* How many fields the header has: the cutter distrusts records of several lines that have another
 * number. 0 when the sample does not tell. */
static uint32_t count_fields(const struct reader *r, struct wn_span sample)
{
    struct wn_cut cut = {0};
    struct wn_cutter cutter = {.delimiter = r->dialect.delimiter, .line_end = r->dialect.line_end};
    uint32_t fields = 0;
    sample.p += r->dialect.prelude;
    sample.n -= r->dialect.prelude;
    wn_csv_cut(&cutter, sample, sample.n < WN_DIALECT_SAMPLE - r->dialect.prelude, &cut);
    if (cut.record_count > 0) {
        struct wn_span header =
            wn_csv_chomp((struct wn_span){sample.p + cut.records[0].offset, cut.records[0].length});
        fields = 1;
        (void)wn_csv_scan_quotes(WN_QUOTE_FIELD_START, header, r->dialect.delimiter, &fields);
    }
    wn_cut_release(&cut);
    return fields;
}

/* Whether the rest of the input, which is no whole record, is left for the next reading. A row that
 * lacks nothing but its line end is the last of many an export, and a quote that was lost opens a
 * field, too: these are left only while somebody is writing the file, and where what follows the
 * quote fits a cell. */
static bool is_unfinished(const struct reader *r, const struct wn_cutter *cutter,
                          struct wn_span rest)
{
    uint32_t fields = 1;
    if (!r->may_grow || cutter->skipping || rest.n == 0) {
        return false;
    }
    if (memchr(rest.p, r->dialect.line_end, rest.n) != NULL) {
        return r->written && rest.n <= CELL_MAX;
    }
    bool whole = wn_csv_closed(
        wn_csv_scan_quotes(WN_QUOTE_FIELD_START, rest, r->dialect.delimiter, &fields));
    return r->written || !whole || fields < cutter->fields;
}

/* Cuts and hands over what the input's end holds. */
static int read_end(struct reader *r, struct wn_cutter *cutter, struct wn_span window,
                    uint64_t offset, struct wn_cut *cut)
{
    int status = WN_OK;
    if (r->may_grow) { /* the records that are whole, whatever follows */
        wn_csv_cut(cutter, window, false, cut);
        status = visit_cut(r, cut, window, offset);
        window.p += cut->consumed;
        window.n -= cut->consumed;
        offset += cut->consumed;
    }
    if (status == WN_OK && is_unfinished(r, cutter, window)) {
        struct wn_notice notice = {.line = cutter->line,
                                   .offset = offset,
                                   .length = window.n,
                                   .fault = WN_NOTICE_UNFINISHED};
        return r->visit(r->arg, &notice);
    }
    if (status == WN_OK) {
        wn_csv_cut(cutter, window, true, cut);
        status = visit_cut(r, cut, window, offset);
    }
    return status;
}

static int read_windows(struct reader *r, uint32_t fields)
{
    struct wn_buf window = {0};
    struct wn_cut cut = {0};
    struct wn_cutter cutter = {.delimiter = r->dialect.delimiter,
                               .line_end = r->dialect.line_end,
                               .offset = r->dialect.prelude,
                               .line = 1 + r->dialect.prelude_lines};
    uint64_t offset = r->dialect.prelude; /* of the window's first byte */
    cutter.fields = fields;
    int status = WN_OK;
    bool last = false;
    while (!last && status == WN_OK) {
        size_t got;
        char *room = wn_buf_room(&window, FIRST_WINDOW);
        status = wn_input_read(r->input, offset + window.len, room, FIRST_WINDOW, &got, r->err);
        if (status != WN_OK) {
            break;
        }
        window.len += got;
        last = got < FIRST_WINDOW;
        if (last) {
            status = read_end(r, &cutter, wn_buf_span(&window), offset, &cut);
            break;
        }
        wn_csv_cut(&cutter, wn_buf_span(&window), false, &cut);
        status = visit_cut(r, &cut, wn_buf_span(&window), offset);
        memmove(window.p, window.p + cut.consumed, window.len - cut.consumed);
        window.len -= cut.consumed;
        offset += cut.consumed;
    }
    wn_cut_release(&cut);
    wn_buf_release(&window);
    return status;
}

static bool recognise_csv(struct wn_span head)
{
    (void)head; /* the reading itself tells what is missing */
    return true;
}

static int read_csv(struct wn_reading *reading, struct wn_error *err)
{
    struct reader r = {.input = reading->input,
                       .map = reading->settings->map,
                       .visit = reading->visit,
                       .arg = reading->arg,
                       .may_grow = wn_reading_may_grow(reading),
                       .err = err};
    r.written = r.may_grow && wn_input_is_written(reading->input);
    char *sample = wn_malloc(WN_DIALECT_SAMPLE);
    uint32_t fields = 0;
    size_t n;
    int status = wn_input_read(reading->input, 0, sample, WN_DIALECT_SAMPLE, &n, err);
    if (status == WN_OK) {
        status = wn_dialect_detect((struct wn_span){sample, n}, 0, reading->input->name, &r.dialect,
                                   err);
    }
    if (status == WN_OK) {
        fields = count_fields(&r, (struct wn_span){sample, n});
    }
    free(sample);
    if (status == WN_OK) {
        status = read_windows(&r, fields);
    }
    wn_buf_release(&r.first_name);
    for (size_t f = 0; f < WN_BOUNCE_FIELDS; f++) {
        wn_buf_release(&r.values[f]);
    }
    return status;
}

const struct wn_source wn_source_csv = {
    .name = "csv", .recognise = recognise_csv, .read = read_csv};
