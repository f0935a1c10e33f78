/* SPDX-License-Identifier: MIT */
#ifndef WN_ADDRESS_LIST_FILE_H
#define WN_ADDRESS_LIST_FILE_H

/* The format of a list's file, whether a person wrote it or it was fetched: one entry a line, in
 * any order; blank lines, "#" at the start of a line and " #" behind an entry begin comments; LF or
 * CRLF; a byte order mark is passed over. Entries are brought to the normal form that look-ups
 * use, so capitals and U-labels may be written. No state: any thread may call any function. */

#include "address/address.h"

/* The lists of lists.def. */
enum wn_list_id {
#define WN_LIST_ROW(name, shape, below, bit, flag, meaning) WN_LIST_ID_##name,
#include "address/lists.def"
    WN_LIST_IDS
};

/* What the lines of a list are. */
enum wn_list_shape {
    WN_LIST_SHAPE_LOCAL,
    WN_LIST_SHAPE_DOMAIN,
    WN_LIST_SHAPE_EITHER,
    WN_LIST_SHAPE_ANY
};

struct wn_list_kind {
    const char *name;
    enum wn_list_shape shape;
    bool below;    /* a domain counts with everything under it */
    uint8_t bit;   /* enum wn_list (internal.h), or 0 */
    uint32_t flag; /* enum wn_flag */
    const char *meaning;
};
extern const struct wn_list_kind wn_list_kinds[WN_LIST_IDS];

/* A list may have two files: NAME.txt stands for the compiled-in list, NAME.add.txt adds to
 * whatever is in force. A file's number is its list's, times two, plus one for .add. */
enum {
    WN_LIST_FILES = WN_LIST_IDS * 2,
    WN_LIST_FILE_OCTETS = 64 << 20, /* larger files are refused */
    WN_LIST_LINE_OCTETS = 1000,     /* so are longer lines */
    WN_LIST_ENTRIES = 5000000       /* and more entries than this, over all files */
};

/* "disposable" or "disposable.add" -> its number; false when there is no such list. */
bool wn_list_file_number(struct wn_span name, unsigned *file);

enum wn_entry_kind {
    WN_ENTRY_LOCAL,
    WN_ENTRY_DOMAIN,
    WN_ENTRY_ADDRESS
};

/* An entry in normal form: a local part as in a mailbox key, a domain in A-labels, a mailbox key.
 */
struct wn_list_entry {
    enum wn_entry_kind kind;
    uint16_t length; /* 0: the line holds nothing but a comment */
    char text[sizeof((struct wn_address *)0)->text];
};

/* Reads one line, without its end, as an entry of the list. NULL, or why it is none: a constant
 * clause without a full stop. */
const char *wn_list_entry_read(enum wn_list_id list, struct wn_span line,
                               struct wn_list_entry *entry);

/* Called for each line that is no comment: `entry`, or NULL and the fault. `written` is the line.
 * Anything but 0 stops the reading. */
typedef int wn_list_visit(void *arg, uint64_t line, struct wn_span written,
                          const struct wn_list_entry *entry, const char *fault);

/* Reads a whole file's content; returns what stopped it, or 0. */
int wn_list_text_read(enum wn_list_id list, struct wn_span text, wn_list_visit *visit, void *arg);

/* The entry as a person writes it into this list's file (a placeholder's domain with its @, an
 * allowed local part with one behind): appended to `out`. */
void wn_list_entry_write(enum wn_list_id list, const struct wn_list_entry *entry,
                         struct wn_buf *out);

#endif
