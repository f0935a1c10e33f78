/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMAP_SESSION_H
#define WN_BOUNCE_IMAP_SESSION_H

/* What is asked of an IMAP server (RFC 3501, UIDPLUS RFC 4315, MOVE RFC 6851). A message is known
 * by its UID; nothing that is only read is changed, not even what was seen. Used by one thread at a
 * time. After any error but WN_E_NOINPUT the session is of no use any more. */

#include "bounce/imap/wire.h"

struct wn_imap;

enum {
    WN_IMAP_LIST_MAX = 1000000 /* messages that are listed at once */
};

/* Those of wn_imap_wire_open. `access` must outlive the session. *imap is NULL on failure. */
int wn_imap_open(const struct wn_imap_access *access, struct wn_imap **imap, struct wn_error *err);
/* Logs out. */
void wn_imap_free(struct wn_imap *imap);

/* Every function below: WN_E_NOINPUT when the server refuses (its words are in the sentence),
 * WN_E_DATA when it speaks no IMAP, and the errors of wire.h. */

/* Opens a mailbox, for reading alone unless `change`. Its UIDVALIDITY: with another one, UIDs that
 * were remembered mean nothing. */
int wn_imap_select(struct wn_imap *imap, struct wn_span mailbox, bool change, uint32_t *uidvalidity,
                   struct wn_error *err);

/* That a mailbox is there. */
int wn_imap_find(struct wn_imap *imap, struct wn_span mailbox, struct wn_error *err);

struct wn_imap_entry {
    uint32_t uid;
    uint32_t size; /* octets, as the server says */
};

/* Messages in ascending order of their UIDs. Owned by the caller, zero-initialised. */
struct wn_imap_list {
    struct wn_imap_entry *v;
    size_t count, capacity;
    bool more; /* there are more, all of higher UIDs */
};
void wn_imap_list_release(struct wn_imap_list *list);

/* The messages whose UIDs are above `after`, the first WN_IMAP_LIST_MAX of them. */
int wn_imap_list(struct wn_imap *imap, uint32_t after, struct wn_imap_list *list,
                 struct wn_error *err);

/* A message that is fetched, or was: an unlinked file of its first octets, or -1 as long as the
 * server has not handed it over; it never does so for one that was removed in between. */
struct wn_imap_message {
    uint32_t uid;
    int fd;
    uint64_t size;
};

/* Fetches the first `max` octets of each of `count` messages, which are in ascending order; fds are
 * the caller's, also on failure. WN_E_NOINPUT: the server refused some of those that are missing;
 * whether they are gone is not known. */
int wn_imap_fetch(struct wn_imap *imap, struct wn_imap_message *messages, size_t count,
                  uint32_t max, struct wn_error *err);

/* Moves messages, in ascending order, to another mailbox; where the server cannot do that, copies
 * them and removes the originals (where it cannot remove single ones either, they stay, marked as
 * deleted). The mailbox was opened with `change`. */
int wn_imap_move(struct wn_imap *imap, const uint32_t *uids, size_t count, struct wn_span mailbox,
                 struct wn_error *err);

#endif
