/* SPDX-License-Identifier: MIT */
/* Fuzzes the suggestions. The first octet sets the options, the rest is the cell, and once more, as
 * it is, the domain. What is suggested must be a faultless address at a provider's domain, another
 * than was typed, and in need of no suggestion itself; where none is made, nothing is written. */
#include "address/typo.h"

#include "address/internal.h"
#include "address/lists.h"
#include "fuzz.h"

enum {
    UNTOUCHED = 0xa5
};

static bool is_well_known(struct wn_span name)
{
    return (wn_names_find(&wn_names_domain, name) & WN_LIST_WELLKNOWN) != 0;
}

static void check_domain(struct wn_span domain)
{
    struct wn_typo typo, again;
    struct wn_address a;
    char text[2 + sizeof typo.domain];

    memset(&typo, UNTOUCHED, sizeof typo);
    memcpy(&again, &typo, sizeof typo);
    if (!wn_typo_domain(domain, &typo)) {
        REQUIRE(memcmp(&again, &typo, sizeof typo) == 0);
        return;
    }
    struct wn_span meant = {typo.domain, typo.length};
    REQUIRE(typo.length > 0 && typo.length <= WN_TYPO_DOMAIN_MAX);
    REQUIRE(memchr(typo.domain, '\0', sizeof typo.domain) == typo.domain + typo.length);
    REQUIRE(typo.kind <= WN_TYPO_MISSING_DOT);
    REQUIRE(!wn_span_equal(meant, domain));
    REQUIRE(is_well_known(meant) && !is_well_known(domain));
    REQUIRE(wn_lists_domain(domain) == 0);
    REQUIRE(!wn_typo_domain(meant, &again));
    memcpy(text, "a@", 2);
    memcpy(text + 2, meant.p, meant.n);
    wn_address_read((struct wn_span){text, 2 + meant.n}, WN_ADDRESS_EXACT | WN_ADDRESS_OFFLINE, &a);
    REQUIRE(a.verbatim && (a.fault == WN_FAULT_none || a.fault == WN_FAULT_syntax_provider));
}

static bool is_alphanumeric(char c)
{
    return wn_is_digit(c) || (wn_lower(c) >= 'a' && wn_lower(c) <= 'z');
}

/* Behind the local part the @ was typed or, where there is none, a stand-in and the domain. */
static void check_mended(struct wn_span behind, struct wn_span domain, bool has_at)
{
    while (has_at && behind.n > 0 && strchr(" \t\n\v\f\r", behind.p[0]) != NULL) {
        behind.p++;
        behind.n--;
    }
    if (has_at) {
        REQUIRE(behind.n > 0 && behind.p[0] == '@');
        return;
    }
    REQUIRE(behind.n >= domain.n);
    behind.n -= domain.n;
    REQUIRE(wn_span_equal_nocase((struct wn_span){behind.p + behind.n, domain.n}, domain));
    REQUIRE(behind.n == 0 || !is_alphanumeric(behind.p[0]));
}

/* The local part is as it was typed; only its normal form may look different. */
static void check_local(const struct wn_address *typed, struct wn_span cell,
                        const struct wn_address *meant)
{
    struct wn_span local = wn_address_local(meant);
    struct wn_span found = {cell.p + typed->cell_at, typed->cell_length};
    struct wn_span begin = {found.p, local.n < found.n ? local.n : found.n};
    if (typed->length > 0) {
        REQUIRE(wn_span_equal(local, wn_address_local(typed)));
    } else if (found.p[0] != '"' && wn_span_is_ascii(begin)) {
        REQUIRE(found.n > local.n && wn_span_equal(local, (struct wn_span){found.p, local.n}));
        if (wn_span_is_ascii(found)) { /* an @ may be a full-width one */
            check_mended((struct wn_span){found.p + local.n, found.n - local.n},
                         wn_address_domain(meant), typed->fault != WN_FAULT_syntax_no_at);
        }
    }
}

static void check_address(struct wn_span cell, unsigned options)
{
    struct wn_address typed, meant;
    size_t length = SIZE_MAX;
    char *out = malloc(WN_ADDRESS_MAX);
    REQUIRE(out != NULL);
    memset(out, UNTOUCHED, WN_ADDRESS_MAX);

    wn_address_read(cell, options, &typed);
    if (!wn_typo_address(&typed, cell, out, &length)) {
        REQUIRE(length == SIZE_MAX);
        for (size_t i = 0; i < WN_ADDRESS_MAX; i++) {
            REQUIRE((uint8_t)out[i] == UNTOUCHED);
        }
        free(out);
        return;
    }
    REQUIRE(length > 0 && length <= WN_ADDRESS_MAX);
    struct wn_span text = {out, length};
    wn_address_read(text, WN_ADDRESS_EXACT | WN_ADDRESS_OFFLINE, &meant);
    REQUIRE(meant.fault == WN_FAULT_none && meant.verbatim);
    struct wn_span domain = wn_address_domain(&meant);
    REQUIRE(is_well_known(domain) || (wn_lists_domain(domain) & WN_FLAG_free) != 0);
    REQUIRE(typed.length == 0 || !wn_span_equal(domain, wn_address_domain(&typed)));
    check_local(&typed, cell, &meant);
    memset(out, UNTOUCHED, length);
    REQUIRE(!wn_typo_address(&meant, text, out, &length));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        struct wn_span cell = {(const char *)data + 1, size - 1};
        check_domain(cell);
        check_address(cell, data[0] % (WN_ADDRESS_EXACT * 2U));
    }
    return 0;
}
