/* SPDX-License-Identifier: MIT */
/* The first record is a header if no cell of it is an address, and one of its names is known or it
 * holds nothing like an address. Names are compared without blanks, punctuation, case and accents,
 * so that one entry of data/headers.def stands for all spellings, in UTF-8 and in Windows-1252.
 * Content is judged on the records of the sample: a column is a candidate when at least half of its
 * cells that are not empty hold an address. */
#include "clean/columns.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

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
    struct wn_buf name; /* a name in UTF-8 */
    uint32_t columns;   /* fields of the first record */
    bool header;
};

/* The next character of a name. A byte that is no UTF-8 is one of Windows-1252, where accented
 * letters and the no-break space have their number in Unicode. */
static ucs4_t take_character(struct wn_span *name)
{
    ucs4_t c;
    int n = u8_mbtoucr(&c, (const uint8_t *)name->p, name->n);
    if (n <= 0) {
        c = (unsigned char)name->p[0];
        n = 1;
    }
    name->p += n;
    name->n -= (size_t)n;
    return c;
}

/* A lower-case letter without its accent, if that leaves a letter of ASCII. */
static ucs4_t fold(ucs4_t c)
{
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    c = uc_tolower(c);
    return c >= 0x80 && uc_canonical_decomposition(c, parts) > 0 && parts[0] < 0x80 ? parts[0] : c;
}

static bool is_dropped(ucs4_t c)
{
    static const ucs4_t dropped[] = {' ',  '\t', '-', '_',    '.',   '\r',
                                     '\n', ':',  '*', 0x00a0, 0xfeff};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        if (c == dropped[i]) {
            return true;
        }
    }
    return c >= 0x0300 && c <= 0x036f; /* an accent that stands behind its letter */
}

/* Drops blanks, punctuation, byte-order marks, accents and case; cuts what does not fit. */
static size_t simplify(struct wn_span name, char *out, size_t capacity)
{
    size_t n = 0;
    while (name.n > 0) {
        ucs4_t c = take_character(&name);
        if (!is_dropped(c)) {
            int added = u8_uctomb((uint8_t *)out + n, fold(c), (ptrdiff_t)(capacity - n));
            if (added < 0) {
                break;
            }
            n += (size_t)added;
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

/* What the first record says in a column, in UTF-8 for people; valid until the next call. */
static bool name_at(struct finding *f, uint32_t column, struct wn_span *name)
{
    struct wn_span rest;
    if (!cell_at(f, 0, column, &rest)) {
        return false;
    }
    wn_buf_clear(&f->name);
    while (rest.n > 0) {
        ucs4_t c = take_character(&rest);
        char *p = wn_buf_room(&f->name, 4);
        c = c >= 0x80 && c < 0xa0 ? 0xfffd : c; /* no letters of Windows-1252 */
        f->name.len += (size_t)u8_uctomb((uint8_t *)p, c, 4);
    }
    *name = (struct wn_span){f->name.len > 0 ? f->name.p : "", f->name.len};
    return true;
}

static bool holds_address(struct wn_span value)
{
    struct wn_address address;
    if (memchr(value.p, '@', value.n) == NULL) {
        return false;
    }
    wn_address_read(value, WN_ADDRESS_SYNTAX_ONLY, &address);
    return wn_address_stands(&address);
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
        (void)name_at(f, i, &value);
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

static void choose(struct finding *f, uint32_t column)
{
    f->input->columns[0].index = column;
    f->input->column_count = 1;
}

/* A value of --column: a header's name (exactly, else without case), else a number from 1. */
static int find_given(struct finding *f, const char *given, uint32_t *column, struct wn_error *err)
{
    struct wn_span wanted = wn_span_of(given);
    struct wn_span value;
    uint64_t number;
    for (int exact = 1; f->header && exact >= 0; exact--) {
        for (uint32_t i = 0; i < f->columns; i++) {
            if (name_at(f, i, &value) &&
                (exact ? wn_span_equal(value, wanted)
                       : wn_span_equal_nocase(wn_span_trim(value), wn_span_trim(wanted)))) {
                *column = i;
                return WN_OK;
            }
        }
    }
    if (wn_span_number(wanted, MOST_COLUMNS, &number) && number >= 1 && number <= f->columns) {
        *column = (uint32_t)number - 1;
        return WN_OK;
    }
    struct wn_buf what = {0};
    wn_buf_addf(&what, "there is no column '%s'", given);
    int status = refuse(f, wn_buf_text(&what), 0, err);
    wn_buf_release(&what);
    return status;
}

/* The columns that --column names, in its order; a column that is named again adds nothing. */
static int choose_given(struct finding *f, struct wn_error *err)
{
    struct wn_run_input *input = f->input;
    int status = WN_OK;
    for (size_t i = 0; i < f->settings->column_count && status == WN_OK; i++) {
        uint32_t column = 0;
        size_t k = 0;
        status = find_given(f, f->settings->columns[i], &column, err);
        while (k < input->column_count && input->columns[k].index != column) {
            k++;
        }
        if (status == WN_OK && k == input->column_count) {
            input->columns[input->column_count++].index = column;
        }
    }
    return status;
}

/* The leftmost exact `email`, else the leftmost known name; to be said if there are several. */
static bool choose_by_name(struct finding *f)
{
    struct wn_span value;
    uint32_t exact = 0, known = 0, first_exact = 0, first_known = 0;
    for (uint32_t i = 0; i < f->columns; i++) {
        if (!cell_at(f, 0, i, &value)) {
            continue;
        }
        if (wn_span_equal(value, WN_SPAN("email"))) {
            first_exact = exact++ == 0 ? i : first_exact;
        }
        if (wn_column_name_known(value)) {
            first_known = known++ == 0 ? i : first_known;
        }
    }
    choose(f, exact > 0 ? first_exact : first_known);
    f->input->column_chosen = (exact > 0 ? exact : known) > 1;
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
        choose(f, i);
    }
    if (candidates == 1) {
        return WN_OK;
    }
    if (candidates == 0 && f->cut.record_count <= (f->header ? 1u : 0u)) {
        choose(f, 0);
        return WN_OK; /* nothing to clean, so nothing to find */
    }
    return refuse(f,
                  candidates == 0 ? "no column holds email addresses"
                                  : "several columns hold email addresses",
                  best, err);
}

/* An @ between two bytes that are no blanks: rather an address, a broken one perhaps, than a name.
 */
static bool is_like_address(struct wn_span value)
{
    const char *at = value.n > 2 ? memchr(value.p + 1, '@', value.n - 2) : NULL;
    return (at != NULL && at[-1] != ' ' && at[1] != ' ') || holds_address(value);
}

/* Nothing but an address. */
static bool is_address(struct wn_span value)
{
    struct wn_span cell = wn_span_trim(value);
    return cell.n > 0 && memchr(cell.p, ' ', cell.n) == NULL && holds_address(cell);
}

static bool first_record_has(struct finding *f, bool (*what)(struct wn_span))
{
    for (uint32_t i = 0; i < f->columns; i++) {
        struct wn_span value;
        if (cell_at(f, 0, i, &value) && what(value)) {
            return true;
        }
    }
    return false;
}

/* A header that is taken for a row costs one line of the report; a row that is taken for the header
 * is judged by nobody, and its words name the wrong column: `email` is also how somebody wants to
 * be reached. */
static bool first_record_is_header(struct finding *f)
{
    return !first_record_has(f, is_address) &&
           (first_record_has(f, wn_column_name_known) || !first_record_has(f, is_like_address));
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

static void name_columns(struct finding *f)
{
    for (size_t i = 0; i < f->input->column_count; i++) {
        struct wn_email_column *column = &f->input->columns[i];
        struct wn_span value = {"", 0};
        if (f->header && name_at(f, column->index, &value) && value.n > 0) {
            wn_buf_add(&column->name, value.p, shown_length(value, 100));
        } else {
            wn_buf_addf(&column->name, "%u", column->index + 1);
        }
        (void)wn_buf_text(&column->name);
    }
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
    f.header = !settings->no_header && first_record_is_header(&f);
    if (settings->column_count > 0) {
        status = choose_given(&f, err);
    } else if (!(f.header && choose_by_name(&f))) {
        status = choose_by_content(&f, err);
    }
    if (status == WN_OK) {
        keep_header(&f);
        name_columns(&f);
    }
out:
    wn_cut_release(&f.cut);
    wn_buf_release(&f.room);
    wn_buf_release(&f.name);
    return status;
}
