/* SPDX-License-Identifier: MIT */
/* The parser of DNS answers, on messages written out octet by octet. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "support/suite.h"

/* A message and its length; the literals are cut wherever an octet would swallow the next digit. */
#define M(text) (text), sizeof(text) - 1

#define HEADER(flags, questions, answers, authorities, additionals)                                \
    "\x12\x34" flags "\0" questions "\0" answers "\0" authorities "\0" additionals

#define ANSWER   "\x81\x80" /* QR RD RA, NOERROR */
#define NO_RA    "\x84\x00" /* QR AA */
#define NXD      "\x81\x83"
#define Q_MX     "\1d\2tt\0\0\x0f\0\1" /* d.tt; its name is at 12 */
#define Q_A      "\1d\2tt\0\0\1\0\1"
#define Q_AAAA   "\1d\2tt\0\0\x1c\0\1"
#define Q_PTR    "\1d\2tt\0\0\x0c\0\1"
#define Q_TXT    "\1d\2tt\0\0\x10\0\1"
#define SELF     "\xc0\x0c"
#define TTL(low) "\0\0\0" low
#define MX_TYPE  "\0\x0f\0\1"
#define A_TYPE   "\0\1\0\1"
#define AAAA     "\0\x1c\0\1"
#define CNAME    "\0\5\0\1"
#define SOA      "\0\6\0\1"
#define NS       "\0\2\0\1"
#define TXT      "\0\x10\0\1"
#define PTR      "\0\x0c\0\1"

struct expected_mx {
    uint16_t preference;
    const char *host;
    bool odd;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
struct row {
    const char *name;
    const char *message;
    size_t length;
    enum wn_dns_type type;
    const char *fault; /* NULL: none, and what follows holds */
    unsigned rcode;
    bool truncated, recursive, referral, alias;
    uint32_t ttl;
    struct expected_mx mx[3];
    const char *ip[3];
    const char *text[3]; /* of PTR and TXT */
};

static const struct row rows[] = {
    {.name = "two MX records, compressed, in upper case",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0") Q_MX SELF MX_TYPE TTL(
         "\x3c") "\0\7\0\x14\2MX\xc0\x0c" SELF MX_TYPE TTL("\x1e") "\0\5\0\x0a\1x\0"),
     .type = WN_DNS_MX,
     .recursive = true,
     .ttl = 30,
     .mx = {{20, "mx.d.tt", false}, {10, "x", false}}},
    {.name = "null MX",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX SELF MX_TYPE TTL("\x3c") "\0\3\0\0\0"),
     .type = WN_DNS_MX,
     .recursive = true,
     .ttl = 60,
     .mx = {{0, "", false}}},
    {.name = "an MX host with octets that no host name has",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0")
           Q_MX SELF MX_TYPE TTL("\x3c") "\0\x0a\0\1\6"
                                         "a.b\n\\\xff\0" SELF MX_TYPE TTL("\x3c") "\0\6\0\1\2"
                                                                                  ":_\0"),
     .type = WN_DNS_MX,
     .recursive = true,
     .ttl = 60,
     .mx = {{1, "a?b???", true}, {1, ":_", true}}},
    {.name = "addresses",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0") Q_A SELF A_TYPE TTL(
         "\x3c") "\0\4\x08\x08\x04\x04" SELF A_TYPE TTL("\x3d") "\0\4\1\2\3\4"),
     .type = WN_DNS_A,
     .recursive = true,
     .ttl = 60,
     .ip = {"8.8.4.4", "1.2.3.4"}},
    {.name = "IPv6 addresses",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0")
           Q_AAAA SELF AAAA TTL("\1") "\0\x10\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
     .type = WN_DNS_AAAA,
     .recursive = true,
     .ttl = 1,
     .ip = {"2001::1"}},
    {.name = "records of other names, types and classes are passed over",
     M(HEADER(ANSWER, "\1", "\4", "\0", "\0") Q_A SELF MX_TYPE TTL(
         "\0") "\0\3\0\0\0"
               "\1e\0" A_TYPE TTL("\0") "\0\4\1\1\1\1" SELF "\0\1\0\3" TTL(
                   "\0") "\0\4\2\2\2\2" SELF A_TYPE TTL("\x3c") "\0\4\3\3\3\3"),
     .type = WN_DNS_A,
     .recursive = true,
     .ttl = 60,
     .ip = {"3.3.3.3"}},
    {.name = "an alias chain in the wrong order",
     M(HEADER(ANSWER, "\1", "\3", "\0", "\0") Q_A "\1z\0" A_TYPE TTL(
         "\x3c") "\0\4\3\3\3\3"
                 "\1y\0" CNAME TTL("\x05") "\0\3\1z\0" SELF CNAME TTL("\x28") "\0\3\1Y\0"),
     .type = WN_DNS_A,
     .recursive = true,
     .alias = true,
     .ttl = 5,
     .ip = {"3.3.3.3"}},
    {.name = "an alias of itself",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_A SELF CNAME TTL("\x28") "\0\2" SELF),
     .type = WN_DNS_A,
     .fault = "alias loop"},
    {.name = "two aliases in a circle",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0")
           Q_A SELF CNAME TTL("\x28") "\0\3\1y\0"
                                      "\1y\0" CNAME TTL("\x28") "\0\2" SELF),
     .type = WN_DNS_A,
     .fault = "alias loop"},
    {.name = "NXDOMAIN with a SOA: the lesser of its TTL and MINIMUM",
     M(HEADER(NXD, "\1", "\0", "\1", "\0") Q_MX
       "\0" SOA TTL("\x64") "\0\x16\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x32"),
     .type = WN_DNS_MX,
     .rcode = 3,
     .recursive = true,
     .ttl = 50},
    {.name = "NXDOMAIN without a SOA",
     M(HEADER(NXD, "\1", "\0", "\0", "\0") Q_MX),
     .type = WN_DNS_MX,
     .rcode = 3,
     .recursive = true,
     .ttl = 0},
    {.name = "no data, with a SOA whose TTL is the lesser",
     M(HEADER(ANSWER, "\1", "\0", "\1", "\0") Q_MX
       "\0" SOA TTL("\x0a") "\0\x16\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x32"),
     .type = WN_DNS_MX,
     .recursive = true,
     .ttl = 10},
    {.name = "no data and nothing else",
     M(HEADER(ANSWER, "\1", "\0", "\0", "\0") Q_MX),
     .type = WN_DNS_MX,
     .recursive = true,
     .ttl = 0},
    {.name = "the SOA of an answer that has records does not count",
     M(HEADER(ANSWER, "\1", "\1", "\1", "\0") Q_A SELF A_TYPE TTL(
         "\x3c") "\0\4\3\3\3\3"
                 "\0" SOA TTL("\x0a") "\0\x16\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x32"),
     .type = WN_DNS_A,
     .recursive = true,
     .ttl = 60,
     .ip = {"3.3.3.3"}},
    {.name = "a referral",
     M(HEADER(ANSWER, "\1", "\0", "\1", "\0") Q_MX "\0" NS TTL("\x0a") "\0\1\0"),
     .type = WN_DNS_MX,
     .recursive = true,
     .referral = true,
     .ttl = 0},
    {.name = "an alias that a resolver found to end in nothing",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX SELF CNAME TTL("\x28") "\0\3\1y\0"),
     .type = WN_DNS_MX,
     .recursive = true,
     .alias = true,
     .ttl = 0},
    {.name = "an alias that a server without recursion did not follow",
     M(HEADER(NO_RA, "\1", "\1", "\0", "\0") Q_MX SELF CNAME TTL("\x28") "\0\3\1y\0"),
     .type = WN_DNS_MX,
     .alias = true,
     .referral = true,
     .ttl = 0},
    {.name = "SERVFAIL",
     M(HEADER("\x81\x82", "\1", "\0", "\0", "\0") Q_MX),
     .type = WN_DNS_MX,
     .rcode = 2,
     .recursive = true,
     .ttl = 0},
    {.name = "an extended response code",
     M(HEADER(ANSWER, "\1", "\0", "\0", "\1") Q_MX "\0\0\x29\x04\xd0\1\0\0\0\0\0"),
     .type = WN_DNS_MX,
     .rcode = 16,
     .recursive = true,
     .ttl = 0},
    {.name = "TC",
     M(HEADER("\x83\x80", "\1", "\0", "\0", "\0") Q_MX),
     .type = WN_DNS_MX,
     .truncated = true,
     .recursive = true,
     .ttl = 0},
    {.name = "a TTL with its highest bit set is 0 (RFC 2181 8)",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_A SELF A_TYPE "\x80\0\0\0"
                                                              "\0\4\3\3\3\3"),
     .type = WN_DNS_A,
     .recursive = true,
     .ttl = 0,
     .ip = {"3.3.3.3"}},
    {.name = "nothing", M(""), .type = WN_DNS_MX, .fault = "malformed header"},
    {.name = "half a header",
     M("\x12\x34\x81\x80\0\1"),
     .type = WN_DNS_MX,
     .fault = "malformed header"},
    {.name = "a question",
     M(HEADER("\1\0", "\1", "\0", "\0", "\0") Q_MX),
     .type = WN_DNS_MX,
     .fault = "a question for an answer"},
    {.name = "no question in it",
     M(HEADER(ANSWER, "\0", "\0", "\0", "\0")),
     .type = WN_DNS_MX,
     .fault = "malformed question"},
    {.name = "two questions in it",
     M(HEADER(ANSWER, "\2", "\0", "\0", "\0") Q_MX Q_MX),
     .type = WN_DNS_MX,
     .fault = "malformed question"},
    {.name = "a question that is cut",
     M(HEADER(ANSWER, "\1", "\0", "\0", "\0") "\1d\2tt\0\0\x0f\0"),
     .type = WN_DNS_MX,
     .fault = "malformed question"},
    {.name = "another type was asked",
     M(HEADER(ANSWER, "\1", "\0", "\0", "\0") Q_A),
     .type = WN_DNS_MX,
     .fault = "answer to another question"},
    {.name = "another class was asked",
     M(HEADER(ANSWER, "\1", "\0", "\0", "\0") "\1d\2tt\0\0\x0f\0\3"),
     .type = WN_DNS_MX,
     .fault = "answer to another question"},
    {.name = "more answers are announced than there are",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0") Q_A SELF A_TYPE TTL("\x3c") "\0\4\3\3\3\3"),
     .type = WN_DNS_A,
     .fault = "malformed answer"},
    {.name = "data longer than the message",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_A SELF A_TYPE TTL("\x3c") "\0\5\3\3\3\3"),
     .type = WN_DNS_A,
     .fault = "malformed answer"},
    {.name = "an address of three octets",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_A SELF A_TYPE TTL("\x3c") "\0\3\3\3\3"),
     .type = WN_DNS_A,
     .fault = "malformed address record"},
    {.name = "an MX record without a host",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX SELF MX_TYPE TTL("\x3c") "\0\2\0\1"),
     .type = WN_DNS_MX,
     .fault = "malformed MX record"},
    {.name = "an MX record with something behind its host",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX SELF MX_TYPE TTL("\x3c") "\0\6\0\1\1x\0!"),
     .type = WN_DNS_MX,
     .fault = "malformed MX record"},
    {.name = "an MX record of one octet",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX SELF MX_TYPE TTL("\x3c") "\0\1\0"),
     .type = WN_DNS_MX,
     .fault = "malformed MX record"},
    {.name = "a host that runs out of its record",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0")
           Q_MX SELF MX_TYPE TTL("\x3c") "\0\4\0\1\5x" SELF MX_TYPE TTL("\x3c") "\0\3\0\0\0"),
     .type = WN_DNS_MX,
     .fault = "malformed MX record"},
    {.name = "a pointer to itself",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX "\xc0\x16" MX_TYPE TTL("\x3c") "\0\3\0\0\0"),
     .type = WN_DNS_MX,
     .fault = "malformed answer"},
    {.name = "a pointer forward",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX "\xc0\x20" MX_TYPE TTL("\x3c") "\0\3\0\0\0"),
     .type = WN_DNS_MX,
     .fault = "malformed answer"},
    {.name = "half a pointer",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX "\xc0"),
     .type = WN_DNS_MX,
     .fault = "malformed answer"},
    {.name = "a label type that does not exist",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX "\x40\0" MX_TYPE TTL("\x3c") "\0\3\0\0\0"),
     .type = WN_DNS_MX,
     .fault = "malformed answer"},
    {.name = "an alias without a name",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX SELF CNAME TTL("\x3c") "\0\0"),
     .type = WN_DNS_MX,
     .fault = "malformed CNAME record"},
    {.name = "an authority section that is cut",
     M(HEADER(ANSWER, "\1", "\0", "\1", "\0") Q_MX "\0" NS),
     .type = WN_DNS_MX,
     .fault = "malformed authority"},
    {.name = "a SOA that is cut",
     M(HEADER(NXD, "\1", "\0", "\1", "\0") Q_MX "\0" SOA TTL("\x64") "\0\6\0\0\0\0\0\1"),
     .type = WN_DNS_MX,
     .fault = "malformed SOA record"},
    {.name = "a SOA with something behind it",
     M(HEADER(NXD, "\1", "\0", "\1", "\0") Q_MX
       "\0" SOA TTL("\x64") "\0\x17\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x32!"),
     .type = WN_DNS_MX,
     .fault = "malformed SOA record"},
    {.name = "a host name for an address, behind an alias",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0")
           Q_PTR SELF CNAME TTL("\x28") "\0\3\1e\0"
                                        "\1e\0" PTR TTL("\x3c") "\0\6\4MX"
                                                                "-1\0"),
     .type = WN_DNS_PTR,
     .recursive = true,
     .alias = true,
     .ttl = 40,
     .text = {"mx-1"}},
    {.name = "a host name with something behind it",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_PTR SELF PTR TTL("\x3c") "\0\4\1x\0!"),
     .type = WN_DNS_PTR,
     .fault = "malformed PTR record"},
    {.name = "two TXT records: of two strings, and of an empty one",
     M(HEADER(ANSWER, "\1", "\2", "\0", "\0")
           Q_TXT SELF TXT TTL("\x3c") "\0\6\2a\n\2\0\xe9" SELF TXT TTL("\x3c") "\0\1\0"),
     .type = WN_DNS_TXT,
     .recursive = true,
     .ttl = 60,
     .text = {"a???", ""}},
    {.name = "a TXT string that runs out of its record",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_TXT SELF TXT TTL("\x3c") "\0\2\2ab"),
     .type = WN_DNS_TXT,
     .fault = "malformed TXT record"},
    {.name = "a TXT record without a string",
     M(HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_TXT SELF TXT TTL("\x3c") "\0\0"),
     .type = WN_DNS_TXT,
     .fault = "malformed TXT record"},
    {.name = "an additional section that is cut",
     M(HEADER(ANSWER, "\1", "\0", "\0", "\1") Q_MX "\0\0\x29"),
     .type = WN_DNS_MX,
     .fault = "malformed additional section"},
};

static const size_t row_count = sizeof rows / sizeof rows[0];

static struct wn_dns_answer answer;
static struct wn_buf texts;

/* The literal without its NUL to message + at; what comes behind it. */
#define APPEND(message, at, literal) append(message, at, literal, sizeof(literal) - 1)

static size_t append(char *message, size_t at, const char *octets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        message[at + i] = octets[i];
    }
    return at + n;
}

/* From memory that ends where the message ends, so that a sanitizer sees a step too far. */
static const char *read_copy(const char *message, size_t length, enum wn_dns_type type)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, message, length);
    wn_buf_clear(&texts);
    answer.texts = &texts;
    const char *fault = wn_dns_read(copy, length, type, &answer);
    free(copy);
    return fault;
}

static void check_records(const struct row *row)
{
    size_t count = 0;
    while (count < 3 && row->mx[count].host != NULL) {
        ck_assert_uint_lt(count, answer.mx_count);
        ck_assert_str_eq(answer.mx[count].host, row->mx[count].host);
        ck_assert_uint_eq(answer.mx[count].preference, row->mx[count].preference);
        ck_assert_int_eq(answer.mx[count].odd, row->mx[count].odd);
        count++;
    }
    ck_assert_uint_eq(answer.mx_count, count);
    for (count = 0; count < 3 && row->ip[count] != NULL; count++) {
        char text[WN_IP_TEXT];
        ck_assert_uint_lt(count, answer.ip_count);
        wn_ip_format(&answer.ip[count], text);
        ck_assert_str_eq(text, row->ip[count]);
    }
    ck_assert_uint_eq(answer.ip_count, count);
    const char *text = texts.p;
    for (count = 0; count < 3 && row->text[count] != NULL; count++) {
        ck_assert_uint_lt(count, answer.text_count);
        ck_assert_str_eq(text, row->text[count]);
        text += strlen(text) + 1;
    }
    ck_assert_uint_eq(answer.text_count, count);
}

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    const char *fault = read_copy(row->message, row->length, row->type);
    if (row->fault != NULL) {
        ck_assert_msg(fault != NULL && strcmp(fault, row->fault) == 0, "%s: %s", row->name,
                      fault != NULL ? fault : "no fault");
        return;
    }
    ck_assert_msg(fault == NULL, "%s: %s", row->name, fault != NULL ? fault : "");
    ck_assert_msg(answer.rcode == row->rcode, "%s: rcode %u", row->name, answer.rcode);
    ck_assert_msg(answer.truncated == row->truncated, "%s: truncated", row->name);
    ck_assert_msg(answer.recursive == row->recursive, "%s: recursive", row->name);
    ck_assert_msg(answer.referral == row->referral, "%s: referral", row->name);
    ck_assert_msg(answer.alias == row->alias, "%s: alias", row->name);
    ck_assert_msg(answer.ttl == row->ttl, "%s: ttl %u", row->name, answer.ttl);
    check_records(row);
}
END_TEST

/* No cut and no wrong octet makes the parser step over the end, whatever it makes of the rest. */
START_TEST(test_cut_and_changed)
{
    const struct row *row = &rows[_i];
    static const char values[] = {0, 1, 0x3f, 0x40, (char)0x80, (char)0xc0, (char)0xff};
    for (size_t n = 0; n < row->length; n++) {
        (void)read_copy(row->message, n, row->type);
    }
    char copy[512];
    ck_assert_uint_le(row->length, sizeof copy);
    for (size_t i = 0; i < row->length; i++) {
        for (size_t k = 0; k < sizeof values; k++) {
            memcpy(copy, row->message, row->length);
            copy[i] = values[k];
            (void)read_copy(copy, row->length, row->type);
        }
    }
}
END_TEST

/* As many records as a message holds, and names of full length. */
START_TEST(test_many_records)
{
    static char message[65535];
    static const char record[] = SELF MX_TYPE TTL("\x3c") "\0\6\0\1\2zz\0";
    size_t n = APPEND(message, 0, HEADER(ANSWER, "\1", "\0", "\0", "\0") Q_MX);
    unsigned count = 0;
    while (n + sizeof record - 1 <= sizeof message) {
        n = APPEND(message, n, record);
        count++;
    }
    message[6] = (char)(count >> 8);
    message[7] = (char)count;
    ck_assert_ptr_null(read_copy(message, n, WN_DNS_MX));
    ck_assert_uint_eq(answer.mx_count, WN_DNS_MX_MAX);
    ck_assert(answer.more);
}
END_TEST

START_TEST(test_many_addresses)
{
    static char message[4096];
    static const char record[] = SELF A_TYPE TTL("\x3c") "\0\4\1\2\3\4";
    size_t n = APPEND(message, 0, HEADER(ANSWER, "\1", "\x11", "\0", "\0") Q_A);
    for (int i = 0; i < 17; i++) {
        n = APPEND(message, n, record);
    }
    ck_assert_ptr_null(read_copy(message, n, WN_DNS_A));
    ck_assert_uint_eq(answer.ip_count, WN_DNS_IP_MAX);
    ck_assert(answer.more);
}
END_TEST

/* A name of 255 octets has 253 of text; one label more is too long. */
START_TEST(test_long_name)
{
    char message[512];
    for (int extra = 0; extra < 2; extra++) {
        size_t n = APPEND(message, 0, HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX);
        n = APPEND(message, n, SELF MX_TYPE TTL("\x3c"));
        size_t length = extra ? 259 : 257;
        message[n++] = (char)(length >> 8);
        message[n++] = (char)length;
        message[n++] = 0;
        message[n++] = 1;
        for (int i = 0; i < 127 + extra; i++) {
            message[n++] = 1;
            message[n++] = 'a';
        }
        message[n++] = 0;
        const char *fault = read_copy(message, n, WN_DNS_MX);
        if (extra) {
            ck_assert_str_eq(fault, "malformed MX record");
        } else {
            ck_assert_ptr_null(fault);
            ck_assert_uint_eq(strlen(answer.mx[0].host), 253);
        }
    }
}
END_TEST

/* A chain of pointers, each to the one before: what it costs to walk must not add up. */
START_TEST(test_pointer_chain)
{
    for (size_t links = 126; links <= 127; links++) {
        char message[512];
        size_t n = APPEND(message, 0, HEADER(ANSWER, "\1", "\1", "\0", "\0") Q_MX);
        n = APPEND(message, n, "\0" TXT TTL("\x3c")); /* which holds the chain */
        message[n++] = (char)((links * 2) >> 8);
        message[n++] = (char)(links * 2);
        size_t to = 12;
        for (size_t i = 0; i < links; i++, n += 2) {
            message[n] = (char)(0xc0 | to >> 8);
            message[n + 1] = (char)to;
            to = n;
        }
        message[9] = 1; /* and the authority section a record whose owner is its end */
        message[n++] = (char)(0xc0 | to >> 8);
        message[n++] = (char)to;
        n = APPEND(message, n, NS TTL("\1") "\0\1\0");
        const char *fault = read_copy(message, n, WN_DNS_MX);
        ck_assert_msg((fault == NULL) == (links == 126), "%zu: %s", links, fault);
    }
}
END_TEST

START_TEST(test_rcode_words)
{
    ck_assert_str_eq(wn_dns_rcode_word(0), "NOERROR");
    ck_assert_str_eq(wn_dns_rcode_word(2), "SERVFAIL");
    ck_assert_str_eq(wn_dns_rcode_word(5), "REFUSED");
    ck_assert_str_eq(wn_dns_rcode_word(16), "BADVERS");
    ck_assert_str_eq(wn_dns_rcode_word(4000), "RCODE");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dns_wire");
    TCase *tcase = tcase_create("dns_wire");
    tcase_add_loop_test(tcase, test_row, 0, (int)row_count);
    tcase_add_loop_test(tcase, test_cut_and_changed, 0, (int)row_count);
    tcase_add_test(tcase, test_many_records);
    tcase_add_test(tcase, test_many_addresses);
    tcase_add_test(tcase, test_long_name);
    tcase_add_test(tcase, test_pointer_chain);
    tcase_add_test(tcase, test_rcode_words);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
