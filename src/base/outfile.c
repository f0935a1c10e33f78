/* SPDX-License-Identifier: MIT */
/* The staged file has a fixed name, ".NAME.new", and is locked while it is written: what a killed
 * run leaves is taken over by the next, and two runs never share it. */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name to write to; a link leads to the file that it names, if that is there. */
static void resolve(const char *path, struct wn_buf *resolved)
{
    char *real = realpath(path, NULL);
    wn_buf_add_text(resolved, real != NULL ? real : path);
    free(real);
}

static void name_staged(const char *path, struct wn_buf *staged)
{
    const char *slash = strrchr(path, '/');
    size_t directory = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    wn_buf_add(staged, path, directory);
    wn_buf_addf(staged, ".%s.new", path + directory);
}

static int open_staged(struct wn_outfile *file, const char *path, struct wn_error *err)
{
    name_staged(wn_buf_text(&file->path), &file->staged);
    const char *staged = wn_buf_text(&file->staged);
    file->fd = open(staged, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be created", path);
    }
    file->open = true;
    if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        wn_buf_clear(&file->staged); /* it is another run's */
        return why == EWOULDBLOCK
                   ? wn_error_set(err, WN_E_CANTCREATE, "%s is being written by another run", path)
                   : wn_error_errno(err, WN_E_CANTCREATE, why, "%s cannot be locked", path);
    }
    if (fchmod(file->fd, 0600) != 0 || ftruncate(file->fd, 0) != 0) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be created", path);
    }
    return WN_OK;
}

int wn_outfile_open(struct wn_outfile *file, const char *path, struct wn_error *err)
{
    struct stat st;
    *file = (struct wn_outfile){.fd = -1};
    resolve(path, &file->path);
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) {
        return open_staged(file, path, err);
    }
    file->fd = open(path, O_WRONLY | O_CLOEXEC);
    if (file->fd < 0) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be written", path);
    }
    file->open = true;
    return WN_OK;
}

int wn_outfile_write(struct wn_outfile *file, struct wn_span bytes, struct wn_error *err)
{
    while (bytes.n > 0) {
        ssize_t n = write(file->fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return wn_error_errno(err, WN_E_IO, n < 0 ? errno : EIO, "%s cannot be written",
                                  wn_buf_text(&file->path));
        }
        bytes.p += n;
        bytes.n -= (size_t)n;
    }
    return WN_OK;
}

int wn_outfile_publish(struct wn_outfile *file, struct wn_error *err)
{
    const char *path = wn_buf_text(&file->path);
    if (file->staged.len == 0) {
        return WN_OK;
    }
    if (fsync(file->fd) != 0) {
        return wn_error_errno(err, WN_E_IO, errno, "%s cannot be written", path);
    }
    if (rename(wn_buf_text(&file->staged), path) != 0) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be replaced", path);
    }
    wn_buf_clear(&file->staged);
    return WN_OK;
}

void wn_outfile_release(struct wn_outfile *file)
{
    if (file->open) {
        if (file->staged.len > 0) {
            (void)unlink(wn_buf_text(&file->staged));
        }
        (void)close(file->fd);
    }
    wn_buf_release(&file->path);
    wn_buf_release(&file->staged);
    *file = (struct wn_outfile){.fd = -1};
}
