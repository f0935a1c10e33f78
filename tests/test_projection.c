/* SPDX-License-Identifier: MIT */
/* The projected rate of hard bounces: cases worked out by hand, what it must never do, and how
 * often its interval holds what happens in made-up worlds. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "report/projection.h"
#include "support/mailing.h"
#include "support/suite.h"

enum {
    PROVIDERS = 3,
    STRATA = WN_PROJECTION_KINDS * PROVIDERS,
    MOST = 4
};

#define UNSEEN    WN_REPUTE_unseen
#define DELIVERED WN_REPUTE_delivered
#define SOFT      WN_REPUTE_soft

struct heard { /* of one domain */
    uint32_t provider;
    enum wn_repute repute;
    uint32_t mails, delivered, dead, hard;
};

struct listed {
    uint32_t provider;
    enum wn_repute repute;
    bool asked;
    uint64_t before, after;
};

static const struct project_case {
    const char *name;
    struct heard heard[MOST];   /* up to the first without mails */
    struct listed listed[MOST]; /* up to the first without rows */
    uint64_t certain[WN_PROJECTED_COUNT];
    bool basis;
    uint64_t observations;
    /* Rate, and bounces of the interval's ends. */
    struct {
        double rate, low, high;
    } want[WN_PROJECTED_COUNT];
} project_cases[] = {
    {.name = "nothing is known, and nothing asked"},
    {"nothing is known", {{0}}, {{0, UNSEEN, true, 10, 10}}, {0, 0}, false, 0, {{0, 0, 0}}},
    {"nothing is known, and the list cannot be reached",
     {{0}},
     {{0}},
     {10, 0},
     false,
     0,
     {{0, 0, 0}}},
    /* The worked example of docs/projection.md. */
    {"1000 mails, 50 bounces, 200 rows",
     {{0, UNSEEN, 1000, 950, 0, 50}},
     {{0, UNSEEN, true, 200, 200}},
     {0, 0},
     true,
     1000,
     {{0.0500088, 5, 17}, {0.0500088, 5, 17}}},
    {"the same and 20 rows that cannot be reached, which are not kept",
     {{0, UNSEEN, 1000, 950, 0, 50}},
     {{0, UNSEEN, true, 200, 200}},
     {20, 0},
     true,
     1000,
     {{0.136372, 25, 37}, {0.0500088, 5, 17}}},
    {"nothing is kept",
     {{0, UNSEEN, 1000, 950, 0, 50}},
     {{0, UNSEEN, true, 200, 0}},
     {0, 0},
     true,
     1000,
     {{0.0500088, 5, 17}, {0, 0, 0}}},
    {"a dead domain is no bounce where DNS was asked",
     {{0, UNSEEN, 1020, 950, 20, 50}},
     {{0, UNSEEN, true, 200, 200}},
     {0, 0},
     true,
     1020,
     {{0.0500088, 5, 17}, {0.0500088, 5, 17}}},
    {"and is one where it was not",
     {{0, UNSEEN, 1000, 950, 20, 30}},
     {{0, UNSEEN, false, 200, 200}},
     {0, 0},
     true,
     1000,
     {{0.0500088, 5, 17}, {0.0500088, 5, 17}}},
    {"a mail is observed once where some were asked and some not",
     {{0, UNSEEN, 1000, 1000, 0, 0}},
     {{0, UNSEEN, false, 1, 0}, {0, UNSEEN, true, 1, 0}},
     {0, 0},
     true,
     1000,
     {{0.00001, 0, 1}, {0, 0, 0}}},
    {"a stratum of its own counts, not the others",
     {{0, UNSEEN, 1000000, 1000000, 0, 0}, {1, UNSEEN, 1000000, 900000, 0, 100000}},
     {{1, UNSEEN, true, 1000, 1000}},
     {0, 0},
     true,
     1000000,
     {{0.099999, 84, 117}, {0.099999, 84, 117}}},
    {"a provider without history is taken for the average one, and is no basis",
     {{0, UNSEEN, 1000, 950, 0, 50}},
     {{0, UNSEEN, true, 10, 10}, {1, UNSEEN, true, 11, 11}},
     {0, 0},
     false,
     1000,
     {{0, 0, 0}}},
    {"but where half the rows have one",
     {{0, UNSEEN, 1000, 950, 0, 50}},
     {{0, UNSEEN, true, 10, 10}, {1, UNSEEN, true, 10, 10}},
     {0, 0},
     true,
     1000,
     {{0.050229, 0, 4}, {0.050229, 0, 4}}},
    {"another repute is another kind",
     {{0, DELIVERED, 1000, 1000, 0, 0}},
     {{0, UNSEEN, true, 10, 10}},
     {0, 0},
     false,
     0,
     {{0, 0, 0}}},
    {"99 mails are too few",
     {{0, UNSEEN, 99, 99, 0, 0}},
     {{0, UNSEEN, true, 10, 10}},
     {0, 0},
     false,
     99,
     {{0, 0, 0}}},
    {"100 are enough",
     {{0, UNSEEN, 100, 100, 0, 0}},
     {{0, UNSEEN, true, 10, 10}},
     {0, 0},
     true,
     100,
     {{0.000825, 0, 1}, {0.000825, 0, 1}}},
    /* Whoever imports bounces alone would otherwise be told that every mail bounces. */
    {"bounces alone are no basis",
     {{0, UNSEEN, 1000, 0, 0, 1000}},
     {{0, UNSEEN, true, 10, 10}},
     {0, 0},
     false,
     1000,
     {{0, 0, 0}}},
    {"soft ones neither",
     {{0, UNSEEN, 1000, 499, 0, 1}},
     {{0, UNSEEN, true, 10, 10}},
     {0, 0},
     false,
     1000,
     {{0, 0, 0}}},
    {"what is kept must have a basis too",
     {{0, UNSEEN, 1000, 950, 0, 50}},
     {{0, UNSEEN, true, 100, 0}, {1, UNSEEN, true, 10, 10}},
     {0, 0},
     false,
     1000,
     {{0, 0, 0}}},
};

static void project(const struct project_case *c, struct wn_projection *p)
{
    struct wn_sample samples[STRATA] = {{0}};
    uint64_t rows[STRATA][WN_PROJECTED_COUNT] = {{0}};
    struct wn_exposure exposure = {.certain = {c->certain[0], c->certain[1]}, .rows = rows};
    for (size_t i = 0; i < MOST && c->heard[i].mails > 0; i++) {
        const struct heard *h = &c->heard[i];
        struct wn_domain_outcomes o = {.repute = h->repute,
                                       .mails = h->mails,
                                       .delivered = h->delivered,
                                       .dead = h->dead,
                                       .hard = h->hard};
        wn_sample_add_domain(samples, PROVIDERS, h->provider, &o);
    }
    for (size_t i = 0; i < MOST && c->listed[i].before > 0; i++) {
        const struct listed *l = &c->listed[i];
        size_t at = wn_stratum(PROVIDERS, l->provider, l->repute, l->asked);
        rows[at][WN_PROJECTED_before] = l->before;
        rows[at][WN_PROJECTED_after] = l->after;
    }
    wn_project(samples, &exposure, PROVIDERS, p);
}

START_TEST(projects)
{
    const struct project_case *c = &project_cases[_i];
    struct wn_projection p;
    project(c, &p);
    ck_assert_msg(p.basis == c->basis, "%s: basis %d", c->name, p.basis);
    ck_assert_msg(p.observations == c->observations, "%s: %llu observations", c->name,
                  (unsigned long long)p.observations);
    for (int w = 0; w < WN_PROJECTED_COUNT; w++) {
        const struct wn_projected_rate *r = &p.of[w];
        double n = (double)r->rows;
        ck_assert_msg(fabs(r->rate - c->want[w].rate) < 1e-6, "%s, %d: rate %.7f", c->name, w,
                      r->rate);
        ck_assert_msg(fabs(r->low * n - c->want[w].low) < 1e-6, "%s, %d: low %.7f", c->name, w,
                      r->low * n);
        ck_assert_msg(fabs(r->high * n - c->want[w].high) < 1e-6, "%s, %d: high %.7f", c->name, w,
                      r->high * n);
    }
}
END_TEST

static struct wn_projected_rate rate_of(uint32_t mails, uint32_t hard, uint64_t rows,
                                        uint64_t certain)
{
    struct project_case c = {.heard = {{0, UNSEEN, mails, mails - hard, 0, hard}},
                             .listed = {{0, UNSEEN, true, rows, rows}},
                             .certain = {certain, certain}};
    struct wn_projection p;
    project(&c, &p);
    ck_assert(p.basis);
    return p.of[WN_PROJECTED_before];
}

static void assert_ordered(const struct wn_projected_rate *r)
{
    ck_assert(r->low >= 0 && r->low <= r->rate && r->rate <= r->high && r->high <= 1);
}

START_TEST(more_bounces_more_expected)
{
    struct wn_projected_rate last = {.rate = 0};
    for (uint32_t hard = 0; hard <= 500; hard++) {
        struct wn_projected_rate r = rate_of(1000, hard, 5000, 0);
        assert_ordered(&r);
        ck_assert_msg(r.rate > last.rate && r.low >= last.low && r.high >= last.high, "%u", hard);
        last = r;
    }
}
END_TEST

START_TEST(more_that_cannot_be_reached_more_expected)
{
    struct wn_projected_rate last = {.rate = 0};
    for (uint64_t certain = 0; certain <= 1000; certain += 10) {
        struct wn_projected_rate r = rate_of(1000, 20, 1000, certain);
        assert_ordered(&r);
        ck_assert(r.rate > last.rate && r.low >= last.low && r.high >= last.high);
        last = r;
    }
}
END_TEST

START_TEST(more_history_less_doubt)
{
    double width = 1;
    for (uint32_t mails = 100; mails <= 1000000; mails *= 10) {
        struct wn_projected_rate r = rate_of(mails, mails / 50, 100000, 0);
        assert_ordered(&r);
        ck_assert(r.high - r.low < width);
        width = r.high - r.low;
    }
    ck_assert(width < 0.002);
}
END_TEST

/* Two domains of which one bounces say less than 2000 independent mails. */
START_TEST(domains_that_differ_more_doubt)
{
    struct project_case c = {
        .heard = {{0, UNSEEN, 1000, 900, 0, 100}, {0, UNSEEN, 1000, 900, 0, 100}},
        .listed = {{0, UNSEEN, true, 10000, 10000}}};
    struct wn_projection alike, apart;
    project(&c, &alike);
    c.heard[0] = (struct heard){0, UNSEEN, 1000, 800, 0, 200};
    c.heard[1] = (struct heard){0, UNSEEN, 1000, 1000, 0, 0};
    project(&c, &apart);
    ck_assert(apart.of[0].high - apart.of[0].low > 5 * (alike.of[0].high - alike.of[0].low));
}
END_TEST

static const struct {
    uint32_t mails, hard;
    uint64_t rows, certain;
} extremes[] = {
    {100, 0, 1, 0},
    {100, 50, 1, 0},
    {UINT32_MAX, 0, 1, 0},
    {UINT32_MAX, 0, UINT64_C(1) << 40, 0},
    {UINT32_MAX, UINT32_MAX / 2, UINT64_C(1) << 40, UINT64_C(1) << 40},
    {100, 50, UINT64_C(1) << 40, 0},
    {100, 0, 1, UINT64_C(1) << 40},
    {100, 1, 2, 1},
};

START_TEST(bears_extremes)
{
    struct wn_projected_rate r =
        rate_of(extremes[_i].mails, extremes[_i].hard, extremes[_i].rows, extremes[_i].certain);
    ck_assert(isfinite(r.rate) && isfinite(r.low) && isfinite(r.high));
    assert_ordered(&r);
}
END_TEST

/* Of mailboxes that bounced softly nearly all may be dead: the tail is on the other side. */
START_TEST(bears_what_nearly_always_bounces)
{
    struct project_case c = {.heard = {{0, SOFT, 1000, 5, 0, 990}, {0, UNSEEN, 9000, 9000, 0, 0}},
                             .listed = {{0, SOFT, true, 100, 100}}};
    struct wn_projection p;
    project(&c, &p);
    ck_assert(p.basis);
    assert_ordered(&p.of[0]);
    ck_assert_msg(p.of[0].rate > 0.98 && p.of[0].high > 0.99 && p.of[0].low > 0.95, "%f %f %f",
                  p.of[0].rate, p.of[0].low, p.of[0].high);
}
END_TEST

/* 90 % of 200 lists are 180; of a true 90 % fewer than 170 come out once in 100,000. Far more than
 * 90 % would be an interval that says little. */
START_TEST(interval_holds)
{
    const struct mailing_world *world = &mailing_worlds[_i];
    struct mailing_score score;
    mailing_simulate(world, 200, 1, &score);
    ck_assert_msg(score.without_basis == 0, "%s: %u without a basis", world->name,
                  score.without_basis);
    ck_assert_msg(score.inside >= 170 && score.inside <= 197, "%s: %u of 200 inside", world->name,
                  score.inside);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("projection");
    TCase *tcase = tcase_create("projection");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, projects, 0, sizeof project_cases / sizeof *project_cases);
    tcase_add_test(tcase, more_bounces_more_expected);
    tcase_add_test(tcase, more_that_cannot_be_reached_more_expected);
    tcase_add_test(tcase, more_history_less_doubt);
    tcase_add_test(tcase, domains_that_differ_more_doubt);
    tcase_add_loop_test(tcase, bears_extremes, 0, sizeof extremes / sizeof *extremes);
    tcase_add_test(tcase, bears_what_nearly_always_bounces);
    tcase_add_loop_test(tcase, interval_holds, 0, (int)mailing_world_count);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
