/* SPDX-License-Identifier: MIT */
/* One command at a time: send it, take untagged responses until the tagged one. A response is one
 * line, from which the octets of its literals are taken out as they come: those of a message go to
 * a file, all others are dropped. */
#include "bounce/imap/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bounce/imap/fetched.h"

enum {
    RESPONSES_MAX = 4 * WN_IMAP_LIST_MAX, /* untagged ones of one command */
    LITERALS_MAX = 1 << 20,               /* octets of those in one response that are no message */
    SHOWN = 200                           /* bytes of a server's words */
};

struct wn_imap {
    const struct wn_imap_access *access;
    struct wn_imap_wire *wire;
    unsigned tag;
    bool can_move, can_expunge_single;
    bool broken;            /* there is no point in logging out */
    struct wn_buf response; /* the one that is being read */
    struct wn_buf refusal;  /* what the server said with NO, BAD or BYE */
    struct wn_buf text;     /* of a command */
};

/* A command in work: what to do with its untagged responses. `body` is the message that came as a
 * literal in it, or -1; whoever wants it duplicates it. */
struct asking {
    int (*visit)(void *arg, struct wn_span response, int body, uint64_t size, struct wn_error *err);
    void *arg;
    uint32_t body_max; /* octets of a message; 0: none is expected */
};

static int refuse_nonsense(struct wn_imap *imap, const char *what, struct wn_error *err)
{
    imap->broken = true;
    return wn_error_set(err, WN_E_DATA, "%s: the server does not speak IMAP: %s",
                        imap->access->url->shown.p, what);
}

static int refused(const struct wn_imap *imap, const char *what, struct wn_error *err)
{
    return wn_error_set(err, WN_E_NOINPUT, "%s: %s ('%.*s')", imap->access->url->shown.p, what,
                        (int)(imap->refusal.len < SHOWN ? imap->refusal.len : SHOWN),
                        imap->refusal.len > 0 ? imap->refusal.p : "");
}

static void keep_refusal(struct wn_imap *imap, struct wn_span words)
{
    words = wn_span_trim(words);
    wn_buf_clear(&imap->refusal);
    wn_buf_add_span(&imap->refusal, words);
}

static int keep_message(struct wn_imap *imap, uint32_t octets, const struct asking *asking,
                        int *body, struct wn_error *err)
{
    if (*body >= 0 || octets > asking->body_max) {
        return refuse_nonsense(imap, "it sends more of a message than was asked for", err);
    }
    *body = memfd_create("winnow-message", MFD_CLOEXEC);
    if (*body < 0) {
        return wn_error_errno(err, WN_E_IO, errno, "a fetched message cannot be kept");
    }
    return wn_imap_wire_octets(imap->wire, octets, *body, err);
}

/* One response into imap->response, the octets of a message into *body. */
static int read_response(struct wn_imap *imap, const struct asking *asking, int *body,
                         uint64_t *size, struct wn_error *err)
{
    uint64_t dropped = 0;
    wn_buf_clear(&imap->response);
    for (;;) {
        uint32_t octets;
        bool is_message;
        int status = wn_imap_wire_line(imap->wire, &imap->response, err);
        if (status != WN_OK ||
            !wn_imap_announces(wn_buf_span(&imap->response), &octets, &is_message)) {
            return status;
        }
        if (is_message && asking->body_max > 0) {
            status = keep_message(imap, octets, asking, body, err);
            *size = octets;
        } else if ((dropped += octets) > LITERALS_MAX) {
            status = refuse_nonsense(imap, "it sends what nobody asked for", err);
        } else {
            status = wn_imap_wire_octets(imap->wire, octets, -1, err);
        }
        if (status != WN_OK) {
            return status;
        }
    }
}

static bool begins(struct wn_span s, const char *word)
{
    size_t n = strlen(word);
    return s.n >= n && wn_span_equal_nocase((struct wn_span){s.p, n}, (struct wn_span){word, n});
}

/* A response that is not the last one. */
static int take_untagged(struct wn_imap *imap, const struct asking *asking, int body, uint64_t size,
                         struct wn_error *err)
{
    struct wn_span response = wn_buf_span(&imap->response);
    if (begins(response, "* BYE")) {
        keep_refusal(imap, (struct wn_span){response.p + 5, response.n - 5});
        imap->broken = true;
        return wn_error_set(err, WN_E_TEMPFAIL, "%s: the server ends the session ('%.*s')",
                            imap->access->url->shown.p,
                            (int)(imap->refusal.len < SHOWN ? imap->refusal.len : SHOWN),
                            imap->refusal.len > 0 ? imap->refusal.p : "");
    }
    if (begins(response, "* ")) {
        return asking->visit != NULL ? asking->visit(asking->arg, response, body, size, err)
                                     : WN_OK;
    }
    return refuse_nonsense(imap, "it sends what is no response", err);
}

/* Sends the command in imap->text and takes its responses. *granted: the server says OK. */
static int ask(struct wn_imap *imap, const struct asking *asking, bool *granted,
               struct wn_error *err)
{
    char tag[16];
    struct wn_buf line = {0};
    size_t tag_length = (size_t)snprintf(tag, sizeof tag, "W%u ", ++imap->tag);
    wn_buf_addf(&line, "%s%s\r\n", tag, wn_buf_text(&imap->text));
    int status = wn_imap_wire_send(imap->wire, wn_buf_span(&line), err);
    wn_buf_release(&line);
    *granted = false;
    for (size_t i = 0; status == WN_OK; i++) {
        int body = -1;
        uint64_t size = 0;
        status = read_response(imap, asking, &body, &size, err);
        struct wn_span response = wn_buf_span(&imap->response);
        if (status == WN_OK && begins(response, tag)) {
            struct wn_span words = {response.p + tag_length, response.n - tag_length};
            *granted = begins(words, "OK");
            keep_refusal(imap, words);
            return WN_OK;
        }
        if (status == WN_OK && i >= RESPONSES_MAX) {
            status = refuse_nonsense(imap, "its responses have no end", err);
        } else if (status == WN_OK) {
            status = take_untagged(imap, asking, body, size, err);
        }
        if (body >= 0) {
            (void)close(body);
        }
    }
    imap->broken = true;
    return status;
}

/* The same for a command that the server must not refuse. `what`: the sentence if it does. */
static int demand(struct wn_imap *imap, const struct asking *asking, const char *what,
                  struct wn_error *err)
{
    bool granted;
    int status = ask(imap, asking, &granted, err);
    return status == WN_OK && !granted ? refused(imap, what, err) : status;
}

static bool has_word(struct wn_span response, struct wn_span word)
{
    const char *end = response.p + response.n;
    for (const char *p = response.p; p < end;) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        const char *stop = blank != NULL ? blank : end;
        if (wn_span_equal_nocase((struct wn_span){p, (size_t)(stop - p)}, word)) {
            return true;
        }
        p = stop + 1;
    }
    return false;
}

static int take_capability(void *arg, struct wn_span response, int body, uint64_t size,
                           struct wn_error *err)
{
    struct wn_imap *imap = arg;
    (void)body;
    (void)size;
    (void)err;
    if (begins(response, "* CAPABILITY ")) {
        imap->can_move = has_word(response, WN_SPAN("MOVE"));
        imap->can_expunge_single = has_word(response, WN_SPAN("UIDPLUS"));
    }
    return WN_OK;
}

int wn_imap_open(const struct wn_imap_access *access, struct wn_imap **imap_out,
                 struct wn_error *err)
{
    struct wn_imap *imap = wn_calloc(1, sizeof *imap);
    imap->access = access;
    *imap_out = NULL;
    int status = wn_imap_wire_open(access, &imap->wire, err);
    if (status == WN_OK) {
        wn_buf_add_text(&imap->text, "CAPABILITY");
        status = demand(imap, &(struct asking){.visit = take_capability, .arg = imap},
                        "the server does not say what it can do", err);
    }
    if (status == WN_OK) {
        *imap_out = imap;
        return WN_OK;
    }
    imap->broken = true;
    wn_imap_free(imap);
    return status;
}

void wn_imap_free(struct wn_imap *imap)
{
    if (imap == NULL) {
        return;
    }
    if (!imap->broken) {
        struct wn_error ignored = {0}; /* whether it says goodbye matters to nobody */
        (void)wn_imap_wire_send(imap->wire, WN_SPAN("W0 LOGOUT\r\n"), &ignored);
    }
    wn_imap_wire_free(imap->wire);
    wn_buf_release(&imap->response);
    wn_buf_release(&imap->refusal);
    wn_buf_release(&imap->text);
    free(imap);
}

static int take_uidvalidity(void *arg, struct wn_span response, int body, uint64_t size,
                            struct wn_error *err)
{
    uint32_t *uidvalidity = arg;
    uint64_t number;
    const struct wn_span code = WN_SPAN("* OK [UIDVALIDITY ");
    (void)body;
    (void)size;
    (void)err;
    if (begins(response, code.p)) {
        const char *from = response.p + code.n;
        const char *end = memchr(from, ']', response.n - code.n);
        if (end != NULL &&
            wn_span_number((struct wn_span){from, (size_t)(end - from)}, UINT32_MAX, &number)) {
            *uidvalidity = (uint32_t)number;
        }
    }
    return WN_OK;
}

/* A command with a mailbox, whose name the command line has checked. */
static void set_text(struct wn_imap *imap, const char *before, struct wn_span mailbox,
                     const char *after)
{
    wn_buf_clear(&imap->text);
    wn_buf_add_text(&imap->text, before);
    (void)wn_imap_add_mailbox(&imap->text, mailbox);
    wn_buf_add_text(&imap->text, after);
}

int wn_imap_select(struct wn_imap *imap, struct wn_span mailbox, bool change, uint32_t *uidvalidity,
                   struct wn_error *err)
{
    *uidvalidity = 0;
    set_text(imap, change ? "SELECT " : "EXAMINE ", mailbox, "");
    int status = demand(imap, &(struct asking){.visit = take_uidvalidity, .arg = uidvalidity},
                        "the mailbox cannot be opened", err);
    return status == WN_OK && *uidvalidity == 0
               ? refuse_nonsense(imap, "it gives the mailbox no UIDVALIDITY", err)
               : status;
}

int wn_imap_find(struct wn_imap *imap, struct wn_span mailbox, struct wn_error *err)
{
    struct wn_buf what = {0};
    set_text(imap, "STATUS ", mailbox, " (UIDVALIDITY)");
    wn_buf_addf(&what, "there is no mailbox '%.*s' to move messages to",
                mailbox.n < SHOWN ? (int)mailbox.n : SHOWN, mailbox.p);
    int status = demand(imap, &(struct asking){0}, wn_buf_text(&what), err);
    wn_buf_release(&what);
    return status;
}

void wn_imap_list_release(struct wn_imap_list *list)
{
    free(list->v);
    *list = (struct wn_imap_list){0};
}

struct listing {
    struct wn_imap *imap;
    struct wn_imap_list *list;
    uint32_t after;
    uint32_t beyond; /* from this UID on the list is not complete; 0: it is */
};

static int take_entry(void *arg, struct wn_span response, int body, uint64_t size,
                      struct wn_error *err)
{
    struct listing *l = arg;
    struct wn_imap_list *list = l->list;
    struct wn_imap_fetched f;
    (void)body;
    (void)size;
    (void)err;
    /* "n:*" is never empty: it names the last message where none is above n. And other responses
     * tell of other clients' changes. */
    if (!wn_imap_read_fetched(response, &f) || f.uid <= l->after) {
        return WN_OK;
    }
    if (list->count == WN_IMAP_LIST_MAX) {
        l->beyond = l->beyond == 0 || f.uid < l->beyond ? f.uid : l->beyond;
        return WN_OK;
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? list->capacity * 2 : 256;
        list->v = wn_realloc(list->v, list->capacity * sizeof *list->v);
    }
    list->v[list->count++] = (struct wn_imap_entry){f.uid, f.size};
    return WN_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct wn_imap_entry *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* In order, each once, and nothing behind a gap. */
static void tidy(struct wn_imap_list *list, uint32_t beyond)
{
    size_t kept = 0;
    if (list->count > 1) {
        qsort(list->v, list->count, sizeof *list->v, compare_entries);
    }
    for (size_t i = 0; i < list->count && (beyond == 0 || list->v[i].uid < beyond); i++) {
        if (kept == 0 || list->v[kept - 1].uid != list->v[i].uid) {
            list->v[kept++] = list->v[i];
        }
    }
    list->count = kept;
    list->more = beyond != 0;
}

int wn_imap_list(struct wn_imap *imap, uint32_t after, struct wn_imap_list *list,
                 struct wn_error *err)
{
    struct listing l = {.imap = imap, .list = list, .after = after};
    list->count = 0;
    list->more = false;
    if (after == UINT32_MAX) {
        return WN_OK;
    }
    wn_buf_clear(&imap->text);
    wn_buf_addf(&imap->text, "UID FETCH %lu:* (UID RFC822.SIZE)", (unsigned long)after + 1);
    int status = demand(imap, &(struct asking){.visit = take_entry, .arg = &l},
                        "its messages cannot be listed", err);
    tidy(list, l.beyond);
    return status;
}

/* "5:9,11" */
static void add_set(struct wn_buf *out, const void *first, size_t stride, size_t count)
{
    const char *at = first;
    for (size_t i = 0; i < count;) {
        uint32_t from = *(const uint32_t *)(const void *)(at + i * stride), to = from;
        while (++i < count && *(const uint32_t *)(const void *)(at + i * stride) == to + 1) {
            to++;
        }
        wn_buf_addf(out, to > from ? "%lu:%lu" : "%lu", (unsigned long)from, (unsigned long)to);
        if (i < count) {
            wn_buf_add_char(out, ',');
        }
    }
}

struct fetching {
    struct wn_imap_message *messages;
    size_t count;
};

static int compare_messages(const void *a, const void *b)
{
    const struct wn_imap_message *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* A short message may come as a quoted string. */
static int keep_quoted(struct wn_span quoted, int *fd, uint64_t *size, struct wn_error *err)
{
    struct wn_buf plain = {0};
    for (size_t i = 0; i < quoted.n; i++) {
        i += quoted.p[i] == '\\' && i + 1 < quoted.n;
        wn_buf_add_char(&plain, quoted.p[i]);
    }
    *size = plain.len;
    *fd = memfd_create("winnow-message", MFD_CLOEXEC);
    bool kept =
        *fd >= 0 && (plain.len == 0 || write(*fd, plain.p, plain.len) == (ssize_t)plain.len);
    wn_buf_release(&plain);
    return kept ? WN_OK : wn_error_errno(err, WN_E_IO, errno, "a fetched message cannot be kept");
}

static int take_message(void *arg, struct wn_span response, int body, uint64_t size,
                        struct wn_error *err)
{
    struct fetching *f = arg;
    struct wn_imap_fetched fetched;
    if (!wn_imap_read_fetched(response, &fetched) || !fetched.has_body) {
        return WN_OK; /* of flags that change */
    }
    struct wn_imap_message *m = bsearch(&(struct wn_imap_message){.uid = fetched.uid}, f->messages,
                                        f->count, sizeof *f->messages, compare_messages);
    if (m == NULL || m->fd >= 0) {
        return WN_OK; /* not asked for, or not again */
    }
    if (body < 0) {
        return keep_quoted(fetched.body, &m->fd, &m->size, err);
    }
    m->fd = dup(body);
    m->size = size;
    return m->fd >= 0 ? WN_OK
                      : wn_error_errno(err, WN_E_IO, errno, "a fetched message cannot be kept");
}

int wn_imap_fetch(struct wn_imap *imap, struct wn_imap_message *messages, size_t count,
                  uint32_t max, struct wn_error *err)
{
    struct fetching f = {messages, count};
    for (size_t i = 0; i < count; i++) {
        messages[i].fd = -1;
    }
    wn_buf_clear(&imap->text);
    wn_buf_add_text(&imap->text, "UID FETCH ");
    add_set(&imap->text, &messages[0].uid, sizeof *messages, count);
    wn_buf_addf(&imap->text, " (UID BODY.PEEK[]<0.%lu>)", (unsigned long)max);
    bool granted;
    int status = ask(imap, &(struct asking){take_message, &f, max}, &granted, err);
    /* Those that are gone are passed over with OK, or with NO (RFC 2180, 4.1); but NO may also be
     * said of one that is there, which must not be taken for gone. */
    return status == WN_OK && !granted ? refused(imap, "some messages cannot be fetched", err)
                                       : status;
}

int wn_imap_move(struct wn_imap *imap, const uint32_t *uids, size_t count, struct wn_span mailbox,
                 struct wn_error *err)
{
    static const char what[] = "the messages cannot be moved";
    struct wn_buf set = {0};
    struct wn_buf command = {0};
    add_set(&set, uids, sizeof *uids, count);
    wn_buf_addf(&command, "UID %s %s ", imap->can_move ? "MOVE" : "COPY", wn_buf_text(&set));
    set_text(imap, wn_buf_text(&command), mailbox, "");
    int status = demand(imap, &(struct asking){0}, what, err);
    if (status == WN_OK && !imap->can_move) {
        wn_buf_clear(&imap->text);
        wn_buf_addf(&imap->text, "UID STORE %s +FLAGS.SILENT (\\Deleted)", wn_buf_text(&set));
        status = demand(imap, &(struct asking){0}, what, err);
    }
    if (status == WN_OK && !imap->can_move && imap->can_expunge_single) {
        wn_buf_clear(&imap->text);
        wn_buf_addf(&imap->text, "UID EXPUNGE %s", wn_buf_text(&set));
        status = demand(imap, &(struct asking){0}, what, err);
    }
    wn_buf_release(&set);
    wn_buf_release(&command);
    return status;
}
