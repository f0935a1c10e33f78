# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: the command in a place of its own, and what to ask of its files.

WN_BINARY names the command under test. Every case runs it with a home, a store and a temporary
directory that are the case's alone, so that nothing of the user's is read or written.
"""

import bisect
import contextlib
import csv
import ctypes
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.normpath(os.path.join(HERE, "..", "..", "sample-data"))
AS_OF = "2026-11-01"

OK, VALVE, NOT_KEEP, USAGE, DATA, NOINPUT = 0, 4, 3, 64, 65, 66
CANTCREATE, IO, TEMPFAIL, CONFIG = 73, 74, 75, 78

PATIENCE = 300  # seconds that a run has on a busy machine: a deadline, which nothing waits for

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2

LISTS = ("keep.csv", "review.csv", "drop.csv")
FILES = LISTS + ("report.csv", "rejected.csv", "summary.json")
COLUMNS = ("line,email,address,result,reason,action,blame,evidence,flags,suggestion,domain,mx,"
           "provider,smtp_code,enhanced_code,diagnostic,hard_bounces,soft_bounces,last_event,"
           "last_event_at,duplicate_of,rule,column,fixed")


csv.field_size_limit(1 << 30)


def binary():
    """The absolute path of the command under test."""
    path = os.environ.get("WN_BINARY", "")
    if not path or not os.access(path, os.X_OK):
        raise SystemExit("WN_BINARY must name the winnow command to test")
    return os.path.abspath(path)


def sanitizer():
    """What watches the command under test: "address", "thread", or "" for nothing."""
    data = read(binary())
    return "address" if b"__asan_init" in data else "thread" if b"__tsan_init" in data else ""


def rounds(count):
    """How often to repeat a test with other made-up inputs: a third as often where each takes
    several times as long, and finds what is wrong with any of them."""
    return (count + 2) // 3 if sanitizer() else count


def read(path):
    """A file's bytes."""
    with open(path, "rb") as f:
        return f.read()


def rows_of(data):
    """CSV bytes -> list of rows as dictionaries; bytes that are not UTF-8 become surrogates."""
    text = data.decode("utf-8", "surrogateescape")
    return list(csv.DictReader(io.StringIO(text, newline="")))


class Done:
    """A finished run: `status` as a shell would see it, `out` bytes, `err` text."""

    def __init__(self, command, status, out, err):
        self.command = command
        self.status = status if status >= 0 else 128 - status
        self.killed = status < 0
        self.out = out
        self.err = err.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out)


class Output:
    """An output directory, read whole."""

    def __init__(self, path):
        self.path = path
        self.files = {name: read(os.path.join(path, name)) for name in sorted(os.listdir(path))}
        self.report = rows_of(self.files["report.csv"])
        self.rejected = rows_of(self.files["rejected.csv"])
        self.summary = json.loads(self.files["summary.json"])

    def comparable(self):
        """The files without what belongs to one run: times, jobs, paths."""
        files = dict(self.files)
        summary = dict(self.summary)
        del summary["run"]
        summary["input"] = dict(summary["input"], path="")
        summary["output"] = ""
        files["summary.json"] = json.dumps(summary, indent=1).encode()
        return files

    def by(self, key, value):
        """email -> value of the report."""
        return {row[key]: row[value] for row in self.report}


def line_starts(data, line_end):
    """Offsets of the physical lines, 0-based list; the end of the data is the last entry."""
    starts, at = [0], 0
    while (at := data.find(line_end, at)) >= 0:
        at += 1
        starts.append(at)
    if starts[-1] != len(data):
        starts.append(len(data))
    return starts


def expected_lists(data, header_lines, report, rejected):
    """What keep, review and drop must hold, byte for byte, if the report's lines and actions are
    right: the input is cut at the lines on which records begin, and what lies between two of them
    belongs to the first, but for blank lines. Raises AssertionError when a byte belongs to nobody.
    """
    starts = line_starts(data, b"\n" if b"\n" in data else b"\r")
    begins = {}
    for row in report:
        begins[int(row["line"])] = row["action"]
    for row in rejected:
        begins[int(row["line"])] = "rejected"
    assert len(begins) == len(report) + len(rejected), "two records begin on one line"
    order = sorted(begins)
    header = data[:starts[min(header_lines, len(starts) - 1)]]
    out = {"keep": header, "review": header, "drop": header, "rejected": b""}
    current = None
    for number in range(header_lines + 1, len(starts)):
        line = data[starts[number - 1]:starts[number]]
        if number in begins:
            current = begins[number]
        elif not line.strip(b" \t\r\n"):
            # Within a quoted field it belongs to the record, if the record goes on below.
            place = bisect.bisect_left(order, number)
            after = order[place] if place < len(order) else len(starts)
            if not data[starts[number]:starts[after - 1]].strip(b" \t\r\n"):
                continue
        assert current is not None, f"line {number} belongs to no record"
        out[current] += line
    return out


class Case(unittest.TestCase):
    """One test case in a place of its own."""

    def setUp(self):
        self.place = os.path.realpath(tempfile.mkdtemp(prefix="winnow-e2e-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.home = os.path.join(self.place, "home")
        self.work = os.path.join(self.place, "work")  # where the command runs
        for path in (self.home, self.work, os.path.join(self.place, "tmp")):
            os.mkdir(path)
        self.db = os.path.join(self.home, "store.db")
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith(("WINNOW_", "XDG_", "LC_", "LANG"))}
        self.environment.update(HOME=self.home, TMPDIR=os.path.join(self.place, "tmp"),
                                LC_ALL="C.UTF-8")

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, data):
        """A file in the working directory; gives its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        return path

    def start(self, *arguments, environment=None, **how):
        """Starts the command; the caller waits for it, but it does not outlive the case."""
        settings = dict(self.environment, **(environment or {}))
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.PIPE)
        how.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen([binary(), *arguments], cwd=how.pop("cwd", self.work),
                                   env=settings, **how)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def finish(self, process, status=OK, timeout=PATIENCE):
        """Waits for a started command and checks its status (None: any)."""
        out, err = process.communicate(timeout=timeout)
        done = Done(process.args, process.returncode, out or b"", err or b"")
        self.check_messages(done)
        if status is not None:
            self.assertEqual(done.status, status, f"{process.args[1:]}: {done.err}")
        return done

    def winnow(self, *arguments, status=OK, stdin=None, timeout=PATIENCE, **how):
        """Runs the command to its end and checks its status."""
        settings = dict(self.environment, **how.pop("environment", {}))
        how.setdefault("stdout", subprocess.PIPE)
        source = {"input": stdin} if isinstance(stdin, bytes) else {
            "stdin": subprocess.DEVNULL if stdin is None else stdin}
        done = subprocess.run([binary(), *arguments], cwd=how.pop("cwd", self.work), env=settings,
                              stderr=subprocess.PIPE, timeout=timeout, check=False, **source, **how)
        result = Done(done.args, done.returncode, done.stdout or b"", done.stderr)
        self.check_messages(result)
        if status is not None:
            self.assertEqual(result.status, status, f"{arguments}: {result.err}")
        return result

    def check_messages(self, done):
        """What holds of every run, whatever it does."""
        self.assertNotRegex(done.err, r"Sanitizer|runtime error|out of memory|bug in Winnow")
        self.assertNotIn("\x1b[31m", done.err)

    def check_sentence(self, done, *words):
        """All that it says on standard error is one sentence, with these words in it."""
        self.assertRegex(done.err, r"\Awinnow: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.err)
        return done

    @contextlib.contextmanager
    def unchanged(self, *paths):
        """Nothing at these paths changes while the block runs."""
        before = [self.snapshot(path) for path in paths]
        yield
        self.assertEqual([self.snapshot(path) for path in paths], before)

    def configure(self, text):
        """The user's configuration file."""
        place = os.path.join(self.home, ".config", "winnow")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "winnow.conf"), "w", encoding="utf-8") as f:
            f.write(text)

    def start_waiting(self, server, *arguments, **how):
        """Starts a clean that has asked the server and waits for it, for a minute at most."""
        run = self.start("clean", "--dns-server", server.address, "--dns-timeout", "60000",
                         *arguments, **how)
        self.wait_until("a question", server.asked)
        return run

    def offline(self, *arguments, **how):
        """clean without network and store."""
        return self.winnow("clean", "--offline", "--no-db", *arguments, **how)

    def clean(self, name="list.csv", *arguments, output=None, **how):
        """Cleans one list without network and store; gives its output, checked."""
        output = output or name.split(".")[0] + ".winnow"
        self.offline("-o", output, name, *arguments, **how)
        return self.output(output)

    def output(self, name):
        """An output directory that must be whole."""
        path = self.path(name)
        result = Output(path)
        self.assertEqual(set(result.files), set(FILES) | {".winnow"})
        self.assertEqual(result.files["report.csv"].splitlines()[0].decode(), COLUMNS)
        self.assertEqual(result.files["rejected.csv"].splitlines()[0], b"line,error,raw")
        return result

    def check_conservation(self, output, data, header_lines=1):
        """Law 2: every record of the input is in exactly one file, byte for byte, in order."""
        counts = output.summary["counts"]
        check = output.summary["conservation"]
        self.assertEqual(sum(counts.values()), output.summary["input"]["records"])
        self.assertEqual((check["records_in"], check["records_out"], check["ok"]),
                         (output.summary["input"]["records"],) * 2 + (True,))
        actions = [row["action"] for row in output.report]
        for action in ("keep", "review", "drop"):
            self.assertEqual(actions.count(action), counts[action])
        self.assertEqual(len(output.rejected), counts["rejected"])
        lines = [int(row["line"]) for row in output.report]
        self.assertEqual(lines, sorted(set(lines)))
        expected = expected_lists(data, header_lines, output.report, output.rejected)
        for action in ("keep", "review", "drop"):
            self.assertEqual(output.files[action + ".csv"], expected[action], action)
        return expected

    def litter(self, *expected):
        """What lies in the working directory besides the names expected there."""
        return sorted(set(os.listdir(self.work)) - set(expected))

    def snapshot(self, path):
        """What lies there or below, to see that it was left alone: names, kinds, bytes, times."""
        found = {"": read(path)} if os.path.isfile(path) else {}
        for top, directories, files in os.walk(path):
            for name in directories + files:
                whole = os.path.join(top, name)
                st = os.lstat(whole)
                data = read(whole) if stat.S_ISREG(st.st_mode) else (
                    os.readlink(whole) if stat.S_ISLNK(st.st_mode) else None)
                found[os.path.relpath(whole, path)] = (st.st_mode, st.st_ino, st.st_mtime_ns, data)
        return found

    def wait_until(self, what, true, seconds=PATIENCE):
        """Waits for something to become true."""
        until = time.monotonic() + seconds
        while not (got := true()):
            self.assertLess(time.monotonic(), until, f"{what} did not happen")
            time.sleep(0.002)
        return got


def without_rights():
    """For Popen: even root has no more than what the permissions of a file say."""
    libc = ctypes.CDLL(None)
    for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)


def without_restored_signals():
    """For Popen: SIGXFSZ stays ignored, as Python has it, so that a size limit is an error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def main():
    binary()
    unittest.main()
