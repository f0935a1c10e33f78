/* SPDX-License-Identifier: MIT */
/* The cutter. Its source is included, so that the bytes it looks at can be counted: what it does on
 * hostile input is bounded by a count and not by a clock. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv/cut.h"
#include "csv/scan.h"
#include "support/draw.h"
#include "support/rounds.h"
#include "support/suite.h"

static uint64_t bytes_read; /* by all that the cutter calls */

static void *counting_memchr(const void *p, int c, size_t n)
{
    const char *found = memchr(p, c, n);
    bytes_read += found != NULL ? (uint64_t)(found - (const char *)p) + 1 : n;
    return (void *)(uintptr_t)found;
}

static enum wn_quote_state counting_scan(enum wn_quote_state state, struct wn_span piece,
                                         char delimiter, uint32_t *fields)
{
    bytes_read += piece.n;
    return wn_csv_scan_quotes(state, piece, delimiter, fields);
}

static bool counting_is_record(struct wn_span line, char delimiter)
{
    bytes_read += line.n;
    return wn_csv_line_is_record(line, delimiter);
}

#undef memchr /* a macro in glibc 2.43 */
#define memchr                counting_memchr
#define wn_csv_scan_quotes    counting_scan
#define wn_csv_line_is_record counting_is_record
#include "csv/cut.c" /* NOLINT(bugprone-suspicious-include) */
#undef memchr
#undef wn_csv_scan_quotes
#undef wn_csv_line_is_record

enum {
    BLOCK = 1 << 18, /* as clean/survey.c reads */
    PATIENCE = 300
};

/* An input: `n` bytes of `text` repeated, never in memory as a whole. */
struct source {
    const char *text;
    size_t n;
    uint64_t size;
};

static size_t read_source(const struct source *s, uint64_t offset, char *p, size_t n)
{
    size_t got = s->size - offset < n ? (size_t)(s->size - offset) : n;
    for (size_t i = 0, at = s->n > 0 ? (size_t)(offset % s->n) : 0; i < got;) {
        size_t piece = s->n - at < got - i ? s->n - at : got - i;
        memcpy(p + i, s->text + at, piece);
        i += piece;
        at = 0;
    }
    return got;
}

/* What a run over an input amounts to. `items`, unless NULL, gets each record and reject in the
 * order of the input: "LINE:bytes|" and "LINE!reason:bytes|", a NUL shown as '~'. */
struct outcome {
    struct wn_buf *items;
    uint64_t records, rejects, record_bytes, reject_bytes, blank_lines, lines;
    size_t largest_window;
};

static void show(struct wn_buf *items, uint64_t line, const char *mark, struct wn_span bytes)
{
    wn_buf_addf(items, "%llu%s:", (unsigned long long)line, mark);
    for (size_t i = 0; i < bytes.n; i++) {
        wn_buf_add_char(items, bytes.p[i] == '\0' ? '~' : bytes.p[i]);
    }
    wn_buf_add_char(items, '|');
}

static void add_items(struct outcome *o, const struct source *s, const struct wn_cut *cut,
                      uint64_t window_offset)
{
    static const char *const marks[] = {"!unclosed", "!suspect", "!long", "!nul"};
    size_t r = 0, x = 0;
    while (r < cut->record_count || x < cut->reject_count) {
        bool record = x == cut->reject_count ||
                      (r < cut->record_count &&
                       window_offset + cut->records[r].offset < cut->rejects[x].offset);
        if (record) {
            const struct wn_record *rec = &cut->records[r++];
            const char *p = s->text + window_offset + rec->offset;
            if (rec->quoted != (memchr(p, '"', rec->length) != NULL)) {
                ck_abort_msg("record on line %llu: wrong 'quoted'",
                             (unsigned long long)(cut->line + rec->line));
            }
            show(o->items, cut->line + rec->line, "", (struct wn_span){p, rec->length});
        } else {
            const struct wn_reject *rej = &cut->rejects[x++];
            show(o->items, rej->line, marks[rej->reason],
                 (struct wn_span){s->text + rej->offset, (size_t)rej->length});
        }
    }
}

/* The loop of clean/survey.c: windows of `block` bytes behind what the last one left over. */
static void run_windows(const struct source *s, struct wn_cutter *cutter, size_t block,
                        struct outcome *o)
{
    struct wn_cut cut = {0};
    char *window = NULL;
    size_t length = 0;
    uint64_t read_to = 0;
    bool ended = false;
    while (!ended) {
        uint64_t offset = cutter->offset;
        do {
            window = wn_realloc(window, length + block);
            size_t got = read_source(s, read_to, window + length, block);
            read_to += got;
            length += got;
            ended = got < block;
            o->largest_window = length > o->largest_window ? length : o->largest_window;
            wn_csv_cut(cutter, (struct wn_span){window, length}, ended, &cut);
        } while (cut.consumed == 0 && !ended);
        if (o->items != NULL) {
            add_items(o, s, &cut, offset);
        }
        for (size_t i = 0; i < cut.record_count; i++) {
            o->record_bytes += cut.records[i].length;
        }
        for (size_t i = 0; i < cut.reject_count; i++) {
            o->reject_bytes += cut.rejects[i].length;
        }
        o->records += cut.record_count;
        o->rejects += cut.reject_count;
        if (ended && cut.consumed != length) {
            ck_abort_msg("the last window is not used up");
        }
        length -= cut.consumed;
        memmove(window, window + cut.consumed, length);
    }
    o->blank_lines = cutter->blank_lines;
    o->lines = cutter->line - 1;
    free(window);
    wn_cut_release(&cut);
}

static const struct row {
    const char *name;
    const char *input;
    size_t n; /* 0: strlen */
    char line_end;
    uint32_t fields;
    const char *items;
    uint64_t blank_lines;
} rows[] = {
    {.name = "nothing", .input = "", .items = ""},
    {.name = "lines", .input = "a,b\nc,d\n", .items = "1:a,b\n|2:c,d\n|"},
    {.name = "no final newline", .input = "a\nb", .items = "1:a\n|2:b|"},
    {.name = "CRLF", .input = "a\r\nb\r\n", .items = "1:a\r\n|2:b\r\n|"},
    {.name = "CR alone",
     .input = "a\r\"b\rc\"\rd",
     .line_end = '\r',
     .items = "1:a\r|2:\"b\rc\"\r|4:d|"},
    {.name = "CR alone, line feeds within cells and blank lines at the end",
     .input = "a,\"b\nc\"\rd\r\r \r",
     .line_end = '\r',
     .fields = 2,
     .items = "1:a,\"b\nc\"\r|2:d\r|",
     .blank_lines = 2},
    {.name = "short and long rows",
     .input = "a,b,c\n1\n1,2,3,4,5\n\"1,x\",2\n\n\r\n",
     .fields = 3,
     .items = "1:a,b,c\n|2:1\n|3:1,2,3,4,5\n|4:\"1,x\",2\n|",
     .blank_lines = 2},
    {.name = "CR within a line is data", .input = "a\rb\n", .items = "1:a\rb\n|"},
    {.name = "blank lines count as lines and are no records",
     .input = "a\n\n \t\nb\n\r\n",
     .items = "1:a\n|4:b\n|",
     .blank_lines = 3},
    {.name = "blank last line without an end",
     .input = "a\n  ",
     .items = "1:a\n|",
     .blank_lines = 1},
    {.name = "a line of delimiters is a record", .input = ",\n", .items = "1:,\n|"},
    {.name = "quoted", .input = "\"a,b\",c\nd\n", .items = "1:\"a,b\",c\n|2:d\n|"},
    {.name = "over several lines",
     .input = "\"a\n\nb\",c\nd,e\n",
     .fields = 2,
     .items = "1:\"a\n\nb\",c\n|4:d,e\n|"},
    {.name = "over several lines with CRLF",
     .input = "\"a\r\nb\",c\r\nd,e\r\n",
     .fields = 2,
     .items = "1:\"a\r\nb\",c\r\n|3:d,e\r\n|"},
    {.name = "over several lines and without a final newline",
     .input = "\"a\nb\",c",
     .fields = 2,
     .items = "1:\"a\nb\",c|"},
    {.name = "over several lines with another number of fields",
     .input = "\"a\nb\",c\nd,e,f\n",
     .fields = 3,
     .items = "1!suspect:\"a\n|2:b\",c\n|3:d,e,f\n|"},
    {.name = "on one line with another number of fields",
     .input = "\"a\",b\nc\n",
     .fields = 3,
     .items = "1:\"a\",b\n|2:c\n|"},
    {.name = "a lost quote swallows nothing",
     .input = "5,\"Bob,bob@x\n6,\"Al, Jr\",al@x\n7,C,c@x\n",
     .items = "1!suspect:5,\"Bob,bob@x\n|2:6,\"Al, Jr\",al@x\n|3:7,C,c@x\n|"},
    {.name = "a lost quote that reads as a record with another number of fields",
     .input = "5,\"Bob,bob@x\n6,\",al@x\n",
     .fields = 4,
     .items = "1!suspect:5,\"Bob,bob@x\n|2!unclosed:6,\",al@x\n|"},
    {.name = "never closed",
     .input = "a,b\nc,\"d\ne,f\n",
     .items = "1:a,b\n|2!unclosed:c,\"d\n|3:e,f\n|"},
    {.name = "never closed on the last line", .input = "a\n\"b", .items = "1:a\n|2!unclosed:\"b|"},
    {.name = "stray quotes on one line are libcsv's business",
     .input = "a\"b,c\n\"d\"e\",f\n",
     .items = "1:a\"b,c\n|2:\"d\"e\",f\n|"},
    {.name = "stray quotes that leave the line open",
     .input = "\"a\"b,c\nd,e\n",
     .items = "1!suspect:\"a\"b,c\n|2:d,e\n|"},
    {.name = "NUL", .input = "a\nb\0c\nd\n", .n = 8, .items = "1:a\n|2!nul:b~c\n|3:d\n|"},
    {.name = "NUL in a quoted record of several lines",
     .input = "\"a\n\0\"\nd\n",
     .n = 8,
     .items = "1!nul:\"a\n~\"\n|3:d\n|"},
    {.name = "NUL alone", .input = "\0", .n = 1, .items = "1!nul:~|"},
    {.name = "quote, then NUL, then a quote on later lines",
     .input = "\"a\"\n\0\n\"b\"\nc\n",
     .n = 12,
     .items = "1:\"a\"\n|2!nul:~\n|3:\"b\"\n|4:c\n|"},
};

static struct wn_cutter cutter_of(const struct row *row)
{
    return (struct wn_cutter){.delimiter = ',',
                              .line_end = row->line_end != 0 ? row->line_end : '\n',
                              .fields = row->fields,
                              .line = 1};
}

START_TEST(records_and_rejects)
{
    const struct row *row = &rows[_i];
    struct source s = {row->input, row->n > 0 ? row->n : strlen(row->input), 0};
    s.size = s.n;
    for (size_t block = 1; block <= s.n + 1; block++) {
        struct wn_buf items = {0};
        struct outcome o = {.items = &items};
        struct wn_cutter cutter = cutter_of(row);
        run_windows(&s, &cutter, block, &o);
        ck_assert_msg(strcmp(wn_buf_text(&items), row->items) == 0, "%s, windows of %zu: %s",
                      row->name, block, items.p);
        ck_assert_msg(o.blank_lines == row->blank_lines, "%s: blank lines", row->name);
        wn_buf_release(&items);
    }
}
END_TEST

/* Every byte of the input is in a record, in a reject or in a blank line, whatever the windows. */
START_TEST(any_windows_give_the_same)
{
    static const char alphabet[] = "ab\"\"\",,\n\n\n\r ";
    enum {
        INPUTS = WN_TEST_ROUNDS(4000),
        LENGTH = 40
    };
    for (unsigned i = 0; i < INPUTS; i++) {
        char text[LENGTH];
        struct source s = {text, 1 + draw(LENGTH), 0};
        struct row row = {.fields = draw(4), .line_end = draw(8) == 0 ? '\r' : '\n'};
        struct wn_buf whole = {0};
        struct outcome first = {.items = &whole};
        s.size = s.n;
        for (size_t j = 0; j < s.n; j++) {
            unsigned at = draw(sizeof alphabet + 1);
            text[j] = at < sizeof alphabet ? alphabet[at] : '\n'; /* its NUL is in it, too */
        }
        struct wn_cutter cutter = cutter_of(&row);
        run_windows(&s, &cutter, s.n + 1, &first);
        for (size_t block = 1; block <= s.n; block++) {
            struct wn_buf items = {0};
            struct outcome o = {.items = &items};
            struct wn_cutter again = cutter_of(&row);
            run_windows(&s, &again, block, &o);
            if (!wn_span_equal(wn_buf_span(&items), wn_buf_span(&whole)) ||
                o.blank_lines != first.blank_lines || o.lines != first.lines) {
                ck_abort_msg("'%.*s' in windows of %zu:\n%s\ninstead of\n%s", (int)s.n, text, block,
                             wn_buf_text(&items), wn_buf_text(&whole));
            }
            wn_buf_release(&items);
        }
        uint64_t lines = 0;
        for (size_t j = 0; j < s.n; j++) {
            lines += text[j] == row.line_end || (j + 1 == s.n && text[j] != row.line_end);
        }
        ck_assert_uint_eq(first.lines, lines);
        if (first.blank_lines == 0) {
            ck_assert_uint_eq(first.record_bytes + first.reject_bytes, s.n);
        }
        wn_buf_release(&whole);
    }
}
END_TEST

/* Patterns that made a naive cutter look at the rest of the input again for every line. */
START_TEST(hostile_patterns_stay_linear)
{
    static const char *const patterns[] = {
        "\"\"a\n",   "\"x\n",       "a,\"\n",   "\"\n",         "\"\"\n",      "\"a\"b\n",
        "a\"\n",     "\"a\n\"\"\n", "\"\"\"\n", "\"a,\nb\n",    "\"\",\"x,\n", "x\"y\"z\n",
        "\"a\"\"\n", "\"a \"b\n",   "\n\"\n",   "\"\r\n\"\r\n", "a\r\"b\n",    "\",\n\",\",\n",
    };
    static const uint32_t fields[] = {0, 1, 2, 3};
    enum {
        SIZE = 1000000 + WN_TEST_ROUNDS(2000000),
        MOST_LOOKS = 16 /* at a byte, on average: 7 seen, the most by windows that come again */
    };
    const char *pattern = patterns[_i / 4];
    struct source s = {pattern, strlen(pattern), SIZE};
    struct row row = {.fields = fields[_i % 4]};
    struct wn_cutter cutter = cutter_of(&row);
    struct outcome o = {0};
    bytes_read = 0;
    run_windows(&s, &cutter, BLOCK, &o);
    ck_assert_msg(bytes_read <= (uint64_t)SIZE * MOST_LOOKS, "%s: %.1f looks at each byte", pattern,
                  (double)bytes_read / SIZE);
    ck_assert_uint_le(o.largest_window, WN_RECORD_MAX + 2 * BLOCK);
    if (o.blank_lines == 0) {
        ck_assert_uint_eq(o.record_bytes + o.reject_bytes, s.size);
    }
}
END_TEST

/* One quote that is never closed, in front of very many lines. */
START_TEST(unclosed_quote_before_a_long_list)
{
    struct wn_buf text = {0};
    wn_buf_add_text(&text, "\"a\n");
    while (text.len < (size_t)8 * WN_RECORD_MAX) {
        wn_buf_add_text(&text, "b,\"c\"\"\",d\n");
    }
    struct source s = {text.p, text.len, text.len};
    struct row row = {0};
    struct wn_cutter cutter = cutter_of(&row);
    struct outcome o = {0};
    bytes_read = 0;
    run_windows(&s, &cutter, BLOCK, &o);
    ck_assert_uint_eq(o.rejects, 1);
    ck_assert_uint_eq(o.records, o.lines - 1);
    ck_assert_uint_le(bytes_read, text.len * 16);
    wn_buf_release(&text);
}
END_TEST

static const struct long_row {
    const char *name;
    uint64_t size;
    const char *tail; /* behind the long line */
    uint64_t records;
} long_rows[] = {
    {"200 MB with an end and more lines", 200000000, "\nx\ny\n", 2},
    {"200 MB without an end", 200000000, "", 0},
    {"all blocks full, no end", (uint64_t)16 * BLOCK, "", 0},
    {"one byte too long", WN_RECORD_MAX, "\n", 0},
    {"one byte too long, CRLF", WN_RECORD_MAX - 1, "\r\nx\n", 1},
};

static size_t read_long(const struct long_row *row, uint64_t offset, char *p, size_t n)
{
    size_t tail = strlen(row->tail), got = 0;
    if (offset < row->size) {
        got = row->size - offset < n ? (size_t)(row->size - offset) : n;
        memset(p, 'a', got);
    }
    if (got < n && offset + got < row->size + tail) {
        size_t from = (size_t)(offset + got - row->size);
        size_t more = tail - from < n - got ? tail - from : n - got;
        memcpy(p + got, row->tail + from, more);
        got += more;
    }
    return got;
}

/* A long line used to be lost when the input ended exactly with a block: the last window is empty
 * then, and nobody reported what was being skipped. */
START_TEST(long_line_is_one_reject_in_little_memory)
{
    const struct long_row *row = &long_rows[_i];
    struct wn_cutter cutter = {.delimiter = ',', .line_end = '\n', .line = 1};
    struct wn_cut cut = {0};
    char *window = wn_malloc(WN_RECORD_MAX + 2 * BLOCK);
    size_t length = 0;
    uint64_t read_to = 0, records = 0, rejects = 0, rejected = 0;
    for (bool ended = false; !ended;) {
        do {
            ck_assert_uint_le(length + BLOCK, WN_RECORD_MAX + 2 * BLOCK);
            size_t got = read_long(row, read_to, window + length, BLOCK);
            read_to += got;
            length += got;
            ended = got < BLOCK;
            wn_csv_cut(&cutter, (struct wn_span){window, length}, ended, &cut);
        } while (cut.consumed == 0 && !ended);
        records += cut.record_count;
        for (size_t i = 0; i < cut.reject_count; i++) {
            ck_assert_int_eq(cut.rejects[i].reason, WN_REJECT_TOO_LONG);
            ck_assert_uint_eq(cut.rejects[i].line, 1);
            ck_assert_uint_eq(cut.rejects[i].offset, 0);
            rejected += cut.rejects[i].length;
        }
        rejects += cut.reject_count;
        length -= cut.consumed;
        memmove(window, window + cut.consumed, length);
    }
    size_t end = row->tail[0] == '\r' ? 2 : row->tail[0] == '\n';
    ck_assert_msg(rejects == 1 && rejected == row->size + end && records == row->records,
                  "%s: %llu rejects of %llu bytes, %llu records", row->name,
                  (unsigned long long)rejects, (unsigned long long)rejected,
                  (unsigned long long)records);
    ck_assert_uint_eq(cutter.line, 2 + records);
    free(window);
    wn_cut_release(&cut);
}
END_TEST

START_TEST(longest_record_is_accepted)
{
    struct wn_cutter cutter = {.delimiter = ',', .line_end = '\n', .line = 1};
    struct wn_cut cut = {0};
    char *window = wn_malloc(WN_RECORD_MAX);
    memset(window, 'a', WN_RECORD_MAX);
    window[WN_RECORD_MAX - 1] = '\n';
    wn_csv_cut(&cutter, (struct wn_span){window, WN_RECORD_MAX}, true, &cut);
    ck_assert_uint_eq(cut.record_count, 1);
    ck_assert_uint_eq(cut.records[0].length, WN_RECORD_MAX);
    free(window);
    wn_cut_release(&cut);
}
END_TEST

/* A quoted field that goes on for more than a record may hold: its first line alone is rejected. */
START_TEST(quoted_field_that_is_too_long)
{
    struct wn_buf text = {0};
    wn_buf_add_text(&text, "\"a\n");
    while (text.len <= WN_RECORD_MAX) {
        wn_buf_add_text(&text, "bbbbbbbbbbbbbbb\n");
    }
    wn_buf_add_text(&text, "c\"\n");
    struct source s = {text.p, text.len, text.len};
    for (size_t block = BLOCK; block <= (size_t)8 * BLOCK; block *= 2) {
        struct row row = {0};
        struct wn_cutter cutter = cutter_of(&row);
        struct outcome o = {0};
        run_windows(&s, &cutter, block, &o);
        ck_assert_uint_eq(o.rejects, 1);
        ck_assert_uint_eq(o.reject_bytes, 3);
        ck_assert_uint_eq(o.records, o.lines - 1);
    }
    wn_buf_release(&text);
}
END_TEST

START_TEST(every_reason_has_a_sentence)
{
    for (unsigned i = 0; i < WN_REJECT_REASONS; i++) {
        const char *sentence = wn_reject_sentence((enum wn_reject_reason)i);
        ck_assert_ptr_nonnull(sentence);
        ck_assert_uint_gt(strlen(sentence), 10);
        ck_assert(sentence[strlen(sentence) - 1] != '.');
    }
    ck_assert_str_eq(wn_reject_sentence(WN_REJECT_UNCLOSED), "quoted field is never closed");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cut");
    TCase *cases = tcase_create("cut");
    tcase_set_timeout(cases, PATIENCE);
    tcase_add_loop_test(cases, records_and_rejects, 0, sizeof rows / sizeof *rows);
    tcase_add_test(cases, any_windows_give_the_same);
    tcase_add_loop_test(cases, hostile_patterns_stay_linear, 0, 18 * 4);
    tcase_add_test(cases, unclosed_quote_before_a_long_list);
    tcase_add_loop_test(cases, long_line_is_one_reject_in_little_memory, 0,
                        sizeof long_rows / sizeof *long_rows);
    tcase_add_test(cases, longest_record_is_accepted);
    tcase_add_test(cases, quoted_field_that_is_too_long);
    tcase_add_test(cases, every_reason_has_a_sentence);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
