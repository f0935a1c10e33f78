/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "clean/single.h"
#include "cmd/judging.h"
#include "report/text.h"

enum {
    LINE_MAX_BYTES = 1 << 16, /* of standard input; longer ones are no addresses */
    NOT_KEEP = 3
};

struct settings {
    struct wn_judging judging;
    bool json;
};

static const struct wn_option options[] = {
    WN_JUDGING_OPTIONS(struct settings),
    WN_PROBE_OPTIONS(struct settings),
    {"json", 0, WN_OPT_FLAG, offsetof(struct settings, json), NULL,
     "one JSON object a line, with the report's columns as keys", 0, 0},
};

const struct wn_command_help wn_help_check = {
    .name = "check",
    .synopsis = "[options] ADDRESS...",
    .summary = "the verdict for single addresses, with its evidence",
    .description =
        "Judges each ADDRESS as clean would judge a row, and shows what the verdict rests on. '-' "
        "reads addresses from standard input, one a line. If another run holds the store, it is "
        "read and nothing is stored; then --probe asks nobody.\n\n"
        "A mailbox whose server says to come back later (greylisting) is not waited for, unless "
        "--probe-retry says when to ask again; it is asked when a later check or clean finds it "
        "due.\n\n"
        "Exit status 0 when every address is to be kept, 3 when any is not.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

struct printing {
    bool json, first, all_kept;
    bool said; /* that no mailbox was asked, and why */
};

/* Text from outside. */
static void print_text(struct wn_span text)
{
    struct wn_buf shown = {0};
    wn_text_add_shown(&shown, text);
    (void)fwrite(wn_buf_text(&shown), 1, shown.len, stdout); /* no bytes have no place, either */
    wn_buf_release(&shown);
}

static void print_heading(const char *word)
{
    (void)printf("  %-9s ", word);
}

/* Under the address, where its fault is. */
static void print_caret(struct wn_span text, size_t at)
{
    size_t column = wn_text_column(text, at);
    for (size_t i = 0; i < column; i++) {
        (void)putchar(' ');
    }
    (void)puts("^");
}

/* Where a domain is reserved or has no such ending: the address itself was read without asking. */
static size_t domain_fault_at(struct wn_span text)
{
    struct wn_address address;
    wn_address_read(text, WN_ADDRESS_ALLOW_LITERALS | WN_ADDRESS_OFFLINE, &address);
    return address.fault_at;
}

static void print_syntax(const struct wn_single *s)
{
    const struct wn_report_row *row = &s->row;
    if (s->address->fault != WN_FAULT_none) {
        print_caret(row->email, s->address->fault_at);
        print_heading("syntax");
        if (s->address->fault == WN_FAULT_syntax_several) {
            print_text(row->diagnostic);
        } else {
            (void)printf("%s", wn_fault_sentence(s->address->fault));
        }
    } else {
        if (s->judged->fault != WN_FAULT_none) {
            print_caret(row->email, domain_fault_at(row->email));
        }
        print_heading("syntax");
        (void)fputs("fine", stdout);
    }
    if (row->address.n > 0 && !wn_span_equal(row->address, row->email)) {
        (void)fputs("; read as ", stdout);
        print_text(row->address);
    }
    (void)putchar('\n');
}

static void print_lists(const struct wn_single *s)
{
    struct wn_buf flags = {0};
    wn_report_flags(&flags, s->row.flags);
    print_heading("lists");
    if (s->judged->fault == WN_FAULT_reserved_domain || s->judged->fault == WN_FAULT_unknown_tld) {
        (void)printf("%s%s", wn_fault_sentence(s->judged->fault), flags.len > 0 ? "; " : "");
    } else if (flags.len == 0) {
        (void)fputs("on none", stdout);
    }
    (void)printf("%s\n", wn_buf_text(&flags));
    wn_buf_release(&flags);
}

static void print_domain(const struct wn_single *s)
{
    const struct wn_domain *d = s->judged->domain;
    print_heading("domain");
    if (d == NULL) {
        (void)fputs("none to ask about\n", stdout);
        return;
    }
    print_text(s->row.domain);
    (void)printf(": %s", d->route == WN_ROUTE_NONE ? "not looked up" : wn_route_word(d->route));
    if (s->row.mx.n > 0) {
        (void)fputs(", MX ", stdout);
        print_text(s->row.mx);
    }
    if (s->row.provider.n > 0) {
        (void)fputs(" (", stdout);
        print_text(s->row.provider);
        (void)putchar(')');
    }
    if (d->detail[0] != '\0') {
        (void)fputs("; ", stdout);
        print_text(wn_span_of(d->detail));
    }
    (void)putchar('\n');
}

static void print_mailbox(const struct wn_single *s)
{
    static const char *const said[] = {
        [WN_PROBE_accepted] = "accepted",
        [WN_PROBE_not_found] = "not found",
        [WN_PROBE_disabled] = "disabled",
        [WN_PROBE_full] = "full",
        [WN_PROBE_restricted] = "takes mail from some senders only",
        [WN_PROBE_blocked] = "the server refuses us",
        [WN_PROBE_greylisted] = "greylisted",
        [WN_PROBE_busy] = "a temporary refusal",
        [WN_PROBE_no_connection] = "no server could be reached",
        [WN_PROBE_timeout] = "no answer in time",
        [WN_PROBE_error] = "no answer that makes sense",
        [WN_PROBE_unclear] = "refused, and it is not clear why",
        [WN_PROBE_recheck_due] = "denied once, too long ago to count",
    };
    const struct wn_probe *p = s->judged->probe;
    print_heading("mailbox");
    if (p == NULL || (size_t)p->outcome >= sizeof said / sizeof *said || said[p->outcome] == NULL) {
        (void)fputs("not asked", stdout);
    } else {
        char at[WN_TIME_TEXT];
        wn_time_format(p->at, at);
        (void)printf("%s, ", said[p->outcome]);
        if (p->host.n > 0) {
            (void)fputs("by ", stdout);
            print_text(p->host);
            (void)putchar(' ');
        }
        (void)printf("on %.10s", at);
    }
    if (p != NULL && p->due > 0) {
        char due[WN_TIME_TEXT];
        wn_time_format(p->due, due);
        (void)printf(", to be asked again after %s", due);
    }
    if (p != NULL && p->diagnostic.n > 0) {
        (void)fputs(": ", stdout);
        print_text(p->diagnostic);
    }
    (void)putchar('\n');
}

static void print_history(const struct wn_single *s)
{
    const struct wn_history *h = s->row.history;
    char at[WN_TIME_TEXT];
    print_heading("history");
    if (h == NULL) {
        (void)fputs("nothing is known\n", stdout);
        return;
    }
    wn_time_format(h->last_at, at);
    (void)printf("%u hard and %u soft bounces; last event %s on %.10s", h->hard_bounces,
                 h->soft_bounces, wn_history_last_word(h), at);
    if (h->diagnostic.n > 0) {
        (void)fputs(": ", stdout);
        print_text(h->diagnostic);
    }
    (void)putchar('\n');
}

static void print_verdict(const struct wn_single *s)
{
    const struct wn_verdict *v = &s->row.verdict;
    const char *blame = wn_blame_word(v->blame);
    (void)printf("  => %s: %s (%s)\n", wn_result_word(v->result), wn_reason_word(v->reason),
                 wn_reason_sentence(v->reason));
    (void)printf("  => %s%s%s; rule %s\n", wn_action_word(v->action),
                 blame[0] != '\0' ? "; blame: " : "", blame, wn_rule_word(v->rule));
    if (s->row.suggestion.n > 0) {
        (void)fputs("  => did they mean ", stdout);
        print_text(s->row.suggestion);
        (void)fputs("?\n", stdout);
    }
}

static void print_single(void *arg, const struct wn_single *s)
{
    struct printing *p = arg;
    if (s->unasked != NULL && !p->said) {
        (void)fprintf(stderr, "winnow: no mailbox was asked, as it could not be counted: %s\n",
                      s->unasked);
        p->said = true;
    }
    p->all_kept = p->all_kept && s->row.verdict.action == WN_ACTION_keep;
    if (p->json) {
        struct wn_buf line = {0};
        wn_report_json(&s->row, &line);
        (void)fwrite(line.p, 1, line.len, stdout);
        wn_buf_release(&line);
        return;
    }
    if (!p->first) {
        (void)putchar('\n');
    }
    p->first = false;
    print_text(s->row.email);
    (void)putchar('\n');
    print_syntax(s);
    print_lists(s);
    print_domain(s);
    print_mailbox(s);
    print_history(s);
    print_verdict(s);
}

struct texts {
    struct wn_arena arena;
    struct wn_span *v;
    size_t n, capacity;
};

static void add_text(struct texts *t, struct wn_span text)
{
    if (t->n == t->capacity) {
        t->capacity = t->capacity > 0 ? t->capacity * 2 : 64;
        t->v = wn_realloc(t->v, t->capacity * sizeof *t->v);
    }
    t->v[t->n++] = (struct wn_span){wn_arena_copy(&t->arena, text.p, text.n), text.n};
}

/* One address a line; blank lines are none. What is longer than a line may be is cut and so judged
 * to be no address. */
static int read_standard_input(struct texts *t, const _Atomic int *stop, struct wn_error *err)
{
    char *line = wn_malloc(LINE_MAX_BYTES);
    size_t n = 0;
    int c;
    do {
        c = getc(stdin);
        if (c != EOF && c != '\n') {
            if (n < LINE_MAX_BYTES) {
                line[n++] = (char)c;
            }
            continue;
        }
        if (n > 0 && line[n - 1] == '\r') {
            n--;
        }
        if (wn_span_trim((struct wn_span){line, n}).n > 0) {
            add_text(t, (struct wn_span){line, n});
        }
        n = 0;
    } while (c != EOF);
    free(line);
    if (*stop != 0) {
        return wn_error_set(err, WN_E_SIGNAL + *stop, "stopped");
    }
    return ferror(stdin) ? wn_error_set(err, WN_E_NOINPUT, "standard input cannot be read") : WN_OK;
}

int wn_cmd_check(struct wn_cmd *cmd, int argc, char **argv)
{
    struct settings s = {.judging = WN_JUDGING_DEFAULTS};
    struct wn_clean_settings settings = {
        .interactive = true, .jobs = 1, .max_drop = -1, .only = -1};
    struct wn_operands operands;
    struct wn_judging_room room = {0};
    struct texts texts = {0};
    struct printing printing = {.first = true, .all_kept = true};
    int status = wn_options_read(&wn_help_check, argc, argv, &s, &operands, &cmd->err);
    if (status == WN_OK) {
        status = wn_probe_options_check(&wn_help_check, &operands, &s.judging.probe, &cmd->err);
    }
    if (status == WN_OK && operands.n == 0) {
        status =
            wn_error_set(&cmd->err, WN_E_USAGE, "name an address: winnow check bob@example.com");
    }
    if (status == WN_OK) {
        status = wn_judging_apply(&s.judging, cmd, &room, &settings, &cmd->err);
    }
    for (size_t i = 0; i < operands.n && status == WN_OK; i++) {
        if (strcmp(operands.v[i], "-") == 0) {
            status = read_standard_input(&texts, cmd->stop, &cmd->err);
        } else {
            add_text(&texts, wn_span_of(operands.v[i]));
        }
    }
    if (status == WN_OK) {
        printing.json = s.json;
        status = wn_single_judge(&settings, cmd->stop, texts.v, texts.n, print_single, &printing,
                                 &cmd->err);
    }
    free(texts.v);
    wn_arena_release(&texts.arena);
    wn_overlay_free(settings.overlay);
    wn_judging_room_release(&room);
    wn_operands_release(&operands);
    return status != WN_OK ? status : printing.all_kept ? WN_OK : NOT_KEEP;
}
