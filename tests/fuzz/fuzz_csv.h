/* SPDX-License-Identifier: MIT */
#ifndef WN_TESTS_FUZZ_CSV_H
#define WN_TESTS_FUZZ_CSV_H

/* What the two CSV targets share: an input cut into records, whatever the windows. */

#include <string.h>

#include "csv/cut.h"
#include "csv/dialect.h"
#include "fuzz.h"

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
        REQUIRE(r->reason != WN_REJECT_TOO_LONG || r->length > WN_RECORD_MAX);
        end = r->offset + r->length;
        REQUIRE(end <= offset + cut->consumed);
    }
}

/* Cuts the input, each window `step` bytes larger than what was left of the last; 0: at once. Where
 * the step is odd the end is noticed late: a window that reaches it comes again as the last one. */
static struct whole cut_all(struct wn_span input, const struct wn_dialect *d, uint32_t fields,
                            size_t step)
{
    struct wn_cutter cutter = {
        .delimiter = d->delimiter, .line_end = d->line_end, .fields = fields, .line = 1};
    struct wn_cut cut = {0};
    struct whole all = {0};
    size_t length = 0, start = 0;
    for (bool last = false, reached = step % 2 == 0; !last;) {
        size_t left = input.n - start;
        length = step == 0 || left < length + step ? left : length + step;
        last = length == left && reached;
        reached = reached || length == left;
        struct wn_span window = {input.p + start, length};
        uint64_t offset = cutter.offset;
        wn_csv_cut(&cutter, window, last, &cut);
        check_window(&cut, window, offset);
        REQUIRE(cut.consumed > 0 || last || window.n <= WN_RECORD_MAX);
        add(&all, &cut, offset);
        start += cut.consumed;
        length -= cut.consumed;
        REQUIRE(!last || length == 0);
    }
    all.blank_lines = cutter.blank_lines;
    wn_cut_release(&cut);
    return all;
}

/* Wherever the windows ended, what was cut is the same and all of it. */
static void require_same(const struct whole *a, const struct whole *b, size_t length)
{
    REQUIRE(a->bytes <= length && (a->bytes == length || a->blank_lines > 0));
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

#endif
