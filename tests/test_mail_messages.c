/* SPDX-License-Identifier: MIT */
/* Whole messages, one a file of tests/data/mail, and what is read from each: the recipient, what
 * happened, the status beside the reply, the phase, the host, the message, the time, the reply. The
 * quoted original of most names wrong@example.org and a code, which must never come back. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bounce/mail/mail.h"
#include "support/suite.h"

/* 2026-11-21T00:00:00Z */
#define NOW INT64_C(1795219200)

static struct wn_mail_reader *reader;
static struct wn_arena arena;
static struct wn_mail_notices notices;
static struct wn_buf shown;

static void setup(void)
{
    reader = wn_mail_reader_new();
    notices = (struct wn_mail_notices){.arena = &arena};
}

static void teardown(void)
{
    wn_mail_reader_free(reader);
    wn_arena_release(&arena);
    wn_buf_release(&shown);
    shown = (struct wn_buf){0};
}

static void show_field(struct wn_span s)
{
    wn_buf_add_char(&shown, ' ');
    if (s.n > 0) {
        wn_buf_add_span(&shown, s);
    } else {
        wn_buf_add_char(&shown, '-');
    }
}

static void show_notice(const struct wn_notice *n)
{
    char at[WN_TIME_TEXT];
    if (n->fault != WN_NOTICE_OK) {
        wn_buf_addf(&shown, "%s\n", wn_notice_fault_sentence(n->fault));
        return;
    }
    wn_time_format(n->at, at);
    wn_buf_add_span(&shown, n->recipient);
    wn_buf_addf(&shown, " %s %u.%u.%u %s", wn_event_kind_word(n->kind), n->reply.enhanced[0],
                n->reply.enhanced[1], n->reply.enhanced_detail, wn_phase_word(n->reply.phase));
    show_field(n->remote);
    show_field(n->message_id);
    wn_buf_addf(&shown, " %s |", at);
    show_field(n->reply.text);
    wn_buf_add_char(&shown, '\n');
}

static const char *read_bytes(struct wn_span bytes)
{
    const struct wn_mail_place place = {.line = 1, .length = bytes.n, .now = NOW};
    wn_buf_clear(&shown);
    wn_mail_read(reader, bytes, &place, &notices);
    for (size_t i = 0; i < notices.count; i++) {
        show_notice(&notices.list[i]);
    }
    return wn_buf_text(&shown);
}

static struct wn_buf read_file(const char *name)
{
    char path[512];
    struct wn_buf bytes = {0};
    (void)snprintf(path, sizeof path, "%s/tests/data/mail/%s.eml", WN_TEST_ROOT, name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s cannot be opened", path);
    bytes.len = fread(wn_buf_room(&bytes, 1 << 20), 1, 1 << 20, f);
    ck_assert_int_eq(fclose(f), 0);
    return bytes;
}

#define NO_BOUNCE  "no bounce: an auto-reply or another message\n"
#define UNREADABLE "looks like a bounce, and nothing can be read from it\n"

static const struct {
    const char *file, *what, *want;
} samples[] = {
    {"arf-auth-failure", "a machine's word, no complaint", NO_BOUNCE},
    {"arf-jmrp", "Microsoft's: the original alone",
     "bob@hotmail.com complaint 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | -\n"},
    {"arf-not-spam", "somebody took it out of the spam folder", NO_BOUNCE},
    {"arf-opt-out", "Removal-Recipient",
     "bob@example.com unsubscribe 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | -\n"},
    {"arf-original-to", "the only To of the original",
     "bob@example.com complaint 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | -\n"},
    {"arf-redacted", "nobody is named", UNREADABLE},
    {"arf-two", "two Original-Rcpt-To",
     "bob@example.com complaint 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | -\n"
     "carol@example.com complaint 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | -\n"},
    {"bounce-unreadable", "a mail system, and nobody named", UNREADABLE},
    {"dsn-base64", "an encoded status, garbage beside it",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example - 2026-11-02T10:00:00Z | -\n"},
    {"dsn-bounce-of-a-bounce", "the returned bounce has status fields too",
     "bob@example.com bounce 5.2.2 unknown mx.sender.example outer@sender.example "
     "2026-11-02T10:00:00Z | 552 5.2.2 full\n"},
    {"dsn-cut-off", "it ends in the middle of the reply",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example - 2026-11-02T10:00:00Z | 550 5.1.1\n"},
    {"dsn-date-1970", "the next best date",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:05Z | -\n"},
    {"dsn-date-2100", "the next best date",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:05Z | -\n"},
    {"dsn-date-missing", "the next best date",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:05Z | -\n"},
    {"dsn-delayed", "Action: delayed",
     "bob@example.com deferred 4.4.1 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:00Z | connect to mx.example.com[192.0.2.9]:25: Connection timed out\n"},
    {"dsn-delivered", "Action: relayed, delivered", NO_BOUNCE},
    {"dsn-hostile-bytes", "NUL, an escape sequence, no UTF-8",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:00Z | 550 5.1.1 a b\xc3\xbe"
     " [31mc\n"},
    {"dsn-in-text", "a gateway that writes the fields as text",
     "bob@example.com bounce 5.1.1 unknown gw.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "550 5.1.1 unknown\n"},
    {"dsn-lost-boundary", "the declared boundary never comes",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:00Z | -\n"},
    {"dsn-no-diagnostic", "the transcript has what the fields have not",
     "bob@example.com bounce 5.1.1 rcpt mx.sender.example n1@sender.example 2026-11-02T10:00:00Z | "
     "550 No such user here 550 <bob@example.com>... User unknown\n"
     "carol@example.com bounce 5.5.0 unknown mx.sender.example n1@sender.example "
     "2026-11-02T10:00:00Z | mail.local: mailbox is full: carol 554 <carol@example.com>... Service "
     "unavailable\n"},
    {"dsn-no-recipient", "fields that name nobody", UNREADABLE},
    {"dsn-original-recipient", "a list knows what was written to",
     "alias@example.com bounce 5.2.2 unknown mx.forward.example n1@sender.example "
     "2026-11-02T10:00:00Z | 552 5.2.2 Mailbox full\n"},
    {"dsn-postfix", "Status 5.0.0, a precise reply on two lines, the phase in the text; CRLF",
     "bob@example.com bounce 5.0.0 rcpt mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "550 5.1.1 <bob@example.com>: Recipient address rejected: User unknown\n"},
    {"dsn-two-at-data", "no empty line between groups; phases; a queue id for a message id",
     "bob@example.com bounce 5.1.1 data mx.sender.example 4F2AA2 2026-11-02T10:00:00Z | 554 5.1.1 "
     "no\n"
     "carol@example.com bounce 5.7.1 connect mx.sender.example 4F2AA2 2026-11-02T09:30:00Z | 554 "
     "5.7.1 your address is listed\n"},
    {"dsn-ezweb", "au's own sentence over the reply it quotes",
     "bob@ezweb.ne.jp bounce 5.0.0 rcpt mx.sender.example n1@sender.example 2026-11-02T10:00:00Z | "
     "The user(s) account is disabled.\n"},
    {"dsn-sendmail-data", "a refused DATA used to have no phase",
     "bob@example.com bounce 5.2.0 data mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "550-No such\n"},
    {"dsn-sendmail-pipelined", "below DATA, the answer to RCPT",
     "bob@example.com bounce 5.1.1 unknown mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "550 No such user\n"},
    {"dsn-sendmail-refused", "the same, and a verdict that names nobody",
     "bob@example.com bounce 5.7.13 unknown mx.example.com n1@sender.example 2026-11-02T10:00:00Z "
     "| 525 5.7.13 disabled\n"},
    {"dsn-sendmail-mail", "a refused MAIL used to count against the recipient",
     "bob@example.com bounce 5.1.0 mail mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "550 5.1.0 unknown user\n"},
    {"forwarded-quoted", "a bounce sent on by a person used to say nothing",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example - 2026-11-02T07:59:00Z | 550 5.1.1 "
     "<bob@example.com>... User unknown\n"},
    {"forwarded-inline", "the same; it used to name our own address",
     "bob@example.com bounce 5.1.1 unknown mx.sender.example - 2026-11-02T07:59:00Z | 550 5.1.1 "
     "<bob@example.com>... User unknown\n"},
    {"notification-sns", "an event by mail, in a line cut by Sendmail",
     "bob@example.com bounce 5.1.1 unknown - ses-1 2026-11-02T09:59:30Z | smtp; 550 5.1.1 user "
     "unknown\n"},
    {"no-bounce-forwarded", "a bounce sent on under another subject", NO_BOUNCE},
    {"no-bounce-json", "JSON that is no event", NO_BOUNCE},
    {"style-fml", "a list manager's loop",
     "neko@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | Duplicated Message-ID in "
     "<neko@example.com>.\n"},
    {"no-bounce-person", "a person quotes a bounce", NO_BOUNCE},
    {"no-bounce-receipt", "a read receipt has a Final-Recipient", NO_BOUNCE},
    {"no-bounce-vacation", "null sender, and an address in the text", NO_BOUNCE},
    {"no-bounce-vacation-german", "known by its subject", NO_BOUNCE},
    {"original-to-only", "named by the original alone",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | User "
     "unknown\n"},
    {"style-courier", "Courier",
     "bob@example.com bounce 0.0.0 rcpt - - 2026-11-02T10:00:00Z | mx.example.com [192.0.2.9]: >>> "
     "RCPT TO:<bob@example.com> <<< 550 5.1.1 no such user\n"},
    {"style-domino-japanese", "Notes, in ISO-2022-JP",
     "bob@example.co.jp bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | "
     "\xe3\x83\x87\xe3\x82\xa3\xe3\x83\xac\xe3\x82\xaf\xe3\x83\x88\xe3\x83\xaa\xe3\x81\xae\xe3\x83"
     "\xaa\xe3\x82\xb9\xe3\x83\x88\xe3\x81\xab\xe3\x81\x82\xe3\x82\x8a\xe3\x81\xbe\xe3\x81\x9b\xe3"
     "\x82\x93"
     "\n"},
    {"style-dragonfly", "DragonFly Mail Agent",
     "bob@example.com bounce 0.0.0 rcpt - n1@sender.example 2026-11-02T10:00:00Z | mx.example.com "
     "[192.0.2.9] did not like our RCPT TO: 550 5.1.1 <bob@example.com>: unknown\n"},
    {"style-exchange-2003", "Exchange 2003",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | on Mon, 2 Nov 2026 10:00:00 "
     "-0000 The recipient name is not recognized The MTS-ID of the original message is: c=us;a= "
     ";p=x;l=SERVER1 MSEXCH:IMS:Example:SITE:SERVER 0 (000C05A6) Unknown Recipient\n"},
    {"style-exchange-html", "Office 365, HTML alone",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | Remote "
     "Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'\n"},
    {"style-exim", "Exim: an address in a reply, one that was forwarded",
     "bob@example.com bounce 0.0.0 rcpt mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "host mx.example.com [192.0.2.9] SMTP error from remote mail server after RCPT "
     "TO:<bob@example.com>: 550 5.1.1 <bob@example.com>: no such user, ask <carol@example.com>\n"
     "list@example.com bounce 0.0.0 data - n1@sender.example 2026-11-02T10:00:00Z | (generated "
     "from list@example.com) SMTP error from remote mail server after end of data: 552 5.2.2 "
     "full\n"},
    {"style-exim-delay", "Exim's warning",
     "bob@example.com deferred 0.0.0 mail mx.example.com 1kSH9d-0005pw-05 2026-11-02T10:00:00Z | "
     "host mx.example.com [192.0.2.9] Delay reason: SMTP error from remote mail server after MAIL "
     "FROM:<news@sender.example> SIZE=1024: 451 4.7.1 try again\n"},
    {"style-exim-pipe", "Exim: X-Failed-Recipients alone",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | save to "
     "/var/mail/bob mailbox is full: retry timeout exceeded\n"},
    {"style-ezweb", "ezweb",
     "bob@ezweb.ne.jp bounce 0.0.0 rcpt - - 2026-11-02T10:00:00Z | 550 <bob@ezweb.ne.jp>: User "
     "unknown\n"},
    {"style-gmail", "Gmail before it wrote DSNs",
     "bob@example.com bounce 0.0.0 rcpt - n1@sender.example 2026-11-02T10:00:00Z | 550 5.1.1 "
     "unknown (state 14).\n"},
    {"style-gmx", "GMX",
     "bob@example.com bounce 0.0.0 rcpt mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "SMTP error from remote server after RCPT command: host: mx.example.com 5.1.1 no such user\n"},
    {"style-google-groups", "Google Groups",
     "team@googlegroups.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | Hello "
     "news@sender.example, We're writing to let you know that the group you tried to contact "
     "(team) may not exist, or you may not have permission to post messages to the group. If you "
     "have questions related to this or any other Google Group, visit the Help Center at "
     "https://groups.google.com/support/.\n"},
    {"style-imail", "IMail",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | User mailbox "
     "exceeds allowed size: bob@example.com\n"},
    {"style-james", "Apache James",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | 550 - Requested action not "
     "taken: no such user here\n"},
    {"style-kddi", "KDDI",
     "bob@example.ne.jp bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | As their mailbox is "
     "full.\n"},
    {"style-mail-ru", "mail.ru",
     "bob@example.com bounce 0.0.0 rcpt mx.example.com n1@sender.example 2026-11-02T10:00:00Z | "
     "SMTP error from remote mail server after RCPT TO:<bob@example.com>: host mx.example.com "
     "[192.0.2.9]: 550 5.1.1 unknown\n"},
    {"style-mailmarshal", "MailMarshal: the reply first",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | 550 5.1.1 User unknown\n"},
    {"style-mfilter", "m-FILTER, which names the command",
     "bob@example.com bounce 0.0.0 rcpt - n1@sender.example 2026-11-02T10:00:00Z | 552 5.2.2 "
     "mailbox full\n"},
    {"style-opensmtpd", "OpenSMTPD",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | 550 5.1.1 no "
     "such user\n"
     "carol@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | Network "
     "error on destination MXs\n"},
    {"style-qmail", "qmail, two phases",
     "bob@example.com bounce 0.0.0 rcpt - n1@sender.example 2026-11-02T10:00:00Z | 192.0.2.9 does "
     "not like recipient. Remote host said: 550 5.1.1 no such user Giving up on 192.0.2.9.\n"
     "carol@example.com bounce 0.0.0 data - n1@sender.example 2026-11-02T10:00:00Z | 192.0.2.9 "
     "failed after I sent the message. Remote host said: 554 message refused\n"},
    {"style-sendmail-v5", "Sendmail 5: a transcript alone",
     "bob@example.com bounce 0.0.0 rcpt - n1@sender.example 2026-11-02T10:00:00Z | 550 "
     "<bob@example.com>, User Unknown 550 <bob@example.com>... User unknown\n"
     "carol@example.net bounce 0.0.0 mail - n1@sender.example 2026-11-02T10:00:00Z | 550 Insecure "
     "Mail Relay 554 <carol@example.net>... Remote protocol error\n"},
    {"style-t-online", "T-Online",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | unknown "
     "host\n"},
    {"style-trend", "InterScan: the reply first",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | 550 5.1.1 "
     "<bob@example.com>... user unknown\n"},
    {"style-unknown", "a style nobody knows",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | did not arrive: 550 5.1.1 "
     "there is nobody of that name\n"},
    {"style-unknown-sentence", "the only address in a sentence",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | Dear news@sender.example, "
     "the mailbox of bob@example.com is full.\n"},
    {"style-x6", "a gateway",
     "bob@example.com bounce 0.0.0 rcpt - - 2026-11-02T10:00:00Z | (Error following RCPT command). "
     "It responded as follows: [550 5.1.1 User unknown]\n"},
    {"style-yahoo", "Yahoo",
     "bob@example.com bounce 0.0.0 rcpt - n1@sender.example 2026-11-02T10:00:00Z | Remote host "
     "said: 550 5.1.1 unknown [RCPT_TO]\n"},
    {"style-zoho", "Zoho",
     "bob@example.com bounce 0.0.0 unknown - n1@sender.example 2026-11-02T10:00:00Z | Invalid "
     "Address, ERROR_CODE :550, ERROR_CODE :5.1.1 no such user\n"},
    {"unsubscribe-apple", "Apple Mail's unsubscribe message",
     "bob@icloud.com unsubscribe 0.0.0 unknown - - 2026-11-02T10:00:00Z | -\n"},
    {"verp-batv-srs", "VERP in BATV in SRS",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | Your message could not be "
     "delivered.\n"},
    {"verp-only", "VERP",
     "bob@example.com bounce 0.0.0 unknown - - 2026-11-02T10:00:00Z | Your message could not be "
     "delivered. 550 5.1.1 user unknown\n"}};

START_TEST(test_samples)
{
    struct wn_buf bytes = read_file(samples[_i].file);
    const char *got = read_bytes(wn_buf_span(&bytes));
    ck_assert_msg(strcmp(got, samples[_i].want) == 0, "%s (%s): got\n%swanted\n%s",
                  samples[_i].file, samples[_i].what, got, samples[_i].want);
    wn_buf_release(&bytes);
}
END_TEST

/* Wherever a message ends, what is read of it is read without a word of the original. */
START_TEST(test_truncated_anywhere)
{
    struct wn_buf bytes = read_file(samples[_i].file);
    for (size_t n = 0; n <= bytes.len; n += 1 + n / 40) {
        char *copy = wn_malloc(n + 1); /* so that a read beyond it is seen */
        memcpy(copy, bytes.p, n);
        notices.count = 0;
        const char *got = read_bytes((struct wn_span){copy, n});
        ck_assert_msg(strstr(got, "wrong@") == NULL, "%s cut at %zu: %s", samples[_i].file, n, got);
        free(copy);
    }
    wn_buf_release(&bytes);
}
END_TEST

static void add_header(struct wn_buf *b, const char *type)
{
    wn_buf_addf(b,
                "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Undelivered\n"
                "Date: Mon, 02 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: %s\n\n",
                type);
}

START_TEST(test_ten_thousand_recipients)
{
    struct wn_buf b = {0};
    add_header(&b, "multipart/report; boundary=b");
    wn_buf_add_text(&b, "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n");
    for (int i = 0; i < 10000; i++) {
        wn_buf_addf(
            &b, "\nFinal-Recipient: rfc822; r%d@example.com\nAction: failed\nStatus: 5.1.1\n", i);
    }
    wn_buf_add_text(&b, "\n--b--\n");
    (void)read_bytes(wn_buf_span(&b));
    ck_assert_uint_eq(notices.count, 10000);
    ck_assert(wn_span_equal(notices.list[9999].recipient, WN_SPAN("r9999@example.com")));
    wn_buf_release(&b);
}
END_TEST

/* GMime follows a thousand levels and compares each line with every open boundary: a megabyte took
 * most of a second. */
START_TEST(test_nested_deep)
{
    struct wn_buf b = {0};
    add_header(&b, "multipart/mixed; boundary=b0");
    for (int i = 0; i < 20000; i++) {
        wn_buf_addf(&b, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i + 1);
    }
    wn_buf_add_text(&b, "\nbob@example.com: 550 5.1.1 unknown\n");
    ck_assert_str_ne(read_bytes(wn_buf_span(&b)), "");
    ck_assert_uint_eq(notices.count, 1);
    wn_buf_release(&b);
}
END_TEST

START_TEST(test_many_parts)
{
    struct wn_buf b = {0};
    add_header(&b, "multipart/report; boundary=b");
    for (int i = 0; i < 100000; i++) {
        wn_buf_add_text(&b, "--b\n\nx\n");
    }
    ck_assert_str_eq(read_bytes(wn_buf_span(&b)), UNREADABLE);
    wn_buf_release(&b);
}
END_TEST

/* A large attachment before the end changes nothing. */
START_TEST(test_attachment)
{
    struct wn_buf b = {0};
    add_header(&b, "multipart/report; boundary=b");
    wn_buf_add_text(&b, "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; "
                        "bob@example.com\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: "
                        "image/png\nContent-Transfer-Encoding: base64\n\n");
    for (int i = 0; i < 200000; i++) {
        wn_buf_add_text(&b, "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk\n");
    }
    ck_assert_str_eq(read_bytes(wn_buf_span(&b)),
                     "bob@example.com bounce 5.1.1 unknown - - 2026-11-02T10:00:00Z | -\n");
    wn_buf_release(&b);
}
END_TEST

START_TEST(test_not_a_message)
{
    ck_assert_str_eq(read_bytes(WN_SPAN("")), NO_BOUNCE);
    notices.count = 0;
    ck_assert_str_eq(read_bytes(WN_SPAN("\n\n\n")), NO_BOUNCE);
    notices.count = 0;
    ck_assert_str_eq(read_bytes(WN_SPAN("\0\0\0\n\0")), NO_BOUNCE);
}
END_TEST

int main(void)
{
    int count = sizeof samples / sizeof *samples;
    Suite *suite = suite_create("mail_messages");
    TCase *c = tcase_create("messages");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 300);
    tcase_add_loop_test(c, test_samples, 0, count);
    tcase_add_loop_test(c, test_truncated_anywhere, 0, count);
    tcase_add_test(c, test_ten_thousand_recipients);
    tcase_add_test(c, test_nested_deep);
    tcase_add_test(c, test_many_parts);
    tcase_add_test(c, test_attachment);
    tcase_add_test(c, test_not_a_message);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
