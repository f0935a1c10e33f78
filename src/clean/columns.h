/* SPDX-License-Identifier: MIT */
#ifndef WN_CLEAN_COLUMNS_H
#define WN_CLEAN_COLUMNS_H

/* Where the header is and which column holds the email addresses: by the user's word, by the
 * header's names, by content. */

#include "clean/run.h"

/* Fills the input's header and columns from its first bytes (`sample`, at most
 * WN_DIALECT_SAMPLE, `all` when it is the whole input). The dialect is known. WN_E_DATA with the
 * candidates when no column, or more than one, can be meant. An input without any record is fine.
 */
int wn_columns_find(const struct wn_clean_settings *settings, struct wn_run_input *input,
                    struct wn_span sample, bool all, struct wn_error *err);

/* Whether a header's name means an email address, whatever its case, blanks, punctuation
 * and accents, in UTF-8 or Windows-1252. */
bool wn_column_name_known(struct wn_span name);

#endif
