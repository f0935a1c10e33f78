/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_LINKING_H
#define TESTS_SUPPORT_LINKING_H

/* Links to scripted servers, for tests; whatever should not be ends the test. */

#include "smtp/transport.h"
#include "support/smtp_server.h"

enum {
    LONG_MS = 60000 /* no test waits for it */
};

/* Beginnings of scripts: a server that greets and hears EHLO, answers it, offers TLS. */
#define GREET     SAY("220 mx.test ESMTP\r\n"), STEP(HEAR)
#define EHLO      GREET, SAY("250-mx.test\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n")
#define OFFER_TLS GREET, SAY("250-mx.test\r\n250 STARTTLS\r\n"), STEP(HEAR)

#define EHLO_AGAIN STEP(HEAR), SAY("250 mx.test\r\n"), STEP(HOLD)

/* `config` with probe.example for no name and LONG_MS for no times, by the clock of pass_time. */
struct wn_transport *open_transport(const struct wn_transport_config *config);

/* Connects to mx.test, which is at `ip`. */
struct wn_link *begin(struct wn_transport *t, const char *ip, bool plain, void *owner);

/* So much time passes at once. */
void pass_time(int ms);

/* Waits until the server holds and the transport has done all that there is to do, which is nothing
 * to tell of. */
void come_to_hold(struct wn_transport *t, struct smtp_server *server);

/* The next event, which must be of this kind. */
struct wn_link_event wait_for(struct wn_transport *t, enum wn_link_event_kind kind);

/* Replaces `out` by bytes of replies, until `n` lines have come. */
void wait_lines(struct wn_transport *t, size_t n, struct wn_buf *out);

/* Sends a command; `address` may be "". */
void say(struct wn_link *link, enum wn_smtp_verb verb, const char *address);

#endif
