/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <unistr.h>

void wn_text_add_utf8(struct wn_buf *out, struct wn_span text)
{
    for (size_t i = 0; i < text.n;) {
        ucs4_t c;
        int length = u8_mbtoucr(&c, (const uint8_t *)text.p + i, text.n - i);
        if (length > 0 && c != 0) {
            wn_buf_add(out, text.p + i, (size_t)length);
            i += (size_t)length;
        } else {
            wn_buf_add_text(out, "\xef\xbf\xbd");
            i++;
        }
    }
}

void wn_text_add_shown(struct wn_buf *out, struct wn_span text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        wn_buf_add_char(out, c < 0x20 || c == 0x7f ? '?' : text.p[i]);
    }
}
