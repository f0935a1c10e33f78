/* SPDX-License-Identifier: MIT */
/* Fuzzes the opening of an input: a file or a pipe, plain, compressed or in UTF-16. The first octet
 * says which; the rest is the file, or for the target to compress. What is read must be what was
 * written (UTF-16 as libunistring turns it), or WN_E_DATA with a sentence; and no descriptor may be
 * left open. */
#include "csv/input.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unistr.h>
#include <zlib.h>

#include "csv/unpack.h"
#include "csv/utf16.h"
#include "fuzz.h"

enum {
    BY_PIPE = 1,    /* not as a file */
    COMPRESSED = 2, /* by us, so that it is sound */
    MEMBERS = 4,    /* as two gzip members */
    CUT_SHORT = 8,  /* compressed, and the last octet is missing */
    PIPE_OCTETS = 32 << 10
};

static const _Atomic int no_stop;

/* Appends one gzip member. */
static void compress_to(struct wn_span plain, struct wn_buf *out)
{
    z_stream z = {0};
    REQUIRE(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    uLong most = deflateBound(&z, (uLong)plain.n);
    z.next_in = (Bytef *)(uintptr_t)plain.p;
    z.avail_in = (uInt)plain.n;
    z.next_out = (Bytef *)wn_buf_room(out, most);
    z.avail_out = (uInt)most;
    REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->len += most - z.avail_out;
    (void)deflateEnd(&z);
}

/* A descriptor that reads these octets, once as a pipe. */
static int descriptor_of(struct wn_span octets, bool by_pipe)
{
    int ends[2];
    if (by_pipe) {
        REQUIRE(pipe(ends) == 0);
    } else {
        ends[0] = ends[1] = memfd_create("fuzz", 0);
        REQUIRE(ends[0] >= 0);
    }
    for (size_t i = 0; i < octets.n;) {
        ssize_t n = write(ends[1], octets.p + i, octets.n - i);
        REQUIRE(n > 0 || errno == EINTR);
        i += n > 0 ? (size_t)n : 0;
    }
    if (by_pipe) {
        (void)close(ends[1]);
    }
    return ends[0];
}

static int free_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    (void)close(fd);
    return fd;
}

/* What UTF-16 says: false when it is broken. */
static bool to_utf8(struct wn_span input, bool big_endian, struct wn_buf *out)
{
    size_t units = input.n / 2, length = 0;
    uint16_t *text = wn_calloc(units + 1, sizeof *text);
    for (size_t i = 0; i < units; i++) {
        unsigned first = (uint8_t)input.p[2 * i], second = (uint8_t)input.p[2 * i + 1];
        text[i] = (uint16_t)(big_endian ? first << 8 | second : second << 8 | first);
    }
    uint8_t *utf8 = input.n % 2 == 0 ? u16_to_u8(text, units, NULL, &length) : NULL;
    bool sound = utf8 != NULL;
    wn_buf_add(out, (const char *)utf8, length);
    free(utf8);
    free(text);
    return sound;
}

static void check_content(const struct wn_input *input, struct wn_span want)
{
    struct wn_error err = {0};
    size_t got = 0;
    char *back = wn_malloc(want.n + 1);
    REQUIRE(input->size == want.n);
    REQUIRE(wn_input_read(input, 0, back, want.n + 1, &got, &err) == WN_OK && got == want.n);
    REQUIRE(want.n == 0 || memcmp(back, want.p, want.n) == 0);
    size_t from = want.n / 2;
    REQUIRE(wn_input_read(input, from, back, 3, &got, &err) == WN_OK);
    REQUIRE(got == (want.n - from < 3 ? want.n - from : 3));
    REQUIRE(got == 0 || memcmp(back, want.p + from, got) == 0);
    free(back);
}

/* `plain`: what the file says before UTF-16; NULL when nobody can tell, as it is compressed data
 * that we did not make. `broken`: it must not be accepted. */
static void check_input(const char *path, const struct wn_span *plain, bool broken)
{
    struct wn_input input;
    struct wn_error err = {0};
    struct wn_buf text = {0};
    bool big_endian = false;
    bool utf16 = plain != NULL && wn_utf16_mark(*plain, &big_endian) > 0;
    broken = broken || (utf16 && !to_utf8(*plain, big_endian, &text));

    int status = wn_input_open(&input, path, &no_stop, &err);
    REQUIRE(status == err.status && (status == WN_OK || status == WN_E_DATA));
    REQUIRE((status == WN_OK) == (err.text[0] == '\0'));
    REQUIRE(plain == NULL || (status == WN_OK) == !broken);
    if (status == WN_OK) {
        REQUIRE(plain == NULL || input.utf16 == utf16);
        if (plain != NULL) {
            check_content(&input, utf16 ? wn_buf_span(&text) : *plain);
        }
        REQUIRE(wn_input_unchanged(&input, &err) == WN_OK);
    }
    wn_input_close(&input);
    wn_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    struct wn_buf file = {0};
    if (size == 0 || size > PIPE_OCTETS) {
        return 0;
    }
    unsigned how = data[0];
    struct wn_span plain = {(const char *)data + 1, size - 1};
    bool foreign = !(how & COMPRESSED) && wn_unpack_needed(plain);
    bool broken = (how & COMPRESSED) && (how & CUT_SHORT);
    if (how & COMPRESSED) {
        size_t first = how & MEMBERS ? plain.n / 3 : plain.n;
        compress_to((struct wn_span){plain.p, first}, &file);
        if (how & MEMBERS) {
            compress_to((struct wn_span){plain.p + first, plain.n - first}, &file);
        }
        file.len -= broken ? 1 : 0;
    } else {
        wn_buf_add_span(&file, plain);
    }
    int before = free_descriptor();
    int fd = descriptor_of(wn_buf_span(&file), how & BY_PIPE);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check_input(path, foreign ? NULL : &plain, broken);
    (void)close(fd);
    REQUIRE(free_descriptor() == before);
    wn_buf_release(&file);
    return 0;
}
