/* SPDX-License-Identifier: MIT */
/* The field scanner against libcsv. Random input over the characters that matter is read both ways:
 * what the scanner calls well quoted must mean the same to libcsv fed whole, and what it does not
 * must be libcsv's reading to the letter. libcsv trims unquoted fields, so these are compared
 * trimmed; a carriage return inside a line is data to us and a record's end to libcsv, so it is
 * handed to it as the blank that it stands for. */
#include <check.h>
#include <csv.h>
#include <stdlib.h>

#include "csv/scan.h"
#include "support/draw.h"
#include "support/suite.h"

enum {
    LONGEST = 24,     /* bytes of a random input */
    MOST_FIELDS = 64, /* of a random input */
    RANDOM = 1000000, /* inputs */
    PATIENCE = 300    /* seconds, for sanitizers on slow machines */
};

/* Check notes the place of each of its assertions, which costs more than what is tested here. */
#define REQUIRE(condition, ...)                                                                    \
    if (!(condition)) {                                                                            \
        ck_abort_msg(__VA_ARGS__);                                                                 \
    }

/* What libcsv said of an input: its fields, and after which of them a record ended. */
struct reading {
    char text[LONGEST * 4];
    size_t used;
    struct wn_span fields[MOST_FIELDS];
    bool record_ends[MOST_FIELDS];
    size_t count, records;
};

static void take_field(void *content, size_t n, void *arg)
{
    struct reading *r = arg;
    REQUIRE(r->count < MOST_FIELDS && r->used + n <= sizeof r->text, "too much");
    if (n > 0) {
        memcpy(r->text + r->used, content, n);
    }
    r->fields[r->count++] = (struct wn_span){r->text + r->used, n};
    r->used += n;
}

static void take_record(int terminator, void *arg)
{
    struct reading *r = arg;
    (void)terminator;
    r->records++;
    r->record_ends[r->count - 1] = true;
}

/* Feeds libcsv the whole. Returns the number of records that ended before the end of input. */
static size_t consult(struct reading *r, const char *p, size_t n, char delimiter)
{
    struct csv_parser parser;
    *r = (struct reading){0};
    REQUIRE(csv_init(&parser, 0) == 0, "libcsv");
    csv_set_delim(&parser, (unsigned char)delimiter);
    REQUIRE(csv_parse(&parser, p, n, take_field, take_record, r) == n, "libcsv");
    size_t ended = r->records;
    csv_fini(&parser, take_field, take_record, r);
    csv_free(&parser);
    return ended;
}

static size_t random_input(char *out, const char *const *words, unsigned word_count)
{
    size_t n = 0, length = 1 + draw(LONGEST - 2);
    while (n < length) {
        const char *word = words[draw(word_count)];
        for (size_t i = 0; word[i] != '\0'; i++) {
            out[n++] = word[i];
        }
    }
    return n;
}

static struct wn_span trim_blanks(struct wn_span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/* The value of a raw field as libcsv would give it: unquoted ones trimmed, and carriage returns
 * that were handed to it as blanks shown as blanks. */
static struct wn_span comparable(struct wn_span raw, bool all_blank, struct wn_buf *room,
                                 char *copy)
{
    struct wn_span value = wn_csv_value(raw, room);
    bool unquoted = value.p == raw.p && value.n == raw.n;
    for (size_t i = 0; i < value.n; i++) {
        copy[i] = value.p[i] == '\r' && (unquoted || all_blank) ? ' ' : value.p[i];
    }
    value.p = copy;
    return unquoted ? trim_blanks(value) : value;
}

/* How a record is compared: `all_blank` when libcsv got a blank for every carriage return. */
struct comparison {
    char delimiter;
    bool quoted, all_blank;
};

/* All fields of one record must be those of the reading from `at` on; returns how many. */
static size_t compare_fields(struct wn_span record, struct comparison how, const struct reading *r,
                             size_t at)
{
    struct wn_buf room = {0};
    struct wn_span raw;
    uint32_t column = 0;
    char copy[LONGEST * 2];
    for (; wn_csv_field(record, how.delimiter, column, how.quoted, &raw); column++) {
        REQUIRE(at + column < r->count, "too many fields in '%.*s'", (int)record.n, record.p);
        REQUIRE(raw.p >= record.p && raw.p + raw.n <= record.p + record.n, "outside the record");
        struct wn_span value = comparable(raw, how.all_blank, &room, copy);
        struct wn_span truth = r->fields[at + column];
        REQUIRE(wn_span_equal(value, truth), "field %u of '%.*s': '%.*s', libcsv '%.*s'", column,
                (int)record.n, record.p, (int)value.n, value.p, (int)truth.n, truth.p);
    }
    wn_buf_release(&room);
    return column;
}

static bool is_blank_line(struct wn_span line, char delimiter)
{
    for (size_t i = 0; i < line.n; i++) {
        if ((line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') ||
            line.p[i] == delimiter) {
            return false;
        }
    }
    return true;
}

/* The end of the line at `p`, behind its line feed. */
static const char *line_end(const char *p, const char *end)
{
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    return stop != NULL ? stop + 1 : end;
}

/* The record at `p` if it is well quoted, else nothing. `fields`: its delimiters and one. */
static struct wn_span take_record_of(const char *p, const char *end, char delimiter,
                                     uint32_t *fields)
{
    const char *next = line_end(p, end);
    struct wn_span piece = wn_csv_chomp((struct wn_span){p, (size_t)(next - p)});
    *fields = 1;
    enum wn_quote_state state = wn_csv_scan_quotes(WN_QUOTE_FIELD_START, piece, delimiter, fields);
    while (state == WN_QUOTE_INSIDE && next < end) {
        const char *from = next;
        next = line_end(from, end);
        piece = wn_csv_chomp((struct wn_span){from, (size_t)(next - from)});
        state = wn_csv_scan_quotes(state, piece, delimiter, fields);
    }
    return wn_csv_closed(state) ? (struct wn_span){p, (size_t)(next - p)} : (struct wn_span){0};
}

/* A copy for libcsv: carriage returns outside quotes that end no line become blanks. Quotes come in
 * pairs, as the input is well quoted. */
static void blank_out_returns(char *copy, const char *p, size_t n)
{
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        inside ^= p[i] == '"';
        bool ends_line = i + 1 == n || p[i + 1] == '\n';
        copy[i] = p[i] == '\r' && !inside && !ends_line ? ' ' : p[i];
    }
}

/* True if all of the input was well quoted, and so compared. */
static bool compare_well_quoted(const char *p, size_t n, char delimiter)
{
    struct wn_span records[LONGEST * 2];
    uint32_t fields[LONGEST * 2];
    size_t count = 0;
    for (const char *at = p, *end = p + n; at < end;) {
        const char *next = line_end(at, end);
        struct wn_span line = wn_csv_chomp((struct wn_span){at, (size_t)(next - at)});
        if (is_blank_line(line, delimiter)) {
            at = next;
            continue;
        }
        records[count] = take_record_of(at, end, delimiter, &fields[count]);
        if (records[count].p == NULL) {
            return false;
        }
        at += records[count++].n;
    }
    char copy[LONGEST * 2];
    struct reading r;
    blank_out_returns(copy, p, n);
    (void)consult(&r, copy, n, delimiter);
    REQUIRE(r.records == count, "'%.*s': %zu records, libcsv %zu", (int)n, p, count, r.records);
    for (size_t i = 0, at = 0; i < count; i++) {
        size_t found = compare_fields(wn_csv_chomp(records[i]),
                                      (struct comparison){delimiter, true, false}, &r, at);
        REQUIRE(found == fields[i], "'%.*s': %zu fields", (int)n, p, found);
        REQUIRE(r.record_ends[at + found - 1], "'%.*s': record %zu ends elsewhere", (int)n, p, i);
        if (memchr(records[i].p, '"', records[i].n) == NULL) {
            REQUIRE(compare_fields(wn_csv_chomp(records[i]),
                                   (struct comparison){delimiter, false, false}, &r, at) == found,
                    "fields");
        }
        at += found;
    }
    return true;
}

/* The delimiter of an input that begins with an even or an odd byte, and so on. */
static const char delimiters[] = {',', ';', '\t'};

START_TEST(well_quoted_input_means_the_same_to_libcsv)
{
    static const char *const words[] = {"a",  "\"", "\"",   ",", ",",    " ",   "\t",
                                        "\n", "\r", "\r\n", ";", "\"\"", ",\"", "\","};
    char input[LONGEST * 2];
    size_t compared = 0;
    for (unsigned i = 0; i < RANDOM; i++) {
        size_t n = random_input(input, words, sizeof words / sizeof *words);
        compared += compare_well_quoted(input, n, delimiters[i % 3]);
    }
    ck_assert_msg(compared > RANDOM / 20, "only %zu inputs were well quoted", compared);
}
END_TEST

START_TEST(broken_line_is_read_as_libcsv_does)
{
    static const char *const words[] = {"a", "b", "\"", "\"", "\"", ",",
                                        ",", " ", "\t", "\r", ";",  "\"\""};
    size_t broken = 0, whole = 0;
    for (unsigned i = 0; i < RANDOM; i++) {
        char line[LONGEST * 2], fed[LONGEST * 2 + 1];
        char delimiter = delimiters[i % 3];
        size_t n = random_input(line, words, sizeof words / sizeof *words);
        uint32_t fields = 1;
        struct wn_span span = {line, n};
        enum wn_quote_state state =
            wn_csv_scan_quotes(WN_QUOTE_FIELD_START, span, delimiter, &fields);
        if (state != WN_QUOTE_BROKEN) {
            continue;
        }
        struct reading r;
        broken++;
        for (size_t j = 0; j < n; j++) {
            fed[j] = line[j] == '\r' ? ' ' : line[j];
        }
        fed[n] = '\n';
        bool is_record = consult(&r, fed, n + 1, delimiter) > 0;
        REQUIRE(wn_csv_line_is_record(span, delimiter) == is_record, "'%.*s'", (int)n, line);
        if (is_record) {
            REQUIRE(compare_fields(span, (struct comparison){delimiter, true, true}, &r, 0) ==
                        r.count,
                    "fields");
            whole++;
        }
    }
    ck_assert_msg(broken > RANDOM / 5 && whole > RANDOM / 20, "%zu broken, %zu whole", broken,
                  whole);
}
END_TEST

START_TEST(quotes_scan_alike_in_any_pieces)
{
    static const char *const words[] = {"a", "\"", "\"", ",", " ", "\t", "\n", "\r", ";"};
    for (unsigned i = 0; i < RANDOM / 20; i++) {
        char input[LONGEST * 2];
        size_t n = random_input(input, words, sizeof words / sizeof *words);
        uint32_t whole = 1;
        enum wn_quote_state end =
            wn_csv_scan_quotes(WN_QUOTE_FIELD_START, (struct wn_span){input, n}, ',', &whole);
        for (size_t cut = 0; cut <= n; cut++) {
            uint32_t fields = 1;
            enum wn_quote_state state = wn_csv_scan_quotes(
                WN_QUOTE_FIELD_START, (struct wn_span){input, cut}, ',', &fields);
            state = wn_csv_scan_quotes(state, (struct wn_span){input + cut, n - cut}, ',', &fields);
            REQUIRE(state == end && fields == whole, "'%.*s' cut at %zu", (int)n, input, cut);
        }
    }
}
END_TEST

static const struct state_row {
    const char *name, *text;
    char delimiter;
    enum wn_quote_state state;
    uint32_t fields;
} state_rows[] = {
    {"nothing", "", ',', WN_QUOTE_FIELD_START, 1},
    {"plain", "a b,c", ',', WN_QUOTE_PLAIN, 2},
    {"blanks", " \t", ',', WN_QUOTE_FIELD_START, 1},
    {"quoted", "\"a,b\"", ',', WN_QUOTE_AFTER, 1},
    {"blanks around quotes", " \"a\" \t,b", ',', WN_QUOTE_PLAIN, 2},
    {"blank behind a quote", "\"a\" ", ',', WN_QUOTE_CLOSED, 1},
    {"open", "a,\"b,", ',', WN_QUOTE_INSIDE, 2},
    {"doubled quote", "\"a\"\"b\"", ',', WN_QUOTE_AFTER, 1},
    {"doubled quote that is open", "\"a\"\"", ',', WN_QUOTE_INSIDE, 1},
    {"quote within text", "a\"b", ',', WN_QUOTE_BROKEN, 1},
    {"text behind a quote", "\"a\"b", ',', WN_QUOTE_BROKEN, 1},
    {"text behind a quote and a blank", "\"a\" b", ',', WN_QUOTE_BROKEN, 1},
    {"quote behind a quote and a blank", "\"a\" \"", ',', WN_QUOTE_BROKEN, 1},
    {"tab as the delimiter is no blank", "\"a\"\t\"b\"", '\t', WN_QUOTE_AFTER, 2},
    {"a return behind a quote", "\"a\"\r", ',', WN_QUOTE_BROKEN, 1},
    {"delimiters after the break are not counted", "a\"b,c", ',', WN_QUOTE_BROKEN, 1},
};

START_TEST(quote_state)
{
    const struct state_row *row = &state_rows[_i];
    uint32_t fields = 1;
    ck_assert_msg(wn_csv_scan_quotes(WN_QUOTE_FIELD_START, wn_span_of(row->text), row->delimiter,
                                     &fields) == row->state,
                  "%s", row->name);
    ck_assert_msg(fields == row->fields, "%s: %u fields", row->name, fields);
}
END_TEST

static const struct field_row {
    const char *name, *record;
    char delimiter;
    uint32_t column;
    const char *raw, *value; /* NULL: there is no such field */
} field_rows[] = {
    {"the first", "a,b", ',', 0, "a", "a"},
    {"the last", "a,b", ',', 1, "b", "b"},
    {"beyond the last", "a,b", ',', 2, NULL, NULL},
    {"an empty record has one empty field", "", ',', 0, "", ""},
    {"an empty record has no second", "", ',', 1, NULL, NULL},
    {"empty at the end", "a,", ',', 1, "", ""},
    {"blanks stay", " a ,b", ',', 0, " a ", " a "},
    {"quoted", "\"a,b\",c", ',', 0, "\"a,b\"", "a,b"},
    {"behind quoted", "\"a,b\",c", ',', 1, "c", "c"},
    {"blanks around quotes go", " \"a\"\t,b", ',', 0, " \"a\"\t", "a"},
    {"blanks inside quotes stay", "\" a \"", ',', 0, "\" a \"", " a "},
    {"doubled quotes", "\"a\"\"b\"", ',', 0, "\"a\"\"b\"", "a\"b"},
    {"only doubled quotes", "\"\"\"\"", ',', 0, "\"\"\"\"", "\""},
    {"empty quotes", "\"\",b", ',', 0, "\"\"", ""},
    {"line end inside quotes", "\"a\r\nb\",c", ',', 0, "\"a\r\nb\"", "a\r\nb"},
    {"doubled quotes and a line end", "\"a\"\"\nb\"", ',', 0, "\"a\"\"\nb\"", "a\"\nb"},
    {"stray quote in text", "a\"b,c", ',', 0, "a\"b", "a\"b"},
    {"behind a stray quote", "a\"b,c", ',', 1, "c", "c"},
    {"text behind a quote", "\"a\"b\",c", ',', 0, "\"a\"b\"", "a\"b"},
    {"delimiter within broken quotes", "\"a\"b,c\",d", ',', 0, "\"a\"b,c\"", "a\"b,c"},
    {"behind broken quotes", "\"a\"b,c\",d", ',', 1, "d", "d"},
    {"beyond a broken record", "\"a\"b,c\",d", ',', 2, NULL, NULL},
    {"never closed: all that is left", "x,\"a,b", ',', 1, "\"a,b", "a,b"},
    {"a return behind a quote is a blank", "\"a\"\r,b", ',', 0, "\"a\"\r", "a"},
    {"a return before a quote is a blank", "\r\"a\",b", ',', 0, "\r\"a\"", "a"},
    {"nothing behind a stray return is lost", "\"a\"\rx\",b", ',', 0, "\"a\"\rx\"", "a\"\rx"},
    {"a lone quote", "\"", ',', 0, "\"", ""},
    {"tabs", "a\t\"b\tc\"", '\t', 1, "\"b\tc\"", "b\tc"},
    {"high bytes", "\xff;\"\xfe\"", ';', 1, "\"\xfe\"", "\xfe"},
};

START_TEST(field_and_value)
{
    const struct field_row *row = &field_rows[_i];
    struct wn_buf room = {0};
    struct wn_span raw = {0};
    bool found = wn_csv_field(wn_span_of(row->record), row->delimiter, row->column, true, &raw);
    ck_assert_msg(found == (row->raw != NULL), "%s", row->name);
    if (found) {
        ck_assert_msg(wn_span_equal(raw, wn_span_of(row->raw)), "%s: raw '%.*s'", row->name,
                      (int)raw.n, raw.p);
        struct wn_span value = wn_csv_value(raw, &room);
        ck_assert_msg(wn_span_equal(value, wn_span_of(row->value)), "%s: value '%.*s'", row->name,
                      (int)value.n, value.p);
    }
    if (strchr(row->record, '"') == NULL) {
        struct wn_span again = {0};
        ck_assert(wn_csv_field(wn_span_of(row->record), row->delimiter, row->column, false,
                               &again) == found);
        ck_assert(again.p == raw.p && again.n == raw.n);
    }
    wn_buf_release(&room);
}
END_TEST

START_TEST(chomp_takes_one_line_end)
{
    static const struct {
        const char *record, *rest;
    } rows[] = {{"a\n", "a"}, {"a\r\n", "a"}, {"a\r", "a"},     {"a", "a"},        {"", ""},
                {"\n", ""},   {"\r\n", ""},   {"a\n\n", "a\n"}, {"a\r\r\n", "a\r"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert(
            wn_span_equal(wn_csv_chomp(wn_span_of(rows[i].record)), wn_span_of(rows[i].rest)));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, quote_state, 0, sizeof state_rows / sizeof *state_rows);
    tcase_add_loop_test(tables, field_and_value, 0, sizeof field_rows / sizeof *field_rows);
    tcase_add_test(tables, chomp_takes_one_line_end);
    suite_add_tcase(suite, tables);
    TCase *oracle = tcase_create("oracle");
    tcase_set_timeout(oracle, PATIENCE);
    tcase_add_test(oracle, well_quoted_input_means_the_same_to_libcsv);
    tcase_add_test(oracle, broken_line_is_read_as_libcsv_does);
    tcase_add_test(oracle, quotes_scan_alike_in_any_pieces);
    suite_add_tcase(suite, oracle);
    return run_suite(suite);
}
