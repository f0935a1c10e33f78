/* SPDX-License-Identifier: MIT */
/* A pipeline whose pieces are inputs: the work step opens one, finds its source and, if it is
 * small, reads it into a copy of its notices; the commit step hands the copies over, or reads a
 * large input on the spot. So memory is bounded by the small inputs that are in work, and the order
 * of notices does not depend on the threads. */
#include "bounce/feed.h"

#include <stdlib.h>

#include "base/pipeline.h"
#include "base/segments.h"

enum {
    SMALL = 1 << 20 /* bytes of plain input; its notices are copied */
};

/* An input in work, and the notices of a small one. */
struct piece {
    const struct wn_walk_file *file;
    struct wn_input input;
    struct wn_feed_input seen;
    struct wn_reading reading;
    bool open, replay;
    struct wn_segments notices;
    struct wn_arena arena;
    struct wn_error err; /* why it cannot be read */
};

struct feed {
    const struct wn_walk *files;
    const struct wn_source_settings *settings;
    struct wn_source_settings alone; /* for an input that is read beside others */
    const struct wn_feed_consumer *consumer;
    size_t next;
};

static int claim(void *arg, void *p, int *more, struct wn_error *err)
{
    struct feed *f = arg;
    struct piece *piece = p;
    if (*f->settings->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *f->settings->stop, "stopped");
    }
    *more = f->next < f->files->count;
    if (*more) {
        piece->file = &f->files->files[f->next++];
    }
    return WN_OK;
}

static struct wn_span keep(struct wn_arena *arena, struct wn_span s)
{
    return s.n > 0 ? (struct wn_span){wn_arena_copy(arena, s.p, s.n), s.n}
                   : (struct wn_span){"", 0};
}

static int keep_notice(void *arg, const struct wn_notice *given)
{
    struct piece *piece = arg;
    struct wn_notice *notice = wn_segments_push(&piece->notices);
    *notice = *given;
    notice->cell = keep(&piece->arena, given->cell);
    if (given->fault == WN_NOTICE_OK) {
        notice->recipient = keep(&piece->arena, given->recipient);
        notice->reply.text = keep(&piece->arena, given->reply.text);
        notice->remote = keep(&piece->arena, given->remote);
        notice->message_id = keep(&piece->arena, given->message_id);
        notice->event_id = keep(&piece->arena, given->event_id);
    }
    return WN_OK;
}

/* Of which format it is, and where to begin. */
static int find_source(const struct feed *f, struct piece *piece, struct wn_error *err)
{
    const struct wn_feed_consumer *consumer = f->consumer;
    char *head = wn_malloc(WN_SOURCE_HEAD);
    size_t n;
    int status = wn_input_read(&piece->input, 0, head, WN_SOURCE_HEAD, &n, err);
    if (status == WN_OK) {
        piece->seen.source = piece->file->source != NULL
                                 ? piece->file->source
                                 : wn_source_find((struct wn_span){head, n});
        piece->reading = (struct wn_reading){.input = &piece->input};
        if (piece->seen.source->incremental && consumer->from != NULL) {
            piece->reading.from =
                consumer->from(consumer->arg, &piece->seen, (struct wn_span){head, n});
        }
        piece->reading.read_to = piece->reading.from;
    }
    free(head);
    return status;
}

static void read_small(struct feed *f, struct piece *piece)
{
    piece->replay = true;
    piece->reading.settings = &f->alone;
    piece->reading.visit = keep_notice;
    piece->reading.arg = piece;
    (void)piece->seen.source->read(&piece->reading, &piece->err);
}

static bool open_input(const struct feed *f, struct piece *piece)
{
    if (piece->file->input != NULL) {
        piece->input = *piece->file->input;
        return true;
    }
    return wn_input_open(&piece->input, piece->file->path, f->settings->stop, &piece->err) == WN_OK;
}

/* Also of a piece whose input is open no more, or never was. */
static void close_input(struct piece *piece)
{
    if (piece->open && piece->file->input == NULL) {
        wn_input_close(&piece->input);
    }
    piece->input = (struct wn_input){0};
    piece->open = false;
}

/* What goes wrong here is the input's, and told when its turn comes. */
static int work(void *arg, void *p, struct wn_error *err)
{
    (void)err;
    struct feed *f = arg;
    struct piece *piece = p;
    piece->err = (struct wn_error){0};
    piece->replay = false;
    piece->notices.length = 0;
    piece->open = open_input(f, piece);
    if (!piece->open) {
        return WN_OK;
    }
    piece->seen = (struct wn_feed_input){.name = piece->input.name,
                                         .input = &piece->input,
                                         .file = (size_t)(piece->file - f->files->files)};
    if (find_source(f, piece, &piece->err) != WN_OK) {
        return WN_OK;
    }
    if (piece->input.size - piece->reading.from <= SMALL) {
        read_small(f, piece);
    }
    return WN_OK;
}

/* Passes the notices of an input on. */
struct passing {
    const struct wn_feed_consumer *consumer;
    const struct wn_feed_input *input;
    int status; /* the consumer's */
};

static int pass(void *arg, const struct wn_notice *notice)
{
    struct passing *passing = arg;
    passing->status = passing->consumer->notice(passing->consumer->arg, passing->input, notice);
    return passing->status;
}

/* Hands over what was kept, or reads what was not. */
static int pass_notices(struct feed *f, struct piece *piece, struct passing *passing)
{
    int status = WN_OK;
    if (!piece->replay) {
        piece->reading.settings = f->settings;
        piece->reading.visit = pass;
        piece->reading.arg = passing;
        return piece->seen.source->read(&piece->reading, &piece->err);
    }
    for (uint32_t i = 0; i < piece->notices.length && status == WN_OK; i++) {
        status = pass(passing, wn_segments_at(&piece->notices, i));
    }
    return status;
}

/* The input failed: named ones end the feed, others are left out. */
static int fail(const struct feed *f, struct piece *piece, struct wn_error *err)
{
    int status = piece->err.status;
    if (piece->file->named || status >= WN_E_SIGNAL || f->consumer->skipped == NULL) {
        return wn_error_set(err, status, "%s", piece->err.text);
    }
    f->consumer->skipped(f->consumer->arg, piece->file->path, piece->err.text);
    return WN_OK;
}

static int commit(void *arg, void *p, struct wn_error *err)
{
    struct feed *f = arg;
    struct piece *piece = p;
    struct passing passing = {.consumer = f->consumer, .input = &piece->seen};
    int status = WN_OK;
    if (piece->open && (piece->err.status == WN_OK || piece->replay)) {
        (void)pass_notices(f, piece, &passing);
    }
    if (passing.status != WN_OK) {
        status = wn_error_set(err, passing.status, "%s", piece->err.text);
    } else if (piece->err.status != WN_OK) {
        status = fail(f, piece, err);
    } else if (f->consumer->end != NULL) {
        piece->seen.forgotten = piece->reading.forgotten;
        status = f->consumer->end(f->consumer->arg, &piece->seen, piece->reading.read_to);
    }
    close_input(piece);
    wn_arena_release(&piece->arena);
    piece->arena = (struct wn_arena){0};
    return status;
}

int wn_feed_run(const struct wn_walk *files, const struct wn_source_settings *settings,
                const struct wn_feed_consumer *consumer, struct wn_error *err)
{
    struct feed f = {
        .files = files, .settings = settings, .alone = *settings, .consumer = consumer};
    size_t workers = (size_t)settings->jobs < files->count ? (size_t)settings->jobs : files->count;
    workers = workers > 0 ? workers : 1;
    struct piece *pieces = wn_calloc(workers, sizeof *pieces);
    void **each = wn_calloc(workers, sizeof *each);
    f.alone.jobs = 1;
    for (size_t i = 0; i < workers; i++) {
        pieces[i].notices.size = sizeof(struct wn_notice);
        each[i] = &pieces[i];
    }
    int status = wn_pipeline_run(&(struct wn_pipeline){.claim = claim,
                                                       .work = work,
                                                       .commit = commit,
                                                       .arg = &f,
                                                       .pieces = each,
                                                       .workers = workers},
                                 err);
    for (size_t i = 0; i < workers; i++) {
        close_input(&pieces[i]);
        wn_segments_release(&pieces[i].notices);
        wn_arena_release(&pieces[i].arena);
    }
    free(each);
    free(pieces);
    return status;
}
