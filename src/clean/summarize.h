/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_SUMMARIZE_H
#define WN_CLEAN_SUMMARIZE_H

#include "clean/run.h"

/* Fills the input's summary and its groups, just after it was published: the domains' counts are
 * this input's only until the next one is. */
void wn_summarize(const struct wn_run *run, struct wn_run_input *input);

#endif
