/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing. A slot is 8 bytes: the upper half of the hash and the id, so
 * that a probe that meets another entry nearly never has to look at that entry's text. */
#include "base/map.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <xxhash.h>

#include "base/error.h"

enum {
    FIRST_SLOTS = 64,
    LARGE = 1 << 22 /* bytes */
};

#define TAG(hash) ((hash)&UINT64_C(0xffffffff00000000))

static size_t home(const struct wn_map *m, uint64_t hash)
{
    return (size_t)(hash >> 32) & m->mask;
}

/* Large tables are reached in no order, so each look-up in small pages would also miss the address
 * cache; large pages spare that, and thousands of page faults, where the kernel has them. */
static uint64_t *new_slots(size_t count)
{
    size_t size = count * sizeof(uint64_t);
    if (size < LARGE) {
        return wn_calloc(count, sizeof(uint64_t));
    }
    void *slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED) {
        wn_out_of_memory();
    }
    (void)madvise(slots, size, MADV_HUGEPAGE);
    return slots;
}

static void free_slots(uint64_t *slots, size_t count)
{
    size_t size = count * sizeof(uint64_t);
    if (size < LARGE) {
        free(slots);
    } else {
        (void)munmap(slots, size);
    }
}

void wn_map_release(struct wn_map *m)
{
    if (m->slots != NULL) {
        free_slots(m->slots, m->mask + 1);
    }
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

static void resize(struct wn_map *m, size_t count)
{
    uint64_t *old = m->slots;
    size_t old_count = old != NULL ? m->mask + 1 : 0;
    m->slots = new_slots(count);
    m->mask = count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != 0) {
            place(m, old[i]);
        }
    }
    if (old != NULL) {
        free_slots(old, old_count);
    }
}

/* How many entries a table of that many slots holds before it grows. */
static size_t room(size_t slots)
{
    return slots / 4 * 3;
}

void wn_map_reserve(struct wn_map *m, size_t entries)
{
    size_t count = m->slots != NULL ? m->mask + 1 : FIRST_SLOTS;
    while (room(count) < entries && count < SIZE_MAX / 64) {
        count *= 2;
    }
    if (m->slots == NULL || count > m->mask + 1) {
        resize(m, count);
    }
}

void wn_map_add(struct wn_map *m, uint64_t hash, uint32_t id)
{
    if (m->slots == NULL) {
        resize(m, FIRST_SLOTS);
    } else if (m->used >= room(m->mask + 1)) {
        resize(m, (m->mask + 1) * 2);
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
