/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_LISTS_H
#define WN_ADDRESS_LISTS_H

/* What is known of names: role accounts, placeholders, disposable services and free providers.
 * Compiled in from src/data/ as hash tables; constant, so any thread may ask. */

#include "address/address.h"

/* Flags of a local part in lower case (role, placeholder) at this domain; a tag behind + is
 * ignored. */
uint32_t wn_lists_local(struct wn_span local);

/* Flags of a domain in A-labels, lower case (disposable, free, relay, placeholder); a subdomain of
 * a disposable service counts, a subdomain of a free provider does not. */
uint32_t wn_lists_domain(struct wn_span domain);

/* Flags of a domain known by its preferred MX host (disposable services share one). */
uint32_t wn_lists_mx(struct wn_span mx);

#endif
