/* SPDX-License-Identifier: MIT */
/* The store's file: how it is made, what it refuses, what it leaves alone; and the locks. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/facts.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

enum {
    NOBODY = 65534
};

static struct wn_error err;

static void setup(void)
{
    (void)tempdir_make();
    err = (struct wn_error){0};
}

static struct wn_store *must_open(const char *path, enum wn_store_mode mode)
{
    struct wn_store *store;
    ck_assert_msg(wn_store_open(path, mode, &store, &err) == WN_OK, "%s", err.text);
    return store;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static int64_t pragma(struct wn_store *store, const char *sql)
{
    sqlite3_stmt *s;
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, sql, -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
    return value;
}

static void put_fact(struct wn_store *store)
{
    const struct wn_domain_fact fact = {
        .domain = WN_SPAN("example.com"), .route = WN_SPAN("ok"), .at = 1, .expires = 100};
    ck_assert_msg(wn_facts_put(store, &fact, &err) == WN_OK, "%s", err.text);
}

START_TEST(makes_a_private_file)
{
    (void)umask(_i == 0 ? 0 : _i == 1 ? 022 : 0377);
    const char *path = tempdir_path("a/b/w.db");
    struct wn_store *store = must_open(path, WN_STORE_WRITE);
    put_fact(store);
    ck_assert_int_eq(tempdir_mode(path), 0600);
    ck_assert_int_eq(tempdir_mode(tempdir_path("a/b/w.db-wal")), 0600);
    ck_assert_int_eq(tempdir_mode(tempdir_path("a/b/w.db-shm")), 0600);
    ck_assert_int_eq(tempdir_mode(tempdir_path("a/b")), 0700);
    ck_assert_int_eq(tempdir_mode(tempdir_path("a")), 0700);
    ck_assert_int_eq(pragma(store, "PRAGMA application_id"), WN_APPLICATION_ID);
    ck_assert_int_eq(pragma(store, "PRAGMA user_version"), 9);
    ck_assert_int_eq(pragma(store, "PRAGMA foreign_keys"), 1);
    ck_assert_int_eq(pragma(store, "SELECT 1 FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
                     1);
    wn_store_free(store);
    ck_assert_int_eq(tempdir_mode(tempdir_path("a/b/w.db-wal")), -1);
}
END_TEST

START_TEST(opens_again)
{
    uint64_t count;
    struct wn_store *store = must_open(tempdir_path("w.db"), WN_STORE_WRITE);
    put_fact(store);
    wn_store_free(store);
    store = must_open(tempdir_path("w.db"), _i == 0 ? WN_STORE_WRITE : WN_STORE_READ);
    ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 1);
    wn_store_free(store);
    ck_assert_int_eq(tempdir_mode(tempdir_path("w.db-wal")), -1);
    ck_assert_int_eq(tempdir_mode(tempdir_path("w.db-shm")), -1);
}
END_TEST

START_TEST(follows_a_symbolic_link)
{
    uint64_t count;
    ck_assert_int_eq(symlink("real.db", tempdir_path("link.db")), 0);
    struct wn_store *store = must_open(tempdir_path("link.db"), WN_STORE_WRITE);
    put_fact(store);
    wn_store_free(store);
    store = must_open(tempdir_path("real.db"), WN_STORE_READ);
    ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 1);
    wn_store_free(store);
}
END_TEST

START_TEST(takes_no_name_for_a_uri)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", ""};
    ck_assert_int_eq(chdir(tempdir_path("")), 0);
    struct wn_store *store = NULL;
    int status = wn_store_open(names[_i], WN_STORE_WRITE, &store, &err);
    if (names[_i][0] == '\0') {
        ck_assert_int_eq(status, WN_E_CANTCREATE);
        ck_assert_ptr_null(store);
    } else {
        ck_assert_int_eq(status, WN_OK);
        ck_assert_int_eq(tempdir_mode(names[_i]), 0600);
    }
    wn_store_free(store);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(reads_what_is_not_there_as_empty)
{
    uint64_t count = 1;
    if (_i == 1) {
        (void)tempdir_text("w.db", "");
    }
    struct wn_store *store = must_open(tempdir_path(_i == 2 ? "no/w.db" : "w.db"), WN_STORE_READ);
    ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_OK);
    ck_assert_uint_eq(count, 0);
    wn_store_free(store);
    ck_assert_int_eq(tempdir_mode(tempdir_path("no")), -1);
    ck_assert_int_eq(tempdir_mode(tempdir_path("w.db")) == -1, _i != 1);
}
END_TEST

START_TEST(a_reader_cannot_write)
{
    wn_store_free(must_open(tempdir_path("w.db"), WN_STORE_WRITE));
    struct wn_store *store = must_open(tempdir_path("w.db"), WN_STORE_READ);
    const struct wn_domain_fact fact = {
        .domain = WN_SPAN("a"), .route = WN_SPAN("b"), .expires = 1};
    ck_assert_int_eq(wn_facts_put(store, &fact, &err), WN_E_CANTCREATE);
    wn_store_free(store);
}
END_TEST

/* What is refused, with the status for a writer and a reader, and left as it is. */
static const struct {
    const char *name, *text, *sql;
    int writer, reader;
    const char *says;
} refusals[] = {
    {"a text file", "email,code,date\nbob@example.com,550,2026-01-01\n", NULL, WN_E_IO, WN_E_IO,
     "not a Winnow store"},
    {"another program's", NULL, "CREATE TABLE t (x)", WN_E_IO, WN_E_IO, "another program"},
    {"another application's", NULL, "PRAGMA application_id = 5", WN_E_IO, WN_E_IO,
     "another program"},
    {"a version without application", NULL, "PRAGMA user_version = 1", WN_E_IO, WN_E_IO,
     "another program"},
    {"a newer one", NULL, "PRAGMA application_id = 1466527342; PRAGMA user_version = 99", WN_E_IO,
     WN_E_IO, "newer Winnow"},
    {"an older one", NULL, "PRAGMA application_id = 1466527342; CREATE TABLE x (y)", WN_OK,
     WN_E_TEMPFAIL, "older Winnow"},
};

START_TEST(refuses)
{
    for (int mode = 0; mode < 2; mode++) {
        struct wn_store *store;
        const char *path = tempdir_path(mode == 0 ? "reader.db" : "writer.db");
        if (refusals[_i].text != NULL) {
            (void)tempdir_text(mode == 0 ? "reader.db" : "writer.db", refusals[_i].text);
        } else {
            run_sql(path, refusals[_i].sql);
        }
        struct stat before, after;
        ck_assert_int_eq(stat(path, &before), 0);
        err = (struct wn_error){0};
        int status = wn_store_open(path, mode == 0 ? WN_STORE_READ : WN_STORE_WRITE, &store, &err);
        ck_assert_int_eq(status, mode == 0 ? refusals[_i].reader : refusals[_i].writer);
        if (status == WN_OK) {
            wn_store_free(store);
            continue;
        }
        ck_assert_ptr_null(store);
        ck_assert_msg(strstr(err.text, refusals[_i].says) != NULL && strstr(err.text, path) != NULL,
                      "%s: %s", refusals[_i].name, err.text);
        ck_assert_int_eq(stat(path, &after), 0);
        ck_assert_int_eq(before.st_size, after.st_size);
        ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    }
}
END_TEST

/* Every page but the first is overwritten: the header is fine, the rest is not. */
START_TEST(names_a_corrupt_store)
{
    const char *path = tempdir_path("w.db");
    wn_store_free(must_open(path, WN_STORE_WRITE));
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, _i == 0 ? 4096 : 100, SEEK_SET), 0);
    for (off_t i = _i == 0 ? 4096 : 100; i < st.st_size; i++) {
        ck_assert_int_eq(fputc(0x5a, f), 0x5a);
    }
    ck_assert_int_eq(fclose(f), 0);
    struct wn_store *store;
    int status = wn_store_open(path, WN_STORE_WRITE, &store, &err);
    if (status == WN_OK) {
        const struct wn_domain_fact fact = {
            .domain = WN_SPAN("a"), .route = WN_SPAN("b"), .expires = 1};
        status = wn_facts_put(store, &fact, &err);
    }
    ck_assert_int_eq(status, WN_E_IO);
    ck_assert_msg(strstr(err.text, path) != NULL && strstr(err.text, "damaged") != NULL, "%s",
                  err.text);
    wn_store_free(store);
}
END_TEST

START_TEST(names_a_store_without_its_tables)
{
    const char *path = tempdir_path("w.db");
    uint64_t count;
    run_sql(path, "PRAGMA application_id = 1466527342; PRAGMA user_version = 9");
    struct wn_store *store = must_open(path, WN_STORE_READ);
    ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "no such table"));
    wn_store_free(store);
}
END_TEST

static const struct {
    const char *name, *path;
    enum wn_store_mode mode;
    int status;
} places[] = {
    {"below a file", "file/w.db", WN_STORE_WRITE, WN_E_CANTCREATE},
    {"deep below a file", "file/a/b/w.db", WN_STORE_WRITE, WN_E_CANTCREATE},
    {"a directory", ".", WN_STORE_WRITE, WN_E_CANTCREATE},
    {"a directory, read", ".", WN_STORE_READ, WN_E_IO},
    {"a pipe", "pipe", WN_STORE_WRITE, WN_E_CANTCREATE},
    {"a pipe, read", "pipe", WN_STORE_READ, WN_E_IO},
};

START_TEST(refuses_a_place)
{
    struct wn_store *store;
    (void)tempdir_text("file", "x");
    ck_assert_int_eq(mkfifo(tempdir_path("pipe"), 0600), 0);
    ck_assert_msg(wn_store_open(tempdir_path(places[_i].path), places[_i].mode, &store, &err) ==
                      places[_i].status,
                  "%s: %s", places[_i].name, err.text);
    ck_assert_ptr_null(store);
}
END_TEST

/* Root may do everything, so these run as nobody where they can. */
static bool become_nobody(void)
{
    return geteuid() != 0 || (setegid(NOBODY) == 0 && seteuid(NOBODY) == 0);
}

START_TEST(needs_a_writable_place)
{
    struct wn_store *store;
    wn_store_free(must_open(tempdir_path("w.db"), WN_STORE_WRITE));
    ck_assert_int_eq(chmod(tempdir_path("w.db"), 0444), 0);
    ck_assert_int_eq(chmod(tempdir_path(""), 0555), 0);
    ck_assert(become_nobody());
    if (_i == 0) {
        ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err),
                         WN_E_CANTCREATE);
    } else if (_i == 1) {
        ck_assert_int_eq(wn_store_open(tempdir_path("new.db"), WN_STORE_WRITE, &store, &err),
                         WN_E_CANTCREATE);
    } else if (_i == 2) {
        struct wn_lock *lock;
        ck_assert_int_eq(
            wn_lock_take(tempdir_path("w.db"), WN_LOCK_IMPORT, "x", 0, NULL, &lock, &err),
            WN_E_CANTCREATE);
    } else {
        /* Reading needs nothing beside the file. */
        uint64_t count;
        store = must_open(tempdir_path("w.db"), WN_STORE_READ);
        ck_assert_int_eq(wn_facts_count(store, &count, &err), WN_OK);
        wn_store_free(store);
    }
    (void)seteuid(0);
    ck_assert_int_eq(chmod(tempdir_path(""), 0700), 0);
}
END_TEST

START_TEST(needs_a_readable_file)
{
    struct wn_store *store;
    wn_store_free(must_open(tempdir_path("w.db"), WN_STORE_WRITE));
    ck_assert_int_eq(chmod(tempdir_path("w.db"), _i == 0 ? 0 : 0600), 0);
    ck_assert_int_eq(chmod(tempdir_path(""), _i == 0 ? 0755 : 0), 0);
    ck_assert(become_nobody());
    ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_READ, &store, &err), WN_E_IO);
    (void)seteuid(0);
    ck_assert_int_eq(chmod(tempdir_path(""), 0700), 0);
}
END_TEST

START_TEST(says_that_the_disk_is_full)
{
    struct wn_store *store = must_open(tempdir_path("w.db"), WN_STORE_WRITE);
    ck_assert_int_ge(pragma(store, "PRAGMA max_page_count = 1"), 1);
    int status = wn_store_begin(store, &err);
    for (int i = 0; i < 10000 && status == WN_OK; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "u%d@example.com", i);
        const struct wn_event event = {
            .recipient = wn_span_of(name), .at = 1 + i, .diagnostic = WN_SPAN("x")};
        bool added;
        status = wn_events_add(store, &event, &added, &err);
    }
    ck_assert_int_eq(status, WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "no space"));
    wn_store_rollback(store);
    wn_store_free(store);
}
END_TEST

START_TEST(says_that_it_is_busy)
{
    struct wn_store *one = must_open(tempdir_path("w.db"), WN_STORE_WRITE);
    struct wn_store *other = must_open(tempdir_path("w.db"), WN_STORE_WRITE);
    (void)sqlite3_busy_timeout(other->db, 10);
    ck_assert_int_eq(wn_store_begin(one, &err), WN_OK);
    ck_assert_int_eq(wn_store_begin(other, &err), WN_E_TEMPFAIL);
    wn_store_rollback(one);
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_store_begin(other, &err), WN_OK);
    ck_assert_int_eq(wn_store_commit(other, &err), WN_OK);
    wn_store_free(one);
    wn_store_free(other);
}
END_TEST

static void *open_at_once(void *arg)
{
    struct wn_store *store = NULL;
    struct wn_error e = {0};
    static int failed = 1;
    int status = wn_store_open(arg, WN_STORE_WRITE, &store, &e);
    if (status != WN_OK) {
        (void)fprintf(stderr, "%s\n", e.text);
    }
    wn_store_free(store);
    return status == WN_OK ? NULL : &failed;
}

START_TEST(is_made_by_several_at_once)
{
    static char path[512];
    pthread_t threads[6];
    (void)snprintf(path, sizeof path, "%s", tempdir_path("w.db"));
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, open_at_once, path), 0);
    }
    for (size_t i = 0; i < 6; i++) {
        void *failed;
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

static const struct {
    const char *state, *home, *want;
} defaults[] = {
    {"/s", "/h", "/s/winnow/winnow.db"},
    {NULL, "/h", "/h/.local/state/winnow/winnow.db"},
    {"relative", "/h", "/h/.local/state/winnow/winnow.db"},
    {NULL, NULL, NULL},
    {"", "here", NULL},
};

static void set_variable(const char *name, const char *value)
{
    ck_assert_int_eq(value != NULL ? setenv(name, value, 1) : unsetenv(name), 0);
}

START_TEST(finds_the_default_path)
{
    struct wn_buf path = {0};
    set_variable("XDG_STATE_HOME", defaults[_i].state);
    set_variable("HOME", defaults[_i].home);
    int status = wn_store_default_path(&path, &err);
    ck_assert_int_eq(status, defaults[_i].want != NULL ? WN_OK : WN_E_CONFIG);
    if (defaults[_i].want != NULL) {
        ck_assert_str_eq(wn_buf_text(&path), defaults[_i].want);
    }
    wn_buf_release(&path);
}
END_TEST

/* Locks. Two descriptions of one file conflict even within a process. */

START_TEST(one_lock_at_a_time)
{
    struct wn_lock *lock, *second, *other;
    const char *path = tempdir_path("sub/w.db");
    ck_assert_int_eq(
        wn_lock_take(path, WN_LOCK_IMPORT, "winnow bounces import", 0, NULL, &lock, &err), WN_OK);
    ck_assert_int_eq(tempdir_mode(tempdir_path("sub/w.db.import.lock")), 0600);
    ck_assert_int_eq(wn_lock_take(path, WN_LOCK_IMPORT, "x", 0, NULL, &second, &err),
                     WN_E_TEMPFAIL);
    ck_assert_ptr_null(second);
    char pid[32];
    (void)snprintf(pid, sizeof pid, "process %ld ", (long)getpid());
    ck_assert_msg(strstr(err.text, pid) != NULL &&
                      strstr(err.text, "winnow bounces import") != NULL,
                  "%s", err.text);
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_lock_take(path, WN_LOCK_CLEAN, "winnow clean", 0, NULL, &other, &err),
                     WN_OK);
    wn_lock_free(other);
    wn_lock_free(lock);
    ck_assert_int_eq(wn_lock_take(path, WN_LOCK_IMPORT, "x", 0, NULL, &lock, &err), WN_OK);
    wn_lock_free(lock);
    wn_lock_free(NULL);
}
END_TEST

START_TEST(one_lock_for_all_names)
{
    struct wn_lock *lock, *second;
    wn_store_free(must_open(tempdir_path("w.db"), WN_STORE_WRITE));
    ck_assert_int_eq(symlink("w.db", tempdir_path("link.db")), 0);
    ck_assert_int_eq(wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "x", 0, NULL, &lock, &err),
                     WN_OK);
    ck_assert_int_eq(
        wn_lock_take(tempdir_path("link.db"), WN_LOCK_CLEAN, "x", 0, NULL, &second, &err),
        WN_E_TEMPFAIL);
    wn_lock_free(lock);
}
END_TEST

START_TEST(a_dead_process_leaves_no_lock)
{
    struct wn_lock *lock;
    pid_t child = fork();
    if (child == 0) {
        _exit(wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "x", 0, NULL, &lock, NULL));
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "y", 0, NULL, &lock, &err),
                     WN_OK);
    wn_lock_free(lock);
}
END_TEST

/* A holder whose file says nothing readable. */
START_TEST(names_nobody_when_the_file_does_not)
{
    static const char *const texts[] = {"", "x y\n", "0 winnow\n", "12"};
    struct wn_lock *lock;
    (void)tempdir_text("w.db.clean.lock", texts[_i]);
    FILE *f = fopen(tempdir_path("w.db.clean.lock"), "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(flock(fileno(f), LOCK_EX), 0);
    ck_assert_int_eq(wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "y", 0, NULL, &lock, &err),
                     WN_E_TEMPFAIL);
    ck_assert_ptr_nonnull(strstr(err.text, "another process"));
    ck_assert_int_eq(fclose(f), 0);
}
END_TEST

static void *let_go(void *arg)
{
    (void)usleep(120000);
    wn_lock_free(arg);
    return NULL;
}

START_TEST(waits_for_a_lock)
{
    struct wn_lock *lock, *second;
    pthread_t thread;
    ck_assert_int_eq(wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "x", 0, NULL, &lock, &err),
                     WN_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, let_go, lock), 0);
    ck_assert_int_eq(
        wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "y", 20, NULL, &second, &err), WN_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    wn_lock_free(second);
}
END_TEST

START_TEST(waits_no_longer_than_told)
{
    struct wn_lock *lock, *second;
    ck_assert_int_eq(wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "x", 0, NULL, &lock, &err),
                     WN_OK);
    if (_i == 0) {
        ck_assert_int_eq(
            wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "y", 1, NULL, &second, &err),
            WN_E_TEMPFAIL);
    } else {
        const _Atomic int stop = 15;
        ck_assert_int_eq(
            wn_lock_take(tempdir_path("w.db"), WN_LOCK_CLEAN, "y", 600, &stop, &second, &err),
            WN_E_SIGNAL + 15);
    }
    wn_lock_free(lock);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *t = tcase_create("file");
    tcase_add_checked_fixture(t, setup, tempdir_remove);
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, makes_a_private_file, 0, 3);
    tcase_add_loop_test(t, opens_again, 0, 2);
    tcase_add_test(t, follows_a_symbolic_link);
    tcase_add_loop_test(t, takes_no_name_for_a_uri, 0, 3);
    tcase_add_loop_test(t, reads_what_is_not_there_as_empty, 0, 3);
    tcase_add_test(t, a_reader_cannot_write);
    tcase_add_loop_test(t, refuses, 0, sizeof refusals / sizeof *refusals);
    tcase_add_loop_test(t, names_a_corrupt_store, 0, 2);
    tcase_add_test(t, names_a_store_without_its_tables);
    tcase_add_loop_test(t, refuses_a_place, 0, sizeof places / sizeof *places);
    tcase_add_loop_test(t, needs_a_writable_place, 0, 4);
    tcase_add_loop_test(t, needs_a_readable_file, 0, 2);
    tcase_add_test(t, says_that_the_disk_is_full);
    tcase_add_test(t, says_that_it_is_busy);
    tcase_add_test(t, is_made_by_several_at_once);
    tcase_add_loop_test(t, finds_the_default_path, 0, sizeof defaults / sizeof *defaults);
    suite_add_tcase(suite, t);
    TCase *locks = tcase_create("locks");
    tcase_add_checked_fixture(locks, setup, tempdir_remove);
    tcase_set_timeout(locks, 300);
    tcase_add_test(locks, one_lock_at_a_time);
    tcase_add_test(locks, one_lock_for_all_names);
    tcase_add_test(locks, a_dead_process_leaves_no_lock);
    tcase_add_loop_test(locks, names_nobody_when_the_file_does_not, 0, 4);
    tcase_add_test(locks, waits_for_a_lock);
    tcase_add_loop_test(locks, waits_no_longer_than_told, 0, 2);
    suite_add_tcase(suite, locks);
    return run_suite(suite);
}
