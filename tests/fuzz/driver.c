/* SPDX-License-Identifier: MIT */
/* The main of a fuzz target where libFuzzer's is not linked. With arguments it reads each file, or
 * every file of each directory, and says how many: so seeds are tests under any compiler. Without,
 * it reads standard input, which is how AFL++ runs a program; compiled by afl-clang-fast it takes
 * thousands of inputs a process, from shared memory. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "fuzz.h"

#ifdef __AFL_FUZZ_TESTCASE_LEN
#include <unistd.h>

/* AFL++'s macros are not written for our warnings. */
#pragma clang diagnostic ignored "-Wcast-qual"
#pragma clang diagnostic ignored "-Wshorten-64-to-32"
__AFL_FUZZ_INIT()
#endif

/* In memory of exactly its size, so that AddressSanitizer sees a single octet too far. */
static void run(const void *p, size_t n)
{
    uint8_t *copy = wn_malloc(n);
    if (n > 0) {
        memcpy(copy, p, n);
    }
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static bool run_stream(FILE *from)
{
    struct wn_buf all = {0};
    size_t n;
    do {
        n = fread(wn_buf_room(&all, BUFSIZ), 1, BUFSIZ, from);
        all.len += n;
    } while (n > 0);
    bool whole = ferror(from) == 0;
    if (whole) {
        run(all.p, all.len);
    }
    wn_buf_release(&all);
    return whole;
}

static bool run_file(const char *path, size_t *count)
{
    (void)fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
    FILE *file = fopen(path, "rb");
    bool done = file != NULL && run_stream(file);
    if (!done) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    *count += done;
    return done;
}

static bool run_directory(const char *path, size_t *count)
{
    struct dirent **entries;
    struct wn_buf name = {0};
    int n = scandir(path, &entries, NULL, alphasort);
    bool done = n >= 0;
    if (!done) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            wn_buf_clear(&name);
            wn_buf_addf(&name, "%s/%s", path, entries[i]->d_name);
            done = run_file(wn_buf_text(&name), count) && done;
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    wn_buf_release(&name);
    return done;
}

static int run_paths(int argc, char **argv)
{
    bool done = true;
    for (int i = 1; i < argc; i++) {
        struct stat seen;
        size_t count = 0;
        bool directory = stat(argv[i], &seen) == 0 && S_ISDIR(seen.st_mode);
        done = (directory ? run_directory : run_file)(argv[i], &count) && count > 0 && done;
        printf("%s: %zu inputs\n", argv[i], count);
    }
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return run_paths(argc, argv);
    }
#ifdef __AFL_FUZZ_TESTCASE_LEN
    __AFL_INIT();
    const uint8_t *input = __AFL_FUZZ_TESTCASE_BUF;
    while (__AFL_LOOP(10000)) {
        run(input, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    }
    return EXIT_SUCCESS;
#else
    return run_stream(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
#endif
}
