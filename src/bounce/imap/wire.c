/* SPDX-License-Identifier: MIT */
/* libcurl connects, speaks TLS and logs in (CURLOPT_CONNECT_ONLY: its IMAP stops there), and hands
 * over the connection. Its own commands are not used from then on: they SELECT a mailbox where
 * EXAMINE would leave everything as it is, mark what they fetch as seen, cut long lines, and pass
 * the literals of what they do not know on as if they were lines.
 *
 * A server that sends a little now and then is as dead as one that sends nothing: what counts is
 * how much came in each span of `timeout` seconds, and no command takes longer than an hour. */
#include "bounce/imap/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/curl.h"

enum {
    BLOCK = 1 << 14,
    LOOK_MS = 100,   /* at `stop` */
    STALL_RATE = 50, /* fewer octets a second over a whole span is no progress */
    COMMAND_MS = 3600000,
    GREETING_MAX = 1 << 18 /* octets of everything that is said before the login is done */
};

struct wn_imap_wire {
    CURL *curl;
    curl_socket_t socket;
    const struct wn_imap_access *access;
    char in[BLOCK];
    size_t at, end;
    int64_t sent_at, span_began; /* of the monotonic clock, in ms */
    uint64_t span_octets;
    /* While logging in. */
    size_t heard;
    struct wn_buf refusal; /* what the server said as it refused something */
};

static const char *shown(const struct wn_imap_wire *w)
{
    return w->access->url->shown.p; /* terminated, as all texts of the URL are */
}

/* Everything that the server says until the login is done, a line at a time. */
static size_t hear_line(char *data, size_t size, size_t count, void *arg)
{
    struct wn_imap_wire *w = arg;
    size_t n = size * count;
    const char *blank = memchr(data, ' ', n);
    w->heard += n;
    if (w->heard > GREETING_MAX) {
        return CURL_WRITEFUNC_ERROR;
    }
    if (blank != NULL && (size_t)(data + n - blank) > 4 &&
        (memcmp(blank, " NO ", 4) == 0 || memcmp(blank, " BYE", 4) == 0)) {
        struct wn_span words =
            wn_span_trim((struct wn_span){blank + 4, (size_t)(data + n - blank) - 4});
        wn_buf_clear(&w->refusal);
        wn_buf_add(&w->refusal, words.p, words.n < 200 ? words.n : 200);
    }
    return n;
}

static size_t ignore_octets(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static int look_for_stop(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
                         curl_off_t up)
{
    const struct wn_imap_wire *w = arg;
    (void)total;
    (void)now;
    (void)up_total;
    (void)up;
    return *w->access->stop != 0;
}

static const struct {
    CURLcode code;
    int status;
    const char *sentence; /* NULL: libcurl's own */
} outcomes[] = {
    {CURLE_LOGIN_DENIED, WN_E_NOINPUT, "the server refuses the login"},
    {CURLE_REMOTE_ACCESS_DENIED, WN_E_TEMPFAIL, "the server refuses to talk"},
    {CURLE_USE_SSL_FAILED, WN_E_NOINPUT,
     "the server offers no TLS, and without it the password is not sent"},
    {CURLE_WEIRD_SERVER_REPLY, WN_E_DATA, "the server does not speak IMAP"},
    {CURLE_WRITE_ERROR, WN_E_DATA, "the server does not speak IMAP"},
    {CURLE_OPERATION_TIMEDOUT, WN_E_TEMPFAIL, "the server does not answer"},
    {CURLE_SSL_CACERT_BADFILE, WN_E_CONFIG, "the file of certificate authorities cannot be used"},
    {CURLE_GOT_NOTHING, WN_E_TEMPFAIL, "the server hung up without an answer"},
    {CURLE_RECV_ERROR, WN_E_TEMPFAIL, "the server hung up"},
};

static int report(const struct wn_imap_wire *w, CURLcode code, const char *detail,
                  struct wn_error *err)
{
    int status = WN_E_TEMPFAIL;
    const char *sentence = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    if (code == CURLE_OUT_OF_MEMORY) {
        wn_out_of_memory();
    }
    if (*w->access->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *w->access->stop, "stopped");
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (outcomes[i].code == code) {
            status = outcomes[i].status;
            sentence = outcomes[i].sentence != NULL ? outcomes[i].sentence : sentence;
        }
    }
    bool unsaid = code == CURLE_LOGIN_DENIED && w->access->password == NULL;
    return wn_error_set(err, status, "%s: %s%s%.*s%s%s", shown(w), sentence,
                        w->refusal.len > 0 ? " ('" : "", (int)w->refusal.len,
                        w->refusal.len > 0 ? w->refusal.p : "", w->refusal.len > 0 ? "')" : "",
                        unsaid ? "; --password-file or WINNOW_IMAP_PASSWORD gives a password that "
                                 ".netrc does not"
                               : "");
}

/* CURLE_OK, or the first option that this libcurl does not take: then nothing is sent. */
static CURLcode set_options(struct wn_imap_wire *w, char *detail)
{
    const struct wn_imap_access *a = w->access;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    (code = code != CURLE_OK ? code : curl_easy_setopt(w->curl, option, value))
    SET(CURLOPT_ERRORBUFFER, detail);
    SET(CURLOPT_URL, a->url->server.p);
    SET(CURLOPT_PROTOCOLS_STR, a->url->tls ? "imaps" : "imap");
    SET(CURLOPT_USE_SSL, (long)(a->insecure ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    /* With a name of its own libcurl does not look into .netrc; the URL has it too. */
    if (a->password != NULL) {
        SET(CURLOPT_USERNAME, a->url->user.p);
        SET(CURLOPT_PASSWORD, a->password);
    }
    SET(CURLOPT_NETRC, (long)(a->password != NULL ? CURL_NETRC_IGNORED : CURL_NETRC_OPTIONAL));
    SET(CURLOPT_PROXY, ""); /* a proxy for the web is none for mail */
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, (long)WN_IMAP_CONNECT_SECONDS);
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)a->timeout);
    SET(CURLOPT_TIMEOUT, (long)(WN_IMAP_CONNECT_SECONDS + a->timeout));
    SET(CURLOPT_HEADERFUNCTION, hear_line);
    SET(CURLOPT_HEADERDATA, (void *)w);
    SET(CURLOPT_WRITEFUNCTION, ignore_octets);
    SET(CURLOPT_XFERINFOFUNCTION, look_for_stop);
    SET(CURLOPT_XFERINFODATA, (void *)w);
    SET(CURLOPT_NOPROGRESS, 0L);
    if (a->ca_file != NULL) {
        SET(CURLOPT_CAINFO, a->ca_file);
    }
#undef SET
    return code;
}

int wn_imap_wire_open(const struct wn_imap_access *access, struct wn_imap_wire **wire,
                      struct wn_error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct wn_imap_wire *w = wn_calloc(1, sizeof *w);
    w->access = access;
    *wire = NULL;
    w->curl = curl_easy_init(); /* loaded for the URL */
    if (w->curl == NULL) {
        wn_out_of_memory();
    }
    CURLcode code = set_options(w, detail);
    if (code == CURLE_OK) {
        code = curl_easy_perform(w->curl);
    }
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(w->curl, CURLINFO_ACTIVESOCKET, &w->socket);
    }
    /* The buffer of libcurl's own sentences ends here. */
    (void)curl_easy_setopt(w->curl, CURLOPT_ERRORBUFFER, NULL);
    if (code == CURLE_OK) {
        *wire = w;
        return WN_OK;
    }
    int status = report(w, code, detail, err);
    wn_imap_wire_free(w);
    return status;
}

void wn_imap_wire_free(struct wn_imap_wire *w)
{
    if (w == NULL) {
        return;
    }
    curl_easy_cleanup(w->curl);
    wn_buf_release(&w->refusal);
    free(w);
}

/* Whether to go on at all: a server that always has something to say is never waited for. */
static int check_clock(struct wn_imap_wire *w, struct wn_error *err)
{
    int64_t now = wn_clock_monotonic_ms();
    if (*w->access->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *w->access->stop, "stopped");
    }
    if (now - w->span_began >= w->access->timeout * 1000) {
        if (w->span_octets < (uint64_t)(w->access->timeout * STALL_RATE)) {
            return wn_error_set(err, WN_E_TEMPFAIL, "%s: the server makes no progress", shown(w));
        }
        w->span_began = now;
        w->span_octets = 0;
    }
    return now - w->sent_at >= COMMAND_MS
               ? wn_error_set(err, WN_E_TEMPFAIL, "%s: the server takes too long", shown(w))
               : WN_OK;
}

/* Until there is something to do, or it is time to look at the clock. */
static int wait_for(struct wn_imap_wire *w, short events, struct wn_error *err)
{
    struct pollfd fd = {.fd = w->socket, .events = events};
    if (poll(&fd, 1, LOOK_MS) < 0 && errno != EINTR) {
        return wn_error_errno(err, WN_E_IO, errno, "%s", shown(w));
    }
    return check_clock(w, err);
}

int wn_imap_wire_send(struct wn_imap_wire *w, struct wn_span octets, struct wn_error *err)
{
    w->sent_at = w->span_began = wn_clock_monotonic_ms();
    w->span_octets = 0;
    while (octets.n > 0) {
        size_t n = 0;
        CURLcode code = curl_easy_send(w->curl, octets.p, octets.n, &n);
        int status = WN_OK;
        if (code == CURLE_AGAIN) {
            status = wait_for(w, POLLOUT, err);
        } else if (code != CURLE_OK) {
            status = wn_error_set(err, WN_E_TEMPFAIL, "%s: the server hung up", shown(w));
        }
        if (status != WN_OK) {
            return status;
        }
        octets.p += n;
        octets.n -= n;
    }
    return WN_OK;
}

/* Some octets into the empty buffer. */
static int fill(struct wn_imap_wire *w, struct wn_error *err)
{
    int status = check_clock(w, err);
    while (status == WN_OK) {
        size_t n = 0;
        CURLcode code = curl_easy_recv(w->curl, w->in, sizeof w->in, &n);
        if (code == CURLE_OK && n > 0) {
            w->at = 0;
            w->end = n;
            w->span_octets += n;
            return WN_OK;
        }
        if (code != CURLE_AGAIN) {
            return wn_error_set(err, WN_E_TEMPFAIL, "%s: the server hung up", shown(w));
        }
        status = wait_for(w, POLLIN, err);
    }
    return status;
}

int wn_imap_wire_line(struct wn_imap_wire *w, struct wn_buf *line, struct wn_error *err)
{
    for (;;) {
        int status = w->at == w->end ? fill(w, err) : WN_OK;
        if (status != WN_OK) {
            return status;
        }
        const char *from = w->in + w->at;
        size_t room = WN_IMAP_LINE_MAX - line->len;
        const char *newline = memchr(from, '\n', w->end - w->at);
        size_t n = newline != NULL ? (size_t)(newline - from) : w->end - w->at;
        if (n > room || (n > 0 && memchr(from, '\0', n) != NULL)) {
            return wn_error_set(err, WN_E_DATA,
                                "%s: the server does not speak IMAP: it sends a line of more than "
                                "%d octets, or a NUL",
                                shown(w), (int)WN_IMAP_LINE_MAX);
        }
        wn_buf_add(line, from, n);
        w->at += n;
        if (newline != NULL) {
            w->at++;
            line->len -= line->len > 0 && line->p[line->len - 1] == '\r';
            return WN_OK;
        }
    }
}

int wn_imap_wire_octets(struct wn_imap_wire *w, uint64_t n, int fd, struct wn_error *err)
{
    while (n > 0) {
        int status = w->at == w->end ? fill(w, err) : WN_OK;
        if (status != WN_OK) {
            return status;
        }
        size_t have = w->end - w->at;
        have = have < n ? have : (size_t)n;
        ssize_t written = fd < 0 ? (ssize_t)have : write(fd, w->in + w->at, have);
        if (written < 0 && errno != EINTR) {
            return wn_error_errno(err, WN_E_IO, errno, "a fetched message cannot be kept");
        }
        if (written > 0) {
            w->at += (size_t)written;
            n -= (uint64_t)written;
        }
    }
    return WN_OK;
}
