/* SPDX-License-Identifier: MIT */
#include "support/linking.h"

#include <check.h>

#include "base/clock.h"

static int64_t passed;

static int64_t now_ms(void)
{
    return wn_clock_monotonic_ms() + passed;
}

void pass_time(int ms)
{
    passed += ms;
}

struct wn_transport *open_transport(const struct wn_transport_config *config)
{
    struct wn_transport *t;
    struct wn_error err = {0};
    struct wn_transport_config c = *config;
    c.helo = c.helo != NULL ? c.helo : "probe.example";
    c.connect_ms = c.connect_ms != 0 ? c.connect_ms : LONG_MS;
    c.banner_ms = c.banner_ms != 0 ? c.banner_ms : LONG_MS;
    c.now_ms = now_ms;
    ck_assert_msg(wn_transport_new(&c, &t, &err) == WN_OK, "%s", err.text);
    return t;
}

struct wn_link *begin(struct wn_transport *t, const char *ip, bool plain, void *owner)
{
    struct wn_endpoint to = {.host = "mx.test"};
    ck_assert(wn_ip_parse(ip, &to.ip));
    struct wn_link *link = wn_transport_connect(t, &to, plain, owner);
    ck_assert_ptr_nonnull(link);
    return link;
}

void come_to_hold(struct wn_transport *t, struct smtp_server *server)
{
    struct wn_link_event event;
    bool holds;
    do {
        holds = smtp_server_holds(server); /* after that, all that it said is to be read */
        ck_assert(!wn_transport_wait(t, holds ? 0 : 1, &event));
    } while (!holds);
}

struct wn_link_event wait_for(struct wn_transport *t, enum wn_link_event_kind kind)
{
    struct wn_link_event event;
    ck_assert_msg(wn_transport_wait(t, LONG_MS, &event), "no event");
    ck_assert_msg(event.kind == kind, "event %d: %s, %s", event.kind,
                  event.detail != NULL ? event.detail : "",
                  event.reply != NULL ? event.reply->text : "");
    return event;
}

void wait_lines(struct wn_transport *t, size_t n, struct wn_buf *out)
{
    wn_buf_clear(out);
    for (size_t lines = 0; lines < n;) {
        struct wn_link_event event = wait_for(t, WN_LINK_BYTES);
        wn_buf_add(out, event.bytes, event.n);
        for (size_t i = 0; i < event.n; i++) {
            lines += event.bytes[i] == '\n';
        }
    }
}

void say(struct wn_link *link, enum wn_smtp_verb verb, const char *address)
{
    struct wn_smtp_command command = {.verb = verb, .address = wn_span_of(address)};
    struct wn_error err = {0};
    ck_assert_msg(wn_link_send(link, &command, &err) == WN_OK, "%s", err.text);
}
