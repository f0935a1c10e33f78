/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_RUN_H
#define WN_CLEAN_RUN_H

/* One run of `winnow clean`: its settings, its state, and the phases that hand it on: survey,
 * gather, judge and publish. */

#include <stdio.h>

#include "address/overlay.h"
#include "base/outdir.h"
#include "clean/probe_settings.h"
#include "clean/tables.h"
#include "csv/cut.h"
#include "csv/dialect.h"
#include "csv/input.h"
#include "dns/resolver.h"
#include "report/progress.h"
#include "report/projection.h"
#include "report/summary.h"
#include "report/tally.h"
#include "smtp/provider.h"
#include "store/db.h"
#include "verdict/policy.h"

struct wn_clean_settings {
    const char *const *inputs;
    size_t input_count;
    const char *output;         /* NULL: <stem>.winnow beside the input */
    const char *const *columns; /* at most WN_EMAIL_COLUMNS; none: found */
    size_t column_count;
    const char *delimiter; /* NULL: found */
    const char *db;        /* NULL: no store */
    struct wn_policy policy;
    struct wn_overlay *overlay; /* the user's lists, or NULL */
    struct wn_resolver_config dns;
    struct wn_probe_settings probe;
    double max_drop; /* percent; below 0: no valve */
    int only;        /* an enum wn_action, or -1 */
    int64_t jobs, wait, now;
    bool interactive;  /* check: never wait for a lock, and let a failed look-up be a verdict */
    bool fold_aliases; /* all names of a mailbox are one, where its provider says so */
    bool fix;          /* write repaired and suggested addresses into the rows */
    bool no_header, offline, refresh, allow_literals, dry_run, dedupe_across, json, quiet, verbose;
    enum wn_progress_mode progress;
};

/* A piece of an input that is judged and formatted at once: a whole number of records. */
struct wn_chunk {
    uint64_t offset;
    uint64_t digest; /* of its bytes: that they are the same when they are read again */
    uint32_t length;
    uint32_t first_row; /* id */
    uint32_t row_count;
};

_Static_assert(WN_EMAIL_COLUMNS <= WN_ROW_COLUMN_MASK + 1, "a row's column does not fit");

/* A column that may hold a row's address. */
struct wn_email_column {
    uint32_t index;     /* from 0 */
    struct wn_buf name; /* what it is called, for people */
};

struct wn_run_input {
    struct wn_input file;
    struct wn_dialect dialect;
    char *header; /* prelude and header record as they came; may be empty */
    size_t header_length;
    struct wn_email_column columns[WN_EMAIL_COLUMNS]; /* in the order in which they are tried */
    size_t column_count;                              /* 1 or more once they are found */
    bool column_chosen; /* by us, among several possible ones: say so */
    uint32_t first_row, row_count;
    uint64_t records; /* records the reader cut: rows and rejects */
    uint64_t blank_lines;
    struct wn_segments chunks;
    struct wn_cut rejects; /* only its rejects are used */
    uint64_t digest[2];    /* XXH3 128 of all bytes, high and low */
    struct wn_tally tally;
    struct wn_exposure exposure; /* to bounces */
    struct wn_buf output;        /* path of the directory, as the user would write it */
    struct wn_outdir *dir;       /* NULL when none is written */
    struct wn_summary summary;
    struct wn_summary_group *groups; /* of the summary */
};

struct wn_run {
    const struct wn_clean_settings *settings;
    const _Atomic int *stop;
    struct wn_run_input *inputs;
    size_t input_count;
    struct wn_tables tables;
    /* By domain id and action, of the input that was published last. Apart from the tables, which
     * all workers read while one of them counts. */
    uint32_t (*domain_rows)[WN_ACTION_COUNT];
    /* What the store knows of mail, by wn_stratum; NULL where nothing is projected. */
    struct wn_sample *samples;
    struct wn_store *store; /* NULL without one */
    struct wn_lock *lock;
    bool read_only;                  /* the store: nothing is kept */
    struct wn_error why_read_only;   /* in a sentence */
    uint64_t hashes;                 /* mailboxes that the store knows by their hash alone */
    struct wn_segments hashed_names; /* hashed.c's */
    struct wn_segments spellings;    /* spelling.c's */
    struct wn_resolver *resolver;    /* NULL when offline */
    struct wn_resolver_stats dns;    /* at the end */
    struct wn_gather *gather;
    struct wn_probing *probing; /* NULL without --probe */
    struct wn_progress progress;
    uint64_t facts_used;
    int64_t began;
};

/* How many elements an array by wn_stratum has. */
static inline size_t wn_run_strata(void)
{
    return (size_t)WN_PROJECTION_KINDS * wn_provider_count();
}

/* The whole run. Publishes nothing on failure. *run is filled either way, for the summary, and is
 * to be released. */
int wn_run_clean(const struct wn_clean_settings *settings, const _Atomic int *stop,
                 struct wn_run *run, struct wn_error *err);
void wn_run_release(struct wn_run *run);

/* Survey, of one input: finds dialect, header and column, then reads every record into the tables.
 */
int wn_survey(struct wn_run *run, struct wn_run_input *input, struct wn_error *err);

/* Judge and publish, of one input: formats every row and writes it where it belongs. `sinks`: the
 * descriptors that get keep, review, drop, report and rejected; -1 where nobody wants it. */
enum {
    WN_SINK_KEEP = WN_ACTION_keep,
    WN_SINK_REVIEW = WN_ACTION_review,
    WN_SINK_DROP = WN_ACTION_drop,
    WN_SINK_REPORT,
    WN_SINK_REJECTED,
    WN_SINK_COUNT
};
int wn_publish(struct wn_run *run, struct wn_run_input *input, const int sinks[WN_SINK_COUNT],
               struct wn_error *err);

#endif
