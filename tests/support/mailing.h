/* SPDX-License-Identifier: MIT */
#ifndef WN_TEST_MAILING_H
#define WN_TEST_MAILING_H

/* Made-up senders: a history and a list, both drawn from rates that the projection does not know,
 * and what then becomes of the list. */

#include <stddef.h>

struct mailing_world {
    const char *name;
    unsigned providers; /* 0 is that of the domains of unknown ones */
    unsigned domains; /* of each provider; half of them in the history, half of those in the list */
    unsigned seen;    /* mailboxes of a domain in the history, on average */
    unsigned listed;  /* and in the list */
    double rate;      /* how often a mailbox that was never seen bounces, on average */
    double alike;     /* how much domains of one provider are alike: 1 / alike is the variance of
                         their rates as a share of the greatest possible; 0: all the same */
};

extern const struct mailing_world mailing_worlds[];
extern const size_t mailing_world_count;

/* Of `lists` pairs of a history and a list: of how many what happened was in, below and above the
 * interval, and the mean width of the intervals. The same for the same seed. */
struct mailing_score {
    unsigned inside, below, above, without_basis;
    double width;
};
void mailing_simulate(const struct mailing_world *world, unsigned lists, unsigned seed,
                      struct mailing_score *score);

#endif
