/* SPDX-License-Identifier: MIT */
/* What a reply means: the table of bounces.md row by row, its contradictions, the order of the
 * evidence, and that every phrase of data/replies.def is reached. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtp/classify.h"
#include "smtp/phrase.h"
#include "smtp/provider.h"
#include "smtp/reply.h"
#include "support/suite.h"

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define AT(p) .phase = WN_PHASE_##p

static const struct classify_case {
    const char *name;
    struct wn_reply_in in;
    enum wn_bounce_action action;
    enum wn_category category;
    const char *rule; /* NULL: any */
} cases[] = {
#define CASE(n, t, a, c, ...)                                                                      \
    {                                                                                              \
        n, {.text = TEXT(t), __VA_ARGS__}, WN_ACTION_##a, WN_CATEGORY_##c, NULL                    \
    }
#define RULE(n, t, a, c, r, ...)                                                                   \
    {                                                                                              \
        n, {.text = TEXT(t), __VA_ARGS__}, WN_ACTION_##a, WN_CATEGORY_##c, r                       \
    }

    /* The table */
    RULE("5.1.1", "550 5.1.1 <bob@x.com>: Recipient address rejected: User unknown", S, bad_address,
         "5.1.1", ),
    RULE("5.1.1 over quota", "550 5.1.1 mailbox over quota", N, mailbox_full, "text.full", ),
    RULE("5.1.1 rate", "550 5.1.1 too many messages from you", T, sender_policy, "text.rate", ),
    RULE("5.1.1 policy", "550 5.1.1 rejected due to local policy", X, sender_policy,
         "text.policy", ),
    RULE("5.1.1 block list", "550 5.1.1 blocked using zen.spamhaus.org", X, sender_policy,
         "text.blocklist", ),
    CASE("5.1.1 disabled", "550 5.1.1 account disabled", S, mailbox_disabled, ),
    RULE("4.1.1", "450 4.1.1 unverified address", N, bad_address, "4.1.1", ),
    RULE("5.1.2", "550 5.1.2 Host unknown", D, bad_domain, "5.1.2", ),
    CASE("4.1.2", "450 4.1.2 Host unknown", T, bad_domain, ),
    RULE("5.4.4", "5.4.4 unable to route", D, bad_domain, "5.4.4", ),
    RULE("5.1.3", "553 5.1.3 Bad recipient address syntax", S, bad_address, "5.1.3", ),
    CASE("5.1.3 agreeing", "550 5.1.3 no such user", S, bad_address, ),
    CASE("5.1.3 contradicted", "550 5.1.3 the mailbox is full", S2, bad_address, ),
    CASE("5.1.3 about the sender", "550 5.1.3 your ip has a poor reputation", X, sender_policy, ),
    RULE("5.1.6", "551 5.1.6 has moved elsewhere", S, bad_address, "5.1.6", ),
    RULE("5.1.7", "553 5.1.7 bad sender", X, sender_policy, "x.1.7", ),
    RULE("5.1.8", "553 5.1.8 sender domain does not exist", X, sender_policy, "x.1.8", ),
    RULE("5.1.9", "553 5.1.9 x", X, sender_policy, "x.1.9", ),
    RULE("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", S, bad_address, "5.1.10", ),
    CASE("5.1.10 null MX", "556 5.1.10 recipient address has null MX", S, bad_domain, ),
    RULE("5.1.0 without words", "550 5.1.0 x", T, unclassified, "x.1.x", ),
    CASE("5.1.0 with words", "550 5.1.0 User unknown", S2, bad_address, AT(rcpt)),
    CASE("5.1.4 with words", "550 5.1.4 no such mailbox", S2, bad_address, ),
    RULE("5.0.0 without words", "550 5.0.0 x", T, unclassified, "x.x.x", AT(rcpt)),
    RULE("5.0.0 with words", "550 5.0.0 User unknown", S2, bad_address, "text.no_user", AT(rcpt)),
    CASE("5.0.0 with words at DATA", "550 5.0.0 User unknown", T, recipient_filter, AT(data)),
    RULE("5.2.1", "550 5.2.1 mailbox disabled, not accepting messages", S, mailbox_disabled,
         "5.2.1", ),
    RULE("5.2.1 rate",
         "550 5.2.1 The user you are trying to contact is receiving mail at a rate that", T,
         sender_policy, "gmail.rate", ),
    RULE("4.2.1", "450 4.2.1 mailbox temporarily disabled", N, mailbox_disabled, "4.2.1", ),
    RULE("4.2.1 rate", "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
         T, sender_policy, "gmail.rate", ),
    RULE("5.2.2", "552 5.2.2 mailbox full", N, mailbox_full, "x.2.2", ),
    RULE("4.2.2", "452 4.2.2 mailbox full", N, mailbox_full, "x.2.2", ),
    RULE("5.2.2 of the sender", "550 5.2.2 Submission quota exceeded", X, sender_policy,
         "microsoft.submission_quota", ),
    RULE("5.2.3", "552 5.2.3 Message too large", X, content, "x.2.3", ),
    RULE("5.3.4", "552 5.3.4 Message too big", X, content, "x.3.4", ),
    CASE("other 5.2.x", "550 5.2.0 x", T, unclassified, ),
    CASE("other 5.2.x with words", "550 5.2.0 no such user", S2, bad_address, ),
    CASE("other 5.3.x", "550 5.3.0 x", T, infrastructure, ),
    CASE("other 5.3.x with words", "550 5.3.0 mailbox is full", N, mailbox_full, ),
    RULE("5.4.0", "554 5.4.0 too many hops", T, infrastructure, "x.4.x", ),
    CASE("5.4.2", "5.4.2 x", T, infrastructure, ),
    CASE("5.4.3", "5.4.3 x", T, infrastructure, ),
    CASE("5.4.5", "5.4.5 x", T, infrastructure, ),
    RULE("5.4.1 Microsoft", "550 5.4.1 Recipient address rejected: Access denied. [AM6EUR05]", S,
         bad_address, "microsoft.edge_denied", ),
    RULE("5.4.1 all", "550 5.4.1 All recipient addresses rejected : Access denied", D, bad_domain,
         "microsoft.edge_all", ),
    RULE("5.4.1 else", "550 5.4.1 no answer from host", T, infrastructure, "x.4.1", ),
    CASE("the same words elsewhere", "550 5.7.1 Recipient address rejected: Access denied", X,
         sender_policy, ),
    CASE("4.4.1 with the same words", "450 4.4.1 Recipient address rejected: Access denied", N,
         bad_address, ),
    CASE("5.4.6", "554 5.4.6 mail loop", D, infrastructure, ),
    CASE("4.4.6", "454 4.4.6 mail loop", T, infrastructure, ),
    RULE("4.4.7", "4.4.7 delivery time expired", T, infrastructure, "x.4.7", ),
    RULE("5.4.7", "5.4.7 delivery time expired", T, infrastructure, "x.4.7", ),
    CASE("5.5.x with words", "550 5.5.0 Requested action not taken: mailbox unavailable", S2,
         bad_address, ),
    RULE("5.5.x", "554 5.5.2 x", X, infrastructure, "5.5.x", ),
    CASE("5.5.x with words for it", "554 5.5.2 syntax error", X, infrastructure, ),
    CASE("4.5.x", "452 4.5.3 x", T, infrastructure, ),
    RULE("5.6.x", "554 5.6.0 x", X, content, "x.6.x", ),
    RULE("5.7.13", "525 5.7.13 x", S, mailbox_disabled, "5.7.13", ),
    RULE("5.7.17", "550 5.7.17 x", S, bad_address, "5.7.17", ),
    CASE("4.7.13", "425 4.7.13 x", N, mailbox_disabled, ),
    RULE("5.7.1", "550 5.7.1 x", X, sender_policy, "5.7.1", ),
    CASE("5.7.1 no such user", "550 5.7.1 No such user!", S2, bad_address, ),
    CASE("5.7.1 list", "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using x", X,
         sender_policy, ),
    CASE("5.7.1 spam", "550 5.7.1 Message identified as spam", X, content, ),
    RULE("5.7.26", "550 5.7.26 This mail has been blocked because the sender is unauthenticated", X,
         sender_policy, "text.authentication", ),
    RULE("5.7.28", "550 5.7.28 x", T, sender_policy, "x.7.28", ),
    CASE("other 5.7.x ignores the user", "550 5.7.9 no such user", X, sender_policy, ),
    CASE("4.7.x", "450 4.7.0 x", T, sender_policy, ),
    CASE("greylisting", "450 4.7.1 Greylisted, come back", T, infrastructure, ),
    CASE("2.x.x", "250 2.1.5 OK", T, not_a_bounce, ),
    CASE("2.x.x beside a refusal is none", "550 2.1.5 no such user", S2, bad_address, ),

    /* The contradictions */
    CASE("554 5.1.1 at RCPT", "554 5.1.1 x", S, bad_address, AT(rcpt)),
    CASE("554 5.1.1 anywhere", "554 5.1.1 x", S, bad_address, ),
    RULE("docomo may mean a filter",
         "host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 Unknown user bob@docomo.ne.jp", X,
         recipient_filter, "docomo.unknown", ),
    CASE("docomo at DATA",
         "host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 Unknown user bob@docomo.ne.jp", X,
         recipient_filter, AT(data)),
    CASE("docomo at RCPT means what it says",
         "host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 Unknown user bob@docomo.ne.jp", S2,
         bad_address, AT(rcpt)),
    CASE("docomo beside 5.1.1", "host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 5.1.1 Unknown user",
         S, bad_address, ),
    CASE("Yahoo of its own accounts, at DATA",
         "554 delivery error: dd This user doesn't have a yahoo.com account (bob@yahoo.com) [0]",
         S2, bad_address, AT(data)),
    CASE("554 5.1.1 at DATA", "554 5.1.1 x", S2, bad_address, AT(data)),
    CASE("554 5.2.2", "554 5.2.2 x", N, mailbox_full, ),
    CASE("554 5.4.0", "554 5.4.0 x", T, infrastructure, ),
    CASE("554 4.4.7", "554 4.4.7 x", T, infrastructure, ),
    CASE("550 4.4.7", "550 4.4.7 x", T, infrastructure, ),
    CASE("550 4.2.2", "550 4.2.2 x", N, mailbox_full, ),
    CASE("a bare 550 goes by its text", "550 User unknown", S2, bad_address, ),
    CASE("and by a text about us", "550 your IP is listed", X, sender_policy, ),
    RULE("a bare 550 at RCPT", "550", S2, unclassified, "basic.at_rcpt", AT(rcpt)),
    RULE("a bare 554 at RCPT", "554 no", S2, unclassified, "basic.at_rcpt", AT(rcpt)),
    RULE("a bare 554 at DATA", "554", X, unclassified, "basic.at_data", AT(data)),
    RULE("a bare 550 somewhere", "550", T, unclassified, "basic.0", ),
    CASE("a bare 552 at RCPT", "552", T, unclassified, AT(rcpt)),

    /* Basic codes alone */
    CASE("421", "421 x", T, infrastructure, ),
    CASE("450", "450 x", T, unclassified, ),
    CASE("452 full", "452 mailbox full", N, mailbox_full, ),
    CASE("450 user unknown", "450 User unknown", N, bad_address, ),
    CASE("503", "503 bad sequence", X, infrastructure, ),
    CASE("521", "521 does not take mail", D, bad_domain, ),
    CASE("556", "556 x", D, bad_domain, ),
    CASE("535", "535 x", X, sender_policy, ),
    CASE("250", "250 OK", T, not_a_bounce, ),
    CASE("nothing", "", T, unclassified, ),
    CASE("a code that is none", "", T, unclassified, .code = 9999),
    CASE("words alone", "No such user here", S2, bad_address, ),

    /* Exchange Online and Outlook.com have codes of their own */
    RULE("5.2.121", "554 5.2.121 x", T, sender_policy, "x.2.121", ),
    RULE("5.2.122", "554 5.2.122 x", T, sender_policy, "x.2.122", ),
    RULE("5.1.90", "550 5.1.90 x", X, sender_policy, "x.1.90", ),
    RULE("5.4.310", "550 5.4.310 x", D, bad_domain, "x.4.310", ),
    RULE("5.7.124", "550 5.7.124 no such user", X, recipient_filter, "x.7.124", ),
    RULE("5.7.133", "550 5.7.133 x", X, recipient_filter, "x.7.133", ),
    RULE("5.7.134", "550 5.7.134 x", X, recipient_filter, "x.7.134", ),
    RULE("5.7.27 of the sender", "550 5.7.27 Sender address has null MX", X, sender_policy,
         "text.sender", ),
    RULE("5.7.27 as Sendmail has it", "550 5.7.27 Host does not accept mail", D, bad_domain,
         "text.domain", ),
    CASE("5.4.x with a domain in its words", "5.4.0 Host or domain name not found", D,
         bad_domain, ),

    /* Trouble of their own machine is no missing mailbox, whatever the code */
    RULE("a program of theirs fails", "5.1.1 procmail: Couldn't create \"/var/mail/bob\"", T,
         infrastructure, "text.system", ),
    RULE("they are still asking", "450 4.1.1 unverified address: verification in progress", T,
         infrastructure, "text.system", ),
    CASE("they could not ask", "450 4.1.1 unverified address: connect to mx: Connection timed out",
         T, infrastructure, ),
    CASE("words that know no more than the code", "450 4.2.1 Mailbox is not available at present",
         N, mailbox_disabled, ),
    CASE("4xx with the words of RFC 5321", "450 mailbox unavailable", T, bad_address, ),
    CASE("5xx with the words of RFC 5321", "550 mailbox unavailable", S2, bad_address, ),
    CASE("Cisco's own words before the reply",
         "5.1.0 - Unknown address error 550-'5.7.1 <x@y.com>... Access denied'", X,
         sender_policy, ),
    CASE("Cisco's own words before a reply without a code",
         "5.3.0 - Other mail system problem 550-'Unknown user bob@example.com'", S2, bad_address, ),
    CASE("a quote that is none", "550 the mailbox-'bob' is full", N, mailbox_full, ),
    CASE("somebody else's success", "Host unknown (x: 250 times)", D, bad_domain, ),
    CASE("an IPv6 address", "no answer [2606:2800:220:6d:26bf:1447:1097:aa7]:25: socket error", T,
         infrastructure, ),

    /* Which codes count */
    CASE("a made-up status over a precise reply", "550 5.1.1 x", S, bad_address,
         .enhanced = {5, 0}),
    CASE("a precise status over a made-up reply", "550 5.0.0 x", N, mailbox_full,
         .enhanced = {5, 2}, .enhanced_detail = 2),
    CASE("the reply over another status", "550 5.7.1 x", X, sender_policy, .enhanced = {5, 1},
         .enhanced_detail = 1),
    CASE("a status alone", "gone", S, bad_address, .enhanced = {5, 1}, .enhanced_detail = 1),
    CASE("a 450 softens 5.1.1", "450 5.1.1 x", N, bad_address, ),
    CASE("a status of 4 softens 5.1.1", "550 5.1.1 x", N, bad_address, .enhanced = {4, 0}),
    CASE("a code beside it softens", "5.1.1 x", N, bad_address, .code = 450),
    CASE("a code in the text softens", "450 x", N, bad_address, .enhanced = {5, 1},
         .enhanced_detail = 1),
    CASE("a deferral softens", "550 5.1.1 x", N, bad_address, .deferred = true),
    CASE("a deferral softens S2", "550 no such user", N, bad_address, .deferred = true),

    /* Phases */
    RULE("before RCPT nothing is about the address", "550 5.1.1 user unknown", X, sender_policy,
         "phase.before_rcpt", AT(mail)),
    CASE("at the greeting", "554 no such user", X, sender_policy, AT(connect)),
    CASE("at EHLO, soft", "452 4.2.2 full", T, infrastructure, AT(ehlo)),
    CASE("Postfix names MAIL FROM",
         "host x.com[192.0.2.1] said: 550 5.1.1 unknown (in reply to MAIL FROM command)", X,
         sender_policy, ),
    CASE("Postfix names DATA",
         "host x.com said: 550 5.1.1 unknown (in reply to end of DATA command)", S2, bad_address, ),
    CASE("Postfix names RCPT", "host x.com said: 550 unhappy (in reply to RCPT TO command)", S2,
         unclassified, ),
    CASE("Exim names RCPT", "SMTP error from remote mail server after RCPT TO:<a@b.com>: 550 no",
         S2, unclassified, ),
    CASE("Exim names MAIL",
         "SMTP error from remote mail server after MAIL FROM:<a@b.com>: 550 5.1.1 no", X,
         sender_policy, ),
    CASE("no such user, said at DATA, is a filter",
         "host x.com said: 550 unknown user (in reply to end of DATA command)", T,
         recipient_filter, ),
    CASE("not understood before RCPT", "550 rejected", X, sender_policy, AT(mail)),
    CASE("not understood before RCPT, soft", "421 x", T, infrastructure, AT(connect)),
    CASE("at MAIL the domain is the sender's", "550 Domain not found", X, sender_policy, AT(mail)),
    CASE("N at DATA", "552 5.2.2 full", N, mailbox_full, AT(data)),
    CASE("D at connect", "5.4.4 Host not found", D, bad_domain, AT(connect)),

    /* Texts */
    CASE("an address that says full", "550 5.1.1 <mailbox-full@x.com>: no", S, bad_address, ),
    CASE("an address that says spam", "550 5.2.2 relay-denied@policy.example over limit", N,
         mailbox_full, ),
    CASE("blocked alone accuses nobody", "550 blocked", T, unclassified, ),
    CASE("rejected alone accuses nobody", "550 rejected", T, unclassified, ),
    CASE("denied alone accuses nobody", "550 denied", T, unclassified, ),
    CASE("spam alone accuses nobody", "550 spam", T, unclassified, ),
    CASE("disabled alone accuses nobody", "550 disabled", T, unclassified, ),
    CASE("qmail's underscores", "Remote_host_said:_550_No_such_user_(#5.1.1)", S, bad_address, ),
    CASE("a multi-line reply",
         "550-5.1.1 The email account that you tried to reach does not\n550-5.1.1 exist. Please", S,
         bad_address, ),
    RULE("a phrase over two lines", "550-5.7.1 no such\r\n550-5.7.1 user", S2, bad_address,
         "text.no_user", ),
    CASE("a typographic apostrophe", "550 user doesn\xe2\x80\x99t exist", S2, bad_address, ),
    CASE("an apostrophe", "550 user doesn't exist", S2, bad_address, ),
    CASE("the sender was not found", "550 Sender address rejected: Domain not found", X,
         sender_policy, ),
    CASE("a relay", "554 Relay access denied", X, sender_policy, ),
    CASE("restricted", "550 5.7.1 you are not allowed to send to this recipient", X,
         recipient_filter, ),
    CASE("not UTF-8, with a NUL", "550 5.1.1 \xff\xfe\0 x", S, bad_address, ),
};

START_TEST(classifies)
{
    const struct classify_case *c = &cases[_i];
    struct wn_classified out;
    wn_classify(&c->in, &out);
    ck_assert_msg(out.action == c->action && out.category == c->category, "%s: %s %s by %s",
                  c->name, wn_bounce_action_word(out.action), wn_category_word(out.category),
                  out.rule);
    ck_assert_msg(c->rule == NULL || strcmp(c->rule, out.rule) == 0, "%s: rule %s", c->name,
                  out.rule);
}
END_TEST

static const struct code_case {
    const char *text;
    uint16_t code;
    uint8_t class, subject;
    uint16_t detail;
} code_cases[] = {
    {"550", 550, 0, 0, 0},
    {"5.1.1", 0, 5, 1, 1},
    {"550 5.1.1 user unknown", 550, 5, 1, 1},
    {"550-5.1.1 user", 550, 5, 1, 1},
    {"smtp; 550 5.1.1 x", 550, 5, 1, 1},
    {"smtp;550 5.7.514 x", 550, 5, 7, 514},
    {"host mx.x.com[192.0.2.25] said: 452 4.2.2 full", 452, 4, 2, 2},
    {"x (#5.1.1)", 0, 5, 1, 1},
    {"5.1.1 (bad destination mailbox address)", 0, 5, 1, 1},
    {"dsn=4.2.2, stat=x", 0, 4, 2, 2},
    {"error 550 no", 550, 0, 0, 0},
    {"returned 550 5.1.1 no", 550, 5, 1, 1},
    {"550\n5.1.1", 550, 5, 1, 1},
    {"try again in 450 seconds", 0, 0, 0, 0},
    {"[2606:2800:220:6d:450:1447]", 0, 0, 0, 0},
    {"250 2.1.5 Ok", 250, 2, 1, 5},
    {"delivery via x: 250 2.1.5 Ok", 250, 2, 1, 5},
    {"x: 250 times", 0, 0, 0, 0},
    {"[5.1.1.20]", 0, 0, 0, 0},
    {"15.1.1", 0, 0, 0, 0},
    {"5.1.1a", 0, 0, 0, 0},
    {"5.1.1234", 0, 0, 0, 0},
    {"5.1.0001", 0, 0, 0, 0}, /* used to be one here, and none at the server that said it */
    {"5.9.1", 0, 0, 0, 0},
    {"5.1.", 0, 0, 0, 0},
    {"5.1", 0, 0, 0, 0},
    {"5501", 0, 0, 0, 0},
    {"x550", 0, 0, 0, 0},
    {"355", 0, 0, 0, 0},
    {"5.1.1.", 0, 5, 1, 1},
    {"", 0, 0, 0, 0},
};

START_TEST(finds_codes)
{
    const struct code_case *c = &code_cases[_i];
    uint16_t code, detail;
    uint8_t enhanced[2];
    bool found = wn_reply_codes(wn_span_of(c->text), &code, enhanced, &detail);
    ck_assert_msg(found == (c->code != 0 || c->class != 0), "%s", c->text);
    ck_assert_msg(code == c->code && enhanced[0] == c->class && enhanced[1] == c->subject &&
                      detail == c->detail,
                  "%s: %u %u.%u.%u", c->text, code, enhanced[0], enhanced[1], detail);
}
END_TEST

static const struct reply_row {
    const char *rule, *provider, *phrases;
    int subject, detail;
} reply_rows[] = {
#define WN_REPLY(rule, topic, phrases)                     {rule, NULL, phrases, 0, 0},
#define WN_REPLY_AT(rule, subject, detail, topic, phrases) {rule, NULL, phrases, subject, detail},
#define WN_REPLY_OF(provider, rule, topic, phrases)        {rule, provider, phrases, 0, 0},
#include "data/replies.def"
};

static const struct {
    const char *family, *provider;
} families[] = {
#define WN_REPLY_FAMILY(family, provider) {family, provider},
#include "data/replies.def"
};

static uint32_t provider_of(const char *name)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcmp(families[i].family, name) == 0) {
            name = families[i].provider;
            break;
        }
    }
    uint32_t provider = wn_provider_named(wn_span_of(name));
    ck_assert_msg(provider != 0, "providers.def does not know %s", name);
    return provider;
}

/* The phrase as a text would hold it: a word for every *, two for **. */
static void fill_words(char text[256], const char *phrase, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n && at + 12 < 256; i++) {
        if (phrase[i] == '*' && i + 1 < n && phrase[i + 1] == '*') {
            memcpy(text + at, " zzz zzz ", 9);
            at += i + 2 < n && phrase[i + 2] == ' ' ? 8 : 9;
            i++;
        } else if (phrase[i] == '*') {
            memcpy(text + at, "zzz", 3);
            at += 3;
        } else {
            text[at++] = phrase[i];
        }
    }
    text[at] = '\0';
}

static void check_phrase(const struct reply_row *row, const char *phrase, size_t n)
{
    char words[256], text[512];
    struct wn_plain plain;
    struct wn_classified out;
    fill_words(words, phrase, n);
    (void)snprintf(text, sizeof text, "550 5.%d.%d so %s then", row->subject, row->detail, words);
    wn_plain_make(wn_span_of(text), &plain);
    ck_assert_msg(strstr(plain.text, words) != NULL, "'%s' is not written as texts are made",
                  words);
    struct wn_reply_in in = {.text = wn_span_of(text)};
    if (row->provider != NULL) {
        in.provider = provider_of(row->provider);
    }
    wn_classify(&in, &out);
    ck_assert_msg(strcmp(out.rule, row->rule) == 0, "'%s' is taken for %s", words, out.rule);
    ck_assert_str_ne(out.sentence, "");
}

/* Every phrase of every rule is found in a text that holds it, and is hidden by none before it. */
START_TEST(reaches_every_phrase)
{
    const struct reply_row *row = &reply_rows[_i];
    for (const char *p = row->phrases; *p != '\0';) {
        size_t n = strcspn(p, "|");
        ck_assert_uint_ge(n, 4);
        check_phrase(row, p, n);
        p += n + (p[n] == '|');
    }
}
END_TEST

/* A family is there for the rules that name it, and of providers that there are. */
START_TEST(uses_every_family)
{
    bool used = false;
    for (size_t i = 0; i < sizeof reply_rows / sizeof *reply_rows && !used; i++) {
        const char *name = reply_rows[i].provider;
        used = name != NULL && strcmp(name, families[_i].family) == 0;
    }
    ck_assert_msg(used, "no rule is %s's", families[_i].family);
    ck_assert_msg(wn_provider_named(wn_span_of(families[_i].provider)) != 0,
                  "providers.def does not know %s", families[_i].provider);
}
END_TEST

/* A rule that is one provider's decides nothing elsewhere. */
START_TEST(keeps_to_the_provider)
{
    const struct reply_row *row = &reply_rows[_i];
    if (row->provider == NULL) {
        return;
    }
    char text[512];
    struct wn_classified out;
    size_t n = strcspn(row->phrases, "|");
    (void)snprintf(text, sizeof text, "550 5.0.0 so %.*s then", (int)n, row->phrases);
    static const char *const elsewhere[] = {"", "Proton"};
    for (size_t i = 0; i < 2; i++) {
        wn_classify(&(struct wn_reply_in){.text = wn_span_of(text),
                                          .provider = wn_provider_named(wn_span_of(elsewhere[i]))},
                    &out);
        ck_assert_msg(strcmp(out.rule, row->rule) != 0, "%s at '%s'", row->rule, elsewhere[i]);
    }
}
END_TEST

static const struct {
    const char *text, *provider;
    enum wn_phase phase;
} origins[] = {
#define WN_REPLY_PHASE(name, phrases) {phrases, "", WN_PHASE_##name},
#define WN_REPLY_FROM(name, phrases)  {phrases, name, WN_PHASE_unknown},
#include "data/replies.def"
    /* The host that mail software names before the reply. */
    {"host mx1.hotmail.com[192.0.2.1] said: 550 x", "Outlook.com", WN_PHASE_unknown},
    {"host aspmx.l.google.com [192.0.2.1]: 550 x", "Google Workspace", WN_PHASE_unknown},
    {"host mx.example.com said: 550 x", "", WN_PHASE_unknown},
    {"localhost gmail-smtp-in.l.google.com", "", WN_PHASE_unknown},
    {"host", "", WN_PHASE_unknown},
    {"550 x", "", WN_PHASE_unknown},
};

/* Where a reply comes from is found in every one of the words for it. */
START_TEST(finds_the_origin)
{
    char text[300];
    struct wn_classified out;
    for (const char *p = origins[_i].text; *p != '\0';) {
        size_t n = strcspn(p, "|");
        (void)snprintf(text, sizeof text, "%.*s", (int)n, p);
        wn_classify(&(struct wn_reply_in){.text = wn_span_of(text)}, &out);
        ck_assert_msg(out.phase == origins[_i].phase, "%s: %s", text, wn_phase_word(out.phase));
        ck_assert_msg(strcmp(wn_provider_name(out.provider), origins[_i].provider) == 0, "%s: %s",
                      text, wn_provider_name(out.provider));
        p += n + (p[n] == '|');
    }
}
END_TEST

/* What is known beforehand is not looked for. */
START_TEST(believes_the_caller)
{
    struct wn_classified out;
    uint32_t yahoo = wn_provider_named(WN_SPAN("yahoo"));
    struct wn_reply_in in = {
        .text = WN_SPAN("host mx1.hotmail.com[192.0.2.1] said: 550 (in reply to RCPT TO command)"),
        .provider = yahoo,
        .phase = WN_PHASE_data,
    };
    wn_classify(&in, &out);
    ck_assert_uint_eq(out.provider, yahoo);
    ck_assert_int_eq(out.phase, WN_PHASE_data);
}
END_TEST

/* The recipient's domain tells whose server it was where nothing better does. */
START_TEST(expects_the_domains_provider)
{
    struct wn_classified out;
    uint32_t au = wn_provider_named(WN_SPAN("au"));
    struct wn_reply_in in = {.text = WN_SPAN("550: : User unknown"), .expected = au};
    wn_classify(&in, &out);
    ck_assert_uint_eq(out.provider, au);
    ck_assert_str_eq(out.rule, "au.filtered");
    in.text = WN_SPAN("550 5.1.1 no such user - gsmtp");
    wn_classify(&in, &out);
    ck_assert_str_eq(wn_provider_name(out.provider), "Gmail");
}
END_TEST

/* Every category has its blame and its sentence: only the recipient and the domain may be dropped
 * for, so what blames nobody else must never suppress. */
START_TEST(blames)
{
    static const char *const words[] = {"", "recipient", "domain", "us", "network"};
    const char *blame = wn_category_blame((enum wn_category)_i);
    bool known = false;
    ck_assert_ptr_nonnull(blame);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        known = known || strcmp(words[i], blame) == 0;
    }
    ck_assert_msg(known, "%s: %s", wn_category_word((enum wn_category)_i), blame);
}
END_TEST

/* A * is one whole word: neither none nor two. The sides of a ** may be some words apart. */
static const struct {
    const char *name, *text;
    bool fits;
} word_cases[] = {
    {"one word", "550 too many received headers", true},
    {"an address", "550 too many bob@example.com headers", true},
    {"two words", "550 too many of those headers", false},
    {"no word", "550 too many headers", false},
    {"at the beginning", "too many received headers", true},
    {"at the end", "x too many received headers", true},
    {"the text ends too early", "550 too many received", false},
    {"far apart", "550 the mime part that somebody made has an error", true},
    {"too far apart",
     "550 the mime part that somebody made on a rainy day, late in november, has an error", false},
    {"the wrong way round", "550 error in a mime part", false},
};

START_TEST(matches_one_word)
{
    struct wn_classified out;
    wn_classify(&(struct wn_reply_in){.text = wn_span_of(word_cases[_i].text)}, &out);
    ck_assert_msg((out.category == WN_CATEGORY_content) == word_cases[_i].fits, "%s: %s",
                  word_cases[_i].name, out.rule);
}
END_TEST

/* Replies of many servers, and what they are about (tests/data/replies.tsv; bench/classify.py shows
 * them one by one). None that accuses the sender, the message or the network may suppress. */
START_TEST(knows_the_servers)
{
    char line[1024];
    FILE *file = fopen(WN_TEST_ROOT "/tests/data/replies.tsv", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file)); /* the header */
    size_t rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        struct wn_classified out;
        line[strcspn(line, "\n")] = '\0';
        char *category = strchr(line, '\t');
        ck_assert_msg(category != NULL, "%s", line);
        *category++ = '\0';
        char *provider = strchr(category, '\t');
        struct wn_reply_in in = {.text = wn_span_of(line)};
        if (provider != NULL) {
            *provider++ = '\0';
            in.provider = provider_of(provider);
        }
        wn_classify(&in, &out);
        ck_assert_msg(strcmp(wn_category_word(out.category), category) == 0, "%s: %s by %s", line,
                      wn_category_word(out.category), out.rule);
        const char *blame = wn_category_blame(out.category);
        bool innocent = strcmp(blame, "us") == 0 || strcmp(blame, "network") == 0;
        bool counts =
            out.action == WN_ACTION_S || out.action == WN_ACTION_S2 || out.action == WN_ACTION_N;
        ck_assert_msg(!innocent || !counts, "%s: %s", line, wn_bounce_action_word(out.action));
        rows++;
    }
    (void)fclose(file);
    ck_assert_uint_gt(rows, 600);
}
END_TEST

/* Whatever is read, the answer is one of the words, and nothing is read beyond the text. */
START_TEST(survives_anything)
{
    static const char pieces[][12] = {"550", " ",  "5.1.1",        "-", "user", "unknown", "@",
                                      "(",   "\n", "\xe2\x80\x99", "'", "4."};
    unsigned seed = 3;
    for (int round = 0; round < 5000; round++) {
        size_t n = 0, size = (size_t)rand_r(&seed) % 5000;
        char *text = malloc(size + 1);
        ck_assert_ptr_nonnull(text);
        while (n < size) {
            const char *piece = pieces[(size_t)rand_r(&seed) % (sizeof pieces / sizeof *pieces)];
            for (; *piece != '\0' && n < size; piece++) {
                text[n++] = rand_r(&seed) % 50 == 0 ? (char)rand_r(&seed) : *piece;
            }
        }
        text = realloc(text, size > 0 ? size : 1); /* so that a sanitizer sees its end */
        ck_assert_ptr_nonnull(text);
        struct wn_reply_in in = {.code = (uint16_t)rand_r(&seed),
                                 .deferred = rand_r(&seed) % 2 == 0,
                                 .phase = (enum wn_phase)(rand_r(&seed) % WN_PHASE_COUNT),
                                 .enhanced = {(uint8_t)rand_r(&seed), (uint8_t)rand_r(&seed)},
                                 .text = {text, size}};
        struct wn_classified out;
        wn_classify(&in, &out);
        ck_assert_int_lt(out.action, WN_BOUNCE_ACTION_COUNT);
        ck_assert_int_lt(out.category, WN_CATEGORY_COUNT);
        ck_assert_ptr_nonnull(out.rule);
        ck_assert_ptr_nonnull(out.sentence);
        bool early = out.phase == WN_PHASE_connect || out.phase == WN_PHASE_ehlo ||
                     out.phase == WN_PHASE_mail;
        bool counts =
            out.action == WN_ACTION_S || out.action == WN_ACTION_S2 || out.action == WN_ACTION_N;
        ck_assert(!early || !counts);
        free(text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classify");
    TCase *t = tcase_create("replies");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, classifies, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(t, finds_codes, 0, sizeof code_cases / sizeof *code_cases);
    tcase_add_loop_test(t, reaches_every_phrase, 0, sizeof reply_rows / sizeof *reply_rows);
    tcase_add_loop_test(t, keeps_to_the_provider, 0, sizeof reply_rows / sizeof *reply_rows);
    tcase_add_loop_test(t, uses_every_family, 0, sizeof families / sizeof *families);
    tcase_add_loop_test(t, finds_the_origin, 0, sizeof origins / sizeof *origins);
    tcase_add_test(t, believes_the_caller);
    tcase_add_test(t, expects_the_domains_provider);
    tcase_add_loop_test(t, blames, 0, WN_CATEGORY_COUNT);
    tcase_add_loop_test(t, matches_one_word, 0, sizeof word_cases / sizeof *word_cases);
    tcase_add_test(t, knows_the_servers);
    tcase_add_test(t, survives_anything);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
