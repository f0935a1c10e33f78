/* SPDX-License-Identifier: MIT */
/* c-ares has a reader of such lists too, but versions differ in what they make of a bad entry (1.18
 * passes over it in silence), and a mistyped --dns-server must be said. What comes from the system
 * is left as c-ares writes it. */
#include "dns/servers.h"

/* The calls that are marked as superseded stay supported, and their successors are missing from
 * c-ares 1.18. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "dns/ip.h"

enum {
    PORT = 53
};

static bool known(const struct wn_servers *servers, const char *text)
{
    for (size_t i = 0; i < servers->count; i++) {
        if (strcmp(servers->text[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* Splits "ADDR", "ADDR:PORT", "[V6]", "[V6]:PORT", "V6". */
static bool split(struct wn_span entry, struct wn_span *address, struct wn_span *port)
{
    const char *end = entry.p + entry.n;
    *port = (struct wn_span){NULL, 0};
    if (entry.n > 0 && entry.p[0] == '[') {
        const char *close = memchr(entry.p, ']', entry.n);
        if (close == NULL) {
            return false;
        }
        *address = (struct wn_span){entry.p + 1, (size_t)(close - entry.p) - 1};
        if (close + 1 == end) {
            return true;
        }
        *port = (struct wn_span){close + 2, (size_t)(end - close) - 2};
        return close[1] == ':' && port->n > 0;
    }
    *address = entry;
    const char *colon = memchr(entry.p, ':', entry.n);
    if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon) - 1) == NULL) {
        *address = (struct wn_span){entry.p, (size_t)(colon - entry.p)};
        *port = (struct wn_span){colon + 1, (size_t)(end - colon) - 1};
        return port->n > 0;
    }
    return true;
}

static bool read_one(struct wn_span entry, char text[WN_SERVER_TEXT])
{
    struct wn_span address, port;
    char copy[WN_IP_TEXT];
    struct wn_ip ip;
    uint64_t number = PORT;
    if (!split(entry, &address, &port) || address.n == 0 || address.n >= sizeof copy) {
        return false;
    }
    memcpy(copy, address.p, address.n);
    copy[address.n] = '\0';
    if (!wn_ip_parse(copy, &ip) || (entry.p[0] == '[' && ip.family != 6)) {
        return false;
    }
    if (port.p != NULL && (!wn_span_number(port, 65535, &number) || number == 0)) {
        return false;
    }
    wn_ip_format(&ip, copy);
    (void)snprintf(text, WN_SERVER_TEXT, ip.family == 6 ? "[%s]:%u" : "%s:%u", copy,
                   (unsigned)number);
    return true;
}

int wn_servers_read(const char *list, struct wn_servers *servers, struct wn_error *err)
{
    servers->count = 0;
    for (const char *p = list; p != NULL;) {
        size_t n = strcspn(p, ",");
        struct wn_span entry = wn_span_trim((struct wn_span){p, n});
        p = p[n] == ',' ? p + n + 1 : NULL;
        if (entry.n == 0) {
            continue;
        }
        char text[WN_SERVER_TEXT];
        if (!read_one(entry, text)) {
            return wn_error_set(err, WN_E_USAGE,
                                "\"%.*s\" is not a DNS server: write ADDRESS, ADDRESS:PORT or "
                                "[IPV6-ADDRESS]:PORT",
                                entry.n > 80 ? 80 : (int)entry.n, entry.p);
        }
        if (known(servers, text)) {
            continue;
        }
        if (servers->count == WN_SERVERS_MAX) {
            return wn_error_set(err, WN_E_USAGE, "more than %d DNS servers are named",
                                WN_SERVERS_MAX);
        }
        memcpy(servers->text[servers->count++], text, sizeof text);
    }
    if (servers->count == 0) {
        return wn_error_set(err, WN_E_USAGE, "the list of DNS servers is empty");
    }
    return WN_OK;
}

static void add(struct wn_servers *servers, const char *text, size_t n)
{
    char copy[WN_SERVER_TEXT];
    if (n == 0 || n >= sizeof copy || servers->count == WN_SERVERS_MAX) {
        return;
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (!known(servers, copy)) {
        memcpy(servers->text[servers->count++], copy, n + 1);
    }
}

#if ARES_VERSION >= 0x011800 /* 1.24.0 */
static bool take_servers(ares_channel channel, struct wn_servers *servers)
{
    char *list = ares_get_servers_csv(channel);
    for (const char *p = list; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, ",");
        add(servers, p, n);
        p += n + (p[n] == ',');
    }
    ares_free_string(list);
    return list != NULL;
}
#else
static bool take_servers(ares_channel channel, struct wn_servers *servers)
{
    struct ares_addr_port_node *list = NULL;
    if (ares_get_servers_ports(channel, &list) != ARES_SUCCESS) {
        return false;
    }
    for (const struct ares_addr_port_node *node = list; node != NULL; node = node->next) {
        struct wn_ip ip = {.family = node->family == AF_INET6 ? 6 : 4};
        if (ip.family == 6) {
            memcpy(ip.bytes, &node->addr.addr6, 16);
        } else {
            memcpy(ip.bytes, &node->addr.addr4, 4);
        }
        char address[WN_IP_TEXT];
        char text[WN_SERVER_TEXT];
        wn_ip_format(&ip, address);
        int n = snprintf(text, sizeof text, ip.family == 6 ? "[%s]:%d" : "%s:%d", address,
                         node->udp_port > 0 ? node->udp_port : PORT);
        add(servers, text, n > 0 ? (size_t)n : 0);
    }
    ares_free_data(list);
    return true;
}
#endif

int wn_servers_system(struct wn_servers *servers, struct wn_error *err)
{
    servers->count = 0;
    ares_channel channel = NULL;
    int status = ares_init(&channel);
    if (status != ARES_SUCCESS) {
        return wn_error_set(err, WN_E_CONFIG, "the system's DNS servers cannot be found: %s",
                            ares_strerror(status));
    }
    bool found = take_servers(channel, servers) && servers->count > 0;
    ares_destroy(channel);
    if (!found) {
        return wn_error_set(err, WN_E_CONFIG,
                            "the system names no DNS server: name one with --dns-server");
    }
    return WN_OK;
}
