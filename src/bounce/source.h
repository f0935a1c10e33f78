/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_SOURCE_H
#define WN_BOUNCE_SOURCE_H

/* Where bounces come from. Each format is one row of a table: how to recognise it by its content
 * and how to read it into notices. A notice is what the source said, taken out of its format and
 * not yet judged; judging is the same for all of them. */

#include "base/error.h"
#include "bounce/classify.h"
#include "csv/input.h"

/* Why a piece of a source cannot be used. Listed and counted, never an error. */
enum wn_notice_fault {
    WN_NOTICE_OK,
    WN_NOTICE_RECORD,  /* no record of this format */
    WN_NOTICE_ADDRESS, /* no address, or none that can be one */
    WN_NOTICE_DATE,    /* no date, one that cannot be read or lies in the future */
    WN_NOTICE_KIND,    /* a kind of event that says nothing of a delivery */
    WN_NOTICE_CODE,    /* nothing says why it bounced */
    WN_NOTICE_FAULTS
};
/* "no date that can be read" */
const char *wn_notice_fault_sentence(enum wn_notice_fault fault);

/* What a source says of a bounce without a code: that it was hard, or soft. */
enum wn_hardness {
    WN_HARDNESS_unknown,
    WN_HARDNESS_hard,
    WN_HARDNESS_soft
};

/* Spans are valid during the call that hands it over. */
struct wn_notice {
    uint64_t line;   /* 1-based line on which it begins */
    uint64_t offset; /* bytes before it */
    enum wn_notice_fault fault;
    struct wn_span cell; /* what the fault was found in, or empty */
    /* From here on only without a fault. */
    struct wn_span recipient; /* as it was written */
    int64_t at;
    enum wn_event_kind kind;
    enum wn_hardness hardness;
    struct wn_reply_in reply; /* of a bounce or deferral */
    struct wn_span message_id;
};

/* A non-zero return ends the reading with that status. */
typedef int wn_notice_visit(void *arg, const struct wn_notice *notice);

/* What a source may need to know from the user. */
struct wn_source_settings {
    const char *map; /* columns of a CSV: "email=rcpt,code=3,at=date", or NULL */
};

struct wn_source {
    const char *name;
    /* Whether the input's first bytes can be of this format. */
    bool (*recognise)(struct wn_span head);
    /* Reads the whole input. WN_E_DATA: it is not of this format after all. */
    int (*read)(const struct wn_input *input, const struct wn_source_settings *settings,
                wn_notice_visit *visit, void *arg, struct wn_error *err);
};

/* The format of an input, by its first bytes. CSV, which everything may be, comes last and always
 * fits. */
const struct wn_source *wn_source_find(struct wn_span head);

extern const struct wn_source wn_source_csv;

/* Whether `map` can be read as a map, for a usage error before anything is opened: WN_E_USAGE. */
int wn_source_check_map(const char *map, struct wn_error *err);

/* Turns a notice into an event: normal address, category, action, rule. Writes the recipient's
 * mailbox key to `key`. `now`: what lies more than two days behind it has no date. False, with the
 * notice's fault and cell set, when it cannot be used. `event->source` is left empty. */
bool wn_notice_judge(struct wn_notice *notice, int64_t now, char *key, struct wn_event *event);

enum {
    WN_NOTICE_KEY_MAX = 512
};

#endif
