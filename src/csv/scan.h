/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_SCAN_H
#define WN_CSV_SCAN_H

/* Fields of one record that lies in memory: where each one's raw bytes are, and what they mean.
 *
 * A record is well quoted (RFC 4180, with libcsv's allowance for blanks around quotes) when every
 * field either holds no quote or is a quote, text with doubled quotes, a quote. Such a record needs
 * no library. Every other record is read by libcsv, whose reading of stray quotes is then the
 * truth. That the two agree wherever both apply is tested on random input. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* How far a scan of quotes got; start with {0}. Feed it consecutive pieces of one record. */
enum wn_quote_state {
    WN_QUOTE_FIELD_START, /* nothing but blanks since the last delimiter */
    WN_QUOTE_PLAIN,       /* in a field without quotes */
    WN_QUOTE_INSIDE,      /* between the quotes */
    WN_QUOTE_AFTER,       /* behind a quote that closes the field or is the first of a pair */
    WN_QUOTE_CLOSED,      /* blanks behind a closing quote */
    WN_QUOTE_BROKEN       /* not well quoted: ask libcsv */
};

/* Scans `piece` (whole physical lines without the last one's line end) from `state`; counts the
 * delimiters outside quotes into *fields. */
enum wn_quote_state wn_csv_scan_quotes(enum wn_quote_state state, struct wn_span piece,
                                       char delimiter, uint32_t *fields);

/* Whether the record that ends here is closed: the state is neither inside quotes nor broken. */
static inline bool wn_csv_closed(enum wn_quote_state state)
{
    return state != WN_QUOTE_INSIDE && state != WN_QUOTE_BROKEN;
}

/* The raw bytes of field `column` (from 0) of a record without its line end; false when the record
 * has fewer fields. `quoted`: the record holds a quote somewhere. */
bool wn_csv_field(struct wn_span record, char delimiter, uint32_t column, bool quoted,
                  struct wn_span *raw);

/* Where a record that is not well quoted ends, by libcsv: true if its first line (without line end)
 * is a whole record. */
bool wn_csv_line_is_record(struct wn_span line, char delimiter);

/* What a raw field says: an unquoted one is itself, blanks and all; a quoted one is what its quotes
 * hold, with doubled quotes halved (into `room` when that changes anything). */
struct wn_span wn_csv_value(struct wn_span raw, struct wn_buf *room);

/* A record without its line end. */
struct wn_span wn_csv_chomp(struct wn_span record);

#endif
