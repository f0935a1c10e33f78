/* SPDX-License-Identifier: MIT */
/* The mill of lookup.c for a single question: each attempt goes to the next server, and what c-ares
 * gave up before its time is asked again. */
#include "dns/ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/servers.h"
#include "dns/upstream.h"

static const struct {
    enum wn_dns_type type;
    const char *word;
} types[WN_ASK_COUNT] = {
    [WN_ASK_A] = {WN_DNS_A, "A"},       [WN_ASK_AAAA] = {WN_DNS_AAAA, "AAAA"},
    [WN_ASK_PTR] = {WN_DNS_PTR, "PTR"}, [WN_ASK_TXT] = {WN_DNS_TXT, "TXT"},
    [WN_ASK_MX] = {WN_DNS_MX, "MX"},
};

struct inquiry {
    struct wn_ask ask; /* first: replies are given by it */
    enum wn_dns_type type;
    bool replied;
    enum wn_reply reply;
    const char *fault; /* NULL: answered for good */
    const _Atomic int *stop;
    struct wn_dns_answer answer;
    struct wn_buf texts; /* the answer's */
};

static void on_reply(struct wn_ask *ask, enum wn_reply reply, const uint8_t *message, size_t length)
{
    struct inquiry *q = (struct inquiry *)ask;
    q->replied = true;
    q->reply = reply;
    if (reply == WN_REPLY_MESSAGE) {
        wn_buf_clear(&q->texts);
        q->answer.texts = &q->texts;
        q->fault = wn_dns_read_final(message, length, q->type, &q->answer);
    } else {
        q->fault = wn_reply_fault(reply);
    }
}

static int stopped(const struct inquiry *q)
{
    return q->stop != NULL ? *q->stop : 0;
}

/* One attempt: a whole time-out's worth of patience, unless it is stopped. */
static void attempt(struct inquiry *q, struct wn_upstream *upstream, size_t server,
                    const char *name, int timeout_ms)
{
    int64_t began = wn_clock_monotonic_ms();
    do {
        q->replied = false;
        wn_upstream_ask(upstream, server, name, q->type, &q->ask);
        while (!q->replied && stopped(q) == 0) {
            wn_upstream_run(upstream, -1); /* comes back within a tick */
        }
        /* A quarter is left for clocks that disagree. */
    } while (q->replied && q->reply == WN_REPLY_TIMEOUT &&
             wn_clock_monotonic_ms() - began < timeout_ms * INT64_C(3) / 4);
}

/* The name under which an address's host name is found. */
static void write_reverse(const struct wn_ip *ip, struct wn_buf *name)
{
    for (int i = ip->family == 4 ? 3 : 15; i >= 0; i--) {
        if (ip->family == 4) {
            wn_buf_addf(name, "%u.", ip->bytes[i]);
        } else {
            wn_buf_addf(name, "%x.%x.", ip->bytes[i] & 0xfU, ip->bytes[i] >> 4U);
        }
    }
    wn_buf_add_text(name, ip->family == 4 ? "in-addr.arpa" : "ip6.arpa");
}

/* Addresses and MX records as texts behind one another, each with its NUL, as PTR and TXT are. */
static void write_records(struct inquiry *q)
{
    const struct wn_dns_answer *a = &q->answer;
    for (size_t i = 0; i < a->ip_count; i++) {
        char ip[WN_IP_TEXT];
        wn_ip_format(&a->ip[i], ip);
        wn_buf_add(&q->texts, ip, strlen(ip) + 1);
    }
    for (size_t i = 0; i < a->mx_count; i++) {
        const char *host = a->mx[i].host[0] != '\0' ? a->mx[i].host : ".";
        wn_buf_addf(&q->texts, "%u %s", a->mx[i].preference, host);
        wn_buf_add_char(&q->texts, '\0');
    }
}

static void take_answer(struct inquiry *q, struct wn_ask_answer *answer)
{
    write_records(q);
    size_t count = q->answer.ip_count + q->answer.mx_count + q->answer.text_count;
    if (count == 0) {
        return;
    }
    answer->v = wn_malloc(count * sizeof *answer->v + q->texts.len);
    char *text = (char *)(answer->v + count);
    memcpy(text, q->texts.p, q->texts.len);
    for (answer->count = 0; answer->count < count; answer->count++) {
        answer->v[answer->count] = text;
        text += strlen(text) + 1;
    }
}

void wn_ask_answer_release(struct wn_ask_answer *answer)
{
    free((void *)answer->v);
    *answer = (struct wn_ask_answer){0};
}

static int put_question(struct inquiry *q, const struct wn_resolver_config *config,
                        const char *name, const char *word, struct wn_error *err)
{
    struct wn_servers servers;
    struct wn_upstream *upstream;
    int timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : WN_RESOLVER_TIMEOUT_MS;
    size_t tries = config->tries > 0 ? (size_t)config->tries : WN_RESOLVER_TRIES;
    int status = config->servers != NULL ? wn_servers_read(config->servers, &servers, err)
                                         : wn_servers_system(&servers, err);
    if (status == WN_OK) {
        status = wn_upstream_new(&servers, timeout_ms, &upstream, err);
    }
    if (status != WN_OK) {
        return status;
    }
    q->fault = "not asked";
    for (size_t i = 0; i < tries * servers.count && q->fault != NULL && stopped(q) == 0; i++) {
        attempt(q, upstream, i % servers.count, name, timeout_ms);
    }
    wn_upstream_free(upstream);
    if (q->fault == NULL) {
        return WN_OK;
    }
    int number = stopped(q);
    return number != 0
               ? wn_error_set(err, WN_E_SIGNAL + number, "stopped")
               : wn_error_set(err, WN_E_TEMPFAIL, "DNS did not say what %s records %s has: %s",
                              word, name, q->fault);
}

int wn_ask(const struct wn_resolver_config *config, const char *name, enum wn_ask_type type,
           const _Atomic int *stop, struct wn_ask_answer *answer, struct wn_error *err)
{
    struct wn_ip ip;
    struct wn_buf full = {0};
    *answer = (struct wn_ask_answer){0};
    if (type == WN_ASK_PTR && wn_ip_parse(name, &ip)) {
        write_reverse(&ip, &full);
    } else {
        wn_buf_add_text(&full, name);
    }
    int status = WN_OK;
    struct inquiry *q = wn_calloc(1, sizeof *q);
    q->ask.reply = on_reply;
    q->type = types[type].type;
    q->stop = stop;
    if (!wn_dns_can_ask(wn_buf_span(&full))) {
        status =
            wn_error_set(err, WN_E_USAGE, "'%.253s' is no name that DNS can be asked for", name);
    } else {
        status = put_question(q, config, wn_buf_text(&full), types[type].word, err);
    }
    if (status == WN_OK) {
        take_answer(q, answer);
    }
    wn_buf_release(&q->texts);
    wn_buf_release(&full);
    free(q);
    return status;
}
