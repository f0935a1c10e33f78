#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""DNS in trouble: our own trouble never prunes an address. WN_BINARY=... python3
tests/e2e/test_dns.py"""

import struct

import support
from responder import (A, AAAA, MX, NOERROR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL, Responder,
                       address, dead_port, fine, is_random, mx, reply)
from support import OK, TEMPFAIL, USAGE, Case


def domains(count, label="d"):
    return [f"{label}{i}.brackwell.net" for i in range(count)]


class DnsCase(Case):
    def list_of(self, names, name="list.csv"):
        self.write(name, "email\n" + "".join(f"ann@{x}\n" for x in names))

    def run_with(self, server, *arguments, status=OK, patience=5000, **how):
        """Cleans list.csv with that server, or a comma list. The milliseconds of patience are for
        a busy machine; where a server keeps silent they are few, as they are waited out."""
        return self.winnow("clean", "--db", self.db, "--dns-timeout", str(patience),
                           "--dns-server", getattr(server, "address", server), "-o", "out",
                           "list.csv", *arguments, status=status, **how)

    def reasons(self, server, *arguments, **how):
        self.run_with(server, *arguments, **how)
        return self.output("out").by("domain", "reason")

    def refuse(self, server, *words, **how):
        """75, a sentence, and nothing published."""
        with self.unchanged(self.work):
            done = self.run_with(server, status=TEMPFAIL, **how)
        return self.check_sentence(done, *words)


class NoAnswerTest(DnsCase):
    """A resolver without a usable answer: 75, and the previous output stays."""

    def setUp(self):
        super().setUp()
        self.list_of(domains(5))
        with Responder() as server:
            self.run_with(server, "-q")
        self.list_of(domains(5, "other"))

    def test_dead(self):
        self.refuse(dead_port(), "DNS", "--dns-server")

    def test_silent(self):
        with Responder(lambda q: None) as server:
            self.refuse(server, "DNS", patience=100)
            self.assertGreaterEqual(server.asked(), 5)

    def test_failing(self):
        for rcode in (SERVFAIL, REFUSED, NOTIMP):
            with self.subTest(rcode), Responder(lambda q, r=rcode: reply(q, r)) as server:
                self.refuse(server, "DNS")

    def test_garbage(self):
        scripts = {
            "short": lambda q: q.id + b"\x81\x80",
            "noise": lambda q: q.id + b"\x81\x80" + bytes(range(200)),
            "another id": lambda q: bytes([q.id[0] ^ 1]) + fine(q)[1:],
            "another question": lambda q: fine(q)[:13] + b"99" + fine(q)[15:],
            "cut": lambda q: fine(q)[:-3] if q.type == MX else fine(q)[:14],
            "counts that lie": lambda q: fine(q)[:6] + struct.pack(">H", 60000) + fine(q)[8:],
        }
        for name, script in scripts.items():
            with self.subTest(name), Responder(script) as server:
                self.refuse(server, patience=100)

    def test_denying_everything(self):
        """A resolver that is cut off from the world denies every name: that says nothing."""
        with Responder(lambda q: reply(q, NXDOMAIN)) as server:
            self.refuse(server, "com", "--dns-server")
            self.assertEqual(server.asked("com", MX), 1)

    def test_denials_are_no_facts_then(self):
        """A later run with a good resolver asks again instead of repeating the denials."""
        with Responder(lambda q: reply(q, NXDOMAIN)) as server:
            self.refuse(server)
        with Responder() as server:
            self.run_with(server)
            self.assertGreaterEqual(server.asked(), 5)
        self.assertEqual({row["reason"] for row in self.output("out").report}, {"not_probed"})

    def test_dead_domains_alone(self):
        """Where com exists, a list of nothing but dead domains is just that."""
        script = lambda q: reply(q, NOERROR if q.name == "com" else NXDOMAIN)
        with Responder(script) as server:
            self.run_with(server)
        self.assertEqual({row["reason"] for row in self.output("out").report}, {"no_domain"})

    def test_facts_of_the_future(self):
        """What a clock that was once wrong has stored does not count before its time."""
        with Responder() as server:
            self.list_of(domains(5))
            self.run_with(server, "--as-of", "2036-01-01", "--refresh")
            before = server.asked()
            self.run_with(server)
            self.assertGreater(server.asked(), before)

    def test_dry_run_too(self):
        done = self.winnow("clean", "--no-db", "--dry-run", "--dns-timeout", "100",
                           "--dns-server", dead_port(), "list.csv", status=TEMPFAIL)
        self.assertEqual(done.out, b"")

    def test_only_too(self):
        done = self.winnow("clean", "--no-db", "--only", "keep", "--dns-timeout", "100",
                           "--dns-server", dead_port(), "list.csv", status=TEMPFAIL)
        self.assertEqual(done.out, b"")

    def test_facts_need_no_server(self):
        """What the store knows is judged without anybody's answer."""
        self.list_of(domains(5))
        self.run_with(dead_port())
        self.assertEqual({row["reason"] for row in self.output("out").report}, {"not_probed"})

    def test_bad_servers(self):
        for servers in ("", "nowhere", "127.0.0.1:0", "127.0.0.1:99999", "1.2.3", "::1]:53", ",",
                        "127.0.0.1:53:53"):
            with self.subTest(servers):
                done = self.run_with(servers, status=USAGE)
                self.assertIn("server", done.err.lower())


class ShareTest(DnsCase):
    """More than 20 % of at least 50 domains without an answer is too much to judge by."""

    def failing(self, count):
        bad = set(domains(count))

        def script(question):
            name = question.name.removeprefix("mx.")
            return reply(question, SERVFAIL) if name in bad else fine(question)

        return Responder(script)

    def test_too_many(self):
        self.list_of(domains(50))
        with self.failing(11) as server:
            self.refuse(server, "11 of 50")

    def test_just_not_too_many(self):
        self.list_of(domains(50))
        with self.failing(10) as server:
            self.run_with(server)
        report = self.output("out").report
        self.assertEqual([row["reason"] for row in report],
                         ["dns_failure"] * 10 + ["not_probed"] * 40)
        self.assertEqual({row["action"] for row in report[:10]}, {"review"})

    def test_few_domains(self):
        self.list_of(domains(49))
        with self.failing(40) as server:
            self.run_with(server)

    def test_rows_do_not_count(self):
        """Domains count, not the rows that have them."""
        self.list_of(domains(1) * 500 + domains(60))
        with self.failing(1) as server:
            self.run_with(server)

    def test_strict_does_not_drop_either(self):
        self.list_of(domains(50))
        with self.failing(10) as server:
            self.run_with(server, "--policy", "strict")
        actions = [row["action"] for row in self.output("out").report]
        self.assertEqual(actions, ["review"] * 10 + ["keep"] * 40)

    def test_failures_are_no_facts(self):
        self.list_of(domains(50))
        with self.failing(10) as server:
            self.run_with(server)
        with Responder() as server:
            self.assertEqual(set(self.reasons(server).values()), {"not_probed"})
            self.assertEqual(server.asked(kind=MX), 10)


class LameTest(DnsCase):
    """Domains whose own DNS is broken for good, on a list that is cleaned every night: as failures
    are not remembered, nothing but they is asked for after the first time."""

    def lame(self, count, control=NXDOMAIN):
        """Servers on which the first `count` domains fail."""
        bad = set(domains(count))

        def script(question):
            if is_random(question):
                return reply(question, control)
            return reply(question, SERVFAIL) if question.name in bad else fine(question)

        return Responder(script)

    def every_night(self, count):
        self.list_of(domains(400))
        with self.lame(count) as server:
            for night in range(3):
                self.run_with(server)
                self.assertEqual([row["reason"] for row in self.output("out").report],
                                 ["dns_failure"] * count + ["not_probed"] * (400 - count))

    def test_every_night(self):
        self.every_night(1)

    def test_many_every_night(self):
        """More than the fifty whose share is looked at, and a small share of the list."""
        self.every_night(60)

    def test_a_world_of_its_own(self):
        """A resolver without the internet answers for a domain that the run knows."""
        self.list_of(domains(3))
        with self.lame(1, SERVFAIL) as server:
            self.run_with(server)
            self.run_with(server)
        self.assertEqual([row["reason"] for row in self.output("out").report],
                         ["dns_failure", "not_probed", "not_probed"])

    def test_alone(self):
        """Where a lame domain is all there is, the made-up names decide."""
        self.list_of(domains(1))
        with self.lame(1) as server:
            self.assertEqual(self.reasons(server), {domains(1)[0]: "dns_failure"})
        with self.lame(1, REFUSED) as server:
            self.refuse(server, "no DNS server gave a usable answer")

    def test_servers_that_have_died_since(self):
        self.list_of(domains(3))
        with self.lame(1) as server:
            self.run_with(server)
        with Responder(lambda q: reply(q, SERVFAIL)) as server:
            self.refuse(server, "no DNS server gave a usable answer")


class TwoServersTest(DnsCase):
    """One bad server of two does no harm."""

    def test_one_of_two(self):
        """what is wrong with it -> its address or script"""
        bad = {
            "dead": None,
            "silent": lambda q: None,
            "servfail": lambda q: reply(q, SERVFAIL),
            "refused": lambda q: reply(q, REFUSED),
            "garbage": lambda q: q.id + b"\x81\x80" + b"\xff" * 40,
        }
        self.list_of(domains(60))
        for name, script in bad.items():
            for bad_first in (True, False):
                with self.subTest(name, bad_first=bad_first), Responder() as good, \
                        Responder(script or fine) as other:
                    wrong = other.address if script else dead_port()
                    servers = [wrong, good.address] if bad_first else [good.address, wrong]
                    self.run_with(",".join(servers), "--refresh", patience=500)
                    reasons = {row["reason"] for row in self.output("out").report}
                    self.assertEqual(reasons, {"not_probed"})

    def test_both_dead(self):
        self.list_of(domains(5))
        self.refuse(f"{dead_port()},{dead_port()}")

    def test_two_good_ones(self):
        self.list_of(domains(10))
        with Responder() as one, Responder() as two:
            self.run_with(f"{one.address},{two.address}")
            self.assertEqual(one.asked(kind=MX) + two.asked(kind=MX), 10)


class LieTest(DnsCase):
    """Resolvers that do not tell the truth."""

    def test_rewriting(self):
        """A resolver that gives an address for names that do not exist: what rests on that address
        is nobody's fault but its own."""
        def script(question):
            if question.name.endswith("real.net") and not is_random(question):
                return fine(question)
            if question.type == MX:
                return reply(question)
            return address(question, "192.175.48.200")

        self.list_of(["real.net", "gone.net", "also-gone.com"])
        with Responder(script) as server:
            done = self.run_with(server, "-v")
            output = self.output("out")
        self.assertEqual(output.by("domain", "reason"),
                         {"real.net": "not_probed", "gone.net": "dns_failure",
                          "also-gone.com": "dns_failure"})
        self.assertIn("invents addresses", done.err)
        self.assertTrue(output.summary["run"]["dns"]["rewriting_resolver"])

    def test_honest_implicit_mx(self):
        def script(question):
            if is_random(question):
                return reply(question, NXDOMAIN)
            return reply(question) if question.type == MX else address(question)

        self.list_of(["plain.net"])
        with Responder(script) as server:
            self.assertEqual(self.reasons(server), {"plain.net": "not_probed"})

    def test_a_filtering_resolver(self):
        """0.0.0.0 for a blocked name is reviewed, not dropped."""
        def script(question):
            if is_random(question) or question.type == MX:
                return fine(question)
            return address(question, "0.0.0.0")

        self.list_of(["blocked.net"])
        with Responder(script) as server:
            self.run_with(server)
        row = self.output("out").report[0]
        self.assertEqual((row["reason"], row["action"]), ("mx_unroutable", "review"))

    def test_hostile_names(self):
        """What a server says is data: it reaches no terminal and breaks no file."""
        def script(question):
            if question.type == MX:
                host = b"\x0ba\"b,c\x1b[2J\n;\x03net\0"
                return reply(question, records=[(MX, b"\0\x0a" + host)])
            return address(question) if question.type in (A, AAAA) else reply(question)

        self.list_of(["odd.net"])
        with Responder(script) as server:
            done = self.run_with(server, "-v", status=None)
        self.assertNotIn("\x1b", done.err)
        self.assertIn(done.status, (OK, TEMPFAIL))
        if done.status == OK:
            self.assertEqual(len(self.output("out").report), 1)
            self.assertNotIn(b"\x1b", self.output("out").files["report.csv"])

    def test_compression_loop(self):
        def script(question):
            if question.type != MX:
                return address(question)
            return reply(question, records=[(MX, b"\0\x0a\xc0" + bytes([12 + len(
                question.section) + 14]))])

        self.list_of(["loop.net"])
        with Responder(script) as server:
            self.refuse(server)


class RouteTest(DnsCase):
    """The routes that need a temper, end to end."""

    def test_one_host_of_two_fails(self):
        """A failure that could have led to ok is no negative."""
        def script(question):
            if question.type == MX:
                return mx(question, "mx.down.net", "mx.gone.net")
            return reply(question, SERVFAIL if "down" in question.name else NXDOMAIN)

        self.list_of(["half.net"])
        with Responder(script) as server:
            self.assertEqual(self.reasons(server), {"half.net": "dns_failure"})

    def test_one_host_of_two_is_fine(self):
        def script(question):
            if question.type == MX:
                return mx(question, "mx.down.net", "mx.fine.net")
            return reply(question, SERVFAIL) if "down" in question.name else fine(question)

        self.list_of(["half.net"])
        with Responder(script) as server:
            self.assertEqual(self.reasons(server), {"half.net": "not_probed"})

    def test_late_answer_is_waited_for(self):
        """A question that is lost once is asked again."""
        lost = set()

        def script(question):
            if (question.name, question.type) not in lost:
                lost.add((question.name, question.type))
                return None
            return fine(question)

        self.list_of(domains(20))
        with Responder(script) as server:
            self.assertEqual(set(self.reasons(server, patience=500).values()), {"not_probed"})

    def test_shared_hosts_are_asked_once(self):
        self.list_of(domains(200))
        with Responder(lambda q: mx(q, "mx.shared.net") if q.type == MX else fine(q)) as server:
            self.run_with(server)
            self.assertEqual(server.asked("mx.shared.net", A), 1)
            self.assertEqual(server.asked(kind=MX), 200)

    def test_window(self):
        self.list_of(domains(300))
        with Responder() as server:
            self.run_with(server, "--dns-parallel", "1", "-q")
        self.assertEqual({row["reason"] for row in self.output("out").report}, {"not_probed"})

    def test_offline_asks_nobody(self):
        self.list_of(domains(5))
        with Responder() as server:
            self.run_with(server, "--offline")
            self.assertEqual(server.asked(), 0)

    def test_nobody_to_ask_about(self):
        """Without a domain to look up, a dead server is no matter."""
        self.write("list.csv", "email\nann@firm.test\nnothing\n")
        self.run_with(dead_port())
        self.assertEqual([row["reason"] for row in self.output("out").report],
                         ["reserved_domain", "syntax_no_at"])


if __name__ == "__main__":
    support.main()
