/* SPDX-License-Identifier: MIT */
/* Line by line: nearly every line holds no quote and is a record by itself, so the positions of the
 * next quote and the next NUL are remembered and a line that ends before both needs no other look.
 *
 * A quoted field may go on over line ends. A lost quote would do the same and swallow rows, so a
 * record over several lines is believed only if it is well quoted and has as many fields as the
 * header; otherwise its first line alone is rejected and reading resumes at the next line. A line
 * that opens a quote cannot lie inside another's quoted field without ending it or showing it to be
 * stray, so lines are looked at a bounded number of times, whatever the input. */
#include "csv/cut.h"

#include <stdlib.h>

#include "csv/scan.h"

struct window {
    const char *start, *end;
    const char *quote; /* the next one at or behind the current line, or end */
    const char *nul;   /* likewise */
    bool last;
};

enum step {
    STEP_DONE, /* the line, or the record that begins with it, is dealt with */
    STEP_MORE  /* more bytes are needed to tell */
};

const char *wn_reject_sentence(enum wn_reject_reason reason)
{
    static const char *const sentences[WN_REJECT_REASONS] = {
        [WN_REJECT_UNCLOSED] = "quoted field is never closed",
        [WN_REJECT_SUSPECT] = "a quote seems to be lost: the lines that follow would be swallowed",
        [WN_REJECT_TOO_LONG] = "record is longer than 1 MiB",
        [WN_REJECT_NUL] = "record holds a NUL byte",
        [WN_REJECT_NO_COLUMN] = "record is too short to have the email column",
    };
    return sentences[reason];
}

void wn_cut_release(struct wn_cut *cut)
{
    free(cut->records);
    free(cut->rejects);
    *cut = (struct wn_cut){0};
}

static void add_record(struct wn_cut *cut, struct wn_record record)
{
    if (cut->record_count == cut->record_capacity) {
        cut->record_capacity = cut->record_capacity > 0 ? cut->record_capacity * 2 : 1024;
        cut->records = wn_realloc(cut->records, cut->record_capacity * sizeof *cut->records);
    }
    cut->records[cut->record_count++] = record;
}

void wn_cut_add_reject(struct wn_cut *cut, const struct wn_reject *reject)
{
    if (cut->reject_count == cut->reject_capacity) {
        cut->reject_capacity = cut->reject_capacity > 0 ? cut->reject_capacity * 2 : 16;
        cut->rejects = wn_realloc(cut->rejects, cut->reject_capacity * sizeof *cut->rejects);
    }
    cut->rejects[cut->reject_count++] = *reject;
}

static const char *find(const char *p, const char *end, char c)
{
    const char *found = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
    return found != NULL ? found : end;
}

/* The first byte behind the line at `p`, or NULL when its end is not in the window. */
static const char *next_line(const struct wn_cutter *c, const struct window *w, const char *p)
{
    const char *end = find(p, w->end, c->line_end);
    if (end < w->end) {
        return end + 1;
    }
    return w->last ? w->end : NULL;
}

static struct wn_span without_end(const char *p, const char *next)
{
    return wn_csv_chomp((struct wn_span){p, (size_t)(next - p)});
}

static bool is_blank_line(const struct wn_cutter *c, const char *p, const char *next)
{
    struct wn_span line = without_end(p, next);
    for (size_t i = 0; i < line.n; i++) {
        if ((line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') ||
            line.p[i] == c->delimiter) {
            return false;
        }
    }
    return true;
}

static void reject(const struct wn_cutter *c, const struct window *w, struct wn_cut *cut,
                   const char *p, const char *next, uint64_t lines, enum wn_reject_reason reason)
{
    struct wn_reject r = {.offset = c->offset + (uint64_t)(p - w->start),
                          .length = (uint64_t)(next - p),
                          .line = cut->line + lines,
                          .reason = reason};
    wn_cut_add_reject(cut, &r);
}

static void accept(const struct window *w, struct wn_cut *cut, const char *p, const char *next,
                   uint64_t lines, bool quoted)
{
    add_record(cut, (struct wn_record){.offset = (uint32_t)(p - w->start),
                                       .length = (uint32_t)(next - p),
                                       .line = (uint32_t)lines,
                                       .quoted = quoted});
}

/* The record that begins at *p with a line that holds a quote. Moves *p behind what was dealt with
 * and counts its lines. */
static enum step cut_quoted(const struct wn_cutter *c, const struct window *w, struct wn_cut *cut,
                            const char **p, const char *next, uint64_t *lines)
{
    const char *start = *p;
    const char *first_end = next;
    uint32_t fields = 1;
    uint64_t count = 1;
    enum wn_quote_state state =
        wn_csv_scan_quotes(WN_QUOTE_FIELD_START, without_end(start, next), c->delimiter, &fields);
    enum wn_reject_reason reason = WN_REJECT_SUSPECT;
    bool whole =
        wn_csv_closed(state) ||
        (state == WN_QUOTE_BROKEN && wn_csv_line_is_record(without_end(start, next), c->delimiter));
    while (!whole && state == WN_QUOTE_INSIDE) {
        const char *from = next;
        if (from == w->end && w->last) {
            reason = WN_REJECT_UNCLOSED;
            break;
        }
        next = next_line(c, w, from);
        if (next == NULL || next - start > WN_RECORD_MAX) {
            if (w->end - start <= WN_RECORD_MAX) {
                return STEP_MORE;
            }
            reason = WN_REJECT_UNCLOSED;
            break;
        }
        count++;
        state = wn_csv_scan_quotes(state, without_end(from, next), c->delimiter, &fields);
        whole = wn_csv_closed(state) && (c->fields == 0 || fields == c->fields);
    }
    if (!whole) {
        next = first_end;
        reject(c, w, cut, start, next, *lines, reason);
        count = 1;
    } else if (find(start, next, '\0') < next) {
        reject(c, w, cut, start, next, *lines, WN_REJECT_NUL);
    } else {
        accept(w, cut, start, next, *lines, true);
    }
    *lines += count;
    *p = next;
    return STEP_DONE;
}

/* In the middle of a line that is too long: looks for its end. */
static enum step skip_line(struct wn_cutter *c, const struct window *w, struct wn_cut *cut,
                           const char **p, uint64_t *lines)
{
    const char *next = next_line(c, w, *p);
    const char *stop = next != NULL ? next : w->end;
    c->skipped.length += (uint64_t)(stop - *p);
    *p = stop;
    if (next == NULL) {
        return STEP_MORE;
    }
    wn_cut_add_reject(cut, &c->skipped);
    c->skipping = false;
    ++*lines;
    return STEP_DONE;
}

static enum step cut_line(struct wn_cutter *c, struct window *w, struct wn_cut *cut, const char **p,
                          uint64_t *lines)
{
    if (c->skipping) {
        return skip_line(c, w, cut, p, lines);
    }
    const char *next = next_line(c, w, *p);
    if (next == NULL || next - *p > WN_RECORD_MAX) {
        if (w->end - *p <= WN_RECORD_MAX) {
            return STEP_MORE;
        }
        c->skipping = true;
        c->skipped = (struct wn_reject){.offset = c->offset + (uint64_t)(*p - w->start),
                                        .line = cut->line + *lines,
                                        .reason = WN_REJECT_TOO_LONG};
        return STEP_DONE;
    }
    if (w->quote < *p) {
        w->quote = find(*p, w->end, '"');
    }
    if (w->quote < next) {
        return cut_quoted(c, w, cut, p, next, lines);
    }
    if (w->nul < *p) {
        w->nul = find(*p, w->end, '\0');
    }
    if (w->nul < next) {
        reject(c, w, cut, *p, next, *lines, WN_REJECT_NUL);
    } else if ((unsigned char)**p <= ' ' && is_blank_line(c, *p, next)) {
        c->blank_lines++;
    } else {
        accept(w, cut, *p, next, *lines, false);
    }
    ++*lines;
    *p = next;
    return STEP_DONE;
}

void wn_csv_cut(struct wn_cutter *cutter, struct wn_span window, bool last, struct wn_cut *cut)
{
    if (window.p == NULL) { /* an empty input may have no memory */
        window = WN_SPAN("");
    }
    struct window w = {.start = window.p, .end = window.p + window.n, .last = last};
    const char *p = w.start;
    uint64_t lines = 0;
    w.quote = find(p, w.end, '"');
    w.nul = find(p, w.end, '\0');
    cut->record_count = 0;
    cut->reject_count = 0;
    cut->line = cutter->line;
    while (p < w.end && cut_line(cutter, &w, cut, &p, &lines) == STEP_DONE) {
    }
    if (last && cutter->skipping) { /* the line ended with the window before */
        wn_cut_add_reject(cut, &cutter->skipped);
        cutter->skipping = false;
        lines++;
    }
    cut->consumed = (size_t)(p - w.start);
    cutter->offset += cut->consumed;
    cutter->line += lines;
}
