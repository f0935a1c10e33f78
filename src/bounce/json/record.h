/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_JSON_RECORD_H
#define WN_BOUNCE_JSON_RECORD_H

/* One JSON record of a mail service or an MTA into notices, by the table of forms
 * data/json_sources.def: recognised by what it holds, so that one input may mix services. */

#include "base/arena.h"
#include "bounce/json/cut.h"
#include "bounce/source.h"

/* Owned by the caller, zero-initialised; clear empties it. What the notices point to is in `texts`,
 * or in the table. */
struct wn_json_notices {
    struct wn_notice *list;
    size_t count, capacity;
    struct wn_arena texts;
    struct wn_json_hints *hints; /* the reader's own */
};

/* Adds what the record says: one notice a recipient, or one with a fault. `text`: its bytes; not
 * used where the record has a fault. Any thread, with notices of its own. */
void wn_json_read_record(const struct wn_json_record *record, struct wn_span text,
                         struct wn_json_notices *notices);

void wn_json_notices_clear(struct wn_json_notices *notices);
void wn_json_notices_release(struct wn_json_notices *notices);

/* The table, for tests: the service of its n-th form and what the n-th row below it is written for;
 * NULL when there are no more. And the row that the form has for such values. */
const char *wn_json_form_service(size_t form);
const char *wn_json_form_values(size_t form, size_t row);
size_t wn_json_form_row(size_t form, const struct wn_span *values, size_t count);

#endif
