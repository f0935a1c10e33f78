/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_SINGLE_H
#define WN_CLEAN_SINGLE_H

/* The same survey, gather and judging for addresses that come one by one instead of in a list. */

#include "clean/explain.h"
#include "clean/run.h"

struct wn_single {
    struct wn_report_row row;
    const struct wn_judged *judged;
    const struct wn_address *address; /* with the fault's place in row.email */
    /* Of all texts alike: why no mailbox was asked where some were to be, in a sentence; or NULL.
     */
    const char *unasked;
};

typedef void wn_single_visit(void *arg, const struct wn_single *single);

/* Judges `count` texts and calls `visit` for each, in order; what it gets is valid during the call.
 * Facts that were paid for are kept in the store unless another run holds it; then, or where it
 * cannot be written, no mailbox is asked. */
int wn_single_judge(const struct wn_clean_settings *settings, const _Atomic int *stop,
                    const struct wn_span *texts, size_t count, wn_single_visit *visit, void *arg,
                    struct wn_error *err);

#endif
