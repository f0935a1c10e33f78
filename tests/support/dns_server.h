/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_DNS_SERVER_H
#define TESTS_SUPPORT_DNS_SERVER_H

/* A scripted DNS server: a thread inside the test program on a free loopback port, UDP and TCP. It
 * does what real servers will not do on demand, and counts what it was asked. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_action {
    DNS_ANSWER,         /* the rule's records, under its rcode */
    DNS_SILENT,         /* nothing at all */
    DNS_TRUNCATE,       /* over UDP an empty answer with TC; over TCP the records */
    DNS_TRUNCATE_ALL,   /* TC over TCP too */
    DNS_GARBAGE,        /* bytes that are no message */
    DNS_BROKEN_RECORDS, /* the right header and question, then a record that ends too early */
    DNS_WRONG_ID,       /* an answer under another id */
    DNS_WRONG_QUESTION, /* an answer that echoes another name */
    DNS_REFERRAL,       /* NOERROR, no records, NS in the authority */
    DNS_HANG_UP         /* over UDP TC; over TCP the connection is closed */
};

/* What to do with a question. The first rule that fits is taken; an unmatched question is REFUSED.
 */
struct dns_rule {
    const char
        *name; /* lower case; "*" fits all, "*.com" all names below com; NULL ends the table */
    const char *type; /* "MX", "A", "AAAA", "PTR", "TXT"; NULL for any */
    enum dns_action action;
    int rcode; /* 0 NOERROR, 1 FORMERR, 2 SERVFAIL, 3 NXDOMAIN, 4 NOTIMP, 5 REFUSED */
    /* "; "-separated "[OWNER.] TTL TYPE DATA": "300 MX 10 mx.example", "a.example. 60 A 192.0.2.1",
     * "300 CNAME b.example", "ns.example. 900 SOA 60" (the number is the SOA's MINIMUM; it goes to
     * the authority section), "60 TXT one two" (two strings of one record). The owner is the name
     * asked for unless it is written, with its dot.
     */
    const char *records;
    int times;    /* the rule holds for so many questions, then the next that fits; 0: for ever */
    int delay_ms; /* before the answer is sent (UDP) */
    bool plain;   /* answers FORMERR, without OPT, whenever the question carries EDNS */
};

struct dns_server;

/* Never returns NULL: a test that cannot have its server ends. `rules` must outlive the server. */
struct dns_server *dns_server_start(const struct dns_rule *rules);
void dns_server_stop(struct dns_server *server);

/* "127.0.0.1:PORT". */
const char *dns_server_address(const struct dns_server *server);

/* Questions so far for a name (as in a rule) and type (NULL: any), over UDP and TCP. */
size_t dns_server_count(struct dns_server *server, const char *name, const char *type);
size_t dns_server_count_tcp(struct dns_server *server);
/* The most questions that were unanswered at one time (delayed answers make this useful). */
size_t dns_server_peak(struct dns_server *server);

/* An address on which nothing listens. */
const char *dns_dead_address(void);

#endif
