/* SPDX-License-Identifier: MIT */
#include "store/positions.h"

#include <stdlib.h>
#include <xxhash.h>

#include "store/private.h"

_Static_assert(sizeof(XXH128_canonical_t) == WN_FIRST_LINE_DIGEST, "a digest fits");

#define KEPT (400 * WN_DAY)

bool wn_log_file_of(const struct stat *seen, struct wn_span head, struct wn_log_file *file)
{
    XXH128_canonical_t digest;
    if (head.n > WN_FIRST_LINE_MAX) {
        head.n = WN_FIRST_LINE_MAX;
    }
    const char *end = head.n > 0 ? memchr(head.p, '\n', head.n) : NULL;
    if (!S_ISREG(seen->st_mode) || (end == NULL && head.n < WN_FIRST_LINE_MAX)) {
        return false;
    }
    XXH128_canonicalFromHash(&digest,
                             XXH3_128bits(head.p, end != NULL ? (size_t)(end - head.p) : head.n));
    file->device = seen->st_dev;
    file->inode = seen->st_ino;
    memcpy(file->first_line, digest.digest, sizeof file->first_line);
    return true;
}

static void bind_file(sqlite3_stmt *statement, const struct wn_log_file *file)
{
    /* As SQLite's signed numbers; what matters is that they are the same again. */
    (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)file->device);
    (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)file->inode);
}

static int compare(const void *a, const void *b)
{
    const struct wn_log_file *x = a, *y = b;
    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static int add_position(void *arg, sqlite3_stmt *row)
{
    struct wn_log_positions *p = arg;
    struct wn_span first_line = wn_column_span(row, 2);
    sqlite3_int64 position = sqlite3_column_int64(row, 3);
    if (first_line.n != WN_FIRST_LINE_DIGEST || position < 0) {
        return WN_OK; /* nobody wrote that; the log is read from its beginning */
    }
    if (p->count == p->capacity) {
        p->capacity = p->capacity > 0 ? p->capacity * 2 : 64;
        p->all = wn_realloc(p->all, p->capacity * sizeof *p->all);
    }
    struct wn_log_position *new = &p->all[p->count++];
    new->file.device = (uint64_t)sqlite3_column_int64(row, 0);
    new->file.inode = (uint64_t)sqlite3_column_int64(row, 1);
    memcpy(new->file.first_line, first_line.p, sizeof new->file.first_line);
    new->position = (uint64_t)position;
    return WN_OK;
}

int wn_log_positions_load(struct wn_store *store, struct wn_log_positions *positions,
                          struct wn_error *err)
{
    sqlite3_stmt *scan = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_position_scan, &scan, err);
    if (status == WN_OK) {
        status = wn_statement_rows(store, scan, add_position, positions, err);
    }
    if (positions->count > 1) {
        qsort(positions->all, positions->count, sizeof *positions->all, compare);
    }
    return status;
}

void wn_log_positions_release(struct wn_log_positions *positions)
{
    free(positions->all);
    *positions = (struct wn_log_positions){0};
}

uint64_t wn_log_position_of(const struct wn_log_positions *positions,
                            const struct wn_log_file *file, uint64_t size)
{
    const struct wn_log_position *found =
        positions->count > 0
            ? bsearch(file, positions->all, positions->count, sizeof *positions->all, compare)
            : NULL;
    bool same = found != NULL && found->position <= size &&
                memcmp(found->file.first_line, file->first_line, WN_FIRST_LINE_DIGEST) == 0;
    return same ? found->position : 0;
}

int wn_log_position_put(struct wn_store *store, const struct wn_log_file *file, uint64_t position,
                        int64_t now, struct wn_error *err)
{
    sqlite3_stmt *put = NULL, *forget = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_position_put, &put, err);
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_position_forget, &forget, err);
    }
    if (status != WN_OK) {
        return status;
    }
    bind_file(put, file);
    (void)sqlite3_bind_blob(put, 3, file->first_line, sizeof file->first_line, SQLITE_STATIC);
    (void)sqlite3_bind_int64(put, 4, (sqlite3_int64)position);
    (void)sqlite3_bind_int64(put, 5, now);
    status = wn_statement_run(store, put, err);
    if (status == WN_OK) {
        (void)sqlite3_bind_int64(forget, 1, now - KEPT);
        status = wn_statement_run(store, forget, err);
    }
    return status;
}
