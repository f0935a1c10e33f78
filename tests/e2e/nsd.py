#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""NSD on a free loopback port, for tests and scripts: a real name server that knows only our names.

From Python:

    with Nsd(["sample-data/zone"]) as server:
        run(["winnow", "clean", "--dns-server", server.address, "contacts.csv"])
        server.queries()        # how many questions it was asked since the start or since mark()
        server.mark()
        run(...)
        assert server.queries() == 0

From a shell:

    nsd.py --zone sample-data/zone -- winnow clean --dns-server {dns} contacts.csv

runs the command with TEST_DNS=127.0.0.1:PORT in its environment and `{dns}` in its arguments
replaced by the same, passes signals on to it, stops the server and exits with the command's status
(128+n if signal n ended it; 69 if there is no server; 127 if there is no such command). With
--queries, the number of questions asked is written to standard error at the end.

A zone is FILE, which is served as the root zone so that one file can hold names under every TLD, or
NAME=FILE. A line `; servfail: NAME` in a file makes the server fail for NAME and all below it: it
is told of a zone of that name whose file does not exist.

Everything lies in a temporary directory that goes with the server. The server has no daemon, no
change of root or user, no rate limit; it is told to die with its parent.
"""

import argparse
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HOST = "127.0.0.1"
START_SECONDS = 180  # a zone of several hundred thousand names takes a few seconds to read
ANSWER_SECONDS = 60  # on a busy machine; nobody waits so long for what comes
PORT_TRIES = 10
PR_SET_PDEATHSIG = 1
SI_KERNEL = 0x80  # si_code of a signal that the terminal sent to the whole process group
SUN_PATH = 107  # bytes a local socket's path may have
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
SERVFAIL_LINE = re.compile(r"^;\s*servfail:\s*([A-Za-z0-9._-]+)\s*$")


class NsdError(Exception):
    """The server cannot be started, or does not do what it should; one sentence."""


def find_nsd():
    """The path of nsd, which an ordinary user's PATH often leaves out, or None."""
    places = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin:/sbin"
    return shutil.which("nsd", path=places)


def make_question(name, kind):
    """(its number, its bytes)"""
    number = random.randrange(65536)
    question = struct.pack(">6H", number, 0, 1, 0, 0, 0)
    for label in [x for x in name.rstrip(".").split(".") if x]:
        question += bytes([len(label)]) + label.encode("ascii")
    return number, question + b"\0" + struct.pack(">2H", TYPES[kind], 1)


def read_answer(answer, number):
    """(rcode, number of answers); OSError when it is no answer to the question of that number."""
    if len(answer) < 12 or struct.unpack_from(">H", answer)[0] != number:
        raise OSError("that is no answer to the question")
    flags, _, answers = struct.unpack_from(">3H", answer, 2)
    return flags & 15, answers


def ask(port, name, kind="SOA", tcp=False):
    """Asks one question; gives (rcode, number of answers). OSError when there is no answer."""
    number, question = make_question(name, kind)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(ANSWER_SECONDS)
        s.connect((HOST, port))
        s.sendall(struct.pack(">H", len(question)) + question if tcp else question)
        answer = s.recv(65535)
        if tcp:
            while len(answer) < 2 or len(answer) < 2 + struct.unpack_from(">H", answer)[0]:
                more = s.recv(65535)
                if not more:
                    raise OSError("the server closed the connection")
                answer += more
            answer = answer[2:]
    return read_answer(answer, number)


def free_port():
    """A port that was free for UDP and TCP a moment ago."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((HOST, 0))
            try:
                tcp.bind((HOST, udp.getsockname()[1]))
            except OSError:
                continue
            return udp.getsockname()[1]
    raise NsdError("no port is free for both UDP and TCP")


def split_zone(text):
    """`NAME=FILE` or `FILE` -> (name, absolute path)."""
    name, equals, path = text.partition("=")
    if not equals or "/" in name:
        name, path = ".", text
    if not os.path.isfile(path):
        raise NsdError(f"the zone file {path} is not there")
    return name, os.path.abspath(path)


def servfail_names(path):
    """The names of a zone file's `; servfail:` lines."""
    with open(path, encoding="utf-8", errors="replace") as f:
        return [m.group(1) for m in map(SERVFAIL_LINE.match, f) if m]


def die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # A parent that waits for signals has them blocked; the server must get its SIGTERM.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


class Nsd:
    """One running server; use it as a context manager, or call start() and stop()."""

    def __init__(self, zones, servers=1):
        self.zones = [split_zone(z) for z in zones]
        if not self.zones:
            raise NsdError("a server needs at least one zone")
        self.broken = [n for _, path in self.zones for n in servfail_names(path)]
        self.servers = servers
        self.port = 0
        self.directory = None
        self.process = None
        self.marked = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        """127.0.0.1:PORT"""
        return f"{HOST}:{self.port}"

    def start(self):
        """Starts the server and waits until it answers for every zone."""
        program = find_nsd()
        if not program:
            raise NsdError("nsd is not installed")
        try:
            self._make_directory()
            for _ in range(PORT_TRIES):
                self._launch(program)
                if self._wait():
                    self.mark()
                    return self
                self._end()
            raise NsdError(f"nsd found no free port in {PORT_TRIES} tries")
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Ends the server and removes its directory; does nothing the second time."""
        self._end()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = None

    def counters(self):
        """All of the server's counters by name (num.queries, num.type.MX, num.rcode.SERVFAIL)."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(ANSWER_SECONDS)
            s.connect(self._path("control"))
            s.sendall(b"NSDCT1 stats_noreset\n")
            text = b""
            while more := s.recv(65536):
                text += more
        pairs = (line.partition("=") for line in text.decode("ascii", "replace").splitlines())
        return {k: int(v) for k, _, v in pairs if v.isdigit()}

    def queries(self):
        """How many questions were asked since the start, or since the last mark()."""
        return self.counters()["num.queries"] - self.marked

    def mark(self):
        """Counts queries() from here."""
        self.marked = self.counters()["num.queries"]

    def log(self):
        """What the server has written so far."""
        text = ""
        for name in ("log", "output"):
            try:
                with open(self._path(name), encoding="utf-8", errors="replace") as f:
                    text += f.read()
            except OSError:
                pass
        return text

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _make_directory(self):
        self.directory = tempfile.mkdtemp(prefix="winnow-nsd-")
        if len(os.fsencode(self._path("control"))) > SUN_PATH:
            os.rmdir(self.directory)
            self.directory = tempfile.mkdtemp(prefix="winnow-nsd-", dir="/tmp")

    def _configuration(self):
        lines = ["server:", f"  ip-address: {HOST}@{self.port}", f"  port: {self.port}",
                 '  username: ""', '  chroot: ""', '  database: ""', "  rrl-ratelimit: 0",
                 "  rrl-whitelist-ratelimit: 0", f"  server-count: {self.servers}",
                 f"  reuseport: {'yes' if self.servers > 1 else 'no'}", "  tcp-count: 200",
                 "  receive-buffer-size: 4194304", "  send-buffer-size: 4194304",
                 f'  zonesdir: "{self.directory}"', f'  xfrdir: "{self.directory}"']
        for option, name in (("pidfile", "pid"), ("xfrdfile", "xfrd"), ("zonelistfile", "zones"),
                             ("logfile", "log")):
            lines.append(f'  {option}: "{self._path(name)}"')
        lines += ["remote-control:", "  control-enable: yes",
                  f'  control-interface: {self._path("control")}']
        missing = self._path("there-is-no-such-file")
        for name, path in self.zones + [(name, missing) for name in self.broken]:
            lines += ["zone:", f'  name: "{name}"', f'  zonefile: "{path}"']
        return "\n".join(lines) + "\n"

    def _launch(self, program):
        self.port = free_port()
        with open(self._path("conf"), "w", encoding="utf-8") as f:
            f.write(self._configuration())
        for name in ("log", "control"):
            try:
                os.unlink(self._path(name))
            except FileNotFoundError:
                pass
        with open(self._path("output"), "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [program, "-d", "-c", self._path("conf")], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, cwd=self.directory, start_new_session=True,
                preexec_fn=die_with_parent)

    def _wait(self):
        """True once it answers for all zones; False when somebody else has taken the port."""
        deadline = time.monotonic() + START_SECONDS
        for name, _ in self.zones:
            found = None
            while not found:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    found = self._first_answer(s, name, deadline)
                if self.process.poll() is not None:
                    if "already in use" in self.log():
                        return False
                    raise NsdError(
                        f"nsd ended with status {self.process.returncode}: {self.log()}")
                if not found and time.monotonic() > deadline:
                    raise NsdError(f"nsd did not answer within {START_SECONDS} s: {self.log()}")
            if found != (0, 1):
                raise NsdError(f"nsd cannot serve zone {name}: {self.log()}")
        # It is this server that answered, not somebody else on the same port.
        return self.counters().get("num.queries", 0) >= len(self.zones)

    def _first_answer(self, s, name, deadline):
        """What it says of the zone, or None: nobody listens yet, or it has ended, or time is up.
        A question that has been taken is waited for, however long: asked again, both would be
        counted, the later one after mark()."""
        number, question = make_question(name, "SOA")
        s.settimeout(0.05)
        s.connect((HOST, self.port))
        try:
            s.send(question)
            while self.process.poll() is None and time.monotonic() < deadline:
                try:
                    return read_answer(s.recv(65535), number)
                except TimeoutError:
                    continue
        except OSError:  # refused
            time.sleep(0.01)
        return None

    def _end(self):
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        try:
            # Its children are in a session of their own, so this reaches nobody else.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None


PASSED_ON = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
             signal.SIGUSR2}


def run_command(command, environment):
    """Runs a command to its end, passing signals on; gives its exit status as a shell would."""
    watched = PASSED_ON | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        child = subprocess.Popen(
            command, env=environment,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before))
        while child.poll() is None:
            got = signal.sigwaitinfo(watched)
            # What the terminal sends, the command has had already.
            if got.si_signo != signal.SIGCHLD and got.si_code != SI_KERNEL:
                child.send_signal(got.si_signo)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="nsd.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zone", action="append", required=True, metavar="[NAME=]FILE",
                        help="a zone to serve (repeatable)")
    parser.add_argument("--servers", type=int, default=1, help="server processes (default 1)")
    parser.add_argument("--queries", action="store_true", help="say how many questions were asked")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args(arguments)
    # A signal that comes while the server starts must still take it down again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(128 + signal.SIGHUP))
    try:
        with Nsd(options.zone, options.servers) as server:
            environment = dict(os.environ, TEST_DNS=server.address)
            command = [a.replace("{dns}", server.address) for a in options.command]
            try:
                status = run_command(command, environment)
            except (FileNotFoundError, PermissionError) as e:
                print(f"nsd.py: {command[0]} cannot be run: {e.strerror}", file=sys.stderr)
                return 127
            if options.queries:
                print(f"nsd.py: {server.queries()} queries", file=sys.stderr)
            return status
    except NsdError as e:
        print(f"nsd.py: {e}", file=sys.stderr)
        return 69
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
