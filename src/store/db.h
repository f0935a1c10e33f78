/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_DB_H
#define WN_STORE_DB_H

/* The store: one SQLite file of facts (domain look-ups, bounce events) and what is derived from
 * them. One `struct wn_store` is one connection, used by one thread at a time. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct wn_store;

enum wn_store_mode {
    WN_STORE_WRITE, /* created, with its directory, if absent; mode 0600 (directory 0700) */
    WN_STORE_READ   /* never creates or changes anything; an absent file is an empty store */
};

/* `path`: as wn_store_default_path gives it, or the user's. Migrates an older schema inside a
 * transaction (WN_STORE_WRITE only; a reader of an older schema gets WN_E_TEMPFAIL).
 * Errors: WN_E_CANTCREATE (the file or its directory cannot be created), WN_E_IO (not a database,
 * corrupt, written by another program or by a newer Winnow: the file is named and left alone),
 * WN_E_TEMPFAIL (busy). On failure *store is NULL. Free with wn_store_free. */
int wn_store_open(const char *path, enum wn_store_mode mode, struct wn_store **store,
                  struct wn_error *err);
void wn_store_free(struct wn_store *store);

/* $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/winnow/winnow.db. WN_E_CONFIG when neither
 * variable gives an absolute path. Appends to `path`. */
int wn_store_default_path(struct wn_buf *path, struct wn_error *err);

/* Transactions are short: a second of work at most. */
int wn_store_begin(struct wn_store *store, struct wn_error *err);
int wn_store_commit(struct wn_store *store, struct wn_error *err);
void wn_store_rollback(struct wn_store *store);

/* Who may write at length. Kernel locks (flock) on files beside the store, so that a dead process
 * never leaves a stale one; the file holds the owner's process id and command for the message. */
enum wn_lock_kind {
    WN_LOCK_CLEAN, /* <path>.clean.lock */
    WN_LOCK_IMPORT /* <path>.import.lock */
};
struct wn_lock;

/* `command`: what to tell others, e.g. "winnow clean". Waits `wait_seconds` at most (0: not at
 * all), or until `*stop` becomes non-zero (may be NULL; it is set by a signal handler).
 * WN_E_TEMPFAIL: another process holds it, and the sentence says which. */
int wn_lock_take(const char *path, enum wn_lock_kind kind, const char *command, int wait_seconds,
                 const _Atomic int *stop, struct wn_lock **lock, struct wn_error *err);
void wn_lock_free(struct wn_lock *lock);

#endif
