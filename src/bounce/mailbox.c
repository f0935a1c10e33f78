/* SPDX-License-Identifier: MIT */
/* A round's messages lie in memory before the store is touched, so that no transaction ever waits
 * for a network. Of a message only what a reader looks at is fetched. */
#include "bounce/mailbox.h"

#include <stdlib.h>
#include <unistd.h>

#include "bounce/imap/session.h"
#include "bounce/mail/mail.h"
#include "bounce/mail/message.h"
#include "store/imap_positions.h"

enum {
    ROUND_MESSAGES = 200, /* each is an open file */
    ROUND_OCTETS = 1 << 25
};

struct round {
    struct wn_imap_message messages[ROUND_MESSAGES];
    size_t count;
    /* Of those that came: their inputs, and which was found to hold an event. */
    struct wn_input inputs[ROUND_MESSAGES];
    struct wn_buf names[ROUND_MESSAGES];
    uint32_t uids[ROUND_MESSAGES];
    bool event[ROUND_MESSAGES];
    size_t came;
    uint32_t read_to; /* every message up to this UID came, or is gone */
};

struct fetch {
    const struct wn_mailbox_settings *settings;
    struct wn_mailbox_counts *counts;
    struct wn_store *store;
    struct wn_imap *imap;
    struct wn_imap_place place;
    struct wn_imap_position position;
    bool stuck; /* a message was refused: the position stays before it */
    struct wn_error refusal;
    struct round round;
};

static bool keeps_position(const struct fetch *f)
{
    return f->settings->import.since != 0 || f->settings->import.dry_run;
}

static int put_position(void *arg, struct wn_store *store, struct wn_error *err)
{
    const struct fetch *f = arg;
    return wn_imap_position_put(store, &f->place, &f->position, f->settings->import.now, err);
}

/* In a transaction of its own. */
static int put_position_alone(struct fetch *f, struct wn_error *err)
{
    int status = wn_store_begin(f->store, err);
    if (status == WN_OK) {
        status = put_position(f, f->store, err);
    }
    if (status == WN_OK) {
        status = wn_store_commit(f->store, err);
    }
    if (status != WN_OK) {
        wn_store_rollback(f->store);
    }
    return status;
}

static void note_read(void *arg, size_t file, bool event)
{
    struct fetch *f = arg;
    f->round.event[file] = event;
}

/* The next messages of the list. A server may lie about sizes, so they only shape the round. */
static void begin_round(struct round *round, const struct wn_imap_entry *v, size_t count)
{
    uint64_t octets = 0;
    round->count = round->came = 0;
    while (round->count < count && round->count < ROUND_MESSAGES && octets < ROUND_OCTETS) {
        uint32_t size = v[round->count].size;
        octets += size < WN_MESSAGE_MAX ? size : WN_MESSAGE_MAX;
        round->messages[round->count] = (struct wn_imap_message){v[round->count].uid, -1, 0};
        round->count++;
    }
}

/* Sorts what came from what did not. `status`: of the fetching. */
static void take_stock(struct fetch *f, int status)
{
    struct round *round = &f->round;
    const struct wn_imap_url *url = f->settings->access.url;
    bool gap = f->stuck;
    round->read_to = f->position.last_uid;
    for (size_t i = 0; i < round->count; i++) {
        const struct wn_imap_message *m = &round->messages[i];
        if (m->fd < 0) {
            gap = gap || status != WN_OK;
            f->counts->vanished += status == WN_OK;
            f->counts->refused += status == WN_E_NOINPUT;
        } else {
            struct wn_buf *name = &round->names[round->came];
            wn_buf_clear(name);
            wn_buf_addf(name, "%s/;UID=%lu", url->shown.p, (unsigned long)m->uid);
            round->inputs[round->came] = (struct wn_input){.path = wn_buf_text(name),
                                                           .name = wn_buf_text(name),
                                                           .fd = m->fd,
                                                           .size = m->size,
                                                           .mode = 0600,
                                                           .spooled = true};
            round->uids[round->came] = m->uid;
            round->event[round->came++] = false;
            f->counts->fetched++;
        }
        round->read_to = gap ? round->read_to : m->uid;
    }
    f->stuck = gap;
}

static int import_round(struct fetch *f, struct wn_error *err)
{
    struct wn_import_settings settings = f->settings->import;
    struct wn_walk files = {0};
    for (size_t i = 0; i < f->round.came; i++) {
        wn_walk_add_input(&files, &f->round.inputs[i], &wn_source_message);
    }
    f->position.last_uid = f->round.read_to;
    settings.read = note_read;
    settings.read_arg = f;
    settings.last = keeps_position(f) || f->settings->move != NULL ? NULL : put_position;
    settings.last_arg = f;
    int status = wn_import_files(f->store, &files, &settings, &f->counts->import, err);
    wn_walk_release(&files);
    return status;
}

/* What gave an event; the rest stays, for somebody to look at. */
static int move_round(struct fetch *f, struct wn_error *err)
{
    uint32_t uids[ROUND_MESSAGES];
    size_t count = 0;
    for (size_t i = 0; i < f->round.came; i++) {
        if (f->round.event[i]) {
            uids[count++] = f->round.uids[i];
        }
    }
    int status =
        count > 0 ? wn_imap_move(f->imap, uids, count, wn_span_of(f->settings->move), err) : WN_OK;
    f->counts->moved += status == WN_OK ? count : 0;
    return status;
}

static void end_round(struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        if (round->messages[i].fd >= 0) {
            (void)close(round->messages[i].fd);
        }
    }
    round->count = 0;
}

/* Fetches, imports and moves a round. What the connection brought before it broke is imported, and
 * then the error told. */
static int run_round(struct fetch *f, struct wn_error *err)
{
    struct wn_error broken = {0};
    bool moves = f->settings->move != NULL && !f->settings->import.dry_run;
    int fetched =
        wn_imap_fetch(f->imap, f->round.messages, f->round.count, WN_MESSAGE_MAX, &broken);
    take_stock(f, fetched);
    int status = import_round(f, err);
    if (fetched == WN_E_NOINPUT) {
        f->refusal = broken;
        fetched = WN_OK;
    }
    if (status == WN_OK && fetched != WN_OK) {
        status = wn_error_set(err, fetched, "%s", broken.text);
    }
    if (status == WN_OK && moves) {
        status = move_round(f, err);
        if (status == WN_OK && !keeps_position(f)) {
            status = put_position_alone(f, err);
        }
    }
    end_round(&f->round);
    return status;
}

static int run_rounds(struct fetch *f, const struct wn_imap_list *list, struct wn_error *err)
{
    size_t most = list->count < f->settings->most ? list->count : (size_t)f->settings->most;
    size_t at = 0;
    int status = WN_OK;
    while (at < most && status == WN_OK) {
        begin_round(&f->round, list->v + at, most - at);
        at += f->round.count;
        status = run_round(f, err);
    }
    f->counts->left = list->count - at;
    f->counts->left_more = list->more;
    return status;
}

/* The connection, the mailbox, and where it was left the last time. */
static int begin(struct fetch *f, struct wn_error *err)
{
    const struct wn_mailbox_settings *s = f->settings;
    bool moves = s->move != NULL && !s->import.dry_run;
    uint32_t uidvalidity = 0;
    int status = wn_imap_position_get(f->store, &f->place, &f->position, err);
    if (status == WN_OK) {
        status = wn_imap_open(&s->access, &f->imap, err);
    }
    if (status == WN_OK && s->move != NULL) {
        status = wn_imap_find(f->imap, wn_span_of(s->move), err);
    }
    if (status == WN_OK) {
        status = wn_imap_select(f->imap, f->place.mailbox, moves, &uidvalidity, err);
    }
    if (status == WN_OK && f->position.uidvalidity != uidvalidity) {
        f->counts->renumbered = f->position.uidvalidity != 0;
        f->position = (struct wn_imap_position){.uidvalidity = uidvalidity};
        status = keeps_position(f) ? WN_OK : put_position_alone(f, err);
    }
    return status;
}

int wn_mailbox_fetch(struct wn_store *store, const struct wn_mailbox_settings *settings,
                     struct wn_mailbox_counts *counts, struct wn_error *err)
{
    const struct wn_imap_url *url = settings->access.url;
    struct wn_imap_list list = {0};
    struct fetch *f = wn_calloc(1, sizeof *f);
    f->settings = settings;
    f->counts = counts;
    f->store = store;
    f->place = (struct wn_imap_place){wn_buf_span(&url->host), wn_buf_span(&url->user),
                                      wn_buf_span(&url->mailbox)};
    int status = begin(f, err);
    if (status == WN_OK) {
        status = wn_imap_list(f->imap, f->position.last_uid, &list, err);
    }
    if (status == WN_OK) {
        status = run_rounds(f, &list, err);
    }
    if (status == WN_OK && f->refusal.status != WN_OK) {
        status = wn_error_set(err, WN_E_TEMPFAIL, "%s", f->refusal.text);
    }
    wn_imap_free(f->imap);
    wn_imap_list_release(&list);
    for (size_t i = 0; i < ROUND_MESSAGES; i++) {
        wn_buf_release(&f->round.names[i]);
    }
    free(f);
    return status;
}
