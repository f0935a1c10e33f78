/* SPDX-License-Identifier: MIT */
/* One event may be told several times, by a log, by the notification and by a mail service, with
 * other seconds, another wrapping of the reply, and with or without the phase in which it was said.
 * What is kept must not depend on which came first, so it is the latest of their times, as a
 * domain's history has it, and the words of the best: those with a phase before those without, then
 * in the order of the bytes. */
#include "store/private.h"

/* What two tellings of one event can differ in, apart from their source. */
struct telling {
    int64_t at;
    struct wn_span phase, diagnostic, action, category, rule, provider;
};

static int compare_spans(struct wn_span x, struct wn_span y)
{
    size_t n = x.n < y.n ? x.n : y.n;
    int order = n > 0 ? memcmp(x.p, y.p, n) : 0;
    return order != 0 ? order : (x.n > y.n) - (x.n < y.n);
}

static bool has_phase(const struct telling *telling)
{
    return !wn_span_equal(telling->phase, wn_span_of(wn_phase_word(WN_PHASE_unknown)));
}

/* Below 0 when x has the better words. */
static int compare_tellings(const struct telling *x, const struct telling *y)
{
    if (has_phase(x) != has_phase(y)) {
        return has_phase(x) ? -1 : 1;
    }
    const struct wn_span *const pairs[][2] = {
        {&x->diagnostic, &y->diagnostic}, {&x->phase, &y->phase}, {&x->action, &y->action},
        {&x->category, &y->category},     {&x->rule, &y->rule},   {&x->provider, &y->provider}};
    int order = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && order == 0; i++) {
        order = compare_spans(*pairs[i][0], *pairs[i][1]);
    }
    return order;
}

static int put_telling(struct wn_store *store, sqlite3_int64 id, const struct telling *telling,
                       struct wn_span source, struct wn_error *err)
{
    sqlite3_stmt *retell = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_event_retell, &retell, err);
    if (status == WN_OK) {
        (void)sqlite3_bind_int64(retell, 1, id);
        (void)sqlite3_bind_int64(retell, 2, telling->at);
        wn_bind_text(retell, 3, telling->phase);
        wn_bind_span(retell, 4, telling->diagnostic);
        wn_bind_text(retell, 5, telling->action);
        wn_bind_text(retell, 6, telling->category);
        wn_bind_span(retell, 7, telling->rule);
        wn_bind_span(retell, 8, telling->provider);
        wn_bind_span(retell, 9, source);
        status = wn_statement_run(store, retell, err);
    }
    if (status == WN_OK) {
        status = wn_store_statement(store, WN_STATEMENT_quarantine_retell, &retell, err);
    }
    if (status == WN_OK) {
        (void)sqlite3_bind_int64(retell, 1, id);
        (void)sqlite3_bind_int64(retell, 2, telling->at);
        status = wn_statement_run(store, retell, err);
    }
    return status;
}

int wn_event_told_again(struct wn_store *store, sqlite3_int64 mailbox,
                        const unsigned char digest[WN_DIGEST], const struct wn_event *event,
                        struct wn_error *err)
{
    const struct telling given = {.at = event->at,
                                  .phase = wn_span_of(wn_phase_word(event->phase)),
                                  .diagnostic = event->diagnostic,
                                  .action = wn_span_of(wn_bounce_action_word(event->action)),
                                  .category = wn_span_of(wn_category_word(event->category)),
                                  .rule = event->rule,
                                  .provider = event->provider};
    sqlite3_stmt *told = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_event_told, &told, err);
    if (status != WN_OK) {
        return status;
    }
    (void)sqlite3_bind_int64(told, 1, mailbox);
    (void)sqlite3_bind_blob(told, 2, digest, WN_DIGEST, SQLITE_STATIC);
    int code = sqlite3_step(told);
    if (code != SQLITE_ROW) {
        status = wn_store_fail(store, code, err);
        (void)sqlite3_reset(told);
        return status;
    }
    sqlite3_int64 id = sqlite3_column_int64(told, 0);
    const struct wn_span source = wn_column_span(told, 8);
    const struct telling kept = {.at = sqlite3_column_int64(told, 1),
                                 .phase = wn_column_span(told, 2),
                                 .diagnostic = wn_column_span(told, 3),
                                 .action = wn_column_span(told, 4),
                                 .category = wn_column_span(told, 5),
                                 .rule = wn_column_span(told, 6),
                                 .provider = wn_column_span(told, 7)};
    struct wn_event before = *event, after = *event;
    before.at = kept.at;
    after.at = given.at > kept.at ? given.at : kept.at;
    bool better = compare_tellings(&given, &kept) < 0;
    struct telling merged = better ? given : kept;
    merged.at = after.at;
    if (better || merged.at != kept.at) {
        wn_mailboxes_touch(&store->mailboxes, mailbox, event->recipient);
        wn_domains_note(&store->domains, &after);
        wn_breaker_note(store, &before);
        wn_breaker_note(store, &after);
        status = put_telling(store, id, &merged, better ? event->source : source, err);
    }
    (void)sqlite3_reset(told); /* what was kept is read from it until here */
    return status;
}
