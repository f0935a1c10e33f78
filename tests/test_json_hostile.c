/* SPDX-License-Identifier: MIT */
/* Records of mail services that mean harm, and large inputs: nothing is lost but the record,
 * threads change nothing, and a reading that is to stop stops. */
#include <check.h>

#include "bounce/source.h"
#include "support/json_notices.h"
#include "support/suite.h"
#include "support/tempdir.h"

#define AT ",\"ts_event\":1772377200"

/* `before`, `count` times `middle`, `after`. */
static struct wn_span build(struct wn_buf *text, const char *before, size_t count,
                            const char *middle, const char *after)
{
    wn_buf_clear(text);
    wn_buf_add_text(text, before);
    for (size_t i = 0; i < count; i++) {
        wn_buf_add_text(text, middle);
    }
    wn_buf_add_text(text, after);
    return wn_buf_span(text);
}

static const struct {
    const char *name, *before, *middle, *after;
    size_t count;
    const char *want;
} hostile[] = {
    {"nested 10,000 deep", "{\"a\":", "[", "", 10000, "1 !record cell='no JSON'\n"},
    {"nested 10,000 deep in a text", "{\"Type\":\"N\",\"TopicArn\":\"t\",\"Message\":\"[", "[",
     "\"}", 10000, "1 !record cell='no JSON'\n"},
    {"too many values", "{\"a\":[1", ",1", "]}", 100001, "1 !record cell='no JSON'\n"},
    {"a long text", "{\"event\":\"deferred\",\"email\":\"a@x.com\",\"message-id\":\"m\",\"x\":\"",
     "0123456789", "\",\"ts_event\":1772377200}", 300000,
     "1 a@x.com 0 deferred soft message='m'\n"},
    {"a long address",
     "{\"event\":\"spam\",\"message-id\":\"m\",\"ts_event\":1772377200,\"email\":\"", "a",
     "@x.com\"}", 1100,
     "1 !address "
     "cell='"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaa'\n"},
    {"too many recipients",
     "{\"type\":\"Delivery\",\"id\":\"k\",\"queue\":\"q\",\"response\":{},\"timestamp\":1,"
     "\"recipient\":[\"a@x.com\"",
     ",\"a@x.com\"", "]}", 10000, "1 !record cell='too many recipients'\n"},
    {"one number", "{\"a\":", "1", "}", 1000000, "1 !record cell='of no known service'\n"},
};

START_TEST(survives_what_is_hostile)
{
    struct wn_buf text = {0};
    const char *notices = json_read_text(
        build(&text, hostile[_i].before, hostile[_i].count, hostile[_i].middle, hostile[_i].after));
    ck_assert_msg(strcmp(notices, hostile[_i].want) == 0, "%s: %.300s", hostile[_i].name, notices);
    wn_buf_release(&text);
}
END_TEST

START_TEST(a_nul_and_broken_utf8_do_no_harm)
{
    static const char nul[] =
        "{\"event\":\"spam\",\"email\":\"a@x.com\0\",\"message-id\":\"m\"" AT "}";
    ck_assert_str_eq(json_read_text((struct wn_span){nul, sizeof nul - 1}),
                     "1 !record cell='no JSON'\n");
    ck_assert_str_eq(
        json_read_text(WN_SPAN("{\"event\":\"spam\",\"email\":\"\xff@x.com\",\"message-id\":"
                               "\"m\"" AT "}")),
        "1 \xff@x.com 0 complaint message='m'\n");
}
END_TEST

START_TEST(wrapping_ends)
{
    struct wn_buf text = {0};
    struct wn_span wrapped = build(&text, "", 8, "{\"event-data\":", "1}}}}}}}}");
    ck_assert_str_eq(json_read_text(wrapped), "1 !record cell='wrapped too often'\n");
    wn_buf_release(&text);
}
END_TEST

/* A large input is read by several threads, in order. */
START_TEST(jobs_change_nothing)
{
    struct wn_buf text = {0}, once = {0};
    (void)tempdir_make();
    for (int i = 0; i < 60000; i++) {
        wn_buf_addf(&text,
                    "{\"event\":\"spam\",\"email\":\"a%d@x.com\",\"message-id\":\"m\"" AT "}%s\n",
                    i, i % 1000 == 7 ? "}" : "");
    }
    const char *path = tempdir_write("large.json", text.p, text.len);
    wn_buf_add_text(&once, json_read_file(path, 1));
    ck_assert_ptr_nonnull(strstr(wn_buf_text(&once), "\n60000 a59999@x.com"));
    ck_assert_str_eq(json_read_file(path, 4), wn_buf_text(&once));
    wn_buf_release(&text);
    wn_buf_release(&once);
    tempdir_remove();
}
END_TEST

static int refuse_all(void *arg, const struct wn_notice *notice)
{
    (void)notice;
    ++*(int *)arg;
    return WN_E_INTERNAL;
}

START_TEST(stops)
{
    static _Atomic int stop;
    struct wn_input input = {0};
    struct wn_error err = {0};
    int visits = 0;
    const struct wn_source_settings settings = {.now = JSON_THEN, .jobs = 1, .stop = &stop};
    struct wn_reading reading = {
        .input = &input, .settings = &settings, .visit = refuse_all, .arg = &visits};
    (void)tempdir_make();
    stop = 0;
    ck_assert_int_eq(wn_input_open(&input, tempdir_text("a.json", "{}{}"), &stop, &err), WN_OK);
    ck_assert_int_eq(wn_source_json.read(&reading, &err), WN_E_INTERNAL);
    ck_assert_int_eq(visits, 1);
    stop = 15;
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_source_json.read(&reading, &err), WN_E_SIGNAL + 15);
    wn_input_close(&input);
    tempdir_remove();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_hostile");
    TCase *t = tcase_create("hostile");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, survives_what_is_hostile, 0, sizeof hostile / sizeof *hostile);
    tcase_add_test(t, a_nul_and_broken_utf8_do_no_harm);
    tcase_add_test(t, wrapping_ends);
    tcase_add_test(t, jobs_change_nothing);
    tcase_add_test(t, stops);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
