/* SPDX-License-Identifier: MIT */
/* libcurl's easy interface with everything switched off that a list does not need. Its result codes
 * are sorted by one table into our own statuses: what is not named there is temporary, since the
 * caller then keeps what it has and tries again another day. */
#include "base/fetch.h"

#include "base/curl.h"

enum {
    CONNECT_SECONDS = 15,
    STALL_SECONDS = 30, /* fewer than STALL_OCTETS a second for so long is a dead server */
    STALL_OCTETS = 50,
    REDIRECTS = 5
};

struct transfer {
    const struct wn_fetch *fetch;
    struct wn_buf *body;
    bool too_large;
};

struct wn_span wn_fetch_shown(const char *url)
{
    return (struct wn_span){url, strcspn(url, "?#")};
}

static size_t take_octets(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count; /* libcurl: size is 1 */
    if (n > t->fetch->max - t->body->len) {
        t->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    wn_buf_add(t->body, data, n);
    return n;
}

static int look_for_stop(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
                         curl_off_t up)
{
    const struct transfer *t = arg;
    (void)total;
    (void)now;
    (void)up_total;
    (void)up;
    return *t->fetch->stop != 0;
}

/* The URL's scheme, user and host are what they may be. */
static int check_url(const struct wn_fetch *f, bool *http, struct wn_error *err)
{
    struct wn_span shown = wn_fetch_shown(f->url);
    int width = shown.n < 200 ? (int)shown.n : 200;
    char *scheme = NULL;
    CURLU *url = curl_url();
    int status = WN_OK;
    if (url == NULL) {
        wn_out_of_memory();
    }
    CURLUcode code =
        curl_url_set(url, CURLUPART_URL, f->url, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_USER_NOT_ALLOWED) {
        status = wn_error_set(err, WN_E_USAGE, "a URL with a user name or password is not fetched");
    } else if (code != CURLUE_OK || curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        status = wn_error_set(err, WN_E_USAGE, "'%.*s' is no URL such as https://host/list.txt",
                              width, shown.p);
    } else if (strcmp(scheme, "http") == 0 && f->allow_http) {
        *http = true;
    } else if (strcmp(scheme, "https") != 0) {
        status = wn_error_set(err, WN_E_USAGE, "%.*s: only https:// is fetched%s", width, shown.p,
                              strcmp(scheme, "http") == 0
                                  ? ", as anybody on the way can change what http:// brings"
                                  : "");
    }
    curl_free(scheme);
    curl_url_cleanup(url);
    return status;
}

static const struct {
    CURLcode code;
    int status;
    const char *sentence; /* NULL: libcurl's own */
} outcomes[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, WN_E_DATA, NULL}, /* no HTTP at all, or a redirect to another */
    {CURLE_URL_MALFORMAT, WN_E_DATA, "it redirects to something that is no URL"},
    {CURLE_TOO_MANY_REDIRECTS, WN_E_DATA, "it redirects too often"},
    {CURLE_OPERATION_TIMEDOUT, WN_E_TEMPFAIL, "it took too long"},
    {CURLE_SSL_CACERT_BADFILE, WN_E_CONFIG, "the file of certificate authorities cannot be used"},
    {CURLE_PARTIAL_FILE, WN_E_TEMPFAIL, "the server broke off before the end"},
    {CURLE_GOT_NOTHING, WN_E_TEMPFAIL, "the server hung up without an answer"},
};

/* `answer`: the last status that the server gave, or 0. */
static int report(const struct transfer *t, CURLcode code, long answer, const char *detail,
                  struct wn_error *err)
{
    const struct wn_fetch *f = t->fetch;
    struct wn_span shown = wn_fetch_shown(f->url);
    int width = shown.n < 200 ? (int)shown.n : 200;
    int status = WN_E_TEMPFAIL;
    const char *sentence = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    if (code == CURLE_OUT_OF_MEMORY) {
        wn_out_of_memory();
    }
    if (code == CURLE_ABORTED_BY_CALLBACK && *f->stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *f->stop, "stopped");
    }
    if (t->too_large || code == CURLE_FILESIZE_EXCEEDED) {
        return wn_error_set(err, WN_E_DATA, "%.*s is larger than %zu octets", width, shown.p,
                            f->max);
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (outcomes[i].code == code) {
            status = outcomes[i].status;
            sentence = outcomes[i].sentence != NULL ? outcomes[i].sentence : sentence;
        }
    }
    if (code == CURLE_UNSUPPORTED_PROTOCOL && answer / 100 == 3) {
        sentence = "it redirects to something that is not https://";
    }
    return wn_error_set(err, status, "%.*s could not be fetched: %s", width, shown.p, sentence);
}

static int check_answer(const struct wn_fetch *f, long code, struct wn_error *err)
{
    struct wn_span shown = wn_fetch_shown(f->url);
    bool passing = code >= 500 || code == 408 || code == 429;
    if (code == 200) {
        return WN_OK;
    }
    return wn_error_set(err, passing ? WN_E_TEMPFAIL : WN_E_DATA,
                        "%.*s could not be fetched: the server answered %ld",
                        shown.n < 200 ? (int)shown.n : 200, shown.p, code);
}

/* CURLE_OK, or the first option that this libcurl does not take: then nothing is sent. */
static CURLcode set_options(CURL *curl, struct transfer *t, bool http, char *detail)
{
    const struct wn_fetch *f = t->fetch;
    CURLcode code = CURLE_OK;
#define SET(option, value) (code = code != CURLE_OK ? code : curl_easy_setopt(curl, option, value))
    SET(CURLOPT_ERRORBUFFER, detail);
    SET(CURLOPT_URL, f->url);
    SET(CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, http ? "http,https" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)REDIRECTS);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_USERAGENT, f->user_agent);
    SET(CURLOPT_ACCEPT_ENCODING, ""); /* whatever this libcurl can unpack */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    SET(CURLOPT_TIMEOUT, (long)f->timeout);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)STALL_OCTETS);
    SET(CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max);
    SET(CURLOPT_WRITEFUNCTION, take_octets);
    SET(CURLOPT_WRITEDATA, (void *)t);
    SET(CURLOPT_XFERINFOFUNCTION, look_for_stop);
    SET(CURLOPT_XFERINFODATA, (void *)t);
    SET(CURLOPT_NOPROGRESS, 0L);
    if (f->ca_file != NULL) {
        SET(CURLOPT_CAINFO, f->ca_file);
    }
#undef SET
    return code;
}

int wn_fetch(const struct wn_fetch *f, struct wn_buf *body, struct wn_error *err)
{
    struct transfer t = {.fetch = f, .body = body};
    char detail[CURL_ERROR_SIZE] = "";
    bool http = false;
    long answer = 0;
    wn_buf_clear(body);
    int status = wn_curl_load(err);
    if (status == WN_OK) {
        status = check_url(f, &http, err);
    }
    if (status != WN_OK) {
        return status;
    }
    CURL *curl = curl_easy_init();
    if (curl == NULL) {
        wn_out_of_memory();
    }
    CURLcode code = set_options(curl, &t, http, detail);
    if (code == CURLE_OK) {
        code = curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    }
    status =
        code != CURLE_OK ? report(&t, code, answer, detail, err) : check_answer(f, answer, err);
    curl_easy_cleanup(curl);
    return status;
}
