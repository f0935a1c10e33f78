/* SPDX-License-Identifier: MIT */
/* `winnow probe status`: which mail providers wanted no more of us, and how much each was asked of
 * what it may be asked in a day. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "report/text.h"
#include "smtp/limits.h"
#include "smtp/provider.h"
#include "store/probes.h"

struct settings {
    const char *db, *as_of;
    bool all, json;
};

static const struct wn_option options[] = {
    {"db", 0, WN_OPT_TEXT, offsetof(struct settings, db), "FILE",
     "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0},
    {"all", 0, WN_OPT_FLAG, offsetof(struct settings, all), NULL,
     "list the providers that answer, too, and what they were asked today", 0, 0},
    {"as-of", 0, WN_OPT_TEXT, offsetof(struct settings, as_of), "TIME",
     "as if it were this time, such as 2026-11-01", 0, 0},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL, "print one JSON object a line",
     0, 0},
};

const struct wn_command_help wn_help_probe_status = {
    .name = "probe status",
    .synopsis = "[options]",
    .summary = "which mail providers are asked no more for now, why, and until when",
    .description =
        "When a mail provider answers a probe with a word about us instead of the mailbox (a block "
        "list, our rate, our name), it is left alone for a day, and what it refused in that run is "
        "not believed. This lists those providers: the name, until when, and what was said; and "
        "those whose limit of the day is spent, which are asked again tomorrow (UTC).",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

struct listing {
    const struct settings *settings;
    int64_t now;
};

/* How many a day, as a run takes it: a group that is no known provider's bears what any other does.
 */
static uint32_t daily_limit(const struct wn_group_fact *f)
{
    struct wn_probe_limits limits;
    wn_limits_of(wn_provider_named(f->group), &limits);
    return limits.per_day;
}

static void print_json(const struct wn_group_fact *f, bool stopped, uint64_t used)
{
    struct wn_buf name = {0}, reason = {0};
    char at[WN_TIME_TEXT], until[WN_TIME_TEXT];
    cJSON *o = cJSON_CreateObject();
    wn_text_add_utf8(&name, f->group);
    wn_text_add_utf8(&reason, f->reason);
    wn_time_format(f->stopped_at, at);
    wn_time_format(f->stopped_until, until);
    if (cJSON_AddStringToObject(o, "provider", wn_buf_text(&name)) == NULL ||
        cJSON_AddNumberToObject(o, "asked_today", (double)used) == NULL ||
        cJSON_AddNumberToObject(o, "daily_limit", daily_limit(f)) == NULL ||
        cJSON_AddBoolToObject(o, "stopped", stopped) == NULL ||
        (stopped && (cJSON_AddStringToObject(o, "stopped_at", at) == NULL ||
                     cJSON_AddStringToObject(o, "until", until) == NULL ||
                     cJSON_AddStringToObject(o, "reason", wn_buf_text(&reason)) == NULL))) {
        wn_out_of_memory();
    }
    char *text = cJSON_PrintUnformatted(o);
    if (text == NULL) {
        wn_out_of_memory();
    }
    (void)puts(text);
    cJSON_free(text);
    cJSON_Delete(o);
    wn_buf_release(&name);
    wn_buf_release(&reason);
}

static int print_group(void *arg, const struct wn_group_fact *f)
{
    const struct listing *l = arg;
    bool stopped = f->stopped_until > l->now;
    uint64_t used = f->day >= l->now / WN_DAY ? f->used : 0; /* later: as for the plan of a run */
    if (!stopped && used < daily_limit(f) && !l->settings->all) {
        return WN_OK;
    }
    if (l->settings->json) {
        print_json(f, stopped, used);
        return WN_OK;
    }
    struct wn_buf line = {0};
    char until[WN_TIME_TEXT];
    wn_time_format(f->stopped_until, until);
    wn_text_add_shown(&line, f->group);
    wn_buf_addf(&line, ": %llu of %u mailboxes a day asked today", (unsigned long long)used,
                daily_limit(f));
    if (stopped) {
        wn_buf_addf(&line, "; left alone until %s: ", until);
        wn_text_add_shown(&line, f->reason);
    }
    (void)puts(wn_buf_text(&line));
    wn_buf_release(&line);
    return WN_OK;
}

static int status_of(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct listing listing = {.settings = &s, .now = cmd->now};
    struct wn_operands operands;
    struct wn_buf path = {0};
    struct wn_store *store = NULL;
    int status = wn_options_read(&wn_help_probe_status, argc, argv, &s, &operands, &cmd->err);
    if (status == WN_OK && operands.n > 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE, "'winnow probe status' takes no '%s'",
                              operands.v[0]);
    }
    if (status == WN_OK && s.as_of != NULL && !wn_time_parse(wn_span_of(s.as_of), &listing.now)) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "--as-of wants a time such as 2026-11-01, not '%s'", s.as_of);
    }
    if (status == WN_OK && s.db != NULL) {
        wn_buf_add_text(&path, s.db);
    } else if (status == WN_OK) {
        status = wn_store_default_path(&path, &cmd->err);
    }
    if (status == WN_OK) {
        wn_cmd_note_absent(wn_buf_text(&path));
        status = wn_store_open(wn_buf_text(&path), WN_STORE_READ, &store, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_groups_scan(store, print_group, &listing, &cmd->err);
    }
    wn_store_free(store);
    wn_buf_release(&path);
    wn_operands_release(&operands);
    return status;
}

int wn_cmd_probe(struct wn_cmd *cmd, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "status") == 0) {
        return status_of(cmd, argc - 1, argv + 1);
    }
    return wn_error_set(&cmd->err, WN_E_USAGE,
                        "%s%s%s: there is 'winnow probe status'; mailboxes are asked with 'winnow "
                        "clean --probe' and 'winnow check --probe'",
                        argc > 1 ? "there is no 'winnow probe " : "say what to do with probes",
                        argc > 1 ? argv[1] : "", argc > 1 ? "'" : "");
}
