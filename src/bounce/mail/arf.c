/* SPDX-License-Identifier: MIT */
/* The report names the recipient if the provider lets it: in Original-Rcpt-To, which may stand
 * several times, or Removal-Recipient. Else the original's header may: in a field that only some
 * providers write, or in a To of one address. Many redact it everywhere. */
#include "bounce/mail/readers.h"

enum verdict {
    VERDICT_complaint,
    VERDICT_unsubscribe,
    VERDICT_nothing
};

static enum verdict verdict_of(struct wn_span type)
{
    static const struct {
        struct wn_span type;
        enum verdict verdict;
    } types[] = {
        {{"not-spam", 8}, VERDICT_nothing},
        {{"auth-failure", 12}, VERDICT_nothing}, /* RFC 6591: a machine's word on DKIM and SPF */
        {{"dmarc", 5}, VERDICT_nothing},
        {{"opt-out", 7}, VERDICT_unsubscribe},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (wn_begins(type, types[i].type)) {
            return types[i].verdict;
        }
    }
    return VERDICT_complaint; /* abuse, fraud, virus, other; what is not known is other */
}

static void add(struct wn_span value, enum wn_event_kind kind, struct wn_findings *findings)
{
    struct wn_span address, behind;
    if (!wn_mail_address(value, &address, &behind) || wn_begins(address, WN_SPAN("redacted@"))) {
        return;
    }
    struct wn_finding *finding = wn_findings_add(findings, address);
    if (finding != NULL) {
        finding->kind = kind;
    }
}

/* Fields of the original in which Microsoft's, Yahoo's and others' feedback loops leave the
 * recipient. */
static bool is_recipient_field(struct wn_span name)
{
    static const struct wn_span names[] = {{"x-hmxmroriginalrecipient", 24},
                                           {"x-original-rcpt-to", 18},
                                           {"x-rcpt-to", 9},
                                           {"x-envelope-to", 13},
                                           {"original-rcpt-to", 16}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name.n == names[i].n && wn_span_equal_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

static void read_original(struct wn_span header, enum wn_event_kind kind,
                          struct wn_findings *findings)
{
    struct wn_returned returned;
    struct wn_field field;
    wn_returned_read(header, findings->arena, &returned);
    while (wn_field_next(&header, &field)) {
        if (is_recipient_field(field.name)) {
            add(field.value, kind, findings);
        }
    }
    if (findings->count == 0) {
        add(returned.recipient, kind, findings);
    }
}

bool wn_arf_read(const struct wn_message *message, struct wn_findings *findings)
{
    struct wn_span fields = message->feedback, type = {NULL, 0};
    struct wn_field field;
    while (fields.n > 0) {
        while (wn_field_next(&fields, &field)) {
            if (wn_span_equal_nocase(field.name, WN_SPAN("feedback-type"))) {
                type = wn_span_trim(field.value);
            } else if (wn_span_equal_nocase(field.name, WN_SPAN("received-date")) ||
                       wn_span_equal_nocase(field.name, WN_SPAN("arrival-date"))) {
                (void)wn_mail_date(field.value, &findings->arrived);
            }
        }
    }
    enum verdict verdict = verdict_of(type);
    if (verdict == VERDICT_nothing) {
        findings->passed++;
        return true;
    }
    enum wn_event_kind kind =
        verdict == VERDICT_unsubscribe ? WN_KIND_unsubscribe : WN_KIND_complaint;
    for (fields = message->feedback; fields.n > 0;) {
        while (wn_field_next(&fields, &field)) {
            if (wn_span_equal_nocase(field.name, WN_SPAN("original-rcpt-to")) ||
                wn_span_equal_nocase(field.name, WN_SPAN("removal-recipient"))) {
                add(field.value, kind, findings);
            }
        }
    }
    if (findings->count == 0) {
        read_original(message->returned, kind, findings);
    }
    return findings->count > 0;
}
