/* SPDX-License-Identifier: MIT */
#include "csv/dialect.h"

#include <unistr.h>

#include "csv/scan.h"

/* What people save or download in place of a CSV, by its first bytes. */
static const struct {
    struct wn_span signature;
    const char *what;
    const char *advice;
} binaries[] = {
    {{"PK\x03\x04", 4}, "an Excel workbook or another zip archive", "save it as CSV"},
    {{"\xd0\xcf\x11\xe0", 4}, "an old Excel workbook", "save it as CSV"},
    {{"%PDF", 4}, "a PDF document", "export the list as CSV"},
    {{"BZh", 3}, "compressed with bzip2", "decompress it first"},
    {{"\xfd"
      "7zXZ",
      5},
     "compressed with xz",
     "decompress it first"},
    {{"SQLite format 3", 15}, "an SQLite database", "export the list as CSV"},
    {{"\xff\xfe\0\0", 4}, "UTF-32 text", "save it as CSV in UTF-8"},
    {{"\0\0\xfe\xff", 4}, "UTF-32 text", "save it as CSV in UTF-8"},
};

static bool starts_with(struct wn_span s, struct wn_span prefix)
{
    return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

/* Bytes that no text holds: control characters but for white space and escape. */
static bool is_binary(char c)
{
    unsigned char u = (unsigned char)c;
    return (u < 0x20 && u != 0x1b && (u < '\t' || u > '\r')) || u == 0x7f;
}

static int refuse_binary(struct wn_span sample, const char *name, struct wn_error *err)
{
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++) {
        if (starts_with(sample, binaries[i].signature)) {
            return wn_error_set(err, WN_E_DATA, "%s is %s (byte 0 shows it): %s", name,
                                binaries[i].what, binaries[i].advice);
        }
    }
    size_t count = 0, first = 0;
    for (size_t i = 0; i < sample.n; i++) {
        if (is_binary(sample.p[i])) {
            first = count == 0 ? i : first;
            count++;
        }
    }
    if (count * 100 > sample.n && count > 1) {
        return wn_error_set(
            err, WN_E_DATA,
            "%s is not text: byte %zu is 0x%02x, and there are %zu such bytes in the "
            "first %zu; save the list as CSV",
            name, first, (unsigned)(unsigned char)sample.p[first], count, sample.n);
    }
    return WN_OK;
}

/* Windows-1252 if more bytes are no UTF-8 than characters beyond ASCII are: a cell that was pasted
 * in the wrong encoding does not make a file of it. Five bytes mean nothing in Windows-1252, so
 * that where they stand it is another of its kind. */
static bool is_windows_1252(struct wn_span sample)
{
    size_t sound = 0, broken = 0;
    for (size_t i = 0; i < sample.n;) {
        unsigned char c = (unsigned char)sample.p[i];
        ucs4_t character;
        if (c < 0x80) {
            i++;
            continue;
        }
        int n = u8_mbtoucr(&character, (const uint8_t *)sample.p + i, sample.n - i);
        if (n == -2) {
            break; /* the sample ends within a character */
        }
        if (n > 0) {
            sound++;
            i += (size_t)n;
            continue;
        }
        if (c == 0x81 || c == 0x8d || c == 0x8f || c == 0x90 || c == 0x9d) {
            return false;
        }
        broken++;
        i++;
    }
    return broken > sound;
}

/* The next line of `rest` without its end; moves `rest` behind it. */
static struct wn_span take_line(struct wn_span *rest, char line_end)
{
    const char *stop = rest->n > 0 ? memchr(rest->p, line_end, rest->n) : NULL;
    size_t n = stop != NULL ? (size_t)(stop - rest->p) + 1 : rest->n;
    struct wn_span line = wn_csv_chomp((struct wn_span){rest->p, n});
    rest->p += n;
    rest->n -= n;
    return line;
}

/* How well a delimiter explains the first lines: how many of them have as many fields as the first,
 * weighed by that number. Lines within quoted fields count little and are the same for all. */
static size_t score(struct wn_span text, char line_end, char delimiter)
{
    enum {
        LINES = 50
    };
    size_t first = 0, same = 0, lines = 0;
    while (text.n > 0 && lines < LINES) {
        struct wn_span line = take_line(&text, line_end);
        uint32_t fields = 1;
        if (line.n == 0) {
            continue;
        }
        (void)wn_csv_scan_quotes(WN_QUOTE_FIELD_START, line, delimiter, &fields);
        if (lines++ == 0) {
            first = fields;
        }
        same += fields == first;
    }
    if (first < 2) {
        return 0;
    }
    return same * 1000 / lines + (first < 100 ? first : 100);
}

/* A carriage return ends the lines if one stands outside of quotes and no line feed does: cells
 * may hold lines of the other kind. */
static char find_line_end(struct wn_span sample)
{
    bool quoted = false, returns = false;
    for (size_t i = 0; i < sample.n; i++) {
        char c = sample.p[i];
        if (c == '"') {
            quoted = !quoted;
        } else if (c == '\n' && !quoted) {
            return '\n';
        } else if (c == '\r' && !quoted) {
            returns = true;
        }
    }
    return returns ? '\r' : '\n';
}

static void skip_byte_order_marks(struct wn_span *rest)
{
    while (starts_with(*rest, WN_SPAN("\xef\xbb\xbf"))) { /* tools put a second before the first */
        rest->p += 3;
        rest->n -= 3;
    }
}

/* The delimiter of a line like sep=; which Excel writes and reads, in quotes if it went through a
 * spreadsheet once more; 0 for any other line. */
static char read_sep(struct wn_span line)
{
    if (line.n == 7 && line.p[0] == '"' && line.p[6] == '"') {
        line = (struct wn_span){line.p + 1, 5};
    }
    struct wn_span word = {line.p, line.n == 5 ? 4 : 0};
    return wn_span_equal_nocase(word, WN_SPAN("sep=")) ? line.p[4] : '\0';
}

static char guess_delimiter(struct wn_span text, char line_end)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    size_t best_score = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t s = score(text, line_end, candidates[i]);
        if (s > best_score) {
            best_score = s;
            best = candidates[i];
        }
    }
    return best;
}

int wn_dialect_detect(struct wn_span sample, char delimiter, const char *name,
                      struct wn_dialect *dialect, struct wn_error *err)
{
    *dialect = (struct wn_dialect){.delimiter = delimiter};
    int status = refuse_binary(sample, name, err);
    if (status != WN_OK) {
        return status;
    }
    dialect->line_end = find_line_end(sample);
    dialect->windows_1252 = is_windows_1252(sample);
    struct wn_span rest = sample;
    skip_byte_order_marks(&rest);
    struct wn_span after = rest;
    char sep = read_sep(take_line(&after, dialect->line_end));
    if (sep != '\0') {
        rest = after;
        skip_byte_order_marks(&rest); /* the line was put before a file that has one */
        dialect->prelude_lines = 1;
        dialect->delimiter = delimiter != 0 ? delimiter : sep;
    }
    dialect->prelude = sample.n - rest.n;
    if (dialect->delimiter == 0) {
        dialect->delimiter = guess_delimiter(rest, dialect->line_end);
    }
    if (dialect->delimiter == '"' || dialect->delimiter == '\r' || dialect->delimiter == '\n') {
        return wn_error_set(err, WN_E_DATA, "%s: a quote or a line end cannot be the delimiter",
                            name);
    }
    return WN_OK;
}
