/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_TALLY_H
#define WN_REPORT_TALLY_H

/* What the rows of an input amount to. Counts only, so tallies of pieces add up in any order. */

#include "verdict/policy.h"

struct wn_tally {
    uint64_t rows;
    uint64_t action[WN_ACTION_COUNT];
    uint64_t result[WN_RESULT_COUNT];
    uint64_t reason[WN_REASON_COUNT];
    uint64_t fixed; /* rows that --fix changed */
};

void wn_tally_add(struct wn_tally *sum, const struct wn_tally *part);

#endif
