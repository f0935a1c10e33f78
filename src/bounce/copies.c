/* SPDX-License-Identifier: MIT */
#include "bounce/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    PIECE_MAX = 1 << 24
};

int wn_copies_prepare(const char *directory, struct wn_error *err)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be created", directory);
    }
    return WN_OK;
}

static int write_file(const char *path, struct wn_span bytes, struct wn_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EEXIST
                   ? WN_OK
                   : wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be created", path);
    }
    int status = WN_OK;
    while (bytes.n > 0 && status == WN_OK) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        } else if (n < 0 && errno != EINTR) {
            status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be written", path);
        }
    }
    if (close(fd) != 0 && status == WN_OK) {
        status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be written", path);
    }
    if (status != WN_OK) {
        (void)unlink(path); /* half a message would be taken for a whole one the next time */
    }
    return status;
}

int wn_copies_write(const char *directory, const struct wn_feed_input *input,
                    const struct wn_notice *notice, struct wn_error *err)
{
    uint64_t from = notice->length > 0 ? notice->offset : 0;
    uint64_t length = notice->length > 0 ? notice->length : input->input->size;
    size_t want = length < PIECE_MAX ? (size_t)length : PIECE_MAX;
    char *bytes = wn_malloc(want > 0 ? want : 1);
    struct wn_buf path = {0};
    size_t got;
    int status = wn_input_read(input->input, from, bytes, want, &got, err);
    if (status == WN_OK) {
        XXH128_hash_t digest = XXH3_128bits(bytes, got);
        wn_buf_addf(&path, "%s/%016llx%016llx.%s", directory, (unsigned long long)digest.high64,
                    (unsigned long long)digest.low64, input->source->name);
        status = write_file(wn_buf_text(&path), (struct wn_span){bytes, got}, err);
    }
    wn_buf_release(&path);
    free(bytes);
    return status;
}
