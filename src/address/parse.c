/* SPDX-License-Identifier: MIT */
/* The syntax: RFC 5321 4.1.2 `Mailbox`, with RFC 6531 3.3 for text beyond ASCII.
 *
 * One pass from left to right over the octets, driven by a table of octet classes; the first fault
 * ends it. Within a part (the local part, a label) characters come before lengths, and the domain's
 * shape (one label, a number at its end, its length) is judged once all its characters are fine, so
 * the reason names what a reader would point at first. Only the places of the parts are noted here:
 * what they amount to is normalize.c's business.
 *
 * White space in front of a "(" is passed over in silence, because `bob@x.com (work)` is a comment
 * to everybody but a parser. */
#include <unictype.h>
#include <unistr.h>

#include "address/internal.h"

#define T WN_OCTET_ATEXT
#define L (WN_OCTET_ATEXT | WN_OCTET_LDH)
#define U (WN_OCTET_ATEXT | WN_OCTET_LDH | WN_OCTET_UPPER)
#define D (WN_OCTET_ATEXT | WN_OCTET_LDH | WN_OCTET_DIGIT)
#define B WN_OCTET_BLANK
/* clang-format off */
const uint8_t wn_octet_class[256] = {
    ['\t'] = B, ['\n'] = B, ['\v'] = B, ['\f'] = B, ['\r'] = B, [' '] = B,
    ['!'] = T, ['#'] = T, ['$'] = T, ['%'] = T, ['&'] = T, ['\''] = T, ['*'] = T, ['/'] = T,
    ['='] = T, ['?'] = T, ['^'] = T, ['_'] = T, ['`'] = T, ['{'] = T, ['|'] = T, ['}'] = T,
    ['~'] = T, ['+'] = T | WN_OCTET_PLUS,
    ['-'] = L | WN_OCTET_SEPARATOR, ['.'] = WN_OCTET_DOT | WN_OCTET_SEPARATOR,
    ['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D,
    ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
    ['A'] = U, ['B'] = U, ['C'] = U, ['D'] = U, ['E'] = U, ['F'] = U, ['G'] = U, ['H'] = U,
    ['I'] = U, ['J'] = U, ['K'] = U, ['L'] = U, ['M'] = U, ['N'] = U, ['O'] = U, ['P'] = U,
    ['Q'] = U, ['R'] = U, ['S'] = U, ['T'] = U, ['U'] = U, ['V'] = U, ['W'] = U, ['X'] = U,
    ['Y'] = U, ['Z'] = U,
    ['a'] = L, ['b'] = L, ['c'] = L, ['d'] = L, ['e'] = L, ['f'] = L, ['g'] = L, ['h'] = L,
    ['i'] = L, ['j'] = L, ['k'] = L, ['l'] = L, ['m'] = L, ['n'] = L, ['o'] = L, ['p'] = L,
    ['q'] = L, ['r'] = L, ['s'] = L, ['t'] = L, ['u'] = L, ['v'] = L, ['w'] = L, ['x'] = L,
    ['y'] = L, ['z'] = L,
};
/* clang-format on */
#undef T
#undef L
#undef U
#undef D
#undef B

static uint8_t class_of(char c)
{
    return wn_octet_class[(uint8_t)c];
}

/* The code point at p, or a negative number where there is no valid UTF-8. */
static int decode(const char *p, size_t n, ucs4_t *uc)
{
    return u8_mbtoucr(uc, (const uint8_t *)p, n);
}

enum wn_glyph wn_glyph_at(const char *p, size_t n, size_t *length)
{
    ucs4_t uc = 0;
    int got = decode(p, n, &uc);
    if (got <= 0) {
        *length = 1;
        return WN_GLYPH_INVALID;
    }
    *length = (size_t)got;
    switch (uc) {
    case '@':
    case 0xff20: /* full-width */
    case 0xfe6b: /* small */
        return WN_GLYPH_AT;
    case 0xff0e:
        return WN_GLYPH_DOT;
    case 0x3002: /* ideographic, and its half-width form: separators in IDNA (UTS 46 2.3) */
    case 0xff61:
        return WN_GLYPH_STOP;
    case 0x200c:
    case 0x200d:
        return WN_GLYPH_JOINER;
    case 0x85: /* next line */
        return WN_GLYPH_SPACE;
    default:
        break;
    }
    if (uc >= 0xff01 && uc <= 0xff5e) {
        return WN_GLYPH_WIDE;
    }
    if (uc_is_property_variation_selector(uc)) {
        return WN_GLYPH_JOINER;
    }
    if (uc_is_general_category_withtable(uc, UC_CATEGORY_MASK_Zs | UC_CATEGORY_MASK_Zl |
                                                 UC_CATEGORY_MASK_Zp)) {
        return WN_GLYPH_SPACE;
    }
    /* Format characters (Cf) hold every bidirectional control. They and the fillers, which are
     * letters to Unicode, cannot be seen: an address that differs from another by nothing visible
     * is not one (RFC 8264 9.13 disallows them likewise). */
    if (uc_is_general_category_withtable(uc, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf |
                                                 UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Co |
                                                 UC_CATEGORY_MASK_Cn) ||
        uc_is_property_default_ignorable_code_point(uc)) {
        return WN_GLYPH_FORBIDDEN;
    }
    return WN_GLYPH_TEXT;
}

char wn_glyph_narrow(const char *p)
{
    ucs4_t uc = 0;
    (void)decode(p, 3, &uc);
    return (char)(uc - 0xff01 + '!');
}

/* White space, and what cannot be seen. */
bool wn_blank_at(const char *p, size_t n, size_t *length)
{
    ucs4_t uc = 0;
    *length = 1;
    if ((uint8_t)*p < 0x80) {
        return (class_of(*p) & WN_OCTET_BLANK) != 0;
    }
    int got = decode(p, n, &uc);
    if (got <= 0) {
        /* Windows-1252: a no-break space or a soft hyphen that stands alone. */
        return (uint8_t)*p == 0xa0 || (uint8_t)*p == 0xad;
    }
    *length = (size_t)got;
    return uc_is_property_white_space(uc) || uc_is_property_default_ignorable_code_point(uc);
}

static bool fail(struct wn_scan *s, enum wn_fault fault, size_t at)
{
    s->fault = fault;
    s->fault_at = at;
    return false;
}

/* A comment where a "(" has its ")", else a stray parenthesis. */
static bool fail_at_parenthesis(struct wn_scan *s, size_t at)
{
    bool closed = memchr(s->text.p + at, ')', s->text.n - at) != NULL;
    return fail(s, closed ? WN_FAULT_syntax_comment : WN_FAULT_syntax_bad_char, at);
}

/* Names the fault of an ASCII character that cannot stand at `i` outside quotes. */
static bool fail_at_char(struct wn_scan *s, size_t i)
{
    if (class_of(s->text.p[i]) & WN_OCTET_BLANK) {
        size_t next = i;
        while (next < s->text.n && (class_of(s->text.p[next]) & WN_OCTET_BLANK)) {
            next++;
        }
        if (next < s->text.n && s->text.p[next] == '(' &&
            memchr(s->text.p + next, ')', s->text.n - next) != NULL) {
            return fail(s, WN_FAULT_syntax_comment, next);
        }
        return fail(s, WN_FAULT_syntax_space, i);
    }
    return s->text.p[i] == '(' ? fail_at_parenthesis(s, i) : fail(s, WN_FAULT_syntax_bad_char, i);
}

/* The @ was found at `i`, `length` octets long. */
static bool end_local(struct wn_scan *s, size_t i, size_t length)
{
    s->at = i;
    s->domain = i + length;
    s->mapped = s->mapped || length > 1;
    return i > 0 || fail(s, WN_FAULT_syntax_empty_local, 0);
}

/* RFC 5321 Quoted-string, RFC 6531 QcontentSMTP; it must be the whole local part. */
static bool scan_quoted(struct wn_scan *s)
{
    const char *p = s->text.p;
    size_t n = s->text.n;
    size_t i = 1;
    size_t length = 1;

    s->quoted = true;
    for (; i < n && p[i] != '"'; i += length) {
        length = 1;
        if ((uint8_t)p[i] >= 0x80) {
            enum wn_glyph glyph = wn_glyph_at(p + i, n - i, &length);
            if (glyph == WN_GLYPH_FORBIDDEN || glyph == WN_GLYPH_INVALID ||
                (glyph == WN_GLYPH_JOINER && (uint8_t)p[i - 1] < 0x80)) {
                return fail(s, WN_FAULT_syntax_utf8, i);
            }
            s->local_wide = true;
        } else if (p[i] == '\\') {
            if (i + 1 < n && ((uint8_t)p[i + 1] < ' ' || (uint8_t)p[i + 1] >= 0x7f)) {
                return fail(s, WN_FAULT_syntax_bad_char, i + 1);
            }
            length = 2;
        } else if (p[i] < ' ' || p[i] == 0x7f) { /* qtextSMTP is all the rest of ASCII */
            return fail(s, WN_FAULT_syntax_bad_char, i);
        }
    }
    if (i >= n) {
        return fail(s, WN_FAULT_syntax_quote, 0);
    }
    i++;
    if (i == n) {
        return fail(s, WN_FAULT_syntax_no_at, n);
    }
    if (wn_glyph_at(p + i, n - i, &length) == WN_GLYPH_AT) {
        return end_local(s, i, length);
    }
    if ((class_of(p[i]) & WN_OCTET_BLANK) || p[i] == '(') {
        return fail_at_char(s, i);
    }
    return fail(s, WN_FAULT_syntax_quote, i);
}

/* A character of the local part beyond ASCII. Sets *dot and *at for the full-width forms, and
 * *joinable where one may follow that joins it to the next or varies it. */
static bool scan_wide_local(struct wn_scan *s, size_t i, size_t *length, bool *dot, bool *at,
                            bool *joinable)
{
    enum wn_glyph glyph = wn_glyph_at(s->text.p + i, s->text.n - i, length);
    bool joined = *joinable;

    *joinable = false;
    *at = glyph == WN_GLYPH_AT;
    *dot = glyph == WN_GLYPH_DOT;
    switch (glyph) {
    case WN_GLYPH_AT:
        return true;
    case WN_GLYPH_DOT:
        s->mapped = true;
        return true;
    case WN_GLYPH_WIDE:
        s->mapped = true;
        return (class_of(wn_glyph_narrow(s->text.p + i)) & WN_OCTET_ATEXT) ||
               fail(s, WN_FAULT_syntax_bad_char, i);
    case WN_GLYPH_SPACE:
        return fail(s, WN_FAULT_syntax_space, i);
    case WN_GLYPH_JOINER:
        if (!joined) {
            return fail(s, WN_FAULT_syntax_utf8, i);
        }
        break;
    case WN_GLYPH_FORBIDDEN:
    case WN_GLYPH_INVALID:
        return fail(s, WN_FAULT_syntax_utf8, i);
    case WN_GLYPH_TEXT:
    case WN_GLYPH_STOP:
        break;
    }
    s->local_wide = true;
    *joinable = true;
    return true;
}

bool wn_scan_local(struct wn_scan *s)
{
    const char *p = s->text.p;
    size_t n = s->text.n;
    size_t length = 1;
    size_t last_dot = SIZE_MAX; /* the dot that the octet before i ends */
    bool joinable = false;      /* the character before i is beyond ASCII */

    if (!wn_cell_has_at(s->text)) {
        return fail(s, WN_FAULT_syntax_no_at, n);
    }
    if (p[0] == '"') {
        return scan_quoted(s);
    }
    for (size_t i = 0; i < n; i += length) {
        uint8_t class = class_of(p[i]);
        bool dot = (class & WN_OCTET_DOT) != 0;
        bool at = p[i] == '@';
        length = 1;
        if (class & WN_OCTET_ATEXT) {
            last_dot = SIZE_MAX;
            joinable = false;
            continue;
        }
        if ((uint8_t)p[i] >= 0x80) {
            if (!scan_wide_local(s, i, &length, &dot, &at, &joinable)) {
                return false;
            }
        } else if (p[i] == '"') {
            return fail(s, WN_FAULT_syntax_quote, i);
        } else if (!dot && !at) {
            return fail_at_char(s, i);
        }
        if (at) {
            return last_dot != SIZE_MAX ? fail(s, WN_FAULT_syntax_dot, last_dot)
                                        : end_local(s, i, length);
        }
        if (dot && (i == 0 || last_dot != SIZE_MAX)) {
            return fail(s, WN_FAULT_syntax_dot, i);
        }
        last_dot = dot ? i : SIZE_MAX;
        joinable = joinable && !dot;
    }
    return fail(s, WN_FAULT_syntax_no_at, n);
}

/* The label from `start` to `end` is complete. Lengths of labels beyond ASCII are known only in
 * A-labels, so normalize.c judges them. */
static bool end_label(struct wn_scan *s, size_t start, size_t end, bool wide)
{
    const char *p = s->text.p;
    if (p[end - 1] == '-') {
        return fail(s, WN_FAULT_syntax_hyphen, end - 1);
    }
    if (!wide && end - start > 63) {
        return fail(s, WN_FAULT_syntax_label_too_long, start + 63);
    }
    return true;
}

/* A character of the domain beyond ASCII. */
static bool scan_wide_domain(struct wn_scan *s, size_t i, size_t *length, bool *dot)
{
    switch (wn_glyph_at(s->text.p + i, s->text.n - i, length)) {
    case WN_GLYPH_DOT:
    case WN_GLYPH_STOP:
        s->mapped = true;
        *dot = true;
        return true;
    case WN_GLYPH_SPACE:
        return fail(s, WN_FAULT_syntax_space, i);
    case WN_GLYPH_AT:
        return fail(s, WN_FAULT_syntax_bad_char, i);
    case WN_GLYPH_INVALID:
        return fail(s, WN_FAULT_syntax_idn, i);
    case WN_GLYPH_WIDE:
        if (!(class_of(wn_glyph_narrow(s->text.p + i)) & WN_OCTET_LDH)) {
            return fail(s, WN_FAULT_syntax_bad_char, i);
        }
        s->domain_wide = true;
        return true;
    default:
        /* libidn2 knows what to make of it. */
        s->domain_wide = true;
        return true;
    }
}

/* RFC 5321 address-literal: only its brackets are judged here. */
static bool scan_literal(struct wn_scan *s)
{
    const char *p = s->text.p;
    const char *close = memchr(p + s->domain, ']', s->text.n - s->domain);
    s->literal = true;
    if (close == NULL) {
        return fail(s, WN_FAULT_syntax_bad_literal, s->domain);
    }
    size_t behind = (size_t)(close - p) + 1;
    if (behind == s->text.n) {
        return true;
    }
    if ((class_of(p[behind]) & WN_OCTET_BLANK) || p[behind] == '(') {
        return fail_at_char(s, behind);
    }
    return fail(s, WN_FAULT_syntax_bad_literal, behind);
}

/* The shape of a domain whose characters are all fine. */
static bool judge_shape(struct wn_scan *s, bool dotted)
{
    const char *p = s->text.p;
    size_t i = s->last_label;
    if (!dotted) {
        return fail(s, WN_FAULT_syntax_single_label, s->domain);
    }
    while (i < s->text.n && (class_of(p[i]) & WN_OCTET_DIGIT)) {
        i++;
    }
    return i < s->text.n || fail(s, WN_FAULT_syntax_numeric_tld, s->last_label);
}

bool wn_scan_domain(struct wn_scan *s)
{
    const char *p = s->text.p;
    size_t n = s->text.n;
    size_t start = s->domain; /* of the label */
    size_t dot_at = 0;        /* of the last dot */
    size_t length = 1;
    bool dotted = false;
    bool wide = false; /* the label */

    if (start == n) {
        return fail(s, WN_FAULT_syntax_empty_domain, n);
    }
    if (p[start] == '[') {
        return scan_literal(s);
    }
    for (size_t i = start; i < n; i += length) {
        bool dot = p[i] == '.';
        length = 1;
        if (class_of(p[i]) & WN_OCTET_LDH) {
            if (p[i] == '-' && i == start) {
                return fail(s, WN_FAULT_syntax_hyphen, i);
            }
            continue;
        }
        if ((uint8_t)p[i] >= 0x80) {
            if (!scan_wide_domain(s, i, &length, &dot)) {
                return false;
            }
            wide = wide || !dot;
        } else if (!dot) {
            return fail_at_char(s, i);
        }
        if (dot) {
            if (i == start) {
                return fail(s, WN_FAULT_syntax_dot, i);
            }
            if (!end_label(s, start, i, wide)) {
                return false;
            }
            dotted = true;
            dot_at = i;
            start = i + length;
            wide = false;
        }
    }
    if (start == n) {
        return fail(s, WN_FAULT_syntax_dot, dot_at);
    }
    s->last_label = start;
    return end_label(s, start, n, wide) && judge_shape(s, dotted);
}
