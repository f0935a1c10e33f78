/* SPDX-License-Identifier: MIT */
/* `winnow suppress list`. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/clock.h"
#include "cmd/suppress.h"

struct settings {
    struct wn_suppress_store at;
    struct wn_suppress_which which;
    bool json;
};

static const struct wn_option options[] = {
    WN_SUPPRESS_WHICH_OPTIONS(struct settings),
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL, "print one JSON object a line",
     0, 0},
    WN_SUPPRESS_DB_OPTION(struct settings),
};

const struct wn_command_help wn_help_suppress_list = {
    .name = "suppress list",
    .synopsis = "[options]",
    .summary = "who is suppressed, why, since when and until when",
    .description =
        "Prints one line for each reason that holds an address back, sorted by address, the reason "
        "that decides first: address, reason, since, until ('-': without end) and what was said, "
        "with a tab between them. Mailboxes that are known by their SHA-256 alone come last. Only "
        "reads, and never waits for a lock.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

struct list {
    struct wn_store *store;
    bool json;
    struct wn_bounce_policy policy;
    struct wn_suppressed_cause cause;
    struct wn_error *err;
};

static void print_line(const struct wn_suppressed *s, struct wn_span diagnostic)
{
    char since[WN_TIME_TEXT], until[WN_TIME_TEXT] = "-";
    wn_time_format(s->hold.since, since);
    if (s->hold.until != 0) {
        wn_time_format(s->hold.until, until);
    }
    (void)printf("%.*s\t%s\t%s\t%s\t", (int)s->address.n, s->address.p,
                 wn_reason_word(s->hold.reason), since, until);
    if (diagnostic.n > 0) {
        (void)fwrite(diagnostic.p, 1, diagnostic.n, stdout);
    }
    (void)putchar('\n');
}

static void add_text(cJSON *object, const char *name, struct wn_span text)
{
    struct wn_buf copy = {0};
    wn_buf_add_span(&copy, text);
    cJSON *item = text.n > 0 ? cJSON_CreateString(wn_buf_text(&copy)) : cJSON_CreateNull();
    if (item == NULL || !cJSON_AddItemToObject(object, name, item)) {
        wn_out_of_memory();
    }
    wn_buf_release(&copy);
}

static void add_time(cJSON *object, const char *name, int64_t at)
{
    char text[WN_TIME_TEXT] = "";
    if (at != 0) {
        wn_time_format(at, text);
    }
    add_text(object, name, wn_span_of(text));
}

static void print_json(const struct wn_suppressed *s, const struct wn_suppressed_cause *cause,
                       int64_t hours)
{
    char clearing[WN_HOLD_TEXT];
    cJSON *object = cJSON_CreateObject();
    if (object == NULL) {
        wn_out_of_memory();
    }
    add_text(object, "address", s->address);
    add_text(object, "reason", wn_span_of(wn_reason_word(s->hold.reason)));
    add_time(object, "since", s->hold.since);
    add_time(object, "until", s->hold.until);
    add_text(object, "cleared_by", wn_span_of(wn_hold_clearing(&s->hold, hours, clearing)));
    add_text(object, "source", wn_buf_span(&cause->source));
    add_text(object, "diagnostic", wn_buf_span(&cause->diagnostic));
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        wn_out_of_memory();
    }
    (void)printf("%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}

static int take(void *arg, const struct wn_suppressed *s)
{
    struct list *l = arg;
    int status = wn_suppressed_cause_find(l->store, s, &l->cause, l->err);
    if (status == WN_OK && l->json) {
        print_json(s, &l->cause, l->policy.cleared_after_hours);
    } else if (status == WN_OK) {
        print_line(s, wn_buf_span(s->digest != NULL ? &l->cause.source : &l->cause.diagnostic));
    }
    return status == WN_OK && ferror(stdout)
               ? wn_error_set(l->err, WN_E_IO, "standard output cannot be written")
               : status;
}

int wn_cmd_suppress_list(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands words = {0};
    struct wn_suppressed_filter filter;
    int status = wn_options_read(&wn_help_suppress_list, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK && words.n > 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "suppress list takes no '%s'; 'winnow history %s' shows one address",
                              words.v[0], words.v[0]);
    }
    if (status == WN_OK) {
        status = wn_suppress_filter(&s.which, cmd, &filter, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_suppress_open(&s.at, WN_STORE_READ, NULL, cmd);
    }
    if (status == WN_OK) {
        struct list l = {.store = s.at.store, .json = s.json, .err = &cmd->err};
        status = wn_bounce_policy_get(s.at.store, &l.policy, &cmd->err);
        status =
            status != WN_OK ? status : wn_suppressed_scan(s.at.store, &filter, take, &l, &cmd->err);
        wn_suppressed_cause_release(&l.cause);
    }
    wn_suppress_close(&s.at);
    wn_operands_release(&words);
    return status;
}
