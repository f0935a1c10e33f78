/* SPDX-License-Identifier: MIT */
#ifndef WN_TESTS_FUZZ_H
#define WN_TESTS_FUZZ_H

/* What every fuzz target shares. A target is one function that reads one input; libFuzzer calls it,
 * or the main of driver.c does. docs/fuzzing.md says how they are run. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads `size` octets of anything; returns 0, or ends the process where a promise is broken. Keeps
 * nothing from one call to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void wn_fuzz_require(bool truth, const char *promise, const char *file, int line)
{
    if (!truth) {
        (void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
        abort();
    }
}

/* A promise that the code under test makes, whatever the input. */
#define REQUIRE(promise) wn_fuzz_require((promise), #promise, __FILE__, __LINE__)

#endif
