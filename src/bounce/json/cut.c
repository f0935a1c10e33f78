/* SPDX-License-Identifier: MIT */
/* A value is scanned from its first byte by a small machine that knows strings, escapes and the
 * kinds of the brackets that are open, so a quoted brace is none. A value that is not whole at the
 * window's end is scanned again when more bytes are there; only one that is already too long is
 * gone through piece by piece and forgotten.
 *
 * What is broken must not take its neighbours with it. With one record a line, the line end is the
 * end in any case. Elsewhere a line end inside a string (which JSON does not allow) or the wrong
 * bracket gives the break away; cutting then goes on at the next line that begins with "{". */
#include "bounce/json/cut.h"

#include <stdlib.h>

static const struct wn_span list_keys[] = {
#define WN_JSON_LIST(key) {(key), sizeof(key) - 1},
#include "data/json_sources.def"
};

enum scan_end {
    SCAN_MORE,  /* the window ends first */
    SCAN_DONE,  /* *at is behind the value */
    SCAN_LIST,  /* *at is behind the bracket of a list of records */
    SCAN_BROKEN /* *at is where it cannot be JSON */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_list_key(struct wn_span key)
{
    for (size_t i = 0; i < sizeof list_keys / sizeof *list_keys; i++) {
        if (wn_span_equal(list_keys[i], key)) {
            return true;
        }
    }
    return false;
}

static void open_level(struct wn_json_scan *s, bool object)
{
    if (s->depth < 64) {
        uint64_t bit = UINT64_C(1) << s->depth;
        s->objects = object ? s->objects | bit : s->objects & ~bit;
    }
    s->depth++;
}

/* In an object a value stands behind a colon: where it does not, a record was cut off and this is
 * the next one. */
static bool may_open(const struct wn_json_scan *s)
{
    bool object = s->depth > 0 && s->depth <= 64 && (s->objects >> (s->depth - 1) & 1) != 0;
    return !object || s->before == ':';
}

/* False when the bracket is of the other kind than the one it would close. */
static bool close_level(struct wn_json_scan *s, bool object)
{
    if (s->depth == 0) {
        return false;
    }
    s->depth--;
    return s->depth >= 64 || (s->objects >> s->depth & 1) == object;
}

/* Goes on in a string, from *at; true behind its closing quote. */
static enum scan_end scan_string(struct wn_json_scan *s, struct wn_span in, size_t *at)
{
    size_t i = *at;
    enum scan_end end = SCAN_MORE;
    for (; i < in.n && end == SCAN_MORE; i++) {
        char c = in.p[i];
        if (s->escaped) {
            s->escaped = false;
        } else if (c == '\\') {
            s->escaped = true;
        } else if (c == '"') {
            s->in_string = false;
            end = SCAN_DONE;
        }
        if (c == '\n') {
            *at = i;
            return SCAN_BROKEN;
        }
    }
    *at = i;
    return end;
}

/* Goes on in the value at *at, of which `s` knows the beginning. */
static enum scan_end scan_value(struct wn_json_scan *s, struct wn_span in, bool lines, size_t *at)
{
    struct wn_span name = {NULL, 0};
    bool member = false; /* behind the colon of a member of the value itself */
    size_t i = *at;
    while (i < in.n) {
        if (s->in_string) {
            size_t start = i;
            enum scan_end end = scan_string(s, in, &i);
            if (end == SCAN_DONE && s->depth > 0) {
                if (s->depth == 1 && !member) {
                    name = (struct wn_span){in.p + start, i - 1 - start};
                }
                continue;
            }
            *at = i;
            return end;
        }
        char c = in.p[i++];
        if (c == '"') {
            s->in_string = true;
        } else if (c == '{' || c == '[') {
            if (c == '[' && s->depth == 1 && member && is_list_key(name)) {
                *at = i;
                return SCAN_LIST;
            }
            if (!may_open(s)) {
                *at = i - 1;
                return SCAN_BROKEN;
            }
            open_level(s, c == '{');
        } else if (c == '}' || c == ']') {
            if (!close_level(s, c == '}') || s->depth == 0) {
                *at = i;
                return s->depth == 0 ? SCAN_DONE : SCAN_BROKEN;
            }
        } else if (c == '\n' && lines) {
            *at = i - 1;
            return SCAN_BROKEN;
        } else if (s->depth == 1 && (c == ':' || c == ',')) {
            member = c == ':';
        }
        s->before = is_blank(c) ? s->before : c;
    }
    *at = i;
    return SCAN_MORE;
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        lines++;
    }
    return lines;
}

/* The cutting of one window. */
struct cutting {
    struct wn_json_cutter *c;
    struct wn_json_cut *cut;
    struct wn_span in;
    bool last;
    size_t at;
};

static void add_record(struct cutting *w, const struct wn_json_record *record)
{
    struct wn_json_cut *cut = w->cut;
    if (cut->count == cut->capacity) {
        cut->capacity = cut->capacity > 0 ? 2 * cut->capacity : 256;
        cut->records = wn_realloc(cut->records, cut->capacity * sizeof *cut->records);
    }
    cut->records[cut->count++] = *record;
}

/* Moves on to `to`, counting lines. */
static void move(struct cutting *w, size_t to)
{
    w->c->line += count_lines(w->in.p + w->at, to - w->at);
    w->at = to;
}

/* The bytes up to `to` are a record, or none because of `fault`. */
static void take(struct cutting *w, size_t to, const char *fault)
{
    const struct wn_json_record record = {w->c->offset + w->at, to - w->at, w->c->line, fault,
                                          false};
    add_record(w, &record);
    move(w, to);
}

static void push_level(struct cutting *w, bool object)
{
    struct wn_json_cutter *c = w->c;
    if (c->levels == WN_JSON_LEVELS) {
        take(w, w->at + 1, "nested too deep");
        c->state = WN_JSON_TO_EOL;
        return;
    }
    c->objects[c->levels++] = object;
    c->list_key = false;
}

static void give_up(struct cutting *w, size_t to, const char *fault)
{
    take(w, to, fault);
    w->c->levels = 0;
    w->c->state = to < w->in.n && w->in.p[to] == '{' ? WN_JSON_TO_RECORD : WN_JSON_TO_EOL;
}

/* A value that is not whole in the window. False when more bytes must come first. */
static bool cut_incomplete(struct cutting *w, const struct wn_json_scan *scan)
{
    size_t n = w->in.n - w->at;
    if (w->last) {
        give_up(w, w->in.n, "it has no end");
        w->cut->records[w->cut->count - 1].open = true;
        return true;
    }
    if (n <= WN_JSON_RECORD_MAX) {
        return false;
    }
    w->c->skip = *scan;
    w->c->skipped =
        (struct wn_json_record){w->c->offset + w->at, n, w->c->line, "longer than 4 MiB", false};
    w->c->state = WN_JSON_SKIP;
    move(w, w->in.n);
    return true;
}

/* The value at w->at, an object or a string, or an array that holds no records. */
static bool cut_value(struct cutting *w)
{
    struct wn_json_cutter *c = w->c;
    bool inside = c->levels > 0 && c->objects[c->levels - 1]; /* a member of an object around */
    struct wn_json_scan scan = {0};
    size_t to = w->at;
    enum scan_end end = scan_value(&scan, w->in, c->lines, &to);
    size_t n = to - w->at;
    c->words = false;
    if (end == SCAN_MORE) {
        return cut_incomplete(w, &scan);
    }
    if (end == SCAN_BROKEN) {
        give_up(w, to, "no JSON");
    } else if (end == SCAN_LIST) {
        push_level(w, true);
        if (c->state == WN_JSON_CUT) {
            push_level(w, false);
        }
        if (c->state == WN_JSON_CUT) {
            move(w, to);
        }
    } else if (inside) {
        if (w->in.p[w->at] == '"') {
            c->list_key = is_list_key((struct wn_span){w->in.p + w->at + 1, n - 2});
        }
        move(w, to);
    } else {
        take(w, to, n > WN_JSON_RECORD_MAX ? "longer than 4 MiB" : NULL);
    }
    return true;
}

/* A number, true, or what is no JSON at all. Several in a row are reported once. */
static void cut_word(struct cutting *w)
{
    struct wn_json_cutter *c = w->c;
    size_t to = w->at;
    while (to < w->in.n && !is_one_of(w->in.p[to], " \t\r\n,:[]{}\"")) {
        to++;
    }
    bool member = c->levels > 0 && c->objects[c->levels - 1];
    if (!c->in_word && !c->words && !member) {
        c->words = true;
        take(w, to, "no object");
    } else {
        move(w, to);
    }
    c->in_word = to == w->in.n;
}

/* One step between records. False when more bytes must come first. */
static bool cut_step(struct cutting *w)
{
    struct wn_json_cutter *c = w->c;
    char ch = w->in.p[w->at];
    bool inside = c->levels > 0 && c->objects[c->levels - 1];
    if (c->in_word && !is_one_of(ch, " \t\r\n,:[]{}\"")) {
        cut_word(w);
        return true;
    }
    c->in_word = false;
    if (is_blank(ch) || ch == ',' || ch == ':') {
        if (ch == '\n' && c->lines) {
            c->levels = 0;
        }
        c->list_key = c->list_key && ch != ',';
        move(w, w->at + 1);
    } else if (ch == ']' || ch == '}') {
        if (c->levels > 0 && inside == (ch == '}')) {
            c->levels--;
        }
        move(w, w->at + 1);
    } else if (ch == '[' && (!inside || c->list_key)) {
        push_level(w, false);
        if (c->state == WN_JSON_CUT) {
            move(w, w->at + 1);
        }
    } else if (ch == '{' || ch == '[' || ch == '"') {
        return cut_value(w);
    } else {
        cut_word(w);
    }
    return true;
}

static void skip_step(struct cutting *w)
{
    struct wn_json_cutter *c = w->c;
    size_t to = w->at;
    enum scan_end end;
    do { /* a list in the middle of what is too long is a part of it */
        end = scan_value(&c->skip, w->in, c->lines, &to);
        if (end == SCAN_LIST) {
            open_level(&c->skip, false);
        }
    } while (end == SCAN_LIST);
    c->skipped.length += to - w->at;
    move(w, to);
    if (end != SCAN_MORE || w->last) {
        add_record(w, &c->skipped);
        c->state = end == SCAN_DONE ? WN_JSON_CUT : WN_JSON_TO_EOL;
    }
}

/* Behind something broken. */
static void resume_step(struct cutting *w)
{
    struct wn_json_cutter *c = w->c;
    if (c->state == WN_JSON_TO_EOL) {
        const char *eol = memchr(w->in.p + w->at, '\n', w->in.n - w->at);
        if (eol == NULL) {
            move(w, w->in.n);
            return;
        }
        move(w, (size_t)(eol - w->in.p) + 1);
        c->levels = 0;
        c->words = c->in_word = false;
        c->state = c->lines ? WN_JSON_CUT : WN_JSON_TO_RECORD;
    } else if (is_blank(w->in.p[w->at])) {
        move(w, w->at + 1);
    } else {
        c->state = w->in.p[w->at] == '{' ? WN_JSON_CUT : WN_JSON_TO_EOL;
    }
}

void wn_json_cut(struct wn_json_cutter *cutter, struct wn_span window, bool last, size_t most,
                 struct wn_json_cut *cut)
{
    struct cutting w = {.c = cutter, .cut = cut, .in = window, .last = last};
    bool more = true;
    cut->count = cut->consumed = 0;
    if (cutter->offset == 0 && window.n < 3 && !last) {
        return; /* it may be a part of a byte-order mark */
    }
    if (cutter->offset == 0 && window.n >= 3 && memcmp(window.p, "\xef\xbb\xbf", 3) == 0) {
        w.at = 3;
    }
    while (more && w.at < window.n && cut->count < most) {
        if (cutter->state == WN_JSON_CUT) {
            more = cut_step(&w);
        } else if (cutter->state == WN_JSON_SKIP) {
            skip_step(&w);
        } else {
            resume_step(&w);
        }
    }
    cut->consumed = w.at;
    cutter->offset += w.at;
}

void wn_json_cut_release(struct wn_json_cut *cut)
{
    free(cut->records);
    *cut = (struct wn_json_cut){0};
}

static struct wn_span skip_blanks(struct wn_span s)
{
    while (s.n > 0 && is_blank(*s.p)) {
        s.p++;
        s.n--;
    }
    return s;
}

static struct wn_span skip_bom(struct wn_span s)
{
    bool bom = s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0;
    return bom ? (struct wn_span){s.p + 3, s.n - 3} : s;
}

bool wn_json_begins(struct wn_span head)
{
    head = skip_blanks(skip_bom(head));
    for (size_t i = 0; i < WN_JSON_LEVELS && head.n > 0 && *head.p == '['; i++) {
        head = skip_blanks((struct wn_span){head.p + 1, head.n - 1});
        if (head.n > 0 && (*head.p == ']' || *head.p == '"')) {
            return true;
        }
    }
    if (head.n == 0 || *head.p != '{') {
        return false;
    }
    head = skip_blanks((struct wn_span){head.p + 1, head.n - 1});
    return head.n == 0 || *head.p == '"' || *head.p == '}';
}

/* Whether the line is one whole value. */
static bool is_whole(struct wn_span line)
{
    struct wn_json_scan scan = {0};
    size_t at = 0;
    enum scan_end end;
    if (line.n == 0 || (*line.p != '{' && *line.p != '[')) {
        return false;
    }
    while ((end = scan_value(&scan, line, true, &at)) == SCAN_LIST) {
        open_level(&scan, false);
    }
    return end == SCAN_DONE && at == line.n;
}

bool wn_json_is_lines(struct wn_span head)
{
    bool whole = false;
    head = skip_blanks(skip_bom(head));
    for (int line = 0; line < 4; line++) {
        const char *eol = head.n > 0 ? memchr(head.p, '\n', head.n) : NULL;
        if (eol == NULL) {
            break;
        }
        struct wn_span text = wn_span_trim((struct wn_span){head.p, (size_t)(eol - head.p)});
        if (text.n > 0 && is_one_of(text.p[text.n - 1], "[{,:")) {
            return false; /* the record goes on */
        }
        whole = whole || is_whole(text);
        head = (struct wn_span){eol + 1, head.n - (size_t)(eol + 1 - head.p)};
    }
    return whole;
}
