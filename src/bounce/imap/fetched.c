/* SPDX-License-Identifier: MIT */
#include "bounce/imap/fetched.h"

struct scan {
    struct wn_span rest;
};

static bool take(struct scan *s, struct wn_span word)
{
    bool is =
        s->rest.n >= word.n && wn_span_equal_nocase((struct wn_span){s->rest.p, word.n}, word);
    if (is) {
        s->rest.p += word.n;
        s->rest.n -= word.n;
    }
    return is;
}

static struct wn_span take_to(struct scan *s, size_t n)
{
    struct wn_span taken = {s->rest.p, n};
    s->rest.p += n;
    s->rest.n -= n;
    return taken;
}

static struct wn_span take_digits(struct scan *s)
{
    size_t n = 0;
    while (n < s->rest.n && wn_is_digit(s->rest.p[n])) {
        n++;
    }
    return take_to(s, n);
}

/* The length of a quoted string with its quotes, or 0 when it does not end. */
static size_t measure_quoted(struct wn_span s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '"') {
            return i + 1;
        }
        i += s.p[i] == '\\';
    }
    return 0;
}

/* The length of a parenthesised list, whose depth matters to nobody, or 0. */
static size_t measure_list(struct wn_span s)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            size_t n = measure_quoted((struct wn_span){s.p + i, s.n - i});
            if (n == 0) {
                return 0;
            }
            i += n - 1;
        } else if (s.p[i] == '(') {
            depth++;
        } else if (s.p[i] == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* An item's name: "UID", "BODY[HEADER.FIELDS (TO)]<0>". */
static struct wn_span take_name(struct scan *s)
{
    size_t n = 0;
    bool section = false;
    while (n < s->rest.n && (section || (s->rest.p[n] != ' ' && s->rest.p[n] != ')'))) {
        section = s->rest.p[n] == '[' || (section && s->rest.p[n] != ']');
        n++;
    }
    return take_to(s, n);
}

/* A string, list, number or atom as it is written; empty when it does not end. */
static struct wn_span take_value(struct scan *s)
{
    size_t n = 0;
    if (s->rest.n > 0 && s->rest.p[0] == '"') {
        n = measure_quoted(s->rest);
    } else if (s->rest.n > 0 && s->rest.p[0] == '(') {
        n = measure_list(s->rest);
    } else {
        while (n < s->rest.n && s->rest.p[n] != ' ' && s->rest.p[n] != ')') {
            n++;
        }
    }
    return take_to(s, n);
}

static bool is_body(struct wn_span name)
{
    return wn_span_equal_nocase(name, WN_SPAN("BODY[]")) ||
           wn_span_equal_nocase(name, WN_SPAN("BODY[]<0>"));
}

static bool set_item(struct wn_imap_fetched *f, struct wn_span name, struct wn_span value)
{
    uint64_t number = 0;
    if (wn_span_equal_nocase(name, WN_SPAN("UID"))) {
        bool ok = wn_span_number(value, UINT32_MAX, &number) && number > 0 && f->uid == 0;
        f->uid = (uint32_t)number;
        return ok;
    }
    if (wn_span_equal_nocase(name, WN_SPAN("RFC822.SIZE"))) {
        /* 64 bits by RFC 9051; how large a large one is matters to nobody. */
        bool ok = wn_span_number(value, INT64_MAX, &number);
        f->size = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
        return ok;
    }
    if (is_body(name)) {
        bool again = f->has_body;
        f->has_body = !wn_span_equal_nocase(value, WN_SPAN("NIL"));
        if (value.p[0] == '"') {
            f->body = (struct wn_span){value.p + 1, value.n - 2};
        }
        return !again;
    }
    return true;
}

bool wn_imap_read_fetched(struct wn_span line, struct wn_imap_fetched *fetched)
{
    struct scan s = {line};
    *fetched = (struct wn_imap_fetched){0};
    if (!take(&s, WN_SPAN("* ")) || take_digits(&s).n == 0 || !take(&s, WN_SPAN(" FETCH ("))) {
        return false;
    }
    while (!take(&s, WN_SPAN(")"))) {
        while (take(&s, WN_SPAN(" "))) {
        }
        struct wn_span name = take_name(&s);
        if (name.n == 0 || !take(&s, WN_SPAN(" "))) {
            return false;
        }
        struct wn_span value = take_value(&s);
        if (value.n == 0 || !set_item(fetched, name, value)) {
            return false;
        }
        while (take(&s, WN_SPAN(" "))) {
        }
    }
    return true;
}

bool wn_imap_announces(struct wn_span line, uint32_t *octets, bool *body)
{
    uint64_t number;
    size_t at = line.n;
    if (line.n < 3 || line.p[line.n - 1] != '}') {
        return false;
    }
    while (at > 0 && line.p[at - 1] != '{') {
        at--;
    }
    if (at == 0 ||
        !wn_span_number((struct wn_span){line.p + at, line.n - at - 1}, UINT32_MAX, &number)) {
        return false;
    }
    struct wn_span before = wn_span_trim((struct wn_span){line.p, at - 1});
    size_t name = before.n;
    while (name > 0 && before.p[name - 1] != ' ' && before.p[name - 1] != '(') {
        name--;
    }
    *octets = (uint32_t)number;
    *body = is_body((struct wn_span){before.p + name, before.n - name});
    return true;
}
