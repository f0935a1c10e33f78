/* SPDX-License-Identifier: MIT */
/* Groups of fields with an empty line between them, the first about the message and one for each
 * recipient. Reporters leave the line out, put two, order the fields as they like and write other
 * things in between, so a recipient's group ends where the next one begins: at an empty line behind
 * a recipient, or at a second Final-Recipient. */
#include "address/address.h"
#include "bounce/mail/readers.h"
#include "smtp/reply.h"

enum field {
    FIELD_final,
    FIELD_original,
    FIELD_action,
    FIELD_status,
    FIELD_diagnostic,
    FIELD_remote,
    FIELD_last_attempt,
    FIELD_reporting,
    FIELD_arrival,
    FIELD_queue,
    FIELD_message_id,
    FIELD_unknown
};

static enum field field_of(struct wn_span name)
{
    static const struct {
        struct wn_span name;
        enum field field;
    } names[] = {
        {{"final-recipient", 15}, FIELD_final},
        {{"original-recipient", 18}, FIELD_original},
        {{"action", 6}, FIELD_action},
        {{"status", 6}, FIELD_status},
        {{"diagnostic-code", 15}, FIELD_diagnostic},
        {{"remote-mta", 10}, FIELD_remote},
        {{"last-attempt-date", 17}, FIELD_last_attempt},
        {{"reporting-mta", 13}, FIELD_reporting},
        {{"arrival-date", 12}, FIELD_arrival},
        {{"x-postfix-queue-id", 18}, FIELD_queue},
        {{"x-outbound-mail-relay-queue-id", 30}, FIELD_queue},
        {{"x-original-message-id", 21}, FIELD_message_id},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name.n == names[i].name.n && wn_span_equal_nocase(name, names[i].name)) {
            return names[i].field;
        }
    }
    return FIELD_unknown;
}

struct group {
    struct wn_span final, original, action, diagnostic, remote;
    int64_t at;
    uint8_t enhanced[2];
    uint16_t detail;
};

/* "rfc822; bob@example.com" without its type; comments and brackets stay. */
static struct wn_span without_type(struct wn_span value)
{
    const char *end = value.n > 0 ? memchr(value.p, ';', value.n) : NULL;
    for (const char *p = value.p; end != NULL && p < end; p++) {
        if (*p == '@' || *p == '<' || *p == '"') {
            return value; /* it belongs to the address */
        }
    }
    if (end == NULL) {
        return value;
    }
    return wn_span_trim((struct wn_span){end + 1, (size_t)(value.p + value.n - end) - 1});
}

/* The recipient as the sender knew it: a list holds what was written to, not what that was
 * forwarded to. */
static struct wn_span recipient_of(const struct group *g)
{
    struct wn_span original, final, behind;
    bool has_original = wn_mail_address(g->original, &original, &behind);
    bool has_final = wn_mail_address(g->final, &final, &behind);
    struct wn_address address;
    if (has_original && has_final && !wn_span_equal(original, final)) {
        wn_address_read(original, WN_ADDRESS_SYNTAX_ONLY | WN_ADDRESS_ALLOW_LITERALS, &address);
        has_original = address.length > 0;
    }
    return has_original ? original : has_final ? final : (struct wn_span){NULL, 0};
}

static struct wn_span host_of(struct wn_span value)
{
    size_t n = 0;
    value = without_type(value);
    while (n < value.n && value.p[n] > ' ' && value.p[n] != '(' && value.p[n] != ';') {
        n++;
    }
    while (n > 0 && value.p[n - 1] == '.') {
        n--;
    }
    return (struct wn_span){value.p, n};
}

enum outcome {
    OUTCOME_failed,
    OUTCOME_delayed,
    OUTCOME_nothing
};

static enum outcome outcome_of(const struct group *g)
{
    static const struct {
        struct wn_span action;
        enum outcome outcome;
    } actions[] = {
        {{"failed", 6}, OUTCOME_failed},        {{"failure", 7}, OUTCOME_failed},
        {{"expired", 7}, OUTCOME_failed},       {{"delayed", 7}, OUTCOME_delayed},
        {{"deferred", 8}, OUTCOME_delayed},     {{"delivered", 9}, OUTCOME_nothing},
        {{"relayed", 7}, OUTCOME_nothing},      {{"expanded", 8}, OUTCOME_nothing},
        {{"deliverable", 11}, OUTCOME_nothing},
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (wn_begins(g->action, actions[i].action)) {
            return actions[i].outcome;
        }
    }
    return g->enhanced[0] == 2 ? OUTCOME_nothing : OUTCOME_failed;
}

/* Ends a group: what it says becomes a finding. */
static void end_group(struct group *g, struct wn_findings *findings)
{
    struct wn_span recipient = recipient_of(g);
    enum outcome outcome = outcome_of(g);
    if (recipient.n > 0 && outcome == OUTCOME_nothing) {
        findings->passed++;
    } else if (recipient.n > 0) {
        struct wn_finding *finding = wn_findings_add(findings, recipient);
        if (finding != NULL) {
            finding->kind = outcome == OUTCOME_delayed ? WN_KIND_deferred : WN_KIND_bounce;
            finding->reply = g->diagnostic;
            finding->remote = g->remote;
            finding->at = g->at;
            memcpy(finding->enhanced, g->enhanced, sizeof g->enhanced);
            finding->enhanced_detail = g->detail;
        }
    }
    *g = (struct group){.at = 0};
}

static void take_date(struct wn_span value, int64_t *at)
{
    int64_t date;
    if (wn_mail_date(value, &date)) {
        *at = date;
    }
}

static void take_status(struct wn_span value, struct group *g)
{
    uint16_t code;
    if (value.n > 40) {
        value.n = 40; /* "5.0.0 (permanent failure)" */
    }
    (void)wn_reply_codes(value, &code, g->enhanced, &g->detail);
}

static void take_field(const struct wn_field *field, struct group *g, struct wn_findings *findings)
{
    enum field which = field_of(field->name);
    if (which == FIELD_unknown) {
        return;
    }
    struct wn_span value = wn_field_unfold(field->value, findings->arena);
    switch (which) {
    case FIELD_final:
        if (g->final.n > 0) {
            end_group(g, findings);
        }
        g->final = without_type(value);
        break;
    case FIELD_original:
        g->original = without_type(value);
        break;
    case FIELD_action:
        g->action = value;
        break;
    case FIELD_status:
        take_status(value, g);
        break;
    case FIELD_diagnostic:
        g->diagnostic = without_type(value);
        break;
    case FIELD_remote:
        g->remote = host_of(value);
        break;
    case FIELD_last_attempt:
        take_date(value, &g->at);
        break;
    case FIELD_reporting:
        findings->reporter = host_of(value);
        break;
    case FIELD_arrival:
        take_date(value, &findings->arrived);
        break;
    case FIELD_queue:
        findings->queue_id = value;
        break;
    case FIELD_message_id:
        findings->message_id = wn_message_id_of(value);
        break;
    default:
        break;
    }
}

bool wn_dsn_read(struct wn_span fields, struct wn_findings *findings)
{
    struct group group = {.at = 0};
    struct wn_field field;
    size_t before = findings->count + findings->passed;
    while (fields.n > 0) {
        while (wn_field_next(&fields, &field)) {
            take_field(&field, &group, findings);
        }
        if (group.final.n > 0 || group.original.n > 0) {
            end_group(&group, findings);
        }
    }
    return findings->count + findings->passed > before;
}

enum {
    /* Of recipients that are looked up in the text one by one. */
    EXPLAINED_MAX = 50,
    PARAGRAPH_MAX = 1024
};

/* The paragraph that opens with the recipient, from behind it to an empty line or to another
 * address at the margin. */
static struct wn_span paragraph_of(struct wn_span text, struct wn_span recipient)
{
    struct wn_span rest = text, line, address, behind, other, unused;
    while (wn_line_next(&rest, &line)) {
        if (memchr(line.p, '@', line.n) == NULL ||
            !wn_opens_with_address(line, &address, &behind) ||
            !wn_span_equal_nocase(address, recipient)) {
            continue;
        }
        const char *end = line.p + line.n;
        while (wn_line_next(&rest, &line) && wn_span_trim(line).n > 0 &&
               (*line.p == ' ' || *line.p == '\t' ||
                !wn_opens_with_address(line, &other, &unused) ||
                wn_span_equal_nocase(other, recipient))) {
            end = line.p + line.n;
        }
        size_t n = (size_t)(end - behind.p);
        return (struct wn_span){behind.p, n < PARAGRAPH_MAX ? n : PARAGRAPH_MAX};
    }
    return (struct wn_span){NULL, 0};
}

/* A gateway of a known style may say in its own sentence what the reply that it quotes does not:
 * "The user(s) account is disabled" over "550 user unknown". */
static void explain_by_style(struct wn_span text, struct wn_findings *findings)
{
    struct wn_findings styled = {.arena = findings->arena};
    struct wn_span region;
    enum wn_category said;
    (void)wn_style_read(text, &styled, &region, &said);
    for (size_t i = 0; i < styled.count && i < EXPLAINED_MAX; i++) {
        for (size_t j = 0; j < findings->count && j < EXPLAINED_MAX; j++) {
            struct wn_finding *finding = &findings->list[j];
            if (styled.list[i].said != WN_CATEGORY_unclassified && finding->reply.n == 0 &&
                wn_span_equal_nocase(finding->recipient, styled.list[i].recipient)) {
                finding->reply = styled.list[i].reply;
                finding->said = styled.list[i].said;
            }
        }
    }
}

void wn_dsn_explain(struct wn_span text, struct wn_findings *findings)
{
    bool bare = false;
    for (size_t i = 0; i < findings->count && i < EXPLAINED_MAX; i++) {
        struct wn_finding *finding = &findings->list[i];
        struct wn_span paragraph = paragraph_of(text, finding->recipient);
        if (finding->phase == WN_PHASE_unknown) {
            finding->phase = wn_style_phase(wn_reply_line(paragraph, findings->arena));
        }
        if (finding->phase == WN_PHASE_unknown && finding->reply.n > 0) {
            finding->phase = wn_transcript_phase(text, finding->reply);
        }
        bare = bare || finding->reply.n == 0;
    }
    if (!bare) {
        return;
    }
    explain_by_style(text, findings);
    (void)wn_transcript_read(text, findings);
    for (size_t i = 0; i < findings->count && i < EXPLAINED_MAX; i++) {
        struct wn_finding *finding = &findings->list[i];
        if (finding->reply.n == 0) {
            finding->reply = paragraph_of(text, finding->recipient);
        }
        if (wn_span_trim(finding->reply).n < 4 && findings->count == 1 &&
            !wn_holds(text, WN_SPAN("\nFinal-Recipient:"))) {
            finding->reply = text; /* it can be about nobody else */
        }
    }
}
