/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_DIALECT_H
#define WN_CSV_DIALECT_H

/* What kind of text an input is, judged by its first bytes: byte-order mark, Excel's sep= line,
 * delimiter, line end, encoding; or that it is no text at all. UTF-16 has become UTF-8 before
 * (csv/input.h). */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

enum {
    WN_DIALECT_SAMPLE = 1 << 16
}; /* bytes that are looked at */

struct wn_dialect {
    char delimiter;
    char line_end;        /* '\n' or '\r' */
    size_t prelude;       /* bytes of byte-order mark and sep= line before the first record */
    size_t prelude_lines; /* physical lines among them */
    bool windows_1252;    /* not UTF-8 but Windows-1252, as far as bytes can tell; they stay as they
                           * are, so this is for a note */
};

/* `sample`: the input's first WN_DIALECT_SAMPLE bytes, or all of it. `delimiter`: the user's
 * choice, or 0. WN_E_DATA with advice when this is no text that can be read as CSV; `name` is what
 * the message calls the input. */
int wn_dialect_detect(struct wn_span sample, char delimiter, const char *name,
                      struct wn_dialect *dialect, struct wn_error *err);

#endif
