/* SPDX-License-Identifier: MIT */
/* The table of formats, and the judgement of a notice, which is the same for all of them: codes and
 * words are classified for a bounce and a deferral alone; every other kind speaks for itself. */
#include "bounce/source.h"

#include "address/address.h"
#include "base/clock.h"
#include "bounce/mail/mail.h"
#include "smtp/provider.h"

/* Nothing was logged before 1990; a zero or a spreadsheet's missing date was. */
#define EARLIEST INT64_C(631152000)
/* Clocks and time zones differ. */
#define LATEST_AHEAD (2 * WN_DAY)
/* Seconds. */
#define GROWS 60

_Static_assert(sizeof(struct wn_address) <= WN_NOTICE_KEY_MAX, "room for every key");

static const struct {
    const struct wn_source *source;
} sources[] = {
    {&wn_source_mbox},    {&wn_source_message}, {&wn_source_json},     {&wn_source_form},
    {&wn_source_postfix}, {&wn_source_exim},    {&wn_source_sendmail}, {&wn_source_opensmtpd},
    {&wn_source_qmail},   {&wn_source_syslog}, /* of the logs the last: it takes any */
    {&wn_source_csv},
};

const struct wn_source *wn_source_find(struct wn_span head)
{
    size_t last = sizeof sources / sizeof *sources - 1;
    for (size_t i = 0; i < last; i++) {
        if (sources[i].source->recognise(head)) {
            return sources[i].source;
        }
    }
    return sources[last].source;
}

const char *wn_notice_fault_sentence(enum wn_notice_fault fault)
{
    static const char *const sentences[WN_NOTICE_FAULTS] = {
        [WN_NOTICE_OK] = "",
        [WN_NOTICE_RECORD] = "not a record of this file",
        [WN_NOTICE_ADDRESS] = "no address that can be one",
        [WN_NOTICE_DATE] = "no date that can be read, or one in the future",
        [WN_NOTICE_KIND] = "not a kind of event that says anything of a delivery",
        [WN_NOTICE_NO_BOUNCE] = "no bounce: an auto-reply or another message",
        [WN_NOTICE_UNRECOGNISED] = "looks like a bounce, and nothing can be read from it",
        [WN_NOTICE_UNFINISHED] = "unfinished at the end of the file; read again next time",
        [WN_NOTICE_CODE] = "no code and no words that say why it bounced",
    };
    return sentences[fault];
}

bool wn_reading_may_grow(const struct wn_reading *reading)
{
    const struct stat *seen = &reading->input->seen;
    return reading->settings->again && !reading->input->spooled && S_ISREG(seen->st_mode) &&
           seen->st_mtime >= reading->settings->now - GROWS;
}

/* What an event of a kind that has no reply is filed under. */
static const enum wn_category kind_categories[WN_KIND_COUNT] = {
    [WN_KIND_delivered] = WN_CATEGORY_not_a_bounce,
    [WN_KIND_complaint] = WN_CATEGORY_complaint,
    [WN_KIND_unsubscribe] = WN_CATEGORY_unsubscribe,
    [WN_KIND_resubscribe] = WN_CATEGORY_not_a_bounce,
    [WN_KIND_manual_add] = WN_CATEGORY_already_suppressed,
    [WN_KIND_manual_remove] = WN_CATEGORY_not_a_bounce,
    [WN_KIND_echo] = WN_CATEGORY_already_suppressed,
};

/* The source called it hard or soft, and nothing better is known. "Hard" is the sender's service's
 * opinion, so it takes two. */
static const struct {
    enum wn_bounce_action action;
    const char *rule;
} hardnesses[] = {
    [WN_HARDNESS_hard] = {WN_ACTION_S2, "said.hard"},
    [WN_HARDNESS_soft] = {WN_ACTION_N, "said.soft"},
};

/* What a category that is a source's opinion does: two of them suppress, or soft ones do. */
static enum wn_bounce_action action_of_said(const struct wn_notice *notice)
{
    bool soft = notice->kind == WN_KIND_deferred || notice->hardness == WN_HARDNESS_soft;
    switch (notice->said) {
    case WN_CATEGORY_bad_address:
    case WN_CATEGORY_mailbox_disabled:
        return soft ? WN_ACTION_N : WN_ACTION_S2;
    case WN_CATEGORY_mailbox_full:
        return WN_ACTION_N;
    case WN_CATEGORY_bad_domain:
        return soft ? WN_ACTION_T : WN_ACTION_D;
    case WN_CATEGORY_sender_policy:
    case WN_CATEGORY_content:
    case WN_CATEGORY_recipient_filter:
        return WN_ACTION_X;
    default:
        return WN_ACTION_T;
    }
}

static void classify_reply(struct wn_notice *notice, struct wn_event *event)
{
    struct wn_classified result;
    notice->reply.deferred = notice->kind == WN_KIND_deferred;
    notice->reply.provider = wn_provider_of(notice->remote);
    if (notice->reply.provider == 0) {
        const char *at = memrchr(event->recipient.p, '@', event->recipient.n);
        size_t local = at != NULL ? (size_t)(at + 1 - event->recipient.p) : 0;
        notice->reply.expected = wn_provider_of(
            (struct wn_span){event->recipient.p + local, event->recipient.n - local});
    }
    wn_classify(&notice->reply, &result);
    event->category = result.category;
    event->action = result.action;
    event->phase = result.phase;
    event->code = result.code;
    memcpy(event->enhanced, result.enhanced, sizeof event->enhanced);
    event->enhanced_detail = result.enhanced_detail;
    event->rule = wn_span_of(result.rule);
    event->provider = wn_span_of(wn_provider_name(result.provider));
    if (result.category == WN_CATEGORY_unclassified && notice->said != WN_CATEGORY_unclassified) {
        event->category = notice->said;
        event->action = action_of_said(notice);
        event->rule = WN_SPAN("said.category");
    } else if (result.category == WN_CATEGORY_unclassified && result.code == 0 &&
               result.enhanced[0] == 0 && notice->hardness != WN_HARDNESS_unknown) {
        event->action =
            notice->kind == WN_KIND_deferred ? WN_ACTION_N : hardnesses[notice->hardness].action;
        event->rule = wn_span_of(hardnesses[notice->hardness].rule);
    }
    if (notice->about_sender && event->action != WN_ACTION_T && event->action != WN_ACTION_X) {
        event->category = notice->said;
        event->action = WN_ACTION_X;
        event->rule = WN_SPAN("said.about_sender");
    }
}

bool wn_notice_judge(struct wn_notice *notice, int64_t now, char *key, struct wn_event *event)
{
    struct wn_address address;
    if (notice->fault != WN_NOTICE_OK) {
        return false;
    }
    if (notice->at < EARLIEST || notice->at > now + LATEST_AHEAD) {
        notice->fault = WN_NOTICE_DATE;
        return false;
    }
    wn_address_read(notice->recipient, WN_ADDRESS_ALLOW_LITERALS, &address);
    if (address.length == 0) {
        notice->fault = WN_NOTICE_ADDRESS;
        notice->cell = notice->recipient;
        return false;
    }
    *event = (struct wn_event){
        .recipient = {key, wn_address_key(&address, key)},
        .diagnostic = notice->reply.text,
        .message_id = notice->message_id,
        .source = notice->event_id,
        .at = notice->at,
        .kind = notice->kind,
        .category = kind_categories[notice->kind],
        .action = WN_ACTION_T,
    };
    if (notice->kind == WN_KIND_bounce || notice->kind == WN_KIND_deferred) {
        classify_reply(notice, event);
    } else if (event->kind == WN_KIND_delivered) {
        event->provider = wn_span_of(wn_provider_name(wn_provider_of(notice->remote)));
    }
    return true;
}
