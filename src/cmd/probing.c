/* SPDX-License-Identifier: MIT */
#include "cmd/probing.h"

#include "address/address.h"
#include "base/clock.h"
#include "dns/ip.h"
#include "smtp/transport.h"

/* A name that other mail servers can look up: at least two labels of letters, digits and hyphens
 * (RFC 5321 4.1.1.1), and none that means every machine. */
static bool is_full_name(struct wn_span name)
{
    struct wn_ip ip;
    char text[64];
    size_t label = 0, dots = 0;
    if (name.n == 0 || name.n > 253) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || wn_is_digit(c);
        if (c == '.' ? label == 0 || name.p[i - 1] == '-' : !alnum && (c != '-' || label == 0)) {
            return false;
        }
        dots += c == '.';
        label = c == '.' ? 0 : label + 1;
        if (label > 63) {
            return false;
        }
    }
    if (name.n < sizeof text) {
        memcpy(text, name.p, name.n);
        text[name.n] = '\0';
        if (wn_ip_parse(text, &ip)) {
            return false;
        }
    }
    return dots > 0 && label > 0 && name.p[name.n - 1] != '-' &&
           !wn_span_equal_nocase(name, WN_SPAN("localhost.localdomain")) &&
           !(name.n > 10 && wn_span_equal_nocase((struct wn_span){name.p + name.n - 10, 10},
                                                 WN_SPAN(".localhost")));
}

static int read_identity(const struct wn_probe_options *o, struct wn_buf *from,
                         struct wn_probe_settings *s, struct wn_error *err)
{
    struct wn_address address;
    if (o->from == NULL || o->helo == NULL) {
        return wn_error_set(err, WN_E_USAGE,
                            "--probe needs --probe-from ADDRESS and --probe-helo NAME: who asks "
                            "must say who he is");
    }
    wn_address_read(wn_span_of(o->from), WN_ADDRESS_SYNTAX_ONLY, &address);
    if (address.fault != WN_FAULT_none || !is_full_name(wn_address_domain(&address))) {
        return wn_error_set(err, WN_E_USAGE,
                            "--probe-from wants an address of yours that takes mail, such as "
                            "probe@example.com, not '%s'",
                            o->from);
    }
    if (!is_full_name(wn_span_of(o->helo))) {
        return wn_error_set(err, WN_E_USAGE,
                            "--probe-helo wants this machine's full name, such as "
                            "mail.example.com, not '%s'",
                            o->helo);
    }
    wn_buf_clear(from);
    wn_buf_add_span(from, wn_address_text(&address));
    s->from = wn_buf_text(from);
    s->helo = o->helo;
    return WN_OK;
}

static int read_pauses(const char *text, struct wn_probe_settings *s, struct wn_error *err)
{
    const char *p = text;
    for (s->retries = 0; *p != '\0'; p += *p == ',') {
        size_t n = strcspn(p, ",");
        if (s->retries == WN_PROBE_RETRIES ||
            !wn_period_parse((struct wn_span){p, n}, &s->retry_ms[s->retries])) {
            return wn_error_set(err, WN_E_USAGE,
                                "--probe-retry wants up to %d times such as 5m,15m,30m, not '%s'",
                                WN_PROBE_RETRIES, text);
        }
        s->retries++;
        p += n;
    }
    return WN_OK;
}

int wn_probe_options_check(const struct wn_command_help *help, const struct wn_operands *operands,
                           const struct wn_probe_options *o, struct wn_error *err)
{
    struct any {
        struct {
            struct wn_probe_options probe;
        } judging;
    };
    static const struct wn_option options[] = {WN_PROBE_OPTIONS(struct any)};
    const size_t on = offsetof(struct any, judging.probe.on);
    const size_t off = offsetof(struct any, judging.probe.off);
    for (size_t i = 0; i < help->option_count && i < 64 && (!o->on || o->off); i++) {
        for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
            if ((operands->given >> i & 1) != 0 && options[k].offset != on &&
                options[k].offset != off && strcmp(help->options[i].name, options[k].name) == 0) {
                return wn_error_set(err, WN_E_USAGE, "--%s does nothing without --probe",
                                    options[k].name);
            }
        }
    }
    return WN_OK;
}

int wn_probe_options_apply(const struct wn_probe_options *o, bool offline, bool interactive,
                           struct wn_buf *from, struct wn_probe_settings *s, struct wn_error *err)
{
    *s = (struct wn_probe_settings){.on = o->on && !o->off,
                                    .force = o->force,
                                    .proxy = o->proxy,
                                    .interface = o->interface,
                                    .port = (uint16_t)o->port,
                                    .sockets = (uint32_t)o->sockets,
                                    .connections = (uint32_t)o->connections,
                                    .per_minute = (uint32_t)o->rate,
                                    .max = (uint64_t)o->max,
                                    .command_ms = o->timeout * 1000};
    if (!s->on) {
        return WN_OK;
    }
    if (offline) {
        return wn_error_set(err, WN_E_USAGE, "--probe asks mail servers, and --offline forbids it");
    }
    int status = read_identity(o, from, s, err);
    bool read = status == WN_OK && wn_period_parse(wn_span_of(o->budget), &s->budget_ms);
    if (status == WN_OK && (!read || s->budget_ms <= 0)) {
        status = wn_error_set(err, WN_E_USAGE, "--probe-budget wants a time such as 30m, not '%s'",
                              o->budget);
    }
    if (status == WN_OK) {
        s->wait = o->retry != NULL || !interactive;
        status = read_pauses(o->retry != NULL ? o->retry : "5m,15m,30m", s, err);
    }
    if (status == WN_OK && o->proxy != NULL) {
        status = wn_transport_check_proxy("--probe-proxy", o->proxy, err);
    }
    return status;
}
