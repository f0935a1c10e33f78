/* SPDX-License-Identifier: MIT */
/* `winnow bounces import` and `winnow bounces classify`. What was done goes to standard error,
 * since an import's result is the store; standard output carries data alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bounce/import.h"
#include "cmd/cmd.h"

struct import_settings {
    const char *db, *map;
    int64_t wait;
    bool rebuild, json, quiet, verbose;
};

static const struct wn_option import_options[] = {
    {"db", 0, WN_OPT_TEXT, offsetof(struct import_settings, db), "FILE",
     "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0},
    {"map", 0, WN_OPT_TEXT, offsetof(struct import_settings, map), "KEY=COLUMN,...",
     "which column holds what, by name or number: email, at, code, status, kind, text, id", 0, 0},
    {"rebuild", 0, WN_OPT_FLAG, offsetof(struct import_settings, rebuild), NULL,
     "derive every suppression again from the events; needs no file", 0, 0},
    {"wait", 0, WN_OPT_NUMBER, offsetof(struct import_settings, wait), "SECONDS",
     "wait this long for another import that holds the store (default 0)", 0, 86400},
    {"json", 0, WN_OPT_FLAG, offsetof(struct import_settings, json), NULL,
     "print the counts as JSON on standard output", 0, 0},
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct import_settings, quiet), NULL, "print errors only",
     0, 0},
    {"verbose", 'v', WN_OPT_FLAG, offsetof(struct import_settings, verbose), NULL,
     "list every row that cannot be used, with its line and the reason", 0, 0},
};

const struct wn_command_help wn_help_bounces_import = {
    .name = "bounces import",
    .synopsis = "[options] FILE...",
    .summary = "feed bounces from CSV files into the store",
    .description =
        "Reads CSV files (also gzip; '-' is standard input) whose header names an address, a date "
        "and a code, a kind or a reply, and adds what they say to the store. The usual column "
        "names are found; --map email=rcpt,code=3,at=date names others.\n\n"
        "A code may be 550, 5.1.1 or a whole reply. Kinds are bounce (the default), deferred, "
        "delivered, complaint, unsubscribe, resubscribe and the words that mail services use for "
        "them. A date without a zone is UTC. Importing a file twice changes nothing.",
    .options = import_options,
    .option_count = sizeof import_options / sizeof *import_options,
};

const struct wn_command_help wn_help_bounces_classify = {
    .name = "bounces classify",
    .synopsis = "TEXT...",
    .summary = "what one reply of a mail server means",
    .description =
        "Prints the category, the action, the rule that decided and what the action does. TEXT is "
        "a reply such as '550 5.1.1 user unknown'; '-' reads one a line from standard input.",
};

static void print_unused(void *arg, const char *file, const struct wn_notice *notice)
{
    (void)arg;
    struct wn_error text = {0}; /* makes hostile bytes harmless */
    struct wn_span cell = notice->cell;
    wn_error_set(&text, WN_E_DATA, "%s:%" PRIu64 ": %s%s%.*s%s", file, notice->line,
                 wn_notice_fault_sentence(notice->fault), cell.n > 0 ? " ('" : "",
                 cell.n < 100 ? (int)cell.n : 100, cell.n > 0 ? cell.p : "",
                 cell.n > 0 ? "')" : "");
    (void)fprintf(stderr, "winnow: %s\n", text.text);
}

static void print_counts(const struct wn_import_counts *c, bool verbose)
{
    (void)fprintf(stderr,
                  "winnow: %" PRIu64 " rows: %" PRIu64 " new events, %" PRIu64
                  " known already, %" PRIu64 " not usable",
                  c->rows, c->added, c->known, c->unused);
    bool some = false;
    for (size_t i = 1; i < WN_NOTICE_FAULTS; i++) {
        if (c->faults[i] > 0) {
            (void)fprintf(stderr, "%s%" PRIu64 " %s", some ? "; " : " (", c->faults[i],
                          wn_notice_fault_sentence((enum wn_notice_fault)i));
            some = true;
        }
    }
    (void)fprintf(stderr, "%s%s\n", some ? ")" : "",
                  c->unused > 0 && !verbose ? "; -v lists them" : "");
}

static void print_json(const struct wn_import_counts *c)
{
    (void)printf("{\"rows\":%" PRIu64 ",\"added\":%" PRIu64 ",\"known\":%" PRIu64
                 ",\"unused\":%" PRIu64 ",\"kinds\":{",
                 c->rows, c->added, c->known, c->unused);
    for (size_t i = 0; i < WN_KIND_COUNT; i++) {
        (void)printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "",
                     wn_event_kind_word((enum wn_event_kind)i), c->kinds[i]);
    }
    (void)printf("},\"actions\":{");
    for (size_t i = 0; i < WN_BOUNCE_ACTION_COUNT; i++) {
        (void)printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "",
                     wn_bounce_action_word((enum wn_bounce_action)i), c->actions[i]);
    }
    (void)printf("}}\n");
}

/* Every file can be opened, or nothing is imported. */
static int check_files(const struct wn_operands *files, struct wn_error *err)
{
    static const _Atomic int never;
    size_t standard = 0;
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->v[i], "-") == 0) {
            standard++;
            continue;
        }
        if (access(files->v[i], R_OK) != 0) {
            struct wn_input input;
            int status = wn_input_open(&input, files->v[i], &never, err);
            if (status != WN_OK) {
                return status;
            }
            wn_input_close(&input);
        }
    }
    return standard > 1 ? wn_error_set(err, WN_E_USAGE, "'-' can be read only once") : WN_OK;
}

static int import_into(const char *path, struct wn_cmd *cmd, const struct import_settings *s,
                       const struct wn_operands *files)
{
    struct wn_lock *lock = NULL;
    struct wn_store *store = NULL;
    struct wn_import_counts counts = {0};
    struct wn_walk walk = {0};
    const struct wn_import_settings settings = {
        .source.map = s->map,
        .now = cmd->now,
        .stop = cmd->stop,
        .unused = s->verbose ? print_unused : NULL,
    };
    int status = wn_lock_take(path, WN_LOCK_IMPORT, "winnow bounces import", (int)s->wait,
                              cmd->stop, &lock, &cmd->err);
    if (status == WN_OK) {
        status = wn_store_open(path, WN_STORE_WRITE, &store, &cmd->err);
    }
    if (status == WN_OK && s->rebuild) {
        status = wn_import_rebuild(store, &cmd->err);
    }
    for (size_t i = 0; i < files->n && status == WN_OK; i++) {
        status = wn_walk_add(&walk, files->v[i], cmd->stop, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_import_files(store, &walk, &settings, &counts, &cmd->err);
    }
    if (status == WN_OK && s->json) {
        print_json(&counts);
    } else if (!s->quiet && !s->json && store != NULL && files->n > 0 && counts.rows > 0) {
        print_counts(&counts, s->verbose);
    } else if (status == WN_OK && !s->quiet && !s->json) {
        (void)fprintf(stderr, files->n > 0 ? "winnow: no rows\n"
                                           : "winnow: every suppression was derived again\n");
    }
    wn_walk_release(&walk);
    wn_store_free(store);
    wn_lock_free(lock);
    return status;
}

static int import_command(struct wn_cmd *cmd, int argc, char **argv)
{
    struct import_settings s = {0};
    struct wn_operands files = {0};
    struct wn_buf path = {0};
    int status = wn_options_read(&wn_help_bounces_import, argc, argv, &s, &files, &cmd->err);
    if (status == WN_OK && files.n == 0 && !s.rebuild) {
        status =
            wn_error_set(&cmd->err, WN_E_USAGE,
                         "name a file of bounces, such as 'winnow bounces import bounces.csv'");
    }
    if (status == WN_OK && s.map != NULL) {
        status = wn_source_check_map(s.map, &cmd->err);
    }
    if (status == WN_OK) {
        status = check_files(&files, &cmd->err);
    }
    if (status == WN_OK && s.db != NULL) {
        wn_buf_add_text(&path, s.db);
    } else if (status == WN_OK) {
        status = wn_store_default_path(&path, &cmd->err);
    }
    if (status == WN_OK) {
        status = import_into(wn_buf_text(&path), cmd, &s, &files);
    }
    wn_buf_release(&path);
    wn_operands_release(&files);
    return status;
}

static void classify_text(struct wn_span text)
{
    static const char *const meanings[] = {
#define WN_BOUNCE_ACTION(name, meaning) meaning,
#include "store/events.def"
    };
    struct wn_reply_in in = {.text = wn_span_trim(text)};
    struct wn_classified result;
    wn_classify(&in, &result);
    (void)printf("%s\t%s\t%s\t%s\n", wn_category_word(result.category),
                 wn_bounce_action_word(result.action), result.rule, meanings[result.action]);
}

static int classify_lines(struct wn_cmd *cmd)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;
    while (*cmd->stop == 0 && (n = getline(&line, &capacity, stdin)) >= 0) {
        classify_text((struct wn_span){line, (size_t)n});
    }
    free(line);
    if (*cmd->stop != 0) {
        return wn_error_set(&cmd->err, WN_E_SIGNAL + *cmd->stop, "stopped");
    }
    return ferror(stdin) ? wn_error_set(&cmd->err, WN_E_IO, "standard input cannot be read")
                         : WN_OK;
}

static int classify_command(struct wn_cmd *cmd, int argc, char **argv)
{
    char unused;
    struct wn_operands texts = {0};
    int status = wn_options_read(&wn_help_bounces_classify, argc, argv, &unused, &texts, &cmd->err);
    if (status == WN_OK && texts.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "give a reply, such as 'winnow bounces classify \"550 5.1.1 user "
                              "unknown\"', or '-' to read them");
    }
    for (size_t i = 0; i < texts.n && status == WN_OK; i++) {
        if (strcmp(texts.v[i], "-") == 0) {
            status = classify_lines(cmd);
        } else {
            classify_text(wn_span_of(texts.v[i]));
        }
    }
    wn_operands_release(&texts);
    return status;
}

int wn_cmd_bounces(struct wn_cmd *cmd, int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(struct wn_cmd *cmd, int argc, char **argv);
    } subcommands[] = {{"import", import_command}, {"classify", classify_command}};
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands && argc > 1; i++) {
        if (strcmp(subcommands[i].word, argv[1]) == 0) {
            return subcommands[i].run(cmd, argc - 1, argv + 1);
        }
    }
    return wn_error_set(&cmd->err, WN_E_USAGE,
                        "%s%s%s: this version has 'winnow bounces import' and 'winnow bounces "
                        "classify'",
                        argc > 1 ? "there is no 'winnow bounces " : "say what to do with bounces",
                        argc > 1 ? argv[1] : "", argc > 1 ? "'" : "");
}
