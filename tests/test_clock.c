/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "support/suite.h"

/* 2026-11-21T18:59:40Z */
#define THEN INT64_C(1795287580)

static const struct row {
    const char *name, *text;
    int64_t at;
} rows[] = {
    {"a date is midnight", "2026-11-21", THEN - 68380},
    {"slashes", "2026/11/21", THEN - 68380},
    {"RFC 3339", "2026-11-21T18:59:40Z", THEN},
    {"lower case", "2026-11-21t18:59:40z", THEN},
    {"a blank for the T", "2026-11-21 18:59:40", THEN},
    {"no zone is UTC", "2026-11-21T18:59:40", THEN},
    {"UTC behind a blank", "2026-11-21 18:59:40 UTC", THEN},
    {"GMT", "2026-11-21 18:59:40 GMT", THEN},
    {"no seconds", "2026-11-21 18:59", THEN - 40},
    {"no seconds, zone", "2026-11-21T18:59Z", THEN - 40},
    {"fraction", "2026-11-21T18:59:40.123456789Z", THEN},
    {"fraction with a comma", "2026-11-21 18:59:40,5", THEN},
    {"east", "2026-11-21T20:59:40+02:00", THEN},
    {"east without a colon", "2026-11-21T20:59:40+0200", THEN},
    {"east, hours alone", "2026-11-21T20:59:40+02", THEN},
    {"east behind a blank", "2026-11-21 20:59:40 +0200", THEN},
    {"west with half an hour", "2026-11-21T15:29:40-03:30", THEN},
    {"blanks around", " 2026-11-21T18:59:40Z\r\n", THEN},
    {"seconds", "1795287580", THEN},
    {"milliseconds", "1795287580123", THEN},
    {"nine digits are seconds", "999999999", 999999999},
    {"eleven digits are seconds", "10000000000", INT64_C(10000000000)},
    {"twelve digits are milliseconds", "999999999999", 999999999},
    {"the epoch", "1970-01-01", 0},
    {"before the epoch", "1969-12-31T23:59:59Z", -1},
    {"the first second", "0000-01-01T00:00:00Z", -INT64_C(62167219200)},
    {"the last second", "9999-12-31T23:59:59Z", INT64_C(253402300799)},
    {"leap day", "2024-02-29", 1709164800},
    {"leap day of a century", "2000-02-29", 951782400},
    {"beyond 32 bits", "2038-01-19T03:14:08Z", INT64_C(2147483648)},
    {"leap second", "2016-12-31T23:59:60Z", 1483228800},
    {"a mail's date", "Sat, 21 Nov 2026 18:59:40 +0000", THEN},
    {"a mail's date, GMT", "Sat, 21 Nov 2026 18:59:40 GMT", THEN},
    {"a mail's date in another zone", "21 Nov 2026 20:59:40 +0200", THEN},
    {"a mail's date without a zero", "Thu, 1 Jan 1970 00:00:00 UTC", 0},
};

START_TEST(accepted)
{
    int64_t at = -2;
    ck_assert_msg(wn_time_parse(wn_span_of(rows[_i].text), &at), "%s", rows[_i].name);
    ck_assert_msg(at == rows[_i].at, "%s: %lld", rows[_i].name, (long long)at);
}
END_TEST

static const char *const refused_texts[] = {
    "",
    " ",
    "yesterday",
    "20261121",
    "2026",
    "2026-11",
    "2026-11-",
    "2026-11-2",
    "26-11-21",
    "2026-00-01",
    "2026-13-01",
    "2026-01-00",
    "2026-01-32",
    "2026-04-31",
    "2026-02-29",
    "1900-02-29",
    "2100-02-29",
    "2026-11-21T",
    "2026-11-21T18",
    "2026-11-21T18:5",
    "2026-11-21T24:00:00",
    "2026-11-21T18:60:00",
    "2026-11-21T18:59:61",
    "2026-11-21T18:59:4",
    "2026-11-21T18:59:40.",
    "2026-11-21T18:59:40X",
    "2026-11-21T18:59:40+2",
    "2026-11-21T18:59:40+02:0",
    "2026-11-21T18:59:40+24:00",
    "2026-11-21T18:59:40+02:60",
    "2026-11-21T18:59:40+02:00x",
    "2026-11-21x18:59:40",
    "+2026-11-21",
    "-1795287580",
    "1795287580 s",
    "12345678",
    "253402300800000",
    "99999999999999999999999",
    "Sat, 21 Now 2026 18:59:40 GMT",
    "Sat, 31 Apr 2026 18:59:40 GMT",
    "Sat, 21 Nov 26 18:59:40 GMT",
    "Sat, 21 Nov 2026 18:59:40 Mars",
    "Saturday, 21 Nov 2026",
    "Nov 21 2026",
};

START_TEST(refused)
{
    int64_t at;
    ck_assert_msg(!wn_time_parse(wn_span_of(refused_texts[_i]), &at), "%s", refused_texts[_i]);
}
END_TEST

static const struct {
    int64_t at;
    const char *text;
} mail_dates[] = {
    {THEN, "Sat, 21 Nov 2026 18:59:40 +0000"},
    {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
    {-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
    {INT64_C(1736277945), "Tue, 07 Jan 2025 19:25:45 +0000"},
    {INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 +0000"},
    {INT64_C(253402300800), ""},
};

START_TEST(formatted_as_mails_do)
{
    char text[WN_MAIL_TIME_TEXT];
    int64_t at;
    wn_time_format_mail(mail_dates[_i].at, text);
    ck_assert_str_eq(text, mail_dates[_i].text);
    if (text[0] != '\0') {
        ck_assert(wn_time_parse(wn_span_of(text), &at));
        ck_assert_int_eq(at, mail_dates[_i].at);
    }
}
END_TEST

START_TEST(a_nul_is_no_separator)
{
    static const char text[] = "2026-11-21\00018:59:40";
    int64_t at;
    ck_assert(!wn_time_parse((struct wn_span){text, sizeof text - 1}, &at));
}
END_TEST

START_TEST(formatted)
{
    static const struct {
        int64_t at;
        const char *text;
    } formats[] = {
        {THEN, "2026-11-21T18:59:40Z"},
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {-WN_DAY, "1969-12-31T00:00:00Z"},
        {1709164800, "2024-02-29T00:00:00Z"},
        {-INT64_C(62167219200), "0000-01-01T00:00:00Z"},
        {INT64_C(253402300799), "9999-12-31T23:59:59Z"},
        {-INT64_C(62167219201), ""},
        {INT64_C(253402300800), ""},
        {INT64_MIN, ""},
        {INT64_MAX, ""},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char text[WN_TIME_TEXT];
        wn_time_format(formats[i].at, text);
        ck_assert_str_eq(text, formats[i].text);
    }
}
END_TEST

/* Every day of the ten thousand years, at a time that moves on; the C library agrees. */
START_TEST(round_trip)
{
    int64_t seconds = 0;
    for (int64_t at = -INT64_C(62167219200); at <= INT64_C(253402300799); at += WN_DAY + 86399) {
        char text[WN_TIME_TEXT], truth[WN_TIME_TEXT];
        struct tm tm;
        time_t t = (time_t)at;
        int64_t back;
        wn_time_format(at, text);
        if (!wn_time_parse(wn_span_of(text), &back) || back != at) {
            ck_abort_msg("%s is not read back", text);
        }
        if (seconds++ % 16 == 0 && gmtime_r(&t, &tm) != NULL && tm.tm_year >= -900) {
            ck_assert_uint_gt(strftime(truth, sizeof truth, "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
            ck_assert_str_eq(text, truth);
        }
    }
}
END_TEST

START_TEST(clocks_run)
{
    ck_assert_int_gt(wn_clock_now(), INT64_C(1700000000));
    int64_t first = wn_clock_monotonic_ms();
    ck_assert_int_ge(wn_clock_monotonic_ms(), first);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *cases = tcase_create("clock");
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, accepted, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(cases, refused, 0, sizeof refused_texts / sizeof *refused_texts);
    tcase_add_test(cases, a_nul_is_no_separator);
    tcase_add_loop_test(cases, formatted_as_mails_do, 0,
                        (int)(sizeof mail_dates / sizeof *mail_dates));
    tcase_add_test(cases, formatted);
    tcase_add_test(cases, round_trip);
    tcase_add_test(cases, clocks_run);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
