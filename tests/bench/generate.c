/* SPDX-License-Identifier: MIT */
/* Makes the inputs of scripts/bench: a contact list, and on demand the DNS zone that its domains
 * live in, their names alone, and a bounce history of its mailboxes.
 *
 * Mailboxes and domains are numbers, and all that is written of one is a function of the seed and
 * its number: mailbox m always has the same local part and domain, domain d the same name and MX
 * hosts. So the list, the zone and the bounces agree without a table in memory, two runs give the
 * same bytes, and ten million rows take a few seconds.
 *
 * The mix is that of a list used for years: 3 % of the cells hold no address, 5 % of the rows have
 * a quoted company, some mailboxes stand there twice, a few providers have a large part of the rows
 * and the rest follows Zipf's law. Exactly --mailboxes good mailboxes in exactly --domains domains
 * occur.
 *
 * The big providers' names are real and the mailboxes invented: nothing here is ever asked about
 * them, as the zone is served on loopback and the files are deleted after the run. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct settings {
    uint64_t rows, mailboxes, domains, mx_hosts, bounce_rows, seed;
    const char *out, *zone, *names, *bounces;
    time_t date;
};

enum {
    NAME_SIZE = 80,
    LOCAL_SIZE = 64,
    DATE_SIZE = 32,
    BUFFER_SIZE = 1 << 20,
    DAY = 86400
};

static const char *const first_names[] = {
    "anna",    "ben",  "carla", "david",  "elena",   "farid", "greta",   "hugo",
    "ingrid",  "jon",  "keiko", "lars",   "maria",   "nils",  "olivia",  "paulo",
    "quentin", "ruth", "sven",  "teresa", "umberto", "vera",  "william", "xenia",
    "yusuf",   "zoe",  "amira", "bjorn",  "chiara",  "dmi",   "emeka",   "fiona",
};
static const char *const last_names[] = {
    "schmidt", "martin",   "jones",   "rossi",    "garcia", "tanaka", "novak",    "larsen",
    "dubois",  "kowalski", "smith",   "silva",    "muller", "hansen", "petrov",   "okafor",
    "haddad",  "nguyen",   "kim",     "bauer",    "moreau", "santos", "virtanen", "horvat",
    "oconnor", "bakker",   "fischer", "lindgren", "costa",  "weber",  "marino",   "svensson",
};
static const char *const heads[] = {
    "fern",    "ost",  "quill",   "brack",  "hollow", "tamar", "linden", "wren",
    "grey",    "kest", "dros",    "mari",   "pold",   "volt",  "cobble", "nimb",
    "harrow",  "oak",  "thistle", "calder", "penn",   "rothe", "vogt",   "skov",
    "zielonk", "ibar", "hoshi",   "sorv",   "verd",   "brian", "treg",   "wattle",
};
static const char *const tails[] = {
    "wick",   "kamp",      "feather", "water", "works",   "supply", "hof",     "fold",
    "loft",   "rel",       "handel",  "ne",    "zicht",   "ignac",  "stack",   "orchard",
    "trade",  "logistics", "media",   "tech",  "consult", "foods",  "design",  "energy",
    "papier", "talleres",  "seiki",   "bygg",  "onnay",   "press",  "freight", "labs",
};
/* The first ranks of Zipf's law. */
static const char *const providers[] = {
    "gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "gmx.de",    "icloud.com",
    "web.de",    "orange.fr",   "aol.com",   "libero.it",   "proton.me", "live.com",
};
static const char *const tlds[] = {
    "com", "com", "com", "de", "net",    "org", "fr", "co.uk",
    "it",  "nl",  "io",  "eu", "com.au", "es",  "pl", "se",
};
static const char *const countries[] = {
    "DE", "US", "GB", "FR", "IT", "NL", "ES", "PL", "SE", "CH", "AU", "NO", "DK", "AT", "BE", "IE",
};
static const char *const firms[] = {
    "Logistik", "Trading", "Studio", "Partners", "Werke", "Systems", "Foods", "Consulting",
};
/* Cells that hold no address: a local part goes between the two. */
static const struct {
    const char *before, *after;
} broken[] = {
    {"", ""},           {"", "@"},         {"", "@@gmail.com"}, {"", "@gmail..com"},
    {"", " gmail.com"}, {".", "@gmx.de"},  {"", "@localhost"},  {"", "@10.0.0.1"},
    {"", "@web_de.de"}, {"n/a ", ""},      {"", ".@gmx.de"},    {"", "(at)web.de"},
    {"", "@-gmx.de"},   {"", "@gmx.de/x"}, {"a b", "@gmx.de"},  {"", "@[10.0.0.300]"},
};

#define COUNT(a)   (sizeof(a) / sizeof(a)[0])
#define PICK(a, h) ((a)[(h) % COUNT(a)])

/* The finaliser of splitmix64: a good hash of a number. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

enum purpose {
    OF_ROW,
    OF_MAILBOX,
    OF_DOMAIN_CHOICE,
    OF_DOMAIN,
    OF_EVENT,
    PURPOSES
};

static uint64_t draw(const struct settings *s, enum purpose purpose, uint64_t number)
{
    return mix(mix(s->seed * PURPOSES + (uint64_t)purpose) ^ number);
}

/* 0 <= x < 1 */
static double fraction(uint64_t h)
{
    return (double)(h >> 11) * 0x1p-53;
}

/* One row in 1000/thousandth. */
static bool happens(uint64_t h, unsigned thousandths)
{
    return h % 1000 < thousandths;
}

static void name_domain(const struct settings *s, uint64_t d, char name[NAME_SIZE])
{
    if (d < COUNT(providers)) {
        (void)snprintf(name, NAME_SIZE, "%s", providers[d]);
    } else {
        /* The number makes it unique, as no other part holds a digit. */
        uint64_t h = draw(s, OF_DOMAIN, d);
        (void)snprintf(name, NAME_SIZE, "%s%s%" PRIu64 ".%s", PICK(heads, h), PICK(tails, h >> 8),
                       d, PICK(tlds, h >> 16));
    }
}

/* Every domain gets one mailbox, at even distances; the rest follows Zipf's law with exponent 1, by
 * inverting the continuous distribution. */
static uint64_t domain_of(const struct settings *s, uint64_t mailbox)
{
    uint64_t step = s->mailboxes / s->domains;
    if (mailbox % step == 0 && mailbox / step < s->domains) {
        return mailbox / step;
    }
    double u = fraction(draw(s, OF_DOMAIN_CHOICE, mailbox));
    uint64_t rank = (uint64_t)(exp(u * log((double)s->domains + 1.0)) - 1.0);
    return rank < s->domains ? rank : s->domains - 1;
}

static void name_local(const struct settings *s, uint64_t mailbox, char local[LOCAL_SIZE])
{
    uint64_t h = draw(s, OF_MAILBOX, mailbox);
    const char *first = PICK(first_names, h), *last = PICK(last_names, h >> 8);
    bool dot = (h >> 16) % 4 < 3, initial = (h >> 24) % 4 == 0;
    /* The number makes it unique, as no name holds a digit. */
    (void)snprintf(local, LOCAL_SIZE, "%.*s%s%s%" PRIu64, initial ? 1 : 16, first, dot ? "." : "",
                   last, mailbox);
}

static void name_date(time_t at, char text[DATE_SIZE])
{
    struct tm tm;
    if (!gmtime_r(&at, &tm) || strftime(text, DATE_SIZE, "%Y-%m-%d", &tm) == 0) {
        text[0] = '\0';
    }
}

static FILE *open_output(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) {
        fprintf(stderr, "generate: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    (void)setvbuf(f, NULL, _IOFBF, BUFFER_SIZE);
    return f;
}

static bool close_output(FILE *f, const char *path)
{
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad) {
        fprintf(stderr, "generate: %s: cannot be written: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static bool is_broken(uint64_t row_hash)
{
    return happens(row_hash >> 3, 30);
}

/* The email cell of a row: a new mailbox, one that was there before, or no address. `left` counts
 * the good rows to come and `*used` the mailboxes so far: Knuth's selection sampling (TAOCP 3.4.2,
 * S) spends exactly all mailboxes. */
static void write_email(const struct settings *s, FILE *f, uint64_t h, uint64_t left,
                        uint64_t *used)
{
    char local[LOCAL_SIZE], domain[NAME_SIZE];
    if (is_broken(h)) {
        name_local(s, h % s->mailboxes, local);
        fprintf(f, "%s%s%s", PICK(broken, h >> 40).before, local, PICK(broken, h >> 40).after);
        return;
    }
    bool again = *used > 0 && fraction(mix(h)) * (double)left >= (double)(s->mailboxes - *used);
    uint64_t mailbox = again ? mix(h ^ 1) % *used : (*used)++;
    name_local(s, mailbox, local);
    name_domain(s, domain_of(s, mailbox), domain);
    if (again && happens(h >> 20, 300) && local[0] >= 'a' && local[0] <= 'z') {
        local[0] = (char)(local[0] - 'a' + 'A');
    }
    fprintf(f, "%s@%s", local, domain);
}

static bool write_list(const struct settings *s)
{
    uint64_t good = 0, used = 0;
    for (uint64_t r = 0; r < s->rows; r++) {
        good += !is_broken(draw(s, OF_ROW, r));
    }
    if (good < s->mailboxes) {
        fprintf(stderr, "generate: %" PRIu64 " rows are too few for %" PRIu64 " mailboxes\n",
                s->rows, s->mailboxes);
        return false;
    }
    FILE *f = open_output(s->out);
    if (!f) {
        return false;
    }
    fputs("id,first_name,last_name,email,company,country,signup_date\n", f);
    for (uint64_t r = 0; r < s->rows; r++) {
        uint64_t h = draw(s, OF_ROW, r);
        char date[DATE_SIZE];
        const char *quote = happens(h >> 30, 50) ? "\"" : "";
        name_date(s->date - (time_t)(mix(h) % 2500) * DAY, date);
        fprintf(f, "%" PRIu64 ",%s,%s,", r + 1, PICK(first_names, h >> 8),
                PICK(last_names, h >> 16));
        write_email(s, f, h, good, &used);
        good -= !is_broken(h);
        fprintf(f, ",%s%s%s %s%s,%s,%s\n", quote, PICK(heads, h >> 24), *quote ? ", Partner &" : "",
                PICK(firms, h >> 32), quote, PICK(countries, h >> 36), date);
    }
    return close_output(f, s->out);
}

static void name_host(uint64_t host, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "mx%" PRIu64 ".mailhost%" PRIu64 ".net", host, host / 16);
}

static void write_domain_records(const struct settings *s, FILE *f, uint64_t d)
{
    uint64_t h = draw(s, OF_DOMAIN, d);
    char domain[NAME_SIZE], host[NAME_SIZE];
    unsigned kind = d < COUNT(providers) ? 999 : (unsigned)((h >> 24) % 1000);
    name_domain(s, d, domain);
    if (kind < 20) {
        return; /* NXDOMAIN */
    }
    if (kind < 30) {
        fprintf(f, "%s. MX 0 .\n", domain);
        return;
    }
    if (kind < 35) {
        fprintf(f, "%s. TXT \"no mail here\"\n", domain);
        return;
    }
    uint64_t first = (h >> 34) % s->mx_hosts;
    name_host(first, host);
    fprintf(f, "%s. MX 10 %s.\n", domain, host);
    if (kind >= 400) {
        name_host((first + 1) % s->mx_hosts, host);
        fprintf(f, "%s. MX 20 %s.\n", domain, host);
    }
}

/* A root zone, so that one zone holds names under every TLD. The addresses are those of the AS112
 * sinks (RFC 7534): globally routed and nobody's mail host. */
static bool write_zone(const struct settings *s)
{
    FILE *f = open_output(s->zone);
    if (!f) {
        return false;
    }
    fputs("$TTL 3600\n. SOA ns.bench.invalid. hostmaster.bench.invalid. 1 3600 900 604800 3600\n"
          ". NS ns.bench.invalid.\n",
          f);
    for (uint64_t host = 0; host < s->mx_hosts; host++) {
        char name[NAME_SIZE];
        name_host(host, name);
        fprintf(f, "%s. A 192.175.48.%" PRIu64 "\n", name, 1 + host % 254);
        if (host % 3 == 0) {
            fprintf(f, "%s. AAAA 2620:4f:8000::%" PRIx64 "\n", name, 1 + host % 0xffff);
        }
    }
    for (uint64_t d = 0; d < s->domains; d++) {
        write_domain_records(s, f, d);
    }
    return close_output(f, s->zone);
}

static bool write_names(const struct settings *s)
{
    FILE *f = open_output(s->names);
    if (!f) {
        return false;
    }
    for (uint64_t d = 0; d < s->domains; d++) {
        char name[NAME_SIZE];
        name_domain(s, d, name);
        fprintf(f, "%s\n", name);
    }
    return close_output(f, s->names);
}

/* One event for each of --bounce-rows mailboxes, evenly taken from the list's (and going on behind
 * its last where it has too few), in the order of time over the 200 days before the date. */
static bool write_bounces(const struct settings *s)
{
    static const struct {
        unsigned below; /* of 100 */
        const char *code, *kind, *text;
    } events[] = {
        {60, "2.0.0", "delivered", "250 2.0.0 Ok: queued"},
        {80, "5.1.1", "bounce", "550 5.1.1 Recipient address rejected: User unknown"},
        {92, "4.2.2", "bounce", "452 4.2.2 The mailbox is full"},
        {97, "5.7.1", "bounce", "554 5.7.1 Service unavailable; client host blocked"},
        {100, "", "unsubscribe", "one click"},
    };
    FILE *f = open_output(s->bounces);
    if (!f) {
        return false;
    }
    fputs("email,code,date,kind,text\n", f);
    for (uint64_t i = 0; i < s->bounce_rows; i++) {
        uint64_t mailbox = s->mailboxes > s->bounce_rows ? i * (s->mailboxes / s->bounce_rows) : i;
        uint64_t h = draw(s, OF_EVENT, mailbox);
        char local[LOCAL_SIZE], domain[NAME_SIZE], date[DATE_SIZE];
        size_t e = 0;
        while (h % 100 >= events[e].below) {
            e++;
        }
        name_local(s, mailbox, local);
        name_domain(s, domain_of(s, mailbox), domain);
        name_date(s->date - 200 * (time_t)DAY + (time_t)(i * 200 / s->bounce_rows) * DAY, date);
        fprintf(f, "%s@%s,%s,%sT%02u:%02u:%02uZ,%s,%s\n", local, domain, events[e].code, date,
                (unsigned)(h >> 8) % 24, (unsigned)(h >> 16) % 60, (unsigned)(h >> 24) % 60,
                events[e].kind, events[e].text);
    }
    return close_output(f, s->bounces);
}

static const char usage[] =
    "usage: generate [--out FILE] [--zone FILE] [--names FILE] [--bounces FILE] [options]\n"
    "  --out FILE          the contact list\n"
    "  --zone FILE         a root zone with its domains, for NSD\n"
    "  --names FILE        its domains, one a line\n"
    "  --bounces FILE      a bounce history of its mailboxes\n"
    "  --rows N            rows of the list (default 2000000)\n"
    "  --mailboxes N       distinct good mailboxes (default 1850000)\n"
    "  --domains N         distinct domains (default 100000)\n"
    "  --mx-hosts N        MX hosts of the zone (default 5000)\n"
    "  --bounce-rows N     mailboxes with history (default 1000000)\n"
    "  --seed N            another list of the same kind (default 1)\n"
    "  --date YYYY-MM-DD   the day before which all dates lie (default 2026-11-01)\n";

static bool read_number(const char *text, uint64_t least, uint64_t *number)
{
    char *end;
    errno = 0;
    uint64_t n = strtoumax(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || n < least ||
        n > UINT64_C(1000000000)) {
        fprintf(stderr, "generate: %s is not a number from %" PRIu64 " to 1000000000\n", text,
                least);
        return false;
    }
    *number = n;
    return true;
}

static bool read_date(const char *text, time_t *date)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (!end || *end != '\0') {
        fprintf(stderr, "generate: %s is not a date like 2026-11-01\n", text);
        return false;
    }
    *date = timegm(&tm);
    return true;
}

static bool read_options(int argc, char **argv, struct settings *s)
{
    static const struct option options[] = {
        {"out", 1, NULL, 'o'},         {"zone", 1, NULL, 'z'}, {"names", 1, NULL, 'n'},
        {"bounces", 1, NULL, 'b'},     {"rows", 1, NULL, 'r'}, {"mailboxes", 1, NULL, 'm'},
        {"domains", 1, NULL, 'd'},     {"seed", 1, NULL, 's'}, {"mx-hosts", 1, NULL, 'x'},
        {"bounce-rows", 1, NULL, 'B'}, {"date", 1, NULL, 'D'}, {NULL, 0, NULL, 0},
    };
    bool ok = true;
    for (int c; ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        /* clang-format off */
        switch (c) {
        case 'o': s->out = optarg; break;
        case 'z': s->zone = optarg; break;
        case 'n': s->names = optarg; break;
        case 'b': s->bounces = optarg; break;
        case 'r': ok = read_number(optarg, 1, &s->rows); break;
        case 'm': ok = read_number(optarg, 1, &s->mailboxes); break;
        case 'd': ok = read_number(optarg, 1, &s->domains); break;
        case 'x': ok = read_number(optarg, 1, &s->mx_hosts); break;
        case 'B': ok = read_number(optarg, 1, &s->bounce_rows); break;
        case 's': ok = read_number(optarg, 0, &s->seed); break;
        case 'D': ok = read_date(optarg, &s->date); break;
        default: ok = false; break;
        }
        /* clang-format on */
    }
    if (!ok || optind != argc || !(s->out || s->zone || s->names || s->bounces)) {
        fputs(usage, stderr);
        return false;
    }
    if (s->mailboxes < s->domains) {
        fputs("generate: there must be at least as many mailboxes as domains\n", stderr);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct settings s = {
        .rows = 2000000,
        .mailboxes = 1850000,
        .domains = 100000,
        .mx_hosts = 5000,
        .bounce_rows = 1000000,
        .seed = 1,
        .date = 1793491200, /* 2026-11-01 */
    };
    if (!read_options(argc, argv, &s)) {
        return 64;
    }
    bool ok = (!s.out || write_list(&s)) && (!s.zone || write_zone(&s)) &&
              (!s.names || write_names(&s)) && (!s.bounces || write_bounces(&s));
    return ok ? 0 : 74;
}
