/* SPDX-License-Identifier: MIT */
#include <check.h>

#include "smtp/limits.h"
#include "smtp/provider.h"
#include "support/suite.h"

static const struct {
    const char *name, *quirks;
    uint32_t connections, recipients, per_minute, per_day;
} table[] = {
#define WN_PROVIDER_LIMITS(name, connections, recipients, per_minute, per_day, quirks)             \
    {name, #quirks, connections, recipients, per_minute, per_day},
#include "data/provider_limits.def"
};

enum {
    ROWS = sizeof table / sizeof *table
};

START_TEST(others_get_the_defaults)
{
    uint32_t unlisted = wn_provider_named(WN_SPAN("Fastmail"));
    ck_assert_uint_ne(unlisted, 0);
    const uint32_t providers[] = {0, unlisted, wn_provider_count(), UINT32_MAX};
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
        struct wn_probe_limits limits;
        wn_limits_of(providers[i], &limits);
        ck_assert_uint_eq(limits.connections, 2);
        ck_assert_uint_eq(limits.recipients, 5);
        ck_assert_uint_eq(limits.per_minute, 60);
        ck_assert_uint_eq(limits.per_day, 2000);
        ck_assert(!limits.accepts_all && !limits.never_catch_all && !limits.one_domain);
    }
}
END_TEST

/* Every row is a provider's, stands once, is reached, and allows something. */
START_TEST(every_row_is_reached)
{
    ck_assert_str_eq(table[0].name, "");
    for (size_t i = 1; i < ROWS; i++) {
        struct wn_probe_limits limits;
        uint32_t provider = wn_provider_named(wn_span_of(table[i].name));
        ck_assert_msg(provider != 0, "providers.def does not know %s", table[i].name);
        for (size_t k = 0; k < i; k++) {
            ck_assert_msg(strcmp(table[k].name, table[i].name) != 0, "%s twice", table[i].name);
        }
        wn_limits_of(provider, &limits);
        ck_assert_msg(limits.connections == table[i].connections &&
                          limits.recipients == table[i].recipients &&
                          limits.per_minute == table[i].per_minute &&
                          limits.per_day == table[i].per_day,
                      "%s", table[i].name);
        ck_assert(limits.connections > 0 && limits.recipients > 0);
        ck_assert(limits.per_minute > 0 && limits.per_day >= limits.per_minute);
        ck_assert(limits.accepts_all == (strstr(table[i].quirks, "ACCEPTS_ALL") != NULL));
        ck_assert(limits.never_catch_all == (strstr(table[i].quirks, "NEVER_CATCH_ALL") != NULL));
        ck_assert(limits.one_domain == (strstr(table[i].quirks, "ONE_DOMAIN") != NULL));
    }
}
END_TEST

static const struct {
    const char *mx;
    uint32_t recipients;
    bool accepts_all, never_catch_all, one_domain;
} hosts[] = {
    {"mta5.am0.yahoodns.net", 1, true, false, false},
    {"mx-aol.mail.gm0.yahoodns.net", 1, true, false, false},
    {"outlook-com.olc.protection.outlook.com", 1, false, true, false},
    {"gmail-smtp-in.l.google.com", 5, false, true, true},
    {"aspmx.l.google.com", 5, false, false, true}, /* anybody's domain */
    {"firm-de.mail.protection.outlook.com", 5, false, false, false},
    {"mx01.mail.icloud.com", 5, false, false, false}, /* custom domains, which may be catch-all */
    {"mx.example.org", 5, false, false, false},
};

START_TEST(limits_of_a_host)
{
    struct wn_probe_limits limits;
    wn_limits_of(wn_provider_of(wn_span_of(hosts[_i].mx)), &limits);
    ck_assert_uint_eq(limits.recipients, hosts[_i].recipients);
    ck_assert(limits.accepts_all == hosts[_i].accepts_all);
    ck_assert(limits.never_catch_all == hosts[_i].never_catch_all);
    ck_assert(limits.one_domain == hosts[_i].one_domain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *t = tcase_create("limits");
    tcase_add_test(t, others_get_the_defaults);
    tcase_add_test(t, every_row_is_reached);
    tcase_add_loop_test(t, limits_of_a_host, 0, sizeof hosts / sizeof *hosts);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
