/* SPDX-License-Identifier: MIT */
#include <check.h>

#include "smtp/provider.h"
#include "support/suite.h"

static const struct row {
    const char *mx, *name;
} rows[] = {
    {"gmail-smtp-in.l.google.com", "Gmail"},
    {"alt1.gmail-smtp-in.l.google.com", "Gmail"},
    {"aspmx.l.google.com", "Google Workspace"},
    {"alt1.aspmx.l.google.com", "Google Workspace"},
    {"aspmx2.googlemail.com", "Google Workspace"},
    {"smtp.google.com", "Google Workspace"},
    {"example-com.mail.protection.outlook.com", "Microsoft 365"},
    {"example-com.a-v1.mx.microsoft", "Microsoft 365"},
    {"outlook-com.olc.protection.outlook.com", "Outlook.com"},
    {"mta5.am0.yahoodns.net", "Yahoo"},
    {"mx00.mail.icloud.com", "iCloud"},
    {"mx0a-001.pphosted.com", "Proofpoint"},
    {"mx00.ionos.com", "IONOS"},
    {"mx00.kundenserver.de", "IONOS"},
    {"web.de", "WEB.DE"},
    {"MX1.Hotmail.COM", "Outlook.com"}, /* as a Remote-MTA may have it; used to be nobody's */
    {"Google.com", "Google Workspace"},
    {"mx.example.org", ""},
    {"", ""},
    {"com", ""},
    {"notgoogle.com", ""}, /* no label of its own */
    {"google.com.example.org", ""},
    {".google.com", "Google Workspace"},
};

START_TEST(provider_of_a_host)
{
    uint32_t provider = wn_provider_of(wn_span_of(rows[_i].mx));
    ck_assert_msg(strcmp(wn_provider_name(provider), rows[_i].name) == 0, "%s: %s", rows[_i].mx,
                  wn_provider_name(provider));
    ck_assert_uint_lt(provider, wn_provider_count());
    ck_assert((provider == 0) == (rows[_i].name[0] == '\0'));
}
END_TEST

static const struct {
    const char *name, *suffix;
} table[] = {
#define WN_PROVIDER_MX(name, suffix) {name, suffix},
#include "data/providers.def"
};

enum {
    TABLE = sizeof table / sizeof *table
};

/* Every suffix leads to its provider, and one provider has one number. */
START_TEST(every_entry_is_reached)
{
    for (size_t i = 0; i < TABLE; i++) {
        uint32_t provider = wn_provider_of(wn_span_of(table[i].suffix));
        ck_assert_str_eq(wn_provider_name(provider), table[i].name);
        for (size_t j = 0; j < i; j++) {
            bool same_name = strcmp(table[i].name, table[j].name) == 0;
            ck_assert((wn_provider_of(wn_span_of(table[j].suffix)) == provider) == same_name);
            ck_assert_str_ne(table[i].suffix, table[j].suffix);
        }
        for (const char *p = table[i].suffix; *p != '\0'; p++) {
            ck_assert_msg(wn_lower(*p) == *p, "%s is not in lower case", table[i].suffix);
        }
        ck_assert(table[i].suffix[0] != '.');
        ck_assert_msg(strpbrk(table[i].name, ",\"\n") == NULL, "%s", table[i].name);
    }
}
END_TEST

START_TEST(numbers_without_a_name)
{
    ck_assert_str_eq(wn_provider_name(0), "");
    ck_assert_str_eq(wn_provider_name(wn_provider_count()), "");
    ck_assert_str_eq(wn_provider_name(UINT32_MAX), "");
}
END_TEST

/* A name leads to its provider in whatever case, and what is none to nothing. */
START_TEST(provider_by_name)
{
    for (size_t i = 0; i < TABLE; i++) {
        ck_assert_uint_eq(wn_provider_named(wn_span_of(table[i].name)),
                          wn_provider_of(wn_span_of(table[i].suffix)));
    }
    ck_assert_uint_eq(wn_provider_named(WN_SPAN("gMAIL")), wn_provider_named(WN_SPAN("Gmail")));
    ck_assert_uint_eq(wn_provider_named(WN_SPAN("")), 0);
    ck_assert_uint_eq(wn_provider_named(WN_SPAN("Gmai")), 0);
    ck_assert_uint_eq(wn_provider_named(WN_SPAN("gmail-smtp-in.l.google.com")), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("provider");
    TCase *cases = tcase_create("provider");
    tcase_add_loop_test(cases, provider_of_a_host, 0, sizeof rows / sizeof *rows);
    tcase_add_test(cases, every_entry_is_reached);
    tcase_add_test(cases, numbers_without_a_name);
    tcase_add_test(cases, provider_by_name);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
