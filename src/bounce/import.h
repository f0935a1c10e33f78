/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMPORT_H
#define WN_BOUNCE_IMPORT_H

/* From a file of bounces into the store. */

#include "bounce/source.h"

/* What was found, summed over all files of an import. rows = added + known + unused. */
struct wn_import_counts {
    uint64_t rows;
    uint64_t added;  /* events the store did not have */
    uint64_t known;  /* events it had already */
    uint64_t unused; /* could not be used: the sum of faults */
    uint64_t faults[WN_NOTICE_FAULTS];
    uint64_t kinds[WN_KIND_COUNT];            /* of the added */
    uint64_t actions[WN_BOUNCE_ACTION_COUNT]; /* of the added bounces and deferrals */
};

/* Called for each row that cannot be used, from the reading thread, in the order of the file. */
typedef void wn_unused_visit(void *arg, const char *file, const struct wn_notice *notice);

struct wn_import_settings {
    struct wn_source_settings source;
    int64_t now;             /* seconds since 1970 */
    const _Atomic int *stop; /* becomes non-zero when an orderly stop is asked for; never NULL */
    wn_unused_visit *unused; /* or NULL */
    void *unused_arg;
};

/* Reads `path` ("-": standard input; gzip by its first bytes) and adds its events, in transactions
 * of less than a second, each with the suppression that follows from it: what was committed when an
 * import fails or is stopped stays, and the same import run again completes it. The caller holds
 * WN_LOCK_IMPORT. Adds to *counts. Errors: those of wn_input_open, of the source and of the store;
 * WN_E_SIGNAL + n when stopped. */
int wn_import_file(struct wn_store *store, const char *path,
                   const struct wn_import_settings *settings, struct wn_import_counts *counts,
                   struct wn_error *err);

/* Derives every suppression again from the events alone, in one transaction. */
int wn_import_rebuild(struct wn_store *store, struct wn_error *err);

#endif
