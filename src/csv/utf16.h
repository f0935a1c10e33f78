/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_UTF16_H
#define WN_CSV_UTF16_H

/* UTF-16 to UTF-8 (RFC 2781), piece by piece: Excel saves "Unicode text" that way. Pieces may end
 * anywhere, also within a character. Every character is turned, the byte-order mark too: in UTF-8
 * it tells spreadsheets what the text is. */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Owned by the caller; zero-initialise, then set the byte order. */
struct wn_utf16 {
    bool big_endian;
    bool half;           /* one byte of a unit is there */
    unsigned char first; /* that byte */
    uint16_t high;       /* the surrogate that waits for its other half; 0: none */
    uint64_t offset;     /* bytes that have been read */
};

/* How many bytes the mark of UTF-16 has at the beginning of a text: 2, or 0 if there is none. The
 * text's first four bytes are needed: UTF-32 begins alike. */
size_t wn_utf16_mark(struct wn_span text, bool *big_endian);

/* Appends what `piece` says to `out`. False at a surrogate without its other half: *at is the
 * offset of its first byte. */
bool wn_utf16_add(struct wn_utf16 *u, struct wn_span piece, struct wn_buf *out, uint64_t *at);

/* Whether the text may end here; if not, *at is where the unfinished character begins. */
bool wn_utf16_end(const struct wn_utf16 *u, uint64_t *at);

#endif
