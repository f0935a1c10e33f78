/* SPDX-License-Identifier: MIT */
/* `winnow help` and the man pages, from the one description each command has of itself. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "verdict/policy.h"
#include "winnow.h"

struct settings {
    bool man;
};

static const struct wn_option options[] = {
    {"man", 0, WN_OPT_FLAG, offsetof(struct settings, man), NULL, "print it as a man page", 0, 0},
};

const struct wn_command_help wn_help_help = {
    .name = "help",
    .synopsis = "[--man] [COMMAND | reasons]",
    .summary = "what a command does, or what the reasons mean",
    .description = "Without a word, lists the commands. With 'reasons', lists every reason that a "
                   "verdict can have, its result, what it blames, and the action of each policy.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static void print_wrapped(const char *text, int indent)
{
    enum {
        WIDTH = 78
    };
    int column = indent;
    (void)printf("%*s", indent, "");
    for (const char *p = text; *p != '\0';) {
        if (*p == '\n') {
            (void)printf("\n%*s", *(p + 1) == '\n' ? 0 : indent, "");
            column = indent;
            p++;
            continue;
        }
        int n = (int)strcspn(p, " \n");
        if (column > indent && column + 1 + n > WIDTH) {
            (void)printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            (void)putchar(' ');
            column++;
        }
        (void)printf("%.*s", n, p);
        column += n;
        p += n;
        p += strspn(p, " ");
    }
    (void)putchar('\n');
}

static void print_option(const struct wn_option *o)
{
    char left[64];
    int n = o->letter != 0 ? snprintf(left, sizeof left, "-%c, --%s", o->letter, o->name)
                           : snprintf(left, sizeof left, "    --%s", o->name);
    if (o->argument != NULL && n > 0 && (size_t)n < sizeof left) {
        (void)snprintf(left + n, sizeof left - (size_t)n, " %s", o->argument);
    }
    (void)printf("  %s\n", left);
    print_wrapped(o->help, 10);
}

static void print_help(const struct wn_command_help *h)
{
    (void)printf("winnow %s %s\n\n", h->name, h->synopsis);
    print_wrapped(h->description, 2);
    if (h->option_count > 0) {
        (void)printf("\nOptions:\n");
    }
    for (size_t i = 0; i < h->option_count; i++) {
        print_option(&h->options[i]);
    }
}

/* roff's special characters: a dash that is a minus, a dot that begins a line. */
static void print_roff(const char *text)
{
    bool line_start = true;
    for (const char *p = text; *p != '\0'; p++) {
        if (line_start && (*p == '.' || *p == '\'')) {
            (void)fputs("\\&", stdout);
        }
        if (p[0] == '\n' && p[1] == '\n') {
            (void)fputs("\n.PP\n", stdout);
            p++;
            line_start = true;
            continue;
        }
        (void)fputs(*p == '-' ? "\\-" : *p == '\\' ? "\\e" : (const char[]){*p, '\0'}, stdout);
        line_start = *p == '\n';
    }
    (void)putchar('\n');
}

static void print_man_options(const struct wn_command_help *h)
{
    (void)printf(".SH OPTIONS\n");
    for (size_t i = 0; i < h->option_count; i++) {
        const struct wn_option *o = &h->options[i];
        (void)printf(".TP\n.B ");
        if (o->letter != 0) {
            (void)printf("\\-%c\\fR, \\fB", o->letter);
        }
        (void)printf("\\-\\-");
        for (const char *p = o->name; *p != '\0'; p++) {
            (void)fputs(*p == '-' ? "\\-" : (const char[]){*p, '\0'}, stdout);
        }
        (void)printf("%s%s%s\n", o->argument != NULL ? " \\fI" : "",
                     o->argument != NULL ? o->argument : "", o->argument != NULL ? "\\fR" : "");
        print_roff(o->help);
    }
}

static void print_man(const struct wn_command_help *h)
{
    char name[64];
    (void)snprintf(name, sizeof name, "winnow-%s", h->name);
    for (char *p = name; *p != '\0'; p++) {
        *p = *p == ' ' ? '-' : *p;
    }
    (void)printf(".TH %s 1 \"\" \"winnow %s\" \"Winnow\"\n.SH NAME\n%s \\- ", name, WN_VERSION,
                 name);
    print_roff(h->summary);
    (void)printf(".SH SYNOPSIS\n.B winnow %s\n", h->name);
    print_roff(h->synopsis);
    (void)printf(".SH DESCRIPTION\n");
    print_roff(h->description);
    if (h->option_count > 0) {
        print_man_options(h);
    }
    (void)printf(".SH SEE ALSO\n.BR winnow (1)\n");
}

static void print_man_overview(void)
{
    (void)printf(
        ".TH winnow 1 \"\" \"winnow %s\" \"Winnow\"\n.SH NAME\nwinnow \\- clean email contact "
        "lists\n.SH SYNOPSIS\n.B winnow\n.I COMMAND\n[options] ...\n.SH COMMANDS\n",
        WN_VERSION);
    for (size_t i = 0; i < wn_command_count; i++) {
        (void)printf(".TP\n.B winnow %s\n", wn_commands[i].help->name);
        print_roff(wn_commands[i].help->summary);
    }
    (void)printf(
        ".SH EXIT STATUS\n"
        "0 done, whatever the verdicts; 1 internal failure; 3 (check) some address is not "
        "keep; 4 a safety valve tripped; 64 usage; 65 the input is not what it should be; 66 "
        "an input cannot be opened; 73 an output cannot be created; 74 an I/O error; 75 try "
        "again later; 78 configuration error; 128+n ended by signal n.\n");
}

static void print_overview(void)
{
    (void)printf(
        "winnow cleans email contact lists: it says for every row what was found, whose fault\n"
        "it is and what to do, and writes pruned lists.\n\n");
    for (size_t i = 0; i < wn_command_count; i++) {
        const struct wn_command_help *h = wn_commands[i].help;
        (void)printf("  winnow %s %s\n", h->name, h->synopsis);
        print_wrapped(h->summary, 10);
    }
    (void)printf(
        "\n'winnow help COMMAND' says more; 'winnow help reasons' explains the verdicts.\n");
}

static void print_reasons(void)
{
    struct wn_policy lenient, balanced, strict;
    (void)wn_policy_init(&lenient, "lenient", NULL);
    (void)wn_policy_init(&balanced, "balanced", NULL);
    (void)wn_policy_init(&strict, "strict", NULL);
    (void)printf("%-23s %-14s %-10s %-8s %-9s %s\n", "reason", "result", "blame", "lenient",
                 "balanced", "strict");
    for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
        enum wn_reason r = (enum wn_reason)i;
        (void)printf("%-23s %-14s %-10s %-8s %-9s %s\n    %s\n", wn_reason_word(r),
                     wn_result_word(wn_reason_result(r)), wn_blame_word(wn_reason_blame(r)),
                     wn_action_word(lenient.action[i]), wn_action_word(balanced.action[i]),
                     wn_action_word(strict.action[i]), wn_reason_sentence(r));
    }
}

/* Help on every command that those one or two words name. */
static bool print_matches(const char *const *words, size_t count, bool man)
{
    bool found = false;
    char name[64];
    (void)snprintf(name, sizeof name, "%.30s %.30s", words[0], count > 1 ? words[1] : "");
    for (size_t i = 0; i < wn_command_count; i++) {
        const struct wn_command_help *h = wn_commands[i].help;
        if (strcmp(count > 1 ? h->name : wn_commands[i].word, count > 1 ? name : words[0]) == 0) {
            (void)fputs(found ? "\n" : "", stdout);
            (man ? print_man : print_help)(h);
            found = true;
        }
    }
    return found;
}

int wn_cmd_help(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands operands;
    int status = wn_options_read(&wn_help_help, argc, argv, &s, &operands, &cmd->err);
    if (status != WN_OK) {
        goto out;
    }
    if (operands.n == 0) {
        (s.man ? print_man_overview : print_overview)();
        goto out;
    }
    if (strcmp(operands.v[0], "reasons") == 0) {
        print_reasons();
        goto out;
    }
    bool found = false;
    /* The second word names a subcommand, or is what somebody was about to give the command. */
    for (size_t words = operands.n > 1 ? 2 : 1; words > 0 && !found; words--) {
        found = print_matches(operands.v, words, s.man);
    }
    if (!found) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "there is no command '%s'; 'winnow help' lists them", operands.v[0]);
    }
out:
    wn_operands_release(&operands);
    return status;
}
