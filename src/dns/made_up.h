/* SPDX-License-Identifier: MIT */
#ifndef WN_DNS_MADE_UP_H
#define WN_DNS_MADE_UP_H

/* Names that nobody owns, made up at random under a real TLD: every honest server denies them, and
 * no cache can know them beforehand. */

enum {
    WN_MADE_UP_LETTERS = 20,
    WN_MADE_UP_TLDS = 2,
    WN_MADE_UP_NAME = WN_MADE_UP_LETTERS + 5 /* octets, with the NUL */
};

/* `tld`: which of the TLDs, below WN_MADE_UP_TLDS. */
void wn_made_up_name(unsigned tld, char name[WN_MADE_UP_NAME]);

#endif
