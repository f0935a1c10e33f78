/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAILBOX_H
#define WN_BOUNCE_MAILBOX_H

/* From a mailbox on a server into the store: what came since the last time, by UID. Messages are
 * left as they are, or moved once what they say is kept. */

#include "bounce/imap/wire.h"
#include "bounce/import.h"

struct wn_mailbox_settings {
    struct wn_imap_access access;
    const char *move; /* the mailbox to move messages to that gave an event; NULL: none is moved */
    uint64_t most;    /* messages to fetch, the oldest first; the rest is for the next time */
    /* `read`, `last` and their arguments are set here. With `since` or `dry_run` the position stays
     * as it was. */
    struct wn_import_settings import;
};

struct wn_mailbox_counts {
    uint64_t fetched;
    uint64_t vanished; /* were removed by somebody else between listing and fetching */
    uint64_t refused;  /* the server did not hand them over: tried again the next time */
    uint64_t moved;
    uint64_t left;   /* new ones that were not fetched */
    bool left_more;  /* and there are more than that */
    bool renumbered; /* UIDVALIDITY changed: the mailbox was read from its beginning */
    struct wn_import_counts import;
};

/* Fetches in rounds of a few hundred messages: listed, fetched, imported in one go (in its last
 * transaction the position is put), moved. When the connection breaks, what had come is imported
 * all the same; when the process is killed, at most one round is fetched again, and counts once.
 * With `move`, the position follows the move, so that what was imported and not moved is found
 * again. The caller holds WN_LOCK_IMPORT. Adds to *counts, also on failure. Errors: those of
 * session.h and wn_import_files; WN_E_TEMPFAIL also when some messages were refused. */
int wn_mailbox_fetch(struct wn_store *store, const struct wn_mailbox_settings *settings,
                     struct wn_mailbox_counts *counts, struct wn_error *err);

#endif
