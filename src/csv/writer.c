/* SPDX-License-Identifier: MIT */
#include "csv/writer.h"

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
    for (size_t i = 0; i < field.n; i++) {
        char c = field.p[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

void wn_csv_add_field(struct wn_buf *out, struct wn_span field)
{
    if (!needs_quotes(field)) {
        wn_buf_add_span(out, field);
        return;
    }
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
