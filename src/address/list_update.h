/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_LIST_UPDATE_H
#define WN_ADDRESS_LIST_UPDATE_H

/* Whether a list that somebody else wrote may become one of ours. Pure: what is read and where the
 * result goes is the caller's business. */

#include "address/overlay.h"

struct wn_list_update {
    const struct wn_overlay *overlay; /* not NULL: what is in force now */
    unsigned file;                    /* the file's number (list_file.h) */
    bool force;                       /* it may shrink */
    const char *source;               /* its name in messages, without what must not be shown */
};

/* Owned by the caller, zero-initialised. */
struct wn_list_updated {
    struct wn_buf content; /* the entries in normal form, sorted, each once, one a line */
    size_t entries;
    size_t before;       /* how many there were; 0 when there is no such list yet */
    size_t bad;          /* lines that are no entry */
    size_t objected;     /* entries that must not stand there, relays aside */
    size_t relays;       /* forwarding services of real people, which public lists like to name */
    struct wn_buf notes; /* a line for each of the first of these, in ASCII */
};
void wn_list_updated_release(struct wn_list_updated *updated);

/* Reads a fetched text. Lines that are no entry and entries that are objected to
 * (wn_overlay_objection) are left out and noted. WN_E_DATA, with the first such line, when there
 * are more than a few of them (a list with such mistakes is not to be trusted with the rest), when
 * nothing is left, or when the list would shrink by more than half without `force`. */
int wn_list_update_check(const struct wn_list_update *update, struct wn_span text,
                         struct wn_list_updated *updated, struct wn_error *err);

#endif
