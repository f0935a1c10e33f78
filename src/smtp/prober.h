/* SPDX-License-Identifier: MIT */
#ifndef WN_SMTP_PROBER_H
#define WN_SMTP_PROBER_H

/* Asks mail servers which of many mailboxes they take, politely (docs: probing): who is asked when,
 * over which connection, how often, and when to stop asking. One thread; it knows neither sockets
 * nor a clock but those that are handed in (smtp/live.h has the real ones).
 *
 * A group is what limits hold for: a provider, or whoever runs a domain's preferred MX host. Groups
 * of no known provider that are met at one address share their limits. A group has lanes: one for
 * each list of MX hosts, shared by the domains that have this list. */

#include <stdatomic.h>

#include "smtp/outcome.h"
#include "smtp/transport.h"

/* Those of transport.h, which says what they do; `link` is what connect gave. */
struct wn_prober_io {
    void *arg;
    int64_t (*now_ms)(void *arg); /* of a clock that never goes back */
    void *(*connect)(void *arg, const struct wn_endpoint *to, bool plain, void *owner);
    int (*send)(void *arg, void *link, const struct wn_smtp_command *command, struct wn_error *err);
    const struct wn_link_facts *(*facts)(void *arg, void *link);
    void (*close)(void *arg, void *link);
    /* May let the time pass without an event; the event's link is not read, its owner is. */
    bool (*wait)(void *arg, int timeout_ms, struct wn_link_event *event);
};

/* Texts and arrays outlive the prober. */
struct wn_prober_config {
    struct wn_span sender;   /* of the envelope */
    uint32_t sockets;        /* connections in all; 0: 100 */
    uint32_t connections;    /* of a group; 0: what limits.h says */
    uint32_t per_minute;     /* recipients of a group in any 60 s; 0: what limits.h says */
    uint64_t max;            /* recipients asked in all (RCPT commands); 0: no limit */
    int64_t budget_ms;       /* for all of it, and then five seconds for leaving; 0: no limit */
    int64_t command_ms;      /* for one reply; 0: 30 s */
    const int64_t *retry_ms; /* after the first, second … temporary reply; none: never again */
    size_t retries;
    bool catch_all; /* ask for a random mailbox, too, where a domain has accepted one */
    uint64_t seed;  /* of the random mailboxes' names */
};

enum {
    WN_PROBER_CANARIES = 3,      /* of a group, asked before the others … */
    WN_PROBER_CANARY_ABOVE = 50, /* … where it has more mailboxes than that */
};

struct wn_prober_host {
    const char *name;
    const struct wn_ip *ips;
    size_t count;
};

/* Everything in it is copied. */
struct wn_prober_domain {
    struct wn_span name;                /* as it is written behind the @ */
    struct wn_span group;               /* its name */
    uint32_t provider;                  /* smtp/provider.h, or 0 */
    const struct wn_prober_host *hosts; /* in order of preference */
    size_t host_count;
    enum wn_catch_all known; /* not_run: to be found out */
};

struct wn_prober_group {
    struct wn_span name; /* copied */
    uint32_t provider;
    uint64_t used_today; /* recipients that earlier runs have asked today */
    uint64_t lately;     /* of these, in the minute before … */
    int64_t lately_ms;   /* … this time, in the scale of io.now_ms: they count as asked then */
    bool stopped;        /* an earlier run's breaker still holds: nothing is asked */
};

struct wn_prober;

/* Free with wn_prober_free; `io` is copied. */
struct wn_prober *wn_prober_new(const struct wn_prober_config *config,
                                const struct wn_prober_io *io);
void wn_prober_free(struct wn_prober *p);

/* What is known of a group, before its first domain. One that is not told of has used nothing. */
void wn_prober_group(struct wn_prober *p, const struct wn_prober_group *group);

/* Returns the domain's number, from 0 in the order of the calls. */
uint32_t wn_prober_domain(struct wn_prober *p, const struct wn_prober_domain *domain);

/* A mailbox of that domain; the address is copied, `tag` comes back in reports. `canary`: mail was
 * delivered to it before. `not_before_ms`: an earlier run was told to come back later; in the scale
 * of io.now_ms, 0: now. Each mailbox once, before wn_prober_run. */
void wn_prober_mailbox(struct wn_prober *p, uint32_t domain, struct wn_span address, uint32_t tag,
                       bool canary, int64_t not_before_ms);

/* An earlier run found a mailbox of the domain accepted and did not come to ask for a random one:
 * this one does, at the end of the domain's first session. */
void wn_prober_catch_all(struct wn_prober *p, uint32_t domain);

enum wn_prober_report_kind {
    WN_PROBER_ANSWER, /* final for this run; a fact to store at once */
    WN_PROBER_PARKED, /* a temporary reply: `due_ms`. To store, so that the next run knows; an
                       * ANSWER follows, at the latest when the run ends */
    /* An ANSWER of this run, not_found or disabled, is in doubt: the group refuses everybody alike,
     * and someone is asked who must be there. To store, so that after a run that ends now it counts
     * as not asked. CONFIRMED or WITHDRAWN follows, unless the process is killed. */
    WN_PROBER_DOUBTED,
    WN_PROBER_CONFIRMED, /* one that was in doubt stands */
    /* The ANSWER of this run is taken back, and `answer` is what counts: blocked, where it was
     * not_found or disabled and its group was stopped, or the run ended while it was in doubt
     * (`again`); error, where the server lost its step on that connection, so that whose answer it
     * was is not certain. */
    WN_PROBER_WITHDRAWN,
    WN_PROBER_CATCH_ALL, /* of a domain; a second one takes the first back: inconclusive */
    WN_PROBER_STOPPED    /* a group: what the reply said, or could mean, is about us */
};

/* Spans and pointers are valid during the visit. */
struct wn_prober_report {
    enum wn_prober_report_kind kind;
    uint32_t tag;         /* of a mailbox: not of CATCH_ALL and STOPPED */
    uint32_t domain;      /* of the mailbox, or CATCH_ALL's; STOPPED: undefined */
    struct wn_span group; /* its name */
    enum wn_probe_answer answer;
    enum wn_catch_all catch_all;            /* CATCH_ALL; never not_run */
    const struct wn_probe_meaning *meaning; /* of the reply; NULL: there was none */
    struct wn_span text;                    /* the reply, or a sentence */
    struct wn_span host;                    /* the MX host that said it, or empty */
    bool again;     /* nothing of this is to be stored. WITHDRAWN: what DOUBTED left stays; ANSWER:
                     * it was our own side that failed */
    int64_t due_ms; /* PARKED, and ANSWER greylisted or busy: when to ask again */
};

/* Any other status than WN_OK ends the run with it. */
typedef int wn_prober_visit(void *arg, const struct wn_prober_report *report);
typedef int wn_prober_progress(void *arg);

struct wn_prober_counts {
    uint64_t asked;        /* RCPT commands sent, random and repeated ones included */
    uint64_t answered;     /* mailboxes that got their ANSWER */
    uint64_t parked;       /* mailboxes that wait for the time to ask them (again) */
    uint64_t left;         /* mailboxes that are neither */
    uint64_t connections;  /* that were begun */
    uint64_t encrypted;    /* of these, those that STARTTLS made private */
    uint64_t unproven;     /* of these, those whose certificate is self-signed or out of date */
    uint64_t ready;        /* connections over which something could be asked */
    const char *our_fault; /* why one failed on our own side (struct wn_link_event), or NULL; as
                            * long as the prober lives */
    uint32_t open;         /* connections now */
    int64_t next_due_ms;   /* when the first parked one is due; 0: none is */
};
void wn_prober_counts(const struct wn_prober *p, struct wn_prober_counts *counts);

/* What this run has asked of a group: the next run is told it in struct wn_prober_group. */
struct wn_prober_use {
    struct wn_span group; /* its name, as long as the prober lives */
    uint64_t asked;       /* RCPT commands sent */
    uint64_t lately;      /* in the last minute, by earlier runs as well */
};

/* Of the group with that number, from 0 in the order in which they were told of. False: there is
 * none. To be called before, in (visit, progress) and after a run. */
bool wn_prober_use(const struct wn_prober *p, size_t number, struct wn_prober_use *use);

/* Asks until all is answered, a budget ends, or *stop is not 0 (then open sessions are told QUIT,
 * and have two seconds for it). Mailboxes that were not asked get no ANSWER; those that are parked
 * at the end get theirs, greylisted or busy, with `due_ms` (but not those that an earlier run had
 * parked and this one did not ask). `progress`, unless NULL, is called each 200 ms or more often.
 * `stop` may be NULL. Once. Errors: WN_E_INTERNAL (a sender that no command can hold), WN_E_IO (no
 * connection can be made at all, for want of handles), what `visit` or `progress`
 * returned. */
int wn_prober_run(struct wn_prober *p, const _Atomic int *stop, wn_prober_visit *visit,
                  wn_prober_progress *progress, void *arg, struct wn_error *err);

#endif
