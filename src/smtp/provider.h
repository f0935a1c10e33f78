/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_PROVIDER_H
#define WN_SMTP_PROVIDER_H

/* The mail provider behind a domain, told by its MX host: thousands of domains share one. Pure; any
 * thread may call it. Numbers are of this build alone. */

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The provider's number by the longest matching suffix of src/data/providers.def; 0: none known.
 * `mx`: a host name in whatever case, without a dot at its end. */
uint32_t wn_provider_of(struct wn_span mx);

/* Its name, "" for 0; static. Numbers are below wn_provider_count(). */
const char *wn_provider_name(uint32_t provider);
uint32_t wn_provider_count(void);

/* Who runs an MX host, by name: the provider where one is known, else the host's registrable domain
 * (publicsuffix.org), else the host itself. `mx`: lower case, without a dot at its end. Points into
 * `mx`, or is static. */
struct wn_span wn_provider_group(const char *mx);

/* The number of the provider of that name, in whatever case; 0: there is none. */
uint32_t wn_provider_named(struct wn_span name);

#endif
