/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_REPORT_H
#define WN_REPORT_REPORT_H

/* One row of the report, and its two forms: a record of report.csv, an object of JSON lines. */

#include "base/str.h"
#include "store/suppression.h"
#include "verdict/decide.h"

/* Spans are empty, and numbers 0, where there is nothing to say. */
struct wn_report_row {
    uint64_t line;
    struct wn_span email, address;
    struct wn_verdict verdict;
    uint32_t flags; /* enum wn_flag bits */
    struct wn_span suggestion, domain, mx, provider, diagnostic;
    const struct wn_history *history; /* or NULL */
    const struct wn_probe *probe;     /* whose reply decided; NULL: the codes are the history's */
    const char *duplicate_file;       /* NULL: the same input */
    uint64_t duplicate_line;
    struct wn_span column; /* the email column's name, where a row has several */
    struct wn_span fixed;  /* what stands in the row now, where --fix changed it */
};

/* Formats rows of one run; remembers the words of each reason's last verdict, which the next one
 * nearly always shares. Owned by the caller, zero-initialised; one a thread. */
struct wn_report_writer {
    struct {
        struct wn_verdict verdict;
        struct wn_buf words; /* ",result,reason,action,blame,evidence,", empty before the first */
    } known[WN_REASON_COUNT];
};

void wn_report_writer_release(struct wn_report_writer *w);

/* The header of report.csv, with its line end. */
void wn_report_header(struct wn_buf *out);

/* One record of report.csv, with its line end. */
void wn_report_csv(struct wn_report_writer *w, const struct wn_report_row *row, struct wn_buf *out);

/* One JSON object on one line, with its line end; keys are the columns', numbers are numbers, and
 * what is not known is null. what only the rows of a list have (line, duplicate_of, column, fixed)
 * is left out. */
void wn_report_json(const struct wn_report_row *row, struct wn_buf *out);

/* The flags' words, sorted, joined with `;`. */
void wn_report_flags(struct wn_buf *out, uint32_t flags);

/* "5.1.1", or nothing when the class is 0. */
void wn_report_enhanced(struct wn_buf *out, const uint8_t enhanced[2], uint16_t detail);

#endif
