/* SPDX-License-Identifier: MIT */
/* `winnow lists update`: fetch, check, swap in, one list after the other. Each is checked against
 * what is in force by then, so the overlay is loaded anew for every list, and a list that is
 * refused leaves its old file and does not keep the others from being fetched. The exit code is
 * that of the first list that failed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "address/list_update.h"
#include "base/clock.h"
#include "base/fetch.h"
#include "base/replace.h"
#include "cmd/lists.h"
#include "winnow.h"

struct settings {
    const char *lists, *ca_file;
    struct wn_texts url;
    int64_t timeout;
    bool force, insecure_http, dry_run, quiet;
};

static const struct wn_option options[] = {
    {"lists", 0, WN_OPT_TEXT, offsetof(struct settings, lists), "DIR",
     "the directory to update (default: $XDG_CONFIG_HOME/winnow/lists, else ~/.config/…)", 0, 0},
    {"url", 0, WN_OPT_LIST, offsetof(struct settings, url), "NAME=URL",
     "where a list comes from; meant for the configuration, where it may stand several times", 0,
     0},
    {"force", 0, WN_OPT_FLAG, offsetof(struct settings, force), NULL,
     "take a list that shrinks by more than half, and replace a file that you wrote yourself", 0,
     0},
    {"dry-run", 0, WN_OPT_FLAG, offsetof(struct settings, dry_run), NULL,
     "fetch and check, but change nothing", 0, 0},
    {"timeout", 0, WN_OPT_NUMBER, offsetof(struct settings, timeout), "SECONDS",
     "give up on a list after this long (default 120)", 1, 86400},
    {"ca-file", 0, WN_OPT_TEXT, offsetof(struct settings, ca_file), "FILE",
     "trust these certificate authorities (PEM) instead of the system's", 0, 0},
    {"insecure-http", 0, WN_OPT_FLAG, offsetof(struct settings, insecure_http), NULL,
     "also fetch http:// URLs, which anybody on the way can change", 0, 0},
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
};

const struct wn_command_help wn_help_lists_update = {
    .name = "lists update",
    .synopsis = "[options] [NAME[=URL]...]",
    .summary = "fetch word lists over HTTPS into the directory of your own lists",
    .description =
        "NAME=URL fetches the list from there into NAME.txt, which then stands for the compiled-in "
        "list; NAME.add=URL fetches into NAME.add.txt, which adds to it. NAME alone, or nothing, "
        "takes the URLs of the configuration (url = NAME=URL under [lists update]).\n\n"
        "A list is taken whole or not at all. It is read line by line: lines that cannot be read, "
        "and entries that would count against a mail provider, are left out and named, and more "
        "than a few of them refuse the list. The old file stays when anything is off, and also "
        "when the new list has less than half its entries, unless --force is given.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

/* The first line of every file that this command writes. */
#define MARK "# winnow lists update: "

struct target {
    struct wn_span name; /* "disposable.add" */
    const char *url;
    unsigned file;
};

/* "NAME=URL" or "NAME". */
static int read_target(const char *text, struct target *t, struct wn_error *err)
{
    size_t n = strcspn(text, "=");
    *t = (struct target){.name = {text, n}, .url = text[n] == '=' ? text + n + 1 : NULL};
    if (!wn_list_file_number(t->name, &t->file)) {
        return wn_error_set(err, WN_E_USAGE,
                            "there is no list '%.*s': there are " WN_LISTS_NAMES
                            ", and NAME.add for each",
                            n < 60 ? (int)n : 60, text);
    }
    return WN_OK;
}

/* The URL that the configuration gives the list, the last one winning; NULL without one. */
static const char *find_url(const struct settings *s, unsigned file, struct wn_error *err)
{
    const char *url = NULL;
    struct target t;
    for (size_t i = 0; i < s->url.n; i++) {
        if (read_target(s->url.v[i], &t, err) == WN_OK && t.file == file && t.url != NULL) {
            url = t.url;
        }
    }
    return url;
}

/* A file that a person wrote is theirs. */
static int check_owner(int dir, const char *path, const char *name, struct wn_error *err)
{
    char start[sizeof MARK - 1];
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? WN_OK
                               : wn_error_errno(err, WN_E_CANTCREATE, errno, "%s/%s cannot be read",
                                                path, name);
    }
    ssize_t n = read(fd, start, sizeof start);
    (void)close(fd);
    if (n == (ssize_t)sizeof start && memcmp(start, MARK, sizeof start) == 0) {
        return WN_OK;
    }
    return wn_error_set(err, WN_E_CANTCREATE,
                        "%s/%s was not written by 'winnow lists update': fetch into %.*s.add "
                        "instead, move your file away, or replace it with --force",
                        path, name, (int)strcspn(name, "."), name);
}

struct update {
    struct wn_cmd *cmd;
    const struct settings *s;
    const char *path; /* of the directory */
    int dir;
};

static int fetch_and_check(const struct update *u, const struct target *t, const char *source,
                           const struct wn_overlay *overlay, struct wn_list_updated *result,
                           struct wn_error *err)
{
    struct wn_buf body = {0};
    const struct wn_fetch fetch = {
        .url = t->url,
        .user_agent = "winnow/" WN_VERSION,
        .allow_http = u->s->insecure_http,
        .ca_file = u->s->ca_file,
        .max = WN_LIST_FILE_OCTETS,
        .timeout = u->s->timeout,
        .stop = u->cmd->stop,
    };
    const struct wn_list_update update = {
        .overlay = overlay, .file = t->file, .force = u->s->force, .source = source};
    int status = wn_fetch(&fetch, &body, err);
    if (status == WN_OK) {
        status = wn_list_update_check(&update, wn_buf_span(&body), result, err);
    }
    wn_buf_release(&body);
    return status;
}

static void tell(const struct update *u, const char *name, struct wn_list_updated *r)
{
    if (u->s->quiet) {
        return;
    }
    for (const char *p = wn_buf_text(&r->notes); *p != '\0';) {
        int n = (int)strcspn(p, "\n");
        (void)fprintf(stderr, "winnow: %.*s\n", n, p);
        p += n + 1;
    }
    (void)fprintf(stderr, "winnow: %s/%s: %zu entries (before: %zu); left out: %zu%s\n", u->path,
                  name, r->entries, r->before, r->bad + r->objected + r->relays,
                  u->s->dry_run ? "; nothing was changed (--dry-run)" : "");
}

static int update_list(const struct update *u, const struct target *t, struct wn_error *err)
{
    struct wn_overlay *overlay = NULL;
    struct wn_list_updated result = {0};
    struct wn_buf name = {0}, source = {0}, content = {0};
    char at[WN_TIME_TEXT];
    struct wn_span shown = wn_fetch_shown(t->url);
    wn_buf_addf(&name, "%.*s.txt", (int)t->name.n, t->name.p);
    wn_buf_add(&source, shown.p, shown.n < 200 ? shown.n : 200);
    int status = u->s->force ? WN_OK : check_owner(u->dir, u->path, wn_buf_text(&name), err);
    if (status == WN_OK) {
        status = wn_overlay_load(u->path, &overlay, err);
    }
    if (status == WN_OK) {
        status = fetch_and_check(u, t, wn_buf_text(&source), overlay, &result, err);
    }
    if (status == WN_OK && !u->s->dry_run) {
        wn_time_format(u->cmd->now, at);
        wn_buf_addf(&content, MARK "%zu entries from %s at %s\n", result.entries,
                    wn_buf_text(&source), at);
        wn_buf_addf(&content, "# Changes are lost at the next update: write yours into another "
                              "file (docs/lists.md).\n");
        wn_buf_add_span(&content, wn_buf_span(&result.content));
        status = wn_replace_file(u->dir, u->path, wn_buf_text(&name), wn_buf_span(&content), err);
    }
    if (status == WN_OK) {
        tell(u, wn_buf_text(&name), &result);
    }
    wn_overlay_free(overlay);
    wn_list_updated_release(&result);
    wn_buf_release(&name);
    wn_buf_release(&source);
    wn_buf_release(&content);
    return status;
}

/* Every target has a list and a URL, before anything is fetched. */
static int read_targets(const struct settings *s, const struct wn_operands *words,
                        struct wn_buf *targets, struct wn_error *err)
{
    const struct wn_texts all = {words->v, words->n};
    const struct wn_texts *from = words->n > 0 ? &all : &s->url;
    struct target t;
    int status = WN_OK;
    for (size_t i = 0; i < s->url.n && status == WN_OK; i++) {
        status = read_target(s->url.v[i], &t, err);
    }
    for (size_t i = 0; i < from->n && status == WN_OK; i++) {
        status = read_target(from->v[i], &t, err);
        if (status == WN_OK && t.url == NULL) {
            t.url = find_url(s, t.file, err);
        }
        if (status == WN_OK && t.url == NULL) {
            status = wn_error_set(err, WN_E_USAGE,
                                  "where does the list '%s' come from? Say %s=https://…, or put "
                                  "its URL into the configuration",
                                  from->v[i], from->v[i]);
        }
        wn_buf_add(targets, (const char *)&t, sizeof t);
    }
    if (status == WN_OK && from->n == 0) {
        status = wn_error_set(err, WN_E_USAGE,
                              "say which list to fetch and from where, such as 'winnow lists "
                              "update disposable.add=https://…' (docs/lists.md names some)");
    }
    return status;
}

static int update_all(struct update *u, const struct wn_buf *targets, struct wn_error *err)
{
    int status = WN_OK;
    for (size_t at = 0; at < targets->len && status < WN_E_SIGNAL; at += sizeof(struct target)) {
        struct target t;
        struct wn_error mine = {0};
        memcpy(&t, targets->p + at, sizeof t);
        int failed = update_list(u, &t, &mine);
        if (failed != WN_OK && status != WN_OK) {
            (void)fprintf(stderr, "winnow: %s\n", mine.text); /* main prints the first */
        } else if (failed != WN_OK) {
            status = wn_error_set(err, failed, "%s", mine.text);
        }
        status = failed >= WN_E_SIGNAL ? failed : status;
    }
    return status;
}

int wn_cmd_lists_update(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {.timeout = 120};
    struct wn_operands words = {0};
    struct wn_buf path = {0}, targets = {0};
    struct update u = {.cmd = cmd, .s = &s, .dir = -1};
    int status = wn_options_read(&wn_help_lists_update, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK) {
        status = read_targets(&s, &words, &targets, &cmd->err);
    }
    if (status == WN_OK && s.lists != NULL && *s.lists != '\0') {
        wn_buf_add_text(&path, s.lists);
    } else if (status == WN_OK && !wn_overlay_default_dir(&path)) {
        status = wn_error_set(&cmd->err, WN_E_CONFIG,
                              "neither XDG_CONFIG_HOME nor HOME says where your lists are: give "
                              "--lists DIR");
    }
    if (status == WN_OK) {
        u.path = wn_buf_text(&path);
        status = wn_replace_lock(u.path, &u.dir, &cmd->err);
    }
    if (status == WN_OK) {
        status = update_all(&u, &targets, &cmd->err);
    }
    if (u.dir >= 0) {
        (void)close(u.dir);
    }
    wn_buf_release(&path);
    wn_buf_release(&targets);
    wn_operands_release(&words);
    return status;
}
