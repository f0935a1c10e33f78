/* SPDX-License-Identifier: MIT */
/* Address literals (RFC 5321 4.1.3), to their canonical form (RFC 5952 for IPv6). An IPv4 address
 * is read by the RFC's own rule, Snum, which allows leading zeros where inet_pton does not; at the
 * end of an IPv6 address it is turned into the two groups that it stands for. So inet_pton only
 * ever sees groups, and what is left to check is that `::` stands for two of them or more. */
#include <arpa/inet.h>
#include <stdio.h>

#include "address/internal.h"

/* IPv4-address-literal: four Snum of one to three digits. */
static bool read_ipv4(const char *p, size_t n, uint32_t *address)
{
    unsigned value = 0;
    size_t parts = 0;
    size_t digits = 0;
    *address = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && wn_is_digit(p[i]) && digits < 3) {
            value = value * 10 + (unsigned)(p[i] - '0');
            digits++;
            continue;
        }
        if ((i < n && p[i] != '.') || digits == 0 || value > 255 || ++parts > 4) {
            return false;
        }
        *address = *address << 8 | value;
        value = 0;
        digits = 0;
    }
    return parts == 4;
}

/* IPv6-address-literal behind its tag. */
static bool read_ipv6(const char *p, size_t n, struct in6_addr *v6)
{
    char groups[INET6_ADDRSTRLEN + sizeof "ffff:ffff"];
    const char *colon = memrchr(p, ':', n);
    size_t head = colon != NULL ? (size_t)(colon + 1 - p) : 0;
    uint32_t v4 = 0;
    size_t colons = 0;

    if (memchr(p + head, '.', n - head) == NULL) {
        head = n;
    } else if (!read_ipv4(p + head, n - head, &v4)) {
        return false;
    }
    if (head >= INET6_ADDRSTRLEN || memchr(p, '\0', head) != NULL) {
        return false;
    }
    memcpy(groups, p, head);
    groups[head] = '\0';
    if (head < n) {
        (void)snprintf(groups + head, sizeof groups - head, "%x:%x", v4 >> 16, v4 & 0xffff);
    }
    if (inet_pton(AF_INET6, groups, v6) != 1) {
        return false;
    }
    if (strstr(groups, "::") == NULL) {
        return true;
    }
    /* The pieces between colons, but for those that `::` leaves empty: one, and one more where it
     * stands at an end. Unlike RFC 4291, RFC 5321 wants it to stand for two groups or more. */
    n = strlen(groups);
    for (size_t i = 0; i < n; i++) {
        colons += groups[i] == ':';
    }
    size_t empty = 1 + (size_t)(groups[0] == ':') + (size_t)(groups[n - 1] == ':');
    return colons + 1 - empty <= 6;
}

bool wn_literal_write(struct wn_span literal, struct wn_address *a)
{
    static const struct wn_span tag = {"IPv6:", 5};
    char text[INET6_ADDRSTRLEN];
    struct in6_addr v6;
    struct in_addr v4;
    bool tagged =
        literal.n > tag.n && wn_span_equal_nocase((struct wn_span){literal.p, tag.n}, tag);

    if (tagged) {
        if (!read_ipv6(literal.p + tag.n, literal.n - tag.n, &v6)) {
            return false;
        }
        (void)inet_ntop(AF_INET6, &v6, text, sizeof text);
    } else {
        if (!read_ipv4(literal.p, literal.n, &v4.s_addr)) {
            return false;
        }
        v4.s_addr = htonl(v4.s_addr);
        (void)inet_ntop(AF_INET, &v4, text, sizeof text);
    }
    int n = snprintf(a->text + a->length, sizeof a->text - a->length, "[%s%s]", tagged ? tag.p : "",
                     text);
    a->length = (uint16_t)(a->length + n);
    a->flags |= WN_FLAG_literal;
    return true;
}
