/* SPDX-License-Identifier: MIT */
#include "bounce/imap/url.h"

#include <stdlib.h>
#include <unistr.h>

#include "base/curl.h"

/* A decoded part of the URL, empty when it has none. False: it cannot be decoded. */
static bool get_part(CURLU *u, CURLUPart part, unsigned flags, struct wn_buf *out)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(u, part, &text, flags);
    if (code == CURLUE_OUT_OF_MEMORY) {
        wn_out_of_memory();
    }
    if (code == CURLUE_OK) {
        wn_buf_add_text(out, text);
    }
    curl_free(text);
    return code == CURLUE_OK || code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD ||
           code == CURLUE_NO_OPTIONS || code == CURLUE_NO_QUERY || code == CURLUE_NO_FRAGMENT ||
           code == CURLUE_NO_PORT;
}

static bool has_part(CURLU *u, CURLUPart part)
{
    struct wn_buf text = {0};
    bool has = !get_part(u, part, 0, &text) || text.len > 0;
    wn_buf_release(&text);
    return has;
}

static bool has_controls(struct wn_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool is_loopback(struct wn_span host)
{
    return wn_span_equal(host, WN_SPAN("localhost")) || wn_span_equal(host, WN_SPAN("[::1]")) ||
           wn_span_equal(host, WN_SPAN("127.0.0.1"));
}

/* The path without its slashes; INBOX is the same in any case (RFC 3501, 5.1). */
static void set_mailbox(struct wn_imap_url *url, struct wn_span path)
{
    while (path.n > 0 && path.p[0] == '/') {
        path.p++;
        path.n--;
    }
    while (path.n > 0 && path.p[path.n - 1] == '/') {
        path.n--;
    }
    wn_buf_clear(&url->mailbox);
    if (path.n == 0 || wn_span_equal_nocase(path, WN_SPAN("INBOX"))) {
        path = WN_SPAN("INBOX");
    }
    wn_buf_add_span(&url->mailbox, path);
}

/* All but the mailbox: server, host, user. */
static bool read_server(CURLU *u, struct wn_imap_url *url)
{
    struct wn_buf scheme = {0}, host = {0}, port = {0}, user = {0};
    bool ok = get_part(u, CURLUPART_SCHEME, 0, &scheme) && get_part(u, CURLUPART_HOST, 0, &host) &&
              get_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port) &&
              get_part(u, CURLUPART_USER, 0, &user) &&
              get_part(u, CURLUPART_USER, CURLU_URLDECODE, &url->user);
    for (size_t i = 0; i < host.len; i++) {
        host.p[i] = wn_lower(host.p[i]);
    }
    url->tls = strcmp(wn_buf_text(&scheme), "imaps") == 0;
    ok = ok && host.len > 0 && (url->tls || strcmp(wn_buf_text(&scheme), "imap") == 0);
    if (ok) {
        url->loopback = is_loopback(wn_buf_span(&host));
        wn_buf_addf(&url->host, "%s:%s", wn_buf_text(&host), wn_buf_text(&port));
        wn_buf_addf(&url->server, "%s://%s@%s/", wn_buf_text(&scheme), wn_buf_text(&user),
                    wn_buf_text(&url->host));
    }
    wn_buf_release(&scheme);
    wn_buf_release(&host);
    wn_buf_release(&port);
    wn_buf_release(&user);
    return ok;
}

static int check_user(const struct wn_imap_url *url, CURLU *u, struct wn_error *err)
{
    if (has_part(u, CURLUPART_PASSWORD)) {
        return wn_error_set(err, WN_E_USAGE,
                            "a URL with a password is not taken, since everybody can read a "
                            "command line: use --password-file, WINNOW_IMAP_PASSWORD or .netrc");
    }
    if (url->user.len == 0) {
        return wn_error_set(err, WN_E_USAGE,
                            "the URL does not say whose mailbox it is: "
                            "imaps://user@host/INBOX");
    }
    return WN_OK;
}

/* As it could be given again, but for signs that few names have. */
static void set_shown(struct wn_imap_url *url)
{
    wn_buf_add_text(&url->shown, url->tls ? "imaps://" : "imap://");
    for (size_t i = 0; i < url->user.len; i++) {
        if (strchr("@:/%", url->user.p[i]) != NULL) {
            wn_buf_addf(&url->shown, "%%%02X", (unsigned)(unsigned char)url->user.p[i]);
        } else {
            wn_buf_add_char(&url->shown, url->user.p[i]);
        }
    }
    wn_buf_addf(&url->shown, "@%s/%s", wn_buf_text(&url->host), wn_buf_text(&url->mailbox));
}

/* There is a NUL behind every text from here on. */
static void terminate(struct wn_imap_url *url)
{
    (void)wn_buf_text(&url->server);
    (void)wn_buf_text(&url->host);
    (void)wn_buf_text(&url->user);
    (void)wn_buf_text(&url->mailbox);
    (void)wn_buf_text(&url->shown);
}

int wn_imap_url_read(const char *text, struct wn_imap_url *url, struct wn_error *err)
{
    struct wn_buf path = {0}, raw = {0};
    int status = wn_curl_load(err);
    if (status != WN_OK) {
        return status;
    }
    CURLU *u = curl_url();
    if (u == NULL) {
        wn_out_of_memory();
    }
    /* Without the text: what is wrong with it may be a password with a '/' or '@'. */
    bool ok = strstr(text, "://") != NULL && curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK &&
              read_server(u, url);
    if (ok) {
        status = check_user(url, u, err);
    }
    if (ok && status == WN_OK) {
        ok = get_part(u, CURLUPART_PATH, 0, &raw) &&
             get_part(u, CURLUPART_PATH, CURLU_URLDECODE, &path) &&
             strchr(wn_buf_text(&raw), ';') == NULL && !has_part(u, CURLUPART_OPTIONS) &&
             !has_part(u, CURLUPART_QUERY) && !has_part(u, CURLUPART_FRAGMENT) &&
             !has_controls(wn_buf_span(&url->user)) && !has_controls(wn_buf_span(&path)) &&
             u8_check((const uint8_t *)path.p, path.len) == NULL;
    }
    if (!ok) {
        status = wn_error_set(err, WN_E_USAGE,
                              "that is no URL of a mailbox, such as imaps://user@host/INBOX (an @ "
                              "in the user's name is written %%40)");
    }
    if (status == WN_OK) {
        set_mailbox(url, wn_buf_span(&path));
        set_shown(url);
        terminate(url);
    }
    wn_buf_release(&path);
    wn_buf_release(&raw);
    curl_url_cleanup(u);
    return status;
}

void wn_imap_url_release(struct wn_imap_url *url)
{
    wn_buf_release(&url->server);
    wn_buf_release(&url->host);
    wn_buf_release(&url->user);
    wn_buf_release(&url->mailbox);
    wn_buf_release(&url->shown);
}

/* UTF-16, big-endian, in Base64 with ',' for '/' and without padding, between '&' and '-'. */
static void add_shifted(struct wn_buf *out, const uint16_t *units, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    uint32_t bits = 0;
    unsigned count = 0;
    wn_buf_add_char(out, '&');
    for (size_t i = 0; i < n; i++) {
        bits = bits << 16 | units[i]; /* at most 4 bits are left of the unit before */
        count += 16;
        while (count >= 6) {
            count -= 6;
            wn_buf_add_char(out, digits[bits >> count & 63]);
        }
    }
    if (count > 0) {
        wn_buf_add_char(out, digits[bits << (6 - count) & 63]);
    }
    wn_buf_add_char(out, '-');
}

bool wn_imap_add_mailbox(struct wn_buf *out, struct wn_span name)
{
    size_t n = 0;
    if (name.n == 0 || has_controls(name)) {
        return false;
    }
    uint16_t *units = u8_to_u16((const uint8_t *)name.p, name.n, NULL, &n);
    if (units == NULL) {
        return false; /* no UTF-8 */
    }
    wn_buf_add_char(out, '"');
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && units[end] > '~') {
            end++;
        }
        if (end > i) {
            add_shifted(out, units + i, end - i);
            i = end;
            continue;
        }
        char c = (char)units[i++];
        if (c == '"' || c == '\\') {
            wn_buf_add_char(out, '\\');
        }
        wn_buf_add_char(out, c);
        if (c == '&') {
            wn_buf_add_char(out, '-');
        }
    }
    wn_buf_add_char(out, '"');
    free(units);
    return true;
}
