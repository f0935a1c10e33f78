/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_JUDGE_H
#define WN_CLEAN_JUDGE_H

/* The verdict of a row: rows x mailboxes x domains x policy, pure. */

#include "clean/tables.h"
#include "verdict/decide.h"

/* A row with all that its verdict rests on. Pointers are NULL where the row has none. */
struct wn_judged {
    const struct wn_row *row;
    const struct wn_mailbox *mailbox;
    const struct wn_domain *domain;
    const struct wn_history *history;
    const struct wn_domain_history *domain_history;
    const struct wn_probe *probe;       /* what the mailbox said when it was asked */
    const struct wn_domain *suggestion; /* the domain that was probably meant and can take mail */
    uint32_t domain_id;                 /* WN_NONE without a domain */
    enum wn_fault fault;                /* the row's, else the domain's */
    uint32_t flags;                     /* the row's and the domain's */
    struct wn_verdict verdict;
};

/* Fetches what judging and explaining the row will touch, in two steps (0, then 1) that are to be a
 * few rows apart and ahead: rows name domains and histories in no order, and a table that fits no
 * cache costs a wait for each. */
static inline void wn_judge_prefetch(const struct wn_tables *tables, uint32_t row, int step)
{
    const struct wn_row *r = wn_tables_row(tables, row);
    if (!wn_row_has_mailbox(r) || (r->bits & WN_ROW_DUPLICATE) != 0) {
        return;
    }
    const struct wn_mailbox *m = wn_tables_mailbox(tables, r->mailbox);
    const struct wn_domain *d = wn_tables_domain(tables, m->domain);
    const struct wn_history *h =
        m->history != WN_NONE ? wn_segments_at(&tables->histories, m->history) : NULL;
    if (step == 0) {
        __builtin_prefetch(d);
        __builtin_prefetch((const char *)d + sizeof *d - 1);
        if (h != NULL) {
            __builtin_prefetch(h);
            __builtin_prefetch((const char *)h + 64);
        }
    } else {
        __builtin_prefetch(d->name);
        __builtin_prefetch(d->mx);
        if (h != NULL) {
            __builtin_prefetch(h->diagnostic.p);
        }
    }
}

/* The verdict of a mailbox that stands on no row, as if a row named it. `flags`: what syntax and
 * lists say of its local part. */
void wn_judge_mailbox(const struct wn_tables *tables, uint32_t mailbox, uint32_t flags,
                      const struct wn_policy *policy, int64_t now, struct wn_verdict *verdict);

void wn_judge_row(const struct wn_tables *tables, uint32_t row, const struct wn_policy *policy,
                  int64_t now, struct wn_judged *judged);

#endif
