/* SPDX-License-Identifier: MIT */
/* Small domains share servers, and each may have a name of its own for the one it is on
 * ("mail.firm.example"), so that by name they look like as many groups. The server has one address
 * and counts its clients' connections by theirs. So the first group that was met at an address owns
 * it, and domains of other groups whose preferred host is there are asked under its limits, and
 * stopped with it; what was asked and said is told under each one's own name. The groups of known
 * providers are told by name: they have many addresses, and limits of their own. */
#include "smtp/prober/private.h"

static bool same_ip(const void *table, const void *key, uint32_t id)
{
    const struct host *host = &((const struct wn_prober *)table)->hosts[id];
    return memcmp(&host->ip, key, sizeof host->ip) == 0;
}

/* What earlier runs asked under another name counts, too. */
static void join(struct group *owner, struct group *g)
{
    g->owner = owner;
    owner->used_today += g->used_before;
    for (uint32_t i = 0; i < g->stamp_count; i++) {
        wn_group_stamp(owner, g->stamps[(g->stamp_first + i) % g->stamp_room]);
    }
}

struct group *wn_host_owner(struct wn_prober *p, struct group *g,
                            const struct wn_prober_domain *domain)
{
    if (g->provider != 0 || g->silent || domain->host_count == 0 || domain->hosts[0].count == 0) {
        return g;
    }
    const struct wn_ip *ip = &domain->hosts[0].ips[0];
    uint64_t hash = wn_hash(ip, sizeof *ip);
    uint32_t id = wn_map_find(&p->host_index, hash, same_ip, p, ip);
    if (id == WN_MAP_NONE) {
        if (p->host_count == p->host_room) {
            p->host_room = p->host_room > 0 ? p->host_room * 2 : 16;
            p->hosts = wn_realloc(p->hosts, p->host_room * sizeof *p->hosts);
        }
        wn_map_add(&p->host_index, hash, (uint32_t)p->host_count);
        p->hosts[p->host_count++] = (struct host){*ip, g->owner != NULL ? g->owner : g};
        return p->hosts[p->host_count - 1].group;
    }
    struct group *owner = p->hosts[id].group;
    if (owner != g && g->owner == NULL && g->lanes == NULL) {
        join(owner, g);
    }
    return g->owner == owner ? owner : g;
}
