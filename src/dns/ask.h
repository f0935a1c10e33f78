/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_ASK_H
#define WN_DNS_ASK_H

/* One question to DNS, waited for: for the few that are asked before anything begins, such as
 * whether our own name has an address. Many domains are for the resolver. Servers, time-outs and
 * tries are its too; a server that rewrites is not found out. */

#include <stdatomic.h>

#include "dns/resolver.h"

enum wn_ask_type {
    WN_ASK_A,
    WN_ASK_AAAA,
    WN_ASK_PTR,
    WN_ASK_TXT,
    WN_ASK_MX,
    WN_ASK_COUNT
};

/* What was answered, as texts, in the order of the answer: an address; a host name, lower case
 * without the root dot; a TXT record's strings joined (RFC 7208 3.3), where control characters and
 * octets above 126 are '?'; "10 mx.example", or "0 ." for the null MX. */
struct wn_ask_answer {
    const char **v; /* one allocation with the texts */
    size_t count;
};
/* Leaves the answer empty. */
void wn_ask_answer_release(struct wn_ask_answer *answer);

/* Asks for `name` (A-labels); an address under WN_ASK_PTR stands for its name in in-addr.arpa or
 * ip6.arpa (RFC 1035 3.5, RFC 3596 2.5). Aliases are followed. A name that does not exist, or has
 * no such record, gives an empty answer. Waits at most config->tries * config->timeout_ms for each
 * server, and not beyond *stop becoming another number than 0 (`stop` may be NULL); may be called
 * from any thread.
 * Errors: WN_E_TEMPFAIL (no server gave a usable answer), WN_E_SIGNAL + *stop, WN_E_USAGE (not a
 * name that can be asked for, or as wn_resolver_new), WN_E_CONFIG and WN_E_INTERNAL as
 * wn_resolver_new. On failure the answer is empty, otherwise release it. */
int wn_ask(const struct wn_resolver_config *config, const char *name, enum wn_ask_type type,
           const _Atomic int *stop, struct wn_ask_answer *answer, struct wn_error *err);

#endif
