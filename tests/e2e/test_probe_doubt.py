#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that refuses everybody alike is not believed before somebody vouches for it, and what it
said until then is no verdict, however the run ends: WN_BINARY=... python3
tests/e2e/test_probe_doubt.py"""

import contextlib
import signal
import sqlite3
import unittest

import nsd
import probing
import smtp_zoo
from smtp_zoo import PERSONAS, Server, Zoo
from support import main
from zoo_checks import recipient

WHY_NOT = smtp_zoo.why_not() or (None if nsd.find_nsd() else "nsd is not installed")
DOMAIN = "liar.brackwell.net"
POSTMASTER = "postmaster@" + DOMAIN
PEOPLE = [f"{name}@{DOMAIN}" for name in (
    "ada bob cay dan eva fay gus han ida joe kay leo mia ned ola pam quy roy sue tom una vic wes "
    "xan yve").split()]


@unittest.skipIf(WHY_NOT, WHY_NOT or "")
class DoubtTest(probing.ProbeCase):
    def setUp(self):
        super().setUp()
        self.liar = Server("mx." + DOMAIN, ["127.1.0.1"], PERSONAS["postfix"],
                           {POSTMASTER: "later"})
        self.zoo = Zoo([self.liar]).start()
        self.addCleanup(self.zoo.stop)
        self.server = nsd.Nsd([self.write("zone", probing.zone(
            {DOMAIN: [(10, "mx." + DOMAIN)]}, {"mx." + DOMAIN: ["127.1.0.1"]}))]).start()
        self.addCleanup(self.server.stop)
        self.list_of(PEOPLE)

    def expired(self):
        """How many denials the store has that do not count."""
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as store:
            return store.execute("SELECT count(*) FROM probe WHERE answer = 'not_found'"
                                 " AND expires <= at + 1").fetchone()[0]

    def ended(self, number):
        """Starts a run and ends it while the postmaster is waited for."""
        run = self.start(*self.words(self.server, self.zoo.port, "--probe-retry", "60s"))
        self.wait_until("the question", lambda: self.liar.asked[POSTMASTER])
        self.wait_until("the doubt in the store", lambda: self.expired() == 20)
        run.send_signal(number)
        if number == signal.SIGKILL:
            run.wait()
        else:
            self.finish(run, 128 + number)

    def verdicts(self):
        """What a run that asks nobody makes of it."""
        self.winnow("clean", "--db", self.db, "--allow-private-hosts", "--dns-server",
                    self.server.address, "-o", self.path("then.winnow"), "list.csv")
        return [row["result"] + " " + row["reason"] for row in self.output("then.winnow").report]

    def test_ended_meanwhile(self):
        for number in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(number):
                self.ended(number)
                found = self.verdicts()
                self.assertEqual(found.count("unknown recheck_due"), 20)
                self.assertEqual(found.count("plausible not_probed"), 5)
        # All of them are asked again, and believed as soon as somebody vouches for the server.
        self.liar.mailboxes[POSTMASTER] = "present"
        before = len(self.zoo.transcript())
        found = self.probe(self.server, self.zoo.port)
        asked = {recipient(e) for e in self.zoo.transcript()[before:]} - {None}
        self.assertEqual(asked, set(PEOPLE) | {POSTMASTER})
        self.assertEqual(set(found.by("email", "reason").values()), {"mailbox_not_found"})
        self.assertEqual(set(self.verdicts()), {"undeliverable mailbox_not_found"})

    def test_nobody_vouches(self):
        found = self.probe(self.server, self.zoo.port)
        self.assertEqual(set(found.by("email", "reason").values()), {"probe_blocked"})
        self.assertEqual(set(self.verdicts()), {"unknown probe_blocked"})


if __name__ == "__main__":
    main()
