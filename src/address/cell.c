/* SPDX-License-Identifier: MIT */
/* Where in a cell is the address? People paste from mail programs, web pages and chat, so an
 * address comes wrapped: `Bob <bob@x.com>`, `mailto:bob@x.com`, `'bob@x.com';`. Wrappings are taken
 * off from the outside to the inside, at most ROUNDS times; nothing inside the address itself is
 * repaired.
 *
 * What is left may still be two addresses. To tell `a@x.com, b@y.com` (two people) from `bob@x,com`
 * (one slip), the cell is cut at what cannot stand in an address and the pieces with something on
 * both sides of an @ are counted. A piece that repeats (`bob@x.com <bob@x.com>`, as Outlook writes
 * it) is one person, and a quoted text is a display name unless an @ follows it.
 *
 * Every function is linear in the cell: a cell may be a mebibyte of quotes. */
#include "address/internal.h"

enum {
    ROUNDS = 4
};

static uint8_t class_of(char c)
{
    return wn_octet_class[(uint8_t)c];
}

static bool is_at(const char *p, size_t n, size_t *length)
{
    *length = 1;
    if (*p == '@') {
        return true;
    }
    return ((uint8_t)*p & 0xf0) == 0xe0 && wn_glyph_at(p, n, length) == WN_GLYPH_AT;
}

bool wn_cell_has_at(struct wn_span text)
{
    size_t length = 1;
    for (size_t i = 0; i < text.n; i++) {
        if (is_at(text.p + i, text.n - i, &length)) {
            return true;
        }
    }
    return false;
}

static struct wn_span slice(struct wn_span s, size_t from, size_t to)
{
    return (struct wn_span){s.p + from, to - from};
}

/* The octets of a blank at the very end; 0 when there is none. */
static size_t blank_at_end(struct wn_span s)
{
    size_t length = 1;
    if (s.n == 0) {
        return 0;
    }
    for (size_t back = 1; back <= 4 && back <= s.n; back++) {
        uint8_t c = (uint8_t)s.p[s.n - back];
        if (c < 0x80 && back > 1) {
            break;
        }
        if ((c & 0xc0) != 0x80) {
            return wn_blank_at(s.p + s.n - back, back, &length) && length == back ? back : 0;
        }
    }
    /* Windows-1252's no-break space and soft hyphen are UTF-8 continuations without a start. */
    return wn_blank_at(s.p + s.n - 1, 1, &length) ? 1 : 0;
}

static struct wn_span trim(struct wn_span s, uint32_t *flags)
{
    size_t length = 1;
    size_t before = s.n;
    while (s.n > 0 && wn_blank_at(s.p, s.n, &length)) {
        s = slice(s, length, s.n);
    }
    while ((length = blank_at_end(s)) > 0) {
        s.n -= length;
    }
    if (s.n != before) {
        *flags |= WN_FLAG_trimmed;
    }
    return s;
}

/* What people put between addresses, and behind the last, in several scripts. */
static const char *const commas[] = {
    ",",
    ";",
    "\xef\xbc\x8c", /* full-width comma */
    "\xef\xbc\x9b", /* full-width semicolon */
    "\xe3\x80\x81", /* ideographic comma */
    "\xef\xbd\xa4", /* its half-width form */
    "\xd8\x8c",     /* Arabic comma */
    "\xd8\x9b",     /* Arabic semicolon */
};

/* What ends a sentence. */
static const char *const stops[] = {
    ".",            /* ASCII */
    "\xef\xbc\x8e", /* full-width full stop */
    "\xe3\x80\x82", /* ideographic full stop */
    "\xef\xbd\xa1", /* its half-width form */
};

enum {
    COMMAS = sizeof commas / sizeof *commas,
    COMMAS_IN_FRONT = 4, /* of those: the others may begin an address */
    STOPS = sizeof stops / sizeof *stops
};

/* The octets of the one of these marks that the text begins with; 0 when it does with none. */
static size_t mark_at(struct wn_span s, const char *const *marks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        while (n < s.n && marks[i][n] != '\0' && s.p[n] == marks[i][n]) {
            n++;
        }
        if (n > 0 && marks[i][n] == '\0') {
            return n;
        }
    }
    return 0;
}

/* The same of its end. */
static size_t mark_at_end(struct wn_span s, const char *const *marks, size_t count)
{
    for (size_t back = 1; back <= 3 && back <= s.n; back++) {
        if (mark_at(slice(s, s.n - back, s.n), marks, count) == back) {
            return back;
        }
    }
    return 0;
}

/* Commas, semicolons and a sentence's full stop around the address. */
static struct wn_span trim_punctuation(struct wn_span s, uint32_t *flags)
{
    for (;;) {
        size_t before = s.n;
        s.n -= mark_at_end(s, commas, COMMAS);
        if (s.n == before) {
            s = slice(s, mark_at(s, commas, COMMAS_IN_FRONT), s.n);
        }
        if (s.n == before) {
            break;
        }
        *flags |= WN_FLAG_trimmed;
        s = trim(s, flags);
    }
    /* Two dots are no slip of a sentence: the parser names them. */
    struct wn_span sentence = slice(s, 0, s.n - mark_at_end(s, stops, STOPS));
    if (sentence.n < s.n && sentence.n > 0 && mark_at_end(sentence, stops, STOPS) == 0) {
        *flags |= WN_FLAG_trimmed;
        s = sentence;
    }
    return s;
}

static struct wn_span drop_mailto(struct wn_span s, uint32_t *flags)
{
    static const struct wn_span scheme = {"mailto:", 7};
    if (s.n < scheme.n || !wn_span_equal_nocase(slice(s, 0, scheme.n), scheme)) {
        return s;
    }
    *flags |= WN_FLAG_extracted;
    s = slice(s, scheme.n, s.n);
    const char *at = s.n > 0 ? memchr(s.p, '@', s.n) : NULL;
    if (at != NULL) {
        const char *query = memchr(at, '?', s.n - (size_t)(at - s.p));
        s.n = query != NULL ? (size_t)(query - s.p) : s.n;
    }
    return s;
}

/* The octet behind the quoted string that begins at `i`; 0 when it is never closed. */
static size_t skip_quoted(struct wn_span s, size_t i)
{
    for (i++; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/* The last "<" outside quotes; s.n when there is none. */
static size_t find_angle(struct wn_span s)
{
    size_t found = s.n;
    bool quotes = true; /* a quote seen from here on may be closed */
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '<') {
            found = i;
        } else if (s.p[i] == '"' && quotes) {
            size_t behind = skip_quoted(s, i);
            quotes = behind != 0;
            i = quotes ? behind - 1 : i;
        }
    }
    return found;
}

/* The first ">" outside quotes at or behind `i`; s.n when there is none. */
static size_t find_close(struct wn_span s, size_t i)
{
    bool quotes = true; /* a quote seen from here on may be closed */
    for (; i < s.n && s.p[i] != '>'; i++) {
        if (s.p[i] == '"' && quotes) {
            size_t behind = skip_quoted(s, i);
            quotes = behind != 0;
            i = quotes ? behind - 1 : i;
        }
    }
    return i;
}

/* `Name <addr>`, `<addr>`, `<addr`, `addr>`, and `addr <Name>` the wrong way round. */
static struct wn_span unwrap_angle(struct wn_span s, uint32_t *flags)
{
    size_t open = find_angle(s);
    if (open == s.n) {
        if (s.n > 0 && s.p[s.n - 1] == '>') {
            s.n--;
            *flags |= WN_FLAG_trimmed;
        }
        return s;
    }
    struct wn_span inside = slice(s, open + 1, find_close(s, open + 1));
    struct wn_span before = slice(s, 0, open);
    if (wn_cell_has_at(inside)) {
        *flags |= WN_FLAG_extracted;
        return inside;
    }
    if (wn_cell_has_at(before)) {
        *flags |= WN_FLAG_extracted;
        return before;
    }
    return s;
}

/* Quotes and brackets that people put around a whole address. */
static const struct {
    const char *open, *close;
} pairs[] = {
    {"'", "'"},
    {"`", "`"},
    {"(", ")"},
    {"[", "]"},
    {"{", "}"},
    {"\xe2\x80\x98", "\xe2\x80\x99"}, /* single quotation marks */
    {"\xe2\x80\x9c", "\xe2\x80\x9d"}, /* double quotation marks */
    {"\xe2\x80\x9e", "\xe2\x80\x9c"}, /* low double, high double */
    {"\xc2\xab", "\xc2\xbb"},         /* guillemets */
    {"\xef\xbc\x9c", "\xef\xbc\x9e"}, /* full-width less-than, greater-than */
    {"\xe3\x80\x8c", "\xe3\x80\x8d"}, /* corner brackets */
};

static struct wn_span unwrap_pair(struct wn_span s, uint32_t *flags)
{
    if (s.n > 2 && s.p[0] == '"' && skip_quoted(s, 0) == s.n && wn_cell_has_at(s)) {
        *flags |= WN_FLAG_trimmed;
        return slice(s, 1, s.n - 1);
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t open = strlen(pairs[i].open);
        size_t close = strlen(pairs[i].close);
        if (s.n > open + close && memcmp(s.p, pairs[i].open, open) == 0 &&
            memcmp(s.p + s.n - close, pairs[i].close, close) == 0 && wn_cell_has_at(s)) {
            *flags |= WN_FLAG_trimmed;
            return slice(s, open, s.n - close);
        }
    }
    return s;
}

/* --- how many addresses? ------------------------------------------------------------------------
 */

/* Cuts a cell into pieces. Owned by the caller. */
struct cutter {
    struct wn_span cell;
    size_t i;
    bool quotes; /* a quote seen from here on may be closed */
};

/* The same beyond ASCII: a comma of another script, a blank or what cannot be seen. */
static bool is_wide_separator(struct wn_span rest, bool within, size_t *length)
{
    size_t comma = mark_at(rest, commas, COMMAS);
    bool blank = wn_blank_at(rest.p, rest.n, length);
    *length = comma > 0 ? comma : *length;
    return comma > 0 ||
           (blank && !(within && wn_glyph_at(rest.p, rest.n, length) == WN_GLYPH_JOINER));
}

/* Whether the octets at c->i part one address from the next; *length says how many they are. A
 * joiner spells words in some scripts, so it parts nothing within a piece. */
static bool is_separator(const struct cutter *c, bool within, bool behind_at, bool literal,
                         size_t *length)
{
    const char *p = c->cell.p + c->i;
    size_t left = c->cell.n - c->i;

    *length = 1;
    switch (*p) {
    case ',':
    case ';':
    case '|':
    case '<':
    case '>':
    case '(':
    case ')':
    case '"':
        return true;
    case ':':
    case '[':
    case ']':
        return !literal;
    case '/':
    case '&':
    case '?':
        return behind_at;
    default:
        return (uint8_t)*p < 0x80 ? (class_of(*p) & WN_OCTET_BLANK) != 0
                                  : is_wide_separator((struct wn_span){p, left}, within, length);
    }
}

/* Reads one piece from c->i, which is no separator or the start of a quoted string. True when it
 * has something on both sides of an @. */
static bool read_piece(struct cutter *c, struct wn_span *piece)
{
    size_t start = c->i;
    size_t at = SIZE_MAX; /* the octet behind the first @ */
    size_t length = 1;
    size_t at_length = 1;
    bool literal = false;

    if (c->cell.p[c->i] == '"') {
        size_t behind = c->quotes ? skip_quoted(c->cell, c->i) : 0;
        c->quotes = behind != 0;
        c->i = c->quotes ? behind : c->i + 1;
        if (!c->quotes || c->i == c->cell.n ||
            !is_at(c->cell.p + c->i, c->cell.n - c->i, &length)) {
            return false;
        }
    }
    while (c->i < c->cell.n && !is_separator(c, c->i > start, at != SIZE_MAX, literal, &length)) {
        if (at == SIZE_MAX && is_at(c->cell.p + c->i, c->cell.n - c->i, &at_length)) {
            at = c->i + at_length;
            literal = c->i + at_length < c->cell.n && c->cell.p[c->i + at_length] == '[';
        }
        c->i += length;
    }
    *piece = slice(c->cell, start, c->i);
    /* A slash parts addresses but may begin one, so it is skipped here; a quote begins the next. */
    if (c->i < c->cell.n && c->cell.p[c->i] != '"') {
        c->i += length;
    }
    for (size_t blank; (blank = blank_at_end(*piece)) > 0;) {
        piece->n -= blank;
    }
    for (size_t stop; (stop = mark_at_end(*piece, stops, STOPS)) > 0;) {
        piece->n -= stop;
    }
    if (piece->n > 2 && piece->p[0] == '\'' && piece->p[piece->n - 1] == '\'') {
        *piece = slice(*piece, 1, piece->n - 1);
    }
    return at != SIZE_MAX && piece->p < c->cell.p + at - at_length &&
           c->cell.p + at < piece->p + piece->n;
}

/* As wn_address_several; *total counts repetitions too. */
static size_t list_addresses(struct wn_span cell, struct wn_span *found, size_t max, size_t *total)
{
    struct cutter c = {.cell = cell, .quotes = true};
    size_t count = 0;
    size_t length = 1;

    *total = 0;
    while (c.i < cell.n && count < max) {
        struct wn_span piece = {0};
        if (cell.p[c.i] != '"' && is_separator(&c, false, false, false, &length)) {
            c.i += length;
            continue;
        }
        if (!read_piece(&c, &piece)) {
            continue;
        }
        bool known = false;
        for (size_t i = 0; i < count && !known; i++) {
            known = wn_span_equal_nocase(piece, found[i]);
        }
        if (!known) {
            found[count++] = piece;
        }
        ++*total;
    }
    return count;
}

size_t wn_address_several(struct wn_span cell, struct wn_span *found, size_t max)
{
    size_t total = 0;
    return list_addresses(cell, found, max, &total);
}

/* --- no address ---------------------------------------------------------------------------------
 */

/* What people write where there is nothing to write. */
static const char *const nothing[] = {
    "\xe2\x80\x93", "\xe2\x80\x94", /* dashes */
    "#n/a",         "#ref!",        "#value!",   "0",       "aucun",      "aucune",    "blank",
    "empty",        "fehlt",        "geen",      "kein",    "keine",      "keines",    "leer",
    "missing",      "n.a",          "n.v.t",     "n/a",     "na",         "nan",       "nessuna",
    "nessuno",      "nil",          "ninguna",   "ninguno", "no",         "no aplica", "no email",
    "no e-mail",    "no mail",      "noemail",   "none",    "not given",  "not known", "null",
    "rien",         "s/e",          "s/o",       "sans",    "sin correo", "tba",       "tbd",
    "unavailable",  "unbekannt",    "undefined", "unknown", "void",       "x",         "xx",
    "xxx",
};

static bool says_nothing(struct wn_span s)
{
    bool word = false;
    for (size_t i = 0; i < s.n && !word; i++) {
        word = (uint8_t)s.p[i] >= 0x80 || ((class_of(s.p[i]) & WN_OCTET_LDH) != 0 && s.p[i] != '-');
    }
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing && word; i++) {
        word = !wn_span_equal_nocase(s, wn_span_of(nothing[i]));
    }
    return !word;
}

enum wn_fault wn_cell_find(struct wn_span cell, struct wn_span *inner, uint32_t *flags,
                           size_t *fault_at)
{
    struct wn_span found[2];
    size_t total = 0;
    struct wn_span s = trim(cell, flags);

    *inner = s;
    *fault_at = (size_t)(s.p - cell.p);
    if (s.n == 0) {
        return WN_FAULT_no_address;
    }
    if (!wn_cell_has_at(s)) {
        return says_nothing(s) ? WN_FAULT_no_address : WN_FAULT_none;
    }
    if (list_addresses(s, found, 2, &total) == 2) {
        *fault_at = (size_t)(found[1].p - cell.p);
        return WN_FAULT_syntax_several;
    }
    if (total > 1) {
        *flags |= WN_FLAG_extracted;
        *inner = found[0];
        return WN_FAULT_none;
    }
    s = trim_punctuation(s, flags);
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = s.n;
        s = trim(s, flags);
        s = drop_mailto(s, flags);
        s = unwrap_angle(s, flags);
        s = unwrap_pair(s, flags);
        if (s.n == before) {
            break;
        }
    }
    *inner = trim(s, flags);
    return WN_FAULT_none;
}
