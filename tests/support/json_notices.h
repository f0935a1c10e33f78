/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_JSON_NOTICES_H
#define TESTS_SUPPORT_JSON_NOTICES_H

/* The notices that a mail service's JSON holds, as text: one line each, with what they say of the
 * recipient, or with '!' and the fault. Failures are Check's. From one thread only. */

#include "base/str.h"

/* 2026-03-01T15:00:00Z; the lines tell times in seconds from here. */
#define JSON_THEN INT64_C(1772377200)

/* The notices of a file that is found to be JSON, read by that many threads. What is given back
 * lasts until the next call. */
const char *json_read_file(const char *path, int64_t jobs);

/* The notices of one record, likewise. */
const char *json_read_text(struct wn_span text);

#endif
