/* SPDX-License-Identifier: MIT */
#include "store/positions.h"

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

struct search {
    const struct wn_log_file *file;
    uint64_t size, position;
};

static int visit_position(void *arg, sqlite3_stmt *row)
{
    struct search *search = arg;
    struct wn_span first_line = wn_column_span(row, 0);
    sqlite3_int64 position = sqlite3_column_int64(row, 1);
    if (first_line.n == WN_FIRST_LINE_DIGEST &&
        memcmp(first_line.p, search->file->first_line, first_line.n) == 0 && position >= 0 &&
        (uint64_t)position <= search->size) {
        search->position = (uint64_t)position;
    }
    return WN_OK;
}

int wn_log_position_get(struct wn_store *store, const struct wn_log_file *file, uint64_t size,
                        uint64_t *position, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    struct search search = {.file = file, .size = size};
    *position = 0;
    int status = wn_store_statement(store, WN_STATEMENT_position_get, &get, err);
    if (status != WN_OK) {
        return status;
    }
    bind_file(get, file);
    status = wn_statement_rows(store, get, visit_position, &search, err);
    if (status == WN_OK) {
        *position = search.position;
    }
    return status;
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
