/* SPDX-License-Identifier: MIT */
/* Mailboxes that are known by their hash alone: the digest itself, which word counts when several
 * were said, and that the table is apart from the events. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/hashed.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

#define AT INT64_C(1767225600)

static struct wn_store *store;
static struct wn_error err;

static void setup(void)
{
    err = (struct wn_error){0};
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
    ck_assert_int_eq(wn_store_begin(store, &err), WN_OK);
}

static void teardown(void)
{
    wn_store_free(store);
    tempdir_remove();
}

/* FIPS 180-4's examples, and an address. */
static const struct {
    const char *text, *hex;
} digests[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"bob@example.com", "5ff860bf1190596c7188ab851db691f0f3169c453936e9e1eba2f9a47f7a0018"},
};

START_TEST(digest)
{
    unsigned char bytes[WN_SHA256], again[WN_SHA256];
    char text[WN_SHA256_HEX];
    struct wn_sha256 *hasher = wn_sha256_new();
    for (int times = 0; times < 2; times++) { /* one hasher does many */
        wn_sha256_digest(hasher, wn_span_of(digests[_i].text), bytes);
        wn_sha256_format(bytes, text);
        ck_assert_str_eq(text, digests[_i].hex);
    }
    ck_assert(wn_sha256_read(wn_span_of(text), again));
    ck_assert_mem_eq(bytes, again, WN_SHA256);
    wn_sha256_free(hasher);
}
END_TEST

START_TEST(reads_only_digests)
{
    static const char hex[] = "5FF860BF1190596C7188AB851DB691F0f3169c453936e9e1eba2f9a47f7a0018";
    unsigned char bytes[WN_SHA256];
    char text[80];
    ck_assert(wn_sha256_read(wn_span_of(hex), bytes));
    ck_assert_uint_eq(bytes[0], 0x5f);
    ck_assert(!wn_sha256_read((struct wn_span){hex, 63}, bytes));
    ck_assert(!wn_sha256_read((struct wn_span){hex, 0}, bytes));
    (void)snprintf(text, sizeof text, "%s0", hex);
    ck_assert(!wn_sha256_read(wn_span_of(text), bytes));
    for (size_t at = 0; at < 64; at += 63) {
        (void)snprintf(text, sizeof text, "%s", hex);
        text[at] = 'g';
        ck_assert(!wn_sha256_read(wn_span_of(text), bytes));
    }
}
END_TEST

static struct wn_hashed hashed(unsigned char first, int64_t since)
{
    struct wn_hashed h = {.since = since, .source = WN_SPAN("list@0")};
    memset(h.digest, 7, sizeof h.digest);
    h.digest[0] = first;
    return h;
}

static bool add(unsigned char first, int64_t since)
{
    const struct wn_hashed h = hashed(first, since);
    bool changed;
    ck_assert_msg(wn_hashed_add(store, &h, &changed, &err) == WN_OK, "%s", err.text);
    return changed;
}

static bool take_away(unsigned char first, int64_t at)
{
    const struct wn_hashed h = hashed(first, 0);
    bool removed;
    ck_assert_msg(wn_hashed_remove(store, h.digest, at, &removed, &err) == WN_OK, "%s", err.text);
    return removed;
}

struct seen {
    size_t count;
    int64_t since;
    unsigned char firsts[8];
};

static int see(void *arg, const struct wn_hashed *h)
{
    struct seen *s = arg;
    s->firsts[s->count++ % 8] = h->digest[0];
    s->since = h->since;
    ck_assert(wn_span_equal(h->source, WN_SPAN("list@0")));
    return WN_OK;
}

static int64_t since_of(unsigned char first)
{
    const struct wn_hashed h = hashed(first, 0);
    struct seen s = {0};
    ck_assert_int_eq(wn_hashed_get(store, h.digest, see, &s, &err), WN_OK);
    return s.count > 0 ? s.since : 0;
}

START_TEST(said_twice)
{
    ck_assert(add(1, AT));
    ck_assert(!add(1, AT));
    ck_assert(!add(1, AT + 9));
    ck_assert_int_eq(since_of(1), AT);
    ck_assert(add(1, AT - 9));
    ck_assert_int_eq(since_of(1), AT - 9);
    ck_assert_int_eq(since_of(2), 0);
}
END_TEST

START_TEST(removed)
{
    ck_assert(!take_away(1, AT));
    ck_assert(add(1, AT));
    ck_assert(take_away(1, AT + 10));
    ck_assert(!take_away(1, AT + 20));
    ck_assert_int_eq(since_of(1), 0);
    ck_assert(!add(1, AT)); /* what the list said before */
    ck_assert_int_eq(since_of(1), 0);
    ck_assert(add(1, AT + 10)); /* of two words at one second the stricter */
    ck_assert_int_eq(since_of(1), AT + 10);
}
END_TEST

START_TEST(removed_before_its_time)
{
    ck_assert(add(1, AT + 100)); /* somebody's clock is ahead */
    ck_assert(take_away(1, AT));
    ck_assert(!add(1, AT + 50));
    ck_assert_int_eq(since_of(1), 0);
}
END_TEST

START_TEST(scan)
{
    struct seen s = {0};
    uint64_t count;
    ck_assert(add(9, AT) && add(3, AT) && add(200, AT) && take_away(9, AT));
    ck_assert_int_eq(wn_hashed_scan(store, see, &s, &err), WN_OK);
    ck_assert_uint_eq(s.count, 2);
    ck_assert_uint_eq(s.firsts[0], 3);
    ck_assert_uint_eq(s.firsts[1], 200);
    ck_assert_int_eq(wn_hashed_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(survives_a_rebuild)
{
    ck_assert(add(1, AT));
    ck_assert_int_eq(wn_suppression_update(store, true, &err), WN_OK);
    ck_assert_int_eq(since_of(1), AT);
}
END_TEST

START_TEST(applies_to_a_history)
{
    const struct wn_hashed h = hashed(1, AT);
    struct wn_history none = {0};
    struct wn_history some = {.suppressed_at = AT - 5, .last_at = AT - 1, .hard_since = AT - 2};
    wn_hashed_apply(&h, &none);
    wn_hashed_apply(&h, &some);
    ck_assert_int_eq(none.suppressed_at, AT);
    ck_assert_int_eq(none.last_at, AT);
    ck_assert_str_eq(wn_history_last_word(&none), "manual_add");
    ck_assert_int_eq(some.suppressed_at, AT - 5);
    ck_assert_int_eq(some.last_at, AT - 1);
    ck_assert_int_eq(some.hard_since, AT - 2);
}
END_TEST

START_TEST(a_damaged_row)
{
    struct seen s = {0};
    ck_assert(add(1, AT));
    ck_assert_int_eq(
        sqlite3_exec(store->db, "UPDATE suppressed_hash SET digest = x'01'", NULL, NULL, NULL),
        SQLITE_OK);
    ck_assert_int_eq(wn_hashed_scan(store, see, &s, &err), WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hashed");
    TCase *tcase = tcase_create("hashed");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, digest, 0, (int)(sizeof digests / sizeof *digests));
    tcase_add_test(tcase, reads_only_digests);
    tcase_add_test(tcase, said_twice);
    tcase_add_test(tcase, removed);
    tcase_add_test(tcase, removed_before_its_time);
    tcase_add_test(tcase, scan);
    tcase_add_test(tcase, survives_a_rebuild);
    tcase_add_test(tcase, applies_to_a_history);
    tcase_add_test(tcase, a_damaged_row);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
