/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_SOURCE_H
#define WN_BOUNCE_SOURCE_H

/* Where bounces come from. Each format is one row of a table: how to recognise it by its content
 * and how to read it into notices. A notice is what the source said, taken out of its format and
 * not yet judged; judging is the same for all of them. */

#include "base/error.h"
#include "csv/input.h"
#include "smtp/classify.h"

/* Why a piece of a source cannot be used. Listed and counted, never an error. */
enum wn_notice_fault {
    WN_NOTICE_OK,
    WN_NOTICE_RECORD,       /* no record of this format */
    WN_NOTICE_ADDRESS,      /* no address, or none that can be one */
    WN_NOTICE_DATE,         /* no date, one that cannot be read or lies in the future */
    WN_NOTICE_KIND,         /* a kind of event that says nothing of a delivery */
    WN_NOTICE_CODE,         /* nothing says why it bounced */
    WN_NOTICE_NO_BOUNCE,    /* an auto-reply, an ordinary message: nothing to do with a delivery */
    WN_NOTICE_UNRECOGNISED, /* looks like a bounce, and nothing can be read from it */
    WN_NOTICE_UNFINISHED,   /* the end of a file that is being written: read again next time */
    WN_NOTICE_FAULTS
};
/* "no date that can be read" */
const char *wn_notice_fault_sentence(enum wn_notice_fault fault);

/* What is no bounce (WN_NOTICE_KIND, WN_NOTICE_NO_BOUNCE) is nobody's trouble; the other faults say
 * that something that may be one could not be read. */
static inline bool wn_notice_is_no_bounce(enum wn_notice_fault fault)
{
    return fault == WN_NOTICE_KIND || fault == WN_NOTICE_NO_BOUNCE;
}

/* What may be a bounce and is lost, unless somebody looks at it. */
static inline bool wn_notice_is_lost(enum wn_notice_fault fault)
{
    return fault != WN_NOTICE_OK && fault != WN_NOTICE_UNFINISHED && !wn_notice_is_no_bounce(fault);
}

/* What a source says of a bounce without a code: that it was hard, or soft. */
enum wn_hardness {
    WN_HARDNESS_unknown,
    WN_HARDNESS_hard,
    WN_HARDNESS_soft
};

/* Spans are valid during the call that hands it over. */
struct wn_notice {
    uint64_t line;   /* 1-based line on which it begins */
    uint64_t offset; /* bytes before it in the plain input */
    uint64_t length; /* its bytes, where the source knows them; else 0. For --unrecognized */
    enum wn_notice_fault fault;
    struct wn_span cell; /* what the fault was found in, or empty */
    /* From here on only without a fault. */
    struct wn_span recipient; /* as it was written */
    int64_t at;
    enum wn_event_kind kind;
    enum wn_hardness hardness;
    /* What the source's own word for a bounce means, where it has one: believed when neither codes
     * nor text say anything certain. */
    enum wn_category said;
    /* The source knows that it is not about the recipient, so that nothing here counts. */
    bool about_sender;
    struct wn_reply_in reply; /* of a bounce or deferral */
    /* The host that said it (Remote-MTA, a log's relay, else the Reporting-MTA), or empty. */
    struct wn_span remote;
    /* Of the message that bounced: its Message-ID without angle brackets, else the queue id; the
     * same from a log and from the DSN, so that one bounce counts once. Or empty. */
    struct wn_span message_id;
    /* What the source itself calls the event, or empty: its place in the file names it. */
    struct wn_span event_id;
};

/* A non-zero return ends the reading with that status. */
typedef int wn_notice_visit(void *arg, const struct wn_notice *notice);

/* What a source may need to know, from the user and of the circumstances. */
struct wn_source_settings {
    const char *map;         /* columns of a CSV: "email=rcpt,code=3,at=date", or NULL */
    int64_t now;             /* seconds since 1970 */
    int64_t jobs;            /* threads that a source may use for a large input; 1 or more */
    const _Atomic int *stop; /* becomes non-zero when an orderly stop is asked for; never NULL */
    /* The input is read again when it has grown, so what seems unfinished at its end is left for
     * then (WN_NOTICE_UNFINISHED). A log's last line always is. */
    bool again;
};

/* One reading of one input. */
struct wn_reading {
    const struct wn_input *input;
    const struct wn_source_settings *settings;
    /* Of an incremental source: the offset at which it begins, where a line does; and where the
     * next reading is to begin, behind the last whole line (set by the source as it goes on). */
    uint64_t from, read_to;
    uint64_t forgotten;     /* messages of a log that were too many at once; set by the source */
    wn_notice_visit *visit; /* called from one thread at a time, in the order of the input */
    void *arg;
};

/* Whether the input is a file that was changed in the last minute, so that what is unfinished at
 * its end is left: with settings->again. Who writes records writes on, and many a CSV and message
 * has no proper end. */
bool wn_reading_may_grow(const struct wn_reading *reading);

struct wn_source {
    const char *name;
    /* Grows at its end and is read on from where the last reading stopped: a log. */
    bool incremental;
    /* Whether the input's first bytes (at most WN_SOURCE_HEAD) can be of this format. */
    bool (*recognise)(struct wn_span head);
    /* Reads the input. WN_E_DATA: it is not of this format after all. Any thread may read one
     * input while others read others. */
    int (*read)(struct wn_reading *reading, struct wn_error *err);
};

enum {
    WN_SOURCE_HEAD = 1 << 16
};

/* The format of an input, by its first bytes. CSV, which everything may be, comes last and always
 * fits. */
const struct wn_source *wn_source_find(struct wn_span head);

extern const struct wn_source wn_source_postfix, wn_source_exim, wn_source_sendmail,
    wn_source_opensmtpd, wn_source_qmail, wn_source_syslog;
extern const struct wn_source wn_source_csv;
extern const struct wn_source wn_source_json, wn_source_form;

/* Whether `map` can be read as a map, for a usage error before anything is opened: WN_E_USAGE. */
int wn_source_check_map(const char *map, struct wn_error *err);

/* Turns a notice into an event: normal address, category, action, rule. Writes the recipient's
 * mailbox key to `key`. `now`: what lies more than two days behind it has no date. False, with the
 * notice's fault and cell set, when it cannot be used. `event->source` is the notice's event_id, so
 * it may be empty. */
bool wn_notice_judge(struct wn_notice *notice, int64_t now, char *key, struct wn_event *event);

enum {
    WN_NOTICE_KEY_MAX = 512
};

#endif
