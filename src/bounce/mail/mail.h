/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAIL_MAIL_H
#define WN_BOUNCE_MAIL_MAIL_H

/* Bounces, complaints and auto-replies as messages (RFC 5322): one a file as in eml files, Maildir
 * and MH folders, or many in an mbox. */

#include "base/arena.h"
#include "bounce/source.h"

/* One message a file. */
extern const struct wn_source wn_source_message;

/* `From ` lines, with or without Content-Length, whatever way `From ` is quoted in bodies. */
extern const struct wn_source wn_source_mbox;

/* What reads messages, one a thread. */
struct wn_mail_reader;
struct wn_mail_reader *wn_mail_reader_new(void);
void wn_mail_reader_free(struct wn_mail_reader *reader);

/* The notices of some messages, in their order, and their texts. Owned by the caller, zero-
 * initialised. */
struct wn_mail_notices {
    struct wn_arena *arena; /* the caller's: holds the list and what is not in the message itself */
    struct wn_notice *list;
    size_t count, capacity;
};

/* Where a message stands in its input, for its notices. */
struct wn_mail_place {
    uint64_t line, offset, length;
    int64_t posted; /* the date of its `From ` line; 0: none */
    int64_t now;
};

/* Reads one message, without a `From ` line, and adds its notices: one for each recipient that
 * bounced, or one that says why there is none (WN_NOTICE_NO_BOUNCE, WN_NOTICE_UNRECOGNISED).
 * Bytes beyond the first 8 MiB are not looked at. The notices point into `bytes` and the arena. */
void wn_mail_read(struct wn_mail_reader *reader, struct wn_span bytes,
                  const struct wn_mail_place *place, struct wn_mail_notices *notices);

/* The length of the `From ` line, with its line end, that `s` begins with, or 0; *posted becomes
 * its date, or 0. */
size_t wn_mbox_from_line(struct wn_span s, int64_t *posted);

#endif
