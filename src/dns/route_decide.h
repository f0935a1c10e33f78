/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_ROUTE_DECIDE_H
#define WN_DNS_ROUTE_DECIDE_H

/* From DNS answers to a mail route: what route.c decides and lookup.c feeds. Pure, so that every
 * row of the table in docs/architecture.md is tested without a network.
 *
 * The decision is asked again whenever an answer has come in, and says either what else it must
 * know or what the route is. It looks at MX hosts in their order (preference, then name) and at A
 * before AAAA, and stops at the first public address, so it depends on the answers alone and never
 * on which of them came first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/ip.h"
#include "dns/route.h"

enum wn_outcome {
    WN_OUTCOME_UNASKED,
    WN_OUTCOME_FOUND,
    WN_OUTCOME_NO_DATA,  /* the name exists without such a record */
    WN_OUTCOME_NXDOMAIN, /* the name does not exist */
    WN_OUTCOME_FAILED    /* no answer to rely on */
};

enum wn_family {
    WN_FAMILY_A,
    WN_FAMILY_AAAA,
    WN_FAMILY_COUNT
};

/* For an address that no server answered with: an MX host that is itself an address. */
enum {
    WN_NO_SERVER = 0xff
};

/* What asking a host for one kind of address gave. */
struct wn_host_answer {
    enum wn_outcome outcome;
    bool alias;             /* the host is a CNAME */
    bool more;              /* it has more addresses than are kept */
    uint8_t server;         /* the number of the server that answered, or WN_NO_SERVER */
    uint8_t count;          /* of addresses; FOUND has at least one */
    uint32_t ttl;           /* seconds; 0 for unknown */
    const struct wn_ip *ip; /* not owned */
    const char *why;        /* FAILED: "SERVFAIL", "timeout"; static */
};

struct wn_mx_host {
    const char *name; /* not owned */
    bool odd;         /* holds octets that no host name has: never asked for, has no address */
    bool literal;     /* is an IP address, which `answer` then holds */
    struct wn_host_answer answer[WN_FAMILY_COUNT];
};

struct wn_mx {
    uint16_t preference;
    struct wn_mx_host *host; /* not owned */
};

enum {
    WN_REWRITER_IP_MAX = 64
};

/* What one server makes of names that do not exist. */
struct wn_rewriter {
    bool known;    /* the question was put and settled */
    uint8_t count; /* addresses it answers with; 0: it tells the truth */
    struct wn_ip ip[WN_REWRITER_IP_MAX];
};

/* All that is known of a domain. */
struct wn_route_facts {
    enum wn_outcome mx_outcome; /* NO_DATA makes the domain its own MX host (RFC 5321 5.1) */
    const char *mx_why;         /* FAILED: as above */
    uint32_t mx_ttl;
    bool null_mx;           /* a single "MX 0 ." (RFC 7505) */
    bool more_mx;           /* there are MX hosts beyond `mx` */
    size_t mx_count;        /* without "." */
    const struct wn_mx *mx; /* sorted by wn_mx_sort */
    struct wn_mx_host *own; /* the domain as a host, when mx_outcome is NO_DATA */
    bool allow_private;
    const struct wn_rewriter *rewriters; /* by number of server */
};

enum wn_step {
    WN_STEP_DONE,  /* the route is decided */
    WN_STEP_ASK,   /* ask `host` for `family` */
    WN_STEP_CANARY /* find out whether `server` rewrites */
};

struct wn_next {
    enum wn_step step;
    struct wn_mx_host *host;
    enum wn_family family;
    uint8_t server;
};

/* By preference, then by name; of one host named twice the better preference stays. Returns the new
 * count. */
size_t wn_mx_sort(struct wn_mx *mx, size_t count);

/* Sets what an MX host's name alone says: `odd` stays as it is, an address becomes its own answer,
 * kept in *ip, which must live as long as the host. */
void wn_mx_host_name(struct wn_mx_host *host, const char *name, bool odd, struct wn_ip *ip);

/* Whether mail can go to an address of this answer: it is global, or private ones are allowed, and
 * not what a rewriting server makes up. */
bool wn_route_usable(const struct wn_route_facts *facts, const struct wn_host_answer *answer,
                     const struct wn_ip *ip);

/* `route` is filled when the step is WN_STEP_DONE and untouched otherwise. */
struct wn_next wn_route_decide(const struct wn_route_facts *facts, struct wn_route *route);

#endif
