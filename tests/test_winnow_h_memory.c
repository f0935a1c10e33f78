/* SPDX-License-Identifier: MIT */
/* What wn_parse does with memory: never asks for any itself, calls what may ask for some only for
 * the texts that winnow.h names, and says so when it is refused. The linker puts the functions
 * below in front of the real ones (--wrap), so that each call can be counted and made to fail. */
#include <check.h>
#include <errno.h>
#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

#include "support/suite.h"
#include "winnow.h"

/* Calls so far: of the C library's allocators by our own code, and of the libraries' functions that
 * may allocate. The call number `refused` of the latter (from 1; 0: none) fails. */
static unsigned own, theirs, refused;

static bool refuse(void)
{
    return ++theirs == refused;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    own++;
    return __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    own++;
    return __real_calloc(count, size);
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
    own++;
    return __real_realloc(p, size);
}

uint8_t *__real_u8_normalize(uninorm_t form, const uint8_t *p, size_t n, uint8_t *out,
                             size_t *room);
uint8_t *__wrap_u8_normalize(uninorm_t form, const uint8_t *p, size_t n, uint8_t *out,
                             size_t *room);
uint8_t *__wrap_u8_normalize(uninorm_t form, const uint8_t *p, size_t n, uint8_t *out, size_t *room)
{
    if (refuse()) {
        errno = ENOMEM;
        return NULL;
    }
    return __real_u8_normalize(form, p, n, out, room);
}

int __real_idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags);
int __wrap_idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags);
int __wrap_idn2_lookup_u8(const uint8_t *name, uint8_t **out, int flags)
{
    return refuse() ? IDN2_MALLOC : __real_idn2_lookup_u8(name, out, flags);
}

int __real_idn2_to_unicode_8z8z(const char *name, char **out, int flags);
int __wrap_idn2_to_unicode_8z8z(const char *name, char **out, int flags);
int __wrap_idn2_to_unicode_8z8z(const char *name, char **out, int flags)
{
    return refuse() ? IDN2_MALLOC : __real_idn2_to_unicode_8z8z(name, out, flags);
}

/* `calls` of the libraries' functions that allocate, or might. */
static const struct {
    const char *name, *text;
    unsigned calls;
} cases[] = {
    {"plain", "Bob@X.org", 0},
    {"wrapped", "\"Smith, Bob\" <bob+x@gmail.com>", 0},
    {"quoted", "\"b b\"@x.org", 0},
    {"literal", "bob@[IPv6:2001:db8::1]", 0},
    {"two hyphens, but no A-label", "bob@ab--cd.com", 0},
    {"unknown top-level domain", "bob@x.con", 0},
    {"slip in a domain", "bob@gmial.com", 0},
    {"slip that leaves no address", "bob(at)gmail,com", 0},
    {"no address", "n/a", 0},
    {"nothing", "", 0},
    {"no UTF-8", "b\xe9@x.org", 0},
    {"local part beyond ASCII", "J\xc3\xb6rg@x.org", 2},
    {"domain beyond ASCII", "bob@m\xc3\xbcnchen.de", 2},
    {"A-label", "bob@xn--mnchen-3ya.de", 2},
    {"A-label that does not round-trip", "bob@xn--ls8h.la", 1},
    {"no IDNA", "bob@\xe2\x98\x83.net", 1},
    {"three labels", "j\xc3\xb6rg@\xc3\xa4.m\xc3\xbcnchen.xn--p1ai", 8},
};

/* `theirs` is counted from here, and our own calls must be none. */
static bool parse_refusing(const char *text, unsigned call, struct wn_parsed *r)
{
    theirs = 0;
    refused = call;
    unsigned before = own;
    bool read = wn_parse(text, strlen(text), WN_PARSE_KNOWN_TLD, r);
    ck_assert_uint_eq(own - before, 0);
    return read;
}

START_TEST(memory)
{
    struct wn_parsed r;
    static const struct wn_parsed empty;
    ck_assert_msg(parse_refusing(cases[_i].text, 0, &r), "%s", cases[_i].name);
    ck_assert_msg(theirs == cases[_i].calls, "%s: %u calls", cases[_i].name, theirs);
    for (unsigned call = 1; call <= cases[_i].calls; call++) {
        memset(&r, 0x5a, sizeof r);
        ck_assert_msg(!parse_refusing(cases[_i].text, call, &r), "%s: call %u", cases[_i].name,
                      call);
        ck_assert_uint_eq(theirs, call);
        ck_assert_mem_eq(&r, &empty, sizeof r);
    }
}
END_TEST

/* The suggestion for a local part that takes memory has a fault in any case, so a refusal costs
 * nothing. */
START_TEST(suggestion)
{
    struct wn_parsed r;
    char text[200] = "a";
    for (int i = 0; i < 70; i++) {
        strcat(text, "\xcc\x81"); /* combining acute accent */
    }
    strcat(text, "@yahoo,com");
    ck_assert(parse_refusing(text, 0, &r));
    ck_assert_uint_eq(theirs, 2);
    ck_assert_str_eq(r.fault, "syntax_local_too_long");
    ck_assert_str_eq(r.suggestion, "");
    ck_assert(parse_refusing(text, 2, &r));
    ck_assert_str_eq(r.fault, "syntax_local_too_long");
    ck_assert_str_eq(r.suggestion, "");
    ck_assert(!parse_refusing(text, 1, &r));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("winnow.h, memory");
    TCase *tc = tcase_create("memory");
    tcase_add_loop_test(tc, memory, 0, sizeof cases / sizeof *cases);
    tcase_add_test(tc, suggestion);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
