/* SPDX-License-Identifier: MIT */
/* Which file has the commands about bounces. */
#include "cmd/bounces.h"

static const struct subcommand {
    const char *word;
    int (*run)(struct wn_cmd *cmd, int argc, char **argv);
} subcommands[] = {
    {"parse", wn_cmd_bounces_parse},           {"import", wn_cmd_bounces_import},
    {"fetch", wn_cmd_bounces_fetch},           {"classify", wn_cmd_bounces_classify},
    {"quarantine", wn_cmd_bounces_quarantine},
};

enum {
    SUBCOMMANDS = sizeof subcommands / sizeof *subcommands
};

int wn_cmd_bounces(struct wn_cmd *cmd, int argc, char **argv)
{
    struct wn_buf words = {0};
    for (size_t i = 0; i < SUBCOMMANDS; i++) {
        if (argc > 1 && strcmp(subcommands[i].word, argv[1]) == 0) {
            wn_buf_release(&words);
            return subcommands[i].run(cmd, argc - 1, argv + 1);
        }
        wn_buf_addf(&words, "%s'winnow bounces %s'",
                    i == 0                 ? ""
                    : i + 1 == SUBCOMMANDS ? " and "
                                           : ", ",
                    subcommands[i].word);
    }
    int status =
        wn_error_set(&cmd->err, WN_E_USAGE, "%s%s%s: there are %s",
                     argc > 1 ? "there is no 'winnow bounces " : "say what to do with bounces",
                     argc > 1 ? argv[1] : "", argc > 1 ? "'" : "", wn_buf_text(&words));
    wn_buf_release(&words);
    return status;
}
