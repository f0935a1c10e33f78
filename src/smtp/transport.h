/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_TRANSPORT_H
#define WN_SMTP_TRANSPORT_H

/* Connections to mail servers, all of them on the caller's thread: connected, greeted, EHLO said
 * and TLS begun by libcurl; from then on commands go out and bytes come in. Nothing can be said but
 * a struct wn_smtp_command. The server is believed in nothing: every wait and every size before
 * READY is limited here; afterwards the time is the caller's to limit, and bytes are handed over by
 * the piece. A transport and its links belong to one thread at a time. */

#include "dns/ip.h"
#include "smtp/command.h"
#include "smtp/hello.h"

struct wn_transport;
struct wn_link;

/* Texts are copied. */
struct wn_transport_config {
    const char *helo;      /* our name for EHLO */
    const char *proxy;     /* socks5://, socks5h:// or http://, with user and password or not; NULL:
                            * none, whatever the environment says. Either kind of SOCKS is given the
                            * address, never the name. */
    const char *interface; /* an interface's name or a source address; NULL: the system's choice */
    uint16_t port;         /* of all servers: 25 */
    /* Milliseconds: for the connection; and each for the greeting, the answer to EHLO (or to EHLO
     * and HELO), that to STARTTLS with the handshake, and to the second EHLO. Through a proxy
     * it cannot be seen when the server is reached, so that the first two are one. */
    int connect_ms, banner_ms;
    int64_t (*now_ms)(void); /* of a clock that goes on by itself, and never back; NULL:
                              * wn_clock_monotonic_ms */
};

/* Copied where it is used. */
struct wn_endpoint {
    const char *host; /* the MX host's name, which is the one for TLS (SNI); nothing is looked up */
    struct wn_ip ip;
};

enum wn_link_event_kind {
    WN_LINK_READY,  /* greeting, EHLO and STARTTLS (where it is offered) are done */
    WN_LINK_BYTES,  /* bytes of replies */
    WN_LINK_CLOSED, /* by the other side, or broken, after READY */
    WN_LINK_FAILED  /* before READY */
};

struct wn_link_event {
    enum wn_link_event_kind kind;
    struct wn_link *link;
    void *owner; /* as given to wn_transport_connect */
    const char *bytes;
    size_t n;                 /* BYTES: at least 1; valid until the next wait */
    enum wn_link_phase phase; /* FAILED: how far it got */
    bool timed_out;           /* FAILED */
    bool refused;             /* FAILED: nobody listens there, as the host (or the proxy) says */
    bool ours; /* FAILED: the proxy cannot be reached, the source address not be used, or
                * this machine has no way to the server: nothing was asked of that */
    const struct wn_smtp_reply *reply; /* FAILED: the server's last one where that was a refusal,
                                        * 4xx or 5xx; else NULL. Valid until the link is closed */
    const char *detail; /* FAILED, CLOSED: what happened, without a full stop; valid as `reply` */
};

/* Whether `proxy` may stand in a struct wn_transport_config: a URL of those kinds that names a
 * host. Nothing is looked up. `name`: what it is called in the sentence, which quotes nothing of it
 * as there may be a password. WN_E_USAGE: it may not. WN_E_CONFIG: libcurl, which is asked, cannot
 * be loaded. Any thread may call it. */
int wn_transport_check_proxy(const char *name, const char *proxy, struct wn_error *err);

/* *t is NULL unless WN_OK. WN_E_USAGE: `helo` is no name or address literal, or `proxy` none as
 * above. WN_E_CONFIG: libcurl cannot be loaded. WN_E_IO: no descriptor is left. */
int wn_transport_new(const struct wn_transport_config *config, struct wn_transport **t,
                     struct wn_error *err);
/* Closes and frees every link. */
void wn_transport_free(struct wn_transport *t);

/* Begins to connect; what comes of it is an event. The link is freed by wn_link_close (also after
 * FAILED and CLOSED, which give its socket back at once) or wn_transport_free. `plain`: STARTTLS is
 * not said, as after it failed half way. NULL only when libcurl has no handle left. */
struct wn_link *wn_transport_connect(struct wn_transport *t, const struct wn_endpoint *to,
                                     bool plain, void *owner);

/* Complete after READY. Valid until the link is closed. */
const struct wn_link_facts *wn_link_facts(const struct wn_link *link);

/* Queues one command's line and sends what can be sent now; the rest goes out during waits. WN_OK
 * also where the connection is found broken: CLOSED comes, behind what the server has still said.
 * WN_E_INTERNAL, and nothing is sent: a command that wn_smtp_command_write refuses, or a link that
 * is not READY or not any more. */
int wn_link_send(struct wn_link *link, const struct wn_smtp_command *command, struct wn_error *err);

/* Closes and frees the link; NULL is none. No event of it comes afterwards. Nothing is said (the
 * caller's QUIT is a command like others), except to a server that has greeted and of which READY
 * was not told: such a one is told QUIT where that can be done at once, and before READY came about
 * only without TLS. */
void wn_link_close(struct wn_link *link);

/* Waits at most timeout_ms (0: not at all) for the next event; false: none, or a signal came. Links
 * take turns. */
bool wn_transport_wait(struct wn_transport *t, int timeout_ms, struct wn_link_event *event);

#endif
