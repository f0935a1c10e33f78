/* SPDX-License-Identifier: MIT */
/* The first record is a header if one of its names is known, or if it holds no address while later
 * records do. Content is judged on the records of the sample: a column is a candidate when at least
 * half of its cells that are not empty hold an address. */
#include "clean/columns.h"

#include <stdlib.h>

#include "csv/scan.h"

enum {
    MOST_COLUMNS = 4096,
    SAMPLE_RECORDS = 200,
    SHOWN_NAMES = 12
};

struct finding {
    const struct wn_clean_settings *settings;
    struct wn_run_input *input;
    struct wn_span sample;
    struct wn_cut cut;  /* the sample's records */
    struct wn_buf room; /* for values */
    uint32_t columns;   /* fields of the first record */
    bool header;
};

/* Drops byte-order marks, blanks (also U+00A0), `-_.` and case. */
static size_t simplify(struct wn_span name, char *out, size_t capacity)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < capacity; i++) {
        char c = name.p[i];
        if (name.n - i >= 2 && memcmp(name.p + i, "\xc2\xa0", 2) == 0) {
            i++;
        } else if (name.n - i >= 3 && memcmp(name.p + i, "\xef\xbb\xbf", 3) == 0) {
            i += 2;
        } else if (c != ' ' && c != '\t' && c != '-' && c != '_' && c != '.' && c != '\r' &&
                   c != '\n') {
            out[n++] = wn_lower(c);
        }
    }
    return n;
}

bool wn_column_name_known(struct wn_span name)
{
    static const char *const known[] = {
#define WN_HEADER(word) word,
#include "data/headers.def"
    };
    char simple[64];
    struct wn_span s = {simple, simplify(name, simple, sizeof simple)};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (wn_span_equal(s, wn_span_of(known[i]))) {
            return true;
        }
    }
    return false;
}

static struct wn_span record_at(const struct finding *f, size_t index)
{
    const struct wn_record *r = &f->cut.records[index];
    return wn_csv_chomp(
        (struct wn_span){f->sample.p + f->input->dialect.prelude + r->offset, r->length});
}

/* The value of a cell of the sample, valid until the next call. */
static bool cell_at(struct finding *f, size_t index, uint32_t column, struct wn_span *value)
{
    struct wn_span raw;
    if (!wn_csv_field(record_at(f, index), f->input->dialect.delimiter, column,
                      f->cut.records[index].quoted, &raw)) {
        return false;
    }
    *value = wn_csv_value(raw, &f->room);
    return true;
}

static bool holds_address(struct wn_span value)
{
    struct wn_address address;
    if (memchr(value.p, '@', value.n) == NULL) {
        return false;
    }
    wn_address_read(value, WN_ADDRESS_SYNTAX_ONLY, &address);
    return address.length > 0 || address.fault == WN_FAULT_syntax_several;
}

/* Whether at least half of the column's filled cells hold an address. */
static bool is_email_column(struct finding *f, uint32_t column, size_t *addresses)
{
    size_t filled = 0, found = 0;
    for (size_t i = f->header ? 1 : 0; i < f->cut.record_count && i < SAMPLE_RECORDS; i++) {
        struct wn_span value;
        if (cell_at(f, i, column, &value) && wn_span_trim(value).n > 0) {
            filled++;
            found += holds_address(value);
        }
    }
    *addresses = found;
    return found > 0 && found * 2 >= filled;
}

/* As much of a name as is worth showing, never half a character. */
static size_t shown_length(struct wn_span name, size_t most)
{
    size_t n = name.n < most ? name.n : most;
    while (n > 0 && n < name.n && ((unsigned char)name.p[n] & 0xc0) == 0x80) {
        n--;
    }
    return n;
}

/* With `addresses`, only the columns that hold so many. */
static void add_names(struct finding *f, size_t addresses, struct wn_buf *out)
{
    uint32_t shown = 0, more = 0;
    for (uint32_t i = 0; i < f->columns; i++) {
        struct wn_span value = {"", 0};
        size_t found;
        if (addresses > 0 && !(is_email_column(f, i, &found) && found == addresses)) {
            continue;
        }
        if (shown == SHOWN_NAMES) {
            more++;
            continue;
        }
        (void)cell_at(f, 0, i, &value);
        wn_buf_add_text(out, shown++ > 0 ? ", " : "");
        if (f->header) {
            wn_buf_add(out, value.p, shown_length(value, 40));
        } else {
            wn_buf_addf(out, "%u", i + 1);
        }
    }
    if (more > 0) {
        wn_buf_addf(out, ", and %u more", more);
    }
}

static int refuse(struct finding *f, const char *what, size_t addresses, struct wn_error *err)
{
    struct wn_buf names = {0};
    add_names(f, addresses, &names);
    int status = wn_error_set(err, WN_E_DATA, "%s: %s; name it with --column (the %s are: %s)",
                              f->input->file.name, what, addresses > 0 ? "candidates" : "columns",
                              wn_buf_text(&names));
    wn_buf_release(&names);
    return status;
}

/* --column: a header's name (exactly, else without case), else a number from 1. */
static int choose_given(struct finding *f, struct wn_error *err)
{
    struct wn_span wanted = wn_span_of(f->settings->column);
    struct wn_span value;
    uint64_t number;
    for (int exact = 1; f->header && exact >= 0; exact--) {
        for (uint32_t i = 0; i < f->columns; i++) {
            if (cell_at(f, 0, i, &value) &&
                (exact ? wn_span_equal(value, wanted)
                       : wn_span_equal_nocase(wn_span_trim(value), wn_span_trim(wanted)))) {
                f->input->column = i;
                return WN_OK;
            }
        }
    }
    if (wn_span_number(wanted, MOST_COLUMNS, &number) && number >= 1 && number <= f->columns) {
        f->input->column = (uint32_t)number - 1;
        return WN_OK;
    }
    struct wn_buf what = {0};
    wn_buf_addf(&what, "there is no column '%s'", f->settings->column);
    int status = refuse(f, wn_buf_text(&what), 0, err);
    wn_buf_release(&what);
    return status;
}

/* An exact `email`, else the leftmost known name. */
static bool choose_by_name(struct finding *f)
{
    struct wn_span value;
    uint32_t known = 0, first = 0;
    for (uint32_t i = 0; i < f->columns; i++) {
        if (!cell_at(f, 0, i, &value)) {
            continue;
        }
        if (wn_span_equal(value, WN_SPAN("email"))) {
            f->input->column = i;
            return true;
        }
        if (wn_column_name_known(value)) {
            first = known++ == 0 ? i : first;
        }
    }
    f->input->column = first;
    f->input->column_chosen = known > 1;
    return known > 0;
}

static int choose_by_content(struct finding *f, struct wn_error *err)
{
    uint32_t candidates = 0;
    size_t best = 0;
    for (uint32_t i = 0; i < f->columns; i++) {
        size_t addresses;
        if (!is_email_column(f, i, &addresses) || addresses < best) {
            continue;
        }
        candidates = addresses > best ? 1 : candidates + 1;
        best = addresses;
        f->input->column = i;
    }
    if (candidates == 1) {
        return WN_OK;
    }
    if (candidates == 0 && f->cut.record_count <= (f->header ? 1u : 0u)) {
        return WN_OK; /* nothing to clean, so nothing to find */
    }
    return refuse(f,
                  candidates == 0 ? "no column holds email addresses"
                                  : "several columns hold email addresses",
                  best, err);
}

static bool first_record_has_address(struct finding *f)
{
    for (uint32_t i = 0; i < f->columns; i++) {
        struct wn_span value;
        if (cell_at(f, 0, i, &value) && holds_address(value)) {
            return true;
        }
    }
    return false;
}

static bool first_record_has_known_name(struct finding *f)
{
    for (uint32_t i = 0; i < f->columns; i++) {
        struct wn_span value;
        if (cell_at(f, 0, i, &value) && wn_column_name_known(value)) {
            return true;
        }
    }
    return false;
}

static uint32_t count_fields(const struct finding *f)
{
    uint32_t fields = 0;
    struct wn_span raw;
    while (fields < MOST_COLUMNS && wn_csv_field(record_at(f, 0), f->input->dialect.delimiter,
                                                 fields, f->cut.records[0].quoted, &raw)) {
        fields++;
    }
    return fields;
}

static void keep_header(struct finding *f)
{
    size_t n = f->input->dialect.prelude;
    if (f->header) {
        n += f->cut.records[0].offset + f->cut.records[0].length;
    }
    f->input->header = wn_malloc(n);
    memcpy(f->input->header, f->sample.p, n);
    f->input->header_length = n;
}

static void name_column(struct finding *f)
{
    struct wn_span value = {"", 0};
    if (f->header && cell_at(f, 0, f->input->column, &value) && value.n > 0) {
        wn_buf_add(&f->input->column_name, value.p, shown_length(value, 100));
    } else {
        wn_buf_addf(&f->input->column_name, "%u", f->input->column + 1);
    }
    (void)wn_buf_text(&f->input->column_name);
}

int wn_columns_find(const struct wn_clean_settings *settings, struct wn_run_input *input,
                    struct wn_span sample, bool all, struct wn_error *err)
{
    struct finding f = {.settings = settings, .input = input, .sample = sample};
    struct wn_cutter cutter = {
        .delimiter = input->dialect.delimiter, .line_end = input->dialect.line_end, .line = 1};
    int status = WN_OK;
    wn_csv_cut(
        &cutter,
        (struct wn_span){sample.p + input->dialect.prelude, sample.n - input->dialect.prelude}, all,
        &f.cut);
    if (f.cut.record_count == 0 || (f.cut.reject_count > 0 && f.cut.rejects[0].line == 1)) {
        if (f.cut.reject_count > 0 || (!all && f.cut.record_count == 0)) {
            status =
                wn_error_set(err, WN_E_DATA,
                             "%s: the first record cannot be read (%s), so the columns are not "
                             "known",
                             input->file.name,
                             f.cut.reject_count > 0 ? wn_reject_sentence(f.cut.rejects[0].reason)
                                                    : "it is longer than 64 KiB");
        } else {
            keep_header(&f);
        }
        goto out;
    }
    f.columns = count_fields(&f);
    f.header =
        !settings->no_header && (first_record_has_known_name(&f) || !first_record_has_address(&f));
    if (settings->column != NULL) {
        status = choose_given(&f, err);
    } else if (!(f.header && choose_by_name(&f))) {
        status = choose_by_content(&f, err);
    }
    if (status == WN_OK) {
        keep_header(&f);
        name_column(&f);
    }
out:
    wn_cut_release(&f.cut);
    wn_buf_release(&f.room);
    return status;
}
