/* SPDX-License-Identifier: MIT */
/* Typos: what is suggested, and above all what is not. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/lists.h"
#include "address/targets.h"
#include "address/typo.h"
#include "support/embed.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* --- domains ------------------------------------------------------------------------------------
 */

static const struct {
    const char *name, *typed, *meant; /* meant NULL: no suggestion */
    enum wn_typo_kind kind;
} domains[] = {
    /* The name. */
    {"swapped", "gmial.com", "gmail.com", WN_TYPO_SLIP},
    {"doubled", "gmaill.com", "gmail.com", WN_TYPO_SLIP},
    {"doubled in front", "ggmail.com", "gmail.com", WN_TYPO_SLIP},
    {"doubled twice", "yahoooo.com", "yahoo.com", WN_TYPO_SLIP},
    {"singled", "outlok.com", "outlook.com", WN_TYPO_SLIP},
    {"key beside it", "gnail.com", "gmail.com", WN_TYPO_SLIP},
    {"key above it", "gmaul.com", "gmail.com", WN_TYPO_SLIP},
    {"digit above it", "yah00.com", NULL, 0},
    {"one digit above it", "yaho0.com", "yahoo.com", WN_TYPO_SLIP},
    {"digit that looks like it", "gmai1.com", "gmail.com", WN_TYPO_SLIP},
    {"brushed", "hotmailk.com", "hotmail.com", WN_TYPO_SLIP},
    {"vowel", "gmeil.com", "gmail.com", WN_TYPO_SLIP},
    {"dropped", "hotmil.com", "hotmail.com", WN_TYPO_SLIP},
    {"first letter dropped", "otmail.com", "hotmail.com", WN_TYPO_SLIP},
    {"added", "gxmail.com", "gmail.com", WN_TYPO_SLIP},
    /* This was read as a swap and a doubling, which is two slips and too many. */
    {"added beside its like", "gamail.com", "gmail.com", WN_TYPO_SLIP},
    {"hyphen", "hot-mail.com", "hotmail.com", WN_TYPO_SLIP},
    {"hyphen behind the first letter", "g-mail.com", NULL, 0},
    {"a number behind", "gmail7.com", NULL, 0},
    {"a number behind, elsewhere", "hotmail7.co.uk", NULL, 0},
    {"any other letter", "hotmaxl.com", NULL, 0},
    {"any other letter of a long name", "googlexail.com", "googlemail.com", WN_TYPO_SLIP},
    {"two slips in a long name", "protonmial.cmo", "protonmail.com", WN_TYPO_SLIP},
    {"two slips in a long name alone", "rpotonmial.com", "protonmail.com", WN_TYPO_SLIP},
    {"two slips in a short name", "gmila.ocm", NULL, 0},
    {"two slips in seven letters", "ohtmial.com", NULL, 0},
    {"three slips", "rpootnmial.com", NULL, 0},
    {"name and ending", "hotmial.con", "hotmail.com", WN_TYPO_SLIP},
    {"name and an ending that exists", "hotmial.co", NULL, 0},
    {"short name and ending", "livw.con", NULL, 0},
    {"another country", "hotmaill.fr", "hotmail.fr", WN_TYPO_SLIP},
    {"a country it is not in", "hotmaill.pl", NULL, 0},
    {"a country that libpsl knows by what is below it alone", "outlook.co.za", NULL, 0},
    {"the larger of two", "gymail.com", "gmail.com", WN_TYPO_SLIP},
    {"German keyboard", "zahoo.de", "yahoo.de", WN_TYPO_SLIP},

    /* Names that somebody made up, but not the largest. */
    {"likely: swapped", "yadnex.ru", "yandex.ru", WN_TYPO_SLIP},
    {"likely: key beside it", "wanafoo.fr", "wanadoo.fr", WN_TYPO_SLIP},
    {"likely: dropped", "wandoo.fr", NULL, 0},
    {"likely: dropped from a long name", "btintrnet.com", "btinternet.com", WN_TYPO_SLIP},
    {"likely: two from a long name", "btintrenett.com", "btinternet.com", WN_TYPO_SLIP},
    {"likely: five letters", "nvaer.com", "naver.com", WN_TYPO_SLIP},
    {"likely: key beside it, five letters", "nacer.com", NULL, 0},
    {"likely: vowel", "tiscela.it", NULL, 0},
    {"likely: vowel alone", "tiscoli.it", NULL, 0},
    {"likely: letter in front", "yfacebook.com", NULL, 0},
    {"likely: letter behind", "facebooks.com", NULL, 0},
    {"likely: four letters", "zhoo.com", NULL, 0},
    {"likely: another first letter", "treenet.de", NULL, 0},
    {"likely: another first word", "z-online.de", NULL, 0},
    {"likely: a longer first word", "tw-online.de", NULL, 0},
    {"likely: behind the hyphen", "t-onlime.de", "t-online.de", WN_TYPO_SLIP},
    {"another first vowel", "ecloud.com", NULL, 0},
    {"likely: hyphen dropped", "tonline.de", "t-online.de", WN_TYPO_SLIP},

    /* Names with real neighbours. */
    {"word", "orangr.fr", NULL, 0},
    {"word, plural", "planets.nl", NULL, 0},
    {"surname", "rogets.com", NULL, 0},
    {"firm", "amazom.com", NULL, 0},
    {"largest word: inside", "lvie.com", "live.com", WN_TYPO_SLIP},
    {"largest word: before", "jlive.com", NULL, 0},
    {"largest word: behind", "webx.de", NULL, 0},
    {"largest word: doubled behind", "livee.com", "live.com", WN_TYPO_SLIP},
    {"largest long word: before", "goutlook.com", NULL, 0},
    {"largest long word: brushed before", "poutlook.com", "outlook.com", WN_TYPO_SLIP},
    {"largest long word: behind", "outlookm.com", "outlook.com", WN_TYPO_SLIP},
    {"largest word elsewhere", "houtlook.de", NULL, 0},
    {"three letters", "aop.com", NULL, 0},
    {"three letters swapped", "mns.com", NULL, 0},
    {"three letters, one more", "aoll.com", "aol.com", WN_TYPO_SLIP},
    {"four letters, one less", "lve.com", NULL, 0},

    /* The ending. */
    {"n for m", "gmail.con", "gmail.com", WN_TYPO_TLD},
    {"swapped ending", "gmail.cmo", "gmail.com", WN_TYPO_TLD},
    {"doubled ending", "gmail.comm", "gmail.com", WN_TYPO_TLD},
    {"swapped ending in front", "gmail.ocm", "gmail.com", WN_TYPO_TLD},
    {"key beside the ending", "gmail.vom", "gmail.com", WN_TYPO_TLD},
    {"two in the ending", "gmail.coomm", "gmail.com", WN_TYPO_TLD},
    {"ending cut short", "gmail.co", "gmail.com", WN_TYPO_TLD},
    {"Cameroon", "yahoo.cm", "yahoo.com", WN_TYPO_TLD},
    {"Oman", "hotmail.om", "hotmail.com", WN_TYPO_TLD},
    {"Niger", "optonline.ne", "optonline.net", WN_TYPO_TLD},
    {".co of a word", "apple.co", NULL, 0},
    {".co of the largest words", "live.co", NULL, 0},
    {".co of a long one", "outlook.co", NULL, 0},
    {".cm of the largest word", "live.cm", "live.com", WN_TYPO_TLD},
    {".co of a small name", "yandex.co", NULL, 0},
    {"word with an ending that is none", "apple.cmo", "apple.com", WN_TYPO_TLD},
    {"word with two slips in its ending", "apple.coomm", NULL, 0},
    {"three letters and an ending that is none", "aol.cim", "aol.com", WN_TYPO_TLD},
    {"two letters and an ending that is none", "me.con", "me.com", WN_TYPO_TLD},
    {"swapped country", "hotmail.rf", "hotmail.fr", WN_TYPO_TLD},
    {"country doubled", "yahoo.co.ukk", "yahoo.co.uk", WN_TYPO_TLD},
    {"between two countries", "yahoo.com.uk", "yahoo.co.uk", WN_TYPO_TLD},
    {"between two countries, a word", "orange.com.uk", NULL, 0},
    {"inside a country", "yahoo.c.uk", "yahoo.co.uk", WN_TYPO_TLD},
    {"real country, not the provider's", "web.se", NULL, 0},
    {"real country of the largest", "gmail.de", NULL, 0},
    {"real new ending", "gmail.dev", NULL, 0},
    {"two countries are as near", "hotmail.d", NULL, 0},
    {"the larger, a little farther", "gmx.deu", "gmx.de", WN_TYPO_TLD},

    /* Dots. */
    {"no dot", "gmailcom", "gmail.com", WN_TYPO_MISSING_DOT},
    {"no dot of three letters", "webde", "web.de", WN_TYPO_MISSING_DOT},
    {"no dots", "yahoocouk", "yahoo.co.uk", WN_TYPO_MISSING_DOT},
    {"no dots behind a word", "uolcombr", "uol.com.br", WN_TYPO_MISSING_DOT},
    {"no last dot", "hotmail.couk", "hotmail.co.uk", WN_TYPO_MISSING_DOT},
    {"no first dot", "hotmailco.uk", "hotmail.co.uk", WN_TYPO_MISSING_DOT},
    {"no first dot behind a word", "orangeco.uk", NULL, 0},
    {"no first dot but something else", "hotmail-co.uk", NULL, 0},
    {"no dot but something else", "gmailxcom", "gmail.com", WN_TYPO_MISSING_DOT},
    {"dot too late", "gmailc.om", "gmail.com", WN_TYPO_MISSING_DOT},
    {"dot too early", "gmai.lcom", "gmail.com", WN_TYPO_MISSING_DOT},
    {"no dot and a slip", "gmialcom", "gmail.com", WN_TYPO_MISSING_DOT},
    {"a dot too many", "g.mail.com", NULL, 0},
    {"a dot for a letter", "gm.il.com", NULL, 0},
    {"ordinary word", "telecom", NULL, 0},

    /* Known, whatever it looks like. */
    {"well known", "gmail.com", NULL, 0},
    {"well known near well known", "ymail.com", NULL, 0},
    {"provider", "email.com", NULL, 0},
    {"provider, too", "love.com", NULL, 0},
    {"disposable", "gotmail.com", NULL, 0},
    {"neighbour", "hicloud.com", NULL, 0},
    {"neighbour, a word", "olive.com", NULL, 0},
    {"neighbour, a family", "webb.de", NULL, 0},

    /* Nothing like it. */
    {"ordinary", "x.org", NULL, 0},
    {"ordinary, of some length", "baeckerei-schulz.de", NULL, 0},
    {"as long as the longest and more", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com",
     NULL, 0},
    {"nothing", "", NULL, 0},
    {"dots alone", "....", NULL, 0},
    {"capitals are the caller's", "GMIAL.COM", NULL, 0},
    {"literal", "[192.0.2.1]", NULL, 0},
    {"octets of any kind", "gm\xff\xfe\x80.com", NULL, 0},
};

START_TEST(domain)
{
    struct wn_typo typo = {.length = 99};
    bool found = wn_typo_domain(wn_span_of(domains[_i].typed), &typo);
    ck_assert_msg(found == (domains[_i].meant != NULL), "%s: %s -> %s", domains[_i].name,
                  domains[_i].typed, found ? typo.domain : "nothing");
    if (found) {
        ck_assert_str_eq(typo.domain, domains[_i].meant);
        ck_assert_uint_eq(typo.length, strlen(domains[_i].meant));
        ck_assert_msg(typo.kind == domains[_i].kind, "%s: kind %d", domains[_i].name,
                      (int)typo.kind);
    } else {
        ck_assert_uint_eq(typo.length, 99);
    }
}
END_TEST

/* Octets that are no text, and the end of a page behind the last of them. */
START_TEST(hostile)
{
    struct wn_typo typo;
    unsigned state = 1;
    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)(round % 30);
        char *p = malloc(n + 1);
        ck_assert_ptr_nonnull(p);
        for (size_t i = 0; i < n; i++) {
            state = state * 1103515245U + 12345U;
            p[i] = (char)(state >> 16 & 1 ? state >> 17 : (unsigned)"gmail.co-\0"[state >> 17 & 7]);
        }
        /* Only the n octets are the domain. */
        p = realloc(p, n > 0 ? n : 1);
        wn_typo_domain((struct wn_span){p, n}, &typo);
        free(p);
    }
    ck_assert(!wn_typo_domain((struct wn_span){NULL, 0}, &typo));
    ck_assert(!wn_typo_domain((struct wn_span){"gma\0l.com", 9}, &typo));
}
END_TEST

/* --- the tables ---------------------------------------------------------------------------------
 */

static bool is_well_known(struct wn_span name)
{
    return (wn_names_find(&wn_names_domain, name) & WN_LIST_WELLKNOWN) != 0;
}

/* embed.py knows the letters of a domain as wn_letters does. */
START_TEST(targets)
{
    size_t count = 0;
    for (const struct wn_target *t = wn_targets; t->length > 0; t++, count++) {
        ck_assert_uint_eq(t->length, strlen(t->text));
        ck_assert_int_eq(t->text[t->name], '.');
        ck_assert_msg(wn_letters(t->text, t->length) == t->letters, "%s", t->text);
        ck_assert_msg(is_well_known((struct wn_span){t->text, t->length}), "%s", t->text);
        ck_assert_uint_ge(count, wn_targets_from[t->length]);
        ck_assert_uint_lt(count, wn_targets_from[t->length + 1]);
    }
    ck_assert_uint_eq(count, wn_targets_from[WN_TARGET_MAX + 1]);
    ck_assert_uint_ge(count, 300);
}
END_TEST

/* Whatever the domain, with the last letter of its ending doubled it is suggested, unless it is
 * the country of a real domain by chance. */
START_TEST(every_target)
{
    for (const struct wn_target *t = wn_targets; t->length > 0; t++) {
        struct wn_typo typo;
        char typed[WN_TARGET_MAX + 2];
        memcpy(typed, t->text, t->length);
        typed[t->length] = typed[t->length - 1];
        bool found = wn_typo_domain((struct wn_span){typed, t->length + 1U}, &typo);
        ck_assert_msg(found && strcmp(typo.domain, t->text) == 0, "%s: %s", t->text,
                      found ? typo.domain : "nothing");
        ck_assert_int_eq(typo.kind, WN_TYPO_TLD);
    }
}
END_TEST

/* No domain that stands in a list is ever questioned. */
static void ask_all(const struct wn_names *names)
{
    struct wn_typo typo;
    for (uint32_t i = 0; i <= names->mask; i++) {
        const struct wn_name_slot *slot = &names->slots[i];
        struct wn_span name = {names->text + slot->at, slot->length};
        ck_assert_msg(slot->lists == 0 || !wn_typo_domain(name, &typo), "%.*s", (int)name.n,
                      name.p);
    }
}

START_TEST(listed)
{
    ask_all(&wn_names_domain);
    ask_all(&wn_names_neighbours);
    ask_all(&wn_names_reserved);
}
END_TEST

/* Real domains of all kinds that are not in any list, and near enough to be compared. */
START_TEST(ordinary)
{
    static const char *const names[] = {
        "aon.com",     "apl.com",     "man.com",     "mac.de",       "aol.org",
        "web.com",     "wep.de",      "weg.de",      "wdr.de",       "gms.de",
        "bmx.de",      "ao.com",      "ms.com",      "line.com",     "like.com",
        "five.com",    "hive.com",    "hotel.com",   "hotels.com",   "hotwire.com",
        "outlaw.com",  "outlet.com",  "outdoor.com", "outbrain.com", "lookout.com",
        "gmbh.de",     "gmac.com",    "grail.com",   "snail.com",    "trail.com",
        "gmat.com",    "cloud.de",    "iclub.com",   "icloud.de",    "yacht.com",
        "yoo.com",     "tahoe.com",   "mailbox.com", "maildrop.io",  "coldmail.com",
        "gmailer.org", "onlook.com",  "inlook.com",  "amazone.fr",   "oranges.com",
        "skype.com",   "planer.nl",   "chatter.net", "charger.net",  "frontiers.com",
        "roaders.com", "excited.com", "oracles.com", "terre.es",     "liberi.it",
        "never.com",   "arcot.de",    "proxim.be",   "telecom.be",   "mail.de",
        "mails.com",   "google.de",   "goggle.com",  "facebock.com", "linkedout.com",
        "msn.org",     "mson.de",     "twitter.de",  "siemens.de",   "bosch.de",
        "sap.de",
    };
    struct wn_typo typo;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_msg(!wn_typo_domain(wn_span_of(names[i]), &typo), "%s -> %s", names[i],
                      typo.domain);
    }
}
END_TEST

/* What embed.py says to slips.txt and neighbours.txt. */
static const struct {
    const char *name, *slips, *neighbours, *wellknown;
    bool good;
} sources[] = {
    {"fine", EMBED_HEAD "gmail any\n", EMBED_HEAD "gail.com\n", EMBED_HEAD "gmail.com\n", true},
    {"a domain's own trust", EMBED_HEAD "gmail.com sole\n", EMBED_HEAD "gail.com\n",
     EMBED_HEAD "gmail.com\n", true},
    {"no trust", EMBED_HEAD "gmail\n", EMBED_HEAD "gail.com\n", EMBED_HEAD "gmail.com\n", false},
    {"another trust", EMBED_HEAD "gmail none\n", EMBED_HEAD "gail.com\n", EMBED_HEAD "gmail.com\n",
     false},
    {"no name", EMBED_HEAD "g_mail any\n", EMBED_HEAD "gail.com\n", EMBED_HEAD "gmail.com\n",
     false},
    {"a name of nobody", EMBED_HEAD "hotmail any\n", EMBED_HEAD "gail.com\n",
     EMBED_HEAD "gmail.com\n", false},
    {"a neighbour that is well known", EMBED_HEAD "gmail any\n", EMBED_HEAD "gmail.com\n",
     EMBED_HEAD "gmail.com\n", false},
    {"longer than a suggestion may be", EMBED_HEAD "gmail any\n", EMBED_HEAD "gail.com\n",
     EMBED_HEAD "abcdefghijklmnopqrs.com\ngmail.com\n", false},
};

static void make_directory(void)
{
    (void)tempdir_make();
}

START_TEST(generator)
{
    (void)tempdir_text("slips.txt", sources[_i].slips);
    (void)tempdir_text("neighbours.txt", sources[_i].neighbours);
    (void)tempdir_text("wellknown.txt", sources[_i].wellknown);
    ck_assert_msg((embed_run("wellknown.txt slips.txt neighbours.txt") == 0) == sources[_i].good,
                  "%s", sources[_i].name);
}
END_TEST

/* --- addresses ----------------------------------------------------------------------------------
 */

#define FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name, *cell, *meant; /* meant NULL: no suggestion */
} addresses[] = {
    {"no dot", "bob@gmailcom", "bob@gmail.com"},
    {"hyphen for the dot", "bob@gmail-com", "bob@gmail.com"},
    {"no ending, of one only", "bob@gmail", "bob@gmail.com"},
    {"no ending, of many", "bob@hotmail", NULL},
    {"no ending, of a word", "bob@amazon", NULL},
    {"comma", "bob@gmail,com", "bob@gmail.com"},
    {"semicolon", "bob@gmail;com", "bob@gmail.com"},
    {"slash", "bob@gmail/com", "bob@gmail.com"},
    {"another @ for the dot", "bob@gmail@com", "bob@gmail.com"},
    {"space for the dot", "bob@gmail com", "bob@gmail.com"},
    {"comma and a slip", "bob@gmail,con", "bob@gmail.com"},
    {"two commas", "bob@yahoo,co,uk", "bob@yahoo.co.uk"},
    {"two dots", "bob@gmail..com", "bob@gmail.com"},
    {"dot in front", "bob@.gmail.com", "bob@gmail.com"},
    {"root dot in brackets", "<bob@gmail.com.>", "bob@gmail.com"},
    {"two @", "bob@@gmail.com", "bob@gmail.com"},
    {"space before the @", "bob @gmail.com", "bob@gmail.com"},
    {"space behind the @", "bob@ gmail.com", "bob@gmail.com"},
    {"space behind the dot", "bob@gmail. com", "bob@gmail.com"},
    {"space in the name", "bob@hot mail.com", "bob@hotmail.com"},
    {"mark behind", "bob@gmail.com!", "bob@gmail.com"},
    {"underscore in front", "bob@_gmail.com", "bob@gmail.com"},
    {"hyphen in front", "bob@-gmail.com", "bob@gmail.com"},
    {"hyphen behind", "bob@gmail-.com", "bob@gmail.com"},
    {"hyphen of the name stays", "bob@t-online,de", "bob@t-online.de"},
    {"in angle brackets", "Bob <bob@gmail,com>", "bob@gmail.com"},
    {"capitals", "Bob@GMAIL,COM", "Bob@gmail.com"},
    {"too much junk", "bob@g,m,a,i,l,com", NULL},
    {"much junk", "bob@,,gmail,,com", "bob@gmail.com"},
    {"control character",
     "bob@gmail\x01"
     "com",
     NULL},
    {"no ASCII",
     "bob@gmail\xc2\xb7"
     "com",
     NULL},
    {"two ways", "bob@mail,in.com", NULL},
    {"far too long", "bob@gmail,com" FIFTY, NULL},
    {"unknown domain", "bob@firm,com", NULL},
    {"unknown single label", "bob@firm", NULL},
    {"another address behind it", "bob@gmail.com@gmail.com", NULL},
    {"a comment is no slip", "bob@gmail.com (work)", NULL},
    {"fault before the @", "bob smith@gmail.com", NULL},
    {"fault before the @ as well", "bob smith@gmail,com", NULL},
    {"dot before the @", "bob.@gmail.com", NULL},
    {"two dots before the @", "bob..smith@gmail.com", NULL},
    {"nothing before the @", "@gmail,com", NULL},
    {"nothing behind the @", "bob@", NULL},
    {"the provider refuses", "b_b@gmail,com", NULL},
    {"local part too long", FIFTY FIFTY "@yahoo,com", NULL},
    {"address too long", FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY "@yahoo,com", NULL},

    {"(at)", "bob(at)gmail.com", "bob@gmail.com"},
    {"[at] with spaces", "bob [at] gmail.com", "bob@gmail.com"},
    {"(AT)", "bob(AT)GMX.DE", "bob@gmx.de"},
    {" at ", "bob at gmail.com", "bob@gmail.com"},
    {"key beside the @", "bob#gmail.com", "bob@gmail.com"},
    {"other key beside the @", "bob!yahoo.com", "bob@yahoo.com"},
    {"British keyboard", "bob\"gmail.com", "bob@gmail.com"},
    {"(at) a firm", "bob(at)firm.com", NULL},
    {"two words", "bob smith at gmail.com", NULL},
    {"nothing before it", "#gmail.com", NULL},
    {"dot for the @", "john.smith.gmail.com", "john.smith@gmail.com"},
    {"dot for the @ elsewhere", "john.hotmail.co.uk", "john@hotmail.co.uk"},
    {"no @", "johnsmith1@gmail.con", "johnsmith1@gmail.com"},
    {"@ left out", "johnsmith1gmail.com", "johnsmith1@gmail.com"},
    {"@ left out, too short", "mygmail.com", NULL},
    {"2 for the @, or of the name", "bob2gmail.com", NULL},
    {"q for the @, or of the name", "bobqgmail.com", NULL},
    {"a web page", "www.gmail.com", NULL},
    {"a web page with its scheme", "http://john.gmail.com", NULL},
    {"a host", "mail.gmail.com", NULL},
    {"a provider with sites", "finance.yahoo.com", NULL},
    {"a provider that is a word", "musicloud.com", NULL},
    {"no @ and no provider", "bob.firm.com", NULL},
    {"no @, far too long", FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY ".gmail.com", NULL},

    {"domain that does not exist", "Bob@gmail.con", "Bob@gmail.com"},
    {"domain that does", "bob@gmial.com", "bob@gmail.com"},
    {"what comes out has a fault", "b@gmial.com", NULL},
    {"fine", "bob@gmail.com", NULL},
    {"a fault of another kind", "b_b@gmail.com", NULL},
    {"reserved", "bob@example.com", NULL},
    {"several", "ann@gmail.con, bob@gmail.con", NULL},
    {"no address", "n/a", NULL},
    {"empty", "", NULL},
};

START_TEST(address)
{
    struct wn_address a;
    struct wn_span cell = wn_span_of(addresses[_i].cell);
    char out[WN_ADDRESS_MAX];
    size_t length = 999;

    wn_address_read(cell, WN_ADDRESS_OFFLINE, &a);
    bool found = wn_typo_address(&a, cell, out, &length);
    ck_assert_msg(found == (addresses[_i].meant != NULL), "%s: %.*s", addresses[_i].name,
                  found ? (int)length : 0, out);
    if (found) {
        ck_assert_msg(length == strlen(addresses[_i].meant) &&
                          memcmp(out, addresses[_i].meant, length) == 0,
                      "%s: %.*s", addresses[_i].name, (int)length, out);
    } else {
        ck_assert_uint_eq(length, 999);
    }
}
END_TEST

/* Whatever the cell, what comes out is an address without a fault. */
START_TEST(address_hostile)
{
    static const char octets[] = "@@..,, -gmailco\"#(at)\\\xc2\xa0\x80<>\t";
    unsigned state = 7;
    for (int round = 0; round < 50000; round++) {
        char cell[40];
        size_t n = 0;
        for (size_t parts = 1 + (size_t)(round % 6); parts > 0; parts--) {
            state = state * 1103515245U + 12345U;
            if (state >> 16 & 1) {
                static const char *const pieces[] = {"bob", "gmail", ".com", "@gmail",
                                                     "hotmail.com"};
                const char *piece = pieces[(state >> 17) % 5];
                for (; *piece != '\0' && n < sizeof cell; piece++) {
                    cell[n++] = *piece;
                }
            } else if (n < sizeof cell) {
                cell[n++] = octets[(state >> 17) % (sizeof octets - 1)];
            }
        }
        char *exact = malloc(n > 0 ? n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, cell, n);
        struct wn_span span = {exact, n};
        struct wn_address a;
        struct wn_address again;
        char out[WN_ADDRESS_MAX];
        size_t length = 0;
        wn_address_read(span, 0, &a);
        if (wn_typo_address(&a, span, out, &length)) {
            wn_address_read((struct wn_span){out, length}, WN_ADDRESS_EXACT, &again);
            ck_assert_int_eq(again.fault, WN_FAULT_none);
            ck_assert(is_well_known(wn_address_domain(&again)) ||
                      (wn_lists_domain(wn_address_domain(&again)) & WN_FLAG_free) != 0);
        }
        free(exact);
    }
}
END_TEST

/* A reading that is not of this cell does no harm. */
START_TEST(address_of_another_cell)
{
    struct wn_address a;
    char out[WN_ADDRESS_MAX];
    size_t length = 0;
    wn_address_read(WN_SPAN("   someone@gmail,com"), 0, &a);
    ck_assert(!wn_typo_address(&a, WN_SPAN("x"), out, &length));
    ck_assert(!wn_typo_address(&a, WN_SPAN("   someone.at.gmail"), out, &length));
    ck_assert(!wn_typo_address(&a, WN_SPAN("   someone.at.gmail-com"), out, &length));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("typo");
    TCase *tc = tcase_create("typo");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, domain, 0, (int)(sizeof domains / sizeof *domains));
    tcase_add_test(tc, hostile);
    tcase_add_test(tc, targets);
    tcase_add_test(tc, every_target);
    tcase_add_test(tc, listed);
    tcase_add_test(tc, ordinary);
    tcase_add_loop_test(tc, address, 0, (int)(sizeof addresses / sizeof *addresses));
    tcase_add_test(tc, address_hostile);
    tcase_add_test(tc, address_of_another_cell);
    suite_add_tcase(suite, tc);
    tc = tcase_create("generator");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, make_directory, tempdir_remove);
    tcase_add_loop_test(tc, generator, 0, (int)(sizeof sources / sizeof *sources));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
