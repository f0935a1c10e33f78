/* SPDX-License-Identifier: MIT */
/* `winnow history`: everything the store knows of an address, and what it amounts to today. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "base/clock.h"
#include "cmd/cmd.h"
#include "store/hashed.h"
#include "store/probes.h"
#include "verdict/hold.h"

struct settings {
    const char *db, *as_of;
    bool json;
};

static const struct wn_option options[] = {
    {"db", 0, WN_OPT_TEXT, offsetof(struct settings, db), "FILE",
     "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/…)", 0, 0},
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "print one JSON object a line for each address", 0, 0},
    {"as-of", 0, WN_OPT_TEXT, offsetof(struct settings, as_of), "TIME",
     "say what holds at this time, such as 2026-11-01 (default: now)", 0, 0},
};

const struct wn_command_help wn_help_history = {
    .name = "history",
    .synopsis = "[options] ADDRESS...",
    .summary = "all that the store knows of an address",
    .description =
        "Prints every event of each address, oldest first, with its source and the rule that "
        "classified it; the counters; whether the address is suppressed, since when, until when, "
        "and what would clear it; whether a hashed list names it; and what its mail server said "
        "when it was asked, as long as that holds. Only reads, and never waits for a lock.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

struct subject {
    char key[sizeof(((struct wn_address *)NULL)->text)];
    struct wn_span recipient, domain;
    int64_t now;
    struct wn_bounce_policy policy;
    bool known, domain_known;
    struct wn_history history;
    struct wn_domain_history domain_history;
    struct wn_hashed hashed; /* since 0: no hashed list names it */
    struct wn_buf hashed_source;
    struct wn_buf probe, catch_all; /* their lines in the human form; empty: nothing holds */
    cJSON *probe_json, *catch_all_json;
    cJSON *events; /* NULL in the human form */
    size_t event_count;
};

static const char *format_time(int64_t at, char text[WN_TIME_TEXT])
{
    if (at == 0) {
        return "never";
    }
    wn_time_format(at, text);
    return text;
}

static void print_span(struct wn_span s)
{
    if (s.n > 0) {
        (void)fwrite(s.p, 1, s.n, stdout); /* what the store holds is printable (events.c) */
    }
}

static void format_codes(const struct wn_event *event, char text[32])
{
    char basic[8] = "", enhanced[16] = "";
    if (event->code != 0) {
        (void)snprintf(basic, sizeof basic, "%u", event->code);
    }
    if (event->enhanced[0] != 0) {
        (void)snprintf(enhanced, sizeof enhanced, "%u.%u.%u", event->enhanced[0],
                       event->enhanced[1], event->enhanced_detail);
    }
    (void)snprintf(text, 32, "%s%s%s", basic, *basic != '\0' && *enhanced != '\0' ? " " : "",
                   enhanced);
}

static void print_event(const struct wn_event *event)
{
    char at[WN_TIME_TEXT], codes[32];
    bool bounce = event->kind == WN_KIND_bounce || event->kind == WN_KIND_deferred;
    format_codes(event, codes);
    (void)printf("  %s  %-11s", format_time(event->at, at), wn_event_kind_word(event->kind));
    if (bounce) {
        (void)printf("  %s%s%s, action %s, rule ", codes, *codes != '\0' ? "  " : "",
                     wn_category_word(event->category), wn_bounce_action_word(event->action));
        print_span(event->rule);
    }
    (void)printf("  [");
    print_span(event->source);
    (void)printf("]");
    if (event->quarantine.n > 0) {
        (void)printf(" quarantine: ");
        print_span(event->quarantine);
    }
    (void)putchar('\n');
    if (event->diagnostic.n > 0) {
        (void)printf("      ");
        print_span(event->diagnostic);
        (void)putchar('\n');
    }
}

static void add_item(cJSON *object, const char *name, cJSON *item)
{
    if (item == NULL || !cJSON_AddItemToObject(object, name, item)) {
        wn_out_of_memory();
    }
}

static void add_text(cJSON *object, const char *name, struct wn_span text)
{
    struct wn_buf copy = {0};
    wn_buf_add_span(&copy, text);
    add_item(object, name,
             text.n > 0 ? cJSON_CreateString(wn_buf_text(&copy)) : cJSON_CreateNull());
    wn_buf_release(&copy);
}

static void add_time(cJSON *object, const char *name, int64_t at)
{
    char text[WN_TIME_TEXT] = "";
    if (at != 0) {
        wn_time_format(at, text);
    }
    add_text(object, name, wn_span_of(text));
}

static cJSON *new_object(void)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL) {
        wn_out_of_memory();
    }
    return object;
}

/* The keys of `bounces parse`, less the recipient, which is the object's own. */
static void add_event(cJSON *events, const struct wn_event *event)
{
    cJSON *object = new_object();
    char enhanced[16] = "";
    if (event->enhanced[0] != 0) {
        (void)snprintf(enhanced, sizeof enhanced, "%u.%u.%u", event->enhanced[0],
                       event->enhanced[1], event->enhanced_detail);
    }
    add_text(object, "source", event->source);
    add_time(object, "at", event->at);
    add_text(object, "kind", wn_span_of(wn_event_kind_word(event->kind)));
    add_item(object, "code",
             event->code != 0 ? cJSON_CreateNumber(event->code) : cJSON_CreateNull());
    add_text(object, "enhanced", wn_span_of(enhanced));
    add_text(object, "category", wn_span_of(wn_category_word(event->category)));
    add_text(object, "action", wn_span_of(wn_bounce_action_word(event->action)));
    add_text(object, "phase", wn_span_of(wn_phase_word(event->phase)));
    add_text(object, "diagnostic", event->diagnostic);
    add_text(object, "message_id", event->message_id);
    add_text(object, "rule", event->rule);
    add_text(object, "quarantine", event->quarantine);
    if (!cJSON_AddItemToArray(events, object)) {
        wn_out_of_memory();
    }
}

static int take_event(void *arg, const struct wn_event *event)
{
    struct subject *s = arg;
    if (s->event_count++ == 0 && s->events == NULL) {
        print_span(s->recipient);
        (void)putchar('\n');
    }
    if (s->events != NULL) {
        add_event(s->events, event);
    } else {
        print_event(event);
    }
    return WN_OK;
}

static int take_history(void *arg, struct wn_span recipient, const struct wn_history *history)
{
    struct subject *s = arg;
    (void)recipient;
    s->known = true;
    s->history = *history;
    s->history.diagnostic = (struct wn_span){NULL, 0}; /* ends with the call */
    return WN_OK;
}

static int take_hashed(void *arg, const struct wn_hashed *hashed)
{
    struct subject *s = arg;
    s->hashed = *hashed;
    wn_buf_add_span(&s->hashed_source, hashed->source);
    return WN_OK;
}

static int find_hashed(struct wn_store *store, struct subject *s, struct wn_error *err)
{
    unsigned char digest[WN_SHA256];
    struct wn_sha256 *hasher = wn_sha256_new();
    wn_sha256_digest(hasher, s->recipient, digest);
    wn_sha256_free(hasher);
    int status = wn_hashed_get(store, digest, take_hashed, s, err);
    if (s->hashed.since != 0) {
        wn_hashed_apply(&s->hashed, &s->history);
    }
    return status;
}

static int take_domain(void *arg, struct wn_span domain, const struct wn_domain_history *history)
{
    struct subject *s = arg;
    (void)domain;
    s->domain_known = true;
    s->domain_history = *history;
    return WN_OK;
}

/* The reply as it came; its codes are put in front of words that do not begin with them. */
static void add_reply(struct wn_buf *line, const struct wn_probe_fact *fact)
{
    const struct wn_event codes = {.code = fact->code,
                                   .enhanced = {fact->enhanced[0], fact->enhanced[1]},
                                   .enhanced_detail = fact->enhanced_detail};
    char text[32], code[8];
    format_codes(&codes, text);
    int n = snprintf(code, sizeof code, "%u", fact->code);
    struct wn_span words = fact->diagnostic;
    bool led = words.n >= (size_t)n && memcmp(words.p, code, (size_t)n) == 0;
    if (text[0] != '\0' && !led) {
        wn_buf_addf(line, ", %s", text);
    }
    if (words.n > 0) {
        wn_buf_add_text(line, text[0] != '\0' && !led ? " " : ", ");
        wn_buf_add_span(line, words);
    }
}

static void write_probe(struct wn_buf *line, const struct wn_probe_fact *fact, int64_t now)
{
    char at[WN_TIME_TEXT], until[WN_TIME_TEXT];
    wn_buf_addf(line, "  probed %s: ", format_time(fact->at, at));
    wn_buf_add_span(line, fact->answer);
    if (fact->host.n > 0) {
        wn_buf_add_text(line, " by ");
        wn_buf_add_span(line, fact->host);
    }
    add_reply(line, fact);
    if (fact->expires > now) {
        wn_buf_addf(line, "; holds until %s", format_time(fact->expires, until));
    } else if (fact->due <= now) {
        wn_buf_addf(line, "; held until %s, and is to be asked again",
                    format_time(fact->expires, until));
    }
    if (fact->due > now) {
        wn_buf_addf(line, "; put off until %s", format_time(fact->due, until));
    }
    wn_buf_add_char(line, '\n');
}

static int take_probe(void *arg, const struct wn_probe_fact *fact)
{
    struct subject *s = arg;
    if (s->events == NULL) {
        write_probe(&s->probe, fact, s->now);
        return WN_OK;
    }
    char enhanced[16] = "";
    if (fact->enhanced[0] != 0) {
        (void)snprintf(enhanced, sizeof enhanced, "%u.%u.%u", fact->enhanced[0], fact->enhanced[1],
                       fact->enhanced_detail);
    }
    cJSON *object = s->probe_json = new_object();
    add_time(object, "at", fact->at);
    add_text(object, "answer", fact->answer);
    add_item(object, "code", fact->code != 0 ? cJSON_CreateNumber(fact->code) : cJSON_CreateNull());
    add_text(object, "enhanced", wn_span_of(enhanced));
    add_text(object, "diagnostic", fact->diagnostic);
    add_text(object, "host", fact->host);
    add_text(object, "rule", fact->rule);
    add_time(object, "expires", fact->expires);
    add_time(object, "due", fact->due);
    return WN_OK;
}

static int take_catch_all(void *arg, const struct wn_catch_all_fact *fact)
{
    static const struct {
        const char *outcome, *sentence;
    } sentences[] = {{"accepted", "accepts any mailbox"},
                     {"refused", "refuses mailboxes that do not exist"},
                     {"inconclusive", "did not show whether it accepts any mailbox"}};
    struct subject *s = arg;
    if (s->events != NULL) {
        s->catch_all_json = new_object();
        add_time(s->catch_all_json, "at", fact->at);
        add_text(s->catch_all_json, "outcome", fact->outcome);
        add_time(s->catch_all_json, "expires", fact->expires);
        return WN_OK;
    }
    char at[WN_TIME_TEXT], until[WN_TIME_TEXT];
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (wn_span_equal(fact->outcome, wn_span_of(sentences[i].outcome))) {
            wn_buf_addf(&s->catch_all, "  domain: probed %s: it %s; holds until %s\n",
                        format_time(fact->at, at), sentences[i].sentence,
                        format_time(fact->expires, until));
        }
    }
    return WN_OK;
}

static int find_probes(struct wn_store *store, struct subject *s, struct wn_error *err)
{
    int status = wn_probes_get(store, s->recipient, s->now, take_probe, s, err);
    return status == WN_OK ? wn_catch_alls_get(store, s->domain, s->now, take_catch_all, s, err)
                           : status;
}

static void print_domain(const struct subject *s)
{
    const struct wn_domain_history *d = &s->domain_history;
    char since[WN_TIME_TEXT], until[WN_TIME_TEXT];
    if (s->domain_known && d->delivered_at != 0) {
        (void)printf("  domain: last delivery %s\n", format_time(d->delivered_at, since));
    }
    if (s->domain_known && d->unreachable_since != 0 && s->now < d->unreachable_until) {
        (void)printf("  domain: its mail keeps expiring unanswered, since %s until %s; any answer "
                     "of its server clears it\n",
                     format_time(d->unreachable_since, since),
                     format_time(d->unreachable_until, until));
    }
    print_span(wn_buf_span(&s->catch_all));
}

static void print_hashed(const struct subject *s)
{
    char since[WN_TIME_TEXT];
    if (s->hashed.since != 0) {
        (void)printf("  hashed list: names it since %s  [", format_time(s->hashed.since, since));
        print_span(wn_buf_span(&s->hashed_source));
        (void)printf("]\n");
    }
}

/* Why it is not held back, though something is known. */
static const char *say_free(const struct wn_history *h)
{
    return h->soft_since != 0 ? " any more: its soft bounces are too old; verify it again"
           : h->soft_at != 0  ? ", but bounced softly"
                              : "";
}

static void print_holds(const struct subject *s)
{
    struct wn_hold holds[WN_HOLDS_MAX];
    char since[WN_TIME_TEXT], until[WN_TIME_TEXT], clearing[WN_HOLD_TEXT];
    size_t count = wn_holds(&s->history, s->now, holds);
    for (size_t i = 0; i < count; i++) {
        (void)printf("  suppressed: %s since %s, %s%s; %s\n", wn_reason_word(holds[i].reason),
                     format_time(holds[i].since, since), holds[i].until != 0 ? "until " : "",
                     holds[i].until != 0 ? format_time(holds[i].until, until) : "without end",
                     wn_hold_clearing(&holds[i], s->policy.cleared_after_hours, clearing));
    }
    if (count == 0) {
        (void)printf("  not suppressed%s\n", say_free(&s->history));
    }
}

static void print_amount(const struct subject *s)
{
    const struct wn_history *h = &s->history;
    char bounced[WN_TIME_TEXT], delivered[WN_TIME_TEXT];
    if (!s->known) {
        if (s->event_count > 0) {
            (void)printf("  nothing counts: all of it is in quarantine\n");
        } else {
            print_span(s->recipient);
            bool nothing = s->hashed.since == 0 && s->probe.len == 0;
            (void)printf(nothing ? "\n  nothing is known of it\n" : "\n");
        }
    } else {
        (void)printf("  counts: %" PRIu32 " hard, %" PRIu32 " soft; last bounce that counts %s, "
                     "last delivery %s\n",
                     h->hard_bounces, h->soft_bounces, format_time(h->bounced_at, bounced),
                     format_time(h->delivered_at, delivered));
    }
    print_hashed(s);
    if (s->known || s->hashed.since != 0) {
        print_holds(s);
    }
    print_span(wn_buf_span(&s->probe));
    print_domain(s);
}

static void add_holds(cJSON *object, const struct subject *s)
{
    struct wn_hold holds[WN_HOLDS_MAX];
    size_t count = wn_holds(&s->history, s->now, holds);
    char clearing[WN_HOLD_TEXT];
    cJSON *array = cJSON_CreateArray();
    add_item(object, "suppressed", array);
    for (size_t i = 0; i < count; i++) {
        cJSON *hold = new_object();
        add_text(hold, "reason", wn_span_of(wn_reason_word(holds[i].reason)));
        add_time(hold, "since", holds[i].since);
        add_time(hold, "until", holds[i].until);
        add_text(hold, "cleared_by",
                 wn_span_of(wn_hold_clearing(&holds[i], s->policy.cleared_after_hours, clearing)));
        if (!cJSON_AddItemToArray(array, hold)) {
            wn_out_of_memory();
        }
    }
}

static void print_json(struct subject *s, cJSON *object)
{
    const struct wn_history *h = &s->history;
    add_text(object, "address", s->recipient);
    add_item(object, "known", cJSON_CreateBool(s->known));
    add_item(object, "hard_bounces", cJSON_CreateNumber(h->hard_bounces));
    add_item(object, "soft_bounces", cJSON_CreateNumber(h->soft_bounces));
    add_time(object, "bounced_at", h->bounced_at);
    add_time(object, "delivered_at", h->delivered_at);
    add_holds(object, s);
    add_time(object, "hashed_since", s->hashed.since);
    add_text(object, "hashed_source", wn_buf_span(&s->hashed_source));
    add_time(object, "domain_delivered_at", s->domain_history.delivered_at);
    add_time(object, "domain_unreachable_since", s->domain_history.unreachable_since);
    add_time(object, "domain_unreachable_until", s->domain_history.unreachable_until);
    add_item(object, "probe", s->probe_json != NULL ? s->probe_json : cJSON_CreateNull());
    add_item(object, "catch_all",
             s->catch_all_json != NULL ? s->catch_all_json : cJSON_CreateNull());
    add_item(object, "events", s->events);
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        wn_out_of_memory();
    }
    (void)printf("%s\n", text);
    cJSON_free(text);
}

static int show(struct wn_store *store, const char *word, const struct settings *settings,
                int64_t now, struct wn_error *err)
{
    struct subject s = {.now = now};
    struct wn_address address;
    wn_address_read(wn_span_of(word), WN_ADDRESS_ALLOW_LITERALS, &address);
    if (address.length == 0) {
        return wn_error_set(err, WN_E_DATA, "'%.200s' is no address: %s (at byte %u)", word,
                            wn_fault_sentence(address.fault), address.fault_at + 1);
    }
    s.recipient = (struct wn_span){s.key, wn_address_key(&address, s.key)};
    s.domain = wn_address_domain(&address);
    cJSON *object = settings->json ? new_object() : NULL;
    if (settings->json && (s.events = cJSON_CreateArray()) == NULL) {
        wn_out_of_memory();
    }
    int status = wn_bounce_policy_get(store, &s.policy, err);
    if (status == WN_OK) {
        status = wn_history_get(store, s.recipient, take_history, &s, err);
    }
    if (status == WN_OK) {
        status = find_hashed(store, &s, err);
    }
    if (status == WN_OK) {
        status = wn_domain_history_get(store, s.domain, take_domain, &s, err);
    }
    if (status == WN_OK) {
        status = find_probes(store, &s, err);
    }
    if (status == WN_OK) {
        status = wn_events_of(store, s.recipient, take_event, &s, err);
    }
    if (status != WN_OK) {
        cJSON_Delete(s.events);
        cJSON_Delete(s.probe_json);
        cJSON_Delete(s.catch_all_json);
    } else if (settings->json) {
        print_json(&s, object);
    } else {
        print_amount(&s);
    }
    cJSON_Delete(object);
    wn_buf_release(&s.hashed_source);
    wn_buf_release(&s.probe);
    wn_buf_release(&s.catch_all);
    return status;
}

int wn_cmd_history(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands addresses = {0};
    struct wn_buf path = {0};
    struct wn_store *store = NULL;
    int64_t now = cmd->now;
    int status = wn_options_read(&wn_help_history, argc, argv, &s, &addresses, &cmd->err);
    if (status == WN_OK && addresses.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "name an address, such as 'winnow history bob@example.com'");
    }
    if (status == WN_OK && s.as_of != NULL && !wn_time_parse(wn_span_of(s.as_of), &now)) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "--as-of wants a time such as 2026-11-01, not '%s'", s.as_of);
    }
    if (status == WN_OK && s.db != NULL) {
        wn_buf_add_text(&path, s.db);
    } else if (status == WN_OK) {
        status = wn_store_default_path(&path, &cmd->err);
    }
    if (status == WN_OK) {
        status = wn_store_open(wn_buf_text(&path), WN_STORE_READ, &store, &cmd->err);
    }
    for (size_t i = 0; i < addresses.n && status == WN_OK; i++) {
        status = show(store, addresses.v[i], &s, now, &cmd->err);
    }
    wn_store_free(store);
    wn_buf_release(&path);
    wn_operands_release(&addresses);
    return status;
}
