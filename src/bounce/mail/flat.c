/* SPDX-License-Identifier: MIT */
/* Two readings of one message must never differ, so this one is strict where MIME is not, and says
 * "not flat" at the first thing that would need a judgement. */
#include "bounce/mail/flat.h"

enum {
    TYPE_MAX = 1000,      /* bytes of a Content-Type */
    BOUNDARY_MAX = 200,   /* RFC 2046, 5.1.1, has 70 */
    HEADER_LINES_MAX = 50 /* of a part */
};

struct type {
    struct wn_span name, boundary, charset, report;
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || wn_is_digit(c) ||
           (c != '\0' && strchr("-_.+/", c) != NULL);
}

static struct wn_span take_plain(struct wn_span *rest)
{
    struct wn_span word = {rest->p, 0};
    while (word.n < rest->n && is_plain(rest->p[word.n])) {
        word.n++;
    }
    *rest = (struct wn_span){rest->p + word.n, rest->n - word.n};
    return word;
}

static bool take_char(struct wn_span *rest, char c)
{
    if (rest->n == 0 || *rest->p != c) {
        return false;
    }
    *rest = (struct wn_span){rest->p + 1, rest->n - 1};
    return true;
}

/* A value, quoted or not; empty when it is neither. */
static struct wn_span take_value(struct wn_span *rest)
{
    if (!take_char(rest, '"')) {
        return take_plain(rest);
    }
    const char *end = rest->n > 0 ? memchr(rest->p, '"', rest->n) : NULL;
    if (end == NULL) {
        return (struct wn_span){NULL, 0};
    }
    struct wn_span value = {rest->p, (size_t)(end - rest->p)};
    *rest = (struct wn_span){end + 1, rest->n - value.n - 1};
    return value.n > 0 && memchr(value.p, '\\', value.n) == NULL ? value
                                                                 : (struct wn_span){NULL, 0};
}

/* `value` is unfolded. */
static bool read_type(struct wn_span value, struct type *type)
{
    struct {
        struct wn_span name, *slot;
    } known[] = {{{"boundary", 8}, &type->boundary},
                 {{"charset", 7}, &type->charset},
                 {{"report-type", 11}, &type->report}};
    struct wn_span rest = wn_span_trim(value);
    *type = (struct type){.name = take_plain(&rest)};
    for (rest = wn_span_trim(rest); take_char(&rest, ';'); rest = wn_span_trim(rest)) {
        rest = wn_span_trim(rest);
        if (rest.n == 0) {
            break;
        }
        struct wn_span name = take_plain(&rest);
        struct wn_span word = take_char(&rest, '=') ? take_value(&rest) : (struct wn_span){NULL, 0};
        if (name.n == 0 || word.n == 0) {
            return false;
        }
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (!wn_span_equal_nocase(name, known[i].name)) {
                continue;
            }
            if (known[i].slot->n > 0) {
                return false;
            }
            *known[i].slot = word;
        }
    }
    return rest.n == 0 && value.n <= TYPE_MAX && type->name.n > 0;
}

/* The fields about content; false when a judgement is needed. */
static bool read_fields(struct wn_span *rest, struct wn_arena *arena, struct type *type,
                        bool *encoded)
{
    bool typed = false, coded = false;
    struct wn_field field;
    *type = (struct type){.name = {"text/plain", 10}};
    *encoded = false;
    while (wn_field_next(rest, &field)) {
        if (wn_span_equal_nocase(field.name, WN_SPAN("content-type"))) {
            if (typed || !read_type(wn_field_unfold(field.value, arena), type)) {
                return false;
            }
            typed = true;
        } else if (wn_span_equal_nocase(field.name, WN_SPAN("content-transfer-encoding"))) {
            struct wn_span word = wn_span_trim(field.value);
            *encoded = !wn_span_equal_nocase(word, WN_SPAN("7bit")) &&
                       !wn_span_equal_nocase(word, WN_SPAN("8bit"));
            if (coded) {
                return false;
            }
            coded = true;
        }
    }
    return true;
}

/* Whether a part begins with fields alone and the empty line behind them. */
static bool has_clean_header(struct wn_span part)
{
    struct wn_span line;
    for (size_t lines = 0; lines < HEADER_LINES_MAX && wn_line_next(&part, &line); lines++) {
        if (line.n == 0) {
            return true;
        }
        bool continued = lines > 0 && (*line.p == ' ' || *line.p == '\t');
        if (!continued && !wn_field_begins(line)) {
            return false;
        }
    }
    return false;
}

static bool read_part(struct wn_span bytes, bool last, bool cut, struct wn_arena *arena,
                      struct wn_flat_part *part)
{
    static const struct {
        struct wn_span name;
        enum wn_flat_kind kind;
    } kinds[] = {{{"text/plain", 10}, WN_FLAT_TEXT},
                 {{"message/delivery-status", 23}, WN_FLAT_STATUS},
                 {{"text/rfc822-headers", 19}, WN_FLAT_RETURNED}};
    struct type type;
    bool encoded;
    if (!has_clean_header(bytes) || !read_fields(&bytes, arena, &type, &encoded)) {
        return false;
    }
    *part = (struct wn_flat_part){.kind = WN_FLAT_RETURNED, .content = bytes};
    if (last && cut) { /* its content is elsewhere */
        return bytes.n == 0 && (wn_span_equal_nocase(type.name, WN_SPAN("message/rfc822")) ||
                                wn_span_equal_nocase(type.name, kinds[2].name));
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (wn_span_equal_nocase(type.name, kinds[i].name)) {
            part->kind = kinds[i].kind;
            part->charset = type.charset.n > 0 ? wn_arena_text(arena, type.charset) : NULL;
            return !encoded;
        }
    }
    return false;
}

/* The next line that is the delimiter (RFC 2046, 5.1.1): *at is where it begins, *behind the line
 * behind it. */
enum delimiter {
    NONE,
    NEXT,
    CLOSE,
    DOUBTFUL
};

static enum delimiter find_delimiter(struct wn_span body, size_t from, struct wn_span delimiter,
                                     size_t *at, size_t *behind)
{
    const char *p = memmem(body.p + from, body.n - from, delimiter.p, delimiter.n);
    if (p == NULL) {
        return NONE;
    }
    struct wn_span rest = {p + delimiter.n, body.n - (size_t)(p - body.p) - delimiter.n}, line;
    bool close = rest.n >= 2 && rest.p[0] == '-' && rest.p[1] == '-';
    if (!wn_line_next(&rest, &line)) {
        line = rest;
    }
    *at = (size_t)(p - body.p);
    *behind = (size_t)(rest.p - body.p);
    bool clean = (p == body.p || p[-1] == '\n') && line.n == (close ? 2U : 0U);
    return !clean ? DOUBTFUL : close ? CLOSE : NEXT;
}

static struct wn_span without_line_end(struct wn_span s)
{
    s.n -= s.n > 0 && s.p[s.n - 1] == '\n';
    s.n -= s.n > 0 && s.p[s.n - 1] == '\r';
    return s;
}

static bool read_parts(struct wn_span body, struct wn_span delimiter, bool cut,
                       struct wn_arena *arena, struct wn_flat *flat)
{
    size_t at, start, next = 0;
    flat->count = 0;
    enum delimiter found = find_delimiter(body, 0, delimiter, &at, &start);
    while (found == NEXT && flat->count < WN_FLAT_PARTS_MAX) {
        found = find_delimiter(body, start, delimiter, &at, &next);
        if (found == DOUBTFUL || (found == NONE && !cut)) {
            return false;
        }
        struct wn_span bytes = {body.p + start, (found == NONE ? body.n : at) - start};
        if (found != NONE) {
            bytes = without_line_end(bytes);
        }
        if (!read_part(bytes, found == NONE, cut, arena, &flat->parts[flat->count++])) {
            return false;
        }
        start = next;
    }
    return found == (cut ? NONE : CLOSE) && flat->count > 0;
}

bool wn_flat_read(struct wn_span header, struct wn_span body, bool cut, struct wn_arena *arena,
                  struct wn_flat *flat)
{
    char delimiter[BOUNDARY_MAX + 2] = "--";
    struct type type;
    bool encoded;
    if (!read_fields(&header, arena, &type, &encoded) || encoded ||
        !(wn_span_equal_nocase(type.name, WN_SPAN("multipart/report")) ||
          wn_span_equal_nocase(type.name, WN_SPAN("multipart/mixed"))) ||
        type.boundary.n == 0 || type.boundary.n > BOUNDARY_MAX) {
        return false;
    }
    memcpy(delimiter + 2, type.boundary.p, type.boundary.n);
    flat->disposition = wn_span_equal_nocase(type.report, WN_SPAN("disposition-notification"));
    return read_parts(body, (struct wn_span){delimiter, type.boundary.n + 2}, cut, arena, flat);
}
