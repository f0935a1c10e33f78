/* SPDX-License-Identifier: MIT */
#include "store/reply_text.h"

struct wn_span wn_reply_unwrap(struct wn_span s)
{
    static const struct wn_span said = {" said:", 6}, reply = {"(in reply to ", 13};
    s = wn_span_trim(s);
    if (s.n > 5 && wn_span_equal_nocase((struct wn_span){s.p, 5}, WN_SPAN("smtp;"))) {
        s = wn_span_trim((struct wn_span){s.p + 5, s.n - 5});
    }
    if (s.n > 5 && wn_span_equal_nocase((struct wn_span){s.p, 5}, WN_SPAN("host "))) {
        const char *end = memmem(s.p, s.n, said.p, said.n);
        if (end != NULL) {
            s = wn_span_trim((struct wn_span){end + said.n, s.n - (size_t)(end - s.p) - said.n});
        }
    }
    const char *tail = s.n > 0 ? memmem(s.p, s.n, reply.p, reply.n) : NULL;
    return tail != NULL ? (struct wn_span){s.p, (size_t)(tail - s.p)} : s;
}

/* Whether a word of a reply says something of this recipient or message alone. */
static bool is_particular(struct wn_span word, struct wn_span local)
{
    for (size_t i = 0; i < word.n; i++) {
        bool dot = word.p[i] == '.' && i > 0 && i + 1 < word.n;
        if (wn_is_digit(word.p[i]) || word.p[i] == '@' || dot) {
            return true;
        }
    }
    return wn_span_equal_nocase(word, local);
}

void wn_reply_core(struct wn_buf *out, struct wn_span reply, struct wn_span recipient)
{
    static const char ends[] = " \t\r\n<>()[]{}\"',;:=!?*/";
    const char *at = recipient.n > 0 ? memrchr(recipient.p, '@', recipient.n) : NULL;
    struct wn_span local = {recipient.p, at != NULL ? (size_t)(at - recipient.p) : recipient.n};
    reply = wn_reply_unwrap(reply);
    for (size_t i = 0; i < reply.n;) {
        struct wn_span word = {reply.p + i, 0};
        while (i < reply.n && (reply.p[i] == '\0' || strchr(ends, reply.p[i]) == NULL)) {
            i++;
            word.n++;
        }
        while (word.n > 0 && strchr(".-", word.p[word.n - 1]) != NULL &&
               word.p[word.n - 1] != '\0') {
            word.n--;
        }
        if (word.n > 0 && !is_particular(word, local)) {
            for (size_t k = 0; k < word.n; k++) {
                wn_buf_add_char(out, wn_lower(word.p[k]));
            }
            wn_buf_add_char(out, ' ');
        }
        i += i < reply.n;
    }
}
