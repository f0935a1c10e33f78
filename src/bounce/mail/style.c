/* SPDX-License-Identifier: MIT */
/* The interpreter of data/bounce_styles.def. A style's part of the text is gone through line by
 * line. Where an address opens a line it is a recipient, unless the line stands deeper than the
 * first recipient's: then it belongs to a reply, which quotes addresses as well. */
#include "bounce/mail/readers.h"

enum place {
    PLACE_PARAGRAPH,
    PLACE_REST,
    PLACE_AHEAD,
    PLACE_LINE,
    PLACE_AFTER
};

static const struct style {
    const char *name;
    struct wn_span sign, begins, recipient, reply, ends;
    enum place place;
    enum wn_category said;
} styles[] = {
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define WN_STYLE(name, sign, begins, recipient, place, reply, ends, said)                          \
    {#name,       TEXT(sign), TEXT(begins),  TEXT(recipient),                                      \
     TEXT(reply), TEXT(ends), PLACE_##place, WN_CATEGORY_##said},
#include "data/bounce_styles.def"
};

static const struct {
    enum wn_phase phase;
    struct wn_span words;
} phases[] = {
#define WN_STYLE_PHASE(phase, words) {WN_PHASE_##phase, TEXT(words)},
#include "data/bounce_styles.def"
};
#undef TEXT

static size_t indent_of(struct wn_span line)
{
    size_t n = 0;
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t')) {
        n++;
    }
    return n;
}

/* Whether there is anything but blanks and punctuation. */
static bool says_something(struct wn_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = wn_lower(s.p[i]);
        if ((c >= 'a' && c <= 'z') || wn_is_digit(c) || (c & 0x80) != 0) {
            return true;
        }
    }
    return false;
}

/* From the start of `s` to the empty line behind the first words in it. */
static struct wn_span paragraph(struct wn_span s)
{
    struct wn_span rest = s, line;
    size_t n = 0;
    bool spoken = false;
    while (wn_line_next(&rest, &line)) {
        if (wn_span_trim(line).n == 0 && spoken) {
            break;
        }
        spoken = spoken || says_something(line);
        n = (size_t)(line.p + line.n - s.p);
    }
    return (struct wn_span){s.p, n};
}

/* The style's part of the text. False: what it begins with is not there. */
static bool find_part(const struct style *style, struct wn_span text, struct wn_span *part)
{
    struct wn_span rest = text, line;
    *part = text;
    if (style->begins.n > 0) {
        const char *p = wn_find(text, style->begins);
        if (p == NULL) {
            return false;
        }
        rest = (struct wn_span){p, (size_t)(text.p + text.n - p)};
        (void)wn_line_next(&rest, &line);
        *part = rest;
    }
    while (style->ends.n > 0 && style->place != PLACE_AFTER && wn_line_next(&rest, &line)) {
        if (wn_holds(line, style->ends)) {
            part->n = (size_t)(line.p - part->p);
            break;
        }
    }
    return true;
}

/* A recipient's place in the text. */
struct mention {
    struct wn_span line, address, behind; /* behind: to the end of the part */
};

/* Whether the line names a recipient in the style's way. */
static bool find_mention(const struct style *style, struct wn_span part, struct wn_span line,
                         struct mention *mention)
{
    struct wn_span address, behind = line;
    if (style->recipient.n > 0) {
        behind = wn_behind(line, style->recipient);
    }
    if (behind.n == 0 || !wn_opens_with_address(behind, &address, &behind)) {
        return false;
    }
    behind.n = (size_t)(part.p + part.n - behind.p);
    *mention = (struct mention){line, address, behind};
    return true;
}

static struct wn_span until(struct wn_span s, const char *end)
{
    return (struct wn_span){s.p, end > s.p ? (size_t)(end - s.p) : 0};
}

/* What stands behind the style's announcement of the reply: the nearest behind the recipient, else
 * the first. */
static struct wn_span announced(const struct style *style, struct wn_span text,
                                const struct mention *mention)
{
    struct wn_span rest = mention->behind;
    struct wn_span reply = wn_behind(rest, style->reply);
    if (reply.n == 0) {
        reply = wn_behind(text, style->reply);
    }
    if (style->ends.n > 0 && reply.n > 0) {
        const char *end = wn_find(reply, style->ends);
        const char *line = end != NULL ? memrchr(reply.p, '\n', (size_t)(end - reply.p)) : NULL;
        reply = line != NULL ? until(reply, line) : end != NULL ? until(reply, end) : reply;
    }
    return reply;
}

static struct wn_span reply_of(const struct style *style, struct wn_span text, struct wn_span part,
                               const struct mention *mention, const char *from, const char *next)
{
    switch (style->place) {
    case PLACE_REST:
        return until(mention->behind, next);
    case PLACE_AHEAD:
        return until((struct wn_span){from, part.n}, mention->line.p);
    case PLACE_LINE: {
        struct wn_span rest = {mention->line.p, (size_t)(next - mention->line.p)};
        return paragraph(rest);
    }
    case PLACE_AFTER:
        return announced(style, text, mention);
    default:
        return paragraph(until(mention->behind, next));
    }
}

static void add(const struct style *style, struct wn_span reply, const struct mention *mention,
                struct wn_findings *findings)
{
    struct wn_span recipient = mention->address, address, behind;
    struct wn_span trimmed = wn_span_trim(reply);
    /* Exim: what was written to, before it was forwarded. */
    if ((wn_begins(trimmed, WN_SPAN("(generated from ")) ||
         wn_begins(trimmed, WN_SPAN("(ultimately generated from "))) &&
        wn_mail_address(trimmed, &address, &behind)) {
        recipient = address;
    }
    struct wn_finding *finding = wn_findings_add(findings, recipient);
    if (finding != NULL) {
        finding->reply = says_something(reply) ? reply : (struct wn_span){NULL, 0};
        finding->said = style->said;
        if (style->place == PLACE_AFTER) { /* the command stands before the reply */
            finding->phase = wn_style_phase(wn_reply_line(mention->behind, findings->arena));
        }
    }
}

static void read_part(const struct style *style, struct wn_span text, struct wn_span part,
                      struct wn_findings *findings)
{
    struct wn_span rest = part, line;
    struct mention last, mention;
    bool any = false;
    size_t indent = 0;
    const char *from = part.p;
    while (wn_line_next(&rest, &line)) {
        if (memchr(line.p, '@', line.n) == NULL || !find_mention(style, part, line, &mention) ||
            (any && style->recipient.n == 0 && indent_of(line) > indent) ||
            (any && wn_span_equal_nocase(mention.address, last.address))) {
            continue;
        }
        if (any) {
            add(style, reply_of(style, text, part, &last, from, line.p), &last, findings);
            from = last.behind.p;
        } else {
            indent = indent_of(line);
        }
        last = mention;
        any = true;
    }
    if (any) {
        add(style, reply_of(style, text, part, &last, from, part.p + part.n), &last, findings);
    }
}

bool wn_style_read(struct wn_span text, struct wn_findings *findings, struct wn_span *region,
                   enum wn_category *said)
{
    bool known = false;
    size_t before = findings->count;
    *said = WN_CATEGORY_unclassified;
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        const struct style *style = &styles[i];
        struct wn_span part;
        if (!wn_holds(text, style->sign) || !find_part(style, text, &part)) {
            continue;
        }
        if (!known) {
            *region = part;
            *said = style->said;
        }
        known = true;
        read_part(style, text, part, findings);
        if (findings->count > before) {
            break;
        }
    }
    return known;
}

/* Addresses that a report names beside its recipients: our own, and whom to ask for help. */
static bool is_other(struct wn_span address, struct wn_span own)
{
    return wn_holds(own, address) || wn_begins(address, WN_SPAN("postmaster@")) ||
           wn_begins(address, WN_SPAN("mailer-daemon@")) || wn_begins(address, WN_SPAN("abuse@")) ||
           wn_begins(address, WN_SPAN("support@")) || wn_begins(address, WN_SPAN("helpdesk@"));
}

bool wn_style_guess(struct wn_span text, struct wn_span own, struct wn_findings *findings)
{
    struct wn_span rest = text, line, address, behind, only = {NULL, 0};
    while (wn_line_next(&rest, &line)) {
        if (memchr(line.p, '@', line.n) == NULL ||
            !wn_opens_with_address(line, &address, &behind) || is_other(address, own)) {
            continue;
        }
        behind.n = (size_t)(text.p + text.n - behind.p);
        struct wn_finding *finding = wn_findings_add(findings, address);
        if (finding != NULL) {
            finding->reply = paragraph(behind);
        }
        return finding != NULL;
    }
    /* No line opens with one: then the only one that is named at all. */
    for (rest = text; wn_mail_address(rest, &address, &behind); rest = behind) {
        if (is_other(address, own)) {
            continue;
        }
        if (only.n > 0 && !wn_span_equal_nocase(only, address)) {
            return false;
        }
        only = address;
    }
    struct wn_finding *finding = only.n > 0 ? wn_findings_add(findings, only) : NULL;
    if (finding != NULL) {
        finding->reply = text;
    }
    return finding != NULL;
}

enum wn_phase wn_style_phase(struct wn_span text)
{
    if (text.n > WN_DIAGNOSTIC_MAX) {
        text.n = WN_DIAGNOSTIC_MAX;
    }
    for (size_t i = 0; i < sizeof phases / sizeof *phases && text.n > 0; i++) {
        if (wn_holds(text, phases[i].words)) {
            return phases[i].phase;
        }
    }
    return WN_PHASE_unknown;
}

struct wn_span wn_style_remote(struct wn_span text)
{
    static const struct wn_span words[] = {{"host ", 5}, {"while talking to ", 17}, {"host: ", 6}};
    if (text.n > WN_DIAGNOSTIC_MAX) {
        text.n = WN_DIAGNOSTIC_MAX;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct wn_span rest = text;
        while ((rest = wn_behind(rest, words[i])).n > 0) {
            size_t n = 0;
            while (n < rest.n && (wn_is_digit(rest.p[n]) || rest.p[n] == '-' || rest.p[n] == '.' ||
                                  (wn_lower(rest.p[n]) >= 'a' && wn_lower(rest.p[n]) <= 'z'))) {
                n++;
            }
            while (n > 0 && rest.p[n - 1] == '.') {
                n--;
            }
            if (n > 3 && memchr(rest.p, '.', n) != NULL) {
                return (struct wn_span){rest.p, n};
            }
        }
    }
    return (struct wn_span){NULL, 0};
}
