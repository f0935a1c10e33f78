/* SPDX-License-Identifier: MIT */
/* How good are the typo suggestions? Prints three figures:
 *
 *     typos [-v]
 *
 *   false   Of 1,000,000 distinct good addresses over the 200 largest providers and 5,000 ordinary
 *           domain names, how many get a suggestion, or are called a placeholder or disposable: not
 *           one may. More ordinary names, in further sets of 5,000, are tried without addresses.
 *   caught  Of all slips of one letter for ten of the largest providers (each letter dropped, each
 *           of 26 added at each place, each pair swapped, each letter replaced by one beside it on
 *           an American keyboard), how many get the right suggestion: at least 95 %. A slip that is
 *           itself a known domain does not count. Known are the domains of all lists and, as a
 *           class, the names of three letters and fewer under .com and .de: every one of them has
 *           had its owner for many years, and typo.c questions none. The last line counts these as
 *           missed.
 *   time    What a domain without a suggestion costs.
 *
 * -v names every slip that was missed. The exit status is 1 when a figure is not reached.
 *
 * The ordinary names are made of words, surnames, initials and invented syllables under the endings
 * that people have, as firms, clubs and families make theirs. Nothing here is taken from typo.c or
 * its lists. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "address/address.h"
#include "address/lists.h"
#include "address/targets.h"
#include "address/typo.h"

enum {
    ADDRESSES = 1000000,
    ORDINARY = 5000,
    FURTHER = 60, /* sets of ORDINARY names */
    NAME_MAX_OCTETS = 120,
    WORDS_MAX = 400,
    SEEN_SLOTS = 1 << 22
};

/* --- words --------------------------------------------------------------------------------------
 */

static const char words_text[] =
    "able acorn active adler alpha alpine amber anchor apex aqua arbor arc arena arrow art ash "
    "aspen "
    "atlas aurora autumn axis azur bamboo base bay beacon bear berg best birch bird black blau "
    "blue "
    "boat bold bridge bright brook buche bureau camp canal capital cargo casa castle cedar center "
    "chalet chef circle city clear clever cliff clima coast copper coral corner craft crown "
    "crystal "
    "dach dawn deep delta direct dolce dragon dream eagle earth east eco eiche elite ember energy "
    "europa event fair falcon farm fast fein feld fern fiesta film fire first fit five fjord flex "
    "focus food forest forge forum fox fresh frisch future galerie garden gate gem giant glas "
    "global "
    "globe gold golf good grand granit green grey grove grun gulf hafen hammer happy harbor haus "
    "hawk health heart helix herz high hill hive holz home honey horizon hotel hub ideal immo "
    "impact "
    "inca indigo inn iris iron island ivory jade jardin jazz jet joy jump juno key kids king kiosk "
    "kite kunst lake land laser leaf legal level libra life light lime line link lion live local "
    "logic lotus love luna lux magic main male mall maple marble market mars meadow media mega "
    "metal "
    "meta metro mill mind mint mobil modern mond moon motor mountain music nature nest net neue "
    "next "
    "night noble nord north nova oak oasis ocean office olive omega one open optic orange orbit "
    "origin outdoor outlet outlook owl ox palm panda paper park peak pearl phoenix pilot pine "
    "pixel "
    "planet plus point polar port power prime prism pro pulse pure quality quartz quick quiet "
    "radio "
    "rain raven red reef rich ridge ring rio river road robin rock roof rose royal ruby safe sage "
    "sail salon salt sand sea secret senior seven shark shine shore silver simple sky smart smile "
    "snow solar sol sonne sound south spark spice sport spring square star steel stein stone storm "
    "street studio sud sun swan swift tal team tech temple terra thunder tiger timber time titan "
    "tower town trade trail tree trend true trust tulip twin union unity urban valley value vega "
    "velo vera vista vital viva wald water wave wein west white wild wind wine wing winter wolf "
    "wood "
    "world yacht yoga young zebra zen zenith zoo mail cloud gold gallery yard";

static const char surnames_text[] =
    "smith johnson brown taylor wilson davies evans thomas roberts walker wright robinson thompson "
    "white hughes edwards green hall wood harris lewis martin jackson clarke turner hill cooper "
    "ward "
    "morris moore clark lee king baker allen carter parker mueller schmidt schneider fischer weber "
    "meyer wagner becker schulz hoffmann koch bauer richter klein wolf neumann schwarz zimmermann "
    "braun krueger hofmann hartmann lange werner krause lehmann maier huber kaiser fuchs peters "
    "lang "
    "scholz jung hahn vogel keller frank berger winkler roth beck lorenz baumann franke albrecht "
    "martin bernard dubois durand moreau laurent simon michel lefebvre leroy roux david bertrand "
    "morel fournier girard bonnet dupont lambert fontaine rousseau vincent rossi russo ferrari "
    "esposito bianchi romano colombo ricci marino greco bruno gallo conti mancini costa giordano "
    "garcia fernandez gonzalez rodriguez lopez martinez sanchez perez gomez ruiz diaz moreno munoz "
    "alvarez romero jansen bakker visser smit meijer mulder bos vos peters hendriks dekker "
    "dijkstra "
    "nielsen jensen hansen pedersen andersen larsen sorensen johansson karlsson nilsson eriksson "
    "kowalski nowak wisniewski novak svoboda horvat nagy kovacs popescu ivanov petrov";

static const char trades_text[] =
    "bau group consulting design media tech systems solutions services it web shop store online "
    "immobilien gmbh kg ag ltd inc llc co sarl srl partners legal law tax steuer anwalt praxis "
    "dental "
    "clinic care health fit sport yoga travel reisen tours hotel events foto photo film studio "
    "labs "
    "works digital data soft software net cloud mail print druck moebel holz metall stahl elektro "
    "auto cars motors transport logistik spedition garten floral cafe bistro catering wine food "
    "farm "
    "hof energie solar immo invest capital finance bank insurance academy schule college "
    "foundation "
    "verein club kirche art music musik verlag books news blog";

static const char first_text[] =
    "anna ben carla david emma felix greta hugo ines jonas karin leo maria nils olga paul quentin "
    "rosa stefan tanja ulrich vera walter xenia yannick zoe john mary james linda robert susan "
    "michael karen william nancy pierre claire luc sophie jean camille marco giulia luca chiara "
    "pablo lucia carlos elena jan piet sanne daan lars ingrid erik astrid piotr ewa tomas jana "
    "ivan "
    "natasha mehmet ayse priya arjun wei mei kenji yuki";

/* By how common they are, each several times. */
static const char endings_text[] =
    "com com com com com com com com com com com com de de de de de de de net net net org org "
    "co.uk co.uk fr fr fr it it es es nl nl nl be ch ch at at pl cz ru se dk no fi eu eu info biz "
    "io "
    "co ca ca com.au com.br co.nz in us me tv pt hu gr ro ie jp co.jp edu tech online shop dev app";

/* The 200 largest, as far as lists in several countries show; the larger, the earlier. */
static const char providers_text[] =
    "gmail.com yahoo.com hotmail.com outlook.com icloud.com aol.com live.com msn.com mail.ru "
    "qq.com "
    "163.com gmx.de web.de yandex.ru hotmail.co.uk hotmail.fr yahoo.fr orange.fr wanadoo.fr "
    "free.fr "
    "comcast.net yahoo.co.uk yahoo.com.br yahoo.co.in googlemail.com libero.it t-online.de "
    "laposte.net "
    "sbcglobal.net att.net verizon.net bellsouth.net cox.net me.com mac.com ymail.com "
    "rocketmail.com "
    "protonmail.com proton.me fastmail.com zoho.com mail.com gmx.net gmx.at gmx.ch gmx.com "
    "live.co.uk "
    "live.fr live.nl live.it live.de live.be live.ca hotmail.de hotmail.it hotmail.es hotmail.nl "
    "hotmail.be hotmail.ca outlook.fr outlook.de outlook.es outlook.it outlook.com.br yahoo.de "
    "yahoo.it yahoo.es yahoo.ca yahoo.in yahoo.co.id yahoo.com.mx yahoo.com.ar yahoo.com.au "
    "yahoo.co.jp yahoo.com.ph yahoo.com.vn yahoo.gr yahoo.ro yahoo.se yahoo.no yahoo.dk yahoo.pl "
    "126.com 139.com 189.cn sina.com sohu.com foxmail.com yeah.net aliyun.com naver.com daum.net "
    "hanmail.net nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp nifty.com "
    "ocn.ne.jp "
    "rediffmail.com inbox.ru list.ru bk.ru rambler.ru ya.ru ukr.net i.ua meta.ua bigmir.net "
    "wp.pl o2.pl onet.pl interia.pl op.pl gazeta.pl vp.pl tlen.pl seznam.cz centrum.cz email.cz "
    "volny.cz azet.sk centrum.sk zoznam.sk freemail.hu citromail.hu abv.bg mail.bg freenet.de "
    "arcor.de online.de posteo.de mailbox.org kabelmail.de vodafonemail.de aol.de aon.at chello.at "
    "bluewin.ch hispeed.ch sunrise.ch sfr.fr neuf.fr bbox.fr club-internet.fr numericable.fr "
    "aliceadsl.fr noos.fr skynet.be telenet.be proximus.be ziggo.nl kpnmail.nl "
    "planet.nl home.nl hetnet.nl xs4all.nl upcmail.nl tele2.nl casema.nl btinternet.com sky.com "
    "virginmedia.com talktalk.net ntlworld.com blueyonder.co.uk tiscali.co.uk eircom.net "
    "virgilio.it "
    "alice.it tin.it tiscali.it tim.it fastwebnet.it inwind.it iol.it telefonica.net terra.es "
    "movistar.es sapo.pt clix.pt iol.pt uol.com.br bol.com.br terra.com.br globo.com ig.com.br "
    "bigpond.com bigpond.net.au optusnet.com.au iinet.net.au xtra.co.nz rogers.com shaw.ca "
    "sympatico.ca bell.net telus.net charter.net earthlink.net";

static const char *const ten[] = {
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com",
    "aol.com",   "live.com",  "msn.com",     "gmx.de",      "web.de",
};

struct list {
    const char *word[WORDS_MAX];
    size_t count;
    char *text;
};

static char names[ORDINARY][NAME_MAX_OCTETS];
static struct list words, surnames, trades, firsts, endings, providers;

static void split(struct list *l, const char *text)
{
    char *state = NULL;
    l->text = strdup(text);
    for (char *w = strtok_r(l->text, " ", &state); w != NULL; w = strtok_r(NULL, " ", &state)) {
        if (l->count == WORDS_MAX) {
            fputs("WORDS_MAX is too small\n", stderr);
            exit(1);
        }
        l->word[l->count++] = w;
    }
}

static uint64_t seed = 20240229;

static size_t below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)((seed >> 11) % n);
}

static const char *any(const struct list *l)
{
    return l->word[below(l->count)];
}

/* --- ordinary names -----------------------------------------------------------------------------
 */

/* Initials such as kbv or mtra. */
static void add_initials(struct wn_buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wn_buf_add_char(b, "aabbccddeffgghhiijkkllmmnnooppqrrssttuvvwwxyz"[below(45)]);
    }
}

/* An invented name such as novexa or balira. */
static void add_syllables(struct wn_buf *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wn_buf_add_char(b, "bcdfghjklmnprstvwxz"[below(19)]);
        if (below(6) == 0) {
            wn_buf_add_char(b, "rlh"[below(3)]);
        }
        wn_buf_add_char(b, "aaeeiioou"[below(9)]);
    }
    if (below(2) == 0) {
        wn_buf_add_char(b, "nrsxlta"[below(7)]);
    }
}

/* Two words; `one` may be empty. The first is drawn first, so that every compiler makes the same.
 */
static void add_pair(struct wn_buf *b, const struct list *one, const struct list *other)
{
    if (one != NULL) {
        wn_buf_add_text(b, any(one));
    }
    if (below(3) == 0) {
        wn_buf_add_char(b, '-');
    }
    wn_buf_add_text(b, any(other));
}

static void make_ordinary(struct wn_buf *b)
{
    wn_buf_clear(b);
    switch (below(12)) {
    case 0:
    case 1:
        wn_buf_add_text(b, any(&words));
        break;
    case 2:
        add_pair(b, &words, &words);
        break;
    case 3:
    case 4:
        add_pair(b, &words, &trades);
        break;
    case 5:
        wn_buf_add_text(b, any(&surnames));
        break;
    case 6:
        add_pair(b, &surnames, &trades);
        break;
    case 7:
        add_initials(b, 3 + below(2));
        break;
    case 8:
        wn_buf_clear(b);
        add_initials(b, 1 + below(3));
        add_pair(b, NULL, below(2) == 0 ? &trades : &words);
        break;
    case 9:
    case 10:
        add_syllables(b, 2 + below(2));
        break;
    default:
        wn_buf_add_text(b, below(2) == 0 ? "mail." : "uni-");
        wn_buf_add_text(b, any(&surnames));
        break;
    }
    wn_buf_add_char(b, '.');
    wn_buf_add_text(b, any(&endings));
}

/* --- false alarms -------------------------------------------------------------------------------
 */

static uint64_t seen[SEEN_SLOTS];

/* Whether the text is met for the first time; texts with the same hash count as the same. */
static bool is_new(const char *text)
{
    uint64_t h = 14695981039346656037U;
    for (; *text != '\0'; text++) {
        h = (h ^ (uint8_t)*text) * 1099511628211U;
    }
    h |= 1;
    for (size_t i = h & (SEEN_SLOTS - 1);; i = (i + 1) & (SEEN_SLOTS - 1)) {
        if (seen[i] == h) {
            return false;
        }
        if (seen[i] == 0) {
            seen[i] = h;
            return true;
        }
    }
}

static void make_local(struct wn_buf *b)
{
    const char *first = any(&firsts);
    const char *last = any(&surnames);
    static const char *const joints[] = {".", ".", "", "-", "1."};
    wn_buf_clear(b);
    if (below(4) == 0) {
        wn_buf_add(b, first, 1);
    } else {
        wn_buf_add_text(b, first);
    }
    wn_buf_add_text(b, joints[below(sizeof joints / sizeof *joints)]);
    wn_buf_add_text(b, last);
    if (below(2) == 0) {
        wn_buf_add_number(b, 1 + below(2 + below(2010)));
    }
}

struct false_alarms {
    size_t addresses, faults, typos, placeholders, disposables;
};

static void judge(struct wn_span cell, struct false_alarms *f)
{
    struct wn_address a;
    struct wn_typo typo;
    char key[sizeof a.text];

    f->addresses++;
    wn_address_read(cell, 0, &a);
    if (a.fault != WN_FAULT_none) {
        f->faults++;
        printf("  fault: %.*s\n", (int)cell.n, cell.p);
        return;
    }
    wn_address_key(&a, key);
    if (wn_typo_domain(wn_address_domain(&a), &typo)) {
        f->typos++;
        printf("  typo: %.*s -> %s\n", (int)cell.n, cell.p, typo.domain);
    }
    if (wn_lists_local((struct wn_span){key, a.local_length}) & WN_FLAG_placeholder) {
        f->placeholders++;
        printf("  placeholder: %.*s\n", (int)cell.n, cell.p);
    }
    if (wn_lists_domain(wn_address_domain(&a)) & WN_FLAG_disposable) {
        f->disposables++;
        printf("  disposable: %.*s\n", (int)cell.n, cell.p);
    }
}

/* Gmail takes no hyphen. */
static bool gmail_refuses(const char *address)
{
    const char *at = strchr(address, '@');
    return (strcmp(at, "@gmail.com") == 0 || strcmp(at, "@googlemail.com") == 0) &&
           memchr(address, '-', (size_t)(at - address)) != NULL;
}

/* Fills `names` with different ones. */
static void make_names(void)
{
    struct wn_buf b = {0};
    for (size_t i = 0; i < ORDINARY;) {
        make_ordinary(&b);
        if (b.len < NAME_MAX_OCTETS && is_new(wn_buf_text(&b))) {
            memcpy(names[i++], wn_buf_text(&b), b.len + 1);
        }
    }
    wn_buf_release(&b);
}

static bool measure_false(void)
{
    struct false_alarms f = {0};
    struct wn_buf b = {0};
    struct wn_typo typo;
    size_t further = 0;

    make_names();
    while (f.addresses < ADDRESSES) {
        make_local(&b);
        if (b.len < 3) {
            continue;
        }
        wn_buf_add_char(&b, '@');
        /* Three of five at a provider, the larger the more often; every name comes up. */
        size_t place = below(providers.count);
        bool ordinary = f.addresses < ORDINARY || below(5) < 2;
        wn_buf_add_text(&b, ordinary ? names[f.addresses % ORDINARY]
                            : f.addresses < (size_t)2 * ORDINARY
                                ? providers.word[place]
                                : providers.word[below(place + 1)]);
        if (gmail_refuses(wn_buf_text(&b))) {
            continue;
        }
        if (is_new(wn_buf_text(&b))) {
            judge(wn_buf_span(&b), &f);
        }
    }
    printf("false    %zu distinct good addresses over %zu providers and %d ordinary names:\n"
           "         %zu typos, %zu placeholders, %zu disposable (%zu faults)\n",
           f.addresses, providers.count, ORDINARY, f.typos, f.placeholders, f.disposables,
           f.faults);
    for (size_t i = 0; i < FURTHER; i++) {
        make_names();
        for (size_t j = 0; j < ORDINARY; j++) {
            if (wn_typo_domain(wn_span_of(names[j]), &typo)) {
                further++;
                printf("  typo: %s -> %s\n", names[j], typo.domain);
            }
        }
    }
    printf("         %d further ordinary names: %zu typos\n", FURTHER * ORDINARY, further);
    wn_buf_release(&b);
    return f.typos + f.placeholders + f.disposables + f.faults == 0;
}

/* --- slips --------------------------------------------------------------------------------------
 */

struct slips {
    const char *domain;
    bool verbose;
    size_t slips, known, brief, caught, wrong;
};

/* Whether the name has three letters or fewer and the domain's own ending. */
static bool is_brief(const char *typed, const char *domain)
{
    const char *dot = strchr(typed, '.');
    return dot != NULL && dot - typed <= 3 && strcmp(dot, strchr(domain, '.')) == 0;
}

static void try_slip(struct slips *s, struct wn_span typed)
{
    struct wn_typo typo;
    char text[NAME_MAX_OCTETS];
    memcpy(text, typed.p, typed.n);
    text[typed.n] = '\0';
    if (strcmp(text, s->domain) == 0 || !is_new(text)) {
        return;
    }
    if (wn_names_find(&wn_names_domain, typed) != 0 || wn_lists_domain(typed) != 0 ||
        wn_names_find(&wn_names_neighbours, typed) != 0) {
        s->known++;
        return;
    }
    if (is_brief(text, s->domain)) {
        s->brief++;
        return;
    }
    s->slips++;
    bool found = wn_typo_domain(typed, &typo);
    if (found && strcmp(typo.domain, s->domain) == 0) {
        s->caught++;
    } else {
        s->wrong += found ? 1 : 0;
        if (s->verbose) {
            printf("  missed: %s%s%s\n", text, found ? ", taken for " : "",
                   found ? typo.domain : "");
        }
    }
}

/* Whether two letters lie beside each other: rows of keys are a quarter and a half key apart. */
static bool keys_touch(char a, char b)
{
    static const char *const rows[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};
    static const int shift[] = {0, 1, 3}; /* quarters of a key */
    int x[2] = {0};
    int y[2] = {0};
    for (int row = 0; row < 3; row++) {
        const char *found_a = strchr(rows[row], a);
        const char *found_b = strchr(rows[row], b);
        if (found_a != NULL) {
            x[0] = (int)(found_a - rows[row]) * 4 + shift[row];
            y[0] = row;
        }
        if (found_b != NULL) {
            x[1] = (int)(found_b - rows[row]) * 4 + shift[row];
            y[1] = row;
        }
    }
    int dx = abs(x[0] - x[1]);
    int dy = abs(y[0] - y[1]);
    return a != b && ((dy == 0 && dx == 4) || (dy == 1 && dx < 4));
}

static void try_all(struct slips *s)
{
    size_t n = strlen(s->domain);
    char text[NAME_MAX_OCTETS];
    for (size_t i = 0; i <= n; i++) {
        for (int letter = 'a'; letter <= 'z'; letter++) {
            char c = (char)letter;
            memcpy(text, s->domain, i);
            text[i] = c;
            memcpy(text + i + 1, s->domain + i, n - i);
            try_slip(s, (struct wn_span){text, n + 1});
            if (i < n && s->domain[i] != '.' && keys_touch(c, s->domain[i])) {
                memcpy(text, s->domain, n);
                text[i] = c;
                try_slip(s, (struct wn_span){text, n});
            }
        }
        if (i == n || s->domain[i] == '.') {
            continue;
        }
        memcpy(text, s->domain, i);
        memcpy(text + i, s->domain + i + 1, n - i - 1);
        try_slip(s, (struct wn_span){text, n - 1});
        if (i + 1 < n && s->domain[i + 1] != '.') {
            memcpy(text, s->domain, n);
            text[i] = s->domain[i + 1];
            text[i + 1] = s->domain[i];
            try_slip(s, (struct wn_span){text, n});
        }
    }
}

static double percent(size_t part, size_t whole)
{
    return 100.0 * (double)part / (double)whole;
}

static void print_slips(const struct slips *s)
{
    printf("         %-11s  %5zu   %5zu  %5.1f%%  %5zu |              %5zu   %5zu\n", s->domain,
           s->slips, s->caught, percent(s->caught, s->slips), s->wrong, s->known, s->brief);
}

static bool measure_caught(bool verbose)
{
    struct slips all = {.domain = "all"};
    puts("caught   domain       slips  caught       %  wrong | not counted: known   brief");
    for (size_t i = 0; i < sizeof ten / sizeof *ten; i++) {
        struct slips s = {.domain = ten[i], .verbose = verbose};
        memset(seen, 0, sizeof seen);
        try_all(&s);
        print_slips(&s);
        all.slips += s.slips;
        all.known += s.known;
        all.brief += s.brief;
        all.caught += s.caught;
        all.wrong += s.wrong;
    }
    print_slips(&all);
    printf("         with the brief ones as missed: %.1f%%\n",
           percent(all.caught, all.slips + all.brief));
    return percent(all.caught, all.slips) >= 95;
}

/* --- time ---------------------------------------------------------------------------------------
 */

static void measure_time(void)
{
    enum {
        ROUNDS = 40
    };
    struct timespec from;
    struct timespec to;
    struct wn_typo typo;
    size_t found = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ORDINARY; i++) {
            found += wn_typo_domain(wn_span_of(names[i]), &typo) ? 1 : 0;
        }
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    printf("time     %.0f ns for an ordinary domain (%zu suggestions)\n", ns / ROUNDS / ORDINARY,
           found);
}

int main(int argc, char **argv)
{
    struct {
        struct list *list;
        const char *text;
    } lists[] = {{&words, words_text},  {&surnames, surnames_text}, {&trades, trades_text},
                 {&firsts, first_text}, {&endings, endings_text},   {&providers, providers_text}};
    bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        split(lists[i].list, lists[i].text);
    }
    bool fine = measure_false();
    measure_time();
    fine = measure_caught(verbose) && fine;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        free(lists[i].list->text);
    }
    return fine ? 0 : 1;
}
