/* SPDX-License-Identifier: MIT */
/* In this order (docs: bounces, "Order of evidence"):
 *
 * 1. The codes that count are settled: an enhanced code inside the reply before the one reported
 *    beside it, unless it says nothing (x.0.0); where a 4xx and a 5xx disagree, the 4xx.
 * 2. The text's topic is looked up: the first phrase of data/replies.def that it holds.
 * 3. The code's row of data/codes.def says which topics it listens to. One of these decides; else
 *    the row does.
 * 4. The phase limits what was decided. Before RCPT nothing was said of the recipient. At DATA the
 *    whole message is answered, so what would suppress at once needs a second time, and what would
 *    need a second time says nothing. */
#include "bounce/classify.h"

#include "bounce/reply.h"

enum topic {
#define WN_TOPIC(name, category, hard, soft) TOPIC_##name,
#include "data/codes.def"
    TOPIC_COUNT,
    TOPIC_none = TOPIC_COUNT
};

#define TOPIC(name) (UINT32_C(1) << TOPIC_##name)
#define NONE        UINT32_C(0)
#define SENDER                                                                                     \
    (TOPIC(rate) | TOPIC(sender_quota) | TOPIC(policy) | TOPIC(content) | TOPIC(relay) |           \
     TOPIC(restricted) | TOPIC(greylist))
#define FULL    TOPIC(full)
#define MAILBOX (TOPIC(disabled) | TOPIC(moved) | TOPIC(user))
#define ALL     (SENDER | TOPIC(network) | TOPIC(domain) | FULL | MAILBOX)

static const struct {
    enum wn_category category;
    enum wn_bounce_action hard, soft;
} topics[TOPIC_COUNT] = {
#define WN_TOPIC(name, category, hard, soft)                                                       \
    [TOPIC_##name] = {WN_CATEGORY_##category, WN_ACTION_##hard, WN_ACTION_##soft},
#include "data/codes.def"
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

static const struct reply_rule {
    const char *rule;
    uint16_t subject, detail;
    enum topic topic;
    struct wn_span phrase;
} reply_rules[] = {
#define WN_REPLY(rule, topic, phrase) {rule, x, x, TOPIC_##topic, {(phrase), sizeof(phrase) - 1}},
#define WN_REPLY_AT(rule, subject, detail, topic, phrase)                                          \
    {rule, subject, detail, TOPIC_##topic, {(phrase), sizeof(phrase) - 1}},
#include "data/replies.def"
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
    (void)wn_reply_codes(text, &code, enhanced, &detail);
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
    }
}

/* Step 2: TOPIC_none when nothing is found. */
static const struct reply_rule *find_topic(const struct wn_plain *plain,
                                           const struct wn_classified *codes)
{
    for (size_t i = 0; i < sizeof reply_rules / sizeof *reply_rules; i++) {
        const struct reply_rule *rule = &reply_rules[i];
        if (fits(rule->subject, codes->enhanced[1]) && fits(rule->detail, codes->enhanced_detail) &&
            wn_plain_has(plain, rule->phrase)) {
            return rule;
        }
    }
    return NULL;
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

/* Step 3. */
static void decide(const struct meaning *meaning, const struct reply_rule *reply, bool soft,
                   struct wn_classified *out)
{
    out->rule = meaning->rule;
    out->category = meaning->category;
    out->action = meaning->action;
    if (reply == NULL) {
        return;
    }
    uint32_t topic = UINT32_C(1) << reply->topic;
    if (meaning->listens & topic) {
        out->rule = reply->rule;
        out->category = topics[reply->topic].category;
        out->action = soft ? topics[reply->topic].soft : topics[reply->topic].hard;
    } else if (meaning->action == WN_ACTION_S && (topic & (MAILBOX | TOPIC(domain)))) {
        out->category = topics[reply->topic].category; /* they agree, and the text knows more */
        out->action = topic & MAILBOX ? meaning->action : meaning->contradicted;
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

/* Step 4. */
static void limit_by_phase(bool soft, struct wn_classified *out)
{
    bool counts =
        out->action == WN_ACTION_S || out->action == WN_ACTION_S2 || out->action == WN_ACTION_N;
    switch (out->phase) {
    case WN_PHASE_connect:
    case WN_PHASE_ehlo:
    case WN_PHASE_mail:
        if (counts) {
            out->category = soft ? WN_CATEGORY_infrastructure : WN_CATEGORY_sender_policy;
            out->action = soft ? WN_ACTION_T : WN_ACTION_X;
            out->rule = "phase.before_rcpt";
        }
        break;
    case WN_PHASE_data:
        if (out->action == WN_ACTION_S) {
            out->action = WN_ACTION_S2;
        } else if (out->action == WN_ACTION_S2) {
            out->action = WN_ACTION_T;
        }
        break;
    default:
        break;
    }
}

void wn_classify(const struct wn_reply_in *in, struct wn_classified *out)
{
    struct wn_span text = in->text;
    struct wn_plain plain;
    if (text.n > WN_DIAGNOSTIC_MAX) {
        text.n = WN_DIAGNOSTIC_MAX;
    }
    *out = (struct wn_classified){.phase = in->phase};
    settle_codes(in, text, out);
    wn_plain_make(text, &plain);
    if (out->phase == WN_PHASE_unknown) {
        out->phase = wn_reply_phase(&plain);
    }
    bool soft = in->deferred || out->enhanced[0] == 4 || out->code / 100 == 4;
    const struct reply_rule *reply = find_topic(&plain, out);
    decide(find_meaning(out), reply, soft, out);
    if (out->enhanced[0] == 0 && reply == NULL && !soft) {
        decide_bare(out);
    }
    if (soft && (out->action == WN_ACTION_S || out->action == WN_ACTION_S2)) {
        out->action = WN_ACTION_N;
    }
    limit_by_phase(soft, out);
}
