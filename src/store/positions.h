/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_POSITIONS_H
#define WN_STORE_POSITIONS_H

/* How far logs were read, so that the next import reads only what is new. A log is a plain file
 * that grows at its end until it is renamed, or emptied, and begun anew; what it is called says
 * nothing. So it is known by device and inode, and by its first line, because inodes are used
 * again:
 *
 *   renamed (mail.log -> mail.log.1)     the same file, read on where it was left
 *   begun anew under the old name        another file, read from its beginning
 *   emptied in place (copytruncate)      another first line or a shorter file: from its beginning
 *   copied or compressed                 another file, whose events are known by their identity
 *
 * An import loads all positions before it begins, so that the threads that read ask no store. A
 * position is put in the transaction that holds the last of its events, or a later one: an event
 * before it that was never stored would be lost. */

#include <sys/stat.h>

#include "store/db.h"

enum {
    WN_FIRST_LINE_MAX = 4096, /* bytes of the first line that tell one log from another */
    WN_FIRST_LINE_DIGEST = 16
};

struct wn_log_file {
    uint64_t device, inode;
    unsigned char first_line[WN_FIRST_LINE_DIGEST];
};

/* Fills *file from a regular file's status and its first bytes (WN_FIRST_LINE_MAX of them, or all).
 * False when it cannot be told from others: it is no regular file, or has no whole first line yet.
 */
bool wn_log_file_of(const struct stat *seen, struct wn_span head, struct wn_log_file *file);

/* All positions of a store. Owned by the caller, zero-initialised; read-only once loaded. */
struct wn_log_positions {
    struct wn_log_position {
        struct wn_log_file file;
        uint64_t position;
    } * all; /* by device and inode */
    size_t count, capacity;
};

int wn_log_positions_load(struct wn_store *store, struct wn_log_positions *positions,
                          struct wn_error *err);
void wn_log_positions_release(struct wn_log_positions *positions);

/* Where to go on in the file of `size` bytes: 0 when it was never read or is another one now. */
uint64_t wn_log_position_of(const struct wn_log_positions *positions,
                            const struct wn_log_file *file, uint64_t size);

/* Remembers the position, `now` being seconds since 1970, and forgets files that were not read for
 * more than a year. */
int wn_log_position_put(struct wn_store *store, const struct wn_log_file *file, uint64_t position,
                        int64_t now, struct wn_error *err);

#endif
