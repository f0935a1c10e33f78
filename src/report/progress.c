/* SPDX-License-Identifier: MIT */
#include "report/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    REDRAW_MS = 200
};

void wn_progress_init(struct wn_progress *p, enum wn_progress_mode mode, bool quiet)
{
    *p = (struct wn_progress){.terminal = isatty(STDERR_FILENO) == 1,
                              .clock_ms = wn_clock_monotonic_ms};
    p->on = mode == WN_PROGRESS_ALWAYS || (mode == WN_PROGRESS_AUTO && p->terminal && !quiet);
    p->began_ms = p->clock_ms();
    p->phase_ms = p->began_ms;
}

bool wn_progress_due(const struct wn_progress *p)
{
    return p->on && p->clock_ms() - p->drawn_ms >= REDRAW_MS;
}

/* Columns; some 80 where nobody knows. */
static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void wn_progress_show(struct wn_progress *p, const char *phase, uint64_t done, uint64_t total,
                      const char *unit, const char *note)
{
    if (!wn_progress_due(p)) {
        return;
    }
    int64_t now = p->clock_ms();
    if (p->phase != phase) {
        p->phase = phase;
        p->phase_ms = p->drawn ? p->drawn_ms : p->began_ms;
    }
    int64_t elapsed = now - p->phase_ms;
    uint64_t rate = elapsed > 0 ? done * 1000 / (uint64_t)elapsed : 0;
    char left[48] = "";
    char of[32] = "";
    if (total > 0) {
        (void)snprintf(of, sizeof of, " of %llu", (unsigned long long)total);
        if (rate > 0 && total > done) {
            uint64_t seconds = (total - done) / rate + 1;
            (void)snprintf(left, sizeof left, ", %llu:%02llu left",
                           (unsigned long long)(seconds / 60), (unsigned long long)(seconds % 60));
        }
    }
    char line[256];
    int n = snprintf(line, sizeof line, "%s: %llu%s %s, %llu/s%s%s%s", phase,
                     (unsigned long long)done, of, unit, (unsigned long long)rate, left,
                     note != NULL && note[0] != '\0' ? "; " : "", note != NULL ? note : "");
    int width = p->terminal ? terminal_width() - 1 : n;
    n = n < width ? n : width; /* a line that wraps cannot be taken away again */
    /* On a terminal each line replaces the last; elsewhere (--progress always) lines follow. */
    (void)fprintf(stderr, "%s%.*s%s", p->terminal ? "\r\033[K" : "", n, line,
                  p->terminal ? "" : "\n");
    (void)fflush(stderr);
    p->drawn = true;
    p->drawn_ms = now;
}

void wn_progress_clear(struct wn_progress *p)
{
    if (p->drawn && p->terminal) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
    p->drawn = false;
}
