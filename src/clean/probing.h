/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_PROBING_H
#define WN_CLEAN_PROBING_H

/* Asking the mailboxes: from the plan, through the prober, into the tables and the store. */

#include "clean/probe_plan.h"
#include "smtp/transport.h"

/* A provider that wanted no more of us. */
struct wn_stopped_group {
    struct wn_span name, reason; /* in the tables' arena */
};

/* What a run's probing came to. Owned by the run. */
struct wn_probing {
    struct wn_probe_plan plan;
    struct wn_buf warnings; /* what is wrong with our own set-up, in one sentence; may be empty */
    struct wn_segments stopped; /* struct wn_stopped_group */
    uint64_t asked;             /* RCPT commands, random ones included */
    uint64_t connections, encrypted, unproven;
    bool port_blocked;   /* no mail server could be reached at all */
    const char *unasked; /* why those of the plan were not asked, in a sentence; NULL: they were */
    struct wn_summary_probed *providers; /* of the summary */
};

/* Looks at our own set-up before anything is read: does the HELO name resolve and map back, does
 * the sender's domain take mail and have an SPF record? Errors: WN_E_CONFIG, with what is wrong,
 * unless settings->probe.force; then it is in run->probing->warnings. Otherwise those of wn_ask. */
int wn_probing_preflight(struct wn_run *run, struct wn_error *err);

/* Plans, and asks unless settings->dry_run or the store is read only. Once routes and histories are
 * in the tables. */
int wn_probing_ask(struct wn_run *run, struct wn_error *err);

/* For the summary; its pointers hold as long as the run, or until the next call. */
void wn_probing_summarize(const struct wn_run *run, struct wn_summary_probe *summary);

void wn_probing_free(struct wn_probing *probing);

#endif
