/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_NEAREST_H
#define WN_BASE_NEAREST_H

/* What a mistyped word was probably meant to be, for "did you mean". */

#include <stddef.h>

/* The word of `words` nearest to `word` by edit distance, or NULL when none is near. A word of at
 * least three letters is near those that it begins. */
const char *wn_nearest_word(const char *word, const char *const *words, size_t count);

#endif
