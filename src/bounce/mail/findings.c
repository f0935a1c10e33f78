/* SPDX-License-Identifier: MIT */
#include "bounce/mail/findings.h"

#include "base/arena.h"

enum {
    /* A report that says something twice says it of few; a long list is not searched. */
    SEARCHED = 100
};

struct wn_finding *wn_findings_add(struct wn_findings *f, struct wn_span recipient)
{
    if (f->count == WN_FINDINGS_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < f->count && f->count <= SEARCHED; i++) {
        if (wn_span_equal_nocase(f->list[i].recipient, recipient)) {
            return NULL;
        }
    }
    if (f->count == f->capacity) {
        size_t capacity = f->capacity > 0 ? f->capacity * 4 : 4;
        struct wn_finding *list = wn_arena_alloc(f->arena, capacity * sizeof *list);
        if (f->count > 0) {
            memcpy(list, f->list, f->count * sizeof *list);
        }
        f->list = list;
        f->capacity = capacity;
    }
    struct wn_finding *finding = &f->list[f->count++];
    *finding = (struct wn_finding){
        .recipient = recipient, .kind = WN_KIND_bounce, .said = WN_CATEGORY_unclassified};
    return finding;
}
