/* SPDX-License-Identifier: MIT */
/* The format of a list's file: what an entry is, and how a text is cut into them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "address/list_file.h"
#include "support/suite.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name;
    enum wn_list_id list;
    enum wn_entry_kind kind;
    const char *line, *entry; /* entry NULL: a fault; "": nothing */
} entries[] = {
    {"longer in lower case than a local part may be", WN_LIST_ID_role, 0,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc8\xba", NULL},
    {"as long as it may be", WN_LIST_ID_role, WN_ENTRY_LOCAL,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"domain", WN_LIST_ID_disposable, WN_ENTRY_DOMAIN, "x.org", "x.org"},
    {"capitals", WN_LIST_ID_disposable, WN_ENTRY_DOMAIN, "X.Org", "x.org"},
    {"U-label", WN_LIST_ID_free, WN_ENTRY_DOMAIN, "b\xc3\xbcro.de", "xn--bro-hoa.de"},
    {"blanks", WN_LIST_ID_free, WN_ENTRY_DOMAIN, "\t x.org \r", "x.org"},
    {"comment behind", WN_LIST_ID_free, WN_ENTRY_DOMAIN, "x.org # ours", "x.org"},
    {"comment", WN_LIST_ID_free, 0, "# x.org", ""},
    {"comment without a blank", WN_LIST_ID_free, 0, "#x.org", ""},
    {"comment behind blanks", WN_LIST_ID_free, 0, "  # x.org", ""},
    {"a comment behind a stray CR", WN_LIST_ID_allow, 0, "\r# ", ""},
    {"empty", WN_LIST_ID_free, 0, "", ""},
    {"blank", WN_LIST_ID_free, 0, " \t\r", ""},
    {"an @ in front", WN_LIST_ID_disposable, WN_ENTRY_DOMAIN, "@x.org", "x.org"},
    {"a wildcard", WN_LIST_ID_disposable, WN_ENTRY_DOMAIN, "*.x.org", "x.org"},
    {"a wildcard where names are exact", WN_LIST_ID_free, 0, "*.x.org", NULL},
    {"a dot in front", WN_LIST_ID_disposable, 0, ".x.org", NULL},
    {"a provider with rules for its names", WN_LIST_ID_free, WN_ENTRY_DOMAIN, "gmail.com",
     "gmail.com"},
    {"one label", WN_LIST_ID_disposable, 0, "com", NULL},
    {"a root dot", WN_LIST_ID_disposable, 0, "x.org.", NULL},
    {"an IP address", WN_LIST_ID_disposable, 0, "192.0.2.1", NULL},
    {"an address literal", WN_LIST_ID_disposable, 0, "[192.0.2.1]", NULL},
    {"an address among domains", WN_LIST_ID_disposable, 0, "bob@x.org", NULL},
    {"two", WN_LIST_ID_disposable, 0, "x.org y.org", NULL},
    {"CSV", WN_LIST_ID_disposable, 0, "x.org,2020", NULL},
    {"JSON", WN_LIST_ID_disposable, 0, "  \"x.org\",", NULL},
    {"HTML", WN_LIST_ID_disposable, 0, "<!DOCTYPE html>", NULL},
    {"an underscore", WN_LIST_ID_disposable, 0, "a_b.org", NULL},
    {"a label too long", WN_LIST_ID_disposable, 0, "a" A63 ".org", NULL},
    {"the longest label", WN_LIST_ID_disposable, WN_ENTRY_DOMAIN, A63 ".org", A63 ".org"},
    {"local part", WN_LIST_ID_role, WN_ENTRY_LOCAL, "Info", "info"},
    {"local part in UTF-8", WN_LIST_ID_role, WN_ENTRY_LOCAL, "B\xc3\x9cRO", "b\xc3\xbcro"},
    {"a number sign inside", WN_LIST_ID_role, WN_ENTRY_LOCAL, "a#b", "a#b"},
    {"64 octets", WN_LIST_ID_role, WN_ENTRY_LOCAL, "a" A63, "a" A63},
    {"65 octets", WN_LIST_ID_role, 0, "aa" A63, NULL},
    {"a tag", WN_LIST_ID_role, 0, "info+x", NULL},
    {"quotes", WN_LIST_ID_role, 0, "\"a b\"", NULL},
    {"an address among local parts", WN_LIST_ID_role, 0, "info@x.org", NULL},
    {"no UTF-8", WN_LIST_ID_role, 0, "b\xfcro", NULL},
    {"placeholder", WN_LIST_ID_placeholder, WN_ENTRY_LOCAL, "asdf", "asdf"},
    {"placeholder with a dot", WN_LIST_ID_placeholder, WN_ENTRY_LOCAL, "j.doe", "j.doe"},
    {"placeholder's domain", WN_LIST_ID_placeholder, WN_ENTRY_DOMAIN, "@test.com", "test.com"},
    {"allowed domain", WN_LIST_ID_allow, WN_ENTRY_DOMAIN, "x.org", "x.org"},
    {"allowed domain with an @", WN_LIST_ID_allow, WN_ENTRY_DOMAIN, "@x.org", "x.org"},
    {"allowed address", WN_LIST_ID_allow, WN_ENTRY_ADDRESS, "Bob@X.org", "bob@x.org"},
    {"allowed address with a tag", WN_LIST_ID_allow, WN_ENTRY_ADDRESS, "b+x@x.org", "b+x@x.org"},
    {"allowed local part", WN_LIST_ID_allow, WN_ENTRY_LOCAL, "info", "info"},
    {"allowed local part with a dot", WN_LIST_ID_allow, WN_ENTRY_LOCAL, "j.doe@", "j.doe"},
    {"an @ alone", WN_LIST_ID_allow, 0, "@", NULL},
    {"an address that reads like a comment", WN_LIST_ID_allow, 0, "\"#x\"@y.org", NULL},
    {"one that would be cut", WN_LIST_ID_allow, 0, "\"a \\#b\"@y.org", NULL},
    {"a broken address", WN_LIST_ID_allow, 0, "a@b@x.org", NULL},
};

START_TEST(entry)
{
    struct wn_list_entry e;
    const char *fault = wn_list_entry_read(entries[_i].list, wn_span_of(entries[_i].line), &e);
    if (entries[_i].entry == NULL) {
        ck_assert_msg(fault != NULL, "%s", entries[_i].name);
        return;
    }
    ck_assert_msg(fault == NULL, "%s: %s", entries[_i].name, fault);
    ck_assert_msg(wn_span_equal((struct wn_span){e.text, e.length}, wn_span_of(entries[_i].entry)),
                  "%s: %.*s", entries[_i].name, (int)e.length, e.text);
    ck_assert_msg(e.length == 0 || e.kind == entries[_i].kind, "%s", entries[_i].name);
    if (e.length > 0) {
        /* What is written is read as the same entry. */
        struct wn_list_entry again;
        struct wn_buf text = {0};
        wn_list_entry_write(entries[_i].list, &e, &text);
        ck_assert_ptr_null(wn_list_entry_read(entries[_i].list, wn_buf_span(&text), &again));
        ck_assert_msg(again.kind == e.kind && again.length == e.length &&
                          memcmp(again.text, e.text, e.length) == 0,
                      "%s", entries[_i].name);
        wn_buf_release(&text);
    }
}
END_TEST

struct seen {
    char text[400];
    int stop_at;
};

static int see(void *arg, uint64_t line, struct wn_span written, const struct wn_list_entry *e,
               const char *fault)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);
    (void)written;
    ck_assert((e == NULL) == (fault != NULL));
    snprintf(s->text + n, sizeof s->text - n, "%d:%.*s ", (int)line, e != NULL ? (int)e->length : 1,
             e != NULL ? e->text : "!");
    return (int)line == s->stop_at ? 7 : 0;
}

static const struct {
    const char *name, *text, *seen;
    size_t n;
    int stop_at, result;
} texts[] = {
    {.name = "nothing", .text = "", .seen = ""},
    {.name = "lines", .text = "x.org\n\n# c\ny.org\n", .seen = "1:x.org 4:y.org "},
    {.name = "CRLF", .text = "x.org\r\ny.org\r\n", .seen = "1:x.org 2:y.org "},
    {.name = "no last line end", .text = "x.org\ny.org", .seen = "1:x.org 2:y.org "},
    {.name = "a byte order mark", .text = "\xef\xbb\xbfx.org\n", .seen = "1:x.org "},
    {.name = "a fault", .text = "x\ny.org\n", .seen = "1:! 2:y.org "},
    {.name = "stopped", .text = "x.org\ny.org\n", .seen = "1:x.org ", .stop_at = 1, .result = 7},
    {.name = "a NUL", .text = "x.o\0rg\ny.org", .n = 12, .seen = "1:! 2:y.org "},
};

START_TEST(text)
{
    struct seen s = {.stop_at = texts[_i].stop_at};
    struct wn_span content = {texts[_i].text, texts[_i].n ? texts[_i].n : strlen(texts[_i].text)};
    ck_assert_int_eq(wn_list_text_read(WN_LIST_ID_free, content, see, &s), texts[_i].result);
    ck_assert_msg(strcmp(s.text, texts[_i].seen) == 0, "%s: %s", texts[_i].name, s.text);
}
END_TEST

START_TEST(long_lines)
{
    char *line = malloc((size_t)WN_LIST_LINE_OCTETS + 20);
    struct wn_list_entry e;
    memset(line, ' ', (size_t)WN_LIST_LINE_OCTETS + 20);
    line[0] = line[2] = line[3] = 'x';
    line[1] = '.';
    ck_assert_ptr_null(
        wn_list_entry_read(WN_LIST_ID_free, (struct wn_span){line, WN_LIST_LINE_OCTETS}, &e));
    ck_assert_ptr_nonnull(
        wn_list_entry_read(WN_LIST_ID_free, (struct wn_span){line, WN_LIST_LINE_OCTETS + 1}, &e));
    /* The longest of every shape, all of it content. */
    memset(line, 'a', WN_LIST_LINE_OCTETS);
    for (unsigned i = 0; i < WN_LIST_IDS; i++) {
        ck_assert_ptr_nonnull(wn_list_entry_read((enum wn_list_id)i,
                                                 (struct wn_span){line, WN_LIST_LINE_OCTETS}, &e));
    }
    free(line);
}
END_TEST

START_TEST(file_numbers)
{
    unsigned file = 99;
    ck_assert(wn_list_file_number(WN_SPAN("allow"), &file));
    ck_assert_uint_eq(file, (unsigned)(2 * WN_LIST_ID_allow));
    ck_assert(wn_list_file_number(WN_SPAN("disposable_mx.add"), &file));
    ck_assert_uint_eq(file, (unsigned)(2 * WN_LIST_ID_disposable_mx + 1));
    static const char *const none[] = {"", ".add", "roles", "role.ad", "role.add.add", "Role"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        ck_assert_msg(!wn_list_file_number(wn_span_of(none[i]), &file), "%s", none[i]);
    }
}
END_TEST

static Suite *list_file_suite(void)
{
    Suite *suite = suite_create("list_file");
    TCase *tc = tcase_create("list_file");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, entry, 0, sizeof entries / sizeof *entries);
    tcase_add_loop_test(tc, text, 0, sizeof texts / sizeof *texts);
    tcase_add_test(tc, long_lines);
    tcase_add_test(tc, file_numbers);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(list_file_suite());
}
