#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The servers of smtp_zoo.py behave as they should, and the checks of their transcripts see what
they are for: python3 tests/e2e/test_smtp_zoo.py"""

import smtplib
import socket
import ssl
import threading
import time
import unittest

import smtp_zoo
import zoo_checks
from smtp_zoo import PERSONAS, Persona, Server, Zoo
from zoo_checks import Rules

SENDER, HELO = "probe@us.net", "out.us.net"
RULES = Rules(SENDER, HELO)
BOXES = {"joe@firm.org": "present", "full@firm.org": "full", "off@firm.org": "disabled",
         "closed@firm.org": "restricted", "later@firm.org": "later"}


def talk(port, *commands, host="127.1.0.1", timeout=20):
    """Says all commands at once, a text each, and gives all that comes back until the end."""
    with socket.create_connection((host, port), timeout=timeout) as s:
        s.sendall("".join(c + "\r\n" for c in commands).encode())
        data = b""
        while True:
            try:
                more = s.recv(1 << 20)
            except ConnectionResetError:
                return data + b"[reset]"
            if not more:
                return data
            data += more


def ask(port, *addresses, host="127.1.0.1"):
    """The replies to RCPT for each, in one polite session, one command at a time."""
    with smtplib.SMTP(host, port, timeout=20) as client:
        client.ehlo_or_helo_if_needed()
        if client.has_extn("starttls"):
            client.starttls(context=ssl._create_unverified_context())
            client.ehlo()
        client.mail(SENDER)
        codes = [client.rcpt(a) for a in addresses]
        client.rset()
        return [(code, text.decode()) for code, text in codes]


@unittest.skipIf(smtp_zoo.why_not(), smtp_zoo.why_not() or "")
class ZooCase(unittest.TestCase):
    def zoo(self, persona, mailboxes=None, otherwise="unknown", addresses=("127.1.0.1",)):
        self.server = Server("mx.firm.org", list(addresses), persona,
                             BOXES if mailboxes is None else mailboxes, otherwise)
        zoo = Zoo([self.server]).start()
        self.addCleanup(zoo.stop)
        return zoo

    def wait(self, true):
        end = time.monotonic() + 60
        while not true():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)

    def check(self, zoo, *expected, rules=RULES):
        """The faults found are these, told by some words of each."""
        self.wait(lambda: not zoo.open)
        found = zoo_checks.faults_of(zoo.transcript(), zoo.servers, rules)
        self.assertEqual(len(found), len(expected), found)
        for text, words in zip(found, expected):
            self.assertIn(words, text)


class PersonaTest(ZooCase):
    def codes(self, zoo, *addresses):
        return [code for code, _ in ask(zoo.port, *addresses)]

    def test_every_row_of_words(self):
        """Each is a whole reply: one code, then text; and names what must be filled in"""
        for name, words in smtp_zoo.WORDS.items():
            for state, text in words.items():
                with self.subTest(name=name, state=state):
                    lines = text.format(a="joe@firm.org", d="firm.org", h="mx", c="127.0.0.1")
                    lines = lines.split("\n")
                    self.assertEqual(len({line[:3] for line in lines}), 1)
                    self.assertEqual([line[3] for line in lines], ["-"] * (len(lines) - 1) + [" "])

    def test_states(self):
        for name in ("postfix", "exim", "sendmail", "google", "gmx", "microsoft365", "icloud",
                     "yandex", "barracuda"):
            with self.subTest(persona=name):
                zoo = self.zoo(PERSONAS[name])
                codes = self.codes(zoo, "joe@firm.org", "nobody@firm.org", "full@firm.org",
                                   "later@firm.org", "postmaster@firm.org")
                self.assertEqual([code // 100 for code in codes], [2, 5, 5, 4, 2])
                zoo.stop()

    def test_multi_line_reply(self):
        zoo = self.zoo(PERSONAS["google"])
        _, text = ask(zoo.port, "nobody@firm.org")[0]
        self.assertEqual(text.count("\n"), 3)
        self.assertIn("p=NoSuchUser", text)

    def test_catch_all(self):
        zoo = self.zoo(PERSONAS["postfix"], {}, "present")
        self.assertEqual(self.codes(zoo, "x@firm.org", "y@firm.org"), [250, 250])

    def test_limited_recipients(self):
        zoo = self.zoo(PERSONAS["outlook"])
        got = ask(zoo.port, "joe@firm.org", "joe@firm.org")
        self.assertEqual([code for code, _ in got], [250, 452])
        self.assertIn("4.5.3", got[1][1])
        self.assertEqual(self.server.asked["joe@firm.org"], 1)

    def test_one_domain(self):
        zoo = self.zoo(PERSONAS["one_domain"])
        self.assertEqual(self.codes(zoo, "joe@firm.org", "joe@other.org", "joe@firm.org"),
                         [250, 451, 250])

    def test_greylisting_opens(self):
        zoo = self.zoo(Persona(open_after=0.2))
        self.assertEqual(self.codes(zoo, "joe@firm.org"), [450])
        time.sleep(0.25)
        self.assertEqual(self.codes(zoo, "joe@firm.org", "nobody@firm.org"), [250, 550])

    def test_greylisting_that_stays(self):
        zoo = self.zoo(PERSONAS["greylist_for_ever"])
        self.assertEqual(self.codes(zoo, "joe@firm.org", "joe@firm.org"), [451, 451])

    def test_first_time(self):
        zoo = self.zoo(PERSONAS["mimecast"])
        self.assertEqual(self.codes(zoo, "joe@firm.org", "joe@firm.org", "nobody@firm.org",
                                    "nobody@firm.org"), [451, 250, 451, 550])

    def test_turns(self):
        for name, code in (("turns_to_blocking", 554), ("turns_to_lying", 550)):
            zoo = self.zoo(PERSONAS[name])
            codes = self.codes(zoo, *["joe@firm.org"] * 25, "joe@firm.org", "postmaster@firm.org")
            self.assertEqual(codes, [250] * 25 + [code] * 2)
            zoo.stop()

    def test_refusals_before_rcpt(self):
        for name, begin in (("busy_at_connect", b"421 4.3.2 "),
                            ("blocks_at_connect", b"554 5.7.1 ")):
            with self.subTest(name):
                zoo = self.zoo(PERSONAS[name])
                self.assertTrue(talk(zoo.port).startswith(begin))
                zoo.stop()
        zoo = self.zoo(PERSONAS["blocks_at_mail"])
        out = talk(zoo.port, "EHLO x", "MAIL FROM:<a@b.org>", "RCPT TO:<joe@firm.org>", "QUIT")
        self.assertIn(b"\r\n550 5.7.1 Service unavailable; Client host [127.0.0.1]", out)
        self.assertIn(b"\r\n503 ", out)

    def test_delays(self):
        zoo = self.zoo(Persona(greeting_delay=0.3, delay=0.05))
        begin = time.monotonic()
        self.assertEqual(self.codes(zoo, "joe@firm.org"), [250])
        self.assertGreater(time.monotonic() - begin, 0.3 + 6 * 0.05)
        self.assertGreater(PERSONAS["slow_banner"].greeting_delay, 0)
        self.assertGreater(PERSONAS["tarpit"].delay, 0)

    def test_reset(self):
        zoo = self.zoo(PERSONAS["reset"])
        self.assertTrue(talk(zoo.port, "EHLO x").endswith(b"[reset]"))

    def test_silence(self):
        for name, replies in (("mute", 0), ("silent", 2)):
            zoo = self.zoo(PERSONAS[name])
            with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                    s.makefile("rb") as f:
                s.sendall(b"EHLO x\r\nMAIL FROM:<a@b.org>\r\n")
                for _ in range(replies):
                    while f.readline()[3:4] == b"-":
                        pass
                s.settimeout(0.3)
                with self.assertRaises(TimeoutError):
                    f.readline()
            zoo.stop()

    def test_far_too_much(self):
        zoo = self.zoo(PERSONAS["long_line"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            s.sendall(b"EHLO x\r\nMAIL FROM:<a@b.org>\r\nRCPT TO:<joe@firm.org>\r\n")
            longest = max(len(f.readline()) for _ in range(8))
        self.assertGreater(longest, 10_000_000)
        zoo.stop()
        zoo = self.zoo(PERSONAS["endless"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            s.sendall(b"EHLO x\r\nMAIL FROM:<a@b.org>\r\n")
            lines = [f.readline() for _ in range(10_000)]
        self.assertEqual(lines[-1], b"250-there is more to say\r\n")

    def test_garbage(self):
        zoo = self.zoo(PERSONAS["garbage"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            s.sendall(b"EHLO x\r\nMAIL FROM:<a@b.org>\r\n")
            self.assertIn(b"\xff\xfe", b"".join(f.readline() for _ in range(8)))

    def test_nuls(self):
        zoo = self.zoo(PERSONAS["nuls"])
        self.assertIn(b"250 2.1.\x005 Ok\0\r\n",
                      talk(zoo.port, "EHLO x", "MAIL FROM:<a@b.org>", "RCPT TO:<joe@firm.org>",
                           "QUIT"))

    def test_split(self):
        for name in ("split", "split_pipelined"):
            zoo = self.zoo(PERSONAS[name])
            self.assertEqual(self.codes(zoo, "joe@firm.org", "nobody@firm.org"), [250, 550])
            zoo.stop()

    def test_broken_pipelining(self):
        """What lies behind a command is lost, and only that."""
        zoo = self.zoo(PERSONAS["pipelining_broken"])
        self.assertEqual(self.codes(zoo, "joe@firm.org", "nobody@firm.org"), [250, 550])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            f.readline()
            s.sendall(b"EHLO x\r\n")
            while f.readline()[3:4] == b"-":
                pass
            s.sendall(b"MAIL FROM:<a@b.org>\r\nRCPT TO:<joe@firm.org>\r\nRCPT TO:<x@firm.org>\r\n")
            self.assertEqual(f.readline(), b"250 2.1.0 Ok\r\n")
            s.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                f.readline()
        self.assertEqual([e.text for e in zoo.transcript() if e.what == "lost"],
                         ["RCPT TO:<joe@firm.org>", "RCPT TO:<x@firm.org>"])

    def test_helo_only(self):
        zoo = self.zoo(PERSONAS["helo_only"])
        self.assertEqual(self.codes(zoo, "joe@firm.org"), [250])

    def test_starttls(self):
        zoo = self.zoo(PERSONAS["tls"])
        self.assertEqual(self.codes(zoo, "joe@firm.org", "nobody@firm.org"), [250, 550])
        self.assertEqual([e.text for e in zoo.transcript() if e.what == "tls"], [""])
        zoo.stop()
        zoo = self.zoo(PERSONAS["tls_refused"])
        self.assertIn(b"\r\n454 ", talk(zoo.port, "EHLO x", "STARTTLS", "QUIT"))
        zoo.stop()
        zoo = self.zoo(PERSONAS["tls_stripped"])
        self.assertEqual(self.codes(zoo, "joe@firm.org"), [250])
        out = talk(zoo.port, "EHLO x", "STARTTLS", "QUIT")
        self.assertIn(b"\r\n502 ", out)
        self.assertIn(b"XXXXXXXA", out)

    def test_starttls_that_fails(self):
        for name in ("tls_half", "tls_garbage"):
            zoo = self.zoo(PERSONAS[name])
            with self.subTest(name), self.assertRaises((ssl.SSLError, OSError)):
                ask(zoo.port, "joe@firm.org")
            self.assertEqual([e.text for e in zoo.transcript() if e.what == "tls"], ["failed"])
            zoo.stop()

    def test_injection(self):
        zoo = self.zoo(PERSONAS["tls_inject"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s:
            s.sendall(b"EHLO x\r\nSTARTTLS\r\n")
            data = b""
            while b"250 2.1.5 injected\r\n" not in data:
                data += s.recv(4096)

    def test_ipv6(self):
        zoo = self.zoo(PERSONAS["postfix"], addresses=("::1", "127.1.0.1"))
        for host in ("::1", "127.1.0.1"):
            self.assertEqual(ask(zoo.port, "joe@firm.org", host=host)[0][0], 250)

    def test_order_of_commands(self):
        zoo = self.zoo(PERSONAS["postfix"])
        out = talk(zoo.port, "RCPT TO:<joe@firm.org>", "MAIL FROM:<a@b.org>", "EHLO x", "FOO",
                   "RCPT TO:<joe@firm.org>", "QUIT")
        codes = [line[:3] for line in out.split(b"\r\n") if line[3:4] == b" "]
        self.assertEqual(codes, [b"220", b"503", b"503", b"250", b"502", b"503", b"221"])

    def test_many_at_once(self):
        """A hundred sessions on forty servers: each is answered, none waits for another."""
        boxes = {f"b{i}@firm.org": "present" for i in range(50)}
        servers = [Server(f"mx{i}.firm.org", [f"127.1.{i}.1"], Persona(delay=0.05), boxes)
                   for i in range(40)]
        with Zoo(servers) as zoo:
            found = []
            threads = [threading.Thread(target=lambda i=i: found.extend(
                ask(zoo.port, *list(boxes)[:3], host=f"127.1.{i % 40}.1"))) for i in range(100)]
            for t in threads:
                t.start()
            for t in threads:
                t.join(60)
            self.assertEqual([code for code, _ in found], [250] * 300)


class ChecksTest(ZooCase):
    """Each rule: the polite session breaks none, and one that breaks this rule is seen."""

    def polite(self, zoo, *addresses):
        return talk(zoo.port, f"EHLO {HELO}", f"MAIL FROM:<{SENDER}>",
                    *[f"RCPT TO:<{a}>" for a in addresses], "RSET", "QUIT")

    def stepwise(self, zoo, *commands):
        """One command at a time; hangs up without a word."""
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            f.readline()
            for command in commands:
                s.sendall(command.encode() + b"\r\n")
                while f.readline()[3:4] == b"-":
                    pass

    def begin(self):
        return f"EHLO {HELO}", f"MAIL FROM:<{SENDER}>"

    def test_polite(self):
        zoo = self.zoo(PERSONAS["tls"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<joe@firm.org>", "RCPT TO:<full@firm.org>",
                      "RCPT TO:<k2hx0qz8wmb4tnf7ycpd@firm.org>", "RSET", "QUIT")
        self.check(zoo)
        self.assertEqual([(a, text[:3]) for _, _, a, text in zoo_checks.answers(zoo.transcript())],
                         [("joe@firm.org", "250"), ("full@firm.org", "552"),
                          ("k2hx0qz8wmb4tnf7ycpd@firm.org", "550")])

    def test_forbidden_commands(self):
        for command in ("DATA", "BDAT 3 LAST", "VRFY joe", "EXPN staff", "NOOP", "AUTH PLAIN"):
            with self.subTest(command):
                zoo = self.zoo(PERSONAS["postfix"])
                self.stepwise(zoo, *self.begin(), command, "QUIT")
                self.check(zoo, f"said '{command}'")
                zoo.stop()

    def test_bare_line_feed(self):
        zoo = self.zoo(PERSONAS["postfix"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s:
            s.sendall(b"QUIT\n")
            s.recv(4096)
        self.check(zoo, "bare LF")

    def test_identity(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, "EHLO firm.org", "MAIL FROM:<>", "RSET", "QUIT")
        self.check(zoo, "EHLO firm.org", "MAIL FROM:<>")

    def test_no_quit(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, *self.begin())
        self.check(zoo, "went without QUIT")
        zoo.stop()
        zoo = self.zoo(PERSONAS["silent"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            f.readline()
            s.sendall(f"EHLO {HELO}\r\n".encode())
            while f.readline()[3:4] == b"-":
                pass
            s.sendall(f"MAIL FROM:<{SENDER}>\r\n".encode())
        self.check(zoo, "went without QUIT")

    def test_no_quit_is_fine(self):
        """... before EHLO, when the server went first, when TLS broke, when the client died"""
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo)
        self.check(zoo)
        zoo.stop()
        zoo = self.zoo(PERSONAS["reset"])
        talk(zoo.port, f"EHLO {HELO}")
        self.check(zoo)
        zoo.stop()
        zoo = self.zoo(PERSONAS["tls_half"])
        with self.assertRaises((ssl.SSLError, OSError)), smtplib.SMTP("127.1.0.1", zoo.port) as c:
            c.ehlo(HELO)
            c.starttls()
        self.check(zoo)
        zoo.stop()
        zoo = self.zoo(PERSONAS["postfix"])
        began = time.monotonic()
        self.stepwise(zoo, *self.begin())
        self.check(zoo, rules=Rules(SENDER, HELO, killed=(began,)))
        self.check(zoo, "went without QUIT", rules=Rules(SENDER, HELO, killed=(began - 60,)))

    def test_hasty_quit(self):
        for name, command in (("sendmail", f"EHLO {HELO}"), ("tls", "STARTTLS")):
            with self.subTest(name):
                zoo = self.zoo(PERSONAS[name])
                with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s:
                    s.sendall(f"{command}\r\nQUIT\r\n".encode())
                    s.recv(100)
                self.check(zoo)
                zoo.stop()

    def test_words_after_quit(self):
        zoo = self.zoo(Persona(delay=0.1))
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s:
            s.recv(100)
            s.sendall(b"QUIT\r\nRSET\r\n")
            s.recv(100)
        self.check(zoo, "sent more behind 'QUIT'")

    def test_quit_to_a_server_that_talks_on(self):
        """It is seen though nobody listens, and is enough."""
        for name in ("endless", "long_line"):
            with self.subTest(name):
                zoo = self.zoo(PERSONAS[name])
                with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                        s.makefile("rb") as f:
                    f.readline()
                    for command in (*self.begin(), "RCPT TO:<joe@firm.org>"):
                        s.sendall(command.encode() + b"\r\n")
                        if command[:4] == PERSONAS[name].fault[0]:
                            break
                        while f.readline()[3:4] == b"-":
                            pass
                    s.recv(100)
                    s.sendall(b"QUIT\r\n")
                self.check(zoo)
                zoo.stop()

    def test_no_rset_is_fine(self):
        """... where no recipient was accepted"""
        zoo = self.zoo(PERSONAS["blocks_at_mail"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<joe@firm.org>", "QUIT")
        self.check(zoo)

    def test_no_rset(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<joe@firm.org>", "QUIT")
        self.check(zoo, "no RSET")

    def test_pipelining(self):
        zoo = self.zoo(PERSONAS["sendmail"])
        self.stepwise(zoo, f"EHLO {HELO}")
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            f.readline()
            s.sendall(f"EHLO {HELO}\r\n".encode())
            while f.readline()[3:4] == b"-":
                pass
            s.sendall(f"MAIL FROM:<{SENDER}>\r\nRSET\r\nQUIT\r\n".encode())
            for _ in range(3):
                f.readline()
        self.check(zoo, "went without QUIT", "sent more behind")

    def test_pipelining_that_is_allowed(self):
        zoo = self.zoo(PERSONAS["tls_refused"])
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s, \
                s.makefile("rb") as f:
            f.readline()
            for piece in ([f"EHLO {HELO}"], ["STARTTLS"],
                          [f"MAIL FROM:<{SENDER}>", "RCPT TO:<joe@firm.org>", "RSET", "QUIT"]):
                s.sendall("".join(c + "\r\n" for c in piece).encode())
                for _ in piece:
                    while f.readline()[3:4] == b"-":
                        pass
        self.check(zoo)

    def test_too_many_recipients(self):
        zoo = self.zoo(PERSONAS["postfix"], {f"b{i}@firm.org": "present" for i in range(6)})
        self.stepwise(zoo, *self.begin(), *[f"RCPT TO:<b{i}@firm.org>" for i in range(6)], "RSET",
                      "QUIT")
        self.check(zoo, "6 recipients where 5")
        self.check(zoo, rules=Rules(SENDER, HELO, group_recipients={"mx.firm.org": 6}))

    def test_mail_before_rcpt(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, f"EHLO {HELO}", "RCPT TO:<joe@firm.org>", f"MAIL FROM:<{SENDER}>",
                      "RSET", f"MAIL FROM:<{SENDER}>", "QUIT")
        self.check(zoo, "more than one MAIL", "RCPT before MAIL")

    def test_random_before_real(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<joe@firm.org>",
                      "RCPT TO:<k2hx0qz8wmb4tnf7ycpd@firm.org>", "RCPT TO:<full@firm.org>",
                      "RSET", "QUIT")
        self.check(zoo, "asked for full@firm.org after a random mailbox")

    def test_needless_random(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<full@firm.org>",
                      "RCPT TO:<k2hx0qz8wmb4tnf7ycpd@firm.org>", "RSET", "QUIT")
        self.check(zoo, "although none of firm.org")

    def test_asked_too_often(self):
        zoo = self.zoo(PERSONAS["postfix"])
        for _ in range(2):
            self.stepwise(zoo, *self.begin(), "RCPT TO:<JOE@firm.org>",
                          "RCPT TO:<k2hx0qz8wmb4tnf7ycpd@firm.org>", "RSET", "QUIT")
        self.check(zoo, "asked 2 times for joe@firm.org", "2 times for a random mailbox")
        self.check(zoo, rules=Rules(SENDER, HELO, times=2, random_times=2))

    def test_behind_a_refused_mail(self):
        """... nobody was asked."""
        zoo = self.zoo(PERSONAS["blocks_at_mail"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<joe@firm.org>", "RSET", "QUIT")
        self.check(zoo, rules=Rules(SENDER, HELO, times=0))

    def test_a_stranger(self):
        zoo = self.zoo(PERSONAS["postfix"])
        self.stepwise(zoo, *self.begin(), "RCPT TO:<who@firm.org>", "RSET", "QUIT")
        self.check(zoo, "neither on the list nor random")

    def test_too_many_connections(self):
        """Counted over all servers of a group, at every moment."""
        a, b = (Server(f"mx{i}.firm.org", [f"127.1.0.{i}"], PERSONAS["postfix"], BOXES,
                       group="firm") for i in (1, 2))
        with Zoo([a, b]) as zoo:
            def connect(host):
                s = socket.create_connection((host, zoo.port), timeout=20)
                s.recv(100)
                return s
            first, second = connect("127.1.0.1"), connect("127.1.0.2")
            first.close()
            third = connect("127.1.0.2")  # two again
            for s in (second, third):
                s.close()
            for s in [connect("127.1.0.1") for _ in range(3)]:
                s.close()
            self.check(zoo, "firm: 3 connections at once where 2")
            self.check(zoo, rules=Rules(SENDER, HELO, group_connections={"firm": 3}))

    def test_a_client_that_closed_is_gone(self):
        """... though the server has not read its last words yet."""
        zoo = self.zoo(Persona(delay=0.3))
        for _ in range(4):
            s = socket.create_connection(("127.1.0.1", zoo.port), timeout=20)
            s.sendall(b"QUIT\r\n")
            s.close()
        self.check(zoo)

    def test_a_bug_of_the_zoo(self):
        zoo = self.zoo(PERSONAS["postfix"], {"joe@firm.org": "no such state"})
        with socket.create_connection(("127.1.0.1", zoo.port), timeout=20) as s:
            s.sendall(f"EHLO {HELO}\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<joe@firm.org>\r\n".encode())
            while s.recv(4096):
                pass
        self.wait(lambda: any(e.what == "bug" for e in zoo.transcript()))
        found = zoo_checks.faults_of(zoo.transcript(), zoo.servers, RULES)
        self.assertIn("nobody has words", found[0])


if __name__ == "__main__":
    unittest.main()
