/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_TYPO_H
#define WN_ADDRESS_TYPO_H

/* Slips of the finger: which well-known domain (src/data/wellknown.txt) was meant. A suggestion is
 * only ever a suggestion, and a false one is worse than none: a domain that stands in any list, or
 * in neighbours.txt, is never questioned, and where two answers are equally near there is none.
 *
 * What this module cannot know is left to the caller: that the history has delivered to a domain,
 * that the user's own lists name it, that DNS has no mail route for the suggestion.
 *
 * No allocation, no global state: any thread may call any function at any time. */

#include "address/address.h"

enum wn_typo_kind {
    WN_TYPO_SLIP,       /* in the name: gmial.com, hotmaill.fr; the ending may be wrong as well */
    WN_TYPO_TLD,        /* in the ending alone: gmail.con, yahoo.co.ukk */
    WN_TYPO_MISSING_DOT /* a dot is missing or out of its place: gmailcom, hotmail.couk */
};

enum {
    WN_TYPO_DOMAIN_MAX = 22 /* octets of the longest well-known domain */
};

/* Plain data, owned by the caller. */
struct wn_typo {
    enum wn_typo_kind kind;
    uint8_t length;
    char domain[WN_TYPO_DOMAIN_MAX + 2]; /* what was meant, in normal form; NUL-terminated */
};

/* Whether the domain looks like a slip for a well-known one. `domain` is in normal form (A-labels,
 * lower case), or a single label such as `gmailcom`; octets of any other kind are harmless and get
 * no suggestion. *typo is written only when true is returned. Less than a microsecond for a domain
 * that is near no other. */
bool wn_typo_domain(struct wn_span domain, struct wn_typo *typo);

/* The address that was meant by a cell that `address` is the reading of (wn_address_read of the
 * same cell), where a slip explains its fault:
 *
 *     syntax_single_label      bob@gmailcom, bob@gmail-com, bob@gmail
 *     syntax_bad_char, _space, _dot, _hyphen, _empty_domain ...
 *                              bob@gmail,com  bob@gmail com  bob@gmail..com  bob@@gmail.com
 *     syntax_no_at             bob(at)gmail.com  bob#gmail.com  bob.gmail.com  bobgmail.com
 *     unknown_tld or none      what wn_typo_domain says of its domain: bob@gmail.con
 *
 * Only the domain and the @ are ever mended, and only if what comes out has no fault and a
 * well-known or free provider's domain. `bob2gmail.com` gets no suggestion: on an American keyboard
 * 2 is an @ without the shift key, but bob2 may be a name as well. `out` has room for
 * WN_ADDRESS_MAX octets; *length says how many were written, without a NUL. Both are written only
 * when true is returned. */
bool wn_typo_address(const struct wn_address *address, struct wn_span cell, char *out,
                     size_t *length);

#endif
