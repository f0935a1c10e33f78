/* SPDX-License-Identifier: MIT */
#ifndef WN_TEST_PROBING_H
#define WN_TEST_PROBING_H

/* A prober in a fake world: who is to be asked, what was reported, and the rules that hold whatever
 * happens, checked against the world's transcript. */

#include "support/fake_smtp.h"

enum {
    PROBING_MAX = 4000,
    PROBING_GROUPS = 400
};

struct probing_mailbox {
    char address[64];
    bool exists, canary;
    enum wn_probe_answer answer; /* none: no report */
    unsigned answers, parked, withdrawn;
    bool again;   /* its ANSWER is not to be stored */
    bool doubted; /* and neither confirmed nor withdrawn */
    int64_t due_ms;
    char text[256], host[64];
    bool has_meaning;
};

struct probing {
    struct fake_world *w;
    struct wn_prober *p;
    struct wn_prober_config config;    /* to be changed before the first domain */
    uint32_t recipients;               /* a connection, as the default limits say */
    unsigned rechecks;                 /* times a mailbox may be asked as a witness */
    struct probing_mailbox *mailboxes; /* by tag */
    unsigned count;
    enum wn_catch_all catch_all[PROBING_MAX]; /* by domain */
    unsigned catch_all_reports, doubts, confirmed;
    char domain_names[PROBING_MAX][40];
    unsigned stopped, stopped_groups[PROBING_GROUPS];
    char stopped_text[512]; /* of the last */
    unsigned progressed;
    int64_t progressed_at, longest_silence;
    int visit_status, progress_status; /* what these return */
    _Atomic int stop;
    struct wn_error err;
};

void probing_init(struct probing *x);
void probing_release(struct probing *x);

/* A server of group `group`. */
unsigned probing_server(struct probing *x, struct fake_persona persona, unsigned group);
/* A domain with these servers in order of preference; -1 ends the list. */
uint32_t probing_domain(struct probing *x, const char *name, unsigned group, const int *servers);
/* The same with one server of its own, in a group of its own; returns the domain. */
uint32_t probing_site(struct probing *x, const char *name, struct fake_persona persona,
                      unsigned group);
/* Returns the tag. `reply` NULL: there is no such mailbox. */
unsigned probing_mailbox(struct probing *x, uint32_t domain, const char *local, const char *reply);
unsigned probing_canary(struct probing *x, uint32_t domain, const char *local, const char *reply);
/* `n` of them, name0, name1 …; returns the first tag. */
unsigned probing_mailboxes(struct probing *x, uint32_t domain, const char *name, unsigned n,
                           const char *reply);

/* Runs, and checks that it went well and kept the rules. */
void probing_run(struct probing *x);
/* Returns what the run returned; the rules must be kept all the same. */
int probing_try(struct probing *x);

/* What the transcript says. */
unsigned probing_asked(const struct probing *x, const char *address);
unsigned probing_entries(const struct probing *x, enum fake_what what);
/* Of the mailboxes first .. first + n - 1, how many got that answer. */
unsigned probing_answers(const struct probing *x, unsigned first, unsigned n,
                         enum wn_probe_answer answer);

extern const struct fake_persona honest;

#endif
