/* SPDX-License-Identifier: MIT */
/* What libcurl is told to do for one link, and what its failures mean. Everything that comes from
 * the environment (proxies, .netrc, a user's name) is switched off. An address is pinned by
 * CURLOPT_CONNECT_TO and not by CURLOPT_RESOLVE: proxies are given it, too, and nothing of it is
 * left in a cache where a link to another address of the same host would find it. */
#include "smtp/link.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

enum {
    WAITS = 4, /* of banner_ms each: greeting, EHLO, STARTTLS with the handshake, EHLO again */
    SPARE_MS = 60000 /* for all that libcurl's clock counts otherwise than ours */
};

uint64_t wn_link_received(curl_socket_t fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

/* libcurl reads more at once than a line. Whether it keeps some is only known where every byte is
 * the server's: without a proxy and without TLS. Even there it says less than was read where it has
 * dropped the middle of a line (7.88 does); but then nothing comes in the same turn. Else nothing
 * is supposed, unless this libcurl never reads an answer in the turn in which it said a command.
 * What lies in the socket under TLS need not be the server's words (RFC 8446, 4.6.1). */
static void look_behind(const struct wn_link *link, struct wn_hello_rest *rest)
{
    char next[3];
    ssize_t n = recv(link->starting, next, sizeof next, MSG_PEEK | MSG_DONTWAIT);
    uint64_t received = wn_link_received(link->starting);
    uint64_t end = n == 0; /* it counts for a byte (RFC 9293, 3.4) */
    bool tls = link->hello.facts.tls;
    bool known = link->transport->config.proxy == NULL && !tls;
    rest->there = n > 0 && !tls && !wn_hello_may_come_anytime((struct wn_span){next, (size_t)n});
    rest->kept = known ? received > link->heard + end : !link->transport->answers_at_once;
    rest->turn = link->transport->turn;
}

static size_t hear_line(char *data, size_t size, size_t count, void *arg)
{
    struct wn_link *link = arg;
    size_t n = size * count;
    enum wn_link_phase phase = link->hello.phase;
    struct wn_hello_rest rest;
    link->heard += n;
    look_behind(link, &rest);
    bool ok = wn_hello_hear(&link->hello, (struct wn_span){data, n}, &rest);
    if (link->hello.phase != phase) {
        wn_link_renew(link);
    }
    return ok ? n : CURL_WRITEFUNC_ERROR;
}

static int note_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    (void)purpose;
    ((struct wn_link *)arg)->starting = fd;
    return CURL_SOCKOPT_OK;
}

static size_t ignore_octets(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

/* Not each name in the DNS is one for a URL, and one in UTF-8 would go through IDNA. */
static bool is_host_name(const char *host)
{
    size_t n = strlen(host);
    return n > 0 && n < 255 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == n;
}

/* smtp://HOST:PORT/HELO: with the address for a host whose name is none for a URL. NULL: not even
 * that. */
static char *make_url(struct wn_link *link, const struct wn_endpoint *to, const char *address)
{
    const struct wn_transport_config *config = &link->transport->config;
    char port[8], bracketed[WN_IP_TEXT + 2];
    char *helo = curl_easy_escape(link->curl, config->helo, 0);
    char *text = NULL;
    CURLU *url = curl_url();
    if (helo == NULL || url == NULL) {
        wn_out_of_memory();
    }
    struct wn_buf path = {0};
    wn_buf_addf(&path, "/%s", helo);
    (void)snprintf(port, sizeof port, "%u", (unsigned)config->port);
    (void)snprintf(bracketed, sizeof bracketed, to->ip.family == 6 ? "[%s]" : "%s", address);
    bool ok =
        curl_url_set(url, CURLUPART_SCHEME, "smtp", 0) == CURLUE_OK &&
        ((is_host_name(to->host) && curl_url_set(url, CURLUPART_HOST, to->host, 0) == CURLUE_OK) ||
         curl_url_set(url, CURLUPART_HOST, bracketed, 0) == CURLUE_OK) &&
        curl_url_set(url, CURLUPART_PORT, port, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_PATH, wn_buf_text(&path), 0) == CURLUE_OK;
    if (ok && curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK) {
        text = NULL;
    }
    wn_buf_release(&path);
    curl_free(helo);
    curl_url_cleanup(url);
    return text;
}

CURLcode wn_link_configure(struct wn_link *link, const struct wn_endpoint *to)
{
    const struct wn_transport_config *config = &link->transport->config;
    /* Our own clock is the one that counts; libcurl's must not run out before it. */
    long most_ms = (long)config->connect_ms + (long)WAITS * config->banner_ms + SPARE_MS;
    char address[WN_IP_TEXT], connect_to[WN_IP_TEXT + 8];
    CURLcode code = CURLE_OK;
    wn_ip_format(&to->ip, address);
    (void)snprintf(connect_to, sizeof connect_to,
                   to->ip.family == 6 ? "::[%s]:" : "::%s:", address);
    char *url = make_url(link, to, address);
    link->connect_to = curl_slist_append(NULL, connect_to);
    if (url == NULL || link->connect_to == NULL) {
        curl_free(url);
        return CURLE_URL_MALFORMAT;
    }
#define SET(option, value)                                                                         \
    (code = code != CURLE_OK ? code : curl_easy_setopt(link->curl, option, value))
    SET(CURLOPT_ERRORBUFFER, link->error);
    SET(CURLOPT_PRIVATE, (void *)link);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "smtp");
    SET(CURLOPT_CONNECT_TO, link->connect_to);
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Not larger: 7.88.1 as Debian patches it counts all that is in its buffer with each line, and
     * ends at 300 kB. */
    SET(CURLOPT_BUFFERSIZE, (long)WN_SMTP_LINE_MAX);
    SET(CURLOPT_CONNECTTIMEOUT_MS, most_ms);
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, most_ms / 1000);
    /* To be had or not, and whoever answers: what is asked is no secret. */
    SET(CURLOPT_USE_SSL, (long)(link->hello.plain ? CURLUSESSL_NONE : CURLUSESSL_TRY));
    SET(CURLOPT_SSL_VERIFYPEER, 0L);
    SET(CURLOPT_SSL_VERIFYHOST, 0L);
    SET(CURLOPT_CERTINFO, 1L);
    SET(CURLOPT_PROXY, config->proxy != NULL ? config->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (config->interface != NULL) {
        SET(CURLOPT_INTERFACE, config->interface);
    }
    SET(CURLOPT_HEADERFUNCTION, hear_line);
    SET(CURLOPT_HEADERDATA, (void *)link);
    SET(CURLOPT_WRITEFUNCTION, ignore_octets);
    SET(CURLOPT_SOCKOPTFUNCTION, note_socket);
    SET(CURLOPT_SOCKOPTDATA, (void *)link);
    SET(CURLOPT_CLOSESOCKETFUNCTION, wn_link_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, (void *)link);
#undef SET
    curl_free(url);
    return code;
}

bool wn_link_certificate_bad(const struct wn_link *link)
{
    static const char *const names[] = {"Subject:", "Issuer:", "Start date:", "Expire date:"};
    const char *values[] = {"", "", "", ""};
    struct curl_certinfo *chain = NULL;
    (void)curl_easy_getinfo(link->curl, CURLINFO_CERTINFO, &chain);
    if (chain == NULL || chain->num_of_certs < 1) {
        return true; /* it has shown none */
    }
    for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            size_t n = strlen(names[i]);
            values[i] = strncmp(line->data, names[i], n) == 0 ? line->data + n : values[i];
        }
    }
    time_t now = (time_t)wn_clock_now();
    return strcmp(values[0], values[1]) == 0 || curl_getdate(values[2], NULL) > now ||
           curl_getdate(values[3], NULL) < now;
}

static const char *const late[] = {
    [WN_LINK_CONNECT] = "no connection was made in time",
    [WN_LINK_BANNER] = "the server connects and does not greet in time",
    [WN_LINK_EHLO] = "the server greets and does not answer EHLO in time",
    [WN_LINK_STARTTLS] = "the server offers TLS and does not begin it in time",
};

/* None for CONNECT: with the first line of the server's that phase is over. */
static const char *const refusals[] = {
    [WN_LINK_BANNER] = "the server turns us away",
    [WN_LINK_EHLO] = "the server accepts neither EHLO nor HELO",
    [WN_LINK_STARTTLS] = "the server breaks off after STARTTLS",
};

static const char *const broken[] = {
    [WN_LINK_CONNECT] = "the connection broke as it was made",
    [WN_LINK_BANNER] = "the server hung up without a greeting",
    [WN_LINK_EHLO] = "the server greeted and hung up",
    [WN_LINK_STARTTLS] = "the server offered TLS and hung up",
};

#define TOO_MUCH "the server says too much before it is asked anything"

/* `words`: libcurl's own follow. `ours`: as in struct wn_link_event. */
static const struct {
    CURLcode code;
    bool words, ours;
    const char *sentence;
} outcomes[] = {
    {CURLE_PROXY, true, false, "the proxy does not connect"},
    {CURLE_COULDNT_RESOLVE_PROXY, false, true, "the proxy's name is not found"},
    {CURLE_INTERFACE_FAILED, true, true, "the source address cannot be used"},
    {CURLE_SSL_CONNECT_ERROR, true, false, "TLS does not come about"},
    {CURLE_PEER_FAILED_VERIFICATION, true, false, "TLS does not come about"},
    /* Of a buffer of libcurl's that has a limit, from 8.0 on, and from 8.6 on. */
    {CURLE_OUT_OF_MEMORY, false, false, TOO_MUCH},
#if LIBCURL_VERSION_NUM >= 0x080600
    {CURLE_TOO_LARGE, false, false, TOO_MUCH},
#endif
};

/* What this machine says before anything was sent, or for want of anything to send it with. */
static bool is_ours(long errnum)
{
    return errnum == ENETUNREACH || errnum == ENETDOWN || errnum == EADDRNOTAVAIL ||
           errnum == EAFNOSUPPORT || errnum == EACCES || errnum == EPERM || errnum == EMFILE ||
           errnum == ENFILE || errnum == ENOBUFS;
}

static void explain_socket(struct wn_link *link)
{
    long errnum = 0;
    char text[128];
    (void)curl_easy_getinfo(link->curl, CURLINFO_OS_ERRNO, &errnum);
    bool proxy = link->transport->config.proxy != NULL;
    link->refused = errnum == ECONNREFUSED && !proxy;
    link->timed_out = errnum == ETIMEDOUT;
    link->ours = proxy ? errnum != 0 : is_ours(errnum);
    const char *what = "no connection";
    if (proxy) { /* in new libcurl also for what the proxy answers, which is no socket's error */
        what = errnum != 0 ? "no connection to the proxy" : "the proxy does not connect";
    }
    (void)snprintf(link->detail, sizeof link->detail, "%s: %s", what,
                   errnum != 0 ? strerror_r((int)errnum, text, sizeof text) : link->error);
}

static void explain_code(struct wn_link *link, CURLcode code)
{
    long why = 0;
    const char *words = link->error[0] != '\0' ? link->error : curl_easy_strerror(code);
    if (code == CURLE_COULDNT_RESOLVE_HOST && link->transport->config.proxy != NULL) {
        code = CURLE_COULDNT_RESOLVE_PROXY; /* as libcurl may say of SOCKS; no other is looked up */
    }
    if (code == CURLE_PROXY &&
        curl_easy_getinfo(link->curl, CURLINFO_PROXY_ERROR, &why) == CURLE_OK) {
        link->refused = why == CURLPX_REPLY_CONNECTION_REFUSED;
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (outcomes[i].code == code) {
            link->ours = outcomes[i].ours;
            (void)snprintf(link->detail, sizeof link->detail, "%s%s%s", outcomes[i].sentence,
                           outcomes[i].words ? ": " : "", outcomes[i].words ? words : "");
            return;
        }
    }
    if (code == CURLE_WEIRD_SERVER_REPLY) { /* in new libcurl also for a NUL */
        words = link->hello.phase == WN_LINK_STARTTLS ? WN_HELLO_GOES_ON : WN_SMTP_NO_REPLY;
    }
    bool hung_up =
        code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING;
    bool proxy = link->hello.phase == WN_LINK_CONNECT && link->transport->config.proxy != NULL;
    (void)snprintf(link->detail, sizeof link->detail, "%s%s",
                   proxy ? "the proxy does not connect: " : "",
                   hung_up && !proxy ? broken[link->hello.phase] : words);
}

/* A connection that broke before libcurl said that it was there, and was there. */
static bool was_connected(struct wn_link *link)
{
    curl_off_t us = 0;
    long errnum = 0;
    (void)curl_easy_getinfo(link->curl, CURLINFO_CONNECT_TIME_T, &us);
    (void)curl_easy_getinfo(link->curl, CURLINFO_OS_ERRNO, &errnum);
    return us > 0 || errnum == ECONNRESET; /* to be turned away is ECONNREFUSED */
}

void wn_link_explain(struct wn_link *link, CURLcode code)
{
    if (link->hello.phase == WN_LINK_CONNECT && link->transport->config.proxy == NULL &&
        was_connected(link)) {
        link->hello.phase = WN_LINK_BANNER;
        code = code == CURLE_COULDNT_CONNECT ? CURLE_RECV_ERROR : code;
    }
    enum wn_link_phase phase = link->hello.phase;
    link->timed_out = link->timed_out || code == CURLE_OPERATION_TIMEDOUT;
    const char *sentence = link->hello.detail;
    if (sentence == NULL && link->received > WN_LINK_HELLO_MAX) {
        sentence = TOO_MUCH;
    } else if (sentence == NULL && link->timed_out) {
        sentence = late[phase];
    } else if (sentence == NULL && link->hello.refused) {
        sentence = refusals[phase];
    }
    if (sentence != NULL) {
        (void)snprintf(link->detail, sizeof link->detail, "%s", sentence);
    } else if (code == CURLE_COULDNT_CONNECT) {
        explain_socket(link);
    } else {
        explain_code(link, code);
    }
    for (char *p = link->detail; *p != '\0'; p++) {
        *p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
    }
}
