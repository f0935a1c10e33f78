# SPDX-License-Identifier: MIT
"""How the servers of smtp_zoo.py speak and behave: WORDS, what each make of server says of a
mailbox in a state, and PERSONAS."""

import dataclasses
import math

# How servers put it: {a} address, {d} its domain, {h} the server's host, {c} the client's address.
POSTFIX = {
    "present": "250 2.1.5 Ok",
    "unknown": "550 5.1.1 <{a}>: Recipient address rejected: User unknown in virtual mailbox table",
    "full": "552 5.2.2 <{a}>: Recipient address rejected: Mailbox is over quota",
    "disabled": "550 5.2.1 <{a}>: Recipient address rejected: this mailbox is disabled",
    "restricted": "550 5.7.1 <{a}>: Recipient address rejected: you are not authorized to send to "
                  "this recipient",
    "later": "451 4.3.0 <{a}>: Temporary lookup failure",
    "greylisted": "450 4.2.0 <{a}>: Recipient address rejected: Greylisted, see "
                  "http://postgrey.schweikert.ch/help/{d}.html",
    "blocked": "554 5.7.1 Service unavailable; Client host [{c}] blocked using zen.spamhaus.org",
    "relay": "554 5.7.1 <{a}>: Relay access denied",
    "unclear": "554 5.0.0 no",
    # Codes that contradict each other: the basic one counts.
    "present_511": "250 5.1.1 recipient fine",
    "unclear_215": "550 2.1.5 no",
    "later_511": "450 5.1.1 try again",
    "too_many": "452 4.5.3 Error: too many recipients",
    "other_domain": "451 4.3.0 Multiple destination domains per transaction is unsupported. Please "
                    "try again.",
}
WORDS = {
    "Postfix": POSTFIX,
    "Exim": {
        "unknown": "550 no such user here: {a}",
        "full": "552 mailbox is full: {a}",
        "greylisted": "451 greylisted, please try again in a while",
    },
    "Sendmail": {
        "present": "250 2.1.5 <{a}>... Recipient ok",
        "unknown": "550 5.1.1 <{a}>... User unknown",
        "full": "552 5.2.2 <{a}>... Mailbox full",
        "disabled": "550 5.2.1 <{a}>... Mailbox disabled for this recipient",
    },
    "Google": {
        "present": "250 2.1.5 OK a1-20020a05600c - gsmtp",
        "unknown": "550-5.1.1 The email account that you tried to reach does not exist. Please\n"
                   "550-5.1.1 try double-checking the recipient's email address for typos. For\n"
                   "550-5.1.1 more information, go to\n"
                   "550 5.1.1  https://support.google.com/mail/?p=NoSuchUser a1 - gsmtp",
        "full": "552-5.2.2 The recipient's inbox is out of storage space.\n"
                "552 5.2.2 https://support.google.com/mail/?p=OverQuotaPerm a1 - gsmtp",
        "disabled": "550 5.2.1 The email account that you tried to reach is disabled. For more "
                    "information, go to https://support.google.com/mail/?p=DisabledUser a1 - gsmtp",
        "later": "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n"
                 "450-4.2.1 prevents additional messages from being delivered. For more\n"
                 "450-4.2.1 information, go to\n"
                 "450 4.2.1  https://support.google.com/mail/?p=ReceivingRate a1 - gsmtp",
        "blocked": "550-5.7.1 [{c}] Our system has detected that this message is likely\n"
                   "550-5.7.1 unsolicited mail. For more information, go to\n"
                   "550 5.7.1  https://support.google.com/mail/?p=UnsolicitedMessageError - gsmtp",
    },
    "Microsoft 365": {
        "present": "250 2.1.5 Recipient OK",
        "unknown": "550 5.4.1 Recipient address rejected: Access denied. For more information see "
                   "https://aka.ms/EXOSmtpErrors "
                   "[VI1EUR05FT003.eop-eur05.prod.protection.outlook.com]",
        "restricted": "550 5.7.124 RESOLVER.RST.SenderNotInAllowedList; Sender not in "
                      "allowed-senders list",
        "blocked": "550 5.7.606 Access denied, banned sending IP [{c}]. To request removal from "
                   "this list please visit https://sender.office.com/",
    },
    "Outlook.com": {
        "present": "250 2.1.5 Recipient OK",
        "unknown": "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
        "too_many": "452 4.5.3 Too many recipients (AS780090)",
    },
    "iCloud": {
        "unknown": "550 5.1.1 <{a}>: user does not exist",
        "full": "552 5.2.2 <{a}>: user is over quota",
    },
    "Proofpoint": {
        "unknown": "550 5.7.1 <{a}>: recipient marked as invalid",
        "first": "450 4.1.1 <{a}>: Recipient verification in progress, please try again later",
    },
    "Mimecast": {
        "unknown": "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [x1]",
        "first": "451 Internal resources are temporarily unavailable - "
                 "https://community.mimecast.com/docs/DOC-1369#451 [x1]",
    },
    "Barracuda": {
        "unknown": "550 5.1.1 <{a}>: Recipient address rejected: no such user",
        "blocked": "550 permanent failure for one or more recipients ({a}:blocked)",
    },
    "Yandex": {
        "unknown": "550 5.7.1 No such user!",
        "full": "552 5.2.2 Mailbox size limit exceeded",
    },
    "GMX": {
        "unknown": "550 Requested action not taken: mailbox unavailable",
        "full": "552 Requested mail action aborted: exceeded storage allocation",
    },
}


@dataclasses.dataclass(frozen=True)
class Persona:
    """How a server behaves. Seconds unless said otherwise."""
    words: str = "Postfix"          # a row of WORDS; what it lacks is said as Postfix does
    greeting: str = "220 {h} ESMTP"
    greeting_delay: float = 0
    delay: float = 0                # before each reply
    pipelining: bool = True         # offered
    loses_pipelined: bool = False   # ... and of several commands in a piece only the first is read
    helo_only: bool = False         # knows no EHLO
    starttls: str = ""              # good, refused, half, garbage, inject, stripped
    mail: str = "250 2.1.0 Ok"
    recipients: int = 100           # a connection; one more is "too_many"
    one_domain: bool = False        # a recipient of another domain than the first is "other_domain"
    open_after: float = 0           # greylisting, of a client: until then every recipient is
                                    # "greylisted"; counted from the first that was asked
    first: bool = False             # the first time each mailbox gets the state "first"
    turn: tuple = (math.inf, "")    # after so many recipients in all, everyone is in that state
    split: bool = False             # every byte of a reply goes out by itself
    nuls: bool = False              # NULs inside the text of each reply
    fault: tuple = ("", "")         # at which command (connect, EHLO, MAIL, RCPT), one of FAULTS


PERSONAS = {
    "postfix": Persona(),
    "exim": Persona("Exim"),
    "sendmail": Persona("Sendmail", pipelining=False),
    "google": Persona("Google", one_domain=True),
    "microsoft365": Persona("Microsoft 365"),
    "outlook": Persona("Outlook.com", recipients=1),
    "icloud": Persona("iCloud"),
    "proofpoint": Persona("Proofpoint", first=True),
    "mimecast": Persona("Mimecast", first=True),
    "barracuda": Persona("Barracuda"),
    "yandex": Persona("Yandex"),
    "gmx": Persona("GMX"),
    "one_recipient": Persona(recipients=1),
    "two_recipients": Persona(recipients=2),
    "one_domain": Persona(one_domain=True),
    "slow_banner": Persona(greeting_delay=2),
    "tarpit": Persona(delay=0.3),
    "greylist": Persona(open_after=1),
    "greylist_for_ever": Persona("Exim", open_after=math.inf),
    "busy_at_connect": Persona(greeting="421 4.3.2 {h} Service not available, try again later"),
    "blocks_at_connect": Persona(
        greeting="554 5.7.1 {h} Your access to this mail system has been rejected due to the "
                 "sending MTA's poor reputation"),
    "blocks_at_mail": Persona(
        mail="550 5.7.1 Service unavailable; Client host [{c}] blocked using zen.spamhaus.org"),
    "blocks_at_rcpt": Persona(turn=(0, "blocked")),
    "turns_to_blocking": Persona(turn=(25, "blocked")),
    "turns_to_lying": Persona(turn=(25, "unknown")),
    "lies_to_all": Persona(turn=(0, "unknown")),
    "busy_at_mail": Persona(mail="451 4.3.0 Queue file write error, try again later"),
    "reset": Persona(fault=("EHLO", "reset")),
    "silent": Persona(fault=("MAIL", "hang")),
    "mute": Persona(fault=("connect", "hang")),
    "endless": Persona(fault=("MAIL", "endless")),
    "long_line": Persona(fault=("RCPT", "long_line")),
    "garbage": Persona(fault=("MAIL", "garbage")),
    "nuls": Persona(nuls=True),
    "split": Persona(split=True, pipelining=False),
    "split_pipelined": Persona(split=True),
    "pipelining_broken": Persona(loses_pipelined=True),
    "helo_only": Persona(helo_only=True),
    "tls": Persona(starttls="good"),
    "tls_refused": Persona(starttls="refused"),
    "tls_half": Persona(starttls="half"),
    "tls_garbage": Persona(starttls="garbage"),
    "tls_inject": Persona(starttls="inject"),
    "tls_stripped": Persona(starttls="stripped"),
}
