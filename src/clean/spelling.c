/* SPDX-License-Identifier: MIT */
#include "clean/spelling.h"

/* In the order of the mailboxes' ids; the text is in the tables' arena. */
struct spelling {
    uint32_t mailbox, length;
    const char *local;
};

void wn_spelling_add(struct wn_run *run, uint32_t mailbox, struct wn_span local)
{
    struct wn_segments *all = &run->spellings;
    const struct wn_mailbox *m = wn_tables_mailbox(&run->tables, mailbox);
    const struct spelling *last = all->length > 0 ? wn_segments_at(all, all->length - 1) : NULL;
    if (!run->settings->probe.on || (last != NULL && last->mailbox >= mailbox) ||
        wn_span_equal(local, (struct wn_span){m->local, m->local_length})) {
        return;
    }
    all->size = sizeof *last;
    *(struct spelling *)wn_segments_push(all) =
        (struct spelling){.mailbox = mailbox,
                          .length = (uint32_t)local.n,
                          .local = wn_arena_copy(&run->tables.arena, local.p, local.n)};
}

static const struct spelling *find(const struct wn_segments *all, uint32_t mailbox)
{
    uint32_t first = 0, end = all->length;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        const struct spelling *s = wn_segments_at(all, middle);
        if (s->mailbox == mailbox) {
            return s;
        }
        if (s->mailbox < mailbox) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return NULL;
}

void wn_spelling_write(const struct wn_run *run, uint32_t mailbox, struct wn_buf *address)
{
    const struct wn_mailbox *m = wn_tables_mailbox(&run->tables, mailbox);
    const struct wn_domain *d = wn_tables_domain(&run->tables, m->domain);
    const struct spelling *s = find(&run->spellings, mailbox);
    wn_buf_add(address, s != NULL ? s->local : m->local, s != NULL ? s->length : m->local_length);
    wn_buf_add_char(address, '@');
    wn_buf_add(address, d->name, d->length);
}
