#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stopping in order, and being killed: WN_BINARY=... python3 tests/e2e/test_signals.py

With WN_LONG=1 the kills are 20, over a list of 500,000 rows and an import of 60,000 events; else
few and small.
"""

import json
import os
import random
import signal
import sqlite3
import time

import support
from responder import AAAA, MX, Responder, fine
from support import AS_OF, FILES, Case, read, sanitizer

LONG = os.environ.get("WN_LONG") == "1"
KILLS = 20 if LONG else 8
ROWS = 500_000 if LONG else 40_000
EVENTS = 150_000 if LONG else 3_000  # of each source of an import that is killed
LIST = "id,email\n1,ann@brackwell.net\n2,info@brackwell.net\n"


def large_list(rows, seed=1):
    """A list with a few of everything: plain rows, roles, duplicates, faults, lost quotes."""
    rng = random.Random(seed)
    out = ["id,email,name\n"]
    for i in range(rows):
        kind = rng.random()
        name = f"person.{i}" if kind < .8 else "info" if kind < .85 else f"person.{i // 3}"
        at = "@" if kind < .97 else " "
        tail = '"lost' if kind > .9995 else '"Smith, J."' if kind > .9 else "Name"
        out.append(f"{i},{name}{at}firm{rng.randrange(2000)}.brackwell.net,{tail}\n")
    return "".join(out)


# What the tests were started under (nohup) may ignore it, and a run that inherits this goes on.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

LOG_LINE = ("2026-10-{day:02}T10:00:{second:02}.000000+00:00 mail postfix/smtp[77]: 4XYZ{n:05}: "
            "to=<log{n}@d{d}.brackwell.net>, relay=mx.brackwell.net[192.0.2.1]:25, delay=1, "
            "delays=0/0/0.5/0.5, dsn=5.1.1, status=bounced (host mx.brackwell.net[192.0.2.1] said: "
            "550 5.1.1 <log{n}@d{d}.brackwell.net>: user unknown (in reply to RCPT TO command))\n")
NOTIFICATION = """From MAILER-DAEMON Fri Oct {day:2} 10:00:00 2026
From: MAILER-DAEMON@mail.brackwell.net
Date: {day} Oct 2026 10:00:{second:02} +0000
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.brackwell.net

Final-Recipient: rfc822; box{n}@d{d}.brackwell.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <box{n}@d{d}.brackwell.net>: user unknown

--b--

"""


def mixed_sources(count):
    """name -> a log, an mbox and a CSV of so many bounces each."""
    when = [{"day": 1 + n * 20 // count, "second": n % 60, "n": n, "d": n % 900}
            for n in range(count)]
    return {"mail.log": "".join(LOG_LINE.format(**w) for w in when),
            "box": "".join(NOTIFICATION.format(**w) for w in when),
            "bounces.csv": "email,code,date\n" + "".join(
                "csv{n}@d{d}.brackwell.net,5.1.1,2026-10-{day:02}\n".format(**w) for w in when)}


class SignalCase(Case):
    def hold(self, server, *arguments):
        """A run that waits for DNS."""
        return self.start_waiting(server, "--db", self.db, *arguments)

    def stop(self, run, number, expected):
        """Stops a run once it waits for something: ThreadSanitizer may lose a signal that comes while
        the thread is busy."""
        self.wait_until("waiting", lambda: self.is_asleep(run))
        run.send_signal(number)
        run.wait(support.PATIENCE)  # before its standard input is closed
        done = self.finish(run, 128 + number)
        self.assertFalse(done.killed, "the stop must be orderly")
        self.assertRegex(done.err, r"winnow: [^\n]*stopped[^\n]*\n\Z")
        self.assertEqual(self.litter(), expected)
        self.assertEqual(os.listdir(os.path.join(self.place, "tmp")), [])

    @staticmethod
    def is_asleep(run):
        """Whether it has been waiting for something for a while."""
        for _ in range(4):
            with open(f"/proc/{run.pid}/stat", encoding="ascii") as f:
                state = f.read().rpartition(")")[2].split()[0]
            exe = os.readlink(f"/proc/{run.pid}/exe")
            if state != "S" or exe != os.path.realpath(support.binary()):
                return False
            time.sleep(0.01)
        return True


class OrderlyTest(SignalCase):
    """SIGINT, SIGTERM, SIGHUP: 128+n, the previous output whole, no litter."""

    def setUp(self):
        super().setUp()
        self.write("list.csv", LIST)
        self.offline("list.csv")
        self.before = self.snapshot(self.path("list.winnow"))

    def tearDown(self):
        self.assertEqual(self.snapshot(self.path("list.winnow")), self.before)

    def test_while_dns_is_awaited(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), Responder().hold() as server:
                self.stop(self.hold(server, "list.csv"), number, ["list.csv", "list.winnow"])
        # The store is free again.
        self.winnow("clean", "--db", self.db, "--offline", "-o", "out", "list.csv")

    def test_while_our_own_set_up_is_looked_up(self):
        """Before probing, and also where what is wrong with it would be no reason to end."""
        for command in (("clean", "list.csv"), ("clean", "--probe-force", "list.csv"),
                        ("check", "ann@brackwell.net")):
            with self.subTest(command), Responder().hold() as server:
                run = self.start(*command, "--db", self.db, "--dns-server", server.address,
                                 "--dns-timeout", "60000", "--probe", "--probe-from",
                                 "probe@sender.net", "--probe-helo", "out.sender.net")
                self.wait_until("a question", lambda: server.asked("out.sender.net"))
                self.stop(run, signal.SIGINT, ["list.csv", "list.winnow"])

    def test_while_mail_hosts_are_looked_up(self):
        """For probing: a domain's route is known, and all its hosts with all their addresses are
        asked for then, which are those of IPv6 here."""
        for kind, name, times in ((MX, "brackwell.net", 2), (AAAA, "mx.brackwell.net", 1)):
            def script(question, awaited=(name, kind), times=times):
                held = (question.name, question.type) == awaited and server.asked(*awaited) >= times
                return None if held else fine(question)

            for command in (("clean", "list.csv"), ("check", "ann@brackwell.net")):
                with self.subTest(command, kind=kind), Responder(script) as server:
                    run = self.start(*command, "--db", self.db, "--refresh", "--dns-server",
                                     server.address, "--dns-timeout", "60000", "--probe",
                                     "--probe-force", "--probe-from", "probe@sender.net",
                                     "--probe-helo", "out.sender.net")
                    self.wait_until("the question", lambda: server.asked(name, kind) == times)
                    self.wait_until("waiting", lambda: self.is_asleep(run))
                    self.stop(run, signal.SIGINT, ["list.csv", "list.winnow"])

    def test_during_the_survey(self):
        self.write("list.csv", large_list(400_000))
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                run = self.start("clean", "--offline", "--no-db", "list.csv")
                self.wait_until("a staging directory", lambda: len(os.listdir(self.work)) > 2)
                run.send_signal(signal.SIGSTOP)  # it is in the first milliseconds of its reading
                run.send_signal(number)
                run.send_signal(signal.SIGCONT)
                self.stop_sent(run, number)

    def stop_sent(self, run, number):
        done = self.finish(run, 128 + number)
        self.assertFalse(done.killed)
        self.assertEqual(self.litter(), ["list.csv", "list.winnow"])

    def test_while_writing(self):
        self.write("list.csv", large_list(400_000))
        run = self.start("clean", "--offline", "--no-db", "list.csv")
        staging = self.wait_until("a staging directory", lambda: [
            n for n in os.listdir(self.work) if "staging" in n])[0]
        self.wait_until("a list", lambda: os.path.exists(self.path(staging + "/keep.csv")))
        run.send_signal(signal.SIGSTOP)
        run.send_signal(signal.SIGTERM)
        run.send_signal(signal.SIGCONT)
        self.stop_sent(run, signal.SIGTERM)

    def test_while_standard_input_is_awaited(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                run = self.start("clean", "--offline", "--no-db", "-o", "out", "-", stdin=-1)
                run.stdin.write(LIST.encode())
                run.stdin.flush()
                self.stop(run, number, ["list.csv", "list.winnow"])

    def test_while_a_pipe_is_opened(self):
        os.mkfifo(self.path("pipe.csv"))
        run = self.start("clean", "--offline", "--no-db", "pipe.csv")
        self.stop(run, signal.SIGINT, ["list.csv", "list.winnow", "pipe.csv"])

    def test_check_waits_for_standard_input(self):
        run = self.start("check", "--offline", "--no-db", "-", stdin=-1)
        self.stop(run, signal.SIGINT, ["list.csv", "list.winnow"])

    def test_classify_waits_for_standard_input(self):
        run = self.start("bounces", "classify", "-", stdin=-1)
        self.stop(run, signal.SIGTERM, ["list.csv", "list.winnow"])

    def test_import_waits_for_standard_input(self):
        run = self.start("bounces", "import", "--db", self.db, "-", stdin=-1)
        run.stdin.write(b"email,code,date\nann@brackwell.net,5.1.1,2026-01-01\n")
        run.stdin.flush()
        self.stop(run, signal.SIGINT, ["list.csv", "list.winnow"])

    def test_while_the_lock_is_awaited(self):
        with Responder().hold() as server:
            holder = self.hold(server, "-o", "out", "list.csv")
            run = self.start("clean", "--offline", "--db", self.db, "--wait", "600", "list.csv")
            self.wait_until("a second run", lambda: len(self.litter()) == 4)
            number = signal.SIGTERM
            run.send_signal(number)
            done = self.finish(run, 128 + number)
            self.assertIn("stopped", done.err)
            server.release()
            self.finish(holder)

    def test_a_second_signal_ends_it_at_once(self):
        with Responder().hold() as server:
            run = self.hold(server, "list.csv")
            run.send_signal(signal.SIGSTOP)
            run.send_signal(signal.SIGINT)
            run.send_signal(signal.SIGTERM)
            run.send_signal(signal.SIGCONT)
            done = self.finish(run, None)
            self.assertIn(done.status, (130, 143))
        self.offline("--dry-run", "list.csv")
        self.winnow("clean", "--db", self.db, "--offline", "--only", "keep", "list.csv")

    def test_ignored_signals_stay_ignored(self):
        """nohup: what was ignored from the start does not stop the run."""
        with Responder().hold() as server:
            run = self.start_waiting(
                server, "--no-db", "-o", "out", "list.csv",
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
            run.send_signal(signal.SIGHUP)
            server.release()
            self.finish(run)
        self.output("out")

    def test_paid_for_answers_are_kept(self):
        """A stopped run keeps the facts it has; the next one asks only for the rest."""
        self.write("many.csv", "email\n" + "".join(f"p@d{i}.brackwell.net\n" for i in range(300)))
        silent = "d299.brackwell.net"

        def script(question):
            return None if question.name == silent else fine(question)

        with Responder(script) as server:
            run = self.start("clean", "--db", self.db, "--dns-server", server.address,
                             "--dns-timeout", "60000", "--progress", "always", "-o", "out",
                             "many.csv")
            shown = b""
            while b"299 of 300" not in shown:
                shown += (piece := os.read(run.stderr.fileno(), 4096))
                self.assertTrue(piece, shown)
            run.send_signal(signal.SIGINT)
            self.finish(run, 130)
            server.script = fine
            asked = server.asked()
            self.winnow("clean", "--db", self.db, "--dns-server", server.address, "-o", "out",
                        "many.csv")
            self.assertLess(server.asked() - asked, 60)
            self.assertGreaterEqual(server.asked(silent), 2)


class KillTest(Case):
    """kill -9 at random moments: the previous output is whole every time, the next run succeeds
    and clears what was left."""

    def setUp(self):
        super().setUp()
        if sanitizer() == "thread":
            self.skipTest("a process that is killed reports no data race")

    def result(self, path):
        """The bytes of a whole output, but for the summary, which must be whole too."""
        self.assertEqual(sorted(os.listdir(path)), sorted(FILES + (".winnow",)))
        summary = json.loads(read(os.path.join(path, "summary.json")))
        self.assertTrue(summary["conservation"]["ok"])
        return {name: read(os.path.join(path, name)) for name in FILES if name != "summary.json"}

    def test_kills(self):
        self.write("list.csv", large_list(ROWS))
        self.write("bounces.csv", "email,code,date\n" + "".join(
            f"person.{i}@firm{i % 2000}.brackwell.net,5.1.1,2026-05-01\n" for i in range(1000)))
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        command = ("clean", "--offline", "--db", self.db, "--as-of", AS_OF, "-q", "list.csv")
        other = ("--set", "role_account=drop")
        began = time.monotonic()
        self.winnow(*command, timeout=600)
        whole = time.monotonic() - began
        old = self.result(self.path("list.winnow"))
        self.winnow(*command, *other, "-o", "other", timeout=600)
        new = self.result(self.path("other"))
        self.assertNotEqual(old, new)
        names = ["bounces.csv", "list.csv", "list.winnow", "other"]
        rng = random.Random(os.environ.get("WN_SEED", time.time()))
        killed = 0
        for number in range(KILLS):
            # Each run would turn the one result into the other.
            run = self.start(*command, *(other if number % 2 == 0 else ()))
            time.sleep(rng.uniform(0, whole))
            run.kill()
            run.wait()
            killed += run.returncode == -signal.SIGKILL
            with self.subTest(kill=number):
                self.assertIn(self.result(self.path("list.winnow")), (old, new))
            if number % 4 == 3:
                # Several kills may leave several things; one run clears them all.
                self.winnow(*command, timeout=600)
                self.assertEqual(self.result(self.path("list.winnow")), old)
                self.assertEqual(self.litter(*names), [])
        self.winnow(*command, timeout=600)
        self.assertEqual(self.result(self.path("list.winnow")), old)
        self.assertEqual(self.litter(*names), [])
        self.assertGreater(killed, 0)
        if not LONG:  # in Python, half a million rows take a gigabyte
            self.check_conservation(self.output("list.winnow"), read(self.path("list.csv")))

    def test_first_run_killed(self):
        """Without a previous output there is none, or a whole one."""
        self.write("list.csv", large_list(ROWS))
        for delay in (0.0, 0.02, 0.05, 0.1):
            run = self.start("clean", "--offline", "--no-db", "-q", "list.csv")
            time.sleep(delay)
            run.kill()
            run.wait()
            if os.path.exists(self.path("list.winnow")):
                self.result(self.path("list.winnow"))
        self.offline("-q", "list.csv", timeout=600)
        self.result(self.path("list.winnow"))
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])

    def rows(self, query, store=None):
        """What a store holds, as its next user would find it."""
        with sqlite3.connect(store or self.db) as db:
            has_tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
            return sorted(db.execute(query)) if has_tables else []

    def test_killed_imports(self):
        """No event that was written is lost, and another import has all of them, each once: of a
        log too, of which it reads only what is behind the last that was written."""
        for name, text in mixed_sources(EVENTS).items():
            self.write("mail/" + name, text)
        other = os.path.join(self.home, "other.db")
        command = ("bounces", "import", "-q", "mail", "--db")
        began = time.monotonic()
        self.winnow(*command, other, timeout=600)
        whole = time.monotonic() - began
        digests = "SELECT digest FROM event"
        seed = os.environ.get("WN_SEED", str(time.time()))
        rng = random.Random(seed)
        before, killed, torn = [], 0, 0
        for number in range(KILLS):
            if number % 5 == 0:  # what is complete cannot be torn
                for end in ("", "-wal", "-shm"):
                    if os.path.exists(self.db + end):
                        os.remove(self.db + end)
                before = []
            run = self.start(*command, self.db)
            time.sleep(rng.uniform(0, whole))
            run.kill()
            run.wait()
            killed += run.returncode == -signal.SIGKILL
            found = self.rows(digests)
            with self.subTest(f"WN_SEED={seed}", kill=number):
                self.assertLessEqual(set(before), set(found))
                if number % 5 == 4:
                    self.complete(command, other)
            torn += 0 < len(found) < 3 * EVENTS
            before = found
        self.complete(command, other)
        self.assertGreater(killed, 0)
        if LONG:  # a small import is one transaction
            self.assertGreater(torn, 0)

    def complete(self, command, other):
        """Another import completes the store, and has nothing more to do."""
        self.winnow(*command, self.db, timeout=600)
        for query in ("SELECT m.address, e.digest, e.at, e.action, e.diagnostic FROM event e"
                      " JOIN mailbox m ON m.id = e.mailbox",
                      "SELECT address, state, diagnostic FROM suppression",
                      "SELECT * FROM domain_history", "SELECT * FROM breaker_day",
                      "SELECT m.address, q.at, q.burst, q.mark FROM quarantine q"
                      " JOIN mailbox m ON m.id = q.mailbox",
                      "SELECT position FROM log_position"):
            self.assertEqual(self.rows(query), self.rows(query, other), query)
        done = self.winnow(*command, self.db, "--json", timeout=600).json()
        self.assertEqual((done["read"], done["new"]), (2 * EVENTS, 0))  # nothing of the log


if __name__ == "__main__":
    support.main()
