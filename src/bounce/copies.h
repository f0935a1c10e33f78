/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_COPIES_H
#define WN_BOUNCE_COPIES_H

/* Copies of what looked like a bounce and could not be read, for somebody to look at: one file
 * each, named after its content, so that the same piece is there once. */

#include "bounce/feed.h"

/* Creates the directory (0700) if it is not there. WN_E_CANTCREATE. */
int wn_copies_prepare(const char *directory, struct wn_error *err);

/* Writes the bytes of the notice's piece (all of the input when the source does not say which, at
 * most 16 MiB) to directory/<digest>.<ending>, 0600. WN_E_CANTCREATE, WN_E_IO. */
int wn_copies_write(const char *directory, const struct wn_feed_input *input,
                    const struct wn_notice *notice, struct wn_error *err);

#endif
