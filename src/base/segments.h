/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_SEGMENTS_H
#define WN_BASE_SEGMENTS_H

/* A growing array of equal elements whose elements never move: it grows by whole segments, so
 * memory follows the number of elements and nothing is copied. Not safe for concurrent growth;
 * elements may be read by other threads once growth has ended. */

#include <stddef.h>
#include <stdint.h>

enum {
    WN_SEGMENT_SHIFT = 14,
    WN_SEGMENT_LENGTH = 1 << WN_SEGMENT_SHIFT
};

/* Owned by the caller; zero-initialise and set `size`. */
struct wn_segments {
    size_t size; /* of an element, in bytes */
    char **segments;
    size_t segment_count, segment_capacity;
    uint32_t length;
};

void wn_segments_release(struct wn_segments *s);

/* A new element at index s->length - 1, not cleared. */
void *wn_segments_push(struct wn_segments *s);

static inline void *wn_segments_at(const struct wn_segments *s, uint32_t index)
{
    return s->segments[index >> WN_SEGMENT_SHIFT] +
           (size_t)(index & (WN_SEGMENT_LENGTH - 1)) * s->size;
}

#endif
