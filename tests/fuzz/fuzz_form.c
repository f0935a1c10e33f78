/* SPDX-License-Identifier: MIT */
/* Webhooks posted as forms, a body a line. What is told must lie in the input, in its order, and be
 * whole. */
#include <sys/mman.h>
#include <unistd.h>

#include "bounce/source.h"
#include "fuzz.h"

struct told {
    uint64_t size, last;
};

static int note(void *arg, const struct wn_notice *given)
{
    struct told *told = arg;
    struct wn_notice notice = *given;
    struct wn_event event;
    char key[WN_NOTICE_KEY_MAX];
    REQUIRE(notice.fault < WN_NOTICE_FAULTS && notice.line > 0);
    REQUIRE(notice.offset >= told->last && notice.offset + notice.length <= told->size);
    told->last = notice.offset;
    if (notice.fault == WN_NOTICE_OK) {
        REQUIRE(notice.recipient.n > 0 && notice.kind < WN_KIND_COUNT);
        (void)wn_notice_judge(&notice, INT64_C(1772377200), key, &event);
    }
    return WN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const _Atomic int stop;
    const struct wn_source_settings settings = {.now = 1772377200, .jobs = 1, .stop = &stop};
    struct wn_span text = {(const char *)data, size};
    struct told told = {.size = size};
    int fd = memfd_create("form", MFD_CLOEXEC);
    REQUIRE(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
    struct wn_input input = {.name = "fuzz", .fd = fd, .size = text.n};
    struct wn_reading reading = {
        .input = &input, .settings = &settings, .visit = note, .arg = &told};
    (void)wn_source_form.recognise(text);
    REQUIRE(wn_source_form.read(&reading, NULL) == WN_OK);
    (void)close(fd);
    return 0;
}
