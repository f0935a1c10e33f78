/* SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_EMBED_H
#define TEST_SUPPORT_EMBED_H

/* What a list begins with. */
#define EMBED_HEAD "# SPDX-License-Identifier: MIT\n# Source: a test.\n"

/* Runs src/data/embed.py in the test case's directory (tempdir.h) on the lists that lie there,
 * which `files` names, parted by blanks. 0 when it made tables of them, else it refused. */
int embed_run(const char *files);

#endif
