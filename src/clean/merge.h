/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_MERGE_H
#define WN_CLEAN_MERGE_H

/* The store's history, merged into the mailboxes and domains of a run. */

#include "clean/run.h"

/* After the survey, with the store open: a run sees the history as of its judging. */
int wn_merge_histories(struct wn_run *run, struct wn_error *err);

#endif
