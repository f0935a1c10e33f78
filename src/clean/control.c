/* SPDX-License-Identifier: MIT */
/* Failures are never remembered, and everything else is. So a list that is cleaned every night
 * asks, after the first time, for nothing but its domains whose own DNS is broken, and gets no
 * answer to any question from servers that are in good order. Hence the control questions, and
 * hence the domains that the store knows count where the share of failures is judged. */
#include "clean/control.h"

enum {
    NAMES = 3 /* of the list */
};

/* Domains that DNS has said something of in an earlier run: a resolver that knows nothing but a
 * private world can say it again. */
static size_t known_names(const struct wn_run *run, struct wn_span names[NAMES])
{
    size_t n = 0;
    for (uint32_t i = 0; i < run->tables.domains.length && n < NAMES; i++) {
        const struct wn_domain *d = wn_tables_domain(&run->tables, i);
        if (d->route != WN_ROUTE_NONE && d->route != WN_ROUTE_DNS_FAILURE) {
            names[n++] = (struct wn_span){d->name, d->length};
        }
    }
    return n;
}

int wn_control_dns(struct wn_run *run, struct wn_error *err)
{
    run->dns.known = run->facts_used;
    if (run->dns.queries > 0 && run->dns.answered == 0) {
        struct wn_span names[NAMES];
        size_t n = known_names(run, names);
        run->dns.control = wn_resolver_control(run->resolver, names, n, run->stop);
    }
    return *run->stop != 0 ? wn_error_set(err, WN_E_SIGNAL + *run->stop, "stopped")
                           : wn_resolver_judge(&run->dns, err);
}
