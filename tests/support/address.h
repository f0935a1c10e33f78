/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_ADDRESS_H
#define TESTS_SUPPORT_ADDRESS_H

/* What holds of every address, for tests that read many. Failures are Check's. */

#include "address/address.h"

/* What must hold whatever was read from the cell: places inside it, lengths, and a normal form that
 * is its own and has one key. */
void assert_sound(struct wn_span cell, unsigned options, const struct wn_address *a);

/* A blank in front leads past the fast path and may change nothing else. */
void assert_same_on_slow_road(struct wn_span cell, unsigned options, const struct wn_address *a);

#endif
