/* SPDX-License-Identifier: MIT */
/* What syslog daemons put before a line; and the source of last resort among the logs: a system log
 * whose first lines say nothing of mail is searched for the mail server that does. */
#include <stdlib.h>

#include "bounce/log/line.h"
#include "bounce/log/read.h"

enum {
    WORDS_MAX = 3, /* between the stamp and the program: the host, and perhaps a level */
    SEARCH_WINDOW = 1 << 20
};

/* "<22>" or "<22>1 ": whether RFC 5424 follows. */
static bool skip_priority(struct wn_span *line)
{
    size_t n = 1;
    if (line->n < 5 || line->p[0] != '<') {
        return false;
    }
    while (n < 4 && wn_is_digit(line->p[n])) {
        n++;
    }
    if (n == 1 || line->p[n] != '>') {
        return false;
    }
    *line = wn_behind(*line, n + 1);
    return wn_skip(line, WN_SPAN("1 "));
}

static bool take_word(struct wn_span *rest, struct wn_span *word)
{
    while (rest->n > 0 && rest->p[0] == ' ') {
        *rest = wn_behind(*rest, 1);
    }
    const char *end = rest->n > 0 ? memchr(rest->p, ' ', rest->n) : NULL;
    if (end == NULL) {
        return false;
    }
    *word = (struct wn_span){rest->p, (size_t)(end - rest->p)};
    *rest = wn_behind(*rest, word->n + 1);
    return true;
}

/* "host program pid msgid - rest", the structured data being nil or one element. */
static bool read_5424(struct wn_span rest, struct wn_syslog_line *parts)
{
    struct wn_span word;
    if (!take_word(&rest, &word) || !take_word(&rest, &parts->program) ||
        !take_word(&rest, &word) || !take_word(&rest, &word)) {
        return false;
    }
    if (!wn_skip(&rest, WN_SPAN("- ")) && !wn_take(&rest, WN_SPAN("] "), &word)) {
        return false;
    }
    (void)wn_skip(&rest, WN_SPAN("\xef\xbb\xbf"));
    parts->rest = rest;
    return true;
}

bool wn_syslog_read(struct wn_span line, struct wn_syslog_line *parts)
{
    bool is_5424 = skip_priority(&line);
    size_t n = wn_stamp_length(line);
    if (n == 0 || n == line.n || line.p[n] != ' ' || line.p[0] == '@') {
        return false;
    }
    parts->stamp = (struct wn_span){line.p, n};
    struct wn_span rest = wn_behind(line, n + 1), word;
    if (is_5424) {
        return read_5424(rest, parts);
    }
    for (int i = 0; i < WORDS_MAX; i++) {
        if (!take_word(&rest, &word)) {
            return false;
        }
        if (word.n > 1 && word.p[word.n - 1] == ':') {
            word.n--;
            const char *pid = memchr(word.p, '[', word.n);
            word.n = pid != NULL ? (size_t)(pid - word.p) : word.n;
            parts->program = word;
            parts->rest = rest;
            if (wn_begins(rest, WN_SPAN("[ID ")) && wn_take(&rest, WN_SPAN("] "), &word)) {
                parts->rest = rest;
            }
            return true;
        }
    }
    return false;
}

static bool knows_syslog(struct wn_span line)
{
    struct wn_syslog_line parts;
    return wn_syslog_read(line, &parts);
}

/* Whether a line without an end may be a log's: behind its stamp stands a blank, and no column. */
static bool begins_line(struct wn_span line)
{
    (void)skip_priority(&line);
    size_t n = wn_stamp_length(line);
    return n > 0 && n < line.n && line.p[n] == ' ';
}

static bool recognise_syslog(struct wn_span head)
{
    static const struct wn_log_format any = {.knows = knows_syslog};
    /* The first line of a log that has only just begun. */
    bool begun = head.n > 0 && memchr(head.p, '\n', head.n) == NULL && begins_line(head);
    return begun || wn_log_recognise(head, &any);
}

static const struct {
    const struct wn_log_format *format;
} formats[] = {
    {&wn_log_postfix}, {&wn_log_sendmail}, {&wn_log_opensmtpd}, {&wn_log_qmail}, {&wn_log_exim}};

static const struct wn_log_format *find_format(struct wn_span window)
{
    struct wn_span line;
    for (size_t at = 0; wn_line_next(window, &at, &line);) {
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            if (formats[i].format->knows(line)) {
                return formats[i].format;
            }
        }
    }
    return NULL;
}

static int read_syslog(struct wn_reading *reading, struct wn_error *err)
{
    const struct wn_log_format *format = NULL;
    char *window = wn_malloc(SEARCH_WINDOW);
    int status = WN_OK;
    uint64_t offset = reading->from;
    while (format == NULL && offset < reading->input->size && *reading->settings->stop == 0) {
        size_t got;
        status = wn_input_read(reading->input, offset, window, SEARCH_WINDOW, &got, err);
        if (status != WN_OK || got == 0) {
            break;
        }
        format = find_format((struct wn_span){window, got});
        /* The windows overlap by the longest line, so that none is torn in every window. */
        offset += got > WN_LOG_LINE_MAX ? got - WN_LOG_LINE_MAX : got;
        if (got < SEARCH_WINDOW) {
            break;
        }
    }
    free(window);
    /* Where there is none, any of them finds nothing and says how far it read. */
    return status == WN_OK ? wn_log_read(reading, format != NULL ? format : formats[0].format, err)
                           : status;
}

const struct wn_source wn_source_syslog = {
    .name = "syslog", .incremental = true, .recognise = recognise_syslog, .read = read_syslog};
