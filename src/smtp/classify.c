/* SPDX-License-Identifier: MIT */
/* In this order (docs: bounces, "Order of evidence"):
 *
 * 1. The codes that count are settled: an enhanced code inside the reply before the one reported
 *    beside it, unless it says nothing (x.0.0); where a 4xx and a 5xx disagree, the 4xx. A 2.x.x
 *    beside a refusal is none.
 * 2. The text's topic is looked up: the first row of data/replies.def that it fits, where some rows
 *    are one provider's alone.
 * 3. The code's row of data/codes.def says which topics it listens to. One of these decides; else
 *    the row does.
 * 4. The phase limits what was decided. Before RCPT nothing was said of the recipient. At DATA the
 *    whole message is answered, so what would suppress at once needs a second time, and what would
 *    need a second time says nothing: a server that took the recipient and then knows no such user
 *    hides a filter behind these words (the Japanese mobile providers do). What a provider says
 *    of its own accounts alone (no_account) keeps its second time. */
#include "smtp/classify.h"

#include "smtp/phrase.h"
#include "smtp/provider.h"

#define TOPIC(name) (UINT32_C(1) << WN_TOPIC_##name)
#define NONE        UINT32_C(0)
#define RATES       (TOPIC(mailbox_rate) | TOPIC(recipients) | TOPIC(connections) | TOPIC(rate))
#define SENDER                                                                                     \
    (TOPIC(suppressed) | RATES | TOPIC(sender_quota) | TOPIC(blocklist) | TOPIC(authentication) |  \
     TOPIC(sender) | TOPIC(client) | TOPIC(policy) | TOPIC(relay) | TOPIC(spam) | TOPIC(virus) |   \
     TOPIC(size) | TOPIC(message) | TOPIC(restricted) | TOPIC(greylist) | TOPIC(system))
#define FULL    TOPIC(full)
#define MAILBOX (TOPIC(disabled) | TOPIC(moved) | TOPIC(user) | TOPIC(no_account))
#define ALL                                                                                        \
    (SENDER | TOPIC(protocol) | TOPIC(network) | TOPIC(domain) | FULL | MAILBOX | TOPIC(hidden) |  \
     TOPIC(unavailable))

static const struct {
    enum wn_category category;
    enum wn_bounce_action hard, soft;
    const char *sentence;
} topics[WN_TOPIC_COUNT] = {
#define WN_TOPIC(name, category, hard, soft, sentence)                                             \
    [WN_TOPIC_##name] = {WN_CATEGORY_##category, WN_ACTION_##hard, WN_ACTION_##soft, sentence},
#include "data/codes.def"
};

static const struct {
    const char *blame, *sentence;
} categories[WN_CATEGORY_COUNT] = {
#define WN_MEANING(category, blame, sentence) [WN_CATEGORY_##category] = {blame, sentence},
#include "data/categories.def"
};

#define x 0xffff /* any number */

/* What a code says, whichever table it came from. */
struct meaning {
    const char *rule;
    enum wn_category category;
    enum wn_bounce_action action, contradicted;
    uint32_t listens;
};

static const struct {
    uint16_t class, subject, detail;
    struct meaning meaning;
} enhanced_codes[] = {
#define WN_CODE(class, subject, detail, category, action, listens, contradicted)                   \
    {class,                                                                                        \
     subject,                                                                                      \
     detail,                                                                                       \
     {#class "." #subject "." #detail, WN_CATEGORY_##category, WN_ACTION_##action,                 \
      WN_ACTION_##contradicted, listens}},
#include "data/codes.def"
};

static const struct {
    uint16_t first, last;
    struct meaning meaning;
} basic_codes[] = {
#define WN_BASIC(first, last, category, action, listens)                                           \
    {first,                                                                                        \
     last,                                                                                         \
     {"basic." #first, WN_CATEGORY_##category, WN_ACTION_##action, WN_ACTION_##action, listens}},
#include "data/codes.def"
};

static bool fits(uint16_t pattern, unsigned value)
{
    return pattern == x || pattern == value;
}

#undef x

/* Step 1. */
static void settle_codes(const struct wn_reply_in *in, struct wn_span text,
                         struct wn_classified *out)
{
    uint16_t code, detail;
    uint8_t enhanced[2];
    if (!wn_reply_codes(wn_reply_quoted(text), &code, enhanced, &detail) || enhanced[0] == 0) {
        (void)wn_reply_codes(text, &code, enhanced, &detail);
    }
    bool soft = in->deferred || in->code / 100 == 4 || code / 100 == 4 || in->enhanced[0] == 4 ||
                enhanced[0] == 4;
    bool inside = enhanced[0] != 0 && (enhanced[1] != 0 || detail != 0 || in->enhanced[0] == 0);
    out->code = in->code != 0 ? in->code : code;
    if (code / 100 == 4) {
        out->code = code;
    }
    out->enhanced[0] = inside ? enhanced[0] : in->enhanced[0];
    out->enhanced[1] = inside ? enhanced[1] : in->enhanced[1];
    out->enhanced_detail = inside ? detail : in->enhanced_detail;
    if (out->enhanced[0] == 5 && soft) {
        out->enhanced[0] = 4;
    } else if (out->enhanced[0] == 2 && out->code >= 400) {
        out->enhanced[0] = out->enhanced[1] = 0;
        out->enhanced_detail = 0;
    }
}

static const struct meaning *find_meaning(const struct wn_classified *codes)
{
    size_t i = 0;
    if (codes->enhanced[0] == 0) {
        while (codes->code < basic_codes[i].first || codes->code > basic_codes[i].last) {
            i++; /* the last row holds every code up to 999 */
            if (i == sizeof basic_codes / sizeof *basic_codes - 1) {
                break;
            }
        }
        return &basic_codes[i].meaning;
    }
    while (!fits(enhanced_codes[i].class, codes->enhanced[0]) ||
           !fits(enhanced_codes[i].subject, codes->enhanced[1]) ||
           !fits(enhanced_codes[i].detail, codes->enhanced_detail)) {
        i++; /* the last row fits everything */
    }
    return &enhanced_codes[i].meaning;
}

/* Step 3. `reply` is NULL where the words say nothing. */
static void decide(const struct meaning *meaning, const struct wn_reply_rule *reply, bool soft,
                   struct wn_classified *out)
{
    out->rule = meaning->rule;
    out->category = meaning->category;
    out->action = meaning->action;
    if (reply == NULL) {
        return;
    }
    uint32_t topic = UINT32_C(1) << (unsigned)reply->topic;
    bool of_mailbox = meaning->category == WN_CATEGORY_bad_address ||
                      meaning->category == WN_CATEGORY_mailbox_disabled;
    if (meaning->listens & topic) {
        out->rule = reply->id;
        out->category = topics[reply->topic].category;
        out->action = soft ? topics[reply->topic].soft : topics[reply->topic].hard;
        out->sentence = topics[reply->topic].sentence;
        out->topic = reply->topic;
    } else if (of_mailbox && (topic & (MAILBOX | TOPIC(domain)))) {
        out->category = topics[reply->topic].category; /* they agree, and the text knows more */
        out->action = topic & MAILBOX ? meaning->action : meaning->contradicted;
        out->sentence = topics[reply->topic].sentence;
        out->topic = reply->topic;
    } else {
        out->action = meaning->contradicted;
    }
}

/* A refusal without an enhanced code and without words that explain it. */
static void decide_bare(struct wn_classified *out)
{
    if (out->code != 550 && out->code != 554) {
        return;
    }
    if (out->phase == WN_PHASE_rcpt) {
        out->action = WN_ACTION_S2;
        out->rule = "basic.at_rcpt";
    } else if (out->phase == WN_PHASE_data) {
        out->action = WN_ACTION_X;
        out->rule = "basic.at_data";
    }
}

/* Step 4, before RCPT. A domain that does not exist is the sender's, unless nobody was spoken to.
 */
static void limit_early(bool soft, struct wn_classified *out)
{
    bool counts =
        out->action == WN_ACTION_S || out->action == WN_ACTION_S2 || out->action == WN_ACTION_N;
    bool domain = out->action == WN_ACTION_D && out->phase != WN_PHASE_connect;
    if (counts || domain || out->category == WN_CATEGORY_unclassified) {
        out->category = soft ? WN_CATEGORY_infrastructure : WN_CATEGORY_sender_policy;
        out->action = soft ? WN_ACTION_T : WN_ACTION_X;
        out->rule = "phase.before_rcpt";
        out->sentence = NULL;
    }
}

static void limit_at_data(bool certain, struct wn_classified *out)
{
    if (out->action == WN_ACTION_S) {
        out->action = WN_ACTION_S2;
    } else if (out->action == WN_ACTION_S2 && !certain) {
        out->action = WN_ACTION_T;
        if (out->category == WN_CATEGORY_bad_address) {
            out->category = WN_CATEGORY_recipient_filter;
            out->sentence = NULL;
        }
    }
}

/* `certain`: the words cannot hide a filter. */
static void limit_by_phase(bool soft, bool certain, struct wn_classified *out)
{
    switch (out->phase) {
    case WN_PHASE_connect:
    case WN_PHASE_ehlo:
    case WN_PHASE_mail:
        limit_early(soft, out);
        break;
    case WN_PHASE_data:
        limit_at_data(certain, out);
        break;
    default:
        break;
    }
}

static uint32_t find_provider(const struct wn_plain *plain, const struct wn_phrases *phrases)
{
    uint32_t provider = wn_provider_of(wn_plain_host(plain));
    return provider != 0 ? provider : wn_phrases_provider(phrases);
}

void wn_classify(const struct wn_reply_in *in, struct wn_classified *out)
{
    struct wn_span text = in->text;
    struct wn_plain plain;
    struct wn_phrases phrases;
    struct wn_reply_rule found;
    if (text.n > WN_REPLY_TEXT_MAX) {
        text.n = WN_REPLY_TEXT_MAX;
    }
    *out = (struct wn_classified){
        .phase = in->phase, .provider = in->provider, .topic = WN_TOPIC_COUNT};
    settle_codes(in, text, out);
    wn_plain_make(wn_reply_quoted(text), &plain);
    wn_phrases_find(&plain, &phrases);
    if (out->phase == WN_PHASE_unknown) {
        out->phase = wn_phrases_phase(&phrases);
    }
    if (out->provider == 0) {
        out->provider = find_provider(&plain, &phrases);
    }
    if (out->provider == 0) {
        out->provider = in->expected;
    }
    bool soft = in->deferred || out->enhanced[0] == 4 || out->code / 100 == 4;
    bool speaks =
        wn_phrases_rule(&phrases, out->enhanced[1], out->enhanced_detail, out->provider, &found);
    if (speaks && found.topic == WN_TOPIC_hidden && out->phase == WN_PHASE_rcpt) {
        found.topic = WN_TOPIC_user;
    }
    decide(find_meaning(out), speaks ? &found : NULL, soft, out);
    if (out->enhanced[0] == 0 && !speaks && !soft) {
        decide_bare(out);
    }
    if (soft && (out->action == WN_ACTION_S || out->action == WN_ACTION_S2)) {
        out->action = WN_ACTION_N;
    }
    limit_by_phase(soft, speaks && found.topic == WN_TOPIC_no_account, out);
    if (out->sentence == NULL) {
        out->sentence = categories[out->category].sentence;
    }
}

const char *wn_category_blame(enum wn_category category)
{
    return categories[category].blame;
}
