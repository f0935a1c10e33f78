/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_UPSTREAM_H
#define WN_DNS_UPSTREAM_H

/* The DNS servers: one c-ares channel each, all driven by one epoll instance. A question goes to
 * one server and is put once; what came of it comes back, and asking again or elsewhere is the
 * caller's business. Used by one thread. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dns/servers.h"
#include "dns/wire.h"

struct wn_upstream;

enum wn_reply {
    WN_REPLY_MESSAGE, /* a DNS message that answers the question, whatever its response code */
    WN_REPLY_TIMEOUT, /* none came in time; c-ares may have given up before timeout_ms */
    WN_REPLY_BROKEN,  /* the server cannot be reached, or the connection to it broke */
    WN_REPLY_REFUSED, /* c-ares would not ask for such a name */
    WN_REPLY_CLOSED   /* the upstream is being freed */
};

/* What came instead of a message, for a sentence; NULL for a message. */
const char *wn_reply_fault(enum wn_reply reply);

/* A question, owned by the caller and in place until `reply` was called, which is exactly once and
 * may be before wn_upstream_ask returns. `message` is gone when `reply` returns. A reply must not
 * call back into the upstream. */
struct wn_ask {
    void (*reply)(struct wn_ask *ask, enum wn_reply reply, const uint8_t *message, size_t length);
    void *channel; /* the upstream's */
};

/* Errors: WN_E_INTERNAL. */
int wn_upstream_new(const struct wn_servers *servers, int timeout_ms, struct wn_upstream **upstream,
                    struct wn_error *err);
/* Replies WN_REPLY_CLOSED to all that is open. Accepts NULL. */
void wn_upstream_free(struct wn_upstream *upstream);

size_t wn_upstream_count(const struct wn_upstream *upstream);

/* `name`: letters, digits, - _ and single dots. */
void wn_upstream_ask(struct wn_upstream *upstream, size_t server, const char *name,
                     enum wn_dns_type type, struct wn_ask *ask);

/* Wakes wn_upstream_run, from any thread. */
void wn_upstream_wake(struct wn_upstream *upstream);

/* Waits for something to happen, at most `wait_ms` (-1: no limit), and handles it. */
void wn_upstream_run(struct wn_upstream *upstream, int wait_ms);

#endif
