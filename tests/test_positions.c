/* SPDX-License-Identifier: MIT */
/* How far logs were read: what is the same file after a rotation, and what is another one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/imap_positions.h"
#include "store/positions.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

#define NOW INT64_C(1795262400)

static struct wn_store *store;
static struct wn_error err;

static void setup(void)
{
    err = (struct wn_error){0};
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
}

static void teardown(void)
{
    wn_store_free(store);
    tempdir_remove();
}

static struct wn_log_file look(const char *path, uint64_t *size)
{
    struct wn_log_file file;
    struct stat seen;
    char head[WN_FIRST_LINE_MAX];
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(head, 1, sizeof head, f);
    ck_assert_int_eq(fstat(fileno(f), &seen), 0);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert(wn_log_file_of(&seen, (struct wn_span){head, n}, &file));
    *size = (uint64_t)seen.st_size;
    return file;
}

static uint64_t position_of(const char *path)
{
    uint64_t size;
    struct wn_log_file file = look(path, &size);
    struct wn_log_positions positions = {0};
    ck_assert_msg(wn_log_positions_load(store, &positions, &err) == WN_OK, "%s", err.text);
    uint64_t position = wn_log_position_of(&positions, &file, size);
    wn_log_positions_release(&positions);
    return position;
}

static void put_position(const char *path, uint64_t position, int64_t now)
{
    uint64_t size;
    struct wn_log_file file = look(path, &size);
    ck_assert_msg(wn_log_position_put(store, &file, position, now, &err) == WN_OK, "%s", err.text);
}

/* Writes over the file without making a new one. */
static void overwrite(const char *path, const char *text)
{
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(ftruncate(fileno(f), 0), 0);
    ck_assert_int_eq(fputs(text, f) >= 0, 1);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(a_log_is_read_on)
{
    const char *log = tempdir_text("mail.log", "first\nsecond\n");
    ck_assert_uint_eq(position_of(log), 0);
    put_position(log, 6, NOW);
    ck_assert_uint_eq(position_of(log), 6);
    overwrite(log, "first\nsecond\nthird\n");
    ck_assert_uint_eq(position_of(log), 6);
    put_position(log, 13, NOW);
    ck_assert_uint_eq(position_of(log), 13);
}
END_TEST

START_TEST(a_renamed_log_is_the_same)
{
    const char *log = tempdir_text("mail.log", "first\nsecond\n");
    const char *rotated = tempdir_path("mail.log.1");
    put_position(log, 6, NOW);
    ck_assert_int_eq(rename(log, rotated), 0);
    (void)tempdir_text("mail.log", "third\n");
    ck_assert_uint_eq(position_of(rotated), 6);
    ck_assert_uint_eq(position_of(log), 0);
    put_position(log, 6, NOW);
    ck_assert_uint_eq(position_of(rotated), 6);
}
END_TEST

static const struct {
    const char *name, *text;
    uint64_t want;
} changes[] = {
    {"another first line", "other\nsecond\n", 0},
    {"a shorter file", "first\n", 0},
    {"just as long as it was read", "first\nsecon\n", 12},
    {"a longer first line", "first \nsecond\n", 0},
};

START_TEST(an_emptied_log_is_another)
{
    const char *log = tempdir_text("mail.log", "first\nsecond\n");
    put_position(log, 12, NOW);
    overwrite(log, changes[_i].text);
    ck_assert_msg(position_of(log) == changes[_i].want, "%s", changes[_i].name);
}
END_TEST

START_TEST(what_cannot_be_told_apart)
{
    struct wn_log_file file;
    struct stat seen = {.st_mode = S_IFREG};
    char longest[WN_FIRST_LINE_MAX + 1];
    memset(longest, 'x', sizeof longest);
    ck_assert(!wn_log_file_of(&seen, (struct wn_span){0}, &file));
    ck_assert(!wn_log_file_of(&seen, WN_SPAN("half a line"), &file));
    ck_assert(wn_log_file_of(&seen, WN_SPAN("\n"), &file));
    ck_assert(wn_log_file_of(&seen, (struct wn_span){longest, sizeof longest}, &file));
    seen.st_mode = S_IFIFO;
    ck_assert(!wn_log_file_of(&seen, WN_SPAN("a line\n"), &file));
}
END_TEST

START_TEST(old_positions_are_forgotten)
{
    const char *log = tempdir_text("mail.log", "first\nsecond\n");
    const char *other = tempdir_text("other.log", "first\nsecond\n");
    put_position(log, 6, NOW - 401 * WN_DAY);
    put_position(other, 6, NOW - 2 * WN_DAY);
    ck_assert_uint_eq(position_of(log), 6);
    put_position(other, 6, NOW);
    ck_assert_uint_eq(position_of(log), 0);
    ck_assert_uint_eq(position_of(other), 6);
}
END_TEST

/* A position must not outlive the events that were read before it. */
START_TEST(a_rollback_takes_it_back)
{
    const char *log = tempdir_text("mail.log", "first\nsecond\n");
    ck_assert_int_eq(wn_store_begin(store, &err), WN_OK);
    put_position(log, 6, NOW);
    wn_store_rollback(store);
    ck_assert_uint_eq(position_of(log), 0);
}
END_TEST

static struct wn_imap_position position_in(const struct wn_imap_place *place)
{
    struct wn_imap_position position;
    ck_assert_msg(wn_imap_position_get(store, place, &position, &err) == WN_OK, "%s", err.text);
    return position;
}

/* Each of server, user and mailbox tells one place from another. */
START_TEST(a_mailbox_is_read_on)
{
    const struct wn_imap_place places[] = {
        {WN_SPAN("mail.x.com:993"), WN_SPAN("joe"), WN_SPAN("INBOX")},
        {WN_SPAN("mail.x.com:143"), WN_SPAN("joe"), WN_SPAN("INBOX")},
        {WN_SPAN("mail.x.com:993"), WN_SPAN("jim"), WN_SPAN("INBOX")},
        {WN_SPAN("mail.x.com:993"), WN_SPAN("joe"), WN_SPAN("Old")},
    };
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(position_in(&places[i]).uidvalidity, 0);
        const struct wn_imap_position first = {1 + i, 5}, second = {UINT32_MAX - i, UINT32_MAX};
        ck_assert_int_eq(wn_imap_position_put(store, &places[i], &first, NOW, &err), WN_OK);
        ck_assert_uint_eq(position_in(&places[i]).last_uid, 5);
        ck_assert_int_eq(wn_imap_position_put(store, &places[i], &second, NOW, &err), WN_OK);
    }
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(position_in(&places[i]).uidvalidity, UINT32_MAX - i);
        ck_assert_uint_eq(position_in(&places[i]).last_uid, UINT32_MAX);
    }
}
END_TEST

/* What no Winnow writes: the mailbox is read from its beginning. */
START_TEST(a_damaged_mailbox_position)
{
    const struct wn_imap_place place = {WN_SPAN("a"), WN_SPAN("b"), WN_SPAN("c")};
    ck_assert_int_eq(sqlite3_exec(store->db,
                                  "INSERT INTO imap_position VALUES ('a', 'b', 'c', 7, -1, 0)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_uint_eq(position_in(&place).uidvalidity, 0);
}
END_TEST

/* A store of the first version gets the table when it is next written to, and keeps what it has. */
START_TEST(a_first_store_is_migrated)
{
    const char *log = tempdir_text("mail.log", "first\nsecond\n");
    ck_assert_int_eq(
        sqlite3_exec(store->db,
                     "DROP TABLE log_position; DROP TABLE suppressed_hash;"
                     "DROP TABLE imap_position; DROP TABLE domain_outcome;"
                     "DROP TABLE policy; DROP TABLE quarantine; DROP TABLE breaker_day;"
                     "DROP TABLE probe; DROP TABLE catch_all; DROP TABLE probe_group;"
                     "DROP INDEX event_at; ALTER TABLE event DROP COLUMN provider;"
                     "INSERT INTO mailbox (address) VALUES ('a@x.com');"
                     "PRAGMA user_version = 1",
                     NULL, NULL, NULL),
        SQLITE_OK);
    wn_store_free(store);
    store = NULL;
    ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_READ, &store, &err),
                     WN_E_TEMPFAIL);
    err = (struct wn_error){0};
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
    put_position(log, 6, NOW);
    ck_assert_uint_eq(position_of(log), 6);
    sqlite3_int64 id;
    ck_assert_int_eq(wn_mailbox_find(store, WN_SPAN("a@x.com"), &id, &err), WN_OK);
    ck_assert_int_ne(id, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("positions");
    TCase *t = tcase_create("positions");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 300);
    tcase_add_test(t, a_log_is_read_on);
    tcase_add_test(t, a_renamed_log_is_the_same);
    tcase_add_loop_test(t, an_emptied_log_is_another, 0, sizeof changes / sizeof *changes);
    tcase_add_test(t, what_cannot_be_told_apart);
    tcase_add_test(t, old_positions_are_forgotten);
    tcase_add_test(t, a_rollback_takes_it_back);
    tcase_add_test(t, a_mailbox_is_read_on);
    tcase_add_test(t, a_damaged_mailbox_position);
    tcase_add_test(t, a_first_store_is_migrated);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
