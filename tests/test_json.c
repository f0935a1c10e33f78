/* SPDX-License-Identifier: MIT */
/* What each mail service's JSON says: the samples of tests/data/webhooks, written after the
 * services' documentation, and their notices. Then the traps of the formats, and that every row of
 * the table can be reached. What is hostile: test_json_hostile.c. */
#include <check.h>
#include <stdio.h>

#include "bounce/json/path.h"
#include "bounce/json/record.h"
#include "bounce/words.h"
#include "support/json_notices.h"
#include "support/suite.h"

static const struct {
    const char *file, *want;
} samples[] = {
    {"ses", "1 ann@harbour.example -22 bounce hard said=bad_address 5.1.1 text='smtp; 550 5.1.1 "
            "<ann@harbour.example>... User unknown' host='mx.harbour.example' message='0000mail-1' "
            "event='0000feed-1'\n"
            "1 Bea <bea@harbour.example> -22 bounce hard said=bad_address "
            "host='mx.harbour.example' message='0000mail-1' event='0000feed-1'\n"
            "9 cy@harbour.example 0 bounce soft said=mailbox_full message='0000mail-2' "
            "event='0000feed-2'\n"
            "10 dee@harbour.example 60 bounce said=infrastructure message='0000mail-3' "
            "event='0000feed-3'\n"
            "11 eve@harbour.example 120 echo 5.1.1 text='Amazon SES did not send the message to "
            "this address because it is on the suppression list for your account.' "
            "message='0000mail-4' event='0000feed-4'\n"
            "12 flo@harbour.example 180 complaint message='0000mail-5' event='0000feed-5'\n"
            "13 !no_bounce\n"
            "14 !unrecognised cell='one of several recipients, not said which'\n"
            "15 ida@harbour.example 240 delivered message='0000mail-8'\n"
            "15 jon@harbour.example 240 delivered message='0000mail-8'\n"
            "16 kim@harbour.example 300 deferred soft said=infrastructure 4.4.1 text='smtp; 421 "
            "4.4.1 Unable to connect to remote host' message='0000mail-9'\n"
            "17 lea@harbour.example 360 unsubscribe message='0000mail-10'\n"
            "18 !no_bounce cell='Open'\n"
            "19 !no_bounce cell='You have chosen to subscribe to the topic'\n"
            "20 !address\n"
            "21 nat@harbour.example 540 bounce text='smtp; 554 delivery error' "
            "message='0000mail-13' event='0000feed-13'\n"
            "22 ola@harbour.example 600 bounce hard\n"
            "22 pat@harbour.example 600 complaint\n"},
    {"sendgrid",
     "2 !no_bounce cell='processed'\n"
     "3 bea@harbour.example 1 bounce hard said=bad_address 5.1.1 text='550 5.1.1 The email account "
     "that you tried to reach does not exist' message='2@ismtpd' event='e2'\n"
     "4 cy@harbour.example 2 bounce said=sender_policy about_sender 5.1.1 text='550 5.1.1 Message "
     "refused, user unknown to this policy' message='3@ismtpd' event='e3'\n"
     "5 dee@harbour.example 3 echo 5.0.0 text='Bounced Address' message='4@ismtpd' event='e4'\n"
     "6 eve@harbour.example 4 deferred soft text='400 try again later' message='m5' event='e5'\n"
     "7 flo@harbour.example 5 delivered message='m6' event='e6'\n"
     "8 gus@harbour.example 6 complaint message='m7' event='e7'\n"
     "9 hal@harbour.example 7 unsubscribe message='m8' event='e8'\n"
     "10 !no_bounce cell='open'\n"
     "11 !kind cell='teleported'\n"
     "12 kim@harbour.example 10 bounce 5.2.1 text='550 5.2.1 account disabled'\n"},
    {"mailgun", "1 ann@harbour.example 0 bounce hard 550 5.1.1 text='5.1.1 The email account that "
                "you tried to reach does not exist' host='mx.harbour.example' "
                "message='1.2@mg.brackwell.example' event='tok-1'\n"
                "2 bea@harbour.example 1 echo text='Not delivering to previously bounced address' "
                "message='2.2@mg' event='tok-2'\n"
                "3 cy@harbour.example 2 bounce said=infrastructure text='No MX for "
                "harbour.example' message='3.2@mg' event='tok-3'\n"
                "4 dee@harbour.example 3 deferred soft 452 text='4.2.2 The email account is over "
                "quota' message='4.2@mg' event='tok-4'\n"
                "5 eve@harbour.example 4 complaint message='5.2@mg' event='tok-5'\n"
                "6 !no_bounce cell='opened'\n"
                "7 gus@harbour.example 6 echo text='Not delivering to previously bounced address' "
                "message='7.2@mg' event='tok-7'\n"
                "8 hal@harbour.example 7 bounce hard 550 text='5.1.1 no such user' "
                "message='8.2@mg' event='tok-8'\n"
                "9 ida@harbour.example 8 bounce 550 text='No such mailbox'\n"
                "9 jon@harbour.example 9 echo\n"},
    {"postmark", "1 ann@harbour.example 0 bounce hard text='smtp;550 5.1.1 The email account does "
                 "not exist' message='883953f4-1' event='4323372036854775807'\n"
                 "2 !no_bounce cell='AutoResponder'\n"
                 "3 cy@harbour.example 2 deferred soft said=infrastructure text='smtp;451 4.7.1 "
                 "Greylisted' message='883953f4-3' event='43'\n"
                 "4 dee@harbour.example 3 complaint message='883953f4-4' event='44'\n"
                 "5 eve@harbour.example 4 delivered message='883953f4-5'\n"
                 "6 flo@harbour.example 5 unsubscribe message='883953f4-6'\n"
                 "7 !no_bounce cell='false'\n"
                 "8 !no_bounce cell='Open'\n"
                 "9 ida@harbour.example 7 bounce said=sender_policy text='554 IP reputation' "
                 "message='883953f4-9' event='45'\n"
                 "9 jon@harbour.example 8 echo message='883953f4-10' event='46'\n"},
    {"sparkpost",
     "2 Ann@harbour.example 0 bounce hard said=bad_address 550 text='550 5.1.1 no such mailbox' "
     "message='000443ee14578172be22' event='92356927693813856'\n"
     "3 bea@harbour.example 1 bounce hard text='delivery refused' message='m2' event='2'\n"
     "4 cy@harbour.example 2 bounce hard message='m3' event='3'\n"
     "5 !no_bounce cell='out_of_band'\n"
     "6 eve@harbour.example 4 bounce soft said=mailbox_full message='m5' event='5'\n"
     "7 flo@harbour.example 5 deferred soft 451 text='451 4.7.1 try later' message='m6' event='6'\n"
     "8 gus@harbour.example 6 echo 550 text='550 5.1.1 recipient address suppressed due to "
     "customer policy' message='m7' event='7'\n"
     "9 hal@harbour.example 7 complaint message='m8' event='8'\n"
     "10 ida@harbour.example 8 unsubscribe message='m9' event='9'\n"
     "11 !no_bounce cell='open'\n"
     "13 kim@harbour.example 10 bounce text='550 user unknown' message='m11' event='11'\n"
     "14 lea@harbour.example 11 bounce hard text='550: 550 5.1.1 no'\n"
     "14 mia@harbour.example 12 complaint\n"},
    {"mailjet",
     "2 ann@harbour.example 0 bounce hard said=bad_address text='550 5.1.1 no such user here' "
     "message='1ab23cd4'\n"
     "3 bea@harbour.example 1 bounce soft said=mailbox_full text='quota exceeded' message='2'\n"
     "4 cy@harbour.example 2 echo text='preblocked' message='3'\n"
     "5 dee@harbour.example 3 delivered message='4'\n"
     "6 eve@harbour.example 4 complaint message='5'\n"
     "7 flo@harbour.example 5 unsubscribe message='6'\n"
     "8 !no_bounce cell='open'\n"},
    {"brevo",
     "1 ann@harbour.example 0 bounce hard text='550 5.1.1 user unknown' "
     "message='2019.5787683@relay.example'\n"
     "2 bea@harbour.example 1 bounce soft text='452 4.2.2 mailbox full' message='2@relay.example'\n"
     "3 cy@harbour.example 2 echo text='blocked : due to blacklist user' "
     "message='3@relay.example'\n"
     "4 dee@harbour.example 3 bounce hard said=bad_address message='4@relay.example'\n"
     "5 eve@harbour.example 4 deferred soft text='451 4.7.1 greylisted' message='5@relay.example'\n"
     "6 flo@harbour.example 5 complaint message='6@relay.example'\n"
     "7 gus@harbour.example 6 unsubscribe\n"
     "8 !no_bounce cell='unique_opened'\n"
     "9 ida@harbour.example 8 bounce hard text='bad domain' message='9@relay.example'\n"
     "10 jon@harbour.example 9 complaint\n"},
    {"mandrill", "2 ann@harbour.example 0 bounce hard said=bad_address text='smtp;550 5.1.1 The "
                 "email account that you tried to reach does not exist' message='m1' event='ev1'\n"
                 "3 bea@harbour.example 1 bounce soft said=mailbox_full message='m2' event='ev2'\n"
                 "4 cy@harbour.example 2 deferred soft text='451 4.3.5 Temporarily unavailable, "
                 "try again later.' message='m3' event='ev3'\n"
                 "5 dee@harbour.example 3 echo message='m4' event='ev4'\n"
                 "6 eve@harbour.example 4 complaint message='m5' event='ev5'\n"
                 "7 flo@harbour.example 5 unsubscribe message='m6' event='ev6'\n"
                 "8 !no_bounce cell='click'\n"
                 "9 hal@harbour.example 7 echo text='Example detail'\n"
                 "11 ida@harbour.example 8 bounce hard\n"
                 "12 jon@harbour.example 9 complaint\n"
                 "13 kim@harbour.example 10 unsubscribe\n"},
    {"kumomta",
     "1 ann@harbour.example 0 bounce said=bad_address 550 5.1.1 at_rcpt text='user unknown' "
     "host='mx.harbour.example' message='1d98076a1' event='1d98076a1'\n"
     "2 bea@harbour.example 1 bounce said=mailbox_full 552 text='mailbox is full' "
     "message='1d98076a2' event='1d98076a2'\n"
     "2 cy@harbour.example 1 bounce said=mailbox_full 552 text='mailbox is full' "
     "message='1d98076a2' event='1d98076a2'\n"
     "3 dee@harbour.example 2 deferred soft 421 4.7.0 at_mail text='try later' message='1d98076a3' "
     "event='1d98076a3'\n"
     "4 eve@harbour.example 3 bounce soft said=infrastructure 551 5.4.7 text='Next delivery time "
     "would be after the expiry' message='1d98076a4' event='1d98076a4'\n"
     "5 flo@harbour.example 4 bounce said=sender_policy about_sender 551 5.1.1 text='Administrator "
     "bounced: no such user' message='1d98076a5' event='1d98076a5'\n"
     "6 gus@harbour.example 5 delivered message='1d98076a6' event='1d98076a6'\n"
     "7 hal@harbour.example 6 bounce 550 5.1.1 text='5.1.1 no such user' event='1d98076a7'\n"
     "8 ida@harbour.example 7 complaint event='1d98076a8'\n"
     "9 !no_bounce cell='not-spam'\n"
     "10 !no_bounce cell='Reception'\n"},
    {"mixed", "1 ann@harbour.example 0 bounce 550 5.1.1 text='550 5.1.1 user unknown' message='q1' "
              "event='mail.log@77'\n"
              "2 bea@harbour.example 1 delivered message='m6' event='e6'\n"
              "3 !record cell='of no known service'\n"
              "4 !record cell='no object'\n"
              "5 !record cell='no JSON'\n"
              "6 dee@harbour.example 4 unsubscribe message='4'\n"},
};

START_TEST(reads_samples)
{
    char path[256];
    (void)snprintf(path, sizeof path, WN_TEST_ROOT "/tests/data/webhooks/%s.json",
                   samples[_i].file);
    ck_assert_str_eq(json_read_file(path, 1), samples[_i].want);
}
END_TEST

#define BREVO(more)                                                                                \
    "{\"event\":\"hard_bounce\",\"email\":\"a@x.com\",\"message-id\":\"<m@x>\"" more "}"
#define AT ",\"ts_event\":1772377200"

static const struct {
    const char *name, *text, *want;
} traps[] = {
    {"a time in seconds", BREVO(",\"ts_event\":1772377201"),
     "1 a@x.com 1 bounce hard message='m@x'\n"},
    {"milliseconds", BREVO(",\"ts_epoch\":1772377202999"),
     "1 a@x.com 2 bounce hard message='m@x'\n"},
    {"nanoseconds", BREVO(",\"ts_event\":1772377203123456789"),
     "1 a@x.com 3 bounce hard message='m@x'\n"},
    {"a number as text", BREVO(",\"ts_event\":\"1772377204\""),
     "1 a@x.com 4 bounce hard message='m@x'\n"},
    {"a fraction as text", BREVO(",\"ts_event\":\"1772377205.75\""),
     "1 a@x.com 5 bounce hard message='m@x'\n"},
    {"a date with a zone", BREVO(",\"ts_event\":\"2026-03-01T16:00:06+01:00\""),
     "1 a@x.com 6 bounce hard message='m@x'\n"},
    {"a mail's date", BREVO(",\"ts_event\":\"Sun, 01 Mar 2026 15:00:07 +0000\""),
     "1 a@x.com 7 bounce hard message='m@x'\n"},
    {"no time", BREVO(",\"ts_event\":null,\"ts\":\"\",\"date\":\"soon\""), "1 !date cell='soon'\n"},
    {"a time that is none", BREVO(",\"ts_event\":-1"), "1 !date cell='-1'\n"},
    {"a time beyond all", BREVO(",\"ts_event\":1e308"), "1 !date\n"},
    {"a time that is an object", BREVO(",\"ts_event\":{}"), "1 !date\n"},
    {"an escaped address",
     "{\"event\":\"spam\",\"email\":\"\\u0061@x.com\",\"message-id\":\"m\"" AT "}",
     "1 a@x.com 0 complaint message='m'\n"},
    {"a long number is an id",
     "{\"event\":\"unsub\",\"email\":\"a@x.com\",\"time\":1772377200,"
     "\"MessageID\":576460752303423487,\"Payload\":\"\\\"12345678901234567890\"}",
     "1 a@x.com 0 unsubscribe message='576460752303423487'\n"},
    {"no address", "{\"event\":\"spam\",\"email\":7,\"message-id\":\"m\"" AT "}",
     "1 7 0 complaint message='m'\n"},
    {"an address that is a list",
     "{\"event\":\"spam\",\"email\":[\"a@x.com\"],\"message-id\":\"m\"" AT "}", "1 !address\n"},
    {"a name twice",
     "{\"event\":\"spam\",\"email\":\"a@x.com\",\"email\":\"b@x.com\",\"message-id\":\"m\"" AT "}",
     "1 !record cell='a name stands twice'\n"},
    {"a name twice that nobody reads",
     "{\"event\":\"spam\",\"email\":\"a@x.com\",\"z\":1,\"z\":2,\"message-id\":\"m\"" AT "}",
     "1 a@x.com 0 complaint message='m'\n"},
    {"an escaped NUL cuts no address short",
     "{\"event\":\"spam\",\"email\":\"a@x.com\\u0000@evil.example\",\"message-id\":\"m\"" AT "}",
     "1 !record cell='no JSON'\n"},
    {"a backslash before u0000 is a text",
     "{\"event\":\"spam\",\"email\":\"a@x.com\",\"message-id\":\"\\\\u0000\"" AT "}",
     "1 a@x.com 0 complaint message='\\u0000'\n"},
    {"another service's words",
     "{\"event\":\"hard_bounce\",\"email\":\"a@x.com\",\"timestamp\":1,\"sg_event_id\":\"e\"}",
     "1 !kind cell='hard_bounce'\n"},
    {"a kind that is a number", "{\"event\":5,\"email\":\"a@x.com\",\"message-id\":\"m\"" AT "}",
     "1 !kind cell='5'\n"},
    {"an object of nobody", "{\"a\":1}", "1 !record cell='of no known service'\n"},
    {"an empty object", "{}", "1 !record cell='of no known service'\n"},
    {"no JSON", "{\"a\":}", "1 !record cell='no JSON'\n"},
    {"a text that is no JSON", "\"hello\"", "1 !record cell='hello'\n"},
    {"a text that is JSON", "\"{\\\"a\\\":1}\"", "1 !record cell='of no known service'\n"},
    {"SNS around no JSON",
     "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":\"Successfully validated\"}",
     "1 !no_bounce cell='Successfully validated'\n"},
    {"SNS around broken JSON",
     "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":\"{\\\"a\\\"\"}",
     "1 !record cell='no JSON'\n"},
    {"SparkPost's empty ping", "{\"msys\":{}}", "1 !record cell='of no known service'\n"},
    {"SES names nobody: not the message's recipients",
     "{\"notificationType\":\"Bounce\",\"mail\":{\"destination\":[\"a@x.com\"]},\"bounce\":{"
     "\"bounceType\":"
     "\"Permanent\",\"bounceSubType\":\"General\",\"timestamp\":\"2026-03-01T15:00:00Z\"}}",
     "1 !address\n"},
    {"SES: nothing says why",
     "{\"notificationType\":\"Bounce\",\"mail\":{},\"bounce\":{\"bounceType\":\"Undetermined\","
     "\"bounceSubType\":"
     "\"Undetermined\",\"timestamp\":\"2026-03-01T15:00:00Z\",\"bouncedRecipients\":[{"
     "\"emailAddress\":\"a@x.com\"}]}}",
     "1 !code cell='a@x.com'\n"},
    {"Mailgun's own codes are none of SMTP",
     "{\"event\":\"failed\",\"severity\":\"permanent\",\"reason\":\"generic\",\"recipient\":\"a@x."
     "com\",\"timestamp\":"
     "1772377200,\"delivery-status\":{\"code\":499,\"message\":\"\"}}",
     "1 a@x.com 0 bounce said=infrastructure\n"},
    {"KumoMTA: an enhanced code that is none",
     "{\"type\":\"Bounce\",\"id\":\"k\",\"recipient\":\"a@x.com\",\"queue\":\"q\",\"timestamp\":"
     "1772377200,"
     "\"response\":{\"code\":550,\"content\":\"x\",\"enhanced_code\":{\"class\":9,\"subject\":1,"
     "\"detail\":1}}}",
     "1 a@x.com 0 bounce 550 text='x' message='k' event='k'\n"},
    {"KumoMTA: nobody",
     "{\"type\":\"Bounce\",\"id\":\"k\",\"recipient\":[],\"queue\":\"q\",\"response\":{},"
     "\"timestamp\":1772377200}",
     "1 !address\n"},
};

START_TEST(minds_traps)
{
    const char *notices = json_read_text(wn_span_of(traps[_i].text));
    ck_assert_msg(strcmp(notices, traps[_i].want) == 0, "%s: %s", traps[_i].name, notices);
}
END_TEST

#define SENDGRID(type, more)                                                                       \
    "{\"email\":\"a@x.com\",\"timestamp\":1772377200,\"sg_event_id\":\"e\",\"event\":\"bounce\","  \
    "\"type\":\"" type "\"" more "}"

/* What the judgement makes of a notice. */
static const struct {
    const char *name, *text;
    enum wn_bounce_action action;
    enum wn_category category;
} judged[] = {
    {"the reply decides",
     SENDGRID("bounce", ",\"reason\":\"550 5.1.1 user unknown\",\"status\":\"5.0.0\""), WN_ACTION_S,
     WN_CATEGORY_bad_address},
    {"the same blocked is not about the recipient",
     SENDGRID("blocked", ",\"reason\":\"550 5.1.1 user unknown\",\"status\":\"5.1.1\""),
     WN_ACTION_X, WN_CATEGORY_sender_policy},
    {"nor is a full mailbox", SENDGRID("blocked", ",\"reason\":\"452 4.2.2 mailbox full\""),
     WN_ACTION_X, WN_CATEGORY_sender_policy},
    {"what is the sender's own stays what it is",
     SENDGRID("blocked", ",\"reason\":\"550 5.7.1 message identified as spam\""), WN_ACTION_X,
     WN_CATEGORY_content},
    {"hard alone", SENDGRID("bounce", ""), WN_ACTION_S2, WN_CATEGORY_unclassified},
    {"the service's word where there is no other",
     SENDGRID("bounce", ",\"bounce_classification\":\"Reputation\",\"reason\":\"no\""), WN_ACTION_X,
     WN_CATEGORY_sender_policy},
    {"its word for an unknown user takes two",
     SENDGRID("bounce", ",\"bounce_classification\":\"Invalid Address\",\"reason\":\"no\""),
     WN_ACTION_S2, WN_CATEGORY_bad_address},
    {"a reply at MAIL FROM is not about the recipient",
     "{\"type\":\"Bounce\",\"id\":\"k\",\"recipient\":\"a@x.com\",\"queue\":\"q\",\"timestamp\":"
     "1772377200,\"response\":{\"code\":550,\"content\":\"5.1.1 user unknown\",\"command\":"
     "\"MAIL FROM:<n@y.com>\"}}",
     WN_ACTION_X, WN_CATEGORY_sender_policy},
};

START_TEST(judges)
{
    struct wn_json_notices notices = {0};
    struct wn_span text = wn_span_of(judged[_i].text);
    const struct wn_json_record record = {0, text.n, 1, NULL, false};
    char key[WN_NOTICE_KEY_MAX];
    struct wn_event event;
    wn_json_read_record(&record, text, &notices);
    ck_assert_uint_eq(notices.count, 1);
    ck_assert(wn_notice_judge(&notices.list[0], JSON_THEN, key, &event));
    ck_assert_msg(event.action == judged[_i].action && event.category == judged[_i].category,
                  "%s: %s %s", judged[_i].name, wn_bounce_action_word(event.action),
                  wn_category_word(event.category));
    wn_json_notices_release(&notices);
}
END_TEST

/* The first value that fits each part of what a row is written for must lead to that row: else a
 * row above it has taken it. */
START_TEST(every_row_is_reached)
{
    size_t checked = 0;
    for (size_t form = 0; wn_json_form_service(form) != NULL; form++) {
        const char *values;
        for (size_t row = 0; (values = wn_json_form_values(form, row)) != NULL; row++) {
            struct wn_span rest = wn_span_of(values), part, said[4];
            size_t count = 0;
            while (wn_json_next(&rest, ';', &part)) {
                struct wn_span first;
                ck_assert_uint_lt(count, 4);
                ck_assert(wn_json_next(&part, '|', &first));
                bool any = wn_span_equal(first, WN_SPAN("*"));
                bool none = wn_span_equal(first, WN_SPAN("-"));
                said[count++] = any ? WN_SPAN("\x01") : none ? (struct wn_span){NULL, 0} : first;
            }
            while (count < 4) {
                said[count++] = WN_SPAN("\x01");
            }
            ck_assert_msg(wn_json_form_row(form, said, 4) == row, "%s: \"%s\"",
                          wn_json_form_service(form), values);
            checked++;
        }
        ck_assert_msg(wn_json_form_values(form, 0) != NULL, "%s has no rows",
                      wn_json_form_service(form));
    }
    ck_assert_uint_gt(checked, 100);
}
END_TEST

START_TEST(words_mean_categories)
{
    static const struct {
        const char *word;
        enum wn_category category;
    } words[] = {
        {"bad-mailbox", WN_CATEGORY_bad_address},
        {"BadMailbox", WN_CATEGORY_bad_address},
        {"Invalid Address", WN_CATEGORY_bad_address},
        {"bad-domain", WN_CATEGORY_bad_domain},
        {"quota-issues", WN_CATEGORY_mailbox_full},
        {"inactive-mailbox", WN_CATEGORY_mailbox_disabled},
        {"policy-related", WN_CATEGORY_sender_policy},
        {"spam-related", WN_CATEGORY_content},
        {"routing-errors", WN_CATEGORY_infrastructure},
        {"no-answer-from-host", WN_CATEGORY_infrastructure},
        {"message-expired", WN_CATEGORY_infrastructure},
        {"Frequency/Volume", WN_CATEGORY_sender_policy},
    };
    enum wn_category category;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        ck_assert(wn_category_of_word(wn_span_of(words[i].word), &category));
        ck_assert_msg(category == words[i].category, "%s", words[i].word);
    }
    ck_assert(!wn_category_of_word(WN_SPAN("other"), &category));
    ck_assert(!wn_category_of_word(WN_SPAN(""), &category));
    ck_assert(
        !wn_category_of_word(WN_SPAN("bad-mailbox-bad-mailbox-bad-mailbox-bad-mailbox-bad-mailbox-"
                                     "bad-mailbox-bad-mailbox"),
                             &category));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *t = tcase_create("json");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, reads_samples, 0, sizeof samples / sizeof *samples);
    tcase_add_loop_test(t, minds_traps, 0, sizeof traps / sizeof *traps);
    tcase_add_loop_test(t, judges, 0, sizeof judged / sizeof *judged);
    tcase_add_test(t, every_row_is_reached);
    tcase_add_test(t, words_mean_categories);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
