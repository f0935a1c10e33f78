/* SPDX-License-Identifier: MIT */
/* An entry is read by the address parser itself, as one half of an address whose other half is
 * known to be good: what the lists hold can then never differ from what a look-up asks for, and
 * capitals, U-labels and every hostile octet are dealt with in one place. */
#include "address/list_file.h"

#include "address/internal.h"

const struct wn_list_kind wn_list_kinds[WN_LIST_IDS] = {
#define WN_LIST_ROW(name, shape, below, bit, flag, meaning)                                        \
    {#name, WN_LIST_SHAPE_##shape, below, bit, WN_FLAG_##flag, meaning},
#include "address/lists.def"
};

bool wn_list_file_number(struct wn_span name, unsigned *file)
{
    static const struct wn_span add = {".add", 4};
    bool adds =
        name.n > add.n && wn_span_equal((struct wn_span){name.p + name.n - add.n, add.n}, add);
    name.n -= adds ? add.n : 0;
    for (unsigned i = 0; i < WN_LIST_IDS; i++) {
        if (wn_span_equal(wn_span_of(wn_list_kinds[i].name), name)) {
            *file = i * 2 + (adds ? 1 : 0);
            return true;
        }
    }
    return false;
}

/* The address parser on `before` + `name` + `after`; true when the whole is an address. */
static bool read_half(struct wn_address *a, const char *before, struct wn_span name,
                      const char *after, const char **fault)
{
    char room[WN_LIST_LINE_OCTETS + 16];
    char *end = mempcpy(room, before, strlen(before));
    end = mempcpy(end, name.p, name.n);
    end = mempcpy(end, after, strlen(after));
    wn_address_read((struct wn_span){room, (size_t)(end - room)},
                    WN_ADDRESS_SYNTAX_ONLY | WN_ADDRESS_EXACT, a);
    /* Whether the provider gives out such names is not the list's business. */
    if (a->fault == WN_FAULT_none || a->fault == WN_FAULT_syntax_provider) {
        return true;
    }
    *fault = wn_fault_sentence(a->fault);
    return false;
}

static const char *read_domain(struct wn_span name, bool below, struct wn_list_entry *entry)
{
    struct wn_address a;
    const char *fault;
    if (name.n > 0 && name.p[0] == '@') {
        name.p++;
        name.n--;
    } else if (below && name.n > 2 && memcmp(name.p, "*.", 2) == 0) {
        name.p += 2;
        name.n -= 2;
    }
    if (!read_half(&a, "x@", name, "", &fault)) {
        return fault;
    }
    struct wn_span domain = wn_address_domain(&a);
    entry->kind = WN_ENTRY_DOMAIN;
    entry->length = (uint16_t)domain.n;
    memcpy(entry->text, domain.p, domain.n);
    return NULL;
}

static const char *read_local(struct wn_span name, struct wn_list_entry *entry)
{
    static const size_t domain = sizeof "@x.org" - 1;
    struct wn_address a;
    const char *fault;
    if (!read_half(&a, "", name, "@x.org", &fault)) {
        return fault;
    }
    if (a.flags & WN_FLAG_quoted) {
        return "it needs quotes";
    }
    if (a.flags & WN_FLAG_tagged) {
        return "it has a +: what stands behind it is never looked at";
    }
    entry->kind = WN_ENTRY_LOCAL;
    entry->length = (uint16_t)(wn_address_key(&a, entry->text) - domain);
    return NULL;
}

static const char *read_address(struct wn_span name, struct wn_list_entry *entry)
{
    struct wn_address a;
    const char *fault;
    if (!read_half(&a, "", name, "", &fault)) {
        return fault;
    }
    entry->kind = WN_ENTRY_ADDRESS;
    entry->length = (uint16_t)wn_address_key(&a, entry->text);
    return NULL;
}

/* bob@x.org; @x.org or x.org; info@ or info. */
static const char *read_any(struct wn_span name, struct wn_list_entry *entry)
{
    const char *at = memchr(name.p, '@', name.n);
    if (at == NULL) {
        return memchr(name.p, '.', name.n) != NULL ? read_domain(name, true, entry)
                                                   : read_local(name, entry);
    }
    if (at == name.p) {
        return read_domain(name, true, entry);
    }
    if (at == name.p + name.n - 1) {
        name.n--;
        return read_local(name, entry);
    }
    return read_address(name, entry);
}

/* Without a comment and the blanks around. */
static struct wn_span content_of(struct wn_span line)
{
    line = wn_span_trim(line);
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t')) {
            line.n = i;
            break;
        }
    }
    return wn_span_trim(line);
}

static const char *read_entry(enum wn_list_id list, struct wn_span name,
                              struct wn_list_entry *entry)
{
    const struct wn_list_kind *kind = &wn_list_kinds[list];
    switch (kind->shape) {
    case WN_LIST_SHAPE_LOCAL:
        return read_local(name, entry);
    case WN_LIST_SHAPE_DOMAIN:
        return read_domain(name, kind->below, entry);
    case WN_LIST_SHAPE_EITHER:
        return name.p[0] == '@' ? read_domain(name, true, entry) : read_local(name, entry);
    case WN_LIST_SHAPE_ANY:
        break;
    }
    return read_any(name, entry);
}

/* A letter may have a longer lower case (U+023A: two octets, three), so the key of a valid address
 * may be one that cannot be read again. */
static bool is_too_long(const struct wn_list_entry *entry)
{
    const char *at = memrchr(entry->text, '@', entry->length);
    size_t local = at != NULL ? (size_t)(at - entry->text) : entry->length;
    return entry->length > WN_ADDRESS_MAX ||
           (entry->kind != WN_ENTRY_DOMAIN && local > WN_LOCAL_MAX);
}

const char *wn_list_entry_read(enum wn_list_id list, struct wn_span line,
                               struct wn_list_entry *entry)
{
    struct wn_span name = content_of(line);
    entry->length = 0;
    if (line.n > WN_LIST_LINE_OCTETS) {
        return "the line is too long";
    }
    if (name.n == 0) {
        return NULL;
    }
    const char *fault = read_entry(list, name, entry);
    /* "#x"@y.org loses its needless quotes, and could not be written into a file any more. */
    if (fault == NULL &&
        content_of((struct wn_span){entry->text, entry->length}).n < entry->length) {
        fault = "its # begins a comment";
    }
    if (fault == NULL && is_too_long(entry)) {
        fault = "it is too long in lower case";
    }
    if (fault != NULL) {
        entry->length = 0;
    }
    return fault;
}

int wn_list_text_read(enum wn_list_id list, struct wn_span text, wn_list_visit *visit, void *arg)
{
    struct wn_list_entry entry;
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
        text.p += 3;
        text.n -= 3;
    }
    for (uint64_t number = 1; text.n > 0; number++) {
        const char *end = memchr(text.p, '\n', text.n);
        struct wn_span line = {text.p, end != NULL ? (size_t)(end - text.p) : text.n};
        size_t taken = line.n + (end != NULL ? 1 : 0);
        const char *fault = wn_list_entry_read(list, line, &entry);
        if (fault != NULL || entry.length > 0) {
            int stopped = visit(arg, number, line, fault == NULL ? &entry : NULL, fault);
            if (stopped != 0) {
                return stopped;
            }
        }
        text.p += taken;
        text.n -= taken;
    }
    return 0;
}

void wn_list_entry_write(enum wn_list_id list, const struct wn_list_entry *entry,
                         struct wn_buf *out)
{
    enum wn_list_shape shape = wn_list_kinds[list].shape;
    if (shape == WN_LIST_SHAPE_EITHER && entry->kind == WN_ENTRY_DOMAIN) {
        wn_buf_add_char(out, '@');
    }
    wn_buf_add(out, entry->text, entry->length);
    if (shape == WN_LIST_SHAPE_ANY && entry->kind == WN_ENTRY_LOCAL) {
        wn_buf_add_char(out, '@');
    }
}
