/* SPDX-License-Identifier: MIT */
/* `winnow bounces import`. What was done goes to standard error, since an import's result is the
 * store; standard output carries data alone. */
#include <stdio.h>

#include "cmd/bounces.h"

struct settings {
    struct wn_bounce_reading reading;
    const char *db, *policy;
    int64_t wait;
    bool rebuild, reread, dry_run, json;
};

static const struct wn_option options[] = {
    {"db", 0, WN_OPT_TEXT, offsetof(struct settings, db), "FILE",
     "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0},
    {"rebuild", 0, WN_OPT_FLAG, offsetof(struct settings, rebuild), NULL,
     "derive every suppression again from the events; needs no file", 0, 0},
    {"bounce-policy", 0, WN_OPT_TEXT, offsetof(struct settings, policy), "FILE",
     "derive every suppression again under the numbers in FILE, and remember them", 0, 0},
    {"reread", 0, WN_OPT_FLAG, offsetof(struct settings, reread), NULL,
     "read logs from their beginning, wherever the last import stopped", 0, 0},
    {"dry-run", 'n', WN_OPT_FLAG, offsetof(struct settings, dry_run), NULL,
     "count what is new and leave the store as it is; with --bounce-policy or --rebuild: show who "
     "would be judged otherwise, and why",
     0, 0},
    {"wait", 0, WN_OPT_NUMBER, offsetof(struct settings, wait), "SECONDS",
     "wait this long for another import that holds the store (default 0)", 0, 86400},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print the counts as JSON on standard output", 0, 0},
    WN_BOUNCE_READING_OPTIONS(struct settings),
};

const struct wn_command_help wn_help_bounces_import = {
    .name = "bounces import",
    .synopsis = "[options] PATH...",
    .summary = "feed bounces into the store",
    .description =
        "Reads what 'winnow bounces parse' reads and adds it to the store. Importing a file twice "
        "changes nothing.\n\n"
        "An import that is stopped keeps what it has committed; the same import again completes "
        "it.\n\n"
        "When one domain or provider suddenly refuses many addresses in the same words, those "
        "events go into quarantine ('winnow help bounces quarantine') and do not count.\n\n"
        "A bounce policy is a file of 'name = number' lines; what it does not name gets its "
        "default. The store remembers it, and later imports go by it.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static int import_into(const char *path, struct wn_cmd *cmd, const struct settings *s,
                       const struct wn_bounce_policy *policy,
                       const struct wn_import_settings *settings, const struct wn_walk *files)
{
    bool rebuild = s->rebuild || policy != NULL;
    struct wn_lock *lock = NULL;
    struct wn_store *store = NULL;
    struct wn_import_counts counts = {0};
    int status = wn_lock_take(path, WN_LOCK_IMPORT, "winnow bounces import", (int)s->wait,
                              cmd->stop, &lock, &cmd->err);
    if (status == WN_OK) {
        status = wn_store_open(path, WN_STORE_WRITE, &store, &cmd->err);
    }
    if (status == WN_OK && rebuild && s->dry_run) {
        status = wn_bounce_compare(cmd, store, policy, s->json, s->reading.quiet);
        goto out;
    }
    if (status == WN_OK && rebuild) {
        status = wn_import_rebuild(store, policy, &cmd->err);
    }
    if (status == WN_OK && files->count > 0) {
        status = wn_import_files(store, files, settings, &counts, &cmd->err);
    }
    if (status == WN_OK && s->json) {
        (void)printf("{");
        wn_bounce_print_members(&counts);
        (void)printf("}\n");
    } else if (!s->reading.quiet && !s->json && store != NULL &&
               counts.rows + counts.skipped + counts.faults[WN_NOTICE_UNFINISHED] > 0) {
        wn_bounce_print_counts(&counts, true, s->reading.verbose);
    } else if (status == WN_OK && !s->reading.quiet && !s->json) {
        (void)fprintf(stderr, rebuild && files->count == 0
                                  ? "winnow: every suppression was derived again\n"
                                  : "winnow: nothing to read\n");
    }
out:
    wn_store_free(store);
    wn_lock_free(lock);
    return status;
}

int wn_cmd_bounces_import(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_import_settings settings;
    struct wn_bounce_policy policy;
    struct wn_operands paths = {0};
    struct wn_walk files = {0};
    struct wn_buf db = {0};
    int status = wn_options_read(&wn_help_bounces_import, argc, argv, &s, &paths, &cmd->err);
    bool rebuild = s.rebuild || s.policy != NULL;
    if (status == WN_OK && paths.n == 0 && !rebuild) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "name a file or directory of bounces, such as 'winnow bounces import "
                              "bounces.csv'");
    }
    if (status == WN_OK && rebuild && s.dry_run && paths.n > 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "--dry-run shows either what %s would change or what is new in "
                              "files: name no file, or leave %s out",
                              s.policy != NULL ? "--bounce-policy" : "--rebuild",
                              s.policy != NULL ? "--bounce-policy" : "--rebuild");
    }
    if (status == WN_OK && s.policy != NULL) {
        status = wn_bounce_policy_read(s.policy, &policy, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_bounce_reading_apply(&s.reading, cmd, &paths, &settings, &files, &cmd->err);
        settings.dry_run = s.dry_run;
        settings.reread = s.reread;
    }
    if (status == WN_OK && s.db != NULL) {
        wn_buf_add_text(&db, s.db);
    } else if (status == WN_OK) {
        status = wn_store_default_path(&db, &cmd->err);
    }
    if (status == WN_OK) {
        status = import_into(wn_buf_text(&db), cmd, &s, s.policy != NULL ? &policy : NULL,
                             &settings, &files);
    }
    wn_walk_release(&files);
    wn_buf_release(&db);
    wn_operands_release(&paths);
    return status;
}
