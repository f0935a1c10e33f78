/* SPDX-License-Identifier: MIT */
/* The file is never removed: a process that unlinked it while another one waits would leave two
 * holders of two files with one name. What it says is only for the message; the lock is the
 * kernel's and ends with the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/private.h"

enum {
    POLL_MS = 50
};

struct wn_lock {
    int fd;
};

static const char *const suffixes[] = {
    [WN_LOCK_CLEAN] = ".clean.lock",
    [WN_LOCK_IMPORT] = ".import.lock",
};

/* Beside the store itself, so that every name of one store (a symbolic link, another directory's
 * view) leads to one lock. */
static void name_lock(const char *path, enum wn_lock_kind kind, struct wn_buf *name)
{
    char *real = realpath(path, NULL);
    if (real != NULL) {
        wn_buf_add_text(name, real);
        free(real);
    } else {
        const char *slash = strrchr(path, '/');
        struct wn_buf parent = {0};
        wn_buf_add(&parent, slash != NULL ? path : ".",
                   slash != NULL ? (size_t)(slash - path) + 1 : 1);
        real = realpath(wn_buf_text(&parent), NULL);
        wn_buf_addf(name, "%s/%s", real != NULL ? real : wn_buf_text(&parent),
                    slash != NULL ? slash + 1 : path);
        free(real);
        wn_buf_release(&parent);
    }
    wn_buf_add_text(name, suffixes[kind]);
}

static int say_held(int fd, const char *path, struct wn_error *err)
{
    char text[128];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    char *command;
    unsigned long pid = strtoul(text, &command, 10);
    if (pid == 0 || *command != ' ') {
        return wn_error_set(err, WN_E_TEMPFAIL,
                            "the store %s is in use by another process; try again later or wait "
                            "with --wait SECONDS",
                            path);
    }
    return wn_error_set(err, WN_E_TEMPFAIL,
                        "the store %s is in use by process %lu (%s); try again later or wait with "
                        "--wait SECONDS",
                        path, pid, command + 1);
}

static int wait_for_lock(int fd, const char *path, int wait_seconds, const _Atomic int *stop,
                         struct wn_error *err)
{
    int64_t deadline = wn_clock_monotonic_ms() + INT64_C(1000) * wait_seconds;
    for (;;) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return WN_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "the store %s cannot be locked", path);
        }
        if (stop != NULL && *stop != 0) {
            return wn_error_set(err, WN_E_SIGNAL + *stop, "stopped while waiting for the store %s",
                                path);
        }
        if (wn_clock_monotonic_ms() >= deadline) {
            return say_held(fd, path, err);
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    }
}

int wn_lock_take(const char *path, enum wn_lock_kind kind, const char *command, int wait_seconds,
                 const _Atomic int *stop, struct wn_lock **lock, struct wn_error *err)
{
    struct wn_buf name = {0};
    int fd = -1;
    *lock = NULL;
    int status = wn_store_make_parents(path, err);
    if (status != WN_OK) {
        goto out;
    }
    name_lock(path, kind, &name);
    fd = open(wn_buf_text(&name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        status = wn_error_errno(err, WN_E_CANTCREATE, errno, "the lock %s cannot be created",
                                wn_buf_text(&name));
        goto out;
    }
    (void)fchmod(fd, 0600);
    status = wait_for_lock(fd, path, wait_seconds, stop, err);
    if (status != WN_OK) {
        goto out;
    }
    char text[128];
    int n = snprintf(text, sizeof text, "%ld %.100s\n", (long)getpid(), command);
    bool written = ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
    if (!written && ftruncate(fd, 0) != 0) {
        /* A full disk costs the others' message its detail, and half a line is read as none. */
        errno = 0;
    }
    *lock = wn_malloc(sizeof **lock);
    (*lock)->fd = fd;
    fd = -1;
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    wn_buf_release(&name);
    return status;
}

void wn_lock_free(struct wn_lock *lock)
{
    if (lock != NULL) {
        (void)close(lock->fd);
        free(lock);
    }
}
