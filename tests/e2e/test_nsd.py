#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nsd.py does what its docstring says, with the sample zone: python3 tests/e2e/test_nsd.py"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import nsd

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "..", "sample-data", "zone")
SCRIPT = os.path.join(HERE, "nsd.py")
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def alive(pid):
    """Whether the process runs; one that has ended and waits to be fetched does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(true, seconds=60):
    """Whether it becomes true; the seconds are for a busy machine."""
    until = time.monotonic() + seconds
    while not (got := true()) and time.monotonic() < until:
        time.sleep(0.01)
    return got


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class ServerTest(unittest.TestCase):
    """The class, with one server for all cases."""

    @classmethod
    def setUpClass(cls):
        cls.server = nsd.Nsd([SAMPLE]).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_answers(self):
        """name, type -> rcode, number of answers: one of every kind of the sample zone"""
        cases = [
            ("fernwick-supply.com", "MX", NOERROR, 2),
            ("mx1.postlane-hosting.net", "A", NOERROR, 1),
            ("mx1.postlane-hosting.net", "AAAA", NOERROR, 1),
            ("wrenfold-pottery.com", "MX", NOERROR, 0),
            ("wrenfold-pottery.com", "A", NOERROR, 1),
            ("parkfield-names.com", "MX", NOERROR, 1),
            ("quillfeather.net", "MX", NOERROR, 2),
            ("brightmoor-catering.com", "MX", NXDOMAIN, 0),
            ("hollin-studio.fr", "A", NOERROR, 0),
            ("mail.oldekamp-textil.de", "A", NOERROR, 0),
            ("mx1.chateau-hebergement.fr", "A", NXDOMAIN, 0),
            ("kettlemere-foods.com", "MX", SERVFAIL, 0),
            ("mx1.kettlemere-foods.com", "A", SERVFAIL, 0),
        ]
        for name, kind, rcode, answers in cases:
            for tcp in (False, True):
                with self.subTest(name=name, kind=kind, tcp=tcp):
                    self.assertEqual(nsd.ask(self.server.port, name, kind, tcp=tcp),
                                     (rcode, answers))

    def test_counters(self):
        self.server.mark()
        self.assertEqual(self.server.queries(), 0)
        before = self.server.counters()
        for i in range(7):
            nsd.ask(self.server.port, f"name-{i}.fernwick-supply.com", "MX")
        nsd.ask(self.server.port, "fernwick-supply.com", "A", tcp=True)
        self.assertEqual(self.server.queries(), 8)
        after = self.server.counters()
        self.assertEqual(after["num.type.MX"] - before["num.type.MX"], 7)
        self.assertEqual(after["num.rcode.NXDOMAIN"] - before["num.rcode.NXDOMAIN"], 7)
        self.server.mark()
        self.assertEqual(self.server.queries(), 0)

    def test_two_servers_at_once(self):
        with nsd.Nsd([SAMPLE]) as other:
            self.assertNotEqual(other.port, self.server.port)
            other.mark()
            nsd.ask(self.server.port, "fernwick-supply.com", "MX")
            self.assertEqual(other.queries(), 0)


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class LifeTest(unittest.TestCase):
    """Starting and stopping."""

    def test_stops_cleanly(self):
        server = nsd.Nsd([SAMPLE]).start()
        pid, directory, port = server.process.pid, server.directory, server.port
        self.assertTrue(os.path.isdir(directory))
        server.stop()
        self.assertFalse(alive(pid))
        self.assertFalse(os.path.exists(directory))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((nsd.HOST, port))
        server.stop()

    def test_several_processes(self):
        with nsd.Nsd([SAMPLE], servers=2) as server:
            for _ in range(20):
                nsd.ask(server.port, "fernwick-supply.com", "MX")
            self.assertEqual(server.queries(), 20)

    def test_taken_port_is_tried_again(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind((nsd.HOST, 0))
            ports = [taken.getsockname()[1], nsd.free_port()]
            real, nsd.free_port = nsd.free_port, lambda: ports.pop(0)
            try:
                with nsd.Nsd([SAMPLE]) as server:
                    self.assertEqual(ports, [])
                    self.assertNotEqual(server.port, taken.getsockname()[1])
            finally:
                nsd.free_port = real

    def test_broken_zone(self):
        with tempfile.NamedTemporaryFile("w", suffix=".zone") as f:
            f.write("this is no zone file\n")
            f.flush()
            with self.assertRaisesRegex(nsd.NsdError, "cannot serve zone"):
                nsd.Nsd([f.name]).start()

    def test_named_zone(self):
        with tempfile.NamedTemporaryFile("w", suffix=".zone") as f:
            f.write("$TTL 60\n@ IN SOA ns hostmaster 1 60 60 60 60\n@ IN NS ns\n"
                    "ns IN A 127.0.0.1\n")
            f.flush()
            with nsd.Nsd([SAMPLE, f"corner-of.de={f.name}"]) as server:
                self.assertEqual(nsd.ask(server.port, "ns.corner-of.de", "A"), (NOERROR, 1))
                self.assertEqual(nsd.ask(server.port, "gmx.de", "MX"), (NOERROR, 2))

    def test_missing_zone(self):
        with self.assertRaisesRegex(nsd.NsdError, "is not there"):
            nsd.Nsd(["/there/is/no/such/zone"])


@unittest.skipUnless(nsd.find_nsd(), "nsd is not installed")
class CommandTest(unittest.TestCase):
    """The command line."""

    @staticmethod
    def run_script(*arguments):
        return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True,
                              timeout=300, check=False)

    def test_environment_arguments_and_status(self):
        done = self.run_script("--zone", SAMPLE, "--", "sh", "-c",
                               'echo "$TEST_DNS $1"; exit 7', "sh", "dns={dns}")
        self.assertEqual(done.returncode, 7)
        address, argument = done.stdout.split()
        self.assertRegex(address, r"^127\.0\.0\.1:\d+$")
        self.assertEqual(argument, "dns=" + address)

    def test_queries(self):
        ask = f"import sys; sys.path.insert(0, {HERE!r}); import nsd; " \
            "nsd.ask(int(sys.argv[1].split(':')[1]), 'gmx.de', 'MX')"
        done = self.run_script("--queries", "--zone", SAMPLE, "--", sys.executable, "-c", ask,
                               "{dns}")
        self.assertEqual((done.returncode, done.stderr), (0, "nsd.py: 1 queries\n"))

    def test_command_ended_by_a_signal(self):
        done = self.run_script("--zone", SAMPLE, "--", "sh", "-c", "kill -TERM $$")
        self.assertEqual(done.returncode, 128 + signal.SIGTERM)

    def test_no_such_command(self):
        done = self.run_script("--zone", SAMPLE, "--", "/there/is/no/such/command")
        self.assertEqual(done.returncode, 127)
        self.assertIn("cannot be run", done.stderr)

    def test_no_such_zone(self):
        done = self.run_script("--zone", "/there/is/no/such/zone", "--", "true")
        self.assertEqual(done.returncode, 69)

    def start_waiting(self, shell):
        """Starts nsd.py over a command that says "ready" and goes on; gives it and its children."""
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)  # one that is killed leaves its directory
        script = subprocess.Popen(
            [sys.executable, SCRIPT, "--zone", SAMPLE, "--", "sh", "-c", shell],
            stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=place.name))
        self.assertEqual(script.stdout.readline(), "ready\n")
        with open(f"/proc/{script.pid}/task/{script.pid}/children", encoding="ascii") as f:
            return script, [int(pid) for pid in f.read().split()]

    def test_signal_is_passed_on(self):
        script, children = self.start_waiting(
            'trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.05; done')
        script.terminate()
        out, _ = script.communicate(timeout=300)
        self.assertEqual((script.returncode, out), (5, "got it\n"))
        for pid in children:
            self.assertTrue(wait_for(lambda pid=pid: not alive(pid)))

    def test_server_dies_with_its_parent(self):
        script, children = self.start_waiting("echo ready; exec sleep 600")
        script.kill()
        script.wait()
        script.stdout.close()
        # The server ends by itself; the command is ours to end.
        ended = wait_for(lambda: [pid for pid in children if not alive(pid)])
        for pid in set(children) - set(ended):
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(len(children), 2)
        self.assertEqual(len(ended), 1)


if __name__ == "__main__":
    unittest.main()
