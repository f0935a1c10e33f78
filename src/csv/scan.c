/* SPDX-License-Identifier: MIT */
#include "csv/scan.h"

#include <csv.h>

static bool is_blank(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

enum wn_quote_state wn_csv_scan_quotes(enum wn_quote_state state, struct wn_span piece,
                                       char delimiter, uint32_t *fields)
{
    const char *p = piece.p;
    const char *end = piece.p + piece.n;
    uint32_t delimiters = 0;
    for (; p < end && state != WN_QUOTE_BROKEN; p++) {
        char c = *p;
        if (state == WN_QUOTE_INSIDE) {
            const char *quote = memchr(p, '"', (size_t)(end - p));
            if (quote == NULL) {
                break;
            }
            p = quote;
            state = WN_QUOTE_AFTER;
        } else if (c == '"') {
            state = state == WN_QUOTE_FIELD_START || state == WN_QUOTE_AFTER ? WN_QUOTE_INSIDE
                                                                             : WN_QUOTE_BROKEN;
        } else if (c == delimiter) {
            delimiters++;
            state = WN_QUOTE_FIELD_START;
        } else if (is_blank(c, delimiter)) {
            state = state == WN_QUOTE_AFTER ? WN_QUOTE_CLOSED : state;
        } else if (state == WN_QUOTE_AFTER || state == WN_QUOTE_CLOSED) {
            state = WN_QUOTE_BROKEN;
        } else {
            state = WN_QUOTE_PLAIN;
        }
    }
    *fields += delimiters;
    return state;
}

/* libcsv fed piece by piece: its callbacks tell after each piece whether a field or a record ended.
 */
struct consultation {
    struct csv_parser parser;
    uint32_t fields, records;
    struct wn_buf *value; /* gets the first field's content, unless NULL */
};

static void field_ended(void *content, size_t n, void *arg)
{
    struct consultation *c = arg;
    if (c->fields == 0 && c->value != NULL) {
        wn_buf_clear(c->value);
        wn_buf_add(c->value, content, n);
    }
    c->fields++;
}

static void record_ended(int terminator, void *arg)
{
    (void)terminator;
    struct consultation *c = arg;
    c->records++;
}

enum {
    GROWTH = 1 << 14 /* most octets by which libcsv's copy of a field grows */
};

/* Its own growth of 128 octets would move a field of a mebibyte eight thousand times where memory
 * cannot grow in place; a short line gets no more than it needs. `n`: octets that will be fed. */
static void begin(struct consultation *c, char delimiter, size_t n)
{
    *c = (struct consultation){0};
    if (csv_init(&c->parser, 0) != 0) {
        wn_out_of_memory();
    }
    csv_set_delim(&c->parser, (unsigned char)delimiter);
    csv_set_blk_size(&c->parser, n < GROWTH ? n + 1 : GROWTH);
}

static void feed(struct consultation *c, const char *p, size_t n)
{
    if (csv_parse(&c->parser, p, n, field_ended, record_ended, c) != n) {
        wn_out_of_memory(); /* its only other failure belongs to the strict mode */
    }
}

/* A carriage return within a line is data here; to libcsv it would end the record. */
static void feed_within_line(struct consultation *c, const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end) {
        const char *cr = p;
        while (cr < end && *cr != '\r' && *cr != '\n') {
            cr++;
        }
        feed(c, p, (size_t)(cr - p));
        if (cr < end) {
            feed(c, " ", 1);
            cr++;
        }
        p = cr;
    }
}

bool wn_csv_line_is_record(struct wn_span line, char delimiter)
{
    struct consultation c;
    begin(&c, delimiter, line.n + 1);
    feed_within_line(&c, line.p, line.n);
    feed(&c, "\n", 1);
    bool ended = c.records > 0;
    csv_free(&c.parser);
    return ended;
}

/* The slow way to a field: split at every delimiter and let libcsv say which of them end a field.
 */
static bool find_broken_field(struct wn_span record, char delimiter, uint32_t column,
                              struct wn_span *raw)
{
    struct consultation c;
    begin(&c, delimiter, record.n);
    const char *end = record.p + record.n;
    const char *start = record.p; /* of the field that is open */
    const char *p = record.p;
    bool found = false;
    while (!found && p <= end) {
        const char *stop = memchr(p, delimiter, (size_t)(end - p));
        const char *next = stop != NULL ? stop : end;
        uint32_t before = c.fields;
        feed_within_line(&c, p, (size_t)(next - p));
        feed(&c, stop != NULL ? &delimiter : "\n", 1);
        if (c.fields > before || stop == NULL) {
            if (before == column) {
                *raw = (struct wn_span){start, (size_t)(next - start)};
                found = true;
            }
            start = next + 1;
        }
        p = next + 1;
    }
    csv_free(&c.parser);
    return found;
}

/* Where the field that starts at `p` ends: at a delimiter or at `end`. The record is well quoted.
 */
static const char *end_of_field(const char *p, const char *end, char delimiter)
{
    const char *q = p;
    while (q < end && is_blank(*q, delimiter)) {
        q++;
    }
    if (q < end && *q == '"') {
        do {
            q = memchr(q + 1, '"', (size_t)(end - q - 1));
        } while (q != NULL && q + 1 < end && q[1] == '"' && ++q < end);
        if (q == NULL) {
            return end;
        }
    }
    const char *stop = q < end ? memchr(q, delimiter, (size_t)(end - q)) : NULL;
    return stop != NULL ? stop : end;
}

bool wn_csv_field(struct wn_span record, char delimiter, uint32_t column, bool quoted,
                  struct wn_span *raw)
{
    const char *p = record.p;
    const char *end = record.p + record.n;
    if (quoted) {
        uint32_t fields = 0;
        enum wn_quote_state state =
            wn_csv_scan_quotes(WN_QUOTE_FIELD_START, record, delimiter, &fields);
        if (!wn_csv_closed(state)) {
            return find_broken_field(record, delimiter, column, raw);
        }
    }
    for (uint32_t i = 0;; i++) {
        const char *stop;
        if (quoted) {
            stop = end_of_field(p, end, delimiter);
        } else {
            stop = memchr(p, delimiter, (size_t)(end - p));
            stop = stop != NULL ? stop : end;
        }
        if (i == column) {
            *raw = (struct wn_span){p, (size_t)(stop - p)};
            return true;
        }
        if (stop == end) {
            return false;
        }
        p = stop + 1;
    }
}

/* Within a field no line ends: a carriage return counts as a blank, as in feed_within_line. */
static int is_value_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static int is_never_end(unsigned char c)
{
    (void)c;
    return 0;
}

struct wn_span wn_csv_value(struct wn_span raw, struct wn_buf *room)
{
    struct wn_span inner = raw;
    while (inner.n > 0 && is_value_blank((unsigned char)inner.p[0])) {
        inner.p++;
        inner.n--;
    }
    if (inner.n == 0 || inner.p[0] != '"') {
        return raw;
    }
    while (is_value_blank((unsigned char)inner.p[inner.n - 1])) {
        inner.n--;
    }
    if (inner.n >= 2 && inner.p[inner.n - 1] == '"' &&
        memchr(inner.p + 1, '"', inner.n - 2) == NULL) {
        return (struct wn_span){inner.p + 1, inner.n - 2};
    }
    /* Doubled or stray quotes: libcsv's reading. No delimiter can end the field here, so a byte
     * that no text holds takes its place; nor can a line end. */
    struct consultation c;
    begin(&c, '\0', raw.n);
    csv_set_space_func(&c.parser, is_value_blank);
    csv_set_term_func(&c.parser, is_never_end);
    c.value = room;
    wn_buf_clear(room);
    feed(&c, raw.p, raw.n);
    csv_fini(&c.parser, field_ended, record_ended, &c);
    csv_free(&c.parser);
    return wn_buf_span(room);
}

struct wn_span wn_csv_chomp(struct wn_span record)
{
    if (record.n > 0 && record.p[record.n - 1] == '\n') {
        record.n--;
    }
    if (record.n > 0 && record.p[record.n - 1] == '\r') {
        record.n--;
    }
    return record;
}
