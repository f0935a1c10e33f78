/* SPDX-License-Identifier: MIT */
/* The corpus, tests/data/addresses.tsv: what each address is read as, and that every production of
 * the grammar has addresses that follow it and addresses that break it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/address.h"
#include "support/suite.h"
#include "verdict/decide.h"

#ifndef WN_TEST_ROOT
#define WN_TEST_ROOT "."
#endif

enum {
    CASES_AT_LEAST = 1000
};

/* Sections that must be there: how their titles begin. */
static const char *const titles[] = {
    "RFC 5321 4.1.2: Mailbox = ",
    "RFC 5321 4.1.2: Local-part = ",
    "RFC 5321 4.1.2: Dot-string = ",
    "RFC 5321 4.1.2: Atom = ",
    "RFC 5321 4.1.2: Quoted-string = ",
    "RFC 5321 4.1.2: QcontentSMTP = ",
    "RFC 5321 4.1.2: quoted-pairSMTP = ",
    "RFC 5321 4.1.2: qtextSMTP = ",
    "RFC 5321 4.1.2: Domain = ",
    "RFC 5321 4.1.2: sub-domain = ",
    "RFC 5321 4.1.2: Let-dig = ",
    "RFC 5321 4.1.2: Ldh-str = ",
    "RFC 5321 4.1.2: address-literal = ",
    "RFC 5321 4.1.3: IPv4-address-literal = ",
    "RFC 5321 4.1.3: Snum = ",
    "RFC 5321 4.1.3: IPv6-address-literal = ",
    "RFC 5321 4.1.3: IPv6-hex = ",
    "RFC 5321 4.1.3: IPv6-full = ",
    "RFC 5321 4.1.3: IPv6-comp = ",
    "RFC 5321 4.1.3: IPv6v4-full = ",
    "RFC 5321 4.1.3: IPv6v4-comp = ",
    "RFC 5321 4.1.2: General-address-literal = ",
    "RFC 5321 4.5.3.1: ",
    "RFC 3696 section 2: ",
    "RFC 3696 section 3 as printed, with erratum 246 ",
    "RFC 3696 erratum 1690: ",
    "RFC 6531 3.3: atext =/ UTF8-non-ascii, qtextSMTP =/ UTF8-non-ascii",
    "RFC 3629: UTF8-2 = ",
    "RFC 3629: UTF8-3 = ",
    "RFC 3629: UTF8-4 = ",
    "RFC 5890 2.3.1: LDH labels, NR-LDH labels",
    "RFC 5890 2.3.1: R-LDH labels",
    "RFC 5890 2.3.1: fake A-labels",
    "RFC 5890 2.3.2.1: A-labels",
    "RFC 5890 2.3.2.1: U-labels",
};

enum {
    TITLES = sizeof titles / sizeof *titles
};

enum field {
    INPUT,
    OPTIONS,
    RESULT,
    REASON,
    POSITION,
    NORMAL_FORM,
    FLAGS,
    COMMENT,
    FIELDS
};

/* What was seen so far. */
struct progress {
    char title[200]; /* of the section; "" where it need not hold both kinds */
    bool follows, breaks;
    bool titles[TITLES];
    bool faults[WN_FAULT_COUNT];
    int line, cases;
};

/* Replaces \xNN in place; the length that is left. */
static size_t unescape(char *text)
{
    size_t n = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] == '\\' && text[i + 1] == 'x') {
            char digits[3] = {text[i + 2], text[i + 3], '\0'};
            text[n++] = (char)strtol(digits, NULL, 16);
            i += 3;
        } else {
            text[n++] = text[i];
        }
    }
    return n;
}

/* What was read, as the fields from the result to the flags. */
static const char *describe(const struct wn_address *a, struct wn_buf *out)
{
    struct wn_policy policy;
    struct wn_verdict verdict;
    const char *semicolon = "";

    ck_assert_int_eq(wn_policy_init(&policy, "balanced", NULL), WN_OK);
    wn_decide(&(struct wn_case){.fault = a->fault, .flags = a->flags}, &policy, &verdict);
    wn_buf_addf(out, "%s\t%s\t", wn_result_word(verdict.result), wn_reason_word(verdict.reason));
    if (a->fault != WN_FAULT_none) {
        wn_buf_add_number(out, a->fault_at);
    } else {
        wn_buf_add_text(out, "-");
    }
    wn_buf_addf(out, "\t%.*s\t", (int)a->length, a->text);
    for (unsigned bit = 0; bit < WN_FLAG_COUNT; bit++) {
        if (a->flags & 1U << bit) {
            wn_buf_addf(out, "%s%s", semicolon, wn_flag_word((enum wn_flag_bit)bit));
            semicolon = ";";
        }
    }
    wn_buf_add_text(out, a->flags != 0 ? "" : "-");
    return wn_buf_text(out);
}

static unsigned options_of(const char *letters)
{
    static const unsigned options[] = {['-'] = 0,
                                       ['E'] = WN_ADDRESS_EXACT,
                                       ['L'] = WN_ADDRESS_ALLOW_LITERALS,
                                       ['O'] = WN_ADDRESS_OFFLINE};
    ck_assert_msg(strlen(letters) == 1 && strchr("-ELO", letters[0]) != NULL, "no such option: %s",
                  letters);
    return options[(unsigned char)letters[0]];
}

static void read_case(char *line, struct progress *p)
{
    char *field[FIELDS];
    struct wn_buf want = {0};
    struct wn_buf got = {0};
    struct wn_address a;

    for (int i = 0; i < FIELDS; i++) {
        field[i] = strsep(&line, "\t");
        ck_assert_msg(field[i] != NULL, "line %d: too few fields", p->line);
    }
    ck_assert_msg(line == NULL && field[COMMENT][0] != '\0', "line %d: its fields", p->line);
    unsigned options = options_of(field[OPTIONS]);
    bool itself = strcmp(field[NORMAL_FORM], "=") == 0;
    size_t n = unescape(field[INPUT]);
    size_t normal = strcmp(field[NORMAL_FORM], "-") == 0 ? 0 : unescape(field[NORMAL_FORM]);
    /* A block of exactly the right size, so that reading on is seen. */
    char *exact = malloc(n > 0 ? n : 1);
    memcpy(exact, field[INPUT], n);
    struct wn_span cell = {exact, n};
    wn_address_read(cell, options, &a);
    wn_buf_addf(&want, "%s\t%s\t%s\t%.*s\t%s", field[RESULT], field[REASON], field[POSITION],
                (int)(itself ? n : normal), itself ? exact : field[NORMAL_FORM], field[FLAGS]);
    ck_assert_msg(strcmp(wn_buf_text(&want), describe(&a, &got)) == 0,
                  "line %d (%s): want %s, got %s", p->line, field[COMMENT], want.p, got.p);
    wn_buf_release(&want);
    wn_buf_release(&got);
    assert_sound(cell, options, &a);
    if (!(options & WN_ADDRESS_EXACT) && n > 0) {
        assert_same_on_slow_road(cell, options, &a);
    }
    p->follows = p->follows || a.length > 0;
    p->breaks = p->breaks || a.length == 0;
    p->faults[a.fault] = true;
    p->cases++;
    free(exact);
}

/* Ends a section and begins the next, or none (""). */
static void begin_section(struct progress *p, const char *title)
{
    ck_assert_msg(p->title[0] == '\0' || p->follows, "nothing follows %s", p->title);
    ck_assert_msg(p->title[0] == '\0' || p->breaks, "nothing breaks %s", p->title);
    snprintf(p->title, sizeof p->title, "%s", title);
    p->follows = p->breaks = false;
    for (size_t i = 0; i < TITLES; i++) {
        p->titles[i] = p->titles[i] || strncmp(title, titles[i], strlen(titles[i])) == 0;
    }
}

START_TEST(corpus)
{
    struct progress p = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n = 0;
    FILE *file = fopen(WN_TEST_ROOT "/tests/data/addresses.tsv", "r");

    ck_assert_ptr_nonnull(file);
    while ((n = getline(&line, &room, file)) > 0) {
        p.line++;
        ck_assert_int_eq(line[n - 1], '\n');
        line[n - 1] = '\0';
        if (strncmp(line, "## ", 3) == 0) {
            begin_section(&p, line + 3);
        } else if (strncmp(line, "# -- ", 5) == 0) {
            begin_section(&p, "");
        } else if (strncmp(line, "# ", 2) != 0) {
            read_case(line, &p);
        }
    }
    begin_section(&p, "");
    ck_assert_int_ge(p.cases, CASES_AT_LEAST);
    for (size_t i = 0; i < TITLES; i++) {
        ck_assert_msg(p.titles[i], "no section begins with: %s", titles[i]);
    }
    for (unsigned i = WN_FAULT_none + 1; i < WN_FAULT_COUNT; i++) {
        ck_assert_msg(p.faults[i], "no case reaches %s", wn_fault_word((enum wn_fault)i));
    }
    free(line);
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("corpus");
    TCase *tc = tcase_create("corpus");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, corpus);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
