/* SPDX-License-Identifier: MIT */
/* Three sources, one setter. The configuration file and the variables name options by their long
 * names, so each source only has to find the row of the table and hand over a text; what the text
 * means is decided in one place, set_value. */
#include "cmd/options.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* What reading goes on with: where values go, and how to name their place in a message. */
struct reading {
    const struct wn_command_help *help;
    void *settings;
    struct wn_operands *operands;
    struct wn_error *err;
    const char *path; /* of the configuration file */
};

static size_t edit_distance(const char *a, const char *b)
{
    enum {
        LONGEST = 40
    };
    size_t row[LONGEST + 1];
    size_t an = strlen(a), bn = strlen(b);
    if (an > LONGEST || bn > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= bn; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= an; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[bn];
}

const char *wn_nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2; /* farther than this is no help */
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(word);
        size_t distance =
            n >= 3 && strncmp(word, words[i], n) == 0 ? 1 : edit_distance(word, words[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = words[i];
        }
    }
    return best;
}

static const struct wn_option *find_option(const struct wn_command_help *help, struct wn_span name)
{
    for (size_t i = 0; i < help->option_count; i++) {
        if (wn_span_equal(wn_span_of(help->options[i].name), name)) {
            return &help->options[i];
        }
    }
    return NULL;
}

static void append_text(struct wn_operands *operands, const char ***v, size_t *n, const char *text)
{
    /* Full at every power of two: then the array moves to one of twice the size. */
    if ((*n & (*n - 1)) == 0) {
        const char **grown = wn_arena_alloc(&operands->arena, (*n > 0 ? *n * 2 : 1) * sizeof **v);
        if (*n > 0) {
            memcpy(grown, *v, *n * sizeof **v);
        }
        *v = grown;
    }
    (*v)[(*n)++] = text;
}

static bool read_flag(const char *text, bool *value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true}, {"true", true},   {"on", true},   {"1", true},
                 {"no", false}, {"false", false}, {"off", false}, {"0", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (wn_span_equal_nocase(wn_span_of(text), wn_span_of(words[i].word))) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

/* Puts `text` where the option's value lives. `where` names the source for the message. */
static int set_value(struct reading *r, const struct wn_option *option, const char *text,
                     int status, const char *where)
{
    char *member = (char *)r->settings + option->offset;
    uint64_t number;
    switch (option->type) {
    case WN_OPT_FLAG:
        if (!read_flag(text, (bool *)(void *)member)) {
            return wn_error_set(r->err, status, "%s%s wants yes or no, not '%s'", where,
                                option->name, text);
        }
        return WN_OK;
    case WN_OPT_NUMBER: {
        uint64_t max = option->max > 0 ? (uint64_t)option->max : INT64_MAX;
        if (!wn_span_number(wn_span_of(text), max, &number) || (int64_t)number < option->min) {
            if (option->max > 0) {
                return wn_error_set(
                    r->err, status, "%s%s wants a number from %lld to %lld, not '%s'", where,
                    option->name, (long long)option->min, (long long)option->max, text);
            }
            return wn_error_set(r->err, status, "%s%s wants a number of at least %lld, not '%s'",
                                where, option->name, (long long)option->min, text);
        }
        *(int64_t *)(void *)member = (int64_t)number;
        return WN_OK;
    }
    case WN_OPT_TEXT:
        *(const char **)(void *)member = wn_arena_text(&r->operands->arena, wn_span_of(text));
        return WN_OK;
    case WN_OPT_LIST: {
        struct wn_texts *list = (struct wn_texts *)(void *)member;
        append_text(r->operands, &list->v, &list->n,
                    wn_arena_text(&r->operands->arena, wn_span_of(text)));
        return WN_OK;
    }
    }
    return WN_OK;
}

static const struct wn_command_help *find_section(const char *section)
{
    for (size_t i = 0; i < wn_command_count; i++) {
        if (wn_commands[i].help != NULL && strcmp(wn_commands[i].help->name, section) == 0) {
            return wn_commands[i].help;
        }
    }
    return NULL;
}

/* inih's callback: one key. Non-zero means handled; lineno comes through INI_HANDLER_LINENO builds
 * only, so the key itself has to say where it stands. */
static int read_key(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    char where[300];
    const struct wn_command_help *help = find_section(section);
    if (help == NULL) {
        wn_error_set(r->err, WN_E_CONFIG, "%s: there is no command '%s' to configure", r->path,
                     section);
        return 0;
    }
    const struct wn_option *option = find_option(help, wn_span_of(name));
    if (option == NULL) {
        wn_error_set(r->err, WN_E_CONFIG, "%s: [%s] has no option '%s'", r->path, section, name);
        return 0;
    }
    if (help != r->help) {
        return 1;
    }
    (void)snprintf(where, sizeof where, "%.200s: [%.60s] ", r->path, section);
    return set_value(r, option, value, WN_E_CONFIG, where) == WN_OK;
}

static int read_config(struct reading *r)
{
    struct wn_buf path = {0};
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int status = WN_OK;
    if (base != NULL && base[0] == '/') {
        wn_buf_addf(&path, "%s/winnow/winnow.conf", base);
    } else if (home != NULL && home[0] == '/') {
        wn_buf_addf(&path, "%s/.config/winnow/winnow.conf", home);
    } else {
        return WN_OK;
    }
    r->path = wn_buf_text(&path);
    FILE *file = fopen(r->path, "re");
    if (file == NULL) {
        if (errno != ENOENT && errno != ENOTDIR) {
            status = wn_error_errno(r->err, WN_E_CONFIG, errno, "%s cannot be read", r->path);
        }
        goto out;
    }
    int line = ini_parse_file(file, read_key, r);
    if (line != 0) {
        status = wn_error_set(r->err, WN_E_CONFIG, "%s:%d: this is no 'key = value' line", r->path,
                              line);
        status = r->err != NULL ? r->err->status : status;
    }
    (void)fclose(file);
out:
    wn_buf_release(&path);
    r->path = NULL;
    return status;
}

/* WINNOW_DNS_SERVER is the option dns-server of every command that has it. */
static int read_variable(struct reading *r, const char *entry)
{
    char name[64];
    size_t n = 0;
    const char *p = entry + strlen("WINNOW_");
    for (; *p != '\0' && *p != '=' && n < sizeof name - 1; p++) {
        name[n++] = *p == '_' ? '-' : wn_lower(*p);
    }
    if (*p != '=') {
        return WN_OK;
    }
    struct wn_span key = {name, n};
    const struct wn_option *mine = find_option(r->help, key);
    if (mine != NULL) {
        char where[80];
        (void)snprintf(where, sizeof where, "%.*s: ", (int)(p - entry), entry);
        return set_value(r, mine, p + 1, WN_E_CONFIG, where);
    }
    for (size_t i = 0; i < wn_command_count; i++) {
        if (wn_commands[i].help != NULL && find_option(wn_commands[i].help, key) != NULL) {
            return WN_OK;
        }
    }
    return wn_error_set(r->err, WN_E_CONFIG, "the variable %.*s names no option of any command",
                        (int)(p - entry), entry);
}

static int read_variables(struct reading *r)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, "WINNOW_", strlen("WINNOW_")) == 0) {
            int status = read_variable(r, *entry);
            if (status != WN_OK) {
                return status;
            }
        }
    }
    return WN_OK;
}

static int unknown_option(struct reading *r, const char *text)
{
    enum {
        MOST = 64
    };
    const char *names[MOST];
    size_t count = 0;
    char word[64];
    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(text, "="), text);
    for (size_t i = 0; i < r->help->option_count && count < MOST; i++) {
        names[count++] = r->help->options[i].name;
    }
    const char *near = wn_nearest_word(word, names, count);
    if (near != NULL) {
        return wn_error_set(r->err, WN_E_USAGE, "%s has no option --%s; did you mean --%s?",
                            r->help->name, word, near);
    }
    return wn_error_set(r->err, WN_E_USAGE, "%s has no option --%s; 'winnow help %s' lists them",
                        r->help->name, word, r->help->name);
}

/* A list given on the command line replaces what configuration and variables gave, as a single
 * value would; `cleared` has a bit for each option that was. */
static int set_from_line(struct reading *r, const struct wn_option *option, const char *text,
                         uint64_t *cleared)
{
    size_t index = (size_t)(option - r->help->options);
    if (option->type == WN_OPT_LIST && index < 64 && (*cleared >> index & 1) == 0) {
        *cleared |= UINT64_C(1) << index;
        *(struct wn_texts *)(void *)((char *)r->settings + option->offset) = (struct wn_texts){0};
    }
    return set_value(r, option, text, WN_E_USAGE, "--");
}

static int read_long(struct reading *r, const char *text, const char *next, bool *took_next,
                     uint64_t *cleared)
{
    const char *equals = strchr(text, '=');
    size_t n = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const struct wn_option *option = find_option(r->help, (struct wn_span){text, n});
    if (option == NULL) {
        return unknown_option(r, text);
    }
    if (option->type == WN_OPT_FLAG) {
        if (equals != NULL) {
            return wn_error_set(r->err, WN_E_USAGE, "--%s takes no value", option->name);
        }
        return set_value(r, option, "yes", WN_E_USAGE, "--");
    }
    if (equals == NULL && next == NULL) {
        return wn_error_set(r->err, WN_E_USAGE, "--%s wants a value: --%s %s", option->name,
                            option->name, option->argument);
    }
    *took_next = equals == NULL;
    return set_from_line(r, option, equals != NULL ? equals + 1 : next, cleared);
}

/* -q, -qv, -oDIR, -o DIR */
static int read_short(struct reading *r, const char *text, const char *next, bool *took_next,
                      uint64_t *cleared)
{
    for (; *text != '\0'; text++) {
        const struct wn_option *option = NULL;
        for (size_t i = 0; i < r->help->option_count; i++) {
            if (r->help->options[i].letter == *text) {
                option = &r->help->options[i];
            }
        }
        if (option == NULL) {
            return wn_error_set(r->err, WN_E_USAGE,
                                "%s has no option -%c; 'winnow help %s' lists them", r->help->name,
                                *text, r->help->name);
        }
        if (option->type == WN_OPT_FLAG) {
            int status = set_value(r, option, "yes", WN_E_USAGE, "--");
            if (status != WN_OK) {
                return status;
            }
            continue;
        }
        if (text[1] == '\0' && next == NULL) {
            return wn_error_set(r->err, WN_E_USAGE, "-%c wants a value: -%c %s", *text, *text,
                                option->argument);
        }
        *took_next = text[1] == '\0';
        return set_from_line(r, option, text[1] != '\0' ? text + 1 : next, cleared);
    }
    return WN_OK;
}

static int read_line(struct reading *r, int argc, char **argv)
{
    uint64_t cleared = 0;
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool took_next = false;
        int status = WN_OK;
        if (only_operands || text[0] != '-' || text[1] == '\0') {
            append_text(r->operands, &r->operands->v, &r->operands->n, text);
        } else if (strcmp(text, "--") == 0) {
            only_operands = true;
        } else if (text[1] == '-') {
            status = read_long(r, text + 2, next, &took_next, &cleared);
        } else {
            status = read_short(r, text + 1, next, &took_next, &cleared);
        }
        if (status != WN_OK) {
            return status;
        }
        i += took_next;
    }
    return WN_OK;
}

int wn_options_read(const struct wn_command_help *help, int argc, char **argv, void *settings,
                    struct wn_operands *operands, struct wn_error *err)
{
    struct reading r = {.help = help, .settings = settings, .operands = operands, .err = err};
    *operands = (struct wn_operands){0};
    int status = read_config(&r);
    if (status == WN_OK) {
        status = read_variables(&r);
    }
    if (status == WN_OK) {
        status = read_line(&r, argc, argv);
    }
    return status;
}

void wn_operands_release(struct wn_operands *operands)
{
    wn_arena_release(&operands->arena);
    *operands = (struct wn_operands){0};
}
