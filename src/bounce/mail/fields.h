/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAIL_FIELDS_H
#define WN_BOUNCE_MAIL_FIELDS_H

/* Lines, header fields, dates and addresses, as they stand in a message. Everything is a view of
 * the caller's bytes unless it had to be changed; then it lies in the caller's arena. Lines end in
 * LF or CRLF. Any thread. */

#include "base/arena.h"

/* Starts GMime, once; what needs it calls this itself. It is never shut down. */
void wn_mail_init(void);

/* Takes the next line, without its end, off *rest; false when there is none. */
bool wn_line_next(struct wn_span *rest, struct wn_span *line);

/* A header field (RFC 5322, 2.2). `value` is still folded and has its blanks. */
struct wn_field {
    struct wn_span name, value;
};

/* Takes the next field off *rest. Lines that belong to no field are passed over. False at an empty
 * line, *rest then standing behind it, or at the end, *rest then being empty. */
bool wn_field_next(struct wn_span *rest, struct wn_field *field);

/* Whether a line begins with a field's name and its colon, blanks between them allowed. */
bool wn_field_begins(struct wn_span line);

/* The value on one line, without blanks at its ends: folds become one blank. At most
 * WN_FIELD_MAX bytes of it. */
struct wn_span wn_field_unfold(struct wn_span value, struct wn_arena *arena);

enum {
    WN_FIELD_MAX = 4096
};

/* The same with encoded words (RFC 2047) decoded to UTF-8. */
struct wn_span wn_field_decode(struct wn_span value, struct wn_arena *arena);

/* Whether `s` begins with the literal, or holds it: ASCII letters in either case. */
bool wn_begins(struct wn_span s, struct wn_span with);
const char *wn_find(struct wn_span s, struct wn_span what);

static inline bool wn_holds(struct wn_span s, struct wn_span what)
{
    return wn_find(s, what) != NULL;
}

/* The text behind the first `what` in it, or an empty span. */
struct wn_span wn_behind(struct wn_span s, struct wn_span what);

/* Seconds since 1970 of a date of RFC 5322, 3.3 and of what stands there instead: of asctime, as in
 * a `From ` line, with two-digit years, with names of zones. Without a zone it is UTC. False when a
 * day, month, year and time cannot all be found. */
bool wn_mail_date(struct wn_span text, int64_t *at);

/* The first thing that has the form of an address (`local@domain`, the domain with a dot or in
 * brackets), without angle brackets and quotes around it; *behind is the rest of the text. False
 * when there is none. Not a judgement: that is wn_address_read's. */
bool wn_mail_address(struct wn_span text, struct wn_span *address, struct wn_span *behind);

/* The same for a line that opens with one: behind blanks, a bullet, an angle bracket, quotes. What
 * follows it must be the end, or set off from it. */
bool wn_opens_with_address(struct wn_span line, struct wn_span *address, struct wn_span *behind);

#endif
