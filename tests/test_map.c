/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/str.h"
#include "support/suite.h"

enum {
    COUNT = 100000
};

/* Entry `id` has the key id * 3; `asked` counts how often a text would have been compared. */
struct table {
    size_t asked;
};

static bool same(const void *table, const void *key, uint32_t id)
{
    struct table *t = (struct table *)(uintptr_t)table;
    const uint64_t *wanted = key;
    t->asked++;
    return *wanted == (uint64_t)id * 3;
}

/* The hashes that a test is about. */
static uint64_t spread(uint64_t key)
{
    return wn_hash(&key, sizeof key);
}

static uint64_t all_one(uint64_t key)
{
    (void)key;
    return UINT64_C(0x123456789abcdef0);
}

static uint64_t low_bits_only(uint64_t key)
{
    return key; /* the map looks at the upper half alone */
}

static uint64_t one_home(uint64_t key)
{
    return (key << 52) | UINT64_C(0xffffffff); /* 4096 tags in few homes, round the end */
}

static const struct row {
    const char *name;
    uint64_t (*hash)(uint64_t key);
    uint32_t count;
} rows[] = {
    {"spread", spread, COUNT},
    {"all collide", all_one, 2000},
    {"no upper half", low_bits_only, 2000},
    {"few homes", one_home, 3000},
};

START_TEST(what_was_added_is_found)
{
    const struct row *row = &rows[_i];
    struct wn_map m = {0};
    struct table t = {0};
    uint64_t key = 0;
    ck_assert_uint_eq(wn_map_find(&m, row->hash(key), same, &t, &key), WN_MAP_NONE);
    wn_map_prefetch(&m, 0);
    for (uint32_t id = 0; id < row->count; id++) {
        wn_map_add(&m, row->hash((uint64_t)id * 3), id);
        wn_map_prefetch(&m, row->hash((uint64_t)id * 3));
    }
    ck_assert_uint_eq(m.used, row->count);
    ck_assert_uint_le(m.used, (m.mask + 1) / 4 * 3);
    for (uint64_t k = 0; k < (uint64_t)row->count * 3; k++) {
        uint32_t id = wn_map_find(&m, row->hash(k), same, &t, &k);
        if (id != (k % 3 == 0 ? (uint32_t)(k / 3) : WN_MAP_NONE)) {
            ck_abort_msg("%s: key %llu is %u", row->name, (unsigned long long)k, id);
        }
    }
    /* With spread hashes a look-up asks for the right entry and nearly never for another. */
    ck_assert(row->hash != spread || t.asked < COUNT + COUNT / 100);
    wn_map_release(&m);
    ck_assert_uint_eq(wn_map_find(&m, row->hash(key), same, &t, &key), WN_MAP_NONE);
    wn_map_release(&m);
}
END_TEST

START_TEST(highest_id)
{
    struct wn_map m = {0};
    struct table t = {0};
    uint64_t key = (uint64_t)(WN_MAP_NONE - 2) * 3;
    wn_map_add(&m, 7, WN_MAP_NONE - 2);
    ck_assert_uint_eq(wn_map_find(&m, 7, same, &t, &key), WN_MAP_NONE - 2);
    wn_map_release(&m);
}
END_TEST

START_TEST(hash_depends_on_every_byte)
{
    char text[64] = {0};
    uint64_t empty = wn_hash(text, 0);
    ck_assert(empty == wn_hash("x", 0));
    for (size_t i = 0; i < sizeof text; i++) {
        uint64_t before = wn_hash(text, sizeof text);
        text[i] = 1;
        ck_assert(wn_hash(text, sizeof text) != before);
    }
    ck_assert(wn_hash(text, 5) != wn_hash(text, 6));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("map");
    TCase *cases = tcase_create("map");
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, what_was_added_is_found, 0, sizeof rows / sizeof *rows);
    tcase_add_test(cases, highest_id);
    tcase_add_test(cases, hash_depends_on_every_byte);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
