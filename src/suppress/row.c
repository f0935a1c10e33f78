/* SPDX-License-Identifier: MIT */
/* A suppression that is read wrongly as none costs more than one too many: so a row whose date
 * cannot be read counts all the same, and one that says nothing of why is one too. Only a word that
 * says that the address is subscribed, an unsubscription from some mail only, and an end that is
 * over keep a row from counting. Of several words in a row a person's will counts first. */
#include "suppress/row.h"

#include "base/clock.h"
#include "bounce/json/path.h"
#include "bounce/words.h"

#define EARLIEST                                                                                   \
    INT64_C(631152000)            /* 1990: zeros and a spreadsheet's missing dates are no dates    \
                                   */
#define LATEST_AHEAD (2 * WN_DAY) /* clocks and time zones differ */

static const char *const names[WN_LIST_FIELDS] = {
#define WN_LIST_COLUMN(field, names) names,
#include "data/suppression.def"
};

/* Of several in a row the first counts: exports of all contacts have words such as "manual" or
 * "customer" beside "active". */
enum meaning {
    MEANING_NONE,
    MEANING_complained,
    MEANING_unsubscribed,
    MEANING_subscribed,
    MEANING_suppressed
};

static const struct {
    enum meaning meaning;
    const char *words;
} words[] = {
#define WN_LIST_WORD(meaning, words) {MEANING_##meaning, words},
#include "data/suppression.def"
};

/* Winnow's own words. */
static const enum wn_reason own_reasons[] = {
    WN_REASON_complained,   WN_REASON_unsubscribed,  WN_REASON_suppressed,
    WN_REASON_hard_bounced, WN_REASON_full_too_long, WN_REASON_bounced_too_often,
};

const char *wn_listed_fault_sentence(enum wn_listed_fault fault)
{
    static const char *const sentences[WN_LISTED_FAULTS] = {
        [WN_LISTED_OK] = "",
        [WN_LISTED_RECORD] = "not a record of this file",
        [WN_LISTED_ADDRESS] = "no address that can be one, nor a SHA-256",
        [WN_LISTED_SUBSCRIBED] = "says that the address is subscribed",
        [WN_LISTED_TAG] = "unsubscribed from some mail only",
        [WN_LISTED_ENDED] = "its suppression is over",
    };
    return sentences[fault];
}

/* The place of a plain word in a list with blanks around each word, or 0. */
static size_t rank(const char *list, struct wn_span word)
{
    for (const char *p = list; word.n > 0 && (p = strchr(p, word.p[0])) != NULL; p++) {
        if (p[-1] == ' ' && strncmp(p, word.p, word.n) == 0 && p[word.n] == ' ') {
            return (size_t)(p - list);
        }
    }
    return 0;
}

size_t wn_list_column_rank(enum wn_list_field field, struct wn_span name)
{
    char room[WN_PLAIN_WORD];
    return rank(names[field], wn_plain_word(name, room));
}

static enum meaning meaning_of(struct wn_span cell)
{
    char room[WN_PLAIN_WORD];
    struct wn_span word = wn_plain_word(cell, room);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (rank(words[i].words, word) != 0) {
            return words[i].meaning;
        }
    }
    return MEANING_NONE;
}

static enum wn_reason reason_of(enum meaning meaning, enum wn_reason otherwise)
{
    switch (meaning) {
    case MEANING_complained:
        return WN_REASON_complained;
    case MEANING_unsubscribed:
        return WN_REASON_unsubscribed;
    case MEANING_suppressed:
        return WN_REASON_suppressed;
    default:
        return otherwise;
    }
}

bool wn_list_word(struct wn_span cell, enum wn_reason *reason, bool *subscribed)
{
    enum meaning meaning = meaning_of(cell);
    *subscribed = meaning == MEANING_subscribed;
    *reason = reason_of(meaning, *reason);
    return meaning != MEANING_NONE;
}

static struct wn_span first(const struct wn_list_row *row, enum wn_list_field field)
{
    const struct wn_list_values *values = &row->fields[field];
    for (size_t i = 0; i < values->n; i++) {
        if (values->v[i].n > 0) {
            return values->v[i];
        }
    }
    return (struct wn_span){NULL, 0};
}

/* An address, or the digest of one: in its own column, or where an address would stand. */
static bool find_subject(const struct wn_list_row *row, struct wn_listed *listed)
{
    struct wn_span digest = first(row, WN_LIST_FIELD_sha256);
    listed->address = first(row, WN_LIST_FIELD_email);
    if (listed->address.n > 7 &&
        wn_span_equal_nocase((struct wn_span){listed->address.p, 7}, WN_SPAN("sha256:"))) {
        digest = (struct wn_span){listed->address.p + 7, listed->address.n - 7};
        listed->address.n = 0;
    } else if (listed->address.n == (size_t)2 * WN_SHA256 && digest.n == 0) {
        digest = listed->address;
    }
    /* The address says more than its digest. */
    bool named = listed->address.n > 0 && memchr(listed->address.p, '@', listed->address.n) != NULL;
    listed->hashed = !named && wn_sha256_read(digest, listed->digest);
    listed->cell = listed->address.n > 0 ? listed->address : digest;
    return listed->hashed || named;
}

static bool is_date(int64_t at, int64_t now)
{
    return at >= EARLIEST && at <= now + LATEST_AHEAD;
}

static void find_date(const struct wn_list_row *row, int64_t now, struct wn_listed *listed)
{
    const struct wn_list_values *dates = &row->fields[WN_LIST_FIELD_at];
    bool some = false;
    for (size_t i = 0; i < dates->n; i++) {
        int64_t at;
        some = some || dates->v[i].n > 0;
        if (wn_time_parse(dates->v[i], &at) && is_date(at, now)) {
            listed->at = at;
            return;
        }
    }
    listed->bad_date = some && !row->headless;
}

/* Whether the row says that it is over. */
static bool has_ended(const struct wn_list_row *row, int64_t now)
{
    int64_t until;
    struct wn_span cell = first(row, WN_LIST_FIELD_until);
    return wn_time_parse(cell, &until) && until >= EARLIEST && until <= now;
}

static bool find_own_reason(struct wn_span word, struct wn_listed *listed)
{
    for (size_t i = 0; i < sizeof own_reasons / sizeof *own_reasons; i++) {
        if (wn_span_equal(word, wn_span_of(wn_reason_word(own_reasons[i])))) {
            listed->reason = own_reasons[i];
            return true;
        }
    }
    return false;
}

/* What Winnow wrote into the attributes of a subscriber of listmonk. */
static bool find_attributes(const struct wn_list_row *row, int64_t now, struct wn_listed *listed)
{
    struct wn_span text = first(row, WN_LIST_FIELD_attributes);
    char room[WN_JSON_NUMBER];
    int64_t at;
    if (text.n == 0 || memmem(text.p, text.n, "\"winnow_", 8) == NULL) {
        return false;
    }
    cJSON *attributes = wn_json_parse(text);
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(attributes, "winnow_reason");
    const cJSON *since = cJSON_GetObjectItemCaseSensitive(attributes, "winnow_since");
    bool found = find_own_reason(wn_json_text(reason, room), listed);
    if (found && wn_json_time(since, &at) && is_date(at, now)) {
        listed->at = at;
    }
    cJSON_Delete(attributes);
    return found;
}

/* What the row says of why, and the word in which it does. */
static enum meaning find_meaning(const struct wn_list_row *row, struct wn_span *word)
{
    static const enum wn_list_field fields[] = {WN_LIST_FIELD_why, WN_LIST_FIELD_text};
    enum meaning best = MEANING_NONE;
    for (size_t f = 0; f < sizeof fields / sizeof *fields && best == MEANING_NONE; f++) {
        const struct wn_list_values *values = &row->fields[fields[f]];
        for (size_t i = 0; i < values->n; i++) {
            enum meaning meaning = meaning_of(values->v[i]);
            if (meaning != MEANING_NONE && (best == MEANING_NONE || meaning < best)) {
                best = meaning;
                *word = values->v[i];
            }
        }
    }
    return best;
}

/* What is said beside the word: a text with its code, else the word where it is not our own. */
static struct wn_span find_text(const struct wn_list_row *row, enum wn_reason reason,
                                struct wn_span word, struct wn_buf *room)
{
    const struct wn_list_values *texts = &row->fields[WN_LIST_FIELD_text];
    struct wn_span code = first(row, WN_LIST_FIELD_code), text = {NULL, 0};
    for (size_t i = 0; i < texts->n && text.n == 0; i++) {
        text = meaning_of(texts->v[i]) == MEANING_NONE ? texts->v[i] : text;
    }
    if (code.n > 0 && code.n <= 3 && (text.n < code.n || memcmp(text.p, code.p, code.n) != 0)) {
        wn_buf_clear(room);
        wn_buf_add_span(room, code);
        wn_buf_add_text(room, text.n > 0 ? " " : "");
        wn_buf_add_span(room, text);
        return wn_buf_span(room);
    }
    bool ours = wn_span_equal(word, wn_span_of(wn_reason_word(reason)));
    return text.n > 0 || ours ? text : word;
}

/* Mailgun's tags: "*" stands for all mail. */
static bool is_partial(const struct wn_list_row *row)
{
    struct wn_span tags = first(row, WN_LIST_FIELD_tags);
    return tags.n > 0 && memchr(tags.p, '*', tags.n) == NULL;
}

void wn_list_judge(const struct wn_list_row *row, const struct wn_list_settings *settings,
                   struct wn_buf *room, struct wn_listed *listed)
{
    struct wn_span word = {NULL, 0};
    listed->reason = settings->as;
    if (!find_subject(row, listed)) {
        listed->fault = WN_LISTED_ADDRESS;
        return;
    }
    find_date(row, settings->now, listed);
    if (has_ended(row, settings->now)) {
        listed->fault = WN_LISTED_ENDED;
        listed->cell = first(row, WN_LIST_FIELD_until);
        return;
    }
    if (row->own && find_own_reason(first(row, WN_LIST_FIELD_why), listed)) {
        listed->source = row->fields[WN_LIST_FIELD_source].v[0];
        listed->diagnostic = row->fields[WN_LIST_FIELD_text].v[0];
        listed->bounced_at = first(row, WN_LIST_FIELD_bounces);
        return;
    }
    enum meaning meaning = find_meaning(row, &word);
    if (meaning != MEANING_subscribed && find_attributes(row, settings->now, listed)) {
        return;
    }
    if (meaning == MEANING_subscribed || is_partial(row)) {
        listed->fault = meaning == MEANING_subscribed ? WN_LISTED_SUBSCRIBED : WN_LISTED_TAG;
        listed->cell = meaning == MEANING_subscribed ? word : first(row, WN_LIST_FIELD_tags);
        return;
    }
    bool tagged = row->fields[WN_LIST_FIELD_tags].n > 0;
    listed->reason = reason_of(meaning, tagged ? WN_REASON_unsubscribed : settings->as);
    listed->diagnostic = find_text(row, listed->reason, word, room);
}
