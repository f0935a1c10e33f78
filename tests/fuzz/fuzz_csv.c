/* SPDX-License-Identifier: MIT */
/* Fuzzes the CSV reader. The first octet chooses how large the windows are, the rest is the input.
 * It is judged, cut into records and taken apart as a run would. Every byte must be accounted for,
 * the windows must make no difference, every field must lie within its record, and what it says
 * must be the same when our writer has written it. */
#include "fuzz_csv.h"

#include "csv/scan.h"
#include "csv/writer.h"

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
    require_same(&whole, &pieces, input.n);
    for (size_t i = 0; i < whole.cut.record_count; i++) {
        const struct wn_record *r = &whole.cut.records[i];
        read_fields(wn_csv_chomp((struct wn_span){input.p + r->offset, r->length}), d.delimiter,
                    r->quoted);
    }
    wn_cut_release(&whole.cut);
    wn_cut_release(&pieces.cut);
    return 0;
}
