/* SPDX-License-Identifier: MIT */
/* The baseline of scripts/bench: the bare libcsv loop over a file, one thread, callbacks that
 * count. Whatever Winnow does with a row, it cannot do it in less than this without leaving libcsv.
 * Prints the fields, the records and the bytes; the time is the caller's to take. */

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 1 << 20
};

struct counts {
    uint64_t fields, records, bytes;
};

static void count_field(void *text, size_t length, void *arg)
{
    (void)text;
    (void)length;
    ((struct counts *)arg)->fields++;
}

static void count_record(int terminator, void *arg)
{
    (void)terminator;
    ((struct counts *)arg)->records++;
}

static int run(FILE *f, char *block, struct counts *counts)
{
    struct csv_parser parser;
    size_t n;
    int status = 0;
    if (csv_init(&parser, 0) != 0) {
        return 1;
    }
    while (status == 0 && (n = fread(block, 1, BLOCK, f)) > 0) {
        counts->bytes += n;
        if (csv_parse(&parser, block, n, count_field, count_record, counts) != n) {
            fprintf(stderr, "csvloop: %s\n", csv_strerror(csv_error(&parser)));
            status = 65;
        }
    }
    if (status == 0 && (ferror(f) || csv_fini(&parser, count_field, count_record, counts) != 0)) {
        fputs("csvloop: the file cannot be read to its end\n", stderr);
        status = 74;
    }
    csv_free(&parser);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: csvloop FILE\n", stderr);
        return 64;
    }
    FILE *f = fopen(argv[1], "r");
    if (!f) {
        fprintf(stderr, "csvloop: %s: %s\n", argv[1], strerror(errno));
        return 66;
    }
    struct counts counts = {0};
    char *block = malloc(BLOCK);
    int status = block ? run(f, block, &counts) : 1;
    free(block);
    (void)fclose(f);
    printf("%" PRIu64 " fields, %" PRIu64 " records, %" PRIu64 " bytes\n", counts.fields,
           counts.records, counts.bytes);
    return status;
}
