/* SPDX-License-Identifier: MIT */
/* Fuzzes the CSV reader's limits: records of about a mebibyte, in windows of about that. The first
 * two octets choose how large the windows are, how many fields the header has and what ends a line;
 * in the rest, the first two tildes stand for a mebibyte less some octets. */
#include "fuzz_csv.h"

enum {
    FILLING = WN_RECORD_MAX - 8,
    FILLINGS = 2, /* the most tildes that stand for one */
    STEP = 1 << 17
};

static struct wn_buf expand(const uint8_t *data, size_t size)
{
    struct wn_buf text = {0};
    unsigned fillings = 0;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '~' && fillings < FILLINGS) {
            memset(wn_buf_room(&text, FILLING), 'a', FILLING);
            text.len += FILLING;
            fillings++;
        } else {
            wn_buf_add_char(&text, (char)data[i]);
        }
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct wn_buf text = expand(data + 2, size - 2);
    struct wn_span input = {wn_buf_text(&text), text.len};
    struct wn_dialect d = {.delimiter = ',', .line_end = data[0] & 4 ? '\r' : '\n'};
    size_t step = STEP - 128 + data[1] + STEP * (size_t)(data[0] / 8);
    struct whole whole = cut_all(input, &d, data[0] % 4, 0);
    struct whole pieces = cut_all(input, &d, data[0] % 4, step);
    require_same(&whole, &pieces, input.n);
    wn_cut_release(&whole.cut);
    wn_cut_release(&pieces.cut);
    wn_buf_release(&text);
    return 0;
}
