/* SPDX-License-Identifier: MIT */
/* What needs no server: URLs of mailboxes, mailboxes' names as IMAP writes them, FETCH responses.
 * The rest is tested end to end (tests/e2e/test_fetch.py). */
#include <check.h>

#include "bounce/imap/fetched.h"
#include "bounce/imap/url.h"
#include "support/suite.h"

static const struct {
    const char *text;
    const char *host, *user, *mailbox; /* host NULL: it is refused */
    const char *shown;
    bool tls, loopback;
} urls[] = {
    {"imaps://joe@mail.example.org/INBOX", "mail.example.org:993", "joe", "INBOX",
     "imaps://joe@mail.example.org:993/INBOX", true, false},
    {"imap://joe%40example.org@Mail.Example.ORG:1143/Old/2026%20x", "mail.example.org:1143",
     "joe@example.org", "Old/2026 x", "imap://joe%40example.org@mail.example.org:1143/Old/2026 x",
     false, false},
    {"imaps://joe@mail.example.org", "mail.example.org:993", "joe", "INBOX",
     "imaps://joe@mail.example.org:993/INBOX", true, false},
    {"imaps://joe@mail.example.org/inbox/", "mail.example.org:993", "joe", "INBOX",
     "imaps://joe@mail.example.org:993/INBOX", true, false},
    {"imap://joe@[::1]/Zur%C3%BCck", "[::1]:143", "joe", "Zurück", "imap://joe@[::1]:143/Zurück",
     false, true},
    {"imap://joe@localhost/", "localhost:143", "joe", "INBOX", "imap://joe@localhost:143/INBOX",
     false, true},
    {"imap://joe@127.0.0.1:99/", "127.0.0.1:99", "joe", "INBOX", "imap://joe@127.0.0.1:99/INBOX",
     false, true},
    {.text = "imap://joe@127.0.0.1.example.org/",
     .host = "127.0.0.1.example.org:143",
     .user = "joe",
     .mailbox = "INBOX",
     .shown = "imap://joe@127.0.0.1.example.org:143/INBOX"},
    {.text = "imaps://joe:secret@mail.example.org/INBOX"},
    {.text = "imaps://joe:@mail.example.org/INBOX;UID=3"},
    {.text = "imaps://joe;AUTH=PLAIN@mail.example.org/INBOX"},
    {.text = "imaps://joe@example.org@mail.example.org/INBOX"},
    {.text = "imaps://mail.example.org/INBOX"},
    {.text = "imaps://@mail.example.org/INBOX"},
    {.text = "pop3://joe@mail.example.org/"},
    {.text = "https://joe@mail.example.org/"},
    {.text = "imaps:joe@mail.example.org"},
    {.text = "imaps://joe@/INBOX"},
    {.text = "imaps://joe@mail.example.org/IN%00BOX"},
    {.text = "imaps://joe@mail.example.org/IN%0aBOX"},
    {.text = "imaps://joe@mail.example.org/%c3"},
    {.text = "imaps://joe@mail.example.org/INBOX?x"},
    {.text = "imaps://joe@mail.example.org/INBOX#x"},
    {.text = "imaps://jo%0d%0ae@mail.example.org/INBOX"},
    {.text = ""},
};

START_TEST(reads_a_url)
{
    struct wn_imap_url url = {0};
    struct wn_error err = {0};
    int status = wn_imap_url_read(urls[_i].text, &url, &err);
    if (urls[_i].host == NULL) {
        ck_assert_msg(status == WN_E_USAGE, "%s", urls[_i].text);
        ck_assert_ptr_null(strstr(err.text, "secret"));
    } else {
        ck_assert_msg(status == WN_OK, "%s: %s", urls[_i].text, err.text);
        ck_assert_str_eq(url.host.p, urls[_i].host);
        ck_assert_str_eq(url.user.p, urls[_i].user);
        ck_assert_str_eq(url.mailbox.p, urls[_i].mailbox);
        ck_assert_str_eq(url.shown.p, urls[_i].shown);
        ck_assert_int_eq(url.tls, urls[_i].tls);
        ck_assert_int_eq(url.loopback, urls[_i].loopback);
    }
    wn_imap_url_release(&url);
}
END_TEST

static const struct {
    const char *name;
    const char *written; /* NULL: it is refused */
} names[] = {
    {"INBOX", "\"INBOX\""},
    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
    {"Tom & Jerry", "\"Tom &- Jerry\""},
    /* The examples of RFC 3501, 5.1.3. */
    {"~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""},
    {"Zurück", "\"Zur&APw-ck\""},
    {"😀", "\"&2D3eAA-\""},
    {"a\r\nb", NULL},
    {"\x7f", NULL},
    {"\xff", NULL},
    {"", NULL},
};

START_TEST(writes_a_mailbox)
{
    struct wn_buf out = {0};
    bool ok = wn_imap_add_mailbox(&out, wn_span_of(names[_i].name));
    ck_assert_int_eq(ok, names[_i].written != NULL);
    if (ok) {
        ck_assert_str_eq(wn_buf_text(&out), names[_i].written);
    }
    wn_buf_release(&out);
}
END_TEST

static const struct {
    const char *line;
    bool ok;
    uint32_t uid, size;
    bool has_body;
    const char *body;
} responses[] = {
    {"* 5 FETCH (UID 12 RFC822.SIZE 1234)", true, 12, 1234, false, ""},
    {"* 5 fetch (rfc822.size 99999999999 uid 4294967295)", true, UINT32_MAX, UINT32_MAX, false, ""},
    {"* 5 FETCH (UID 12 BODY[]<0> {310})", true, 12, 0, true, ""},
    {"* 5 FETCH (BODY[] {310} UID 12)", true, 12, 0, true, ""},
    {"* 5 FETCH (UID 12 BODY[] \"a \\\"b) UID 9\")", true, 12, 0, true, "a \\\"b) UID 9"},
    {"* 5 FETCH (UID 12 BODY[] \"\")", true, 12, 0, true, ""},
    {"* 5 FETCH (UID 12 BODY[] NIL)", true, 12, 0, false, ""},
    {"* 5 FETCH (FLAGS (\\Seen (\"x)\")) UID 12  )", true, 12, 0, false, ""},
    {"* 5 FETCH (BODY[HEADER.FIELDS (TO)] {3} UID 12)", true, 12, 0, false, ""},
    {"* 5 FETCH ()", true, 0, 0, false, ""},
    {.line = "* 5 EXPUNGE"},
    {.line = "* FETCH (UID 12)"},
    {.line = "* 5 FETCH (UID 12"},
    {.line = "* 5 FETCH (UID 0)"},
    {.line = "* 5 FETCH (UID 4294967296)"},
    {.line = "* 5 FETCH (UID 12 UID 13)"},
    {.line = "* 5 FETCH (UID -1)"},
    {.line = "* 5 FETCH (BODY[] {1} BODY[] {1} UID 3)"},
    {.line = "* 5 FETCH (UID 12 BODY[] \"no end)"},
    {.line = "* 5 FETCH (UID 12 FLAGS (no end)"},
    {.line = "* 5 FETCH (UID )"},
    {.line = "* 5 FETCH (UID"},
    {.line = ""},
};

START_TEST(reads_a_response)
{
    struct wn_imap_fetched f;
    bool ok = wn_imap_read_fetched(wn_span_of(responses[_i].line), &f);
    ck_assert_msg(ok == responses[_i].ok, "%s", responses[_i].line);
    if (ok) {
        ck_assert_uint_eq(f.uid, responses[_i].uid);
        ck_assert_uint_eq(f.size, responses[_i].size);
        ck_assert_int_eq(f.has_body, responses[_i].has_body);
        ck_assert(wn_span_equal(f.body, wn_span_of(responses[_i].body)));
    }
}
END_TEST

static const struct {
    const char *line;
    bool announces, body;
    uint32_t octets;
} announcements[] = {
    {"* 5 FETCH (UID 12 BODY[]<0> {310}", true, true, 310},
    {"* 5 FETCH (BODY[] {4294967295}", true, true, UINT32_MAX},
    {"* 5 FETCH (UID 12 BODY[HEADER] {310}", true, false, 310},
    {"* LIST () \"/\" {0}", true, false, 0},
    {"{7}", true, false, 7},
    {"* 5 FETCH (BODY[] {4294967296}", false, false, 0},
    {"* 5 FETCH (BODY[] {}", false, false, 0},
    {"* 5 FETCH (BODY[] {-1}", false, false, 0},
    {"* 5 FETCH (BODY[] 3}", false, false, 0},
    {"* 5 FETCH (BODY[] {310} UID 12)", false, false, 0},
    {"}", false, false, 0},
    {"", false, false, 0},
};

START_TEST(knows_a_literal)
{
    uint32_t octets = 0;
    bool body = false;
    bool announces = wn_imap_announces(wn_span_of(announcements[_i].line), &octets, &body);
    ck_assert_msg(announces == announcements[_i].announces, "%s", announcements[_i].line);
    ck_assert_int_eq(body, announcements[_i].body);
    ck_assert_uint_eq(octets, announcements[_i].octets);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("imap");
    TCase *t = tcase_create("imap");
    tcase_add_loop_test(t, reads_a_url, 0, sizeof urls / sizeof *urls);
    tcase_add_loop_test(t, writes_a_mailbox, 0, sizeof names / sizeof *names);
    tcase_add_loop_test(t, reads_a_response, 0, sizeof responses / sizeof *responses);
    tcase_add_loop_test(t, knows_a_literal, 0, sizeof announcements / sizeof *announcements);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
