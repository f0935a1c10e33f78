/* SPDX-License-Identifier: MIT */
/* What --map names comes first; then what the export of a known service says of its columns; then
 * the names that everybody uses. */
#include "bounce/csv_columns.h"

#include <stdio.h>

#include "bounce/words.h"
#include "csv/scan.h"

static const struct {
    const char *key; /* in --map */
    const char *names;
} fields[WN_BOUNCE_FIELDS] = {
#define WN_BOUNCE_COLUMN(field, key, names) [WN_BOUNCE_FIELD_##field] = {key, names},
#include "data/bounce_columns.def"
};

static const struct {
    const char *words;
    enum wn_event_kind kind;
    enum wn_hardness hardness;
    bool silent;
} kinds[] = {
#define WN_BOUNCE_KIND(kind, hardness, words)                                                      \
    {words, WN_KIND_##kind, WN_HARDNESS_##hardness, false},
#define WN_BOUNCE_SILENT(words) {words, WN_KIND_bounce, WN_HARDNESS_unknown, true},
#include "data/bounce_columns.def"
};

static const struct export
{
    const char *needs, *at, *kind;
    enum wn_event_kind means;
    enum wn_hardness hardness;
}
exports[] = {
#define WN_BOUNCE_EXPORT(needs, at, kind, means, hardness)                                         \
    {needs, at, kind, WN_KIND_##means, WN_HARDNESS_##hardness},
#include "data/bounce_columns.def"
};

/* The settling of one header. */
struct settling {
    struct wn_bounce_columns *columns;
    const struct wn_cells *header;
    const char *name;
    struct wn_error *err;
    struct wn_buf room;
};

/* The place of a plain word in a list of words, from 1, or 0. */
static size_t rank(const char *list, struct wn_span word)
{
    size_t n;
    for (const char *p = list; *p != '\0' && word.n > 0; p += n + (p[n] != '\0')) {
        n = strcspn(p, " ");
        if (wn_span_equal((struct wn_span){p, n}, word)) {
            return (size_t)(p - list) + 1;
        }
    }
    return 0;
}

/* The name of a column, in plain form. */
static struct wn_span name_of(struct settling *s, size_t column, char room[WN_PLAIN_WORD])
{
    return wn_plain_word(wn_csv_value(s->header->raw[column], &s->room), room);
}

/* The first column of that name, or WN_COLUMN_ABSENT. */
static int find_column(struct settling *s, struct wn_span plain)
{
    for (size_t i = 0; i < s->header->count && plain.n > 0; i++) {
        char room[WN_PLAIN_WORD];
        if (wn_span_equal(name_of(s, i, room), plain)) {
            return (int)i;
        }
    }
    return WN_COLUMN_ABSENT;
}

/* One "key=value" of a map at *rest, which moves behind it. */
static bool next_mapping(const char **rest, enum wn_bounce_field *field, struct wn_span *value)
{
    size_t n = strcspn(*rest, ",");
    struct wn_span item = wn_span_trim((struct wn_span){*rest, n});
    *rest += n + ((*rest)[n] == ',');
    const char *equals = item.n > 0 ? memchr(item.p, '=', item.n) : NULL;
    if (equals == NULL || equals == item.p) {
        return false;
    }
    struct wn_span key = {item.p, (size_t)(equals - item.p)};
    *value = (struct wn_span){equals + 1, item.n - key.n - 1};
    for (size_t i = 0; i < WN_BOUNCE_FIELDS; i++) {
        if (wn_span_equal(key, wn_span_of(fields[i].key))) {
            *field = (enum wn_bounce_field)i;
            return value->n > 0;
        }
    }
    return false;
}

int wn_source_check_map(const char *map, struct wn_error *err)
{
    enum wn_bounce_field field;
    struct wn_span value;
    for (const char *rest = map; *rest != '\0';) {
        const char *item = rest;
        if (!next_mapping(&rest, &field, &value)) {
            return wn_error_set(err, WN_E_USAGE,
                                "--map: '%.*s' is no KEY=COLUMN with a key of email, at, code, "
                                "status, kind, text, id, said, host",
                                (int)strcspn(item, ","), item);
        }
    }
    return WN_OK;
}

/* The columns' names, for a message. */
static void list_columns(const struct wn_cells *header, struct wn_buf *list)
{
    struct wn_buf room = {0};
    for (size_t i = 0; i < header->count && list->len < 200; i++) {
        struct wn_span name = wn_span_trim(wn_csv_value(header->raw[i], &room));
        wn_buf_add_text(list, i > 0 ? ", " : "");
        wn_buf_add(list, name.p, name.n < 40 ? name.n : 40);
    }
    wn_buf_release(&room);
}

static int complain(struct settling *s, const char *what)
{
    struct wn_buf list = {0};
    list_columns(s->header, &list);
    int status = wn_error_set(s->err, WN_E_DATA,
                              "%s: %s; its columns are: %s; name them with --map "
                              "email=COLUMN,at=COLUMN,code=COLUMN",
                              s->name, what, wn_buf_text(&list));
    wn_buf_release(&list);
    return status;
}

/* Sets the columns that the user named. */
static int apply_map(struct settling *s, const char *map, bool *numbers_only)
{
    enum wn_bounce_field field;
    struct wn_span value;
    *numbers_only = map != NULL && *map != '\0';
    for (const char *rest = map; rest != NULL && *rest != '\0';) {
        uint64_t number;
        if (!next_mapping(&rest, &field, &value)) {
            return wn_source_check_map(map, s->err);
        }
        int *column = &s->columns->of[field];
        if (wn_span_number(value, WN_BOUNCE_COLUMNS, &number)) {
            bool there = number > 0 && number <= s->header->count;
            *column = there ? (int)number - 1 : WN_COLUMN_ABSENT;
        } else {
            char room[WN_PLAIN_WORD];
            *numbers_only = false;
            *column = find_column(s, wn_plain_word(value, room));
        }
        if (*column == WN_COLUMN_ABSENT) {
            char what[160];
            (void)snprintf(what, sizeof what, "there is no column '%.*s' for %s",
                           value.n < 80 ? (int)value.n : 80, value.p, fields[field].key);
            return complain(s, what);
        }
    }
    return WN_OK;
}

static bool has_columns(struct settling *s, const char *needs)
{
    size_t n;
    for (const char *p = needs; *p != '\0'; p += n + (p[n] != '\0')) {
        n = strcspn(p, " ");
        if (find_column(s, (struct wn_span){p, n}) == WN_COLUMN_ABSENT) {
            return false;
        }
    }
    return true;
}

/* Fills in what a known export says of its columns. */
static void recognise_export(struct settling *s)
{
    struct wn_bounce_columns *c = s->columns;
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        const struct export *e = &exports[i];
        if (!has_columns(s, e->needs)) {
            continue;
        }
        int *at = &c->of[WN_BOUNCE_FIELD_at], *kind = &c->of[WN_BOUNCE_FIELD_kind];
        *at = *at != WN_COLUMN_ABSENT ? *at : find_column(s, wn_span_of(e->at));
        *kind = *kind != WN_COLUMN_ABSENT ? *kind : find_column(s, wn_span_of(e->kind));
        c->implied = true;
        c->means = e->means;
        c->hardness = e->hardness;
        return;
    }
}

/* Finds the columns that are not known yet by the names in the header. */
static void recognise_columns(struct settling *s)
{
    struct wn_bounce_columns *c = s->columns;
    size_t best[WN_BOUNCE_FIELDS] = {0};
    bool settled[WN_BOUNCE_FIELDS], taken[WN_BOUNCE_COLUMNS] = {false};
    for (size_t f = 0; f < WN_BOUNCE_FIELDS; f++) {
        settled[f] = c->of[f] != WN_COLUMN_ABSENT;
        if (settled[f]) {
            taken[c->of[f]] = true;
        }
    }
    for (size_t i = 0; i < s->header->count; i++) {
        char room[WN_PLAIN_WORD];
        struct wn_span name = name_of(s, i, room);
        for (size_t f = 0; f < WN_BOUNCE_FIELDS && !taken[i]; f++) {
            size_t at = settled[f] ? 0 : rank(fields[f].names, name);
            if (at != 0 && (best[f] == 0 || at < best[f])) {
                best[f] = at;
                c->of[f] = (int)i;
            }
        }
    }
}

static int check_columns(struct settling *s)
{
    struct wn_bounce_columns *c = s->columns;
    if (c->of[WN_BOUNCE_FIELD_email] == WN_COLUMN_ABSENT) {
        return complain(s, "no column is known to hold addresses");
    }
    if (c->of[WN_BOUNCE_FIELD_at] == WN_COLUMN_ABSENT) {
        return complain(s, "no column is known to hold dates");
    }
    if (!c->implied && c->of[WN_BOUNCE_FIELD_code] == WN_COLUMN_ABSENT &&
        c->of[WN_BOUNCE_FIELD_status] == WN_COLUMN_ABSENT &&
        c->of[WN_BOUNCE_FIELD_kind] == WN_COLUMN_ABSENT &&
        c->of[WN_BOUNCE_FIELD_text] == WN_COLUMN_ABSENT) {
        return complain(s, "no column is known to hold codes, kinds or replies");
    }
    for (size_t f = 0; f < WN_BOUNCE_FIELDS; f++) {
        c->last = c->of[f] > c->last ? c->of[f] : c->last;
    }
    return WN_OK;
}

int wn_bounce_columns_settle(struct wn_bounce_columns *columns, const struct wn_cells *header,
                             const char *map, const char *name, bool *data, struct wn_error *err)
{
    struct settling s = {.columns = columns, .header = header, .name = name, .err = err};
    bool numbers_only;
    *columns = (struct wn_bounce_columns){0};
    for (size_t f = 0; f < WN_BOUNCE_FIELDS; f++) {
        columns->of[f] = WN_COLUMN_ABSENT;
    }
    *data = false;
    int status = apply_map(&s, map, &numbers_only);
    if (status != WN_OK) {
        goto out;
    }
    if (numbers_only && columns->of[WN_BOUNCE_FIELD_email] != WN_COLUMN_ABSENT) {
        struct wn_span cell = header->raw[columns->of[WN_BOUNCE_FIELD_email]];
        *data = cell.n > 0 && memchr(cell.p, '@', cell.n) != NULL;
    }
    if (!*data) {
        recognise_export(&s);
        recognise_columns(&s);
    }
    status = check_columns(&s);
out:
    wn_buf_release(&s.room);
    return status;
}

bool wn_bounce_is_email_name(struct wn_span cell)
{
    char room[WN_PLAIN_WORD];
    return rank(fields[WN_BOUNCE_FIELD_email].names, wn_plain_word(cell, room)) != 0;
}

bool wn_bounce_kind_of_word(struct wn_span cell, enum wn_event_kind *kind,
                            enum wn_hardness *hardness, bool *silent)
{
    char room[WN_PLAIN_WORD];
    struct wn_span word = wn_plain_word(cell, room);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (rank(kinds[i].words, word) != 0) {
            *kind = kinds[i].kind;
            *hardness = kinds[i].hardness;
            *silent = kinds[i].silent;
            return true;
        }
    }
    return false;
}
