/* SPDX-License-Identifier: MIT */
#ifndef WN_CMD_PROBING_H
#define WN_CMD_PROBING_H

/* The options of probing, which `clean` and `check` share. */

#include "clean/probe_settings.h"
#include "cmd/options.h"

struct wn_probe_options {
    const char *from, *helo, *proxy, *interface, *budget, *retry;
    int64_t max, rate, connections, sockets, timeout, port;
    bool on, off, force;
};

/* Rows of an option table; `S` is the command's settings, with a member `judging.probe`. */
/* clang-format off */
#define WN_PROBE_OPTION(S, name, type, member, argument, help, min, max)                           \
    {name, 0, type, offsetof(S, judging.probe.member), argument, help, min, max}
#define WN_PROBE_OPTIONS(S)                                                                        \
    WN_PROBE_OPTION(S, "probe", WN_OPT_FLAG, on, NULL,                                             \
        "ask the mail servers whether the mailboxes exist, up to RCPT TO; no mail is sent (read docs/probing.md first: asking too much costs your address its reputation)", \
        0, 0),                                                                                     \
    WN_PROBE_OPTION(S, "no-probe", WN_OPT_FLAG, off, NULL,                                         \
        "ask no mail server, whatever --probe and the configuration say", 0, 0),                   \
    WN_PROBE_OPTION(S, "probe-from", WN_OPT_TEXT, from, "ADDRESS",                                 \
        "the envelope sender of probes: an address of yours that takes mail (needed with --probe)", \
        0, 0),                                                                                     \
    WN_PROBE_OPTION(S, "probe-helo", WN_OPT_TEXT, helo, "NAME",                                    \
        "the fully qualified name of this machine, as its address maps back to it (needed with --probe)", \
        0, 0),                                                                                     \
    WN_PROBE_OPTION(S, "probe-max", WN_OPT_NUMBER, max, "N",                                       \
        "ask for N mailboxes at most, and leave the others not_checked", 1, 0),                    \
    WN_PROBE_OPTION(S, "probe-rate", WN_OPT_NUMBER, rate, "N",                                     \
        "mailboxes a minute at one mail provider (default: what each provider is known to bear, else 60)", \
        1, 100000),                                                                                \
    WN_PROBE_OPTION(S, "probe-connections", WN_OPT_NUMBER, connections, "N",                       \
        "connections at a time to one mail provider (default: what each is known to bear, else 2)", \
        1, 100),                                                                                   \
    WN_PROBE_OPTION(S, "probe-sockets", WN_OPT_NUMBER, sockets, "N",                               \
        "connections at a time in all (default 100)", 1, 1000),                                    \
    WN_PROBE_OPTION(S, "probe-budget", WN_OPT_TEXT, budget, "TIME",                                \
        "spend TIME at most on probing, such as 30m or 2h (default 1h); what is left is not_checked", \
        0, 0),                                                                                     \
    WN_PROBE_OPTION(S, "probe-retry", WN_OPT_TEXT, retry, "TIME,TIME,...",                         \
        "when to ask again after a temporary refusal such as greylisting (clean: 5m,15m,30m; check does not wait unless this is given)", \
        0, 0),                                                                                     \
    WN_PROBE_OPTION(S, "probe-timeout", WN_OPT_NUMBER, timeout, "SECONDS",                         \
        "wait this long for the answer to one command (default 30)", 1, 600),                      \
    WN_PROBE_OPTION(S, "probe-proxy", WN_OPT_TEXT, proxy, "URL",                                   \
        "connect through a proxy: socks5://, socks5h:// or http://", 0, 0),                        \
    WN_PROBE_OPTION(S, "probe-interface", WN_OPT_TEXT, interface, "NAME",                          \
        "connect from this network interface or source address", 0, 0),                            \
    WN_PROBE_OPTION(S, "smtp-port", WN_OPT_NUMBER, port, "N",                                      \
        "the port that mail servers are asked on (default 25)", 1, 65535),                         \
    WN_PROBE_OPTION(S, "probe-force", WN_OPT_FLAG, force, NULL,                                    \
        "probe although the look at your own set-up found fault with it", 0, 0)
/* clang-format on */

#define WN_PROBE_DEFAULTS                                                                          \
    {                                                                                              \
        .budget = "1h", .sockets = 100, .timeout = 30, .port = 25                                  \
    }

/* Options about probes that the command line gives where nobody is asked were meant to do
 * something: WN_E_USAGE with a sentence that names the first. In a configuration they may lie
 * ready. */
int wn_probe_options_check(const struct wn_command_help *help, const struct wn_operands *operands,
                           const struct wn_probe_options *options, struct wn_error *err);

/* Carries the options over. `offline`: whether no network may be used; `interactive`: somebody
 * waits for the answer, so that temporary refusals are asked again only where --probe-retry says
 * so. Texts point into `options`, but the sender's normal form, which is written to `from`.
 * Errors: WN_E_USAGE with a sentence that names the option; WN_E_CONFIG where there is a proxy and
 * libcurl cannot be loaded. Nothing is looked at without --probe. */
int wn_probe_options_apply(const struct wn_probe_options *options, bool offline, bool interactive,
                           struct wn_buf *from, struct wn_probe_settings *settings,
                           struct wn_error *err);

#endif
