/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_ARENA_H
#define WN_BASE_ARENA_H

/* Memory with one lifetime: many small pieces, released together. Not safe for concurrent use;
 * pieces never move, so a thread may read what another thread's arena holds once it was handed
 * over. */

#include <stddef.h>

#include "base/str.h"

struct wn_arena_block;

/* Owned by the caller, zero-initialised. */
struct wn_arena {
    struct wn_arena_block *head;
    size_t used;     /* bytes used in head */
    size_t capacity; /* bytes in head */
    size_t total;    /* bytes in all blocks, for reports of memory */
};

void wn_arena_release(struct wn_arena *a);

/* `size` bytes, aligned for any type, not cleared. Never fails (see wn_out_of_memory). */
void *wn_arena_alloc(struct wn_arena *a, size_t size);

/* A copy of the bytes, unaligned and without a NUL. */
const char *wn_arena_copy(struct wn_arena *a, const char *p, size_t n);

/* A copy of the span as a NUL-terminated text. */
const char *wn_arena_text(struct wn_arena *a, struct wn_span s);

#endif
