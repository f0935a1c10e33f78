/* SPDX-License-Identifier: MIT */
#include "report/tally.h"

static void add(uint64_t *sum, const uint64_t *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sum[i] += part[i];
    }
}

void wn_tally_add(struct wn_tally *sum, const struct wn_tally *part)
{
    sum->rows += part->rows;
    sum->fixed += part->fixed;
    add(sum->action, part->action, WN_ACTION_COUNT);
    add(sum->result, part->result, WN_RESULT_COUNT);
    add(sum->reason, part->reason, WN_REASON_COUNT);
}
