#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The log and the notifications of a real Postfix, read: python3 tests/e2e/test_postfix.py"""

import json
import os
import unittest

import postfix
from support import Case, main

RECIPIENTS = ["gone@remote.test", "full@remote.test", "later@remote.test", "ok@remote.test",
              "bare@remote.test", "policy@remote.test", "joe@local.test", "x@closed.test",
              "gone@soft.test"]

# What each recipient's events are: kind, code, enhanced, action, phase. What a bare "550 rejected"
# means is the classifier's business.
WANT = [
    ("bare@remote.test", "bounce", 550, "5.0.0", None, "rcpt"),
    ("full@remote.test", "bounce", 452, "4.2.2", "N", "rcpt"),
    ("full@remote.test", "deferred", 452, "4.2.2", "N", "rcpt"),
    ("gone@remote.test", "bounce", 550, "5.1.1", "S", "rcpt"),
    # soft_bounce keeps it in the queue; it expires like a deferral
    ("gone@soft.test", "bounce", 550, "4.1.1", "N", "rcpt"),
    ("gone@soft.test", "deferred", 550, "4.1.1", "N", "rcpt"),
    ("joe@local.test", "delivered", None, None, "T", "unknown"),
    ("later@remote.test", "bounce", 451, "4.3.0", "T", "rcpt"),
    ("later@remote.test", "deferred", 451, "4.3.0", "T", "rcpt"),
    ("policy@remote.test", "bounce", 550, "5.7.1", "X", "rcpt"),
    ("spam@remote.test", "bounce", 554, "5.7.1", "X", "data"),
    # nobody answered until it expired: X.4.7
    ("x@closed.test", "bounce", None, "4.4.7", "T", "connect"),
    ("x@closed.test", "deferred", None, "4.4.1", "T", "connect"),
]


@unittest.skipIf(postfix.why_not(), postfix.why_not() or "")
class PostfixTest(Case):
    def test_live_log(self):
        with postfix.Postfix() as mail:
            mail.send("news@local.test", RECIPIENTS, "<one@local.test>")
            mail.send("news@local.test", ["spam@remote.test"], "<two@local.test>")
            mail.settle()
            log, notifications = mail.log(), mail.notifications()
        # Of the first message's bounces, of its expiry, and of the second.
        self.assertEqual(len(notifications), 3, log.decode())
        path = self.write("mail.log", log)
        done = self.winnow("bounces", "parse", "-v", path)
        self.assertEqual(done.status, 0, done.err)
        events = [json.loads(line) for line in done.out.splitlines()]
        got = sorted(((e["recipient"], e["kind"], e["code"], e["enhanced"],
                       None if e["recipient"].startswith("bare") else e["action"], e["phase"])
                      for e in events), key=lambda e: e[:2])
        self.assertEqual(got, WANT, log.decode())
        for event in events:
            spam = event["recipient"] == "spam@remote.test"
            self.assertEqual(event["message_id"], "two@local.test" if spam else "one@local.test")
        # The filter's acceptance, and the notifications themselves.
        self.assertIn(" 4 no bounce", done.err)
        self.assertIn("ok@remote.test", done.err)

    def test_imported_twice(self):
        with postfix.Postfix() as mail:
            mail.send("news@local.test", ["gone@remote.test", "joe@local.test"], "<one@local.test>")
            mail.settle()
            path = self.write("mail.log", mail.log())
        first = self.winnow("bounces", "import", path)
        self.assertEqual(first.status, 0, first.err)
        self.assertIn("hard_bounced", self.winnow("history", "gone@remote.test").out.decode())
        again = self.winnow("bounces", "import", path)
        self.assertIn("nothing to read", again.err)
        again = self.winnow("bounces", "import", "--reread", path)
        self.assertIn(" 0 new", again.err)

    def test_log_and_notifications_agree(self):
        """Every bounce is told twice, and is one event, whichever is imported first."""
        with postfix.Postfix() as mail:
            mail.send("news@local.test", RECIPIENTS, "<one@local.test>")
            mail.send("news@local.test", ["spam@remote.test"], "<two@local.test>")
            mail.settle()
            log, notifications = mail.log(), mail.notifications()
        self.write("mail.log", log)
        for i, text in enumerate(notifications):
            self.write(f"bounces/{i}.eml", text)
        bounced = {w[0]: w for w in WANT if w[1] == "bounce"}
        stores = []
        for order in (("mail.log", "bounces"), ("bounces", "mail.log"), ("bounces",)):
            store = os.path.join(self.home, f"{len(stores)}.db")
            for name in order:
                self.winnow("bounces", "import", "--db", store, name)
            stores.append({r: self.winnow("history", "--json", "--db", store, r).json()
                           for r in [*RECIPIENTS, "spam@remote.test"]})
        one, other, told = stores
        for recipient, found in one.items():
            with self.subTest(recipient):
                bounces = [e for e in found["events"] if e["kind"] == "bounce"]
                # Nobody answered: the log knows that it expired, the notification only of the last
                # attempt. Neither counts against the mailbox.
                unanswered = recipient == "x@closed.test"
                self.assertEqual(len(bounces), 2 if unanswered else recipient in bounced, bounces)
                self.assertEqual([untold(e) for e in found["events"]],
                                 [untold(e) for e in other[recipient]["events"]])
                for word in ("hard_bounces", "soft_bounces"):
                    self.assertEqual(found[word], other[recipient][word])
                self.assertEqual(found["hard_bounces"], recipient == "gone@remote.test")
                self.assertEqual(found["soft_bounces"],
                                 recipient in ("full@remote.test", "gone@soft.test"))
                # The notification alone says the same of it.
                self.assertEqual([(e["category"], e["action"]) for e in bounces][:1],
                                 [(e["category"], e["action"]) for e in told[recipient]["events"]])


def untold(event):
    """Without where it was found: that is of the one or the other."""
    return {key: value for key, value in event.items() if key != "source"}


if __name__ == "__main__":
    main()
