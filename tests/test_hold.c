/* SPDX-License-Identifier: MIT */
/* What holds a mailbox back: every reason, together and alone, as the rules of a verdict order
 * them. */
#include <check.h>

#include "base/clock.h"
#include "support/suite.h"
#include "verdict/decide.h"
#include "verdict/hold.h"

#define NOW         INT64_C(1795287580)
#define AGO(days)   (NOW - (days)*WN_DAY)
#define AHEAD(days) (NOW + (days)*WN_DAY)

static const struct row {
    const char *name;
    struct wn_history history;
    const char *words;    /* of the reasons, with a blank behind each */
    int64_t since, until; /* of the first */
} rows[] = {
    {"nothing", {.hard_bounces = 1}, "", 0, 0},
    {"a complaint", {.complained_at = AGO(9)}, "complained ", AGO(9), 0},
    {"a hard bounce", {.hard_since = AGO(9)}, "hard_bounced ", AGO(9), 0},
    {"full",
     {.soft_since = AGO(9), .soft_until = AHEAD(171), .full = true},
     "full_too_long ",
     AGO(9),
     AHEAD(171)},
    {"soft",
     {.soft_since = AGO(9), .soft_until = AHEAD(171)},
     "bounced_too_often ",
     AGO(9),
     AHEAD(171)},
    {"soft, in its last second",
     {.soft_since = AGO(9), .soft_until = NOW + 1},
     "bounced_too_often ",
     AGO(9),
     NOW + 1},
    {"soft, over", {.soft_since = AGO(190), .soft_until = NOW}, "", 0, 0},
    {"soft lately is no suppression", {.soft_at = AGO(1), .soft_bounces = 1}, "", 0, 0},
    {"delivered", {.delivered_at = AGO(1)}, "", 0, 0},
    {"all at once",
     {.complained_at = AGO(5),
      .unsubscribed_at = AGO(4),
      .suppressed_at = AGO(3),
      .hard_since = AGO(2),
      .soft_since = AGO(1),
      .soft_until = AHEAD(9),
      .full = true},
     "complained unsubscribed suppressed hard_bounced full_too_long ",
     AGO(5),
     0},
    {"two of them",
     {.unsubscribed_at = AGO(4), .soft_since = AGO(1), .soft_until = AHEAD(9)},
     "unsubscribed bounced_too_often ",
     AGO(4),
     0},
};

START_TEST(holds)
{
    const struct row *row = &rows[_i];
    struct wn_hold found[WN_HOLDS_MAX];
    struct wn_buf words = {0};
    size_t count = wn_holds(&row->history, NOW, found);
    for (size_t i = 0; i < count; i++) {
        wn_buf_addf(&words, "%s ", wn_reason_word(found[i].reason));
        char text[WN_HOLD_TEXT];
        ck_assert_ptr_nonnull(wn_hold_clearing(&found[i], 48, text));
    }
    ck_assert_msg(strcmp(wn_buf_text(&words), row->words) == 0, "%s: %s", row->name,
                  wn_buf_text(&words));
    if (count > 0) {
        ck_assert_int_eq(found[0].since, row->since);
        ck_assert_int_eq(found[0].until, row->until);
    }
    wn_buf_release(&words);
}
END_TEST

/* A verdict names the first of them. */
START_TEST(the_first_is_the_verdicts)
{
    static const struct wn_policy any = {.name = ""};
    const struct wn_case c = {.history = &rows[_i].history, .now = NOW, .route = WN_ROUTE_OK};
    struct wn_hold found[WN_HOLDS_MAX];
    struct wn_verdict verdict;
    wn_decide(&c, &any, &verdict);
    size_t count = wn_holds(&rows[_i].history, NOW, found);
    if (count > 0) {
        ck_assert_int_eq(found[0].reason, verdict.reason);
    }
    ck_assert_int_eq(count > 0, verdict.result == WN_RESULT_undeliverable);
}
END_TEST

START_TEST(every_word_is_a_reason)
{
    for (size_t i = 0; wn_hold_words[i] != NULL; i++) {
        bool found = false;
        for (int r = 0; r < WN_REASON_COUNT; r++) {
            found = found || strcmp(wn_reason_word((enum wn_reason)r), wn_hold_words[i]) == 0;
        }
        ck_assert_msg(found, "%s", wn_hold_words[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hold");
    TCase *tcase = tcase_create("hold");
    int count = (int)(sizeof rows / sizeof *rows);
    tcase_add_loop_test(tcase, holds, 0, count);
    tcase_add_loop_test(tcase, the_first_is_the_verdicts, 0, count);
    tcase_add_test(tcase, every_word_is_a_reason);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
