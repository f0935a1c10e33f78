/* SPDX-License-Identifier: MIT */
/* A unit is two bytes; a character is one unit, or a high surrogate and a low one. What a piece
 * left unfinished (a byte, a high surrogate) waits in the state for the next. */
#include "csv/utf16.h"

size_t wn_utf16_mark(struct wn_span text, bool *big_endian)
{
    if (text.n < 2) {
        return 0;
    }
    bool little = memcmp(text.p, "\xff\xfe", 2) == 0;
    *big_endian = memcmp(text.p, "\xfe\xff", 2) == 0;
    if (little && text.n >= 4 && memcmp(text.p + 2, "\0\0", 2) == 0) {
        return 0; /* UTF-32 */
    }
    return little || *big_endian ? 2 : 0;
}

static char *put(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

bool wn_utf16_add(struct wn_utf16 *u, struct wn_span piece, struct wn_buf *out, uint64_t *at)
{
    /* At most three bytes a unit, and one more for a pair whose first half came before. */
    char *p = wn_buf_room(out, piece.n / 2 * 3 + 8);
    bool sound = true;
    for (size_t i = 0; i < piece.n && sound; i++) {
        unsigned char byte = (unsigned char)piece.p[i];
        u->offset++;
        u->half = !u->half;
        if (u->half) {
            u->first = byte;
            continue;
        }
        uint32_t unit =
            u->big_endian ? (uint32_t)u->first << 8 | byte : (uint32_t)byte << 8 | u->first;
        bool is_high = unit >= 0xd800 && unit < 0xdc00;
        bool is_low = unit >= 0xdc00 && unit < 0xe000;
        if (is_low != (u->high != 0)) {
            *at = u->offset - (u->high != 0 ? 4 : 2);
            sound = false;
        } else if (is_high) {
            u->high = (uint16_t)unit;
        } else {
            p = put(p, is_low ? 0x10000 + ((uint32_t)(u->high - 0xd800) << 10) + (unit - 0xdc00)
                              : unit);
            u->high = 0;
        }
    }
    out->len = (size_t)(p - out->p);
    return sound;
}

bool wn_utf16_end(const struct wn_utf16 *u, uint64_t *at)
{
    *at = u->offset - (u->half ? 1 : 0) - (u->high != 0 ? 2 : 0);
    return !u->half && u->high == 0;
}
