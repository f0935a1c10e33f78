/* SPDX-License-Identifier: MIT */
/* The public API's view of an address: the same facts as struct wn_address, as words and texts, so
 * that the closed sets may grow without breaking a caller who was compiled against fewer. */
#include "winnow.h"

#include "address/address.h"
#include "address/lists.h"
#include "address/typo.h"

_Static_assert(WN_PARSED_MAX > sizeof((struct wn_address *)0)->text, "a result holds any address");
_Static_assert((int)WN_PARSED_MAX > (int)WN_ADDRESS_MAX, "a result holds any suggestion");
_Static_assert((int)WN_PARSED_FLAGS > (int)WN_FLAG_COUNT, "a result holds all flags");
_Static_assert(sizeof(struct wn_parsed) == 3 * (size_t)WN_PARSED_MAX +
                                               (2 + (size_t)WN_PARSED_FLAGS) * sizeof(char *) +
                                               8 * sizeof(size_t),
               "another layout of struct wn_parsed needs another number behind wn_parse");

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

static void put_flags(struct wn_parsed *result, uint32_t flags)
{
    for (unsigned bit = 0; bit < WN_FLAG_COUNT; bit++) {
        if (flags & 1U << bit) {
            result->flags[result->flag_count++] = wn_flag_word((enum wn_flag_bit)bit);
        }
    }
}

/* False when there is no memory. */
static bool put_address(struct wn_parsed *result, const struct wn_address *a, bool fold)
{
    uint32_t flags = a->flags;
    result->found_at = a->cell_at;
    result->found_length = a->cell_length;
    if (a->fault != WN_FAULT_none) {
        result->fault = wn_fault_word(a->fault);
        result->sentence = wn_fault_sentence(a->fault);
        result->fault_at = a->fault_at;
    }
    if (a->length > 0) {
        /* wn_address_key may write more than it says, and the result ends with a NUL. */
        char key[sizeof a->text];
        size_t n = wn_address_try_key(a, key);
        if (n == 0) {
            return false;
        }
        struct wn_span local = {key, n - (a->length - a->local_length)};
        flags |= wn_lists_local(local) | wn_lists_domain(wn_address_domain(a));
        n = fold ? wn_address_fold(key, n) : n;
        memcpy(result->key, key, n);
        result->key_length = n;
        memcpy(result->address, a->text, a->length);
        result->address_length = a->length;
        result->local_length = a->local_length;
    }
    put_flags(result, flags);
    return true;
}

bool wn_parse(const char *text, size_t length, unsigned options, struct wn_parsed *result)
{
    struct wn_span cell = {text, length};
    struct wn_address a;
    char meant[WN_ADDRESS_MAX];
    size_t meant_length = 0;
    unsigned ours = 0;

    for (size_t i = 0; i < sizeof options_map / sizeof *options_map; i++) {
        ours |= options & options_map[i].theirs ? options_map[i].ours : 0;
    }
    bool read = wn_address_try(cell, ours, &a);
    bool mended = read && wn_typo_address(&a, cell, meant, &meant_length);
    /* Not before the text has been read to its end: it may lie in there. */
    *result = (struct wn_parsed){0};
    if (!read || !put_address(result, &a, (options & WN_PARSE_FOLD_ALIASES) != 0)) {
        *result = (struct wn_parsed){0};
        return false;
    }
    if (mended) {
        memcpy(result->suggestion, meant, meant_length);
        result->suggestion_length = meant_length;
    }
    return true;
}
