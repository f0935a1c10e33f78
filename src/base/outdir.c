/* SPDX-License-Identifier: MIT */
/* Names, for an output `lists/may.winnow`:
 *   lists/.may.winnow.staging-PID   being built; flocked while its process lives
 *   lists/.may.winnow.old-PID       the previous output, for a moment, where the file system cannot
 *                                   exchange two directories
 *   lists/may.winnow.held           a result that a safety valve kept from being published
 * With an exchange there is no moment without a whole output. Without one there is, between two
 * renames; the next run finds the .old directory and puts it back. */
#include "base/outdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct wn_outdir {
    const struct wn_outdir_kind *kind;
    mode_t mode;
    struct wn_buf path; /* final, resolved */
    struct wn_buf base; /* its last component */
    struct wn_buf staging, old, held, held_path;
    int parent; /* directory of all of these */
    int fd;     /* the staging directory, flocked; -1 once it is no longer ours */
};

enum content {
    ABSENT,
    EMPTY,
    OURS,
    FOREIGN,
    UNREADABLE
};

static bool is_known(const struct wn_outdir_kind *kind, const char *name)
{
    if (strcmp(name, kind->marker) == 0) {
        return true;
    }
    for (const char *const *f = kind->files; *f != NULL; f++) {
        if (strcmp(name, *f) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static DIR *open_listing(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    DIR *listing = fdopendir(fd);
    if (listing == NULL) {
        (void)close(fd);
    }
    return listing;
}

/* What stands at `name`; `odd` gets the name of a file that is not ours, if any. */
static enum content examine(int parent, const char *name, const struct wn_outdir_kind *kind,
                            struct wn_buf *odd)
{
    DIR *listing = open_listing(parent, name);
    if (listing == NULL) {
        return errno == ENOENT ? ABSENT : errno == ENOTDIR || errno == ELOOP ? FOREIGN : UNREADABLE;
    }
    bool marked = false, foreign = false, empty = true;
    struct dirent *entry;
    while (!foreign && (entry = readdir(listing)) != NULL) {
        if (is_dots(entry->d_name)) {
            continue;
        }
        struct stat st;
        bool plain = fstatat(dirfd(listing), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISREG(st.st_mode);
        empty = false;
        marked = marked || strcmp(entry->d_name, kind->marker) == 0;
        foreign = !plain || !is_known(kind, entry->d_name);
        if (foreign && odd != NULL) {
            wn_buf_add_text(odd, entry->d_name);
        }
    }
    (void)closedir(listing);
    return empty ? EMPTY : foreign || !marked ? FOREIGN : OURS;
}

/* Removes a directory that examine() called EMPTY or OURS: the known names, nothing else. The
 * marker goes last, so that a kill in between leaves a directory that is still known as ours. */
static void remove_ours(int parent, const char *name, const struct wn_outdir_kind *kind)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    for (const char *const *f = kind->files; *f != NULL; f++) {
        (void)unlinkat(fd, *f, 0);
    }
    (void)unlinkat(fd, kind->marker, 0);
    (void)close(fd);
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

static bool is_removable(int parent, const char *name, const struct wn_outdir_kind *kind)
{
    enum content c = examine(parent, name, kind, NULL);
    return c == EMPTY || c == OURS;
}

static int refuse(struct wn_outdir *d, struct wn_error *err)
{
    struct wn_buf odd = {0};
    const char *path = wn_buf_text(&d->path);
    int status = WN_OK;
    struct stat here, there;
    enum content c = examine(d->parent, wn_buf_text(&d->base), d->kind, &odd);
    if (c == UNREADABLE) {
        status = wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be looked into", path);
    } else if (c == FOREIGN && odd.len > 0) {
        status =
            wn_error_set(err, WN_E_CANTCREATE,
                         "%s holds '%s', which is not Winnow's: name another directory with -o",
                         path, wn_buf_text(&odd));
    } else if (c == FOREIGN) {
        status = wn_error_set(err, WN_E_CANTCREATE,
                              "%s is not a directory that Winnow made: name another with -o", path);
    } else if (c != ABSENT && stat(".", &here) == 0 && stat(path, &there) == 0 &&
               here.st_dev == there.st_dev && here.st_ino == there.st_ino) {
        status = wn_error_set(err, WN_E_CANTCREATE,
                              "%s is the directory you are in: name one inside it with -o", path);
    }
    wn_buf_release(&odd);
    return status;
}

/* mkdir -p of the path's parent; the path is changed back before returning. */
static int make_parents(char *path, struct wn_error *err)
{
    for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        int failed = mkdir(path, 0777) != 0 && errno != EEXIST && errno != EISDIR ? errno : 0;
        if (failed != 0) {
            wn_error_errno(err, WN_E_CANTCREATE, failed, "the directory %s cannot be created",
                           path);
        }
        *p = '/';
        if (failed != 0) {
            return WN_E_CANTCREATE;
        }
    }
    return WN_OK;
}

/* Fills path for a name that does not exist yet: its parents are made. */
static int resolve_new(struct wn_outdir *d, char *path, struct wn_error *err)
{
    char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
        return wn_error_set(err, WN_E_CANTCREATE, "%s does not exist: name it without '%s'", path,
                            base);
    }
    int status = make_parents(path, err);
    if (status != WN_OK) {
        return status;
    }
    if (slash != NULL) {
        *slash = '\0';
    }
    char *real = realpath(slash == NULL ? "." : slash == path ? "/" : path, NULL);
    if (real == NULL) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be used", path);
    }
    wn_buf_addf(&d->path, "%s/%s", strcmp(real, "/") == 0 ? "" : real, base);
    free(real);
    return WN_OK;
}

/* Fills path and base: the final name with every symbolic link resolved. */
static int resolve(struct wn_outdir *d, const char *text, struct wn_error *err)
{
    struct wn_buf given = {0};
    wn_buf_add_text(&given, text);
    while (given.len > 1 && given.p[given.len - 1] == '/') {
        given.len--;
    }
    char *path = (wn_buf_text(&given), given.p);
    struct stat st;
    int status = WN_OK;
    char *real = realpath(path, NULL);
    if (real != NULL) {
        wn_buf_add_text(&d->path, real);
    } else if (given.len == 0) {
        status = wn_error_set(err, WN_E_CANTCREATE, "the output directory's name is empty");
    } else if (errno != ENOENT) {
        status = wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be used", path);
    } else if (lstat(path, &st) == 0) {
        status =
            wn_error_set(err, WN_E_CANTCREATE, "%s is a symbolic link that leads nowhere", path);
    } else {
        status = resolve_new(d, path, err);
    }
    free(real);
    wn_buf_release(&given);
    if (status == WN_OK) {
        wn_buf_add_text(&d->base, strrchr(wn_buf_text(&d->path), '/') + 1);
        if (d->base.len == 0) {
            status = wn_error_set(err, WN_E_CANTCREATE, "the root directory cannot be an output");
        }
    }
    return status;
}

static int open_parent(struct wn_outdir *d, struct wn_error *err)
{
    struct wn_buf parent = {0};
    wn_buf_add(&parent, d->path.p, d->path.len - d->base.len);
    d->parent = open(wn_buf_text(&parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = WN_OK;
    if (d->parent < 0) {
        status = wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be opened", parent.p);
    }
    wn_buf_release(&parent);
    return status;
}

/* Removes, or puts back, what killed runs left. A staging directory that is locked is alive. */
static void clear_leftovers(struct wn_outdir *d)
{
    struct wn_buf staging = {0}, old = {0};
    wn_buf_addf(&staging, ".%s.staging-", wn_buf_text(&d->base));
    wn_buf_addf(&old, ".%s.old-", d->base.p);
    DIR *listing = open_listing(d->parent, ".");
    struct dirent *entry;
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        const char *name = entry->d_name;
        if (strncmp(name, wn_buf_text(&old), old.len) == 0) {
            if (!is_removable(d->parent, name, d->kind)) {
                continue; /* somebody else's */
            }
            if (examine(d->parent, d->base.p, d->kind, NULL) != ABSENT) {
                remove_ours(d->parent, name, d->kind);
            } else {
                (void)renameat(d->parent, name, d->parent, d->base.p);
            }
            continue;
        }
        if (strncmp(name, wn_buf_text(&staging), staging.len) != 0) {
            continue;
        }
        int fd = openat(d->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
            is_removable(d->parent, name, d->kind)) {
            remove_ours(d->parent, name, d->kind);
        }
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    wn_buf_release(&staging);
    wn_buf_release(&old);
}

static int write_marker(struct wn_outdir *d, struct wn_error *err)
{
    int fd = -1;
    int status = wn_outdir_create(d, d->kind->marker, &fd, err);
    if (status == WN_OK) {
        size_t n = strlen(d->kind->marker_text);
        if (write(fd, d->kind->marker_text, n) != (ssize_t)n) {
            status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be written", d->path.p);
        }
        (void)close(fd);
    }
    return status;
}

/* Creates and locks the staging directory. Another run that is clearing leftovers may see it before
 * it is locked and remove it; then it is made again. */
static int open_staging(struct wn_outdir *d, struct wn_error *err)
{
    enum {
        ATTEMPTS = 20
    };
    mode_t mode = 0700 | d->mode | ((d->mode & 0444) >> 2);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        wn_buf_clear(&d->staging);
        wn_buf_addf(&d->staging, ".%s.staging-%ld", wn_buf_text(&d->base), (long)getpid());
        if (attempt > 0) {
            wn_buf_addf(&d->staging, "-%d", attempt);
        }
        const char *name = wn_buf_text(&d->staging);
        if (mkdirat(d->parent, name, mode) != 0) {
            if (errno == EEXIST) {
                continue;
            }
            return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be created",
                                  wn_buf_text(&d->path));
        }
        d->fd = openat(d->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (d->fd >= 0 && flock(d->fd, LOCK_EX | LOCK_NB) == 0 && fstat(d->fd, &st) == 0 &&
            st.st_nlink > 0) {
            return write_marker(d, err);
        }
        if (d->fd >= 0) {
            (void)close(d->fd);
            d->fd = -1;
        }
        (void)unlinkat(d->parent, name, AT_REMOVEDIR);
    }
    return wn_error_set(err, WN_E_CANTCREATE, "a staging directory for %s cannot be created",
                        wn_buf_text(&d->path));
}

int wn_outdir_open(const char *path, const struct wn_outdir_kind *kind, mode_t mode,
                   struct wn_outdir **dir, struct wn_error *err)
{
    struct wn_outdir *d = wn_calloc(1, sizeof *d);
    d->kind = kind;
    d->mode = mode;
    d->parent = -1;
    d->fd = -1;
    *dir = NULL;
    int status = resolve(d, path, err);
    if (status == WN_OK) {
        status = open_parent(d, err);
    }
    if (status == WN_OK) {
        clear_leftovers(d);
        status = refuse(d, err);
    }
    if (status == WN_OK) {
        wn_buf_addf(&d->old, ".%s.old-%ld", wn_buf_text(&d->base), (long)getpid());
        wn_buf_addf(&d->held, "%s.held", d->base.p);
        wn_buf_addf(&d->held_path, "%s.held", wn_buf_text(&d->path));
        (void)wn_buf_text(&d->old);
        (void)wn_buf_text(&d->held);
        (void)wn_buf_text(&d->held_path);
        status = open_staging(d, err);
    }
    if (status != WN_OK) {
        wn_outdir_free(d);
        return status;
    }
    *dir = d;
    return WN_OK;
}

int wn_outdir_create(struct wn_outdir *d, const char *name, int *fd, struct wn_error *err)
{
    *fd = openat(d->fd, name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, d->mode);
    if (*fd < 0) {
        return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s/%s cannot be created",
                              wn_buf_text(&d->path), name);
    }
    return WN_OK;
}

static int flush(struct wn_outdir *d, struct wn_error *err)
{
    int status = WN_OK;
    for (const char *const *f = d->kind->files; *f != NULL && status == WN_OK; f++) {
        int fd = openat(d->fd, *f, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
            continue; /* not every run writes every file */
        }
        if (fsync(fd) != 0) {
            status = wn_error_errno(err, WN_E_IO, errno, "%s/%s cannot be flushed to disk",
                                    wn_buf_text(&d->path), *f);
        }
        (void)close(fd);
    }
    if (status == WN_OK && fsync(d->fd) != 0) {
        status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be flushed to disk",
                                wn_buf_text(&d->path));
    }
    return status;
}

/* Moves the staging directory to `name`, over what is there if that is ours, in one step where the
 * file system can. */
static int move_in(struct wn_outdir *d, const char *name, struct wn_error *err)
{
    enum content there = examine(d->parent, name, d->kind, NULL);
    const char *staging = d->staging.p;
    if (there == FOREIGN || there == UNREADABLE) {
        return wn_error_set(
            err, WN_E_CANTCREATE,
            "somebody put files of their own into %.*s%s during the run; it was left "
            "alone",
            (int)(d->path.len - d->base.len), d->path.p, name);
    }
    if (there == ABSENT) {
        if (renameat2(d->parent, staging, d->parent, name, RENAME_NOREPLACE) == 0 ||
            (errno == EINVAL && renameat(d->parent, staging, d->parent, name) == 0)) {
            return WN_OK;
        }
    } else if (!d->kind->no_exchange &&
               renameat2(d->parent, staging, d->parent, name, RENAME_EXCHANGE) == 0) {
        remove_ours(d->parent, staging, d->kind);
        return WN_OK;
    } else if (d->kind->no_exchange || errno == EINVAL || errno == ENOSYS || errno == EXDEV) {
        if (renameat(d->parent, name, d->parent, d->old.p) == 0) {
            if (renameat(d->parent, staging, d->parent, name) == 0) {
                remove_ours(d->parent, d->old.p, d->kind);
                return WN_OK;
            }
            int why = errno;
            (void)renameat(d->parent, d->old.p, d->parent, name);
            errno = why;
        }
    }
    return wn_error_errno(err, WN_E_CANTCREATE, errno, "%s cannot be put in place",
                          wn_buf_text(&d->path));
}

/* The staging directory has become something else: what is left is to let go of it. */
static void let_go(struct wn_outdir *d)
{
    (void)fsync(d->parent);
    (void)close(d->fd);
    d->fd = -1;
}

int wn_outdir_publish(struct wn_outdir *d, struct wn_error *err)
{
    int status = flush(d, err);
    if (status == WN_OK) {
        status = move_in(d, d->base.p, err);
    }
    if (status == WN_OK) {
        if (examine(d->parent, d->held.p, d->kind, NULL) == OURS) {
            remove_ours(d->parent, d->held.p, d->kind);
        }
        let_go(d);
    }
    return status;
}

int wn_outdir_hold(struct wn_outdir *d, const char **held, struct wn_error *err)
{
    int status = flush(d, err);
    if (status == WN_OK) {
        status = move_in(d, d->held.p, err);
    }
    if (status == WN_OK) {
        let_go(d);
        *held = d->held_path.p;
    }
    return status;
}

const char *wn_outdir_path(const struct wn_outdir *d)
{
    return d->path.p;
}

void wn_outdir_free(struct wn_outdir *d)
{
    if (d == NULL) {
        return;
    }
    if (d->fd >= 0) {
        remove_ours(d->parent, d->staging.p, d->kind);
        (void)close(d->fd);
    }
    if (d->parent >= 0) {
        (void)close(d->parent);
    }
    wn_buf_release(&d->path);
    wn_buf_release(&d->base);
    wn_buf_release(&d->staging);
    wn_buf_release(&d->old);
    wn_buf_release(&d->held);
    wn_buf_release(&d->held_path);
    free(d);
}
