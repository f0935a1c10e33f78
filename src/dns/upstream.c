/* SPDX-License-Identifier: MIT */
/* Why a channel for each server, where one channel knows several servers itself: because only so
 * the choice of server, the retries and the time-outs are the same on every c-ares.
 *
 * - c-ares 1.18 in its default mode swallows SERVFAIL, REFUSED and NOTIMP, fails over, and in the
 *   end reports them and a dead port alike. ARES_FLAG_NOCHECKRESP delivers them, but then nothing
 *   fails over. With NOCHECKRESP and one server a channel, lookup.c sees every response code and
 *   fails over itself.
 * - 1.18 asks a silent first server anew with every question; current c-ares learns. lookup.c
 *   learns.
 * - Current c-ares derives its time-outs from what it measured, and may give up after 250 ms on a
 *   name that takes a resolver two seconds. lookup.c holds to the time it was told.
 *
 * The other settings:
 * - EDNS with 1232 octets (as RFC 9715 recommends): MX answers with many hosts are longer than 512
 *   octets, and each would cost a TCP connection. A server that cannot do EDNS says FORMERR, and
 *   c-ares asks it again without. An answer that is still too long goes to TCP, also by c-ares.
 * - No search domains, no host aliases (and ares_query, which never reads /etc/hosts): a domain of
 *   a list means itself. /etc/resolv.conf is not read, since its options may not change timing.
 * - A receive buffer for a window full of answers: the kernel's default holds about 270 small ones.
 * - No cache where c-ares has one: every name is asked once, and a time-out would be remembered.
 *
 * Sockets come and go through c-ares's callback and are watched level-triggered; a socket's event
 * carries the number of its channel. c-ares 1.18 finds due time-outs by scanning, so it is told to
 * look at a fixed, small rate, and when a socket has something. */
#include "dns/upstream.h"

#define CARES_NO_DEPRECATED /* see servers.c */
#include <ares.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    EDNS_OCTETS = 1232,
    RECEIVE_BUFFER = 2 << 20,
    EVENTS = 64
};

/* Time-outs are noticed at most this late. */
enum {
    TICK_LEAST_MS = 2,
    TICK_MOST_MS = 100
};

struct channel {
    struct wn_upstream *upstream;
    ares_channel ares;
    uint32_t number;
    size_t open; /* questions without a reply */
};

struct wn_upstream {
    int epoll_fd, wake_fd;
    int tick_ms;
    int64_t ticked_ms; /* when c-ares last looked for time-outs */
    size_t open;       /* in all channels */
    size_t count;
    struct channel channels[WN_SERVERS_MAX];
};

static const uint64_t WAKE = UINT64_MAX;

static uint64_t event_key(uint32_t channel, int fd)
{
    return (uint64_t)channel << 32 | (uint32_t)fd;
}

static void watch(void *data, ares_socket_t fd, int readable, int writable)
{
    struct channel *channel = data;
    int epoll_fd = channel->upstream->epoll_fd;
    struct epoll_event event = {.events = (readable ? (uint32_t)EPOLLIN : 0) |
                                          (writable ? (uint32_t)EPOLLOUT : 0),
                                .data = {.u64 = event_key(channel->number, fd)}};
    if (event.events == 0) {
        (void)epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    } else if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) {
        (void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
    }
}

static int open_channel(struct channel *channel, const char *server, int timeout_ms)
{
    char no_file[] = "/dev/null";
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS,
        .timeout = timeout_ms,
        .tries = 1,
        .ndots = 0,
        .socket_receive_buffer_size = RECEIVE_BUFFER,
        .ednspsz = EDNS_OCTETS,
        .sock_state_cb = watch,
        .sock_state_cb_data = channel,
        .resolvconf_path = no_file,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
               ARES_OPT_SOCK_RCVBUF | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB |
               ARES_OPT_RESOLVCONF | ARES_OPT_NOROTATE;
#ifdef ARES_OPT_MAXTIMEOUTMS
    options.maxtimeout = timeout_ms;
    mask |= ARES_OPT_MAXTIMEOUTMS;
#endif
#ifdef ARES_OPT_QUERY_CACHE
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_UDP_MAX_QUERIES
    /* Versions that have this drop a socket, with all that is open on it, over one malformed
     * answer; so let few questions share one. */
    options.udp_max_queries = 64;
    mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif
    int status = ares_init_options(&channel->ares, &options, mask);
    return status == ARES_SUCCESS ? ares_set_servers_ports_csv(channel->ares, server) : status;
}

static void start_library(void)
{
    (void)ares_library_init(ARES_LIB_INIT_ALL);
}

int wn_upstream_new(const struct wn_servers *servers, int timeout_ms, struct wn_upstream **upstream,
                    struct wn_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_library);
    struct wn_upstream *u = wn_calloc(1, sizeof *u);
    int tick = timeout_ms / 16;
    u->tick_ms = tick < TICK_LEAST_MS ? TICK_LEAST_MS : tick > TICK_MOST_MS ? TICK_MOST_MS : tick;
    u->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    u->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = WAKE}};
    if (u->epoll_fd < 0 || u->wake_fd < 0 ||
        epoll_ctl(u->epoll_fd, EPOLL_CTL_ADD, u->wake_fd, &event) != 0) {
        int errnum = errno;
        wn_upstream_free(u);
        return wn_error_errno(err, WN_E_INTERNAL, errnum, "the resolver cannot be set up");
    }
    for (size_t i = 0; i < servers->count; i++) {
        struct channel *channel = &u->channels[u->count];
        *channel = (struct channel){.upstream = u, .number = (uint32_t)i};
        int status = open_channel(channel, servers->text[i], timeout_ms);
        u->count += channel->ares != NULL;
        if (status != ARES_SUCCESS) {
            wn_upstream_free(u);
            return wn_error_set(err, WN_E_INTERNAL, "the DNS server %s cannot be used: %s",
                                servers->text[i], ares_strerror(status));
        }
    }
    *upstream = u;
    return WN_OK;
}

void wn_upstream_free(struct wn_upstream *u)
{
    if (u == NULL) {
        return;
    }
    for (size_t i = 0; i < u->count; i++) {
        ares_destroy(u->channels[i].ares);
    }
    if (u->epoll_fd >= 0) {
        (void)close(u->epoll_fd);
    }
    if (u->wake_fd >= 0) {
        (void)close(u->wake_fd);
    }
    free(u);
}

size_t wn_upstream_count(const struct wn_upstream *u)
{
    return u->count;
}

/* c-ares's words for what happened to a question that brought no message. */
static enum wn_reply reply_of(int status)
{
    switch (status) {
    case ARES_ETIMEOUT:
        return WN_REPLY_TIMEOUT;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
        return WN_REPLY_CLOSED;
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADSTR:
        return WN_REPLY_REFUSED;
    default:
        return WN_REPLY_BROKEN;
    }
}

const char *wn_reply_fault(enum wn_reply reply)
{
    static const char *const faults[] = {
        [WN_REPLY_TIMEOUT] = "timeout",
#ifdef ARES_OPT_UDP_MAX_QUERIES
        /* It drops the socket, and says only that. */
        [WN_REPLY_BROKEN] = "no connection to the server or a malformed answer",
#else
        [WN_REPLY_BROKEN] = "no connection to the server",
#endif
        [WN_REPLY_REFUSED] = "invalid DNS name",
        [WN_REPLY_CLOSED] = "not waited for",
    };
    return faults[reply];
}

static void on_reply(void *arg, int status, int timeouts, unsigned char *message, int length)
{
    (void)timeouts;
    struct wn_ask *ask = arg;
    struct channel *channel = ask->channel;
    channel->open--;
    channel->upstream->open--;
    if (message != NULL && length > 0) {
        ask->reply(ask, WN_REPLY_MESSAGE, message, (size_t)length);
    } else {
        ask->reply(ask, reply_of(status), NULL, 0);
    }
}

void wn_upstream_ask(struct wn_upstream *u, size_t server, const char *name, enum wn_dns_type type,
                     struct wn_ask *ask)
{
    struct channel *channel = &u->channels[server];
    ask->channel = channel;
    channel->open++;
    u->open++;
    ares_query(channel->ares, name, 1 /* IN */, (int)type, on_reply, ask);
}

void wn_upstream_wake(struct wn_upstream *u)
{
    const uint64_t one = 1;
    ssize_t ignored = write(u->wake_fd, &one, sizeof one); /* full means awake already */
    (void)ignored;
}

static void handle(struct wn_upstream *u, const struct epoll_event *event)
{
    if (event->data.u64 == WAKE) {
        uint64_t count;
        ssize_t ignored = read(u->wake_fd, &count, sizeof count);
        (void)ignored;
        return;
    }
    const struct channel *channel = &u->channels[event->data.u64 >> 32];
    int fd = (int)(uint32_t)event->data.u64;
    bool readable = (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    bool writable = (event->events & EPOLLOUT) != 0;
    ares_process_fd(channel->ares, readable ? fd : ARES_SOCKET_BAD,
                    writable ? fd : ARES_SOCKET_BAD);
}

void wn_upstream_run(struct wn_upstream *u, int wait_ms)
{
    if (u->open > 0 && (wait_ms < 0 || wait_ms > u->tick_ms)) {
        wait_ms = u->tick_ms;
    }
    struct epoll_event events[EVENTS];
    int n = epoll_wait(u->epoll_fd, events, EVENTS, wait_ms);
    for (int i = 0; i < n; i++) {
        handle(u, &events[i]);
    }
    int64_t now = wn_clock_monotonic_ms();
    if (u->open > 0 && now - u->ticked_ms >= u->tick_ms) {
        u->ticked_ms = now;
        for (size_t i = 0; i < u->count; i++) {
            if (u->channels[i].open > 0) {
                ares_process_fd(u->channels[i].ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
            }
        }
    }
}
