/* SPDX-License-Identifier: MIT */
/* Two tickets, one for claims and one for commits, under one lock. A worker takes the claim lock,
 * draws the next number and claims its piece; when it has worked on it, it waits until all smaller
 * numbers are committed. Compared with queues between a reader, checkers and a collector, a piece
 * stays on the core that read it, no thread is idle while another is behind, and one worker is the
 * plain loop. */
#include "base/pipeline.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct run {
    const struct wn_pipeline *pipeline;
    pthread_mutex_t claiming; /* held during a claim */
    uint64_t next_claim;      /* under claiming */
    bool no_more;             /* under claiming */

    pthread_mutex_t lock;
    pthread_cond_t turned;
    uint64_t next_commit;  /* under lock */
    bool failed;           /* under lock */
    uint64_t failed_at;    /* under lock: the piece whose error is kept */
    struct wn_error error; /* under lock */
};

struct worker {
    struct run *run;
    void *piece;
    pthread_t thread;
    struct wn_error error;
};

/* `status` is what counts: a step that left no sentence has failed all the same. */
static void fail(struct run *r, uint64_t number, int status, const struct wn_error *error)
{
    pthread_mutex_lock(&r->lock);
    if (!r->failed || number < r->failed_at) {
        r->error = *error;
        r->error.status = status;
        r->failed_at = number;
    }
    r->failed = true;
    pthread_cond_broadcast(&r->turned);
    pthread_mutex_unlock(&r->lock);
}

static bool has_failed(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    bool failed = r->failed;
    pthread_mutex_unlock(&r->lock);
    return failed;
}

/* Draws the next number and claims its piece; false when there is nothing more to do. */
static bool claim(struct worker *w, uint64_t *number)
{
    struct run *r = w->run;
    const struct wn_pipeline *p = r->pipeline;
    int more = 1;
    bool mine = false;
    pthread_mutex_lock(&r->claiming);
    if (!r->no_more && !has_failed(r)) {
        *number = r->next_claim++;
        int status = p->claim(p->arg, w->piece, &more, &w->error);
        if (status != WN_OK) {
            r->no_more = true;
            fail(r, *number, status, &w->error);
        } else if (!more) {
            r->no_more = true;
        } else {
            mine = true;
        }
    }
    pthread_mutex_unlock(&r->claiming);
    return mine;
}

/* Waits for the piece's turn; false when an earlier piece has failed by then. A later one's failure
 * changes nothing: this piece may yet fail first, and which failure is the earliest must not depend
 * on timing. */
static bool wait_turn(struct run *r, uint64_t number)
{
    pthread_mutex_lock(&r->lock);
    while (r->next_commit != number && !(r->failed && r->failed_at < number)) {
        pthread_cond_wait(&r->turned, &r->lock);
    }
    bool mine = r->next_commit == number;
    pthread_mutex_unlock(&r->lock);
    return mine;
}

static void end_turn(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    r->next_commit++;
    pthread_cond_broadcast(&r->turned);
    pthread_mutex_unlock(&r->lock);
}

static void *run_worker(void *arg)
{
    struct worker *w = arg;
    struct run *r = w->run;
    const struct wn_pipeline *p = r->pipeline;
    uint64_t number;
    while (claim(w, &number)) {
        int status = p->work(p->arg, w->piece, &w->error);
        if (status == WN_OK) {
            if (!wait_turn(r, number)) {
                break;
            }
            status = p->commit(p->arg, w->piece, &w->error);
        }
        if (status == WN_OK) {
            end_turn(r);
            if (p->finish != NULL) {
                status = p->finish(p->arg, w->piece, &w->error);
            }
        }
        if (status != WN_OK) {
            fail(r, number, status, &w->error);
            break;
        }
    }
    return NULL;
}

int wn_pipeline_run(const struct wn_pipeline *pipeline, struct wn_error *err)
{
    struct run r = {.pipeline = pipeline};
    struct worker *workers = wn_calloc(pipeline->workers, sizeof *workers);
    size_t started = 1;
    pthread_mutex_init(&r.claiming, NULL);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.turned, NULL);
    for (size_t i = 0; i < pipeline->workers; i++) {
        workers[i].run = &r;
        workers[i].piece = pipeline->pieces[i];
    }
    /* A thread that cannot be had is no failure: the others do its work. */
    while (started < pipeline->workers &&
           pthread_create(&workers[started].thread, NULL, run_worker, &workers[started]) == 0) {
        started++;
    }
    (void)run_worker(&workers[0]);
    for (size_t i = 1; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    pthread_cond_destroy(&r.turned);
    pthread_mutex_destroy(&r.lock);
    pthread_mutex_destroy(&r.claiming);
    free(workers);
    if (!r.failed) {
        return WN_OK;
    }
    return wn_error_set(err, r.error.status, "%s", r.error.text);
}
