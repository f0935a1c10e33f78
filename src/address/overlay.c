/* SPDX-License-Identifier: MIT */
/* Four tables of names, one for each thing that is asked for: a local part, a domain, an MX host, a
 * whole mailbox. An entry remembers the files that hold it as a set of bits, which is all that a
 * look-up, an explanation and a count need. The compiled-in lists are not copied: a look-up asks
 * them too and masks what the user has replaced.
 *
 * The tables are hashed under a seed of the process (wn_hash), not like the compiled-in ones: a
 * fetched list is somebody else's work and might be made to collide. */
#include "address/overlay.h"

#include <stdlib.h>

#include "address/lists.h"
#include "address/overlay_private.h"

enum {
    /* What a name above a domain hands down to it. */
    INHERITED = WN_LIST_DISPOSABLE | WN_LIST_RELAY | WN_LIST_PLACEHOLDER,
    ROOM = sizeof((struct wn_address *)0)->text
};

/* --- names -------------------------------------------------------------------------------------
 */

static bool same_name(const void *table, const void *key, uint32_t id)
{
    const struct wn_overlay_names *names = table;
    const struct wn_span *span = key;
    const struct wn_overlay_name *name = &names->v[id];
    return name->length == span->n && memcmp(names->text.p + name->at, span->p, span->n) == 0;
}

/* The bit of a name (n > 0) in the filter, from its length and three of its octets: a list of some
 * dozen entries, which most are, is seldom hashed for. */
static uint32_t filter_bit(struct wn_span span)
{
    uint32_t x = (uint32_t)span.n | (uint32_t)(uint8_t)span.p[0] << 8 |
                 (uint32_t)(uint8_t)span.p[span.n / 2] << 16 |
                 (uint32_t)(uint8_t)span.p[span.n - 1] << 24;
    return x * UINT32_C(2654435761) >> 22;
}

static struct wn_overlay_name *find_name(const struct wn_overlay_names *names, struct wn_span span)
{
    if (names->count == 0 || span.n == 0) {
        return NULL;
    }
    uint32_t bit = filter_bit(span);
    if ((names->filter[bit / 64] >> bit % 64 & 1) == 0) {
        return NULL;
    }
    uint32_t id = wn_map_find(&names->map, wn_hash(span.p, span.n), same_name, names, &span);
    return id != WN_MAP_NONE ? &names->v[id] : NULL;
}

uint16_t wn_overlay_names_find(const struct wn_overlay_names *names, struct wn_span span)
{
    const struct wn_overlay_name *name = find_name(names, span);
    return name != NULL ? name->files : 0;
}

bool wn_overlay_names_add(struct wn_overlay_names *names, struct wn_span span, uint16_t files)
{
    struct wn_overlay_name *name = find_name(names, span);
    if (name != NULL) {
        bool added = (name->files & files) != files;
        name->files |= files;
        return added;
    }
    if (names->count == names->capacity || names->v == NULL) {
        names->capacity = names->capacity > 0 ? names->capacity * 2 : 64;
        names->v = wn_realloc(names->v, names->capacity * sizeof *names->v);
    }
    names->v[names->count] = (struct wn_overlay_name){
        .at = (uint32_t)names->text.len, .files = files, .length = (uint16_t)span.n};
    names->filter[filter_bit(span) / 64] |= UINT64_C(1) << filter_bit(span) % 64;
    wn_buf_add_span(&names->text, span);
    wn_map_add(&names->map, wn_hash(span.p, span.n), names->count++);
    return true;
}

static void release_names(struct wn_overlay_names *names)
{
    wn_map_release(&names->map);
    free(names->v);
    wn_buf_release(&names->text);
}

struct wn_span wn_overlay_parent(struct wn_span name)
{
    const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
    if (dot == NULL) {
        return (struct wn_span){name.p, 0};
    }
    size_t cut = (size_t)(dot + 1 - name.p);
    return (struct wn_span){name.p + cut, name.n - cut};
}

uint16_t wn_overlay_names_above(const struct wn_overlay_names *names, struct wn_span name,
                                uint16_t inherited)
{
    uint16_t files = wn_overlay_names_find(names, name);
    if (names->count == 0) {
        return 0;
    }
    while ((name = wn_overlay_parent(name)).n > 0) {
        files |= wn_overlay_names_find(names, name) & inherited;
    }
    return files;
}

static struct wn_span without_tag(struct wn_span local)
{
    const char *plus = local.n > 1 ? memchr(local.p + 1, '+', local.n - 1) : NULL;
    return plus != NULL ? (struct wn_span){local.p, (size_t)(plus - local.p)} : local;
}

/* The mailbox's key without its tag, written to `room`; empty when there is no tag. */
static struct wn_span key_without_tag(struct wn_span key, size_t local_length, char room[ROOM])
{
    struct wn_span plain = without_tag((struct wn_span){key.p, local_length});
    if (plain.n == local_length || key.n > ROOM) {
        return (struct wn_span){room, 0};
    }
    memcpy(room, plain.p, plain.n);
    memcpy(room + plain.n, key.p + local_length, key.n - local_length);
    return (struct wn_span){room, plain.n + key.n - local_length};
}

uint32_t wn_overlay_flags(uint8_t built_in, uint16_t files)
{
    uint32_t flags = 0;
    for (unsigned i = 0; i < WN_LIST_IDS; i++) {
        if ((built_in & wn_list_kinds[i].bit) != 0 || (files & WN_FILES_OF(i)) != 0) {
            flags |= wn_list_kinds[i].flag;
        }
    }
    return flags;
}

/* --- asking ------------------------------------------------------------------------------------
 */

/* The files that allow the mailbox whose key has a tag, without it. */
static uint16_t files_without_tag(const struct wn_overlay_names *mailboxes, struct wn_span key,
                                  size_t local_length)
{
    char room[ROOM];
    return wn_overlay_names_find(mailboxes, key_without_tag(key, local_length, room));
}

uint32_t wn_overlay_mailbox(const struct wn_overlay *o, struct wn_span key, size_t local_length)
{
    struct wn_span local = {key.p, local_length};
    if (o == NULL) {
        return wn_lists_local(local);
    }
    local = without_tag(local);
    uint8_t built_in = wn_names_find(&wn_names_local, local) & o->built_in;
    uint16_t files = wn_overlay_names_find(&o->tables[WN_TABLE_LOCAL], local);
    files |= wn_overlay_names_find(&o->tables[WN_TABLE_MAILBOX], key);
    if (local.n < local_length && o->tables[WN_TABLE_MAILBOX].count > 0) {
        files |= files_without_tag(&o->tables[WN_TABLE_MAILBOX], key, local_length);
    }
    return built_in == 0 && files == 0 ? 0 : wn_overlay_flags(built_in, files);
}

uint32_t wn_overlay_domain(const struct wn_overlay *o, struct wn_span domain)
{
    uint8_t built_in = wn_names_find_domain(&wn_names_domain, domain, INHERITED);
    uint16_t files = 0;
    if (o != NULL) {
        built_in &= o->built_in;
        files = wn_overlay_names_above(&o->tables[WN_TABLE_DOMAIN], domain,
                                       (uint16_t)~WN_FILES_OF(WN_LIST_ID_free));
    }
    uint32_t flags = wn_overlay_flags(built_in, files);
    if ((flags & (WN_FLAG_free | WN_FLAG_relay)) != 0 || (built_in & WN_LIST_WELLKNOWN) != 0) {
        flags &= ~(uint32_t)(WN_FLAG_disposable | WN_FLAG_placeholder);
    }
    return flags;
}

uint32_t wn_overlay_mx(const struct wn_overlay *o, struct wn_span mx)
{
    if (o == NULL) {
        return wn_lists_mx(mx);
    }
    uint8_t built_in = wn_names_find_domain(&wn_names_mx, mx, WN_LIST_MX) & o->built_in;
    return wn_overlay_flags(built_in,
                            wn_overlay_names_above(&o->tables[WN_TABLE_MX], mx, UINT16_MAX));
}

/* --- explaining --------------------------------------------------------------------------------
 */

struct wn_list_source wn_overlay_source(const struct wn_overlay *o, unsigned file)
{
    struct wn_list_source source = {0};
    if (o != NULL && o->paths[file] != NULL) {
        source.path = o->paths[file];
        source.entries = o->entries[file];
        source.passed_over = o->passed_over[file];
        source.passing = o->passing[file];
        source.passing_all = o->named[file] == o->passed_over[file];
    }
    return source;
}

bool wn_overlay_uses_built_in(const struct wn_overlay *o, enum wn_list_id list)
{
    uint8_t bit = wn_list_kinds[list].bit;
    return bit != 0 && (o == NULL || (o->built_in & bit) != 0);
}

static void visit_entry(enum wn_list_id list, unsigned file, enum wn_overlay_table table,
                        struct wn_span name, wn_overlay_visit *visit, void *arg)
{
    static const enum wn_entry_kind kinds[] = {
        [WN_TABLE_LOCAL] = WN_ENTRY_LOCAL,
        [WN_TABLE_DOMAIN] = WN_ENTRY_DOMAIN,
        [WN_TABLE_MX] = WN_ENTRY_DOMAIN,
        [WN_TABLE_MAILBOX] = WN_ENTRY_ADDRESS,
    };
    struct wn_list_entry entry = {.kind = kinds[table], .length = (uint16_t)name.n};
    if (name.n <= sizeof entry.text) {
        memcpy(entry.text, name.p, name.n);
        visit(arg, list, file, &entry);
    }
}

/* The compiled-in tables that hold what `table` does. */
static const struct wn_names *built_in_of(enum wn_overlay_table table)
{
    return table == WN_TABLE_LOCAL    ? &wn_names_local
           : table == WN_TABLE_DOMAIN ? &wn_names_domain
           : table == WN_TABLE_MX     ? &wn_names_mx
                                      : NULL;
}

static void each_built_in(enum wn_list_id list, wn_overlay_visit *visit, void *arg)
{
    for (enum wn_overlay_table t = WN_TABLE_LOCAL; t < WN_TABLES; t++) {
        const struct wn_names *names = built_in_of(t);
        for (uint32_t i = 0; names != NULL && i <= names->mask; i++) {
            const struct wn_name_slot *slot = &names->slots[i];
            if ((slot->lists & wn_list_kinds[list].bit) != 0) {
                visit_entry(list, WN_LIST_FILES, t,
                            (struct wn_span){names->text + slot->at, slot->length}, visit, arg);
            }
        }
    }
}

void wn_overlay_each(const struct wn_overlay *o, enum wn_list_id list, wn_overlay_visit *visit,
                     void *arg)
{
    if (wn_overlay_uses_built_in(o, list)) {
        each_built_in(list, visit, arg);
    }
    for (enum wn_overlay_table t = WN_TABLE_LOCAL; t < WN_TABLE_PROVIDER && o != NULL; t++) {
        const struct wn_overlay_names *names = &o->tables[t];
        for (uint32_t i = 0; i < names->count; i++) {
            for (unsigned file = 2 * list; file < 2 * list + 2; file++) {
                if ((names->v[i].files >> file & 1) != 0) {
                    visit_entry(
                        list, file, t,
                        (struct wn_span){names->text.p + names->v[i].at, names->v[i].length}, visit,
                        arg);
                }
            }
        }
    }
}

static void count_one(void *arg, enum wn_list_id list, unsigned file,
                      const struct wn_list_entry *entry)
{
    (void)list;
    (void)file;
    (void)entry;
    ++*(size_t *)arg;
}

size_t wn_overlay_built_in(enum wn_list_id list)
{
    size_t count = 0;
    each_built_in(list, count_one, &count);
    return count;
}

/* Every list that holds exactly this name; `above`: the name is one above what was asked for. */
static void match_name(const struct wn_overlay *o, enum wn_overlay_table t, struct wn_span name,
                       bool above, wn_overlay_visit *visit, void *arg)
{
    const struct wn_names *built_in = built_in_of(t);
    uint8_t lists = built_in != NULL ? wn_names_find(built_in, name) : 0;
    uint16_t files = o != NULL ? wn_overlay_names_find(&o->tables[t], name) : 0;
    for (unsigned i = 0; i < WN_LIST_IDS; i++) {
        enum wn_list_id list = (enum wn_list_id)i;
        if (above && !wn_list_kinds[i].below) {
            continue;
        }
        if ((lists & wn_list_kinds[i].bit) != 0 && wn_overlay_uses_built_in(o, list)) {
            visit_entry(list, WN_LIST_FILES, t, name, visit, arg);
        }
        for (unsigned file = 2 * i; file < 2 * i + 2; file++) {
            if ((files >> file & 1) != 0) {
                visit_entry(list, file, t, name, visit, arg);
            }
        }
    }
}

static void match_domain(const struct wn_overlay *o, enum wn_overlay_table t, struct wn_span name,
                         wn_overlay_visit *visit, void *arg)
{
    for (bool above = false; name.n > 0; above = true) {
        match_name(o, t, name, above, visit, arg);
        name = wn_overlay_parent(name);
    }
}

void wn_overlay_matches(const struct wn_overlay *o, struct wn_span key, size_t local_length,
                        wn_overlay_visit *visit, void *arg)
{
    if (local_length == 0) {
        match_domain(o, WN_TABLE_DOMAIN, key, visit, arg);
        match_domain(o, WN_TABLE_MX, key, visit, arg);
        return;
    }
    char room[ROOM];
    match_name(o, WN_TABLE_LOCAL, without_tag((struct wn_span){key.p, local_length}), false, visit,
               arg);
    match_domain(o, WN_TABLE_DOMAIN,
                 (struct wn_span){key.p + local_length + 1, key.n - local_length - 1}, visit, arg);
    match_name(o, WN_TABLE_MAILBOX, key, false, visit, arg);
    match_name(o, WN_TABLE_MAILBOX, key_without_tag(key, local_length, room), false, visit, arg);
}

void wn_overlay_free(struct wn_overlay *o)
{
    if (o == NULL) {
        return;
    }
    for (size_t i = 0; i < WN_TABLES; i++) {
        release_names(&o->tables[i]);
    }
    wn_arena_release(&o->arena);
    free(o);
}
