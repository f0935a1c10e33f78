/* SPDX-License-Identifier: MIT */
/* A short list asks the store for each of its mailboxes; a long one reads the whole history once
 * and finds each row's mailbox in its own table. Nearly every such look-up would wait for memory
 * several times, so rows are gathered in batches and what they will touch is fetched for all of a
 * batch before the first is looked up.
 *
 * With --fold-aliases a mailbox of the list may have history under several names, also under names
 * that the list does not have; only the scan finds those. What happened under all of them is then
 * derived anew from the events, as if they had been one: two histories cannot be added up. */
#include "clean/merge.h"

#include <stdlib.h>

#include "clean/enter.h"
#include "clean/gather.h"

enum {
    LOOKUPS_PER_ROW = 16, /* a scan costs about as much as a sixteenth of that many look-ups */
    BATCH = 32,
    STEPS = 4 /* of wn_tables_prefetch_mailbox */
};

/* A row of the scan, kept until its batch is full. Texts are offsets, as their buffer may move. */
struct pending {
    uint64_t hash;
    struct wn_history history;
    size_t key, key_length, diagnostic;
};

struct merge {
    struct wn_run *run;
    uint32_t id; /* of the mailbox that is looked up */
    struct pending pending[BATCH];
    size_t count;
    struct wn_buf text;
    struct wn_segments shared; /* ids of mailboxes with history under several names; may repeat */
    struct wn_segments names;  /* those names */
};

/* A name under which a shared mailbox has history; its text is in the tables' arena. */
struct name {
    uint32_t mailbox;
    struct wn_span recipient;
};

static void copy_history(struct wn_run *run, uint32_t id, const struct wn_history *history)
{
    struct wn_tables *t = &run->tables;
    struct wn_history *h = wn_segments_push(&t->histories);
    *h = *history;
    h->diagnostic.p = wn_arena_copy(&t->arena, history->diagnostic.p, history->diagnostic.n);
    wn_tables_mailbox(t, id)->history = t->histories.length - 1;
}

static int use_history(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    (void)recipient;
    struct merge *m = arg;
    copy_history(m->run, m->id, history);
    return WN_OK;
}

static void merge_batch(struct merge *m)
{
    struct wn_tables *t = &m->run->tables;
    for (int step = 1; step < STEPS; step++) {
        for (size_t i = 0; i < m->count; i++) {
            wn_tables_prefetch_mailbox(t, m->pending[i].hash, step);
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        struct pending *p = &m->pending[i];
        struct wn_span key = {m->text.p + p->key, p->key_length};
        uint32_t id = wn_tables_find_mailbox_hashed(t, key, p->hash);
        if (id != WN_NONE && wn_tables_mailbox(t, id)->history != WN_NONE) {
            *(uint32_t *)wn_segments_push(&m->shared) = id;
        } else if (id != WN_NONE) {
            p->history.diagnostic.p = m->text.p + p->diagnostic;
            copy_history(m->run, id, &p->history);
        }
    }
    m->count = 0;
    wn_buf_clear(&m->text);
}

static int gather_row(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    struct merge *m = arg;
    struct pending *p = &m->pending[m->count++];
    p->key = m->text.len;
    wn_buf_add_span(&m->text, recipient);
    char *key = m->text.p + p->key;
    p->key_length = wn_enter_key(m->run->settings, key, recipient.n);
    p->hash = wn_hash(key, p->key_length);
    wn_tables_prefetch_mailbox(&m->run->tables, p->hash, 0);
    p->history = *history;
    p->diagnostic = m->text.len;
    wn_buf_add_span(&m->text, history->diagnostic);
    if (m->count == BATCH) {
        merge_batch(m);
    }
    return *m->run->stop != 0 ? WN_E_SIGNAL + *m->run->stop : WN_OK;
}

static int use_domain_history(void *arg, struct wn_span domain,
                              const struct wn_domain_history *history)
{
    struct wn_tables *t = &((struct merge *)arg)->run->tables;
    uint32_t id = wn_tables_find_domain(t, domain);
    if (id != WN_NONE) {
        struct wn_domain_history *h = wn_segments_push(&t->domain_histories);
        *h = *history;
        wn_tables_domain(t, id)->history = t->domain_histories.length - 1;
    }
    return WN_OK;
}

/* A domain of the list is its provider's as far as this run knows, so that its rows and its history
 * are of one stratum; another one's is told by the MX host that the store has of it. */
static int use_outcomes(void *arg, const struct wn_domain_outcomes *outcomes)
{
    struct wn_run *run = ((struct merge *)arg)->run;
    uint32_t id = wn_tables_find_domain(&run->tables, outcomes->domain), provider = 0;
    if (id != WN_NONE) {
        provider = wn_tables_domain(&run->tables, id)->provider;
    } else if (outcomes->mx.n > 0) {
        struct wn_text *mx = wn_tables_intern_text(&run->tables, outcomes->mx);
        wn_gather_judge_mx(run, mx);
        provider = mx->provider;
    }
    wn_sample_add_domain(run->samples, wn_provider_count(), provider, outcomes);
    return WN_OK;
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    size_t n = x->recipient.n < y->recipient.n ? x->recipient.n : y->recipient.n;
    int order = compare_ids(&x->mailbox, &y->mailbox);
    order = order != 0 ? order : memcmp(x->recipient.p, y->recipient.p, n);
    return order != 0 ? order
                      : (x->recipient.n > y->recipient.n) - (x->recipient.n < y->recipient.n);
}

/* The elements side by side; to be freed. */
static void *flatten(const struct wn_segments *s)
{
    char *all = wn_malloc(s->length * s->size);
    for (uint32_t i = 0; i < s->length; i++) {
        memcpy(all + i * s->size, wn_segments_at(s, i), s->size);
    }
    return all;
}

/* The second scan: which names the shared mailboxes have. */
struct naming {
    struct merge *merge;
    const uint32_t *ids; /* sorted */
    size_t count;
};

static int note_name(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    (void)history;
    const struct naming *naming = arg;
    struct merge *m = naming->merge;
    struct wn_tables *t = &m->run->tables;
    wn_buf_clear(&m->text);
    wn_buf_add_span(&m->text, recipient);
    size_t n = wn_address_fold(m->text.p, recipient.n);
    uint32_t id = wn_tables_find_mailbox(t, (struct wn_span){m->text.p, n});
    if (id != WN_NONE && bsearch(&id, naming->ids, naming->count, sizeof id, compare_ids) != NULL) {
        struct name *name = wn_segments_push(&m->names);
        *name =
            (struct name){id, {wn_arena_copy(&t->arena, recipient.p, recipient.n), recipient.n}};
    }
    return *m->run->stop != 0 ? WN_E_SIGNAL + *m->run->stop : WN_OK;
}

static int combine_names(struct wn_run *run, struct merge *m, struct wn_error *err)
{
    size_t count = m->names.length;
    struct name *names = flatten(&m->names);
    struct wn_span *recipients = wn_malloc(count * sizeof *recipients);
    int status = WN_OK;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t first = 0, end; first < count && status == WN_OK; first = end) {
        for (end = first; end < count && names[end].mailbox == names[first].mailbox; end++) {
            recipients[end] = names[end].recipient;
        }
        m->id = names[first].mailbox;
        status =
            wn_history_combine(run->store, recipients + first, end - first, use_history, m, err);
    }
    free(recipients);
    free(names);
    return status;
}

static int combine_shared(struct wn_run *run, struct merge *m, struct wn_error *err)
{
    if (m->shared.length == 0) {
        return WN_OK;
    }
    uint32_t *ids = flatten(&m->shared);
    struct naming naming = {.merge = m, .ids = ids, .count = m->shared.length};
    qsort(ids, naming.count, sizeof *ids, compare_ids);
    int status = wn_history_scan(run->store, note_name, &naming, err);
    if (status == WN_OK) {
        status = combine_names(run, m, err);
    }
    free(ids);
    return status;
}

/* Whether the store may know a mailbox of the list under a name that the list does not have. */
static bool has_aliases(const struct wn_run *run)
{
    const struct wn_tables *t = &run->tables;
    for (uint32_t id = 0; run->settings->fold_aliases && id < t->domains.length; id++) {
        const struct wn_domain *d = wn_tables_domain(t, id);
        if (wn_address_folds((struct wn_span){d->name, d->length})) {
            return true;
        }
    }
    return false;
}

static int look_up_each(struct wn_run *run, struct merge *m, struct wn_error *err)
{
    struct wn_tables *t = &run->tables;
    int status = WN_OK;
    for (uint32_t id = 0; id < t->mailboxes.length && status == WN_OK; id++) {
        wn_buf_clear(&m->text);
        wn_tables_add_key(t, id, &m->text);
        m->id = id;
        status = wn_history_get(run->store, wn_buf_span(&m->text), use_history, m, err);
    }
    return status;
}

int wn_merge_histories(struct wn_run *run, struct wn_error *err)
{
    uint64_t rows;
    struct merge *m = wn_calloc(1, sizeof *m);
    m->run = run;
    m->shared.size = sizeof(uint32_t);
    m->names.size = sizeof(struct name);
    int status = wn_history_count(run->store, &rows, err);
    if (status == WN_OK && rows > 0) {
        if (run->tables.mailboxes.length < rows / LOOKUPS_PER_ROW && !has_aliases(run)) {
            status = look_up_each(run, m, err);
        } else {
            status = wn_history_scan(run->store, gather_row, m, err);
            merge_batch(m);
            status = status == WN_OK ? combine_shared(run, m, err) : status;
        }
    }
    if (status == WN_OK) {
        status = wn_domain_history_scan(run->store, use_domain_history, m, err);
    }
    if (status == WN_OK && run->samples != NULL) {
        status = wn_outcomes_scan(run->store, use_outcomes, m, err);
    }
    wn_buf_release(&m->text);
    wn_segments_release(&m->shared);
    wn_segments_release(&m->names);
    free(m);
    return status >= WN_E_SIGNAL ? wn_error_set(err, status, "stopped") : status;
}
