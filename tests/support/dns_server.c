/* SPDX-License-Identifier: MIT */
/* One thread polls a UDP socket, a TCP listener and its connections, and keeps delayed answers in a
 * list. Everything that a test reads is under one lock. */
#include "support/dns_server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    MESSAGE_MOST = 65535,
    NAME_MOST = 256,
    RULES_MOST = 256,
    CONNECTIONS = 16,
    UDP_MOST = 1232
};

struct asked {
    char name[NAME_MOST];
    int type;
};

struct delayed {
    struct delayed *next;
    int64_t due_ms;
    struct sockaddr_in to;
    size_t length;
    unsigned char bytes[];
};

struct connection {
    int fd;
    size_t have;
    unsigned char bytes[2 + 512];
};

struct dns_server {
    const struct dns_rule *rules;
    int used[RULES_MOST]; /* how often each rule was taken */
    int udp, tcp, stop[2];
    char address[32];
    pthread_t thread;
    struct connection connections[CONNECTIONS];
    struct delayed *delayed;
    size_t waiting;
    pthread_mutex_t lock;
    struct asked *log; /* under lock, as what follows */
    size_t count, room, tcp_count, peak;
};

struct message {
    unsigned char bytes[MESSAGE_MOST];
    size_t length;
};

static const struct {
    const char *word;
    int type;
} types[] = {{"A", 1},    {"NS", 2},  {"CNAME", 5}, {"SOA", 6},
             {"PTR", 12}, {"MX", 15}, {"TXT", 16},  {"AAAA", 28}};

static void die(const char *what)
{
    perror(what);
    abort();
}

static unsigned number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || n > UINT32_MAX) {
        die(text);
    }
    return (unsigned)n;
}

static int type_of(const char *word)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].word, word) == 0) {
            return types[i].type;
        }
    }
    (void)fprintf(stderr, "dns_server: no such type: %s\n", word);
    abort();
}

static bool fits(const char *pattern, const char *name)
{
    if (pattern[0] != '*') {
        return strcmp(pattern, name) == 0;
    }
    size_t tail = strlen(pattern) - 1, n = strlen(name);
    return n >= tail && strcmp(name + n - tail, pattern + 1) == 0;
}

static void put_bytes(struct message *m, const void *p, size_t n)
{
    if (m->length + n > sizeof m->bytes) {
        die("dns_server: answer too long");
    }
    memcpy(m->bytes + m->length, p, n);
    m->length += n;
}

static void put_u16(struct message *m, unsigned v)
{
    put_bytes(m, (unsigned char[]){(unsigned char)(v >> 8), (unsigned char)v}, 2);
}

static void put_u32(struct message *m, uint32_t v)
{
    put_u16(m, v >> 16);
    put_u16(m, v & 0xffff);
}

/* A "\DDD" is an octet by its number. */
static void put_name(struct message *m, const char *name)
{
    while (*name != '\0' && strcmp(name, ".") != 0) {
        unsigned char label[64];
        unsigned char n = 0;
        while (*name != '\0' && *name != '.') {
            if (*name == '\\') {
                label[n++] =
                    (unsigned char)((name[1] - '0') * 100 + (name[2] - '0') * 10 + name[3] - '0');
                name += 4;
            } else {
                label[n++] = (unsigned char)*name++;
            }
        }
        name += *name == '.';
        put_bytes(m, &n, 1);
        put_bytes(m, label, n);
    }
    put_bytes(m, "", 1);
}

static void put_data(struct message *m, int type, const char *a, const char *b)
{
    unsigned char ip[16];
    size_t at = m->length;
    put_u16(m, 0);
    switch (type) {
    case 15:
        put_u16(m, number(a));
        put_name(m, b);
        break;
    case 1:
    case 28:
        if (inet_pton(type == 1 ? AF_INET : AF_INET6, a, ip) != 1) {
            die(a);
        }
        put_bytes(m, ip, type == 1 ? 4 : 16);
        break;
    case 16:
        for (int i = 0; i < 2 && (i == 0 || *b != '\0'); i++) {
            const char *text = i == 0 ? a : b;
            put_bytes(m, (unsigned char[]){(unsigned char)strlen(text)}, 1);
            put_bytes(m, text, strlen(text));
        }
        break;
    case 6:
        put_name(m, "ns.test");
        put_name(m, "hostmaster.test");
        for (int i = 0; i < 4; i++) {
            put_u32(m, 1);
        }
        put_u32(m, number(a));
        break;
    default:
        put_name(m, a);
        break;
    }
    size_t n = m->length - at - 2;
    m->bytes[at] = (unsigned char)(n >> 8);
    m->bytes[at + 1] = (unsigned char)n;
}

/* "[OWNER.] TTL TYPE DATA"; returns 1 when it belongs to the authority section. */
static int put_record(struct message *m, const char *text, const char *asked)
{
    char copy[3 * NAME_MOST];
    const char *words[5];
    size_t count = 0;
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *w = strtok_r(copy, " ", &rest); w != NULL && count < 5;
         w = strtok_r(NULL, " ", &rest)) {
        words[count++] = w;
    }
    bool owned = count > 0 && words[0][strlen(words[0]) - 1] == '.';
    const char **record = words + owned; /* TTL TYPE A [B] */
    if (count < 3U + owned) {
        die(text);
    }
    int type = type_of(record[1]);
    put_name(m, owned ? words[0] : asked);
    put_u16(m, (unsigned)type);
    put_u16(m, 1);
    put_u32(m, number(record[0]));
    put_data(m, type, record[2], count > 3U + owned ? record[3] : "");
    return type == 6;
}

/* Answers go before authorities, so two walks. */
static void put_records(struct message *m, const char *records, const char *asked)
{
    unsigned count[2] = {0, 0};
    for (int section = 0; section < 2; section++) {
        for (const char *p = records; p != NULL && *p != '\0';) {
            char text[3 * NAME_MOST];
            size_t n = strcspn(p, ";");
            (void)snprintf(text, sizeof text, "%.*s", (int)n, p);
            p += n;
            p += strspn(p, "; ");
            size_t before = m->length;
            if (put_record(m, text, asked) == section) {
                count[section]++;
            } else {
                m->length = before;
            }
        }
    }
    m->bytes[6] = (unsigned char)(count[0] >> 8);
    m->bytes[7] = (unsigned char)count[0];
    m->bytes[9] = (unsigned char)count[1];
}

/* The header and question of `query`, into `m`; the name and type into the rest. */
static bool read_query(const unsigned char *query, size_t length, struct asked *asked,
                       struct message *m)
{
    size_t at = 12, out = 0;
    if (length < 12) {
        return false;
    }
    while (at < length && query[at] != 0) {
        size_t n = query[at++];
        if (n > 63 || at + n >= length || out + n + 2 > sizeof asked->name) {
            return false;
        }
        if (out > 0) {
            asked->name[out++] = '.';
        }
        for (size_t i = 0; i < n; i++) {
            asked->name[out++] = (char)tolower(query[at + i]);
        }
        at += n;
    }
    if (at + 5 > length) {
        return false;
    }
    asked->name[out] = '\0';
    asked->type = query[at + 1] << 8 | query[at + 2];
    m->length = 0;
    put_bytes(m, query, at + 5);
    m->bytes[2] |= 0x80; /* QR */
    m->bytes[3] |= 0x80; /* RA */
    m->bytes[10] = m->bytes[11] = 0;
    return true;
}

static void note(struct dns_server *s, const struct asked *asked, bool tcp)
{
    pthread_mutex_lock(&s->lock);
    if (s->count == s->room) {
        s->room = s->room > 0 ? s->room * 2 : 64;
        s->log = realloc(s->log, s->room * sizeof *s->log);
        if (s->log == NULL) {
            die("realloc");
        }
    }
    s->log[s->count++] = *asked;
    s->tcp_count += tcp;
    pthread_mutex_unlock(&s->lock);
}

static const struct dns_rule *find_rule(struct dns_server *s, const struct asked *asked)
{
    static const struct dns_rule refused = {.name = "*", .rcode = 5};
    for (int i = 0; s->rules[i].name != NULL && i < RULES_MOST; i++) {
        const struct dns_rule *rule = &s->rules[i];
        if (fits(rule->name, asked->name) &&
            (rule->type == NULL || type_of(rule->type) == asked->type) &&
            (rule->times == 0 || s->used[i] < rule->times)) {
            s->used[i]++;
            return rule;
        }
    }
    return &refused;
}

static void put_referral(struct message *m)
{
    put_record(m, "example. 300 NS ns.example", "");
    m->bytes[9] = 1;
}

/* False when nothing is to be sent. */
static bool build(const struct dns_rule *rule, const struct asked *asked, bool edns, bool tcp,
                  struct message *m)
{
    m->bytes[3] = (unsigned char)((m->bytes[3] & 0xf0) | rule->rcode);
    if (rule->plain && edns) {
        m->bytes[3] = (unsigned char)((m->bytes[3] & 0xf0) | 1);
        return true;
    }
    switch (rule->action) {
    case DNS_SILENT:
        return false;
    case DNS_GARBAGE:
        m->length = 0;
        put_bytes(m, "\xde\xad\xbe\xef garbage", 12);
        return true;
    case DNS_REFERRAL:
        put_referral(m);
        return true;
    case DNS_HANG_UP:
    case DNS_TRUNCATE:
    case DNS_TRUNCATE_ALL:
        if (!tcp || rule->action == DNS_TRUNCATE_ALL) {
            m->bytes[2] |= 0x02;
            return true;
        }
        if (rule->action == DNS_HANG_UP) {
            return false;
        }
        break;
    case DNS_WRONG_ID:
        m->bytes[0] ^= 0x55;
        break;
    case DNS_WRONG_QUESTION:
        m->bytes[13] ^= 0x01;
        break;
    default:
        break;
    }
    put_records(m, rule->records, asked->name);
    if (rule->action == DNS_BROKEN_RECORDS) {
        m->length -= 3;
    }
    if (!tcp && m->length > UDP_MOST) {
        m->bytes[2] |= 0x02;
        m->length = 512;
    }
    return true;
}

static void hold(struct dns_server *s, const struct message *m, const struct sockaddr_in *to,
                 int delay_ms)
{
    struct delayed *d = malloc(sizeof *d + m->length);
    if (d == NULL) {
        die("malloc");
    }
    d->due_ms = wn_clock_monotonic_ms() + delay_ms;
    d->to = *to;
    d->length = m->length;
    memcpy(d->bytes, m->bytes, m->length);
    d->next = s->delayed;
    s->delayed = d;
    s->waiting++;
    pthread_mutex_lock(&s->lock);
    s->peak = s->waiting > s->peak ? s->waiting : s->peak;
    pthread_mutex_unlock(&s->lock);
}

static int send_due(struct dns_server *s)
{
    int64_t now = wn_clock_monotonic_ms();
    int64_t wait = 1000;
    for (struct delayed **at = &s->delayed; *at != NULL;) {
        struct delayed *d = *at;
        if (d->due_ms <= now) {
            (void)sendto(s->udp, d->bytes, d->length, 0, (struct sockaddr *)&d->to, sizeof d->to);
            *at = d->next;
            s->waiting--;
            free(d);
        } else {
            wait = d->due_ms - now < wait ? d->due_ms - now : wait;
            at = &d->next;
        }
    }
    return (int)wait;
}

static void serve_udp(struct dns_server *s, struct message *m)
{
    unsigned char query[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(s->udp, query, sizeof query, 0, (struct sockaddr *)&from, &size);
    struct asked asked;
    if (n <= 0 || !read_query(query, (size_t)n, &asked, m)) {
        return;
    }
    note(s, &asked, false);
    const struct dns_rule *rule = find_rule(s, &asked);
    if (!build(rule, &asked, query[11] > 0, false, m)) {
        return;
    }
    if (rule->delay_ms > 0) {
        hold(s, m, &from, rule->delay_ms);
    } else {
        (void)sendto(s->udp, m->bytes, m->length, 0, (struct sockaddr *)&from, size);
    }
}

static void hang_up(struct connection *c)
{
    (void)close(c->fd);
    c->fd = -1;
    c->have = 0;
}

static void serve_tcp(struct dns_server *s, struct connection *c, struct message *m)
{
    ssize_t n = read(c->fd, c->bytes + c->have, sizeof c->bytes - c->have);
    if (n <= 0) {
        hang_up(c);
        return;
    }
    c->have += (size_t)n;
    while (c->have >= 2) {
        size_t length = (size_t)c->bytes[0] << 8 | c->bytes[1];
        struct asked asked;
        if (length > sizeof c->bytes - 2) {
            hang_up(c);
            return;
        }
        if (c->have < length + 2) {
            return;
        }
        if (!read_query(c->bytes + 2, length, &asked, m)) {
            hang_up(c);
            return;
        }
        note(s, &asked, true);
        const struct dns_rule *rule = find_rule(s, &asked);
        if (!build(rule, &asked, c->bytes[2 + 11] > 0, true, m)) {
            hang_up(c);
            return;
        }
        unsigned char prefix[2] = {(unsigned char)(m->length >> 8), (unsigned char)m->length};
        (void)send(c->fd, prefix, 2, MSG_NOSIGNAL | MSG_MORE);
        (void)send(c->fd, m->bytes, m->length, MSG_NOSIGNAL);
        c->have -= length + 2;
        memmove(c->bytes, c->bytes + length + 2, c->have);
    }
}

static void welcome(struct dns_server *s)
{
    int fd = accept(s->tcp, NULL, NULL);
    for (int i = 0; i < CONNECTIONS && fd >= 0; i++) {
        if (s->connections[i].fd < 0) {
            s->connections[i] = (struct connection){.fd = fd};
            return;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void *serve(void *argument)
{
    struct dns_server *s = argument;
    struct message *m = malloc(sizeof *m);
    if (m == NULL) {
        die("malloc");
    }
    for (;;) {
        int wait = send_due(s);
        struct pollfd fds[3 + CONNECTIONS] = {{.fd = s->stop[0], .events = POLLIN},
                                              {.fd = s->udp, .events = POLLIN},
                                              {.fd = s->tcp, .events = POLLIN}};
        for (int i = 0; i < CONNECTIONS; i++) {
            fds[3 + i] = (struct pollfd){.fd = s->connections[i].fd, .events = POLLIN};
        }
        (void)poll(fds, 3 + CONNECTIONS, wait);
        if (fds[0].revents != 0) {
            break;
        }
        if (fds[1].revents != 0) {
            serve_udp(s, m);
        }
        if (fds[2].revents != 0) {
            welcome(s);
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            if (fds[3 + i].fd >= 0 && fds[3 + i].revents != 0) {
                serve_tcp(s, &s->connections[i], m);
            }
        }
    }
    free(m);
    return NULL;
}

/* UDP and TCP on one free port: the UDP socket draws it, and draws again if TCP has it taken. */
static void open_sockets(struct dns_server *s)
{
    for (int tries = 0; tries < 100; tries++) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof to;
        s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (s->udp < 0 || s->tcp < 0 || bind(s->udp, (struct sockaddr *)&to, sizeof to) != 0 ||
            getsockname(s->udp, (struct sockaddr *)&to, &size) != 0) {
            die("dns_server");
        }
        if (bind(s->tcp, (struct sockaddr *)&to, sizeof to) == 0 && listen(s->tcp, 16) == 0) {
            int buffer = 1 << 20;
            (void)setsockopt(s->udp, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
            (void)snprintf(s->address, sizeof s->address, "127.0.0.1:%u", ntohs(to.sin_port));
            return;
        }
        (void)close(s->udp);
        (void)close(s->tcp);
    }
    die("dns_server: no free port");
}

struct dns_server *dns_server_start(const struct dns_rule *rules)
{
    struct dns_server *s = calloc(1, sizeof *s);
    if (s == NULL || pipe2(s->stop, O_CLOEXEC) != 0) {
        die("dns_server");
    }
    s->rules = rules;
    pthread_mutex_init(&s->lock, NULL);
    for (int i = 0; i < CONNECTIONS; i++) {
        s->connections[i].fd = -1;
    }
    open_sockets(s);
    if (pthread_create(&s->thread, NULL, serve, s) != 0) {
        die("pthread_create");
    }
    return s;
}

void dns_server_stop(struct dns_server *s)
{
    if (s == NULL) {
        return;
    }
    (void)close(s->stop[1]);
    pthread_join(s->thread, NULL);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (s->connections[i].fd >= 0) {
            hang_up(&s->connections[i]);
        }
    }
    while (s->delayed != NULL) {
        struct delayed *d = s->delayed;
        s->delayed = d->next;
        free(d);
    }
    (void)close(s->stop[0]);
    (void)close(s->udp);
    (void)close(s->tcp);
    pthread_mutex_destroy(&s->lock);
    free(s->log);
    free(s);
}

const char *dns_server_address(const struct dns_server *s)
{
    return s->address;
}

size_t dns_server_count(struct dns_server *s, const char *name, const char *type)
{
    size_t count = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        count += fits(name, s->log[i].name) && (type == NULL || type_of(type) == s->log[i].type);
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t dns_server_count_tcp(struct dns_server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->tcp_count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t dns_server_peak(struct dns_server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t peak = s->peak;
    pthread_mutex_unlock(&s->lock);
    return peak;
}

const char *dns_dead_address(void)
{
    static char address[32];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof to;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        getsockname(fd, (struct sockaddr *)&to, &size) != 0) {
        die("dns_dead_address");
    }
    (void)close(fd); /* drawn from thousands: nobody takes it within the test */
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(to.sin_port));
    return address;
}
