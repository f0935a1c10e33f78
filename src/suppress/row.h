/* SPDX-License-Identifier: MIT */
#ifndef WN_SUPPRESS_ROW_H
#define WN_SUPPRESS_ROW_H

/* From the fields of one row, whatever the form they came in, to what it says. */

#include "suppress/read.h"

enum wn_list_field {
#define WN_LIST_COLUMN(field, names) WN_LIST_FIELD_##field,
#include "data/suppression.def"
    WN_LIST_FIELDS
};

enum {
    WN_LIST_CELLS_MAX = 8 /* columns of one field that are looked at */
};

/* The values of a field, the one of the best name first. */
struct wn_list_values {
    struct wn_span v[WN_LIST_CELLS_MAX];
    size_t n;
};

struct wn_list_row {
    struct wn_list_values fields[WN_LIST_FIELDS];
    bool headless; /* fields were given by place: what is no date is none that went wrong */
    bool own;      /* the form is Winnow's own: all its columns are there, bounced_at excepted */
};

/* How well a name names the field: 0 not at all, else the less the better. */
size_t wn_list_column_rank(enum wn_list_field field, struct wn_span name);

/* Whether the cell is a word that says why; sets the reason, or *subscribed. */
bool wn_list_word(struct wn_span cell, enum wn_reason *reason, bool *subscribed);

/* Fills all of *listed but line and offset. The diagnostic may be put together in `room`. */
void wn_list_judge(const struct wn_list_row *row, const struct wn_list_settings *settings,
                   struct wn_buf *room, struct wn_listed *listed);

#endif
