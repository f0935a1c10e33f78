/* SPDX-License-Identifier: MIT */
#include "support/fake_smtp.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LINKS_MAX = 40000,
    REPLY_MAX = 256,
    SPIN_MAX = 100000, /* waits that bring neither time nor an event: a busy loop */
    CONNECT_MS = 15000,
    BANNER_MS = 45000
};

struct mailbox {
    char *address, *reply;
    int64_t first_ms; /* when it was first asked, of greylisting; -1: never */
};

struct server {
    struct fake_persona persona;
    unsigned group;
    unsigned asked;
};

struct link {
    void *owner;
    unsigned number, server;
    bool plain, gone; /* gone: on either side */
    bool is_closed;   /* by the prober */
    unsigned recipients, answered;
    char domain[64]; /* of the first recipient; cut */
    bool hangs;
    int64_t busy_until;
    int64_t said_at; /* the last command */
    unsigned said_together;
    struct wn_link_facts facts;
};

struct due {
    int64_t at_ms;
    uint64_t order;
    struct link *link;
    enum wn_link_event_kind kind;
    enum wn_link_phase phase;
    bool timed_out, refused, ours;
    const char *detail;
    char text[REPLY_MAX];
    size_t n;
};

struct fake_world {
    int64_t now;
    struct server *servers;
    size_t server_count;
    struct mailbox *mailboxes;
    size_t mailbox_count;
    struct link **links;
    size_t link_count;
    struct due *dues;
    size_t due_count;
    uint64_t order;
    struct due given;             /* the event that was given out last, and … */
    struct wn_smtp_reader reader; /* … its refusal */
    struct fake_entry *entries;
    size_t entry_count;
    unsigned spins, open, handles;
    int64_t stop_at;
    _Atomic int *stop;
};

struct fake_world *fake_world_new(void)
{
    struct fake_world *w = calloc(1, sizeof *w);
    w->now = 1000000;
    w->stop_at = INT64_MAX;
    return w;
}

void fake_world_free(struct fake_world *w)
{
    for (size_t i = 0; i < w->mailbox_count; i++) {
        free(w->mailboxes[i].address);
        free(w->mailboxes[i].reply);
    }
    for (size_t i = 0; i < w->link_count; i++) {
        ck_assert_msg(w->links[i]->is_closed, "a link was left open");
        free(w->links[i]);
    }
    free(w->mailboxes);
    free(w->links);
    free(w->servers);
    free(w->dues);
    free(w->entries);
    free(w);
}

unsigned fake_server(struct fake_world *w, const struct fake_persona *persona, unsigned group)
{
    w->servers = wn_realloc(w->servers, (w->server_count + 1) * sizeof *w->servers);
    w->servers[w->server_count] = (struct server){*persona, group, 0};
    return (unsigned)w->server_count++;
}

struct fake_persona *fake_persona(struct fake_world *w, unsigned server)
{
    return &w->servers[server].persona;
}

struct wn_ip fake_ip(unsigned server)
{
    return (struct wn_ip){
        .family = 4,
        .bytes = {10, (uint8_t)(server >> 16), (uint8_t)(server >> 8), (uint8_t)server}};
}

void fake_mailbox(struct fake_world *w, const char *address, const char *reply)
{
    w->mailboxes = wn_realloc(w->mailboxes, (w->mailbox_count + 1) * sizeof *w->mailboxes);
    w->mailboxes[w->mailbox_count++] = (struct mailbox){strdup(address), strdup(reply), -1};
}

static struct mailbox *find_mailbox(const struct fake_world *w, struct wn_span address)
{
    for (size_t i = 0; i < w->mailbox_count; i++) {
        if (wn_span_equal(wn_span_of(w->mailboxes[i].address), address)) {
            return &w->mailboxes[i];
        }
    }
    return NULL;
}

bool fake_is_mailbox(const struct fake_world *w, struct wn_span address)
{
    return find_mailbox(w, address) != NULL;
}

int64_t fake_now(const struct fake_world *w)
{
    return w->now;
}

void fake_stop_at(struct fake_world *w, int64_t at_ms, _Atomic int *stop)
{
    w->stop_at = at_ms;
    w->stop = stop;
}

void fake_handles(struct fake_world *w, unsigned most)
{
    w->handles = most + 1;
}

const struct fake_entry *fake_transcript(const struct fake_world *w, size_t *count)
{
    *count = w->entry_count;
    return w->entries;
}

static void note(struct fake_world *w, const struct link *link, enum fake_what what,
                 struct wn_span address)
{
    if ((w->entry_count & (w->entry_count - 1)) == 0) {
        size_t room = w->entry_count > 0 ? w->entry_count * 2 : 1;
        w->entries = wn_realloc(w->entries, room * sizeof *w->entries);
    }
    struct fake_entry *e = &w->entries[w->entry_count++];
    *e = (struct fake_entry){.at_ms = w->now,
                             .link = link->number,
                             .server = link->server,
                             .group = w->servers[link->server].group,
                             .what = what,
                             .plain = link->plain};
    snprintf(e->address, sizeof e->address, "%.*s", (int)address.n, address.n > 0 ? address.p : "");
}

static struct due *add_due(struct fake_world *w, struct link *link, int64_t at_ms,
                           enum wn_link_event_kind kind)
{
    w->dues = wn_realloc(w->dues, (w->due_count + 1) * sizeof *w->dues);
    struct due *due = &w->dues[w->due_count++];
    *due = (struct due){.at_ms = at_ms, .order = w->order++, .link = link, .kind = kind};
    return due;
}

static void fail_at(struct fake_world *w, struct link *link, int64_t in_ms,
                    enum wn_link_phase phase, const char *detail)
{
    struct due *due = add_due(w, link, w->now + in_ms, WN_LINK_FAILED);
    due->phase = phase;
    due->detail = detail;
    due->timed_out = in_ms >= CONNECT_MS;
    due->refused = phase == WN_LINK_CONNECT && !due->timed_out;
}

static void drop_at(struct fake_world *w, struct link *link, int64_t at_ms)
{
    add_due(w, link, at_ms, WN_LINK_CLOSED)->detail = "the server closed the connection";
}

static void open_door(struct fake_world *w, struct link *link)
{
    const struct fake_persona *persona = &w->servers[link->server].persona;
    int64_t round = 4 * (int64_t)persona->latency_ms;
    if (persona->greeting != NULL) {
        fail_at(w, link, round, WN_LINK_BANNER, "the server does not want to talk");
        struct due *due = &w->dues[w->due_count - 1];
        due->timed_out = false;
        due->n = (size_t)snprintf(due->text, sizeof due->text, "%s\r\n", persona->greeting);
        ck_assert_uint_lt(due->n, sizeof due->text);
        return;
    }
    switch (persona->door) {
    case FAKE_REFUSED:
        fail_at(w, link, 1, WN_LINK_CONNECT, "connection refused");
        break;
    case FAKE_NO_WAY:
        fail_at(w, link, 1, WN_LINK_CONNECT, "the network is unreachable");
        w->dues[w->due_count - 1].refused = false;
        w->dues[w->due_count - 1].ours = true;
        break;
    case FAKE_SILENT:
        fail_at(w, link, CONNECT_MS, WN_LINK_CONNECT, "no answer");
        break;
    case FAKE_MUTE:
        fail_at(w, link, BANNER_MS, WN_LINK_BANNER, "no greeting");
        break;
    case FAKE_GARBAGE:
        fail_at(w, link, 5, WN_LINK_BANNER, "the server speaks no SMTP");
        break;
    default:
        if (persona->door == FAKE_BAD_TLS && !link->plain) {
            fail_at(w, link, 5, WN_LINK_STARTTLS, "TLS failed");
            return;
        }
        link->facts.pipelining = persona->pipelining;
        link->facts.utf8 = persona->utf8;
        add_due(w, link, w->now + round, WN_LINK_READY);
        if (persona->door == FAKE_RST) {
            drop_at(w, link, w->now + round + 1);
            link->hangs = true;
        }
    }
}

static void *io_connect(void *arg, const struct wn_endpoint *to, bool plain, void *owner)
{
    struct fake_world *w = arg;
    if (w->handles > 0 && w->open + 1 >= w->handles) {
        return NULL;
    }
    ck_assert_uint_lt(w->link_count, LINKS_MAX);
    struct link *link = calloc(1, sizeof *link);
    link->owner = owner;
    link->plain = plain;
    link->number = (unsigned)w->link_count;
    link->server =
        ((unsigned)to->ip.bytes[1] << 16) | ((unsigned)to->ip.bytes[2] << 8) | to->ip.bytes[3];
    ck_assert_uint_lt(link->server, w->server_count);
    w->links = wn_realloc(w->links, (w->link_count + 1) * sizeof(struct link *));
    w->links[w->link_count++] = link;
    w->open++;
    note(w, link, FAKE_CONNECT, WN_SPAN(""));
    open_door(w, link);
    return link;
}

static void reply(struct fake_world *w, struct link *link, const char *format, const char *address)
{
    const struct server *server = &w->servers[link->server];
    int64_t from = link->busy_until > w->now ? link->busy_until : w->now;
    link->busy_until = from + server->persona.latency_ms;
    char text[REPLY_MAX];
    int n = snprintf(text, sizeof text - 2, format, address);
    ck_assert_int_lt(n, REPLY_MAX - 2);
    strcat(text, "\r\n");
    /* In two pieces, to keep readers honest. */
    size_t cut = (size_t)(n / 2);
    for (unsigned piece = 0; piece < 2; piece++) {
        struct due *due = add_due(w, link, link->busy_until, WN_LINK_BYTES);
        const char *from_text = piece == 0 ? text : text + cut;
        due->n = piece == 0 ? cut : strlen(text) - cut;
        memcpy(due->text, from_text, due->n);
    }
}

static bool is_of_first_domain(struct link *link, struct wn_span address)
{
    char text[96];
    snprintf(text, sizeof text, "%.*s", (int)address.n, address.p);
    const char *domain = strchr(text, '@');
    ck_assert_ptr_nonnull(domain);
    if (link->domain[0] == '\0') {
        snprintf(link->domain, sizeof link->domain, "%s", domain);
    }
    return strcmp(link->domain, domain) == 0;
}

static const char *answer_of(struct fake_world *w, struct server *server, struct link *link,
                             struct wn_span address)
{
    const struct fake_persona *persona = &server->persona;
    struct mailbox *m = find_mailbox(w, address);
    if (persona->recipients > 0 && link->recipients > persona->recipients) {
        return "452 4.5.3 Too many recipients";
    }
    if (persona->one_domain && !is_of_first_domain(link, address)) {
        return "451 4.3.0 Multiple destination domains per transaction is unsupported. Please try "
               "again.";
    }
    if (persona->turned != NULL && server->asked > persona->turns_after) {
        return persona->turned;
    }
    if (persona->greylist_ms > 0 && m != NULL) {
        m->first_ms = m->first_ms < 0 ? w->now : m->first_ms;
        if (w->now < m->first_ms + (int64_t)persona->greylist_ms) {
            return "451 4.7.1 Greylisting in action, please come back later";
        }
    }
    bool postmaster = address.n > 11 && memcmp(address.p, "postmaster@", 11) == 0;
    if (m != NULL) {
        return m->reply;
    }
    if (persona->catch_all || (postmaster && persona->postmaster)) {
        return "250 2.1.5 Ok";
    }
    return persona->unknown != NULL ? persona->unknown : "550 5.1.1 <%s>: User unknown";
}

static void hear_rcpt(struct fake_world *w, struct link *link, struct wn_span address)
{
    struct server *server = &w->servers[link->server];
    const struct fake_persona *persona = &server->persona;
    char text[96];
    snprintf(text, sizeof text, "%.*s", (int)address.n, address.p);
    link->recipients++;
    server->asked++;
    if (persona->closes_after > 0 && link->answered >= persona->closes_after) {
        reply(w, link, "421 4.3.2 Service shutting down", "");
        note(w, link, FAKE_DROP, WN_SPAN(""));
        drop_at(w, link, link->busy_until);
        link->hangs = true;
        return;
    }
    if (persona->stutters && link->recipients == 1) {
        reply(w, link, "250 2.1.5 Ok", "");
    }
    reply(w, link, answer_of(w, server, link, address), text);
    link->answered++;
    if (persona->drops_after > 0 && link->answered >= persona->drops_after) {
        drop_at(w, link, link->busy_until);
        link->hangs = true;
    }
    link->hangs =
        link->hangs || (persona->hangs_after > 0 && link->answered >= persona->hangs_after);
}

static void hear_mail(struct fake_world *w, struct link *link)
{
    const struct fake_persona *persona = &w->servers[link->server].persona;
    if (persona->door == FAKE_BUSY_PLUS) {
        reply(w, link, "421 4.3.2 Try again later", "");
        note(w, link, FAKE_DROP, WN_SPAN(""));
        drop_at(w, link, link->busy_until);
        link->hangs = true;
        return;
    }
    reply(w, link, persona->mail != NULL ? persona->mail : "250 2.1.0 Ok", "");
}

/* Whether a command is lost among those that came with it. */
static bool is_lost(struct fake_world *w, struct link *link)
{
    const struct fake_persona *persona = &w->servers[link->server].persona;
    bool together = link->said_at == w->now && w->now > 0;
    link->said_together = together ? link->said_together + 1 : 0;
    link->said_at = w->now;
    if (persona->babbles && link->said_together == 2) {
        reply(w, link, "what?", "");
        return true;
    }
    return (persona->loses_pipelined || persona->babbles) && link->said_together > 0;
}

static int io_send(void *arg, void *handle, const struct wn_smtp_command *command,
                   struct wn_error *err)
{
    struct fake_world *w = arg;
    struct link *link = handle;
    static const enum fake_what whats[] = {FAKE_MAIL, FAKE_RCPT, FAKE_RSET, FAKE_QUIT};
    (void)err;
    ck_assert(!link->is_closed);
    ck_assert_uint_lt(command->verb, WN_SMTP_VERB_COUNT);
    struct wn_buf line = {0};
    ck_assert(wn_smtp_command_write(command, &line));
    wn_buf_release(&line);
    note(w, link, whats[command->verb], command->address);
    if (link->gone || link->hangs || is_lost(w, link)) {
        return WN_OK;
    }
    switch (command->verb) {
    case WN_SMTP_MAIL:
        hear_mail(w, link);
        break;
    case WN_SMTP_RCPT:
        hear_rcpt(w, link, command->address);
        break;
    case WN_SMTP_RSET:
        reply(w, link, "250 2.0.0 Ok", "");
        break;
    default:
        reply(w, link, "221 2.0.0 Bye", "");
        break;
    }
    return WN_OK;
}

static const struct wn_link_facts *io_facts(void *arg, void *handle)
{
    (void)arg;
    return &((struct link *)handle)->facts;
}

static void io_close(void *arg, void *handle)
{
    struct fake_world *w = arg;
    struct link *link = handle;
    ck_assert(!link->is_closed);
    link->is_closed = true;
    w->open--;
    memset(w->given.text, '#', sizeof w->given.text); /* its texts go with it */
    memset(&w->reader.reply, '#', sizeof w->reader.reply);
    note(w, link, FAKE_CLOSE, WN_SPAN(""));
    size_t kept = 0;
    for (size_t i = 0; i < w->due_count; i++) {
        if (w->dues[i].link != link) {
            w->dues[kept++] = w->dues[i];
        }
    }
    w->due_count = kept;
}

/* The first in time, then in order. */
static size_t first_due(const struct fake_world *w)
{
    size_t first = 0;
    for (size_t i = 1; i < w->due_count; i++) {
        const struct due *a = &w->dues[i], *b = &w->dues[first];
        if (a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order)) {
            first = i;
        }
    }
    return first;
}

static const struct wn_smtp_reply *refusal(struct fake_world *w)
{
    struct wn_span text = {w->given.text, w->given.n};
    memset(&w->reader, 0, sizeof w->reader);
    ck_assert_int_eq(wn_smtp_reader_take(&w->reader, &text), WN_SMTP_READ_REPLY);
    return &w->reader.reply;
}

static bool io_wait(void *arg, int timeout_ms, struct wn_link_event *event)
{
    struct fake_world *w = arg;
    size_t i = first_due(w);
    int64_t until = w->now + timeout_ms;
    bool any = w->due_count > 0 && w->dues[i].at_ms <= until;
    int64_t then = any ? w->dues[i].at_ms : until;
    w->spins = any || then > w->now ? 0 : w->spins + 1;
    ck_assert_msg(w->spins < SPIN_MAX, "the prober waits for nothing");
    w->now = then > w->now ? then : w->now;
    if (w->now >= w->stop_at) {
        *w->stop = 1;
    }
    if (!any) {
        return false;
    }
    w->given = w->dues[i];
    w->dues[i] = w->dues[--w->due_count];
    const struct due *due = &w->given;
    *event = (struct wn_link_event){.kind = due->kind,
                                    .owner = due->link->owner,
                                    .phase = due->phase,
                                    .timed_out = due->timed_out,
                                    .refused = due->refused,
                                    .ours = due->ours,
                                    .detail = due->detail};
    if (due->kind == WN_LINK_BYTES) {
        event->bytes = due->text;
        event->n = due->n;
    } else if (due->n > 0) {
        event->reply = refusal(w);
    }
    if (due->kind == WN_LINK_READY) {
        note(w, due->link, FAKE_READY, WN_SPAN(""));
    } else if (due->kind == WN_LINK_CLOSED || due->kind == WN_LINK_FAILED) {
        due->link->gone = true;
        note(w, due->link, FAKE_DROP, WN_SPAN(""));
    }
    return true;
}

static int64_t io_now(void *arg)
{
    return ((struct fake_world *)arg)->now;
}

void fake_io(struct fake_world *w, struct wn_prober_io *io)
{
    *io = (struct wn_prober_io){.arg = w,
                                .now_ms = io_now,
                                .connect = io_connect,
                                .send = io_send,
                                .facts = io_facts,
                                .close = io_close,
                                .wait = io_wait};
}
