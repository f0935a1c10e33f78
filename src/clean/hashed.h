/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_HASHED_H
#define WN_CLEAN_HASHED_H

/* The store's hashed suppressions (store/hashed.h), merged into the mailboxes of a run. */

#include "clean/run.h"

/* A name of a mailbox whose key in the tables is another one (--fold-aliases): somebody's list has
 * the hash of the name that somebody knew. Kept only where the store has hashes; by one thread. */
void wn_hashed_name(struct wn_run *run, uint32_t mailbox, struct wn_span name);

/* After wn_merge_histories: makes every mailbox that a hash names a suppressed one. Hashes nothing
 * where the store has no hashes. */
int wn_merge_hashed(struct wn_run *run, struct wn_error *err);

#endif
