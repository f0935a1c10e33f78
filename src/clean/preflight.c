/* SPDX-License-Identifier: MIT */
/* Mail servers look at who asks before they answer: does the name we give exist, does its address
 * map back to it, would the sender's domain take mail, does it say who may send for it. Where one
 * of these fails, many refuse everything, and some put the asking address on a list. So it is
 * looked at before anything else is done. */
#include "clean/probing.h"

#include <stdlib.h>

#include "dns/ask.h"

struct preflight {
    const struct wn_resolver_config *dns;
    const _Atomic int *stop;
    struct wn_buf *warnings;
};

static void warn(struct preflight *p, const char *what, const char *name, const char *why)
{
    wn_buf_addf(p->warnings, "%s%s %s %s", p->warnings->len > 0 ? "; " : "", what, name, why);
}

/* Whether one of the texts is this one, in whatever case. */
static bool has_text(const struct wn_ask_answer *answer, const char *text)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (wn_span_equal_nocase(wn_span_of(answer->v[i]), wn_span_of(text))) {
            return true;
        }
    }
    return false;
}

/* Whether one of the texts is an SPF record: its version ends at a blank or with the text (RFC 7208
 * section 4.5), so that "v=spf10" is none. */
static bool has_spf(const struct wn_ask_answer *answer)
{
    const struct wn_span version = WN_SPAN("v=spf1");
    for (size_t i = 0; i < answer->count; i++) {
        const char *text = answer->v[i];
        size_t n = strcspn(text, " ");
        if (wn_span_equal_nocase((struct wn_span){text, n}, version)) {
            return true;
        }
    }
    return false;
}

/* The HELO name's addresses of one kind, each of which maps back to it or is warned of; *found
 * grows by their number. */
static int look_at_addresses(struct preflight *p, const char *helo, enum wn_ask_type type,
                             size_t *found, struct wn_error *err)
{
    struct wn_ask_answer ips, names = {0};
    int status = wn_ask(p->dns, helo, type, p->stop, &ips, err);
    for (size_t i = 0; status == WN_OK && i < ips.count; i++) {
        status = wn_ask(p->dns, ips.v[i], WN_ASK_PTR, p->stop, &names, err);
        if (status == WN_OK && !has_text(&names, helo)) {
            struct wn_buf why = {0};
            wn_buf_addf(&why, "has the address %s, which does not map back to it (its PTR is %s)",
                        ips.v[i], names.count > 0 ? names.v[0] : "missing");
            warn(p, "the HELO name", helo, wn_buf_text(&why));
            wn_buf_release(&why);
        }
        wn_ask_answer_release(&names);
    }
    *found += status == WN_OK ? ips.count : 0;
    wn_ask_answer_release(&ips);
    return status;
}

static int look_at_helo(struct preflight *p, const char *helo, struct wn_error *err)
{
    size_t found = 0;
    int status = look_at_addresses(p, helo, WN_ASK_A, &found, err);
    if (status == WN_OK) {
        status = look_at_addresses(p, helo, WN_ASK_AAAA, &found, err);
    }
    if (status == WN_OK && found == 0) {
        warn(p, "the HELO name", helo, "has no address in DNS");
    }
    return status;
}

static int look_at_sender(struct preflight *p, const char *domain, struct wn_error *err)
{
    struct wn_ask_answer mx, txt;
    int status = wn_ask(p->dns, domain, WN_ASK_MX, p->stop, &mx, err);
    if (status != WN_OK) {
        return status;
    }
    if (mx.count == 0) {
        warn(p, "the sender's domain", domain, "has no MX, so that it looks as if it took no mail");
    } else if (has_text(&mx, "0 .")) {
        warn(p, "the sender's domain", domain, "says that it takes no mail (null MX)");
    }
    wn_ask_answer_release(&mx);
    status = wn_ask(p->dns, domain, WN_ASK_TXT, p->stop, &txt, err);
    if (status == WN_OK && !has_spf(&txt)) {
        warn(p, "the sender's domain", domain, "has no SPF record");
    }
    if (status == WN_OK) {
        wn_ask_answer_release(&txt);
    }
    return status;
}

int wn_probing_preflight(struct wn_run *run, struct wn_error *err)
{
    const struct wn_probe_settings *s = &run->settings->probe;
    run->probing = wn_calloc(1, sizeof *run->probing);
    run->probing->stopped.size = sizeof(struct wn_stopped_group);
    struct preflight p = {
        .dns = &run->settings->dns, .stop = run->stop, .warnings = &run->probing->warnings};
    struct wn_error failed = {0};
    int status = look_at_helo(&p, s->helo, &failed);
    if (status == WN_OK) {
        status = look_at_sender(&p, strrchr(s->from, '@') + 1, &failed);
    }
    if (status == WN_E_TEMPFAIL && s->force) {
        wn_buf_clear(p.warnings);
        wn_buf_addf(p.warnings, "our own set-up could not be looked at: %s", failed.text);
        return WN_OK;
    }
    if (status != WN_OK) {
        return wn_error_set(err, status, "%s%s", status < WN_E_SIGNAL ? "before probing: " : "",
                            failed.text);
    }
    if (p.warnings->len > 0 && !s->force && !run->settings->dry_run) {
        status = wn_error_set(err, WN_E_CONFIG,
                              "mail servers would distrust these probes: %s; mend that, or go on "
                              "all the same with --probe-force",
                              wn_buf_text(p.warnings));
    }
    return status;
}
