/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_WIRE_H
#define WN_DNS_WIRE_H

/* Reads a DNS answer message (RFC 1035 section 4) as far as mail needs it: the response code, the
 * alias chain from the name that was asked, the records at its end, and how long all that may be
 * kept. Pure and bounded: it reads nothing outside the message, follows no
 * loop, and does the same whichever c-ares handed the message over. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/ip.h"
#include "dns/route.h"

enum wn_dns_type {
    WN_DNS_A = 1,
    WN_DNS_PTR = 12,
    WN_DNS_MX = 15,
    WN_DNS_TXT = 16,
    WN_DNS_AAAA = 28
};

enum wn_dns_rcode {
    WN_DNS_NOERROR = 0,
    WN_DNS_NXDOMAIN = 3
};

/* More of one kind than these are counted, not kept (`more`). */
enum {
    WN_DNS_MX_MAX = 64,
    WN_DNS_IP_MAX = 16
};

struct wn_dns_mx {
    uint16_t preference;
    bool odd;                /* not a host name: octets other than letters, digits, - and _ */
    char host[WN_HOST_TEXT]; /* lower case, "" for the root; an octet that cannot be shown is '?' */
};

struct wn_dns_answer {
    unsigned rcode;    /* with the upper bits of an OPT record (RFC 6891 6.1.3) */
    bool truncated;    /* TC */
    bool recursive;    /* RA */
    bool referral;     /* a pointer to other servers or names instead of an answer (RFC 2308 2.2) */
    bool alias;        /* the name that was asked is a CNAME */
    bool more;         /* the message has more records than fit below */
    uint32_t ttl;      /* seconds: the least of the records used, aliases included; for an answer
                          without them min(SOA TTL, SOA MINIMUM) (RFC 2308 5), 0 without a SOA */
    size_t mx_count;   /* when MX was asked; in the order of the message */
    size_t ip_count;   /* when A or AAAA was asked */
    size_t text_count; /* when PTR or TXT was asked */
    struct wn_dns_mx mx[WN_DNS_MX_MAX];
    struct wn_ip ip[WN_DNS_IP_MAX];
    /* The caller's, set before PTR or TXT is read: each record's text with its NUL is added. A host
     * is as in wn_dns_mx; the strings of a TXT record are joined, and what is no printable ASCII is
     * '?'. */
    struct wn_buf *texts;
};

/* NULL when the message is a well-formed answer to a question of that type; else what is wrong with
 * it, a static text. The entries of `mx` and `ip` beyond their counts are left as they were. */
const char *wn_dns_read(const uint8_t *message, size_t length, enum wn_dns_type type,
                        struct wn_dns_answer *answer);

/* The same, but NULL only when the message answers the question for good: its response code is
 * NOERROR or NXDOMAIN, and it is neither cut nor a referral. */
const char *wn_dns_read_final(const uint8_t *message, size_t length, enum wn_dns_type type,
                              struct wn_dns_answer *answer);

/* Whether c-ares asks for the name as it stands, whatever its version: labels of 1 to 63 letters,
 * digits, - or _, lower-case or not, 253 octets in all. */
bool wn_dns_can_ask(struct wn_span name);

/* "SERVFAIL" …; "RCODE" for what has no name of its own here. */
const char *wn_dns_rcode_word(unsigned rcode);

#endif
