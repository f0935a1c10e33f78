/* SPDX-License-Identifier: MIT */
/* Fuzzes the CSV reader. The first octet chooses how large the windows are, the rest is the input.
 * It is judged, cut into records and taken apart as a run would. Every byte must be accounted for,
 * the windows must make no difference, every field must lie within its record, and what it says
 * must be the same when our writer has written it. */
#include "csv/cut.h"

#include <string.h>

#include "csv/dialect.h"
#include "csv/scan.h"
#include "csv/writer.h"
#include "fuzz.h"

enum {
    FIELDS = 20 /* of a record that are read */
};

static void check_rewritten(struct wn_span value, struct wn_buf *text, struct wn_buf *room)
{
    struct wn_span raw;
    wn_buf_clear(text);
    wn_csv_add_field(text, value);
    struct wn_span record = {wn_buf_text(text), text->len}; /* in memory, even if it is empty */
    bool quoted = record.n > 0 && memchr(record.p, '"', record.n) != NULL;
    REQUIRE(wn_csv_field(record, ',', 0, quoted, &raw) && wn_span_equal(raw, record));
    REQUIRE(!wn_csv_field(record, ',', 1, quoted, &raw));
    REQUIRE(wn_span_equal(wn_csv_value(record, room), value));
}

static void read_fields(struct wn_span record, char delimiter, bool quoted)
{
    struct wn_buf room = {0}, text = {0}, again = {0};
    struct wn_span raw;
    const char *from = record.p;
    for (uint32_t i = 0; i < FIELDS && wn_csv_field(record, delimiter, i, quoted, &raw); i++) {
        REQUIRE(raw.p >= from && raw.p + raw.n <= record.p + record.n);
        from = raw.p + raw.n;
        struct wn_span value = wn_csv_value(raw, &room);
        REQUIRE(value.n <= raw.n);
        REQUIRE(value.n == 0 || memchr(value.p, '\0', value.n) == NULL);
        check_rewritten(value, &text, &again);
    }
    wn_buf_release(&room);
    wn_buf_release(&text);
    wn_buf_release(&again);
}

/* All records and rejects of an input, wherever its windows ended: offsets and lines are the
 * input's. */
struct whole {
    struct wn_cut cut;
    size_t record_capacity;
    uint64_t bytes, blank_lines;
};

static void add(struct whole *all, const struct wn_cut *cut, uint64_t offset)
{
    size_t count = all->cut.record_count + cut->record_count;
    if (count > all->record_capacity) {
        all->record_capacity = count * 2;
        all->cut.records =
            wn_realloc(all->cut.records, all->record_capacity * sizeof *all->cut.records);
    }
    for (size_t i = 0; i < cut->record_count; i++) {
        struct wn_record r = cut->records[i];
        r.offset += (uint32_t)offset;
        r.line += (uint32_t)cut->line;
        all->cut.records[all->cut.record_count++] = r;
        all->bytes += r.length;
    }
    for (size_t i = 0; i < cut->reject_count; i++) {
        wn_cut_add_reject(&all->cut, &cut->rejects[i]);
        all->bytes += cut->rejects[i].length;
    }
}

/* What was cut must tile the window but for blank lines. */
static void check_window(const struct wn_cut *cut, struct wn_span window, uint64_t offset)
{
    uint64_t end = 0;
    REQUIRE(cut->consumed <= window.n);
    for (size_t i = 0; i < cut->record_count; i++) {
        const struct wn_record *r = &cut->records[i];
        REQUIRE(r->offset >= end && r->length > 0 && r->length <= WN_RECORD_MAX);
        end = (uint64_t)r->offset + r->length;
        REQUIRE(end <= cut->consumed);
    }
    end = 0;
    for (size_t i = 0; i < cut->reject_count; i++) {
        const struct wn_reject *r = &cut->rejects[i];
        REQUIRE(r->offset >= end && r->length > 0 && r->reason < WN_REJECT_NO_COLUMN);
        end = r->offset + r->length;
        REQUIRE(end <= offset + cut->consumed);
    }
}

/* Cuts the input, each window `step` bytes larger than what was left of the last; 0: at once. */
static struct whole cut_all(struct wn_span input, const struct wn_dialect *d, uint32_t fields,
                            size_t step)
{
    struct wn_cutter cutter = {
        .delimiter = d->delimiter, .line_end = d->line_end, .fields = fields, .line = 1};
    struct wn_cut cut = {0};
    struct whole all = {0};
    size_t length = 0, start = 0;
    for (bool last = false; !last;) {
        size_t left = input.n - start;
        length = step == 0 || left < length + step ? left : length + step;
        last = length == left;
        struct wn_span window = {input.p + start, length};
        uint64_t offset = cutter.offset;
        wn_csv_cut(&cutter, window, last, &cut);
        check_window(&cut, window, offset);
        add(&all, &cut, offset);
        start += cut.consumed;
        length -= cut.consumed;
        REQUIRE(!last || length == 0);
    }
    all.blank_lines = cutter.blank_lines;
    wn_cut_release(&cut);
    return all;
}

static void require_same(const struct whole *a, const struct whole *b)
{
    REQUIRE(a->bytes == b->bytes && a->blank_lines == b->blank_lines);
    REQUIRE(a->cut.record_count == b->cut.record_count);
    REQUIRE(a->cut.reject_count == b->cut.reject_count);
    for (size_t i = 0; i < a->cut.record_count; i++) {
        const struct wn_record *r = &a->cut.records[i], *s = &b->cut.records[i];
        REQUIRE(r->offset == s->offset && r->length == s->length);
        REQUIRE(r->line == s->line && r->quoted == s->quoted);
    }
    for (size_t i = 0; i < a->cut.reject_count; i++) {
        const struct wn_reject *r = &a->cut.rejects[i], *s = &b->cut.rejects[i];
        REQUIRE(r->offset == s->offset && r->length == s->length);
        REQUIRE(r->line == s->line && r->reason == s->reason);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wn_dialect d;
    if (size < 1) {
        return 0;
    }
    struct wn_span input = {(const char *)data + 1, size - 1};
    if (wn_dialect_detect(input, 0, "fuzz", &d, NULL) != WN_OK) {
        return 0;
    }
    REQUIRE(d.prelude <= input.n);
    input.p += d.prelude;
    input.n -= d.prelude;
    struct whole whole = cut_all(input, &d, data[0] % 4, 0);
    struct whole pieces = cut_all(input, &d, data[0] % 4, 1 + data[0] / 4);
    require_same(&whole, &pieces);
    REQUIRE(whole.bytes <= input.n && (whole.bytes == input.n || whole.blank_lines > 0));
    for (size_t i = 0; i < whole.cut.record_count; i++) {
        const struct wn_record *r = &whole.cut.records[i];
        read_fields(wn_csv_chomp((struct wn_span){input.p + r->offset, r->length}), d.delimiter,
                    r->quoted);
    }
    wn_cut_release(&whole.cut);
    wn_cut_release(&pieces.cut);
    return 0;
}
