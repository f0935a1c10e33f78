/* SPDX-License-Identifier: MIT */
/* Any CSV with a header that names an address, a date and something that says what happened. Each
 * field knows the names that exports give it; --map overrides them. What a code cell holds is not
 * taken for granted: "550", "5.1.1", "550 5.1.1 user unknown" and even "bounced" are seen in
 * columns of the same name, so the cells of `code` and `status` are read alike, for codes, then for
 * a kind.
 *
 * Records are cut as everywhere (csv/cut.h), window after window. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bounce/source.h"
#include "csv/cut.h"
#include "csv/dialect.h"
#include "csv/scan.h"

enum field {
    FIELD_email,
    FIELD_at,
    FIELD_code,
    FIELD_status,
    FIELD_kind,
    FIELD_text,
    FIELD_id,
    FIELD_COUNT
};

enum {
    ABSENT = -1,
    FIRST_WINDOW = 1 << 20,
    COLUMNS_MAX = 1000,
    CELL_MAX = 4096
};

/* The names a header may give, in plain form (see plain_name), the best first. */
static const struct {
    const char *word; /* in --map */
    const char *names;
} known_fields[FIELD_COUNT] = {
    [FIELD_email] = {"email", " email emailaddress recipient recipientaddress recipientemail "
                              "finalrecipient rcpt rcptto mail useremail subscriberemail to "
                              "address originalrecipient "},
    [FIELD_at] = {"at", " at bouncedat bouncedate bouncetime timelogged loggedat eventtime eventat "
                        "eventdate occurredat timestamp datetime date time createdat created "
                        "receivedat lastbounceat updatedat "},
    [FIELD_code] = {"code", " code smtpcode smtpreplycode replycode responsecode bouncecode "
                            "errorcode smtpstatus "},
    [FIELD_status] = {"status", " enhanced enhancedcode enhancedstatus enhancedstatuscode dsn "
                                "dsnstatus dsncode dsnstatuscode statuscode status "},
    [FIELD_kind] = {"kind", " kind event eventtype type bouncetype recordtype action "},
    [FIELD_text] = {"text", " text diagnostic diagnosticcode dsndiag smtpresponse smtpreply "
                            "response bouncereason reason errormessage error message description "
                            "details detail "},
    [FIELD_id] = {"id", " messageid smtpid queueid msgid mailid "},
};

/* Words for kinds, in plain form. */
static const struct {
    const char *words;
    enum wn_event_kind kind;
    enum wn_hardness hardness;
} kinds[] = {
    {" bounce bounced failed failure fail undeliverable undelivered blocked b rb ", WN_KIND_bounce,
     WN_HARDNESS_unknown},
    {" hard hardbounce hardbounced permanent permanentfailure permfail ", WN_KIND_bounce,
     WN_HARDNESS_hard},
    {" soft softbounce softbounced transient transientfailure tempfail temporary ", WN_KIND_bounce,
     WN_HARDNESS_soft},
    {" deferred deferral delayed delay t tq rs ", WN_KIND_deferred, WN_HARDNESS_soft},
    {" delivered delivery sent success ok accepted d ", WN_KIND_delivered, WN_HARDNESS_unknown},
    {" complaint complained spam spamreport spamcomplaint abuse abusereport feedback fbl f ",
     WN_KIND_complaint, WN_HARDNESS_unknown},
    {" unsubscribe unsubscribed unsub optout listunsubscribe ", WN_KIND_unsubscribe,
     WN_HARDNESS_unknown},
    {" resubscribe resubscribed ", WN_KIND_resubscribe, WN_HARDNESS_unknown},
    {" manualadd ", WN_KIND_manual_add, WN_HARDNESS_unknown},
    {" manualremove ", WN_KIND_manual_remove, WN_HARDNESS_unknown},
    {" echo dropped suppressed suppression preblocked onaccountsuppressionlist ", WN_KIND_echo,
     WN_HARDNESS_unknown},
};

/* The reading of one file. */
struct reader {
    const struct wn_input *input;
    wn_notice_visit *visit;
    void *arg;
    struct wn_error *err;
    struct wn_dialect dialect;
    int columns[FIELD_COUNT]; /* from 0, or ABSENT */
    int last_column;          /* the largest of them */
    bool header_read;
    struct wn_buf values[FIELD_COUNT]; /* of quoted cells with doubled quotes */
};

/* A name without case, blanks and "-_.": 0 bytes when it does not fit. */
static struct wn_span plain_name(struct wn_span name, char room[64])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        bool nbsp = c == 0xc2 && i + 1 < name.n && (unsigned char)name.p[i + 1] == 0xa0;
        if (nbsp) {
            i++;
        } else if (c > ' ' && c != '-' && c != '_' && c != '.') {
            if (n == 64) {
                return (struct wn_span){room, 0};
            }
            room[n++] = wn_lower((char)c);
        }
    }
    return (struct wn_span){room, n};
}

/* The place of a plain word in a list with blanks around each word, or 0. */
static size_t rank(const char *list, struct wn_span word)
{
    for (const char *p = list; word.n > 0 && (p = strchr(p, word.p[0])) != NULL; p++) {
        if (p[-1] == ' ' && strncmp(p, word.p, word.n) == 0 && p[word.n] == ' ') {
            return (size_t)(p - list);
        }
    }
    return 0;
}

/* One "key=value" of a map at *rest, which moves behind it. */
static bool next_mapping(const char **rest, enum field *field, struct wn_span *value)
{
    size_t n = strcspn(*rest, ",");
    struct wn_span item = wn_span_trim((struct wn_span){*rest, n});
    *rest += n + ((*rest)[n] == ',');
    const char *equals = item.n > 0 ? memchr(item.p, '=', item.n) : NULL;
    if (equals == NULL) {
        return false;
    }
    struct wn_span key = {item.p, (size_t)(equals - item.p)};
    *value = (struct wn_span){equals + 1, item.n - key.n - 1};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (wn_span_equal(key, wn_span_of(known_fields[i].word))) {
            *field = (enum field)i;
            return value->n > 0;
        }
    }
    return false;
}

int wn_source_check_map(const char *map, struct wn_error *err)
{
    enum field field;
    struct wn_span value;
    for (const char *rest = map; *rest != '\0';) {
        const char *item = rest;
        if (!next_mapping(&rest, &field, &value)) {
            return wn_error_set(err, WN_E_USAGE,
                                "--map: '%.*s' is no KEY=COLUMN with a key of email, at, code, "
                                "status, kind, text, id",
                                (int)strcspn(item, ","), item);
        }
    }
    return WN_OK;
}

/* The cells of a record, as they are. */
struct cells {
    struct wn_span raw[COLUMNS_MAX];
    size_t count;
};

static void split(struct wn_span record, char delimiter, bool quoted, struct cells *cells,
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

/* The columns' names, for a message. */
static void list_columns(const struct cells *header, struct wn_buf *list)
{
    struct wn_buf room = {0};
    for (size_t i = 0; i < header->count && list->len < 200; i++) {
        struct wn_span name = wn_span_trim(wn_csv_value(header->raw[i], &room));
        wn_buf_add_text(list, i > 0 ? ", " : "");
        wn_buf_add(list, name.p, name.n < 40 ? name.n : 40);
    }
    wn_buf_release(&room);
}

static int complain(struct reader *r, const struct cells *header, const char *what)
{
    struct wn_buf list = {0};
    list_columns(header, &list);
    int status = wn_error_set(r->err, WN_E_DATA,
                              "%s: %s; its columns are: %s; name them with --map "
                              "email=COLUMN,at=COLUMN,code=COLUMN",
                              r->input->name, what, wn_buf_text(&list));
    wn_buf_release(&list);
    return status;
}

/* Sets the columns that the user named. */
static int apply_map(struct reader *r, const struct cells *header, const char *map,
                     bool *numbers_only)
{
    enum field field;
    struct wn_span value;
    *numbers_only = map != NULL && *map != '\0';
    for (const char *rest = map; rest != NULL && *rest != '\0';) {
        uint64_t number;
        if (!next_mapping(&rest, &field, &value)) {
            return wn_source_check_map(map, r->err);
        }
        if (wn_span_number(value, COLUMNS_MAX, &number)) {
            r->columns[field] = number > 0 && number <= header->count ? (int)number - 1 : ABSENT;
        } else {
            char wanted_room[64], name_room[64];
            struct wn_buf room = {0};
            struct wn_span wanted = plain_name(value, wanted_room);
            *numbers_only = false;
            for (size_t i = header->count; i > 0; i--) {
                struct wn_span name = wn_csv_value(header->raw[i - 1], &room);
                if (wn_span_equal(plain_name(name, name_room), wanted) && wanted.n > 0) {
                    r->columns[field] = (int)i - 1;
                }
            }
            wn_buf_release(&room);
        }
        if (r->columns[field] == ABSENT) {
            char what[160];
            (void)snprintf(what, sizeof what, "there is no column '%.*s' for %s",
                           value.n < 80 ? (int)value.n : 80, value.p, known_fields[field].word);
            return complain(r, header, what);
        }
    }
    return WN_OK;
}

/* Finds the columns that the user did not name by the names in the header. */
static void recognise_columns(struct reader *r, const struct cells *header)
{
    size_t best[FIELD_COUNT] = {0};
    bool mapped[FIELD_COUNT], taken[COLUMNS_MAX] = {false};
    struct wn_buf room = {0};
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        mapped[f] = r->columns[f] != ABSENT;
        if (mapped[f]) {
            taken[r->columns[f]] = true;
        }
    }
    for (size_t i = 0; i < header->count; i++) {
        char plain_room[64];
        struct wn_span name = plain_name(wn_csv_value(header->raw[i], &room), plain_room);
        for (size_t f = 0; f < FIELD_COUNT && !taken[i]; f++) {
            size_t at = mapped[f] ? 0 : rank(known_fields[f].names, name);
            if (at != 0 && (best[f] == 0 || at < best[f])) {
                best[f] = at;
                r->columns[f] = (int)i;
            }
        }
    }
    wn_buf_release(&room);
}

static int check_columns(struct reader *r, const struct cells *header)
{
    if (r->columns[FIELD_email] == ABSENT) {
        return complain(r, header, "no column is known to hold addresses");
    }
    if (r->columns[FIELD_at] == ABSENT) {
        return complain(r, header, "no column is known to hold dates");
    }
    if (r->columns[FIELD_code] == ABSENT && r->columns[FIELD_status] == ABSENT &&
        r->columns[FIELD_kind] == ABSENT && r->columns[FIELD_text] == ABSENT) {
        return complain(r, header, "no column is known to hold codes, kinds or replies");
    }
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        r->last_column = r->columns[f] > r->last_column ? r->columns[f] : r->last_column;
    }
    return WN_OK;
}

/* Settles the columns by the first record; `*data` says that it is no header but a row. */
static int read_header(struct reader *r, struct wn_span record, bool quoted, const char *map,
                       bool *data)
{
    struct cells *header = wn_malloc(sizeof *header);
    bool numbers_only;
    split(record, r->dialect.delimiter, quoted, header, COLUMNS_MAX);
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        r->columns[f] = ABSENT;
    }
    *data = false;
    int status = apply_map(r, header, map, &numbers_only);
    if (status != WN_OK) {
        goto out;
    }
    if (numbers_only && r->columns[FIELD_email] != ABSENT) {
        struct wn_span cell = header->raw[r->columns[FIELD_email]];
        *data = cell.n > 0 && memchr(cell.p, '@', cell.n) != NULL;
    }
    if (!*data) {
        recognise_columns(r, header);
    }
    status = check_columns(r, header);
    r->header_read = true;
out:
    free(header);
    return status;
}

static struct wn_span field_value(struct reader *r, const struct cells *cells, enum field field)
{
    int column = r->columns[field];
    if (column == ABSENT || (size_t)column >= cells->count) {
        return (struct wn_span){NULL, 0};
    }
    struct wn_span value = wn_span_trim(wn_csv_value(cells->raw[column], &r->values[field]));
    return value.n <= CELL_MAX ? value : (struct wn_span){value.p, CELL_MAX};
}

static bool read_kind(struct wn_span cell, struct wn_notice *notice)
{
    char room[64];
    struct wn_span word = plain_name(cell, room);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (rank(kinds[i].words, word) != 0) {
            notice->kind = kinds[i].kind;
            notice->hardness = kinds[i].hardness;
            return true;
        }
    }
    return false;
}

/* Takes what one cell says of codes; true if it says any. */
static bool take_codes(struct wn_span cell, struct wn_reply_in *reply)
{
    uint16_t code, detail;
    uint8_t enhanced[2];
    if (!wn_reply_codes(cell, &code, enhanced, &detail)) {
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

static enum wn_notice_fault read_event(struct reader *r, const struct cells *cells,
                                       struct wn_notice *notice)
{
    struct wn_span kind = field_value(r, cells, FIELD_kind);
    struct wn_span code = field_value(r, cells, FIELD_code);
    struct wn_span state = field_value(r, cells, FIELD_status);
    struct wn_reply_in *reply = &notice->reply;
    bool coded = take_codes(code, reply);
    bool stated = take_codes(state, reply);
    bool refused = reply->code >= 400 || reply->enhanced[0] >= 4;
    bool known = kind.n > 0 && read_kind(kind, notice);
    if (kind.n > 0 && !known && !refused) {
        return refuse(notice, WN_NOTICE_KIND, kind);
    }
    reply->text = field_value(r, cells, FIELD_text);
    if (!known) {
        known = (!coded && read_kind(code, notice)) || (!stated && read_kind(state, notice));
    }
    if (!known) {
        notice->kind = reply->code / 100 == 2 || (reply->code == 0 && reply->enhanced[0] == 2)
                           ? WN_KIND_delivered
                           : WN_KIND_bounce;
    }
    if (notice->kind == WN_KIND_delivered && refused) {
        return refuse(notice, WN_NOTICE_KIND, kind.n > 0 ? kind : code);
    }
    bool bounce = notice->kind == WN_KIND_bounce || notice->kind == WN_KIND_deferred;
    if (bounce && !coded && !stated && reply->text.n == 0 &&
        notice->hardness == WN_HARDNESS_unknown) {
        return refuse(notice, WN_NOTICE_CODE, code.n > 0 ? code : state);
    }
    if (reply->text.n == 0) {
        /* "550 5.1.1 user unknown" says more than its codes. */
        reply->text = code.n > 5 ? code : state.n > 5 ? state : reply->text;
    }
    return WN_NOTICE_OK;
}

static int visit_record(struct reader *r, struct wn_span record, bool quoted,
                        struct wn_notice *notice)
{
    struct cells cells;
    struct wn_span cell;
    split(record, r->dialect.delimiter, quoted, &cells, (size_t)r->last_column + 1);
    notice->recipient = field_value(r, &cells, FIELD_email);
    notice->message_id = field_value(r, &cells, FIELD_id);
    cell = field_value(r, &cells, FIELD_at);
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
                     uint64_t offset, const char *map)
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
            status = read_header(r, record, cut_record->quoted, map, &data);
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

static int read_windows(struct reader *r, uint32_t fields, const char *map)
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
        wn_csv_cut(&cutter, wn_buf_span(&window), last, &cut);
        status = visit_cut(r, &cut, wn_buf_span(&window), offset, map);
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
    struct reader r = {
        .input = reading->input, .visit = reading->visit, .arg = reading->arg, .err = err};
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
        status = read_windows(&r, fields, reading->settings->map);
    }
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        wn_buf_release(&r.values[f]);
    }
    return status;
}

const struct wn_source wn_source_csv = {
    .name = "csv", .recognise = recognise_csv, .read = read_csv};
