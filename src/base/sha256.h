/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_SHA256_H
#define WN_BASE_SHA256_H

/* SHA-256 (FIPS 180-4), GLib's, for names that are to be compared without being told. */

#include "base/str.h"

enum {
    WN_SHA256 = 32,         /* bytes of a digest */
    WN_SHA256_HEX = 64 + 1, /* bytes of its text with the NUL */
};

/* Made once and used for many digests; by one thread at a time. */
struct wn_sha256;

struct wn_sha256 *wn_sha256_new(void);
void wn_sha256_free(struct wn_sha256 *hasher);

void wn_sha256_digest(struct wn_sha256 *hasher, struct wn_span text,
                      unsigned char digest[WN_SHA256]);

/* In lower case. */
void wn_sha256_format(const unsigned char digest[WN_SHA256], char text[WN_SHA256_HEX]);

/* Reads 64 hexadecimal digits of either case that fill the span; false when it is anything else. */
bool wn_sha256_read(struct wn_span text, unsigned char digest[WN_SHA256]);

#endif
