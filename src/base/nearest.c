/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

static size_t edit_distance(const char *a, const char *b)
{
    enum {
        LONGEST = 40
    };
    size_t row[LONGEST + 1];
    size_t an = strlen(a), bn = strlen(b);
    if (an > LONGEST || bn > LONGEST) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= bn; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= an; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[bn];
}

const char *wn_nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t n = strlen(word);
    size_t best_distance = n / 3 + 2; /* farther than this is no help */
    for (size_t i = 0; i < count; i++) {
        size_t distance =
            n >= 3 && strncmp(word, words[i], n) == 0 ? 1 : edit_distance(word, words[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = words[i];
        }
    }
    return best;
}
