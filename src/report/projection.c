/* SPDX-License-Identifier: MIT */
/* Per stratum a beta-binomial: the share of bounces is Beta(PRIOR m + b, PRIOR (1 - m) + n - b) for
 * b bounces of n mails, where m is the share of the stratum's kind over all providers. The
 * mailboxes of a domain fare alike, so n mails are worth n / d independent ones, where d is by how
 * much the domains' bounces vary more than chance would have it (the design effect of a cluster
 * sample). The strata's expected bounces and variances add up; the interval is that of the gamma
 * distribution with their sum and variance, which has no negative bounces and the long tail on the
 * right side. */
#include "report/projection.h"

#include <math.h>

/* How many mails the share of all providers weighs as much as, in the share of one. */
#define PRIOR 20.0
/* The normal distribution's quantile at 95 %: 5 % on each side. */
#define Z 1.6448536269514722

void wn_sample_add(struct wn_sample *e, double mails, double bounces, double delivered)
{
    if (mails <= 0) {
        return;
    }
    e->mails += mails;
    e->bounces += bounces;
    e->delivered += delivered;
    e->mails_squared += mails * mails;
    e->mails_bounces += mails * bounces;
    e->bounces_squared += bounces * bounces;
    e->domains++;
}

void wn_sample_add_domain(struct wn_sample *samples, size_t providers, uint32_t provider,
                          const struct wn_domain_outcomes *outcomes)
{
    double mails = outcomes->mails, hard = outcomes->hard, dead = outcomes->dead;
    wn_sample_add(&samples[wn_stratum(providers, provider, outcomes->repute, false)], mails,
                  hard + dead, outcomes->delivered);
    wn_sample_add(&samples[wn_stratum(providers, provider, outcomes->repute, true)], mails - dead,
                  hard, outcomes->delivered);
}

static void pool(struct wn_sample *sum, const struct wn_sample *part)
{
    sum->mails += part->mails;
    sum->bounces += part->bounces;
    sum->delivered += part->delivered;
    sum->mails_squared += part->mails_squared;
    sum->mails_bounces += part->mails_bounces;
    sum->bounces_squared += part->bounces_squared;
    sum->domains += part->domains;
}

/* By how much the domains' bounces vary more than those of independent mails; 1 or more. */
static double design_effect(const struct wn_sample *e)
{
    if (e->domains < 2 || e->bounces <= 0 || e->bounces >= e->mails) {
        return 1;
    }
    double p = e->bounces / e->mails, domains = (double)e->domains;
    double apart = e->bounces_squared - 2 * p * e->mails_bounces + p * p * e->mails_squared;
    return fmax(1, apart * domains / (domains - 1) / (e->mails * p * (1 - p)));
}

/* A share that is not known exactly. */
struct share {
    double mean, variance;
    double effect; /* the design effect */
    double lent;   /* how much of the mean is the prior's, of 1 */
};

/* From the evidence, and a prior of so many mails with that mean. */
static struct share learn(const struct wn_sample *e, double weight, double mean)
{
    struct share s = {.effect = design_effect(e)};
    double mails = e->mails / s.effect, bounces = e->bounces / s.effect;
    s.mean = (bounces + weight * mean) / (mails + weight);
    s.variance = s.mean * (1 - s.mean) / (mails + weight + 1);
    s.lent = weight / (mails + weight);
    return s;
}

/* Bounces that are expected, and how far they may be off. */
struct sum {
    double rows, bounces, variance;
};

static void add_stratum(struct sum *sum, double rows, const struct share *s)
{
    sum->rows += rows;
    sum->bounces += rows * s->mean;
    sum->variance +=
        rows * rows * s->variance + rows * s->mean * (1 - s->mean) * fmin(s->effect, rows);
}

/* The quantile of the gamma distribution with that mean and variance at the normal quantile z
 * (Wilson and Hilferty 1931). */
static double gamma_quantile(double mean, double variance, double z)
{
    double ninth = variance / (mean * mean) / 9;
    double root = 1 - ninth + z * sqrt(ninth);
    return root > 0 ? mean * root * root * root : 0;
}

/* Where more than half bounce, what does not is the count with the tail. */
static void bound(const struct sum *sum, double *low, double *high)
{
    double others = sum->rows - sum->bounces;
    if (sum->bounces <= others) {
        *low = gamma_quantile(sum->bounces, sum->variance, -Z);
        *high = gamma_quantile(sum->bounces, sum->variance, Z);
    } else {
        *low = sum->rows - gamma_quantile(others, sum->variance, Z);
        *high = sum->rows - gamma_quantile(others, sum->variance, -Z);
    }
    /* Bounces are whole, and the mean is between. */
    *low = fmax(0, floor(fmin(*low, sum->bounces)));
    *high = fmin(sum->rows, ceil(fmax(*high, sum->bounces)));
}

static void conclude(const struct sum *sum, struct wn_projected_rate *r)
{
    double low = 0, high = 0, certain = (double)r->certain, rows = (double)r->rows;
    if (sum->rows > 0) {
        bound(sum, &low, &high);
    }
    if (rows > 0) {
        r->rate = (certain + sum->bounces) / rows;
        r->low = (certain + low) / rows;
        r->high = fmin(1, (certain + high) / rows);
    }
}

/* One kind's share of bounces over all providers, after Jeffreys: one mail, half a bounce. */
static struct share learn_kind(const struct wn_sample *samples, size_t providers)
{
    struct wn_sample all = {.mails = 0};
    for (size_t i = 0; i < providers; i++) {
        pool(&all, &samples[i]);
    }
    return learn(&all, 1, 0.5);
}

static void project(const struct wn_sample *samples, const struct wn_exposure *exposure,
                    size_t providers, enum wn_projected which, struct wn_projected_rate *r)
{
    struct sum sum = {.rows = 0};
    for (size_t kind = 0; kind < WN_PROJECTION_KINDS; kind++) {
        struct share whole = learn_kind(samples + kind * providers, providers);
        double lent = 0;
        for (size_t i = kind * providers; i < (kind + 1) * providers; i++) {
            double rows = (double)exposure->rows[i][which];
            if (rows > 0) {
                struct share own = learn(&samples[i], PRIOR, whole.mean);
                add_stratum(&sum, rows, &own);
                lent += rows * own.lent;
            }
        }
        /* What they were lent is wrong for all of them alike. */
        sum.variance += lent * lent * whole.variance;
    }
    conclude(&sum, r);
}

/* Whether most of the rows are of strata with enough history, which must not be bounces alone:
 * whoever imports no deliveries knows of no mail that arrived. */
static bool has_basis(const struct wn_sample *samples, const struct wn_exposure *exposure,
                      size_t providers, enum wn_projected which)
{
    uint64_t open = 0, known = 0;
    double mails = 0, delivered = 0;
    for (size_t i = 0; i < WN_PROJECTION_KINDS * providers; i++) {
        uint64_t rows = exposure->rows[i][which];
        open += rows;
        known += samples[i].mails >= WN_PROJECTION_LEAST ? rows : 0;
        mails += samples[i].mails;
        delivered += samples[i].delivered;
    }
    return mails >= WN_PROJECTION_LEAST && delivered * 2 >= mails && known >= open - known;
}

static uint64_t count_observations(const struct wn_sample *samples,
                                   const struct wn_exposure *exposure, size_t providers)
{
    double mails = 0;
    for (size_t i = 0; i < WN_PROJECTION_KINDS * providers; i++) {
        size_t pair = i / providers / 2 * 2 * providers + i % providers; /* not asked, asked */
        bool asked = i / providers % 2 == 1;
        bool counted = asked && exposure->rows[pair][WN_PROJECTED_before] > 0;
        if (exposure->rows[i][WN_PROJECTED_before] > 0 && !counted) {
            mails += samples[pair].mails;
        }
    }
    return (uint64_t)mails;
}

void wn_project(const struct wn_sample *samples, const struct wn_exposure *exposure,
                size_t providers, struct wn_projection *projection)
{
    *projection = (struct wn_projection){
        .basis = true, .observations = count_observations(samples, exposure, providers)};
    for (unsigned w = 0; w < WN_PROJECTED_COUNT; w++) {
        struct wn_projected_rate *r = &projection->of[w];
        r->rows = r->certain = exposure->certain[w];
        for (size_t i = 0; i < WN_PROJECTION_KINDS * providers; i++) {
            r->rows += exposure->rows[i][w];
        }
        projection->basis =
            projection->basis && has_basis(samples, exposure, providers, (enum wn_projected)w);
    }
    for (unsigned w = 0; w < WN_PROJECTED_COUNT && projection->basis; w++) {
        project(samples, exposure, providers, (enum wn_projected)w, &projection->of[w]);
    }
}
