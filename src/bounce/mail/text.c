/* SPDX-License-Identifier: MIT */
/* From the bytes of a text part to plain UTF-8. */
#include <errno.h>
#include <gmime/gmime.h>
#include <unistr.h>

#include "bounce/mail/message.h"

/* Neither 8-bit nor an escape sequence of ISO 2022. */
static bool is_plain(struct wn_span s)
{
    return wn_span_is_ascii(s) && (s.n == 0 || memchr(s.p, '\x1b', s.n) == NULL);
}

struct wn_span wn_utf8_text(struct wn_span text, const char *charset, struct wn_arena *arena)
{
    if (is_plain(text)) {
        return text;
    }
    if (u8_check((const uint8_t *)text.p, text.n) == NULL &&
        memchr(text.p, '\x1b', text.n) == NULL) {
        return text;
    }
    wn_mail_init();
    if (memmem(text.p, text.n, "\x1b$B", 3) != NULL ||
        memmem(text.p, text.n, "\x1b$@", 3) != NULL) {
        charset = "iso-2022-jp"; /* nothing else looks like it, whatever is declared */
    }
    iconv_t with = g_mime_iconv_open("UTF-8", charset != NULL ? charset : "iso-8859-1");
    if (with == (iconv_t)-1) {
        with = g_mime_iconv_open("UTF-8", "iso-8859-1");
    }
    if (with == (iconv_t)-1) {
        return (struct wn_span){text.p, 0};
    }
    size_t room = text.n * 3 + 16, left = room, in = text.n;
    char *out = wn_arena_alloc(arena, room), *to = out, *from = (char *)(uintptr_t)text.p;
    while (in > 0 && left > 4) {
        if (iconv(with, &from, &in, &to, &left) != (size_t)-1 || errno == E2BIG) {
            break;
        }
        from++; /* a byte that is nothing in this set */
        in--;
        *to++ = '?';
        left--;
    }
    g_mime_iconv_close(with);
    return (struct wn_span){out, room - left};
}

struct tag {
    const char *name;
    bool ends_line;
    bool hides; /* until its end tag */
};

static const struct tag *find_tag(struct wn_span name)
{
    static const struct tag tags[] = {
        {"br", true, false},    {"p", true, false},     {"div", true, false},
        {"tr", true, false},    {"li", true, false},    {"h1", true, false},
        {"h2", true, false},    {"h3", true, false},    {"pre", true, false},
        {"table", true, false}, {"style", false, true}, {"script", false, true},
        {"title", true, false}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (wn_span_equal_nocase(name, wn_span_of(tags[i].name))) {
            return &tags[i];
        }
    }
    return NULL;
}

/* Passes over the tag at html.p[at], adding what it stands for; returns where to go on. */
static size_t pass_tag(struct wn_span html, size_t at, char *out, size_t *n)
{
    struct wn_span rest = {html.p + at, html.n - at};
    if (wn_begins(rest, WN_SPAN("<!--"))) {
        const char *end = memmem(rest.p, rest.n, "-->", 3);
        return end != NULL ? (size_t)(end + 3 - html.p) : html.n;
    }
    const char *close = memchr(rest.p, '>', rest.n);
    if (close == NULL) {
        return html.n;
    }
    size_t start = rest.n > 1 && rest.p[1] == '/' ? 2 : 1, end = start;
    while (rest.p + end < close && wn_lower(rest.p[end]) >= '0' && wn_lower(rest.p[end]) <= 'z') {
        end++;
    }
    const struct tag *tag = find_tag((struct wn_span){rest.p + start, end - start});
    at = (size_t)(close + 1 - html.p);
    if (tag != NULL && tag->ends_line) {
        out[(*n)++] = '\n';
    } else if (tag != NULL && tag->hides && start == 1) {
        char closing[16];
        int length = snprintf(closing, sizeof closing, "</%s", tag->name);
        const char *hidden = wn_find((struct wn_span){html.p + at, html.n - at},
                                     (struct wn_span){closing, (size_t)length});
        return hidden != NULL ? (size_t)(hidden - html.p) : html.n;
    }
    return at;
}

static size_t pass_entity(struct wn_span html, size_t at, char *out, size_t *n)
{
    static const struct {
        struct wn_span entity;
        char c;
    } entities[] = {{{"&lt;", 4}, '<'},   {{"&gt;", 4}, '>'},   {{"&amp;", 5}, '&'},
                    {{"&quot;", 6}, '"'}, {{"&#39;", 5}, '\''}, {{"&apos;", 6}, '\''},
                    {{"&nbsp;", 6}, ' '}, {{"&#64;", 5}, '@'},  {{"&#43;", 5}, '+'},
                    {{"&#160;", 6}, ' '}, {{"&#8203;", 7}, ' '}};
    struct wn_span rest = {html.p + at, html.n - at};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if (wn_begins(rest, entities[i].entity)) {
            out[(*n)++] = entities[i].c;
            return at + entities[i].entity.n;
        }
    }
    out[(*n)++] = '&';
    return at + 1;
}

struct wn_span wn_html_text(struct wn_span html, struct wn_arena *arena)
{
    char *out = wn_arena_alloc(arena, html.n);
    size_t n = 0;
    for (size_t at = 0; at < html.n;) {
        if (html.p[at] == '<') {
            at = pass_tag(html, at, out, &n);
        } else if (html.p[at] == '&') {
            at = pass_entity(html, at, out, &n);
        } else {
            out[n++] = html.p[at++];
        }
    }
    return (struct wn_span){out, n};
}

/* What stands between a recipient and what is said of it. */
static bool is_lead(char c)
{
    return (unsigned char)c <= ' ' || strchr(":.,-=)", c) != NULL;
}

struct wn_span wn_reply_line(struct wn_span s, struct wn_arena *arena)
{
    while (s.n > 0 && is_lead(*s.p)) {
        s.p++;
        s.n--;
    }
    s = wn_span_trim(s);
    size_t room = s.n < WN_REPLY_LINE_MAX ? s.n : WN_REPLY_LINE_MAX, n = 0;
    char *out = wn_arena_alloc(arena, room);
    bool blank = false;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        ucs4_t character;
        if (c <= ' ' || c == 127) {
            blank = n > 0;
            i++;
            continue;
        }
        int length = c < 0x80 ? 1 : u8_mbtoucr(&character, (const uint8_t *)s.p + i, s.n - i);
        size_t bytes = length > 0 ? (size_t)length : 1;
        if (n + blank + bytes > room) {
            break;
        }
        if (blank) {
            out[n++] = ' ';
        }
        blank = false;
        memcpy(out + n, length > 0 ? s.p + i : "?", bytes);
        n += bytes;
        i += bytes;
    }
    return (struct wn_span){out, n};
}
