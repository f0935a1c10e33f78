/* SPDX-License-Identifier: MIT */
/* Options from the configuration file, from variables and from the command line, over a table of
 * commands of the test's own. Each test runs in a process of its own, with its own environment. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "support/suite.h"
#include "support/tempdir.h"

struct settings {
    bool quiet, verbose, no_header;
    int64_t jobs, wait;
    const char *output, *dns_server;
    struct wn_texts set;
};

static const struct wn_option clean_options[] = {
    {"output", 'o', WN_OPT_TEXT, offsetof(struct settings, output), "DIR", "write to DIR", 0, 0},
    {"jobs", 'j', WN_OPT_NUMBER, offsetof(struct settings, jobs), "N", "threads", 1, 256},
    {"wait", 0, WN_OPT_NUMBER, offsetof(struct settings, wait), "SECONDS", "wait", 5, 0},
    {"set", 's', WN_OPT_LIST, offsetof(struct settings, set), "REASON=ACTION", "override", 0, 0},
    {"dns-server", 0, WN_OPT_TEXT, offsetof(struct settings, dns_server), "ADDR", "ask", 0, 0},
    {"quiet", 'q', WN_OPT_FLAG, offsetof(struct settings, quiet), NULL, "errors only", 0, 0},
    {"verbose", 'v', WN_OPT_FLAG, offsetof(struct settings, verbose), NULL, "more", 0, 0},
    {"no-header", 0, WN_OPT_FLAG, offsetof(struct settings, no_header), NULL, "no header", 0, 0},
};

static const struct wn_option import_options[] = {
    {"map", 'm', WN_OPT_TEXT, offsetof(struct settings, output), "NAMES", "columns", 0, 0},
};

static const struct wn_command_help clean_help = {
    .name = "clean", .options = clean_options, .option_count = 8};
static const struct wn_command_help import_help = {
    .name = "bounces import", .options = import_options, .option_count = 1};

const struct wn_command wn_commands[] = {
    {"clean", NULL, &clean_help},
    {"secret", NULL, NULL}, /* a command without help */
    {"bounces", NULL, &import_help},
};
const size_t wn_command_count = 3;

/* Removes what the surroundings of the test say. */
static void clear_environment(void)
{
    ck_assert_int_eq(clearenv(), 0);
    ck_assert_int_eq(setenv("XDG_CONFIG_HOME", tempdir_path(""), 1), 0);
}

static void write_config(const char *text)
{
    (void)mkdir(tempdir_path("winnow"), 0755);
    (void)tempdir_write("winnow/winnow.conf", text, strlen(text));
}

/* The words of a command line, split at blanks; "_" is an empty word. */
struct line {
    char text[200];
    char *v[20];
    int n;
};

static void split(struct line *l, const char *words)
{
    (void)snprintf(l->text, sizeof l->text, "clean %s", words);
    l->n = 0;
    for (char *p = strtok(l->text, " "); p != NULL && l->n < 19; p = strtok(NULL, " ")) {
        l->v[l->n++] = strcmp(p, "_") == 0 ? p + 1 : p;
    }
    l->v[l->n] = NULL;
}

static const struct row {
    const char *name;
    const char *config, *variables; /* NULL: none; "A=1 B=2" */
    const char *line;
    const char *outcome; /* all settings and operands, as show() writes them */
} rows[] = {
    {"nothing", NULL, NULL, "", ""},
    {"operands", NULL, NULL, "a.csv - b.csv", "a.csv - b.csv "},
    {"empty operand", NULL, NULL, "_", " "},
    {"flag", NULL, NULL, "--quiet", "quiet "},
    {"short flags together", NULL, NULL, "-qv", "quiet verbose "},
    {"value", NULL, NULL, "--output DIR", "output:DIR "},
    {"value behind =", NULL, NULL, "--output=DIR", "output:DIR "},
    {"empty value behind =", NULL, NULL, "--output= x", "output: x "},
    {"value with =", NULL, NULL, "--set a=b --set=c=d", "set:a=b,c=d "},
    {"value that looks like an option", NULL, NULL, "--output --quiet", "output:--quiet "},
    {"short value", NULL, NULL, "-o DIR", "output:DIR "},
    {"short value in one", NULL, NULL, "-oDIR", "output:DIR "},
    {"short flags and a value", NULL, NULL, "-qoDIR", "output:DIR quiet "},
    {"short flags and a value apart", NULL, NULL, "-qvo DIR x", "output:DIR quiet verbose x "},
    {"the later wins", NULL, NULL, "-o a --output b", "output:b "},
    {"list", NULL, NULL, "-s a=1 -sb=2 --set c=3 -s d=4 -s e=5", "set:a=1,b=2,c=3,d=4,e=5 "},
    {"number", NULL, NULL, "--jobs 1 --wait=5", "jobs:1 wait:5 "},
    {"largest number", NULL, NULL, "--jobs 256", "jobs:256 "},
    {"number without a limit", NULL, NULL, "--wait 9223372036854775807",
     "wait:9223372036854775807 "},
    {"options behind operands", NULL, NULL, "a -q b", "quiet a b "},
    {"-- ends the options", NULL, NULL, "-v -- -q --output --", "verbose -q --output -- "},
    {"configuration", "[clean]\noutput = there\njobs=3\nquiet = yes\nset = a=b\nset = c=d\n", NULL,
     "", "output:there jobs:3 set:a=b,c=d quiet "},
    {"comments, blank lines, indents and no last newline",
     "# one\n; two\n\n[clean]\n  jobs = 3 ; three\n  output = x\n\twait = 7", NULL, "",
     "output:x jobs:3 wait:7 "},
    {"a byte-order mark", "\xef\xbb\xbf[clean]\njobs = 3\n", NULL, "", "jobs:3 "},
    {"words for flags", "[clean]\nquiet=ON\nverbose=True\nno-header=1\n", NULL, "",
     "quiet verbose no-header "},
    {"a flag that is taken back by a variable", "[clean]\nquiet=yes\nverbose=yes\n",
     "WINNOW_QUIET=no WINNOW_VERBOSE=Off", "", ""},
    {"another command's section", "[bounces import]\nmap = x\n[clean]\njobs=2\n", NULL, "",
     "jobs:2 "},
    {"another command's values are not looked at", "[clean]\njobs=2\n[bounces import]\nmap=\n",
     NULL, "", "jobs:2 "},
    {"variables", NULL, "WINNOW_DNS_SERVER=127.0.0.1:5300 WINNOW_JOBS=4 WINNOW_QUIET=1", "",
     "jobs:4 dns:127.0.0.1:5300 quiet "},
    {"another command's variable", NULL, "WINNOW_MAP=x", "", ""},
    {"other variables", NULL, "WINNOWS=1 WINNO=2 XWINNOW_JOBS=3", "", ""},
    {"variables win over the configuration", "[clean]\njobs=2\noutput=x\n", "WINNOW_JOBS=3", "",
     "output:x jobs:3 "},
    {"the command line wins", "[clean]\njobs=2\n", "WINNOW_JOBS=3", "--jobs 4", "jobs:4 "},
    {"a list from a variable replaces the configuration's", "[clean]\nset=a=1\nset=b=2\n",
     "WINNOW_SET=c=3", "", "set:c=3 "},
    {"a list from the command line replaces both", "[clean]\nset=a=1\n", "WINNOW_SET=c=3",
     "--set d=4 --set e=5", "set:d=4,e=5 "},
};

static void show(const struct settings *s, const struct wn_operands *o, struct wn_buf *out)
{
    if (s->output != NULL) {
        wn_buf_addf(out, "output:%s ", s->output);
    }
    if (s->jobs != 0) {
        wn_buf_addf(out, "jobs:%lld ", (long long)s->jobs);
    }
    if (s->wait != 0) {
        wn_buf_addf(out, "wait:%lld ", (long long)s->wait);
    }
    for (size_t i = 0; i < s->set.n; i++) {
        wn_buf_addf(out, "%s%s%s", i == 0 ? "set:" : ",", s->set.v[i],
                    i + 1 == s->set.n ? " " : "");
    }
    if (s->dns_server != NULL) {
        wn_buf_addf(out, "dns:%s ", s->dns_server);
    }
    wn_buf_addf(out, "%s%s%s", s->quiet ? "quiet " : "", s->verbose ? "verbose " : "",
                s->no_header ? "no-header " : "");
    for (size_t i = 0; i < o->n; i++) {
        wn_buf_addf(out, "%s ", o->v[i]);
    }
}

static void set_variables(const char *variables)
{
    char text[200];
    (void)snprintf(text, sizeof text, "%s", variables != NULL ? variables : "");
    for (char *p = strtok(text, " "); p != NULL; p = strtok(NULL, " ")) {
        char *equals = strchr(p, '=');
        ck_assert_ptr_nonnull(equals);
        *equals = '\0';
        ck_assert_int_eq(setenv(p, equals + 1, 1), 0);
    }
}

static int read_all(const char *config, const char *variables, const char *words,
                    struct settings *settings, struct wn_operands *operands, struct wn_error *err)
{
    static struct line line; /* the operands point into it */
    *settings = (struct settings){0};
    clear_environment();
    write_config(config != NULL ? config : "");
    set_variables(variables);
    split(&line, words);
    return wn_options_read(&clean_help, line.n, line.v, settings, operands, err);
}

START_TEST(sources)
{
    const struct row *row = &rows[_i];
    struct settings settings;
    struct wn_operands operands;
    struct wn_error err = {0};
    struct wn_buf out = {0};
    int status = read_all(row->config, row->variables, row->line, &settings, &operands, &err);
    ck_assert_msg(status == WN_OK, "%s: %s", row->name, err.text);
    show(&settings, &operands, &out);
    ck_assert_msg(strcmp(wn_buf_text(&out), row->outcome) == 0, "%s: %s", row->name, out.p);
    wn_buf_release(&out);
    wn_operands_release(&operands);
}
END_TEST

#define LONG_LINE                                                                                  \
    "output = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"  \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa jobs=3\n"

static const struct refusal {
    const char *name, *config, *variables, *line;
    int status;
    const char *says;
} refusals[] = {
    {"unknown option", NULL, NULL, "--colour", WN_E_USAGE,
     "clean has no option --colour; 'winnow help clean' lists them"},
    {"near option", NULL, NULL, "--ouput=x", WN_E_USAGE,
     "clean has no option --ouput; did you mean --output?"},
    {"prefix of an option", NULL, NULL, "--dns", WN_E_USAGE, "did you mean --dns-server?"},
    {"another command's option", NULL, NULL, "--map x", WN_E_USAGE, "clean has no option --map"},
    {"no name", NULL, NULL, "--=x", WN_E_USAGE, "clean has no option --;"},
    {"a very long name", NULL, NULL,
     "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     WN_E_USAGE, "lists them"},
    {"unknown letter", NULL, NULL, "-qx", WN_E_USAGE, "clean has no option -x"},
    {"value missing", NULL, NULL, "--output", WN_E_USAGE, "--output wants a value: --output DIR"},
    {"short value missing", NULL, NULL, "-qo", WN_E_USAGE, "-o wants a value: -o DIR"},
    {"value for a flag", NULL, NULL, "--quiet=yes", WN_E_USAGE, "--quiet takes no value"},
    {"number too large", NULL, NULL, "--jobs 257", WN_E_USAGE,
     "--jobs wants a number from 1 to 256, not '257'"},
    {"number too small", NULL, NULL, "-j0", WN_E_USAGE,
     "--jobs wants a number from 1 to 256, not '0'"},
    {"number below the least", NULL, NULL, "--wait 4", WN_E_USAGE,
     "--wait wants a number of at least 5, not '4'"},
    {"number beyond 63 bits", NULL, NULL, "--wait 9223372036854775808", WN_E_USAGE, "--wait wants"},
    {"no number", NULL, NULL, "--jobs two", WN_E_USAGE, "not 'two'"},
    {"negative number", NULL, NULL, "--jobs=-1", WN_E_USAGE, "not '-1'"},
    {"empty number", NULL, NULL, "--jobs=", WN_E_USAGE, "not ''"},
    {"unknown key", "\n[clean]\njobs = 2\ncolour = red\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:4: [clean] has no option 'colour'"},
    {"unknown key in another section", "[bounces import]\njobs = 2\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:2: [bounces import] has no option 'jobs'"},
    {"unknown section", "[cleen]\njobs = 2\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:2: there is no command 'cleen' to configure"},
    {"no section", "jobs = 2\n", NULL, "", WN_E_CONFIG, "winnow.conf:1: there is no command ''"},
    {"no key", "[clean]\njobs\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:2: this is no 'key = value' line"},
    {"section that is not closed", "[clean\njobs = 2\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:1: this is no"},
    {"the first of two faults", "[clean]\njobs\ncolour = red\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:2: this is no"},
    {"the first of two faults, the other way round", "[clean]\ncolour = red\njobs\n", NULL, "",
     WN_E_CONFIG, "winnow.conf:2: [clean] has no option"},
    {"number in the configuration", "[clean]\njobs = many\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:2: [clean] jobs wants a number from 1 to 256, not 'many'"},
    {"flag in the configuration", "[clean]\nquiet = perhaps\n", NULL, "", WN_E_CONFIG,
     "winnow.conf:2: [clean] quiet wants yes or no, not 'perhaps'"},
    {"a line that is too long", "[clean]\n" LONG_LINE, NULL, "", WN_E_CONFIG,
     "winnow.conf:2: this line is longer than 198 bytes"},
    {"control characters are defused", "[clean]\nx\x1b[2J = 1\n", NULL, "", WN_E_CONFIG,
     "[clean] has no option 'x?[2J'"},
    {"unknown variable", NULL, "WINNOW_COLOUR=red", "", WN_E_CONFIG,
     "the variable WINNOW_COLOUR names no option of any command"},
    {"variable without a name", NULL, "WINNOW_=1", "", WN_E_CONFIG,
     "the variable WINNOW_ names no"},
    {"a very long variable", NULL,
     "WINNOW_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1", "",
     WN_E_CONFIG, "names no option of any command"},
    {"number in a variable", NULL, "WINNOW_JOBS=many", "", WN_E_CONFIG,
     "WINNOW_JOBS: jobs wants a number from 1 to 256, not 'many'"},
    {"flag in a variable", NULL, "WINNOW_QUIET=", "", WN_E_CONFIG,
     "WINNOW_QUIET: quiet wants yes or no, not ''"},
};

START_TEST(refused)
{
    const struct refusal *row = &refusals[_i];
    struct settings settings;
    struct wn_operands operands;
    struct wn_error err = {0};
    int status = read_all(row->config, row->variables, row->line, &settings, &operands, &err);
    ck_assert_msg(status == row->status && err.status == status, "%s: %d %s", row->name, status,
                  err.text);
    ck_assert_msg(strstr(err.text, row->says) != NULL, "%s: %s", row->name, err.text);
    wn_operands_release(&operands);
}
END_TEST

/* Where the file is looked for, and that it need not be there. */
START_TEST(place_of_the_configuration)
{
    static const struct {
        const char *xdg, *home, *file;
        int64_t jobs;
    } places[] = {
        {"xdg", "home", "xdg/winnow/winnow.conf", 2},
        {NULL, "home", "home/.config/winnow/winnow.conf", 3},
        {"", "home", "home/.config/winnow/winnow.conf", 3},
        {"nowhere", "home", NULL, 0},
        {NULL, NULL, NULL, 0},
        {"xdg/winnow/winnow.conf", NULL, NULL, 0}, /* a file where a directory should be */
    };
    static const char *const directories[] = {"xdg", "xdg/winnow", "home", "home/.config",
                                              "home/.config/winnow"};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(mkdir(tempdir_path(directories[i]), 0755), 0);
    }
    (void)tempdir_write("xdg/winnow/winnow.conf", "[clean]\njobs=2\n", 15);
    (void)tempdir_write("home/.config/winnow/winnow.conf", "[clean]\njobs=3\n", 15);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct settings settings = {0};
        struct wn_operands operands;
        struct wn_error err = {0};
        struct line line;
        ck_assert_int_eq(clearenv(), 0);
        if (places[i].xdg != NULL) {
            const char *xdg = places[i].xdg[0] != '\0' ? tempdir_path(places[i].xdg) : "";
            ck_assert_int_eq(setenv("XDG_CONFIG_HOME", xdg, 1), 0);
        }
        if (places[i].home != NULL) {
            ck_assert_int_eq(setenv("HOME", tempdir_path(places[i].home), 1), 0);
        }
        split(&line, "x");
        ck_assert_msg(wn_options_read(&clean_help, line.n, line.v, &settings, &operands, &err) ==
                          WN_OK,
                      "%s", err.text);
        ck_assert_int_eq(settings.jobs, places[i].jobs);
        wn_operands_release(&operands);
    }
}
END_TEST

START_TEST(configuration_that_cannot_be_read)
{
    struct settings settings = {0};
    struct wn_operands operands;
    struct wn_error err = {0}, two = {0};
    struct line line;
    split(&line, "");
    clear_environment();
    write_config("[clean]\n");
    ck_assert_int_eq(chmod(tempdir_path("winnow/winnow.conf"), 0), 0);
    ck_assert_int_eq(chmod(tempdir_path(""), 0755), 0);
    uid_t user = geteuid();
    ck_assert_int_eq(user == 0 ? seteuid(65534) : 0, 0); /* root may read everything */
    int status = wn_options_read(&clean_help, line.n, line.v, &settings, &operands, &err);
    ck_assert_int_eq(user == 0 ? seteuid(0) : 0, 0);
    ck_assert_int_eq(status, WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "winnow.conf cannot be read: Permission denied"));
    wn_operands_release(&operands);
    ck_assert_int_eq(unlink(tempdir_path("winnow/winnow.conf")), 0);
    ck_assert_int_eq(mkdir(tempdir_path("winnow/winnow.conf"), 0755), 0);
    status = wn_options_read(&clean_help, line.n, line.v, &settings, &operands, &two);
    ck_assert_int_eq(rmdir(tempdir_path("winnow/winnow.conf")), 0);
    ck_assert_int_eq(status, WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(two.text, "winnow.conf cannot be read"));
    wn_operands_release(&operands);
    ck_assert_int_eq(wn_options_read(&clean_help, line.n, line.v, &settings, &operands, NULL),
                     WN_OK);
    wn_operands_release(&operands);
}
END_TEST

static void make_directory(void)
{
    (void)tempdir_make();
}

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *cases = tcase_create("options");
    tcase_add_checked_fixture(cases, make_directory, tempdir_remove);
    tcase_add_loop_test(cases, sources, 0, sizeof rows / sizeof *rows);
    tcase_add_loop_test(cases, refused, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(cases, place_of_the_configuration);
    tcase_add_test(cases, configuration_that_cannot_be_read);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
