/* SPDX-License-Identifier: MIT */
/* The original: where a text begins to quote it, and what its header tells. */
#include "bounce/mail/readers.h"

static const struct {
    struct wn_span words;
    bool alone;
} quotes[] = {
#define WN_QUOTE(words)      {{(words), sizeof(words) - 1}, false},
#define WN_QUOTE_LINE(words) {{(words), sizeof(words) - 1}, true},
#include "data/bounce_styles.def"
};

static bool is_mark(char c)
{
    return c == '-' || c == '=' || c == '*' || c == '_' || c == '#' || c == '|' || c == '~' ||
           c == ' ' || c == '\t' || c == '>' || c == '.' || c == ':';
}

/* Without the marks that set a line off. */
static struct wn_span without_marks(struct wn_span line)
{
    while (line.n > 0 && is_mark(line.p[0])) {
        line.p++;
        line.n--;
    }
    while (line.n > 0 && is_mark(line.p[line.n - 1])) {
        line.n--;
    }
    return line;
}

static bool announces_quote(struct wn_span line)
{
    struct wn_span words = without_marks(line);
    if (words.n < 7 || words.n > 120) {
        return false;
    }
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
        if (wn_begins(words, quotes[i].words) &&
            (!quotes[i].alone || words.n == quotes[i].words.n)) {
            return true;
        }
    }
    return false;
}

/* A line that only a message's own header begins with. */
static bool begins_header(struct wn_span line)
{
    static const struct wn_span names[] = {{"Received:", 9},      {"Return-Path:", 12},
                                           {"X-Received:", 11},   {"DKIM-Signature:", 15},
                                           {"MIME-Version:", 13}, {"Message-ID:", 11}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (wn_begins(line, names[i])) {
            return true;
        }
    }
    return false;
}

struct wn_span wn_returned_cut(struct wn_span *text)
{
    struct wn_span rest = *text, line, from = rest;
    bool blank = true;
    while (wn_line_next(&rest, &line)) {
        bool announced = announces_quote(line);
        if (announced || (blank && begins_header(line) && line.p > text->p)) {
            struct wn_span returned = announced ? rest : from;
            text->n = (size_t)(line.p - text->p);
            return returned;
        }
        blank = without_marks(line).n == 0;
        from = rest;
    }
    return (struct wn_span){NULL, 0};
}

/* "Begin forwarded message:", "---------- Forwarded message ----------" */
static bool announces_forwarded(struct wn_span line)
{
    struct wn_span words = without_marks(line);
    return wn_span_equal_nocase(words, WN_SPAN("begin forwarded message")) ||
           wn_span_equal_nocase(words, WN_SPAN("forwarded message"));
}

struct wn_span wn_forwarded_text(struct wn_span text, struct wn_arena *arena)
{
    struct wn_span rest = text, line = {NULL, 0};
    while (wn_line_next(&rest, &line) && !announces_forwarded(line)) {
    }
    char *out = wn_arena_alloc(arena, rest.n + 1);
    size_t n = 0;
    while (wn_line_next(&rest, &line)) {
        size_t mark = line.n > 0 && *line.p == '>';
        mark += mark == 1 && line.n > 1 && line.p[1] == ' ';
        memcpy(out + n, line.p + mark, line.n - mark);
        n += line.n - mark;
        out[n++] = '\n';
    }
    return (struct wn_span){out, n};
}

struct wn_span wn_message_id_of(struct wn_span value)
{
    value = wn_span_trim(value);
    const char *open = value.n > 0 ? memchr(value.p, '<', value.n) : NULL;
    if (open != NULL) {
        value.n -= (size_t)(open + 1 - value.p);
        value.p = open + 1;
    }
    size_t n = 0;
    while (n < value.n && value.p[n] > ' ' && value.p[n] != '>') {
        n++;
    }
    return (struct wn_span){value.p, n <= 256 ? n : 0};
}

/* The only address of a To field, or empty. */
static struct wn_span only_address(struct wn_span to)
{
    struct wn_span address, behind, other, rest;
    if (!wn_mail_address(to, &address, &behind)) {
        return (struct wn_span){NULL, 0};
    }
    /* "bob@example.com <bob@example.com>" is one. */
    while (wn_mail_address(behind, &other, &rest)) {
        if (!wn_span_equal_nocase(other, address)) {
            return (struct wn_span){NULL, 0};
        }
        behind = rest;
    }
    return address;
}

void wn_returned_read(struct wn_span header, struct wn_arena *arena, struct wn_returned *returned)
{
    struct wn_field field;
    size_t to_fields = 0, others = 0;
    *returned = (struct wn_returned){.message_id = {NULL, 0}};
    while (header.n > 0 && (*header.p == '\n' || *header.p == '\r')) {
        header.p++;
        header.n--;
    }
    while (wn_field_next(&header, &field)) {
        if (wn_span_equal_nocase(field.name, WN_SPAN("message-id"))) {
            if (returned->message_id.n == 0) {
                returned->message_id = wn_message_id_of(wn_field_unfold(field.value, arena));
            }
        } else if (wn_span_equal_nocase(field.name, WN_SPAN("to"))) {
            if (to_fields++ == 0) {
                returned->recipient = only_address(wn_field_unfold(field.value, arena));
            }
        } else if (wn_span_equal_nocase(field.name, WN_SPAN("date"))) {
            (void)wn_mail_date(field.value, &returned->at);
        } else if (wn_span_equal_nocase(field.name, WN_SPAN("cc")) ||
                   wn_span_equal_nocase(field.name, WN_SPAN("bcc"))) {
            others++;
        }
    }
    if (others > 0) {
        returned->recipient.n = 0;
    }
}
