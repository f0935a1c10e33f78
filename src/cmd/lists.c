/* SPDX-License-Identifier: MIT */
/* `winnow lists show` and `winnow lists test`: which lists are in force, and what they say. Both
 * ask the same overlay that a run asks, so what they print is what a run does. */
#include "cmd/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address/overlay.h"

struct settings {
    const char *lists;
};

static const struct wn_option options[] = {WN_OPTION_LISTS(struct settings)};

const struct wn_command_help wn_help_lists_show = {
    .name = "lists show",
    .synopsis = "[options] [NAME...]",
    .summary = "which word lists are in force, and where each comes from",
    .description =
        "Without a name, prints for each list whether the one that is compiled in is in force, "
        "the files that stand for it or add to it, and how many entries each has. With a name, "
        "prints the entries in force, sorted. The lists are " WN_LISTS_NAMES ".\n\n"
        "In the directory of your own lists, NAME.txt stands for the compiled-in list, "
        "NAME.add.txt "
        "adds to it, and allow.txt always wins: the domains, local parts and addresses in it are "
        "never role, disposable or placeholder.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

const struct wn_command_help wn_help_lists_test = {
    .name = "lists test",
    .synopsis = "[options] ADDRESS|DOMAIN...",
    .summary = "which entries of the lists match an address, and from where",
    .description =
        "Prints for each address the entries that match it, the list and the file of each, and the "
        "flags that they amount to. A domain alone is also looked up as an MX host.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static void print_source(const struct wn_overlay *o, enum wn_list_id list)
{
    const struct wn_list_kind *kind = &wn_list_kinds[list];
    const char *name = kind->name;
    if (kind->bit != 0) {
        (void)printf("%-14s %9zu  compiled in%s\n", name, wn_overlay_built_in(list),
                     wn_overlay_uses_built_in(o, list) ? "" : ", not in force");
        name = "";
    }
    for (unsigned file = 2 * list; file < 2 * list + 2; file++) {
        struct wn_list_source source = wn_overlay_source(o, file);
        if (source.path == NULL) {
            continue;
        }
        (void)printf("%-14s %9zu  %s\n", name, source.entries, source.path);
        name = "";
        if (source.passed_over > 0) {
            (void)printf("%-14s %9s  %zu passed over: %s%s\n", "", "", source.passed_over,
                         source.passing, source.passing_all ? "" : ", ...");
        }
    }
    if (*name != '\0') {
        (void)printf("%-14s %9d  none of yours\n", name, 0);
    }
}

struct printing {
    struct wn_buf text;
    size_t *ends;
    size_t count;
};

static void collect(void *arg, enum wn_list_id list, unsigned file,
                    const struct wn_list_entry *entry)
{
    struct printing *p = arg;
    (void)file;
    if ((p->count & (p->count - 1)) == 0) {
        p->ends = wn_realloc(p->ends, (p->count > 0 ? p->count * 2 : 1) * sizeof *p->ends);
    }
    wn_list_entry_write(list, entry, &p->text);
    wn_buf_add_char(&p->text, '\0');
    p->ends[p->count++] = p->text.len;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_entries(const struct wn_overlay *o, enum wn_list_id list)
{
    struct printing p = {0};
    wn_overlay_each(o, list, collect, &p);
    const char **v = wn_calloc(p.count, sizeof *v);
    for (size_t i = 0; i < p.count; i++) {
        v[i] = p.text.p + (i > 0 ? p.ends[i - 1] : 0);
    }
    if (p.count > 0) {
        qsort(v, p.count, sizeof *v, by_text);
    }
    for (size_t i = 0; i < p.count; i++) {
        if (i == 0 || strcmp(v[i], v[i - 1]) != 0) {
            (void)printf("%s\n", v[i]);
        }
    }
    free(v);
    free(p.ends);
    wn_buf_release(&p.text);
}

static int show_command(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands names = {0};
    struct wn_overlay *overlay = NULL;
    unsigned file;
    int status = wn_options_read(&wn_help_lists_show, argc, argv, &s, &names, &cmd->err);
    for (size_t i = 0; i < names.n && status == WN_OK; i++) {
        if (!wn_list_file_number(wn_span_of(names.v[i]), &file) || file % 2 != 0) {
            status = wn_error_set(&cmd->err, WN_E_USAGE,
                                  "there is no list '%s': there are " WN_LISTS_NAMES, names.v[i]);
        }
    }
    if (status == WN_OK) {
        status = wn_overlay_load(s.lists, &overlay, &cmd->err);
    }
    for (unsigned i = 0; i < WN_LIST_IDS && names.n == 0 && status == WN_OK; i++) {
        print_source(overlay, (enum wn_list_id)i);
    }
    for (size_t i = 0; i < names.n && status == WN_OK; i++) {
        if (wn_list_file_number(wn_span_of(names.v[i]), &file)) {
            print_entries(overlay, (enum wn_list_id)(file / 2));
        }
    }
    wn_overlay_free(overlay);
    wn_operands_release(&names);
    return status;
}

struct testing {
    const struct wn_overlay *overlay;
    size_t matches;
};

static void print_match(void *arg, enum wn_list_id list, unsigned file,
                        const struct wn_list_entry *entry)
{
    struct testing *t = arg;
    const char *path = file < WN_LIST_FILES ? wn_overlay_source(t->overlay, file).path : NULL;
    struct wn_buf text = {0};
    wn_list_entry_write(list, entry, &text);
    (void)printf("  %s: %s in %s\n", wn_list_kinds[list].name, wn_buf_text(&text),
                 path != NULL ? path : "the compiled-in list");
    wn_buf_release(&text);
    t->matches++;
}

static void print_flags(uint32_t flags, size_t matches)
{
    static const uint32_t from_lists = WN_FLAG_allowed | WN_FLAG_disposable | WN_FLAG_free |
                                       WN_FLAG_placeholder | WN_FLAG_relay | WN_FLAG_role;
    const char *before = "  flags: ";
    if (matches == 0) {
        (void)printf("  no list has it\n");
        return;
    }
    for (unsigned bit = 0; bit < WN_FLAG_COUNT; bit++) {
        if ((flags & from_lists & 1U << bit) != 0) {
            (void)printf("%s%s", before, wn_flag_word((enum wn_flag_bit)bit));
            before = ";";
        }
    }
    (void)printf("%s\n", *before == ' ' ? "  flags: none" : "");
}

static int test_word(const struct wn_overlay *o, const char *word, struct wn_error *err)
{
    struct wn_address a;
    struct testing t = {.overlay = o};
    char key[sizeof a.text];
    struct wn_buf room = {0};
    bool domain_alone = strchr(word, '@') == NULL;
    wn_buf_addf(&room, "%s%s", domain_alone ? "postmaster@" : "", word);
    wn_address_read(wn_buf_span(&room), WN_ADDRESS_SYNTAX_ONLY | WN_ADDRESS_ALLOW_LITERALS, &a);
    if (a.length == 0) {
        wn_buf_release(&room);
        return wn_error_set(err, WN_E_DATA, "'%.200s' is no %s: %s", word,
                            domain_alone ? "address or domain" : "address",
                            wn_fault_sentence(a.fault));
    }
    size_t n = wn_address_key(&a, key);
    struct wn_span domain = wn_address_domain(&a);
    size_t local_length = n - domain.n - 1;
    uint32_t flags = wn_overlay_domain(o, domain);
    if (domain_alone) {
        flags |= wn_overlay_mx(o, domain);
        (void)printf("%.*s\n", (int)domain.n, domain.p);
        wn_overlay_matches(o, domain, 0, print_match, &t);
    } else {
        flags |= wn_overlay_mailbox(o, (struct wn_span){key, n}, local_length);
        (void)printf("%.*s\n", (int)a.length, a.text);
        wn_overlay_matches(o, (struct wn_span){key, n}, local_length, print_match, &t);
    }
    print_flags(wn_overlay_settle(flags), t.matches);
    wn_buf_release(&room);
    return WN_OK;
}

static int test_command(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {0};
    struct wn_operands words = {0};
    struct wn_overlay *overlay = NULL;
    int status = wn_options_read(&wn_help_lists_test, argc, argv, &s, &words, &cmd->err);
    if (status == WN_OK && words.n == 0) {
        status = wn_error_set(&cmd->err, WN_E_USAGE,
                              "give an address, such as 'winnow lists test info@example.com'");
    }
    if (status == WN_OK) {
        status = wn_overlay_load(s.lists, &overlay, &cmd->err);
    }
    for (size_t i = 0; i < words.n && status == WN_OK; i++) {
        status = test_word(overlay, words.v[i], &cmd->err);
    }
    wn_overlay_free(overlay);
    wn_operands_release(&words);
    return status;
}

int wn_cmd_lists(struct wn_cmd *cmd, int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(struct wn_cmd *cmd, int argc, char **argv);
    } subcommands[] = {
        {"show", show_command}, {"test", test_command}, {"update", wn_cmd_lists_update}};
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands && argc > 1; i++) {
        if (strcmp(subcommands[i].word, argv[1]) == 0) {
            return subcommands[i].run(cmd, argc - 1, argv + 1);
        }
    }
    return wn_error_set(&cmd->err, WN_E_USAGE,
                        "%s%s%s: there are 'winnow lists show', 'winnow lists test' and 'winnow "
                        "lists update'",
                        argc > 1 ? "there is no 'winnow lists " : "say what to do with the lists",
                        argc > 1 ? argv[1] : "", argc > 1 ? "'" : "");
}
