/* SPDX-License-Identifier: MIT */
#ifndef WINNOW_H
#define WINNOW_H

/* libwinnow: what a text says as an email address.
 *
 *     struct wn_parsed parsed;
 *     if (!wn_parse(text, strlen(text), 0, &parsed)) {
 *         return out_of_memory();
 *     }
 *     if (parsed.fault == NULL) {
 *         printf("%s\n", parsed.address);
 *     } else {
 *         printf("octet %zu: %s (%s)\n", parsed.fault_at, parsed.sentence, parsed.fault);
 *     }
 *     if (parsed.suggestion_length > 0) {
 *         printf("did they mean %s?\n", parsed.suggestion);
 *     }
 *
 * docs/library.md is the guide, docs/examples/parse.c a whole program, docs/addresses.md what is
 * taken for an address and why.
 *
 * Threads: there is no global state, and the locale is never looked at. Any thread may call any
 * function at any time, with results of its own.
 *
 * Memory: every text in a result is either inside it or constant, so a result may be copied, kept
 * and dropped at will. Nothing that is allocated outlives a call, and nothing is allocated during
 * one, with two exceptions: libidn2 needs memory for a domain with a label that is not ASCII or
 * begins with "xn--", and libunistring for a local part with 64 or more combining marks in a row.
 * If it is refused, wn_parse says so.
 *
 * Versions: the words for faults and flags may grow in number but never change their meaning:
 * compare the ones you know, and pass the others through. struct wn_parsed may get more fields in a
 * later version; wn_parse then gets another name for the linker, so that a program compiled with
 * this header does not link with that library instead of being overwritten by it. Compile it again.
 */

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WN_VERSION "0.1.0"

/* The version of the library that runs, in the form of WN_VERSION. */
const char *wn_version(void);

/* How a text is to be read; add them up. Other bits must be 0: later versions give them a meaning.
 */
enum wn_parse_option {
    /* Accept address literals, `bob@[192.0.2.1]` (RFC 5321 4.1.3): otherwise they are the fault
     * syntax_address_literal. */
    WN_PARSE_ALLOW_LITERALS = 1,
    /* Judge the top-level domain by the public suffix data that libpsl was built with: the fault
     * unknown_tld. Without it, only DNS can tell. */
    WN_PARSE_KNOWN_TLD = 2,
    /* The text is the address and nothing else. Otherwise it is read like the cell of a
     * spreadsheet: blanks, quotes and stray punctuation around the address are cut off, and
     * `Name <address>` and `mailto:` are unwrapped (docs/addresses.md, "From a cell to an
     * address"). */
    WN_PARSE_EXACT = 4,
    /* Where a provider gives one mailbox several names (docs/addresses.md, "The normal form"),
     * `key` is the one that stands for all of them: `bob@gmail.com` for `b.ob+shop@googlemail.com`.
     */
    WN_PARSE_FOLD_ALIASES = 8
};

enum {
    WN_PARSED_MAX = 400, /* octets that hold any normal form, key or suggestion, and its NUL */
    WN_PARSED_FLAGS = 32 /* more than the flags that a result can have */
};

/* What wn_parse found. Owned by the caller, who need not initialise it; filled completely, whatever
 * the text. Offsets and lengths are in octets. */
struct wn_parsed {
    /* NULL when the text is an address that can take mail as far as the text tells, else a word
     * such as "syntax_dot" (docs/addresses.md, "The reasons") and an English sentence for it. */
    const char *fault;
    const char *sentence;
    /* Offset in the text of the first octet at fault, at most the text's length (where something is
     * missing, the end of the address); 0 without a fault. */
    size_t fault_at;
    /* Where in the text the address stands: all of it, but for what was cut off and unwrapped. */
    size_t found_at;
    size_t found_length;
    /* The normal form (docs/addresses.md): domain in lower case and A-labels, local part in NFC
     * without needless quotes. NUL-terminated, and no NUL inside. Empty when the fault leaves none;
     * the faults that a well-formed address can have (syntax_address_literal, syntax_provider,
     * reserved_domain, unknown_tld) leave it. The local part is its first local_length octets; the
     * domain begins behind the @, at address + local_length + 1. */
    char address[WN_PARSED_MAX];
    size_t address_length;
    size_t local_length;
    /* The mailbox key: the normal form with its local part in lower case. Two addresses with one
     * key are the same mailbox. NUL-terminated; empty when `address` is. */
    char key[WN_PARSED_MAX];
    size_t key_length;
    /* The address that was probably meant, where a slip of the finger explains the fault or the
     * domain: bob@gmail.com for `bob@gmial.com` and `bob@gmail,com` (docs/addresses.md, "Typos").
     * In normal form and without a fault; NUL-terminated; empty when there is none, as for every
     * domain that is well known, free, a relay, disposable or a placeholder by the compiled-in
     * lists. Only a suggestion: whether mail was ever delivered to the address as it stands, and
     * whether the suggested one exists, is not known here. */
    char suggestion[WN_PARSED_MAX];
    size_t suggestion_length;
    /* What else is known: "role", "free", "disposable", "idn" and so on (docs/addresses.md,
     * "Flags"), sorted; the first flag_count are set, the others NULL. Constant words. */
    const char *flags[WN_PARSED_FLAGS];
    size_t flag_count;
};

/* Reads `length` octets at `text`, of any content: NULs are octets like others (and a fault in an
 * address), none is needed at the end. `text` may be NULL when `length` is 0, and may lie inside
 * *result, as a suggestion does that is to be parsed in its turn. The time is linear in the length;
 * what lies beyond 4,294,967,295 octets is not looked at. `options`: enum wn_parse_option.
 *
 * True, whatever the text. False only when libidn2 or libunistring could get no memory (see above):
 * that says nothing of the text, and *result is empty. */
#define wn_parse wn_parse_1 /* by the layout of struct wn_parsed */
bool wn_parse(const char *text, size_t length, unsigned options, struct wn_parsed *result)
#ifdef __GNUC__
    __attribute__((warn_unused_result))
#endif
    ;

#ifdef __cplusplus
}
#endif

#endif
