/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_LOG_MAILQ_H
#define WN_BOUNCE_LOG_MAILQ_H

/* What is known of the messages that a mail server has in its queue, by queue id, while its log is
 * read: what a later line of the same id needs. Bounded: past the limits the message that was
 * mentioned longest ago is forgotten, and counted. Used by one thread at a time. */

#include "base/map.h"
#include "bounce/source.h"

enum {
    WN_MAILQ_ID_MAX = 40,
    WN_MAILQ_MESSAGES = 1 << 20, /* the limits */
    WN_MAILQ_BYTES = 1 << 28,    /* of texts */
    WN_MAILQ_DEFERRALS = 1000,   /* of one message that are remembered */
    WN_MAILQ_ID_TEXT = 512,      /* bytes of a Message-ID that are kept, as an event keeps them */
};

/* A recipient's last deferral: what is said again when the message expires. */
struct wn_deferral {
    struct wn_deferral *next;
    uint8_t enhanced[2];
    uint16_t enhanced_detail;
    uint16_t code;
    uint16_t recipient_n, remote_n, text_n;
    size_t capacity;
    char bytes[]; /* recipient, remote, text */
};

struct wn_queued {
    uint64_t hash;
    uint32_t next;         /* 1 + index of the next in the bucket, or 0 */
    uint32_t newer, older; /* 1 + index by last mention, or 0 */
    uint8_t id_n;
    char id[WN_MAILQ_ID_MAX];
    bool null_sender; /* it is itself a notification */
    bool begun;       /* more than its Message-ID was seen */
    uint32_t deferral_count;
    struct wn_deferral *deferrals; /* newest first */
    /* Message-ID; of a qmail delivery, the queue id and the recipient. */
    char *text;
    uint32_t text_n, text_capacity;
    uint32_t split; /* where the recipient begins in the text */
};

/* Owned by the caller, zero-initialised. */
struct wn_mailq {
    struct wn_queued *messages;
    uint32_t capacity, used;
    uint32_t free; /* 1 + index of one to be used again, or 0 */
    uint32_t count;
    uint32_t *buckets;
    uint32_t mask;
    uint32_t newest, oldest;
    uint32_t limit;             /* messages; 0: WN_MAILQ_MESSAGES */
    uint64_t bytes, byte_limit; /* 0: WN_MAILQ_BYTES */
    uint64_t forgotten;
};

void wn_mailq_release(struct wn_mailq *table);

/* The message of an id (at most WN_MAILQ_ID_MAX bytes; `hash` is wn_hash of it), or NULL. It is
 * valid until the next wn_mailq_add. */
struct wn_queued *wn_mailq_find(struct wn_mailq *table, struct wn_span id, uint64_t hash);

/* The same; a new and empty one if there is none. */
struct wn_queued *wn_mailq_add(struct wn_mailq *table, struct wn_span id, uint64_t hash);

/* Forgets all that is known of it: it is as just added. */
void wn_mailq_reset(struct wn_mailq *table, struct wn_queued *message);

void wn_mailq_remove(struct wn_mailq *table, struct wn_queued *message);

/* Two texts, one after the other; cut to WN_MAILQ_ID_TEXT bytes each. */
void wn_mailq_say(struct wn_mailq *table, struct wn_queued *message, struct wn_span text,
                  struct wn_span second);

/* Remembers a deferral in place of that recipient's last one. */
void wn_mailq_defer(struct wn_mailq *table, struct wn_queued *message,
                    const struct wn_notice *notice);

/* Takes the recipient's last deferral out of the message, or all of them where `recipient` is
 * empty: a list in the order of the log, to be given to wn_mailq_drop. */
struct wn_deferral *wn_mailq_take(struct wn_queued *message, struct wn_span recipient);
void wn_mailq_drop(struct wn_mailq *table, struct wn_deferral *deferrals);

#endif
