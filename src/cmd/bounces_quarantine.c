/* SPDX-License-Identifier: MIT */
/* `winnow bounces quarantine`: what the breaker held, and a person's decision about it. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd/bounces.h"
#include "report/text.h"

struct settings {
    const char *db;
    int64_t wait;
    bool all, json, quiet;
};

static const struct wn_option options[] = {
    {"db", 0, WN_OPT_TEXT, offsetof(struct settings, db), "FILE",
     "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0},
    {"all", 0, WN_OPT_FLAG, offsetof(struct settings, all), NULL,
     "list what was released and discarded, too", 0, 0},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print one JSON object a line for each burst, or the counts of what was decided", 0, 0},
    {"wait", 0, WN_OPT_NUMBER, offsetof(struct settings, wait), "SECONDS",
     "wait this long for an import that holds the store (default 0)", 0, 86400},
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "print errors only", 0, 0},
};

const struct wn_command_help wn_help_bounces_quarantine = {
    .name = "bounces quarantine",
    .synopsis = "[options] list | release ID... | discard ID...",
    .summary = "what was kept from counting since a provider had a bad hour",
    .description =
        "When one domain or provider suddenly refuses many addresses in the same words (25 "
        "addresses, half of those it was sent mail for, within an hour), those bounces are "
        "quarantined: stored, and not counted. 'list' shows the bursts: ID, domain or provider, "
        "first and last time, addresses, and what was said.\n\n"
        "'release' lets them count after all, 'discard' never; 'all' instead of IDs decides all "
        "that is held. Neither is undone by an import. The numbers are the bounce policy's "
        "('winnow help bounces import').",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

/* An empty text is null. */
static void add_text(cJSON *object, const char *name, struct wn_span text)
{
    struct wn_buf copy = {0};
    wn_text_add_utf8(&copy, text);
    if ((text.n > 0 ? cJSON_AddStringToObject(object, name, wn_buf_text(&copy))
                    : cJSON_AddNullToObject(object, name)) == NULL) {
        wn_out_of_memory();
    }
    wn_buf_release(&copy);
}

static void add_number(cJSON *object, const char *name, uint64_t number)
{
    if (cJSON_AddNumberToObject(object, name, (double)number) == NULL) {
        wn_out_of_memory();
    }
}

static void print_object(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        wn_out_of_memory();
    }
    (void)puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static void print_json(const struct wn_burst *b, const char *since, const char *until)
{
    cJSON *object = cJSON_CreateObject();
    add_text(object, "id", b->id);
    add_text(object, "scope", b->scope);
    add_text(object, "name", b->name);
    add_text(object, "since", wn_span_of(since));
    add_text(object, "until", wn_span_of(until));
    add_number(object, "addresses", b->addresses);
    add_number(object, "events", b->events);
    add_text(object, "state", b->mark);
    if (b->code != 0) {
        add_number(object, "code", b->code);
    } else {
        add_text(object, "code", (struct wn_span){NULL, 0});
    }
    add_text(object, "enhanced", b->enhanced);
    add_text(object, "diagnostic", b->diagnostic);
    print_object(object);
}

static int print_burst(void *arg, const struct wn_burst *b)
{
    const struct settings *s = arg;
    char since[WN_TIME_TEXT], until[WN_TIME_TEXT];
    wn_time_format(b->since, since);
    wn_time_format(b->until, until);
    if (s->json) {
        print_json(b, since, until);
        return WN_OK;
    }
    (void)printf("%.*s  %.*s %.*s  %s to %s  %" PRIu64 " addresses, %" PRIu64 " events, %.*s\n",
                 (int)b->id.n, b->id.p, (int)b->scope.n, b->scope.p, (int)b->name.n, b->name.p,
                 since, until, b->addresses, b->events, (int)b->mark.n, b->mark.p);
    if (b->diagnostic.n > 0) {
        (void)printf("    %.*s\n", (int)b->diagnostic.n, b->diagnostic.p);
    } else {
        (void)printf("    %u %.*s\n", b->code, (int)b->enhanced.n, b->enhanced.p);
    }
    return WN_OK;
}

static int list(struct wn_cmd *cmd, const char *path, struct settings *s)
{
    struct wn_store *store = NULL;
    wn_cmd_note_absent(path);
    int status = wn_store_open(path, WN_STORE_READ, &store, &cmd->err);
    if (status == WN_OK) {
        status = wn_bursts(store, s->all, print_burst, s, &cmd->err);
    }
    wn_store_free(store);
    return status;
}

static int keep_id(void *arg, const struct wn_burst *burst)
{
    struct wn_buf *ids = arg;
    wn_buf_add_span(ids, burst->id);
    wn_buf_add_char(ids, '\n');
    return WN_OK;
}

/* The IDs to decide, a line each. */
static int gather_ids(struct wn_cmd *cmd, struct wn_store *store, const struct wn_operands *words,
                      struct wn_buf *ids)
{
    if (words->n == 2 && strcmp(words->v[1], "all") == 0) {
        return wn_bursts(store, false, keep_id, ids, &cmd->err);
    }
    for (size_t i = 1; i < words->n; i++) {
        wn_buf_addf(ids, "%s\n", words->v[i]);
    }
    return WN_OK;
}

static int decide_all(struct wn_cmd *cmd, struct wn_store *store, bool release, struct wn_span ids,
                      uint64_t *bursts, uint64_t *events)
{
    int status = wn_store_begin(store, &cmd->err);
    for (size_t i = 0; i < ids.n && status == WN_OK;) {
        const char *p = ids.p + i;
        struct wn_span id = {p, (size_t)((const char *)memchr(p, '\n', ids.n - i) - p)};
        uint64_t decided = 0;
        status = wn_burst_decide(store, id, release, &decided, &cmd->err);
        if (status == WN_OK && decided == 0) {
            status = wn_error_set(&cmd->err, WN_E_DATA,
                                  "nothing is held under '%.*s'; 'winnow bounces quarantine list' "
                                  "shows what is. Nothing was changed",
                                  (int)id.n, id.p);
        }
        *bursts += 1;
        *events += decided;
        i += id.n + 1;
    }
    if (status == WN_OK) {
        status = wn_suppression_update(store, false, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_store_commit(store, &cmd->err);
    }
    if (status != WN_OK) {
        wn_store_rollback(store);
    }
    return status;
}

static int decide(struct wn_cmd *cmd, const char *path, const struct settings *s, bool release,
                  const struct wn_operands *words)
{
    struct wn_lock *lock = NULL;
    struct wn_store *store = NULL;
    struct wn_buf ids = {0};
    uint64_t bursts = 0, events = 0;
    const char *done = release ? "released" : "discarded";
    int status = wn_lock_take(path, WN_LOCK_IMPORT, "winnow bounces quarantine", (int)s->wait,
                              cmd->stop, &lock, &cmd->err);
    if (status == WN_OK) {
        status = wn_store_open(path, WN_STORE_WRITE, &store, &cmd->err);
    }
    if (status == WN_OK) {
        status = gather_ids(cmd, store, words, &ids);
    }
    if (status == WN_OK) {
        status = decide_all(cmd, store, release, wn_buf_span(&ids), &bursts, &events);
    }
    if (status == WN_OK && s->json) {
        (void)printf("{\"%s\":{\"bursts\":%" PRIu64 ",\"events\":%" PRIu64 "}}\n", done, bursts,
                     events);
    } else if (status == WN_OK && !s->quiet) {
        (void)fprintf(stderr, "winnow: %s: %" PRIu64 " event%s of %" PRIu64 " burst%s\n", done,
                      events, events == 1 ? "" : "s", bursts, bursts == 1 ? "" : "s");
    }
    wn_buf_release(&ids);
    wn_store_free(store);
    wn_lock_free(lock);
    return status;
}

/* What the words ask for, or WN_E_USAGE. */
static int check_words(const struct wn_operands *words, struct wn_error *err)
{
    const char *word = words->n > 0 ? words->v[0] : "";
    bool lists = strcmp(word, "list") == 0;
    if (!lists && strcmp(word, "release") != 0 && strcmp(word, "discard") != 0) {
        return wn_error_set(err, WN_E_USAGE,
                            "say what to do with the quarantine: 'list', 'release ID' or 'discard "
                            "ID'");
    }
    if (lists && words->n > 1) {
        return wn_error_set(err, WN_E_USAGE, "'list' takes no ID, such as '%s'", words->v[1]);
    }
    if (!lists && words->n < 2) {
        return wn_error_set(err, WN_E_USAGE, "say what to %s: an ID of 'list', or 'all'", word);
    }
    return WN_OK;
}

int wn_cmd_bounces_quarantine(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands words = {0};
    struct wn_buf db = {0};
    int status = wn_options_read(&wn_help_bounces_quarantine, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK) {
        status = check_words(&words, &cmd->err);
    }
    if (status == WN_OK && s.db != NULL) {
        wn_buf_add_text(&db, s.db);
    } else if (status == WN_OK) {
        status = wn_store_default_path(&db, &cmd->err);
    }
    if (status == WN_OK) {
        const char *path = wn_buf_text(&db);
        status = strcmp(words.v[0], "list") == 0
                     ? list(cmd, path, &s)
                     : decide(cmd, path, &s, strcmp(words.v[0], "release") == 0, &words);
    }
    wn_buf_release(&db);
    wn_operands_release(&words);
    return status;
}
