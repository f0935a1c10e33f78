/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_PIPELINE_H
#define WN_BASE_PIPELINE_H

/* Ordered parallel work. Pieces are claimed one after another, worked on concurrently, committed in
 * the order of their claims, and finished concurrently. Claims never overlap each other, nor do
 * commits, so what only they touch needs no lock and does not depend on the number of workers.
 *
 * Each worker owns one piece at a time, from its claim to its finish: the workers' own buffers are
 * the pool that bounds everything, and the only thing a worker waits for is its turn. */

#include <stddef.h>

#include "base/error.h"

/* The steps get the run's `arg` and the worker's own `piece`; each returns a status. */
struct wn_pipeline {
    /* Takes the next piece; sets *more to 0 when there is none. In order. */
    int (*claim)(void *arg, void *piece, int *more, struct wn_error *err);
    int (*work)(void *arg, void *piece, struct wn_error *err);
    int (*commit)(void *arg, void *piece, struct wn_error *err); /* in order */
    int (*finish)(void *arg, void *piece, struct wn_error *err); /* may be NULL */
    void *arg;
    void **pieces;  /* one a worker, owned by the caller */
    size_t workers; /* 1: everything runs in the caller's thread */
};

/* Runs until a claim says that there is no more, or until the first failure, whose status and
 * sentence are returned: the failure of the earliest piece, so that the message does not depend on
 * timing. All threads are joined on return. */
int wn_pipeline_run(const struct wn_pipeline *pipeline, struct wn_error *err);

#endif
