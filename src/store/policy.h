/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_POLICY_H
#define WN_STORE_POLICY_H

/* The bounce policy: every number by which events become suppressions. The store remembers the
 * policy that its suppressions were derived under, so that every later import derives alike. */

#include "store/db.h"

/* In the units that the names say. */
struct wn_bounce_policy {
#define WN_BOUNCE_NUMBER(name, initial, least, most, meaning) int64_t name;
#include "store/policy.def"
};

enum {
#define WN_BOUNCE_NUMBER(name, initial, least, most, meaning) WN_BOUNCE_NUMBER_##name,
#include "store/policy.def"
    WN_BOUNCE_NUMBERS
};

/* One number as data. */
struct wn_bounce_number {
    const char *name;
    size_t offset; /* of the member */
    int64_t initial, least, most;
    const char *meaning;
};
extern const struct wn_bounce_number wn_bounce_numbers[WN_BOUNCE_NUMBERS];

static inline int64_t *wn_bounce_policy_at(struct wn_bounce_policy *policy, size_t number)
{
    return (int64_t *)(void *)((char *)policy + wn_bounce_numbers[number].offset);
}

/* Every number at its default. */
void wn_bounce_policy_init(struct wn_bounce_policy *policy);

/* Reads a file of 'name = number' lines; what it does not name gets its default. WN_E_CONFIG, with
 * file and line: an unknown name (the nearest is named), one that stands twice, no number, one out
 * of bounds; or numbers under which a rule could never apply. WN_E_NOINPUT: the file cannot be
 * opened. */
int wn_bounce_policy_read(const char *path, struct wn_bounce_policy *policy, struct wn_error *err);

/* The store's policy; the defaults where none was ever set. Read once a connection. */
int wn_bounce_policy_get(struct wn_store *store, struct wn_bounce_policy *policy,
                         struct wn_error *err);

/* Sets it, between wn_store_begin and wn_store_commit; everything has to be derived again
 * (wn_suppression_update with `all`) in the same transaction. */
int wn_bounce_policy_put(struct wn_store *store, const struct wn_bounce_policy *policy,
                         struct wn_error *err);

#endif
