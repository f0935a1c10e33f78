/* SPDX-License-Identifier: MIT */
#include "bounce/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv/input.h"

enum {
    DEPTH_MAX = 64
};

static void add_file(struct wn_walk *w, const char *path, bool named)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity > 0 ? w->capacity * 2 : 256;
        w->files = wn_realloc(w->files, w->capacity * sizeof *w->files);
    }
    w->files[w->count++] =
        (struct wn_walk_file){.path = wn_arena_text(&w->arena, wn_span_of(path)), .named = named};
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void join(struct wn_buf *out, const char *directory, const char *name)
{
    wn_buf_clear(out);
    wn_buf_addf(out, "%s%s%s", directory, directory[strlen(directory) - 1] == '/' ? "" : "/", name);
}

/* Subfolders of a Maildir++ are hidden directories. */
static bool is_folder(const char *path)
{
    struct wn_buf cur = {0};
    join(&cur, path, "cur");
    bool folder = is_directory(wn_buf_text(&cur));
    wn_buf_release(&cur);
    return folder;
}

/* Messages that are still being delivered lie in tmp/ beside cur/. */
static bool is_maildir_tmp(const char *directory, const char *name)
{
    return strcmp(name, "tmp") == 0 && is_folder(directory);
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_directory(struct wn_walk *w, const char *path, int depth, const _Atomic int *stop,
                          struct wn_error *err);

static int walk_entry(struct wn_walk *w, const char *directory, const char *name, int depth,
                      const _Atomic int *stop, struct wn_error *err)
{
    struct wn_buf path = {0};
    struct stat st;
    int status = WN_OK;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return WN_OK;
    }
    join(&path, directory, name);
    if (lstat(wn_buf_text(&path), &st) != 0) {
        /* It was removed since; a mailbox is alive. */
    } else if (S_ISREG(st.st_mode) && name[0] != '.') {
        add_file(w, wn_buf_text(&path), false);
    } else if (S_ISDIR(st.st_mode) && !is_maildir_tmp(directory, name) &&
               (name[0] != '.' || is_folder(wn_buf_text(&path)))) {
        status = walk_directory(w, wn_buf_text(&path), depth + 1, stop, err);
    }
    wn_buf_release(&path);
    return status;
}

static int walk_directory(struct wn_walk *w, const char *path, int depth, const _Atomic int *stop,
                          struct wn_error *err)
{
    struct dirent **entries = NULL;
    int status = WN_OK;
    if (depth > DEPTH_MAX) {
        return wn_error_set(err, WN_E_DATA, "%s: directories are nested more than %d deep", path,
                            DEPTH_MAX);
    }
    int count = scandir(path, &entries, NULL, compare);
    if (count < 0) {
        return wn_error_errno(err, WN_E_NOINPUT, errno, "%s cannot be read", path);
    }
    for (int i = 0; i < count; i++) {
        if (status == WN_OK && *stop != 0) {
            status = wn_error_set(err, WN_E_SIGNAL + *stop, "stopped");
        }
        if (status == WN_OK) {
            status = walk_entry(w, path, entries[i]->d_name, depth, stop, err);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

int wn_walk_add(struct wn_walk *walk, const char *path, const _Atomic int *stop,
                struct wn_error *err)
{
    if (strcmp(path, "-") != 0 && is_directory(path)) {
        return walk_directory(walk, path, 0, stop, err);
    }
    add_file(walk, path, true);
    return WN_OK;
}

void wn_walk_add_input(struct wn_walk *walk, const struct wn_input *input,
                       const struct wn_source *source)
{
    add_file(walk, input->path, false);
    walk->files[walk->count - 1].input = input;
    walk->files[walk->count - 1].source = source;
}

void wn_walk_release(struct wn_walk *walk)
{
    free(walk->files);
    wn_arena_release(&walk->arena);
    *walk = (struct wn_walk){0};
}
