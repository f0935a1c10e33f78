/* SPDX-License-Identifier: MIT */
#include "support/mailing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "report/projection.h"

const struct mailing_world mailing_worlds[] = {
    {"a large list, domains alike", 8, 40, 100, 100, 0.04, 0},
    {"a large list, domains that differ", 8, 200, 20, 20, 0.04, 30},
    {"few large domains that differ", 6, 12, 400, 400, 0.03, 60},
    {"many domains of one mailbox", 2, 4000, 1, 1, 0.05, 10},
    {"a small list", 4, 30, 30, 2, 0.03, 0},
    {"a short history", 4, 20, 14, 200, 0.03, 0},
    {"a clean list", 8, 60, 100, 60, 0.002, 0},
    {"a rotten list", 4, 60, 40, 40, 0.4, 30},
};
const size_t mailing_world_count = sizeof mailing_worlds / sizeof *mailing_worlds;

/* splitmix64: the same everywhere, which rand_r is not. */
static double draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static double draw_normal(uint64_t *state)
{
    return sqrt(-2 * log(draw(state))) * cos(2 * 3.14159265358979323846 * draw(state));
}

/* Marsaglia and Tsang; below 1 by the power trick. */
static double draw_gamma(uint64_t *state, double shape)
{
    if (shape < 1) {
        return draw_gamma(state, shape + 1) * pow(draw(state), 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = draw_normal(state), v = 1 + c * x;
        v = v * v * v;
        if (v > 0 && log(draw(state)) < 0.5 * x * x + d - d * v + d * log(v)) {
            return d * v;
        }
    }
}

/* Around `mean`, with that concentration; 0: the mean itself. */
static double draw_rate(uint64_t *state, double mean, double concentration)
{
    if (concentration <= 0) {
        return mean;
    }
    double a = draw_gamma(state, mean * concentration);
    double b = draw_gamma(state, (1 - mean) * concentration);
    return a / (a + b);
}

static unsigned draw_bounces(uint64_t *state, unsigned mails, double rate)
{
    unsigned bounces = 0;
    for (unsigned i = 0; i < mails; i++) {
        bounces += draw(state) < rate;
    }
    return bounces;
}

/* 1 to 2 mean - 1. */
static unsigned draw_size(uint64_t *state, unsigned mean)
{
    return 1 + (unsigned)(draw(state) * (2 * mean - 1));
}

struct sizes {
    struct wn_sample *samples;
    struct wn_exposure exposure;
};

/* The history and the list of one provider and repute; returns the list's bounces. */
static unsigned fill(const struct mailing_world *w, uint64_t *state, uint32_t provider,
                     enum wn_repute repute, double mean, const struct sizes *out)
{
    unsigned bounces = 0;
    double own = draw_rate(state, mean, 100); /* providers differ */
    for (unsigned d = 0; d < w->domains; d++) {
        double rate = draw_rate(state, own, w->alike);
        if (d % 2 == 0) {
            unsigned mails = draw_size(state, w->seen), hard = draw_bounces(state, mails, rate);
            struct wn_domain_outcomes o = {
                .repute = repute, .mails = mails, .delivered = mails - hard, .hard = hard};
            wn_sample_add_domain(out->samples, w->providers, provider, &o);
        }
        if (d % 4 <= 1) { /* one that the history knows, one that it does not */
            unsigned rows = draw_size(state, w->listed);
            size_t at = wn_stratum(w->providers, provider, repute, true);
            out->exposure.rows[at][WN_PROJECTED_before] += rows;
            bounces += draw_bounces(state, rows, rate);
        }
    }
    return bounces;
}

static void simulate_one(const struct mailing_world *w, uint64_t *state,
                         struct mailing_score *score)
{
    /* Beside what the world says of mailboxes never seen. */
    static const double shares[WN_REPUTE_OPEN] = {1, 0.1, 2};
    size_t strata = (size_t)WN_PROJECTION_KINDS * w->providers;
    struct sizes out = {.samples = wn_calloc(strata, sizeof *out.samples)};
    struct wn_projection p;
    unsigned bounces = 0;
    out.exposure.rows = wn_calloc(strata, sizeof *out.exposure.rows);
    for (uint32_t provider = 0; provider < w->providers; provider++) {
        for (int s = 0; s < WN_REPUTE_OPEN; s++) {
            bounces += fill(w, state, provider, (enum wn_repute)s, w->rate * shares[s], &out);
        }
    }
    wn_project(out.samples, &out.exposure, w->providers, &p);
    const struct wn_projected_rate *r = &p.of[WN_PROJECTED_before];
    double happened = (double)bounces / (double)r->rows;
    if (!p.basis) {
        score->without_basis++;
    } else {
        score->width += r->high - r->low;
        score->below += happened < r->low - 1e-12;
        score->above += happened > r->high + 1e-12;
        score->inside += happened >= r->low - 1e-12 && happened <= r->high + 1e-12;
    }
    free(out.samples);
    free(out.exposure.rows);
}

void mailing_simulate(const struct mailing_world *world, unsigned lists, unsigned seed,
                      struct mailing_score *score)
{
    uint64_t state = seed;
    *score = (struct mailing_score){.inside = 0};
    for (unsigned i = 0; i < lists; i++) {
        simulate_one(world, &state, score);
    }
    if (lists > score->without_basis) {
        score->width /= lists - score->without_basis;
    }
}
