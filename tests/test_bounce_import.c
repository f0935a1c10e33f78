/* SPDX-License-Identifier: MIT */
/* Bounces from CSV files into the store: what columns and cells are understood, what is counted as
 * unusable and why, what is refused, and that importing twice changes nothing. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "bounce/import.h"
#include "store/private.h"
#include "support/suite.h"
#include "support/tempdir.h"

/* 2026-06-01T00:00:00Z */
#define NOW INT64_C(1780272000)

static struct wn_store *store;
static struct wn_error err;
static struct wn_import_counts counts;
static struct wn_buf unused;
static _Atomic int stop;

static void setup(void)
{
    err = (struct wn_error){0};
    counts = (struct wn_import_counts){0};
    stop = 0;
    wn_buf_clear(&unused);
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &store, &err) == WN_OK, "%s",
                  err.text);
}

static void teardown(void)
{
    wn_store_free(store);
    wn_buf_release(&unused);
    tempdir_remove();
}

/* "line:fault:cell " for each. */
static void note_unused(void *arg, const char *file, const struct wn_notice *notice)
{
    (void)arg;
    ck_assert_ptr_nonnull(file);
    wn_buf_addf(&unused, "%llu:%d:", (unsigned long long)notice->line, (int)notice->fault);
    wn_buf_add_span(&unused, notice->cell);
    wn_buf_add_char(&unused, ' ');
}

static int import_path(const char *path, const char *map)
{
    const struct wn_import_settings settings = {
        .source.map = map, .now = NOW, .stop = &stop, .unused = note_unused};
    struct wn_walk files = {0};
    int status = wn_walk_add(&files, path, &stop, &err);
    if (status == WN_OK) {
        status = wn_import_files(store, &files, &settings, &counts, &err);
    }
    wn_walk_release(&files);
    return status;
}

static int import_text(const char *text, const char *map)
{
    return import_path(tempdir_text("b.csv", text), map);
}

static void must_import(const char *text, const char *map)
{
    ck_assert_msg(import_text(text, map) == WN_OK, "%s", err.text);
    ck_assert_uint_eq(counts.rows, counts.added + counts.known + counts.unused);
}

/* The events of the store, one a line: "recipient at kind code enhanced action category". */
static const char *list_events(void)
{
    static struct wn_buf list;
    sqlite3_stmt *s;
    wn_buf_clear(&list);
    ck_assert_int_eq(
        sqlite3_prepare_v2(
            store->db,
            "SELECT m.address || ' ' || at || ' ' || kind || ' ' || ifnull(code, '-') || ' ' ||"
            " ifnull(enhanced, '-') || ' ' || action || ' ' || category FROM event"
            " JOIN mailbox m ON m.id = mailbox ORDER BY m.address, at",
            -1, &s, NULL),
        SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        wn_buf_addf(&list, "%s\n", (const char *)sqlite3_column_text(s, 0));
    }
    ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
    return wn_buf_text(&list);
}

#define JAN1 "1767225600"
#define HARD "bob@example.com " JAN1 " bounce 550 5.1.1 S bad_address\n"

static const struct {
    const char *name, *map, *text, *want;
} understood[] = {
    {"the plain form", NULL, "email,code,date\nbob@example.com,550 5.1.1,2026-01-01\n", HARD},
    {"no last line end", NULL, "email,code,date\nbob@example.com,550 5.1.1,2026-01-01", HARD},
    {"CRLF", NULL, "email,code,date\r\nbob@example.com,550 5.1.1,2026-01-01\r\n", HARD},
    {"CR alone", NULL, "email,code,date\rbob@example.com,550 5.1.1,2026-01-01\r", HARD},
    {"a BOM before a quoted header", NULL,
     "\xef\xbb\xbf\"E-Mail Address\",code,date\nbob@example.com,550 5.1.1,2026-01-01\n", HARD},
    {"semicolons", NULL, "email;code;date\nbob@example.com;550 5.1.1;2026-01-01\n", HARD},
    {"tabs", NULL, "email\tcode\tdate\nbob@example.com\t550 5.1.1\t2026-01-01\n", HARD},
    {"bars", NULL, "email|code|date\nbob@example.com|550 5.1.1|2026-01-01\n", HARD},
    {"Excel's sep=", NULL, "sep=;\nemail;code;date\nbob@example.com;550 5.1.1;2026-01-01\n", HARD},
    {"PowerMTA's names", NULL,
     "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag\nb,2026-01-01,x@y.com,bob@example.com,5.1.1 (bad "
     "destination mailbox address),smtp;550 5.1.1 unknown\n",
     HARD},
    {"SendGrid's names", NULL,
     "status,reason,email,created\n5.1.1,550 5.1.1 unknown,bob@example.com,1767225600\n", HARD},
    {"Mailgun's names", NULL,
     "address,code,error,created_at\nbob@example.com,550,5.1.1 unknown,2026-01-01\n", HARD},
    {"names with blanks and marks", NULL,
     "Final-Recipient,SMTP Code,Bounced_At\nbob@example.com,550 5.1.1,2026-01-01\n", HARD},
    {"the better of two names", NULL,
     "to,email,code,date\nx@y.com,bob@example.com,550 5.1.1,2026-01-01\n", HARD},
    {"code and status", NULL,
     "email,smtp_code,enhanced_code,at\nbob@example.com,550,5.1.1,2026-01-01\n", HARD},
    {"a map by name", "email=Rcpt,code=what,at=when",
     "rcpt,what,when\nbob@example.com,550 5.1.1,2026-01-01\n", HARD},
    {"a map by number", "email=1,code=2,at=3", "a,b,c\nbob@example.com,550 5.1.1,2026-01-01\n",
     HARD},
    {"a map by number, no header", "email=1,code=2,at=3", "bob@example.com,550 5.1.1,2026-01-01\n",
     HARD},
    {"a map for one, names for others", "email=2",
     "email,other,code,date\nx@y.com,bob@example.com,550 5.1.1,2026-01-01\n", HARD},
    {"the address normalised", NULL,
     "email,code,date\n\" Bob <BOB@Example.COM> \",550 5.1.1,2026-01-01\n", HARD},
    {"quoted line ends", NULL,
     "email,code,date,text\nbob@example.com,550,2026-01-01,\"550 5.1.1 user\nunknown, "
     "\"\"really\"\"\"\n",
     HARD},
    {"a whole reply as code", NULL,
     "email,code,date\nbob@example.com,\"550 5.1.1 user unknown\",2026-01-01\n", HARD},
    {"milliseconds", NULL, "email,code,date\nbob@example.com,550 5.1.1,1767225600000\n", HARD},
    {"a date with a zone", NULL,
     "email,code,date\nbob@example.com,550 5.1.1,2026-01-01T02:00:00+02:00\n", HARD},
    {"blank lines", NULL, "email,code,date\n\nbob@example.com,550 5.1.1,2026-01-01\n\n", HARD},
    {"kinds", NULL,
     "email,event,date\na@x.com,spam_report,2026-01-01\nb@x.com,Unsubscribed,2026-01-01\nc@x.com,"
     "delivered,2026-01-01\n"
     "d@x.com,hard bounce,2026-01-01\ne@x.com,soft-bounce,2026-01-01\nf@x.com,dropped,2026-01-01\n"
     "g@x.com,resubscribe,2026-01-01\nh@x.com,manual_add,2026-01-01\ni@x.com,deferred,2026-01-01\n",
     "a@x.com " JAN1 " complaint - - T complaint\nb@x.com " JAN1 " unsubscribe - - T unsubscribe\n"
     "c@x.com " JAN1 " delivered - - T not_a_bounce\nd@x.com " JAN1 " bounce - - S2 unclassified\n"
     "e@x.com " JAN1 " bounce - - N unclassified\nf@x.com " JAN1 " echo - - T already_suppressed\n"
     "g@x.com " JAN1 " resubscribe - - T not_a_bounce\nh@x.com " JAN1
     " manual_add - - T already_suppressed\n"
     "i@x.com " JAN1 " deferred - - N unclassified\n"},
    {"a kind in the status column", NULL,
     "email,status,date\na@x.com,bounced,2026-01-01\nb@x.com,complaint,2026-01-01\n",
     "b@x.com " JAN1 " complaint - - T complaint\n"},
    {"an unknown kind beside a code", NULL,
     "email,type,code,date\nbob@example.com,General,550 5.1.1,2026-01-01\n", HARD},
    {"a delivery by its code", NULL, "email,code,date\nc@x.com,250 2.0.0 OK,2026-01-01\n",
     "c@x.com " JAN1 " delivered - - T not_a_bounce\n"},
    {"a deferral is never hard", NULL, "email,type,code,date\nc@x.com,deferred,5.1.1,2026-01-01\n",
     "c@x.com " JAN1 " deferred - 4.1.1 N bad_address\n"},
    {"text alone", NULL, "email,reason,date\nc@x.com,mailbox full,2026-01-01\n",
     "c@x.com " JAN1 " bounce - - N mailbox_full\n"},
    {"PowerMTA: every type of record", NULL,
     "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,"
     "vmta\n"
     "b,1767225600,x,n@y.com,a@x.com,,failed,5.1.1 (bad destination mailbox address),\"smtp;550 "
     "5.1.1 "
     "unknown, really\",mx.x.com (192.0.2.1),bad-mailbox,v\n"
     "b,2026-01-01 01:00:00+0100,x,n@y.com,b@x.com,,failed,5.0.0 (undefined status),smtp;550 "
     "refused,"
     "mx.x.com (192.0.2.1),policy-related,v\n"
     "rb,2026-01-01,x,n@y.com,c@x.com,,failed,5.0.0,,,quota-issues,v\n"
     "t,2026-01-01,x,n@y.com,d@x.com,,delayed,4.4.1 (no answer from host),,,no-answer-from-host,v\n"
     "tq,2026-01-01,x,n@y.com,e@x.com,,delayed,4.7.1,smtp;450 4.7.1 greylisted,,other,v\n"
     "rs,2026-01-01,x,n@y.com,f@x.com,,delayed,4.2.2,,,quota-issues,v\n"
     "rs,2026-01-01,x,n@y.com,g@x.com,,relayed,2.0.0,,,,v\n"
     "d,2026-01-01,x,n@y.com,h@x.com,,relayed,2.0.0 (success),smtp;250 OK,mx.x.com (192.0.2.1),,v\n"
     "f,2026-01-01,x,n@y.com,i@x.com,,,,,,,v\n"
     "r,2026-01-01,x,n@y.com,j@x.com,,,,,,,v\n",
     "a@x.com " JAN1 " bounce 550 5.1.1 S bad_address\n"
     "b@x.com " JAN1 " bounce 550 5.0.0 X sender_policy\n"
     "c@x.com " JAN1 " bounce - 5.0.0 N mailbox_full\n"
     "d@x.com " JAN1 " deferred - 4.4.1 T infrastructure\n"
     "e@x.com " JAN1 " deferred 450 4.7.1 T infrastructure\n"
     "f@x.com " JAN1 " deferred - 4.2.2 N mailbox_full\n"
     "h@x.com " JAN1 " delivered - - T not_a_bounce\n"
     "i@x.com " JAN1 " complaint - - T complaint\n"},
    {"PowerMTA: files joined, each with its columns", NULL,
     "type,timeLogged,rcpt,dsnStatus\nb,1767225600,a@x.com,5.1.1\n"
     "type,rcpt,bounceCat,timeLogged\nb,b@x.com,bad-domain,1767225600\n",
     "a@x.com " JAN1 " bounce - 5.1.1 S bad_address\nb@x.com " JAN1 " bounce - - D bad_domain\n"},
    {"Mailgun's export", NULL,
     "address,code,error,created_at\na@x.com,550,No such mailbox,\"Thu, 01 Jan 2026 00:00:00 "
     "UTC\"\n"
     "b@x.com,605,Not delivering to previously bounced address,2026-01-01T00:00:00Z\n"
     "c@x.com,498,mailbox is full,2026-01-01\n",
     "a@x.com " JAN1 " bounce 550 - S2 bad_address\nb@x.com " JAN1
     " echo - - T already_suppressed\n"
     "c@x.com " JAN1 " bounce - - N mailbox_full\n"},
    {"Mailgun's unsubscribes", NULL,
     "address,tags,created_at\na@x.com,*,\"Thu, 01 Jan 2026 00:00:00 GMT\"\n",
     "a@x.com " JAN1 " unsubscribe - - T unsubscribe\n"},
    {"Mailchimp's cleaned contacts", NULL,
     "\"Email Address\",\"First Name\",OPTIN_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID\n"
     "a@x.com,Ann,\"2020-05-05 01:01:01\",\"2026-01-01 00:00:00\",News,7\n",
     "a@x.com " JAN1 " bounce - - S2 unclassified\n"},
    {"Mailchimp's unsubscribed contacts", NULL,
     "Email Address,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON\na@x.com,2020-05-05,2026-01-01 "
     "00:00:00,N/A\n",
     "a@x.com " JAN1 " unsubscribe - - T unsubscribe\n"},
    {"Amazon SES's suppression list", NULL,
     "EmailAddress,Reason,LastUpdateTime\na@x.com,BOUNCE,2026-01-01T00:00:00Z\n"
     "b@x.com,COMPLAINT,2026-01-01T00:00:00Z\n",
     "a@x.com " JAN1 " bounce - - S2 unclassified\nb@x.com " JAN1 " complaint - - T complaint\n"},
    {"SparkPost's suppression list", NULL,
     "recipient,type,source,description,created,updated\n"
     "a@x.com,non_transactional,Bounce Rule,550 5.1.1 no,2026-01-01T00:00:00Z,\n"
     "b@x.com,transactional,Spam Complaint,,2026-01-01T00:00:00Z,\n"
     "c@x.com,non_transactional,List Unsubscribe,,2026-01-01T00:00:00Z,\n"
     "d@x.com,transactional,Manually Added,,2026-01-01T00:00:00Z,\n",
     "a@x.com " JAN1 " bounce 550 5.1.1 S bad_address\nb@x.com " JAN1 " complaint - - T complaint\n"
     "c@x.com " JAN1 " unsubscribe - - T unsubscribe\nd@x.com " JAN1
     " echo - - T already_suppressed\n"},
    {"Postmark's suppressions", NULL,
     "EmailAddress,SuppressionReason,Origin,CreatedAt\na@x.com,HardBounce,Recipient,2026-01-01\n"
     "b@x.com,SpamComplaint,Recipient,2026-01-01\n",
     "a@x.com " JAN1 " bounce - - S2 unclassified\nb@x.com " JAN1 " complaint - - T complaint\n"},
    {"a header alone", NULL, "email,code,date\n", ""},
    {"nothing", NULL, "", ""},
};

START_TEST(understands)
{
    must_import(understood[_i].text, understood[_i].map);
    ck_assert_msg(strcmp(list_events(), understood[_i].want) == 0, "%s: %s", understood[_i].name,
                  list_events());
}
END_TEST

static const struct {
    const char *name, *rows, *want; /* "line:fault:cell " */
} faulty[] = {
    {"no address", ",550,2026-01-01,,\n", "2:2: "},
    {"no address that is one", "bob,550,2026-01-01,,\n", "2:2:bob "},
    {"no date", "a@x.com,550,,,\n", "2:3: "},
    {"no date that is one", "a@x.com,550,soon,,\n", "2:3:soon "},
    {"the epoch", "a@x.com,550,1970-01-01,,\n", "2:3: "},
    {"the future", "a@x.com,550,2026-06-04,,\n", "2:3: "},
    {"a day ahead is a time zone", "a@x.com,550,2026-06-02,,\n", ""},
    {"an unknown code", "a@x.com,oops,2026-01-01,,\n", "2:5:oops "},
    {"no code", "a@x.com,,2026-01-01,,\n", "2:5: "},
    {"a code that is none beside words", "a@x.com,605,2026-01-01,,no such user\n", ""},
    {"an unknown kind", "a@x.com,,2026-01-01,teleported,\n", "2:4:teleported "},
    {"a kind that is no bounce", "a@x.com,,2026-01-01,clicked,\n", "2:6:clicked "},
    {"a code that a service made up", "a@x.com,498,2026-01-01,,\n", "2:5:498 "},
    {"a header again", "email,code,date,kind,text\na@x.com,,2026-01-01,oops,\n", "3:4:oops "},
    {"a header again that is none", "email,code\n", "2:3: "},
    {"delivered and refused", "a@x.com,550,2026-01-01,delivered,\n", "2:4:delivered "},
    {"too few fields", "a@x.com\n", "2:3: "},
    {"a NUL", "a@x.com,550,2026-01-01,\x01,\n", "2:1:"},
    {"a quote that is never closed", "\"a@x.com,550,2026-01-01,,\nb@x.com,550,2026-01-01,,\n",
     NULL},
};

START_TEST(counts_what_it_cannot_use)
{
    char text[512];
    size_t n =
        (size_t)snprintf(text, sizeof text, "email,code,date,kind,text\n%s", faulty[_i].rows);
    for (size_t i = 0; i < n; i++) {
        text[i] = text[i] == '\x01' ? '\0' : text[i];
    }
    ck_assert_msg(import_path(tempdir_write("b.csv", text, n), NULL) == WN_OK, "%s", err.text);
    ck_assert_uint_eq(counts.rows, counts.added + counts.known + counts.unused);
    const char *got = wn_buf_text(&unused);
    if (faulty[_i].want != NULL) {
        ck_assert_msg(faulty[_i].want[0] == '\0'
                          ? got[0] == '\0'
                          : strncmp(got, faulty[_i].want, strlen(faulty[_i].want)) == 0,
                      "%s: %s", faulty[_i].name, got);
    } else {
        ck_assert_msg(strncmp(got, "2:1:", 4) == 0, "%s: %s", faulty[_i].name, got);
        ck_assert_uint_eq(counts.added, 1);
    }
}
END_TEST

static const struct {
    const char *name, *map, *text;
    int status;
    const char *says;
} refused[] = {
    {"no address column", NULL, "name,code,date\nx,550,2026-01-01\n", WN_E_DATA, "addresses"},
    {"no date column", NULL, "email,code,name\na@x.com,550,x\n", WN_E_DATA,
     "its columns are: email, code, name"},
    {"no code column", NULL, "email,name,date\na@x.com,x,2026-01-01\n", WN_E_DATA, "codes"},
    {"no header", NULL, "a@x.com,550,2026-01-01\n", WN_E_DATA, "--map"},
    {"a map to nothing", "email=rcpt", "email,code,date\n", WN_E_DATA, "no column 'rcpt'"},
    {"a map beyond the columns", "email=4", "email,code,date\n", WN_E_DATA, "no column '4'"},
    {"a map to column 0", "email=0", "email,code,date\n", WN_E_DATA, "no column '0'"},
    {"a workbook", NULL, "PK\x03\x04zzz", WN_E_DATA, "Excel"},
    {"UTF-16", NULL,
     "\xff\xfe"
     "e",
     WN_E_DATA, "UTF-16"},
    {"binary", NULL, "\x01\x02\x03\x04\x05\x06\x07\n\x02\x02", WN_E_DATA, "not text"},
    {"broken gzip", NULL, "\x1f\x8b\x08 broken", WN_E_DATA, "gzip"},
};

START_TEST(refuses)
{
    ck_assert_msg(import_text(refused[_i].text, refused[_i].map) == refused[_i].status, "%s: %s",
                  refused[_i].name, err.text);
    ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%s: %s", refused[_i].name, err.text);
    ck_assert_str_eq(list_events(), "");
}
END_TEST

static const char *const bad_maps[] = {"rcpt", "email", "email=", "mail=1", "email=1,,at=2", "=1"};

START_TEST(refuses_a_map)
{
    ck_assert_int_eq(
        wn_source_check_map("email=rcpt, code=3,at=date,status=s,kind=k,text=t,id=i", &err), WN_OK);
    ck_assert_int_eq(wn_source_check_map(bad_maps[_i], &err), WN_E_USAGE);
    ck_assert_int_eq(import_text("email,code,date\n", bad_maps[_i]), WN_E_USAGE);
}
END_TEST

START_TEST(cannot_open)
{
    ck_assert_int_eq(import_path(tempdir_path("none.csv"), NULL), WN_E_NOINPUT);
    err = (struct wn_error){0};
    ck_assert_int_eq(import_path("", NULL), WN_E_NOINPUT);
}
END_TEST

START_TEST(reads_gzip)
{
    static const char text[] = "email,code,date\nbob@example.com,550 5.1.1,2026-01-01\n";
    gzFile gz = gzopen(tempdir_path("b.csv.gz"), "wb");
    ck_assert_ptr_nonnull(gz);
    ck_assert_int_eq(gzwrite(gz, text, sizeof text - 1), (int)sizeof text - 1);
    ck_assert_int_eq(gzclose(gz), Z_OK);
    ck_assert_msg(import_path(tempdir_path("b.csv.gz"), NULL) == WN_OK, "%s", err.text);
    ck_assert_str_eq(list_events(), HARD);
}
END_TEST

START_TEST(reads_standard_input)
{
    ck_assert_ptr_nonnull(freopen(
        tempdir_text("in", "email,code,date\nbob@example.com,550 5.1.1,2026-01-01\n"), "r", stdin));
    ck_assert_msg(import_path("-", NULL) == WN_OK, "%s", err.text);
    ck_assert_str_eq(list_events(), HARD);
}
END_TEST

START_TEST(names_the_source)
{
    must_import("email,code,date\nbob@example.com,550 5.1.1,2026-01-01\n", NULL);
    sqlite3_stmt *s;
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, "SELECT source, rule FROM event", -1, &s, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    ck_assert_ptr_nonnull(strstr((const char *)sqlite3_column_text(s, 0), "b.csv@16"));
    ck_assert_str_eq((const char *)sqlite3_column_text(s, 1), "5.1.1");
    ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
}
END_TEST

/* A file of many rows about fewer mailboxes, in several batches and transactions. */
static const char *write_many(const char *name, int from, int to)
{
    const char *path = tempdir_path(name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    (void)fprintf(f, "email,code,date,reason,id\n");
    for (int i = from; i < to; i++) {
        static const char *const codes[] = {"550 5.1.1", "452 4.2.2", "550 5.7.1",
                                            "550 5.0.0", "250",       "4.4.7"};
        (void)fprintf(
            f, "u%d@d%d.example,%s,2026-0%d-%02d %02d:%02d:00,\"reason %d, no such user\",m%d\n",
            i % 9000, i % 70, codes[i % 6], 1 + i % 5, 1 + i % 28, i % 24, i % 60, i % 100,
            i % 5000);
    }
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

/* All tables but the order in which events and mailboxes came. */
static void dump(struct wn_buf *out)
{
    static const char *const queries[] = {
        "SELECT address || hex(state) || ifnull(diagnostic, '') FROM suppression ORDER BY address",
        ("SELECT domain || delivered_at || '.' || answered_at || '.' || unreachable_since FROM "
         "domain_history ORDER BY domain"),
        "SELECT domain || day || '.' || at FROM domain_expiry ORDER BY domain, day",
        "SELECT hex(digest) FROM event ORDER BY digest",
        ("SELECT hex(e.digest) || burst || scope || name || mark FROM quarantine q"
         " JOIN event e ON e.id = q.event ORDER BY e.digest")};
    wn_buf_clear(out);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        sqlite3_stmt *s;
        ck_assert_int_eq(sqlite3_prepare_v2(store->db, queries[i], -1, &s, NULL), SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            wn_buf_addf(out, "%s\n", (const char *)sqlite3_column_text(s, 0));
        }
        ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
    }
}

/* The first line in which two dumps differ. */
static void assert_same(struct wn_buf *a, struct wn_buf *b)
{
    const char *p = wn_buf_text(a), *q = wn_buf_text(b), *line = p;
    for (; *p != '\0' && *p == *q; p++, q++) {
        line = *p == '\n' ? p + 1 : line;
    }
    ck_assert_msg(*p == *q, "%.100s", line);
}

START_TEST(importing_twice_changes_nothing)
{
    enum {
        ROWS = 40000 /* more than a batch */
    };
    struct wn_buf once = {0}, again = {0};
    const char *path = write_many("many.csv", 0, ROWS);
    ck_assert_msg(import_path(path, NULL) == WN_OK, "%s", err.text);
    ck_assert_uint_eq(counts.rows, ROWS);
    ck_assert_uint_eq(counts.unused, 0);
    uint64_t added = counts.added;
    ck_assert_uint_gt(added, ROWS / 2);
    dump(&once);
    ck_assert_msg(import_path(path, NULL) == WN_OK, "%s", err.text);
    ck_assert_uint_eq(counts.added, added);
    ck_assert_uint_eq(counts.known, 2 * ROWS - added);
    dump(&again);
    assert_same(&once, &again);
    ck_assert_msg(wn_import_rebuild(store, NULL, &err) == WN_OK, "%s", err.text);
    dump(&again);
    assert_same(&once, &again);
    /* Overlapping parts, the later first, into another store. */
    wn_store_free(store);
    ck_assert_int_eq(wn_store_open(tempdir_path("other.db"), WN_STORE_WRITE, &store, &err), WN_OK);
    ck_assert_msg(import_path(write_many("b.csv", 15000, ROWS), NULL) == WN_OK, "%s", err.text);
    ck_assert_msg(import_path(write_many("a.csv", 0, 25000), NULL) == WN_OK, "%s", err.text);
    dump(&again);
    assert_same(&once, &again);
    wn_buf_release(&once);
    wn_buf_release(&again);
}
END_TEST

START_TEST(stops_in_order)
{
    const char *path = write_many("many.csv", 0, 40000);
    stop = SIGTERM;
    ck_assert_int_eq(import_path(path, NULL), WN_E_SIGNAL + SIGTERM);
    ck_assert_str_eq(list_events(), "");
    ck_assert_uint_eq(counts.added, 0);
    stop = 0;
    err = (struct wn_error){0};
    ck_assert_msg(import_path(path, NULL) == WN_OK, "%s", err.text);
}
END_TEST

/* The store refuses: the reader must not wait for ever. */
START_TEST(fails_in_order)
{
    const char *path = write_many("many.csv", 0, 140000);
    sqlite3_stmt *s;
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, "PRAGMA max_page_count = 100", -1, &s, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_finalize(s), SQLITE_OK);
    ck_assert_int_eq(import_path(path, NULL), WN_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "no space"));
    ck_assert_uint_eq(counts.added, 0);
    ck_assert_str_eq(list_events(), "");
    /* And another connection writes at the same time. */
    struct wn_store *other;
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &other, &err), WN_OK);
    ck_assert_int_eq(wn_store_begin(other, &err), WN_OK);
    (void)sqlite3_busy_timeout(store->db, 10);
    ck_assert_int_eq(import_path(path, NULL), WN_E_TEMPFAIL);
    err = (struct wn_error){0};
    ck_assert_int_eq(wn_import_rebuild(store, NULL, &err), WN_E_TEMPFAIL);
    wn_store_free(other);
}
END_TEST

/* Records longer than a window's remainder, and one that is too long. */
START_TEST(reads_over_windows)
{
    FILE *f = fopen(tempdir_path("b.csv"), "w");
    ck_assert_ptr_nonnull(f);
    (void)fprintf(f, "email,code,date,text\n");
    for (int i = 0; i < 12; i++) {
        (void)fprintf(f, "u%d@x.com,550,2026-01-01,\"", i);
        int size = i == 5 ? 1100000 : 300000;
        for (int k = 0; k < size; k++) {
            (void)fputc(k % 1000 == 999 && i != 5 ? '\n' : 'x', f);
        }
        (void)fprintf(f, "\"\n");
    }
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_msg(import_path(tempdir_path("b.csv"), NULL) == WN_OK, "%s", err.text);
    ck_assert_uint_eq(counts.added, 11);
    ck_assert_uint_eq(counts.faults[WN_NOTICE_RECORD], 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bounce_import");
    TCase *t = tcase_create("csv");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, understands, 0, sizeof understood / sizeof *understood);
    tcase_add_loop_test(t, counts_what_it_cannot_use, 0, sizeof faulty / sizeof *faulty);
    tcase_add_loop_test(t, refuses, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(t, refuses_a_map, 0, sizeof bad_maps / sizeof *bad_maps);
    tcase_add_test(t, cannot_open);
    tcase_add_test(t, reads_gzip);
    tcase_add_test(t, reads_standard_input);
    tcase_add_test(t, names_the_source);
    tcase_add_test(t, importing_twice_changes_nothing);
    tcase_add_test(t, stops_in_order);
    tcase_add_test(t, fails_in_order);
    tcase_add_test(t, reads_over_windows);
    suite_add_tcase(suite, t);
    return run_suite(suite);
}
