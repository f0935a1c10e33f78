/* SPDX-License-Identifier: MIT */
/* `winnow suppress add` and `winnow suppress remove`. Every address is read before any is stored,
 * and all are stored in one transaction, so a slip in one of them changes nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "base/clock.h"
#include "cmd/suppress.h"
#include "suppress/import.h"

struct settings {
    struct wn_suppress_store at;
    const char *reason;
    bool quiet;
};

static const struct wn_option add_options[] = {
    {"reason", 0, WN_OPT_TEXT, offsetof(struct settings, reason), "TEXT",
     "why, in your words: kept with it, and shown by 'winnow history'", 0, 0},
    WN_SUPPRESS_DB_OPTION(struct settings),
    WN_SUPPRESS_WAIT_OPTION(struct settings),
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
};

static const struct wn_option remove_options[] = {
    WN_SUPPRESS_DB_OPTION(struct settings),
    WN_SUPPRESS_WAIT_OPTION(struct settings),
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
};

const struct wn_command_help wn_help_suppress_add = {
    .name = "suppress add",
    .synopsis = "[options] ADDRESS...",
    .summary = "never write to these addresses again",
    .description =
        "Suppresses each address until 'winnow suppress remove' lifts it. '-' reads addresses from "
        "standard input, one a line; 'sha256:' and 64 hexadecimal digits name a mailbox by the "
        "SHA-256 of its key. Adding twice changes nothing. If one of them cannot be an address, "
        "nothing is stored.",
    .options = add_options,
    .option_count = sizeof add_options / sizeof *add_options,
};

const struct wn_command_help wn_help_suppress_remove = {
    .name = "suppress remove",
    .synopsis = "[options] ADDRESS...",
    .summary = "lift what the operator or bounces led to",
    .description =
        "Lifts 'winnow suppress add', and forgives the bounces so far. A complaint or an "
        "unsubscription is the person's own word: what remains of it is said, and only the "
        "person's later resubscription lifts it. '-' reads addresses from standard input, one a "
        "line.",
    .options = remove_options,
    .option_count = sizeof remove_options / sizeof *remove_options,
};

/* The subjects of one command line, in order. */
struct subjects {
    struct wn_subject *v;
    char **words;
    size_t n;
};

static int add_subject(struct subjects *all, const char *word, struct wn_error *err)
{
    char room[sizeof((struct wn_address *)NULL)->text];
    struct wn_subject subject;
    int status = wn_subject_read(word, room, &subject, err);
    if (status != WN_OK) {
        return status;
    }
    if ((all->n & (all->n - 1)) == 0) {
        size_t capacity = all->n > 0 ? all->n * 2 : 1;
        all->v = wn_realloc(all->v, capacity * sizeof *all->v);
        all->words = wn_realloc(all->words, capacity * sizeof *all->words);
    }
    struct wn_buf text = {0};
    if (subject.key.n > 0) {
        wn_buf_add_span(&text, subject.key);
    } else {
        char hex[WN_SHA256_HEX];
        wn_sha256_format(subject.digest, hex);
        wn_buf_addf(&text, "sha256:%s", hex);
    }
    (void)wn_buf_text(&text); /* ends it with a NUL */
    all->words[all->n] = text.p;
    subject.key.p = text.p;
    all->v[all->n++] = subject;
    return WN_OK;
}

static int read_lines(struct wn_cmd *cmd, struct subjects *all)
{
    char *line = NULL;
    size_t capacity = 0;
    int status = WN_OK;
    while (status == WN_OK && *cmd->stop == 0 && getline(&line, &capacity, stdin) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[strspn(line, " \t")] != '\0') {
            status = add_subject(all, line, &cmd->err);
        }
    }
    free(line);
    if (status == WN_OK && *cmd->stop != 0) {
        return wn_error_set(&cmd->err, WN_E_SIGNAL + *cmd->stop, "stopped");
    }
    if (status == WN_OK && ferror(stdin)) {
        return wn_error_set(&cmd->err, WN_E_IO, "standard input cannot be read");
    }
    return status;
}

static int read_subjects(struct wn_cmd *cmd, const struct wn_operands *words, struct subjects *all)
{
    int status = WN_OK;
    for (size_t i = 0; i < words->n && status == WN_OK; i++) {
        status = strcmp(words->v[i], "-") == 0 ? read_lines(cmd, all)
                                               : add_subject(all, words->v[i], &cmd->err);
    }
    return status;
}

static void release_subjects(struct subjects *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->words[i]);
    }
    free(all->words);
    free(all->v);
}

/* One line: what was done, and what holds the address back now. */
static void say(struct wn_buf *out, const char *word, bool adding, bool changed,
                const struct wn_standing *standing, int64_t hours)
{
    char clearing[WN_HOLD_TEXT];
    char since[WN_TIME_TEXT] = "";
    const struct wn_hold *hold = standing->count > 0 ? &standing->holds[0] : NULL;
    for (size_t i = 0; i < standing->count; i++) {
        hold = adding && standing->holds[i].reason == WN_REASON_suppressed ? &standing->holds[i]
                                                                           : hold;
    }
    if (hold != NULL) {
        wn_time_format(hold->since, since);
    }
    if (adding) {
        wn_buf_addf(out, "%s: %s %s\n", word,
                    changed ? "suppressed since" : "already suppressed, since", since);
    } else if (hold != NULL) {
        wn_buf_addf(out, "%s: %s %s since %s; %s\n", word,
                    changed ? "bounces and the operator's word are lifted, but it is" : "it is",
                    wn_reason_word(hold->reason), since, wn_hold_clearing(hold, hours, clearing));
    } else {
        wn_buf_addf(out, "%s: %s\n", word,
                    changed ? "not suppressed any more" : "was not suppressed");
    }
}

static int change(struct wn_cmd *cmd, const struct settings *s, const struct subjects *all,
                  bool adding, struct wn_buf *out)
{
    struct wn_store *store = s->at.store;
    struct wn_bounce_policy policy;
    int status = wn_bounce_policy_get(store, &policy, &cmd->err);
    if (status == WN_OK) {
        status = wn_store_begin(store, &cmd->err);
    }
    for (size_t i = 0; i < all->n && status == WN_OK; i++) {
        bool changed = false;
        struct wn_standing standing;
        const struct wn_subject *subject = &all->v[i];
        status = adding ? wn_subject_add(store, subject, wn_span_of(s->reason), cmd->now, &changed,
                                         &cmd->err)
                        : wn_subject_remove(store, subject, cmd->now, &changed, &cmd->err);
        if (status == WN_OK) {
            status = wn_subject_standing(store, subject, cmd->now, &standing, &cmd->err);
        }
        if (status == WN_OK) {
            say(out, all->words[i], adding, changed, &standing, policy.cleared_after_hours);
        }
        if (status == WN_OK && *cmd->stop != 0) {
            status =
                wn_error_set(&cmd->err, WN_E_SIGNAL + *cmd->stop, "stopped: nothing was stored");
        }
    }
    if (status == WN_OK) {
        status = wn_store_commit(store, &cmd->err);
    }
    if (status != WN_OK) {
        wn_store_rollback(store);
    }
    return status;
}

static int run(struct wn_cmd *cmd, int argc, char **argv, bool adding)
{
    const struct wn_command_help *help = adding ? &wn_help_suppress_add : &wn_help_suppress_remove;
    struct settings s = {0};
    struct wn_operands words = {0};
    struct subjects all = {0};
    struct wn_buf out = {0};
    int status = wn_options_read(help, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK && words.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "name an address, such as 'winnow %s bob@example.com', or '-' to "
                              "read them",
                              help->name);
    }
    if (status == WN_OK) {
        status = read_subjects(cmd, &words, &all);
    }
    if (status == WN_OK && all.n > 0) {
        status = wn_suppress_open(&s.at, WN_STORE_WRITE,
                                  adding ? "winnow suppress add" : "winnow suppress remove", cmd);
        if (status == WN_OK) {
            status = change(cmd, &s, &all, adding, &out);
        }
        wn_suppress_close(&s.at);
    }
    if (status == WN_OK && !s.quiet && out.len > 0) {
        (void)fwrite(out.p, 1, out.len, stdout);
    }
    wn_buf_release(&out);
    release_subjects(&all);
    wn_operands_release(&words);
    return status;
}

int wn_cmd_suppress_add(struct wn_cmd *cmd, int argc, char **argv)
{
    return run(cmd, argc, argv, true);
}

int wn_cmd_suppress_remove(struct wn_cmd *cmd, int argc, char **argv)
{
    return run(cmd, argc, argv, false);
}
