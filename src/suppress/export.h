/* SPDX-License-Identifier: MIT */
#ifndef WN_SUPPRESS_EXPORT_H
#define WN_SUPPRESS_EXPORT_H

/* The suppression list in the forms that other tools read. */

#include "suppress/listing.h"

struct wn_export_format {
    const char *name;
    const char *header; /* with its line end, or "" */
    uint64_t reasons;   /* bits of enum wn_reason that the list is for; 0: all */
    enum wn_reason as;  /* what a row of it says that has no word of its own */
    bool every_reason;  /* a row for each reason of a mailbox; otherwise the strongest alone */
    bool hashed;        /* has room for mailboxes that are known by their hash alone */
    bool causes;        /* needs wn_suppressed_cause_find */
    void (*row)(struct wn_buf *out, const struct wn_suppressed *s,
                const struct wn_suppressed_cause *cause); /* NULL: digests */
};
/* Every format, in the order of the help; a NULL name ends them. */
extern const struct wn_export_format wn_export_formats[];

/* By its name, or NULL. */
const struct wn_export_format *wn_export_format_find(const char *name);

struct wn_export_counts {
    uint64_t rows;      /* written, without the header */
    uint64_t addresses; /* distinct mailboxes in them */
    uint64_t other;     /* mailboxes whose reasons belong into another list of that tool */
    uint64_t hashed;    /* hashed mailboxes for which the format has no room */
};

/* Takes the next bytes of the file; a non-zero status ends the export with it. */
typedef int wn_export_write(void *arg, struct wn_span bytes, struct wn_error *err);

/* Writes what the filter lets through. The digests of `sha256` are in their own order, so that
 * theirs does not tell the addresses'; they alone are gathered in memory, 32 bytes each. */
int wn_export_run(struct wn_store *store, const struct wn_export_format *format,
                  const struct wn_suppressed_filter *filter, wn_export_write *write, void *arg,
                  struct wn_export_counts *counts, struct wn_error *err);

#endif
