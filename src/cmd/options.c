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
    FILE *file;      /* the configuration file */
    int line;        /* how many of its lines were read */
    int failed_line; /* on which a key could not be used, or 0 */
};

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

/* inih's source of lines. It counts them, as the callback is not told where it stands; it drops
 * what a line is indented by, as inih would take it for more of the value before; and it ends the
 * file at the first fault. */
static char *next_line(char *p, int n, void *arg)
{
    struct reading *r = arg;
    if (r->err->status != WN_OK || fgets(p, n, r->file) == NULL) {
        return NULL;
    }
    r->line++;
    if (strchr(p, '\n') == NULL && feof(r->file) == 0) {
        wn_error_set(r->err, WN_E_CONFIG, "this line is longer than %d bytes or holds a NUL byte",
                     n - 2);
        r->failed_line = r->line;
        return NULL;
    }
    size_t indent = strspn(p, " \t");
    memmove(p, p + indent, strlen(p + indent) + 1);
    return p;
}

/* inih's callback: one key. Non-zero means handled. */
static int read_key(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    char where[80];
    const struct wn_command_help *help = find_section(section);
    const struct wn_option *option = help != NULL ? find_option(help, wn_span_of(name)) : NULL;
    int status = WN_OK;
    if (help == NULL) {
        status =
            wn_error_set(r->err, WN_E_CONFIG, "there is no command '%s' to configure", section);
    } else if (option == NULL) {
        status = wn_error_set(r->err, WN_E_CONFIG, "[%s] has no option '%s'", section, name);
    } else if (help == r->help) {
        (void)snprintf(where, sizeof where, "[%.60s] ", section);
        status = set_value(r, option, value, WN_E_CONFIG, where);
    }
    if (status != WN_OK) {
        r->failed_line = r->line;
    }
    return status == WN_OK;
}

static int parse_config(struct reading *r, const char *path)
{
    struct wn_error *err = r->err;
    struct wn_error found = {0};
    r->err = &found;
    int line = ini_parse_stream(next_line, r, read_key, r);
    r->err = err;
    if (found.status != WN_OK && (line <= 0 || line >= r->failed_line)) {
        return wn_error_set(err, WN_E_CONFIG, "%s:%d: %s", path, r->failed_line, found.text);
    }
    if (line != 0) {
        return wn_error_set(err, WN_E_CONFIG, "%s:%d: this is no 'key = value' line", path, line);
    }
    if (ferror(r->file) != 0) {
        return wn_error_set(err, WN_E_CONFIG, "%s cannot be read", path);
    }
    return WN_OK;
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
    r->file = fopen(wn_buf_text(&path), "re");
    if (r->file != NULL) {
        status = parse_config(r, path.p);
        (void)fclose(r->file);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        status = wn_error_errno(r->err, WN_E_CONFIG, errno, "%s cannot be read", path.p);
    }
    wn_buf_release(&path);
    r->file = NULL;
    return status;
}

/* A list from a later source replaces what the sources before gave, as a single value would. */
static void clear_list(struct reading *r, const struct wn_option *option)
{
    if (option->type == WN_OPT_LIST) {
        *(struct wn_texts *)(void *)((char *)r->settings + option->offset) = (struct wn_texts){0};
    }
}

/* Variables that are no options, since what they hold has no place on a command line; their
 * commands read them. */
static bool is_secret(struct wn_span key)
{
    return wn_span_equal(key, WN_SPAN("imap-password"));
}

/* WINNOW_DNS_SERVER is the option dns-server of every command that has it. */
static int read_variable(struct reading *r, const char *entry)
{
    char name[64];
    const char *word = entry + strlen("WINNOW_");
    size_t n = strcspn(word, "=");
    if (word[n] != '=') {
        return WN_OK;
    }
    for (size_t i = 0; i < n && i < sizeof name; i++) {
        name[i] = word[i] == '_' ? '-' : wn_lower(word[i]);
    }
    struct wn_span key = {name, n < sizeof name ? n : 0}; /* no option has a longer one */
    if (is_secret(key)) {
        return WN_OK;
    }
    const struct wn_option *mine = find_option(r->help, key);
    if (mine != NULL) {
        char where[80];
        (void)snprintf(where, sizeof where, "%.*s: ", (int)(word + n - entry), entry);
        clear_list(r, mine);
        return set_value(r, mine, word + n + 1, WN_E_CONFIG, where);
    }
    for (size_t i = 0; i < wn_command_count; i++) {
        if (wn_commands[i].help != NULL && find_option(wn_commands[i].help, key) != NULL) {
            return WN_OK;
        }
    }
    return wn_error_set(r->err, WN_E_CONFIG, "the variable %.*s names no option of any command",
                        (int)(word + n - entry), entry);
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

static int set_from_line(struct reading *r, const struct wn_option *option, const char *text)
{
    size_t index = (size_t)(option - r->help->options);
    uint64_t bit = index < 64 ? UINT64_C(1) << index : 0;
    if (bit != 0 && (r->operands->given & bit) == 0) {
        r->operands->given |= bit;
        clear_list(r, option);
    }
    return set_value(r, option, text, WN_E_USAGE, "--");
}

static int read_long(struct reading *r, const char *text, const char *next, bool *took_next)
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
        return set_from_line(r, option, "yes");
    }
    if (equals == NULL && next == NULL) {
        return wn_error_set(r->err, WN_E_USAGE, "--%s wants a value: --%s %s", option->name,
                            option->name, option->argument);
    }
    *took_next = equals == NULL;
    return set_from_line(r, option, equals != NULL ? equals + 1 : next);
}

/* -q, -qv, -oDIR, -o DIR */
static int read_short(struct reading *r, const char *text, const char *next, bool *took_next)
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
            int status = set_from_line(r, option, "yes");
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
        return set_from_line(r, option, text[1] != '\0' ? text + 1 : next);
    }
    return WN_OK;
}

static int read_line(struct reading *r, int argc, char **argv)
{
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
            status = read_long(r, text + 2, next, &took_next);
        } else {
            status = read_short(r, text + 1, next, &took_next);
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
    struct wn_error ignored = {0};
    struct reading r = {.help = help,
                        .settings = settings,
                        .operands = operands,
                        .err = err != NULL ? err : &ignored};
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
