/* SPDX-License-Identifier: MIT */
/* The logs of mail servers: what is read from a sample of each (data/logs, with what is expected
 * beside it), that it depends neither on the number of threads nor on where a reading began, and
 * what a log may be like without doing harm. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bounce/log/line.h"
#include "bounce/log/mailq.h"
#include "bounce/log/read.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* 2026-11-21T12:00:00Z */
#define NOW INT64_C(1795262400)

static struct wn_buf list;
static struct wn_error err;
static _Atomic int stop;
static uint64_t read_to;

static void setup(void)
{
    err = (struct wn_error){0};
    stop = 0;
    ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
    tzset();
    (void)tempdir_make();
}

static void teardown(void)
{
    wn_buf_release(&list);
    tempdir_remove();
}

/* "LINE kind recipient time code enhanced phase action category [remote] <message id>", or
 * "LINE fault: cell". */
static int note(void *arg, const struct wn_notice *given)
{
    static const char *const faults[WN_NOTICE_FAULTS] = {
        "", "record", "address", "date", "kind", "code", "no bounce", "unrecognised", "unfinished"};
    struct wn_notice notice = *given;
    struct wn_event event;
    char key[WN_NOTICE_KEY_MAX], at[WN_TIME_TEXT];
    (void)arg;
    wn_buf_addf(&list, "%llu ", (unsigned long long)notice.line);
    if (!wn_notice_judge(&notice, NOW, key, &event)) {
        wn_buf_addf(&list, "%s: %.*s\n", faults[notice.fault], (int)notice.cell.n,
                    notice.cell.n > 0 ? notice.cell.p : "");
        return WN_OK;
    }
    wn_time_format(event.at, at);
    wn_buf_addf(&list, "%s %.*s %s %u %u.%u.%u %s %s %s [%.*s] <%.*s>\n",
                wn_event_kind_word(event.kind), (int)event.recipient.n, event.recipient.p, at,
                event.code, event.enhanced[0], event.enhanced[1], event.enhanced_detail,
                wn_phase_word(event.phase), wn_bounce_action_word(event.action),
                wn_category_word(event.category), (int)notice.remote.n,
                notice.remote.n > 0 ? notice.remote.p : "", (int)event.message_id.n,
                event.message_id.n > 0 ? event.message_id.p : "");
    return WN_OK;
}

struct how {
    int64_t jobs, written_at, from;
};

/* The status of reading the file, whose last change is set to how.written_at. The notices are in
 * `list`. */
static int read_file(const char *path, struct how how, const char **name)
{
    struct wn_input input;
    const struct timespec times[2] = {{.tv_sec = how.written_at}, {.tv_sec = how.written_at}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    ck_assert_msg(wn_input_open(&input, path, &stop, &err) == WN_OK, "%s", err.text);
    char *head = wn_malloc(WN_SOURCE_HEAD);
    size_t n;
    ck_assert_int_eq(wn_input_read(&input, 0, head, WN_SOURCE_HEAD, &n, &err), WN_OK);
    const struct wn_source *source = wn_source_find((struct wn_span){head, n});
    free(head);
    if (name != NULL) {
        *name = source->name;
    }
    const struct wn_source_settings settings = {
        .now = NOW, .jobs = how.jobs > 0 ? how.jobs : 1, .stop = &stop};
    struct wn_reading reading = {
        .input = &input, .settings = &settings, .from = (uint64_t)how.from, .visit = note};
    int status = source->incremental ? source->read(&reading, &err) : WN_E_DATA;
    read_to = reading.read_to;
    wn_input_close(&input);
    return status;
}

/* The same for a text; nobody has written to it for a day. */
static const char *list_text(const char *text)
{
    wn_buf_clear(&list);
    ck_assert_msg(read_file(tempdir_text("log", text), (struct how){.written_at = NOW - WN_DAY},
                            NULL) == WN_OK,
                  "%s", err.text);
    return wn_buf_text(&list);
}

/* The file's text, NUL-terminated; freed by the caller. */
static char *load(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    char *text = wn_malloc(1 << 20);
    *n = fread(text, 1, (1 << 20) - 1, f);
    text[*n] = '\0';
    ck_assert_int_eq(fclose(f), 0);
    return text;
}

static const char *const samples[] = {"postfix", "exim", "sendmail", "opensmtpd", "qmail"};

static const char *sample_path(const char *name, const char *ending)
{
    static char path[300];
    (void)snprintf(path, sizeof path, WN_TEST_ROOT "/tests/data/logs/%s.%s", name, ending);
    return path;
}

/* When the sample's last line was written: Postfix's year-less ones begin on 31 December 2025. */
static int64_t sample_written_at(const char *name)
{
    return strcmp(name, "postfix") == 0 ? INT64_C(1767700000) : NOW - WN_DAY;
}

START_TEST(samples_are_read)
{
    const char *name = samples[_i], *source;
    size_t n;
    char *text = load(sample_path(name, "log"), &n);
    const char *path = tempdir_write("log", text, n);
    char *want = load(sample_path(name, "expected"), &(size_t){0});
    ck_assert_msg(read_file(path, (struct how){.written_at = sample_written_at(name)}, &source) ==
                      WN_OK,
                  "%s", err.text);
    ck_assert_str_eq(source, name);
    ck_assert_str_eq(wn_buf_text(&list), want);
    ck_assert_uint_eq(read_to, n);
    free(text);
    free(want);
}
END_TEST

/* Many copies of a sample, so that it is cut into blocks everywhere. */
static char *multiply(const char *name, size_t bytes, size_t *n)
{
    char *text = load(sample_path(name, "log"), n);
    struct wn_buf many = {0};
    while (many.len < bytes) {
        wn_buf_add(&many, text, *n);
        /* and blocks of ever different contents */
        wn_buf_addf(&many, "Jan  6 08:10:00 mail x/y[1]: %0*d\n", (int)(many.len % 977), 0);
    }
    free(text);
    *n = many.len;
    return many.p;
}

START_TEST(the_number_of_threads_changes_nothing)
{
    size_t n;
    char *text = multiply(samples[_i], 3 << 20, &n);
    const char *path = tempdir_write("log", text, n);
    struct how how = {.written_at = sample_written_at(samples[_i]), .jobs = 1};
    ck_assert_int_eq(read_file(path, how, NULL), WN_OK);
    struct wn_buf alone = list;
    list = (struct wn_buf){0};
    how.jobs = 4;
    ck_assert_int_eq(read_file(path, how, NULL), WN_OK);
    ck_assert_uint_gt(alone.len, 100000);
    ck_assert(wn_span_equal(wn_buf_span(&alone), wn_buf_span(&list)));
    ck_assert_uint_eq(read_to, n);
    wn_buf_release(&alone);
    free(text);
}
END_TEST

/* A reading that begins at any line tells what a reading of the whole tells from there on: what
 * came before is known to it, though not told again. */
START_TEST(a_reading_goes_on_anywhere)
{
    size_t n;
    char *text = load(sample_path(samples[_i], "log"), &n);
    const char *path = tempdir_write("log", text, n);
    struct how how = {.written_at = sample_written_at(samples[_i])};
    ck_assert_int_eq(read_file(path, how, NULL), WN_OK);
    char *whole = wn_malloc(list.len + 1);
    memcpy(whole, wn_buf_text(&list), list.len + 1);
    unsigned line = 1;
    for (size_t at = 0; at <= n; at++) {
        if (at > 0 && text[at - 1] != '\n') {
            continue;
        }
        const char *want = whole;
        while (*want != '\0' && (unsigned)strtoul(want, NULL, 10) < line) {
            want = strchr(want, '\n') + 1;
        }
        wn_buf_clear(&list);
        how.from = (int64_t)at;
        ck_assert_int_eq(read_file(path, how, NULL), WN_OK);
        ck_assert_str_eq(wn_buf_text(&list), want);
        ck_assert_uint_eq(read_to, n);
        line++;
    }
    free(whole);
    free(text);
}
END_TEST

#define HEAD "Nov 20 10:00:00 mail postfix/"
#define BOUNCED                                                                                    \
    "relay=mx.x.com[1.2.3.4]:25, delay=1, dsn=5.1.1, status=bounced (host mx.x.com[1.2.3.4] "      \
    "said: "
#define GONE BOUNCED "550 5.1.1 unknown (in reply to RCPT TO command))\n"
#define SAID " 550 5.1.1 rcpt S bad_address [mx.x.com] "
#define TOLD " bounce a@x.com 2026-11-20T10:00:00Z" SAID

static const struct {
    const char *name, *text, *want;
} traps[] = {
    {"an RFC 3339 stamp",
     "2026-11-20T11:00:00.123456+01:00 mail postfix/smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "1" TOLD "<ABCDE>\n"},
    {"of systemd", "2026-11-20T11:00:00+0100 mail postfix/smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "1" TOLD "<ABCDE>\n"},
    {"RFC 5424", "<22>1 2026-11-20T10:00:00Z mail postfix/smtp 12 - - ABCDE: to=<a@x.com>, " GONE,
     "1" TOLD "<ABCDE>\n"},
    {"a priority", "<22>" HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE, "1" TOLD "<ABCDE>\n"},
    {"a level for the host",
     "2026-11-20T10:00:00Z INFO    postfix/smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "1" TOLD "<ABCDE>\n"},
    {"CR LF",
     HEAD "smtp[1]: ABCDE: to=<a@x.com>, " BOUNCED
          "550 5.1.1 unknown (in reply to RCPT TO command))\r\n",
     "1" TOLD "<ABCDE>\n"},
    {"the torn end of a line first", "lmost=lost)\n" HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "2" TOLD "<ABCDE>\n"},
    {"another instance's name", "Nov 20 10:00:00 mail mta7/smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "1" TOLD "<ABCDE>\n"},
    {"other programs before it",
     "Nov 20 10:00:00 mail dovecot: imap-login: Login: user=<a@x.com>\n"
     "Nov 20 10:00:00 mail CRON[12]: (root) CMD (true)\n" HEAD
     "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "3" TOLD "<ABCDE>\n"},
    {"no dsn, before Postfix 2.3",
     HEAD "smtp[1]: ABCDE: to=<a@x.com>, relay=mx.x.com[1.2.3.4], delay=1, status=bounced (host "
          "mx.x.com[1.2.3.4] said: 550 5.1.1 unknown (in reply to RCPT TO command))\n",
     "1" TOLD "<ABCDE>\n"},
    {"a queue id that is used again without having been removed",
     HEAD "cleanup[1]: ABCDE: message-id=<1@x>\n" HEAD
          "qmgr[1]: ABCDE: from=<>, size=1, nrcpt=1 (queue active)\n" HEAD
          "cleanup[1]: ABCDE: message-id=<2@x>\n" HEAD
          "qmgr[1]: ABCDE: from=<n@x>, size=1, nrcpt=1 (queue active)\n" HEAD
          "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "5" TOLD "<2@x>\n"},
    {"what is removed is forgotten",
     HEAD "cleanup[1]: ABCDE: message-id=<1@x>\n" HEAD "qmgr[1]: ABCDE: removed\n" HEAD
          "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "3" TOLD "<ABCDE>\n"},
    {"two Message-IDs in one message",
     HEAD "cleanup[1]: ABCDE: message-id=<1@x>\n" HEAD "cleanup[1]: ABCDE: message-id=<2@x>\n" HEAD
          "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "3" TOLD "<1@x>\n"},
    {"an empty Message-ID",
     HEAD "cleanup[1]: ABCDE: message-id=<>\n" HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "2" TOLD "<ABCDE>\n"},
    {"an expiry tells only who was deferred last",
     HEAD "smtp[1]: ABCDE: to=<a@x.com>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect "
          "to mx.x.com[1.2.3.4]:25: Connection refused)\n" HEAD
          "smtp[1]: ABCDE: to=<b@x.com>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect "
          "to mx.x.com[1.2.3.4]:25: Connection refused)\n" HEAD
          "smtp[1]: ABCDE: to=<a@x.com>, relay=mx.x.com[1.2.3.4]:25, delay=1, dsn=2.0.0, "
          "status=sent (250 Ok)\n" HEAD
          "qmgr[1]: ABCDE: from=<n@x.com>, status=expired, returned to sender\n" HEAD
          "qmgr[1]: ABCDE: from=<n@x.com>, status=expired, returned to sender\n",
     "1 deferred a@x.com 2026-11-20T10:00:00Z 0 4.4.1 connect T infrastructure [] <ABCDE>\n"
     "2 deferred b@x.com 2026-11-20T10:00:00Z 0 4.4.1 connect T infrastructure [] <ABCDE>\n"
     "3 delivered a@x.com 2026-11-20T10:00:00Z 0 0.0.0 unknown T not_a_bounce [mx.x.com] <ABCDE>\n"
     "4 bounce b@x.com 2026-11-20T10:00:00Z 0 4.4.7 connect T infrastructure [] <ABCDE>\n"
     "5 unrecognised: ABCDE\n"},
    {"a bounce of a bounce that expires",
     HEAD "qmgr[1]: ABCDE: from=<>, size=1, nrcpt=1 (queue active)\n" HEAD
          "smtp[1]: ABCDE: to=<a@x.com>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect "
          "to mx.x.com[1.2.3.4]:25: Connection refused)\n" HEAD
          "qmgr[1]: ABCDE: from=<>, status=expired, returned to sender\n",
     "2 no bounce: a@x.com\n3 no bounce: ABCDE\n"},
    {"a report to the postmaster",
     HEAD "qmgr[1]: ABCDE: from=<double-bounce@x.com>, size=1, nrcpt=1 (queue active)\n" HEAD
          "smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "2 no bounce: a@x.com\n"},
    {"loopback by other names",
     HEAD "smtp[1]: ABCDE: to=<a@x.com>, relay=localhost[::1]:10025, delay=1, dsn=2.0.0, "
          "status=sent (250 Ok)\n" HEAD
          "smtp[1]: ABCDE: to=<b@x.com>, relay=filter.x.com[127.0.1.1]:25, delay=1, dsn=2.0.0, "
          "status=sent (250 Ok)\n",
     "1 no bounce: a@x.com\n2 no bounce: b@x.com\n"},
    {"a filter's refusal is told",
     HEAD "smtp[1]: ABCDE: to=<a@x.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, dsn=5.7.0, "
          "status=bounced (host 127.0.0.1[127.0.0.1] said: 554 5.7.0 Reject, id=1 - spam detected "
          "(in reply to end of DATA command))\n",
     "1 bounce a@x.com 2026-11-20T10:00:00Z 554 5.7.0 data X content [127.0.0.1] <ABCDE>\n"},
    {"a date that is none", "Nov 31 10:00:00 mail postfix/smtp[1]: ABCDE: to=<a@x.com>, " GONE,
     "1 date: Nov 31 10:00:00\n"},
    {"no recipient", HEAD "smtp[1]: ABCDE: to=<>, " GONE, "1 address: \n"},
    {"Exim through syslog",
     "Nov 20 10:00:00 mail exim[12]: 2026-11-20 10:00:00 1abcde-000000-XX ** a@x.com R=r T=t "
     "H=mx.x.com [1.2.3.4]: SMTP error from remote mail server after RCPT TO:<a@x.com>: 550 5.1.1 "
     "unknown\nNov 20 10:00:00 mail exim[12]: 1abcde-000000-XX ** a@x.com R=r T=t H=mx.x.com "
     "[1.2.3.4]: SMTP error from remote mail server after pipelined RCPT TO:<a@x.com>: 550 5.1.1 "
     "unknown\n",
     "1" TOLD "<1abcde-000000-XX>\n2" TOLD "<1abcde-000000-XX>\n"},
    {"Exim's sender on the line",
     "2026-11-20 10:00:00 1abcde-000000-XX ** a@x.com F=<> R=r T=t H=mx.x.com [1.2.3.4]: SMTP "
     "error "
     "from remote mail server after RCPT TO:<a@x.com>: 550 5.1.1 unknown\n",
     "1 no bounce: a@x.com\n"},
    {"Exim's all_parents",
     "2026-11-20 10:00:00 1abcde-000000-XX ** a@x.com (b@x.com) <c@x.com> R=r T=t H=mx.x.com "
     "[1.2.3.4]:25: SMTP error from remote mail server after RCPT TO:<a@x.com>: 550 5.1.1 "
     "unknown\n",
     "1" TOLD "<1abcde-000000-XX>\n"},
    {"Exim: a failing domain",
     "2026-11-20 10:00:00 1abcde-000000-XX ** a@x.com R=r T=t: all hosts for 'x.com' have been "
     "failing for a long time (and retry time not reached)\n",
     "1 bounce a@x.com 2026-11-20T10:00:00Z 0 4.4.7 unknown T infrastructure [] "
     "<1abcde-000000-XX>\n"},
    {"Sendmail of Solaris",
     "Nov 20 10:00:00 mx sendmail[1]: [ID 801593 mail.info] xAB1CdEf012345: to=a@x.com, delay=1, "
     "mailer=esmtp, relay=mx.x.com. [1.2.3.4], dsn=5.1.1, reply=550 5.1.1 unknown, stat=Service "
     "unavailable\n",
     "1 bounce a@x.com 2026-11-20T10:00:00Z 550 5.1.1 unknown S bad_address [mx.x.com] "
     "<xAB1CdEf012345>\n"},
    {"Sendmail without a dsn",
     "Nov 20 10:00:00 mx sendmail[1]: AA12345678: to=a@x.com, delay=1, mailer=smtp, stat=User "
     "unknown\n",
     "1 bounce a@x.com 2026-11-20T10:00:00Z 0 0.0.0 unknown S2 bad_address [] <AA12345678>\n"},
    /* used to read one byte before the line */
    {"Sendmail without a recipient",
     "Nov 20 10:00:00 mx sendmail[1]: AA12345678: to=, delay=1, mailer=smtp, stat=User unknown\n"
     "Nov 20 10:00:00 mx sendmail[1]: AA12345678: to= , delay=1, mailer=smtp, stat=User unknown\n",
     "1 address: \n2 unrecognised: \n"},
    {"qmail through syslog",
     "Nov 20 10:00:00 mx qmail: 1795168800.123456 starting delivery 1: msg 5 to remote a@x.com\n"
     "Nov 20 10:00:00 mx qmail: 1795168800.123456 delivery 1: failure: "
     "Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/\n",
     "2 bounce a@x.com 2026-11-20T10:00:00Z 0 5.1.1 unknown S bad_address [] <>\n"},
};

START_TEST(traps_are_met)
{
    ck_assert_msg(strcmp(list_text(traps[_i].text), traps[_i].want) == 0, "%s:\n%s", traps[_i].name,
                  wn_buf_text(&list));
}
END_TEST

#define HALF HEAD "smtp[1]: ABCDE: to=<a@x.com>, " BOUNCED "550 5.1.1 unknown"

/* A line is being written while the log is read: it must not be taken for whole, and the next
 * reading must find its beginning. */
START_TEST(half_a_line_waits)
{
    const char *first = HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE;
    char text[2000];
    (void)snprintf(text, sizeof text, "%s" HALF, first);
    const char *path = tempdir_text("log", text);
    ck_assert_int_eq(read_file(path, (struct how){.written_at = NOW - 60}, NULL), WN_OK);
    ck_assert_str_eq(wn_buf_text(&list), "1" TOLD "<ABCDE>\n2 unfinished: \n");
    ck_assert_uint_eq(read_to, strlen(first));
    /* Nobody has gone on with it for an hour: that is all there is. */
    wn_buf_clear(&list);
    ck_assert_int_eq(
        read_file(path, (struct how){.written_at = NOW - 4000, .from = (int64_t)read_to}, NULL),
        WN_OK);
    ck_assert_str_eq(wn_buf_text(&list),
                     "2 bounce a@x.com 2026-11-20T10:00:00Z 550 5.1.1 unknown S "
                     "bad_address [mx.x.com] <ABCDE>\n");
    ck_assert_uint_eq(read_to, strlen(text));
}
END_TEST

static const struct {
    const char *name;
    size_t length; /* of the line in the middle */
    const char *fault;
} long_lines[] = {
    {"the longest line", WN_LOG_LINE_MAX, ""},
    {"longer than a line", WN_LOG_LINE_MAX + 1, "2 record: \n"},
    {"as long as a block", 1 << 18, "2 record: \n"},
    {"longer than a block", (1 << 18) + 1, "2 record: \n"},
    {"longer than many blocks", (5 << 18) + 77, "2 record: \n"},
};

START_TEST(long_lines_are_skipped)
{
    struct wn_buf text = {0};
    struct wn_buf want = {0};
    wn_buf_add_text(&text, HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE);
    memset(wn_buf_room(&text, long_lines[_i].length), 'x', long_lines[_i].length);
    text.len += long_lines[_i].length;
    wn_buf_add_text(&text, "\n" HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE);
    wn_buf_addf(&want, "1%s%s3%s", TOLD "<ABCDE>\n", long_lines[_i].fault, TOLD "<ABCDE>\n");
    ck_assert_str_eq(list_text(wn_buf_text(&text)), wn_buf_text(&want));
    ck_assert_uint_eq(read_to, text.len);
    /* One without an end is not passed over for good. */
    text.len = strlen(HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE) + long_lines[_i].length;
    const char *path = tempdir_write("log", text.p, text.len);
    ck_assert_int_eq(read_file(path, (struct how){.written_at = NOW - 60}, NULL), WN_OK);
    ck_assert_uint_eq(read_to, strlen(HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE));
    wn_buf_release(&text);
    wn_buf_release(&want);
}
END_TEST

START_TEST(a_stop_ends_it)
{
    const char *path = tempdir_text("log", HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE);
    stop = SIGTERM;
    ck_assert_int_eq(read_file(path, (struct how){.written_at = NOW}, NULL), WN_E_SIGNAL + SIGTERM);
    ck_assert_uint_eq(read_to, 0);
}
END_TEST

static const struct {
    const char *name, *zone, *stamp;
    int64_t written_at, want; /* INT64_MIN: none */
} stamps[] = {
    {"UTC", "UTC", "2026-11-21T12:00:00Z", NOW, NOW},
    {"a fraction", "UTC", "2026-11-21T12:00:00.999999Z", NOW, NOW},
    {"an offset", "UTC", "2026-11-21T13:30:00.5+01:30", NOW, NOW},
    {"an offset without a colon", "UTC", "2026-11-21T07:00:00-0500", NOW, NOW},
    {"no zone", "EST5EDT", "2026-11-21T07:00:00", NOW, NOW},
    {"Exim", "EST5EDT", "2026-11-21 07:00:00", NOW, NOW},
    {"Exim with a zone", "EST5EDT", "2026-11-21 13:00:00.123 +0100", NOW, NOW},
    {"no year, local time", "EST5EDT", "Nov 21 07:00:00", NOW, NOW},
    {"no year, in summer", "EST5EDT", "Jul  1 08:00:00", NOW, INT64_C(1782907200)},
    {"no year, a fraction", "UTC", "Nov 21 12:00:00.123456", NOW, NOW},
    {"a year", "UTC", "Nov 21 2025 12:00:00", NOW, NOW - 365 * WN_DAY},
    {"December in a log of January", "UTC", "Dec 31 23:59:59", INT64_C(1767225600),
     INT64_C(1767225599)},
    {"January in a log of January", "UTC", "Jan  1 00:00:00", INT64_C(1767225600),
     INT64_C(1767225600)},
    {"a clock that is ahead", "UTC", "Nov 22 11:00:00", NOW, NOW + 23 * 3600},
    {"tomorrow is last year", "UTC", "Nov 23 12:00:00", NOW, NOW - 363 * WN_DAY},
    {"the last 29 February", "UTC", "Feb 29 12:00:00", NOW, INT64_C(1709208000)},
    {"TAI64N", "UTC", "@4000000067409d8c1a2b3c4d", NOW, INT64_C(1732287874)},
    {"seconds since 1970", "UTC", "1795262400.123456", NOW, NOW},
    {"30 February", "UTC", "Feb 30 12:00:00", NOW, INT64_MIN},
    {"no month", "UTC", "Foo 21 12:00:00", NOW, INT64_MIN},
    {"an hour too many", "UTC", "Nov 21 24:00:00", NOW, INT64_MIN},
    {"a minute too many", "UTC", "Nov 21 12:60:00", NOW, INT64_MIN},
    {"month 13", "UTC", "2026-13-21T12:00:00Z", NOW, INT64_MIN},
    {"month 13, no zone", "UTC", "2026-13-21T12:00:00", NOW, INT64_MIN},
    {"before 1970", "UTC", "@40000000000000001a2b3c4d", NOW, INT64_MIN},
    {"something behind it", "UTC", "Nov 21 12:00:00 mail", NOW, INT64_MIN},
    {"nothing", "UTC", "", NOW, INT64_MIN},
};

START_TEST(stamps_are_read)
{
    struct wn_stamps reader = {.written_at = stamps[_i].written_at};
    ck_assert_int_eq(setenv("TZ", stamps[_i].zone, 1), 0);
    tzset();
    for (int again = 0; again < 2; again++) { /* the second time from the remembered hour */
        int64_t at;
        bool read = wn_stamp_read(&reader, wn_span_of(stamps[_i].stamp), &at);
        ck_assert_msg(read == (stamps[_i].want != INT64_MIN), "%s", stamps[_i].name);
        ck_assert_msg(!read || at == stamps[_i].want, "%s: %lld", stamps[_i].name, (long long)at);
    }
}
END_TEST

/* The remembered hour must not be taken for another one. */
START_TEST(hours_are_told_apart)
{
    static const char *const each[] = {"2026-11-21T12:00:00Z", "2026-11-21T12:00:00+01:00",
                                       "2026-11-21T12:00:00",  "Nov 21 12:00:00",
                                       "Nov 21 2025 12:00:00", "2025-11-21T12:00:00Z"};
    struct wn_stamps reader = {.written_at = NOW};
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 6; k++) {
            struct wn_stamps fresh = {.written_at = NOW};
            int64_t first, then, want;
            ck_assert(wn_stamp_read(&reader, wn_span_of(each[i]), &first));
            ck_assert(wn_stamp_read(&reader, wn_span_of(each[k]), &then));
            ck_assert(wn_stamp_read(&fresh, wn_span_of(each[k]), &want));
            ck_assert_int_eq(then, want);
        }
    }
}
END_TEST

static struct wn_queued *add_message(struct wn_mailq *q, unsigned number)
{
    char id[20];
    int n = snprintf(id, sizeof id, "Q%u", number);
    struct wn_span span = {id, (size_t)n};
    return wn_mailq_add(q, span, wn_hash(id, span.n));
}

static bool has_message(struct wn_mailq *q, unsigned number)
{
    char id[20];
    int n = snprintf(id, sizeof id, "Q%u", number);
    return wn_mailq_find(q, (struct wn_span){id, (size_t)n}, wn_hash(id, (size_t)n)) != NULL;
}

START_TEST(the_oldest_are_forgotten)
{
    struct wn_mailq q = {.limit = 5000};
    for (unsigned i = 0; i < 5000; i++) {
        wn_mailq_say(&q, add_message(&q, i), WN_SPAN("id"), (struct wn_span){0});
    }
    ck_assert_uint_eq(q.forgotten, 0);
    ck_assert(has_message(&q, 0)); /* and was mentioned just now */
    (void)add_message(&q, 5000);
    ck_assert_uint_eq(q.forgotten, 1);
    ck_assert(has_message(&q, 0));
    ck_assert(!has_message(&q, 1));
    ck_assert(has_message(&q, 2));
    for (unsigned i = 10; i < 5000; i += 2) {
        wn_mailq_remove(&q, add_message(&q, i));
    }
    for (unsigned i = 10; i < 5000; i++) {
        ck_assert(has_message(&q, i) == (i % 2 != 0));
    }
    ck_assert_uint_eq(add_message(&q, 7000)->text_n, 0); /* a slot that was used before */
    wn_mailq_release(&q);
}
END_TEST

START_TEST(texts_are_bounded)
{
    struct wn_mailq q = {.byte_limit = 100000};
    struct wn_notice notice = {.recipient = WN_SPAN("a@x.com")};
    char text[3000];
    memset(text, 'x', sizeof text);
    notice.reply.text = (struct wn_span){text, sizeof text};
    for (unsigned i = 0; i < 1000; i++) {
        wn_mailq_say(&q, add_message(&q, i), notice.reply.text, notice.reply.text);
        wn_mailq_defer(&q, add_message(&q, i), &notice);
        ck_assert_uint_lt(q.bytes, 110000);
    }
    ck_assert_uint_gt(q.forgotten, 900);
    ck_assert(has_message(&q, 999));
    struct wn_queued *last = add_message(&q, 999);
    for (unsigned i = 0; i < 2000; i++) { /* of one message */
        char recipient[20];
        int n = snprintf(recipient, sizeof recipient, "%u@x.com", i);
        notice.recipient = (struct wn_span){recipient, (size_t)n};
        wn_mailq_defer(&q, last, &notice);
    }
    ck_assert_uint_eq(last->deferral_count, WN_MAILQ_DEFERRALS);
    while (q.count > 0) {
        wn_mailq_remove(&q, &q.messages[q.oldest - 1]);
    }
    ck_assert_uint_lt(q.bytes, 200 * 128); /* what free slots keep */
    wn_mailq_release(&q);
}
END_TEST

static const struct {
    const char *name, *text, *source;
} recognised[] = {
    {"nothing", "", "csv"},
    {"a CSV with dates first", "2026-11-20 10:00:00,bob@x.com,550\n", "csv"},
    {"a CSV", "email,code\nbob@x.com,550\n", "csv"},
    {"a message that quotes a log",
     "Subject: x\nFrom: y\n\n" HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE, "message"},
    {"a system log without mail", "Nov 20 10:00:00 host CRON[1]: (root) CMD (true)\n", "syslog"},
    {"Postfix that has only been started",
     "Nov 20 10:00:00 mail postfix/master[1]: daemon started -- version "
     "3.7.11\n",
     "postfix"},
    {"journald's heading", "-- Journal begins at Mon 2026-11-01. --\n" HEAD "master[1]: reload\n",
     "postfix"},
    {"Sendmail of Debian", "Nov 20 10:00:00 mx sm-mta[1]: starting daemon (8.17.1)\n", "sendmail"},
    {"OpenSMTPD", "Nov 20 10:00:00 mx smtpd[1]: 8f4864084ecc48f4 smtp connected address=1.2.3.4\n",
     "opensmtpd"},
    {"Exim", "2026-11-20 10:00:00 Start queue run: pid=1\n", "exim"},
    {"qmail", "@4000000067409d8c1a2b3c4d status: local 0/10 remote 0/20\n", "qmail"},
    {"qmail by tai64nlocal", "2026-11-20 10:00:00.123456789 new msg 12\n", "qmail"},
};

START_TEST(logs_are_recognised)
{
    ck_assert_msg(
        strcmp(wn_source_find(wn_span_of(recognised[_i].text))->name, recognised[_i].source) == 0,
        "%s: %s", recognised[_i].name, wn_source_find(wn_span_of(recognised[_i].text))->name);
}
END_TEST

/* A system log in which mail comes late is a mail log all the same. */
START_TEST(mail_is_looked_for)
{
    struct wn_buf text = {0};
    for (int i = 0; i < 40000; i++) {
        wn_buf_addf(&text, "Nov 20 09:00:00 mail dovecot: imap-login: Login: user=<u%d@x.com>\n",
                    i);
    }
    wn_buf_add_text(&text, HEAD "smtp[1]: ABCDE: to=<a@x.com>, " GONE);
    ck_assert_str_eq(list_text(wn_buf_text(&text)), "40001" TOLD "<ABCDE>\n");
    wn_buf_release(&text);
    ck_assert_str_eq(list_text("Nov 20 10:00:00 host CRON[1]: (root) CMD (true)\n"), "");
    ck_assert_uint_eq(read_to, 48);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *t = tcase_create("log");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, samples_are_read, 0, sizeof samples / sizeof *samples);
    tcase_add_loop_test(t, the_number_of_threads_changes_nothing, 0,
                        sizeof samples / sizeof *samples);
    tcase_add_loop_test(t, a_reading_goes_on_anywhere, 0, sizeof samples / sizeof *samples);
    tcase_add_loop_test(t, traps_are_met, 0, sizeof traps / sizeof *traps);
    tcase_add_loop_test(t, long_lines_are_skipped, 0, sizeof long_lines / sizeof *long_lines);
    tcase_add_loop_test(t, stamps_are_read, 0, sizeof stamps / sizeof *stamps);
    tcase_add_loop_test(t, logs_are_recognised, 0, sizeof recognised / sizeof *recognised);
    tcase_add_test(t, half_a_line_waits);
    tcase_add_test(t, a_stop_ends_it);
    tcase_add_test(t, hours_are_told_apart);
    tcase_add_test(t, the_oldest_are_forgotten);
    tcase_add_test(t, texts_are_bounded);
    tcase_add_test(t, mail_is_looked_for);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
