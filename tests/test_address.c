/* SPDX-License-Identifier: MIT */
/* The address parser: a corpus of cases in tests/data/addresses.tsv, the lengths at their
 * boundaries, and what must hold for any input at all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/address.h"
#include "base/str.h"

#ifndef WN_TEST_ROOT
#define WN_TEST_ROOT "."
#endif

static struct wn_address read_text(const char *text, unsigned options)
{
    struct wn_address a;
    wn_address_read(wn_span_of(text), options, &a);
    return a;
}

static void add_times(struct wn_buf *out, const char *piece, size_t times)
{
    for (; times > 0; times--) {
        wn_buf_add_text(out, piece);
    }
}

/* What must hold whatever was read. */
static void assert_sound(struct wn_span cell, unsigned options, const struct wn_address *a)
{
    char key[sizeof a->text];
    char again[sizeof a->text];
    struct wn_address b;

    ck_assert_uint_lt(a->fault, WN_FAULT_COUNT);
    ck_assert_uint_le(a->fault_at, cell.n);
    ck_assert_uint_le((size_t)a->cell_at + a->cell_length, cell.n);
    if (a->fault == WN_FAULT_none) {
        ck_assert_uint_gt(a->length, 0);
        ck_assert_uint_eq(a->fault_at, 0);
    }
    ck_assert(!a->verbatim || wn_span_equal(cell, wn_address_text(a)));
    if (a->length == 0) {
        ck_assert_uint_eq(a->local_length, 0);
        return;
    }
    ck_assert_uint_le(a->local_length, WN_LOCAL_MAX);
    ck_assert_uint_le(a->length, WN_ADDRESS_MAX);
    ck_assert_int_eq(a->text[a->local_length], '@');
    /* The normal form is its own normal form, in a cell and alone. */
    unsigned trimmed = WN_FLAG_trimmed | WN_FLAG_extracted;
    for (unsigned exact = 0; exact <= WN_ADDRESS_EXACT; exact += WN_ADDRESS_EXACT) {
        wn_address_read(wn_address_text(a), (options & ~(unsigned)WN_ADDRESS_EXACT) | exact, &b);
        ck_assert_uint_eq(a->fault, b.fault);
        ck_assert(wn_span_equal(wn_address_text(a), wn_address_text(&b)));
        ck_assert_uint_eq(a->flags & ~trimmed, b.flags);
        ck_assert(b.verbatim);
    }
    size_t n = wn_address_key(a, key);
    ck_assert_uint_le(n, sizeof key);
    memcpy(b.text, key, n);
    b.length = (uint16_t)n;
    b.local_length = (uint16_t)(n - (a->length - (size_t)a->local_length));
    b.flags = a->flags;
    ck_assert_uint_eq(wn_address_key(&b, again), n);
    ck_assert_mem_eq(key, again, n);
}

/* --- the corpus ---------------------------------------------------------------------------------
 */

enum {
    FIELDS = 5,
    LINES_AT_LEAST = 400
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

static const char *describe(const struct wn_address *a, struct wn_buf *out)
{
    const char *comma = "";
    wn_buf_add_text(out, a->fault != WN_FAULT_none ? wn_fault_word(a->fault) : "ok");
    if (a->fault != WN_FAULT_none) {
        wn_buf_addf(out, "@%u", a->fault_at);
    }
    wn_buf_addf(out, " %.*s ", (int)a->length, a->text);
    for (unsigned bit = 0; bit < WN_FLAG_COUNT; bit++) {
        if (a->flags & 1U << bit) {
            wn_buf_addf(out, "%s%s", comma, wn_flag_word((enum wn_flag_bit)bit));
            comma = ";";
        }
    }
    wn_buf_add_text(out, a->flags != 0 ? "" : "-");
    return wn_buf_text(out);
}

static unsigned option_of(char letter)
{
    switch (letter) {
    case 'E':
        return WN_ADDRESS_EXACT;
    case 'L':
        return WN_ADDRESS_ALLOW_LITERALS;
    case 'O':
        return WN_ADDRESS_OFFLINE;
    default:
        ck_abort_msg("no such option");
    }
}

/* A blank in front leads past the fast path and may change nothing else. */
static void assert_same_on_slow_road(struct wn_span cell, unsigned options,
                                     const struct wn_address *a)
{
    struct wn_address b;
    char *padded = malloc(cell.n + 1);
    padded[0] = ' ';
    memcpy(padded + 1, cell.p, cell.n);
    wn_address_read((struct wn_span){padded, cell.n + 1}, options, &b);
    ck_assert_uint_eq(b.fault, a->fault);
    ck_assert_uint_eq(b.flags, a->flags | WN_FLAG_trimmed);
    ck_assert(wn_span_equal(wn_address_text(a), wn_address_text(&b)));
    ck_assert_uint_eq(b.local_length, a->local_length);
    ck_assert_uint_eq(b.fault_at, a->fault != WN_FAULT_none ? a->fault_at + 1 : 0);
    free(padded);
}

static void read_case(char *line, int number, bool reached[WN_FAULT_COUNT])
{
    char *field[FIELDS];
    struct wn_buf want = {0};
    struct wn_buf got = {0};
    unsigned options = 0;
    struct wn_address a;

    for (int i = 0; i < FIELDS; i++) {
        field[i] = strsep(&line, "\t");
        ck_assert_msg(field[i] != NULL, "line %d: too few fields", number);
    }
    bool itself = strcmp(field[2], "=") == 0;
    size_t n = unescape(field[0]);
    size_t normal = strcmp(field[2], "-") == 0 ? 0 : unescape(field[2]);
    if (field[1][1] == ':') {
        options = option_of(field[1][0]);
        field[1] += 2;
    }
    /* A block of exactly the right size, so that reading on is seen. */
    char *exact = malloc(n > 0 ? n : 1);
    memcpy(exact, field[0], n);
    struct wn_span cell = {exact, n};
    wn_address_read(cell, options, &a);
    wn_buf_addf(&want, "%s %.*s %s", field[1], (int)(itself ? n : normal),
                itself ? exact : field[2], field[3]);
    ck_assert_msg(strcmp(wn_buf_text(&want), describe(&a, &got)) == 0,
                  "line %d (%s): want %s, got %s", number, field[4], want.p, got.p);
    wn_buf_release(&want);
    wn_buf_release(&got);
    assert_sound(cell, options, &a);
    if (!(options & WN_ADDRESS_EXACT) && n > 0) {
        assert_same_on_slow_road(cell, options, &a);
    }
    reached[a.fault] = true;
    free(exact);
}

START_TEST(corpus)
{
    bool reached[WN_FAULT_COUNT] = {false};
    char *line = NULL;
    size_t room = 0;
    ssize_t n = 0;
    int number = 0;
    int cases = 0;
    FILE *file = fopen(WN_TEST_ROOT "/tests/data/addresses.tsv", "r");

    ck_assert_ptr_nonnull(file);
    while ((n = getline(&line, &room, file)) > 0) {
        number++;
        if (strncmp(line, "# ", 2) == 0) {
            continue;
        }
        ck_assert_int_eq(line[n - 1], '\n');
        line[n - 1] = '\0';
        read_case(line, number, reached);
        cases++;
    }
    ck_assert_int_ge(cases, LINES_AT_LEAST);
    for (unsigned i = WN_FAULT_none + 1; i < WN_FAULT_COUNT; i++) {
        ck_assert_msg(reached[i], "no case reaches %s", wn_fault_word((enum wn_fault)i));
    }
    free(line);
    fclose(file);
}
END_TEST

/* --- lengths ------------------------------------------------------------------------------------
 */

/* One octet inside, one outside. */
static const struct {
    const char *name;
    size_t local;
    size_t labels[6]; /* of letters, in front of a last label "org" */
    const char *fault;
    uint32_t fault_at;
} lengths[] = {
    {.name = "local part of 64", .local = 64, .labels = {1}},
    {.name = "local part of 65",
     .local = 65,
     .labels = {1},
     .fault = "syntax_local_too_long",
     .fault_at = 64},
    {.name = "label of 63", .local = 1, .labels = {63}},
    {.name = "label of 64",
     .local = 1,
     .labels = {64},
     .fault = "syntax_label_too_long",
     .fault_at = 65},
    {.name = "second label of 63", .local = 1, .labels = {2, 63}},
    {.name = "second label of 64",
     .local = 1,
     .labels = {2, 64},
     .fault = "syntax_label_too_long",
     .fault_at = 68},
    {.name = "domain of 252, path of 254", .local = 1, .labels = {63, 63, 63, 56}},
    {.name = "domain of 253, path of 255",
     .local = 1,
     .labels = {63, 63, 63, 57},
     .fault = "syntax_too_long",
     .fault_at = 254},
    {.name = "domain of 254",
     .local = 1,
     .labels = {63, 63, 63, 58},
     .fault = "syntax_domain_too_long",
     .fault_at = 255},
    {.name = "path of 254, local part of 64", .local = 64, .labels = {63, 63, 57}},
    {.name = "path of 255, local part of 64",
     .local = 64,
     .labels = {63, 63, 58},
     .fault = "syntax_too_long",
     .fault_at = 254},
    {.name = "cell of 64", .local = 30, .labels = {29}},
    {.name = "cell of 65", .local = 31, .labels = {29}},
    {.name = "everything too long",
     .local = 65,
     .labels = {64, 63, 63, 63},
     .fault = "syntax_local_too_long",
     .fault_at = 64},
};

START_TEST(length_at_its_boundary)
{
    struct wn_buf text = {0};
    add_times(&text, "a", lengths[_i].local);
    wn_buf_add_text(&text, "@");
    for (size_t i = 0; i < 6 && lengths[_i].labels[i] > 0; i++) {
        add_times(&text, "b", lengths[_i].labels[i]);
        wn_buf_add_text(&text, ".");
    }
    wn_buf_add_text(&text, "org");
    struct wn_address a = read_text(wn_buf_text(&text), 0);
    wn_buf_release(&text);
    ck_assert_msg(strcmp(wn_fault_word(a.fault), lengths[_i].fault ? lengths[_i].fault : "") == 0,
                  "%s: %s", lengths[_i].name, wn_fault_word(a.fault));
    ck_assert_msg(a.fault_at == lengths[_i].fault_at, "%s: at %u", lengths[_i].name, a.fault_at);
}
END_TEST

/* --- words, options, keys -----------------------------------------------------------------------
 */

START_TEST(words)
{
    ck_assert_str_eq(wn_fault_word(WN_FAULT_none), "");
    ck_assert_str_eq(wn_fault_sentence(WN_FAULT_none), "");
    ck_assert_str_eq(wn_fault_word(WN_FAULT_syntax_dot), "syntax_dot");
    for (unsigned i = WN_FAULT_none + 1; i < WN_FAULT_COUNT; i++) {
        ck_assert_uint_gt(strlen(wn_fault_sentence((enum wn_fault)i)), 10);
    }
    for (unsigned bit = 1; bit < WN_FLAG_COUNT; bit++) {
        ck_assert_str_lt(wn_flag_word((enum wn_flag_bit)(bit - 1)),
                         wn_flag_word((enum wn_flag_bit)bit));
    }
}
END_TEST

static const struct {
    const char *name, *domain;
    unsigned options;
    enum wn_fault fault;
} domains[] = {
    {.name = "plain", .domain = "x.org"},
    {.name = "reserved", .domain = "example.com", .fault = WN_FAULT_reserved_domain},
    {.name = "below a reserved one", .domain = "a.b.test", .fault = WN_FAULT_reserved_domain},
    {.name = "longer than a reserved one", .domain = "myexample.com"},
    {.name = "unknown, but DNS will be asked", .domain = "x.con"},
    {.name = "unknown",
     .domain = "x.con",
     .options = WN_ADDRESS_OFFLINE,
     .fault = WN_FAULT_unknown_tld},
    {.name = "known", .domain = "x.com", .options = WN_ADDRESS_OFFLINE},
    {.name = "known U-label", .domain = "x.xn--p1ai", .options = WN_ADDRESS_OFFLINE},
    {.name = "one label", .domain = "com", .options = WN_ADDRESS_OFFLINE},
    {.name = "literal", .domain = "[192.0.2.1]", .options = WN_ADDRESS_OFFLINE},
    {.name = "nothing", .domain = "", .options = WN_ADDRESS_OFFLINE},
};

START_TEST(domain_fault)
{
    ck_assert_msg(wn_address_domain_fault(wn_span_of(domains[_i].domain), domains[_i].options) ==
                      domains[_i].fault,
                  "%s", domains[_i].name);
}
END_TEST

START_TEST(syntax_only)
{
    ck_assert_uint_eq(read_text("bob@example.com", WN_ADDRESS_SYNTAX_ONLY).fault, WN_FAULT_none);
    ck_assert_uint_eq(read_text("bob@x.con", WN_ADDRESS_SYNTAX_ONLY | WN_ADDRESS_OFFLINE).fault,
                      WN_FAULT_none);
    /* What depends on the local part is syntax. */
    ck_assert_uint_eq(read_text("a@gmail.com", WN_ADDRESS_SYNTAX_ONLY).fault,
                      WN_FAULT_syntax_provider);
}
END_TEST

static const struct {
    const char *name, *address, *key;
} keys[] = {
    {"lower already", "bob@x.org", "bob@x.org"},
    {"capitals", "Bob.SMITH@X.org", "bob.smith@x.org"},
    {"the alphabet", "ABCDEFGHIJKLMNOPQRSTUVWXYZ@x.org", "abcdefghijklmnopqrstuvwxyz@x.org"},
    {"neighbours of the alphabet", "\"@[`{AZ\"@x.org", "\"@[`{az\"@x.org"},
    {"marks and digits", "0!#$%&'*+-/=?^_`{|}~9Z@x.org", "0!#$%&'*+-/=?^_`{|}~9z@x.org"},
    {"Latin beyond ASCII", "J\xc3\x96RG@x.org", "j\xc3\xb6rg@x.org"},
    {"Cyrillic", "\xd0\x98\xd0\x92\xd0\x90\xd0\x9d@x.org",
     "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@x.org"},
    {"one that grows", "\xc8\xba@x.org", "\xe2\xb1\xa5@x.org"},
    {"one that shrinks", "\xe1\xba\x9e@x.org", "\xc3\x9f@x.org"},
    {"no case", "\xe7\x94\xa8@x.org", "\xe7\x94\xa8@x.org"},
    {"literal", "BOB@[IPv6:2001:DB8::1]", "bob@[IPv6:2001:db8::1]"},
    {"a tag stays", "Bob+News@x.org", "bob+news@x.org"},
};

START_TEST(key)
{
    struct wn_address a = read_text(keys[_i].address, 0);
    char out[sizeof a.text];
    size_t n = wn_address_key(&a, out);
    ck_assert_msg(wn_span_equal((struct wn_span){out, n}, wn_span_of(keys[_i].key)), "%s: %.*s",
                  keys[_i].name, (int)n, out);
}
END_TEST

/* A local part of 32 letters that each grow from two octets to three. */
START_TEST(key_that_grows)
{
    struct wn_buf text = {0};
    char out[sizeof((struct wn_address *)0)->text];
    add_times(&text, "\xc8\xba", 32);
    wn_buf_add_text(&text, "@x.org");
    struct wn_address a = read_text(wn_buf_text(&text), 0);
    wn_buf_release(&text);
    ck_assert_uint_eq(a.fault, WN_FAULT_none);
    ck_assert_uint_eq(wn_address_key(&a, out), 32 * 3 + 6);
}
END_TEST

START_TEST(key_of_nothing)
{
    struct wn_address a = read_text("bob", 0);
    char out[sizeof a.text];
    ck_assert_uint_eq(wn_address_key(&a, out), 0);
}
END_TEST

START_TEST(null_cell)
{
    struct wn_address a;
    wn_address_read((struct wn_span){NULL, 0}, 0, &a);
    ck_assert_uint_eq(a.fault, WN_FAULT_no_address);
    ck_assert_uint_eq(wn_address_domain(&a).n, 0);
}
END_TEST

/* Decomposed text may be far longer than what it becomes: here it is more than fits where NFC is
 * made. */
START_TEST(content_beyond_its_buffer)
{
    struct wn_buf text = {0};
    add_times(&text, "\xe1\x84\x80\xe1\x85\xa1\x61", 46);
    wn_buf_add_text(&text, "@x.org");
    ck_assert_uint_eq(read_text(wn_buf_text(&text), 0).fault, WN_FAULT_syntax_local_too_long);
    /* The same through full-width full stops, which shrink to one octet. */
    wn_buf_clear(&text);
    add_times(&text, "a\xef\xbc\x8e", 330);
    wn_buf_add_text(&text, "a@x.org");
    ck_assert_uint_eq(read_text(wn_buf_text(&text), 0).fault, WN_FAULT_syntax_local_too_long);
    wn_buf_release(&text);
}
END_TEST

/* --- any input ----------------------------------------------------------------------------------
 */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* Pieces of addresses, so that random cells reach deep. */
static const char *const pieces[] = {
    "@",
    ".",
    "..",
    "-",
    "\"",
    "\\",
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    ":",
    ";",
    ",",
    " ",
    "\t",
    "\n",
    "a",
    "B",
    "0",
    "_",
    "+",
    "'",
    "xn--",
    "IPv6:",
    "192.0.2.1",
    "::1",
    "gmail.com",
    "x.org",
    "example.com",
    "mailto:",
    "?",
    "/",
    "|",
    "\xc3\xbc",
    "\xd0\xb0",
    "\xef\xbc\xa0",
    "\xef\xbc\x8e",
    "\xe3\x80\x82",
    "\xc2\xa0",
    "\xe2\x80\x8b",
    "\xe2\x80\x8d",
    "\xcc\x88",
    "\xcd\xbe",
    "\xff",
    "\xa0",
    "\xf0\x9f\x98\x80",
    "com",
    "bob",
    "xn--mnchen-3ya",
    "\xe1\x84\x80",
    "\xe1\x85\xa1",
};

static void read_exactly(const char *bytes, size_t n, unsigned options)
{
    struct wn_address a;
    char *exact = malloc(n > 0 ? n : 1);
    memcpy(exact, bytes, n);
    wn_address_read((struct wn_span){exact, n}, options, &a);
    assert_sound((struct wn_span){exact, n}, options, &a);
    free(exact);
}

START_TEST(random_octets)
{
    uint64_t state = 1;
    char bytes[300];
    for (int round = 0; round < 20000; round++) {
        size_t n = next_random(&state) % sizeof bytes;
        for (size_t i = 0; i < n; i++) {
            uint32_t r = next_random(&state);
            bytes[i] = (char)(r % 3 == 0 ? r >> 8 : r % 29 == 0 ? '@' : 'a' + (r >> 8) % 26);
        }
        read_exactly(bytes, n, (unsigned)round % 16);
    }
}
END_TEST

START_TEST(random_pieces)
{
    uint64_t state = 2;
    char bytes[400];
    for (int round = 0; round < 50000; round++) {
        size_t n = 0;
        for (uint32_t i = next_random(&state) % 14; i > 0; i--) {
            struct wn_span piece =
                wn_span_of(pieces[next_random(&state) % (sizeof pieces / sizeof *pieces)]);
            memcpy(bytes + n, piece.p, piece.n);
            n += piece.n;
        }
        read_exactly(bytes, n, (unsigned)round % 16);
    }
}
END_TEST

/* Every single octet at every place of a short address, against the slow road. */
START_TEST(every_octet_everywhere)
{
    char text[] = "ab.c@d-e.fg";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char kept = text[at];
        for (int octet = 0; octet < 256; octet++) {
            struct wn_address a;
            text[at] = (char)octet;
            struct wn_span cell = {text, sizeof text - 1};
            wn_address_read(cell, 0, &a);
            assert_sound(cell, 0, &a);
            assert_same_on_slow_road(cell, 0, &a);
        }
        text[at] = kept;
    }
}
END_TEST

static Suite *address_suite(void)
{
    Suite *suite = suite_create("address");
    TCase *tc = tcase_create("address");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, corpus);
    tcase_add_loop_test(tc, length_at_its_boundary, 0, sizeof lengths / sizeof *lengths);
    tcase_add_test(tc, words);
    tcase_add_loop_test(tc, domain_fault, 0, sizeof domains / sizeof *domains);
    tcase_add_test(tc, syntax_only);
    tcase_add_loop_test(tc, key, 0, sizeof keys / sizeof *keys);
    tcase_add_test(tc, key_that_grows);
    tcase_add_test(tc, key_of_nothing);
    tcase_add_test(tc, null_cell);
    tcase_add_test(tc, content_beyond_its_buffer);
    tcase_add_test(tc, random_octets);
    tcase_add_test(tc, random_pieces);
    tcase_add_test(tc, every_octet_everywhere);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(address_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
