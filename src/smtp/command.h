/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_COMMAND_H
#define WN_SMTP_COMMAND_H

/* All that can be said to a mail server once the connection stands (RFC 5321, 4.1.1). There is no
 * DATA and no BDAT among the commands, so no mail can be sent. Pure; any thread may call it. */

#include "base/str.h"

enum wn_smtp_verb {
    WN_SMTP_MAIL,
    WN_SMTP_RCPT,
    WN_SMTP_RSET,
    WN_SMTP_QUIT,
    WN_SMTP_VERB_COUNT
};

struct wn_smtp_command {
    enum wn_smtp_verb verb;
    struct wn_span address; /* MAIL: the envelope sender; RCPT: the mailbox; else empty */
    bool utf8;              /* MAIL: ask for SMTPUTF8 (RFC 6531, 3.4); RCPT: MAIL has done so */
};

enum {
    WN_SMTP_ADDRESS_MAX = 320 /* octets: 64 and 255 with an @ between (RFC 5321, 4.5.3.1) */
};

/* Whether an address can stand between the angle brackets of a command: not empty, at most
 * WN_SMTP_ADDRESS_MAX octets, no control character (CR, LF and NUL are some, and so are U+0080 to
 * U+009F), no blank, '<' or '>' outside a quoted string, every quoted string closed, and without
 * `utf8` nothing but ASCII; with it, valid UTF-8. Says nothing else of its syntax. */
bool wn_smtp_address_fits(struct wn_span address, bool utf8);

/* Appends the command's line with CRLF. False, and nothing appended: no such verb, an address that
 * does not fit, or one where none belongs. The null sender (MAIL FROM:<>) is refused, too: a probe
 * has one identity, and says it. */
bool wn_smtp_command_write(const struct wn_smtp_command *command, struct wn_buf *out);

#endif
