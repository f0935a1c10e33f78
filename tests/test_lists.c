/* SPDX-License-Identifier: MIT */
/* The lists: their files, the tables made from them, and the rules for asking. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/internal.h"
#include "address/lists.h"
#include "support/embed.h"
#include "support/suite.h"
#include "support/tempdir.h"

#ifndef WN_TEST_ROOT
#define WN_TEST_ROOT "."
#endif

static const struct {
    const char *name, *local;
    uint32_t flags;
} locals[] = {
    {"role", "info", WN_FLAG_role},
    {"role of RFC 2142", "postmaster", WN_FLAG_role},
    {"role in German", "buchhaltung", WN_FLAG_role},
    {"role in Polish", "biuro", WN_FLAG_role},
    {"role with a tag", "sales+x", WN_FLAG_role},
    {"role with a long tag", "sales+xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     WN_FLAG_role},
    {"placeholder", "asdf", WN_FLAG_placeholder},
    {"placeholder: nobody reads it", "noreply", WN_FLAG_placeholder},
    {"placeholder person", "max.mustermann", WN_FLAG_placeholder},
    {"person", "anna.smith", 0},
    {"begins like a role", "information1", 0},
    {"ends like a role", "xinfo", 0},
    {"nothing", "", 0},
    {"a plus alone", "+", 0},
    {"a leading plus is no tag", "+info", 0},
    {"longer than any", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0},
    {"capitals are the caller's", "INFO", 0},
};

START_TEST(local)
{
    ck_assert_msg(wn_lists_local(wn_span_of(locals[_i].local)) == locals[_i].flags, "%s",
                  locals[_i].name);
}
END_TEST

static const struct {
    const char *name, *domain;
    uint32_t flags;
} domains[] = {
    {"free", "gmail.com", WN_FLAG_free},
    {"under a free one", "mail.gmail.com", 0},
    {"ends like a free one", "xgmail.com", 0},
    {"disposable", "mailinator.com", WN_FLAG_disposable},
    {"under a disposable one", "a.b.mailinator.com", WN_FLAG_disposable},
    {"ends like a disposable one", "notmailinator.org", 0},
    {"relay", "privaterelay.appleid.com", WN_FLAG_relay},
    {"above a relay", "appleid.com", 0},
    {"under a relay", "bob.anonaddy.com", WN_FLAG_relay},
    {"placeholder", "yourdomain.com", WN_FLAG_placeholder},
    {"ordinary", "x.org", 0},
    {"literal", "[192.0.2.1]", 0},
    {"nothing", "", 0},
    {"dots", "...", 0},
};

START_TEST(domain)
{
    ck_assert_msg(wn_lists_domain(wn_span_of(domains[_i].domain)) == domains[_i].flags, "%s",
                  domains[_i].name);
}
END_TEST

/* Names of people, and initials that are as likely as the word. What a list of ours once held, or
 * is most likely to be given. */
static const char *const people[] = {
    "aaa",      "abc",      "alex",    "anna",   "asd",    "ben",       "bill",     "bla",
    "blank",    "chase",    "chen",    "dev",    "doe",    "ed",        "foo",      "grace",
    "guest",    "ian",      "ib",      "ir",     "job",    "joy",       "king",     "list",
    "mark",     "max",      "may",     "mel",    "muster", "nil",       "null",     "page",
    "pat",      "pm",       "price",   "rh",     "rich",   "sample",    "sdf",      "smith",
    "sue",      "tester",   "tobias",  "will",   "xi",     "yu",        "maria",    "jose",
    "mohammed", "muller",   "schmidt", "kim",    "nguyen", "garcia",    "rossi",    "silva",
    "ivanov",   "kowalski", "novak",   "jensen", "hansen", "johansson", "virtanen", "devries",
};

START_TEST(person)
{
    ck_assert_msg(wn_lists_local(wn_span_of(people[_i])) == 0, "%s", people[_i]);
}
END_TEST

/* Domains that public lists of disposable services have wrongly held. */
static const char *const no_disposables[] = {
    "google.com",     "gmail.com",     "qq.com",         "163.com",         "naver.com",
    "freemail.hu",    "onet.pl",       "yahoo.com.ph",   "hushmail.com",    "fastmail.fm",
    "nospammail.net", "mozmail.com",   "sneakemail.com", "spamgourmet.com", "e4ward.com",
    "duck.com",       "addy.io",       "yeah.net",       "mail2world.com",  "vfemail.net",
    "mailshell.com",  "cock.li",       "safe-mail.net",  "bluewin.ch",      "manybrain.com",
    "mail.zp.ua",     "gishpuppy.com", "mailnull.com",
};

START_TEST(no_disposable)
{
    struct wn_span name = wn_span_of(no_disposables[_i]);
    ck_assert_msg((wn_lists_domain(name) & WN_FLAG_disposable) == 0, "%s", no_disposables[_i]);
    ck_assert_msg(wn_lists_mx(name) == 0, "%s", no_disposables[_i]);
}
END_TEST

START_TEST(mx)
{
    ck_assert_uint_eq(wn_lists_mx(WN_SPAN("mail.mailinator.com")), WN_FLAG_disposable);
    ck_assert_uint_eq(wn_lists_mx(WN_SPAN("yopmail.com")), WN_FLAG_disposable);
    ck_assert_uint_eq(wn_lists_mx(WN_SPAN("aspmx.l.google.com")), 0);
    ck_assert_uint_eq(wn_lists_mx(WN_SPAN("mx1.mailgun.org")), 0);
    ck_assert_uint_eq(wn_lists_mx(WN_SPAN("")), 0);
}
END_TEST

/* --- the files ----------------------------------------------------------------------------------
 */

static const struct {
    const char *file;
    const struct wn_names *names;
    uint8_t list;
    size_t at_least;
} files[] = {
    {"role", &wn_names_local, WN_LIST_ROLE, 100},
    {"placeholder", &wn_names_local, WN_LIST_PLACEHOLDER, 100},
    {"disposable", &wn_names_domain, WN_LIST_DISPOSABLE, 500},
    {"disposable_mx", &wn_names_mx, WN_LIST_MX, 20},
    {"free", &wn_names_domain, WN_LIST_FREE, 200},
    {"relay", &wn_names_domain, WN_LIST_RELAY, 20},
    {"wellknown", &wn_names_domain, WN_LIST_WELLKNOWN, 100},
    {"reserved", &wn_names_reserved, WN_LIST_RESERVED, 10},
};

/* Every name of every file is found under its list, the files are sorted, and well-known names and
 * providers of real people are never disposable, nor is an MX host under one of their names. */
START_TEST(file)
{
    char path[300];
    char last[300] = "";
    char *line = NULL;
    size_t room = 0;
    ssize_t n = 0;
    size_t count = 0;
    snprintf(path, sizeof path, WN_TEST_ROOT "/src/data/%s.txt", files[_i].file);
    FILE *f = fopen(path, "r");

    ck_assert_msg(f != NULL, "%s", path);
    while ((n = getline(&line, &room, f)) > 0) {
        line[n - 1] = '\0';
        if (strncmp(line, "# ", 2) == 0) {
            continue;
        }
        ck_assert_msg(strcmp(line, last) > 0, "%s: %s is not sorted", path, line);
        snprintf(last, sizeof last, "%s", line);
        bool at = line[0] == '@';
        const struct wn_names *names = at ? &wn_names_domain : files[_i].names;
        struct wn_span name = wn_span_of(line + (at ? 1 : 0));
        ck_assert_msg(wn_names_find(names, name) & files[_i].list, "%s: %s", path, line);
        /* Every South African provider's used to be unknown. */
        ck_assert_msg(names != &wn_names_domain ||
                          wn_address_domain_fault(name, WN_ADDRESS_OFFLINE) != WN_FAULT_unknown_tld,
                      "%s", line);
        if (files[_i].list & (WN_LIST_FREE | WN_LIST_RELAY | WN_LIST_WELLKNOWN)) {
            ck_assert_msg(!(wn_lists_domain(name) & WN_FLAG_disposable), "%s", line);
            ck_assert_msg(wn_lists_mx(name) == 0, "%s", line);
        }
        count++;
    }
    ck_assert_uint_ge(count, files[_i].at_least);
    free(line);
    fclose(f);
}
END_TEST

/* --- the generator ------------------------------------------------------------------------------
 */

#define LICENCE "# SPDX-License-Identifier: MIT\n"

static const struct {
    const char *name, *file, *content;
    bool good;
} sources[] = {
    {"fine", "role", EMBED_HEAD "# a comment\nabuse\ninfo\n", true},
    {"several sources", "role", LICENCE "# Sources: two.\nabuse\n", true},
    {"no comment", "role", "abuse\n", false},
    {"no licence", "role", "# Source: a test.\nabuse\n", false},
    {"no source", "role", LICENCE "# Names.\nabuse\n", false},
    {"a source too late", "role", LICENCE "abuse\n# Source: a test.\n", false},
    {"not sorted", "role", EMBED_HEAD "info\nabuse\n", false},
    {"twice", "role", EMBED_HEAD "info\ninfo\n", false},
    {"a blank line", "role", EMBED_HEAD "abuse\n\ninfo\n", false},
    {"a blank behind", "role", EMBED_HEAD "abuse \n", false},
    {"capitals", "role", EMBED_HEAD "Abuse\n", false},
    {"no domain", "free", EMBED_HEAD "a_b.com\n", false},
    {"a domain among local parts", "placeholder", EMBED_HEAD "@x.com\nasdf\n", true},
    {"no list of ours", "roles", EMBED_HEAD "abuse\n", false},
    {"not ASCII", "role", EMBED_HEAD "b\xc3\xbcro\n", false},
};

START_TEST(generator)
{
    char name[50];
    snprintf(name, sizeof name, "%s.txt", sources[_i].file);
    (void)tempdir_text(name, sources[_i].content);
    ck_assert_msg((embed_run(name) == 0) == sources[_i].good, "%s", sources[_i].name);
}
END_TEST

START_TEST(generator_refuses_a_disposable_provider)
{
    (void)tempdir_text("disposable.txt", EMBED_HEAD "x.com\n");
    (void)tempdir_text("free.txt", EMBED_HEAD "y.com\n");
    (void)tempdir_text("wellknown.txt", EMBED_HEAD "mail.x.com\n");
    (void)tempdir_text("relay.txt", EMBED_HEAD "x.com\n");
    ck_assert_int_eq(embed_run("disposable.txt free.txt"), 0);
    ck_assert_int_ne(embed_run("disposable.txt relay.txt"), 0);
    ck_assert_int_ne(embed_run("disposable.txt wellknown.txt"), 0);
}
END_TEST

static void make_directory(void)
{
    (void)tempdir_make();
}

static Suite *lists_suite(void)
{
    Suite *suite = suite_create("lists");
    TCase *tc = tcase_create("lists");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, local, 0, sizeof locals / sizeof *locals);
    tcase_add_loop_test(tc, domain, 0, sizeof domains / sizeof *domains);
    tcase_add_loop_test(tc, person, 0, sizeof people / sizeof *people);
    tcase_add_loop_test(tc, no_disposable, 0, sizeof no_disposables / sizeof *no_disposables);
    tcase_add_test(tc, mx);
    tcase_add_loop_test(tc, file, 0, sizeof files / sizeof *files);
    suite_add_tcase(suite, tc);
    tc = tcase_create("generator");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, make_directory, tempdir_remove);
    tcase_add_loop_test(tc, generator, 0, sizeof sources / sizeof *sources);
    tcase_add_test(tc, generator_refuses_a_disposable_provider);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(lists_suite());
}
