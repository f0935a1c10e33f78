/* SPDX-License-Identifier: MIT */
#ifndef WN_SUPPRESS_READ_H
#define WN_SUPPRESS_READ_H

/* A suppression list of any form, read row by row: a CSV of Winnow, Mailgun, Amazon SES, SparkPost
 * or listmonk, one with the columns that people have, the JSON of such a service's API, plain
 * addresses or SHA-256 digests one a line. What a row says is judged elsewhere (import.h). */

#include "base/sha256.h"
#include "csv/input.h"
#include "verdict/policy.h"

/* Why a row suppresses nobody. Listed and counted, never an error. */
enum wn_listed_fault {
    WN_LISTED_OK,
    WN_LISTED_RECORD,     /* no record of this file */
    WN_LISTED_ADDRESS,    /* no address, or none that can be one, nor a digest */
    WN_LISTED_SUBSCRIBED, /* it says that the address is subscribed */
    WN_LISTED_TAG,        /* unsubscribed from some mail only */
    WN_LISTED_ENDED,      /* it was over when it was read */
    WN_LISTED_FAULTS
};
const char *wn_listed_fault_sentence(enum wn_listed_fault fault);

/* Spans are valid during the call that hands it over. */
struct wn_listed {
    uint64_t line, offset; /* 1-based; bytes before it in the plain input */
    enum wn_listed_fault fault;
    struct wn_span cell; /* what the fault was found in, or empty */
    /* From here on only without a fault. */
    struct wn_span address; /* as it was written; empty where there is a digest */
    bool hashed;
    unsigned char digest[WN_SHA256];
    int64_t at; /* seconds since 1970; 0: no date, or none that can be one */
    bool bad_date;
    /* What it says: complained, unsubscribed or suppressed; in Winnow's own form also hard_bounced,
     * full_too_long and bounced_too_often. */
    enum wn_reason reason;
    struct wn_span source;     /* of Winnow's own form, or empty */
    struct wn_span diagnostic; /* or empty */
    struct wn_span bounced_at; /* of Winnow's own form: RFC 3339 times joined by ';', or empty */
};

/* A non-zero return ends the reading with that status. */
typedef int wn_listed_visit(void *arg, const struct wn_listed *listed);

struct wn_list_settings {
    const char *column; /* that holds addresses or digests, by name or number; NULL: found */
    /* The header that a CSV must have, its names joined by commas, in any order and among others;
     * "": none; NULL: any. */
    const char *header;
    enum wn_reason as; /* what a row without a word of its own says */
    int64_t now;       /* what ended before it is over; a date more than two days behind is none */
    const _Atomic int *stop; /* becomes non-zero when an orderly stop is asked for; never NULL */
};

/* Reads the input. WN_E_DATA: no column holds addresses or digests, or this is no text;
 * WN_E_IO; WN_E_SIGNAL + n: stopped. */
int wn_list_read(const struct wn_input *input, const struct wn_list_settings *settings,
                 wn_listed_visit *visit, void *arg, struct wn_error *err);

#endif
