/* SPDX-License-Identifier: MIT */
#include "base/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

struct wn_curl wn_curl;

static char failure[256]; /* empty: it is there */

/* The same library under the names that distributions give it, by the TLS library that it uses. */
static void *open_library(void)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && library == NULL; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    return library;
}

static const char *last_error(void)
{
    const char *error = dlerror();
    return error != NULL ? error : "no reason is given";
}

/* The string functions, as <stdio.h> would be the only reason for more. */
static void fail(const char *reason)
{
    size_t n = strlen(reason);
    n = n < sizeof failure ? n : sizeof failure - 1;
    memcpy(failure, reason, n);
    failure[n] = '\0';
}

static void load(void)
{
    /* ISO C has no way from void * to a function; POSIX promises that the bits are the same. */
#define FIND(name) {"curl_" #name, offsetof(struct wn_curl, name)},
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {WN_CURL_FUNCTIONS(FIND)};
#undef FIND
    void *library = open_library();
    if (library == NULL) {
        fail(last_error());
        return;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].name);
        if (function == NULL) {
            fail(last_error());
            return;
        }
        memcpy((char *)&wn_curl + functions[i].offset, &function, sizeof function);
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int wn_curl_load(struct wn_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, load);
    return failure[0] == '\0' ? WN_OK
                              : wn_error_set(err, WN_E_CONFIG,
                                             "libcurl, which all connections need, cannot be "
                                             "loaded: %s",
                                             failure);
}
