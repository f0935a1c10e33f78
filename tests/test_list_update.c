/* SPDX-License-Identifier: MIT */
/* What a fetched list must be like, and what is left of it. */
#include <check.h>

#include "address/list_update.h"
#include "support/suite.h"
#include "support/tempdir.h"

static const char *dir; /* of the running case */

static void make_directory(void)
{
    dir = tempdir_make();
}

static struct wn_overlay *load(void)
{
    struct wn_overlay *o = NULL;
    struct wn_error err = {0};
    ck_assert_msg(wn_overlay_load(dir, &o, &err) == WN_OK, "%s", err.text);
    ck_assert_ptr_nonnull(o);
    return o;
}

/* `good` entries follow the text. */
static const struct {
    const char *name, *list, *text;
    size_t good;
    bool force;
    int status;
    size_t entries, bad, objected, relays;
    const char *words; /* of the error, else of the notes */
} fetched[] = {
    {.name = "fine", .list = "disposable.add", .text = "# c\nB.net\na.net\nb.net\n", .entries = 2},
    {.name = "local parts", .list = "role.add", .text = "Chef\nboss\n", .entries = 2},
    {.name = "what is allowed", .list = "allow", .text = "a@b.net\nc@\nd.net\n", .entries = 3},
    {.name = "providers are free to be free",
     .list = "free.add",
     .text = "gmail.com\n",
     .good = 5,
     .entries = 6},
    {.name = "nothing",
     .list = "role.add",
     .text = "# c\n\n",
     .status = WN_E_DATA,
     .words = "holds no entry"},
    {.name = "a web page",
     .list = "disposable.add",
     .status = WN_E_DATA,
     .bad = 2,
     .text = "<!DOCTYPE html>\n<title>Sign in</title>\n",
     .words = "2 of its 2 lines cannot be read, first line 1, '<!DOCTYPE html>'"},
    {.name = "JSON",
     .list = "disposable.add",
     .status = WN_E_DATA,
     .bad = 1,
     .text = "[\"a.net\",\"b.net\"]",
     .words = "1 of its 1 lines"},
    {.name = "hostile octets",
     .list = "disposable.add",
     .status = WN_E_DATA,
     .bad = 1,
     .text = "\x1b[2J\xc2\x9b\n",
     .words = "'?[2J\?\?'"},
    {.name = "one bad line in fifty",
     .list = "disposable.add",
     .text = "a b\n",
     .good = 49,
     .entries = 49,
     .bad = 1,
     .words = "line 1, 'a b': "},
    {.name = "one bad line in forty-nine",
     .list = "disposable.add",
     .text = "a b\n",
     .good = 48,
     .status = WN_E_DATA,
     .entries = 48,
     .bad = 1},
    {.name = "twenty bad lines",
     .list = "disposable.add",
     .good = 2000,
     .entries = 2000,
     .bad = 20,
     .text = "!\n!\n!\n!\n!\n!\n!\n!\n!\n!\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n"
             "!.a\n!.a\n"},
    {.name = "twenty-one",
     .list = "disposable.add",
     .good = 2000,
     .entries = 2000,
     .bad = 21,
     .status = WN_E_DATA,
     .text = "!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n!.a\n"
             "!.a\n!.a\n!.a\n!.a\n!.a\n"},
    {.name = "a few providers are left out",
     .list = "disposable.add",
     .good = 5,
     .entries = 5,
     .objected = 3,
     .text = "google.com\nGMAIL.com\nco.uk\n",
     .words = "line 2, 'GMAIL.com': a domain that everybody knows"},
    {.name = "more are too many",
     .list = "disposable.add",
     .good = 5,
     .entries = 5,
     .objected = 4,
     .text = "google.com\ngmail.com\nco.uk\nblogspot.com\n",
     .status = WN_E_DATA,
     .words = "4 of its entries would count against ordinary people, first line 1, 'google.com'"},
    {.name = "--force does not help",
     .list = "disposable.add",
     .good = 5,
     .entries = 5,
     .objected = 4,
     .text = "google.com\ngmail.com\nco.uk\nblogspot.com\n",
     .force = true,
     .status = WN_E_DATA},
    {.name = "a longer list may have more",
     .list = "disposable.add",
     .good = 2000,
     .entries = 2000,
     .objected = 5,
     .text = "google.com\ngmail.com\nco.uk\nblogspot.com\ngmx.de\n"},
    {.name = "public lists name relays",
     .list = "disposable.add",
     .good = 5,
     .entries = 5,
     .relays = 5,
     .text = "addy.io\n33mail.com\nmozmail.com\nslmail.me\nx.anonaddy.com\n",
     .words = "'addy.io': a forwarding service of real people"},
    {.name = "shared MX hosts",
     .list = "disposable_mx.add",
     .good = 5,
     .entries = 5,
     .objected = 1,
     .text = "mx.yandex.net\n",
     .words = "a mail host that many share"},
    {.name = "shrinking a compiled-in list",
     .list = "disposable",
     .good = 400,
     .entries = 400,
     .status = WN_E_DATA,
     .words = "; --force takes it"},
    {.name = "shrinking it on purpose",
     .list = "disposable",
     .good = 400,
     .entries = 400,
     .force = true},
    {.name = "half of it", .list = "relay", .good = 40, .entries = 40},
    {.name = "half of one's own", .list = "free.add", .good = 5, .entries = 5},
    {.name = "less than half of one's own",
     .list = "free.add",
     .good = 4,
     .entries = 4,
     .status = WN_E_DATA,
     .words = "from 10 to 4 entries"},
};

START_TEST(fetch)
{
    struct wn_buf body = {0};
    struct wn_error err = {0};
    struct wn_list_updated r = {0};
    unsigned file;
    (void)tempdir_text("free.add.txt",
                       "a0.fr\na1.fr\na2.fr\na3.fr\na4.fr\na5.fr\na6.fr\na7.fr\na8.fr\n"
                       "a9.fr\n");
    struct wn_overlay *o = load();
    ck_assert(wn_list_file_number(wn_span_of(fetched[_i].list), &file));
    wn_buf_add_span(&body, wn_span_of(fetched[_i].text));
    for (size_t i = 0; i < fetched[_i].good; i++) {
        wn_buf_addf(&body, "n%zu.net\n", i);
    }
    const struct wn_list_update update = {
        .overlay = o, .file = file, .force = fetched[_i].force, .source = "https://x.org/l"};
    int status = wn_list_update_check(&update, wn_buf_span(&body), &r, &err);
    ck_assert_msg(status == fetched[_i].status, "%s: %d %s", fetched[_i].name, status, err.text);
    ck_assert_msg(r.entries == fetched[_i].entries && r.bad == fetched[_i].bad &&
                      r.objected == fetched[_i].objected && r.relays == fetched[_i].relays,
                  "%s: %zu %zu %zu %zu", fetched[_i].name, r.entries, r.bad, r.objected, r.relays);
    const char *said = status != WN_OK ? err.text : wn_buf_text(&r.notes);
    ck_assert_msg(fetched[_i].words == NULL || strstr(said, fetched[_i].words) != NULL, "%s: %s",
                  fetched[_i].name, said);
    wn_list_updated_release(&r);
    wn_overlay_free(o);
    wn_buf_release(&body);
}
END_TEST

START_TEST(fetched_content)
{
    struct wn_error err = {0};
    struct wn_list_updated r = {0};
    unsigned file;
    struct wn_overlay *o = load();
    ck_assert(wn_list_file_number(WN_SPAN("placeholder.add"), &file));
    const struct wn_list_update update = {.overlay = o, .file = file, .source = "x"};
    ck_assert_int_eq(
        wn_list_update_check(&update, WN_SPAN("b\r\n@Z.net\na\r\n\r\nab\n@a.net\nA"), &r, &err),
        WN_OK);
    ck_assert_str_eq(wn_buf_text(&r.content), "@a.net\n@z.net\na\nab\nb\n");
    ck_assert_uint_eq(r.before, 0);
    wn_list_updated_release(&r);
    r = (struct wn_list_updated){0};

    /* Many notes are cut short. */
    struct wn_buf body = {0};
    for (int i = 0; i < 100; i++) {
        wn_buf_addf(&body, "x%d.anonaddy.com\nn%d.net\n", i, i);
    }
    ck_assert(wn_list_file_number(WN_SPAN("disposable.add"), &file));
    const struct wn_list_update many = {.overlay = o, .file = file, .source = "x"};
    ck_assert_int_eq(wn_list_update_check(&many, wn_buf_span(&body), &r, &err), WN_OK);
    ck_assert_ptr_nonnull(strstr(wn_buf_text(&r.notes), "x: and 60 more\n"));
    wn_list_updated_release(&r);
    r = (struct wn_list_updated){0};

    wn_buf_clear(&body);
    for (int i = 0; i <= WN_LIST_ENTRIES; i++) {
        wn_buf_add_text(&body, "a.io\n");
    }
    ck_assert_int_eq(wn_list_update_check(&many, wn_buf_span(&body), &r, &err), WN_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.text, "more than 5000000 entries"));
    wn_list_updated_release(&r);
    wn_buf_release(&body);
    wn_overlay_free(o);
}
END_TEST

static Suite *list_update_suite(void)
{
    Suite *suite = suite_create("list_update");
    TCase *tc = tcase_create("list_update");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, make_directory, tempdir_remove);
    tcase_add_loop_test(tc, fetch, 0, sizeof fetched / sizeof *fetched);
    tcase_add_test(tc, fetched_content);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(list_update_suite());
}
