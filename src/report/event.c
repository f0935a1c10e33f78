/* SPDX-License-Identifier: MIT */
#include "report/event.h"

#include "base/clock.h"
#include "report/text.h"

/* Whether the text can stand between quotes as it is. */
static bool is_plain(struct wn_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            return false;
        }
    }
    return true;
}

static void add_escaped(struct wn_buf *out, struct wn_span utf8)
{
    for (size_t i = 0; i < utf8.n; i++) {
        unsigned char c = (unsigned char)utf8.p[i];
        if (c == '"' || c == '\\') {
            wn_buf_add_char(out, '\\');
            wn_buf_add_char(out, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            wn_buf_addf(out, "\\u%04x", c);
        } else {
            wn_buf_add_char(out, (char)c);
        }
    }
}

static void add_string(struct wn_buf *out, struct wn_span s)
{
    wn_buf_add_char(out, '"');
    if (is_plain(s)) {
        wn_buf_add_span(out, s);
    } else {
        struct wn_buf utf8 = {0};
        wn_text_add_utf8(&utf8, s);
        add_escaped(out, wn_buf_span(&utf8));
        wn_buf_release(&utf8);
    }
    wn_buf_add_char(out, '"');
}

/* ,"key":"value" or null. `key` comes with its comma, quotes and colon. */
static void add_member(struct wn_buf *out, const char *key, struct wn_span value)
{
    wn_buf_add_text(out, key);
    if (value.n > 0) {
        add_string(out, value);
    } else {
        wn_buf_add_text(out, "null");
    }
}

void wn_event_json(const struct wn_event *e, struct wn_buf *out)
{
    char at[WN_TIME_TEXT];
    wn_time_format(e->at, at);
    add_member(out, "{\"source\":", e->source);
    add_member(out, ",\"at\":", wn_span_of(at));
    add_member(out, ",\"recipient\":", e->recipient);
    add_member(out, ",\"kind\":", wn_span_of(wn_event_kind_word(e->kind)));
    wn_buf_add_text(out, ",\"code\":");
    if (e->code != 0) {
        wn_buf_add_number(out, e->code);
    } else {
        wn_buf_add_text(out, "null");
    }
    wn_buf_add_text(out, ",\"enhanced\":");
    if (e->enhanced[0] != 0) {
        wn_buf_add_char(out, '"');
        wn_buf_add_number(out, e->enhanced[0]);
        wn_buf_add_char(out, '.');
        wn_buf_add_number(out, e->enhanced[1]);
        wn_buf_add_char(out, '.');
        wn_buf_add_number(out, e->enhanced_detail);
        wn_buf_add_char(out, '"');
    } else {
        wn_buf_add_text(out, "null");
    }
    add_member(out, ",\"category\":", wn_span_of(wn_category_word(e->category)));
    add_member(out, ",\"action\":", wn_span_of(wn_bounce_action_word(e->action)));
    add_member(out, ",\"phase\":", wn_span_of(wn_phase_word(e->phase)));
    add_member(out, ",\"diagnostic\":", e->diagnostic);
    add_member(out, ",\"message_id\":", e->message_id);
    add_member(out, ",\"rule\":", e->rule);
    wn_buf_add_text(out, "}\n");
}
