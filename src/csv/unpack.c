/* SPDX-License-Identifier: MIT */
#include "csv/unpack.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
    BLOCK = 1 << 18,
    ZSTD_WINDOW_LOG = 27 /* 128 MiB: what zstd itself takes without being asked for more */
};

enum packing {
    PLAIN,
    GZIP,
    ZSTD
};

static const struct {
    const char *word;
    const char *magic;
    size_t length;
} packings[] = {
    [GZIP] = {"gzip", "\x1f\x8b\x08", 3},
    [ZSTD] = {"zstd", "\x28\xb5\x2f\xfd", 4},
};

struct wn_unpack {
    const char *name;
    enum packing packing;
    bool open; /* a member or frame has begun and not ended */
    z_stream z;
    ZSTD_DCtx *zstd;
    char out[BLOCK];
};

static enum packing find(struct wn_span head)
{
    for (size_t i = GZIP; i < sizeof packings / sizeof *packings; i++) {
        if (head.n >= packings[i].length &&
            memcmp(head.p, packings[i].magic, packings[i].length) == 0) {
            return (enum packing)i;
        }
    }
    return PLAIN;
}

bool wn_unpack_needed(struct wn_span head)
{
    return find(head) != PLAIN;
}

struct wn_unpack *wn_unpack_new(struct wn_span head, const char *name)
{
    struct wn_unpack *u = wn_calloc(1, sizeof *u);
    u->name = name;
    u->packing = find(head);
    if (u->packing == GZIP && inflateInit2(&u->z, 16 + MAX_WBITS) != Z_OK) {
        wn_out_of_memory();
    }
    if (u->packing == ZSTD) {
        u->zstd = ZSTD_createDCtx();
        if (u->zstd == NULL) {
            wn_out_of_memory();
        }
        (void)ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    }
    return u;
}

void wn_unpack_free(struct wn_unpack *u)
{
    if (u != NULL) {
        if (u->packing == GZIP) {
            inflateEnd(&u->z);
        }
        ZSTD_freeDCtx(u->zstd);
        free(u);
    }
}

const char *wn_unpack_word(const struct wn_unpack *unpack)
{
    return unpack->packing != PLAIN ? packings[unpack->packing].word : NULL;
}

static int refuse(const struct wn_unpack *u, const char *why, struct wn_error *err)
{
    return wn_error_set(err, WN_E_DATA, "%s: the %s data is broken%s%s", u->name,
                        packings[u->packing].word, why != NULL ? ": " : "", why != NULL ? why : "");
}

static int add_gzip(struct wn_unpack *u, struct wn_span piece, wn_unpack_write *write, void *arg,
                    struct wn_error *err)
{
    union {
        const char *p;
        Bytef *in;
    } from = {piece.p};
    u->z.next_in = from.in;
    u->z.avail_in = (uInt)piece.n;
    while (u->z.avail_in > 0 || u->z.avail_out == 0) {
        u->z.next_out = (Bytef *)u->out;
        u->z.avail_out = sizeof u->out;
        if (!u->open) {
            if (u->z.avail_in == 0) {
                break;
            }
            inflateReset(&u->z);
            u->open = true;
        }
        int z = inflate(&u->z, Z_NO_FLUSH);
        if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR) {
            return refuse(u, u->z.msg, err);
        }
        int status = write(arg, u->out, sizeof u->out - u->z.avail_out, err);
        if (status != WN_OK) {
            return status;
        }
        u->open = z != Z_STREAM_END;
        if (z == Z_BUF_ERROR) {
            break;
        }
    }
    return WN_OK;
}

static int add_zstd(struct wn_unpack *u, struct wn_span piece, wn_unpack_write *write, void *arg,
                    struct wn_error *err)
{
    ZSTD_inBuffer in = {piece.p, piece.n, 0};
    bool more = false; /* plain bytes wait for room */
    while (in.pos < in.size || more) {
        ZSTD_outBuffer out = {u->out, sizeof u->out, 0};
        size_t left = ZSTD_decompressStream(u->zstd, &out, &in);
        if (ZSTD_isError(left)) {
            return refuse(u, ZSTD_getErrorName(left), err);
        }
        u->open = left != 0;
        more = out.pos == out.size && left != 0;
        int status = write(arg, u->out, out.pos, err);
        if (status != WN_OK) {
            return status;
        }
    }
    return WN_OK;
}

int wn_unpack_add(struct wn_unpack *u, struct wn_span piece, wn_unpack_write *write, void *arg,
                  struct wn_error *err)
{
    return u->packing == GZIP   ? add_gzip(u, piece, write, arg, err)
           : u->packing == ZSTD ? add_zstd(u, piece, write, arg, err)
                                : write(arg, piece.p, piece.n, err);
}

int wn_unpack_end(const struct wn_unpack *u, struct wn_error *err)
{
    return u->open ? wn_error_set(err, WN_E_DATA, "%s: the %s data ends too early", u->name,
                                  packings[u->packing].word)
                   : WN_OK;
}
