/* SPDX-License-Identifier: MIT */
#include "support/probing.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

const struct fake_persona honest = {.latency_ms = 20};

static const int64_t retry_ms[] = {300000, 900000, 1800000};

void probing_init(struct probing *x)
{
    memset(x, 0, sizeof *x);
    x->w = fake_world_new();
    x->mailboxes = calloc(PROBING_MAX, sizeof *x->mailboxes);
    x->recipients = 5;
    x->config = (struct wn_prober_config){.sender = WN_SPAN("probe@sender.example"),
                                          .retry_ms = retry_ms,
                                          .retries = 3,
                                          .catch_all = true,
                                          .seed = 7};
}

void probing_release(struct probing *x)
{
    wn_prober_free(x->p);
    fake_world_free(x->w);
    free(x->mailboxes);
}

static struct wn_prober *prober(struct probing *x)
{
    if (x->p == NULL) {
        struct wn_prober_io io;
        fake_io(x->w, &io);
        x->p = wn_prober_new(&x->config, &io);
    }
    return x->p;
}

unsigned probing_server(struct probing *x, struct fake_persona persona, unsigned group)
{
    return fake_server(x->w, &persona, group);
}

uint32_t probing_domain(struct probing *x, const char *name, unsigned group, const int *servers)
{
    char names[16][24], group_name[16];
    struct wn_ip ips[16];
    struct wn_prober_host hosts[16];
    size_t n = 0;
    for (; servers[n] >= 0; n++) {
        snprintf(names[n], sizeof names[n], "mx%d.example", servers[n]);
        ips[n] = fake_ip((unsigned)servers[n]);
        hosts[n] = (struct wn_prober_host){names[n], &ips[n], 1};
    }
    snprintf(group_name, sizeof group_name, "g%u", group);
    struct wn_prober_domain domain = {
        .name = wn_span_of(name), .group = wn_span_of(group_name), .hosts = hosts, .host_count = n};
    uint32_t number = wn_prober_domain(prober(x), &domain);
    ck_assert_uint_lt(number, PROBING_MAX);
    snprintf(x->domain_names[number], sizeof x->domain_names[number], "%s", name);
    return number;
}

uint32_t probing_site(struct probing *x, const char *name, struct fake_persona persona,
                      unsigned group)
{
    int servers[] = {(int)probing_server(x, persona, group), -1};
    return probing_domain(x, name, group, servers);
}

static unsigned add(struct probing *x, uint32_t domain, const char *local, const char *reply,
                    bool canary)
{
    ck_assert_uint_lt(x->count, PROBING_MAX);
    struct probing_mailbox *m = &x->mailboxes[x->count];
    snprintf(m->address, sizeof m->address, "%s@%s", local, x->domain_names[domain]);
    if (reply != NULL) {
        fake_mailbox(x->w, m->address, reply);
        m->exists = strncmp(reply, "250", 3) == 0;
    }
    m->canary = canary;
    wn_prober_mailbox(prober(x), domain, wn_span_of(m->address), x->count, canary, 0);
    return x->count++;
}

unsigned probing_mailbox(struct probing *x, uint32_t domain, const char *local, const char *reply)
{
    return add(x, domain, local, reply, false);
}

unsigned probing_canary(struct probing *x, uint32_t domain, const char *local, const char *reply)
{
    return add(x, domain, local, reply, true);
}

unsigned probing_mailboxes(struct probing *x, uint32_t domain, const char *name, unsigned n,
                           const char *reply)
{
    unsigned first = x->count;
    for (unsigned i = 0; i < n; i++) {
        char local[32];
        snprintf(local, sizeof local, "%s%u", name, i);
        (void)add(x, domain, local, reply, false);
    }
    return first;
}

static void note_answer(struct probing *x, const struct wn_prober_report *r)
{
    struct probing_mailbox *m = &x->mailboxes[r->tag];
    m->answer = r->answer;
    m->due_ms = r->due_ms;
    m->has_meaning = r->meaning != NULL;
    snprintf(m->text, sizeof m->text, "%.*s", (int)r->text.n, r->text.n > 0 ? r->text.p : "");
    snprintf(m->host, sizeof m->host, "%.*s", (int)r->host.n, r->host.n > 0 ? r->host.p : "");
}

/* "g12" is 12. */
static unsigned group_number(struct wn_span name)
{
    uint64_t number = 0;
    ck_assert(wn_span_number((struct wn_span){name.p + 1, name.n - 1}, PROBING_GROUPS, &number));
    return (unsigned)number;
}

static int visit(void *arg, const struct wn_prober_report *r)
{
    struct probing *x = arg;
    switch (r->kind) {
    case WN_PROBER_ANSWER:
        x->mailboxes[r->tag].answers++;
        x->mailboxes[r->tag].again = r->again;
        note_answer(x, r);
        break;
    case WN_PROBER_PARKED:
        x->mailboxes[r->tag].parked++;
        ck_assert_uint_eq(x->mailboxes[r->tag].answers, 0);
        ck_assert(r->due_ms > fake_now(x->w));
        break;
    case WN_PROBER_WITHDRAWN:
        ck_assert_uint_eq(x->mailboxes[r->tag].answers, 1);
        ck_assert(r->answer == WN_ANSWER_error ||
                  x->mailboxes[r->tag].answer == WN_ANSWER_not_found ||
                  x->mailboxes[r->tag].answer == WN_ANSWER_disabled);
        ck_assert(!r->again || x->mailboxes[r->tag].doubted);
        x->mailboxes[r->tag].doubted = false;
        x->mailboxes[r->tag].withdrawn++;
        note_answer(x, r);
        break;
    case WN_PROBER_DOUBTED:
        ck_assert(!x->mailboxes[r->tag].doubted);
        ck_assert_uint_eq(x->mailboxes[r->tag].answers, 1);
        ck_assert_int_eq(x->mailboxes[r->tag].answer, r->answer);
        x->mailboxes[r->tag].doubted = true;
        x->doubts++;
        break;
    case WN_PROBER_CONFIRMED:
        ck_assert(x->mailboxes[r->tag].doubted);
        x->mailboxes[r->tag].doubted = false;
        x->confirmed++;
        break;
    case WN_PROBER_CATCH_ALL:
        ck_assert(x->catch_all[r->domain] == WN_CATCH_ALL_not_run ||
                  r->catch_all == WN_CATCH_ALL_inconclusive);
        x->catch_all[r->domain] = r->catch_all;
        x->catch_all_reports++;
        break;
    default:
        x->stopped_groups[x->stopped++] = group_number(r->group);
        snprintf(x->stopped_text, sizeof x->stopped_text, "%.*s", (int)r->text.n, r->text.p);
    }
    return x->visit_status;
}

static int progress(void *arg)
{
    struct probing *x = arg;
    int64_t now = fake_now(x->w);
    int64_t silence = x->progressed > 0 ? now - x->progressed_at : 0;
    x->longest_silence = silence > x->longest_silence ? silence : x->longest_silence;
    x->progressed_at = now;
    x->progressed++;
    return x->progress_status;
}

/* A connection is open from CONNECT to whoever ends it first. */
static void check_connections(const struct fake_entry *v, size_t n, unsigned most)
{
    static unsigned open[PROBING_GROUPS];
    static unsigned char ended[1 << 16];
    memset(open, 0, sizeof open);
    memset(ended, 0, sizeof ended);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_lt(v[i].link, sizeof ended);
        if (v[i].what == FAKE_CONNECT) {
            open[v[i].group]++;
            ck_assert_uint_le(open[v[i].group], most);
        } else if (v[i].what == FAKE_DROP || v[i].what == FAKE_CLOSE) {
            open[v[i].group] -= !ended[v[i].link];
            ended[v[i].link] = 1;
        }
    }
}

struct manners {
    unsigned recipients;
    bool ready, quit, dropped, closed, random, mail;
};

static void check_manners(const struct probing *x, const struct fake_entry *v, size_t n)
{
    struct manners *links = calloc(n + 1, sizeof *links);
    for (size_t i = 0; i < n; i++) {
        struct manners *m = &links[v[i].link];
        switch (v[i].what) {
        case FAKE_READY:
            m->ready = true;
            break;
        case FAKE_MAIL:
            ck_assert(m->ready && !m->mail && !m->quit);
            m->mail = true;
            break;
        case FAKE_RCPT:
            ck_assert(m->mail && !m->quit);
            ck_assert_msg(!m->random, "%s was asked after a random mailbox", v[i].address);
            m->random = strcspn(v[i].address, "@") == 20;
            ck_assert_uint_le(++m->recipients, x->recipients);
            break;
        case FAKE_QUIT:
            ck_assert(!m->quit);
            m->quit = true;
            break;
        case FAKE_DROP:
            m->dropped = true;
            break;
        case FAKE_CLOSE:
            m->closed = true;
            ck_assert_msg(!m->ready || m->quit || m->dropped, "link %u was closed without QUIT",
                          v[i].link);
            break;
        default:
            break;
        }
    }
    free(links);
}

static void check_rate(const struct probing *x, const struct fake_entry *v, size_t n)
{
    uint32_t most = x->config.per_minute > 0 ? x->config.per_minute : 60;
    static unsigned counts[PROBING_GROUPS];
    memset(counts, 0, sizeof counts);
    for (size_t i = 0, first = 0; i < n; i++) {
        for (; v[first].at_ms + 60000 <= v[i].at_ms; first++) {
            counts[v[first].group] -= v[first].what == FAKE_RCPT;
        }
        counts[v[i].group] += v[i].what == FAKE_RCPT;
        ck_assert_uint_le(counts[v[i].group], most);
    }
}

/* Every limit at every moment, QUIT for everyone, and nobody asked too often. */
static void check_rules(const struct probing *x)
{
    size_t n;
    const struct fake_entry *v = fake_transcript(x->w, &n);
    check_connections(v, n, x->config.connections > 0 ? x->config.connections : 2);
    check_manners(x, v, n);
    check_rate(x, v, n);
    for (unsigned i = 0; i < x->count; i++) {
        const struct probing_mailbox *m = &x->mailboxes[i];
        ck_assert_uint_le(m->answers, 1);
        ck_assert_uint_le(m->parked, x->config.retries);
        bool witness = m->answer == WN_ANSWER_accepted || m->canary;
        unsigned most = 1 + m->parked + 3 + (witness ? x->rechecks : 0);
        ck_assert_uint_le(probing_asked(x, m->address), most);
    }
    struct wn_prober_counts counts;
    wn_prober_counts(x->p, &counts);
    ck_assert_uint_eq(counts.asked, probing_entries(x, FAKE_RCPT));
    uint64_t asked = 0;
    struct wn_prober_use use;
    for (size_t i = 0; wn_prober_use(x->p, i, &use); i++) {
        asked += use.asked;
    }
    ck_assert_uint_eq(asked, counts.asked);
    ck_assert_uint_eq(counts.connections, probing_entries(x, FAKE_CONNECT));
    ck_assert_uint_eq(counts.open, 0);
    ck_assert_uint_eq(counts.answered + counts.parked + counts.left, x->count);
    ck_assert(x->config.max == 0 || counts.asked <= x->config.max);
}

int probing_try(struct probing *x)
{
    int status = wn_prober_run(prober(x), &x->stop, visit, progress, x, &x->err);
    ck_assert_int_le(x->longest_silence, 200);
    for (unsigned i = 0; i < x->count && status == WN_OK; i++) {
        ck_assert_msg(!x->mailboxes[i].doubted, "%s was left in doubt", x->mailboxes[i].address);
    }
    check_rules(x);
    return status;
}

void probing_run(struct probing *x)
{
    ck_assert_msg(probing_try(x) == WN_OK, "%s", x->err.text);
}

unsigned probing_asked(const struct probing *x, const char *address)
{
    size_t n;
    unsigned count = 0;
    const struct fake_entry *v = fake_transcript(x->w, &n);
    for (size_t i = 0; i < n; i++) {
        count += v[i].what == FAKE_RCPT && strcmp(v[i].address, address) == 0;
    }
    return count;
}

unsigned probing_entries(const struct probing *x, enum fake_what what)
{
    size_t n;
    unsigned count = 0;
    const struct fake_entry *v = fake_transcript(x->w, &n);
    for (size_t i = 0; i < n; i++) {
        count += v[i].what == what;
    }
    return count;
}

unsigned probing_answers(const struct probing *x, unsigned first, unsigned n,
                         enum wn_probe_answer answer)
{
    unsigned count = 0;
    for (unsigned i = first; i < first + n; i++) {
        count += x->mailboxes[i].answer == answer;
    }
    return count;
}
