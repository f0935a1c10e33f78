/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_IMAP_POSITIONS_H
#define WN_STORE_IMAP_POSITIONS_H

/* Up to which message a mailbox on a server was read: the UIDs of an IMAP mailbox only ever grow,
 * as long as its UIDVALIDITY stays the same (RFC 3501, 2.3.1.1). A position is put in the
 * transaction that holds the last of its messages' events, or a later one. */

#include "store/db.h"

struct wn_imap_place {
    struct wn_span server; /* "mail.example.org:993" */
    struct wn_span user;
    struct wn_span mailbox;
};

struct wn_imap_position {
    uint32_t uidvalidity; /* 0: the mailbox was never read */
    uint32_t last_uid;    /* 0: no message of it was */
};

int wn_imap_position_get(struct wn_store *store, const struct wn_imap_place *place,
                         struct wn_imap_position *position, struct wn_error *err);
/* `now`: seconds since 1970. */
int wn_imap_position_put(struct wn_store *store, const struct wn_imap_place *place,
                         const struct wn_imap_position *position, int64_t now,
                         struct wn_error *err);

#endif
