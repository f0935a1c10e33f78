/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SMTP_SERVER_H
#define TESTS_SUPPORT_SMTP_SERVER_H

/* A scripted mail server (or proxy to one): threads inside the test program, on a free port of a
 * loopback address. Each connection goes through the script; then it is closed. Every line that it
 * hears is noted. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum smtp_step_kind {
    SMTP_END,     /* the script's last step: the connection is closed */
    SMTP_SAY,     /* the text */
    SMTP_SPLIT,   /* the text, each byte on its own */
    SMTP_ENDLESS, /* the text again and again, until the client goes */
    SMTP_LONG,    /* ten million octets 'x', or as many as the client takes */
    SMTP_HEAR,    /* reads a line */
    SMTP_OCTET,   /* reads one, and forgets it */
    SMTP_HEADERS, /* reads lines, the first of them noted, until an empty one */
    SMTP_SOCKS5,  /* a SOCKS server's part (RFC 1928); the address is noted as a line; n: the reply
                   */
    SMTP_GATE,    /* waits for smtp_server_open */
    SMTP_TLS,     /* the handshake; n: the certificate. The script ends where it fails */
    SMTP_HOLD,    /* reads lines until the client goes, and answers nothing: it holds */
    SMTP_SERVE,   /* answers 250 to every line, until QUIT (221) or until the client goes */
    SMTP_RESET    /* closes with RST */
};

/* What SMTP_TLS shows. */
enum smtp_certificate {
    SMTP_SELF_SIGNED,
    SMTP_ISSUED, /* by an authority that nobody knows */
    SMTP_EXPIRED,
    SMTP_CERTIFICATES
};

struct smtp_step {
    enum smtp_step_kind kind;
    const char *text;
    size_t n; /* of the text, NULs and all */
};

#define STEP(name)                                                                                 \
    {                                                                                              \
        .kind = SMTP_##name                                                                        \
    }
#define TEXT(name, literal)                                                                        \
    {                                                                                              \
        .kind = SMTP_##name, .text = (literal), .n = sizeof(literal) - 1                           \
    }
#define SAY(literal) TEXT(SAY, literal)

struct smtp_server;

/* `address`: "127.0.0.1", "::1" ... Never returns NULL: a test that cannot have its server ends.
 * `script` must outlive the server. */
struct smtp_server *smtp_server_start(const char *address, const struct smtp_step *script);
/* On a port that another server has on another address. */
struct smtp_server *smtp_server_start_at(const char *address, uint16_t port,
                                         const struct smtp_step *script);
/* Whether a connection has come to SMTP_HOLD. */
bool smtp_server_holds(struct smtp_server *server);
/* Lets all connections through SMTP_GATE, now and later. */
void smtp_server_open(struct smtp_server *server);
/* Ends the connections that are left. */
void smtp_server_stop(struct smtp_server *server);

uint16_t smtp_server_port(const struct smtp_server *server);

/* Waits until `connections` have come and ended, and returns what was heard: lines, each with '\n'.
 * Valid until the next call. */
const char *smtp_server_heard(struct smtp_server *server, size_t connections);

/* The address that the last connection came from. */
const char *smtp_server_client(struct smtp_server *server);

/* A port of 127.0.0.1 on which nothing listens. */
uint16_t smtp_dead_port(void);

/* A port of 127.0.0.1 on which nobody is let in and nobody is turned away, until the descriptors in
 * `held` are closed. */
uint16_t smtp_full_port(int held[3]);

#endif
