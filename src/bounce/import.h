/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMPORT_H
#define WN_BOUNCE_IMPORT_H

/* From files of bounces into the store. */

#include "bounce/feed.h"

/* What was found, summed over all files of an import. rows = added + known + unused + older. */
struct wn_import_counts {
    uint64_t rows;
    uint64_t added;   /* events the store did not have */
    uint64_t known;   /* events it had already */
    uint64_t unused;  /* could not be used: the sum of faults */
    uint64_t older;   /* than `since` */
    uint64_t skipped; /* files in directories that could not be read, or are nothing we know */
    uint64_t faults[WN_NOTICE_FAULTS];
    uint64_t kinds[WN_KIND_COUNT];            /* of the added */
    uint64_t actions[WN_BOUNCE_ACTION_COUNT]; /* of the added bounces and deferrals */
};

/* Called for each row that cannot be used, from the reading thread, in the order of the file. */
typedef void wn_unused_visit(void *arg, const char *file, const struct wn_notice *notice);

struct wn_import_settings {
    struct wn_source_settings source;
    int64_t now;              /* seconds since 1970 */
    int64_t since;            /* older events are passed over; 0: none are */
    bool reread;              /* logs from their beginning, wherever the last import stopped */
    bool dry_run;             /* the store is left as it was */
    const char *unrecognized; /* directory for copies of what cannot be read, or NULL */
    const _Atomic int *stop;  /* becomes non-zero when an orderly stop is asked for; never NULL */
    wn_unused_visit *unused;  /* or NULL */
    void *unused_arg;
    /* Called for each file in a directory that is skipped, from the reading thread; or NULL. */
    void (*skipped)(void *arg, const char *path, const char *sentence);
};

/* Reads the files (feed.h) and adds their events, in transactions of less than a second, each with
 * the suppression that follows from it: what was committed when an import fails or is stopped
 * stays, and the same import run again completes it. The caller holds WN_LOCK_IMPORT. Adds to
 * *counts. Errors: those of wn_feed_run and of the store; WN_E_SIGNAL + n when stopped. */
int wn_import_files(struct wn_store *store, const struct wn_walk *files,
                    const struct wn_import_settings *settings, struct wn_import_counts *counts,
                    struct wn_error *err);

/* Derives every suppression again from the events alone, in one transaction. */
int wn_import_rebuild(struct wn_store *store, struct wn_error *err);

#endif
