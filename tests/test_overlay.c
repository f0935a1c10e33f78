/* SPDX-License-Identifier: MIT */
/* The user's own lists: what they say on top of the compiled-in ones, what is refused or passed
 * over, and how it is explained. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address/lists.h"
#include "address/overlay.h"
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

static int load_status(struct wn_error *err)
{
    struct wn_overlay *o = (struct wn_overlay *)err;
    *err = (struct wn_error){0};
    int status = wn_overlay_load(dir, &o, err);
    ck_assert(status == WN_OK || o == NULL);
    wn_overlay_free(o);
    return status;
}

static unsigned file_number(const char *name)
{
    unsigned file = 0;
    ck_assert(wn_list_file_number(wn_span_of(name), &file));
    return file;
}

/* What holds of an address. */
static uint32_t flags_of(const struct wn_overlay *o, const char *text)
{
    struct wn_address a;
    char key[sizeof a.text];
    wn_address_read(wn_span_of(text), WN_ADDRESS_SYNTAX_ONLY, &a);
    ck_assert_msg(a.length > 0, "%s", text);
    size_t n = wn_address_key(&a, key);
    struct wn_span domain = wn_address_domain(&a);
    return wn_overlay_settle(wn_overlay_mailbox(o, (struct wn_span){key, n}, n - domain.n - 1) |
                             wn_overlay_domain(o, domain));
}

/* --- what is in force --------------------------------------------------------------------------
 */

enum {
    R = WN_FLAG_role,
    P = WN_FLAG_placeholder,
    D = WN_FLAG_disposable,
    F = WN_FLAG_free,
    Y = WN_FLAG_relay,
    A = WN_FLAG_allowed
};

static const struct {
    const char *name;
    const char *file, *content, *file2, *content2;
    const char *address;
    uint32_t flags;
} asked[] = {
    {"added role", "role.add.txt", "chef\n", NULL, NULL, "Chef+x@x.org", R},
    {"compiled-in role beside an added one", "role.add.txt", "chef\n", NULL, NULL, "info@x.org", R},
    {"role of the standing-in list", "role.txt", "chef\n", NULL, NULL, "chef@x.org", R},
    {"role that the user's list lacks", "role.txt", "chef\n", NULL, NULL, "info@x.org", 0},
    {"replaced and added", "role.txt", "chef\n", "role.add.txt", "boss\n", "boss@x.org", R},
    {"an empty list is a list", "role.txt", "", NULL, NULL, "info@x.org", 0},
    {"replacing one leaves the others", "role.txt", "", NULL, NULL, "asdf@x.org", P},
    {"replaced placeholders", "placeholder.txt", "qqq\n@qqq.com\n", NULL, NULL, "asdf@test.com", 0},
    {"a placeholder of theirs", "placeholder.txt", "qqq\n@qqq.com\n", NULL, NULL, "qqq@x.org", P},
    {"a placeholder domain", "placeholder.txt", "@qqq.com\n", NULL, NULL, "bob@a.qqq.com", P},
    {"added disposable", "disposable.add.txt", "temp-x.net\n", NULL, NULL, "b@temp-x.net", D},
    {"under it", "disposable.add.txt", "temp-x.net\n", NULL, NULL, "b@a.b.temp-x.net", D},
    {"ends like it", "disposable.add.txt", "temp-x.net\n", NULL, NULL, "b@atemp-x.net", 0},
    {"compiled-in disposable", "disposable.add.txt", "temp-x.net\n", NULL, NULL, "b@yopmail.com",
     D},
    {"replaced disposable", "disposable.txt", "temp-x.net\n", NULL, NULL, "b@yopmail.com", 0},
    {"added free", "free.add.txt", "post-x.net\n", NULL, NULL, "b@post-x.net", F},
    {"under a free one", "free.add.txt", "post-x.net\n", NULL, NULL, "b@a.post-x.net", 0},
    {"replaced free", "free.txt", "post-x.net\n", NULL, NULL, "b@freenet.de", 0},
    {"added relay", "relay.add.txt", "alias-x.net\n", NULL, NULL, "b@c.alias-x.net", Y},
    {"free against the compiled-in disposable", "free.add.txt", "yopmail.com\n", NULL, NULL,
     "b@yopmail.com", F},
    {"relay against the compiled-in disposable", "relay.add.txt", "yopmail.com\n", NULL, NULL,
     "b@a.yopmail.com", Y},
    {"free against their disposable", "free.add.txt", "z.net\n", "disposable.add.txt", "z.net\n",
     "b@z.net", F},
    {"under one that is free and disposable", "free.add.txt", "z.y.net\n", "disposable.add.txt",
     "x.y.net\n", "b@x.y.net", D},
    {"a well-known domain is never disposable", "disposable.add.txt", "google.com\n", NULL, NULL,
     "b@google.com", 0},
    {"nor a domain above a provider", "disposable.add.txt", "co.uk\n", NULL, NULL, "b@bbb.co.uk",
     0},
    {"nor a free provider", "disposable.txt", "gmail.com\n", NULL, NULL, "bob@gmail.com", F},
    {"nor a relay", "disposable.txt", "x.anonaddy.com\n", NULL, NULL, "bob@x.anonaddy.com", Y},
    {"nor a placeholder", "placeholder.add.txt", "@gmail.com\n", NULL, NULL, "bob@gmail.com", F},
    {"nor a public suffix", "disposable.add.txt", "blogspot.com\n", NULL, NULL, "b@a.blogspot.com",
     0},
    {"unless the user's own list of the free says so", "free.txt", "", "disposable.add.txt",
     "freesurf.fr\n", "b@freesurf.fr", D},
    {"allowed domain", "allow.txt", "yopmail.com\n", NULL, NULL, "b@yopmail.com", A},
    {"under an allowed domain", "allow.txt", "yopmail.com\n", NULL, NULL, "b@a.yopmail.com", A},
    {"role in an allowed domain", "allow.txt", "x.org\n", NULL, NULL, "info@x.org", A},
    {"placeholder in an allowed domain", "allow.txt", "test.com\n", NULL, NULL, "asdf@test.com", A},
    {"free stays", "allow.txt", "gmail.com\n", NULL, NULL, "info@gmail.com", A | F},
    {"allowed local part", "allow.txt", "info\n", NULL, NULL, "Info+x@x.org", A},
    {"allowed local part at a disposable domain", "allow.txt", "info@\n", NULL, NULL,
     "info@yopmail.com", A},
    {"allowed address", "allow.txt", "Bob@yopmail.com\n", NULL, NULL, "bob@YOPmail.com", A},
    {"allowed address with a tag", "allow.txt", "bob@yopmail.com\n", NULL, NULL,
     "bob+x@yopmail.com", A},
    {"only this tag is allowed", "allow.txt", "bob+x@yopmail.com\n", NULL, NULL,
     "bob+y@yopmail.com", D},
    {"exactly this tag", "allow.txt", "bob+x@yopmail.com\n", NULL, NULL, "bob+x@yopmail.com", A},
    {"another address", "allow.txt", "bob@yopmail.com\n", NULL, NULL, "ann@yopmail.com", D},
    {"allowed against their own list", "allow.txt", "z.net\n", "disposable.txt", "z.net\n",
     "b@z.net", A},
    {"more to allow", "allow.add.txt", "z.net\n", "disposable.txt", "z.net\n", "b@z.net", A},
    {"a file of no list is nobody's business", "README", "xyz\n", "role.txt.bak", "xyz\n",
     "info@x.org", R},
    {"nor is a hidden one", ".role.txt", "chef\n", ".x.txt", "!\n", "chef@x.org", 0},
};

START_TEST(ask)
{
    (void)tempdir_text(asked[_i].file, asked[_i].content);
    if (asked[_i].file2 != NULL) {
        (void)tempdir_text(asked[_i].file2, asked[_i].content2);
    }
    struct wn_overlay *o = load();
    uint32_t flags = flags_of(o, asked[_i].address);
    ck_assert_msg(flags == asked[_i].flags, "%s: %x, not %x", asked[_i].name, flags,
                  asked[_i].flags);
    wn_overlay_free(o);
}
END_TEST

START_TEST(mx_hosts)
{
    (void)tempdir_text("disposable_mx.add.txt",
                       "mx.temp-x.net\naspmx3.googlemail.com\noutlook.com\n"
                       "protection.outlook.com\nkundenserver.de\nyandex.net\n");
    struct wn_overlay *o = load();
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("a.mx.temp-x.net")), D);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("mail.mailinator.com")), D);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("temp-x.net")), 0);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("")), 0);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("aspmx3.googlemail.com")), 0);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("x.mail.protection.outlook.com")), 0);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("mx00.kundenserver.de")), 0);
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("mx.yandex.net")), 0);
    /* A name among MX hosts is none among domains. */
    ck_assert_uint_eq(flags_of(o, "b@mx.temp-x.net"), 0);
    wn_overlay_free(o);
    (void)tempdir_text("disposable_mx.txt", "");
    o = load();
    ck_assert_uint_eq(wn_overlay_mx(o, WN_SPAN("mail.mailinator.com")), 0);
    wn_overlay_free(o);
    ck_assert_uint_eq(wn_overlay_mx(NULL, WN_SPAN("mail.mailinator.com")), D);
}
END_TEST

static void same_as_compiled_in(void *arg, enum wn_list_id list, unsigned file,
                                const struct wn_list_entry *e)
{
    const struct wn_overlay *o = arg;
    struct wn_span name = {e->text, e->length};
    char key[sizeof e->text + 10];
    ck_assert_uint_eq(file, WN_LIST_FILES);
    if (list == WN_LIST_ID_disposable_mx) {
        ck_assert_uint_eq(wn_overlay_mx(o, name), wn_lists_mx(name));
        ck_assert_uint_eq(wn_overlay_mx(NULL, name), wn_lists_mx(name));
    } else if (e->kind == WN_ENTRY_DOMAIN) {
        ck_assert_uint_eq(wn_overlay_domain(o, name), wn_lists_domain(name));
        ck_assert_uint_eq(wn_overlay_domain(NULL, name), wn_lists_domain(name));
    } else {
        int n = snprintf(key, sizeof key, "%.*s@x.org", (int)e->length, e->text);
        struct wn_span span = {key, (size_t)n};
        ck_assert_uint_eq(wn_overlay_mailbox(o, span, e->length), wn_lists_local(name));
        ck_assert_uint_eq(wn_overlay_mailbox(NULL, span, e->length), wn_lists_local(name));
    }
}

/* An empty directory, and no directory, change nothing. */
START_TEST(nothing_of_theirs)
{
    struct wn_overlay *o = load();
    for (unsigned i = 0; i < WN_LIST_IDS; i++) {
        ck_assert(wn_overlay_uses_built_in(o, (enum wn_list_id)i) ==
                  (i != (unsigned)WN_LIST_ID_allow));
        wn_overlay_each(o, (enum wn_list_id)i, same_as_compiled_in, o);
    }
    wn_overlay_free(o);
    wn_overlay_free(NULL);
}
END_TEST

/* --- loading -----------------------------------------------------------------------------------
 */

static const struct {
    const char *name, *file, *content, *words;
} broken[] = {
    {"a bad line", "disposable.txt", "x.org\n\nfoo bar\n", "disposable.txt:3: 'foo bar'"},
    {"an address among domains", "free.add.txt", "bob@x.org\n", "free.add.txt:1: "},
    {"an escape sequence", "role.txt", "\x1b[31mred\n", "'?[31mred'"},
    {"a domain that is none", "allow.txt", "a..b\n", "allow.txt:1: "},
    {"a misspelt name", "disposible.txt", "x.org\n", "disposible.txt is named after no list"},
    {"no name at all", "add.txt", "x.org\n", "add.txt is named after no list"},
};

START_TEST(refuse)
{
    struct wn_error err;
    (void)tempdir_text(broken[_i].file, broken[_i].content);
    ck_assert_int_eq(load_status(&err), WN_E_CONFIG);
    ck_assert_msg(strstr(err.text, broken[_i].words) != NULL, "%s: %s", broken[_i].name, err.text);
    ck_assert_int_eq(err.status, WN_E_CONFIG);
}
END_TEST

START_TEST(refuse_what_is_no_file)
{
    struct wn_error err;
    ck_assert_int_eq(mkdir(tempdir_path("role.txt"), 0700), 0);
    ck_assert_int_eq(load_status(&err), WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "role.txt is no ordinary file"));
    rmdir(tempdir_path("role.txt"));
    ck_assert_int_eq(mkfifo(tempdir_path("role.txt"), 0600), 0);
    ck_assert_int_eq(load_status(&err), WN_E_CONFIG);
    unlink(tempdir_path("role.txt"));
    ck_assert_int_eq(symlink("role.txt", tempdir_path("role.txt")), 0);
    ck_assert_int_eq(load_status(&err), WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "role.txt cannot be read"));
}
END_TEST

START_TEST(refuse_what_is_too_large)
{
    struct wn_error err;
    (void)tempdir_text("role.txt", "");
    ck_assert_int_eq(truncate(tempdir_path("role.txt"), (off_t)WN_LIST_FILE_OCTETS + 1), 0);
    ck_assert_int_eq(load_status(&err), WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "role.txt is larger than 64 MiB"));
    FILE *f = fopen(tempdir_path("role.txt"), "w");
    for (int i = 0; i <= WN_LIST_ENTRIES; i++) {
        fputs("a\n", f);
    }
    fclose(f);
    ck_assert_int_eq(load_status(&err), WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "role.txt:5000001: the lists have more than 5000000"));
}
END_TEST

START_TEST(directories)
{
    struct wn_overlay *o;
    struct wn_error err = {0};
    struct wn_buf path = {0};
    ck_assert_int_eq(wn_overlay_load("", &o, &err), WN_OK);
    ck_assert_ptr_null(o);
    ck_assert_int_eq(wn_overlay_load(tempdir_path("none"), &o, &err), WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "/none cannot be read"));

    setenv("XDG_CONFIG_HOME", tempdir_path("config"), 1);
    setenv("HOME", dir, 1);
    ck_assert(wn_overlay_default_dir(&path));
    ck_assert_str_eq(wn_buf_text(&path), tempdir_path("config/winnow/lists"));
    ck_assert_int_eq(wn_overlay_load(NULL, &o, NULL), WN_OK); /* it need not exist */
    ck_assert_ptr_null(o);
    ck_assert_int_eq(mkdir(tempdir_path("config"), 0700), 0);
    ck_assert_int_eq(mkdir(tempdir_path("config/winnow"), 0700), 0);
    ck_assert_int_eq(mkdir(tempdir_path("config/winnow/lists"), 0700), 0);
    (void)tempdir_text("config/winnow/lists/role.add.txt", "chef\n");
    ck_assert_int_eq(wn_overlay_load(NULL, &o, NULL), WN_OK);
    ck_assert_uint_eq(flags_of(o, "chef@x.org"), R);
    wn_overlay_free(o);

    setenv("XDG_CONFIG_HOME", "relative", 1); /* not allowed by the XDG specification */
    wn_buf_clear(&path);
    ck_assert(wn_overlay_default_dir(&path));
    ck_assert_str_eq(wn_buf_text(&path), tempdir_path(".config/winnow/lists"));
    unsetenv("HOME");
    wn_buf_clear(&path);
    ck_assert(!wn_overlay_default_dir(&path));
    ck_assert_int_eq(wn_overlay_load(NULL, &o, NULL), WN_OK);
    ck_assert_ptr_null(o);
    setenv("XDG_CONFIG_HOME", dir, 1);
    (void)tempdir_text("winnow", "a file in the way\n");
    ck_assert_int_eq(wn_overlay_load(NULL, &o, NULL), WN_OK);
    wn_buf_release(&path);
}
END_TEST

/* --- explaining --------------------------------------------------------------------------------
 */

START_TEST(sources)
{
    (void)tempdir_text("disposable.txt",
                       "b.net\na.net\nA.net\ngoogle.com\nco.uk\nduck.com\nblogspot.com\n");
    struct wn_overlay *o = load();
    struct wn_list_source s = wn_overlay_source(o, file_number("disposable"));
    ck_assert_str_eq(s.path, tempdir_path("disposable.txt"));
    ck_assert_uint_eq(s.entries, 2);
    ck_assert_uint_eq(s.passed_over, 4);
    ck_assert_str_eq(s.passing, "google.com (a domain that everybody knows), co.uk (above a "
                                "provider of real people), duck.com (a domain that everybody "
                                "knows), blogspot.com (a suffix under which anybody can register)");
    ck_assert(s.passing_all);
    ck_assert(!wn_overlay_uses_built_in(o, WN_LIST_ID_disposable));
    ck_assert(wn_overlay_uses_built_in(o, WN_LIST_ID_role));
    ck_assert_ptr_null(wn_overlay_source(o, file_number("disposable.add")).path);
    ck_assert_ptr_null(wn_overlay_source(NULL, file_number("disposable")).path);
    ck_assert_uint_ge(wn_overlay_built_in(WN_LIST_ID_disposable), 500);
    ck_assert_uint_eq(wn_overlay_built_in(WN_LIST_ID_allow), 0);
    wn_overlay_free(o);
    /* More than can be named. */
    FILE *f = fopen(tempdir_path("disposable.txt"), "w");
    for (int i = 0; i < 100; i++) {
        fprintf(f, "x%d.duck.com\n", i);
    }
    fclose(f);
    o = load();
    s = wn_overlay_source(o, file_number("disposable"));
    ck_assert_uint_eq(s.passed_over, 100);
    ck_assert(!s.passing_all);
    wn_overlay_free(o);
}
END_TEST

static void list_match(void *arg, enum wn_list_id list, unsigned file,
                       const struct wn_list_entry *e)
{
    struct wn_buf *out = arg;
    wn_buf_addf(out, "%s%s ", wn_list_kinds[list].name,
                file == WN_LIST_FILES ? ""
                : file % 2 != 0       ? ".add.txt"
                                      : ".txt");
    wn_list_entry_write(list, e, out);
    wn_buf_add_text(out, "; ");
}

static const struct {
    const char *name, *key, *matches;
    size_t local_length;
} matched[] = {
    {"all", "info+x@a.yopmail.com",
     "allow.txt info@; role info; disposable yopmail.com; disposable.add.txt yopmail.com; "
     "allow.txt info@a.yopmail.com; ",
     6},
    {"none", "bob@x.org", "", 3},
    {"a domain, also as an MX host", "a.yopmail.com",
     "disposable yopmail.com; disposable.add.txt yopmail.com; disposable_mx yopmail.com; ", 0},
    {"free names are exact", "mail.gmail.com", "", 0},
    {"a placeholder's domain", "bob@test.com", "placeholder @test.com; ", 3},
    {"a replaced list", "bob@trbvm.com", "disposable trbvm.com; ", 3},
};

START_TEST(matches)
{
    struct wn_buf out = {0};
    (void)tempdir_text("allow.txt", "info\ninfo@a.yopmail.com\n");
    (void)tempdir_text("disposable.add.txt", "yopmail.com\n");
    struct wn_overlay *o = load();
    wn_overlay_matches(o, wn_span_of(matched[_i].key), matched[_i].local_length, list_match, &out);
    ck_assert_msg(strcmp(wn_buf_text(&out), matched[_i].matches) == 0, "%s: %s", matched[_i].name,
                  wn_buf_text(&out));
    wn_overlay_free(o);
    wn_buf_release(&out);
}
END_TEST

static void count(void *arg, enum wn_list_id list, unsigned file, const struct wn_list_entry *e)
{
    (void)list;
    (void)e;
    ((size_t *)arg)[file]++;
}

START_TEST(each)
{
    size_t counts[WN_LIST_FILES + 1] = {0};
    (void)tempdir_text("allow.txt", "info\nx.org\nbob@x.org\n");
    (void)tempdir_text("role.txt", "chef\n");
    (void)tempdir_text("placeholder.add.txt", "qqq\n@qqq.com\nasdf\n");
    struct wn_overlay *o = load();
    wn_overlay_each(o, WN_LIST_ID_allow, count, counts);
    wn_overlay_each(o, WN_LIST_ID_role, count, counts);
    ck_assert_uint_eq(counts[file_number("allow")], 3);
    ck_assert_uint_eq(counts[file_number("role")], 1);
    ck_assert_uint_eq(counts[WN_LIST_FILES], 0);
    wn_overlay_each(o, WN_LIST_ID_placeholder, count, counts);
    ck_assert_uint_eq(counts[file_number("placeholder.add")], 3);
    ck_assert_uint_eq(counts[WN_LIST_FILES], wn_overlay_built_in(WN_LIST_ID_placeholder));
    wn_overlay_free(o);
}
END_TEST

static Suite *overlay_suite(void)
{
    Suite *suite = suite_create("overlay");
    TCase *tc = tcase_create("overlay");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, make_directory, tempdir_remove);
#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, sizeof(table) / sizeof *(table))
    LOOP(ask, asked);
    tcase_add_test(tc, mx_hosts);
    tcase_add_test(tc, nothing_of_theirs);
    LOOP(refuse, broken);
    tcase_add_test(tc, refuse_what_is_no_file);
    tcase_add_test(tc, refuse_what_is_too_large);
    tcase_add_test(tc, directories);
    tcase_add_test(tc, sources);
    LOOP(matches, matched);
    tcase_add_test(tc, each);
#undef LOOP
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    return run_suite(overlay_suite());
}
