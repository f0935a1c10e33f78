/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_JSON_CUT_H
#define WN_BOUNCE_JSON_CUT_H

/* Cuts JSON (RFC 8259) into records without building anything of it, so that memory depends on one
 * record and not on the document: the elements of a top-level array, objects one a line or one
 * behind another, and the elements of a list that is a known member of a top-level object
 * (WN_JSON_LIST of data/json_sources.def). A record is an object or a string; whether it is valid
 * JSON inside is for its reader to say. */

#include "base/str.h"

enum {
    WN_JSON_RECORD_MAX = 4 << 20, /* bytes; longer ones are rejected */
    WN_JSON_LEVELS = 16           /* of arrays and objects around the records */
};

struct wn_json_record {
    uint64_t offset, length; /* in the input */
    uint64_t line;           /* 1-based, on which it begins */
    const char *fault;       /* why it is none, without a full stop; NULL: it is one */
    bool open;               /* that is why: the input ends in it */
};

/* What the brackets and quotes seen so far leave open. */
struct wn_json_scan {
    uint64_t depth;
    uint64_t objects; /* bit n: level n + 1 is an object; of the first 64 levels */
    bool in_string, escaped;
    char before; /* the last character outside strings that is no blank */
};

/* Owned by the caller; zero-initialise, then set the first group. */
struct wn_json_cutter {
    bool lines;      /* one record a line at most: what is broken ends there */
    uint64_t offset; /* in the input, of the next window's first byte */
    uint64_t line;   /* 1-based, of the same */

    bool objects[WN_JSON_LEVELS]; /* the levels around: an object, or an array */
    size_t levels;
    bool list_key; /* the last member name of the object around names a list */
    bool in_word;  /* in the middle of a number or another word that is no record */
    bool words;    /* such words were reported, and nothing else has come since */
    enum {
        WN_JSON_CUT,
        WN_JSON_SKIP,      /* in the middle of a record that is too long */
        WN_JSON_TO_EOL,    /* behind something broken: to the end of its line, */
        WN_JSON_TO_RECORD, /* then to a line that begins with a record */
    } state;
    struct wn_json_scan skip;
    struct wn_json_record skipped;
};

/* What a window held; cleared by the cutter, kept by the caller for its capacity. */
struct wn_json_cut {
    struct wn_json_record *records;
    size_t count, capacity;
    size_t consumed; /* bytes of the window; the rest belongs in front of the next one */
};

/* `last`: no more bytes follow the window. `most`: it stops behind so many records. A window that
 * is not the last and of which nothing was consumed must come again with more bytes; that happens
 * only below WN_JSON_RECORD_MAX + 1 bytes. */
void wn_json_cut(struct wn_json_cutter *cutter, struct wn_span window, bool last, size_t most,
                 struct wn_json_cut *cut);
void wn_json_cut_release(struct wn_json_cut *cut);

/* Whether an input that begins with these bytes can be JSON with records in it. */
bool wn_json_begins(struct wn_span head);
/* Whether it has one record a line. */
bool wn_json_is_lines(struct wn_span head);

#endif
