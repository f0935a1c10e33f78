/* SPDX-License-Identifier: MIT */
/* Who is asked, who is not and why; what earlier probes are to a verdict. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "clean/judge.h"
#include "clean/probe_plan.h"
#include "clean/recall.h"
#include "smtp/provider.h"
#include "store/probes.h"
#include "support/suite.h"
#include "support/tempdir.h"

#define DAY INT64_C(86400)
#define NOW (20000 * DAY + 500)

static struct wn_clean_settings settings;
static struct wn_run run;
static struct wn_probe_plan plan;
static struct wn_error err;
static _Atomic int stop;

static void setup(void)
{
    settings = (struct wn_clean_settings){.now = NOW};
    settings.probe = (struct wn_probe_settings){
        .on = true, .wait = true, .from = "probe@own.tt", .helo = "out.tt"};
    ck_assert_int_eq(wn_policy_init(&settings.policy, "balanced", &err), WN_OK);
    run = (struct wn_run){.settings = &settings, .stop = &stop};
    stop = 0;
    plan = (struct wn_probe_plan){0};
    wn_tables_init(&run.tables);
    (void)tempdir_make();
    ck_assert_msg(wn_store_open(tempdir_path("w.db"), WN_STORE_WRITE, &run.store, &err) == WN_OK,
                  "%s", err.text);
}

static void teardown(void)
{
    wn_probe_plan_release(&plan);
    wn_store_free(run.store);
    wn_tables_release(&run.tables);
    tempdir_remove();
}

/* A domain whose mail goes to mx.<name> unless another host is named. */
static struct wn_domain *domain(const char *name, const char *mx)
{
    bool added;
    uint32_t id =
        wn_tables_intern_domain(&run.tables, wn_span_of(name), wn_hash(name, strlen(name)), &added);
    struct wn_domain *d = wn_tables_domain(&run.tables, id);
    if (added) {
        struct wn_buf host = {0};
        wn_buf_addf(&host, "%s%s", mx != NULL ? mx : "mx.", mx != NULL ? "" : name);
        d->route = WN_ROUTE_OK;
        d->mx = wn_arena_text(&run.tables.arena, wn_buf_span(&host));
        d->mx_length = (uint32_t)host.len;
        d->provider = wn_provider_of(wn_buf_span(&host));
        wn_buf_release(&host);
    }
    return d;
}

/* A row with that address; its mailbox's id. */
static uint32_t row(const char *address)
{
    struct wn_tables *t = &run.tables;
    const char *at = strrchr(address, '@');
    bool added;
    (void)domain(at + 1, NULL);
    uint32_t in = wn_tables_find_domain(t, wn_span_of(at + 1));
    uint32_t id = wn_tables_intern_mailbox(t, (struct wn_span){address, (size_t)(at - address)}, in,
                                           wn_hash(address, strlen(address)), &added);
    struct wn_row r = {.mailbox = id};
    if (!added) {
        r.mailbox = wn_tables_mailbox(t, id)->first_row;
        r.bits |= WN_ROW_DUPLICATE;
    } else {
        wn_tables_mailbox(t, id)->first_row = t->rows.length;
    }
    *(struct wn_row *)wn_segments_push(&t->rows) = r;
    return id;
}

static void history(uint32_t mailbox, struct wn_history h)
{
    *(struct wn_history *)wn_segments_push(&run.tables.histories) = h;
    wn_tables_mailbox(&run.tables, mailbox)->history = run.tables.histories.length - 1;
}

static void remember(const char *address, const char *answer, int64_t at, int64_t expires,
                     int64_t due)
{
    const struct wn_probe_fact fact = {.address = wn_span_of(address),
                                       .answer = wn_span_of(answer),
                                       .at = at,
                                       .expires = expires,
                                       .due = due,
                                       .code = 550,
                                       .diagnostic = WN_SPAN("550 said so")};
    ck_assert_msg(wn_probes_put(run.store, &fact, &err) == WN_OK, "%s", err.text);
}

static void remember_domain(const char *name, const char *outcome)
{
    const struct wn_catch_all_fact fact = {
        .domain = wn_span_of(name), .outcome = wn_span_of(outcome), .at = NOW, .expires = NOW + 9};
    ck_assert_msg(wn_catch_alls_put(run.store, &fact, &err) == WN_OK, "%s", err.text);
}

static void make(void)
{
    ck_assert_msg(wn_recall(&run, &err) == WN_OK, "%s", err.text);
    ck_assert_msg(wn_probe_plan_make(&run, &plan, &err) == WN_OK, "%s", err.text);
}

static bool is_asked(uint32_t mailbox)
{
    for (uint32_t i = 0; i < plan.mailboxes.length; i++) {
        const struct wn_plan_mailbox *m = wn_segments_at(&plan.mailboxes, i);
        if (m->id == mailbox) {
            return true;
        }
    }
    return false;
}

static const char *reason_of(uint32_t mailbox)
{
    struct wn_verdict v;
    wn_judge_mailbox(&run.tables, mailbox, 0, &settings.policy, NOW, &v);
    return wn_reason_word(v.reason);
}

START_TEST(every_open_mailbox_is_asked_once)
{
    uint32_t a = row("a@x.tt"), b = row("b@x.tt"), c = row("c@y.tt");
    (void)row("a@x.tt");
    make();
    ck_assert_uint_eq(plan.mailboxes.length, 3);
    ck_assert_uint_eq(plan.domains.length, 2);
    ck_assert_uint_eq(plan.groups.length, 2);
    ck_assert(is_asked(a) && is_asked(b) && is_asked(c));
    const struct wn_plan_group *g = wn_segments_at(&plan.groups, 0);
    ck_assert_str_eq(g->name.p, "x.tt");
    ck_assert_uint_eq(g->mailboxes, 2);
    ck_assert_uint_eq(g->domains, 1);
}
END_TEST

START_TEST(one_group_for_the_hosts_of_one_operator)
{
    (void)domain("a.tt", "mx1.hoster.example");
    (void)domain("b.tt", "mx2.hoster.example");
    (void)domain("c.tt", "c-tt.mail.protection.outlook.com");
    (void)domain("d.tt", "d-tt.mail.protection.outlook.com");
    (void)row("x@a.tt");
    (void)row("x@b.tt");
    (void)row("x@c.tt");
    (void)row("x@d.tt");
    make();
    ck_assert_uint_eq(plan.groups.length, 2);
    const struct wn_plan_group *g = wn_segments_at(&plan.groups, 0), *h = g + 1;
    ck_assert_str_eq(g->name.p, "hoster.example");
    ck_assert_str_eq(h->name.p, "Microsoft 365");
    ck_assert_uint_eq(h->domains, 2);
}
END_TEST

START_TEST(the_history_settles_many)
{
    uint32_t hard = row("hard@x.tt"), took = row("took@x.tt"), soft = row("soft@x.tt"),
             often = row("often@x.tt"), left = row("left@x.tt");
    history(hard, (struct wn_history){.hard_since = NOW - DAY, .bounced_at = NOW - DAY});
    history(took, (struct wn_history){.delivered_at = NOW - DAY});
    history(soft, (struct wn_history){.soft_at = NOW - DAY,
                                      .soft_lately_until = NOW + DAY,
                                      .bounced_at = NOW - DAY});
    history(often, (struct wn_history){
                       .soft_since = NOW - DAY, .soft_until = NOW + DAY, .bounced_at = NOW - DAY});
    history(left, (struct wn_history){.unsubscribed_at = NOW - DAY});
    make();
    ck_assert(!is_asked(hard) && !is_asked(took) && !is_asked(left));
    ck_assert(is_asked(soft) && is_asked(often));
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_settled], 3);
}
END_TEST

START_TEST(no_route_no_question)
{
    domain("dead.tt", NULL)->route = WN_ROUTE_NO_DOMAIN;
    domain("mute.tt", NULL)->route = WN_ROUTE_DNS_FAILURE;
    domain("off.tt", NULL)->route = WN_ROUTE_NONE;
    uint32_t dead = row("a@dead.tt"), mute = row("a@mute.tt"), off = row("a@off.tt");
    make();
    ck_assert(!is_asked(dead) && !is_asked(mute) && !is_asked(off));
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_settled], 1);
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_no_route], 2);
}
END_TEST

START_TEST(a_provider_that_says_yes_to_all)
{
    (void)domain("y.tt", "mta5.am0.yahoodns.net");
    uint32_t a = row("a@y.tt");
    make();
    ck_assert(!is_asked(a));
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_accepts_all], 1);
    ck_assert_str_eq(reason_of(a), "accepts_all_provider");
}
END_TEST

START_TEST(our_own_domain)
{
    uint32_t a = row("a@own.tt");
    make();
    ck_assert(!is_asked(a));
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_own], 1);
    ck_assert_str_eq(reason_of(a), "not_checked");
}
END_TEST

/* Who is not asked by whom. */
static const struct {
    const char *helo, *domain, *mx;
    bool asked;
} helos[] = {
    {"x.tt", "x.tt", NULL, false},
    {"X.TT", "x.tt", NULL, false},
    {"mail.x.tt", "x.tt", "mail.x.tt", false},
    {"mail.host.tt", "x.tt", "Mail.Host.tt", false},
    {"mail.x.tt", "x.tt", "mx.x.tt", true},
    {"x.tt", "y.x.tt", NULL, true},
    {"xx.tt", "x.tt", NULL, true},
};

START_TEST(whose_name_we_bear)
{
    char address[32];
    settings.probe.helo = helos[_i].helo;
    (void)domain(helos[_i].domain, helos[_i].mx);
    (void)snprintf(address, sizeof address, "a@%s", helos[_i].domain);
    uint32_t a = row(address);
    make();
    ck_assert_msg(is_asked(a) == helos[_i].asked, "%s as %s", address, helos[_i].helo);
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_helo], !helos[_i].asked);
    ck_assert_str_eq(reason_of(a), helos[_i].asked ? "not_probed" : "not_checked");
}
END_TEST

START_TEST(a_stopped_provider)
{
    uint32_t a = row("a@x.tt"), b = row("b@y.tt");
    ck_assert_int_eq(
        wn_groups_stop(run.store, WN_SPAN("x.tt"), NOW - 5, NOW + 5, WN_SPAN("554 go away"), &err),
        WN_OK);
    ck_assert_int_eq(
        wn_groups_stop(run.store, WN_SPAN("y.tt"), NOW - 9, NOW, WN_SPAN("554 go away"), &err),
        WN_OK);
    make();
    ck_assert(!is_asked(a) && is_asked(b));
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_stopped], 1);
    ck_assert_str_eq(reason_of(a), "not_checked");
    const struct wn_plan_group *g = wn_segments_at(&plan.groups, 0);
    ck_assert_int_eq(g->stopped_until, NOW + 5);
    ck_assert_str_eq(g->reason.p, "554 go away");
}
END_TEST

/* What the store has of a mailbox: its verdict, and whether it is asked (again). */
static const struct known {
    const char *name, *answer;
    int64_t expires, due; /* from now */
    const char *domain;   /* what is known of it, or NULL */
    bool asked, random;
    const char *reason;
} knowns[] = {
    {"accepted, refusing domain", "accepted", 1, 0, "refused", false, false, "mailbox_accepted"},
    {"accepted, catch-all", "accepted", 1, 0, "accepted", false, false, "catch_all"},
    {"accepted, and no more", "accepted", 1, 0, NULL, false, true, "not_checked"},
    {"accepted too long ago", "accepted", 0, 0, "refused", true, false, "not_probed"},
    {"not found", "not_found", 1, 0, NULL, false, false, "mailbox_not_found"},
    {"not found, long ago", "not_found", 0, 0, NULL, true, false, "recheck_due"},
    {"not found, long ago, and then put off", "not_found", 0, 60, NULL, true, false, "recheck_due"},
    {"disabled", "disabled", 1, 0, NULL, false, false, "mailbox_disabled"},
    {"disabled, long ago", "disabled", -9, 0, NULL, true, false, "recheck_due"},
    {"full", "full", 1, 0, NULL, false, false, "mailbox_full"},
    {"full, long ago", "full", 0, 0, NULL, true, false, "not_probed"},
    {"restricted", "restricted", 1, 0, NULL, false, false, "restricted"},
    {"blocked", "blocked", 1, 0, NULL, false, false, "probe_blocked"},
    {"unclear", "unclear", 1, 0, NULL, false, false, "refused_unclear"},
    {"no connection", "no_connection", 1, 0, NULL, false, false, "no_connection"},
    {"timeout", "timeout", 1, 0, NULL, false, false, "probe_timeout"},
    {"error", "error", 1, 0, NULL, false, false, "probe_error"},
    {"greylisted, due later", "greylisted", -1, 60, NULL, true, false, "greylisted"},
    {"greylisted, due", "greylisted", -1, 0, NULL, true, false, "not_probed"},
    {"busy, due later", "busy", -1, 60, NULL, true, false, "mailbox_busy"},
    {"catch-all domain, never asked", NULL, 0, 0, "accepted", false, false, "catch_all"},
    {"a word of a newer version", "transferred", 1, 0, NULL, true, false, "not_probed"},
};

START_TEST(what_is_known)
{
    const struct known *k = &knowns[_i];
    uint32_t a = row("a@x.tt");
    if (k->answer != NULL) {
        remember("a@x.tt", k->answer, NOW - 10 * DAY, NOW + k->expires,
                 k->due != 0 ? NOW + k->due : 0);
    }
    if (k->domain != NULL) {
        remember_domain("x.tt", k->domain);
    }
    make();
    ck_assert_msg(is_asked(a) == k->asked, "%s: asked %d", k->name, is_asked(a));
    bool random = false;
    for (uint32_t i = 0; i < plan.domains.length; i++) {
        random |= ((struct wn_plan_domain *)wn_segments_at(&plan.domains, i))->catch_all_wanted;
    }
    ck_assert_msg(random == k->random, "%s: random %d", k->name, random);
    if (k->asked) {
        const struct wn_plan_mailbox *m = wn_segments_at(&plan.mailboxes, 0);
        ck_assert_msg(m->due == (k->due > 0 ? NOW + k->due : 0), "%s: due", k->name);
    }
    wn_recall_settle(&run);
    ck_assert_msg(strcmp(reason_of(a), k->reason) == 0, "%s: %s", k->name, reason_of(a));
}
END_TEST

/* A mailbox that is due in a minute, and runs that wait longer for it, or not. */
static const struct {
    const char *name;
    bool wait;
    int64_t budget_ms;
    bool asked;
} waits[] = {
    {"waits as long as it takes", true, 0, true},
    {"has two minutes", true, 120000, true},
    {"is at its end when it is due", true, 60000, false},
    {"waits for nothing", false, 0, false},
};

START_TEST(what_is_not_due_in_this_run_is_left_to_a_later_one)
{
    uint32_t a = row("a@x.tt"), b = row("b@x.tt");
    settings.probe.wait = waits[_i].wait;
    settings.probe.budget_ms = waits[_i].budget_ms;
    remember("a@x.tt", "greylisted", NOW - 9, NOW - 9, NOW + 60);
    remember("b@x.tt", "greylisted", NOW - 9, NOW - 9, NOW);
    make();
    ck_assert_msg(is_asked(a) == waits[_i].asked, "%s", waits[_i].name);
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_not_due], !waits[_i].asked);
    ck_assert_str_eq(reason_of(a), "greylisted");
    ck_assert(is_asked(b));
}
END_TEST

/* Runs that did not fold them have asked both names of one mailbox. */
START_TEST(of_several_names_the_newest_answer_counts)
{
    static const char *const names[] = {"joe+a@gmail.com", "joe+b@gmail.com"};
    settings.fold_aliases = true;
    uint32_t id = row("joe@gmail.com");
    remember(names[_i], "accepted", NOW - 5, NOW + 9, 0);
    remember(names[1 - _i], "not_found", NOW - 9, NOW + 9, 0);
    make();
    ck_assert_int_eq(wn_tables_probe(&run.tables, id)->outcome, WN_PROBE_accepted);
}
END_TEST

START_TEST(a_large_store_is_scanned_by_look_ups_alike)
{
    char address[32];
    uint32_t a = row("a@x.tt");
    ck_assert_int_eq(wn_store_begin(run.store, &err), WN_OK);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(address, sizeof address, "m%d@x.tt", i);
        remember(address, "not_found", NOW, NOW + 9, 0);
    }
    remember("a@x.tt", "not_found", NOW, NOW + 9, 0);
    ck_assert_int_eq(wn_store_commit(run.store, &err), WN_OK);
    make();
    ck_assert_str_eq(reason_of(a), "mailbox_not_found");
    ck_assert(!is_asked(a));
}
END_TEST

/* Rows of one domain: `asked` to ask, and five that took mail. Returns how many canaries it has. */
static uint32_t canaries_among(int asked)
{
    char address[32];
    for (int i = 0; i < asked; i++) {
        (void)snprintf(address, sizeof address, "m%d@x.tt", i);
        (void)row(address);
    }
    for (int i = 0; i < 5; i++) {
        (void)snprintf(address, sizeof address, "d%d@x.tt", i);
        history(row(address), (struct wn_history){.delivered_at = NOW - 9 * DAY});
    }
    make();
    uint32_t canaries = 0;
    for (uint32_t i = 0; i < plan.mailboxes.length; i++) {
        canaries += ((struct wn_plan_mailbox *)wn_segments_at(&plan.mailboxes, i))->canary;
    }
    return canaries;
}

START_TEST(a_large_group_gets_witnesses)
{
    ck_assert_uint_eq(canaries_among(51), 3);
    ck_assert_uint_eq(plan.mailboxes.length, 54);
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_settled], 2);
}
END_TEST

START_TEST(a_small_group_gets_none)
{
    ck_assert_uint_eq(canaries_among(50), 0);
    ck_assert_uint_eq(plan.unasked[WN_UNASKED_settled], 5);
}
END_TEST

START_TEST(limits_and_the_time_they_cost)
{
    char address[32];
    for (int i = 0; i < 130; i++) {
        (void)snprintf(address, sizeof address, "m%d@x.tt", i);
        (void)row(address);
    }
    settings.probe.per_minute = 10;
    settings.probe.connections = 7;
    ck_assert_int_eq(wn_groups_use(run.store, WN_SPAN("x.tt"), NOW / DAY, 30, &err), WN_OK);
    make();
    struct wn_plan_group *g = wn_segments_at(&plan.groups, 0);
    ck_assert_uint_eq(g->limits.per_minute, 10);
    ck_assert_uint_eq(g->limits.connections, 7);
    ck_assert_uint_eq(g->used_today, 30);
}
END_TEST

/* A hundred and thirty mailboxes, ten a minute, five a connection, thirty asked today already; and
 * five more at another provider, which bears sixty a minute. */
static const struct outlook {
    const char *name;
    uint64_t max;
    int64_t budget_ms;
    uint32_t per_day;
    struct wn_plan_outlook o;
} outlooks[] = {
    {"no limit", 0, 0, 2000, {135, {0, 0, 0}, 27, 12 * 60}},
    {"time enough", 0, 3600000, 2000, {135, {0, 0, 0}, 27, 12 * 60}},
    {"the thirteenth minute begins", 0, 721000, 2000, {135, {0, 0, 0}, 27, 12 * 60}},
    {"it does not", 0, 720000, 2000, {125, {0, 10, 0}, 25, 11 * 60}},
    {"one minute", 0, 60000, 2000, {15, {0, 120, 0}, 3, 0}},
    {"less than a second", 0, 1, 2000, {15, {0, 120, 0}, 3, 0}},
    {"eleven are left of the day", 0, 60000, 41, {15, {119, 1, 0}, 3, 0}},
    {"ten are left of the day", 0, 60000, 40, {15, {120, 0, 0}, 3, 0}},
    {"nothing is left of the day", 0, 0, 20, {5, {130, 0, 0}, 1, 0}},
    {"three at most", 3, 0, 2000, {3, {0, 0, 132}, 1, 0}},
    {"as many as there are", 135, 0, 2000, {135, {0, 0, 0}, 27, 12 * 60}},
    {"fifteen in the first minute, twelve later", 27, 0, 2000, {27, {0, 0, 108}, 6, 2 * 60}},
    {"all limits", 8, 60000, 41, {8, {119, 1, 7}, 2, 0}},
};

START_TEST(what_a_run_can_come_to)
{
    const struct outlook *x = &outlooks[_i];
    struct wn_plan_outlook o;
    char address[32];
    for (int i = 0; i < 135; i++) {
        (void)snprintf(address, sizeof address, "m%d@%s.tt", i, i < 130 ? "x" : "y");
        (void)row(address);
    }
    ck_assert_int_eq(wn_groups_use(run.store, WN_SPAN("x.tt"), NOW / DAY, 30, &err), WN_OK);
    make();
    struct wn_plan_group *g = wn_segments_at(&plan.groups, 0);
    g->limits = (struct wn_probe_limits){2, 5, 10, x->per_day, false, false, false};
    settings.probe.max = x->max;
    settings.probe.budget_ms = x->budget_ms;
    wn_probe_plan_outlook(&plan, &settings.probe, &o);
    ck_assert_msg(memcmp(&o, &x->o, sizeof o) == 0, "%s: %llu; %llu %llu %llu; %llu, %lld", x->name,
                  (unsigned long long)o.asked, (unsigned long long)o.left[0],
                  (unsigned long long)o.left[1], (unsigned long long)o.left[2],
                  (unsigned long long)o.connections, (long long)o.seconds);
}
END_TEST

START_TEST(an_empty_plan)
{
    struct wn_plan_outlook o;
    settings.probe.max = 5;
    make();
    wn_probe_plan_outlook(&plan, &settings.probe, &o);
    ck_assert_uint_eq(o.asked + o.connections + (uint64_t)o.seconds, 0);
}
END_TEST

/* Who is waited for makes the run longer, unless some are left out anyway. */
START_TEST(a_mailbox_that_is_due_later)
{
    struct wn_plan_outlook o;
    (void)row("a@x.tt");
    (void)row("b@x.tt");
    remember("a@x.tt", "greylisted", NOW - 9, NOW - 9, NOW + 90);
    make();
    ck_assert_uint_eq(plan.parked, 1);
    wn_probe_plan_outlook(&plan, &settings.probe, &o);
    ck_assert_int_eq(o.seconds, 90);
    settings.probe.max = 1;
    wn_probe_plan_outlook(&plan, &settings.probe, &o);
    ck_assert_int_eq(o.seconds, 0);
}
END_TEST

/* On which day a budget was used, from today, and how much of it counts. A clock that went back
 * over midnight used to give a provider's whole day anew. */
static const struct used {
    const char *name;
    int64_t day;
    uint64_t counts;
} useds[] = {
    {"today", 0, 30},
    {"yesterday", -1, 0},
    {"long ago", -400, 0},
    {"tomorrow, before the clock went back", 1, 30},
    {"next year, before the clock was set", 365, 30},
};

START_TEST(the_day_of_a_budget)
{
    const struct used *u = &useds[_i];
    (void)row("a@x.tt");
    ck_assert_int_eq(wn_groups_use(run.store, WN_SPAN("x.tt"), NOW / DAY + u->day, 30, &err),
                     WN_OK);
    make();
    const struct wn_plan_group *g = wn_segments_at(&plan.groups, 0);
    ck_assert_msg(g->used_today == u->counts, "%s: %d", u->name, (int)g->used_today);
}
END_TEST

START_TEST(the_last_minute)
{
    static const struct {
        int64_t at, counts;
    } rows[] = {{NOW - 60, 0}, {NOW - 59, NOW - 59}, {NOW, NOW}, {NOW + 3600, NOW}};
    (void)row("a@x.tt");
    ck_assert_int_eq(wn_groups_use(run.store, WN_SPAN("x.tt"), NOW / DAY, 30, &err), WN_OK);
    ck_assert_int_eq(wn_groups_pace(run.store, WN_SPAN("x.tt"), 7, rows[_i].at, &err), WN_OK);
    make();
    const struct wn_plan_group *g = wn_segments_at(&plan.groups, 0);
    ck_assert_int_eq(g->lately_at, rows[_i].counts);
    ck_assert_uint_eq(g->lately, rows[_i].counts > 0 ? 7 : 0);
}
END_TEST

START_TEST(the_plan_in_words)
{
    struct wn_buf text = {0};
    (void)row("a@x.tt");
    (void)row("b@x.tt");
    (void)row("a@own.tt");
    make();
    wn_probe_plan_text(&plan, &settings.probe, (struct wn_span){0}, &text);
    ck_assert_str_eq(wn_buf_text(&text),
                     "probing: 2 mailboxes at 1 domains of 1 providers would be asked, over 1 "
                     "connections or more; it takes 0 min 0 s at least\n"
                     "  x.tt                               2 mailboxes, 2 at a time, 60 a minute\n"
                     "  not asked: 1, at the domain that we ask from\n");
    wn_buf_release(&text);
}
END_TEST

START_TEST(the_plan_of_a_limited_run_in_words)
{
    struct wn_buf text = {0};
    static const char *const refused[] = {
        "  without --probe-force this run would be refused, as mail servers would distrust these "
        "probes: no PTR\n",
        "  mail servers would distrust these probes: no PTR\n"};
    (void)row("a@x.tt");
    (void)row("b@x.tt");
    (void)row("c@y.tt");
    (void)row("d@y.tt");
    remember("a@x.tt", "greylisted", NOW - 9, NOW - 9, NOW + 90);
    remember("b@x.tt", "greylisted", NOW - 9, NOW - 9, NOW + DAY);
    settings.probe.budget_ms = 3600000;
    settings.probe.max = 1;
    settings.probe.force = _i == 1;
    make();
    wn_probe_plan_text(&plan, &settings.probe, WN_SPAN("no PTR"), &text);
    static const char plain[] =
        "probing: 1 at most of 3 mailboxes at 2 domains of 2 providers would be asked, over 1 "
        "connections or more; it takes 0 min 0 s at least\n"
        "  y.tt                               2 mailboxes, 2 at a time, 60 a minute\n"
        "  x.tt                               1 mailboxes, 2 at a time, 60 a minute\n"
        "  left for a later run: 2 or more, by --probe-max\n"
        "  not at once: 1, told to come back later, the last at 2024-10-04T00:09:50Z\n"
        "  not asked: 1, told to come back later than in this run, the first at "
        "2024-10-05T00:08:20Z\n";
    ck_assert_mem_eq(wn_buf_text(&text), plain, strlen(plain));
    ck_assert_str_eq(wn_buf_text(&text) + strlen(plain), refused[_i]);
    wn_buf_release(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe_plan");
    TCase *cases = tcase_create("cases");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, every_open_mailbox_is_asked_once);
    tcase_add_test(cases, one_group_for_the_hosts_of_one_operator);
    tcase_add_test(cases, the_history_settles_many);
    tcase_add_test(cases, no_route_no_question);
    tcase_add_test(cases, a_provider_that_says_yes_to_all);
    tcase_add_test(cases, our_own_domain);
    tcase_add_loop_test(cases, whose_name_we_bear, 0, sizeof helos / sizeof *helos);
    tcase_add_test(cases, a_stopped_provider);
    tcase_add_loop_test(cases, what_is_known, 0, sizeof knowns / sizeof *knowns);
    tcase_add_loop_test(cases, what_is_not_due_in_this_run_is_left_to_a_later_one, 0,
                        (int)(sizeof waits / sizeof *waits));
    tcase_add_loop_test(cases, of_several_names_the_newest_answer_counts, 0, 2);
    tcase_add_test(cases, a_large_store_is_scanned_by_look_ups_alike);
    tcase_add_test(cases, a_large_group_gets_witnesses);
    tcase_add_test(cases, a_small_group_gets_none);
    tcase_add_test(cases, limits_and_the_time_they_cost);
    tcase_add_loop_test(cases, the_last_minute, 0, 4);
    tcase_add_loop_test(cases, the_day_of_a_budget, 0, sizeof useds / sizeof *useds);
    tcase_add_loop_test(cases, what_a_run_can_come_to, 0, sizeof outlooks / sizeof *outlooks);
    tcase_add_test(cases, an_empty_plan);
    tcase_add_test(cases, a_mailbox_that_is_due_later);
    tcase_add_test(cases, the_plan_in_words);
    tcase_add_loop_test(cases, the_plan_of_a_limited_run_in_words, 0, 2);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
