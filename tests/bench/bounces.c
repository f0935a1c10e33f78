/* SPDX-License-Identifier: MIT */
/* What each notice of some files becomes, as tab-separated lines: file, recipient, kind, code,
 * enhanced, category, action, phase, rule, fault, remote, message id, reply. For bounces.py. */
#include <stdio.h>

#include "base/clock.h"
#include "bounce/source.h"

struct show {
    const char *file;
    int64_t now;
};

static void put(struct wn_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        (void)putchar((unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
    }
    (void)putchar('\t');
}

static int show(void *arg, const struct wn_notice *given)
{
    const struct show *s = arg;
    struct wn_notice notice = *given;
    struct wn_event event = {.at = 0};
    char key[WN_NOTICE_KEY_MAX];
    bool judged = wn_notice_judge(&notice, s->now, key, &event);
    (void)printf("%s\t", s->file);
    put(judged ? event.recipient : notice.cell);
    (void)printf("%s\t%u\t%u.%u.%u\t%s\t%s\t%s\t", judged ? wn_event_kind_word(event.kind) : "",
                 event.code, event.enhanced[0], event.enhanced[1], event.enhanced_detail,
                 judged ? wn_category_word(event.category) : "",
                 judged ? wn_bounce_action_word(event.action) : "",
                 judged ? wn_phase_word(event.phase) : "");
    put(event.rule);
    (void)printf("%s\t", wn_notice_fault_sentence(notice.fault));
    put(notice.remote);
    put(notice.message_id);
    put(notice.reply.text);
    (void)putchar('\n');
    return WN_OK;
}

int main(int argc, char **argv)
{
    _Atomic int stop = 0;
    struct wn_source_settings settings = {.now = wn_clock_now(), .jobs = 2, .stop = &stop};
    static char head[WN_SOURCE_HEAD];
    int worst = 0;
    for (int i = 1; i < argc; i++) {
        struct wn_error err = {0};
        struct wn_input input = {0};
        struct show s = {argv[i], settings.now};
        size_t got = 0;
        int status = wn_input_open(&input, argv[i], &stop, &err);
        if (status == WN_OK) {
            status = wn_input_read(&input, 0, head, sizeof head, &got, &err);
        }
        if (status == WN_OK) {
            struct wn_reading reading = {
                .input = &input, .settings = &settings, .visit = show, .arg = &s};
            status = wn_source_find((struct wn_span){head, got})->read(&reading, &err);
        }
        if (status != WN_OK) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], err.text);
            worst = status;
        }
        wn_input_close(&input);
    }
    return worst;
}
