/* SPDX-License-Identifier: MIT */
/* The public API's view of an address: the same facts as struct wn_address, as words and texts, so
 * that the closed sets may grow without breaking a caller who was compiled against fewer. */
#include "winnow.h"

#include "address/address.h"
#include "address/lists.h"

_Static_assert(WN_PARSED_MAX > sizeof((struct wn_address *)0)->text, "a result holds any address");
_Static_assert((int)WN_PARSED_FLAGS > (int)WN_FLAG_COUNT, "a result holds all flags");

const char *wn_version(void)
{
    return WN_VERSION;
}

static const struct {
    unsigned ours, theirs;
} options_map[] = {
    {WN_ADDRESS_ALLOW_LITERALS, WN_PARSE_ALLOW_LITERALS},
    {WN_ADDRESS_OFFLINE, WN_PARSE_KNOWN_TLD},
    {WN_ADDRESS_EXACT, WN_PARSE_EXACT},
};

void wn_parse(const char *text, size_t length, unsigned options, struct wn_parsed *result)
{
    struct wn_address a;
    unsigned ours = 0;
    uint32_t flags = 0;

    for (size_t i = 0; i < sizeof options_map / sizeof *options_map; i++) {
        ours |= options & options_map[i].theirs ? options_map[i].ours : 0;
    }
    *result = (struct wn_parsed){0};
    wn_address_read((struct wn_span){text, length}, ours, &a);
    if (a.fault != WN_FAULT_none) {
        result->fault = wn_fault_word(a.fault);
        result->sentence = wn_fault_sentence(a.fault);
    }
    result->fault_at = a.fault_at;
    result->found_at = a.cell_at;
    result->found_length = a.cell_length;
    flags = a.flags;
    if (a.length > 0) {
        memcpy(result->address, a.text, a.length);
        result->address_length = a.length;
        result->local_length = a.local_length;
        result->key_length = wn_address_key(&a, result->key);
        struct wn_span key = {result->key,
                              result->key_length - (a.length - (size_t)a.local_length)};
        flags |= wn_lists_local(key) | wn_lists_domain(wn_address_domain(&a));
    }
    for (unsigned bit = 0; bit < WN_FLAG_COUNT; bit++) {
        if (flags & 1U << bit) {
            result->flags[result->flag_count++] = wn_flag_word((enum wn_flag_bit)bit);
        }
    }
}
