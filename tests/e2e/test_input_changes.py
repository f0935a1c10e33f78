#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An input that changes while it is read: 74, and nothing is published. WN_BINARY=... python3
tests/e2e/test_input_changes.py

The run is held between its two readings by a name server that does not answer until the input has
been changed."""

import gzip
import os

import support
from responder import Responder
from support import IO, OK, Case, read

HEADER = "id,email\n"
LIST = HEADER + "".join(f"{i},person{i}@brackwell.net\n" for i in range(100))


class ChangeCase(Case):
    def setUp(self):
        super().setUp()
        self.write("list.csv", LIST)
        self.offline("list.csv")
        self.before = self.snapshot(self.path("list.winnow"))

    def change(self, change, status, *arguments, name="list.csv"):
        """Runs, lets `change` happen between the readings, and checks what came of it."""
        with Responder().hold() as server:
            run = self.start_waiting(server, "--no-db", *(arguments or (name,)))
            change()
            server.release()
            done = self.finish(run, status)
        if status == IO:
            self.assertIn("changed while it was read", done.err)
            self.assertEqual(self.snapshot(self.path("list.winnow")), self.before)
            self.assertEqual([n for n in os.listdir(self.work) if "staging" in n], [])
        return done


class ChangeTest(ChangeCase):
    def rewrite(self, data, keep_times=False):
        path = self.path("list.csv")
        st = os.stat(path)
        with open(path, "r+b") as f:
            f.truncate(0)
            f.write(data if isinstance(data, bytes) else data.encode())
        if keep_times:
            os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))

    def test_appended(self):
        def append():
            with open(self.path("list.csv"), "a", encoding="ascii") as f:
                f.write("101,zoe@brackwell.net\n")
        self.change(append, IO)

    def test_truncated(self):
        self.change(lambda: self.rewrite(LIST[:200]), IO)

    def test_emptied(self):
        self.change(lambda: self.rewrite(""), IO)

    def test_same_length(self):
        self.change(lambda: self.rewrite(LIST.replace("person7@", "person0@")), IO)

    def test_same_length_and_times(self):
        """Only the bytes tell."""
        self.change(lambda: self.rewrite(LIST.replace("person7@", "person0@"), True), IO)

    def test_header_changed(self):
        self.change(lambda: self.rewrite(LIST.replace("id,", "ID,"), True), IO)

    def test_touched(self):
        """The same bytes at another time: somebody is writing there."""
        self.change(lambda: os.utime(self.path("list.csv")), IO)

    def test_reject_changed(self):
        self.write("list.csv", LIST + '200,"lost@brackwell.net\n')
        self.change(lambda: self.rewrite(LIST + '200,"LOST@brackwell.net\n', True), IO)

    def test_read_alone(self):
        """Being read by others is no change."""
        self.change(lambda: read(self.path("list.csv")), OK)

    def test_replaced(self):
        """Another file under the name: what was opened is still whole, and that is what was asked
        for."""
        def replace():
            self.write("new.csv", LIST.replace("person", "people"))
            os.rename(self.path("new.csv"), self.path("list.csv"))
        self.change(replace, OK)
        self.check_conservation(self.output("list.winnow"), LIST.encode())

    def test_removed(self):
        self.change(lambda: os.unlink(self.path("list.csv")), OK)
        self.check_conservation(self.output("list.winnow"), LIST.encode())

    def test_one_of_two(self):
        self.write("more.csv", LIST)
        self.offline("more.csv")
        before = self.snapshot(self.path("more.winnow"))
        self.change(lambda: self.rewrite(LIST[:-30]), IO, "more.csv", "list.csv")
        self.assertEqual(self.snapshot(self.path("more.winnow")), before)

    def test_gzip_is_read_once(self):
        """A private copy cannot change."""
        self.write("packed.csv.gz", gzip.compress(LIST.encode()))
        self.change(lambda: self.write("packed.csv.gz", b"gone"), OK, name="packed.csv.gz")
        self.check_conservation(self.output("packed.winnow"), LIST.encode())

    def test_dry_run(self):
        done = self.change(lambda: self.rewrite(LIST[:200]), IO, "--dry-run", "list.csv")
        self.assertEqual(done.out, b"")

    def test_only(self):
        self.change(lambda: self.rewrite(LIST[:200]), IO, "--only", "keep", "list.csv")


class LargeChangeTest(ChangeCase):
    """A change far behind what has been looked up so far."""

    def test_middle_of_a_large_list(self):
        rows = LIST + "".join(f"{i},person{i}@brackwell.net\n" for i in range(100, 300_000))
        path = self.write("list.csv", rows)

        def change():
            with open(path, "r+b") as f:
                f.seek(len(rows) // 2)
                f.write(b"#")

        self.change(change, IO)

    def test_growing_all_the_time(self):
        path = self.write("list.csv", LIST)
        run = None
        with open(path, "ab", buffering=0) as f, Responder().hold() as server:
            run = self.start("clean", "--no-db", "--dns-server", server.address, "--dns-timeout",
                             "60000", "list.csv")
            while not server.asked():
                f.write(b"7,late@brackwell.net\n")
            f.write(b"8,late@brackwell.net\n")
            server.release()
            self.finish(run, IO)
        self.assertEqual(self.snapshot(self.path("list.winnow")), self.before)


class UntouchedTest(Case):
    """No run changes an input: not its bytes, not its times, not its permissions."""

    def test_inputs(self):
        self.write("list.csv", LIST)
        self.write("packed.csv.gz", gzip.compress(LIST.encode()))
        os.chmod(self.path("list.csv"), 0o444)
        before = self.snapshot(self.work)
        commands = (("list.csv",), ("-o", "out", "list.csv", "packed.csv.gz"), ("--dry-run",
                    "list.csv"), ("--only", "drop", "list.csv"),
                    ("--max-drop", "0", "--set", "not_checked=review", "list.csv"))
        for command in commands:
            with self.subTest(command):
                self.offline(*command)
                after = self.snapshot(self.work)
                for name, state in before.items():
                    self.assertEqual(after[name], state)


if __name__ == "__main__":
    support.main()
