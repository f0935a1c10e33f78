/* SPDX-License-Identifier: MIT */
/* libFuzzer target: the first octet chooses the type that was asked, the rest is the message. */
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum wn_dns_type types[] = {WN_DNS_MX, WN_DNS_A, WN_DNS_AAAA};
    static struct wn_dns_answer answer;
    if (size == 0) {
        return 0;
    }
    if (wn_dns_read(data + 1, size - 1, types[data[0] % 3], &answer) == NULL) {
        if (answer.mx_count > WN_DNS_MX_MAX || answer.ip_count > WN_DNS_IP_MAX) {
            abort();
        }
        for (size_t i = 0; i < answer.mx_count; i++) {
            if (memchr(answer.mx[i].host, '\0', WN_HOST_TEXT) == NULL) {
                abort();
            }
        }
    }
    return 0;
}
