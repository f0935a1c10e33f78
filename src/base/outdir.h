/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_OUTDIR_H
#define WN_BASE_OUTDIR_H

/* A directory of output files that appears whole or not at all: built in a staging directory beside
 * its final name, flushed to disk, then swapped in. Nothing of the user's is ever moved or removed:
 * the final name must be absent, an empty directory, or one that bears the marker file and holds
 * nothing but files of the given names. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct wn_outdir;

struct wn_outdir_kind {
    const char *marker;       /* the marker's file name */
    const char *marker_text;  /* what is written into it */
    const char *const *files; /* the names that may stand beside it, NULL-terminated */
    bool no_exchange;         /* act as on a file system without RENAME_EXCHANGE (tests) */
};

/* Prepares to publish to `path` (missing parents are created; symbolic links are resolved first).
 * Clears what killed runs left beside it. `kind` is kept until wn_outdir_free. `mode`: permission
 * bits of the files; directories get the search bits that go with them.
 * WN_E_CANTCREATE with a sentence when `path` is not ours to replace, or nothing can be created. */
int wn_outdir_open(const char *path, const struct wn_outdir_kind *kind, mode_t mode,
                   struct wn_outdir **dir, struct wn_error *err);

/* Opens a new file in the staging directory for writing. The caller closes the descriptor. */
int wn_outdir_create(struct wn_outdir *dir, const char *name, int *fd, struct wn_error *err);

/* Flushes everything and swaps it in; removes the old output and `<path>.held`. */
int wn_outdir_publish(struct wn_outdir *dir, struct wn_error *err);

/* Flushes everything and leaves it as `<path>.held`; the previous output stays. `*held` is its
 * path, valid until wn_outdir_free. */
int wn_outdir_hold(struct wn_outdir *dir, const char **held, struct wn_error *err);

/* The final path, links resolved. */
const char *wn_outdir_path(const struct wn_outdir *dir);

/* Removes the staging directory unless it was published or held. Accepts NULL. */
void wn_outdir_free(struct wn_outdir *dir);

#endif
