/* SPDX-License-Identifier: MIT */
/* What is heard in step and what is ahead; all else of smtp/hello.h is in test_transport.c, with
 * libcurl and real sockets. */
#include <check.h>

#include "smtp/hello.h"
#include "support/suite.h"

enum {
    THERE = 1, /* something lies in the socket behind the line */
    KEPT = 2   /* libcurl may have read something */
};

#define AHEAD   "the server answers before it is asked"
#define GOES_ON "the server goes on talking after STARTTLS"
#define GREETING                                                                                   \
    {                                                                                              \
        "220 mx ESMTP\r\n", 1, 0                                                                   \
    }
#define OFFER                                                                                      \
    {"250-mx\r\n", 2, 0},                                                                          \
    {                                                                                              \
        "250 STARTTLS\r\n", 2, 0                                                                   \
    }

static const struct {
    const char *what;
    struct {
        const char *line;
        unsigned turn, rest;
    } heard[8];
    const char *detail; /* of the last line; NULL: all is well */
} dialogues[] = {
    {"one reply a turn", {GREETING, {"250 mx\r\n", 2, 0}}, NULL},
    {"libcurl 8 reads an answer in the turn of its command",
     {GREETING, {"250 mx\r\n", 1, 0}},
     NULL},
    {"kept, and handed over at once", {{"220 mx\r\n", 1, KEPT}, {"250 mx\r\n", 1, 0}}, AHEAD},
    {"not kept after all: the middle of a line was dropped",
     {{"220 mx\r\n", 1, KEPT}, {"250 mx\r\n", 2, 0}},
     NULL},
    {"more lines of one reply are no other reply",
     {{"220-mx\r\n", 1, KEPT | THERE}, {"220-b\r\n", 1, KEPT | THERE}, {"220 c\r\n", 1, 0}},
     NULL},
    {"in the socket already", {{"220 mx\r\n", 1, THERE}}, AHEAD},
    {"behind the answer to EHLO", {GREETING, {"250 mx\r\n", 2, THERE}}, AHEAD},
    {"behind a refused EHLO", {GREETING, {"502 what\r\n", 2, THERE}}, AHEAD},
    {"HELO's answer behind that of EHLO",
     {GREETING, {"502 what\r\n", 2, KEPT}, {"250 mx\r\n", 2, 0}},
     AHEAD},
    {"421 may come at any time", {{"220 mx\r\n", 1, KEPT}, {"421 bye\r\n", 1, 0}}, NULL},
    {"who turns us away may say more", {{"554 go away\r\n", 1, THERE | KEPT}}, NULL},
    {"behind the answer to STARTTLS", {GREETING, OFFER, {"220 go ahead\r\n", 3, THERE}}, GOES_ON},
    {"kept behind the answer to STARTTLS",
     {GREETING, OFFER, {"220 go ahead\r\n", 3, KEPT}, {"250 mx\r\n", 3, 0}},
     GOES_ON},
    {"behind a refused STARTTLS", {GREETING, OFFER, {"454 not now\r\n", 3, THERE}}, AHEAD},
    {"under TLS", {GREETING, OFFER, {"220 go ahead\r\n", 3, 0}, {"250 mx\r\n", 3, 0}}, NULL},
};

START_TEST(is_in_step)
{
    struct wn_hello h = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < 8 && dialogues[_i].heard[i].line != NULL; i++) {
        struct wn_hello_rest rest = {.there = (dialogues[_i].heard[i].rest & THERE) != 0,
                                     .kept = (dialogues[_i].heard[i].rest & KEPT) != 0,
                                     .turn = dialogues[_i].heard[i].turn};
        ok = wn_hello_hear(&h, wn_span_of(dialogues[_i].heard[i].line), &rest);
        bool last = i == 7 || dialogues[_i].heard[i + 1].line == NULL;
        ck_assert_msg(ok || last, "%s: line %zu: %s", dialogues[_i].what, i, h.detail);
    }
    ck_assert_msg(ok == (dialogues[_i].detail == NULL), "%s", dialogues[_i].what);
    if (!ok) {
        ck_assert_str_eq(h.detail, dialogues[_i].detail);
        /* And nothing means anything any more. */
        ck_assert(!wn_hello_hear(&h, WN_SPAN("250 mx\r\n"), &(struct wn_hello_rest){.turn = 99}));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hello");
    TCase *t = tcase_create("hello");
    tcase_add_loop_test(t, is_in_step, 0, sizeof dialogues / sizeof *dialogues);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
