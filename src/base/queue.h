/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_QUEUE_H
#define WN_BASE_QUEUE_H

/* A queue of pointers between threads. It is unbounded on purpose: what bounds a flow is the pool
 * its items are taken from, so a push never waits. A queue that is closed still hands out what it
 * holds, then says so. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Items are linked through their first member, so that a push allocates nothing. */
struct wn_queue_item {
    struct wn_queue_item *next;
};

/* Owned by the caller. */
struct wn_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct wn_queue_item *head, *tail; /* under lock */
    size_t length;                     /* under lock */
    bool closed;                       /* under lock */
};

void wn_queue_init(struct wn_queue *q);

/* Every item must have been taken out before. */
void wn_queue_release(struct wn_queue *q);

/* Moves `item` in: the queue owns it until it is popped. Pushing to a closed queue is a bug. */
void wn_queue_push(struct wn_queue *q, struct wn_queue_item *item);

/* Waits for an item; NULL once the queue is closed and empty. */
struct wn_queue_item *wn_queue_pop(struct wn_queue *q);

/* Does not wait: NULL when there is nothing now. */
struct wn_queue_item *wn_queue_try_pop(struct wn_queue *q);

/* No more pushes; wakes everyone who waits. */
void wn_queue_close(struct wn_queue *q);

#endif
