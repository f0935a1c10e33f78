#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two thousand mailboxes on some sixty servers of every temper are asked: each gets the outcome
that was planted, and the servers saw nothing but good manners. WN_BINARY=... python3
tests/e2e/test_probe_zoo.py

ZOO_TRANSCRIPT=FILE in the environment: what the servers saw in the last case, a line each.
"""

import collections
import contextlib
import os
import signal
import sqlite3
import time
import unittest

import nsd
import smtp_zoo
import zoo_checks
from probing import HELO, SENDER, ProbeCase
from smtp_zoo import Zoo
from support import main
from zoo_checks import Rules, answers, recipient
from zoo_plan import EXISTS, Plan

WHY_NOT = smtp_zoo.why_not() or (None if nsd.find_nsd() else "nsd is not installed")

# Those whose answers do not change with the time or the number of the questions.
STEADY = ["postfix", "exim", "sendmail", "google", "microsoft365", "icloud", "yandex", "gmx",
          "tarpit", "slow_banner", "tls", "split", "catch_all", "greylist", "hosted"]
FINAL = {"mailbox_accepted", "mailbox_not_found", "mailbox_disabled", "restricted", "catch_all"}


@unittest.skipIf(WHY_NOT, WHY_NOT or "")
class ZooCase(ProbeCase):
    def begin(self, names=None):
        """Plans, starts the servers and the name server, writes the list."""
        self.plan = Plan(names)
        self.zoo = Zoo(self.plan.servers).start()
        self.addCleanup(self.keep_transcript)
        self.server = nsd.Nsd([self.write("zone", self.plan.zone())]).start()
        self.addCleanup(self.server.stop)
        self.list_of(self.plan.order())

    def keep_transcript(self):
        self.zoo.stop()
        if path := os.environ.get("ZOO_TRANSCRIPT"):
            began = self.zoo.entries[0].time if self.zoo.entries else 0
            with open(path, "w", encoding="utf-8") as f:
                for e in self.zoo.entries:
                    f.write(f"{e.time - began:9.4f} {e.server} {e.connection} {e.what} {e.text}\n")

    def rules(self, **more):
        more.setdefault("group_connections", self.plan.numbers("connections"))
        return Rules(SENDER, HELO, group_recipients=self.plan.numbers("recipients"),
                     group_times=self.plan.numbers("times"),
                     group_random_times=self.plan.numbers("random_times"), **more)

    def settled(self):
        """The transcript when every connection has ended."""
        self.wait_until("the end of all connections", lambda: not self.zoo.open)
        return self.zoo.transcript()

    def check_faults(self, transcript, rules):
        found = zoo_checks.faults_of(transcript, self.plan.servers, rules)
        self.assertEqual(found[:20], [], f"{len(found)} faults")

    def check_planted(self, output):
        """Every reason; and, of all things, no one who exists is given up."""
        lost = [row["email"] for row in output.report if row["result"] == "undeliverable"
                and self.plan.mailboxes[row["email"]].state in EXISTS]
        self.assertEqual(lost, [])
        self.check_reasons(output, {a: p.reasons for a, p in self.plan.mailboxes.items()})


class ZooTest(ZooCase):
    def test_every_mailbox(self):
        self.begin()
        self.assertGreaterEqual(len(self.plan.servers), 30)
        self.assertEqual(len(self.plan.mailboxes), 2000)
        self.assertEqual(set(self.unprobed(self.server).by("email", "reason").values()),
                         {"not_probed"})
        output = self.probe(self.server, self.zoo.port)
        transcript = self.settled()
        self.check_planted(output)
        self.check_faults(transcript, self.rules())
        self.check_columns(output)
        self.check_blocking(transcript)
        self.check_random(transcript)
        # Run again, it asks nobody whose answer it knows, and nobody where it was told to go away.
        known = {row["email"] for row in output.report if row["reason"] in FINAL}
        away = {a for a, p in self.plan.mailboxes.items() if p.reasons == {"probe_blocked"}}
        self.assertGreater(len(known), 1000)
        # The others, who are many, have no time to answer.
        again = self.probe(self.server, self.zoo.port, "--probe-budget", "2s",
                           output="again.winnow")
        more = self.settled()[len(transcript):]
        self.assertEqual({recipient(e) for e in more} & (known | away), set())
        before, after = output.by("email", "reason"), again.by("email", "reason")
        self.assertEqual({a: after[a] for a in known | away}, {a: before[a] for a in known | away})

    def check_columns(self, output):
        """What was said stands in the report."""
        rows = {row["email"]: row for row in output.report}
        for address, planted in self.plan.mailboxes.items():
            row = rows[address]
            if planted.row.name == "microsoft365" and planted.state == "unknown":
                self.assertEqual((row["smtp_code"], row["enhanced_code"], row["provider"]),
                                 ("550", "5.4.1", "Microsoft 365"))
                self.assertIn("Access denied", row["diagnostic"])
            if planted.row.name == "exim" and planted.state == "unknown":
                self.assertEqual((row["smtp_code"], row["enhanced_code"], row["evidence"]),
                                 ("550", "", "mailbox"))
            self.assertNotRegex(row["diagnostic"], r"[\x00-\x1f\x7f]", row)

    def check_blocking(self, transcript):
        """Whoever says that it is about us is asked no more: only what was under way then."""
        said, after = set(), collections.Counter()
        group = {s.name: s.group for s in self.plan.servers
                 if "blocked" in s.persona.turn or "blocked" in s.persona.mail}
        for entry in transcript:
            if entry.server not in group:
                continue
            if entry.what == "out" and "blocked using" in entry.text:
                said.add(group[entry.server])
            elif group[entry.server] in said and recipient(entry):
                after[group[entry.server]] += 1
        self.assertEqual(len(said), 3)
        # Two connections, five recipients each.
        self.assertLessEqual(max(after.values(), default=0), 10, after)

    def check_random(self, transcript):
        """No two domains are asked for the same random name."""
        names = collections.defaultdict(set)
        for address in filter(None, map(recipient, transcript)):
            if zoo_checks.RANDOM.match(address):
                local, _, domain = address.partition("@")
                names[local].add(domain)
        self.assertGreater(len(names), 50)
        self.assertEqual([n for n, domains in names.items() if len(domains) > 1], [])


class AgainTest(ZooCase):
    def test_at_once(self):
        """Facts of a run were dated a second ahead, and one within that second did not see them."""
        self.begin(["exim"])
        self.list_of(self.plan.order()[:6])
        time.sleep(1 - time.time() % 1)  # so that both begin in one second, where they are quick
        self.probe(self.server, self.zoo.port)
        first = self.settled()
        self.assertGreater(len(list(answers(first))), 5)
        again = self.probe(self.server, self.zoo.port, output="again.winnow")
        self.assertEqual([e for e in self.settled()[len(first):] if recipient(e)], [])
        self.assertEqual({row["reason"] for row in again.report},
                         {"mailbox_accepted", "mailbox_not_found", "mailbox_full"})


class InterruptedTest(ZooCase):
    def wait_for_answers(self, count):
        """Until so many recipients were answered."""
        self.wait_until(f"{count} answers",
                        lambda: sum(s.answered for s in self.plan.servers) >= count)

    def known(self, transcript):
        """The mailboxes that were answered for good; "@domain" of those that nobody named."""
        final = {a for _, _, a, text in answers(transcript) if text[0] in "25"}
        return ({a for a in final if a in self.plan.mailboxes}
                | {"@" + a.rpartition("@")[2] for a in final if zoo_checks.RANDOM.match(a)})

    def stored(self):
        """The same of the store, which is left as it is."""
        with contextlib.closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as store:
            return {key for key, in store.execute(
                "SELECT address FROM probe WHERE due = 0 UNION SELECT '@' || domain FROM catch_all")}

    def test_killed(self):
        """Run again, it asks only what was not answered."""
        self.begin(STEADY)
        patient = ("--probe-timeout", "60")  # nobody is silent
        run = self.start(*self.words(self.server, self.zoo.port, *patient))
        self.wait_for_answers(len(self.plan.mailboxes) // 2)
        early = self.known(self.zoo.transcript())
        self.wait_until("them in the store", lambda: early <= self.stored())
        self.assertIsNone(run.poll())
        killed = time.monotonic()
        run.send_signal(signal.SIGKILL)
        run.wait()
        first = self.settled()
        self.check_faults(first, self.rules(killed=(killed,)))
        stored = self.stored()
        self.assertGreater(len(stored), len(self.plan.mailboxes) // 3)
        self.assertEqual(stored - self.known(first), set())
        self.assertFalse(os.path.exists(self.path("out.winnow")))

        output = self.probe(self.server, self.zoo.port, *patient)
        second = self.settled()[len(first):]
        self.check_planted(output)
        accepted = {a.rpartition("@")[2] for _, _, a, text in answers(first) if text[0] == "2"}
        self.check_faults(second, self.rules(accepted=frozenset(accepted)))
        asked = set(filter(None, map(recipient, second)))
        self.assertGreater(len(asked), 0)
        self.assertEqual(asked & stored, set())
        # Nor is a domain tested again whose random mailbox was answered.
        tested = {a for a in stored if a.startswith("@")}
        retested = {"@" + a.rpartition("@")[2] for a in asked if zoo_checks.RANDOM.match(a)}
        self.assertGreater(len(tested), 5)
        self.assertEqual(retested & tested, set())

    def test_stopped(self):
        """SIGTERM: it takes its leave of every server first."""
        self.begin(["postfix", "tarpit", "tls", "split", "silent", "greylist", "slow_banner"])
        run = self.start(*self.words(self.server, self.zoo.port))
        self.wait_for_answers(100)
        self.assertIsNone(run.poll())
        run.send_signal(signal.SIGTERM)
        done = self.finish(run, status=128 + signal.SIGTERM)
        self.assertTrue(done.err.startswith("winnow: "), done.err)
        self.assertFalse(os.path.exists(self.path("out.winnow")))
        self.check_faults(self.settled(), self.rules(stopped=True))
        asked = {r for e in self.zoo.transcript() if (r := recipient(e))}
        self.assertLess(len(asked), len(self.plan.mailboxes))


class LimitsTest(ZooCase):
    """What was told on the command line holds, as the servers saw it; who was not asked is kept."""

    def asked(self):
        return [r for e in self.settled() if (r := recipient(e))]

    def check_left_out(self, output, asked):
        reasons = output.by("email", "reason")
        for address, planted in self.plan.mailboxes.items():
            right = {"not_checked"}  # or accepted, and no random mailbox was asked in time
            if address in asked:
                right = planted.reasons | (right if planted.state == "present" else set())
            self.assertIn(reasons[address], right, address)

    def test_rate(self):
        """So many of a group in any minute."""
        self.begin(["postfix", "exim"])
        output = self.probe(self.server, self.zoo.port, "--probe-rate", "30", "--probe-budget",
                            "3s")
        asked = self.asked()
        for name in ("postfix", "exim"):
            count = sum(name in a.rpartition("@")[2] for a in asked)
            self.assertLessEqual(count, 30)
            self.assertGreater(count, 0)
        self.check_left_out(output, asked)
        self.check_faults(self.zoo.transcript(), self.rules())

    def test_number(self):
        """So many in all, over one connection of a group."""
        self.begin(["postfix", "exim", "tls"])
        output = self.probe(self.server, self.zoo.port, "--probe-max", "100",
                            "--probe-connections", "1")
        asked = self.asked()
        self.assertLessEqual(len(asked), 100)
        self.assertGreater(len(asked), 90)
        self.check_left_out(output, asked)
        self.check_faults(self.zoo.transcript(), self.rules(connections=1, group_connections={}))

    def test_sockets(self):
        """So many connections in all."""
        self.begin(["postfix", "exim", "tls", "sendmail", "split", "nuls"])
        output = self.probe(self.server, self.zoo.port, "--probe-sockets", "3")
        self.check_planted(output)
        self.assertLessEqual(max(int(e.text.split()[1]) for e in self.settled()
                                 if e.what == "open"), 3)
        self.check_faults(self.zoo.transcript(), self.rules())

    def test_dry_run(self):
        self.begin(["postfix", "exim"])
        self.winnow(*self.words(self.server, self.zoo.port, "--dry-run"))
        self.assertEqual(self.asked(), [])
        self.assertFalse(os.path.exists(self.path("out.winnow")))


class CanaryTest(ZooCase):
    def delivered(self, addresses):
        """The history: mail was delivered to these."""
        self.write("history.csv", "email,date,kind,text\n" + "".join(
            f"{a},2026-10-01T10:00:00Z,delivered,250 2.0.0 Ok: queued\n" for a in addresses))
        self.winnow("bounces", "import", "--db", self.db, "history.csv")

    def present(self, name, count):
        found = [a for a, p in self.plan.mailboxes.items()
                 if p.row.name == name and p.state == "present"]
        return found[3:3 + count]

    def test_someone_known_first(self):
        """Before anyone else of a large group, one whom mail has reached; alone, too."""
        self.begin(["postfix"])
        known = self.present("postfix", 3)
        self.delivered(known)
        self.probe(self.server, self.zoo.port)
        transcript = self.settled()
        self.check_faults(transcript, self.rules())
        commands = [(e.what, r) for e in transcript
                    if (r := recipient(e)) or (e.what == "out" and e.text.startswith("250 2.1.5"))]
        self.assertIn(commands[0][1], known)
        self.assertEqual(commands[1][0], "out")

    def test_a_liar_is_found_out(self):
        """It has taken mail for people whom it now denies: nothing that it says is believed."""
        self.begin(["lies_to_all"])
        # As many as make the group a large one.
        names = [f"extra.person{i}@{d}" for d in self.plan.exchangers for i in range(20)]
        known = self.present("lies_to_all", 3)
        self.delivered(known)
        self.list_of(self.plan.order() + names)
        output = self.probe(self.server, self.zoo.port)
        for row in output.report:
            want = "delivered" if row["email"] in known else "probe_blocked"
            self.assertEqual(row["reason"], want, row)
        asked = {r for e in self.settled() if (r := recipient(e))}
        self.assertEqual(asked, set(known))


if __name__ == "__main__":
    main()
