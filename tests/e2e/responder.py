# SPDX-License-Identifier: MIT
"""A scripted DNS server for what NSD will not do: hold an answer back, fail on demand, lie.

    with Responder(lambda q: mx(q) if q.type == MX else address(q)) as server:
        run("--dns-server", server.address)
        server.asked("brackwell.net", MX)     # how many times

A script is called with each question (UDP only), on one thread, and gives the reply's bytes or None
for silence. `hold()` makes it wait, with the question counted, until `release()`.
"""

import socket
import struct
import threading

A, NS, CNAME, SOA, MX, TXT, AAAA = 1, 2, 5, 6, 15, 16, 28
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
PUBLIC = "192.175.48.9"  # an AS112 sink (RFC 7534): globally routed, nobody's mail host


class Question:
    """One question: `name` in lower case without the last dot, `type` a number."""

    def __init__(self, packet):
        self.id, labels, at = packet[:2], [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]])
            at += 1 + packet[at]
        self.name = b".".join(labels).decode("ascii", "replace").lower()
        self.type = struct.unpack_from(">H", packet, at + 1)[0]
        self.section = packet[12:at + 5]


def encode(name):
    out = b""
    for label in [x for x in name.rstrip(".").split(".") if x]:
        out += bytes([len(label)]) + label.encode("ascii")
    return out + b"\0"


def reply(question, rcode=NOERROR, records=()):
    """A reply with records (type, rdata) that belong to the name asked for."""
    out = question.id + struct.pack(">5H", 0x8580 | rcode, 1, len(records), 0, 0)
    out += question.section
    for kind, data in records:
        out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 3600, len(data)) + data
    return out


def mx(question, *hosts):
    """MX records; without hosts, one that points to mx.<name>."""
    hosts = hosts or (f"mx.{question.name}",)
    return reply(question, records=[(MX, struct.pack(">H", 10 * (i + 1)) + encode(host))
                                    for i, host in enumerate(hosts)])


def address(question, text=PUBLIC):
    """An A record; no data for another type."""
    records = [(A, socket.inet_aton(text))] if question.type == A else []
    return reply(question, records=records)


def fine(question):
    """Every domain exists and takes mail, but for names made up at random."""
    if is_random(question):
        return reply(question, NXDOMAIN)
    return mx(question) if question.type == MX else address(question)


def is_random(question):
    """Whether this may be a name that a run has made up to find a resolver that invents answers:
    no domain of a test is one long word under .com or .net."""
    word, _, tld = question.name.partition(".")
    return tld in ("com", "net") and len(word) >= 16 and word.isalpha()


class Responder:
    """One server on a free loopback port; a context manager."""

    def __init__(self, script=fine):
        self.script = script
        self.questions = []
        self.lock = threading.Lock()
        self.free = threading.Event()
        self.free.set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.free.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def hold(self):
        """From now on questions are counted and wait."""
        self.free.clear()
        return self

    def release(self):
        """Answers all that waits, and what comes."""
        self.free.set()

    def asked(self, name=None, kind=None):
        """How many questions came, of that name and type if given."""
        with self.lock:
            return sum(1 for q in self.questions
                       if name in (None, q.name) and kind in (None, q.type))

    def _serve(self):
        while True:
            packet, source = self.socket.recvfrom(65535)
            if not packet:
                return
            question = Question(packet)
            with self.lock:
                self.questions.append(question)
            self.free.wait()
            answer = self.script(question)
            if answer is not None:
                self.socket.sendto(answer, source)


def dead_port():
    """A loopback address with nobody behind it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{s.getsockname()[1]}"
