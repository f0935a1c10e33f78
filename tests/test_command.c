/* SPDX-License-Identifier: MIT */
/* The four commands, and that nothing which comes out of a list can end a line or a bracket. */
#include <check.h>
#include <stdlib.h>

#include "smtp/command.h"
#include "support/suite.h"

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A250 A64 A64 A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name;
    int verb;
    struct wn_span address;
    bool utf8;
    const char *line; /* NULL: refused */
} cases[] = {
    {"mail", WN_SMTP_MAIL, {"probe@sender.example", 20}, false, "MAIL FROM:<probe@sender.example>"},
    {"mail, SMTPUTF8", WN_SMTP_MAIL, {"p@s.example", 11}, true, "MAIL FROM:<p@s.example> SMTPUTF8"},
    {"rcpt", WN_SMTP_RCPT, {"bob@x.example", 13}, false, "RCPT TO:<bob@x.example>"},
    {"rcpt after SMTPUTF8", WN_SMTP_RCPT, {"bob@x.example", 13}, true, "RCPT TO:<bob@x.example>"},
    {"postmaster alone", WN_SMTP_RCPT, {"postmaster", 10}, false, "RCPT TO:<postmaster>"},
    {"rset", WN_SMTP_RSET, {"", 0}, false, "RSET"},
    {"quit", WN_SMTP_QUIT, {NULL, 0}, false, "QUIT"},
    {"quoted", WN_SMTP_RCPT, {"\"a b<>\"@x.de", 12}, false, "RCPT TO:<\"a b<>\"@x.de>"},
    {"quoted pair", WN_SMTP_RCPT, {"\"a\\\" b\"@x.de", 12}, false, "RCPT TO:<\"a\\\" b\"@x.de>"},
    {"utf-8", WN_SMTP_RCPT, {"j\xc3\xb6@x.de", 8}, true, "RCPT TO:<j\xc3\xb6@x.de>"},
    {"utf-8 sender",
     WN_SMTP_MAIL,
     {"\xc3\xb6@x.de", 7},
     true,
     "MAIL FROM:<\xc3\xb6@x.de> SMTPUTF8"},
    {"no such verb", WN_SMTP_VERB_COUNT, {"", 0}, false, NULL},
    {"DATA is none", 17, {"", 0}, false, NULL},
    {"a verb below all", -1, {"", 0}, false, NULL},
    {"rset with an address", WN_SMTP_RSET, {"a@x.de", 6}, false, NULL},
    {"quit with an address", WN_SMTP_QUIT, {"a@x.de", 6}, false, NULL},
    {"no sender", WN_SMTP_MAIL, {"", 0}, false, NULL},
    {"no recipient", WN_SMTP_RCPT, {"", 0}, false, NULL},
    {"LF", WN_SMTP_RCPT, {"a@x.de\nDATA", 11}, false, NULL},
    {"CR LF", WN_SMTP_RCPT, {"a@x.de>\r\nDATA\r\n", 15}, false, NULL},
    {"CR in a quoted string", WN_SMTP_RCPT, {"\"a\rb\"@x.de", 10}, false, NULL},
    {"LF in a quoted pair", WN_SMTP_RCPT, {"\"a\\\nb\"@x.de", 11}, false, NULL},
    {"NUL", WN_SMTP_RCPT, {"a\0b@x.de", 8}, false, NULL},
    {"DEL", WN_SMTP_RCPT, {"a\x7f@x.de", 7}, false, NULL},
    {"tab", WN_SMTP_MAIL, {"a\tb@x.de", 8}, false, NULL},
    {"a control character of two octets", WN_SMTP_RCPT, {"a\xc2\x85@x.de", 8}, true, NULL},
    {"blank", WN_SMTP_RCPT, {"a b@x.de", 8}, false, NULL},
    {"a parameter", WN_SMTP_RCPT, {"a@x.de> NOTIFY=NEVER", 20}, false, NULL},
    {"opening bracket", WN_SMTP_RCPT, {"<a@x.de", 7}, false, NULL},
    {"an open string", WN_SMTP_RCPT, {"\"a b@x.de", 9}, false, NULL},
    {"a string that ends in a backslash", WN_SMTP_RCPT, {"\"a\\", 3}, false, NULL},
    {"a quote that is quoted closes nothing", WN_SMTP_RCPT, {"\"a\\\"@x.de", 9}, false, NULL},
    {"utf-8 without SMTPUTF8", WN_SMTP_RCPT, {"j\xc3\xb6@x.de", 8}, false, NULL},
    {"utf-8 sender without SMTPUTF8", WN_SMTP_MAIL, {"\xc3\xb6@x.de", 7}, false, NULL},
    {"no utf-8", WN_SMTP_RCPT, {"j\xf6@x.de", 7}, true, NULL},
    {"half a character", WN_SMTP_RCPT, {"a@x.d\xc3", 6}, true, NULL},
    {"320 octets",
     WN_SMTP_RCPT,
     {A64 "@" A250 ".a.de", 320},
     false,
     "RCPT TO:<" A64 "@" A250 ".a.de>"},
    {"321 octets", WN_SMTP_RCPT, {A64 "@" A250 ".aa.de", 321}, false, NULL},
};

START_TEST(writes)
{
    struct wn_buf out = {0}, wanted = {0};
    wn_buf_add_text(&out, "before|");
    wn_buf_add_text(&wanted, "before|");
    bool said = wn_smtp_command_write(&(struct wn_smtp_command){(enum wn_smtp_verb)cases[_i].verb,
                                                                cases[_i].address, cases[_i].utf8},
                                      &out);
    if (cases[_i].line != NULL) {
        wn_buf_addf(&wanted, "%s\r\n", cases[_i].line);
    }
    ck_assert_msg(said == (cases[_i].line != NULL), "%s", cases[_i].name);
    ck_assert_msg(wn_span_equal(wn_buf_span(&out), wn_buf_span(&wanted)), "%s: %s", cases[_i].name,
                  wn_buf_text(&out));
    wn_buf_release(&out);
    wn_buf_release(&wanted);
}
END_TEST

/* Whatever the octets of an address: one line, and one of four words in front of it. */
START_TEST(writes_one_line)
{
    static const char letters[] = "ab\"\\<> \r\n\t@.\xc3\xb6\xc2\x85\0DATA";
    unsigned seed = 5;
    struct wn_buf out = {0};
    size_t said = 0;
    for (int round = 0; round < 200000; round++) {
        char address[12];
        size_t n = (size_t)rand_r(&seed) % sizeof address;
        for (size_t i = 0; i < n; i++) {
            address[i] = letters[(size_t)rand_r(&seed) % (sizeof letters - 1)];
        }
        wn_buf_clear(&out);
        struct wn_smtp_command c = {
            (enum wn_smtp_verb)(rand_r(&seed) % 8), {address, n}, rand_r(&seed) % 2 == 0};
        if (!wn_smtp_command_write(&c, &out)) {
            ck_assert_uint_eq(out.len, 0);
            continue;
        }
        said++;
        const char *line = wn_buf_text(&out);
        ck_assert_uint_eq(strcspn(line, "\r\n") + 2, out.len);
        ck_assert_str_eq(line + out.len - 2, "\r\n");
        ck_assert(strncmp(line, "MAIL FROM:<", 11) == 0 || strncmp(line, "RCPT TO:<", 9) == 0 ||
                  strcmp(line, "RSET\r\n") == 0 || strcmp(line, "QUIT\r\n") == 0);
    }
    ck_assert_uint_gt(said, 5000);
    wn_buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *t = tcase_create("command");
    tcase_add_loop_test(t, writes, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, writes_one_line);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
