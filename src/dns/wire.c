/* SPDX-License-Identifier: MIT */
/* The message is walked with a cursor that can only be moved by functions which check it against
 * the end, so that a record's length, a count or a pointer can lie without harm.
 *
 * Names are compared in their uncompressed wire form, lower case: presentation text is ambiguous
 * once labels hold dots or backslashes. Compression pointers must point further back each time, so
 * they make no loop, and a name has no use for more of them than it can have labels.
 *
 * Records of the answer section may come in any order. The alias chain is therefore followed by
 * passes over the section, one an alias, at most ALIAS_MAX of them; then one more pass collects the
 * records at the chain's end. Almost every answer has no alias, and two passes. */
#include "dns/wire.h"

#include <string.h>

enum {
    NAME_MAX_OCTETS = 255,
    POINTERS_MAX = 127,
    ALIAS_MAX = 16
};
enum {
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_OPT = 41,
    CLASS_IN = 1
};
enum {
    FLAG_QR = 0x8000,
    FLAG_TC = 0x0200,
    FLAG_RA = 0x0080,
    RCODE_MASK = 0x000f
};

struct cursor {
    const uint8_t *p; /* the message */
    size_t length;
    size_t at; /* never beyond length */
};

/* Labels with their length octets, lower case, without the root. */
struct name {
    size_t n;
    uint8_t octets[NAME_MAX_OCTETS];
};

struct record {
    struct name owner;
    unsigned type, class;
    uint32_t ttl;
    size_t data, data_length; /* within the message */
};

static bool read_u16(struct cursor *c, unsigned *value)
{
    if (c->length - c->at < 2) {
        return false;
    }
    *value = (unsigned)c->p[c->at] << 8 | c->p[c->at + 1];
    c->at += 2;
    return true;
}

static bool read_u32(struct cursor *c, uint32_t *value)
{
    unsigned high, low;
    if (!read_u16(c, &high) || !read_u16(c, &low)) {
        return false;
    }
    *value = (uint32_t)high << 16 | low;
    return true;
}

static bool read_name(struct cursor *c, struct name *name)
{
    size_t at = c->at;
    size_t end = 0;       /* behind the name; set at the first pointer */
    size_t limit = c->at; /* pointers go before this */
    int pointers = 0;
    name->n = 0;
    for (;;) {
        if (at >= c->length) {
            return false;
        }
        size_t n = c->p[at];
        if ((n & 0xc0) == 0xc0) {
            if (at + 1 >= c->length) {
                return false;
            }
            size_t to = (n & 0x3f) << 8 | c->p[at + 1];
            if (to >= limit || ++pointers > POINTERS_MAX) {
                return false;
            }
            end = end == 0 ? at + 2 : end;
            limit = at = to;
            continue;
        }
        if (n > 63) {
            return false;
        }
        if (n == 0) {
            c->at = end == 0 ? at + 1 : end;
            return true;
        }
        if (c->length - at < n + 1 || name->n + n + 2 > NAME_MAX_OCTETS) {
            return false;
        }
        name->octets[name->n] = (uint8_t)n;
        for (size_t i = 1; i <= n; i++) {
            name->octets[name->n + i] = (uint8_t)wn_lower((char)c->p[at + i]);
        }
        name->n += n + 1;
        at += n + 1;
    }
}

static bool same_name(const struct name *a, const struct name *b)
{
    return a->n == b->n && memcmp(a->octets, b->octets, a->n) == 0;
}

/* The record's own data is left to whoever wants it; the cursor goes behind it. */
static bool read_record(struct cursor *c, struct record *r)
{
    unsigned data_length;
    if (!read_name(c, &r->owner) || !read_u16(c, &r->type) || !read_u16(c, &r->class) ||
        !read_u32(c, &r->ttl) || !read_u16(c, &data_length) || c->length - c->at < data_length) {
        return false;
    }
    r->data = c->at;
    r->data_length = data_length;
    c->at += data_length;
    if (r->ttl > INT32_MAX) { /* RFC 2181 section 8 */
        r->ttl = r->type == TYPE_OPT ? r->ttl : 0;
    }
    return true;
}

/* A name that fills the rest of the record's data, from `skip` octets on. */
static bool read_data_name(const struct cursor *c, const struct record *r, size_t skip,
                           struct name *name)
{
    struct cursor data = {.p = c->p, .length = r->data + r->data_length, .at = r->data + skip};
    return skip < r->data_length && read_name(&data, name) && data.at == data.length;
}

static bool plain(uint8_t octet)
{
    return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' ||
           octet == '_';
}

/* Wire form to text; true when it is a host name. A name of 255 octets has at most 253 of text. */
static bool name_text(const struct name *name, char text[WN_HOST_TEXT])
{
    bool host = true;
    size_t out = 0;
    for (size_t at = 0; at < name->n; at += name->octets[at] + (size_t)1) {
        if (at > 0) {
            text[out++] = '.';
        }
        for (size_t i = 1; i <= name->octets[at]; i++) {
            uint8_t octet = name->octets[at + i];
            bool shown = octet > ' ' && octet < 0x7f && octet != '.' && octet != '\\';
            host = host && plain(octet);
            text[out++] = (char)(shown ? octet : '?');
        }
    }
    text[out] = '\0';
    return host;
}

static void lower_ttl(struct wn_dns_answer *a, uint32_t ttl)
{
    a->ttl = ttl < a->ttl ? ttl : a->ttl;
}

static const char *take_mx(const struct cursor *c, const struct record *r, struct wn_dns_answer *a)
{
    struct name host;
    struct cursor data = {.p = c->p, .length = r->data + r->data_length, .at = r->data};
    unsigned preference;
    if (!read_u16(&data, &preference) || !read_data_name(c, r, 2, &host)) {
        return "malformed MX record";
    }
    if (a->mx_count == WN_DNS_MX_MAX) {
        a->more = true;
        return NULL;
    }
    struct wn_dns_mx *mx = &a->mx[a->mx_count++];
    mx->preference = (uint16_t)preference;
    mx->odd = !name_text(&host, mx->host);
    return NULL;
}

static const char *take_ip(const struct cursor *c, const struct record *r, struct wn_dns_answer *a)
{
    size_t n = r->type == WN_DNS_A ? 4 : 16;
    if (r->data_length != n) {
        return "malformed address record";
    }
    if (a->ip_count == WN_DNS_IP_MAX) {
        a->more = true;
        return NULL;
    }
    struct wn_ip *ip = &a->ip[a->ip_count++];
    *ip = (struct wn_ip){.family = r->type == WN_DNS_A ? 4 : 6};
    memcpy(ip->bytes, c->p + r->data, n);
    return NULL;
}

static const char *take_host(const struct cursor *c, const struct record *r,
                             struct wn_dns_answer *a)
{
    struct name host;
    char text[WN_HOST_TEXT];
    if (!read_data_name(c, r, 0, &host)) {
        return "malformed PTR record";
    }
    (void)name_text(&host, text);
    wn_buf_add(a->texts, text, strlen(text) + 1);
    a->text_count++;
    return NULL;
}

static const char *take_text(const struct cursor *c, const struct record *r,
                             struct wn_dns_answer *a)
{
    const uint8_t *at = c->p + r->data, *end = at + r->data_length;
    if (at == end) {
        return "malformed TXT record"; /* RFC 1035 3.3.14: one string or more */
    }
    while (at < end) {
        size_t n = *at++;
        if (n > (size_t)(end - at)) {
            return "malformed TXT record";
        }
        for (size_t i = 0; i < n; i++, at++) {
            wn_buf_add_char(a->texts, *at >= ' ' && *at < 0x7f ? (char)*at : '?');
        }
    }
    wn_buf_add_char(a->texts, '\0');
    a->text_count++;
    return NULL;
}

static const char *take(const struct cursor *c, const struct record *r, struct wn_dns_answer *a)
{
    switch ((enum wn_dns_type)r->type) {
    case WN_DNS_MX:
        return take_mx(c, r, a);
    case WN_DNS_PTR:
        return take_host(c, r, a);
    case WN_DNS_TXT:
        return take_text(c, r, a);
    default:
        return take_ip(c, r, a);
    }
}

/* Moves `name` along one CNAME of the section; *found says whether there was one. */
static const char *follow(struct cursor c, unsigned count, struct name *name, bool *found,
                          struct wn_dns_answer *a)
{
    *found = false;
    struct record r;
    for (unsigned i = 0; i < count; i++) {
        if (!read_record(&c, &r)) {
            return "malformed answer";
        }
        if (r.type == TYPE_CNAME && r.class == CLASS_IN && same_name(&r.owner, name)) {
            if (!read_data_name(&c, &r, 0, name)) {
                return "malformed CNAME record";
            }
            *found = a->alias = true;
            lower_ttl(a, r.ttl);
            return NULL;
        }
    }
    return NULL;
}

static const char *read_answers(struct cursor *c, unsigned count, struct name *name,
                                enum wn_dns_type type, struct wn_dns_answer *a)
{
    bool found = true;
    for (int hops = 0; found; hops++) {
        if (hops > ALIAS_MAX) {
            return "alias loop";
        }
        const char *fault = follow(*c, count, name, &found, a);
        if (fault != NULL) {
            return fault;
        }
    }
    struct record r;
    for (unsigned i = 0; i < count; i++) {
        if (!read_record(c, &r)) {
            return "malformed answer";
        }
        if (r.type != (unsigned)type || r.class != CLASS_IN || !same_name(&r.owner, name)) {
            continue;
        }
        lower_ttl(a, r.ttl);
        const char *fault = take(c, &r, a);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

/* RFC 2308: the SOA says how long a negative answer may be kept. NS records without it, where
 * nothing was answered, are a referral; so is an alias that a server without recursion did not
 * follow. */
static const char *read_authority(struct cursor *c, unsigned count, bool empty,
                                  struct wn_dns_answer *a)
{
    bool soa = false, ns = false;
    struct record r;
    for (unsigned i = 0; i < count; i++) {
        if (!read_record(c, &r)) {
            return "malformed authority";
        }
        ns = ns || r.type == TYPE_NS;
        if (r.type != TYPE_SOA || soa) {
            continue;
        }
        struct name skipped;
        struct cursor data = {.p = c->p, .length = r.data + r.data_length, .at = r.data};
        uint32_t field = 0;
        bool good = true;
        for (int k = 0; good && k < 2; k++) { /* the primary server, the mailbox */
            good = read_name(&data, &skipped);
        }
        for (int k = 0; good && k < 5; k++) { /* serial, refresh, retry, expire, minimum */
            good = read_u32(&data, &field);
        }
        if (!good || data.at != data.length) {
            return "malformed SOA record";
        }
        soa = true;
        if (empty) {
            lower_ttl(a, r.ttl);
            lower_ttl(a, field);
        }
    }
    if (empty && !soa) {
        a->ttl = 0;
        a->referral = a->rcode == WN_DNS_NOERROR && (ns || (a->alias && !a->recursive));
    }
    return NULL;
}

static const char *read_additional(struct cursor *c, unsigned count, struct wn_dns_answer *a)
{
    struct record r;
    for (unsigned i = 0; i < count; i++) {
        if (!read_record(c, &r)) {
            return "malformed additional section";
        }
        if (r.type == TYPE_OPT) {
            a->rcode |= (r.ttl >> 24) << 4;
        }
    }
    return NULL;
}

const char *wn_dns_read(const uint8_t *message, size_t length, enum wn_dns_type type,
                        struct wn_dns_answer *a)
{
    a->rcode = 0;
    a->truncated = a->recursive = a->referral = a->alias = a->more = false;
    a->ttl = UINT32_MAX;
    a->mx_count = a->ip_count = a->text_count = 0;
    struct cursor c = {.p = message, .length = length, .at = 0};
    unsigned id, flags, questions, answers, authorities, additionals;
    if (!read_u16(&c, &id) || !read_u16(&c, &flags) || !read_u16(&c, &questions) ||
        !read_u16(&c, &answers) || !read_u16(&c, &authorities) || !read_u16(&c, &additionals)) {
        return "malformed header";
    }
    a->rcode = flags & RCODE_MASK;
    a->truncated = (flags & FLAG_TC) != 0;
    a->recursive = (flags & FLAG_RA) != 0;
    if ((flags & FLAG_QR) == 0) {
        return "a question for an answer";
    }
    struct name name;
    unsigned asked_type, asked_class;
    if (questions != 1 || !read_name(&c, &name) || !read_u16(&c, &asked_type) ||
        !read_u16(&c, &asked_class)) {
        return "malformed question";
    }
    if (asked_type != (unsigned)type || asked_class != CLASS_IN) {
        return "answer to another question";
    }
    const char *fault = read_answers(&c, answers, &name, type, a);
    bool empty = a->mx_count == 0 && a->ip_count == 0 && a->text_count == 0;
    if (fault == NULL) {
        fault = read_authority(&c, authorities, empty, a);
    }
    if (fault == NULL) {
        fault = read_additional(&c, additionals, a);
    }
    return fault;
}

const char *wn_dns_read_final(const uint8_t *message, size_t length, enum wn_dns_type type,
                              struct wn_dns_answer *answer)
{
    const char *fault = wn_dns_read(message, length, type, answer);
    if (answer->rcode != WN_DNS_NOERROR && answer->rcode != WN_DNS_NXDOMAIN) {
        return wn_dns_rcode_word(answer->rcode);
    }
    if (fault != NULL) {
        return fault;
    }
    if (answer->truncated) {
        return "truncated answer";
    }
    return answer->referral ? "referral instead of an answer" : NULL;
}

bool wn_dns_can_ask(struct wn_span name)
{
    size_t label = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = wn_lower(name.p[i]);
        if (c == '.'
                ? label == 0
                : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) {
            return false;
        }
        label = c == '.' ? 0 : label + 1;
        if (label > 63) {
            return false;
        }
    }
    return label > 0 && name.n < WN_HOST_TEXT;
}

const char *wn_dns_rcode_word(unsigned rcode)
{
    static const char *const words[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};
    if (rcode < sizeof words / sizeof words[0]) {
        return words[rcode];
    }
    return rcode == 16 ? "BADVERS" : "RCODE";
}
