/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "address/internal.h"

static const struct alias {
    const char *domain;
    bool dots;
    const char *mailbox;
} aliases[] = {
#define WN_ALIAS(domain, dots, mailbox) {domain, dots, mailbox},
#include "data/aliases.def"
};

static int compare(const void *name, const void *entry)
{
    const struct wn_span *a = name;
    struct wn_span b = wn_span_of(((const struct alias *)entry)->domain);
    int order = memcmp(a->p, b.p, a->n < b.n ? a->n : b.n);
    return order != 0 ? order : (a->n > b.n) - (a->n < b.n);
}

static const struct alias *find(struct wn_span domain)
{
    return bsearch(&domain, aliases, sizeof aliases / sizeof *aliases, sizeof *aliases, compare);
}

bool wn_address_folds(struct wn_span domain)
{
    return find(domain) != NULL;
}

/* The local part without its tag and, where they mean nothing, its dots; never empty. */
static size_t fold_local(char *local, size_t n, bool dots)
{
    const char *plus = memchr(local, '+', n);
    size_t end = plus != NULL && plus > local ? (size_t)(plus - local) : n;
    size_t kept = 0;
    for (size_t i = 0; i < end; i++) {
        if (!dots || local[i] != '.') {
            local[kept++] = local[i];
        }
    }
    return kept;
}

size_t wn_address_fold(char *key, size_t length)
{
    char *at = memrchr(key, '@', length);
    if (at == NULL || key[0] == '"') {
        return length;
    }
    struct wn_span domain = {at + 1, length - (size_t)(at + 1 - key)};
    const struct alias *a = find(domain);
    if (a == NULL) {
        return length;
    }
    size_t n = fold_local(key, (size_t)(at - key), a->dots);
    size_t mailbox = strlen(a->mailbox);
    key[n] = '@';
    memcpy(key + n + 1, a->mailbox, mailbox);
    return n + 1 + mailbox;
}
