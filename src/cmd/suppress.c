/* SPDX-License-Identifier: MIT */
/* `winnow suppress`: which file has its commands, and what they share. */
#include "cmd/suppress.h"

#include "base/clock.h"

int wn_suppress_filter(const struct wn_suppress_which *which, const struct wn_cmd *cmd,
                       struct wn_suppressed_filter *filter, struct wn_error *err)
{
    *filter = (struct wn_suppressed_filter){
        .now = cmd->now, .since = INT64_MIN, .reason = -1, .stop = cmd->stop};
    size_t count = 0;
    for (; wn_hold_words[count] != NULL; count++) {
    }
    for (int i = 0; which->reason != NULL && i < WN_REASON_COUNT; i++) {
        const char *word = wn_reason_word((enum wn_reason)i);
        bool hold = false;
        for (size_t k = 0; k < count; k++) {
            hold = hold || strcmp(wn_hold_words[k], word) == 0;
        }
        if (hold && strcmp(word, which->reason) == 0) {
            filter->reason = i;
        }
    }
    if (which->reason != NULL && filter->reason < 0) {
        const char *near = wn_nearest_word(which->reason, wn_hold_words, count);
        return wn_error_set(err, WN_E_USAGE, "'%s' is no reason to be held back%s%s%s",
                            which->reason, near != NULL ? "; did you mean '" : "",
                            near != NULL ? near : "", near != NULL ? "'?" : "");
    }
    if (which->since != NULL && !wn_time_parse(wn_span_of(which->since), &filter->since)) {
        return wn_error_set(err, WN_E_USAGE, "--since wants a time such as 2026-11-01, not '%s'",
                            which->since);
    }
    if (which->as_of != NULL && !wn_time_parse(wn_span_of(which->as_of), &filter->now)) {
        return wn_error_set(err, WN_E_USAGE, "--as-of wants a time such as 2026-11-01, not '%s'",
                            which->as_of);
    }
    return WN_OK;
}

int wn_suppress_open(struct wn_suppress_store *at, enum wn_store_mode mode, const char *command,
                     struct wn_cmd *cmd)
{
    struct wn_buf path = {0};
    int status = WN_OK;
    if (at->db != NULL) {
        wn_buf_add_text(&path, at->db);
    } else {
        status = wn_store_default_path(&path, &cmd->err);
    }
    if (status == WN_OK && mode == WN_STORE_WRITE) {
        status = wn_lock_take(wn_buf_text(&path), WN_LOCK_IMPORT, command, (int)at->wait, cmd->stop,
                              &at->lock, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_store_open(wn_buf_text(&path), mode, &at->store, &cmd->err);
    }
    wn_buf_release(&path);
    return status;
}

void wn_suppress_close(struct wn_suppress_store *at)
{
    wn_store_free(at->store);
    wn_lock_free(at->lock);
    at->store = NULL;
    at->lock = NULL;
}

int wn_cmd_suppress(struct wn_cmd *cmd, int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(struct wn_cmd *cmd, int argc, char **argv);
    } subcommands[] = {{"add", wn_cmd_suppress_add},
                       {"remove", wn_cmd_suppress_remove},
                       {"list", wn_cmd_suppress_list},
                       {"import", wn_cmd_suppress_import},
                       {"export", wn_cmd_suppress_export}};
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands && argc > 1; i++) {
        if (strcmp(subcommands[i].word, argv[1]) == 0) {
            return subcommands[i].run(cmd, argc - 1, argv + 1);
        }
    }
    return wn_error_set(&cmd->err, WN_E_USAGE,
                        "%s%s%s: there are 'winnow suppress add', 'remove', 'list', 'import' and "
                        "'export'",
                        argc > 1 ? "there is no 'winnow suppress "
                                 : "say what to do with the suppression list",
                        argc > 1 ? argv[1] : "", argc > 1 ? "'" : "");
}
