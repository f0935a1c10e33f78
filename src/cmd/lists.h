/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_LISTS_H
#define WN_CMD_LISTS_H

/* `winnow lists`, and what its files share. */

#include "cmd/cmd.h"

int wn_cmd_lists(struct wn_cmd *cmd, int argc, char **argv);
extern const struct wn_command_help wn_help_lists_show, wn_help_lists_test, wn_help_lists_update;

int wn_cmd_lists_update(struct wn_cmd *cmd, int argc, char **argv);

/* One line naming every list, for messages. */
#define WN_LISTS_NAMES "allow, free, relay, role, placeholder, disposable, disposable_mx"

/* The option --lists, the same for every command that has lists. */
#define WN_OPTION_LISTS(settings)                                                                  \
    {                                                                                              \
        "lists", 0, WN_OPT_TEXT, offsetof(settings, lists), "DIR",                                 \
            "your own lists (default: $XDG_CONFIG_HOME/winnow/lists, else ~/.config/…, if it "   \
            "is there; '' is none)",                                                               \
            0, 0                                                                                   \
    }

#endif
