/* SPDX-License-Identifier: MIT */
/* `winnow bounces classify`: what a reply means, for people and for programs. Nothing is stored and
 * nothing is asked; the same call decides when bounces are imported. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/bounces.h"
#include "report/text.h"
#include "smtp/classify.h"
#include "smtp/provider.h"
#include "smtp/reply.h"

struct settings {
    const char *provider, *phase;
    bool json;
};

static const struct wn_option options[] = {
    {"provider", 0, WN_OPT_TEXT, offsetof(struct settings, provider), "NAME",
     "whose server said it, such as Gmail or 'Microsoft 365' (default: as the reply tells)", 0, 0},
    {"phase", 0, WN_OPT_TEXT, offsetof(struct settings, phase), "PHASE",
     "what it answered: connect, ehlo, mail, rcpt or data (default: as the reply tells)", 0, 0},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print one JSON object a line for each reply", 0, 0},
};

const struct wn_command_help wn_help_bounces_classify = {
    .name = "bounces classify",
    .synopsis = "[options] TEXT...",
    .summary = "what one reply of a mail server means",
    .description =
        "Says of each TEXT, a reply such as '550 5.1.1 user unknown' or what a log says of one, "
        "what "
        "it is about (the category), what it does to the address (the action), whose fault it is, "
        "which rule decided, and what that means in plain words. '-' reads one reply a line from "
        "standard input; of a line, the first 4096 bytes are read.\n\n"
        "The order of evidence: what was answered (before RCPT, nothing is about the address), the "
        "words that only one provider uses, the words that all do, the enhanced code, the basic "
        "code.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static const char *const action_meanings[] = {
#define WN_BOUNCE_ACTION(name, meaning) meaning,
#include "store/events.def"
};

/* What is the same for every reply of a run. */
struct classifying {
    uint32_t provider;
    enum wn_phase phase;
    bool json, printed;
};

static bool format_enhanced(const struct wn_classified *c, char text[16])
{
    (void)snprintf(text, 16, "%u.%u.%u", c->enhanced[0], c->enhanced[1], c->enhanced_detail);
    return c->enhanced[0] != 0;
}

static void print_line(const char *heading, const char *text)
{
    (void)printf("  %-9s %s\n", heading, text);
}

static void print_block(struct wn_span reply, const struct wn_classified *c)
{
    struct wn_buf valid = {0}, shown = {0};
    const char *blame = wn_category_blame(c->category);
    wn_text_add_utf8(&valid, reply);
    wn_text_add_shown(&shown, wn_buf_span(&valid));
    (void)printf("%s\n", wn_buf_text(&shown));
    wn_buf_release(&valid);
    wn_buf_release(&shown);
    print_line("category", wn_category_word(c->category));
    (void)printf("  %-9s %s: %s\n", "action", wn_bounce_action_word(c->action),
                 action_meanings[c->action]);
    print_line("blame", blame[0] != '\0' ? blame : "nobody");
    print_line("rule", c->rule);
    if (c->provider != 0) {
        print_line("provider", wn_provider_name(c->provider));
    }
    if (c->phase != WN_PHASE_unknown) {
        print_line("phase", wn_phase_word(c->phase));
    }
    (void)printf("  => %s\n", c->sentence);
}

static void add_item(cJSON *object, const char *name, cJSON *item)
{
    if (item == NULL || !cJSON_AddItemToObject(object, name, item)) {
        wn_out_of_memory();
    }
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    add_item(object, name, text[0] != '\0' ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void print_object(struct wn_span reply, const struct wn_classified *c)
{
    struct wn_buf valid = {0};
    char enhanced[16];
    cJSON *object = cJSON_CreateObject();
    wn_text_add_utf8(&valid, reply);
    add_item(object, "reply", cJSON_CreateString(wn_buf_text(&valid)));
    add_item(object, "code", c->code != 0 ? cJSON_CreateNumber(c->code) : cJSON_CreateNull());
    add_text(object, "enhanced", format_enhanced(c, enhanced) ? enhanced : "");
    add_text(object, "category", wn_category_word(c->category));
    add_text(object, "action", wn_bounce_action_word(c->action));
    add_text(object, "blame", wn_category_blame(c->category));
    add_text(object, "phase", wn_phase_word(c->phase));
    add_text(object, "provider", wn_provider_name(c->provider));
    add_text(object, "rule", c->rule);
    add_text(object, "sentence", c->sentence);
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        wn_out_of_memory();
    }
    (void)printf("%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
    wn_buf_release(&valid);
}

static void classify_text(struct classifying *run, struct wn_span text)
{
    struct wn_classified result;
    struct wn_reply_in in = {
        .text = wn_span_trim(text), .provider = run->provider, .phase = run->phase};
    wn_classify(&in, &result);
    if (run->json) {
        print_object(in.text, &result);
        return;
    }
    if (run->printed) {
        (void)putchar('\n');
    }
    run->printed = true;
    print_block(in.text, &result);
}

/* One reply a line; blank lines are none. What is longer than is read is cut. */
static int classify_lines(struct classifying *run, const _Atomic int *stop, struct wn_error *err)
{
    char *line = wn_malloc(WN_REPLY_TEXT_MAX);
    size_t n = 0;
    int c;
    do {
        c = getc(stdin);
        if (c != EOF && c != '\n') {
            if (n < WN_REPLY_TEXT_MAX) {
                line[n++] = (char)c;
            }
            continue;
        }
        if (wn_span_trim((struct wn_span){line, n}).n > 0) {
            classify_text(run, (struct wn_span){line, n});
        }
        n = 0;
    } while (c != EOF && *stop == 0 && ferror(stdout) == 0);
    free(line);
    if (*stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *stop, "stopped");
    }
    return ferror(stdin) ? wn_error_set(err, WN_E_IO, "standard input cannot be read") : WN_OK;
}

/* `near`: what the word should have been, or "". */
static int refuse_word(const char *option, const char *word, const char *near, struct wn_error *err)
{
    bool any = near != NULL && near[0] != '\0';
    return wn_error_set(err, WN_E_USAGE, "--%s does not know '%s'%s%s%s", option, word,
                        any ? "; did you mean '" : "", any ? near : "", any ? "'?" : "");
}

static void lower_text(char *to, size_t size, const char *from)
{
    size_t n = 0;
    for (; from[n] != '\0' && n + 1 < size; n++) {
        to[n] = wn_lower(from[n]);
    }
    to[n] = '\0';
}

static int read_provider(const char *word, uint32_t *provider, struct wn_error *err)
{
    enum {
        MOST = 256,
        NAME = 32
    };
    char lower[MOST + 1][NAME]; /* so that "gmial" is near to "Gmail" as "Gmial" is */
    const char *names[MOST];
    size_t count = 0;
    *provider = wn_provider_named(wn_span_of(word));
    if (*provider != 0) {
        return WN_OK;
    }
    lower_text(lower[MOST], NAME, word);
    for (uint32_t i = 1; i < wn_provider_count() && count < MOST; i++) {
        lower_text(lower[count], NAME, wn_provider_name(i));
        names[count] = lower[count];
        count++;
    }
    const char *near = wn_nearest_word(lower[MOST], names, count);
    uint32_t meant = near != NULL ? wn_provider_named(wn_span_of(near)) : 0;
    return refuse_word("provider", word, wn_provider_name(meant), err);
}

static int read_phase(const char *word, enum wn_phase *phase, struct wn_error *err)
{
    const char *words[WN_PHASE_COUNT];
    size_t count = 0;
    for (unsigned i = WN_PHASE_unknown + 1; i < WN_PHASE_COUNT; i++) {
        words[count++] = wn_phase_word((enum wn_phase)i);
        if (wn_span_equal_nocase(wn_span_of(words[count - 1]), wn_span_of(word))) {
            *phase = (enum wn_phase)i;
            return WN_OK;
        }
    }
    return refuse_word("phase", word, wn_nearest_word(word, words, count), err);
}

int wn_cmd_bounces_classify(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct classifying run = {0};
    struct wn_operands texts = {0};
    int status = wn_options_read(&wn_help_bounces_classify, argc, argv, &s, &texts, &cmd->err);
    if (status == WN_OK && texts.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "give a reply, such as 'winnow bounces classify \"550 5.1.1 user "
                              "unknown\"', or '-' to read them");
    }
    if (status == WN_OK && s.provider != NULL) {
        status = read_provider(s.provider, &run.provider, &cmd->err);
    }
    if (status == WN_OK && s.phase != NULL) {
        status = read_phase(s.phase, &run.phase, &cmd->err);
    }
    run.json = s.json;
    for (size_t i = 0; i < texts.n && status == WN_OK; i++) {
        if (strcmp(texts.v[i], "-") == 0) {
            status = classify_lines(&run, cmd->stop, &cmd->err);
        } else {
            classify_text(&run, wn_span_of(texts.v[i]));
        }
    }
    wn_operands_release(&texts);
    return status;
}
