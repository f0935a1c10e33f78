/* SPDX-License-Identifier: MIT */
/* The new content has a fixed name beside the old one, so that what a killed run leaves is
 * overwritten by the next; the directory's lock keeps two runs from sharing that name. */
#include "base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int create_dirs(const char *dir, struct wn_error *err)
{
    struct wn_buf path = {0};
    int status = WN_OK;
    for (const char *p = dir; status == WN_OK && *p != '\0';) {
        p += strspn(p, "/");
        p += strcspn(p, "/");
        wn_buf_clear(&path);
        wn_buf_add(&path, dir, (size_t)(p - dir));
        if (mkdir(wn_buf_text(&path), 0700) != 0 && errno != EEXIST) {
            status = wn_error_errno(err, WN_E_CANTCREATE, errno, "the directory %s cannot be made",
                                    wn_buf_text(&path));
        }
        p += strspn(p, "/");
    }
    wn_buf_release(&path);
    return status;
}

int wn_replace_lock(const char *dir, int *fd, struct wn_error *err)
{
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT) {
        int status = create_dirs(dir, err);
        if (status != WN_OK) {
            return status;
        }
        *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (*fd < 0) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be used", dir);
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        (void)close(*fd);
        *fd = -1;
        return why == EWOULDBLOCK
                   ? wn_error_set(err, WN_E_TEMPFAIL, "another run is changing the files in %s",
                                  dir)
                   : wn_error_errno(err, WN_E_CANTCREATE, why, "%s cannot be locked", dir);
    }
    return WN_OK;
}

static int write_all(int fd, struct wn_span content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? errno : EIO;
        }
        content.p += n;
        content.n -= (size_t)n;
    }
    return fsync(fd) != 0 ? errno : 0;
}

int wn_replace_file(int dir_fd, const char *dir, const char *name, struct wn_span content,
                    struct wn_error *err)
{
    struct wn_buf room = {0};
    int status = WN_OK;
    wn_buf_addf(&room, ".%s.new", name);
    const char *new = wn_buf_text(&room);
    (void)unlinkat(dir_fd, new, 0);
    int fd = openat(dir_fd, new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        status = wn_error_errno(err, WN_E_CANTCREATE, errno, "%s/%s cannot be created", dir, new);
        goto out;
    }
    int why = write_all(fd, content);
    if (close(fd) != 0 && why == 0) {
        why = errno;
    }
    if (why != 0) {
        status = wn_error_errno(err, WN_E_IO, why, "%s/%s cannot be written", dir, new);
        (void)unlinkat(dir_fd, new, 0);
        goto out;
    }
    if (renameat(dir_fd, new, dir_fd, name) != 0) {
        status = wn_error_errno(err, WN_E_CANTCREATE, errno, "%s/%s cannot be replaced", dir, name);
        (void)unlinkat(dir_fd, new, 0);
        goto out;
    }
    if (fsync(dir_fd) != 0) {
        status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be flushed to disk", dir);
    }
out:
    wn_buf_release(&room);
    return status;
}
