/* SPDX-License-Identifier: MIT */
/* `winnow bounces parse`: the events as JSON lines. */
#include <stdio.h>

#include "bounce/copies.h"
#include "cmd/bounces.h"
#include "report/event.h"

enum {
    FLUSH = 1 << 16,
    SOURCE_SHOWN = 280
};

struct settings {
    struct wn_bounce_reading reading;
};

static const struct wn_option options[] = {
    WN_BOUNCE_READING_OPTIONS(struct settings),
};

const struct wn_command_help wn_help_bounces_parse = {
    .name = "bounces parse",
    .synopsis = "[options] PATH...",
    .summary = "read bounces and print their events as JSON lines",
    .description =
        "Reads what mail servers, services and people said about addresses and prints one JSON "
        "object a line for each event; nothing is stored. PATH is a file or a directory (all files "
        "below it); '-' is standard input; gzip and zstd are unpacked. What a file is, its content "
        "says.\n\n"
        "A CSV has a header that names an address, a date and a code, a kind or a reply. The usual "
        "column names are found; --map email=rcpt,code=3,at=date names others. A code may be 550, "
        "5.1.1 or a whole reply. Kinds are bounce (the default), deferred, delivered, complaint, "
        "unsubscribe, resubscribe and the words that mail services use for them. A date without a "
        "zone is UTC.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

struct parse {
    const struct wn_import_settings *settings;
    struct wn_import_counts counts;
    struct wn_buf out, source;
    struct wn_error *err;
};

static int flush(struct parse *p)
{
    if (p->out.len > 0 && fwrite(p->out.p, 1, p->out.len, stdout) != p->out.len) {
        return wn_error_set(p->err, WN_E_IO, "standard output cannot be written");
    }
    wn_buf_clear(&p->out);
    return WN_OK;
}

static int refuse(struct parse *p, const struct wn_feed_input *input,
                  const struct wn_notice *notice)
{
    const struct wn_import_settings *s = p->settings;
    p->counts.unused += notice->fault != WN_NOTICE_UNFINISHED;
    p->counts.faults[notice->fault]++;
    if (s->unused != NULL) {
        s->unused(s->unused_arg, input->name, notice);
    }
    return s->unrecognized != NULL && wn_notice_is_lost(notice->fault)
               ? wn_copies_write(s->unrecognized, input, notice, p->err)
               : WN_OK;
}

static int take_notice(void *arg, const struct wn_feed_input *input, const struct wn_notice *given)
{
    struct parse *p = arg;
    struct wn_notice notice = *given;
    struct wn_event event;
    char key[WN_NOTICE_KEY_MAX];
    p->counts.rows += notice.fault != WN_NOTICE_UNFINISHED;
    if (!wn_notice_judge(&notice, p->settings->now, key, &event)) {
        return refuse(p, input, &notice);
    }
    if (event.at < p->settings->since) {
        p->counts.older++;
        return WN_OK;
    }
    if (event.source.n == 0) {
        wn_buf_clear(&p->source);
        wn_buf_addf(&p->source, "%.*s@%llu", SOURCE_SHOWN, input->name,
                    (unsigned long long)notice.offset);
        event.source = wn_buf_span(&p->source);
    }
    p->counts.added++;
    wn_event_json(&event, &p->out);
    return p->out.len >= FLUSH ? flush(p) : WN_OK;
}

static void count_skipped(void *arg, const char *path, const char *sentence)
{
    struct parse *p = arg;
    p->counts.skipped++;
    if (p->settings->skipped != NULL) {
        p->settings->skipped(p->settings->unused_arg, path, sentence);
    }
}

static int count_forgotten(void *arg, const struct wn_feed_input *input, uint64_t read_to)
{
    struct parse *p = arg;
    (void)read_to;
    p->counts.forgotten += input->forgotten;
    return WN_OK;
}

static int parse(struct wn_cmd *cmd, const struct wn_import_settings *settings,
                 const struct wn_walk *files, struct wn_import_counts *counts)
{
    struct parse p = {.settings = settings, .err = &cmd->err};
    struct wn_source_settings source = settings->source;
    const struct wn_feed_consumer consumer = {
        .notice = take_notice, .end = count_forgotten, .skipped = count_skipped, .arg = &p};
    source.now = settings->now;
    source.stop = settings->stop;
    int status = wn_feed_run(files, &source, &consumer, &cmd->err);
    int flushed = flush(&p); /* what was read before a failure is printed all the same */
    *counts = p.counts;
    wn_buf_release(&p.out);
    wn_buf_release(&p.source);
    return status == WN_OK ? flushed : status;
}

int wn_cmd_bounces_parse(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_import_settings settings;
    struct wn_import_counts counts = {0};
    struct wn_operands paths = {0};
    struct wn_walk files = {0};
    int status = wn_options_read(&wn_help_bounces_parse, argc, argv, &s, &paths, &cmd->err);
    if (status == WN_OK && paths.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "name a file or directory of bounces, or '-' for standard input");
    }
    if (status == WN_OK) {
        status = wn_bounce_reading_apply(&s.reading, cmd, &paths, &settings, &files, &cmd->err);
    }
    if (status == WN_OK) {
        status = parse(cmd, &settings, &files, &counts);
    }
    if (status == WN_OK && !s.reading.quiet) {
        wn_bounce_print_counts(&counts, false, s.reading.verbose);
    }
    wn_walk_release(&files);
    wn_operands_release(&paths);
    return status;
}
