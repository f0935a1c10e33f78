/* SPDX-License-Identifier: MIT */
/* Fuzzes the way from a cell to a mailbox. The first octet sets the options, the rest is the cell.
 * What is checked is what every caller relies on: offsets lie in the cell, a normal form is its own
 * normal form, a key is its own key. */
#include "address/address.h"
#include "address/lists.h"
#include "fuzz.h"

/* A key is an address as well, and its own key: history prints it, and people give it back. A
 * letter may have a longer lower case, so it may be too long for one. */
static void check_key(struct wn_span key)
{
    struct wn_address a;
    char again[sizeof a.text];
    wn_address_read(key, WN_ADDRESS_EXACT | WN_ADDRESS_ALLOW_LITERALS | WN_ADDRESS_SYNTAX_ONLY, &a);
    if (a.fault == WN_FAULT_syntax_local_too_long || a.fault == WN_FAULT_syntax_too_long) {
        return;
    }
    REQUIRE(a.length > 0 && a.verbatim);
    REQUIRE(wn_span_equal((struct wn_span){again, wn_address_key(&a, again)}, key));
}

static void check_normal_form(const struct wn_address *a, unsigned options)
{
    struct wn_address again;
    char key[sizeof a->text];
    char key_again[sizeof a->text];
    unsigned repaired = WN_FLAG_trimmed | WN_FLAG_extracted;

    REQUIRE(a->length <= WN_ADDRESS_MAX && a->local_length <= WN_LOCAL_MAX);
    wn_address_read(wn_address_text(a), options, &again);
    REQUIRE(again.fault == a->fault && again.verbatim);
    REQUIRE((a->flags & ~repaired) == again.flags);
    REQUIRE(wn_span_equal(wn_address_text(a), wn_address_text(&again)));
    size_t n = wn_address_key(a, key);
    check_key((struct wn_span){key, n});
    REQUIRE(n == wn_address_key(&again, key_again) && memcmp(key, key_again, n) == 0);
    size_t domain = wn_address_domain(a).n + 1;
    wn_lists_local((struct wn_span){key, n - domain});
    wn_lists_domain(wn_address_domain(a));
    memcpy(again.text, key, n);
    again.length = (uint16_t)n;
    again.local_length = (uint16_t)(n - domain);
    REQUIRE(n == wn_address_key(&again, key_again) && memcmp(key, key_again, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wn_address a;
    struct wn_span found[3];
    if (size == 0) {
        return 0;
    }
    unsigned options = data[0] % 16;
    struct wn_span cell = {(const char *)data + 1, size - 1};
    wn_address_read(cell, options, &a);
    REQUIRE(a.fault < WN_FAULT_COUNT && a.fault_at <= cell.n);
    REQUIRE((size_t)a.cell_at + a.cell_length <= cell.n);
    REQUIRE(a.fault != WN_FAULT_none || a.length > 0);
    if (a.length > 0) {
        check_normal_form(&a, options);
    }
    size_t n = wn_address_several(cell, found, 3);
    REQUIRE(a.fault != WN_FAULT_syntax_several || n > 1);
    for (size_t i = 0; i < n; i++) {
        REQUIRE(found[i].p >= cell.p && found[i].p + found[i].n <= cell.p + cell.n);
    }
    return 0;
}
