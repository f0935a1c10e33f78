#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Before mailboxes are asked: whether mail servers can be reached at all, and who is left out of
that trial. WN_BINARY=... python3 tests/e2e/test_reach.py"""

import contextlib
import sqlite3
import time
import unittest

import nsd
import smtp_zoo
from probing import ProbeCase, zone
from smtp_zoo import PERSONAS, Server, Zoo
from support import main
from zoo_checks import sessions

WHY_NOT = smtp_zoo.why_not() or (None if nsd.find_nsd() else "nsd is not installed")
DAY = 86400
NOBODY = "127.3.0.250"  # no server of these tests is there


@unittest.skipIf(WHY_NOT, WHY_NOT or "")
class ReachTest(ProbeCase):
    @contextlib.contextmanager
    def world(self, count, dead=()):
        """So many domains d0.org, d1.org and so on with a mailbox and a mail host each, but for
        the dead ones, where nobody listens; the list names them in that order."""
        self.names_of = [f"d{i}.org" for i in range(count)]
        servers = [Server(f"mx.{name}", [f"127.3.0.{i + 1}"], PERSONAS["exim"],
                          {f"ann@{name}": "present"})
                   for i, name in enumerate(self.names_of) if i not in dead]
        hosts = {f"mx.{name}": [NOBODY if i in dead else f"127.3.0.{i + 1}"]
                 for i, name in enumerate(self.names_of)}
        text = zone({name: [(10, f"mx.{name}")] for name in self.names_of}, hosts)
        self.list_of(f"ann@{name}" for name in self.names_of)
        with Zoo(servers or [Server("other", ["127.3.0.251"], PERSONAS["exim"], {})]) as self.zoo:
            with self.names(text) as self.server:
                yield

    def tried(self):
        """The servers that somebody came to who asked for nothing, once for each time."""
        self.wait_until("the end of all connections", lambda: not self.zoo.open)
        return [entries[0].server for entries in sessions(self.zoo.transcript()).values()
                if not any(e.what == "in" and e.text.startswith("MAIL") for e in entries)]

    def fill_store(self, day, used, stopped_until):
        """What earlier runs knew of the last two of six providers; nothing of the others."""
        self.winnow("clean", "--offline", "--db", self.db, "--dry-run", "list.csv")
        with contextlib.closing(sqlite3.connect(self.db)) as store, store:
            store.executemany("INSERT INTO probe_group (name, day, used, stopped_at, stopped_until,"
                              " reason) VALUES (?, ?, ?, ?, ?, '554 Go away')",
                              [(name, day, used, stopped_until and 1, stopped_until)
                               for name in self.names_of[4:]])

    def reasons(self, output):
        return list(output.by("email", "reason").values())

    def test_dead_domains_come_first(self):
        """Five of them used to switch probing off for everybody: nobody else was tried."""
        for dead in (range(5), range(19)):
            with self.subTest(len(dead)), self.world(24, dead):
                self.db = self.path(f"{len(dead)}.db")
                output = self.probe(self.server, self.zoo.port, output=f"{len(dead)}.winnow")
                self.assertEqual(self.reasons(output), ["no_connection"] * len(dead)
                                 + ["mailbox_accepted"] * (24 - len(dead)))
                self.assertIsNone(output.summary["run"]["probe"]["blocked"])
                # The first that is there ends the trial; one more may have come about meanwhile.
                self.assertIn(len(self.tried()), (1, 2))

    def test_who_is_not_to_be_asked_is_not_tried(self):
        """Providers that wanted no more of us, or were asked all that they bear today, were
        connected to all the same, to see whether anybody is there."""
        today = int(time.time()) // DAY
        for name, past in (("stopped", (today, 1, (today + 2) * DAY)),
                           ("used up", (today + 1, 100_000, 0))):
            # Nobody else is there; with those two there would be enough to tell.
            with self.subTest(name), self.world(6, range(4)):
                self.db = self.path(f"{name}.db")
                self.fill_store(*past)
                output = self.probe(self.server, self.zoo.port, output=f"{name}.winnow")
                self.assertEqual(self.reasons(output), ["no_connection"] * 4 + ["not_checked"] * 2)
                self.assertEqual(self.zoo.transcript(), [])

    def test_nobody_is_left_to_be_tried(self):
        with self.world(6, range(4)):
            self.fill_store(0, 0, (int(time.time()) // DAY + 2) * DAY)
            self.list_of(f"ann@{name}" for name in self.names_of[4:])
            output = self.probe(self.server, self.zoo.port)
            self.assertEqual(self.reasons(output), ["not_checked"] * 2)
            self.assertEqual(self.zoo.transcript(), [])

    def test_all_are_dead(self):
        with self.world(24, range(24)):
            output = self.probe(self.server, self.zoo.port)
        self.assertEqual(self.reasons(output), ["probe_blocked"] * 24)
        self.assertIn("reached", output.summary["run"]["probe"]["blocked"])

    def test_too_few_to_tell(self):
        """Four dead domains are dead domains."""
        with self.world(4, range(4)):
            output = self.probe(self.server, self.zoo.port)
        self.assertEqual(self.reasons(output), ["no_connection"] * 4)
        self.assertIsNone(output.summary["run"]["probe"]["blocked"])


if __name__ == "__main__":
    main()
