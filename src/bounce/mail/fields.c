/* SPDX-License-Identifier: MIT */
#include "bounce/mail/fields.h"

#include <gmime/gmime.h>
#include <pthread.h>

static void init_library(void)
{
    g_mime_init();
}

void wn_mail_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, init_library);
}

bool wn_line_next(struct wn_span *rest, struct wn_span *line)
{
    if (rest->n == 0) {
        return false;
    }
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
    *line = (struct wn_span){rest->p, n};
    if (n > 0 && line->p[n - 1] == '\r') {
        line->n--;
    }
    n += end != NULL ? 1 : 0;
    rest->p += n;
    rest->n -= n;
    return true;
}

/* The length of the field name that a line begins with, or 0; *colon is where its colon stands. */
static size_t field_name(struct wn_span line, size_t *colon)
{
    size_t n = 0;
    while (n < line.n && line.p[n] > ' ' && line.p[n] < 127 && line.p[n] != ':') {
        n++;
    }
    *colon = n;
    while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t')) {
        ++*colon;
    }
    return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

bool wn_field_begins(struct wn_span line)
{
    size_t colon;
    return field_name(line, &colon) > 0;
}

bool wn_field_next(struct wn_span *rest, struct wn_field *field)
{
    struct wn_span line;
    while (wn_line_next(rest, &line)) {
        size_t colon, name = field_name(line, &colon);
        if (line.n == 0) {
            return false;
        }
        if (name == 0) {
            continue;
        }
        field->name = (struct wn_span){line.p, name};
        field->value = (struct wn_span){line.p + colon + 1, line.n - colon - 1};
        while (rest->n > 0 && (*rest->p == ' ' || *rest->p == '\t')) {
            (void)wn_line_next(rest, &line);
            field->value.n = (size_t)(line.p + line.n - field->value.p);
        }
        return true;
    }
    return false;
}

struct wn_span wn_field_unfold(struct wn_span value, struct wn_arena *arena)
{
    value = wn_span_trim(value);
    if (value.n > WN_FIELD_MAX) {
        value.n = WN_FIELD_MAX;
    }
    if (value.n == 0 || memchr(value.p, '\n', value.n) == NULL) {
        return value;
    }
    char *p = wn_arena_alloc(arena, value.n);
    size_t n = 0;
    bool blank = false;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            blank = true;
            continue;
        }
        if (blank) {
            p[n++] = ' ';
        }
        blank = false;
        p[n++] = c;
    }
    return (struct wn_span){p, n};
}

struct wn_span wn_field_decode(struct wn_span value, struct wn_arena *arena)
{
    value = wn_field_unfold(value, arena);
    if (!wn_holds(value, WN_SPAN("=?"))) {
        return value;
    }
    wn_mail_init();
    char *decoded = g_mime_utils_header_decode_text(NULL, wn_arena_text(arena, value));
    struct wn_span text = wn_span_of(wn_arena_text(arena, wn_span_of(decoded)));
    g_free(decoded);
    return text;
}

bool wn_begins(struct wn_span s, struct wn_span with)
{
    return s.n >= with.n && wn_span_equal_nocase((struct wn_span){s.p, with.n}, with);
}

/* Where `c` stands next, from `p` on and not behind `last`; else behind it. */
static const char *find_char(const char *p, const char *last, char c)
{
    const char *found = p <= last ? memchr(p, c, (size_t)(last - p) + 1) : NULL;
    return found != NULL ? found : last + 1;
}

const char *wn_find(struct wn_span s, struct wn_span what)
{
    if (what.n == 0 || s.n < what.n) {
        return what.n == 0 ? s.p : NULL;
    }
    char lower = wn_lower(what.p[0]);
    bool letter = lower >= 'a' && lower <= 'z';
    char upper = letter ? (char)(lower - ('a' - 'A')) : lower;
    const char *last = s.p + s.n - what.n;
    const char *a = find_char(s.p, last, lower);
    const char *b = letter ? find_char(s.p, last, upper) : last + 1;
    while (a <= last || b <= last) {
        const char *p = a < b ? a : b;
        if (wn_span_equal_nocase((struct wn_span){p, what.n}, what)) {
            return p;
        }
        if (p == a) {
            a = find_char(p + 1, last, lower);
        } else {
            b = find_char(p + 1, last, upper);
        }
    }
    return NULL;
}

struct wn_span wn_behind(struct wn_span s, struct wn_span what)
{
    const char *p = wn_find(s, what);
    if (p == NULL) {
        return (struct wn_span){NULL, 0};
    }
    p += what.n;
    return (struct wn_span){p, (size_t)(s.p + s.n - p)};
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_alnum(char c)
{
    return wn_is_digit(c) || (wn_lower(c) >= 'a' && wn_lower(c) <= 'z') || (c & 0x80) != 0;
}

static bool is_local(char c)
{
    return is_alnum(c) || is_one_of(c, "!#$%&'*+-/=?^_`{|}~.");
}

/* The end of the domain that begins at s.p[at], or `at` when it is none. */
static size_t domain_end(struct wn_span s, size_t at)
{
    size_t end = at;
    bool dotted = false;
    if (at < s.n && s.p[at] == '[') {
        const char *close = memchr(s.p + at, ']', s.n - at < 60 ? s.n - at : 60);
        return close != NULL ? (size_t)(close - s.p) + 1 : at;
    }
    while (end < s.n && (is_alnum(s.p[end]) || is_one_of(s.p[end], ".-_"))) {
        end++;
    }
    while (end > at && is_one_of(s.p[end - 1], ".-_")) {
        end--;
    }
    for (size_t i = at; i < end; i++) {
        dotted = dotted || (s.p[i] == '.' && i > at);
    }
    return dotted ? end : at;
}

static bool is_control(char c)
{
    return (c >= '\0' && c < ' ' && !is_one_of(c, "\t\n\v\f\r")) || c == '\x7f';
}

/* Whether control characters tear what lies from `start` to `end` off its rest: half an address is
 * another's. */
static bool is_torn(struct wn_span s, size_t start, size_t end)
{
    bool sequence = start > 1 && s.p[start - 1] == '[' && s.p[start - 2] == '\x1b';
    return sequence || (start > 0 && is_control(s.p[start - 1])) ||
           (end < s.n && is_control(s.p[end]));
}

/* The address whose @ is at s.p[at], not reaching back before `from`. */
static bool address_around(struct wn_span s, size_t from, size_t at, struct wn_span *address)
{
    size_t start = at, end = domain_end(s, at + 1);
    if (end == at + 1) {
        return false;
    }
    if (at > from && s.p[at - 1] == '"') {
        start = at - 1;
        while (start > from && s.p[start - 1] != '"' && s.p[start - 1] != '\n') {
            start--;
        }
        start = start > from && s.p[start - 1] == '"' ? start - 1 : at;
    } else {
        while (start > from && is_local(s.p[start - 1])) {
            start--;
        }
        while (start < at && is_one_of(s.p[start], "'`*")) {
            start++;
        }
    }
    *address = (struct wn_span){s.p + start, end - start};
    return start < at && !is_torn(s, start, end);
}

bool wn_mail_address(struct wn_span text, struct wn_span *address, struct wn_span *behind)
{
    for (size_t from = 0; from < text.n;) {
        const char *at = memchr(text.p + from, '@', text.n - from);
        if (at == NULL) {
            return false;
        }
        if (address_around(text, from, (size_t)(at - text.p), address)) {
            size_t end = (size_t)(address->p + address->n - text.p);
            while (end < text.n && is_one_of(text.p[end], ">\"'")) {
                end++;
            }
            *behind = (struct wn_span){text.p + end, text.n - end};
            return true;
        }
        from = (size_t)(at - text.p) + 1;
    }
    return false;
}

bool wn_opens_with_address(struct wn_span line, struct wn_span *address, struct wn_span *behind)
{
    size_t start = 0;
    while (start < line.n && is_one_of(line.p[start], " \t*>-\"'<")) {
        start++;
    }
    struct wn_span text = {line.p + start, line.n - start};
    if (start > 0 && line.p[start - 1] == '"' && memchr(text.p, '@', text.n) != NULL) {
        const char *quote = memchr(text.p, '"', text.n);
        if (quote != NULL && quote + 1 < text.p + text.n && quote[1] == '@') {
            text.p--; /* a quoted local part */
            text.n++;
        }
    }
    if (!wn_mail_address(text, address, behind) || address->p != text.p) {
        return false;
    }
    return behind->n == 0 || is_one_of(*behind->p, " \t:,;.<([");
}
