/* SPDX-License-Identifier: MIT */
#include "suppress/export.h"

#include <stdlib.h>

#include "base/clock.h"
#include "csv/writer.h"

enum {
    BLOCK = 1 << 16
};

#define BIT(reason) (UINT64_C(1) << WN_REASON_##reason)
_Static_assert(WN_REASON_COUNT <= 64, "the reasons do not fit");

/* What a server said, or the operator; nobody's will. */
#define BOUNCED (BIT(hard_bounced) | BIT(full_too_long) | BIT(bounced_too_often) | BIT(suppressed))

static bool is_will(const struct wn_suppressed *s)
{
    return s->hold.reason == WN_REASON_complained || s->hold.reason == WN_REASON_unsubscribed;
}

static void add_time(struct wn_buf *out, int64_t at)
{
    char text[WN_TIME_TEXT] = "";
    if (at != 0) {
        wn_time_format(at, text);
    }
    wn_buf_add_text(out, text);
}

/* Mailgun reads dates of mails. */
static void add_mail_time(struct wn_buf *out, int64_t at)
{
    char text[WN_MAIL_TIME_TEXT];
    wn_time_format_mail(at, text);
    wn_csv_add_field(out, wn_span_of(text));
}

static void row_winnow(struct wn_buf *out, const struct wn_suppressed *s,
                       const struct wn_suppressed_cause *cause)
{
    wn_csv_add_field(out, s->address);
    wn_buf_addf(out, ",%s,", wn_reason_word(s->hold.reason));
    add_time(out, s->hold.since);
    wn_buf_add_char(out, ',');
    add_time(out, s->hold.until);
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, wn_buf_span(&cause->source));
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, wn_buf_span(&cause->diagnostic));
    wn_buf_add_char(out, ',');
    wn_csv_add_field(out, wn_buf_span(&cause->bounced_at));
}

static void row_email(struct wn_buf *out, const struct wn_suppressed *s,
                      const struct wn_suppressed_cause *cause)
{
    (void)cause;
    wn_csv_add_field(out, s->address);
}

static void row_mailgun_bounces(struct wn_buf *out, const struct wn_suppressed *s,
                                const struct wn_suppressed_cause *cause)
{
    bool bounced = s->hold.reason != WN_REASON_suppressed && s->history->code != 0;
    wn_csv_add_field(out, s->address);
    wn_buf_addf(out, ",%u,", bounced ? s->history->code : 550U);
    wn_csv_add_field(out, wn_buf_span(&cause->diagnostic));
    wn_buf_add_char(out, ',');
    add_mail_time(out, s->hold.since);
}

static void row_mailgun_complaints(struct wn_buf *out, const struct wn_suppressed *s,
                                   const struct wn_suppressed_cause *cause)
{
    (void)cause;
    wn_csv_add_field(out, s->address);
    wn_buf_add_char(out, ',');
    add_mail_time(out, s->hold.since);
}

static void row_mailgun_unsubscribes(struct wn_buf *out, const struct wn_suppressed *s,
                                     const struct wn_suppressed_cause *cause)
{
    (void)cause;
    wn_csv_add_field(out, s->address);
    wn_buf_add_text(out, ",*,");
    add_mail_time(out, s->hold.since);
}

/* SES knows two reasons. */
static void row_ses(struct wn_buf *out, const struct wn_suppressed *s,
                    const struct wn_suppressed_cause *cause)
{
    (void)cause;
    wn_csv_add_field(out, s->address);
    wn_buf_add_text(out, is_will(s) ? ",COMPLAINT" : ",BOUNCE");
}

/* A person's will is about campaigns; a mailbox that is not there gets no mail of any type. */
static void row_sparkpost(struct wn_buf *out, const struct wn_suppressed *s,
                          const struct wn_suppressed_cause *cause)
{
    const char *word = wn_reason_word(s->hold.reason);
    (void)cause;
    if (!is_will(s)) {
        wn_csv_add_field(out, s->address);
        wn_buf_addf(out, ",transactional,%s\n", word);
    }
    wn_csv_add_field(out, s->address);
    wn_buf_addf(out, ",non_transactional,%s", word);
}

/* listmonk makes a name of the address where there is none. */
static void row_listmonk(struct wn_buf *out, const struct wn_suppressed *s,
                         const struct wn_suppressed_cause *cause)
{
    char since[WN_TIME_TEXT];
    struct wn_buf attributes = {0};
    (void)cause;
    wn_time_format(s->hold.since, since);
    wn_buf_addf(&attributes, "{\"winnow_reason\":\"%s\",\"winnow_since\":\"%s\"}",
                wn_reason_word(s->hold.reason), since);
    wn_csv_add_field(out, s->address);
    wn_buf_add_text(out, ",,");
    wn_csv_add_field(out, wn_buf_span(&attributes));
    wn_buf_release(&attributes);
}

const struct wn_export_format wn_export_formats[] = {
    {.name = "winnow",
     .as = WN_REASON_suppressed,
     .header = "address,reason,since,until,source,diagnostic,bounced_at\n",
     .every_reason = true,
     .hashed = true,
     .causes = true,
     .row = row_winnow},
    {.name = "email", .as = WN_REASON_suppressed, .header = "Email\n", .row = row_email},
    {.name = "mailgun",
     .as = WN_REASON_suppressed,
     .header = "address,code,error,created_at\n",
     .reasons = BOUNCED,
     .causes = true,
     .row = row_mailgun_bounces},
    {.name = "mailgun-complaints",
     .as = WN_REASON_complained,
     .header = "address,created_at\n",
     .reasons = BIT(complained),
     .row = row_mailgun_complaints},
    {.name = "mailgun-unsubscribes",
     .as = WN_REASON_unsubscribed,
     .header = "address,tags,created_at\n",
     .reasons = BIT(unsubscribed),
     .row = row_mailgun_unsubscribes},
    {.name = "ses", .as = WN_REASON_suppressed, .header = "", .row = row_ses},
    {.name = "sparkpost",
     .as = WN_REASON_suppressed,
     .header = "recipient,type,description\n",
     .row = row_sparkpost},
    {.name = "listmonk",
     .as = WN_REASON_suppressed,
     .header = "email,name,attributes\n",
     .row = row_listmonk},
    {.name = "sha256", .as = WN_REASON_suppressed, .header = "", .hashed = true},
    {.name = NULL},
};

const struct wn_export_format *wn_export_format_find(const char *name)
{
    for (const struct wn_export_format *f = wn_export_formats; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

struct export
{
    const struct wn_export_format *format;
    struct wn_store *store;
    wn_export_write *write;
    void *arg;
    struct wn_export_counts *counts;
    struct wn_error *err;
    struct wn_buf out;
    struct wn_suppressed_cause cause;
    bool written; /* the mailbox that is at hand has a row */
    /* Of the format sha256: the digests, side by side. */
    struct wn_sha256 *hasher;
    struct wn_buf digests;
};

static int flush(struct export *x, size_t least)
{
    int status = WN_OK;
    if (x->out.len > least) {
        status = x->write(x->arg, wn_buf_span(&x->out), x->err);
        wn_buf_clear(&x->out);
    }
    return status;
}

static void add_digest(struct export *x, const struct wn_suppressed *s)
{
    unsigned char digest[WN_SHA256];
    if (s->digest == NULL) {
        wn_sha256_digest(x->hasher, s->address, digest);
    }
    wn_buf_add(&x->digests, (const char *)(s->digest != NULL ? s->digest : digest), WN_SHA256);
}

static int take(void *arg, const struct wn_suppressed *s)
{
    struct export *x = arg;
    const struct wn_export_format *f = x->format;
    int status = WN_OK;
    if (!s->again) {
        x->written = false;
    }
    if (s->digest != NULL && !f->hashed) {
        x->counts->hashed++;
        return WN_OK;
    }
    if (f->reasons != 0 && (f->reasons >> s->hold.reason & 1) == 0) {
        x->counts->other += !s->again;
        return WN_OK;
    }
    if (x->written && !f->every_reason) {
        return WN_OK;
    }
    x->counts->addresses += !x->written;
    x->counts->other -= f->reasons != 0 && s->again && !x->written;
    x->written = true;
    if (f->row == NULL) {
        add_digest(x, s);
        return WN_OK;
    }
    if (f->causes) {
        status = wn_suppressed_cause_find(x->store, s, &x->cause, x->err);
    }
    if (status == WN_OK) {
        f->row(&x->out, s, &x->cause);
        wn_buf_add_char(&x->out, '\n');
        x->counts->rows++;
        status = flush(x, BLOCK);
    }
    return status;
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, WN_SHA256);
}

static int write_digests(struct export *x)
{
    size_t count = x->digests.len / WN_SHA256;
    int status = WN_OK;
    if (count > 1) {
        qsort(x->digests.p, count, WN_SHA256, compare_digests);
    }
    for (size_t i = 0; i < count && status == WN_OK; i++) {
        const char *digest = x->digests.p + i * WN_SHA256;
        char text[WN_SHA256_HEX];
        if (i > 0 && memcmp(digest, digest - WN_SHA256, WN_SHA256) == 0) {
            x->counts->addresses--; /* named by its address and by its hash */
            continue;
        }
        wn_sha256_format((const unsigned char *)digest, text);
        wn_buf_add_text(&x->out, text);
        wn_buf_add_char(&x->out, '\n');
        x->counts->rows++;
        status = flush(x, BLOCK);
    }
    return status;
}

int wn_export_run(struct wn_store *store, const struct wn_export_format *format,
                  const struct wn_suppressed_filter *filter, wn_export_write *write, void *arg,
                  struct wn_export_counts *counts, struct wn_error *err)
{
    struct export x = {.format = format,
                       .store = store,
                       .write = write,
                       .arg = arg,
                       .counts = counts,
                       .err = err,
                       .hasher = wn_sha256_new()};
    *counts = (struct wn_export_counts){0};
    wn_buf_add_text(&x.out, format->header);
    int status = wn_suppressed_scan(store, filter, take, &x, err);
    if (status == WN_OK && format->row == NULL) {
        status = write_digests(&x);
    }
    if (status == WN_OK) {
        status = flush(&x, 0);
    }
    wn_sha256_free(x.hasher);
    wn_buf_release(&x.out);
    wn_buf_release(&x.digests);
    wn_suppressed_cause_release(&x.cause);
    return status;
}
