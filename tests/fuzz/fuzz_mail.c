/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the input as a message, then each stretch of it that an mbox would have. Every
 * message must give a notice, every text must be short and clean, and no recipient may be longer
 * than the message. */
#include <stdint.h>
#include <stdlib.h>

#include <unistr.h>

#include "base/arena.h"
#include "bounce/mail/mail.h"
#include "bounce/mail/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct wn_notice *notice, size_t size)
{
    struct wn_span text = notice->reply.text;
    require(text.n <= WN_DIAGNOSTIC_MAX);
    require(text.n == 0 || u8_check((const uint8_t *)text.p, text.n) == NULL);
    require(text.n == 0 || memchr(text.p, '\n', text.n) == NULL);
    require(notice->recipient.n <= size);
    require(notice->fault != WN_NOTICE_OK || notice->recipient.n > 2);
    require(notice->message_id.n <= 256);
}

static void read_one(struct wn_mail_reader *reader, struct wn_span bytes)
{
    const struct wn_mail_place place = {.line = 1, .length = bytes.n, .now = INT64_C(1795219200)};
    struct wn_arena arena = {0};
    struct wn_mail_notices notices = {.arena = &arena};
    wn_mail_read(reader, bytes, &place, &notices);
    require(notices.count > 0);
    for (size_t i = 0; i < notices.count; i++) {
        check(&notices.list[i], bytes.n);
        require(notices.count == 1 || notices.list[i].fault == WN_NOTICE_OK);
    }
    wn_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wn_mail_reader *reader;
    struct wn_span rest = {(const char *)data, size};
    struct wn_arena arena = {0};
    struct wn_span recipient;
    int64_t at;
    if (reader == NULL) {
        reader = wn_mail_reader_new();
    }
    read_one(reader, rest);
    (void)wn_mail_date(rest, &at);
    (void)wn_envelope_decode(rest, &arena, &recipient);
    require(wn_html_text(rest, &arena).n <= size);
    for (size_t pieces = 0; rest.n > 0 && pieces < 20; pieces++) {
        size_t from_line = wn_mbox_from_line(rest, &at);
        const char *next = memmem(rest.p + from_line, rest.n - from_line, "\nFrom ", 6);
        size_t n = next != NULL ? (size_t)(next + 1 - rest.p) : rest.n;
        read_one(reader, (struct wn_span){rest.p + from_line, n - from_line});
        rest.p += n;
        rest.n -= n;
    }
    wn_arena_release(&arena);
    return 0;
}
