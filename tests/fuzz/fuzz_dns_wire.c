/* SPDX-License-Identifier: MIT */
/* Fuzzes the reading of DNS answers: the first octet chooses the type that was asked, the rest is
 * the message. What is read must fit where it was put. */
#include "dns/wire.h"

#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum wn_dns_type types[] = {WN_DNS_MX, WN_DNS_A, WN_DNS_AAAA, WN_DNS_PTR,
                                             WN_DNS_TXT};
    static struct wn_dns_answer answer;
    static struct wn_buf texts; /* kept from input to input, as its room is */
    if (size == 0) {
        return 0;
    }
    wn_buf_clear(&texts);
    answer.texts = &texts;
    if (wn_dns_read(data + 1, size - 1, types[data[0] % 5], &answer) == NULL) {
        REQUIRE(answer.mx_count <= WN_DNS_MX_MAX && answer.ip_count <= WN_DNS_IP_MAX);
        for (size_t i = 0; i < answer.mx_count; i++) {
            REQUIRE(memchr(answer.mx[i].host, '\0', WN_HOST_TEXT) != NULL);
        }
        size_t ends = 0;
        for (size_t i = 0; i < texts.len; i++) {
            REQUIRE(texts.p[i] == '\0' || (texts.p[i] >= ' ' && texts.p[i] < 0x7f));
            ends += texts.p[i] == '\0';
        }
        REQUIRE(ends == answer.text_count);
    }
    return 0;
}
