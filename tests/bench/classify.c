/* SPDX-License-Identifier: MIT */
/* What classifying a reply costs:
 *
 *     bench_classify FILE [ROUNDS]
 *
 * FILE has one reply a line. Prints the nanoseconds a reply, the fastest of ROUNDS (default 20)
 * over the whole file, and the mean length. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "smtp/classify.h"

enum {
    REPLIES_MAX = 100000
};

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct wn_span replies[REPLIES_MAX];
    size_t n = 0, bytes = 0, capacity = 0;
    char *line = NULL;
    ssize_t length;
    FILE *file = argc > 1 ? fopen(argv[1], "re") : NULL;
    if (file == NULL) {
        (void)fprintf(stderr, "bench_classify FILE [ROUNDS]\n");
        return 64;
    }
    while (n < REPLIES_MAX && (length = getline(&line, &capacity, file)) > 0) {
        replies[n++] = (struct wn_span){line, (size_t)length};
        bytes += (size_t)length;
        line = NULL;
        capacity = 0;
    }
    double best = 1e9;
    unsigned sum = 0; /* so that no call is left out */
    int rounds = argc > 2 ? atoi(argv[2]) : 20;
    for (int round = 0; round < rounds && n > 0; round++) {
        double start = now();
        for (size_t i = 0; i < n; i++) {
            struct wn_classified out;
            wn_classify(&(struct wn_reply_in){.text = replies[i]}, &out);
            sum += out.category;
        }
        double took = (now() - start) / (double)n;
        best = took < best ? took : best;
    }
    (void)printf("%.0f ns a reply of %.0f bytes (%zu replies; %u)\n", best * 1e9,
                 n > 0 ? (double)bytes / (double)n : 0.0, n, sum);
    return 0;
}
