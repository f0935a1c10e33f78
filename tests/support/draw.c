/* SPDX-License-Identifier: MIT */
/* Marsaglia's xorshift64, of whose bits the upper ones are used. */
#include "support/draw.h"

#include <stdint.h>

unsigned draw(unsigned below)
{
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % below;
}
