/* SPDX-License-Identifier: MIT */
/* The small things of src/base: spans, buffers, arenas, segments, errors, near words. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/nearest.h"
#include "base/segments.h"
#include "base/str.h"
#include "support/suite.h"

START_TEST(spans_compare)
{
    ck_assert(wn_span_equal(WN_SPAN("a\0b"), (struct wn_span){"a\0b", 3}));
    ck_assert(!wn_span_equal(WN_SPAN("a"), WN_SPAN("ab")));
    ck_assert(!wn_span_equal(WN_SPAN("a"), WN_SPAN("A")));
    ck_assert(wn_span_equal((struct wn_span){NULL, 0}, WN_SPAN("")));
    ck_assert(wn_span_equal_nocase(WN_SPAN("aZ9[{"), WN_SPAN("Az9[{")));
    ck_assert(!wn_span_equal_nocase(WN_SPAN("["), WN_SPAN("{"))); /* 32 apart, and no letters */
    ck_assert(!wn_span_equal_nocase(WN_SPAN("\xc4"), WN_SPAN("\xe4")));
    ck_assert(!wn_span_equal_nocase(WN_SPAN("a"), WN_SPAN("")));
    ck_assert_uint_eq(wn_span_of(NULL).n, 0);
}
END_TEST

START_TEST(octets_are_told_apart)
{
    for (int c = 0; c < 256; c++) {
        const char text[] = {'a', (char)c, 'b'};
        ck_assert_int_eq(wn_is_digit((char)c), c >= '0' && c <= '9');
        ck_assert_int_eq(wn_span_is_ascii((struct wn_span){text, 3}), c < 0x80);
    }
    ck_assert(wn_span_is_ascii((struct wn_span){NULL, 0}));
}
END_TEST

START_TEST(spans_trim)
{
    static const struct {
        const char *text, *rest;
    } rows[] = {{"", ""},         {" \t\r\n\v\f", ""}, {"a", "a"}, {" a b\r\n", "a b"},
                {"\xa0", "\xa0"}, {"\tx", "x"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert(wn_span_equal(wn_span_trim(wn_span_of(rows[i].text)), wn_span_of(rows[i].rest)));
    }
}
END_TEST

static const struct number_row {
    const char *text;
    uint64_t max;
    bool ok;
    uint64_t value;
} numbers[] = {
    {"0", 0, true, 0},
    {"1", 0, false, 0},
    {"007", 7, true, 7},
    {"8", 7, false, 0},
    {"10", 9, false, 0},
    {"255", 255, true, 255},
    {"256", 255, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"99999999999999999999999", UINT64_MAX, false, 0},
    {"", 9, false, 0},
    {"-1", 9, false, 0},
    {"+1", 9, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"1a", 9, false, 0},
};

START_TEST(numbers_are_read)
{
    const struct number_row *row = &numbers[_i];
    uint64_t value = 12345;
    ck_assert_msg(wn_span_number(wn_span_of(row->text), row->max, &value) == row->ok, "'%s'",
                  row->text);
    ck_assert_uint_eq(value, row->ok ? row->value : 12345);
}
END_TEST

START_TEST(buffer_grows)
{
    struct wn_buf b = {0};
    ck_assert_str_eq(wn_buf_text(&b), "");
    for (unsigned i = 0; i < 1000; i++) {
        wn_buf_add_number(&b, i);
        wn_buf_add_char(&b, ',');
    }
    ck_assert_uint_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4);
    ck_assert_int_eq(memcmp(b.p, "0,1,2,", 6), 0);
    ck_assert_str_eq(wn_buf_text(&b) + b.len - 4, "999,");
    size_t cap = b.cap;
    wn_buf_clear(&b);
    ck_assert_uint_eq(b.cap, cap);
    wn_buf_add(&b, NULL, 0);
    wn_buf_add_number(&b, UINT64_MAX);
    wn_buf_addf(&b, "|%s|%d|", "x", -5);
    wn_buf_addf(&b, "%s", "");
    wn_buf_add_span(&b, WN_SPAN("end"));
    ck_assert_str_eq(wn_buf_text(&b), "18446744073709551615|x|-5|end");
    ck_assert_uint_eq(wn_buf_span(&b).n, b.len);
    char *room = wn_buf_room(&b, 100000);
    memset(room, 'x', 100000);
    ck_assert_uint_ge(b.cap - b.len, 100000);
    wn_buf_release(&b);
    ck_assert_ptr_null(b.p);
    wn_buf_release(&b);
}
END_TEST

/* What only a bug would ask for must not wrap around: the process ends with its own code. */
START_TEST(buffer_refuses_the_absurd)
{
    struct wn_buf b = {0};
    wn_buf_grow(&b, SIZE_MAX - 5);
}
END_TEST

START_TEST(arena_refuses_the_absurd)
{
    struct wn_arena a = {0};
    (void)wn_arena_alloc(&a, SIZE_MAX - 5);
}
END_TEST

START_TEST(arena_pieces_stay)
{
    enum {
        COUNT = 20000
    };
    struct wn_arena a = {0};
    const char **pieces = wn_calloc(COUNT, sizeof *pieces);
    for (unsigned i = 0; i < COUNT; i++) {
        char text[40];
        memset(text, 'a' + (int)(i % 26), sizeof text);
        pieces[i] = i % 3 == 0 ? wn_arena_text(&a, (struct wn_span){text, i % 40})
                               : wn_arena_copy(&a, text, i % 40);
        uint64_t *aligned = wn_arena_alloc(&a, sizeof *aligned);
        ck_assert((uintptr_t)aligned % _Alignof(max_align_t) == 0);
        *aligned = i;
    }
    for (unsigned i = 0; i < COUNT; i++) {
        for (unsigned j = 0; j < i % 40; j++) {
            if (pieces[i][j] != (char)('a' + (int)(i % 26))) {
                ck_abort_msg("piece %u has changed", i);
            }
        }
        ck_assert(i % 3 != 0 || pieces[i][i % 40] == '\0');
    }
    char *large = wn_arena_alloc(&a, 3 << 20);
    memset(large, 'x', 3 << 20);
    ck_assert_uint_ge(a.total, (3 << 20) + COUNT * 20);
    ck_assert_ptr_nonnull(wn_arena_copy(&a, NULL, 0));
    ck_assert_str_eq(wn_arena_text(&a, (struct wn_span){NULL, 0}), "");
    wn_arena_release(&a);
    ck_assert_uint_eq(a.total, 0);
    wn_arena_release(&a);
    free(pieces);
}
END_TEST

START_TEST(segments_do_not_move)
{
    enum {
        COUNT = WN_SEGMENT_LENGTH * 40 + 3
    };
    struct wn_segments s = {.size = 12};
    void *first = wn_segments_push(&s);
    memset(first, 0, 12);
    for (uint32_t i = 1; i < COUNT; i++) {
        memcpy(wn_segments_push(&s), &i, sizeof i);
    }
    ck_assert_uint_eq(s.length, COUNT);
    ck_assert_ptr_eq(wn_segments_at(&s, 0), first);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t value;
        memcpy(&value, wn_segments_at(&s, i), sizeof value);
        if (value != i) {
            ck_abort_msg("element %u is %u", i, value);
        }
    }
    wn_segments_release(&s);
    ck_assert_uint_eq(s.length, 0);
    ck_assert_uint_eq(s.size, 12);
}
END_TEST

START_TEST(first_error_stays)
{
    struct wn_error err = {0};
    ck_assert_int_eq(wn_error_set(&err, WN_E_DATA, "%s:%d: bad", "x.csv", 7), WN_E_DATA);
    ck_assert_int_eq(wn_error_set(&err, WN_E_IO, "later"), WN_E_IO);
    ck_assert_int_eq(wn_error_errno(&err, WN_E_IO, EIO, "later"), WN_E_IO);
    ck_assert_int_eq(err.status, WN_E_DATA);
    ck_assert_str_eq(err.text, "x.csv:7: bad");
    ck_assert_int_eq(wn_error_set(NULL, WN_E_IO, "x"), WN_E_IO);
    ck_assert_int_eq(wn_error_errno(NULL, WN_E_IO, EIO, "x"), WN_E_IO);
}
END_TEST

START_TEST(error_text_is_tame)
{
    struct wn_error err = {0};
    wn_error_set(&err, WN_E_DATA, "a%sb", "\x1b[2J\n\r\x7f\t");
    ck_assert_str_eq(err.text, "a?[2J????b");
    struct wn_error two = {0};
    wn_error_errno(&two, WN_E_NOINPUT, ENOENT, "%s cannot be opened", "x\x01");
    ck_assert_str_eq(two.text, "x? cannot be opened: No such file or directory");
    struct wn_error odd = {0};
    wn_error_errno(&odd, WN_E_NOINPUT, 99999, "x");
    ck_assert_str_eq(odd.text, "x: unknown error");
}
END_TEST

START_TEST(error_text_is_cut)
{
    struct wn_error err = {0}, two = {0};
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    wn_error_set(&err, WN_E_DATA, "%s", text);
    ck_assert_uint_eq(strlen(err.text), sizeof err.text - 1);
    wn_error_errno(&two, WN_E_DATA, ENOENT, "%s", text);
    ck_assert_uint_eq(strlen(two.text), sizeof two.text - 1);
}
END_TEST

START_TEST(no_memory_ends_the_process)
{
    wn_out_of_memory();
}
END_TEST

START_TEST(nothing_can_be_had)
{
    free(wn_malloc(0));
    free(wn_calloc(0, 8));
    free(wn_realloc(wn_malloc(8), 0));
}
END_TEST

static const struct near_row {
    const char *word, *near; /* NULL: none */
} near_rows[] = {
    {"clean", "clean"},
    {"claen", "clean"},
    {"cleen", "clean"},
    {"che", "check"},
    {"hist", "history"},
    {"bounce", "bounces"},
    {"xyzzy", NULL},
    {"", NULL},
    {"q", NULL},
    {"suppression", "suppress"},
    {"helpp", "help"},
    /* A long word used to be near whatever came first. */
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     NULL},
};

START_TEST(near_word)
{
    static const char *const words[] = {"clean", "check", "bounces", "history", "suppress", "help"};
    const struct near_row *row = &near_rows[_i];
    const char *near = wn_nearest_word(row->word, words, sizeof words / sizeof *words);
    if (row->near == NULL) {
        ck_assert_msg(near == NULL, "%s: %s", row->word, near);
    } else {
        ck_assert_msg(near != NULL, "%s", row->word);
        ck_assert_str_eq(near, row->near);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("str");
    TCase *cases = tcase_create("str");
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, spans_compare);
    tcase_add_test(cases, octets_are_told_apart);
    tcase_add_test(cases, spans_trim);
    tcase_add_loop_test(cases, numbers_are_read, 0, sizeof numbers / sizeof *numbers);
    tcase_add_test(cases, buffer_grows);
    tcase_add_exit_test(cases, buffer_refuses_the_absurd, WN_E_INTERNAL);
    tcase_add_exit_test(cases, arena_refuses_the_absurd, WN_E_INTERNAL);
    tcase_add_test(cases, arena_pieces_stay);
    tcase_add_test(cases, segments_do_not_move);
    tcase_add_test(cases, first_error_stays);
    tcase_add_test(cases, error_text_is_tame);
    tcase_add_test(cases, error_text_is_cut);
    tcase_add_exit_test(cases, no_memory_ends_the_process, WN_E_INTERNAL);
    tcase_add_test(cases, nothing_can_be_had);
    tcase_add_loop_test(cases, near_word, 0, sizeof near_rows / sizeof *near_rows);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
