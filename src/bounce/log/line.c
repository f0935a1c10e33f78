/* SPDX-License-Identifier: MIT */
#include "bounce/log/line.h"

bool wn_take(struct wn_span *s, struct wn_span stop, struct wn_span *before)
{
    const char *at = wn_find(*s, stop);
    if (at == NULL) {
        return false;
    }
    *before = (struct wn_span){s->p, (size_t)(at - s->p)};
    *s = wn_behind(*s, before->n + stop.n);
    return true;
}

bool wn_value(struct wn_span s, struct wn_span key, char end, struct wn_span *value)
{
    const char *at = wn_find(s, key);
    if (at == NULL) {
        return false;
    }
    *value = wn_behind(s, (size_t)(at - s.p) + key.n);
    const char *stop = value->n > 0 ? memchr(value->p, end, value->n) : NULL;
    if (stop != NULL) {
        value->n = (size_t)(stop - value->p);
    }
    return true;
}

size_t wn_address_length(struct wn_span s, char end)
{
    size_t i = 0;
    if (s.n > 0 && s.p[0] == '"') {
        i++;
        while (i < s.n && s.p[i] != '"') {
            i += s.p[i] == '\\' ? 2 : 1;
        }
        if (i >= s.n) {
            i = 0; /* no end: the quotation mark is an ordinary character */
        }
    }
    const char *stop = i < s.n ? memchr(s.p + i, end, s.n - i) : NULL;
    return stop != NULL ? (size_t)(stop - s.p) : s.n;
}

bool wn_take_bracketed(struct wn_span *s, struct wn_span *address)
{
    struct wn_span rest = *s;
    if (!wn_skip(&rest, WN_SPAN("<"))) {
        return false;
    }
    size_t n = wn_address_length(rest, '>');
    if (n == rest.n) {
        return false;
    }
    *address = (struct wn_span){rest.p, n};
    *s = wn_behind(rest, n + 1);
    return true;
}

size_t wn_read_status(struct wn_span s, uint8_t enhanced[2], uint16_t *detail)
{
    if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.' ||
        !wn_is_digit(s.p[2]) || s.p[3] != '.') {
        return 0;
    }
    size_t n = 4;
    unsigned value = 0;
    while (n < s.n && n < 7 && wn_is_digit(s.p[n])) {
        value = value * 10 + (unsigned)(s.p[n++] - '0');
    }
    if (n == 4 || (n < s.n && wn_is_digit(s.p[n]))) {
        return 0;
    }
    enhanced[0] = (uint8_t)(s.p[0] - '0');
    enhanced[1] = (uint8_t)(s.p[2] - '0');
    *detail = (uint16_t)value;
    return n;
}

/* An address literal, or the name that everybody gives it. */
static bool is_own_host(struct wn_span host)
{
    return wn_begins(host, WN_SPAN("127.")) || wn_span_equal(host, WN_SPAN("::1")) ||
           wn_span_equal_nocase(host, WN_SPAN("IPv6:::1")) ||
           wn_span_equal_nocase(host, WN_SPAN("localhost")) ||
           wn_span_equal_nocase(host, WN_SPAN("localhost.localdomain"));
}

bool wn_is_loopback(struct wn_span relay)
{
    static const char *const brackets[] = {"[]", "()"};
    for (size_t i = 0; i < sizeof brackets / sizeof *brackets; i++) {
        const char *open = relay.n > 0 ? memchr(relay.p, brackets[i][0], relay.n) : NULL;
        if (open == NULL) {
            continue;
        }
        struct wn_span inside = wn_behind(relay, (size_t)(open + 1 - relay.p));
        const char *close = inside.n > 0 ? memchr(inside.p, brackets[i][1], inside.n) : NULL;
        if (close != NULL && is_own_host((struct wn_span){inside.p, (size_t)(close - inside.p)})) {
            return true;
        }
    }
    size_t n = 0;
    while (n < relay.n && relay.p[n] != '[' && relay.p[n] != ' ' && relay.p[n] != '(') {
        n++;
    }
    /* A socket beside it says more: localhost[private/dovecot-lmtp] is a mailbox server. */
    bool socket = n + 1 < relay.n && wn_find(relay, WN_SPAN("/")) != NULL;
    return !socket && is_own_host((struct wn_span){relay.p, n});
}
