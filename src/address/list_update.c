/* SPDX-License-Identifier: MIT */
/* A fetched list is read to its end whatever is wrong with it, so that the message can say how much
 * is. "A few" grows with the list: a hundred thousand lines have more slips than fifty, and a web
 * page that came instead of a list has little else. */
#include "address/list_update.h"

#include <stdlib.h>

enum {
    BAD_MOST = 20,      /* bad lines, and never more than */
    BAD_ONE_IN = 50,    /* one line in so many */
    OBJECTED_LEAST = 3, /* providers that may stand in a short list, */
    OBJECTED_ONE_IN = 1000,
    NOTES = 40 /* lines that are noted */
};

struct reading {
    const struct wn_list_update *u;
    struct wn_list_updated *r;
    struct wn_buf text; /* the entries as they are written, one behind the other */
    struct wn_span *v;  /* .p is an offset in `text` until all are read */
    size_t count, capacity, lines, notes;
    struct wn_buf first_bad, first_objected;
};

void wn_list_updated_release(struct wn_list_updated *r)
{
    wn_buf_release(&r->content);
    wn_buf_release(&r->notes);
}

/* At most `most` octets of hostile text, as something that a terminal survives. */
static void add_harmless(struct wn_buf *out, struct wn_span text, size_t most)
{
    for (size_t i = 0; i < text.n && i < most; i++) {
        wn_buf_add_char(out, text.p[i] >= 0x20 && text.p[i] < 0x7f ? text.p[i] : '?');
    }
    wn_buf_add_text(out, text.n > most ? "..." : "");
}

static void note(struct reading *s, struct wn_buf *first, uint64_t line, struct wn_span written,
                 const char *why)
{
    struct wn_buf text = {0};
    wn_buf_addf(&text, "line %llu, '", (unsigned long long)line);
    add_harmless(&text, wn_span_trim(written), 60);
    wn_buf_addf(&text, "': %s", why);
    if (first->len == 0) {
        wn_buf_add_span(first, wn_buf_span(&text));
    }
    if (s->notes++ < NOTES) {
        wn_buf_addf(&s->r->notes, "%s: %s\n", s->u->source, wn_buf_text(&text));
    }
    wn_buf_release(&text);
}

static void keep(struct reading *s, const struct wn_list_entry *entry)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity > 0 ? s->capacity * 2 : 1024;
        s->v = wn_realloc(s->v, s->capacity * sizeof *s->v);
    }
    size_t at = s->text.len;
    wn_list_entry_write((enum wn_list_id)(s->u->file / 2), entry, &s->text);
    s->v[s->count++] = (struct wn_span){NULL, s->text.len - at};
}

static int take_line(void *arg, uint64_t line, struct wn_span written,
                     const struct wn_list_entry *entry, const char *fault)
{
    struct reading *s = arg;
    s->lines++;
    if (fault != NULL) {
        s->r->bad++;
        note(s, &s->first_bad, line, written, fault);
        return 0;
    }
    enum wn_objection objection =
        wn_overlay_objection(s->u->overlay, (enum wn_list_id)(s->u->file / 2), entry);
    if (objection == WN_OBJECTION_NONE) {
        keep(s, entry);
        return s->count > WN_LIST_ENTRIES;
    }
    bool relay = objection == WN_OBJECTION_RELAY;
    *(relay ? &s->r->relays : &s->r->objected) += 1;
    struct wn_buf unused = {0};
    note(s, relay ? &unused : &s->first_objected, line, written, wn_objection_clause(objection));
    wn_buf_release(&unused);
    return 0;
}

static int by_octets(const void *a, const void *b)
{
    const struct wn_span *x = a;
    const struct wn_span *y = b;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* The different entries, sorted, into the result. */
static void write_content(struct reading *s)
{
    const char *p = s->text.p;
    for (size_t i = 0; i < s->count; i++) {
        s->v[i].p = p;
        p += s->v[i].n;
    }
    if (s->count > 0) {
        qsort(s->v, s->count, sizeof *s->v, by_octets);
    }
    for (size_t i = 0; i < s->count; i++) {
        if (i == 0 || !wn_span_equal(s->v[i], s->v[i - 1])) {
            wn_buf_add_span(&s->r->content, s->v[i]);
            wn_buf_add_char(&s->r->content, '\n');
            s->r->entries++;
        }
    }
}

/* How many entries the file has; where there is none, how many are compiled in. */
static size_t count_before(const struct wn_list_update *u)
{
    struct wn_list_source old = wn_overlay_source(u->overlay, u->file);
    if (old.path != NULL) {
        return old.entries;
    }
    return u->file % 2 == 0 ? wn_overlay_built_in((enum wn_list_id)(u->file / 2)) : 0;
}

static int judge(struct reading *s, struct wn_error *err)
{
    const struct wn_list_update *u = s->u;
    const struct wn_list_updated *r = s->r;
    const char *name = wn_list_kinds[u->file / 2].name;
    if (s->count > WN_LIST_ENTRIES) {
        return wn_error_set(err, WN_E_DATA, "%s has more than %d entries", u->source,
                            WN_LIST_ENTRIES);
    }
    if (r->bad > BAD_MOST || r->bad * BAD_ONE_IN > s->lines) {
        return wn_error_set(err, WN_E_DATA,
                            "%s is no list of the kind '%s': %zu of its %zu lines cannot be read, "
                            "first %s",
                            u->source, name, r->bad, s->lines, wn_buf_text(&s->first_bad));
    }
    if (r->objected > OBJECTED_LEAST + s->lines / OBJECTED_ONE_IN) {
        return wn_error_set(err, WN_E_DATA,
                            "%s is not to be trusted: %zu of its entries would count against "
                            "ordinary people, first %s",
                            u->source, r->objected, wn_buf_text(&s->first_objected));
    }
    if (r->entries == 0) {
        return wn_error_set(err, WN_E_DATA, "%s holds no entry", u->source);
    }
    if (r->entries * 2 < r->before && !u->force) {
        return wn_error_set(err, WN_E_DATA,
                            "%s would shrink the list '%s' from %zu to %zu entries, less than "
                            "half; --force takes it all the same",
                            u->source, name, r->before, r->entries);
    }
    return WN_OK;
}

int wn_list_update_check(const struct wn_list_update *u, struct wn_span text,
                         struct wn_list_updated *r, struct wn_error *err)
{
    struct reading s = {.u = u, .r = r};
    r->before = count_before(u);
    (void)wn_list_text_read((enum wn_list_id)(u->file / 2), text, take_line, &s);
    write_content(&s);
    if (s.notes > NOTES) {
        wn_buf_addf(&r->notes, "%s: and %zu more\n", u->source, s.notes - NOTES);
    }
    int status = judge(&s, err);
    wn_buf_release(&s.text);
    wn_buf_release(&s.first_bad);
    wn_buf_release(&s.first_objected);
    free(s.v);
    return status;
}
