/* SPDX-License-Identifier: MIT */
/* Two sides. The feed's threads read, normalise and classify; the caller's thread writes. Events
 * travel in batches from a small pool, which is what bounds memory: the reader waits for a free
 * batch and nowhere else. A batch holds its texts in one block of fixed size, so that nothing in it
 * moves.
 *
 * When the writer fails or is to stop it says so in `over` and goes on emptying batches until the
 * reader has noticed and closed the queue; so the reader never waits for a batch that does not
 * come. */
#include "bounce/import.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/queue.h"
#include "bounce/copies.h"
#include "store/positions.h"
#include "store/suppression.h"

enum {
    BATCHES = 3,
    BATCH_EVENTS = 32768,
    BATCH_TEXT = 1 << 23,
    BATCH_LOGS = 64,
    SOURCE_MAX = 320,
    /* Key, diagnostic, message id, source. */
    EVENT_TEXT = WN_NOTICE_KEY_MAX + WN_DIAGNOSTIC_MAX + 512 + SOURCE_MAX,
    COMMIT_MS = 500 /* of adding; deriving and committing take about as long again */
};

/* How far a log was read; every event before that is in this batch or an earlier one. */
struct progress {
    struct wn_log_file file;
    uint64_t read_to;
};

struct batch {
    struct wn_queue_item item; /* first */
    struct progress progress[BATCH_LOGS];
    size_t progress_count;
    size_t count, text_used;
    struct wn_event events[BATCH_EVENTS];
    uint32_t order[BATCH_EVENTS]; /* of the events by recipient */
    char text[BATCH_TEXT];
};

struct import {
    const struct wn_import_settings *settings;
    const struct wn_walk *files;
    struct wn_queue free_batches, full_batches;
    atomic_bool over; /* set by the writer, read by the reader */
    struct wn_log_positions positions;
    /* The reader's until it is joined. */
    struct batch *batch;
    uint64_t rows, unused, older, skipped, forgotten, faults[WN_NOTICE_FAULTS];
    bool event; /* there was one in the input that is being read */
    int status;
    struct wn_error err;
};

/* A copy of `text` in the batch, at most `max` bytes, cutting no UTF-8 sequence in two. */
static struct wn_span keep(struct batch *batch, struct wn_span text, size_t max)
{
    char *p = batch->text + batch->text_used;
    size_t n = text.n < max ? text.n : max;
    while (n < text.n && n + 3 > max && ((unsigned char)text.p[n] & 0xc0) == 0x80) {
        n--;
    }
    if (n > 0) {
        memcpy(p, text.p, n);
    }
    batch->text_used += n;
    return (struct wn_span){p, n};
}

static struct wn_span name_source(struct batch *batch, const char *name, uint64_t offset)
{
    char text[SOURCE_MAX];
    int n = snprintf(text, sizeof text, "%.280s@%llu", name, (unsigned long long)offset);
    return keep(batch, (struct wn_span){text, (size_t)n}, SOURCE_MAX);
}

/* By recipient; what is the same keeps its order. */
static int compare_recipients(const void *a, const void *b, void *arg)
{
    const struct wn_event *events = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    struct wn_span x = events[i].recipient, y = events[k].recipient;
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    if (order == 0) {
        order = x.n != y.n ? (x.n < y.n ? -1 : 1) : (i < k ? -1 : i > k);
    }
    return order;
}

static void sort_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        batch->order[i] = (uint32_t)i;
    }
    qsort_r(batch->order, batch->count, sizeof *batch->order, compare_recipients, batch->events);
}

static struct batch *take_batch(struct import *import)
{
    struct batch *batch = (struct batch *)(void *)wn_queue_pop(&import->free_batches);
    batch->count = batch->text_used = batch->progress_count = 0;
    return batch;
}

static void hand_over(struct import *import)
{
    if (import->batch->count > 0 || import->batch->progress_count > 0) {
        sort_batch(import->batch);
        wn_queue_push(&import->full_batches, &import->batch->item);
        import->batch = take_batch(import);
    }
}

static int take_notice(void *arg, const struct wn_feed_input *input, const struct wn_notice *given)
{
    struct import *import = arg;
    struct wn_notice notice = *given;
    struct batch *batch = import->batch;
    struct wn_event *event = &batch->events[batch->count];
    char *key = batch->text + batch->text_used;
    if (atomic_load_explicit(&import->over, memory_order_relaxed)) {
        return WN_E_INTERNAL; /* the writer has the true reason */
    }
    bool unfinished = notice.fault == WN_NOTICE_UNFINISHED;
    import->rows += !unfinished;
    if (!wn_notice_judge(&notice, import->settings->now, key, event)) {
        import->unused += !unfinished;
        import->faults[notice.fault]++;
        if (import->settings->unused != NULL) {
            import->settings->unused(import->settings->unused_arg, input->name, &notice);
        }
        return import->settings->unrecognized != NULL && wn_notice_is_lost(notice.fault)
                   ? wn_copies_write(import->settings->unrecognized, input, &notice, &import->err)
                   : WN_OK;
    }
    if (event->at < import->settings->since) {
        import->older++;
        return WN_OK;
    }
    import->event = true;
    batch->text_used += event->recipient.n;
    event->diagnostic = keep(batch, event->diagnostic, WN_DIAGNOSTIC_MAX);
    event->message_id = keep(batch, event->message_id, 512);
    event->source = event->source.n > 0 ? keep(batch, event->source, SOURCE_MAX)
                                        : name_source(batch, input->name, notice.offset);
    if (++batch->count == BATCH_EVENTS || BATCH_TEXT - batch->text_used < EVENT_TEXT) {
        hand_over(import);
    }
    return WN_OK;
}

/* A log that can be told from others: not a pipe, nor what was unpacked. */
static bool know_log(const struct wn_feed_input *input, struct wn_span head,
                     struct wn_log_file *file)
{
    return !input->input->spooled && wn_log_file_of(&input->input->seen, head, file);
}

static uint64_t find_beginning(void *arg, const struct wn_feed_input *input, struct wn_span head)
{
    const struct import *import = arg;
    struct wn_log_file file;
    return !import->settings->reread && know_log(input, head, &file)
               ? wn_log_position_of(&import->positions, &file, input->input->size)
               : 0;
}

/* With --since, what was passed over must be found again by an import without it. */
static int note_progress(void *arg, const struct wn_feed_input *input, uint64_t read_to)
{
    struct import *import = arg;
    struct batch *batch = import->batch;
    char head[WN_FIRST_LINE_MAX];
    size_t n;
    if (import->settings->read != NULL) {
        import->settings->read(import->settings->read_arg, input->file, import->event);
    }
    import->event = false;
    import->forgotten += input->forgotten;
    if (!input->source->incremental || import->settings->since != 0) {
        return WN_OK;
    }
    int status = wn_input_read(input->input, 0, head, sizeof head, &n, &import->err);
    struct progress *progress = &batch->progress[batch->progress_count];
    if (status == WN_OK && know_log(input, (struct wn_span){head, n}, &progress->file)) {
        progress->read_to = read_to;
        if (++batch->progress_count == BATCH_LOGS) {
            hand_over(import);
        }
    }
    return status;
}

static void count_skipped(void *arg, const char *path, const char *sentence)
{
    struct import *import = arg;
    import->skipped++;
    import->event = false;
    if (import->settings->skipped != NULL) {
        import->settings->skipped(import->settings->unused_arg, path, sentence);
    }
}

static void *read_files(void *arg)
{
    struct import *import = arg;
    import->batch = take_batch(import);
    struct wn_source_settings settings = import->settings->source;
    settings.now = import->settings->now;
    settings.stop = import->settings->stop;
    settings.again = true;
    settings.jobs = import->settings->source.jobs > 0 ? import->settings->source.jobs : 1;
    const struct wn_feed_consumer consumer = {.from = find_beginning,
                                              .notice = take_notice,
                                              .end = note_progress,
                                              .skipped = count_skipped,
                                              .arg = import};
    import->status = wn_feed_run(import->files, &settings, &consumer, &import->err);
    hand_over(import);
    wn_queue_push(&import->free_batches, &import->batch->item);
    wn_queue_close(&import->full_batches);
    return NULL;
}

static int put_progress(struct wn_store *store, const struct batch *batch, int64_t now,
                        struct wn_error *err)
{
    int status = WN_OK;
    for (size_t i = 0; i < batch->progress_count && status == WN_OK; i++) {
        const struct progress *p = &batch->progress[i];
        status = wn_log_position_put(store, &p->file, p->read_to, now, err);
    }
    return status;
}

static int add_batch(struct wn_store *store, const struct batch *batch,
                     struct wn_import_counts *counts, struct wn_error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct wn_event *event = &batch->events[batch->order[i]];
        bool added;
        int status = wn_events_add(store, event, &added, err);
        if (status != WN_OK) {
            return status;
        }
        if (!added) {
            counts->known++;
            continue;
        }
        counts->added++;
        counts->kinds[event->kind]++;
        if (event->kind == WN_KIND_bounce || event->kind == WN_KIND_deferred) {
            counts->actions[event->action]++;
        }
    }
    return WN_OK;
}

static int finish_transaction(struct wn_store *store, bool all, struct wn_error *err)
{
    int status = wn_suppression_update(store, all, err);
    return status == WN_OK ? wn_store_commit(store, err) : status;
}

struct burst_filter {
    struct wn_buf *ids; /* lines */
    wn_burst_visit *visit;
    void *arg;
};

static int pass_burst(void *arg, const struct wn_burst *burst)
{
    struct burst_filter *filter = arg;
    bool named = memmem(filter->ids->p, filter->ids->len, burst->id.p, burst->id.n) != NULL;
    return named ? filter->visit(filter->arg, burst) : WN_OK;
}

/* Looks at every day that got mail. Each in a transaction of its own, unless one is open already.
 */
static int judge_days(struct wn_store *store, bool open, const _Atomic int *stop,
                      struct wn_breaker_news *news, struct wn_error *err)
{
    int64_t day = -1;
    int status = wn_breaker_next(store, &day, err);
    while (status == WN_OK && day >= 0 && (stop == NULL || *stop == 0)) {
        status = open ? WN_OK : wn_store_begin(store, err);
        if (status == WN_OK) {
            status = wn_breaker_judge(store, day, news, err);
        }
        if (status == WN_OK && !open) {
            status = finish_transaction(store, false, err);
        }
        if (status == WN_OK) {
            status = wn_breaker_next(store, &day, err);
        }
    }
    return status;
}

/* The breaker's part of an import. */
static int run_breaker(struct wn_store *store, bool open, const struct wn_import_settings *settings,
                       struct wn_import_counts *counts, struct wn_error *err)
{
    struct wn_breaker_news news = {0};
    struct burst_filter filter = {&news.ids, settings->burst, settings->burst_arg};
    int status = judge_days(store, open, settings->stop, &news, err);
    if (status == WN_OK && news.held > 0 && settings->burst != NULL) {
        status = wn_bursts(store, false, pass_burst, &filter, err);
    }
    counts->quarantined += news.held;
    counts->blind += news.blind;
    if (status != WN_OK) {
        wn_store_rollback(store);
    }
    wn_buf_release(&news.ids);
    return status;
}

/* The reader is done, and nothing went wrong. Opens a transaction if none is. */
static int finish_import(struct wn_store *store, const struct wn_import_settings *settings,
                         bool *open, struct wn_error *err)
{
    int status = *open ? WN_OK : wn_store_begin(store, err);
    *open = *open || status == WN_OK;
    return status == WN_OK ? settings->last(settings->last_arg, store, err) : status;
}

/* Writes what comes until the queue is closed; after a failure, only empties it. */
static int write_batches(struct import *import, struct wn_store *store,
                         struct wn_import_counts *counts, struct wn_error *err)
{
    bool open = false;
    int64_t began = 0;
    int status = WN_OK;
    struct wn_import_counts committed = *counts;
    struct batch *batch;
    while ((batch = (struct batch *)(void *)wn_queue_pop(&import->full_batches)) != NULL) {
        if (status == WN_OK && *import->settings->stop != 0) {
            status = wn_error_set(err, WN_E_SIGNAL + *import->settings->stop,
                                  "stopped; what was read so far is kept, and the same import "
                                  "again completes it");
        }
        if (status == WN_OK && !open) {
            status = wn_store_begin(store, err);
            open = status == WN_OK;
            began = wn_clock_monotonic_ms();
        }
        if (status == WN_OK) {
            status = add_batch(store, batch, counts, err);
        }
        if (status == WN_OK) {
            status = put_progress(store, batch, import->settings->now, err);
        }
        wn_queue_push(&import->free_batches, &batch->item);
        if (status == WN_OK && !import->settings->dry_run &&
            wn_clock_monotonic_ms() - began >= COMMIT_MS) {
            status = finish_transaction(store, false, err);
            open = false;
            committed = *counts;
        }
        if (status != WN_OK) {
            atomic_store_explicit(&import->over, true, memory_order_relaxed);
        }
    }
    if (status == WN_OK && import->status == WN_OK && !import->settings->dry_run &&
        import->settings->last != NULL) {
        status = finish_import(store, import->settings, &open, err);
    }
    if (open && import->settings->dry_run) {
        if (status == WN_OK) {
            status = wn_suppression_update(store, false, err);
        }
        if (status == WN_OK) {
            status = run_breaker(store, true, import->settings, counts, err);
        }
        wn_store_rollback(store);
    } else if (open && (status == WN_OK || status > WN_E_SIGNAL)) {
        int end = finish_transaction(store, false, err);
        status = status == WN_OK ? end : status;
        committed = *counts;
    }
    if (status != WN_OK && status < WN_E_SIGNAL) {
        wn_store_rollback(store);
        *counts = committed;
    }
    return status;
}

int wn_import_files(struct wn_store *store, const struct wn_walk *files,
                    const struct wn_import_settings *settings, struct wn_import_counts *counts,
                    struct wn_error *err)
{
    struct import import = {.settings = settings, .files = files};
    pthread_t reader;
    struct batch *batches = wn_malloc(BATCHES * sizeof *batches);
    int status = wn_log_positions_load(store, &import.positions, err);
    atomic_init(&import.over, false);
    wn_queue_init(&import.free_batches);
    wn_queue_init(&import.full_batches);
    for (size_t i = 0; i < BATCHES; i++) {
        wn_queue_push(&import.free_batches, &batches[i].item);
    }
    if (status != WN_OK) {
        goto out;
    }
    int failed = pthread_create(&reader, NULL, read_files, &import);
    if (failed != 0) {
        status = wn_error_errno(err, WN_E_INTERNAL, failed, "no thread can be started");
        goto out;
    }
    status = write_batches(&import, store, counts, err);
    (void)pthread_join(reader, NULL);
    counts->rows += import.rows;
    counts->unused += import.unused;
    counts->skipped += import.skipped;
    counts->forgotten += import.forgotten;
    counts->older += import.older;
    for (size_t i = 0; i < WN_NOTICE_FAULTS; i++) {
        counts->faults[i] += import.faults[i];
    }
    if (status == WN_OK && import.status != WN_OK) {
        status = wn_error_set(err, import.status, "%s", import.err.text);
    }
    if (status == WN_OK && !settings->dry_run) {
        status = run_breaker(store, false, settings, counts, err);
    }
out:
    while (wn_queue_try_pop(&import.free_batches) != NULL) {
    }
    wn_queue_release(&import.free_batches);
    wn_queue_release(&import.full_batches);
    wn_log_positions_release(&import.positions);
    free(batches);
    return status;
}

/* Begins a transaction, sets the policy and has the breaker look at everything under it. */
static int apply_policy(struct wn_store *store, const struct wn_bounce_policy *policy,
                        struct wn_breaker_news *news, struct wn_error *err)
{
    int status = wn_store_begin(store, err);
    if (status == WN_OK && policy != NULL) {
        status = wn_bounce_policy_put(store, policy, err);
    }
    if (status == WN_OK) {
        status = wn_breaker_all(store, err);
    }
    return status == WN_OK ? judge_days(store, true, NULL, news, err) : status;
}

int wn_import_rebuild(struct wn_store *store, const struct wn_bounce_policy *policy,
                      struct wn_error *err)
{
    struct wn_breaker_news news = {0};
    int status = apply_policy(store, policy, &news, err);
    if (status == WN_OK) {
        status = finish_transaction(store, true, err);
    }
    if (status != WN_OK) {
        wn_store_rollback(store);
    }
    wn_buf_release(&news.ids);
    return status;
}

int wn_import_compare(struct wn_store *store, const struct wn_bounce_policy *policy,
                      wn_history_change_visit *visit, wn_domain_change_visit *visit_domain,
                      void *arg, struct wn_breaker_news *news, struct wn_error *err)
{
    int status = apply_policy(store, policy, news, err);
    if (status == WN_OK) {
        status = wn_history_compare(store, visit, arg, err);
    }
    if (status == WN_OK) {
        status = wn_domain_history_compare(store, visit_domain, arg, err);
    }
    wn_store_rollback(store);
    return status;
}
