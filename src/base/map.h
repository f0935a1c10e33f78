/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_MAP_H
#define WN_BASE_MAP_H

/* An index from a 64-bit hash to the number of an entry that lives elsewhere. The map holds no
 * keys: it remembers 32 bits of each hash and asks the caller, through `same`, whether entry `id`
 * really has the wanted key, so a table's text is stored once and by its owner. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WN_MAP_NONE UINT32_MAX

/* Owned by the caller, zero-initialised. */
struct wn_map {
    uint64_t *slots; /* hash bits 63..32, then id + 1; 0 is free */
    size_t mask;     /* slots - 1, a power of two less one */
    size_t used;
};

/* Makes room for that many entries at once, which spares growing step by step. */
void wn_map_reserve(struct wn_map *m, size_t entries);

typedef bool wn_map_same(const void *table, const void *key, uint32_t id);

void wn_map_release(struct wn_map *m);

/* The id under `hash` for which same(table, key, id), or WN_MAP_NONE. */
uint32_t wn_map_find(const struct wn_map *m, uint64_t hash, wn_map_same *same, const void *table,
                     const void *key);

/* Adds an id that is not there yet (ids below WN_MAP_NONE - 1). */
void wn_map_add(struct wn_map *m, uint64_t hash, uint32_t id);

/* Starts loading the cache line that a look-up of `hash` will read first. */
static inline void wn_map_prefetch(const struct wn_map *m, uint64_t hash)
{
    if (m->slots != NULL) {
        __builtin_prefetch(&m->slots[(hash >> 32) & m->mask]);
    }
}

/* The id that a look-up of `hash` will most likely find, without asking whether it has the key, or
 * WN_MAP_NONE: for fetching that entry ahead of time. */
static inline uint32_t wn_map_peek(const struct wn_map *m, uint64_t hash)
{
    uint64_t slot = m->slots != NULL ? m->slots[(hash >> 32) & m->mask] : 0;
    return slot >> 32 == hash >> 32 && slot != 0 ? (uint32_t)slot - 1 : WN_MAP_NONE;
}

/* The hash of the tables in memory: XXH3 under a seed drawn when the process starts, so that nobody
 * can prepare a list whose addresses all collide. Never stored, and no output depends on it. */
uint64_t wn_hash(const void *p, size_t n);

#endif
