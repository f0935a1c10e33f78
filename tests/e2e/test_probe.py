#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Probing as its options, its preflight and its plan are, without asking anybody: WN_BINARY=...
python3 tests/e2e/test_probe.py"""

import contextlib
import json
import os
import socket
import sqlite3
import tempfile
import unittest
from datetime import date

import nsd
from responder import Responder
from support import AS_OF, CONFIG, NOT_KEEP, OK, TEMPFAIL, USAGE, Case, without_rights

ZONE = """\
$ORIGIN .
$TTL 3600
. IN SOA ns.zone.invalid. hostmaster.zone.invalid. 1 3600 900 604800 3600
. IN NS ns.zone.invalid.
brackwell.net. IN MX 10 mx.brackwell.net.
mx.brackwell.net. IN A 127.0.0.1
firm.org. IN MX 10 mx1.hoster-one.net.
shop.org. IN MX 10 mx2.hoster-one.net.
mx1.hoster-one.net. IN A 127.0.0.1
mx2.hoster-one.net. IN A 127.0.0.1
y.org. IN MX 10 mta5.am0.yahoodns.net.
mta5.am0.yahoodns.net. IN A 127.0.0.1
; those who ask
good.net. IN MX 10 mx.brackwell.net.
good.net. IN TXT "v=spf1 a:out.good.net -all"
out.good.net. IN A 127.0.0.9
9.0.0.127.in-addr.arpa. IN PTR out.good.net.
bare.net. IN A 127.0.0.1
stray.good.net. IN A 127.0.0.8
8.0.0.127.in-addr.arpa. IN PTR pool-8.dialup.net.
mute.net. IN MX 0 .
mute.net. IN TXT "v=spf1 -all"
; servfail: broken.net
"""

# A sender's TXT record, and whether it says who may send.
SPF = {"v=spf1": True, "V=SPF1 -all": True, "v=spf1  mx": True,
       "v=spf10 -all": False, "v=spf1; mx -all": False, "v=spf": False, " v=spf1 -all": False}
ZONE += "".join(f'spf{i}.net. IN MX 10 mx.brackwell.net.\nspf{i}.net. IN TXT "{text}"\n'
                for i, text in enumerate(SPF))

LIST = ("email\nann@brackwell.net\nbob@brackwell.net\nann@firm.org\nann@shop.org\nann@y.org\n"
        "ann@nowhere-at-all.org\nann@good.net\nnobody\nANN@brackwell.net\n")

EPOCH = date(1970, 1, 1).toordinal()
DAY = date.fromisoformat(AS_OF).toordinal() - EPOCH

GOOD = ("--probe", "--probe-from", "probe@good.net", "--probe-helo", "out.good.net")


class Probe(Case):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        path = os.path.join(place.name, "zone")
        with open(path, "w", encoding="ascii") as f:
            f.write(ZONE)
        cls.server = nsd.Nsd([path])
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def run_clean(self, *arguments, **how):
        self.write("list.csv", LIST)
        return self.winnow("clean", "--db", self.db, "--dns-server", self.server.address,
                           "--allow-private-hosts", "--as-of", AS_OF, *arguments, "list.csv",
                           **how)

    def test_options_that_are_wrong(self):
        """Each is one sentence that names the option, and nothing is done."""
        for arguments, word in (
                (("--probe",), "--probe-from"),
                (("--probe", "--probe-from", "a@good.net"), "--probe-helo"),
                (("--probe", "--probe-helo", "out.good.net"), "--probe-from"),
                (("--probe", "--probe-from", "a@localhost", "--probe-helo", "out.good.net"),
                 "--probe-from"),
                (("--probe", "--probe-from", "nobody", "--probe-helo", "out.good.net"),
                 "--probe-from"),
                (("--probe", "--probe-from", "a@good.net", "--probe-helo", "localhost"),
                 "--probe-helo"),
                (("--probe", "--probe-from", "a@good.net", "--probe-helo", "laptop"),
                 "--probe-helo"),
                (("--probe", "--probe-from", "a@good.net", "--probe-helo", "127.0.0.1"),
                 "--probe-helo"),
                (("--probe", "--probe-from", "a@good.net", "--probe-helo", "a.b\r\nDATA"),
                 "--probe-helo"),
                (("--probe", "--probe-from", "a@good.net", "--probe-helo",
                  "localhost.localdomain"), "--probe-helo"),
                (GOOD + ("--offline",), "--offline"),
                (GOOD + ("--probe-budget", "soon"), "--probe-budget"),
                (GOOD + ("--probe-budget", "0"), "--probe-budget"),
                (GOOD + ("--probe-budget", "0s"), "--probe-budget"),
                (("--probe-max", "5"), "--probe-max"),
                (("--probe-force",), "--probe-force"),
                (GOOD[1:], "--probe-from"),
                (("--offline", "--smtp-port=25"), "--smtp-port"),
                (GOOD + ("--no-probe",), "--probe-from"),
                (GOOD + ("--probe-retry", "5m,,30m"), "--probe-retry"),
                (GOOD + ("--probe-retry", "1m,1m,1m,1m,1m,1m,1m,1m,1m"), "--probe-retry"),
                (GOOD + ("--probe-proxy", "ftp://x"), "--probe-proxy"),
                (GOOD + ("--probe-proxy", "socks5://"), "--probe-proxy"),
                (GOOD + ("--probe-proxy", "socks5://:"), "--probe-proxy"),
                (GOOD + ("--probe-proxy", "socks5://u:passw0rd@"), "--probe-proxy"),
                (GOOD + ("--probe-proxy", "http://u:passw0rd@host:99999"), "--probe-proxy"),
                (GOOD + ("--probe-max", "0"), "--probe-max"),
                (GOOD + ("--smtp-port", "65536"), "--smtp-port")):
            with self.subTest(arguments):
                self.write("list.csv", LIST)
                for command in (("clean", "list.csv"), ("check", "ann@brackwell.net")):
                    done = self.winnow(*command, *arguments, status=USAGE)
                    self.check_sentence(done, word)
                    self.assertNotIn("passw0rd", done.out.decode() + done.err)
                self.assertFalse(os.path.exists(self.db))

    def test_configured(self):
        """What lies ready in the configuration is no fault, and --no-probe switches it off."""
        ready = "probe-from = probe@good.net\nprobe-helo = out.good.net\nprobe-max = 5\n"
        for probe, more, asks in (("", (), False), ("", ("--probe",), True),
                                  ("probe = yes\n", (), True),
                                  ("probe = yes\n", ("--probe-max", "2"), True),
                                  ("probe = yes\n", ("--no-probe",), False),
                                  ("probe = no\n", (), False),
                                  ("no-probe = yes\n", ("--probe",), False)):
            with self.subTest(probe, more=more):
                self.configure(f"[clean]\n{ready}{probe}")
                done = self.run_clean("--dry-run", *more)
                self.assertEqual("probing:" in done.out.decode(), asks)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.db)

    def test_our_own_set_up(self):
        """What mail servers would distrust is said before anything is read or asked."""
        for helo, sender, words in (
                ("nowhere.good.net", "a@good.net", ("nowhere.good.net has no address",)),
                ("stray.good.net", "a@good.net",
                 ("127.0.0.8", "does not map back", "pool-8.dialup.net")),
                ("out.good.net", "a@bare.net", ("bare.net has no MX", "no SPF record")),
                ("out.good.net", "a@mute.net", ("mute.net", "null MX")),
                ("stray.good.net", "a@bare.net", ("map back", "no MX", "SPF", "--probe-force"))):
            with self.subTest(helo=helo, sender=sender):
                done = self.run_clean("--probe", "--probe-helo", helo, "--probe-from", sender,
                                      status=CONFIG)
                self.check_sentence(done, *words)
                self.assertFalse(os.path.exists(self.path("list.winnow")))
                self.check_forced(helo, sender, [w for w in words if w != "--probe-force"])
        self.check_forced("out.good.net", "a@good.net", [])

    def check_forced(self, helo, sender, words, *more):
        """--probe-force: mailboxes are asked all the same, and the summary says what is wrong."""
        with socket.create_server(("127.0.0.2", 0)) as taken:  # on its port nobody else listens
            # By the real clock, so that what one run was told is known to the next.
            self.winnow("clean", "--db", self.db, "--dns-server", self.server.address,
                        "--allow-private-hosts", "--probe", "--probe-helo", helo, "--probe-from",
                        sender, "--probe-force", "--smtp-port", str(taken.getsockname()[1]), "-o",
                        "forced", *more, "list.csv")
        output = self.output("forced")
        self.assertEqual(output.by("email", "reason")["ann@firm.org"], "no_connection")
        warnings = output.summary["run"]["probe"]["warnings"]
        for word in words:
            self.assertIn(word, warnings)
        self.assertEqual(warnings is None, not words)

    def test_what_is_an_spf_record(self):
        """RFC 7208 4.5: the version is a word of its own. "v=spf10" used to be taken for it."""
        for i, (text, is_one) in enumerate(SPF.items()):
            with self.subTest(text):
                done = self.winnow("check", "--db", self.db, "--dns-server", self.server.address,
                                   "--allow-private-hosts", "--probe", "--probe-helo",
                                   "out.good.net", "--probe-from", f"a@spf{i}.net", "ann@y.org",
                                   status=OK if is_one else CONFIG)
                if not is_one:
                    self.check_sentence(done, f"spf{i}.net has no SPF record")

    def test_our_set_up_cannot_be_looked_at(self):
        done = self.run_clean("--probe", "--probe-helo", "broken.net", "--probe-from",
                              "a@good.net", "--dns-timeout", "300", status=TEMPFAIL)
        self.check_sentence(done, "before probing", "broken.net")
        self.check_forced("broken.net", "a@good.net", ["could not be looked at", "broken.net"],
                          "--dns-timeout", "300")

    def test_the_plan(self):
        """--dry-run asks nobody, says who would be asked and who not, and stores DNS facts only."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.2)
            port = listener.getsockname()[1]
            done = self.run_clean(*GOOD, "--dry-run", "--smtp-port", str(port))
            with self.assertRaises(TimeoutError):
                listener.accept()
        plan = done.out.decode()
        plan = plan[plan.index("probing:"):]
        self.assertEqual(plan, """\
probing: 4 mailboxes at 3 domains of 2 providers would be asked, over 2 connections or more; it takes 0 min 0 s at least
  brackwell.net                      2 mailboxes, 2 at a time, 60 a minute
  hoster-one.net                     2 mailboxes, 2 at a time, 60 a minute
  not asked: 1, the verdict is settled without asking
  not asked: 1, the provider says yes to everybody
  not asked: 1, at the domain that we ask from
""")

    def test_the_plan_of_a_limited_run(self):
        """What --probe-max leaves out, and that the run would be refused, used to go unsaid."""
        arguments = ("--probe", "--probe-from", "probe@good.net", "--probe-helo", "stray.good.net",
                     "--dry-run", "--probe-max", "3")
        plan = self.run_clean(*arguments).out.decode()
        self.assertIn("probing: 3 at most of 4 mailboxes", plan)
        self.assertIn("left for a later run: 1 or more, by --probe-max", plan)
        self.assertIn("without --probe-force this run would be refused", plan)
        self.assertIn("127.0.0.8, which does not map back", plan)
        plan = self.run_clean(*arguments, "--probe-force").out.decode()
        self.assertNotIn("would be refused", plan)

    def test_status_of_an_empty_store(self):
        done = self.winnow("probe", "status", "--db", self.db)  # a slip in its name used to go unsaid
        self.check_sentence(done, "no store", self.db)
        self.assertEqual(done.out, b"")
        self.run_clean("--offline", "--dry-run")
        done = self.winnow("probe", "status", "--db", self.db)
        self.assertEqual((done.out, done.err), (b"", ""))
        self.check_sentence(self.winnow("probe", status=USAGE), "probe status")
        self.check_sentence(self.winnow("probe", "stop", status=USAGE), "'winnow probe stop'")
        self.check_sentence(self.winnow("probe", "status", "x", status=USAGE), "'x'")

    def test_without_a_store(self):
        """It is said that nothing will be remembered, unless nothing is to be said."""
        self.write("list.csv", LIST)
        for more, said in (((), True), (("-q",), False)):
            done = self.winnow("clean", *GOOD, "--no-db", "--dry-run", "--dns-server",
                               self.server.address, "--allow-private-hosts", *more, "list.csv")
            self.assertEqual("nothing is remembered" in done.err, said, done.err)
        done = self.winnow("check", *GOOD, "--no-db", "--dns-server", self.server.address,
                           "--allow-private-hosts", "ann@good.net")
        self.assertIn("nothing is remembered", done.err)

    def test_status_of_a_day(self):
        """A budget of a later day is today's: the clock has gone back."""
        self.run_clean("--offline", "--dry-run")
        with contextlib.closing(sqlite3.connect(self.db)) as store, store:
            store.execute("INSERT INTO probe_group (name, day, used, stopped_at, stopped_until)"
                          " VALUES ('brackwell.net', ?, 7, 0, 0)",
                          (DAY,))
        for time, used in ((DAY - 1, 7), (DAY, 7), (DAY + 1, 0)):
            with self.subTest(time - DAY):
                done = self.winnow("probe", "status", "--all", "--json", "--db", self.db,
                                   "--as-of", str(date.fromordinal(EPOCH + time)))
                self.assertEqual(done.json()["asked_today"], used)
                self.assertEqual(done.json()["daily_limit"], 2000)

    def test_status_of_a_spent_day(self):
        """A provider that may be asked no more today used to be listed like any other."""
        self.run_clean("--offline", "--dry-run")
        with contextlib.closing(sqlite3.connect(self.db)) as store, store:
            for group, used in (("Outlook.com", 1000), ("brackwell.net", 1999)):
                store.execute("INSERT INTO probe_group (name, day, used, stopped_at, stopped_until)"
                              " VALUES (?, ?, ?, 0, 0)",
                              (group, DAY, used))
        status = lambda *more: self.winnow("probe", "status", "--db", self.db, "--as-of", AS_OF,
                                           *more).out.decode()
        self.assertEqual(status(), "Outlook.com: 1000 of 1000 mailboxes a day asked today\n")
        self.assertIn("brackwell.net: 1999 of 2000 mailboxes a day asked today\n", status("--all"))

    def test_nobody_can_be_reached(self):
        """A network that blocks the port says nothing about anybody's mailbox."""
        zone = ZONE + "".join(f"d{i}.org. IN MX 10 mx.d{i}.org.\nmx.d{i}.org. IN A 127.0.0.1\n"
                              for i in range(5))
        path = self.write("zone", zone)
        with nsd.Nsd([path]) as server, socket.create_server(("127.0.0.2", 0)) as taken:
            port = taken.getsockname()[1]  # nobody listens on it on 127.0.0.1
            self.write("many.csv", "email\n" + "".join(f"ann@d{i}.org\n" for i in range(5)))
            done = self.winnow("clean", "--db", self.db, "--dns-server", server.address,
                               "--allow-private-hosts", *GOOD, "--smtp-port", str(port),
                               "many.csv", "-v")
        out = self.output("many.winnow")
        self.assertEqual({r["reason"] for r in out.report}, {"probe_blocked"})
        self.assertEqual({r["action"] for r in out.report}, {"keep"})
        self.assertIn("no mail server could be reached", done.err)
        self.assertIn("reached", out.summary["run"]["probe"]["blocked"])

    def test_one_server_that_is_not_there(self):
        """One closed port is that domain's matter, not ours."""
        with socket.create_server(("127.0.0.2", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.winnow("check", "--json", "--db", self.db, "--dns-server",
                               self.server.address, "--allow-private-hosts", *GOOD, "--smtp-port",
                               str(port), "ann@brackwell.net", status=NOT_KEEP)
        row = json.loads(done.out)
        self.assertEqual((row["reason"], row["action"], row["blame"]),
                         ("no_connection", "review", "network"))

    def check_one(self, port, status):
        return self.winnow("check", "--json", "--db", self.db, "--dns-server", self.server.address,
                           "--allow-private-hosts", *GOOD, "--smtp-port", str(port),
                           "ann@brackwell.net", "bob@brackwell.net", "nobody", status=status)

    def test_check_beside_another_run(self):
        """Who does not hold the store can count nothing, and used to ask all the same: together
        they asked more than a provider bears."""
        self.write("list.csv", LIST)
        with Responder().hold() as slow, socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.2)
            port = listener.getsockname()[1]
            run = self.start_waiting(slow, "--db", self.db, "list.csv")
            done = self.check_one(port, NOT_KEEP)
            self.check_sentence(done, "no mailbox was asked", self.db, "another run", "try again")
            rows = [json.loads(line) for line in done.out.splitlines()]
            self.assertEqual([row["reason"] for row in rows],
                             ["not_checked", "not_checked", "syntax_no_at"])
            self.assertIn("another run", rows[0]["diagnostic"])
            with self.assertRaises(TimeoutError):
                listener.accept()
            slow.release()
            self.finish(run)
        done = self.check_one(port, NOT_KEEP)  # nobody listens any more
        self.assertEqual(done.err, "")
        self.assertEqual(json.loads(done.out.splitlines()[0])["reason"], "no_connection")

    def test_check_beside_another_run_where_nobody_is_to_be_asked(self):
        """Then there is nothing to say."""
        with Responder().hold() as slow:
            self.write("list.csv", LIST)
            run = self.start_waiting(slow, "--db", self.db, "list.csv")
            done = self.winnow("check", "--db", self.db, "--dns-server", self.server.address,
                               "--allow-private-hosts", *GOOD, "ann@y.org", "nobody",
                               status=NOT_KEEP)
            self.assertEqual(done.err, "")
            slow.release()
            self.finish(run)

    def test_check_with_a_store_that_cannot_be_written(self):
        self.winnow("clean", "--offline", "--db", self.db, "--dry-run", self.write("l.csv", LIST))
        os.chmod(self.home, 0o500)
        os.chmod(self.db, 0o400)
        self.addCleanup(os.chmod, self.home, 0o700)
        for name in os.listdir(self.home):
            if name.endswith("lock"):
                os.chmod(os.path.join(self.home, name), 0o400)
        done = self.winnow("check", "--json", "--db", self.db, "--dns-server",
                           self.server.address, "--allow-private-hosts", *GOOD,
                           "ann@brackwell.net", preexec_fn=without_rights)
        self.check_sentence(done, "no mailbox was asked", self.home)
        self.assertEqual(json.loads(done.out)["reason"], "not_checked")

    def test_check_without_a_server(self):
        with socket.create_server(("127.0.0.2", 0)) as taken:
            done = self.winnow("check", "--db", self.db, "--dns-server", self.server.address,
                               "--allow-private-hosts", *GOOD, "--smtp-port",
                               str(taken.getsockname()[1]), "ann@y.org", "nobody",
                               status=NOT_KEEP)
        self.assertIn("accepts_all_provider", done.out.decode())


if __name__ == "__main__":
    unittest.main()
