/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void defuse(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

int wn_error_set(struct wn_error *err, int status, const char *format, ...)
{
    if (err == NULL || err->status != WN_OK) {
        return status;
    }
    err->status = status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    defuse(err->text);
    return status;
}

int wn_error_errno(struct wn_error *err, int status, int errnum, const char *format, ...)
{
    if (err == NULL || err->status != WN_OK) {
        return status;
    }
    err->status = status;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof err->text) {
        const char *why = strerrordesc_np(errnum);
        (void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s",
                       why != NULL ? why : "unknown error");
    }
    defuse(err->text);
    return status;
}

_Noreturn void wn_out_of_memory(void)
{
    static const char text[] = "winnow: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(WN_E_INTERNAL);
}

void *wn_malloc(size_t size)
{
    void *p = malloc(size > 0 ? size : 1);
    if (p == NULL) {
        wn_out_of_memory();
    }
    return p;
}

void *wn_calloc(size_t count, size_t size)
{
    void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (p == NULL) {
        wn_out_of_memory();
    }
    return p;
}

void *wn_realloc(void *p, size_t size)
{
    void *q = realloc(p, size > 0 ? size : 1);
    if (q == NULL) {
        wn_out_of_memory();
    }
    return q;
}
