/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMPORT_H
#define WN_BOUNCE_IMPORT_H

/* From files of bounces into the store. */

#include "bounce/feed.h"
#include "store/breaker.h"
#include "store/suppression.h"

/* What was found, summed over all files of an import. rows = added + known + unused + older. */
struct wn_import_counts {
    uint64_t rows;
    uint64_t added; /* events the store did not have */
    uint64_t known; /* events it had already */
    /* Could not be used: the sum of faults. But what is WN_NOTICE_UNFINISHED counts as not read. */
    uint64_t unused;
    uint64_t older;     /* than `since` */
    uint64_t forgotten; /* messages of logs (log/mailq.h) */
    uint64_t skipped;   /* files in directories that could not be read, or are nothing we know */
    uint64_t faults[WN_NOTICE_FAULTS];
    uint64_t kinds[WN_KIND_COUNT];            /* of the added */
    uint64_t actions[WN_BOUNCE_ACTION_COUNT]; /* of the added bounces and deferrals */
    uint64_t quarantined; /* events that the breaker held, whether this import added them or not */
    uint64_t blind;       /* of these: nothing is known to have arrived anywhere in those hours */
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
    /* Called for each burst that the import found or made larger; or NULL. */
    wn_burst_visit *burst;
    void *burst_arg;
    /* Called when a file was read, from the reading thread, in order, with its index and whether
     * there was an event in it; or NULL. */
    void (*read)(void *arg, size_t file, bool event);
    void *read_arg;
    /* Called in the last transaction, which holds whatever was not committed before, if nothing
     * went wrong and it is no dry run; or NULL. */
    int (*last)(void *arg, struct wn_store *store, struct wn_error *err);
    void *last_arg;
};

/* Reads the files (feed.h) and adds their events, in transactions of less than a second, each with
 * the suppression that follows from it: what was committed when an import fails or is stopped
 * stays, and the same import run again completes it. At the end the breaker looks at the days that
 * got mail, also those of an earlier import that did not come to that. The caller holds
 * WN_LOCK_IMPORT. Adds to *counts. Errors: those of wn_feed_run and of the store; WN_E_SIGNAL + n
 * when stopped. */
int wn_import_files(struct wn_store *store, const struct wn_walk *files,
                    const struct wn_import_settings *settings, struct wn_import_counts *counts,
                    struct wn_error *err);

/* Derives every suppression again from the events alone, in one transaction: under `policy`, which
 * the store remembers, or under the one it has where that is NULL. */
int wn_import_rebuild(struct wn_store *store, const struct wn_bounce_policy *policy,
                      struct wn_error *err);

/* What wn_import_rebuild would change, by the visits of suppression.h, and what the breaker would
 * hold or let go, added to *news. The store is left as it was. */
int wn_import_compare(struct wn_store *store, const struct wn_bounce_policy *policy,
                      wn_history_change_visit *visit, wn_domain_change_visit *visit_domain,
                      void *arg, struct wn_breaker_news *news, struct wn_error *err);

#endif
