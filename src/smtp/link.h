/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_LINK_H
#define WN_SMTP_LINK_H

/* What transport.c (the loop, and links that are open) and link.c (libcurl's options, and what its
 * failures mean) share. Nobody else includes this. */

#include "base/curl.h"
#include "smtp/transport.h"

enum {
    WN_LINK_EARLY = 256,
    WN_LINK_BLOCK = 1 << 14,     /* bytes of one event */
    WN_LINK_HELLO_MAX = 1 << 17, /* bytes of everything that comes before READY */
    WN_LINK_DETAIL = CURL_ERROR_SIZE + 64
};

/* The texts of a configuration that a transport keeps. */
enum wn_link_text {
    WN_LINK_TEXT_HELO,
    WN_LINK_TEXT_PROXY,
    WN_LINK_TEXT_INTERFACE,
    WN_LINK_TEXTS
};

enum wn_link_state {
    WN_LINK_IS_STARTING, /* libcurl's */
    WN_LINK_IS_READY,    /* READY is to be told */
    WN_LINK_IS_OPEN,
    WN_LINK_IS_FAILED, /* FAILED is to be told */
    WN_LINK_IS_OVER    /* FAILED or CLOSED was told */
};

struct wn_link {
    struct wn_transport *transport;
    struct wn_link *previous, *next; /* of the transport's */
    struct wn_link *after;           /* in the queue */
    bool queued;
    enum wn_link_state state;
    void *owner;
    CURL *curl; /* NULL: given back */
    struct curl_slist *connect_to;
    curl_socket_t starting; /* until it is ready */
    curl_socket_t socket;   /* once it is ready */
    int64_t due_ms;         /* STARTING: when it is given up */
    struct wn_hello hello;
    struct wn_link_facts facts;
    bool timed_out, refused, ours;
    uint64_t received; /* bytes, until libcurl closed the connection */
    uint64_t heard;    /* bytes of replies before READY */
    bool broken;       /* nothing can be sent any more */
    bool ended;        /* nothing can be read any more, but what is in `early` */
    bool out;          /* waits for room to send */
    char detail[WN_LINK_DETAIL];
    char error[CURL_ERROR_SIZE]; /* libcurl's own words */
    char early[WN_LINK_EARLY];   /* read when it became ready */
    size_t early_n;
    /* Lines to send. A block that TLS was given must stay where it is until it is taken (OpenSSL's
     * SSL_write), hence two buffers. */
    struct wn_buf sending, waiting;
    size_t sent; /* of `sending` */
};

struct wn_transport {
    struct wn_transport_config config; /* its texts are those below */
    char *texts[WN_LINK_TEXTS];
    CURLM *multi;
    int epoll;
    struct wn_link **watched; /* by descriptor; NULL: not watched */
    size_t watched_n;
    struct wn_link *links;
    struct wn_link *first, *last; /* the queue */
    int64_t curl_due_ms;          /* when libcurl wants to be called; -1: not at all */
    int64_t due_ms;               /* no link is due before it */
    uint64_t turn;                /* how often libcurl was let loose */
    bool answers_at_once;         /* libcurl may read an answer in the turn of its command */
    char bytes[WN_LINK_BLOCK];
};

/* The link has got into another phase: its time begins anew. */
void wn_link_renew(struct wn_link *link);

/* Sets every option of link->curl. Not CURLE_OK: the first that this libcurl does not take. */
CURLcode wn_link_configure(struct wn_link *link, const struct wn_endpoint *to);

/* What has come in over a socket, read or not; 0 where that is not known. */
uint64_t wn_link_received(curl_socket_t fd);

/* What struct wn_link_facts says of the server's certificate, after the handshake. */
bool wn_link_certificate_bad(const struct wn_link *link);

/* Sets `detail`, `timed_out`, `refused`, `ours` and the last phase of a link that failed before
 * READY. */
void wn_link_explain(struct wn_link *link, CURLcode code);

/* libcurl's CURLOPT_CLOSESOCKETFUNCTION, in transport.c. */
int wn_link_close_socket(void *arg, curl_socket_t fd);

#endif
