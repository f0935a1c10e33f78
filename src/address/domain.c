/* SPDX-License-Identifier: MIT */
/* What can be said of a well-formed address without asking anyone: names that are set aside,
 * top-level domains that do not exist, and local parts that a provider documents it does not give
 * out.
 *
 * libpsl's data are compiled into it (psl_builtin), so asking is safe from any thread. Its default
 * rule "*" makes every top-level domain a suffix and must be switched off. .onion is a suffix to
 * libpsl and reserved to us: the reserved names come first. A look-up costs some 200 ns, which is
 * why a run over many rows sets WN_ADDRESS_SYNTAX_ONLY and asks once a domain. */
#include <libpsl.h>

#include "address/internal.h"

bool wn_ending_exists(const char *ending)
{
    const psl_ctx_t *psl = psl_builtin();
    return psl == NULL ||
           psl_is_public_suffix2(psl, ending, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

bool wn_tld_exists(struct wn_span tld)
{
    char below[3 + WN_DOMAIN_MAX + 1] = "co.";

    if (tld.n > WN_DOMAIN_MAX) {
        return false;
    }
    memcpy(below + 3, tld.p, tld.n);
    below[3 + tld.n] = '\0';
    return wn_ending_exists(below + 3) || wn_ending_exists(below);
}

static bool tld_is_unknown(struct wn_span domain)
{
    const char *dot = memrchr(domain.p, '.', domain.n);
    size_t at = dot != NULL ? (size_t)(dot - domain.p) + 1 : 0;
    return !wn_tld_exists((struct wn_span){domain.p + at, domain.n - at});
}

enum wn_fault wn_address_domain_fault(struct wn_span domain, unsigned options)
{
    if (domain.n == 0 || domain.p[0] == '[') {
        return WN_FAULT_none;
    }
    if (wn_names_find_domain(&wn_names_reserved, domain, WN_LIST_RESERVED)) {
        return WN_FAULT_reserved_domain;
    }
    if ((options & WN_ADDRESS_OFFLINE) && tld_is_unknown(domain)) {
        return WN_FAULT_unknown_tld;
    }
    return WN_FAULT_none;
}

/* Gmail's rules for new user names: letters, digits and dots, six to thirty characters in which
 * dots do not count. Names of three to five characters were given out before that rule, so three is
 * the limit here. What follows a + is the user's own. */
static bool gmail_refuses(struct wn_span local)
{
    size_t counted = 0;
    for (size_t i = 0; i < local.n && local.p[i] != '+'; i++) {
        uint8_t class = wn_octet_class[(uint8_t)local.p[i]];
        if (local.p[i] == '.') {
            continue;
        }
        if (!(class & WN_OCTET_LDH) || local.p[i] == '-') {
            return true;
        }
        counted++;
    }
    return counted < 3 || counted > 30;
}

bool wn_provider_refuses(const struct wn_address *a)
{
    struct wn_span domain = wn_address_domain(a);
    switch (domain.n) {
    case sizeof "gmail.com" - 1:
        return memcmp(domain.p, "gmail.com", domain.n) == 0 && gmail_refuses(wn_address_local(a));
    case sizeof "googlemail.com" - 1:
        return memcmp(domain.p, "googlemail.com", domain.n) == 0 &&
               gmail_refuses(wn_address_local(a));
    default:
        return false;
    }
}
