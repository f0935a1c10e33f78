/* SPDX-License-Identifier: MIT */
/* `winnow suppress import`. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/suppress.h"
#include "suppress/export.h"
#include "suppress/import.h"

struct settings {
    struct wn_suppress_store at;
    const char *format, *as, *column;
    bool dry_run, json, quiet, verbose;
};

static const struct wn_option options[] = {
    {"format", 0, WN_OPT_TEXT, offsetof(struct settings, format), "FORMAT",
     "auto (default), or one of 'suppress export': then the file has to be of it", 0, 0},
    {"as", 0, WN_OPT_TEXT, offsetof(struct settings, as), "REASON",
     "what a row says that has no word of its own: suppressed (default), complained or "
     "unsubscribed",
     0, 0},
    {"column", 'c', WN_OPT_TEXT, offsetof(struct settings, column), "NAME|N",
     "the column of the addresses or digests (default: found)", 0, 0},
    {"dry-run", 'n', WN_OPT_FLAG, offsetof(struct settings, dry_run), NULL,
     "count what is new and leave the store as it is", 0, 0},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print the counts as JSON on standard output", 0, 0},
    WN_SUPPRESS_DB_OPTION(struct settings),
    WN_SUPPRESS_WAIT_OPTION(struct settings),
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
    {"verbose", 'v', WN_OPT_FLAG, offsetof(struct settings, verbose), NULL,
     "list every row that suppresses nobody, with the reason", 0, 0},
};

const struct wn_command_help wn_help_suppress_import = {
    .name = "suppress import",
    .synopsis = "[options] PATH...",
    .summary = "take over a suppression list",
    .description =
        "Reads the list of another tool or store and suppresses who is on it. What a file is, its "
        "content says: the forms of 'winnow suppress export', the CSV and JSON of Mailgun, Amazon "
        "SES, SparkPost, SendGrid, Postmark, Mandrill and listmonk, any CSV with a column of "
        "addresses, addresses or SHA-256 digests one a line. '-' is standard input; gzip and zstd "
        "are unpacked.\n\n"
        "A word such as complaint or unsubscribed decides the reason, and a date since when; a row "
        "that says that its address is subscribed suppresses nobody. Importing a list twice "
        "changes nothing.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static void print_unused(void *arg, const char *file, const struct wn_listed *listed)
{
    (void)arg;
    struct wn_error text = {0}; /* makes hostile bytes harmless */
    struct wn_span cell = listed->cell;
    wn_error_set(&text, WN_E_DATA, "%s:%" PRIu64 ": %s%s%.*s%s", file, listed->line,
                 wn_listed_fault_sentence(listed->fault), cell.n > 0 ? " ('" : "",
                 cell.n < 100 ? (int)cell.n : 100, cell.n > 0 ? cell.p : "",
                 cell.n > 0 ? "')" : "");
    (void)fprintf(stderr, "winnow: %s\n", text.text);
}

static void print_json(const struct wn_list_counts *c)
{
    (void)printf("{\"read\":%" PRIu64 ",\"new\":%" PRIu64 ",\"known\":%" PRIu64
                 ",\"unused\":%" PRIu64 ",\"hashed\":%" PRIu64 ",\"undated\":%" PRIu64 "}\n",
                 c->rows, c->added, c->known, c->unused, c->hashed, c->undated);
}

static void print_counts(const struct wn_list_counts *c, bool verbose)
{
    (void)fprintf(
        stderr, "winnow: %" PRIu64 " read: %" PRIu64 " new, %" PRIu64 " known, %" PRIu64 " unused",
        c->rows, c->added, c->known, c->unused);
    bool some = false;
    for (size_t i = 1; i < WN_LISTED_FAULTS; i++) {
        if (c->faults[i] > 0) {
            (void)fprintf(stderr, "%s%" PRIu64 " %s", some ? "; " : " (", c->faults[i],
                          wn_listed_fault_sentence((enum wn_listed_fault)i));
            some = true;
        }
    }
    (void)fprintf(stderr, "%s", some ? ")" : "");
    if (c->undated > 0) {
        (void)fprintf(stderr, "; %" PRIu64 " with a date that cannot be one count from now",
                      c->undated);
    }
    (void)fprintf(stderr, "%s\n", c->unused > 0 && !verbose ? "; -v lists them" : "");
}

/* Every file can be opened, or nothing is read. */
static int check_paths(const struct wn_operands *paths, const _Atomic int *stop,
                       struct wn_error *err)
{
    size_t standard = 0;
    for (size_t i = 0; i < paths->n; i++) {
        struct wn_input input = {0};
        bool is_standard = strcmp(paths->v[i], "-") == 0;
        standard += is_standard;
        int status = is_standard || access(paths->v[i], R_OK) == 0
                         ? WN_OK
                         : wn_input_open(&input, paths->v[i], stop, err);
        wn_input_close(&input);
        if (status != WN_OK) {
            return status;
        }
    }
    return standard > 1 ? wn_error_set(err, WN_E_USAGE, "'-' can be read only once") : WN_OK;
}

static int apply_format(const char *name, struct wn_list_settings *list, struct wn_error *err)
{
    if (name == NULL || strcmp(name, "auto") == 0) {
        return WN_OK;
    }
    const struct wn_export_format *format = wn_export_format_find(name);
    if (format == NULL) {
        return wn_error_set(err, WN_E_USAGE,
                            "--format knows no '%s'; 'winnow help suppress export' lists them",
                            name);
    }
    list->header = format->header;
    list->as = format->as;
    return WN_OK;
}

static int apply(const struct settings *s, const struct wn_cmd *cmd,
                 struct wn_list_import_settings *settings, struct wn_error *err)
{
    static const enum wn_reason reasons[] = {WN_REASON_suppressed, WN_REASON_complained,
                                             WN_REASON_unsubscribed};
    *settings = (struct wn_list_import_settings){
        .list = {.column = s->column,
                 .as = WN_REASON_suppressed,
                 .now = cmd->now,
                 .stop = cmd->stop},
        .dry_run = s->dry_run,
        .unused = s->verbose ? print_unused : NULL,
    };
    int status = apply_format(s->format, &settings->list, err);
    if (status != WN_OK) {
        return status;
    }
    bool known = s->as == NULL;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons && !known; i++) {
        known = strcmp(wn_reason_word(reasons[i]), s->as) == 0;
        settings->list.as = known ? reasons[i] : WN_REASON_suppressed;
    }
    return known
               ? WN_OK
               : wn_error_set(err, WN_E_USAGE,
                              "--as wants suppressed, complained or unsubscribed, not '%s'", s->as);
}

static int import_all(struct wn_cmd *cmd, const struct settings *s, const struct wn_operands *paths,
                      const struct wn_list_import_settings *settings)
{
    struct wn_list_counts counts = {0};
    int status = WN_OK;
    for (size_t i = 0; i < paths->n && status == WN_OK; i++) {
        struct wn_input input = {0};
        status = wn_input_open(&input, paths->v[i], cmd->stop, &cmd->err);
        if (status == WN_OK) {
            status = wn_list_import(s->at.store, &input, settings, &counts, &cmd->err);
        }
        wn_input_close(&input);
    }
    if (status == WN_OK && s->json) {
        print_json(&counts);
    } else if (!s->json && !s->quiet && counts.rows > 0) {
        print_counts(&counts, s->verbose);
    } else if (status == WN_OK && !s->json && !s->quiet) {
        (void)fprintf(stderr, "winnow: nothing to read\n");
    }
    return status;
}

int wn_cmd_suppress_import(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_list_import_settings settings;
    struct wn_operands paths = {0};
    int status = wn_options_read(&wn_help_suppress_import, argc, argv, &s, &paths, &cmd->err);
    if (status == WN_OK && paths.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "name a file, such as 'winnow suppress import unsubscribed.csv', or "
                              "'-' for standard input");
    }
    if (status == WN_OK) {
        status = apply(&s, cmd, &settings, &cmd->err);
    }
    if (status == WN_OK) {
        status = check_paths(&paths, cmd->stop, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_suppress_open(&s.at, WN_STORE_WRITE, "winnow suppress import", cmd);
    }
    if (status == WN_OK) {
        status = import_all(cmd, &s, &paths, &settings);
    }
    wn_suppress_close(&s.at);
    wn_operands_release(&paths);
    return status;
}
