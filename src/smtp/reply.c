/* SPDX-License-Identifier: MIT */
/* Codes are found by their surroundings. A basic code counts at the start, behind punctuation or a
 * word that announces it ("said: 550", "error 550"), or when an enhanced code follows; an enhanced
 * code counts at the start of a word. So "in 450 seconds" is none, nor is a part of [5.1.1.20] or
 * of 2001:db8:450:1. A success among the words of a bounce is somebody else's: a 2xx counts at the
 * start of the text alone. */
#include "smtp/reply.h"

static bool is_letter(char c)
{
    return wn_lower(c) >= 'a' && wn_lower(c) <= 'z';
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

size_t wn_reply_enhanced(struct wn_span s, uint8_t enhanced[2], uint16_t *detail)
{
    if (s.n < 5 || !is_one_of(s.p[0], "245") || s.p[1] != '.' || !is_one_of(s.p[2], "01234567") ||
        s.p[3] != '.') {
        return 0;
    }
    size_t end = 4;
    unsigned value = 0;
    while (end < s.n && end < 7 && wn_is_digit(s.p[end])) {
        value = value * 10 + (unsigned)(s.p[end++] - '0');
    }
    bool goes_on = end < s.n && (wn_is_digit(s.p[end]) || is_letter(s.p[end]) ||
                                 (s.p[end] == '.' && end + 1 < s.n && wn_is_digit(s.p[end + 1])));
    if (end == 4 || goes_on) {
        return 0;
    }
    enhanced[0] = (uint8_t)(s.p[0] - '0');
    enhanced[1] = (uint8_t)(s.p[2] - '0');
    *detail = (uint16_t)value;
    return end;
}

/* One at s[at], where a word begins. */
static bool read_enhanced(struct wn_span s, size_t at, uint8_t enhanced[2], uint16_t *detail)
{
    bool begins = at == 0 || (at < s.n && is_one_of(s.p[at - 1], " \t\r\n-(<[{#:;=,/|\"'>"));
    return begins && wn_reply_enhanced((struct wn_span){s.p + at, s.n - at}, enhanced, detail) > 0;
}

/* Whether what stands before s[at] announces a basic code. */
static bool is_announced(struct wn_span s, size_t at)
{
    static const char *const words[] = {"smtp", "code", "error", "status", "reply", "response"};
    while (at > 0 && is_one_of(s.p[at - 1], " \t\r\n")) {
        at--;
    }
    if (at == 0 || is_one_of(s.p[at - 1], ":;(<[{>#\"'|")) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct wn_span word = wn_span_of(words[i]);
        if (at >= word.n &&
            wn_span_equal_nocase((struct wn_span){s.p + at - word.n, word.n}, word)) {
            return true;
        }
    }
    return false;
}

static bool read_basic(struct wn_span s, size_t at, uint16_t *code)
{
    uint8_t enhanced[2];
    uint16_t detail;
    if (at + 3 > s.n || !is_one_of(s.p[at], "245") || !wn_is_digit(s.p[at + 1]) ||
        !wn_is_digit(s.p[at + 2])) {
        return false;
    }
    if (at > 0 && !is_one_of(s.p[at - 1], " \t\r\n:;(<[{>#\"'|")) {
        return false;
    }
    if (at + 3 < s.n && !is_one_of(s.p[at + 3], " \t\r\n-:;,/_)]\"'")) {
        return false;
    }
    bool before_enhanced = read_enhanced(s, at + 4, enhanced, &detail);
    bool in_address = at > 0 && s.p[at - 1] == ':' && at + 3 < s.n && s.p[at + 3] == ':';
    if (!before_enhanced && (!is_announced(s, at) || in_address || (s.p[at] == '2' && at > 0))) {
        return false;
    }
    *code = (uint16_t)((s.p[at] - '0') * 100 + (s.p[at + 1] - '0') * 10 + (s.p[at + 2] - '0'));
    return true;
}

bool wn_reply_codes(struct wn_span text, uint16_t *code, uint8_t enhanced[2], uint16_t *detail)
{
    bool basic_found = false, enhanced_found = false;
    *code = 0;
    enhanced[0] = enhanced[1] = 0;
    *detail = 0;
    for (size_t i = 0; i < text.n && !(basic_found && enhanced_found); i++) {
        if (text.p[i] != '5' && text.p[i] != '4' && text.p[i] != '2') {
            continue;
        }
        if (!enhanced_found && read_enhanced(text, i, enhanced, detail)) {
            enhanced_found = true;
        } else if (!basic_found) {
            basic_found = read_basic(text, i, code);
        }
    }
    return basic_found || enhanced_found;
}

/* What stands between words; qmail's log has underscores for blanks. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '_';
}

/* Whether a word is nothing but codes: "550", "5.1.1", "550-5.1.1", "#5.1.1". */
static bool is_code(struct wn_span word)
{
    bool digits = false;
    for (size_t i = 0; i < word.n; i++) {
        if (!wn_is_digit(word.p[i]) && !is_one_of(word.p[i], ".-#:")) {
            return false;
        }
        digits = digits || wn_is_digit(word.p[i]);
    }
    return digits;
}

static void add_word(struct wn_plain *plain, struct wn_span word)
{
    if (is_code(word)) {
        return;
    }
    if (word.n > 0 && memchr(word.p, '@', word.n) != NULL) {
        word = WN_SPAN("@");
    }
    for (size_t i = 0; i < word.n && plain->n < WN_PLAIN_MAX - 1; i++) {
        char c = word.p[i];
        if (c == '\'' || c == '"' || c == '`' || c == '\0') {
            continue;
        }
        if (c == '\xe2' && word.n - i >= 3 && word.p[i + 1] == '\x80' &&
            (word.p[i + 2] == '\x99' || word.p[i + 2] == '\x98')) {
            i += 2; /* a typographic apostrophe */
            continue;
        }
        plain->text[plain->n++] = wn_lower(c);
    }
    if (plain->n < WN_PLAIN_MAX && plain->text[plain->n - 1] != ' ') {
        plain->text[plain->n++] = ' ';
    }
}

void wn_plain_make(struct wn_span reply, struct wn_plain *plain)
{
    if (reply.n == 0) {
        reply.p = "";
    } else if (reply.n > WN_REPLY_TEXT_MAX) {
        reply.n = WN_REPLY_TEXT_MAX;
    }
    plain->n = 0;
    plain->text[plain->n++] = ' ';
    for (size_t i = 0, start = 0; i <= reply.n; i++) {
        if (i == reply.n || is_blank(reply.p[i])) {
            add_word(plain, (struct wn_span){reply.p + start, i - start});
            start = i + 1;
        }
    }
    plain->text[plain->n] = '\0';
}

struct wn_span wn_reply_quoted(struct wn_span text)
{
    for (size_t from = 3; from + 2 <= text.n;) {
        const char *quote = memmem(text.p + from, text.n - from, "-'", 2);
        if (quote == NULL) {
            break;
        }
        size_t at = (size_t)(quote - text.p) - 3;
        const char *code = text.p + at;
        if ((code[0] == '5' || code[0] == '4') && wn_is_digit(code[1]) && wn_is_digit(code[2]) &&
            (at == 0 || is_blank(code[-1]))) {
            return (struct wn_span){code, text.n - at};
        }
        from = at + 5;
    }
    return text;
}

struct wn_span wn_plain_host(const struct wn_plain *plain)
{
    static const char word[] = " host ";
    const char *host = memmem(plain->text, plain->n, word, sizeof word - 1);
    if (host == NULL) {
        return WN_SPAN("");
    }
    host += sizeof word - 1;
    return (struct wn_span){host, strcspn(host, " [(:;,")};
}
