/* SPDX-License-Identifier: MIT */
/* CSV and JSON meet in struct wn_list_row. A CSV whose first record is no header has the address in
 * the first cell that is one, and what is said of it in the cells behind: that is a plain list, and
 * the file that Amazon SES imports. */
#include "suppress/read.h"

#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "base/clock.h"
#include "bounce/json/cut.h"
#include "bounce/json/path.h"
#include "csv/cut.h"
#include "csv/dialect.h"
#include "csv/scan.h"
#include "suppress/row.h"

enum {
    WINDOW = 1 << 20,
    WINDOW_RECORDS = 1 << 14,
    COLUMNS_MAX = 1000,
    CELL_MAX = 1 << 16 /* eight years of daily bounces in bounced_at */
};

/* The columns of a field, the best name first. */
struct columns {
    size_t v[WN_LIST_CELLS_MAX]; /* from 0 */
    size_t ranks[WN_LIST_CELLS_MAX];
    size_t n;
};

/* The reading of one input. */
struct list_reader {
    const struct wn_input *input;
    const struct wn_list_settings *settings;
    wn_listed_visit *visit;
    void *arg;
    struct wn_error *err;
    struct wn_buf room; /* for wn_list_judge */
    /* Of a CSV. */
    struct wn_dialect dialect;
    struct columns columns[WN_LIST_FIELDS];
    size_t last_column; /* one behind the last that is looked at */
    bool header_read, headless, own;
    struct wn_buf values[WN_LIST_FIELDS][WN_LIST_CELLS_MAX]; /* of quoted cells */
};

/* The cells of a record, as they are. */
struct cells {
    struct wn_span raw[COLUMNS_MAX];
    size_t count;
};

static int stopped(const struct list_reader *r)
{
    int signal = *r->settings->stop;
    return signal != 0 ? wn_error_set(r->err, WN_E_SIGNAL + signal, "stopped") : WN_OK;
}

static struct wn_span clip(struct wn_span value)
{
    value = wn_span_trim(value);
    return value.n <= CELL_MAX ? value : (struct wn_span){value.p, CELL_MAX};
}

static int hand_over(struct list_reader *r, const struct wn_list_row *row, struct wn_listed *listed)
{
    wn_list_judge(row, r->settings, &r->room, listed);
    return r->visit(r->arg, listed);
}

static void split(struct wn_span record, char delimiter, bool quoted, size_t wanted,
                  struct cells *cells)
{
    cells->count = 0;
    while (cells->count < wanted && wn_csv_field(record, delimiter, (uint32_t)cells->count, quoted,
                                                 &cells->raw[cells->count])) {
        cells->count++;
    }
}

/* Puts a column among those of its field, by how well its name names it. */
static void add_column(struct columns *columns, size_t column, size_t rank)
{
    size_t at = columns->n;
    while (at > 0 && columns->ranks[at - 1] > rank) {
        at--;
    }
    if (at == WN_LIST_CELLS_MAX) {
        return;
    }
    size_t last = columns->n < WN_LIST_CELLS_MAX ? columns->n++ : WN_LIST_CELLS_MAX - 1;
    for (; last > at; last--) {
        columns->v[last] = columns->v[last - 1];
        columns->ranks[last] = columns->ranks[last - 1];
    }
    columns->v[at] = column;
    columns->ranks[at] = rank;
}

static void recognise_columns(struct list_reader *r, const struct cells *header)
{
    struct wn_buf room = {0};
    for (size_t i = 0; i < header->count; i++) {
        struct wn_span name = wn_csv_value(header->raw[i], &room);
        for (size_t f = 0; f < WN_LIST_FIELDS; f++) {
            size_t rank = wn_list_column_rank((enum wn_list_field)f, name);
            if (rank != 0) {
                add_column(&r->columns[f], i, rank);
            }
        }
    }
    wn_buf_release(&room);
}

/* Whether the header is the one that 'suppress export' writes. */
static bool is_own(const struct cells *header)
{
    static const char *const names[] = {"address", "reason", "since",
                                        "until",   "source", "diagnostic"};
    struct wn_buf room = {0};
    bool own = header->count >= sizeof names / sizeof *names;
    for (size_t i = 0; i < sizeof names / sizeof *names && own; i++) {
        own = wn_span_equal(wn_csv_value(header->raw[i], &room), wn_span_of(names[i]));
    }
    wn_buf_release(&room);
    return own;
}

static int complain(struct list_reader *r, const struct cells *header, const char *what)
{
    struct wn_buf list = {0}, room = {0};
    for (size_t i = 0; i < header->count && list.len < 200; i++) {
        struct wn_span name = wn_span_trim(wn_csv_value(header->raw[i], &room));
        wn_buf_add_text(&list, i > 0 ? ", " : "");
        wn_buf_add(&list, name.p, name.n < 40 ? name.n : 40);
    }
    int status = wn_error_set(r->err, WN_E_DATA, "%s: %s; its first line is: %s", r->input->name,
                              what, wn_buf_text(&list));
    wn_buf_release(&list);
    wn_buf_release(&room);
    return status;
}

/* Whether a cell can be the subject of a row. */
static bool is_subject(struct wn_span cell)
{
    struct wn_address address;
    unsigned char digest[WN_SHA256];
    if (wn_sha256_read(cell, digest)) {
        return true;
    }
    wn_address_read(cell, WN_ADDRESS_ALLOW_LITERALS | WN_ADDRESS_SYNTAX_ONLY, &address);
    return address.length > 0;
}

/* Sets the column that the user named. `*headed`: by a name. */
static int apply_column(struct list_reader *r, const struct cells *header, bool *headed)
{
    const char *wanted = r->settings->column;
    struct columns *email = &r->columns[WN_LIST_FIELD_email];
    struct wn_buf room = {0};
    uint64_t number = 0;
    size_t found = header->count;
    *headed = !wn_span_number(wn_span_of(wanted), COLUMNS_MAX, &number);
    if (!*headed && number > 0) {
        found = (size_t)number - 1;
    }
    for (size_t i = header->count; *headed && i > 0; i--) {
        struct wn_span name = wn_span_trim(wn_csv_value(header->raw[i - 1], &room));
        found = wn_span_equal_nocase(name, wn_span_of(wanted)) ? i - 1 : found;
    }
    wn_buf_release(&room);
    if (found >= header->count) {
        char what[160];
        (void)snprintf(what, sizeof what, "there is no column '%.100s'", wanted);
        return complain(r, header, what);
    }
    email->n = 0;
    add_column(email, found, 1);
    return WN_OK;
}

/* The first record is a row: the address is in `subject`, and words may follow. */
static void use_places(struct list_reader *r, size_t subject, size_t count)
{
    for (size_t f = 0; f < WN_LIST_FIELDS; f++) {
        r->columns[f].n = 0;
    }
    add_column(&r->columns[WN_LIST_FIELD_email], subject, 1);
    for (size_t i = subject + 1; i < count && i < subject + 4; i++) {
        add_column(&r->columns[WN_LIST_FIELD_why], i, i);
        add_column(&r->columns[WN_LIST_FIELD_at], i, i);
    }
}

/* Whether the first record is the header that the user's format has; `data`: it is none. */
static int check_header(struct list_reader *r, const struct cells *first, bool data)
{
    const char *names = r->settings->header;
    struct wn_buf room = {0};
    int status = WN_OK;
    if (names == NULL) {
        return WN_OK;
    }
    if (data != (*names == '\0')) {
        return complain(r, first,
                        data ? "this format has a header, and the file has none"
                             : "this format has no header, and the file has one");
    }
    while (*names != '\0' && status == WN_OK) {
        size_t n = strcspn(names, ",\n");
        bool found = false;
        for (size_t i = 0; i < first->count && !found; i++) {
            struct wn_span name = wn_span_trim(wn_csv_value(first->raw[i], &room));
            found = wn_span_equal_nocase(name, (struct wn_span){names, n});
        }
        if (!found) {
            char what[80];
            (void)snprintf(what, sizeof what, "it has no column '%.*s'", (int)n, names);
            status = complain(r, first, what);
        }
        names += n + strspn(names + n, ",\n");
    }
    wn_buf_release(&room);
    return status;
}

/* Settles the columns by the first record; `*data` says that it is no header but a row. */
static int settle_columns(struct list_reader *r, const struct cells *first, bool *data)
{
    struct wn_buf room = {0};
    bool headed = false;
    size_t subject = 0;
    int status = WN_OK;
    recognise_columns(r, first);
    if (r->settings->column != NULL) {
        status = apply_column(r, first, &headed);
        subject = status == WN_OK ? r->columns[WN_LIST_FIELD_email].v[0] : 0;
    } else {
        while (subject < first->count &&
               !is_subject(wn_span_trim(wn_csv_value(first->raw[subject], &room)))) {
            subject++;
        }
    }
    *data = status == WN_OK && !headed && subject < first->count &&
            is_subject(wn_span_trim(wn_csv_value(first->raw[subject], &room)));
    wn_buf_release(&room);
    r->headless = *data;
    if (*data) {
        use_places(r, subject, first->count);
    } else if (status == WN_OK && r->columns[WN_LIST_FIELD_email].n == 0 &&
               r->columns[WN_LIST_FIELD_sha256].n == 0) {
        status = complain(
            r, first,
            "no column is known to hold addresses or SHA-256 digests (--column names one)");
    }
    r->own = status == WN_OK && !*data && is_own(first);
    return status == WN_OK ? check_header(r, first, *data) : status;
}

static int read_header(struct list_reader *r, struct wn_span record, bool quoted, bool *data)
{
    struct cells *first = wn_malloc(sizeof *first);
    split(record, r->dialect.delimiter, quoted, COLUMNS_MAX, first);
    int status = settle_columns(r, first, data);
    for (size_t f = 0; f < WN_LIST_FIELDS; f++) {
        for (size_t i = 0; i < r->columns[f].n; i++) {
            size_t end = r->columns[f].v[i] + 1;
            r->last_column = end > r->last_column ? end : r->last_column;
        }
    }
    r->header_read = true;
    free(first);
    return status;
}

static int visit_record(struct list_reader *r, struct wn_span record, bool quoted,
                        struct cells *cells, struct wn_listed *listed)
{
    struct wn_list_row row = {.headless = r->headless, .own = r->own};
    split(record, r->dialect.delimiter, quoted, r->last_column, cells);
    for (size_t f = 0; f < WN_LIST_FIELDS; f++) {
        const struct columns *columns = &r->columns[f];
        for (size_t i = 0; i < columns->n; i++) {
            size_t column = columns->v[i];
            struct wn_span raw =
                column < cells->count ? cells->raw[column] : (struct wn_span){NULL, 0};
            row.fields[f].v[i] = clip(wn_csv_value(raw, &r->values[f][i]));
        }
        row.fields[f].n = columns->n;
    }
    return hand_over(r, &row, listed);
}

/* Hands over what a window held. */
static int visit_cut(struct list_reader *r, const struct wn_cut *cut, struct wn_span window,
                     uint64_t offset, struct cells *cells)
{
    int status = stopped(r);
    for (size_t i = 0; i < cut->reject_count && status == WN_OK; i++) {
        const struct wn_reject *reject = &cut->rejects[i];
        const struct wn_listed listed = {.line = reject->line,
                                         .offset = reject->offset,
                                         .fault = WN_LISTED_RECORD,
                                         .cell = wn_span_of(wn_reject_sentence(reject->reason))};
        status = r->visit(r->arg, &listed);
    }
    for (size_t i = 0; i < cut->record_count && status == WN_OK; i++) {
        const struct wn_record *found = &cut->records[i];
        struct wn_listed listed = {.line = cut->line + found->line,
                                   .offset = offset + found->offset};
        struct wn_span record =
            wn_csv_chomp((struct wn_span){window.p + found->offset, found->length});
        bool data = r->header_read;
        if (!data) {
            status = read_header(r, record, found->quoted, &data);
        }
        if (data && status == WN_OK) {
            status = visit_record(r, record, found->quoted, cells, &listed);
        }
    }
    return status;
}

static int read_csv(struct list_reader *r)
{
    struct wn_buf window = {0};
    struct wn_cut cut = {0};
    struct wn_cutter cutter = {.delimiter = r->dialect.delimiter,
                               .line_end = r->dialect.line_end,
                               .offset = r->dialect.prelude,
                               .line = 1 + r->dialect.prelude_lines};
    struct cells *cells = wn_malloc(sizeof *cells);
    uint64_t offset = r->dialect.prelude; /* of the window's first byte */
    int status = WN_OK;
    bool last = false;
    while (!last && status == WN_OK) {
        size_t got;
        char *room = wn_buf_room(&window, WINDOW);
        status = wn_input_read(r->input, offset + window.len, room, WINDOW, &got, r->err);
        if (status != WN_OK) {
            break;
        }
        window.len += got;
        last = got < WINDOW;
        wn_csv_cut(&cutter, wn_buf_span(&window), last, &cut);
        status = visit_cut(r, &cut, wn_buf_span(&window), offset, cells);
        memmove(window.p, window.p + cut.consumed, window.len - cut.consumed);
        window.len -= cut.consumed;
        offset += cut.consumed;
    }
    free(cells);
    wn_cut_release(&cut);
    wn_buf_release(&window);
    return status;
}

/* The texts of a list, such as Mailgun's tags, as one. */
static struct wn_span value_of(const cJSON *value, struct wn_buf *room)
{
    char number[WN_JSON_NUMBER];
    const cJSON *element = NULL;
    wn_buf_clear(room);
    if (!cJSON_IsArray(value)) {
        wn_buf_add_span(room, wn_json_text(value, number));
        return clip(wn_buf_span(room));
    }
    cJSON_ArrayForEach(element, value)
    {
        wn_buf_add_text(room, room->len > 0 ? ";" : "");
        wn_buf_add_span(room, wn_json_text(element, number));
    }
    return clip(wn_buf_span(room));
}

/* A moment as wn_time_parse reads it; what is none stays as it is. */
static struct wn_span time_of(const cJSON *value, struct wn_buf *room)
{
    char text[WN_TIME_TEXT];
    int64_t at;
    if (!wn_json_time(value, &at)) {
        return value_of(value, room);
    }
    wn_time_format(at, text);
    wn_buf_clear(room);
    wn_buf_add_text(room, text);
    return wn_buf_span(room);
}

/* The members of an object as the fields of a row; a text is an address. */
static int visit_json(struct list_reader *r, const cJSON *record, struct wn_listed *listed)
{
    struct wn_list_row row = {0};
    struct columns columns[WN_LIST_FIELDS] = {0};
    const cJSON *all[COLUMNS_MAX];
    const cJSON *member = NULL;
    size_t count = 0;
    if (cJSON_IsString(record)) {
        row.fields[WN_LIST_FIELD_email].v[0] = clip(wn_span_of(record->valuestring));
        row.fields[WN_LIST_FIELD_email].n = 1;
        return hand_over(r, &row, listed);
    }
    cJSON_ArrayForEach(member, record)
    {
        for (size_t f = 0; f < WN_LIST_FIELDS && count < COLUMNS_MAX; f++) {
            size_t rank = wn_list_column_rank((enum wn_list_field)f, wn_span_of(member->string));
            if (rank != 0) {
                add_column(&columns[f], count, rank);
            }
        }
        if (count < COLUMNS_MAX) {
            all[count++] = member;
        }
    }
    for (size_t f = 0; f < WN_LIST_FIELDS; f++) {
        row.fields[f].n = columns[f].n;
        for (size_t i = 0; i < columns[f].n; i++) {
            struct wn_buf *room = &r->values[f][i];
            row.fields[f].v[i] = f == WN_LIST_FIELD_at || f == WN_LIST_FIELD_until
                                     ? time_of(all[columns[f].v[i]], room)
                                     : value_of(all[columns[f].v[i]], room);
        }
    }
    return hand_over(r, &row, listed);
}

static int visit_json_cut(struct list_reader *r, const struct wn_json_cut *cut,
                          struct wn_span window, uint64_t offset)
{
    int status = stopped(r);
    for (size_t i = 0; i < cut->count && status == WN_OK; i++) {
        const struct wn_json_record *found = &cut->records[i];
        struct wn_listed listed = {.line = found->line, .offset = found->offset};
        cJSON *record = NULL;
        if (found->fault == NULL) {
            record = wn_json_parse(
                (struct wn_span){window.p + (found->offset - offset), (size_t)found->length});
        }
        if (record != NULL) {
            status = visit_json(r, record, &listed);
        } else {
            listed.fault = WN_LISTED_RECORD;
            listed.cell = wn_span_of(found->fault);
            status = r->visit(r->arg, &listed);
        }
        cJSON_Delete(record);
    }
    return status;
}

static int read_json(struct list_reader *r, bool lines)
{
    struct wn_buf window = {0};
    struct wn_json_cut cut = {0};
    struct wn_json_cutter cutter = {.lines = lines, .line = 1};
    uint64_t offset = 0;
    int status = WN_OK;
    bool last = false;
    while ((!last || window.len > 0) && status == WN_OK) {
        size_t got = 0;
        if (!last) {
            char *room = wn_buf_room(&window, WINDOW);
            status = wn_input_read(r->input, offset + window.len, room, WINDOW, &got, r->err);
            if (status != WN_OK) {
                break;
            }
            window.len += got;
            last = got < WINDOW;
        }
        wn_json_cut(&cutter, wn_buf_span(&window), last, WINDOW_RECORDS, &cut);
        status = visit_json_cut(r, &cut, wn_buf_span(&window), offset);
        memmove(window.p, window.p + cut.consumed, window.len - cut.consumed);
        window.len -= cut.consumed;
        offset += cut.consumed;
        if (last && cut.consumed == 0) {
            break;
        }
    }
    wn_json_cut_release(&cut);
    wn_buf_release(&window);
    return status;
}

int wn_list_read(const struct wn_input *input, const struct wn_list_settings *settings,
                 wn_listed_visit *visit, void *arg, struct wn_error *err)
{
    struct list_reader r = {
        .input = input, .settings = settings, .visit = visit, .arg = arg, .err = err};
    char *sample = wn_malloc(WN_DIALECT_SAMPLE);
    size_t n;
    int status = wn_input_read(input, 0, sample, WN_DIALECT_SAMPLE, &n, err);
    struct wn_span head = {sample, n};
    if (status == WN_OK && wn_json_begins(head)) {
        status = read_json(&r, wn_json_is_lines(head));
    } else if (status == WN_OK) {
        status = wn_dialect_detect(head, 0, input->name, &r.dialect, err);
        status = status == WN_OK ? read_csv(&r) : status;
    }
    free(sample);
    wn_buf_release(&r.room);
    for (size_t f = 0; f < WN_LIST_FIELDS; f++) {
        for (size_t i = 0; i < WN_LIST_CELLS_MAX; i++) {
            wn_buf_release(&r.values[f][i]);
        }
    }
    return status;
}
