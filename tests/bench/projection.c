/* SPDX-License-Identifier: MIT */
/* How often the interval of the projected hard-bounce rate holds what happens, in made-up worlds:
 * bench_projection [LISTS [SEED]]. */
#include <stdio.h>
#include <stdlib.h>

#include "support/mailing.h"

int main(int argc, char **argv)
{
    unsigned lists = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
    unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    printf("%-36s %7s %7s %7s %9s %7s\n", "world", "inside", "below", "above", "no basis", "width");
    for (size_t i = 0; i < mailing_world_count; i++) {
        struct mailing_score s;
        mailing_simulate(&mailing_worlds[i], lists, seed, &s);
        printf("%-36s %7u %7u %7u %9u %5.2f %%\n", mailing_worlds[i].name, s.inside, s.below,
               s.above, s.without_basis, 100 * s.width);
    }
    return 0;
}
