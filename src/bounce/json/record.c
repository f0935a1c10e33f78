/* SPDX-License-Identifier: MIT */
/* A record is unwrapped (the string inside Amazon SNS's message is JSON itself), its form is found,
 * its kind is looked up, and each of its recipients gives a notice. Nothing here knows a service:
 * that is all in the table.
 *
 * Nearly all forms are ruled out by one look at a set of bits, one for the hash of each name that
 * the record has; only the rest is compared. */
#include "bounce/json/record.h"

#include <stdlib.h>

#include "bounce/json/path.h"
#include "bounce/words.h"
#include "smtp/reply.h"

enum {
    WRAPS_MAX = 6,
    RECIPIENTS_MAX = 1000,
    KINDS_MAX = 4, /* paths of .kind */
    RECIPIENT_MAX = 1024,
    ID_MAX = 512,
    TEXT_MAX = 4 * WN_DIAGNOSTIC_MAX
};

/* A form, or a row below one. */
struct row {
    const char *service; /* NULL: a row of the form above */
    const char *when, *each;
    const char *recipient, *at, *kind, *said, *text, *status, *code, *phase, *remote;
    const char *message_id, *event_id;
    /* Of a row */
    const char *values;
    enum wn_event_kind means;
    enum wn_hardness hardness;
    enum wn_category category;
    bool silent, spares;
    bool sole; /* of a form */
};

static const struct row rows[] = {
#define WN_JSON_FORM(service_name, ...) {.service = #service_name, __VA_ARGS__},
#define WN_JSON_SAYS(words, kind_name, hardness_name, said_name)                                   \
    {.values = (words),                                                                            \
     .means = WN_KIND_##kind_name,                                                                 \
     .hardness = WN_HARDNESS_##hardness_name,                                                      \
     .category = WN_CATEGORY_##said_name},
#define WN_JSON_SPARES(words, said_name)                                                           \
    {.values = (words),                                                                            \
     .spares = true,                                                                               \
     .means = WN_KIND_bounce,                                                                      \
     .category = WN_CATEGORY_##said_name},
#define WN_JSON_SILENT(words) {.values = (words), .silent = true},
#include "data/json_sources.def"
};

static const struct {
    const char *when, *path;
} wraps[] = {
#define WN_JSON_WRAP(when, path) {when, path},
#include "data/json_sources.def"
};

#define ROWS  (sizeof rows / sizeof *rows)
#define WRAPS (sizeof wraps / sizeof *wraps)

enum {
    HINTS = 3 /* conditions of a form that are looked at */
};

/* Of each condition, the bits of the names with which its paths begin: of a record that can fit,
 * one of them at least is set. */
struct wn_json_hints {
    uint64_t rows[ROWS][HINTS];
    uint64_t wraps[WRAPS][HINTS];
};

/* The reading of one record. */
struct reader {
    const struct wn_json_record *record;
    struct wn_json_notices *notices;
    const cJSON *outer;
};

static struct wn_notice *add_notice(struct reader *r, enum wn_notice_fault fault)
{
    struct wn_json_notices *n = r->notices;
    if (n->count == n->capacity) {
        n->capacity = n->capacity > 0 ? 2 * n->capacity : 64;
        n->list = wn_realloc(n->list, n->capacity * sizeof *n->list);
    }
    n->list[n->count] = (struct wn_notice){.line = r->record->line,
                                           .offset = r->record->offset,
                                           .length = r->record->length,
                                           .fault = fault};
    return &n->list[n->count++];
}

static struct wn_span keep(struct reader *r, struct wn_span text, size_t max)
{
    size_t n = text.n < max ? text.n : max;
    return n > 0 ? (struct wn_span){wn_arena_copy(&r->notices->texts, text.p, n), n}
                 : (struct wn_span){NULL, 0};
}

static void refuse(struct reader *r, enum wn_notice_fault fault, struct wn_span cell)
{
    struct wn_span kept = keep(r, cell, 100);
    add_notice(r, fault)->cell = kept;
}

/* The text at a path of the table, in `room` if it is a number. */
static struct wn_span text_at(struct wn_json_scope *scope, const char *path,
                              char room[WN_JSON_NUMBER])
{
    const cJSON *value = path != NULL ? wn_json_find(scope, wn_span_of(path)) : NULL;
    return value != NULL ? wn_json_text(value, room) : (struct wn_span){NULL, 0};
}

static bool is_one_of(struct wn_span text, struct wn_span words)
{
    struct wn_span word;
    while (wn_json_next(&words, '|', &word)) {
        bool any = wn_span_equal(word, WN_SPAN("*"));
        bool none = text.n == 0 && wn_span_equal(word, WN_SPAN("-"));
        if (any || none || wn_span_equal_nocase(word, text)) {
            return true;
        }
    }
    return false;
}

/* Whether all the conditions hold. */
static bool fits(struct wn_json_scope *scope, const char *when)
{
    struct wn_span conditions = wn_span_of(when), condition;
    while (wn_json_next(&conditions, ' ', &condition)) {
        char room[WN_JSON_NUMBER];
        const char *equals = memchr(condition.p, '=', condition.n);
        struct wn_span path = condition, words = {NULL, 0};
        if (equals != NULL) {
            path.n = (size_t)(equals - condition.p);
            words = (struct wn_span){equals + 1, condition.n - path.n - 1};
        }
        const cJSON *value = wn_json_find(scope, path);
        if (value == NULL || (equals != NULL && !is_one_of(wn_json_text(value, room), words))) {
            return false;
        }
    }
    return true;
}

static uint64_t bit_of(struct wn_span name)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < name.n; i++) {
        hash = hash * 31 + (unsigned char)name.p[i];
    }
    return UINT64_C(1) << ((hash * UINT32_C(2654435761)) >> 26);
}

static void make_hints(const char *when, uint64_t hints[HINTS])
{
    struct wn_span conditions = wn_span_of(when), condition, path, name;
    for (size_t i = 0; i < HINTS; i++) {
        hints[i] = UINT64_MAX;
        if (!wn_json_next(&conditions, ' ', &condition)) {
            continue;
        }
        const char *equals = memchr(condition.p, '=', condition.n);
        condition.n = equals != NULL ? (size_t)(equals - condition.p) : condition.n;
        hints[i] = 0;
        while (wn_json_next(&condition, '|', &path)) {
            hints[i] |= wn_json_next(&path, '.', &name) ? bit_of(name) : 0;
        }
    }
}

static const struct wn_json_hints *hints_of(struct wn_json_notices *notices)
{
    if (notices->hints == NULL) {
        notices->hints = wn_malloc(sizeof *notices->hints);
        for (size_t i = 0; i < ROWS; i++) {
            make_hints(rows[i].service != NULL ? rows[i].when : "", notices->hints->rows[i]);
        }
        for (size_t i = 0; i < WRAPS; i++) {
            make_hints(wraps[i].when, notices->hints->wraps[i]);
        }
    }
    return notices->hints;
}

static bool may_fit(uint64_t names, const uint64_t hints[HINTS])
{
    return (names & hints[0]) != 0 && (names & hints[1]) != 0 && (names & hints[2]) != 0;
}

/* The bits of an object's names; one at least, so that a condition that is none fits. */
static uint64_t names_of(const cJSON *object)
{
    uint64_t names = 1;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        names |= bit_of(wn_span_of(member->string));
    }
    return names;
}

/* The row below the form that fits what the record says, or NULL. */
static const struct row *find_row(const struct row *form, const struct wn_span *said, size_t count)
{
    for (const struct row *row = form + 1; row < rows + ROWS && row->service == NULL; row++) {
        struct wn_span values = wn_span_of(row->values), words;
        bool fit = true;
        for (size_t i = 0; i < count && fit && wn_json_next(&values, ';', &words); i++) {
            fit = is_one_of(said[i], words);
        }
        if (fit) {
            return row;
        }
    }
    return NULL;
}

static const struct row *find_kind(struct wn_json_scope *scope, const struct row *form,
                                   struct wn_span *cell, char room[KINDS_MAX][WN_JSON_NUMBER])
{
    struct wn_span paths = wn_span_of(form->kind), path, said[KINDS_MAX];
    size_t count = 0;
    while (count < KINDS_MAX && wn_json_next(&paths, ' ', &path)) {
        const cJSON *value = wn_json_find(scope, path);
        said[count] =
            value != NULL ? wn_json_text(value, room[count]) : (struct wn_span){room[count], 0};
        count++;
    }
    *cell = count > 0 ? said[0] : (struct wn_span){NULL, 0};
    return find_row(form, said, count);
}

/* A basic code that a server can have sent (RFC 5321 4.2.1: the second digit is at most 5): the
 * services number their own findings from 498 or 600 on. */
static uint16_t read_code(struct wn_span text)
{
    uint64_t number;
    uint16_t code, detail;
    uint8_t enhanced[2];
    if (wn_span_number(text, 999, &number)) {
        code = (uint16_t)number;
    } else {
        (void)wn_reply_codes(text, &code, enhanced, &detail);
    }
    bool possible = (code / 100 == 2 || code / 100 == 4 || code / 100 == 5) && code / 10 % 10 <= 5;
    return possible ? code : 0;
}

/* The phase of the command that was answered. */
static enum wn_phase read_phase(struct wn_span command)
{
    static const struct {
        struct wn_span verb;
        enum wn_phase phase;
    } verbs[] = {
        {{"EHLO", 4}, WN_PHASE_ehlo}, {{"HELO", 4}, WN_PHASE_ehlo}, {{"LHLO", 4}, WN_PHASE_ehlo},
        {{"STAR", 4}, WN_PHASE_ehlo}, {{"AUTH", 4}, WN_PHASE_ehlo}, {{"MAIL", 4}, WN_PHASE_mail},
        {{"RCPT", 4}, WN_PHASE_rcpt}, {{"DATA", 4}, WN_PHASE_data}, {{"BDAT", 4}, WN_PHASE_data},
        {{".", 1}, WN_PHASE_data},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct wn_span verb = {command.p, command.n < 4 ? command.n : 4};
        if (wn_span_equal_nocase(verb, verbs[i].verb)) {
            return verbs[i].phase;
        }
    }
    return WN_PHASE_unknown;
}

/* "5.1.1", or KumoMTA's {"class": 5, "subject": 1, "detail": 1}. */
static void read_status(const cJSON *value, struct wn_reply_in *reply)
{
    char room[WN_JSON_NUMBER];
    uint16_t code;
    if (cJSON_IsObject(value)) {
        static const char *const names[] = {"class", "subject", "detail"};
        uint64_t parts[3];
        struct wn_json_scope scope = {.event = value};
        for (size_t i = 0; i < 3; i++) {
            if (!wn_span_number(text_at(&scope, names[i], room), 999, &parts[i])) {
                return;
            }
        }
        if ((parts[0] == 2 || parts[0] == 4 || parts[0] == 5) && parts[1] <= 7) {
            reply->enhanced[0] = (uint8_t)parts[0];
            reply->enhanced[1] = (uint8_t)parts[1];
            reply->enhanced_detail = (uint16_t)parts[2];
        }
    } else if (value != NULL) {
        (void)wn_reply_codes(wn_json_text(value, room), &code, reply->enhanced,
                             &reply->enhanced_detail);
    }
}

/* A host without "dns;" before it and the root's full stop behind it. */
static struct wn_span plain_host(struct wn_span host)
{
    const char *type = host.n > 0 ? memchr(host.p, ';', host.n) : NULL;
    if (type != NULL) {
        host.n -= (size_t)(type + 1 - host.p);
        host.p = type + 1;
        host = wn_span_trim(host);
    }
    host.n -= host.n > 0 && host.p[host.n - 1] == '.';
    return host;
}

static struct wn_span plain_id(struct wn_span id)
{
    if (id.n > 1 && id.p[0] == '<' && id.p[id.n - 1] == '>') {
        id = wn_span_trim((struct wn_span){id.p + 1, id.n - 2});
    }
    return id;
}

static void read_reply(struct reader *r, struct wn_json_scope *scope, const struct row *form,
                       struct wn_notice *notice)
{
    char room[WN_JSON_NUMBER];
    notice->reply.text = keep(r, text_at(scope, form->text, room), TEXT_MAX);
    notice->reply.code = read_code(text_at(scope, form->code, room));
    notice->reply.phase = read_phase(text_at(scope, form->phase, room));
    if (form->status != NULL) {
        read_status(wn_json_find(scope, wn_span_of(form->status)), &notice->reply);
    }
    notice->remote = keep(r, plain_host(text_at(scope, form->remote, room)), ID_MAX);
    struct wn_span word = text_at(scope, form->said, room);
    if (word.n > 0) {
        (void)wn_category_of_word(word, &notice->said);
    }
}

/* One recipient of a record of a form whose kind is known. */
static void read_recipient(struct reader *r, struct wn_json_scope *scope, const struct row *form,
                           const struct row *kind)
{
    char room[WN_JSON_NUMBER];
    struct wn_notice notice = {
        .kind = kind->means, .hardness = kind->hardness, .about_sender = kind->spares};
    bool bounce = kind->means == WN_KIND_bounce || kind->means == WN_KIND_deferred;
    struct wn_span recipient = text_at(scope, form->recipient, room);
    if (recipient.n == 0 || recipient.n > RECIPIENT_MAX) {
        refuse(r, WN_NOTICE_ADDRESS, recipient);
        return;
    }
    notice.recipient = keep(r, recipient, RECIPIENT_MAX);
    const cJSON *at = wn_json_find(scope, wn_span_of(form->at));
    if (at == NULL || !wn_json_time(at, &notice.at)) {
        refuse(r, WN_NOTICE_DATE, at != NULL ? wn_json_text(at, room) : (struct wn_span){NULL, 0});
        return;
    }
    if (bounce || kind->means == WN_KIND_echo) {
        notice.said = bounce ? kind->category : WN_CATEGORY_unclassified;
        read_reply(r, scope, form, &notice);
    }
    notice.message_id = keep(r, plain_id(text_at(scope, form->message_id, room)), ID_MAX);
    notice.event_id = keep(r, text_at(scope, form->event_id, room), ID_MAX);
    if (bounce && notice.reply.text.n == 0 && notice.reply.code == 0 &&
        notice.reply.enhanced[0] == 0 && notice.hardness == WN_HARDNESS_unknown &&
        notice.said == WN_CATEGORY_unclassified) {
        refuse(r, WN_NOTICE_CODE, notice.recipient);
        return;
    }
    struct wn_notice *added = add_notice(r, WN_NOTICE_OK);
    notice.line = added->line;
    notice.offset = added->offset;
    notice.length = added->length;
    *added = notice;
}

/* The recipients of a record. */
static void read_recipients(struct reader *r, struct wn_json_scope *scope, const struct row *form,
                            const struct row *kind)
{
    const cJSON *list = form->each != NULL ? wn_json_find(scope, wn_span_of(form->each)) : NULL;
    if (form->each == NULL) {
        read_recipient(r, scope, form, kind);
        return;
    }
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : list != NULL;
    if (count == 0) {
        refuse(r, WN_NOTICE_ADDRESS, (struct wn_span){NULL, 0});
    } else if (count > RECIPIENTS_MAX) {
        refuse(r, WN_NOTICE_RECORD, WN_SPAN("too many recipients"));
    } else if (count > 1 && form->sole) {
        refuse(r, WN_NOTICE_UNRECOGNISED, WN_SPAN("one of several recipients, not said which"));
    } else if (cJSON_IsArray(list)) {
        cJSON_ArrayForEach(scope->element, list)
        {
            read_recipient(r, scope, form, kind);
        }
    } else {
        scope->element = list;
        read_recipient(r, scope, form, kind);
    }
}

/* A record without anything around it. */
static void read_event(struct reader *r, const cJSON *event, uint64_t names)
{
    const struct wn_json_hints *hints = hints_of(r->notices);
    struct wn_json_scope scope = {.outer = r->outer, .event = event};
    const struct row *form = NULL;
    struct wn_span cell;
    char room[KINDS_MAX][WN_JSON_NUMBER];
    size_t before = r->notices->count;
    for (size_t i = 0; i < ROWS && form == NULL && !scope.ambiguous; i++) {
        if (rows[i].service != NULL && may_fit(names, hints->rows[i]) &&
            fits(&scope, rows[i].when)) {
            form = &rows[i];
        }
    }
    if (form == NULL || scope.ambiguous) {
        refuse(r, WN_NOTICE_RECORD,
               scope.ambiguous ? WN_SPAN("a name stands twice") : WN_SPAN("of no known service"));
        return;
    }
    const struct row *kind = find_kind(&scope, form, &cell, room);
    if (kind == NULL) {
        refuse(r, WN_NOTICE_KIND, cell);
    } else if (kind->silent) {
        refuse(r, WN_NOTICE_NO_BOUNCE, cell);
    } else {
        read_recipients(r, &scope, form, kind);
    }
    if (scope.ambiguous) {
        r->notices->count = before;
        refuse(r, WN_NOTICE_RECORD, WN_SPAN("a name stands twice"));
    }
}

static void read_value(struct reader *r, const cJSON *value, int level);

/* What a record wraps: JSON in a string, or the value itself. */
static void read_text(struct reader *r, const cJSON *value, int level)
{
    struct wn_span text = wn_span_trim(wn_span_of(value->valuestring));
    if (text.n == 0 || (*text.p != '{' && *text.p != '[')) {
        refuse(r, level > 0 ? WN_NOTICE_NO_BOUNCE : WN_NOTICE_RECORD, text);
        return;
    }
    cJSON *inner = wn_json_parse(text);
    if (inner == NULL) {
        refuse(r, WN_NOTICE_RECORD, WN_SPAN("no JSON"));
    } else {
        read_value(r, inner, level + 1);
    }
    cJSON_Delete(inner);
}

static void read_value(struct reader *r, const cJSON *value, int level)
{
    struct wn_json_scope scope = {.outer = r->outer, .event = value};
    const struct wn_json_hints *hints = hints_of(r->notices);
    const cJSON *inner = NULL, *element;
    if (level > WRAPS_MAX) {
        refuse(r, WN_NOTICE_RECORD, WN_SPAN("wrapped too often"));
    } else if (cJSON_IsString(value)) {
        read_text(r, value, level);
    } else if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(element, value)
        {
            read_value(r, element, level + 1);
        }
    } else if (!cJSON_IsObject(value)) {
        refuse(r, WN_NOTICE_RECORD, WN_SPAN("no object"));
    } else {
        uint64_t names = names_of(value);
        for (size_t i = 0; i < WRAPS && inner == NULL; i++) {
            if (may_fit(names, hints->wraps[i]) && fits(&scope, wraps[i].when)) {
                inner = wn_json_find(&scope, wn_span_of(wraps[i].path));
            }
        }
        if (inner != NULL) {
            read_value(r, inner, level + 1);
        } else {
            read_event(r, value, names);
        }
    }
}

void wn_json_read_record(const struct wn_json_record *record, struct wn_span text,
                         struct wn_json_notices *notices)
{
    struct reader r = {.record = record, .notices = notices};
    if (record->fault != NULL) {
        add_notice(&r, WN_NOTICE_RECORD)->cell = wn_span_of(record->fault);
        return;
    }
    cJSON *value = wn_json_parse(text);
    r.outer = value;
    if (value == NULL) {
        refuse(&r, WN_NOTICE_RECORD, WN_SPAN("no JSON"));
    } else {
        read_value(&r, value, 0);
    }
    cJSON_Delete(value);
}

void wn_json_notices_clear(struct wn_json_notices *notices)
{
    wn_arena_release(&notices->texts);
    notices->count = 0;
}

void wn_json_notices_release(struct wn_json_notices *notices)
{
    wn_arena_release(&notices->texts);
    free(notices->hints);
    free(notices->list);
    *notices = (struct wn_json_notices){0};
}

static const struct row *nth_form(size_t form)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].service != NULL && form-- == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *wn_json_form_service(size_t form)
{
    const struct row *row = nth_form(form);
    return row != NULL ? row->service : NULL;
}

const char *wn_json_form_values(size_t form, size_t row)
{
    const struct row *at = nth_form(form);
    for (at = at != NULL ? at + 1 : NULL; at != NULL && at < rows + ROWS && at->service == NULL;
         at++) {
        if (row-- == 0) {
            return at->values;
        }
    }
    return NULL;
}

size_t wn_json_form_row(size_t form, const struct wn_span *values, size_t count)
{
    const struct row *at = nth_form(form);
    const struct row *found = at != NULL ? find_row(at, values, count) : NULL;
    return found != NULL ? (size_t)(found - at) - 1 : SIZE_MAX;
}
