/* SPDX-License-Identifier: MIT */
#include "clean/tables.h"

#include <stdlib.h>

struct mailbox_key {
    struct wn_span local;
    uint32_t domain;
};

void wn_tables_init(struct wn_tables *t)
{
    *t = (struct wn_tables){.rows.size = sizeof(struct wn_row),
                            .mailboxes.size = sizeof(struct wn_mailbox),
                            .domains.size = sizeof(struct wn_domain),
                            .histories.size = sizeof(struct wn_history),
                            .domain_histories.size = sizeof(struct wn_domain_history),
                            .texts.size = sizeof(struct wn_text),
                            .probes.size = sizeof(struct wn_probe)};
}

void wn_tables_release(struct wn_tables *t)
{
    wn_segments_release(&t->rows);
    wn_segments_release(&t->mailboxes);
    wn_segments_release(&t->domains);
    wn_segments_release(&t->histories);
    wn_segments_release(&t->domain_histories);
    wn_segments_release(&t->texts);
    wn_segments_release(&t->probes);
    free(t->probe_of);
    wn_map_release(&t->mailbox_map);
    wn_map_release(&t->domain_map);
    wn_map_release(&t->text_map);
    wn_arena_release(&t->arena);
}

static bool same_domain(const void *table, const void *key, uint32_t id)
{
    const struct wn_tables *t = table;
    const struct wn_span *name = key;
    const struct wn_domain *d = wn_tables_domain(t, id);
    return wn_span_equal(*name, (struct wn_span){d->name, d->length});
}

uint32_t wn_tables_find_domain(const struct wn_tables *t, struct wn_span name)
{
    return wn_map_find(&t->domain_map, wn_hash(name.p, name.n), same_domain, t, &name);
}

uint32_t wn_tables_intern_domain(struct wn_tables *t, struct wn_span name, uint64_t hash,
                                 bool *added)
{
    uint32_t id = wn_map_find(&t->domain_map, hash, same_domain, t, &name);
    *added = id == WN_MAP_NONE;
    if (*added) {
        id = t->domains.length;
        struct wn_domain *d = wn_segments_push(&t->domains);
        *d = (struct wn_domain){.name = wn_arena_text(&t->arena, name),
                                .mx = "",
                                .detail = "",
                                .length = (uint32_t)name.n,
                                .history = WN_NONE,
                                .suggestion = WN_NONE};
        wn_map_add(&t->domain_map, hash, id);
    }
    return id;
}

static bool same_mailbox(const void *table, const void *key, uint32_t id)
{
    const struct mailbox_key *k = key;
    const struct wn_mailbox *m = wn_tables_mailbox(table, id);
    return m->domain == k->domain &&
           wn_span_equal(k->local, (struct wn_span){m->local, m->local_length});
}

uint32_t wn_tables_intern_mailbox(struct wn_tables *t, struct wn_span local, uint32_t domain,
                                  uint64_t hash, bool *added)
{
    struct mailbox_key key = {local, domain};
    uint32_t id = wn_map_find(&t->mailbox_map, hash, same_mailbox, t, &key);
    *added = id == WN_MAP_NONE;
    if (*added) {
        id = t->mailboxes.length;
        struct wn_mailbox *m = wn_segments_push(&t->mailboxes);
        *m = (struct wn_mailbox){.local = wn_arena_copy(&t->arena, local.p, local.n),
                                 .local_length = (uint32_t)local.n,
                                 .domain = domain,
                                 .first_row = WN_NONE,
                                 .history = WN_NONE};
        wn_map_add(&t->mailbox_map, hash, id);
    }
    return id;
}

void wn_tables_add_key(const struct wn_tables *t, uint32_t mailbox, struct wn_buf *key)
{
    const struct wn_mailbox *m = wn_tables_mailbox(t, mailbox);
    const struct wn_domain *d = wn_tables_domain(t, m->domain);
    wn_buf_add(key, m->local, m->local_length);
    wn_buf_add_char(key, '@');
    wn_buf_add(key, d->name, d->length);
}

/* Without the domain's id at hand: compares both texts. */
static bool same_key(const void *table, const void *key, uint32_t id)
{
    const struct wn_tables *t = table;
    const struct wn_span *k = key;
    const struct wn_mailbox *m = wn_tables_mailbox(t, id);
    const struct wn_domain *d = wn_tables_domain(t, m->domain);
    return k->n == (size_t)m->local_length + 1 + d->length &&
           memcmp(k->p, m->local, m->local_length) == 0 && k->p[m->local_length] == '@' &&
           memcmp(k->p + m->local_length + 1, d->name, d->length) == 0;
}

uint32_t wn_tables_find_mailbox_hashed(const struct wn_tables *t, struct wn_span key, uint64_t hash)
{
    return wn_map_find(&t->mailbox_map, hash, same_key, t, &key);
}

uint32_t wn_tables_find_mailbox(const struct wn_tables *t, struct wn_span key)
{
    return wn_tables_find_mailbox_hashed(t, key, wn_hash(key.p, key.n));
}

static bool same_text(const void *table, const void *key, uint32_t id)
{
    const struct wn_tables *t = table;
    const struct wn_span *text = key;
    const struct wn_text *known = wn_segments_at(&t->texts, id);
    return wn_span_equal(*text, (struct wn_span){known->p, known->n});
}

struct wn_text *wn_tables_intern_text(struct wn_tables *t, struct wn_span text)
{
    uint64_t hash = wn_hash(text.p, text.n);
    uint32_t id = wn_map_find(&t->text_map, hash, same_text, t, &text);
    if (id != WN_MAP_NONE) {
        return wn_segments_at(&t->texts, id);
    }
    id = t->texts.length;
    struct wn_text *new = wn_segments_push(&t->texts);
    *new = (struct wn_text){.p = wn_arena_text(&t->arena, text), .n = (uint32_t)text.n};
    wn_map_add(&t->text_map, hash, id);
    return new;
}

uint32_t wn_tables_mailbox_of(const struct wn_tables *t, const struct wn_row *row)
{
    if (!wn_row_has_mailbox(row)) {
        return WN_NONE;
    }
    bool duplicate = (row->bits & WN_ROW_DUPLICATE) != 0;
    return duplicate ? wn_tables_row(t, row->mailbox)->mailbox : row->mailbox;
}

void wn_tables_set_probe(struct wn_tables *t, uint32_t mailbox, const struct wn_probe *probe)
{
    if (t->probe_of == NULL) {
        t->probe_of_length = t->mailboxes.length;
        t->probe_of = wn_malloc(t->probe_of_length * sizeof *t->probe_of);
        memset(t->probe_of, 0xff, t->probe_of_length * sizeof *t->probe_of);
    }
    if (t->probe_of[mailbox] == WN_NONE) {
        t->probe_of[mailbox] = t->probes.length;
        (void)wn_segments_push(&t->probes);
    }
    struct wn_probe *p = wn_segments_at(&t->probes, t->probe_of[mailbox]);
    *p = *probe;
    p->diagnostic.p = wn_arena_copy(&t->arena, probe->diagnostic.p, probe->diagnostic.n);
    p->host.p = wn_arena_copy(&t->arena, probe->host.p, probe->host.n);
}
