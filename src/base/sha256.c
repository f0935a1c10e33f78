/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <glib.h>
#include <stdlib.h>

struct wn_sha256 {
    GChecksum *checksum;
};

struct wn_sha256 *wn_sha256_new(void)
{
    struct wn_sha256 *hasher = wn_malloc(sizeof *hasher);
    hasher->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    return hasher;
}

void wn_sha256_free(struct wn_sha256 *hasher)
{
    if (hasher != NULL) {
        g_checksum_free(hasher->checksum);
        free(hasher);
    }
}

void wn_sha256_digest(struct wn_sha256 *hasher, struct wn_span text,
                      unsigned char digest[WN_SHA256])
{
    gsize n = WN_SHA256;
    g_checksum_reset(hasher->checksum);
    g_checksum_update(hasher->checksum, (const guchar *)text.p, (gssize)text.n);
    g_checksum_get_digest(hasher->checksum, digest, &n);
}

void wn_sha256_format(const unsigned char digest[WN_SHA256], char text[WN_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < WN_SHA256; i++) {
        *text++ = digits[digest[i] >> 4];
        *text++ = digits[digest[i] & 15];
    }
    *text = '\0';
}

/* The value of a hexadecimal digit, or -1. */
static int value_of(char c)
{
    c = wn_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool wn_sha256_read(struct wn_span text, unsigned char digest[WN_SHA256])
{
    if (text.n != (size_t)2 * WN_SHA256) {
        return false;
    }
    for (size_t i = 0; i < WN_SHA256; i++) {
        int high = value_of(text.p[2 * i]), low = value_of(text.p[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        digest[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
