/* SPDX-License-Identifier: MIT */
#ifndef WN_SUPPRESS_IMPORT_H
#define WN_SUPPRESS_IMPORT_H

/* What the operator does to the suppression list, one address or a file of them, as events in the
 * store. The caller holds WN_LOCK_IMPORT. */

#include "suppress/listing.h"
#include "suppress/read.h"

/* What was found, summed over all files. rows = added + known + unused. */
struct wn_list_counts {
    uint64_t rows;
    uint64_t added;  /* rows that told the store something new */
    uint64_t known;  /* held back already, for the same reason and since the same time or earlier */
    uint64_t hashed; /* of the added: known by a digest alone */
    uint64_t undated; /* rows whose date cannot be one: they count as of now */
    uint64_t unused;  /* suppress nobody: the sum of faults */
    uint64_t faults[WN_LISTED_FAULTS];
};

struct wn_list_import_settings {
    struct wn_list_settings list;
    bool dry_run; /* the store is left as it was */
    /* Called for each row that suppresses nobody; or NULL. */
    void (*unused)(void *arg, const char *file, const struct wn_listed *listed);
    void *unused_arg;
};

/* Reads one file and adds what it says, in transactions of less than a second: what was committed
 * when the import fails or is stopped stays, and the same import again completes it. Importing a
 * file twice changes nothing. A row without a date counts as of now, unless the mailbox is held
 * back for that reason already. Errors: those of wn_list_read and of the store. */
int wn_list_import(struct wn_store *store, const struct wn_input *input,
                   const struct wn_list_import_settings *settings, struct wn_list_counts *counts,
                   struct wn_error *err);

/* One mailbox: its key, or the digest of one. */
struct wn_subject {
    struct wn_span key; /* empty: the digest */
    unsigned char digest[WN_SHA256];
};

/* Reads an address, or "sha256:" and a digest. The key is written to `room`, of
 * sizeof (struct wn_address).text bytes. WN_E_DATA naming the fault. */
int wn_subject_read(const char *word, char *room, struct wn_subject *subject, struct wn_error *err);

/* What the store says of a subject now: its holds, the strongest first. */
struct wn_standing {
    struct wn_hold holds[WN_HOLDS_MAX];
    size_t count;
};
int wn_subject_standing(struct wn_store *store, const struct wn_subject *subject, int64_t now,
                        struct wn_standing *standing, struct wn_error *err);

/* Suppresses a subject by hand, or lifts that, and what bounces led to with it. `*changed`: the
 * store did not say so already. Between wn_store_begin and wn_store_commit; derives what follows.
 * `reason`: the operator's words, or empty. */
int wn_subject_add(struct wn_store *store, const struct wn_subject *subject, struct wn_span reason,
                   int64_t now, bool *changed, struct wn_error *err);
int wn_subject_remove(struct wn_store *store, const struct wn_subject *subject, int64_t now,
                      bool *changed, struct wn_error *err);

#endif
