/* SPDX-License-Identifier: MIT */
/* Which column holds the addresses: by name, by content, by the user's word. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "clean/columns.h"
#include "support/suite.h"

/* Names that exports were seen to use, and the word in other languages. */
static const char *const known_names[] = {
    "email",
    "EMAIL",
    "Email",
    "E-Mail",
    "e_mail",
    "e.mail",
    "Email Address",
    "E-mail Address",
    "email address ",
    "emailaddress",
    "mail",
    "E-mail 1 - Value",
    "email1value",
    "user_email",
    "useremail",
    "billing_email",
    "billingemail",
    "Primary Email",
    "primaryemail",
    "contact email",
    "contactemail",
    "E-Mail-Adresse",
    "emailadresse",
    "Courriel",
    "Adresse e-mail",
    "adresseemail",
    "Adresse mail",
    "adressemail",
    "Correo",
    "Correo Electronico",
    "correoelectronico",
    "Correo electr\xc3\xb3nico",
    "CORREO ELECTR\xc3\x93NICO",
    "correo electr\xf3nico",      /* Windows-1252 */
    "correo electro\xcc\x81nico", /* the accent apart */
    "Direcci\xc3\xb3n de correo electr\xc3\xb3nico",
    "Adresse \xc3\xa9lectronique",
    "Adresse \xe9lectronique",
    "ADRESSE \xc9LECTRONIQUE",
    "Adresse de messagerie",
    "Adresse courriel",
    "Courrier \xc3\xa9lectronique",
    "Endere\xc3\xa7o de e-mail",
    ("Endere\xe7o"
     " de e-mail"),
    "Correio eletr\xc3\xb4nico",
    "Posta elettronica",
    "Indirizzo di posta elettronica",
    "E-mailadres",
    "E-postadress",
    "E-postadresse",
    "S\xc3\xa4hk\xc3\xb6posti",
    "Adres e-mail",
    "E-mailov\xc3\xa1 adresa",
    "E-posta adresi",
    "\u042d\u043b\u0435\u043a\u0442\u0440\u043e\u043d\u043d\u0430\u044f "
    "\u043f\u043e\u0447\u0442\u0430",
    "\u90ae\u7bb1",
    "\uc774\uba54\uc77c",
    "Email:",
    "Email *",
    ("\xa0"
     "email"),
    "e-m@il",
    "Indirizzo email",
    "indirizzoemail",
    "E-posta",
    "eposta",
    "\xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab\xe3\x82\xa2\xe3\x83\x89\xe3\x83\xac\xe3\x82\xb9",
    "email\xc2\xa0",
    ("\xc2\xa0"
     "Email\xc2\xa0"
     "Address"),
    ("\xef\xbb\xbf"
     "email"),
    " email\t",
    "email\r",
};

START_TEST(name_is_known)
{
    ck_assert_msg(wn_column_name_known(wn_span_of(known_names[_i])), "%s", known_names[_i]);
}
END_TEST

START_TEST(name_is_not_known)
{
    static const char *const names[] = {
        "",
        " ",
        "name",
        "emails sent",
        "email opt in",
        "xemail",
        "email\xc2",
        "address",
        "\xe9mail\xe9",
        "\xff\xfe",
        "\xf0\x9f\x93\xa7",
        "mailing",
        "emailemailemailemailemailemailemailemailemailemailemailemailemailemailemailemailemail",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_msg(!wn_column_name_known(wn_span_of(names[i])), "%s", names[i]);
    }
}
END_TEST

#define BOM "\xef\xbb\xbf"
#define MAIL_JA                                                                                    \
    "\xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab\xe3\x82\xa2\xe3\x83\x89\xe3\x83\xac\xe3\x82\xb9"

static const struct row {
    const char *name, *input;
    const char *given; /* --column */
    const char *column_name;
    const char *header; /* NULL: the input's first line */
    uint32_t column;
    bool no_header, chosen;
} rows[] = {
    {.name = "by name", .input = "name,email\nA,a@x.tt\n", .column = 1, .column_name = "email"},
    {.name = "by name, in any case",
     .input = "Name,E-Mail\n",
     .column = 1,
     .column_name = "E-Mail"},
    {.name = "exact email wins over an earlier name",
     .input = "Email Address,mail,email\na@x.tt,b@x.tt,c@x.tt\n",
     .column = 2,
     .column_name = "email"},
    {.name = "the leftmost known name otherwise",
     .input = "id,Mail,Email\n1,a@x.tt,b@x.tt\n",
     .column = 1,
     .column_name = "Mail",
     .chosen = true},
    {.name = "quoted header behind a byte-order mark",
     .input = BOM "\"email\",\"name\"\na@x.tt,A\n",
     .column = 0,
     .column_name = "email"},
    {.name = "Japanese", .input = "id," MAIL_JA "\n", .column = 1, .column_name = MAIL_JA},
    {.name = "a name counts even if another column holds the addresses",
     .input = "email,contact\n,a@x.tt\n",
     .column = 0,
     .column_name = "email"},
    {.name = "by content, with a header that says nothing",
     .input = "id,contact,city\n1,a@x.tt,Rome\n2,b@x.tt,Bonn\n",
     .column = 1,
     .column_name = "contact"},
    {.name = "by content, half of the filled cells",
     .input = "id,contact\n1,a@x.tt\n2,none\n3,\n",
     .column = 1,
     .column_name = "contact"},
    {.name = "the column with more addresses",
     .input = "a,b\nx@x.tt,y@x.tt\n,z@x.tt\n",
     .column = 1,
     .column_name = "b"},
    {.name = "without a header",
     .input = "1,a@x.tt\n2,b@x.tt\n",
     .column = 1,
     .column_name = "2",
     .header = ""},
    {.name = "exact email twice: the leftmost, and said",
     .input = "id,email,email\n1,a@x.tt,b@x.tt\n",
     .column = 1,
     .column_name = "email",
     .chosen = true},
    {.name = "a known name twice",
     .input = "id,E-Mail,E-Mail\n1,a@x.tt,b@x.tt\n",
     .column = 1,
     .column_name = "E-Mail",
     .chosen = true},
    {.name = "other names twice do not matter",
     .input = "x,x,Mail\n1,2,a@x.tt\n",
     .column = 2,
     .column_name = "Mail"},
    {.name = "Windows-1252",
     .input = "nom;Adresse \xe9lectronique;autre\nJos\xe9;a@x.tt;b@x.tt\n",
     .column = 1,
     .column_name = "Adresse \xc3\xa9lectronique"},
    {.name = "--column in UTF-8, the header in Windows-1252",
     .input = "nom;Bo\xeete\x99;autre\nJos\xe9;a@x.tt;b@x.tt\n",
     .given = "bo\xc3\xaete\xef\xbf\xbd",
     .column = 1,
     .column_name = "Bo\xc3\xaete\xef\xbf\xbd"},
    {.name = "CR alone",
     .input = "name;mail\rA;a@x.tt\r",
     .column = 1,
     .column_name = "mail",
     .header = "name;mail\r"},
    {.name = "sep= and a quoted header",
     .input = "sep=;\r\n\"name\";\"mail\"\r\nA;a@x.tt\r\n",
     .column = 1,
     .column_name = "mail",
     .header = "sep=;\r\n\"name\";\"mail\"\r\n"},
    {.name = "trailing blank lines", .input = "email\na@x.tt\n\n\r\n\n", .column_name = "email"},
    {.name = "ragged rows",
     .input = "id,contact,x\n1,a@x.tt\n2,b@x.tt,x,y,z\n3\n",
     .column = 1,
     .column_name = "contact"},
    {.name = "without a header, the first address broken",
     .input = "1,a@@x.tt\n2,b@x.tt\n3,c@x.tt\n",
     .column = 1,
     .column_name = "2",
     .header = ""},
    {.name = "without a header, a word of the first record is a known name",
     .input = "Ann,a@x.tt,email\nBob,b@x.tt,phone\n",
     .column = 1,
     .column_name = "2",
     .header = ""},
    {.name = "a header with an address in a name",
     .input = "email,notes (ask bob@x.tt)\na@x.tt,none\n",
     .column = 0,
     .column_name = "email"},
    {.name = "a name with an @ is no address",
     .input = "Twitter @name,where @,@,contact\n@a,x,y,a@x.tt\n",
     .column = 3,
     .column_name = "contact"},
    {.name = "without a header, one record", .input = "a@x.tt", .column_name = "1", .header = ""},
    {.name = "several addresses in a cell are addresses",
     .input = "1,a@x.tt b@x.tt\n",
     .column = 1,
     .column_name = "2",
     .header = ""},
    {.name = "without a header by the user's word",
     .input = "email\nb@x.tt\n",
     .no_header = true,
     .column = 0,
     .column_name = "1",
     .header = ""},
    {.name = "--column by name",
     .input = "a,b\n1,2\n",
     .given = "b",
     .column = 1,
     .column_name = "b"},
    {.name = "--column wins over email",
     .input = "email,b\n1,2\n",
     .given = "b",
     .column = 1,
     .column_name = "b"},
    {.name = "--column in another case",
     .input = "a,Old Mail\n1,2\n",
     .given = " old mail",
     .column = 1,
     .column_name = "Old Mail"},
    {.name = "--column, the exact case first",
     .input = "Mail,mail\n1,2\n",
     .given = "mail",
     .column = 1,
     .column_name = "mail"},
    {.name = "--column by number",
     .input = "a,b\n1,2\n",
     .given = "2",
     .column = 1,
     .column_name = "b"},
    {.name = "--column, a name before a number",
     .input = "2,b\nx,y\n",
     .given = "2",
     .column = 0,
     .column_name = "2"},
    {.name = "--column by number without a header",
     .input = "x,a@x.tt\n",
     .given = "1",
     .column = 0,
     .column_name = "1",
     .header = ""},
    {.name = "a header alone", .input = "name,email\n", .column = 1, .column_name = "email"},
    {.name = "a header alone that says nothing", .input = "foo,bar\n", .column_name = "foo"},
    {.name = "a header without an end", .input = "name,email", .column = 1, .column_name = "email"},
    {.name = "nothing", .input = "", .column_name = "", .header = ""},
    {.name = "a byte-order mark alone", .input = BOM, .column_name = "", .header = BOM},
    {.name = "blank lines alone", .input = "\n\n \n", .column_name = "", .header = ""},
    {.name = "sep= alone", .input = "sep=;\n", .column_name = "", .header = "sep=;\n"},
    {.name = "nothing, with --column", .input = "", .given = "x", .column_name = "", .header = ""},
    {.name = "a byte-order mark and sep= go with the header",
     .input = BOM "sep=;\nname;email\nA;a@x.tt\n",
     .column = 1,
     .column_name = "email",
     .header = BOM "sep=;\nname;email\n"},
    {.name = "blank lines before the header go with it",
     .input = "\n\nemail\na@x.tt\n",
     .column_name = "email",
     .header = "\n\nemail\n"},
    {.name = "a header over two lines",
     .input = "\"the\nname\",email\nA,a@x.tt\n",
     .column = 1,
     .column_name = "email",
     .header = "\"the\nname\",email\n"},
    {.name = "CRLF", .input = "email\r\na@x.tt\r\n", .column_name = "email"},
    {.name = "a short record later",
     .input = "id,contact\n1\n2,a@x.tt\n",
     .column = 1,
     .column_name = "contact"},
};

/* The settings and the input of one look. */
struct look {
    const char *given[4];
    struct wn_clean_settings settings;
    struct wn_run_input input;
    struct wn_error err;
    int status;
};

static void look_at(struct look *l, const char *text, const char *given, bool no_header, bool all)
{
    struct wn_span sample = wn_span_of(text);
    *l = (struct look){.settings = {.columns = l->given,
                                    .column_count = given != NULL ? 1 : 0,
                                    .no_header = no_header},
                       .input.file.name = "list.csv",
                       .given = {given}};
    ck_assert_int_eq(wn_dialect_detect(sample, 0, "list.csv", &l->input.dialect, &l->err), WN_OK);
    l->status = wn_columns_find(&l->settings, &l->input, sample, all, &l->err);
}

static void forget(struct look *l)
{
    free(l->input.header);
    for (size_t i = 0; i < WN_EMAIL_COLUMNS; i++) {
        wn_buf_release(&l->input.columns[i].name);
    }
}

START_TEST(column_is_found)
{
    const struct row *row = &rows[_i];
    struct look l;
    look_at(&l, row->input, row->given, row->no_header, true);
    ck_assert_msg(l.status == WN_OK, "%s: %s", row->name, l.err.text);
    struct wn_email_column *found = &l.input.columns[0];
    ck_assert_msg(found->index == row->column, "%s: column %u", row->name, found->index);
    ck_assert_str_eq(found->name.len > 0 ? wn_buf_text(&found->name) : "", row->column_name);
    ck_assert_msg(l.input.column_count <= 1, "%s: %zu columns", row->name, l.input.column_count);
    const char *line = strchr(row->input, '\n');
    struct wn_span header = row->header != NULL ? wn_span_of(row->header)
                            : line != NULL
                                ? (struct wn_span){row->input, (size_t)(line - row->input) + 1}
                                : wn_span_of(row->input);
    ck_assert_msg(wn_span_equal(header, (struct wn_span){l.input.header, l.input.header_length}),
                  "%s: a header of %zu bytes", row->name, l.input.header_length);
    ck_assert_msg(l.input.column_chosen == row->chosen, "%s: chosen", row->name);
    forget(&l);
}
END_TEST

static const struct refusal {
    const char *name, *input, *given;
    bool no_header, part; /* of a longer input */
    const char *says;
} refusals[] = {
    {.name = "no column",
     .input = "id,name\n1,A\n2,B\n",
     .says = "list.csv: no column holds email addresses; name it with --column (the columns are: "
             "id, name)"},
    {.name = "fewer than half are addresses",
     .input = "id,name\n1,A\n2,B\n3,a@x.tt\n",
     .says = "no column holds email addresses"},
    {.name = "a tie names the candidates alone",
     .input = "id,from,to\n1,a@x.tt,b@x.tt\n2,c@x.tt,d@x.tt\n",
     .says = "several columns hold email addresses; name it with --column (the candidates are: "
             "from, to)"},
    {.name = "a tie beyond the columns that are shown",
     .input = "1,2,3,4,5,6,7,8,9,10,11,12,13,from,to\n,,,,,,,,,,,,,a@x.tt,b@x.tt\n",
     .says = "(the candidates are: from, to)"},
    {.name = "a tie without a header",
     .input = "a@x.tt,1,b@x.tt\n",
     .says = "(the candidates are: 1, 3)"},
    {.name = "many columns",
     .input = "a,b,c,d,e,f,g,h,i,j,k,l,m,n\n1,2,3,4,5,6,7,8,9,10,11,12,13,14\n",
     .says = "(the columns are: a, b, c, d, e, f, g, h, i, j, k, l, and 2 more)"},
    {.name = "unknown --column",
     .input = "a,b\n1,2\n",
     .given = "c",
     .says = "there is no column 'c'; name it with --column (the columns are: a, b)"},
    {.name = "--column 0", .input = "a,b\n1,2\n", .given = "0", .says = "there is no column '0'"},
    {.name = "--column behind the last",
     .input = "a,b\n1,2\n",
     .given = "3",
     .says = "there is no column '3'"},
    {.name = "--column by name without a header",
     .input = "a@x.tt,b\n",
     .given = "email",
     .says = "there is no column 'email'; name it with --column (the columns are: 1, 2)"},
    {.name = "--no-header and no address",
     .input = "id,name\n1,A\n",
     .no_header = true,
     .says = "no column holds email addresses; name it with --column (the columns are: 1, 2)"},
    {.name = "a header that is never closed",
     .input = "\"email,name\na@x.tt,A\n",
     .says = "the first record cannot be read (quoted field is never closed)"},
    {.name = "nothing but a broken header",
     .input = "\"email",
     .says = "the first record cannot be read (quoted field is never closed)"},
    {.name = "a header that does not fit into the sample",
     .input = "email,name",
     .part = true,
     .says = "the first record cannot be read (it is longer than 64 KiB)"},
    {.name = "names in Windows-1252 are shown in UTF-8",
     .input = "num\xe9ro,pr\xe9nom\n1,2\n",
     .says = "(the columns are: num\xc3\xa9ro, pr\xc3\xa9nom)"},
    {.name = "control characters in a name are defused",
     .input = "id,n\x1b[2J\n1,2\n",
     .says = "(the columns are: id, n?[2J)"},
    {.name = "a long name is cut between characters",
     .input = "id,12345678901234567890123456789012345678\xc3\xa4\xc3\xb6z,z\n1,2,3\n",
     .says = "(the columns are: id, 12345678901234567890123456789012345678\xc3\xa4, z)"},
    {.name = "and never within one",
     .input = "id,x12345678901234567890123456789012345678\xc3\xa4\xc3\xb6z,z\n1,2,3\n",
     .says = "(the columns are: id, x12345678901234567890123456789012345678, z)"},
};

START_TEST(column_is_not_found)
{
    const struct refusal *row = &refusals[_i];
    struct look l;
    look_at(&l, row->input, row->given, row->no_header, !row->part);
    ck_assert_msg(l.status == WN_E_DATA && l.err.status == WN_E_DATA, "%s", row->name);
    ck_assert_msg(strstr(l.err.text, row->says) != NULL, "%s: %s", row->name, l.err.text);
    forget(&l);
}
END_TEST

/* A sample that ends within a record: only whole records are looked at. */
START_TEST(sample_that_is_cut)
{
    struct look l;
    look_at(&l, "id,contact\n1,a@x.tt\n2,\"b", NULL, false, false);
    ck_assert_msg(l.status == WN_OK, "%s", l.err.text);
    ck_assert_uint_eq(l.input.columns[0].index, 1);
    forget(&l);
}
END_TEST

/* In the order in which they were named; a name that comes again adds nothing. */
START_TEST(several_given)
{
    struct look l = {0};
    static const char text[] = "work,id,Private\na@x.tt,1,b@x.tt\n";
    static const char *const given[] = {"private", "1", "work", "2"};
    ck_assert_int_eq(wn_dialect_detect(wn_span_of(text), 0, "list.csv", &l.input.dialect, &l.err),
                     WN_OK);
    l.settings.columns = given;
    l.settings.column_count = 4;
    ck_assert_int_eq(wn_columns_find(&l.settings, &l.input, wn_span_of(text), true, &l.err), WN_OK);
    ck_assert_uint_eq(l.input.column_count, 3);
    static const uint32_t indexes[] = {2, 0, 1};
    static const char *const names[] = {"Private", "work", "id"};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(l.input.columns[i].index, indexes[i]);
        ck_assert_str_eq(wn_buf_text(&l.input.columns[i].name), names[i]);
    }
    forget(&l);
}
END_TEST

/* Every one of them must be there. */
START_TEST(one_of_several_is_missing)
{
    struct look l = {0};
    static const char text[] = "work,id\na@x.tt,1\n";
    static const char *const given[] = {"work", "home"};
    ck_assert_int_eq(wn_dialect_detect(wn_span_of(text), 0, "list.csv", &l.input.dialect, &l.err),
                     WN_OK);
    l.settings.columns = given;
    l.settings.column_count = 2;
    ck_assert_int_eq(wn_columns_find(&l.settings, &l.input, wn_span_of(text), true, &l.err),
                     WN_E_DATA);
    ck_assert_ptr_nonnull(strstr(l.err.text, "there is no column 'home'"));
    forget(&l);
}
END_TEST

/* No more columns are looked at than a list can sensibly have. */
START_TEST(very_many_columns)
{
    struct wn_buf text = {0};
    for (unsigned i = 0; i < 30000; i++) {
        wn_buf_add_text(&text, ",");
    }
    wn_buf_add_text(&text, "email\n");
    struct look l;
    look_at(&l, wn_buf_text(&text), NULL, false, true);
    ck_assert_int_eq(l.status, WN_OK); /* a header alone: nothing to find */
    forget(&l);
    wn_buf_add_text(&text, "a\n");
    look_at(&l, wn_buf_text(&text), NULL, false, true);
    ck_assert_int_eq(l.status, WN_E_DATA);
    ck_assert_ptr_nonnull(strstr(l.err.text, "and 4084 more"));
    forget(&l);
    wn_buf_release(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("columns");
    TCase *cases = tcase_create("columns");
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, name_is_known, 0, sizeof known_names / sizeof *known_names);
    tcase_add_test(cases, name_is_not_known);
    tcase_add_loop_test(cases, column_is_found, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(cases, column_is_not_found, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(cases, sample_that_is_cut);
    tcase_add_test(cases, several_given);
    tcase_add_test(cases, one_of_several_is_missing);
    tcase_add_test(cases, very_many_columns);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
