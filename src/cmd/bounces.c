/* SPDX-License-Identifier: MIT */
/* `winnow bounces classify`, and which file has the other commands about bounces. */
#include <stdio.h>
#include <stdlib.h>

#include "bounce/classify.h"
#include "cmd/bounces.h"

const struct wn_command_help wn_help_bounces_classify = {
    .name = "bounces classify",
    .synopsis = "TEXT...",
    .summary = "what one reply of a mail server means",
    .description =
        "Prints the category, the action, the rule that decided and what the action does. TEXT is "
        "a reply such as '550 5.1.1 user unknown'; '-' reads one a line from standard input.",
};

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
    } subcommands[] = {{"parse", wn_cmd_bounces_parse},
                       {"import", wn_cmd_bounces_import},
                       {"classify", classify_command}};
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands && argc > 1; i++) {
        if (strcmp(subcommands[i].word, argv[1]) == 0) {
            return subcommands[i].run(cmd, argc - 1, argv + 1);
        }
    }
    return wn_error_set(&cmd->err, WN_E_USAGE,
                        "%s%s%s: there are 'winnow bounces parse', 'winnow bounces import' and "
                        "'winnow bounces classify'",
                        argc > 1 ? "there is no 'winnow bounces " : "say what to do with bounces",
                        argc > 1 ? argv[1] : "", argc > 1 ? "'" : "");
}
