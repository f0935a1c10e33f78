/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_SUPPRESS_H
#define WN_CMD_SUPPRESS_H

/* The commands about the suppression list, and what they share. */

#include "cmd/cmd.h"
#include "suppress/listing.h"

int wn_cmd_suppress_add(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_suppress_remove(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_suppress_list(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_suppress_import(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_suppress_export(struct wn_cmd *cmd, int argc, char **argv);

/* Where the store is and, for those that write, how long to wait for it. */
struct wn_suppress_store {
    const char *db;
    int64_t wait;
    struct wn_lock *lock;
    struct wn_store *store;
};

/* Rows of an option table; `S` is the command's settings, with a member `at`. */
#define WN_SUPPRESS_DB_OPTION(S)                                                                   \
    {                                                                                              \
        "db", 0, WN_OPT_TEXT, offsetof(S, at.db), "FILE",                                          \
            "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0   \
    }
#define WN_SUPPRESS_WAIT_OPTION(S)                                                                 \
    {                                                                                              \
        "wait", 0, WN_OPT_NUMBER, offsetof(S, at.wait), "SECONDS",                                 \
            "wait this long for an import that holds the store (default 0)", 0, 86400              \
    }

/* Which of the list: rows of an option table, `S` with a member `which`. */
struct wn_suppress_which {
    const char *reason, *since, *as_of;
};
#define WN_SUPPRESS_WHICH_OPTIONS(S)                                                               \
    {"reason",                                                                                     \
     0,                                                                                            \
     WN_OPT_TEXT,                                                                                  \
     offsetof(S, which.reason),                                                                    \
     "REASON",                                                                                     \
     "only who is held back for it: hard_bounced, full_too_long, bounced_too_often, complained, "  \
     "unsubscribed or suppressed",                                                                 \
     0,                                                                                            \
     0},                                                                                           \
        {"since",     0,                                                                           \
         WN_OPT_TEXT, offsetof(S, which.since),                                                    \
         "TIME",      "only who has been held back since then or later, such as 2026-11-01",       \
         0,           0},                                                                          \
    {                                                                                              \
        "as-of", 0, WN_OPT_TEXT, offsetof(S, which.as_of), "TIME",                                 \
            "what holds at this time, such as 2026-11-01 (default: now)", 0, 0                     \
    }

/* Makes a filter of the options. WN_E_USAGE. */
int wn_suppress_filter(const struct wn_suppress_which *which, const struct wn_cmd *cmd,
                       struct wn_suppressed_filter *filter, struct wn_error *err);

/* Opens the store, for writing under WN_LOCK_IMPORT. `command`: as in wn_lock_take. */
int wn_suppress_open(struct wn_suppress_store *at, enum wn_store_mode mode, const char *command,
                     struct wn_cmd *cmd);
void wn_suppress_close(struct wn_suppress_store *at);

#endif
