/* SPDX-License-Identifier: MIT */
/* What libcurl says is not seen here, but follows from what it was told: EHLO to a greeting, HELO
 * where EHLO is refused, STARTTLS where it is offered, EHLO after the handshake. A server that has
 * said a word too much would be taken at its word for every later command, a recipient's answer
 * being that of the one before, so each answer must be one that its command can have. */
#include "smtp/hello.h"

bool wn_hello_may_come_anytime(struct wn_span line)
{
    return line.n >= 3 && memcmp(line.p, "421", 3) == 0;
}

static bool take_ehlo(struct wn_hello *h)
{
    if (h->refused) {
        h->helo = true;
        return true;
    }
    if (h->reader.reply.code != 250) {
        h->detail = "the server answers EHLO as if it were another command";
        return false;
    }
    if (h->offered && !h->plain && !h->handshake) {
        h->phase = WN_LINK_STARTTLS;
    }
    return true;
}

static bool take_reply(struct wn_hello *h)
{
    uint16_t code = h->reader.reply.code;
    h->refused = code >= 400;
    h->quit = !h->handshake && code != 421;
    switch (h->phase) {
    case WN_LINK_CONNECT:
    case WN_LINK_BANNER:
        h->phase = h->refused ? h->phase : WN_LINK_EHLO;
        return true;
    case WN_LINK_EHLO:
        return take_ehlo(h);
    default:
        if (code == 220) {
            h->handshake = h->facts.tls = true;
            h->facts.pipelining = h->facts.utf8 = h->quit = false;
        } else if (!h->refused) {
            h->detail = "the server answers STARTTLS as if it were another command";
        }
        return h->detail == NULL;
    }
}

/* A line of the answer to EHLO behind the first one: "250-SIZE 1000". */
static void take_keyword(struct wn_hello *h, struct wn_span line)
{
    line = wn_span_trim((struct wn_span){line.p + 4, line.n - 4});
    const char *blank = memchr(line.p, ' ', line.n);
    line.n = blank != NULL ? (size_t)(blank - line.p) : line.n;
    h->facts.pipelining |= wn_span_equal_nocase(line, WN_SPAN("PIPELINING"));
    h->facts.utf8 |= wn_span_equal_nocase(line, WN_SPAN("SMTPUTF8"));
    h->offered |= wn_span_equal_nocase(line, WN_SPAN("STARTTLS"));
}

static bool is_ahead(struct wn_hello *h)
{
    h->detail = h->phase == WN_LINK_STARTTLS && h->handshake
                    ? WN_HELLO_GOES_ON
                    : "the server answers before it is asked";
    return false;
}

bool wn_hello_hear(struct wn_hello *h, struct wn_span line, const struct wn_hello_rest *rest)
{
    bool first = h->reader.lines == 0 && h->reader.line == 0;
    if (h->detail != NULL) {
        return false;
    }
    if (first && h->ahead && h->turn == rest->turn && !wn_hello_may_come_anytime(line)) {
        return is_ahead(h);
    }
    if (h->phase == WN_LINK_CONNECT) {
        h->phase = WN_LINK_BANNER;
    } else if (h->handshake) {
        h->phase = WN_LINK_EHLO;
    }
    if (first) {
        h->refused = false;
    } else if (h->phase == WN_LINK_EHLO && !h->helo && line.n > 4 && line.p[0] == '2') {
        take_keyword(h, line);
    }
    while (line.n > 0) {
        enum wn_smtp_read read = wn_smtp_reader_take(&h->reader, &line);
        if (read == WN_SMTP_READ_BROKEN) {
            h->detail = h->reader.detail;
            return false;
        }
        if (read == WN_SMTP_READ_REPLY) {
            bool greeting = h->phase == WN_LINK_BANNER;
            h->ahead = rest->kept;
            h->turn = rest->turn;
            if (!take_reply(h)) {
                return false;
            }
            /* Who turns us away may say more, and is not asked anything. */
            if ((rest->there || line.n > 0) && !(greeting && h->refused)) {
                return is_ahead(h);
            }
        }
    }
    return true;
}
