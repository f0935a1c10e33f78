/* SPDX-License-Identifier: MIT */
/* Webhooks as forms (application/x-www-form-urlencoded), a body a line: as Mandrill, Mailchimp and
 * Mailgun before 2018 post them. A body becomes a JSON object, its name[inner] members objects in
 * it, and is read as that; what stands in a member as JSON is unwrapped as anywhere. */
#include <stdlib.h>
#include <string.h>

#include "bounce/json/cut.h"
#include "bounce/json/path.h"
#include "bounce/json/record.h"

enum {
    FIELDS_MAX = 1000,
    LEVELS_MAX = 8, /* of name[inner][inner] */
    WINDOW = 1 << 20
};

/* What stands in a form unencoded (URL Standard, 5.2), and what some leave as it is. */
static bool is_form_char(char c)
{
    bool alphanumeric = wn_is_digit(c) || (wn_lower(c) >= 'a' && wn_lower(c) <= 'z');
    return alphanumeric || (c != '\0' && strchr("*-._~+%&=[]@:/", c) != NULL);
}

/* The first line, or what there is of it. */
static struct wn_span first_line(struct wn_span text)
{
    const char *end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
    text.n = end != NULL ? (size_t)(end - text.p) : text.n;
    return wn_span_trim(text);
}

/* By a field that the services' bodies have: many other things are made of the same characters. */
static bool recognise_form(struct wn_span head)
{
    static const struct wn_span names[] = {
        {"&mandrill_events=", 17}, {"&event=", 7}, {"&type=", 6}};
    struct wn_span line = first_line(head);
    bool known = false;
    for (size_t i = 0; i < line.n; i++) {
        if (!is_form_char(line.p[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof *names && line.n > 0; i++) {
        const struct wn_span first = {names[i].p + 1, names[i].n - 1};
        known = known || (line.n >= first.n && memcmp(line.p, first.p, first.n) == 0) ||
                memmem(line.p, line.n, names[i].p, names[i].n) != NULL;
    }
    return known;
}

static int hex(char c)
{
    return wn_is_digit(c)         ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decodes into `out`, whose contents are dropped; false where a NUL would come of it, which no
 * JSON text here can hold. A % without two digits stands for itself. */
static bool decode(struct wn_span s, struct wn_buf *out)
{
    wn_buf_clear(out);
    for (size_t i = 0; i < s.n; i++) {
        bool coded = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        char c = s.p[i] == '+' ? ' ' : s.p[i];
        if (coded) {
            c = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
            i += 2;
        }
        if (c == '\0') {
            return false;
        }
        wn_buf_add_char(out, c);
    }
    return true;
}

static cJSON *add(cJSON *object, const char *name, cJSON *item)
{
    if (item == NULL || !cJSON_AddItemToObject(object, name, item)) {
        wn_out_of_memory();
    }
    return item;
}

/* Puts a value under "name" or "name[inner]". False where that is nested too deep. */
static bool put(cJSON *object, char *name, const char *value)
{
    for (int level = 0; level < LEVELS_MAX; level++) {
        char *open = strchr(name, '['), *close = open != NULL ? strchr(open, ']') : NULL;
        if (close == NULL || open == name) {
            (void)add(object, name, cJSON_CreateString(value));
            return true;
        }
        *open = *close = '\0';
        cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, name);
        object = cJSON_IsObject(inner) ? inner : add(object, name, cJSON_CreateObject());
        /* "name[a][b]": what is left is "a[b]". */
        size_t n = strlen(open + 1), rest = strlen(close + 1);
        memmove(open + 1 + n, close + 1, rest + 1);
        name = open + 1;
    }
    return false;
}

/* The body as JSON text, or an empty span with the fault set. Valid as long as `json`, which
 * cJSON_free frees. */
static struct wn_span read_body(struct wn_span body, char **json, const char **fault)
{
    struct wn_buf name = {0}, value = {0};
    cJSON *object = cJSON_CreateObject();
    size_t fields = 0;
    if (object == NULL) {
        wn_out_of_memory();
    }
    for (struct wn_span field; *fault == NULL && wn_json_next(&body, '&', &field);) {
        const char *equals = field.n > 0 ? memchr(field.p, '=', field.n) : NULL;
        size_t n = equals != NULL ? (size_t)(equals - field.p) : field.n;
        struct wn_span content = {field.p + n, field.n - n};
        content.p += content.n > 0;
        content.n -= content.n > 0;
        if (!decode((struct wn_span){field.p, n}, &name) || !decode(content, &value)) {
            *fault = "it holds a NUL";
        } else if (++fields > FIELDS_MAX ||
                   !put(object, (char *)(uintptr_t)wn_buf_text(&name), wn_buf_text(&value))) {
            *fault = "too many fields";
        }
    }
    if (*fault == NULL && (*json = cJSON_PrintUnformatted(object)) == NULL) {
        wn_out_of_memory();
    }
    cJSON_Delete(object);
    wn_buf_release(&name);
    wn_buf_release(&value);
    return *json != NULL ? wn_span_of(*json) : (struct wn_span){NULL, 0};
}

/* One line into notices, and these handed over. */
static int read_line(const struct wn_reading *reading, struct wn_json_record *record,
                     struct wn_span line, struct wn_json_notices *notices)
{
    char *json = NULL;
    struct wn_span text = {NULL, 0};
    int status = WN_OK;
    wn_json_notices_clear(notices);
    if (record->fault == NULL) {
        text = read_body(line, &json, &record->fault);
    }
    wn_json_read_record(record, text, notices);
    for (size_t i = 0; i < notices->count && status == WN_OK; i++) {
        if (record->open) {
            notices->list[i].fault = WN_NOTICE_UNFINISHED;
        }
        status = reading->visit(reading->arg, &notices->list[i]);
    }
    cJSON_free(json);
    return status;
}

/* The lines of a window. *used: bytes that are done with. */
static int read_window(const struct wn_reading *reading, struct wn_span window, bool last,
                       struct wn_json_record *at, size_t *used, struct wn_json_notices *notices)
{
    int status = WN_OK;
    *used = 0;
    while (*used < window.n && status == WN_OK) {
        struct wn_span rest = {window.p + *used, window.n - *used};
        const char *end = memchr(rest.p, '\n', rest.n);
        bool overlong = end == NULL && rest.n > WN_JSON_RECORD_MAX;
        if (end == NULL && !last && !overlong) {
            break;
        }
        size_t n = end != NULL ? (size_t)(end + 1 - rest.p) : rest.n;
        struct wn_span line = wn_span_trim((struct wn_span){rest.p, n});
        struct wn_json_record record = {at->offset, n, at->line, at->fault, false};
        if (overlong || line.n > WN_JSON_RECORD_MAX) {
            record.fault = "longer than 4 MiB";
        } else if (record.fault == NULL && end == NULL && at->line > 1 &&
                   wn_reading_may_grow(reading)) {
            record.fault = "it has no end";
            record.open = true;
        }
        /* The rest of a line that is too long was reported with its beginning. */
        if (line.n > 0 && at->fault == NULL) {
            status = read_line(reading, &record, line, notices);
        }
        at->fault = end == NULL ? record.fault : NULL;
        at->offset += n;
        at->line += end != NULL;
        *used += n;
    }
    return status;
}

static int read_form(struct wn_reading *reading, struct wn_error *err)
{
    struct wn_json_notices notices = {0};
    struct wn_buf window = {0};
    struct wn_json_record at = {.line = 1}; /* where the window begins */
    int status = WN_OK;
    bool last = false;
    while (!last && status == WN_OK) {
        size_t got, used;
        if (*reading->settings->stop != 0) {
            status = wn_error_set(err, WN_E_SIGNAL + *reading->settings->stop, "stopped");
            break;
        }
        char *room = wn_buf_room(&window, WINDOW);
        status = wn_input_read(reading->input, at.offset + window.len, room, WINDOW, &got, err);
        if (status != WN_OK) {
            break;
        }
        window.len += got;
        last = got < WINDOW;
        status = read_window(reading, wn_buf_span(&window), last, &at, &used, &notices);
        memmove(window.p, window.p + used, window.len - used);
        window.len -= used;
    }
    wn_json_notices_release(&notices);
    wn_buf_release(&window);
    return status;
}

const struct wn_source wn_source_form = {
    .name = "form", .recognise = recognise_form, .read = read_form};
