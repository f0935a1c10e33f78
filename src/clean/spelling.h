/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_SPELLING_H
#define WN_CLEAN_SPELLING_H

/* How a mailbox's first row writes its local part. To Winnow two that differ in case are one
 * mailbox, but only its own server may say so (RFC 5321, 2.4): it is asked for the mailbox as it is
 * written. Kept only in runs that probe; by one thread. */

#include "clean/run.h"

/* A mailbox that was just added to the tables. Nothing is kept where the spelling is that of the
 * key, without --probe, or for a mailbox that is not newer than the last one. */
void wn_spelling_add(struct wn_run *run, uint32_t mailbox, struct wn_span local);

/* Appends the address of a mailbox: as it is written, at the domain's name in the tables. */
void wn_spelling_write(const struct wn_run *run, uint32_t mailbox, struct wn_buf *address);

#endif
