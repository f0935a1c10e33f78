/* SPDX-License-Identifier: MIT */
/* Fuzzes what a mail server says of messages: a line, as a FETCH response and for the literal that
 * it announces; and a mailbox's name, which must come out as one quoted string. */
#include "bounce/imap/fetched.h"
#include "bounce/imap/url.h"
#include "fuzz.h"

/* A quoted string of printable ASCII that ends where it should (RFC 3501, 9). */
static bool is_quoted(struct wn_span s)
{
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"') {
        return false;
    }
    for (size_t i = 1; i + 1 < s.n; i++) {
        i += s.p[i] == '\\';
        if (i + 1 >= s.n || s.p[i] < ' ' || s.p[i] > '~' || (s.p[i] == '"' && s.p[i - 1] != '\\')) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wn_span line = {(const char *)data, size};
    struct wn_imap_fetched fetched;
    uint32_t octets;
    bool body;
    if (wn_imap_read_fetched(line, &fetched) && fetched.body.n > 0) {
        REQUIRE(fetched.has_body && fetched.body.p > line.p &&
                fetched.body.p + fetched.body.n < line.p + line.n);
    }
    (void)wn_imap_announces(line, &octets, &body);
    struct wn_buf name = {0};
    if (wn_imap_add_mailbox(&name, line)) {
        REQUIRE(is_quoted(wn_buf_span(&name)));
    }
    wn_buf_release(&name);
    return 0;
}
