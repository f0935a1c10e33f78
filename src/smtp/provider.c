/* SPDX-License-Identifier: MIT */
/* A short table, asked once for each distinct MX host: a linear search is enough. */
#include "smtp/provider.h"

#include <libpsl.h>

static const struct {
    const char *name;
    struct wn_span suffix;
} table[] = {
#define WN_PROVIDER_MX(name, suffix) {name, {suffix, sizeof(suffix) - 1}},
#include "data/providers.def"
};

enum {
    ROWS = sizeof table / sizeof *table
};

static bool is_below(struct wn_span host, struct wn_span suffix)
{
    if (host.n < suffix.n) {
        return false;
    }
    size_t before = host.n - suffix.n;
    return (before == 0 || host.p[before - 1] == '.') &&
           wn_span_equal_nocase((struct wn_span){host.p + before, suffix.n}, suffix);
}

/* Rows of one provider share the number of the first. */
static uint32_t number_of(size_t row)
{
    for (size_t i = 0; i < row; i++) {
        if (strcmp(table[i].name, table[row].name) == 0) {
            return (uint32_t)i + 1;
        }
    }
    return (uint32_t)row + 1;
}

uint32_t wn_provider_of(struct wn_span mx)
{
    size_t best = ROWS;
    for (size_t i = 0; i < ROWS; i++) {
        if (is_below(mx, table[i].suffix) &&
            (best == ROWS || table[i].suffix.n > table[best].suffix.n)) {
            best = i;
        }
    }
    return best == ROWS ? 0 : number_of(best);
}

const char *wn_provider_name(uint32_t provider)
{
    return provider == 0 || provider > ROWS ? "" : table[provider - 1].name;
}

uint32_t wn_provider_count(void)
{
    return ROWS + 1;
}

uint32_t wn_provider_named(struct wn_span name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (wn_span_equal_nocase(wn_span_of(table[i].name), name)) {
            return number_of(i);
        }
    }
    return 0;
}

struct wn_span wn_provider_group(const char *mx)
{
    uint32_t provider = wn_provider_of(wn_span_of(mx));
    if (provider != 0) {
        return wn_span_of(wn_provider_name(provider));
    }
    const char *domain = psl_registrable_domain(psl_builtin(), mx);
    return wn_span_of(domain != NULL ? domain : mx);
}
