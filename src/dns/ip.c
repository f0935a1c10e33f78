/* SPDX-License-Identifier: MIT */
#include "dns/ip.h"

#include <arpa/inet.h>
#include <string.h>

/* The IANA special-purpose registries, as RFC 6890 set them up: the blocks that are not globally
 * reachable, each with the document that took it. An address in none of them is public: a block
 * that is missing here costs a needless question, one too many would cost a mailbox. */
struct block {
    uint8_t family;
    uint8_t bits;
    uint8_t bytes[16];
};

static const struct block not_global[] = {
    {4, 8, {0}},                          /* "this network", RFC 791 */
    {4, 8, {10}},                         /* private, RFC 1918 */
    {4, 10, {100, 64}},                   /* carrier-grade NAT, RFC 6598 */
    {4, 8, {127}},                        /* loopback, RFC 1122 */
    {4, 16, {169, 254}},                  /* link-local, RFC 3927 */
    {4, 12, {172, 16}},                   /* private, RFC 1918 */
    {4, 24, {192, 0, 0}},                 /* protocol assignments, RFC 6890 */
    {4, 24, {192, 0, 2}},                 /* documentation, RFC 5737 */
    {4, 24, {192, 88, 99}},               /* 6to4 relays, withdrawn by RFC 7526 */
    {4, 16, {192, 168}},                  /* private, RFC 1918 */
    {4, 15, {198, 18}},                   /* benchmarking, RFC 2544 */
    {4, 24, {198, 51, 100}},              /* documentation, RFC 5737 */
    {4, 24, {203, 0, 113}},               /* documentation, RFC 5737 */
    {4, 4, {224}},                        /* multicast, RFC 5771 */
    {4, 4, {240}},                        /* reserved and broadcast, RFC 1112, RFC 919 */
    {6, 96, {0}},                         /* ::, ::1 and IPv4-compatible, RFC 4291 */
    {6, 48, {0, 0x64, 0xff, 0x9b, 0, 1}}, /* local-use NAT64, RFC 8215 */
    {6, 64, {1}},                         /* discard-only, RFC 6666 */
    {6, 28, {0x20, 1, 0, 0x10}},          /* ORCHID, RFC 4843 */
    {6, 48, {0x20, 1, 0, 2}},             /* benchmarking, RFC 5180 */
    {6, 32, {0x20, 1, 0x0d, 0xb8}},       /* documentation, RFC 3849 */
    {6, 20, {0x3f, 0xff}},                /* documentation, RFC 9637 */
    {6, 16, {0x5f}},                      /* segment routing, RFC 9602 */
    {6, 7, {0xfc}},                       /* unique local, RFC 4193 */
    {6, 10, {0xfe, 0x80}},                /* link-local, RFC 4291 */
    {6, 10, {0xfe, 0xc0}},                /* site-local, RFC 3879 */
    {6, 8, {0xff}},                       /* multicast, RFC 4291 */
};

/* IPv6 blocks whose addresses carry an IPv4 address, and where in them it lies. */
static const struct {
    struct block block;
    size_t at;
} carriers[] = {
    {{6, 96, {[10] = 0xff, [11] = 0xff}}, 12}, /* mapped, RFC 4291 2.5.5.2 */
    {{6, 96, {0, 0x64, 0xff, 0x9b}}, 12},      /* NAT64, RFC 6052 */
    {{6, 16, {0x20, 0x02}}, 2},                /* 6to4, RFC 3056 */
};

static bool within(const struct wn_ip *ip, const struct block *block)
{
    if (ip->family != block->family) {
        return false;
    }
    size_t whole = block->bits / 8;
    unsigned rest = block->bits % 8U;
    if (memcmp(ip->bytes, block->bytes, whole) != 0) {
        return false;
    }
    unsigned mask = 0xffU & (0xff00U >> rest);
    return rest == 0 || ((unsigned)(ip->bytes[whole] ^ block->bytes[whole]) & mask) == 0;
}

bool wn_ip_parse(const char *text, struct wn_ip *ip)
{
    *ip = (struct wn_ip){0};
    if (inet_pton(AF_INET, text, ip->bytes) == 1) {
        ip->family = 4;
        return true;
    }
    if (inet_pton(AF_INET6, text, ip->bytes) == 1) {
        ip->family = 6;
        return true;
    }
    return false;
}

void wn_ip_format(const struct wn_ip *ip, char text[WN_IP_TEXT])
{
    if (inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, text, WN_IP_TEXT) == NULL) {
        text[0] = '\0';
    }
}

int wn_ip_compare(const struct wn_ip *a, const struct wn_ip *b)
{
    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool wn_ip_global(const struct wn_ip *ip)
{
    struct wn_ip inner = *ip;
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        if (within(ip, &carriers[i].block)) {
            inner = (struct wn_ip){.family = 4};
            memcpy(inner.bytes, ip->bytes + carriers[i].at, 4);
            break;
        }
    }
    for (size_t i = 0; i < sizeof not_global / sizeof not_global[0]; i++) {
        if (within(&inner, &not_global[i])) {
            return false;
        }
    }
    return true;
}
