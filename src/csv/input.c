/* SPDX-License-Identifier: MIT */
/* What is not a regular file of plain bytes is copied to an unlinked temporary file: read in
 * blocks, unpacked if it is compressed, turned to UTF-8 if that is UTF-16. The first bytes of each
 * stage say what it is.
 *
 * Nothing here waits without looking at `stop` now and then: the thread that reads need not be the
 * one that a signal interrupts. */
#include "csv/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "csv/unpack.h"
#include "csv/utf16.h"

enum {
    BLOCK = 1 << 18,
    MAGIC = WN_UNPACK_MAGIC, /* bytes that tell compressed data and UTF-16 from all else */
    LOOK_MS = 100            /* at `stop`, while waiting for a pipe */
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

/* The source of a spool, in any packing and encoding. */
struct source {
    struct wn_input *input;
    int from, to;
    struct wn_unpack *unpack;
    bool known; /* whether the plain bytes are UTF-16; until then they are held in `magic` */
    char magic[MAGIC];
    size_t held;
    struct wn_utf16 utf16;
    struct wn_buf text; /* a piece of it in UTF-8 */
    char in[BLOCK];
};

/* Until there is something to read, or the other end is closed. */
static int wait_readable(const struct source *s, const _Atomic int *stop, struct wn_error *err)
{
    struct pollfd fd = {.fd = s->from, .events = POLLIN};
    for (;;) {
        if (*stop != 0) {
            return wn_error_set(err, WN_E_SIGNAL + *stop, "stopped");
        }
        int ready = poll(&fd, 1, LOOK_MS);
        if (ready > 0) {
            return WN_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "%s cannot be read", s->input->name);
        }
    }
}

/* Fills the input block, or as much of it as there is: a pipe hands out its bytes in pieces of any
 * size, and what the first of them mean is asked only once. */
static int read_block(struct source *s, const _Atomic int *stop, size_t *n, struct wn_error *err)
{
    *n = 0;
    while (*n < sizeof s->in) {
        int status = wait_readable(s, stop, err);
        if (status != WN_OK) {
            return status;
        }
        ssize_t got = read(s->from, s->in + *n, sizeof s->in - *n);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            return wn_error_errno(err, WN_E_IO, errno, "%s cannot be read", s->input->name);
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    return WN_OK;
}

static int refuse_utf16(const struct source *s, uint64_t at, const char *what, struct wn_error *err)
{
    return wn_error_set(err, WN_E_DATA,
                        "%s is broken UTF-16: %s at byte %llu%s; save it as CSV in UTF-8",
                        s->input->name, what, (unsigned long long)at,
                        wn_unpack_word(s->unpack) != NULL ? " of the decompressed text" : "");
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

static int write_plain(void *arg, const char *p, size_t n, struct wn_error *err)
{
    struct source *s = arg;
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

static int copy(struct source *s, const _Atomic int *stop, struct wn_error *err)
{
    for (;;) {
        size_t n;
        int status = read_block(s, stop, &n, err);
        if (status != WN_OK) {
            return status;
        }
        struct wn_span piece = {s->in, n};
        if (s->unpack == NULL) {
            s->unpack = wn_unpack_new(piece, s->input->name);
        }
        if (n == 0) {
            break;
        }
        status = wn_unpack_add(s->unpack, piece, write_plain, s, err);
        if (status != WN_OK) {
            return status;
        }
    }
    int status = wn_unpack_end(s->unpack, err);
    return status == WN_OK ? end_text(s, err) : status;
}

/* Replaces the input's descriptor by one of a private plain copy. */
static int spool(struct wn_input *input, const _Atomic int *stop, struct wn_error *err)
{
    struct source *s = wn_calloc(1, sizeof *s);
    s->input = input;
    s->from = input->fd;
    int status = WN_OK;
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
    wn_unpack_free(s->unpack);
    wn_buf_release(&s->text);
    free(s);
    return status;
}

int wn_input_open(struct wn_input *input, const char *path, const _Atomic int *stop,
                  struct wn_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    *input = (struct wn_input){.path = path, .name = standard ? "standard input" : path};
    input->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                         : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (input->fd < 0) {
        input->fd = 0;
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
        struct wn_span head = {magic, (size_t)n};
        regular = !wn_unpack_needed(head) && wn_utf16_mark(head, &big_endian) == 0;
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

/* A read lease is granted only while nobody has the file open for writing (fcntl(2)). It is given
 * back at once; who opens the file in between makes the kernel send a signal, which is to be one
 * that does nothing. */
bool wn_input_is_written(const struct wn_input *input)
{
    if (input->spooled || fcntl(input->fd, F_SETSIG, SIGURG) != 0) {
        return false;
    }
    if (fcntl(input->fd, F_SETLEASE, F_RDLCK) == 0) {
        (void)fcntl(input->fd, F_SETLEASE, F_UNLCK);
        return false;
    }
    return errno == EAGAIN;
}
