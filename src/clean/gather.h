/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_GATHER_H
#define WN_CLEAN_GATHER_H

/* Facts about domains and mailboxes: out of the store, out of DNS, into the tables and into the
 * store. Used by one thread at a time: the survey's commit step, then the gather phase. */

#include "clean/run.h"

struct wn_gather;

/* Opens the store (and takes its lock) and starts the resolver, as the settings say. */
int wn_gather_open(struct wn_run *run, struct wn_error *err);
void wn_gather_close(struct wn_run *run);

/* A domain was seen for the first time: takes its route from the store's facts or hands it to the
 * resolver. Also takes in what the resolver has found meanwhile. */
int wn_gather_domain(struct wn_run *run, uint32_t id, struct wn_error *err);

/* Fills in what is known of an MX host, if nobody has yet: whose it is, and its flags. */
void wn_gather_judge_mx(const struct wn_run *run, struct wn_text *mx);

/* Takes in what the resolver has found, without waiting. */
int wn_gather_collect(struct wn_run *run, struct wn_error *err);

/* Opens a transaction for facts, unless one is open; *may: whether facts are kept at all. */
int wn_gather_write(struct wn_run *run, bool *may, struct wn_error *err);

/* Ends the open transaction when it is a second old, or `now`, so that facts reach the disk and
 * others their turn. */
int wn_gather_commit(struct wn_run *run, bool now, struct wn_error *err);

/* Waits for all routes, judges the resolver, merges the history, and asks the mailboxes where that
 * is wanted. */
int wn_gather_finish(struct wn_run *run, struct wn_error *err);

#endif
