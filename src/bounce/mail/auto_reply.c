/* SPDX-License-Identifier: MIT */
/* What a message is by its header alone (RFC 3834 and the older customs). */
#include "bounce/mail/readers.h"

static const struct wn_span auto_subjects[] = {
#define WN_AUTO_SUBJECT(words) {(words), sizeof(words) - 1},
#include "data/auto_replies.def"
};

static const struct wn_span bounce_subjects[] = {
#define WN_BOUNCE_SUBJECT(words) {(words), sizeof(words) - 1},
#include "data/auto_replies.def"
};

static const struct wn_span daemons[] = {
#define WN_DAEMON(name) {(name), sizeof(name) - 1},
#include "data/auto_replies.def"
};

static const struct wn_span delays[] = {
#define WN_DELAY(words) {(words), sizeof(words) - 1},
#include "data/auto_replies.def"
};

static bool begins_with_any(struct wn_span s, const struct wn_span *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (wn_begins(s, words[i])) {
            return true;
        }
    }
    return false;
}

static bool holds_any(struct wn_span s, const struct wn_span *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (wn_holds(s, words[i])) {
            return true;
        }
    }
    return false;
}

/* The subject without "Re:", "Fwd:", "AW:" and the like. */
static struct wn_span bare_subject(struct wn_span subject)
{
    static const struct wn_span prefixes[] = {{"re:", 3}, {"aw:", 3},  {"sv:", 3}, {"rif:", 4},
                                              {"fw:", 3}, {"fwd:", 4}, {"wg:", 3}, {"tr:", 3}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes;) {
        if (wn_begins(subject, prefixes[i])) {
            subject = wn_span_trim(
                (struct wn_span){subject.p + prefixes[i].n, subject.n - prefixes[i].n});
            i = 0;
        } else {
            i++;
        }
    }
    return subject;
}

bool wn_is_auto_reply(const struct wn_message *message)
{
    struct wn_span submitted = message->auto_submitted;
    return message->auto_reply || message->disposition ||
           (submitted.n > 0 && !wn_begins(submitted, WN_SPAN("no"))) ||
           wn_begins(message->precedence, WN_SPAN("auto_reply")) ||
           wn_begins(message->precedence, WN_SPAN("auto-reply")) ||
           begins_with_any(bare_subject(message->subject), auto_subjects,
                           sizeof auto_subjects / sizeof *auto_subjects);
}

static bool is_from_daemon(struct wn_span from)
{
    struct wn_span address, behind;
    if (wn_mail_address(from, &address, &behind)) {
        from = address;
    } else {
        const char *open = from.n > 0 ? memchr(from.p, '<', from.n) : NULL;
        if (open != NULL) { /* Mail Delivery Subsystem <MAILER-DAEMON> */
            from.n -= (size_t)(open + 1 - from.p);
            from.p = open + 1;
        }
    }
    return begins_with_any(wn_span_trim(from), daemons, sizeof daemons / sizeof *daemons);
}

bool wn_is_from_mail_system(const struct wn_message *message)
{
    return is_from_daemon(message->from) || message->failed.n > 0 ||
           (message->has_return_path && is_from_daemon(message->return_path)) ||
           holds_any(message->subject, bounce_subjects,
                     sizeof bounce_subjects / sizeof *bounce_subjects);
}

bool wn_is_delay(struct wn_span subject, struct wn_span text)
{
    return holds_any(subject, delays, sizeof delays / sizeof *delays) ||
           holds_any(text, delays, sizeof delays / sizeof *delays);
}
