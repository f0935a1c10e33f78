/* SPDX-License-Identifier: MIT */
/* Who would be judged otherwise under another bounce policy, and which of its numbers did it. That
 * is found by trying: a mailbox's events are derived under the old policy with one number of the
 * new in it, and what then gives the new reason is the number to name. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#include "cmd/bounces.h"
#include "report/text.h"
#include "verdict/decide.h"

struct comparison {
    struct wn_bounce_policy before, after;
    struct wn_policy verdicts; /* any: a reason does not depend on it */
    struct wn_breaker_news news;
    int64_t now;
    bool json;
    uint64_t changed;
};

/* The reason that an address has of its history alone. */
static enum wn_reason reason_of(const struct comparison *c, const struct wn_history *history,
                                const struct wn_domain_history *domain)
{
    const struct wn_case facts = {.history = history, .domain = domain, .now = c->now};
    struct wn_verdict verdict;
    wn_decide(&facts, &c->verdicts, &verdict);
    return verdict.reason;
}

static const char *word_of(enum wn_reason reason)
{
    return reason == WN_REASON_not_checked ? "nothing against it" : wn_reason_word(reason);
}

static enum wn_reason derive(const struct comparison *c, const struct wn_history_change *change,
                             const struct wn_bounce_policy *policy)
{
    struct wn_history history;
    wn_history_derive(change->events, change->count, policy, &history);
    return reason_of(c, &history, NULL);
}

static void add_number(const struct comparison *c, size_t number, struct wn_buf *why)
{
    struct wn_bounce_policy before = c->before, after = c->after;
    wn_buf_addf(why, "%s%s %" PRId64 " -> %" PRId64, why->len > 0 ? ", " : "",
                wn_bounce_numbers[number].name, *wn_bounce_policy_at(&before, number),
                *wn_bounce_policy_at(&after, number));
}

static bool differs(const struct comparison *c, size_t number)
{
    struct wn_bounce_policy before = c->before, after = c->after;
    return *wn_bounce_policy_at(&before, number) != *wn_bounce_policy_at(&after, number);
}

/* What made the difference: the breaker, single numbers, or all of them together. */
static void explain(const struct comparison *c, const struct wn_history_change *change,
                    enum wn_reason after, struct wn_buf *why)
{
    if (change->count == 0 || derive(c, change, &c->before) == after) {
        wn_buf_add_text(why, c->news.held + c->news.let_go > 0
                                 ? "the breaker"
                                 : "derived before by another version of Winnow");
        return;
    }
    for (size_t i = 0; i < WN_BOUNCE_NUMBERS; i++) {
        struct wn_bounce_policy tried = c->before, wanted = c->after;
        *wn_bounce_policy_at(&tried, i) = *wn_bounce_policy_at(&wanted, i);
        if (differs(c, i) && derive(c, change, &tried) == after) {
            add_number(c, i, why);
        }
    }
    for (size_t i = 0; i < WN_BOUNCE_NUMBERS && why->len == 0; i++) {
        if (differs(c, i)) {
            add_number(c, i, why);
        }
    }
}

static void add_text(cJSON *object, const char *name, struct wn_span text)
{
    struct wn_buf copy = {0};
    wn_text_add_utf8(&copy, text);
    if (cJSON_AddStringToObject(object, name, wn_buf_text(&copy)) == NULL) {
        wn_out_of_memory();
    }
    wn_buf_release(&copy);
}

static void print_change(struct comparison *c, const char *what, struct wn_span name,
                         enum wn_reason before, enum wn_reason after, struct wn_span why)
{
    c->changed++;
    if (c->json) {
        cJSON *object = cJSON_CreateObject();
        add_text(object, what, name);
        add_text(object, "before", wn_span_of(wn_reason_word(before)));
        add_text(object, "after", wn_span_of(wn_reason_word(after)));
        add_text(object, "why", why);
        char *text = cJSON_PrintUnformatted(object);
        if (text == NULL) {
            wn_out_of_memory();
        }
        (void)puts(text);
        cJSON_free(text);
        cJSON_Delete(object);
    } else {
        (void)printf("%s%.*s: %s -> %s (%.*s)\n", strcmp(what, "domain") == 0 ? "domain " : "",
                     (int)name.n, name.p, word_of(before), word_of(after), (int)why.n, why.p);
    }
}

static int take_change(void *arg, const struct wn_history_change *change)
{
    struct comparison *c = arg;
    enum wn_reason before = reason_of(c, change->before, NULL);
    enum wn_reason after = reason_of(c, change->after, NULL);
    if (before != after) {
        struct wn_buf why = {0};
        explain(c, change, after, &why);
        print_change(c, "address", change->recipient, before, after, wn_buf_span(&why));
        wn_buf_release(&why);
    }
    return WN_OK;
}

/* A domain goes by the numbers for soft bounces. */
static int take_domain(void *arg, struct wn_span domain, const struct wn_domain_history *before,
                       const struct wn_domain_history *after)
{
    struct comparison *c = arg;
    enum wn_reason was = reason_of(c, NULL, before), is = reason_of(c, NULL, after);
    if (was != is) {
        struct wn_buf why = {0};
        for (size_t i = 0; i < WN_BOUNCE_NUMBERS; i++) {
            if (differs(c, i) && strncmp(wn_bounce_numbers[i].name, "soft_", 5) == 0) {
                add_number(c, i, &why);
            }
        }
        print_change(c, "domain", domain, was, is, wn_buf_span(&why));
        wn_buf_release(&why);
    }
    return WN_OK;
}

int wn_bounce_compare(struct wn_cmd *cmd, struct wn_store *store,
                      const struct wn_bounce_policy *policy, bool json, bool quiet)
{
    struct comparison c = {.now = cmd->now, .json = json};
    int status = wn_policy_init(&c.verdicts, "balanced", &cmd->err);
    if (status == WN_OK) {
        status = wn_bounce_policy_get(store, &c.before, &cmd->err);
    }
    if (status == WN_OK) {
        c.after = policy != NULL ? *policy : c.before;
        status = wn_import_compare(store, policy, take_change, take_domain, &c, &c.news, &cmd->err);
    }
    if (status == WN_OK && !quiet) {
        (void)fprintf(stderr,
                      "winnow: %" PRIu64 " would be judged otherwise; %" PRIu64
                      " events would go into quarantine, %" PRIu64 " come out of it\n",
                      c.changed, c.news.held, c.news.let_go);
    }
    wn_buf_release(&c.news.ids);
    return status;
}
