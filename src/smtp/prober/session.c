/* SPDX-License-Identifier: MIT */
/* One connection: its first task is taken before it is made, the others one at a time as answers
 * come in, or with PIPELINING all at once. A session is freed in two places only, where it ended
 * (finish) and where it was lost (lose); all others may be called while it is in use.
 *
 * A session in which nobody was answered says something of the endpoint: the lane goes on to the
 * next. One that is lost later was only bad luck, and what it has not got answered is asked again,
 * but each mailbox LOST_MAX times at most, and after a second such loss no more on a connection
 * than were answered on this one. A loss with several commands out may be the fault of pipelining,
 * which the lane then does without. */
#include <stdio.h>
#include <stdlib.h>

#include "smtp/prober/private.h"

#define SAY(literal) (&(struct said){NULL, WN_SPAN(literal), NULL})

static const char *host_of(const struct session *s)
{
    return s->endpoint < s->lane->count ? s->lane->endpoints[s->endpoint].to.host : NULL;
}

static void set_room(struct session *s, uint32_t room)
{
    s->lane->room += room - s->room;
    s->room = room;
}

/* How many tasks it may take: of a domain of its own, those that wait. */
static uint32_t find_room(const struct session *s)
{
    uint32_t left = s->limit - s->taken, n = 0;
    if (s->domain == NULL || left == 0) {
        return left;
    }
    for (const struct task *t = s->domain->waiting.head; t != NULL && n < left; t = t->next) {
        n++;
    }
    return n;
}

/* No more tasks, from now on. */
static void close_door(struct session *s)
{
    if (s->stage != STAGE_LEAVING) {
        s->stage = STAGE_LEAVING;
        set_room(s, 0);
        s->lane->sessions--;
    }
}

static void take(struct wn_prober *p, struct session *s, struct task *t)
{
    t->state = TASK_ASKED;
    s->tasks[s->taken] = t;
    s->out++;
    s->unsaid++;
    s->last = t->kind == TASK_RANDOM;
    wn_group_reserve(p, s->lane->group);
    s->lane->group->asked += t->kind == TASK_MAILBOX;
    if (s->dialogue != NULL) {
        wn_dialogue_add(s->dialogue, wn_task_address(t), s->taken);
    }
    s->taken++;
}

/* The task is no longer the session's; NULL: it has not been for some time. */
static struct task *let_go(struct session *s, uint32_t tag)
{
    struct task *t = s->tasks[tag];
    s->tasks[tag] = NULL;
    s->out--;
    if (t != NULL) {
        s->lane->group->asked -= t->kind == TASK_MAILBOX;
    }
    return t;
}

/* Off the books and closed. */
static void close_session(struct wn_prober *p, struct session *s)
{
    struct group *g = s->lane->group;
    close_door(s);
    if (s->dialogue != NULL && !s->bye && !s->dropped) {
        const struct wn_smtp_command quit = {.verb = WN_SMTP_QUIT};
        (void)p->io.send(p->io.arg, s->link, &quit, NULL);
    }
    p->io.close(p->io.arg, s->link);
    wn_group_unreserve(p, g, s->unsaid);
    g->sessions--;
    p->sessions[s->index] = p->sessions[--p->open];
    p->sessions[s->index]->index = s->index;
    wn_dialogue_free(s->dialogue);
    free(s);
    wn_group_wake(p, g);
}

/* What was taken and not said waits again, in its old order. */
static void give_back(struct wn_prober *p, struct session *s)
{
    for (uint32_t i = s->taken; i-- > 0;) {
        if (s->tasks[i] != NULL) {
            wn_lane_add(p, let_go(s, i), true);
        }
    }
}

static void finish(struct wn_prober *p, struct session *s)
{
    give_back(p, s);
    close_session(p, s);
}

void wn_session_drop(struct wn_prober *p, struct session *s)
{
    finish(p, s);
}

/* Takes what was said and not answered out of the session: to be asked again, or, the third time,
 * into `failed`. Returns how many there were. */
static uint32_t take_lost(struct wn_prober *p, struct session *s, struct queue *failed)
{
    uint32_t count = 0, tag;
    bool said;
    while (s->dialogue != NULL && wn_dialogue_unanswered(s->dialogue, &tag, &said)) {
        if (!said || s->tasks[tag] == NULL) {
            continue;
        }
        struct task *t = let_go(s, tag);
        count++;
        if (++t->lost >= LOST_MAX) {
            wn_queue_append(failed, t);
        } else {
            wn_lane_add(p, t, false);
        }
    }
    return count;
}

/* So many were answered on a connection, and more are not. */
static void ask_fewer(struct lane *lane, uint32_t answered)
{
    uint32_t most = answered > 0 ? answered : 1;
    lane->recipients = lane->recipients < most ? lane->recipients : most;
}

static void lose(struct wn_prober *p, struct session *s, enum failure why, const struct said *said)
{
    struct lane *lane = s->lane;
    uint32_t endpoint = s->endpoint, turn = s->turn;
    struct queue failed = {NULL, NULL};
    bool several = s->dialogue != NULL && wn_dialogue_waiting(s->dialogue) > 1;
    bool in_vain = s->answered == 0 && s->out > 0 && !s->refused;
    uint32_t lost = take_lost(p, s, &failed);
    if (s->pipelining && (several || lost > 1) && !lane->no_pipelining) {
        lane->no_pipelining = true;
        in_vain = false;
    } else if (lost > 0 && s->answered > 0 && ++lane->lost >= LOST_LEARN) {
        ask_fewer(lane, s->answered);
    }
    /* What was said may be the link's or the dialogue's, and they go with the session. */
    struct kept *kept = wn_keep(said);
    kept->host = host_of(s);
    struct said own = wn_kept(kept);
    finish(p, s);
    for (struct task *t; (t = wn_queue_first(&failed)) != NULL;) {
        if (!lane->group->stopped) {
            wn_task_failed(p, t, why, &own);
        }
    }
    if (in_vain) {
        wn_lane_failed(p, lane, endpoint, turn, why, &own);
    }
    free(kept);
}

/* Says what may be said now. */
static void pump(struct wn_prober *p, struct session *s)
{
    struct wn_smtp_command command;
    while (p->status == WN_OK && wn_dialogue_next(s->dialogue, &command)) {
        p->status = p->io.send(p->io.arg, s->link, &command, p->err);
        if (p->status != WN_OK) {
            return; /* no link's fault: it ends the run */
        }
        if (command.verb == WN_SMTP_RCPT) {
            s->unsaid--;
            wn_group_use(p, s->lane);
        }
        s->bye = s->bye || command.verb == WN_SMTP_QUIT;
    }
    if (wn_dialogue_waiting(s->dialogue) == 0) {
        s->reply_ms = 0;
    } else if (s->reply_ms == 0) {
        s->reply_ms = p->now_ms + p->config.command_ms;
    }
}

static void leave(struct wn_prober *p, struct session *s)
{
    close_door(s);
    if (s->dialogue != NULL) {
        wn_dialogue_stop(s->dialogue);
        pump(p, s);
    }
}

void wn_session_leave_all(struct wn_prober *p, const struct group *g)
{
    for (uint32_t i = p->open; i-- > 0;) {
        struct session *s = p->sessions[i];
        if (g != NULL && s->lane->group != g) {
            continue;
        }
        if (s->dialogue == NULL) { /* who will have greeted us is told QUIT */
            give_back(p, s);
        }
        leave(p, s);
    }
}

static void refill(struct wn_prober *p, struct session *s)
{
    struct group *g = s->lane->group;
    while (s->taken < s->limit && !s->last && g->gate == GATE_OPEN &&
           (s->out == 0 || s->pipelining)) {
        uint64_t left = wn_group_allowance(p, g);
        left = left < s->limit - s->taken ? left : s->limit - s->taken;
        struct task *t = wn_lane_next(s->lane, s->domain, (uint32_t)left, wn_gate_allowance(g) > 0);
        if (t == NULL) {
            break;
        }
        take(p, s, t);
        set_room(s, find_room(s));
    }
}

/* After anything that happened to it. */
static void go_on(struct wn_prober *p, struct session *s)
{
    if (s->stage == STAGE_TALKING) {
        refill(p, s);
        pump(p, s);
        /* Also when what is left cannot be said on this connection any more. */
        if (s->out == 0 || wn_dialogue_waiting(s->dialogue) == 0) {
            leave(p, s);
        }
    } else {
        pump(p, s);
    }
}

bool wn_session_start(struct wn_prober *p, struct lane *lane, struct task *first)
{
    struct group *g = lane->group;
    if (lane->count == 0) {
        wn_lane_add(p, first, true);
        wn_lane_failed(p, lane, 0, lane->turn, FAILURE_NO_CONNECTION, SAY("It has no mail host."));
        return true;
    }
    bool gated = first == g->gate_task;
    uint32_t limit = gated ? 1 : lane->recipients;
    struct session *s = wn_calloc(1, sizeof *s + limit * sizeof(struct task *));
    s->lane = lane;
    s->domain = g->limits.one_domain ? first->domain : NULL;
    s->endpoint = lane->cursor;
    s->turn = lane->turn;
    s->limit = limit;
    s->until_ms = p->now_ms + SESSION_MS;
    const struct endpoint *e = &lane->endpoints[s->endpoint];
    s->link = p->io.connect(p->io.arg, &e->to, e->plain, s);
    if (s->link == NULL) {
        free(s);
        p->sockets = p->open;
        wn_lane_add(p, first, true);
        return false;
    }
    if (p->open == p->session_room) {
        p->session_room = p->session_room > 0 ? p->session_room * 2 : 16;
        p->sessions = wn_realloc(p->sessions, p->session_room * sizeof(struct session *));
    }
    s->index = p->open;
    p->sessions[p->open++] = s;
    s->id = ++p->connections;
    g->sessions++;
    lane->sessions++;
    take(p, s, first);
    set_room(s, gated || s->last ? 0 : find_room(s));
    return true;
}

static void ready(struct wn_prober *p, struct session *s)
{
    const struct wn_link_facts *facts = p->io.facts(p->io.arg, s->link);
    p->ready++;
    p->encrypted += facts->tls;
    p->unproven += facts->tls && facts->certificate_bad;
    bool leaving = s->stage == STAGE_LEAVING;
    s->stage = leaving ? STAGE_LEAVING : STAGE_TALKING;
    s->pipelining = facts->pipelining && !s->lane->no_pipelining;
    struct wn_dialogue_config config = {
        .sender = p->config.sender, .pipelining = s->pipelining, .utf8 = facts->utf8};
    s->dialogue = wn_dialogue_new(&config);
    for (uint32_t i = 0; i < s->taken && !leaving; i++) {
        wn_dialogue_add(s->dialogue, wn_task_address(s->tasks[i]), i);
    }
    if (leaving) {
        wn_dialogue_stop(s->dialogue);
    }
}

/* What stands in the way before any recipient was asked. */
static enum failure failure_of(const struct wn_link_event *event)
{
    if (event->ours) {
        return FAILURE_OURS;
    }
    bool connected = event->phase != WN_LINK_CONNECT;
    if (!connected || event->refused || event->reply != NULL) {
        return FAILURE_NO_CONNECTION;
    }
    return event->timed_out ? FAILURE_TIMEOUT : FAILURE_ERROR;
}

static void failed(struct wn_prober *p, struct session *s, const struct wn_link_event *event)
{
    struct endpoint *e = &s->lane->endpoints[s->endpoint];
    bool retried = event->phase == WN_LINK_STARTTLS && !e->plain;
    e->plain = e->plain || retried;
    if (retried || s->stage == STAGE_LEAVING) {
        finish(p, s);
        return;
    }
    struct said said = {NULL, wn_span_of(event->detail), NULL};
    struct wn_probe_meaning meaning;
    enum failure why = failure_of(event);
    if (why == FAILURE_OURS && p->our_fault[0] == '\0') {
        (void)snprintf(p->our_fault, sizeof p->our_fault, "%s", event->detail);
    }
    const struct wn_smtp_reply *reply = event->reply;
    if (reply != NULL) {
        enum wn_phase phase = event->phase < WN_LINK_EHLO ? WN_PHASE_connect : WN_PHASE_ehlo;
        wn_probe_meaning(reply, phase, s->lane->group->provider, &meaning);
        said = (struct said){&meaning, {reply->text, reply->length}, NULL};
        why = meaning.about_us ? FAILURE_BLOCKED : why;
    }
    lose(p, s, why, &said);
}

/* Some servers ask our own domain for the sender first, and say of it what they say of recipients:
 * a refusal that names the sender, and not the recipient, is about us. */
static void judge(const struct wn_prober *p, const struct session *s, const struct task *t,
                  const struct wn_smtp_reply *reply, struct wn_probe_meaning *m)
{
    wn_probe_meaning(reply, WN_PHASE_rcpt, s->lane->group->provider, m);
    bool refused = reply->code / 100 == 5 && !m->again;
    bool recipient = t != NULL && wn_smtp_reply_names(reply, wn_task_address(t));
    if (refused && !recipient && wn_smtp_reply_names(reply, p->config.sender)) {
        m->answer = WN_ANSWER_blocked;
        m->about_us = true;
    }
}

/* A recipient's answer. */
static void answered(struct wn_prober *p, struct session *s, uint32_t tag,
                     const struct wn_smtp_reply *reply)
{
    struct lane *lane = s->lane;
    struct task *t = let_go(s, tag);
    struct wn_probe_meaning m;
    struct said said = {&m, {reply->text, reply->length}, host_of(s)};
    if (reply->code == 0) {
        s->unsaid--;
        wn_group_unreserve(p, lane->group, 1);
        said.meaning = NULL;
        if (t != NULL) {
            wn_task_failed(p, t, FAILURE_ERROR, &said);
        }
        return;
    }
    judge(p, s, t, reply, &m);
    if (m.one_too_many && s->limit > 1 && t != NULL) {
        ask_fewer(lane, s->answered);
        wn_lane_add(p, t, true);
        leave(p, s);
        return;
    }
    s->answered++;
    wn_lane_answered(lane);
    if (t != NULL) {
        t->session = s->id;
        wn_task_answered(p, t, reply, &said);
    }
}

/* MAIL was refused, which says nothing of a recipient. */
static void refused(struct wn_prober *p, struct session *s, const struct wn_smtp_reply *reply)
{
    struct wn_probe_meaning m;
    wn_probe_meaning(reply, WN_PHASE_mail, s->lane->group->provider, &m);
    struct said said = {&m, {reply->text, reply->length}, host_of(s)};
    give_back(p, s);
    leave(p, s);
    s->refused = true;
    wn_lane_failed(p, s->lane, s->endpoint, s->turn, m.about_us ? FAILURE_BLOCKED : FAILURE_BUSY,
                   &said);
}

/* Whether a 421 is about the recipient it was given for, and not about the connection. */
static bool is_personal(const struct wn_smtp_reply *reply, const struct wn_probe_meaning *m)
{
    bool mailbox = reply->enhanced[1] == 1 || reply->enhanced[1] == 2;
    return !m->one_too_many && (mailbox || m->answer == WN_ANSWER_greylisted);
}

/* 421: the server goes (RFC 5321, 3.8). The session is gone, too. */
static void closing(struct wn_prober *p, struct session *s, const struct wn_dialogue_event *event)
{
    const struct wn_smtp_reply *reply = event->reply;
    struct group *g = s->lane->group;
    bool at_mail = event->phase == WN_PHASE_mail;
    struct wn_probe_meaning m;
    wn_probe_meaning(reply, event->phase, g->provider, &m);
    struct said said = {&m, {reply->text, reply->length}, host_of(s)};
    s->dropped = true;
    bool asked = event->phase == WN_PHASE_rcpt && s->tasks[event->tag] != NULL;
    if (asked && (m.about_us || is_personal(reply, &m))) {
        answered(p, s, event->tag, reply);
    } else if (m.about_us && !at_mail) {
        wn_breaker_stop(p, g, &said);
    }
    lose(p, s, m.about_us ? FAILURE_BLOCKED : FAILURE_BUSY, &said);
}

/* False: the session is gone. */
static bool happened(struct wn_prober *p, struct session *s, const struct wn_dialogue_event *event)
{
    switch (event->kind) {
    case WN_DIALOGUE_MAIL:
        if (event->reply->code / 100 != 2) {
            refused(p, s, event->reply);
        }
        return true;
    case WN_DIALOGUE_RECIPIENT:
        answered(p, s, event->tag, event->reply);
        return true;
    case WN_DIALOGUE_CLOSING:
        closing(p, s, event);
        return false;
    case WN_DIALOGUE_BROKEN: {
        struct said said = {NULL, wn_span_of(event->detail), host_of(s)};
        if (event->out_of_step) {
            wn_breaker_unsay(p, s->lane, s->id, &said);
        }
        lose(p, s, FAILURE_ERROR, &said);
        return false;
    }
    case WN_DIALOGUE_DONE:
        finish(p, s);
        return false;
    default:
        return true;
    }
}

/* Everything the dialogue has to tell, then the next commands; taking a task may be answered at
 * once. */
static void hear(struct wn_prober *p, struct session *s)
{
    for (;;) {
        struct wn_dialogue_event event = wn_dialogue_event(s->dialogue);
        uint32_t taken = s->taken;
        if (event.kind == WN_DIALOGUE_NONE) {
            go_on(p, s);
            if (s->taken == taken) {
                return;
            }
        } else if (!happened(p, s, &event)) {
            return;
        }
    }
}

void wn_session_event(struct wn_prober *p, const struct wn_link_event *event)
{
    struct session *s = event->owner;
    switch (event->kind) {
    case WN_LINK_READY:
        ready(p, s);
        hear(p, s);
        break;
    case WN_LINK_BYTES:
        /* A line is a sign of life: replies of several lines, and of a group, take their time. */
        if (s->reply_ms != 0 && memchr(event->bytes, '\n', event->n) != NULL) {
            s->reply_ms = p->now_ms + p->config.command_ms;
        }
        wn_dialogue_feed(s->dialogue, event->bytes, event->n);
        hear(p, s);
        break;
    case WN_LINK_CLOSED:
        s->dropped = true;
        lose(p, s, FAILURE_ERROR, &(struct said){NULL, wn_span_of(event->detail), NULL});
        break;
    default:
        failed(p, s, event);
        break;
    }
}

static int64_t due_of(const struct session *s)
{
    return s->reply_ms != 0 && s->reply_ms < s->until_ms ? s->reply_ms : s->until_ms;
}

int64_t wn_session_due(const struct wn_prober *p)
{
    int64_t due = INT64_MAX;
    for (uint32_t i = 0; i < p->open; i++) {
        due = due_of(p->sessions[i]) < due ? due_of(p->sessions[i]) : due;
    }
    return due < p->stop_ms || p->open == 0 ? due : p->stop_ms;
}

void wn_session_expire(struct wn_prober *p)
{
    /* Any of them may end others, so it begins again after each. */
    for (uint32_t i = 0; i < p->open;) {
        struct session *s = p->sessions[i];
        if (p->stop_ms <= p->now_ms) {
            finish(p, s);
        } else if (due_of(s) > p->now_ms) {
            i++;
            continue;
        } else {
            lose(p, s, FAILURE_TIMEOUT, SAY("The server did not answer in time."));
        }
        i = 0;
    }
}
