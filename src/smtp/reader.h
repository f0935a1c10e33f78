/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_READER_H
#define WN_SMTP_READER_H

/* Replies out of bytes (RFC 5321, 4.2), whatever a server sends and wherever it is cut. Needs a
 * bounded amount of memory; pure. */

#include "base/str.h"

enum {
    WN_SMTP_LINE_MAX = 2048,      /* bytes kept of a line, and of a reply with its NUL */
    WN_SMTP_LINES_MAX = 100,      /* lines of a reply */
    WN_SMTP_LINE_LIMIT = 1 << 20, /* bytes of one line before it is given up */
};

/* `detail` of what does not begin as a reply does; also said where libcurl finds that first. */
#define WN_SMTP_NO_REPLY "the server sent something that is no SMTP reply"

struct wn_smtp_reply {
    uint16_t code;       /* 200 to 599; 0: nothing was said, `text` is our own sentence */
    uint8_t enhanced[2]; /* class and subject of the first enhanced code (RFC 3463) that stands in
                          * front of a line, or 0 0; it may contradict `code` */
    uint16_t enhanced_detail;
    uint32_t length; /* of the text, without its NUL */
    /* "550 5.1.1 No such user": the code, a blank and the first line, then the other lines with a
     * blank before each and without the codes that the first one has said. Valid UTF-8: what is
     * none, and control characters, are each made '?'; a tab is made a blank. */
    char text[WN_SMTP_LINE_MAX];
};

enum wn_smtp_read {
    WN_SMTP_READ_MORE,  /* all bytes are taken, and no reply is whole */
    WN_SMTP_READ_REPLY, /* `reply` is one, until the next call */
    WN_SMTP_READ_BROKEN /* no SMTP; `detail` says why. What follows means nothing */
};

/* Owned by the caller; begins zero-initialised. */
struct wn_smtp_reader {
    struct wn_smtp_reply reply;
    const char *detail; /* static, without a full stop */
    uint32_t lines;     /* read of this reply */
    uint32_t line;      /* bytes read of this line, kept or not */
    char kept[WN_SMTP_LINE_MAX];
};

/* Takes bytes up to the end of a reply, and moves *bytes behind it. A line ends at LF, with a CR
 * before it or not. */
enum wn_smtp_read wn_smtp_reader_take(struct wn_smtp_reader *reader, struct wn_span *bytes);

/* Fills a reply that no server gave: code 0 and the sentence, which is cut where it is too long. */
void wn_smtp_reply_say(struct wn_smtp_reply *reply, const char *sentence);

/* Whether the address, in whatever case, stands in the reply, and not as a part of another one. */
bool wn_smtp_reply_names(const struct wn_smtp_reply *reply, struct wn_span address);

#endif
