/* SPDX-License-Identifier: MIT */
#include "base/queue.h"

#include <assert.h>

void wn_queue_init(struct wn_queue *q)
{
    *q = (struct wn_queue){0};
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->filled, NULL);
}

void wn_queue_release(struct wn_queue *q)
{
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
}

void wn_queue_push(struct wn_queue *q, struct wn_queue_item *item)
{
    item->next = NULL;
    pthread_mutex_lock(&q->lock);
    assert(!q->closed);
    if (q->tail != NULL) {
        q->tail->next = item;
    } else {
        q->head = item;
    }
    q->tail = item;
    q->length++;
    pthread_cond_signal(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

static struct wn_queue_item *take(struct wn_queue *q)
{
    struct wn_queue_item *item = q->head;
    if (item != NULL) {
        q->head = item->next;
        if (q->head == NULL) {
            q->tail = NULL;
        }
        q->length--;
        item->next = NULL;
    }
    return item;
}

struct wn_queue_item *wn_queue_pop(struct wn_queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->head == NULL && !q->closed) {
        pthread_cond_wait(&q->filled, &q->lock);
    }
    struct wn_queue_item *item = take(q);
    pthread_mutex_unlock(&q->lock);
    return item;
}

struct wn_queue_item *wn_queue_try_pop(struct wn_queue *q)
{
    pthread_mutex_lock(&q->lock);
    struct wn_queue_item *item = take(q);
    pthread_mutex_unlock(&q->lock);
    return item;
}

void wn_queue_close(struct wn_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}
