#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""winnow check, both forms, and what it never does: WN_BINARY=... python3
tests/e2e/test_check.py"""

import json
import os

import support
from responder import MX, SERVFAIL, Responder, address, dead_port, fine, is_random, reply
from support import AS_OF, NOT_KEEP, OK, Case

KEYS = [key for key in support.COLUMNS.split(",")
        if key not in ("line", "duplicate_of", "column", "fixed")]  # of the rows of a list alone


class CheckCase(Case):
    def check(self, *arguments, status=OK, **how):
        return self.winnow("check", *arguments, status=status, **how)

    def verdict(self, address, *arguments, status=OK):
        """The one JSON object of one address, offline."""
        done = self.check("--json", "--offline", "--no-db", *arguments, "--", address,
                          status=status)
        self.assertTrue(done.out.endswith(b"\n"))
        return json.loads(done.out)


class OfflineTest(CheckCase):
    def test_exit_status(self):
        """addresses -> exit status"""
        cases = [
            (("ann@brackwell.net",), OK),
            (("ann@brackwell.net", "bob@brackwell.net"), OK),
            (("info@brackwell.net",), NOT_KEEP),
            (("ann@brackwell.net", "nothing"), NOT_KEEP),
            (("nothing", "ann@brackwell.net"), NOT_KEEP),
            (("",), NOT_KEEP),
        ]
        for addresses, status in cases:
            with self.subTest(addresses):
                self.check("--offline", "--no-db", *addresses, status=status)

    def test_human_form(self):
        done = self.check("--offline", "--no-db", "  Ann <ANN@Brackwell.NET> ",
                          "info@brackwell.net", status=NOT_KEEP)
        text = done.out.decode()
        self.assertEqual(done.err, "")
        blocks = text.split("\n\n")
        self.assertEqual(len(blocks), 2)
        for block in blocks:
            lines = block.strip("\n").split("\n")
            for word, line in zip(("syntax", "lists", "domain", "mailbox", "history", "=>", "=>"),
                                  lines[1:]):
                self.assertTrue(line.startswith("  " + word), line)
        self.assertIn("ANN@brackwell.net", blocks[0])
        for word in ("role", "risky", "role_account", "review", "recipient", "list_role"):
            self.assertIn(word, blocks[1])

    def test_the_caret_shows_the_fault(self):
        """address -> column of the caret; test_reasons.py has one for every fault"""
        cases = {"ann..b@brackwell.net": 4, "jo hn@brackwell.net": 2, "äö..b@brackwell.net": 3,
                 "ann@brackwell..net": 14, "  ann..b@brackwell.net": 6,
                 # East Asian characters take two columns, half-width ones one.
                 "用户..b@brackwell.net": 5, "ａｎｎ．．b@brackwell.net": 8, "ｱﾝ..b@brackwell.net": 3,
                 "用户 b@brackwell.net": 4, "用户@brackwell..net": 15,
                 # A combining character takes none.
                 "e\u0301e\u0301..b@brackwell.net": 3,
                 "bob@firm.test": 4, "ann@brackwell.nosuchtld": 14}
        for address, column in cases.items():
            with self.subTest(address):
                done = self.check("--offline", "--no-db", address, status=NOT_KEEP)
                lines = done.out.decode().split("\n")
                self.assertEqual(lines[:2], [address, " " * column + "^"])

    def test_the_caret_under_what_is_not_shown_as_it_is(self):
        """octets -> how they are shown, column of the caret"""
        cases = {b"a\x1b[2Jn..b@brackwell.net": ("a?[2Jn..b@brackwell.net", 1),
                 b"ann\x7f@brackwell.net": ("ann?@brackwell.net", 3),
                 "ann\u202eb@brackwell.net".encode(): ("ann?b@brackwell.net", 3),
                 "用\u200b户@brackwell.net".encode(): ("用?户@brackwell.net", 2),
                 "ann\x9b2J@brackwell.net".encode(): ("ann?2J@brackwell.net", 3),
                 b"j\xf6rg@brackwell.net": ("j?rg@brackwell.net", 1),
                 b"\t\xc3\xa4..b@brackwell.net": ("?ä..b@brackwell.net", 3)}
        for octets, (shown, column) in cases.items():
            with self.subTest(octets):
                done = self.check("--offline", "--no-db", octets, status=NOT_KEEP)
                lines = done.out.decode().split("\n")
                self.assertEqual(lines[:2], [shown, " " * column + "^"])

    def test_json_keys(self):
        verdict = self.verdict("info@brackwell.net", status=NOT_KEEP)
        self.assertEqual(list(verdict), KEYS)
        self.assertEqual((verdict["result"], verdict["reason"], verdict["action"],
                          verdict["flags"], verdict["smtp_code"], verdict["hard_bounces"]),
                         ("risky", "role_account", "review", ["role"], None, 0))

    def test_one_object_a_line(self):
        done = self.check("--json", "--offline", "--no-db", "ann@brackwell.net",
                          "bob@brackwell.net")
        self.assertEqual([json.loads(line)["address"] for line in done.out.splitlines()],
                         ["ann@brackwell.net", "bob@brackwell.net"])

    def test_addresses(self):
        """address -> reason, address's normal form"""
        cases = {
            "Bob@BRACKWELL.net": ("not_checked", "Bob@brackwell.net"),
            "mailto:bob@brackwell.net": ("not_checked", "bob@brackwell.net"),
            "bob@brackwell": ("syntax_single_label", None),
            "bob@[192.0.2.1]": ("syntax_address_literal", "bob@[192.0.2.1]"),
            "bob@brackwell.nosuchtld": ("unknown_tld", "bob@brackwell.nosuchtld"),
            "bob@firm.test": ("reserved_domain", "bob@firm.test"),
            "a@b.net, c@d.net": ("syntax_several", None),
            "": ("no_address", None),
            "\t": ("no_address", None),
            "bob@dröhmling.de": ("not_checked", "bob@xn--drhmling-o4a.de"),
            "x" * 65 + "@brackwell.net": ("syntax_local_too_long", None),
            "x" * 100000 + "@brackwell.net": ("syntax_local_too_long", None),
            "bob\x1b[31m@brackwell.net": ("syntax_bad_char", None),
        }
        for address, (reason, normal) in cases.items():
            with self.subTest(address[:80]):
                verdict = self.verdict(address, status=None)
                self.assertEqual((verdict["reason"], verdict["address"]), (reason, normal))
                self.assertEqual(verdict["email"] or "", address)

    def test_suggestions(self):
        """address -> reason, suggestion"""
        cases = {
            "Bob <Bob@Gmial.com>": ("typo_suspected", "Bob@gmail.com"),
            "bob@gmail,com": ("typo_dead", "bob@gmail.com"),
            # Gmail gives out no such names; they used to be suggested all the same.
            "b@gmial.com": ("typo_suspected", None),
            "b_b@gmial.com": ("typo_suspected", None),
        }
        for address, expected in cases.items():
            with self.subTest(address):
                verdict = self.verdict(address, status=NOT_KEEP)
                self.assertEqual((verdict["reason"], verdict["suggestion"]), expected)

    def test_allow_literals(self):
        verdict = self.verdict("bob@[192.0.2.1]", "--allow-literals")
        self.assertEqual(verdict["action"], "keep")

    def test_policy(self):
        for policy, action in (("lenient", "keep"), ("balanced", "review"), ("strict", "drop")):
            verdict = self.verdict("info@brackwell.net", "--policy", policy, status=None)
            self.assertEqual(verdict["action"], action)
        self.assertEqual(self.verdict("info@brackwell.net", "--set", "role_account=keep")["action"],
                         "keep")

    def test_hostile_text_does_not_reach_the_terminal(self):
        # Some terminals obey U+009B as they obey ESC [; U+202E turns the rest of a line.
        done = self.check("--offline", "--no-db", "a\x1b[2J\x07@brackwell.net\r\n",
                          "a\x9b2J\u202e@brackwell.net", status=NOT_KEEP)
        self.assertNotRegex(done.out.decode(), "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")

    def test_bytes_that_are_not_utf8(self):
        done = self.check("--json", "--offline", "--no-db", b"b\xf6b@brackwell.net",
                          status=NOT_KEEP)
        verdict = json.loads(done.out.decode())
        self.assertEqual((verdict["reason"], verdict["email"]),
                         ("syntax_utf8", "b\ufffdb@brackwell.net"))

    def test_standard_input(self):
        text = (b"ann@brackwell.net\r\n\n   \nbob@brackwell.net\n" + b"x" * 200000
                + b"\nzoe@brackwell.net")
        done = self.check("--json", "--offline", "--no-db", "-", stdin=text, status=NOT_KEEP)
        verdicts = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual([v["address"] for v in verdicts],
                         ["ann@brackwell.net", "bob@brackwell.net", None, "zoe@brackwell.net"])
        self.check("--offline", "--no-db", "-", stdin=b"", status=OK)
        done = self.check("--json", "--offline", "--no-db", "-", stdin=b"a\0b@brackwell.net\n",
                          status=NOT_KEEP)
        self.assertEqual(json.loads(done.out)["email"], "a\ufffdb@brackwell.net")

    def test_standard_input_that_cannot_be_read(self):
        with open(os.devnull, "wb") as write_only:
            done = self.check("--offline", "--no-db", "-", stdin=write_only, status=None)
        self.assertIn(done.status, (support.NOINPUT, support.IO), done.err)

    def test_nothing_is_created(self):
        self.check("--offline", "--no-db", "ann@brackwell.net")
        self.assertEqual((os.listdir(self.home), os.listdir(self.work)), ([], []))


class OnlineTest(CheckCase):
    def test_domain_evidence(self):
        with Responder() as server:
            done = self.check("--db", self.db, "--dns-server", server.address, "ann@brackwell.net")
            self.assertIn("brackwell.net: ok, MX mx.brackwell.net", done.out.decode())
            asked = server.asked()
            self.check("--db", self.db, "--dns-server", server.address, "zoe@brackwell.net")
            self.assertEqual(server.asked(), asked)
            self.check("--refresh", "--db", self.db, "--dns-server", server.address,
                       "zoe@brackwell.net")
            self.assertGreater(server.asked(), asked)

    def test_no_answer_is_a_verdict(self):
        """For one address there is nothing to judge the resolver by."""
        done = self.check("--json", "--no-db", "--dns-timeout", "50", "--dns-server", dead_port(),
                          "ann@brackwell.net", status=NOT_KEEP)
        verdict = json.loads(done.out)
        self.assertEqual((verdict["reason"], verdict["blame"], verdict["action"]),
                         ("dns_failure", "network", "review"))

    def test_servfail_is_no_fact(self):
        answers = [SERVFAIL]

        def script(question):
            return reply(question, answers[0]) if answers[0] else fine(question)

        with Responder(script) as server:
            options = ("--db", self.db, "--dns-server", server.address, "ann@brackwell.net")
            self.check(*options, status=NOT_KEEP)
            answers[0] = 0
            self.check(*options)
            # And a failure does not take the place of the fact.
            answers[0] = SERVFAIL
            self.check(*options)

    def test_busy_store_is_read_without_waiting(self):
        self.write("bounces.csv", "email,code,date\nann@brackwell.net,5.1.1,2026-05-01\n")
        self.write("list.csv", "email\nzoe@slow.brackwell.net\n")
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        with Responder().hold() as slow, Responder() as server:
            run = self.start_waiting(slow, "--db", self.db, "list.csv")
            options = ("--as-of", AS_OF, "--db", self.db, "--dns-server", server.address)
            done = self.check(*options, "ann@brackwell.net", status=NOT_KEEP)
            self.assertIn(b"hard_bounced", done.out)
            asked = server.asked()
            self.check(*options, "bob@brackwell.net")
            self.assertGreater(server.asked(), asked)  # nothing was stored
            slow.release()
            self.finish(run)

    def test_history_evidence(self):
        self.write("bounces.csv", "email,code,date,text\nann@brackwell.net,550,2026-05-01,"
                   "550 5.1.1 User \x1b[31munknown\n")
        self.winnow("bounces", "import", "--db", self.db, "bounces.csv")
        done = self.check("--offline", "--db", self.db, "--as-of", AS_OF, "ANN@brackwell.net",
                          status=NOT_KEEP)
        text = done.out.decode()
        for word in ("1 hard and 0 soft", "2026-05-01", "hard_bounced", "drop", "history_hard"):
            self.assertIn(word, text)
        self.assertNotIn("\x1b", text)
        verdict = json.loads(self.check("--json", "--offline", "--db", self.db, "--as-of", AS_OF,
                                        "ann@brackwell.net", status=NOT_KEEP).out)
        self.assertEqual((verdict["smtp_code"], verdict["enhanced_code"], verdict["hard_bounces"],
                          verdict["last_event"], verdict["last_event_at"]),
                         (550, "5.1.1", 1, "bad_address", "2026-05-01T00:00:00Z"))

    def test_several_addresses_of_one_domain(self):
        with Responder() as server:
            self.check("--no-db", "--dns-server", server.address, "ann@brackwell.net",
                       "bob@brackwell.net", "ann@brackwell.net")
            self.assertEqual(server.asked("brackwell.net", MX), 1)

    def test_private_hosts(self):
        def script(question):
            if is_random(question) or question.type == MX:
                return fine(question)
            return address(question, "10.0.0.1")

        with Responder(script) as server:
            options = ("--json", "--no-db", "--dns-server", server.address, "ann@brackwell.net")
            verdict = json.loads(self.check(*options, status=NOT_KEEP).out)
            self.assertEqual(verdict["reason"], "mx_unroutable")
            self.check("--allow-private-hosts", *options)


if __name__ == "__main__":
    support.main()
