/* SPDX-License-Identifier: MIT */
/* `winnow bounces fetch`: the options, the password, and what is said about it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounce/mailbox.h"
#include "cmd/bounces.h"

struct settings {
    struct wn_bounce_reading reading;
    const char *db, *password_file, *ca_file, *move;
    int64_t wait, limit, timeout;
    bool insecure, dry_run, json;
};

static const struct wn_option options[] = {
    {"password-file", 0, WN_OPT_TEXT, offsetof(struct settings, password_file), "FILE",
     "the password is the first line of FILE, which nobody else may read", 0, 0},
    {"move", 0, WN_OPT_TEXT, offsetof(struct settings, move), "FOLDER",
     "move messages that were understood to FOLDER, once what they say is stored", 0, 0},
    {"limit", 0, WN_OPT_NUMBER, offsetof(struct settings, limit), "N",
     "fetch at most N messages, the oldest first (default 100000)", 1, 1000000},
    {"ca-file", 0, WN_OPT_TEXT, offsetof(struct settings, ca_file), "FILE",
     "trust the certificate authorities in FILE (PEM) instead of the system's", 0, 0},
    {"insecure", 0, WN_OPT_FLAG, offsetof(struct settings, insecure), NULL,
     "talk to an imap:// server on this very machine without TLS", 0, 0},
    {"timeout", 0, WN_OPT_NUMBER, offsetof(struct settings, timeout), "SECONDS",
     "give up a server that makes no progress for so long (default 60)", 1, 3600},
    {"db", 0, WN_OPT_TEXT, offsetof(struct settings, db), "FILE",
     "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0},
    {"dry-run", 'n', WN_OPT_FLAG, offsetof(struct settings, dry_run), NULL,
     "count what is new, leave the store as it is and move nothing", 0, 0},
    {"wait", 0, WN_OPT_NUMBER, offsetof(struct settings, wait), "SECONDS",
     "wait this long for another import that holds the store (default 0)", 0, 86400},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print the counts as JSON on standard output", 0, 0},
    {"since", 0, WN_OPT_TEXT, offsetof(struct settings, reading.since), "TIME",
     "pass over events that are older, such as 2026-11-01; the messages are fetched again", 0, 0},
    {"unrecognized", 0, WN_OPT_TEXT, offsetof(struct settings, reading.unrecognized), "DIR",
     "copy what looks like a bounce and cannot be read to DIR", 0, 0},
    {"jobs", 'j', WN_OPT_NUMBER, offsetof(struct settings, reading.jobs), "N",
     "threads that read (default: the cores)", 1, 256},
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, reading.quiet), NULL, "print errors only",
     0, 0},
    {"verbose", 'v', WN_OPT_FLAG, offsetof(struct settings, reading.verbose), NULL,
     "list everything that cannot be used, with its UID and the reason", 0, 0},
};

const struct wn_command_help wn_help_bounces_fetch = {
    .name = "bounces fetch",
    .synopsis = "[options] imaps://USER@HOST/MAILBOX",
    .summary = "feed new messages of a bounce mailbox into the store",
    .description =
        "Reads the messages that came since the last time from an IMAP server into the store. They "
        "are left where they are, unseen, and remembered by their UIDs, unless --move names a "
        "folder for those that were understood. An @ in USER is written %40; a MAILBOX that is "
        "left out is INBOX.\n\n"
        "The password is taken from --password-file, else from the variable WINNOW_IMAP_PASSWORD, "
        "else from ~/.netrc; never from the command line. With imap:// TLS is begun by STARTTLS, "
        "and nothing is sent without it.\n\n"
        "A fetch that fails or is stopped keeps what it has committed; the same fetch again goes "
        "on there.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

enum {
    PASSWORD_MAX = 4096
};

/* The first line of the file into `password`. */
static int read_password(const char *path, struct wn_buf *password, struct wn_error *err)
{
    struct stat st;
    int status = WN_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        status =
            wn_error_errno(err, WN_E_NOINPUT, errno, "the password file %s cannot be opened", path);
    } else if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0) {
        status = wn_error_set(err, WN_E_CONFIG,
                              "the password file %s may be read by others: chmod 600 it", path);
    }
    for (ssize_t n = 1; status == WN_OK && n > 0 && password->len < PASSWORD_MAX;) {
        n = read(fd, wn_buf_room(password, PASSWORD_MAX), PASSWORD_MAX);
        if (n < 0 && errno != EINTR) {
            status = wn_error_errno(err, WN_E_NOINPUT, errno, "the password file %s cannot be read",
                                    path);
        }
        password->len += n > 0 ? (size_t)n : 0;
        n = n < 0 ? 1 : n;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    const char *end = password->len > 0 ? memchr(password->p, '\n', password->len) : NULL;
    password->len = end != NULL ? (size_t)(end - password->p) : password->len;
    password->len -= password->len > 0 && password->p[password->len - 1] == '\r';
    if (status == WN_OK && (password->len == 0 || password->len >= PASSWORD_MAX ||
                            memchr(password->p, '\0', password->len) != NULL)) {
        status = wn_error_set(err, WN_E_CONFIG, "the first line of %s is no password", path);
    }
    return status;
}

/* *password: in `file`, the environment, or NULL for .netrc. */
static int find_password(const struct settings *s, struct wn_buf *file, const char **password,
                         struct wn_error *err)
{
    *password = getenv("WINNOW_IMAP_PASSWORD");
    if (s->password_file != NULL) {
        int status = read_password(s->password_file, file, err);
        *password = wn_buf_text(file);
        return status;
    }
    if (*password != NULL && (*password)[0] == '\0') {
        *password = NULL;
    }
    return WN_OK;
}

/* INBOX is the same in any case. */
static bool is_mailbox(const struct wn_imap_url *url, const char *name)
{
    struct wn_span mailbox = wn_buf_span(&url->mailbox);
    return wn_span_equal(mailbox, WN_SPAN("INBOX"))
               ? wn_span_equal_nocase(mailbox, wn_span_of(name))
               : wn_span_equal(mailbox, wn_span_of(name));
}

static int check_access(const struct settings *s, const struct wn_imap_url *url,
                        struct wn_error *err)
{
    struct wn_buf name = {0};
    int status = WN_OK;
    if (s->insecure && (url->tls || !url->loopback)) {
        status = wn_error_set(err, WN_E_USAGE,
                              "--insecure is for imap:// and this very machine (localhost, "
                              "127.0.0.1, [::1]): elsewhere anybody on the way would read the "
                              "password");
    } else if (s->move != NULL && !wn_imap_add_mailbox(&name, wn_span_of(s->move))) {
        status = wn_error_set(err, WN_E_USAGE, "--move wants the name of a folder");
    } else if (s->move != NULL && is_mailbox(url, s->move)) {
        status = wn_error_set(err, WN_E_USAGE, "--move wants another folder than %s", s->move);
    }
    wn_buf_release(&name);
    return status;
}

static void print_mailbox(const struct wn_mailbox_counts *c, const struct settings *s,
                          const char *mailbox)
{
    struct wn_error text = {0}; /* makes hostile bytes harmless */
    struct wn_buf line = {0};
    if (c->fetched == 0 && c->vanished + c->refused == 0) {
        wn_buf_addf(&line, "nothing new in %s", mailbox);
    } else {
        wn_buf_addf(&line, "%" PRIu64 " messages fetched from %s", c->fetched, mailbox);
    }
    if (c->renumbered) {
        wn_buf_addf(&line, " from its beginning, since the server numbered it anew");
    }
    if (c->vanished > 0) {
        wn_buf_addf(&line, ", %" PRIu64 " vanished", c->vanished);
    }
    if (c->refused > 0) {
        wn_buf_addf(&line, ", %" PRIu64 " refused", c->refused);
    }
    if (c->moved > 0) {
        wn_buf_addf(&line, ", %" PRIu64 " moved to %s", c->moved, s->move);
    }
    if (c->left > 0) {
        wn_buf_addf(&line, ", %s%" PRIu64 " left for the next time",
                    c->left_more ? "more than " : "", c->left);
    }
    wn_error_set(&text, WN_E_DATA, "%s", wn_buf_text(&line));
    (void)fprintf(stderr, "winnow: %s\n", text.text);
    wn_buf_release(&line);
}

static void print_counts(const struct wn_mailbox_counts *c, const struct settings *s,
                         const char *mailbox, bool complete)
{
    if (s->json && complete) {
        (void)printf("{\"messages\":%" PRIu64 ",\"vanished\":%" PRIu64 ",\"moved\":%" PRIu64
                     ",\"left\":%" PRIu64 ",\"renumbered\":%s,",
                     c->fetched, c->vanished, c->moved, c->left, c->renumbered ? "true" : "false");
        wn_bounce_print_members(&c->import);
        (void)printf("}\n");
    } else if (!s->json && !s->reading.quiet && (complete || c->fetched > 0)) {
        print_mailbox(c, s, mailbox);
        if (c->import.rows + c->import.skipped > 0) {
            wn_bounce_print_counts(&c->import, true, s->reading.verbose);
        }
    }
}

static int fetch_into(const char *path, struct wn_cmd *cmd, const struct settings *s,
                      const struct wn_mailbox_settings *settings)
{
    struct wn_lock *lock = NULL;
    struct wn_store *store = NULL;
    struct wn_mailbox_counts counts = {0};
    int status = wn_lock_take(path, WN_LOCK_IMPORT, "winnow bounces fetch", (int)s->wait, cmd->stop,
                              &lock, &cmd->err);
    if (status == WN_OK) {
        status = wn_store_open(path, WN_STORE_WRITE, &store, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_mailbox_fetch(store, settings, &counts, &cmd->err);
        print_counts(&counts, s, settings->access.url->shown.p, status == WN_OK);
    }
    wn_store_free(store);
    wn_lock_free(lock);
    return status;
}

static int fetch_from(struct wn_cmd *cmd, const struct settings *s, const struct wn_imap_url *url)
{
    struct wn_mailbox_settings settings = {
        .access = {.url = url,
                   .ca_file = s->ca_file,
                   .insecure = s->insecure,
                   .timeout = s->timeout,
                   .stop = cmd->stop},
        .move = s->move,
        .most = (uint64_t)s->limit,
    };
    struct wn_buf password = {0}, db = {0};
    struct wn_operands none = {0};
    struct wn_walk files = {0};
    int status = check_access(s, url, &cmd->err);
    if (status == WN_OK) {
        status = find_password(s, &password, &settings.access.password, &cmd->err);
    }
    if (status == WN_OK) {
        status =
            wn_bounce_reading_apply(&s->reading, cmd, &none, &settings.import, &files, &cmd->err);
        settings.import.dry_run = s->dry_run;
    }
    if (status == WN_OK && s->db != NULL) {
        wn_buf_add_text(&db, s->db);
    } else if (status == WN_OK) {
        status = wn_store_default_path(&db, &cmd->err);
    }
    if (status == WN_OK) {
        status = fetch_into(wn_buf_text(&db), cmd, s, &settings);
    }
    if (password.len > 0) {
        explicit_bzero(password.p, password.len);
    }
    wn_buf_release(&password);
    wn_buf_release(&db);
    wn_walk_release(&files);
    return status;
}

int wn_cmd_bounces_fetch(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {.limit = 100000, .timeout = WN_IMAP_STALL_SECONDS};
    struct wn_operands words = {0};
    struct wn_imap_url url = {0};
    int status = wn_options_read(&wn_help_bounces_fetch, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK && words.n != 1) {
        status = wn_error_set(
            &cmd->err, WN_E_USAGE,
            "say which mailbox, such as 'winnow bounces fetch imaps://user@host/INBOX'");
    }
    if (status == WN_OK) {
        status = wn_imap_url_read(words.v[0], &url, &cmd->err);
    }
    if (status == WN_OK) {
        status = fetch_from(cmd, &s, &url);
    }
    wn_imap_url_release(&url);
    wn_operands_release(&words);
    return status;
}
