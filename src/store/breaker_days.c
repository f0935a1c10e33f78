/* SPDX-License-Identifier: MIT */
/* The days that are to be judged (breaker.c): noted in the store as events come in, and in a bitmap
 * until they are saved with them. */
#include "store/breaker.h"
#include "store/private.h"

void wn_breaker_note(struct wn_store *store, const struct wn_event *event)
{
    if (event->kind != WN_KIND_bounce && event->kind != WN_KIND_deferred &&
        event->kind != WN_KIND_delivered) {
        return;
    }
    if (!store->policy_known) {
        struct wn_bounce_policy policy; /* what fails here fails again when it is needed */
        (void)wn_bounce_policy_get(store, &policy, NULL);
    }
    int64_t window = store->policy.breaker_window_minutes * 60;
    /* Mail weighs on windows that begin up to one after it, and these reach one further. */
    for (int64_t day = wn_day_of(event->at - window); day <= wn_day_of(event->at + 2 * window);
         day++) {
        if (day >= 0 && day < WN_DAYS_MAX) {
            store->days[day / 8] = (unsigned char)(store->days[day / 8] | 1 << day % 8);
        }
    }
}

int wn_breaker_save(struct wn_store *store, struct wn_error *err)
{
    sqlite3_stmt *put = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_breaker_day_put, &put, err);
    for (int day = 0; day < WN_DAYS_MAX && status == WN_OK; day++) {
        if ((store->days[day / 8] >> day % 8 & 1) != 0) {
            (void)sqlite3_bind_int(put, 1, day);
            status = wn_statement_run(store, put, err);
        }
    }
    memset(store->days, 0, sizeof store->days);
    return status;
}

int wn_breaker_next(struct wn_store *store, int64_t *day, struct wn_error *err)
{
    uint64_t number = 0;
    int status = wn_statement_number(store, WN_STATEMENT_breaker_day_first, &number, err);
    *day = (int64_t)number;
    return status;
}

int wn_breaker_all(struct wn_store *store, struct wn_error *err)
{
    return wn_statement_execute(store, WN_STATEMENT_breaker_day_all, err);
}
