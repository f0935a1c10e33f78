/* SPDX-License-Identifier: MIT */
/*      ----- Transcript of session follows -----
 *   ... while talking to mx.example.com.:
 *   >>> RCPT To:<bob@example.com>
 *   <<< 550 5.1.1 no such user
 *   550 5.1.1 <bob@example.com>... User unknown
 *
 * The last line is Sendmail's own verdict and names the recipient; what the server said stands
 * above it, if it was asked at all. A verdict about a host names none and is passed over. */
#include "bounce/mail/readers.h"

/* Reads "550 5.1.1 <bob@example.com>... User unknown"; the codes may be missing. */
static bool is_verdict(struct wn_span line, struct wn_span *address)
{
    struct wn_span behind;
    size_t at = 0;
    while (at < line.n && (wn_is_digit(line.p[at]) || line.p[at] == '.' || line.p[at] == '-' ||
                           line.p[at] == ' ')) {
        at++;
    }
    if (memchr(line.p, '@', line.n) == NULL) {
        return false;
    }
    line.p += at;
    line.n -= at;
    return wn_opens_with_address(line, address, &behind) && wn_begins(behind, WN_SPAN("..."));
}

static void take_verdict(struct wn_span recipient, struct wn_span reply, enum wn_phase phase,
                         bool adding, struct wn_findings *findings)
{
    struct wn_finding *finding = NULL;
    for (size_t i = 0; i < findings->count && finding == NULL; i++) {
        if (wn_span_equal_nocase(findings->list[i].recipient, recipient)) {
            finding = &findings->list[i];
        }
    }
    if (finding == NULL && adding) {
        finding = wn_findings_add(findings, recipient);
    }
    if (finding != NULL && finding->reply.n == 0) {
        finding->reply = reply;
        finding->phase = phase;
    }
}

/* The phase of a command line. DATA alone proves nothing: where commands are sent in a row, it
 * stands over the replies to RCPT. */
static enum wn_phase phase_of(struct wn_span line)
{
    return wn_begins(line, WN_SPAN(">>> MAIL"))   ? WN_PHASE_mail
           : wn_begins(line, WN_SPAN(">>> RCPT")) ? WN_PHASE_rcpt
           : wn_begins(line, WN_SPAN(">>> EHLO")) ? WN_PHASE_ehlo
           : wn_begins(line, WN_SPAN(">>> HELO")) ? WN_PHASE_ehlo
                                                  : WN_PHASE_unknown;
}

enum {
    VERDICTS_MAX = 200
};

bool wn_transcript_read(struct wn_span text, struct wn_findings *findings)
{
    struct wn_span rest = wn_behind(text, WN_SPAN("Transcript of session follows")), line, address;
    bool adding = findings->count == 0;
    size_t verdicts = 0;
    if (rest.n == 0 || !wn_line_next(&rest, &line)) {
        return false;
    }
    const char *start = rest.p, *said = NULL;
    enum wn_phase phase = WN_PHASE_unknown;
    while (wn_line_next(&rest, &line) && verdicts < VERDICTS_MAX) {
        if (wn_holds(line, WN_SPAN("while talking to"))) {
            start = line.p;
            said = NULL;
            phase = WN_PHASE_unknown;
        } else if (wn_begins(line, WN_SPAN(">>>"))) {
            phase = phase_of(line);
        } else if (wn_begins(line, WN_SPAN("<<<")) && said == NULL) {
            said = line.p + 3;
        } else if (is_verdict(line, &address)) {
            const char *from = said != NULL ? said : start;
            take_verdict(address, (struct wn_span){from, (size_t)(line.p + line.n - from)},
                         said != NULL ? phase : WN_PHASE_unknown, adding, findings);
            start = rest.p;
            said = NULL;
            verdicts++;
        }
    }
    return verdicts > 0;
}

/* Whether what follows a reply below ">>> DATA" says that it was DATA that was refused: Sendmail's
 * own verdict is on the message and names nobody, and no command is answered after it. Behind a
 * refused RCPT the verdict names the recipient, or DATA itself is answered ("503 need RCPT"). */
static bool is_of_data(struct wn_span rest)
{
    struct wn_span line;
    bool verdict = false;
    while (wn_line_next(&rest, &line) && wn_span_trim(line).n > 0) {
        if (wn_begins(line, WN_SPAN("<<<")) && !verdict) {
            continue; /* the reply's other lines */
        }
        if (verdict || !wn_holds(line, WN_SPAN("Service unavailable")) ||
            memchr(line.p, '@', line.n) != NULL) {
            return false;
        }
        verdict = true;
    }
    return verdict;
}

enum wn_phase wn_transcript_phase(struct wn_span text, struct wn_span reply)
{
    struct wn_span rest = wn_behind(text, WN_SPAN("Transcript of session follows")), line;
    enum wn_phase phase = WN_PHASE_unknown;
    bool data = false;
    while (wn_line_next(&rest, &line)) {
        if (wn_begins(line, WN_SPAN(">>>"))) {
            phase = phase_of(line);
            data = wn_begins(line, WN_SPAN(">>> DATA"));
        } else if (wn_begins(line, WN_SPAN("<<<"))) {
            struct wn_span said = wn_span_trim((struct wn_span){line.p + 3, line.n - 3});
            if (said.n > 3 && wn_begins(wn_span_trim(reply), said)) {
                return data && is_of_data(rest) ? WN_PHASE_data : phase;
            }
        } else if (wn_holds(line, WN_SPAN("while talking to"))) {
            phase = WN_PHASE_unknown;
            data = false;
        }
    }
    return WN_PHASE_unknown;
}
