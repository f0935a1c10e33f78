/* SPDX-License-Identifier: MIT */
/* Where JSON records begin and end, whatever the windows are, and that what is broken takes nothing
 * else with it. */
#include <check.h>
#include <stdio.h>

#include "bounce/json/cut.h"
#include "support/suite.h"

/* Cuts with windows that grow by `step` bytes. "[line]text|" for each record, "!fault|" for what is
 * none. */
static const char *cut(struct wn_span text, size_t step, size_t most)
{
    static struct wn_buf out;
    struct wn_json_cut cut = {0};
    struct wn_json_cutter cutter = {.line = 1, .lines = wn_json_is_lines(text)};
    size_t from = 0, n = step;
    wn_buf_clear(&out);
    for (bool last = false; !last || cut.consumed < text.n - from;) {
        from += cut.consumed;
        n = cut.consumed > 0 ? step : n + step;
        last = n >= text.n - from;
        struct wn_span window = {text.p + from, last ? text.n - from : n};
        ck_assert_uint_eq(cutter.offset, from);
        wn_json_cut(&cutter, window, last, most, &cut);
        ck_assert_uint_le(cut.count, most);
        for (size_t i = 0; i < cut.count; i++) {
            const struct wn_json_record *r = &cut.records[i];
            ck_assert_uint_le(r->offset + r->length, text.n);
            if (r->fault != NULL) {
                wn_buf_addf(&out, "[%d]!%s|", (int)r->line, r->fault);
            } else {
                wn_buf_addf(&out, "[%d]", (int)r->line);
                wn_buf_add(&out, text.p + r->offset, (size_t)r->length);
                wn_buf_add_char(&out, '|');
            }
        }
    }
    wn_json_cut_release(&cut);
    return wn_buf_text(&out);
}

static const struct {
    const char *name, *text, *want;
} cases[] = {
    {"one object", "{\"a\":1}", "[1]{\"a\":1}|"},
    {"an array", "[{\"a\":1},\n {\"b\":2}]", "[1]{\"a\":1}|[2]{\"b\":2}|"},
    {"lines", "{\"a\":1}\n\n{\"b\":2}\n", "[1]{\"a\":1}|[3]{\"b\":2}|"},
    {"lines of arrays", "[{\"a\":1},{\"b\":2}]\r\n[{\"c\":3}]\r\n",
     "[1]{\"a\":1}|[1]{\"b\":2}|[2]{\"c\":3}|"},
    {"concatenated", "{\"a\":1}{\"b\":2}", "[1]{\"a\":1}|[1]{\"b\":2}|"},
    {"over several lines", "{\n\"a\":\n1}\n{\n\"b\":2\n}", "[1]{\n\"a\":\n1}|[4]{\n\"b\":2\n}|"},
    {"a byte-order mark", "\xef\xbb\xbf{\"a\":1}", "[1]{\"a\":1}|"},
    {"braces and quotes in texts", "{\"a\":\"}\\\"{\"}{\"b\":\"\\\\\"}",
     "[1]{\"a\":\"}\\\"{\"}|[1]{\"b\":\"\\\\\"}|"},
    {"objects in objects", "[{\"a\":{\"b\":[{}]}}]", "[1]{\"a\":{\"b\":[{}]}}|"},
    {"arrays in arrays", "[[{\"a\":1}],[{\"b\":2}]]", "[1]{\"a\":1}|[1]{\"b\":2}|"},
    {"texts", "[\"{}\",\"x\"]", "[1]\"{}\"|[1]\"x\"|"},
    {"a known list",
     "{\"n\":2,\"results\":[{\"a\":1},{\"b\":2}],\"links\":{\"x\":[{}]},\"p\":\"q\"}",
     "[1]{\"a\":1}|[1]{\"b\":2}|"},
    {"a known list behind another", "{\"items\":[{\"a\":1}],\"results\" : [{\"b\":2}]}{\"c\":3}",
     "[1]{\"a\":1}|[1]{\"b\":2}|[1]{\"c\":3}|"},
    {"a known name of a text", "{\"x\":\"results\",\"y\":[{}]}",
     "[1]{\"x\":\"results\",\"y\":[{}]}|"},
    {"a known name further inside", "{\"x\":{\"results\":[{}]}}", "[1]{\"x\":{\"results\":[{}]}}|"},
    {"numbers are none", "[1, 2,{\"a\":1},true,nothing at all]",
     "[1]!no object|[1]{\"a\":1}|[1]!no object|"},
    {"no end", "{\"a\":1}{\"b\":", "[1]{\"a\":1}|[1]!it has no end|"},
    {"no end of a text", "[{\"a\":\"", "[1]!it has no end|"},
    {"nothing", "", ""},
    {"blanks", " \n ", ""},
    {"an empty array", "[]", ""},
    {"closing brackets alone", "]}{\"a\":1}", "[1]{\"a\":1}|"},
    {"a broken line among lines", "{\"a\":1}\n{\"b\":\"\n{\"c\":3}\n",
     "[1]{\"a\":1}|[2]!no JSON|[3]{\"c\":3}|"},
    {"words among lines", "{\"a\":1}\nno json here\n{\"c\":3}\n",
     "[1]{\"a\":1}|[2]!no object|[3]{\"c\":3}|"},
    {"a line that begins in the middle", "x\"}\n{\"c\":3}\n",
     "[1]!no object|[1]!no JSON|[2]{\"c\":3}|"},
    {"the wrong bracket", "{\"a\":1}\n{\"b\":[}\n{\"c\":3}\n",
     "[1]{\"a\":1}|[2]!no JSON|[3]{\"c\":3}|"},
    {"a line end in a text", "[\n{\"a\":\"x\n},\n{\"b\":2}\n]", "[2]!no JSON|[4]{\"b\":2}|"},
    {"a record cut off before another", "[\n{\"a\":1\n{\"b\":2},\n{\"c\":3}]",
     "[2]!no JSON|[3]{\"b\":2}|[4]{\"c\":3}|"},
    {"deep lists around", "[[[[[[[[[[[[[[[[[{\"a\":1}", "[1]!nested too deep|"},
};

START_TEST(cuts)
{
    struct wn_span text = wn_span_of(cases[_i].text);
    for (size_t step = 1; step <= text.n + 1; step++) {
        const char *got = cut(text, step, SIZE_MAX);
        ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s, windows of %zu: %s", cases[_i].name,
                      step, got);
    }
    ck_assert_str_eq(cut(text, text.n + 1, 1), cases[_i].want);
}
END_TEST

/* A file of `n` bytes that opens with `head` and goes on with `filler`, then `tail`. */
static struct wn_span make(struct wn_buf *text, const char *head, const char *filler, size_t n,
                           const char *tail)
{
    wn_buf_clear(text);
    wn_buf_add_text(text, head);
    while (text->len < n) {
        wn_buf_add_text(text, filler);
    }
    wn_buf_add_text(text, tail);
    return wn_buf_span(text);
}

static const struct {
    const char *name, *head, *filler, *tail, *want;
} large[] = {
    {"a text too long", "{\"a\":\"", "xxxxxxxxxxxxxxxx", "\"}\n{\"b\":2}",
     "[1]!longer than 4 MiB|[2]{\"b\":2}|"},
    {"too many members", "[{\"x\":[1", ",1,1,1,1,1,1,1,1", "]},{\"b\":2}]",
     "[1]!longer than 4 MiB|[1]{\"b\":2}|"},
    {"brackets without end", "", "[[[[[[[[[[[[[[[[", "", "[1]!nested too deep|"},
    {"objects without end", "", "{\"a\":{\"a\":{\"a\":", "", "[1]!longer than 4 MiB|"},
    {"one number", "[", "1111111111111111", ",{\"b\":2}]", "[1]!no object|[1]{\"b\":2}|"},
    {"numbers", "[", "1,1,1,1,1,1,1,1,", "{\"b\":2}]", "[1]!no object|[1]{\"b\":2}|"},
    {"blanks", "", "                ", "{\"b\":2}", "[1]{\"b\":2}|"},
    {"a line too long among lines", "{\"a\":1}\n{\"x\":\"", "xxxxxxxxxxxxxxxx", "\n{\"b\":2}\n",
     "[1]{\"a\":1}|[2]!longer than 4 MiB|[3]{\"b\":2}|"},
};

START_TEST(bounds_what_is_large)
{
    struct wn_buf text = {0};
    struct wn_span input = make(&text, large[_i].head, large[_i].filler, 9 << 20, large[_i].tail);
    ck_assert_msg(strcmp(cut(input, 1 << 20, 1000), large[_i].want) == 0, "%s: %.200s",
                  large[_i].name, cut(input, 1 << 20, 1000));
    wn_buf_release(&text);
}
END_TEST

START_TEST(never_asks_for_more_than_a_record)
{
    struct wn_json_cut cut = {0};
    struct wn_json_cutter cutter = {.line = 1};
    struct wn_buf text = {0};
    struct wn_span window = make(&text, "{\"a\":\"", "x", WN_JSON_RECORD_MAX, "x");
    wn_json_cut(&cutter, (struct wn_span){window.p, WN_JSON_RECORD_MAX}, false, 1, &cut);
    ck_assert_uint_eq(cut.consumed, 0);
    wn_json_cut(&cutter, window, false, 1, &cut);
    ck_assert_uint_eq(cut.consumed, window.n);
    wn_json_cut_release(&cut);
    wn_buf_release(&text);
}
END_TEST

static const struct {
    const char *text;
    bool json, lines;
} heads[] = {
    {"{\"a\":1}\n{\"b\":2}\n", true, true},
    {"{\"a\":1}\n", true, true},
    {"\xef\xbb\xbf \n{ \"a\":1}", true, false},
    {"{\"a\":{\n\"b\":2}}\n", true, false},
    {"[\n{\"a\":1},\n{\"b\":2}\n]", true, false},
    {"[{\"a\":1},\n{\"b\":2}\n]", true, false},
    {"{\"results\":[\n{\"a\":1}\n]}", true, false},
    {"{\"results\":[{\"a\":1}]}\n{\"results\":[]}\n", true, true},
    {"{\"a\":\n", true, false},
    {"[]", true, false},
    {"[\"x\"]", true, false},
    {"{}", true, false},
    {"{", true, false},
    {"", false, false},
    {"[1,2]", false, false},
    {"[2026-11-21] postfix/smtp", false, false},
    {"{a}", false, false},
    {"email,code,date\n", false, false},
    {"\"email\",\"code\"\n", false, false},
    {"From MAILER-DAEMON", false, false},
};

START_TEST(recognises)
{
    struct wn_span head = wn_span_of(heads[_i].text);
    ck_assert_msg(wn_json_begins(head) == heads[_i].json, "%s", heads[_i].text);
    ck_assert_msg(!heads[_i].json || wn_json_is_lines(head) == heads[_i].lines, "%s",
                  heads[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_cut");
    TCase *t = tcase_create("cut");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, cuts, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(t, bounds_what_is_large, 0, sizeof large / sizeof *large);
    tcase_add_test(t, never_asks_for_more_than_a_record);
    tcase_add_loop_test(t, recognises, 0, sizeof heads / sizeof *heads);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
