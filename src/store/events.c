/* SPDX-License-Identifier: MIT */
/* An event's identity is the digest (XXH3, 128 bits) of recipient, kind, message id, minute and
 * normalised reply, each led by its length. A message bounces once, so a bounce of which the
 * Message-ID is known has no minute: the log and the notification tell it at different times. The
 * reply is normalised so that one refusal told twice,
 * by a log line and by the notification it led to, is one: what mail software wraps around the
 * remote server's words is dropped, so are case, white space and punctuation, and the codes stand
 * in front once. The kind words, not their numbers, are digested: the set may grow.
 *
 * Whatever comes in is clipped and tidied here: no hostile file makes a row large, and what the
 * store gives out is UTF-8 without control characters, fit for a terminal, a CSV and JSON. */
#include "store/events.h"

#include <stdio.h>
#include <unistr.h>
#include <xxhash.h>

#include "store/private.h"
#include "store/reply_text.h"

enum {
    /* Once events are added: their index and the mailboxes' are met at random, so that a page that
     * is put back from the log too early is written many times. */
    CACHE_KIB = 131072,
    CHECKPOINT_PAGES = 16384,
    RECIPIENT_MAX = 512,
    SOURCE_MAX = 512,
    MESSAGE_ID_MAX = 512,
    RULE_MAX = 64,
    PROVIDER_MAX = 64
};

static const char *const kind_words[] = {
#define WN_KIND(name) #name,
#include "store/events.def"
};
static const char *const action_words[] = {
#define WN_BOUNCE_ACTION(name, meaning) #name,
#include "store/events.def"
};
static const char *const category_words[] = {
#define WN_CATEGORY(name) #name,
#include "store/events.def"
};
static const char *const phase_words[] = {
#define WN_PHASE(name) #name,
#include "store/events.def"
};

const char *wn_event_kind_word(enum wn_event_kind kind)
{
    return kind_words[kind];
}

const char *wn_bounce_action_word(enum wn_bounce_action action)
{
    return action_words[action];
}

const char *wn_category_word(enum wn_category category)
{
    return category_words[category];
}

const char *wn_phase_word(enum wn_phase phase)
{
    return phase_words[phase];
}

/* The number of the word, or -1. */
static int find_word(const char *const *words, size_t count, struct wn_span word)
{
    for (size_t i = 0; i < count; i++) {
        if (wn_span_equal(wn_span_of(words[i]), word)) {
            return (int)i;
        }
    }
    return -1;
}

/* At most `max` bytes, cutting no UTF-8 sequence in two. */
static struct wn_span clip(struct wn_span s, size_t max)
{
    if (s.n > max) {
        s.n = max;
        while (s.n > max - 3 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80) {
            s.n--;
        }
    }
    return s;
}

/* White space becomes a blank, any other control character and what is no UTF-8 a '?'. A text that
 * needs none of this, as nearly all do, is returned as it is; else the tidy one goes to `room`. */
static struct wn_span tidy(struct wn_span s, char *room)
{
    size_t i = 0, n = 0;
    while (i < s.n && s.p[i] >= 0x20 && s.p[i] < 0x7f) {
        i++;
    }
    if (i == s.n) {
        return s;
    }
    for (i = 0; i < s.n;) {
        ucs4_t c;
        int length = u8_mbtoucr(&c, (const uint8_t *)s.p + i, s.n - i);
        bool control = length > 0 && (c < 0x20 || (c >= 0x7f && c < 0xa0));
        if (length > 0 && !control) {
            memcpy(room + n, s.p + i, (size_t)length);
            n += (size_t)length;
        } else {
            room[n++] = control && c >= '\t' && c <= '\r' ? ' ' : '?';
        }
        i += length > 0 ? (size_t)length : 1;
    }
    return (struct wn_span){room, n};
}

struct wn_span wn_store_tidy(struct wn_span s, size_t max, char *room)
{
    return tidy(clip(s, max), room);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Drops the codes in front: they are digested from the event's own fields. */
static struct wn_span drop_codes(struct wn_span s)
{
    size_t i = 0;
    while (i < s.n && (is_digit(s.p[i]) || strchr(" .-#", s.p[i]) != NULL) && s.p[i] != '\0') {
        i++;
    }
    return i > 0 ? (struct wn_span){s.p + i, s.n - i} : s;
}

static void add_normalised(struct wn_buf *out, struct wn_span reply)
{
    reply = drop_codes(wn_reply_unwrap(reply));
    bool space = false;
    for (size_t i = 0; i < reply.n; i++) {
        unsigned char c = (unsigned char)wn_lower(reply.p[i]);
        if (c >= 0x80 || is_digit((char)c) || (c >= 'a' && c <= 'z')) {
            if (space) {
                wn_buf_add_char(out, ' ');
            }
            wn_buf_add_char(out, (char)c);
            space = false;
        } else {
            space = true;
        }
    }
}

static void add_sized(struct wn_buf *out, struct wn_span s)
{
    wn_buf_add_number(out, s.n);
    wn_buf_add_char(out, ':');
    wn_buf_add_span(out, s);
}

/* A Message-ID and no queue id, which is used again. */
static bool is_message_id(struct wn_span id)
{
    return id.n > 0 && memchr(id.p, '@', id.n) != NULL;
}

static void digest_event(struct wn_buf *scratch, const struct wn_event *event,
                         XXH128_canonical_t *digest)
{
    int64_t minute = event->at / 60 - (event->at % 60 < 0);
    wn_buf_clear(scratch);
    add_sized(scratch, event->recipient);
    add_sized(scratch, wn_span_of(kind_words[event->kind]));
    add_sized(scratch, event->message_id);
    if (event->kind != WN_KIND_bounce || !is_message_id(event->message_id)) {
        wn_buf_add(scratch, minute < 0 ? "-" : "+", 1);
        wn_buf_add_number(scratch, (uint64_t)(minute < 0 ? -minute : minute));
    }
    const uint16_t codes[] = {event->code, event->enhanced[0], event->enhanced[1],
                              event->enhanced_detail};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        wn_buf_add_char(scratch, i == 0 ? ':' : '.');
        wn_buf_add_number(scratch, codes[i]);
    }
    wn_buf_add_char(scratch, ':');
    add_normalised(scratch, event->diagnostic);
    XXH128_canonicalFromHash(digest, XXH3_128bits(scratch->p, scratch->len));
}

int wn_mailbox_find(struct wn_store *store, struct wn_span address, sqlite3_int64 *id,
                    struct wn_error *err)
{
    sqlite3_stmt *find = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_mailbox_find, &find, err);
    *id = 0;
    if (status != WN_OK) {
        return status;
    }
    wn_bind_text(find, 1, address);
    int code = sqlite3_step(find);
    if (code == SQLITE_ROW) {
        *id = sqlite3_column_int64(find, 0);
    } else if (code != SQLITE_DONE) {
        status = wn_store_fail(store, code, err);
    }
    (void)sqlite3_reset(find);
    return status;
}

/* Leaves *id 0 where the mailbox is known already. */
static int add_mailbox(struct wn_store *store, struct wn_span address, sqlite3_int64 *id,
                       struct wn_error *err)
{
    sqlite3_stmt *add = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_mailbox_add, &add, err);
    *id = 0;
    if (status == WN_OK) {
        wn_bind_text(add, 1, address);
        status = wn_statement_run(store, add, err);
    }
    if (status == WN_OK && sqlite3_changes(store->db) > 0) {
        *id = sqlite3_last_insert_rowid(store->db);
    }
    return status;
}

/* Events of one mailbox often come together, so the last one found is remembered. Where the last
 * one was new so is probably this one, and adding is tried first: it notices what is there, and
 * looking before would go the same way through the index twice. */
static int find_or_add_mailbox(struct wn_store *store, struct wn_span address, sqlite3_int64 *id,
                               bool *fresh, struct wn_error *err)
{
    *fresh = false;
    *id = store->last_id;
    if (*id != 0 && wn_span_equal(wn_buf_span(&store->last_address), address)) {
        return WN_OK;
    }
    store->last_id = *id = 0;
    int status = WN_OK;
    if (!store->last_fresh) {
        status = wn_mailbox_find(store, address, id, err);
    }
    if (status == WN_OK && *id == 0) {
        status = add_mailbox(store, address, id, err);
        *fresh = *id != 0;
    }
    if (status == WN_OK && *id == 0) {
        status = wn_mailbox_find(store, address, id, err);
    }
    if (status == WN_OK) {
        store->last_fresh = *fresh;
        store->last_id = *id;
        wn_buf_clear(&store->last_address);
        wn_buf_add_span(&store->last_address, address);
    }
    return status;
}

static struct wn_span format_enhanced(const struct wn_event *event, char text[16])
{
    if (event->enhanced[0] == 0) {
        return (struct wn_span){text, 0};
    }
    int n = snprintf(text, 16, "%u.%u.%u", event->enhanced[0], event->enhanced[1],
                     event->enhanced_detail);
    return (struct wn_span){text, (size_t)n};
}

int wn_events_add(struct wn_store *store, const struct wn_event *given, bool *added,
                  struct wn_error *err)
{
    struct wn_event event = *given;
    char source[SOURCE_MAX], diagnostic[WN_DIAGNOSTIC_MAX], message_id[MESSAGE_ID_MAX];
    event.recipient = clip(event.recipient, RECIPIENT_MAX);
    event.source = tidy(clip(event.source, SOURCE_MAX), source);
    event.diagnostic = tidy(clip(event.diagnostic, WN_DIAGNOSTIC_MAX), diagnostic);
    event.message_id = tidy(clip(event.message_id, MESSAGE_ID_MAX), message_id);
    event.rule = clip(event.rule, RULE_MAX);
    event.provider = clip(event.provider, PROVIDER_MAX);
    *added = false;

    sqlite3_stmt *add = NULL;
    sqlite3_int64 id;
    bool fresh;
    if (store->statements[WN_STATEMENT_event_add] == NULL) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d; PRAGMA wal_autocheckpoint = %d",
                       (int)CACHE_KIB, (int)CHECKPOINT_PAGES);
        (void)sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    }
    int status = wn_store_statement(store, WN_STATEMENT_event_add, &add, err);
    if (status == WN_OK) {
        status = find_or_add_mailbox(store, event.recipient, &id, &fresh, err);
    }
    if (status != WN_OK) {
        return status;
    }
    XXH128_canonical_t digest;
    char enhanced[16];
    digest_event(&store->scratch, &event, &digest);
    (void)sqlite3_bind_int64(add, 1, id);
    (void)sqlite3_bind_blob(add, 2, digest.digest, sizeof digest.digest, SQLITE_STATIC);
    (void)sqlite3_bind_int64(add, 3, event.at);
    wn_bind_text(add, 4, wn_span_of(kind_words[event.kind]));
    wn_bind_text(add, 5, wn_span_of(action_words[event.action]));
    wn_bind_text(add, 6, wn_span_of(category_words[event.category]));
    wn_bind_text(add, 7, wn_span_of(phase_words[event.phase]));
    if (event.code != 0) {
        (void)sqlite3_bind_int(add, 8, event.code);
    } else {
        (void)sqlite3_bind_null(add, 8);
    }
    wn_bind_span(add, 9, format_enhanced(&event, enhanced));
    wn_bind_span(add, 10, event.rule);
    wn_bind_span(add, 11, event.diagnostic);
    wn_bind_span(add, 12, event.message_id);
    wn_bind_span(add, 13, event.source);
    wn_bind_span(add, 14, event.provider);
    status = wn_statement_run(store, add, err);
    if (status == WN_OK && sqlite3_changes(store->db) == 0) {
        return wn_event_told_again(store, id, digest.digest, &event, err);
    }
    if (status == WN_OK) {
        *added = true;
        wn_mailboxes_note(&store->mailboxes, id, fresh, &event, digest.digest);
        wn_domains_note(&store->domains, &event);
        wn_breaker_note(store, &event);
    }
    return status;
}

static bool read_enhanced(struct wn_span text, struct wn_event *event)
{
    unsigned parts[3] = {0};
    size_t part = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '.' && part < 2) {
            part++;
        } else if (is_digit(text.p[i]) && parts[part] < 1000) {
            parts[part] = parts[part] * 10 + (unsigned)(text.p[i] - '0');
        } else {
            return false;
        }
    }
    event->enhanced[0] = (uint8_t)parts[0];
    event->enhanced[1] = (uint8_t)parts[1];
    event->enhanced_detail = (uint16_t)parts[2];
    return text.n == 0 || (part == 2 && parts[0] < 256 && parts[1] < 256);
}

struct wn_span wn_enhanced_format(const uint8_t enhanced[2], uint16_t detail,
                                  char text[WN_ENHANCED_TEXT])
{
    const struct wn_event event = {.enhanced = {enhanced[0], enhanced[1]},
                                   .enhanced_detail = detail};
    return format_enhanced(&event, text);
}

bool wn_enhanced_read(struct wn_span text, uint8_t enhanced[2], uint16_t *detail)
{
    struct wn_event event = {0};
    bool good = read_enhanced(text, &event);
    memcpy(enhanced, event.enhanced, sizeof event.enhanced);
    *detail = event.enhanced_detail;
    return good;
}

struct event_walk {
    struct wn_store *store;
    struct wn_span recipient;
    wn_event_visit *visit;
    wn_story_visit *visit_story;
    void *arg;
    struct wn_error *err;
};

/* Reads the words of columns 1 to 3. */
static int read_words(const struct event_walk *walk, sqlite3_stmt *row, struct wn_span enhanced,
                      struct wn_event *event)
{
    int kind = find_word(kind_words, WN_KIND_COUNT, wn_column_span(row, 1));
    int action = find_word(action_words, WN_BOUNCE_ACTION_COUNT, wn_column_span(row, 2));
    int category = find_word(category_words, WN_CATEGORY_COUNT, wn_column_span(row, 3));
    if (kind < 0 || action < 0 || category < 0 || !read_enhanced(enhanced, event)) {
        return wn_store_fail_row(walk->store, "an event holds a word that is none", walk->err);
    }
    event->kind = (enum wn_event_kind)kind;
    event->action = (enum wn_bounce_action)action;
    event->category = (enum wn_category)category;
    return WN_OK;
}

static int visit_row(void *arg, sqlite3_stmt *row)
{
    struct event_walk *walk = arg;
    int phase = find_word(phase_words, WN_PHASE_COUNT, wn_column_span(row, 4));
    struct wn_event event = {
        .recipient = walk->recipient,
        .at = sqlite3_column_int64(row, 0),
        .code = (uint16_t)sqlite3_column_int(row, 5),
        .rule = wn_column_span(row, 7),
        .diagnostic = wn_column_span(row, 8),
        .message_id = wn_column_span(row, 9),
        .source = wn_column_span(row, 10),
        .provider = wn_column_span(row, 11),
        .quarantine = wn_column_span(row, 12),
    };
    if (phase < 0) {
        return wn_store_fail_row(walk->store, "an event holds a word that is none", walk->err);
    }
    event.phase = (enum wn_phase)phase;
    int status = read_words(walk, row, wn_column_span(row, 6), &event);
    return status == WN_OK ? walk->visit(walk->arg, &event) : status;
}

/* Whether an event of this mark in quarantine does not count. */
static bool is_aside(struct wn_span mark)
{
    return mark.n > 0 && !wn_span_equal(mark, WN_SPAN("released"));
}

static int visit_story_row(void *arg, sqlite3_stmt *row)
{
    struct event_walk *walk = arg;
    struct wn_span digest = wn_column_span(row, 8);
    struct wn_event_kept kept = {
        .event =
            {
                .recipient = walk->recipient,
                .at = sqlite3_column_int64(row, 0),
                .code = (uint16_t)sqlite3_column_int(row, 4),
                .diagnostic = wn_column_span(row, 6),
                .message_id = wn_column_span(row, 7),
            },
        .aside = is_aside(wn_column_span(row, 9)),
    };
    if (digest.n != WN_DIGEST) {
        return wn_store_fail_row(walk->store, "an event has no digest", walk->err);
    }
    memcpy(kept.digest, digest.p, WN_DIGEST);
    int status = read_words(walk, row, wn_column_span(row, 5), &kept.event);
    return status == WN_OK ? walk->visit_story(walk->arg, &kept) : status;
}

int wn_events_story(struct wn_store *store, sqlite3_int64 id, struct wn_span recipient,
                    wn_story_visit *visit, void *arg, struct wn_error *err)
{
    sqlite3_stmt *story = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_event_story, &story, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(story, 1, id);
    struct event_walk walk = {
        .store = store, .recipient = recipient, .visit_story = visit, .arg = arg, .err = err};
    return wn_statement_rows(store, story, visit_story_row, &walk, err);
}

int wn_events_of(struct wn_store *store, struct wn_span recipient, wn_event_visit *visit, void *arg,
                 struct wn_error *err)
{
    sqlite3_int64 id;
    sqlite3_stmt *of = NULL;
    int status = wn_mailbox_find(store, recipient, &id, err);
    if (status == WN_OK && id != 0) {
        status = wn_store_statement(store, WN_STATEMENT_event_of, &of, err);
    }
    if (status != WN_OK || id == 0) {
        return status;
    }
    (void)sqlite3_bind_int64(of, 1, id);
    struct event_walk walk = {
        .store = store, .recipient = recipient, .visit = visit, .arg = arg, .err = err};
    return wn_statement_rows(store, of, visit_row, &walk, err);
}
