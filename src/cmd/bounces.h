/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_BOUNCES_H
#define WN_CMD_BOUNCES_H

/* The commands about bounces, one file each, and what those that read bounces share. */

#include "bounce/import.h"
#include "cmd/cmd.h"

int wn_cmd_bounces_parse(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_bounces_import(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_bounces_fetch(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_bounces_classify(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_bounces_quarantine(struct wn_cmd *cmd, int argc, char **argv);

struct wn_bounce_reading {
    const char *map, *since, *unrecognized;
    int64_t jobs;
    bool quiet, verbose;
};

/* Rows of an option table; `S` is the command's settings, with a member `reading`. */
#define WN_BOUNCE_READING_OPTIONS(S)                                                               \
    {"map",                                                                                        \
     0,                                                                                            \
     WN_OPT_TEXT,                                                                                  \
     offsetof(S, reading.map),                                                                     \
     "KEY=COLUMN,...",                                                                             \
     "of a CSV: which column holds what, by name or number: email, at, code, status, kind, text, " \
     "id, said, host",                                                                             \
     0,                                                                                            \
     0},                                                                                           \
        {"since",     0,                                                                           \
         WN_OPT_TEXT, offsetof(S, reading.since),                                                  \
         "TIME",      "pass over what is older, such as 2026-11-01",                               \
         0,           0},                                                                          \
        {"unrecognized",                                                                           \
         0,                                                                                        \
         WN_OPT_TEXT,                                                                              \
         offsetof(S, reading.unrecognized),                                                        \
         "DIR",                                                                                    \
         "copy what looks like a bounce and cannot be read to DIR",                                \
         0,                                                                                        \
         0},                                                                                       \
        {"jobs",                                                                                   \
         'j',                                                                                      \
         WN_OPT_NUMBER,                                                                            \
         offsetof(S, reading.jobs),                                                                \
         "N",                                                                                      \
         "threads that read (default: the cores)",                                                 \
         1,                                                                                        \
         256},                                                                                     \
        {"quiet", 'q', WN_OPT_FLAG, offsetof(S, reading.quiet), NULL, "print errors only", 0, 0},  \
    {                                                                                              \
        "verbose", 'v', WN_OPT_FLAG, offsetof(S, reading.verbose), NULL,                           \
            "list everything that cannot be used, with its place and the reason", 0, 0             \
    }

/* Makes the import's settings of the options and finds the files. */
int wn_bounce_reading_apply(const struct wn_bounce_reading *reading, const struct wn_cmd *cmd,
                            const struct wn_operands *paths, struct wn_import_settings *settings,
                            struct wn_walk *files, struct wn_error *err);

/* One line on standard error for a notice that cannot be used. */
void wn_bounce_print_unused(void *arg, const char *file, const struct wn_notice *notice);
/* The same for a file that was skipped. */
void wn_bounce_print_skipped(void *arg, const char *path, const char *sentence);

/* The counts, in one line on standard error. `stored`: added and known mean something. */
void wn_bounce_print_counts(const struct wn_import_counts *counts, bool stored, bool verbose);

/* The same as members of a JSON object, without its braces, on standard output. */
void wn_bounce_print_members(const struct wn_import_counts *counts);

/* One line that names a burst, on standard error. */
int wn_bounce_print_burst(void *arg, const struct wn_burst *burst);

/* Prints who would be judged otherwise under the policy (NULL: the store's own), and why, on
 * standard output. */
int wn_bounce_compare(struct wn_cmd *cmd, struct wn_store *store,
                      const struct wn_bounce_policy *policy, bool json, bool quiet);

#endif
