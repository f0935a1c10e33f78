/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_SUMMARY_H
#define WN_REPORT_SUMMARY_H

/* What a run amounts to, for one input: as summary.json, as a text for people, as one line for cron
 * mail. Plain data in, text out. */

#include "base/str.h"
#include "report/projection.h"
#include "report/tally.h"

enum {
    WN_EMAIL_COLUMNS = 16 /* --column options of a run, at most */
};

struct wn_summary_group {
    const char *name;  /* a domain or a provider */
    const char *route; /* of a domain; NULL for a provider */
    uint64_t rows[WN_ACTION_COUNT];
};

/* What asking a provider's mailboxes came to. */
struct wn_summary_probed {
    const char *name;
    uint64_t mailboxes; /* that were to be asked; the others are parts of it */
    uint64_t accepted, refused, temporary, blocked, other;
    int64_t due;         /* of the temporary ones: when the first is asked again; 0: never */
    uint64_t left;       /* of the others: not asked, as a limit was spent */
    const char *limit;   /* which one, or NULL */
    const char *stopped; /* what it said when it wanted no more of us, or NULL */
};

/* Who asked, and within what limits. */
struct wn_summary_probe_settings {
    const char *from, *helo, *interface; /* interface: or NULL */
    uint64_t max;                        /* mailboxes; 0: no limit */
    int64_t budget_ms;                   /* 0: no limit */
    uint32_t per_minute, connections;    /* at a provider; 0: what each is known to bear */
    uint32_t sockets;                    /* connections in all */
    uint16_t port;
    bool wait;  /* for the time to ask again */
    bool proxy; /* through one; its URL may hold a password */
    bool force; /* whatever was wrong with our own set-up */
};

struct wn_summary_probe {
    bool on;
    struct wn_summary_probe_settings settings;
    uint64_t asked, connections;  /* recipients, random ones included */
    uint64_t encrypted, unproven; /* connections with TLS; of these, with a bad certificate */
    const struct wn_summary_probed *providers; /* the largest first */
    size_t provider_count;
    const char *warnings; /* about our own set-up, in one sentence, or NULL */
    const char *blocked;  /* why no mailbox could be asked at all, or NULL */
};

struct wn_summary {
    const char *input;  /* path */
    const char *output; /* path of the directory, or NULL */
    const char *held;   /* a valve tripped: where the result lies; or NULL */
    bool dry_run;

    uint64_t bytes, records, rejected, blank_lines;
    uint64_t digest[2];
    char delimiter;
    bool utf16;        /* the input was, and the lists are UTF-8 */
    bool windows_1252; /* the text is not UTF-8, and its bytes were kept */
    bool header;
    const char *email_columns[WN_EMAIL_COLUMNS]; /* in the order in which a row's are tried */
    size_t email_column_count;
    bool column_chosen; /* among several possible ones */
    const struct wn_tally *tally;
    uint64_t mailboxes; /* distinct, in this run */

    const struct wn_summary_group *domains; /* the largest, at most 100 */
    size_t domain_count;
    const struct wn_summary_group *providers;
    size_t provider_count;

    struct wn_projection projection; /* of hard bounces */
    struct wn_summary_probe probe;

    /* Settings that a verdict depends on. */
    const struct wn_policy *policy;
    bool offline, allow_literals, allow_private, dedupe_across, store, fold_aliases, fix;
    int64_t as_of;

    /* Circumstances: all that may differ between two runs with the same result. */
    struct {
        int64_t began, ended; /* seconds since 1970 */
        int64_t ms, jobs;
        uint64_t domains, from_store, looked_up, failed, queries;
        bool rewriting;
    } run;
};

/* The whole of summary.json, with its last line end. */
void wn_summary_json(const struct wn_summary *s, struct wn_buf *out);

/* Several lines for people. */
void wn_summary_text(const struct wn_summary *s, struct wn_buf *out);

/* One line without a line end. */
void wn_summary_line(const struct wn_summary *s, struct wn_buf *out);

#endif
