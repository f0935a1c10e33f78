/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_FEED_H
#define WN_BOUNCE_FEED_H

/* All inputs of one import, as one stream of notices in the order of the inputs. Small inputs (a
 * Maildir has a hundred thousand) are opened and read by several threads at once and their notices
 * kept until it is their turn; a large one is read when its turn comes, and its source may use the
 * threads itself. */

#include "bounce/source.h"
#include "bounce/walk.h"

/* An input as its notices' consumer sees it. */
struct wn_feed_input {
    const char *name;
    const struct wn_source *source;
    const struct wn_input *input;
    size_t file;        /* which of the files it is */
    uint64_t forgotten; /* what its source forgot (source.h); known at its end */
};

/* What the consumer gets; each is called from one thread at a time, in order. A non-zero status
 * ends the feed. */
struct wn_feed_consumer {
    /* Where to begin an incremental input, by its first bytes; NULL: at its beginning. Called
     * before its first notice, by the thread that reads it: several at once. */
    uint64_t (*from)(void *arg, const struct wn_feed_input *input, struct wn_span head);
    int (*notice)(void *arg, const struct wn_feed_input *input, const struct wn_notice *notice);
    /* The input was read, up to read_to if it is incremental; NULL: nobody wants to know. */
    int (*end)(void *arg, const struct wn_feed_input *input, uint64_t read_to);
    /* A file inside a directory that could not be read, or is nothing we know: the rest goes on. */
    void (*skipped)(void *arg, const char *path, const char *sentence);
    void *arg;
};

/* Reads all files. A file that the user named and that cannot be read ends the feed with its error
 * (those of wn_input_open and of the source); one that was found in a directory is skipped.
 * WN_E_SIGNAL + n when stopped. `settings->jobs` threads. */
int wn_feed_run(const struct wn_walk *files, const struct wn_source_settings *settings,
                const struct wn_feed_consumer *consumer, struct wn_error *err);

#endif
