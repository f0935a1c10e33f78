/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_WRITER_H
#define WN_CSV_WRITER_H

/* Fields of our own CSV files (RFC 4180: comma, quotes doubled, LF). */

#include "base/str.h"

/* Appends one field, quoted only if it has to be; no delimiter. A field is data: nothing is escaped
 * for spreadsheets. */
void wn_csv_add_field(struct wn_buf *out, struct wn_span field);

#endif
