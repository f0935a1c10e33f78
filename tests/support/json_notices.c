/* SPDX-License-Identifier: MIT */
#include "support/json_notices.h"

#include <check.h>

#include "bounce/json/record.h"
#include "bounce/words.h"

static struct wn_buf got;

static void add_quoted(const char *key, struct wn_span value)
{
    if (value.n > 0) {
        wn_buf_addf(&got, " %s='%.*s'", key, (int)value.n, value.p);
    }
}

static const char *hardness_word(enum wn_hardness hardness)
{
    static const char *const words[] = {
        [WN_HARDNESS_unknown] = "", [WN_HARDNESS_hard] = " hard", [WN_HARDNESS_soft] = " soft"};
    return words[hardness];
}

/* One line a notice. */
static int note(void *arg, const struct wn_notice *n)
{
    static const char *const faults[WN_NOTICE_FAULTS] = {[WN_NOTICE_RECORD] = "record",
                                                         [WN_NOTICE_ADDRESS] = "address",
                                                         [WN_NOTICE_DATE] = "date",
                                                         [WN_NOTICE_KIND] = "kind",
                                                         [WN_NOTICE_CODE] = "code",
                                                         [WN_NOTICE_NO_BOUNCE] = "no_bounce",
                                                         [WN_NOTICE_UNRECOGNISED] = "unrecognised",
                                                         [WN_NOTICE_UNFINISHED] = "unfinished"};
    (void)arg;
    wn_buf_addf(&got, "%d ", (int)n->line);
    if (n->fault != WN_NOTICE_OK) {
        wn_buf_addf(&got, "!%s", faults[n->fault]);
        add_quoted("cell", n->cell);
    } else {
        wn_buf_addf(&got, "%.*s %lld %s%s", (int)n->recipient.n, n->recipient.p,
                    (long long)(n->at - JSON_THEN), wn_event_kind_word(n->kind),
                    hardness_word(n->hardness));
        if (n->said != WN_CATEGORY_unclassified) {
            wn_buf_addf(&got, " said=%s", wn_category_word(n->said));
        }
        wn_buf_add_text(&got, n->about_sender ? " about_sender" : "");
        if (n->reply.code != 0) {
            wn_buf_addf(&got, " %d", n->reply.code);
        }
        if (n->reply.enhanced[0] != 0) {
            wn_buf_addf(&got, " %d.%d.%d", n->reply.enhanced[0], n->reply.enhanced[1],
                        n->reply.enhanced_detail);
        }
        if (n->reply.phase != WN_PHASE_unknown) {
            wn_buf_addf(&got, " at_%s", wn_phase_word(n->reply.phase));
        }
        add_quoted("text", n->reply.text);
        add_quoted("host", n->remote);
        add_quoted("message", n->message_id);
        add_quoted("event", n->event_id);
    }
    wn_buf_add_char(&got, '\n');
    return WN_OK;
}

const char *json_read_file(const char *path, int64_t jobs)
{
    static _Atomic int stop;
    static char head[WN_SOURCE_HEAD];
    struct wn_input input = {0};
    struct wn_error err = {0};
    size_t n;
    const struct wn_source_settings settings = {.now = JSON_THEN, .jobs = jobs, .stop = &stop};
    struct wn_reading reading = {.input = &input, .settings = &settings, .visit = note};
    wn_buf_clear(&got);
    ck_assert_msg(wn_input_open(&input, path, &stop, &err) == WN_OK, "%s", err.text);
    ck_assert_msg(wn_input_read(&input, 0, head, sizeof head, &n, &err) == WN_OK, "%s", err.text);
    const struct wn_source *source = wn_source_find((struct wn_span){head, n});
    ck_assert_str_eq(source->name, "json");
    ck_assert_msg(source->read(&reading, &err) == WN_OK, "%s", err.text);
    wn_input_close(&input);
    return wn_buf_text(&got);
}

const char *json_read_text(struct wn_span text)
{
    struct wn_json_notices notices = {0};
    const struct wn_json_record record = {0, text.n, 1, NULL, false};
    wn_buf_clear(&got);
    wn_json_read_record(&record, text, &notices);
    for (size_t i = 0; i < notices.count; i++) {
        (void)note(NULL, &notices.list[i]);
    }
    wn_json_notices_release(&notices);
    return wn_buf_text(&got);
}
