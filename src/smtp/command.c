/* SPDX-License-Identifier: MIT */
/* The one place where text becomes a command. What comes in may be any cell of a stranger's list,
 * so an address is looked at octet by octet: one that could end the line, or the brackets around
 * it, would let the list speak to the server, and is refused. */
#include "smtp/command.h"

#include <unistr.h>

static const struct {
    const char *words; /* before the address, or the whole command */
    bool address;
} verbs[] = {
    [WN_SMTP_MAIL] = {"MAIL FROM:", true},
    [WN_SMTP_RCPT] = {"RCPT TO:", true},
    [WN_SMTP_RSET] = {"RSET", false},
    [WN_SMTP_QUIT] = {"QUIT", false},
};
_Static_assert(sizeof verbs / sizeof *verbs == WN_SMTP_VERB_COUNT, "every verb has its words");

/* C0, DEL, and C1 as UTF-8 writes it. */
static bool is_control(struct wn_span s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];
    return c < ' ' || c == 0x7f || (c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0);
}

bool wn_smtp_address_fits(struct wn_span address, bool utf8)
{
    bool quoted = false;
    if (address.n == 0 || address.n > WN_SMTP_ADDRESS_MAX) {
        return false;
    }
    for (size_t i = 0; i < address.n; i++) {
        char c = address.p[i];
        if (is_control(address, i) || ((unsigned char)c >= 0x80 && !utf8)) {
            return false;
        }
        if (c == '"') {
            quoted = !quoted;
        } else if (quoted && c == '\\') {
            i++; /* what it quotes ends no string, and still has to be no control character */
            if (i == address.n || is_control(address, i) || (unsigned char)address.p[i] >= 0x80) {
                return false;
            }
        } else if (!quoted && (c == ' ' || c == '<' || c == '>')) {
            return false;
        }
    }
    return !quoted && u8_check((const uint8_t *)address.p, address.n) == NULL;
}

bool wn_smtp_command_write(const struct wn_smtp_command *command, struct wn_buf *out)
{
    if ((unsigned)command->verb >= WN_SMTP_VERB_COUNT) {
        return false;
    }
    bool takes = verbs[command->verb].address;
    if (takes ? !wn_smtp_address_fits(command->address, command->utf8) : command->address.n > 0) {
        return false;
    }
    wn_buf_add_text(out, verbs[command->verb].words);
    if (takes) {
        wn_buf_add_char(out, '<');
        wn_buf_add_span(out, command->address);
        wn_buf_add_char(out, '>');
    }
    if (command->verb == WN_SMTP_MAIL && command->utf8) {
        wn_buf_add_text(out, " SMTPUTF8");
    }
    wn_buf_add(out, "\r\n", 2);
    return true;
}
