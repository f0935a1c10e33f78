#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the output goes, and what never happens to it: WN_BINARY=... python3
tests/e2e/test_output.py"""

import fcntl
import os
import resource
import shutil
import subprocess
import tempfile
import unittest

import support
from responder import Responder
from support import CANTCREATE, FILES, IO, OK, TEMPFAIL, USAGE, VALVE, Case, read

LIST = "id,email\n1,ann@firm.brackwell.net\n2,info@firm.brackwell.net\n3,not an address\n"


def large_list(rows):
    return "id,email\n" + "".join(f"{i},person.{i}@firm{i % 50}.brackwell.net\n"
                                  for i in range(rows))


class OutputCase(Case):
    def setUp(self):
        super().setUp()
        self.write("list.csv", LIST)

    def refuse(self, *arguments, words=(), status=CANTCREATE, name="list.csv", **how):
        """The run fails, says why, and nothing at all has changed."""
        with self.unchanged(self.work):
            done = self.offline(*arguments, name, status=status, **how)
        return self.check_sentence(done, *words)


class NameTest(OutputCase):
    """What the directory is called."""

    def test_default(self):
        """input -> output"""
        cases = {
            "a.csv": "a.winnow",
            "b.csv.gz": "b.winnow",
            "c.tsv": "c.winnow",
            "d.CSV": "d.winnow",
            "e": "e.winnow",
            "f.list": "f.list.winnow",
            "sub/g.csv": "sub/g.winnow",
            ".csv": ".csv.winnow",
            "with space.csv": "with space.winnow",
            "ümläut.csv": "ümläut.winnow",
        }
        for name, expected in cases.items():
            with self.subTest(name):
                self.write(name, LIST)
                self.offline(name)
                self.output(expected)

    def test_absolute_input(self):
        self.offline(self.path("list.csv"), cwd=self.home)
        self.output("list.winnow")
        self.assertEqual(os.listdir(self.home), [])

    def test_parents_are_made(self):
        self.offline("-o", "a/b/c", "list.csv")
        self.output("a/b/c")
        self.offline("-o", "a/b/d/", "list.csv")
        self.output("a/b/d")

    def test_several_inputs(self):
        self.write("sub/more.csv.gz", LIST)
        self.offline("list.csv", "sub/more.csv.gz", "-o", "out")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["list", "more"])
        self.output("out/list")
        self.output("out/more")
        self.offline("list.csv", "sub/more.csv.gz")
        self.output("list.winnow")
        self.output("sub/more.winnow")

    def test_same_stem(self):
        self.write("sub/list.csv", LIST)
        self.write("list.csv.gz", LIST)
        before = self.snapshot(self.work)
        for inputs in (("list.csv", "sub/list.csv", "-o", "out"), ("list.csv", "list.csv.gz"),
                       ("list.csv", "list.csv"), ("list.csv", "./list.csv")):
            with self.subTest(inputs):
                done = self.offline(*inputs, status=USAGE)
                self.assertIn("both", done.err)
                self.assertEqual(self.snapshot(self.work), before)

    def test_standard_input_needs_a_name(self):
        done = self.offline("-", stdin=LIST.encode(), status=USAGE)
        self.assertIn("-o DIR", done.err)
        self.assertEqual(self.litter("list.csv"), [])
        self.offline("-", "-o", "out", stdin=LIST.encode())
        self.check_conservation(self.output("out"), LIST.encode())


class ProtectionTest(OutputCase):
    """Nothing of the user's is ever moved or removed."""

    def test_the_current_directory(self):
        self.refuse("-o", ".", words=("-o",))
        self.refuse("-o", "./", words=("-o",))
        self.refuse("-o", self.work)

    def test_an_empty_current_directory(self):
        place = os.path.join(self.work, "empty")
        os.mkdir(place)
        self.refuse("-o", ".", name="../list.csv", cwd=place, words=("directory you are in",))

    def test_a_directory_of_the_users(self):
        self.write("lists/march.csv", LIST)
        self.refuse("-o", "lists", words=("march.csv", "not Winnow's"))
        self.refuse("-o", "lists/", words=("march.csv",))

    def test_a_directory_with_files_named_like_ours(self):
        self.write("lists/keep.csv", LIST)
        self.refuse("-o", "lists")

    def test_one_file_more_than_ours(self):
        self.offline("-o", "out", "list.csv")
        self.write("out/notes.txt", "mine")
        self.refuse("-o", "out", words=("notes.txt",))

    def test_a_directory_in_the_place_of_a_file(self):
        self.offline("-o", "out", "list.csv")
        os.unlink(self.path("out/keep.csv"))
        os.mkdir(self.path("out/keep.csv"))
        self.refuse("-o", "out")

    def test_a_link_in_the_place_of_a_file(self):
        self.offline("-o", "out", "list.csv")
        os.unlink(self.path("out/keep.csv"))
        os.symlink("../list.csv", self.path("out/keep.csv"))
        self.refuse("-o", "out")

    def test_a_file(self):
        self.refuse("-o", "list.csv")

    def test_odd_names(self):
        os.symlink("nowhere", self.path("dangling"))
        os.symlink("loop", self.path("loop"))
        os.mkfifo(self.path("pipe"))
        for name in ("", "/", "..", "dangling", "loop", "pipe", "list.csv/out", "/dev/full",
                     "/dev/null", "/proc/out", "x" * 300):
            with self.subTest(name):
                self.refuse("-o", name)

    def test_parent_without_permission(self):
        os.mkdir(self.path("closed"), 0o555)
        self.refuse("-o", "closed/out", preexec_fn=support.without_rights,
                    words=("Permission denied",))

    def test_link_to_a_directory_of_the_users(self):
        self.write("lists/march.csv", LIST)
        os.symlink("lists", self.path("link"))
        self.refuse("-o", "link", words=("march.csv",))

    def test_link_to_an_output(self):
        self.offline("-o", "real/out", "list.csv")
        os.symlink("real/out", self.path("link"))
        self.write("list.csv", LIST + "4,bob@firm.brackwell.net\n")
        self.offline("-o", "link", "list.csv")
        self.assertEqual(os.readlink(self.path("link")), "real/out")
        self.assertEqual(len(self.output("real/out").report), 4)
        self.assertEqual(os.listdir(self.path("real")), ["out"])

    def test_an_empty_directory(self):
        os.mkdir(self.path("out"))
        self.offline("-o", "out", "list.csv")
        self.output("out")

    def test_input_in_the_output(self):
        self.offline("-o", "out", "list.csv")
        self.refuse("-o", "out", name="out/keep.csv", words=("out/keep.csv",))
        self.offline("-o", "again", "out/keep.csv")
        self.output("again")

    def test_input_linked_into_the_output(self):
        self.offline("-o", "out", "list.csv")
        os.symlink("out/keep.csv", self.path("kept.csv"))
        self.refuse("-o", "out", name="kept.csv")

    def test_files_put_there_during_the_run(self):
        with Responder().hold() as server:
            run = self.start_waiting(server, "--no-db", "-o", "out", "list.csv")
            self.write("out/letter.txt", "mine")
            server.release()
            done = self.finish(run, CANTCREATE)
        self.assertIn("during the run", done.err)
        self.assertEqual(os.listdir(self.path("out")), ["letter.txt"])
        self.assertEqual(self.litter("list.csv", "out"), [])

    def test_held_name_is_the_users(self):
        self.write("out.held/mine.txt", "mine")
        self.refuse("-o", "out", "--max-drop", "0")
        self.offline("-o", "out", "list.csv")
        self.assertEqual(read(self.path("out.held/mine.txt")), b"mine")

    def test_permissions_follow_the_input(self):
        for mode in (0o600, 0o640, 0o644):
            os.chmod(self.path("list.csv"), mode)
            self.offline("list.csv", umask=0o022)
            for name in FILES:
                self.assertEqual(os.stat(self.path("list.winnow/" + name)).st_mode & 0o777, mode)
            self.assertEqual(os.stat(self.path("list.winnow")).st_mode & 0o077,
                             (mode | (mode & 0o444) >> 2) & 0o077)

    def test_standard_input_is_private(self):
        self.offline("-", "-o", "out", stdin=LIST.encode(), umask=0)
        self.assertEqual(os.stat(self.path("out/keep.csv")).st_mode & 0o777, 0o600)


class ReplacementTest(OutputCase):
    """The new output replaces the old one whole."""

    def test_again(self):
        self.offline("list.csv")
        first = self.output("list.winnow")
        self.offline("list.csv")
        self.assertEqual(self.output("list.winnow").comparable(), first.comparable())
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])

    def test_a_failing_run_leaves_the_old_one(self):
        self.offline("list.csv")
        before = self.snapshot(self.path("list.winnow"))
        self.write("list.csv", b"%PDF-1.7")
        self.offline("list.csv", status=support.DATA)
        self.assertEqual(self.snapshot(self.path("list.winnow")), before)
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])

    def test_leftovers_are_cleared(self):
        """What a killed run may leave: staging, and the old output moved aside."""
        self.offline("list.csv")
        shutil.copytree(self.path("list.winnow"), self.path(".list.winnow.staging-4711"))
        os.unlink(self.path(".list.winnow.staging-4711/summary.json"))
        os.mkdir(self.path(".list.winnow.staging-4712"))
        shutil.copytree(self.path("list.winnow"), self.path(".list.winnow.old-4711"))
        self.offline("list.csv")
        self.output("list.winnow")
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])

    def test_an_output_moved_aside_comes_back(self):
        self.offline("list.csv")
        before = self.snapshot(self.path("list.winnow"))
        os.rename(self.path("list.winnow"), self.path(".list.winnow.old-4711"))
        self.write("list.csv", b"%PDF-1.7")
        self.offline("list.csv", status=support.DATA)
        self.assertEqual(self.snapshot(self.path("list.winnow")), before)

    def test_leftovers_that_are_the_users_stay(self):
        self.write(".list.winnow.staging-1/mine.txt", "mine")
        self.write(".list.winnow.old-1/mine.txt", "mine")
        self.write(".list.winnow.staging-2", "mine")
        self.offline("list.csv")
        for name in (".list.winnow.staging-1/mine.txt", ".list.winnow.staging-2"):
            self.assertEqual(read(self.path(name)), b"mine")
        self.output("list.winnow")

    def test_two_runs_at_once(self):
        with Responder().hold() as server:
            slow = self.start_waiting(server, "--no-db", "list.csv")
            self.offline("list.csv")
            self.assertEqual(self.output("list.winnow").report[0]["reason"], "not_checked")
            self.assertEqual(len(self.litter("list.csv", "list.winnow")), 1)  # the slow one's
            server.release()
            self.finish(slow)
        self.assertEqual(self.output("list.winnow").report[0]["reason"], "not_probed")
        self.assertEqual(self.litter("list.csv", "list.winnow"), [])


class ValveTest(OutputCase):
    """--max-drop: exit 4, nothing published, the result kept aside and named."""

    def test_held(self):
        self.offline("-o", "out", "list.csv")
        before = self.snapshot(self.path("out"))
        done = self.offline("-o", "out", "--max-drop", "33", "list.csv", status=VALVE)
        self.assertIn("33.33 %", done.err)
        self.assertIn("out.held", done.err)
        self.assertEqual(self.snapshot(self.path("out")), before)
        self.check_conservation(self.output("out.held"), LIST.encode())
        self.offline("-o", "out", "--max-drop", "33.34", "list.csv")
        self.assertEqual(self.litter("list.csv", "out"), [])

    def test_held_twice(self):
        for _ in range(2):
            self.offline("-o", "out", "--max-drop", "0", "list.csv", status=VALVE)
        self.assertEqual(self.litter("list.csv"), ["out.held"])

    def test_only(self):
        done = self.offline("--only", "keep", "--max-drop", "0", "list.csv", status=VALVE)
        self.assertEqual(done.out, b"")
        done = self.offline("--only", "keep", "--max-drop", "50", "list.csv")
        self.assertEqual(done.out, LIST.encode()[:len("id,email\n1,ann@firm.brackwell.net\n")])

    def test_one_of_several_trips(self):
        self.write("clean.csv", "email\nann@firm.brackwell.net\n")
        self.offline("-o", "out", "--max-drop", "10", "clean.csv", "list.csv", status=VALVE)
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["clean.held", "list.held"])

    def test_empty_list(self):
        self.write("empty.csv", "email\n")
        self.offline("--max-drop", "0", "empty.csv")

    def test_bad_values(self):
        for value in ("", "-1", "101", "many", "nan", "5%"):
            with self.subTest(value):
                self.refuse("--max-drop", value, status=USAGE, words=("--max-drop",))


class LockTest(OutputCase):
    """One clean run a store; 75 says who holds it."""

    def hold(self, server):
        return self.start_waiting(server, "--db", self.db, "-o", "first", "list.csv")

    def test_locked(self):
        with Responder().hold() as server:
            run = self.hold(server)
            before = self.snapshot(self.work)
            done = self.winnow("clean", "--db", self.db, "--offline", "-o", "second", "list.csv",
                               status=TEMPFAIL)
            self.assertIn(f"process {run.pid}", done.err)
            self.assertIn("winnow clean", done.err)
            self.assertIn("--wait", done.err)
            self.assertEqual(self.snapshot(self.work), before)
            server.release()
            self.finish(run)
        self.output("first")
        self.winnow("clean", "--db", self.db, "--offline", "-o", "second", "list.csv")

    def test_wait(self):
        with Responder().hold() as server:
            run = self.hold(server)
            waiting = self.start("clean", "--db", self.db, "--offline", "--wait", "600", "-o",
                                 "second", "list.csv")
            self.winnow("clean", "--db", self.db, "--offline", "--wait", "1", "-o", "third",
                        "list.csv", status=TEMPFAIL)
            self.assertIsNone(waiting.poll())
            server.release()
            self.finish(run)
            self.finish(waiting)
        self.output("second")

    def test_another_name_of_the_store(self):
        self.winnow("clean", "--db", self.db, "--offline", "-o", "out", "list.csv")
        os.symlink(self.db, self.path("link.db"))
        with Responder().hold() as server:
            run = self.hold(server)
            self.winnow("clean", "--db", "link.db", "--offline", "-o", "second", "list.csv",
                        status=TEMPFAIL)
            server.release()
            self.finish(run)

    def test_an_import_and_a_clean_go_together(self):
        self.write("bounces.csv", "email,code,date\nann@firm.brackwell.net,5.1.1,2026-01-02\n")
        with Responder().hold() as server:
            run = self.hold(server)
            self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
            done = self.winnow("check", "--offline", "--db", self.db, "ann@firm.brackwell.net",
                               status=support.NOT_KEEP)
            self.assertIn(b"hard_bounced", done.out)
            server.release()
            self.finish(run)
        # A run reads the history as of its judging.
        self.assertEqual(self.output("first").report[0]["reason"], "hard_bounced")

    def test_two_imports(self):
        self.write("bounces.csv", "email,code,date\nann@firm.brackwell.net,5.1.1,2026-01-02\n")
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        with open(self.db + ".import.lock", "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.winnow("bounces", "import", "--db", self.db, "bounces.csv",
                               status=TEMPFAIL)
            self.assertIn("in use by", done.err)

    def test_a_stale_lock_file_is_no_lock(self):
        with open(self.db + ".clean.lock", "w", encoding="ascii") as f:
            f.write("1 winnow clean\n")
        self.winnow("clean", "--db", self.db, "--offline", "list.csv")


class FullDiskTest(OutputCase):
    """No room: 73 or 74 and the previous output untouched."""

    def small_disk(self, kib):
        """A tmpfs of that size, or None where that is not allowed."""
        place = tempfile.mkdtemp(dir=self.place)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "none", place],
                              capture_output=True, check=False)
        if done.returncode != 0:
            return None
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=False)
        return place

    def check_left(self, place, before, output):
        self.assertEqual(self.snapshot(os.path.join(place, output)), before)
        self.assertEqual([n for n in os.listdir(place) if n != output], [])

    def test_outputs_on_a_full_disk(self):
        place = self.small_disk(192)
        if not place:
            self.skipTest("mounting is not allowed")
        out = os.path.join(place, "out")
        self.offline("-o", out, "list.csv")
        before = self.snapshot(out)
        for rows in (1200, 1800, 3000, 20000):
            with self.subTest(rows):
                self.write("large.csv", large_list(rows))
                done = self.offline("-o", out, "large.csv", status=None)
                self.assertIn(done.status, (CANTCREATE, IO), done.err)
                self.assertIn("No space left", done.err)
                self.check_left(place, before, "out")
        self.offline("-o", out, "list.csv")

    def test_disk_without_any_room(self):
        place = self.small_disk(64)
        if not place:
            self.skipTest("mounting is not allowed")
        with open(os.path.join(place, "full"), "wb") as f:
            try:
                f.write(bytes(1 << 20))
                f.flush()
            except OSError:
                pass
        done = self.offline("-o", os.path.join(place, "out"), "list.csv", status=None)
        self.assertIn(done.status, (CANTCREATE, IO), done.err)
        self.assertEqual(os.listdir(place), ["full"])

    def test_store_on_a_full_disk(self):
        place = self.small_disk(256)
        if not place:
            self.skipTest("mounting is not allowed")
        self.write("large.csv", large_list(20))
        self.write("bounces.csv", "email,code,date\n" + "".join(
            f"person.{i}@firm.brackwell.net,5.1.1,2026-01-02\n" for i in range(5000)))
        store = os.path.join(place, "store.db")
        done = self.winnow("bounces", "import", "--db", store, "bounces.csv", status=None)
        self.assertIn(done.status, (CANTCREATE, IO), done.err)
        self.assertIn(store, done.err)
        # What is there can still be read.
        self.winnow("history", "--db", store, "person.1@firm.brackwell.net")

    def test_spool_on_a_full_disk(self):
        place = self.small_disk(64)
        if not place:
            self.skipTest("mounting is not allowed")
        done = self.offline("-o", "out", "-", stdin=large_list(5000).encode(), status=IO,
                            environment={"TMPDIR": place})
        self.assertIn("No space left", done.err)
        self.assertEqual(self.litter("list.csv"), [])

    def test_file_size_limit(self):
        self.offline("-o", "out", "list.csv")
        before = self.snapshot(self.path("out"))
        self.write("large.csv", large_list(3000))

        def limit():
            support.without_restored_signals()
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        done = self.offline("-o", "out", "large.csv", status=None, preexec_fn=limit,
                            restore_signals=False)
        self.assertEqual(done.status, IO, done.err)
        self.assertEqual(self.snapshot(self.path("out")), before)
        self.assertEqual(self.litter("list.csv", "large.csv", "out"), [])

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_standard_output_is_full(self):
        self.write("large.csv", large_list(20000))
        commands = (
            ("clean", "--offline", "--no-db", "--only", "keep", "list.csv"),
            ("clean", "--offline", "--no-db", "--only", "keep", "large.csv"),
            ("clean", "--offline", "--no-db", "--json", "list.csv"),
            ("clean", "--offline", "--no-db", "--dry-run", "list.csv"),
            ("check", "--offline", "--no-db", "ann@firm.brackwell.net"),
            ("check", "--offline", "--no-db", "--json", "nothing"),
            ("bounces", "classify", "550 5.1.1 user unknown"),
            ("help",), ("help", "clean"), ("--version",),
        )
        for command in commands:
            with self.subTest(command), open("/dev/full", "wb") as full:
                done = self.winnow(*command, stdout=full, status=IO)
                self.assertIn("standard output cannot be written: No space left", done.err)

    def test_standard_output_is_closed(self):
        self.write("large.csv", large_list(20000))
        reader, writer = os.pipe()
        os.close(reader)
        done = self.offline("--only", "keep", "large.csv", stdout=writer, status=None)
        os.close(writer)
        self.assertNotEqual(done.status, OK)


if __name__ == "__main__":
    support.main()
