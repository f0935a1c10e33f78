/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_CUT_H
#define WN_CSV_CUT_H

/* Cuts a window of bytes into records, byte for byte: what is a record, where it begins and ends,
 * on which physical line; and what cannot be one. Works on memory alone; one cutter reads one input
 * from front to back, window after window. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
    WN_RECORD_MAX = 1 << 20
}; /* bytes; longer ones are rejected */

enum wn_reject_reason {
    WN_REJECT_UNCLOSED,  /* the quoted field is never closed */
    WN_REJECT_SUSPECT,   /* over several lines, with stray quotes or another number of fields */
    WN_REJECT_TOO_LONG,  /* longer than WN_RECORD_MAX */
    WN_REJECT_NUL,       /* holds a NUL byte */
    WN_REJECT_NO_COLUMN, /* too short to have the email column (found later, not by the cutter) */
    WN_REJECT_REASONS
};
/* For rejected.csv, without a full stop. */
const char *wn_reject_sentence(enum wn_reject_reason reason);

struct wn_record {
    uint32_t offset, length; /* in the window, line end included */
    uint32_t line;           /* lines between the window's first and the record's first */
    bool quoted;             /* holds a quote */
};

struct wn_reject {
    uint64_t offset, length; /* in the input, line end included */
    uint64_t line;           /* 1-based physical line on which it begins */
    enum wn_reject_reason reason;
};

/* Owned by the caller; zero-initialise, then set the first group and read the second. */
struct wn_cutter {
    char delimiter;
    char line_end;   /* '\n' (with or without '\r' before it), or '\r' alone */
    uint32_t fields; /* of the header; 0 when not known */
    uint64_t offset; /* in the input, of the next window's first byte */
    uint64_t line;   /* 1-based, of the next window's first byte */
    uint64_t blank_lines;

    bool skipping; /* in the middle of a line that is too long */
    struct wn_reject skipped;
};

/* What a window held; cleared by the cutter, kept by the caller for its capacity. */
struct wn_cut {
    struct wn_record *records;
    size_t record_count, record_capacity;
    struct wn_reject *rejects;
    size_t reject_count, reject_capacity;
    size_t consumed; /* bytes of the window; the rest belongs in front of the next one */
    uint64_t line;   /* 1-based line of the window's first byte */
};

/* `last`: no more bytes follow the window. A window that is not the last and of which nothing was
 * consumed must come again with more bytes; that happens only below WN_RECORD_MAX + 1 bytes. */
void wn_csv_cut(struct wn_cutter *cutter, struct wn_span window, bool last, struct wn_cut *cut);
void wn_cut_release(struct wn_cut *cut);
void wn_cut_add_reject(struct wn_cut *cut, const struct wn_reject *reject);

#endif
