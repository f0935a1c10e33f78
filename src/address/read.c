/* SPDX-License-Identifier: MIT */
/* wn_address_read: the fast path, and the road for everything else.
 *
 * Nearly every cell of a list is a short ASCII dot-string at a domain of plain labels. read_plain
 * turns such a cell into one bit mask for each class of octets and settles the syntax with a dozen
 * operations on whole masks: "no dot behind a dot" is `dot & dot << 1`. There is no branch on a
 * single octet, for nobody can predict where a dot stands, and wrong guesses would cost more than
 * the work. At the least doubt it gives up without having to say why; the slow road then reads the
 * cell from the start and finds the reason. So the fast path decides nothing but "this is plainly
 * fine", and a rule that changes needs changing here only if it makes plain addresses faulty.
 * test_address.c reads every address both ways, and both ways of making the masks give the same. */
#include "address/internal.h"

static const struct {
    const char *word, *sentence;
} faults[] = {
    [WN_FAULT_none] = {"", ""},
#define WN_FAULT(name, sentence) [WN_FAULT_##name] = {#name, sentence},
#include "address/faults.def"
};

static const char *const flag_words[] = {
#define WN_FLAG(name, meaning) [WN_FLAG_BIT_##name] = #name,
#include "address/flags.def"
};

const char *wn_fault_word(enum wn_fault fault)
{
    return faults[fault].word;
}

const char *wn_fault_sentence(enum wn_fault fault)
{
    return faults[fault].sentence;
}

const char *wn_flag_word(enum wn_flag_bit bit)
{
    return flag_words[bit];
}

/* --- the fast path ------------------------------------------------------------------------------
 */

/* The octets of a cell of at most 64, a bit for each: bit i is octet i. */
struct masks {
    uint64_t alnum, upper, digit, dot, hyphen, at, plus;
    uint64_t mark; /* the other atext that people have in their addresses */
};

#if defined __SSE2__ && !defined WN_ADDRESS_PORTABLE
#include <emmintrin.h>

static uint64_t bits_of(__m128i truth, unsigned shift)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(truth) << shift;
}

static __m128i equals(__m128i v, char c)
{
    return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* first <= v <= last, without signs. */
static __m128i within(__m128i v, char first, char last)
{
    __m128i offset = _mm_sub_epi8(v, _mm_set1_epi8(first));
    __m128i most = _mm_set1_epi8((char)(last - first));
    return _mm_cmpeq_epi8(_mm_min_epu8(offset, most), offset);
}

/* Reads whole blocks of 16 octets: the bits beyond n mean nothing. */
static struct masks classify(const char *p, size_t n)
{
    struct masks m = {0};
    for (unsigned i = 0; i < n; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i letter = within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
        __m128i digit = within(v, '0', '9');
        __m128i plus = equals(v, '+');
        m.alnum |= bits_of(_mm_or_si128(letter, digit), i);
        m.digit |= bits_of(digit, i);
        m.upper |= bits_of(within(v, 'A', 'Z'), i);
        m.dot |= bits_of(equals(v, '.'), i);
        m.hyphen |= bits_of(equals(v, '-'), i);
        m.at |= bits_of(equals(v, '@'), i);
        m.plus |= bits_of(plus, i);
        m.mark |= bits_of(_mm_or_si128(equals(v, '_'), equals(v, '\'')), i);
    }
    return m;
}
#else
static struct masks classify(const char *p, size_t n)
{
    struct masks m = {0};
    for (size_t i = 0; i < n; i++) {
        uint8_t class = wn_octet_class[(uint8_t)p[i]];
        uint64_t bit = UINT64_C(1) << i;
        m.alnum |= (class & WN_OCTET_LDH) != 0 && p[i] != '-' ? bit : 0;
        m.digit |= class & WN_OCTET_DIGIT ? bit : 0;
        m.upper |= class & WN_OCTET_UPPER ? bit : 0;
        m.dot |= p[i] == '.' ? bit : 0;
        m.hyphen |= p[i] == '-' ? bit : 0;
        m.at |= p[i] == '@' ? bit : 0;
        m.plus |= p[i] == '+' ? bit : 0;
        m.mark |= p[i] == '_' || p[i] == '\'' ? bit : 0;
    }
    return m;
}
#endif

/* True, and *a filled, when the cell is plainly an address. *common: its local part is one that any
 * provider gives out: 5 to 30 letters, digits and single dots, which is 3 or more without the dots.
 */
static bool read_plain(struct wn_span cell, struct wn_address *a, bool *common)
{
    if (cell.n == 0 || cell.n > 64) {
        return false;
    }
    memcpy(a->text, cell.p, cell.n);
    struct masks m = classify(a->text, cell.n);
    uint64_t all = ~UINT64_C(0) >> (64 - cell.n);
    uint64_t at = m.at & all;
    if (at == 0 || (at & (at - 1)) != 0) {
        return false;
    }
    uint64_t local = at - 1;
    uint64_t domain = all & ~(local | at);
    uint64_t separator = m.dot | m.hyphen;
    uint64_t end = UINT64_C(1) << (cell.n - 1);
    uint64_t dots = m.dot & domain;
    /* A dot-string... */
    uint64_t odd = (local & ~(m.alnum | m.dot | m.hyphen | m.plus | m.mark)) |
                   (local & m.dot & (m.dot << 1 | 1 | at >> 1));
    /* ...and labels. One with `--` may be an A-label, so it is for the slow road. */
    odd |=
        (domain & ~(m.alnum | separator)) | (domain & separator & (separator << 1 | at << 1 | end));
    if (odd != 0 || local == 0 || dots == 0) {
        return false;
    }
    unsigned last_dot = 63U - (unsigned)__builtin_clzll(dots);
    if (m.digit & UINT64_C(2) << last_dot) {
        return false; /* the last label may be a number */
    }
    unsigned local_length = (unsigned)__builtin_ctzll(at);
    unsigned untagged = (unsigned)__builtin_ctzll(at | m.plus);
    *common = untagged >= 5 && untagged <= 30 &&
              ((m.hyphen | m.mark) & ((UINT64_C(1) << untagged) - 1)) == 0;
    a->fault = WN_FAULT_none;
    a->fault_at = 0;
    a->flags = m.plus & local & ~UINT64_C(1) ? WN_FLAG_tagged : 0;
    a->cell_at = 0;
    a->cell_length = (uint32_t)cell.n;
    a->local_length = (uint16_t)local_length;
    a->length = (uint16_t)cell.n;
    a->verbatim = (m.upper & domain) == 0;
    for (size_t i = a->verbatim ? cell.n : local_length; i < cell.n; i++) {
        a->text[i] = wn_lower(a->text[i]);
    }
    return true;
}

/* --- the slow road ------------------------------------------------------------------------------
 */

/* The slow road. Returns the scan, whose last_label the domain's faults point to. */
static struct wn_scan read_any(struct wn_span cell, unsigned options, struct wn_address *a)
{
    struct wn_scan s = {.text = cell};
    size_t at = 0;

    a->fault = WN_FAULT_none;
    a->fault_at = 0;
    a->flags = 0;
    a->local_length = 0;
    a->length = 0;
    a->verbatim = false;
    if (!(options & WN_ADDRESS_EXACT)) {
        s.fault = wn_cell_find(cell, &s.text, &a->flags, &at);
    } else if (cell.n == 0) {
        s.fault = WN_FAULT_no_address;
    }
    uint32_t found_flags = a->flags;
    a->cell_at = (uint32_t)(s.text.p - cell.p);
    a->cell_length = (uint32_t)s.text.n;
    if (s.fault != WN_FAULT_none) {
        a->fault = s.fault;
        a->fault_at = (uint32_t)at;
        return s;
    }
    if (!wn_scan_local(&s) || !wn_normalize_local(&s, a) || !wn_scan_domain(&s) ||
        !wn_normalize_domain(&s, a)) {
        a->fault = s.fault;
        a->fault_at = a->cell_at + (uint32_t)s.fault_at;
        a->flags = found_flags; /* there is no normal form for the others to speak of */
        a->local_length = 0;
        a->length = 0;
        return s;
    }
    a->flags |= s.mapped ? WN_FLAG_trimmed : 0;
    if (s.literal && !(options & WN_ADDRESS_ALLOW_LITERALS)) {
        a->fault = WN_FAULT_syntax_address_literal;
        a->fault_at = a->cell_at + (uint32_t)s.domain;
    }
    a->verbatim = wn_span_equal(cell, wn_address_text(a));
    return s;
}

bool wn_address_try(struct wn_span cell, unsigned options, struct wn_address *a)
{
    size_t domain_at = 0;
    size_t last_label = 0;
    bool common = false;

    if (cell.p == NULL) {
        cell = (struct wn_span){"", 0};
    }
    if (cell.n > UINT32_MAX) {
        cell.n = UINT32_MAX; /* far too long in any case; offsets have 32 bits */
    }
    if (read_plain(cell, a, &common)) {
        domain_at = (size_t)a->local_length + 1;
    } else {
        struct wn_scan s = read_any(cell, options, a);
        if (a->fault != WN_FAULT_none || s.no_memory) {
            return !s.no_memory;
        }
        domain_at = a->cell_at + s.domain;
        last_label = a->cell_at + s.last_label;
    }
    if (!common && wn_provider_refuses(a)) {
        a->fault = WN_FAULT_syntax_provider;
        a->fault_at = a->cell_at;
        return true;
    }
    if (options & WN_ADDRESS_SYNTAX_ONLY) {
        return true;
    }
    a->fault = wn_address_domain_fault(wn_address_domain(a), options);
    if (a->fault == WN_FAULT_unknown_tld && last_label == 0) {
        const char *dot = memrchr(cell.p, '.', cell.n);
        last_label = dot != NULL ? (size_t)(dot - cell.p) + 1 : domain_at;
    }
    if (a->fault != WN_FAULT_none) {
        a->fault_at = (uint32_t)(a->fault == WN_FAULT_unknown_tld ? last_label : domain_at);
    }
    return true;
}

void wn_address_read(struct wn_span cell, unsigned options, struct wn_address *a)
{
    if (!wn_address_try(cell, options, a)) {
        wn_out_of_memory();
    }
}
