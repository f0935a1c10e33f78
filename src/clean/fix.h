/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_FIX_H
#define WN_CLEAN_FIX_H

/* What --fix does: the address that is written into a row instead of its email cell, and the row
 * with it. Two kinds of change are made:
 *
 * - A repaired address (flags trimmed and extracted) takes its normal form: it is the mailbox that
 *   was judged, in any list.
 * - A suggestion is another mailbox than the one that was judged. It never goes into a dropped row,
 *   since nothing is held against that mailbox, and otherwise only where it would by itself earn
 *   the list that the row goes to: nobody who unsubscribed comes back as a correction. */

#include "clean/explain.h"
#include "clean/run.h"

/* The address that the row gets, or an empty span when it stays as it is. `row` is what wn_explain
 * made of `judged` under the same `options`; the span points into it. */
struct wn_span wn_fix_choose(const struct wn_run *run, const struct wn_judged *judged,
                             const struct wn_report_row *row, unsigned options);

/* Appends the record's bytes with `address` in the place of its email cell, quoted where it has to
 * be or the cell was. */
void wn_fix_write(struct wn_span record, const struct wn_row *row, struct wn_span address,
                  char delimiter, struct wn_buf *out);

#endif
