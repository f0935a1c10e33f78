/* SPDX-License-Identifier: MIT */
/* While a group's gate is closed, one question is asked and nothing else.
 *
 * Canary: a large group is first asked for up to three mailboxes that mail was delivered to. If it
 * refuses all of them, it would refuse everybody.
 *
 * Suspicion: a server that refuses us may say "no such user" to all (and some do). So when many in
 * a row were refused in the same words, someone is asked who must be accepted: a mailbox that this
 * group accepted before, or a canary, or else the postmaster of a refused domain (RFC 5321, 4.5.1).
 * One domain that denies everybody among others that do not is looked at for itself (denier.c).
 *
 * No more mailboxes are out at any time than may be refused before that. */
#include "smtp/prober/private.h"
#include "store/reply_text.h"

static bool is_refusal(enum wn_probe_answer a)
{
    return a == WN_ANSWER_not_found || a == WN_ANSWER_disabled || a == WN_ANSWER_unclear;
}

/* The server knows the mailbox. */
static bool is_known(enum wn_probe_answer a)
{
    return a == WN_ANSWER_accepted || a == WN_ANSWER_full || a == WN_ANSWER_restricted;
}

static void close_gate(struct wn_prober *p, struct group *g, enum gate gate, struct task *t)
{
    g->gate = gate;
    g->gate_task = t;
    g->gate_tries = 0;
    wn_lane_add(p, t, true);
}

static struct task *waiting_canary(struct group *g)
{
    for (uint32_t i = 0; i < g->canaries_known; i++) {
        struct task *t = g->canaries[i];
        if (t->state == TASK_WAITING && t != g->gate_task) {
            return t;
        }
    }
    return NULL;
}

/* Asks again someone who is known, or the postmaster. */
static void ask_check(struct wn_prober *p, struct group *g, enum gate gate, struct domain *d,
                      struct wn_span address)
{
    g->check = wn_task_new(p, d, TASK_CHECK, address);
    close_gate(p, g, gate, g->check);
}

static void ask_postmaster(struct wn_prober *p, struct group *g, enum gate gate, struct domain *d)
{
    struct wn_buf address = {0};
    wn_buf_add_text(&address, "postmaster@");
    wn_buf_add(&address, d->name, d->length);
    d->vouching = true;
    ask_check(p, g, gate, d, wn_buf_span(&address));
    wn_buf_release(&address);
}

static void look_at_deniers(struct wn_prober *p, struct group *g)
{
    struct domain *d = g->gate == GATE_OPEN && !g->stopped ? wn_denier_next(p, g) : NULL;
    if (d != NULL) {
        ask_postmaster(p, g, GATE_DENIER, d);
    }
}

static void open_gate(struct wn_prober *p, struct group *g)
{
    g->gate = GATE_OPEN;
    g->gate_task = NULL;
    g->gate_ready = false;
    look_at_deniers(p, g);
    wn_group_wake(p, g);
}

static void ask_canary(struct wn_prober *p, struct group *g, struct task *t)
{
    g->canaries_tried++;
    wn_lane_take(t->domain->lane, t);
    close_gate(p, g, GATE_CANARY, t);
}

void wn_gate_first(struct wn_prober *p, struct group *g)
{
    struct task *t = g->count > WN_PROBER_CANARY_ABOVE ? waiting_canary(g) : NULL;
    if (t != NULL) {
        ask_canary(p, g, t);
    } else {
        g->gate = GATE_OPEN;
    }
}

uint32_t wn_gate_allowance(const struct group *g)
{
    uint32_t limit = g->cleared ? SUSPECT_AGAIN : SUSPECT_AFTER;
    if (g->gate != GATE_OPEN || g->alike + g->asked >= limit) {
        return 0;
    }
    return limit - g->alike - g->asked;
}

static bool ask_witness(struct wn_prober *p, struct group *g)
{
    struct task *canary = waiting_canary(g);
    if (g->witness != NULL) {
        ask_check(p, g, GATE_WITNESS, g->witness->domain, wn_task_address(g->witness));
    } else if (canary != NULL) {
        wn_lane_take(canary->domain->lane, canary);
        close_gate(p, g, GATE_WITNESS, canary);
    } else {
        return false;
    }
    return true;
}

static void suspect(struct wn_prober *p, struct group *g)
{
    wn_row_doubt(p, g);
    if (!ask_witness(p, g)) {
        ask_postmaster(p, g, GATE_POSTMASTER, g->refused);
    }
}

/* The group, or one domain of it, is not believed: with a sentence of our own before the reply. */
static void disbelieve(struct wn_prober *p, struct group *g, const char *sentence,
                       const struct said *said)
{
    struct wn_buf text = {0};
    wn_buf_add_text(&text, sentence);
    wn_buf_add_span(&text, said->text);
    struct said own = {said->meaning, wn_buf_span(&text), said->host};
    if (g->gate == GATE_DENIER) {
        wn_denier_distrust(p, g, &own);
        open_gate(p, g);
    } else {
        wn_breaker_stop(p, g, &own);
    }
    wn_buf_release(&text);
}

static void canary_answered(struct wn_prober *p, struct group *g, enum wn_probe_answer answer,
                            const struct said *said)
{
    if (is_refusal(answer)) {
        g->canaries_refused++;
        wn_row_doubt(p, g);
    }
    struct task *next =
        is_known(answer) || g->canaries_tried >= WN_PROBER_CANARIES ? NULL : waiting_canary(g);
    if (next != NULL) {
        ask_canary(p, g, next);
    } else if (g->canaries_refused == g->canaries_tried && !is_known(answer)) {
        disbelieve(p, g, "It refused every mailbox that it is known to take mail for: ", said);
    } else {
        open_gate(p, g);
    }
}

/* A question that a temporary reply left open is put again, or to someone else; false: often
 * enough. */
static bool ask_later(struct wn_prober *p, struct group *g)
{
    struct task *t = g->gate_task;
    if (t->kind != TASK_CHECK) {
        g->gate_task = NULL;
        suspect(p, g);
        return true;
    }
    if (++g->gate_tries >= GATE_TRIES) {
        return false;
    }
    size_t n = p->config.retries;
    size_t try = g->gate_tries - 1U;
    int64_t pause = n == 0 ? GATE_RETRY_MS : p->config.retry_ms[try < n ? try : n - 1];
    t->state = TASK_PARKED;
    t->due_ms = p->now_ms + pause;
    wn_timer_add(p, t->due_ms, t, NULL);
    return true;
}

void wn_gate_answered(struct wn_prober *p, struct group *g, enum wn_probe_answer answer, bool again,
                      const struct said *said)
{
    if (g->gate == GATE_CANARY) {
        canary_answered(p, g, answer, said);
        return;
    }
    if (again && ask_later(p, g)) {
        return;
    }
    struct domain *d = g->gate_task->domain;
    g->gate_task = NULL;
    if (is_known(answer)) {
        d->there = true;
        g->alike = 0;
        g->cleared = true;
        wn_row_trust(p, g);
        wn_denier_trust(p, g);
        open_gate(p, g);
    } else if (g->gate == GATE_DENIER) {
        disbelieve(p, g, "This domain refuses everyone, even its postmaster: ", said);
    } else if (g->gate == GATE_WITNESS) {
        disbelieve(
            p, g,
            "It refuses everyone with the same words, even a mailbox that it took before: ", said);
    } else {
        disbelieve(p, g, "It refuses everyone with the same words, even its postmaster: ", said);
    }
}

/* What a refusal says to anybody; with `address`, also without its local part. */
static uint64_t digest_words(const struct wn_smtp_reply *reply, struct wn_span address)
{
    struct wn_buf words = {0};
    wn_buf_addf(&words, "%u %u.%u.%u ", reply->code, reply->enhanced[0], reply->enhanced[1],
                reply->enhanced_detail);
    wn_reply_core(&words, (struct wn_span){reply->text, reply->length}, address);
    uint64_t digest = wn_hash(words.p, words.len);
    wn_buf_release(&words);
    return digest;
}

void wn_gate_note(struct wn_prober *p, struct task *t, enum wn_probe_answer answer,
                  const struct wn_smtp_reply *reply)
{
    struct group *g = wn_task_group(t);
    if (is_known(answer)) {
        g->witness = answer == WN_ANSWER_accepted ? t : g->witness;
        g->alike = 0;
        g->cleared = false;
        t->domain->there = true;
        wn_row_trust(p, g);
        return;
    }
    if (!is_refusal(answer)) {
        return;
    }
    /* A local part may be a word of the sentence ("user@"), or stand alone in it as a name. */
    uint64_t words = digest_words(reply, (struct wn_span){NULL, 0});
    uint64_t blank = digest_words(reply, wn_task_address(t));
    if (words != g->words && blank != g->words_blank) {
        g->alike = 0;
        g->cleared = false;
        if (!g->doubted) {
            wn_row_forget(g);
        }
    }
    wn_row_add(p, g, t);
    g->words = words;
    g->words_blank = blank;
    g->refused = t->domain;
    g->alike++;
    if (g->gate == GATE_OPEN && g->alike >= (g->cleared ? SUSPECT_AGAIN : SUSPECT_AFTER)) {
        suspect(p, g);
    }
    if (answer != WN_ANSWER_unclear) {
        wn_denier_note(p, t, words, blank);
        look_at_deniers(p, g);
    }
}

void wn_gate_last(struct wn_prober *p, struct group *g)
{
    if (!g->stopped && g->gate == GATE_OPEN && g->open == 0 && g->alike >= SUSPECT_AT_END) {
        if (ask_witness(p, g)) {
            wn_row_doubt(p, g);
        }
    }
}
