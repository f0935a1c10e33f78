/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "clean/probing.h"
#include "cmd/judging.h"

struct settings {
    struct wn_judging judging;
    struct wn_texts column;
    const char *output, *delimiter, *max_drop, *only, *progress;
    int64_t jobs, wait;
    bool no_header, fix, dry_run, dedupe_across, json, quiet, verbose;
};

static const struct wn_option options[] = {
    {"output", 'o', WN_OPT_TEXT, offsetof(struct settings, output), "DIR",
     "write to DIR (default: <stem>.winnow beside the input; with several inputs, DIR/<stem>)", 0,
     0},
    {"column", 'c', WN_OPT_LIST, offsetof(struct settings, column), "NAME|N",
     "the column that holds the addresses, by its name or its number from 1 (default: found); "
     "given "
     "several times, a row is judged by the first of them that holds an address",
     0, 0},
    {"delimiter", 'd', WN_OPT_TEXT, offsetof(struct settings, delimiter), "C",
     "what separates the fields: one character, or 'tab' (default: found)", 0, 0},
    {"no-header", 0, WN_OPT_FLAG, offsetof(struct settings, no_header), NULL,
     "the first record is a contact, not a header", 0, 0},
    WN_JUDGING_OPTIONS(struct settings),
    WN_PROBE_OPTIONS(struct settings),
    {"jobs", 'j', WN_OPT_NUMBER, offsetof(struct settings, jobs), "N",
     "threads that read and write (default: the cores)", 1, 256},
    {"max-drop", 0, WN_OPT_TEXT, offsetof(struct settings, max_drop), "PCT",
     "publish nothing (exit 4) if more than PCT percent of the rows would be dropped", 0, 0},
    {"dry-run", 'n', WN_OPT_FLAG, offsetof(struct settings, dry_run), NULL,
     "write nothing and print what would be kept, reviewed and dropped (DNS answers are kept)", 0,
     0},
    {"only", 0, WN_OPT_TEXT, offsetof(struct settings, only), "keep|review|drop",
     "write that list to standard output instead of a directory", 0, 0},
    {"fix", 0, WN_OPT_FLAG, offsetof(struct settings, fix), NULL,
     "write repaired and suggested addresses into the rows; the report's 'fixed' says where", 0, 0},
    {"dedupe-across", 0, WN_OPT_FLAG, offsetof(struct settings, dedupe_across), NULL,
     "find duplicates over all inputs of the run, not only within each", 0, 0},
    {"wait", 0, WN_OPT_NUMBER, offsetof(struct settings, wait), "SECONDS",
     "wait this long for another run that holds the store (default 0)", 0, 86400},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print the summary as JSON on standard output", 0, 0},
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
    {"verbose", 'v', WN_OPT_FLAG, offsetof(struct settings, verbose), NULL,
     "print the long summary even when standard error is no terminal", 0, 0},
    {"progress", 0, WN_OPT_TEXT, offsetof(struct settings, progress), "auto|always|never",
     "the live line on standard error (default auto: on a terminal)", 0, 0},
};

const struct wn_command_help wn_help_clean = {
    .name = "clean",
    .synopsis = "[options] FILE...",
    .summary = "clean contact lists: keep.csv, review.csv, drop.csv and a report for every row",
    .description =
        "Reads contact lists (CSV, also gzip; '-' is standard input), checks each address, looks "
        "up "
        "each domain's mail route in DNS, merges the bounce history of the store, and writes a "
        "directory with keep.csv, review.csv and drop.csv (the input's rows, byte for byte unless "
        "--fix is given), "
        "report.csv (a verdict for every row), rejected.csv (what could not be read) and "
        "summary.json. The directory appears whole or not at all.\n\n"
        "No mail is ever sent. What is our own trouble or the network's never drops a row.\n\n"
        "Every option can stand in $XDG_CONFIG_HOME/winnow/winnow.conf under [clean] by its long "
        "name, or in a variable such as WINNOW_DNS_SERVER; the command line wins.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static int choose_word(const char *option, const char *text, const char *const *words, size_t count,
                       struct wn_error *err)
{
    struct wn_buf list = {0};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0) {
            wn_buf_release(&list);
            return (int)i;
        }
        wn_buf_addf(&list, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", words[i]);
    }
    wn_error_set(err, WN_E_USAGE, "--%s wants %s, not '%s'", option, wn_buf_text(&list), text);
    wn_buf_release(&list);
    return -1;
}

static int read_delimiter(const char *text, const char **delimiter, struct wn_error *err)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) {
        *delimiter = "\t";
        return WN_OK;
    }
    if (strlen(text) != 1 || text[0] == '"' || text[0] == '\n' || text[0] == '\r' ||
        (unsigned char)text[0] >= 0x80) {
        return wn_error_set(err, WN_E_USAGE,
                            "--delimiter wants one ASCII character or 'tab', not '%s'", text);
    }
    *delimiter = text;
    return WN_OK;
}

static int read_percent(const char *text, double *percent, struct wn_error *err)
{
    char *end;
    *percent = strtod(text, &end);
    if (end == text || *end != '\0' || !(*percent >= 0 && *percent <= 100)) {
        return wn_error_set(err, WN_E_USAGE,
                            "--max-drop wants a percentage from 0 to 100, not '%s'", text);
    }
    return WN_OK;
}

static int64_t count_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : n;
}

/* Everything but what the judging options say. */
static int apply(const struct settings *s, const struct wn_operands *operands,
                 struct wn_clean_settings *out, struct wn_error *err)
{
    static const char *const actions[] = {"keep", "review", "drop"};
    static const char *const modes[] = {"auto", "always", "never"};
    int status = WN_OK;
    out->inputs = operands->v;
    out->input_count = operands->n;
    out->output = s->output;
    out->columns = s->column.v;
    out->column_count = s->column.n;
    out->no_header = s->no_header;
    out->jobs = s->jobs > 0 ? s->jobs : count_cores();
    out->wait = s->wait;
    out->fix = s->fix;
    out->dry_run = s->dry_run;
    out->dedupe_across = s->dedupe_across;
    out->json = s->json;
    out->quiet = s->quiet;
    out->verbose = s->verbose;
    out->max_drop = -1;
    out->only = -1;
    if (operands->n == 0) {
        return wn_error_set(err, WN_E_USAGE, "name the list to clean: winnow clean contacts.csv");
    }
    if (s->column.n > WN_EMAIL_COLUMNS) {
        return wn_error_set(err, WN_E_USAGE, "--column may be given %d times at most",
                            WN_EMAIL_COLUMNS);
    }
    if (s->delimiter != NULL) {
        status = read_delimiter(s->delimiter, &out->delimiter, err);
    }
    if (status == WN_OK && s->max_drop != NULL) {
        status = read_percent(s->max_drop, &out->max_drop, err);
    }
    if (status == WN_OK && s->only != NULL) {
        out->only = choose_word("only", s->only, actions, 3, err);
        status = err->status;
    }
    if (status == WN_OK && s->progress != NULL) {
        out->progress = (enum wn_progress_mode)choose_word("progress", s->progress, modes, 3, err);
        status = err->status;
    }
    if (status != WN_OK) {
        return status;
    }
    if (out->only >= 0 && (s->json || s->output != NULL || s->dry_run || operands->n > 1)) {
        return wn_error_set(
            err, WN_E_USAGE,
            "--only writes one input's list to standard output: it does not go with "
            "%s",
            s->json             ? "--json"
            : s->output != NULL ? "--output"
            : s->dry_run        ? "--dry-run"
                                : "several inputs");
    }
    return WN_OK;
}

/* The long form for people at a terminal, or who ask; one line a list for cron mail. */
static void print_summaries(const struct wn_run *run, const struct settings *s)
{
    bool long_form = s->verbose || s->dry_run || isatty(STDERR_FILENO) == 1;
    FILE *to = s->dry_run && !s->json ? stdout : stderr;
    struct wn_buf text = {0};
    if (s->json) {
        wn_buf_add_text(&text, run->input_count > 1 ? "[\n" : "");
        for (size_t i = 0; i < run->input_count; i++) {
            wn_buf_add_text(&text, i > 0 ? ",\n" : "");
            wn_summary_json(&run->inputs[i].summary, &text);
        }
        wn_buf_add_text(&text, run->input_count > 1 ? "]\n" : "");
        (void)fwrite(text.p, 1, text.len, stdout);
        wn_buf_clear(&text);
    }
    for (size_t i = 0; i < run->input_count && !(s->quiet && to == stderr); i++) {
        const struct wn_summary *summary = &run->inputs[i].summary;
        if (summary->tally == NULL || (s->json && s->dry_run)) {
            continue;
        }
        if (long_form) {
            wn_summary_text(summary, &text);
        } else {
            wn_buf_add_text(&text, "winnow: ");
            wn_summary_line(summary, &text);
            wn_buf_add_char(&text, '\n');
        }
    }
    if (run->probing != NULL && s->dry_run && !s->json && !s->quiet) {
        wn_probe_plan_text(&run->probing->plan, &run->settings->probe,
                           wn_buf_span(&run->probing->warnings), &text);
    }
    if (text.len > 0) {
        (void)fwrite(text.p, 1, text.len, to);
    }
    wn_buf_release(&text);
}

int wn_cmd_clean(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {.judging = WN_JUDGING_DEFAULTS};
    struct wn_clean_settings settings = {0};
    struct wn_operands operands;
    struct wn_judging_room room = {0};
    struct wn_run run;
    int status = wn_options_read(&wn_help_clean, argc, argv, &s, &operands, &cmd->err);
    if (status == WN_OK) {
        status = wn_probe_options_check(&wn_help_clean, &operands, &s.judging.probe, &cmd->err);
    }
    if (status == WN_OK) {
        status = apply(&s, &operands, &settings, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_judging_apply(&s.judging, cmd, &room, &settings, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_run_clean(&settings, cmd->stop, &run, &cmd->err);
        if (status == WN_OK || status == WN_E_VALVE) {
            print_summaries(&run, &s);
        }
        wn_run_release(&run);
    }
    wn_overlay_free(settings.overlay);
    wn_judging_room_release(&room);
    wn_operands_release(&operands);
    return status;
}
