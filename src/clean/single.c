/* SPDX-License-Identifier: MIT */
#include "clean/single.h"

#include <stdlib.h>

#include "address/typo.h"
#include "clean/enter.h"
#include "clean/gather.h"
#include "clean/hashed.h"
#include "clean/probing.h"
#include "clean/spelling.h"

static unsigned options_of(const struct wn_clean_settings *s)
{
    return WN_ADDRESS_SYNTAX_ONLY | (s->offline ? (unsigned)WN_ADDRESS_OFFLINE : 0) |
           (s->allow_literals ? (unsigned)WN_ADDRESS_ALLOW_LITERALS : 0);
}

/* Enters one text as a row whose cell is the text itself; no row is a duplicate here. */
static int enter(struct wn_run *run, struct wn_span text, struct wn_error *err)
{
    struct wn_tables *t = &run->tables;
    struct wn_address address;
    unsigned options = options_of(run->settings);
    wn_address_read(text, options, &address);
    struct wn_row *row = wn_segments_push(&t->rows);
    *row = (struct wn_row){.mailbox = WN_NONE,
                           .bits = (address.flags & WN_ROW_FLAGS) | (uint32_t)address.fault
                                                                        << WN_ROW_FAULT_SHIFT};
    if (address.length == 0) {
        char meant[WN_ADDRESS_MAX + 1];
        size_t length;
        if (address.fault == WN_FAULT_no_address ||
            !wn_typo_address(&address, text, meant, &length)) {
            return WN_OK;
        }
        const char *at = memrchr(meant, '@', length);
        struct wn_span name = {at + 1, (size_t)(meant + length - (at + 1))};
        return wn_enter_suggestion(run, row, name, options, err);
    }
    char key[sizeof address.text];
    size_t n = wn_address_key(&address, key);
    struct wn_span domain = wn_address_domain(&address);
    size_t plain = n - domain.n - 1;
    row->bits |= wn_overlay_mailbox(run->settings->overlay, (struct wn_span){key, n}, plain);
    char name[sizeof address.text];
    struct wn_span named = {name, n};
    memcpy(name, key, n);
    n = wn_enter_key(run->settings, key, n);
    const char *at = memrchr(key, '@', n);
    struct wn_span local = {key, (size_t)(at - key)};
    domain = (struct wn_span){at + 1, n - local.n - 1};
    uint32_t id;
    bool added;
    int status = wn_enter_domain(run, domain, wn_hash(domain.p, domain.n), options, &id, err);
    row->mailbox = wn_tables_intern_mailbox(t, local, id, wn_hash(key, n), &added);
    if (!wn_span_equal(named, (struct wn_span){key, n})) {
        wn_hashed_name(run, row->mailbox, named);
    }
    if (added) {
        wn_spelling_add(run, row->mailbox, wn_address_local(&address));
    }
    return status;
}

static void show(const struct wn_run *run, uint32_t id, struct wn_span text,
                 struct wn_explain_room *room, wn_single_visit *visit, void *arg)
{
    struct wn_judged judged;
    struct wn_single single = {.judged = &judged,
                               .address = &room->address,
                               .unasked = run->probing != NULL ? run->probing->unasked : NULL};
    unsigned options = options_of(run->settings);
    wn_judge_row(&run->tables, id, &run->settings->policy, run->settings->now, &judged);
    wn_address_read(text, options, &room->address);
    wn_explain(&judged, text, options, room, &single.row);
    visit(arg, &single);
}

int wn_single_judge(const struct wn_clean_settings *settings, const _Atomic int *stop,
                    const struct wn_span *texts, size_t count, wn_single_visit *visit, void *arg,
                    struct wn_error *err)
{
    struct wn_run run = {.settings = settings, .stop = stop};
    struct wn_explain_room room = {0};
    wn_tables_init(&run.tables);
    wn_progress_init(&run.progress, WN_PROGRESS_NEVER, true);
    int status = wn_gather_open(&run, err);
    if (status == WN_OK && settings->probe.on) {
        status = wn_probing_preflight(&run, err);
    }
    for (size_t i = 0; i < count && status == WN_OK; i++) {
        status = enter(&run, texts[i], err);
    }
    if (status == WN_OK) {
        status = wn_gather_finish(&run, err);
    }
    wn_gather_close(&run);
    for (size_t i = 0; i < count && status == WN_OK; i++) {
        show(&run, (uint32_t)i, texts[i], &room, visit, arg);
    }
    wn_buf_release(&room.diagnostic);
    wn_buf_release(&room.suggestion);
    wn_run_release(&run);
    return status;
}
