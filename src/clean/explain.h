/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_EXPLAIN_H
#define WN_CLEAN_EXPLAIN_H

/* From a judged row to what the report says of it. */

#include "clean/judge.h"
#include "report/report.h"

/* What a report row's spans may point to; owned by the caller, zero-initialised. */
struct wn_explain_room {
    struct wn_address address; /* the cell, read again unless it is its own normal form */
    struct wn_buf diagnostic, suggestion;
};

/* Fills *row but for `line` and `duplicate_*`. `cell` is the email cell's value; `options` those
 * the survey gave to wn_address_read. The spans point into `cell`, the tables and `room`. */
void wn_explain(const struct wn_judged *judged, struct wn_span cell, unsigned options,
                struct wn_explain_room *room, struct wn_report_row *row);

#endif
