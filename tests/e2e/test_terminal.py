#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What people see on a terminal, and what cron mails: WN_BINARY=... python3
tests/e2e/test_terminal.py"""

import os
import pty
import re
import select
import time

import support
from responder import Responder
from support import OK, VALVE, Case

LIST = "id,email\n1,ann@brackwell.net\n2,info@brackwell.net\n3,nothing\n"
CLEAR = "\r\x1b[K"


class TerminalCase(Case):
    def setUp(self):
        super().setUp()
        self.write("list.csv", LIST)

    def on_terminal(self, *arguments, status=OK, streams=("stdout", "stderr"), during=None):
        """Runs with a terminal behind those streams; gives what it shows and the other stream."""
        master, slave = pty.openpty()
        how = {name: slave for name in streams}
        run = self.start(*arguments, **how)
        os.close(slave)
        shown = b""
        until = time.monotonic() + support.PATIENCE
        while time.monotonic() < until:
            if during and run.poll() is None:
                during(shown)
            if select.select([master], [], [], 0.02)[0]:
                try:
                    piece = os.read(master, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
        os.close(master)
        done = self.finish(run, status)
        return shown.decode().replace("\r\n", "\n"), done

    def offline_on_terminal(self, *arguments, **how):
        return self.on_terminal("clean", "--offline", "--no-db", *arguments, **how)


class LongFormTest(TerminalCase):
    def check_summary(self, text, rows=3):
        self.assertRegex(text, rf"list\.csv: {rows} records, email column 'email', \d+\.\d\d s")
        for word, number in (("keep", 1), ("review", 1), ("drop", 1), ("rejected", 0)):
            self.assertRegex(text, rf"  {word} +{number} +\d+\.\d %  \S+/{word}\.csv\n")
        for word in ("role_account 1", "not_checked 1", "syntax_no_at 1"):
            self.assertIn(word, text)

    def test_summary_on_a_terminal(self):
        shown, _ = self.offline_on_terminal("list.csv")
        self.check_summary(shown)
        self.assertNotIn("winnow: ", shown)

    def test_summary_when_only_standard_error_is_one(self):
        shown, done = self.offline_on_terminal("list.csv", streams=("stderr",))
        self.check_summary(shown)
        self.assertEqual(done.out, b"")

    def test_one_line_when_only_standard_output_is_one(self):
        shown, done = self.offline_on_terminal("list.csv", streams=("stdout",))
        self.assertEqual(shown, "")
        self.assertEqual(len(done.err.splitlines()), 1)

    def test_quiet(self):
        shown, _ = self.offline_on_terminal("-q", "list.csv")
        self.assertEqual(shown, "")
        shown, _ = self.offline_on_terminal("-q", "absent.csv", status=support.NOINPUT)
        self.assertRegex(shown, r"\Awinnow: absent.csv [^\n]+\n\Z")

    def test_dry_run(self):
        shown, _ = self.offline_on_terminal("--dry-run", "list.csv")
        self.assertIn("dry run", shown)

    def test_the_valve_names_the_held_result(self):
        shown, _ = self.offline_on_terminal("--max-drop", "5", "list.csv", status=VALVE)
        self.assertIn("list.winnow.held/drop.csv", shown)
        self.assertRegex(shown, r"winnow: list.csv: 33.33 %")

    def test_only_keeps_standard_output_for_data(self):
        shown, done = self.offline_on_terminal("--only", "keep", "list.csv", streams=("stderr",))
        self.assertEqual(done.out, b"id,email\n1,ann@brackwell.net\n")
        self.assertIn("3 records", shown)

    def test_json_keeps_standard_output_for_data(self):
        shown, done = self.offline_on_terminal("--json", "list.csv", streams=("stderr",))
        self.assertEqual(done.json()["counts"]["keep"], 1)
        self.check_summary(shown)


class ProgressTest(TerminalCase):
    def hold(self, *arguments, seconds=1.5, **how):
        """A run that waits for DNS until that is seen, or for so many seconds."""
        with Responder().hold() as server:
            def during(shown):
                if b"resolving" in shown or time.monotonic() - began > seconds:
                    server.release()

            began = time.monotonic()
            return self.on_terminal("clean", "--no-db", "--dns-server", server.address,
                                    "--dns-timeout", "60000", *arguments, during=during, **how)

    def test_live_line(self):
        shown, _ = self.hold("list.csv", seconds=support.PATIENCE)
        self.assertRegex(shown, r"\r\x1b\[Kresolving: 0 of 1 domains")
        # It is gone before the summary.
        end = shown.rindex(CLEAR)
        self.assertTrue(shown[end + len(CLEAR):].startswith("list.csv: 3 records"))
        for line in shown[:end].split(CLEAR):
            self.assertNotIn("\n", line)
            self.assertLessEqual(len(line), 79)

    def test_quiet(self):
        self.assertEqual(self.hold("-q", "list.csv")[0], "")

    def test_never(self):
        shown, _ = self.hold("--progress", "never", "list.csv")
        self.assertNotIn("resolving", shown)
        self.assertIn("3 records", shown)

    def test_always_without_a_terminal(self):
        with Responder().hold() as server:
            run = self.start_waiting(server, "--no-db", "--progress", "always", "list.csv")
            shown = b""
            while piece := os.read(run.stderr.fileno(), 4096):
                shown += piece
                if b"resolving: 0 of 1 domains" in shown:
                    server.release()
            self.finish(run)
        err = shown.decode()
        self.assertIn("resolving: 0 of 1 domains", err)
        self.assertNotIn("\x1b", err)
        self.assertRegex(err.splitlines()[-1], r"^winnow: list.csv: 3 records")

    def test_none_without_a_terminal(self):
        with Responder().hold() as server:
            run = self.start_waiting(server, "--no-db", "list.csv")
            time.sleep(0.4)
            server.release()
            done = self.finish(run)
        self.assertEqual(len(done.err.splitlines()), 1)

    def test_the_line_is_gone_before_an_error(self):
        with Responder(lambda q: None) as server:
            shown, _ = self.on_terminal("clean", "--no-db", "--dns-server", server.address,
                                        "--dns-timeout", "300", "list.csv",
                                        status=support.TEMPFAIL)
        self.assertTrue(re.search(r"\r\x1b\[Kwinnow: no DNS server[^\n]*\n\Z", shown), repr(shown))


class CronTest(TerminalCase):
    """Without a terminal: one line, or nothing but errors."""

    def test_one_line(self):
        done = self.offline("list.csv")
        self.assertEqual(done.err, "winnow: list.csv: 3 records: 1 keep, 1 review, 1 drop, "
                                   "0 rejected -> list.winnow\n")
        self.assertEqual(done.out, b"")

    def test_one_line_an_input(self):
        self.write("more.csv", LIST)
        self.assertEqual(len(self.offline("list.csv", "more.csv").err.splitlines()), 2)

    def test_quiet(self):
        self.assertEqual(self.offline("-q", "list.csv").err, "")

    def test_verbose(self):
        self.assertIn("not_checked 1", self.offline("-v", "list.csv").err)

    def test_closed_standard_error(self):
        """Nothing to say it to is no reason to fail."""
        self.offline("list.csv", preexec_fn=lambda: os.close(2))
        self.output("list.winnow")

    def test_closed_standard_streams(self):
        """Descriptors 0 to 2 that are closed are not taken for files."""
        def close():
            for number in (0, 1, 2):
                os.close(number)

        self.offline("list.csv", preexec_fn=close, status=None)
        self.check_conservation(self.output("list.winnow"), LIST.encode())


if __name__ == "__main__":
    support.main()
