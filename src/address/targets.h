/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_TARGETS_H
#define WN_ADDRESS_TARGETS_H

/* What src/data/embed.py makes for typo.c of wellknown.txt, slips.txt and neighbours.txt. Not for
 * use outside this folder. */

#include "address/internal.h"

/* How far from the target a name may be and still be a slip: the words of slips.txt, in order;
 * embed.py has the same numbers. */
enum wn_trust {
    WN_TRUST_NONE,
    WN_TRUST_LIKELY,
    WN_TRUST_INSIDE,
    WN_TRUST_BEHIND,
    WN_TRUST_ANY,
    WN_TRUST_SOLE
};

enum {
    WN_TARGET_MAX = 22 /* octets; the build fails where a well-known domain is longer */
};

/* A well-known domain. */
struct wn_target {
    uint64_t letters; /* wn_letters of the domain */
    uint8_t length;
    uint8_t name; /* octets before the first dot; the rest is the dot and the ending */
    uint8_t trust;
    bool only; /* no other target has this name */
    char text[WN_TARGET_MAX + 2];
};

/* Sorted by length: those of n octets are [wn_targets_from[n], wn_targets_from[n + 1]). */
extern const struct wn_target wn_targets[];
extern const uint16_t wn_targets_from[WN_TARGET_MAX + 2];

/* Real domains near a target; every entry has the bit 1. */
extern const struct wn_names wn_names_neighbours;

/* Which letters a text has, as bits: 0-25 for a letter that is there, 26-51 for one that is there
 * twice or more, 52 for a digit, 53 for a hyphen. One edit changes two of them at most. */
uint64_t wn_letters(const char *p, size_t n);

#endif
