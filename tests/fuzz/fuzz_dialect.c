/* SPDX-License-Identifier: MIT */
/* Fuzzes the reading of UTF-16, and then what kind of text it is. The first octet says into what
 * pieces the input is cut (0: none) and which delimiter the user chose. libunistring is the judge
 * of UTF-16: the text and the first wrong byte must be as it says, wherever the pieces end. */
#include "csv/dialect.h"

#include <unistr.h>

#include "csv/utf16.h"
#include "fuzz.h"

enum {
    PIECES = 32
};

/* The input by our reader: true when all of it is sound, else *at is where it is not. */
static bool read_ours(struct wn_span input, bool big_endian, size_t piece, struct wn_buf *out,
                      uint64_t *at)
{
    struct wn_utf16 u = {.big_endian = big_endian};
    for (size_t i = 0, n; i < input.n; i += n) {
        n = piece > 0 && piece < input.n - i ? piece : input.n - i;
        /* A copy of its own: no octet behind the piece may matter. */
        char *copy = wn_malloc(n);
        memcpy(copy, input.p + i, n);
        bool sound = wn_utf16_add(&u, (struct wn_span){copy, n}, out, at);
        free(copy);
        if (!sound) {
            return false;
        }
    }
    REQUIRE(u.offset == input.n);
    return wn_utf16_end(&u, at);
}

/* The same by libunistring; a byte too many at the end is an unfinished character. */
static bool read_theirs(struct wn_span input, bool big_endian, struct wn_buf *out, uint64_t *at)
{
    size_t units = input.n / 2;
    uint16_t *text = wn_calloc(units + 1, sizeof *text);
    for (size_t i = 0; i < units; i++) {
        unsigned first = (uint8_t)input.p[2 * i];
        unsigned second = (uint8_t)input.p[2 * i + 1];
        text[i] = (uint16_t)(big_endian ? first << 8 | second : second << 8 | first);
    }
    const uint16_t *wrong = u16_check(text, units);
    size_t sound = wrong != NULL ? (size_t)(wrong - text) : units;
    size_t length = 0;
    uint8_t *utf8 = u16_to_u8(text, sound, NULL, &length);
    REQUIRE(utf8 != NULL || sound == 0);
    wn_buf_add(out, (const char *)utf8, length);
    *at = 2 * sound;
    free(utf8);
    free(text);
    return sound == units && input.n % 2 == 0;
}

static void check_utf16(struct wn_span input, bool big_endian, size_t piece, struct wn_buf *ours)
{
    struct wn_buf theirs = {0};
    uint64_t our_at = UINT64_MAX, their_at = UINT64_MAX;
    bool sound = read_ours(input, big_endian, piece, ours, &our_at);

    REQUIRE(read_theirs(input, big_endian, &theirs, &their_at) == sound);
    REQUIRE(sound || our_at == their_at);
    REQUIRE(wn_span_equal(wn_buf_span(ours), wn_buf_span(&theirs)));
    wn_buf_release(&theirs);
}

static bool starts_with_mark(struct wn_span text)
{
    return text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0;
}

/* A byte-order mark in front is passed over and changes nothing. */
static void check_marked(struct wn_span sample, char delimiter, const struct wn_dialect *d)
{
    struct wn_dialect marked;
    struct wn_buf text = {0};
    wn_buf_add(&text, "\xef\xbb\xbf", 3);
    wn_buf_add_span(&text, sample);
    REQUIRE(wn_dialect_detect(wn_buf_span(&text), delimiter, "fuzz", &marked, NULL) == WN_OK);
    REQUIRE(marked.prelude == d->prelude + 3 && marked.prelude_lines == d->prelude_lines);
    REQUIRE(marked.delimiter == d->delimiter && marked.line_end == d->line_end);
    wn_buf_release(&text);
}

static void check_dialect(struct wn_span sample, char delimiter)
{
    struct wn_dialect d;
    struct wn_error err = {0};
    int status = wn_dialect_detect(sample, delimiter, "fuzz", &d, &err);

    REQUIRE(status == err.status && (status == WN_OK || status == WN_E_DATA));
    if (status != WN_OK) {
        REQUIRE(err.text[0] != '\0' && memchr(err.text, '\0', sizeof err.text) != NULL);
        return;
    }
    REQUIRE(d.line_end == '\n' || d.line_end == '\r');
    REQUIRE(d.delimiter != '"' && d.delimiter != '\n' && d.delimiter != '\r');
    REQUIRE(d.delimiter != '\0' && (delimiter == '\0' || d.delimiter == delimiter));
    REQUIRE(d.prelude <= sample.n && d.prelude_lines <= 1);
    struct wn_span rest = {sample.p + d.prelude, sample.n - d.prelude};
    REQUIRE(!starts_with_mark(rest));
    REQUIRE(!d.windows_1252 || u8_check((const uint8_t *)sample.p, sample.n) != NULL);
    check_marked(sample, delimiter, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = {'\0', '\0', '\0', ',', ';', '\t', '"', '\x01'};
    struct wn_buf text = {0};
    bool big_endian = false;
    if (size == 0) {
        return 0;
    }
    size_t piece = data[0] % PIECES;
    char delimiter = delimiters[data[0] / PIECES];
    struct wn_span input = {(const char *)data + 1, size - 1};
    size_t mark = wn_utf16_mark(input, &big_endian);
    REQUIRE(mark == 0 || (mark == 2 && input.n >= 2));
    if (mark > 0) {
        check_utf16(input, big_endian, piece, &text);
        REQUIRE(text.len == 0 || starts_with_mark(wn_buf_span(&text)));
        input = (struct wn_span){text.p, text.len};
    }
    if (input.n > 0) {
        check_dialect(input, delimiter);
    }
    wn_buf_release(&text);
    return 0;
}
