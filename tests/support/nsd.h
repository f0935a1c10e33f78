/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_NSD_H
#define TESTS_SUPPORT_NSD_H

/* A real NSD, authoritative for given zones, on a free loopback port, in a directory of its own
 * that goes with it. */

#include <stdbool.h>
#include <stddef.h>

struct nsd_zone {
    const char *name; /* "example"; NULL ends the table */
    const char *text; /* the whole zone file, SOA and NS included */
};

struct nsd;

/* Whether there is an nsd binary to start. */
bool nsd_available(void);

/* Answers once it serves; NULL, with the reason on standard error, when it does not. */
struct nsd *nsd_start(const struct nsd_zone *zones);
/* Ends the process that was started, by its pid. Accepts NULL. */
void nsd_stop(struct nsd *nsd);

/* "127.0.0.1:PORT". */
const char *nsd_address(const struct nsd *nsd);

#endif
