/* SPDX-License-Identifier: MIT */
/* One table says all about the numbers. The store keeps every number, not only those that differ
 * from the defaults: a later Winnow with other defaults derives as this one did until it is told
 * otherwise. */
#include "store/policy.h"

#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/nearest.h"
#include "store/private.h"

const struct wn_bounce_number wn_bounce_numbers[WN_BOUNCE_NUMBERS] = {
#define WN_BOUNCE_NUMBER(name, initial, least, most, meaning)                                      \
    {#name, offsetof(struct wn_bounce_policy, name), initial, least, most, meaning},
#include "store/policy.def"
};

void wn_bounce_policy_init(struct wn_bounce_policy *policy)
{
    for (size_t i = 0; i < WN_BOUNCE_NUMBERS; i++) {
        *wn_bounce_policy_at(policy, i) = wn_bounce_numbers[i].initial;
    }
}

/* The number of that name, or WN_BOUNCE_NUMBERS. */
static size_t find_number(struct wn_span name)
{
    size_t i = 0;
    while (i < WN_BOUNCE_NUMBERS && !wn_span_equal(wn_span_of(wn_bounce_numbers[i].name), name)) {
        i++;
    }
    return i;
}

struct reading {
    FILE *file;
    struct wn_bounce_policy *policy;
    bool given[WN_BOUNCE_NUMBERS];
    int line, failed_line;
    struct wn_error found;
};

/* inih's source of lines: counts them, as the callback is not told where it stands, drops the
 * indent, which inih would take for more of the value before, and ends at the first fault. */
static char *next_line(char *p, int n, void *arg)
{
    struct reading *r = arg;
    if (r->found.status != WN_OK || fgets(p, n, r->file) == NULL) {
        return NULL;
    }
    r->line++;
    if (strchr(p, '\n') == NULL && feof(r->file) == 0) {
        wn_error_set(&r->found, WN_E_CONFIG,
                     "this line is longer than %d bytes or holds a NUL byte", n - 2);
        r->failed_line = r->line;
        return NULL;
    }
    size_t indent = strspn(p, " \t");
    memmove(p, p + indent, strlen(p + indent) + 1);
    return p;
}

static int refuse_name(struct reading *r, const char *name)
{
    const char *names[WN_BOUNCE_NUMBERS];
    for (size_t i = 0; i < WN_BOUNCE_NUMBERS; i++) {
        names[i] = wn_bounce_numbers[i].name;
    }
    const char *nearest = wn_nearest_word(name, names, WN_BOUNCE_NUMBERS);
    return wn_error_set(&r->found, WN_E_CONFIG, "a bounce policy has no '%s'%s%s%s", name,
                        nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "'?" : "");
}

/* inih's callback: one key. Non-zero means handled. */
static int read_key(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;
    size_t number = find_number(wn_span_of(name));
    uint64_t read = 0;
    int status = WN_OK;
    if (*section != '\0') {
        status = wn_error_set(&r->found, WN_E_CONFIG,
                              "a bounce policy has no sections such as [%s]", section);
    } else if (number == WN_BOUNCE_NUMBERS) {
        status = refuse_name(r, name);
    } else if (r->given[number]) {
        status = wn_error_set(&r->found, WN_E_CONFIG, "'%s' stands here twice", name);
    } else {
        const struct wn_bounce_number *n = &wn_bounce_numbers[number];
        if (!wn_span_number(wn_span_of(value), (uint64_t)n->most, &read) ||
            (int64_t)read < n->least) {
            status = wn_error_set(&r->found, WN_E_CONFIG,
                                  "%s wants a number from %" PRId64 " to %" PRId64 ", not '%s'",
                                  name, n->least, n->most, value);
        } else {
            *wn_bounce_policy_at(r->policy, number) = (int64_t)read;
            r->given[number] = true;
        }
    }
    if (status != WN_OK) {
        r->failed_line = r->line;
    }
    return status == WN_OK;
}

/* Numbers that leave a rule no case at all are a slip. */
static int check(const char *path, const struct wn_bounce_policy *p, struct wn_error *err)
{
    if (p->second_after_hours > p->second_within_days * 24) {
        return wn_error_set(err, WN_E_CONFIG,
                            "%s: second_after_hours is more than second_within_days, so that no "
                            "second bounce could count",
                            path);
    }
    if (p->soft_span_days > p->soft_within_days || p->soft_days - 1 > p->soft_within_days) {
        return wn_error_set(err, WN_E_CONFIG,
                            "%s: soft_days and soft_span_days do not fit into soft_within_days, so "
                            "that no soft bounces could count",
                            path);
    }
    return WN_OK;
}

int wn_bounce_policy_read(const char *path, struct wn_bounce_policy *policy, struct wn_error *err)
{
    struct reading r = {.policy = policy};
    wn_bounce_policy_init(policy);
    r.file = fopen(path, "re");
    if (r.file == NULL) {
        return wn_error_errno(err, WN_E_NOINPUT, errno, "the bounce policy %s cannot be read",
                              path);
    }
    int line = ini_parse_stream(next_line, &r, read_key, &r);
    int status = WN_OK;
    if (r.found.status != WN_OK && (line <= 0 || line >= r.failed_line)) {
        status = wn_error_set(err, WN_E_CONFIG, "%s:%d: %s", path, r.failed_line, r.found.text);
    } else if (line != 0) {
        status =
            wn_error_set(err, WN_E_CONFIG, "%s:%d: this is no 'name = number' line", path, line);
    } else if (ferror(r.file) != 0) {
        status = wn_error_set(err, WN_E_NOINPUT, "the bounce policy %s cannot be read", path);
    }
    (void)fclose(r.file);
    return status == WN_OK ? check(path, policy, err) : status;
}

/* What a newer Winnow knows and this one does not is passed over. */
static int take_number(void *arg, sqlite3_stmt *row)
{
    size_t number = find_number(wn_column_span(row, 0));
    if (number < WN_BOUNCE_NUMBERS) {
        const struct wn_bounce_number *n = &wn_bounce_numbers[number];
        int64_t value = sqlite3_column_int64(row, 1);
        *wn_bounce_policy_at(arg, number) = value < n->least  ? n->least
                                            : value > n->most ? n->most
                                                              : value;
    }
    return WN_OK;
}

int wn_bounce_policy_get(struct wn_store *store, struct wn_bounce_policy *policy,
                         struct wn_error *err)
{
    int status = WN_OK;
    if (!store->policy_known) {
        sqlite3_stmt *scan = NULL;
        wn_bounce_policy_init(&store->policy);
        status = wn_store_statement(store, WN_STATEMENT_policy_scan, &scan, err);
        if (status == WN_OK) {
            status = wn_statement_rows(store, scan, take_number, &store->policy, err);
        }
        store->policy_known = status == WN_OK;
    }
    *policy = store->policy;
    return status;
}

int wn_bounce_policy_put(struct wn_store *store, const struct wn_bounce_policy *policy,
                         struct wn_error *err)
{
    struct wn_bounce_policy copy = *policy;
    sqlite3_stmt *put = NULL;
    int status = wn_store_statement(store, WN_STATEMENT_policy_put, &put, err);
    for (size_t i = 0; i < WN_BOUNCE_NUMBERS && status == WN_OK; i++) {
        wn_bind_text(put, 1, wn_span_of(wn_bounce_numbers[i].name));
        (void)sqlite3_bind_int64(put, 2, *wn_bounce_policy_at(&copy, i));
        status = wn_statement_run(store, put, err);
    }
    if (status == WN_OK) {
        store->policy = copy;
        store->policy_known = true;
    }
    return status;
}
