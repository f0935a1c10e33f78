/* SPDX-License-Identifier: MIT */
/* Suppression lists of any form: octet 0 says whether a column is named, the rest is the file.
 * Nothing is said of what is neither an address nor a digest, and no date is out of bounds. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "suppress/read.h"

#define NOW INT64_C(1795287580)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check(void *arg, const struct wn_listed *listed)
{
    uint64_t *rows = arg;
    bool named = listed->address.n > 0 && memchr(listed->address.p, '@', listed->address.n) != NULL;
    (*rows)++;
    if (listed->line == 0 || listed->fault >= WN_LISTED_FAULTS) {
        abort();
    }
    if (listed->fault == WN_LISTED_OK &&
        (named == listed->hashed || listed->reason >= WN_REASON_COUNT ||
         (listed->at != 0 && (listed->at < 0 || listed->at > NOW + 2 * WN_DAY)))) {
        abort();
    }
    return *rows > 10000 ? WN_E_DATA : WN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const _Atomic int never;
    static const char *const columns[] = {NULL, NULL, NULL, "email", "1", "2"};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (size == 0 || fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1)) {
        (void)close(fd);
        return 0;
    }
    const struct wn_input input = {.path = "fuzz", .name = "fuzz", .fd = fd, .size = size - 1};
    const struct wn_list_settings settings = {
        .column = columns[data[0] % (sizeof columns / sizeof *columns)],
        .as = WN_REASON_suppressed,
        .now = NOW,
        .stop = &never};
    struct wn_error err = {0};
    uint64_t rows = 0;
    if (wn_list_read(&input, &settings, check, &rows, &err) != WN_OK && err.text[0] == '\0' &&
        rows <= 10000) {
        abort();
    }
    (void)close(fd);
    return 0;
}
