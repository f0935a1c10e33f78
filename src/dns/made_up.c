/* SPDX-License-Identifier: MIT */
#include "dns/made_up.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

void wn_made_up_name(unsigned tld, char name[WN_MADE_UP_NAME])
{
    static const char tlds[WN_MADE_UP_TLDS][5] = {".com", ".net"};
    unsigned char random[WN_MADE_UP_LETTERS] = {0};
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        int64_t now = wn_clock_now(); /* weak, and enough: nobody owns twenty such letters */
        memcpy(random, &now, sizeof now);
    }
    for (unsigned i = 0; i < WN_MADE_UP_LETTERS; i++) {
        name[i] = (char)('a' + random[i] % 26);
    }
    memcpy(name + WN_MADE_UP_LETTERS, tlds[tld], sizeof tlds[tld]);
}
