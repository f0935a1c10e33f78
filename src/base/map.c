/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing. A slot is 8 bytes: the upper half of the hash and the id, so
 * that a probe that meets another entry nearly never has to look at that entry's text. */
#include "base/map.h"

#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

#include "base/error.h"

enum {
    FIRST_SLOTS = 64
};

#define TAG(hash) ((hash)&UINT64_C(0xffffffff00000000))

static size_t home(const struct wn_map *m, uint64_t hash)
{
    return (size_t)(hash >> 32) & m->mask;
}

void wn_map_release(struct wn_map *m)
{
    free(m->slots);
    *m = (struct wn_map){0};
}

uint32_t wn_map_find(const struct wn_map *m, uint64_t hash, wn_map_same *same, const void *table,
                     const void *key)
{
    if (m->slots == NULL) {
        return WN_MAP_NONE;
    }
    for (size_t i = home(m, hash);; i = (i + 1) & m->mask) {
        uint64_t slot = m->slots[i];
        if (slot == 0) {
            return WN_MAP_NONE;
        }
        if (TAG(slot) == TAG(hash) && same(table, key, (uint32_t)slot - 1)) {
            return (uint32_t)slot - 1;
        }
    }
}

static void place(struct wn_map *m, uint64_t slot)
{
    size_t i = home(m, slot);
    while (m->slots[i] != 0) {
        i = (i + 1) & m->mask;
    }
    m->slots[i] = slot;
}

static void grow(struct wn_map *m)
{
    uint64_t *old = m->slots;
    size_t old_count = old != NULL ? m->mask + 1 : 0;
    size_t count = old_count > 0 ? old_count * 2 : FIRST_SLOTS;
    m->slots = wn_calloc(count, sizeof *m->slots);
    m->mask = count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != 0) {
            place(m, old[i]);
        }
    }
    free(old);
}

void wn_map_add(struct wn_map *m, uint64_t hash, uint32_t id)
{
    if (m->slots == NULL || m->used >= (m->mask + 1) / 4 * 3) {
        grow(m);
    }
    place(m, TAG(hash) | ((uint64_t)id + 1));
    m->used++;
}

static uint64_t seed;

__attribute__((constructor)) static void draw_seed(void)
{
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        seed = (uint64_t)(uintptr_t)&seed; /* the address space is randomised too */
    }
}

uint64_t wn_hash(const void *p, size_t n)
{
    return XXH3_64bits_withSeed(p, n, seed);
}
