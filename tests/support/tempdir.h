/* SPDX-License-Identifier: MIT */
#ifndef TEST_SUPPORT_TEMPDIR_H
#define TEST_SUPPORT_TEMPDIR_H

/* A directory for one test case, and files in it. What cannot be done fails the running test. */

#include <stddef.h>

/* A new empty directory; the path is valid until the next call. */
const char *tempdir_make(void);

/* Removes it with all it holds. */
void tempdir_remove(void);

/* "<directory>/<name>"; the text is one of eight that are used in turn. */
const char *tempdir_path(const char *name);

/* Writes a file in it; returns its path. */
const char *tempdir_write(const char *name, const void *p, size_t n);
const char *tempdir_text(const char *name, const char *text);

/* The permission bits of a path, or -1. */
int tempdir_mode(const char *path);

#endif
