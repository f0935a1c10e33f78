/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the first octet chooses how large the windows are, the rest is a JSON input. It
 * is cut and read as an import would; records must lie in the input, one behind the other, and what
 * counts as a notice must be whole. Cut at once, it must give the same number of records. */
#include <stdlib.h>

#include "bounce/json/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void read_notices(const struct wn_json_notices *notices, const struct wn_json_record *record)
{
    for (size_t i = 0; i < notices->count; i++) {
        struct wn_notice notice = notices->list[i];
        char key[WN_NOTICE_KEY_MAX];
        struct wn_event event;
        require(notice.offset == record->offset && notice.line == record->line);
        require(notice.fault < WN_NOTICE_FAULTS);
        if (notice.fault == WN_NOTICE_OK) {
            require(notice.recipient.n > 0 && notice.kind < WN_KIND_COUNT);
            (void)wn_notice_judge(&notice, INT64_C(1772377200), key, &event);
        }
    }
}

static size_t read_input(struct wn_span input, size_t step)
{
    struct wn_json_cutter cutter = {.line = 1, .lines = wn_json_is_lines(input)};
    struct wn_json_cut cut = {0};
    struct wn_json_notices notices = {0};
    size_t from = 0, n = step, count = 0;
    uint64_t end = 0;
    for (bool last = false; !last || cut.consumed < input.n - from;) {
        from += cut.consumed;
        n = cut.consumed > 0 ? step : n + step;
        last = n >= input.n - from;
        wn_json_cut(&cutter, (struct wn_span){input.p + from, last ? input.n - from : n}, last, 64,
                    &cut);
        for (size_t i = 0; i < cut.count; i++) {
            const struct wn_json_record *r = &cut.records[i];
            require(r->offset >= end && r->length > 0 && r->offset + r->length <= input.n);
            end = r->offset + r->length;
            wn_json_notices_clear(&notices);
            wn_json_read_record(r, (struct wn_span){input.p + r->offset, (size_t)r->length},
                                &notices);
            require(notices.count > 0 || r->length > 2); /* an empty list wraps nothing */
            read_notices(&notices, r);
        }
        count += cut.count;
    }
    wn_json_cut_release(&cut);
    wn_json_notices_release(&notices);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct wn_span input = {(const char *)data + 1, size - 1};
    (void)wn_json_begins(input);
    require(read_input(input, 1 + (size_t)data[0] * 8) == read_input(input, input.n + 1));
    return 0;
}
