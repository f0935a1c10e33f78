/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_ENTER_H
#define WN_CLEAN_ENTER_H

/* Entering what was read into the tables; by one thread at a time. */

#include "clean/run.h"

/* The id of a domain in normal form, under its wn_hash. A new one is classified by the lists, gets
 * the domain that was probably meant if it looks like a slip (entered too), and is taken from the
 * store's facts or handed to the resolver. `options`: of wn_address_read. */
int wn_enter_domain(struct wn_run *run, struct wn_span name, uint64_t hash, unsigned options,
                    uint32_t *id, struct wn_error *err);

/* Enters the mailbox that was probably meant, so that its history is known when --fix asks for it:
 * `local` of a key, at the domain. */
int wn_enter_suggested(struct wn_run *run, struct wn_span local, uint32_t domain, unsigned options,
                       struct wn_error *err);

/* A mailbox's key in the tables: with --fold-aliases, all names of a mailbox have one. `key` as in
 * wn_address_fold. */
static inline size_t wn_enter_key(const struct wn_clean_settings *settings, char *key,
                                  size_t length)
{
    return settings->fold_aliases ? wn_address_fold(key, length) : length;
}

/* For a cell whose fault a slip explains: makes `row` point to the domain that was probably meant.
 */
int wn_enter_suggestion(struct wn_run *run, struct wn_row *row, struct wn_span meant,
                        unsigned options, struct wn_error *err);

#endif
