/* SPDX-License-Identifier: MIT */
#include "bounce/json/path.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"

enum {
    DEPTH_MAX = 64,
    VALUES_MAX = 100000,
    DOUBLE_DIGITS = 15
};

bool wn_json_next(struct wn_span *list, char separator, struct wn_span *word)
{
    while (list->n > 0 && *list->p == separator) {
        list->p++;
        list->n--;
    }
    if (list->n == 0) {
        return false;
    }
    const char *end = memchr(list->p, separator, list->n);
    word->p = list->p;
    word->n = end != NULL ? (size_t)(end - list->p) : list->n;
    list->p += word->n;
    list->n -= word->n;
    return true;
}

static const cJSON *find_member(struct wn_json_scope *scope, const cJSON *object,
                                struct wn_span name)
{
    const cJSON *found = NULL;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        if (strncmp(member->string, name.p, name.n) == 0 && member->string[name.n] == '\0') {
            scope->ambiguous = scope->ambiguous || found != NULL;
            found = member;
        }
    }
    return found;
}

static const cJSON *step(struct wn_json_scope *scope, const cJSON *from, struct wn_span name)
{
    const cJSON *found = NULL;
    if (cJSON_IsArray(from) && wn_span_equal(name, WN_SPAN("last"))) {
        for (found = from->child; found != NULL && found->next != NULL; found = found->next) {
        }
    } else if (cJSON_IsObject(from) && wn_span_equal(name, WN_SPAN("*"))) {
        found = from->child != NULL && from->child->next == NULL ? from->child : NULL;
    } else if (cJSON_IsObject(from)) {
        found = find_member(scope, from, name);
    }
    return found;
}

static const cJSON *find_one(struct wn_json_scope *scope, struct wn_span path)
{
    const cJSON *value = scope->event;
    struct wn_span name;
    if (path.n > 0 && (*path.p == '@' || *path.p == '^')) {
        value = *path.p == '@' ? scope->element : scope->outer;
        path.p++;
        path.n--;
    }
    while (value != NULL && wn_json_next(&path, '.', &name)) {
        value = step(scope, value, name);
    }
    bool nothing = value == NULL || cJSON_IsNull(value) ||
                   (cJSON_IsString(value) && value->valuestring[0] == '\0');
    return nothing ? NULL : value;
}

const cJSON *wn_json_find(struct wn_json_scope *scope, struct wn_span path)
{
    const cJSON *value = NULL;
    struct wn_span one;
    while (value == NULL && wn_json_next(&path, '|', &one)) {
        value = find_one(scope, one);
    }
    return scope->ambiguous ? NULL : value;
}

struct wn_span wn_json_text(const cJSON *value, char room[WN_JSON_NUMBER])
{
    if (cJSON_IsString(value)) {
        return wn_span_trim(wn_span_of(value->valuestring));
    }
    if (cJSON_IsBool(value)) {
        return cJSON_IsTrue(value) ? WN_SPAN("true") : WN_SPAN("false");
    }
    if (cJSON_IsNumber(value) && fabs(value->valuedouble) < 1e20) {
        bool whole = value->valuedouble == floor(value->valuedouble);
        int n = snprintf(room, WN_JSON_NUMBER, whole ? "%.0f" : "%.15g", value->valuedouble);
        return (struct wn_span){room, (size_t)n};
    }
    return (struct wn_span){room, 0};
}

static bool read_seconds(double number, int64_t *at)
{
    for (int i = 0; i < 3 && number >= 1e11; i++) {
        number /= 1000;
    }
    if (!(number >= 0 && number < 1e11)) {
        return false;
    }
    *at = (int64_t)number;
    return true;
}

bool wn_json_time(const cJSON *value, int64_t *at)
{
    uint64_t number;
    if (cJSON_IsNumber(value)) {
        return read_seconds(value->valuedouble, at);
    }
    if (!cJSON_IsString(value)) {
        return false;
    }
    struct wn_span text = wn_span_trim(wn_span_of(value->valuestring));
    const char *point = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
    struct wn_span whole = {text.p, point != NULL ? (size_t)(point - text.p) : text.n};
    if (whole.n >= 9 && wn_span_number(whole, UINT64_C(9999999999999999999), &number)) {
        return read_seconds((double)number, at);
    }
    return wn_time_parse(text, at);
}

/* Whether it can be handed to cJSON; *long_numbers: some number has more digits than a double. */
static bool is_safe(struct wn_span text, bool *long_numbers)
{
    size_t depth = 0, values = 0, digits = 0;
    bool in_string = false;
    *long_numbers = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        digits = wn_is_digit(c) && !in_string ? digits + 1 : 0;
        *long_numbers = *long_numbers || digits > DOUBLE_DIGITS;
        if (c == '\0') {
            return false;
        }
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string && c == '\\') {
            i++;
            if (text.n - i >= 5 && memcmp(text.p + i, "u0000", 5) == 0) {
                return false;
            }
        } else if (!in_string && (c == '{' || c == '[')) {
            depth++;
        } else if (!in_string && (c == '}' || c == ']')) {
            depth -= depth > 0;
        }
        values += !in_string && c == ',';
        if (depth > DEPTH_MAX || values > VALUES_MAX) {
            return false;
        }
    }
    return true;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The number of digits at text[i] if they are a whole number of too many digits, else 0. */
static size_t long_number(struct wn_span text, size_t i)
{
    size_t end = i;
    bool begins = i > 0 && is_one_of(text.p[i - 1], ":[, \t\r\n");
    while (begins && end < text.n && wn_is_digit(text.p[end])) {
        end++;
    }
    bool ends = end < text.n && is_one_of(text.p[end], ",]} \t\r\n");
    return ends && end - i > DOUBLE_DIGITS ? end - i : 0;
}

static cJSON *parse_long_numbers(struct wn_span text)
{
    struct wn_buf quoted = {0};
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        size_t n = !in_string && wn_is_digit(c) ? long_number(text, i) : 0;
        if (n > 0) {
            wn_buf_add_char(&quoted, '"');
            wn_buf_add(&quoted, text.p + i, n);
            wn_buf_add_char(&quoted, '"');
            i += n - 1;
            continue;
        }
        in_string = in_string != (c == '"');
        wn_buf_add_char(&quoted, c);
        if (in_string && c == '\\' && i + 1 < text.n) {
            wn_buf_add_char(&quoted, text.p[++i]);
        }
    }
    cJSON *value = cJSON_ParseWithLength(quoted.p, quoted.len);
    wn_buf_release(&quoted);
    return value;
}

cJSON *wn_json_parse(struct wn_span text)
{
    bool long_numbers;
    if (text.n == 0 || !is_safe(text, &long_numbers)) {
        return NULL;
    }
    return long_numbers ? parse_long_numbers(text) : cJSON_ParseWithLength(text.p, text.n);
}
