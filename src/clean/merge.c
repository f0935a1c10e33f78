/* SPDX-License-Identifier: MIT */
/* A short list asks the store for each of its mailboxes; a long one reads the whole history once
 * and finds each row's mailbox in its own table. Nearly every such look-up would wait for memory
 * several times, so rows are gathered in batches and what they will touch is fetched for all of a
 * batch before the first is looked up. */
#include "clean/merge.h"

#include <stdlib.h>

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
        if (id != WN_NONE) {
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
    p->hash = wn_hash(recipient.p, recipient.n);
    wn_tables_prefetch_mailbox(&m->run->tables, p->hash, 0);
    p->history = *history;
    p->key = m->text.len;
    p->key_length = recipient.n;
    wn_buf_add_span(&m->text, recipient);
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

static int look_up_each(struct wn_run *run, struct merge *m, struct wn_error *err)
{
    struct wn_tables *t = &run->tables;
    int status = WN_OK;
    for (uint32_t id = 0; id < t->mailboxes.length && status == WN_OK; id++) {
        const struct wn_mailbox *mailbox = wn_tables_mailbox(t, id);
        const struct wn_domain *d = wn_tables_domain(t, mailbox->domain);
        wn_buf_clear(&m->text);
        wn_buf_add(&m->text, mailbox->local, mailbox->local_length);
        wn_buf_add_char(&m->text, '@');
        wn_buf_add(&m->text, d->name, d->length);
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
    int status = wn_history_count(run->store, &rows, err);
    if (status == WN_OK && rows > 0) {
        if (run->tables.mailboxes.length < rows / LOOKUPS_PER_ROW) {
            status = look_up_each(run, m, err);
        } else {
            status = wn_history_scan(run->store, gather_row, m, err);
            merge_batch(m);
        }
    }
    if (status == WN_OK) {
        status = wn_domain_history_scan(run->store, use_domain_history, m, err);
    }
    wn_buf_release(&m->text);
    free(m);
    return status >= WN_E_SIGNAL ? wn_error_set(err, status, "stopped") : status;
}
