/* SPDX-License-Identifier: MIT */
/* parse [TEXT...]: reads each TEXT, or else each line of standard input, as an email address and
 * says what it is. A whole program on libwinnow; docs/library.md explains it. To build it:
 *
 *     cc parse.c $(pkg-config --cflags --libs libwinnow) -o parse
 *
 * Exit status 0 when every text is an address without a fault, 1 when one is not, 2 when that could
 * not be found out. */
#define _POSIX_C_SOURCE 200809L /* getline */
#include <winnow.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum status {
    FINE,
    FAULTY,
    TROUBLE
};

/* The text is anybody's, so it must not drive the terminal: control characters become '?'. */
static void print_text(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        (void)putchar(c < 0x20 || c == 0x7f ? '?' : c);
    }
    (void)putchar('\n');
}

/* Offsets are in octets, columns in characters: the octets of UTF-8 that go on with a character
 * take none. */
static void print_caret(const char *text, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            (void)putchar(' ');
        }
    }
    (void)fputs("^\n", stdout);
}

static enum status show(const char *text, size_t length)
{
    struct wn_parsed parsed;

    if (!wn_parse(text, length, WN_PARSE_KNOWN_TLD, &parsed)) {
        (void)fputs("parse: out of memory\n", stderr);
        return TROUBLE;
    }
    print_text(text, length);
    if (parsed.fault != NULL) {
        print_caret(text, parsed.fault_at);
        (void)printf("  fault       %s: %s\n", parsed.fault, parsed.sentence);
    }
    if (parsed.address_length > 0) {
        (void)printf("  address     %s\n", parsed.address);
        (void)printf("  key         %s\n", parsed.key);
    }
    for (size_t i = 0; i < parsed.flag_count; i++) {
        (void)printf("%s%s", i == 0 ? "  flags       " : " ", parsed.flags[i]);
    }
    if (parsed.flag_count > 0) {
        (void)putchar('\n');
    }
    if (parsed.suggestion_length > 0) {
        (void)printf("  suggestion  %s\n", parsed.suggestion);
    }
    return parsed.fault == NULL ? FINE : FAULTY;
}

static enum status worse(enum status a, enum status b)
{
    return a > b ? a : b;
}

static enum status show_lines(FILE *in)
{
    enum status status = FINE;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    while (status != TROUBLE && (length = getline(&line, &capacity, in)) >= 0) {
        /* wn_parse would cut the line end off, but then as something that stood there. */
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
            length--;
        }
        status = worse(status, show(line, (size_t)length));
    }
    free(line);
    if (!feof(in) && status != TROUBLE) {
        perror("parse: standard input");
        return TROUBLE;
    }
    return status;
}

int main(int argc, char **argv)
{
    enum status status = FINE;

    if (argc < 2) {
        status = show_lines(stdin);
    }
    for (int i = 1; i < argc && status != TROUBLE; i++) {
        status = worse(status, show(argv[i], strlen(argv[i])));
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("parse: standard output");
        return TROUBLE;
    }
    return (int)status;
}
