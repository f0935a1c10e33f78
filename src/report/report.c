/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/clock.h"
#include "csv/writer.h"
#include "report/text.h"

enum column {
#define WN_COLUMN(name) COLUMN_##name,
#include "report/columns.def"
    COLUMN_COUNT
};

static const char *const column_names[] = {
#define WN_COLUMN(name) #name,
#include "report/columns.def"
};

void wn_report_writer_release(struct wn_report_writer *w)
{
    for (size_t i = 0; i < WN_REASON_COUNT; i++) {
        wn_buf_release(&w->known[i].words);
    }
}

void wn_report_header(struct wn_buf *out)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        wn_buf_add_text(out, column_names[i]);
        wn_buf_add_char(out, i + 1 < COLUMN_COUNT ? ',' : '\n');
    }
}

void wn_report_flags(struct wn_buf *out, uint32_t flags)
{
    bool first = true;
    for (; flags != 0; flags &= flags - 1) {
        if (!first) {
            wn_buf_add_char(out, ';');
        }
        first = false;
        wn_buf_add_text(out, wn_flag_word((enum wn_flag_bit)__builtin_ctz(flags)));
    }
}

void wn_report_enhanced(struct wn_buf *out, const uint8_t enhanced[2], uint16_t detail)
{
    if (enhanced[0] != 0) {
        wn_buf_add_number(out, enhanced[0]);
        wn_buf_add_char(out, '.');
        wn_buf_add_number(out, enhanced[1]);
        wn_buf_add_char(out, '.');
        wn_buf_add_number(out, detail);
    }
}

/* The codes of the reply that goes with the evidence. */
struct codes {
    uint16_t code, enhanced_detail; /* 0: none */
    uint8_t enhanced[2];
};

static struct codes codes_of(const struct wn_report_row *row)
{
    const struct wn_probe *p = row->probe;
    const struct wn_history *h = row->history;
    if (p != NULL) {
        return (struct codes){p->code, p->enhanced_detail, {p->enhanced[0], p->enhanced[1]}};
    }
    return h != NULL ? (struct codes){h->code, h->enhanced_detail, {h->enhanced[0], h->enhanced[1]}}
                     : (struct codes){0};
}

static void add_words(struct wn_report_writer *w, const struct wn_verdict *v, struct wn_buf *out)
{
    struct wn_verdict *known = &w->known[v->reason].verdict;
    struct wn_buf *words = &w->known[v->reason].words;
    /* A reason has one blame, and one action in a run. */
    if (words->len == 0 || known->result != v->result || known->evidence != v->evidence) {
        wn_buf_clear(words);
        wn_buf_addf(words, ",%s,%s,%s,%s,%s,", wn_result_word(v->result), wn_reason_word(v->reason),
                    wn_action_word(v->action), wn_blame_word(v->blame),
                    wn_evidence_word(v->evidence));
        *known = *v;
    }
    wn_buf_add_span(out, wn_buf_span(words));
}

/* smtp_code, enhanced_code and diagnostic. */
static void add_reply(const struct wn_report_row *row, struct wn_buf *out)
{
    struct codes codes = codes_of(row);
    if (codes.code != 0) {
        wn_buf_add_number(out, codes.code);
    }
    wn_buf_add_char(out, ',');
    wn_report_enhanced(out, codes.enhanced, codes.enhanced_detail);
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, row->diagnostic);
}

/* From hard_bounces to last_event_at, all empty without history. */
static void add_history(const struct wn_history *h, struct wn_buf *out)
{
    if (h == NULL) {
        wn_buf_add_text(out, ",,,");
        return;
    }
    char at[WN_TIME_TEXT];
    wn_buf_add_number(out, h->hard_bounces);
    wn_buf_add_char(out, ',');
    wn_buf_add_number(out, h->soft_bounces);
    wn_buf_add_char(out, ',');
    wn_buf_add_text(out, wn_history_last_word(h));
    wn_buf_add_char(out, ',');
    wn_time_format(h->last_at, at);
    wn_buf_add_text(out, at);
}

void wn_report_csv(struct wn_report_writer *w, const struct wn_report_row *row, struct wn_buf *out)
{
    wn_buf_add_number(out, row->line);
    wn_buf_add_char(out, ',');
    size_t email_at = out->len;
    wn_csv_add_field(out, row->email);
    size_t email_length = out->len - email_at;
    wn_buf_add_char(out, ',');
    if (row->address.p == row->email.p && row->address.n == row->email.n) {
        char *again = wn_buf_room(out, email_length); /* may move what stands before it */
        memcpy(again, out->p + email_at, email_length);
        out->len += email_length;
    } else {
        wn_csv_add_field(out, row->address);
    }
    add_words(w, &row->verdict, out);
    wn_report_flags(out, row->flags);
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, row->suggestion);
    wn_buf_add_char(out, ',');
    wn_buf_add_span(out, row->domain);
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, row->mx);
    wn_buf_add_char(out, ',');
    wn_buf_add_span(out, row->provider);
    wn_buf_add_char(out, ',');
    add_reply(row, out);
    wn_buf_add_char(out, ',');
    add_history(row->history, out);
    wn_buf_add_char(out, ',');
    if (row->duplicate_line > 0) {
        if (row->duplicate_file != NULL) {
            struct wn_buf where = {0};
            wn_buf_addf(&where, "%s:%llu", row->duplicate_file,
                        (unsigned long long)row->duplicate_line);
            wn_csv_add_field(out, wn_buf_span(&where));
            wn_buf_release(&where);
        } else {
            wn_buf_add_number(out, row->duplicate_line);
        }
    }
    wn_buf_add_char(out, ',');
    wn_buf_add_text(out, wn_rule_word(row->verdict.rule));
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, row->column);
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, row->fixed);
    wn_buf_add_char(out, '\n');
}

static void add_text(cJSON *object, enum column column, struct wn_span text)
{
    struct wn_buf copy = {0};
    wn_text_add_utf8(&copy, text);
    cJSON *item = text.n > 0 ? cJSON_CreateString(wn_buf_text(&copy)) : cJSON_CreateNull();
    wn_buf_release(&copy);
    if (item == NULL || !cJSON_AddItemToObject(object, column_names[column], item)) {
        wn_out_of_memory();
    }
}

static void add_number(cJSON *object, enum column column, bool known, double value)
{
    cJSON *item = known ? cJSON_CreateNumber(value) : cJSON_CreateNull();
    if (item == NULL || !cJSON_AddItemToObject(object, column_names[column], item)) {
        wn_out_of_memory();
    }
}

static void add_words_json(cJSON *object, const struct wn_verdict *v)
{
    add_text(object, COLUMN_result, wn_span_of(wn_result_word(v->result)));
    add_text(object, COLUMN_reason, wn_span_of(wn_reason_word(v->reason)));
    add_text(object, COLUMN_action, wn_span_of(wn_action_word(v->action)));
    add_text(object, COLUMN_blame, wn_span_of(wn_blame_word(v->blame)));
    add_text(object, COLUMN_evidence, wn_span_of(wn_evidence_word(v->evidence)));
}

static void add_flags_json(cJSON *object, uint32_t flags)
{
    cJSON *array = cJSON_AddArrayToObject(object, column_names[COLUMN_flags]);
    for (; array != NULL && flags != 0; flags &= flags - 1) {
        (void)cJSON_AddItemToArray(
            array, cJSON_CreateString(wn_flag_word((enum wn_flag_bit)__builtin_ctz(flags))));
    }
}

static void add_history_json(cJSON *object, const struct wn_report_row *row)
{
    const struct wn_history *h = row->history;
    struct wn_buf enhanced = {0};
    char at[WN_TIME_TEXT] = "";
    struct codes codes = codes_of(row);
    wn_report_enhanced(&enhanced, codes.enhanced, codes.enhanced_detail);
    if (h != NULL) {
        wn_time_format(h->last_at, at);
    }
    add_number(object, COLUMN_smtp_code, codes.code != 0, codes.code);
    add_text(object, COLUMN_enhanced_code, wn_buf_span(&enhanced));
    add_text(object, COLUMN_diagnostic, row->diagnostic);
    add_number(object, COLUMN_hard_bounces, true, h != NULL ? h->hard_bounces : 0);
    add_number(object, COLUMN_soft_bounces, true, h != NULL ? h->soft_bounces : 0);
    add_text(object, COLUMN_last_event, wn_span_of(h != NULL ? wn_history_last_word(h) : NULL));
    add_text(object, COLUMN_last_event_at, wn_span_of(at));
    wn_buf_release(&enhanced);
}

void wn_report_json(const struct wn_report_row *row, struct wn_buf *out)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL) {
        wn_out_of_memory();
    }
    add_text(object, COLUMN_email, row->email);
    add_text(object, COLUMN_address, row->address);
    add_words_json(object, &row->verdict);
    add_flags_json(object, row->flags);
    add_text(object, COLUMN_suggestion, row->suggestion);
    add_text(object, COLUMN_domain, row->domain);
    add_text(object, COLUMN_mx, row->mx);
    add_text(object, COLUMN_provider, row->provider);
    add_history_json(object, row);
    add_text(object, COLUMN_rule, wn_span_of(wn_rule_word(row->verdict.rule)));
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        wn_out_of_memory();
    }
    wn_buf_add_text(out, text);
    wn_buf_add_char(out, '\n');
    cJSON_free(text);
    cJSON_Delete(object);
}
