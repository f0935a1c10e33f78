/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_RECALL_H
#define WN_CLEAN_RECALL_H

/* What earlier probes found out: from the store into the tables. */

#include "clean/run.h"
#include "smtp/outcome.h"

/* Takes in the facts about the run's mailboxes and domains. Once the routes are known. */
int wn_recall(struct wn_run *run, struct wn_error *err);

/* What an answer is to a verdict. */
enum wn_probe_outcome wn_recall_outcome(enum wn_probe_answer answer);

/* Once nothing more will be asked: an accepted mailbox says something only where its domain is
 * known to refuse invented ones. Where that is not known, says so. */
void wn_recall_settle(struct wn_run *run);

/* Sets what is known of a domain's catch-all nature. */
void wn_recall_catch_all(struct wn_run *run, uint32_t domain, enum wn_catch_all outcome);

#endif
