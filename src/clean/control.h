/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_CONTROL_H
#define WN_CLEAN_CONTROL_H

#include "clean/run.h"

/* Whether the run may go on with what DNS said; once all routes are in run->tables and what the
 * resolver saw is in run->dns. Where none of its questions was answered, asks control questions
 * first.
 * Errors: WN_E_TEMPFAIL with a sentence, WN_E_SIGNAL + *run->stop. */
int wn_control_dns(struct wn_run *run, struct wn_error *err);

#endif
