/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_STR_H
#define WN_BASE_STR_H

/* Bytes with a length (`wn_span`, a view that owns nothing) and a growing buffer (`wn_buf`). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct wn_span {
    const char *p;
    size_t n;
};

/* A view of a literal. */
#define WN_SPAN(literal) ((struct wn_span){(literal), sizeof(literal) - 1})

static inline struct wn_span wn_span_of(const char *text)
{
    return (struct wn_span){text, text != NULL ? strlen(text) : 0};
}

static inline bool wn_span_equal(struct wn_span a, struct wn_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal but for the case of ASCII letters; every other octet must be the same. */
bool wn_span_equal_nocase(struct wn_span a, struct wn_span b);

/* Without leading and trailing ASCII white space (space, \t, \n, \v, \f, \r). */
struct wn_span wn_span_trim(struct wn_span s);

/* ASCII only, whatever the locale. */
static inline char wn_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool wn_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether no octet is above 0x7f. */
static inline bool wn_span_is_ascii(struct wn_span s)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < s.n; i++) {
        seen |= (unsigned char)s.p[i];
    }
    return seen < 0x80;
}

/* A decimal number that fills the whole span: at most `max`, no sign, no space. */
bool wn_span_number(struct wn_span s, uint64_t max, uint64_t *value);

/* Owned by the caller, zero-initialised; `clear` empties and keeps the capacity. */
struct wn_buf {
    char *p;
    size_t len;
    size_t cap;
};

void wn_buf_release(struct wn_buf *b);

static inline void wn_buf_clear(struct wn_buf *b)
{
    b->len = 0;
}

void wn_buf_grow(struct wn_buf *b, size_t more);

/* Makes room for `more` bytes behind the content and returns where they go. */
static inline char *wn_buf_room(struct wn_buf *b, size_t more)
{
    if (b->cap - b->len < more) {
        wn_buf_grow(b, more);
    }
    return b->p + b->len;
}

static inline void wn_buf_add(struct wn_buf *b, const char *p, size_t n)
{
    if (n > 0) {
        memcpy(wn_buf_room(b, n), p, n);
        b->len += n;
    }
}

static inline void wn_buf_add_span(struct wn_buf *b, struct wn_span s)
{
    wn_buf_add(b, s.p, s.n);
}

static inline void wn_buf_add_char(struct wn_buf *b, char c)
{
    *wn_buf_room(b, 1) = c;
    b->len++;
}

static inline void wn_buf_add_text(struct wn_buf *b, const char *text)
{
    wn_buf_add(b, text, strlen(text));
}

/* In decimal. */
void wn_buf_add_number(struct wn_buf *b, uint64_t value);

void wn_buf_addf(struct wn_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The content as a NUL-terminated text, valid until the next change. */
const char *wn_buf_text(struct wn_buf *b);

static inline struct wn_span wn_buf_span(const struct wn_buf *b)
{
    return (struct wn_span){b->p, b->len};
}

#endif
