/* SPDX-License-Identifier: MIT */
#ifndef WN_STORE_PRIVATE_H
#define WN_STORE_PRIVATE_H

/* What the files of this folder share: the connection, its prepared statements and the one place
 * where an SQLite error becomes a sentence. Nobody outside the folder (but its tests) reads this.
 */

#include <sqlite3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "store/events.h"
#include "store/policy.h"
#include "store/suppression.h"

enum wn_statement {
#define WN_STATEMENT(name, sql) WN_STATEMENT_##name,
#include "store/statements.def"
    WN_STATEMENT_COUNT
};

/* "Winn" in ASCII: SQLite's application_id of a store. */
#define WN_APPLICATION_ID 0x57696e6e

/* What a domain's new events say, until wn_suppression_update writes it. */
struct wn_domain_news {
    struct wn_span domain; /* in `text` of the struct below */
    int64_t delivered_at, answered_at;
    uint32_t expiries; /* 1 + index of the last one noted, or 0 */
    /* What is to be added to its counts. */
    int32_t outcomes[WN_REPUTE_OPEN][WN_OUTCOME_COUNT];
};

struct wn_domain_expiry {
    int64_t at;
    uint32_t next; /* 1 + index of the one before, or 0 */
};

/* The domains that got events since the last update. */
struct wn_domains_pending {
    struct wn_arena text;
    struct wn_map index;
    struct wn_domain_news *news;
    size_t count, capacity;
    struct wn_domain_expiry *expiries;
    size_t expiry_count, expiry_capacity;
};

enum {
    WN_DIGEST = 16,       /* bytes of an event's identity */
    WN_DAYS_MAX = 1 << 16 /* days since 1970 that the breaker knows: to the year 2149 */
};

struct wn_event_kept {
    struct wn_event event; /* without source and rule */
    unsigned char digest[WN_DIGEST];
    bool aside;        /* in quarantine: it does not count */
    uint32_t previous; /* 1 + index of the mailbox's event before it, or 0 */
};

struct wn_mailbox_news {
    sqlite3_int64 id;
    struct wn_span address;
    bool fresh;      /* all its events are kept here */
    uint32_t events; /* 1 + index of the last one, or 0 */
};

/* The mailboxes that got events since the last update (pending.c). */
struct wn_mailboxes_pending {
    struct wn_arena text;
    struct wn_map index;
    struct wn_mailbox_news *news;
    size_t count, capacity;
    struct wn_event_kept *events;
    size_t event_count, event_capacity;
};

struct wn_store {
    sqlite3 *db;
    char *path; /* as the user named it, for messages */
    sqlite3_stmt *statements[WN_STATEMENT_COUNT];
    struct wn_mailboxes_pending mailboxes;
    struct wn_domains_pending domains;
    struct wn_buf scratch;
    struct wn_buf last_address; /* of the mailbox last_id, which the last event was for */
    sqlite3_int64 last_id;      /* or 0 */
    bool last_fresh;            /* that mailbox was new */
    struct wn_bounce_policy policy;
    bool policy_known;
    unsigned char days[WN_DAYS_MAX / 8]; /* bits: days that got mail since the last update */
};

/* The sentence for SQLite's `code`, naming the store. Returns the status. */
int wn_store_fail(struct wn_store *store, int code, struct wn_error *err);

/* The same for a row that holds what no Winnow writes. */
int wn_store_fail_row(struct wn_store *store, const char *what, struct wn_error *err);

/* The statement, prepared; whoever steps it resets it. */
int wn_store_statement(struct wn_store *store, enum wn_statement which, sqlite3_stmt **statement,
                       struct wn_error *err);

/* Runs a bound statement whose rows do not matter, and resets it. */
int wn_statement_run(struct wn_store *store, sqlite3_stmt *statement, struct wn_error *err);
/* The same for one that binds nothing. */
int wn_statement_execute(struct wn_store *store, enum wn_statement which, struct wn_error *err);

/* Calls `visit` for each row of a bound statement until it returns non-zero; resets it. */
typedef int wn_row_visit(void *arg, sqlite3_stmt *row);
int wn_statement_rows(struct wn_store *store, sqlite3_stmt *statement, wn_row_visit *visit,
                      void *arg, struct wn_error *err);

/* The one number that the statement gives. */
int wn_statement_number(struct wn_store *store, enum wn_statement which, uint64_t *number,
                        struct wn_error *err);

/* Binds a span as text for as long as the statement runs; an empty one as NULL. */
void wn_bind_span(sqlite3_stmt *statement, int at, struct wn_span text);
/* The same, an empty one as ''. */
void wn_bind_text(sqlite3_stmt *statement, int at, struct wn_span text);
/* A column's bytes until the next step; NULL is empty. */
struct wn_span wn_column_span(sqlite3_stmt *statement, int at);

/* Creates the directories above `path` that are missing, for their owner alone. */
int wn_store_make_parents(const char *path, struct wn_error *err);

/* The row of a mailbox, or 0 when there is none. */
int wn_mailbox_find(struct wn_store *store, struct wn_span address, sqlite3_int64 *id,
                    struct wn_error *err);

/* The events of a mailbox in no order, without source, rule and phase; their texts move with the
 * next call. The wn_event_kept.previous of what is visited is 0. */
typedef int wn_story_visit(void *arg, const struct wn_event_kept *event);
int wn_events_story(struct wn_store *store, sqlite3_int64 id, struct wn_span recipient,
                    wn_story_visit *visit, void *arg, struct wn_error *err);

/* `fresh`: the mailbox had no event before this one. */
void wn_mailboxes_note(struct wn_mailboxes_pending *pending, sqlite3_int64 id, bool fresh,
                       const struct wn_event *event, const unsigned char digest[WN_DIGEST]);
void wn_mailboxes_clear(struct wn_mailboxes_pending *pending);
void wn_mailboxes_release(struct wn_mailboxes_pending *pending);

/* Domains (domains.c): notes what an event says of its recipient's domain; writes all that was
 * noted and derives those domains again; forgets it. */
void wn_domains_note(struct wn_domains_pending *pending, const struct wn_event *event);
/* Counts a mailbox's outcomes (struct wn_history) anew: `before` were counted so far. */
void wn_domains_recount(struct wn_domains_pending *pending, struct wn_span address, uint16_t before,
                        uint16_t after);
int wn_domains_update(struct wn_store *store, struct wn_error *err);
void wn_domains_clear(struct wn_domains_pending *pending);
void wn_domains_release(struct wn_domains_pending *pending);

/* The rule "bounces on so many days that span so much within so long" over `count` times, one a UTC
 * day, oldest first: since when and until when it is passed (derive.c). */
void wn_soft_threshold(const struct wn_bounce_policy *policy, const int64_t *times, size_t count,
                       int64_t *since, int64_t *until);

/* A mailbox whose events in the store count otherwise now: derives it again at the next update. */
void wn_mailboxes_touch(struct wn_mailboxes_pending *pending, sqlite3_int64 id,
                        struct wn_span address);

/* An event whose identity is in the store came again: keeps the later time and the better words
 * (tellings.c), and has all that depends on them derived again. */
int wn_event_told_again(struct wn_store *store, sqlite3_int64 mailbox,
                        const unsigned char digest[WN_DIGEST], const struct wn_event *event,
                        struct wn_error *err);

/* At most `max` bytes of `s`, cutting no UTF-8 sequence in two: white space made a blank, any other
 * control character and what is no UTF-8 a '?'. `s` itself where it is all that already, else in
 * `room`, which holds `max` bytes (events.c). */
struct wn_span wn_store_tidy(struct wn_span s, size_t max, char *room);

enum {
    WN_ENHANCED_TEXT = 16 /* bytes that hold "255.255.65535" */
};

/* An enhanced status code as text and back; 0 0 is an empty text (events.c). False: it is none. */
struct wn_span wn_enhanced_format(const uint8_t enhanced[2], uint16_t detail,
                                  char text[WN_ENHANCED_TEXT]);
bool wn_enhanced_read(struct wn_span text, uint8_t enhanced[2], uint16_t *detail);

/* The breaker's notes of the days that got mail (breaker.c): in memory, then in the store. */
void wn_breaker_note(struct wn_store *store, const struct wn_event *event);
int wn_breaker_save(struct wn_store *store, struct wn_error *err);

/* The days since 1970 of a time, also before it. */
static inline int64_t wn_day_of(int64_t at)
{
    return at / WN_DAY - (at % WN_DAY < 0);
}

#endif
