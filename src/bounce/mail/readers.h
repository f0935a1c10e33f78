/* SPDX-License-Identifier: MIT */
#ifndef WN_BOUNCE_MAIL_READERS_H
#define WN_BOUNCE_MAIL_READERS_H

/* What reads a message's parts. Each takes the message apart in its own way and adds to the
 * findings; read.c decides whose turn it is. All texts lie in the message or in the findings'
 * arena; any thread may call them with its own. */

#include "bounce/mail/findings.h"
#include "bounce/mail/mail.h"
#include "bounce/mail/message.h"

/* dsn.c: delivery status fields (RFC 3464), from a message/delivery-status part or from the text of
 * a gateway that writes them there. True if there is a recipient among them. */
bool wn_dsn_read(struct wn_span fields, struct wn_findings *findings);

/* Looks for what the human part says of each finding: the phase of the dialogue, and the reply
 * where the status fields had none. `text` has no quoted original. */
void wn_dsn_explain(struct wn_span text, struct wn_findings *findings);

/* arf.c: a feedback report (RFC 5965) and the original's header. What it says is a finding of a
 * complaint, or findings->passed (not-spam). False: it names nobody. */
bool wn_arf_read(const struct wn_message *message, struct wn_findings *findings);

/* notification.c: a mail service's event as JSON (data/json_sources.def) that is the whole text, or
 * begins it. Adds its notices. False, and none added: it is nothing of the kind. */
bool wn_notification_read(struct wn_span text, const struct wn_mail_place *place,
                          struct wn_mail_notices *notices);

/* read.c: adds a notice about the message at that place, with nothing else in it. Valid until the
 * next call. */
struct wn_notice *wn_mail_notices_add(struct wn_mail_notices *notices,
                                      const struct wn_mail_place *place);

/* auto_reply.c: whether a machine answered in its owner's place: vacation, receipt, challenge. */
bool wn_is_auto_reply(const struct wn_message *message);

/* Whether a message says that it comes from a mail system: its sender, subject or type. */
bool wn_is_from_mail_system(const struct wn_message *message);

/* Whether it says that something will be tried again. */
bool wn_is_delay(struct wn_span subject, struct wn_span text);

/* returned.c: cuts *text where it begins to quote the original and returns what follows. */
struct wn_span wn_returned_cut(struct wn_span *text);

/* What follows the line that announces a forwarded message, without the marks of quoting; empty
 * where nothing is forwarded. `text` is whole. */
struct wn_span wn_forwarded_text(struct wn_span text, struct wn_arena *arena);

/* The original's header: its Message-ID without angle brackets, the only recipient of its To, or
 * empty; its Date, or 0. */
struct wn_returned {
    struct wn_span message_id, recipient;
    int64_t at;
};
void wn_returned_read(struct wn_span header, struct wn_arena *arena, struct wn_returned *returned);

/* "<id>" without its brackets; only the first of several. */
struct wn_span wn_message_id_of(struct wn_span value);

/* style.c: a bounce in plain words, by the styles of data/bounce_styles.def, in their order. `text`
 * has no quoted original. Sets *region to what the style says is about the recipients, also where
 * it names none. False: no style knows it. */
bool wn_style_read(struct wn_span text, struct wn_findings *findings, struct wn_span *region,
                   enum wn_category *said);

/* The same by no style: the first line that opens with an address, other than `own`, and what
 * follows it. */
bool wn_style_guess(struct wn_span text, struct wn_span own, struct wn_findings *findings);

/* The phase that the words of a text name, in the many ways of mail software; the classifier knows
 * only a few. */
enum wn_phase wn_style_phase(struct wn_span text);

/* The host that a text says the reply came from, or empty. */
struct wn_span wn_style_remote(struct wn_span text);

/* transcript.c: Sendmail's transcript of a session. Adds the recipients that its lines name, with
 * what the server said; those that `findings` has already get it as their reply if they had none.
 */
bool wn_transcript_read(struct wn_span text, struct wn_findings *findings);

/* The command that a transcript shows the reply to answer, or WN_PHASE_unknown. */
enum wn_phase wn_transcript_phase(struct wn_span text, struct wn_span reply);

/* envelope.c: the recipient that an envelope address tells (VERP), through BATV and SRS around it.
 * False: it tells none. The address is written to the arena. */
bool wn_envelope_decode(struct wn_span address, struct wn_arena *arena, struct wn_span *recipient);

#endif
