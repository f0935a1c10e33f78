/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_OUTFILE_H
#define WN_BASE_OUTFILE_H

/* An output file of unknown length that appears whole or not at all: written beside its final name
 * and renamed when it is complete and on disk. A name that is no regular file (a pipe, /dev/null)
 * is written to as it is. */

#include "base/str.h"

/* Owned by the caller; zero-initialise. */
struct wn_outfile {
    int fd;
    bool open;
    struct wn_buf path, staged; /* links resolved; empty `staged`: written in place */
};

/* Opens `path` for writing, 0600 whatever it was before. WN_E_CANTCREATE: it cannot be created, or
 * another run is writing it. */
int wn_outfile_open(struct wn_outfile *file, const char *path, struct wn_error *err);

/* WN_E_IO. */
int wn_outfile_write(struct wn_outfile *file, struct wn_span bytes, struct wn_error *err);

/* Flushes it to disk and gives it its name. WN_E_IO, WN_E_CANTCREATE: the old file is as it was. */
int wn_outfile_publish(struct wn_outfile *file, struct wn_error *err);

/* Removes what was not published. Accepts a zeroed one. */
void wn_outfile_release(struct wn_outfile *file);

#endif
