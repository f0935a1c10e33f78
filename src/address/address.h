/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_ADDRESS_H
#define WN_ADDRESS_ADDRESS_H

/* From the bytes of a cell to a mailbox: what was written, whether SMTP could deliver to it, and
 * its normal form. No global state: any thread may call any function at any time. No allocation but
 * what libidn2 needs for a domain with a label that is not ASCII or begins with xn--, and
 * libunistring for a local part with 64 or more combining marks in a row. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum wn_fault {
    WN_FAULT_none,
#define WN_FAULT(name, sentence) WN_FAULT_##name,
#include "address/faults.def"
    WN_FAULT_COUNT
};

enum wn_flag_bit {
#define WN_FLAG(name, meaning) WN_FLAG_BIT_##name,
#include "address/flags.def"
    WN_FLAG_COUNT
};
enum wn_flag {
#define WN_FLAG(name, meaning) WN_FLAG_##name = 1 << WN_FLAG_BIT_##name,
#include "address/flags.def"
};

/* "syntax_dot"; "" for WN_FAULT_none. */
const char *wn_fault_word(enum wn_fault fault);
/* The sentence of faults.def. */
const char *wn_fault_sentence(enum wn_fault fault);
const char *wn_flag_word(enum wn_flag_bit bit);

enum {
    WN_LOCAL_MAX = 64,
    WN_DOMAIN_MAX = 253,
    WN_ADDRESS_MAX = 254
};

enum wn_address_option {
    WN_ADDRESS_ALLOW_LITERALS = 1, /* [192.0.2.1] is no fault */
    WN_ADDRESS_OFFLINE = 2,        /* judge the TLD by libpsl's data, as DNS will not be asked */
    WN_ADDRESS_SYNTAX_ONLY = 4,    /* leave wn_address_domain_fault to the caller, once a domain */
    WN_ADDRESS_EXACT = 8           /* the cell is the address: nothing is trimmed or unwrapped */
};

/* Plain data, some 430 bytes, owned by the caller. */
struct wn_address {
    enum wn_fault fault;
    /* Offset in the cell of the first octet at fault; the end of the address where something is
     * missing. 0 when there is no fault. Never more than the cell's length. */
    uint32_t fault_at;
    uint32_t flags; /* enum wn_flag bits that syntax alone knows */
    /* Where the address was found in the cell, in bytes: all of it unless it was trimmed or
     * extracted. */
    uint32_t cell_at, cell_length;
    /* The normal form, `local@domain`, without a NUL; empty when there is a fault (but for
     * syntax_address_literal, reserved_domain, unknown_tld and syntax_provider, which have one). */
    uint16_t local_length; /* octets before the @ */
    uint16_t length;       /* octets of the whole */
    bool verbatim;         /* the cell holds exactly these octets */
    char text[WN_LOCAL_MAX * 2 + 2 + 1 + WN_DOMAIN_MAX + 1];
};

/* Reads a cell as address.md's "Cells" and "Syntax" say: trims and unwraps it, parses it, and
 * writes its normal form. `options`: enum wn_address_option bits. Always fills *address completely
 * except for the bytes of `text` beyond `length`. Out of memory ends the process. */
void wn_address_read(struct wn_span cell, unsigned options, struct wn_address *address);

/* The same for callers who must not end: false when there is no memory, and then nothing in
 * *address means anything. */
bool wn_address_try(struct wn_span cell, unsigned options, struct wn_address *address);

static inline struct wn_span wn_address_text(const struct wn_address *a)
{
    return (struct wn_span){a->text, a->length};
}

static inline struct wn_span wn_address_local(const struct wn_address *a)
{
    return (struct wn_span){a->text, a->local_length};
}

static inline struct wn_span wn_address_domain(const struct wn_address *a)
{
    return a->length > a->local_length ? (struct wn_span){a->text + a->local_length + 1,
                                                          (size_t)a->length - a->local_length - 1}
                                       : (struct wn_span){a->text, 0};
}

/* Whether the cell holds an address at all, or more than one, however they will be judged. */
static inline bool wn_address_stands(const struct wn_address *a)
{
    return a->length > 0 || a->fault == WN_FAULT_syntax_several;
}

/* What is wrong with a domain in normal form as such: reserved_domain, unknown_tld (only with
 * WN_ADDRESS_OFFLINE) or none. An address literal has no fault here. wn_address_read asks this for
 * every address unless WN_ADDRESS_SYNTAX_ONLY is set. */
enum wn_fault wn_address_domain_fault(struct wn_span domain, unsigned options);

/* The different addresses that stand in a cell, as written and in their order, whether or not each
 * is a valid one: at most `max` into `found`, returns how many. For naming them when the fault is
 * syntax_several. */
size_t wn_address_several(struct wn_span cell, struct wn_span *found, size_t max);

/* The mailbox key of a normal form: its local part in lower case (ASCII, and simple Unicode case
 * mapping and NFC for others). Returns its octets; `key` has room for sizeof address->text, of
 * which those behind the key may be written, too. Out of memory ends the process. */
size_t wn_address_key(const struct wn_address *address, char *key);
/* The same for callers who must not end: 0 when there is no memory. */
size_t wn_address_try_key(const struct wn_address *address, char *key);

/* Folds a key of `length` octets, in place, into the one that stands for all names of its mailbox,
 * where its provider gives a mailbox several (data/aliases.def): `a.b+shop@googlemail.com` becomes
 * `ab@gmail.com`. Returns the new length, never more than the old one. Other keys stay. */
size_t wn_address_fold(char *key, size_t length);

/* Whether mailboxes at this domain have several names. */
bool wn_address_folds(struct wn_span domain);

#endif
