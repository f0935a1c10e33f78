/* SPDX-License-Identifier: MIT */
/* Replies have no numbers: each belongs to the oldest command without one. So all that is known of
 * a reply's owner is its place, and the state is a handful of places: MAIL, then the recipients in
 * the order in which they were added (`next_out` goes out next, `next_in` is answered next,
 * `next_back` is looked at next for handing back), RSET, QUIT.
 *
 * Distrust of that place is what the rest is about. A group is MAIL and recipients, or recipients,
 * that went out together; it is closed by the first reply to any of them, and the next one begins
 * when all are answered, so that nothing that was sent later can fill the gap of what a server has
 * lost. A reply with the address of another recipient, a reply that nobody asked for and an RSET
 * that is refused are signs of a shift: the dialogue is broken, and what is held never released. */
#include "smtp/dialogue.h"

#include <stdlib.h>

enum fate {
    QUEUED,
    SENT,
    ANSWERED,
    HANDED_BACK /* by wn_dialogue_unanswered, or never sent and never to be */
};

struct recipient {
    size_t at, n; /* its address in `texts` */
    uint32_t tag;
    enum fate fate;
    bool out;       /* it was sent, whatever became of it */
    bool non_ascii; /* needs SMTPUTF8 */
};

enum stage {
    UNSAID,
    WAITING,
    ACCEPTED, /* or answered, where it makes no difference */
    REFUSED
};

struct happening {
    struct happening *next;
    struct wn_dialogue_event event;
    size_t recipient; /* of a held one */
    bool held;
    struct wn_smtp_reply reply;
};

struct wn_dialogue {
    struct wn_buf sender, texts;
    bool pipelining, utf8;
    bool asked_utf8;               /* MAIL did */
    bool finishing, broken, ended; /* `ended`: nothing more is sent, nothing more is heard */
    enum stage mail, reset, quit;
    struct recipient *recipients;
    size_t count, capacity;
    size_t next_out, next_in, next_back;
    size_t waiting;                  /* recipients without a reply */
    size_t group;                    /* recipients of the group that is out */
    bool group_closed;               /* it has been answered in part */
    struct happening *first, **last; /* events to be taken; `last` is where the next one goes */
    size_t held;
    struct happening *taken; /* whose reply the caller has */
    struct wn_smtp_reader reader;
};

static struct happening *push(struct wn_dialogue *d, enum wn_dialogue_event_kind kind,
                              enum wn_phase phase, const struct wn_smtp_reply *reply)
{
    struct happening *h = wn_malloc(sizeof *h);
    h->next = NULL;
    h->event = (struct wn_dialogue_event){.kind = kind, .phase = phase};
    h->recipient = 0;
    h->held = false;
    if (reply != NULL) {
        h->reply = *reply;
        h->event.reply = &h->reply;
    }
    *d->last = h;
    d->last = &h->next;
    return h;
}

static struct happening *take(struct wn_dialogue *d, struct happening **at)
{
    struct happening *h = *at;
    *at = h->next;
    if (*at == NULL) {
        d->last = at;
    }
    d->held -= h->held;
    return h;
}

static void release_held(struct wn_dialogue *d)
{
    for (struct happening *h = d->first; h != NULL; h = h->next) {
        if (h->held) {
            d->recipients[h->recipient].fate = ANSWERED;
            h->held = false;
        }
    }
    d->held = 0;
}

static void end(struct wn_dialogue *d)
{
    if (!d->ended) {
        d->ended = true;
        (void)push(d, WN_DIALOGUE_DONE, WN_PHASE_unknown, NULL);
    }
}

static void break_off(struct wn_dialogue *d, const char *detail, const struct wn_smtp_reply *reply)
{
    d->broken = true;
    if (d->quit == UNSAID) {
        push(d, WN_DIALOGUE_BROKEN, WN_PHASE_unknown, reply)->event.detail = detail;
    } else {
        end(d);
    }
}

static void lose_step(struct wn_dialogue *d, const char *detail, const struct wn_smtp_reply *reply)
{
    struct happening *h = push(d, WN_DIALOGUE_BROKEN, WN_PHASE_unknown, reply);
    h->event.detail = detail;
    h->event.out_of_step = true;
    d->broken = true;
    if (d->quit != UNSAID) {
        end(d);
    }
}

struct wn_dialogue *wn_dialogue_new(const struct wn_dialogue_config *config)
{
    struct wn_dialogue *d = wn_calloc(1, sizeof *d);
    d->last = &d->first;
    d->pipelining = config->pipelining;
    d->utf8 = config->utf8;
    wn_buf_add_span(&d->sender, config->sender);
    if (!wn_smtp_address_fits(config->sender, config->utf8)) {
        break_off(d, "the sender's address cannot be said to this server", NULL);
    }
    return d;
}

void wn_dialogue_free(struct wn_dialogue *d)
{
    if (d == NULL) {
        return;
    }
    while (d->first != NULL) {
        free(take(d, &d->first));
    }
    free(d->taken);
    free(d->recipients);
    wn_buf_release(&d->sender);
    wn_buf_release(&d->texts);
    free(d);
}

static struct wn_span address_of(const struct wn_dialogue *d, const struct recipient *r)
{
    return (struct wn_span){d->texts.p + r->at, r->n};
}

/* No server need be asked, and none can. */
static void answer_ourselves(struct wn_dialogue *d, struct recipient *r, const char *sentence)
{
    struct wn_smtp_reply reply;
    wn_smtp_reply_say(&reply, sentence);
    r->fate = ANSWERED;
    push(d, WN_DIALOGUE_RECIPIENT, WN_PHASE_rcpt, &reply)->event.tag = r->tag;
}

void wn_dialogue_add(struct wn_dialogue *d, struct wn_span address, uint32_t tag)
{
    if (d->count == d->capacity) {
        d->capacity = d->capacity > 0 ? d->capacity * 2 : 8;
        d->recipients = wn_realloc(d->recipients, d->capacity * sizeof *d->recipients);
    }
    struct recipient *r = &d->recipients[d->count++];
    *r = (struct recipient){.at = d->texts.len, .n = address.n, .tag = tag};
    r->non_ascii = !wn_span_is_ascii(address);
    wn_buf_add_span(&d->texts, address);
    if (d->broken || d->ended) {
        return; /* it will be handed back */
    }
    if (!wn_smtp_address_fits(address, true)) {
        answer_ourselves(d, r, "The address cannot be said in an SMTP command.");
    } else if (r->non_ascii && !d->utf8) {
        answer_ourselves(d, r, "The address needs SMTPUTF8, which the server does not offer.");
    }
}

void wn_dialogue_finish(struct wn_dialogue *d)
{
    d->finishing = true;
}

void wn_dialogue_stop(struct wn_dialogue *d)
{
    d->finishing = true;
    d->next_out = d->count;
}

void wn_dialogue_closed(struct wn_dialogue *d)
{
    end(d);
}

/* The next recipient to go out, or `count`. */
static size_t find_askable(struct wn_dialogue *d)
{
    while (d->next_out < d->count) {
        const struct recipient *r = &d->recipients[d->next_out];
        bool late = r->non_ascii && d->mail != UNSAID && !d->asked_utf8;
        if (r->fate == QUEUED && !late) {
            break;
        }
        d->next_out++;
    }
    return d->next_out;
}

static bool say(enum stage *stage, enum wn_smtp_verb verb, struct wn_smtp_command *command)
{
    *stage = WAITING;
    *command = (struct wn_smtp_command){.verb = verb};
    return true;
}

static bool say_mail(struct wn_dialogue *d, struct wn_smtp_command *command)
{
    d->asked_utf8 = !wn_span_is_ascii(wn_buf_span(&d->sender));
    for (size_t i = d->next_out; i < d->count && !d->asked_utf8; i++) {
        d->asked_utf8 = d->recipients[i].fate == QUEUED && d->recipients[i].non_ascii;
    }
    d->group = 0;
    d->group_closed = false;
    (void)say(&d->mail, WN_SMTP_MAIL, command);
    command->address = wn_buf_span(&d->sender);
    command->utf8 = d->asked_utf8;
    return true;
}

static bool say_recipient(struct wn_dialogue *d, struct wn_smtp_command *command)
{
    if (d->mail != WAITING && d->waiting == 0) {
        d->group = 0;
        d->group_closed = false;
    } else if (!d->pipelining || d->group_closed || d->group == WN_DIALOGUE_GROUP_MAX) {
        return false;
    }
    struct recipient *r = &d->recipients[d->next_out++];
    r->fate = SENT;
    r->out = true;
    d->waiting++;
    d->group++;
    *command = (struct wn_smtp_command){WN_SMTP_RCPT, address_of(d, r), d->asked_utf8};
    return true;
}

bool wn_dialogue_next(struct wn_dialogue *d, struct wn_smtp_command *command)
{
    if (d->ended || d->quit != UNSAID) {
        return false;
    }
    if (d->broken) {
        (void)say(&d->quit, WN_SMTP_QUIT, command);
        end(d);
        return true;
    }
    bool asks = d->mail != REFUSED && d->reset == UNSAID && find_askable(d) < d->count;
    if (asks) {
        return d->mail == UNSAID ? say_mail(d, command) : say_recipient(d, command);
    }
    if (d->mail == WAITING || d->waiting > 0 || (!d->finishing && d->mail != REFUSED)) {
        return false;
    }
    if (d->mail == ACCEPTED && d->reset != ACCEPTED) {
        return d->reset == UNSAID && say(&d->reset, WN_SMTP_RSET, command);
    }
    return say(&d->quit, WN_SMTP_QUIT, command);
}

static bool names_another(const struct wn_dialogue *d, const struct recipient *own,
                          const struct wn_smtp_reply *reply)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct recipient *r = &d->recipients[i];
        if (r != own && r->out && wn_smtp_reply_names(reply, address_of(d, r))) {
            return true;
        }
    }
    return false;
}

/* The oldest recipient without a reply; there is one. */
static size_t find_answered(struct wn_dialogue *d)
{
    while (!d->recipients[d->next_in].out) {
        d->next_in++;
    }
    return d->next_in;
}

static void hear_recipient(struct wn_dialogue *d, const struct wn_smtp_reply *reply)
{
    size_t i = find_answered(d);
    struct recipient *r = &d->recipients[i];
    d->next_in++;
    d->waiting--;
    d->group_closed = true;
    bool named = wn_smtp_reply_names(reply, address_of(d, r));
    if (!named && names_another(d, r, reply)) {
        lose_step(d, "a reply of the server names another recipient than the one it answers",
                  reply);
        return;
    }
    if (r->fate == SENT && d->mail == ACCEPTED) {
        struct happening *h = push(d, WN_DIALOGUE_RECIPIENT, WN_PHASE_rcpt, reply);
        h->event.tag = r->tag;
        h->recipient = i;
        h->held = !named;
        d->held += h->held;
        if (named) {
            r->fate = ANSWERED;
        }
    }
    if (d->waiting == 0) {
        release_held(d);
    }
}

static void hear_closing(struct wn_dialogue *d, const struct wn_smtp_reply *reply)
{
    enum wn_phase phase = WN_PHASE_unknown;
    uint32_t tag = 0;
    if (d->mail == WAITING) {
        phase = WN_PHASE_mail;
    } else if (d->waiting > 0) {
        phase = WN_PHASE_rcpt;
        tag = d->recipients[find_answered(d)].tag;
    }
    push(d, WN_DIALOGUE_CLOSING, phase, reply)->event.tag = tag;
    end(d);
}

static void hear(struct wn_dialogue *d, const struct wn_smtp_reply *reply)
{
    bool good = reply->code / 100 == 2;
    if (d->quit == WAITING && good && reply->code != 221) {
        lose_step(d, "the server answers QUIT as if it were another command", reply);
    } else if (d->quit == WAITING) {
        end(d);
    } else if (reply->code == 421) {
        hear_closing(d, reply);
    } else if (d->mail == WAITING) {
        d->mail = good ? ACCEPTED : REFUSED;
        d->group_closed = true;
        (void)push(d, WN_DIALOGUE_MAIL, WN_PHASE_mail, reply);
    } else if (d->waiting > 0) {
        hear_recipient(d, reply);
    } else if (d->reset == WAITING && good) {
        d->reset = ACCEPTED;
        (void)push(d, WN_DIALOGUE_RESET, WN_PHASE_unknown, reply);
    } else if (d->reset == WAITING) {
        lose_step(d, "the server refuses RSET, which none can; its replies may be out of step",
                  reply);
    } else {
        lose_step(d, "the server gave more replies than there were commands", reply);
    }
}

void wn_dialogue_feed(struct wn_dialogue *d, const char *bytes, size_t n)
{
    struct wn_span left = {bytes, n};
    while (!d->broken && !d->ended) {
        switch (wn_smtp_reader_take(&d->reader, &left)) {
        case WN_SMTP_READ_REPLY:
            hear(d, &d->reader.reply);
            break;
        case WN_SMTP_READ_BROKEN:
            break_off(d, d->reader.detail, NULL);
            break;
        default:
            return;
        }
    }
}

struct wn_dialogue_event wn_dialogue_event(struct wn_dialogue *d)
{
    free(d->taken);
    d->taken = NULL;
    for (struct happening **at = &d->first; *at != NULL; at = &(*at)->next) {
        if (!(*at)->held) {
            d->taken = take(d, at);
            return d->taken->event;
        }
    }
    return (struct wn_dialogue_event){.kind = WN_DIALOGUE_NONE};
}

size_t wn_dialogue_waiting(const struct wn_dialogue *d)
{
    return d->waiting + d->held + (d->mail == WAITING) + (d->reset == WAITING) +
           (d->quit == WAITING);
}

bool wn_dialogue_unanswered(struct wn_dialogue *d, uint32_t *tag, bool *sent)
{
    while (d->next_back < d->count) {
        size_t i = d->next_back++;
        struct recipient *r = &d->recipients[i];
        if (r->fate != QUEUED && r->fate != SENT) {
            continue;
        }
        struct happening **at = &d->first;
        while (*at != NULL && !((*at)->held && (*at)->recipient == i)) {
            at = &(*at)->next;
        }
        if (*at != NULL) {
            free(take(d, at)); /* it was held */
        }
        *tag = r->tag;
        *sent = r->out;
        r->fate = HANDED_BACK;
        return true;
    }
    return false;
}
