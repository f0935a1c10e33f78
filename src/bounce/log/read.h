/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_LOG_READ_H
#define WN_BOUNCE_LOG_READ_H

/* What the logs of all mail servers have in common. A format takes single lines apart, which
 * needs nothing but the line and is done by several threads; what lines say is then joined with
 * what earlier lines said of the same queue id, which is the same for all formats and is done in
 * the order of the log. */

#include "bounce/log/stamp.h"
#include "bounce/source.h"

enum wn_log_act {
    WN_LOG_MESSAGE,  /* `text` is the Message-ID of `id`, whose life begins here */
    WN_LOG_SENDER,   /* the envelope sender of `id` is known; null_sender says which */
    WN_LOG_ARRIVAL,  /* both at once */
    WN_LOG_ATTEMPT,  /* a delivery was tried; `kind` says how it went */
    WN_LOG_EXPIRED,  /* `id` was given up; of `recipient`, or of all that were deferred */
    WN_LOG_CLOSED,   /* `id` has left the queue and may be used again */
    WN_LOG_STARTED,  /* qmail: delivery `id` is of the message `text`, to `recipient` */
    WN_LOG_ENDED,    /* qmail: how delivery `id` went */
    WN_LOG_UNUSABLE, /* `fault` says why */
};

/* What one line says. Spans are in the block. */
struct wn_log_finding {
    uint32_t offset, length; /* of the line in the block */
    uint32_t line;           /* lines before it in the block */
    uint8_t act;             /* enum wn_log_act */
    uint8_t kind;            /* enum wn_event_kind */
    uint8_t fault; /* enum wn_notice_fault; an attempt that is not told, with the reason */
    uint8_t phase; /* enum wn_phase */
    uint8_t enhanced[2];
    uint16_t enhanced_detail;
    bool null_sender;
    bool awaits_expiry; /* of a deferral: the format says at the end only that it was the end */
    struct wn_span id;
    uint64_t hash; /* of the id; set by wn_log_read */
    struct wn_span recipient, remote, text;
    int64_t at;
};

struct wn_log_block;

struct wn_log_format {
    /* Whether a line can only come from this mail server. */
    bool (*knows)(struct wn_span line);
    /* Takes a line apart and adds what it finds. Called by several threads, each with a block of
     * its own. */
    void (*parse)(struct wn_log_block *block, struct wn_span line);
};

/* A new finding about the line that is being parsed, cleared; valid until the next. */
struct wn_log_finding *wn_log_add(struct wn_log_block *block, enum wn_log_act act);

/* Takes the last finding back. */
void wn_log_retract(struct wn_log_block *block);

/* Reads a stamp for the finding. One that cannot be read makes it WN_NOTICE_DATE. */
void wn_log_date(struct wn_log_block *block, struct wn_log_finding *finding, struct wn_span stamp);

/* Room for a changed copy of a part of the line, as long as that part or shorter; it lives as long
 * as the block. */
char *wn_log_room(struct wn_log_block *block, size_t n);

/* Whether the head of an input is a log with a line of that format in it. */
bool wn_log_recognise(struct wn_span head, const struct wn_log_format *format);

/* Reads the log (wn_source.read). */
int wn_log_read(struct wn_reading *reading, const struct wn_log_format *format,
                struct wn_error *err);

/* "Nov 21 18:59:40 host program[pid]: rest". */
struct wn_syslog_line {
    struct wn_span stamp;
    struct wn_span program; /* with its path of names, without [pid]: "postfix/smtp" */
    struct wn_span rest;
};
/* Also with a priority in front ("<22>"), of RFC 5424, and of Solaris ("[ID 1 mail.info]"). */
bool wn_syslog_read(struct wn_span line, struct wn_syslog_line *parts);

extern const struct wn_log_format wn_log_postfix, wn_log_exim, wn_log_sendmail, wn_log_opensmtpd,
    wn_log_qmail;

#endif
