/* SPDX-License-Identifier: MIT */
/* The source: cutting is done in order and is cheap; parsing is not, so a large input's windows are
 * parsed by settings->jobs threads and handed over in order (base/pipeline.h). A window ends where
 * a record does; the next one begins there. */
#include <stdlib.h>

#include "base/pipeline.h"
#include "bounce/json/cut.h"
#include "bounce/json/record.h"

enum {
    WINDOW = 1 << 20,
    WINDOW_RECORDS = 1 << 14,
    JOBS_MAX = 64
};

/* A window and what it says; of one worker. */
struct piece {
    struct wn_buf window;
    uint64_t offset; /* of the window's first byte */
    struct wn_json_cut cut;
    struct wn_json_notices notices;
};

struct reading {
    struct wn_reading *given;
    struct wn_json_cutter cutter; /* the claims' */
};

/* Reads from the cutter's place on: at least `n` bytes, unless the input ends. */
static int fill(struct reading *r, struct piece *piece, size_t n, bool *last, struct wn_error *err)
{
    size_t got, more = n - piece->window.len;
    char *room = wn_buf_room(&piece->window, more);
    int status =
        wn_input_read(r->given->input, piece->offset + piece->window.len, room, more, &got, err);
    if (status == WN_OK) {
        piece->window.len += got;
        *last = got < more;
    }
    return status;
}

static int claim(void *arg, void *p, int *more, struct wn_error *err)
{
    struct reading *r = arg;
    struct piece *piece = p;
    bool last = false;
    int status = WN_OK;
    if (*r->given->settings->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *r->given->settings->stop, "stopped");
    }
    wn_buf_clear(&piece->window);
    piece->offset = r->cutter.offset;
    /* A record that is longer than the window comes again in a larger one. */
    for (size_t n = WINDOW; status == WN_OK; n *= 2) {
        status = fill(r, piece, n, &last, err);
        if (status == WN_OK) {
            wn_json_cut(&r->cutter, wn_buf_span(&piece->window), last, WINDOW_RECORDS, &piece->cut);
        }
        if (piece->cut.consumed > 0 || last) {
            break;
        }
    }
    *more = piece->window.len > 0;
    return status;
}

static int parse(void *arg, void *p, struct wn_error *err)
{
    const struct reading *r = arg;
    struct piece *piece = p;
    (void)err;
    wn_json_notices_clear(&piece->notices);
    for (size_t i = 0; i < piece->cut.count; i++) {
        const struct wn_json_record *record = &piece->cut.records[i];
        struct wn_span text = {NULL, 0};
        if (record->fault == NULL) {
            text.p = piece->window.p + (record->offset - piece->offset);
            text.n = (size_t)record->length;
        }
        wn_json_read_record(record, text, &piece->notices);
        if (record->open && wn_reading_may_grow(r->given)) {
            piece->notices.list[piece->notices.count - 1].fault = WN_NOTICE_UNFINISHED;
        }
    }
    return WN_OK;
}

static int hand_over(void *arg, void *p, struct wn_error *err)
{
    const struct reading *r = arg;
    const struct piece *piece = p;
    int status = WN_OK;
    (void)err;
    for (size_t i = 0; i < piece->notices.count && status == WN_OK; i++) {
        status = r->given->visit(r->given->arg, &piece->notices.list[i]);
    }
    return status;
}

static int read_json(struct wn_reading *reading, struct wn_error *err)
{
    struct reading r = {.given = reading, .cutter.line = 1};
    const struct wn_input *input = reading->input;
    size_t n, workers = 1;
    char *head = wn_malloc(WN_SOURCE_HEAD);
    int status = wn_input_read(input, 0, head, WN_SOURCE_HEAD, &n, err);
    if (status == WN_OK) {
        r.cutter.lines = wn_json_is_lines((struct wn_span){head, n});
    }
    free(head);
    if (status != WN_OK) {
        return status;
    }
    if (input->size > UINT64_C(2) * WINDOW && reading->settings->jobs > 1) {
        workers = reading->settings->jobs < JOBS_MAX ? (size_t)reading->settings->jobs : JOBS_MAX;
    }
    struct piece *pieces = wn_calloc(workers, sizeof *pieces);
    void **given = wn_calloc(workers, sizeof *given);
    for (size_t i = 0; i < workers; i++) {
        given[i] = &pieces[i];
    }
    const struct wn_pipeline pipeline = {.claim = claim,
                                         .work = parse,
                                         .commit = hand_over,
                                         .arg = &r,
                                         .pieces = given,
                                         .workers = workers};
    status = wn_pipeline_run(&pipeline, err);
    for (size_t i = 0; i < workers; i++) {
        wn_buf_release(&pieces[i].window);
        wn_json_cut_release(&pieces[i].cut);
        wn_json_notices_release(&pieces[i].notices);
    }
    free(given);
    free(pieces);
    return status;
}

const struct wn_source wn_source_json = {
    .name = "json", .recognise = wn_json_begins, .read = read_json};
