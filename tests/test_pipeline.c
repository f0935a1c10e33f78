/* SPDX-License-Identifier: MIT */
/* The pipeline with 1, 2 and 8 workers: commits come in the order of the claims, and a failure in
 * any step ends the run with the sentence of the earliest piece that failed. */
#include <check.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/pipeline.h"
#include "support/suite.h"

enum {
    PIECES = 400,
    MOST_WORKERS = 8,
    NEVER = -1
};

enum step {
    CLAIM,
    WORK,
    COMMIT,
    FINISH,
    STEPS
};

static const char *const step_names[STEPS] = {"claim", "work", "commit", "finish"};
static const size_t worker_counts[] = {1, 2, MOST_WORKERS};

struct job {
    int pieces, claimed; /* the claim's */
    int committed;       /* the commit's */
    int fail_at[STEPS];  /* which piece fails, or NEVER */
    bool silent;         /* fail without a sentence */
    atomic_int worked, finished;
    atomic_int claiming, committing;
};

struct piece {
    int number, done;
};

/* Within a worker: Check's assertions belong to the thread that runs the test. */
static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static int maybe_fail(const struct job *job, enum step step, const struct piece *p,
                      struct wn_error *err)
{
    if (job->fail_at[step] != p->number) {
        return WN_OK;
    }
    if (job->silent) {
        return WN_E_IO;
    }
    return wn_error_set(err, WN_E_IO, "%s of piece %d", step_names[step], p->number);
}

static int claim(void *arg, void *piece, int *more, struct wn_error *err)
{
    struct job *job = arg;
    struct piece *p = piece;
    require(atomic_fetch_add(&job->claiming, 1) == 0); /* never two at once */
    p->number = job->claimed++;
    p->done = 0;
    *more = p->number < job->pieces;
    int status = maybe_fail(job, CLAIM, p, err);
    atomic_fetch_sub(&job->claiming, 1);
    return status;
}

static int work(void *arg, void *piece, struct wn_error *err)
{
    struct job *job = arg;
    struct piece *p = piece;
    for (int i = 0; i < p->number % 7; i++) {
        sched_yield(); /* some pieces take longer than those behind them */
    }
    p->done = 1;
    atomic_fetch_add(&job->worked, 1);
    return maybe_fail(job, WORK, p, err);
}

static int commit(void *arg, void *piece, struct wn_error *err)
{
    struct job *job = arg;
    struct piece *p = piece;
    require(atomic_fetch_add(&job->committing, 1) == 0);
    require(p->number == job->committed); /* in the order of the claims */
    require(p->done == 1);
    int status = maybe_fail(job, COMMIT, p, err);
    job->committed += status == WN_OK;
    atomic_fetch_sub(&job->committing, 1);
    return status;
}

static int finish(void *arg, void *piece, struct wn_error *err)
{
    struct job *job = arg;
    atomic_fetch_add(&job->finished, 1);
    return maybe_fail(job, FINISH, piece, err);
}

static int run(struct job *job, size_t workers, bool with_finish, struct wn_error *err)
{
    struct piece pieces[MOST_WORKERS];
    void *list[MOST_WORKERS];
    for (size_t i = 0; i < MOST_WORKERS; i++) {
        list[i] = &pieces[i];
    }
    struct wn_pipeline pipeline = {.claim = claim,
                                   .work = work,
                                   .commit = commit,
                                   .finish = with_finish ? finish : NULL,
                                   .arg = job,
                                   .pieces = list,
                                   .workers = workers};
    return wn_pipeline_run(&pipeline, err);
}

static struct job new_job(int pieces)
{
    return (struct job){.pieces = pieces, .fail_at = {NEVER, NEVER, NEVER, NEVER}};
}

START_TEST(all_pieces_in_order)
{
    static const int counts[] = {0, 1, 2, PIECES};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct job job = new_job(counts[i]);
        struct wn_error err = {0};
        ck_assert_int_eq(run(&job, worker_counts[_i], true, &err), WN_OK);
        ck_assert_int_eq(err.status, WN_OK);
        ck_assert_int_eq(job.committed, counts[i]);
        ck_assert_int_eq(atomic_load(&job.worked), counts[i]);
        ck_assert_int_eq(atomic_load(&job.finished), counts[i]);
        ck_assert_int_eq(job.claimed, counts[i] + 1); /* and nobody asks once there is no more */
    }
}
END_TEST

START_TEST(without_a_finish)
{
    struct job job = new_job(PIECES);
    ck_assert_int_eq(run(&job, worker_counts[_i], false, NULL), WN_OK);
    ck_assert_int_eq(job.committed, PIECES);
}
END_TEST

START_TEST(failure_in_a_step)
{
    static const int at[] = {0, 1, 7, PIECES / 2, PIECES - 1};
    enum step step = (enum step)(_i % STEPS);
    size_t workers = worker_counts[_i / STEPS];
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct job job = new_job(PIECES);
        struct wn_error err = {0};
        char sentence[40];
        job.fail_at[step] = at[i];
        ck_assert_int_eq(run(&job, workers, true, &err), WN_E_IO);
        (void)snprintf(sentence, sizeof sentence, "%s of piece %d", step_names[step], at[i]);
        ck_assert_str_eq(err.text, sentence);
        ck_assert_int_eq(err.status, WN_E_IO);
        ck_assert_int_ge(job.committed, step == FINISH ? at[i] + 1 : at[i]);
        ck_assert(step == FINISH || job.committed == at[i]); /* all before, none behind */
    }
}
END_TEST

/* A piece whose commit fails used to be passed over when the work of a later one had failed sooner:
 * the message depended on timing. */
START_TEST(earliest_of_several_failures)
{
    for (int round = 0; round < 50; round++) {
        struct job job = new_job(PIECES);
        struct wn_error err = {0};
        job.fail_at[COMMIT] = 100 + round;
        job.fail_at[WORK] = 101 + round;
        job.fail_at[CLAIM] = 103 + round;
        ck_assert_int_eq(run(&job, worker_counts[_i], true, &err), WN_E_IO);
        char sentence[40];
        (void)snprintf(sentence, sizeof sentence, "commit of piece %d", 100 + round);
        ck_assert_str_eq(err.text, sentence);
        ck_assert_int_eq(job.committed, 100 + round);
    }
}
END_TEST

/* A status without a sentence used to be taken for success. */
START_TEST(failure_without_a_sentence)
{
    for (unsigned step = 0; step < STEPS; step++) {
        struct job job = new_job(PIECES);
        struct wn_error err = {0};
        job.fail_at[step] = 5;
        job.silent = true;
        ck_assert_int_eq(run(&job, worker_counts[_i], true, &err), WN_E_IO);
        ck_assert_int_eq(err.status, WN_E_IO);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pipeline");
    TCase *cases = tcase_create("pipeline");
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, all_pieces_in_order, 0, 3);
    tcase_add_loop_test(cases, without_a_finish, 0, 3);
    tcase_add_loop_test(cases, failure_in_a_step, 0, 3 * STEPS);
    tcase_add_loop_test(cases, earliest_of_several_failures, 0, 3);
    tcase_add_loop_test(cases, failure_without_a_sentence, 0, 3);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
