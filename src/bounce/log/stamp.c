/* SPDX-License-Identifier: MIT */
/* A stamp is an hour, which needs the calendar and a zone, and minutes and seconds, which need
 * nothing. The lines of a log come hour by hour, so the last hour is remembered and the calendar is
 * hardly ever asked. (Clocks are changed at a full hour, but on Lord Howe Island.) */
#include "bounce/log/stamp.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "bounce/log/line.h"

/* TAI64 counts from 2^62 at 1970 TAI, which multilog takes to be ten seconds before UTC. */
#define TAI64_EPOCH (UINT64_C(0x4000000000000000) + 10)

enum {
    YEARS_BACK = 8, /* from one 29 February to the one before, over a century */
    TAI64N = 25
};

static bool are_digits(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!wn_is_digit(p[i])) {
            return false;
        }
    }
    return true;
}

static int two(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* "18:59:40" */
static bool is_clock(const char *p)
{
    return wn_is_digit(p[0]) && wn_is_digit(p[1]) && p[2] == ':' && wn_is_digit(p[3]) &&
           wn_is_digit(p[4]) && p[5] == ':' && wn_is_digit(p[6]) && wn_is_digit(p[7]);
}

/* 1 to 12, or 0. */
static int read_month(const char *p)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (memcmp(p, names + (size_t)i * 3, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* "Nov 21 ", "Nov  1 " */
static bool is_month_and_day(struct wn_span s)
{
    return s.n >= 7 && s.p[3] == ' ' && (wn_is_digit(s.p[4]) || s.p[4] == ' ') &&
           wn_is_digit(s.p[5]) && s.p[6] == ' ' && read_month(s.p) > 0;
}

static size_t skip_fraction(struct wn_span s, size_t at)
{
    if (at + 1 < s.n && (s.p[at] == '.' || s.p[at] == ',') && wn_is_digit(s.p[at + 1])) {
        at++;
        while (at < s.n && wn_is_digit(s.p[at])) {
            at++;
        }
    }
    return at;
}

/* "+01:00", "+0100" at s[at]: its length, or 0. */
static size_t offset_length(struct wn_span s, size_t at)
{
    if (at + 5 > s.n || (s.p[at] != '+' && s.p[at] != '-') || !are_digits(s.p + at + 1, 2)) {
        return 0;
    }
    size_t colon = s.p[at + 3] == ':' ? 1 : 0;
    return at + 5 + colon <= s.n && are_digits(s.p + at + 3 + colon, 2) ? 5 + colon : 0;
}

static size_t iso_length(struct wn_span s)
{
    if (s.n < 19 || !are_digits(s.p, 4) || s.p[4] != '-' || !are_digits(s.p + 5, 2) ||
        s.p[7] != '-' || !are_digits(s.p + 8, 2) || (s.p[10] != 'T' && s.p[10] != ' ') ||
        !is_clock(s.p + 11)) {
        return 0;
    }
    size_t n = skip_fraction(s, 19);
    if (n < s.n && s.p[n] == 'Z') {
        return n + 1;
    }
    n += offset_length(s, n);
    /* Exim sets the zone apart; only then, and not where a message id begins with a sign. */
    if (s.p[10] == ' ' && n < s.n && s.p[n] == ' ') {
        size_t more = offset_length(s, n + 1);
        n += more > 0 ? more + 1 : 0;
    }
    return n;
}

static bool is_tai64n(struct wn_span s)
{
    if (s.n < TAI64N || s.p[0] != '@' || s.p[1] != '4') {
        return false;
    }
    for (size_t i = 1; i < TAI64N; i++) {
        if (!wn_is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f')) {
            return false;
        }
    }
    return true;
}

size_t wn_stamp_length(struct wn_span line)
{
    if (line.n < 12) {
        return 0;
    }
    if (line.p[0] == '@') {
        return is_tai64n(line) ? TAI64N : 0;
    }
    if (!wn_is_digit(line.p[0])) {
        if (!is_month_and_day(line)) {
            return 0;
        }
        if (line.n >= 15 && is_clock(line.p + 7)) {
            return skip_fraction(line, 15);
        }
        bool year = line.n >= 20 && are_digits(line.p + 7, 4) && line.p[11] == ' ';
        return year && is_clock(line.p + 12) ? skip_fraction(line, 20) : 0;
    }
    if (line.p[4] == '-') {
        return iso_length(line);
    }
    return are_digits(line.p, 10) && line.p[10] == '.' ? skip_fraction(line, 10) : 0;
}

/* The local hour, as seconds since 1970. False for a day that this year does not have. */
static bool local_hour(int year, int month, int day, int hour, int64_t *at)
{
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_isdst = -1};
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) {
        return false;
    }
    *at = mktime(&tm);
    return tm.tm_mday == day && tm.tm_mon == month - 1;
}

static bool guess_year(const struct wn_stamps *stamps, int month, int day, int hour, int64_t *at)
{
    struct tm latest;
    time_t until = stamps->written_at + WN_DAY;
    if (localtime_r(&until, &latest) == NULL) {
        return false;
    }
    for (int back = 0; back <= YEARS_BACK; back++) {
        if (local_hour(latest.tm_year + 1900 - back, month, day, hour, at) && *at <= until) {
            return true;
        }
    }
    return false;
}

/* The beginning of the hour that `hour` names, in the given zone. */
static bool convert_hour(const struct wn_stamps *stamps, struct wn_span hour, struct wn_span zone,
                         int64_t *at)
{
    if (!wn_is_digit(hour.p[0])) {
        int month = read_month(hour.p), day = two(hour.p + 4) % 100;
        if (hour.p[4] == ' ') {
            day = hour.p[5] - '0';
        }
        if (hour.n == 9) {
            return guess_year(stamps, month, day, two(hour.p + 7), at);
        }
        return local_hour(two(hour.p + 7) * 100 + two(hour.p + 9), month, day, two(hour.p + 12),
                          at);
    }
    if (zone.n == 0) {
        return local_hour(two(hour.p) * 100 + two(hour.p + 2), two(hour.p + 5), two(hour.p + 8),
                          two(hour.p + 11), at);
    }
    char text[40];
    int n = snprintf(text, sizeof text, "%.*s:00:00%.*s", (int)hour.n, hour.p, (int)zone.n, zone.p);
    return wn_time_parse((struct wn_span){text, (size_t)n}, at);
}

static int hex_digit(char c)
{
    return wn_is_digit(c) ? c - '0' : c - 'a' + 10;
}

static bool read_tai64n(struct wn_span stamp, int64_t *at)
{
    uint64_t seconds = 0;
    for (size_t i = 1; i <= 16; i++) {
        seconds = seconds << 4 | (uint64_t)hex_digit(stamp.p[i]);
    }
    if (seconds < TAI64_EPOCH) {
        return false;
    }
    *at = (int64_t)(seconds - TAI64_EPOCH);
    return true;
}

bool wn_stamp_read(struct wn_stamps *stamps, struct wn_span stamp, int64_t *at)
{
    uint64_t number;
    if (stamp.n == 0 || wn_stamp_length(stamp) != stamp.n) {
        return false;
    }
    if (stamp.p[0] == '@') {
        return read_tai64n(stamp, at);
    }
    if (stamp.n > 10 && stamp.p[10] == '.') {
        bool read = wn_span_number((struct wn_span){stamp.p, 10}, UINT64_C(9999999999), &number);
        *at = (int64_t)number;
        return read;
    }
    size_t hour_n = wn_is_digit(stamp.p[0]) ? 13 : (stamp.p[9] == ':' ? 9 : 14);
    struct wn_span zone = wn_behind(stamp, skip_fraction(stamp, hour_n + 6));
    int minute = two(stamp.p + hour_n + 1), second = two(stamp.p + hour_n + 4);
    if (minute > 59 || second > 60 || zone.n > sizeof stamps->zone) {
        return false;
    }
    if (hour_n != stamps->hour_n || zone.n != stamps->zone_n ||
        memcmp(stamp.p, stamps->hour, hour_n) != 0 ||
        (zone.n > 0 && memcmp(zone.p, stamps->zone, zone.n) != 0)) {
        if (!convert_hour(stamps, (struct wn_span){stamp.p, hour_n}, zone, &stamps->hour_at)) {
            stamps->hour_n = 0;
            return false;
        }
        memcpy(stamps->hour, stamp.p, hour_n);
        stamps->hour_n = hour_n;
        stamps->zone_n = zone.n;
        if (zone.n > 0) {
            memcpy(stamps->zone, zone.p, zone.n);
        }
    }
    *at = stamps->hour_at + minute * INT64_C(60) + second;
    return true;
}
