/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_IP_H
#define WN_DNS_IP_H

/* An IP address, and whether mail from the public Internet can reach it. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wn_ip {
    uint8_t family;    /* 4 or 6 */
    uint8_t bytes[16]; /* network order; the first 4 for family 4, the others zero */
};

enum {
    WN_IP_TEXT = 46
};

/* Reads a dotted quad or an IPv6 text without brackets, scope or blanks. */
bool wn_ip_parse(const char *text, struct wn_ip *ip);
void wn_ip_format(const struct wn_ip *ip, char text[WN_IP_TEXT]);

/* Orders by family, then by bytes. */
int wn_ip_compare(const struct wn_ip *a, const struct wn_ip *b);

/* False for what RFC 6890's registries and their successors call not globally reachable: private,
 * loopback, link-local, documentation, multicast, reserved. An IPv6 address that carries an IPv4
 * one (mapped, NAT64, 6to4) is judged by that. */
bool wn_ip_global(const struct wn_ip *ip);

#endif
