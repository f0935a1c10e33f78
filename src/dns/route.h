/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_ROUTE_H
#define WN_DNS_ROUTE_H

/* A domain's mail route, worked out from DNS answers alone (RFC 5321 section 5.1, RFC 7505). Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum wn_route_kind {
    WN_ROUTE_NONE, /* not looked up */
    WN_ROUTE_OK,
    WN_ROUTE_NULL_MX,
    WN_ROUTE_NO_DOMAIN,
    WN_ROUTE_NO_MAIL_HOST,
    WN_ROUTE_MX_UNRESOLVABLE,
    WN_ROUTE_MX_UNROUTABLE,
    WN_ROUTE_DNS_FAILURE, /* never kept as a fact */
    WN_ROUTE_COUNT
};

enum wn_route_flag {
    WN_ROUTE_IMPLICIT_MX = 1, /* no MX: mail goes to the domain's own address record */
    WN_ROUTE_MX_CNAME = 2,    /* an MX host is an alias (RFC 2181 10.3: noted, not fatal) */
    WN_ROUTE_MX_LITERAL = 4,  /* an MX host is written as an IP address: noted, not fatal */
    WN_ROUTE_PRIVATE = 8      /* there are addresses and none of them is global: mx_unroutable, or
                                 ok where private addresses were allowed */
};

/* MX hosts are looked at in their order up to the first with a global address; the flags speak of
 * these. */

/* A host name of up to 253 octets and its NUL. */
enum {
    WN_HOST_TEXT = 254,
    WN_ROUTE_DETAIL = 160
};

struct wn_route {
    enum wn_route_kind kind;
    uint32_t flags;               /* enum wn_route_flag bits */
    uint32_t ttl;                 /* seconds the answers may be kept, clamped to 1 h .. 7 d */
    char mx[WN_HOST_TEXT];        /* the preferred MX host that decided, or empty; lower case */
    char detail[WN_ROUTE_DETAIL]; /* a short sentence: "SERVFAIL for MX", "MX 10 mx1.example:
                                     NXDOMAIN" */
};

/* Whether DNS said that the domain cannot take mail. */
static inline bool wn_route_is_negative(enum wn_route_kind kind)
{
    return kind >= WN_ROUTE_NULL_MX && kind <= WN_ROUTE_MX_UNROUTABLE;
}

/* "ok", "null_mx", …; "" for WN_ROUTE_NONE. */
const char *wn_route_word(enum wn_route_kind kind);
bool wn_route_read(struct wn_span word, enum wn_route_kind *kind);

#endif
