/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_PROBER_PRIVATE_H
#define WN_SMTP_PROBER_PRIVATE_H

/* What the files of this folder share; nobody outside reads this. One file a job:
 *
 *   prober.c   what there is to do: groups, lanes, domains, mailboxes
 *   run.c      the loop: who goes next, what is due, when it ends
 *   timers.c   what is due when
 *   host.c     which groups are one, since they share a server
 *   group.c    a group's limits, and its place in the ring of those that may have a turn
 *   lane.c     which host is next, what to do when none is left; who waits in a lane
 *   session.c  one connection, from connect to QUIT
 *   answer.c   what a reply does to the mailbox it was given for; every report
 *   gate.c     holding a group back for one question: canary, witness, postmaster
 *   row.c      what a group denied and nobody has vouched for yet
 *   denier.c   a domain that denies everybody among others that do not
 *   breaker.c  stopping a group
 *
 * A mailbox is a task, and so are the random mailbox of a domain and the second question to a
 * witness. A task is in one place at any time: waiting in a queue of its lane (or as its group's
 * gate), parked among the timers, asked in a session, or done.
 *
 * All but sessions lives as long as the prober, in its arena, so that timers may point to what has
 * long been settled: they are looked at when they are due, and dropped when nothing waits for them.
 */

#include "base/arena.h"
#include "base/map.h"
#include "smtp/dialogue.h"
#include "smtp/limits.h"
#include "smtp/prober.h"

enum {
    LOST_MAX = 3,        /* sessions that may be lost with a mailbox asked */
    LOST_LEARN = 2,      /* sessions of a lane that may be lost until it asks fewer on each */
    AGAIN_MS = 5000,     /* at least, between the two times that a lane's hosts are tried */
    SESSION_MS = 300000, /* a connection, whatever it waits for */
    MINUTE_MS = 60000,   /* of which a group's rate is the limit */
    STOP_MS = 2000,      /* for saying QUIT when the run is told to stop */
    OVERTIME_MS = 5000,  /* for the replies that are on their way when the budget ends */
    PROGRESS_MS = 100,   /* between calls of progress, and looks at *stop; at most twice that */
    ENDPOINTS_MAX = 16,  /* addresses of a lane that are tried */
    HOST_IPS_MAX = 4,    /* of these, of one host */
    RANDOM_AFTER = 20,  /* mailboxes of a domain that go before its random one, if it has so many */
    SUSPECT_AFTER = 20, /* refused alike, until someone is asked who must be accepted */
    SUSPECT_AGAIN = 50, /* the same, after that one was accepted */
    SUSPECT_AT_END = 5, /* the same, when there are no more to ask and a witness is at hand */
    GATE_TRIES = 3,     /* temporary replies to that question */
    GATE_RETRY_MS = 60000 /* where the config has no times for retries */
};

enum task_kind {
    TASK_MAILBOX,
    TASK_RANDOM, /* catch-all test of its domain */
    TASK_CHECK   /* a witness once more, or a postmaster */
};

enum task_state {
    TASK_WAITING,
    TASK_PARKED,
    TASK_ASKED, /* in a session, sent or not */
    TASK_DONE,
    TASK_LEFT /* never to be asked */
};

/* A reply, or what stands for one. */
struct said {
    const struct wn_probe_meaning *meaning; /* or NULL */
    struct wn_span text;
    const char *host; /* in the arena, or NULL */
};

/* A copy of that, in one piece. */
struct kept {
    struct wn_probe_meaning meaning;
    bool has_meaning;
    const char *host;
    size_t n;
    char text[];
};

struct task {
    struct task *next;    /* in its queue, or in the row of its group */
    struct task *sibling; /* mailboxes: the next of the group */
    struct domain *domain;
    const char *address;
    struct kept *kept; /* mailboxes that are parked: the reply; malloc */
    int64_t due_ms;
    uint32_t length; /* of the address */
    uint32_t tag;
    uint8_t kind, state, answer;
    uint64_t session; /* that answered it */
    uint8_t tries;    /* temporary replies so far */
    uint8_t lost;     /* sessions that were lost while it was asked */
    bool canary;
    bool ours;    /* our own side failed, and that is its answer */
    bool early;   /* parked since an earlier run */
    bool invalid; /* no command can hold the address */
};

struct queue {
    struct task *head, *tail;
};

struct domain {
    struct domain *next; /* in the lane's ring of those in which mailboxes wait */
    struct lane *lane;
    const char *name;
    uint32_t length; /* of the name */
    uint32_t number;
    struct queue waiting;
    uint32_t open;    /* mailboxes that wait, are parked or asked */
    uint32_t settled; /* mailboxes that are answered */
    bool queued;
    bool accepted;               /* a mailbox was */
    bool there;                  /* a mailbox is known to be, in this run */
    bool vouching;               /* its postmaster was or will be asked for */
    bool distrusted;             /* it refuses even that one */
    uint32_t denied;             /* mailboxes, in a row and in the same words (gate.c's) … */
    uint64_t words, words_blank; /* … which are these */
    struct domain *next_denier;  /* among those whose postmaster will be asked for */
    bool promised; /* by an earlier run: its random mailbox goes with its first session */
    enum wn_catch_all known;
    struct task *random; /* NULL until it is needed */
};

/* Why a lane's hosts could not be asked; of several hosts the last in this order counts. */
enum failure {
    FAILURE_NONE,
    FAILURE_OURS,
    FAILURE_NO_CONNECTION,
    FAILURE_TIMEOUT,
    FAILURE_ERROR,
    FAILURE_BUSY,
    FAILURE_BLOCKED
};

struct endpoint {
    struct wn_endpoint to;
    bool plain;  /* STARTTLS failed half way */
    bool blamed; /* the host said something about us before any recipient */
};

struct lane {
    struct lane *next;        /* in the group's ring */
    struct lane *next_paused; /* among those that rest */
    struct group *group;
    struct group *named; /* whose domains these are; mostly the same (host.c) */
    struct endpoint *endpoints;
    uint32_t count;
    uint32_t cursor;            /* the endpoint that is asked */
    uint32_t turn;              /* grows each time that the cursor moves */
    struct domain *head, *tail; /* ring of domains in which mailboxes wait */
    struct queue randoms;
    uint32_t waiting;    /* tasks in these */
    uint32_t room;       /* tasks that open sessions may still take */
    uint32_t sessions;   /* open, until they leave */
    uint32_t recipients; /* a connection */
    uint32_t lost;       /* sessions that ended in the middle */
    bool no_pipelining;
    bool queued, paused;
    bool failing; /* nobody was answered since an endpoint failed: one session at a time */
    bool second;  /* all hosts were tried once */
    bool blamed;
    int64_t due_ms; /* paused: until then */
    enum failure worst;
    struct kept *worst_said; /* malloc, or NULL */
    struct lane *sibling;    /* the next of the group */
    const char *key;         /* what it is found by */
    uint32_t key_length;
};

enum gate {
    GATE_UNDECIDED, /* before the group's first session */
    GATE_OPEN,
    GATE_CANARY,
    GATE_WITNESS,
    GATE_POSTMASTER,
    GATE_DENIER /* the postmaster of one domain, for that domain alone */
};

struct group {
    struct group *next;       /* in the ring */
    struct lane *head, *tail; /* ring of lanes with something to do */
    struct lane *lanes;       /* all of them */
    struct task *tasks;       /* all its mailboxes */
    const char *name;
    uint32_t length; /* of the name */
    uint32_t provider;
    struct wn_probe_limits limits;
    bool queued;
    bool stopped, silent; /* silent: stopped by an earlier run, or not worth asking */
    uint32_t count;       /* mailboxes to ask */
    uint32_t open;        /* of these, those that wait, are parked or asked */
    uint32_t asked;       /* of these, those that are asked */
    uint32_t sessions;
    struct group *owner;  /* whose limits hold for its domains (host.c), or NULL: its own */
    uint64_t used_today;  /* by all that it owns */
    uint64_t used_before; /* by earlier runs, of its own domains */
    uint64_t said;        /* by this one, of these */
    uint32_t reserved;    /* recipients that sessions hold and have not said */
    int64_t *stamps;      /* a ring: when the recipients of the last minute were said */
    uint32_t stamp_first, stamp_count, stamp_room;
    int64_t timer_ms; /* of its timer, 0: none */
    uint32_t blamed_lanes;
    /* The gate: while it is neither open nor undecided, `gate_task` alone is asked. */
    enum gate gate;
    struct task *gate_task;
    bool gate_ready; /* it waits for a session */
    uint8_t gate_tries;
    uint32_t canaries_known, canaries_tried, canaries_refused;
    struct task *canaries[WN_PROBER_CANARIES];
    /* Suspicion: refused in a row with the same words. */
    uint64_t words, words_blank;
    uint32_t alike;   /* since the last check */
    bool cleared;     /* a check went well since the row began */
    struct queue row; /* of its mailboxes, those denied since the server was last trusted */
    bool doubted;     /* what is in the row was reported to be in doubt, and what comes is */
    struct task *witness;
    struct domain *refused; /* whose mailbox was refused last */
    struct task *check;     /* for GATE_WITNESS, GATE_POSTMASTER and GATE_DENIER */
    struct domain *deniers; /* to be asked for their postmaster … */
    struct domain *denier;  /* … and the one whose turn it is */
};

enum stage {
    STAGE_CONNECTING,
    STAGE_TALKING,
    STAGE_LEAVING /* takes no more tasks */
};

struct session {
    struct lane *lane;
    struct domain *domain; /* whose tasks alone it takes, or NULL */
    void *link;
    struct wn_dialogue *dialogue; /* once it is ready */
    uint32_t endpoint, turn;      /* of its lane, when it began */
    uint32_t index;               /* in the prober's list */
    uint64_t id;                  /* from 1 in the order in which they began */
    enum stage stage;
    uint32_t limit;    /* tasks it may take */
    uint32_t taken;    /* tasks it has taken; their tags are their places */
    uint32_t room;     /* tasks that it may still take, as long as it is in lane->room */
    uint32_t out;      /* of these, those that are not answered */
    uint32_t unsaid;   /* of these, those that hold a reservation */
    uint32_t answered; /* by the server */
    bool pipelining;
    bool last;    /* the random one is taken */
    bool bye;     /* QUIT was said */
    bool dropped; /* by the server: nothing more is said */
    bool refused; /* its lane knows already that it came to nothing */
    int64_t until_ms;
    int64_t reply_ms; /* when the next reply is due; 0: none is waited for */
    struct task *tasks[];
};

struct timer {
    int64_t due_ms;
    struct task *task; /* parked till then, or NULL */
    struct group *group;
};

/* An address of a preferred host, and whose group's limits hold there. */
struct host {
    struct wn_ip ip;
    struct group *group;
};

struct wn_prober {
    struct wn_prober_config config;
    struct wn_prober_io io;
    struct wn_arena arena;
    struct wn_map group_index, lane_index, host_index;
    struct host *hosts;
    size_t host_count, host_room;
    struct group **groups;
    struct lane **lanes;
    struct domain **domains;
    uint64_t encrypted, unproven, ready; /* connections */
    char our_fault[256];                 /* the first; "": there was none */
    size_t group_count, group_room, lane_count, lane_room, domain_count, domain_room;
    struct group *head, *tail; /* ring of groups that may have a turn */
    struct lane *paused_head, *paused_tail;
    struct timer *timers; /* a heap */
    size_t timer_count, timer_room;
    struct session **sessions;
    uint32_t open, session_room;
    uint32_t sockets;
    uint64_t asked, reserved;
    bool starved; /* a group waits for what others have reserved */
    uint64_t mailboxes, answered, parked, connections;
    int64_t now_ms, end_ms; /* end_ms: of the budget, or INT64_MAX */
    int64_t stop_ms;        /* when what is still open is closed */
    uint64_t random;        /* state */
    bool ending;
    int status; /* what visit returned */
    wn_prober_visit *visit;
    void *arg;
    struct wn_error *err;
};

static inline struct wn_span wn_task_address(const struct task *t)
{
    return (struct wn_span){t->address, t->length};
}

/* Its answer is a no that counts against the mailbox. */
static inline bool wn_task_is_denied(const struct task *t)
{
    return t->state == TASK_DONE &&
           (t->answer == WN_ANSWER_not_found || t->answer == WN_ANSWER_disabled);
}

static inline struct group *wn_task_group(const struct task *t)
{
    return t->domain->lane->group;
}

/* prober.c */
struct task *wn_task_new(struct wn_prober *p, struct domain *domain, enum task_kind kind,
                         struct wn_span address);
void wn_queue_append(struct queue *q, struct task *t);
void wn_queue_prepend(struct queue *q, struct task *t);
struct task *wn_queue_first(struct queue *q);
/* O(its length). */
void wn_queue_take(struct queue *q, const struct task *t);

/* timers.c: `task` or `group` is NULL. */
void wn_timer_add(struct wn_prober *p, int64_t due_ms, struct task *task, struct group *group);
/* The first timer that still means something, or NULL; the others are dropped. */
const struct timer *wn_timer_first(struct wn_prober *p);
void wn_timer_take(struct wn_prober *p);

/* group.c */
/* Puts it into the ring, unless it is there. */
void wn_group_wake(struct wn_prober *p, struct group *g);
/* How many recipients its limits and the run's leave now. */
uint64_t wn_group_allowance(struct wn_prober *p, struct group *g);
/* Whether a limit that no waiting lifts is reached: what is only reserved may come back. */
bool wn_group_spent(const struct wn_prober *p, const struct group *g);
void wn_group_reserve(struct wn_prober *p, struct group *g);
void wn_group_unreserve(struct wn_prober *p, struct group *g, uint32_t n);
/* One more was said at that time, which is no earlier than that of the last. */
void wn_group_stamp(struct group *g, int64_t at_ms);
/* One that was reserved is said now. */
void wn_group_use(struct wn_prober *p, const struct lane *lane);
/* Starts a session if one is due and allowed. False: not now; a timer or an event will wake it. */
bool wn_group_start(struct wn_prober *p, struct group *g);

/* host.c */
/* The group under whose limits a domain of `g` is asked. */
struct group *wn_host_owner(struct wn_prober *p, struct group *g,
                            const struct wn_prober_domain *domain);

/* lane.c */
/* The task waits in its lane again, as its last or its first, or as its group's gate. */
void wn_lane_add(struct wn_prober *p, struct task *t, bool first);
/* The next task for a session that has `left` places, or NULL. `only`: of this domain; NULL: of
 * any, in turn. */
struct task *wn_lane_next(struct lane *lane, struct domain *only, uint32_t left, bool real_ones);
void wn_lane_take(struct lane *lane, struct task *t);
void wn_lane_enqueue(struct group *g, struct lane *lane);
/* A session came to nothing, which began at that endpoint and in that turn. */
void wn_lane_failed(struct wn_prober *p, struct lane *lane, uint32_t endpoint, uint32_t turn,
                    enum failure why, const struct said *said);
void wn_lane_answered(struct lane *lane);
/* Lets the first paused lane go on, if it is time. */
bool wn_lane_resume(struct wn_prober *p);
/* Nothing waits in it any more; tasks are dropped, not settled. */
void wn_lane_clear(struct lane *lane);

/* session.c */
/* False: no connection can be made; the task waits again. */
bool wn_session_start(struct wn_prober *p, struct lane *lane, struct task *first);
void wn_session_event(struct wn_prober *p, const struct wn_link_event *event);
/* What is due now: time-outs. */
void wn_session_expire(struct wn_prober *p);
int64_t wn_session_due(const struct wn_prober *p);
/* All of a group, or of all groups for NULL, take no more tasks and end as soon as they can: those
 * that are not ready give their tasks back, and are told QUIT once they are. */
void wn_session_leave_all(struct wn_prober *p, const struct group *g);
/* Closes it now. What it has not got answered waits again. */
void wn_session_drop(struct wn_prober *p, struct session *s);

/* answer.c */
struct kept *wn_keep(const struct said *said);
struct said wn_kept(const struct kept *kept);
/* A reply to a task that a session has given out of its hands. */
void wn_task_answered(struct wn_prober *p, struct task *t, const struct wn_smtp_reply *reply,
                      const struct said *said);
/* No reply came, nor will one. */
void wn_task_failed(struct wn_prober *p, struct task *t, enum failure why, const struct said *said);
/* The final answer of a mailbox. */
void wn_task_settle(struct wn_prober *p, struct task *t, enum wn_probe_answer answer,
                    int64_t due_ms, const struct said *said);
void wn_task_due(struct wn_prober *p, struct task *t);
void wn_report(struct wn_prober *p, struct wn_prober_report *report, const struct group *g,
               const struct said *said);
/* Asks for a random mailbox, where it is time to. */
void wn_domain_random(struct wn_prober *p, struct domain *d);
/* A mailbox that is still parked gets its last reply for an answer. */
void wn_task_end(struct wn_prober *p, struct task *t);

/* gate.c */
/* Before the first session. */
void wn_gate_first(struct wn_prober *p, struct group *g);
/* Mailboxes that may be asked until the gate falls. */
uint32_t wn_gate_allowance(const struct group *g);
/* The answer of the task that the gate waits for. */
void wn_gate_answered(struct wn_prober *p, struct group *g, enum wn_probe_answer answer, bool again,
                      const struct said *said);
/* Any mailbox's final reply. */
void wn_gate_note(struct wn_prober *p, struct task *t, enum wn_probe_answer answer,
                  const struct wn_smtp_reply *reply);
/* Nothing is left to ask: the last look. */
void wn_gate_last(struct wn_prober *p, struct group *g);

/* row.c */
/* A mailbox was refused, in whatever way. */
void wn_row_add(struct wn_prober *p, struct group *g, struct task *t);
/* The group is suspected. */
void wn_row_doubt(struct wn_prober *p, struct group *g);
/* Somebody is there: what is in the row stands. */
void wn_row_trust(struct wn_prober *p, struct group *g);
/* DOUBTED or CONFIRMED, of a mailbox that is denied still. */
void wn_row_report(struct wn_prober *p, const struct task *t, enum wn_prober_report_kind kind);
/* Empties it: nothing speaks against it, or all is taken back anyway. */
void wn_row_forget(struct group *g);
/* The run is over: what is still in doubt is taken back. */
void wn_row_end(struct wn_prober *p, struct group *g);

/* denier.c */
/* A mailbox was denied, in words with these digests. */
void wn_denier_note(struct wn_prober *p, const struct task *t, uint64_t words,
                    uint64_t words_blank);
/* The domain whose postmaster is to be asked for now, its denials being in doubt; NULL: none. */
struct domain *wn_denier_next(struct wn_prober *p, struct group *g);
/* What came of it. */
void wn_denier_trust(struct wn_prober *p, struct group *g);
void wn_denier_distrust(struct wn_prober *p, struct group *g, const struct said *said);
/* The run is over. */
void wn_denier_end(struct wn_prober *p, struct group *g);

/* breaker.c */
/* What was said is about us: nobody of the group is asked any more, nobody it refused is believed.
 */
void wn_breaker_stop(struct wn_prober *p, struct group *g, const struct said *said);
/* The answer to a mailbox is taken back; `again`: struct wn_prober_report. */
void wn_breaker_take_back(struct wn_prober *p, struct task *t, enum wn_probe_answer instead,
                          bool again, const struct said *said);
/* So are all answers of one session of a lane: they may have been meant for others. */
void wn_breaker_unsay(struct wn_prober *p, const struct lane *lane, uint64_t session,
                      const struct said *said);

#endif
