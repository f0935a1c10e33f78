/* SPDX-License-Identifier: MIT */
/* The order in which things may fail: inputs are opened before anything is created, outputs are
 * claimed before any time is spent, and nothing is published before every input has been judged. */
#include "clean/run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "clean/gather.h"
#include "clean/probing.h"
#include "clean/summarize.h"
#include "store/facts.h"

static const char *const output_files[] = {"keep.csv",     "review.csv",   "drop.csv", "report.csv",
                                           "rejected.csv", "summary.json", NULL};

static const struct wn_outdir_kind output_kind = {
    .marker = ".winnow",
    .marker_text = "This directory was written by winnow clean. The next run to the same place "
                   "replaces it whole.\n",
    .files = output_files,
};

/* "lists/may.csv.gz" is "lists/may"; of standard input, "stdin". */
static struct wn_span stem_of(const char *path)
{
    static const struct wn_span endings[] = {{".csv", 4}, {".tsv", 4}, {".txt", 4}};
    struct wn_span s = wn_span_of(strcmp(path, "-") == 0 ? "stdin" : path);
    if (s.n > 3 && memcmp(s.p + s.n - 3, ".gz", 3) == 0) {
        s.n -= 3;
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (s.n > endings[i].n && s.p[s.n - endings[i].n - 1] != '/' &&
            wn_span_equal_nocase((struct wn_span){s.p + s.n - endings[i].n, endings[i].n},
                                 endings[i])) {
            s.n -= endings[i].n;
            break;
        }
    }
    return s;
}

static int name_output(const struct wn_clean_settings *s, struct wn_run_input *input,
                       struct wn_error *err)
{
    struct wn_span stem = stem_of(input->file.path);
    if (s->output != NULL && s->input_count == 1) {
        wn_buf_add_text(&input->output, s->output);
    } else if (s->output != NULL) {
        const char *slash = memrchr(stem.p, '/', stem.n);
        size_t skip = slash != NULL ? (size_t)(slash + 1 - stem.p) : 0;
        wn_buf_addf(&input->output, "%s/%.*s", s->output, (int)(stem.n - skip), stem.p + skip);
    } else if (strcmp(input->file.path, "-") == 0) {
        return wn_error_set(err, WN_E_USAGE,
                            "standard input has no name to derive an output from: give -o DIR, or "
                            "--only keep|review|drop");
    } else {
        wn_buf_addf(&input->output, "%.*s.winnow", (int)stem.n, stem.p);
    }
    (void)wn_buf_text(&input->output);
    return WN_OK;
}

static int name_outputs(struct wn_run *run, struct wn_error *err)
{
    for (size_t i = 0; i < run->input_count; i++) {
        int status = name_output(run->settings, &run->inputs[i], err);
        if (status != WN_OK) {
            return status;
        }
        for (size_t k = 0; k < i; k++) {
            if (wn_span_equal(wn_buf_span(&run->inputs[i].output),
                              wn_buf_span(&run->inputs[k].output))) {
                return wn_error_set(err, WN_E_USAGE, "%s and %s would both be written to %s",
                                    run->inputs[k].file.name, run->inputs[i].file.name,
                                    run->inputs[i].output.p);
            }
        }
    }
    return WN_OK;
}

/* An input inside the directory that is to be replaced would be removed with it. */
static int refuse_own_input(const struct wn_run *run, const char *directory, struct wn_error *err)
{
    struct wn_span d = wn_span_of(directory);
    for (size_t i = 0; i < run->input_count; i++) {
        char *real = realpath(run->inputs[i].file.path, NULL);
        struct wn_span r = wn_span_of(real);
        bool inside = r.n > d.n && memcmp(r.p, d.p, d.n) == 0 && r.p[d.n] == '/';
        free(real);
        if (inside) {
            return wn_error_set(
                err, WN_E_CANTCREATE,
                "%s lies in %s, which would be replaced: name another directory with "
                "-o",
                run->inputs[i].file.name, directory);
        }
    }
    return WN_OK;
}

/* Two names may lead to one directory, which only shows once links are resolved. */
static int refuse_same_output(const struct wn_run *run, size_t index, struct wn_error *err)
{
    const char *path = wn_outdir_path(run->inputs[index].dir);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(wn_outdir_path(run->inputs[i].dir), path) == 0) {
            return wn_error_set(err, WN_E_USAGE, "%s and %s would both be written to %s",
                                run->inputs[i].file.name, run->inputs[index].file.name, path);
        }
    }
    return WN_OK;
}

static int open_outputs(struct wn_run *run, struct wn_error *err)
{
    for (size_t i = 0; i < run->input_count; i++) {
        struct wn_run_input *input = &run->inputs[i];
        int status =
            wn_outdir_open(input->output.p, &output_kind, input->file.mode, &input->dir, err);
        if (status == WN_OK) {
            status = refuse_same_output(run, i, err);
        }
        if (status == WN_OK) {
            status = refuse_own_input(run, wn_outdir_path(input->dir), err);
        }
        if (status != WN_OK) {
            return status;
        }
    }
    return WN_OK;
}

static int open_inputs(struct wn_run *run, struct wn_error *err)
{
    const struct wn_clean_settings *s = run->settings;
    run->inputs = wn_calloc(s->input_count, sizeof *run->inputs);
    run->input_count = s->input_count;
    for (size_t i = 0; i < s->input_count; i++) {
        int status = wn_input_open(&run->inputs[i].file, s->inputs[i], run->stop, err);
        if (status != WN_OK) {
            return status;
        }
    }
    return WN_OK;
}

static int publish_directory(struct wn_run *run, struct wn_run_input *input, struct wn_error *err)
{
    int sinks[WN_SINK_COUNT] = {-1, -1, -1, -1, -1};
    int status = WN_OK;
    for (size_t i = 0; i < WN_SINK_COUNT && status == WN_OK; i++) {
        status = wn_outdir_create(input->dir, output_files[i], &sinks[i], err);
    }
    if (status == WN_OK) {
        status = wn_publish(run, input, sinks, err);
    }
    for (size_t i = 0; i < WN_SINK_COUNT; i++) {
        if (sinks[i] >= 0 && close(sinks[i]) != 0 && status == WN_OK) {
            status = wn_error_errno(err, WN_E_IO, errno, "%s cannot be written", output_files[i]);
        }
    }
    return status;
}

static int judge_only(struct wn_run *run, struct wn_run_input *input, struct wn_error *err)
{
    static const int nowhere[WN_SINK_COUNT] = {-1, -1, -1, -1, -1};
    return wn_publish(run, input, nowhere, err);
}

static bool drops_too_much(const struct wn_run *run, const struct wn_run_input *input)
{
    return run->settings->max_drop >= 0 && (double)input->tally.action[WN_ACTION_drop] * 100 >
                                               run->settings->max_drop * (double)input->tally.rows;
}

static int trip(const struct wn_run *run, const struct wn_run_input *input, const char *held,
                struct wn_error *err)
{
    double share = 100.0 * (double)input->tally.action[WN_ACTION_drop] / (double)input->tally.rows;
    return wn_error_set(
        err, WN_E_VALVE,
        "%s: %.2f %% of its rows would be dropped, and --max-drop allows %g; nothing "
        "was published%s%s",
        input->file.name, share, run->settings->max_drop,
        held != NULL ? ", the result is kept in " : "", held != NULL ? held : "");
}

/* --only: one list to standard output, judged before the first byte when a valve is set. */
static int publish_stream(struct wn_run *run, struct wn_run_input *input, struct wn_error *err)
{
    int sinks[WN_SINK_COUNT] = {-1, -1, -1, -1, -1};
    if (run->settings->max_drop >= 0) {
        int status = judge_only(run, input, err);
        if (status != WN_OK) {
            return status;
        }
        if (drops_too_much(run, input)) {
            wn_summarize(run, input);
            return trip(run, input, NULL, err);
        }
    }
    sinks[run->settings->only] = STDOUT_FILENO;
    return wn_publish(run, input, sinks, err);
}

static int write_summary(struct wn_run_input *input, struct wn_error *err)
{
    struct wn_buf json = {0};
    int fd;
    int status = wn_outdir_create(input->dir, "summary.json", &fd, err);
    if (status != WN_OK) {
        return status;
    }
    wn_summary_json(&input->summary, &json);
    for (size_t done = 0; done < json.len && status == WN_OK;) {
        ssize_t n = write(fd, json.p + done, json.len - done);
        if (n < 0 && errno != EINTR) {
            status = wn_error_errno(err, WN_E_IO, errno, "%s/summary.json cannot be written",
                                    input->output.p);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (close(fd) != 0 && status == WN_OK) {
        status = wn_error_errno(err, WN_E_IO, errno, "%s/summary.json cannot be written",
                                input->output.p);
    }
    wn_buf_release(&json);
    return status;
}

static int record_run(struct wn_run *run, struct wn_error *err)
{
    struct wn_buf json = {0};
    int status = WN_OK;
    if (run->store == NULL) {
        return WN_OK;
    }
    for (size_t i = 0; i < run->input_count && status == WN_OK; i++) {
        wn_buf_clear(&json);
        wn_summary_json(&run->inputs[i].summary, &json);
        status = wn_store_begin(run->store, err);
        if (status == WN_OK) {
            status = wn_runs_add(run->store, run->began, wn_clock_now(), "clean",
                                 wn_buf_span(&json), err);
        }
        if (status == WN_OK) {
            status = wn_store_commit(run->store, err);
        }
    }
    wn_buf_release(&json);
    return status;
}

/* Everything is staged: swap it in, or put it aside if the valve has tripped for any input. */
static int swap_in(struct wn_run *run, struct wn_error *err)
{
    struct wn_run_input *tripped = NULL;
    int status = WN_OK;
    for (size_t i = 0; i < run->input_count; i++) {
        tripped =
            tripped == NULL && drops_too_much(run, &run->inputs[i]) ? &run->inputs[i] : tripped;
    }
    for (size_t i = 0; i < run->input_count && status == WN_OK; i++) {
        status = write_summary(&run->inputs[i], err);
    }
    if (status == WN_OK) {
        status = record_run(run, err);
    }
    for (size_t i = 0; i < run->input_count && status == WN_OK; i++) {
        struct wn_run_input *input = &run->inputs[i];
        if (*run->stop != 0) {
            return wn_error_set(err, WN_E_SIGNAL + *run->stop, "stopped");
        }
        status = tripped != NULL ? wn_outdir_hold(input->dir, &input->summary.held, err)
                                 : wn_outdir_publish(input->dir, err);
    }
    if (status == WN_OK && tripped != NULL) {
        status = trip(run, tripped, tripped->summary.held, err);
    }
    return status;
}

static int publish_all(struct wn_run *run, struct wn_error *err)
{
    const struct wn_clean_settings *s = run->settings;
    for (size_t i = 0; i < run->input_count; i++) {
        struct wn_run_input *input = &run->inputs[i];
        int status = s->dry_run     ? judge_only(run, input, err)
                     : s->only >= 0 ? publish_stream(run, input, err)
                                    : publish_directory(run, input, err);
        if (status != WN_OK) {
            return status;
        }
        wn_summarize(run, input);
    }
    for (size_t i = 0; i < run->input_count && s->dry_run; i++) {
        if (drops_too_much(run, &run->inputs[i])) {
            return trip(run, &run->inputs[i], NULL, err);
        }
    }
    return s->dry_run || s->only >= 0 ? WN_OK : swap_in(run, err);
}

int wn_run_clean(const struct wn_clean_settings *settings, const _Atomic int *stop,
                 struct wn_run *run, struct wn_error *err)
{
    *run = (struct wn_run){.settings = settings, .stop = stop, .began = wn_clock_now()};
    wn_tables_init(&run->tables);
    wn_progress_init(&run->progress, settings->progress, settings->quiet);
    run->samples = wn_calloc(wn_run_strata(), sizeof *run->samples);
    int status = open_inputs(run, err);
    if (status == WN_OK && settings->only < 0 && !settings->dry_run) {
        status = name_outputs(run, err);
        if (status == WN_OK) {
            status = open_outputs(run, err);
        }
    }
    if (status == WN_OK) {
        status = wn_gather_open(run, err);
    }
    if (status == WN_OK && settings->probe.on) {
        status = wn_probing_preflight(run, err);
    }
    for (size_t i = 0; i < run->input_count && status == WN_OK; i++) {
        status = wn_survey(run, &run->inputs[i], err);
    }
    if (status == WN_OK) {
        status = wn_gather_finish(run, err);
    }
    wn_gather_close(run);
    if (status == WN_OK) {
        status = publish_all(run, err);
    }
    wn_progress_clear(&run->progress);
    return status;
}

void wn_run_release(struct wn_run *run)
{
    for (size_t i = 0; i < run->input_count; i++) {
        struct wn_run_input *input = &run->inputs[i];
        wn_input_close(&input->file);
        wn_outdir_free(input->dir);
        wn_segments_release(&input->chunks);
        wn_cut_release(&input->rejects);
        for (size_t k = 0; k < WN_EMAIL_COLUMNS; k++) {
            wn_buf_release(&input->columns[k].name);
        }
        wn_buf_release(&input->output);
        free(input->header);
        free(input->groups);
        free(input->exposure.rows);
    }
    free(run->inputs);
    free(run->domain_rows);
    wn_segments_release(&run->hashed_names);
    wn_segments_release(&run->spellings);
    free(run->samples);
    wn_probing_free(run->probing);
    wn_tables_release(&run->tables);
    wn_store_free(run->store);
    wn_lock_free(run->lock);
}
