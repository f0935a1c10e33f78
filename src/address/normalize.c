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
 * Lengths are those of the normal form, which is what SMTP would be told. The content buffer bounds
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

static bool is_ascii(const char *p, size_t n)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        seen |= (uint8_t)p[i];
    }
    return seen < 0x80;
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

/* Takes quotes, backslashes and full-width dots off; false when there is more than fits. */
static bool read_content(const struct wn_scan *s, char *content, size_t *length)
{
    const char *p = s->text.p;
    size_t end = s->quoted ? s->at - 1 : s->at;
    size_t n = 0;
    size_t step = 1;

    for (size_t i = s->quoted ? 1 : 0; i < end; i += step) {
        step = 1;
        if (s->quoted && p[i] == '\\') {
            i++;
        } else if ((uint8_t)p[i] >= 0x80) {
            enum wn_glyph glyph = wn_glyph_at(p + i, end - i, &step);
            if (glyph == WN_GLYPH_DOT && !s->quoted) {
                content[n++] = '.';
                if (n == CONTENT_MAX) {
                    return false;
                }
                continue;
            }
        }
        if (n + step >= CONTENT_MAX) {
            return false;
        }
        memcpy(content + n, p + i, step);
        n += step;
    }
    *length = n;
    return true;
}

/* Whether the content may stand without quotes, and would be read as the same content again. */
static bool is_dot_string(const char *p, size_t n)
{
    bool dot = true; /* the octet before is a dot, or the start */
    size_t length = 1;
    for (size_t i = 0; i < n; i += length) {
        length = 1;
        if (class_of(p[i]) & WN_OCTET_ATEXT) {
            dot = false;
        } else if (p[i] == '.') {
            if (dot) {
                return false;
            }
            dot = true;
        } else if ((uint8_t)p[i] >= 0x80) {
            enum wn_glyph glyph = wn_glyph_at(p + i, n - i, &length);
            if (glyph != WN_GLYPH_TEXT && glyph != WN_GLYPH_STOP &&
                (glyph != WN_GLYPH_JOINER || i == 0)) {
                return false;
            }
            dot = false;
        } else {
            return false;
        }
    }
    return !dot;
}

/* Writes at most WN_LOCAL_MAX octets; 0 when that is not enough. */
static size_t write_quoted(const char *p, size_t n, char *out)
{
    size_t length = 0;
    out[length++] = '"';
    for (size_t i = 0; i < n; i++) {
        bool escape = p[i] == '"' || p[i] == '\\';
        if (length + 2 + (escape ? 1 : 0) > WN_LOCAL_MAX) {
            return 0;
        }
        if (escape) {
            out[length++] = '\\';
        }
        out[length++] = p[i];
    }
    out[length++] = '"';
    return length;
}

bool wn_normalize_local(struct wn_scan *s, struct wn_address *a)
{
    char content[CONTENT_MAX];
    uint8_t nfc[CONTENT_MAX * 3];
    size_t n = 0;
    const char *text = content;
    size_t length = 0;

    if (!read_content(s, content, &n)) {
        return fail(s, WN_FAULT_syntax_local_too_long, WN_LOCAL_MAX);
    }
    if (s->local_wide) {
        size_t room = sizeof nfc;
        uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)content, n, nfc, &room);
        if (normal == NULL) {
            return fail_memory(s);
        }
        if (normal != nfc) { /* more than 3 octets for one, which Unicode rules out */
            free(normal);
            return fail(s, WN_FAULT_syntax_local_too_long, WN_LOCAL_MAX);
        }
        text = (const char *)nfc;
        n = room;
    }
    if (is_dot_string(text, n)) {
        if (n <= WN_LOCAL_MAX) {
            memcpy(a->text, text, n);
            length = n;
        }
    } else {
        length = write_quoted(text, n, a->text);
        a->flags |= WN_FLAG_quoted;
    }
    if (length == 0) {
        return fail(s, WN_FAULT_syntax_local_too_long, s->at < WN_LOCAL_MAX ? s->at : WN_LOCAL_MAX);
    }
    if (!is_ascii(text, n)) {
        a->flags |= WN_FLAG_eai | (mixes_scripts(text, n) ? WN_FLAG_mixed_script : 0);
    }
    if (n > 1 && memchr(text + 1, '+', n - 1) != NULL) {
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

/* The label from `start` to `end` of the text, behind what a->text holds. */
static bool write_label(struct wn_scan *s, size_t start, size_t end, struct wn_address *a)
{
    char label[LABEL_MAX + 1];
    const char *p = s->text.p + start;
    size_t n = end - start;
    bool wide = !is_ascii(p, n);

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
        size_t at = s->domain_wide || s->mapped ? start : s->domain + WN_DOMAIN_MAX;
        return fail(s, WN_FAULT_syntax_domain_too_long, at);
    }
    memcpy(a->text + a->length, label, n);
    a->length = (uint16_t)(a->length + n);
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
    return a->length <= WN_ADDRESS_MAX || fail(s, WN_FAULT_syntax_too_long, WN_ADDRESS_MAX);
}

/* --- key ------------------------------------------------------------------------------------- */

/* Simple case mapping, one code point for one; never longer than `room`. */
static size_t lower_wide(const char *p, size_t n, char *out, size_t room)
{
    size_t length = 0;
    for (size_t i = 0; i < n;) {
        ucs4_t uc = 0;
        i += (size_t)u8_mbtouc(&uc, (const uint8_t *)p + i, n - i);
        int wrote = u8_uctomb((uint8_t *)out + length, uc_tolower(uc), (ptrdiff_t)(room - length));
        if (wrote <= 0) {
            break;
        }
        length += (size_t)wrote;
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

size_t wn_address_key(const struct wn_address *address, char *key)
{
    size_t local = address->local_length;
    size_t rest = address->length > local ? address->length - local : 0;
    if (address->flags & WN_FLAG_eai) {
        size_t n = lower_wide(address->text, local, key, sizeof address->text - rest);
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
