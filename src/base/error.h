/* SPDX-License-Identifier: MIT */
#ifndef WN_BASE_ERROR_H
#define WN_BASE_ERROR_H

/* How a function says that it failed: a status, which is the exit code the command would end with,
 * and a finished sentence in the caller's `struct wn_error`, set once, by the place that knows what
 * happened. Findings about a row are data, never errors. */

#include <stddef.h>

enum wn_status {
    WN_OK = 0,
    WN_E_INTERNAL = 1,    /* a bug, a broken invariant, out of memory */
    WN_E_VALVE = 4,       /* a safety valve tripped */
    WN_E_USAGE = 64,      /* the command line is wrong */
    WN_E_DATA = 65,       /* the input is not what it should be */
    WN_E_NOINPUT = 66,    /* an input cannot be opened */
    WN_E_CANTCREATE = 73, /* an output cannot be created */
    WN_E_IO = 74,         /* an I/O error: disk full, short write, input changed */
    WN_E_TEMPFAIL = 75,   /* try again later: locked store, no DNS server answers */
    WN_E_CONFIG = 78,     /* the configuration is wrong */
    WN_E_SIGNAL = 128     /* plus the signal's number: an orderly stop was asked for */
};

/* Owned by the caller, zero-initialised; `text` is a NUL-terminated sentence without the program's
 * name and without a newline. `status` is an enum wn_status or WN_E_SIGNAL + n. */
struct wn_error {
    int status;
    char text[600];
};

/* Sets the sentence, unless one is set already (the first cause is the one worth reading).
 * Control characters in the finished text become '?', so hostile input cannot drive a terminal.
 * Returns `status`, for `return wn_error_set(...)`. `err` may be NULL. */
int wn_error_set(struct wn_error *err, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and the text of `errnum` behind it. */
int wn_error_errno(struct wn_error *err, int status, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints "winnow: out of memory" and ends the process with WN_E_INTERNAL. Outputs are published by
 * rename and temporary files are unlinked or flocked, so nothing half-done is left behind. */
_Noreturn void wn_out_of_memory(void);

/* malloc, calloc and realloc that do not return on failure. Sizes in bytes; free with free(). */
void *wn_malloc(size_t size) __attribute__((malloc, returns_nonnull));
void *wn_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *wn_realloc(void *p, size_t size) __attribute__((returns_nonnull));

#endif
