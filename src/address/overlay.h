/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_OVERLAY_H
#define WN_ADDRESS_OVERLAY_H

/* The lists in force: those compiled in (lists.h), and on top of them what the user keeps in a
 * directory. There, NAME.txt stands for the compiled-in list of that name, NAME.add.txt adds to
 * what is in force, and what allow.txt names is never held against anybody. list_file.h has the
 * names and the format.
 *
 * Immutable once loaded: any thread may ask. Wherever an overlay is wanted NULL will do, and means
 * that nothing but the compiled-in lists is in force. */

#include "address/list_file.h"

struct wn_overlay;

/* Loads the lists of a directory. `dir` NULL is the user's own ($XDG_CONFIG_HOME/winnow/lists, else
 * ~/.config/winnow/lists) if it exists; "" is none. *overlay is NULL when there is nothing to load,
 * else release it with wn_overlay_free.
 * WN_E_CONFIG with file and line: the directory does not exist, a file cannot be read, is too
 * large, has a line that is no entry, or bears the name of no list. */
int wn_overlay_load(const char *dir, struct wn_overlay **overlay, struct wn_error *err);
void wn_overlay_free(struct wn_overlay *overlay);

/* Appends the path of the user's own directory, whether or not it exists; false when neither
 * variable says where. */
bool wn_overlay_default_dir(struct wn_buf *path);

/* What the lists say of the mailbox with this key, whose first `local_length` octets are its local
 * part: enum wn_flag bits role, placeholder, allowed. Once a row: some 10 ns. */
uint32_t wn_overlay_mailbox(const struct wn_overlay *overlay, struct wn_span key,
                            size_t local_length);

/* What they say of a domain in normal form: disposable, free, relay, placeholder, allowed. A
 * provider of real people (free, relay or well known) is never disposable or a placeholder. */
uint32_t wn_overlay_domain(const struct wn_overlay *overlay, struct wn_span domain);

/* What they say of a domain by its preferred MX host: disposable. */
uint32_t wn_overlay_mx(const struct wn_overlay *overlay, struct wn_span mx);

/* The flags that hold, of all that the functions above said of an address: what is allowed is
 * neither role nor disposable nor a placeholder. */
static inline uint32_t wn_overlay_settle(uint32_t flags)
{
    return flags & WN_FLAG_allowed
               ? flags & ~(uint32_t)(WN_FLAG_role | WN_FLAG_disposable | WN_FLAG_placeholder)
               : flags;
}

/* Why an entry must not stand in a list that counts against people: a clause such as "a free mail
 * provider", or NULL. A false entry of this kind drops real people by the thousand, so such
 * entries are passed over on loading and not taken from a fetched list. `overlay` is not NULL. */
enum wn_objection {
    WN_OBJECTION_NONE,
    WN_OBJECTION_KNOWN,
    WN_OBJECTION_FREE,
    WN_OBJECTION_RELAY,
    WN_OBJECTION_ABOVE,
    WN_OBJECTION_SUFFIX,
    WN_OBJECTION_MX,
    WN_OBJECTIONS
};
enum wn_objection wn_overlay_objection(const struct wn_overlay *overlay, enum wn_list_id list,
                                       const struct wn_list_entry *entry);
const char *wn_objection_clause(enum wn_objection objection);

/* What is known of one of the files (by its number, list_file.h). */
struct wn_list_source {
    const char *path;    /* NULL: there is no such file */
    size_t entries;      /* different ones */
    size_t passed_over;  /* entries that were objected to */
    const char *passing; /* the first of them, with the reasons, as a text */
    bool passing_all;    /* it names them all */
};
struct wn_list_source wn_overlay_source(const struct wn_overlay *overlay, unsigned file);

/* How many entries of the list are compiled in, and whether they are in force. */
size_t wn_overlay_built_in(enum wn_list_id list);
bool wn_overlay_uses_built_in(const struct wn_overlay *overlay, enum wn_list_id list);

/* Calls `visit` for every entry in force of one list, in no order; an entry may come twice, once
 * compiled in and once from a file. `file`: its number, or WN_LIST_FILES for the compiled-in list.
 */
typedef void wn_overlay_visit(void *arg, enum wn_list_id list, unsigned file,
                              const struct wn_list_entry *entry);
void wn_overlay_each(const struct wn_overlay *overlay, enum wn_list_id list,
                     wn_overlay_visit *visit, void *arg);

/* Calls `visit` for every entry in force, of any list, that matches the mailbox (key and length of
 * its local part, as above), or for local_length 0 the domain and MX host `key`. */
void wn_overlay_matches(const struct wn_overlay *overlay, struct wn_span key, size_t local_length,
                        wn_overlay_visit *visit, void *arg);

#endif
