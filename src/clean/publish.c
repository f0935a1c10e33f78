/* SPDX-License-Identifier: MIT */
/* The second reading of an input, one pipeline: a claim takes the next chunk of the survey, the
 * work reads its bytes again, makes sure that they are the same, judges each row and formats it;
 * the commit adds up the counts and gives each file's piece its place; the finish writes the pieces
 * there. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/pipeline.h"
#include "clean/fix.h"
#include "csv/scan.h"
#include "csv/writer.h"

enum {
    FORMATTED_SINKS = WN_SINK_REPORT + 1,
    JUDGE_AHEAD = 6 /* rows between the steps of fetching ahead */
};

static const char *const sink_names[WN_SINK_COUNT] = {"keep.csv", "review.csv", "drop.csv",
                                                      "report.csv", "rejected.csv"};

/* What one worker holds: a chunk and what has become of it. */
struct page {
    const struct wn_chunk *chunk;
    char *bytes;
    size_t capacity;
    struct wn_buf out[FORMATTED_SINKS];
    uint64_t place[FORMATTED_SINKS];
    struct wn_tally tally;
    uint64_t *domain_actions; /* domain id << 2 | action, one a row that has a domain */
    size_t domain_action_count, domain_action_capacity;
    struct wn_exposure exposure; /* of all chunks of this worker */
    struct wn_report_writer writer;
    struct wn_explain_room room;
    struct wn_buf value;
};

struct publication {
    struct wn_run *run;
    struct wn_run_input *input;
    const int *sinks;
    uint64_t end[WN_SINK_COUNT]; /* bytes of each file that have a place */
    bool stream;                 /* sinks cannot be written out of order */
    uint32_t next_chunk;
    unsigned options;
};

static int write_all(int fd, struct wn_span bytes, int64_t place, const char *name,
                     struct wn_error *err)
{
    while (bytes.n > 0) {
        ssize_t n = place >= 0 ? pwrite(fd, bytes.p, bytes.n, place) : write(fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "%s cannot be written", name);
        }
        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
            place = place >= 0 ? place + n : place;
        }
    }
    return WN_OK;
}

/* Writes behind what the sink has already; for headers and rejects, which no other thread writes.
 */
static int append(struct publication *p, size_t sink, struct wn_span bytes, struct wn_error *err)
{
    if (p->sinks[sink] < 0) {
        return WN_OK;
    }
    int64_t place = p->stream ? -1 : (int64_t)p->end[sink];
    p->end[sink] += bytes.n;
    return write_all(p->sinks[sink], bytes, place, p->stream ? "standard output" : sink_names[sink],
                     err);
}

static int claim(void *arg, void *piece, int *more, struct wn_error *err)
{
    struct publication *p = arg;
    struct page *page = piece;
    if (*p->run->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *p->run->stop, "stopped");
    }
    if (p->next_chunk == p->input->chunks.length) {
        *more = 0;
        return WN_OK;
    }
    page->chunk = wn_segments_at(&p->input->chunks, p->next_chunk++);
    return WN_OK;
}

static int changed(const struct publication *p, struct wn_error *err)
{
    return wn_error_set(err, WN_E_IO,
                        "%s changed while it was read; nothing was published, run it again",
                        p->input->file.name);
}

static int read_chunk(const struct publication *p, struct page *page, struct wn_error *err)
{
    size_t got;
    if (page->capacity < page->chunk->length) {
        page->capacity = page->chunk->length;
        page->bytes = wn_realloc(page->bytes, page->capacity);
    }
    int status = wn_input_read(&p->input->file, page->chunk->offset, page->bytes,
                               page->chunk->length, &got, err);
    if (status != WN_OK) {
        return status;
    }
    if (got != page->chunk->length || XXH3_64bits(page->bytes, got) != page->chunk->digest) {
        return changed(p, err);
    }
    return WN_OK;
}

static void count(struct page *page, const struct wn_judged *j)
{
    page->tally.rows++;
    page->tally.action[j->verdict.action]++;
    page->tally.result[j->verdict.result]++;
    page->tally.reason[j->verdict.reason]++;
    if (j->domain_id != WN_NONE) {
        page->domain_actions[page->domain_action_count++] =
            (uint64_t)j->domain_id << 2 | (uint64_t)j->verdict.action;
    }
}

/* A mailbox gets one mail, and a row without an address none. */
static void expose(struct wn_exposure *exposure, const struct wn_judged *j)
{
    if ((j->row->bits & WN_ROW_DUPLICATE) != 0 || j->fault == WN_FAULT_no_address) {
        return;
    }
    enum wn_repute repute = wn_history_repute(j->history);
    uint64_t *counts = exposure->certain;
    if (j->fault == WN_FAULT_none && j->domain != NULL && !wn_route_is_negative(j->domain->route) &&
        repute < WN_REPUTE_OPEN) {
        counts = exposure->rows[wn_stratum(wn_provider_count(), j->domain->provider, repute,
                                           j->domain->route == WN_ROUTE_OK)];
    }
    counts[WN_PROJECTED_before]++;
    counts[WN_PROJECTED_after] += j->verdict.action == WN_ACTION_keep;
}

static void set_duplicate(const struct publication *p, const struct wn_row *row,
                          struct wn_report_row *out)
{
    if ((row->bits & WN_ROW_DUPLICATE) == 0) {
        return;
    }
    out->duplicate_line = wn_tables_row(&p->run->tables, row->mailbox)->line;
    for (size_t i = 0; row->mailbox < p->input->first_row && i < p->run->input_count; i++) {
        const struct wn_run_input *other = &p->run->inputs[i];
        if (row->mailbox >= other->first_row &&
            row->mailbox - other->first_row < other->row_count) {
            out->duplicate_file = other->file.name;
        }
    }
}

static void set_column(const struct wn_run_input *input, const struct wn_row *row,
                       struct wn_report_row *out)
{
    if (input->column_count > 1) {
        const struct wn_buf *name = &input->columns[wn_row_column(row)].name;
        out->column = (struct wn_span){name->p, name->len};
    }
}

static void format_row(struct publication *p, struct page *page, uint32_t id)
{
    const struct wn_clean_settings *settings = p->run->settings;
    struct wn_judged j;
    wn_judge_row(&p->run->tables, id, &settings->policy, settings->now, &j);
    count(page, &j);
    expose(&page->exposure, &j);
    struct wn_span bytes = {page->bytes + (j.row->offset - page->chunk->offset), j.row->length};
    struct wn_report_row row = {.line = 0};
    if (p->sinks[WN_SINK_REPORT] >= 0 || settings->fix) {
        struct wn_span raw = {bytes.p + j.row->cell, j.row->cell_length};
        struct wn_span cell =
            (j.row->bits & WN_ROW_QUOTED_CELL) != 0 ? wn_csv_value(raw, &page->value) : raw;
        wn_explain(&j, cell, p->options, &page->room, &row);
    }
    if (settings->fix) {
        row.fixed = wn_fix_choose(p->run, &j, &row, p->options);
        page->tally.fixed += row.fixed.n > 0;
    }
    if (p->sinks[j.verdict.action] >= 0) {
        struct wn_buf *out = &page->out[j.verdict.action];
        if (row.fixed.n > 0) {
            wn_fix_write(bytes, j.row, row.fixed, p->input->dialect.delimiter, out);
        } else {
            wn_buf_add_span(out, bytes);
        }
    }
    if (p->sinks[WN_SINK_REPORT] >= 0) {
        row.line = j.row->line;
        set_column(p->input, j.row, &row);
        set_duplicate(p, j.row, &row);
        wn_report_csv(&page->writer, &row, &page->out[WN_SINK_REPORT]);
    }
}

static int work(void *arg, void *piece, struct wn_error *err)
{
    struct publication *p = arg;
    struct page *page = piece;
    int status = read_chunk(p, page, err);
    if (status != WN_OK) {
        return status;
    }
    if (page->domain_action_capacity < page->chunk->row_count) {
        page->domain_action_capacity = page->chunk->row_count;
        page->domain_actions = wn_realloc(page->domain_actions, page->domain_action_capacity *
                                                                    sizeof *page->domain_actions);
    }
    page->tally = (struct wn_tally){0};
    page->domain_action_count = 0;
    for (size_t i = 0; i < FORMATTED_SINKS; i++) {
        wn_buf_clear(&page->out[i]);
    }
    for (uint32_t i = 0; i < page->chunk->row_count; i++) {
        for (uint32_t step = 0; step < 2; step++) {
            uint32_t ahead = i + JUDGE_AHEAD * (2 - step);
            if (ahead < page->chunk->row_count) {
                wn_judge_prefetch(&p->run->tables, page->chunk->first_row + ahead, (int)step);
            }
        }
        format_row(p, page, page->chunk->first_row + i);
    }
    return WN_OK;
}

static int commit(void *arg, void *piece, struct wn_error *err)
{
    struct publication *p = arg;
    struct page *page = piece;
    wn_tally_add(&p->input->tally, &page->tally);
    for (size_t i = 0; i < page->domain_action_count; i++) {
        uint64_t entry = page->domain_actions[i];
        p->run->domain_rows[entry >> 2][entry & 3]++;
    }
    for (size_t i = 0; i < FORMATTED_SINKS; i++) {
        page->place[i] = p->end[i];
        if (p->stream) {
            int status = append(p, i, wn_buf_span(&page->out[i]), err);
            if (status != WN_OK) {
                return status;
            }
        } else {
            p->end[i] += page->out[i].len;
        }
    }
    wn_progress_show(&p->run->progress, "writing", p->input->tally.rows, p->input->row_count,
                     "rows", NULL);
    return WN_OK;
}

static int finish(void *arg, void *piece, struct wn_error *err)
{
    const struct publication *p = arg;
    const struct page *page = piece;
    int status = WN_OK;
    for (size_t i = 0; i < FORMATTED_SINKS && status == WN_OK && !p->stream; i++) {
        if (p->sinks[i] >= 0) {
            status = write_all(p->sinks[i], wn_buf_span(&page->out[i]), (int64_t)page->place[i],
                               sink_names[i], err);
        }
    }
    return status;
}

static int compare_rejects(const void *a, const void *b)
{
    const struct wn_reject *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The raw bytes of a reject as one quoted field, in pieces: there may be 200 MB of them. */
static int append_raw(struct publication *p, const struct wn_reject *reject, struct wn_buf *out,
                      struct wn_error *err)
{
    enum {
        PIECE = 1 << 16
    };
    char *piece = wn_malloc(PIECE);
    int status = WN_OK;
    wn_buf_add_char(out, '"');
    for (uint64_t done = 0; done < reject->length && status == WN_OK;) {
        size_t want = reject->length - done < PIECE ? (size_t)(reject->length - done) : PIECE;
        size_t got;
        status = wn_input_read(&p->input->file, reject->offset + done, piece, want, &got, err);
        if (status == WN_OK && got < want) {
            status = changed(p, err);
        }
        if (status != WN_OK) {
            break;
        }
        done += got;
        struct wn_span bytes = {piece, got};
        if (done == reject->length) {
            bytes = wn_csv_chomp(bytes);
        }
        for (size_t i = 0; i < bytes.n; i++) {
            if (bytes.p[i] == '"') {
                wn_buf_add_char(out, '"');
            }
            wn_buf_add_char(out, bytes.p[i]);
        }
        status = append(p, WN_SINK_REJECTED, wn_buf_span(out), err);
        wn_buf_clear(out);
    }
    wn_buf_add_text(out, "\"\n");
    free(piece);
    return status;
}

static int write_rejects(struct publication *p, struct wn_error *err)
{
    struct wn_cut *rejects = &p->input->rejects;
    struct wn_buf out = {0};
    int status = WN_OK;
    if (rejects->reject_count > 0) {
        qsort(rejects->rejects, rejects->reject_count, sizeof *rejects->rejects, compare_rejects);
    }
    wn_buf_add_text(&out, "line,error,raw\n");
    for (size_t i = 0; i < rejects->reject_count && status == WN_OK; i++) {
        const struct wn_reject *r = &rejects->rejects[i];
        wn_buf_add_number(&out, r->line);
        wn_buf_add_char(&out, ',');
        wn_csv_add_field(&out, wn_span_of(wn_reject_sentence(r->reason)));
        wn_buf_add_char(&out, ',');
        status = append_raw(p, r, &out, err);
    }
    if (status == WN_OK) {
        status = append(p, WN_SINK_REJECTED, wn_buf_span(&out), err);
    }
    wn_buf_release(&out);
    return status;
}

static int write_headers(struct publication *p, struct wn_error *err)
{
    struct wn_buf report = {0};
    struct wn_span header = {p->input->header, p->input->header_length};
    char *again = wn_malloc(header.n);
    size_t got;
    int status = wn_input_read(&p->input->file, 0, again, header.n, &got, err);
    if (status == WN_OK && (got != header.n || memcmp(again, header.p, header.n) != 0)) {
        status = changed(p, err);
    }
    for (size_t i = 0; i < WN_ACTION_COUNT && status == WN_OK; i++) {
        status = append(p, i, header, err);
    }
    if (status == WN_OK) {
        wn_report_header(&report);
        status = append(p, WN_SINK_REPORT, wn_buf_span(&report), err);
    }
    free(again);
    wn_buf_release(&report);
    return status;
}

static void add_exposure(struct wn_exposure *sum, const struct wn_exposure *part)
{
    for (size_t w = 0; w < WN_PROJECTED_COUNT; w++) {
        sum->certain[w] += part->certain[w];
        for (size_t i = 0; i < wn_run_strata(); i++) {
            sum->rows[i][w] += part->rows[i][w];
        }
    }
}

static void release_page(struct page *page)
{
    free(page->exposure.rows);
    free(page->bytes);
    free(page->domain_actions);
    for (size_t i = 0; i < FORMATTED_SINKS; i++) {
        wn_buf_release(&page->out[i]);
    }
    wn_report_writer_release(&page->writer);
    wn_buf_release(&page->room.diagnostic);
    wn_buf_release(&page->room.suggestion);
    wn_buf_release(&page->value);
}

/* Law 2, checked on every run: every record the reader cut is in exactly one place. */
static int conserve(const struct wn_run_input *input, struct wn_error *err)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < WN_ACTION_COUNT; i++) {
        rows += input->tally.action[i];
    }
    if (rows != input->row_count || rows + input->rejects.reject_count != input->records) {
        return wn_error_set(
            err, WN_E_INTERNAL,
            "%s: %llu records were read, but %llu rows and %zu rejected records came "
            "out; nothing was published (this is a bug in Winnow)",
            input->file.name, (unsigned long long)input->records, (unsigned long long)rows,
            input->rejects.reject_count);
    }
    return WN_OK;
}

int wn_publish(struct wn_run *run, struct wn_run_input *input, const int sinks[WN_SINK_COUNT],
               struct wn_error *err)
{
    const struct wn_clean_settings *settings = run->settings;
    struct publication p = {.run = run, .input = input, .sinks = sinks};
    size_t workers = (size_t)settings->jobs;
    struct page *pages = wn_calloc(workers, sizeof *pages);
    void **pieces = wn_calloc(workers, sizeof *pieces);
    p.stream = settings->only >= 0;
    p.options = WN_ADDRESS_SYNTAX_ONLY |
                (settings->allow_literals ? (unsigned)WN_ADDRESS_ALLOW_LITERALS : 0);
    for (size_t i = 0; i < workers; i++) {
        pieces[i] = &pages[i];
        pages[i].exposure.rows = wn_calloc(wn_run_strata(), sizeof *pages[i].exposure.rows);
    }
    input->tally = (struct wn_tally){0};
    free(input->exposure.rows);
    input->exposure =
        (struct wn_exposure){.rows = wn_calloc(wn_run_strata(), sizeof *input->exposure.rows)};
    free(run->domain_rows);
    run->domain_rows = wn_calloc(run->tables.domains.length, sizeof *run->domain_rows);
    int status = write_headers(&p, err);
    if (status == WN_OK) {
        status = wn_pipeline_run(&(struct wn_pipeline){.claim = claim,
                                                       .work = work,
                                                       .commit = commit,
                                                       .finish = finish,
                                                       .arg = &p,
                                                       .pieces = pieces,
                                                       .workers = workers},
                                 err);
    }
    if (status == WN_OK) {
        status = write_rejects(&p, err);
    }
    if (status == WN_OK) {
        status = wn_input_unchanged(&input->file, err);
    }
    if (status == WN_OK) {
        status = conserve(input, err);
    }
    for (size_t i = 0; i < workers; i++) {
        add_exposure(&input->exposure, &pages[i].exposure);
        release_page(&pages[i]);
    }
    free(pages);
    free(pieces);
    return status;
}
