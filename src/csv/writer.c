/* SPDX-License-Identifier: MIT */
#include "csv/writer.h"

#define EACH(c) (UINT64_C(0x0101010101010101) * (unsigned char)(c))

/* Whether one of the eight octets of v is zero. */
static uint64_t zero_octet(uint64_t v)
{
    return (v - EACH(1)) & ~v & EACH(0x80);
}

/* Eight octets at a time, as the report has a handful of fields a row and millions of rows. */
static bool has_special(struct wn_span field)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= field.n; i += sizeof(uint64_t)) {
        uint64_t v;
        memcpy(&v, field.p + i, sizeof v);
        if ((zero_octet(v ^ EACH(',')) | zero_octet(v ^ EACH('"')) | zero_octet(v ^ EACH('\n')) |
             zero_octet(v ^ EACH('\r'))) != 0) {
            return true;
        }
    }
    for (; i < field.n; i++) {
        char c = field.p[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

/* Comma, quote and the line ends need quotes; so do blanks at either end, which some readers trim.
 */
static bool needs_quotes(struct wn_span field)
{
    if (field.n == 0) {
        return false;
    }
    if (field.p[0] == ' ' || field.p[field.n - 1] == ' ' || field.p[0] == '\t' ||
        field.p[field.n - 1] == '\t') {
        return true;
    }
    return has_special(field);
}

static void add_quoted(struct wn_buf *out, struct wn_span field)
{
    char *p = wn_buf_room(out, field.n * 2 + 2);
    char *q = p;
    *q++ = '"';
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"') {
            *q++ = '"';
        }
        *q++ = field.p[i];
    }
    *q++ = '"';
    out->len += (size_t)(q - p);
}

void wn_csv_add_field(struct wn_buf *out, struct wn_span field)
{
    if (needs_quotes(field)) {
        add_quoted(out, field);
    } else {
        wn_buf_add_span(out, field);
    }
}

void wn_csv_add_value(struct wn_buf *out, struct wn_span value, char delimiter, bool quoted)
{
    if (quoted || needs_quotes(value) ||
        (value.n > 0 && memchr(value.p, delimiter, value.n) != NULL)) {
        add_quoted(out, value);
    } else {
        wn_buf_add_span(out, value);
    }
}
