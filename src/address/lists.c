/* SPDX-License-Identifier: MIT */
/* The lists, as constant hash tables that src/data/embed.py writes from the lists beside it when
 * the program is built: open addressing, a quarter full, so that the common answer ("not in any
 * list") takes one hash and one slot. The hash looks at no more than sixteen octets of a name and
 * its length: names are short, and what differs only in the middle of a longer one is told apart by
 * comparing. embed.py computes the same hash: whoever changes one changes the other. */
#include <endian.h>

#include "address/internal.h"
#include "address/lists.h"

static uint64_t load64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

static uint64_t load32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static uint32_t hash_name(const char *p, size_t n)
{
    uint64_t a = 0;
    uint64_t b = 0;
    if (n >= 8) {
        a = load64(p);
        b = load64(p + n - 8);
    } else if (n >= 4) {
        a = load32(p);
        b = load32(p + n - 4);
    } else if (n > 0) {
        a = (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << 8 |
            (uint64_t)(uint8_t)p[n - 1] << 16;
    }
    uint64_t h = (a ^ n) * UINT64_C(0x9e3779b97f4a7c15);
    h = ((h ^ h >> 32) ^ b) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(h >> 32);
}

uint8_t wn_names_find(const struct wn_names *names, struct wn_span name)
{
    if (name.n == 0 || name.n > names->longest) {
        return 0;
    }
    uint32_t hash = hash_name(name.p, name.n);
    for (uint32_t i = hash & names->mask; names->slots[i].lists != 0; i = (i + 1) & names->mask) {
        const struct wn_name_slot *slot = &names->slots[i];
        if (slot->hash == hash && slot->length == name.n &&
            memcmp(names->text + slot->at, name.p, name.n) == 0) {
            return slot->lists;
        }
    }
    return 0;
}

uint8_t wn_names_find_domain(const struct wn_names *names, struct wn_span name, uint8_t inherited)
{
    uint8_t lists = wn_names_find(names, name);
    for (;;) {
        const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
        if (dot == NULL) {
            return lists;
        }
        name.n -= (size_t)(dot + 1 - name.p);
        name.p = dot + 1;
        lists |= wn_names_find(names, name) & inherited;
    }
}

uint32_t wn_lists_local(struct wn_span local)
{
    const char *plus = local.n > 1 ? memchr(local.p + 1, '+', local.n - 1) : NULL;
    if (plus != NULL) {
        local.n = (size_t)(plus - local.p);
    }
    uint8_t lists = wn_names_find(&wn_names_local, local);
    return (lists & WN_LIST_ROLE ? WN_FLAG_role : 0) |
           (lists & WN_LIST_PLACEHOLDER ? WN_FLAG_placeholder : 0);
}

uint32_t wn_lists_domain(struct wn_span domain)
{
    uint8_t lists = wn_names_find_domain(&wn_names_domain, domain,
                                         WN_LIST_DISPOSABLE | WN_LIST_RELAY | WN_LIST_PLACEHOLDER);
    return (lists & WN_LIST_DISPOSABLE ? WN_FLAG_disposable : 0) |
           (lists & WN_LIST_FREE ? WN_FLAG_free : 0) | (lists & WN_LIST_RELAY ? WN_FLAG_relay : 0) |
           (lists & WN_LIST_PLACEHOLDER ? WN_FLAG_placeholder : 0);
}

uint32_t wn_lists_mx(struct wn_span mx)
{
    return wn_names_find_domain(&wn_names_mx, mx, WN_LIST_MX) ? WN_FLAG_disposable : 0;
}
