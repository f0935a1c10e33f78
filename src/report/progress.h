/* SPDX-License-Identifier: MIT */
#ifndef WN_REPORT_PROGRESS_H
#define WN_REPORT_PROGRESS_H

/* The live line on standard error: what the run is doing, how far it is, how fast, how long still.
 * Redrawn a few times a second, and only on a terminal unless asked for. Called from one place at a
 * time (the ordered steps of the pipelines, and the gather loop). */

#include <stdbool.h>
#include <stdint.h>

enum wn_progress_mode {
    WN_PROGRESS_AUTO,
    WN_PROGRESS_ALWAYS,
    WN_PROGRESS_NEVER
};

struct wn_progress {
    bool on, drawn, terminal;
    int64_t (*clock_ms)(void); /* wn_clock_monotonic_ms, unless a test hands in another */
    int64_t began_ms, drawn_ms, phase_ms;
    const char *phase;
};

void wn_progress_init(struct wn_progress *p, enum wn_progress_mode mode, bool quiet);

/* `done` of `total` (0: not known) `unit`s of `phase`; `note` stands behind, may be NULL. */
void wn_progress_show(struct wn_progress *p, const char *phase, uint64_t done, uint64_t total,
                      const char *unit, const char *note);

/* Whether a call now would draw: to spare the work of preparing it. */
bool wn_progress_due(const struct wn_progress *p);

/* Takes the line away, before anything else is printed. */
void wn_progress_clear(struct wn_progress *p);

#endif
