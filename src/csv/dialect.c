/* SPDX-License-Identifier: MIT */
#include "csv/dialect.h"

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
    {{"\x28\xb5\x2f\xfd", 4}, "compressed with zstd", "decompress it first"},
    {{"BZh", 3}, "compressed with bzip2", "decompress it first"},
    {{"\xfd"
      "7zXZ",
      5},
     "compressed with xz",
     "decompress it first"},
    {{"SQLite format 3", 15}, "an SQLite database", "export the list as CSV"},
    {{"\xff\xfe", 2}, "UTF-16 text", "save it as CSV in UTF-8"},
    {{"\xfe\xff", 2}, "UTF-16 text", "save it as CSV in UTF-8"},
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
    *dialect = (struct wn_dialect){.delimiter = delimiter, .line_end = '\n'};
    int status = refuse_binary(sample, name, err);
    if (status != WN_OK) {
        return status;
    }
    if (sample.n > 0 && memchr(sample.p, '\n', sample.n) == NULL &&
        memchr(sample.p, '\r', sample.n) != NULL) {
        dialect->line_end = '\r';
    }
    struct wn_span rest = sample;
    if (starts_with(rest, WN_SPAN("\xef\xbb\xbf"))) {
        rest.p += 3;
        rest.n -= 3;
    }
    dialect->prelude = sample.n - rest.n;
    struct wn_span after = rest;
    struct wn_span line = take_line(&after, dialect->line_end);
    if (line.n == 5 && starts_with(line, WN_SPAN("sep="))) {
        rest = after;
        dialect->prelude = sample.n - rest.n;
        dialect->prelude_lines = 1;
        if (delimiter == 0) {
            dialect->delimiter = line.p[4];
        }
    }
    if (dialect->delimiter == 0) {
        dialect->delimiter = guess_delimiter(rest, dialect->line_end);
    }
    if (dialect->delimiter == '"' || dialect->delimiter == '\r' || dialect->delimiter == '\n') {
        return wn_error_set(err, WN_E_DATA, "%s: a quote or a line end cannot be the delimiter",
                            name);
    }
    return WN_OK;
}
