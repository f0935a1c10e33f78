/* SPDX-License-Identifier: MIT */
/* An envelope address may be wrapped several times: SRS by a forwarder around BATV by the sending
 * host around the sender's VERP. Each layer is taken off in turn:
 *
 *   SRS0=hash=day=domain=local@forwarder           local@domain
 *   SRS1=hash=forwarder==hash=day=domain=local@…   local@domain
 *   prvs=tag=local@domain, btv1==tag==local@…      local@domain
 *   bounces+bob=example.com@list, list-return-12-bob=example.com@list
 *
 * Only the last names a recipient. A hyphen may as well belong to the recipient's own name, so
 * before it only words are taken off that senders put there. */
#include "bounce/mail/readers.h"

enum {
    LAYERS_MAX = 6
};

static struct wn_span local_of(struct wn_span address, struct wn_span *domain)
{
    const char *at = memrchr(address.p, '@', address.n);
    size_t n = at != NULL ? (size_t)(at - address.p) : 0;
    *domain = at != NULL ? (struct wn_span){at + 1, address.n - n - 1} : (struct wn_span){NULL, 0};
    return (struct wn_span){address.p, n};
}

/* What stands behind the count-th '=' of s, or an empty span. */
static struct wn_span behind_equals(struct wn_span s, size_t count)
{
    for (; count > 0; count--) {
        const char *p = s.n > 0 ? memchr(s.p, '=', s.n) : NULL;
        if (p == NULL) {
            return (struct wn_span){NULL, 0};
        }
        s.n -= (size_t)(p + 1 - s.p);
        s.p = p + 1;
    }
    return s;
}

static struct wn_span join(struct wn_span local, struct wn_span domain, struct wn_arena *arena)
{
    if (local.n == 0 || domain.n == 0) {
        return (struct wn_span){NULL, 0};
    }
    char *p = wn_arena_alloc(arena, local.n + domain.n + 1);
    memcpy(p, local.p, local.n);
    p[local.n] = '@';
    memcpy(p + local.n + 1, domain.p, domain.n);
    return (struct wn_span){p, local.n + domain.n + 1};
}

/* "domain=local" as an address. */
static struct wn_span from_srs(struct wn_span s, struct wn_arena *arena)
{
    struct wn_span local = behind_equals(s, 1);
    if (local.n == 0) {
        return (struct wn_span){NULL, 0};
    }
    return join(local, (struct wn_span){s.p, (size_t)(local.p - s.p) - 1}, arena);
}

/* Takes one layer of SRS or BATV off; false when there is none. */
static bool unwrap(struct wn_span *address, struct wn_arena *arena)
{
    struct wn_span domain, inner = {NULL, 0};
    struct wn_span local = local_of(*address, &domain);
    bool separated = local.n > 5 && (local.p[4] == '=' || local.p[4] == '-' || local.p[4] == '+');
    struct wn_span rest = separated ? (struct wn_span){local.p + 5, local.n - 5} : local;
    if (separated && wn_begins(local, WN_SPAN("SRS0"))) {
        inner = from_srs(behind_equals(rest, 2), arena);
    } else if (separated && wn_begins(local, WN_SPAN("SRS1"))) {
        struct wn_span first = wn_behind(rest, WN_SPAN("=="));
        inner = from_srs(behind_equals(first, 2), arena);
    } else if (wn_begins(local, WN_SPAN("prvs=")) || wn_begins(local, WN_SPAN("msprvs1="))) {
        rest = behind_equals(local, 2);
        inner = rest.n > 0 ? join(rest, domain, arena) : inner;
    } else if (wn_begins(local, WN_SPAN("btv1=="))) {
        rest = wn_behind((struct wn_span){local.p + 6, local.n - 6}, WN_SPAN("=="));
        inner = rest.n > 0 ? join(rest, domain, arena) : inner;
    }
    if (inner.n == 0) {
        return false;
    }
    *address = inner;
    return true;
}

/* The length of a sender's word before a hyphen at the start of s, with the hyphen, or 0. */
static size_t prefix_word(struct wn_span s)
{
    static const char *const words[] = {"bounce", "bounces", "return", "returns", "verp",
                                        "owner",  "errors",  "sentto", "mailer"};
    const char *hyphen = memchr(s.p, '-', s.n);
    size_t n = hyphen != NULL ? (size_t)(hyphen - s.p) : 0, digits = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words && n > 0; i++) {
        if (wn_span_equal_nocase((struct wn_span){s.p, n}, wn_span_of(words[i]))) {
            return n + 1;
        }
    }
    while (digits < n && wn_is_digit(s.p[digits])) {
        digits++;
    }
    return n > 0 && digits == n ? n + 1 : 0;
}

/* Takes off what stands before the recipient in the local part of a VERP address. */
static bool strip_prefix(struct wn_span *local)
{
    const char *plus = memchr(local->p, '+', local->n);
    const char *equals = memrchr(local->p, '=', local->n);
    size_t stripped = 0, n;
    if (plus != NULL && plus < equals) {
        local->n -= (size_t)(plus + 1 - local->p);
        local->p = plus + 1;
        return true;
    }
    const char *marker = wn_find(*local, WN_SPAN("-return-"));
    if (marker == NULL) {
        marker = wn_find(*local, WN_SPAN("-bounces-"));
    }
    if (marker != NULL) {
        local->n -= (size_t)(marker + 1 - local->p);
        local->p = marker + 1;
    }
    while ((n = prefix_word(*local)) > 0) {
        local->p += n;
        local->n -= n;
        stripped += n;
    }
    return stripped > 0;
}

bool wn_envelope_decode(struct wn_span address, struct wn_arena *arena, struct wn_span *recipient)
{
    struct wn_span domain, found, behind;
    if (!wn_mail_address(address, &found, &behind) || found.n > 500) {
        return false;
    }
    for (size_t i = 0; i < LAYERS_MAX && unwrap(&found, arena); i++) {
    }
    struct wn_span local = local_of(found, &domain);
    const char *equals = memrchr(local.p, '=', local.n);
    if (equals == NULL || !strip_prefix(&local) || equals <= local.p) {
        return false;
    }
    struct wn_span host = {equals + 1, (size_t)(local.p + local.n - equals) - 1};
    local.n = (size_t)(equals - local.p);
    if (host.n < 3 || memchr(host.p, '.', host.n) == NULL) {
        return false;
    }
    *recipient = join(local, host, arena);
    return wn_mail_address(*recipient, &found, &behind) && wn_span_equal(found, *recipient);
}
