/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_CMD_H
#define WN_CMD_CMD_H

/* What main hands to a command: one file a command, arguments in, exit code out. */

#include "cmd/options.h"

struct wn_cmd {
    struct wn_error err;     /* filled on failure; main prints it */
    const _Atomic int *stop; /* the number of the signal that asked for an orderly stop, or 0 */
    int64_t now;             /* seconds since 1970 */
};

/* argv[0] is the command's word. Each returns the exit code. Standard output goes through stdio and
 * is checked by main when the command has ended. */
int wn_cmd_clean(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_check(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_bounces(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_history(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_probe(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_suppress(struct wn_cmd *cmd, int argc, char **argv);
int wn_cmd_help(struct wn_cmd *cmd, int argc, char **argv);

/* A store that is not there is an empty one; but where a command lists what it holds, an empty
 * list is no answer to a slip in its name, so standard error is told. */
void wn_cmd_note_absent(const char *store);

extern const struct wn_command_help wn_help_clean, wn_help_check, wn_help_bounces_parse,
    wn_help_bounces_import, wn_help_bounces_fetch, wn_help_bounces_classify,
    wn_help_bounces_quarantine, wn_help_probe_status, wn_help_history, wn_help_suppress_add,
    wn_help_suppress_remove, wn_help_suppress_list, wn_help_suppress_import,
    wn_help_suppress_export, wn_help_help;

/* Every command, in the order of `winnow help`. */
struct wn_command {
    const char *word; /* the first word of the command line */
    int (*run)(struct wn_cmd *cmd, int argc, char **argv);
    const struct wn_command_help *help; /* the next row with the same word is a subcommand's */
};
extern const struct wn_command wn_commands[];
extern const size_t wn_command_count;

#endif
