/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool wn_span_equal_nocase(struct wn_span a, struct wn_span b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (wn_lower(a.p[i]) != wn_lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct wn_span wn_span_trim(struct wn_span s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

bool wn_span_number(struct wn_span s, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;
    if (s.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!wn_is_digit(s.p[i])) {
            return false;
        }
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (digit > max || v > (max - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

void wn_buf_release(struct wn_buf *b)
{
    free(b->p);
    *b = (struct wn_buf){0};
}

void wn_buf_grow(struct wn_buf *b, size_t more)
{
    if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
        wn_out_of_memory();
    }
    size_t cap = b->cap > 0 ? b->cap : 64;
    while (cap - b->len < more) {
        cap *= 2;
    }
    b->p = wn_realloc(b->p, cap);
    b->cap = cap;
}

void wn_buf_add_number(struct wn_buf *b, uint64_t value)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[sizeof digits - ++n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    wn_buf_add(b, digits + sizeof digits - n, n);
}

void wn_buf_addf(struct wn_buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n > 0) {
        (void)vsnprintf(wn_buf_room(b, (size_t)n + 1), (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

const char *wn_buf_text(struct wn_buf *b)
{
    *wn_buf_room(b, 1) = '\0';
    return b->p;
}
