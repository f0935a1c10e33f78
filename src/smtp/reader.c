/* SPDX-License-Identifier: MIT */
/* A line is collected as far as it is kept, and counted to its end; then it is looked at once. A
 * reply whose lines differ in their codes is no reply: that is how two look of which one has lost
 * its end, and to take them for one would put every later reply to the wrong command. */
#include "smtp/reader.h"

#include <unistr.h>

#include "smtp/reply.h"

static void add_char(struct wn_smtp_reply *reply, char c)
{
    if (reply->length < WN_SMTP_LINE_MAX - 1) {
        reply->text[reply->length++] = c;
    }
}

/* Appends a text as UTF-8 without control characters; a character that has no room ends it. */
static void add_text(struct wn_smtp_reply *reply, struct wn_span s)
{
    for (size_t i = 0; i < s.n && reply->length < WN_SMTP_LINE_MAX - 1;) {
        ucs4_t c;
        int n = u8_mbtoucr(&c, (const uint8_t *)s.p + i, s.n - i);
        if (n <= 0 || c < ' ' || (c >= 0x7f && c < 0xa0)) {
            add_char(reply, n > 0 && c == '\t' ? ' ' : '?');
            i += n > 0 ? (size_t)n : 1;
            continue;
        }
        if (reply->length + (size_t)n > WN_SMTP_LINE_MAX - 1) {
            break;
        }
        for (int k = 0; k < n; k++) {
            add_char(reply, s.p[i++]);
        }
    }
}

static void add_line(struct wn_smtp_reply *reply, bool first, struct wn_span words)
{
    uint8_t enhanced[2];
    uint16_t detail;
    size_t n = wn_reply_enhanced(words, enhanced, &detail);
    if (n > 0 && reply->enhanced[0] == 0) {
        memcpy(reply->enhanced, enhanced, sizeof enhanced);
        reply->enhanced_detail = detail;
    } else if (n > 0 && memcmp(reply->enhanced, enhanced, sizeof enhanced) == 0 &&
               reply->enhanced_detail == detail) { /* said before */
        while (n < words.n && words.p[n] == ' ') {
            n++;
        }
        words = (struct wn_span){words.p + n, words.n - n};
    }
    if (first) {
        for (unsigned unit = 100; unit > 0; unit /= 10) {
            add_char(reply, (char)('0' + reply->code / unit % 10));
        }
    }
    if (words.n > 0) {
        add_char(reply, ' ');
        add_text(reply, words);
    }
}

static enum wn_smtp_read break_off(struct wn_smtp_reader *reader, const char *detail)
{
    reader->detail = detail;
    return WN_SMTP_READ_BROKEN;
}

/* A whole line without its LF. */
static enum wn_smtp_read take_line(struct wn_smtp_reader *reader, struct wn_span line)
{
    struct wn_smtp_reply *reply = &reader->reply;
    while (line.n > 0 && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !wn_is_digit(line.p[1]) ||
        !wn_is_digit(line.p[2]) || (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')) {
        return break_off(reader, WN_SMTP_NO_REPLY);
    }
    uint16_t code =
        (uint16_t)((line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0'));
    if (reader->lines == 0) {
        memset(reply, 0, offsetof(struct wn_smtp_reply, text));
        reply->code = code;
    } else if (code != reply->code) {
        return break_off(reader, "the code changes from one line of a reply to the next");
    }
    size_t words = line.n > 4 ? 4 : line.n;
    add_line(reply, reader->lines == 0, (struct wn_span){line.p + words, line.n - words});
    if (line.n > 3 && line.p[3] == '-') {
        reader->lines++;
        return reader->lines < WN_SMTP_LINES_MAX
                   ? WN_SMTP_READ_MORE
                   : break_off(reader, "a reply of the server has too many lines");
    }
    reader->lines = 0;
    reply->text[reply->length] = '\0';
    return WN_SMTP_READ_REPLY;
}

enum wn_smtp_read wn_smtp_reader_take(struct wn_smtp_reader *reader, struct wn_span *bytes)
{
    while (bytes->n > 0) {
        const char *end = memchr(bytes->p, '\n', bytes->n);
        size_t n = end != NULL ? (size_t)(end - bytes->p) : bytes->n;
        if (n > (size_t)WN_SMTP_LINE_LIMIT - reader->line) {
            return break_off(reader, "a line of the server has no end");
        }
        if (reader->line < WN_SMTP_LINE_MAX) {
            size_t room = WN_SMTP_LINE_MAX - reader->line;
            memcpy(reader->kept + reader->line, bytes->p, n < room ? n : room);
        }
        reader->line += (uint32_t)n;
        bytes->p += n + (end != NULL);
        bytes->n -= n + (end != NULL);
        if (end != NULL) {
            size_t kept = reader->line < WN_SMTP_LINE_MAX ? reader->line : WN_SMTP_LINE_MAX;
            reader->line = 0;
            enum wn_smtp_read read = take_line(reader, (struct wn_span){reader->kept, kept});
            if (read != WN_SMTP_READ_MORE) {
                return read;
            }
        }
    }
    return WN_SMTP_READ_MORE;
}

void wn_smtp_reply_say(struct wn_smtp_reply *reply, const char *sentence)
{
    memset(reply, 0, offsetof(struct wn_smtp_reply, text));
    add_text(reply, wn_span_of(sentence));
    reply->text[reply->length] = '\0';
}

/* Whether a letter next to an address makes it a part of another one. */
static bool goes_on(char c)
{
    char l = wn_lower(c);
    return (l >= 'a' && l <= 'z') || wn_is_digit(c) || (c != '\0' && strchr("-_+=", c));
}

bool wn_smtp_reply_names(const struct wn_smtp_reply *reply, struct wn_span address)
{
    for (size_t i = 0; i + address.n <= reply->length; i++) {
        if (!wn_span_equal_nocase((struct wn_span){reply->text + i, address.n}, address)) {
            continue;
        }
        bool before = i > 0 && (goes_on(reply->text[i - 1]) || reply->text[i - 1] == '.');
        if (!before && !goes_on(reply->text[i + address.n])) {
            return true;
        }
    }
    return false;
}
