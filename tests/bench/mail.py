#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes what mail servers leave behind, for scripts/bench, the same from the same seed:

    mail.py mbox FILE MESSAGES    an mbox of delivery status notifications (RFC 3464)
    mail.py log FILE LINES        a Postfix log of the year before

The notifications are what Postfix sends: a text for people, the status, and the headers of the
message that bounced, some 3 KiB each; of 20 one has a reply that is transient, one has two
recipients. A message takes seven lines in the log; of 10 messages nine are delivered.
"""
import datetime
import random
import sys

REPLIES = [
    ("5.1.1", "550", "<{to}>: Recipient address rejected: User unknown in virtual mailbox table"),
    ("5.1.1", "550", "The email account that you tried to reach does not exist."),
    ("5.2.2", "552", "The mailbox <{to}> is over its quota"),
    ("5.7.1", "554", "Service unavailable; Client host [192.0.2.10] blocked using a block list"),
    ("5.7.26", "550", "Unauthenticated mail from example.org is not accepted"),
    ("5.1.2", "550", "Host or domain name not found"),
]
SOFT = ("4.2.2", "452", "<{to}>: mailbox is full, try again later")
BEGAN = datetime.datetime(2026, 5, 1, tzinfo=datetime.timezone.utc)

NOTIFICATION = """\
From MAILER-DAEMON  {ctime}
Return-Path: <>
Delivered-To: bounces@news.example.org
Received: by mail.example.org (Postfix)
\tid {queue}; {date}
Date: {date}
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@news.example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{queue}.{number}/mail.example.org"
Content-Transfer-Encoding: 8bit
Message-Id: <{number}.{queue}@mail.example.org>

This is a MIME-encapsulated message.

--{queue}.{number}/mail.example.org
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

This is the mail system at host mail.example.org.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system

{said}
--{queue}.{number}/mail.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
X-Postfix-Queue-ID: {queue}
X-Postfix-Sender: rfc822; bounces@news.example.org
Arrival-Date: {date}
{groups}
--{queue}.{number}/mail.example.org
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <bounces@news.example.org>
Received: from app.example.org (app.example.org [192.0.2.10])
\tby mail.example.org (Postfix) with ESMTPS id {queue}
\tfor <{to}>; {date}
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=news.example.org;
\ts=2026; t=1777593600; bh={hash}=;
\th=From:To:Subject:Date:List-Unsubscribe;
\tb={hash}{hash}
\t {hash}{hash}==
From: The News <news@news.example.org>
To: {to}
Subject: What is new this week, number {number}
Date: {date}
Message-ID: <{number}.week@news.example.org>
List-Unsubscribe: <https://news.example.org/leave/{number}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="week{number}"

--{queue}.{number}/mail.example.org--

"""


def address(draw, number):
    return f"{draw.choice(('ruth', 'lars', 'ingrid', 'paulo'))}.{number}@" \
           f"domain{draw.randrange(2000)}.example"


def wrapped(status, code, text, to):
    domain = to.split("@")[1]
    return f"host mx.{domain}[198.51.100.7] said: {code} {status} {text.format(to=to)}", domain


def notification(draw, number):
    """One message of the mbox."""
    at = BEGAN + datetime.timedelta(seconds=number * 40)
    said = groups = ""
    recipients = [address(draw, number)]
    if draw.randrange(20) == 0:
        recipients.append(address(draw, number + 1))
    for to in recipients:
        status, code, text = SOFT if draw.randrange(20) == 0 else draw.choice(REPLIES)
        reply, domain = wrapped(status, code, text, to)
        said += f"<{to}>: {reply}\n    (in reply to RCPT TO command)\n"
        groups += (f"\nFinal-Recipient: rfc822; {to}\nOriginal-Recipient: rfc822;{to}\n"
                   f"Action: failed\nStatus: {status}\nRemote-MTA: dns; mx.{domain}\n"
                   f"Diagnostic-Code: smtp; {code} {status} {text.format(to=to)}\n")
    return NOTIFICATION.format(
        ctime=at.strftime("%a %b %e %H:%M:%S %Y"), date=at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        queue=f"{0x3f00000000 + number * 7919:X}", number=number, to=recipients[0], said=said,
        groups=groups, hash=f"{draw.getrandbits(256):064x}")


def attempt(draw, number):
    """The log lines of one message, without their time stamps."""
    queue, to = f"{0x3f00000000 + number * 7919:X}", address(draw, number)
    smtpd, smtp = f"postfix/smtpd[{700 + number % 50}]", f"postfix/smtp[{900 + number % 90}]"
    fate = draw.randrange(100)
    if fate < 90:
        domain = to.split("@")[1]
        told = f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {number:X})"
    else:
        status, code, text = draw.choice(REPLIES) if fate < 96 else SOFT
        reply, domain = wrapped(status, code, text, to)
        told = f"dsn={status}, status={'bounced' if fate < 96 else 'deferred'} " \
               f"({reply} (in reply to RCPT TO command))"
    return [
        f"{smtpd}: connect from app.example.org[192.0.2.10]",
        f"{smtpd}: {queue}: client=app.example.org[192.0.2.10]",
        f"postfix/cleanup[{800 + number % 9}]: {queue}: message-id=<{number}.week@news.example.org>",
        f"postfix/qmgr[300]: {queue}: from=<bounces@news.example.org>, size=23456, nrcpt=1 "
        "(queue active)",
        f"{smtpd}: disconnect from app.example.org[192.0.2.10] ehlo=1 mail=1 rcpt=1 data=1 quit=1 "
        "commands=5",
        f"{smtp}: {queue}: to=<{to}>, relay=mx.{domain}[198.51.100.7]:25, delay=1.3, "
        f"delays=0.05/0/0.6/0.65, {told}",
        f"postfix/qmgr[300]: {queue}: removed",
    ]


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("mbox", "log"):
        sys.exit("usage: mail.py mbox|log FILE COUNT")
    what, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    draw = random.Random(1)
    with open(path, "w", encoding="ascii") as out:
        if what == "mbox":
            for number in range(count):
                out.write(notification(draw, number))
            return
        lines = number = 0
        while lines < count:
            at = BEGAN + datetime.timedelta(seconds=number * 5)
            stamp = at.strftime("%b %e %H:%M:%S mail ")
            for line in attempt(draw, number)[:count - lines]:
                out.write(stamp + line + "\n")
                lines += 1
            number += 1


if __name__ == "__main__":
    main()
