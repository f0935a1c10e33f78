/* SPDX-License-Identifier: MIT */
/* Which refusals are of a burst is a pure function of the events in the store and of what persons
 * decided before, never of an import: a burst may come in two files, or an import be killed between
 * its events. So an import only notes the days that got mail, in the transaction that adds it, and
 * every day so noted is judged anew at its end, or at the end of the next.
 *
 * Refusals (S and S2) with the same words are one run for their domain and one for their provider.
 * A window begins at each of a run's refusals. It is a burst when it refused enough addresses, and
 * these are a large enough part of the addresses that the domain or provider was sent mail for,
 * whatever became of it: a refusal, a deferral, a delivery. Of both, what came as long again before
 * the window is taken in, since a delivery is known at once and a refusal may come back later. Mail
 * is read only where enough addresses were refused, which is rare. Addresses are counted, not
 * messages, since a deferral is told again and again.
 *
 * Where notifications alone are imported, nobody knows of the mail that arrived, and refusals are
 * always all there is. Then the mailing's other refusals are the yardstick: those at domains that
 * refused too few to have a bad hour. A large provider that refused fewer addresses than all of
 * these has no bad hour, only its part of the dead addresses; a single domain has no such part, and
 * a provider that refuses everything exceeds it by far.
 *
 * What a person released is mail but no refusal here, so that it is never held again, and neither
 * is what comes late of the same burst; what was discarded still is one, so that latecomers are
 * held. Midnight is what a date without a time of day becomes: where most of a window lies on it,
 * nobody knows the hour, and nothing is held. */
#include "store/breaker.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/private.h"
#include "store/reply_text.h"

enum scope {
    DOMAIN,
    PROVIDER,
    SCOPES,
    NO_SCOPE = SCOPES
};
static const char *const scope_words[SCOPES] = {"domain", "provider"};

struct refusal {
    sqlite3_int64 id, mailbox;
    int64_t at;
    struct wn_span address, names[SCOPES]; /* in the arena; an unknown provider is empty */
    uint64_t groups[SCOPES];               /* hashes of the names */
    uint64_t runs[SCOPES];                 /* and of the words with them */
    bool held, decided, released;
    bool many;        /* its run is wide enough for a burst */
    bool blind;       /* no delivery to anybody is known around it */
    enum scope burst; /* of which kind of burst it is found to be, or NO_SCOPE */
};

/* Mail to a group, whatever became of it. */
struct mail {
    uint64_t group;
    int64_t at;
    sqlite3_int64 mailbox;
};

struct judgement {
    struct wn_store *store;
    struct wn_bounce_policy policy;
    int64_t from, to, window;   /* the day, seconds */
    int64_t mail_from, mail_to; /* between which there may be a burst */
    struct wn_arena text;
    struct wn_buf core;
    struct refusal *refusals;
    size_t count, capacity;
    uint32_t *order;  /* of the refusals, for the scope at hand */
    uint64_t *groups; /* that have a run which may be a burst; sorted before mail is read */
    size_t group_count, group_capacity;
    struct mail *mail;
    size_t mail_count, mail_capacity;
    int64_t *tail; /* when addresses were refused in runs that are not many; sorted */
    size_t tail_count;
    unsigned char *delivered; /* for each minute from mail_from on: something arrived somewhere */
    struct wn_error *err;
};

static struct wn_span domain_of(struct wn_span address)
{
    const char *at = address.n > 0 ? memrchr(address.p, '@', address.n) : NULL;
    return at != NULL ? (struct wn_span){at + 1, address.n - (size_t)(at + 1 - address.p)}
                      : (struct wn_span){NULL, 0};
}

/* Never 0, which is the hash of no name. Without a seed: a burst's id is made of it. */
static uint64_t hash_name(struct wn_span name, enum scope scope)
{
    return name.n > 0 ? XXH3_64bits_withSeed(name.p, name.n, (XXH64_hash_t)scope) | 1 : 0;
}

static struct wn_span keep(struct judgement *j, struct wn_span text)
{
    return (struct wn_span){wn_arena_copy(&j->text, text.p, text.n), text.n};
}

static int add_refusal(void *arg, sqlite3_stmt *row)
{
    struct judgement *j = arg;
    if (j->count == j->capacity) {
        j->capacity = j->capacity > 0 ? j->capacity * 2 : 1024;
        j->refusals = wn_realloc(j->refusals, j->capacity * sizeof *j->refusals);
    }
    struct wn_span mark = wn_column_span(row, 8);
    struct refusal *r = &j->refusals[j->count++];
    *r = (struct refusal){
        .id = sqlite3_column_int64(row, 0),
        .at = sqlite3_column_int64(row, 1),
        .mailbox = sqlite3_column_int64(row, 2),
        .address = keep(j, wn_column_span(row, 3)),
        .held = wn_span_equal(mark, WN_SPAN("held")),
        .released = wn_span_equal(mark, WN_SPAN("released")),
        .burst = NO_SCOPE,
    };
    r->decided = mark.n > 0 && !r->held;
    r->names[DOMAIN] = domain_of(r->address);
    r->names[PROVIDER] = keep(j, wn_column_span(row, 4));
    wn_buf_clear(&j->core);
    wn_reply_core(&j->core, wn_column_span(row, 5), r->address);
    if (j->core.len == 0) { /* the codes are all that was said */
        wn_buf_add_number(&j->core, (uint64_t)sqlite3_column_int(row, 6));
        wn_buf_add_char(&j->core, ' ');
        wn_buf_add_span(&j->core, wn_column_span(row, 7));
    }
    for (int scope = 0; scope < SCOPES; scope++) {
        r->groups[scope] = hash_name(r->names[scope], (enum scope)scope);
        r->runs[scope] = XXH3_64bits_withSeed(j->core.p, j->core.len, r->groups[scope]);
    }
    return WN_OK;
}

static int load_refusals(struct judgement *j)
{
    sqlite3_stmt *load = NULL;
    int status = wn_store_statement(j->store, WN_STATEMENT_refusals, &load, j->err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(load, 1, j->from - j->window);
    (void)sqlite3_bind_int64(load, 2, j->to + j->window);
    return wn_statement_rows(j->store, load, add_refusal, j, j->err);
}

static int compare_groups(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_group(const struct judgement *j, uint64_t group)
{
    return group != 0 &&
           bsearch(&group, j->groups, j->group_count, sizeof group, compare_groups) != NULL;
}

static void add_mail(struct judgement *j, uint64_t group, sqlite3_stmt *row)
{
    if (!is_group(j, group)) {
        return;
    }
    if (j->mail_count == j->mail_capacity) {
        j->mail_capacity = j->mail_capacity > 0 ? j->mail_capacity * 2 : 1024;
        j->mail = wn_realloc(j->mail, j->mail_capacity * sizeof *j->mail);
    }
    j->mail[j->mail_count++] =
        (struct mail){group, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
}

static int64_t minute_of(const struct judgement *j, int64_t at)
{
    return (at - j->mail_from) / 60;
}

static int take_mail(void *arg, sqlite3_stmt *row)
{
    struct judgement *j = arg;
    if (sqlite3_column_int(row, 4) != 0) {
        j->delivered[minute_of(j, sqlite3_column_int64(row, 0))] = 1;
    }
    add_mail(j, hash_name(domain_of(wn_column_span(row, 2)), DOMAIN), row);
    add_mail(j, hash_name(wn_column_span(row, 3), PROVIDER), row);
    return WN_OK;
}

/* By group, then time. */
static int compare_mail(const void *a, const void *b)
{
    const struct mail *x = a, *y = b;
    return x->group != y->group ? (x->group < y->group ? -1 : 1)
                                : (x->at < y->at ? -1 : x->at > y->at);
}

static int load_mail(struct judgement *j)
{
    sqlite3_stmt *load = NULL;
    int status = wn_store_statement(j->store, WN_STATEMENT_mail, &load, j->err);
    if (status != WN_OK) {
        return status;
    }
    qsort(j->groups, j->group_count, sizeof *j->groups, compare_groups);
    j->delivered = wn_calloc((size_t)minute_of(j, j->mail_to) + 1, sizeof *j->delivered);
    (void)sqlite3_bind_int64(load, 1, j->mail_from);
    (void)sqlite3_bind_int64(load, 2, j->mail_to);
    status = wn_statement_rows(j->store, load, take_mail, j, j->err);
    if (j->mail_count > 1) {
        qsort(j->mail, j->mail_count, sizeof *j->mail, compare_mail);
    }
    return status;
}

/* A window that slides over what is sorted by time, and the different mailboxes in it. */
struct slide {
    const int64_t *at;
    const uint32_t *ranks; /* of each mailbox among those of the whole */
    uint32_t *inside;      /* how often each rank stands in the window */
    size_t count, first, end, different, dated;
};

static int compare_ids(const void *a, const void *b)
{
    sqlite3_int64 x = *(const sqlite3_int64 *)a, y = *(const sqlite3_int64 *)b;
    return x < y ? -1 : x > y;
}

/* Takes the two arrays' contents over into its own; release with release_slide. */
static void init_slide(struct slide *s, const int64_t *at, const sqlite3_int64 *mailboxes,
                       size_t count)
{
    sqlite3_int64 *sorted = wn_malloc(count * sizeof *sorted);
    uint32_t *ranks = wn_malloc(count * sizeof *ranks);
    memcpy(sorted, mailboxes, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_ids);
    for (size_t i = 0; i < count; i++) {
        size_t low = 0, high = count; /* the first that is not less */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (sorted[middle] < mailboxes[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        ranks[i] = (uint32_t)low;
    }
    free(sorted);
    *s = (struct slide){
        .at = at, .ranks = ranks, .inside = wn_calloc(count, sizeof *s->inside), .count = count};
}

static void release_slide(struct slide *s)
{
    free((void *)(uintptr_t)s->ranks);
    free(s->inside);
}

/* Moves it on to what lies from `from` to `until`; both never go back. */
static void move_slide(struct slide *s, int64_t from, int64_t until)
{
    for (; s->end < s->count && s->at[s->end] <= until; s->end++) {
        s->different += s->inside[s->ranks[s->end]]++ == 0;
        s->dated += s->at[s->end] % WN_DAY == 0;
    }
    for (; s->first < s->end && s->at[s->first] < from; s->first++) {
        s->different -= --s->inside[s->ranks[s->first]] == 0;
        s->dated -= s->at[s->first] % WN_DAY == 0;
    }
}

/* The columns of refusals or mail that a slide needs. */
struct columns {
    int64_t *at;
    sqlite3_int64 *mailboxes;
};

static struct columns new_columns(size_t count)
{
    return (struct columns){wn_malloc(count * sizeof(int64_t)),
                            wn_malloc(count * sizeof(sqlite3_int64))};
}

static void release_columns(struct columns *c)
{
    free(c->at);
    free(c->mailboxes);
}

static bool is_wide_enough(const struct judgement *j, const struct slide *s)
{
    return s->different >= (size_t)j->policy.breaker_addresses && s->dated * 2 <= s->end - s->first;
}

/* A slide over the mail to a group. */
static void init_mail_slide(const struct judgement *j, uint64_t group, struct columns *c,
                            struct slide *s)
{
    size_t low = 0, high = j->mail_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (j->mail[middle].group < group) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t end = low;
    while (end < j->mail_count && j->mail[end].group == group) {
        end++;
    }
    *c = new_columns(end - low + 1);
    for (size_t i = low; i < end; i++) {
        c->at[i - low] = j->mail[i].at;
        c->mailboxes[i - low] = j->mail[i].mailbox;
    }
    init_slide(s, c->at, c->mailboxes, end - low);
}

/* The refusals of runs that are not many, each address once: when it was first refused. */
static void find_tail(struct judgement *j)
{
    struct slide s;
    struct columns c = new_columns(j->count);
    size_t n = 0;
    for (size_t i = 0; i < j->count; i++) {
        if (!j->refusals[i].many) {
            c.at[n] = j->refusals[i].at;
            c.mailboxes[n++] = j->refusals[i].mailbox;
        }
    }
    init_slide(&s, c.at, c.mailboxes, n);
    j->tail = wn_malloc(n * sizeof *j->tail);
    for (size_t i = 0; i < n; i++) {
        if (s.inside[s.ranks[i]]++ == 0) {
            j->tail[j->tail_count++] = c.at[i];
        }
    }
    release_slide(&s);
    release_columns(&c);
}

/* How many of the tail lie before `at`. */
static size_t count_tail(const struct judgement *j, int64_t at)
{
    size_t low = 0, high = j->tail_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (j->tail[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether anything is known to have arrived anywhere between the two. */
static bool is_delivery_known(const struct judgement *j, int64_t from, int64_t until)
{
    size_t first = (size_t)minute_of(j, from), last = (size_t)minute_of(j, until);
    return memchr(j->delivered + first, 1, last - first + 1) != NULL;
}

/* Whether so many refusals by a provider around `at` are no more than its part of them all. */
static bool is_part(const struct judgement *j, int64_t at, size_t refused)
{
    size_t tail = count_tail(j, at + j->window + 1) - count_tail(j, at - j->window);
    return refused * 100 < (refused + tail) * (size_t)j->policy.breaker_share_percent;
}

/* One run, in the order of time. First, without the mail: whether any window of it is wide enough.
 * Then, with it: marks what lies in a burst. */
static bool judge_run(struct judgement *j, const uint32_t *run, size_t count, enum scope scope,
                      bool with_mail)
{
    struct columns c = new_columns(count), mail_columns = {0};
    struct slide slide, around = {0}, mail = {0};
    bool of_provider = j->refusals[run[0]].names[PROVIDER].n > 0;
    bool wide = false;
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) {
        c.at[i] = j->refusals[run[i]].at;
        c.mailboxes[i] = j->refusals[run[i]].mailbox;
    }
    init_slide(&slide, c.at, c.mailboxes, count);
    if (with_mail) {
        init_slide(&around, c.at, c.mailboxes, count);
        init_mail_slide(j, j->refusals[run[0]].groups[scope], &mail_columns, &mail);
    }
    for (size_t i = 0; i < count && c.at[i] < j->to; i++) {
        move_slide(&slide, c.at[i], c.at[i] + j->window);
        if (!is_wide_enough(j, &slide)) {
            continue;
        }
        wide = true;
        if (!with_mail) {
            j->mail_from = c.at[i] - j->window < j->mail_from ? c.at[i] - j->window : j->mail_from;
            j->mail_to = c.at[i] + j->window > j->mail_to ? c.at[i] + j->window : j->mail_to;
            continue;
        }
        move_slide(&mail, c.at[i] - j->window, c.at[i] + j->window);
        move_slide(&around, c.at[i] - j->window, c.at[i] + j->window);
        if (around.different * 100 < mail.different * (size_t)j->policy.breaker_share_percent) {
            continue;
        }
        bool blind = !is_delivery_known(j, c.at[i] - j->window, c.at[i] + j->window);
        if (blind && of_provider && is_part(j, c.at[i], around.different)) {
            continue;
        }
        for (marked = marked > i ? marked : i; marked < slide.end; marked++) {
            j->refusals[run[marked]].burst = scope;
            j->refusals[run[marked]].blind = blind;
        }
    }
    release_slide(&slide);
    release_slide(&around);
    release_slide(&mail);
    release_columns(&c);
    release_columns(&mail_columns);
    return wide;
}

struct by_run {
    const struct refusal *refusals;
    enum scope scope;
};

/* By run; within one they keep their order, which is that of time. */
static int compare_runs(const void *a, const void *b, void *arg)
{
    const struct by_run *by = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    uint64_t x = by->refusals[i].runs[by->scope], y = by->refusals[k].runs[by->scope];
    return x != y ? (x < y ? -1 : 1) : (i < k ? -1 : i > k);
}

static void add_group(struct judgement *j, uint64_t group)
{
    if (j->group_count == j->group_capacity) {
        j->group_capacity = j->group_capacity > 0 ? j->group_capacity * 2 : 16;
        j->groups = wn_realloc(j->groups, j->group_capacity * sizeof *j->groups);
    }
    j->groups[j->group_count++] = group;
}

static void judge_runs(struct judgement *j, enum scope scope, bool with_mail)
{
    struct by_run by = {j->refusals, scope};
    size_t n = 0;
    for (size_t i = 0; i < j->count; i++) {
        if (j->refusals[i].groups[scope] != 0 && !j->refusals[i].released) {
            j->order[n++] = (uint32_t)i;
        }
    }
    if (n > 1) {
        qsort_r(j->order, n, sizeof *j->order, compare_runs, &by);
    }
    for (size_t first = 0, end; first < n; first = end) {
        const struct refusal *r = &j->refusals[j->order[first]];
        for (end = first + 1; end < n && j->refusals[j->order[end]].runs[scope] == r->runs[scope];
             end++) {
        }
        bool many = end - first >= (size_t)j->policy.breaker_addresses;
        if (!many || (with_mail && !is_group(j, r->groups[scope]))) {
            continue;
        }
        if (judge_run(j, j->order + first, end - first, scope, with_mail) && !with_mail) {
            add_group(j, r->groups[scope]);
            for (size_t i = first; i < end; i++) {
                j->refusals[j->order[i]].many = true;
            }
        }
    }
}

static int hold(struct judgement *j, const struct refusal *r, struct wn_breaker_news *news)
{
    sqlite3_stmt *put = NULL;
    char id[17];
    int status = wn_store_statement(j->store, WN_STATEMENT_hold, &put, j->err);
    if (status != WN_OK) {
        return status;
    }
    uint64_t digest = XXH3_64bits_withSeed(&r->runs[r->burst], sizeof r->runs[r->burst],
                                           (XXH64_hash_t)wn_day_of(r->at));
    (void)snprintf(id, sizeof id, "%010llx", (unsigned long long)(digest >> 24));
    (void)sqlite3_bind_int64(put, 1, r->id);
    (void)sqlite3_bind_int64(put, 2, r->mailbox);
    (void)sqlite3_bind_int64(put, 3, r->at);
    wn_bind_text(put, 4, wn_span_of(id));
    wn_bind_text(put, 5, wn_span_of(scope_words[r->burst]));
    wn_bind_text(put, 6, r->names[r->burst]);
    status = wn_statement_run(j->store, put, j->err);
    if (status == WN_OK && !r->held) {
        wn_mailboxes_touch(&j->store->mailboxes, r->mailbox, r->address);
        wn_buf_addf(&news->ids, "%s\n", id);
        news->held++;
        news->blind += r->blind;
    }
    return status;
}

static int let_go(struct judgement *j, const struct refusal *r, struct wn_breaker_news *news)
{
    sqlite3_stmt *remove = NULL;
    int status = wn_store_statement(j->store, WN_STATEMENT_let_go, &remove, j->err);
    if (status == WN_OK) {
        (void)sqlite3_bind_int64(remove, 1, r->id);
        status = wn_statement_run(j->store, remove, j->err);
        wn_mailboxes_touch(&j->store->mailboxes, r->mailbox, r->address);
        news->let_go++;
    }
    return status;
}

/* Puts the marks of the day's own refusals into the store. */
static int apply(struct judgement *j, struct wn_breaker_news *news)
{
    int status = WN_OK;
    for (size_t i = 0; i < j->count && status == WN_OK; i++) {
        const struct refusal *r = &j->refusals[i];
        if (r->at < j->from || r->at >= j->to || r->decided) {
            continue;
        }
        if (r->burst != NO_SCOPE) {
            status = hold(j, r, news);
        } else if (r->held) {
            status = let_go(j, r, news);
        }
    }
    return status;
}

/* Whether there can be a burst in the day, or is one held in it. */
static int is_worth_it(struct judgement *j, bool *worth)
{
    static const enum wn_statement counts[] = {WN_STATEMENT_refusals_count,
                                               WN_STATEMENT_held_count};
    const int64_t margins[] = {j->window, 0};
    const int64_t least[] = {
        j->policy.breaker_addresses > 0 ? j->policy.breaker_addresses : INT64_MAX, 1};
    int status = WN_OK;
    *worth = false;
    for (size_t i = 0; i < 2 && status == WN_OK && !*worth; i++) {
        sqlite3_stmt *count = NULL;
        uint64_t number = 0;
        status = wn_store_statement(j->store, counts[i], &count, j->err);
        if (status == WN_OK) {
            (void)sqlite3_bind_int64(count, 1, j->from - margins[i]);
            (void)sqlite3_bind_int64(count, 2, j->to + margins[i]);
            status = wn_statement_number(j->store, counts[i], &number, j->err);
        }
        *worth = (int64_t)number >= least[i];
    }
    return status;
}

static int judge_day(struct judgement *j, struct wn_breaker_news *news)
{
    int status = load_refusals(j);
    if (status != WN_OK || j->count == 0) {
        return status;
    }
    j->order = wn_malloc(j->count * sizeof *j->order);
    if (j->policy.breaker_addresses > 0) {
        judge_runs(j, DOMAIN, false);
        judge_runs(j, PROVIDER, false);
    }
    if (j->group_count > 0) {
        find_tail(j);
        status = load_mail(j);
    }
    if (status == WN_OK && j->group_count > 0) {
        judge_runs(j, DOMAIN, true);
        judge_runs(j, PROVIDER, true); /* of both, the provider's is the one to name */
    }
    return status == WN_OK ? apply(j, news) : status;
}

int wn_breaker_judge(struct wn_store *store, int64_t day, struct wn_breaker_news *news,
                     struct wn_error *err)
{
    struct judgement j = {.store = store,
                          .from = day * WN_DAY,
                          .to = (day + 1) * WN_DAY,
                          .mail_from = INT64_MAX,
                          .mail_to = INT64_MIN,
                          .err = err};
    sqlite3_stmt *done = NULL;
    bool worth = false;
    int status = wn_bounce_policy_get(store, &j.policy, err);
    j.window = j.policy.breaker_window_minutes * 60;
    if (status == WN_OK) {
        status = is_worth_it(&j, &worth);
    }
    if (status == WN_OK && worth) {
        status = judge_day(&j, news);
    }
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_breaker_day_done, &done, err);
    }
    if (status == WN_OK) {
        (void)sqlite3_bind_int64(done, 1, day);
        status = wn_statement_run(store, done, err);
    }
    wn_arena_release(&j.text);
    wn_buf_release(&j.core);
    free(j.refusals);
    free(j.order);
    free(j.groups);
    free(j.mail);
    free(j.tail);
    free(j.delivered);
    return status;
}
