/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "clean/tables.h"
#include "support/suite.h"

static uint32_t add_domain(struct wn_tables *t, const char *name, bool *added)
{
    return wn_tables_intern_domain(t, wn_span_of(name), wn_hash(name, strlen(name)), added);
}

static uint32_t add_mailbox(struct wn_tables *t, const char *key, bool *added)
{
    const char *at = strrchr(key, '@');
    bool ignored;
    uint32_t domain = add_domain(t, at + 1, &ignored);
    return wn_tables_intern_mailbox(t, (struct wn_span){key, (size_t)(at - key)}, domain,
                                    wn_hash(key, strlen(key)), added);
}

START_TEST(domains_are_interned_in_their_order)
{
    struct wn_tables t;
    bool added;
    wn_tables_init(&t);
    ck_assert_uint_eq(wn_tables_find_domain(&t, WN_SPAN("x.tt")), WN_NONE);
    ck_assert_uint_eq(add_domain(&t, "x.tt", &added), 0);
    ck_assert(added);
    ck_assert_uint_eq(add_domain(&t, "y.tt", &added), 1);
    ck_assert(added);
    ck_assert_uint_eq(add_domain(&t, "x.tt", &added), 0);
    ck_assert(!added);
    ck_assert_uint_eq(wn_tables_find_domain(&t, WN_SPAN("y.tt")), 1);
    ck_assert_uint_eq(wn_tables_find_domain(&t, WN_SPAN("y.t")), WN_NONE);
    const struct wn_domain *d = wn_tables_domain(&t, 1);
    ck_assert_str_eq(d->name, "y.tt");
    ck_assert_uint_eq(d->length, 4);
    ck_assert_str_eq(d->mx, "");
    ck_assert_str_eq(d->detail, "");
    ck_assert_uint_eq(d->history, WN_NONE);
    ck_assert_int_eq(d->route, WN_ROUTE_NONE);
    ck_assert_int_eq(d->fault, WN_FAULT_none);
    wn_tables_release(&t);
}
END_TEST

/* Keys whose texts run together must stay apart. */
START_TEST(mailboxes_are_interned)
{
    static const char *const keys[] = {"a@x.tt",     "a@y.tt",  "b@x.tt",          "\"a@b\"@x.tt",
                                       "\"@\"@x.tt", "ab@x.tt", "\"a@x.tt\"@x.tt", "a@xx.tt"};
    enum {
        KEYS = sizeof keys / sizeof *keys
    };
    struct wn_tables t;
    bool added;
    wn_tables_init(&t);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < KEYS; i++) {
            ck_assert_uint_eq(add_mailbox(&t, keys[i], &added), i);
            ck_assert(added == (round == 0));
        }
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        ck_assert_uint_eq(wn_tables_find_mailbox(&t, wn_span_of(keys[i])), i);
    }
    ck_assert_uint_eq(wn_tables_find_mailbox(&t, WN_SPAN("c@x.tt")), WN_NONE);
    ck_assert_uint_eq(wn_tables_find_mailbox(&t, WN_SPAN("")), WN_NONE);
    const struct wn_mailbox *m = wn_tables_mailbox(&t, 3);
    ck_assert(wn_span_equal((struct wn_span){m->local, m->local_length}, WN_SPAN("\"a@b\"")));
    ck_assert_uint_eq(m->first_row, WN_NONE);
    ck_assert_uint_eq(m->history, WN_NONE);
    wn_tables_release(&t);
}
END_TEST

START_TEST(many_mailboxes)
{
    enum {
        COUNT = 50000
    };
    struct wn_tables t;
    char key[60];
    bool added;
    wn_tables_init(&t);
    for (uint32_t i = 0; i < COUNT; i++) {
        (void)snprintf(key, sizeof key, "user%u@d%u.tt", i, i % 1000);
        if (add_mailbox(&t, key, &added) != i || !added) {
            ck_abort_msg("%s", key);
        }
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        (void)snprintf(key, sizeof key, "user%u@d%u.tt", i, i % 1000);
        if (wn_tables_find_mailbox(&t, wn_span_of(key)) != i ||
            wn_tables_mailbox(&t, i)->domain != i % 1000) {
            ck_abort_msg("%s", key);
        }
    }
    ck_assert_uint_eq(t.domains.length, 1000);
    wn_tables_release(&t);
}
END_TEST

START_TEST(texts_are_kept_once)
{
    struct wn_tables t;
    wn_tables_init(&t);
    char text[] = "mx1.example";
    const struct wn_text *first = wn_tables_intern_text(&t, wn_span_of(text));
    text[2] = '2';
    const struct wn_text *second = wn_tables_intern_text(&t, wn_span_of(text));
    ck_assert_str_eq(first->p, "mx1.example");
    ck_assert_str_eq(second->p, "mx2.example");
    ck_assert_ptr_eq(wn_tables_intern_text(&t, WN_SPAN("mx1.example")), first);
    ck_assert_str_eq(wn_tables_intern_text(&t, WN_SPAN(""))->p, "");
    ck_assert_uint_eq(t.texts.length, 3);
    wn_tables_release(&t);
}
END_TEST

START_TEST(row_names_its_mailbox)
{
    struct wn_tables t;
    bool added;
    wn_tables_init(&t);
    uint32_t a = add_mailbox(&t, "a@x.tt", &added), b = add_mailbox(&t, "b@x.tt", &added);
    struct wn_row rows[] = {
        {.mailbox = b},
        {.mailbox = a,
         .bits = WN_FLAG_role | (uint32_t)WN_FAULT_syntax_provider << WN_ROW_FAULT_SHIFT},
        {.mailbox = 1, .bits = WN_ROW_DUPLICATE}, /* of row 1 */
        {.mailbox = WN_NONE, .bits = (uint32_t)WN_FAULT_no_address << WN_ROW_FAULT_SHIFT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *(struct wn_row *)wn_segments_push(&t.rows) = rows[i];
    }
    ck_assert_uint_eq(wn_tables_mailbox_of(&t, wn_tables_row(&t, 0)), b);
    ck_assert_uint_eq(wn_tables_mailbox_of(&t, wn_tables_row(&t, 1)), a);
    ck_assert_uint_eq(wn_tables_mailbox_of(&t, wn_tables_row(&t, 2)), a);
    ck_assert_uint_eq(wn_tables_mailbox_of(&t, wn_tables_row(&t, 3)), WN_NONE);
    ck_assert_int_eq(wn_row_fault(wn_tables_row(&t, 0)), WN_FAULT_none);
    ck_assert_int_eq(wn_row_fault(wn_tables_row(&t, 1)), WN_FAULT_syntax_provider);
    ck_assert_int_eq(wn_row_fault(wn_tables_row(&t, 2)), WN_FAULT_none);
    ck_assert_int_eq(wn_row_fault(wn_tables_row(&t, 3)), WN_FAULT_no_address);
    wn_tables_release(&t);
}
END_TEST

/* A row's bits hold every flag and every fault beside the marks. */
START_TEST(probes_of_mailboxes)
{
    struct wn_tables t;
    bool added;
    char text[] = "550 5.1.1 gone";
    wn_tables_init(&t);
    uint32_t a = add_mailbox(&t, "a@x.tt", &added), b = add_mailbox(&t, "b@x.tt", &added);
    ck_assert_ptr_null(wn_tables_probe(&t, a));
    struct wn_probe probe = {.outcome = WN_PROBE_not_found, .diagnostic = {text, sizeof text - 1}};
    wn_tables_set_probe(&t, b, &probe);
    text[0] = 'X';
    ck_assert_ptr_null(wn_tables_probe(&t, a));
    ck_assert_ptr_null(wn_tables_probe(&t, WN_NONE));
    const struct wn_probe *known = wn_tables_probe(&t, b);
    ck_assert_ptr_nonnull(known);
    ck_assert_int_eq(known->outcome, WN_PROBE_not_found);
    ck_assert_mem_eq(known->diagnostic.p, "550 5.1.1 gone", sizeof text - 1);
    probe.outcome = WN_PROBE_blocked;
    wn_tables_set_probe(&t, b, &probe);
    ck_assert_ptr_eq(wn_tables_probe(&t, b), known);
    ck_assert_int_eq(known->outcome, WN_PROBE_blocked);
    ck_assert_uint_eq(t.probes.length, 1);
    wn_tables_release(&t);
}
END_TEST

START_TEST(bits_do_not_overlap)
{
    unsigned marks = WN_ROW_VERBATIM | WN_ROW_DUPLICATE | WN_ROW_QUOTED_CELL;
    unsigned fault = (unsigned)WN_ROW_FAULT_MASK << WN_ROW_FAULT_SHIFT;
    ck_assert_uint_eq(sizeof(struct wn_row), 32);
    ck_assert_uint_eq(marks & fault, 0);
    ck_assert_uint_eq(marks & WN_ROW_FLAGS, 0);
    ck_assert_uint_eq(fault & WN_ROW_FLAGS, 0);
    for (unsigned i = 0; i < WN_FAULT_COUNT; i++) {
        struct wn_row row = {.bits = marks | WN_ROW_FLAGS | i << WN_ROW_FAULT_SHIFT};
        ck_assert_uint_eq(wn_row_fault(&row), i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tables");
    TCase *cases = tcase_create("tables");
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, domains_are_interned_in_their_order);
    tcase_add_test(cases, mailboxes_are_interned);
    tcase_add_test(cases, many_mailboxes);
    tcase_add_test(cases, texts_are_kept_once);
    tcase_add_test(cases, row_names_its_mailbox);
    tcase_add_test(cases, probes_of_mailboxes);
    tcase_add_test(cases, bits_do_not_overlap);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
