/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_WRITER_H
#define WN_CSV_WRITER_H

/* Fields of CSV files as we write them (RFC 4180: quotes doubled); our own have commas. */

#include "base/str.h"

/* Appends one field, quoted only if it has to be; no delimiter. A field is data: nothing is escaped
 * for spreadsheets. */
void wn_csv_add_field(struct wn_buf *out, struct wn_span field);

/* The same for a file of another delimiter; always quoted when `quoted` says so. */
void wn_csv_add_value(struct wn_buf *out, struct wn_span value, char delimiter, bool quoted);

#endif
