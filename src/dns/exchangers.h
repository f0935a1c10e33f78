/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_EXCHANGERS_H
#define WN_DNS_EXCHANGERS_H

/* A domain's mail exchangers with their addresses, in the order in which mail is to try them (RFC
 * 5321 section 5.1): what must be known for connecting, where a route (dns/route.h) is only what
 * must be known for judging. Pure; lookup.c feeds it. */

#include "dns/ip.h"
#include "dns/route.h"

struct wn_next; /* dns/route_decide.h */
struct wn_route_facts;

enum {
    WN_EXCHANGERS_MAX = 16,  /* hosts that are kept */
    WN_EXCHANGER_IPS_MAX = 8 /* addresses of each, A before AAAA */
};

struct wn_exchanger {
    uint16_t preference;
    char name[WN_HOST_TEXT]; /* lower case, no root dot; an address where the MX is written so */
    struct wn_ip *ips;       /* as answered */
    size_t count;            /* at least 1 */
};

/* By preference, then by name: servers turn their answers round, and domains of one provider are to
 * have one list. The implicit MX is the domain itself with preference 0. Hosts without an address
 * that mail can go to are left out; so are, without allow_private, addresses that are not global,
 * and what a rewriting server made up. */
struct wn_exchangers {
    struct wn_exchanger *v;
    size_t count;
};

/* Where a walk over the hosts is; zero-initialised. */
struct wn_exchangers_walk {
    size_t at, kept;
};

/* What is still to be asked, a thing a call, all of which may be asked at once; WN_STEP_DONE after
 * the last. To be walked again when answers are in, until there is nothing. */
struct wn_next wn_exchangers_need(const struct wn_route_facts *facts,
                                  struct wn_exchangers_walk *walk);

/* The list; empty unless the MX answer leads to hosts. Never NULL; one allocation, to be freed with
 * wn_exchangers_free. What has not been asked counts as not there. */
struct wn_exchangers *wn_exchangers_of(const struct wn_route_facts *facts);
/* Accepts NULL. */
void wn_exchangers_free(struct wn_exchangers *exchangers);

#endif
