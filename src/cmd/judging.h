/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_JUDGING_H
#define WN_CMD_JUDGING_H

/* The options that `clean` and `check` share: what a verdict rests on. */

#include "clean/run.h"
#include "cmd/cmd.h"
#include "cmd/probing.h"

struct wn_judging {
    const char *policy, *db, *dns_server, *as_of, *lists;
    struct wn_texts set;
    int64_t dns_timeout, dns_parallel;
    bool offline, no_db, refresh, allow_private, allow_literals, fold_aliases;
    struct wn_probe_options probe;
};

/* Texts of the settings; zero-initialised. */
struct wn_judging_room {
    struct wn_buf path; /* the store's default path */
    struct wn_buf from; /* the sender of probes */
};
void wn_judging_room_release(struct wn_judging_room *room);

/* Rows of an option table; `S` is the command's settings, with a member `judging`. */
/* clang-format off */
#define WN_JUDGING_OPTION(S, name, type, member, argument, help, min, max)                         \
    {name, 0, type, offsetof(S, judging.member), argument, help, min, max}
#define WN_JUDGING_OPTIONS(S)                                                                      \
    WN_JUDGING_OPTION(S, "policy", WN_OPT_TEXT, policy, "NAME",                                    \
        "lenient, balanced (the default) or strict: which reasons keep, review or drop", 0, 0),    \
    WN_JUDGING_OPTION(S, "set", WN_OPT_LIST, set, "REASON=ACTION",                                 \
        "override the policy for one reason, such as role_account=keep; may be repeated", 0, 0),   \
    WN_JUDGING_OPTION(S, "offline", WN_OPT_FLAG, offline, NULL,                                    \
        "use no network at all: syntax, lists and the store alone", 0, 0),                         \
    WN_JUDGING_OPTION(S, "db", WN_OPT_TEXT, db, "FILE",                                            \
        "the store (default: $XDG_STATE_HOME/winnow/winnow.db, else ~/.local/state/winnow/winnow.db)", \
        0, 0),                                                                                     \
    WN_JUDGING_OPTION(S, "no-db", WN_OPT_FLAG, no_db, NULL,                                        \
        "use no store, whatever --db says: no history, no remembered answers of DNS or of mail servers", 0, 0), \
    WN_JUDGING_OPTION(S, "refresh", WN_OPT_FLAG, refresh, NULL,                                    \
        "ask DNS again even where a remembered answer is fresh", 0, 0),                            \
    WN_JUDGING_OPTION(S, "dns-server", WN_OPT_TEXT, dns_server, "ADDR[:PORT],...",                 \
        "ask these DNS servers (default: the system's)", 0, 0),                                    \
    WN_JUDGING_OPTION(S, "dns-timeout", WN_OPT_NUMBER, dns_timeout, "MS",                          \
        "milliseconds to wait for each try of a DNS question (default 3000)", 1, 600000),          \
    WN_JUDGING_OPTION(S, "dns-parallel", WN_OPT_NUMBER, dns_parallel, "N",                         \
        "DNS questions in flight at most (default 1000)", 1, 10000),                               \
    WN_JUDGING_OPTION(S, "allow-private-hosts", WN_OPT_FLAG, allow_private, NULL,                  \
        "accept mail hosts with private addresses, for lists of one's own network", 0, 0),         \
    WN_JUDGING_OPTION(S, "allow-literals", WN_OPT_FLAG, allow_literals, NULL,                      \
        "accept address literals such as bob@[192.0.2.1]", 0, 0),                                  \
    WN_JUDGING_OPTION(S, "fold-aliases", WN_OPT_FLAG, fold_aliases, NULL,                          \
        "take all names of one mailbox for one: at Gmail dots and +tag, at Outlook.com, Fastmail, Proton and iCloud +tag", \
        0, 0),                                                                                     \
    WN_JUDGING_OPTION(S, "lists", WN_OPT_TEXT, lists, "DIR",                                       \
        "your own lists (default: $XDG_CONFIG_HOME/winnow/lists, else ~/.config/winnow/lists, if it is there; '' is none)", \
        0, 0),                                                                                     \
    WN_JUDGING_OPTION(S, "as-of", WN_OPT_TEXT, as_of, "TIME",                                      \
        "judge as if it were this time, such as 2026-11-01, for a run that can be repeated (the store's bounces all count, later ones too)", \
        0, 0)
/* clang-format on */

#define WN_JUDGING_DEFAULTS                                                                        \
    {                                                                                              \
        .policy = "balanced", .dns_timeout = 3000, .dns_parallel = 1000,                           \
        .probe = WN_PROBE_DEFAULTS                                                                 \
    }

/* Carries the options over into `settings`. `room` holds the texts that the options themselves do
 * not and must live as long as the settings; the settings' overlay is to be freed after their last
 * use. */
int wn_judging_apply(const struct wn_judging *judging, const struct wn_cmd *cmd,
                     struct wn_judging_room *room, struct wn_clean_settings *settings,
                     struct wn_error *err);

#endif
