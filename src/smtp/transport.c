/* SPDX-License-Identifier: MIT */
/* One multi handle and one epoll set, both driven by wn_transport_wait. Until a link's CONNECT_ONLY
 * transfer is done, its descriptor is libcurl's, which is told of events by socket_action; from
 * then on it is watched here, and only curl_easy_send and curl_easy_recv are called. Whatever is to
 * be told of a link stands in one queue, and a link that has more to say goes back to its end, so
 * that no server that floods us keeps the others waiting.
 *
 * A connection that is done lies in libcurl's cache as an idle one until it is first read from, and
 * some versions (7.88 is none of them) close idle ones with unread input when a new one is made; so
 * each is read from at once. A handle is taken out of the multi only to close its connection, which
 * is what that does. libcurl itself says no QUIT in any of these ways.
 */
#include "smtp/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "smtp/link.h"

enum {
    EVENTS = 64,
    CACHE = 1 << 20, /* connections that libcurl may hold: more than there are descriptors */
    GRACE_MS = 20    /* beyond its time a wait goes on as long as there is something to do */
};

void wn_link_renew(struct wn_link *link)
{
    struct wn_transport *t = link->transport;
    int64_t ms = t->config.banner_ms;
    if (link->hello.phase == WN_LINK_CONNECT) {
        ms = t->config.connect_ms + (t->config.proxy != NULL ? ms : 0);
    }
    link->due_ms = t->config.now_ms() + ms;
    t->due_ms = link->due_ms < t->due_ms ? link->due_ms : t->due_ms;
}

static void enqueue(struct wn_link *link)
{
    struct wn_transport *t = link->transport;
    if (link->queued) {
        return;
    }
    link->queued = true;
    link->after = NULL;
    if (t->last != NULL) {
        t->last->after = link;
    } else {
        t->first = link;
    }
    t->last = link;
}

static void dequeue(struct wn_link *link)
{
    struct wn_transport *t = link->transport;
    struct wn_link *before = NULL;
    for (struct wn_link *l = t->first; l != link; l = l->after) {
        before = l;
    }
    if (before != NULL) {
        before->after = link->after;
    } else {
        t->first = link->after;
    }
    t->last = t->last == link ? before : t->last;
    link->queued = false;
}

static void forget(struct wn_transport *t, int fd)
{
    if ((size_t)fd < t->watched_n && t->watched[fd] != NULL) {
        t->watched[fd] = NULL;
        (void)epoll_ctl(t->epoll, EPOLL_CTL_DEL, fd, NULL);
    }
}

static void watch(struct wn_link *link, int fd, uint32_t events)
{
    struct wn_transport *t = link->transport;
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    if ((size_t)fd >= t->watched_n) {
        size_t n = (size_t)fd + 64;
        t->watched = wn_realloc(t->watched, n * sizeof(struct wn_link *));
        memset(t->watched + t->watched_n, 0, (n - t->watched_n) * sizeof(struct wn_link *));
        t->watched_n = n;
    }
    /* It fails only where the descriptor is closed; then libcurl or a deadline ends the link. */
    (void)epoll_ctl(t->epoll, t->watched[fd] != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    t->watched[fd] = link;
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct wn_transport *t = arg;
    struct wn_link *link = NULL;
    (void)unused;
    (void)curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&link);
    if (what == CURL_POLL_REMOVE || link == NULL) {
        forget(t, fd);
        return 0;
    }
    watch(link, fd,
          (what != CURL_POLL_OUT ? (uint32_t)EPOLLIN : 0U) |
              (what != CURL_POLL_IN ? (uint32_t)EPOLLOUT : 0U));
    if (what == CURL_POLL_IN && link->hello.phase == WN_LINK_CONNECT && t->config.proxy == NULL) {
        link->hello.phase = WN_LINK_BANNER; /* nothing is read before it is connected */
        wn_link_renew(link);
    }
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct wn_transport *t = arg;
    (void)multi;
    t->curl_due_ms = ms < 0 ? -1 : t->config.now_ms() + ms;
    return 0;
}

/* A server that has said something and waits for us is told QUIT, as RFC 5321, 4.1.1.10 asks, where
 * libcurl goes without a word. */
int wn_link_close_socket(void *arg, curl_socket_t fd)
{
    const struct wn_smtp_command quit = {.verb = WN_SMTP_QUIT};
    struct wn_link *link = arg;
    char c;
    forget(link->transport, fd);
    link->received = wn_link_received(fd);
    if (link->state == WN_LINK_IS_STARTING && link->hello.quit) {
        struct wn_buf line = {0};
        ssize_t n = recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
        bool there = n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
        if (there && wn_smtp_command_write(&quit, &line)) {
            (void)send(fd, line.p, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        wn_buf_release(&line);
    }
    return close(fd);
}

/* Closes the connection; the link stays. */
static void give_back(struct wn_link *link)
{
    if (link->curl != NULL) {
        (void)curl_multi_remove_handle(link->transport->multi, link->curl);
        curl_easy_cleanup(link->curl);
        link->curl = NULL;
    }
    curl_slist_free_all(link->connect_to);
    link->connect_to = NULL;
    wn_buf_release(&link->sending);
    wn_buf_release(&link->waiting);
    link->sent = 0;
}

static void fail(struct wn_link *link, CURLcode code)
{
    wn_link_explain(link, code);
    give_back(link);
    link->state = WN_LINK_IS_FAILED;
    enqueue(link);
}

static void become_ready(struct wn_link *link)
{
    CURLcode code = curl_easy_getinfo(link->curl, CURLINFO_ACTIVESOCKET, &link->socket);
    if (code == CURLE_OK) {
        code = curl_easy_recv(link->curl, link->early, sizeof link->early, &link->early_n);
    }
    if (code == CURLE_UNSUPPORTED_PROTOCOL || link->socket == CURL_SOCKET_BAD) {
        fail(link, CURLE_RECV_ERROR); /* libcurl has taken it for dead */
        return;
    }
    link->ended = code == CURLE_OK ? link->early_n == 0 : code != CURLE_AGAIN;
    link->facts = link->hello.facts;
    link->facts.certificate_bad = link->facts.tls && wn_link_certificate_bad(link);
    link->state = WN_LINK_IS_READY;
    watch(link, link->socket, EPOLLIN);
    enqueue(link);
}

/* What libcurl has done with. */
static void collect(struct wn_transport *t)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(t->multi, &left)) != NULL) {
        struct wn_link *link = NULL;
        CURLcode code = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&link);
        if (code != CURLE_OK) {
            fail(link, code);
        } else {
            become_ready(link);
        }
    }
}

static void let_loose(struct wn_transport *t, curl_socket_t fd, int events)
{
    int running;
    t->turn++;
    (void)curl_multi_socket_action(t->multi, fd, events, &running);
    collect(t);
}

/* libcurl throws the middle of a line without an end away and reads on, so the bytes are counted
 * where they come in. */
static void check_size(struct wn_link *link, int fd)
{
    if (link->state == WN_LINK_IS_STARTING &&
        (link->received = wn_link_received(fd)) > WN_LINK_HELLO_MAX) {
        fail(link, CURLE_RECV_ERROR);
    }
}

/* Sends what can be sent without waiting. */
static void flush(struct wn_link *link)
{
    bool full = false;
    while (!link->broken && !full && link->sending.len + link->waiting.len > 0) {
        if (link->sending.len == 0) {
            struct wn_buf empty = link->sending;
            link->sending = link->waiting;
            link->waiting = empty;
        }
        size_t n = 0;
        CURLcode code = curl_easy_send(link->curl, link->sending.p + link->sent,
                                       link->sending.len - link->sent, &n);
        link->sent += code == CURLE_OK ? n : 0;
        if (link->sent == link->sending.len) {
            wn_buf_clear(&link->sending);
            link->sent = 0;
        }
        full = code == CURLE_AGAIN;
        link->broken = code != CURLE_OK && !full;
    }
    if (link->broken) {
        enqueue(link); /* it may have said why before it went */
    }
    if (full != link->out) {
        link->out = full;
        watch(link, link->socket, (uint32_t)EPOLLIN | (full ? (uint32_t)EPOLLOUT : 0U));
    }
}

static void serve(struct wn_link *link, uint32_t events)
{
    if ((events & EPOLLOUT) != 0) {
        flush(link);
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0) {
        enqueue(link);
    }
}

/* How many descriptors had something; -1: a signal came. */
static int poll_all(struct wn_transport *t, int ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(t->epoll, events, EVENTS, ms);
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        uint32_t what = events[i].events;
        struct wn_link *link = t->watched[fd];
        if (link != NULL && link->state != WN_LINK_IS_STARTING) {
            serve(link, what);
        } else if (link != NULL) {
            let_loose(t, fd,
                      ((what & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                          ((what & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                          ((what & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0));
            check_size(link, fd);
        }
    }
    return n;
}

/* Whatever is due by now. */
static void keep_time(struct wn_transport *t, int64_t now)
{
    if (t->curl_due_ms >= 0 && t->curl_due_ms <= now) {
        t->curl_due_ms = -1;
        let_loose(t, CURL_SOCKET_TIMEOUT, 0);
    }
    if (now < t->due_ms) {
        return;
    }
    t->due_ms = INT64_MAX;
    for (struct wn_link *link = t->links; link != NULL; link = link->next) {
        if (link->state == WN_LINK_IS_STARTING && link->due_ms <= now) {
            link->timed_out = true;
            fail(link, CURLE_OPERATION_TIMEDOUT);
        } else if (link->state == WN_LINK_IS_STARTING && link->due_ms < t->due_ms) {
            t->due_ms = link->due_ms;
        }
    }
}

/* False: nothing is to be told of it now. */
static bool read_link(struct wn_link *link, struct wn_link_event *event)
{
    struct wn_transport *t = link->transport;
    CURLcode code = CURLE_OK;
    size_t n = link->early_n;
    memcpy(t->bytes, link->early, n);
    link->early_n = 0;
    if (n == 0 && !link->ended) {
        code = curl_easy_recv(link->curl, t->bytes, sizeof t->bytes, &n);
        link->ended = code == CURLE_OK ? n == 0 : code != CURLE_AGAIN || link->broken;
        n = code == CURLE_OK ? n : 0;
    }
    if (n > 0) {
        event->kind = WN_LINK_BYTES;
        event->bytes = t->bytes;
        event->n = n;
        enqueue(link); /* TLS may hold more that no descriptor tells of */
        return true;
    }
    if (!link->ended) {
        return false;
    }
    event->kind = WN_LINK_CLOSED;
    event->detail = code == CURLE_OK && !link->broken ? "the server hung up"
                                                      : "the connection to the server broke";
    link->state = WN_LINK_IS_OVER;
    give_back(link);
    return true;
}

/* The next that is to be told. */
static bool take(struct wn_transport *t, struct wn_link_event *event)
{
    while (t->first != NULL) {
        struct wn_link *link = t->first;
        dequeue(link);
        *event = (struct wn_link_event){.link = link, .owner = link->owner};
        if (link->state == WN_LINK_IS_FAILED) {
            link->state = WN_LINK_IS_OVER;
            event->kind = WN_LINK_FAILED;
            event->phase = link->hello.phase;
            event->timed_out = link->timed_out;
            event->refused = link->refused;
            event->ours = link->ours;
            event->reply = link->hello.refused ? &link->hello.reader.reply : NULL;
            event->detail = link->detail;
            return true;
        }
        if (link->state == WN_LINK_IS_READY) {
            link->state = WN_LINK_IS_OPEN;
            event->kind = WN_LINK_READY;
            enqueue(link);
            return true;
        }
        if (link->state == WN_LINK_IS_OPEN && read_link(link, event)) {
            return true;
        }
    }
    return false;
}

bool wn_transport_wait(struct wn_transport *t, int timeout_ms, struct wn_link_event *event)
{
    int64_t now = t->config.now_ms();
    int64_t until = now + (timeout_ms > 0 ? timeout_ms : 0);
    int n;
    do {
        keep_time(t, now);
        int64_t next = t->due_ms < until ? t->due_ms : until;
        next = t->curl_due_ms >= 0 && t->curl_due_ms < next ? t->curl_due_ms : next;
        n = poll_all(t, t->first != NULL || next <= now ? 0 : (int)(next - now));
        if (take(t, event)) {
            return true;
        }
        now = t->config.now_ms();
    } while (n >= 0 && (now < until || (n > 0 && now < until + GRACE_MS)));
    return false;
}

struct wn_link *wn_transport_connect(struct wn_transport *t, const struct wn_endpoint *to,
                                     bool plain, void *owner)
{
    struct wn_link *link = wn_calloc(1, sizeof *link);
    link->transport = t;
    link->owner = owner;
    link->starting = link->socket = CURL_SOCKET_BAD;
    link->hello.plain = plain;
    link->curl = curl_easy_init();
    if (link->curl == NULL || wn_link_configure(link, to) != CURLE_OK ||
        curl_multi_add_handle(t->multi, link->curl) != CURLM_OK) {
        curl_easy_cleanup(link->curl);
        curl_slist_free_all(link->connect_to);
        free(link);
        return NULL;
    }
    link->next = t->links;
    if (t->links != NULL) {
        t->links->previous = link;
    }
    t->links = link;
    wn_link_renew(link);
    return link;
}

const struct wn_link_facts *wn_link_facts(const struct wn_link *link)
{
    return &link->facts;
}

int wn_link_send(struct wn_link *link, const struct wn_smtp_command *command, struct wn_error *err)
{
    if (link->state != WN_LINK_IS_OPEN) {
        return wn_error_set(err, WN_E_INTERNAL, "a command for a connection that is not open");
    }
    if (!wn_smtp_command_write(command, &link->waiting)) {
        return wn_error_set(err, WN_E_INTERNAL, "this cannot be said to a mail server");
    }
    flush(link);
    return WN_OK;
}

void wn_link_close(struct wn_link *link)
{
    if (link == NULL) {
        return;
    }
    if (link->queued) {
        dequeue(link);
    }
    if (link->state == WN_LINK_IS_READY && !link->ended) {
        /* The owner does not know yet that it can say so. */
        link->state = WN_LINK_IS_OPEN;
        (void)wn_link_send(link, &(struct wn_smtp_command){.verb = WN_SMTP_QUIT}, NULL);
    }
    give_back(link);
    if (link->previous != NULL) {
        link->previous->next = link->next;
    } else {
        link->transport->links = link->next;
    }
    if (link->next != NULL) {
        link->next->previous = link->previous;
    }
    free(link);
}

/* What goes into EHLO: a name or an address literal (RFC 5321, 4.1.1.1), and nothing that could end
 * its line. */
static bool is_helo(const char *helo)
{
    size_t n = helo != NULL ? strlen(helo) : 0;
    return n > 0 && n <= 255 &&
           strspn(helo, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") ==
               n;
}

/* By libcurl's own parser, so that what passes here is not refused when a connection is made. */
static bool is_proxy(const char *proxy)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *url = curl_url();
    if (url == NULL) {
        wn_out_of_memory();
    }
    bool ok = curl_url_set(url, CURLUPART_URL, proxy, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "socks5") == 0 || strcmp(scheme, "socks5h") == 0 ||
               strcmp(scheme, "http") == 0) &&
              curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0] != '\0' &&
              (curl_url_get(url, CURLUPART_PORT, &port, 0) != CURLUE_OK || strcmp(port, "0") != 0);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return ok;
}

int wn_transport_check_proxy(const char *name, const char *proxy, struct wn_error *err)
{
    if (wn_curl_load(err) != WN_OK) {
        return WN_E_CONFIG;
    }
    return is_proxy(proxy) ? WN_OK
                           : wn_error_set(err, WN_E_USAGE,
                                          "%s has to be socks5://HOST:PORT, socks5h://HOST:PORT or "
                                          "http://HOST:PORT, with USER:PASSWORD@ before HOST or "
                                          "without",
                                          name);
}

/* Makes *text the transport's own. */
static void keep(struct wn_transport *t, enum wn_link_text which, const char **text)
{
    if (*text != NULL) {
        size_t n = strlen(*text) + 1;
        *text = t->texts[which] = memcpy(wn_malloc(n), *text, n);
    }
}

int wn_transport_new(const struct wn_transport_config *config, struct wn_transport **transport,
                     struct wn_error *err)
{
    *transport = NULL;
    if (wn_curl_load(err) != WN_OK) {
        return WN_E_CONFIG;
    }
    if (!is_helo(config->helo)) {
        return wn_error_set(err, WN_E_USAGE, "'%s' is no name to give to mail servers",
                            config->helo != NULL ? config->helo : "");
    }
    if (config->proxy != NULL && wn_transport_check_proxy("a proxy", config->proxy, err) != WN_OK) {
        return WN_E_USAGE;
    }
    struct wn_transport *t = wn_calloc(1, sizeof *t);
    t->config = *config;
    t->config.now_ms = config->now_ms != NULL ? config->now_ms : wn_clock_monotonic_ms;
    keep(t, WN_LINK_TEXT_HELO, &t->config.helo);
    keep(t, WN_LINK_TEXT_PROXY, &t->config.proxy);
    char *proxy = t->texts[WN_LINK_TEXT_PROXY];
    if (proxy != NULL && strncasecmp(proxy, "socks5h", 7) == 0) {
        /* Given an IPv6 address, libcurl 7.88 would send its text as a name. */
        memmove(proxy + 6, proxy + 7, strlen(proxy + 7) + 1);
    }
    keep(t, WN_LINK_TEXT_INTERFACE, &t->config.interface);
    t->answers_at_once = curl_version_info(CURLVERSION_NOW)->version_num >= 0x080000;
    t->curl_due_ms = -1;
    t->due_ms = INT64_MAX;
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    t->multi = t->epoll >= 0 ? curl_multi_init() : NULL;
    if (t->multi == NULL) {
        int errnum = errno;
        wn_transport_free(t);
        return wn_error_errno(err, WN_E_IO, errnum, "no connections can be made");
    }
    (void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, (void *)t);
    (void)curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, (void *)t);
    (void)curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)CACHE);
    *transport = t;
    return WN_OK;
}

void wn_transport_free(struct wn_transport *t)
{
    if (t == NULL) {
        return;
    }
    for (struct wn_link *link = t->links, *next; link != NULL; link = next) {
        next = link->next;
        wn_link_close(link);
    }
    (void)curl_multi_cleanup(t->multi);
    if (t->epoll >= 0) {
        (void)close(t->epoll);
    }
    for (size_t i = 0; i < WN_LINK_TEXTS; i++) {
        free(t->texts[i]);
    }
    free(t->watched);
    free(t);
}
