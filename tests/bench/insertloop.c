/* SPDX-License-Identifier: MIT */
/* The baseline of `bounces import` in scripts/bench: insertloop STORE BOUNCES.csv puts the rows of
 * a file that generate.c made into an empty store, and does nothing else.
 *
 * For each row it runs two prepared statements: INSERT INTO mailbox (ON CONFLICT DO NOTHING; only
 * where the address was there already, a SELECT for its number), and INSERT INTO event with all of
 * its columns, the words in them as long as those that an import writes. 32,768 rows are one
 * transaction, in WAL mode, synchronous = NORMAL, with foreign keys and the page cache of an
 * import. STORE has been made by Winnow itself (an import of no row), so the tables and indexes are
 * the same.
 *
 * This is the least that anybody can do who keeps the events: what it leaves out is what an import
 * adds beside them. It splits at commas (the file has no quotes) where an import parses CSV,
 * normalises addresses and dates and classifies replies; its digest is one FNV hash of the line;
 * and it derives nothing: no suppression of a mailbox, no history of a domain, no breaker. Prints
 * the rows; the time is the caller's to take. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH = 32768,
    CELLS = 5, /* email, code, date, kind, text */
    LINE_MAX = 4096
};

static sqlite3 *db;

static void die(const char *what)
{
    (void)fprintf(stderr, "insertloop: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        die(sql);
    }
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        die(sql);
    }
    return statement;
}

static void step(sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE) {
        die(sqlite3_sql(statement));
    }
    (void)sqlite3_reset(statement);
}

static void bind(sqlite3_stmt *statement, int at, const char *text)
{
    (void)sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static sqlite3_int64 number_of(sqlite3_stmt *add, sqlite3_stmt *find, const char *address)
{
    bind(add, 1, address);
    step(add);
    if (sqlite3_changes(db) > 0) {
        return sqlite3_last_insert_rowid(db);
    }
    bind(find, 1, address);
    if (sqlite3_step(find) != SQLITE_ROW) {
        die("a mailbox is gone");
    }
    sqlite3_int64 id = sqlite3_column_int64(find, 0);
    (void)sqlite3_reset(find);
    return id;
}

/* 2026-05-06T10:24:46Z */
static int64_t time_of(const char *date)
{
    struct tm tm = {0};
    if (sscanf(date, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) != 6) {
        (void)fprintf(stderr, "insertloop: '%s' is no date of generate.c\n", date);
        exit(1);
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return timegm(&tm);
}

static void add_event(sqlite3_stmt *add, sqlite3_int64 mailbox, const char *const cells[CELLS],
                      uint64_t digest[2], const char *source)
{
    bool bounce = strcmp(cells[3], "bounce") == 0;
    (void)sqlite3_bind_int64(add, 1, mailbox);
    (void)sqlite3_bind_blob(add, 2, digest, 16, SQLITE_STATIC);
    (void)sqlite3_bind_int64(add, 3, time_of(cells[2]));
    bind(add, 4, cells[3]);
    bind(add, 5, bounce ? "S" : "T");
    bind(add, 6, bounce ? "bad_address" : "not_a_bounce");
    bind(add, 7, "unknown");
    if (bounce) {
        (void)sqlite3_bind_int(add, 8, 550);
    } else {
        (void)sqlite3_bind_null(add, 8);
    }
    bind(add, 9, bounce ? cells[1] : NULL);
    bind(add, 10, bounce ? cells[1] : NULL);
    bind(add, 11, cells[4]);
    bind(add, 12, NULL);
    bind(add, 13, source);
    bind(add, 14, NULL);
    step(add);
}

static uint64_t add_rows(FILE *in)
{
    sqlite3_stmt *add_mailbox =
        prepare("INSERT INTO mailbox (address) VALUES (?1) ON CONFLICT DO NOTHING");
    sqlite3_stmt *find_mailbox = prepare("SELECT id FROM mailbox WHERE address = ?1");
    sqlite3_stmt *add = prepare(
        "INSERT INTO event (mailbox, digest, at, kind, action, category, phase, code, enhanced,"
        " rule, diagnostic, message_id, source, provider)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
    static char line[LINE_MAX];
    uint64_t rows = 0, offset = 0;
    if (fgets(line, sizeof line, in) == NULL) { /* the header */
        return 0;
    }
    offset = strlen(line);
    run("BEGIN IMMEDIATE");
    while (fgets(line, sizeof line, in) != NULL) {
        uint64_t digest[2] = {UINT64_C(0xcbf29ce484222325), rows};
        const char *cells[CELLS] = {line};
        char source[64];
        size_t n = strcspn(line, "\n"), cell = 1;
        line[n] = '\0';
        for (size_t i = 0; i < n; i++) {
            digest[0] = (digest[0] ^ (unsigned char)line[i]) * UINT64_C(0x100000001b3);
            if (line[i] == ',' && cell < CELLS) {
                line[i] = '\0';
                cells[cell++] = line + i + 1;
            }
        }
        if (cell < CELLS) {
            (void)fprintf(stderr, "insertloop: row %" PRIu64 " has too few cells\n", rows + 1);
            exit(1);
        }
        (void)snprintf(source, sizeof source, "bounces.csv@%" PRIu64, offset);
        add_event(add, number_of(add_mailbox, find_mailbox, cells[0]), cells, digest, source);
        offset += n + 1;
        if (++rows % BATCH == 0) {
            run("COMMIT; BEGIN IMMEDIATE");
        }
    }
    run("COMMIT");
    (void)sqlite3_finalize(add_mailbox);
    (void)sqlite3_finalize(find_mailbox);
    (void)sqlite3_finalize(add);
    return rows;
}

int main(int argc, char **argv)
{
    FILE *in = argc == 3 ? fopen(argv[2], "r") : NULL;
    if (in == NULL) {
        (void)fputs("usage: insertloop STORE BOUNCES.csv\n", stderr);
        return 64;
    }
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        die(argv[1]);
    }
    run("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -131072");
    (void)printf("%" PRIu64 " rows\n", add_rows(in));
    (void)fclose(in);
    return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
