/* SPDX-License-Identifier: MIT */
/* A whole address that a slip made faulty. What is tried is little, and each attempt must end at a
 * provider's domain letter by letter and be a faultless address when read again; so a wrong attempt
 * comes to nothing, and the attempts need no proof of their own that they are the only one.
 *
 * Behind the @, whatever cannot stand in a domain was either hit by accident and is dropped (the
 * blank of `g mail.com`, the second @ of `@@gmail.com`), or hit for the dot (`gmail,com`). If both
 * lead to a provider, neither is certain. Without an @, something that looks or sounds like one is
 * taken for it; a full stop, or nothing at all, only before the providers that slips.txt calls
 * sole. */
#include "address/targets.h"
#include "address/typo.h"

enum {
    JUNK_MAX = 4,      /* octets in a domain that cannot stand there */
    LOCAL_AT_LOST = 3, /* octets of a local part that was glued to its domain, at least */
    TYPED_DOMAIN_MAX = WN_TARGET_MAX + JUNK_MAX + 8
};

/* What people write for an @, or hit instead of it. Longer ones first. */
static const char *const stand_ins[] = {
    " (at) ", " [at] ", " {at} ", " <at> ", "(at)", "[at]", "{at}",
    "<at>",   " at ",   "#",      "!",      "\"",   "'",
};

/* Hosts of a provider, or the start of a web page's address: nobody's local part. */
static const char *const hosts[] = {
    "www", "mail", "webmail", "smtp", "imap", "pop", "pop3", "mx", "ftp", "http", "https", "login",
};

static bool is_provider(struct wn_span domain)
{
    return (wn_names_find(&wn_names_domain, domain) & (WN_LIST_WELLKNOWN | WN_LIST_FREE)) != 0;
}

static bool is_blank(char c)
{
    return (wn_octet_class[(uint8_t)c] & WN_OCTET_BLANK) != 0;
}

/* --- the domain ---------------------------------------------------------------------------------
 */

struct mended {
    size_t length;
    char text[TYPED_DOMAIN_MAX];
};

/* The domain as typed, in lower case, its junk dropped or taken for a dot, without dots at an end
 * or in a row. False when there is too much of anything. */
static bool sweep(struct wn_span typed, bool hyphen_is_junk, bool junk_is_dot, struct mended *m)
{
    size_t junk = 0;
    m->length = 0;
    if (typed.n > sizeof m->text) {
        return false;
    }
    for (size_t i = 0; i < typed.n; i++) {
        char c = wn_lower(typed.p[i]);
        bool ldh = (wn_octet_class[(uint8_t)c] & WN_OCTET_LDH) != 0;
        if (c != '.' && (!ldh || (c == '-' && hyphen_is_junk))) {
            if (((uint8_t)c < ' ' && !is_blank(c)) || (uint8_t)c >= 0x7f || ++junk > JUNK_MAX) {
                return false;
            }
            if (!junk_is_dot) {
                continue;
            }
            c = '.';
        }
        if (c != '.' || (m->length > 0 && m->text[m->length - 1] != '.')) {
            m->text[m->length++] = c;
        }
    }
    if (m->length > 0 && m->text[m->length - 1] == '.') {
        m->length--;
    }
    return true;
}

/* A provider's name without its ending, if it has but one. */
static bool complete(struct wn_span name, struct mended *m)
{
    for (const struct wn_target *t = wn_targets; t->length > 0; t++) {
        if (t->only && t->trust >= WN_TRUST_ANY && t->name == name.n &&
            memcmp(t->text, name.p, name.n) == 0) {
            m->length = t->length;
            memcpy(m->text, t->text, t->length);
            return true;
        }
    }
    return false;
}

static bool mend_domain(struct wn_span typed, struct mended *m)
{
    struct wn_typo typo;

    for (int hyphen = 0; hyphen < 2; hyphen++) {
        struct mended dots;
        if (!sweep(typed, hyphen != 0, false, m) || !sweep(typed, hyphen != 0, true, &dots)) {
            return false;
        }
        struct wn_span one = {m->text, m->length};
        struct wn_span other = {dots.text, dots.length};
        bool dropped = is_provider(one);
        bool dotted = is_provider(other);
        if (dropped && dotted && !wn_span_equal(one, other)) {
            return false;
        }
        if (dotted) {
            *m = dots;
        }
        if (dropped || dotted) {
            return true;
        }
    }
    /* Without a dot it is nobody's domain, so any slip for one will do. */
    if (!sweep(typed, false, false, m) || memchr(m->text, '.', m->length) != NULL) {
        return false;
    }
    if (wn_typo_domain((struct wn_span){m->text, m->length}, &typo)) {
        m->length = typo.length;
        memcpy(m->text, typo.domain, typo.length);
        return true;
    }
    return complete((struct wn_span){m->text, m->length}, m);
}

/* --- the whole ----------------------------------------------------------------------------------
 */

/* Writes local@domain if that is an address without a fault. Such a one takes no memory: the domain
 * is ASCII, and a local part that does take some is too long (wn_address_read). */
static bool put_together(struct wn_span local, struct wn_span domain, char *out, size_t *length)
{
    char text[WN_ADDRESS_MAX];
    struct wn_address a;

    if (local.n > sizeof text - 1 || domain.n > sizeof text - 1 - local.n) {
        return false;
    }
    memcpy(text, local.p, local.n);
    text[local.n] = '@';
    memcpy(text + local.n + 1, domain.p, domain.n);
    if (!wn_address_try((struct wn_span){text, local.n + 1 + domain.n}, WN_ADDRESS_EXACT, &a) ||
        a.fault != WN_FAULT_none || a.length > WN_ADDRESS_MAX) {
        return false;
    }
    memcpy(out, a.text, a.length);
    *length = a.length;
    return true;
}

/* The offset of the last occurrence, without regard to case; SIZE_MAX when there is none. */
static size_t find_last(struct wn_span text, struct wn_span what)
{
    for (size_t at = text.n; at >= what.n; at--) {
        if (wn_span_equal_nocase((struct wn_span){text.p + at - what.n, what.n}, what)) {
            return at - what.n;
        }
    }
    return SIZE_MAX;
}

static bool is_host(struct wn_span local)
{
    const char *dot = memchr(local.p, '.', local.n);
    struct wn_span first = {local.p, dot != NULL ? (size_t)(dot - local.p) : local.n};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        if (wn_span_equal_nocase(first, wn_span_of(hosts[i]))) {
            return true;
        }
    }
    return false;
}

/* bob.gmail.com, bobgmail.com. */
static bool split_glued(struct wn_span text, char *out, size_t *length)
{
    for (const struct wn_target *t = wn_targets; t->length > 0; t++) {
        if (t->trust != WN_TRUST_SOLE || text.n < (size_t)t->length + LOCAL_AT_LOST ||
            !wn_span_equal_nocase((struct wn_span){text.p + text.n - t->length, t->length},
                                  (struct wn_span){t->text, t->length})) {
            continue;
        }
        struct wn_span local = {text.p, text.n - t->length};
        char last = wn_lower(local.p[local.n - 1]);
        local.n -= last == '.' ? 1 : 0;
        /* 2 and q bear the @ on American and German keyboards: part of the name, or the @? */
        return local.n >= LOCAL_AT_LOST && last != '2' && last != 'q' && !is_host(local) &&
               put_together(local, (struct wn_span){t->text, t->length}, out, length);
    }
    return false;
}

static bool mend_at(struct wn_span text, char *out, size_t *length)
{
    if (text.n > WN_ADDRESS_MAX) {
        return false;
    }
    for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++) {
        struct wn_span what = wn_span_of(stand_ins[i]);
        size_t at = find_last(text, what);
        if (at == SIZE_MAX) {
            continue;
        }
        struct mended m;
        struct wn_span typed = {text.p + at + what.n, text.n - at - what.n};
        return sweep(typed, false, false, &m) && m.length == typed.n &&
               is_provider((struct wn_span){m.text, m.length}) &&
               put_together((struct wn_span){text.p, at}, (struct wn_span){m.text, m.length}, out,
                            length);
    }
    return split_glued(text, out, length);
}

bool wn_typo_address(const struct wn_address *address, struct wn_span cell, char *out,
                     size_t *length)
{
    struct wn_typo typo;
    struct mended m;

    if (address->length > 0) {
        return (address->fault == WN_FAULT_none || address->fault == WN_FAULT_unknown_tld) &&
               wn_typo_domain(wn_address_domain(address), &typo) &&
               put_together(wn_address_local(address), (struct wn_span){typo.domain, typo.length},
                            out, length);
    }
    if (address->cell_at > cell.n || address->cell_length > cell.n - address->cell_at ||
        address->cell_length == 0 || address->fault == WN_FAULT_syntax_several ||
        address->fault == WN_FAULT_no_address) {
        return false;
    }
    struct wn_span text = {cell.p + address->cell_at, address->cell_length};
    if (address->fault == WN_FAULT_syntax_no_at) {
        return mend_at(text, out, length);
    }
    const char *at = memchr(text.p, '@', text.n);
    if (at == NULL) {
        return false;
    }
    struct wn_span local = {text.p, (size_t)(at - text.p)};
    struct wn_span domain = {at + 1, text.n - local.n - 1};
    while (local.n > 0 && is_blank(local.p[local.n - 1])) {
        local.n--;
    }
    return mend_domain(domain, &m) &&
           put_together(local, (struct wn_span){m.text, m.length}, out, length);
}
