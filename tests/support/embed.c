/* SPDX-License-Identifier: MIT */
#include "support/embed.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/tempdir.h"

int embed_run(const char *files)
{
    char command[1024];
    (void)snprintf(command, sizeof command,
                   "cd '%s' && python3 '" WN_TEST_ROOT "/src/data/embed.py' out.c %s >log 2>&1",
                   tempdir_path(""), files);
    return system(command); /* NOLINT(cert-env33-c): constants and a directory we made */
}
