/* SPDX-License-Identifier: MIT */
/* `winnow suppress export`. */
#include <inttypes.h>
#include <stdio.h>

#include "base/outfile.h"
#include "cmd/suppress.h"
#include "suppress/export.h"

struct settings {
    struct wn_suppress_store at;
    struct wn_suppress_which which;
    const char *format, *output;
    bool quiet;
};

static const struct wn_option options[] = {
    {"format", 0, WN_OPT_TEXT, offsetof(struct settings, format), "FORMAT",
     "winnow (default), email, mailgun, mailgun-complaints, mailgun-unsubscribes, ses, sparkpost, "
     "listmonk or sha256",
     0, 0},
    {"output", 'o', WN_OPT_TEXT, offsetof(struct settings, output), "FILE",
     "write to FILE, readable by you alone, instead of standard output", 0, 0},
    WN_SUPPRESS_WHICH_OPTIONS(struct settings),
    WN_SUPPRESS_DB_OPTION(struct settings),
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
};

const struct wn_command_help wn_help_suppress_export = {
    .name = "suppress export",
    .synopsis = "[options]",
    .summary = "the suppression list in the form another tool reads",
    .description =
        "winnow has every reason of every address, and 'winnow suppress import' makes the same of "
        "it in another store. email has one column, Email. mailgun, mailgun-complaints and "
        "mailgun-unsubscribes are Mailgun's three lists. ses is what Amazon SES's CreateImportJob "
        "reads: no header, BOUNCE or COMPLAINT. sparkpost has recipient, type and description; "
        "listmonk is for its import in the mode blocklist. sha256 has the SHA-256 of each mailbox "
        "key, one a line, for lists that are exchanged without addresses.\n\n"
        "Only reads, and never waits for a lock. FILE is replaced when the export is complete.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static int write_stdout(void *arg, struct wn_span bytes, struct wn_error *err)
{
    (void)arg;
    return fwrite(bytes.p, 1, bytes.n, stdout) == bytes.n
               ? WN_OK
               : wn_error_set(err, WN_E_IO, "standard output cannot be written");
}

static int write_file(void *arg, struct wn_span bytes, struct wn_error *err)
{
    return wn_outfile_write(arg, bytes, err);
}

static int export_to(const struct settings *s, const struct wn_export_format *format,
                     const struct wn_suppressed_filter *filter, struct wn_export_counts *counts,
                     struct wn_error *err)
{
    struct wn_outfile file = {0};
    if (s->output == NULL || strcmp(s->output, "-") == 0) {
        return wn_export_run(s->at.store, format, filter, write_stdout, NULL, counts, err);
    }
    int status = wn_outfile_open(&file, s->output, err);
    if (status == WN_OK) {
        status = wn_export_run(s->at.store, format, filter, write_file, &file, counts, err);
    }
    if (status == WN_OK) {
        status = wn_outfile_publish(&file, err);
    }
    wn_outfile_release(&file);
    return status;
}

static void print_counts(const struct wn_export_counts *c)
{
    (void)fprintf(stderr, "winnow: %" PRIu64 " addresses in %" PRIu64 " rows", c->addresses,
                  c->rows);
    if (c->other > 0) {
        (void)fprintf(stderr, "; %" PRIu64 " belong into another of its lists", c->other);
    }
    if (c->hashed > 0) {
        (void)fprintf(stderr, "; %" PRIu64 " are known by their SHA-256 alone and were left out",
                      c->hashed);
    }
    (void)fprintf(stderr, "\n");
}

static int find_format(const char *name, const struct wn_export_format **format,
                       struct wn_error *err)
{
    const char *names[32];
    size_t count = 0;
    *format = wn_export_format_find(name != NULL ? name : "winnow");
    if (*format != NULL) {
        return WN_OK;
    }
    for (const struct wn_export_format *f = wn_export_formats; f->name != NULL && count < 32; f++) {
        names[count++] = f->name;
    }
    const char *near = wn_nearest_word(name, names, count);
    return wn_error_set(err, WN_E_USAGE,
                        "--format knows no '%s'%s%s%s; 'winnow help suppress export' lists them",
                        name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                        near != NULL ? "'?" : "");
}

int wn_cmd_suppress_export(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands words = {0};
    struct wn_suppressed_filter filter;
    const struct wn_export_format *format = NULL;
    struct wn_export_counts counts = {0};
    int status = wn_options_read(&wn_help_suppress_export, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK && words.n > 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "suppress export takes no '%s'; --output names a file", words.v[0]);
    }
    if (status == WN_OK) {
        status = find_format(s.format, &format, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_suppress_filter(&s.which, cmd, &filter, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_suppress_open(&s.at, WN_STORE_READ, NULL, cmd);
    }
    if (status == WN_OK) {
        status = export_to(&s, format, &filter, &counts, &cmd->err);
    }
    if (status == WN_OK && !s.quiet) {
        print_counts(&counts);
    }
    wn_suppress_close(&s.at);
    wn_operands_release(&words);
    return status;
}
