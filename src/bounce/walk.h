/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_WALK_H
#define WN_BOUNCE_WALK_H

/* The files that a list of paths names: a directory stands for every file below it, in the order of
 * the names' bytes, so that the same mailbox is always read in the same order. Symbolic links and
 * hidden files inside a directory are left alone, and so are a Maildir's tmp/ and what is neither a
 * file nor a directory. */

#include "base/arena.h"
#include "base/error.h"

struct wn_input;
struct wn_source;

struct wn_walk_file {
    const char *path;
    bool named; /* by the user, not found in a directory */
    /* What is open already, a message that was fetched: its input, which stays the caller's, and
     * what it is. Else NULL. */
    const struct wn_input *input;
    const struct wn_source *source;
};

/* Owned by the caller; zero-initialise. */
struct wn_walk {
    struct wn_walk_file *files;
    size_t count, capacity;
    struct wn_arena arena;
};

/* Adds the files of `path`; "-" and what is no directory stand for themselves. WN_E_NOINPUT: a
 * directory cannot be read; WN_E_DATA: directories are nested deeper than 64; WN_E_SIGNAL + n:
 * stopped. */
int wn_walk_add(struct wn_walk *walk, const char *path, const _Atomic int *stop,
                struct wn_error *err);
/* Adds an input that is open, and stays so until the walk is released; what goes wrong in it is
 * told under its path. */
void wn_walk_add_input(struct wn_walk *walk, const struct wn_input *input,
                       const struct wn_source *source);
void wn_walk_release(struct wn_walk *walk);

#endif
