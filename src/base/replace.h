/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_REPLACE_H
#define WN_BASE_REPLACE_H

/* A file that is exchanged whole: its readers find either the old content or the new one, also when
 * the machine stops in between. */

#include "base/str.h"

/* Creates the directory and, with mode 0700, whatever is missing above it, and locks it against
 * other users of this function; the lock goes with *fd, which the caller closes.
 * WN_E_CANTCREATE: it cannot be created. WN_E_TEMPFAIL: somebody else holds it. */
int wn_replace_lock(const char *dir, int *fd, struct wn_error *err);

/* Makes `content` the content of the file `name` (no slash) in the directory that wn_replace_lock
 * gave: written beside it as ".<name>.new", flushed to disk, then renamed. `dir` is for messages.
 * The old file is untouched and nothing is left behind on failure.
 * WN_E_CANTCREATE, or WN_E_IO when it was created but not written whole. */
int wn_replace_file(int fd, const char *dir, const char *name, struct wn_span content,
                    struct wn_error *err);

#endif
