/* SPDX-License-Identifier: MIT */
/* libFuzzer target: five octets say what is known beside a reply (code, status, phase, provider and
 * whether it was a deferral), the rest is the reply. The answer must be one of the words, nothing
 * may be read beyond the text, what is said before RCPT may never count against an address, and
 * what the sender is to blame for may never suppress one. */
#include <stdlib.h>
#include <string.h>

#include "smtp/classify.h"
#include "smtp/provider.h"
#include "smtp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct wn_reply_in *in)
{
    struct wn_classified out;
    wn_classify(in, &out);
    require(out.category < WN_CATEGORY_COUNT && out.action < WN_BOUNCE_ACTION_COUNT);
    require(out.phase < WN_PHASE_COUNT && out.provider < wn_provider_count());
    require(out.rule != NULL && out.rule[0] != '\0' && strlen(out.rule) < 64);
    require(out.sentence != NULL && out.sentence[strlen(out.sentence) - 1] == '.');
    bool suppresses = out.action == WN_ACTION_S || out.action == WN_ACTION_S2;
    bool early =
        out.phase == WN_PHASE_connect || out.phase == WN_PHASE_ehlo || out.phase == WN_PHASE_mail;
    require(!early || (!suppresses && out.action != WN_ACTION_N));
    const char *blame = wn_category_blame(out.category);
    require(!suppresses || (strcmp(blame, "us") != 0 && strcmp(blame, "network") != 0));
    require(in->phase == WN_PHASE_unknown || out.phase == in->phase);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wn_plain plain;
    if (size < 5) {
        return 0;
    }
    char *text = malloc(size - 5 + 1); /* of its own, so that a sanitizer sees its end */
    require(text != NULL);
    memcpy(text, data + 5, size - 5);
    struct wn_reply_in in = {
        .code = (uint16_t)(data[0] * 4),
        .enhanced = {(uint8_t)(data[1] % 6), (uint8_t)(data[2] % 9)},
        .enhanced_detail = data[2],
        .phase = (enum wn_phase)(data[3] % WN_PHASE_COUNT),
        .provider = data[4] % wn_provider_count(),
        .deferred = data[3] > 127,
        .text = {text, size - 5},
    };
    wn_plain_make(in.text, &plain);
    require(plain.n <= WN_PLAIN_MAX && plain.text[0] == ' ' && plain.text[plain.n] == '\0');
    require(strlen(plain.text) == plain.n);
    check(&in);
    in.provider = 0;
    in.phase = WN_PHASE_unknown;
    check(&in);
    free(text);
    return 0;
}
