/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_PROBE_LEFT_H
#define WN_CLEAN_PROBE_LEFT_H

/* Mailboxes of a plan that were not asked after all: nothing was said against them, and nothing for
 * them. What an earlier run was told of one stays. */

#include "clean/probing.h"
#include "smtp/prober.h"

/* When the prober has ended, after `took_ms`: which were left, and by which limit; into the tables
 * and the plan's groups. */
void wn_probe_leave(struct wn_run *run, const struct wn_prober *prober, int64_t took_ms);

/* What is asked counts for what providers bear in a day, and who wants no more of us is left alone:
 * where that cannot be kept, or another run may be asking at this moment, nobody is asked. `why`:
 * a sentence that lives as long as the run. */
void wn_probe_leave_all(struct wn_run *run, const char *why);

#endif
