/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAIL_MESSAGE_H
#define WN_BOUNCE_MAIL_MESSAGE_H

/* The few parts of a message that matter to a reader of bounces, as bounded texts. Attachments are
 * never decoded nor copied. */

#include "bounce/mail/fields.h"

enum {
    /* What lies beyond is not looked at: report, status and the original's header come first. */
    WN_MESSAGE_MAX = 8 << 20,
    /* Of a decoded text. */
    WN_MESSAGE_TEXT_MAX = 256 << 10
};

/* Views of the message or texts in the arena; empty where there is none. */
struct wn_message {
    /* Of the header, on one line each; subject and from decoded. */
    struct wn_span from, subject, to, date, received, message_id, in_reply_to, return_path;
    struct wn_span envelope[4]; /* to whom this message went: X-Original-To, Delivered-To … */
    struct wn_span failed;      /* X-Failed-Recipients and its like: addresses with commas */
    struct wn_span auto_submitted, precedence;
    bool has_return_path;
    bool auto_reply; /* a header that only auto-responders write */
    bool list;       /* went over a mailing list */
    bool apple_unsubscribe;
    bool multipart;          /* multipart/report or another multipart */
    bool disposition;        /* multipart/report of a read receipt */
    bool broken;             /* its parts could not be told apart: text is all of the body */
    struct wn_span text;     /* the human part in UTF-8; HTML without its tags */
    struct wn_span status;   /* message/delivery-status */
    struct wn_span feedback; /* message/feedback-report */
    struct wn_span returned; /* the original, or its header, as far as it is there */
};

/* The MIME parser of one thread. */
struct wn_message_parser;
struct wn_message_parser *wn_message_parser_new(void);
void wn_message_parser_free(struct wn_message_parser *parser);

/* Reads a message of at most WN_MESSAGE_MAX bytes without a `From ` line. Always fills *message:
 * whatever bytes there are, they are some message. What it points to lives as long as `bytes` and
 * the arena. */
void wn_message_read(struct wn_message_parser *parser, struct wn_span bytes, struct wn_arena *arena,
                     struct wn_message *message);

/* HTML without tags, comments, style and script, with the usual entities replaced; <br>, <p>,
 * <div>, <tr> and <li> end a line. */
struct wn_span wn_html_text(struct wn_span html, struct wn_arena *arena);

/* Text in UTF-8; what the character set (as MIME names it, may be NULL) does not explain becomes
 * '?'. A view of `text` if it is ASCII. */
struct wn_span wn_utf8_text(struct wn_span text, const char *charset, struct wn_arena *arena);

/* A reply on one line, in UTF-8, without the punctuation before it, at most WN_REPLY_LINE_MAX
 * bytes: control characters are blanks, and what is no UTF-8 becomes '?'. */
struct wn_span wn_reply_line(struct wn_span s, struct wn_arena *arena);

enum {
    WN_REPLY_LINE_MAX = 1024 /* WN_DIAGNOSTIC_MAX */
};

#endif
