/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAIL_FLAT_H
#define WN_BOUNCE_MAIL_FLAT_H

/* The parts of a message that is put together as nearly every bounce is: one multipart, in it a
 * text, the status, the original, none of them encoded. They are found by their boundary alone,
 * several times as fast as a MIME parser builds its tree. Whatever is not exactly that is left to
 * the parser. */

#include "bounce/mail/fields.h"

enum {
    WN_FLAT_PARTS_MAX = 8
};

enum wn_flat_kind {
    WN_FLAT_TEXT,     /* text/plain */
    WN_FLAT_STATUS,   /* message/delivery-status */
    WN_FLAT_RETURNED, /* text/rfc822-headers, or an original that was cut off */
};

struct wn_flat_part {
    enum wn_flat_kind kind;
    struct wn_span content; /* a view of the body, without the line end before the boundary */
    const char *charset;    /* in the arena, or NULL */
};

struct wn_flat {
    bool disposition; /* the report-type is disposition-notification */
    size_t count;
    struct wn_flat_part parts[WN_FLAT_PARTS_MAX];
};

/* Reads the header's fields and the body. `cut`: the body was cut off behind the header of its last
 * part, which is the original. False, and *flat undefined, for any message that is not flat:
 * another type at the top or of a part, a transfer encoding, a field that is there twice,
 * parameters in another form than name=value and name="value", a header with other lines than
 * fields, a boundary that does not come or has something behind it. */
bool wn_flat_read(struct wn_span header, struct wn_span body, bool cut, struct wn_arena *arena,
                  struct wn_flat *flat);

#endif
