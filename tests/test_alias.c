/* SPDX-License-Identifier: MIT */
/* The names of one mailbox: what each provider's rule folds, and what it leaves alone. */
#include <check.h>

#include "address/address.h"
#include "support/suite.h"

static const struct row {
    const char *name, *key, *folded;
} rows[] = {
    {"Gmail: dots", "a.b.c@gmail.com", "abc@gmail.com"},
    {"Gmail: a tag", "abc+shop@gmail.com", "abc@gmail.com"},
    {"Gmail: both", "a.b.c+d.e+f@gmail.com", "abc@gmail.com"},
    {"Gmail: its other domain", "a.bc@googlemail.com", "abc@gmail.com"},
    {"Gmail: already folded", "abc@gmail.com", "abc@gmail.com"},
    {"Outlook: a tag, but dots matter", "a.b+c@outlook.com", "a.b@outlook.com"},
    {"Outlook: its country domains", "a+c@hotmail.co.uk", "a@hotmail.co.uk"},
    {"Outlook: domains are mailboxes of their own", "a@live.com", "a@live.com"},
    {"MSN", "a+c@msn.com", "a@msn.com"},
    {"Fastmail", "a.b+c@fastmail.fm", "a.b@fastmail.fm"},
    {"Proton", "a+c@pm.me", "a@pm.me"},
    {"Proton: its domains are apart", "a+c@protonmail.com", "a@protonmail.com"},
    {"iCloud", "a+c@icloud.com", "a@icloud.com"},
    {"the first in the table", "a+c@fastmail.co.uk", "a@fastmail.co.uk"},
    {"the last in the table", "a+c@protonmail.com", "a@protonmail.com"},
    {"others tag with a + that is theirs alone", "a+c@brackwell.net", "a+c@brackwell.net"},
    {"Yahoo has no such tags", "a+c@yahoo.com", "a+c@yahoo.com"},
    {"a subdomain is another domain", "a+c@mail.gmail.com", "a+c@mail.gmail.com"},
    {"a domain that ends like one", "a+c@xgmail.com", "a+c@xgmail.com"},
    {"a domain that begins like one", "a+c@gmail.co", "a+c@gmail.co"},
    {"nothing before the +", "+tag@gmail.com", "+tag@gmail.com"},
    {"dots and nothing before the +", "+t.ag@gmail.com", "+tag@gmail.com"},
    {"an empty tag", "abc+@gmail.com", "abc@gmail.com"},
    {"a quoted local part stays", "\"a b+c\"@gmail.com", "\"a b+c\"@gmail.com"},
    {"an @ within quotes", "\"a@b+c\"@outlook.com", "\"a@b+c\"@outlook.com"},
    {"no @ at all", "abc", "abc"},
};

START_TEST(key_is_folded)
{
    const struct row *row = &rows[_i];
    char key[sizeof((struct wn_address *)0)->text];
    size_t n = strlen(row->key);
    memcpy(key, row->key, n);
    size_t folded = wn_address_fold(key, n);
    ck_assert_msg(wn_span_equal((struct wn_span){key, folded}, wn_span_of(row->folded)), "%s: %.*s",
                  row->name, (int)folded, key);
    ck_assert_msg(wn_address_fold(key, folded) == folded, "%s: a folded key is its own", row->name);
}
END_TEST

static const struct {
    const char *domain, *mailbox;
    bool dots;
} aliases[] = {
#define WN_ALIAS(domain_, dots_, mailbox_) {domain_, mailbox_, dots_},
#include "data/aliases.def"
};

/* What finding and folding rest on. */
START_TEST(table_is_in_order)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        struct wn_span domain = wn_span_of(aliases[i].domain);
        ck_assert_msg(i == 0 || strcmp(aliases[i - 1].domain, aliases[i].domain) < 0, "%s",
                      aliases[i].domain);
        ck_assert_msg(strlen(aliases[i].mailbox) <= domain.n, "%s grows", aliases[i].domain);
        ck_assert_msg(wn_address_folds(domain), "%s is not found", aliases[i].domain);
        struct wn_address address;
        char text[64] = "bob@";
        ck_assert_uint_lt(domain.n, sizeof text - 5);
        memcpy(text + 4, domain.p, domain.n + 1);
        wn_address_read(wn_span_of(text), 0, &address);
        ck_assert_msg(address.fault == WN_FAULT_none && address.verbatim, "%s", text);
    }
    ck_assert(!wn_address_folds(WN_SPAN("brackwell.net")));
    ck_assert(!wn_address_folds(WN_SPAN("")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alias");
    TCase *cases = tcase_create("alias");
    tcase_add_loop_test(cases, key_is_folded, 0, sizeof rows / sizeof *rows);
    tcase_add_test(cases, table_is_in_order);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
