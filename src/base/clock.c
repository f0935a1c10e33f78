/* SPDX-License-Identifier: MIT */
/* Dates are computed with the days-from-civil arithmetic on a year that begins in March, so that no
 * time zone database, locale or 32-bit limit takes part. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t wn_clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec;
}

int64_t wn_clock_monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static void put_digits(char *p, int count, int value)
{
    for (; count > 0; count--) {
        p[count - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

void wn_time_format(int64_t at, char text[WN_TIME_TEXT])
{
    text[0] = '\0';
    if (at < -INT64_C(62167219200) || at > INT64_C(253402300799)) {
        return;
    }
    int64_t days = at / WN_DAY - (at % WN_DAY < 0);
    int seconds = (int)(at - days * WN_DAY);
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    /* By hand: a report may hold a million of these. */
    memcpy(text, "0000-00-00T00:00:00Z", 21);
    put_digits(text, 4, year);
    put_digits(text + 5, 2, month);
    put_digits(text + 8, 2, day);
    put_digits(text + 11, 2, seconds / 3600);
    put_digits(text + 14, 2, seconds / 60 % 60);
    put_digits(text + 17, 2, seconds % 60);
}

void wn_time_format_mail(int64_t at, char text[WN_MAIL_TIME_TEXT])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1 January 1970 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char plain[WN_TIME_TEXT];
    wn_time_format(at, plain);
    text[0] = '\0';
    if (plain[0] == '\0') {
        return;
    }
    int64_t day = at / WN_DAY - (at % WN_DAY < 0);
    int month = (plain[5] - '0') * 10 + plain[6] - '0';
    (void)snprintf(text, WN_MAIL_TIME_TEXT, "%.3s, %.2s %.3s %.4s %.8s +0000",
                   days + (ptrdiff_t)3 * (((day % 7) + 7) % 7), plain + 8,
                   months + (ptrdiff_t)3 * (month - 1), plain, plain + 11);
}

/* A cursor over the text: each step consumes what it expects or fails. */
struct cursor {
    struct wn_span rest;
};

static bool digits(struct cursor *c, size_t count, int *value)
{
    uint64_t v;
    if (c->rest.n < count || !wn_span_number((struct wn_span){c->rest.p, count}, 9999, &v)) {
        return false;
    }
    c->rest.p += count;
    c->rest.n -= count;
    *value = (int)v;
    return true;
}

static bool one_of(struct cursor *c, const char *set)
{
    if (c->rest.n == 0 || c->rest.p[0] == '\0' || strchr(set, c->rest.p[0]) == NULL) {
        return false;
    }
    c->rest.p++;
    c->rest.n--;
    return true;
}

/* False for a date that is none. */
static bool days_of_date(int year, int month, int day, int64_t *days)
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > length[month - 1] + (month == 2 && leap)) {
        return false;
    }
    *days = days_from_civil(year, month, day);
    return true;
}

static bool read_date(struct cursor *c, int64_t *days)
{
    int year, month, day;
    return digits(c, 4, &year) && one_of(c, "-/") && digits(c, 2, &month) && one_of(c, "-/") &&
           digits(c, 2, &day) && days_of_date(year, month, day, days);
}

static bool read_time(struct cursor *c, int64_t *seconds)
{
    int hour, minute, second = 0, skipped;
    if (!digits(c, 2, &hour) || !one_of(c, ":") || !digits(c, 2, &minute)) {
        return false;
    }
    if (one_of(c, ":")) {
        if (!digits(c, 2, &second)) {
            return false;
        }
        if (one_of(c, ".,")) {
            if (!digits(c, 1, &skipped)) {
                return false;
            }
            while (digits(c, 1, &skipped)) {
            }
        }
    }
    *seconds = hour * INT64_C(3600) + minute * INT64_C(60) + second;
    return hour < 24 && minute < 60 && second <= 60;
}

/* Nothing, "Z", " UTC" or "+hh[:][mm]". */
static bool read_zone(struct cursor *c, int64_t *offset)
{
    *offset = 0;
    c->rest = wn_span_trim(c->rest);
    if (c->rest.n == 0 || wn_span_equal_nocase(c->rest, WN_SPAN("Z")) ||
        wn_span_equal_nocase(c->rest, WN_SPAN("UTC")) ||
        wn_span_equal_nocase(c->rest, WN_SPAN("GMT"))) {
        return true;
    }
    bool west = c->rest.p[0] == '-';
    int hour, minute = 0;
    if (!one_of(c, "+-") || !digits(c, 2, &hour)) {
        return false;
    }
    (void)one_of(c, ":");
    if (c->rest.n > 0 && !digits(c, 2, &minute)) {
        return false;
    }
    *offset = (hour * INT64_C(3600) + minute * INT64_C(60)) * (west ? -1 : 1);
    return c->rest.n == 0 && hour < 24 && minute < 60;
}

/* The number of a month by the first three letters of its name, or 0. */
static int read_month(struct cursor *c)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12 && c->rest.n >= 3; i++) {
        if (wn_span_equal_nocase((struct wn_span){c->rest.p, 3},
                                 (struct wn_span){names + (size_t)3 * (size_t)i, 3})) {
            c->rest.p += 3;
            c->rest.n -= 3;
            return i + 1;
        }
    }
    return 0;
}

/* "Sun, 01 Mar 2026", the name of the day being optional. */
static bool read_mail_date(struct cursor *c, int64_t *days)
{
    int year, month, day;
    const char *comma = c->rest.n > 4 ? memchr(c->rest.p, ',', 4) : NULL;
    if (comma != NULL) {
        c->rest.n -= (size_t)(comma + 1 - c->rest.p);
        c->rest.p = comma + 1;
        c->rest = wn_span_trim(c->rest);
    }
    if ((!digits(c, 2, &day) && !digits(c, 1, &day)) || !one_of(c, " -")) {
        return false;
    }
    month = read_month(c);
    return month > 0 && one_of(c, " -") && digits(c, 4, &year) &&
           days_of_date(year, month, day, days);
}

bool wn_time_parse(struct wn_span text, int64_t *at)
{
    uint64_t number;
    text = wn_span_trim(text);
    if (text.n >= 9 && wn_span_number(text, UINT64_C(253402300799999), &number)) {
        /* Ten digits are seconds until 2286; thirteen are milliseconds since 2001. */
        *at = (int64_t)(text.n > 11 ? number / 1000 : number);
        return true;
    }
    struct cursor c = {text};
    int64_t days, seconds = 0, offset = 0;
    if (!read_date(&c, &days)) {
        c.rest = text;
        if (!read_mail_date(&c, &days)) {
            return false;
        }
    }
    if (c.rest.n > 0 &&
        (!one_of(&c, "Tt ") || !read_time(&c, &seconds) || !read_zone(&c, &offset))) {
        return false;
    }
    *at = days * WN_DAY + seconds - offset;
    return true;
}

bool wn_period_parse(struct wn_span text, int64_t *ms)
{
    static const struct {
        struct wn_span unit;
        int64_t ms;
    } units[] = {{WN_SPAN(""), 1000},   {WN_SPAN("ms"), 1},      {WN_SPAN("s"), 1000},
                 {WN_SPAN("m"), 60000}, {WN_SPAN("h"), 3600000}, {WN_SPAN("d"), WN_DAY * 1000}};
    const int64_t most = 10000 * WN_DAY * 1000;
    int64_t number = 0;
    size_t i = 0;
    for (; i < text.n && wn_is_digit(text.p[i]); i++) {
        number = number * 10 + (text.p[i] - '0');
        if (number > most) {
            return false;
        }
    }
    struct wn_span unit = {text.p + i, text.n - i};
    for (size_t k = 0; i > 0 && k < sizeof units / sizeof *units; k++) {
        if (wn_span_equal(unit, units[k].unit) && number <= most / units[k].ms) {
            *ms = number * units[k].ms;
            return true;
        }
    }
    return false;
}
