/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_INPUT_H
#define WN_CSV_INPUT_H

/* An input as a seekable file of plain bytes: a regular file as it is; standard input, a pipe, gzip
 * or zstd data or UTF-16 text through an unlinked temporary file, UTF-16 turned to UTF-8. Reading
 * is by position, so several threads may read one input at once. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/str.h"

/* Owned by the caller. */
struct wn_input {
    const char *path; /* as the user gave it; kept by the caller */
    const char *name; /* for messages: the path, or "standard input" */
    int fd;
    uint64_t size;    /* of the plain bytes */
    mode_t mode;      /* permission bits of the file, for outputs that are no more readable */
    bool utf16;       /* it was UTF-16 with a byte-order mark; what is read here is UTF-8 */
    bool spooled;     /* a private copy: nobody can change it */
    struct stat seen; /* of the file when it was opened */
};

/* Opens `path` ("-": standard input) and spools it if need be, until `*stop` becomes non-zero.
 * WN_E_NOINPUT: it cannot be opened, or is a directory; WN_E_DATA: broken compressed data or
 * UTF-16 (the sentence names the byte); WN_E_IO: it
 * cannot be read, or the temporary file cannot be written; WN_E_SIGNAL + n: stopped. */
int wn_input_open(struct wn_input *input, const char *path, const _Atomic int *stop,
                  struct wn_error *err);
/* Accepts an input that was never opened, if it is zeroed. */
void wn_input_close(struct wn_input *input);

/* Fills `p` with `n` bytes from `offset`, or as many as there are: *got says how many. */
int wn_input_read(const struct wn_input *input, uint64_t offset, char *p, size_t n, size_t *got,
                  struct wn_error *err);

/* Whether somebody has the file open for writing at this moment, as far as the system tells: on a
 * file of somebody else, or of another machine, it may not. */
bool wn_input_is_written(const struct wn_input *input);

/* WN_E_IO if the file is not what it was when it was opened (size, time of change). */
int wn_input_unchanged(const struct wn_input *input, struct wn_error *err);

#endif
