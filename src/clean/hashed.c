/* SPDX-License-Identifier: MIT */
/* As with histories (merge.c), a short list asks the store for each of its mailboxes, and a long
 * one reads all hashes once. Where they come from is asked only for the few that match. */
#include "clean/hashed.h"

#include <stdlib.h>

#include "store/hashed.h"

enum {
    LOOKUPS_PER_HASH = 16, /* a scan costs about as much as a sixteenth of that many look-ups */
    STOP_EVERY = 4096
};

/* A name that is not its mailbox's key; the text is in the tables' arena. */
struct name {
    uint32_t mailbox, length;
    const char *p;
};

struct search {
    struct wn_run *run;
    struct wn_sha256 *hasher;
    bool scanned;
    struct wn_segments digests; /* of WN_SHA256 bytes each */
    struct wn_map index;
    struct wn_buf key;
    uint32_t mailbox;
    struct wn_error *err;
};

void wn_hashed_name(struct wn_run *run, uint32_t mailbox, struct wn_span name)
{
    struct wn_segments *names = &run->hashed_names;
    if (run->hashes > 0) {
        names->size = sizeof(struct name);
        *(struct name *)wn_segments_push(names) =
            (struct name){.mailbox = mailbox,
                          .length = (uint32_t)name.n,
                          .p = wn_arena_copy(&run->tables.arena, name.p, name.n)};
    }
}

static int remember(void *arg, const struct wn_hashed *hashed)
{
    struct search *s = arg;
    uint32_t id = s->digests.length;
    memcpy(wn_segments_push(&s->digests), hashed->digest, WN_SHA256);
    wn_map_add(&s->index, wn_hash(hashed->digest, WN_SHA256), id);
    return WN_OK;
}

static bool same_digest(const void *table, const void *key, uint32_t id)
{
    const struct search *s = table;
    return memcmp(wn_segments_at(&s->digests, id), key, WN_SHA256) == 0;
}

static int apply(void *arg, const struct wn_hashed *hashed)
{
    struct search *s = arg;
    struct wn_tables *t = &s->run->tables;
    struct wn_mailbox *mailbox = wn_tables_mailbox(t, s->mailbox);
    if (mailbox->history == WN_NONE) {
        struct wn_history *fresh = wn_segments_push(&t->histories);
        *fresh = (struct wn_history){.complained_at = 0};
        mailbox->history = t->histories.length - 1;
    }
    struct wn_history *h = wn_segments_at(&t->histories, mailbox->history);
    if (h->complained_at == 0 && h->unsubscribed_at == 0 && h->suppressed_at == 0) {
        struct wn_buf text = {0};
        wn_buf_add_text(&text, "a hashed list names this address: ");
        wn_buf_add_span(&text, hashed->source);
        h->diagnostic.p = wn_arena_copy(&t->arena, text.p, text.len);
        h->diagnostic.n = text.len;
        wn_buf_release(&text);
    }
    wn_hashed_apply(hashed, h);
    return WN_OK;
}

static int look_up(struct search *s, uint32_t mailbox, struct wn_span name)
{
    unsigned char digest[WN_SHA256];
    wn_sha256_digest(s->hasher, name, digest);
    if (s->scanned &&
        wn_map_find(&s->index, wn_hash(digest, WN_SHA256), same_digest, s, digest) == WN_MAP_NONE) {
        return WN_OK;
    }
    s->mailbox = mailbox;
    return wn_hashed_get(s->run->store, digest, apply, s, s->err);
}

static int look_up_mailbox(struct search *s, uint32_t id)
{
    const struct wn_tables *t = &s->run->tables;
    wn_buf_clear(&s->key);
    wn_tables_add_key(t, id, &s->key);
    if (id % STOP_EVERY == 0 && *s->run->stop != 0) {
        return wn_error_set(s->err, WN_E_SIGNAL + *s->run->stop, "stopped");
    }
    return look_up(s, id, wn_buf_span(&s->key));
}

int wn_merge_hashed(struct wn_run *run, struct wn_error *err)
{
    uint32_t mailboxes = run->tables.mailboxes.length;
    int status = WN_OK;
    if (run->hashes == 0) {
        return WN_OK;
    }
    struct search s = {.run = run, .hasher = wn_sha256_new(), .err = err};
    s.digests.size = WN_SHA256;
    if (mailboxes >= run->hashes / LOOKUPS_PER_HASH) {
        s.scanned = true;
        status = wn_hashed_scan(run->store, remember, &s, err);
    }
    for (uint32_t id = 0; id < mailboxes && status == WN_OK; id++) {
        status = look_up_mailbox(&s, id);
    }
    for (uint32_t i = 0; i < run->hashed_names.length && status == WN_OK; i++) {
        const struct name *name = wn_segments_at(&run->hashed_names, i);
        status = look_up(&s, name->mailbox, (struct wn_span){name->p, name->length});
    }
    wn_sha256_free(s.hasher);
    wn_segments_release(&s.digests);
    wn_map_release(&s.index);
    wn_buf_release(&s.key);
    return status;
}
