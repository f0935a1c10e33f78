/* SPDX-License-Identifier: MIT */
#include "store/imap_positions.h"

#include "store/private.h"

static void bind_place(sqlite3_stmt *statement, const struct wn_imap_place *place)
{
    wn_bind_text(statement, 1, place->server);
    wn_bind_text(statement, 2, place->user);
    wn_bind_text(statement, 3, place->mailbox);
}

static int take_position(void *arg, sqlite3_stmt *row)
{
    struct wn_imap_position *position = arg;
    sqlite3_int64 uidvalidity = sqlite3_column_int64(row, 0), last = sqlite3_column_int64(row, 1);
    if (uidvalidity > 0 && uidvalidity <= UINT32_MAX && last >= 0 && last <= UINT32_MAX) {
        position->uidvalidity = (uint32_t)uidvalidity;
        position->last_uid = (uint32_t)last;
    } /* else nobody wrote that; the mailbox is read from its beginning */
    return WN_OK;
}

int wn_imap_position_get(struct wn_store *store, const struct wn_imap_place *place,
                         struct wn_imap_position *position, struct wn_error *err)
{
    sqlite3_stmt *get = NULL;
    *position = (struct wn_imap_position){0};
    int status = wn_store_statement(store, WN_STATEMENT_imap_get, &get, err);
    if (status == WN_OK) {
        bind_place(get, place);
        status = wn_statement_rows(store, get, take_position, position, err);
    }
    return status;
}

int wn_imap_position_put(struct wn_store *store, const struct wn_imap_place *place,
                         const struct wn_imap_position *position, int64_t now, struct wn_error *err)
{
    sqlite3_stmt *put = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_imap_put, &put, err);
    if (status != WN_OK) {
        return status;
    }
    bind_place(put, place);
    (void)sqlite3_bind_int64(put, 4, (sqlite3_int64)position->uidvalidity);
    (void)sqlite3_bind_int64(put, 5, (sqlite3_int64)position->last_uid);
    (void)sqlite3_bind_int64(put, 6, now);
    return wn_statement_run(store, put, err);
}
