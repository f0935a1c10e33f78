/* SPDX-License-Identifier: MIT */
/* Fetching over HTTP from a scripted server on a loopback port: what comes through, and what
 * becomes of everything else. HTTPS is tested end to end (tests/e2e/test_lists.py). */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fetch.h"
#include "support/suite.h"

/* --- the server: a thread that answers each path with fixed bytes and hangs up ------------------
 */

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define LENGTH(n, body)                                                                            \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " #n "\r\n\r\n" body
#define STATUS(line)     "HTTP/1.1 " line "\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
#define REDIRECT(target) "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: " target "\r\n\r\n"

static const struct {
    const char *name, *path;
    const char *answer; /* NULL: none, the connection stays open */
    int status;
    const char *words; /* the body, or words of the message */
} cases[] = {
    {"a document", "/list?key=1", LENGTH(6, "x.org\n"), WN_OK, "x.org\n"},
    {"without a length", "/plain", OK("x.org\n"), WN_OK, "x.org\n"},
    {"an empty one", "/empty", LENGTH(0, ""), WN_OK, ""},
    {"as many octets as may be", "/ten", LENGTH(10, "0123456789"), WN_OK, "0123456789"},
    {"a redirect", "/moved", REDIRECT("/list?key=1"), WN_OK, "x.org\n"},
    {"one octet too many, announced", "/eleven", LENGTH(11, "01234567890"), WN_E_DATA,
     "/eleven is larger than 10 octets"},
    {"one octet too many, unannounced", "/many", OK("01234567890"), WN_E_DATA, "larger than 10"},
    {"too much once unpacked", "/packed", "", WN_E_DATA, "larger than 10"},
    {"redirects without end", "/loop", REDIRECT("/loop"), WN_E_DATA, "redirects too often"},
    {"a redirect to a file", "/file", REDIRECT("file:///etc/passwd"), WN_E_DATA,
     "redirects to something that is not https://"},
    {"a redirect to FTP", "/ftp", REDIRECT("ftp://127.0.0.1/x"), WN_E_DATA, "not https://"},
    {"a redirect to no URL", "/odd", REDIRECT("http://[::1/x"), WN_E_DATA, "no URL"},
    {"not found", "/404?key=1", STATUS("404 Not Found"), WN_E_DATA,
     "/404 could not be fetched: the"},
    {"forbidden", "/403", STATUS("403 Forbidden"), WN_E_DATA, "the server answered 403"},
    {"no content", "/204", "HTTP/1.1 204 No Content\r\n\r\n", WN_E_DATA, "answered 204"},
    {"a redirect to nowhere", "/300", STATUS("300 Multiple Choices"), WN_E_DATA, "answered 300"},
    {"in trouble", "/503", STATUS("503 Service Unavailable"), WN_E_TEMPFAIL, "answered 503"},
    {"asked too often", "/429", STATUS("429 Too Many Requests"), WN_E_TEMPFAIL, "answered 429"},
    {"too slow for the server", "/408", STATUS("408 Request Timeout"), WN_E_TEMPFAIL, "408"},
    {"broken off", "/broken", LENGTH(9, "x.org\n"), WN_E_TEMPFAIL, "broke off before the end"},
    {"nothing", "/nothing", "", WN_E_TEMPFAIL, "hung up without an answer"},
    {"no HTTP", "/garbage", "\x01\x02\x03\x04 what is this\r\n\r\n", WN_E_DATA,
     "could not be fetched: "},
    {"silence", "/silence", NULL, WN_E_TEMPFAIL, "it took too long"},
};

static int listener;
static char origin[40];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_request[4000]; /* under the lock */

static size_t packed(char *out, size_t room)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n";
    static char zeros[100000];
    z_stream z = {.next_in = (Bytef *)zeros, .avail_in = sizeof zeros};
    memcpy(out, head, sizeof head - 1);
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = (Bytef *)out + sizeof head - 1;
    z.avail_out = (uInt)(room - sizeof head);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = sizeof head - 1 + z.total_out;
    deflateEnd(&z);
    return n;
}

static void answer(int fd)
{
    char path[100] = "", room[2000], request[sizeof last_request] = "";
    size_t n = 0;
    while (n < sizeof request - 1 && strstr(request, "\r\n\r\n") == NULL) {
        ssize_t got = read(fd, request + n, sizeof request - 1 - n);
        if (got <= 0) {
            return;
        }
        n += (size_t)got;
        request[n] = '\0';
        if (request[0] != 'G') {
            return; /* TLS: a server of plain HTTP hangs up, and does not wait for a line to end */
        }
    }
    pthread_mutex_lock(&lock);
    memcpy(last_request, request, sizeof request);
    pthread_mutex_unlock(&lock);
    sscanf(request, "GET %99s ", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].path, path) != 0) {
            continue;
        }
        if (cases[i].answer == NULL) {
            struct pollfd wait = {.fd = fd, .events = POLLIN};
            poll(&wait, 1, 30000); /* until the client gives up */
        } else if (strcmp(path, "/packed") == 0) {
            n = packed(room, sizeof room);
            ck_assert_int_eq(write(fd, room, n), (ssize_t)n);
        } else {
            n = strlen(cases[i].answer);
            ck_assert_int_eq(write(fd, cases[i].answer, n), (ssize_t)n);
        }
    }
}

static void *serve(void *arg)
{
    int fd;
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        answer(fd);
        close(fd);
    }
    return arg;
}

static void start_server(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    pthread_t thread;
    signal(SIGPIPE, SIG_IGN);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(listener, 5), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &n), 0);
    snprintf(origin, sizeof origin, "http://127.0.0.1:%u", ntohs(at.sin_port));
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
    pthread_detach(thread); /* ends with the test's process */
}

static _Atomic int stop;

static int fetch_path(const char *path, bool allow_http, struct wn_buf *body, struct wn_error *err)
{
    char url[200];
    snprintf(url, sizeof url, "%s%s", path[0] == '/' ? origin : "", path);
    const struct wn_fetch fetch = {.url = url,
                                   .user_agent = "winnow/test",
                                   .allow_http = allow_http,
                                   .max = 10,
                                   .timeout = strcmp(path, "/silence") == 0 ? 1 : 20,
                                   .stop = &stop};
    return wn_fetch(&fetch, body, err);
}

START_TEST(fetch)
{
    struct wn_buf body = {0};
    struct wn_error err = {0};
    wn_buf_add_text(&body, "what was there before");
    int status = fetch_path(cases[_i].path, true, &body, &err);
    ck_assert_msg(status == cases[_i].status && err.status == status, "%s: %d %s", cases[_i].name,
                  status, err.text);
    const char *said = status == WN_OK ? wn_buf_text(&body) : err.text;
    ck_assert_msg(status == WN_OK ? strcmp(said, cases[_i].words) == 0
                                  : strstr(said, cases[_i].words) != NULL,
                  "%s: %s", cases[_i].name, said);
    ck_assert_ptr_null(strstr(err.text, "key=1"));
    pthread_mutex_lock(&lock);
    ck_assert_ptr_nonnull(strstr(last_request, "\r\nUser-Agent: winnow/test\r\n"));
    ck_assert_ptr_null(strstr(last_request, "Authorization"));
    pthread_mutex_unlock(&lock);
    wn_buf_release(&body);
}
END_TEST

static const struct {
    const char *name, *url, *words;
    bool allow_http;
} refused[] = {
    {"HTTP", "http://127.0.0.1:1/x?key=1", "only https:// is fetched, as anybody", false},
    {"a file", "file:///etc/passwd", "only https:// is fetched", true},
    {"FTP", "ftp://127.0.0.1/x", "only https:// is fetched", true},
    {"an unknown scheme", "xyzzy://127.0.0.1/x", "only https:// is fetched", true},
    {"a password", "https://bob:secret@127.0.0.1/x", "user name or password", true},
    {"no scheme", "127.0.0.1/x", "is no URL such as", true},
    {"no host", "https:///", "is no URL such as", true},
    {"a blank", "https://a b/", "is no URL such as", true},
    {"nothing", "", "is no URL such as", true},
};

START_TEST(refuse)
{
    struct wn_buf body = {0};
    struct wn_error err = {0};
    int status = fetch_path(refused[_i].url, refused[_i].allow_http, &body, &err);
    ck_assert_msg(status == WN_E_USAGE, "%s: %d %s", refused[_i].name, status, err.text);
    ck_assert_msg(strstr(err.text, refused[_i].words) != NULL, "%s: %s", refused[_i].name,
                  err.text);
    ck_assert_ptr_null(strstr(err.text, "key=1"));
    ck_assert_ptr_null(strstr(err.text, "secret"));
    wn_buf_release(&body);
}
END_TEST

START_TEST(unreachable)
{
    struct wn_buf body = {0};
    struct wn_error err = {0};
    char url[80];
    /* A port that was free a moment ago. */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/x", ntohs(at.sin_port));
    ck_assert_int_eq(fetch_path(url, false, &body, &err), WN_E_TEMPFAIL);
    close(fd);
    /* Plain HTTP where TLS was asked for. */
    err = (struct wn_error){0};
    snprintf(url, sizeof url, "https%s/list", origin + 4);
    ck_assert_int_eq(fetch_path(url, false, &body, &err), WN_E_TEMPFAIL);
    wn_buf_release(&body);
}
END_TEST

START_TEST(stopped)
{
    struct wn_buf body = {0};
    struct wn_error err = {0};
    stop = SIGINT;
    ck_assert_int_eq(fetch_path("/silence", true, &body, &err), WN_E_SIGNAL + SIGINT);
    wn_buf_release(&body);
}
END_TEST

START_TEST(authorities)
{
    struct wn_buf body = {0};
    struct wn_error err = {0};
    const struct wn_fetch f = {.url = "https://127.0.0.1:1/x",
                               .user_agent = "winnow/test",
                               .ca_file = "/nonexistent.pem",
                               .max = 10,
                               .timeout = 5,
                               .stop = &stop};
    char url[80];
    struct wn_fetch there = f;
    snprintf(url, sizeof url, "https%s/list", origin + 4);
    there.url = url;
    ck_assert_int_eq(wn_fetch(&there, &body, &err), WN_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "certificate authorities cannot be used"));
    wn_buf_release(&body);
}
END_TEST

START_TEST(shown)
{
    struct wn_span s = wn_fetch_shown("https://x.org/list?key=1#top");
    ck_assert(wn_span_equal(s, WN_SPAN("https://x.org/list")));
    s = wn_fetch_shown("https://x.org/list");
    ck_assert(wn_span_equal(s, WN_SPAN("https://x.org/list")));
}
END_TEST

static Suite *fetch_suite(void)
{
    Suite *suite = suite_create("fetch");
    TCase *tc = tcase_create("fetch");
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, start_server, NULL);
    tcase_add_loop_test(tc, fetch, 0, sizeof cases / sizeof *cases);
    tcase_add_loop_test(tc, refuse, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tc, unreachable);
    tcase_add_test(tc, stopped);
    tcase_add_test(tc, authorities);
    tcase_add_test(tc, shown);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                          "ALL_PROXY"};
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        unsetenv(proxies[i]);
    }
    return run_suite(fetch_suite());
}
