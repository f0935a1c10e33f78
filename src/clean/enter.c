/* SPDX-License-Identifier: MIT */
#include "clean/enter.h"

#include "address/typo.h"
#include "clean/gather.h"
#include "clean/hashed.h"

/* No slip is seen in a domain that is known to have mailboxes, by the user's lists too. */
static int enter_meant(struct wn_run *run, struct wn_domain *d, struct wn_span name,
                       unsigned options, struct wn_error *err)
{
    struct wn_typo typo;
    if ((d->flags & (WN_FLAG_free | WN_FLAG_relay | WN_FLAG_allowed)) != 0 ||
        !wn_typo_domain(name, &typo)) {
        return WN_OK;
    }
    return wn_enter_domain(run, (struct wn_span){typo.domain, typo.length},
                           wn_hash(typo.domain, typo.length), options, &d->suggestion, err);
}

int wn_enter_domain(struct wn_run *run, struct wn_span name, uint64_t hash, unsigned options,
                    uint32_t *id, struct wn_error *err)
{
    bool added;
    *id = wn_tables_intern_domain(&run->tables, name, hash, &added);
    if (!added) {
        return WN_OK;
    }
    struct wn_domain *d = wn_tables_domain(&run->tables, *id);
    d->flags = wn_overlay_domain(run->settings->overlay, name);
    d->fault = wn_address_domain_fault(name, options);
    int status = enter_meant(run, d, name, options, err);
    if (status == WN_OK && d->fault == WN_FAULT_none && name.p[0] != '[') {
        status = wn_gather_domain(run, *id, err);
    }
    return status;
}

int wn_enter_suggested(struct wn_run *run, struct wn_span local, uint32_t domain, unsigned options,
                       struct wn_error *err)
{
    const struct wn_domain *d = wn_tables_domain(&run->tables, domain);
    char key[sizeof((struct wn_address *)0)->text];
    size_t n = local.n + 1 + d->length;
    int status = WN_OK;
    if (n > sizeof key) {
        return WN_OK; /* longer than any address */
    }
    memcpy(key, local.p, local.n);
    key[local.n] = '@';
    memcpy(key + local.n + 1, d->name, d->length);
    char name_room[sizeof key];
    struct wn_span named = {name_room, n};
    memcpy(name_room, key, n);
    n = wn_enter_key(run->settings, key, n);
    const char *at = memrchr(key, '@', n);
    struct wn_span name = {at + 1, (size_t)(key + n - (at + 1))};
    if (!wn_span_equal(name, (struct wn_span){d->name, d->length})) {
        status = wn_enter_domain(run, name, wn_hash(name.p, name.n), options, &domain, err);
    }
    bool added;
    uint32_t mailbox = wn_tables_intern_mailbox(
        &run->tables, (struct wn_span){key, (size_t)(at - key)}, domain, wn_hash(key, n), &added);
    if (!wn_span_equal(named, (struct wn_span){key, n})) {
        wn_hashed_name(run, mailbox, named);
    }
    return status;
}

int wn_enter_suggestion(struct wn_run *run, struct wn_row *row, struct wn_span meant,
                        unsigned options, struct wn_error *err)
{
    row->bits |= WN_ROW_SUGGESTION;
    return wn_enter_domain(run, meant, wn_hash(meant.p, meant.n), options, &row->mailbox, err);
}
