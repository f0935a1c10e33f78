/* SPDX-License-Identifier: MIT */
/* The command table: finds the command, runs it, prints its error, checks standard output. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "winnow.h"

static _Atomic int stop_signal;

/* The first signal asks for an orderly stop; SA_RESETHAND lets the second end the process at once.
 */
static void ask_to_stop(int number)
{
    stop_signal = number;
}

static void handle_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        /* What nohup ignores stays ignored. */
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
}

/* A descriptor that is closed at the start would be given to the first file that is opened, and
 * what is meant for people would be written into it. */
static void open_missing_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDWR) < 0) {
            _exit(WN_E_IO);
        }
    }
}

static int unknown_command(struct wn_cmd *cmd, const char *word)
{
    const char *words[64];
    size_t count = 0;
    for (size_t i = 0; i < wn_command_count && count < 64; i++) {
        words[count++] = wn_commands[i].word;
    }
    const char *near = wn_nearest_word(word, words, count);
    return wn_error_set(
        &cmd->err, WN_E_USAGE, "there is no command '%s'%s%s%s; 'winnow help' lists them", word,
        near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static int run(struct wn_cmd *cmd, int argc, char **argv)
{
    static char help_word[] = "help";
    if (argc < 2) {
        return wn_error_set(&cmd->err, WN_E_USAGE,
                            "say what to do: 'winnow clean contacts.csv', or 'winnow help'");
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        (void)printf("winnow %s\n", WN_VERSION);
        return WN_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        argv[1] = help_word;
    }
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            char *line[] = {help_word, argv[1], i > 2 && argv[2][0] != '-' ? argv[2] : NULL, NULL};
            return wn_cmd_help(cmd, line[2] != NULL ? 3 : 2, line);
        }
    }
    for (size_t i = 0; i < wn_command_count; i++) {
        if (strcmp(wn_commands[i].word, argv[1]) == 0) {
            return wn_commands[i].run(cmd, argc - 1, argv + 1);
        }
    }
    return unknown_command(cmd, argv[1]);
}

int main(int argc, char **argv)
{
    struct wn_cmd cmd = {.stop = &stop_signal, .now = wn_clock_now()};
    open_missing_descriptors();
    handle_signals();
    int status = run(&cmd, argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && (status == WN_OK || status == 3)) {
        status = wn_error_errno(&cmd.err, WN_E_IO, errno, "standard output cannot be written");
    }
    if (cmd.err.status != WN_OK) {
        (void)fprintf(stderr, "winnow: %s\n", cmd.err.text);
    }
    return status;
}
