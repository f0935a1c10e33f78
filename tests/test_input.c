/* SPDX-License-Identifier: MIT */
/* Inputs of every kind, in a directory of the test's own. Each test runs in its own process (Check
 * forks), so it may change its standard input, its user and its limits. */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "csv/input.h"
#include "csv/utf16.h"
#include "support/suite.h"
#include "support/tempdir.h"

static const _Atomic int no_stop;

/* The bytes of one gzip member. */
static size_t gzip_to(char *out, size_t capacity, const char *p, size_t n)
{
    z_stream z = {0};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)capacity;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t length = capacity - z.avail_out;
    deflateEnd(&z);
    return length;
}

/* The bytes of one zstd frame, with a checksum. */
static size_t zstd_to(char *out, size_t capacity, const char *p, size_t n)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ck_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)));
    size_t length = ZSTD_compress2(c, out, capacity, p, n);
    ck_assert_msg(!ZSTD_isError(length), "%s", ZSTD_getErrorName(length));
    ZSTD_freeCCtx(c);
    return length;
}

static const struct {
    const char *word;
    size_t (*compress)(char *out, size_t capacity, const char *p, size_t n);
    size_t magic;          /* octets that say what it is */
    const char *wrong_sum; /* what the library calls a wrong checksum */
    size_t broken_at;      /* an octet that makes the data nonsense */
} packings[] = {
    {"gzip", gzip_to, 3, "incorrect data check", 10},
    {"zstd", zstd_to, 4, "Restored data doesn't match checksum", 6},
};

enum {
    PACKINGS = sizeof packings / sizeof *packings
};

static void require_content(const struct wn_input *input, const char *p, size_t n)
{
    struct wn_error err = {0};
    char *back = wn_malloc(n + 10);
    size_t got;
    ck_assert_uint_eq(input->size, n);
    ck_assert_int_eq(wn_input_read(input, 0, back, n + 10, &got, &err), WN_OK);
    ck_assert_uint_eq(got, n);
    ck_assert(memcmp(back, p, n) == 0);
    if (n > 2) {
        ck_assert_int_eq(wn_input_read(input, 1, back, 2, &got, &err), WN_OK);
        ck_assert(got == 2 && memcmp(back, p + 1, 2) == 0);
    }
    ck_assert_int_eq(wn_input_read(input, n + 5, back, 2, &got, &err), WN_OK);
    ck_assert_uint_eq(got, 0);
    free(back);
}

static void require_failure(const char *path, int status, const char *says)
{
    struct wn_input input;
    struct wn_error err = {0};
    ck_assert_msg(wn_input_open(&input, path, &no_stop, &err) == status, "%s: %d %s", path,
                  err.status, err.text);
    ck_assert_int_eq(err.status, status);
    ck_assert_msg(strstr(err.text, says) != NULL, "%s", err.text);
    ck_assert_int_eq(input.fd, 0);
    wn_input_close(&input);
}

START_TEST(regular_file)
{
    struct wn_input input;
    struct wn_error err = {0};
    (void)tempdir_write("list.csv", "email\na@x\n", 10);
    ck_assert_int_eq(chmod(tempdir_path("list.csv"), 0640), 0);
    const char *path = tempdir_path("list.csv");
    ck_assert_int_eq(wn_input_open(&input, path, &no_stop, &err), WN_OK);
    ck_assert_ptr_eq(input.path, path);
    ck_assert_str_eq(input.name, path);
    ck_assert_uint_eq(input.mode, 0640);
    ck_assert(!input.spooled);
    require_content(&input, "email\na@x\n", 10);
    ck_assert_int_eq(wn_input_unchanged(&input, &err), WN_OK);
    wn_input_close(&input);
    wn_input_close(&input);
}
END_TEST

START_TEST(short_files)
{
    static const char *const texts[] = {"", "a", "\x1f", "\x1f\x8b", "\x1f\x8b\x07"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct wn_input input;
        (void)tempdir_write("short", texts[i], strlen(texts[i]));
        ck_assert_int_eq(wn_input_open(&input, tempdir_path("short"), &no_stop, NULL), WN_OK);
        ck_assert(!input.spooled);
        require_content(&input, texts[i], strlen(texts[i]));
        wn_input_close(&input);
    }
}
END_TEST

START_TEST(what_cannot_be_opened)
{
    (void)tempdir_write("file", "x", 1);
    require_failure(tempdir_path("missing.csv"), WN_E_NOINPUT, "cannot be opened: No such file");
    require_failure(tempdir_path("file/below"), WN_E_NOINPUT, "cannot be opened: Not a directory");
    require_failure(tempdir_path(""), WN_E_NOINPUT, "is a directory, not a list");
    require_failure("", WN_E_NOINPUT, "cannot be opened");
    require_failure("/proc/self/mem", WN_E_NOINPUT, "cannot be read");
}
END_TEST

START_TEST(no_permission)
{
    (void)tempdir_write("secret", "x", 1);
    ck_assert_int_eq(chmod(tempdir_path("secret"), 0), 0);
    ck_assert_int_eq(chmod(tempdir_path(""), 0755), 0);
    uid_t user = geteuid();
    ck_assert_int_eq(user == 0 ? seteuid(65534) : 0, 0); /* root may read everything */
    require_failure(tempdir_path("secret"), WN_E_NOINPUT, "cannot be opened: Permission denied");
    ck_assert_int_eq(user == 0 ? seteuid(0) : 0, 0);
}
END_TEST

enum {
    LARGE = 700000 /* more than a block of the spool */
};

static char *large_text(void)
{
    char *text = wn_malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++) {
        text[i] = (char)('a' + i * i % 23);
    }
    return text;
}

START_TEST(packed_file)
{
    struct wn_input input;
    struct wn_error err = {0};
    char *text = large_text(), *packed = wn_malloc(LARGE);
    size_t n = packings[_i].compress(packed, LARGE, text, LARGE);
    (void)tempdir_write("list.csv.gz", packed, n);
    ck_assert_int_eq(chmod(tempdir_path("list.csv.gz"), 0604), 0);
    ck_assert_msg(wn_input_open(&input, tempdir_path("list.csv.gz"), &no_stop, &err) == WN_OK, "%s",
                  err.text);
    ck_assert(input.spooled);
    ck_assert_uint_eq(input.mode, 0604);
    require_content(&input, text, LARGE);
    (void)tempdir_write("list.csv.gz", "x", 1); /* a private copy does not care */
    ck_assert_int_eq(wn_input_unchanged(&input, &err), WN_OK);
    wn_input_close(&input);
    free(text);
    free(packed);
}
END_TEST

START_TEST(packed_members)
{
    static const char *const parts[] = {"a,b\n", "", "c,d\n"};
    char packed[1000];
    size_t n = 0;
    struct wn_input input;
    for (size_t i = 0; i < 3; i++) {
        n += packings[_i].compress(packed + n, sizeof packed - n, parts[i], strlen(parts[i]));
    }
    (void)tempdir_write("members.gz", packed, n);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("members.gz"), &no_stop, NULL), WN_OK);
    require_content(&input, "a,b\nc,d\n", 8);
    wn_input_close(&input);
    n = packings[_i].compress(packed, sizeof packed, "", 0);
    (void)tempdir_write("empty.gz", packed, n);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("empty.gz"), &no_stop, NULL), WN_OK);
    require_content(&input, "", 0);
    wn_input_close(&input);
}
END_TEST

/* Plain bytes that fill the unpacker's blocks exactly, cut at every place near the block's end. */
START_TEST(packed_ends_with_a_block)
{
    enum {
        BLOCK = 1 << 18
    };
    char *text = wn_calloc(3, BLOCK), *packed = wn_malloc(LARGE);
    for (size_t size = BLOCK - 1; size <= BLOCK + 1; size++) {
        struct wn_input input;
        size_t n = packings[_i].compress(packed, LARGE, text, size);
        (void)tempdir_write("block.gz", packed, n);
        ck_assert_int_eq(wn_input_open(&input, tempdir_path("block.gz"), &no_stop, NULL), WN_OK);
        require_content(&input, text, size);
        wn_input_close(&input);
    }
    free(text);
    free(packed);
}
END_TEST

START_TEST(broken_packing)
{
    char packed[1000], sentence[100];
    size_t n =
        packings[_i].compress(packed, sizeof packed, "email\na@x.example\nb@x.example\n", 30);
    (void)snprintf(sentence, sizeof sentence, "the %s data ends too early", packings[_i].word);
    for (size_t cut = packings[_i].magic; cut < n; cut++) {
        (void)tempdir_write("cut", packed, cut);
        require_failure(tempdir_path("cut"), WN_E_DATA, sentence);
    }
    packed[n - (_i == 0 ? 5 : 1)] ^= 1; /* of the checksum */
    (void)tempdir_write("sum", packed, n);
    (void)snprintf(sentence, sizeof sentence, "the %s data is broken: %s", packings[_i].word,
                   packings[_i].wrong_sum);
    require_failure(tempdir_path("sum"), WN_E_DATA, sentence);
    memset(packed + packings[_i].broken_at, 0xff, 4);
    (void)tempdir_write("data", packed, n);
    (void)snprintf(sentence, sizeof sentence, "the %s data is broken", packings[_i].word);
    require_failure(tempdir_path("data"), WN_E_DATA, sentence);
    n = packings[_i].compress(packed, sizeof packed, "a\n", 2);
    memset(packed + n, 'x', 7);
    (void)tempdir_write("tail", packed, n + 7);
    require_failure(tempdir_path("tail"), WN_E_DATA, sentence);
}
END_TEST

/* One character as UTF-16 in either order. */
static size_t put_unit(char *p, uint32_t unit, bool big_endian)
{
    p[big_endian ? 0 : 1] = (char)(unit >> 8);
    p[big_endian ? 1 : 0] = (char)(unit & 0xff);
    return 2;
}

static size_t encode(char *out, const uint32_t *units, size_t n, bool big_endian)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        length += put_unit(out + length, units[i], big_endian);
    }
    return length;
}

/* Characters of every length, and the first and the last of each. */
static const uint32_t units[] = {0xfeff, 'a',    0x7f, 0x80,   0x7ff,  0x800,  0xd7ff,
                                 0xe000, 0xffff, '@',  0xd800, 0xdc00, 0xdbff, 0xdfff,
                                 0xd83d, 0xdce7, '\0', '\r',   '\n'};
static const char in_utf8[] = "\xef\xbb\xbf"
                              "a\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
                              "\xef\xbf\xbf@\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xf0\x9f\x93\xa7"
                              "\0\r\n";

START_TEST(utf16)
{
    bool big_endian = _i != 0;
    char text[200], packed[400];
    struct wn_input input;
    struct wn_error err = {0};
    size_t n = encode(text, units, sizeof units / sizeof *units, big_endian);
    (void)tempdir_write("list.txt", text, n);
    ck_assert_int_eq(chmod(tempdir_path("list.txt"), 0640), 0);
    ck_assert_msg(wn_input_open(&input, tempdir_path("list.txt"), &no_stop, &err) == WN_OK, "%s",
                  err.text);
    ck_assert(input.utf16 && input.spooled);
    ck_assert_uint_eq(input.mode, 0640);
    require_content(&input, in_utf8, sizeof in_utf8 - 1);
    wn_input_close(&input);
    n = packings[_i].compress(packed, sizeof packed, text, n);
    (void)tempdir_write("list.gz", packed, n);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("list.gz"), &no_stop, NULL), WN_OK);
    ck_assert(input.utf16);
    require_content(&input, in_utf8, sizeof in_utf8 - 1);
    wn_input_close(&input);
}
END_TEST

/* A text in two pieces, and byte by byte. */
START_TEST(utf16_in_pieces)
{
    char text[200];
    uint64_t at;
    struct wn_buf out = {0};
    size_t n = encode(text, units, sizeof units / sizeof *units, false);
    for (size_t cut = 0; cut <= n + 1; cut++) {
        struct wn_utf16 u = {0};
        wn_buf_clear(&out);
        for (size_t i = 0; i < n;) {
            size_t piece = cut > n ? 1 : i == 0 && cut > 0 ? cut : n - i;
            ck_assert(wn_utf16_add(&u, (struct wn_span){text + i, piece}, &out, &at));
            i += piece;
            /* 10 to 15 are the halves of pairs. */
            bool whole = i % 2 == 0 && !(i > 20 && i < 32 && i / 2 % 2 == 1);
            ck_assert_msg(wn_utf16_end(&u, &at) == whole, "cut at %zu, after %zu", cut, i);
        }
        ck_assert(wn_span_equal(wn_buf_span(&out), (struct wn_span){in_utf8, sizeof in_utf8 - 1}));
    }
    wn_buf_release(&out);
}
END_TEST

/* What is shorter than a mark, or begins like one. */
START_TEST(hardly_utf16)
{
    static const struct {
        const char *name;
        struct wn_span text, plain;
        bool utf16;
    } rows[] = {
        {"half a mark", {"\xff", 1}, {"\xff", 1}, false},
        {"a mark alone", {"\xff\xfe", 2}, {"\xef\xbb\xbf", 3}, true},
        {"the other alone", {"\xfe\xff", 2}, {"\xef\xbb\xbf", 3}, true},
        {"UTF-32", {"\xff\xfe\0\0", 4}, {"\xff\xfe\0\0", 4}, false},
        {"no mark", {"a\0b\0", 4}, {"a\0b\0", 4}, false},
        {"UTF-8", {"\xef\xbb\xbf\n", 4}, {"\xef\xbb\xbf\n", 4}, false},
    };
    char packed[200];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int packs = 0; packs < 2; packs++) {
            struct wn_input input;
            size_t n = packings[_i].compress(packed, sizeof packed, rows[i].text.p, rows[i].text.n);
            (void)tempdir_write("x", packs ? packed : rows[i].text.p, packs ? n : rows[i].text.n);
            ck_assert_msg(wn_input_open(&input, tempdir_path("x"), &no_stop, NULL) == WN_OK, "%s",
                          rows[i].name);
            ck_assert_msg(input.utf16 == rows[i].utf16, "%s", rows[i].name);
            require_content(&input, rows[i].plain.p, rows[i].plain.n);
            wn_input_close(&input);
        }
    }
}
END_TEST

START_TEST(broken_utf16)
{
    static const struct {
        uint32_t units[6];
        size_t n, bytes;
        const char *says;
    } rows[] = {
        {{0xfeff, 'a', 0xdc00, 'b'}, 4, 8, "half of a surrogate pair at byte 4"},
        {{0xfeff, 'a', 0xd800, 'b'}, 4, 8, "half of a surrogate pair at byte 4"},
        {{0xfeff, 'a', 'b', 0xd800, 0xd800, 0xdc00}, 6, 12, "half of a surrogate pair at byte 6"},
        {{0xfeff, 'a', 0xdbff}, 3, 6, "an unfinished character at byte 4"},
        {{0xfeff, 'a', 0xdbff, 0xdc00}, 4, 7, "an unfinished character at byte 4"},
        {{0xfeff, 'a', 'b'}, 3, 5, "an unfinished character at byte 4"},
        {{0xfeff, 'a'}, 2, 3, "an unfinished character at byte 2"},
    };
    char text[64], packed[200], says[100];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            (void)encode(text, rows[i].units, rows[i].n, big_endian != 0);
            (void)tempdir_write("list.txt", text, rows[i].bytes);
            (void)snprintf(says, sizeof says,
                           "list.txt is broken UTF-16: %s; save it as CSV in UTF-8", rows[i].says);
            require_failure(tempdir_path("list.txt"), WN_E_DATA, says);
            size_t n = packings[_i].compress(packed, sizeof packed, text, rows[i].bytes);
            (void)tempdir_write("list.gz", packed, n);
            (void)snprintf(says, sizeof says,
                           "list.gz is broken UTF-16: %s of the decompressed text;", rows[i].says);
            require_failure(tempdir_path("list.gz"), WN_E_DATA, says);
        }
    }
}
END_TEST

/* More than a block, so that blocks end between the halves of characters. */
START_TEST(large_utf16)
{
    enum {
        TIMES = 200000
    };
    static const uint32_t face[] = {0xd83d, 0xdce7, 'a'};
    char *text = wn_malloc(TIMES * 6 + 2), *plain = wn_malloc(TIMES * 5 + 3);
    struct wn_input input;
    size_t n = put_unit(text, 0xfeff, false);
    memcpy(plain, "\xef\xbb\xbf", 3);
    for (size_t i = 0; i < TIMES; i++) {
        n += encode(text + n, face, 3, false);
        memcpy(plain + 3 + i * 5,
               "\xf0\x9f\x93\xa7"
               "a",
               5);
    }
    (void)tempdir_write("large.txt", text, n);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("large.txt"), &no_stop, NULL), WN_OK);
    require_content(&input, plain, TIMES * 5 + 3);
    wn_input_close(&input);
    free(text);
    free(plain);
}
END_TEST

/* UTF-16 has no other way but through the temporary file. */
START_TEST(utf16_cannot_be_copied)
{
    struct rlimit limit = {4, 4};
    (void)tempdir_write("list.txt",
                        "\xff\xfe"
                        "a\0b\0c\0",
                        8);
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    require_failure(tempdir_path("list.txt"), WN_E_IO, "the temporary copy cannot be written");
}
END_TEST

/* Writes in small pieces, as a slow producer does. */
struct producer {
    int fd;
    const char *p;
    size_t n, piece;
};

static void *produce(void *arg)
{
    struct producer *w = arg;
    for (size_t at = 0; at < w->n;) {
        size_t n = w->n - at < w->piece ? w->n - at : w->piece;
        ssize_t written = write(w->fd, w->p + at, n);
        if (written <= 0) {
            break;
        }
        at += (size_t)written;
        if (at < 10) {
            (void)usleep(1000); /* so that the first bytes come in several reads */
        }
    }
    (void)close(w->fd);
    return NULL;
}

static void open_standard_input(struct wn_input *input, const char *p, size_t n, size_t piece)
{
    int ends[2];
    pthread_t thread;
    struct wn_error err = {0};
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    struct producer w = {ends[1], p, n, piece};
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, &w), 0);
    ck_assert_msg(wn_input_open(input, "-", &no_stop, &err) == WN_OK, "%s", err.text);
    pthread_join(thread, NULL);
}

START_TEST(standard_input)
{
    struct wn_input input;
    struct wn_error err = {0};
    char *text = large_text();
    open_standard_input(&input, text, LARGE, 5000);
    ck_assert_str_eq(input.path, "-");
    ck_assert_str_eq(input.name, "standard input");
    ck_assert_uint_eq(input.mode, 0600);
    ck_assert(input.spooled);
    require_content(&input, text, LARGE);
    ck_assert_int_eq(wn_input_unchanged(&input, &err), WN_OK);
    wn_input_close(&input);
    free(text);
}
END_TEST

/* The first read of a pipe may bring less than the magic bytes. */
START_TEST(packed_through_a_slow_pipe)
{
    char packed[1000];
    struct wn_input input;
    size_t n = packings[_i].compress(packed, sizeof packed, "email\n", 6);
    open_standard_input(&input, packed, n, 1);
    require_content(&input, "email\n", 6);
    wn_input_close(&input);
}
END_TEST

START_TEST(utf16_through_a_slow_pipe)
{
    char text[200];
    struct wn_input input;
    size_t n = encode(text, units, sizeof units / sizeof *units, true);
    open_standard_input(&input, text, n, 1);
    ck_assert(input.utf16);
    require_content(&input, in_utf8, sizeof in_utf8 - 1);
    wn_input_close(&input);
}
END_TEST

START_TEST(standard_input_is_a_file)
{
    struct wn_input input;
    (void)tempdir_write("list.csv", "abc\n", 4);
    int fd = open(tempdir_path("list.csv"), O_RDONLY);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(wn_input_open(&input, "-", &no_stop, NULL), WN_OK);
    ck_assert(input.spooled);
    require_content(&input, "abc\n", 4);
    wn_input_close(&input);
    (void)close(fd);
}
END_TEST

START_TEST(standard_input_is_closed)
{
    (void)close(STDIN_FILENO);
    require_failure("-", WN_E_NOINPUT, "standard input cannot be opened");
}
END_TEST

static void *feed_fifo(void *arg)
{
    int fd = open(arg, O_WRONLY);
    ssize_t n = fd >= 0 ? write(fd, "x,y\n", 4) : -1;
    (void)n;
    (void)close(fd);
    return NULL;
}

START_TEST(named_pipe)
{
    struct wn_input input;
    pthread_t thread;
    const char *path = tempdir_path("fifo");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, feed_fifo, (void *)(uintptr_t)path), 0);
    ck_assert_int_eq(wn_input_open(&input, path, &no_stop, NULL), WN_OK);
    pthread_join(thread, NULL);
    ck_assert(input.spooled);
    ck_assert_uint_eq(input.mode, 0600);
    require_content(&input, "x,y\n", 4);
    wn_input_close(&input);
}
END_TEST

static _Atomic int stop;

static void ask_to_stop(int number)
{
    stop = number;
}

/* A signal again and again, as one alone could come before the wait begins. */
static void signal_soon(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop};
    struct itimerval timer = {{0, 5000}, {0, 5000}};
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

/* Waiting for input used to go on after a signal, until the next byte came. */
START_TEST(signal_ends_the_wait_for_input)
{
    struct wn_input input;
    struct wn_error err = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    signal_soon();
    ck_assert_int_eq(wn_input_open(&input, "-", &stop, &err), WN_E_SIGNAL + SIGALRM);
    ck_assert_int_eq(err.status, WN_E_SIGNAL + SIGALRM);
    struct wn_error two = {0};
    stop = 0;
    ck_assert_int_eq(mkfifo(tempdir_path("silent"), 0600), 0);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("silent"), &stop, &two),
                     WN_E_SIGNAL + SIGALRM);
}
END_TEST

START_TEST(file_that_changes)
{
    static const struct {
        const char *name, *text; /* written over "a,b\n" */
        bool later;              /* and the clock moves */
    } rows[] = {
        {"longer", "a,b\nc\n", false}, {"shorter", "a\n", false}, {"touched", "x,y\n", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wn_input input;
        struct wn_error err = {0};
        struct timespec times[2] = {{0, UTIME_OMIT}, {1000000000, 7}};
        (void)tempdir_write("list.csv", "a,b\n", 4);
        ck_assert_int_eq(utimensat(AT_FDCWD, tempdir_path("list.csv"), times, 0), 0);
        ck_assert_int_eq(wn_input_open(&input, tempdir_path("list.csv"), &no_stop, NULL), WN_OK);
        (void)tempdir_write("list.csv", rows[i].text, strlen(rows[i].text));
        times[1].tv_nsec += rows[i].later;
        ck_assert_int_eq(utimensat(AT_FDCWD, tempdir_path("list.csv"), times, 0), 0);
        ck_assert_msg(wn_input_unchanged(&input, &err) == WN_E_IO, "%s", rows[i].name);
        ck_assert_ptr_nonnull(strstr(err.text, "changed while it was read"));
        wn_input_close(&input);
    }
}
END_TEST

/* A file that is replaced by another is still the one that was opened. */
START_TEST(file_that_is_replaced)
{
    struct wn_input input;
    (void)tempdir_write("list.csv", "a,b\n", 4);
    (void)tempdir_write("new.csv", "c,d,e\n", 6);
    ck_assert_int_eq(wn_input_open(&input, tempdir_path("list.csv"), &no_stop, NULL), WN_OK);
    ck_assert_int_eq(rename(tempdir_path("new.csv"), tempdir_path("list.csv")), 0);
    ck_assert_int_eq(wn_input_unchanged(&input, NULL), WN_OK);
    require_content(&input, "a,b\n", 4);
    wn_input_close(&input);
}
END_TEST

START_TEST(spool_cannot_be_written)
{
    char packed[1000];
    struct rlimit limit = {4, 4};
    size_t n = packings[_i].compress(packed, sizeof packed, "email\n", 6);
    (void)tempdir_write("list.gz", packed, n);
    ck_assert_int_eq(setenv("TMPDIR", tempdir_path("nowhere"), 1), 0);
    require_failure(tempdir_path("list.gz"), WN_E_IO, "a temporary file cannot be created in");
    ck_assert_int_eq(setenv("TMPDIR", "", 1), 0);
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    require_failure(tempdir_path("list.gz"), WN_E_IO, "the temporary copy cannot be written");
}
END_TEST

START_TEST(read_error)
{
    struct wn_error err = {0}, two = {0};
    char byte;
    size_t got;
    (void)tempdir_write("x", "abc", 3);
    struct wn_input input = {.name = "x", .fd = open(tempdir_path("x"), O_WRONLY)};
    ck_assert_int_eq(wn_input_read(&input, 0, &byte, 1, &got, &err), WN_E_IO);
    ck_assert_str_eq(err.text, "x cannot be read: Bad file descriptor");
    wn_input_close(&input);
    input.fd = 1000;
    ck_assert_int_eq(wn_input_unchanged(&input, &two), WN_E_IO);
    require_failure("/proc/self/task", WN_E_NOINPUT, "is a directory");
}
END_TEST

static void make_directory(void)
{
    (void)tempdir_make();
}

int main(void)
{
    Suite *suite = suite_create("input");
    TCase *cases = tcase_create("input");
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, make_directory, tempdir_remove);
    const TTest *const tests[] = {
        regular_file,
        short_files,
        what_cannot_be_opened,
        no_permission,
        utf16_in_pieces,
        hardly_utf16,
        broken_utf16,
        large_utf16,
        utf16_cannot_be_copied,
        utf16_through_a_slow_pipe,
        standard_input,
        named_pipe,
        standard_input_is_a_file,
        file_that_changes,
        standard_input_is_closed,
        file_that_is_replaced,
        signal_ends_the_wait_for_input,
        read_error,
        spool_cannot_be_written,
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tcase_add_test(cases, tests[i]);
    }
    const TTest *const packed_tests[] = {packed_file, packed_members, broken_packing,
                                         packed_ends_with_a_block, packed_through_a_slow_pipe};
    for (size_t i = 0; i < sizeof packed_tests / sizeof *packed_tests; i++) {
        tcase_add_loop_test(cases, packed_tests[i], 0, PACKINGS);
    }
    tcase_add_loop_test(cases, utf16, 0, 2); /* little-endian, big-endian */
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
