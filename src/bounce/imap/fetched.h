/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_IMAP_FETCHED_H
#define WN_BOUNCE_IMAP_FETCHED_H

/* One FETCH response (RFC 3501, 7.4.2), without the octets of its literals: what was asked for, in
 * any order, among whatever else the server tells. */

#include <stdint.h>

#include "base/str.h"

struct wn_imap_fetched {
    uint32_t uid;        /* 0: it does not say */
    uint32_t size;       /* RFC822.SIZE, or 0 */
    bool has_body;       /* BODY[] came, as a literal or as `body` */
    struct wn_span body; /* of a quoted one what is between its quotes, still escaped */
};

/* False when `line` is no FETCH response or cannot be read as one. */
bool wn_imap_read_fetched(struct wn_span line, struct wn_imap_fetched *fetched);

/* The literal's octets that a line announces at its end ("{310}"); false when there is none. *body:
 * they are a message. */
bool wn_imap_announces(struct wn_span line, uint32_t *octets, bool *body);

#endif
