/* SPDX-License-Identifier: MIT */
/* A chained hash table over one array, so that a slot is an index, and a list of the slots by the
 * time they were last mentioned. A removed message leaves its slot, with a small text buffer, to
 * the next: a log in which messages come and go allocates nothing. */
#include "bounce/log/mailq.h"

#include <stdlib.h>

enum {
    FIRST_CAPACITY = 1024,
    TEXT_KEPT = 128 /* the largest buffer that a free slot keeps */
};

static uint64_t limit_of(const struct wn_mailq *table)
{
    return table->limit > 0 ? table->limit : WN_MAILQ_MESSAGES;
}

static uint64_t byte_limit_of(const struct wn_mailq *table)
{
    return table->byte_limit > 0 ? table->byte_limit : WN_MAILQ_BYTES;
}

static void free_deferrals(struct wn_mailq *table, struct wn_deferral *deferral)
{
    while (deferral != NULL) {
        struct wn_deferral *next = deferral->next;
        table->bytes -= deferral->capacity;
        free(deferral);
        deferral = next;
    }
}

void wn_mailq_release(struct wn_mailq *table)
{
    for (uint32_t i = 0; i < table->used; i++) {
        free_deferrals(table, table->messages[i].deferrals);
        free(table->messages[i].text);
    }
    free(table->messages);
    free(table->buckets);
    *table = (struct wn_mailq){0};
}

static uint32_t number_of(const struct wn_mailq *table, const struct wn_queued *message)
{
    return (uint32_t)(message - table->messages) + 1;
}

static void unlink_age(struct wn_mailq *table, struct wn_queued *message)
{
    uint32_t *from_newer =
        message->newer != 0 ? &table->messages[message->newer - 1].older : &table->newest;
    uint32_t *from_older =
        message->older != 0 ? &table->messages[message->older - 1].newer : &table->oldest;
    *from_newer = message->older;
    *from_older = message->newer;
}

static void link_newest(struct wn_mailq *table, struct wn_queued *message)
{
    uint32_t number = number_of(table, message);
    message->newer = 0;
    message->older = table->newest;
    if (table->newest != 0) {
        table->messages[table->newest - 1].newer = number;
    } else {
        table->oldest = number;
    }
    table->newest = number;
}

static bool is_of(const struct wn_queued *message, struct wn_span id, uint64_t hash)
{
    return message->hash == hash && message->id_n == id.n && memcmp(message->id, id.p, id.n) == 0;
}

struct wn_queued *wn_mailq_find(struct wn_mailq *table, struct wn_span id, uint64_t hash)
{
    uint32_t number = table->buckets != NULL ? table->buckets[hash & table->mask] : 0;
    while (number != 0 && !is_of(&table->messages[number - 1], id, hash)) {
        number = table->messages[number - 1].next;
    }
    if (number == 0) {
        return NULL;
    }
    struct wn_queued *message = &table->messages[number - 1];
    if (table->newest != number) {
        unlink_age(table, message);
        link_newest(table, message);
    }
    return message;
}

static void grow(struct wn_mailq *table)
{
    table->capacity = table->capacity > 0 ? table->capacity * 2 : FIRST_CAPACITY;
    table->messages = wn_realloc(table->messages, table->capacity * sizeof *table->messages);
    free(table->buckets);
    table->buckets = wn_calloc(table->capacity, sizeof *table->buckets);
    table->mask = table->capacity - 1;
    /* Growing happens when no slot is free, so all of them are in use. */
    for (uint32_t i = 0; i < table->used; i++) {
        uint32_t *bucket = &table->buckets[table->messages[i].hash & table->mask];
        table->messages[i].next = *bucket;
        *bucket = i + 1;
    }
}

void wn_mailq_reset(struct wn_mailq *table, struct wn_queued *message)
{
    free_deferrals(table, message->deferrals);
    message->deferrals = NULL;
    message->deferral_count = 0;
    message->null_sender = message->begun = false;
    message->text_n = message->split = 0;
}

void wn_mailq_remove(struct wn_mailq *table, struct wn_queued *message)
{
    uint32_t number = number_of(table, message);
    uint32_t *link = &table->buckets[message->hash & table->mask];
    while (*link != number) {
        link = &table->messages[*link - 1].next;
    }
    *link = message->next;
    unlink_age(table, message);
    wn_mailq_reset(table, message);
    if (message->text_capacity > TEXT_KEPT) {
        table->bytes -= message->text_capacity;
        free(message->text);
        message->text = NULL;
        message->text_capacity = 0;
    }
    message->next = table->free;
    table->free = number;
    table->count--;
}

static void forget_oldest(struct wn_mailq *table)
{
    wn_mailq_remove(table, &table->messages[table->oldest - 1]);
    table->forgotten++;
}

struct wn_queued *wn_mailq_add(struct wn_mailq *table, struct wn_span id, uint64_t hash)
{
    struct wn_queued *message = wn_mailq_find(table, id, hash);
    if (message != NULL) {
        return message;
    }
    while (table->count > 0 &&
           (table->count >= limit_of(table) || table->bytes > byte_limit_of(table))) {
        forget_oldest(table);
    }
    if (table->free != 0) {
        message = &table->messages[table->free - 1];
        table->free = message->next;
    } else {
        if (table->used == table->capacity) {
            grow(table);
        }
        message = &table->messages[table->used++];
        *message = (struct wn_queued){0};
    }
    message->hash = hash;
    message->id_n = (uint8_t)id.n;
    memcpy(message->id, id.p, id.n);
    uint32_t *bucket = &table->buckets[hash & table->mask];
    message->next = *bucket;
    *bucket = number_of(table, message);
    link_newest(table, message);
    table->count++;
    return message;
}

static struct wn_span cut(struct wn_span s, size_t max)
{
    return (struct wn_span){s.p, s.n < max ? s.n : max};
}

void wn_mailq_say(struct wn_mailq *table, struct wn_queued *message, struct wn_span text,
                  struct wn_span second)
{
    text = cut(text, WN_MAILQ_ID_TEXT);
    second = cut(second, WN_MAILQ_ID_TEXT);
    size_t n = text.n + second.n;
    if (message->text_capacity < n) {
        size_t capacity = n > TEXT_KEPT ? n : TEXT_KEPT;
        table->bytes += capacity - message->text_capacity;
        message->text = wn_realloc(message->text, capacity);
        message->text_capacity = (uint32_t)capacity;
    }
    if (text.n > 0) {
        memcpy(message->text, text.p, text.n);
    }
    if (second.n > 0) {
        memcpy(message->text + text.n, second.p, second.n);
    }
    message->split = (uint32_t)text.n;
    message->text_n = (uint32_t)n;
}

static struct wn_deferral **find_deferral(struct wn_queued *message, struct wn_span recipient)
{
    struct wn_deferral **link = &message->deferrals;
    while (*link != NULL && !((*link)->recipient_n == recipient.n &&
                              memcmp((*link)->bytes, recipient.p, recipient.n) == 0)) {
        link = &(*link)->next;
    }
    return link;
}

struct wn_deferral *wn_mailq_take(struct wn_queued *message, struct wn_span recipient)
{
    struct wn_deferral *list = NULL;
    if (recipient.n > 0) {
        struct wn_deferral **link = find_deferral(message, recipient);
        list = *link;
        if (list != NULL) {
            *link = list->next;
            list->next = NULL;
            message->deferral_count--;
        }
        return list;
    }
    while (message->deferrals != NULL) {
        struct wn_deferral *next = message->deferrals->next;
        message->deferrals->next = list;
        list = message->deferrals;
        message->deferrals = next;
    }
    message->deferral_count = 0;
    return list;
}

void wn_mailq_drop(struct wn_mailq *table, struct wn_deferral *deferrals)
{
    free_deferrals(table, deferrals);
}

void wn_mailq_defer(struct wn_mailq *table, struct wn_queued *message,
                    const struct wn_notice *notice)
{
    struct wn_span recipient = cut(notice->recipient, WN_MAILQ_ID_TEXT);
    struct wn_span remote = cut(notice->remote, WN_MAILQ_ID_TEXT);
    struct wn_span text = cut(notice->reply.text, WN_DIAGNOSTIC_MAX);
    if (recipient.n == 0) {
        return;
    }
    wn_mailq_drop(table, wn_mailq_take(message, recipient));
    if (message->deferral_count == WN_MAILQ_DEFERRALS) {
        table->forgotten++;
        return;
    }
    while (table->bytes > byte_limit_of(table) && table->oldest != number_of(table, message)) {
        forget_oldest(table);
    }
    size_t size = sizeof(struct wn_deferral) + recipient.n + remote.n + text.n;
    struct wn_deferral *deferral = wn_malloc(size);
    *deferral = (struct wn_deferral){
        .next = message->deferrals,
        .enhanced = {notice->reply.enhanced[0], notice->reply.enhanced[1]},
        .enhanced_detail = notice->reply.enhanced_detail,
        .code = notice->reply.code,
        .recipient_n = (uint16_t)recipient.n,
        .remote_n = (uint16_t)remote.n,
        .text_n = (uint16_t)text.n,
        .capacity = size,
    };
    memcpy(deferral->bytes, recipient.p, recipient.n);
    if (remote.n > 0) {
        memcpy(deferral->bytes + recipient.n, remote.p, remote.n);
    }
    if (text.n > 0) {
        memcpy(deferral->bytes + recipient.n + remote.n, text.p, text.n);
    }
    message->deferrals = deferral;
    message->deferral_count++;
    table->bytes += size;
}
