#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A day in the life: a week of logs and notifications, a list, good news of a mail service, and the
list again. WN_BINARY=... python3 tests/e2e/test_day.py"""

import json

from support import Case, main

LIST = """id,email
1,gone@brackwell.net
2,back@brackwell.net
3,soon@brackwell.net
4,left@brackwell.net
5,full@brackwell.net
6,fine@brackwell.net
7,new@brackwell.net
"""
LINE = ("2026-10-{day:02}T{hour:02}:00:05.000000+00:00 mail postfix/smtp[77]: {id}: to=<{to}>, "
        "relay=mx.brackwell.net[192.0.2.1]:25, delay=1, delays=0/0/0.5/0.5, dsn={dsn}, "
        "status={status} ({text})\n")
SAID = "host mx.brackwell.net[192.0.2.1] said: {} (in reply to RCPT TO command)"
DEAD = "550 5.1.1 <{}>: user unknown"
FULL = "452 4.2.2 <{}>: the mailbox is full"
NOTIFICATION = """Return-Path: <>
Date: {day} Oct 2026 {hour:02}:00:06 +0000
From: MAILER-DAEMON@mail.brackwell.net
To: news@brackwell.net
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.brackwell.net

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.brackwell.net
Diagnostic-Code: smtp; {text}

--b
Content-Type: text/rfc822-headers

Message-ID: <{day}.{hour}@brackwell.net>
--b--
"""


BOUNCED = 1791280806  # 2026-10-06T10:00:06Z, of all that bounced


class DayTest(Case):
    def log_day(self, day):
        """The log of one day's mailing: 10 o'clock, and an answer to a customer at 15."""
        lines = []

        def tell(hour, name, text, dsn, status):
            to, queue_id = f"{name}@brackwell.net", f"4X{day:02}{hour:02}{len(lines):02}"
            lines.append(f"2026-10-{day:02}T{hour:02}:00:01.000000+00:00 mail postfix/cleanup[7]: "
                         f"{queue_id}: message-id=<{day}.{hour}@brackwell.net>\n")
            said = text.format(to)
            lines.append(LINE.format(day=day, hour=hour, id=queue_id, to=to, dsn=dsn, status=status,
                                     text=SAID.format(said) if dsn[0] != "2" else said))
            if status == "bounced":
                self.write(f"bounces/{day}-{hour}-{name}.eml",
                           NOTIFICATION.format(day=day, hour=hour, to=to, text=said))

        tell(10, "fine", "250 2.0.0 Ok: queued as 1", "2.0.0", "sent")
        if day == 6:
            for name in ("gone", "back", "soon"):
                tell(10, name, DEAD, "5.1.1", "bounced")
        if day in (5, 8, 11):
            tell(15, "full", FULL, "4.2.2", "deferred")
        return "".join(lines)

    def run_import(self, *names):
        return self.winnow("bounces", "import", "--json", "--db", self.db, *names).json()

    def verdicts(self):
        """Local part -> what the report says of it."""
        self.winnow("clean", "--offline", "--db", self.db, "--as-of", "2026-10-20", "-o", "out",
                    "list.csv")
        return {row["email"].partition("@")[0]: row for row in self.output("out").report}

    def test_a_day(self):
        self.write("list.csv", LIST)
        self.write("people.csv", "email,date,kind\nleft@brackwell.net,2026-10-07,unsubscribe\n")
        for day in range(5, 12):
            self.write(f"mail/mail.log.{day:02}", self.log_day(day))
        first = self.run_import("mail", "bounces", "people.csv")
        # 7 deliveries, 3 bounces, which the notifications tell again, 3 deferrals, a person's will.
        self.assertEqual((first["read"], first["new"], first["known"]), (17, 14, 3))

        before = self.verdicts()
        wanted = {"gone": ("drop", "hard_bounced"), "back": ("drop", "hard_bounced"),
                  "soon": ("drop", "hard_bounced"), "left": ("drop", "unsubscribed"),
                  "full": ("review", "mailbox_full"), "fine": ("keep", "delivered"),
                  "new": ("keep", "not_checked")}
        self.assertEqual({name: (row["action"], row["reason"]) for name, row in before.items()},
                         wanted)
        for name in ("gone", "back", "soon"):
            row = before[name]
            self.assertEqual((row["hard_bounces"], row["last_event"]), ("1", "bad_address"))
            self.assertIn(DEAD.format(f"{name}@brackwell.net"), row["diagnostic"])

        # The service delivered to them: a day later, too soon after it, and to one who had left.
        self.write("service.json", "".join(json.dumps(
            {"email": f"{name}@brackwell.net", "timestamp": at, "event": "delivered",
             "sg_event_id": name, "sg_message_id": name}) + "\n" for name, at in
            (("back", BOUNCED + 24 * 3600 + 60), ("soon", BOUNCED + 23 * 3600),
             ("left", BOUNCED + 9 * 24 * 3600))))
        self.assertEqual(self.run_import("service.json")["new"], 3)

        after = self.verdicts()
        changed = {name for name in after if after[name]["reason"] != before[name]["reason"]}
        self.assertEqual(changed, {"back"})
        row = after["back"]
        self.assertEqual((row["action"], row["reason"], row["hard_bounces"], row["last_event"],
                          row["last_event_at"]),
                         ("keep", "delivered", "0", "delivered", "2026-10-07T10:01:06Z"))
        self.assertEqual([after[name]["action"] for name in ("gone", "soon", "left")], ["drop"] * 3)
        history = self.winnow("history", "--db", self.db, "back@brackwell.net").out.decode()
        self.assertIn("delivered", history)
        self.assertNotIn("hard_bounced since", history)

        # The next night brings the same files again, and nothing new.
        again = self.run_import("mail", "bounces", "people.csv", "service.json")
        self.assertEqual(again["new"], 0)
        self.assertEqual({name: row["reason"] for name, row in self.verdicts().items()},
                         {name: row["reason"] for name, row in after.items()})


if __name__ == "__main__":
    main()
