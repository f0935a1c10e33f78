/* SPDX-License-Identifier: MIT */
/* Asked once for each MX group: a linear search is enough. */
#include "smtp/limits.h"

#include <string.h>

#include "smtp/provider.h"

enum {
    ACCEPTS_ALL = 1,
    NEVER_CATCH_ALL = 2,
    ONE_DOMAIN = 4
};

static const struct {
    const char *name;
    struct wn_probe_limits limits;
} table[] = {
#define WN_PROVIDER_LIMITS(name, connections, recipients, per_minute, per_day, quirks)             \
    {name,                                                                                         \
     {connections, recipients, per_minute, per_day, ((quirks)&ACCEPTS_ALL) != 0,                   \
      ((quirks)&NEVER_CATCH_ALL) != 0, ((quirks)&ONE_DOMAIN) != 0}},
#include "data/provider_limits.def"
};

void wn_limits_of(uint32_t provider, struct wn_probe_limits *limits)
{
    const char *name = wn_provider_name(provider);
    *limits = table[0].limits;
    for (size_t i = 1; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, name) == 0) {
            *limits = table[i].limits;
            return;
        }
    }
}
