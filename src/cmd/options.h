/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_OPTIONS_H
#define WN_CMD_OPTIONS_H

/* A command's options, declared once as a table: the command line, the configuration file, the
 * WINNOW_* variables, `winnow help` and the man pages are all read from it. Later wins:
 * configuration, then variables, then the command line. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/nearest.h"

enum wn_option_type {
    WN_OPT_FLAG,   /* bool */
    WN_OPT_NUMBER, /* int64_t, from `min` to `max` */
    WN_OPT_TEXT,   /* const char * */
    WN_OPT_LIST    /* struct wn_texts: may be given several times */
};

struct wn_texts {
    const char **v;
    size_t n;
};

struct wn_option {
    const char *name; /* long name, without -- */
    char letter;      /* short name, or 0 */
    enum wn_option_type type;
    size_t offset;        /* of the member in the command's settings */
    const char *argument; /* what help calls its value; NULL for a flag */
    const char *help;     /* one sentence without a full stop */
    int64_t min, max;     /* WN_OPT_NUMBER; max 0: no limit */
};

struct wn_command_help {
    const char *name;        /* "clean", "bounces import"; also the section of winnow.conf */
    const char *synopsis;    /* "[options] FILE..." */
    const char *summary;     /* one line for the list of commands */
    const char *description; /* paragraphs, separated by blank lines */
    const struct wn_option *options;
    size_t option_count;
};

/* What is left of the command line, and the memory of all texts. Release after the settings' last
 * use. */
struct wn_operands {
    const char **v;
    size_t n;
    uint64_t given; /* on the command line: a bit for each of the table's first 64 options */
    struct wn_arena arena;
};

/* Reads the configuration ($XDG_CONFIG_HOME/winnow/winnow.conf or ~/.config/…), the WINNOW_*
 * variables and argv[1..] into `settings`, which holds the defaults. argv[0] is the command's word.
 * Errors: WN_E_USAGE (names the option and the nearest valid one), WN_E_CONFIG (an unknown key, a
 * value that cannot be read; names the file and line). */
int wn_options_read(const struct wn_command_help *help, int argc, char **argv, void *settings,
                    struct wn_operands *operands, struct wn_error *err);
void wn_operands_release(struct wn_operands *operands);

#endif
