/* SPDX-License-Identifier: MIT */
/* Fuzzes the finding of addresses in a cell. The first octet sets the options, the rest is the
 * cell. What is found must read the same when it is given alone and exactly; the several addresses
 * of a cell must stand in it, in their order, and be what makes it syntax_several; and an address
 * must be found again in every form that mail clients give it. */
#include "address/address.h"
#include "fuzz.h"

enum {
    FOUND_MAX = 5,
    REPAIRED = WN_FLAG_trimmed | WN_FLAG_extracted
};

static bool inside(struct wn_span part, struct wn_span whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* The same findings, but for what was done to the cell before. */
static void require_same(const struct wn_address *a, const struct wn_address *b)
{
    REQUIRE(a->fault == b->fault);
    REQUIRE((a->flags & ~(unsigned)REPAIRED) == (b->flags & ~(unsigned)REPAIRED));
    REQUIRE(a->local_length == b->local_length);
    REQUIRE(wn_span_equal(wn_address_text(a), wn_address_text(b)));
}

static void check_found(struct wn_span cell, const struct wn_address *a, unsigned options)
{
    struct wn_address exact;
    wn_address_read((struct wn_span){cell.p + a->cell_at, a->cell_length},
                    options | WN_ADDRESS_EXACT, &exact);
    if (a->fault == WN_FAULT_no_address) { /* words for nothing are but words, exactly */
        REQUIRE(exact.fault == WN_FAULT_no_address || exact.fault == WN_FAULT_syntax_no_at);
        return;
    }
    require_same(a, &exact);
    REQUIRE(a->fault == WN_FAULT_none || a->fault_at == a->cell_at + exact.fault_at);
    REQUIRE(!a->verbatim || exact.verbatim);
}

/* Something stands on both sides of the @, whatever it is worth. */
static void check_piece(struct wn_span piece)
{
    struct wn_address a;
    wn_address_read(piece, WN_ADDRESS_EXACT, &a);
    REQUIRE(a.fault != WN_FAULT_syntax_no_at && a.fault != WN_FAULT_syntax_empty_local &&
            a.fault != WN_FAULT_syntax_empty_domain);
}

static void check_several(struct wn_span cell, const struct wn_address *a)
{
    struct wn_span found[FOUND_MAX], fewer[FOUND_MAX];
    size_t n = wn_address_several(cell, found, FOUND_MAX);

    REQUIRE(n <= FOUND_MAX);
    REQUIRE((n > 1) == (a->fault == WN_FAULT_syntax_several));
    REQUIRE(n < 2 || cell.p + a->fault_at == found[1].p);
    for (size_t i = 0; i < n; i++) {
        REQUIRE(inside(found[i], cell));
        check_piece(found[i]);
        REQUIRE(i == 0 || found[i].p >= found[i - 1].p + found[i - 1].n);
        for (size_t j = 0; j < i; j++) {
            REQUIRE(!wn_span_equal_nocase(found[i], found[j]));
        }
    }
    for (size_t max = 0; max < n; max++) {
        REQUIRE(wn_address_several(cell, fewer, max) == max);
        REQUIRE(max == 0 || memcmp(found, fewer, max * sizeof *found) == 0);
    }
}

/* What mail clients, web pages and people put around an address. */
static const struct {
    struct wn_span before, behind;
    bool twice;  /* it stands there once more */
    bool mailto; /* a URI (RFC 6068): a quoted local part would be encoded there */
} forms[] = {
    {{"", 0}, {"", 0}, false, false},
    {{" \t", 2}, {"\xc2\xa0\r\n", 4}, false, false},
    {{"<", 1}, {">", 1}, false, false},
    {{"<", 1}, {"", 0}, false, false},
    {{"", 0}, {">", 1}, false, false},
    {{"Bob Smith <", 11}, {">", 1}, false, false},
    {{"Bob <", 5}, {">;", 2}, false, false},
    {{"\"Smith, Bob (x@y.z)\" <", 22}, {">", 1}, false, false},
    {{"mailto:", 7}, {"?subject=Hi", 11}, false, true},
    {{"<MAILTO:", 8}, {">", 1}, false, true},
    {{"'", 1}, {"'", 1}, false, false},
    {{"(", 1}, {")", 1}, false, false},
    {{"\xe2\x80\x9e", 3}, {"\xe2\x80\x9c", 3}, false, false},
    {{"", 0}, {",", 1}, false, false},
    {{";", 1}, {"; ", 2}, false, false},
    {{"", 0}, {" <", 2}, true, false},
    {{"", 0}, {", ", 2}, true, false},
};

/* Whether the local part holds what it may hold, but what parts addresses where there are several:
 * a bar, an ideographic or Arabic comma. */
static bool holds_separator(const struct wn_address *a)
{
    static const char *const separators[] = {"|", "\xe3\x80\x81", "\xef\xbd\xa4", "\xd8\x8c",
                                             "\xd8\x9b"};
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        if (memmem(a->text, a->local_length, separators[i], strlen(separators[i])) != NULL) {
            return true;
        }
    }
    return false;
}

static void check_forms(const struct wn_address *a, unsigned options)
{
    char text[sizeof a->text * 2 + 64];
    struct wn_address again;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct wn_span parts[] = {forms[i].before, wn_address_text(a), forms[i].behind,
                                  wn_address_text(a)};
        size_t n = 0;
        if ((forms[i].twice && holds_separator(a)) || (forms[i].mailto && a->text[0] == '"')) {
            continue;
        }
        for (size_t j = 0; j < (forms[i].twice ? 4U : 3U); j++) {
            memcpy(text + n, parts[j].p, parts[j].n);
            n += parts[j].n;
        }
        wn_address_read((struct wn_span){text, n}, options, &again);
        require_same(a, &again);
        REQUIRE(again.cell_length == a->length);
    }
}

static void check_two(const struct wn_address *a, unsigned options)
{
    static const struct wn_span other = {"someone.else@example.net", 24};
    char text[sizeof a->text + 32];
    struct wn_span first = {text, a->length};
    struct wn_span second = {text + a->length + 2, other.n};
    struct wn_span whole = {text, first.n + 2 + second.n};
    struct wn_span found[3];
    struct wn_address both;

    if (holds_separator(a) || wn_span_equal_nocase(wn_address_text(a), other)) {
        return;
    }
    memcpy(text, a->text, a->length);
    memcpy(text + a->length, ", ", 2);
    memcpy(text + a->length + 2, other.p, other.n);
    wn_address_read(whole, options, &both);
    REQUIRE(both.fault == WN_FAULT_syntax_several);
    REQUIRE(wn_address_several(whole, found, 3) == 2);
    REQUIRE(found[0].p == first.p && found[0].n == first.n);
    REQUIRE(found[1].p == second.p && found[1].n == second.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wn_address a;
    if (size == 0) {
        return 0;
    }
    unsigned options = data[0] % WN_ADDRESS_EXACT;
    struct wn_span cell = {(const char *)data + 1, size - 1};
    wn_address_read(cell, options, &a);
    REQUIRE((size_t)a.cell_at + a.cell_length <= cell.n);
    check_several(cell, &a);
    if (a.fault != WN_FAULT_syntax_several) {
        check_found(cell, &a, options);
    }
    if (a.length > 0) {
        check_forms(&a, options);
        check_two(&a, options);
    }
    return 0;
}
