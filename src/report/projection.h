/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_PROJECTION_H
#define WN_REPORT_PROJECTION_H

/* How many of a list's mails would bounce hard, projected from what became of mail to mailboxes of
 * the same kind: the method is docs/projection.md. Pure: counts in, rates out, and the same to the
 * last bit wherever doubles are IEEE 754. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/suppression.h"

/* The share of hard bounces above which mail services take measures. */
#define WN_PROJECTION_LINE 0.02

enum {
    WN_PROJECTION_LEVEL = 90, /* percent: how often the interval is to hold what happens */
    WN_PROJECTION_LEAST = 100 /* mails that a stratum's history needs to be a basis */
};

/* A kind: an open repute, and whether DNS said that the row's domain takes mail. A stratum: a
 * kind and a provider. */
enum {
    WN_PROJECTION_KINDS = 2 * WN_REPUTE_OPEN
};

static inline size_t wn_stratum(size_t providers, uint32_t provider, enum wn_repute repute,
                                bool asked)
{
    return ((size_t)repute * 2 + asked) * providers + provider;
}

/* What became of the mails of one stratum, each of another mailbox. The sums over domains tell how
 * much the mailboxes of a domain fare alike. */
struct wn_sample {
    double mails, bounces, delivered;
    double mails_squared, mails_bounces, bounces_squared; /* sums over domains of the products */
    uint64_t domains;
};

/* Adds one domain's mails, of which so many bounced hard. */
void wn_sample_add(struct wn_sample *e, double mails, double bounces, double delivered);

/* Adds what is known of a domain to the two strata of its provider and repute: where DNS was not
 * asked, a domain that takes no mail is one more way to bounce; where it was, such mails say
 * nothing. `samples` has wn_stratum's order. */
void wn_sample_add_domain(struct wn_sample *samples, size_t providers, uint32_t provider,
                          const struct wn_domain_outcomes *outcomes);

enum wn_projected {
    WN_PROJECTED_before, /* the list as it is */
    WN_PROJECTED_after,  /* what is kept of it */
    WN_PROJECTED_COUNT
};

/* The mails of a list: a row each, without duplicates and rows without an address. */
struct wn_exposure {
    uint64_t certain[WN_PROJECTED_COUNT]; /* rows that cannot but bounce */
    uint64_t (*rows)[WN_PROJECTED_COUNT]; /* the others, by stratum; the caller's */
};

struct wn_projected_rate {
    uint64_t rows, certain;
    double rate, low, high; /* shares of the rows; 0 <= low <= rate <= high <= 1; 0 without rows */
};

struct wn_projection {
    bool basis;            /* the rates rest on enough; without, they are all 0 */
    uint64_t observations; /* mails in the history of the strata that the list has rows of */
    struct wn_projected_rate of[WN_PROJECTED_COUNT];
};

void wn_project(const struct wn_sample *samples, const struct wn_exposure *exposure,
                size_t providers, struct wn_projection *projection);

#endif
