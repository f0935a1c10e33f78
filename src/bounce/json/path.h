/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_JSON_PATH_H
#define WN_BOUNCE_JSON_PATH_H

/* Values of a parsed JSON record by their paths, as data/json_sources.def writes them. Pure. */

#include <cjson/cJSON.h>

#include "base/str.h"

/* Where paths begin. */
struct wn_json_scope {
    const cJSON *outer;   /* "^": the record with all that was wrapped around */
    const cJSON *event;   /* the record itself */
    const cJSON *element; /* "@": one element of its list of recipients, or NULL */
    bool ambiguous;       /* set when a path met a name that stands twice in one object */
};

/* The value at the path, of alternatives the first that is there and no empty text; NULL: none is.
 * null counts as nothing, and so does a name that an object has twice: which of the two another
 * reader would take is anybody's guess. */
const cJSON *wn_json_find(struct wn_json_scope *scope, struct wn_span path);

enum {
    WN_JSON_NUMBER = 32
};

/* A text as it is, a number in decimal, "true" or "false"; everything else is empty. Valid as long
 * as the value and `room`. */
struct wn_span wn_json_text(const cJSON *value, char room[WN_JSON_NUMBER]);

/* A moment: a number of seconds, milliseconds, microseconds or nanoseconds since 1970, or such a
 * number or a date as text. False when it is none. */
bool wn_json_time(const cJSON *value, int64_t *at);

/* Cuts the first word off a list of words with `separator` between them. False at its end. */
bool wn_json_next(struct wn_span *list, char separator, struct wn_span *word);

/* Parses text of any kind: NULL when it is no JSON, or none to be trusted with cJSON, which
 * recurses into what is nested and ends texts at a NUL: deep nesting, huge numbers of values and
 * NULs (also escaped) are refused. Whole numbers of so many digits that a double does not hold them
 * become texts, since they are ids. For cJSON_Delete. */
cJSON *wn_json_parse(struct wn_span text);

#endif
