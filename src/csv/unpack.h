/* SPDX-License-Identifier: MIT */
#ifndef WN_CSV_UNPACK_H
#define WN_CSV_UNPACK_H

/* Compressed bytes into plain ones, piece by piece: gzip (RFC 1952) and zstd (RFC 8878), one member
 * or frame after another. What is neither passes through. */

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

enum {
    WN_UNPACK_MAGIC = 4 /* octets that tell what it is */
};

/* Whether a file that begins like this is compressed. */
bool wn_unpack_needed(struct wn_span head);

struct wn_unpack;

/* For an input that begins with `head`; `name` is for messages and must live as long. */
struct wn_unpack *wn_unpack_new(struct wn_span head, const char *name);
void wn_unpack_free(struct wn_unpack *unpack);

/* "gzip", "zstd", or NULL for plain bytes. */
const char *wn_unpack_word(const struct wn_unpack *unpack);

/* Hands the plain bytes of a piece to `write`, whose status ends the call. WN_E_DATA: the data is
 * broken. */
typedef int wn_unpack_write(void *arg, const char *p, size_t n, struct wn_error *err);
int wn_unpack_add(struct wn_unpack *unpack, struct wn_span piece, wn_unpack_write *write, void *arg,
                  struct wn_error *err);

/* The input has ended. WN_E_DATA: too early. */
int wn_unpack_end(const struct wn_unpack *unpack, struct wn_error *err);

#endif
