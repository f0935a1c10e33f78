/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_CSV_COLUMNS_H
#define WN_BOUNCE_CSV_COLUMNS_H

/* Which column of a CSV of bounces holds what: by --map, by the names in its header and by the
 * exports of services that are known (data/bounce_columns.def). */

#include "bounce/source.h"

enum wn_bounce_field {
#define WN_BOUNCE_COLUMN(field, key, names) WN_BOUNCE_FIELD_##field,
#include "data/bounce_columns.def"
    WN_BOUNCE_FIELDS
};

enum {
    WN_BOUNCE_COLUMNS = 1000, /* more are not looked at */
    WN_COLUMN_ABSENT = -1
};

/* The cells of a record, as they are. */
struct wn_cells {
    struct wn_span raw[WN_BOUNCE_COLUMNS];
    size_t count;
};

struct wn_bounce_columns {
    int of[WN_BOUNCE_FIELDS]; /* from 0, or WN_COLUMN_ABSENT */
    int last;                 /* the largest of them */
    /* What a row means that does not say it: of an export of this kind alone. */
    bool implied;
    enum wn_event_kind means;
    enum wn_hardness hardness;
};

/* Settles the columns by the first record and `map` (or NULL). `*data`: it is no header but a row.
 * WN_E_DATA: no such columns; WN_E_USAGE: the map is none. `name`: of the input, for messages. */
int wn_bounce_columns_settle(struct wn_bounce_columns *columns, const struct wn_cells *header,
                             const char *map, const char *name, bool *data, struct wn_error *err);

/* Whether a cell is the name of a column of addresses: the record is one more header. */
bool wn_bounce_is_email_name(struct wn_span cell);

/* What a cell says of the kind of the event. False when it is none of the known words. `*silent`:
 * one that says nothing of a delivery. */
bool wn_bounce_kind_of_word(struct wn_span cell, enum wn_event_kind *kind,
                            enum wn_hardness *hardness, bool *silent);

#endif
