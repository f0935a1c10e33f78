/* SPDX-License-Identifier: MIT */
/* Events: their words, what makes two of them the same, and that hostile ones are made small and
 * printable. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

#define AT INT64_C(1767225600)

static struct wn_store *store;
static struct wn_error err;

static void setup(void)
{
    err = (struct wn_error){0};
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
    ck_assert_int_eq(wn_store_begin(store, &err), WN_OK);
}

static void teardown(void)
{
    wn_store_free(store);
    tempdir_remove();
}

/* Adds the event; what it leaves out is filled in. */
static bool add(const struct wn_event *given)
{
    struct wn_event event = *given;
    bool added;
    event.recipient = event.recipient.n > 0 ? event.recipient : WN_SPAN("bob@example.com");
    event.at = event.at != 0 ? event.at : AT;
    event.code = event.code != 0 ? event.code : 550;
    if (event.enhanced[0] == 0) {
        event.enhanced[0] = 5;
        event.enhanced[1] = 1;
    }
    ck_assert_msg(wn_events_add(store, &event, &added, &err) == WN_OK, "%s", err.text);
    return added;
}

#define TEXT(t)                                                                                    \
    {                                                                                              \
        t, sizeof(t) - 1                                                                           \
    }

static const struct {
    const char *name;
    struct wn_event one, other;
    bool same;
} identities[] = {
    {"the same", {.at = 0}, {.at = 0}, true},
    {"another source", {.source = TEXT("a@1")}, {.source = TEXT("b@2")}, true},
    {"another rule", {.rule = TEXT("a")}, {.rule = TEXT("b"), .action = WN_ACTION_S}, true},
    {"the same minute", {.at = 0}, {.at = AT + 59}, true},
    {"the next minute", {.at = 0}, {.at = AT + 60}, false},
    {"the minute before 1970", {.at = -1}, {.at = 1}, false},
    {"another recipient", {.at = 0}, {.recipient = TEXT("ann@example.com")}, false},
    {"another kind", {.at = 0}, {.kind = WN_KIND_deferred}, false},
    {"another message", {.message_id = TEXT("m1")}, {.message_id = TEXT("m2")}, false},
    {"another queue id's minute",
     {.message_id = TEXT("4XYZ01")},
     {.message_id = TEXT("4XYZ01"), .at = AT + 60},
     false},
    {"a bounced message's minute",
     {.message_id = TEXT("m@example.com")},
     {.message_id = TEXT("m@example.com"), .at = AT + 3600},
     true},
    {"a deferred message's minute",
     {.message_id = TEXT("m@example.com"), .kind = WN_KIND_deferred},
     {.message_id = TEXT("m@example.com"), .kind = WN_KIND_deferred, .at = AT + 60},
     false},
    {"another code", {.at = 0}, {.code = 554}, false},
    {"another enhanced code", {.at = 0}, {.enhanced = {5, 2}}, false},
    {"another reply", {.diagnostic = TEXT("gone")}, {.diagnostic = TEXT("full")}, false},
    {"case, blanks and punctuation",
     {.diagnostic = TEXT("User unknown")},
     {.diagnostic = TEXT(" user\n  UNKNOWN!")},
     true},
    {"codes in front",
     {.diagnostic = TEXT("550 5.1.1 User unknown")},
     {.diagnostic = TEXT("550-5.1.1 User unknown")},
     true},
    {"a log line and its notification",
     {.diagnostic = TEXT("host mx.example.com[192.0.2.1] said: 550 5.1.1 User unknown (in "
                         "reply to RCPT TO command)")},
     {.diagnostic = TEXT("smtp; 550 5.1.1 User unknown")},
     true},
    {"host without said",
     {.diagnostic = TEXT("host is gone")},
     {.diagnostic = TEXT("is gone")},
     false},
    {"a field does not run into the next",
     {.message_id = TEXT("m"), .diagnostic = TEXT("x")},
     {.diagnostic = TEXT("mx")},
     false},
    {"not ASCII", {.diagnostic = TEXT("\xc3\xa9")}, {.diagnostic = TEXT("\xc3\xa8")}, false},
};

START_TEST(knows_what_is_the_same)
{
    ck_assert_msg(add(&identities[_i].one), "%s", identities[_i].name);
    ck_assert_msg(add(&identities[_i].other) != identities[_i].same, "%s", identities[_i].name);
    ck_assert_msg(!add(&identities[_i].one), "%s", identities[_i].name);
}
END_TEST

struct seen {
    int count;
    int64_t last;
    struct wn_event event;
    char diagnostic[WN_DIAGNOSTIC_MAX + 1];
    size_t message_id, source;
    char source_text[8]; /* its beginning */
};

static int see(void *arg, const struct wn_event *event)
{
    struct seen *seen = arg;
    ck_assert_int_ge(event->at, seen->last);
    seen->last = event->at;
    seen->event = *event;
    ck_assert_uint_le(event->diagnostic.n, WN_DIAGNOSTIC_MAX);
    memcpy(seen->diagnostic, event->diagnostic.n > 0 ? event->diagnostic.p : "",
           event->diagnostic.n);
    seen->diagnostic[event->diagnostic.n] = '\0';
    seen->message_id = event->message_id.n;
    seen->source = event->source.n;
    (void)snprintf(seen->source_text, sizeof seen->source_text, "%.*s", (int)event->source.n,
                   event->source.n > 0 ? event->source.p : "");
    return ++seen->count == 100 ? 3 : WN_OK;
}

START_TEST(gives_them_back_oldest_first)
{
    struct seen seen = {.last = INT64_MIN};
    for (int i = 0; i < 5; i++) {
        add(&(struct wn_event){.at = AT - i * 1000,
                               .phase = WN_PHASE_rcpt,
                               .action = WN_ACTION_S2,
                               .category = WN_CATEGORY_bad_address,
                               .enhanced_detail = 999});
    }
    ck_assert_int_eq(wn_events_of(store, WN_SPAN("bob@example.com"), see, &seen, &err), WN_OK);
    ck_assert_int_eq(seen.count, 5);
    ck_assert_int_eq(seen.event.phase, WN_PHASE_rcpt);
    ck_assert_int_eq(seen.event.action, WN_ACTION_S2);
    ck_assert_int_eq(seen.event.category, WN_CATEGORY_bad_address);
    ck_assert_int_eq(seen.event.code, 550);
    ck_assert_int_eq(seen.event.enhanced[0], 5);
    ck_assert_int_eq(seen.event.enhanced[1], 1);
    ck_assert_int_eq(seen.event.enhanced_detail, 999);
    seen.count = 99;
    seen.last = INT64_MIN;
    ck_assert_int_eq(wn_events_of(store, WN_SPAN("bob@example.com"), see, &seen, &err), 3);
    seen.count = 0;
    ck_assert_int_eq(wn_events_of(store, WN_SPAN("ann@example.com"), see, &seen, &err), WN_OK);
    ck_assert_int_eq(seen.count, 0);
}
END_TEST

static const struct {
    const char *name;
    struct wn_event one, other;
    enum wn_phase phase;
    int64_t at;
    const char *source;
} tellings[] = {
    {"the later time",
     {.at = AT, .source = TEXT("a")},
     {.at = AT + 9, .source = TEXT("b")},
     WN_PHASE_unknown,
     AT + 9,
     NULL},
    {"the words with a phase",
     {.at = AT, .source = TEXT("a"), .phase = WN_PHASE_rcpt},
     {.at = AT + 9, .source = TEXT("b")},
     WN_PHASE_rcpt,
     AT + 9,
     "a"},
    {"the first in the order of bytes",
     {.at = AT, .source = TEXT("a"), .diagnostic = TEXT("User gone")},
     {.at = AT, .source = TEXT("b"), .diagnostic = TEXT("user gone")},
     WN_PHASE_unknown,
     AT,
     "a"},
};

/* A store used to keep whichever telling of an event came first. */
START_TEST(keeps_the_same_telling_in_either_order)
{
    for (int turn = 0; turn < 2; turn++) {
        struct seen seen = {.last = INT64_MIN};
        struct wn_event one = tellings[_i].one, other = tellings[_i].other;
        one.recipient = other.recipient =
            turn == 0 ? WN_SPAN("a@example.com") : WN_SPAN("b@example.com");
        ck_assert(add(turn == 0 ? &one : &other));
        ck_assert(!add(turn == 0 ? &other : &one));
        ck_assert_int_eq(wn_events_of(store, one.recipient, see, &seen, &err), WN_OK);
        ck_assert_int_eq(seen.count, 1);
        ck_assert_msg(seen.event.phase == tellings[_i].phase, "%s", tellings[_i].name);
        ck_assert_msg(seen.event.at == tellings[_i].at, "%s", tellings[_i].name);
        ck_assert_msg(tellings[_i].source == NULL ||
                          strcmp(seen.source_text, tellings[_i].source) == 0,
                      "%s: %s", tellings[_i].name, seen.source_text);
    }
}
END_TEST

static const struct {
    const char *name;
    struct wn_span text;
    const char *want;
} texts[] = {
    {"plain", TEXT("550 gone"), "550 gone"},
    {"UTF-8", TEXT("caf\xc3\xa9"), "caf\xc3\xa9"},
    {"an escape", TEXT("a\x1b[31m"), "a?[31m"},
    {"a line end", TEXT("a\r\nb\tc"), "a  b c"},
    {"a NUL", TEXT("a\0b"), "a?b"},
    {"no UTF-8", TEXT("a\xff\xc3("), "a?\?("},
    {"a sequence cut off", TEXT("a\xe2\x80"), "a?\?"},
    {"a C1 control", TEXT("a\xc2\x9bz"), "a?z"},
};

START_TEST(makes_texts_printable)
{
    struct seen seen = {.last = INT64_MIN};
    add(&(struct wn_event){
        .diagnostic = texts[_i].text, .source = texts[_i].text, .message_id = texts[_i].text});
    ck_assert_int_eq(wn_events_of(store, WN_SPAN("bob@example.com"), see, &seen, &err), WN_OK);
    ck_assert_msg(strcmp(seen.diagnostic, texts[_i].want) == 0, "%s: '%s'", texts[_i].name,
                  seen.diagnostic);
    ck_assert_uint_eq(seen.message_id, strlen(texts[_i].want));
    ck_assert_uint_eq(seen.source, strlen(texts[_i].want));
}
END_TEST

START_TEST(clips_what_is_long)
{
    struct seen seen = {.last = INT64_MIN};
    static char huge[100000];
    memset(huge, 'x', sizeof huge);
    memcpy(huge + WN_DIAGNOSTIC_MAX - 1, "\xc3\xa9", 2);
    const struct wn_span all = {huge, sizeof huge};
    struct wn_event event = {.diagnostic = all, .source = all, .message_id = all, .rule = all};
    ck_assert(add(&event));
    ck_assert(!add(&event));
    ck_assert_int_eq(wn_events_of(store, WN_SPAN("bob@example.com"), see, &seen, &err), WN_OK);
    ck_assert_uint_eq(strlen(seen.diagnostic), WN_DIAGNOSTIC_MAX - 1);
    ck_assert_uint_eq(seen.source, 512);
    event.recipient = all;
    ck_assert(add(&event));
}
END_TEST

static const char *const damages[] = {
    "UPDATE event SET kind = 'bounced'",     "UPDATE event SET action = 's'",
    "UPDATE event SET category = ''",        "UPDATE event SET phase = 'late'",
    "UPDATE event SET enhanced = '5.1'",     "UPDATE event SET enhanced = '5.1.x'",
    "UPDATE event SET enhanced = '999.1.1'", "UPDATE event SET enhanced = '5.1.1.1'",
};

START_TEST(names_a_damaged_event)
{
    struct seen seen = {.last = INT64_MIN};
    add(&(struct wn_event){.at = 0});
    ck_assert_int_eq(sqlite3_exec(store->db, damages[_i], NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(wn_events_of(store, WN_SPAN("bob@example.com"), see, &seen, &err), WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
}
END_TEST

START_TEST(words)
{
    ck_assert_str_eq(wn_event_kind_word(WN_KIND_bounce), "bounce");
    ck_assert_str_eq(wn_bounce_action_word(WN_ACTION_S2), "S2");
    ck_assert_str_eq(wn_category_word(WN_CATEGORY_mailbox_full), "mailbox_full");
    ck_assert_str_eq(wn_phase_word(WN_PHASE_rcpt), "rcpt");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events");
    TCase *t = tcase_create("events");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, knows_what_is_the_same, 0, sizeof identities / sizeof *identities);
    tcase_add_loop_test(t, keeps_the_same_telling_in_either_order, 0,
                        sizeof tellings / sizeof *tellings);
    tcase_add_test(t, gives_them_back_oldest_first);
    tcase_add_loop_test(t, makes_texts_printable, 0, sizeof texts / sizeof *texts);
    tcase_add_test(t, clips_what_is_long);
    tcase_add_loop_test(t, names_a_damaged_event, 0, sizeof damages / sizeof *damages);
    tcase_add_test(t, words);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
