/* SPDX-License-Identifier: MIT */
/* The normal form: two cells that name the same mailbox to a mail server give the same octets here
 * (but for the case of the local part, which is the server's to judge; the key folds it).
 *
 * The local part is reduced to its content: quotes and backslashes off, NFC. Quotes come back only
 * where the content is no dot-string, so `"bob"@x.com` and `bob@x.com` are one. The domain goes
 * label by label: ASCII labels are lower-cased and never shown to libidn2, which refuses names that
 * are in daily use (`ab--cd.com`); the others go through libidn2 (IDNA 2008 with UTS 46,
 * non-transitional). Two of its habits matter: IDN2_USE_STD3_ASCII_RULES does not refuse a
 * forbidden ASCII character but drops it (`a_b` becomes `ab`), so it is left off and what comes out
 * is checked to be a plain label; and the mapping may yield dots or nothing at all, which the same
 * check refuses.
 *
 * Lengths are those of the normal form, which is what SMTP would be told; a fault of length is
 * where the character or label stands that has its first octet too many. The content buffer bounds
 * what is looked at: text that NFC could shrink to 64 octets is never longer than that. */
#include <idn2.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "address/internal.h"

enum {
    CONTENT_MAX = 320, /* octets of a local part before NFC */
    COMPOSED_MAX = CONTENT_MAX * 3,
    WIDE_LABEL_MAX = 512,
    LABEL_MAX = 63
};

static bool fail(struct wn_scan *s, enum wn_fault fault, size_t at)
{
    s->fault = fault;
    s->fault_at = at < s->text.n ? at : s->text.n;
    return false;
}

static bool fail_memory(struct wn_scan *s)
{
    s->no_memory = true;
    return false;
}

static uint8_t class_of(char c)
{
    return wn_octet_class[(uint8_t)c];
}

/* --- scripts --------------------------------------------------------------------------------- */

/* The scripts whose letters are mistaken for each other. A word that holds letters of two of them
 * was written to deceive, or with the wrong keyboard. Chinese, Japanese and Korean names mix with
 * Latin all the time and look like nothing else. */
static const char *const lookalikes[] = {"Latin",    "Cyrillic", "Greek",
                                         "Armenian", "Cherokee", "Coptic"};

static unsigned script_bit(ucs4_t uc)
{
    const uc_script_t *script = uc_script(uc);
    for (unsigned i = 0; script != NULL && i < sizeof lookalikes / sizeof *lookalikes; i++) {
        if (strcmp(script->name, lookalikes[i]) == 0) {
            return 1U << i;
        }
    }
    return 0;
}

/* Whether a word (between ASCII characters that are no letters) mixes look-alikes. */
static bool mixes_scripts(const char *p, size_t n)
{
    unsigned seen = 0;
    for (size_t i = 0; i < n;) {
        ucs4_t uc = 0;
        int length = u8_mbtouc(&uc, (const uint8_t *)p + i, n - i);
        i += (size_t)length;
        if (uc < 0x80 && !((uc | 0x20) >= 'a' && (uc | 0x20) <= 'z')) {
            seen = 0;
            continue;
        }
        seen |= uc < 0x80 ? 1U : script_bit(uc);
        if ((seen & (seen - 1)) != 0) {
            return true;
        }
    }
    return false;
}

/* --- local part ------------------------------------------------------------------------------ */

/* Where the local part's content ends: at its closing quote, or at the @. */
static size_t content_end(const struct wn_scan *s)
{
    return s->quoted ? s->at - 1 : s->at;
}

/* The content of the character at *i, and moves *i behind it. `narrow` has room for the one that
 * stands for a full-width form. */
static struct wn_span take(const struct wn_scan *s, size_t *i, char *narrow)
{
    const char *p = s->text.p;
    size_t at = *i;
    size_t length = 1;

    if (s->quoted && p[at] == '\\') {
        at++;
    } else if ((uint8_t)p[at] >= 0x80) {
        enum wn_glyph glyph = wn_glyph_at(p + at, content_end(s) - at, &length);
        if (!s->quoted && (glyph == WN_GLYPH_DOT || glyph == WN_GLYPH_WIDE)) {
            *narrow = wn_glyph_narrow(p + at);
            *i = at + length;
            return (struct wn_span){narrow, 1};
        }
    }
    *i = at + length;
    return (struct wn_span){p + at, length};
}

/* Takes quotes, backslashes and full-width forms off; false when there is more than fits. */
static bool read_content(const struct wn_scan *s, char content[CONTENT_MAX], size_t *length)
{
    char narrow = 0;
    *length = 0;
    for (size_t i = s->quoted ? 1 : 0; i < content_end(s);) {
        struct wn_span piece = take(s, &i, &narrow);
        if (*length + piece.n > CONTENT_MAX) {
            return false;
        }
        memcpy(content + *length, piece.p, piece.n);
        *length += piece.n;
    }
    return true;
}

/* Where in the text the character stands that has this octet of the content. */
static size_t place_of(const struct wn_scan *s, size_t octet)
{
    char narrow = 0;
    size_t n = 0;
    for (size_t i = s->quoted ? 1 : 0; i < content_end(s);) {
        size_t from = i;
        n += take(s, &i, &narrow).n;
        if (n > octet) {
            return from;
        }
    }
    return content_end(s);
}

/* Brings the text to NFC, in `room`; *same: it was. False with the fault or no_memory set. */
static bool compose(struct wn_scan *s, struct wn_span *text, uint8_t room[COMPOSED_MAX], bool *same)
{
    size_t n = COMPOSED_MAX;
    uint8_t *composed = u8_normalize(UNINORM_NFC, (const uint8_t *)text->p, text->n, room, &n);
    if (composed == NULL) {
        return fail_memory(s);
    }
    if (composed != room) { /* more than 3 octets for one, which Unicode rules out */
        free(composed);
        return fail(s, WN_FAULT_syntax_local_too_long, 0);
    }
    *same = n == text->n && memcmp(room, text->p, n) == 0;
    *text = (struct wn_span){(const char *)room, n};
    return true;
}

/* Whether NFC left a joiner behind ASCII: some characters become ASCII. */
static bool joins_ascii(struct wn_span text)
{
    size_t length = 1;
    for (size_t i = 1; i < text.n; i += length) {
        length = 1;
        if ((uint8_t)text.p[i] >= 0x80 && (uint8_t)text.p[i - 1] < 0x80 &&
            wn_glyph_at(text.p + i, text.n - i, &length) == WN_GLYPH_JOINER) {
            return true;
        }
    }
    return false;
}

/* Whether the content may stand without quotes, and would be read as the same content again. */
static bool is_dot_string(struct wn_span text)
{
    const char *p = text.p;
    bool dot = true; /* the octet before is a dot, or the start */
    size_t length = 1;
    for (size_t i = 0; i < text.n; i += length) {
        length = 1;
        if (class_of(p[i]) & WN_OCTET_ATEXT) {
            dot = false;
        } else if (p[i] == '.') {
            if (dot) {
                return false;
            }
            dot = true;
        } else if ((uint8_t)p[i] >= 0x80) {
            enum wn_glyph glyph = wn_glyph_at(p + i, text.n - i, &length);
            if (glyph != WN_GLYPH_TEXT && glyph != WN_GLYPH_STOP && glyph != WN_GLYPH_JOINER) {
                return false;
            }
            dot = false;
        } else {
            return false;
        }
    }
    return !dot;
}

/* Writes the content between quotes: how many octets, or 0 when that would be more than
 * WN_LOCAL_MAX; then *over is the octet of the content that is the first too many. */
static size_t write_quoted(struct wn_span text, char *out, size_t *over)
{
    size_t length = 0;
    out[length++] = '"';
    for (*over = 0; *over < text.n; ++*over) {
        char c = text.p[*over];
        if (length + 1 + (c == '"' || c == '\\') > WN_LOCAL_MAX) {
            return 0;
        }
        if (c == '"' || c == '\\') {
            out[length++] = '\\';
        }
        out[length++] = c;
    }
    if (length == WN_LOCAL_MAX) {
        return 0;
    }
    out[length++] = '"';
    return length;
}

bool wn_normalize_local(struct wn_scan *s, struct wn_address *a)
{
    char content[CONTENT_MAX];
    uint8_t composed[COMPOSED_MAX];
    struct wn_span text = {content, 0};
    bool same = true;
    size_t length = 0;
    size_t over = WN_LOCAL_MAX;
    bool whole = read_content(s, content, &text.n);

    if (s->local_wide && !compose(s, &text, composed, &same)) {
        return false;
    }
    if (!same && joins_ascii(text)) {
        return fail(s, WN_FAULT_syntax_utf8, 0);
    }
    bool plain = is_dot_string(text) || (!whole && !s->quoted);
    if (!plain) {
        length = write_quoted(text, a->text, &over);
    } else if (text.n <= WN_LOCAL_MAX) {
        memcpy(a->text, text.p, text.n);
        length = text.n;
    }
    if (length == 0 || !whole) {
        /* Where the normal form is not what was written there is no telling which octet it was. */
        return fail(s, WN_FAULT_syntax_local_too_long, same ? place_of(s, over) : 0);
    }
    a->flags |= plain ? 0 : (uint32_t)WN_FLAG_quoted;
    if (!wn_span_is_ascii(text)) {
        a->flags |= WN_FLAG_eai | (mixes_scripts(text.p, text.n) ? WN_FLAG_mixed_script : 0);
    }
    if (text.n > 1 && memchr(text.p + 1, '+', text.n - 1) != NULL) {
        a->flags |= WN_FLAG_tagged;
    }
    a->local_length = (uint16_t)length;
    return true;
}

/* --- domain ---------------------------------------------------------------------------------- */

/* A label of the normal form, at `label` and NUL-terminated: sets the flags that an xn-- earns.
 * False when there is no memory to tell. */
static bool inspect_label(const char *label, bool foreign, uint32_t *flags)
{
    char *wide = NULL;
    if (strncmp(label, "xn--", 4) != 0) {
        return true;
    }
    *flags |= WN_FLAG_idn;
    if (foreign) {
        /* With an A-label, libidn2 decodes it, encodes that again and compares. */
        int rc =
            idn2_lookup_u8((const uint8_t *)label, NULL, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
        if (rc != IDN2_OK) {
            *flags |= WN_FLAG_odd_label;
            return rc != IDN2_MALLOC;
        }
    }
    int rc = idn2_to_unicode_8z8z(label, &wide, 0);
    if (rc == IDN2_OK && mixes_scripts(wide, strlen(wide))) {
        *flags |= WN_FLAG_mixed_script;
    }
    idn2_free(wide);
    return rc != IDN2_MALLOC;
}

static bool is_plain_label(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((class_of(p[i]) & (WN_OCTET_LDH | WN_OCTET_UPPER)) != WN_OCTET_LDH) {
            return false;
        }
    }
    return n > 0 && p[0] != '-' && p[n - 1] != '-';
}

/* The label beyond ASCII that begins at `start` and has n octets, to its A-label (or to the plain
 * ASCII that UTS 46 maps it to) in `out`. */
static bool encode_label(struct wn_scan *s, size_t start, size_t n, char out[LABEL_MAX + 1])
{
    char source[WIDE_LABEL_MAX];
    uint8_t *encoded = NULL;
    enum wn_fault fault = WN_FAULT_none;

    if (n >= sizeof source) {
        return fail(s, WN_FAULT_syntax_label_too_long, start);
    }
    memcpy(source, s->text.p + start, n);
    source[n] = '\0';
    int rc =
        idn2_lookup_u8((const uint8_t *)source, &encoded, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_MALLOC) {
        return fail_memory(s);
    }
    if (rc != IDN2_OK) {
        bool too_long =
            rc == IDN2_TOO_BIG_LABEL || rc == IDN2_TOO_BIG_DOMAIN || rc == IDN2_PUNYCODE_BIG_OUTPUT;
        return fail(s, too_long ? WN_FAULT_syntax_label_too_long : WN_FAULT_syntax_idn, start);
    }
    size_t length = strlen((const char *)encoded);
    if (!is_plain_label((const char *)encoded, length)) {
        fault = WN_FAULT_syntax_idn;
    } else if (length > LABEL_MAX) {
        fault = WN_FAULT_syntax_label_too_long;
    } else {
        memcpy(out, encoded, length + 1);
    }
    idn2_free(encoded);
    return fault == WN_FAULT_none || fail(s, fault, start);
}

/* Notes that the address has outgrown its limit, if it has and for the first time. */
static void note_excess(struct wn_scan *s, const struct wn_address *a, size_t at)
{
    if (a->length > WN_ADDRESS_MAX && s->excess == 0) {
        s->excess = at;
    }
}

/* The label from `start` to `end` of the text, behind what a->text holds. */
static bool write_label(struct wn_scan *s, size_t start, size_t end, struct wn_address *a)
{
    char label[LABEL_MAX + 1];
    const char *p = s->text.p + start;
    size_t n = end - start;
    bool wide = !wn_span_is_ascii((struct wn_span){p, n});

    if (wide) {
        if (!encode_label(s, start, n, label)) {
            return false;
        }
        n = strlen(label);
        if (strncmp(label, "xn--", 4) != 0) {
            a->flags |= WN_FLAG_trimmed; /* full-width letters, invisible characters */
        }
    } else {
        /* wn_scan_domain let no ASCII label pass that is longer than LABEL_MAX. */
        for (size_t i = 0; i < n; i++) {
            label[i] = wn_lower(p[i]);
        }
        label[n] = '\0';
    }
    size_t used = (size_t)a->length - a->local_length - 1;
    if (used + n > WN_DOMAIN_MAX) {
        return fail(s, WN_FAULT_syntax_domain_too_long,
                    wide ? start : start + WN_DOMAIN_MAX - used);
    }
    memcpy(a->text + a->length, label, n);
    a->length = (uint16_t)(a->length + n);
    note_excess(s, a, wide ? start : end + WN_ADDRESS_MAX - a->length);
    return inspect_label(label, !wide, &a->flags) || fail_memory(s);
}

static bool all_digits(const char *p, size_t n)
{
    size_t i = 0;
    while (i < n && (class_of(p[i]) & WN_OCTET_DIGIT)) {
        i++;
    }
    return i == n;
}

static bool write_domain(struct wn_scan *s, struct wn_address *a)
{
    const char *p = s->text.p;
    size_t start = s->domain;
    size_t length = 1;
    size_t last = a->length;

    for (size_t i = start; i < s->text.n; i += length) {
        length = 1;
        if (p[i] != '.') {
            if ((uint8_t)p[i] < 0x80) {
                continue;
            }
            enum wn_glyph glyph = wn_glyph_at(p + i, s->text.n - i, &length);
            if (glyph != WN_GLYPH_DOT && glyph != WN_GLYPH_STOP) {
                continue;
            }
        }
        if (!write_label(s, start, i, a)) {
            return false;
        }
        if ((size_t)a->length - a->local_length - 1 >= WN_DOMAIN_MAX) {
            return fail(s, WN_FAULT_syntax_domain_too_long, i);
        }
        a->text[a->length++] = '.';
        note_excess(s, a, i);
        last = a->length;
        start = i + length;
    }
    if (!write_label(s, start, s->text.n, a)) {
        return false;
    }
    /* Full-width digits are digits once they are mapped. */
    return !all_digits(a->text + last, a->length - last) ||
           fail(s, WN_FAULT_syntax_numeric_tld, s->last_label);
}

bool wn_normalize_domain(struct wn_scan *s, struct wn_address *a)
{
    a->length = a->local_length;
    a->text[a->length++] = '@';
    if (s->literal) {
        struct wn_span inside = {s->text.p + s->domain + 1, s->text.n - s->domain - 2};
        return wn_literal_write(inside, a) || fail(s, WN_FAULT_syntax_bad_literal, s->domain);
    }
    if (!write_domain(s, a)) {
        return false;
    }
    return s->excess == 0 || fail(s, WN_FAULT_syntax_too_long, s->excess);
}

/* --- key ------------------------------------------------------------------------------------- */

/* Simple case mapping, one code point for one, and NFC again: a small letter may be one character
 * with its mark where the capital is two (H and h with a line below). A capital I with a dot is
 * left alone: its small letter is ASCII, and to every server a mailbox of another name. Never
 * longer than `room`; 0 when there is no memory. */
static size_t lower_wide(const char *p, size_t n, char *out, size_t room)
{
    uint8_t nfc[CONTENT_MAX * 3];
    size_t length = 0;
    for (size_t i = 0; i < n;) {
        ucs4_t uc = 0;
        i += (size_t)u8_mbtouc(&uc, (const uint8_t *)p + i, n - i);
        ucs4_t small = uc_tolower(uc);
        int wrote = u8_uctomb((uint8_t *)out + length, small < 0x80 && uc >= 0x80 ? uc : small,
                              (ptrdiff_t)(room - length));
        if (wrote <= 0) {
            break;
        }
        length += (size_t)wrote;
    }
    size_t normal_length = sizeof nfc;
    uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)out, length, nfc, &normal_length);
    if (normal == NULL) {
        return 0;
    }
    if (normal_length <= room) {
        memcpy(out, normal, normal_length);
        length = normal_length;
    }
    if (normal != nfc) {
        free(normal);
    }
    return length;
}

/* Eight octets at once: ASCII capitals get the bit that makes them small. */
static uint64_t lower_word(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = w & ones * 0x7f;
    uint64_t from_a = low + ones * (0x80 - 'A'); /* high bit: at least A */
    uint64_t past_z = low + ones * (0x7f - 'Z'); /* high bit: beyond Z */
    return w | ((from_a & ~past_z & ~w & ones * 0x80) >> 2);
}

size_t wn_address_try_key(const struct wn_address *address, char *key)
{
    size_t local = address->local_length;
    size_t rest = address->length > local ? address->length - local : 0;
    if (address->flags & WN_FLAG_eai) {
        size_t n = lower_wide(address->text, local, key, sizeof address->text - rest);
        if (n == 0) {
            return 0;
        }
        memcpy(key + n, address->text + local, rest);
        return n + rest;
    }
    /* Whole words: what is lowered beyond the local part is written again below. Both texts have
     * room for it, as a local part is never longer than WN_LOCAL_MAX. */
    for (size_t i = 0; i < local; i += sizeof(uint64_t)) {
        uint64_t w;
        memcpy(&w, address->text + i, sizeof w);
        w = lower_word(w);
        memcpy(key + i, &w, sizeof w);
    }
    memcpy(key + local, address->text + local, rest);
    return local + rest;
}

size_t wn_address_key(const struct wn_address *address, char *key)
{
    size_t n = wn_address_try_key(address, key);
    if (n == 0 && address->length > 0) {
        wn_out_of_memory();
    }
    return n;
}
