/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the first octet chooses how large the windows are, the rest is the input. It is
 * judged, cut into records and taken apart as a run would; every byte must be accounted for, and
 * every field must lie within its record. */
#include <stdlib.h>
#include <string.h>

#include "csv/cut.h"
#include "csv/dialect.h"
#include "csv/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void read_fields(struct wn_span record, char delimiter, bool quoted, struct wn_buf *room)
{
    struct wn_span raw;
    const char *from = record.p;
    for (uint32_t i = 0; i < 20 && wn_csv_field(record, delimiter, i, quoted, &raw); i++) {
        require(raw.p >= from && raw.p + raw.n <= record.p + record.n);
        from = raw.p + raw.n;
        struct wn_span value = wn_csv_value(raw, room);
        require(value.n <= raw.n);
        require(value.n == 0 || memchr(value.p, '\0', value.n) == NULL);
    }
}

/* Reads what was cut, which must tile the window but for blank lines. Returns the bytes. */
static size_t read_cut(const struct wn_cut *cut, struct wn_span window, uint64_t offset,
                       char delimiter, struct wn_buf *room)
{
    size_t bytes = 0;
    uint64_t end = 0;
    for (size_t i = 0; i < cut->record_count; i++) {
        const struct wn_record *r = &cut->records[i];
        require(r->offset >= end && r->length > 0 && r->length <= WN_RECORD_MAX);
        end = (uint64_t)r->offset + r->length;
        require(end <= cut->consumed && cut->consumed <= window.n);
        read_fields(wn_csv_chomp((struct wn_span){window.p + r->offset, r->length}), delimiter,
                    r->quoted, room);
        bytes += r->length;
    }
    end = 0;
    for (size_t i = 0; i < cut->reject_count; i++) {
        const struct wn_reject *r = &cut->rejects[i];
        require(r->offset >= end && r->length > 0 && r->reason < WN_REJECT_NO_COLUMN);
        end = r->offset + r->length;
        require(end <= offset + cut->consumed);
        bytes += (size_t)r->length;
    }
    return bytes;
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
    require(d.prelude <= input.n);
    input.p += d.prelude;
    input.n -= d.prelude;
    struct wn_cutter cutter = {
        .delimiter = d.delimiter, .line_end = d.line_end, .fields = data[0] % 4, .line = 1};
    struct wn_cut cut = {0};
    struct wn_buf room = {0};
    size_t step = 1 + data[0] / 4, length = 0, start = 0, bytes = 0;
    for (bool last = false; !last;) {
        length = input.n - start < length + step ? input.n - start : length + step;
        last = start + length == input.n;
        struct wn_span window = {input.p + start, length};
        uint64_t offset = cutter.offset;
        wn_csv_cut(&cutter, window, last, &cut);
        bytes += read_cut(&cut, window, offset, d.delimiter, &room);
        start += cut.consumed;
        length -= cut.consumed;
        require(!last || length == 0);
    }
    require(bytes <= input.n && (bytes == input.n || cutter.blank_lines > 0));
    wn_cut_release(&cut);
    wn_buf_release(&room);
    return 0;
}
