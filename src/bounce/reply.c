/* SPDX-License-Identifier: MIT */
/* Codes are found by their surroundings. A basic code counts at the start, behind punctuation or a
 * word that announces it ("said: 550", "error 550"), or when an enhanced code follows; an enhanced
 * code counts at the start of a word. So "in 450 seconds" is none, nor is a part of [5.1.1.20].
 *
 * A text is searched for some two hundred phrases. Nearly all are ruled out by one look at a bit
 * set of the four-byte sequences in the text; only the rest is compared. */
#include "bounce/reply.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return wn_lower(c) >= 'a' && wn_lower(c) <= 'z';
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Reads "5.1.1" at s[at]: its length, or 0. */
static size_t read_enhanced(struct wn_span s, size_t at, uint8_t enhanced[2], uint16_t *detail)
{
    if (at + 5 > s.n || !is_one_of(s.p[at], "245") || s.p[at + 1] != '.' ||
        !is_one_of(s.p[at + 2], "01234567") || s.p[at + 3] != '.') {
        return 0;
    }
    if (at > 0 && !is_one_of(s.p[at - 1], " \t\r\n-(<[{#:;=,/|\"'>")) {
        return 0;
    }
    size_t end = at + 4;
    unsigned value = 0;
    while (end < s.n && is_digit(s.p[end]) && end < at + 8) {
        value = value * 10 + (unsigned)(s.p[end++] - '0');
    }
    bool goes_on = end < s.n && (is_digit(s.p[end]) || is_letter(s.p[end]) ||
                                 (s.p[end] == '.' && end + 1 < s.n && is_digit(s.p[end + 1])));
    if (end == at + 4 || value > 999 || goes_on) {
        return 0;
    }
    enhanced[0] = (uint8_t)(s.p[at] - '0');
    enhanced[1] = (uint8_t)(s.p[at + 2] - '0');
    *detail = (uint16_t)value;
    return end - at;
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
    if (at + 3 > s.n || !is_one_of(s.p[at], "245") || !is_digit(s.p[at + 1]) ||
        !is_digit(s.p[at + 2])) {
        return false;
    }
    if (at > 0 && !is_one_of(s.p[at - 1], " \t\r\n:;(<[{>#\"'|")) {
        return false;
    }
    if (at + 3 < s.n && !is_one_of(s.p[at + 3], " \t\r\n-:;,/_)]\"'")) {
        return false;
    }
    if (!is_announced(s, at) && read_enhanced(s, at + 4, enhanced, &detail) == 0) {
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
        if (!is_one_of(text.p[i], "245")) {
            continue;
        }
        if (!enhanced_found && read_enhanced(text, i, enhanced, detail) > 0) {
            enhanced_found = true;
        } else if (!basic_found) {
            basic_found = read_basic(text, i, code);
        }
    }
    return basic_found || enhanced_found;
}

static size_t hash_four(const char *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return (four * UINT32_C(2654435761)) >> 20; /* twelve bits */
}

/* Whether a word is nothing but codes: "550", "5.1.1", "550-5.1.1", "#5.1.1". */
static bool is_code(struct wn_span word)
{
    bool digits = false;
    for (size_t i = 0; i < word.n; i++) {
        if (!is_digit(word.p[i]) && !is_one_of(word.p[i], ".-#:")) {
            return false;
        }
        digits = digits || is_digit(word.p[i]);
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
    } else if (reply.n > WN_DIAGNOSTIC_MAX) {
        reply.n = WN_DIAGNOSTIC_MAX;
    }
    plain->n = 0;
    plain->text[plain->n++] = ' ';
    memset(plain->fours, 0, sizeof plain->fours);
    for (size_t i = 0, start = 0; i <= reply.n; i++) {
        if (i == reply.n || is_one_of(reply.p[i], " \t\r\n\v\f_")) {
            add_word(plain, (struct wn_span){reply.p + start, i - start});
            start = i + 1;
        }
    }
    plain->text[plain->n] = '\0';
    for (size_t i = 0; i + 4 <= plain->n; i++) {
        size_t bit = hash_four(plain->text + i);
        plain->fours[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
}

bool wn_plain_has(const struct wn_plain *plain, struct wn_span phrase)
{
    size_t bit = hash_four(phrase.p);
    return (plain->fours[bit / 64] >> (bit % 64) & 1) != 0 &&
           memmem(plain->text, plain->n, phrase.p, phrase.n) != NULL;
}

enum wn_phase wn_reply_phase(const struct wn_plain *plain)
{
    /* Postfix names the command in parentheses, Exim and Postfix's time-outs in a sentence. */
    static const struct {
        struct wn_span phrase;
        enum wn_phase phase;
    } phases[] = {
        {{"in reply to rcpt to", 19}, WN_PHASE_rcpt},
        {{"in reply to mail from", 21}, WN_PHASE_mail},
        {{"in reply to end of data", 23}, WN_PHASE_data},
        {{"in reply to data command", 24}, WN_PHASE_data},
        {{"in reply to ehlo", 16}, WN_PHASE_ehlo},
        {{"in reply to helo", 16}, WN_PHASE_ehlo},
        {{"while sending rcpt to", 21}, WN_PHASE_rcpt},
        {{"while sending mail from", 23}, WN_PHASE_mail},
        {{"while sending end of data", 25}, WN_PHASE_data},
        {{"while sending message body", 26}, WN_PHASE_data},
        {{"while receiving the initial server greeting", 43}, WN_PHASE_connect},
        {{"after rcpt to", 13}, WN_PHASE_rcpt},
        {{"after rcpt @", 12}, WN_PHASE_rcpt}, /* TO:<bob@example.com> */
        {{"after mail from", 15}, WN_PHASE_mail},
        {{"after mail @", 12}, WN_PHASE_mail},
        {{"after end of data", 17}, WN_PHASE_data},
        {{"after initial connection", 24}, WN_PHASE_connect},
        {{"after ehlo", 10}, WN_PHASE_ehlo},
        {{"after helo", 10}, WN_PHASE_ehlo},
        {{" connect to ", 12}, WN_PHASE_connect},
    };
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        if (wn_plain_has(plain, phases[i].phrase)) {
            return phases[i].phase;
        }
    }
    return WN_PHASE_unknown;
}
