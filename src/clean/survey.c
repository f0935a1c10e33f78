/* SPDX-License-Identifier: MIT */
/* One pipeline an input: a claim reads the next window and cuts it into records, the work finds and
 * parses the address of each, the commit enters them into the tables in the order of the input.
 * What a window did not use (the beginning of a record) is carried in front of the next one. */
#include <stdlib.h>
#include <xxhash.h>

#include "address/typo.h"
#include "base/pipeline.h"
#include "clean/columns.h"
#include "clean/enter.h"
#include "clean/gather.h"
#include "clean/hashed.h"
#include "clean/spelling.h"
#include "csv/scan.h"

enum {
    READ_BLOCK = 1 << 18,
    MET = 1 << 14,
    MET_NAME = 32, /* octets; longer names are looked up each time */
    PREFETCH = 4   /* records between the steps of fetching ahead */
};

/* What the work step finds out about one record. */
struct finding {
    uint64_t domain_hash, key_hash;
    uint32_t key; /* offset in the batch's keys */
    uint32_t cell, cell_length;
    uint32_t bits;
    uint32_t domain; /* id, or WN_NONE when this worker does not know it */
    uint16_t local_length, domain_length;
    uint16_t name_length;    /* of the name behind the key, where that was folded out of one */
    uint16_t spelled_length; /* of the local part behind that, as it is written */
    bool has_cell, has_mailbox;
};

/* A domain that this worker has met before, by its hash: most rows of a list share a few thousand
 * domains, and what the work step knows the ordered commit need not look up. The name stands here
 * again, so that knowing it costs one look and not two. */
struct met_domain {
    uint64_t hash;
    uint32_t id;
    uint32_t length; /* of the name; 0: an empty slot */
    char name[MET_NAME];
};

struct batch {
    struct met_domain *met; /* MET slots, each for the hashes that end in its number */
    char *window;
    size_t length, capacity;
    uint64_t offset; /* of the window in the input */
    struct wn_cut cut;
    uint64_t blank_lines;
    struct finding *findings;
    size_t finding_capacity;
    struct wn_buf keys, room;
    uint64_t digest;
};

struct survey {
    struct wn_run *run;
    struct wn_run_input *input;
    /* The claim's: */
    struct wn_cutter cutter;
    struct wn_buf carry;
    uint64_t read_to; /* offset behind what has been read */
    XXH3_state_t *digest;
    bool ended;
    unsigned options; /* of wn_address_read */
};

static void reserve(struct batch *b, size_t capacity)
{
    if (b->capacity < capacity) {
        b->window = wn_realloc(b->window, capacity);
        b->capacity = capacity;
    }
}

static int claim(void *arg, void *piece, int *more, struct wn_error *err)
{
    struct survey *s = arg;
    struct batch *b = piece;
    if (*s->run->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *s->run->stop, "stopped");
    }
    if (s->ended) {
        *more = 0;
        return WN_OK;
    }
    b->offset = s->cutter.offset;
    b->length = s->carry.len;
    reserve(b, s->carry.len + READ_BLOCK);
    memcpy(b->window, s->carry.p != NULL ? s->carry.p : "", s->carry.len);
    uint64_t blank_before = s->cutter.blank_lines;
    do {
        size_t got;
        reserve(b, b->length + READ_BLOCK);
        int status = wn_input_read(&s->input->file, s->read_to, b->window + b->length, READ_BLOCK,
                                   &got, err);
        if (status != WN_OK) {
            return status;
        }
        s->read_to += got;
        b->length += got;
        s->ended = got < READ_BLOCK;
        wn_csv_cut(&s->cutter, (struct wn_span){b->window, b->length}, s->ended, &b->cut);
    } while (b->cut.consumed == 0 && !s->ended);
    b->blank_lines = s->cutter.blank_lines - blank_before;
    wn_buf_clear(&s->carry);
    wn_buf_add(&s->carry, b->window + b->cut.consumed, b->length - b->cut.consumed);
    if (s->cutter.line > UINT32_MAX) {
        return wn_error_set(err, WN_E_DATA, "%s has more than 4294967295 lines: split it",
                            s->input->file.name);
    }
    (void)XXH3_128bits_update(s->digest, b->window, b->cut.consumed);
    return WN_OK;
}

static uint32_t find_met(const struct batch *b, struct wn_span name, uint64_t hash)
{
    const struct met_domain *m = &b->met[hash & (MET - 1)];
    return m->hash == hash && wn_span_equal(name, (struct wn_span){m->name, m->length}) ? m->id
                                                                                        : WN_NONE;
}

static void remember_met(struct batch *b, struct wn_span name, uint64_t hash, uint32_t id)
{
    if (name.n <= MET_NAME) {
        struct met_domain *m = &b->met[hash & (MET - 1)];
        *m = (struct met_domain){.hash = hash, .id = id, .length = (uint32_t)name.n};
        memcpy(m->name, name.p, name.n);
    }
}

/* The domain that was probably meant by a cell whose fault a slip explains, kept as its key. */
static void find_meant(struct batch *b, const struct wn_address *address, struct wn_span value,
                       struct finding *f)
{
    char text[WN_ADDRESS_MAX + 1];
    struct wn_address meant;
    size_t n;
    if (address->fault == WN_FAULT_no_address || !wn_typo_address(address, value, text, &n)) {
        return;
    }
    wn_address_read((struct wn_span){text, n}, WN_ADDRESS_EXACT, &meant);
    char *key = wn_buf_room(&b->keys, sizeof meant.text);
    n = wn_address_key(&meant, key);
    f->key = (uint32_t)b->keys.len;
    f->domain_length = (uint16_t)wn_address_domain(&meant).n;
    f->local_length = (uint16_t)(n - f->domain_length - 1);
    b->keys.len += n;
}

/* A cell of a record and what it was read as. */
struct cell {
    struct wn_span raw, value;
    struct wn_address address;
};

static bool read_cell(const struct survey *s, struct batch *b, const struct wn_record *record,
                      size_t column, struct cell *cell)
{
    struct wn_span bytes = {b->window + record->offset, record->length};
    if (!wn_csv_field(wn_csv_chomp(bytes), s->cutter.delimiter, s->input->columns[column].index,
                      record->quoted, &cell->raw)) {
        return false;
    }
    cell->value = record->quoted ? wn_csv_value(cell->raw, &b->room) : cell->raw;
    wn_address_read(cell->value, s->options, &cell->address);
    return true;
}

/* The cell by which a row of several email columns is judged: the first that holds an address, else
 * the first that is not empty, else the first there is. WN_EMAIL_COLUMNS without any. */
static size_t choose_cell(const struct survey *s, struct batch *b, const struct wn_record *record,
                          struct cell *cell)
{
    size_t chosen = WN_EMAIL_COLUMNS;
    bool filled = false;
    for (size_t i = 0; i < s->input->column_count; i++) {
        if (!read_cell(s, b, record, i, cell)) {
            continue;
        }
        if (wn_address_stands(&cell->address)) {
            return i;
        }
        bool says = cell->address.fault != WN_FAULT_no_address;
        if (chosen == WN_EMAIL_COLUMNS || (says && !filled)) {
            chosen = i;
        }
        filled = filled || says;
    }
    return chosen < WN_EMAIL_COLUMNS && read_cell(s, b, record, chosen, cell) ? chosen
                                                                              : WN_EMAIL_COLUMNS;
}

/* What the chosen cell says. */
static void find(const struct survey *s, struct batch *b, const struct wn_record *record,
                 const struct cell *cell, struct finding *f)
{
    const struct wn_address *address = &cell->address;
    struct wn_span raw = cell->raw, value = cell->value;
    f->cell = (uint32_t)(raw.p - (b->window + record->offset));
    f->cell_length = (uint32_t)raw.n;
    f->bits = (address->flags & WN_ROW_FLAGS) | (uint32_t)address->fault << WN_ROW_FAULT_SHIFT |
              (address->verbatim ? (uint32_t)WN_ROW_VERBATIM : 0) |
              (value.p != raw.p || value.n != raw.n ? (uint32_t)WN_ROW_QUOTED_CELL : 0);
    f->domain_length = f->name_length = f->spelled_length = 0;
    if (address->length == 0) {
        find_meant(b, address, value, f);
        return;
    }
    char *key = wn_buf_room(&b->keys, sizeof address->text);
    size_t n = wn_address_key(address, key);
    struct wn_span domain = wn_address_domain(address);
    size_t local = n - domain.n - 1;
    f->bits |= wn_overlay_mailbox(s->run->settings->overlay, (struct wn_span){key, n}, local);
    char name[sizeof address->text];
    size_t name_length = 0;
    if (s->run->settings->fold_aliases) {
        memcpy(name, key, n);
        name_length = n;
        n = wn_address_fold(key, n);
        local = (size_t)((char *)memrchr(key, '@', n) - key);
        domain = (struct wn_span){key + local + 1, n - local - 1};
    }
    f->has_mailbox = true;
    f->key = (uint32_t)b->keys.len;
    f->domain_length = (uint16_t)domain.n;
    f->local_length = (uint16_t)local;
    f->key_hash = wn_hash(key, n);
    f->domain_hash = wn_hash(domain.p, domain.n);
    f->domain = find_met(b, domain, f->domain_hash);
    b->keys.len += n;
    struct wn_span named = {name, name_length};
    if (s->run->hashes > 0 && name_length > 0 && !wn_span_equal(named, (struct wn_span){key, n})) {
        f->name_length = (uint16_t)name_length;
        wn_buf_add(&b->keys, name, name_length);
    }
    if (s->run->settings->probe.on) {
        struct wn_span spelled = wn_address_local(address);
        f->spelled_length = (uint16_t)spelled.n;
        wn_buf_add_span(&b->keys, spelled);
    }
}

static void read_record(const struct survey *s, struct batch *b, const struct wn_record *record,
                        struct finding *f)
{
    struct cell cell;
    size_t column = 0;
    if (s->input->column_count == 1) {
        f->has_cell = read_cell(s, b, record, 0, &cell);
    } else {
        column = choose_cell(s, b, record, &cell);
        f->has_cell = column < WN_EMAIL_COLUMNS;
    }
    f->has_mailbox = false;
    if (f->has_cell) {
        find(s, b, record, &cell, f);
        f->bits |= (uint32_t)column << WN_ROW_COLUMN_SHIFT;
    }
}

static int work(void *arg, void *piece, struct wn_error *err)
{
    (void)err;
    const struct survey *s = arg;
    struct batch *b = piece;
    if (b->finding_capacity < b->cut.record_count) {
        b->finding_capacity = b->cut.record_capacity;
        b->findings = wn_realloc(b->findings, b->finding_capacity * sizeof *b->findings);
    }
    wn_buf_clear(&b->keys);
    for (size_t i = 0; i < b->cut.record_count; i++) {
        read_record(s, b, &b->cut.records[i], &b->findings[i]);
    }
    b->digest = XXH3_64bits(b->window, b->cut.consumed);
    return WN_OK;
}

/* The id of the record's domain, which this worker may know already. */
static int enter_domain(struct survey *s, struct batch *b, struct wn_span name,
                        const struct finding *f, uint32_t *id, struct wn_error *err)
{
    *id = f->domain;
    if (*id != WN_NONE) {
        return WN_OK;
    }
    int status = wn_enter_domain(s->run, name, f->domain_hash, s->options, id, err);
    remember_met(b, name, f->domain_hash, *id);
    return status;
}

static int enter_suggestion(const struct survey *s, struct wn_row *row, struct wn_span local,
                            struct wn_span domain, struct wn_error *err)
{
    int status = wn_enter_suggestion(s->run, row, domain, s->options, err);
    if (status == WN_OK && s->run->settings->fix) {
        status = wn_enter_suggested(s->run, local, row->mailbox, s->options, err);
    }
    return status;
}

static int enter_record(struct survey *s, struct batch *b, const struct wn_record *record,
                        const struct finding *f, struct wn_error *err)
{
    struct wn_run *run = s->run;
    struct wn_run_input *input = s->input;
    struct wn_tables *t = &run->tables;
    if (t->rows.length >= WN_NONE - 1) {
        return wn_error_set(err, WN_E_DATA, "there are more than 4294967293 rows: split the list");
    }
    uint32_t id = t->rows.length;
    struct wn_row *row = wn_segments_push(&t->rows);
    *row = (struct wn_row){.offset = b->offset + record->offset,
                           .length = record->length,
                           .line = (uint32_t)(b->cut.line + record->line),
                           .mailbox = WN_NONE,
                           .cell = f->cell,
                           .cell_length = f->cell_length,
                           .bits = f->bits};
    if (f->domain_length == 0) {
        return WN_OK;
    }
    const char *key = b->keys.p + f->key;
    struct wn_span local = {key, f->local_length};
    struct wn_span domain = {key + f->local_length + 1, f->domain_length};
    if (!f->has_mailbox) {
        return enter_suggestion(s, row, local, domain, err);
    }
    uint32_t domain_id;
    int status = enter_domain(s, b, domain, f, &domain_id, err);
    if (status != WN_OK) {
        return status;
    }
    uint32_t meant = wn_tables_domain(t, domain_id)->suggestion;
    if (run->settings->fix && meant != WN_NONE) {
        status = wn_enter_suggested(run, local, meant, s->options, err);
        if (status != WN_OK) {
            return status;
        }
    }
    bool added;
    uint32_t mailbox = wn_tables_intern_mailbox(t, local, domain_id, f->key_hash, &added);
    const char *behind = domain.p + f->domain_length;
    if (f->name_length > 0) {
        wn_hashed_name(run, mailbox, (struct wn_span){behind, f->name_length});
    }
    if (added && f->spelled_length > 0) {
        wn_spelling_add(run, mailbox, (struct wn_span){behind + f->name_length, f->spelled_length});
    }
    struct wn_mailbox *m = wn_tables_mailbox(t, mailbox);
    bool seen = m->first_row != WN_NONE &&
                (run->settings->dedupe_across || m->first_row >= input->first_row);
    if (seen) {
        row->bits |= WN_ROW_DUPLICATE;
        row->mailbox = m->first_row;
    } else {
        m->first_row = id;
        row->mailbox = mailbox;
    }
    return WN_OK;
}

static void add_short_record(struct survey *s, const struct batch *b,
                             const struct wn_record *record)
{
    struct wn_reject reject = {.offset = b->offset + record->offset,
                               .length = record->length,
                               .line = b->cut.line + record->line,
                               .reason = WN_REJECT_NO_COLUMN};
    wn_cut_add_reject(&s->input->rejects, &reject);
}

/* Fetches what the records a little further on will touch in the tables. */
static void fetch_ahead(const struct wn_tables *t, const struct finding *findings, size_t i,
                        size_t n)
{
    for (size_t step = 0; step < 3; step++) {
        size_t ahead = i + PREFETCH * (3 - step);
        if (ahead >= n || !findings[ahead].has_mailbox) {
            continue;
        }
        if (findings[ahead].domain == WN_NONE) {
            wn_tables_prefetch(t, findings[ahead].domain_hash, (int)step);
        }
        if (step == 0) {
            wn_map_prefetch(&t->mailbox_map, findings[ahead].key_hash);
        }
    }
}

/* Half as many mailboxes as the input seems to have records, so that at most one more growth of the
 * table is to come. */
static void reserve_tables(const struct survey *s, const struct batch *b)
{
    uint64_t records = s->input->file.size / (b->cut.consumed / b->cut.record_count + 1);
    struct wn_map *map = &s->run->tables.mailbox_map;
    wn_map_reserve(map, map->used + (size_t)records / 2);
}

static int commit(void *arg, void *piece, struct wn_error *err)
{
    struct survey *s = arg;
    struct batch *b = piece;
    struct wn_run_input *input = s->input;
    struct wn_tables *t = &s->run->tables;
    size_t n = b->cut.record_count;
    uint32_t first = t->rows.length;
    if (first == input->first_row && n > 0) {
        reserve_tables(s, b);
    }
    for (size_t i = 0; i < n; i++) {
        fetch_ahead(t, b->findings, i, n);
        if (!b->findings[i].has_cell) {
            add_short_record(s, b, &b->cut.records[i]);
            continue;
        }
        int status = enter_record(s, b, &b->cut.records[i], &b->findings[i], err);
        if (status != WN_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < b->cut.reject_count; i++) {
        wn_cut_add_reject(&input->rejects, &b->cut.rejects[i]);
    }
    input->records += n + b->cut.reject_count;
    input->blank_lines += b->blank_lines;
    struct wn_chunk *chunk = wn_segments_push(&input->chunks);
    *chunk = (struct wn_chunk){.offset = b->offset,
                               .digest = b->digest,
                               .length = (uint32_t)b->cut.consumed,
                               .first_row = first,
                               .row_count = t->rows.length - first};
    wn_progress_show(&s->run->progress, "reading", t->rows.length, 0, "rows", NULL);
    return wn_gather_collect(s->run, err);
}

static int find_columns(struct survey *s, struct wn_error *err)
{
    struct wn_run_input *input = s->input;
    const struct wn_clean_settings *settings = s->run->settings;
    char *sample = wn_malloc(WN_DIALECT_SAMPLE);
    size_t n;
    int status = wn_input_read(&input->file, 0, sample, WN_DIALECT_SAMPLE, &n, err);
    if (status == WN_OK) {
        char delimiter = settings->delimiter != NULL ? settings->delimiter[0] : 0;
        status = wn_dialect_detect((struct wn_span){sample, n}, delimiter, input->file.name,
                                   &input->dialect, err);
    }
    if (status == WN_OK) {
        status = wn_columns_find(settings, input, (struct wn_span){sample, n},
                                 n < WN_DIALECT_SAMPLE, err);
    }
    free(sample);
    return status;
}

static uint64_t count_lines(struct wn_span text, char line_end)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.n; i++) {
        lines += text.p[i] == line_end;
    }
    return lines;
}

/* The fields of the header, which a record over several lines must have too. */
static uint32_t count_header_fields(const struct wn_run_input *input)
{
    struct wn_span header = {input->header + input->dialect.prelude,
                             input->header_length - input->dialect.prelude};
    uint32_t fields = 1;
    if (header.n == 0) {
        return 0;
    }
    enum wn_quote_state state = wn_csv_scan_quotes(WN_QUOTE_FIELD_START, wn_csv_chomp(header),
                                                   input->dialect.delimiter, &fields);
    return wn_csv_closed(state) ? fields : 0;
}

int wn_survey(struct wn_run *run, struct wn_run_input *input, struct wn_error *err)
{
    const struct wn_clean_settings *settings = run->settings;
    struct survey s = {.run = run, .input = input};
    size_t workers = (size_t)settings->jobs;
    struct batch *batches = wn_calloc(workers, sizeof *batches);
    void **pieces = wn_calloc(workers, sizeof *pieces);
    s.digest = XXH3_createState();
    if (s.digest == NULL) {
        wn_out_of_memory();
    }
    input->chunks.size = sizeof(struct wn_chunk);
    input->first_row = run->tables.rows.length;
    int status = find_columns(&s, err);
    if (status != WN_OK) {
        goto out;
    }
    s.options = WN_ADDRESS_SYNTAX_ONLY | (settings->offline ? (unsigned)WN_ADDRESS_OFFLINE : 0) |
                (settings->allow_literals ? (unsigned)WN_ADDRESS_ALLOW_LITERALS : 0);
    s.cutter = (struct wn_cutter){
        .delimiter = input->dialect.delimiter,
        .line_end = input->dialect.line_end,
        .fields = count_header_fields(input),
        .offset = input->header_length,
        .line = 1 + count_lines((struct wn_span){input->header, input->header_length},
                                input->dialect.line_end)};
    s.read_to = input->header_length;
    (void)XXH3_128bits_reset(s.digest);
    (void)XXH3_128bits_update(s.digest, input->header, input->header_length);
    for (size_t i = 0; i < workers; i++) {
        pieces[i] = &batches[i];
        batches[i].met = wn_calloc(MET, sizeof *batches[i].met);
    }
    status = wn_pipeline_run(&(struct wn_pipeline){.claim = claim,
                                                   .work = work,
                                                   .commit = commit,
                                                   .arg = &s,
                                                   .pieces = pieces,
                                                   .workers = workers},
                             err);
    input->row_count = run->tables.rows.length - input->first_row;
    XXH128_hash_t digest = XXH3_128bits_digest(s.digest);
    input->digest[0] = digest.high64;
    input->digest[1] = digest.low64;
out:
    for (size_t i = 0; i < workers; i++) {
        free(batches[i].met);
        free(batches[i].window);
        free(batches[i].findings);
        wn_cut_release(&batches[i].cut);
        wn_buf_release(&batches[i].keys);
        wn_buf_release(&batches[i].room);
    }
    free(batches);
    free(pieces);
    wn_buf_release(&s.carry);
    (void)XXH3_freeState(s.digest);
    return status;
}
