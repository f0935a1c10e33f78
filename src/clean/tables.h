/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_TABLES_H
#define WN_CLEAN_TABLES_H

/* The three tables of a run: rows, the mailboxes they name, the domains those live in. The survey's
 * commit step is their only writer; afterwards they are read by all. Ids are positions, given in
 * the order of the input, so they do not depend on the number of workers. */

#include "address/address.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/segments.h"
#include "dns/route.h"
#include "smtp/outcome.h"
#include "store/suppression.h"
#include "verdict/decide.h"

#define WN_NONE UINT32_MAX

/* What a row's `bits` hold: flags below, then the fault, then marks, then the column. */
enum {
    WN_ROW_FLAGS = (1 << WN_FLAG_COUNT) - 1,
    WN_ROW_FAULT_SHIFT = WN_FLAG_COUNT,
    WN_ROW_FAULT_MASK = 31,
    WN_ROW_VERBATIM = 1 << (WN_FLAG_COUNT + 5), /* the cell is the address's normal form */
    WN_ROW_DUPLICATE = 1 << (WN_FLAG_COUNT + 6),
    WN_ROW_QUOTED_CELL = 1 << (WN_FLAG_COUNT + 7), /* the raw cell is not its own value */
    WN_ROW_SUGGESTION = 1 << (WN_FLAG_COUNT + 8),  /* a slip explains the fault; see
                                                       wn_row.mailbox */
    /* Which of the input's email columns the cell is. */
    WN_ROW_COLUMN_SHIFT = WN_FLAG_COUNT + 9,
    WN_ROW_COLUMN_MASK = 15
};
_Static_assert(WN_FAULT_COUNT <= WN_ROW_FAULT_MASK + 1, "the fault does not fit");
_Static_assert(WN_FLAG_COUNT + 13 <= 31, "the bits do not fit");

/* 32 bytes a row; its text stays in the input. */
struct wn_row {
    uint64_t offset; /* of the record in the input */
    uint32_t length; /* of the record, line end included */
    uint32_t line;   /* physical line on which it begins */
    /* Its mailbox's id, or WN_NONE; of a duplicate: the id of the first row with its mailbox; with
     * WN_ROW_SUGGESTION: the id of the domain that was probably meant, as there is no mailbox. */
    uint32_t mailbox;
    uint32_t cell, cell_length; /* the raw email field, from the record's start */
    uint32_t bits;
};

struct wn_mailbox {
    const char *local; /* the key's local part, in the arena */
    uint32_t local_length;
    uint32_t domain;    /* id */
    uint32_t first_row; /* id of the first row of the latest input that names it, or WN_NONE */
    uint32_t history;   /* index, or WN_NONE */
};

/* A text that many domains share: an MX host, or what DNS said. What is known of an MX host is
 * worked out once for all of them. */
struct wn_text {
    const char *p; /* NUL-terminated, in the arena */
    uint32_t n;
    bool judged;       /* the next two are set */
    uint32_t provider; /* smtp/provider.h; 0: none known */
    uint32_t flags;    /* enum wn_flag bits of an MX host */
};

struct wn_domain {
    const char *name;   /* A-labels, lower case, NUL-terminated, in the arena */
    const char *mx;     /* the preferred MX host, or "" */
    const char *detail; /* what DNS said, for people, or "" */
    uint32_t length, mx_length, detail_length;
    uint32_t flags;      /* enum wn_flag bits of the domain itself */
    uint32_t history;    /* index, or WN_NONE */
    uint32_t suggestion; /* id of the domain that was probably meant, or WN_NONE */
    enum wn_fault fault;
    enum wn_route_kind route;
    uint32_t provider; /* smtp/provider.h; 0: none known */
    enum wn_catch_all catch_all;
};

struct wn_tables {
    struct wn_segments rows, mailboxes, domains;
    struct wn_segments histories, domain_histories;
    struct wn_map mailbox_map, domain_map, text_map;
    struct wn_segments texts; /* interned MX hosts and details */
    /* What probes said: struct wn_probe, and by mailbox id the index of its own, or WN_NONE. NULL
     * as long as there is none: most runs have no probe, and need no room for it. */
    struct wn_segments probes;
    uint32_t *probe_of;
    uint32_t probe_of_length;
    struct wn_arena arena;
};

void wn_tables_init(struct wn_tables *t);
void wn_tables_release(struct wn_tables *t);

static inline struct wn_row *wn_tables_row(const struct wn_tables *t, uint32_t id)
{
    return wn_segments_at(&t->rows, id);
}

static inline struct wn_mailbox *wn_tables_mailbox(const struct wn_tables *t, uint32_t id)
{
    return wn_segments_at(&t->mailboxes, id);
}

static inline struct wn_domain *wn_tables_domain(const struct wn_tables *t, uint32_t id)
{
    return wn_segments_at(&t->domains, id);
}

static inline enum wn_fault wn_row_fault(const struct wn_row *row)
{
    return (enum wn_fault)(row->bits >> WN_ROW_FAULT_SHIFT & WN_ROW_FAULT_MASK);
}

static inline uint32_t wn_row_column(const struct wn_row *row)
{
    return row->bits >> WN_ROW_COLUMN_SHIFT & WN_ROW_COLUMN_MASK;
}

/* The id of a domain (A-labels, lower case) under its wn_hash; *added when it is new, and then only
 * its name is set. */
uint32_t wn_tables_intern_domain(struct wn_tables *t, struct wn_span name, uint64_t hash,
                                 bool *added);

/* The id of a mailbox by its key's local part and its domain, under the wn_hash of the whole key.
 */
uint32_t wn_tables_intern_mailbox(struct wn_tables *t, struct wn_span local, uint32_t domain,
                                  uint64_t hash, bool *added);

/* Appends a mailbox's key. */
void wn_tables_add_key(const struct wn_tables *t, uint32_t mailbox, struct wn_buf *key);

/* The id of the mailbox with this whole key, or WN_NONE. */
uint32_t wn_tables_find_mailbox(const struct wn_tables *t, struct wn_span key);

/* The same under a hash that is known already, and the fetching ahead for it: steps 0 to 3, each a
 * few look-ups before the next. */
uint32_t wn_tables_find_mailbox_hashed(const struct wn_tables *t, struct wn_span key,
                                       uint64_t hash);
static inline void wn_tables_prefetch_mailbox(const struct wn_tables *t, uint64_t hash, int step)
{
    uint32_t id;
    if (step == 0) {
        wn_map_prefetch(&t->mailbox_map, hash);
    } else if ((id = wn_map_peek(&t->mailbox_map, hash)) != WN_MAP_NONE) {
        const struct wn_mailbox *m = wn_tables_mailbox(t, id);
        if (step == 1) {
            __builtin_prefetch(m);
        } else if (step == 2) {
            __builtin_prefetch(m->local);
            __builtin_prefetch(wn_tables_domain(t, m->domain));
        } else {
            __builtin_prefetch(wn_tables_domain(t, m->domain)->name);
        }
    }
}

uint32_t wn_tables_find_domain(const struct wn_tables *t, struct wn_span name);

/* What a look-up of a domain will touch, fetched ahead of time in three steps that each need the
 * one before: the map's slot, the entry, the name. A table that fits no cache costs a wait for
 * each. */
static inline void wn_tables_prefetch(const struct wn_tables *t, uint64_t domain_hash, int step)
{
    uint32_t id;
    if (step == 0) {
        wn_map_prefetch(&t->domain_map, domain_hash);
    } else if ((id = wn_map_peek(&t->domain_map, domain_hash)) != WN_MAP_NONE) {
        const struct wn_domain *d = wn_tables_domain(t, id);
        __builtin_prefetch(step == 1 ? (const void *)d : d->name);
    }
}

/* One copy of each text; it never moves. */
struct wn_text *wn_tables_intern_text(struct wn_tables *t, struct wn_span text);

static inline bool wn_row_has_mailbox(const struct wn_row *row)
{
    return row->mailbox != WN_NONE && (row->bits & WN_ROW_SUGGESTION) == 0;
}

/* What a probe said of a mailbox, or NULL. */
static inline struct wn_probe *wn_tables_probe(const struct wn_tables *t, uint32_t mailbox)
{
    uint32_t i = mailbox < t->probe_of_length ? t->probe_of[mailbox] : WN_NONE;
    return i != WN_NONE ? wn_segments_at(&t->probes, i) : NULL;
}

/* Sets it; the texts are copied. Once all mailboxes are in the table. */
void wn_tables_set_probe(struct wn_tables *t, uint32_t mailbox, const struct wn_probe *probe);

/* The id of a row's mailbox, whether or not the row is a duplicate; WN_NONE when it names none. */
uint32_t wn_tables_mailbox_of(const struct wn_tables *t, const struct wn_row *row);

#endif
