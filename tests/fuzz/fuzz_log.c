/* SPDX-License-Identifier: MIT */
/* The logs of mail servers: octet 0 says whose, octet 1 where a second reading begins; the rest is
 * the log. What is told must lie in the log, in its order; a reading that goes on must tell what
 * the whole one tells from there on. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bounce/log/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    uint64_t size, last, from, count;
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static int note(void *arg, const struct wn_notice *given)
{
    static const int64_t now = 1795262400;
    struct told *told = arg;
    struct wn_notice notice = *given;
    struct wn_event event;
    char key[WN_NOTICE_KEY_MAX];
    require(notice.offset >= told->last && notice.offset >= told->from);
    require(notice.offset + notice.length <= told->size + 1); /* a line end may be put behind it */
    require(notice.line > 0);
    told->last = notice.offset;
    told->count += notice.fault != WN_NOTICE_UNFINISHED; /* which the next reading tells */
    if (wn_notice_judge(&notice, now, key, &event)) {
        require(event.kind <= WN_KIND_delivered && event.recipient.n > 0);
        require(event.message_id.n <= 512);
    }
    return WN_OK;
}

/* How many notices there are from `from` on. */
static uint64_t read_log(const struct wn_input *input, const struct wn_log_format *format,
                         uint64_t from, uint64_t *read_to)
{
    static const _Atomic int stop;
    const struct wn_source_settings settings = {.now = 1795262400, .jobs = 1, .stop = &stop};
    struct told told = {.size = input->size, .from = from};
    struct wn_reading reading = {
        .input = input, .settings = &settings, .from = from, .visit = note, .arg = &told};
    require(wn_log_read(&reading, format, NULL) == WN_OK);
    require(reading.read_to >= from && reading.read_to <= input->size);
    *read_to = reading.read_to;
    return told.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wn_log_format *const formats[] = {
        &wn_log_postfix, &wn_log_exim, &wn_log_sendmail, &wn_log_opensmtpd, &wn_log_qmail};
    if (size < 2) {
        return 0;
    }
    const struct wn_log_format *format = formats[data[0] % 5];
    struct wn_span text = {(const char *)data + 2, size - 2};
    int fd = memfd_create("log", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
    struct wn_input input = {.name = "fuzz", .fd = fd, .size = text.n};
    (void)wn_source_find(text);
    uint64_t whole_to, then_to, half_to;
    uint64_t whole = read_log(&input, format, 0, &whole_to);
    /* What is there of it when the first of two readings comes. */
    input.size = text.n * data[1] / 255;
    uint64_t half = read_log(&input, format, 0, &half_to);
    input.size = text.n;
    uint64_t then = read_log(&input, format, half_to, &then_to);
    require(whole == half + then && whole_to == then_to);
    (void)close(fd);
    return 0;
}
