/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_LIVE_H
#define WN_SMTP_LIVE_H

/* What a prober runs on outside tests: the connections of a transport and the monotonic clock. */

#include "smtp/prober.h"

/* `t` outlives every prober that has got this io, and belongs to its thread. */
void wn_live_io(struct wn_transport *t, struct wn_prober_io *io);

#endif
