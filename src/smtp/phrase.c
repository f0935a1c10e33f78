/* SPDX-License-Identifier: MIT */
/* Some thousand phrases are looked for in one pass over the text. Each phrase is filed under four
 * of its bytes in a row, its anchor: those that the fewest other phrases hold. At every position of
 * the text the four bytes there lead to the phrases with that anchor, mostly none, and these are
 * compared to both sides of it. What is found is a set of rows of replies.def, so that the order
 * of the table decides and not the order of the text; a row that only counts beside a code or at
 * a provider is passed over afterwards.
 *
 * The index is built once, by whoever needs it first, and never changes again. */
#include "smtp/phrase.h"

#include <pthread.h>
#include <stdlib.h>

#include "smtp/provider.h"

#define ANY 0xffff

enum kind {
    KIND_TOPIC,
    KIND_PHASE,
    KIND_FROM
};

enum {
    PHRASES_MAX = 4096,
    BUCKETS = 1 << 14,
    ANCHOR = 4,
    GAP = 48, /* bytes between which both sides of a ** are found */
    NONE = PHRASES_MAX
};

static const struct row {
    enum kind kind;
    const char *id;       /* of the rule; of KIND_FROM the provider's name */
    uint16_t subject;     /* of the code that it needs beside it, or ANY */
    uint16_t detail;      /* likewise */
    unsigned what;        /* enum wn_topic or enum wn_phase */
    const char *provider; /* whose rule it is alone: a name or a family's, or NULL */
    const char *phrases;  /* one or more, with | between them */
} rows[] = {
#define WN_REPLY(id, topic, phrases) {KIND_TOPIC, id, ANY, ANY, WN_TOPIC_##topic, NULL, phrases},
#define WN_REPLY_AT(id, subject, detail, topic, phrases)                                           \
    {KIND_TOPIC, id, subject, detail, WN_TOPIC_##topic, NULL, phrases},
#define WN_REPLY_OF(provider, id, topic, phrases)                                                  \
    {KIND_TOPIC, id, ANY, ANY, WN_TOPIC_##topic, provider, phrases},
#define WN_REPLY_PHASE(phase, phrases)   {KIND_PHASE, "", ANY, ANY, WN_PHASE_##phase, NULL, phrases},
#define WN_REPLY_FROM(provider, phrases) {KIND_FROM, provider, ANY, ANY, 0, NULL, phrases},
#include "data/replies.def"
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

_Static_assert((size_t)ROWS <= WN_PHRASE_ROWS, "a bit for every row");

/* Names that replies.def uses for several of data/providers.def. */
static const struct {
    const char *family, *provider;
} families[] = {
#define WN_REPLY_FAMILY(family, provider) {family, provider},
#include "data/replies.def"
};

/* One phrase and the next of its bucket. */
struct phrase {
    struct wn_span part;  /* all of it, or the side of its ** that the anchor is on */
    struct wn_span other; /* the other side, or empty */
    bool other_first;
    uint8_t anchor; /* where in `part` */
    uint16_t row, next;
};

static struct {
    pthread_once_t built;
    uint16_t first[BUCKETS]; /* a phrase, or NONE */
    size_t count;
    struct phrase phrases[PHRASES_MAX];
} the_index = {.built = PTHREAD_ONCE_INIT};

static uint32_t four_bytes(const char *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return four;
}

static size_t bucket_of(const char *p)
{
    return (four_bytes(p) * UINT32_C(2654435761)) >> 18; /* fourteen bits */
}

/* The four bytes of `part` that the fewest others hold: where they begin, or SIZE_MAX. */
static size_t rarest(struct wn_span part, const uint16_t *holders)
{
    size_t best = SIZE_MAX;
    for (size_t at = 0; at + ANCHOR <= part.n; at++) {
        if (memchr(part.p + at, '*', ANCHOR) == NULL &&
            (best == SIZE_MAX ||
             holders[bucket_of(part.p + at)] < holders[bucket_of(part.p + best)])) {
            best = at;
        }
    }
    return best;
}

/* Files the phrase under the rarer anchor of its two sides. */
static void file_phrase(struct phrase *phrase, const uint16_t *holders)
{
    size_t at = rarest(phrase->part, holders);
    size_t elsewhere = rarest(phrase->other, holders);
    if (elsewhere != SIZE_MAX &&
        (at == SIZE_MAX || holders[bucket_of(phrase->other.p + elsewhere)] <
                               holders[bucket_of(phrase->part.p + at)])) {
        struct wn_span part = phrase->part;
        phrase->part = phrase->other;
        phrase->other = part;
        phrase->other_first = true;
        at = elsewhere;
    }
    if (at == SIZE_MAX) {
        abort(); /* no four bytes in a row */
    }
    size_t bucket = bucket_of(phrase->part.p + at);
    phrase->anchor = (uint8_t)at;
    phrase->next = the_index.first[bucket];
    the_index.first[bucket] = (uint16_t)(phrase - the_index.phrases);
}

static void split_rows(void)
{
    for (size_t row = 0; row < ROWS; row++) {
        for (const char *p = rows[row].phrases; *p != '\0';) {
            size_t n = strcspn(p, "|");
            const char *gap = memmem(p, n, "**", 2);
            size_t first = gap != NULL ? (size_t)(gap - p) : n;
            if (the_index.count == PHRASES_MAX) {
                abort(); /* replies.def has outgrown the table: every test says so */
            }
            the_index.phrases[the_index.count++] = (struct phrase){
                .part = {p, first},
                .other = {p + n, 0},
                .row = (uint16_t)row,
            };
            if (gap != NULL) {
                the_index.phrases[the_index.count - 1].other =
                    (struct wn_span){gap + 2, n - first - 2};
            }
            p += n + (p[n] == '|');
        }
    }
}

static void count_holders(struct wn_span part, uint16_t *holders)
{
    for (size_t at = 0; at + ANCHOR <= part.n; at++) {
        holders[bucket_of(part.p + at)]++;
    }
}

static void build(void)
{
    static uint16_t holders[BUCKETS]; /* how many phrases hold these four bytes */
    split_rows();
    for (size_t i = 0; i < the_index.count; i++) {
        count_holders(the_index.phrases[i].part, holders);
        count_holders(the_index.phrases[i].other, holders);
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        the_index.first[i] = NONE;
    }
    for (size_t i = 0; i < the_index.count; i++) {
        file_phrase(&the_index.phrases[i], holders);
    }
}

/* Where the bytes from `part[from]` on end that match at text[at], or 0. A * is one word. The text
 * has a NUL behind. */
static size_t match_right(struct wn_span part, size_t from, const char *text, size_t at)
{
    for (size_t i = from; i < part.n; i++) {
        if (part.p[i] != '*') {
            if (text[at++] != part.p[i]) {
                return 0;
            }
            continue;
        }
        size_t word = strcspn(text + at, " ");
        if (word == 0) {
            return 0;
        }
        at += word;
    }
    return at;
}

/* Where the bytes before `part[to]` begin that match up to text[at], or SIZE_MAX. */
static size_t match_left(struct wn_span part, size_t to, const char *text, size_t at)
{
    for (size_t i = to; i > 0; i--) {
        if (part.p[i - 1] != '*') {
            if (at == 0 || text[--at] != part.p[i - 1]) {
                return SIZE_MAX;
            }
            continue;
        }
        size_t end = at;
        while (at > 0 && text[at - 1] != ' ') {
            at--;
        }
        if (at == end) {
            return SIZE_MAX;
        }
    }
    return at;
}

/* Whether the phrase is in the text with its anchor at `at`. */
static bool is_there(const struct phrase *phrase, const struct wn_plain *plain, size_t at)
{
    size_t end = match_right(phrase->part, phrase->anchor, plain->text, at);
    size_t start = end > 0 ? match_left(phrase->part, phrase->anchor, plain->text, at) : SIZE_MAX;
    if (start == SIZE_MAX || phrase->other.n == 0) {
        return start != SIZE_MAX;
    }
    size_t from = end, to = plain->n - end < GAP ? plain->n : end + GAP;
    if (phrase->other_first) {
        from = start < GAP ? 0 : start - GAP;
        to = start;
    }
    return memmem(plain->text + from, to - from, phrase->other.p, phrase->other.n) != NULL;
}

void wn_phrases_find(const struct wn_plain *plain, struct wn_phrases *found)
{
    (void)pthread_once(&the_index.built, build);
    *found = (struct wn_phrases){{0}};
    for (size_t at = 0; at + ANCHOR <= plain->n; at++) {
        uint16_t i = the_index.first[bucket_of(plain->text + at)];
        while (i != NONE) {
            const struct phrase *phrase = &the_index.phrases[i];
            uint64_t bit = UINT64_C(1) << (phrase->row % 64);
            if ((found->rows[phrase->row / 64] & bit) == 0 && is_there(phrase, plain, at)) {
                found->rows[phrase->row / 64] |= bit;
            }
            i = phrase->next;
        }
    }
}

/* The first row of that kind from `from` on that was found, or ROWS. */
static size_t next_row(const struct wn_phrases *found, enum kind kind, size_t from)
{
    for (size_t i = from; i < ROWS; i++) {
        uint64_t rest = found->rows[i / 64] >> (i % 64);
        if (rest == 0) {
            i |= 63;
            continue;
        }
        i += (size_t)__builtin_ctzll(rest);
        if (rows[i].kind == kind) {
            return i;
        }
    }
    return ROWS;
}

static bool is_of(uint32_t provider, const char *name)
{
    const char *its_name = wn_provider_name(provider);
    if (strcmp(its_name, name) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcmp(families[i].family, name) == 0 && strcmp(families[i].provider, its_name) == 0) {
            return true;
        }
    }
    return false;
}

bool wn_phrases_rule(const struct wn_phrases *found, unsigned subject, unsigned detail,
                     uint32_t provider, struct wn_reply_rule *rule)
{
    for (size_t i = next_row(found, KIND_TOPIC, 0); i < ROWS;
         i = next_row(found, KIND_TOPIC, i + 1)) {
        const struct row *row = &rows[i];
        if ((row->subject == ANY || row->subject == subject) &&
            (row->detail == ANY || row->detail == detail) &&
            (row->provider == NULL || is_of(provider, row->provider))) {
            *rule = (struct wn_reply_rule){row->id, (enum wn_topic)row->what};
            return true;
        }
    }
    return false;
}

enum wn_phase wn_phrases_phase(const struct wn_phrases *found)
{
    size_t i = next_row(found, KIND_PHASE, 0);
    return i < ROWS ? (enum wn_phase)rows[i].what : WN_PHASE_unknown;
}

uint32_t wn_phrases_provider(const struct wn_phrases *found)
{
    size_t i = next_row(found, KIND_FROM, 0);
    return i < ROWS ? wn_provider_named(wn_span_of(rows[i].id)) : 0;
}
