/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_INTERNAL_H
#define WN_ADDRESS_INTERNAL_H

/* What the files of this folder share. An address goes through four steps: read.c tries the fast
 * path and otherwise calls cell.c (where in the cell is the address?), parse.c (is it one, and
 * where are its parts?) and normalize.c (its normal form). None of this is called from outside the
 * folder. */

#include "address/address.h"

/* Octet classes, parse.c. */
enum {
    WN_OCTET_ATEXT = 1,      /* RFC 5321 atext: may stand in an atom */
    WN_OCTET_LDH = 2,        /* letter, digit or hyphen */
    WN_OCTET_DIGIT = 4,      /* 0-9 */
    WN_OCTET_UPPER = 8,      /* A-Z */
    WN_OCTET_DOT = 16,       /* . */
    WN_OCTET_BLANK = 32,     /* ASCII white space */
    WN_OCTET_PLUS = 64,      /* + */
    WN_OCTET_SEPARATOR = 128 /* . and -: in a domain, never two in a row nor at an end (bar `--`) */
};
extern const uint8_t wn_octet_class[256];

/* What a code point means to the parser. */
enum wn_glyph {
    WN_GLYPH_TEXT,      /* an ordinary character */
    WN_GLYPH_SPACE,     /* white space of any script */
    WN_GLYPH_AT,        /* @, or a full-width form of it */
    WN_GLYPH_DOT,       /* the full-width full stop */
    WN_GLYPH_STOP,      /* an ideographic full stop: a dot in a domain, text elsewhere */
    WN_GLYPH_WIDE,      /* the full-width form of any other ASCII character */
    WN_GLYPH_JOINER,    /* U+200C, U+200D, variation selectors: text, behind a character that they
                         * join or vary; behind ASCII they are as good as invisible */
    WN_GLYPH_FORBIDDEN, /* control, format, private use, unassigned, or ignored wherever shown */
    WN_GLYPH_INVALID    /* no UTF-8 */
};

/* The code point at p (n > 0 octets left): its meaning, and in *length how many octets it has
 * (1 where it is invalid). */
enum wn_glyph wn_glyph_at(const char *p, size_t n, size_t *length);

/* The ASCII character whose full-width form (WN_GLYPH_WIDE, WN_GLYPH_DOT) stands at p. */
char wn_glyph_narrow(const char *p);

/* Whether the glyph is one that a cell is trimmed of; *length as above. */
bool wn_blank_at(const char *p, size_t n, size_t *length);

/* Where the parts of an address are, as offsets in `text`. Filled by wn_scan; what lies behind the
 * first fault is unknown. */
struct wn_scan {
    struct wn_span text;
    size_t at;         /* the @: the local part is what stands before it */
    size_t domain;     /* the first octet behind the @ */
    size_t last_label; /* the first octet of the domain's last label */
    bool quoted;       /* the local part is a quoted string */
    bool literal;      /* the domain is in square brackets */
    bool local_wide;   /* the local part is not ASCII */
    bool domain_wide;  /* the domain is not ASCII */
    bool mapped;       /* a full-width @ or dot was read as its ASCII form */
    size_t excess;     /* what makes the address longer than WN_ADDRESS_MAX; 0: nothing does */
    enum wn_fault fault;
    size_t fault_at; /* offset in `text` */
    bool no_memory;  /* the step failed for want of memory; no fault is set */
};

/* Reads the local part up to and including the @; false with the fault set. */
bool wn_scan_local(struct wn_scan *s);

/* Reads the domain behind it; false with the fault set. */
bool wn_scan_domain(struct wn_scan *s);

/* Writes the local part's normal form to a->text and sets a->local_length and flags; false with the
 * scan's fault or no_memory set. Writes at most WN_LOCAL_MAX octets. */
bool wn_normalize_local(struct wn_scan *s, struct wn_address *a);

/* Writes @ and the domain's normal form behind it and sets a->length and flags; false with the
 * scan's fault or no_memory set. */
bool wn_normalize_domain(struct wn_scan *s, struct wn_address *a);

/* Writes the literal, which stands between square brackets, in its canonical form and with its
 * brackets behind what a->text holds, and sets a->length and flags; false when it is no address. */
bool wn_literal_write(struct wn_span literal, struct wn_address *a);

/* Whether the public suffix data know this ending, of one label or more, in A-labels and lower
 * case. Without data, they know all: who knows nothing should say nothing. */
bool wn_ending_exists(const char *ending);

/* The same of a top-level domain. The data have no entry for .za, only for what is below it; so
 * `co.` below it will do. */
bool wn_tld_exists(struct wn_span tld);

/* Whether the local part in a->text breaks the rules of its provider. */
bool wn_provider_refuses(const struct wn_address *a);

/* Finds the address in the cell: *inner is where it stands, *flags gets trimmed and extracted.
 * Returns none, no_address or syntax_several (then *fault_at is set as an offset in the cell). */
enum wn_fault wn_cell_find(struct wn_span cell, struct wn_span *inner, uint32_t *flags,
                           size_t *fault_at);

/* Whether an @ stands anywhere in the text. */
bool wn_cell_has_at(struct wn_span text);

/* A constant hash table of names, made by src/data/embed.py. */
struct wn_name_slot {
    uint32_t hash;
    uint32_t at; /* offset in `text` */
    uint8_t length;
    uint8_t lists; /* enum wn_list bits; 0 is a free slot */
};
struct wn_names {
    const struct wn_name_slot *slots;
    uint32_t mask; /* slots - 1 */
    uint32_t longest;
    const char *text;
};

/* The files that a name was found in; embed.py has the same numbers. */
enum wn_list {
    WN_LIST_ROLE = 1,
    WN_LIST_PLACEHOLDER = 2,
    WN_LIST_DISPOSABLE = 4,
    WN_LIST_FREE = 8,
    WN_LIST_RELAY = 16,
    WN_LIST_WELLKNOWN = 32,
    WN_LIST_RESERVED = 64,
    WN_LIST_MX = 128
};

extern const struct wn_names wn_names_local, wn_names_domain, wn_names_mx, wn_names_reserved;

/* The lists that hold exactly this name; 0 when none does. */
uint8_t wn_names_find(const struct wn_names *names, struct wn_span name);

/* The lists that hold this name or, of those in `inherited`, a domain above it. */
uint8_t wn_names_find_domain(const struct wn_names *names, struct wn_span name, uint8_t inherited);

#endif
