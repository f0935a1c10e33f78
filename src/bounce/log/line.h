/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_LOG_LINE_H
#define WN_BOUNCE_LOG_LINE_H

/* The lines of a log and what they are made of. Pure; any thread may call it. */

#include "base/str.h"

enum {
    WN_LOG_LINE_MAX = 1 << 16 /* bytes; no mail server writes longer ones */
};

/* The line that begins at window[*at], without its line end (LF or CR LF); *at moves behind it.
 * False when no whole line is left. */
static inline bool wn_line_next(struct wn_span window, size_t *at, struct wn_span *line)
{
    if (*at >= window.n) {
        return false;
    }
    const char *begin = window.p + *at;
    const char *end = memchr(begin, '\n', window.n - *at);
    if (end == NULL) {
        return false;
    }
    *at = (size_t)(end + 1 - window.p);
    *line = (struct wn_span){begin, (size_t)(end - begin)};
    line->n -= line->n > 0 && end[-1] == '\r';
    return true;
}

static inline bool wn_begins(struct wn_span s, struct wn_span with)
{
    return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

/* Without its first n bytes, which it has. */
static inline struct wn_span wn_behind(struct wn_span s, size_t n)
{
    return (struct wn_span){s.p + n, s.n - n};
}

/* Drops `word` from the front of *s if it begins with it. */
static inline bool wn_skip(struct wn_span *s, struct wn_span word)
{
    bool there = wn_begins(*s, word);
    if (there) {
        *s = wn_behind(*s, word.n);
    }
    return there;
}

/* Where `needle` first stands in `s`, or NULL. */
static inline const char *wn_find(struct wn_span s, struct wn_span needle)
{
    return s.p != NULL && s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
}

static inline bool wn_contains(struct wn_span s, struct wn_span needle)
{
    return wn_find(s, needle) != NULL;
}

/* Takes what stands before `stop` off the front of *s, and `stop` with it; false, and nothing is
 * taken, when it is not there. */
bool wn_take(struct wn_span *s, struct wn_span stop, struct wn_span *before);

/* The value of "key=value" that ends at `end` or with the text. `key` is given with what stands
 * before it and with its "=", e.g. " relay=". False when there is none. */
bool wn_value(struct wn_span s, struct wn_span key, char end, struct wn_span *value);

/* How many bytes the address at the front has, up to `end`, which does not count inside a quoted
 * local part (RFC 5321 4.1.2, Quoted-string). */
size_t wn_address_length(struct wn_span s, char end);

/* Reads "<address>" off the front of *s: false when it is none. */
bool wn_take_bracketed(struct wn_span *s, struct wn_span *address);

/* An enhanced status code (RFC 3463) at the front, e.g. "5.1.1": its length, or 0. */
size_t wn_read_status(struct wn_span s, uint8_t enhanced[2], uint16_t *detail);

/* Whether "host[1.2.3.4]:25", "[::1]" or "host (1.2.3.4)" is this very machine: a content filter
 * or the next of its own daemons, and never a mail exchanger. */
bool wn_is_loopback(struct wn_span relay);

#endif
