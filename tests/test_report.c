/* SPDX-License-Identifier: MIT */
/* report.csv, its JSON form, tallies and the live line. */
#include <check.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "report/progress.h"
#include "report/report.h"
#include "report/tally.h"
#include "report/text.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* The contract: tools rely on these names and on this order; new columns come behind `rule`. */
static const char header[] =
    "line,email,address,result,reason,action,blame,evidence,flags,suggestion,domain,mx,provider,"
    "smtp_code,enhanced_code,diagnostic,hard_bounces,soft_bounces,last_event,last_event_at,"
    "duplicate_of,rule,column,fixed\n";

START_TEST(header_is_the_contract)
{
    struct wn_buf out = {0};
    wn_report_header(&out);
    ck_assert_str_eq(wn_buf_text(&out), header);
    wn_buf_release(&out);
}
END_TEST

static const struct wn_history bounced = {
    .hard_since = 1795287580,
    .bounced_at = 1795287580,
    .hard_bounces = 2,
    .soft_bounces = 1,
    .last_kind = WN_KIND_bounce,
    .last_category = WN_CATEGORY_bad_address,
    .last_at = 1795287580,
    .code = 550,
    .enhanced = {5, 1},
    .enhanced_detail = 1,
};
static const struct wn_history delivered = {
    .delivered_at = 1795287580,
    .last_kind = WN_KIND_delivered,
    .last_at = 1795287580,
};

#define VERDICT(reason_, action_, evidence_, rule_)                                                \
    {                                                                                              \
        .reason = WN_REASON_##reason_, .result = WN_RESULT_undeliverable,                          \
        .blame = WN_BLAME_recipient, .evidence = WN_EVIDENCE_##evidence_,                          \
        .action = WN_ACTION_##action_, .rule = WN_RULE_##rule_                                     \
    }

static const struct wn_probe probed = {.code = 550, .enhanced = {5, 1}, .enhanced_detail = 10},
                             parked = {.code = 451};

static const struct row {
    const char *name;
    struct wn_report_row row;
    const char *csv;
} rows[] = {
    {"nothing to say",
     {.line = 2, .verdict = VERDICT(no_address, drop, syntax, address_fault)},
     "2,,,undeliverable,no_address,drop,recipient,syntax,,,,,,,,,,,,,,address_fault,,\n"},
    {"all of it",
     {.line = 7,
      .email = {"Bob <b@x.tt>", 12},
      .address = {"b@x.tt", 6},
      .verdict = VERDICT(hard_bounced, drop, history, history_hard),
      .flags = WN_FLAG_trimmed | WN_FLAG_extracted | WN_FLAG_role,
      .suggestion = {"b@y.tt", 6},
      .domain = {"x.tt", 4},
      .mx = {"mx.x.tt", 7},
      .provider = {"Gmail", 5},
      .diagnostic = {"550 5.1.1 no \"b\", sorry", 23},
      .history = &bounced},
     "7,Bob <b@x.tt>,b@x.tt,undeliverable,hard_bounced,drop,recipient,history,"
     "extracted;role;trimmed,b@y.tt,x.tt,mx.x.tt,Gmail,550,5.1.1,\"550 5.1.1 no \"\"b\"\", sorry\","
     "2,1,bad_address,2026-11-21T18:59:40Z,,history_hard,,\n"},
    {"a delivery has no codes",
     {.line = 8,
      .email = {"b@x.tt", 6},
      .address = {"b@x.tt", 6},
      .verdict = VERDICT(delivered, keep, history, history_delivered),
      .history = &delivered},
     "8,b@x.tt,b@x.tt,undeliverable,delivered,keep,recipient,history,,,,,,,,,0,0,delivered,"
     "2026-11-21T18:59:40Z,,history_delivered,,\n"},
    {"a probe's reply goes before the history's",
     {.line = 7,
      .verdict = VERDICT(mailbox_not_found, drop, mailbox, probe_not_found),
      .diagnostic = {"550 5.1.10 gone", 15},
      .history = &bounced,
      .probe = &probed},
     "7,,,undeliverable,mailbox_not_found,drop,recipient,mailbox,,,,,,550,5.1.10,550 5.1.10 gone,"
     "2,1,bad_address,2026-11-21T18:59:40Z,,probe_not_found,,\n"},
    {"a probe without history",
     {.line = 7, .verdict = VERDICT(greylisted, keep, mailbox, probe_greylisted), .probe = &parked},
     "7,,,undeliverable,greylisted,keep,recipient,mailbox,,,,,,451,,,,,,,,probe_greylisted,,\n"},
    {"a diagnostic without history",
     {.line = 9,
      .verdict = VERDICT(no_domain, drop, domain, route_negative),
      .diagnostic = {"NXDOMAIN, twice", 15}},
     "9,,,undeliverable,no_domain,drop,recipient,domain,,,,,,,,\"NXDOMAIN, twice\",,,,,,"
     "route_negative,,\n"},
    {"a duplicate in the same input",
     {.line = 10, .verdict = VERDICT(duplicate, drop, lists, duplicate), .duplicate_line = 3},
     "10,,,undeliverable,duplicate,drop,recipient,lists,,,,,,,,,,,,,3,duplicate,,\n"},
    {"a duplicate across inputs",
     {.line = 10,
      .verdict = VERDICT(duplicate, drop, lists, duplicate),
      .duplicate_file = "a, b.csv",
      .duplicate_line = 3},
     "10,,,undeliverable,duplicate,drop,recipient,lists,,,,,,,,,,,,,\"a, b.csv:3\",duplicate,,\n"},
    {"a cell that needs quotes",
     {.line = UINT64_C(4294967296),
      .email = {"a\n\"b\"", 5},
      .verdict = VERDICT(syntax_space, drop, syntax, address_fault)},
     "4294967296,\"a\n\"\"b\"\"\",,undeliverable,syntax_space,drop,recipient,syntax,,,,,,,,,,,,,,"
     "address_fault,,\n"},
    {"which column, and what was written into it",
     {.line = 11,
      .email = {" b@x.tt", 7},
      .verdict = VERDICT(no_address, drop, syntax, address_fault),
      .column = {"Mail, private", 13},
      .fixed = {"b@x.tt", 6}},
     "11,\" b@x.tt\",,undeliverable,no_address,drop,recipient,syntax,,,,,,,,,,,,,,address_fault,"
     "\"Mail, private\",b@x.tt\n"},
    {"a formula is data",
     {.line = 2,
      .email = {"=1+1", 4},
      .verdict = VERDICT(syntax_no_at, drop, syntax, address_fault)},
     "2,=1+1,,undeliverable,syntax_no_at,drop,recipient,syntax,,,,,,,,,,,,,,address_fault,,\n"},
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

START_TEST(record)
{
    struct wn_report_writer w = {0};
    struct wn_buf out = {0};
    for (int round = 0; round < 2; round++) { /* the second from the remembered words */
        wn_buf_clear(&out);
        wn_report_csv(&w, &rows[_i].row, &out);
        ck_assert_msg(strcmp(wn_buf_text(&out), rows[_i].csv) == 0, "%s: %s", rows[_i].name, out.p);
    }
    wn_report_writer_release(&w);
    wn_buf_release(&out);
}
END_TEST

/* One writer for all rows: what it remembers never shows in another row. */
START_TEST(records_of_one_writer)
{
    struct wn_report_writer w = {0};
    struct wn_buf out = {0}, expected = {0};
    for (size_t i = 0; i < (size_t)ROWS * ROWS; i++) {
        size_t which = i / ROWS % 2 == 0 ? i % ROWS : i * 3 % ROWS;
        wn_report_csv(&w, &rows[which].row, &out);
        wn_buf_add_text(&expected, rows[which].csv);
    }
    ck_assert_str_eq(wn_buf_text(&out), wn_buf_text(&expected));
    wn_report_writer_release(&w);
    wn_buf_release(&out);
    wn_buf_release(&expected);
}
END_TEST

/* In a run a reason has one blame and one action; its result and its evidence may differ by row. */
START_TEST(remembered_words_follow_result_and_evidence)
{
    struct wn_report_writer w = {0};
    struct wn_buf out = {0};
    struct wn_report_row row = {.line = 1, .verdict = VERDICT(duplicate, drop, lists, duplicate)};
    wn_report_csv(&w, &row, &out);
    row.verdict.result = WN_RESULT_risky;
    wn_report_csv(&w, &row, &out);
    row.verdict.evidence = WN_EVIDENCE_history;
    wn_report_csv(&w, &row, &out);
    wn_report_csv(&w, &row, &out);
    ck_assert_str_eq(wn_buf_text(&out),
                     "1,,,undeliverable,duplicate,drop,recipient,lists,,,,,,,,,,,,,,duplicate,,\n"
                     "1,,,risky,duplicate,drop,recipient,lists,,,,,,,,,,,,,,duplicate,,\n"
                     "1,,,risky,duplicate,drop,recipient,history,,,,,,,,,,,,,,duplicate,,\n"
                     "1,,,risky,duplicate,drop,recipient,history,,,,,,,,,,,,,,duplicate,,\n");
    wn_report_writer_release(&w);
    wn_buf_release(&out);
}
END_TEST

START_TEST(flags_are_sorted)
{
    struct wn_buf out = {0};
    const char *last = "";
    for (unsigned i = 0; i < WN_FLAG_COUNT; i++) {
        const char *word = wn_flag_word((enum wn_flag_bit)i);
        ck_assert_msg(strcmp(last, word) < 0, "%s before %s", last, word);
        last = word;
    }
    wn_report_flags(&out, 0);
    ck_assert_uint_eq(out.len, 0);
    wn_report_flags(&out, WN_FLAG_free);
    ck_assert_str_eq(wn_buf_text(&out), "free");
    wn_buf_clear(&out);
    wn_report_flags(&out, WN_FLAG_tagged | WN_FLAG_catch_all | WN_FLAG_free);
    ck_assert_str_eq(wn_buf_text(&out), "catch_all;free;tagged");
    wn_buf_release(&out);
}
END_TEST

static cJSON *parse_row(const struct wn_report_row *row)
{
    struct wn_buf out = {0};
    wn_report_json(row, &out);
    ck_assert(out.len > 0 && strchr(wn_buf_text(&out), '\n') == out.p + out.len - 1);
    cJSON *object = cJSON_Parse(out.p);
    ck_assert_ptr_nonnull(object);
    wn_buf_release(&out);
    return object;
}

static const char *text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    ck_assert_msg(item != NULL, "%s is missing", key);
    return cJSON_IsNull(item) ? "null" : cJSON_GetStringValue(item);
}

START_TEST(json_has_the_columns_in_order)
{
    for (size_t i = 0; i < ROWS; i++) {
        cJSON *object = parse_row(&rows[i].row);
        const char *p = header;
        for (const cJSON *item = object->child; item != NULL; item = item->next) {
            size_t n = strlen(item->string);
            while (strncmp(p, item->string, n) != 0 || (p[n] != ',' && p[n] != '\n')) {
                p = strchr(p, ',');
                ck_assert_msg(p != NULL, "%s is no column, or out of order", item->string);
                p++;
            }
        }
        ck_assert_ptr_null(cJSON_GetObjectItem(object, "line"));
        ck_assert_ptr_null(cJSON_GetObjectItem(object, "duplicate_of"));
        cJSON_Delete(object);
    }
}
END_TEST

START_TEST(json_values)
{
    cJSON *o = parse_row(&rows[1].row);
    ck_assert_str_eq(text_of(o, "email"), "Bob <b@x.tt>");
    ck_assert_str_eq(text_of(o, "reason"), "hard_bounced");
    ck_assert_str_eq(text_of(o, "enhanced_code"), "5.1.1");
    ck_assert_str_eq(text_of(o, "last_event"), "bad_address");
    ck_assert_str_eq(text_of(o, "last_event_at"), "2026-11-21T18:59:40Z");
    ck_assert_str_eq(text_of(o, "rule"), "history_hard");
    ck_assert(cJSON_GetNumberValue(cJSON_GetObjectItem(o, "smtp_code")) == 550);
    ck_assert(cJSON_GetNumberValue(cJSON_GetObjectItem(o, "hard_bounces")) == 2);
    const cJSON *flags = cJSON_GetObjectItem(o, "flags");
    ck_assert_int_eq(cJSON_GetArraySize(flags), 3);
    ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetArrayItem(flags, 1)), "role");
    cJSON_Delete(o);
    o = parse_row(&rows[0].row);
    ck_assert_str_eq(text_of(o, "email"), "null");
    ck_assert_str_eq(text_of(o, "smtp_code"), "null");
    ck_assert_str_eq(text_of(o, "last_event_at"), "null");
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(o, "flags")), 0);
    cJSON_Delete(o);
}
END_TEST

/* A cell may hold bytes of another encoding; JSON is UTF-8. */
START_TEST(json_is_utf8)
{
    struct wn_report_row row = {.email = {"n\xe4h@x.tt", 8}};
    cJSON *o = parse_row(&row);
    ck_assert_str_eq(text_of(o, "email"), "n\xef\xbf\xbdh@x.tt");
    cJSON_Delete(o);
}
END_TEST

START_TEST(texts_from_outside)
{
    static const struct {
        struct wn_span text;
        const char *utf8, *shown;
    } texts[] = {
        {{"plain", 5}, "plain", "plain"},
        {{"\xc3\xa4\xe3\x83\xa1\xf0\x9f\x98\x80", 9},
         "\xc3\xa4\xe3\x83\xa1\xf0\x9f\x98\x80",
         "\xc3\xa4\xe3\x83\xa1\xf0\x9f\x98\x80"},
        {{"a\x1b[2J\n", 6}, "a\x1b[2J\n", "a?[2J?"},
        {{"\x7f\t", 2}, "\x7f\t", "??"},
        {{"a\0b", 3},
         "a\xef\xbf\xbd"
         "b",
         "a?b"},
        {{"\xe4", 1}, "\xef\xbf\xbd", "?"},
        {{"\xc3", 1}, "\xef\xbf\xbd", "?"},
        {{"\xed\xa0\x80", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "???"},
        /* Some terminals obey U+009B as they obey ESC [. */
        {{"\xc2\x9b"
          "2J",
          4},
         "\xc2\x9b"
         "2J",
         "?2J"},
        {{"a\xe2\x80\xae\xe2\x80\x8b\xe2\x80\xa9z", 11},
         "a\xe2\x80\xae\xe2\x80\x8b\xe2\x80\xa9z",
         "a???z"},
        {{"\xe2\x9d\xa4\xef\xb8\x8f", 6}, "\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f"},
        {{NULL, 0}, "", ""},
    };
    struct wn_buf out = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wn_buf_clear(&out);
        wn_text_add_utf8(&out, texts[i].text);
        ck_assert_str_eq(wn_buf_text(&out), texts[i].utf8);
        wn_buf_clear(&out);
        wn_text_add_shown(&out, texts[i].text);
        ck_assert_str_eq(wn_buf_text(&out), texts[i].shown);
    }
    wn_buf_release(&out);
}
END_TEST

static const struct {
    const char *name;
    struct wn_span text;
    size_t at, column;
} columns[] = {
    {"nothing", {"", 0}, 0, 0},
    {"the first", {"abc", 3}, 0, 0},
    {"the third", {"abc", 3}, 2, 2},
    {"behind the end", {"abc", 3}, 3, 3},
    {"two octets, one column", {"\xc3\xa4x", 3}, 2, 1},
    {"within a character", {"a\xc3\xa4x", 4}, 2, 1},
    {"two columns", {"\xe7\x94\xa8x", 4}, 3, 2},
    {"full-width", {"\xef\xbd\x81\xef\xbd\x82x", 7}, 6, 4},
    {"half-width", {"\xef\xbd\xb1x", 4}, 3, 1},
    {"an emoji", {"\xf0\x9f\x98\x80x", 5}, 4, 2},
    {"behind a combining mark", {"e\xcc\x81x", 4}, 3, 1},
    {"on a combining mark", {"ae\xcc\x81x", 5}, 2, 1},
    {"a combining mark first", {"\xcc\x81x", 3}, 0, 0},
    {"a control character is shown as ?", {"\x1b[x", 3}, 2, 2},
    {"so is one of two octets", {"\xc2\x9bx", 3}, 2, 1},
    {"so is what turns the line", {"\xe2\x80\xaex", 4}, 3, 1},
    {"so is what cannot be seen", {"\xe2\x80\x8bx", 4}, 3, 1},
    {"so is each octet that is no UTF-8", {"\xe4\xffx", 3}, 2, 2},
};

START_TEST(column)
{
    ck_assert_msg(wn_text_column(columns[_i].text, columns[_i].at) == columns[_i].column, "%s: %zu",
                  columns[_i].name, wn_text_column(columns[_i].text, columns[_i].at));
}
END_TEST

START_TEST(enhanced_codes)
{
    struct wn_buf out = {0};
    wn_report_enhanced(&out, (const uint8_t[]){5, 7}, 606);
    ck_assert_str_eq(wn_buf_text(&out), "5.7.606");
    wn_buf_clear(&out);
    wn_report_enhanced(&out, (const uint8_t[]){0, 7}, 606);
    ck_assert_str_eq(wn_buf_text(&out), "");
    wn_buf_release(&out);
}
END_TEST

START_TEST(tallies_add_up)
{
    struct wn_tally sum = {0}, part = {.rows = 3};
    part.action[WN_ACTION_drop] = 2;
    part.action[WN_ACTION_keep] = 1;
    part.result[WN_RESULT_unknown] = 1;
    part.result[WN_RESULT_undeliverable] = 2;
    part.reason[WN_REASON_duplicate] = 2;
    part.reason[WN_REASON_dns_failure] = 1;
    wn_tally_add(&sum, &part);
    wn_tally_add(&sum, &part);
    ck_assert_uint_eq(sum.rows, 6);
    ck_assert_uint_eq(sum.action[WN_ACTION_drop], 4);
    ck_assert_uint_eq(sum.action[WN_ACTION_review], 0);
    ck_assert_uint_eq(sum.result[WN_RESULT_unknown], 2);
    ck_assert_uint_eq(sum.reason[WN_REASON_duplicate], 4);
    ck_assert_uint_eq(sum.reason[WN_REASON_dns_failure], 2);
}
END_TEST

static const char *content(const char *name)
{
    static char text[1000];
    FILE *f = fopen(tempdir_path(name), "re");
    ck_assert_ptr_nonnull(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    (void)fclose(f);
    return text;
}

/* Standard error as a file: no terminal. */
static void redirect(const char *name)
{
    int fd = open(tempdir_path(name), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    (void)close(fd);
}

static int64_t clock_now;

static int64_t stopped_clock(void)
{
    return clock_now;
}

START_TEST(progress_only_where_it_is_wanted)
{
    static const struct {
        enum wn_progress_mode mode;
        bool quiet, drawn;
    } modes[] = {{WN_PROGRESS_AUTO, false, false},
                 {WN_PROGRESS_NEVER, false, false},
                 {WN_PROGRESS_ALWAYS, false, true},
                 {WN_PROGRESS_ALWAYS, true, true},
                 {WN_PROGRESS_AUTO, true, false}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct wn_progress p;
        redirect("progress");
        wn_progress_init(&p, modes[i].mode, modes[i].quiet);
        p.clock_ms = stopped_clock;
        clock_now = p.began_ms;
        ck_assert(!p.terminal);
        ck_assert(wn_progress_due(&p) == modes[i].drawn);
        wn_progress_show(&p, "reading", 5, 0, "rows", NULL);
        ck_assert(!wn_progress_due(&p)); /* not again so soon */
        wn_progress_show(&p, "reading", 6, 0, "rows", NULL);
        wn_progress_clear(&p);
        const char *text = content("progress");
        ck_assert(modes[i].drawn ? strncmp(text, "reading: 5 rows, ", 17) == 0 : text[0] == '\0');
        ck_assert_msg(strchr(text, '\r') == NULL && strstr(text, " 6 ") == NULL, "%s", text);
    }
}
END_TEST

START_TEST(progress_line)
{
    struct wn_progress p;
    redirect("line");
    wn_progress_init(&p, WN_PROGRESS_ALWAYS, false);
    p.clock_ms = stopped_clock;
    p.phase = "resolving";
    clock_now = p.phase_ms + 10000;
    wn_progress_show(&p, p.phase, 1000, 10000, "domains", "8 in flight");
    ck_assert_str_eq(content("line"),
                     "resolving: 1000 of 10000 domains, 100/s, 1:31 left; 8 in flight\n");
    redirect("line");
    p.terminal = true;
    clock_now += 90000;
    wn_progress_show(&p, p.phase, 10000, 10000, "domains", "");
    wn_progress_clear(&p);
    wn_progress_clear(&p);
    ck_assert_str_eq(content("line"), "\r\033[Kresolving: 10000 of 10000 domains, 100/s\r\033[K");
}
END_TEST

static void make_directory(void)
{
    (void)tempdir_make();
}

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *cases = tcase_create("report");
    tcase_add_test(cases, header_is_the_contract);
    tcase_add_loop_test(cases, record, 0, ROWS);
    tcase_add_test(cases, records_of_one_writer);
    tcase_add_test(cases, remembered_words_follow_result_and_evidence);
    tcase_add_test(cases, flags_are_sorted);
    tcase_add_test(cases, json_has_the_columns_in_order);
    tcase_add_test(cases, json_values);
    tcase_add_test(cases, json_is_utf8);
    tcase_add_test(cases, texts_from_outside);
    tcase_add_loop_test(cases, column, 0, sizeof columns / sizeof *columns);
    tcase_add_test(cases, enhanced_codes);
    tcase_add_test(cases, tallies_add_up);
    suite_add_tcase(suite, cases);
    TCase *progress = tcase_create("progress");
    tcase_add_checked_fixture(progress, make_directory, tempdir_remove);
    tcase_add_test(progress, progress_only_where_it_is_wanted);
    tcase_add_test(progress, progress_line);
    suite_add_tcase(suite, progress);
    return run_suite(suite);
}
