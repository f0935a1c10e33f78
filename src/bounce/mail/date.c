/* SPDX-License-Identifier: MIT */
/* Tokens rather than a grammar, since what stands in messages follows none: a number with a colon
 * is the time, a word a month, a zone or a weekday, the first other number the day and the next the
 * year. That reads RFC 5322 and asctime alike. */
#include "base/clock.h"
#include "bounce/mail/fields.h"

struct date {
    int day, month; /* 0: not found yet */
    int year;       /* -1: not found yet */
    int hour, minute, second;
    bool timed;
    int zone; /* seconds east of Greenwich */
};

/* The number at the start of `s`, of at most five digits, or -1; *used says how many. */
static int number(struct wn_span s, size_t *used)
{
    int value = 0;
    for (*used = 0; *used < s.n && wn_is_digit(s.p[*used]); ++*used) {
        if (*used == 5) {
            return -1;
        }
        value = value * 10 + (s.p[*used] - '0');
    }
    return *used > 0 ? value : -1;
}

/* "23:34:45", "23:34" */
static bool read_time(struct wn_span s, struct date *d)
{
    int *parts[] = {&d->hour, &d->minute, &d->second};
    size_t count = 0, used;
    d->second = 0;
    while (count < 3) {
        *parts[count] = number(s, &used);
        if (*parts[count++] < 0) {
            return false;
        }
        s.p += used;
        s.n -= used;
        if (s.n == 0 || *s.p != ':') {
            break;
        }
        s.p++;
        s.n--;
    }
    d->timed = count >= 2 && d->hour < 24 && d->minute < 60 && d->second <= 60;
    return d->timed;
}

static void read_word(struct wn_span s, struct date *d)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7},
                 {"MDT", -6}, {"PST", -8}, {"PDT", -7}, {"CET", 1},  {"CEST", 2},
                 {"MET", 1},  {"MEST", 2}, {"BST", 1},  {"EET", 2},  {"EEST", 3},
                 {"MSK", 3},  {"JST", 9},  {"KST", 9},  {"AEST", 10}};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        if (wn_span_equal_nocase(s, wn_span_of(zones[i].name)) && d->zone == 0) {
            d->zone = zones[i].hours * 3600;
            return;
        }
    }
    for (int i = 0; i < 12 && s.n >= 3 && d->month == 0; i++) {
        if (wn_begins(s, (struct wn_span){months + 3 * (size_t)i, 3})) {
            d->month = i + 1;
        }
    }
}

static void read_token(struct wn_span s, struct date *d)
{
    size_t used;
    if ((*s.p == '+' || *s.p == '-') && s.n == 5) {
        int zone = number((struct wn_span){s.p + 1, 4}, &used);
        if (used == 4 && zone / 100 < 15 && zone % 100 < 60) {
            d->zone = (zone / 100 * 60 + zone % 100) * (*s.p == '-' ? -60 : 60);
        }
        return;
    }
    if (!wn_is_digit(*s.p)) {
        read_word(s, d);
        return;
    }
    if (memchr(s.p, ':', s.n) != NULL) {
        if (!d->timed) {
            (void)read_time(s, d);
        }
        return;
    }
    int value = number(s, &used);
    if (s.n == 10 && used == 4 && s.p[4] == '-' && s.p[7] == '-') { /* 2010-04-29 */
        d->year = value;
        d->month = number((struct wn_span){s.p + 5, 2}, &used);
        d->day = number((struct wn_span){s.p + 8, 2}, &used);
    } else if (used < s.n && s.p[used] == '-') { /* 29-Apr-2010 */
        read_token((struct wn_span){s.p, used}, d);
        for (size_t i = used + 1, start = i; i <= s.n; i++) {
            if ((i == s.n || s.p[i] == '-') && i > start) {
                read_token((struct wn_span){s.p + start, i - start}, d);
                start = i + 1;
            }
        }
    } else if (d->day == 0 && value >= 1 && value <= 31) {
        d->day = value;
    } else if (d->year < 0 && value >= 0) {
        d->year = value >= 100 ? value : value < 50 ? 2000 + value : 1900 + value;
    }
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t century = y / 400, of_century = y - century * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return century * 146097 + of_century * 365 + of_century / 4 - of_century / 100 + of_year -
           719468;
}

bool wn_mail_date(struct wn_span text, int64_t *at)
{
    struct date d = {.year = -1};
    size_t depth = 0, start = 0;
    if (text.n > 120) {
        text.n = 120;
    }
    for (size_t i = 0; i <= text.n; i++) {
        char c = i < text.n ? text.p[i] : ' ';
        bool comment = depth > 0 || c == '(' || c == ')';
        depth += c == '(' ? 1 : 0;
        depth -= c == ')' && depth > 0 ? 1 : 0;
        if (comment || c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n' || c == '\'') {
            if (i > start) {
                read_token((struct wn_span){text.p + start, i - start}, &d);
            }
            start = i + 1;
        }
    }
    if (d.day < 1 || d.day > 31 || d.month < 1 || d.month > 12 || d.year < 1900 || d.year > 9999 ||
        !d.timed) {
        return false;
    }
    int seconds = d.hour * 3600 + d.minute * 60 + d.second - d.zone;
    *at = days_of(d.year, d.month, d.day) * WN_DAY + seconds;
    return true;
}
