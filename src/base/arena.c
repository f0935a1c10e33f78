/* SPDX-License-Identifier: MIT */
/* A list of blocks, each filled from its front. Blocks grow from 4 KiB to 1 MiB, so that a small
 * table costs little and a large one makes few calls to malloc. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

struct wn_arena_block {
    struct wn_arena_block *next;
    _Alignas(max_align_t) char data[];
};

enum {
    FIRST_BLOCK = 4096,
    LAST_BLOCK = 1 << 20
};

void wn_arena_release(struct wn_arena *a)
{
    while (a->head != NULL) {
        struct wn_arena_block *next = a->head->next;
        free(a->head);
        a->head = next;
    }
    *a = (struct wn_arena){0};
}

static char *take(struct wn_arena *a, size_t size, size_t align)
{
    size_t at = (a->used + align - 1) & ~(align - 1);
    if (a->head == NULL || at > a->capacity || a->capacity - at < size) {
        if (size > SIZE_MAX / 2) {
            wn_out_of_memory();
        }
        size_t capacity = a->capacity == 0 ? FIRST_BLOCK : a->capacity * 2;
        if (capacity > LAST_BLOCK) {
            capacity = LAST_BLOCK;
        }
        if (capacity < size) {
            capacity = size;
        }
        struct wn_arena_block *block = wn_malloc(sizeof *block + capacity);
        block->next = a->head;
        a->head = block;
        a->capacity = capacity;
        a->total += sizeof *block + capacity;
        at = 0;
    }
    a->used = at + size;
    return a->head->data + at;
}

void *wn_arena_alloc(struct wn_arena *a, size_t size)
{
    return take(a, size, _Alignof(max_align_t));
}

const char *wn_arena_copy(struct wn_arena *a, const char *p, size_t n)
{
    char *q = take(a, n, 1);
    if (n > 0) {
        memcpy(q, p, n);
    }
    return q;
}

const char *wn_arena_text(struct wn_arena *a, struct wn_span s)
{
    char *q = take(a, s.n + 1, 1);
    if (s.n > 0) {
        memcpy(q, s.p, s.n);
    }
    q[s.n] = '\0';
    return q;
}
