/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/queue.h"
#include "support/suite.h"

enum {
    ITEMS = 20000,
    THREADS = 4
};

struct item {
    struct wn_queue_item link;
    int value;
};

static int value_of(struct wn_queue_item *item)
{
    return ((struct item *)(void *)item)->value;
}

START_TEST(first_in_first_out)
{
    struct wn_queue q;
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    wn_queue_init(&q);
    ck_assert_ptr_null(wn_queue_try_pop(&q));
    for (size_t i = 0; i < 3; i++) {
        wn_queue_push(&q, &items[i].link);
    }
    ck_assert_uint_eq(q.length, 3);
    ck_assert_int_eq(value_of(wn_queue_pop(&q)), 1);
    ck_assert_int_eq(value_of(wn_queue_try_pop(&q)), 2);
    wn_queue_push(&q, &items[0].link);
    ck_assert_int_eq(value_of(wn_queue_pop(&q)), 3);
    ck_assert_int_eq(value_of(wn_queue_pop(&q)), 1);
    ck_assert_uint_eq(q.length, 0);
    wn_queue_release(&q);
}
END_TEST

START_TEST(closed_queue_hands_out_what_it_holds)
{
    struct wn_queue q;
    struct item item = {.value = 1};
    wn_queue_init(&q);
    wn_queue_push(&q, &item.link);
    wn_queue_close(&q);
    ck_assert_int_eq(value_of(wn_queue_pop(&q)), 1);
    ck_assert_ptr_null(wn_queue_pop(&q));
    ck_assert_ptr_null(wn_queue_try_pop(&q));
    wn_queue_release(&q);
}
END_TEST

struct shared {
    struct wn_queue there, back;
    atomic_int popped;
};

/* Takes until the queue is closed and empty, by both ways of taking, and hands back. */
static void *consume(void *arg)
{
    struct shared *s = arg;
    for (int i = 0;; i++) {
        bool waits = i % 2 == 1;
        struct wn_queue_item *item = waits ? wn_queue_pop(&s->there) : wn_queue_try_pop(&s->there);
        if (item == NULL && waits) {
            return NULL;
        }
        if (item != NULL) {
            atomic_fetch_add(&s->popped, 1);
            wn_queue_push(&s->back, item);
        }
    }
}

START_TEST(every_item_is_taken_once)
{
    struct shared s = {0};
    pthread_t threads[THREADS];
    struct item *items = calloc(ITEMS, sizeof *items);
    bool *seen = calloc(ITEMS, sizeof *seen);
    ck_assert(items != NULL && seen != NULL);
    wn_queue_init(&s.there);
    wn_queue_init(&s.back);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, consume, &s), 0);
    }
    for (int i = 0; i < ITEMS; i++) {
        items[i].value = i;
        wn_queue_push(&s.there, &items[i].link);
    }
    wn_queue_close(&s.there);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(atomic_load(&s.popped), ITEMS);
    ck_assert_uint_eq(s.back.length, ITEMS);
    for (int i = 0; i < ITEMS; i++) {
        int value = value_of(wn_queue_pop(&s.back));
        if (seen[value]) {
            ck_abort_msg("item %d came twice", value);
        }
        seen[value] = true;
    }
    wn_queue_release(&s.there);
    wn_queue_release(&s.back);
    free(items);
    free(seen);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue");
    TCase *cases = tcase_create("queue");
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, first_in_first_out);
    tcase_add_test(cases, closed_queue_hands_out_what_it_holds);
    tcase_add_test(cases, every_item_is_taken_once);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
