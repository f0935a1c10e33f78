/* SPDX-License-Identifier: MIT */
#include "smtp/live.h"

#include "base/clock.h"

static int64_t live_now_ms(void *arg)
{
    (void)arg;
    return wn_clock_monotonic_ms();
}

static void *live_connect(void *arg, const struct wn_endpoint *to, bool plain, void *owner)
{
    return wn_transport_connect(arg, to, plain, owner);
}

static int live_send(void *arg, void *link, const struct wn_smtp_command *command,
                     struct wn_error *err)
{
    (void)arg;
    return wn_link_send(link, command, err);
}

static const struct wn_link_facts *live_facts(void *arg, void *link)
{
    (void)arg;
    return wn_link_facts(link);
}

static void live_close(void *arg, void *link)
{
    (void)arg;
    wn_link_close(link);
}

static bool live_wait(void *arg, int timeout_ms, struct wn_link_event *event)
{
    return wn_transport_wait(arg, timeout_ms, event);
}

void wn_live_io(struct wn_transport *t, struct wn_prober_io *io)
{
    *io = (struct wn_prober_io){.arg = t,
                                .now_ms = live_now_ms,
                                .connect = live_connect,
                                .send = live_send,
                                .facts = live_facts,
                                .close = live_close,
                                .wait = live_wait};
}
