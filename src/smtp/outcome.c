/* SPDX-License-Identifier: MIT */
/* The classifier has found the category, and the topic of the words where they decided. Three
 * tables say what a probe makes of it: a topic's own row, else, where no words decided, the code's,
 * else the category's, each once for a permanent refusal and once for a temporary one. No temporary
 * one is ever a no, and where the class of the enhanced code and the basic code disagree, the
 * classifier has taken the softer.
 *
 * Whether a reply is about us is asked last. A permanent one whose answer is "blocked" is. A
 * temporary one is only where it accuses us: by words of a topic in ACCUSES, or by a code that says
 * nothing else. */
#include "smtp/outcome.h"

#define TOPIC(name) (UINT32_C(1) << WN_TOPIC_##name)
#define ACCUSES                                                                                    \
    (TOPIC(rate) | TOPIC(sender_quota) | TOPIC(blocklist) | TOPIC(authentication) |                \
     TOPIC(sender) | TOPIC(client) | TOPIC(policy) | TOPIC(spam) | TOPIC(virus))
_Static_assert(WN_TOPIC_COUNT < 32, "every topic, and none, has a bit of ACCUSES");

struct answers {
    enum wn_probe_answer hard, soft;
};

static const struct answers of_category[WN_CATEGORY_COUNT] = {
    [WN_CATEGORY_unclassified] = {WN_ANSWER_unclear, WN_ANSWER_busy},
    [WN_CATEGORY_bad_address] = {WN_ANSWER_not_found, WN_ANSWER_busy},
    [WN_CATEGORY_bad_domain] = {WN_ANSWER_unclear, WN_ANSWER_busy}, /* our own look-up judges it */
    [WN_CATEGORY_mailbox_disabled] = {WN_ANSWER_disabled, WN_ANSWER_busy},
    [WN_CATEGORY_mailbox_full] = {WN_ANSWER_full, WN_ANSWER_full},
    [WN_CATEGORY_recipient_filter] = {WN_ANSWER_restricted, WN_ANSWER_busy},
    [WN_CATEGORY_sender_policy] = {WN_ANSWER_blocked, WN_ANSWER_busy},
    [WN_CATEGORY_content] = {WN_ANSWER_blocked, WN_ANSWER_busy},
    [WN_CATEGORY_infrastructure] = {WN_ANSWER_unclear, WN_ANSWER_busy},
    [WN_CATEGORY_complaint] = {WN_ANSWER_unclear, WN_ANSWER_busy},
    [WN_CATEGORY_unsubscribe] = {WN_ANSWER_unclear, WN_ANSWER_busy},
    [WN_CATEGORY_already_suppressed] = {WN_ANSWER_unclear, WN_ANSWER_busy},
    [WN_CATEGORY_not_a_bounce] = {WN_ANSWER_error, WN_ANSWER_error},
};

/* Topics that a probe takes otherwise than their category. */
static const struct {
    enum wn_topic topic;
    struct answers answers;
} of_topic[] = {
    {WN_TOPIC_greylist, {WN_ANSWER_greylisted, WN_ANSWER_greylisted}},
    {WN_TOPIC_mailbox_rate, {WN_ANSWER_busy, WN_ANSWER_busy}},
    {WN_TOPIC_recipients, {WN_ANSWER_busy, WN_ANSWER_busy}},
    {WN_TOPIC_connections, {WN_ANSWER_busy, WN_ANSWER_busy}},
    /* About the way that the domain's mail takes, not about us */
    {WN_TOPIC_relay, {WN_ANSWER_unclear, WN_ANSWER_busy}},
    /* RFC 5321, 4.2.2, says so of policy as well */
    {WN_TOPIC_unavailable, {WN_ANSWER_unclear, WN_ANSWER_busy}},
};

/* Enhanced codes that mean more to a probe than their category. */
static const struct code {
    uint16_t subject, detail;
    struct answers answers;
    bool accuses;      /* also when temporary */
    bool one_too_many; /* RFC 3463, 3.6 */
} of_code[] = {
    {1, 7, {WN_ANSWER_blocked, WN_ANSWER_busy}, true, false},
    {1, 8, {WN_ANSWER_blocked, WN_ANSWER_busy}, true, false},
    {1, 9, {WN_ANSWER_blocked, WN_ANSWER_busy}, true, false},
    {1, 90, {WN_ANSWER_blocked, WN_ANSWER_busy}, true, false},
    /* Outlook.com: more mail an hour than the mailbox takes, so there is one */
    {2, 121, {WN_ANSWER_restricted, WN_ANSWER_busy}, false, false},
    {2, 122, {WN_ANSWER_restricted, WN_ANSWER_busy}, false, false},
    {5, 3, {WN_ANSWER_busy, WN_ANSWER_busy}, false, true},
    {7, 28, {WN_ANSWER_blocked, WN_ANSWER_busy}, true, false},
};

static const char *const answer_words[WN_ANSWER_COUNT] = {
    [WN_ANSWER_none] = "none",           [WN_ANSWER_accepted] = "accepted",
    [WN_ANSWER_not_found] = "not_found", [WN_ANSWER_disabled] = "disabled",
    [WN_ANSWER_full] = "full",           [WN_ANSWER_restricted] = "restricted",
    [WN_ANSWER_blocked] = "blocked",     [WN_ANSWER_greylisted] = "greylisted",
    [WN_ANSWER_busy] = "busy",           [WN_ANSWER_no_connection] = "no_connection",
    [WN_ANSWER_timeout] = "timeout",     [WN_ANSWER_error] = "error",
    [WN_ANSWER_unclear] = "unclear",
};

static const char *const catch_all_words[WN_CATCH_ALL_COUNT] = {
    [WN_CATCH_ALL_not_run] = "not_run",
    [WN_CATCH_ALL_accepted] = "accepted",
    [WN_CATCH_ALL_refused] = "refused",
    [WN_CATCH_ALL_inconclusive] = "inconclusive",
};

static bool is_permanent(const struct wn_classified *c)
{
    return c->code / 100 == 5 && c->enhanced[0] != 4;
}

static void judge_success(const struct wn_smtp_reply *reply, bool early,
                          struct wn_probe_meaning *out)
{
    bool contradicted = reply->enhanced[0] != 0 && reply->enhanced[0] != 2;
    if (early) {
        out->answer = contradicted ? WN_ANSWER_error : WN_ANSWER_none;
    } else {
        bool yes = (reply->code == 250 || reply->code == 251) && !contradicted;
        out->answer = yes ? WN_ANSWER_accepted : WN_ANSWER_error;
    }
}

/* NULL: it has no row, or the words have decided. */
static const struct code *find_code(const struct wn_classified *c)
{
    bool decides = c->topic == WN_TOPIC_COUNT && c->enhanced[0] != 0;
    for (size_t i = 0; decides && i < sizeof of_code / sizeof *of_code; i++) {
        if (c->enhanced[1] == of_code[i].subject && c->enhanced_detail == of_code[i].detail) {
            return &of_code[i];
        }
    }
    return NULL;
}

static struct answers find_answers(const struct wn_classified *c, const struct code *code)
{
    for (size_t i = 0; i < sizeof of_topic / sizeof *of_topic; i++) {
        if (c->topic == of_topic[i].topic) {
            return of_topic[i].answers;
        }
    }
    return code != NULL ? code->answers : of_category[c->category];
}

static void judge_refusal(const struct wn_classified *c, bool early, struct wn_probe_meaning *out)
{
    bool permanent = is_permanent(c);
    const struct code *code = find_code(c);
    struct answers answers = find_answers(c, code);
    bool accused = code != NULL ? code->accuses : (ACCUSES >> (unsigned)c->topic & 1) != 0;
    if (early) {
        bool greylisted = c->topic == WN_TOPIC_greylist;
        answers.hard = greylisted ? WN_ANSWER_greylisted : WN_ANSWER_blocked;
        answers.soft = greylisted ? WN_ANSWER_greylisted : WN_ANSWER_busy;
    }
    out->answer = permanent ? answers.hard : answers.soft;
    if (!permanent && accused && out->answer == WN_ANSWER_busy) {
        out->answer = WN_ANSWER_blocked;
    }
    out->one_too_many = !early && out->answer == WN_ANSWER_busy &&
                        (c->topic == WN_TOPIC_recipients || (code != NULL && code->one_too_many));
}

void wn_probe_meaning(const struct wn_smtp_reply *reply, enum wn_phase phase, uint32_t provider,
                      struct wn_probe_meaning *out)
{
    bool early = phase != WN_PHASE_rcpt;
    *out = (struct wn_probe_meaning){.answer = WN_ANSWER_error};
    wn_classify(
        &(struct wn_reply_in){
            /* The codes in front, whatever the words quote */
            .code = reply->code,
            .enhanced = {reply->enhanced[0], reply->enhanced[1]},
            .enhanced_detail = reply->enhanced_detail,
            .text = {reply->text, reply->length},
            .phase = phase == WN_PHASE_unknown ? WN_PHASE_mail : phase,
            .provider = provider,
        },
        &out->classified);
    switch (reply->code / 100) {
    case 2:
        judge_success(reply, early, out);
        break;
    case 4:
    case 5:
        judge_refusal(&out->classified, early, out);
        break;
    default:
        break;
    }
    out->about_us = out->answer == WN_ANSWER_blocked;
    out->again = out->answer == WN_ANSWER_greylisted || out->answer == WN_ANSWER_busy;
}

enum wn_catch_all wn_catch_all_of(const struct wn_probe_meaning *m)
{
    if (m->answer == WN_ANSWER_accepted) {
        return WN_CATCH_ALL_accepted;
    }
    bool about_it = m->classified.phase == WN_PHASE_rcpt && is_permanent(&m->classified);
    bool refused = about_it && !m->about_us && !m->again && m->answer != WN_ANSWER_error;
    return refused ? WN_CATCH_ALL_refused : WN_CATCH_ALL_inconclusive;
}

/* The place of a word, or `count`. */
static size_t find_word(const char *const *words, size_t count, struct wn_span word)
{
    size_t i = 0;
    while (i < count && !wn_span_equal(wn_span_of(words[i]), word)) {
        i++;
    }
    return i;
}

const char *wn_answer_word(enum wn_probe_answer answer)
{
    return answer_words[answer];
}

bool wn_answer_read(struct wn_span word, enum wn_probe_answer *answer)
{
    size_t i = find_word(answer_words, WN_ANSWER_COUNT, word);
    *answer = i < WN_ANSWER_COUNT ? (enum wn_probe_answer)i : WN_ANSWER_none;
    return i < WN_ANSWER_COUNT;
}

const char *wn_catch_all_word(enum wn_catch_all outcome)
{
    return catch_all_words[outcome];
}

bool wn_catch_all_read(struct wn_span word, enum wn_catch_all *outcome)
{
    size_t i = find_word(catch_all_words, WN_CATCH_ALL_COUNT, word);
    *outcome = i < WN_CATCH_ALL_COUNT ? (enum wn_catch_all)i : WN_CATCH_ALL_not_run;
    return i < WN_CATCH_ALL_COUNT;
}
