/* SPDX-License-Identifier: MIT */
#include "bounce/words.h"

static const struct {
    struct wn_span word;
    enum wn_category category;
} words[] = {
#define WN_BOUNCE_WORD(word, category) {{(word), sizeof(word) - 1}, WN_CATEGORY_##category},
#include "data/bounce_words.def"
};

struct wn_span wn_plain_word(struct wn_span word, char room[WN_PLAIN_WORD])
{
    size_t n = 0;
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        bool nbsp = c == 0xc2 && i + 1 < word.n && (unsigned char)word.p[i + 1] == 0xa0;
        if (nbsp) {
            i++;
        } else if (c > ' ' && c != '-' && c != '_' && c != '.') {
            if (n == WN_PLAIN_WORD) {
                return (struct wn_span){room, 0};
            }
            room[n++] = wn_lower((char)c);
        }
    }
    return (struct wn_span){room, n};
}

bool wn_category_of_word(struct wn_span word, enum wn_category *category)
{
    char room[WN_PLAIN_WORD];
    struct wn_span plain = wn_plain_word(word, room);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (wn_span_equal(words[i].word, plain)) {
            *category = words[i].category;
            return true;
        }
    }
    return false;
}
