/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "report/summary.h"
#include "support/suite.h"
#include "winnow.h"

/* One run with something of everything. */
static struct wn_tally tally;
static struct wn_policy policy;

static const struct wn_summary_group domains[] = {
    {"x.tt", "ok", {5, 1, 0}},
    {"gone.tt", "no_domain", {0, 0, 3}},
    {"offline.tt", "", {1, 0, 0}},
};
static const struct wn_summary_group providers[] = {{"Gmail", NULL, {2, 1, 0}}};

static struct wn_summary make_summary(void)
{
    tally = (struct wn_tally){.rows = 10};
    tally.action[WN_ACTION_keep] = 6;
    tally.action[WN_ACTION_review] = 1;
    tally.action[WN_ACTION_drop] = 3;
    tally.result[WN_RESULT_plausible] = 6;
    tally.result[WN_RESULT_risky] = 1;
    tally.result[WN_RESULT_undeliverable] = 3;
    tally.reason[WN_REASON_not_probed] = 6;
    tally.reason[WN_REASON_role_account] = 1;
    tally.reason[WN_REASON_no_domain] = 2;
    tally.reason[WN_REASON_syntax_dot] = 1;
    ck_assert_int_eq(wn_policy_init(&policy, "balanced", NULL), WN_OK);
    return (struct wn_summary){
        .input = "list.csv",
        .output = "list.winnow",
        .bytes = 1234,
        .records = 12,
        .rejected = 2,
        .blank_lines = 1,
        .digest = {UINT64_C(0x0123456789abcdef), 0xf},
        .delimiter = ';',
        .header = true,
        .email_columns = {"email"},
        .email_column_count = 1,
        .tally = &tally,
        .mailboxes = 9,
        .domains = domains,
        .domain_count = 3,
        .providers = providers,
        .provider_count = 1,
        .policy = &policy,
        .projection =
            {.basis = true,
             .observations = 1000,
             .of = {{.rows = 10, .certain = 2, .rate = 0.2512345, .low = 0.2, .high = 0.4},
                    {.rows = 6, .rate = 0.0123456, .low = 0, .high = 1.0 / 6}}},
        .store = true,
        .as_of = 1795287580,
        .run = {.began = 1795287580,
                .ended = 1795287582,
                .ms = 2056,
                .jobs = 4,
                .domains = 3,
                .from_store = 1,
                .looked_up = 2,
                .queries = 7},
    };
}

static cJSON *parse(const struct wn_summary *s)
{
    struct wn_buf out = {0};
    wn_summary_json(s, &out);
    ck_assert(out.len > 0 && out.p[out.len - 1] == '\n');
    cJSON *root = cJSON_Parse(wn_buf_text(&out));
    ck_assert_msg(root != NULL, "%s", out.p);
    wn_buf_release(&out);
    return root;
}

/* The item at a path such as "run.dns.failed" or "domains.0.name". */
static const cJSON *at(const cJSON *root, const char *path)
{
    char word[64];
    const cJSON *item = root;
    while (*path != '\0' && item != NULL) {
        size_t n = strcspn(path, ".");
        ck_assert_uint_lt(n, sizeof word);
        memcpy(word, path, n);
        word[n] = '\0';
        item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, atoi(word)) /* NOLINT(cert-err34-c) */
                                   : cJSON_GetObjectItemCaseSensitive(item, word);
        path += n + (path[n] == '.');
    }
    return item;
}

static const struct expected {
    const char *path;
    const char *value; /* as JSON */
} expected_values[] = {
    {"winnow", "\"" WN_VERSION "\""},
    {"input.path", "\"list.csv\""},
    {"input.bytes", "1234"},
    {"input.digest", "\"xxh3-128:0123456789abcdef000000000000000f\""},
    {"input.records", "12"},
    {"input.blank_lines", "1"},
    {"input.delimiter", "\";\""},
    {"input.header", "true"},
    {"input.email_columns", "[\"email\"]"},
    {"output", "\"list.winnow\""},
    {"counts.keep", "6"},
    {"counts.review", "1"},
    {"counts.drop", "3"},
    {"counts.rejected", "2"},
    {"results.deliverable", "0"},
    {"results.plausible", "6"},
    {"results.risky", "1"},
    {"results.undeliverable", "3"},
    {"results.unknown", "0"},
    {"reasons.not_probed.rows", "6"},
    {"reasons.not_probed.action", "\"keep\""},
    {"reasons.role_account.action", "\"review\""},
    {"reasons.no_domain.rows", "2"},
    {"reasons.syntax_dot.action", "\"drop\""},
    {"conservation.records_in", "12"},
    {"conservation.records_out", "12"},
    {"conservation.ok", "true"},
    {"mailboxes", "9"},
    {"projection.basis", "true"},
    {"projection.observations", "1000"},
    {"projection.before.rate", "0.25123"},
    {"projection.before.low", "0.2"},
    {"projection.before.high", "0.4"},
    {"projection.before.rows", "10"},
    {"projection.before.certain", "2"},
    {"projection.after.rate", "0.01235"},
    {"projection.after.low", "0"},
    {"projection.after.high", "0.16667"},
    {"projection.after.rows", "6"},
    {"projection.after.certain", "0"},
    {"projection.line", "0.02"},
    {"projection.level", "90"},
    {"providers.0.name", "\"Gmail\""},
    {"providers.0.rows", "3"},
    {"domains.0.name", "\"x.tt\""},
    {"domains.0.rows", "6"},
    {"domains.0.keep", "5"},
    {"domains.0.route", "\"ok\""},
    {"domains.1.drop", "3"},
    {"domains.1.route", "\"no_domain\""},
    {"domains.2.route", "null"},
    {"settings.policy", "\"balanced\""},
    {"settings.set", "{}"},
    {"settings.offline", "false"},
    {"settings.store", "true"},
    {"settings.dry_run", "false"},
    {"settings.probe", "null"},
    {"run.as_of", "\"2026-11-21T18:59:40Z\""},
    {"run.ended", "\"2026-11-21T18:59:42Z\""},
    {"run.seconds", "2.056"},
    {"run.jobs", "4"},
    {"run.dns.domains", "3"},
    {"run.dns.from_store", "1"},
    {"run.dns.looked_up", "2"},
    {"run.dns.failed", "0"},
    {"run.dns.queries", "7"},
    {"run.dns.rewriting_resolver", "false"},
};

START_TEST(json_parses_back)
{
    const struct expected *e = &expected_values[_i];
    struct wn_summary s = make_summary();
    cJSON *root = parse(&s);
    const cJSON *item = at(root, e->path);
    ck_assert_msg(item != NULL, "%s is missing", e->path);
    char *value = cJSON_PrintUnformatted(item);
    ck_assert_msg(strcmp(value, e->value) == 0, "%s: %s", e->path, value);
    cJSON_free(value);
    cJSON_Delete(root);
}
END_TEST

START_TEST(only_reasons_that_occur)
{
    struct wn_summary s = make_summary();
    cJSON *root = parse(&s);
    ck_assert_int_eq(cJSON_GetArraySize(at(root, "reasons")), 4);
    ck_assert_ptr_null(at(root, "held"));
    ck_assert_ptr_null(at(root, "providers.0.route"));
    cJSON_Delete(root);
}
END_TEST

START_TEST(lost_row_shows)
{
    struct wn_summary s = make_summary();
    s.records++;
    cJSON *root = parse(&s);
    ck_assert(cJSON_IsFalse(at(root, "conservation.ok")));
    ck_assert(cJSON_GetNumberValue(at(root, "conservation.records_in")) == 13);
    ck_assert(cJSON_GetNumberValue(at(root, "conservation.records_out")) == 12);
    cJSON_Delete(root);
}
END_TEST

START_TEST(overrides_are_settings)
{
    struct wn_summary s = make_summary();
    ck_assert_int_eq(wn_policy_set(&policy, "role_account=keep", NULL), WN_OK);
    cJSON *root = parse(&s);
    ck_assert_int_eq(cJSON_GetArraySize(at(root, "settings.set")), 1);
    ck_assert_str_eq(cJSON_GetStringValue(at(root, "settings.set.role_account")), "keep");
    cJSON_Delete(root);
}
END_TEST

START_TEST(held_and_without_output)
{
    struct wn_summary s = make_summary();
    s.held = "list.winnow.held";
    s.output = NULL;
    cJSON *root = parse(&s);
    ck_assert_str_eq(cJSON_GetStringValue(at(root, "held")), "list.winnow.held");
    ck_assert(cJSON_IsNull(at(root, "output")));
    cJSON_Delete(root);
}
END_TEST

/* Names from outside may be of any encoding; the file is JSON all the same. */
START_TEST(json_is_utf8)
{
    struct wn_summary s = make_summary();
    s.email_columns[0] = "Adress\xe9";
    s.input = "l\xefste\x1b.csv";
    s.delimiter = '\t';
    cJSON *root = parse(&s);
    ck_assert_str_eq(cJSON_GetStringValue(at(root, "input.email_columns.0")), "Adress\xef\xbf\xbd");
    ck_assert_str_eq(cJSON_GetStringValue(at(root, "input.path")), "l\xef\xbf\xbdste\x1b.csv");
    ck_assert_str_eq(cJSON_GetStringValue(at(root, "input.delimiter")), "\t");
    cJSON_Delete(root);
}
END_TEST

static const char *text_of(const struct wn_summary *s)
{
    static struct wn_buf out;
    wn_buf_clear(&out);
    wn_summary_text(s, &out);
    return wn_buf_text(&out);
}

START_TEST(text_for_people)
{
    struct wn_summary s = make_summary();
    ck_assert_str_eq(text_of(&s),
                     "list.csv: 12 records, email column 'email', 2.05 s\n"
                     "  keep              6   50.0 %  list.winnow/keep.csv\n"
                     "  review            1    8.3 %  list.winnow/review.csv\n"
                     "  drop              3   25.0 %  list.winnow/drop.csv\n"
                     "  rejected          2   16.7 %  list.winnow/rejected.csv\n"
                     "  dropped    no_domain 2, syntax_dot 1\n"
                     "  to review  role_account 1\n"
                     "  kept       not_probed 6\n"
                     "  bounces    25.1 % (20.0-40.0) are expected of the list as it is,\n"
                     "             1.2 % (0.0-16.7) of what is kept; the line is 2 %\n"
                     "  domains    3: 2 looked up, 1 from the store, 0 without an answer\n");
}
END_TEST

START_TEST(text_of_special_runs)
{
    struct wn_summary s = make_summary();
    s.dry_run = true;
    ck_assert_ptr_nonnull(strstr(text_of(&s), " s (dry run: nothing is written)\n"));
    ck_assert_ptr_null(strstr(text_of(&s), "keep.csv"));
    s = make_summary();
    s.held = "list.winnow.held";
    ck_assert_ptr_nonnull(strstr(text_of(&s), "  list.winnow.held/keep.csv\n"));
    s = make_summary();
    s.output = NULL;
    ck_assert_ptr_null(strstr(text_of(&s), "keep.csv"));
    s = make_summary();
    s.offline = true;
    ck_assert_ptr_null(strstr(text_of(&s), "  domains"));
    s = make_summary();
    s.run.rewriting = true;
    ck_assert_ptr_nonnull(strstr(text_of(&s), "invents addresses"));
    s = make_summary();
    s.column_chosen = true;
    ck_assert_ptr_nonnull(strstr(text_of(&s), "several columns may hold addresses; 'email'"));
}
END_TEST

static const struct {
    const char *name;
    bool store, basis;
    uint64_t before, after;
    double rate;             /* of what is kept */
    const char *text, *line; /* the line of the text; of the one line, or NULL for nothing */
} projection_cases[] = {
    {"no store", false, false, 10, 6, 0, "no basis: without a store nothing is known of mail\n",
     NULL},
    {"a store that knows nothing", true, false, 10, 6, 0,
     "no basis: the store has seen too little mail like this\n", NULL},
    {"no rows", true, true, 0, 0, 0, "no basis: the store has seen too little mail like this\n",
     NULL},
    {"nothing kept", true, true, 10, 0, 0,
     "25.1 % (20.0-40.0) are expected of the list as it is; the line is 2 %\n", NULL},
    {"at the line", true, true, 10, 6, 0.02,
     "25.1 % (20.0-40.0) are expected of the list as it is,\n             2.0 % (0.0-16.7) of what "
     "is kept; the line is 2 %\n",
     NULL},
    {"above the line", true, true, 10, 6, 0.031,
     "25.1 % (20.0-40.0) are expected of the list as it is,\n             3.1 % (0.0-16.7) of what "
     "is kept; the line is 2 %\n",
     "; 3.1 % of what is kept may bounce hard -> list.winnow"},
};

START_TEST(projected_bounces)
{
    struct wn_summary s = make_summary();
    struct wn_buf line = {0};
    s.store = projection_cases[_i].store;
    s.projection.basis = projection_cases[_i].basis;
    s.projection.of[WN_PROJECTED_before].rows = projection_cases[_i].before;
    s.projection.of[WN_PROJECTED_after].rows = projection_cases[_i].after;
    s.projection.of[WN_PROJECTED_after].rate = projection_cases[_i].rate;
    const char *at_line = strstr(text_of(&s), "  bounces    ");
    ck_assert_ptr_nonnull(at_line);
    at_line += strlen("  bounces    ");
    ck_assert_msg(strncmp(at_line, projection_cases[_i].text, strlen(projection_cases[_i].text)) ==
                      0,
                  "%s: %s", projection_cases[_i].name, at_line);
    wn_summary_line(&s, &line);
    if (projection_cases[_i].line != NULL) {
        ck_assert_ptr_nonnull(strstr(wn_buf_text(&line), projection_cases[_i].line));
    } else {
        ck_assert_ptr_null(strstr(wn_buf_text(&line), "bounce"));
    }
    wn_buf_release(&line);
}
END_TEST

START_TEST(json_without_basis)
{
    struct wn_summary s = make_summary();
    s.projection.basis = false;
    cJSON *root = parse(&s);
    ck_assert(cJSON_IsFalse(at(root, "projection.basis")));
    ck_assert(cJSON_IsNull(at(root, "projection.before.rate")));
    ck_assert(cJSON_IsNull(at(root, "projection.after.high")));
    ck_assert(cJSON_GetNumberValue(at(root, "projection.before.certain")) == 2);
    cJSON_Delete(root);
}
END_TEST

START_TEST(text_of_nothing)
{
    struct wn_summary s = make_summary();
    tally = (struct wn_tally){0};
    s.records = 0;
    s.rejected = 0;
    s.projection = (struct wn_projection){.basis = false};
    const char *text = text_of(&s);
    ck_assert_ptr_nonnull(strstr(text, "  keep              0    0.0 %"));
    ck_assert_ptr_null(strstr(text, "kept"));
}
END_TEST

/* No line of reasons is wider than a terminal. */
START_TEST(text_is_wrapped)
{
    struct wn_summary s = make_summary();
    for (unsigned i = 0; i < WN_REASON_COUNT; i++) {
        tally.reason[i] = 1000000 + i;
    }
    size_t reasons = 0;
    for (const char *line = text_of(&s); *line != '\0';) {
        size_t n = strcspn(line, "\n");
        ck_assert_msg(n <= 80, "%.*s", (int)n, line);
        for (size_t i = 0; i + 3 < n; i++) {
            reasons += strncmp(line + i, " 1000", 5) == 0;
        }
        line += n + (line[n] == '\n');
    }
    ck_assert_uint_eq(reasons, WN_REASON_COUNT);
}
END_TEST

/* A header's name, or a file's, must not drive the terminal that it is shown on. */
START_TEST(text_is_tame)
{
    struct wn_summary s = make_summary();
    struct wn_buf line = {0};
    s.email_columns[0] = "e\x1b[2Jmail\r\n";
    s.input = "a\x1b]0;x\x07.csv";
    s.output = "o\x1b.winnow";
    s.column_chosen = true;
    wn_summary_line(&s, &line);
    ck_assert_ptr_null(strpbrk(text_of(&s), "\x1b\x07\r"));
    ck_assert_ptr_null(strpbrk(wn_buf_text(&line), "\x1b\x07\r\n"));
    ck_assert_ptr_nonnull(strstr(text_of(&s), "e?[2Jmail??"));
    wn_buf_release(&line);
}
END_TEST

START_TEST(one_line)
{
    struct wn_summary s = make_summary();
    struct wn_buf out = {0};
    wn_summary_line(&s, &out);
    ck_assert_str_eq(wn_buf_text(&out),
                     "list.csv: 12 records: 6 keep, 1 review, 3 drop, 2 rejected -> list.winnow");
    wn_buf_clear(&out);
    s.run.failed = 2;
    s.dry_run = true;
    wn_summary_line(&s, &out);
    ck_assert_str_eq(wn_buf_text(&out),
                     "list.csv: 12 records: 6 keep, 1 review, 3 drop, 2 rejected; "
                     "2 domains without a DNS answer");
    wn_buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *cases = tcase_create("summary");
    tcase_add_loop_test(cases, json_parses_back, 0,
                        sizeof expected_values / sizeof *expected_values);
    tcase_add_loop_test(cases, projected_bounces, 0,
                        sizeof projection_cases / sizeof *projection_cases);
    tcase_add_test(cases, json_without_basis);
    tcase_add_test(cases, only_reasons_that_occur);
    tcase_add_test(cases, lost_row_shows);
    tcase_add_test(cases, overrides_are_settings);
    tcase_add_test(cases, held_and_without_output);
    tcase_add_test(cases, json_is_utf8);
    tcase_add_test(cases, text_for_people);
    tcase_add_test(cases, text_of_special_runs);
    tcase_add_test(cases, text_of_nothing);
    tcase_add_test(cases, text_is_wrapped);
    tcase_add_test(cases, text_is_tame);
    tcase_add_test(cases, one_line);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
