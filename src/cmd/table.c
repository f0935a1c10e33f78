/* SPDX-License-Identifier: MIT */
#include "cmd/cmd.h"
#include "cmd/lists.h"

const struct wn_command wn_commands[] = {
    {"clean", wn_cmd_clean, &wn_help_clean},
    {"check", wn_cmd_check, &wn_help_check},
    {"bounces", wn_cmd_bounces, &wn_help_bounces_parse},
    {"bounces", wn_cmd_bounces, &wn_help_bounces_import},
    {"bounces", wn_cmd_bounces, &wn_help_bounces_fetch},
    {"bounces", wn_cmd_bounces, &wn_help_bounces_classify},
    {"bounces", wn_cmd_bounces, &wn_help_bounces_quarantine},
    {"probe", wn_cmd_probe, &wn_help_probe_status},
    {"history", wn_cmd_history, &wn_help_history},
    {"suppress", wn_cmd_suppress, &wn_help_suppress_add},
    {"suppress", wn_cmd_suppress, &wn_help_suppress_remove},
    {"suppress", wn_cmd_suppress, &wn_help_suppress_list},
    {"suppress", wn_cmd_suppress, &wn_help_suppress_import},
    {"suppress", wn_cmd_suppress, &wn_help_suppress_export},
    {"lists", wn_cmd_lists, &wn_help_lists_show},
    {"lists", wn_cmd_lists, &wn_help_lists_test},
    {"lists", wn_cmd_lists, &wn_help_lists_update},
    {"help", wn_cmd_help, &wn_help_help},
};
const size_t wn_command_count = sizeof wn_commands / sizeof *wn_commands;
