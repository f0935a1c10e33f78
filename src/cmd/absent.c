/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"

void wn_cmd_note_absent(const char *store)
{
    if (access(store, F_OK) != 0 && errno == ENOENT) {
        (void)fprintf(stderr, "winnow: there is no store %s, so there is nothing to list\n", store);
    }
}
