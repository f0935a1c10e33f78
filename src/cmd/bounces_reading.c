/* SPDX-License-Identifier: MIT */
/* What the commands that read bounces share: the options, the files, the counts. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "bounce/copies.h"
#include "cmd/bounces.h"

/* Every file can be opened, or nothing is read. */
static int check_path(const char *path, struct wn_error *err)
{
    static const _Atomic int never;
    struct wn_input input;
    if (strcmp(path, "-") == 0 || access(path, R_OK) == 0) {
        return WN_OK;
    }
    int status = wn_input_open(&input, path, &never, err);
    if (status == WN_OK) {
        wn_input_close(&input);
    }
    return status;
}

static int64_t count_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : n;
}

static int find_files(const struct wn_operands *paths, const _Atomic int *stop,
                      struct wn_walk *files, struct wn_error *err)
{
    size_t standard = 0;
    int status = WN_OK;
    for (size_t i = 0; i < paths->n && status == WN_OK; i++) {
        standard += strcmp(paths->v[i], "-") == 0;
        status = check_path(paths->v[i], err);
        if (status == WN_OK) {
            status = wn_walk_add(files, paths->v[i], stop, err);
        }
    }
    if (status == WN_OK && standard > 1) {
        status = wn_error_set(err, WN_E_USAGE, "'-' can be read only once");
    }
    return status;
}

int wn_bounce_reading_apply(const struct wn_bounce_reading *r, const struct wn_cmd *cmd,
                            const struct wn_operands *paths, struct wn_import_settings *settings,
                            struct wn_walk *files, struct wn_error *err)
{
    *settings = (struct wn_import_settings){
        .source = {.map = r->map, .jobs = r->jobs > 0 ? r->jobs : count_cores()},
        .now = cmd->now,
        .unrecognized = r->unrecognized,
        .stop = cmd->stop,
        .unused = r->verbose ? wn_bounce_print_unused : NULL,
        .skipped = r->verbose ? wn_bounce_print_skipped : NULL,
        .burst = r->quiet ? NULL : wn_bounce_print_burst,
    };
    int status = r->map != NULL ? wn_source_check_map(r->map, err) : WN_OK;
    if (status == WN_OK && r->since != NULL &&
        !wn_time_parse(wn_span_of(r->since), &settings->since)) {
        status = wn_error_set(err, WN_E_USAGE, "--since wants a time such as 2026-11-01, not '%s'",
                              r->since);
    }
    if (status == WN_OK) {
        status = find_files(paths, cmd->stop, files, err);
    }
    if (status == WN_OK && r->unrecognized != NULL) {
        status = wn_copies_prepare(r->unrecognized, err);
    }
    return status;
}

void wn_bounce_print_unused(void *arg, const char *file, const struct wn_notice *notice)
{
    (void)arg;
    struct wn_error text = {0}; /* makes hostile bytes harmless */
    struct wn_span cell = notice->cell;
    wn_error_set(&text, WN_E_DATA, "%s:%" PRIu64 ": %s%s%.*s%s", file, notice->line,
                 wn_notice_fault_sentence(notice->fault), cell.n > 0 ? " ('" : "",
                 cell.n < 100 ? (int)cell.n : 100, cell.n > 0 ? cell.p : "",
                 cell.n > 0 ? "')" : "");
    (void)fprintf(stderr, "winnow: %s\n", text.text);
}

void wn_bounce_print_skipped(void *arg, const char *path, const char *sentence)
{
    (void)arg;
    (void)path; /* the sentence names it */
    (void)fprintf(stderr, "winnow: skipped: %s\n", sentence);
}

int wn_bounce_print_burst(void *arg, const struct wn_burst *burst)
{
    (void)arg;
    char since[WN_TIME_TEXT];
    wn_time_format(burst->since, since);
    (void)fprintf(
        stderr,
        "winnow: quarantined: %.*s %.*s refused %" PRIu64
        " addresses in the same words from %s on, and that does not count; if they are dead: "
        "'winnow bounces quarantine release %.*s'\n",
        (int)burst->scope.n, burst->scope.p, (int)burst->name.n, burst->name.p, burst->addresses,
        since, (int)burst->id.n, burst->id.p);
    return WN_OK;
}

static uint64_t count_faults(const struct wn_import_counts *counts,
                             bool (*counts_as)(enum wn_notice_fault fault))
{
    uint64_t sum = 0;
    for (size_t i = 1; i < WN_NOTICE_FAULTS; i++) {
        sum += counts_as((enum wn_notice_fault)i) ? counts->faults[i] : 0;
    }
    return sum;
}

void wn_bounce_print_counts(const struct wn_import_counts *c, bool stored, bool verbose)
{
    uint64_t no_bounce = count_faults(c, wn_notice_is_no_bounce);
    uint64_t unrecognised = count_faults(c, wn_notice_is_lost);
    uint64_t unfinished = c->faults[WN_NOTICE_UNFINISHED];
    (void)fprintf(stderr, "winnow: %" PRIu64 " read: %" PRIu64 " %s", c->rows, c->added,
                  stored ? "new" : "events");
    if (stored) {
        (void)fprintf(stderr, ", %" PRIu64 " known", c->known);
    }
    if (c->older > 0) {
        (void)fprintf(stderr, ", %" PRIu64 " older", c->older);
    }
    if (c->quarantined > 0) {
        (void)fprintf(stderr, ", %" PRIu64 " quarantined", c->quarantined);
    }
    (void)fprintf(stderr, ", %" PRIu64 " no bounce, %" PRIu64 " unrecognised", no_bounce,
                  unrecognised);
    bool some = false;
    for (size_t i = 1; i < WN_NOTICE_FAULTS; i++) {
        if (c->faults[i] > 0 && wn_notice_is_lost((enum wn_notice_fault)i)) {
            (void)fprintf(stderr, "%s%" PRIu64 " %s", some ? "; " : " (", c->faults[i],
                          wn_notice_fault_sentence((enum wn_notice_fault)i));
            some = true;
        }
    }
    (void)fprintf(stderr, "%s", some ? ")" : "");
    if (unfinished > 0) {
        (void)fprintf(stderr, "; %" PRIu64 " unfinished at the end of a file, read again next time",
                      unfinished);
    }
    if (c->forgotten > 0) {
        (void)fprintf(stderr,
                      "; %" PRIu64
                      " messages or recipients of a log's queue forgotten, since there were "
                      "too many at once",
                      c->forgotten);
    }
    if (c->skipped > 0) {
        (void)fprintf(stderr, "; %" PRIu64 " files skipped", c->skipped);
    }
    bool more = c->unused + c->skipped + unfinished > 0 && !verbose;
    (void)fprintf(stderr, "%s\n", more ? "; -v lists them" : "");
    if (c->blind > 0) {
        (void)fprintf(stderr,
                      "winnow: of the hours of %" PRIu64 " of the quarantined only bounces are "
                      "known, so a bad hour cannot be told from dead addresses: import the log or "
                      "the deliveries of those hours, or decide with 'winnow bounces quarantine'\n",
                      c->blind);
    }
}

void wn_bounce_print_members(const struct wn_import_counts *c)
{
    (void)printf("\"read\":%" PRIu64 ",\"new\":%" PRIu64 ",\"known\":%" PRIu64 ",\"older\":%" PRIu64
                 ",\"no_bounce\":%" PRIu64 ",\"unrecognised\":%" PRIu64 ",\"unfinished\":%" PRIu64
                 ",\"quarantined\":%" PRIu64 ",\"forgotten\":%" PRIu64 ",\"files_skipped\":%" PRIu64
                 ",\"kinds\":{",
                 c->rows, c->added, c->known, c->older, count_faults(c, wn_notice_is_no_bounce),
                 count_faults(c, wn_notice_is_lost), c->faults[WN_NOTICE_UNFINISHED],
                 c->quarantined, c->forgotten, c->skipped);
    for (size_t i = 0; i < WN_KIND_COUNT; i++) {
        (void)printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "",
                     wn_event_kind_word((enum wn_event_kind)i), c->kinds[i]);
    }
    (void)printf("},\"actions\":{");
    for (size_t i = 0; i < WN_BOUNCE_ACTION_COUNT; i++) {
        (void)printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "",
                     wn_bounce_action_word((enum wn_bounce_action)i), c->actions[i]);
    }
    (void)printf("}");
}
