/* SPDX-License-Identifier: MIT */
#include "cmd/judging.h"

#include <stdio.h>

#include "base/clock.h"

void wn_judging_room_release(struct wn_judging_room *room)
{
    wn_buf_release(&room->path);
    wn_buf_release(&room->from);
}

int wn_judging_apply(const struct wn_judging *j, const struct wn_cmd *cmd,
                     struct wn_judging_room *room, struct wn_clean_settings *s,
                     struct wn_error *err)
{
    int status = wn_policy_init(&s->policy, j->policy, err);
    for (size_t i = 0; i < j->set.n && status == WN_OK; i++) {
        status = wn_policy_set(&s->policy, j->set.v[i], err);
    }
    if (status != WN_OK) {
        return status;
    }
    s->now = cmd->now;
    if (j->as_of != NULL && !wn_time_parse(wn_span_of(j->as_of), &s->now)) {
        return wn_error_set(err, WN_E_USAGE, "--as-of wants a time such as 2026-11-01, not '%s'",
                            j->as_of);
    }
    if (j->db != NULL && j->db[0] == '\0') {
        return wn_error_set(err, WN_E_USAGE, "--db wants the name of a file");
    }
    s->db = j->no_db ? NULL : j->db;
    if (!j->no_db && j->db == NULL) {
        status = wn_store_default_path(&room->path, err);
        s->db = wn_buf_text(&room->path);
    }
    if (status == WN_OK) {
        status = wn_probe_options_apply(&j->probe, j->offline, s->interactive, &room->from,
                                        &s->probe, err);
    }
    if (status == WN_OK && s->probe.on && s->db == NULL && !s->quiet) {
        (void)fputs("winnow: without a store (--no-db) nothing is remembered of this probing: the "
                    "next run asks again whoever wants no more of us, and everybody else\n",
                    stderr);
    }
    if (status == WN_OK) {
        status = wn_overlay_load(j->lists, &s->overlay, err);
    }
    s->offline = j->offline;
    s->refresh = j->refresh;
    s->allow_literals = j->allow_literals;
    s->fold_aliases = j->fold_aliases;
    s->dns = (struct wn_resolver_config){.servers = j->dns_server,
                                         .timeout_ms = (int)j->dns_timeout,
                                         .window = (int)j->dns_parallel,
                                         .allow_private = j->allow_private};
    return status;
}
