/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

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

/* What a terminal makes of the character at p (n > 0 octets left): its octets, and its columns, -1
 * where it is not fit to be shown. */
static int columns_at(const char *p, size_t n, size_t *length)
{
    ucs4_t c = 0;
    int got = u8_mbtoucr(&c, (const uint8_t *)p, n);
    *length = got > 0 ? (size_t)got : 1;
    if (got <= 0 || uc_is_property_bidi_control(c) ||
        uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Zl |
                                                UC_CATEGORY_MASK_Zp)) {
        return -1;
    }
    /* Joiners and variation selectors show in what they stand behind. */
    if (uc_is_property_default_ignorable_code_point(c) && !uc_is_property_join_control(c) &&
        !uc_is_property_variation_selector(c)) {
        return -1;
    }
    int width = uc_width(c, "UTF-8");
    return width < 0 ? 1 : width;
}

void wn_text_add_shown(struct wn_buf *out, struct wn_span text)
{
    size_t length;
    for (size_t i = 0; i < text.n; i += length) {
        if (columns_at(text.p + i, text.n - i, &length) < 0) {
            wn_buf_add_char(out, '?');
        } else {
            wn_buf_add(out, text.p + i, length);
        }
    }
}

size_t wn_text_column(struct wn_span text, size_t at)
{
    size_t column = 0; /* of the last character that is not combining */
    size_t next = 0;
    size_t length;
    for (size_t i = 0; i < text.n; i += length) {
        int width = columns_at(text.p + i, text.n - i, &length);
        if (width != 0) {
            column = next;
            next += width < 0 ? 1 : (size_t)width;
        }
        if (at < i + length) {
            return column;
        }
    }
    return next;
}
