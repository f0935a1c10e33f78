/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_TEXT_H
#define WN_REPORT_TEXT_H

/* Texts from outside (file names, headers, cells) may hold any bytes. These make them fit for where
 * they go; report.csv alone gives them as they came. */

#include "base/str.h"

/* For JSON: what is not UTF-8, and NUL, becomes U+FFFD. */
void wn_text_add_utf8(struct wn_buf *out, struct wn_span text);

/* For people: each control character, each one that cannot be seen or turns the line's direction,
 * and each octet that is no UTF-8 becomes a '?', so that no input drives a terminal or hides from
 * it. */
void wn_text_add_shown(struct wn_buf *out, struct wn_span text);

/* The column of a terminal, from 0, at which the character that holds octet `at` stands in the text
 * as shown; at == text.n is the column behind it. East Asian wide characters take two columns, and
 * combining ones stand on the character before them. */
size_t wn_text_column(struct wn_span text, size_t at);

#endif
