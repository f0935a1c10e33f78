#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real mail servers of two makes are asked about their mailboxes: WN_BINARY=... python3
tests/e2e/test_probe_postfix.py"""

import collections
import re
import unittest

import nsd
import postfix
import receiving
from probing import ProbeCase, zone
from receiving import Chasquid, ReceivingPostfix
from support import main

NAMES = ["anna.holt", "ben.arden", "carla.voss", "dirk.lanz", "edda.moor", "finn.rask"]


def boxes(domain, *names):
    return [f"{name}@{domain}" for name in names]


# One MX for two domains; a second one that is Postfix too, and has us on its block list.
PRESENT = boxes("alderwick-post.org", *NAMES) + boxes("brackwell-mail.net", *NAMES[:4])
UNKNOWN = boxes("alderwick-post.org", *["gone." + n for n in NAMES[:4]]) \
    + boxes("brackwell-mail.net", "gone.anna", "gone.ben")
FULL = boxes("alderwick-post.org", "fullerton.ada", "fullerton.bea")
DISABLED = boxes("alderwick-post.org", "disabledon.ida")
GUARDED = boxes("brackwell-mail.net", "guarded.ria", "guarded.rob")
LATER = boxes("alderwick-post.org", "laterna.eve")
GREY = boxes("brackwell-mail.net", "greyson.al", "greyson.bo", "greyson.cy")
CAUGHT = boxes("open-alderwick.org", *NAMES[:3])
STRANGE = boxes("alderwick-moved.org", *NAMES[:2])  # its MX knows nothing of it
BLOCKED = boxes("thornbury-post.org", *NAMES)
POSTFIX_BOXES = PRESENT + FULL + DISABLED + GUARDED + LATER + GREY + ["*@open-alderwick.org"] \
    + boxes("alderwick-post.org", "postmaster") + boxes("brackwell-mail.net", "postmaster")

CHASQUID_PRESENT = boxes("kestrelmere.org", *NAMES[:4])
# More than the three refusals after which chasquid hangs up.
CHASQUID_UNKNOWN = boxes("kestrelmere.org", *["gone." + n for n in NAMES], "gone.gil", "gone.hal")
CHASQUID_CAUGHT = boxes("open-kestrel.org", *NAMES[:3])
CHASQUID_STRANGE = boxes("kestrel-moved.org", NAMES[0])
CHASQUID_BOXES = CHASQUID_PRESENT + ["*@open-kestrel.org"] + boxes("kestrelmere.org", "postmaster")

PLANTED = {}
for group, reason in (
        (PRESENT, "mailbox_accepted"), (UNKNOWN, "mailbox_not_found"), (FULL, "mailbox_full"),
        (DISABLED, "mailbox_disabled"), (GUARDED, "restricted"), (LATER, "mailbox_busy"),
        (GREY, "mailbox_accepted"), (CAUGHT, "catch_all"), (STRANGE, "refused_unclear"),
        (BLOCKED, "probe_blocked"), (CHASQUID_PRESENT, "mailbox_accepted"),
        (CHASQUID_UNKNOWN, "mailbox_not_found"), (CHASQUID_CAUGHT, "catch_all"),
        (CHASQUID_STRANGE, "refused_unclear")):
    PLANTED.update((address, {reason}) for address in group)

POSTFIX_MX, CHASQUID_MX, BLOCKING_MX = ("mx.postfix-made.net", "mx.chasquid-made.net",
                                        "mx.thornbury-post.org")
ZONE = zone(
    {"alderwick-post.org": [(10, POSTFIX_MX)], "brackwell-mail.net": [(10, POSTFIX_MX)],
     "open-alderwick.org": [(10, POSTFIX_MX)], "alderwick-moved.org": [(10, POSTFIX_MX)],
     "thornbury-post.org": [(10, BLOCKING_MX)], "kestrelmere.org": [(10, CHASQUID_MX)],
     "open-kestrel.org": [(10, CHASQUID_MX)], "kestrel-moved.org": [(10, CHASQUID_MX)]},
    {POSTFIX_MX: [ReceivingPostfix.host], BLOCKING_MX: [ReceivingPostfix.blocking],
     CHASQUID_MX: [Chasquid.host]})

WHY_NOT = postfix.why_not() or receiving.why_no_chasquid() or (
    None if nsd.find_nsd() else "nsd is not installed")


@unittest.skipIf(WHY_NOT, WHY_NOT or "")
class RealServersTest(ProbeCase):
    def setUp(self):
        super().setUp()
        self.port = receiving.free_port(ReceivingPostfix.host, ReceivingPostfix.blocking,
                                        Chasquid.host)
        self.postfix = ReceivingPostfix(self.port, POSTFIX_BOXES).start()
        self.addCleanup(self.postfix.stop)
        self.chasquid = Chasquid(self.port, CHASQUID_BOXES).start()
        self.addCleanup(self.chasquid.stop)

    def sessions(self):
        """What Postfix counted, but for the first connections, by which it was seen to be up; all
        of them have ended."""
        log = self.postfix.log
        self.wait_until("the end of all sessions",
                        lambda: log().count(b": connect from") == log().count(b": disconnect from"))
        return [s for s in self.postfix.sessions() if s.get("noop") is None]

    def test_every_mailbox(self):
        # Mixed, so that no list of one kind makes a pattern.
        order = sorted(PLANTED, key=lambda a: (a.partition("@")[2], a[::-1]))
        self.list_of(order)
        with self.names(ZONE) as names:
            plain = self.unprobed(names)
            self.assertEqual(set(plain.by("email", "reason").values()), {"not_probed"})
            found = self.probe(names, self.port)
            asked = len(self.sessions())
            again = self.probe(names, self.port, output="again.winnow")
            more = self.sessions()[asked:]
        self.check_reasons(found, PLANTED)
        self.check_reasons(again, PLANTED)
        rows = {row["email"]: row for row in found.report}
        gone = rows[UNKNOWN[0]]
        self.assertEqual((gone["smtp_code"], gone["enhanced_code"], gone["evidence"]),
                         ("550", "5.1.1", "mailbox"))
        self.assertIn("User unknown in virtual mailbox table", gone["diagnostic"])
        self.assertEqual(rows[FULL[0]]["enhanced_code"], "5.2.2")
        counts = found.summary["run"]["probe"]
        self.assertGreater(counts["encrypted"], 5)
        self.assertEqual(counts["unproven_certificates"], counts["encrypted"])  # self-signed
        self.check_manners(self.sessions())
        # Of what is known nothing is asked again: one temporary mailbox and the group that stopped.
        self.assertLessEqual(sum(s.get("rcpt", 0) for s in more), 3 + len(STRANGE))

    def check_manners(self, sessions):
        self.assertGreater(len(sessions), 5)
        for session in sessions:
            with self.subTest(session):
                self.assertLessEqual(set(session),
                                     {"ehlo", "starttls", "mail", "rcpt", "rset", "quit"})
                self.assertEqual([session.get(w) for w in ("quit", "starttls", "ehlo")], [1, 1, 2])
                self.assertLessEqual(session.get("mail", 0), 1)
                # Of a domain without a known catch-all state, a random mailbox comes with them.
                self.assertLessEqual(session.get("rcpt", 0), 5)
        log = self.postfix.log().decode()
        self.assertIn("TLS connection established", log)
        self.assertNotIn("improper command pipelining", log)
        # On the block list: told once, asked no more than what was under way.
        refused = log.count("Client host rejected")
        self.assertGreater(refused, 0)
        self.assertLessEqual(refused, 10)
        times = collections.Counter(
            re.findall(r"rejected from=\S+ to=\[(\S+)\]", self.chasquid.log()))
        self.assertLessEqual(set(CHASQUID_UNKNOWN), set(times))
        # Each third one was lost with its connection: three times at most, then two retries.
        self.assertLessEqual(max(times[a] for a in CHASQUID_UNKNOWN), 5, self.chasquid.log())


if __name__ == "__main__":
    main()
