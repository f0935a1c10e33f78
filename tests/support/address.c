/* SPDX-License-Identifier: MIT */
#include "support/address.h"

#include <check.h>
#include <stdlib.h>

void assert_sound(struct wn_span cell, unsigned options, const struct wn_address *a)
{
    char key[sizeof a->text];
    char again[sizeof a->text];
    struct wn_address b;

    ck_assert_uint_lt(a->fault, WN_FAULT_COUNT);
    ck_assert_uint_le(a->fault_at, cell.n);
    ck_assert_uint_le((size_t)a->cell_at + a->cell_length, cell.n);
    if (a->fault == WN_FAULT_none) {
        ck_assert_uint_gt(a->length, 0);
        ck_assert_uint_eq(a->fault_at, 0);
    }
    ck_assert(!a->verbatim || wn_span_equal(cell, wn_address_text(a)));
    if (a->length == 0) {
        ck_assert_uint_eq(a->local_length, 0);
        return;
    }
    ck_assert_uint_le(a->local_length, WN_LOCAL_MAX);
    ck_assert_uint_le(a->length, WN_ADDRESS_MAX);
    ck_assert_int_eq(a->text[a->local_length], '@');
    /* The normal form is its own normal form, in a cell and alone. */
    unsigned trimmed = WN_FLAG_trimmed | WN_FLAG_extracted;
    for (unsigned exact = 0; exact <= WN_ADDRESS_EXACT; exact += WN_ADDRESS_EXACT) {
        wn_address_read(wn_address_text(a), (options & ~(unsigned)WN_ADDRESS_EXACT) | exact, &b);
        ck_assert_uint_eq(a->fault, b.fault);
        ck_assert(wn_span_equal(wn_address_text(a), wn_address_text(&b)));
        ck_assert_uint_eq(a->flags & ~trimmed, b.flags);
        ck_assert(b.verbatim);
    }
    size_t n = wn_address_key(a, key);
    ck_assert_uint_le(n, sizeof key);
    memcpy(b.text, key, n);
    b.length = (uint16_t)n;
    b.local_length = (uint16_t)(n - (a->length - (size_t)a->local_length));
    b.flags = a->flags;
    ck_assert_uint_eq(wn_address_key(&b, again), n);
    ck_assert_mem_eq(key, again, n);
}

void assert_same_on_slow_road(struct wn_span cell, unsigned options, const struct wn_address *a)
{
    struct wn_address b;
    char *padded = malloc(cell.n + 1);
    padded[0] = ' ';
    memcpy(padded + 1, cell.p, cell.n);
    wn_address_read((struct wn_span){padded, cell.n + 1}, options, &b);
    ck_assert_uint_eq(b.fault, a->fault);
    ck_assert_uint_eq(b.flags, a->flags | WN_FLAG_trimmed);
    ck_assert(wn_span_equal(wn_address_text(a), wn_address_text(&b)));
    ck_assert_uint_eq(b.local_length, a->local_length);
    ck_assert_uint_eq(b.fault_at, a->fault != WN_FAULT_none ? a->fault_at + 1 : 0);
    free(padded);
}
