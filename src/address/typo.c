/* SPDX-License-Identifier: MIT */
/* Which well-known domain was meant?
 *
 * A typed domain is compared with every target of about its length. A bit set of letters rules out
 * nearly all of them with one exclusive or and a count of bits, since an edit changes two of the
 * bits at most; so a domain that is near nothing costs some hundred nanoseconds, and there is no
 * index to build or to keep.
 *
 * What is left is compared letter by letter, with at most two edits in all (letters dropped, added,
 * replaced, or two swapped: Damerau and Levenshtein's). Each edit has a cost that says how likely a
 * finger makes it, and a place: the name, a dot, or the ending (all behind the first dot). The
 * place decides what it proves:
 *   - An ending whose top-level domain does not exist is certainly wrong, so the name beside it
 *     counts as what it is, or what it nearly is.
 *   - An ending that exists is somebody's country. Only the few pairs in `escapes` are slips.
 *   - A name is wrong only if nobody else would have it. slips.txt says how far each may be
 *     mistyped, `limits` says what that means, and neighbours.txt has the exceptions. A name of
 *     three letters is never wrong: all of them are taken.
 * The cheapest reading wins, and of two that cost the same that of the larger provider; else there
 * is no suggestion. */
#include "address/typo.h"

#include "address/targets.h"

_Static_assert((int)WN_TYPO_DOMAIN_MAX == (int)WN_TARGET_MAX, "any target fits into a suggestion");

enum {
    EDITS = 2,    /* in one reading */
    SHORTEST = 4, /* letters of a name that may be a slip */
    SHORT = 5,    /* letters of a name that may be wrong together with its ending */
    LONG = 8      /* letters of a name that may have two slips */
};

enum edit_kind {
    EDIT_SWAPPED, /* gmial */
    EDIT_DOUBLED, /* gmaill */
    EDIT_SINGLED, /* outlok */
    EDIT_NO_DOT,  /* gmailcom */
    EDIT_NEAR,    /* gmaul: a key beside the right one */
    EDIT_BRUSHED, /* gmailk: a key beside the right one, hit with it */
    EDIT_VOWEL,   /* gmeil */
    EDIT_DROPPED, /* gmil */
    EDIT_ADDED,   /* gmxail */
    EDIT_NUMBER,  /* gmail7, g-mail */
    EDIT_OTHER    /* anything else */
};

static const uint8_t costs[] = {
    [EDIT_SWAPPED] = 3, [EDIT_DOUBLED] = 3, [EDIT_SINGLED] = 3, [EDIT_NO_DOT] = 3,
    [EDIT_NEAR] = 4,    [EDIT_BRUSHED] = 4, [EDIT_VOWEL] = 5,   [EDIT_DROPPED] = 5,
    [EDIT_ADDED] = 6,   [EDIT_NUMBER] = 8,  [EDIT_OTHER] = 8,
};

enum {
    COST_SECOND = 2, /* on top for a second edit: two are rarer than any one */
    COST_LARGE = 2,  /* off for the largest providers: more fingers slip there */
    COST_TOO_MUCH = 255
};

/* What a name of a trust and of at least so many letters may cost. First match. */
static const struct {
    uint8_t trust, letters, limit;
} limits[] = {
    {WN_TRUST_LIKELY, 8, 7}, {WN_TRUST_LIKELY, 6, 4}, {WN_TRUST_LIKELY, 5, 3},
    {WN_TRUST_INSIDE, 3, 6}, {WN_TRUST_BEHIND, 3, 6}, {WN_TRUST_ANY, 8, 8},
    {WN_TRUST_ANY, 3, 6},    {WN_TRUST_SOLE, 8, 8},   {WN_TRUST_SOLE, 3, 6},
};

/* Endings that exist and that still are a slip for another, behind the name of a provider of this
 * trust at least. Firms like .co for its likeness to .com, so behind a word it may be meant. */
static const struct {
    const char *typed, *meant;
    uint8_t trust;
} escapes[] = {
    {"co", "com", WN_TRUST_ANY},    {"cm", "com", WN_TRUST_INSIDE}, {"om", "com", WN_TRUST_INSIDE},
    {"ne", "net", WN_TRUST_INSIDE}, {"et", "net", WN_TRUST_INSIDE},
};

/* A way from what was typed to a target. */
struct reading {
    unsigned cost;
    unsigned count;
    struct {
        enum edit_kind kind;
        unsigned at; /* index in the target: of the letter concerned, or behind an added one */
    } edits[EDITS];
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

uint64_t wn_letters(const char *p, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_letter(p[i])) {
            unsigned bit = (unsigned)(p[i] - 'a');
            bits |= UINT64_C(1) << (bits >> bit & 1 ? bit + 26 : bit);
        } else if (p[i] != '.') {
            bits |= UINT64_C(1) << (p[i] >= '0' && p[i] <= '9' ? 52 : 53);
        }
    }
    return bits;
}

/* --- what a finger does -------------------------------------------------------------------------
 */

/* The keys around each letter on an American keyboard; y and z also as they lie on a German one,
 * and with each other; l and i with the digit that looks like them. */
static const char keys[26][12] = {
    "qwsz",    "vghn",    "xdfv",   "serfcx",     "wrsd34",    "drtgcv",  "ftyhbvz",
    "gyujbnz", "uojk891", "huiknm", "jiolm",      "kop1",      "njk",     "bhjm",
    "iklp90",  "ol0",     "wa12",   "edft45",     "awedxz",    "rfgyz56", "yhjiz78",
    "cfgb",    "qase23",  "zsdcy",  "tghu67asxz", "asxtghu67",
};

static bool keys_touch(char a, char b)
{
    return (is_letter(a) && b != '\0' && strchr(keys[a - 'a'], b) != NULL) ||
           (is_letter(b) && a != '\0' && strchr(keys[b - 'a'], a) != NULL);
}

static bool is_vowel(char c)
{
    return c != '\0' && strchr("aeiouy", c) != NULL;
}

static enum edit_kind kind_of_replaced(char typed, char meant)
{
    return keys_touch(typed, meant)             ? EDIT_NEAR
           : is_vowel(typed) && is_vowel(meant) ? EDIT_VOWEL
                                                : EDIT_OTHER;
}

static enum edit_kind kind_of_dropped(const struct wn_target *t, size_t j)
{
    char meant = t->text[j];
    if (meant == '.') {
        return EDIT_NO_DOT;
    }
    return (j > 0 && t->text[j - 1] == meant) || t->text[j + 1] == meant ? EDIT_SINGLED
                                                                         : EDIT_DROPPED;
}

static enum edit_kind kind_of_added(const struct wn_target *t, size_t j, char typed)
{
    char before = j > 0 ? t->text[j - 1] : '\0';
    char behind = t->text[j]; /* NUL at the end */
    if (typed == before || typed == behind) {
        return EDIT_DOUBLED;
    }
    if (keys_touch(typed, before) || keys_touch(typed, behind)) {
        return EDIT_BRUSHED;
    }
    /* Letters before a hyphen make a name of their own: e-mail, i-cloud. */
    return is_letter(typed) || (typed == '-' && j > 1) ? EDIT_ADDED : EDIT_NUMBER;
}

/* --- comparing ----------------------------------------------------------------------------------
 */

struct comparison {
    struct wn_span typed;
    const struct wn_target *target;
    struct reading path; /* the edits so far */
    struct reading best; /* the cheapest way to the end; its cost is COST_TOO_MUCH without one */
};

static void compare(struct comparison *c, size_t i, size_t j);

/* Goes on behind one more edit. */
static void try_edit(struct comparison *c, enum edit_kind kind, size_t at, size_t i, size_t j)
{
    struct reading *path = &c->path;
    unsigned cost = path->cost;
    path->cost += costs[kind] + (path->count > 0 ? COST_SECOND : 0U);
    path->edits[path->count].kind = kind;
    path->edits[path->count].at = (unsigned)at;
    path->count++;
    compare(c, i, j);
    path->count--;
    path->cost = cost;
}

/* Finds the cheapest reading of typed[i..] as target[j..]. Letters that agree are passed over at
 * once: no edit could make them cheaper. At most EDITS deep. */
static void compare(struct comparison *c, size_t i, size_t j)
{
    const char *typed = c->typed.p;
    const char *meant = c->target->text;
    size_t n = c->typed.n;
    size_t m = c->target->length;

    while (i < n && j < m && typed[i] == meant[j]) {
        i++;
        j++;
    }
    if (i == n && j == m) {
        if (c->path.cost < c->best.cost) {
            c->best = c->path;
        }
        return;
    }
    size_t left = EDITS - c->path.count;
    if (n - i > m - j + left || m - j > n - i + left || left == 0) {
        return;
    }
    if (i + 1 < n && j + 1 < m && typed[i] == meant[j + 1] && typed[i + 1] == meant[j]) {
        try_edit(c, EDIT_SWAPPED, j, i + 2, j + 2);
    }
    if (j < m) {
        try_edit(c, kind_of_dropped(c->target, j), j, i, j + 1);
    }
    /* A dot that was typed was meant: nobody has mail at g.ail.com for want of an m. */
    if (i < n && typed[i] != '.') {
        try_edit(c, kind_of_added(c->target, j, typed[i]), j, i + 1, j);
        if (j < m) {
            try_edit(c, kind_of_replaced(typed[i], meant[j]), j, i + 1, j + 1);
        }
    }
}

/* --- judging ------------------------------------------------------------------------------------
 */

/* A reading, by the places of its edits. */
struct places {
    unsigned name_edits, name_cost;
    unsigned dot_edits, dot_cost;
    unsigned ending_edits;
    size_t name_typed; /* letters of the name as typed */
    bool first, last;  /* a letter stands before or behind the name that does not belong to it */
    bool doubled_only; /* in the name */
    bool loose_vowel;  /* in the name */
    bool loose_first;  /* the letter before the name is not beside its first one */
    bool loose_last;   /* the letter behind the name is not beside its last one */
    bool rhymes;       /* the first letter is another one */
    bool prefix;       /* what is wrong stands before a hyphen, in a word too short to tell */
};

static struct places place_edits(const struct reading *r, const struct wn_target *t)
{
    struct places p = {.name_typed = t->name, .doubled_only = true};
    const char *hyphen = memchr(t->text, '-', t->name);
    size_t word = hyphen != NULL ? (size_t)(hyphen - t->text) : 0;

    word = word < SHORTEST ? word : 0;
    for (unsigned i = 0; i < r->count; i++) {
        enum edit_kind kind = r->edits[i].kind;
        size_t at = r->edits[i].at;
        bool added = kind == EDIT_ADDED || kind == EDIT_BRUSHED || kind == EDIT_NUMBER;
        bool grows = added || kind == EDIT_DOUBLED;
        if (!grows && (t->text[at] == '.' || (kind == EDIT_SWAPPED && t->text[at + 1] == '.'))) {
            p.dot_edits++;
            p.dot_cost += costs[kind];
        } else if (at > t->name) {
            p.ending_edits++;
        } else {
            p.name_edits++;
            p.name_cost += costs[kind];
            p.doubled_only = p.doubled_only && kind == EDIT_DOUBLED;
            p.loose_vowel = p.loose_vowel || kind == EDIT_VOWEL;
            p.first = p.first || (added && at == 0);
            p.last = p.last || (added && at == t->name);
            p.loose_first = p.loose_first || (added && kind != EDIT_BRUSHED && at == 0);
            p.loose_last = p.loose_last || (added && kind != EDIT_BRUSHED && at == t->name);
            p.rhymes = p.rhymes || ((kind == EDIT_NEAR || kind == EDIT_VOWEL) && at == 0);
            p.prefix = p.prefix || at < word || (at == word && grows && word > 0);
            p.name_typed += grows ? 1 : 0;
            p.name_typed -= kind == EDIT_DROPPED || kind == EDIT_SINGLED ? 1 : 0;
        }
    }
    return p;
}

/* Whether the name, as it was typed, can be nobody's but the target's. */
static bool name_is_slip(const struct wn_target *t, const struct places *p)
{
    if (p->name_typed < SHORTEST || p->prefix ||
        (p->loose_vowel && (p->rhymes || t->trust < WN_TRUST_BEHIND)) ||
        (p->name_edits > 1 && t->name < LONG && !p->doubled_only) ||
        (t->trust == WN_TRUST_INSIDE && (p->first || p->last)) ||
        (t->trust == WN_TRUST_BEHIND && p->loose_first) ||
        (t->trust == WN_TRUST_LIKELY && (p->first || p->loose_last || p->rhymes))) {
        return false;
    }
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i].trust == t->trust && t->name >= limits[i].letters) {
            return p->name_cost <= limits[i].limit;
        }
    }
    return false;
}

static bool ending_escapes(const char *typed, const struct wn_target *t)
{
    const char *meant = t->text + t->name + 1;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        if (strcmp(escapes[i].typed, typed) == 0 && strcmp(escapes[i].meant, meant) == 0) {
            return t->trust >= escapes[i].trust || (t->trust == WN_TRUST_LIKELY && t->name >= LONG);
        }
    }
    return false;
}

/* Whether the ending, or a dot, is wrong enough for the name to count. */
static bool ending_is_slip(struct wn_span typed, const struct wn_target *t, const struct places *p)
{
    char text[WN_TARGET_MAX + EDITS + 1];
    memcpy(text, typed.p, typed.n);
    text[typed.n] = '\0';
    const char *first = strchr(text, '.');
    const char *last = strrchr(text, '.');
    bool own = t->trust != WN_TRUST_NONE;

    if (last == NULL || !wn_tld_exists(wn_span_of(last + 1))) {
        if (p->name_edits > 0) {
            return own && t->name >= SHORT && p->ending_edits + p->dot_edits == 1;
        }
        return own || p->ending_edits + p->dot_edits == 1 || p->ending_edits == 0;
    }
    if (p->name_edits > 0 || p->ending_edits + p->dot_edits > 1 || !own) {
        return false;
    }
    if (p->dot_edits > 0) {
        return t->name >= SHORT && p->dot_cost <= costs[EDIT_NO_DOT];
    }
    if (wn_ending_exists(first + 1)) {
        return ending_escapes(first + 1, t);
    }
    /* The country that was typed is the one that was meant. */
    return t->name >= SHORT && strcmp(last, strrchr(t->text, '.')) == 0;
}

static bool judge(struct wn_span typed, const struct wn_target *t, const struct reading *r,
                  enum wn_typo_kind *kind)
{
    struct places p = place_edits(r, t);
    bool ending = p.ending_edits + p.dot_edits > 0;

    *kind = p.dot_edits > 0 ? WN_TYPO_MISSING_DOT : p.name_edits > 0 ? WN_TYPO_SLIP : WN_TYPO_TLD;
    return (p.name_edits == 0 || name_is_slip(t, &p)) && (!ending || ending_is_slip(typed, t, &p));
}

/* Whether the domain is known to be somebody's. */
static bool is_known(struct wn_span domain)
{
    return wn_names_find_domain(&wn_names_domain, domain,
                                WN_LIST_DISPOSABLE | WN_LIST_RELAY | WN_LIST_PLACEHOLDER) != 0 ||
           wn_names_find_domain(&wn_names_neighbours, domain, 1) != 0 ||
           wn_names_find_domain(&wn_names_reserved, domain, WN_LIST_RESERVED) != 0;
}

/* The best answer so far. */
struct answer {
    const struct wn_target *target; /* NULL: none */
    enum wn_typo_kind kind;
    unsigned cost;
    bool tie; /* another answer is as good */
};

static void weigh(struct answer *best, struct wn_span typed, const struct wn_target *t)
{
    struct comparison c = {.typed = typed, .target = t, .best.cost = COST_TOO_MUCH};
    enum wn_typo_kind kind = WN_TYPO_SLIP;

    compare(&c, 0, 0);
    if (c.best.cost == COST_TOO_MUCH || !judge(typed, t, &c.best, &kind)) {
        return;
    }
    unsigned cost = c.best.cost + COST_LARGE - (t->trust >= WN_TRUST_INSIDE ? COST_LARGE : 0U);
    if (best->target == NULL || cost < best->cost ||
        (cost == best->cost && t->trust > best->target->trust)) {
        *best = (struct answer){.target = t, .kind = kind, .cost = cost};
    } else if (cost == best->cost && t->trust == best->target->trust) {
        best->tie = true;
    }
}

bool wn_typo_domain(struct wn_span domain, struct wn_typo *typo)
{
    struct answer best = {0};

    if (domain.n < SHORTEST || domain.n > WN_TARGET_MAX + EDITS) {
        return false;
    }
    uint64_t letters = wn_letters(domain.p, domain.n);
    size_t longest = domain.n + EDITS < WN_TARGET_MAX ? domain.n + EDITS : WN_TARGET_MAX;
    const struct wn_target *end = wn_targets + wn_targets_from[longest + 1];
    for (const struct wn_target *t = wn_targets + wn_targets_from[domain.n - EDITS]; t < end; t++) {
        if (__builtin_popcountll(t->letters ^ letters) <= 2 * EDITS) {
            weigh(&best, domain, t);
        }
    }
    if (best.target == NULL || best.tie || is_known(domain)) {
        return false;
    }
    typo->kind = best.kind;
    typo->length = best.target->length;
    memcpy(typo->domain, best.target->text, sizeof typo->domain);
    return true;
}
