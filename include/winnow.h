/* SPDX-License-Identifier: MIT */
#ifndef WINNOW_H
#define WINNOW_H

/* libwinnow: what a text says as an email address.
 *
 *     struct wn_parsed parsed;
 *     wn_parse(text, strlen(text), 0, &parsed);
 *     if (parsed.fault == NULL) {
 *         printf("%s\n", parsed.address);
 *     } else {
 *         printf("octet %zu: %s (%s)\n", parsed.fault_at, parsed.sentence, parsed.fault);
 *     }
 *
 * Nothing is allocated for the caller and there is no global state: any thread may call any
 * function at any time. Every text in a result is either inside the result or constant, so a result
 * may be copied, kept and dropped at will. The words for faults and flags may grow in number but
 * never change their meaning: compare the ones you know, and pass the others through. */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WN_VERSION "0.1.0"

/* The version of the library that runs, in the form of WN_VERSION. */
const char *wn_version(void);

/* How a text is to be read; add them up. */
enum wn_parse_option {
    /* Accept address literals, `bob@[192.0.2.1]`: otherwise they are the fault
     * syntax_address_literal. */
    WN_PARSE_ALLOW_LITERALS = 1,
    /* Judge the top-level domain by the public suffix data that libpsl was built with: the fault
     * unknown_tld. Without it, only DNS can tell. */
    WN_PARSE_KNOWN_TLD = 2,
    /* The text is the address and nothing else. Otherwise it is read like the cell of a
     * spreadsheet: blanks, quotes and stray punctuation around the address are cut off, and
     * `Name <address>` and `mailto:` are unwrapped. */
    WN_PARSE_EXACT = 4
};

enum {
    WN_PARSED_MAX = 400, /* octets that hold any normal form or key and its NUL */
    WN_PARSED_FLAGS = 20 /* more than the flags that a result can have */
};

/* What wn_parse found. Owned by the caller; filled completely, whatever the text. */
struct wn_parsed {
    /* NULL when the text is an address that can take mail as far as the text tells, else a word
     * such as "syntax_dot" (docs/addresses.md lists them) and an English sentence for it. */
    const char *fault;
    const char *sentence;
    /* Offset in the text of the first octet at fault, at most the text's length; 0 without one. */
    size_t fault_at;
    /* Where in the text the address stands. */
    size_t found_at;
    size_t found_length;
    /* The normal form: domain in lower case and A-labels, local part in NFC without needless
     * quotes. NUL-terminated. Empty when the fault leaves none; the faults that a well-formed
     * address can have (syntax_address_literal, syntax_provider, reserved_domain, unknown_tld)
     * leave it. The domain begins at address + local_length + 1. */
    char address[WN_PARSED_MAX];
    size_t address_length;
    size_t local_length;
    /* The mailbox key: the normal form with its local part in lower case. Two addresses with one
     * key are the same mailbox. */
    char key[WN_PARSED_MAX];
    size_t key_length;
    /* What else is known: "role", "free", "disposable", "idn" and so on, sorted. Constant words. */
    const char *flags[WN_PARSED_FLAGS];
    size_t flag_count;
};

/* Reads `length` octets at `text`, of any content; no NUL is needed. `text` may be NULL when
 * `length` is 0. `options`: enum wn_parse_option. */
void wn_parse(const char *text, size_t length, unsigned options, struct wn_parsed *result);

#ifdef __cplusplus
}
#endif

#endif
