/* SPDX-License-Identifier: MIT */
/* Opening is done in an order that leaves a stranger's file alone: nothing is written, not even the
 * journal mode, before the header has said that the file is ours or still empty. A version is the
 * number of migrations that were applied; all that are missing run in one transaction, so a store
 * is of one version or of another, never between.
 *
 * A reader opens the file for writing, if it may, and then forbids itself to write: a connection
 * opened read-only would leave the -wal and -shm files of a quiet store behind. Where nothing can
 * be written at all and no -wal says that somebody is at work, the file is read as immutable. A
 * reader of a store that is not there gets an empty one in memory. */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/private.h"

enum {
    BUSY_MS = 10000, /* ten times the longest transaction */
    CACHE_KIB = 8192
};

static const char schema[] =
#include "store/schema.sql.inc"
    ;
static const char log_position[] =
#include "store/log_position.sql.inc"
    ;
static const char suppressed_hash[] =
#include "store/suppressed_hash.sql.inc"
    ;
static const char breaker[] =
#include "store/breaker.sql.inc"
    ;
static const char imap_position[] =
#include "store/imap_position.sql.inc"
    ;
static const char domain_outcome[] =
#include "store/domain_outcome.sql.inc"
    ;
static const char probe[] =
#include "store/probe.sql.inc"
    ;
static const char probe_tries[] =
#include "store/probe_tries.sql.inc"
    ;
static const char probe_pace[] =
#include "store/probe_pace.sql.inc"
    ;

/* Migration i leads from version i to i + 1. Only ever appended to. */
static const char *const migrations[] = {schema,  log_position,  suppressed_hash,
                                         breaker, imap_position, domain_outcome,
                                         probe,   probe_tries,   probe_pace};
enum {
    VERSION = sizeof migrations / sizeof *migrations
};

static const char *const statement_texts[] = {
#define WN_STATEMENT(name, sql) sql,
#include "store/statements.def"
};

int wn_store_fail(struct wn_store *store, int code, struct wn_error *err)
{
    const char *why = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        wn_out_of_memory();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return wn_error_set(err, WN_E_TEMPFAIL,
                            "the store %s is busy: another program is writing to it; try again",
                            store->path);
    case SQLITE_NOTADB:
        return wn_error_set(err, WN_E_IO,
                            "%s is not a Winnow store (%s): it was left as it is; name another "
                            "file with --db",
                            store->path, why);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* a table or a column that should be there is not */
    case SQLITE_MISMATCH:
        return wn_error_set(err, WN_E_IO,
                            "the store %s is damaged (%s): it was left as it is; restore a copy, "
                            "or move it away and import again",
                            store->path, why);
    case SQLITE_FULL:
        return wn_error_set(err, WN_E_IO, "no space is left for the store %s: %s", store->path,
                            why);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return wn_error_set(err, WN_E_CANTCREATE, "the store %s cannot be written: %s", store->path,
                            why);
    case SQLITE_IOERR: {
        int cause = store->db != NULL ? sqlite3_system_errno(store->db) : 0;
        return wn_error_set(err, WN_E_IO, "the store %s cannot be read or written: %s", store->path,
                            cause != 0 ? strerrordesc_np(cause) : why);
    }
    default:
        return wn_error_set(err, WN_E_INTERNAL, "the store %s: %s", store->path, why);
    }
}

int wn_store_fail_row(struct wn_store *store, const char *what, struct wn_error *err)
{
    return wn_error_set(err, WN_E_IO,
                        "the store %s is damaged (%s): it was left as it is; restore a copy, or "
                        "move it away and import again",
                        store->path, what);
}

int wn_store_default_path(struct wn_buf *path, struct wn_error *err)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        wn_buf_addf(path, "%s/winnow/winnow.db", state);
    } else if (home != NULL && home[0] == '/') {
        wn_buf_addf(path, "%s/.local/state/winnow/winnow.db", home);
    } else {
        return wn_error_set(err, WN_E_CONFIG,
                            "neither XDG_STATE_HOME nor HOME says where the store is: name it "
                            "with --db FILE");
    }
    return WN_OK;
}

int wn_store_make_parents(const char *path, struct wn_error *err)
{
    struct wn_buf parent = {0};
    int status = WN_OK;
    for (const char *slash = strchr(path + (path[0] == '/'), '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        wn_buf_clear(&parent);
        wn_buf_add(&parent, path, (size_t)(slash - path));
        const char *name = wn_buf_text(&parent);
        struct stat st;
        if (stat(name, &st) == 0) {
            continue; /* what is no directory shows at the next step */
        }
        if (mkdir(name, 0700) == 0) {
            (void)chmod(name, 0700); /* whatever the umask took away */
        } else if (errno != EEXIST) {
            status = wn_error_errno(err, WN_E_CANTCREATE, errno,
                                    "the directory %s of the store cannot be created", name);
            break;
        }
    }
    wn_buf_release(&parent);
    return status;
}

/* The store's absolute path in `absolute`, so that SQLite takes no name for a URI or for memory. In
 * WN_STORE_WRITE the file is there afterwards; otherwise an absent one leaves `absolute` empty. */
static int find_file(const char *path, enum wn_store_mode mode, struct wn_buf *absolute,
                     struct wn_error *err)
{
    int unusable = mode == WN_STORE_WRITE ? WN_E_CANTCREATE : WN_E_IO;
    struct stat st;
    if (stat(path, &st) != 0) {
        if (mode == WN_STORE_READ) {
            return errno == ENOENT || errno == ENOTDIR
                       ? WN_OK
                       : wn_error_errno(err, unusable, errno, "the store %s cannot be read", path);
        }
        int status = wn_store_make_parents(path, err);
        if (status != WN_OK) {
            return status;
        }
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            return wn_error_errno(err, unusable, errno, "the store %s cannot be created", path);
        }
        (void)fchmod(fd, 0600); /* whatever the umask took away */
        (void)close(fd);
    } else if (!S_ISREG(st.st_mode)) {
        return wn_error_set(err, unusable, "the store %s is not a regular file", path);
    }
    char *real = realpath(path, NULL);
    if (real == NULL) {
        return wn_error_errno(err, unusable, errno, "the store %s cannot be found", path);
    }
    wn_buf_add_text(absolute, real);
    free(real);
    return WN_OK;
}

static int run(struct wn_store *store, const char *sql, struct wn_error *err)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? WN_OK : wn_store_fail(store, code, err);
}

static int read_number(struct wn_store *store, const char *sql, int64_t *value,
                       struct wn_error *err)
{
    sqlite3_stmt *statement = NULL;
    int status = WN_OK;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int64(statement, 0);
    } else {
        status = wn_store_fail(store, code, err);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* SQLite's count of its memory costs a mutex at every allocation. Too late, and harmless, where the
 * program has used SQLite before. */
static void configure_once(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Connects and sets what writes nothing into the file. */
static int connect_to(struct wn_store *store, const char *name, int flags, struct wn_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, configure_once);
    int code = sqlite3_open_v2(name, &store->db,
                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (code == SQLITE_OK) {
        (void)sqlite3_extended_result_codes(store->db, 1);
        (void)sqlite3_busy_timeout(store->db, BUSY_MS);
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    }
    return code == SQLITE_OK ? WN_OK : wn_store_fail(store, code, err);
}

static void disconnect(struct wn_store *store)
{
    for (size_t i = 0; i < WN_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    (void)sqlite3_close(store->db);
    store->db = NULL;
}

enum {
    EMPTY = -1 /* the version of a file that holds nothing yet */
};

/* Whose file it is, and of which version. */
static int identify(struct wn_store *store, int64_t *version, struct wn_error *err)
{
    int64_t application = 0, objects = 0;
    /* In one transaction: another process may be writing all of these just now. */
    bool alone = sqlite3_get_autocommit(store->db) != 0;
    int status = alone ? run(store, "BEGIN", err) : WN_OK;
    if (status == WN_OK) {
        status = read_number(store, "PRAGMA application_id", &application, err);
    }
    if (status == WN_OK) {
        status = read_number(store, "PRAGMA user_version", version, err);
    }
    if (status == WN_OK) {
        status = read_number(store, "SELECT count(*) FROM sqlite_master", &objects, err);
    }
    if (alone) {
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (status != WN_OK) {
        return status;
    }
    bool empty = application == 0 && *version == 0 && objects == 0;
    if (!empty && application != WN_APPLICATION_ID) {
        return wn_error_set(err, WN_E_IO,
                            "%s is the database of another program: it was left as it is; name "
                            "another file with --db",
                            store->path);
    }
    if (empty) {
        *version = EMPTY;
    }
    if (*version > VERSION) {
        return wn_error_set(err, WN_E_IO,
                            "the store %s was written by a newer Winnow (schema %lld, this one "
                            "knows %d): it was left as it is; update Winnow or name another file "
                            "with --db",
                            store->path, (long long)*version, (int)VERSION);
    }
    return WN_OK;
}

static int migrate(struct wn_store *store, struct wn_error *err)
{
    int64_t version = EMPTY;
    int status = run(store, "BEGIN IMMEDIATE", err);
    if (status != WN_OK) {
        return status;
    }
    /* Once more under the lock: another process may have been faster. */
    status = identify(store, &version, err);
    for (version = version == EMPTY ? 0 : version; status == WN_OK && version < VERSION;
         version++) {
        status = run(store, migrations[version], err);
    }
    if (status == WN_OK) {
        char sql[96];
        (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                       WN_APPLICATION_ID, (int)VERSION);
        status = run(store, sql, err);
    }
    if (status == WN_OK) {
        status = run(store, "COMMIT", err);
    }
    if (status != WN_OK) {
        wn_store_rollback(store);
    }
    return status;
}

/* SQLite does not call the busy handler where two connections switch at once. */
static int switch_to_wal(struct wn_store *store, struct wn_error *err)
{
    int code = SQLITE_BUSY;
    for (int waited = 0; waited <= BUSY_MS; waited += 10) {
        code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY) {
            break;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return code == SQLITE_OK ? WN_OK : wn_store_fail(store, code, err);
}

static int open_writer(struct wn_store *store, const char *absolute, struct wn_error *err)
{
    int64_t version = EMPTY;
    int status = connect_to(store, absolute, SQLITE_OPEN_READWRITE, err);
    if (status == WN_OK) {
        status = identify(store, &version, err);
    }
    if (status == WN_OK && sqlite3_db_readonly(store->db, "main") == 1) {
        status = wn_error_set(err, WN_E_CANTCREATE,
                              "the store %s cannot be written: it is "
                              "read-only",
                              store->path);
    }
    if (status == WN_OK) {
        status = switch_to_wal(store, err);
    }
    if (status == WN_OK && version < VERSION) {
        status = migrate(store, err);
    }
    if (status == WN_OK) {
        char sql[128];
        (void)snprintf(sql, sizeof sql,
                       "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
                       "PRAGMA cache_size = -%d",
                       (int)CACHE_KIB);
        status = run(store, sql, err);
    }
    return status;
}

/* A URI that reads the file as one that nobody changes. */
static int connect_immutable(struct wn_store *store, const char *absolute, struct wn_error *err)
{
    struct wn_buf uri = {0};
    wn_buf_add_text(&uri, "file:");
    for (const char *p = absolute; *p != '\0'; p++) {
        if (strchr("%?#", *p) != NULL) {
            wn_buf_addf(&uri, "%%%02x", (unsigned)*p);
        } else {
            wn_buf_add_char(&uri, *p);
        }
    }
    wn_buf_add_text(&uri, "?immutable=1");
    int status = connect_to(store, wn_buf_text(&uri), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    wn_buf_release(&uri);
    return status;
}

/* Whether nobody is at work on the store. */
static bool is_quiet(const char *absolute)
{
    struct wn_buf wal = {0};
    wn_buf_addf(&wal, "%s-wal", absolute);
    bool quiet = access(wn_buf_text(&wal), F_OK) != 0;
    wn_buf_release(&wal);
    return quiet;
}

static int open_reader(struct wn_store *store, const char *absolute, struct wn_error *err)
{
    int64_t version = EMPTY;
    struct wn_error first = {0};
    int status = connect_to(store, absolute, SQLITE_OPEN_READWRITE, &first);
    if (status == WN_OK) {
        status = identify(store, &version, &first);
    }
    if (status == WN_E_CANTCREATE && is_quiet(absolute)) {
        /* Perhaps only because nothing may be written beside it. */
        disconnect(store);
        first = (struct wn_error){0};
        status = connect_immutable(store, absolute, &first);
        if (status == WN_OK) {
            status = identify(store, &version, &first);
        }
    }
    if (status != WN_OK) {
        /* A reader creates nothing, so what cannot be opened is an I/O error. */
        return wn_error_set(err, status == WN_E_CANTCREATE ? WN_E_IO : status, "%s", first.text);
    }
    if (version == EMPTY) {
        /* An empty file, perhaps one that is just being filled. */
        disconnect(store);
        status = connect_to(store, ":memory:", SQLITE_OPEN_READWRITE, err);
        return status == WN_OK ? migrate(store, err) : status;
    }
    if (version < VERSION) {
        return wn_error_set(err, WN_E_TEMPFAIL,
                            "the store %s was written by an older Winnow: the next import or "
                            "clean run brings it up to date",
                            store->path);
    }
    return run(store, "PRAGMA query_only = ON", err);
}

int wn_store_open(const char *path, enum wn_store_mode mode, struct wn_store **store_out,
                  struct wn_error *err)
{
    struct wn_buf absolute = {0};
    struct wn_store *store = wn_calloc(1, sizeof *store);
    store->path = wn_malloc(strlen(path) + 1);
    memcpy(store->path, path, strlen(path) + 1);
    *store_out = NULL;

    int status = find_file(path, mode, &absolute, err);
    if (status != WN_OK) {
        goto out;
    }
    if (mode == WN_STORE_WRITE) {
        status = open_writer(store, wn_buf_text(&absolute), err);
    } else if (absolute.len > 0) {
        status = open_reader(store, wn_buf_text(&absolute), err);
    } else {
        status = connect_to(store, ":memory:", SQLITE_OPEN_READWRITE, err);
        status = status == WN_OK ? migrate(store, err) : status;
    }
    if (status == WN_OK) {
        *store_out = store;
        store = NULL;
    }
out:
    wn_store_free(store);
    wn_buf_release(&absolute);
    return status;
}

void wn_store_free(struct wn_store *store)
{
    if (store == NULL) {
        return;
    }
    disconnect(store);
    wn_mailboxes_release(&store->mailboxes);
    wn_domains_release(&store->domains);
    wn_buf_release(&store->scratch);
    wn_buf_release(&store->last_address);
    free(store->path);
    free(store);
}

int wn_store_statement(struct wn_store *store, enum wn_statement which, sqlite3_stmt **statement,
                       struct wn_error *err)
{
    if (store->statements[which] == NULL) {
        int code = sqlite3_prepare_v3(store->db, statement_texts[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, &store->statements[which], NULL);
        if (code != SQLITE_OK) {
            return wn_store_fail(store, code, err);
        }
    }
    *statement = store->statements[which];
    return WN_OK;
}

int wn_statement_run(struct wn_store *store, sqlite3_stmt *statement, struct wn_error *err)
{
    int code = sqlite3_step(statement);
    int status =
        code == SQLITE_DONE || code == SQLITE_ROW ? WN_OK : wn_store_fail(store, code, err);
    (void)sqlite3_reset(statement);
    return status;
}

int wn_statement_execute(struct wn_store *store, enum wn_statement which, struct wn_error *err)
{
    sqlite3_stmt *statement = NULL;
    int status = wn_store_statement(store, which, &statement, err);
    return status == WN_OK ? wn_statement_run(store, statement, err) : status;
}

int wn_statement_rows(struct wn_store *store, sqlite3_stmt *statement, wn_row_visit *visit,
                      void *arg, struct wn_error *err)
{
    int status = WN_OK;
    int code;
    while (status == WN_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = code == SQLITE_ROW ? visit(arg, statement) : wn_store_fail(store, code, err);
    }
    (void)sqlite3_reset(statement);
    return status;
}

int wn_statement_number(struct wn_store *store, enum wn_statement which, uint64_t *number,
                        struct wn_error *err)
{
    sqlite3_stmt *statement = NULL;
    int status = wn_store_statement(store, which, &statement, err);
    *number = 0;
    if (status == WN_OK) {
        int code = sqlite3_step(statement);
        status = code == SQLITE_ROW ? WN_OK : wn_store_fail(store, code, err);
        if (status == WN_OK) {
            *number = (uint64_t)sqlite3_column_int64(statement, 0);
        }
        (void)sqlite3_reset(statement);
    }
    return status;
}

void wn_bind_span(sqlite3_stmt *statement, int at, struct wn_span text)
{
    if (text.n == 0) {
        (void)sqlite3_bind_null(statement, at);
    } else {
        wn_bind_text(statement, at, text);
    }
}

void wn_bind_text(sqlite3_stmt *statement, int at, struct wn_span text)
{
    (void)sqlite3_bind_text64(statement, at, text.n > 0 ? text.p : "", text.n, SQLITE_STATIC,
                              SQLITE_UTF8);
}

struct wn_span wn_column_span(sqlite3_stmt *statement, int at)
{
    /* As a blob: what is text is UTF-8 as it was stored, and nothing has to be terminated. */
    const char *p = sqlite3_column_blob(statement, at);
    return (struct wn_span){p, p != NULL ? (size_t)sqlite3_column_bytes(statement, at) : 0};
}

int wn_store_begin(struct wn_store *store, struct wn_error *err)
{
    return wn_statement_execute(store, WN_STATEMENT_begin, err);
}

int wn_store_commit(struct wn_store *store, struct wn_error *err)
{
    return wn_statement_execute(store, WN_STATEMENT_commit, err);
}

void wn_store_rollback(struct wn_store *store)
{
    if (sqlite3_get_autocommit(store->db) == 0) {
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    store->last_id = 0; /* a mailbox may be gone again */
    store->policy_known = false;
    memset(store->days, 0, sizeof store->days);
    wn_mailboxes_clear(&store->mailboxes);
    wn_domains_clear(&store->domains);
}
