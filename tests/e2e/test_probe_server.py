#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Probing one scripted server: WN_BINARY=... python3 tests/e2e/test_probe_server.py"""

import contextlib
import os
import signal
import socket
import sqlite3
import time
import unittest

import nsd
import probing
import smtp_zoo
from smtp_zoo import PERSONAS, Server, Zoo
from support import CONFIG, NOT_KEEP, TEMPFAIL, main
from zoo_checks import recipient

WHY_NOT = smtp_zoo.why_not() or (None if nsd.find_nsd() else "nsd is not installed")
DOMAIN = "firm.brackwell.net"
POSTMASTER = "postmaster@" + DOMAIN
PEOPLE = [f"{name}@{DOMAIN}" for name in (
    "ada bob cay dan eva fay gus han ida joe kay leo mia ned ola pam quy roy sue tom una vic wes "
    "xan yve").split()]


@unittest.skipIf(WHY_NOT, WHY_NOT or "")
class ServerCase(probing.ProbeCase):
    """One domain with one server, `mail`."""

    def begin(self, mailboxes, exchangers=((10, "mx." + DOMAIN),)):
        """`mailboxes`: address -> state; nobody else is there. `exchangers`: of the domain; the
        server is all of them but those whose name begins with "dead"."""
        self.mail = Server("mx." + DOMAIN, ["127.1.0.1"], PERSONAS["postfix"], mailboxes)
        self.zoo = Zoo([self.mail]).start()
        self.addCleanup(self.zoo.stop)
        hosts = {host: ["127.1.0.9" if host.startswith("dead") else "127.1.0.1"]
                 for _, host in exchangers}
        self.server = nsd.Nsd([self.write("zone", probing.zone({DOMAIN: exchangers}, hosts))])
        self.server.start()
        self.addCleanup(self.server.stop)


class SpellingTest(ServerCase):
    """Whether two names that differ in case are one mailbox is their server's to say."""

    def said(self):
        return [e.text for e in self.zoo.transcript()
                if e.text.startswith("RCPT") and "postmaster" not in e.text]

    def test_clean(self):
        self.begin({f"bob.smith@{DOMAIN}": "present", f"joe@{DOMAIN}": "present"})
        self.list_of([f"Bob.Smith@{DOMAIN.upper()}", f"bob.smith@{DOMAIN}", f"joe@{DOMAIN}",
                      f"JOE@{DOMAIN}"])
        found = self.probe(self.server, self.zoo.port)
        self.assertEqual(self.said()[:2], [f"RCPT TO:<Bob.Smith@{DOMAIN}>",
                                           f"RCPT TO:<joe@{DOMAIN}>"])
        self.assertEqual(len(self.said()), 3)  # with one that nobody has
        self.assertEqual([row["reason"] for row in found.report],
                         ["mailbox_accepted", "duplicate", "mailbox_accepted", "duplicate"])
        # What is known of it is known of the mailbox, however it is written.
        self.list_of([f"BOB.smith@{DOMAIN}"])
        self.assertEqual([row["reason"] for row in self.probe(self.server, self.zoo.port).report],
                         ["mailbox_accepted"])
        self.assertEqual(len(self.said()), 3)

    def test_check(self):
        self.begin({f"bob.smith@{DOMAIN}": "present"})
        self.winnow("check", *probing.OPTIONS, "--smtp-port", str(self.zoo.port), "--dns-server",
                    self.server.address, "--db", self.db, f"Bob.Smith@{DOMAIN}")
        self.assertEqual(self.said()[0], f"RCPT TO:<Bob.Smith@{DOMAIN}>")


class CheckWaitsForNobodyTest(ServerCase):
    """check used to keep its user waiting for up to fifty minutes where a mailbox was greylisted."""

    MAILBOX = f"joe@{DOMAIN}"

    def check(self, *more, status=NOT_KEEP):
        options = [x for x in probing.OPTIONS if x not in ("--probe-retry", "1s,2s")]
        return self.winnow("check", *options, "--smtp-port", str(self.zoo.port), "--dns-server",
                           self.server.address, "--db", self.db, *more, self.MAILBOX,
                           status=status, timeout=60)

    def due(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as store:
            return store.execute("SELECT due - at FROM probe").fetchone()[0]

    def test_greylisted(self):
        self.begin({self.MAILBOX: "greylisted"})
        self.assertRegex(self.check().out.decode(),
                         r"mailbox +greylisted, by .*, to be asked again after 20.*Z: 4")
        self.assertEqual(self.mail.asked[self.MAILBOX], 1)
        self.assertAlmostEqual(self.due(), 300, delta=2)
        # Before it is due it is not asked again.
        self.assertIn("greylisted", self.check().out.decode())
        self.assertEqual(self.mail.asked[self.MAILBOX], 1)

    def test_due_in_the_report(self):
        """A row used to say nowhere when its mailbox would be asked again."""
        self.begin({self.MAILBOX: "greylisted"})
        self.list_of([self.MAILBOX])
        found = self.probe(self.server, self.zoo.port)
        (row,) = found.report
        self.assertEqual(row["reason"], "greylisted")
        (provider,) = found.summary["run"]["probe"]["providers"]
        self.assertRegex(row["diagnostic"],
                         f"^4.*; to be asked again after {provider['due']}$")

    def test_told_to_wait(self):
        self.begin({self.MAILBOX: "greylisted"})
        self.check("--probe-retry", "1s,1s")
        self.assertEqual(self.mail.asked[self.MAILBOX], 3)


class LimitsTest(ServerCase):
    """Who is left for a later run, and by which limit."""

    def left(self, *more, used=0):
        self.begin({})
        self.list_of(PEOPLE[:8])
        if used:
            self.winnow("clean", "--offline", "--dry-run", "--db", self.db, "list.csv")
            with contextlib.closing(sqlite3.connect(self.db)) as store, store:
                store.execute("INSERT INTO probe_group (name, day, used, stopped_at, stopped_until)"
                              " VALUES ('brackwell.net', ?, ?, 0, 0)",
                              (int(time.time()) // 86400, used))
        found = self.probe(self.server, self.zoo.port, *more)
        said = {row["diagnostic"] for row in found.report if row["reason"] == "not_checked"}
        (provider,) = found.summary["run"]["probe"]["providers"]
        self.assertGreater(provider["left"], 0)
        self.settings = found.summary["settings"]["probe"]
        self.assertIsNone(provider["due"])
        self.assertEqual(said, {f"{provider['limit']} was spent before it was asked"})
        return provider["limit"]

    def test_max(self):
        self.assertEqual(self.left("--probe-max", "4"), "--probe-max 4")
        self.assertEqual(self.settings, {
            "from": probing.SENDER, "helo": probing.HELO, "interface": None, "proxy": False,
            "smtp_port": self.zoo.port, "max": 4, "rate": 60000, "connections": None,
            "sockets": 100, "budget_seconds": 3600, "waits_to_ask_again": True, "force": True})

    def test_day(self):
        self.assertEqual(self.left(used=1996), "the daily limit of 2000 for this provider")

    def test_day_before_max(self):
        self.assertEqual(self.left("--probe-max", "4", used=1996),
                         "the daily limit of 2000 for this provider")

    def test_time(self):
        """The rate lets one through in that time."""
        self.assertEqual(self.left("--probe-rate", "2", "--probe-budget", "3s"),
                         "--probe-budget (3 s)")


class BackupTest(ServerCase):
    """A backup host that a known provider runs is not asked under the limits of another."""

    def reasons(self, backup):
        self.begin({f"joe@{DOMAIN}": "present"},
                   [(10, "dead." + DOMAIN), (20, backup)])
        self.list_of([f"joe@{DOMAIN}"])
        found = self.probe(self.server, self.zoo.port)
        return [row["reason"] for row in found.report]

    def test_of_ones_own(self):
        self.assertEqual(self.reasons("mx2." + DOMAIN), ["mailbox_accepted"])

    def test_of_a_provider(self):
        self.assertEqual(self.reasons("brackwell.mail.protection.outlook.com"), ["no_connection"])
        self.assertEqual(self.zoo.transcript(), [])


class OurSideTest(ServerCase):
    """A proxy or a source address that does not work is ours to mend, and nothing is remembered of
    it."""

    def test_clean(self):
        self.begin({f"joe@{DOMAIN}": "present"})
        self.list_of([f"joe@{DOMAIN}"])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            dead = f"socks5://127.0.0.1:{taken.getsockname()[1]}"
        for option, status, words in ((("--probe-proxy", dead), TEMPFAIL, "--probe-proxy"),
                                      (("--probe-interface", "nope0"), CONFIG,
                                       "--probe-interface")):
            done = self.winnow(*self.words(self.server, self.zoo.port, *option), status=status)
            self.assertIn("no mail server could be asked", done.err)
            self.assertIn(words, done.err)
            self.assertFalse(os.path.exists(self.path("out.winnow")))
        found = self.probe(self.server, self.zoo.port)
        self.assertEqual([row["reason"] for row in found.report], ["mailbox_accepted"])


class DoubtTest(ServerCase):
    """A server that refuses everybody alike is not believed before somebody vouches for it, and
    what it said until then is no verdict, however the run ends."""

    def setUp(self):
        super().setUp()
        self.begin({POSTMASTER: "later"})
        self.list_of(PEOPLE)

    def expired(self):
        """How many denials the store has that do not count."""
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as store:
            return store.execute("SELECT count(*) FROM probe WHERE answer = 'not_found'"
                                 " AND expires <= at + 1").fetchone()[0]

    def ended(self, number):
        """Starts a run and ends it while the postmaster is waited for."""
        run = self.start(*self.words(self.server, self.zoo.port, "--probe-retry", "60s"))
        self.wait_until("the question", lambda: self.mail.asked[POSTMASTER])
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
        self.mail.mailboxes[POSTMASTER] = "present"
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
