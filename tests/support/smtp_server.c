/* SPDX-License-Identifier: MIT */
/* One thread accepts, one thread a connection goes through the script with blocking calls. What a
 * test reads is under one lock. */
#include "support/smtp_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 4096,
    STACK = 256 << 10
};

struct connection {
    struct smtp_server *server;
    pthread_t thread;
    int fd;
    bool open;
    SSL *tls;
    char bytes[4096];
    size_t at, end;
};

struct smtp_server {
    const struct smtp_step *script;
    int listener, stop[2];
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news; /* a connection ended, or the gate was opened */
    bool open;           /* under lock, as what follows */
    struct connection *connections[CONNECTIONS];
    size_t came, gone;
    bool holds;
    char *heard;
    size_t heard_n;
    FILE *notes; /* into heard */
    char client[INET6_ADDRSTRLEN];
};

static void die(const char *what)
{
    perror(what);
    abort();
}

static SSL_CTX *contexts[SMTP_CERTIFICATES];

/* The issuer's name is what makes it issued: one key signs all. */
static SSL_CTX *make_context(EVP_PKEY *key, const char *issuer, long until)
{
    X509 *certificate = X509_new();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    X509_NAME *names[] = {X509_NAME_new(), X509_NAME_new()};
    const char *texts[] = {"mx.test", issuer};
    for (int i = 0; i < 2; i++) {
        X509_NAME_add_entry_by_txt(names[i], "CN", MBSTRING_ASC, (const unsigned char *)texts[i],
                                   -1, -1, 0);
    }
    X509_set_subject_name(certificate, names[0]);
    X509_set_issuer_name(certificate, names[1]);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until);
    X509_set_pubkey(certificate, key);
    if (X509_sign(certificate, key, EVP_sha256()) == 0 ||
        SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1) {
        die("openssl");
    }
    X509_NAME_free(names[0]);
    X509_NAME_free(names[1]);
    X509_free(certificate);
    return context;
}

static void make_contexts(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    contexts[SMTP_SELF_SIGNED] = make_context(key, "mx.test", 86400);
    contexts[SMTP_ISSUED] = make_context(key, "authority.test", 86400);
    contexts[SMTP_EXPIRED] = make_context(key, "authority.test", -3600);
    EVP_PKEY_free(key);
}

__attribute__((destructor)) static void free_contexts(void)
{
    for (size_t i = 0; i < SMTP_CERTIFICATES; i++) {
        SSL_CTX_free(contexts[i]);
    }
}

static void note(struct connection *c, const char *text, size_t n)
{
    struct smtp_server *s = c->server;
    pthread_mutex_lock(&s->lock);
    (void)fwrite(text, 1, n, s->notes);
    (void)fputc('\n', s->notes);
    pthread_mutex_unlock(&s->lock);
}

static bool put(struct connection *c, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done =
            c->tls != NULL ? SSL_write(c->tls, text, (int)n) : send(c->fd, text, n, MSG_NOSIGNAL);
        if (done <= 0) {
            return false;
        }
        text += done;
        n -= (size_t)done;
    }
    return true;
}

/* -1: the client has gone. */
static int get(struct connection *c)
{
    if (c->at == c->end) {
        ssize_t n = c->tls != NULL ? SSL_read(c->tls, c->bytes, sizeof c->bytes)
                                   : read(c->fd, c->bytes, sizeof c->bytes);
        if (n <= 0) {
            return -1;
        }
        c->at = 0;
        c->end = (size_t)n;
    }
    return (unsigned char)c->bytes[c->at++];
}

static bool get_octets(struct connection *c, unsigned char *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int octet = get(c);
        if (octet < 0) {
            return false;
        }
        to[i] = (unsigned char)octet;
    }
    return true;
}

/* Without its end. -1: the client has gone. */
static int get_line(struct connection *c, char *line, size_t room)
{
    size_t n = 0;
    for (;;) {
        int octet = get(c);
        if (octet < 0) {
            return -1;
        }
        if (octet == '\n') {
            n -= n > 0 && line[n - 1] == '\r';
            line[n] = '\0';
            return (int)n;
        }
        if (n + 1 < room) {
            line[n++] = (char)octet;
        }
    }
}

static bool hear(struct connection *c, char *line, size_t room)
{
    int n = get_line(c, line, room);
    if (n >= 0) {
        note(c, line, (size_t)n);
    }
    return n >= 0;
}

static bool be_socks(struct connection *c, unsigned char reply)
{
    unsigned char in[256];
    char address[INET6_ADDRSTRLEN], line[INET6_ADDRSTRLEN + 32];
    const unsigned char out[10] = {5, reply, 0, 1};
    if (!get_octets(c, in, 2) || in[0] != 5 || !get_octets(c, in + 2, in[1]) ||
        !put(c, "\5\0", 2) || !get_octets(c, in, 4) || in[1] != 1) {
        return false;
    }
    unsigned char kind = in[3];
    size_t n = kind == 1 ? 4 : 16;
    if ((kind != 1 && kind != 4) || !get_octets(c, in, n + 2)) {
        note(c, "SOCKS5 with a name", 18);
        return false;
    }
    (void)inet_ntop(kind == 1 ? AF_INET : AF_INET6, in, address, sizeof address);
    note(c, line,
         (size_t)snprintf(line, sizeof line, "SOCKS5 %s %d", address, in[n] << 8 | in[n + 1]));
    return put(c, (const char *)out, sizeof out) && reply == 0;
}

static bool shake_hands(struct connection *c, size_t certificate)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_contexts);
    SSL *session = SSL_new(contexts[certificate]);
    if (session == NULL || SSL_set_fd(session, c->fd) != 1) {
        die("openssl");
    }
    if (SSL_accept(session) != 1) {
        SSL_free(session);
        return false;
    }
    c->tls = session;
    return true;
}

static bool say(struct connection *c, const struct smtp_step *step)
{
    char block[4096];
    bool there = true;
    size_t left = 10000000;
    switch (step->kind) {
    case SMTP_SAY:
        return put(c, step->text, step->n);
    case SMTP_SPLIT:
        for (size_t i = 0; i < step->n && there; i++) {
            there = put(c, step->text + i, 1);
        }
        return there;
    case SMTP_ENDLESS:
        while (put(c, step->text, step->n)) {
        }
        return false;
    default:
        memset(block, 'x', sizeof block);
        for (; left > 0 && there; left -= left < sizeof block ? left : sizeof block) {
            there = put(c, block, left < sizeof block ? left : sizeof block);
        }
        return there;
    }
}

static bool listen_to(struct connection *c, const struct smtp_step *step)
{
    char line[4096];
    int n = 1;
    switch (step->kind) {
    case SMTP_HEAR:
        return hear(c, line, sizeof line);
    case SMTP_OCTET:
        return get(c) >= 0;
    case SMTP_HEADERS:
        if (!hear(c, line, sizeof line)) {
            return false;
        }
        while (n > 0) {
            n = get_line(c, line, sizeof line);
        }
        return n == 0;
    default: /* HOLD, SERVE */
        pthread_mutex_lock(&c->server->lock);
        c->server->holds |= step->kind == SMTP_HOLD;
        pthread_mutex_unlock(&c->server->lock);
        while (hear(c, line, sizeof line)) {
            bool quit = strcmp(line, "QUIT") == 0;
            if (step->kind == SMTP_SERVE &&
                (!put(c, quit ? "221 Bye\r\n" : "250 2.0.0 Ok\r\n", quit ? 9 : 14) || quit)) {
                return false;
            }
        }
        return false;
    }
}

static void wait_at_gate(struct smtp_server *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->open) {
        pthread_cond_wait(&s->news, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

/* False: the script is over. */
static bool take_step(struct connection *c, const struct smtp_step *step)
{
    const struct linger reset = {.l_onoff = 1};
    switch (step->kind) {
    case SMTP_SAY:
    case SMTP_SPLIT:
    case SMTP_ENDLESS:
    case SMTP_LONG:
        return say(c, step);
    case SMTP_HEAR:
    case SMTP_OCTET:
    case SMTP_HEADERS:
    case SMTP_HOLD:
    case SMTP_SERVE:
        return listen_to(c, step);
    case SMTP_SOCKS5:
        return be_socks(c, (unsigned char)step->n);
    case SMTP_GATE:
        wait_at_gate(c->server);
        return true;
    case SMTP_TLS:
        return shake_hands(c, step->n);
    case SMTP_RESET:
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        return false;
    default:
        return false;
    }
}

static void *converse(void *argument)
{
    struct connection *c = argument;
    struct smtp_server *s = c->server;
    for (const struct smtp_step *step = s->script; take_step(c, step); step++) {
    }
    if (c->tls != NULL) {
        (void)SSL_shutdown(c->tls);
        SSL_free(c->tls);
    }
    pthread_mutex_lock(&s->lock);
    (void)close(c->fd);
    c->open = false;
    s->gone++;
    pthread_cond_broadcast(&s->news);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void welcome(struct smtp_server *s)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    int fd = accept4(s->listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    struct connection *c = calloc(1, sizeof *c);
    pthread_attr_t attributes;
    if (c == NULL || s->came == CONNECTIONS) {
        die("smtp_server");
    }
    c->server = s;
    c->fd = fd;
    c->open = true;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_mutex_lock(&s->lock);
    const void *address = from.ss_family == AF_INET
                              ? (const void *)&((struct sockaddr_in *)&from)->sin_addr
                              : (const void *)&((struct sockaddr_in6 *)&from)->sin6_addr;
    (void)inet_ntop(from.ss_family, address, s->client, sizeof s->client);
    s->connections[s->came++] = c;
    if (pthread_create(&c->thread, &attributes, converse, c) != 0) {
        die("pthread_create");
    }
    pthread_mutex_unlock(&s->lock);
    pthread_attr_destroy(&attributes);
}

static void *serve(void *argument)
{
    struct smtp_server *s = argument;
    for (;;) {
        struct pollfd fds[2] = {{.fd = s->stop[0], .events = POLLIN},
                                {.fd = s->listener, .events = POLLIN}};
        (void)poll(fds, 2, -1);
        if (fds[0].revents != 0) {
            return NULL;
        }
        welcome(s);
    }
}

/* *port 0: a free one. */
static int bind_to(const char *address, uint16_t *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = {.any = {.sa_family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET}};
    bool v6 = at.any.sa_family == AF_INET6;
    socklen_t size = v6 ? sizeof at.v6 : sizeof at.v4;
    int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(at.any.sa_family, address,
                            v6 ? (void *)&at.v6.sin6_addr : (void *)&at.v4.sin_addr) != 1) {
        die(address);
    }
    *(v6 ? &at.v6.sin6_port : &at.v4.sin_port) = htons(*port);
    if (bind(fd, &at.any, size) != 0 || getsockname(fd, &at.any, &size) != 0) {
        die(address);
    }
    *port = ntohs(v6 ? at.v6.sin6_port : at.v4.sin_port);
    return fd;
}

struct smtp_server *smtp_server_start(const char *address, const struct smtp_step *script)
{
    return smtp_server_start_at(address, 0, script);
}

struct smtp_server *smtp_server_start_at(const char *address, uint16_t port,
                                         const struct smtp_step *script)
{
    struct smtp_server *s = calloc(1, sizeof *s);
    sigset_t pipe, before;
    if (s == NULL) {
        die("calloc");
    }
    s->script = script;
    s->port = port;
    s->listener = bind_to(address, &s->port);
    s->notes = open_memstream(&s->heard, &s->heard_n);
    if (listen(s->listener, 1024) != 0 || pipe2(s->stop, O_CLOEXEC) != 0 || s->notes == NULL) {
        die("smtp_server");
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->news, NULL);
    /* OpenSSL writes to connections that the client has closed. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    if (pthread_create(&s->thread, NULL, serve, s) != 0) {
        die("pthread_create");
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s;
}

bool smtp_server_holds(struct smtp_server *s)
{
    pthread_mutex_lock(&s->lock);
    bool holds = s->holds;
    pthread_mutex_unlock(&s->lock);
    return holds;
}

void smtp_server_open(struct smtp_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->open = true;
    pthread_cond_broadcast(&s->news);
    pthread_mutex_unlock(&s->lock);
}

void smtp_server_stop(struct smtp_server *s)
{
    smtp_server_open(s);
    (void)!write(s->stop[1], "", 1);
    (void)pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->came; i++) {
        struct connection *c = s->connections[i];
        pthread_mutex_lock(&s->lock);
        if (c->open) {
            (void)shutdown(c->fd, SHUT_RDWR);
        }
        pthread_mutex_unlock(&s->lock);
        (void)pthread_join(c->thread, NULL);
        free(c);
    }
    (void)close(s->listener);
    (void)close(s->stop[0]);
    (void)close(s->stop[1]);
    (void)fclose(s->notes);
    free(s->heard);
    pthread_cond_destroy(&s->news);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

uint16_t smtp_server_port(const struct smtp_server *s)
{
    return s->port;
}

const char *smtp_server_heard(struct smtp_server *s, size_t connections)
{
    pthread_mutex_lock(&s->lock);
    while (s->gone < connections) {
        pthread_cond_wait(&s->news, &s->lock);
    }
    (void)fflush(s->notes);
    pthread_mutex_unlock(&s->lock);
    return s->heard;
}

const char *smtp_server_client(struct smtp_server *s)
{
    return s->client;
}

uint16_t smtp_dead_port(void)
{
    uint16_t port = 0;
    (void)close(bind_to("127.0.0.1", &port));
    return port;
}

uint16_t smtp_full_port(int held[3])
{
    uint16_t port = 0;
    held[0] = bind_to("127.0.0.1", &port);
    if (listen(held[0], 0) != 0) {
        die("listen");
    }
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    for (int i = 1; i < 3; i++) { /* the first fills the queue; of the others nothing is heard */
        held[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(held[i], (struct sockaddr *)&to, sizeof to);
    }
    return port;
}
