/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_OVERLAY_PRIVATE_H
#define WN_ADDRESS_OVERLAY_PRIVATE_H

/* What overlay.c (asking) and overlay_load.c (loading) share: the inside of struct wn_overlay. */

#include "address/internal.h"
#include "address/overlay.h"
#include "base/arena.h"
#include "base/map.h"

/* A table of names in which each remembers the files that hold it. */
struct wn_overlay_name {
    uint32_t at;    /* offset in `text` */
    uint16_t files; /* bit n: file n holds it; among the providers, bits of enum wn_objection */
    uint16_t length;
};

struct wn_overlay_names {
    struct wn_map map;
    struct wn_overlay_name *v;
    uint32_t count, capacity;
    struct wn_buf text;
    uint64_t filter[16]; /* no bit, no such name: what most look-ups end with */
};

enum wn_overlay_table {
    WN_TABLE_LOCAL,
    WN_TABLE_DOMAIN,
    WN_TABLE_MX,
    WN_TABLE_MAILBOX,
    WN_TABLE_PROVIDER,
    WN_TABLES
};

struct wn_overlay {
    struct wn_overlay_names tables[WN_TABLES];
    uint8_t built_in; /* enum wn_list bits of the compiled-in lists in force */
    uint32_t total;
    const char *paths[WN_LIST_FILES];
    size_t entries[WN_LIST_FILES];
    size_t passed_over[WN_LIST_FILES];
    size_t named[WN_LIST_FILES]; /* how many of them `passing` names */
    const char *passing[WN_LIST_FILES];
    struct wn_arena arena; /* the texts above */
};

_Static_assert(WN_LIST_FILES <= 16, "the files of a name do not fit");

/* The bits of a list's two files. */
#define WN_FILES_OF(list) ((uint16_t)(3U << (2 * (unsigned)(list))))

/* The files that hold the name, 0 when none does. */
uint16_t wn_overlay_names_find(const struct wn_overlay_names *names, struct wn_span name);

/* The files that hold the name itself or, of those in `inherited`, a name above it. */
uint16_t wn_overlay_names_above(const struct wn_overlay_names *names, struct wn_span name,
                                uint16_t inherited);

/* True when the name was not in these files yet. */
bool wn_overlay_names_add(struct wn_overlay_names *names, struct wn_span name, uint16_t files);

/* The name above, or an empty one. */
struct wn_span wn_overlay_parent(struct wn_span name);

/* The flags of these compiled-in lists and these files. */
uint32_t wn_overlay_flags(uint8_t built_in, uint16_t files);

#endif
