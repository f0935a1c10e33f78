/* SPDX-License-Identifier: MIT */
/* The small things in messages: fields, dates, addresses, envelopes, where an original begins, HTML
 * and character sets. */
#include <check.h>

#include "bounce/mail/mail.h"
#include "bounce/mail/readers.h"
#include "support/suite.h"

static struct wn_arena arena;

static void teardown(void)
{
    wn_arena_release(&arena);
}

static void check_span(struct wn_span got, const char *want, const char *what)
{
    ck_assert_msg(wn_span_equal(got, wn_span_of(want)), "%s: got '%.*s', wanted '%s'", what,
                  (int)got.n, got.p != NULL ? got.p : "", want);
}

START_TEST(test_fields)
{
    struct wn_span rest =
        WN_SPAN("A: one\r\nB :two\r\n\tfolded\r\n  more\r\nno field\r\nC:\r\n\r\nD: x");
    struct wn_field field;
    ck_assert(wn_field_next(&rest, &field));
    check_span(field.name, "A", "first name");
    check_span(wn_field_unfold(field.value, &arena), "one", "first value");
    ck_assert(wn_field_next(&rest, &field));
    check_span(field.name, "B", "a blank before the colon");
    check_span(wn_field_unfold(field.value, &arena), "two folded more", "folded");
    ck_assert(wn_field_next(&rest, &field));
    check_span(field.name, "C", "behind what is no field");
    check_span(wn_field_unfold(field.value, &arena), "", "empty");
    ck_assert_msg(!wn_field_next(&rest, &field), "an empty line ends the header");
    ck_assert(wn_field_next(&rest, &field));
    check_span(field.name, "D", "behind the empty line");
    ck_assert(!wn_field_next(&rest, &field));
}
END_TEST

START_TEST(test_long_field_is_cut)
{
    struct wn_buf b = {0};
    for (int i = 0; i < 100000; i++) {
        wn_buf_add_text(&b, "a\n ");
    }
    ck_assert_uint_le(wn_field_unfold(wn_buf_span(&b), &arena).n, WN_FIELD_MAX);
    wn_buf_release(&b);
}
END_TEST

START_TEST(test_encoded_words)
{
    check_span(wn_field_decode(WN_SPAN(" =?utf-8?Q?R=C3=A9ponse?= auto "), &arena),
               "R\xc3\xa9ponse auto", "quoted-printable");
    check_span(wn_field_decode(WN_SPAN("=?utf-8?B?!!!"), &arena), "=?utf-8?B?!!!", "broken");
}
END_TEST

static const struct {
    const char *text;
    int64_t want; /* 0: none */
} dates[] = {
    {"Mon, 02 Nov 2026 10:00:00 +0000", INT64_C(1793613600)},
    {"Mon, 2 Nov 2026 12:00:00 +0200 (EET)", INT64_C(1793613600)},
    {"2 Nov 2026 05:00 -0500", INT64_C(1793613600)},
    {"Mon, 2 Nov 26 10:00:00 GMT", INT64_C(1793613600)},
    {"Mon, 2 Nov 2026 05:00:00 EST", INT64_C(1793613600)},
    {"Mon, 2 Nov 2026 19:00:00 JST", INT64_C(1793613600)},
    {"Mon Nov  2 10:00:00 2026", INT64_C(1793613600)},
    {"Mon Nov  2 10:00:00 UTC 2026", INT64_C(1793613600)},
    {"02-Nov-2026 10:00:00", INT64_C(1793613600)},
    {"2026-11-02 10:00:00 +0000", INT64_C(1793613600)},
    {"Mon, (a (nested) comment) 2 Nov 2026 10:00:00 +0000", INT64_C(1793613600)},
    {"Thu, 29 Apr 99 23:34:45 +0900", INT64_C(925396485)},
    {"Thu, 01 Jan 1970 00:00:01 +0000", 1},
    {"Mon, 29 Feb 2024 00:00:00 +0000", INT64_C(1709164800)},
    {"Mon, 02 Nov 2026", 0},
    {"10:00:00", 0},
    {"Mon, 32 Nov 2026 10:00:00 +0000", 0},
    {"Mon, 02 Nov 2026 25:00:00 +0000", 0},
    {"Mon, 02 Foo 2026 10:00:00 +0000", 0},
    {"99999999999 Nov 2026 10:00:00", 0},
    {"((((((((((((((((((", 0},
    {"-1-1-1-1-1-1 1-1-1-1-1-1", 0},
    {"", 0},
};

START_TEST(test_dates)
{
    int64_t at = 0;
    bool found = wn_mail_date(wn_span_of(dates[_i].text), &at);
    ck_assert_msg(found == (dates[_i].want != 0) && (!found || at == dates[_i].want),
                  "'%s': got %lld, wanted %lld", dates[_i].text, (long long)at,
                  (long long)dates[_i].want);
}
END_TEST

static const struct {
    const char *text, *address, *behind; /* address NULL: none */
} addresses[] = {
    {"bob@example.com", "bob@example.com", ""},
    {"Bob <bob@example.com> (x)", "bob@example.com", " (x)"},
    {"rfc822;bob+tag@sub.example.com;", "bob+tag@sub.example.com", ";"},
    {"to bob@example.com.", "bob@example.com", "."},
    {"'bob@example.com'", "bob@example.com", ""},
    {"\"bob smith\"@example.com", "\"bob smith\"@example.com", ""},
    {"bob@[192.0.2.1] x", "bob@[192.0.2.1]", " x"},
    {"@ @x a@b bob@example.com", "bob@example.com", ""},
    {"b\xc3\xb6"
     "b@ex\xc3\xa4mple.de",
     "b\xc3\xb6"
     "b@ex\xc3\xa4mple.de",
     ""},
    {"bob@localhost", NULL, ""},
    {"@example.com", NULL, ""},
    {"bob@", NULL, ""},
    {"", NULL, ""},
};

START_TEST(test_addresses)
{
    struct wn_span address, behind;
    bool found = wn_mail_address(wn_span_of(addresses[_i].text), &address, &behind);
    ck_assert_msg(found == (addresses[_i].address != NULL), "'%s'", addresses[_i].text);
    if (found) {
        check_span(address, addresses[_i].address, addresses[_i].text);
        check_span(behind, addresses[_i].behind, addresses[_i].text);
    }
}
END_TEST

static const struct {
    const char *line, *address; /* address NULL: does not open with one */
} openings[] = {
    {"bob@example.com", "bob@example.com"},
    {"  <bob@example.com>:", "bob@example.com"},
    {"   * bob@example.com", "bob@example.com"},
    {"\"bob@example.com\": x", "bob@example.com"},
    {"\"bob smith\"@example.com: x", "\"bob smith\"@example.com"},
    {"bob@example.com<mailto:bob@example.com>", "bob@example.com"},
    {"bob@example.com... unknown", "bob@example.com"},
    {"bob@example.com on Monday", "bob@example.com"},
    {">>> bob@example.com <bob@example.com>", "bob@example.com"},
    {"Dear bob@example.com", NULL},
    {"host: bob@example.com", NULL},
    {"bob@example.com/path", NULL},
};

START_TEST(test_openings)
{
    struct wn_span address, behind;
    bool found = wn_opens_with_address(wn_span_of(openings[_i].line), &address, &behind);
    ck_assert_msg(found == (openings[_i].address != NULL), "'%s'", openings[_i].line);
    if (found) {
        check_span(address, openings[_i].address, openings[_i].line);
    }
}
END_TEST

static const struct {
    const char *name, *address, *want; /* want NULL: tells no recipient */
} envelopes[] = {
    {"VERP with a plus", "bounces+bob=example.com@list.example", "bob@example.com"},
    {"the recipient has a plus", "bounces+bob+news=example.com@list.example",
     "bob+news@example.com"},
    {"a tag of the sender's before it", "<b+17-x+bob=example.com@list.example>",
     "17-x+bob@example.com"},
    {"hyphens", "bounces-bob=example.com@list.example", "bob@example.com"},
    {"numbers and hyphens", "bounce-123-4567-bob=example.com@list.example", "bob@example.com"},
    {"a hyphen of the recipient's own", "bounces-bob-smith=example.com@list.example",
     "bob-smith@example.com"},
    {"ezmlm", "news-return-12-bob=example.com@list.example", "bob@example.com"},
    {"Mailman", "news-bounces-bob=example.com@list.example", "bob@example.com"},
    {"BATV around it", "prvs=1234567890=bounces+bob=example.com@list.example", "bob@example.com"},
    {"Barracuda's BATV", "btv1==123abc==bounces+bob=example.com@list.example", "bob@example.com"},
    {"SRS0", "SRS0=abcd=ef=list.example=bounces+bob=example.com@forward.example",
     "bob@example.com"},
    {"SRS0 with a plus", "SRS0+abcd=ef=list.example=bounces+bob=example.com@forward.example",
     "bob@example.com"},
    {"SRS1", "SRS1=gh=one.example==abcd=ef=list.example=bounces+bob=example.com@two.example",
     "bob@example.com"},
    {"SRS around BATV",
     "SRS0=abcd=ef=list.example=prvs=1234567890=bounces+bob=example.com@forward.example",
     "bob@example.com"},
    {"BATV of our own address", "prvs=1234567890=news@sender.example", NULL},
    {"SRS of our own address", "SRS0=abcd=ef=sender.example=news@forward.example", NULL},
    {"an opaque VERP", "bounces+8f3a2c-bob@list.example", NULL},
    {"an equals sign in a name", "a=b@sender.example", NULL},
    {"a word before the hyphen that may be a name", "bob-jones=example.com@list.example", NULL},
    {"no domain", "bounces+bob=localhost@list.example", NULL},
    {"an empty SRS", "SRS0=@x.example", NULL},
    {"SRS without end", "SRS1=a==@x.example", NULL},
    {"only equals signs", "=====@x.example", NULL},
    {"none", "", NULL},
};

START_TEST(test_envelopes)
{
    struct wn_span recipient;
    bool found = wn_envelope_decode(wn_span_of(envelopes[_i].address), &arena, &recipient);
    ck_assert_msg(found == (envelopes[_i].want != NULL), "%s: '%.*s'", envelopes[_i].name,
                  found ? (int)recipient.n : 0, found ? recipient.p : "");
    if (found) {
        check_span(recipient, envelopes[_i].want, envelopes[_i].name);
    }
}
END_TEST

static const struct {
    const char *text, *left, *returned;
} cuts[] = {
    {"a\n--- Below this line is a copy of the message.\n\nX: y\n", "a\n", "\nX: y\n"},
    {"a\n------ This is a copy of the message, including all the headers. ------\nX: y", "a\n",
     "X: y"},
    {"a\n   ----- Original message -----\nX", "a\n", "X"},
    {"a\nOriginal message follows.\nX", "a\n", "X"},
    {"a\n\nReceived: by x\n", "a\n\n", "Received: by x\n"},
    {"a\n=====\nReturn-Path: <>\n", "a\n=====\n", "Return-Path: <>\n"},
    {"The original message was received at Mon\nb", "The original message was received at Mon\nb",
     ""},
    {"the reason\nReceived: in between\n", "the reason\nReceived: in between\n", ""},
    {"the original message is 5 MB long", "the original message is 5 MB long", ""},
    {"", "", ""},
};

START_TEST(test_cuts)
{
    struct wn_span text = wn_span_of(cuts[_i].text);
    struct wn_span returned = wn_returned_cut(&text);
    check_span(text, cuts[_i].left, cuts[_i].text);
    check_span(returned, cuts[_i].returned, cuts[_i].text);
}
END_TEST

static const struct {
    const char *name, *html, *want;
} pages[] = {
    {"lines", "a<br>b<p>c</p>d", "a\nb\nc\nd"},
    {"entities", "&lt;bob&#64;example.com&gt; &amp; &unknown;", "<bob@example.com> & &unknown;"},
    {"hidden", "a<style>b@c.d</style><script>x</script><!-- y -->e", "ae"},
    {"style without end", "a<style>b", "a"},
    {"tag without end", "a<b", "a"},
    {"comment without end", "a<!-- b", "a"},
};

START_TEST(test_html)
{
    check_span(wn_html_text(wn_span_of(pages[_i].html), &arena), pages[_i].want, pages[_i].name);
}
END_TEST

START_TEST(test_charsets)
{
    check_span(wn_utf8_text(WN_SPAN("f\xfcr"), "iso-8859-1", &arena), "f\xc3\xbcr", "Latin-1");
    check_span(wn_utf8_text(WN_SPAN("f\xfcr"), "x-nobody-knows", &arena), "f\xc3\xbcr", "unknown");
    check_span(wn_utf8_text(WN_SPAN("f\xfcr"), "utf-8", &arena), "f?r", "declared wrongly");
    check_span(wn_utf8_text(WN_SPAN("\x1b$B$\"\x1b(B"), NULL, &arena), "\xe3\x81\x82", "ISO 2022");
    check_span(wn_utf8_text(WN_SPAN("f\xc3\xbcr"), "iso-8859-1", &arena), "f\xc3\xbcr",
               "is UTF-8, whatever is declared");
}
END_TEST

START_TEST(test_reply_lines)
{
    check_span(wn_reply_line(WN_SPAN(": \n  550 a\r\n\t b\x01 c\xff \n"), &arena), "550 a b c?",
               "cleaned");
    struct wn_buf b = {0};
    for (int i = 0; i < 1000; i++) {
        wn_buf_add_text(&b, "\xe3\x81\x82 ");
    }
    struct wn_span line = wn_reply_line(wn_buf_span(&b), &arena);
    ck_assert_uint_le(line.n, WN_DIAGNOSTIC_MAX);
    ck_assert_uint_eq(line.n % 4, 3); /* ends with a whole character */
    /* One byte more than an event may have came out of a text without blanks. */
    wn_buf_clear(&b);
    memset(wn_buf_room(&b, 5000), 'x', 5000);
    b.len = 5000;
    ck_assert_uint_eq(wn_reply_line(wn_buf_span(&b), &arena).n, WN_DIAGNOSTIC_MAX);
    wn_buf_release(&b);
}
END_TEST

static const struct {
    const char *name, *text;
    size_t want;
} from_lines[] = {
    {"asctime", "From bob@example.com Mon Nov  2 10:00:00 2026\nX: y\n", 46},
    {"a null sender", "From MAILER-DAEMON Mon Nov  2 10:00:00 2026\nX: y\n", 44},
    {"a zone", "From x@y Mon Nov  2 10:00:00 2026 +0100\nX: y\n", 40},
    {"a quoted one follows", "From x@y Mon Nov  2 10:00:00 2026\n>From y\nX: y\n", 34},
    {"a sentence", "From here on nothing is as it was in 2026\nX: y\n", 0},
    {"no header behind it", "From x@y Mon Nov  2 10:00:00 2026\nHello\n", 0},
    {"quoted", ">From x@y Mon Nov  2 10:00:00 2026\nX: y\n", 0},
    {"no line end", "From x@y Mon Nov  2 10:00:00 2026", 0},
    {"no date", "From x@y\nX: y\n", 0},
};

START_TEST(test_from_lines)
{
    int64_t posted;
    ck_assert_uint_eq(wn_mbox_from_line(wn_span_of(from_lines[_i].text), &posted),
                      from_lines[_i].want);
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(c, test, 0, sizeof(table) / sizeof *(table))

int main(void)
{
    Suite *suite = suite_create("mail_fields");
    TCase *c = tcase_create("fields");
    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_test(c, test_fields);
    tcase_add_test(c, test_long_field_is_cut);
    tcase_add_test(c, test_encoded_words);
    LOOP(test_dates, dates);
    LOOP(test_addresses, addresses);
    LOOP(test_openings, openings);
    LOOP(test_envelopes, envelopes);
    LOOP(test_cuts, cuts);
    LOOP(test_html, pages);
    tcase_add_test(c, test_charsets);
    tcase_add_test(c, test_reply_lines);
    LOOP(test_from_lines, from_lines);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
