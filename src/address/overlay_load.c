/* SPDX-License-Identifier: MIT */
/* What protects real people is loaded first (the order of lists.def); from it comes a table of
 * providers and all names above them, against which the entries of the other files are held. A file
 * that a person wrote is refused at its first bad line, because a list that is quietly shorter than
 * it looks is worse than none; an entry that would condemn a provider is passed over, because such
 * a list is still right about the rest. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpsl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address/overlay_private.h"

enum {
    ALL_BUILT_IN = WN_LIST_ROLE | WN_LIST_PLACEHOLDER | WN_LIST_DISPOSABLE | WN_LIST_FREE |
                   WN_LIST_RELAY | WN_LIST_WELLKNOWN | WN_LIST_MX,
    PASSING_OCTETS = 300 /* of the names that `lists show` prints for a file */
};

/* The bit of an objection in the table of providers. */
#define OBJECTION(number) ((uint16_t)(1U << (unsigned)(number)))

/* --- objections --------------------------------------------------------------------------------
 */

const char *wn_objection_clause(enum wn_objection objection)
{
    static const char *const clauses[WN_OBJECTIONS] = {
        NULL,
        "a domain that everybody knows",
        "a provider of mailboxes to the public",
        "a forwarding service of real people",
        "above a provider of real people",
        "a suffix under which anybody can register",
        "a mail host that many share",
    };
    return clauses[objection];
}

static bool is_public_suffix(struct wn_span domain)
{
    char name[WN_DOMAIN_MAX + 1];
    const psl_ctx_t *psl = psl_builtin();
    if (psl == NULL || domain.n > WN_DOMAIN_MAX) {
        return false;
    }
    memcpy(name, domain.p, domain.n);
    name[domain.n] = '\0';
    return psl_is_public_suffix2(psl, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool is_under(struct wn_span name, struct wn_span above)
{
    return name.n >= above.n && memcmp(name.p + name.n - above.n, above.p, above.n) == 0 &&
           (name.n == above.n || name.p[name.n - above.n - 1] == '.');
}

static bool is_shared_host(struct wn_span host)
{
    static const struct wn_span shared[] = {
#define WN_PROVIDER_MX(name, suffix) {suffix, sizeof(suffix) - 1},
#include "data/providers.def"
    };
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (is_under(host, shared[i]) || is_under(shared[i], host)) {
            return true;
        }
    }
    return false;
}

static enum wn_objection objection_of(uint16_t kinds)
{
    for (unsigned i = WN_OBJECTION_NONE + 1; i < WN_OBJECTIONS; i++) {
        if ((kinds & OBJECTION(i)) != 0) {
            return (enum wn_objection)i;
        }
    }
    return WN_OBJECTION_NONE;
}

enum wn_objection wn_overlay_objection(const struct wn_overlay *o, enum wn_list_id list,
                                       const struct wn_list_entry *entry)
{
    struct wn_span name = {entry->text, entry->length};
    uint32_t against = WN_FLAG_disposable | WN_FLAG_placeholder;
    if (entry->kind != WN_ENTRY_DOMAIN || (wn_list_kinds[list].flag & against) == 0) {
        return WN_OBJECTION_NONE;
    }
    bool mx = list == WN_LIST_ID_disposable_mx;
    uint16_t kinds = wn_overlay_names_above(
        &o->tables[WN_TABLE_PROVIDER], name,
        mx ? (uint16_t)(OBJECTION(WN_OBJECTION_KNOWN) | OBJECTION(WN_OBJECTION_RELAY))
           : OBJECTION(WN_OBJECTION_RELAY));
    enum wn_objection objection = objection_of(kinds);
    if (objection == WN_OBJECTION_NONE && mx && is_shared_host(name)) {
        objection = WN_OBJECTION_MX;
    }
    if (objection == WN_OBJECTION_NONE && is_public_suffix(name)) {
        objection = WN_OBJECTION_SUFFIX;
    }
    return objection;
}

static void add_provider(struct wn_overlay *o, struct wn_span name, uint32_t flags, bool known)
{
    static const struct {
        uint32_t flag;
        enum wn_objection objection;
    } kinds[] = {{WN_FLAG_free, WN_OBJECTION_FREE}, {WN_FLAG_relay, WN_OBJECTION_RELAY}};
    uint16_t bits = known ? OBJECTION(WN_OBJECTION_KNOWN) : 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bits |= (flags & kinds[i].flag) != 0 ? OBJECTION(kinds[i].objection) : 0;
    }
    if (bits == 0) {
        return;
    }
    (void)wn_overlay_names_add(&o->tables[WN_TABLE_PROVIDER], name, bits);
    while ((name = wn_overlay_parent(name)).n > 0) {
        (void)wn_overlay_names_add(&o->tables[WN_TABLE_PROVIDER], name,
                                   OBJECTION(WN_OBJECTION_ABOVE));
    }
}

/* From all that is in force once the first lists are loaded. */
static void collect_providers(struct wn_overlay *o)
{
    for (uint32_t i = 0; i <= wn_names_domain.mask; i++) {
        const struct wn_name_slot *slot = &wn_names_domain.slots[i];
        uint8_t lists = slot->lists & o->built_in;
        add_provider(o, (struct wn_span){wn_names_domain.text + slot->at, slot->length},
                     wn_overlay_flags(lists, 0), (lists & WN_LIST_WELLKNOWN) != 0);
    }
    const struct wn_overlay_names *domains = &o->tables[WN_TABLE_DOMAIN];
    for (uint32_t i = 0; i < domains->count; i++) {
        const struct wn_overlay_name *name = &domains->v[i];
        add_provider(o, (struct wn_span){domains->text.p + name->at, name->length},
                     wn_overlay_flags(0, name->files), false);
    }
}

/* --- loading -----------------------------------------------------------------------------------
 */

struct loading {
    struct wn_overlay *o;
    const char *path;
    unsigned file;
    struct wn_buf passing; /* what was passed over so far */
    struct wn_error *err;
};

static enum wn_overlay_table table_of(enum wn_list_id list, enum wn_entry_kind kind)
{
    if (kind == WN_ENTRY_DOMAIN) {
        return list == WN_LIST_ID_disposable_mx ? WN_TABLE_MX : WN_TABLE_DOMAIN;
    }
    return kind == WN_ENTRY_LOCAL ? WN_TABLE_LOCAL : WN_TABLE_MAILBOX;
}

static void pass_over(struct loading *l, const struct wn_list_entry *entry,
                      enum wn_objection objection)
{
    struct wn_buf *text = &l->passing;
    l->o->passed_over[l->file]++;
    if (text->len < PASSING_OCTETS) {
        l->o->named[l->file]++;
        wn_buf_addf(text, "%s%.*s (%s)", text->len > 0 ? ", " : "", (int)entry->length, entry->text,
                    wn_objection_clause(objection));
    }
}

static int take_entry(void *arg, uint64_t line, struct wn_span written,
                      const struct wn_list_entry *entry, const char *fault)
{
    struct loading *l = arg;
    struct wn_overlay *o = l->o;
    enum wn_list_id list = (enum wn_list_id)(l->file / 2);
    if (fault != NULL) {
        return wn_error_set(l->err, WN_E_CONFIG, "%s:%llu: '%.*s' does not belong in %s: %s",
                            l->path, (unsigned long long)line, written.n < 80 ? (int)written.n : 80,
                            written.p, wn_list_kinds[list].name, fault);
    }
    enum wn_objection objection = wn_overlay_objection(o, list, entry);
    if (objection != WN_OBJECTION_NONE) {
        pass_over(l, entry, objection);
        return WN_OK;
    }
    if (o->total++ == WN_LIST_ENTRIES) {
        return wn_error_set(l->err, WN_E_CONFIG, "%s:%llu: the lists have more than %d entries",
                            l->path, (unsigned long long)line, WN_LIST_ENTRIES);
    }
    if (wn_overlay_names_add(&o->tables[table_of(list, entry->kind)],
                             (struct wn_span){entry->text, entry->length},
                             (uint16_t)(1U << l->file))) {
        o->entries[l->file]++;
    }
    return WN_OK;
}

/* The whole of an open file, at most WN_LIST_FILE_OCTETS. */
static int read_file(int fd, const char *path, struct wn_buf *text, struct wn_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return wn_error_errno(err, WN_E_CONFIG, errno, "%s cannot be read", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return wn_error_set(err, WN_E_CONFIG, "%s is no ordinary file", path);
    }
    for (;;) {
        if (text->len > WN_LIST_FILE_OCTETS) {
            return wn_error_set(err, WN_E_CONFIG, "%s is larger than %d MiB", path,
                                WN_LIST_FILE_OCTETS >> 20);
        }
        char *room = wn_buf_room(text, 1 << 16);
        ssize_t n = read(fd, room, 1 << 16);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return wn_error_errno(err, WN_E_CONFIG, errno, "%s cannot be read", path);
        }
        if (n == 0) {
            return WN_OK;
        }
        text->len += (size_t)n;
    }
}

static const char *path_of(struct wn_overlay *o, const char *dir, unsigned file)
{
    struct wn_buf path = {0};
    wn_buf_addf(&path, "%s/%s%s.txt", dir, wn_list_kinds[file / 2].name,
                file % 2 != 0 ? ".add" : "");
    const char *text = wn_arena_text(&o->arena, wn_buf_span(&path));
    wn_buf_release(&path);
    return text;
}

static int load_file(struct wn_overlay *o, const char *dir, unsigned file, struct wn_error *err)
{
    struct wn_buf text = {0};
    const char *path = path_of(o, dir, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? WN_OK
                               : wn_error_errno(err, WN_E_CONFIG, errno, "%s cannot be read", path);
    }
    struct loading l = {.o = o, .path = path, .file = file, .err = err};
    int status = read_file(fd, path, &text, err);
    (void)close(fd);
    if (status == WN_OK) {
        o->paths[file] = path;
        o->built_in &= file % 2 == 0 ? (uint8_t)~wn_list_kinds[file / 2].bit : UINT8_MAX;
        status = wn_list_text_read((enum wn_list_id)(file / 2), wn_buf_span(&text), take_entry, &l);
        o->passing[file] = wn_arena_text(&o->arena, wn_buf_span(&l.passing));
    }
    wn_buf_release(&l.passing);
    wn_buf_release(&text);
    return status;
}

/* A misspelt name would be a list that is quietly not there. */
static int check_names(DIR *dir, const char *path, struct wn_error *err)
{
    static const struct wn_span ending = {".txt", 4};
    const struct dirent *entry;
    unsigned file;
    errno = 0;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): a DIR of our own */
        struct wn_span name = wn_span_of(entry->d_name);
        if (name.p[0] == '.' || name.n < ending.n ||
            memcmp(name.p + name.n - ending.n, ending.p, ending.n) != 0) {
            continue;
        }
        name.n -= ending.n;
        if (!wn_list_file_number(name, &file)) {
            return wn_error_set(err, WN_E_CONFIG,
                                "%s/%s is named after no list: there are allow, free, relay, role, "
                                "placeholder, disposable and disposable_mx, and NAME.add.txt for "
                                "each",
                                path, entry->d_name);
        }
    }
    return errno != 0 ? wn_error_errno(err, WN_E_CONFIG, errno, "%s cannot be read", path) : WN_OK;
}

bool wn_overlay_default_dir(struct wn_buf *path)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (base != NULL && base[0] == '/') {
        wn_buf_addf(path, "%s/winnow/lists", base);
        return true;
    }
    if (home != NULL && home[0] == '/') {
        wn_buf_addf(path, "%s/.config/winnow/lists", home);
        return true;
    }
    return false;
}

static int load_files(DIR *dir, const char *path, struct wn_overlay **overlay, struct wn_error *err)
{
    int status = check_names(dir, path, err);
    struct wn_overlay *o = wn_calloc(1, sizeof *o);
    o->built_in = ALL_BUILT_IN;
    for (unsigned file = 0; file < WN_LIST_FILES && status == WN_OK; file++) {
        if (file == 2 * (WN_LIST_ID_relay + 1)) {
            collect_providers(o);
        }
        status = load_file(o, path, file, err);
    }
    if (status != WN_OK) {
        wn_overlay_free(o);
        o = NULL;
    }
    *overlay = o;
    return status;
}

int wn_overlay_load(const char *dir, struct wn_overlay **overlay, struct wn_error *err)
{
    struct wn_buf own = {0};
    int status = WN_OK;
    *overlay = NULL;
    bool optional = dir == NULL;
    if (optional) {
        dir = wn_overlay_default_dir(&own) ? wn_buf_text(&own) : "";
    }
    if (dir[0] != '\0') {
        DIR *open = opendir(dir);
        if (open != NULL) {
            status = load_files(open, dir, overlay, err);
            (void)closedir(open);
        } else if (!optional || (errno != ENOENT && errno != ENOTDIR)) {
            status = wn_error_errno(err, WN_E_CONFIG, errno, "the lists in %s cannot be read", dir);
        }
    }
    wn_buf_release(&own);
    return status;
}
