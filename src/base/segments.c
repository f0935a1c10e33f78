/* SPDX-License-Identifier: MIT */
#include "base/segments.h"

#include <stdlib.h>

#include "base/error.h"

void wn_segments_release(struct wn_segments *s)
{
    for (size_t i = 0; i < s->segment_count; i++) {
        free(s->segments[i]);
    }
    free(s->segments);
    *s = (struct wn_segments){.size = s->size};
}

void *wn_segments_push(struct wn_segments *s)
{
    size_t segment = s->length >> WN_SEGMENT_SHIFT;
    if (segment == s->segment_count) {
        if (s->segment_count == s->segment_capacity) {
            s->segment_capacity = s->segment_capacity > 0 ? s->segment_capacity * 2 : 16;
            s->segments = wn_realloc(s->segments, s->segment_capacity * sizeof *s->segments);
        }
        s->segments[s->segment_count++] = wn_malloc(WN_SEGMENT_LENGTH * s->size);
    }
    s->length++;
    return wn_segments_at(s, s->length - 1);
}
