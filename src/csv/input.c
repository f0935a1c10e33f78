/* SPDX-License-Identifier: MIT */
/* What is not a regular file of plain bytes is copied to an unlinked temporary file: read in
 * blocks, inflated if it is gzip data, turned to UTF-8 if that is UTF-16. The first bytes of each
 * stage say what it is. */
#include "csv/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "csv/utf16.h"

enum {
    BLOCK = 1 << 18,
    MAGIC = 4 /* bytes that tell gzip and UTF-16 from all else */
};

static int open_spool(struct wn_error *err)
{
    const char *directory = getenv("TMPDIR");
    if (directory == NULL || directory[0] == '\0') {
        directory = "/var/tmp"; /* /tmp is often memory, and a list may be large */
    }
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        struct wn_buf path = {0};
        wn_buf_addf(&path, "%s/winnow-XXXXXX", directory);
        (void)wn_buf_text(&path);
        fd = mkostemp(path.p, O_CLOEXEC);
        if (fd >= 0) {
            (void)unlink(path.p);
        }
        wn_buf_release(&path);
    }
    if (fd < 0) {
        wn_error_errno(err, WN_E_IO, errno,
                       "a temporary file cannot be created in %s (TMPDIR names another place)",
                       directory);
    }
    return fd;
}

static int write_all(int fd, const char *p, size_t n, struct wn_error *err)
{
    while (n > 0) {
        ssize_t written = write(fd, p, n);
        if (written < 0 && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "the temporary copy cannot be written");
        }
        if (written > 0) {
            p += written;
            n -= (size_t)written;
        }
    }
    return WN_OK;
}

static bool is_gzip(const char *p, size_t n)
{
    return n >= 3 && memcmp(p, "\x1f\x8b\x08", 3) == 0;
}

/* The source of a spool: plain bytes, or gzip members one after another; in any encoding. */
struct source {
    struct wn_input *input;
    int from, to;
    bool gzip, in_member;
    z_stream z;
    bool known; /* whether the plain bytes are UTF-16; until then they are held in `magic` */
    char magic[MAGIC];
    size_t held;
    struct wn_utf16 utf16;
    struct wn_buf text; /* a piece of it in UTF-8 */
    unsigned char in[BLOCK];
    char out[BLOCK];
};

/* Fills the input block, or as much of it as there is: a pipe hands out its bytes in pieces of any
 * size, and what the first of them mean is asked only once. */
static int read_block(struct source *s, const _Atomic int *stop, size_t *n, struct wn_error *err)
{
    *n = 0;
    while (*n < sizeof s->in) {
        if (*stop != 0) {
            return wn_error_set(err, WN_E_SIGNAL + *stop, "stopped");
        }
        ssize_t got = read(s->from, s->in + *n, sizeof s->in - *n);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "%s cannot be read", s->input->name);
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    return WN_OK;
}

static int refuse_utf16(const struct source *s, uint64_t at, const char *what, struct wn_error *err)
{
    return wn_error_set(
        err, WN_E_DATA, "%s is broken UTF-16: %s at byte %llu%s; save it as CSV in UTF-8",
        s->input->name, what, (unsigned long long)at, s->gzip ? " of the decompressed text" : "");
}

/* Writes plain bytes whose encoding is known. */
static int write_text(struct source *s, const char *p, size_t n, struct wn_error *err)
{
    uint64_t at;
    if (!s->input->utf16) {
        return write_all(s->to, p, n, err);
    }
    wn_buf_clear(&s->text);
    if (!wn_utf16_add(&s->utf16, (struct wn_span){p, n}, &s->text, &at)) {
        return refuse_utf16(s, at, "half of a surrogate pair", err);
    }
    return write_all(s->to, s->text.p, s->text.len, err);
}

static int write_held(struct source *s, struct wn_error *err)
{
    struct wn_span magic = {s->magic, s->held};
    s->known = true;
    s->input->utf16 = wn_utf16_mark(magic, &s->utf16.big_endian) > 0;
    return write_text(s, s->magic, s->held, err);
}

static int write_plain(struct source *s, const char *p, size_t n, struct wn_error *err)
{
    while (!s->known && n > 0) {
        s->magic[s->held++] = *p++;
        n--;
        if (s->held == MAGIC) {
            int status = write_held(s, err);
            if (status != WN_OK) {
                return status;
            }
        }
    }
    return write_text(s, p, n, err);
}

/* All plain bytes have been written: the text must end here. */
static int end_text(struct source *s, struct wn_error *err)
{
    uint64_t at;
    int status = s->known ? WN_OK : write_held(s, err);
    if (status == WN_OK && s->input->utf16 && !wn_utf16_end(&s->utf16, &at)) {
        status = refuse_utf16(s, at, "an unfinished character", err);
    }
    return status;
}

/* Inflates what is in the source's input block to the spool. */
static int inflate_block(struct source *s, size_t n, struct wn_error *err)
{
    s->z.next_in = s->in;
    s->z.avail_in = (uInt)n;
    while (s->z.avail_in > 0 || s->z.avail_out == 0) {
        s->z.next_out = (Bytef *)s->out;
        s->z.avail_out = sizeof s->out;
        if (!s->in_member) {
            if (s->z.avail_in == 0) {
                break;
            }
            inflateReset(&s->z);
            s->in_member = true;
        }
        int z = inflate(&s->z, Z_NO_FLUSH);
        if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR) {
            return wn_error_set(err, WN_E_DATA, "%s: the gzip data is broken%s%s", s->input->name,
                                s->z.msg != NULL ? ": " : "", s->z.msg != NULL ? s->z.msg : "");
        }
        int status = write_plain(s, s->out, sizeof s->out - s->z.avail_out, err);
        if (status != WN_OK) {
            return status;
        }
        s->in_member = z != Z_STREAM_END;
        if (z == Z_BUF_ERROR) {
            break;
        }
    }
    return WN_OK;
}

static int copy(struct source *s, const _Atomic int *stop, struct wn_error *err)
{
    for (bool first = true;; first = false) {
        size_t n;
        int status = read_block(s, stop, &n, err);
        if (status != WN_OK) {
            return status;
        }
        if (n == 0) {
            break;
        }
        if (first) {
            s->gzip = is_gzip((const char *)s->in, n);
        }
        status = s->gzip ? inflate_block(s, n, err) : write_plain(s, (const char *)s->in, n, err);
        if (status != WN_OK) {
            return status;
        }
    }
    if (s->in_member) {
        return wn_error_set(err, WN_E_DATA, "%s: the gzip data ends too early", s->input->name);
    }
    return end_text(s, err);
}

/* Replaces the input's descriptor by one of a private plain copy. */
static int spool(struct wn_input *input, const _Atomic int *stop, struct wn_error *err)
{
    struct source *s = wn_calloc(1, sizeof *s);
    s->input = input;
    s->from = input->fd;
    int status = WN_OK;
    if (inflateInit2(&s->z, 16 + MAX_WBITS) != Z_OK) {
        wn_out_of_memory();
    }
    s->to = open_spool(err);
    if (s->to < 0) {
        status = WN_E_IO;
        goto out;
    }
    status = copy(s, stop, err);
    if (status == WN_OK) {
        (void)close(input->fd);
        input->fd = s->to;
        input->spooled = true;
        s->to = -1;
    }
out:
    if (s->to >= 0) {
        (void)close(s->to);
    }
    inflateEnd(&s->z);
    wn_buf_release(&s->text);
    free(s);
    return status;
}

int wn_input_open(struct wn_input *input, const char *path, const _Atomic int *stop,
                  struct wn_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    *input = (struct wn_input){.path = path, .name = standard ? "standard input" : path};
    input->fd =
        standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0) {
        input->fd = 0;
        if (errno == EINTR && *stop != 0) { /* it waited for a pipe's other end */
            return wn_error_set(err, WN_E_SIGNAL + *stop, "stopped");
        }
        return wn_error_errno(err, WN_E_NOINPUT, errno, "%s cannot be opened", input->name);
    }
    int status = WN_OK;
    char magic[MAGIC];
    if (fstat(input->fd, &input->seen) != 0) {
        status = wn_error_errno(err, WN_E_NOINPUT, errno, "%s cannot be read", input->name);
        goto out;
    }
    if (S_ISDIR(input->seen.st_mode)) {
        status = wn_error_set(err, WN_E_NOINPUT, "%s is a directory, not a list", input->name);
        goto out;
    }
    bool regular = S_ISREG(input->seen.st_mode) && !standard;
    input->mode = regular ? input->seen.st_mode & 0666 : 0600;
    if (regular) {
        ssize_t n = pread(input->fd, magic, sizeof magic, 0);
        if (n < 0) {
            status = wn_error_errno(err, WN_E_NOINPUT, errno, "%s cannot be read", input->name);
            goto out;
        }
        bool big_endian;
        regular = !is_gzip(magic, (size_t)n) &&
                  wn_utf16_mark((struct wn_span){magic, (size_t)n}, &big_endian) == 0;
    }
    if (!regular) {
        status = spool(input, stop, err);
    }
    struct stat now;
    if (status == WN_OK && fstat(input->fd, &now) != 0) {
        status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be read", input->name);
    }
    if (status == WN_OK) {
        input->size = (uint64_t)now.st_size;
    }
out:
    if (status != WN_OK) {
        wn_input_close(input);
    }
    return status;
}

void wn_input_close(struct wn_input *input)
{
    if (input->fd > 0) {
        (void)close(input->fd);
    }
    input->fd = 0;
}

int wn_input_read(const struct wn_input *input, uint64_t offset, char *p, size_t n, size_t *got,
                  struct wn_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = pread(input->fd, p + *got, n - *got, (off_t)(offset + *got));
        if (r == 0) {
            break;
        }
        if (r < 0 && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "%s cannot be read", input->name);
        }
        if (r > 0) {
            *got += (size_t)r;
        }
    }
    return WN_OK;
}

int wn_input_unchanged(const struct wn_input *input, struct wn_error *err)
{
    struct stat now;
    if (input->spooled) {
        return WN_OK;
    }
    if (fstat(input->fd, &now) != 0 || now.st_size != input->seen.st_size ||
        now.st_mtim.tv_sec != input->seen.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != input->seen.st_mtim.tv_nsec) {
        return wn_error_set(err, WN_E_IO,
                            "%s changed while it was read; nothing was published, run it again",
                            input->name);
    }
    return WN_OK;
}
