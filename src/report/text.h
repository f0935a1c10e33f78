/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_TEXT_H
#define WN_REPORT_TEXT_H

/* Texts from outside (file names, headers, cells) may hold any bytes. These make them fit for where
 * they go; report.csv alone gives them as they came. */

#include "base/str.h"

/* For JSON: what is not UTF-8, and NUL, becomes U+FFFD. */
void wn_text_add_utf8(struct wn_buf *out, struct wn_span text);

/* For people: control characters become '?', so that no input drives a terminal. */
void wn_text_add_shown(struct wn_buf *out, struct wn_span text);

#endif
